"""The exchange of `vignetta.design.fractions` beside a plain one in numpy, in the same run.

The plain one takes a row out, inverts X'X of the others, and puts in the candidate of largest variance. CPU seconds,
the median of several runs after one that is not counted; both make the same number of random starts, and the
D-efficiency of each is printed.
"""

import statistics
import time
from collections.abc import Callable
from itertools import product
from typing import TypeVar

import numpy as np

from vignetta.design.blocking import decks
from vignetta.design.efficiency import d_efficiency, model_matrix
from vignetta.design.fractions import fraction

Result = TypeVar("Result")
RUNS = 5
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


def main() -> None:
    print(f"{STARTS} starts\n\n| fraction | CPU seconds | D | plain numpy | D | ratio |\n|---|---|---|---|---|---|")
    for name, levels, size, terms in CASES:
        cells = np.array(list(product(*map(range, levels))))
        X = model_matrix(cells, terms).X

        def ours(cells: np.ndarray = cells, size: int = size, terms: list[str] = terms) -> float:
            generator = np.random.default_rng(1)
            return fraction(cells, size, generator=generator, terms=terms, starts=STARTS).d_efficiency

        def plain(X: np.ndarray = X, size: int = size) -> float:
            return plain_exchange(X, size, np.random.default_rng(1))

        seconds, d = timed(ours, RUNS)
        other, other_d = timed(plain, RUNS)
        print(f"| {name} | {seconds:.3f} | {d:.3f} | {other:.3f} | {other_d:.3f} | {seconds / other:.3f} |")
    cells = np.array(list(product(*map(range, (2, 2, 2, 3, 5)))))
    seconds, split = timed(
        lambda: decks(cells, 8, n_decks=15, generator=np.random.default_rng(1), terms=["x1:x5"], starts=STARTS), RUNS
    )
    print(f"\n120 cells in 15 decks of 8, one interaction: {seconds:.3f} CPU seconds, D {split.d_efficiency:.2f}")


if __name__ == "__main__":
    main()
