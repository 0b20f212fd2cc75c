"""Registration: what design, plan and exclusion rules said when they were locked, and what changed since.

A registration is a fact about contents: sections are compared as they are written (comments and layout do not count),
by the hash of their canonical JSON. It knows no clock; where the study is registered, the registry gives the date.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from vignetta.declared import Location, dotted
from vignetta.errors import Problem, StudyError
from vignetta.study.files import replace_all, sha256

FILE: Final = "analysis/registration.json"
Sections = Mapping[str, Any]


@dataclass(frozen=True)
class Change:
    """One place that differs from what was registered; a text is empty where nothing stands."""

    where: str
    registered: str
    now: str

    def __str__(self) -> str:
        if not self.registered:
            return f"{self.where}: added `{self.now}`"
        if not self.now:
            return f"{self.where}: removed `{self.registered}`"
        return f"{self.where}: `{self.registered}` became `{self.now}`"


@dataclass(frozen=True)
class Registration:
    """What was locked: the sections `design`, `plan` and `exclusions` as they were written; empty when nothing was."""

    sections: Sections = field(default_factory=dict)
    data_present: tuple[str, ...] = ()
    amended: tuple[Mapping[str, Any], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.sections)

    def changes(self, design: Any, plan: Any) -> list[Change]:
        """What differs now, place by place."""
        now = sections(design, plan)
        return [each for name in now for each in _differences(self.sections.get(name), now[name], (name,))]

    def holds(self, design: Any, plan: Any) -> list[bool]:
        """For each estimand of the plan, whether it stands as registered.

        It does when the design, the exclusions, alpha and the adjustment are as they were, and the estimand itself,
        its model and its hypothesis are.
        """
        estimands = plan.get("estimands", [])
        if not self:
            return [False for _ in estimands]
        now, then = sections(design, plan), self.sections
        frame = all(digest(now[name]) == digest(then[name]) for name in ("design", "exclusions"))
        frame = frame and all(now["plan"].get(key) == then["plan"].get(key) for key in ("alpha", "adjust"))
        return [frame and _stands(each, now["plan"], then["plan"]) for each in estimands]


def _stands(estimand: Mapping[str, Any], now: Mapping[str, Any], then: Mapping[str, Any]) -> bool:
    def same(section: str, key: str) -> bool:
        name = estimand.get(key)
        return name is None or now[section].get(name) == then[section].get(name)

    return estimand in then["estimands"] and same("models", "model") and same("hypotheses", "hypothesis")


def sections(design: Any, plan: Any) -> dict[str, Any]:
    """What is locked, from the two files as written. Where the data are is not part of the design."""
    return {
        "design": {key: each for key, each in design.items() if key != "data"},
        "plan": {key: each for key, each in plan.items() if key != "exclusions"},
        "exclusions": plan.get("exclusions", []),
    }


def digest(section: Any) -> str:
    """The hash of a section's canonical JSON."""
    canonical = json.dumps(section, ensure_ascii=False, separators=(",", ":"), sort_keys=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def register(root: Path, design: Any, plan: Any, *, data: tuple[str, ...] = (), amend: bool = False) -> Registration:
    """Lock design, plan and exclusions as they are.

    Parameters
    ----------
    design, plan
        The two files as trees of mappings, lists and texts.
    data
        Names of raw data files that are there already; recorded, since a registration after the data is weaker.
    amend
        Replace an earlier registration, keeping in the file what it said.

    Raises
    ------
    StudyError
        When something is registered already and `amend` is not given, or nothing changed.
    """
    earlier = read_registration(root)
    changes = earlier.changes(design, plan) if earlier else []
    if earlier and not changes:
        raise StudyError(Problem(FILE, "design, plan and exclusions are registered as they are now.", ""))
    if earlier and not amend:
        what = f"an earlier registration differs in {len(changes)} places."
        raise StudyError(Problem(FILE, what, "`vignetta verify` lists them; `vignetta register --amend` replaces it."))
    kept = (
        [*earlier.amended, {"changed": [str(each) for each in changes], "sections": earlier.sections}]
        if earlier
        else []
    )
    made = Registration(sections(design, plan), data, tuple(kept))
    replace_all(root, {FILE: _file(root, made)})
    return made


def _file(root: Path, made: Registration) -> bytes:
    hashes = {name: digest(each) for name, each in made.sections.items()}
    data = {name: sha256(root / name) for name in made.data_present}
    content = {"sha256": hashes, "data_present": data, "sections": made.sections, "amended": made.amended}
    return (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode()


def read_registration(root: Path) -> Registration:
    """The registration of a study; an empty one when there is none.

    Raises `StudyError` when the file was altered: what it says must have the hashes that it gives.
    """
    path = root / FILE
    if not path.is_file():
        return Registration()
    remedy = "Restore it from version control, or remove it and register again."
    try:
        content = json.loads(path.read_text("utf-8"))
        hashes, said = content["sha256"], content["sections"]
        altered = [name for name in ("design", "plan", "exclusions") if digest(said[name]) != hashes[name]]
    except (ValueError, KeyError, TypeError):
        raise StudyError(Problem(FILE, "this is not a registration.", remedy)) from None
    if altered:
        raise StudyError(Problem(FILE, f"the registered {', '.join(altered)} was altered by hand.", remedy))
    return Registration(said, tuple(content["data_present"]), tuple(content["amended"]))


def _differences(then: Any, now: Any, where: Location) -> Iterator[Change]:
    if digest(then) == digest(now):
        return
    if isinstance(then, dict) and isinstance(now, dict):
        for key in dict.fromkeys([*then, *now]):
            yield from _differences(then.get(key), now.get(key), (*where, key))
        if list(then) != list(now) and sorted(then) == sorted(now):
            yield Change(dotted(where), "order: " + ", ".join(then), "order: " + ", ".join(now))
    elif isinstance(then, list) and isinstance(now, list):
        for place in range(max(len(then), len(now))):
            old, new = (each[place] if place < len(each) else None for each in (then, now))
            yield from _differences(old, new, (*where, place))
    else:
        yield Change(dotted(where), _shown(then), _shown(now))


def _shown(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
