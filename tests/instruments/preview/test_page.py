"""The preview: the survey's own pages, chosen vignettes, harmless texts, usable by everybody."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.instruments.preview.made import choices, question, shown_if, survey
from tests.instruments.writing.test_languages import CONTENT
from tests.report.browser import shown
from vignetta.declared import Languages
from vignetta.declared import words as words_of
from vignetta.design.assigning.vignettes import render, vignettes
from vignetta.design.declaration import Design
from vignetta.instruments.preview.page import preview_page
from vignetta.instruments.qsf import read_qsf
from vignetta.instruments.survey import Survey
from vignetta.instruments.writing import elements
from vignetta.instruments.writing.building import build

WIDTHS = (390, 1280)
HOSTILE = "<script>document.title = 'broken'</script><img src=x onerror=\"document.title='broken'\"> & <b>so</b>"


@contextmanager
def previewed(study: Survey | Design, chromium: Path, folder: Path, width: int = 1280) -> Iterator[Any]:
    address = folder / "preview.html"
    address.write_text(preview_page(study), "utf-8")
    with shown(address, chromium, width=width, embedded=True) as view:
        yield view


@contextmanager
def opened(page: str, chromium: Path, folder: Path, width: int) -> Iterator[Any]:
    """As `previewed`, where the browser may report handlers that it refused; nothing is asked of the network."""
    from playwright.sync_api import sync_playwright

    address, asked = folder / "hostile.html", []
    address.write_text(page, "utf-8")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(chromium), args=["--no-sandbox"])
        view = browser.new_page(viewport={"width": width, "height": 900})
        view.on("request", lambda request: asked.append(request.url))
        view.on("pageerror", lambda error: asked.append(str(error)))
        view.goto(address.as_uri())
        yield view
        browser.close()
    assert [each for each in asked if not each.startswith("data:")] == [address.as_uri()]


def heading(view: Any) -> str:
    return str(view.locator("#place").inner_text())


def words(view: Any) -> str:
    return " ".join(view.inner_text("#stage").split())


def go(view: Any, n: int = 1) -> None:
    for _ in range(n):
        view.get_by_role("button", name="Next").click()


# ------------------------------------------------------------------------------------------------- without a browser


def test_the_page_needs_no_other_file_and_is_made_alike_twice(design: Design) -> None:
    page = preview_page(design)
    assert page == preview_page(design)
    assert "http:" not in page and "https:" not in page and "url(" not in page.replace("/url|image", "")
    assert page.count("<script") == 2 and "nothing is saved" in page


def test_what_stands_in_the_data_cannot_end_it(altered: Callable[..., Design]) -> None:
    study = altered(title="A </script><script>alert(1)</script> title")
    page = preview_page(study)
    assert page.count("</script>") == 2
    assert '<h1 lang="en">A &lt;/script&gt;' in page


def test_what_is_not_done_is_told() -> None:
    timed = question("t", ("Timing", "PageTimer"))
    scripted = question("js", ("DB", "TB"), QuestionJS="alert(1)")
    odd = question("odd", ("HotSpot", "OnOff"))
    page = preview_page(survey([[timed, scripted, odd]], RandomizeQuestions="Advanced"))
    told = re.findall(r"<li><strong>(.*?)</strong>: (.*?)\.</li>", page)
    assert ("js", "its JavaScript is not run") in told
    assert ("odd", "a question of type HotSpot OnOff is not drawn") in told
    assert ("t", "seen by nobody: it notes times") in told
    assert ("Block", "its questions are shown in the order written, not shuffled") in told


# ------------------------------------------------------------------------------------------------------ in a browser


@pytest.mark.browser
@pytest.mark.parametrize("width", WIDTHS)
def test_any_vignette_can_be_chosen(design: Design, chromium: Path, tmp_path: Path, width: int) -> None:
    """Texts are those of `vignettes`, which no survey is needed for."""
    universe = vignettes(design)
    labels = {name: {each.name: words_of(each.label) for each in f.levels} for name, f in design.factors.items()}
    with previewed(design, chromium, tmp_path, width) as view:
        if width < 900:
            view.locator("summary", has_text="Vignette").click()
        assert heading(view) == "Page 1 of 14"
        go(view, 7)
        for number in (1, 42, 120):
            row = universe.iloc[number - 1]
            for name, factor in design.factors.items():
                view.get_by_label(words_of(factor.label), exact=True).select_option(label=labels[name][row[name]])
            assert words(view) == " ".join(row["text"].split())


@pytest.mark.browser
def test_another_at_random_is_a_vignette_of_the_design(design: Design, chromium: Path, tmp_path: Path) -> None:
    texts = {" ".join(each.split()) for each in vignettes(design)["text"]}
    with previewed(design, chromium, tmp_path) as view:
        go(view, 7)
        seen = set()
        for _ in range(12):
            view.get_by_role("button", name="Another at random").click()
            seen.add(words(view))
        assert seen <= texts and len(seen) > 3


@pytest.mark.browser
def test_a_forbidden_combination_is_never_shown(altered: Callable[..., Design], chromium: Path, tmp_path: Path) -> None:
    rule = {"forbid": {"treaty": ["formal"], "response": ["terminate"]}, "reason": "Treaties bind."}
    study = altered(restrictions=[rule])
    with previewed(study, chromium, tmp_path) as view:
        view.get_by_label("Formal treaty").select_option(label="Formal treaty")
        view.get_by_label("US response").select_option(label="Terminated alliance")
        assert view.get_by_label("Formal treaty").locator("option:checked").inner_text() == "No formal treaty"
        assert view.inner_text("#status").endswith("because it is not shown otherwise: Formal treaty.")


@pytest.mark.browser
def test_who_declines_is_thanked_and_leaves(design: Design, chromium: Path, tmp_path: Path) -> None:
    with previewed(design, chromium, tmp_path) as view:
        view.get_by_label("I do not agree to take part").check()
        assert heading(view) == "Page 1 of 2"
        go(view)
        assert words(view) == "Thank you. The survey has ended and no answers were kept."
        go(view)
        assert heading(view) == "End of the survey" and view.locator("#next").is_disabled()
        view.get_by_role("button", name="Back").click()
        view.get_by_role("button", name="Back").click()
        assert view.get_by_label("I do not agree to take part").is_checked()


@pytest.mark.browser
@pytest.mark.parametrize("width", WIDTHS)
def test_hostile_texts_do_nothing(altered: Callable[..., Design], chromium: Path, tmp_path: Path, width: int) -> None:
    """In a level, where words are escaped, and in a .qsf, where Qualtrics keeps the markup."""

    def change(content: dict[str, Any]) -> None:
        content["factors"]["treaty"]["levels"][0]["text"] = HOSTILE
        content["factors"]["treaty"]["levels"][0]["label"] = HOSTILE

    field = elements.embedded_data({"x": HOSTILE, "y": "<a href=\"javascript:document.title='broken'\">link</a>"})
    asked = elements.single_choice("q", f"{HOSTILE} ${{e://Field/x}} ${{e://Field/y}}", [HOSTILE, "<svg onload=a()>"])
    style = '<p style="background:url(http://x.test/a);color:red" onclick="document.title=\'broken\'">p</p>'
    made = survey([[asked, elements.description("d", style + "<iframe src='http://x.test'></iframe>")]], [field])
    made.options["Header"] = HOSTILE  # type: ignore[index]
    for study in (altered(change), made):
        with opened(preview_page(study), chromium, tmp_path, width) as view:
            if isinstance(study, Design):
                go(view, 7)
                if width > 900:
                    view.locator("#draw-0-0").select_option(index=0)
                    assert "<script>document.title = 'broken'</script><img src=x" in words(view)
            else:
                view.get_by_text("link", exact=True).click()
                view.get_by_text("p", exact=True).click()
                assert view.locator("#stage b", has_text="so").count() == 4
                assert view.evaluate("getComputedStyle(document.querySelector('#stage p')).color") == "rgb(255, 0, 0)"
                assert view.locator("#stage :is(script, iframe, svg, a, img)").count() == 0
            attributes = "[...document.querySelectorAll('*')].flatMap(each => [...each.attributes])"
            on = f"{attributes}.filter(each => /^on/.test(each.name)).length"
            assert view.evaluate(on) == 0
            assert "broken" not in view.title()


@pytest.mark.browser
def test_display_logic_pipes_and_loops(chromium: Path, tmp_path: Path) -> None:
    first = elements.single_choice("pick", "Pick", ["One", "Two & more"])
    more = question("more", ("TE", "SL"), DisplayLogic=shown_if("QID1", "2"))
    told = elements.description(
        "told", "You: ${q://QID1/ChoiceGroup/SelectedChoices}, ${e://Field/set}, ${lm://Field/1}."
    )
    typed = elements.description("typed", "Typed: ${q://QID2/ChoiceTextEntryValue}; ${e://Field/link}")
    loops = {"1": {"1": "Cats"}, "2": {"1": "Dogs"}}
    fields = elements.embedded_data({"set": "a <i>field</i>", "link": None})
    made = survey([[first, more], [told], [typed]], [fields], Looping="Static", LoopingOptions={"Static": loops})
    with previewed(made, chromium, tmp_path) as view:
        assert heading(view) == "Page 1 of 6"
        assert not view.get_by_label("Question more").is_visible()
        view.get_by_label("Two & more").check()
        view.get_by_label("Question more").fill("<b>words</b>")
        go(view)
        assert words(view) == "You: Two & more, a field, Cats."
        go(view)
        assert words(view) == "Typed: <b>words</b>; [link]"
        go(view, 2)
        assert words(view) == "You: , a field, Dogs."
        go(view)
        view.locator("summary", has_text="Fields").click()
        view.get_by_label("link").fill("from outside")
        view.get_by_label("link").blur()
        assert words(view) == "Typed: ; from outside"


@pytest.mark.browser
def test_answers_are_piped_as_they_were_given(chromium: Path, tmp_path: Path) -> None:
    first = elements.single_choice("pick", "Pick", ["One", "Two & more"])
    told = elements.description(
        "told", "You: ${q://QID1/ChoiceGroup/SelectedChoices}, ${q://QID2/ChoiceTextEntryValue}."
    )
    made = survey([[first, question("more", ("TE", "ML"))], [told]])
    with previewed(made, chromium, tmp_path) as view:
        view.get_by_label("Two & more").check()
        view.get_by_label("Question more").fill("<img src=x onerror=alert(1)>")
        go(view)
        assert words(view) == "You: Two & more, <img src=x onerror=alert(1)>."


@pytest.mark.browser
@pytest.mark.parametrize("width", WIDTHS)
def test_every_type_is_drawn_and_every_input_has_a_name(chromium: Path, tmp_path: Path, width: int) -> None:
    rows = {"Choices": choices("First", "Second"), "ChoiceOrder": ["1", "2"]}
    both = rows | {"Answers": choices("Little", "Much"), "AnswerOrder": ["1", "2"]}
    kinds = [
        *((("MC", each, "TX"), rows) for each in ("SAVR", "SAHR", "MAVR", "DL", "SB", "MSB", "NPS")),
        *((("TE", each), {}) for each in ("SL", "ML", "ESTB", "PW")),
        *((each, rows) for each in (("TE", "FORM"), ("Slider", "HSLIDER"), ("RO", "DND", "TX"), ("CS", "VRTL", "TX"))),
        *(
            (("Matrix", *each), both)
            for each in (("Likert", "SingleAnswer"), ("Likert", "MultipleAnswer"), ("TE", "Long"))
        ),
        *((("Matrix", *each), both) for each in (("DL", "SingleAnswer"), ("Bipolar", ""), ("MaxDiff", ""))),
    ]
    made = survey([[question(f"q{place}", kind, **payload)] for place, (kind, payload) in enumerate(kinds)])
    with previewed(made, chromium, tmp_path, width) as view:
        for place in range(len(kinds)):
            assert f"Question q{place}" in words(view)
            inputs = view.locator("#stage :is(input, select, textarea)")
            assert inputs.count() > 0
            names = inputs.evaluate_all(
                "all => all.map(e => e.labels?.length || e.ariaLabel || e.getAttribute('aria-labelledby'))"
            )
            assert all(names)
            groups = view.locator("#stage fieldset")
            assert groups.evaluate_all("all => all.every(e => e.firstElementChild.tagName === 'LEGEND')")
            assert view.evaluate("document.documentElement.scrollWidth") <= width
            go(view)


@pytest.mark.browser
def test_with_the_keyboard_alone(design: Design, chromium: Path, tmp_path: Path) -> None:
    """The new page's heading takes the focus and is announced; radios and buttons work by keys."""
    with previewed(design, chromium, tmp_path) as view:
        view.locator("#stage input").first.focus()
        view.keyboard.press("Space")
        assert view.get_by_label("I am 18 or older and I agree to take part").is_checked()
        view.locator("#next").focus()
        view.keyboard.press("Enter")
        assert view.evaluate("document.activeElement.id") == "place"
        assert view.locator("[role=status][aria-live=polite]").inner_text() == "Page 2 of 14"
        view.keyboard.press("Tab")
        view.keyboard.press("Space")
        assert view.get_by_label("Democrat").is_checked()


@pytest.mark.browser
def test_widths_codes_and_print(design: Design, chromium: Path, tmp_path: Path) -> None:
    with previewed(design, chromium, tmp_path) as view:
        view.get_by_label("Width").select_option("phone")
        assert view.locator("#frame").bounding_box()["width"] == 390
        assert not view.get_by_text("[consent]").is_visible()
        view.get_by_label("Show names and codes").check()
        assert view.get_by_text("[consent]").is_visible()
        view.emulate_media(media="print")
        view.locator("#all .page:nth-child(15)").wait_for()
        assert view.locator("#all .page").count() == 15
        assert view.locator("#all .page").last.is_visible() and not view.locator("#stage").is_visible()
        assert not view.locator("#controls").is_visible()
        printed = " ".join(view.inner_text("#all").split())
        for each in design.outcomes.values():
            assert " ".join(words_of(each.question).split()) in printed


@pytest.mark.browser
def test_languages(chromium: Path, tmp_path: Path) -> None:
    """Translations inside a .qsf, and those of a study, whose levels have words in each."""
    asked = elements.single_choice("q", "Yes?", ["Yes", "No"])
    asked["Language"] = {"DE": {"QuestionText": "Ja?", "Choices": {"1": {"Display": "Doch"}, "2": {"Display": "Nein"}}}}
    with previewed(survey([[asked]]), chromium, tmp_path) as view:
        assert words(view) == "Yes? Yes No"
        view.get_by_label("Language").select_option(label="German")
        assert words(view) == "Ja? Doch Nein"
        assert view.locator("#stage").get_attribute("lang") == "de"
    study = Design.model_validate(CONTENT, context=Languages(("en", "de")))
    with previewed(study, chromium, tmp_path) as view:
        go(view)
        chosen = {"a": "a2", "b": "b2", "c": "c1"}
        for name, level in chosen.items():
            view.get_by_label(name, exact=True).select_option(label=f"label {level}")
        assert words(view) == render(study, chosen)
        view.get_by_label("Language").select_option(label="German")
        assert words(view) == render(study, chosen, language="de")
        go(view)
        assert "DE How warm?" in words(view) and "DE cold" in words(view) and "DE It is x." in words(view)


@pytest.mark.browser
def test_languages_that_are_read_from_the_right_begin_there(chromium: Path, tmp_path: Path) -> None:
    asked = elements.single_choice("q", "Yes?", ["Yes", "No"])
    asked["Language"] = {"HE": {"QuestionText": "כן?", "Choices": {"1": {"Display": "כן"}, "2": {"Display": "לא"}}}}
    document = json.loads(json.dumps(survey([[asked]]).document))
    options = next(each for each in document["SurveyElements"] if each["Element"] == "SO")
    options["Payload"]["AvailableLanguages"] = {"EN": [], "HE": []}
    with previewed(Survey(document), chromium, tmp_path) as view:
        middle = view.locator("#stage .option").first.bounding_box()
        dot = view.locator("#stage .option input").first
        assert dot.bounding_box()["x"] < middle["x"] + middle["width"] / 2
        view.get_by_label("Language").select_option(label="Hebrew")
        assert dot.bounding_box()["x"] > middle["x"] + middle["width"] / 2


@pytest.mark.browser
def test_all_pages_are_those_of_the_survey_for_real_files(real: Path, chromium: Path, tmp_path: Path) -> None:
    """Every survey that Qualtrics exported is shown at both widths without a complaint of the browser."""
    for file in sorted((real / "qsf").glob("*QualtricsTools*.qsf")):
        for width in WIDTHS:
            with previewed(read_qsf(file), chromium, tmp_path, width) as view:
                view.evaluate("document.querySelector('#pages').closest('details').open = true")
                view.get_by_label("Pages").select_option("all")
                assert view.locator("#all .page").count() >= 2
                assert view.evaluate("document.documentElement.scrollWidth") <= width


def test_the_built_survey_reads_the_same_from_its_file(design: Design) -> None:
    """A study's page and that of its .qsf have the same flow; only the labels are the study's."""
    own, file = preview_page(design), preview_page(build(design))
    blocks = re.compile(r'"blocks":\{.*?"texts":\[.*?\]')
    assert blocks.findall(own) == blocks.findall(file) != []
