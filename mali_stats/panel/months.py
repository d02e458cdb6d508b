"""Which months an event is counted in, and which months are in scope."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import pandas as pd

from mali_stats.ledger import Ledger
from mali_stats.schema import COUNTS, DEATHS, UNALLOCATED
from mali_stats.sources import ucdp


def allotted(events: pd.DataFrame, spread: str, ledger: Ledger) -> pd.DataFrame:
    """One row per event and month (months since year 0) with its share of every count; missing counts are zero here."""
    first, last = ordinal(events["date_start"]), ordinal(events["date_end"])
    counts = np.column_stack([np.ones(len(events), dtype=np.int64), events[list(DEATHS)].fillna(0).to_numpy(np.int64)])
    missing = events[list(DEATHS)].isna().any(axis=1)
    ledger.count("panel", "missing count left out of the sums", "flagged", events[missing])
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
    ledger.count("panel", "spread over months by days", "moved", events.iloc[crossing])
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


# ---- which months are in scope -----------------------------------------------------------------------------

Scope = tuple[tuple[int, int], dict[str, tuple[int, int]]]  # all regions, and single ones


def window(events: pd.DataFrame, start, end, coverage) -> tuple[tuple[int, int], Scope]:
    """The months of the grid, and those in scope."""
    scope = _scope(events, coverage)
    first = scope[0][0] if start is None else _month("start", start)
    last = scope[0][1] if end is None else _month("end", end)
    if first > last:
        raise ValueError(f"region_month_panel: start {_label(first)} lies after end {_label(last)}.")
    return (first, last), scope


def _scope(events: pd.DataFrame, coverage) -> Scope:
    if coverage is None:
        return _released(events), {}
    if isinstance(coverage, pd.DataFrame):
        lost = {"region", "start", "end"} - set(coverage)
        if lost:
            raise ValueError(f"region_month_panel: the coverage table lacks {', '.join(sorted(lost))}.")
        single = {
            r: (_month("coverage", a), _month("coverage", b)) for r, a, b in coverage[["region", "start", "end"]].values
        }
        return (min(a for a, _ in single.values()), max(b for _, b in single.values())), single
    first, last = coverage
    return (_month("coverage", first), _month("coverage", last)), {}


def _released(events: pd.DataFrame) -> tuple[int, int]:
    """What the releases in the table cover; without a known version, to the month of the last event."""
    ends = [ucdp.coverage_end(v) for v in events["source_version"].dropna().unique()]
    told = [year * 12 + month - 1 for year, month in filter(None, ends)]
    seen_first, seen_last = ordinal(events["date_start"]).min(), ordinal(events["date_end"]).max()
    if events["source"].iloc[0] != ucdp.SOURCE:
        return int(seen_first), int(seen_last)
    return ucdp.COVERAGE_START[0] * 12 + ucdp.COVERAGE_START[1] - 1, max(told) if told else int(seen_last)


def _month(name: str, value) -> int:
    try:
        period = pd.Period(value, "M")
    except (ValueError, TypeError, AttributeError) as error:
        raise ValueError(f"region_month_panel: {name}={value!r} is not a month; write it as '2012-01'.") from error
    return period.year * 12 + period.month - 1


def _label(ordinal: int) -> str:
    return f"{ordinal // 12}-{ordinal % 12 + 1:02d}"


def inside(cells, events, placed, window, scope, ledger) -> pd.DataFrame:
    """Leave out what lies outside the window or the coverage, counted in the ledger."""
    everywhere, single = scope
    region = placed["region"].to_numpy()[cells["event"]]
    spans = np.array([single.get(r, everywhere if r == UNALLOCATED or not single else (1, 0)) for r in region]).reshape(
        -1, 2
    )
    in_window = cells["month"].between(*window)
    in_scope = (cells["month"] >= spans[:, 0]) & (cells["month"] <= spans[:, 1])
    for out, reason in (
        (~in_window, "outside start and end"),
        (in_window & ~in_scope, "outside the source's coverage"),
    ):
        lost = cells[out]
        if len(lost):
            sums = dict(zip(("rows", "low", "best", "high"), lost[list(COUNTS[:4])].sum(), strict=True))
            ledger.add("panel", reason, "dropped", **sums, ids=events.loc[lost["event"].unique(), "event_id"])
    return cells[in_window & in_scope]
