"""Roots of matrices, beside eigenvalues."""

import numpy as np
import pytest
import scipy.linalg

from vignetta.analysis.models.likelihoods.roots import inverse_root, power


@pytest.mark.parametrize("spread", [1.0, 1e3, 1e6])
def test_the_quadrature_is_the_inverse_root(spread: float) -> None:
    rng = np.random.default_rng(3)
    diagonal = np.geomspace(1, spread, 50)
    low = 0.1 * rng.normal(size=(50, 4))
    right = rng.normal(size=(50, 2))
    matrix = np.diag(diagonal) - low @ low.T
    least = np.linalg.eigvalsh(matrix)[0]
    expected = np.linalg.inv(scipy.linalg.sqrtm(matrix)) @ right
    for bound in (least, least / 2):
        np.testing.assert_allclose(inverse_root(diagonal, low, bound, right), expected, atol=1e-11)


def test_powers_of_several_matrices() -> None:
    matrices = np.array([[[2.0, 1.0], [1.0, 3.0]], [[5.0, 0.0], [0.0, 1.0]]])
    half = power(*np.linalg.eigh(matrices), 0.5)
    np.testing.assert_allclose(half @ half, matrices, rtol=1e-12, atol=1e-12)
