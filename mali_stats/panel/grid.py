"""Lay events on a complete grid of regions and months: ``region_month_panel``."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from mali_stats import catalog
from mali_stats.clean import places
from mali_stats.clean.values import different
from mali_stats.ledger import Ledger
from mali_stats.panel.months import allotted
from mali_stats.panel.placing import gazetteers, placed_events
from mali_stats.panel.scope import scope_of, shown_months
from mali_stats.schema import COUNTS, DATE_PRECISION, DEATHS, EVENTS, GEO_PRECISION, PANEL, UNALLOCATED, check

SPREADS = ("days", "start", "end")


def region_month_panel(
    events: pd.DataFrame,
    *,
    start: str | date | pd.Period | None = None,
    end: str | date | pd.Period | None = None,
    frame: str | Path | None = None,
    by: str | Sequence[str] | None = None,
    spread: str = "days",
    max_geo_precision: str = "area",
    max_date_precision: str = "month",
    coverage: tuple[str | date | pd.Period, str | date | pd.Period] | pd.DataFrame | None = None,
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
        what the releases in the table cover; where no version is known, up to the last event (the ledger notes it).

    Returns
    -------
    panel : pandas.DataFrame
        the panel table: one row per country, region, [by] and month (its first day). Zero means in scope and
        none reported; missing means out of scope, or a count that the source never gives (ACLED's low and high).
        Counts are events and people killed.
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
    by = [by] if isinstance(by, str) else list(by or [])
    _check_arguments(events, by, spread, max_geo_precision, max_date_precision)
    events = events.reset_index(drop=True)
    ledger = Ledger()
    ledger.count("panel", "events", "in", events)
    known, name = gazetteers(events, frame)
    placed = placed_events(events, known, name, max_geo_precision, max_date_precision)
    first, _ = different([events["country"], placed["region"]])
    pairs = placed.iloc[first].assign(country=events["country"].iloc[first])
    regions = {c: _regions(c, known[c], rows) for c, rows in pairs.groupby("country")}
    scope = scope_of(events, coverage, {r for names in regions.values() for r in names}, ledger)
    months = shown_months(scope, start, end)
    cells = _inside(allotted(events, spread), events, placed, months, scope, ledger)
    _account(cells, events, placed, spread, ledger)
    frames = pairs.groupby("country")["frame"].first()
    panel = _grid(events, cells, placed["region"], regions, frames, by, months, scope)
    _add(ledger, "counted in the panel", "kept", panel, events.loc[cells["event"].unique(), "event_id"])
    return panel, ledger.check()


def _add(ledger: Ledger, reason: str, kind: str, counted: pd.DataFrame, ids: pd.Series) -> None:
    """One ledger line from rows that carry events and deaths (cells, or the panel itself)."""
    low, best, high = (counted[f"deaths_{name}"].sum() for name in ("low", "best", "high"))
    ledger.add("panel", reason, kind, rows=counted["events"].sum(), low=low, best=best, high=high, ids=ids)


def _inside(cells, events, placed, months, scope, ledger) -> pd.DataFrame:
    """Leave out what lies outside the months shown or the coverage, counted in the ledger."""
    shown = cells["month"].between(*months)
    covered = scope.covers(placed["region"].to_numpy()[cells["event"]], cells["month"].to_numpy())
    for out, reason in ((~shown, "outside start and end"), (shown & ~covered, "outside the source's coverage")):
        if out.any():
            _add(ledger, reason, "dropped", cells[out], events.loc[cells.loc[out, "event"].unique(), "event_id"])
    return cells[shown & covered]


def _crossing(events: pd.DataFrame) -> pd.Series:
    return events["date_start"].dt.to_period("M") != events["date_end"].dt.to_period("M")


def _never_given(events: pd.DataFrame) -> list[str]:
    """The counts that the source gives for no event (ACLED: all but the best)."""
    return [c for c in DEATHS if events[c].isna().all()]


def _account(cells: pd.DataFrame, events: pd.DataFrame, placed: pd.DataFrame, spread: str, ledger: Ledger) -> None:
    """Say what was moved or left out among the cells that are kept."""
    never = _never_given(events)
    missing = events[[c for c in DEATHS if c not in never]].isna().any(axis=1)
    if never:
        ledger.notes.append(f"{', '.join(never)}: missing in every event, so missing in the panel, not zero.")
    lines = [("missing count left out of the sums", "flagged", missing)]
    lines += [(f"to unallocated: {r}", "moved", placed["reason"] == r) for r in placed["reason"].unique() if r]
    lines += [
        (f"divided by latitude: to {r}", "moved", placed["divided"] == r) for r in placed["divided"].unique() if r
    ]
    if spread == "days":
        lines.append(("spread over months by days", "moved", _crossing(events)))
    for reason, kind, mask in lines:
        here = cells[mask.to_numpy()[cells["event"]]]
        if len(here):
            _add(ledger, reason, kind, here, events.loc[here["event"].unique(), "event_id"])


def _check_arguments(events, by, spread, geo, when) -> None:
    if "event_id" not in events:
        raise ValueError("region_month_panel: an events table is wanted, as read_events returns it.")
    check(events)
    if events.empty:
        raise ValueError("region_month_panel: the events table has no row, so nothing says which country to lay out.")
    sources = events["source"].unique()
    if len(sources) > 1:
        raise ValueError(
            f"region_month_panel: the events come from {len(sources)} sources ({', '.join(sources)}). Two records of "
            "one war must not be added: select one source, or match_events first and take the union."
        )
    for name, value, levels in (
        ("spread", spread, SPREADS),
        ("max_geo_precision", geo, GEO_PRECISION),
        ("max_date_precision", when, DATE_PRECISION),
    ):
        if value not in levels:
            raise ValueError(f"region_month_panel: {name}={value!r} is not known; use one of {', '.join(levels)}.")
    if len(set(by)) < len(by):
        raise ValueError(f"region_month_panel: by={by!r} names a column twice.")
    for column in by:
        if column not in events or column in DEATHS or column in PANEL:
            usable = ", ".join(c for c in EVENTS if c not in DEATHS and c not in PANEL)
            raise ValueError(
                f"region_month_panel: by={column!r} is not an event column to group by. There are: {usable}."
            )
        if events[column].isna().any():
            n = int(events[column].isna().sum())
            raise ValueError(
                f"region_month_panel: by={column!r} is missing in {n} events; fill it first (say, with 'unknown')."
            )


def _grid(events, cells, placed, regions, frames, by, months, scope) -> pd.DataFrame:
    levels = [_levels(events[column]) for column in by]
    shape = [len(level) for level in levels]
    keys, first = _rows_of_regions(regions), months[0]
    span = months[1] - first + 1
    block = int(np.prod(shape, dtype=int)) * span  # rows of one region
    at = _place(keys, events["country"], placed)
    for column, level in zip(by, levels, strict=True):
        at = at * len(level) + pd.Categorical(events[column], categories=level).codes
    row = at[cells["event"]] * span + cells["month"].to_numpy() - first
    sums = np.zeros((len(keys) * block, len(COUNTS)), dtype=np.int64)
    np.add.at(sums, row, cells[list(COUNTS)].to_numpy())
    region = np.repeat(np.arange(len(keys)), block)
    grid = {name: pd.array(keys[name], dtype="str").take(region) for name in ("country", "region", "region_name")}
    for depth, (column, level) in enumerate(zip(by, levels, strict=True)):
        inner = int(np.prod(shape[depth + 1 :], dtype=int)) * span
        which = np.arange(len(region)) // inner % len(level)
        grid[column] = pd.array(level, dtype=events[column].dtype).take(which)
    month = first + np.arange(len(region)) % span
    in_scope = scope.covers(keys["region"].to_numpy()[region], month)
    grid["month"] = (month - 1970 * 12).astype("datetime64[M]").astype("datetime64[us]")
    grid["in_scope"] = pd.array(in_scope, dtype="boolean")
    never = _never_given(events)
    for i, name in enumerate(COUNTS):
        grid[name] = pd.arrays.IntegerArray(sums[:, i].copy(), ~in_scope | (name in never))
    grid["frame"] = pd.array(keys["country"].map(frames), dtype="str").take(region)
    return pd.DataFrame(grid)


def _rows_of_regions(regions: dict[str, dict[str, str]]) -> pd.DataFrame:
    """Every country's regions in their order, and what has none: columns country, region, region_name."""
    rows = [(c, r, name) for c, names in regions.items() for r, name in [*names.items(), (UNALLOCATED, UNALLOCATED)]]
    return pd.DataFrame(rows, columns=["country", "region", "region_name"])


def _place(keys: pd.DataFrame, country: pd.Series, region: pd.Series) -> np.ndarray:
    """The row of ``keys`` in which each event's country and region stand."""
    codes = []
    for name, values in (("country", country), ("region", region)):
        known = pd.Index(keys[name].unique())
        codes.append((known.get_indexer(keys[name]), known.get_indexer(values), len(known)))
    (own_country, c, _), (own_region, r, n) = codes
    return pd.Index(own_country * n + own_region).get_indexer(c * n + r)


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
