"""The decks of a design: fixed sets of vignettes, of which each respondent gets one."""

from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pandas as pd

from vignetta.design.assigning.levels import level_columns
from vignetta.design.assigning.mechanisms import MOST_PAIRS, Complete, Strata
from vignetta.design.assigning.tasks import Slot, check_slots, refuse_strata, repeated
from vignetta.design.assigning.universe import Floats, universe_of
from vignetta.design.declaration import Design
from vignetta.design.fractional.blocking import decks as blocked
from vignetta.design.fractional.fractions import fraction
from vignetta.design.layout import DeckSet
from vignetta.errors import Problem, StudyError

Places = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Decked:
    """Each respondent gets one of a fixed set of decks, all decks equally often, in random order.

    Attributes
    ----------
    decks : (D, tasks, profiles) the places of their vignettes in the universe, from 0.
    vignettes : K, the size of the universe.

    Examples
    --------
    Two decks of two tasks with a single profile each; the fifth vignette stands in none.

    >>> decks = Decked(np.array([[[0], [1]], [[2], [3]]]), 5)
    >>> decks.probabilities()
    array([0.25, 0.25, 0.25, 0.25, 0.  ])
    >>> sorted(decks.draw_decks(4, np.random.default_rng(1)).tolist())
    [0, 0, 1, 1]
    """

    decks: Places
    vignettes: int

    def draw(self, n: int, generator: np.random.Generator, *, strata: Strata | None = None) -> Places:
        """The places (n, tasks, profiles) of the respondents' vignettes, from 0."""
        return self.decks[self.draw_decks(n, generator, strata=strata)]

    def draw_decks(self, n: int, generator: np.random.Generator, *, strata: Strata | None = None) -> Places:
        """The deck (n,) of each respondent, from 0."""
        refuse_strata(n, strata, "decks")
        return self._even.draw(n, generator)

    def redraw(self, n: int, times: int, generator: np.random.Generator, *, strata: Strata | None = None) -> Places:
        """Independent assignments of the same respondents: (times, n, tasks, profiles) places of vignettes."""
        refuse_strata(n, strata, "decks")
        return self.decks[self._even.redraw(n, times, generator)]

    @property
    def _even(self) -> Complete:
        return Complete(np.full(len(self.decks), 1 / len(self.decks)))

    def probabilities(self) -> Floats:
        """The probability (K,) of each vignette for a profile of any respondent, on average over tasks and sides.

        The order within a deck is fixed, so that in a certain task a vignette is as probable as the decks say that
        hold it there.
        """
        counts = np.bincount(self.decks.ravel(), minlength=self.vignettes)
        return np.asarray(counts / self.decks.size, dtype=np.float64)

    def pair_probabilities(self, n: int, *, slots: tuple[Slot, Slot]) -> Floats:
        """The exact probability (K, K) that two different slots get the vignettes i and j.

        Raises
        ------
        StudyError
            When the slots are no two different ones, or the table is too large.
        """
        check_slots(slots, (n, *self.decks.shape[1:]))
        if self.vignettes > MOST_PAIRS:
            raise StudyError(Problem("design", "the pairs are too many to hold.", f"At most {MOST_PAIRS:,} rows."))
        first, second = (self.decks[:, task, profile] for _, task, profile in slots)
        size = len(self.decks)
        same = slots[0][0] == slots[1][0]
        joint = np.eye(size) / size if same else self._even.pair_probabilities(n)
        pairs = np.zeros((self.vignettes, self.vignettes))
        np.add.at(pairs, (first[:, None], second[None, :]), joint)
        return pairs


def decked(design: Design) -> Decked:
    """The decks that a design declares, made from its seed; those made last are remembered.

    Raises
    ------
    StudyError
        When its vignettes cannot be cut or split so that the effects asked are estimable.
    """
    parts = {"factors", "restrictions", "tasks", "profiles", "seed", "decks"}
    return _made(_Declared(design.model_dump_json(include=parts), design))


@dataclass(frozen=True)
class _Declared:
    """A design by what its decks follow from."""

    text: str
    design: Design = field(compare=False)


@lru_cache(maxsize=8)
def _made(declared: _Declared) -> Decked:
    universe, design, decks = universe_of(declared.design), declared.design, declared.design.decks
    assert decks is not None
    generator = np.random.default_rng((design.seed, decks.number))
    if decks.search == "random":
        balanced = design.model_copy(update={"mechanism": "complete", "decks": None})
        places = repeated(balanced).draw(decks.number, generator)
    else:
        cells = pd.DataFrame(level_columns(design, universe.codes))
        rows, deck = _efficient(cells, design.tasks, decks, generator)
        order = np.lexsort((generator.random(len(rows)), deck))
        places = rows[order].reshape(decks.number, design.tasks, 1)
    places.setflags(write=False)
    return Decked(places, len(universe))


def _efficient(
    cells: pd.DataFrame, tasks: int, declared: DeckSet, generator: np.random.Generator
) -> tuple[Places, Places]:
    """The vignettes chosen and the deck of each; the order within a deck is drawn later."""
    size, terms = declared.number * tasks, declared.interactions
    if size > len(cells):
        what = f"{declared.number} decks of {tasks} need {size:,} vignettes, and there are {len(cells):,}."
        raise StudyError(Problem("decks", what, "Declare fewer decks, or write `search: random`."))
    rows = np.arange(len(cells))
    if size != len(cells):
        try:
            rows = fraction(cells, size, terms=terms, generator=generator).rows
        except StudyError as error:
            whose = f"{declared.number} decks of {tasks}: "
            raise StudyError(Problem("decks", whose + each.what, each.remedy) for each in error.problems) from None
    if tasks == 1:
        return rows, np.arange(size)
    return rows, blocked(cells.iloc[rows], tasks, n_decks=declared.number, generator=generator, terms=terms).deck
