"""Tables of loops."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.instruments.conftest import Change
from vignetta.design.assigning.vignettes import vignettes
from vignetta.design.declaration import Design
from vignetta.errors import StudyError
from vignetta.instruments.formats.loops import loop_table
from vignetta.instruments.formats.writing import instrument_files


def test_a_row_for_every_vignette_as_often_as_its_weight_says(altered: Callable[..., Design]) -> None:
    def change(content: dict[str, Any]) -> None:
        content["factors"]["treaty"]["levels"][0]["weight"] = "3"
        content["factors"]["regime"]["levels"][0]["code"] = "0"

    study = altered(change)
    table = loop_table(study)
    assert len(table) == 120
    assert set(table.loc[table["treaty"] == "none", "times"]) == {3}
    assert set(table.loc[table["treaty"] == "formal", "times"]) == {1}
    universe = vignettes(study)
    assert (table["times"] / table["times"].sum()).tolist() == pytest.approx(universe["probability"].tolist())
    assert set(table["regime"]) == {"0", "democracy"}
    level = study.factors["action"].levels[2]
    assert set(table.loc[table["action"] == level.export_code, "action_text"]) == {level.words()}


def _decks(tasks: str, number: str) -> Change:
    def change(content: dict[str, Any]) -> None:
        content |= {"tasks": tasks, "profiles": "2", "profile_labels": ["A", "B"], "mechanism": "decks"}
        content["decks"] = {"number": number, "search": "random"}
        for each in content["factors"].values():
            each.pop("recall")

    return change


def test_a_row_for_every_deck_and_task(altered: Callable[..., Design]) -> None:
    table = loop_table(altered(_decks("3", "4")))
    assert list(zip(table["deck"], table["task"], strict=True)) == [(d, t) for d in range(1, 5) for t in range(1, 4)]
    assert {"treaty_1", "treaty_2", "response_2_text"} <= set(table)


def test_what_no_table_holds(altered: Callable[..., Design]) -> None:
    def change(content: dict[str, Any]) -> None:
        _decks("3", "4")(content)
        del content["decks"]
        content["mechanism"] = "simple"

    with pytest.raises(StudyError, match="drawn independently"):
        loop_table(altered(change))


def test_files_have_a_language_in_their_name_where_there_are_several(design: Design) -> None:
    assert list(instrument_files(design, "surveyjs")) == ["alliance.surveyjs.json"]
    assert list(instrument_files(design, "advanced-text")) == ["alliance.txt"]
    assert list(instrument_files(design, "loops")) == ["alliance.loops.csv"]
