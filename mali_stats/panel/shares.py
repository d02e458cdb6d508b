"""In which cells of a panel an event is counted, and by what shares: the panel's own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from mali_stats.allot import days_by_month
from mali_stats.clean import places
from mali_stats.panel.grid import SPREADS
from mali_stats.panel.months import allotted, of_events, ordinal
from mali_stats.panel.placing import Tables, placed_events
from mali_stats.panel.population import frame_of, own_folder
from mali_stats.schema import EVENTS, PANEL, checked

_COARSEST = ("area", "month")  # region_month_panel's own defaults of place and date


def is_panel(table) -> bool:
    """Whether a table is one of `region_month_panel`."""
    return isinstance(table, pd.DataFrame) and {"country", "region", "month", "deaths_best"} <= set(table)


def cell_shares(events: pd.DataFrame, panel: pd.DataFrame, country: str | Path | None = None) -> pd.DataFrame:
    """Find the cells of a panel that each event is counted in, as `region_month_panel` counted it.

    Parameters
    ----------
    events : pandas.DataFrame
        the events that the panel was made from.
    panel : pandas.DataFrame
        rows in scope of what region_month_panel returned, made with its own max_geo_precision and
        max_date_precision; frame, by and spread may be any.
    country : str or Path, optional
        the folder of seed tables that the panel was laid out by.

    Returns
    -------
    pandas.DataFrame
        event (position), row (position in the panel; -1 for what is not in it) and days, which are the weights by
        which the counts of an event are allotted; events and months in order.

    Raises
    ------
    ValueError
        where the panel has a cell twice, its frame is not known, or its deaths_best are not what these events give.
    """
    checked(events, "draw_totals")
    known, name = _tables(events, panel, own_folder(country, panel, "draw_totals"))
    region = placed_events(events, known, name, *_COARSEST)["region"].to_numpy()
    by = [column for column in panel if column in EVENTS and column not in PANEL]
    rows = _Rows(panel, events, region, by)
    wrong = {}
    for spread in SPREADS:
        wrong[spread] = rows.differing(allotted(events, spread))
        if not len(wrong[spread]):
            return _shares(events, spread, rows)
    raise ValueError(_not_its_own(panel, wrong["days"]))


def _tables(events: pd.DataFrame, panel: pd.DataFrame, own: dict[str, Path]) -> tuple[Tables, str | None]:
    """The seed tables of every country in the events, and the panel's frame (None: each country's own)."""
    known = {code: places.gazetteer(code, own.get(code)) for code in sorted(events["country"].dropna().unique())}
    first = next(iter(own), panel["country"].iloc[0])
    frame = frame_of(panel, first, known.get(first))
    if frame == "country":
        return known, frame
    if own or frame in ("", "published"):
        return known, None
    frames = {name for tables in known.values() if tables is not None for name in tables.regions["frame"]}
    if frame not in frames:
        raise ValueError(
            f"draw_totals: no shipped seed tables know the panel's frame {frame!r}. Where the panel was laid out by a "
            f"folder of seed tables, give it here too: country='places/{first}'."
        )
    return known, frame


class _Rows:
    """The rows of a panel, to be looked up by event and month."""

    def __init__(self, panel, events, region, by):
        keys = pd.MultiIndex.from_arrays(
            [*(panel[c].astype(object) for c in ("country", "region", *by)), ordinal(panel["month"])]
        )
        if keys.has_duplicates:
            raise ValueError(
                f"draw_totals: the panel has {int(keys.duplicated().sum())} cells twice; give it as region_month_panel "
                "returned it, or sum the draws instead: draw_totals(events, panel, ...).sum('month')."
            )
        self.keys, self.best = keys, panel["deaths_best"].to_numpy(np.int64)
        columns = [events["country"], pd.Series(region, index=events.index), *(events[c] for c in by)]
        self.of_event = [column.astype(object).to_numpy() for column in columns]

    def find(self, event, month):
        """Position in the panel, or -1 outside of it."""
        return self.keys.get_indexer(pd.MultiIndex.from_arrays([*(column[event] for column in self.of_event), month]))

    def differing(self, cells):
        """Positions whose deaths the cells do not add up to."""
        at = self.find(cells["event"].to_numpy(), cells["month"].to_numpy())
        sums = np.bincount(at[at >= 0], cells["deaths_best"].to_numpy(float)[at >= 0], len(self.best))
        return np.flatnonzero(sums != self.best)


def _shares(events, spread, rows) -> pd.DataFrame:
    first, last = of_events(events)
    span = last - first + 1 if spread == "days" else np.ones(len(events), dtype=int)
    event, start = np.repeat(np.arange(len(events)), span), np.cumsum(span) - span
    after = np.arange(len(event)) - start[event]
    month = (last if spread == "end" else first)[event] + after
    dates = events[["date_start", "date_end"]].to_numpy("datetime64[D]")
    days = np.ones(len(event), dtype=np.int64)
    for i in np.flatnonzero(span > 1):
        days[start[i] : start[i] + span[i]] = days_by_month(*dates[i])
    return pd.DataFrame({"event": event, "row": rows.find(event, month), "days": days})


def _not_its_own(panel, at) -> str:
    row = panel.iloc[at[0]]
    return (
        f"draw_totals: the panel's deaths_best are not what these events add up to in {len(at)} cells, such as region "
        f"{row['region']}, {row['month']:%Y-%m}. Give the panel that region_month_panel made from these very events, "
        "with its own max_geo_precision and max_date_precision, and with country= where a folder of seed tables laid "
        "it out; or give by= a column or a Series of your own."
    )
