"""What a design can tell, before anybody answers: efficiency, what is mixed up with what, how even its decks are."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt
import pandas as pd

from vignetta.design.assigning.decking import decked
from vignetta.design.assigning.levels import level_columns
from vignetta.design.assigning.profiles import profile_probability
from vignetta.design.assigning.universe import Universe, universe_of
from vignetta.design.declaration import Design
from vignetta.design.fractional.blocking import retained
from vignetta.design.fractional.efficiency import Efficiency, ModelMatrix, aliases, efficiency, model_matrix

Floats = npt.NDArray[np.float64]

MOST = 20_000
"""Of more vignettes, no efficiency is computed."""
DECIMALS = 1


@dataclass(frozen=True, eq=False)
class Diagnosis:
    """What the vignettes of a design can tell about its effects, as often as they are shown.

    Attributes
    ----------
    vignettes : how many different ones are shown.
    efficiency : of the main effects and the interactions asked, the vignettes as probable as they are.
    terms : for each of these, how precise its worst contrast is, in percent of that of an orthogonal design.
    largest : the two contrasts of different factors that are correlated most, and their correlation.
    aliases : what cannot be told from what, as sentences.
    decks : for decks, how many there are, how much of each term's worst contrast comparisons within decks leave, in
        percent, and by how much the number of vignettes with a level differs between decks at most.
    """

    vignettes: int
    efficiency: Efficiency
    terms: dict[str, float]
    largest: tuple[str, str, float]
    aliases: tuple[str, ...]
    decks: tuple[int, dict[str, float], int] | None = None

    def __str__(self) -> str:
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        yield f"{self.vignettes:,} different vignettes"
        yield f"D-efficiency {self.efficiency.d:.{DECIMALS}f}, A-efficiency {self.efficiency.a:.{DECIMALS}f} (of 100)"
        first, second, correlation = self.largest
        if correlation < 0.5 * 10**-3:
            yield "No two factors are correlated."
        else:
            yield f"Largest correlation between factors: {first} and {second}, {correlation:.3f}"
        yield "\nPrecision of the worst contrast of each term, in percent of an orthogonal design:"
        yield from (f"  {name}: {share:.{DECIMALS}f}" for name, share in self.terms.items())
        yield "\nWhat cannot be told from what:" if self.aliases else "\nNo effect asked is mixed up with another."
        yield from (f"  {each}" for each in self.aliases)
        if self.decks:
            number, retained, spread = self.decks
            yield f"\n{number} decks; the number of vignettes with a level differs between them by {spread} at most."
            yield "Left to comparisons within decks, in percent:"
            yield from (f"  {name}: {share:.{DECIMALS}f}" for name, share in retained.items())


def diagnose(design: Design) -> Diagnosis:
    """What the vignettes of a design can tell about its main effects, and the interactions that its decks ask for.

    Raises `StudyError` when its decks cannot be made.
    """
    universe = universe_of(design)
    shown, probability = _shown(design, universe)
    interactions = list(design.decks.interactions) if design.decks else []
    cells = pd.DataFrame(level_columns(design, universe.codes[shown]))
    matrix = model_matrix(cells, interactions)
    weighted = matrix.X * np.sqrt(probability * len(shown))[:, None]
    information = weighted.T @ weighted / len(shown)
    return Diagnosis(
        len(shown),
        efficiency(weighted),
        dict(zip(matrix.terms[1:], _precisions(matrix, information), strict=True)),
        _largest(matrix, information, list(design.factors)),
        _aliases(cells, interactions),
        _within_decks(design, universe) if design.decks and design.tasks > 1 else None,
    )


def diagnostics(design: Design) -> str:
    """The diagnosis of a design as a text; only a sentence for designs of more vignettes than are looked at."""
    n = len(universe_of(design))
    if n > MOST:
        return f"{n:,} vignettes: efficiency is computed for up to {MOST:,}.\n"
    return f"{diagnose(design)}\n"


def _shown(design: Design, universe: Universe) -> tuple[npt.NDArray[np.int64], Floats]:
    """The places of the vignettes that are shown, and the probability of each."""
    probability = decked(design).probabilities() if design.decks else profile_probability(design, universe)
    shown = np.flatnonzero(probability)
    return shown, probability[shown]


def _precisions(matrix: ModelMatrix, information: Floats) -> list[float]:
    """100 over the largest variance of a contrast of length one of each term, beside all other terms; 0 if infinite."""
    names = matrix.terms[1:]
    if np.linalg.matrix_rank(information) < len(information):
        return [0.0 for _ in names]
    variance = np.linalg.inv(information)
    places = [np.flatnonzero(matrix.term == place) for place in range(1, len(matrix.terms))]
    return [100 / float(np.linalg.eigvalsh(variance[np.ix_(each, each)])[-1]) for each in places]


def _largest(matrix: ModelMatrix, information: Floats, names: Sequence[str]) -> tuple[str, str, float]:
    """The largest canonical correlation between two factors, with their names."""
    mains = [np.flatnonzero(matrix.term == place) for place in range(1, len(names) + 1)]
    mean = information[0]
    covariance = information - np.outer(mean, mean)
    found = [("", "", 0.0)]
    for first, second in combinations(range(len(names)), 2):
        one, other = mains[first], mains[second]
        roots = (_root(covariance[np.ix_(each, each)]) for each in (one, other))
        left, right = roots
        between = np.linalg.svd(left @ covariance[np.ix_(one, other)] @ right, compute_uv=False)
        found.append((names[first], names[second], float(between[0])))
    return max(found, key=lambda each: round(each[2], 9))


def _root(square: Floats) -> Floats:
    """The inverse square root of a covariance matrix."""
    values, vectors = np.linalg.eigh(square)
    inverse = np.where(values > 1e-12, 1 / np.sqrt(np.maximum(values, 1e-12)), 0.0)
    return np.asarray((vectors * inverse) @ vectors.T)


def _aliases(cells: pd.DataFrame, interactions: Sequence[str]) -> tuple[str, ...]:
    names = [str(each) for each in cells]
    known = {frozenset(each.split(":")) for each in interactions}
    pairs = [f"{a}:{b}" for a, b in combinations(names, 2) if {a, b} not in known]
    every = model_matrix(cells, [*interactions, *pairs])
    asked = model_matrix(cells, interactions).terms[1:]
    return tuple(aliases(every, of=asked))


def _within_decks(design: Design, universe: Universe) -> tuple[int, dict[str, float], int]:
    decks = decked(design).decks
    cells = pd.DataFrame(level_columns(design, universe.codes[decks.ravel()]))
    deck = np.repeat(np.arange(len(decks)), decks[0].size)
    counts = [pd.crosstab(deck, cells[name], dropna=False).to_numpy() for name in cells]
    spread = max(int(np.ptp(each, axis=0).max()) for each in counts)
    assert design.decks is not None
    return len(decks), retained(model_matrix(cells, list(design.decks.interactions)), deck), spread
