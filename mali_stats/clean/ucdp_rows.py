"""UCDP's rows, each judged by itself: codes to levels, counts, countries, and what is odd about a row."""

from __future__ import annotations

import re
from collections.abc import Iterable

import numpy as np
import pandas as pd
import pyarrow.compute as pc

from mali_stats import catalog
from mali_stats.clean import places
from mali_stats.clean.row_rules import Found, of_cases, off_the_map, too_many, truth
from mali_stats.clean.values import (
    PLAIN_DAY,
    PLAIN_ID,
    PLAIN_NUMBER,
    Values,
    count,
    day,
    degrees,
    identifier,
    level,
    whole,
)  # fmt: skip
from mali_stats.distinct import coded, constant, different, numbered
from mali_stats.schema import DATE_PRECISION, DEATHS, GEO_PRECISION, VIOLENCE
from mali_stats.sources import ucdp
from mali_stats.texts import arrow

#: events that agree in all of these may be one under two ids
ALIKE = (
    "country", "date_start", "date_end", "latitude", "longitude", "dyad_id", "type_of_violence", "deaths_best",
)  # fmt: skip
#: what tells which of two rows of an event is newer
NEWER = "the publisher's file names (GEDEvent_v25_1.csv), which tell the version"


def cleaned(read: Values, layout: ucdp.Layout, version: str | None) -> tuple[pd.DataFrame, list[Found]]:
    """The rows of one file in our vocabulary, without places, and what is odd about them."""
    days = "a day from 1946 to today, " + ("MM/DD/YYYY or " if layout.month_first else "") + "YYYY-MM-DD"
    degree = (lambda t: degrees(t.replace(",", "."))) if read.table.decimal_comma else degrees
    number, read_day = "degrees with a decimal point", day(layout.month_first)
    as_day: dict = {"empty": False, "kind": "date", "plain": PLAIN_DAY}
    out = {
        "event_id": read.turn("id", identifier, "a whole number", empty=False, kind="text", plain=PLAIN_ID),
        "date_start": read.turn("date_start", read_day, days, **as_day),
        "date_end": read.turn("date_end", read_day, days, **as_day),
        "date_precision": read.turn("date_prec", level(DATE_PRECISION), "1 to 5", empty=False, kind=DATE_PRECISION),
        "geo_precision": read.turn("where_prec", level(GEO_PRECISION), "1 to 7", empty=False, kind=GEO_PRECISION),
        "type_of_violence": read.turn("type_of_violence", level(VIOLENCE), "1 to 3", empty=False, kind=VIOLENCE),
        "latitude": read.turn("latitude", degree, number, kind="number", plain=PLAIN_NUMBER),
        "longitude": read.turn("longitude", degree, number, kind="number", plain=PLAIN_NUMBER),
        "clarity": read.turn("clarity", count, "a whole number", kind="whole"),
        "active_year": read.turn("active_year", truth, "TRUE, FALSE, 1 or 0", kind="flag"),
        "n_sources": read.turn("n_sources", _sources, "a number, -1 for not recorded", kind="whole"),
    }
    out["country"], disagree = _countries(read)
    ids = ("dyad_id", "side_a_id", "side_b_id")
    out |= {c: read.turn(c, _side_id, "an id", kind="text") for c in ids}
    out |= {c: read.text(c) for c in ("report_id", "dyad", "side_a", "side_b", "adm_1", "adm_2", "code_status")}
    out |= {c: read.turn(c, count, "a whole number of 0 or more, or nothing", kind="whole") for c in DEATHS}
    out["source_version"] = read.text("source_version")
    read.done()
    rows = pd.DataFrame(out, copy=False)
    read.refuse(rows["date_end"] < rows["date_start"], "date_end", "a day not before date_start")
    read.done()
    rows["source"] = constant(ucdp.SOURCE, rows)
    if version:
        codes, texts = numbered(rows["source_version"])
        rows["source_version"] = coded([*texts, version], np.where(codes < 0, len(texts), codes))
    rows["n_social_media"], rows["n_army_statements"] = _citing(read.raw)
    unknown = ~rows["country"].isin(catalog.seed("countries")["iso3"])
    return rows, [(unknown, "unknown-country"), (disagree, "country-number-and-name-disagree"), *_odd(rows), *read.odd]


def _sources(text: str) -> int | None:
    """How many sources; -1 stands for not recorded."""
    return None if whole(text) == -1 else count(text)


def _side_id(text: str) -> str | None:
    """An id as it is, but 990.0 is 990."""
    return re.sub(r"\.0+$", "", text) or None


def _countries(read: Values) -> tuple[pd.Series, np.ndarray]:
    """ISO3 codes by UCDP's (Gleditsch-Ward) number, else by name (an unknown one is kept), and where the two differ."""
    known = catalog.seed("countries")
    by_number = dict(zip(known["gw"], known["iso3"], strict=True))
    by_name = {places.key(name): code for name, code in zip(known["name"], known["iso3"], strict=True)}
    number = read.turn("country_id", lambda t: by_number.get(identifier(t)), "a whole number", kind="text")
    name = read.turn("country", lambda t: by_name.get(places.key(t), t), "a country", empty=False, kind="text")
    first, which = different([number, name])
    cases = list(zip(number.iloc[first], name.iloc[first], strict=True))
    code = [one if isinstance(one, str) else other for one, other in cases]
    codes = set(known["iso3"])
    differ = [isinstance(one, str) and other in codes and one != other for one, other in cases]
    return pd.Series(coded(code, which), index=name.index), np.array(differ, dtype=bool)[which]


def _citing(raw: pd.DataFrame) -> list[pd.Series]:
    """How many of an event's sources are social media and how many are statements of an army.

    A source may be named as the one that published and again as the original one: the larger count is taken. The
    texts themselves are not kept; what counts as which is in ``seeds/source_kinds.csv``. Missing where no source
    is recorded.
    """
    kinds = catalog.seed("source_kinds")
    fields = {field: numbered(raw[field]) for field in ("source_office", "source_original")}
    none = np.logical_and(*(codes < 0 for codes, _ in fields.values()))
    counts = []
    for kind in ("social_media", "army_statement"):
        cited = []
        for field, (codes, texts) in fields.items():
            rules = kinds.loc[(kinds["kind"] == kind) & (kinds["field"] == field), "pattern"]
            cited.append(_citations(texts, rules)[codes])
        counts.append(pd.Series(pd.arrays.IntegerArray(np.maximum(*cited), none.copy()), index=raw.index))
    return counts


def _citations(texts: Iterable[str], rules: pd.Series) -> np.ndarray:
    """How many of the sources that each text lists (divided by ";") match; the last number is for no text.

    The same few sources come again and again.
    """
    pattern = re.compile("|".join(f"(?:{rule})" for rule in rules) or "(?!)", re.IGNORECASE)
    lists = pc.split_pattern(arrow(texts), ";")
    each = pc.list_flatten(lists).dictionary_encode()
    found = np.array([bool(pattern.search(source.strip())) for source in each.dictionary.to_pylist()], dtype=np.int64)
    total = np.zeros(len(lists) + 1, dtype=np.int64)
    np.add.at(total, np.asarray(pc.list_parent_indices(lists)), found[np.asarray(each.indices)])
    return total


def _odd(rows: pd.DataFrame) -> list[Found]:
    """What is odd about single rows, without a place in it."""
    known = {c: ~rows[c].isna().to_numpy() for c in DEATHS}
    low, best, high, *parts = (rows[c].to_numpy(np.int64, na_value=0) for c in DEATHS)
    has_low, has_best, has_high, *has_parts = known.values()
    codes, texts = numbered(rows["code_status"])
    unclear = ["" if t.casefold() == "clear" else "code-status:" + t.replace(";", ",") for t in texts]
    return [
        ((low > best) & has_low & has_best, "low>best"),
        ((best > high) & has_best & has_high, "best>high"),
        ((sum(parts) != best) & has_best & np.logical_and.reduce(has_parts), "parts!=best"),
        (~np.logical_and.reduce([*known.values()]), "missing-count"),
        *too_many(rows),
        *off_the_map(rows),
        of_cases(unclear, codes),
    ]
