"""What is wrong with any survey, and what changed between two."""
