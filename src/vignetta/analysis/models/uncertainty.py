"""From a least-squares solution to what tests need: a covariance matrix and degrees of freedom."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from vignetta.analysis.models.clusters import absorbed, squared_weights_moment, stacks
from vignetta.analysis.models.covariance import clustered_covariance, covariance
from vignetta.analysis.models.freedom import Working
from vignetta.analysis.models.least_squares import Solution
from vignetta.analysis.models.linearisation import influence, linearised, units
from vignetta.analysis.models.samples import cluster_names
from vignetta.analysis.options import Distribution
from vignetta.errors import Problem
from vignetta.plan import Errors

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]

TWO_WAY = ("CR0", "CR1", "CR1S")
NEGATIVE = 1e-10
"""An eigenvalue below zero by less than this share of the largest is rounding."""


@dataclass(frozen=True, eq=False)
class Uncertainty:
    """How uncertain coefficients are.

    Attributes
    ----------
    vcov : (k, k) their covariance.
    df : degrees of freedom of tests that have none of their own: n - k, clusters - 1 (of the factor with fewest), or
        infinite for the normal distribution.
    working : gives each test its own degrees of freedom; None where all have `df`.
    absorbed : (k, d) directions in which a single cluster determines the coefficients, so that no clustered error can
        be estimated.
    notes : what a reader of the numbers must know.
    """

    vcov: Floats
    df: float
    working: Working | None
    absorbed: Floats
    notes: tuple[str, ...]

    @property
    def of_fit(self) -> dict[str, Any]:
        """What a `Fit` takes as it is; it adds notes of its own."""
        return {"vcov": self.vcov, "df": self.df, "working": self.working, "absorbed": self.absorbed}


def uncertainty(
    solution: Solution,
    clusters: tuple[Codes, ...],
    errors: Errors,
    distribution: Distribution,
    *,
    strata: Codes | None = None,
) -> Uncertainty:
    """The uncertainty of a solution.

    Parameters
    ----------
    clusters : none, one, or two arrays (n,) of codes from 0.
    distribution : t has n - k degrees of freedom without clusters, clusters - 1 with CR0, CR1, CR1S and CR3, and
        those of Satterthwaite with CR2; satterthwaite has these with any clustered errors.
    strata : (n,) codes from 0, for linearised errors, which have units - strata degrees of freedom.
    """
    n, k = solution.shape
    if errors == "linearised":
        return _linearised(solution, clusters, strata, distribution)
    if not clusters:
        df = np.inf if distribution == "normal" else float(n - k)
        return Uncertainty(covariance(solution, errors), df, None, np.zeros((k, 0)), ())
    G = min(int(each.max()) + 1 for each in clusters)
    df = np.inf if distribution == "normal" else float(G - 1)
    alone = np.concatenate([absorbed(solution, each) for each in clusters], axis=1)
    notes = cluster_notes(alone.shape[1], G, k)
    if len(clusters) == 2:
        vcov, mended = two_way(solution, clusters, errors)
        return Uncertainty(vcov, df, None, alone, (*notes, *mended))
    adjusted = tuple(stacks(solution, clusters[0], errors))
    vcov = clustered_covariance(solution, adjusted, errors)
    own = distribution == "satterthwaite" or (distribution == "t" and errors == "CR2")
    working = Working(adjusted, solution.inverse, squared_weights_moment(solution)) if own else None
    return Uncertainty(vcov, df, working, alone, notes)


def error_problems(
    errors: str, cluster: str | tuple[str, str] | None, distribution: str, strata: str | None = None
) -> list[Problem]:
    """What is wrong with the choice of errors, clusters, distribution and strata."""
    clustered = errors.startswith("CR")
    problems, names = [], cluster_names(cluster)
    if len(set(names)) != len(names) or len(names) > 2:
        remedy = 'Write cluster=("respondent", "item").'
        problems.append(Problem("cluster", "it is neither one column nor two.", remedy))
    if strata is not None and errors != "linearised":
        what = f"`{errors}` would ignore the strata of `{strata}`."
        problems.append(Problem("errors", what, 'Write errors="linearised", or leave `strata` out.'))
    if cluster is not None and not clustered and errors != "linearised":
        what = f"`{errors}` would ignore the clusters of `{'`, `'.join(names)}`."
        problems.append(Problem("errors", what, 'Write errors="CR2" (or CR1S, ...), or leave `cluster` out.'))
    if cluster is None and clustered:
        remedy = 'Write cluster="respondent", or errors="HC2".'
        problems.append(Problem("errors", f"`{errors}` needs clusters.", remedy))
    two = len(names) > 1
    if two and (clustered or errors == "linearised") and errors not in TWO_WAY:
        what = f"`{errors}` is not defined for two cluster variables."
        problems.append(Problem("errors", what, 'Write errors="CR1S" (or CR0, CR1), or one cluster variable.'))
    if distribution == "satterthwaite" and (not clustered or two):
        what = "degrees of freedom of Satterthwaite are those of errors with one cluster variable."
        remedy = 'Write errors="CR2" and a cluster (the row\'s own number for none), or distribution="t".'
        problems.append(Problem("distribution", what, remedy))
    return problems


def two_way(solution: Solution, clusters: tuple[Codes, ...], errors: Errors) -> tuple[Floats, tuple[str, ...]]:
    """V_a + V_b - V_ab, each with its own factor (Cameron, Gelbach and Miller 2011, equation 2.13).

    Negative eigenvalues, which the difference may have, are set to zero (their section 2.3).
    """
    first, second = clusters
    both = np.unique(first * (second.max() + 1) + second, return_inverse=True)[1].astype(np.int64)
    V, W, less = (
        clustered_covariance(solution, tuple(stacks(solution, each, errors)), errors) for each in (first, second, both)
    )
    vcov = V + W - less
    scale = np.sqrt(np.maximum(np.diag(V + W), np.finfo(float).tiny))
    values, vectors = np.linalg.eigh(vcov / np.outer(scale, scale))
    if values[0] >= 0:
        return vcov, ()
    half = vectors * np.sqrt(np.maximum(values, 0)) * scale[:, None]
    lost = int((values < -NEGATIVE * values[-1]).sum())
    what = "the two-way covariance had a negative eigenvalue, which was set to zero (Cameron, Gelbach, Miller 2011)"
    return half @ half.T, (what,) if lost else ()


def _linearised(
    solution: Solution, clusters: tuple[Codes, ...], strata: Codes | None, distribution: Distribution
) -> Uncertainty:
    n, k = solution.shape
    sampled = units(clusters[0] if clusters else None, strata, n)
    df = np.inf if distribution == "normal" else sampled.df
    alone = absorbed(solution, clusters[0]) if clusters else np.zeros((k, 0))
    vcov = linearised(influence(solution, sampled), sampled)
    notes = cluster_notes(alone.shape[1], len(sampled.strata), k) if clusters else ()
    return Uncertainty(vcov, df, None, alone, notes)


def cluster_notes(alone: int, G: int, k: int) -> tuple[str, ...]:
    """What to know of k coefficients and G clusters, when `alone` directions rest on one cluster."""
    notes = []
    if alone:
        many = f"{alone} combination{'s' if alone > 1 else ''} of coefficients"
        notes.append(f"{many} rest on one cluster alone; what reads them has no clustered error")
    if k > G:
        notes.append(f"{k} coefficients and {G} clusters: at most {G - 1} coefficients can be tested at once")
    return tuple(notes)
