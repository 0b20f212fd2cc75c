"""The audit tells everything at once, with all rows; errors stop, warnings do not."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.cleaning.small_export import CODEBOOK, OTHERS, REGULAR, Row, export_text, rows
from vignetta.cleaning.auditing.designed import Expected
from vignetta.cleaning.responses import CleanExport, read_export
from vignetta.codebook import Category, Codebook, Variable
from vignetta.errors import StudyError
from vignetta.exclusions import Exclusion
from vignetta.frames import AUDIT

Write = Callable[..., Path]
UNNAMED = {"RecipientEmail": "", "ExternalReference": ""}
PREVIEW = Exclusion(rule="preview")
LEVELS = {"regime": ["None", "democracy", "NA"]}
PLAIN = Expected(levels=LEVELS)
WORDS = Expected(levels=LEVELS, wordings={("regime", "democracy"): frozenset({"A secret wording"})})


def regular(*changes: Row) -> list[Row]:
    """Responses of respondents that the platform does not know."""
    return rows(*(UNNAMED | each for each in changes))


def cleaned(path: Path, expected: Expected | None = None, **more: Any) -> CleanExport:
    return read_export(path, more.pop("codebook", CODEBOOK), expected=expected, **more)


def stopped(path: Path, expected: Expected | None = None, **more: Any) -> pd.DataFrame:
    with pytest.raises(StudyError) as caught:
        cleaned(path, expected, **more)
    account: pd.DataFrame = caught.value.accounts["audit.csv"]
    errors = account[account["severity"] == "error"]
    assert errors["what"].tolist() == [each.what for each in caught.value.problems]
    assert list(account) == list(AUDIT)
    return account


def checks(account: pd.DataFrame) -> list[str]:
    return list(account["check"])


def test_a_regular_export_passes_without_a_word(write: Write) -> None:
    assert len(cleaned(write(export_text(regular({}, *OTHERS))), PLAIN).audit) == 0


def test_everything_is_told_at_once_with_all_rows(write: Write) -> None:
    changes: list[Row] = [{"approval_1": "77"} for _ in range(9)]
    changes += [{"age": "seven"}, {"regime": "monarchy"}, {"ResponseId": "R_1"}, {"regime_text": "drifted"}]
    data = [
        {name: cell for name, cell in each.items() if name not in ("news", "recall")} | {"surplus": "1"}
        for each in regular(*changes)
    ]
    found = stopped(write(export_text(data)), WORDS, exclusions=[Exclusion(rule="recall", factor="regime")])
    told = {(check, n): rows for check, n, rows in zip(found["check"], found["n"], found["rows"], strict=True)}
    assert told["reading", 9] == "1 2 3 4 5 6 7 8 9"
    assert [each for each in found["rows"] if each in ("10", "11")] == ["11", "10"]
    assert told["respondents", 2] == "1 12"
    assert told["wording", 1] == "13"
    assert set(checks(found)) == {"reading", "respondents", "wording", "columns"}
    text = "\n".join(found["what"])
    assert "`surplus`" in text and "no column holds `news`" in text
    assert "the recall `recall_regime` has no column" in text
    assert found["severity"].tolist() == sorted(found["severity"], key=lambda each: each != "error")


def test_warnings_stop_nothing_and_are_in_the_notes(write: Write) -> None:
    clean = cleaned(write(export_text(regular({}, {"Status": "1"}))))
    assert clean.audit[["severity", "check", "rows"]].to_numpy().tolist() == [["warning", "previews", "2"]]
    assert any("previews, tests or spam would be analysed (data row 2)." in each for each in clean.notes)
    assert len(cleaned(write(export_text(regular({}, {"Status": "1"}))), exclusions=[PREVIEW]).audit) == 0


def test_a_renamed_column_is_guessed(write: Write) -> None:
    data = [{("education_lvl" if name == "education" else name): cell for name, cell in regular({})[0].items()}]
    clean = cleaned(write(export_text(data, "one")))
    assert any(
        "`education` has no column `education`, but there is an unknown `education_lvl`" in n for n in clean.notes
    )


def test_the_same_respondent_twice(write: Write) -> None:
    path = write(export_text(regular({}, {"ResponseId": "R_1"}, {})))
    assert stopped(path)["rows"].tolist() == ["1 2"]
    assert len(cleaned(path, exclusions=[Exclusion(rule="duplicate", by=("response_id",))]).audit) == 0


def test_ids_whose_digits_are_lost_are_not_called_the_same(write: Write) -> None:
    """To leave out all but one of them would leave out most respondents."""
    found = stopped(write(export_text(regular({}, {"ResponseId": "5.1E+15"}, {"ResponseId": "5.1E+15"}))))
    assert checks(found) == ["reading"]


def test_a_column_without_a_name_is_told_by_its_place(write: Write) -> None:
    """Some programs number the rows in a first column without a name."""
    header, *body = export_text(regular({}, {}), "one").splitlines()
    text = "\n".join([f",{header}", *(f"{number},{row}" for number, row in enumerate(body)), ""])
    clean = cleaned(write(text))
    assert clean.audit["what"].tolist() == ["without a name, and so left behind: column 1."]


def test_a_row_of_a_table_that_stands_twice_is_told(write: Write) -> None:
    one, other = regular({}, {"age": "50"})
    names = [each.name for each in CODEBOOK.variables]
    data = [dict(zip(names, each.values(), strict=True)) for each in (one, {**other, "ResponseId": "R_1"}, one)]
    codebook = Codebook(variables=tuple(each.model_copy(update={"column": each.name}) for each in CODEBOOK.variables))
    clean = cleaned(write(export_text(data, "one")), codebook=codebook, format="table")
    assert clean.audit[["check", "rows"]].to_numpy().tolist() == [["respondents", "1 3"]]


def test_a_panels_respondent_twice(write: Write) -> None:
    panel = Variable(name="PROLIFIC_PID", role="personal", kind="text", column="PROLIFIC_PID")
    codebook = Codebook(variables=(*CODEBOOK.variables, panel))
    ids = ("5f1c0ffee0ddba11deadbeef", "", "", "5f1c0ffee0ddba11deadbeef")
    data = [each | {"PROLIFIC_PID": one} for each, one in zip(regular({}, {}, {}, {}), ids, strict=True)]
    clean = cleaned(
        write(export_text([{**each, "ExternalReference": "", "RecipientEmail": ""} for each in data])),
        codebook=codebook,
    )
    assert clean.audit[["check", "rows"]].to_numpy().tolist() == [["respondents", "1 4"]]
    assert "deadbeef" not in clean.audit.to_csv()


def test_a_panels_field_that_all_share_tells_nobody_apart(write: Write) -> None:
    names = ("STUDY_ID", "SESSION_ID", "PROLIFIC_PID")
    fields = [Variable(name=each, role="personal", kind="text", column=each) for each in names]
    codebook = Codebook(variables=(*CODEBOOK.variables, *fields))
    people = [*range(12), 3, 5]
    told = [{"STUDY_ID": "s", "SESSION_ID": f"v{each}", "PROLIFIC_PID": f"p{each}"} for each in people]
    data = [each | one for each, one in zip(regular(*[{} for _ in people]), told, strict=True)]
    path = write(export_text(data))
    found = cleaned(path, codebook=codebook).audit
    assert [each.split("`")[1] for each in found["what"]] == ["SESSION_ID", "PROLIFIC_PID"]
    assert found["rows"].tolist() == ["4 6 13 14"] * 2
    rule = Exclusion(rule="duplicate", by=("PROLIFIC_PID",))
    assert len(cleaned(path, codebook=codebook, exclusions=[rule]).audit) == 0


def test_respondents_of_several_waves_in_one_file_are_told(write: Write) -> None:
    codebook = Codebook(
        variables=(*CODEBOOK.variables, Variable(name="PID", role="personal", kind="text", column="PID"))
    )
    data = [each | {"PID": f"p{n % 8}"} for n, each in enumerate(regular(*[{} for _ in range(24)]))]
    found = cleaned(write(export_text(data)), codebook=codebook).audit
    assert len(found) == 1 and "`PID` stands in several rows" in found["what"].iloc[0]


def test_an_outcome_without_a_level_is_told(write: Write) -> None:
    clean = cleaned(write(export_text(regular({}, {"regime": ""}, {"regime": "", "approval_1": ""}))))
    assert clean.audit[["check", "rows"]].to_numpy().tolist() == [["assignment", "2"]]


def test_an_export_without_responses_is_told(write: Write) -> None:
    header = export_text(regular({}))
    clean = cleaned(write(header[: header.index("2026-03-01")]))
    assert (len(clean.responses), clean.audit["what"].tolist()) == (0, ["the export holds no responses."])


def test_a_row_that_is_no_response_is_told(write: Write) -> None:
    clean = cleaned(write(export_text([*regular({}), dict.fromkeys(REGULAR, "")])))
    assert clean.audit[["check", "rows"]].to_numpy().tolist() == [["respondents", "2"]]


def test_variables_that_nobody_has_are_told(write: Write) -> None:
    clean = cleaned(write(export_text(regular(*[{"education": "", "comment": ""}] * 2))))
    assert clean.audit["what"].tolist() == ["no response has anything in `education`, `comment`."]


def test_levels_that_the_design_lacks(write: Write) -> None:
    found = stopped(
        write(export_text(regular({}, {"regime": "NA"}))), Expected(levels={"regime": ["None", "democracy"]})
    )
    assert found[["check", "rows"]].to_numpy().tolist() == [["levels", "2"]]


@pytest.mark.parametrize("text", ["A secret wording", "a secret wording.", "<b>A secret</b> wording", ""])
def test_wordings_compare_without_markup_and_ends(write: Write, text: str) -> None:
    assert len(cleaned(write(export_text(regular({"regime_text": text}))), WORDS).audit) == 0


def test_a_wording_that_drifted(write: Write) -> None:
    found = stopped(write(export_text(regular({}, {"regime_text": "a {secret} warning"}))), WORDS)
    assert found[["check", "rows"]].to_numpy().tolist() == [["wording", "2"]]
    assert "`democracy` was shown as `a {secret} warning` (data row 2)" in found["what"][0]


def test_fielding_has_a_first_and_a_last_day(write: Write) -> None:
    times = ("2026-02-28 23:59:59", "2026-03-01 00:00:00", "2026-03-02 23:59:59", "2026-03-03 00:00:00", "")
    path = write(export_text(regular(*({"StartDate": each} for each in times))))
    fielding = Expected(levels=LEVELS, first_day="2026-03-01", last_day="2026-03-02")
    assert stopped(path, fielding)["rows"].tolist() == ["1", "4"]
    rules = [Exclusion(rule="condition", when='started < "2026-03-01" or started > "2026-03-02 23:59:59"')]
    assert len(cleaned(path, fielding, exclusions=rules).audit) == 0


def test_responses_to_another_version(write: Write) -> None:
    version = Variable(name="design_hash", role="other", kind="text", column="design_hash")
    codebook = Codebook(variables=(*CODEBOOK.variables, version))
    data = [each | {"design_hash": one} for each, one in zip(regular({}, {}, {}), ("new", "old", ""), strict=True)]
    path = write(export_text(data))
    found = stopped(path, Expected(levels=LEVELS, version_field="design_hash", versions=["new"]), codebook=codebook)
    assert found[["check", "rows"]].to_numpy().tolist() == [["version", "2"]]
    both = Expected(levels=LEVELS, version_field="design_hash", versions=["new", "old"])
    gone = Expected(levels=LEVELS, version_field="design_hash", versions=["other"])
    everybody = Exclusion(rule="score", variable="age", above=1)
    assert checks(stopped(path, gone, codebook=codebook, exclusions=[everybody])) == ["version", "version"]
    assert len(cleaned(path, both, codebook=codebook).audit) == 0


def test_what_is_wrong_with_excluded_rows_stops_nothing(write: Write) -> None:
    data = regular({}, {"Status": "1", "regime_text": "a pilot's wording", "StartDate": "2025-01-01 00:00:00"})
    fielding = Expected(levels=LEVELS, wordings=WORDS.wordings, first_day="2026-01-01")
    assert len(cleaned(write(export_text(data)), fielding, exclusions=[PREVIEW]).audit) == 0


# ------------------------------------------------------------------------------------------------ two factors


def two_factors(tasks: Sequence[int] = (0,)) -> Codebook:
    made = []
    for name, levels in (("x", "ab"), ("y", "cd")):
        answers = tuple(Category(code=each, level=each) for each in levels)
        for task in tasks:
            more: dict[str, Any] = {"categories": answers, "task": task, "column": f"{name}{task or ''}"}
            made.append(Variable(name=name, role="factor", kind="category", **more))
    return Codebook(variables=tuple(made))


PAIRS = pd.DataFrame({"x": ["a", "a", "b"], "y": ["c", "d", "c"], "probability": [0.25, 0.25, 0.5]})
DRAWN = Expected(levels={"x": ["a", "b"], "y": ["c", "d"]}, combinations=PAIRS, is_drawn=True)


def table(rows: Sequence[Sequence[str]], *names: str) -> str:
    return "\n".join(",".join(each) for each in [names, *rows])


def test_forbidden_combinations(write: Write) -> None:
    path = write(table(["ac", "bd", "bc", "bd"], "x", "y"))
    found = stopped(path, DRAWN, codebook=two_factors(), format="table")
    assert found[["check", "rows"]].to_numpy().tolist() == [["combinations", "2 4"]]


def test_forbidden_combinations_in_a_task(write: Write) -> None:
    path = write(table([("a", "c", "a", "d"), ("a", "c", "b", "d")], "x1", "y1", "x2", "y2"))
    found = stopped(path, DRAWN, codebook=two_factors((1, 2)), format="table")
    assert found[["check", "rows"]].to_numpy().tolist() == [["combinations", "2"]]
    assert "in task 2" in found["what"][0]


def drawn(n: int, probability: Sequence[float], seed: int) -> list[list[str]]:
    places = np.random.default_rng(seed).choice(3, size=n, p=probability)
    return [[str(PAIRS["x"][place]), str(PAIRS["y"][place])] for place in places]


def test_frequencies_as_designed_and_not(write: Write) -> None:
    right = write(table(drawn(2000, [0.25, 0.25, 0.5], 1), "x", "y"), "right.csv")
    assert len(cleaned(right, DRAWN, codebook=two_factors(), format="table").audit) == 0
    wrong = write(table(drawn(2000, [0.35, 0.15, 0.5], 1), "x", "y"), "wrong.csv")
    found = cleaned(wrong, DRAWN, codebook=two_factors(), format="table").audit
    assert set(found["where"]) == {"wrong.csv y", "wrong.csv vignette"}
    assert "the 3 tests alarm by chance in at most 0.1% of surveys" in found["what"][0]


def test_a_design_too_large_to_list_says_so(write: Write) -> None:
    large = Expected(levels=LEVELS, unaudited="the design has too many combinations.")
    clean = cleaned(write(export_text(regular({}))), large)
    assert clean.audit["what"].tolist() == ["the design has too many combinations."]
