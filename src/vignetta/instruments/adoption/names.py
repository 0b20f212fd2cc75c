"""Names for what a survey calls by its own words."""

from __future__ import annotations

import re

from vignetta.design.consistency import is_taken


def slug(text: str, otherwise: str) -> str:
    """A name of letters, digits and underscores that begins with a letter."""
    name = re.sub(r"[^A-Za-z0-9_]+", "_", text).strip("_")[:40].rstrip("_")
    return name if name[:1].isalpha() else f"{otherwise}_{name}".rstrip("_")


def free_name(text: str, otherwise: str) -> str:
    """A name as `slug` makes it, other than those that the clean data use themselves.

    >>> free_name("mood", "question"), free_name("language", "question")
    ('mood', 'language_question')
    """
    name = slug(text, otherwise)
    return f"{name}_{otherwise}" if is_taken(name) else name


def apart(name: str, taken: dict[str, str]) -> str:
    """The name, or with a number behind it where it is that of something else."""
    return name if name not in taken.values() else f"{name}_{len(taken) + 1}"
