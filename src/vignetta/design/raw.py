"""What stands in a declared file before it is a model; it may be broken in any way."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from vignetta.declared import Finding

UNSURE = "unsure"
"""What the clean data write for a recall check that was answered with not remembering."""
Items = Sequence[tuple[int, Mapping[str, Any]]]


def mapping(data: Any, *keys: str) -> Mapping[str, Any]:
    """The mapping that stands under the keys; an empty one where none does."""
    for key in keys:
        data = data.get(key) if isinstance(data, dict) else None
    return data if isinstance(data, dict) else {}


def items(value: Any) -> list[tuple[int, Mapping[str, Any]]]:
    """The mappings in a list and their places."""
    listed = value if isinstance(value, list) else []
    return [(place, each) for place, each in enumerate(listed) if isinstance(each, dict)]


def entries(data: Mapping[str, Any], section: str) -> list[tuple[str, Mapping[str, Any]]]:
    """The mappings in a section and their names."""
    found = data.get(section)
    return [(key, each) for key, each in found.items() if isinstance(each, dict)] if isinstance(found, dict) else []


def repeated(listed: Items, key: str, section: str) -> Iterator[Finding]:
    """Items of a section that say the same under a key."""
    counts = Counter(each[key] for _, each in listed if isinstance(each.get(key), str))
    seen = set()
    for place, each in listed:
        value = each.get(key)
        if isinstance(value, str) and counts[value] > 1 and value in seen:
            yield (section, place), f"the {key} `{value}` is used a second time.", "Give each its own."
        seen.add(value if isinstance(value, str) else None)


def by_place(place: int, item: Mapping[str, Any]) -> str:
    """The code of an answer that has none of its own: its place from 1."""
    return str(place + 1)


def repeated_codes(
    listed: Items, section: str, default: Callable[[int, Mapping[str, Any]], str] = by_place
) -> Iterator[Finding]:
    """Two answers that the export would write alike, whether declared so or by their names or places."""
    codes = [(place, {"code": str(each.get("code", default(place, each)))}) for place, each in listed]
    if any("code" in each for _, each in listed):
        yield from repeated(codes, "code", section)


def level_names(data: Mapping[str, Any]) -> dict[str, list[str]]:
    """For each factor of a study file, the names of its levels as far as they can be read."""
    return {
        name: list(dict.fromkeys(e["name"] for _, e in items(each.get("levels")) if isinstance(e.get("name"), str)))
        for name, each in entries(data, "factors")
    }
