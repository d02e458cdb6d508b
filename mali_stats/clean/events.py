"""Events as published to the events table: ``read_events``.

Rules about single rows come first, then one step for rules between rows. Odd rows are flagged in ``issues`` and
counted in the ledger, never mended; what cannot stand in the table at all raises.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from mali_stats import catalog
from mali_stats.clean import actors, places
from mali_stats.clean.values import Values, count, day, decimal, degrees, level, whole
from mali_stats.ledger import Ledger
from mali_stats.schema import DATE_PRECISION, DEATHS, EVENTS, FAMILIES, GEO_PRECISION, VIOLENCE, check, typed
from mali_stats.sources import files, ucdp


def read_events(path, country: str | Path | None = None) -> tuple[pd.DataFrame, Ledger]:
    """Read and clean one publication of events, with an account of every row and every death.

    Parameters
    ----------
    path : str, Path or list of them
        a file (csv, gz, zip, json, geojson, parquet); its layout is told by its content. A list is read as
        parts or releases of one publication: where an event stands in several, the newest version is kept.
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
        lists what is odd about a row.
    ledger : Ledger
        rows and deaths in = kept + dropped, by reason.

    Raises
    ------
    FileNotFoundError, IsADirectoryError
        with what to give instead.
    ValueError
        for a file of no known layout (listing what was missing for each), a damaged file, or values that
        cannot stand in the table (listing at most ten: file, row, column, what was got and is accepted). Rows
        are counted with the header as row 1, and without blank lines.

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
    ledger = Ledger()
    ledger.notes += files.short_pages(tables)
    events = pd.concat([_clean(part, folder, ledger) for part in parts], ignore_index=True)
    # The newest version first: it may have moved an event to another country.
    events = _newest(events, ledger)
    if code is not None:
        events = _only(events, code, ledger)
    events = _between_rows(actors.fill(events, ledger))
    _count_issues(events, ledger)
    ledger.count("clean", "events", "kept", events)
    return events, ledger.check()


# ---- which file --------------------------------------------------------------------------------------------


@dataclass
class _Part:
    """One file whose layout is known: its used columns as text, or a table that mali_stats saved."""

    table: files.Table
    layout: ucdp.Layout | None
    raw: pd.DataFrame
    version: str | None = None
    saved: pd.DataFrame | None = None


def _read(table: files.Table) -> _Part:
    own = {name.strip().casefold(): name for name in reversed(table.columns)}
    if set(EVENTS) - set(FAMILIES) <= set(own):
        raw = table.take({own[c]: c for c in EVENTS if c in own})
        return _Part(table, None, raw, saved=_retyped(table, raw))
    layout, missing = ucdp.recognise(table)
    if layout is None:
        shown = ", ".join(table.columns[:12]) + (", ..." if len(table.columns) > 12 else "")
        absent = len(set(EVENTS) - set(table.columns))
        raise ValueError(
            f"{table.name} has no layout that read_events knows. Looked for {ucdp.LAYOUTS}: missing "
            f"{', '.join(missing)}; a table saved by mali_stats: missing {absent} of {len(EVENTS)} columns. "
            f"The file has: {shown}."
        )
    raw = table.take(layout.columns)
    if table.kind == "parquet" and len(raw) and raw.iloc[0].dropna().str.startswith("#").all():
        raw, table.rows_before = raw.iloc[1:].reset_index(drop=True), 1  # HXL tags
    return _Part(table, layout, raw, ucdp.version(table.hints))


def _retyped(table: files.Table, raw: pd.DataFrame) -> pd.DataFrame:
    """A table saved by mali_stats, held to the kinds of its columns; nothing in it is judged anew."""
    read = Values(table, raw, {})
    kinds = {
        "whole": (count, "a whole number of 0 or more, or nothing"),
        "number": (decimal, "a number with a decimal point, or nothing"),
        "date": (day(False), "a day from 1946 to today, YYYY-MM-DD"),
        "flag": (lambda t: _BOOLEANS[t.casefold()], "True, False, 1, 0 or nothing"),
        "text": (str, "text"),
    }
    out = {}
    for column, kind in [(c, k) for c, k in EVENTS.items() if c in raw]:
        levels = {level: level for level in kind} if isinstance(kind, tuple) else {}
        parse, accepted = (levels.__getitem__, ", ".join(kind)) if levels else kinds[kind]
        out[column] = read.turn(column, parse, accepted, empty=column not in ("event_id", "date_start", "date_end"))
    read.done()
    out["issues"] = out["issues"].fillna("")
    try:
        saved = typed(pd.DataFrame(out), {c: k for c, k in EVENTS.items() if c in out})
        absent = {c: actors.side_families(saved, c[-1])["family"] for c in FAMILIES if c not in out}
        return check(typed(saved.assign(**absent), EVENTS))
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


_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}


def _clean(part: _Part, folder: Path | None, ledger: Ledger) -> pd.DataFrame:
    """One file to events, each row judged by itself."""
    for ours in ucdp.OPTIONAL:
        if ours not in part.raw:
            part.raw[ours] = pd.Series(np.nan, index=part.raw.index, dtype="str")
    blank = part.raw.isna().all(axis=1)
    part.raw = part.raw[~blank]  # the index still tells the rows of the file
    read = Values(part.table, part.raw, {ours: column for column, ours in part.layout.columns.items()})
    days = "a day from 1946 to today, " + ("MM/DD/YYYY or " if part.layout.month_first else "") + "YYYY-MM-DD"
    degree = (lambda t: degrees(t.replace(",", "."))) if part.table.decimal_comma else degrees
    out = {
        "event_id": read.turn("id", lambda t: str(whole(t)), "a whole number", empty=False),
        "date_start": read.turn("date_start", day(part.layout.month_first), days, empty=False),
        "date_end": read.turn("date_end", day(part.layout.month_first), days, empty=False),
        "date_precision": read.turn("date_prec", level(DATE_PRECISION), "1 to 5", empty=False),
        "geo_precision": read.turn("where_prec", level(GEO_PRECISION), "1 to 7", empty=False),
        "type_of_violence": read.turn("type_of_violence", level(VIOLENCE), "1 to 3", empty=False),
        "latitude": read.turn("latitude", degree, "degrees with a decimal point"),
        "longitude": read.turn("longitude", degree, "degrees with a decimal point"),
        "clarity": read.turn("clarity", count, "a whole number"),
        "active_year": read.turn("active_year", lambda t: _BOOLEANS[t.casefold()], "TRUE, FALSE, 1 or 0"),
        "n_sources": read.turn(
            "n_sources", lambda t: None if whole(t) == -1 else count(t), "a number, -1 for not recorded"
        ),
    }
    out["country"], disagree = _countries(read)
    ids = ("dyad_id", "side_a_id", "side_b_id")
    out |= {c: read.turn(c, lambda t: re.sub(r"\.0+$", "", t) or np.nan, "an id") for c in ids}  # 990.0 is 990
    texts = ("report_id", "dyad", "side_a", "side_b", "adm_1", "adm_2", "code_status")
    out |= {c: read.turn(c, lambda t: t or np.nan, "text") for c in texts}
    out |= {c: read.turn(c, count, "a whole number of 0 or more, or nothing") for c in DEATHS}
    out["source_version"] = read.turn("source_version", str, "text")
    read.done()
    rows = pd.DataFrame(out)
    read.refuse(rows["date_end"] < rows["date_start"], "date_end", "a day not before date_start")
    read.done()
    rows["source"] = ucdp.SOURCE
    rows["source_version"] = rows["source_version"].fillna(part.version or np.nan)
    rows["n_social_media"], rows["n_army_statements"] = _citing(part.raw)
    found = [
        (~rows["country"].isin(catalog.seed("countries")["iso3"]), "unknown-country"),
        (disagree, "country-number-and-name-disagree"),
        *_odd(rows),
        *_place(rows, folder),
    ]
    for column in set(EVENTS) - set(rows):
        rows[column] = None
    rows["issues"] = _joined(found, rows.index)
    events = typed(rows, EVENTS)
    ledger.count("read", f"rows in {part.table.name} ({part.layout.name})", "in", events)
    if blank.any():
        ledger.notes.append(f"{part.table.name}: {int(blank.sum())} rows without any value were passed over.")
    return events.reset_index(drop=True)


def _countries(read: Values) -> tuple[pd.Series, pd.Series]:
    """ISO3 codes by UCDP's (Gleditsch-Ward) number, else by name (an unknown one is kept), and where the two differ."""
    known = catalog.seed("countries")
    by_number = dict(zip(known["gw"], known["iso3"], strict=True))
    by_name = {places.key(name): code for name, code in zip(known["name"], known["iso3"], strict=True)}
    number = read.turn("country_id", lambda t: by_number.get(str(whole(t))), "a whole number")
    name = read.turn("country", lambda t: by_name.get(places.key(t), t), "a country", empty=False)
    both = number.notna() & name.isin(known["iso3"])
    return number.where(number.notna(), name), both & (number != name)


def _citing(raw: pd.DataFrame) -> list[pd.Series]:
    """How many of an event's sources are social media and how many are statements of an army.

    A source may be named as the one that published and again as the original one: the larger count is taken. The
    texts themselves are not kept; what counts as which is in ``seeds/source_kinds.csv``. Missing where no source
    is recorded.
    """
    kinds = catalog.seed("source_kinds")
    recorded = raw["source_office"].notna() | raw["source_original"].notna()
    counts = []
    for kind in ("social_media", "army_statement"):
        total = pd.Series(0, index=raw.index)
        for field, rules in kinds[kinds["kind"] == kind].groupby("field", sort=True):
            match = re.compile("|".join(f"(?:{p})" for p in rules["pattern"]), re.IGNORECASE).search
            codes, texts = pd.factorize(raw[field])
            found = [sum(bool(match(item.strip())) for item in text.split(";")) for text in texts]
            total = np.maximum(total, np.array([*found, 0])[codes])
        counts.append(total.astype("Int64").where(recorded))
    return counts


Found = tuple[pd.Series, str | pd.Series]  # which rows, and the issue (one text, or one a row)


def _odd(rows: pd.DataFrame) -> list[Found]:
    """What is odd about single rows, without a place in it."""
    low, best, high, *parts = (rows[c].astype("Int64") for c in DEATHS)
    status = rows["code_status"].astype("str")
    clear = status.isna() | status.str.casefold().eq("clear")
    counts = rows[list(DEATHS)]
    off = rows["latitude"].astype(float).abs().gt(90) | rows["longitude"].astype(float).abs().gt(180)
    return [
        ((low > best).fillna(False), "low>best"),
        ((best > high).fillna(False), "best>high"),
        ((sum(parts) != best).fillna(False), "parts!=best"),
        (counts.isna().any(axis=1), "missing-count"),
        (rows["latitude"].isna() | rows["longitude"].isna(), "coordinates-missing"),
        (off, "coordinates-out-of-range"),
        (~clear, "code-status:" + status.str.replace(";", ",").fillna("")),
    ]


def _place(rows: pd.DataFrame, folder: Path | None) -> list[Found]:
    """Fill admin1 and admin2 (codes and names) in place, by the seed tables of each country."""
    rows["admin1_name"], rows["admin2_name"] = rows["adm_1"], rows["adm_2"]
    rows["admin1"] = rows["admin2"] = pd.Series(np.nan, index=rows.index, dtype=object)
    found: list[Found] = []
    for country in rows["country"].unique():
        own = folder if folder is not None and folder.name == country else None
        known = places.gazetteer(country, own)
        if known is not None:
            found += places.place(rows, rows["country"] == country, known)
    return found


def _joined(found: list[Found], index: pd.Index) -> pd.Series:
    """The issues of every row, joined by "; " in the order of the rules."""
    issues = pd.Series("", index=index, dtype=object)
    for mask, text in found:
        here = mask.to_numpy(dtype=bool)
        if here.any():
            new = text[here] if isinstance(text, pd.Series) else text
            issues[here] = (issues[here] + "; " + new).str.removeprefix("; ")
    return issues


# ---- rules between rows ------------------------------------------------------------------------------------


def _newest(events: pd.DataFrame, ledger: Ledger) -> pd.DataFrame:
    """One row per event: copies go, and the newest version stays where versions tell which it is."""
    order = {v: ucdp.order(v) for v in events["source_version"].dropna().unique()}
    known = sorted({key for key in order.values() if key is not None})
    ranks = {version: known.index(key) if key is not None else -1 for version, key in order.items()}
    rank = events["source_version"].map(ranks).fillna(-1)
    events = events.assign(_rank=rank.astype(int)).sort_values(["event_id", "_rank"], kind="stable")
    copies = events.duplicated([c for c in EVENTS if c != "source_version"], keep="last")
    ledger.count("clean", "exact copy of another row", "dropped", events[copies])
    events = events[~copies]
    best = events.groupby("event_id")["_rank"].transform("max")
    several = events["event_id"].duplicated(keep=False)
    _refuse_contradictions(
        events, several & ((events["_rank"] < 0) | events.duplicated(["event_id", "_rank"], keep=False))
    )
    ledger.count("clean", "older version of the same event", "dropped", events[events["_rank"] < best])
    return events[events["_rank"] == best].drop(columns="_rank").sort_index()


def _refuse_contradictions(events: pd.DataFrame, wrong: pd.Series) -> None:
    if not wrong.any():
        return
    ids = events.loc[wrong, "event_id"].unique()
    one = events[events["event_id"] == ids[0]]
    differ = [c for c in EVENTS if one[c].nunique(dropna=False) > 1 and c != "source_version"]
    raise ValueError(
        f"read_events: {len(ids)} event ids stand in rows that differ, and no version says which is newer: "
        f"{', '.join(ids[:10])}. Event {ids[0]} differs in {', '.join(differ)}. Keep one of the rows, or keep the "
        "publisher's file names (GEDEvent_v25_1.csv), which tell the version."
    )


def _between_rows(events: pd.DataFrame) -> pd.DataFrame:
    """Order by day and id, then flag events that may be one: the order of the rows does not matter."""
    order = pd.to_numeric(events["event_id"])
    events = events.iloc[np.lexsort((order, events["date_start"]))].reset_index(drop=True)
    more = _joined([*_possible_duplicates(events), *_split_reports(events)], events.index)
    events["issues"] = (events["issues"] + "; " + more).str.removeprefix("; ").str.removesuffix("; ").astype("str")
    return events


def _possible_duplicates(events: pd.DataFrame) -> list[Found]:
    """Same country, days, point, dyad and best estimate under several ids: one event twice, or two alike."""
    keys = [
        "country",
        "date_start",
        "date_end",
        "latitude",
        "longitude",
        "dyad_id",
        "type_of_violence",
        "deaths_best",
    ]
    complete = events[events[keys].notna().all(axis=1)]
    alike = complete[complete.duplicated(keys, keep=False)]
    group = alike.groupby(keys, sort=False, observed=True).ngroup()
    together = alike["event_id"].groupby(group).agg(list)
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
    stem = events["report_id"].str.extract(r"^(.*)\.\d+$", expand=False)
    return [(stem.notna(), "split-report:" + stem.fillna(""))]


def _count_issues(events: pd.DataFrame, ledger: Ledger) -> None:
    """One ledger line for each kind of issue."""
    items = events["issues"].str.split("; ").explode()
    kinds = items[items != ""].str.split(":").str[0]
    for kind in kinds.unique():
        ledger.count("clean", kind, "flagged", events.loc[kinds.index[kinds == kind].unique()])
