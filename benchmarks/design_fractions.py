"""The exchange of `vignetta.design.fractional.fractions` beside two plain ones in numpy, in the same run.

Row by row: takes a row out, inverts X'X of the others, and puts in the candidate of largest variance. Best pair
(Fedorov 1972): inverts X'X once for each exchange, and makes the best of all exchanges. CPU seconds, the median of
several runs after one that is not counted; all make the same number of random starts, and the D-efficiency of each is
printed. `fraction` includes coding the cells and describing the result, with aliases in words; `exchanged` is the
exchange alone, as the plain ones are.
"""

import statistics
import time
from collections.abc import Callable
from functools import partial
from importlib.metadata import version
from itertools import product
from platform import python_version
from typing import TypeVar

import numpy as np

from vignetta.design.fractional.blocking import decks
from vignetta.design.fractional.efficiency import d_efficiency, model_matrix
from vignetta.design.fractional.fractions import exchanged, fraction

Result = TypeVar("Result")
RUNS = 15
STARTS = 10
CASES = [
    ("32 of 160, two interactions", (2, 2, 2, 4, 5), 32, ["x1:x4", "x1:x5"]),
    ("48 of 120, two interactions", (2, 2, 2, 3, 5), 48, ["x1:x5", "x4:x5"]),
    ("18 of 108, main effects", (2, 2, 3, 3, 3), 18, []),
]


def timed(work: Callable[[], Result], runs: int) -> tuple[float, Result]:
    """Median CPU seconds and the result of the last call."""
    result = work()
    times = []
    for _ in range(runs):
        start = time.process_time()
        result = work()
        times.append(time.process_time() - start)
    return statistics.median(times), result


def best_pair(X: np.ndarray, size: int, generator: np.random.Generator) -> float:
    """The exchange that multiplies the determinant most, until none does."""
    best = 0.0
    for _ in range(STARTS):
        rows = generator.choice(len(X), size, replace=False)
        while np.linalg.matrix_rank(X[rows]) < X.shape[1]:
            rows = generator.choice(len(X), size, replace=False)
        while True:
            V = X @ np.linalg.inv(X[rows].T @ X[rows])
            d = np.einsum("ij,ij->i", V, X)
            gains = (1 - d[rows][:, None]) * (1 + d) + (X[rows] @ V.T) ** 2
            gains[:, rows] = 0.0
            leaving, entering = np.unravel_index(gains.argmax(), gains.shape)
            if gains[leaving, entering] < 1 + 1e-8:
                break
            rows[leaving] = entering
        best = max(best, d_efficiency(X[rows]))
    return best


def plain_exchange(X: np.ndarray, size: int, generator: np.random.Generator) -> float:
    """Row by row, the candidate of largest variance, until a pass changes nothing; D of the best start."""
    best = 0.0
    for _ in range(STARTS):
        rows = generator.choice(len(X), size, replace=False)
        changed = True
        while changed:
            changed = False
            for place in range(size):
                kept = X[np.delete(rows, place)]
                inverse = np.linalg.inv(kept.T @ kept + 1e-9 * np.eye(X.shape[1]))
                variances = np.einsum("ij,jk,ik->i", X, inverse, X, optimize=True)
                variances[np.delete(rows, place)] = -np.inf
                entering = int(variances.argmax())
                if variances[entering] > variances[rows[place]] * (1 + 1e-8):
                    rows[place], changed = entering, True
        best = max(best, d_efficiency(X[rows]))
    return best


def alone(X: np.ndarray, size: int, generator: np.random.Generator) -> float:
    """Ours without anything around it."""
    ends = [exchanged(X, generator.choice(len(X), size, replace=False)) for _ in range(STARTS)]
    return max(d_efficiency(X[rows]) for rows in ends)


def seeded(exchange: Callable[..., float], X: np.ndarray, size: int) -> float:
    return exchange(X, size, np.random.default_rng(1))


def main() -> None:
    print(f"Python {python_version()}, numpy {version('numpy')}; {STARTS} starts\n")
    print("| fraction | CPU seconds | D | beside | CPU seconds | D | ratio |\n|---|---|---|---|---|---|---|")
    for name, levels, size, terms in CASES:
        cells = np.array(list(product(*map(range, levels))))
        X = model_matrix(cells, terms).X

        def ours(cells: np.ndarray = cells, size: int = size, terms: list[str] = terms) -> float:
            generator = np.random.default_rng(1)
            return fraction(cells, size, generator=generator, terms=terms, starts=STARTS).d_efficiency

        found = {"fraction": timed(ours, RUNS), "exchanged": timed(partial(seeded, alone, X, size), RUNS)}
        plain = {
            "row by row, plain numpy": timed(partial(seeded, plain_exchange, X, size), RUNS),
            "best pair, plain numpy": timed(partial(seeded, best_pair, X, size), RUNS),
        }
        for (what, (seconds, d)), (beside, (other, other_d)) in product(found.items(), plain.items()):
            numbers = f"{other:.4f} | {other_d:.3f} | {seconds / other:.2f}"
            print(f"| {name}: {what} | {seconds:.4f} | {d:.3f} | {beside} | {numbers} |")
    cells = np.array(list(product(*map(range, (2, 2, 2, 3, 5)))))
    seconds, split = timed(
        lambda: decks(cells, 8, n_decks=15, generator=np.random.default_rng(1), terms=["x1:x5"], starts=STARTS), RUNS
    )
    print(f"\n120 cells in 15 decks of 8, one interaction: {seconds:.3f} CPU seconds, D {split.d_efficiency:.2f}")


if __name__ == "__main__":
    main()
