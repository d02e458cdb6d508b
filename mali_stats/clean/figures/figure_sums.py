"""Arithmetic with reported figures: ``sum_figures``, and ``implied_base`` of a number and its change in per cent."""

from __future__ import annotations

import math
from collections.abc import Iterable
from decimal import Decimal

from mali_stats import catalog
from mali_stats.asked import single
from mali_stats.clean.figures.figures import Figure
from mali_stats.clean.figures.intervals import rounding_unit
from mali_stats.clean.figures.lexicon import counted_by_others, enemies

#: What may differ between the figures of a sum, when ``across`` names it; and what never may.
MAY_DIFFER = ("group",)
NEVER = ("unit", "indicator", "claimed_by")
#: A level at a date: two of the same group may be two dates of one stock.
STOCKS = ("displaced", "refugees", "in need")


def sum_figures(figures: Iterable[Figure], across: str | Iterable[str] = (), dedupe: bool = False) -> Figure:
    """Add figures that count the same thing.

    Parameters
    ----------
    figures : iterable of Figure
        from ``parse_figure``.
    across : str or iterable of str
        what may differ between them: ``"group"``, or nothing.
    dedupe : bool
        whether a number that the text prints twice (same interval, unit, group and indicator, and the same
        claimant or none) counts
        once. Two attacks with the same toll are then merged too: give the figures of one event.

    Returns
    -------
    Figure
        low, best and high summed end by end, unknown where any is; rule ``sum``; group ``civilians + soldiers``
        when it was summed across known groups, else None.

    Raises
    ------
    TypeError
        for anything but figures.
    ValueError
        when they do not count the same thing, when one is a part of another, a change or a past level, a share,
        or a party's claim about its enemy's dead; the message says which and what to do.

    Notes
    -----
    Summed ends are the widest the words allow. A party's number of its enemy's dead never joins a sum: nobody else
    counted them. That holds for attackers without a named claimant too, beside any other group.

    Examples
    --------
    >>> import mali_stats as ms
    >>> total = ms.sum_figures(ms.parse_figure("49 civilians and 15 soldiers were killed."), across="group")
    >>> total.low, total.best, total.high, total.group, total.indicator
    (64, 64, 64, 'civilians + soldiers', 'killed')
    """
    single("sum_figures", across=across, dedupe=dedupe)
    figures = _checked(figures)
    across = (across,) if isinstance(across, str) or not isinstance(across, Iterable) else tuple(across)
    for name in across:
        if name not in MAY_DIFFER:
            never = " It never may differ: sum each kind on its own." if name in NEVER else ""
            raise ValueError(f"sum_figures: across={name!r} is not accepted; accepted: {', '.join(MAY_DIFFER)}.{never}")
    if dedupe:
        figures = _once(figures)
    _refuse(figures)
    _same(figures, across)
    _overlap(figures)
    groups = list(dict.fromkeys(f.group for f in figures))
    return Figure(
        *(_total(figures, end) for end in ("low", "best", "high")),
        unit=figures[0].unit,
        group=None if None in groups else " + ".join(groups),
        indicator=figures[0].indicator,
        rule="sum",
        claimed_by=figures[0].claimed_by,
        provisional=any(f.provisional for f in figures),
        text=" + ".join(f.text for f in figures),
    )


def _once(figures: list[Figure]) -> list[Figure]:
    """Each number once; a claimed one stands for the same number without a claimant."""
    kept: dict[tuple, Figure] = {}
    for f in figures:
        kept.setdefault((f.low, f.best, f.high, f.unit, f.group, f.indicator, f.claimed_by), f)
    claimed = {key[:-1] for key in kept if key[-1] is not None}
    return [f for key, f in kept.items() if key[-1] is not None or key[:-1] not in claimed]


def _overlap(figures: list[Figure]) -> None:
    """Raise where the same people may be counted twice."""
    groups = [f.group for f in figures]
    if figures[0].indicator in STOCKS and len(set(groups)) < len(groups):
        raise ValueError(
            f"sum_figures: {figures[0].indicator} is a stock, and two figures of one group may be two dates of it; "
            "take one of them."
        )
    if len(set(groups)) > 1 and None in groups:
        raise ValueError(
            "sum_figures: a figure without a group may be the total of the others; leave one or the other."
        )
    # No one is in two groups of the table; others (men, residents, ...) may overlap.
    if len(set(groups)) > 1 and not set(groups) <= set(catalog.seed("disjoint_groups")["group"]):
        raise ValueError(f"sum_figures: {', '.join(sorted(set(groups)))} may overlap; sum each on its own.")


def _checked(figures) -> list[Figure]:
    figures = [figures] if isinstance(figures, Figure) or not isinstance(figures, Iterable) else list(figures)
    for figure in figures:
        if not isinstance(figure, Figure):
            raise TypeError(f"sum_figures: got {type(figure).__name__}; give figures, as parse_figure returns them.")
    if not figures:
        raise ValueError("sum_figures: there are no figures to sum; see what parse_figure found in the text.")
    return figures


def _refuse(figures: list[Figure]) -> None:
    """Raise for a figure that joins no sum, whatever stands beside it."""
    several = len({f.group for f in figures}) > 1
    for f in figures:
        said = f"sum_figures: {f.text!r}"
        if f.unit == "percent" or f.indicator == "change":
            raise ValueError(f"{said} is a share or a change, not a count; leave it out (see implied_base).")
        if (f.qualifier or "").startswith("denied"):
            raise ValueError(f"{said} is a number that a party denies; leave it out.")
        if f.is_part:
            raise ValueError(
                f"{said} is a part of another figure; leave parts out: [f for f in figures if not f.is_part]."
            )
        if (f.qualifier or "").startswith("earlier"):
            raise ValueError(f"{said} is a level that the text says is past; leave it out.")
        dead = (f.indicator or "killed").startswith("killed")
        if dead and f.group is not None and f.group in enemies().get(f.claimed_by, ()):
            raise ValueError(
                f"{said} is what {f.claimed_by} claims of its enemy ({f.group}); such a claim never joins a sum. Leave "
                "it out and show it on a line of its own, with its claimant."
            )
        if dead and several and f.group in counted_by_others():
            raise ValueError(
                f"{said} counts {f.group}, whom as a rule their enemy alone counts; it never joins a sum with other "
                "groups. Leave it out and show it on a line of its own."
            )


def _same(figures: list[Figure], across: tuple[str, ...]) -> None:
    for name in (*NEVER, *MAY_DIFFER):
        values = list(dict.fromkeys(getattr(f, name) for f in figures))
        if len(values) > 1 and name not in across:
            shown = ", ".join("unknown" if v is None else repr(v) for v in values)
            way = "sum each on its own" if name in NEVER else f'say across="{name}" if they share nobody'
            raise ValueError(f"sum_figures: {name} differs ({shown}); {way}.")


def _total(figures: list[Figure], end: str):
    values = [getattr(f, end) for f in figures]
    return None if None in values else sum(values)


def implied_base(
    value: float, percent: float, *, value_unit: float | None = None, percent_unit: float | None = None
) -> tuple[float, float, float]:
    """The number before a change in per cent, as exactly as the two printed numbers allow.

    Parameters
    ----------
    value : float
        the number after the change.
    percent : float
        the change, 17 for "up 17 percent", -9 for "down 9 percent".
    value_unit, percent_unit : float, optional
        the units to which the two are rounded; by default told from their trailing zeros (8.8e6: 100,000; 17: 1).

    Returns
    -------
    tuple of float
        low, best, high: value / (1 + percent / 100), with both numbers at the ends of their rounding.

    Raises
    ------
    ValueError
        when a number is not finite or negative, a unit is not positive, or the fall may be of 100 per cent.

    Examples
    --------
    >>> [round(n) for n in implied_base(8.8e6, 17)]
    [7446809, 7521368, 7596567]
    """
    units = {"value_unit": value_unit, "percent_unit": percent_unit}
    for name, got in {"value": value, "percent": percent, **units}.items():
        if got is None and name in units:
            continue
        plain = isinstance(got, int | float | Decimal) or hasattr(got, "__float__")
        if isinstance(got, bool) or not plain or getattr(got, "ndim", 0):
            raise TypeError(f"implied_base: {name} is of type {type(got).__name__}; give a number.")
        if not math.isfinite(got) or (name == "value" and got < 0) or (name in units and got <= 0):
            accepted = {"value": "0 or more", "percent": "a finite number"}.get(name, "more than 0")
            raise ValueError(f"implied_base: {name}={got!r} is not accepted; accepted: {accepted}.")
    half = float(rounding_unit(value) if value_unit is None else value_unit) / 2
    margin = float(rounding_unit(percent) if percent_unit is None else percent_unit) / 2
    if percent - margin <= -100:
        raise ValueError(
            f"implied_base: percent={percent!r}, known to {margin:g}, may be a fall of 100 per cent, from which "
            "nothing tells the base; give percent_unit if it is known better."
        )
    value, percent = float(value), float(percent)
    ends = (max(value - half, 0.0), percent + margin), (value, percent), (value + half, percent - margin)
    low, best, high = (v / (1 + p / 100) for v, p in ends)
    return low, best, high
