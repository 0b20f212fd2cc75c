"""Made-up panels: respondents who read several vignettes, and treatments that are not always read as assigned."""

import numpy as np
import pandas as pd


def panel(seed: int = 3, rows: int = 240, people: int = 40) -> pd.DataFrame:
    """Rows of respondents, unbalanced, one of whom has a single row; villages contain respondents, items cut across.

    `w` are weights that differ within respondents, `w_person` ones that do not.
    """
    rng = np.random.default_rng(seed)
    data = pd.DataFrame({"who": rng.integers(1, people, rows), "arm": rng.choice(list("pqr"), rows)})
    data.loc[0, "who"] = 0
    data["place"] = rng.choice(list("xy"), rows)
    data["age"] = rng.normal(size=rows)
    data["village"], data["item"] = data["who"] // 4, rng.integers(0, 9, rows)
    data["w"], data["w_person"] = rng.uniform(0.5, 2, rows), 0.5 + data["who"] % 5
    data["person"] = [f"r{each}" for each in data["who"]]
    data["trait"] = rng.normal(size=people)[data["who"]]
    effect = rng.normal(size=people)[data["who"]]
    data["y"] = (data["arm"] == "q") + 0.5 * (data["place"] == "y") + effect + rng.normal(size=rows)
    return data


def compliance(seed: int = 5, rows: int = 600, effect: float = 1.0) -> pd.DataFrame:
    """A treatment `assigned` and as `recalled`; those who read carefully are also more approving."""
    rng = np.random.default_rng(seed)
    data = pd.DataFrame({"assigned": rng.choice(list("pqr"), rows), "place": rng.choice(list("xy"), rows)})
    careful = rng.normal(size=rows)
    data["recalled"] = np.where(careful > -0.5, data["assigned"], rng.choice(list("pqr"), rows))
    data["village"], data["w"] = rng.integers(0, 40, rows), rng.uniform(0.5, 2, rows)
    data["y"] = effect * (data["recalled"] == "q") + careful * (data["recalled"] != "p") + rng.normal(size=rows)
    data["two"], data["read"] = (data["assigned"] == "q").map({True: "b", False: "a"}), data["recalled"] == "q"
    return data
