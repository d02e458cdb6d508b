"""One region or the country for a busy reader: ``brief`` gives a table, a figure and a paragraph."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

import pandas as pd

from mali_stats import catalog
from mali_stats.report import measures
from mali_stats.report.layout import CELLS, aligned, cell, folded
from mali_stats.report.region import region_of
from mali_stats.report.spans import Span, span_of
from mali_stats.report.telling import notes_of, notes_of_people, paragraph_of
from mali_stats.report.wording import NONE, Words
from mali_stats.schema import UNALLOCATED

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SUMS = ["events", "deaths_low", "deaths_best", "deaths_high"]


@dataclass(frozen=True, eq=False, repr=False)
class Brief:
    """What is on record of a region or the country in a span of months, against as many months before.

    Attributes
    ----------
    region : str or None
        P-code; None for the country.
    place : str
        its name.
    lang : str
        "en" or "fr".
    span : Span
        the months it is about.
    before : Span or None
        as many months before, None where the record does not reach back to them.
    table : DataFrame
        what ``tidy`` gives.
    months : DataFrame
        month, events, deaths_low, deaths_best, deaths_high: the whole record of the place.
    unplaced : tuple of int
        deaths of the span in the country that could not be given a region or a month: low, best, high.
    notes : list of str
        what is not given, and why.
    """

    region: str | None
    place: str
    lang: str
    span: Span
    before: Span | None
    table: pd.DataFrame
    months: pd.DataFrame
    unplaced: tuple[int, int, int]
    notes: list[str]

    @property
    def sources(self) -> tuple[str, ...]:
        """The shipped tables that its own is made of."""
        if self.region is None:
            return ("region_month", "family_month", "displacement", "population")
        return ("region_month", "region_family_year", "population")

    @property
    def figure_sources(self) -> tuple[str, ...]:
        """The shipped table that its figure is made of."""
        return ("region_month",)

    @property
    def start(self) -> str:
        """Its first month, such as "2023-01"."""
        return f"{self.span.start:%Y-%m}"

    @property
    def end(self) -> str:
        """Its last month."""
        return f"{self.span.end:%Y-%m}"

    @property
    def record_ends(self) -> pd.Timestamp:
        """The day with which the record of events ends."""
        return Span(self.months["month"].min(), self.months["month"].max()).last_day

    @property
    def paragraph(self) -> str:
        """The figures in plain words, with their source and where the record ends."""
        return paragraph_of(self)

    @property
    def caption(self) -> str:
        """What the table holds."""
        return self._captioned("caption")

    @property
    def figure_caption(self) -> str:
        """What the figure shows."""
        return self._captioned("figure_caption")

    def _captioned(self, key: str) -> str:
        words = Words(self.lang)
        return words(key, place=self.place, span=words.span(self.span))

    def tidy(self) -> pd.DataFrame:
        """One row per measure and estimate.

        Returns
        -------
        DataFrame
            measure (deaths, deaths_without_b, deaths_civilians, events, one_sided, idps, refugees, population),
            estimate (low, best, high, count), family (one-sided violence by who attacked; missing for all), label,
            this_span, span_before (people or events; missing: not recorded), change_percent, period, period_before
            (months, years, or the day of a stock), source.
        """
        return self.table.copy()

    def rows(self) -> list[tuple[str, str, str, str]]:
        """Give the table as text: label, this span, the span before, change; low and high stand beside best."""
        words = Words(self.lang)
        shown: list[tuple[str, str, str, str]] = []
        groups = self.table.groupby(["measure", "family"], sort=False, dropna=False)
        for _, group in groups:
            if not (group["this_span"].isna() & group["span_before"].isna()).all():
                by_estimate = group.set_index("estimate")
                middle = by_estimate.loc["count" if "count" in by_estimate.index else "best"]
                this, before = (cell(by_estimate, *columns, words) for columns in CELLS)
                shown.append((str(middle["label"]), this, before, words.percent(middle["change_percent"])))
        return shown

    def heads(self) -> tuple[str, str, str, str]:
        """Give the heads of ``rows``."""
        words = Words(self.lang)
        this, before = (NONE if span is None else words.span(span) for span in (self.span, self.before))
        return words("label_measure"), this, before, words("label_change")

    def figure(self, ax: Axes | None = None) -> Axes:
        """Draw reported deaths by month with the span and the span before marked; gives matplotlib ``Axes``."""
        from mali_stats.report.drawing import draw

        return draw(self, ax)

    def __str__(self) -> str:
        title = f"{self.place}, {Words(self.lang).span(self.span)}"
        notes = "\n".join(folded(note, "- ") for note in self.notes)
        return "\n\n".join([title, aligned([self.heads(), *self.rows()]), folded(self.paragraph), notes])

    def __repr__(self) -> str:
        deaths = self.table.query("measure == 'deaths' and estimate == 'best'")["this_span"].iloc[0]
        return f"Brief of {self.place}, {self.start} to {self.end}: {deaths:,} deaths reported (best)"

    def _repr_html_(self) -> str:
        table = pd.DataFrame(self.rows(), columns=list(self.heads())).to_html(index=False, escape=True, border=0)
        notes = "".join(f"<li>{escape(note)}</li>" for note in self.notes)
        return f"{table}<p>{escape(self.paragraph)}</p><ul>{notes}</ul>"


# ---- making one --------------------------------------------------------------------------------------------


def brief(region: str | None = None, start: str | None = None, end: str | None = None, lang: str = "en") -> Brief:
    """Say what is on record of a region or the country in a span of months, against as many months before.

    Parameters
    ----------
    region : str, optional
        name or P-code of a region of the shipped tables ("Gao", "ML07"); the country by default, or by its name.
    start, end : str, optional
        months such as "2023-08", both counted; by default the record's last twelve, or the twelve up to ``end``.
    lang : {"en", "fr"}
        language of labels, paragraph, notes and figure.

    Returns
    -------
    Brief
        with ``table``, ``tidy()``, ``figure()``, ``paragraph`` and ``notes``; ``print`` gives the table and the
        paragraph, ``ms.export`` writes it. Deaths are those reported: low, best, high, with and without side b's
        dead, which UCDP's best figure contains. Side b's dead, and one-sided violence by family in a region, are
        not recorded in all the ways wanted: what is missing is missing, and said.

    Raises
    ------
    ValueError
        for an unknown region (the nearest is proposed) or language, a month of another form or outside the record,
        a start after the end.

    Examples
    --------
    >>> import mali_stats as ms
    >>> gao = ms.brief("Gao", "2023-01", "2023-12")
    >>> gao
    Brief of Gao, 2023-01 to 2023-12: 421 deaths reported (best)
    >>> gao.table.loc[:2, ["measure", "estimate", "this_span", "span_before", "change_percent"]]
      measure estimate  this_span  span_before  change_percent
    0  deaths      low        421          748           -43.7
    1  deaths     best        421          841           -49.9
    2  deaths     high        490         1057           -53.6
    >>> ms.brief("Gao", "2023-08", "2023-10", lang="fr").heads()[1:]
    ('août à octobre 2023', 'mai à juillet 2023', 'Évolution')
    """
    words, months, figures = Words(lang), catalog.load("region_month"), catalog.load("displacement")
    country = str(months["country"].iloc[0])
    code, place = region_of(region, country)
    record = Span(months["month"].min(), months["month"].max())
    span = span_of(start, end, record)
    spans = (span, span.before if span.before.start >= record.start else None)
    own = months if code is None else months[months["region"] == code]
    # figures of people are published for the country only
    figures = figures[figures["country"] == country] if code is None else figures.iloc[:0]
    people = measures.peopled(months, code, spans)
    table = measures.tabled([
        *measures.event_rows(own, spans, words),
        *_families(code, spans, words),
        *measures.people_rows(figures, spans, words),
        measures.population_row(people, spans, words),
    ])  # fmt: skip
    notes = [*notes_of(table, code, span, record, words), *notes_of_people(figures, table, people, words)]
    lost = span.of(months[months["region"] == UNALLOCATED])
    unplaced = tuple(int(lost[column].sum()) for column in SUMS[1:])
    return Brief(code, place, lang, *spans, table, own.groupby("month", as_index=False)[SUMS].sum(), unplaced, notes)


def _families(code: str | None, spans: tuple[Span, Span | None], words: Words) -> list[dict]:
    """Rows of one-sided violence by family: by month for the country, by calendar year for a region."""
    if code is None:
        table = catalog.load("family_month")
        parts = [None if span is None else span.of(table) for span in spans]
        periods = [pd.NA if span is None else span.iso for span in spans]
        return measures.family_rows(parts, periods, words)
    table = catalog.load("region_family_year")
    table = table[table["region"] == code]
    years = measures.family_years(*spans)
    parts = [None if not some else table[table["year"].isin(some)] for some in years]
    periods = [words.years(some) if some else pd.NA for some in years]
    whole = measures.whole_years(spans[0], years[0], words)
    if whole and years[1]:
        whole = words("whole_before", whole=whole, years=periods[1])
    return measures.family_rows(parts, periods, words, whole)
