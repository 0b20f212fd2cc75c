"""Sliders and stars: from where to where, and in which steps."""

from typing import Any

import pytest

from tests.instruments.small_flows import choice, many, one_block
from vignetta.instruments.sliders import scale_of
from vignetta.instruments.survey import question_of

LOOK = {"CSSliderMin": 0, "CSSliderMax": 100, "GridLines": 10, "SnapToGrid": False, "NumDecimals": "0"}


def slider(selector: str, **look: Any) -> dict[str, Any]:
    return choice("asked", "a", QuestionType="Slider", Selector=selector, Configuration={**LOOK, **look})


@pytest.mark.parametrize(
    ("selector", "look", "scale"),
    [
        ("HSLIDER", {}, (0, 100, 1)),
        ("HBAR", {"CSSliderMin": "-5", "CSSliderMax": "5"}, (-5, 5, 1)),
        ("HSLIDER", {"NumDecimals": "2"}, (0, 100, 0.01)),
        ("HSLIDER", {"SnapToGrid": True, "GridLines": 4, "NumDecimals": "1"}, (0, 100, 25)),
        ("HSLIDER", {"CSSliderMax": "${e://Field/most}"}, None),
        ("HSLIDER", {"CSSliderMax": 0}, None),
        ("STAR", {"StarCount": 5, "StarType": "discrete"}, (1, 5, 1)),
        ("STAR", {"StarCount": "7", "StarType": "half"}, (0.5, 7, 0.5)),
        ("STAR", {"StarCount": 5, "StarType": "continuous", "NumDecimals": "1"}, (0, 5, 0.1)),
        ("HSLIDER", {"StarCount": 5, "StarType": "discrete"}, (0, 100, 1)),
    ],
)
def test_scales(selector: str, look: dict[str, Any], scale: tuple[float, float, float] | None) -> None:
    assert scale_of(question_of(slider(selector, **look))) == scale


def test_answers_keep_to_the_stars() -> None:
    stars = slider("STAR", StarCount=3, StarType="discrete")
    assert {str(each.answers["QID1"]) for each in many(one_block(stars), 40)} == {f"{{'1': '{n}'}}" for n in (1, 2, 3)}
