"""The words of a vignette: templates, levels, phrases, and what each language needs."""
