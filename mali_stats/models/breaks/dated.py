"""A series of months or years without gaps, and the calendar's entries on it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from pandas.api import types

from mali_stats import catalog

_ACCEPTED = "accepted are months (datetimes or monthly Periods) or years (whole numbers or yearly Periods)"


@dataclass(frozen=True, eq=False)
class Timeline:
    """A checked series.

    Attributes
    ----------
    y : ndarray (times,)
        In order of time.
    first : int
        Ordinal of the first month (from January 1970) or the first year.
    monthly : bool
        Years otherwise.
    name : str
        Of the series.
    """

    y: np.ndarray
    first: int
    monthly: bool
    name: str

    def date(self, place):
        """The first day of a month, or the year."""
        at = self.first + int(place)
        return pd.Period(ordinal=at, freq="M").to_timestamp().as_unit("s") if self.monthly else at

    def label(self, place) -> str:
        """2019-03, or 2019."""
        return f"{self.date(place):%Y-%m}" if self.monthly else str(self.date(place))

    @property
    def unit(self) -> str:
        """What a time is."""
        return "month" if self.monthly else "year"

    def entries(self, first, last) -> list[str] | None:
        """Entries of the calendar that touch the times from one place to another; None outside of its span.

        A break of the coding is marked as one.
        """
        table = catalog.seed("calendar")
        begin, end = (self._places(dates) for dates in (table["start"], table["end"].fillna(table["start"])))
        if begin.min() > last or end.max() < first:
            return None
        coding = np.where(table["coding"] == "True", " (coding)", "")
        return list((table["label"] + coding)[(begin <= last) & (end >= first)])

    def _places(self, dates):
        periods = pd.PeriodIndex(dates, freq="M" if self.monthly else "Y")
        return (periods.asi8 if self.monthly else periods.year) - self.first


def timeline(y) -> Timeline:
    """Check a Series indexed by months or years, in any order, and lay it out in time.

    Raises
    ------
    TypeError
        If it is no Series, or its index is neither months nor years.
    ValueError
        If there is nothing, or a time is missing, there twice, or without a value.

    Examples
    --------
    >>> timeline(pd.Series([5, 7], index=[2012, 2013])).label(1)
    '2013'
    """
    if not isinstance(y, pd.Series) or not types.is_numeric_dtype(y) or types.is_bool_dtype(y):
        kind = f"a Series of {y.dtype}" if isinstance(y, pd.Series) else type(y).__name__
        raise TypeError(
            f"find_breaks: got {kind}; a Series of numbers indexed by months or years is wanted, as "
            "panel.groupby('month')['events'].sum() makes one."
        )
    if not len(y):
        raise ValueError("find_breaks: the series is empty; look at what was filtered before.")
    ordinals, monthly = _ordinals(y.index)
    order = np.argsort(ordinals, kind="stable")
    values, ordinals = y.to_numpy(float, na_value=np.nan)[order], ordinals[order]
    line = Timeline(values, int(ordinals[0]), monthly, "values" if y.name is None else str(y.name))
    _check(line, ordinals)
    return line


def _ordinals(index):
    """(Months since January 1970 or years, whether they are months)."""
    if isinstance(index, pd.DatetimeIndex):
        index = index.tz_localize(None).to_period("M")
    if isinstance(index, pd.PeriodIndex) and not index.hasnans and index.freqstr == "M":
        return index.asi8, True
    if isinstance(index, pd.PeriodIndex) and not index.hasnans and index.freqstr.startswith("Y"):
        return index.year.to_numpy(), False
    if types.is_integer_dtype(index.dtype) and not index.hasnans and len(index) and abs(index).max() < 10_000:
        return index.to_numpy(int), False
    shown = f" such as {index[0]!r}" if len(index) else ""
    raise TypeError(f"find_breaks: the index holds {index.dtype}{shown}; {_ACCEPTED}.")


def _check(line, ordinals):
    steps = np.diff(ordinals)
    if (steps == 0).any():
        raise ValueError(
            f"find_breaks: {line.unit} {line.label(ordinals[np.argmin(steps)] - line.first)} is there twice; sum the "
            "rows of a time first."
        )
    if (steps > 1).any():
        gap = int(np.argmax(steps > 1))
        if line.monthly and (steps % 12 == 0).all():
            raise ValueError(
                f"find_breaks: the dates are {line.label(0)}, {line.label(steps[0])} and so on, one a year, and dates "
                "are read as months; of yearly data make the index years, as in y.set_axis(y.index.year)."
            )
        raise ValueError(
            f"find_breaks: {line.unit} {line.label(ordinals[gap] + 1 - line.first)} is missing, between "
            f"{line.label(0)} and {line.label(ordinals[-1] - line.first)}. A {line.unit} without events is a 0: build "
            "the grid with region_month_panel."
        )
    wrong = ~np.isfinite(line.y)
    if wrong.any():
        raise ValueError(
            f"find_breaks: no value for {line.label(np.argmax(wrong))} ({int(wrong.sum())} in all); keep the times in "
            "scope only."
        )
