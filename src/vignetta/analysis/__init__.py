"""Estimation for any pandas frame, and the step from a plan to the estimates frame."""
