"""Fits whose tests come from resampled clusters: margins, contrasts and all else are then tested so."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from vignetta.analysis.inference.bootstrap import bootstrap_covariance, draw_pairs, draw_wild, wild_test
from vignetta.analysis.intervals import Inference
from vignetta.analysis.models.fits import Fit
from vignetta.analysis.models.least_squares import Solution
from vignetta.analysis.options import WildWeights, check_options, raise_all
from vignetta.errors import Problem

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]


def pairs_bootstrap(fit: Fit, *, rng: np.random.Generator, draws: int = 1_999) -> Fit:
    """The fit with the covariance of its coefficients over samples of clusters drawn with replacement.

    Tests use t with clusters - 1 degrees of freedom (Cameron, Gelbach and Miller 2008). With few clusters prefer
    `wild_bootstrap` or CR2: the pairs bootstrap is no better than CR3 and slower.

    Raises
    ------
    StudyError
        A fit without one cluster variable; draws that do not determine the coefficients.

    Examples
    --------
    >>> import pandas as pd
    >>> from vignetta.analysis.models.fitting import fit
    >>> data = pd.DataFrame({"y": [1.0, 2, 4, 6, 3, 5, 4, 8], "a": list("uvuvuvuv"), "who": list("mmnnoopp")})
    >>> pairs_bootstrap(fit(data, "y ~ a", errors="CR1", cluster="who"), rng=np.random.default_rng(1)).errors
    'pairs bootstrap'
    """
    solution, clusters = _clustered(fit, draws)
    vcov = bootstrap_covariance(draw_pairs(solution, clusters, draws=draws, rng=rng))
    df = np.inf if fit.distribution == "normal" else fit.n_clusters - 1
    return replace(fit, vcov=vcov, df=float(df), working=None, errors="pairs bootstrap")


def wild_bootstrap(
    fit: Fit,
    *,
    rng: np.random.Generator,
    draws: int = 9_999,
    weights: WildWeights = "webb",
    restricted: bool = True,
) -> Fit:
    """The fit with p-values and intervals of the wild cluster bootstrap-t, for every estimand that is a number.

    Standard errors stay those of the fit. All estimands share the draws, so that the order of calls changes nothing.

    Parameters
    ----------
    draws : such that alpha (draws + 1) is whole.
    weights : webb, right for few clusters; rademacher, which takes all sign changes where these are few.
    restricted : draw from a fit in which the null holds (WCR), with intervals by inversion: advised with few clusters
        (MacKinnon and Webb 2018).

    Raises
    ------
    StudyError
        A fit without one cluster variable; unknown weights.

    Examples
    --------
    >>> import pandas as pd
    >>> from vignetta.analysis.models.fitting import fit
    >>> from vignetta.analysis.estimands.margins import contrasts
    >>> data = pd.DataFrame({"y": [1.0, 2, 4, 6, 3, 5, 4, 8], "a": list("uvuvuvuv"), "who": list("mmnnoopp")})
    >>> fitted = fit(data, "y ~ a", errors="CR1", cluster="who")
    >>> wild = wild_bootstrap(fitted, rng=np.random.default_rng(1), weights="rademacher")
    >>> contrasts(wild, "a")["p_value"].tolist()
    [nan, 0.0]
    """
    check_options(wild_weights=weights)
    solution, clusters = _clustered(fit, draws)
    wild = draw_wild(int(fit.n_clusters), draws=draws, weights=weights, rng=rng)

    def tests(combinations: Floats, null: float) -> Inference:
        known = fit.std_errors(combinations) > 0
        found = np.full((4, len(combinations)), np.nan)
        found[2:] = np.where(fit.std_errors(combinations) == 0, combinations @ fit.coef, np.nan)
        for place in np.flatnonzero(known):
            test = wild_test(
                solution,
                clusters,
                combinations[place],
                wild=wild,
                null=null,
                restricted=restricted,
                alpha=fit.alpha,
            )
            found[:, place] = test.statistic, test.p_value, test.conf_low, test.conf_high
        return Inference(*found)

    return replace(fit, tests=tests, df=np.nan, working=None, errors=f"{fit.errors}, wild bootstrap")


def _clustered(fit: Fit, draws: int) -> tuple[Solution, Codes]:
    problems = []
    if draws < 1:
        problems.append(Problem("draws", f"{draws} is not a number of draws.", "Write 9999."))
    if len(fit.sample.all_clusters) != 1 or fit.solution is None:
        what = "clusters are resampled, and the fit has no cluster variable, or two."
        problems.append(Problem("fit", what, 'Write fit(..., errors="CR1", cluster="respondent").'))
    elif not fit.can_resample:
        what = "clusters are not resampled with instruments, random effects, or effects of units that span clusters."
        problems.append(Problem("fit", what, "Use the errors of the fit."))
    if fit.sampled is not None:
        problems.append(Problem("fit", "it counts covariates as sampled.", "Resample the fit as `vg.fit` made it."))
    raise_all(problems)
    assert fit.solution is not None
    return fit.solution, fit.sample.all_clusters[0]
