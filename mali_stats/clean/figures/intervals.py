"""What a phrase says about a number: the interval of each rule of ``seeds/figure_rules.csv``.

``n`` is the number, ``u`` the unit to which it is rounded, ``step`` 1 for what comes in whole numbers and 0 for
shares. Each rule gives (low, best, high); unknown is None.
"""

from __future__ import annotations

import math
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

Interval = tuple[Decimal | None, Decimal | None, Decimal | None]


def rounding_unit(value) -> Decimal:
    """The unit to which a number is rounded, from its trailing zeros.

    Examples
    --------
    >>> [float(rounding_unit(n)) for n in (17, 50, 30_000, 8.8e6, 8.8)]
    [1.0, 10.0, 10000.0, 100000.0, 0.1]
    """
    if not value:
        return Decimal(1)
    exponent = Decimal(str(value)).normalize().as_tuple().exponent
    return Decimal(10) ** int(exponent)  # of a finite number it is whole


def _around(n, u, step):
    share = n / 10
    half = max(u / 2, Decimal(math.ceil(share)) if step else share)
    return max(n - half, Decimal(0)), n, n + half


def _nearly(n, u, step):
    back = max(Decimal(math.ceil(u / 2)), step) if step else u / 2
    return max(n - back, Decimal(0)), max(n - step, Decimal(0)), max(n - step, Decimal(0))


RULES = {
    "exact": lambda n, u, step: (n, n, n),
    "at_least": lambda n, u, step: (n, n, None),
    "more_than": lambda n, u, step: (n + step, n + step, max(n + step, n + u - step)),
    "around": _around,
    "nearly": _nearly,
    "up_to": lambda n, u, step: (Decimal(0), None, n),
    "fewer_than": lambda n, u, step: (Decimal(0), None, max(n - step, Decimal(0))),
}


def interval(rule: str, n: Decimal, percent: bool = False) -> tuple:
    """(low, best, high) of ``rule`` at ``n``: whole numbers for people, ends rounded outwards.

    Examples
    --------
    >>> interval("more_than", Decimal(30_000)), interval("around", Decimal(50)), interval("nearly", Decimal(300))
    ((30001, 30001, 39999), (45, 50, 55), (250, 299, 299))
    """
    unit = rounding_unit(n)
    ends = RULES[rule](n, unit if percent else max(unit, Decimal(1)), Decimal(0 if percent else 1))
    return outwards(*ends, percent)


def outwards(low, best, high, percent: bool = False) -> tuple:
    """The three numbers as plain Python ones; ends are rounded outwards unless they are shares."""
    if percent:
        return tuple(None if x is None else plain(x) for x in (low, best, high))
    modes = (ROUND_FLOOR, ROUND_FLOOR, ROUND_CEILING)
    return tuple(
        None if x is None else int(x.to_integral_value(mode)) for x, mode in zip((low, best, high), modes, strict=True)
    )


def plain(value: Decimal) -> int | float:
    """An int where the number is whole, else a float."""
    return int(value) if value == value.to_integral_value() else float(value)
