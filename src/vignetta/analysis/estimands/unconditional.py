"""Fits whose margins count the covariates as sampled."""

from dataclasses import replace
from typing import get_args

from vignetta.analysis.models.fits import Fit
from vignetta.analysis.models.likelihood_fitting import LikelihoodFit
from vignetta.analysis.models.linearisation import Sampled, influence, likelihood_influence, units, unscaled
from vignetta.analysis.options import raise_all
from vignetta.errors import Problem
from vignetta.plan import Errors

UNSCALED = ("HC0", "CR0")
"""Errors without a factor for the number of units."""


def unconditional(fit: Fit) -> Fit:
    """The fit, with margins and contrasts of a population whose covariates were sampled with the outcome.

    Otherwise the rows that a margin averages over count as fixed, and its error is that of the coefficients alone. Here
    the sampled unit g (a cluster, or a row where there are none) adds to a margin m

        psi_g = sum of w_i (f_i - m) / sum of w + d'A^-1 s_g

    with f_i the prediction for row i, d the derivatives of m by the coefficients, A^-1 s_g what the unit adds to the
    coefficients; the variance is the sum of psi_g^2 (Stata's vce(unconditional); Korn and Graubard 1999, section 3.8).
    The part of the coefficients is the fit's own d'Vd, whichever its errors; what the covariates add to it has the
    factor U / (U - 1) of U units (within strata n_h / (n_h - 1)), and none with HC0 and CR0. Degrees of freedom are
    those of the fit; coefficients and joint tests stay as they are.

    Parameters
    ----------
    fit : with any errors but classical, without clusters or with one cluster variable, not resampled.

    Raises
    ------
    StudyError
        For any other fit; and from `margins` and others for average_over="equal" or "proportional", which hold
        covariates at given values.

    Examples
    --------
    >>> import pandas as pd
    >>> from vignetta.analysis.models.fitting import fit
    >>> from vignetta.analysis.estimands.margins import margins
    >>> data = pd.DataFrame({"y": [1.0, 2, 4, 6, 3, 5], "a": list("uvuvuv"), "age": [20.0, 50, 30, 60, 40, 40]})
    >>> fitted = fit(data, "y ~ a + age", errors="HC1")
    >>> margins(fitted, "a")["std_error"].round(3).tolist()
    [0.939, 1.647]
    >>> margins(unconditional(fitted), "a")["std_error"].round(3).tolist()
    [1.057, 1.689]
    """
    raise_all(_problems(fit))
    sampled = units(fit.sample.clusters, fit.sample.strata, fit.n)
    sampled = unscaled(sampled) if fit.errors in UNSCALED else sampled
    if isinstance(fit, LikelihoodFit):
        return replace(fit, sampled=Sampled(sampled, likelihood_influence(fit.maximum, sampled)))
    assert fit.solution is not None
    return replace(fit, sampled=Sampled(sampled, influence(fit.solution, sampled)))


def _problems(fit: Fit) -> list[Problem]:
    problems = []
    if fit.errors == "classical":
        what = "`classical` errors take the model for true, and have no unconditional variance here."
        problems.append(Problem("errors", what, 'Write errors="HC1", or "CR1" with a cluster.'))
    if fit.errors not in get_args(Errors) or (fit.solution is None and not isinstance(fit, LikelihoodFit)):
        problems.append(Problem("fit", f"its errors are `{fit.errors}`.", "Give the fit as `vg.fit` made it."))
    if type(fit) not in (Fit, LikelihoodFit):
        what = f"{fit.name} have no unconditional variance here."
        problems.append(Problem("fit", what, "Leave `unconditional` (in a plan `variance:`) out."))
    if len(fit.sample.all_clusters) > 1:
        what = "an unconditional variance is not defined for two cluster variables."
        problems.append(Problem("cluster", what, "Name one."))
    return problems
