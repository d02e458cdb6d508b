"""Which months an event is counted in."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mali_stats.allot import many_by_days
from mali_stats.distinct import by_day
from mali_stats.schema import COUNTS, DEATHS

#: of the first and the last day of each event, since year 0
Months = tuple[np.ndarray, np.ndarray]


def of_events(events: pd.DataFrame) -> Months:
    """The months of the first and the last day of each event, since year 0."""
    return ordinal(events["date_start"]), ordinal(events["date_end"])


def allotted(events: pd.DataFrame, spread: str, months: Months | None = None) -> pd.DataFrame:
    """One row per event and month (since year 0) with its share of every count; missing counts are zero here.

    ``months`` are those of `of_events`, where they are known already.
    """
    first, last = of_events(events) if months is None else months
    columns = {"event": np.arange(len(events)), "month": last if spread == "end" else first}
    columns |= {"events": np.ones(len(events), dtype=np.int64)}
    columns |= {name: events[name].to_numpy(np.int64, na_value=0) for name in DEATHS}
    crosses = (first != last) & (spread == "days")
    if not crosses.any():
        return pd.DataFrame(columns, copy=False)
    simple, crossing = np.flatnonzero(~crosses), np.flatnonzero(crosses)
    days, spans, pieces = events[["date_start", "date_end"]].iloc[crossing], (last - first + 1)[crossing], []
    for span in np.unique(spans):
        these = np.flatnonzero(spans == span)
        here = crossing[these]
        totals = np.column_stack([columns[name][here] for name in COUNTS])
        shares = many_by_days(totals, _days(days.iloc[these], span)).transpose(0, 2, 1)
        row, after = np.nonzero(shares.any(axis=2))
        pieces.append((here[row], first[here][row] + after, *shares[row, after].T))
    more = [np.concatenate(column) for column in zip(*pieces, strict=True)]
    for (name, column), shared in zip(columns.items(), more, strict=True):
        columns[name] = np.empty(len(simple) + len(shared), dtype=np.int64)
        column.take(simple, out=columns[name][: len(simple)], mode="clip")  # so it needs no copy on the way
        columns[name][len(simple) :] = shared
    return pd.DataFrame(columns, copy=False)


def _days(events: pd.DataFrame, span: int) -> np.ndarray:
    """Days of each event in each of its ``span`` months, both ends counted."""
    first, last = (events[c].to_numpy("datetime64[D]")[:, None] for c in ("date_start", "date_end"))
    starts = (first.astype("datetime64[M]") + np.arange(span + 1)).astype("datetime64[D]")
    return (np.minimum(starts[:, 1:], last + 1) - np.maximum(starts[:, :-1], first)).astype(np.int64)


def ordinal(days: pd.Series) -> np.ndarray:
    """Months since year 0 of each day."""
    return by_day(days, _month)


def _month(day: np.ndarray) -> np.ndarray:
    return day.astype("datetime64[M]").astype(np.int64) + 1970 * 12
