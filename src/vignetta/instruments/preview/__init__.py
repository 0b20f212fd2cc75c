"""A survey on one page, as respondents see it."""
