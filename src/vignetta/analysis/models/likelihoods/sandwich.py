"""Covariance matrices of maximum-likelihood coefficients, and their degrees of freedom."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.linalg
from scipy import sparse

from vignetta.analysis.models.likelihoods.leverage import Group, groups, leverages, pieces, shortened
from vignetta.analysis.models.likelihoods.maximum import Maximum
from vignetta.analysis.models.likelihoods.roots import inverse_root, power
from vignetta.analysis.models.likelihoods.single import crossproduct

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]

COMBINATIONS = 8_000_000
"""About how many numbers are held at a time for the degrees of freedom."""
ALONE = 1e-9
"""Scores that spread less than this share of the most in some direction may be of a coefficient that one fits alone."""
DENSE = 4
"""Clusters of at most this many times as many rows as coefficients have a matrix of their own, which is then faster."""
ADJUSTED = ("HC2", "HC3", "CR2", "CR3")
"""Errors that adjust each score for its own leverage."""


def likelihood_covariance(fit: Maximum, errors: str, clusters: Codes | None = None) -> Floats:
    """The covariance matrix (p, p) of the coefficients.

    With A the observed information, s_i the scores with their weights, and sums over clusters g:

    - classical: A^-1.
    - HC0: A^-1 (sum s_i s_i') A^-1 (Huber 1967; White 1982); HC1: HC0 n / (n - p), as R's sandwich (Stata's `robust`
      multiplies with n / (n - 1), statsmodels with nothing).
    - CR0: the same of the sums of scores by cluster; CR1 = CR0 G / (G - 1), Stata's for these models;
      CR1S = CR1 (n - 1) / (n - p).
    - CR2, CR3: Bell and McCaffrey's (2002) correction on the working model. HC2 and HC3 are the same with every row a
      cluster; for logit and Poisson they are sandwich's vcovHC on the glm.

    For **logit and Poisson** CR2 and CR3 are clubSandwich's for glm (Pustejovsky and Tipton 2018): the working residual
    (y - mu) has variance v(mu) / w, weights are its inverse, and A_g = F (F (F^2 - H_g F^2) F)^-1/2 F with F the
    square root of that variance.

    For **probit, ordered and multinomial** models no definition is settled. The one taken needs only the score s_g and
    the observed information A_g of a cluster: s_g becomes

        CR2: A^1/2 (I - A^-1/2 A_g A^-1/2)^-1/2 A^-1/2 s_g        CR3: (I - A_g A^-1)^-1 s_g

    To first order s_g at the estimate has variance A_g - A_g A^-1 A_g where the model holds; CR2 restores A_g. CR3
    sums the squared changes of the coefficients when one Newton step is made without the cluster: the jackknife to
    that order, without a factor (G - 1) / G. For a linear model with unit variance both are the usual ones, and
    CR3 is so for logit and Poisson. Weights count as inverse variances. The simulation in
    `tests/analysis/models/likelihoods/test_coverage.py` shows the coverage.

    Raises
    ------
    StudyError
        A row or a cluster that fits a coefficient alone (leverage of one), except with classical errors.
    """
    if errors == "classical":
        return fit.inverse
    if errors in ADJUSTED:
        meat = np.zeros_like(fit.inverse)
        for group in _groups(fit, clusters):
            meat += crossproduct(_adjustment(fit, errors, group).scores(), group.times)
    elif clusters is None:
        meat = crossproduct(fit.cell_scores, np.bincount(fit.cells.cell, fit.weights**2).astype(np.float64))
    else:
        sums = _cluster_sums(fit, clusters)
        meat = sums.T @ sums
    if errors not in ADJUSTED:
        _raise_if_alone(fit, meat, clusters)
    covariance = fit.inverse @ meat @ fit.inverse * _factor(fit, errors, clusters)
    return np.asarray((covariance + covariance.T) / 2)


def satterthwaite(fit: Maximum, errors: str, combinations: Floats, clusters: Codes | None = None) -> Floats:
    """Satterthwaite degrees of freedom (r,) of combinations (r, p) of the coefficients: Bell and McCaffrey (2002).

    Parameters
    ----------
    errors : HC0 to HC3, CR0 to CR3, CR1S.
    combinations : each a combination of coefficients, or the gradient of an effect.

    The estimated variance of c'b is a sum of squares of the working residuals, which have the working model's
    variance. With a_g the weights on the residuals of cluster g, l_g the variance of their sum, and u_g = X_g'a_g:
    df = (sum l_g - u_g'Mu_g)^2 / (sum l_g^2 - 2 l_g u_g'Mu_g + tr (M sum u_g u_g')^2), M the inverse information:
    nothing is G x G.
    """
    found = np.full(len(combinations), np.nan)
    defined = np.isfinite(combinations).all(axis=1) & combinations.any(axis=1)
    places = np.flatnonzero(defined)
    size = fit.n if clusters is None else int(clusters.max()) + 1
    step = max(8, COMBINATIONS // (len(fit.coef) * size))
    for begin in range(0, len(places), step):
        chosen = places[begin : begin + step]
        found[chosen] = _satterthwaite(fit, errors, combinations[chosen], clusters)
    return found


def _satterthwaite(fit: Maximum, errors: str, combinations: Floats, clusters: Codes | None) -> Floats:
    root = scipy.linalg.cholesky(fit.inverse, lower=True)
    weights = fit.inverse @ combinations.T
    r, p = combinations.shape
    mean, square, cross = np.zeros(r), np.zeros(r), np.zeros((r, p, p))
    for group in _groups(fit, clusters):
        adjusted = _adjustment(fit, errors, group)
        shorter, on_residuals = adjusted.group, adjusted.on_residuals(weights)
        spread = np.einsum("grc,grc->gc", on_residuals, on_residuals)
        pulled = root.T @ (shorter.rows.transpose(0, 2, 1) @ on_residuals)
        own = np.einsum("gpc,gpc->gc", pulled, pulled)
        mean += shorter.times @ (spread - own)
        square += shorter.times @ (spread**2 - 2 * spread * own)
        by_combination = np.ascontiguousarray((pulled * np.sqrt(shorter.times)[:, None, None]).transpose(2, 1, 0))
        cross += by_combination @ by_combination.transpose(0, 2, 1)
    return np.asarray(mean**2 / (square + np.einsum("cpq,cpq->c", cross, cross)))


def _groups(fit: Maximum, clusters: Codes | None) -> Iterator[Group]:
    return groups(fit, pieces(fit, clusters))


def _raise_if_alone(fit: Maximum, meat: Floats, clusters: Codes | None) -> None:
    """A coefficient that one cluster fits alone leaves no score in its direction, and would seem to have no error."""
    root = scipy.linalg.cholesky(fit.inverse, lower=True)
    spread = np.linalg.eigvalsh(root.T @ meat @ root)
    if spread[0] > ALONE * spread[-1]:
        return
    for group in _groups(fit, clusters):
        leverages(shortened(group).rows, fit.inverse)


@dataclass(frozen=True, eq=False)
class _Adjustment:
    """What the working residuals of a group are multiplied with: a symmetric matrix times a diagonal one.

    Attributes
    ----------
    group : perhaps by fewer rows.
    root : multiplies vectors (g, r, c) with the symmetric matrix.
    scale : (g, r) the diagonal.
    """

    group: Group
    root: Callable[[Floats], Floats]
    scale: Floats

    def scores(self) -> Floats:
        """The adjusted scores (g, p)."""
        residuals = self.root((self.scale * self.group.residuals)[:, :, None])
        return np.asarray((self.group.rows.transpose(0, 2, 1) @ residuals)[:, :, 0])

    def on_residuals(self, weights: Floats) -> Floats:
        """The weights (g, r, c) on the residuals of sums with weights (p, c) on the adjusted scores."""
        return self.scale[:, :, None] * self.root(self.group.rows @ weights)


def _adjustment(fit: Maximum, errors: str, group: Group) -> _Adjustment:
    if fit.family.inverse_variance and errors in ("HC2", "CR2"):
        return _on_outcome(fit, group)
    group = shortened(group)
    ones = np.ones_like(group.residuals)
    values, vectors = leverages(group.rows, fit.inverse)
    exponent = {"HC2": -0.5, "CR2": -0.5, "HC3": -1.0, "CR3": -1.0}.get(errors, 0.0)
    matrix = power(1 - values, vectors, exponent)
    return _Adjustment(group, lambda right: matrix @ right, ones)


def _on_outcome(fit: Maximum, group: Group) -> _Adjustment:
    """(F (F^2 - H F^2) F)^-1/2 in terms of the working rows: F^2 (I - leverage) F^2."""
    variance = group.variance
    low = variance[:, :, None] * (group.rows @ scipy.linalg.cholesky(fit.inverse, lower=True))
    if group.rows.shape[1] > DENSE * group.rows.shape[2]:
        most = leverages(shortened(group).rows, fit.inverse)[0][:, -1]
        least = variance.min(axis=1) ** 2 * (1 - most)
        given = list(zip(variance**2, low, least, strict=True))
        return _Adjustment(group, lambda right: _each_inverse_root(given, right), variance)
    leverages(group.rows, fit.inverse)
    spread = np.eye(low.shape[1]) * variance[:, :, None] ** 2 - low @ low.transpose(0, 2, 1)
    matrix = power(*np.linalg.eigh(spread), -0.5)
    return _Adjustment(group, lambda right: matrix @ right, variance)


def _each_inverse_root(given: list[tuple[Floats, Floats, float]], right: Floats) -> Floats:
    return np.stack([inverse_root(*each, by) for each, by in zip(given, right, strict=True)])


def _cluster_sums(fit: Maximum, clusters: Codes) -> Floats:
    shape = (int(clusters.max()) + 1, len(fit.cells.y))
    member = sparse.csr_array((fit.weights, (clusters, fit.cells.cell)), shape=shape)
    return np.asarray(member @ fit.cell_scores)


def _factor(fit: Maximum, errors: str, clusters: Codes | None) -> float:
    n, p = fit.n, len(fit.coef)
    if errors == "HC1":
        return float(n / (n - p))
    if clusters is None or errors not in ("CR1", "CR1S"):
        return 1.0
    G = int(clusters.max()) + 1
    return float(G / (G - 1) * ((n - 1) / (n - p) if errors == "CR1S" else 1.0))
