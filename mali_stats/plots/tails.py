"""How the largest sizes fall off: ``plot_ccdf`` of a fitted tail, on two logarithmic axes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import NullLocator

from mali_stats.asked import text_or_none
from mali_stats.plots.theme import GREY, INK, PALETTE, axes, legend_above, sign, steps_to, theme

_LAWS = {"powerlaw": "power law", "gpd": "generalized Pareto"}


def plot_ccdf(
    tail: Any,
    *,
    at: Iterable[int] | Mapping[int, str] | None = None,
    label: str = "deaths in one event",
    ax: Axes | None = None,
    source: str | None = None,
) -> Axes:
    """Draw the share of events of each size and more, with the law fitted to the largest.

    Points are the record, the band their exact 95 % binomial intervals (as if events were independent), the line
    the law from its smallest size on, dashed where it leaves the record. Events of size 0 count in the shares and
    cannot be drawn. The legend carries the estimates, the goodness of fit and the verdict against the lognormal.

    Parameters
    ----------
    tail : Tail
        the result of ``ms.fit_tail``.
    at : iterable of int, or mapping of int to str, optional
        sizes to mark, with the words to explain them by; also larger ones than any recorded.
    label : str
        the horizontal axis.
    ax : matplotlib.axes.Axes, optional
        where to draw; a new figure by default.
    source : str, optional
        the source line; UCDP GED by default.

    Returns
    -------
    matplotlib.axes.Axes
        with two logarithmic axes.

    Raises
    ------
    TypeError
        when ``tail`` is not a fitted tail.
    ValueError
        when a size to mark is not a whole number of 1 or more.

    Examples
    --------
    >>> import mali_stats as ms
    >>> t = ms.load("sizes").query("year >= 2012")
    >>> tail = ms.fit_tail(t["size"].repeat(t["events"]), n_boot=0)
    >>> ax = ms.plot_ccdf(tail, at={64: "first toll of 7 September 2023, two attacks"})
    >>> ax.get_xscale(), ax.get_yscale()
    ('log', 'log')
    """
    text_or_none("plot_ccdf", label=label, source=source)
    if not is_tail(tail):
        raise TypeError(
            f"plot_ccdf: a fitted tail is wanted, got {type(tail).__name__}. Call ms.fit_tail(sizes) first."
        )
    if not isinstance(at, Mapping) and np.ndim(np.asarray(at, dtype=object)) > 1:
        raise TypeError("plot_ccdf: at has several dimensions; give sizes in a list, or sizes with their names.")
    marks = (
        at
        if isinstance(at, Mapping)
        else dict.fromkeys(() if at is None else np.atleast_1d(np.asarray(at, dtype=object)), "")
    )
    wrong = [size for size in marks if not pd.api.types.is_number(size) or size < 1 or size % 1]
    if wrong:
        raise ValueError(f"plot_ccdf: whole sizes of 1 or more can be marked on a logarithmic axis, got {wrong[0]!r}.")
    table = tail.ccdf(at=list(marks))
    recorded = table["size"].isin(tail.values)
    n, zeros = len(tail.values), int(np.sum(np.asarray(tail.values) == 0))
    with theme():
        ax = axes(ax, height=4.2, grid="both")
        _record(ax, table[recorded])
        _law(ax, table.dropna(subset="fitted"))
        _scales(ax, table, n, label)
        _mark(ax, table[table["size"].isin(list(marks))], marks)
        legend_above(ax, _handles(tail), _words(tail))
        sign(
            ax,
            source,
            f"{n:,} events" + (f", {zeros:,} of them of size 0 not drawn" if zeros else ""),
            kind="plot_ccdf",
        )
    return ax


def is_tail(result) -> bool:
    """Tell whether a result is a fitted tail, by what it offers."""
    return all(hasattr(result, name) for name in ("ccdf", "xmin", "n_tail", "vs_lognormal", "tidy"))


def _record(ax: Axes, seen: pd.DataFrame) -> None:
    """Points, and a band that stands for all sizes down to the next smaller one."""
    ax.fill_between(seen["size"], seen["conf_low"], seen["conf_high"], step="pre", color=GREY, alpha=0.25, linewidth=0)
    ax.plot(seen["size"], seen["observed"], linestyle="", marker="o", markersize=3.6, color=INK, gid="record")


def _law(ax: Axes, fitted: pd.DataFrame) -> None:
    largest = fitted.loc[fitted["events"] > 0, "size"].max()
    for rows, dash, gid in (
        (fitted[fitted["size"] <= largest], "-", "law"),
        (fitted[fitted["size"] >= largest], (0, (4, 2)), "beyond"),
    ):
        if len(rows) > 1:
            ax.plot(rows["size"], rows["fitted"], color=PALETTE[0], linestyle=dash, linewidth=1.8, gid=gid)


def _scales(ax: Axes, table: pd.DataFrame, n: int, label: str) -> None:
    ax.set(xscale="log", yscale="log", xlabel=label, ylabel="share of events of that size or more")
    lowest = min(0.5 / n, table["fitted"].where(table["fitted"] > 0).min() / 2)
    ax.set_ylim(max(lowest, 1e-3 / n), 1.3)
    ax.set_xlim(0.9, table["size"].max() * 1.3)
    sizes = steps_to(table["size"].max() * 1.3)
    ax.set_xticks([s for s in sizes if s >= 1], [f"{s:,g}" for s in sizes if s >= 1])
    shares = [10.0**-k for k in range(12) if 10.0**-k >= ax.get_ylim()[0]]
    ax.set_yticks(shares, [f"{100 * s:,g} %" for s in shares])
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_minor_locator(NullLocator())


def _mark(ax: Axes, rows: pd.DataFrame, words: Mapping[int, str]) -> None:
    """Number each size on the law (or on the record, below it); the words stand where no tail ever is."""
    for row in rows.itertuples():
        height = row.fitted if np.isfinite(row.fitted) else row.observed
        ax.plot([row.size, row.size], [ax.get_ylim()[0], height], color=PALETTE[6], linewidth=0.9, gid="mark line")
        ax.plot(row.size, height, marker="o", markersize=6, markerfacecolor="none", color=PALETTE[6], gid="mark")
        ax.annotate(
            f"{row.size:,}", xy=(row.size, height), xytext=(5, 5), textcoords="offset points", fontsize=8, color=INK,
            gid="mark",
        )  # fmt: skip
    lines = [f"{size:,}: {words[size]}" for size in rows["size"] if words[size]]
    if lines:
        ax.text(0.02, 0.03, "\n".join(lines), transform=ax.transAxes, fontsize=8, color=INK, va="bottom", gid="words")


def _words(tail) -> str:
    """What was fitted, in the two lines above the legend."""
    rows = tail.tidy().itertuples()
    values = ", ".join(f"{r.term} {r.estimate:.2f} ({r.conf_low:.2f} to {r.conf_high:.2f})" for r in rows)
    fit = "not tested" if tail.p_value is None else f"p {tail.p_value:.2f}"
    verdict = f"fit {fit}; against the lognormal {tail.vs_lognormal.verdict}"
    return f"{values}; {tail.n_tail:,} events from {tail.xmin:,} on\n{verdict}"


def _handles(tail) -> list:
    return [
        Line2D([], [], linestyle="", marker="o", markersize=3.6, color=INK, label="recorded"),
        Patch(color=GREY, alpha=0.25, linewidth=0, label="its 95 % interval (binomial)"),
        Line2D([], [], color=PALETTE[0], linewidth=1.8, label=_LAWS.get(tail.model, tail.model)),
    ]
