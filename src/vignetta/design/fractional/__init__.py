"""Fewer vignettes than all, chosen so that they tell most."""
