"""Tests of several things at once, and inference by drawing again."""
