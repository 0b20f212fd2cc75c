"""Exports in every format and setting as cells of text."""
