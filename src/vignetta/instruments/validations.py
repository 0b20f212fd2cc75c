"""Which settings of a validation count: those of other types stay behind when its author changes the type."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

_OWN: Final[Mapping[str, tuple[str, ...]]] = {
    "None": (),
    "CustomValidation": ("CustomValidation",),
    "ContentType": ("ContentType", "ValidNumber"),
    "MinChar": ("MinChars",),
    "MaxChar": ("MaxChars",),
    "CharRange": ("MinChars", "MaxChars"),
    "MinChoices": ("MinChoices",),
    "MaxChoices": ("MaxChoices",),
    "ChoiceRange": ("MinChoices", "MaxChoices"),
}


def in_force(settings: Mapping[str, Any]) -> Mapping[str, Any]:
    """The settings without what was left behind; all of them where the type is not known.

    >>> in_force({"Type": "ContentType", "ContentType": "ValidEmail", "MinChars": "9"})
    {'Type': 'ContentType', 'ContentType': 'ValidEmail'}
    """
    own = _OWN.get(settings["Type"]) if isinstance(settings.get("Type"), str) else None
    if own is None:
        return settings
    left = {key for keys in _OWN.values() for key in keys} - set(own)
    return {key: each for key, each in settings.items() if key not in left}
