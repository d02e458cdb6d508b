"""Numbers, days and sentences in English and French; the texts are in ``seeds/brief_words.csv``."""

from __future__ import annotations

from functools import cache

import pandas as pd

from mali_stats import catalog
from mali_stats.report.spans import Span

#: Where a figure is not recorded, or no change is given.
NONE = "–"


class Words:
    """The texts of one language.

    Parameters
    ----------
    lang : {"en", "fr"}
    table : str
        a seed table with further texts (key, en, fr) beside those of ``seeds/brief_words.csv``.

    Raises
    ------
    ValueError
        for another language.

    Examples
    --------
    >>> words = Words("en")
    >>> words("tell_civilians", n=words.number(1049))
    'Civilians among the dead: 1,049.'
    """

    def __init__(self, lang: str, table: str | None = None) -> None:
        self.lang = catalog.language(lang, "brief")
        self._texts = _texts(lang) | (_texts(lang, table) if table else {})

    def __call__(self, key: str, **values: object) -> str:
        """Return a text with its places filled."""
        return self._texts[key].format(**values)

    def number(self, n) -> str:
        """Write a whole number with the language's thousands, or a dash for what is not recorded."""
        return NONE if pd.isna(n) else f"{round(n):,}".replace(",", self("thousands"))

    def percent(self, share) -> str:
        """Write a change in per cent with its sign."""
        if pd.isna(share):
            return NONE
        sign = "+" if round(share) > 0 else "−" if round(share) < 0 else ""
        return f"{sign}{self.number(abs(share))}{self('percent')}"

    def counted(self, n, key: str) -> str:
        """Write a number with what it counts; 0 is singular in French and plural in English."""
        one = abs(n) < 2 if self.lang == "fr" else n == 1
        return self(f"{key}_{'one' if one else 'many'}", n=self.number(n))

    def month(self, day: pd.Timestamp) -> str:
        """Name a month, without its year."""
        return self("months").split("|")[day.month - 1]

    def day(self, day: pd.Timestamp) -> str:
        """Write a day."""
        return self("day", day=day.day, month=self.month(day), year=day.year)

    def span(self, span: Span) -> str:
        """Write whole years as years, and other months by their names, a year that both share once."""
        if len(span.whole_years) * 12 == span.n:
            return self.years(span.whole_years)
        start, end = (f"{self.month(day)} {day.year}" for day in (span.start, span.end))
        if start == end:
            return end
        return self("from_to", start=start if span.start.year != span.end.year else self.month(span.start), end=end)

    def years(self, years: list[int]) -> str:
        """Write calendar years that follow each other."""
        first, last = years[0], years[-1]
        return str(last) if first == last else self("from_to", start=first, end=last)


@cache
def _texts(lang: str, table: str = "brief_words") -> dict[str, str]:
    return catalog.seed(table).set_index("key")[lang].to_dict()


def code(source: str) -> str:
    """Return a publisher's letters, short enough for a row's label.

    Examples
    --------
    >>> code("iom_dtm"), code("unhcr")
    ('IOM DTM', 'UNHCR')
    """
    return source.upper().replace("_", " ")
