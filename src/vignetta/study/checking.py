"""Everything that is wrong with a study, and what it amounts to, without running any of it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from vignetta.declared import Finding, Tree, dotted, read_tree
from vignetta.design.declaration import Design, design_of
from vignetta.design.proofs.proofing import Remark, proof
from vignetta.design.scored import analysable
from vignetta.errors import Problem, StudyError
from vignetta.exclusions import BIAS, reasons
from vignetta.plan import Plan, measured_after, plan_of
from vignetta.study.folder import CODEBOOK, DESIGN, PLAN, SIMULATION, VERIFICATION, load
from vignetta.study.registration import read_registration
from vignetta.study.stages import inputs_changed, read_manifest, status

if TYPE_CHECKING:
    from vignetta.codebook import Codebook

MOST_CHECKED: Final = 1_000
"""A check proofreads up to this many vignettes, so that it takes less than a second; the page reads more."""


@dataclass(frozen=True)
class Check:
    """What a check found: every problem, and, for the files without any, what they declare and remarks on the texts."""

    problems: tuple[Problem, ...]
    summary: tuple[str, ...]
    remarks: tuple[Remark, ...]


def check(root: Path, *, instrument: bool = True) -> Check:
    """Read every declared file of a study and collect the problems of all of them.

    Where these have none, what the exclusions read is looked up in the codebook, and the built instrument is compared
    with the design, unless `instrument` is False or the design changed since.
    """
    problems: list[Problem] = []

    def tried(step: Callable[[], Any]) -> Any:
        try:
            return step()
        except StudyError as error:
            problems.extend(error.problems)
            return None

    tree: Tree | None = tried(lambda: read_tree(root / DESIGN, shown=DESIGN))
    design: Design | None = tried(lambda: design_of(tree)) if tree else None
    if tree and design:
        problems += [tree.problem(each) for each in (*_infeasible(design), *_unbuildable(design))]
    planned: Tree | None = tried(lambda: read_tree(root / PLAN, shown=PLAN))
    plan: Plan | None = tried(lambda: plan_of(planned, design)) if planned else None
    if design is not None and (root / SIMULATION).is_file():
        tried(lambda: _simulation(root, design))
    tried(lambda: read_registration(root))
    lines = [_design_line(design)] if design else []
    lines += [_plan_line(plan)] if plan else []
    lines += _biasing(plan, design) if plan and design else []
    if design and planned and plan and not problems:
        problems += [planned.problem(each) for each in tried(lambda: _unreadable(root, design, plan)) or ()]
    if design is not None and instrument and not problems:
        found, line = _verified(root, design)
        problems += found
        lines += line
    return Check(tuple(problems), tuple(lines), _remarks(tree, design) if tree and design else ())


def _infeasible(design: Design) -> list[Finding]:
    """What the design asks for and no assignment can give; nothing is computed where nothing can be in the way."""
    if not (design.decks or design.exact or any(each.across for each in design.restrictions)):
        return []
    from vignetta.design.assigning.feasibility import feasibility_findings

    return list(feasibility_findings(design))


def _unbuildable(design: Design) -> list[Finding]:
    """Why Qualtrics could not draw the design; nothing is computed where no weight or restriction can be in the way."""
    if design.in_hand or design.independent:
        return []
    from vignetta.instruments.writing.building import build_problems

    return [((each.where,), each.what, each.remedy) for each in build_problems(design)]


def _unreadable(root: Path, design: Design, plan: Plan) -> list[Finding]:
    """Exclusions that would find nothing to read, or nothing that they can compare, when the export is cleaned."""
    from vignetta.cleaning.excluding.needs import unreadable

    found = unreadable(plan.exclusions, _codebook(root, design)) if plan.exclusions else ()
    return [(("exclusions", number), what, remedy) for number, what, remedy in found]


def _codebook(root: Path, design: Design) -> "Codebook":
    """The study's codebook as it is, or, where it is yet to be made, as it will be."""
    if (root / CODEBOOK).is_file() and not inputs_changed(root, "build"):
        return load(root).codebook
    from vignetta.instruments.codebooks import codebook_of_design

    return codebook_of_design(design)


def _verified(root: Path, design: Design) -> tuple[list[Problem], list[str]]:
    """How the built instrument deviates from the design, or a line that says that it does not."""
    study = load(root)
    if design.in_hand or not (root / study.instrument_file).is_file():
        return [], []
    changed = inputs_changed(root, "build")
    if changed:
        why = f"{', '.join(changed)} changed since it was built"
        return [], [f"{study.instrument_file}: not compared with the design: {why}. Run `vignetta build`."]
    as_declared = f"{study.instrument_file}: as declared."
    if filed := _filed(root):
        return [], [f"{as_declared} {filed}"]
    from vignetta.instruments.verification.verifying import verify

    found = verify(study.instrument, design)
    where = (replace(each, where=f"{study.instrument_file} {each.where}") for each in found.deviations)
    return list(where), [f"{as_declared} {found.compared[0]}"] if found else []


def _filed(root: Path) -> str:
    """What was compared when the instrument was built, if nothing deviated and no file was touched since."""
    file = root / VERIFICATION
    if status(root, "build").state != "fresh" or VERIFICATION not in read_manifest(root, "build")["written"]:
        return ""
    _, compared, *_, deviations = file.read_text("utf-8").splitlines()
    return compared.removeprefix("- ") if deviations == "- none" else ""


def _remarks(tree: Tree, design: Design) -> tuple[Remark, ...]:
    """The proofs of the design, each with the line of its text in the file."""
    lines = {dotted(where): line for where, line in tree.lines.items()}
    found = [(each, lines.get(each.where.split(" with ")[0])) for each in proof(design, most=MOST_CHECKED)]
    return tuple(replace(each, where=f"{DESIGN}:{line} {each.where}" if line else each.where) for each, line in found)


def _biasing(plan: Plan, design: Design) -> list[str]:
    """The exclusions that use what was measured after the vignette."""
    after = measured_after(design)
    named = zip(reasons(plan.exclusions), plan.exclusions, strict=True)
    past = [reason for reason, each in named if each.looks_past_treatment(each.reads, after)]
    return [f"warning: the exclusion `{each}` {BIAS}" for each in past]


def _simulation(root: Path, design: Design) -> None:
    from vignetta.instruments.fieldwork.simulation import simulation_of

    simulation_of(read_tree(root / SIMULATION, shown=SIMULATION), design)


def _design_line(design: Design) -> str:
    factors = " × ".join(f"{name} {len(factor.levels)}" for name, factor in design.factors.items())
    total = f"{prod(len(factor.levels) for factor in design.factors.values()):,}"
    if design.restrictions:
        total += f" combinations, {_n_allowed(design):,} of them allowed as"
    layout = [f"{design.sample_size:,} respondents"]
    layout += [f"{each} {what}" for each, what in ((design.tasks, "tasks"), (design.profiles, "profiles")) if each > 1]
    outcomes = ", ".join(analysable(design))
    return f"{design.name}: {factors} = {total} vignettes, {' × '.join(layout)}, outcomes {outcomes}"


def _n_allowed(design: Design) -> int:
    from vignetta.design.assigning.universe import universe_of

    return len(universe_of(design))


def _plan_line(plan: Plan) -> str:
    hypotheses = ", ".join(plan.hypotheses) or "none"
    counts = (
        f"{len(each)} {noun}" + "s" * (len(each) != 1)
        for noun, each in (("model", plan.models), ("estimand", plan.estimands))
    )
    return f"plan: hypotheses {hypotheses}; {', '.join(counts)}"
