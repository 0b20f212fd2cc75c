"""Estimates, flow of respondents and design as one page with figures and tables."""
