"""The vignettes that a design can show, as arrays, and their exact probabilities."""

from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from math import gcd, lcm, prod
from typing import Final

import numpy as np
import numpy.typing as npt

from vignetta.design.declaration import Design, Factor
from vignetta.design.restrictions import Box, boxes
from vignetta.errors import Problem, StudyError

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int32]
Flags = npt.NDArray[np.bool_]

LARGEST: Final = 20_000_000
"""More combinations than these are not held in memory."""


@dataclass(frozen=True, eq=False)
class Universe:
    """The allowed combinations of levels.

    Attributes
    ----------
    codes : (K, f) for each vignette and factor the place of the level; the last factor varies fastest.
    probability : (K,) of each vignette; positive; sums to 1.
    """

    codes: Codes
    probability: Floats

    def __len__(self) -> int:
        return len(self.probability)


def universe_of(design: Design) -> Universe:
    """The allowed vignettes in the order of the full product of the levels.

    A vignette's probability is the product of its levels' weights, divided by the sum of these products over the
    allowed vignettes (the restricted randomisation of Hainmueller, Hopkins and Yamamoto 2014).

    Raises
    ------
    StudyError
        When the design has more combinations than can be held.
    """
    free = allowed(design)
    joint = reduce(np.multiply.outer, (_weights(each) for each in design.factors.values())) * free
    places = np.nonzero(joint)
    weight = joint[places]
    return Universe(np.column_stack(places).astype(np.int32), weight / weight.sum())


def allowed(design: Design) -> Flags:
    """Which combinations no restriction forbids: an array with one axis per factor."""
    sizes = tuple(len(each.levels) for each in design.factors.values())
    if prod(sizes) > LARGEST:
        what = f"{prod(sizes):,} combinations of levels are more than {LARGEST:,}."
        raise StudyError(Problem("factors", what, "Declare fewer factors or levels."))
    free = np.ones(sizes, dtype=bool)
    for box in forbidden(design):
        inside = reduce(np.logical_and, (_along(design, name, box) for name in box))
        free &= ~inside
    return free


def forbidden(design: Design) -> list[Box]:
    """All restrictions as boxes of levels that never stand together."""
    levels = {name: each.level_names for name, each in design.factors.items()}
    return [box for each in design.restrictions for box in boxes(each, levels)]


def _along(design: Design, name: str, box: Box) -> Flags:
    """Whether each level of a factor lies in the box, on the axis of the factor."""
    shape = [len(each.levels) if each.name == name else 1 for each in design.factors.values()]
    return np.array([each in box[name] for each in design.factors[name].level_names]).reshape(shape)


def _weights(factor: Factor) -> Floats:
    """The weights, scaled by a power of two: exact, and products of many stay far from the limits of numbers."""
    weights = np.array([each.weight for each in factor.levels])
    scaled: Floats = np.ldexp(weights, -np.frexp(weights.max())[1])
    return scaled


def shares(design: Design) -> list[int]:
    """How often each vignette stands among the smallest whole numbers in proportion to their probabilities.

    A list of whole numbers, one per vignette, without a common divisor.
    """
    weights = [
        np.array(whole([each.weight for each in factor.levels]), dtype=object) for factor in design.factors.values()
    ]
    codes = universe_of(design).codes
    products = [prod(each[place] for each, place in zip(weights, row, strict=True)) for row in codes.tolist()]
    common = gcd(*products)
    return [int(each) // common for each in products]


def whole(weights: list[float]) -> list[int]:
    """The smallest whole numbers in proportion to some weights."""
    exact = [Fraction(repr(each)) for each in weights]
    scale = lcm(*(each.denominator for each in exact))
    numbers = [int(each * scale) for each in exact]
    return [each // gcd(*numbers) for each in numbers]
