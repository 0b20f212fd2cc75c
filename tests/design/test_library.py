"""The library of factors: sound as it stands, and copied into a study without touching anything else in it."""

from dataclasses import replace
from pathlib import Path

import pytest

from vignetta.declared import read_tree
from vignetta.design.declaration import design_of
from vignetta.design.library import add, library
from vignetta.errors import StudyError


def study(root: Path) -> tuple[Path, str]:
    path = root / "design/study.yaml"
    return path, path.read_text("utf-8")


@pytest.mark.parametrize("name", sorted(library().factors))
def test_every_factor_can_be_added_to_the_flagship(root: Path, tmp_path: Path, name: str) -> None:
    path, before = study(root)
    tree = read_tree(path, shown="design/study.yaml")
    text, todo = add(name, tree)
    template = "Last year, the ally"
    added = tmp_path / "study.yaml"
    added.write_text(text.replace(template, f"{{{name}}}. {template}"), "utf-8")
    design = design_of(read_tree(added))
    assert list(design.factors) == ["treaty", "regime", "capability", "action", "response", name]
    assert design.factors[name].level_names == library().factors[name].level_names
    assert todo[0].startswith(f"Write {{{name}}}")
    kept = text.splitlines()
    for line in before.splitlines():
        assert line in kept
    assert len(kept) > len(before.splitlines())


def test_texts_are_sentences_without_their_full_stop() -> None:
    for factor in library().factors.values():
        for level in factor.levels:
            assert level.text is not None
            text = level.text[""]
            assert text[0].isupper(), text
            assert text[-1].isalpha(), text


def test_implausible_combinations_name_what_exists(root: Path) -> None:
    tree = read_tree(root / "design/study.yaml")
    known = library().factors | design_of(tree).factors
    for factor in library().factors.values():
        for each in factor.implausible:
            assert set(each.levels) <= set(known[each.factor].level_names), (factor.name, each)


def test_doubts_are_told_for_factors_that_the_study_has(root: Path) -> None:
    tree = read_tree(root / "design/study.yaml")
    _, todo = add("further_response", tree)
    assert len(todo) == 3
    assert "further_response `threat` with response `terminate`" in todo[1]


def test_unknown_and_taken_names_are_told(root: Path) -> None:
    tree = read_tree(root / "design/study.yaml")
    with pytest.raises(StudyError, match="no factor `legalform`. Did you mean `legal_form`"):
        add("legalform", tree)
    taken = replace(tree, data={**tree.data, "covariates": {"legal_form": {}}})
    with pytest.raises(StudyError, match="`legal_form` is a name of the study already"):
        add("legal_form", taken)


def test_factors_can_be_added_one_after_another(root: Path, tmp_path: Path) -> None:
    added = tmp_path / "study.yaml"
    added.write_text(study(root)[1], "utf-8")
    for name in ("troop_basing", "base_payments"):
        text, todo = add(name, read_tree(added))
        added.write_text(text, "utf-8")
    assert list(read_tree(added).data["factors"])[-2:] == ["troop_basing", "base_payments"]
    assert len([each for each in todo if each.startswith("Hard to believe: base_payments")]) == 3
