"""Figures laid on a grid: ``plot_heatmap`` of regions by months, ``plot_precision`` of places and dates."""

from __future__ import annotations

from typing import Any

import matplotlib as mpl
import matplotlib.dates as mdates
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Patch, Rectangle

from mali_stats.asked import text_or_none
from mali_stats.plots.theme import (
    GREY,
    INK,
    MISSING,
    PALE,
    add_up,
    axes,
    best,
    describe,
    ink_on,
    legend_above,
    log_norm,
    missing_patch,
    need,
    numbers,
    scale_bar,
    sign,
    span,
    theme,
    tints,
    zero_patch,
)
from mali_stats.schema import DATE_PRECISION, GEO_PRECISION, UNALLOCATED

_PANEL_FIRST = "Call panel, ledger = ms.region_month_panel(events) first."
#: How far the row of what is not placed in a region stands from the regions.
_APART = 0.4


def plot_heatmap(
    panel: pd.DataFrame,
    value: str = "deaths_best",
    *,
    ax: Axes | None = None,
    freq: str = "month",
    source: str | None = None,
) -> Axes:
    """Draw a panel as a grid of regions by months, on a logarithmic scale of colours.

    Zero (in scope, none reported) is white; what is missing or out of scope is grey and hatched; what could
    not be placed in a region stands in a row apart at the bottom.

    Parameters
    ----------
    panel : pandas.DataFrame
        rows by (country, region, month) of one country; further grid columns are added up.
    value : str
        column to draw, in its own unit; "deaths" stands for deaths_best.
    ax : matplotlib.axes.Axes, optional
        where to draw; a new figure by default.
    freq : {"month", "year"}
        width of the columns. A year is drawn only where all its months in the panel are in scope.
    source : str, optional
        the source line; UCDP GED by default.

    Returns
    -------
    matplotlib.axes.Axes
        first region on top; the horizontal axis holds dates, or years.

    Raises
    ------
    TypeError
        when ``panel`` is not a frame.
    ValueError
        for missing columns, several countries, or another ``freq``.

    Examples
    --------
    >>> import mali_stats as ms
    >>> months = pd.to_datetime(["2023-01-01", "2023-02-01"] * 2)
    >>> panel = pd.DataFrame({"country": "MLI", "region": ["ML05", "ML05", "ML07", "ML07"],
    ...                       "month": months, "deaths_best": [3, 0, 1, 2]})
    >>> ax = ms.plot_heatmap(panel)
    >>> [label.get_text() for label in ax.get_yticklabels()]
    ['ML05', 'ML07']
    """
    text_or_none("plot_heatmap", value=value, freq=freq, source=source)
    column = best(value, panel)
    need(panel, ["country", "region", "month", column], "plot_heatmap", _PANEL_FIRST)
    if freq not in ("month", "year"):
        raise ValueError(f"plot_heatmap: freq {freq!r} is not known; use 'month' or 'year'.")
    if len(countries := panel["country"].unique()) > 1:
        several = ", ".join(map(str, countries))
        raise ValueError(f"plot_heatmap: one country at a time, got {several}; keep one first.")
    table = _table(panel, column, freq)
    placed = table.drop(index=UNALLOCATED, errors="ignore")
    rows = [(place, table.loc[region]) for place, region in enumerate(placed.index)]
    if UNALLOCATED in table.index:
        rows.append((len(placed) + _APART, table.loc[UNALLOCATED]))
    with theme():
        ax = axes(ax, height=max(3.0, 1.6 + 0.26 * len(rows)), grid=None)
        norm, edges = log_norm(np.nanmax(table.to_numpy(), initial=0)), _edges(table.columns, freq)
        for place, values in rows:
            _row(ax, edges, place, values.to_numpy(dtype=float), norm)
        scale_bar(norm, ax, f"{describe(column)} per {freq}", pad=0.01, aspect=14)
        _name_rows(ax, [place for place, _ in rows], [_name(panel, values.name) for _, values in rows])
        _name_months(ax, freq)
        legend_above(ax, [zero_patch(), *([missing_patch()] if table.isna().any(axis=None) else [])])
        sign(ax, source, span(panel["month"]), kind="plot_heatmap", column=column)
    return ax


def _table(panel: pd.DataFrame, column: str, freq: str) -> pd.DataFrame:
    """Return regions by times; a cell is missing where any part of it is."""
    if not isinstance(panel["month"].dtype, pd.PeriodDtype) and not pd.api.types.is_datetime64_any_dtype(
        panel["month"]
    ):
        raise ValueError(
            f"plot_heatmap: column month holds {panel['month'].dtype}; make it dates first with pd.to_datetime."
        )
    times = panel["month"] if freq == "month" else panel["month"].dt.year
    sums = add_up(panel.assign(month=times), ["region", "month"], [column], "plot_heatmap")
    table = sums.pivot(index="region", columns="month", values=column)
    first, last = table.columns.min(), table.columns.max()
    whole = pd.date_range(first, last, freq="MS") if freq == "month" else range(first, last + 1)
    return table.reindex(columns=whole)


def _edges(times: pd.Index, freq: str) -> np.ndarray:
    if freq == "year":
        return np.append(times.to_numpy(dtype=float) - 0.5, times[-1] + 0.5)
    return mdates.date2num([*times, times[-1] + pd.offsets.MonthBegin()])


def _row(ax: Axes, edges: np.ndarray, place: float, values: np.ndarray, norm) -> None:
    """Draw one region's cells in a frame, and hatching where there is no figure."""
    bottom, top = place - 0.46, place + 0.46
    line: dict[str, Any] = {"edgecolors": PALE, "linewidth": 0.3} if len(values) <= 60 else {}
    cells = np.ma.masked_invalid(values)[np.newaxis, :]
    ax.pcolormesh(edges, [bottom, top], cells, cmap=tints(), norm=norm, **line)
    for start, end in _runs(np.isnan(values)):
        corner, width = (edges[start], bottom), edges[end] - edges[start]
        ax.add_patch(Rectangle(corner, width, top - bottom, gid="missing", **MISSING))
    frame: dict[str, Any] = {"fill": False, "edgecolor": GREY, "linewidth": 0.5, "gid": "frame", "clip_on": False}
    ax.add_patch(Rectangle((edges[0], bottom), edges[-1] - edges[0], top - bottom, **frame))


def _runs(true: np.ndarray) -> np.ndarray:
    """Return start and end (exclusive) of every run of true values."""
    return np.flatnonzero(np.diff(np.concatenate([[0], true.astype(int), [0]]))).reshape(-1, 2)


def _name(panel: pd.DataFrame, region: str) -> str:
    if region == UNALLOCATED:
        return "not placed"
    names = panel.loc[panel["region"] == region, "region_name"] if "region_name" in panel else pd.Series([region])
    return str(names.iloc[0]) if names.notna().all() else region


def _name_rows(ax: Axes, places: list[float], names: list[str]) -> None:
    ax.set_yticks(places, names)
    ax.set_ylim(max(places) + 0.5, -0.5)
    ax.tick_params(axis="y", length=0)
    for side in ax.spines.values():
        side.set_visible(False)


def _name_months(ax: Axes, freq: str) -> None:
    if freq == "year":
        ax.xaxis.set_major_locator(mpl.ticker.MaxNLocator("auto", integer=True))
        return
    ax.xaxis_date()
    locator = mdates.AutoDateLocator(minticks=4, maxticks=10)
    ax.xaxis.set_major_locator(locator)
    ax.xaxis.set_major_formatter(mdates.ConciseDateFormatter(locator, show_offset=False))


def plot_precision(frame: pd.DataFrame, *, ax: Axes | None = None, source: str | None = None) -> Axes:
    """Draw how exactly events are placed: shares by year, or a small table of places by dates.

    Parameters
    ----------
    frame : pandas.DataFrame
        columns geo_precision, date_precision, events and, for the shares by year, year; for instance
        ``ms.load("precision")``. Rows that agree in these are added up.
    ax : matplotlib.axes.Axes, optional
        where to draw; a new figure by default.
    source : str, optional
        the source line; UCDP GED by default.

    Returns
    -------
    matplotlib.axes.Axes
        stacked bars, the most exact level at the bottom; or cells with their numbers of events.

    Raises
    ------
    TypeError
        when ``frame`` is not a frame.
    ValueError
        for missing columns or levels that are not of the library's vocabulary.

    Examples
    --------
    >>> import mali_stats as ms
    >>> frame = pd.DataFrame({"year": [2022, 2022, 2023], "geo_precision": ["exact", "admin1", "exact"],
    ...                       "date_precision": "day", "events": [30, 10, 20]})
    >>> ax = ms.plot_precision(frame)
    >>> [f"{bar.get_height():.2f}" for bar in ax.containers[0]]
    ['0.75', '1.00']
    """
    text_or_none("plot_precision", source=source)
    by_year = isinstance(frame, pd.DataFrame) and "year" in frame
    need(
        frame, ["geo_precision", "date_precision", "events", *["year"] * by_year], "plot_precision",
        "Call ms.load('precision'), or count events by these columns, first.",
    )  # fmt: skip
    for column, levels in (("geo_precision", GEO_PRECISION), ("date_precision", DATE_PRECISION)):
        unknown = [level for level in frame[column].dropna().unique() if level not in levels]
        if unknown:
            raise ValueError(f"plot_precision: {column} {unknown[0]!r} is not known; accepted: {', '.join(levels)}.")
        if frame[column].isna().all():
            raise ValueError(f"plot_precision: {column} is missing throughout; accepted: {', '.join(levels)}.")
    if by_year and (numbers(frame, "year", "plot_precision") % 1 != 0).any():
        raise ValueError("plot_precision: column year holds what is no year; whole numbers such as 2023 are wanted.")
    with theme():
        return _shares(frame, ax, source) if by_year else _matrix(frame, ax, source)


def _shares(frame: pd.DataFrame, ax: Axes | None, source: str | None) -> Axes:
    counts = _counts(frame, "year", "geo_precision").reindex(columns=GEO_PRECISION, fill_value=0)
    counts = counts.reindex(range(int(counts.index.min()), int(counts.index.max()) + 1), fill_value=0)
    totals = counts.sum(axis=1)
    shares = counts.div(totals.where(totals > 0), axis=0).fillna(0.0)
    ax = axes(ax, height=3.9)
    used = [level for level in GEO_PRECISION if counts[level].any()]
    colours = dict(zip(GEO_PRECISION, mpl.colormaps["Blues_r"](np.linspace(0, 0.9, len(GEO_PRECISION))), strict=True))
    bottom = pd.Series(0.0, index=shares.index)
    for level in used:
        ax.bar(
            shares.index, shares[level], bottom=bottom, width=0.9, color=colours[level], edgecolor="white",
            linewidth=0.5, label=level,
        )  # fmt: skip
        bottom = bottom + shares[level]
    _shares_axes(ax, totals)
    handles = [Patch(facecolor=colours[level], edgecolor=PALE, label=level) for level in reversed(used)]
    ax.legend(handles=handles, loc="upper left", bbox_to_anchor=(1, 1), title="placed to", alignment="left")
    sign(ax, source, span(totals.index), kind="plot_precision")
    return ax


def _shares_axes(ax: Axes, totals: pd.Series) -> None:
    ax.set_ylim(0, 1)
    ax.set_ylabel("share of events")
    ax.yaxis.set_major_formatter(mpl.ticker.PercentFormatter(1, decimals=0, symbol=" %"))
    ax.xaxis.set_major_locator(mpl.ticker.MaxNLocator("auto", integer=True))
    ax.margins(x=0.01)
    look: dict[str, Any] = {"fontsize": 8} if len(totals) <= 15 else {"fontsize": 7, "rotation": 90}
    for year, total in totals.items():
        ax.annotate(
            f"{total:,.0f}", (year, 1), (0, 3), textcoords="offset points", ha="center", color=INK,
            annotation_clip=False, **look,
        )  # fmt: skip
    ax.set_title("number of events", gid="own", fontsize=8, loc="left", pad=14 if len(totals) <= 15 else 22)


def _matrix(frame: pd.DataFrame, ax: Axes | None, source: str | None) -> Axes:
    counts = _counts(frame, "geo_precision", "date_precision")
    counts = counts.reindex(index=GEO_PRECISION, columns=DATE_PRECISION, fill_value=0)
    ax = axes(ax, height=3.6, grid=None)
    norm = log_norm(counts.to_numpy().max())
    ax.pcolormesh(counts.to_numpy(), cmap=tints(), norm=norm, edgecolors=PALE, linewidth=0.5)
    for (row, column), count in np.ndenumerate(counts.to_numpy()):
        colour = ink_on(tints()(norm(count)))
        ax.text(column + 0.5, row + 0.5, f"{count:,.0f}", ha="center", va="center", color=colour)
    ax.set_xticks(np.arange(len(DATE_PRECISION)) + 0.5, DATE_PRECISION)
    ax.set_yticks(np.arange(len(GEO_PRECISION)) + 0.5, GEO_PRECISION)
    ax.invert_yaxis()
    ax.tick_params(length=0)
    ax.set(xlabel="dated to", ylabel="placed to")
    ax.set_title("number of events", gid="own")
    sign(ax, source, kind="plot_precision")
    return ax


def _counts(frame: pd.DataFrame, rows: str, columns: str) -> pd.DataFrame:
    text = frame.assign(
        events=numbers(frame, "events", "plot_precision"),
        **{name: frame[name].astype(str) for name in (rows, columns) if name != "year"},
    )
    return text.pivot_table(index=rows, columns=columns, values="events", aggfunc="sum", fill_value=0)
