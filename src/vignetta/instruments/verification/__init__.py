"""Whether a built survey draws what its design declares, and shows its words."""
