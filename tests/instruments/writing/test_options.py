"""What a survey notes besides the answers, how it looks, and whom it turns away."""

from collections.abc import Callable
from typing import Any

import pytest

from vignetta.design.declaration import Design
from vignetta.errors import StudyError
from vignetta.instruments.codebooks import codebook_of_design
from vignetta.instruments.integrity import integrity_problems
from vignetta.instruments.survey import BlockNode, Question, Survey
from vignetta.instruments.writing.building import build

Altered = Callable[..., Design]


def tags(survey: Survey) -> list[str]:
    return [each.tag for each in survey.questions.values()]


def tagged(survey: Survey, tag: str) -> Question:
    return next(each for each in survey.questions.values() if each.tag == tag)


def first_answers(design: Design) -> tuple[dict[str, str], dict[str, Any]]:
    """The last answer of each of the first two questions of choice, and what tells it in logic."""
    asked = [each for each in design.covariates.values() if each.options][:2]
    return {each.name: each.options[-1].name for each in asked}, {each.name: len(each.options) for each in asked}


# ---------------------------------------------------------------------------------------------------- what is noted


def test_the_browser_is_noted_on_the_first_page_as_qualtrics_notes_it(altered: Altered) -> None:
    survey = build(altered(options={"browser": "true"}))
    assert integrity_problems(survey) == []
    first = next(each for each in survey.flow if isinstance(each, BlockNode))
    asked = survey.questions[survey.blocks[first.block].pages[0][-1]]
    assert (asked.type, asked.selector, asked.tag) == ("Meta", "Browser", "browser")
    assert all(each["TextEntry"] == 1 for each in asked.raw["Choices"].values())
    noted = [each for each in codebook_of_design(altered(options={"browser": "true"})).names if "browser" in each]
    assert noted == ["browser_browser", "browser_version", "browser_operating_system", "browser_resolution"]


def test_the_captcha_stands_between_consent_and_questions(altered: Altered) -> None:
    survey = build(altered(options={"captcha": "Are you human?"}))
    assert integrity_problems(survey) == []
    assert tags(survey).index("captcha") == 2
    shown = [survey.blocks[each.block].name for each in survey.flow if isinstance(each, BlockNode)]
    assert shown[:3] == ["Consent", "Captcha", "Respondent"]
    asked = tagged(survey, "captcha")
    assert (asked.type, asked.selector) == ("Captcha", "V2")
    assert "Validation" not in asked.raw


def test_the_score_is_switched_on_and_kept(altered: Altered) -> None:
    design = altered(options={"captcha_score": "true"})
    survey = build(design)
    assert survey.options["RecaptchaV3"] == "true"
    assert "Q_RecaptchaScore" in survey.embedded_fields
    assert codebook_of_design(design)["Q_RecaptchaScore"].kind == "number"
    assert "RecaptchaV3" not in build(altered()).options


@pytest.mark.parametrize(
    ("timing", "timed"),
    [("vignette", ["timing_vignette"]), ("all", ["timing_vignette", "timing_outcomes"]), ("none", [])],
)
def test_pages_are_timed_as_declared(altered: Altered, timing: str, timed: list[str]) -> None:
    design = altered(options={"timing": timing})
    survey = build(design)
    assert integrity_problems(survey) == []
    assert [each for each in tags(survey) if each.startswith("timing")] == timed
    pages = next(each.pages for each in survey.blocks.values() if each.name == "Vignette")
    assert [sum(survey.questions[each].type == "Timing" for each in page) for page in pages] == [
        "timing_vignette" in timed,
        "timing_outcomes" in timed,
    ]
    names = [each for each in codebook_of_design(design).names if each.endswith("page_submit")]
    assert names == [f"{each}_page_submit" for each in timed]


def test_buttons_and_bar(altered: Altered) -> None:
    plain = build(altered()).options
    assert (plain["BackButton"], plain["ProgressBarDisplay"]) == ("false", "None")
    shown = build(altered(options={"back_button": "true", "progress_bar": "true"})).options
    assert (shown["BackButton"], shown["ProgressBarDisplay"]) == ("true", "VerboseText")


# ---------------------------------------------------------------------------------------------------------- quotas


def test_a_quota_stops_those_with_all_its_answers(altered: Altered, design: Design) -> None:
    answers, places = first_answers(design)
    survey = build(altered(quotas={"cell": {"answers": answers, "limit": "150"}}))
    assert integrity_problems(survey) == []
    (written,) = survey.elements("QO")
    quota = written["Payload"]
    assert (written["PrimaryAttribute"], written["SecondaryAttribute"]) == (quota["ID"], "cell")
    assert (quota["Occurrences"], quota["QuotaAction"], quota["LogicType"]) == (150, "EndCurrentSurvey", "Simple")
    logic = quota["Logic"]["0"]
    located = [f"q://{tagged(survey, name).id}/SelectableChoice/{place}" for name, place in places.items()]
    assert [logic[str(place)]["LeftOperand"] for place in range(2)] == located
    assert logic["1"]["Conjuction"] == "And"
    assert quota["EndSurveyOptions"] == {
        "EndingType": "Default",
        "ResponseFlag": "QuotaMet",
        "SurveyTermination": "DefaultMessage",
    }


def test_quotas_are_in_one_group_as_in_real_surveys(altered: Altered, design: Design) -> None:
    answers, _ = first_answers(design)
    one = {"answers": answers, "limit": "1"}
    survey = build(altered(quotas={"a": one, "b": one}))
    (group,), (order,) = survey.elements("QG"), survey.elements("QGO")
    assert group["Payload"]["Quotas"] == [each["Payload"]["ID"] for each in survey.elements("QO")]
    assert order["Payload"] == [group["PrimaryAttribute"]]
    assert (order["PrimaryAttribute"], group["Payload"]["MultipleMatch"]) == ("QGO_QuotaGroupOrder", "PlaceInAll")
    assert not build(design).elements("QG")


def test_who_is_over_quota_goes_back_to_the_panel(altered: Altered, design: Design) -> None:
    answers, _ = first_answers(design)
    panel = {"provider": "cint", "over_quota": "https://panel.example/full?rid={rid}"}
    survey = build(altered(panel=panel, quotas={"a": {"answers": answers, "limit": "1"}}))
    ending = survey.elements("QO")[0]["Payload"]["EndSurveyOptions"]
    assert ending["EOSRedirectURL"] == "https://panel.example/full?rid=${e://Field/rid}"
    assert (ending["EndingType"], ending["SurveyTermination"]) == ("Advanced", "Redirect")


@pytest.mark.parametrize(
    ("quota", "said"),
    [
        ({"answers": {"gendr": "x"}, "limit": "5"}, "unknown covariate `gendr`"),
        ({"answers": {"age": "40"}, "limit": "5"}, "`age` is a number, which has no fixed answers"),
        ({"answers": {"party": "democrats"}, "limit": "5"}, "`party` has no answer `democrats`"),
        ({"answers": {"party": "democrat"}, "limit": "0"}, "greater than or equal to 1"),
        ({"answers": {"party": "democrat"}}, "`limit` is missing"),
    ],
)
def test_a_quota_that_cannot_be_is_refused(altered: Altered, quota: Any, said: str) -> None:
    with pytest.raises(StudyError) as refused:
        altered(quotas={"a": quota})
    assert said in str(refused.value)


def test_an_unknown_option_is_told_what_it_might_be(altered: Altered) -> None:
    with pytest.raises(StudyError, match=r"unknown key `progressbar`. Did you mean `progress_bar`"):
        altered(options={"progressbar": "true"})
