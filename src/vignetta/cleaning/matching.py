"""Which column of the export holds which variable of the codebook."""

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Final

import pandas as pd

from vignetta.cleaning.categories import words
from vignetta.cleaning.formats.raw_exports import RawExport, normal_import_id, respelled
from vignetta.codebook import RECORD, Codebook, Role, Variable
from vignetta.errors import Problem, StudyError, some
from vignetta.frames import EXPORT_COLUMNS, frame

_ALWAYS: Final[tuple[Role, ...]] = ("factor", "outcome")
_LABEL: Final = 40
"""Legacy exports cut long question texts."""
_CLOSE: Final = 0.8
"""How alike a column's name must be to be guessed."""
_RENAMED: Final = {
    "ResponseID": "ResponseId",
    "ExternalDataReference": "ExternalReference",
    "EmailAddress": "RecipientEmail",
}
"""Names of the first columns in legacy exports, and their present names."""
_OLD_ORDER: Final = re.compile(r"^DO-(?:BR|BL|Q)-(.+)$")
_PANEL: Final = (
    "Name LocationAccuracy PROLIFIC_PID prolific_id ProlificID workerId worker_id WorkerId MTurkCode "
    "participantId CloudResearchParticipantId"
)
_KNOWN_PERSONAL: Final = frozenset(
    [*_PANEL.split(), *(name for each in RECORD if each.role == "personal" for name in (each.import_id, each.column))]
)

_PERSONAL: Final = frozenset(each.replace("_", "").casefold() for each in _KNOWN_PERSONAL - {"Name"})
"""The same without signs and capitals, as other programs write them: `ip_address`, `IP.Address`."""


@dataclass(frozen=True, eq=False)
class Matching:
    """Which columns hold which variable.

    Attributes
    ----------
    positions : for each variable that the export has, by its full name, the numbers of its columns from 0; several for
        a `multiple` variable that was exported split, one column per category.
    splits : for each variable that was exported split, the code of the category of each of its columns.
    columns : the account of every column, `frames.EXPORT_COLUMNS`.
    notes : doubtful matches, as sentences.
    """

    positions: Mapping[str, tuple[int, ...]]
    splits: Mapping[str, tuple[str, ...]]
    columns: pd.DataFrame
    notes: tuple[str, ...]


@dataclass
class _Found:
    """Matches so far; in `doubtful`, the columns that compete for a variable."""

    raw: RawExport
    positions: dict[str, tuple[int, ...]] = field(default_factory=dict)
    splits: dict[str, tuple[str, ...]] = field(default_factory=dict)
    doubtful: dict[str, tuple[int, ...]] = field(default_factory=dict)
    renumbered: list[str] = field(default_factory=list)
    spelled: dict[str, list[str]] = field(default_factory=dict)

    def take(self, variable: Variable, at: Sequence[int], *, shared: bool) -> None:
        """Match a variable with the columns of its name, unless they differ or another variable has the name too."""
        if shared or not _equal(self.raw, at):
            self.doubtful[variable.full_name] = tuple(at)
        else:
            self.positions[variable.full_name] = (at[0],)

    def take_split(self, variable: Variable, at: Sequence[int]) -> None:
        """Match a variable with one column per category, unless the columns do not tell their categories apart."""
        codes = [_category_code(self.raw, variable, each) for each in at]
        known = [each for each in codes if each is not None]
        if len(set(known)) < len(codes) or ("0" in known and self._has_zeros(at[codes.index("0")])):
            self.doubtful[variable.full_name] = tuple(at)
        else:
            self.positions[variable.full_name], self.splits[variable.full_name] = tuple(at), tuple(known)

    def _has_zeros(self, position: int) -> bool:
        """Whether a column holds 0, which says that its category was not chosen, unless 0 is its code."""
        return bool((self.raw.cells[position].str.strip() == "0").any())


def match(raw: RawExport, codebook: Codebook, *, needed: Collection[str] = ()) -> Matching:
    """Find each variable's column, by ImportId first and then by name.

    Parameters
    ----------
    raw : the export.
    codebook : its variables.
    needed : names of variables without which an exclusion cannot be applied.

    Raises
    ------
    StudyError
        When a factor, an outcome or a needed variable has no column, or when several columns could be it.
    """
    found = _Found(raw)
    _by_import_id(found, codebook.variables)
    _by_name(found, [each for each in codebook.variables if each.full_name not in found.positions])
    for how, spelling in _spellings(raw).items():
        before = set(found.positions)
        _by_name(found, [each for each in codebook.variables if each.full_name not in before], spelling)
        found.spelled[how] = [each for each in found.positions if each not in before]
    absent = [each for each in codebook.variables if each.full_name not in found.positions]
    lacking = [each for each in absent if each.role in _ALWAYS or each.full_name in needed]
    if lacking:
        problems = (_problem(raw, each, found.doubtful.get(each.full_name, ())) for each in lacking)
        raise StudyError([*_another_survey(raw, codebook, absent), *problems])
    if not found.positions and not found.doubtful and codebook.variables:
        raise StudyError(_another_survey(raw, codebook, absent))
    columns = _account(raw, codebook, found.positions, absent)
    return Matching(found.positions, found.splits, columns, tuple(_notes(found, codebook.variables)))


def _another_survey(raw: RawExport, codebook: Codebook, absent: Sequence[Variable]) -> Iterator[Problem]:
    """Told where the export has fewer than half of the study's own columns."""
    record = {each.name for each in RECORD}
    own = [each for each in codebook.variables if each.name not in record] or list(codebook.variables)
    there = len(own) - sum(each in own for each in absent)
    if there < len(own) / 2:
        what = f"the export has {there} of the {len(own)} columns that the codebook names."
        remedy = "It is another survey's, or of another version, or its header rows are missing: export it again."
        yield Problem(raw.shown, what, remedy)


def _problem(raw: RawExport, variable: Variable, candidates: Sequence[int]) -> Problem:
    if candidates:
        what = f"several columns could be it: {', '.join(str(each + 1) for each in candidates)}."
        remedy = "Export with all three header rows, or make the names differ."
        return Problem(f"{raw.shown} {variable.full_name}", what, remedy)
    what = f"the {variable.role} `{variable.full_name}` has no column: none {_sought(variable)}."
    folded = {each.casefold(): each for each in raw.names}
    close = get_close_matches(_column(variable).casefold(), folded, n=1, cutoff=_CLOSE)
    guess = f"Is it `{folded[close[0]]}`? " if close else ""
    if close and folded[close[0]] == _column(variable):
        there = raw.import_ids[raw.names.index(_column(variable))]
        guess = f"The column `{_column(variable)}` has another ImportId, `{there}`: is it another survey's? "
    return Problem(raw.shown, what, f"{guess}{_remedy(variable)}")


def _remedy(variable: Variable) -> str:
    if variable.import_id:
        return "Export all fields, or correct `import_id` and `column` in the codebook."
    return "Export all fields, or correct `column`: for data in hand in study.yaml, else in the codebook."


def _sought(variable: Variable) -> str:
    """By what a variable's column would be known."""
    import_id, name = variable.import_id, variable.column
    if import_id and name and import_id != name:
        return f"has the ImportId `{import_id}` or the name `{name}`"
    return f"is called `{name or import_id}`"


def _notes(found: _Found, variables: Sequence[Variable]) -> Iterator[str]:
    doubtful = [each for each in found.doubtful if each not in found.positions]
    if doubtful:
        yield f"Nothing says for certain which columns hold {some(doubtful)}; they were left out."
    if crossed := [*_crossed(found, variables)]:
        yield f"Matched by ImportId although the column has another variable's name: {some(crossed)}."
    if found.renumbered:
        yield f"Matched by the column's name although the ImportId differs: {some(found.renumbered)}."
    for how, names in found.spelled.items():
        if how and names:
            yield f"Matched by the column's name {how}: {some(names)}."


def _crossed(found: _Found, variables: Sequence[Variable]) -> Iterator[str]:
    """Variables whose column was found by its ImportId and bears the name of another variable alone."""
    raw, owners = found.raw, {name: each for each in variables if (name := _column(each))}
    for each in variables:
        at = found.positions.get(each.full_name, ())
        name = raw.names[at[0]] if len(at) == 1 and raw.import_ids[at[0]] else ""
        if name != _column(each) and name in owners and raw.names.count(name) == 1:
            yield each.full_name


def _equal(raw: RawExport, positions: Sequence[int]) -> bool:
    first = raw.cells[positions[0]]
    return all(first.equals(raw.cells[each]) for each in positions[1:])


# ------------------------------------------------------------------------------------------------ by ImportId


def _by_import_id(found: _Found, variables: Sequence[Variable]) -> None:
    places: dict[str, list[int]] = {}
    for position, there in enumerate(found.raw.import_ids):
        if there and position not in found.raw.beside:
            places.setdefault(there, []).append(position)
    owners = Counter(normal_import_id(each.import_id) for each in variables)
    for each in variables:
        import_id = normal_import_id(each.import_id)
        if import_id in places:
            found.take(each, places[import_id], shared=owners[import_id] > 1)
        elif split := _numbered(import_id, each, places):
            found.take_split(each, split)


def _numbered(name: str, variable: Variable, places: Mapping[str, list[int]]) -> list[int]:
    """Columns whose names are that of a variable of several columns and a number or a code, or of an arm."""
    if name and is_order(variable):
        arms = order_codes(variable)
        return [position for there, at in places.items() if _after(there, name) in arms for position in at]
    if variable.kind != "multiple" or not name:
        return []
    codes = "|".join(re.escape(each.code) for each in variable.categories)
    pattern = re.compile(rf"{re.escape(name)}_(?:-?\d+|{codes})")
    return [position for there, at in places.items() if pattern.fullmatch(there) for position in at]


def _category_code(raw: RawExport, variable: Variable, position: int) -> str | None:
    """The code of the category to which a column belongs.

    Its question text ends in the category's words; otherwise its name ends in the code, except in legacy exports,
    which number the choices in another way.
    """
    if is_order(variable):
        ends = (squeezed(each.partition("_DO_")[2]) for each in (raw.import_ids[position], raw.names[position]))
        return next((order_codes(variable)[each] for each in ends if each in order_codes(variable)), None)
    text = words(raw.texts[position])
    named = [each for each in variable.categories if each.label and _ends_in(text, words(each.label))]
    if named:
        return max(named, key=lambda each: len(each.label)).code
    suffix = raw.names[position].rpartition("_")[2]
    return suffix if suffix in [each.code for each in variable.categories] and not raw.legacy else None


def is_order(variable: Variable) -> bool:
    """Whether a variable is what Qualtrics exports as viewing order: which parts of the survey were shown, and when.

    >>> is_order(Variable(name="arm", role="factor", kind="text", column="FL_3_DO"))
    True
    """
    return (variable.import_id or variable.column).endswith("_DO")


def order_codes(variable: Variable) -> dict[str, str]:
    """The code of each part by how an export of viewing orders calls it: by its code, or its words without blanks."""
    return {squeezed(each): one.code for one in variable.categories for each in (one.label, one.code) if each}


def squeezed(text: str) -> str:
    """A text without blanks, signs and capitals.

    >>> squeezed("Told of costs!")
    'toldofcosts'
    """
    return re.sub(r"[\W_]", "", text).casefold()


def _after(there: str, name: str) -> str:
    return squeezed(there.removeprefix(f"{name}_")) if there.startswith(f"{name}_") else ""


def _ends_in(text: str, label: str) -> bool:
    return text.endswith(label) and text.removesuffix(label).rstrip().endswith("-")


# ------------------------------------------------------------------------------------------------ by name


def _by_name(found: _Found, variables: Sequence[Variable], spelling: Callable[[str], str] = str) -> None:
    """Match by name, as a spelling writes it, among the columns that no ImportId gave away."""
    used = {position for each in found.positions.values() for position in each} | {*found.raw.beside}
    places: dict[str, list[int]] = {}
    for position, name in enumerate(found.raw.names):
        if name and position not in used:
            places.setdefault(spelling(_present(name)), []).append(position)
    owners = Counter(spelling(_column(each)) for each in variables)
    for each in variables:
        name = spelling(_column(each))
        if name in places:
            found.take(each, places[name], shared=owners[name] > 1 or _of_another_row(found.raw, each, places[name][0]))
            if each.full_name in found.positions and _has_another_id(found.raw, each, places[name][0]):
                found.renumbered.append(each.full_name)
        elif split := _numbered(name, each, places):
            found.take_split(each, split)


def named_by_r(name: str) -> str:
    """A name as R's `read.csv` writes it, with points for all other signs.

    >>> named_by_r("Duration (in seconds)"), named_by_r("2_Q5"), named_by_r("F-1-1")
    ('Duration..in.seconds.', 'X2_Q5', 'F.1.1')
    """
    spelled = re.sub(r"[^\w.]", ".", name)
    return spelled if re.match(r"[^\W\d_]|\.(?!\d)", spelled) else f"X{spelled}"


def _spellings(raw: RawExport) -> Mapping[str, Callable[[str], str]]:
    """How another format or program wrote all names, and its spelling of them; formats that always do are not told."""
    if raw.respelled:
        return {"": respelled}
    if not raw.separator or any(raw.import_ids):
        return {}
    spellings: dict[str, Callable[[str], str]] = {"as R writes it": named_by_r, "in small letters": str.lower}
    return {how: each for how, each in spellings.items() if all(name in ("", each(name)) for name in raw.names)}


def _column(variable: Variable) -> str:
    return _present(variable.column or variable.import_id)


def _present(name: str) -> str:
    """The present name of a column: viewing orders were called `DO-BR-FL_3` and `DO-Q-Q5`."""
    return _RENAMED.get(name) or _OLD_ORDER.sub(r"\1_DO", name)


def _has_another_id(raw: RawExport, variable: Variable, position: int) -> bool:
    there = raw.import_ids[position]
    return bool(there and variable.import_id) and there != normal_import_id(variable.import_id)


def _of_another_row(raw: RawExport, variable: Variable, position: int) -> bool:
    """Whether a legacy export shows other words for a numbered part of a question than the codebook does."""
    if not raw.legacy or variable.label in ("", variable.question) or not re.search(r"_\d+$", raw.names[position]):
        return False
    return words(variable.label)[:_LABEL] not in words(raw.texts[position])


# ------------------------------------------------------------------------------------------------ the account


def _account(
    raw: RawExport, codebook: Codebook, positions: Mapping[str, tuple[int, ...]], absent: Sequence[Variable]
) -> pd.DataFrame:
    owner = {position: each for each in codebook.variables for position in positions.get(each.full_name, ())}
    owner |= {labels: owner[codes] for labels, codes in raw.beside.items() if codes in owner}
    rows = [_row(raw, position, owner.get(position)) for position in range(len(raw.names))]
    rows += [
        {"column": each.column, "import_id": each.import_id, "variable": each.full_name, "status": "absent"}
        for each in absent
    ]
    return frame(rows, EXPORT_COLUMNS)


def _row(raw: RawExport, position: int, variable: Variable | None) -> dict[str, object]:
    name, import_id = raw.names[position], raw.import_ids[position]
    if variable is None:
        status = "personal" if is_personal(name, import_id) else "listed"
    else:
        status = "personal" if variable.role == "personal" else "matched"
    return {
        "position": position + 1,
        "column": name,
        "import_id": import_id,
        "variable": variable.full_name if variable else "",
        "status": status,
    }


def is_personal(name: str, import_id: str) -> bool:
    """Whether a column is known to identify somebody."""
    return not _KNOWN_PERSONAL.isdisjoint((name, _RENAMED.get(name, name), import_id)) or squeezed(name) in _PERSONAL
