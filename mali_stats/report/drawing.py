"""The figure of a brief: deaths by month, with the span and the span before marked."""

from __future__ import annotations

import matplotlib as mpl
import pandas as pd
from matplotlib.axes import Axes

from mali_stats import catalog
from mali_stats.plots import plot_series
from mali_stats.plots.theme import GREY, PALETTE, foot, legend_above, theme
from mali_stats.report.spans import Span
from mali_stats.report.wording import Words

#: Months drawn at least, and spans of the same length.
MONTHS, SPANS = 60, 3


def draw(brief, ax: Axes | None = None) -> Axes:
    """Draw reported deaths by month, the span shaded, the span before in grey, in the brief's language.

    Parameters
    ----------
    brief : Brief
    ax : matplotlib.axes.Axes, optional
        where to draw; a new figure by default.

    Returns
    -------
    matplotlib.axes.Axes
        with a vertical axis that begins at 0.
    """
    words, source = Words(brief.lang), catalog.cite("region_month", style="short")
    months = _shown(brief.months, brief.span)
    with theme():
        ax = plot_series(months, ax=ax, source=source)
        handles = list(ax.get_legend().legend_handles)
        for handle, key in zip(handles, ("figure_line", "figure_band"), strict=True):
            handle.set_label(words(key))
        marked = [(brief.span, PALETTE[1], "figure_span"), (brief.before, GREY, "figure_before")]
        handles += [_mark(ax, span, colour, words(key, span=words.span(span))) for span, colour, key in marked if span]
        legend_above(ax, handles, ncols=2)
        ax.set_ylabel(words("figure_axis", place=brief.place))
        _reword(ax, words, source, months["month"])
    return ax


def _shown(months: pd.DataFrame, span: Span) -> pd.DataFrame:
    """Keep the months from some before the span to the record's end."""
    first = span.end - pd.DateOffset(months=max(MONTHS, SPANS * span.n) - 1)
    return months[months["month"] >= first]


def _mark(ax: Axes, span: Span, colour: str, label: str):
    """Shade a span from the middle of the month before it to the middle of its last."""
    left, right = (month - pd.Timedelta(days=15) for month in (span.start, span.end + pd.DateOffset(months=1)))
    return ax.axvspan(left, right, color=colour, alpha=0.16, linewidth=0, label=label, zorder=0)


def _reword(ax: Axes, words: Words, source: str, shown: pd.Series) -> None:
    """Write the numbers and the source line in the language of the brief."""
    ax.yaxis.set_major_formatter(mpl.ticker.FuncFormatter(lambda value, _: words.number(value)))
    foot(ax, words("figure_source", source=source, start=f"{shown.min():%Y-%m}", end=f"{shown.max():%Y-%m}"))
