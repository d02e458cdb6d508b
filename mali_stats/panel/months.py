"""Which months an event is counted in."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import pandas as pd

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
        days = _days_by_month(*dates[i])
        shares = np.column_stack([sainte_lague(int(n), days) for n in counts[i]])
        used = shares.any(axis=1)
        pieces.append((np.full(used.sum(), i), first[i] + np.flatnonzero(used), shares[used]))
    event, when, parts = (np.concatenate(column) for column in zip(*pieces, strict=True))
    return pd.DataFrame({"event": event, "month": when} | {name: parts[:, j] for j, name in enumerate(COUNTS)})


def ordinal(days: pd.Series) -> np.ndarray:
    """Months since year 0 of each day."""
    return (days.dt.year * 12 + days.dt.month - 1).to_numpy()


def _days_by_month(first: np.datetime64, last: np.datetime64) -> tuple[int, ...]:
    """Days of an event in each of its months, both ends counted."""
    starts = np.arange(first.astype("datetime64[M]") + 1, last.astype("datetime64[M]") + 1).astype("datetime64[D]")
    edges = np.concatenate([[first], starts, [last + 1]])
    return tuple(np.diff(edges).astype(int).tolist())


def sainte_lague(total: int, weights: Sequence[int]) -> np.ndarray:
    """Allot ``total`` persons by ``weights``: whole numbers that sum to ``total``, ties to the earlier cell.

    Each person goes where weight / (2 n + 1) is largest, n being the persons the cell already has. As a divisor
    rule it never takes from a cell when the total grows, so low <= best <= high is kept in every cell (which
    largest remainders do not promise). Balinski & Young (1982), Fair Representation.

    Examples
    --------
    >>> sainte_lague(100, (31, 31, 31)), sainte_lague(17, (1, 30, 3)), sainte_lague(18, (1, 30, 3))
    (array([34, 33, 33]), array([ 1, 15,  1]), array([ 1, 15,  2]))
    """
    return np.bincount(_order(tuple(weights), total), minlength=len(weights))


@lru_cache(maxsize=4096)
def _order(weights: tuple[int, ...], total: int) -> np.ndarray:
    """The cell that each of ``total`` persons goes to, first to last."""
    persons = np.arange(max(total, 0))
    quotient = np.asarray(weights, dtype=float)[:, None] / (2 * persons + 1)[None, :]
    cell = np.broadcast_to(np.arange(len(weights))[:, None], quotient.shape)
    return cell.ravel()[np.lexsort((cell.ravel(), -quotient.ravel()))][:total]
