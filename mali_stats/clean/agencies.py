"""One function per layout of an agency's file: its text to rows of the displacement table, each row by itself.

Every function returns a frame with a row per cell that can hold a figure, in the columns of the displacement table
(without source, licence and what is missing anyway), and these of its own: ``row``, the row of the file; ``missing``,
why there is no figure (empty where there is one); and what the rules between rows go by (``operation``, ``round``,
``assessment``, ``event``, ``role``, ``created``, ``spot``).
"""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pandas as pd

from mali_stats import catalog
from mali_stats.clean.figures.reported import (
    COUNT,
    NONE,
    day,
    day_or_ahead,
    iso3,
    people,
    region,
    written_day,
    year_end,
)
from mali_stats.clean.places import gazetteer, key
from mali_stats.clean.values import Values, degrees, whole
from mali_stats.sources import hapi, idmc, unhcr
from mali_stats.sources.layouts import Layout

#: why a cell is no figure, in the words of the ledger
DASH, EMPTY = 'no figure ("-": not there, or not asked for)', "no figure (empty cell)"
NOBODY = "a 0 where nobody can be (displaced within a country, but abroad; refugees at home)"
TOTAL = "a row of totals, that has the others in it"
#: issues of a flow that leave open whether anything was published
UNSURE_ZERO = "zero-may-mean-not-published"
NOT_PUBLISHED = "not-published"
#: issues of a year's flow in the ledger of stocks: not of the whole year; not of people; no single number
PART_OF_YEAR, HOUSEHOLDS_ONLY, NO_BEST = "part-of-year", "households-only", "no-best"
#: figures of disasters stand beside those of the ledger and are not in it
DISASTER_LEFT_OUT = "disaster-left-out"


# ---- what the layouts share --------------------------------------------------------------------------------


def _figures(values: pd.Series) -> pd.DataFrame:
    """The figure of every row, and why there is none."""
    dash, empty = values.eq(NONE), values.isna()
    figure = _numbers(values)
    return pd.DataFrame({
        "low": figure, "best": figure, "high": figure,
        "missing": np.select([dash, empty], [DASH, EMPTY], default=""),
    }, index=values.index)  # fmt: skip


def _numbers(values: pd.Series) -> pd.Series:
    """What was read by ``people`` as nullable integers; no figure is missing."""
    numbers = pd.to_numeric(values).astype("Int64")
    return numbers.mask(numbers.eq(NONE).fillna(False))


def _issues(index: pd.Index, *found: tuple[pd.Series, str | pd.Series]) -> pd.Series:
    """The issues of every row, joined by "; "."""
    issues = pd.Series("", index=index, dtype=object)
    for mask, text in found:
        here = mask.fillna(False).to_numpy(dtype=bool)
        new = text[here] if isinstance(text, pd.Series) else text
        issues[here] = (issues[here] + "; " + new).str.removeprefix("; ")
    return issues


def _column(read: Values, name: str, parse: Callable[[str], object], accepted: str) -> pd.Series:
    """A column that the layout may lack: all missing then."""
    if name not in read.raw:
        return pd.Series(None, index=read.raw.index, dtype=object)
    return read.turn(name, parse, accepted)


def _text(read: Values, name: str) -> pd.Series:
    return _column(read, name, lambda t: t or None, "text")


def _breakdown(**parts: pd.Series) -> pd.Series:
    """``sector:Education; status:INN``: what tells a figure from others of its kind; missing where nothing does."""
    rows = zip(*(parts[name] for name in parts), strict=True)
    texts = ["; ".join(f"{n}:{v}" for n, v in zip(parts, row, strict=True) if isinstance(v, str)) for row in rows]
    index = next(iter(parts.values())).index
    return pd.Series([text or None for text in texts], index=index, dtype=object)


def _rows(read: Values) -> pd.Series:
    """The row of the file that a record stands in."""
    return pd.Series(np.arange(len(read.raw)) + read.table.rows_before + 1, index=read.raw.index)


def _placed(country: pd.Series, read: Values) -> tuple[pd.Series, pd.Series, pd.Series]:
    """admin1, what is odd about it, and the district for ``breakdown``."""
    texts = [_text(read, c) for c in ("admin1_name", "admin1", "provider_admin1")]
    admin2 = _text(read, "admin2").fillna(_text(read, "admin2_name")).fillna(_text(read, "provider_admin2"))
    code = texts[1].fillna(_text(read, "admin2"))
    seen: dict[tuple, tuple] = {}
    found = []
    for place in zip(country, texts[0], code, texts[2], strict=True):
        known = tuple(p if isinstance(p, str) else None for p in place)
        found.append(seen.setdefault(known, region(*known)) if known not in seen else seen[known])
    admin1 = pd.Series([f[0] for f in found], index=country.index, dtype=object)
    return admin1, pd.Series([f[1] for f in found], index=country.index, dtype=object), admin2


# ---- UNHCR -------------------------------------------------------------------------------------------------

_ANYWHERE = ("stateless", "ooc", "oip", "hst")


def from_unhcr(read: Values, layout: Layout) -> pd.DataFrame:
    """A row a pair of countries, a column a figure: stocks at the end of the year, or flows of the year.

    Displaced within a country are rows of a country with itself; the zeros of that column in all other rows, and of
    refugees in that one, are no figures.
    """
    ends = read.turn("year", year_end, "a year to now, such as 2023 or mid-2023", empty=False)
    origin = read.turn("coo_iso", iso3, "an ISO3 code, or -", empty=False)
    asylum = read.turn("coa_iso", iso3, "an ISO3 code, or -", empty=False)
    figures = {c: read.turn(c, people, COUNT) for c in unhcr.FIGURES if c in layout.columns.values()}
    read.done()
    end = pd.to_datetime(ends.str[0])
    same = origin.eq(asylum) & origin.notna()
    added = [(asylum.isna(), "asylum:all countries"), (origin.isna(), "origin:all countries")]
    base = pd.DataFrame({
        "row": _rows(read), "country": origin, "asylum_country": asylum,
        "breakdown": _issues(read.raw.index, *added).map(lambda t: t or None), "unit": "people",
    })  # fmt: skip
    parts = []
    for column, values in figures.items():
        indicator, group, measure = unhcr.MEANS[column]
        stock = measure == "stock" and layout.kind == "unhcr population"
        part = base.assign(indicator=indicator, population_group=group, measure="stock" if stock else "flow")
        home = column in ("idps", "returned_idps")  # they have not crossed a border: no pair was added up
        if home:
            part["country"] = origin.fillna(asylum)
            part["breakdown"], part["asylum_country"] = None, asylum.where(~same & origin.notna(), None)
        if stock:
            part["as_of"], part["as_of_precision"] = end, ends.str[1].map({True: "month", False: "year"})
        else:
            part["period_start"], part["period_end"] = pd.to_datetime(end.dt.year.astype(str) + "-01-01"), end
        part = part.join(_figures(values))
        misplaced = origin.notna() & asylum.notna() & (~same if home else same & (column not in _ANYWHERE))
        part["missing"] = part["missing"].mask(misplaced & part["best"].eq(0).fillna(False), NOBODY)
        odd = misplaced & part["best"].gt(0).fillna(False)
        inferred = (ends.str[2].astype(bool), "mid-year-inferred")
        part["issues"] = _issues(part.index, inferred, (odd, "idps-abroad" if home else "refugees-at-home"))
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


# ---- IDMC --------------------------------------------------------------------------------------------------


def from_gidd(read: Values, layout: Layout) -> pd.DataFrame:
    """A row a country and year: the stock at its end and the flow within it.

    A flow printed as 0 beside a stock above 0 may stand for none published, and is flagged.
    """
    ends = read.turn("year", year_end, "a year to now", empty=False)
    country = read.turn("iso3", iso3, "an ISO3 code", empty=False)
    figures = {c: _column(read, c, people, COUNT) for c in ("new_displacement", "total_displacement", "disaster")}
    read.done()
    end = pd.to_datetime(ends.str[0])
    start = pd.to_datetime(end.dt.year.astype(str) + "-01-01")
    base = pd.DataFrame({"row": _rows(read), "country": country, "unit": "people"})
    flow = {"indicator": "new_displacement", "measure": "flow", "period_start": start, "period_end": end}
    stock = {"indicator": "idps", "measure": "stock", "as_of": end, "as_of_precision": "year"}
    unsure = figures["new_displacement"].eq(0) & _numbers(figures["total_displacement"]).gt(0).fillna(False)
    parts = [
        base.assign(**flow, issues=_issues(base.index, (unsure, UNSURE_ZERO))).join(
            _figures(figures["new_displacement"])
        ),
        base.assign(**stock, issues="").join(_figures(figures["total_displacement"])),
    ]
    if "disaster" in layout.columns.values():
        parts.append(base.assign(**flow, population_group="disaster", issues="").join(_figures(figures["disaster"])))
    return pd.concat(parts, ignore_index=True)


_UNITS = {"person": "people", "persons": "people", "people": "people", "individuals": "people", "individual": "people",
          "household": "households", "households": "households", "families": "households"}  # fmt: skip


def from_idu(read: Values, layout: Layout) -> pd.DataFrame:
    """A row a report of an event: a flow from its first to its last day.

    A qualifier leaves open what it does not say: "more than 500" has no high. Households stay households.
    """
    figure = read.turn("figure", people, COUNT)
    country = read.turn("iso3", iso3, "an ISO3 code", empty=False)
    start, end = (read.turn(c, day, "a day from 1946 to today, YYYY-MM-DD") for c in ("start", "end"))
    fallback = _column(read, "date", day, "a day from 1946 to today, YYYY-MM-DD")
    start, end = start.fillna(fallback), end.fillna(fallback)
    start, end = start.fillna(end), end.fillna(start)
    names = ("id", "role", "displacement_type", "event_id", "created_at", "qualifier", "unit", "text", "place")
    text = {c: _text(read, c) for c in names}
    for c in ("latitude", "longitude"):  # they tell one place from another
        text[c] = _column(read, c, lambda t: str(degrees(t)), "degrees with a decimal point")
    read.refuse(start.isna(), "start", "a day, here or in displacement_end_date or displacement_date")
    read.refuse((end < start).fillna(False), "end", "a day not before displacement_start_date")
    read.done()
    unit, unit_found = _idu_units(text["unit"], text["text"])
    qualifier = text["qualifier"].astype("str").str.casefold()
    rows = _figures(figure)
    for name in ("low", "best", "high"):
        stands = {q: name in ends for q, ends in idmc.QUALIFIERS.items()}
        rows[name] = rows[name].where(qualifier.map(stands).fillna(name == "best").astype(bool))
    event = text["event_id"].fillna("of report " + text["id"])
    known_role = text["role"].isin([idmc.RECOMMENDED, idmc.TRIANGULATION])
    unknown = qualifier.notna() & ~qualifier.isin(list(idmc.QUALIFIERS))
    return rows.assign(
        row=_rows(read), country=country, indicator="new_displacement", measure="flow",
        population_group=text["displacement_type"].str.casefold(),
        breakdown="event:" + event + "; report:" + text["id"].fillna("unknown"),
        period_start=pd.to_datetime(start), period_end=pd.to_datetime(end), unit=unit, qualifier=qualifier,
        published_on=pd.to_datetime(text["created_at"].str.slice(0, 10), errors="coerce"),
        event=event, role=text["role"], created=text["created_at"].fillna(""),
        spot=text["place"].fillna(text["latitude"].fillna("") + "," + text["longitude"].fillna("")),
        issues=_issues(
            rows.index, *unit_found, (~known_role, "unknown-role:" + text["role"].fillna("none")),
            (unknown, "unknown-qualifier:" + qualifier.fillna("")),
        ),
    )  # fmt: skip


def _idu_units(unit: pd.Series, text: pd.Series) -> tuple[pd.Series, list]:
    """People, unless the column or the sentence beside the figure says households; an unknown unit is missing."""
    named = unit.str.casefold().str.strip()
    known = named.map(_UNITS)
    sentence = text.astype("str").str.contains(r"\d\s+(?:households|families)\b", case=False, regex=True).fillna(False)
    from_text = named.isna() & sentence.astype(bool)
    values = known.where(named.notna(), "people").where(~from_text, "households")
    odd = named.notna() & known.isna()
    return values, [(odd, "unknown-unit:" + unit.fillna("")), (from_text, "unit-from-text")]


# ---- IOM DTM -----------------------------------------------------------------------------------------------

#: what stands in the place of a region's name in a row that adds up the others
_TOTALS = {"total", "totalgeneral", "grandtotal", "ensemble", "totalmali"}


def from_dtm(read: Values, layout: Layout) -> pd.DataFrame:
    """A row a region or district (and origin) of a round: IDPs present at the day of the report."""
    v3 = layout.kind == "dtm v3"
    parse = (lambda t: (day(t), "day", "")) if v3 else written_day
    accepted = "a day to today, such as 2023-04-30 or 30 avril 2023"
    dates = read.turn("date", parse, accepted)
    total = _text(read, "admin1_name").map(lambda t: isinstance(t, str) and key(t) in _TOTALS).astype(bool)
    read.refuse(read.raw["date"].isna() & ~total, "date", accepted)
    figures = {"people": read.turn("idps", people, COUNT), "households": _column(read, "households", people, COUNT)}
    country = _dtm_country(read)
    number = _column(read, "round", lambda t: whole(re.sub(r"(?i)^(round|r)\s*", "", t)), "a whole number")
    named = "country" if "country" in read.raw else "admin1_name"
    untold = country.isna() & ~total & (read.raw["country"].isna() if named == "country" else True)
    read.refuse(untold, named, "a country: a column Country (ISO3 code or name), or p-codes that begin with one")
    read.done()
    admin1, odd, admin2 = _placed(country, read)
    base = pd.DataFrame({
        "row": _rows(read), "country": country, "admin1": admin1, "indicator": "idps", "measure": "stock",
        "as_of": pd.to_datetime(dates.str[0]), "as_of_precision": dates.str[1],
        "breakdown": _breakdown(admin2=admin2, origin=_text(read, "origin"), reason=_text(read, "reason")),
        "source_version": number.map(lambda n: None if pd.isna(n) else f"round {int(n)}"),
        "operation": _text(read, "operation").fillna(""), "round": pd.to_numeric(number),
        "assessment": _text(read, "assessment").fillna(""),
        "issues": _issues(read.raw.index, (dates.str[2].fillna("").ne(""), dates.str[2]), (odd.ne(""), odd)),
    })  # fmt: skip
    units = [unit for unit in figures if unit == "people" or "households" in layout.columns.values()]
    parts = [base.assign(unit=unit).join(_figures(figures[unit])) for unit in units]
    return pd.concat([part.assign(missing=part["missing"].mask(total, TOTAL)) for part in parts], ignore_index=True)


def _dtm_country(read: Values) -> pd.Series:
    """The ISO3 code: as it stands, or from a p-code that begins with it, or from its name."""
    codes = catalog.seed("countries").set_index("iso3")["name"]
    by_name = {key(name): str(code) for code, name in codes.items()}

    def named(text: str) -> str:
        if text.upper() in codes.index:
            return text.upper()
        return by_name[key(text)]

    country = _column(read, "country", named, "an ISO3 code or the name of a country")
    for column in ("admin1", "admin2"):
        code = _text(read, column).str.extract(r"^([A-Z]{3})\d", expand=False)
        country = country.fillna(code.where(code.isin(codes.index)))
        short = _text(read, column).str.extract(r"^([A-Z]{2})\d", expand=False)
        country = country.fillna(short.map(_prefixes()))
    return country


def _prefixes() -> dict[str, str]:
    """The two letters that a country's own p-codes begin with -> its ISO3 code, for the countries in the seeds."""
    folders = sorted((catalog.root() / "seeds" / "places").iterdir())
    known = [gazetteer(folder.name) for folder in folders if folder.is_dir()]
    return {places.regions["region"].iloc[0][:2]: places.country for places in known if places is not None}


# ---- HDX HAPI ----------------------------------------------------------------------------------------------


def from_hapi(read: Values, layout: Layout) -> pd.DataFrame:
    """A row a figure of a period and place; what it is part of stands in ``breakdown``."""
    accepted = "a day from 1946 to three years ahead, YYYY-MM-DD"
    start = read.turn("start", day_or_ahead, accepted, empty=False)
    end = read.turn("end", day_or_ahead, accepted)
    end = end.fillna(start)
    country = read.turn("country", iso3, "an ISO3 code", empty=False)
    figure = read.turn("population", people, COUNT)
    read.refuse((end < start).fillna(False), "end", "a day not before reference_period_start")
    number = _column(read, "round", whole, "a whole number")
    read.done()
    start, end = pd.to_datetime(start), pd.to_datetime(end)
    base = pd.DataFrame({"row": _rows(read), "country": country, "unit": "people", "issues": ""}).join(_figures(figure))
    if layout.kind == "people":
        return _hapi_people(read, base, start, end)
    admin1, odd, admin2 = _placed(country, read)
    base["admin1"], base["issues"] = admin1, _issues(base.index, (odd.ne(""), odd))
    base = base.assign(measure="stock", as_of=start, as_of_precision=_precision(start, end), period_start=start,
                       period_end=end)  # fmt: skip
    text = {c: _text(read, c) for c in ("sector", "status", "category", "phase", "type", "operation", "assessment")}
    if layout.kind == "needs":
        parts = _breakdown(sector=text["sector"], status=text["status"], category=text["category"], admin2=admin2)
        return base.assign(indicator="people_in_need", breakdown=parts)
    if layout.kind == "food":
        parts = _breakdown(phase=text["phase"], type=text["type"], admin2=admin2)
        return base.assign(indicator="food_insecure", breakdown=parts)
    return base.assign(
        indicator="idps", breakdown=_breakdown(admin2=admin2), round=pd.to_numeric(number),
        source_version=number.map(lambda n: None if pd.isna(n) else f"round {int(n)}"),
        operation=text["operation"].fillna(""), assessment=text["assessment"].fillna(""),
    )  # fmt: skip


def _precision(start: pd.Series, end: pd.Series) -> np.ndarray:
    days = (end - start).dt.days
    return np.select([days >= 360, days >= 27], ["year", "month"], default="day")


def _hapi_people(read: Values, base: pd.DataFrame, start: pd.Series, end: pd.Series) -> pd.DataFrame:
    asylum = read.turn("asylum_country", iso3, "an ISO3 code", empty=False)
    code = read.turn("group", str.upper, "a code such as REF", empty=False)
    whole_group = {"gender": _text(read, "gender"), "age": _text(read, "age")}
    read.done()
    means = code.map(lambda c: hapi.GROUPS.get(c, ("other_concern", c, "stock")))
    stock, home = means.str[2].eq("stock"), code.isin(["IDP", "IOC", "RDP"])
    parts = {name: text.where(text.str.casefold().ne("all"), None) for name, text in whole_group.items()}
    unknown = ~code.isin(list(hapi.GROUPS))
    return base.assign(
        asylum_country=asylum.where(~home | asylum.ne(base["country"]), None), breakdown=_breakdown(**parts),
        indicator=means.str[0], population_group=means.str[1], measure=means.str[2],
        as_of=end.where(stock), as_of_precision=pd.Series("year", index=base.index).where(stock, None),
        period_start=start.where(~stock), period_end=end.where(~stock),
        issues=_issues(base.index, (unknown, "unknown-group:" + code)),
    )  # fmt: skip


#: kind of layout -> how its text becomes rows
CLEAN: dict[str, Callable[[Values, Layout], pd.DataFrame]] = {
    "unhcr population": from_unhcr, "unhcr flows": from_unhcr, "unhcr solutions": from_unhcr,
    "gidd": from_gidd, "idu": from_idu, "dtm v3": from_dtm, "dtm sheet": from_dtm,
    **dict.fromkeys(hapi.KINDS, from_hapi),
}  # fmt: skip
