"""The front page: where each record ends, the last year against the one before, two maps, limits, cards."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterable
from html import escape
from urllib.parse import quote

import pandas as pd

from mali_stats import __version__, catalog
from mali_stats.panel import add_population
from mali_stats.report import pages
from mali_stats.report.brief import SUMS, Brief, brief
from mali_stats.report.measures import SMALL
from mali_stats.report.spans import Span
from mali_stats.report.wording import NONE, Words
from mali_stats.schema import UNALLOCATED

TITLE = "The human cost of the war in Mali"
#: Limits that no figure on the page shows. The first is filled in from the record.
UNSEEN = (
    "{label}: {lost:,} of {all:,} deaths could not be given a region or a month. They are in the totals, not on "
    "the map.",
    "Deaths that nobody reported. A zero means that none was reported, not that somebody watched.",
    "How sure a figure is. Low and high are what reports said, not a confidence interval: Moura, March 2022, "
    "stands at 313 in all three, while the UN found at least 500.",
    "Who killed, outside one-sided violence. Who lost people is recorded; the dead of side B mostly rest on what an "
    "army said.",
    "The wounded, the missing, those who died of hunger, illness or flight; killings in custody, or by "
    "perpetrators that nobody identified.",
    "What happened after the days in the banner. Every new release also revises earlier years.",
)
WORDS = Words("en")
PER = 100_000
UNPLACED = "No region or month"


def _folding(row: tuple[str, ...]) -> list[str]:
    """Let a cell fold before its low and high, or its day, and nowhere else (see ``template.html``)."""
    return [row[0], *(cell.replace(" (", "\n(") for cell in row[1:])]


def deadliest_month(one: Brief) -> str:
    """Say how much of its span the deadliest month holds, since one month can make a change of years."""
    spans = [(span, span.of(one.months)) for span in (one.span, one.before) if span]
    span, rows = max(spans, key=lambda pair: pair[1]["deaths_best"].max())
    most = rows.loc[rows["deaths_best"].idxmax()]
    name, deaths, all_ = pages.in_words(f"{most['month']:%Y-%m}"), most["deaths_best"], rows["deaths_best"].sum()
    return f"One month, {name}, holds {deaths:,} of the {all_:,} deaths (best) of {WORDS.span(span)}."


def by_region(months: pd.DataFrame, span: Span) -> pd.DataFrame:
    """Add up one span by region, with person-years; last what could not be given a region or a month.

    Columns: region, region_name, events, deaths_low, deaths_best, deaths_high, person_years.
    """
    rows, keys = span.of(months), ["region", "region_name"]
    table = rows.groupby(keys, observed=True)[SUMS].sum()
    people = add_population(rows.drop_duplicates([*keys, "month"]))
    table["person_years"] = people.groupby(keys, observed=True)["person_years"].sum(min_count=1)
    table = table.reset_index()
    placed = table["region"] != UNALLOCATED
    return pd.concat([table[placed], table[~placed]], ignore_index=True)


def banner(datasets: pd.DataFrame) -> str:
    """Say where each record ends, each once, after what ``datasets()`` holds."""
    label = "record" if "record" in datasets else "source"
    ends = datasets.dropna(subset=["record_ends"])[[label, "record_ends"]].astype(str).drop_duplicates()
    texts = pages.items(f"{name}: {pages.in_words(end)}" for name, end in ends.to_numpy())
    return f'<section class="banner"><b>Where each record ends</b>{texts}</section>'


def _where(months: pd.DataFrame, spans: list[Span]) -> str:
    """Draw a map of each span on one scale, and give the same figures as a table with rates."""
    tables = {WORDS.span(span): by_region(months, span) for span in spans}
    top = max(table.loc[table["region"] != UNALLOCATED, "deaths_best"].max() for table in tables.values())
    maps = "".join(_map(table, label, float(top)) for label, table in tables.items())
    head = ["Region", *(f"{what}, {label}" for label in tables for what in ("Deaths", f"per {PER:,} a year"))]
    cells = [_region_cells(rows) for rows in zip(*(t.itertuples() for t in tables.values()), strict=True)]
    figures = pages.table(head, cells, "Deaths reported by region: best (low–high), and best by people and year")
    note = (
        f"Rates rest on estimates of the population and are not given from fewer than {SMALL} events. "
        f"Population: {catalog.cite('worldbank', 'instat_census', style='short')}."
    )
    return f'<div class="maps">{maps}</div>{figures}<p class="note">{escape(note)}</p>'


def _region_cells(rows: tuple) -> list[str]:
    """Give a line of the table: the region, then its deaths and its rate in each span."""
    cells = [UNPLACED if rows[0].region == UNALLOCATED else rows[0].region_name]
    for row in rows:
        rated = row.events >= SMALL and row.person_years > 0
        rate = f"{row.deaths_best / row.person_years * PER:.1f}" if rated else NONE
        cells += [f"{row.deaths_best:,}\n({row.deaths_low:,}–{row.deaths_high:,})", rate]
    return cells


def _map(table: pd.DataFrame, label: str, top: float) -> str:
    placed = table[table["region"] != UNALLOCATED].sort_values("deaths_best", ascending=False)
    most = ", ".join(f"{row.region_name} {row.deaths_best:,}" for row in placed.head(3).itertuples())
    lost = int(table.loc[table["region"] == UNALLOCATED, "deaths_best"].sum())
    alt = f"Map of the regions by deaths (best) in {label}. Most: {most}. {UNPLACED}: {lost:,}."
    return f"<figure>{pages.picture(_drawn(table, label, top), alt)}<figcaption>{escape(alt)}</figcaption></figure>"


def _drawn(table: pd.DataFrame, label: str, top: float) -> str:
    import matplotlib.pyplot as plt

    from mali_stats import plots
    from mali_stats.plots.theme import theme

    with theme():
        figure, ax = plt.subplots(figsize=(4.8, 4.4))
    plots.plot_map(table, "deaths_best", top=top, ax=ax, source=catalog.cite("region_month", style="short"))
    ax.set_title(label, loc="right")
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=150, bbox_inches="tight")
    plt.close(figure)
    return base64.b64encode(buffer.getvalue()).decode()


def _unseen(one: Brief) -> str:
    deaths = int(one.span.of(one.months)["deaths_best"].sum())
    first = UNSEEN[0].format(label=WORDS.span(one.span), lost=one.unplaced[1], all=deaths)
    texts = pages.items([first, *UNSEEN[1:]])
    return f'<section class="unseen"><h2>What this cannot see</h2>{texts}</section>'


def _card(item: pages.Card) -> str:
    figure = pages.picture(item.figure, item.alt) if item.figure else ""
    link = f'<a href="{quote(item.page)}">{escape(item.question)}</a>'
    answer = f"<p>{escape(item.answer)}</p>" if item.answer else ""
    if item.moved:
        answer = f"<p><strong>{escape(pages.MOVED)}</strong></p>{answer}"
    return f"<article><h3>{link}</h3>{figure}{answer}</article>"


def _questions(cards: list[pages.Card]) -> str:
    """Lay out the notebooks' cards; where none was run, say where they are."""
    if not cards:
        text = "This page was made without the notebooks, which stand in the source of mali_stats: a question each."
        return f'<section><h2>Questions</h2><p class="note">{text}</p></section>'
    return f'<section><h2>Questions</h2><div class="cards">{"".join(map(_card, cards))}</div></section>'


def _sources(datasets: pd.DataFrame) -> str:
    columns = {"title": "Table", "source": "Source", "version": "Version", "licence": "Licence"}
    cells = datasets[list(columns)].to_numpy()
    table = pages.table(columns.values(), cells, "The shipped tables", kind="words")
    citations = pages.items(filter(None, catalog.cite(*datasets["name"]).splitlines()))
    links = "".join(
        f'<li><a href="{escape(card["url"])}" rel="noreferrer">{escape(card["title"])}</a></li>'
        for card in catalog.cards().values()
    )
    return (
        f"<section><h2>Sources</h2>{table}<h3>How to cite them</h3>{citations}"
        f"<h3>Where they are published</h3><ul>{links}</ul></section>"
    )


def front_page(cards: Iterable[pages.Card]) -> str:
    """Make the whole front page from the shipped figures and the notebooks' cards."""
    datasets, one = catalog.datasets(), brief()
    spans = [span for span in (one.span, one.before) if span]
    both = escape(" against ".join(WORDS.span(span) for span in spans))
    parts = [
        f"<header><h1>{TITLE}</h1>{banner(datasets)}</header>\n<main>",
        f"<section><h2>{both}</h2>",
        pages.table(one.heads(), map(_folding, one.rows()), f"{one.place}, all regions, as reported"),
        f'<p class="note">{escape(deadliest_month(one))}</p>',
        f'<div class="note">{pages.items(one.notes)}</div>',
        f"</section>\n<section><h2>Where, {both}</h2>{_where(catalog.load('region_month'), spans)}</section>",
        _unseen(one),
        _questions(list(cards)),
        f"{_sources(datasets)}</main>",
        f"<footer>Made by mali_stats {__version__}. In its folder: README.md, CHANGELOG.md (what moved "
        "between versions), LICENSE-DATA.md, and notebooks/ to run and to change.</footer>",
    ]
    return pages.page(TITLE, "\n".join(parts))
