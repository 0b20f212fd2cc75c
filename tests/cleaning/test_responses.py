"""From file to clean responses: every writing of one export gives the same data, and no personal data get through."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pyreadstat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.cleaning.small_export import CODEBOOK, Row, export_text, in_labels, rows
from vignetta.cleaning.outputs.files import responses_parquet
from vignetta.cleaning.responses import CleanExport, read_export
from vignetta.codebook import CATEGORICAL, Category, Codebook, Variable, codebook_csv
from vignetta.errors import StudyError
from vignetta.exclusions import Exclusion
from vignetta.frames import csv_text

Write = Callable[..., Path]

RULES = (
    Exclusion(rule="preview"),
    Exclusion(rule="no_consent"),
    Exclusion(rule="incomplete"),
    Exclusion(rule="duplicate", by="ip_address"),
    Exclusion(rule="attention"),
    Exclusion(rule="speeding", seconds=60),
    Exclusion(rule="recall", factor="regime"),
)
SECRETS = ("192.0.2.", "secret", "52.1234", "4.6543", "panel-77")


def test_the_clean_responses(write: Write, responses: list[Row]) -> None:
    clean = read_export(write(export_text(responses)), CODEBOOK, exclusions=RULES)
    found = clean.responses
    assert list(found)[:6] == ["row", "response_id", "state", "excluded", "started", "ended"]
    assert [each for each in found if each in ("ip_address", "email", "regime_text")] == []
    assert found["regime"].tolist() == ["democracy", "None", "NA"]
    assert found["approval"].tolist() == [1, 1, -1]
    assert found["education"].tolist() == ["high", "high", "middle"]
    assert found["news"].fillna("").tolist() == ["paper; web", "radio", ""]
    assert found["comment"].tolist() == ["Fine", "NA", 'Two lines,\nwith "marks" and é']
    assert found["age"].tolist() == [42.0] * 3
    assert found["finished"].tolist() == [True] * 3
    assert found["started"].tolist() == [pd.Timestamp("2026-03-01 09:00")] * 3
    assert clean.ledger["state"].tolist() == ["analysed"] * 3
    assert [each.name for each in clean.codebook.variables if each.name not in found] == []
    assert not clean.synthetic


def test_every_writing_of_an_export_gives_the_same_responses(write: Write, responses: list[Row]) -> None:
    expected = read_export(write(export_text(responses)), CODEBOOK, exclusions=RULES)
    labels = in_labels(responses)
    assert labels[0]["approval_1"] == "Support"
    writings: list[str | bytes] = [export_text(responses, each) for each in ("repr", "ids", "texts", "one")]
    writings += [export_text(labels, each) for each in ("json", "repr", "one")]
    writings += [
        ("\ufeff" + export_text(responses)).encode(),
        export_text(responses).encode("cp1252"),
        export_text(responses).encode("utf-16"),
        export_text(responses, separator="\t"),
        export_text(responses, separator=";"),
        export_text(responses, ending="\r\n"),
    ]
    for number, content in enumerate(writings):
        found = read_export(write(content, f"{number}.csv"), CODEBOOK, exclusions=RULES)
        pd.testing.assert_frame_equal(found.responses, expected.responses)
        pd.testing.assert_frame_equal(found.ledger, expected.ledger)


def test_nothing_is_dropped_and_every_exclusion_is_marked(write: Write) -> None:
    changes: list[Row] = [
        {"Status": "1"},
        {"consent": "2", "IPAddress": "192.0.2.9"},
        {"Finished": "0", "Status": "1", "regime": "", "approval_1": "", "recall": "", "attention": ""},
        {},
        {"ResponseId": "R_5"},
        {"attention": "6", "IPAddress": ""},
        {"Duration (in seconds)": "59", "IPAddress": ""},
        {"recall": "9", "IPAddress": ""},
    ]
    clean = read_export(write(export_text(rows(*changes))), CODEBOOK, exclusions=RULES)
    words = [
        "Preview, test or spam",
        "No consent",
        "Preview, test or spam",
        "analysed",
        "Repeated response by ip_address",
        "Failed the attention check",
        "Faster than 60 seconds",
        "Failed the recall check of regime",
    ]
    assert clean.ledger["state"].tolist() == words
    assert clean.responses["state"].tolist() == words
    assert clean.responses["excluded"].tolist() == [each != "analysed" for each in words]
    assert clean.analysed["row"].tolist() == [4]
    assert clean.flow["n"].tolist() == [2, 1, 0, 1, 1, 1, 1, 1]
    assert "Not finished" in clean.ledger["reasons"][2]
    assert sum("uses what was measured after the vignette" in each for each in clean.notes) == 3


def everything(clean: CleanExport) -> str:
    parts = [csv_text(clean.responses), repr(clean), codebook_csv(clean.codebook), "\n".join(clean.notes)]
    parts += [each.to_csv() for each in (clean.ledger, clean.columns, clean.flow)]
    return "\n".join(parts) + responses_parquet(clean.responses).decode("latin-1")


def test_no_personal_data_get_through(write: Write, responses: list[Row]) -> None:
    planted = [each | {"PROLIFIC_PID": "panel-77", "embedded": "secret field"} for each in responses]
    text = export_text(planted)
    assert all(each in text for each in SECRETS)
    clean = read_export(write(text), CODEBOOK, exclusions=RULES)
    assert [each for each in SECRETS if each in everything(clean)] == []
    statuses = dict(zip(clean.columns["column"], clean.columns["status"], strict=True))
    assert statuses["PROLIFIC_PID"] == "personal"
    assert statuses["embedded"] == "listed"


def test_simulated_responses_say_so(write: Write, responses: list[Row]) -> None:
    some = [*responses, responses[0] | {"ResponseId": "R_4", "data_source": "simulated"}]
    clean = read_export(write(export_text(some)), CODEBOOK)
    assert clean.synthetic
    assert "SIMULATED" in repr(clean)


def test_gaps_in_responses_to_analyse_are_told(write: Write) -> None:
    data = rows({}, {"approval_1": ""}, {"Finished": "0", "regime": ""})
    clean = read_export(write(export_text(data)), CODEBOOK, exclusions=[Exclusion(rule="incomplete")])
    assert "The outcome `approval` is missing in 1 of 2 responses to analyse." in clean.notes
    assert not any("`regime`" in each for each in clean.notes)


def test_how_the_file_was_read_is_told(write: Write, responses: list[Row]) -> None:
    clean = read_export(write(export_text(in_labels(responses), "one").encode("cp1252")), CODEBOOK)
    assert clean.notes[:3] == (
        "The file is not in UTF-8; it was read as Windows-1252. Check letters with accents.",
        "The file has 1 header row and was matched by names.",
        "Answers are written as the words of the choices.",
    )


def test_problems_name_file_variable_and_rows(write: Write) -> None:
    path = write(export_text(rows({"regime": "nan"}, {"age": "17"}, {"age": "old"})))
    with pytest.raises(StudyError) as caught:
        read_export(path, CODEBOOK)
    assert [str(each)[:45] for each in caught.value.problems] == [
        "export.csv regime: `nan` is not a category of",
        "export.csv age: `old` is not a number (data r",
        "export.csv age: `17` is outside 18 to 110 (da",
    ]


def test_an_export_without_responses_is_empty(write: Write, responses: list[Row]) -> None:
    text = export_text(responses)
    clean = read_export(write(text[: text.index("2026-03-01")]), CODEBOOK, exclusions=RULES)
    assert len(clean.responses) == 0
    assert clean.responses["regime"].cat.categories.tolist() == ["None", "democracy", "NA"]
    assert clean.flow["n"].sum() == 0


def test_an_excluding_variable_that_the_export_lacks_is_told(write: Write, responses: list[Row]) -> None:
    without = [{name: cell for name, cell in each.items() if name != "IPAddress"} for each in responses]
    path = write(export_text(without))
    read_export(path, CODEBOOK)
    with pytest.raises(StudyError, match="`ip_address` has no column"):
        read_export(path, CODEBOOK, exclusions=RULES)


def test_a_variable_may_not_have_the_name_of_a_column_of_cleaning(write: Write) -> None:
    codebook = Codebook(variables=(Variable(name="state", role="other", kind="text", column="Q1"),))
    with pytest.raises(StudyError, match="`state` is a column that cleaning adds"):
        read_export(write("Q1\na\n"), codebook)


def test_data_in_hand(tmp_path: Path) -> None:
    codebook = Codebook(
        variables=(
            Variable(name="id", role="identifier", kind="text", column="id"),
            *(each for each in CODEBOOK.variables if each.name in ("approval", "education")),
        )
    )
    frame = pd.DataFrame({"id": [7, 8], "approval_1": [2.0, 4.0], "education": [3, None], "more": [1, 2]})
    frame.to_stata(tmp_path / "t.dta", write_index=False)
    frame.to_parquet(tmp_path / "t.parquet")
    frame.to_csv(tmp_path / "t.csv", index=False)
    pyreadstat.write_sav(frame, tmp_path / "t.sav")
    for name in ("t.dta", "t.parquet", "t.csv", "t.sav"):
        clean = read_export(tmp_path / name, codebook, format="table")
        assert list(clean.responses) == ["row", "id", "state", "excluded", "approval", "education"]
        assert clean.responses["id"].tolist() == ["7", "8"]
        assert clean.responses["approval"].tolist() == [-1, 1]
        assert clean.responses["education"].isna().tolist() == [False, True]
        assert clean.ledger["response_id"].tolist() == ["7", "8"]


# ------------------------------------------------------------------------------------------------ any export

ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "Status": st.sampled_from(["0", "1", "8", "16"]),
            "consent": st.sampled_from(["1", "2", ""]),
            "Finished": st.sampled_from(["0", "1"]),
            "IPAddress": st.sampled_from(["", "192.0.2.1", "192.0.2.2"]),
            "attention": st.sampled_from(["5", "6", ""]),
            "regime": st.sampled_from(["None", "NA", "democracy", ""]),
            "recall": st.sampled_from(["1", "2", "3", "9", ""]),
            "Duration (in seconds)": st.sampled_from(["30", "100", "500"]),
        }
    ),
    min_size=1,
    max_size=8,
)
SOME_RULES = st.lists(
    st.sampled_from([*RULES, Exclusion(rule="speeding", share_of_median=0.5, reason="Preview, test or spam")]),
    max_size=6,
)


@settings(max_examples=40, deadline=None)
@given(ROWS, SOME_RULES)
def test_every_raw_row_has_one_state_and_the_flow_adds_up(
    tmp_path_factory: pytest.TempPathFactory, changes: list[Row], rules: list[Exclusion]
) -> None:
    path = tmp_path_factory.mktemp("any") / "export.csv"
    path.write_text(export_text(rows(*changes)))
    clean = read_export(path, CODEBOOK, exclusions=rules)
    assert len(clean.responses) == len(clean.ledger) == len(changes)
    assert clean.ledger["row"].tolist() == list(range(1, len(changes) + 1))
    assert clean.flow["n"].sum() == len(changes)
    assert clean.flow["n"].iloc[-1] == len(clean.analysed) == int((clean.ledger["reasons"] == "").sum())
    assert set(clean.ledger["state"]) <= set(clean.flow["state"])
    assert clean.flow["state"].is_unique
    columns = [each for each in ("attention", "consent", "regime") if each in clean.responses]
    for row, change in enumerate(changes):
        assert [clean.responses[each].isna()[row] for each in columns] == [change[each] == "" for each in columns]


# ------------------------------------------------------------------------------------------------ real files

PAIRS = [
    ("janpfander__impressive_climate__Climatologist", "janpfander__impressive_climate__qualtrics", 27),
    ("psych251__porter_2016_1_rescue__survey", "psych251__porter_2016_1_rescue__pilot_a_anonymized", 37),
    ("psych251__porter_2016_1_rescue__survey", "psych251__porter_2016_1_rescue__pilot_b_anonymized", 37),
    ("psych251__porter_2016_1_rescue__survey", "psych251__porter_2016_1_rescue__full_anonymized", 37),
]


def imported(real: Path, name: str) -> Codebook:
    from vignetta.instruments.codebooks import codebook_of_survey
    from vignetta.instruments.qsf import read_qsf

    return codebook_of_survey(read_qsf(real / "qsf" / f"{name}.qsf"))


@pytest.mark.real
@pytest.mark.parametrize(("survey", "export", "found"), PAIRS)
def test_real_exports_are_cleaned_by_their_own_surveys(real: Path, survey: str, export: str, found: int) -> None:
    path = real / "exports" / f"{export}.csv"
    clean = read_export(
        path, imported(real, survey), exclusions=[Exclusion(rule="preview"), Exclusion(rule="incomplete")]
    )
    raw = pd.read_csv(path, header=0, dtype=str, keep_default_na=False)
    headers = 2 if raw.iloc[1, 0].startswith("{") else 0
    assert len(clean.ledger) == len(clean.analysed) == len(raw) - headers
    there = clean.columns[clean.columns["position"] > 0]
    assert there["status"].isin(["matched", "personal", "listed"]).all()
    assert int(there["status"].isin(["matched", "personal"]).sum()) == found
    for row in there[there["status"] == "matched"].to_dict("records"):
        cells = raw.iloc[headers:, row["position"] - 1].str.strip()
        assert int(clean.responses[row["variable"]].notna().sum()) == int((cells != "").sum())


@pytest.mark.real
def test_a_real_factor_has_its_levels(real: Path) -> None:
    codebook = imported(real, "janpfander__impressive_climate__Climatologist")
    clean = read_export(real / "exports/janpfander__impressive_climate__qualtrics.csv", codebook)
    counts = clean.analysed["condition"].value_counts().to_dict()
    assert counts == {"combination": 151, "impressive": 147, "random": 77, "control": 77}
    assert clean.codebook["condition"].role == "factor"


def twins(real: Path, survey: str, *exports: str) -> list[pd.DataFrame]:
    name = "ctesta01__QualtricsTools__"
    codebook = imported(real, name + survey)
    frames = [read_export(real / "exports" / f"{name}{each}.csv", codebook).responses for each in exports]
    return [each.drop(columns="row").sort_values("response_id", ignore_index=True) for each in frames]


@pytest.mark.real
@pytest.mark.parametrize(
    ("exports", "least"),
    [
        (("Multiple_Answer_MC_Questions", "Multiple_Answer_MC_Questions", "Multiple_Answer_MC_Questions_Insights_"), 6),
        (("Single_Answer_MC_Questions", "Single_Answer_MC_Questions", "Single_Answer_MC_Questions_Insights_"), 6),
        (("Long_Exhaustive_Sample_Survey", "Long_Exhaustive_Sample_Survey", "Long__Exhaustive_Sample_Survey"), 150),
        (("Long_Exhaustive_Sample_Survey", "Long_Exhaustive_Sample_Survey", "Long__Exhaustive_Pre-Insights"), 100),
    ],
)
def test_the_same_responses_in_other_exports_are_the_same(real: Path, exports: tuple[str, ...], least: int) -> None:
    """Qualtrics exported these responses twice: with and without ImportIds, in the present and the legacy form."""
    one, other = twins(real, *exports)
    both = [each for each in one if each in other]
    assert sum(one[each].notna().any() for each in both) >= least
    pd.testing.assert_frame_equal(one[both], other[both])


def guessed(codes: pd.DataFrame, texts: pd.DataFrame) -> Codebook:
    """The codebook that the two writings of one export imply: each code with the words beside it."""
    kept = [each for each in CODEBOOK.variables if each.name in ("status", "finished", "response_id", "duration")]
    for name in codes:
        pairs = {(code, word) for code, word in zip(codes[name], texts[name], strict=True) if code != word}
        if name in ("Status", "Finished") or not pairs:
            continue
        pairs |= {(code, word) for code, word in zip(codes[name], texts[name], strict=True) if code and "," not in code}
        kept.append(_answered(str(name), sorted(each for each in pairs if "," not in each[0])))
    return Codebook(variables=tuple(kept))


def _answered(name: str, pairs: list[tuple[str, str]]) -> Variable:
    several = name == "practice_m4.1"
    categories: list[dict[str, Any]] = [
        {"code": code, "level": f"level {code}", "label": word, "value": float(code)} for code, word in pairs
    ]
    kind = "multiple" if several else "scale" if name.startswith("practice_m3") else "category"
    return Variable.model_validate(
        {"name": name.replace(".", "_"), "role": "other", "kind": kind, "column": name, "categories": categories}
    )


@pytest.mark.real
def test_codes_and_words_of_one_real_export_give_equal_rows(real: Path) -> None:
    """In `practice_m3` the words of one category, "2", are the code of another."""
    stem = real / "exports/carinahausladen__LegitimacyVotingMethod__qualtrics"
    paths = [Path(f"{stem}.csv"), Path(f"{stem}_text.csv")]
    codes, texts = (pd.read_csv(io.BytesIO(each.read_bytes()), dtype=str, keep_default_na=False)[2:] for each in paths)
    codebook = guessed(codes, texts)
    assert sum(each.kind in CATEGORICAL for each in codebook.variables) > 40
    one, other = (read_export(each, codebook).responses for each in paths)
    assert len(one) == 156
    assert one["practice_m3_1"].notna().sum() > 100
    pd.testing.assert_frame_equal(one, other)


@pytest.mark.real
def test_every_real_export_is_accounted_for(real: Path) -> None:
    record = Codebook(variables=CODEBOOK.variables[:17])
    for path in sorted((real / "exports").glob("*.csv")):
        clean = read_export(path, record, exclusions=[Exclusion(rule="preview"), Exclusion(rule="incomplete")])
        assert clean.flow["n"].sum() == len(clean.responses) > 0, path.name


@pytest.mark.real
def test_spam_and_dates_of_a_spreadsheet_in_a_real_export(real: Path) -> None:
    record = Codebook(variables=CODEBOOK.variables[:17])
    path = real / "exports/yhoriuchi__projoint__Qualtrics_data_without_a_repeated_task.csv"
    clean = read_export(path, record, exclusions=[Exclusion(rule="preview"), Exclusion(rule="incomplete")])
    assert clean.flow["n"].iloc[0] == 18
    assert int(clean.ledger["reasons"].str.contains("Not finished").sum()) == 146
    started = clean.responses["started"]
    assert (started <= clean.responses["ended"]).all()
    assert started.dt.month.isin([1, 2]).all()


def test_a_tidy_file_is_the_same_from_csv_stata_and_spss(tmp_path: Path) -> None:
    """Codes with value labels, as other programs save them, by a codebook written by hand."""
    import pyreadstat

    frame = pd.DataFrame(
        {
            "who": ["a", "b", "ü"],
            "ally": [0.0, 1.0, 1.0],
            "strike": [4.0, float("nan"), 0.5],
            "when": pd.to_datetime(["2012-01-31 10:00:00", "2012-02-01 11:30:00", "2012-02-02 00:00:01"]),
        }
    )
    words = {"ally": {0: "No ally", 1: "Ally"}}
    frame.assign(ally=[0, 1, 1]).to_csv(tmp_path / "t.csv", index=False)
    frame.to_stata(tmp_path / "t.dta", write_index=False, value_labels=words, convert_dates={"when": "tc"}, version=118)
    pyreadstat.write_sav(frame, str(tmp_path / "t.sav"), variable_value_labels=words)
    levels = (Category(code="0", level="not_allied", label="No"), Category(code="1", level="allied", label="Yes"))
    made = (
        Variable(name="id", role="identifier", kind="text", column="who"),
        Variable(name="alliance", role="factor", kind="category", column="ally", categories=levels),
        Variable(name="support", role="outcome", kind="number", column="strike", minimum=0, maximum=4),
        Variable(name="asked", role="record", kind="time", column="when"),
    )
    read = [
        read_export(tmp_path / f"t.{form}", Codebook(variables=made), format="table") for form in ("csv", "dta", "sav")
    ]
    assert read[0].responses["alliance"].tolist() == ["not_allied", "allied", "allied"]
    assert read[0].responses["support"].tolist()[::2] == [4, 0.5]
    for each in read[1:]:
        pd.testing.assert_frame_equal(each.responses, read[0].responses)


def test_a_broken_spss_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "t.sav").write_bytes(b"$FL2 and no more")
    variable = Variable(name="a", role="factor", kind="text", column="a")
    with pytest.raises(StudyError, match=r"t\.sav: the file cannot be read"):
        read_export(tmp_path / "t.sav", Codebook(variables=(variable,)), format="table")
