"""People and person-years beside a panel: ``add_population``."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mali_stats import catalog
from mali_stats.clean import places
from mali_stats.panel.months import ordinal
from mali_stats.schema import UNALLOCATED, check


def add_population(panel: pd.DataFrame, *, census: str = "de_jure") -> pd.DataFrame:
    """Join people and person-years to a panel.

    National totals are the World Bank's, placed at 1 July and interpolated log-linearly by month; the regions'
    shares are log-linear between the censuses and constant outside, scaled so that the regions sum to the
    national total every month. A region created between the censuses takes its later share of its parent
    throughout. person_years = population x days of the month / 365.25.

    Parameters
    ----------
    panel : pandas.DataFrame
        a panel in a frame of the country's seed tables, or with one region per country.
    census : {"de_jure", "households"}
        which count of the later census gives the shares: all residents, or those of ordinary households (as
        enumerated; short where the war is: on it the rates of 2023 are 35 % higher in Ménaka, 29 % in Tombouctou).

    Returns
    -------
    pandas.DataFrame
        the panel with population (people), person_years, and population_issues: "created-later",
        "partly-not-enumerated" (the two counts of the region differ by 5 % or more), "extrapolated" (up to three
        years after the last national total, by its last growth), "no-national-total" (beyond that, and before
        the first), joined by "; ". Missing for "unallocated".

    Raises
    ------
    ValueError
        where no shares or no national totals are known, naming the frame "country" as the way out.

    Examples
    --------
    >>> import mali_stats as ms
    >>> panel = ms.add_population(ms.load("region_month"))
    >>> july = panel[(panel["month"] == "2022-07-01") & (panel["type_of_violence"] == "one-sided")]
    >>> int(july["population"].sum().round())
    23072640
    """
    if census not in ("de_jure", "households"):
        raise ValueError(f"add_population: census={census!r} is not known; use 'de_jure' or 'households'.")
    check(panel)
    parts = [_with_population(part, country, census) for country, part in panel.groupby("country", sort=False)]
    return pd.concat(parts).loc[panel.index]


def _with_population(panel: pd.DataFrame, country: str, census: str) -> pd.DataFrame:
    months = np.sort(ordinal(panel["month"].drop_duplicates()))
    total, beyond = _national(country, months)
    shares, flags = _shares(country, frame_of(panel, country), months, census)
    people = (shares.mul(total, axis=0)).stack().rename("population")
    at = pd.MultiIndex.from_arrays([ordinal(panel["month"]), panel["region"]])
    out = panel.assign(population=people.reindex(at).to_numpy())
    out["person_years"] = out["population"] * out["month"].dt.days_in_month / 365.25
    late = pd.Series(ordinal(panel["month"]) > beyond, index=panel.index).map({True: "extrapolated", False: ""})
    unknown = pd.Series(ordinal(panel["month"]), index=panel.index).map(total.isna())
    late = late.mask(unknown, "no-national-total")
    issues = pd.Series([flags.get(r, "") for r in panel["region"]], index=panel.index) + "; " + late
    out["population_issues"] = issues.str.removeprefix("; ").str.removesuffix("; ").astype("str")
    out.loc[out["region"] == UNALLOCATED, "population_issues"] = ""
    return out


def frame_of(panel: pd.DataFrame, country: str) -> str:
    """The frame a panel is laid out in: its column, or that of the seed tables with just its regions; else empty."""
    if "frame" in panel:
        return str(panel["frame"].iloc[0])
    known = places.gazetteer(country)
    regions = set(panel["region"]) - {UNALLOCATED}
    if regions == {country}:
        return "country"
    return next((f for f in known.regions["frame"].unique() if regions == set(known.names(f))), "") if known else ""


def _national(country: str, months: np.ndarray) -> tuple[pd.Series, int]:
    """People by month, and the last month that a published total reaches; three years on by its last growth."""
    table = catalog.load("population")
    table = table[table["country"] == country]
    if table.empty:
        raise ValueError(f"add_population: no national totals of {country} are shipped (see ms.load('population')).")
    at, log = table["year"].to_numpy(int) * 12 + 6, np.log(table["population"].to_numpy(float))
    last = int(at[-1])
    growth = (log[-1] - log[-2]) / 12
    logs = np.interp(months, at, log) + np.clip(months - last, 0, None) * growth
    people = np.where((months >= at[0]) & (months <= last + 36), np.exp(logs), np.nan)
    return pd.Series(people, index=months), last


def _shares(country: str, frame: str, months: np.ndarray, census: str) -> tuple[pd.DataFrame, dict[str, str]]:
    """Each region's share of the country by month (rows sum to 1), and what is to be said of it."""
    if frame == "country":
        return pd.DataFrame(1.0, index=months, columns=[country]), {}
    known = places.gazetteer(country)
    if known is None or known.census.empty or frame not in set(known.regions["frame"]):
        raise ValueError(
            f"add_population: no census shares for {country} in frame {frame or 'unknown'!r}. Build the panel with "
            "frame='country', or with a frame of its seed tables, and with all its regions."
        )
    table = known.census.assign(**{c: pd.to_numeric(known.census[c]) for c in ("de_jure", "households")})
    early, late = (table[table["month"] == m] for m in (table["month"].min(), table["month"].max()))
    parents = late.groupby("parent")[census].sum() / late[census].sum()
    before = early.groupby("parent")[census].sum() / early[census].sum()
    dates = [pd.Period(m, "M") for m in (early["month"].iloc[0], late["month"].iloc[0])]
    at = [d.year * 12 + d.month - 1 for d in dates]
    logs = {p: np.interp(months, at, [np.log(before[p]), np.log(parents[p])]) for p in parents.index}
    by_parent = pd.DataFrame(np.exp(pd.DataFrame(logs, index=months)))
    by_parent = by_parent.div(by_parent.sum(axis=1), axis=0)
    late = late.assign(
        target=_target(known, late, frame),
        within=late[census] / late.groupby("parent")[census].transform("sum"),
    )
    pieces = {
        t: sum(by_parent[p] * w for p, w in zip(g["parent"], g["within"], strict=True))
        for t, g in late.groupby("target")
    }
    return pd.DataFrame(pieces), _flags(late)


def _target(known: places.Gazetteer, late: pd.DataFrame, frame: str) -> pd.Series:
    """The region of ``frame`` that holds each region of the later census."""
    if frame == late["frame"].iloc[0]:
        return late["region"]
    own = known.frames[known.frames["frame"] == late["frame"].iloc[0]]
    other = known.frames[known.frames["frame"] == frame]
    pairs = own.merge(other, on="admin2", suffixes=("", "_to")).drop_duplicates(["region", "region_to"])
    return late["region"].map(pairs.set_index("region")["region_to"])


def _flags(late: pd.DataFrame) -> dict[str, str]:
    flags: dict[str, str] = {}
    for target, group in late.groupby("target"):
        whole = late.loc[late["parent"].isin(group["parent"]), "target"].nunique() == 1
        short = group["de_jure"].sum() / group["households"].sum() >= 1.05
        flags[str(target)] = "; ".join(["created-later"] * (not whole) + ["partly-not-enumerated"] * bool(short))
    return flags
