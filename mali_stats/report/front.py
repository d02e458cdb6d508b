"""The front page: where each record ends, the last year against the one before, the map, limits, cards."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from html import escape

import pandas as pd

from mali_stats import __version__, catalog
from mali_stats.report import pages
from mali_stats.schema import UNALLOCATED

TITLE = "The human cost of the war in Mali"
#: Limits that no figure on the page shows. The first is filled in from the record.
UNSEEN = (
    "{label}: {lost:,} of {all:,} deaths could not be given a region or a month. They are in the totals, not on "
    "the map.",
    "Deaths that nobody reported. A zero means that none was reported, not that somebody watched.",
    "How sure a figure is. Low and high are what reports said, not a confidence interval: Moura, March 2022, "
    "stands at 313 in all three, while the UN found at least 500.",
    "Who killed. Who lost people is recorded; the dead of side B mostly rest on what an army said.",
    "The wounded, the missing, those who died of hunger, illness or flight; killings in custody, or by "
    "perpetrators that nobody identified.",
    "What happened after the days in the banner. Every new release also revises earlier years.",
)


@dataclass(frozen=True)
class Span:
    """The last twelve months of the record, or the twelve before them."""

    rows: pd.DataFrame
    label: str


def last_years(months: pd.DataFrame) -> tuple[Span, Span]:
    """Cut the record's last twelve months, and the twelve before, out of ``load("region_month")``."""
    end = months["month"].max()
    return _span(months, end), _span(months, end - pd.DateOffset(months=12))


def _span(months, end) -> Span:
    start = end - pd.DateOffset(months=11)
    names = [pages.in_words(f"{day:%Y-%m}") for day in (start, end)]
    label = str(end.year) if start.year == end.year else " to ".join(names)
    return Span(months[months["month"].between(start, end)], label)


def _sum(column: str) -> Callable[[pd.DataFrame], int]:
    return lambda rows: int(rows[column].sum())


def _without_side_b(rows: pd.DataFrame) -> int:
    """Count without what armies state about their enemies, which UCDP's best figure contains."""
    return int((rows["deaths_best"] - rows["deaths_b"]).sum())


#: The comparison's rows: a label, and what is counted in twelve months of the region_month table.
MEASURES: tuple[tuple[str, Callable[[pd.DataFrame], int]], ...] = (
    ("Deaths, low", _sum("deaths_low")),
    ("Deaths, best", _sum("deaths_best")),
    ("Deaths, high", _sum("deaths_high")),
    ("Deaths, best, without side B's dead", _without_side_b),
    ("Deaths of civilians", _sum("deaths_civilians")),
    ("Events", _sum("events")),
)


def comparison(now: Span, before: Span) -> list[tuple[str, str, str, str]]:
    """Count every measure in both spans, with its change in per cent; no change is given from zero."""
    rows = []
    for label, count in MEASURES:
        new, old = count(now.rows), count(before.rows)
        change = f"{100 * (new / old - 1):+.0f} %".replace("-", "−") if old else "–"
        rows.append((label, f"{new:,}", f"{old:,}", change))
    return rows


def deadliest_month(now: Span, before: Span) -> str:
    """Say how much of its year the deadliest month holds, since one month can make a change of years."""
    year, month, deaths = max(
        ((span, month, deaths) for span in (now, before) for month, deaths in _by_month(span).items()),
        key=lambda found: found[2],
    )
    name, total = pages.in_words(f"{month:%Y-%m}"), int(_by_month(year).sum())
    return f"One month, {name}, holds {int(deaths):,} of the {total:,} deaths (best) of {year.label}."


def _by_month(span: Span) -> pd.Series:
    return span.rows.groupby("month")["deaths_best"].sum()


def by_region(span: Span) -> pd.DataFrame:
    """Add up one span by region, most deaths first, and last what no region could be given."""
    columns = ["events", "deaths_low", "deaths_best", "deaths_high"]
    regions = span.rows.groupby(["region", "region_name"], dropna=False, observed=True)
    table = regions[columns].sum().reset_index()
    placed = table["region"] != UNALLOCATED
    return pd.concat([table[placed].sort_values("deaths_best", ascending=False), table[~placed]])


def banner(datasets: pd.DataFrame) -> str:
    """Say where each record ends, each once, after what ``datasets()`` holds."""
    label = "record" if "record" in datasets else "source"
    ends = datasets.dropna(subset=["record_ends"])[[label, "record_ends"]].astype(str).drop_duplicates()
    texts = pages.items(f"{name}: {pages.in_words(end)}" for name, end in ends.to_numpy())
    return f'<section class="banner"><b>Where each record ends</b>{texts}</section>'


def _map(table: pd.DataFrame, span: Span) -> str:
    """Draw the map, with the same figures as a table for who cannot see it."""
    placed = table[table["region"] != UNALLOCATED]
    most = ", ".join(f"{r.region_name} {int(r.deaths_best):,}" for r in placed.head(3).itertuples())
    alt = f"Map of the regions by deaths (best) in {span.label}. Most: {most}."
    cells = [[row.region_name, *(f"{int(n):,}" for n in row[2:])] for row in table.itertuples(index=False)]
    head = ["Region", "Events", "Low", "Best", "High"]
    figures = pages.table(head, cells, f"Events and deaths by region, {span.label}")
    caption = f"<figcaption>{escape(alt)}</figcaption>"
    return f"<figure>{pages.picture(_drawn(table), alt)}{caption}</figure>\n{figures}"


def _drawn(table: pd.DataFrame) -> str:
    import matplotlib.pyplot as plt

    from mali_stats import plots

    figure = plots.plot_map(table, "deaths_best", source=catalog.cite("region_month", style="short")).figure
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=120, bbox_inches="tight")
    plt.close(figure)
    return base64.b64encode(buffer.getvalue()).decode()


def _unseen(table: pd.DataFrame, span: Span) -> str:
    lost = int(table.loc[table["region"] == UNALLOCATED, "deaths_best"].sum())
    first = UNSEEN[0].format(label=span.label, lost=lost, all=int(table["deaths_best"].sum()))
    texts = pages.items([first, *UNSEEN[1:]])
    return f'<section class="unseen"><h2>What this cannot see</h2>{texts}</section>'


def _card(item: pages.Card) -> str:
    figure = pages.picture(item.figure, item.alt) if item.figure else ""
    link = f'<a href="{escape(item.page)}">{escape(item.question)}</a>'
    answer = f"<p>{escape(item.answer)}</p>" if item.answer else ""
    if item.moved:
        answer = f"<p><strong>{escape(pages.MOVED)}</strong></p>{answer}"
    return f"<article><h3>{link}</h3>{figure}{answer}</article>"


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
    datasets = catalog.datasets()
    now, before = last_years(catalog.load("region_month"))
    regions = by_region(now)
    head = ["Mali, all regions", now.label, before.label, "Change"]
    parts = [
        f"<header><h1>{TITLE}</h1>{banner(datasets)}</header>\n<main>",
        f"<section><h2>{escape(now.label)} against {escape(before.label)}</h2>",
        pages.table(head, comparison(now, before), "Deaths and events as recorded"),
        f'<p class="note">{escape(deadliest_month(now, before))}</p>',
        f"</section>\n<section><h2>Where, in {escape(now.label)}</h2>{_map(regions, now)}</section>",
        _unseen(regions, now),
        f'<section><h2>Questions</h2><div class="cards">{"".join(map(_card, cards))}</div></section>',
        f"{_sources(datasets)}</main>",
        f"<footer>Made by mali_stats {__version__}. In its folder: README.md, CHANGELOG.md (what moved "
        "between versions), LICENSE-DATA.md, and notebooks/ to run and to change.</footer>",
    ]
    return pages.page(TITLE, "\n".join(parts))
