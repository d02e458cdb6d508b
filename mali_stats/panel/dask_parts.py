"""A Dask DataFrame of events in parts of a panel, a partition each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from mali_stats.clean.event_steps import hashed
from mali_stats.panel.parts import Choices, Part, part_of, summed
from mali_stats.schema import check

if TYPE_CHECKING:
    import dask.dataframe as dd


def parts_of(events: dd.DataFrame, choices: Choices) -> list[Part]:
    """The parts of all partitions, each computed where the partition is.

    Raises
    ------
    ValueError
        for a partition that is no valid events table, and for an event that stands in several.
    """
    import dask

    chosen, each = dask.delayed(choices), dask.delayed(_part, pure=False)
    pairs = dask.compute(*[each(rows, chosen, number) for number, rows in enumerate(events.to_delayed())])
    hashes, times = np.unique(np.concatenate([hashes for _, hashes in pairs]), return_counts=True)
    if (times > 1).any():
        _refuse_twice(events, hashes[times > 1])
    return [part for part, _ in pairs]


def _part(events: pd.DataFrame, choices: Choices, number: int) -> tuple[Part, np.ndarray]:
    texts = [c for c in events if isinstance(events[c].dtype, pd.StringDtype)]  # of any kind, as Dask reads them
    events = events.astype(dict.fromkeys(texts, "str")).reset_index(drop=True)
    try:
        check(events)
    except ValueError as error:
        raise ValueError(f"region_month_panel, partition {number} of the Dask DataFrame: {error}") from error
    return summed(part_of(events, choices), choices), hashed(events["source"] + " " + events["event_id"])


def _refuse_twice(events: dd.DataFrame, repeated: np.ndarray) -> None:
    """Raise for events that stand in several partitions; ids that only share a hash are none."""
    rows = events[["source", "event_id"]].map_partitions(_with_hash, repeated).compute()
    twice = rows[rows.duplicated(keep=False)]["event_id"].unique()
    if len(twice):
        raise ValueError(
            f"region_month_panel: {len(twice):,} events stand in several rows of the Dask DataFrame "
            f"({', '.join(sorted(twice)[:10])}) and would be counted twice. Give one row per event and source "
            "(read_events drops copies)."
        )


def _with_hash(rows: pd.DataFrame, wanted: np.ndarray) -> pd.DataFrame:
    return rows[np.isin(hashed(rows["source"] + " " + rows["event_id"]), wanted)]
