"""ACLED's rows, each judged by itself: codes to levels and words, one count, and what is odd about a row.

ACLED gives one day, one point and one count of deaths an event, two actors without direction, and its own types of
events. What our table has beyond that stays missing: no low or high count, no dead by side, no ids of sides. Its
dates with time precision 2 and 3 are the middle of a week or month, so that an event stays one day long. The type of
violence is not ACLED's: it is derived, for comparison, by ``seeds/acled_violence.csv`` from the type of event and
the kinds of the two actors, and is missing where that table has no row.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd

from mali_stats import catalog
from mali_stats.clean import places
from mali_stats.clean.figures import reported
from mali_stats.clean.row_rules import MOST_DEAD, Found, of_cases, off_the_map
from mali_stats.clean.values import PLAIN_DAY, PLAIN_NUMBER, Values, count, degrees, level, whole
from mali_stats.distinct import coded, constant, different, numbered
from mali_stats.schema import DATE_PRECISION, GEO_PRECISION, VIOLENCE, dtype
from mali_stats.sources import acled

#: events that agree in all of these may be one under two ids
ALIKE = (
    "country", "date_start", "latitude", "longitude", "event_type", "sub_event_type", "side_a", "side_b", "deaths_best",
)  # fmt: skip
#: what tells which of two rows of an event is newer
NEWER = "the column timestamp, which tells which is newer"
#: ACLED's codes 1 to 3, in our levels
_DATES, _PLACES = ("day", "week", "month"), ("exact", "near", "admin1")
#: counts that stand for "tens", "dozens" and "hundreds" of dead
CONVENTION = (10, 12, 100)
_ID = r"^[A-Za-z]+[0-9]+$"
_AND = "|"  # between two kinds
_SIDES = ("side_a", "side_a_kind", "side_b", "side_b_kind")


def cleaned(read: Values, layout: acled.Layout, version: str | None) -> tuple[pd.DataFrame, list[Found]]:
    """The rows of one file in our vocabulary, without places, and what is odd about them."""
    degree = (lambda t: degrees(t.replace(",", "."))) if read.table.decimal_comma else degrees
    days, number = "a day from 1946 to today, YYYY-MM-DD or 31 July 2020", "degrees with a decimal point"
    when = "seconds since 1970, or a day and time"
    out = {
        "event_id": read.turn("event_id", _id, "an id such as MLI1234", empty=False, kind="text", plain=_ID),
        "date_start": read.turn("date_start", _day, days, empty=False, kind="date", plain=PLAIN_DAY),
        "date_precision": read.turn("date_prec", level(_DATES), "1 to 3", empty=False, kind=DATE_PRECISION),
        "geo_precision": read.turn("where_prec", level(_PLACES), "1 to 3", empty=False, kind=GEO_PRECISION),
        "latitude": read.turn("latitude", degree, number, kind="number", plain=PLAIN_NUMBER),
        "longitude": read.turn("longitude", degree, number, kind="number", plain=PLAIN_NUMBER),
        "deaths_best": read.turn("deaths_best", count, "a whole number of 0 or more, or nothing", kind="whole"),
        "event_type": read.turn("event_type", str, "a type of event", empty=False, kind="text"),
        "source_version": read.turn("source_version", acled.timestamp, when, kind="text"),
        "civilian_targeting": _flag(read, layout),
    }
    out |= {c: read.text(c) for c in ("sub_event_type", "adm_1", "adm_2")}
    out |= {c: read.turn(c, _items, "text", kind="text") for c in ("sources", "tags")}
    out |= {side: _side(read, side) for side in ("side_a", "side_b")}
    out["country"], disagree = _countries(read)
    kinds, interaction = _kinds(read)
    read.done()
    rows = pd.DataFrame(out, copy=False)
    rows["source"] = constant(acled.SOURCE, rows)
    rows["date_end"] = rows["date_start"]
    rows["side_a_kind"], rows["side_b_kind"] = kinds["side_a_kind"], kinds["side_b_kind"]
    rows["n_sources"] = (rows["sources"].str.count(";") + 1).astype("Int64")
    rows["convention"] = rows["deaths_best"].isin(CONVENTION).astype("boolean").mask(rows["deaths_best"].isna())
    pairs, unknown, differ = _pairs(kinds, interaction)
    rows["type_of_violence"] = _violence(rows["event_type"], rows["sub_event_type"], pairs)
    return rows, [
        (~rows["country"].isin(catalog.seed("countries")["iso3"]), "unknown-country"),
        (disagree, "country-number-and-name-disagree"),
        (rows["deaths_best"].isna(), "missing-count"),
        ((rows["deaths_best"] > MOST_DEAD).fillna(False), "implausible-count"),
        _unknown_type(rows["event_type"]),
        unknown,
        (differ, "interaction-and-actors-disagree"),
        *off_the_map(rows),
        *read.odd,
    ]


def _id(text: str) -> str:
    if not re.fullmatch(_ID, text):
        raise ValueError(text)
    return text


def _day(text: str) -> np.datetime64:
    """A day with the year first or the month in words; 04/05/2023 and 04.05.2023 could be two days and are refused."""
    found, precision, _ = reported.written_day(text)
    if precision != "day" or re.fullmatch(r"[\d/.]+", text):
        raise ValueError(text)
    return np.datetime64(found, "us")


def _unknown_type(event: pd.Series) -> Found:
    """Types of events that neither today's codebook nor an older one has."""
    table = catalog.seed("acled_event_types")
    known = {places.key(n) for n in [*table["event_type"], *table["also"].dropna().str.split("|").explode()]}
    codes, texts = numbered(event)
    return of_cases(
        ["" if places.key(e) in known else "unknown-event-type:" + e.replace(";", ",") for e in texts], codes
    )


def _items(text: str) -> str | None:
    """A ``;`` list with its items tidied, in their order."""
    return "; ".join(filter(None, (item.strip() for item in text.split(";")))) or None


def _side(read: Values, side: str) -> pd.Series:
    """The actor, and behind it the associates, divided by "; "."""
    actor, associates = (read.turn(c, _items, "text", kind="text") for c in (side, f"{side}_with"))
    first, which = different([actor, associates])
    pairs = zip(actor.iloc[first], associates.iloc[first], strict=True)
    both = ["; ".join(t for t in pair if isinstance(t, str)) or None for pair in pairs]
    return pd.Series(coded(both, which), index=actor.index)


def _flag(read: Values, layout: acled.Layout) -> pd.Series:
    """Whether ACLED marks the event as aimed at civilians; empty means no, but only where the column is there."""
    words = {"civiliantargeting": True, "true": True, "1": True, "false": False, "0": False}
    accepted = "Civilian targeting, or nothing"
    marked = read.turn("civilian_targeting", lambda t: words[places.key(t)], accepted, kind="flag")
    return marked.fillna(False) if "civilian_targeting" in layout.columns.values() else marked


def _countries(read: Values) -> tuple[pd.Series, np.ndarray]:
    """ISO3 codes by code, by number, else by name (an unknown one is kept), and where number and name differ."""
    known = catalog.seed("countries")
    by_number = dict(
        zip(known["iso_numeric"].dropna().astype(int), known["iso3"][known["iso_numeric"].notna()], strict=True)
    )
    by_name = {places.key(name): code for name, code in zip(known["name"], known["iso3"], strict=True)}
    codes = set(known["iso3"])
    code = read.turn("iso3", lambda t: t if t in codes else None, "an ISO3 code", kind="text")
    number = read.turn("iso", lambda t: by_number.get(whole(t)), "a whole number", kind="text")
    name = read.turn("country", lambda t: by_name.get(places.key(t), t), "a country", empty=False, kind="text")
    first, which = different([code, number, name])
    cases = [
        (next((c for c in (one, two) if isinstance(c, str)), None), told)
        for one, two, told in zip(*(c.iloc[first] for c in (code, number, name)), strict=True)
    ]
    differ = np.array([bool(c) and told in codes and c != told for c, told in cases], dtype=bool)
    return pd.Series(coded([c or told for c, told in cases], which), index=name.index), differ[which]


# ---- kinds of actors, and the type of violence -------------------------------------------------------------


def _kinds(read: Values) -> tuple[dict[str, pd.Series], pd.Series]:
    """The kinds of both actors in ACLED's words of today, and the pair that ``interaction`` names, if it does."""
    table = catalog.seed("acled_kinds")
    codes = dict(zip(table["code"], table["kind"], strict=True)) | {"0": None}
    words = {places.key(w): kind for kind, also in zip(table["kind"], table["also"], strict=True)
             for w in (kind, *also.split("|"))}  # fmt: skip

    def one(text: str) -> str | None:
        return codes[str(whole(text))] if re.fullmatch(r"[\d.]+", text) else words.get(places.key(text), text)

    def two(text: str) -> str:
        if re.fullmatch(r"[0-8]{2}(\.0+)?", text):
            return _pair(codes[digit] for digit in text[:2])
        if re.fullmatch(r"[\d.]+", text):
            raise ValueError(text)
        return _pair(one(word) for word in text.removesuffix(" only").split("-"))

    accepted = "0 to 8, or a kind of actor in words"
    kinds = {side: read.turn(side, one, accepted, kind="text") for side in ("side_a_kind", "side_b_kind")}
    accepted = "two digits of 0 to 8, or two kinds of actors in words"
    return kinds, read.turn("interaction", two, accepted, kind="text")


def _pair(kinds) -> str:
    """Two kinds, or one, as one text whose order does not matter."""
    return _AND.join(sorted(kind for kind in kinds if isinstance(kind, str)))


def _pairs(kinds: dict[str, pd.Series], interaction: pd.Series) -> tuple[pd.Series, Found, np.ndarray]:
    """The kinds of both actors as one pair, the kinds that no seed knows, and where interaction differs."""
    known = set(catalog.seed("acled_kinds")["kind"])
    columns = [kinds["side_a_kind"], kinds["side_b_kind"], interaction]
    first, which = different(columns)
    found = []
    for one, other, named in zip(*(c.iloc[first] for c in columns), strict=True):
        told = _pair((one, other))
        pair = told or (named if isinstance(named, str) else "")
        lost = [kind.replace(";", ",") for kind in pair.split(_AND) if kind and kind not in known]
        unknown = "unknown-kind:" + ", ".join(lost) if lost else ""
        found.append((pair, unknown, bool(told) and isinstance(named, str) and told != named))
    pairs, strange, differ = zip(*found, strict=True) if found else ((), (), ())
    return (
        pd.Series(coded(pairs, which), index=interaction.index),
        of_cases(strange, which),
        np.array(differ, dtype=bool)[which],
    )


def _violence(event: pd.Series, sub: pd.Series, pairs: pd.Series) -> pd.Series:
    """UCDP's type of violence that the seed table gives for a type of event and two kinds; missing where none."""
    table = catalog.seed("acled_kinds")
    classes = dict(zip(table["kind"], table["class"], strict=True))
    rules: dict[tuple, Any] = {}
    for rule in catalog.seed("acled_violence").itertuples():
        for name in str(rule.event_type).split("|"):
            rules[places.key(name), _key(rule.sub_event_type), _pair((rule.one, rule.other))] = rule.type_of_violence

    def find(event: str, sub: object, pair: str) -> str | None:
        both = _pair(classes.get(kind, kind) for kind in pair.split(_AND))
        exact = rules.get((places.key(event), _key(sub), both))
        return exact or rules.get((places.key(event), None, both))

    first, which = different([event, sub, pairs])
    found = [find(*cell) for cell in zip(*(c.iloc[first] for c in (event, sub, pairs)), strict=True)]
    return pd.Series(pd.array(found, dtype=dtype(VIOLENCE)).take(which), index=event.index)


def _key(name: object) -> str | None:
    return places.key(name) if isinstance(name, str) else None


# ---- rules between rows ------------------------------------------------------------------------------------


def refuse_monadic(events: pd.DataFrame, total: int, name: str) -> None:
    """Raise for an export that repeats every event once for each of its actors.

    ``events`` are the rows whose id stands in several, ``total`` is how many events there are in all.

    Raises
    ------
    ValueError
        with how many events stand twice, and the way out.
    """
    rest = [c for c in events.columns if c not in _SIDES and c != "issues"]
    twice = events[~events.duplicated([*rest, *_SIDES])]
    twice = twice[twice.duplicated(rest, keep=False)]
    if twice.empty:
        return
    ids = twice["event_id"].unique()
    raise ValueError(
        f"{name}: {len(ids):,} of {total:,} events stand in several rows that differ in their "
        f"actors only ({', '.join(ids[:3])}, ...). This is a monadic (actor-based) export: every death would count "
        "once an actor. Export again as dyadic (event-based; in the API leave out export_type=monadic), or keep one "
        'row an event before reading: table.drop_duplicates("event_id_cnty").'
    )


def notes(events: int, untyped: int) -> list[str]:
    """What a reader of the ledger must know of ACLED's counts and types, of which so many are missing."""
    return [
        "ACLED gives one count of deaths an event: low and high are missing, and their sums here are 0.",
        f"type_of_violence is derived by seeds/acled_violence.csv and missing in {untyped:,} of {events:,} events "
        "(demonstrations, strategic developments, one actor only, or kinds of actors without a rule).",
    ]
