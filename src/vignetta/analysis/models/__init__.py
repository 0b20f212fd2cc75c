"""Models that are fitted to a frame: matrices, solutions, errors and degrees of freedom."""
