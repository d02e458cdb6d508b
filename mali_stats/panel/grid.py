"""Lay events on a complete grid of regions and months: ``region_month_panel``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from mali_stats import catalog
from mali_stats.asked import single
from mali_stats.distinct import coded
from mali_stats.ledger import Ledger
from mali_stats.panel.parts import Choices, Facts, Part, lacking, part_of, together
from mali_stats.panel.placing import REASONS, Tables, frame_named, gazetteers, refuse_no_country, refuse_unread
from mali_stats.panel.scope import scope_of, shown_months
from mali_stats.schema import (
    COUNTS,
    DATE_PRECISION,
    DEATHS,
    EVENTS,
    GEO_PRECISION,
    PANEL,
    UNALLOCATED,
    checked,
    is_dask,
)
from mali_stats.texts import texts_of_all

if TYPE_CHECKING:
    import dask.dataframe as dd

SPREADS = ("days", "start", "end")


def region_month_panel(
    events: pd.DataFrame | dd.DataFrame,
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
    events : pandas.DataFrame or dask.dataframe.DataFrame
        an events table of one source. A Dask DataFrame is computed, a partition at a time.
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
    single("region_month_panel", by=by)
    by = list(by or []) if by is None or (isinstance(by, Iterable) and not isinstance(by, str)) else [by]
    _check_arguments(events, by, spread, max_geo_precision, max_date_precision)
    asked = spread, max_geo_precision, max_date_precision
    if is_dask(events):
        from mali_stats.panel.dask_parts import parts_of

        name, own = frame_named(frame, None)
        choices = Choices(by, *asked, name, own, isinstance(coverage, pd.DataFrame))
        part = together(parts_of(events, choices))
    else:
        checked(events, "region_month_panel")
        refuse_no_country(events, "region_month_panel")
        asked_for = frame is not None and len(events) > 0
        name, own = frame_named(frame, sorted(events["country"].unique())) if asked_for else (None, None)
        part = part_of(events, Choices(by, *asked, name, own, isinstance(coverage, pd.DataFrame)))
    _check_facts(part.facts, by)
    if own is not None:
        refuse_unread(part.keys, own, Path(frame))
    return _laid_out(part, frame, by, coverage, start, end)


def _laid_out(part: Part, frame, by, coverage, start, end) -> tuple[pd.DataFrame, Ledger]:
    """The panel and its ledger, from what all events add to it."""
    facts, ledger = part.facts, part.facts.ledger
    known, _ = gazetteers(facts.frames, frame)
    regions = _regions(known, facts.frames, part.keys)
    scope = scope_of(facts, coverage, {r for names in regions.values() for r in names}, ledger)
    months = shown_months(scope, start, end)
    cells, ids = _inside(part, months, scope, ledger)
    _account(part.keys, cells, ids, facts, ledger)
    panel = _grid(part, cells, regions, by, months, scope)
    _add(ledger, "counted in the panel", "kept", panel, ids["event_id"])
    return panel, ledger.check()


def _add(ledger: Ledger, reason: str, kind: str, counted: pd.DataFrame, ids: pd.Series) -> None:
    """One ledger line from rows that carry events and deaths (cells, or the panel itself)."""
    low, best, high = (counted[f"deaths_{name}"].sum() for name in ("low", "best", "high"))
    ledger.add("panel", reason, kind, rows=counted["events"].sum(), low=low, best=best, high=high, ids=ids)


def _inside(part: Part, months, scope, ledger) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Cells and ids without what lies outside the months shown or the coverage, which the ledger counts."""
    region, kept = part.keys["region"].to_numpy(), []
    out = []
    for table in (part.cells, part.ids):
        shown = table["month"].between(*months).to_numpy()
        covered = scope.covers(region[table["key"]], table["month"].to_numpy()) if scope.single else (
            scope.covers((), table["month"].to_numpy()))  # fmt: skip
        out.append((~shown, shown & ~covered))
        kept.append(table[shown & covered])
    for i, reason in enumerate(("outside start and end", "outside the source's coverage")):
        if out[0][i].any():
            _add(ledger, reason, "dropped", part.cells[out[0][i]], part.ids.loc[out[1][i], "event_id"])
    return kept[0], kept[1]


def _account(keys: pd.DataFrame, cells: pd.DataFrame, ids: pd.DataFrame, facts: Facts, ledger: Ledger) -> None:
    """Say what was moved or left out among the cells that are kept."""
    never = [c for c in DEATHS if c in facts.never]
    if never:
        ledger.notes.append(f"{', '.join(never)}: missing in every event, so missing in the panel, not zero.")
    reasons = sorted(set(keys["reason"]) - {""}, key=lambda r: ([*REASONS, r].index(r), r))
    lines = [("missing count left out of the sums", "flagged", lacking(keys, facts.never))]
    lines += [(f"to unallocated: {r}", "moved", keys["reason"] == r) for r in reasons]
    lines += [
        (f"divided by latitude: to {r}", "moved", keys["divided"] == r) for r in sorted(set(keys["divided"]) - {""})
    ]
    lines.append(("spread over months by days", "moved", keys["crossing"]))
    for reason, kind, wanted in lines:
        wanted = np.asarray(wanted, dtype=bool)
        if wanted.any() and (here := wanted[cells["key"]]).any():
            _add(ledger, reason, kind, cells[here], ids.loc[wanted[ids["key"]], "event_id"])


def _check_arguments(events, by, spread, geo, when) -> None:
    single("region_month_panel", spread=spread, max_geo_precision=geo, max_date_precision=when)
    if not isinstance(events, pd.DataFrame) and not is_dask(events):
        raise TypeError(
            f"region_month_panel: an events table is wanted, got {type(events).__name__}; read_events gives two: "
            "events, ledger = ms.read_events(path)."
        )
    if "event_id" not in events:
        raise ValueError("region_month_panel: an events table is wanted, as read_events returns it.")
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


def _check_facts(facts: Facts, by: list[str]) -> None:
    if facts.months is None:
        raise ValueError("region_month_panel: the events table has no row, so nothing says which country to lay out.")
    sources = sorted(facts.sources)
    if len(sources) > 1:
        raise ValueError(
            f"region_month_panel: the events come from {len(sources)} sources ({', '.join(sources)}). Two records of "
            "one war must not be added: select one source, or match_events first and take the union."
        )
    for column in by:
        if n := facts.unknown[column]:
            raise ValueError(
                f"region_month_panel: by={column!r} is missing in {n} events; fill it first (say, with 'unknown')."
            )


def _grid(part: Part, cells, regions, by, months, scope) -> pd.DataFrame:
    dtypes = part.facts.dtypes
    levels = [_levels(part.facts.levels[column], dtypes[column]) for column in by]
    shape = [len(level) for level in levels]
    keys, first = _rows_of_regions(regions), months[0]
    span = months[1] - first + 1
    block = int(np.prod(shape, dtype=int)) * span  # rows of one region
    at = _place(keys, part.keys["country"], part.keys["region"])
    for column, level in zip(by, levels, strict=True):
        at = at * len(level) + pd.Categorical(part.keys[column], categories=level).codes
    row = at[cells["key"]] * span + cells["month"].to_numpy() - first
    sums = {name: np.zeros(len(keys) * block, dtype=np.int64) for name in COUNTS}
    for name, total in sums.items():  # one after the other, which numpy does many times faster than all at once
        np.add.at(total, row, cells[name].to_numpy())
    region = np.repeat(np.arange(len(keys), dtype=np.int32), block)
    told = keys.assign(frame=keys["country"].map(part.facts.frames))
    named = texts_of_all({name: coded(told[name], region) for name in told})
    grid: dict = {name: named[name] for name in ("country", "region", "region_name")}
    for depth, (column, level) in enumerate(zip(by, levels, strict=True)):
        inner = int(np.prod(shape[depth + 1 :], dtype=int)) * span
        which = np.arange(len(region)) // inner % len(level)
        grid[column] = pd.array(level, dtype=dtypes[column]).take(which)
    every_month = np.arange(first, first + span)
    in_scope = np.repeat(scope.grid(keys["region"].to_numpy(), every_month), block // span, axis=0).ravel()
    days = (every_month - 1970 * 12).astype("datetime64[M]").astype("datetime64[us]")
    grid["month"] = np.tile(days, len(region) // span)
    grid["in_scope"] = pd.array(in_scope, dtype="boolean")
    for name, total in sums.items():
        grid[name] = pd.arrays.IntegerArray(total, ~in_scope | (name in part.facts.never))
    grid["frame"] = named["frame"]
    return pd.DataFrame(grid, copy=False)


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


def _regions(known: Tables, frames: dict[str, str], keys: pd.DataFrame) -> dict[str, dict[str, str]]:
    """Country -> region -> name, of every region of its frame; as published where there is none."""
    countries = catalog.seed("countries").drop_duplicates("iso3")
    names = dict(zip(countries["iso3"], countries["name"], strict=True))
    published = keys[keys["region"] != UNALLOCATED].groupby("country")["region"].unique()
    regions = {}
    for country, tables in known.items():
        if tables is not None and frames[country] != "country":
            regions[country] = tables.names(frames[country])
        elif frames[country] == "country":
            regions[country] = {country: names.get(country, country)}
        else:
            regions[country] = {region: region for region in sorted(published.get(country, []))}
    return regions


def _levels(found: list, kind) -> list:
    return found if isinstance(kind, pd.CategoricalDtype) else sorted(found)
