"""ACLED's rows, each judged by itself: codes to levels and words, one count, and what is odd about a row.

ACLED gives one day, one point and one count of deaths an event, two actors without direction, and its own types of
events. What our table has beyond that stays missing: no low or high count, no dead by side, no ids of sides. Its
dates with time precision 2 and 3 are the middle of a week or month, so that an event stays one day long. The type of
violence is not ACLED's: it is derived, for comparison, by ``seeds/acled_violence.csv`` from the type of event and
the kinds of the two actors, and is missing where that table has no row.
"""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from mali_stats import catalog
from mali_stats.clean import places
from mali_stats.clean.figures import reported
from mali_stats.clean.row_rules import Found, off_the_map
from mali_stats.clean.values import Values, count, degrees, level, whole
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
_SIDES = ("side_a", "side_a_kind", "side_b", "side_b_kind")


def cleaned(read: Values, layout: acled.Layout, version: str | None) -> tuple[pd.DataFrame, list[Found]]:
    """The rows of one file in our vocabulary, without places, and what is odd about them."""
    degree = (lambda t: degrees(t.replace(",", "."))) if read.table.decimal_comma else degrees
    out = {
        "event_id": read.turn("event_id", _id, "an id such as MLI1234", empty=False),
        "date_start": read.turn(
            "date_start", _day, "a day from 1946 to today, YYYY-MM-DD or 31 July 2020", empty=False
        ),
        "date_precision": read.turn("date_prec", level(_DATES), "1 to 3", empty=False),
        "geo_precision": read.turn("where_prec", level(_PLACES), "1 to 3", empty=False),
        "latitude": read.turn("latitude", degree, "degrees with a decimal point"),
        "longitude": read.turn("longitude", degree, "degrees with a decimal point"),
        "deaths_best": read.turn("deaths_best", count, "a whole number of 0 or more, or nothing"),
        "event_type": read.turn("event_type", str, "a type of event", empty=False),
        "source_version": read.turn("source_version", acled.timestamp, "seconds since 1970, or a day and time"),
        "civilian_targeting": _flag(read, layout),
    }
    out |= {c: read.turn(c, lambda t: t or np.nan, "text") for c in ("sub_event_type", "adm_1", "adm_2")}
    out |= {c: read.turn(c, _items, "text") for c in ("sources", "tags")}
    out |= {side: _side(read, side) for side in ("side_a", "side_b")}
    out["country"], disagree = _countries(read)
    kinds, interaction = _kinds(read)
    read.done()
    rows = pd.DataFrame(out).assign(source=acled.SOURCE)
    rows["date_end"] = rows["date_start"]
    rows["side_a_kind"], rows["side_b_kind"] = kinds["side_a_kind"], kinds["side_b_kind"]
    rows["n_sources"] = rows["sources"].str.count(";") + 1
    rows["convention"] = rows["deaths_best"].isin(CONVENTION).astype("boolean").mask(rows["deaths_best"].isna())
    pairs, unknown, differ = _pairs(kinds, interaction)
    rows["type_of_violence"] = _violence(rows, pairs)
    return rows, [
        (~rows["country"].isin(catalog.seed("countries")["iso3"]), "unknown-country"),
        (disagree, "country-number-and-name-disagree"),
        (rows["deaths_best"].isna(), "missing-count"),
        (unknown != "", unknown),
        (differ, "interaction-and-actors-disagree"),
        *off_the_map(rows),
    ]


def _id(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9]+", text):
        raise ValueError(text)
    return text


def _day(text: str) -> np.datetime64:
    """A day with the year first or the month in words; 04/05/2023 could be two days and is refused."""
    found, precision, _ = reported.written_day(text)
    if precision != "day" or "/" in text:
        raise ValueError(text)
    return np.datetime64(found, "us")


def _items(text: str) -> str | float:
    """A ``;`` list with its items tidied, in their order."""
    return "; ".join(filter(None, (item.strip() for item in text.split(";")))) or np.nan


def _side(read: Values, side: str) -> pd.Series:
    """The actor, and behind it the associates, divided by "; "."""
    actor, associates = (read.turn(c, _items, "text") for c in (side, f"{side}_with"))
    both = actor.astype("str") + "; " + associates.astype("str")
    return both.where(actor.notna() & associates.notna(), actor.where(actor.notna(), associates))


def _flag(read: Values, layout: acled.Layout) -> pd.Series:
    """Whether ACLED marks the event as aimed at civilians; empty means no, but only where the column is there."""
    words = {"civiliantargeting": True, "true": True, "1": True, "false": False, "0": False}
    marked = read.turn("civilian_targeting", lambda t: words[places.key(t)], "Civilian targeting, or nothing")
    return marked.fillna(False) if "civilian_targeting" in layout.columns.values() else marked


def _countries(read: Values) -> tuple[pd.Series, pd.Series]:
    """ISO3 codes by code, by number, else by name (an unknown one is kept), and where number and name differ."""
    known = catalog.seed("countries")
    by_number = dict(
        zip(known["iso_numeric"].dropna().astype(int), known["iso3"][known["iso_numeric"].notna()], strict=True)
    )
    by_name = {places.key(name): code for name, code in zip(known["name"], known["iso3"], strict=True)}
    code = read.turn("iso3", lambda t: t if t in set(known["iso3"]) else None, "an ISO3 code")
    number = read.turn("iso", lambda t: by_number.get(whole(t)), "a whole number")
    name = read.turn("country", lambda t: by_name.get(places.key(t), t), "a country", empty=False)
    code = code.where(code.notna(), number)
    both = code.notna() & name.isin(known["iso3"])
    return code.where(code.notna(), name), both & (code != name)


# ---- kinds of actors, and the type of violence -------------------------------------------------------------


def _kinds(read: Values) -> tuple[dict[str, pd.Series], pd.Series]:
    """The kinds of both actors in ACLED's words of today, and the pair that ``interaction`` names, if it does."""
    table = catalog.seed("acled_kinds")
    codes = dict(zip(table["code"], table["kind"], strict=True)) | {"0": None}
    words = {places.key(w): kind for kind, also in zip(table["kind"], table["also"], strict=True)
             for w in (kind, *also.split("|"))}  # fmt: skip

    def one(text: str) -> str | None:
        return codes[str(whole(text))] if re.fullmatch(r"[\d.]+", text) else words.get(places.key(text), text)

    def two(text: str) -> tuple[str, ...]:
        if re.fullmatch(r"[0-8]{2}(\.0+)?", text):
            return tuple(sorted(filter(None, (codes[digit] for digit in text[:2]))))
        if re.fullmatch(r"[\d.]+", text):
            raise ValueError(text)
        return tuple(sorted(one(word) for word in text.removesuffix(" only").split("-")))

    accepted = "0 to 8, or a kind of actor in words"
    kinds = {side: read.turn(side, one, accepted) for side in ("side_a_kind", "side_b_kind")}
    return kinds, read.turn("interaction", two, "two digits of 0 to 8, or two kinds of actors in words")


def _pairs(kinds: dict[str, pd.Series], interaction: pd.Series) -> tuple[pd.Series, pd.Series, pd.Series]:
    """The kinds of both actors as one sorted pair, the kinds that no seed knows, and where interaction differs."""
    sides = [kinds["side_a_kind"], kinds["side_b_kind"]]
    pairs = pd.Series([tuple(sorted(k for k in two if isinstance(k, str))) for two in zip(*sides, strict=True)],
                      index=interaction.index, dtype=object)  # fmt: skip
    told = pairs.map(len) > 0
    differ = told & interaction.notna() & (pairs != interaction)
    pairs = pairs.where(told | interaction.isna(), interaction)
    known = set(catalog.seed("acled_kinds")["kind"])
    lost = pairs.map(lambda pair: ", ".join(k.replace(";", ",") for k in pair if k not in known))
    return pairs, ("unknown-kind:" + lost).where(lost != "", ""), differ


def _violence(rows: pd.DataFrame, pairs: pd.Series) -> pd.Series:
    """UCDP's type of violence that the seed table gives for a type of event and two kinds; missing where none."""
    table = catalog.seed("acled_kinds")
    classes = dict(zip(table["kind"], table["class"], strict=True))
    rules = {}
    for rule in catalog.seed("acled_violence").itertuples():
        for name in rule.event_type.split("|"):
            sub = rule.sub_event_type if isinstance(rule.sub_event_type, str) else None
            rules[places.key(name), sub and places.key(sub), tuple(sorted((rule.one, rule.other)))] = (
                rule.type_of_violence
            )
    seen: dict[tuple, str | None] = {}

    def find(event: str, sub: object, pair: tuple[str, ...]) -> str | None:
        both = tuple(sorted(classes.get(kind, kind) for kind in pair))
        exact = rules.get((places.key(event), places.key(sub) if isinstance(sub, str) else None, both))
        return exact or rules.get((places.key(event), None, both))

    cells = list(
        zip(rows["event_type"], rows["sub_event_type"].where(rows["sub_event_type"].notna(), None), pairs, strict=True)
    )
    for cell in set(cells):
        seen[cell] = find(*cell)
    return pd.Series([seen[cell] for cell in cells], index=rows.index, dtype=object)


# ---- rules between rows ------------------------------------------------------------------------------------


def refuse_monadic(events: pd.DataFrame, name: str) -> None:
    """Raise for an export that repeats every event once for each of its actors.

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
        f"{name}: {len(ids):,} of {events['event_id'].nunique():,} events stand in several rows that differ in their "
        f"actors only ({', '.join(ids[:3])}, ...). This is a monadic (actor-based) export: every death would count "
        "once an actor. Export again as dyadic (event-based; in the API leave out export_type=monadic), or keep one "
        'row an event before reading: table.drop_duplicates("event_id_cnty").'
    )


def notes(events: pd.DataFrame) -> list[str]:
    """What a reader of the ledger must know of ACLED's counts and types."""
    untyped = int(events["type_of_violence"].isna().sum())
    return [
        "ACLED gives one count of deaths an event: low and high are missing, and their sums here are 0.",
        f"type_of_violence is derived by seeds/acled_violence.csv and missing in {untyped:,} of {len(events):,} events "
        "(demonstrations, strategic developments, one actor only, or kinds of actors without a rule).",
    ]
