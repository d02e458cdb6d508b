"""Shares of the regions in a country's people, by its censuses."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from mali_stats.clean import places


def census_shares(
    country: str, known: places.Gazetteer | None, frame: str, months: np.ndarray, census: str
) -> tuple[pd.DataFrame, dict[str, str]]:
    """Each region's share of the country by month (rows sum to 1), and what is to be said of it.

    Parameters
    ----------
    country : str
        ISO3 code.
    known : Gazetteer or None
        its seed tables; shares come from its first and last census.
    frame : str
        the frame of the panel; "country" is one region with all people.
    months : numpy.ndarray
        months since year 0, in order.
    census : {"de_jure", "households"}
        the count of the later census.

    Raises
    ------
    ValueError
        where there is no census of the frame, or one that lacks a region, a number or a readable month.

    Examples
    --------
    >>> shares, flags = census_shares("MLI", places.gazetteer("MLI"), "ocha10", np.array([2022 * 12 + 5]), "de_jure")
    >>> shares.loc[2022 * 12 + 5, ["ML05", "ML09"]].round(4).to_dict()
    {'ML05': 0.0882, 'ML09': 0.1888}
    >>> flags["ML10"]
    'created-later; partly-not-enumerated'
    """
    if frame == "country":
        return pd.DataFrame(1.0, index=months, columns=[country]), {}
    if known is None or known.census.empty or frame not in set(known.regions["frame"]):
        raise ValueError(
            f"add_population: no census shares for {country} in frame {frame or 'unknown'!r}. Build the panel with "
            "frame='country', or with a frame of its seed tables, and with all its regions; of a folder of one's own "
            "give country=folder, and put the shares into its census.csv."
        )
    table = known.census.assign(**{c: pd.to_numeric(known.census[c]) for c in ("de_jure", "households")})
    if wrong := [m for m in table["month"] if not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", str(m))]:
        raise ValueError(f"add_population: {country}/census.csv, month: got {wrong[0]!r}; write it as '2019-11'.")
    early, late = (table[table["month"] == m] for m in (table["month"].min(), table["month"].max()))
    late = late.assign(target=_target(known, late, frame))
    _complete(country, known, frame, early, late, census)
    parents = late.groupby("parent")[census].sum() / late[census].sum()
    before = early.groupby("parent")[census].sum() / early[census].sum()
    dates = [pd.Period(m, "M") for m in (early["month"].iloc[0], late["month"].iloc[0])]
    at = [d.year * 12 + d.month - 1 for d in dates]
    logs = {p: np.interp(months, at, [np.log(before[p]), np.log(parents[p])]) for p in parents.index}
    by_parent = np.exp(pd.DataFrame(logs, index=months))
    by_parent = by_parent.div(by_parent.sum(axis=1), axis=0)
    late = late.assign(within=late[census] / late.groupby("parent")[census].transform("sum"))
    pieces = {
        t: sum(by_parent[p] * w for p, w in zip(g["parent"], g["within"], strict=True))
        for t, g in late.groupby("target")
    }
    return pd.DataFrame(pieces), _flags(late)


def _complete(country: str, known: places.Gazetteer, frame: str, early, late, census: str) -> None:
    """Refuse a census that lacks a region or a number: the others would be given that region's people."""
    absent = [
        (f"{late['month'].iloc[0]}, region", set(known.names(frame)) - set(late["target"])),
        (f"{early['month'].iloc[0]}, region", set(late["parent"]) - set(early["region"])),
        (census, set(pd.concat([early, late]).loc[lambda t: ~t[census].gt(0), "region"])),
    ]
    for where, names in absent:
        if names:
            shown = ", ".join(sorted(map(str, names))[:5])
            raise ValueError(f"add_population: {country}/census.csv has no number for {shown} ({where}); add it.")


def _target(known: places.Gazetteer, late: pd.DataFrame, frame: str) -> pd.Series:
    """The region of ``frame`` that holds each region of the later census."""
    if frame == late["frame"].iloc[0]:
        return late["region"]
    own = known.frames[known.frames["frame"] == late["frame"].iloc[0]]
    other = known.frames[known.frames["frame"] == frame]
    pairs = own.merge(other, on="admin2", suffixes=("", "_to")).drop_duplicates(["region", "region_to"])
    return late["region"].map(pairs.set_index("region")["region_to"])


def _flags(late: pd.DataFrame) -> dict[str, str]:
    flags = {}
    for target, group in late.groupby("target"):
        whole = late.loc[late["parent"].isin(group["parent"]), "target"].nunique() == 1
        counted = group["households"].sum()
        short = counted > 0 and group["de_jure"].sum() / counted >= 1.05
        flags[target] = "; ".join(["created-later"] * (not whole) + ["partly-not-enumerated"] * bool(short))
    return flags
