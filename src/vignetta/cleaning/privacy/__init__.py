"""Personal data found by form, replaced and listed."""
