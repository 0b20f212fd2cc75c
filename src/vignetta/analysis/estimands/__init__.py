"""What is estimated from a fit or a frame: margins, contrasts, AMCEs, choices."""
