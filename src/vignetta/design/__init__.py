"""The declared design: factors and texts, vignettes, assignment, wording."""
