"""The report of a study: what its stages left, brought together."""

import platform
from collections.abc import Mapping
from importlib.metadata import version
from typing import Final

import vignetta
from vignetta.analysis.verdicts import verdicts
from vignetta.report.inputs import RegistrationStatus, ReportInput
from vignetta.report.page import Report, report
from vignetta.study.folder import DESIGN, PLAN, Study

LIBRARIES: Final = ("numpy", "pandas", "scipy", "formulaic", "matplotlib")


def make_report(study: Study) -> Report:
    """The report of a study whose responses are clean and whose estimates are made.

    Raises `StudyError` when one of its files is missing.
    """
    design, plan, estimates = study.design, study.plan, study.estimates
    given = ReportInput(
        design=design,
        plan=plan,
        estimates=estimates,
        ledger=study.ledger,
        arms=study.arms,
        verdicts=verdicts(estimates, plan),
        synthetic=study.synthetic,
        registration=_registration(study),
        versions=versions(),
        files=dict(sorted(study.read.items())),
    )
    return report(given)


def _registration(study: Study) -> RegistrationStatus:
    made = study.registration
    changes = made.changes(study.tree(DESIGN).data, study.tree(PLAN).data) if made else []
    told = tuple(str(each) for each in changes)
    return RegistrationStatus(bool(made), told, made.data_present, len(made.amended))


def versions() -> Mapping[str, str]:
    """The programs that the numbers come from."""
    libraries = {name: version(name) for name in LIBRARIES}
    return {"vignetta": vignetta.__version__, "Python": platform.python_version(), **libraries}
