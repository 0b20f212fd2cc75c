"""Every vignette read as a copy editor reads, before anybody answers."""
