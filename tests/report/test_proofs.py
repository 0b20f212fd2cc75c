"""The page with every vignette: complete, escaped, and usable with and without JavaScript."""

import re
from pathlib import Path
from typing import Any

import pytest

from tests.report.browser import shown
from tests.report.made_up import declared, level
from tests.report.test_page import WIDTHS, Reading
from vignetta.design.assigning.vignettes import vignettes
from vignetta.design.declaration import Design
from vignetta.design.proofs.passages import shown_numbers
from vignetta.design.proofs.proofing import proof
from vignetta.report.proofs import MOST_NUMBERS, proof_page

SCRIPT = "was <script>document.title = 'broken'</script> & so"


def small(**more: Any) -> Design:
    """Two languages, markup in a text, a forbidden pair and things to remark."""
    levels = [
        level("a", "Arm <b>", text={"en": SCRIPT, "de": "war <i>so</i>"}, reference="true"),
        level("b", "Other", text={"en": "was  thus", "de": "war anders"}),
    ]
    given = {
        "name": "small",
        "title": "A small study",
        "note": "Our own texts.",
        "seed": "1",
        "sample_size": "10",
        "languages": ["en", "de"],
        "factors": {
            name: {"label": {"en": f"Factor {name}", "de": f"Faktor {name}"}, "levels": each}
            for name, each in (("f", _labelled(levels)), ("g", _labelled(levels)))
        },
        "restrictions": [{"forbid": {"f": ["b"], "g": ["b"]}, "reason": "Too much."}],
        "vignette": {"en": "It {f}. She {g}.", "de": "Es {f}. Sie {g}."},
        "outcomes": {"y": {"label": both("Rating"), "question": both("How?"), "scale": SCALE}},
        **more,
    }
    return declared(given, {"hypotheses": {}, "models": {}, "estimands": []})[0]


def both(text: str) -> dict[str, str]:
    return {"en": text, "de": text}


def _labelled(levels: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**each, "label": both(each["label"])} for each in levels]


SCALE = [{"text": both("little")}, {"text": both("much")}]


def squeezed(text: str) -> str:
    return " ".join(text.split())


def test_every_vignette_is_on_the_page(design: Design) -> None:
    page = proof_page(design)
    read = Reading(page)
    universe = vignettes(design)
    rows = [each for each in read.all("tr") if str(each.get("id", "")).startswith("vignette-")]
    assert [each["id"] for each in rows] == [f"vignette-{number}" for number in universe["vignette"]]
    assert all(squeezed(text) in read.text for text in universe["text"])
    assert "No remark." in read.text
    assert read.text.count(design.note) == 2


def test_remarks_stand_on_top_with_their_vignettes() -> None:
    study = small()
    page = proof_page(study)
    text, remarks = Reading(page).text, proof(study)
    assert {"spacing"} <= {each.kind for each in remarks}
    for each in remarks:
        assert (
            0
            < text.index(squeezed(f"{each.what} {each.remedy}".replace("`", "'")))
            < text.index("A level that is longer or harder")
        )
        assert f"<code>{each.where}</code>, {shown_numbers(each.vignettes, MOST_NUMBERS)}" in page


def test_every_language_and_no_forbidden_vignette() -> None:
    page = proof_page(small())
    assert len(re.findall(r'<tr id="vignette-', page)) == 3
    assert page.count('lang="de">Es war') == 3
    assert page.count("Grade (en)</th>") == 1 and "Grade (de)" not in page


def test_markup_in_a_text_is_harmless() -> None:
    page = proof_page(small())
    assert page.count("<script") == 1
    assert "It was &lt;script&gt;document.title" in page
    assert "Arm &lt;b&gt;" in page


def test_the_page_is_sound_and_needs_no_other_file(design: Design) -> None:
    for study in (design, small()):
        page = proof_page(study)
        read = Reading(page)
        ids = [str(each["id"]) for _, each in read.elements if "id" in each]
        assert len(ids) == len(set(ids))
        assert {str(each["href"]).removeprefix("#") for each in read.all("a")} <= set(ids)
        assert all(each.get("scope") for each in read.all("th"))
        assert not [each for _, each in read.elements if "src" in each]
        assert [each["href"] for each in read.all("link")] == ["data:,"]
        assert "url(" not in page and "@import" not in page and "http" not in page
        assert page == proof_page(study)


def test_a_study_without_texts_has_a_page_of_combinations() -> None:
    table = {"data": {"file": "data/raw/a.csv", "format": "table"}, "restrictions": []}
    study = small(**table).model_copy(update={"vignette": None})
    text = Reading(proof_page(study)).text
    assert "nothing to proofread" in text
    assert "Text" not in text and "Lengths" not in text
    assert "4 vignettes" in text


def test_some_rows_and_too_many(design: Design, monkeypatch: pytest.MonkeyPatch) -> None:
    page = proof_page(design, remarks=[], universe=vignettes(design).iloc[:5])
    assert len(re.findall(r'<tr id="vignette-', page)) == 5
    monkeypatch.setattr("vignetta.report.proofs.MOST_ROWS", 50)
    page = proof_page(design)
    assert re.findall(r'<tr id="vignette-(\d+)', page)[:3] == ["1", "4", "7"]
    assert "The study has 120 vignettes, too many for one page. These are 40 of them" in Reading(page).text


@pytest.mark.browser
@pytest.mark.parametrize("name", ["flagship", "small"])
@pytest.mark.parametrize("width", WIDTHS)
def test_in_a_browser(design: Design, chromium: Path, tmp_path: Path, width: int, name: str) -> None:
    """Filter and order do what they say, nothing sticks out, nothing is asked for, nothing is complained about."""
    study = design if name == "flagship" else small()
    address = tmp_path / "vignettes.html"
    address.write_text(proof_page(study), "utf-8")
    with shown(address, chromium, width=width) as view:
        if name == "flagship":
            _filter_and_sort(view, study, wide=width > 768)


NUMBERS = "[...document.querySelectorAll('.proofs tbody tr:not([hidden])')].map(each => Number(each.id.split('-')[1]))"


def _filter_and_sort(view: Any, design: Design, *, wide: bool) -> None:
    universe = vignettes(design)
    universe["words"] = universe["text"].str.split().str.len()
    view.get_by_label("Regime", exact=True).select_option("Democracy")
    view.get_by_label("US response", exact=True).select_option("Terminated alliance")
    kept = universe.query("regime == 'democracy' and response == 'terminate'")
    assert view.evaluate(NUMBERS) == list(kept["vignette"])
    assert view.inner_text("#shown") == f"{len(kept)} of 120 vignettes"
    view.get_by_label("Sort by").select_option("Words")
    view.get_by_label("Order").select_option("descending")
    longest = kept.sort_values(["words", "vignette"], ascending=[False, True])
    assert view.evaluate(NUMBERS) == list(longest["vignette"])
    view.get_by_role("button", name="Show all").press("Enter")
    view.wait_for_function("document.getElementById('shown').textContent === '120 vignettes'")
    assert view.evaluate(NUMBERS) == list(range(1, 121))
    if wide:
        head = view.get_by_role("button", name="US response")
        head.focus()
        head.press("Enter")
        ordered = universe.assign(place=universe["response"].cat.codes).sort_values(["place", "vignette"])
        assert view.evaluate(NUMBERS) == list(ordered["vignette"])
        assert view.locator("th[aria-sort=ascending]").inner_text().startswith("US response")
        head.press("Enter")
        assert view.evaluate(NUMBERS)[0] == ordered.query("response == 'terminate'")["vignette"].iloc[0]


@pytest.mark.browser
def test_without_javascript_it_is_a_plain_table(design: Design, chromium: Path, tmp_path: Path) -> None:
    from playwright.sync_api import sync_playwright

    address = tmp_path / "vignettes.html"
    address.write_text(proof_page(design), "utf-8")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(chromium), args=["--no-sandbox"])
        view = browser.new_context(java_script_enabled=False).new_page()
        view.goto(address.as_uri())
        assert view.locator(".proofs tbody tr").count() == 120
        assert view.locator(".proofs tbody tr").last.is_visible()
        assert not view.locator(".controls").is_visible()
        assert view.locator(".proofs button").count() == 0
        browser.close()
