"""A series of counts without gaps, by months or by days: what forecasts and alerts work on."""

from __future__ import annotations

import numpy as np
import pandas as pd
from pandas.api import types

from mali_stats.schema import UNALLOCATED

_NAMES = {"D": "days", "W": "weeks", "M": "months", "Q": "quarters", "Y": "years"}
#: the fewest and the most days from one date to the next
_DAYS = {"D": (1, 1), "W": (7, 7), "M": (28, 31), "Q": (90, 92), "Y": (365, 366)}
#: (what came, what is wanted) -> the way out
_ADVICE = {
    ("D", "M"): "Sum them first: y.resample('MS').sum()",
    ("W", "M"): "A week may lie in two months: take days from the source, and sum those",
    ("M", "D"): "Counts by day cannot be had from months: sum events by day, or use a method for months",
}


def timeline(y: pd.Series, step: str, who: str) -> tuple[pd.Series, pd.Index]:
    """Check a series of counts and put it in order.

    Parameters
    ----------
    y : Series
        Counts indexed by datetime64 or Period, in any order.
    step : {"M", "D"}
        What a row must be.
    who : str
        Named in errors.

    Returns
    -------
    counts : Series of int64
        In order, indexed by Period.
    labels : Index
        The same times as y had them.

    Raises
    ------
    TypeError
        If it is not a Series of numbers, or not indexed by times.
    ValueError
        If it is of another frequency, has gaps or repeats, or holds what is no count; with the place.

    Examples
    --------
    >>> y = pd.Series([4, 7], index=pd.to_datetime(["2023-02-01", "2023-01-01"]))
    >>> timeline(y, "M", "example")[0].to_dict()
    {Period('2023-01', 'M'): 7, Period('2023-02', 'M'): 4}
    """
    periods = _periods(y, step, who)
    order = np.argsort(periods.asi8, kind="stable")
    periods, y = periods[order], y.iloc[order]
    again = periods[periods.duplicated()]
    if len(again):
        raise ValueError(
            f"{who}: {again[0]} is there {int((periods == again[0]).sum())} times; one row each is wanted."
        )
    gaps = np.flatnonzero(np.diff(periods.asi8) > 1)
    if len(gaps):
        raise ValueError(
            f"{who}: {periods[gaps[0]] + 1} is missing, between {periods[0]} and {periods[-1]} ({len(gaps)} gaps). A "
            "time without events is a row with 0: build the grid with region_month_panel, or y.asfreq(...).fillna(0) "
            "where nothing reported means none."
        )
    return pd.Series(counts(y, periods, who), index=periods, name=y.name), y.index


def counts(values, labels, who: str) -> np.ndarray:
    """Whole numbers of 0 or more as int64, or an error that says which is none."""
    try:
        numbers = pd.Series(values).astype("Float64").to_numpy(float, na_value=np.nan)
    except (TypeError, ValueError) as error:
        raise TypeError(f"{who}: counts are wanted, got {pd.Series(values).dtype}; use pd.to_numeric.") from error
    wrong = np.flatnonzero(~(np.isfinite(numbers) & (numbers >= 0) & (np.nan_to_num(numbers) % 1 == 0)))
    if len(wrong):
        at = wrong[0]
        raise ValueError(
            f"{who}: got {'a missing value' if np.isnan(numbers[at]) else f'{numbers[at]:g}'} at {labels[at]} "
            f"({len(wrong)} such); whole numbers of 0 or more are wanted. What is out of the record is left out before."
        )
    return numbers.astype(np.int64)


def _periods(y: pd.Series, step: str, who: str) -> pd.PeriodIndex:
    if not isinstance(y, pd.Series):
        raise TypeError(f"{who}: a Series indexed by time is wanted, got {type(y).__name__}.")
    index = y.index
    if not isinstance(index, pd.DatetimeIndex | pd.PeriodIndex):
        raise TypeError(
            f"{who}: the index must be datetime64 or Period, got {index.dtype}; for a frame "
            "frame.set_index('month')['deaths_best'], for text pd.to_datetime."
        )
    if not len(y):
        raise ValueError(f"{who}: the series is empty; look at what was filtered before.")
    if index.hasnans:
        raise ValueError(f"{who}: {int(np.sum(index.isna()))} rows have no time; leave them out or date them.")
    found = index.freqstr[0] if isinstance(index, pd.PeriodIndex) else _frequency(index, step, who)
    if found != step:
        raise ValueError(
            f"{who}: {_NAMES[step]} are wanted, got {_NAMES.get(found, found)} ({index.min()} to {index.max()}). "
            f"{_ADVICE.get((found, step), f'Take {_NAMES[step]} from the source')}."
        )
    return index if isinstance(index, pd.PeriodIndex) else index.to_period(step)


def _frequency(index: pd.DatetimeIndex, step: str, who: str) -> str:
    """The frequency that the closest two dates have; what is farther apart is a gap."""
    if index.tz is not None:
        raise ValueError(f"{who}: dates are naive days here, got {index.tz}; use y.tz_localize(None).")
    days = np.unique(index.normalize()).astype("datetime64[D]").astype(int)
    if len(days) < 2:
        return step
    closest = np.diff(days).min()
    return next((name for name, (low, high) in _DAYS.items() if low <= closest <= high), f"dates {closest} days apart")


def whole(value, least: int, name: str, who: str) -> int:
    """A whole number of at least so much, or an error that says which is none; 12.0 is one."""
    if isinstance(value, bool) or not (types.is_number(value) and np.isfinite(value) and value % 1 == 0):
        raise TypeError(f"{who}: {name}={value!r} is of type {type(value).__name__}; a whole number is wanted.")
    if value < least:
        raise ValueError(f"{who}: {name}={value}; {least} or more is accepted.")
    return int(value)


def share(value, name: str, who: str, such: float) -> float:
    """A number between 0 and 1, both left out, or an error that says what came."""
    if isinstance(value, bool) or not types.is_number(value) or not 0 < value < 1:
        raise ValueError(f"{who}: {name}={value!r}; a number between 0 and 1 is wanted, such as {such:g}.")
    return float(value)


def regions_of(panel: pd.DataFrame, outcome: str, by: str, time: str, notes: list[str]) -> dict[str, pd.Series]:
    """One series a region of a panel, in the order of their names.

    What lies in no region is left out, and `notes` gets a sentence; what is out of scope is missing.

    Raises
    ------
    ValueError
        If a column is not there, a region is missing, or a region has several rows for a time.
    """
    absent = [name for name in (outcome, by, time) if not types.is_hashable(name) or name not in panel]
    if absent:
        raise ValueError(
            f"flag_months: the frame has no column {absent[0]!r}, it has {', '.join(map(str, panel.columns))}; say "
            "which by outcome=, by= and time=, or give a Series."
        )
    if panel[by].isna().any():
        raise ValueError(f"flag_months: {by} is missing in {int(panel[by].isna().sum())} rows; name them or drop them.")
    if panel.duplicated([by, time]).any():
        raise ValueError(
            f"flag_months: more than one row for a {by} and {time}; a panel by type_of_violence must be summed or "
            "filtered first."
        )
    panel = panel.assign(**{by: panel[by].astype(str)})
    away = panel[by] == UNALLOCATED
    if away.any():
        lost = panel.loc[away, outcome].sum()
        notes.append(f"{int(away.sum())} rows of {by} {UNALLOCATED!r} left out, with {lost:,.0f} {outcome}")
    inside = panel[~away]
    if inside.empty:
        raise ValueError(
            f"flag_months: no {by} is left; {len(panel)} rows are {UNALLOCATED!r}, give a Series of their sum."
        )
    if "in_scope" in inside:
        inside = inside.assign(**{outcome: inside[outcome].where(_in_scope(inside["in_scope"]))})
    return {region: part.set_index(time)[outcome] for region, part in inside.groupby(by, sort=True)}


def _in_scope(flags: pd.Series) -> pd.Series:
    """Flags as bool, in scope where nothing is said; text is refused, since any text is true."""
    try:
        return flags.astype(object).astype("boolean").fillna(True).astype(bool)
    except (TypeError, ValueError) as error:
        raise TypeError(
            f"flag_months: in_scope holds {flags.dtype}, such as {flags.dropna().iloc[0]!r}; True and False are "
            "wanted, convert it or drop it."
        ) from error


def without_empty_ends(y: pd.Series, who: str, notes: list[str]) -> pd.Series:
    """Leave out what is missing before the first count and after the last; `notes` gets a sentence."""
    if not isinstance(y, pd.Series) or not y.isna().any():
        return y
    ordered = y.sort_index()
    there = np.flatnonzero(ordered.notna())
    if not len(there):
        raise ValueError(f"{who}: every value is missing; look at what was in scope.")
    kept = ordered.iloc[there[0] : there[-1] + 1]
    if len(kept) < len(ordered):
        notes.append(f"{who}: {len(ordered) - len(kept)} rows without a count left out at the ends")
    return kept
