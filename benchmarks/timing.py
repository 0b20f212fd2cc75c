"""How the benchmarks measure."""

import statistics
import time
from collections.abc import Callable

RUNS = 5


def cpu(work: Callable[[], object], runs: int = RUNS) -> float:
    """Median CPU seconds of a call after one that is not counted."""
    work()
    times = []
    for _ in range(runs):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return statistics.median(times)
