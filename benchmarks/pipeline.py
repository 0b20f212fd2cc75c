"""One pass of the flagship pipeline, stage by stage, beside what plain tools take for the heart of a stage.

Run with `make bench`. CPU seconds, the median of several runs in one process after a first that is not counted, so
that the import of libraries is not measured. Ratios are to the plain tool in the same run.
"""

import tempfile
from collections.abc import Callable
from functools import partial
from importlib.metadata import version
from pathlib import Path

import pandas as pd
import statsmodels.formula.api as smf
from timing import cpu

from vignetta.study.folder import load
from vignetta.study.scaffold import init
from vignetta.study.stages import run_stage, stages


def plain_read(folder: Path) -> Callable[[], object]:
    export = folder / "data/raw/alliance_simulated.csv"
    return lambda: pd.read_csv(export, skiprows=[1, 2])


def plain_fit(folder: Path) -> Callable[[], object]:
    study = load(folder)
    responses, formulas = study.responses, [each.formula for each in study.plan.models.values()]
    return lambda: [smf.ols(formula, responses).fit(cov_type="HC2") for formula in formulas]


def main() -> None:
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made) / "alliance"
        init(folder)
        rows = [(stage, cpu(partial(run_stage, folder, stage))) for stage in stages(folder)]
        plain = {
            "clean": ("pandas.read_csv alone", cpu(plain_read(folder))),
            "estimate": ("statsmodels, the two fits alone", cpu(plain_fit(folder))),
        }
    print(f"pandas {version('pandas')}, statsmodels {version('statsmodels')}\n")
    print("| stage | CPU seconds | beside | CPU seconds | ratio |\n|---|---|---|---|---|")
    for stage, seconds in rows:
        name, other = plain.get(stage, ("", float("nan")))
        beside = f"{name} | {other:.3f} | {seconds / other:.1f}" if name else " | | "
        print(f"| {stage} | {seconds:.3f} | {beside} |")
    print(f"| all | {sum(seconds for _, seconds in rows):.3f} | | | |")


if __name__ == "__main__":
    main()
