"""Pairs of records that could be one event: near enough in time and on the globe, as far as both know.

The search is by k-d trees over four axes, the point on the globe (by chords, which are never longer than the arc)
and the middle of the record's days, the latter in kilometres by the ratio of the two windows. Records are grouped
by how far they may be off, so that one coarse record does not widen the search of all. What the trees find is then
held to the exact rules.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree

from mali_stats.clean.links.link_records import Records

RADIUS = 6371.0
#: records are grouped by how far they may be off, in km (days are turned into km)
_GROUPS = (0.0, 13.0, 25.0, 40.0, 65.0, 130.0, 310.0, 1010.0, 2500.0, np.inf)


def candidates(a: Records, b: Records, days: float, km: float, itself: bool) -> pd.DataFrame:
    """Pairs within both windows, widened by what both records may be off.

    Returns
    -------
    pandas.DataFrame
        positions ``i`` in a and ``j`` in b, ``days`` (whole days between their periods, 0 where they overlap), ``km``
        (great circle), ``day_window`` and ``km_window`` (what was allowed); ordered by i and j. Inside one table
        every pair stands once, i < j.
    """
    i, j = _near(a, b, days, km)
    if itself:
        i, j = i[i < j], j[i < j]
    gap = np.maximum(0, np.maximum(b.start[j] - a.end[i], a.start[i] - b.end[j]))
    away = arc_km(a.latitude[i], a.longitude[i], b.latitude[j], b.longitude[j])
    day_window = days + a.slack_days[i] + b.slack_days[j]
    km_window = km + a.slack_km[i] + b.slack_km[j]
    keep = (gap <= day_window) & (away <= km_window + 1e-9) & _same_region(a, b, i, j)
    order = np.lexsort((j[keep], i[keep]))
    names = ("i", "j", "days", "km", "day_window", "km_window")
    columns = (i, j, gap, away, day_window, km_window)
    return pd.DataFrame({name: values[keep][order] for name, values in zip(names, columns, strict=True)})


def arc_km(lat1, lon1, lat2, lon2) -> np.ndarray:
    """Great-circle distance in km of points in degrees, on a sphere of radius 6,371 km (haversine).

    Examples
    --------
    >>> arc_km(np.array([0.0]), np.array([0.0]), np.array([0.0]), np.array([1.0])).round(3)
    array([111.195])
    """
    lat1, lon1, lat2, lon2 = (np.radians(x) for x in (lat1, lon1, lat2, lon2))
    h = np.sin((lat2 - lat1) / 2) ** 2 + np.cos(lat1) * np.cos(lat2) * np.sin((lon2 - lon1) / 2) ** 2
    return 2 * RADIUS * np.arcsin(np.sqrt(np.minimum(h, 1.0)))


def _near(a: Records, b: Records, days: float, km: float) -> tuple[np.ndarray, np.ndarray]:
    """A superset of the candidates, from the trees."""
    ratio = max(km, 1.0) / max(days, 1.0)  # km that a day stands for
    found = [np.empty((0, 2), dtype=np.int64)]
    groups = [list(_groups(side, ratio)) for side in (a, b)]
    for mine, tree, off in groups[0]:
        for theirs, other, off2 in groups[1]:
            reach = max(km, ratio * days) + off + off2 + 1e-6
            pairs = tree.sparse_distance_matrix(other, reach, p=np.inf, output_type="ndarray")
            found.append(np.column_stack([mine[pairs["i"]], theirs[pairs["j"]]]))
    both = np.concatenate(found)
    return both[:, 0], both[:, 1]


def _groups(side: Records, ratio: float):
    """Records that may be off about equally far: their positions, their tree, and the farthest in km."""
    off = np.maximum(side.slack_km, ratio * (side.slack_days + (side.end - side.start) / 2))
    group = np.searchsorted(_GROUPS, off)
    for number in np.unique(group[side.located]):
        here = np.flatnonzero(side.located & (group == number))
        yield here, cKDTree(_axes(side, here, ratio)), off[here].max()


def _axes(side: Records, here: np.ndarray, ratio: float) -> np.ndarray:
    latitude, longitude = np.radians(side.latitude[here]), np.radians(side.longitude[here])
    middle = (side.start[here] + side.end[here]) / 2
    return np.column_stack([
        RADIUS * np.cos(latitude) * np.cos(longitude), RADIUS * np.cos(latitude) * np.sin(longitude),
        RADIUS * np.sin(latitude), ratio * middle,
    ])  # fmt: skip


def _same_region(a: Records, b: Records, i: np.ndarray, j: np.ndarray) -> np.ndarray:
    """A record known to its region, or its country, goes with those of the same, where both name it."""
    keep = np.ones(len(i), dtype=bool)
    levels = [side.column("geo_precision") for side in (a, b)]
    codes, names = zip(a.region(), b.region(), strict=True)
    states = [side.column("country") for side in (a, b)]
    for level, known in (("admin1", (codes, names)), ("country", (states, states))):
        rows = np.flatnonzero((levels[0][i] == level) | (levels[1][j] == level))
        same = np.zeros(len(rows), dtype=bool)
        told = np.zeros(len(rows), dtype=bool)
        for one, other in known:
            x, y = one[i[rows]], other[j[rows]]
            both = np.not_equal(x, None) & np.not_equal(y, None)
            same |= both & (x == y)
            told |= both
        keep[rows] = same | ~told
    return keep
