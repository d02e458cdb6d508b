"""What some events add to a panel: cells and facts of any part of an events table, which add up to those of all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from mali_stats.clean import places
from mali_stats.distinct import coded_all, different
from mali_stats.ledger import Ledger
from mali_stats.panel.months import Months, allotted, of_events
from mali_stats.panel.placing import placed_cases
from mali_stats.schema import COUNTS, DEATHS

#: texts that many events share, which are told apart once
_TEXTS = ("source", "source_version", "country", "admin1", "admin1_name", "admin2")
#: how the events of a cell were placed
_PLACED = ("region", "reason", "divided")


@dataclass(frozen=True)
class Choices:
    """How events are put into cells: what ``region_month_panel`` was asked for, and seed tables of one's own."""

    by: Sequence[str]
    spread: str
    max_geo: str
    max_date: str
    frame: str | None
    own: places.Gazetteer | None
    by_region: bool


@dataclass
class Facts:
    """What a table says as a whole; ``never`` are the counts that no event has, ``levels`` the values of ``by``."""

    ledger: Ledger
    sources: set[str] = field(default_factory=set)
    versions: set[str | None] = field(default_factory=set)
    frames: dict[str, str] = field(default_factory=dict)
    months: tuple[int, int] | None = None
    never: set[str] = field(default_factory=lambda: set(DEATHS))
    levels: dict[str, list] = field(default_factory=dict)
    dtypes: dict[str, object] = field(default_factory=dict)
    unknown: Counter = field(default_factory=Counter)

    def __add__(self, other: Facts) -> Facts:
        levels = {c: list(dict.fromkeys([*self.levels[c], *other.levels[c]])) for c in self.levels}
        ends = [m for m in (self.months, other.months) if m]
        return Facts(
            self.ledger + other.ledger,
            self.sources | other.sources,
            self.versions | other.versions,
            self.frames | other.frames,
            (min(a for a, _ in ends), max(b for _, b in ends)) if ends else None,
            self.never & other.never,
            levels,
            {c: _dtype(self.dtypes[c], other.dtypes[c], levels[c]) for c in levels},
            self.unknown + other.unknown,
        )


@dataclass
class Part:
    """Some events in cells.

    ``keys`` has a row for all events alike in country, region, ``by`` and what is said of them in the ledger;
    ``cells`` (key, month since year 0, counts) has a row or more for each key and month, and ``ids`` (key, month,
    event_id) names events of each.
    """

    keys: pd.DataFrame
    cells: pd.DataFrame
    ids: pd.DataFrame
    facts: Facts


def part_of(events: pd.DataFrame, choices: Choices) -> Part:
    """Put events into cells; nothing is left out yet."""
    events = events.reset_index(drop=True)
    texts = {c: events[c].array for c in _TEXTS if isinstance(events[c].dtype, pd.StringDtype)}
    told = events.assign(**coded_all(texts))
    countries = sorted(told["country"].unique())
    own = {choices.own.country: choices.own} if choices.own is not None else {}
    known = {c: own.get(c) or places.gazetteer(c) for c in countries}
    cases, which = placed_cases(told, known, choices.frame, choices.max_geo, choices.max_date)
    first_month, last_month = months = of_events(events)
    crossing = (first_month != last_month) & (choices.spread == "days")
    placed = different([cases[name] for name in ("country", *_PLACED)])[1][which]
    same = {"missing": _missing(events), "crossing": crossing} | {column: events[column] for column in choices.by}
    first, key = different([placed, *same.values()])
    keys = cases.iloc[which[first]][["country", *_PLACED]].reset_index(drop=True)
    keys = keys.assign(**{name: pd.Series(values).iloc[first].array for name, values in same.items()})
    cells = allotted(events, choices.spread, months)
    event = cells.pop("event").to_numpy()
    cells.insert(0, "key", key[event])
    ids = cells[["key", "month"]].assign(event_id=events["event_id"].array.take(event))
    frames = cases.groupby("country")["frame"].first()
    return Part(keys, cells, ids, _facts(events, told, months, dict(frames), choices.by))


def _facts(events, told: pd.DataFrame, months: Months, frames: dict[str, str], by: Sequence[str]) -> Facts:
    ledger = Ledger()
    ledger.count("panel", "events", "in", events)
    versions = told["source_version"]
    first, last = months
    return Facts(
        ledger,
        set(told["source"].unique()),
        {*versions.dropna().unique(), *([None] if versions.isna().any() else [])},
        frames,
        (int(first.min()), int(last.max())) if len(events) else None,
        {c for c in DEATHS if events[c].isna().all()},
        {c: _levels(events[c]) for c in by},
        {c: events[c].dtype for c in by},
        Counter({c: int(events[c].isna().sum()) for c in by}),
    )


def _levels(values: pd.Series) -> list:
    known = isinstance(values.dtype, pd.CategoricalDtype)
    return list(values.cat.categories) if known else sorted(values.dropna().unique())


def _dtype(one, other, levels: list):
    """The dtype of a column of two parts; categories that differ are put together."""
    if one == other:
        return one
    both = isinstance(one, pd.CategoricalDtype) and isinstance(other, pd.CategoricalDtype)
    return pd.CategoricalDtype(levels, one.ordered and other.ordered) if both else np.dtype(object)


def _missing(events: pd.DataFrame) -> np.ndarray:
    """Which counts each event lacks, a bit each."""
    bits = np.zeros(len(events), dtype=np.int64)
    for i, name in enumerate(DEATHS):
        bits |= events[name].isna().to_numpy().astype(np.int64) << i
    return bits


def lacking(keys: pd.DataFrame, never: set[str]) -> np.ndarray:
    """Which keys are of events that lack a count, other than those that no event has."""
    bits = sum(1 << i for i, name in enumerate(DEATHS) if name not in never)
    return (keys["missing"].to_numpy() & bits) != 0


# ---- adding up ---------------------------------------------------------------------------------------------


def summed(part: Part, choices: Choices) -> Part:
    """The same with one row a cell, and of the ids only those that a ledger could show."""
    cells = part.cells.groupby(["key", "month"], as_index=False)[list(COUNTS)].sum()
    told = ["reason", "divided", "missing", "crossing", *(["region"] if choices.by_region else [])]
    _, line = different([part.keys[c] for c in told]) if len(part.keys) else (None, np.empty(0, dtype=np.int64))
    ids = part.ids.iloc[_by_value(part.ids["event_id"])]
    ids = ids[ids.groupby([line[ids["key"]], ids["month"].to_numpy()]).cumcount() < 3]
    return Part(part.keys, cells, ids.reset_index(drop=True), part.facts)


def _by_value(ids: pd.Series) -> np.ndarray:
    """Positions in the order of a ledger's examples: numbers by value, then words by letters."""
    number = ids.str.fullmatch("[0-9]+")
    plain = ids.str.lstrip("0").where(number, "")
    order = pd.DataFrame({"word": ~number, "length": plain.str.len(), "plain": plain, "id": ids})
    return order.reset_index(drop=True).sort_values(list(order.columns)).index.to_numpy()


def together(parts: Sequence[Part]) -> Part:
    """Several parts as one."""
    if len(parts) == 1:
        return parts[0]
    filled = [part for part in parts if len(part.keys)] or [parts[0]]
    before = np.cumsum([0, *(len(part.keys) for part in filled[:-1])])
    keys = pd.concat([part.keys for part in filled], ignore_index=True)
    first, which = different([keys[c] for c in keys])
    tables = []
    for name in ("cells", "ids"):
        rows = [getattr(part, name) for part in filled]
        table = pd.concat([t.assign(key=t["key"] + n) for t, n in zip(rows, before, strict=True)], ignore_index=True)
        tables.append(table.assign(key=which[table["key"]]))
    facts = parts[0].facts
    for part in parts[1:]:
        facts = facts + part.facts
    return Part(keys.iloc[first].reset_index(drop=True), tables[0], tables[1], facts)
