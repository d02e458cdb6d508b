"""In which cells of a panel an event is counted, and by what shares: the panel's own."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mali_stats.allot import days_by_month
from mali_stats.panel.grid import SPREADS
from mali_stats.panel.months import allotted, ordinal
from mali_stats.panel.placing import gazetteers, placed_events
from mali_stats.panel.population import frame_of
from mali_stats.schema import EVENTS, PANEL, check

_COARSEST = ("area", "month")  # region_month_panel's own defaults of place and date


def is_panel(table) -> bool:
    """Whether a table is one of `region_month_panel`."""
    return isinstance(table, pd.DataFrame) and {"country", "region", "month", "deaths_best"} <= set(table)


def cell_shares(events: pd.DataFrame, panel: pd.DataFrame) -> pd.DataFrame:
    """Find the cells of a panel that each event is counted in, as `region_month_panel` counted it.

    Parameters
    ----------
    events : pandas.DataFrame
        the events that the panel was made from.
    panel : pandas.DataFrame
        rows in scope of what region_month_panel returned, made with its own max_geo_precision and
        max_date_precision; frame, by and spread may be any.

    Returns
    -------
    pandas.DataFrame
        event (position), row (position in the panel; -1 for what is not in it) and days, which are the weights by
        which the counts of an event are allotted; events and months in order.

    Raises
    ------
    ValueError
        where the panel has a cell twice, or its deaths_best are not what these events give.
    """
    check(events)
    frame = frame_of(panel, panel["country"].iloc[0])
    known, name = gazetteers(events["country"].unique(), None if frame in ("", "published") else frame)
    region = placed_events(events, known, name, *_COARSEST)["region"].to_numpy()
    by = [column for column in panel if column in EVENTS and column not in PANEL]
    rows = _Rows(panel, events, region, by)
    wrong = {}
    for spread in SPREADS:
        wrong[spread] = rows.differing(allotted(events, spread))
        if not len(wrong[spread]):
            return _shares(events, spread, rows)
    raise ValueError(_not_its_own(panel, wrong["days"]))


class _Rows:
    """The rows of a panel, to be looked up by event and month."""

    def __init__(self, panel, events, region, by):
        keys = pd.MultiIndex.from_arrays(
            [*(panel[c].astype(object) for c in ("country", "region", *by)), ordinal(panel["month"])]
        )
        if keys.has_duplicates:
            raise ValueError(
                f"draw_totals: the panel has {int(keys.duplicated().sum())} cells twice; give it as region_month_panel "
                "returned it, or sum the draws instead: draw_totals(events, panel, ...).sum('month')"
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
    first, last = ordinal(events["date_start"]), ordinal(events["date_end"])
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
        "with its own max_geo_precision and max_date_precision; or give by= a column or a Series of your own"
    )
