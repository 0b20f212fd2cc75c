"""Every line on the right of docs/coming-from.md runs, and says what the line on the left would."""

import ast
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import vignetta as vg
from vignetta.analysis.estimands.joint_tests import JointTest

EXACT = 1e-9
"""The same sums in another order."""


def lines(root: Path) -> list[str]:
    page = (root / "docs/coming-from.md").read_text("utf-8")
    rows = [re.split(r"(?<!\\)\|", row) for row in re.findall(r"^\|(.*)\|$", page, re.MULTILINE)]
    return [code for row in rows for code in re.findall(r"`([^`]*vg\.[^`]*)`", row[-1])]


def frames() -> dict[str, Any]:
    rng = np.random.default_rng(5)
    levels = {"response": ["none", "sanctions", "talk"], "action": ["left", "paid"], "party": ["D", "R"]}
    data = pd.DataFrame({name: rng.choice(each, 120) for name, each in levels.items()})
    data = data.assign(region=rng.integers(0, 12, 120), weight=rng.uniform(1, 2, 120), approval=rng.normal(size=120))
    read = np.where(rng.random(120) < 0.8, data["response"], rng.choice(levels["response"], 120))
    data = data.assign(respondent=np.repeat(np.arange(40), 3), recalled=read, age=rng.integers(18, 80, 120))
    data = data.assign(chose=rng.integers(0, 2, 120), psu=data["region"] + 12 * rng.integers(0, 4, 120))
    tasks = 4 * 80
    chose_first, turned = rng.random(tasks) < 0.5, rng.random(tasks) < 0.15
    task = {
        "id": np.repeat(np.arange(80), 4),
        "task": np.tile(np.arange(1, 5), 80),
        "party": np.repeat(["D", "R"], 160),
    }
    long = pd.concat(
        [
            pd.DataFrame({**task, "profile": place, "chosen": chosen.astype(int)}).assign(
                regime=rng.choice(["autocracy", "democracy"], tasks),
                treaty=rng.choice(["defence", "none", "trade"], tasks),
                education=rng.choice(["school", "university"], tasks),
                job=rng.choice(["nurse", "waiter"], tasks),
                again=np.where(task["task"] == 1, chosen ^ turned, np.nan),
            )
            for place, chosen in ((1, chose_first), (2, ~chose_first))
        ],
        ignore_index=True,
    )
    doctors = (long["education"] == "university") & (rng.random(len(long)) < 0.3)
    long.loc[doctors, "job"] = "doctor"
    return {"data": data, "long": long, "vg": vg}


def test_every_line_runs(root: Path) -> None:
    namespace = frames()
    codes = lines(root)
    assert len(codes) == 64
    for code in codes:
        tree = ast.parse(code)
        if isinstance(tree.body[0], ast.Expr):
            shown(eval(code, namespace), code)
        else:
            exec(code, namespace)


def shown(found: Any, code: str) -> None:
    if isinstance(found, pd.DataFrame):
        rows = found[found["n"] > 0]
        assert len(rows) and np.isfinite(rows["estimate"]).all(), code
        assert (rows.loc[~rows["is_reference"], "std_error"] > 0).all(), code
    elif isinstance(found, JointTest):
        assert 0 < found.p_value < 1, code
    else:
        assert np.isfinite(found.coef).all(), code


def test_equal_weights_are_those_of_emmeans() -> None:
    """By hand: the mean of the predictions over the four combinations of the other factors."""
    namespace = frames()
    fitted = vg.fit(namespace["data"], "approval ~ response * action + party", errors="HC2")
    b = dict(zip(fitted.terms, fitted.coef, strict=True))
    by_hand = b["Intercept"] + b["action[T.paid]"] / 2 + b["party[T.R]"] / 2
    found = vg.margins(fitted, "response", average_over="equal").set_index("level")
    assert found.loc["none", "estimate"] == pytest.approx(by_hand, abs=EXACT)
    assert found["average_over"].unique().tolist() == ["equal"]


def test_differences_of_marginal_means_are_those_of_groups() -> None:
    long = frames()["long"]
    means = long.groupby(["regime", "party"])["chosen"].mean()
    fitted = vg.fit(long, "chosen ~ regime * party", errors="CR1", cluster="id")
    found = vg.contrasts(fitted, "party", within="regime").query("~is_reference").set_index("within_level")["estimate"]
    assert found["democracy"] == pytest.approx(means["democracy", "R"] - means["democracy", "D"], abs=EXACT)
    second = vg.differences(fitted, "regime", within="party")["estimate"].item()
    assert second == pytest.approx(
        means["democracy", "R"] - means["autocracy", "R"] - means["democracy", "D"] + means["autocracy", "D"], abs=EXACT
    )
