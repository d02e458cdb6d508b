"""Figures over time: ``plot_series`` of what was recorded, ``plot_fit`` of a trend fitted to it."""

from __future__ import annotations

from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from mali_stats.asked import single, text_or_none
from mali_stats.clean.adding import is_displacement, refuse_overlap
from mali_stats.plots.counterfactual import (
    counterfactual_handles,
    draw_counterfactual,
    excess_line,
    keep_readable,
    mark_breaks,
)
from mali_stats.plots.theme import (
    DASHES,
    GREY,
    PALETTE,
    add_up,
    axes,
    best,
    describe,
    legend_above,
    need,
    sign,
    sources_of,
    span,
    theme,
    unit,
)

BAND = "low-high as recorded (not a confidence interval)"
_FIRST = "Give a panel of ms.region_month_panel(events), or any frame with a row per month or year."

#: How an interval was made, in words.
_COV = {
    "jackknife": "delete-one-year jackknife",
    "model or HAC": "larger of model and HAC",
    "hac": "HAC",
    "cluster": "bootstrap of regions",
    "model": "model-based",
    "hc0": "HC0",
}


def plot_series(
    frame: pd.DataFrame,
    value: str = "deaths",
    *,
    time: str = "month",
    by: str | None = None,
    band: bool = True,
    ax: Axes | None = None,
    source: str | None = None,
) -> Axes:
    """Draw a count over time, with the band from its low to its high figure.

    Rows of one time (regions, types) are added up. A time for which any of its rows is missing or out of
    scope, or that has no row at all, is a gap in the line, never a zero: the sum of a part is not the whole.

    Parameters
    ----------
    frame : pandas.DataFrame
        one or more rows per time (and level of ``by``), for instance a panel.
    value : str
        "deaths" draws deaths_best with the band deaths_low to deaths_high; any other numeric column is drawn
        with ``<value>_low`` and ``<value>_high`` where the frame has both.
    time : str
        column of dates or periods, or of numbers read as years.
    by : str, optional
        column whose levels (at most seven) are drawn as lines of their own.
    band : bool
        whether to draw the band.
    ax : matplotlib.axes.Axes, optional
        where to draw; a new figure by default.
    source : str, optional
        the source line; UCDP GED by default.

    Returns
    -------
    matplotlib.axes.Axes
        with a vertical axis that begins at 0.

    Raises
    ------
    TypeError
        when ``frame`` is not a frame.
    ValueError
        for missing columns, text in place of dates or numbers, missing levels, too many levels, figures of
        displacement that count the same people (two sources, a total and its parts, ...), or when no time is
        complete.

    Examples
    --------
    >>> import mali_stats as ms
    >>> frame = pd.DataFrame({"year": [2021, 2022, 2023], "deaths_low": [4, 9, 7],
    ...                       "deaths_best": [5, 9, 8], "deaths_high": [9, 12, 8]})
    >>> ax = ms.plot_series(frame, time="year")
    >>> ax.lines[0].get_ydata().tolist()
    [5.0, 9.0, 8.0]
    """
    single("plot_series", band=band)
    text_or_none("plot_series", value=value, time=time, by=by, source=source)
    if by == "":
        raise ValueError("plot_series: by='' names no column; leave it off, or give a column's name.")
    middle, low, high = _columns(frame, value, band)
    columns = [middle, low, high] if low else [middle]
    need(frame, [time, *columns, *([by] if by else [])], "plot_series", _FIRST)
    _refuse_double_counts(frame, [by, time] if by else [time])
    if by != "country" and "country" in frame and frame["country"].nunique() > 1:
        several = ", ".join(map(str, frame["country"].unique()[:5]))
        raise ValueError(f"plot_series: rows of several countries ({several}); keep one, or say by='country'.")
    sums = add_up(_timed(frame, time, "plot_series"), [by, time] if by else [time], columns, "plot_series")
    if sums[middle].isna().all():
        raise ValueError(
            f"plot_series: every {time} has a row without {middle} (out of scope), so that no sum is whole. "
            "Keep the rows in scope first, as in panel[panel['in_scope']]."
        )
    levels = _levels(sums, by)
    grid = _grid(sums[time])
    with theme():
        ax = axes(ax)
        handles, shaded = [], None
        for (level, rows), colour, dash in zip(levels.items(), PALETTE, DASHES, strict=False):
            rows = rows.set_index(time).reindex(grid)
            if low:
                ax.fill_between(grid, rows[low], rows[high], color=colour, alpha=0.25, linewidth=0)
            handles.append(_line(ax, rows[middle], colour, dash, describe(middle) if level is None else str(level)))
        if low and by:
            shaded = f"shaded: {BAND}"
        elif low:
            handles.append(Patch(color=PALETTE[0], alpha=0.25, linewidth=0, label=BAND))
        if low or by:
            legend_above(ax, handles, shaded)
        _finish(ax, describe(middle) if by else unit(middle), grid, sums[columns].min().min())
        own = source or (sources_of(frame) if "source" in frame else None)
        sign(ax, own, span(grid), kind="plot_series_band" if low else "plot_series", column=middle)
    return ax


def _refuse_double_counts(frame: pd.DataFrame, keys: list[str]) -> None:
    """Refuse to add up figures of displacement that count the same people; events never do."""
    if is_displacement(frame):
        for _, rows in frame[frame.duplicated(keys, keep=False)].groupby(keys, observed=True):
            refuse_overlap(rows, "plot_series")


def _columns(frame, value: str, band: bool) -> tuple[str, str | None, str | None]:
    middle = best(value, frame)
    stem = "deaths" if middle == "deaths_best" else middle
    if band and (middle == "deaths_best" or {f"{stem}_low", f"{stem}_high"} <= set(frame)):
        return middle, f"{stem}_low", f"{stem}_high"
    return middle, None, None


def _timed(frame: pd.DataFrame, time: str, who: str) -> pd.DataFrame:
    """Return the frame with periods as their first days; text is refused, its order being anyone's guess."""
    times = frame[time]
    if isinstance(times.dtype, pd.PeriodDtype):
        times = times.dt.to_timestamp()
    if pd.api.types.is_datetime64_any_dtype(times) or pd.api.types.is_numeric_dtype(times):
        return frame.assign(**{time: times})
    raise ValueError(f"{who}: column {time} holds {times.dtype}; make it dates first with pd.to_datetime(...).")


def _grid(times: pd.Series) -> pd.Index:
    """Return all times from first to last, so that a missing month or year shows as a gap."""
    known = pd.Index(times.unique()).sort_values()
    if isinstance(known, pd.DatetimeIndex):
        return pd.date_range(known[0], known[-1], freq="MS") if (known.day == 1).all() else known
    known = known.astype(float)
    return pd.Index(np.arange(known[0], known[-1] + 1)) if (known % 1 == 0).all() else known


def _levels(sums: pd.DataFrame, by: str | None) -> dict:
    if by is None:
        return {None: sums}
    levels = dict(list(sums.groupby(by, observed=True, sort=True)))
    if len(levels) > len(PALETTE):
        raise ValueError(
            f"plot_series: {by} has {len(levels)} levels and no more than {len(PALETTE)} lines can be told "
            "apart. Keep some of them first, or draw all with ms.plot_heatmap."
        )
    return levels


def _line(ax: Axes, values: pd.Series, colour: str, dash, label: str) -> Line2D:
    (line,) = ax.plot(values.index, values.to_numpy(), color=colour, linestyle=dash, label=label)
    known = values.notna()
    alone = known & ~known.shift(1, fill_value=False) & ~known.shift(-1, fill_value=False)
    if alone.any():  # a line needs two points to be seen
        ax.plot(
            values.index[alone],
            values[alone].to_numpy(),
            color=colour,
            marker="o",
            markersize=3,
            linestyle="",
        )
    return line


def _finish(ax: Axes, label: str, grid: pd.Index, lowest: float) -> None:
    """Label the axes; the vertical one always holds 0."""
    months = isinstance(grid, pd.DatetimeIndex) and (grid.day == 1).all()
    years = not isinstance(grid, pd.DatetimeIndex)
    ax.set_ylabel(f"{label} per {'month' if months else 'year'}" if months or years else label)
    ax.yaxis.set_major_formatter(mpl.ticker.StrMethodFormatter("{x:,.0f}"))
    ax.yaxis.set_major_locator(mpl.ticker.MaxNLocator(6, integer=True))
    if years:
        ax.xaxis.set_major_locator(mpl.ticker.MaxNLocator("auto", integer=True))
    ax.set_ylim(bottom=min(0.0, float(lowest)))
    ax.margins(x=0.01)


def plot_fit(trend: Any, *, ax: Axes | None = None, source: str | None = None) -> Axes:
    """Draw a fitted trend: recorded counts as points, the trend without its season with its 95 % band.

    The thin line is the fitted mean with its season.

    The legend carries the rate ratio per year, its interval, and how that interval was made. With regions or
    other levels in the fit, the seven with most recorded are drawn.

    A trend with breaks also has their dates, and from the first of them on the trend without them with its band;
    between the two the fitted excess is shaded. The legend then carries what was recorded less the counterfactual
    (``trend.excess()``). With levels only the lines are drawn.

    Parameters
    ----------
    trend : Trend
        the result of ``ms.fit_trend``.
    ax : matplotlib.axes.Axes, optional
        where to draw; a new figure by default.
    source : str, optional
        the source line; UCDP GED by default.

    Returns
    -------
    matplotlib.axes.Axes
        with a vertical axis that begins at 0.

    Raises
    ------
    TypeError
        when ``trend`` is not a fitted trend.

    Examples
    --------
    >>> import mali_stats as ms
    >>> frame = pd.DataFrame({"month": pd.date_range("2017-01-01", periods=84, freq="MS"), "events": 9})
    >>> frame["events"] += [month % 5 for month in range(84)]
    >>> ax = ms.plot_fit(ms.fit_trend(frame, "events"))
    >>> ax.get_ylabel()
    'events per month'
    """
    text_or_none("plot_fit", source=source)
    if not is_trend(trend):
        raise TypeError(
            f"plot_fit: a fitted trend is wanted, got {type(trend).__name__}. Call ms.fit_trend(frame, outcome) first."
        )
    breaks = getattr(trend, "breaks", ())
    table = trend.predict(counterfactual=True) if breaks else trend.predict()
    table = _timed(table.rename(columns={trend.time: "time"}), "time", "plot_fit")
    levels = _largest(table, trend.by)
    with theme():
        ax = axes(ax)
        for (level, rows), colour, dash in zip(levels.items(), PALETTE, DASHES, strict=False):
            rows = rows.sort_values("time")
            if breaks:
                draw_counterfactual(ax, rows, colour, alone=level is None)
            _fitted(ax, rows, colour, dash, level)
        more = counterfactual_handles(trend.by is None) if breaks else []
        words = [_rate(trend), *([excess_line(trend)] if breaks else [])]
        legend_above(ax, _fit_handles(levels, more), "\n".join(words), ncols=3 if more and trend.by is None else 4)
        grid = _grid(table["time"])
        _finish(ax, unit(trend.outcome), grid, 0.0)
        mark_breaks(ax, breaks, dated=isinstance(grid, pd.DatetimeIndex))
        beyond = keep_readable(ax, table) if breaks else ""
        some = f"; the {len(levels)} with most recorded" if trend.by and len(levels) < table[trend.by].nunique() else ""
        sign(ax, source, span(table["time"]) + some + beyond, kind="plot_fit", column=trend.outcome)
    return ax


def is_trend(result) -> bool:
    """Tell whether a result is a fitted trend, by what it offers."""
    return all(hasattr(result, name) for name in ("predict", "outcome", "by", "rate_ratio_per_year", "rate_ratio_ci"))


def _largest(table: pd.DataFrame, by: str | None) -> dict:
    if by is None:
        return {None: table}
    wanted = table.groupby(by, observed=True)["observed"].sum().sort_values(ascending=False, kind="stable")
    return {level: table[table[by] == level] for level in wanted.index[: len(PALETTE)]}


def _fitted(ax: Axes, rows: pd.DataFrame, colour: str, dash, level) -> None:
    points = GREY if level is None else colour
    ax.plot(rows["time"], rows["observed"], linestyle="", marker="o", markersize=3.2, color=points, alpha=0.45)
    ax.fill_between(rows["time"], rows["trend_low"], rows["trend_high"], color=colour, alpha=0.25, linewidth=0)
    if not np.allclose(rows["trend"], rows["fitted"]):
        ax.plot(rows["time"], rows["fitted"], color=colour, linewidth=0.7, alpha=0.5)  # with its season
    ax.plot(rows["time"], rows["trend"], color=colour, linestyle=dash)


def _rate(trend) -> str:
    low, high = trend.rate_ratio_ci
    ratio = f"{getattr(trend, 'rate_name', 'rate ratio per year')} {trend.rate_ratio_per_year:.2f}"
    if not np.isfinite([low, high]).all():
        return f"{ratio} (no interval)"
    name, *draws = trend.method.split(", ", 1)
    how = ", ".join([_COV.get(name, name), *draws])
    return f"{ratio} (95 % interval {low:.2f} to {high:.2f}, {how})"


def _fit_handles(levels: dict, more: list) -> list:
    points = Line2D([], [], linestyle="", marker="o", markersize=3.2, color=GREY, alpha=0.45, label="recorded")
    lines = [
        Line2D(
            [],
            [],
            color=colour,
            linestyle=dash,
            label="fitted trend (thin: with its season)" if level is None else str(level),
        )
        for level, colour, dash in zip(levels, PALETTE, DASHES, strict=False)
    ]
    band = "95 % bands" if more else "its 95 % band"
    return [points, *lines, *more, Patch(color=GREY, alpha=0.25, linewidth=0, label=band)]
