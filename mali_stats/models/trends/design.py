"""The rows and columns of a trend, checked: what every fit of it works on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from pandas.api import types

from mali_stats.asked import in_scope
from mali_stats.models.trends import its
from mali_stats.models.trends.sides import check_sides
from mali_stats.schema import UNALLOCATED

FEWEST_TIMES = 24  # for a p-value
FEWEST_EVENTS = 10
_STEP, _OUT = "_step", "_out_of_scope"


@dataclass(frozen=True, eq=False)
class Design:
    """The rows and columns of a trend, checked and sorted; what every fit of it works on.

    Attributes
    ----------
    frame : DataFrame
        The rows used, by level and time.
    outcome, time, by, scale : str
        Names of columns; `by` and `scale` (the offset, in natural units) may be None.
    monthly : bool
        Whether time is months; years otherwise.
    harmonics : int
    notes : tuple of str
        What was left out.
    times : ndarray
        The time of every step: months since year 0, or years.
    step : ndarray of int (rows,)
        Place of each row's time, from 0; a month's is its distance from the first.
    group : ndarray of int (rows,)
        Place of each row's level.
    levels : int
        How many there are; 0 without `by`.
    y, offset : ndarray (rows,)
        Counts, and the log of the offset.
    X : ndarray (rows, columns)
        The seasonal columns come last.
    names : tuple of str
        Of the columns.
    breaks : tuple of Break
        In the order of their dates.
    slope : bool
        Whether a step changes the slope too.
    """

    frame: pd.DataFrame
    outcome: str
    time: str
    by: str | None
    scale: str | None
    monthly: bool
    harmonics: int
    notes: tuple[str, ...]
    times: np.ndarray
    step: np.ndarray
    group: np.ndarray
    levels: int
    y: np.ndarray
    offset: np.ndarray
    X: np.ndarray
    names: tuple[str, ...]
    breaks: tuple[its.Break, ...] = ()
    slope: bool = True

    @property
    def broken(self) -> np.ndarray:
        """Which columns are terms of a break: those between the year and the season."""
        place = np.arange(len(self.names))
        return (place > max(self.levels, 1)) & (place < len(self.names) - 2 * self.harmonics)

    @property
    def year(self) -> np.ndarray:
        """Calendar year of every row."""
        return np.floor(self.times / (12 if self.monthly else 1)).astype(int)[self.step]

    @property
    def events(self) -> float:
        """Number of events: the sum of column ``events`` if there is one, else the rows with any count."""
        # Without that column a row with any count is one event at the least, however many died in it.
        counted = self.frame["events"] if "events" in self.frame else (self.frame[self.outcome] > 0)
        return float(counted.sum())

    @property
    def short(self) -> str:
        """Why the record is too short for a p-value; empty if it is not."""
        if len(self.times) < FEWEST_TIMES:
            return f"{len(self.times)} times (at least {FEWEST_TIMES} are needed)"
        return f"{self.events:g} events (at least {FEWEST_EVENTS} are needed)" * (self.events < FEWEST_EVENTS)

    def label(self, step: int) -> str:
        """Name a time: 2019-03, or the year."""
        return _label(self.times[step], self.monthly)

    def starts(self, months: int, years: int) -> list[float]:
        """List the later Januaries that leave so many months, or the years that leave so many."""
        if self.monthly:
            return [t for t in self.times[1:] if t % 12 == 0 and self.times[-1] - t + 1 >= months]
        return list(self.times[1 : max(len(self.times) - years + 1, 1)])

    def seasons(self, harmonics: int) -> Design:
        """Make the same design with other seasonal terms."""
        return self._of(self.frame, harmonics)

    def since(self, start: float) -> Design:
        """Make the same design of the rows from a time on."""
        later = self.frame[self.frame[_STEP] >= start]
        return self._of(later, self.harmonics)

    def _of(self, frame, harmonics) -> Design:
        columns = self.outcome, self.time, self.by, self.scale
        return _design(frame, *columns, self.monthly, harmonics, (), self.breaks, self.slope)


def design_of(frame, outcome, time, by, scale, harmonics, breaks=(), slope=True) -> Design:
    """Check a frame and lay out its design; numbers as time have no seasonal terms."""
    _check_columns(frame, outcome, time, by, scale)
    table, monthly, notes = _read(frame, outcome, time, by)
    if harmonics and not monthly:
        harmonics = 0
        notes.append(f"numbers in {time!r} are read as years, so there are no seasonal terms")
    return _design(table, outcome, time, by, scale, monthly, int(harmonics), tuple(notes), breaks, slope)


def _check_columns(frame, outcome, time, by, offset):
    if not isinstance(frame, pd.DataFrame):
        raise TypeError(
            f"fit_trend: a pandas.DataFrame is wanted, got {type(frame).__name__}; of a Series make one, "
            "series.reset_index()."
        )
    if not len(frame):
        raise ValueError("fit_trend: the frame has no rows; look at what was filtered before.")
    asked = {"outcome": outcome, "time": time, "by": by, "offset": offset}
    has = ", ".join(map(str, frame.columns))
    for role, name in asked.items():
        wanted = name is not None or role in ("outcome", "time")
        if wanted and not (types.is_hashable(name) and name in frame.columns):
            raise ValueError(f"fit_trend: {role}={name!r} is not a column; the frame has {has}.")
    for role, name in asked.items():
        if name is not None and list(frame.columns).count(name) > 1:
            raise ValueError(f"fit_trend: {role}={name!r} stands twice among the columns; keep one of them.")
    for role, name in (("outcome", outcome), ("offset", offset)):
        if name is not None and not types.is_numeric_dtype(frame[name]):
            kind = frame[name].dtype
            raise ValueError(f"fit_trend: {role}={name!r} is {kind}, not numbers; use pd.to_numeric.")


def _read(frame, outcome, time, by):
    """(rows to use, sorted, with their step; whether monthly; notes)."""
    steps, monthly = _steps(frame[time], time)
    scope = in_scope(frame, "fit_trend", unknown=True) if "in_scope" in frame else True
    table = frame.assign(**{_STEP: steps, _OUT: frame[outcome].isna() | ~np.asarray(scope)})
    notes: list[str] = []
    if by:
        table = _leave_out_unallocated(table, outcome, by, notes)
    table = table.sort_values([*([by] if by else []), _STEP], kind="stable")
    _check_repeats(table, time, by, monthly)
    if monthly or (table[_STEP] % 1 == 0).all():
        _check_gaps(table, by, monthly)
    table = _trim(table, outcome, by, monthly, notes)
    _check_counts(table, outcome, by, monthly)
    return table, monthly, notes


def _steps(column, time):
    """(Months since year 0 or years, whether they are months)."""
    if column.isna().any():
        empty = int(column.isna().sum())
        raise ValueError(f"fit_trend: time column {time!r} is missing in {empty} rows; fill it.")
    if types.is_datetime64_any_dtype(column) or column.dtype == pd.PeriodDtype("M"):
        return (column.dt.year * 12 + column.dt.month - 1).to_numpy(int), True
    if types.is_numeric_dtype(column) and not types.is_bool_dtype(column) and column.abs().max() < 1e4:
        return column.to_numpy(float), False
    raise ValueError(
        f"fit_trend: time column {time!r} holds {column.dtype} such as {column.iloc[0]!r}; accepted are "
        "datetimes, monthly Periods, or numbers read as years. Convert with pd.to_datetime first."
    )


def _leave_out_unallocated(table, outcome, by, notes):
    if table[by].isna().any():
        raise ValueError(
            f"fit_trend: by={by!r} is missing in {int(table[by].isna().sum())} rows; call them "
            f"{UNALLOCATED!r} to leave them out with a note."
        )
    away = table[by].astype(str) == UNALLOCATED
    if away.any():
        lost = table.loc[away, outcome].sum()
        notes.append(f"{int(away.sum())} rows of {by} {UNALLOCATED!r} left out, with {lost:g} {outcome}")
    return table[~away]


def _check_repeats(table, time, by, monthly):
    again = table.duplicated([*([by] if by else []), _STEP])
    if not again.any():
        return
    row = table[again].iloc[0]
    where = _label(row[_STEP], monthly) + (f" in {by} {row[by]}" if by else "")
    advice = (
        "a panel by type_of_violence must first be summed over the types or filtered to one"
        if by
        else "for a panel of regions say by='region'; one by type_of_violence must be summed first"
    )
    raise ValueError(
        f"fit_trend: more than one row for {where} in {time!r} ({int(again.sum())} rows too many): {advice}."
    )


def _check_gaps(table, by, monthly):
    """Every level must have every month (or year) from the first of the frame to the last."""
    span = np.arange(table[_STEP].min(), table[_STEP].max() + 1)
    levels = table.groupby(by, observed=True)[_STEP] if by else [("", table[_STEP])]
    gaps = [(missing[0], level) for level, steps in levels if len(missing := np.setdiff1d(span, steps))]
    if gaps:
        month, level = min(gaps, key=lambda gap: gap[0])
        where = f" in {by} {level}" if by else ""
        unit = "month" if monthly else "year"
        raise ValueError(
            f"fit_trend: {unit} {_label(month, monthly)} is missing{where}, between {_label(span[0], monthly)} and "
            f"{_label(span[-1], monthly)}. A {unit} without events is a row with 0: build the grid with "
            "region_month_panel."
        )


def _trim(table, outcome, by, monthly, notes):
    """Leave out the rows without an outcome at the ends of each level."""
    key = table[by] if by else np.zeros(len(table), int)
    there = ~table[_OUT]
    before = there.groupby(key, observed=True).cummax()
    after = there[::-1].groupby(key[::-1], observed=True).cummax()[::-1]
    inside = before & after
    holes = inside & table[_OUT]
    if holes.any():
        raise ValueError(
            f"fit_trend: {outcome!r} is missing or out of scope in the middle of the record, at "
            f"{_rows(table[holes], outcome, by, monthly)}. A trend needs an unbroken record: choose a period "
            "inside the scope."
        )
    if not inside.all():
        ends = table[~inside]
        first, last = (_label(step, monthly) for step in (ends[_STEP].min(), ends[_STEP].max()))
        notes.append(f"{len(ends)} rows without {outcome} left out at the ends ({first} to {last})")
    return table[inside]


def _check_counts(table, outcome, by, monthly):
    values = table[outcome].astype(float)
    wrong = ~((values >= 0) & (values % 1 == 0))
    if wrong.any():
        raise ValueError(
            f"fit_trend: {outcome!r} must be counts, whole and not negative; got "
            f"{_rows(table[wrong], outcome, by, monthly)}. Give a rate's numerator as outcome and its "
            "denominator as offset."
        )


def _design(table, outcome, time, by, scale, monthly, harmonics, notes, breaks, slope):
    """Turn checked rows into a `Design`; levels without any event go first."""
    if not table[outcome].sum() > 0:
        raise ValueError(
            f"fit_trend: column {outcome!r} is 0 in all {len(table)} rows used; no events, no trend. For an "
            "upper bound of the rate use an exact Poisson interval."
        )
    if by:
        table, notes = _leave_out_empty(table, outcome, by, notes)
    when = table[_STEP].to_numpy()
    times = np.arange(when.min(), when.max() + 1) if monthly else np.unique(when)
    check_sides(breaks, times, monthly)
    group, levels = pd.factorize(table[by], sort=True) if by else (np.zeros(len(table), int), [])
    columns = _level_columns(group, levels, by) | {"year": (when - when.min()) / (12 if monthly else 1)}
    columns |= its.columns(breaks, slope, when, monthly) | _seasonal_columns(when, harmonics)
    X = np.column_stack(list(columns.values())).astype(float)
    _check_rank(X, columns, times)
    return Design(
        table, outcome, time, by, scale, monthly, harmonics, notes,
        times=times, step=np.searchsorted(times, when), group=group, levels=len(levels),
        y=table[outcome].to_numpy(float), offset=_log_offset(table, scale, by, monthly),
        X=X, names=tuple(columns), breaks=breaks, slope=slope,
    )  # fmt: skip


def _leave_out_empty(table, outcome, by, notes):
    totals = table.groupby(by, observed=True)[outcome].sum()
    empty = totals.index[totals == 0]
    if not len(empty):
        return table, notes
    gone = table[by].isin(empty)
    note = f"{by} without any {outcome} left out ({int(gone.sum())} rows): {', '.join(map(str, empty))}"
    return table[~gone], (*notes, note)


def _level_columns(group, levels, by):
    if not by:
        return {"intercept": np.ones(len(group))}
    return {f"{by}[{level}]": group == i for i, level in enumerate(levels)}


def _seasonal_columns(when, harmonics):
    columns: dict[str, Any] = {}
    for k in range(1, harmonics + 1):
        angle = 2 * np.pi * k * (when % 12 + 1) / 12
        columns |= {f"sin{k}": np.sin(angle), f"cos{k}": np.cos(angle)}
    return columns


def _check_rank(X, names, times):
    n, k = X.shape
    # The triangle of a QR has the singular values of X and k rows only.
    if n <= k or np.linalg.matrix_rank(np.linalg.qr(X, mode="r"), rtol=n * np.finfo(float).eps) < k:
        raise ValueError(
            f"fit_trend: {n} rows at {len(times)} times cannot tell the {k} terms apart ({', '.join(names)})"
            "; use harmonics=0 or a longer series."
        )


def _log_offset(table, scale, by, monthly):
    if scale is None:
        return np.zeros(len(table))
    values = table[scale].to_numpy(float, na_value=np.nan)
    wrong = ~((values > 0) & np.isfinite(values))
    if wrong.any():
        raise ValueError(
            f"fit_trend: offset {scale!r} must be positive in every row used, as its log is taken; got "
            f"{_rows(table[wrong], scale, by, monthly)}. Fill it, or leave these rows out."
        )
    return np.log(values)


def _label(step, monthly):
    return f"{int(step) // 12}-{int(step) % 12 + 1:02d}" if monthly else f"{step:g}"


def _rows(frame, column, by, monthly):
    """Up to three rows in words."""
    shown = [
        f"{_label(row[_STEP], monthly)}{f' in {row[by]}' if by else ''}: {row[column]}"
        for _, row in frame.head(3).iterrows()
    ]
    return "; ".join(shown) + (f"; and {len(frame) - 3} rows more" if len(frame) > 3 else "")
