"""Lay events on a grid of regions and months: ``region_month_panel``, and the ``add_*`` that join to it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd

from mali_stats import catalog
from mali_stats.clean import places
from mali_stats.ledger import Ledger
from mali_stats.schema import COUNTS, DATE_PRECISION, DEATHS, EVENTS, GEO_PRECISION, PANEL, UNALLOCATED, check
from mali_stats.sources import ucdp

SPREADS = ("days", "start", "end")
_POINTS = ("exact", "near", "area")  # precisions whose coordinates say more than the name of the district does


def region_month_panel(
    events: pd.DataFrame,
    *,
    start=None,
    end=None,
    frame: str | Path | None = None,
    by: str | Sequence[str] | None = None,
    spread: str = "days",
    max_geo_precision: str = "area",
    max_date_precision: str = "month",
    coverage=None,
) -> tuple[pd.DataFrame, Ledger]:
    """Add events up by region and month on a complete grid, with an account of where each one went.

    Parameters
    ----------
    events : pandas.DataFrame
        an events table of one source.
    start, end : str or date, optional
        first and last month ("2012-01"); by default all that the source covers.
    frame : str or Path, optional
        the units: a frame of the country's seed tables (Mali: "ocha10", its own and the default; "census9",
        "law2023"), or "country" (one region). Countries without seed tables keep admin1 as published; the
        folder of seed tables that read_events was given may stand here too.
    by : str or list of str, optional
        event columns that become further columns of the grid, such as "type_of_violence".
    spread : {"days", "start", "end"}
        "days" allots every count of an event to its months by the days in each (Sainte-Laguë), conserving
        each count; "start" and "end" put the event in the month of its first or last day.
    max_geo_precision, max_date_precision : str
        events coarser than this are counted in the region "unallocated", in the months of their own dates.
    coverage : (start, end) or pandas.DataFrame, optional
        the months the source watches, for all regions or by region (columns region, start, end). By default
        what the release of the source covers.

    Returns
    -------
    panel : pandas.DataFrame
        the panel table: one row per country, region, [by] and month (its first day). Zero means in scope and
        none reported; missing means out of scope. Counts are events and people killed.
    ledger : Ledger
        events and deaths in = kept in the panel + dropped; what was moved to unallocated or spread.

    Raises
    ------
    ValueError
        for events of several sources (two records of one war must not be added), an unknown frame, column or
        precision, or a table that is not an events table.

    Examples
    --------
    >>> import mali_stats as ms
    >>> events, _ = ms.read_events("notebooks/made_up_rows.csv", country="MLI")
    >>> panel, ledger = ms.region_month_panel(events, frame="country", start="2022-03", end="2022-04")
    >>> panel[["region_name", "month", "events", "deaths_best"]]
       region_name      month  events  deaths_best
    0         Mali 2022-03-01       1            9
    1         Mali 2022-04-01       0            3
    2  unallocated 2022-03-01       0            0
    3  unallocated 2022-04-01       0            0
    """
    _check_arguments(events, by, spread, max_geo_precision, max_date_precision)
    by = [by] if isinstance(by, str) else list(by or [])
    ledger = Ledger()
    ledger.count("panel", "events", "in", events)
    events = events.reset_index(drop=True)
    known = _gazetteers(events, frame)
    frame = None if isinstance(frame, Path) or (frame and Path(frame).is_dir()) else frame
    placed = _placed(events, known, frame, max_geo_precision, max_date_precision, ledger)
    cells = _allotted(events, spread, ledger)
    window, scope = _window(events, start, end, coverage)
    cells = _inside(cells, events, placed, window, scope, ledger)
    panel = _grid(events, cells, placed, known, by, window, scope)
    sums = [panel[c].sum() for c in ("events", "deaths_low", "deaths_best", "deaths_high")]
    kept = dict(zip(("rows", "low", "best", "high"), sums, strict=True))
    ledger.add("panel", "counted in the panel", "kept", **kept, ids=events.loc[cells["event"].unique(), "event_id"])
    ledger.check()
    return panel, ledger


def _check_arguments(events, by, spread, geo, when) -> None:
    if "event_id" not in events:
        raise ValueError("region_month_panel: an events table is wanted, as read_events returns it.")
    check(events)
    if events.empty:
        raise ValueError("region_month_panel: the events table has no row, so nothing says which country to lay out.")
    sources = events["source"].unique()
    if len(sources) > 1:
        raise ValueError(
            f"region_month_panel: the events come from {len(sources)} sources ({', '.join(sources)}). Two records of one war "
            "must not be added: select one source, or match_events first and take the union."
        )
    for name, value, levels in (
        ("spread", spread, SPREADS), ("max_geo_precision", geo, GEO_PRECISION), ("max_date_precision", when, DATE_PRECISION),
    ):  # fmt: skip
        if value not in levels:
            raise ValueError(f"region_month_panel: {name}={value!r} is not known; use one of {', '.join(levels)}.")
    for column in [by] if isinstance(by, str) else by or []:
        if column not in events or column in DEATHS or column in PANEL:
            usable = ", ".join(c for c in EVENTS if c not in DEATHS and c not in PANEL)
            raise ValueError(f"region_month_panel: by={column!r} is not an event column to group by. There are: {usable}.")
        if events[column].isna().any():
            n = int(events[column].isna().sum())
            raise ValueError(f"region_month_panel: by={column!r} is missing in {n} events; fill it first (say, with 'unknown').")


# ---- which region ------------------------------------------------------------------------------------------


def _gazetteers(events: pd.DataFrame, frame: str | Path | None) -> dict[str, places.Gazetteer | None]:
    folder = Path(frame) if frame is not None and Path(frame).is_dir() else None
    own = {folder.name: folder} if folder else {}
    return {c: places.gazetteer(c, own.get(c)) for c in sorted(events["country"].unique())}


def _placed(events, gazetteers, frame, max_geo, max_date, ledger) -> pd.DataFrame:
    """Region, its name and frame for each event; what cannot be placed is unallocated, with the reason in the ledger."""
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
    """Fill region and reason for the events of one country, by the district, else by what the region's name covered then."""
    rows = events[["admin1", "admin2"]].assign(era=places.era(known, events["date_start"]))
    placed.loc[events.index[events["admin1"].isna() & events["admin1_name"].notna()], "reason"] = "region name not known"
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
        return {float(f) if isinstance(f, str) else -90.0: r for f, r in zip(rows["latitude_from"], rows["region"], strict=True)}
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


# ---- which month -------------------------------------------------------------------------------------------


def _allotted(events: pd.DataFrame, spread: str, ledger: Ledger) -> pd.DataFrame:
    """One row per event and month (months since year 0) with its share of every count; missing counts are zero here."""
    first, last = _ordinal(events["date_start"]), _ordinal(events["date_end"])
    counts = np.column_stack([np.ones(len(events), dtype=np.int64), events[list(DEATHS)].fillna(0).to_numpy(np.int64)])
    missing = events[list(DEATHS)].isna().any(axis=1)
    ledger.count("panel", "missing count left out of the sums", "flagged", events[missing])
    crossing = np.flatnonzero(first != last) if spread == "days" else np.array([], dtype=int)
    month = last if spread == "end" else first
    simple = np.setdiff1d(np.arange(len(events)), crossing)
    pieces = [_cells(simple, month[simple], counts[simple])]
    for i in crossing:
        days = _days_by_month(events["date_start"].iloc[i], events["date_end"].iloc[i])
        shares = np.column_stack([sainte_lague(int(n), days) for n in counts[i]])
        used = shares.any(axis=1)
        pieces.append(_cells(np.full(used.sum(), i), first[i] + np.flatnonzero(used), shares[used]))
    ledger.count("panel", "spread over months by days", "moved", events.iloc[crossing])
    return pd.concat(pieces, ignore_index=True)


def _cells(event: np.ndarray, month: np.ndarray, counts: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame({"event": event, "month": month} | {name: counts[:, j] for j, name in enumerate(COUNTS)})


def _ordinal(days: pd.Series) -> np.ndarray:
    return (days.dt.year * 12 + days.dt.month - 1).to_numpy()


def _days_by_month(first: pd.Timestamp, last: pd.Timestamp) -> tuple[int, ...]:
    """Days of an event in each of its months, both ends counted."""
    months = pd.period_range(first, last, freq="M")
    ends = [min(m.end_time.normalize(), last) for m in months]
    starts = [max(m.start_time, first) for m in months]
    return tuple((b - a).days + 1 for a, b in zip(starts, ends, strict=True))


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


def _window(events: pd.DataFrame, start, end, coverage) -> tuple[tuple[int, int], Scope]:
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
        single = {r: (_month("coverage", a), _month("coverage", b)) for r, a, b in coverage[["region", "start", "end"]].values}
        return (min(a for a, _ in single.values()), max(b for _, b in single.values())), single
    first, last = coverage
    return (_month("coverage", first), _month("coverage", last)), {}


def _released(events: pd.DataFrame) -> tuple[int, int]:
    """What the releases in the table cover; without a known version, to the month of the last event."""
    ends = [ucdp.coverage_end(v) for v in events["source_version"].dropna().unique()]
    told = [year * 12 + month - 1 for year, month in filter(None, ends)]
    seen_first, seen_last = _ordinal(events["date_start"]).min(), _ordinal(events["date_end"]).max()
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


def _inside(cells, events, placed, window, scope, ledger) -> pd.DataFrame:
    """Leave out what lies outside the window or the coverage, counted in the ledger."""
    everywhere, single = scope
    region = placed["region"].to_numpy()[cells["event"]]
    spans = np.array([single.get(r, everywhere if r == UNALLOCATED or not single else (1, 0)) for r in region]).reshape(-1, 2)
    in_window = cells["month"].between(*window)
    in_scope = (cells["month"] >= spans[:, 0]) & (cells["month"] <= spans[:, 1])
    for out, reason in ((~in_window, "outside start and end"), (in_window & ~in_scope, "outside the source's coverage")):
        lost = cells[out]
        if len(lost):
            sums = dict(zip(("rows", "low", "best", "high"), lost[list(COUNTS[:4])].sum(), strict=True))
            ledger.add("panel", reason, "dropped", **sums, ids=events.loc[lost["event"].unique(), "event_id"])
    return cells[in_window & in_scope]


# ---- the grid ----------------------------------------------------------------------------------------------


def _grid(events, cells, placed, gazetteers, by, window, scope) -> pd.DataFrame:
    keys = ["country", "region", *by, "month"]
    values = events.loc[cells["event"], ["country", *by]].reset_index(drop=True)
    values["region"] = placed["region"].to_numpy()[cells["event"]]
    values["month"] = cells["month"].to_numpy()
    sums = cells[list(COUNTS)].reset_index(drop=True).groupby([values[k].astype(object) for k in keys]).sum()
    index, names = _index(events, placed, gazetteers, by, window)
    grid = sums.reindex(index, fill_value=0).astype("Int64").reset_index()
    everywhere, single = scope
    spans = [single.get(r, everywhere if r == UNALLOCATED or not single else (1, 0)) for r in grid["region"]]
    grid["in_scope"] = [a <= m <= b for m, (a, b) in zip(grid["month"], spans, strict=True)]
    grid.loc[~grid["in_scope"], list(COUNTS)] = pd.NA
    grid["region_name"] = [names[c].get(r, r) for c, r in zip(grid["country"], grid["region"], strict=True)]
    grid["frame"] = grid["country"].map(placed.groupby(events["country"])["frame"].first())
    return _finished(grid, events, by)


def _index(events, placed, gazetteers, by, window) -> tuple[pd.MultiIndex, dict[str, dict[str, str]]]:
    """Every country's regions, by-levels and months, and the names of the regions."""
    levels = [_levels(events[column]) for column in by]
    months = range(window[0], window[1] + 1)
    tuples, names = [], {}
    for country, known in gazetteers.items():
        names[country] = _regions(country, known, placed[events["country"] == country])
        product = pd.MultiIndex.from_product([[country], [*names[country], UNALLOCATED], *levels, months])
        tuples.append(product.to_frame(index=False))
    table = pd.concat(tuples, ignore_index=True)
    return pd.MultiIndex.from_frame(table.astype(object), names=["country", "region", *by, "month"]), names


def _regions(country: str, known: places.Gazetteer | None, placed: pd.DataFrame) -> dict[str, str]:
    frame = placed["frame"].iloc[0]
    if frame == "country":
        names = catalog.seed("countries").drop_duplicates("iso3").set_index("iso3")["name"]
        return {country: names.get(country, country)}
    if frame == "published":
        return {r: r for r in sorted(set(placed["region"]) - {UNALLOCATED})}
    return known.names(frame)


def _levels(values: pd.Series) -> list:
    return list(values.cat.categories) if isinstance(values.dtype, pd.CategoricalDtype) else sorted(values.unique())


def _finished(grid: pd.DataFrame, events: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    grid["month"] = pd.to_datetime({"year": grid["month"] // 12, "month": grid["month"] % 12 + 1, "day": 1})
    grid["month"] = grid["month"].astype("datetime64[us]")
    for column in by:
        grid[column] = grid[column].astype(events[column].dtype)
    text = {c: "str" for c in ("country", "region", "region_name", "frame")}
    order = ["country", "region", "region_name", *by, "month", "in_scope", *COUNTS, "frame"]
    return grid.astype(text | {"in_scope": "boolean"})[order]


# ---- population --------------------------------------------------------------------------------------------


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
        enumerated; short where the war is, so rates come out 7 to 40 % too high in the north and centre).

    Returns
    -------
    pandas.DataFrame
        the panel with population (people), person_years, and population_issues: "created-later",
        "partly-not-enumerated" (the two counts of the region differ by 5 % or more), "extrapolated" (after the
        last national total), joined by "; ". Missing for "unallocated".

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
    months = np.sort(_ordinal(panel["month"].drop_duplicates()))
    total, beyond = _national(country, months)
    shares, flags = _shares(country, _frame_of(panel, country), months, census)
    people = (shares.mul(total, axis=0)).stack().rename("population")
    at = pd.MultiIndex.from_arrays([_ordinal(panel["month"]), panel["region"]])
    out = panel.assign(population=people.reindex(at).to_numpy())
    out["person_years"] = out["population"] * out["month"].dt.days_in_month / 365.25
    late = pd.Series(_ordinal(panel["month"]) > beyond, index=panel.index).map({True: "extrapolated", False: ""})
    issues = pd.Series([flags.get(r, "") for r in panel["region"]], index=panel.index) + "; " + late
    out["population_issues"] = issues.str.removeprefix("; ").str.removesuffix("; ").astype("str")
    out.loc[out["population"].isna(), "population_issues"] = ""
    return out


def _frame_of(panel: pd.DataFrame, country: str) -> str:
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
    if known is None or known.census.empty or not frame:
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
    by_parent = np.exp(pd.DataFrame(logs, index=months))
    by_parent = by_parent.div(by_parent.sum(axis=1), axis=0)
    late = late.assign(target=_target(known, late, frame), within=late[census] / late.groupby("parent")[census].transform("sum"))
    pieces = {t: sum(by_parent[p] * w for p, w in zip(g["parent"], g["within"], strict=True)) for t, g in late.groupby("target")}
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
    flags = {}
    for target, group in late.groupby("target"):
        whole = late.loc[late["parent"].isin(group["parent"]), "target"].nunique() == 1
        short = group["de_jure"].sum() / group["households"].sum() >= 1.05
        flags[target] = "; ".join(["created-later"] * (not whole) + ["partly-not-enumerated"] * bool(short))
    return flags
