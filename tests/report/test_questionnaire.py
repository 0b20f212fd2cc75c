"""The questionnaire on paper: everything that is shown is in it, and it is made alike twice."""

import io
from typing import Any

import docx
import pytest

from tests.instruments.writing.test_languages import CONTENT
from tests.report.test_proofs import SCRIPT, both, small
from vignetta.declared import Languages, words
from vignetta.design.assigning.vignettes import vignettes
from vignetta.design.declaration import Design
from vignetta.report.assigning import side_by_side
from vignetta.report.questionnaire import questionnaire_docx
from vignetta.report.randomising import level_shares, randomising, restriction_words


def read(content: bytes) -> tuple[list[str], list[list[list[str]]]]:
    """The paragraphs and tables of a Word document."""
    document = docx.Document(io.BytesIO(content))
    tables = [[[cell.text for cell in row.cells] for row in table.rows] for table in document.tables]
    return [each.text for each in document.paragraphs], tables


def test_it_is_made_alike_twice_and_tells_nothing_of_who_made_it(design: Design) -> None:
    content = questionnaire_docx(design)
    assert content == questionnaire_docx(design)
    own = docx.Document(io.BytesIO(content)).core_properties
    assert (own.author, own.last_modified_by, own.title) == ("", "", design.title)


def test_every_question_choice_code_and_text_is_in_it(design: Design) -> None:
    paragraphs, tables = read(questionnaire_docx(design))
    asked = [each.question for each in (*design.covariates.values(), *design.outcomes.values())]
    asked += [each.recall.question for each in design.factors.values() if each.recall]
    assert {words(each, "en") for each in asked} <= set(paragraphs)
    for factor in design.factors.values():
        rows = [["Level", "Words that respondents read", "Code", "Probability"]]
        share = f"{100 / len(factor.levels):.1f}%"
        rows += [[words(each.label, "en"), each.words(), each.export_code, share] for each in factor.levels]
        assert rows in tables
    scale = [words(each.text, "en") for each in design.outcomes["approval"].scale]
    assert [["Answer", "Code"], *([text, str(code)] for code, text in enumerate(scale, 1))] in tables
    assert "The right answer is: Radio" in paragraphs
    example = vignettes(design)["text"].iloc[0].strip().split("\n\n")
    assert {" ".join(each.split()) for each in example} <= set(paragraphs)
    assert "Thank you. The survey has ended and no answers were kept." in paragraphs


def test_every_language_restriction_and_hostile_text() -> None:
    study = small()
    paragraphs, tables = read(questionnaire_docx(study))
    assert [each for each in paragraphs if each.startswith("Language: ")] == ["Language: en", "Language: de"]
    assert sum(["war <i>so</i>" in row for table in tables for row in table]) == 2
    assert any(SCRIPT in row for table in tables for row in table)
    told = restriction_words(study, study.restrictions[0])
    assert told == "Never together: Factor f “Other” and Factor g “Other”. Reason: Too much." and told in paragraphs


def test_other_ways_to_ask_in_each_language() -> None:
    study = Design.model_validate(CONTENT, context=Languages(("en", "de")))
    paragraphs, tables = read(questionnaire_docx(study))
    assert "By moving a handle from 0 (“DE cold”) to 100 (“DE hot”), in steps of 1." in paragraphs
    assert "DE It is x." in paragraphs and [["Answer", "Code"], ["DE no", "1"], ["DE yes", "2"]] in tables


def test_words_that_are_read_from_the_right_begin_there() -> None:
    content = CONTENT | {"debriefing": {"en": "It (all) was made up.", "de": "הכול (הכול) הומצא."}}
    design = Design.model_validate(content, context=Languages(("en", "de")))
    paragraphs = {each.text: each._p.xml for each in docx.Document(io.BytesIO(questionnaire_docx(design))).paragraphs}
    assert "<w:bidi/>" in paragraphs["הכול (הכול) הומצא."] and "<w:rtl/>" in paragraphs["הכול (הכול) הומצא."]
    assert "<w:bidi/>" not in paragraphs["It (all) was made up."]


def test_shares_are_those_of_the_allowed_vignettes() -> None:
    """Of the four combinations one is forbidden, so that each first level stands in two of three."""
    assert level_shares(small()) == {each: pytest.approx([2 / 3, 1 / 3]) for each in ("f", "g")}


def test_randomisation_in_words() -> None:
    table: dict[str, Any] = {
        "tasks": "5",
        "profiles": "2",
        "profile_labels": [{"en": each, "de": each} for each in "AB"],
        "restrictions": [],
    }
    told = list(randomising(small(mechanism="simple", **table)))
    assert told[0] == "Each respondent reads 5 tasks, each with 2 profiles side by side."
    assert "independently of all other respondents" in told[1]
    assert told[2].endswith("independently of each other, every level with the same probability.")
    assert told[3] == "All are drawn anew for each profile."


def test_examples_side_by_side_are_a_pair_that_may_be_read() -> None:
    """They share what a respondent's profiles share, and break no rule about pairs."""
    rules = [
        {"forbid": {"f": ["b"], "g": ["b"]}, "reason": "Too much."},
        {"forbid_pair": [{"g": "a"}, {"g": "b"}], "reason": "Too easy."},
    ]
    shared = small(profiles=2, profile_labels=[both("A"), both("B")])
    varied = dict(shared.factors)
    varied["f"] = varied["f"].model_copy(update={"varies": "respondent"})
    design = shared.model_copy(update={"factors": varied})
    cells = vignettes(design)
    one, other = (cells.iloc[place] for place in side_by_side(design))
    assert one["f"] == other["f"] and one["g"] != other["g"]
    ruled = small(profiles=2, profile_labels=[both("A"), both("B")], restrictions=rules)
    one, other = (vignettes(ruled).iloc[place] for place in side_by_side(ruled))
    assert one["g"] == other["g"] and one["f"] != other["f"]
