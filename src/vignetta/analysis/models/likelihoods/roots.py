"""Powers of symmetric matrices, applied to vectors."""

import numpy as np
import numpy.typing as npt
from scipy import special

Floats = npt.NDArray[np.float64]

NODES = 24
"""Of the quadrature; its error falls as exp(-2 pi^2 NODES / (log condition + 3)): 1e-12 at a condition of 1e6."""


def power(values: Floats, vectors: Floats, exponent: float) -> Floats:
    """Symmetric matrices (g, r, r), from their eigenvalues and vectors, to a power."""
    return np.asarray((vectors * values[:, None, :] ** exponent) @ vectors.transpose(0, 2, 1))


def inverse_root(diagonal: Floats, low: Floats, least: float, right: Floats) -> Floats:
    """(D - UU')^-1/2 V without an r x r matrix: (r, c) from the diagonal (r,), U (r, p) and V (r, c).

    Hale, Higham and Trefethen (2008, section 4): a sum over nodes of (D + t^2 - UU')^-1 V, each by Woodbury's identity.

    Parameters
    ----------
    least : a bound below all eigenvalues, positive.
    """
    most = float(diagonal.max())
    complement = 1 - least / most
    period = special.ellipk(complement)
    sn, cn, dn, _ = special.ellipj((np.arange(NODES) + 0.5) * period / NODES, complement)
    total = np.zeros_like(right)
    for shift, weight in zip(least * (sn / cn) ** 2, dn / cn**2, strict=True):
        total += weight * _solve(diagonal + shift, low, right)
    return np.asarray(2 * period * np.sqrt(least) / (np.pi * NODES) * total)


def _solve(diagonal: Floats, low: Floats, right: Floats) -> Floats:
    scaled, divided = low / diagonal[:, None], right / diagonal[:, None]
    inner = np.eye(low.shape[1]) - low.T @ scaled
    return np.asarray(divided + scaled @ np.linalg.solve(inner, low.T @ divided))
