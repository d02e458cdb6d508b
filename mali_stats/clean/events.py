"""Events as published to the events table: ``read_events``.

Rules about single rows come first (``ucdp_rows``, ``acled_rows``), then one step for rules between rows. Odd rows
are flagged in ``issues`` and counted in the ledger, never mended; what cannot stand in the table at all raises.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd

from mali_stats import catalog
from mali_stats.clean import acled_rows, actors, places, ucdp_rows
from mali_stats.clean.row_rules import Found, joined, place, truth
from mali_stats.clean.values import PLAIN_NUMBER, Values, count, day, decimal
from mali_stats.ledger import Ledger
from mali_stats.schema import EVENTS, FAMILIES, MORE, absent, check, typed
from mali_stats.sources import acled, files, ucdp

#: whose files are read, in the order in which they are tried
_PUBLISHERS = (ucdp, acled)
#: source -> how its rows are cleaned
_ROWS = {ucdp.SOURCE: ucdp_rows, acled.SOURCE: acled_rows}


def read_events(path, country: str | Path | None = None) -> tuple[pd.DataFrame, Ledger]:
    """Read and clean one publication of events, with an account of every row and every death.

    Parameters
    ----------
    path : str, Path or list of them
        a file (csv, gz, zip, json, geojson, parquet) of UCDP's events or of ACLED's (your own export: ACLED's rows
        may not be passed on); its layout is told by its content. A list is read as parts or releases of one
        publication: where an event stands in several, the newest version is kept.
    country : str or Path, optional
        ISO3 code of the country to keep, or a folder of seed tables named by the code, for a country that
        ``seeds/places`` does not know. By default every country in the file is kept; P-codes are given only
        where seed tables know the country.

    Returns
    -------
    events : pandas.DataFrame
        the events table of :mod:`mali_stats.schema`, one row per event, ordered by day and id. Counts are
        people killed, nullable integers (missing is not zero); dates are days; coordinates are degrees.
        ``family_a`` and ``family_b`` are the sides' families of ``seeds/families.csv``, never missing; ``issues``
        lists what is odd about a row. ACLED's events have one count (low and high are missing), an event type and a
        derived type of violence; their sides are the actor and the associates, divided by "; "; ``source_version`` is
        when the row was last changed; further columns follow: side_a_kind, side_b_kind, civilian_targeting, sources,
        tags (lists divided by "; ").
    ledger : Ledger
        rows and deaths in = kept + dropped, by reason.

    Raises
    ------
    FileNotFoundError, IsADirectoryError
        with what to give instead.
    ValueError
        for a file of no known layout (listing what was missing for each), a damaged file, or values that
        cannot stand in the table (listing at most ten: file, row, column, what was got and is accepted). Rows
        are counted with the header as row 1, and without blank lines. For a monadic ACLED export, which repeats
        every event once an actor, and for a list of files of two publishers.

    Examples
    --------
    >>> events, ledger = read_events("notebooks/made_up_rows.csv", country="MLI")
    >>> events[["event_id", "admin1_name", "deaths_best"]].tail(2)
      event_id admin1_name  deaths_best
    6  9000007         Gao            5
    7  9000008         Gao            5
    >>> ledger.tidy()[["reason", "kind", "rows", "best"]].head(2)
                                      reason     kind  rows  best
    0  rows in made_up_rows.csv (web export)       in     8    39
    1                        spelling-admin1  flagged     1     2
    """
    code, folder = _country(country)
    tables = files.open_tables(path)
    parts = [_read(table) for table in tables]
    if len(parts) == 1 and parts[0].saved is not None:
        return _saved(parts[0], code)
    if any(part.saved is not None for part in parts):
        raise ValueError("read_events: tables saved by mali_stats are read one at a time, not as parts of a list.")
    publisher = _one_publisher(parts)
    ledger = Ledger()
    ledger.notes += files.short_pages(tables)
    cleaned = [_clean(part, folder, ledger) for part in parts]
    events = cleaned[0] if len(cleaned) == 1 else pd.concat(cleaned, ignore_index=True)
    if publisher is acled:
        acled_rows.refuse_monadic(events, tables[0].name)
    # The newest version first: it may have moved an event to another country.
    events = _newest(events, publisher, ledger)
    if code is not None:
        events = _only(events, code, ledger)
    events = _between_rows(actors.fill(events, ledger), _ROWS[publisher.SOURCE].ALIKE)
    _count_issues(events, ledger)
    ledger.count("clean", "events", "kept", events)
    ledger.notes += acled_rows.notes(events) if publisher is acled else []
    return events, ledger.check()


# ---- which file --------------------------------------------------------------------------------------------


@dataclass
class _Part:
    """One file whose layout is known: its used columns as text, or a table that mali_stats saved."""

    table: files.Table
    layout: ucdp.Layout | acled.Layout | None
    raw: pd.DataFrame
    publisher: ModuleType | None = None
    version: str | None = None
    saved: pd.DataFrame | None = None


def _read(table: files.Table) -> _Part:
    own = {name.strip().casefold(): name for name in reversed(table.columns)}
    if set(EVENTS) - set(FAMILIES) <= set(own):
        raw = table.take({own[c]: c for c in _kept(own)})
        return _Part(table, None, raw, saved=_retyped(table, raw))
    publisher, layout = _recognised(table)
    raw = table.take(layout.columns)
    if table.kind == "parquet" and len(raw) and raw.iloc[0].dropna().str.startswith("#").all():
        raw, table.rows_before = raw.iloc[1:].reset_index(drop=True), 1  # HXL tags
    return _Part(table, layout, raw, publisher, version=ucdp.version(table.hints) if publisher is ucdp else None)


def _kept(columns) -> dict[str, str | tuple[str, ...]]:
    """The columns of a saved table: those of every events table, and what one publisher gives beside them."""
    wanted = EVENTS | {c: kind for more in MORE.values() for c, kind in more.items()}
    return {c: kind for c, kind in wanted.items() if c in columns}


def _recognised(table: files.Table) -> tuple[ModuleType, ucdp.Layout | acled.Layout]:
    lost = []
    for publisher in _PUBLISHERS:
        layout, missing = publisher.recognise(table)
        if layout is not None:
            return publisher, layout
        lost.append(f"{publisher.LAYOUTS}: missing {', '.join(missing)}")
    shown = ", ".join(table.columns[:12]) + (", ..." if len(table.columns) > 12 else "")
    absent = len(set(EVENTS) - set(table.columns))
    raise ValueError(
        f"{table.name} has no layout that read_events knows. Looked for {'; '.join(lost)}; a table saved by "
        f"mali_stats: missing {absent} of {len(EVENTS)} columns. The file has: {shown}."
    )


def _retyped(table: files.Table, raw: pd.DataFrame) -> pd.DataFrame:
    """A table saved by mali_stats, held to the kinds of its columns; nothing in it is judged anew."""
    read = Values(table, raw, {})
    kinds = {
        "whole": (count, "a whole number of 0 or more, or nothing"),
        "number": (decimal, "a number with a decimal point, or nothing"),
        "date": (day(False), "a day from 1946 to today, YYYY-MM-DD"),
        "flag": (truth, "True, False, 1, 0 or nothing"),
        "text": (str, "text"),
    }
    out, columns = {}, _kept(raw)
    for column, kind in columns.items():
        levels = {level: level for level in kind} if isinstance(kind, tuple) else {}
        parse, accepted = (levels.__getitem__, ", ".join(kind)) if levels else kinds[kind]
        needed, plain = column in ("event_id", "date_start", "date_end"), PLAIN_NUMBER if kind == "number" else None
        out[column] = read.turn(column, parse, accepted, empty=not needed, kind=kind, plain=plain)
    read.done()
    out["issues"] = out["issues"].fillna("")
    try:
        saved = typed(pd.DataFrame(out), columns)
        absent = {c: actors.side_families(saved, c[-1])["family"] for c in FAMILIES if c not in out}
        return check(typed(saved.assign(**absent), EVENTS | columns))
    except ValueError as error:
        raise ValueError(f"{table.name}, a table saved by mali_stats, is not valid any more. {error}") from error


def _saved(part: _Part, code: str | None) -> tuple[pd.DataFrame, Ledger]:
    ledger = Ledger()
    ledger.count("read", f"rows in {part.table.name}", "in", part.saved)
    absent = [c for c in FAMILIES if c not in part.raw]
    if absent:
        ledger.notes.append(f"{part.table.name} was saved without {' and '.join(absent)}: filled in from its sides.")
    events = part.saved if code is None else _only(part.saved, code, ledger)
    ledger.count("read", "events, as they were saved", "kept", events)
    return events, ledger.check()


def _one_publisher(parts: list[_Part]) -> ModuleType:
    sources = list(dict.fromkeys(part.publisher.SOURCE for part in parts))
    if len(sources) > 1:
        raise ValueError(
            f"read_events: the list holds files of {' and '.join(sources)}. Two records of one war are not parts of "
            "one publication: read each by itself, and link them with match_events."
        )
    return parts[0].publisher


def _country(country) -> tuple[str | None, Path | None]:
    if country is None:
        return None, None
    if not isinstance(country, str | Path):
        raise TypeError(f"read_events: country must be one ISO3 code or a folder, got {type(country).__name__}.")
    known = dict(zip(*[catalog.seed("countries")[c] for c in ("iso3", "name")], strict=True))
    folder = Path(country)
    code = folder.name if folder.is_dir() else str(country)
    if code in known:
        return code, (folder if folder.is_dir() and str(country) != code else None)
    by_name = {places.key(name): iso3 for iso3, name in known.items()}
    hint = by_name.get(places.key(code)) or (code.upper() if code.upper() in known else None)
    proposal = f"; did you mean {hint!r}?" if hint else "; use a code such as 'MLI'."
    raise ValueError(
        f"read_events: country={country!r} is not an ISO3 code and not a folder named by one{proposal} A folder of "
        "seed tables must be named by the code, as seeds/places/MLI is."
    )


def _only(events: pd.DataFrame, code: str, ledger: Ledger) -> pd.DataFrame:
    keep = events["country"] == code
    if not keep.any():
        held = ", ".join(f"{c} ({n:,})" for c, n in events["country"].value_counts().head(5).items())
        raise ValueError(f"read_events: no row of country {code!r} in the file. It holds {held or 'no rows'}.")
    ledger.count("clean", "other country", "dropped", events[~keep])
    return events[keep].reset_index(drop=True)


# ---- rules about single rows -------------------------------------------------------------------------------


def _clean(part: _Part, folder: Path | None, ledger: Ledger) -> pd.DataFrame:
    """One file to events, each row judged by itself."""
    for ours in part.publisher.OPTIONAL:
        if ours not in part.raw:
            part.raw[ours] = pd.Series(np.nan, index=part.raw.index, dtype="str")
    blank = _blank(part.raw)
    if blank.any():
        part.raw = part.raw[~blank]  # the index still tells the rows of the file
    read = Values(part.table, part.raw, {ours: column for column, ours in part.layout.columns.items()})
    rows, found = _ROWS[part.publisher.SOURCE].cleaned(read, part.layout, part.version)
    found += place(rows, folder)
    columns = EVENTS | MORE.get(part.publisher.SOURCE, {})
    rows["issues"] = joined(found, rows.index)
    rows = rows.assign(**{c: absent(rows, kind) for c, kind in columns.items() if c not in rows})
    events = typed(rows, columns)
    ledger.count("read", f"rows in {part.table.name} ({part.layout.name})", "in", events)
    if blank.any():
        ledger.notes.append(f"{part.table.name}: {int(blank.sum())} rows without any value were passed over.")
    return events.reset_index(drop=True)


def _blank(raw: pd.DataFrame) -> pd.Series:
    """Rows without any value; most files have none, so few columns are looked at in every row."""
    blank = raw.iloc[:, 0].isna()
    blank[blank] = raw[blank].isna().all(axis=1)
    return blank


# ---- rules between rows ------------------------------------------------------------------------------------


def _newest(events: pd.DataFrame, publisher: ModuleType, ledger: Ledger) -> pd.DataFrame:
    """One row per event: copies go, and the newest version stays where versions tell which it is."""
    several = events["event_id"].duplicated(keep=False)
    if not several.any():
        return events
    kept = _newest_of(events[several], publisher, ledger)
    return events[~several | events.index.isin(kept.index)]


def _newest_of(events: pd.DataFrame, publisher: ModuleType, ledger: Ledger) -> pd.DataFrame:
    """The row to keep of each event, where every event has several."""
    order = {v: publisher.order(v) for v in events["source_version"].dropna().unique()}
    known = {key: i for i, key in enumerate(sorted({key for key in order.values() if key is not None}))}
    ranks = {version: known.get(key, -1) for version, key in order.items()}
    rank = events["source_version"].map(ranks).fillna(-1)
    events = events.assign(_rank=rank.astype(int)).sort_values(["event_id", "_rank"], kind="stable")
    copies = events.duplicated([c for c in events.columns if c not in ("source_version", "_rank")], keep="last")
    ledger.count("clean", "exact copy of another row", "dropped", events[copies])
    events = events[~copies]
    best = events.groupby("event_id")["_rank"].transform("max")
    several = events["event_id"].duplicated(keep=False)
    unclear = several & ((events["_rank"] < 0) | events.duplicated(["event_id", "_rank"], keep=False))
    _refuse_contradictions(events.drop(columns="_rank"), unclear, _ROWS[publisher.SOURCE].NEWER)
    ledger.count("clean", "older version of the same event", "dropped", events[events["_rank"] < best])
    return events[events["_rank"] == best]


def _refuse_contradictions(events: pd.DataFrame, wrong: pd.Series, newer: str) -> None:
    if not wrong.any():
        return
    ids = events.loc[wrong, "event_id"].unique()
    one = events[events["event_id"] == ids[0]]
    differ = [c for c in events if one[c].nunique(dropna=False) > 1 and c != "source_version"]
    raise ValueError(
        f"read_events: {len(ids)} event ids stand in rows that differ, and no version says which is newer: "
        f"{', '.join(ids[:10])}. Event {ids[0]} differs in {', '.join(differ)}. Keep one of the rows, or keep {newer}."
    )


def _between_rows(events: pd.DataFrame, alike: tuple[str, ...]) -> pd.DataFrame:
    """Order by day and id, then flag events that may be one: the order of the rows does not matter."""
    events = events.take(_by_day_and_id(events)).reset_index(drop=True)
    more = joined([*_possible_duplicates(events, list(alike)), *_split_reports(events)], events.index)
    odd = more != ""
    both = (events.loc[odd, "issues"] + "; " + more[odd]).str.removeprefix("; ")
    return events.assign(issues=events["issues"].where(~odd, both))


def _by_day_and_id(events: pd.DataFrame) -> np.ndarray:
    """Positions in the order of days and ids: ids by their letters, then by number (MLI9 before MLI10)."""
    ids, day = events["event_id"], events["date_start"]
    if ids.str.fullmatch("[1-9][0-9]{0,17}").all():
        return np.lexsort((ids.astype("int64"), day))
    parts = ids.str.extract(r"^([^0-9]*)([0-9]*)")
    keys = [pd.factorize(ids, sort=True)[0], pd.to_numeric(parts[1]), pd.factorize(parts[0], sort=True)[0], day]
    return np.lexsort(keys)


def _possible_duplicates(events: pd.DataFrame, keys: list[str]) -> list[Found]:
    """The same in every key (country, days, point, sides, type, best estimate) under several ids: one event, or two."""
    # Few events share a day and a point: only those are compared in every key.
    near = events[events.duplicated(["date_start", "latitude", "longitude"], keep=False)]
    complete = near[near[keys].notna().all(axis=1)]
    alike = complete[complete.duplicated(keys, keep=False)]
    group = alike.groupby(keys, sort=False, observed=True).ngroup()
    together: dict[int, list[str]] = {}
    for own, g in zip(alike["event_id"], group, strict=True):
        together.setdefault(g, []).append(own)
    texts = pd.Series("", index=events.index, dtype=object)
    texts[alike.index] = [_twins(together[g], own) for g, own in zip(group, alike["event_id"], strict=True)]
    return [(texts != "", texts)]


def _twins(ids: list[str], own: str) -> str:
    """The other events like this one; at most three of them by id."""
    others = [f"possible-duplicate:{i}" for i in ids[:4] if i != own][:3]
    more = len(ids) - 1 - len(others)
    return "; ".join([*others, *([f"possible-duplicate:and {more} more"] if more else [])])


def _split_reports(events: pd.DataFrame) -> list[Found]:
    """One report split over several places: relid ends in .1, .2, ... (the other places may lie in another country)."""
    split = events["report_id"].str.contains(r"\.[0-9]+$", na=False)
    stem = "split-report:" + events.loc[split, "report_id"].str.replace(r"\.[0-9]+$", "", regex=True)
    return [(split, stem.reindex(events.index))]


def _count_issues(events: pd.DataFrame, ledger: Ledger) -> None:
    """One ledger line for each kind of issue."""
    items = events.loc[events["issues"] != "", "issues"].str.split("; ").explode()
    kinds = items.str.split(":").str[0]
    for kind in sorted(kinds.unique()):
        ledger.count("clean", kind, "flagged", events.loc[kinds.index[kinds == kind].unique()])
