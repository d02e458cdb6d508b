"""The differences between two releases in long form, and what they come to: the account, names, places and times."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from mali_stats.clean.releases.release_tables import TOTALS, Pair
from mali_stats.schema import COUNTS, UNALLOCATED

#: columns with a name -> the column with its id
_NAMES = {"side_a": "side_a_id", "side_b": "side_b_id", "dyad": "dyad_id"}
_STEPS = ["removed", "changed", "added", "added later"]
#: coordinates closer than this, in degrees, are the same
_NEAR = 1e-9


# ---- long form ---------------------------------------------------------------------------------------------


def changes(pair: Pair) -> pd.DataFrame:
    """One row a value that differs; see ``ReleaseDiff.tidy``."""
    long = pd.concat([*_alone(pair), *_differing(pair)], ignore_index=True)
    return long[["change", *pair.key, "column", "old", "new", "difference"]]


def _counted(pair: Pair) -> list[str]:
    """The columns whose differences add up."""
    whole = [c for c, kind in pair.kinds.items() if kind == "whole" and c != "year"]
    return [c for c in whole if c in COUNTS] if pair.events else whole


def _alone(pair: Pair) -> Iterator[pd.DataFrame]:
    """The counts of rows that only one release has."""
    later = pair.later
    for change, release, keys, side, sign in (
        ("removed", pair.old, pair.gone, "old", -1),
        ("added", pair.new, later.index[~later], "new", 1),
        ("added later", pair.new, later.index[later], "new", 1),
    ):
        rows = release.values.loc[keys, [*pair.key, *_counted(pair)]]
        if pair.events:
            rows = rows.assign(events=_ones(rows))
        long = rows.melt(id_vars=pair.key, var_name="column", value_name="value")
        none = pd.Series(None, index=long.index, dtype="str")
        texts = {"old": none, "new": none} | {side: _text(long["value"])}
        yield long.assign(change=change, difference=sign * long["value"].astype("Int64").fillna(0), **texts)


def _differing(pair: Pair) -> Iterator[pd.DataFrame]:
    """The values that differ in rows that both releases have."""
    old, new = pair.old.values.loc[pair.both], pair.new.values.loc[pair.both]
    counts = _counted(pair)
    for name in pair.kinds:
        here = ~_same(old[name], new[name])
        if not here.any():
            continue
        a, b = old.loc[here, name], new.loc[here, name]
        step = b.fillna(0) - a.fillna(0) if name in counts else pd.Series(pd.NA, index=a.index, dtype="Int64")
        change = np.where(_same_id(old, new, name)[here], "renamed", "changed")
        yield new.loc[here, pair.key].assign(change=change, column=name, old=_text(a), new=_text(b), difference=step)


def _same(a: pd.Series, b: pd.Series) -> np.ndarray:
    equal = (a - b).abs().le(_NEAR) if a.dtype == "float64" else a.eq(b)
    return (equal.fillna(False).astype(bool) | (a.isna() & b.isna())).to_numpy()


def _same_id(old: pd.DataFrame, new: pd.DataFrame, name: str) -> np.ndarray:
    """Whether a name has an id beside it, and the same one in both releases."""
    ids = _NAMES.get(name)
    if ids is None or ids not in old:
        return np.zeros(len(old), dtype=bool)
    return old[ids].eq(new[ids]).fillna(False).to_numpy(dtype=bool)


def _text(values: pd.Series) -> pd.Series:
    if values.dtype.kind == "M":
        return values.dt.strftime("%Y-%m-%d").astype("str")
    return values.astype("object").where(values.notna(), None).map(str, na_action="ignore").astype("str")


def _ones(rows: pd.DataFrame) -> pd.Series:
    return pd.Series(1, index=rows.index, dtype="Int64")


# ---- what they come to -------------------------------------------------------------------------------------


def account(pair: Pair, long: pd.DataFrame) -> pd.DataFrame:
    """Rows and deaths of both releases, each added up by itself, and the differences that lie between."""
    steps = long.assign(change=long["change"].replace("renamed", "changed"))
    sums = steps.groupby(["change", "column"])["difference"].sum().unstack(fill_value=0)
    table = sums.reindex(index=_STEPS, columns=list(TOTALS), fill_value=0)
    later = int(pair.later.sum())
    table.insert(0, "events" if pair.events else "country_years", [-len(pair.gone), 0, len(pair.later) - later, later])
    for name, release in (("old", pair.old), ("new", pair.new)):
        table.loc[name] = [len(release.values), *release.values[list(TOTALS)].sum()]
    return table.loc[["old", *_STEPS, "new"]].astype("int64").rename_axis(index=None, columns=None)


def renamed(pair: Pair) -> pd.DataFrame:
    """Names by id in each release where they are not the same, and how many rows of both have another name."""
    columns = ["what", "id", "old", "new", "rows"]
    if not pair.events:
        return pd.DataFrame(columns=columns)
    old, new = (_names(release.values).groupby(["what", "id"])["name"].agg(_listed) for release in (pair.old, pair.new))
    known = pd.concat([old, new], axis=1, keys=["old", "new"]).dropna()
    known = known[known["old"] != known["new"]].reset_index()
    seen = pd.concat(_rows_renamed(pair)).value_counts()
    rows = [int(seen.get((what, id), 0)) for what, id in zip(known["what"], known["id"], strict=True)]
    return known.assign(rows=rows)[columns].sort_values("rows", ascending=False, kind="stable", ignore_index=True)


def _names(values: pd.DataFrame) -> pd.DataFrame:
    """Names and ids, of sides and dyads, a row each time one is named."""
    parts = [pd.DataFrame({"what": [], "id": [], "name": []}, dtype="str")]
    for name, ids in _NAMES.items():
        if {name, ids} <= set(values):
            parts.append(pd.DataFrame({"what": name.split("_")[0], "id": values[ids], "name": values[name]}))
    return pd.concat(parts).dropna()


def _listed(names: pd.Series) -> str:
    return " / ".join(sorted(names.unique()))


def _rows_renamed(pair: Pair) -> Iterator[pd.DataFrame]:
    old, new = pair.old.values.loc[pair.both], pair.new.values.loc[pair.both]
    yield pd.DataFrame({"what": [], "id": []}, dtype="str")
    for name, ids in _NAMES.items():
        if {name, ids} <= set(old):
            here = ~_same(old[name], new[name]) & _same_id(old, new, name)
            yield pd.DataFrame({"what": name.split("_")[0], "id": new.loc[here, ids]})


def moved(pair: Pair) -> pd.DataFrame:
    """What each cell of place and time gained or lost; see ``ReleaseDiff``."""
    after = pair.later.index[pair.later]
    parts = []
    for release, sign in ((pair.new, 1), (pair.old, -1)):
        cells, counts = _cells(pair, release.values)
        flag = (sign > 0) & cells.index.isin(after)
        parts.append(cells.assign(later=flag, **{c: sign * cells[c].fillna(0) for c in counts}))
    together = pd.concat(parts)
    keys = ["country", "region", "month"] if pair.events else ["country", "year"]
    sums = together.groupby([*keys, "later"])[counts].sum().reset_index()
    if pair.events:
        # A region that is spelled otherwise in the new release has not moved.
        names = together.drop_duplicates(["country", "region"]).set_index(["country", "region"])["region_name"]
        sums.insert(2, "region_name", names.reindex(pd.MultiIndex.from_frame(sums[["country", "region"]])).to_numpy())
    return sums[sums[counts].ne(0).any(axis=1)].reset_index(drop=True)


def _cells(pair: Pair, values: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Rows with the place and time they are counted in, and what is counted."""
    if not pair.events:
        return values, _counted(pair)
    none = pd.Series(None, index=values.index, dtype="str")
    name = values.get("admin1_name", none)
    region = values.get("admin1", none).fillna(name).fillna(UNALLOCATED)
    month = values["date_end"] - pd.to_timedelta(values["date_end"].dt.day - 1, unit="D")
    places = {"region": region, "region_name": name.fillna(region), "month": month.astype(values["date_end"].dtype)}
    return values.assign(**places, events=_ones(values)), ["events", *TOTALS]


def remarks(pair: Pair) -> list[str]:
    """What a reader should know before believing the differences."""
    old, new = pair.old.values, pair.new.values
    found = []
    if len(old) and len(new) and not len(pair.both):
        found.append(f"The releases have no {' and '.join(pair.key)} in common: are they of the same record?")
    for here, other, side in ((old, new, "old"), (new, old, "new")):
        alone = sorted(set(here["country"]) - set(other["country"]))
        if alone and len(other):
            found.append(f"Countries of the {side} release only: {', '.join(alone[:8])}{', ...' if alone[8:] else ''}.")
    if len(new) and len(old) and new[pair.time].max() < old[pair.time].max():
        found.append("The new release ends before the old one does: what lies between counts as removed.")
    missing = int(old[list(TOTALS)].isna().sum().sum() + new[list(TOTALS)].isna().sum().sum())
    if missing:
        found.append(f"Counts of deaths that are missing, 0 in every sum: {missing}.")
    return found
