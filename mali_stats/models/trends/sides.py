"""Can the breaks of a record be told apart? How long it is between them, and which phases it could tell apart."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

FEWEST_MONTHS = 12
FEWEST_YEARS = 5  # of yearly data: from there on the jackknife's interval of a slope holds the truth as it should
SHOWN = 4  # of what is too short


class Cut(NamedTuple):
    """The first period of a new regime.

    Attributes
    ----------
    place : int
        Months since year 0, or the year.
    label, kind : str
        Of the break.
    over : bool
        Whether it is the first period after a ramp or a phase; else the first of a break.
    """

    place: int
    label: str
    kind: str
    over: bool

    @property
    def name(self) -> str:
        """What the regime from here on is called."""
        return f"after {self.label}" if self.over else self.label


def cuts_of(breaks, monthly: bool) -> list[Cut]:
    """List where regimes begin, in order: where a break starts, and where a ramp or a phase is over.

    Examples
    --------
    >>> from mali_stats.models.trends.its import Break
    >>> [cut.name for cut in cuts_of([Break("x", 2012, "phase", end=2014)], monthly=False)]
    ['x', 'after x']
    """
    starts = [Cut(item.first(monthly), item.label, item.kind, False) for item in breaks]
    ends = [Cut(item.last(monthly) + 1, item.label, item.kind, True) for item in breaks if item.end is not None]
    return sorted([*starts, *ends], key=lambda cut: (cut.place, not cut.over, cut.label))


def check_sides(breaks, times: np.ndarray, monthly: bool) -> None:
    """Raise unless there are 12 months (5 years of yearly data) before, after and between the breaks.

    A ramp may itself be shorter, and a phase may run to the end of the record.

    Parameters
    ----------
    breaks : sequence of Break
    times : ndarray
        Every time of the record: months since year 0, or years.
    monthly : bool

    Raises
    ------
    ValueError
        The message lists what is too short and the phases that could be told apart.
    """
    record = _Record(times, monthly)
    short = record.short(cuts_of(breaks, monthly))
    if not short:
        return
    more = f"; and {len(short) - SHOWN} more" if len(short) > SHOWN else ""
    span = f"{record.named(times[0])} to {record.named(times[-1])}"
    raise ValueError(
        f"fit_trend: the breaks cannot be told apart in a record of {span}: {'; '.join(short[:SHOWN])}{more}. At least "
        f"{record.fewest} {record.unit}s are needed before, after and between them. {record.proposal(breaks)} For "
        "rates by phase with intervals and without p-values say descriptive=True"
    )


def segments(breaks, times: np.ndarray, monthly: bool) -> list[tuple[str, int, int]]:
    """Cut a record where its breaks begin and end: (name, first place, first place of the next).

    Breaks that begin at one place make one segment with all their names; those after the record make none.

    Examples
    --------
    >>> from mali_stats.models.trends.its import Break
    >>> breaks = [Break("a", 2005), Break("b", 2008)]
    >>> segments(breaks, np.arange(2000, 2011), monthly=False)
    [('before', 2000, 2005), ('a', 2005, 2008), ('b', 2008, 2011)]
    """
    places: dict[Any, Any] = {}
    for cut in cuts_of(breaks, monthly):
        if cut.place <= times[-1]:
            places.setdefault(max(cut.place, int(times[0])), []).append(cut)
    starts = sorted({int(times[0]), *places})
    names = [_regime(places.get(start, [])) for start in starts]
    return list(zip(names, starts, [*starts[1:], int(times[-1]) + 1], strict=True))


def _regime(cuts):
    """Name what begins at a place, else what is over there; before the record only the last of it counts."""
    last = [cut for cut in cuts if cut.place == cuts[-1].place]
    begun = [cut.name for cut in last if not cut.over]
    return " + ".join(begun or [cut.name for cut in last]) or "before"


class _Record:
    """The times of a record, counted and named."""

    def __init__(self, times, monthly):
        self.times, self.monthly = times, monthly
        self.end = times[-1] + 1
        self.unit = "month" if monthly else "year"
        self.fewest = FEWEST_MONTHS if monthly else FEWEST_YEARS

    def named(self, place):
        return f"{int(place) // 12}-{int(place) % 12 + 1:02d}" if self.monthly else f"{place:g}"

    def count(self, first, stop):
        return int(((self.times >= first) & (self.times < stop)).sum())

    def counted(self, first, stop):
        n = self.count(first, stop)
        return f"{n} {self.unit}{'s' * (n != 1)}"

    def short(self, cuts):
        """Say which stretches are too short."""
        # a phase that runs to the end of the record has no other side there to need
        cuts = [cut for cut in cuts if not (cut.kind == "phase" and cut.over and cut.place >= self.end)]
        if not cuts:
            return []
        shown = [f"{cut.name} ({self.named(cut.place)})" for cut in cuts]
        stretches = [(self.times[0], cuts[0].place, f"before {shown[0]}")]
        for (one, two), names in zip(pairwise(cuts), pairwise(shown), strict=True):
            if not _belong(one, two):
                stretches.append((one.place, two.place, "from {} to {}".format(*names)))
        stretches.append((cuts[-1].place, self.end, f"from {shown[-1]} to the end of the record"))
        return [
            f"{self.counted(first, stop)} {where}"
            for first, stop, where in stretches
            if self.count(first, stop) < self.fewest
        ]

    def proposal(self, breaks):
        """Name the phases that are left when what is too short is merged with what follows it."""
        merged: list[Any] = []
        for name, start, stop in segments(breaks, self.times, self.monthly):
            if merged and self.count(*merged[-1][1:]) < self.fewest:
                merged[-1] = (f"{merged[-1][0]} + {name}", merged[-1][1], stop)
            else:
                merged.append((name, start, stop))
        if len(merged) > 1 and self.count(*merged[-1][1:]) < self.fewest:
            name, _, stop = merged.pop()
            merged[-1] = (f"{merged[-1][0]} + {name}", merged[-1][1], stop)
        if len(merged) == 1:
            return "No phases long enough can be made of them in this record."
        listed, given = [], []
        for name, start, stop in merged:
            first, last = self.named(start), self.named(stop - 1)
            listed.append(f"{first} to {last} ({self.counted(start, stop)}: {name})")
            given.append(f"ms.Break({name!r}, '{first}', 'phase', end='{last}')")
        return f"Phases that can be: {'; '.join(listed)}, as breaks=[{', '.join(given[1:])}]."


def _belong(one, two):
    """Tell whether two cuts are one phase handing on to the next, or the two ends of one ramp."""
    handed_on = one.kind == two.kind == "phase" and one.over and not two.over and one.place == two.place
    return handed_on or (one.kind == two.kind == "ramp" and one.label == two.label)
