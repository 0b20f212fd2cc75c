"""Who gets which vignette: what may be shown, how it is drawn, and the exact probabilities."""
