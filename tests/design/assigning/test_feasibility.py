"""What no assignment can give is told; what is not told is given by every draw."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.design.small_design import small_design
from tests.design.written import FACTORS, told, written
from vignetta.design.assigning.assignment import draw
from vignetta.design.assigning.feasibility import feasibility_findings
from vignetta.design.assigning.vignettes import vignettes
from vignetta.design.declaration import Design
from vignetta.errors import StudyError
from vignetta.study.checking import check
from vignetta.study.scaffold import init

PAIR = "profiles: 2\nprofile_labels: [A, B]\n"
ONLY_INFORMAL = "  - {forbid: {regime: autocracy, treaty: [none, formal]}, reason: Autocracies sign nothing.}\n"
ROUNDING = 1e-9
PARTY = """\
strata: [party]
covariates:
  party: {label: P, question: P?, options: [{name: x, text: x}, {name: y, text: y}]}
"""


def varying(often: str, factors: str = FACTORS) -> str:
    return factors.replace("    label: Regime\n", f"    label: Regime\n    varies: {often}\n")


@pytest.mark.parametrize(
    ("head", "factors", "n", "expected"),
    [
        ("exact: true\nmechanism: simple\n", FACTORS, 120, ["5 exact: independent draws are never exactly balanced. "]),
        ("exact: true\n", FACTORS, 100, ["5 exact: 100 respondents are no multiple of 6, as vignettes in their "]),
        ("exact: true\ntasks: 3\n", FACTORS, 121, ["5 exact: 121 respondents are no multiple of 2, as vignettes in "]),
        (
            "exact: true\nsamples:\n  us: {label: US, size: 61}\n  uk: {label: UK, size: 59}\n",
            FACTORS,
            120,
            [
                "5 exact: 61 respondents of the sample `us` are no ",
                "5 exact: 59 respondents of the sample `uk` are no ",
            ],
        ),
        (
            "exact: true\nmechanism: blocked\nblock_size: 9\n",
            FACTORS,
            102,
            [
                "5 exact: 102 respondents are no multiple of 9, as blocks need. The nearest numbers that are: 99 or ",
                "5 exact: 9 respondents of a block are no multiple of 6, as vignettes in their proportions need. ",
            ],
        ),
        (
            f"exact: true\nmechanism: blocked\n{PARTY}",
            FACTORS,
            120,
            ["5 exact: the size of the strata is known only afterwards, and the last block of each may stay "],
        ),
        (
            "exact: true\nmechanism: decks\ntasks: 2\ndecks: {number: 3}\n",
            FACTORS,
            100,
            ["5 exact: 100 respondents are no multiple of 3, as decks need. The nearest numbers that are: 99 or 102. "],
        ),
        (
            "exact: true\ntasks: 2\n",
            varying("respondent"),
            121,
            ["5 exact: 121 respondents are no multiple of 6, as vignettes in their proportions need. "],
        ),
        (
            f"exact: true\n{PAIR}restrictions:\n  - {{differ: [treaty], reason: r}}\n",
            FACTORS,
            120,
            ["5 exact: rules about pairs leave it to chance how often a single vignette is shown. Remove `exact`, or "],
        ),
        (
            "mechanism: decks\ntasks: 4\ndecks: {number: 3}\n",
            FACTORS,
            120,
            ["7 decks: 3 decks of 4 need 12 vignettes, and there are 6. Declare fewer decks, or write "],
        ),
        (
            "mechanism: decks\ntasks: 2\ndecks: {number: 2, interactions: ['regime:treaty']}\n",
            FACTORS,
            120,
            ["7 decks: 2 decks of 2: 4 rows cannot estimate 6 parameters (the mean included). Take at"],
        ),
        (
            "profiles: 3\nprofile_labels: [A, B, C]\nrestrictions:\n"
            "  - {differ: [treaty], reason: r}\n  - {differ: [regime], reason: r}\n",
            FACTORS,
            120,
            ["7 restrictions: no 3 profiles may stand side by side: `restrictions[1]` forbids them all. Remove or "],
        ),
        (
            f"{PAIR}restrictions:\n{ONLY_INFORMAL}  - {{differ: [treaty], reason: r}}\n"
            "  - {forbid_pair: [{regime: autocracy}, {regime: democracy}], reason: r}\n",
            FACTORS,
            120,
            [
                "7 restrictions: no profile can have the level `autocracy` of `regime`: `restrictions[0]`, "
                "`restrictions[1]` and `restrictions[2]` together forbid them all. Remove or narrow"
            ],
        ),
        (
            f"{PAIR}restrictions:\n{ONLY_INFORMAL}  - {{differ: [treaty], reason: r}}\n",
            varying("task"),
            120,
            [
                "7 restrictions: no 2 profiles with `regime` = `autocracy` may stand side by side: `restrictions[0]` "
                "and `restrictions[1]` together forbid them all."
            ],
        ),
        ("exact: true\n", FACTORS, 120, []),
        ("exact: true\ntasks: 2\n", varying("respondent"), 120, []),
        ("mechanism: decks\ntasks: 2\ndecks: {number: 3}\nexact: true\n", FACTORS, 120, []),
        (f"{PAIR}restrictions:\n  - {{differ: [treaty], reason: r}}\n", FACTORS, 120, []),
    ],
)
def test_what_cannot_be_is_told(tmp_path: Path, head: str, factors: str, n: int, expected: list[str]) -> None:
    found = told(written(tmp_path, head, factors=factors, n=n))
    assert len(found) == len(expected)
    for message, begin in zip(found, expected, strict=True):
        assert message.startswith(f"study.yaml:{begin}")


def test_check_tells_it_with_the_line(tmp_path: Path) -> None:
    init(tmp_path / "study")
    file = tmp_path / "study/design/study.yaml"
    file.write_text(file.read_text().replace("\nsample_size: ", "\nexact: true\nsample_size: ", 1))
    line = file.read_text().splitlines().index("exact: true") + 1
    told_ = [str(each) for each in check(tmp_path / "study").problems]
    assert [each.split(": ")[0] for each in told_ if " exact: " in each] == [f"design/study.yaml:{line} exact"]
    assert "1502 respondents are no multiple of 120" in "".join(told_)


def test_check_says_how_the_vignettes_are_laid_out(tmp_path: Path) -> None:
    init(tmp_path / "study")
    written(tmp_path / "study/design", f"tasks: 5\n{PAIR}")
    assert check(tmp_path / "study").summary[0] == (
        "small: regime 2 × treaty 3 = 6 vignettes, 120 respondents × 5 tasks × 2 profiles, outcomes approval"
    )


def test_check_goes_on_when_nothing_can_be_drawn(tmp_path: Path) -> None:
    """Rules that leave nothing and decks that cannot be made are problems, not an end."""
    for head in (
        f"{PAIR}restrictions:\n  - {{forbid_pair: [{{regime: [democracy, autocracy]}}, {{regime: [democracy, "
        "autocracy]}], reason: r}\n",
        "mechanism: decks\ntasks: 4\ndecks: {number: 3}\n",
    ):
        study = tmp_path / str(len(head))
        init(study)
        written(study / "design", head)
        assert any("side by side" in each.what or "3 decks of 4" in each.what for each in check(study).problems)


# ------------------------------------------------------------------------------------------------------------- exact


@st.composite
def exact_designs(make: st.DrawFn) -> Design:
    weight = st.sampled_from([1.0, 1.0, 2.0, 0.5])
    factors = {name: {f"{name}{k}": make(weight) for k in range(make(st.integers(2, 3)))} for name in "ab"}
    tasks, profiles = make(st.integers(1, 3)), make(st.integers(1, 2))
    sections: dict[str, Any] = {"mechanism": make(st.sampled_from(["complete", "blocked"]))}
    if sections["mechanism"] == "blocked":
        sections["block_size"] = str(make(st.integers(1, 12)))
    often = st.sampled_from(["", "", "task", "respondent"])
    varies = {"a": each} if tasks * profiles > 1 and (each := make(often)) else {}
    rules: list[Any] = [{"forbid": {"a": "a0", "b": "b1"}}] if make(st.booleans()) else []
    n = make(st.sampled_from([1, 2, 3, 4, 6, 8, 9, 12, 18, 24, 30, 36, 60, 72]))
    sections |= {"tasks": str(tasks), "profiles": str(profiles), "sample_size": str(n), "exact": "true"}
    try:
        return small_design(factors, rules, varies=varies, **sections)
    except StudyError:
        assume(False)
        raise


@settings(max_examples=200, deadline=None)
@given(design=exact_designs())
def test_a_design_passes_if_and_only_if_every_draw_is_exact(design: Design) -> None:
    expected = vignettes(design)["probability"].to_numpy() * design.sample_size * design.responses
    counts = np.array([
        np.bincount(draw(design, seed=seed)["vignette"], minlength=len(expected) + 1)[1:] for seed in range(12)
    ])  # fmt: skip
    exact = bool((np.abs(counts - expected) < ROUNDING * design.sample_size).all())
    told_ = list(feasibility_findings(design))
    if design.mechanism == "complete":
        assert exact == (not told_)
    else:
        assert exact or told_
