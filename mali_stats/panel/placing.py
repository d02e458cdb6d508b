"""Which region an event is counted in."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from mali_stats.clean import places
from mali_stats.ledger import Ledger
from mali_stats.schema import DATE_PRECISION, GEO_PRECISION, UNALLOCATED

_POINTS = ("exact", "near", "area")  # precisions whose coordinates say more than the name of the district does


def gazetteers(events: pd.DataFrame, frame: str | Path | None) -> dict[str, places.Gazetteer | None]:
    """The seed tables of every country in the events; a folder given as frame is one country's own."""
    folder = Path(frame) if frame is not None and Path(frame).is_dir() else None
    own = {folder.name: folder} if folder else {}
    return {c: places.gazetteer(c, own.get(c)) for c in sorted(events["country"].unique())}


def placed_events(events, gazetteers, frame, max_geo, max_date, ledger) -> pd.DataFrame:
    """Region, its name and frame for each event; what cannot be placed is unallocated, and the ledger says why."""
    placed = pd.DataFrame(
        {"region": pd.Series(np.nan, index=events.index, dtype=object), "frame": "published", "reason": ""}
    )
    for country, known in gazetteers.items():
        here = events["country"] == country
        if frame == "country":
            placed.loc[here, ["region", "frame"]] = [country, "country"]
        elif known is None and frame is None:
            placed.loc[here, "region"] = events.loc[here, "admin1_name"].astype(object)
        else:
            name = _frame_name(country, known, frame)
            placed.loc[here, "frame"] = name
            _in_frame(events[here], placed, known, name, ledger)
    _unplace(events, placed, frame, max_geo, max_date)
    for reason in [r for r in placed["reason"].unique() if r]:
        ledger.count("panel", f"to unallocated: {reason}", "moved", events[placed["reason"] == reason])
    return placed


def _frame_name(country: str, known: places.Gazetteer | None, frame: str | None) -> str:
    frames = list(dict.fromkeys(known.regions["frame"])) if known is not None else []
    if frame is not None and frame not in frames:
        raise ValueError(
            f"region_month_panel: frame={frame!r} is not known for {country}; use {', '.join([*frames, 'country'])}"
            " or None for the country's own."
        )
    return frame or frames[0]


def _in_frame(events: pd.DataFrame, placed: pd.DataFrame, known: places.Gazetteer, frame: str, ledger: Ledger) -> None:
    """Fill region and reason for one country's events, by the district, else by what the region's name covered."""
    rows = events[["admin1", "admin2"]].assign(era=places.era(known, events["date_start"]))
    placed.loc[events.index[events["admin1"].isna() & events["admin1_name"].notna()], "reason"] = (
        "region name not known"
    )
    divided = pd.Series(False, index=events.index)
    for (admin1, admin2, _), group in rows[rows["admin1"].notna()].groupby(list(rows), dropna=False, sort=False):
        here = group.index
        belts = _belts(known, frame, admin1, admin2, events.at[here[0], "date_start"])
        if len(set(belts.values())) == 1:
            placed.loc[here, "region"] = next(iter(belts.values()))
        elif isinstance(admin2, str):
            _by_latitude(events.loc[here], belts, placed, divided)
        else:
            placed.loc[here, "reason"] = "region name covers several regions of the frame"
    ledger.count("panel", "district divided by latitude", "moved", events[divided])


def _belts(known: places.Gazetteer, frame: str, admin1: str, admin2, day: pd.Timestamp) -> dict[float, str]:
    """The regions of the frame that a district (or all districts a region's name covered on ``day``) lies in."""
    districts = [admin2] if isinstance(admin2, str) else places.districts_then(known, admin1, day)
    rows = known.frames[(known.frames["frame"] == frame) & known.frames["admin2"].isin(districts)]
    if rows.empty:  # the country's own frame needs no table: the districts tell it
        own = known.districts[known.districts["admin2"].isin(districts)]
        return dict(enumerate(own["admin1"])) or {0: admin1}
    if isinstance(admin2, str):
        return {
            float(f) if isinstance(f, str) else -90.0: r
            for f, r in zip(rows["latitude_from"], rows["region"], strict=True)
        }
    return dict(enumerate(rows["region"]))


def _by_latitude(events: pd.DataFrame, belts: dict[float, str], placed: pd.DataFrame, divided: pd.Series) -> None:
    """A district that a law divided: the point tells, unless it is only the middle of the district."""
    tells = events["geo_precision"].isin(_POINTS) & events["latitude"].notna()
    placed.loc[events.index[~tells], "reason"] = "district lies in several regions of the frame"
    borders = np.array(sorted(belts))
    belt = np.searchsorted(borders, events.loc[tells, "latitude"], side="right") - 1
    placed.loc[events.index[tells], "region"] = [belts[borders[b]] for b in belt]
    divided[events.index[tells]] = True


def _unplace(events: pd.DataFrame, placed: pd.DataFrame, frame: str | None, max_geo: str, max_date: str) -> None:
    """Mark what has no region, or is coarser than asked, as unallocated; the first reason that holds is given."""
    coarsest = GEO_PRECISION.index(max_geo)
    if frame == "country":  # a country as a whole is place enough for its one region
        coarsest = max(coarsest, GEO_PRECISION.index("country"))
    nowhere = placed["region"].isna() & (placed["reason"] == "")
    coarse_day = _rank(events["date_precision"], DATE_PRECISION) > DATE_PRECISION.index(max_date)
    coarse_place = _rank(events["geo_precision"], GEO_PRECISION) > coarsest
    for mask, reason in (
        (nowhere, "no region named"),
        (coarse_day, f"date coarser than {max_date}"),
        (coarse_place, f"place coarser than {max_geo}"),
    ):
        placed.loc[mask & (placed["reason"] == ""), "reason"] = reason
    placed.loc[placed["reason"] != "", "region"] = UNALLOCATED


def _rank(values: pd.Series, levels: tuple[str, ...]) -> pd.Series:
    return values.astype("object").map({level: i for i, level in enumerate(levels)})
