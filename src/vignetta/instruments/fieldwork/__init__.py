"""Simulated respondents of a study, with known truth, as an export of Qualtrics."""
