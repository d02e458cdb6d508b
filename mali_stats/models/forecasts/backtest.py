"""What alarms would have been worth: how long before the worst months they came, and how often for nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy import stats


def worst_periods(value: np.ndarray, share: float, span: int) -> np.ndarray:
    """Places of the highest values above 0, at least `span` apart: ``ceil(share n / span)`` of them, in order.

    Of equal values the earlier is taken.

    Parameters
    ----------
    value : ndarray (periods,)
    share : float
        Of the periods, 0 to 1.
    span : int
        Periods that one value sums over.

    Examples
    --------
    >>> worst_periods(np.array([1, 9, 2, 8, 7]), 0.4, 1)
    array([1, 3])
    """
    chosen: list[Any] = []
    wanted = int(np.ceil(round(share * len(value) / span, 9)))  # 0.07 x 100 is a little above 7
    for place in np.argsort(-value, kind="stable"):
        if len(chosen) == wanted or not value[place] > 0:
            break
        if all(abs(place - other) >= span for other in chosen):
            chosen.append(place)
    return np.sort(np.array(chosen, int))


def leads(flagged: np.ndarray, worst: np.ndarray, before: int) -> np.ndarray:
    """Periods from the first flag to each worst period, looking `before` periods back; NaN where there is none."""
    found = []
    for place in worst:
        flags = np.flatnonzero(flagged[max(place - before, 0) : place + 1])
        found.append(min(place, before) - flags[0] if len(flags) else np.nan)
    return np.array(found, float)


def alarms(flagged: np.ndarray, span: int) -> list[tuple[int, int]]:
    """First and last flagged period of every alarm; flags less than `span` apart are one."""
    places = np.flatnonzero(flagged)
    parts = np.split(places, np.flatnonzero(np.diff(places) >= span) + 1)
    return [(int(part[0]), int(part[-1])) for part in parts if len(part)]


def summary(value, flagged, *, share: float, before: int, span: int, a_year: float) -> dict:
    """Lead times, false alarms and what chance would do, of one series; see `Alerts.backtest`."""
    n = len(value)
    worst = worst_periods(value, share, span)
    lead = leads(flagged, worst, before)
    found = alarms(flagged, span)
    open_ = [a for a in found if a[1] + before > n - 1 and not _followed(a, worst, before)]
    false = [a for a in found if a[1] + before <= n - 1 and not _followed(a, worst, before)]
    chance = [1 - stats.hypergeom.pmf(0, n, len(found), min(place, before)) for place in worst]
    return {
        "tested": n, "worst": len(worst), "caught": int((lead >= 0).sum()), "ahead": int((lead > 0).sum()),
        "ahead_by_chance": float(np.sum(chance)), "median_lead": _median(lead), "alarms": len(found),
        "false_alarms": len(false), "open_alarms": len(open_),
        "false_alarms_per_year": len(false) * a_year / n if n else np.nan,
    }  # fmt: skip


def _followed(alarm, worst, before) -> bool:
    return bool(((worst >= alarm[0]) & (worst <= alarm[1] + before)).any())


def _median(lead: np.ndarray) -> float:
    told = lead[~np.isnan(lead)]
    return float(np.median(told)) if len(told) else np.nan


def together(table: pd.DataFrame, lead: np.ndarray) -> dict:
    """Sum the summaries of several regions; false alarms a year add up as well."""
    return table.sum(numeric_only=True).to_dict() | {"median_lead": _median(lead)}
