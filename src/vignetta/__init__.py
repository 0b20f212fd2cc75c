"""Factorial vignette survey experiments, from one declared design to registered estimates.

>>> import vignetta as vg
>>> study = vg.load("path/to/study")  # doctest: +SKIP
>>> fit = vg.fit(study.responses, "approval ~ response * action + party")  # doctest: +SKIP
>>> vg.margins(fit, "response", within="action")  # doctest: +SKIP
"""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_HOME = {
    "advanced_text": "instruments.formats.advanced_text",
    "amce": "analysis.estimands.conjoint",
    "build": "instruments.writing.building",
    "choice_amce": "analysis.estimands.choices",
    "choice_means": "analysis.estimands.choices",
    "codebook_of_export": "cleaning.drafting",
    "codebook_csv": "codebook",
    "codebook_files": "report.documenting",
    "codebook_of_design": "instruments.codebooks",
    "codebook_of_survey": "instruments.codebooks",
    "conditional": "analysis.estimands.margins",
    "contrasts": "analysis.estimands.margins",
    "decks": "design.fractional.blocking",
    "diagnose": "design.assigning.diagnosing",
    "diagnostics": "design.assigning.diagnosing",
    "diff": "instruments.review.differing",
    "differences": "analysis.estimands.margins",
    "draft": "instruments.adoption.importing",
    "draw": "design.assigning.assignment",
    "drawing_summary": "instruments.writing.explaining",
    "estimate": "analysis.estimating",
    "fit": "analysis.models.fitting",
    "fraction": "design.fractional.fractions",
    "frequencies": "design.assigning.assignment",
    "imported_codebook": "instruments.adoption.importing",
    "in_language": "instruments.writing.translating",
    "interactions": "analysis.estimands.interactions",
    "item_reliability": "cleaning.scoring",
    "joint_test": "analysis.estimands.joint_tests",
    "labelled_file": "cleaning.outputs.labelled",
    "labelled_files": "cleaning.outputs.labelled",
    "lint": "instruments.review.linting",
    "load": "study.folder",
    "loop_table": "instruments.formats.loops",
    "marginal_means": "analysis.estimands.conjoint",
    "margins": "analysis.estimands.margins",
    "omnibus_test": "analysis.estimands.joint_tests",
    "paired": "analysis.estimands.pairs",
    "proof": "design.proofs.proofing",
    "proof_page": "report.proofs",
    "mechanism_of": "design.assigning.assignment",
    "pairs_bootstrap": "analysis.inference.resampling",
    "precision": "power",
    "preview_page": "instruments.preview.page",
    "profile_amce": "analysis.estimands.choices",
    "profile_means": "analysis.estimands.choices",
    "qsf_text": "instruments.qsf",
    "questionnaire_docx": "report.questionnaire",
    "read_wide_conjoint": "cleaning.outputs.conjoints",
    "read_codebook": "codebook",
    "read_export": "cleaning.responses",
    "read_qsf": "instruments.qsf",
    "rehearse": "instruments.running.rehearsing",
    "reliability": "analysis.estimands.shares",
    "make_report": "study.reporting",
    "randomization_test": "analysis.inference.randomization",
    "simulate": "instruments.fieldwork.fielding",
    "subgroup_differences": "analysis.estimands.subgroups",
    "surveyjs": "instruments.formats.surveyjs",
    "target": "analysis.estimands.targets",
    "unconditional": "analysis.estimands.unconditional",
    "verdicts": "analysis.verdicts",
    "verify": "instruments.verification.verifying",
    "vignettes": "design.assigning.vignettes",
    "widen": "cleaning.outputs.wide",
    "wild_bootstrap": "analysis.inference.resampling",
    "StudyError": "errors",
}
"""Where each public name lives; a module is imported when one of its names is first used."""

_SHOWN = (
    *("amce", "choice_amce", "choice_means", "conditional", "contrasts", "differences", "estimate", "interactions"),
    *("marginal_means", "margins", "profile_amce", "profile_means", "subgroup_differences"),
)
"""Those whose frames print as tables and can be drawn: `report.results.Estimates`."""

__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'vignetta' has no attribute '{name}'")
    found = getattr(import_module(f"vignetta.{_HOME[name]}"), name)
    return import_module("vignetta.report.results").shown(found) if name in _SHOWN else found


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
