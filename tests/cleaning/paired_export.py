"""One small export of two tasks with two profiles, and codebooks of several tasks written by hand."""

from collections.abc import Mapping
from itertools import product

from vignetta.codebook import Category, Codebook, Kind, Role, Variable

Cell = tuple[int, int]

REGIMES = {"d": "democracy", "a": "autocracy", "None": "None"}
SIDES = {"Ally A": 1.0, "Ally B": 2.0}


def variable(
    name: str,
    column: str,
    about: Cell = (0, 0),
    *,
    role: Role = "other",
    kind: Kind = "text",
    levels: Mapping[str, str] | None = None,
    values: Mapping[str, float] | None = None,
) -> Variable:
    """A variable; `levels` by code, or for a number by level its `values`."""
    categories = [Category(code=code, level=level, label=level) for code, level in (levels or {}).items()]
    categories += [Category(code=level, level=level, value=value) for level, value in (values or {}).items()]
    task, profile = about
    return Variable(
        name=name, role=role, kind=kind, column=column, task=task, profile=profile, categories=tuple(categories)
    )


def paired() -> list[Variable]:
    """Two tasks of two profiles: a factor per profile, a choice and a note per task, age and consent once."""
    tasks, profiles = (1, 2), (1, 2)
    return [
        variable("id", "id", role="identifier"),
        variable("age", "age", kind="number"),
        *(
            variable("regime", f"regime_{t}_{p}", (t, p), role="factor", kind="category", levels=REGIMES)
            for t, p in product(tasks, profiles)
        ),
        *(variable("chosen", f"choice_{t}", (t, 0), role="outcome", kind="chosen", values=SIDES) for t in tasks),
        *(variable("note", f"note_{t}", (t, 0)) for t in tasks),
        variable("finished", "finished", kind="flag"),
    ]


PAIRED = Codebook(variables=tuple(paired()))
HEADER = "id,age,regime_1_1,regime_1_2,regime_2_1,regime_2_2,choice_1,choice_2,note_1,note_2,finished"
ROWS = ("x,30,d,a,None,d,Ally B,Ally A,one,,1", "y,,a,,d,d,,Ally B,,NA,0")
