"""What a report is made from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, get_args

from vignetta.design.declaration import Design
from vignetta.errors import Problem, StudyError, near_miss
from vignetta.frames import ARMS, ESTIMATES, LEDGER, Columns
from vignetta.plan import EstimandKind, Plan

if TYPE_CHECKING:
    import pandas as pd

    from vignetta.analysis.verdicts import Verdict

SIMULATED: Final = (
    "every response was generated from a stated model; no person answered. The numbers show how the analysis works "
    "and say nothing about what anybody thinks."
)


@dataclass(frozen=True)
class RegistrationStatus:
    """Whether design, plan and exclusions were locked, and what changed since.

    Attributes
    ----------
    locked : whether anything was registered.
    changes : one text for each place that differs from what was registered.
    data_present : files of real data that were there when it was registered.
    amendments : how many earlier registrations this one replaced.
    """

    locked: bool = False
    changes: tuple[str, ...] = ()
    data_present: tuple[str, ...] = ()
    amendments: int = 0


@dataclass(frozen=True, eq=False)
class ReportInput:
    """Everything on the page.

    Attributes
    ----------
    design, plan : as declared.
    estimates : the estimates frame, `frames.ESTIMATES`.
    ledger : the account of every raw row, `frames.LEDGER`.
    arms : what became of the responses of each level, `frames.ARMS`.
    verdicts : one for each hypothesis of the plan, as `analysis.verdicts.verdicts` judges.
    synthetic : whether the responses are simulated.
    registration : whether the plan was locked.
    versions : names of programs with their versions.
    files : paths with the SHA-256 of their contents.
    """

    design: Design
    plan: Plan
    estimates: "pd.DataFrame"
    ledger: "pd.DataFrame"
    arms: "pd.DataFrame"
    verdicts: "Sequence[Verdict]"
    synthetic: bool
    registration: RegistrationStatus = RegistrationStatus()
    versions: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        problems = [*_absent("estimates", self.estimates, ESTIMATES), *_absent("ledger", self.ledger, LEDGER)]
        problems += _absent("arms", self.arms, ARMS)
        problems += [*self._verdict_problems(), *self._estimand_problems()]
        problems += [] if problems else self._standing_problems()
        if problems:
            raise StudyError(problems)

    def _verdict_problems(self) -> list[Problem]:
        judged, declared = [each.hypothesis for each in self.verdicts], list(self.plan.hypotheses)
        if judged == declared:
            return []
        what = f"verdicts on {', '.join(judged) or 'nothing'} where the plan declares {', '.join(declared) or 'none'}."
        return [Problem("verdicts", what, "Judge the hypotheses of this plan.")]

    def _standing_problems(self) -> list[Problem]:
        """Where the estimates disagree with the registration, or with the ledger."""
        problems = []
        if not self.registration.locked and (self.estimates["registered"] == "registered").any():
            what = "rows are called registered, but nothing was registered."
            problems.append(Problem("estimates", what, "Run `vignetta estimate` again."))
        most = int(self.estimates["n"].max()) if len(self.estimates) else 0
        analysed = int((self.ledger["state"] == "analysed").sum())
        if most > analysed * self.design.responses:
            each = f" with {self.design.responses} responses each" if self.design.responses > 1 else ""
            held = f"{analysed} that are analysed{each}"
            what = f"{most} responses stand behind an estimate, but the ledger has {held}."
            problems.append(Problem("estimates", what, "Run `vignetta clean` and `vignetta estimate` again."))
        return problems

    def _estimand_problems(self) -> list[Problem]:
        known = get_args(EstimandKind)
        found = dict.fromkeys(self.estimates.get("estimand", ()))
        return [
            Problem("estimates", f"the report has no words for the estimand `{each}`.", near_miss(each, known))
            for each in found
            if each not in known
        ]


def _absent(name: str, table: "pd.DataFrame", columns: Columns) -> list[Problem]:
    missing = [each for each in columns if each not in table.columns]
    if not missing:
        return []
    listed = ", ".join(f"`{each}`" for each in missing)
    return [Problem(name, f"the frame lacks {listed}.", "Use the frame as it was made.")]
