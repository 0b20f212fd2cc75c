"""A survey gone through as Qualtrics does it: flow, logic, orders, piped text, validation."""
