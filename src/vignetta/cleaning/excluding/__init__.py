"""Which responses are left out, and the account of every row."""
