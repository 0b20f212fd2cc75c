"""Covariance matrices of maximum-likelihood coefficients, and their degrees of freedom."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import scipy.linalg
from scipy import sparse

from vignetta.analysis.likelihoods.leverage import Group, factor, groups, pieces, shortened
from vignetta.analysis.likelihoods.maximum import Maximum
from vignetta.analysis.likelihoods.single import crossproduct

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]

COMBINATIONS = 8_000_000
"""About how many numbers are held at a time for the degrees of freedom."""
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
    `tests/analysis/likelihoods/test_coverage.py` shows the coverage.

    Raises
    ------
    StudyError
        A leverage of one under HC2, HC3, CR2 or CR3.
    """
    if errors == "classical":
        return fit.inverse
    if errors in ADJUSTED:
        meat = np.zeros_like(fit.inverse)
        for group in _groups(fit, clusters):
            meat += crossproduct(_scores(fit, errors, group), group.times)
    elif clusters is None:
        meat = crossproduct(fit.cell_scores, np.bincount(fit.cells.cell, fit.weights**2).astype(np.float64))
    else:
        sums = _cluster_sums(fit, clusters)
        meat = sums.T @ sums
    covariance = fit.inverse @ meat @ fit.inverse * _factor(fit, errors, clusters)
    return np.asarray((covariance + covariance.T) / 2)


def satterthwaite(fit: Maximum, errors: str, combinations: Floats, clusters: Codes | None = None) -> Floats:
    """Satterthwaite degrees of freedom (r,) of combinations (r, p) of the coefficients: Bell and McCaffrey (2002).

    Parameters
    ----------
    errors : HC2, HC3, CR2 or CR3.
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
        shorter, adjust = _adjustment(fit, errors, group)
        on_residuals = adjust.transpose(0, 2, 1) @ (shorter.rows @ weights)
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


def _scores(fit: Maximum, errors: str, group: Group) -> Floats:
    shorter, adjust = _adjustment(fit, errors, group)
    adjusted = adjust @ shorter.residuals[:, :, None]
    return np.asarray((shorter.rows.transpose(0, 2, 1) @ adjusted)[:, :, 0])


def _adjustment(fit: Maximum, errors: str, group: Group) -> tuple[Group, Floats]:
    """The group and what its working residuals are multiplied with (g, r, r)."""
    on_outcome = fit.family.inverse_variance and errors in ("HC2", "CR2")
    group = group if on_outcome else shortened(group)
    values, vectors = factor(group.rows, fit.inverse)
    if not on_outcome:
        return group, _power(1 - values, vectors, -1.0 if errors in ("HC3", "CR3") else -0.5)
    left = np.eye(values.shape[1]) - (vectors * values[:, None, :]) @ vectors.transpose(0, 2, 1)
    scaled = group.variance[:, :, None] * left * group.variance[:, None, :]
    return group, _power(*np.linalg.eigh(scaled), -0.5) * group.variance[:, None, :]


def _power(values: Floats, vectors: Floats, exponent: float) -> Floats:
    return np.asarray((vectors * values[:, None, :] ** exponent) @ vectors.transpose(0, 2, 1))


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
