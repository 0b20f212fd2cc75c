import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.report.browser import shown
from tests.report.made_up import REASONS, ledger
from vignetta.declared import words
from vignetta.design.declaration import Design
from vignetta.design.restrictions import Restriction
from vignetta.errors import StudyError
from vignetta.frames import ARMS, frame
from vignetta.report.context import context, example
from vignetta.report.inputs import RegistrationStatus, ReportInput
from vignetta.report.page import Report, page, report
from vignetta.report.randomising import restriction_words

VOID = {"meta", "link", "source", "img", "br"}
NAMES = ["flagship", "plain", "crowded"]
WIDTHS = (1280, 390)


class Reading(HTMLParser):
    """The elements of a page and its visible text; an element that is not closed is an error."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not {"style", "code"} & set(self.open):
            self.words.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def said(given: ReportInput, **changes: Any) -> str:
    """The visible text without figures."""
    return Reading(page(replace(given, **changes), pictures=[])).text


@pytest.mark.parametrize("name", NAMES)
def test_page_is_sound(reports: dict[str, Report], name: str) -> None:
    reading = Reading(reports[name].page)
    assert [each["scope"] for each in reading.all("th")]
    assert all(each["alt"] for each in reading.all("img"))
    ids = [str(each["id"]) for _, each in reading.elements if "id" in each]
    assert len(ids) == len(set(ids))
    targets = [str(each["href"]).removeprefix("#") for each in reading.all("a")]
    assert targets and set(targets) <= set(ids)
    labelled = [str(each["aria-labelledby"]) for _, each in reading.elements if "aria-labelledby" in each]
    assert set(labelled) <= set(ids)


@pytest.mark.parametrize("name", NAMES)
def test_headings_never_skip_a_rank(reports: dict[str, Report], name: str) -> None:
    ranks = [int(tag[1]) for tag, _ in Reading(reports[name].page).elements if re.fullmatch(r"h\d", tag)]
    assert ranks[0] == 1 and ranks.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(ranks))


@pytest.mark.parametrize("name", NAMES)
def test_page_needs_no_other_file(reports: dict[str, Report], name: str) -> None:
    reading = Reading(reports[name].page)
    assert not reading.all("script") and not reading.all("iframe")
    sources = [value for _, each in reading.elements for key, value in each.items() if key in ("src", "srcset")]
    assert sources and all(str(each).startswith("data:image/svg+xml;base64,") for each in sources)
    assert [each["href"] for each in reading.all("link")] == ["data:,"]
    style = re.search(r"<style>(.*)</style>", reports[name].page, re.DOTALL)
    assert style and "url(" not in style[1] and "@import" not in style[1]


@pytest.mark.parametrize("name", ["plain", pytest.param("flagship", marks=pytest.mark.slow)])
def test_same_input_same_bytes(reports: dict[str, Report], name: str, request: pytest.FixtureRequest) -> None:
    again = report(request.getfixturevalue(name))
    assert again.page == reports[name].page
    assert again.figures == reports[name].figures


def test_figures_have_files_of_every_kind(reports: dict[str, Report]) -> None:
    names = {name for name in reports["flagship"].figures if name.startswith("approval-by-response-within-action")}
    stem = "approval-by-response-within-action"
    assert names == {f"{stem}.svg", f"{stem}.png", f"{stem}.pdf"}


def test_simulated_data_are_called_so_everywhere(flagship: ReportInput, reports: dict[str, Report]) -> None:
    text = reports["flagship"].page
    figures = len(Reading(text).all("figure"))
    assert text.index('class="banner"') < text.index("<header")
    assert "<b>Simulated data:</b>" in text[text.index("<footer>") :]
    assert len(re.findall(r"<figcaption>.*Simulated data\.", text)) == figures
    assert len(re.findall(r'alt="Simulated data\.', text)) == figures
    assert "imulated" not in said(flagship, synthetic=False)


def test_whose_texts(flagship: ReportInput) -> None:
    assert said(flagship).count(flagship.design.note) == 2


def test_markup_in_a_label_is_harmless(reports: dict[str, Report]) -> None:
    text = reports["plain"].page
    assert "<script" not in text
    assert "Arm &lt;script&gt;" in text


def test_words_not_codes(flagship: ReportInput, reports: dict[str, Report]) -> None:
    text = Reading(reports["flagship"].page).text
    codes = [name for factor in flagship.design.factors.values() for name in factor.level_names if "_" in name]
    assert codes
    assert not [each for each in [*codes, "conditional_effect", "joint_test"] if each in text]


def test_example_is_the_vignette_of_reference_levels(flagship: ReportInput) -> None:
    pieces = context(flagship)["example"]
    marked = [text for varies, text in pieces if varies]
    assert marked == [str(each.reference.text[""]) for each in flagship.design.factors.values() if each.reference.text]
    assert "Last year, the ally spent much less" in "".join(text for _, text in pieces)


def test_example_marks_phrases_and_lists(flagship: ReportInput) -> None:
    template = "So {treaty|capital}.{if regime is democracy} No.{else} It {if regime is autocracy}is{end}.{end} {{So}}."
    design = flagship.design.model_copy(update={"vignette": {"": template}})
    factors = design.factors
    assert (factors["regime"].reference.name, factors["treaty"].reference.name) == ("autocracy", "none")
    text = factors["treaty"].reference.words()
    capital = text[0].upper() + text[1:]
    assert example(design) == [(False, "So "), (True, capital), (False, "."), (True, " It is."), (False, " {So}.")]


def test_weights_and_rules_are_told(flagship: ReportInput) -> None:
    factors = dict(flagship.design.factors)
    name, factor = next(iter(factors.items()))
    first, *others = factor.levels
    factors[name] = factor.model_copy(update={"levels": (first.model_copy(update={"weight": 2.0}), *others)})
    other = list(factors)[1]
    forbid = {each: (factors[each].level_names[1],) for each in (name, other)}
    rule = Restriction(forbid=forbid, reason="It never happens.")
    design = flagship.design.model_copy(update={"factors": factors, "restrictions": (rule,)})
    told = Reading(page(replace(flagship, design=design), pictures=[])).text
    assert f"Some levels of {words(factor.label, 'en')} were drawn more often than others." in told
    assert restriction_words(design, rule) in told
    assert "drawn more often" not in said(flagship)


def test_flow_shows_its_sums(flagship: ReportInput) -> None:
    made = context(flagship)["flow"]
    assert (made.raw, made.excluded, made.analysed) == (900, 150, 750)
    assert [each.n for each in made.steps] == [10, 34, 41, 0, 65, 0]
    assert [each.reason for each in made.steps if each.after_treatment] == ["Not finished", "Faster than 60 seconds"]
    assert "900 − 150 = 750" in said(flagship)


def test_without_exclusions(plain: ReportInput) -> None:
    text = said(plain)
    assert "200 rows in the data; none was excluded, 200 are analysed." in text
    assert "Words in the vignette" not in text and "example vignette" not in text


def test_verdicts_have_their_numbers(flagship: ReportInput) -> None:
    text = said(flagship)
    for each in flagship.verdicts:
        assert f"{each.hypothesis} {each.verdict} {each.statement}" in text
    assert "What the design cannot say. " + flagship.plan.hypotheses["H2"].note in text
    assert text.count("What the design cannot say") == 1


@pytest.mark.parametrize(
    ("status", "word"),
    [
        (RegistrationStatus(locked=True), "Registered. Design, plan and exclusions are as they were locked."),
        (RegistrationStatus(locked=True, changes=("plan.alpha: `0.05` became `0.1`",)), "Changed since registration."),
        (RegistrationStatus(locked=True, amendments=2), "replaced 2 earlier ones"),
        (
            RegistrationStatus(locked=True, data_present=("data/raw/a.csv",)),
            "there already when it was registered: data",
        ),
    ],
)
def test_registration_is_said(flagship: ReportInput, status: RegistrationStatus, word: str) -> None:
    text = said(flagship, registration=status)
    assert word in text
    assert "32 of 106 rows" in text
    assert all(each in text for each in status.changes)


def test_not_registered_is_exploratory(plain: ReportInput) -> None:
    text = said(plain)
    assert "Not registered. Nothing was locked beforehand: every estimate is exploratory." in text


def test_versions_and_hashes(flagship: ReportInput) -> None:
    made = page(flagship, pictures=[])
    assert all(name in made and digest in made for name, digest in flagship.files.items())
    assert all(f"<dt>{name}</dt><dd>{each}</dd>" in made for name, each in flagship.versions.items())


def test_without_hypotheses_and_estimates(crowded: ReportInput) -> None:
    assert "Hypotheses" not in said(crowded)
    empty = replace(crowded, estimates=crowded.estimates.iloc[:0])
    assert "The plan asks for no estimates." in Reading(report(empty).page).text


Change = Callable[[ReportInput], dict[str, Any]]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda given: {"registration": RegistrationStatus()}, "rows are called registered, but nothing was"),
        (lambda given: {"ledger": ledger(REASONS, 700)}, "750 responses stand behind an estimate.* 700 .*analysed"),
        (lambda given: {"verdicts": given.verdicts[1:]}, "verdicts on H1b"),
        (lambda given: {"estimates": given.estimates.drop(columns="n")}, "the frame lacks `n`"),
        (lambda given: {"ledger": given.ledger.drop(columns="state")}, "the frame lacks `state`"),
        (lambda given: {"estimates": given.estimates.assign(estimand="amce")}, "no words for the estimand `amce`"),
    ],
)
def test_input_that_contradicts_itself(flagship: ReportInput, change: Change, message: str) -> None:
    with pytest.raises(StudyError, match=message):
        replace(flagship, **change(flagship))


def by_level(given: ReportInput) -> pd.DataFrame:
    """All responses at one level of each factor."""
    n = len(given.ledger) * given.design.responses
    rows = [
        {"factor": name, "level": each.level_names[0], "state": "analysed", "n": n}
        for name, each in given.design.factors.items()
    ]
    return frame(rows, ARMS)


class OfSeveral(Design):
    """A design of which each respondent answers two responses."""

    @property
    def responses(self) -> int:
        return 2


def test_respondents_and_responses_are_told_apart(flagship: ReportInput) -> None:
    """Behind an estimate stand 750 responses: those of 375 respondents, or of more."""
    several = OfSeveral.model_construct(**dict(flagship.design))
    given = replace(flagship, design=several, ledger=ledger(REASONS, 375))
    assert context(given)["facts"][:2] == [("375", "respondents analysed"), ("750", "responses analysed")]
    assert context(flagship)["facts"][0] == ("750", "responses analysed")
    arms = {each.design.responses: by_level(each) for each in (flagship, given)}
    assert "Counted here are responses" in said(given, arms=arms[2])
    assert "Counted here are responses" not in said(flagship, arms=arms[1])
    with pytest.raises(
        StudyError, match=r"750 responses stand behind .* 374 that are analysed with 2 responses each\."
    ):
        replace(given, ledger=ledger(REASONS, 374))


def test_a_reason_that_the_plan_does_not_have(flagship: ReportInput) -> None:
    with pytest.raises(StudyError, match="Bored"):
        context(replace(flagship, ledger=ledger({"Bored": 3}, 750)))


@pytest.mark.browser
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", NAMES)
def test_in_a_browser(reports: dict[str, Report], chromium: Path, tmp_path: Path, name: str, width: int) -> None:
    """Nothing sticks out, nothing is asked of the network, nothing is complained about."""
    address = tmp_path / "report.html"
    address.write_text(reports[name].page, "utf-8")
    with shown(address, chromium, width=width, embedded=True) as view:
        assert view.evaluate("[...document.images].every(each => each.complete && each.naturalWidth > 0)")
        used = view.evaluate("document.images[0].currentSrc === document.images[0].src")
        assert used is (width > 768)


@pytest.mark.browser
def test_levels_are_words_on_a_phone(flagship: ReportInput, chromium: Path, tmp_path: Path) -> None:
    """Not one letter below the other."""
    address = tmp_path / "report.html"
    address.write_text(page(replace(flagship, arms=by_level(flagship)), pictures=[]), "utf-8")
    with shown(address, chromium, width=390, embedded=True) as view:
        widths = view.evaluate("[...document.querySelectorAll('.arms th[scope=row]')].map(each => each.offsetWidth)")
    assert len(widths) == len(flagship.design.factors) and min(widths) > 120
