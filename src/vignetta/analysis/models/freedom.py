"""Degrees of freedom of clustered errors under the working model that errors are independent with one variance.

For a combination c the variance estimate is a sum over clusters of (p_g'e)^2, and p_g'p_h = a_g'a_h [g = h] - z_g'J z_h
with a_g = A_g' W_g X_g M c, z_g = (L_g'a_g, L_g'W_g a_g) and J = [[-T, I], [I, 0]], T = R'(X'W^2 X)R. Without
weights z_g = L_g'a_g and J = I. So every trace over pairs of clusters is one over k x k moments of z.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from vignetta.analysis.models.clusters import HELD, Stack

Floats = npt.NDArray[np.float64]

VANISHING = 1e-12
"""An expected variance below this share of its terms is rounding of zero."""
AT_ONCE = 64
"""Combinations that are worked on together, fewer where there are very many coefficients."""


@dataclass(frozen=True, eq=False)
class Working:
    """What degrees of freedom need of a clustered fit.

    Attributes
    ----------
    stacks : its clusters with their adjustment.
    inverse : (k, r) R; r is k unless the rows stand for effects that are no coefficients too.
    moment : (k, k) T where weights differ, or None.
    """

    stacks: tuple[Stack, ...]
    inverse: Floats
    moment: Floats | None

    @cached_property
    def form(self) -> Floats | None:
        """J (2k, 2k); None stands for I (k, k)."""
        if self.moment is None:
            return None
        identity = np.eye(len(self.moment))
        return np.block([[-self.moment, identity], [identity, np.zeros_like(identity)]])

    @property
    def width(self) -> int:
        """How many numbers z_g has."""
        return int(self.inverse.shape[1]) * (1 if self.moment is None else 2)

    @cached_property
    def _kept(self) -> list[Floats]:
        held = sum(len(each.rows) for each in self.stacks) * self.inverse.shape[1] ** 2
        return [self._cross(each) for each in self.stacks] if held <= HELD else []

    def crosses(self) -> Iterator[tuple[Stack, Floats]]:
        """Each stack with the (k, g, k') map from R'c to z_g; kept from call to call when it is small."""
        kept = self._kept
        for place, stack in enumerate(self.stacks):
            yield stack, kept[place] if kept else self._cross(stack)

    def _cross(self, stack: Stack) -> Floats:
        left = stack.rows.swapaxes(1, 2)
        if self.moment is None:
            scaled = left * np.sqrt(stack.weights)[:, None, :]
            return np.ascontiguousarray((scaled @ stack.adjusted).transpose(2, 0, 1))
        both = np.concatenate([left, left * stack.weights[:, None, :]], axis=1)
        return np.ascontiguousarray((both @ stack.adjusted).transpose(2, 0, 1))


def satterthwaite(working: Working, combinations: Floats) -> Floats:
    """Degrees of freedom of the t test of each combination of coefficients.

    2 E(V)^2 / Var(V) under the working model (Satterthwaite 1946; Bell and McCaffrey 2002; Pustejovsky and Tipton
    2018, section 2.2), as clubSandwich and estimatr compute it.

    Parameters
    ----------
    combinations : (m, k).

    Returns
    -------
    (m,), NaN for a combination that is undefined or zero.
    """
    directions = _directions(working, combinations)
    size = max(1, min(AT_ONCE, HELD // working.width**2))
    parts = [directions[start : start + size] for start in range(0, len(directions), size)]
    return np.concatenate([np.zeros(0), *(_freedom(working, part) for part in parts)])


def _directions(working: Working, combinations: Floats) -> Floats:
    turned = combinations @ working.inverse
    lengths = np.linalg.norm(turned, axis=1, keepdims=True)
    return turned / np.where(lengths > 0, lengths, np.nan)


def _freedom(working: Working, directions: Floats) -> Floats:
    known = np.asarray(np.isfinite(directions).all(axis=1))
    C = np.where(known[:, None], directions, 0.0)
    mean, size, spread = np.zeros((3, len(C)))
    Z = np.zeros((len(C), working.width, working.width))
    for stack, cross in working.crosses():
        a = _squares(stack, C)
        z = (C @ cross.reshape(len(C[0]), -1)).reshape(len(C), len(stack.rows), -1)
        fitted = np.vecdot(z, _turned(working, z))
        mean += np.sum(a - fitted, axis=1)
        size += np.sum(a, axis=1)
        spread += np.sum(a * (a - 2 * fitted), axis=1)
        Z += np.stack([each.T @ each for each in z])
    turned = _turned(working, Z)
    spread += np.sum(turned * turned.swapaxes(1, 2), axis=(1, 2))
    defined = known & (mean > VANISHING * size)
    return np.where(defined, mean**2 / np.where(defined, spread, 1.0), np.nan)


def _squares(stack: Stack, C: Floats) -> Floats:
    """(m, g) a_g'a_g."""
    g, p, k = stack.adjusted.shape
    a = (C @ stack.adjusted.reshape(g * p, k).T).reshape(len(C), g, p)
    return np.asarray(np.vecdot(a, a))


def _turned(working: Working, z: Floats) -> Floats:
    if working.form is None:
        return z
    return np.asarray((z.reshape(-1, z.shape[-1]) @ working.form).reshape(z.shape))


@dataclass(frozen=True)
class Hotelling:
    """An approximate Hotelling test.

    Attributes
    ----------
    statistic : F = (eta - q + 1) / (eta q) times the Wald statistic.
    df_num : q.
    df_den : eta - q + 1; not positive where the clusters cannot carry the test.
    """

    statistic: float
    df_num: int
    df_den: float


def hotelling(working: Working, combinations: Floats, wald: float) -> Hotelling:
    """The approximate Hotelling T-squared test (HTZ) that q combinations (q, k) are zero.

    The covariance of the combinations is taken for a Wishart with the eta degrees of freedom that give it the total
    variance that it has under the working model (Pustejovsky and Tipton 2018, section 3.2; Zhang 2012).

    Parameters
    ----------
    wald : the quadratic form of the combinations in the inverse of their clustered covariance.
    """
    directions = _directions(working, combinations)
    values, vectors = np.linalg.eigh(_moments(working, directions).expected)
    standard = _moments(working, (vectors / np.sqrt(values)).T @ directions)
    q = len(combinations)
    eta = q * (q + 1) / standard.total_variance
    return Hotelling((eta - q + 1) / (eta * q) * wald, q, eta - q + 1)


@dataclass(frozen=True)
class _Moments:
    """Expectation (q, q) and summed variances of the covariance estimate of q combinations."""

    expected: Floats
    total_variance: float


def _moments(working: Working, C: Floats) -> _Moments:
    q = len(C)
    expected, variance = np.zeros((q, q)), 0.0
    Z = np.zeros((q * working.width, q * working.width))
    for stack, cross in working.crosses():
        g, p, k = stack.adjusted.shape
        a = (C @ stack.adjusted.reshape(g * p, k).T).reshape(q, g, p).transpose(1, 0, 2)
        alpha = a @ a.swapaxes(1, 2)
        z = (C @ cross.reshape(k, -1)).reshape(q, g, -1).transpose(1, 0, 2)
        fitted = _turned(working, z) @ z.swapaxes(1, 2)
        expected += np.sum(alpha - fitted, axis=0)
        variance += _paired(alpha, alpha - 2 * fitted)
        flat = z.reshape(g, -1)
        Z += flat.T @ flat
    blocks = Z.reshape(q, working.width, q, working.width).transpose(0, 2, 1, 3)
    turned = _turned(working, blocks)
    swapped = turned.transpose(1, 0, 3, 2)
    variance += float(np.sum(turned * swapped) + np.sum(turned * turned.swapaxes(2, 3)))
    return _Moments(expected, variance)


def _paired(first: Floats, second: Floats) -> float:
    """Sum over clusters of tr(A) tr(B) + tr(AB), for (g, q, q)."""
    traces = np.trace(first, axis1=1, axis2=2) @ np.trace(second, axis1=1, axis2=2)
    return float(traces + np.sum(first * second.swapaxes(1, 2)))
