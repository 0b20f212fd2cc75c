"""Least squares against the certified values of NIST's Statistical Reference Datasets for linear regression.

The data are in the public domain (https://www.itl.nist.gov/div898/strd/lls/lls.shtml); Longley's come with statsmodels.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pytest
import statsmodels.api as sm

from vignetta.analysis.models.covariance import covariance
from vignetta.analysis.models.least_squares import solve

Floats = npt.NDArray[np.float64]

DELTA = np.array([759, -2048, 2048, -2048, 2523, -2048, 2048, -2048, 1838, -2048, 2048])
WAMPLER_ERRORS = np.concatenate([DELTA, DELTA[-2::-1]]).astype(float)
WAMPLER_SD = np.array(
    [2152.32624678170, 2363.55173469681, 779.343524331583, 101.475507550350, 5.64566512170752, 0.112324854679312]
)
NORRIS_X = """0.2 337.4 118.2 884.6 10.1 226.5 666.3 996.3 448.6 777.0 558.2 0.4 0.6 775.5 666.9 338.0 447.5 11.6
    556.0 228.1 995.8 887.6 120.2 0.3 0.3 556.8 339.1 887.2 999.0 779.0 11.1 118.3 229.2 669.1 448.9 0.5"""
NORRIS_Y = """0.1 338.8 118.1 888.0 9.2 228.1 668.5 998.5 449.1 778.9 559.2 0.3 0.1 778.1 668.8 339.3 448.9 10.8
    557.7 228.3 998.0 888.8 119.6 0.3 0.6 557.6 339.3 888.0 998.5 778.9 10.2 117.6 228.9 668.4 449.2 0.2"""
PONTIUS_Y = """.11019 .21956 .32949 .43899 .54803 .65694 .76562 .87487 .98292 1.09146 1.20001 1.30822 1.41599 1.52399
    1.63194 1.73947 1.84646 1.95392 2.06128 2.16844 .11052 .22018 .32939 .43886 .54798 .65739 .76596 .87474 .98300
    1.09150 1.20004 1.30818 1.41613 1.52408 1.63159 1.73965 1.84696 1.95445 2.06177 2.16829"""
FILIP_Y = """0.8116 0.9072 0.9052 0.9039 0.8053 0.8377 0.8667 0.8809 0.7975 0.8162 0.8515 0.8766 0.8885 0.8859 0.8959
    0.8913 0.8959 0.8971 0.9021 0.909 0.9139 0.9199 0.8692 0.8872 0.89 0.891 0.8977 0.9035 0.9078 0.7675 0.7705 0.7713
    0.7736 0.7775 0.7841 0.7971 0.8329 0.8641 0.8804 0.7668 0.7633 0.7678 0.7697 0.77 0.7749 0.7796 0.7897 0.8131
    0.8498 0.8741 0.8061 0.846 0.8751 0.8856 0.8919 0.8934 0.894 0.8957 0.9047 0.9129 0.9209 0.9219 0.7739 0.7681
    0.7665 0.7703 0.7702 0.7761 0.7809 0.7961 0.8253 0.8602 0.8809 0.8301 0.8664 0.8834 0.8898 0.8964 0.8963 0.9074
    0.9119 0.9228"""
FILIP_X = """-6.860120914 -4.324130045 -4.358625055 -4.358426747 -6.955852379 -6.661145254 -6.355462942 -6.118102026
    -7.115148017 -6.815308569 -6.519993057 -6.204119983 -5.853871964 -6.109523091 -5.79832982 -5.482672118 -5.171791386
    -4.851705903 -4.517126416 -4.143573228 -3.709075441 -3.499489089 -6.300769497 -5.953504836 -5.642065153 -5.031376979
    -4.680685696 -4.329846955 -3.928486195 -8.56735134 -8.363211311 -8.107682739 -7.823908741 -7.522878745 -7.218819279
    -6.920818754 -6.628932138 -6.323946875 -5.991399828 -8.781464495 -8.663140179 -8.473531488 -8.247337057 -7.971428747
    -7.676129393 -7.352812702 -7.072065318 -6.774174009 -6.478861916 -6.159517513 -6.835647144 -6.53165267 -6.224098421
    -5.910094889 -5.598599459 -5.290645224 -4.974284616 -4.64454848 -4.290560426 -3.885055584 -3.408378962 -3.13200249
    -8.726767166 -8.66695597 -8.511026475 -8.165388579 -7.886056648 -7.588043762 -7.283412422 -6.995678626 -6.691862621
    -6.392544977 -6.067374056 -6.684029655 -6.378719832 -6.065855188 -5.752272167 -5.132414673 -4.811352704 -4.098269308
    -3.66174277 -3.2644011"""


@dataclass(frozen=True, eq=False)
class Certified:
    """Certified coefficients and standard deviations; `digits` is how many the conditioning of the data leaves."""

    X: Floats
    y: Floats
    coef: Floats
    std_error: Floats
    digits: float


def read(text: str) -> Floats:
    return np.array(text.split(), dtype=np.float64)


def powers(x: Floats, degree: int) -> Floats:
    return np.vander(x, degree + 1, increasing=True)


def datasets() -> dict[str, Certified]:
    x = powers(np.arange(21.0), 5)
    exact = x.sum(axis=1)
    wampler = {
        f"Wampler{place}": Certified(x, exact + scale * WAMPLER_ERRORS, np.ones(6), scale * WAMPLER_SD, digits)
        for place, scale, digits in ((3, 1, 9), (4, 100, 8), (5, 10_000, 6))
    }
    tenths = 0.1 ** np.arange(6)
    longley = sm.datasets.longley.load_pandas().data.to_numpy(dtype=np.float64)
    return {
        "Norris": Certified(
            powers(read(NORRIS_X), 1),
            read(NORRIS_Y),
            np.array([-0.262323073774029, 1.00211681802045]),
            np.array([0.232818234301152, 0.429796848199937e-03]),
            12,
        ),
        "Pontius": Certified(
            powers(np.tile(np.arange(1, 21) * 150_000.0, 2), 2),
            read(PONTIUS_Y),
            np.array([0.673565789473684e-03, 0.732059160401003e-06, -0.316081871345029e-14]),
            np.array([0.107938612033077e-03, 0.157817399981659e-09, 0.486652849992036e-16]),
            11,
        ),
        "NoInt1": Certified(
            np.arange(60.0, 71)[:, None],
            np.arange(130.0, 141),
            np.array([2.07438016528926]),
            np.array([0.165289256198347e-01]),
            13,
        ),
        "NoInt2": Certified(
            np.array([[4.0], [5], [6]]),
            np.array([3.0, 4, 4]),
            np.array([0.727272727272727]),
            np.array([0.420827318078432e-01]),
            13,
        ),
        "Filip": Certified(
            powers(read(FILIP_X), 10),
            read(FILIP_Y),
            np.array(
                [-1467.48961422980, -2772.17959193342, -2316.37108160893, -1127.97394098372, -354.478233703349]
                + [-75.1242017393757, -10.8753180355343, -1.06221498588947, -0.670191154593408e-01]
                + [-0.246781078275479e-02, -0.402962525080404e-04]
            ),
            np.array(
                [298.084530995537, 559.779865474950, 466.477572127796, 227.204274477751, 71.6478660875927]
                + [15.2897178747400, 2.23691159816033, 0.221624321934227, 0.142363763154724e-01]
                + [0.535617408889821e-03, 0.896632837373868e-05]
            ),
            6.5,
        ),
        "Longley": Certified(
            np.column_stack([np.ones(16), longley[:, 1:]]),
            longley[:, 0],
            np.array(
                [-3482258.63459582, 15.0618722713733, -0.358191792925910e-01, -2.02022980381683, -1.03322686717359]
                + [-0.511041056535807e-01, 1829.15146461355]
            ),
            np.array(
                [890420.383607373, 84.9149257747669, 0.334910077722432e-01, 0.488399681651699, 0.214274163161675]
                + [0.226073200069370, 455.478499142212]
            ),
            10,
        ),
        **wampler,
        "Wampler1": Certified(x, exact, np.ones(6), np.zeros(6), 9),
        "Wampler2": Certified(x, np.round(x @ tenths, 5), tenths, np.zeros(6), 12),
    }


@pytest.mark.parametrize("name", datasets())
def test_coefficients_and_errors_are_certified(name: str) -> None:
    data = datasets()[name]
    found = solve(data.X, data.y, np.ones(len(data.y)))
    tolerance = 10**-data.digits
    np.testing.assert_allclose(found.coef, data.coef, rtol=tolerance)
    std_error = np.sqrt(np.diag(covariance(found, "classical")))
    assert (np.abs(std_error - data.std_error) <= tolerance * (data.std_error + np.abs(data.coef))).all()
