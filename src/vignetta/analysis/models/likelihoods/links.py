"""Distribution functions that carry a linear predictor to a probability."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt
from scipy import special

Floats = npt.NDArray[np.float64]
LinkName = Literal["logit", "probit"]

_ROOT: Final = np.sqrt(2 * np.pi)
_LOG_ROOT: Final = np.log(_ROOT)


@dataclass(frozen=True)
class Link:
    """A distribution F that is symmetric around zero, with log-concave density f.

    Attributes
    ----------
    cdf, density, slope : F, f and f'.
    both : F and f at once.
    log_cdf : log F, exact in the lower tail.
    hazard : f / F, exact in the lower tail.
    curvature : -(log F)'' at z, from z and the hazard there.
    quantile : the inverse of F.
    canonical : observed and expected information are the same.
    """

    cdf: Callable[[Floats], Floats]
    density: Callable[[Floats], Floats]
    both: Callable[[Floats], tuple[Floats, Floats]]
    slope: Callable[[Floats], Floats]
    log_cdf: Callable[[Floats], Floats]
    hazard: Callable[[Floats], Floats]
    curvature: Callable[[Floats, Floats], Floats]
    quantile: Callable[[Floats], Floats]
    canonical: bool


def _logistic_density(z: Floats) -> Floats:
    return np.asarray(special.expit(z) * special.expit(-z))


def _logistic(z: Floats) -> tuple[Floats, Floats]:
    below = np.asarray(special.expit(z))
    return below, below * (1 - below)


def _logistic_slope(z: Floats) -> Floats:
    return np.asarray(_logistic_density(z) * (special.expit(-z) - special.expit(z)))


def _normal_density(z: Floats) -> Floats:
    return np.asarray(np.exp(-0.5 * z**2) / _ROOT)


def _normal_slope(z: Floats) -> Floats:
    finite = np.where(np.isfinite(z), z, 0.0)
    return np.asarray(-finite * _normal_density(z))


def _normal_hazard(z: Floats) -> Floats:
    return np.asarray(np.exp(-0.5 * z**2 - _LOG_ROOT - special.log_ndtr(z)))


LINKS: Final[dict[LinkName, Link]] = {
    "logit": Link(
        cdf=special.expit,
        density=_logistic_density,
        both=_logistic,
        slope=_logistic_slope,
        log_cdf=special.log_expit,
        hazard=lambda z: np.asarray(special.expit(-z)),
        curvature=lambda z, hazard: hazard * np.asarray(special.expit(z)),
        quantile=special.logit,
        canonical=True,
    ),
    "probit": Link(
        cdf=special.ndtr,
        density=_normal_density,
        both=lambda z: (np.asarray(special.ndtr(z)), _normal_density(z)),
        slope=_normal_slope,
        log_cdf=special.log_ndtr,
        hazard=_normal_hazard,
        curvature=lambda z, hazard: hazard * (hazard + z),
        quantile=special.ndtri,
        canonical=False,
    ),
}
