"""Personal data: forty planted items of which none is in any output, and innocent words that stay as they are."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from tests.cleaning.small_export import CODEBOOK, Row, export_text, rows
from vignetta.cleaning.outputs.files import responses_parquet
from vignetta.cleaning.privacy.forms import FORMS, redact_text
from vignetta.cleaning.privacy.personal import leaks, pseudonyms
from vignetta.cleaning.responses import CleanExport, read_export
from vignetta.codebook import Codebook, Variable, codebook_csv
from vignetta.errors import StudyError
from vignetta.frames import csv_text

Write = Callable[..., Path]

OPEN = [each.model_copy(update={"role": "open"}) if each.name == "comment" else each for each in CODEBOOK.variables]
FIELDS = [
    Variable(name=name, role=role, kind="text", column=name)  # type: ignore[arg-type]
    for name, role in (("link", "other"), ("contact_email", "other"), ("device", "other"), ("PROLIFIC_PID", "personal"))
]
CODES = Codebook(variables=(*OPEN, *FIELDS))

IN_WORDS = {
    "e-mail": [
        "jan.jansen@example.org",
        "j_o+news@mail.example.co.uk",
        "ann [at] example [dot] com",
        "bob(at)example.org",
        "carol at example dot net",
    ],
    "phone number": [
        "+31 6 1234 5678",
        "0031-20-5550123",
        "(202) 555-0143",
        "202-555-0171",
        "1 202 555 0188",
        "06 12345678",
        "020-5550199",
        "phone 555-0187",
    ],
    "IP address": ["198.51.100.23", "2001:db8:85a3:0:0:8a2e:370:7334", "2001:db8::ff00:42:8329", "00:1A:2B:3C:4D:5E"],
    "coordinates": ["52.37403, 4.88969", "40.7128 N, 74.0060 W", "52°22'27\"N", "lat: 52.52, lon: 13.405"],
    "panel id": [
        "5f1c0ffee0ddba11deadbeef",
        "123e4567-e89b-12d3-a456-426614174000",
        "A1B2C3D4E5F6G7",
        "0123456789abcdef0123456789abcdef",
    ],
    "street address": [
        "12 Maple Street",
        "1600 Old Mill Road",
        "Herengracht 502",
        "Lange Poststraat 7b",
        "SW1A 2AA",
        "PO Box 4711",
        "123 N Main St",
        "Gartenstr. 5",
        "12 rue de la Paix",
        "Calle Mayor 5",
    ],
    "name": ["my name is Willem Hendriks", "I'm called Hans Gruber", "Mrs. Thistlewood"],
    "social security number": ["078-05-1120"],
    "bank account": ["NL91 ABNA 0417 1643 00"],
    "long number": ["4111 1111 1111 1111"],
    "web address": ["https://example.org/profile?u=secretuser", "facebook.com/secretuser"],
    "birth date": ["born on 12.03.1981", "DOB: 03/12/1981", "born on 12 April 1983", "born April 12th, 1984"],
    "account name": [
        "@secret_handle",
        "insta is jane.doe77",
        "Snapchat: janedoe78",
        "jane#1234",
        "u/janedoe79",
    ],
}
"""What the planted words are, and their kind."""
OF_THE_PLATFORM: Row = {
    "IPAddress": "192.0.2.77",
    "RecipientLastName": "Zwartkruis",
    "RecipientFirstName": "Ottoline",
    "RecipientEmail": "o.z@example.org",
    "ExternalReference": "REF-998877",
    "LocationLatitude": "51.987654",
    "LocationLongitude": "5.123456",
    "PROLIFIC_PID": "6a7b8c9d0e1f2a3b4c5d6e7f",
}
FIELD: Row = {"contact_email": "someone hidden", "link": "a1b2c3d4-e89b-12d3-a456-426614174abc"}


def planted() -> list[Row]:
    words = [f"I think, {each}, that is so." for kind in IN_WORDS.values() for each in kind]
    blank: Row = {**dict.fromkeys(OF_THE_PLATFORM, ""), "link": "", "contact_email": "", "device": "Chrome 120.0.6.1"}
    own: Row = {"comment": "Ask Ottoline zwartkruis, ref REF-998877."}
    return [
        {**each, **blank, **extra}
        for each, extra in zip(
            rows(*({} for _ in range(len(words) + 1))),
            [*({"comment": text} for text in words), {**own, **OF_THE_PLATFORM, **FIELD}],
            strict=True,
        )
    ]


def secrets() -> list[str]:
    return [*(each for kind in IN_WORDS.values() for each in kind), *OF_THE_PLATFORM.values(), *FIELD.values()]


def everything(clean: CleanExport) -> str:
    tables = [csv_text(each) for each in clean.accounts.values()]
    parts = [csv_text(clean.responses), repr(clean), codebook_csv(clean.codebook), *clean.notes, *tables]
    return "\n".join(parts) + responses_parquet(clean.responses).decode("latin-1")


def test_none_of_forty_planted_items_is_in_any_output(write: Write) -> None:
    text = export_text(planted())
    assert len(secrets()) >= 40
    assert [each for each in secrets() if each.replace('"', '""') not in text] == []
    clean = read_export(write(text), CODES)
    said = everything(clean).casefold()
    fragments = {
        *secrets(),
        "zwartkruis",
        "ottoline",
        "hendriks",
        "thistlewood",
        "secretuser",
        "jan.jansen",
        "@example",
    }
    assert [each for each in fragments if each.casefold() in said] == []
    assert clean.responses["comment"].str.startswith("I think, [").sum() == len(secrets()) - 10
    assert clean.responses["device"].unique().tolist() == ["Chrome 120.0.6.1"]


def test_what_was_removed_is_listed_with_its_rows(write: Write) -> None:
    removed = read_export(write(export_text(planted())), CODES).removed
    own = removed[removed["variable"] == "comment"].set_index("kind")
    assert {kind: own["n"][kind] for kind in IN_WORDS} == {kind: len(each) for kind, each in IN_WORDS.items()}
    assert own["rows"]["e-mail"] == "1 2 3 4 5"
    columns = removed[removed["kind"] == "column"]
    assert set(columns["variable"]) == {
        *("ip_address", "last_name", "first_name", "email", "external_reference", "latitude", "longitude"),
        *("PROLIFIC_PID", "contact_email"),
    }
    assert set(columns["n"]) == {1}
    assert removed[removed["variable"] == "link"]["kind"].tolist() == ["panel id"]


@pytest.mark.parametrize(
    "text",
    [
        "I am 42 years old and paid 1,250.50 dollars in 2019-2020.",
        "It was 09:30:15 on 2026-03-01, version 2.10.3.",
        "5 years on the way to a place, at 10 past 3.",
        "Look at it: 50/50, 3:1, 1-2-3, dot by dot; Chrome/120.0.6.1.",
        "NATO has 32 members; Article 5 was used once. About 100 000 people in 1949 - 1950.",
        "US and EU: 3.5 % of GDP, or 12.345 bn",
        "Will is what we need; names matter. Abcdef123456!",
        "It cost $1 000 000 000, then 500 000 000, or 2000000000, in 1990 1995 2000 2005.",
        "2026-03-01 09:00:00, C::B and 2::3; look at the dot com bubble; either/or, e.g./i.e.",
        "A follow-up at 8 a.m. (not at 9)",
        "Twitter is bad, e.g. for covid19 news on facebook covid19; it may 10 times; we call Europe; and/or, #2020.",
    ],
)
def test_innocent_words_stay(text: str) -> None:
    assert redact_text(text) == (text, ())


@pytest.mark.parametrize("kind", list(IN_WORDS))
def test_every_form_is_found_wherever_it_stands(kind: str) -> None:
    assert set(IN_WORDS) == set(FORMS)
    for each in IN_WORDS[kind]:
        for around in ("{}", "see {}.", "({})", "x\n{}\ny", "{}, thanks"):
            text, found = redact_text(around.format(each))
            assert found == (kind,), text
            assert text == around.format(f"[{kind}]") or (kind == "street address" and found)


# ------------------------------------------------------------------------------------------------ pseudonyms


def test_pseudonyms_are_the_same_for_the_same_salt_alone() -> None:
    ids = pd.Series(["a", "b", None, "a "], dtype="str")
    one = pseudonyms(ids, "salt")
    # HMAC-SHA-256 of "a" with the key "salt", as `openssl dgst -sha256 -hmac salt` prints it.
    assert one.fillna("").tolist()[0] == "P_" + HMAC_OF_A
    assert one[0] == one[3] != one[1] and pd.isna(one[2])
    assert pseudonyms(ids, "salt").equals(one)
    assert not set(pseudonyms(ids, "pepper").dropna()) & set(one.dropna())


HMAC_OF_A = "cf52da609119d9a8"


def test_identifiers_become_pseudonyms_everywhere(write: Write) -> None:
    path = write(export_text(rows({"ResponseId": "R_secretA"}, {"ResponseId": "R_secretB"})))
    clean = read_export(path, CODEBOOK, salt="salt")
    assert "R_secret" not in everything(clean)
    assert (
        clean.responses["response_id"].tolist()
        == clean.ledger["response_id"].tolist()
        == clean.key["pseudonym"].tolist()
    )
    assert clean.key["identifier"].tolist() == ["R_secretA", "R_secretB"]
    assert clean.removed[clean.removed["kind"] == "pseudonym"]["n"].tolist() == [2]
    assert list(clean.keys) == ["key.csv"]
    assert read_export(path, CODEBOOK).keys == {}


def test_identifiers_that_are_personal_need_pseudonyms(write: Write) -> None:
    path = write(export_text(rows({"ResponseId": "5f1c0ffee0ddba11deadbeef"})))
    with pytest.raises(StudyError, match="`response_id` holds e-mail addresses, ids of a panel") as caught:
        read_export(path, CODEBOOK)
    assert "deadbeef" not in str(caught.value)
    assert len(read_export(path, CODEBOOK, salt="salt").key) == 1


def test_an_unreadable_cell_is_quoted_without_personal_data(write: Write) -> None:
    with pytest.raises(StudyError) as caught:
        read_export(write(export_text(rows({"age": "jan@example.org"}))), CODEBOOK)
    account = caught.value.accounts["audit.csv"]
    assert account["what"][0].startswith("`[e-mail]` is not a number")


def test_leaks_are_found_by_column() -> None:
    files = {"a.csv": "x,192.0.2.1\ny,Jo", "b.html": "<p>mail jan@example.org.</p>", "c.txt": "REF 12 34 is here"}
    known = {
        "ip": ["192.0.2.1", "192.0.2.2"],
        "mail": ["jan@example.org"],
        "ref": ["12 34", "REF 12 34"],
        "short": ["Jo"],
    }
    assert sorted(leaks(files, known)) == [("a.csv", "ip", 1), ("b.html", "mail", 1), ("c.txt", "ref", 2)]


def test_a_file_named_after_somebody_is_not_named_in_the_audit(write: Write) -> None:
    clean = read_export(write(export_text(rows({"surplus": "1"})), "jan.jansen@example.org.csv"), CODES)
    assert len(clean.audit) and "jansen" not in csv_text(clean.audit)
