"""How much a set of vignettes tells about the effects asked of it, and which effects it cannot tell apart."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import combinations, compress
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.linalg import helmert

from vignetta.errors import Problem, StudyError, near_miss

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Term = tuple[int, ...]
"""The places of a term's factors, in the order of the factors; () is the overall mean."""

SINGULAR = 1e-10
"""Eigenvalues of X'X / n below this share of the largest are zero: rounding leaves about 1e-14, real ones 1e-4."""
SAME = 1e-8
"""How near to 1 a correlation is that of one contrast with itself."""


@dataclass(frozen=True)
class Codes:
    """Cells as level numbers: `values` (n, k) from 0, the `names` of the k factors and the `labels` of their levels."""

    names: tuple[str, ...]
    labels: tuple[tuple[str, ...], ...]
    values: Integers

    @property
    def levels(self) -> tuple[int, ...]:
        return tuple(map(len, self.labels))


@dataclass(frozen=True)
class ModelMatrix:
    """A coded model: `X` (n, p), the `terms` in words and `term` (p,), the place of each column's term among them.

    The first term is the overall mean.
    """

    X: Floats
    terms: tuple[str, ...]
    term: Integers

    def columns(self, name: str) -> Floats:
        """The columns of one term, (n, degrees of freedom)."""
        return self.X[:, self.term == self.terms.index(name)]


@dataclass(frozen=True)
class Efficiency:
    """Shares of what an orthogonal array of the same size would tell.

    `d` and `a` are 0 to 100. `worst_variance` is the largest variance of a combination of the parameters with
    coefficients of length one, in units of residual variance / n: 1 for an orthogonal array, infinite where something
    cannot be estimated.
    """

    d: float
    a: float
    worst_variance: float


@dataclass(frozen=True)
class Alias:
    """Terms that a set of vignettes mixes up; `str` says it in words.

    `term` cannot be told from each of `others` by itself or, where `jointly`, from all of them together. Below 1,
    `correlation` is the largest between a contrast of the one and a contrast of the other. `contrasts` is how many
    contrasts of `term` are concerned; 0 for all.
    """

    term: str
    others: tuple[str, ...]
    correlation: float
    contrasts: int = 0
    jointly: bool = False

    def __str__(self) -> str:
        if self.correlation < 1:
            return f"{self.term} and {self.others[0]} are partly mixed (correlation up to {self.correlation:.2f})"
        number = {0: "", 1: "one contrast of "}.get(self.contrasts, f"{self.contrasts} contrasts of ")
        listed = _listed(self.others, "and" if self.jointly else "or")
        return f"{number}{self.term} cannot be told from {listed}{' together' if self.jointly else ''}"


MEAN = "the overall mean"
EQUAL = 1e-9
"""Gains that differ less, relatively, are equal; rounding reaches about 1e-12."""
NOTHING = Problem("cells", "there are none.", "Give at least one row and one factor.")


def coded(cells: pd.DataFrame | npt.NDArray[np.integer]) -> Codes:
    """Cells as level numbers.

    Parameters
    ----------
    cells : a frame with a column per factor (a categorical's levels are its categories, a number's are sorted, a
        text's are in order of first use), or whole numbers (n, k) from 0, whose factors are named x1, x2, ...

    Raises
    ------
    StudyError : no cells, missing or negative levels, a factor with fewer than two levels, a factor named twice.
    """
    if not isinstance(cells, pd.DataFrame):
        return _numbered(np.asarray(cells))
    problems = [
        Problem(f"factor `{name}`", "stands in the cells twice.", "Rename one of them.")
        for name in dict.fromkeys(map(str, cells.columns[cells.columns.duplicated()]))
    ]
    if not cells.size:
        problems.append(NOTHING)
    if problems:
        raise StudyError(problems)
    columns = [_column(cells[name]) for name in cells.columns]
    problems = [each for name, column in zip(cells.columns, columns, strict=True) for each in _faults(name, column)]
    if problems:
        raise StudyError(problems)
    labels = tuple(tuple(map(str, each.categories)) for each in columns)
    codes = np.column_stack([each.codes.astype(np.int64) for each in columns])
    return Codes(tuple(map(str, cells.columns)), labels, codes)


def _numbered(values: npt.NDArray[np.integer]) -> Codes:
    """Level numbers (n, k) as they are; a factor's levels go up to the highest number that it has."""
    if values.ndim != 2 or values.dtype.kind not in "iu" or (values.size and values.min() < 0):
        raise StudyError(Problem("cells", "are not level numbers (n, k) from 0.", "Give whole numbers or a frame."))
    if not values.size:
        raise StudyError(NOTHING)
    names = tuple(f"x{place + 1}" for place in range(values.shape[1]))
    highest = values.max(axis=0).tolist()
    problems = [_too_few(name) for name, most in zip(names, highest, strict=True) if most < 1]
    if problems:
        raise StudyError(problems)
    labels = tuple(tuple(map(str, range(most + 1))) for most in highest)
    return Codes(names, labels, values.astype(np.int64))


def _column(values: Any) -> Any:
    if isinstance(values.dtype, pd.CategoricalDtype):
        return pd.Categorical(values)
    levels = pd.unique(values.dropna())
    return pd.Categorical(values, categories=sorted(levels) if values.dtype.kind in "iuf" else list(levels))


def _faults(name: object, column: Any) -> Iterator[Problem]:
    missing = int((column.codes < 0).sum())
    if missing:
        yield Problem(f"factor `{name}`", f"{missing} cells have no level.", "Give every cell a level.")
    if len(column.categories) < 2:
        yield _too_few(name)


def _too_few(name: object) -> Problem:
    return Problem(f"factor `{name}`", "it has fewer than two levels.", "Leave the factor out.")


def terms_of(names: Sequence[str], interactions: Iterable[str]) -> tuple[Term, ...]:
    """The overall mean, the main effect of every factor, and the interactions asked, as `"regime:treaty"`.

    Raises `StudyError` for a factor that does not exist or that stands twice in a term.
    """
    problems, found = [], [(), *((place,) for place in range(len(names)))]
    for asked in interactions:
        parts = [each.strip() for each in asked.split(":")]
        unknown = [each for each in parts if each not in names]
        problems += [Problem(f"terms `{asked}`", f"unknown factor `{e}`.", near_miss(e, names)) for e in unknown]
        if len(set(parts)) < len(parts):
            problems.append(Problem(f"terms `{asked}`", "a factor stands in it twice.", "Name each factor once."))
        elif not unknown:
            found.append(tuple(sorted(map(names.index, parts))))
    if problems:
        raise StudyError(problems)
    return tuple(dict.fromkeys(found))


def model_matrix(cells: pd.DataFrame | npt.NDArray[np.integer] | Codes, terms: Iterable[str] = ()) -> ModelMatrix:
    """The overall mean, all main effects and the interactions asked, in orthonormal effects coding.

    Each factor's contrasts sum to zero over its levels, are orthogonal, and have mean square 1; an interaction's
    columns are the products. So the full factorial and every array that is orthogonal for these terms have
    X'X = n I.

    Parameters
    ----------
    cells : as for `coded`, n rows.
    terms : interactions of two or more factors, as `"regime:treaty"`; main effects are always there.

    Returns
    -------
    ModelMatrix with X (n, p), p = 1 + the sum over terms of the product of (levels - 1).

    Raises
    ------
    StudyError : cells that `coded` refuses, unknown factors.

    Examples
    --------
    >>> cells = pd.DataFrame({"regime": ["a", "a", "b", "b"], "treaty": ["no", "yes", "no", "yes"]})
    >>> matrix = model_matrix(cells, ["regime:treaty"])
    >>> matrix.terms
    ('the overall mean', 'regime', 'treaty', 'regime × treaty')
    >>> matrix.X.shape
    (4, 4)
    """
    codes = cells if isinstance(cells, Codes) else coded(cells)
    found = terms_of(codes.names, terms)
    contrasts = [helmert(levels).T * np.sqrt(levels) for levels in codes.levels]
    mains = [contrast[values] for contrast, values in zip(contrasts, codes.values.T, strict=True)]
    blocks = [reduce(_products, (mains[place] for place in each), np.ones((len(codes.values), 1))) for each in found]
    widths = [block.shape[1] for block in blocks]
    words = tuple(" × ".join(codes.names[place] for place in each) or MEAN for each in found)
    return ModelMatrix(np.hstack(blocks), words, np.repeat(np.arange(len(found)), widths))


def _products(left: Floats, right: Floats) -> Floats:
    return (left[:, :, None] * right[:, None, :]).reshape(len(left), -1)


def efficiency(X: Floats) -> Efficiency:
    """D-efficiency, A-efficiency and the worst variance of a model matrix in orthonormal coding.

    With M = X'X / n, D is 100 |M|^(1/p) and A is 100 p / trace(M^-1).

    Parameters
    ----------
    X : (n, p), with the column of the overall mean, as `model_matrix` makes it.

    Notes
    -----
    Kuhfeld, Tobias and Garratt (1994), Efficient experimental design with marketing research applications, Journal of
    Marketing Research 31(4): A-efficiency 100 / (n trace((X'X)^-1) / p), D-efficiency 100 / (n |(X'X)^-1|^(1/p)).
    """
    n, p = X.shape
    eigenvalues = np.linalg.eigvalsh(X.T @ X / n)
    if n < p or eigenvalues[0] <= SINGULAR * eigenvalues[-1]:
        return Efficiency(0.0, 0.0, float("inf"))
    d = 100 * float(np.exp(np.log(eigenvalues).mean()))
    return Efficiency(d, 100 * p / float((1 / eigenvalues).sum()), 1 / float(eigenvalues[0]))


def d_efficiency(X: Floats) -> float:
    """D-efficiency, 0 to 100, of a model matrix (n, p) in orthonormal coding: 100 |X'X|^(1/p) / n.

    100 for an orthogonal array, 0 where the rows cannot estimate all parameters. See `efficiency`.

    >>> cells = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    >>> round(d_efficiency(model_matrix(cells).X), 6), round(d_efficiency(model_matrix(cells[:3]).X), 2)
    (100.0, 83.99)
    """
    return efficiency(X).d


def first_best(gains: Floats) -> int:
    """The place of the largest of (n,) positive gains; of those that are equal but for rounding, the first.

    So rounding, which differs between machines, does not decide what a seed gives.

    >>> first_best(np.array([1.0, 1.5, 1.5 + 1e-15]))
    1
    """
    return int((gains >= gains.max() * (1 - EQUAL)).argmax())


# ---------------------------------------------------------------------------------------------------------- aliases


def aliases(matrix: ModelMatrix, *, of: Sequence[str] | None = None, threshold: float = 0.5) -> list[str]:
    """Which effects these rows cannot tell from which, in words; see `alias_relations`."""
    return [str(each) for each in alias_relations(matrix, of=of, threshold=threshold)]


def inseparable(matrix: ModelMatrix) -> list[str]:
    """Why these rows cannot estimate all terms of the matrix, in words; nothing where they can."""
    if efficiency(matrix.X).d:
        return []
    return aliases(matrix, threshold=1.0) or ["the effects cannot be told apart"]


def alias_relations(
    matrix: ModelMatrix, *, of: Sequence[str] | None = None, threshold: float = 0.5
) -> tuple[Alias, ...]:
    """Which effects these rows cannot tell from which.

    Two terms are compared by the canonical correlations of their columns about the mean: where all of the smaller
    one's are 1, it cannot be told from the other. Terms that are mixed up only as a set are found by rank: a term that
    the others together span.

    Parameters
    ----------
    matrix : the rows, with every term that is to be compared.
    of : terms in words; pairs without one of them are left out, and the sets are looked for among them alone. All
        terms when None.
    threshold : the least correlation, below 1, that is reported.

    Returns
    -------
    Exact relations first, in the order of the terms, each set of terms once; then partial ones, largest first.

    Examples
    --------
    >>> half = np.array([[0, 0, 0], [0, 1, 1], [1, 0, 1], [1, 1, 0]])
    >>> print(*alias_relations(model_matrix(half, ["x1:x2"])))
    x3 cannot be told from x1 × x2
    """
    names = matrix.terms[1:]
    bases = [_basis(matrix.columns(name)) for name in names]
    asked = [of is None or name in of for name in names]
    constant = [Alias(name, (MEAN,), 1.0) for name, basis in zip(names, bases, strict=True) if not basis.shape[1]]
    shared = _shared(bases, asked, threshold)
    exact = [*constant, *_chains(names, bases, shared), *_overlaps(names, bases, shared)]
    told = {name for each in exact for name in (each.term, *each.others)}
    joint = [each for each in _joint(*_only(names, bases, asked)) if each.term not in told]
    partial = [
        Alias(names[first], (names[second],), float(values[0]))
        for (first, second), values in shared.items()
        if values[0] < 1 - SAME
    ]
    return (*exact, *joint, *sorted(partial, key=lambda each: -round(each.correlation, 6)))


def _basis(columns: Floats) -> Floats:
    """Orthonormal columns (n, rank) that span the columns about their means."""
    left, values, _ = np.linalg.svd(columns - columns.mean(axis=0), full_matrices=False)
    return left[:, values > np.sqrt(SINGULAR * len(columns))]


def _shared(bases: Sequence[Floats], asked: Sequence[bool], threshold: float) -> dict[tuple[int, int], Floats]:
    """The canonical correlations of each pair of terms whose largest reaches the threshold."""
    ends = np.cumsum([0, *(basis.shape[1] for basis in bases)])
    every = np.hstack(bases)
    products = every.T @ every
    found: dict[tuple[int, int], Floats] = {}
    for first, second in combinations(range(len(bases)), 2):
        block = products[ends[first] : ends[first + 1], ends[second] : ends[second + 1]]
        if (asked[first] or asked[second]) and np.square(block).sum() >= (threshold - SAME) ** 2 and block.size:
            values = np.asarray(np.linalg.svd(block, compute_uv=False), dtype=np.float64)
            if values[0] >= threshold - SAME:
                found[first, second] = values
    return found


def _chains(names: Sequence[str], bases: Sequence[Floats], shared: dict[tuple[int, int], Floats]) -> Iterator[Alias]:
    """Terms that lie within others; of several that span the same, the first stands for all."""
    within: dict[int, list[int]] = {}
    for (first, second), values in shared.items():
        same = int((values > 1 - SAME).sum())
        for inner, outer in ((first, second), (second, first)):
            if same == bases[inner].shape[1]:
                within.setdefault(inner, []).append(outer)
    for inner in sorted(within):
        if not any(outer < inner and inner in within.get(outer, ()) for outer in within[inner]):
            yield Alias(names[inner], tuple(names[outer] for outer in sorted(within[inner])), 1.0)


def _overlaps(names: Sequence[str], bases: Sequence[Floats], shared: dict[tuple[int, int], Floats]) -> Iterator[Alias]:
    """Pairs of terms that share contrasts while each has others of its own."""
    for (first, second), values in shared.items():
        same = int((values > 1 - SAME).sum())
        if 0 < same < min(bases[first].shape[1], bases[second].shape[1]):
            yield Alias(names[first], (names[second],), 1.0, contrasts=same)


def _only(
    names: Sequence[str], bases: Sequence[Floats], asked: Sequence[bool]
) -> tuple[tuple[str, ...], tuple[Floats, ...]]:
    return tuple(compress(names, asked)), tuple(compress(bases, asked))


def _joint(names: Sequence[str], bases: Sequence[Floats]) -> Iterator[Alias]:
    """Terms with a contrast in the span of the others, with the others that the dependence involves."""
    if not names:
        return
    owner = np.repeat(np.arange(len(bases)), [basis.shape[1] for basis in bases])
    _, values, right = np.linalg.svd(np.hstack(bases))
    null = right[int((values > SAME).sum()) :]
    parts = [null[:, owner == place] for place in range(len(bases))]
    involved = [float(np.abs(part).max(initial=0)) > SAME for part in parts]
    for place, name in enumerate(names):
        others = [other for other, does in zip(names, involved, strict=True) if does and other != name]
        if involved[place] and others:
            lost = int(np.linalg.matrix_rank(parts[place], tol=SAME))
            yield Alias(name, tuple(others), 1.0, contrasts=lost % parts[place].shape[1], jointly=True)


def _listed(words: Sequence[str], conjunction: str) -> str:
    return " ".join([", ".join(words[:-1]), conjunction, words[-1]]) if len(words) > 1 else words[0]
