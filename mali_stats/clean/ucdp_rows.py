"""UCDP's rows, each judged by itself: codes to levels, counts, countries, and what is odd about a row."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from mali_stats import catalog
from mali_stats.clean import places
from mali_stats.clean.row_rules import BOOLEANS, Found, off_the_map
from mali_stats.clean.values import Values, count, day, degrees, level, whole
from mali_stats.schema import DATE_PRECISION, DEATHS, GEO_PRECISION, VIOLENCE
from mali_stats.sources import ucdp

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
    out = {
        "event_id": read.turn("id", lambda t: str(whole(t)), "a whole number", empty=False),
        "date_start": read.turn("date_start", day(layout.month_first), days, empty=False),
        "date_end": read.turn("date_end", day(layout.month_first), days, empty=False),
        "date_precision": read.turn("date_prec", level(DATE_PRECISION), "1 to 5", empty=False),
        "geo_precision": read.turn("where_prec", level(GEO_PRECISION), "1 to 7", empty=False),
        "type_of_violence": read.turn("type_of_violence", level(VIOLENCE), "1 to 3", empty=False),
        "latitude": read.turn("latitude", degree, "degrees with a decimal point"),
        "longitude": read.turn("longitude", degree, "degrees with a decimal point"),
        "clarity": read.turn("clarity", count, "a whole number"),
        "active_year": read.turn("active_year", lambda t: BOOLEANS[t.casefold()], "TRUE, FALSE, 1 or 0"),
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
    rows["source_version"] = rows["source_version"].fillna(version or np.nan)
    rows["n_social_media"], rows["n_army_statements"] = _citing(read.raw)
    unknown = ~rows["country"].isin(catalog.seed("countries")["iso3"])
    return rows, [(unknown, "unknown-country"), (disagree, "country-number-and-name-disagree"), *_odd(rows)]


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


def _odd(rows: pd.DataFrame) -> list[Found]:
    """What is odd about single rows, without a place in it."""
    low, best, high, *parts = (rows[c].astype("Int64") for c in DEATHS)
    status = rows["code_status"].astype("str")
    clear = status.isna() | status.str.casefold().eq("clear")
    counts = rows[list(DEATHS)]
    return [
        ((low > best).fillna(False), "low>best"),
        ((best > high).fillna(False), "best>high"),
        ((sum(parts) != best).fillna(False), "parts!=best"),
        (counts.isna().any(axis=1), "missing-count"),
        *off_the_map(rows),
        (~clear, "code-status:" + status.str.replace(";", ",").fillna("")),
    ]
