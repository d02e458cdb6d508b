"""Captions and the words beside files, in English and French; all of them are in ``seeds/captions.csv``."""

from __future__ import annotations

from functools import cache

from mali_stats import catalog
from mali_stats.catalog import LANGUAGES

#: What the label of axes that a plot of this library drew begins with; the rest is kind, column and divisor.
_MARK = "mali_stats"


@cache
def _texts() -> dict[tuple[str, str, str], str]:
    table = catalog.seed("captions")
    return {(r.kind, r.name, lang): getattr(r, lang) for r in table.itertuples(index=False) for lang in LANGUAGES}


def text(name: str, lang: str = "en", /, *, kind: str = "text", **values: object) -> str:
    """Return a text of ``seeds/captions.csv`` with its places filled.

    Examples
    --------
    >>> text("rows", rows=3, columns=2), text("region_month", "en", kind="title")
    ('Rows: 3; columns: 2', 'Events and deaths by region, month and type of violence')
    """
    return _texts()[kind, name, lang].format(**values)


def word(column: str, lang: str = "en") -> str:
    """Return a column in words; one that is not known by its own name.

    Examples
    --------
    >>> word("deaths_best"), word("deaths_best", "fr"), word("army_statements")
    ('deaths (best estimate)', 'décès (meilleure estimation)', 'army statements')
    """
    known = _texts().get(("word", column, lang))
    return known or text("column", lang, name=column.replace("_", " "))


def mark(kind: str, column: str = "", per: str = "") -> str:
    """Return the label by which axes tell what is drawn on them, for ``drawn``.

    Examples
    --------
    >>> mark("plot_map", "deaths_best", "person_years")
    'mali_stats|plot_map|deaths_best|person_years'
    """
    return "|".join([_MARK, kind, column, per])


def drawn(label: str, lang: str = "en") -> str | None:
    """Return the caption of axes by their label, or None where no plot of this library drew them.

    Examples
    --------
    >>> drawn(mark("plot_map", "deaths_best", "person_years"))
    'Deaths (best estimate) in relation to person-years by region; what is placed in none is said below'
    >>> drawn("<colorbar>") is None
    True
    """
    own, *parts = label.split("|")
    if own != _MARK:
        return None
    kind, column, per = parts
    what = word(column, lang)
    if per:
        what = text("per", lang, what=what, per=word(per, lang))
    caption = text(kind, lang, kind="figure", what=what)
    return caption[:1].upper() + caption[1:]
