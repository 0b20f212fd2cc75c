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
    "amce": "analysis.conjoint",
    "build": "instruments.building",
    "choice_amce": "analysis.choices",
    "choice_means": "analysis.choices",
    "codebook_csv": "codebook",
    "codebook_files": "report.documenting",
    "codebook_of_design": "instruments.codebooks",
    "codebook_of_survey": "instruments.codebooks",
    "conditional": "analysis.margins",
    "contrasts": "analysis.margins",
    "decks": "design.blocking",
    "diagnose": "design.diagnosing",
    "diagnostics": "design.diagnosing",
    "diff": "instruments.differing",
    "differences": "analysis.margins",
    "draft": "instruments.importing",
    "draw": "design.assignment",
    "drawing_summary": "instruments.explaining",
    "estimate": "analysis.estimating",
    "fit": "analysis.fitting",
    "fraction": "design.fractions",
    "frequencies": "design.assignment",
    "imported_codebook": "instruments.importing",
    "in_language": "instruments.translating",
    "item_reliability": "cleaning.scoring",
    "joint_test": "analysis.joint_tests",
    "labelled_file": "cleaning.labelled",
    "labelled_files": "cleaning.labelled",
    "lint": "instruments.linting",
    "load": "study.folder",
    "marginal_means": "analysis.conjoint",
    "margins": "analysis.margins",
    "omnibus_test": "analysis.joint_tests",
    "paired": "analysis.pairs",
    "proof": "design.proofing",
    "proof_page": "report.proofs",
    "mechanism_of": "design.assignment",
    "pairs_bootstrap": "analysis.resampling",
    "precision": "power",
    "profile_amce": "analysis.choices",
    "profile_means": "analysis.choices",
    "qsf_text": "instruments.qsf",
    "read_wide_conjoint": "cleaning.conjoints",
    "read_codebook": "codebook",
    "read_export": "cleaning.responses",
    "read_qsf": "instruments.qsf",
    "reliability": "analysis.shares",
    "make_report": "study.reporting",
    "randomization_test": "analysis.randomization",
    "simulate": "instruments.fielding",
    "subgroup_differences": "analysis.subgroups",
    "target": "analysis.targets",
    "unconditional": "analysis.unconditional",
    "verdicts": "analysis.verdicts",
    "vignettes": "design.vignettes",
    "widen": "cleaning.wide",
    "wild_bootstrap": "analysis.resampling",
    "StudyError": "errors",
}
"""Where each public name lives; a module is imported when one of its names is first used."""

_SHOWN = (
    *(
        "amce",
        "choice_amce",
        "choice_means",
        "conditional",
        "contrasts",
        "differences",
        "estimate",
        "marginal_means",
        "margins",
    ),
    *("profile_amce", "profile_means", "subgroup_differences"),
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
