"""Instruments: the survey that Qualtrics imports, the page that shows it, the respondents that answer it."""
