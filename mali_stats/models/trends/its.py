"""Breaks at dates that are known beforehand: what they are, and the terms they put into a trend.

Interrupted time series: a level (and slope) that changes at a date, a ramp between two dates, or a phase that is on
between two dates. Dates that the data choose are another matter; `fit_trend` refuses them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date as Day

import numpy as np
import pandas as pd

from mali_stats import catalog
from mali_stats.asked import single

KINDS = ("step", "ramp", "phase")
_ISO = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?")
_ACCEPTED = "accepted are ISO text ('2020', '2020-08', '2020-08-18'), a Timestamp, a date, a Period, or a whole year"


@dataclass(frozen=True, repr=False)
class Break:
    """A date, known beforehand, at which a series may have changed.

    Parameters
    ----------
    label : str
        Names the terms: ``level[label]``, ``slope[label]``.
    date : str, Timestamp, date, Period or int
        Its first day; of a month ("2020-08") or a year (2020) the first day.
    kind : {"step", "ramp", "phase"}
        See Notes.
    end : the same, optional
        Its last day; of a month or a year the last day. Needed by a ramp and a phase, refused by a step.

    Raises
    ------
    TypeError, ValueError
        If a date cannot be read, the kind is unknown, or `end` is missing, superfluous or not after `date`.

    Notes
    -----
    What it adds to the log of the expected count, D being 1 from a period on and 0 before:

    ======  ================  ================================================================================
    step    ``level[label]``  D of the period (month, or year of yearly data) that holds `date`, which so
                              counts wholly to the new regime
    ..      ``slope[label]``  (t - T0) D in years, T0 that period, if ``slope=True``: 0 in T0, so that the level
                              is the jump there, and the slope by how much the yearly log-growth differs from
                              that of the regime before
    ramp    ``level[label]``  from 0 before `date` to 1 after `end` in equal steps a day; a period has the mean
                              over its days, so that months begun or ended in part count by days
    phase   ``level[label]``  1 from the period that holds `date` to the one that holds `end`, 0 elsewhere; a
                              level against what the trend says without it, and no slope. Several may follow
                              each other
    ======  ================  ================================================================================

    The slope is centred at the break; with t D in its place the level would be the jump at time 0, long before
    the break (the slip that Lopez Bernal, Cummins & Gasparrini corrected in their tutorial: International Journal
    of Epidemiology 46, 2017).

    Examples
    --------
    >>> Break("coup", "2020-08-18")
    Break('coup', '2020-08-18')
    >>> Break("withdrawal", "2023-06-30", "ramp", end=pd.Period("2023-12")).end
    Timestamp('2023-12-31 00:00:00')
    """

    label: str
    date: pd.Timestamp
    kind: str = "step"
    end: pd.Timestamp | None = None

    def __post_init__(self):
        single("Break", label=self.label, kind=self.kind)
        if not isinstance(self.label, str) or not self.label.strip():
            raise TypeError(f"Break: label={self.label!r}; a text that names the break is wanted.")
        if self.kind not in KINDS:
            raise ValueError(f"Break {self.label}: kind={self.kind!r} is unknown; accepted are {', '.join(KINDS)}.")
        if (self.end is None) != (self.kind == "step"):
            advice = "a step has no end; a ramp and a phase need one, as in Break(label, date, 'phase', end='2022-12')"
            raise ValueError(f"Break {self.label}: kind={self.kind!r} with end={self.end!r}; {advice}.")
        object.__setattr__(self, "date", _day(self.label, self.date, last=False))
        object.__setattr__(self, "end", self.end if self.end is None else _day(self.label, self.end, last=True))
        if self.end is not None and not self.date < self.end:
            held = f"date {self.date:%Y-%m-%d} is not before end {self.end:%Y-%m-%d}"
            raise ValueError(f"Break {self.label}: {held}; exchange them, or correct one.")

    def __repr__(self):
        rest = "" if self.end is None else f", {self.kind!r}, end='{self.end:%Y-%m-%d}'"
        return f"Break({self.label!r}, '{self.date:%Y-%m-%d}'{rest})"

    def first(self, monthly: bool) -> int:
        """Place of the period that holds `date`: months since year 0, or the year."""
        return _place(self.date, monthly)

    def last(self, monthly: bool) -> int | None:
        """Place of the period that holds `end`; None of a step."""
        return None if self.end is None else _place(self.end, monthly)


def _day(label, given, last) -> pd.Timestamp:
    """A day; of a month or a year the first or the last."""
    if isinstance(given, str) and _ISO.fullmatch(given.strip()):
        given = _period(label, given.strip())
    elif isinstance(given, int) and not isinstance(given, bool) and 1 <= given <= 9999:
        given = pd.Period(f"{given:04d}", freq="Y")
    elif not isinstance(given, pd.Period | pd.Timestamp | Day | np.datetime64) or pd.isna(given):
        raise TypeError(f"Break {label}: {given!r} is no date; {_ACCEPTED}.")
    if isinstance(given, pd.Period):
        given = given.end_time if last else given.start_time
    return pd.Timestamp(given).tz_localize(None).normalize().as_unit("s")


def _period(label, text):
    try:
        return pd.Period(text, freq="YMD"[len(text) // 3 - 1])
    except ValueError as error:
        raise ValueError(f"Break {label}: {text!r} is no day of the calendar; {_ACCEPTED}.") from error


def _place(day, monthly):
    return day.year * 12 + day.month - 1 if monthly else day.year


def calendar() -> pd.DataFrame:
    """The shipped calendar with its dates as dates; `coding` says that it is one of the coding, not of the world.

    Examples
    --------
    >>> calendar().query("coding")[["label", "start"]].head(1)
             label      start
    7  jnim-formed 2017-03-02
    """
    table = catalog.seed("calendar")
    dates = {name: pd.to_datetime(table[name]) for name in ("start", "end")}
    return table.assign(**dates, coding=table["coding"] == "True")


def breaks_of(given) -> tuple[Break, ...]:
    """Read what `fit_trend` was given as breaks, in the order of their dates.

    Raises
    ------
    TypeError, ValueError
        If one is neither a `Break` nor a label of the calendar, two have one label, or the dates were found in
        the data.
    """
    if given is None:
        return ()
    single = isinstance(given, str | Break) or not isinstance(given, Iterable)
    items = [given] if single else list(given)
    _refuse_found([given, *items])
    found = [_one(item) for item in items]
    labels = [item.label for item in found]
    if len(set(labels)) < len(labels):
        raise ValueError(f"fit_trend: breaks={labels} has one label twice; each needs its own.")
    return tuple(sorted(found, key=lambda item: (item.date, item.label)))


def _refuse_found(items):
    """Refuse a result of find_breaks (whatever has .breaks) and rows of it (whatever has conf_low)."""
    if any(hasattr(item, "breaks") or _is_found(item) for item in items):
        raise ValueError(
            "fit_trend: these dates were chosen by the data. A Wald p-value at a date that the data chose is not "
            "valid: of all dates the one with the largest change was taken. Report the date's own interval (conf_low, "
            "conf_high in the .breaks of find_breaks) and the p-value of the whole search (its .p_value, or .p_sup of "
            "placebo_its); here give dates known beforehand, as ms.Break(label, date)."
        )


def _is_found(item):
    return "conf_low" in item if isinstance(item, Mapping | pd.Series | pd.DataFrame) else hasattr(item, "conf_low")


def _one(item) -> Break:
    if isinstance(item, Break):
        return item
    if not isinstance(item, str):
        raise TypeError(
            f"fit_trend: breaks holds {item!r}; accepted are ms.Break(label, date) and labels of seeds/calendar.csv."
        )
    known = calendar().set_index("label")
    if item not in known.index:
        raise ValueError(
            f"fit_trend: breaks={item!r} is no label of seeds/calendar.csv.{catalog._nearest(item, known.index)} For a "
            "date of your own give ms.Break(label, date)."
        )
    row = known.loc[item]
    return Break(item, row["start"], row["kind"], None if pd.isna(row["end"]) else row["end"])


def columns(breaks, slope: bool, when, monthly: bool) -> dict[str, np.ndarray]:
    """Lay out the terms of all breaks at each row.

    Parameters
    ----------
    breaks : sequence of Break
    slope : bool
        Whether a step changes the slope too.
    when : array (rows,)
        Months since year 0, or years.
    monthly : bool

    Returns
    -------
    dict
        Name of the term -> its column.

    Examples
    --------
    >>> january = 2020 * 12
    >>> terms = columns([Break("x", "2020-03")], True, january + np.arange(5), True)
    >>> terms["level[x]"].tolist(), (12 * terms["slope[x]"]).round(9).tolist()
    ([0.0, 0.0, 1.0, 1.0, 1.0], [0.0, 0.0, 0.0, 1.0, 2.0])
    >>> columns([Break("r", "2020-02-15", "ramp", end="2020-03-15")], True, january + np.arange(4), True)["level[r]"]
    array([0.        , 0.12931034, 0.87903226, 1.        ])
    """
    out = {}
    for item in breaks:
        first, last = item.first(monthly), item.last(monthly)
        if item.kind == "ramp":
            out[f"level[{item.label}]"] = _risen(item, np.floor(when).astype(int), monthly)
            continue
        on = ((when >= first) & (True if last is None else np.floor(when) <= last)).astype(float)
        out[f"level[{item.label}]"] = on
        if slope and item.kind == "step":
            out[f"slope[{item.label}]"] = np.maximum(when - first, 0) / (12 if monthly else 1)
    return out


def _risen(ramp, when, monthly):
    """Mean over each period's days of the share of the ramp that is behind; exact, by the integral of the ramp."""
    periods = pd.PeriodIndex.from_ordinals(  # type: ignore[attr-defined]  # not in pandas-stubs
        when - 1970 * (12 if monthly else 1), freq="M" if monthly else "Y"
    )
    start = (periods.start_time.normalize() - ramp.date).days.to_numpy(float)
    stop = ((periods + 1).start_time.normalize() - ramp.date).days.to_numpy(float)
    days = (ramp.end - ramp.date).days + 1

    def integral(x):
        inside = np.clip(x, 0, days)
        return inside**2 / (2 * days) + np.maximum(x - days, 0)

    return (integral(stop) - integral(start)) / (stop - start)


def notes(breaks, slope: bool, monthly: bool, frame: pd.DataFrame) -> list[str]:
    """Say what a single series cannot exclude, and what the calendar has around each break.

    Parameters
    ----------
    breaks : sequence of Break
    slope, monthly : bool
    frame : DataFrame
        The calendar is Mali's, so it is left alone if column ``country`` names others only.
    """
    if not breaks:
        return []
    out = [
        "one series cannot tell a break from whatever else happened around its date, nor from a change in what is "
        "reported, recorded or coded"
    ]
    if any(item.kind == "step" for item in breaks) and slope:
        out.append("the yearly rate ratio is that before the first step; each slope is a change to the regime before")
    if not monthly:
        out.append("the year that holds a date counts wholly to the new regime")
    elsewhere = "country" in frame and not frame["country"].eq("MLI").any()
    return out + ([] if elsewhere else [_around(item) for item in breaks])


def _around(item):
    """Name the entries within 12 months of a break."""
    table = calendar()
    year = pd.DateOffset(months=12)
    last = item.date if item.end is None else item.end
    near = table[(table["start"] <= last + year) & (table["end"].fillna(table["start"]) >= item.date - year)]
    near = near[near["label"] != item.label]
    named = [
        f"{label} ({start:%Y-%m}{', a break of the coding' if coding else ''})"
        for label, start, coding in zip(near["label"], near["start"], near["coding"], strict=True)
    ]
    entries = ", ".join(named) or "nothing, which does not say that nothing happened"
    return f"within 12 months of {item.label} ({item.date:%Y-%m}) Mali's calendar has {entries}"
