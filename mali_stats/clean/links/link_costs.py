"""How unlike two candidate records are, and why: a cost between 0 and 1, and a sentence a person can check.

The cost is the weighted mean of what is known of a pair, each part between 0 (the same) and 1: days apart and
distance as shares of their windows, families of actors that one names and the other does not, type of event, and
the size, log(1 + dead), where ten times as many is 1. A part that either record does not tell is left out. Equal
counts are thus never needed, and never enough.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from mali_stats.clean.links.link_records import Records

WEIGHTS = {"time": 1.0, "distance": 1.0, "family": 1.0, "type": 0.5, "size": 0.5, "details": 0.5}
#: inside one source: what two entries of one event would agree in
_DETAILS = (
    "geo_precision", "deaths_low", "deaths_high", "deaths_a", "deaths_b", "deaths_civilians", "deaths_unknown",
)  # fmt: skip


def costs(a: Records, b: Records, found: pd.DataFrame, taxonomy: pd.DataFrame | None, itself: bool) -> pd.DataFrame:
    """``found`` with its parts (time, distance, family, type, size, details; NaN where not known) and ``cost``."""
    i, j = found["i"].to_numpy(), found["j"].to_numpy()
    parts = {
        "time": _share(found["days"], found["day_window"]),
        "distance": _share(found["km"], found["km_window"]),
        "family": _by_value(_sides(a, itself), _sides(b, itself), i, j, _unlike),
        "type": _by_value(_types(a, taxonomy), _types(b, taxonomy), i, j, _level),
        "size": _size(a.number("deaths_best")[i], b.number("deaths_best")[j]),
        "details": _details(a, b, i, j) if itself else np.full(len(i), np.nan),
    }
    values = np.column_stack(list(parts.values()))
    weights = np.array([WEIGHTS[name] for name in parts]) * ~np.isnan(values)
    cost = (weights * np.nan_to_num(values)).sum(axis=1) / weights.sum(axis=1)
    return found.assign(**parts, cost=cost)


def _share(value: pd.Series, window: pd.Series) -> np.ndarray:
    return (value / window.where(window > 0, 1.0)).to_numpy("float64")


def _size(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    return np.minimum(np.abs(np.log1p(one) - np.log1p(other)) / np.log(10), 1.0)


def _details(a: Records, b: Records, i: np.ndarray, j: np.ndarray) -> np.ndarray:
    """The share of the details that differ, a shared report counted as one: it is split, not entered twice."""
    unlike = [same_report(a, b, i, j)]
    for name in _DETAILS:
        if name in a.frame:
            x, y = a.column(name)[i], b.column(name)[j]
            unlike.append(np.not_equal(x, y))
    return np.mean(np.array(unlike, dtype=float), axis=0) if len(i) else np.zeros(0)


def report_stems(side: Records) -> np.ndarray:
    """The report that a record is a part of (UCDP's relid without .1, .2); None where it is a report by itself."""
    reports = pd.Series(side.column("report_id"), dtype="str")
    stems = reports.str.extract(r"^(.*)\.\d+$", expand=False).astype(object)
    return stems.where(stems.notna(), None).to_numpy(dtype=object)


def same_report(a: Records, b: Records, i: np.ndarray, j: np.ndarray) -> np.ndarray:
    """Which pairs are parts of one report."""
    one, other = report_stems(a)[i], report_stems(b)[j]
    return np.not_equal(one, None) & np.equal(one, other)


def _by_value(one: np.ndarray, other: np.ndarray, i: np.ndarray, j: np.ndarray, compare) -> np.ndarray:
    """``compare`` on the values of every pair, once for each different pair of values; NaN where one is None."""
    codes1, codes2 = pd.factorize(one)[0], pd.factorize(other)[0]
    keys = codes1[i].astype(np.int64) * (codes2.max(initial=0) + 2) + codes2[j]
    different, first, back = np.unique(keys, return_index=True, return_inverse=True)
    result = np.full(len(different), np.nan)
    for n, at in enumerate(first):
        x, y = one[i[at]], other[j[at]]
        if x is not None and y is not None:
            result[n] = compare(x, y)
    return result[back]


def _sides(side: Records, itself: bool) -> np.ndarray:
    """The families of both sides as one set, which knows no order of sides; inside one source, the sides by id."""
    names = ("family_a", "family_b")
    if itself:
        names = ("side_a_id", "side_b_id") if pd.notna(side.column("side_a_id")).any() else ("side_a", "side_b")
    both = [pd.Series(side.column(n), dtype=object) for n in names]
    codes, different = pd.factorize(pd.MultiIndex.from_arrays(both))
    sets = [frozenset(p for v in values if isinstance(v, str) for p in v.split("; ") if p != "unknown") or None
            for values in different]  # fmt: skip
    return np.array([*sets, None], dtype=object)[codes]


def _unlike(one: frozenset, other: frozenset) -> float:
    """1 less the share of the smaller set that the larger one holds: an ally that only one names costs nothing."""
    return 1.0 - len(one & other) / min(len(one), len(other))


def _types(side: Records, taxonomy: pd.DataFrame | None) -> np.ndarray:
    """The classes of each record's type from fine to coarse; None where not known."""
    if taxonomy is None:
        values = side.column("type_of_violence")
        return np.array([*((v,) if v is not None else None for v in values), None], dtype=object)[:-1]
    own = taxonomy[taxonomy["source"] == side.source]
    levels = [c for c in taxonomy if c not in ("source", "column", "value")]
    found = np.full(len(side), None, dtype=object)
    for column, rows in own.groupby("column", sort=False):
        classes = {v: tuple(c) for v, *c in rows[["value", *levels]].itertuples(index=False)}
        for at, value in enumerate(side.column(column)):
            if found[at] is None and value is not None:
                found[at] = classes.get(str(value))
    return found


def _level(one: tuple, other: tuple) -> float:
    """0 where the finest class is the same, 1 where none is, and steps between."""
    same = [x == y for x, y in zip(one, other, strict=True)]
    return (same.index(True) if any(same) else len(same)) / len(same)


# ---- in words ----------------------------------------------------------------------------------------------


def why(a: Records, b: Records, found: pd.DataFrame) -> list[str]:
    """What speaks for and against each pair, in words."""
    sizes = [side.column("deaths_best")[found[k].to_numpy()] for side, k in ((a, "i"), (b, "j"))]
    single = (a.start == a.end)[found["i"]] & (b.start == b.end)[found["j"]]
    columns = (found["days"], single, found["km"], found["family"], found["type"], *sizes)
    return ["; ".join(filter(None, _words(*row))) for row in zip(*columns, strict=True)]


def _words(days, single, km, family, kind, one, other) -> list[str]:
    when = f"{days} day{'s' if days > 1 else ''} apart" if days else "same day" if single else "days overlap"
    sides = (
        "" if np.isnan(family) else "same sides" if family == 0 else "other sides" if family == 1 else "sides in part"
    )
    types = "" if np.isnan(kind) else "same type" if kind == 0 else "other type"
    dead = f"{one} and {other} dead" if one is not None and other is not None else ""
    return [when, f"{km:.0f} km" if km else "same point", sides, types, dead]
