"""Which region an event is counted in."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd

from mali_stats.clean import places
from mali_stats.distinct import different
from mali_stats.schema import DATE_PRECISION, GEO_PRECISION, UNALLOCATED, as_texts

#: all that placing looks at
_PLACING = (
    "country", "admin1", "admin1_name", "admin2", "date_start", "date_precision", "geo_precision", "latitude",
)  # fmt: skip
_NAMES = ("country", "admin1", "admin1_name", "admin2")
_POINTS = ("exact", "near", "area")  # precisions whose coordinates say more than the name of the district does


Tables = dict[str, places.Gazetteer | None]


#: Why an event is unallocated, in the order in which ledgers tell; behind them come those that are too coarse.
REASONS = (
    "no region named", "region name not known", "region name covers several regions of the frame",
    "district lies in several regions of the frame",
)  # fmt: skip


def gazetteers(countries: Iterable[str], frame: str | Path | None) -> tuple[Tables, str | None]:
    """The seed tables of every country in the events, and the frame's name (None: each country's own)."""
    countries = sorted(countries)
    name, own = frame_named(frame, countries)
    shipped = {c: places.gazetteer(c) for c in countries}
    for country, known in shipped.items():
        if name is not None and name != "country" and known is not None:
            _frame_name(country, known, name)
    return shipped | ({} if own is None else {own.country: own}), name


def frame_named(
    frame: str | Path | None, countries: Iterable[str] | None
) -> tuple[str | None, places.Gazetteer | None]:
    """The frame's name, and a country's own seed tables where a folder of them is given (its first frame is used).

    Where the events' countries are not known yet (None), any frame that some seed tables have is taken.
    """
    candidates = sorted(p.name for p in places.shipped()) if countries is None else list(countries)
    tables = [places.gazetteer(c) for c in candidates]
    names = {f for known in tables if known is not None for f in known.regions["frame"]}
    if frame is None or (isinstance(frame, str) and frame in {"country", *names}):
        return frame, None
    folder = Path(frame) if isinstance(frame, str | Path) else None
    if folder is None or not folder.is_dir():
        usable = ", ".join([*sorted(names), "country"])
        whose = "any country" if countries is None else ", ".join(candidates)
        raise ValueError(
            f"region_month_panel: frame={str(frame)!r} is not known for {whose}; use {usable}, None for "
            "the country's own, or a folder of seed tables."
        )
    if countries is not None and folder.name not in candidates:
        raise ValueError(
            f"region_month_panel: frame={str(folder)!r} is a folder of seed tables of {folder.name}; the events are of "
            f"{', '.join(candidates)}."
        )
    return None, places.gazetteer(folder.name, folder)


def refuse_no_country(table: pd.DataFrame, who: str) -> None:
    """Refuse rows that name no country, of which no seed tables can be found."""
    rows = int(table["country"].isna().sum())
    if rows:
        raise ValueError(f"{who}: country is missing in {rows} rows; write its ISO3 code there, such as 'MLI'.")


def refuse_unread(keys: pd.DataFrame, own: places.Gazetteer, folder: Path) -> None:
    """Refuse events that no P-code was given to when they were read: all of them would be unallocated."""
    reasons = set(keys.loc[keys["country"] == own.country, "reason"])
    if REASONS[1] in reasons and reasons <= {REASONS[0], REASONS[1]}:
        raise ValueError(
            f"region_month_panel: no event of {folder.name} has the code of a region, so frame={str(folder)!r} would "
            f"place none. Read them with the same tables: read_events(path, country={_folder(folder)!r}). If they "
            "were, compare their admin1_name with regions.csv and spellings.csv; the ledger counts what is unknown."
        )


def _folder(folder: Path) -> str:
    """The folder as text that cannot be taken for a country's code."""
    return str(folder) if len(folder.parts) > 1 else f"./{folder}"


def placed_events(events, known, frame, max_geo, max_date) -> pd.DataFrame:
    """Region, frame, why it is unallocated, and how its district was divided, for each event."""
    cases, which = placed_cases(events, known, frame, max_geo, max_date)
    return cases.iloc[which].set_axis(events.index)


def placed_cases(events, known, frame, max_geo, max_date) -> tuple[pd.DataFrame, np.ndarray]:
    """What ``placed_events`` tells, once for all events that are placed alike; and which of these each event is."""
    named = [events[c] for c in (*_NAMES, "date_precision", "geo_precision")]
    era, north = np.zeros((2, len(events)), dtype=np.int64)
    for country, tables in known.items():
        if tables is not None and frame != "country":
            here = np.flatnonzero(events["country"] == country)
            era[here] = places.era(tables, events["date_start"].iloc[here])
            of = tables.frames.loc[tables.frames["latitude_from"].notna(), "admin2"]
            divided = here[events["admin2"].iloc[here].isin(of)]
            north[divided] = pd.factorize(events["latitude"].iloc[divided])[0] + 1  # elsewhere all are placed alike
    first, which = different([*named, era, north])
    cases = as_texts(events[[*_PLACING]].iloc[first].reset_index(drop=True))
    return _placed(cases, known, frame, max_geo, max_date).assign(country=cases["country"]), which


def _placed(events: pd.DataFrame, known, frame, max_geo, max_date) -> pd.DataFrame:
    bare = [c for c, tables in known.items() if tables is None and frame != "country"]
    region = events["country"] if frame == "country" else events["admin1_name"].where(events["country"].isin(bare))
    whole = frame == "country"
    placed = pd.DataFrame({
        "region": region.to_numpy(object), "frame": "country" if whole else "published", "reason": "", "divided": "",
    }, index=events.index, dtype=object)  # fmt: skip
    for country, tables in known.items():
        if tables is not None and frame != "country":
            here = events["country"] == country
            name = _frame_name(country, tables, frame)
            placed.loc[here, "frame"] = name
            _in_frame(events[here], placed, tables, name)
    _unplace(events, placed, frame, max_geo, max_date)
    return placed


def _frame_name(country: str, known: places.Gazetteer, frame: str | None) -> str:
    frames = list(dict.fromkeys(known.regions["frame"]))
    if frame is not None and frame not in frames:
        raise ValueError(
            f"region_month_panel: frame={frame!r} is not known for {country}; use {', '.join([*frames, 'country'])}"
            " or None for the country's own."
        )
    return frame or frames[0]


def _in_frame(events: pd.DataFrame, placed: pd.DataFrame, known: places.Gazetteer, frame: str) -> None:
    """Fill region and reason for one country's events, by the district, else by what the region's name covered."""
    unread = events["admin1"].isna() & events["admin1_name"].notna()
    placed.loc[events.index[unread], "reason"] = "region name not known"
    named = events[events["admin1"].notna()]
    era = places.era(known, named["date_start"])
    alike: dict[tuple, list] = {}
    for row, *case in zip(named.index, named["admin1"], named["admin2"].fillna(""), era, strict=True):
        alike.setdefault(tuple(case), []).append(row)
    region: dict = {}
    reason: dict = {}
    for (admin1, admin2, _), here in alike.items():
        belts = _belts(known, frame, admin1, admin2 or None, events.at[here[0], "date_start"])
        if len(set(belts.values())) == 1:
            region |= dict.fromkeys(here, next(iter(belts.values())))
        elif admin2:
            _by_latitude(events.loc[here], belts, placed)
        else:
            reason |= dict.fromkeys(here, "region name covers several regions of the frame")
    for column, found in (("region", region), ("reason", reason)):
        placed.loc[list(found), column] = list(found.values())


def regions_named(known: places.Gazetteer, frame: str, admin1: str, day: pd.Timestamp) -> set[str]:
    """The regions of a frame that the name of a region covered on a day."""
    return set(_belts(known, frame, admin1, None, day).values())


def _belts(known: places.Gazetteer, frame: str, admin1: str, admin2, day: pd.Timestamp) -> dict[float, str]:
    """The regions of the frame that a district (or all districts a region's name covered on ``day``) lies in."""
    districts = [admin2] if isinstance(admin2, str) else places.districts_then(known, admin1, day)
    found = [known.belts[frame, d] for d in districts if (frame, d) in known.belts]
    if not found:  # the country's own frame needs no table: the districts tell it
        return dict(enumerate(known.parent[d] for d in districts if d in known.parent)) or {0: admin1}
    return found[0] if isinstance(admin2, str) else dict(enumerate(r for belts in found for r in belts.values()))


def _by_latitude(events: pd.DataFrame, belts: dict[float, str], placed: pd.DataFrame) -> None:
    """A district that a law divided: the point tells, unless it is only the middle of the district."""
    tells = events["geo_precision"].isin(_POINTS) & events["latitude"].notna()
    placed.loc[events.index[~tells], "reason"] = "district lies in several regions of the frame"
    borders = np.array(sorted(belts))
    belt = np.searchsorted(borders, events.loc[tells, "latitude"], side="right") - 1
    regions = [belts[borders[b]] for b in belt]
    placed.loc[events.index[tells], "region"] = regions
    placed.loc[events.index[tells][belt > 0], "divided"] = [r for r, b in zip(regions, belt, strict=True) if b > 0]


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
    return pd.Series(pd.Categorical(values, categories=list(levels)).codes, index=values.index)
