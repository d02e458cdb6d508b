"""Which months an event is counted in."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mali_stats.allot import days_by_month, sainte_lague
from mali_stats.schema import COUNTS, DEATHS


def allotted(events: pd.DataFrame, spread: str) -> pd.DataFrame:
    """One row per event and month (months since year 0) with its share of every count; missing counts are zero here."""
    first, last = ordinal(events["date_start"]), ordinal(events["date_end"])
    counts = np.column_stack([np.ones(len(events), dtype=np.int64), events[list(DEATHS)].fillna(0).to_numpy(np.int64)])
    crossing = np.flatnonzero(first != last) if spread == "days" else np.array([], dtype=int)
    month = last if spread == "end" else first
    simple = np.setdiff1d(np.arange(len(events)), crossing)
    pieces = [(simple, month[simple], counts[simple])]
    dates = events[["date_start", "date_end"]].to_numpy("datetime64[D]")
    for i in crossing:
        days = days_by_month(*dates[i])
        shares = np.column_stack([sainte_lague(int(n), days) for n in counts[i]])
        used = shares.any(axis=1)
        pieces.append((np.full(used.sum(), i), first[i] + np.flatnonzero(used), shares[used]))
    event, when, parts = (np.concatenate(column) for column in zip(*pieces, strict=True))
    return pd.DataFrame({"event": event, "month": when} | {name: parts[:, j] for j, name in enumerate(COUNTS)})


def ordinal(days: pd.Series) -> np.ndarray:
    """Months since year 0 of each day."""
    return (days.dt.year * 12 + days.dt.month - 1).to_numpy()
