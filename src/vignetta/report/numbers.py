"""How numbers are written: rounded, with a minus sign and thin claims about small p-values."""

import math

MINUS = "\u2212"
SMALLEST_P = 0.001
NONE = "–"


def number(value: float, digits: int = 2) -> str:
    """A number with a fixed count of decimals; a dash when it is missing.

    >>> number(-0.004), number(-1.5, 3)
    ('0.00', '−1.500')
    """
    if math.isnan(value):
        return NONE
    text = f"{value:,.{digits}f}"
    return text.replace("-", "" if float(text.replace(",", "")) == 0 else MINUS)


def interval(low: float, high: float, digits: int = 2) -> str:
    """The bounds of an interval.

    >>> interval(-0.5, 1.25)
    '[−0.50, 1.25]'
    """
    return NONE if math.isnan(low) else f"[{number(low, digits)}, {number(high, digits)}]"


def p_value(value: float) -> str:
    """A p-value with three decimals.

    >>> p_value(0.0004), p_value(0.0316)
    ('< 0.001', '0.032')
    """
    return f"< {SMALLEST_P}" if value < SMALLEST_P else number(value, 3)


def p_equals(value: float) -> str:
    """A p-value as a statement.

    >>> p_equals(0.0004), p_equals(0.0316)
    ('p < 0.001', 'p = 0.032')
    """
    return f"p {p_value(value)}" if value < SMALLEST_P else f"p = {p_value(value)}"


def count(value: float) -> str:
    """A whole number with separated thousands.

    >>> count(1502), count(float("inf"))
    ('1,502', '∞')
    """
    return "∞" if math.isinf(value) else f"{value:,.0f}"


def plain(value: float) -> str:
    """A number as short as it can be.

    >>> plain(7.0), plain(-0.5)
    ('7', '−0.5')
    """
    return f"{value:g}".replace("-", MINUS)


def freedom(value: float) -> str:
    """Degrees of freedom, with a decimal only when there is one.

    >>> freedom(1240.0), freedom(17.25)
    ('1,240', '17.2')
    """
    return count(value) if math.isinf(value) or value == round(value) else number(value, 1)
