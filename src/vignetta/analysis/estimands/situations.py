"""Where margins are taken: within levels of factors and traits, and at values of numbers."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from numbers import Real
from typing import Any

import numpy as np

from vignetta.analysis.models.fits import Fit
from vignetta.analysis.options import raise_all, unknown
from vignetta.analysis.tabulating import Label
from vignetta.errors import Problem

Within = str | Sequence[str] | None
At = Mapping[str, Any] | None


@dataclass(frozen=True, eq=False)
class Situations:
    """The combinations of levels and values that margins are taken in; one that is empty when nothing is set.

    Attributes
    ----------
    fit : knows the values of numbers that are set as levels.
    names : the variables that are set.
    each : for every combination the level, or the number as a text, of each variable.
    """

    fit: Fit
    names: list[str]
    each: list[dict[str, str]]

    def __bool__(self) -> bool:
        return bool(self.names)


def situations(fit: Fit, factor: str, within: Within = None, at: At = None) -> Situations:
    """The situations in which margins of `factor` are asked for.

    Parameters
    ----------
    within : factors or traits, all of whose levels are gone through.
    at : for numbers their values, for factors some of their levels; one or a list of them.

    Raises
    ------
    StudyError
        With every unknown variable, level and value; `factor` itself; a number in `within`.
    """
    inside = [within] if isinstance(within, str) else list(within or ())
    given = {name: _listed(values) for name, values in (at or {}).items()}
    raise_all([*_name_problems(fit, factor, inside, given), *_value_problems(fit, given)])
    values = {name: dict(fit.levels(name)) for name in inside} | {
        name: _values(fit, name, asked) for name, asked in given.items()
    }
    numbers = {name: known for name, known in values.items() if not fit.factors[name]}
    names = list(values)
    each = [dict(zip(names, levels, strict=True)) for levels in product(*values.values())]
    return Situations(_with_numbers(fit, numbers), names, each)


def label(inside: Mapping[str, str]) -> Label:
    """What the estimates frame says of a situation."""
    return {"within_factor": " × ".join(inside), "within_level": " × ".join(inside.values())} if inside else {}


def _with_numbers(fit: Fit, numbers: dict[str, dict[str, Any]]) -> Fit:
    """The fit with the values of numbers as levels, so that a grid can set them."""
    if not numbers:
        return fit
    notes = [each for name, values in numbers.items() for each in _beyond(fit, name, values)]
    return replace(fit, factors={**fit.factors, **numbers}, crossed={}, notes=(*fit.notes, *notes))


def _beyond(fit: Fit, name: str, values: dict[str, Any]) -> Iterator[str]:
    low, high = fit.sample.data[name].min(), fit.sample.data[name].max()
    outside = [shown for shown, value in values.items() if not low <= value <= high]
    if outside:
        yield f"{name} {', '.join(outside)} is outside the data, which have {low:g} to {high:g}"


def _values(fit: Fit, name: str, asked: list[Any]) -> dict[str, Any]:
    if fit.factors[name]:
        chosen = {str(each) for each in asked}
        return {level: value for level, value in fit.levels(name).items() if level in chosen}
    return {f"{each:.10g}": float(each) for each in asked}


def _listed(values: Any) -> list[Any]:
    single = isinstance(values, (str, Real)) or np.ndim(values) == 0
    return [values] if single else list(values)


def _name_problems(fit: Fit, factor: str, inside: list[str], given: dict[str, list[Any]]) -> Iterator[Problem]:
    for where, names in (("within", inside), ("at", list(given))):
        for name in names:
            if name not in fit.factors:
                yield unknown(where, "the model has no variable", name, list(fit.factors))
            elif name == factor:
                yield Problem(where, f"`{factor}` cannot be conditioned on itself.", "Name another factor.")
            elif where == "within" and not fit.factors[name]:
                yield Problem(where, f"`{name}` is a number.", f'Name its values: at={{"{name}": [1, 2]}}.')
    for name in {name for name in inside if inside.count(name) + (name in given) > 1}:
        yield Problem("within", f"`{name}` is named twice.", "Name it once.")


def _value_problems(fit: Fit, given: dict[str, list[Any]]) -> Iterator[Problem]:
    for name, asked in given.items():
        known = list(fit.factors.get(name, ()))
        if not asked:
            yield Problem(f"at {name}", "no value is named.", "Name at least one, or leave it out.")
        if known:
            strange = [str(each) for each in asked if str(each) not in known]
            yield from (unknown(f"at {name}", f"`{name}` has no level", each, known) for each in strange)
        elif name in fit.factors:
            strange = [str(each) for each in asked if not (isinstance(each, Real) and np.isfinite(float(each)))]
            yield from (Problem(f"at {name}", f"`{each}` is no number.", "Write numbers.") for each in strange)
