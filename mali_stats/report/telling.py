"""A brief in sentences: its paragraph, and the notes on what it does not give."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from mali_stats import catalog
from mali_stats.report import measures
from mali_stats.report.spans import Span
from mali_stats.report.wording import Words, code

#: What add_population flags -> the note that says it.
FLAGS = {"partly-not-enumerated": "partly", "created-later": "later", "extrapolated": "extrapolated"}
#: Families named in the paragraph; the table has them all.
NAMED = 3


def paragraph_of(brief) -> str:
    """Say a brief's figures in plain words, with their source and where the record ends."""
    words = Words(brief.lang)
    source = catalog.cite("region_month", style="short")
    return " ".join([
        *_deaths(brief, words),
        *_one_sided(brief, words),
        *_people(brief.table, words),
        words("tell_unplaced_region" if brief.region else "tell_unplaced", n=_ranged(brief.unplaced, words)),
        words("tell_reported"),
        words("tell_source", source=source, day=words.day(brief.record_ends)),
    ])  # fmt: skip


def _deaths(brief, words: Words) -> Iterator[str]:
    totals = brief.table[brief.table["family"].isna()].set_index(["measure", "estimate"])
    now, before = totals["this_span"], totals["span_before"]
    yield words("tell_deaths", place=brief.place, span=words.span(brief.span), **_triple(now, words))
    if brief.before is not None:
        yield words("tell_before", span=words.span(brief.before), **_triple(before, words))
    if now["deaths_without_b", "best"] < now["deaths", "best"]:
        yield words("tell_side_b", best=words.number(now["deaths_without_b", "best"]))
    yield words("tell_civilians", n=words.number(now["deaths_civilians", "best"]))


def _triple(figures: pd.Series, words: Words) -> dict[str, str]:
    return {
        "deaths": words.counted(figures["deaths", "best"], "deaths"),
        "low": words.number(figures["deaths", "low"]),
        "high": words.number(figures["deaths", "high"]),
        "events": words.counted(figures["events", "count"], "events"),
    }


def _one_sided(brief, words: Words) -> Iterator[str]:
    """Name the families with most deaths, and what the others add up to."""
    families = _by_family(brief.table)
    years = measures.family_years(brief.span, brief.before)[0]
    period = (brief.region and measures.whole_years(brief.span, years, words)) or words.span(brief.span)
    if not families:
        yield words("tell_no_one_sided", period=period)
        return
    parts = [(measures.family_name(family, words), sums) for family, sums in families.items()]
    if len(parts) > NAMED:
        rest = (sum(part) for part in zip(*(sums for _, sums in parts[NAMED:]), strict=True))
        parts = [*parts[:NAMED], (words("others"), tuple(rest))]
    listed = words("then").join(f"{name} {_ranged(sums, words)}" for name, sums in parts)
    yield words("tell_one_sided", period=period, list=listed)


def _by_family(table: pd.DataFrame) -> dict[str, tuple[int, int, int]]:
    """Return low, best and high of each family with any death in the span, in the table's order."""
    rows = table[(table["measure"] == "one_sided") & table["family"].notna()]
    sums = {family: tuple(part["this_span"]) for family, part in rows.groupby("family", sort=False)}
    return {family: figures for family, figures in sums.items() if max(figures)}


def _ranged(sums: tuple[int, int, int], words: Words) -> str:
    """Write best with low and high."""
    low, best, high = map(words.number, sums)
    return f"{best} ({low}–{high})"


def _people(table: pd.DataFrame, words: Words) -> Iterator[str]:
    for stock in table[table["measure"].isin(["idps", "refugees"]) & table["this_span"].notna()].itertuples():
        day = words.day(pd.Timestamp(stock.period))
        yield words(f"tell_{stock.measure}", n=words.number(stock.this_span), source=code(stock.source), day=day)


# ---- notes -------------------------------------------------------------------------------------------------


def notes_of(table: pd.DataFrame, region: str | None, span: Span, record: Span, words: Words) -> list[str]:
    """Say what a brief's table does not give, and why."""
    notes = [words("note_side_b")]
    if span.before.start < record.start:
        start = f"{words.month(record.start)} {record.start.year}"
        notes.insert(0, words("note_no_before", start=start, n=words.number(span.n)))
    both = table[table["this_span"].notna() & table["span_before"].notna() & table["change_percent"].isna()]
    people = both["measure"].isin(["idps", "refugees", "population"])
    if not people.all():
        notes.append(words("note_percent", n=measures.SMALL))
    if people.any():
        notes.append(words("note_people"))
    return notes + [words(f"note_{key}") for key in (("national", "years") if region else ())]


def notes_of_people(figures: pd.DataFrame, table: pd.DataFrame, people: pd.DataFrame, words: Words) -> Iterator[str]:
    """Say which other figures there are of displaced people, which are missing, and what a population rests on."""
    rows = table.set_index("measure")
    for measure in ("idps", "refugees") if len(figures) else ():
        if pd.isna(rows.at[measure, "this_span"]):
            label = rows.at[measure, "label"].partition(" (")[0]
            yield words("note_no_stock", what=label)
    if others := measures.other_figures(figures, rows.loc["idps"]):
        listed = ", ".join(f"{code(source)} {words.number(n)}" for source, n in others.items())
        yield words("note_other_figures", list=listed)
    one = people["region"].nunique() == 1  # of the country the censuses' shares do not matter
    for flag, key in FLAGS.items():
        if people["population_issues"].str.contains(flag).any() and (one or key == "extrapolated"):
            yield words(f"note_{key}")
