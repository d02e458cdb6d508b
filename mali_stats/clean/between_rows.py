"""The rules between rows: one row an event, and events that may be one."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from types import ModuleType

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from mali_stats.clean.row_rules import Found, joined
from mali_stats.distinct import numbered, repeated
from mali_stats.ledger import Ledger
from mali_stats.texts import arrow, as_numbers, is_coded, plain_numbers, signs, texts_of


def newest(events: pd.DataFrame, publisher: ModuleType, newer: str, ledger: Ledger, name: str) -> pd.DataFrame:
    """One row per event: copies go, and the newest version stays where versions tell which it is."""
    several = repeated(events["event_id"])
    if not several.any():
        return events
    kept = _newest_of(events[several], publisher, newer, ledger, name)
    return events[~several | events.index.isin(kept.index)]


def _newest_of(events: pd.DataFrame, publisher: ModuleType, newer: str, ledger: Ledger, name: str) -> pd.DataFrame:
    """The row to keep of each event, where every event has several."""
    order = {v: publisher.order(v) for v in events["source_version"].dropna().unique()}
    known = {key: i for i, key in enumerate(sorted({key for key in order.values() if key is not None}))}
    ranks = {version: known.get(key, -1) for version, key in order.items()}
    rank = events["source_version"].map(ranks).fillna(-1)
    events = events.assign(_rank=rank.astype(int))
    events = events.sort_values(["event_id", "_rank", "source_version"], na_position="first")
    copies = events.duplicated([c for c in events.columns if c not in ("source_version", "_rank")], keep="last")
    ledger.count("clean", "exact copy of another row", "dropped", events[copies])
    events = events[~copies]
    best = events.groupby("event_id")["_rank"].transform("max")
    several = events["event_id"].duplicated(keep=False)
    unclear = several & ((events["_rank"] < 0) | events.duplicated(["event_id", "_rank"], keep=False))
    _refuse_contradictions(events.drop(columns="_rank"), unclear, newer, name)
    ledger.count("clean", "older version of the same event", "dropped", events[events["_rank"] < best])
    return events[events["_rank"] == best]


def _refuse_contradictions(events: pd.DataFrame, wrong: pd.Series, newer: str, name: str) -> None:
    if not wrong.any():
        return
    ids = events.loc[wrong, "event_id"].unique()
    one = events[events["event_id"] == ids[0]]
    differ = [str(c) for c in events if one[c].nunique(dropna=False) > 1 and c != "source_version"]
    raise ValueError(
        f"{name}: {len(ids)} event ids stand in rows that differ, and no version says which is newer: "
        f"{', '.join(ids[:10])}. Event {ids[0]} differs in {', '.join(differ)}. Keep one of the rows, or keep {newer}."
    )


def flagged(events: pd.DataFrame, alike: tuple[str, ...]) -> pd.DataFrame:
    """Order by day and id, then flag events that may be one: the order of the rows does not matter.

    The frame given may be left empty.
    """
    ids, days = events["event_id"].array, events["date_start"].to_numpy("datetime64[us]")
    events = events.reset_index(drop=True) if _in_order(ids, days) else taken(events, by_day_and_id(ids, days))
    issues = joined([*_possible_duplicates(events, list(alike)), *_split_reports(events)], events["issues"])
    return events.assign(issues=issues if is_coded(events["issues"]) else texts_of(issues))


def taken(events: pd.DataFrame, order: np.ndarray) -> pd.DataFrame:
    """The rows in another order, column by column on all cores (most columns are text, which Arrow moves).

    The frame given is left empty: each column goes as soon as it has been moved, so that memory holds one table.
    """
    names = list(events.columns)
    columns = {name: events.pop(name).array for name in names}
    with ThreadPoolExecutor() as workers:
        taken = workers.map(lambda name: columns.pop(name).take(order), names)
        return pd.DataFrame(dict(zip(names, taken, strict=True)), copy=False)


def _in_order(ids: pd.api.extensions.ExtensionArray, days: np.ndarray) -> bool:
    """Whether rows stand by day and id already, as those of large files do."""
    if (numbers := as_numbers(ids)) is None:
        order = by_day_and_id(ids, days)
        return not (order[1:] < order[:-1]).any()
    later, same = days[1:] > days[:-1], days[1:] == days[:-1]
    return bool((later | (same & (numbers[1:] > numbers[:-1]))).all())


def by_day_and_id(ids: pd.api.extensions.ExtensionArray, days: np.ndarray) -> np.ndarray:
    """Positions in the order of days and ids: ids by their letters, then by number (MLI9 before MLI10)."""
    texts = arrow(ids)
    if (numbers := plain_numbers(texts)) is not None:
        return _sorted(days, numbers)
    if pc.all(pc.match_substring_regex(texts, "^[^0-9]*[1-9][0-9]{0,14}$")).as_py():
        return np.lexsort((_by_letters(texts), days))
    parts = pc.extract_regex(texts, r"^(?P<letters>[^0-9]*)(?P<number>[0-9]*)")
    letters, number = (pd.Series(pc.struct_field(parts, name)) for name in ("letters", "number"))
    every = pd.factorize(pd.Series(ids), sort=True)[0]  # letters and number do not say all
    return np.lexsort((every, pd.to_numeric(number), pd.factorize(letters, sort=True)[0], days))


def _sorted(days: np.ndarray, ids: np.ndarray) -> np.ndarray:
    """The order of days and ids of 32 bits, both put into one number (a tenth of the time) where no two are equal."""
    day = days.astype("datetime64[D]").astype(np.int64)
    both = (day << 32) | ids
    order = np.argsort(both)
    return order if (np.diff(both[order]) > 0).all() else np.lexsort((ids, days))


def _by_letters(ids: pa.Array) -> np.ndarray:
    """Ids of letters and a number as numbers that stand in their order."""
    letters = pc.utf8_rtrim(ids, "0123456789")
    codes, names = pd.factorize(pd.Series(letters, dtype="str"), sort=True)
    number = pc.cast(pc.utf8_ltrim(ids, "".join({sign for name in names for sign in name})), pa.int64())
    return codes * 10**15 + np.asarray(number)


def _possible_duplicates(events: pd.DataFrame, keys: list[str]) -> list[Found]:
    """The same in every key (country, days, point, sides, type, best estimate) under several ids: one event, or two."""
    # Few events share a day and a point: only those are compared in every key.
    near = events[["event_id", *keys]].iloc[np.flatnonzero(_near(events))]
    complete = near[near[keys].notna().all(axis=1)]
    alike = complete[complete.duplicated(keys, keep=False)]
    group = alike.groupby(keys, sort=False, observed=True).ngroup()
    together: dict[int, list[str]] = {}
    ids = alike["event_id"].tolist()
    for own, g in zip(ids, group.tolist(), strict=True):
        together.setdefault(g, []).append(own)
    twins = [_twins(together[g], own) for g, own in zip(group.tolist(), ids, strict=True)]
    return [(alike.index.to_numpy(), np.array(twins, dtype=object))]


def _near(events: pd.DataFrame) -> np.ndarray:
    """Which events share a day and a point with another, and a few by chance: three numbers are mixed into one."""
    mixed = events["date_start"].to_numpy("datetime64[us]").view(np.uint64)
    for column in ("latitude", "longitude"):
        bits = (events[column].to_numpy(float) + 0.0).view(np.uint64)  # -0.0 is 0.0
        mixed = (mixed ^ bits) * np.uint64(0x9E3779B97F4A7C15)
    order = np.argsort(mixed)
    same = np.flatnonzero(mixed[order[1:]] == mixed[order[:-1]])
    near = np.zeros(len(events), dtype=bool)
    near[order[same]] = near[order[same + 1]] = True
    return near


def _twins(ids: list[str], own: str) -> str:
    """The other events like this one; at most three of them by id."""
    if len(ids) == 2:  # nearly always
        return f"possible-duplicate:{ids[ids[0] == own]}"
    others = [f"possible-duplicate:{i}" for i in ids[:4] if i != own][:3]
    more = len(ids) - 1 - len(others)
    return "; ".join([*others, *([f"possible-duplicate:and {more} more"] if more else [])])


def _split_reports(events: pd.DataFrame) -> list[Found]:
    """One report split over several places: relid ends in .1, .2, ... (the other places may lie in another country)."""
    reports = arrow(texts_of(events["report_id"]))
    every, starts = signs(reports)
    dotted = np.unique(np.searchsorted(starts, np.flatnonzero(every == ord(".")), side="right") - 1)
    stems = pc.struct_field(pc.extract_regex(reports.take(pa.array(dotted)), r"^(?P<stem>.*)\.[0-9]+$"), "stem")
    split = np.asarray(stems.is_valid())
    return [(dotted[split], np.array([f"split-report:{stem}" for stem in stems.drop_null().to_pylist()], dtype=object))]


def count_issues(events: pd.DataFrame, ledger: Ledger) -> None:
    """One ledger line for each kind of issue."""
    codes, texts = numbered(events["issues"])
    lists = pc.split_pattern(arrow(texts), "; ")
    which, items = np.asarray(pc.list_parent_indices(lists)), pc.list_flatten(lists)
    kinds = pc.extract_regex(items, "^(?P<kind>[^:]*)").field("kind").dictionary_encode()
    of_item = np.asarray(kinds.indices)
    counted = events[["event_id", "deaths_low", "deaths_best", "deaths_high"]]
    for kind, code in sorted((kind, code) for code, kind in enumerate(kinds.dictionary.to_pylist()) if kind):
        has = np.zeros(len(texts) + 1, dtype=bool)
        has[which[of_item == code]] = True
        ledger.count("clean", kind, "flagged", counted.iloc[np.flatnonzero(has[codes])])
