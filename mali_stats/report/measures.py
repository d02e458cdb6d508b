"""The rows of a brief: what is counted in a span and in the span before, from the shipped tables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from mali_stats import catalog
from mali_stats.clean.adding import refuse_overlap
from mali_stats.panel import add_population
from mali_stats.report.spans import Span
from mali_stats.report.wording import NONE, Words, code
from mali_stats.schema import COUNTS

COLUMNS = ("measure", "estimate", "family", "label", "this_span", "span_before", "change_percent", "period",
           "period_before", "source")  # fmt: skip
ESTIMATES = ("low", "best", "high")
#: Below as many events in a span, or an earlier figure below it, no change in per cent is given.
SMALL = 10
#: Of several figures of one day the first publisher's is taken; the others mostly quote it.
PUBLISHERS = ("iom_dtm", "unhcr", "ocha", "idmc")
#: A stock counted longer ago says nothing of the span.
STALE = pd.DateOffset(months=24)
EVENTS = "ucdp_ged"


@dataclass(frozen=True)
class Figure:
    """One figure of one span: its value, events it rests on (None for people), its period, its source."""

    value: object = pd.NA
    events: int | None = None
    period: object = pd.NA
    source: object = EVENTS


MISSING = Figure(source=pd.NA)


def row(measure: str, estimate: str, label: str, now: Figure, before: Figure, family: object = pd.NA) -> dict:
    """Return one row of the table."""
    values = (measure, estimate, family, label, now.value, before.value, _change(now, before), now.period)
    return dict(zip(COLUMNS, (*values, before.period, now.source), strict=True))


def _change(now: Figure, before: Figure) -> object:
    """Change in per cent, or missing where it would rest on too little or is of people."""
    if pd.isna(now.value) or pd.isna(before.value) or now.events is None or before.events is None:
        return pd.NA
    if min(now.events, before.events) < SMALL or before.value < SMALL:
        return pd.NA
    return round(100 * (now.value / before.value - 1), 1)


def tabled(rows: list[dict]) -> pd.DataFrame:
    """Return the rows as a table with whole numbers of people and events."""
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    kinds = {"this_span": "Int64", "span_before": "Int64", "change_percent": "Float64"}
    return table.astype({**{c: "str" for c in COLUMNS if c not in kinds}, **kinds})


# ---- deaths and events -------------------------------------------------------------------------------------


def event_rows(months: pd.DataFrame, spans: tuple[Span, Span | None], words: Words) -> Iterator[dict]:
    """Rows of all deaths, of those without side b's, of civilians, of events, and of one-sided violence.

    ``months`` are rows of ``region_month``. Low and high are not recorded by side.
    """
    every = [_sums(months, span) for span in spans]
    side = [_sums(months[months["type_of_violence"] == "one-sided"], span) for span in spans]
    for estimate in ESTIMATES:
        yield _row_of(every, "deaths", estimate, f"deaths_{estimate}", words)
    for sums in every:
        sums["without_b"] = sums["deaths_best"] - sums["deaths_b"]
    for estimate, column in zip(ESTIMATES, (None, "without_b", None), strict=True):
        yield _row_of(every, "deaths_without_b", estimate, column, words)
    yield _row_of(every, "deaths_civilians", "best", "deaths_civilians", words)
    yield _row_of(every, "events", "count", "events", words)
    for estimate in ESTIMATES:
        yield _row_of(side, "one_sided", estimate, f"deaths_{estimate}", words)


def _sums(rows: pd.DataFrame, span: Span | None) -> dict:
    """Counts of a span with its period; all missing where the record does not reach it."""
    if span is None:
        return {**dict.fromkeys(COUNTS, pd.NA), "period": pd.NA}
    return {**span.of(rows)[list(COUNTS)].sum().astype(int).to_dict(), "period": span.iso}


def _figure(sums: dict, column: str | None) -> Figure:
    if column is None or pd.isna(sums["events"]):
        return Figure(period=sums["period"])
    return Figure(sums[column], sums["events"], sums["period"])


def _row_of(sums: list[dict], measure: str, estimate: str, column: str | None, words: Words) -> dict:
    return row(measure, estimate, words(f"label_{measure}"), *(_figure(s, column) for s in sums))


# ---- one-sided violence by family --------------------------------------------------------------------------


def family_rows(rows: list[pd.DataFrame | None], periods: list, words: Words, whole: str = "") -> list[dict]:
    """Rows of the families that attacked civilians, most deaths first.

    ``rows`` are those of ``family_month`` or ``region_family_year`` of this span and of the span before; ``whole``
    says which years they are of, where those are not the span.
    """
    attacked = [None if part is None else part[part["family_b"] == "civilians"] for part in rows]
    sums = [None if part is None else part.groupby("family_a")[list(COUNTS)].sum() for part in attacked]
    best = pd.concat({i: part["deaths_best"] for i, part in enumerate(sums) if part is not None}, axis=1).fillna(0)
    found = []
    for family in best.sort_values(list(best), ascending=False, kind="stable").index:
        label = words("label_by_years" if whole else "label_by", family=family_name(family, words), whole=whole)
        for estimate in ESTIMATES:
            figures = [_of_family(part, family, estimate, period) for part, period in zip(sums, periods, strict=True)]
            found.append(row("one_sided", estimate, label, *figures, family=family))
    return found


def _of_family(sums: pd.DataFrame | None, family: str, estimate: str, period: object) -> Figure:
    if sums is None:
        return MISSING
    if family not in sums.index:
        return Figure(0, 0, period)  # the tables hold what occurs
    return Figure(int(sums.at[family, f"deaths_{estimate}"]), int(sums.at[family, "events"]), period)


def family_years(span: Span, before: Span | None) -> tuple[list[int], list[int]]:
    """Return the calendar years for which a region's families are given: the whole ones, or all it touches.

    Years that a span only touches are compared with none: the same ones may lie before it.
    """
    whole = span.whole_years
    then = before.whole_years if before is not None and len(before.whole_years) == len(whole) else []
    return (whole, then) if whole else (span.years, [])


def whole_years(span: Span, years: list[int], words: Words) -> str:
    """Say which calendar years a region's families are of, or nothing where they are the span."""
    return "" if len(years) * 12 == span.n else words("whole", years=words.years(years))


def family_name(family: str, words: Words) -> str:
    """Name a family, or the families of a joint side, in the brief's language."""
    names = catalog.seed("families").set_index("family")[f"label_{words.lang}"]
    return words("and").join(names.get(part, part) for part in family.split("; "))


# ---- people ------------------------------------------------------------------------------------------------


def people_rows(figures: pd.DataFrame, spans: tuple[Span, Span | None], words: Words) -> Iterator[dict]:
    """Rows of displaced people and of refugees: the last figure at or before the end of each span.

    Both ends have the same publisher's figure. ``figures`` are rows of the displacement table; with none both rows
    are there, and missing.
    """
    stocks = figures[(figures["measure"] == "stock") & figures["admin1"].isna() & (figures["unit"] == "people")]
    for indicator in ("idps", "refugees"):
        rows = stocks[stocks["indicator"] == indicator]
        now = stock_at(rows, spans[0].last_day)
        same = rows[rows["source"] == now.source]
        before = MISSING if spans[1] is None else stock_at(same, spans[1].last_day)
        publisher = NONE if pd.isna(now.value) else code(now.source)
        yield row(indicator, "best", words(f"label_{indicator}", source=publisher), now, before)


def stock_at(rows: pd.DataFrame, day: pd.Timestamp) -> Figure:
    """Return the last figure at or before a day, added up over countries of asylum; none that is stale."""
    known = rows[rows["as_of"].between(day - STALE, day)]
    if known.empty:
        return MISSING
    last = known[known["as_of"] == known["as_of"].max()]
    publisher = min(last["source"].unique(), key=PUBLISHERS.index)
    last = last[last["source"] == publisher]
    refuse_overlap(last, "brief")
    return Figure(int(last["best"].sum()), None, f"{last['as_of'].iloc[0]:%Y-%m-%d}", publisher)


def other_figures(figures: pd.DataFrame, idps: pd.Series) -> dict[str, int]:
    """Return what other publishers say of displaced people on the day of the figure taken."""
    same = figures[(figures["indicator"] == "idps") & (figures["measure"] == "stock") & figures["admin1"].isna()]
    others = same[same["as_of"].eq(pd.Timestamp(idps["period"])) & same["source"].ne(idps["source"])]
    return {row.source: int(row.best) for row in others.sort_values("source").itertuples()}


def population_row(people: pd.DataFrame, spans: tuple[Span, Span | None], words: Words) -> dict:
    """Row of the population at the last 1 July of each span; ``people`` as ``peopled`` gives them."""
    figures = [MISSING if span is None else _people(people, july(span)) for span in spans]
    return row("population", "best", words("label_population"), *figures)


def _people(people: pd.DataFrame, day: pd.Timestamp) -> Figure:
    rows = people[people["month"] == day]
    total = rows["population"].sum(min_count=1)
    if pd.isna(total):
        return MISSING
    source = "worldbank" if rows["region"].nunique() > 1 else "worldbank; instat_census"
    return Figure(round(total), None, f"{day:%Y-%m-%d}", source)


def july(span: Span) -> pd.Timestamp:
    """Return the last 1 July at or before the end of a span."""
    return pd.Timestamp(span.end.year - (span.end.month < 7), 7, 1)


def peopled(months: pd.DataFrame, region: str | None, spans: tuple[Span, Span | None]) -> pd.DataFrame:
    """Return region, month, population and its flags, from the first 1 July asked for to the last."""
    days = [july(span) for span in spans if span]
    rows = months[months["month"].between(min(days), max(days))].drop_duplicates(["region", "month"])
    if rows.empty:
        return rows.assign(population=0.0, population_issues="")
    table = add_population(rows)[["region", "month", "population", "population_issues"]]
    return table if region is None else table[table["region"] == region]
