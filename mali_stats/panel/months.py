"""Which months an event is counted in."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mali_stats.allot import many_by_days
from mali_stats.schema import COUNTS, DEATHS


def allotted(events: pd.DataFrame, spread: str) -> pd.DataFrame:
    """One row per event and month (months since year 0) with its share of every count; missing counts are zero here."""
    first, last = ordinal(events["date_start"]), ordinal(events["date_end"])
    counts = [np.ones(len(events), dtype=np.int64), *(events[c].to_numpy(np.int64, na_value=0) for c in DEATHS)]
    crosses = (first != last) & (spread == "days")
    month = last if spread == "end" else first
    simple, crossing = np.flatnonzero(~crosses), np.flatnonzero(crosses)
    pieces = [(simple, month[simple], *(column[simple] for column in counts))]
    days = events[["date_start", "date_end"]]
    lasts = last[crossing] - first[crossing] + 1
    for span in np.unique(lasts):
        here = crossing[lasts == span]
        totals = np.column_stack([column[here] for column in counts])
        shares = many_by_days(totals, _days(days.iloc[here], span)).transpose(0, 2, 1)
        row, month = np.nonzero(shares.any(axis=2))
        pieces.append((here[row], first[here][row] + month, *shares[row, month].T))
    columns = (np.concatenate(column) for column in zip(*pieces, strict=True))
    return pd.DataFrame(dict(zip(("event", "month", *COUNTS), columns, strict=True)), copy=False)


def _days(events: pd.DataFrame, span: int) -> np.ndarray:
    """Days of each event in each of its ``span`` months, both ends counted."""
    first, last = (events[c].to_numpy("datetime64[D]")[:, None] for c in ("date_start", "date_end"))
    starts = (first.astype("datetime64[M]") + np.arange(span + 1)).astype("datetime64[D]")
    return (np.minimum(starts[:, 1:], last + 1) - np.maximum(starts[:, :-1], first)).astype(np.int64)


def ordinal(days: pd.Series) -> np.ndarray:
    """Months since year 0 of each day."""
    return days.to_numpy("datetime64[M]").astype(np.int64) + 1970 * 12
