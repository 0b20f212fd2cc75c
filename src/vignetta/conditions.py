"""Conditions on a row, as people write them: `age < 18`, `party in ("democrat", "republican") and not missing(age)`.

A condition is read, never run: names, numbers, texts in quotation marks, comparisons, `and`, `or`, `not`, `missing()`.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import and_, eq, ge, gt, le, lt, ne, or_
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Flags = npt.NDArray[np.bool_]

Fault = tuple[str, str]
"""What is wrong, and the remedy."""

Value = float | str
Comparison = tuple[str, Value, bool]
"""A variable, a value with which it is compared, and whether by order."""
Reader = Callable[[str, Value | None], tuple[Any, Any]]
"""Gives for a variable, and a value with which it is compared, both in a form in which they compare: (rows,) numbers,
times or an array of objects, and the value. Missing is NaN, NaT, or None among objects."""

LONGEST: Final = 1_000
MISSING: Final = "missing"
_TRUTH: Final = {"true": "true", "false": "false"}
_ORDER: Final[Mapping[type[ast.cmpop], Callable[[Any, Any], Any]]] = {
    ast.Eq: eq, ast.NotEq: ne, ast.Lt: lt, ast.LtE: le, ast.Gt: gt, ast.GtE: ge,
}  # fmt: skip
_EXAMPLE: Final = 'Write it as `age < 18`, `party == "democrat"`, `party in ("a", "b")` or `missing(age)`.'


@dataclass(frozen=True, eq=False)
class Truth:
    """Where a condition holds, and where it does not; in a row with neither, what it asks for is missing."""

    holds: Flags
    fails: Flags


def condition_faults(written: str) -> list[Fault]:
    """What cannot be read in a condition; none when all can.

    >>> condition_faults("age < 18")
    []
    >>> condition_faults("age = 18")[0][0]
    '`age = 18` is not a condition.'
    """
    tree = _tree(written)
    if tree is None:
        return [(f"`{written}` is not a condition.", _EXAMPLE)]
    found = list(dict.fromkeys(_node_faults(tree)))
    return found if found or condition_names(written) else [("the condition names no variable.", _EXAMPLE)]


def condition_names(written: str) -> list[str]:
    """The variables that a condition reads, in order.

    >>> condition_names("age < 18 or missing(party)")
    ['age', 'party']
    """
    tree = _tree(written)
    return [] if tree is None else _names_in(tree)


def condition_values(written: str) -> list[Comparison]:
    """What each variable is compared with.

    >>> condition_values('age < 18 and party in ("democrat", "other")')
    [('age', 18.0, True), ('party', 'democrat', False), ('party', 'other', False)]
    """
    tree = _tree(written)
    comparisons = [each for each in ast.walk(tree) if isinstance(each, ast.Compare)] if tree is not None else []
    return [one for each in comparisons for pair in _pairs(each) for one in _listed(*pair)]


def _listed(left: ast.expr, sign: ast.cmpop, right: ast.expr) -> Iterator[Comparison]:
    (name,) = _names_in(left) or _names_in(right)
    by_order = not isinstance(sign, ast.Eq | ast.NotEq | ast.In | ast.NotIn)
    for each in right.elts if isinstance(right, ast.Tuple | ast.List) else (left, right):
        value = _value(each)
        if value is not None:
            yield name, value, by_order


def evaluate(written: str, reader: Reader) -> Truth:
    """Where a condition without faults holds."""
    tree = _tree(written)
    if tree is None or condition_faults(written):
        raise ValueError(f"`{written}` is not a condition")
    return _truth(tree, reader)


def _names_in(node: ast.expr) -> list[str]:
    written = sorted((each.col_offset, each.id) for each in ast.walk(node) if isinstance(each, ast.Name))
    found = [name for _, name in written]
    return [each for each in dict.fromkeys(found) if each not in (MISSING, *_TRUTH)]


def _tree(written: str) -> ast.expr | None:
    if len(written) > LONGEST:
        return None
    try:
        return ast.parse(" ".join(written.split()), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


# ------------------------------------------------------------------------------------------------ what can be read


def _node_faults(node: ast.expr) -> Iterator[Fault]:
    """What is none of: `and`, `or` and `not` of conditions; comparisons; `missing()`."""
    if isinstance(node, ast.BoolOp):
        for each in node.values:
            yield from _node_faults(each)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield from _node_faults(node.operand)
    elif isinstance(node, ast.Compare):
        for left, sign, right in _pairs(node):
            yield from _comparison_faults(left, sign, right)
    elif not _asks_missing(node):
        remedy = "Write `and`, `or`, `not`." if isinstance(node, ast.BinOp) else _EXAMPLE
        yield f"`{ast.unparse(node)}` is no comparison.", remedy


def _comparison_faults(left: ast.expr, sign: ast.cmpop, right: ast.expr) -> Iterator[Fault]:
    written = f"{ast.unparse(left)} … {ast.unparse(right)}"
    if isinstance(sign, ast.In | ast.NotIn):
        listed = isinstance(right, ast.Tuple | ast.List) and right.elts and all(map(_is_value, right.elts))
        if not (_is_variable(left) and listed):
            yield f"`{written}` is no variable in a list of values.", 'Write `party in ("democrat", "republican")`.'
    elif type(sign) not in _ORDER:
        yield f"`{written}` is compared in a way that is not known.", _EXAMPLE
    elif _is_variable(left) == _is_variable(right) or not (_is_value(left) or _is_value(right)):
        yield f"`{written}` does not compare a variable with a value.", "Put a level between quotation marks."


def _pairs(node: ast.Compare) -> Iterator[tuple[ast.expr, ast.cmpop, ast.expr]]:
    yield from zip([node.left, *node.comparators[:-1]], node.ops, node.comparators, strict=True)


def _is_variable(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id not in _TRUTH


def _is_value(node: ast.expr) -> bool:
    return _value(node) is not None


def _value(node: ast.expr) -> Value | None:
    """The number or text that stands there; None where neither does."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        inner = _value(node.operand)
        return -inner if isinstance(inner, float) else None
    if isinstance(node, ast.Name):
        return _TRUTH.get(node.id)
    given = node.value if isinstance(node, ast.Constant) else None
    if isinstance(given, bool | str):
        return str(given).lower() if isinstance(given, bool) else given
    return float(given) if isinstance(given, int | float) else None


def _asks_missing(node: ast.expr) -> bool:
    called = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == MISSING
    return called and len(node.args) == 1 and not node.keywords and _is_variable(node.args[0])  # type: ignore[attr-defined]


# ------------------------------------------------------------------------------------------------ where it holds


def _truth(node: ast.expr, reader: Reader) -> Truth:
    if isinstance(node, ast.UnaryOp):
        inner = _truth(node.operand, reader)
        return Truth(inner.fails, inner.holds)
    if isinstance(node, ast.BoolOp):
        return _joined([_truth(each, reader) for each in node.values], all_of=isinstance(node.op, ast.And))
    if isinstance(node, ast.Compare):
        return _joined([_compare(*each, reader) for each in _pairs(node)], all_of=True)
    (name,) = _names_in(node)
    gone = _is_missing(reader(name, None)[0])
    return Truth(gone, ~gone)


def _joined(parts: Sequence[Truth], *, all_of: bool) -> Truth:
    """Kleene's logic: what is missing decides nothing unless the rest already does."""
    hold, fail = (and_, or_) if all_of else (or_, and_)
    holds, fails = parts[0].holds, parts[0].fails
    for each in parts[1:]:
        holds, fails = hold(holds, each.holds), fail(fails, each.fails)
    return Truth(holds, fails)


def _compare(left: ast.expr, sign: ast.cmpop, right: ast.expr, reader: Reader) -> Truth:
    (name,) = _names_in(left) or _names_in(right)
    if isinstance(right, ast.Tuple | ast.List):
        among = _joined([_compared(reader(name, _value(each)), eq) for each in right.elts], all_of=False)
        return among if isinstance(sign, ast.In) else Truth(among.fails, among.holds)
    order = _ORDER[type(sign)]
    if _is_variable(right):
        return _compared(reader(name, _value(left)), lambda values, value: order(value, values))
    return _compared(reader(name, _value(right)), order)


def _compared(pair: tuple[Any, Any], order: Callable[[Any, Any], Any]) -> Truth:
    import numpy as np

    values, value = pair
    there = ~_is_missing(values)
    met = np.zeros(len(values), dtype=bool)
    met[there] = order(values[there], value)
    return Truth(met, there & ~met)


def _is_missing(values: Any) -> Flags:
    import numpy as np

    return np.asarray([each is None for each in values] if values.dtype == object else np.isnan(values), dtype=bool)
