"""Every plot takes a frame or a result and returns matplotlib ``Axes``; ``plot`` picks the one that fits."""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from mali_stats.clean.adding import is_displacement
from mali_stats.plots.breaks import is_breaks, plot_breaks
from mali_stats.plots.curves import is_curve, is_placebo, plot_curve
from mali_stats.plots.fans import is_draws, is_fan, plot_fan
from mali_stats.plots.grids import plot_heatmap, plot_precision
from mali_stats.plots.maps import plot_map
from mali_stats.plots.points import is_ledger, plot_points, plot_waterfall
from mali_stats.plots.series import is_trend, plot_fit, plot_series
from mali_stats.plots.tails import is_tail, plot_ccdf
from mali_stats.plots.theme import set_theme

__all__ = [
    "plot",
    "plot_breaks",
    "plot_ccdf",
    "plot_curve",
    "plot_fan",
    "plot_fit",
    "plot_heatmap",
    "plot_map",
    "plot_points",
    "plot_precision",
    "plot_series",
    "set_theme",
]

_ACCEPTED = """accepted:
  a fitted trend (ms.fit_trend)                            -> plot_fit
  draws of totals (ms.draw_totals)                         -> plot_fan
  month, year or horizon, and quantiles (q05, q95, ...)    -> plot_fan
  a fitted tail (ms.fit_tail)                              -> plot_ccdf
  breaks that the data chose (ms.find_breaks)              -> plot_breaks
  placebo dates (ms.placebo_its)                           -> plot_curve
  geo_precision, date_precision, events                    -> plot_precision
  the ledger of a stock (ms.stock_flow_ledger)             -> a waterfall
  estimate, conf_low, conf_high by lag, date, threshold    -> plot_curve
  displacement figures, stocks of one indicator            -> plot_points
  country, region, month, deaths_best (a panel)            -> plot_heatmap
  month or year, and deaths_best                           -> plot_series
  region, deaths_best, one row per region                  -> plot_map"""


def plot(result: Any, **options: Any) -> Axes:
    """Draw a result or a frame in the way that fits it.

    Parameters
    ----------
    result : result or pandas.DataFrame
        one of those listed when another is given: what a model returns, or a frame known by its columns.
    options
        handed on to the plot that is picked, such as ``ax=`` or ``source=``.

    Returns
    -------
    matplotlib.axes.Axes
        what the plot that is picked returns.

    Raises
    ------
    TypeError
        when it is neither a result nor a frame.
    ValueError
        when the frame's columns fit no plot.

    Examples
    --------
    >>> import mali_stats as ms
    >>> frame = pd.DataFrame({"year": [2022, 2023], "deaths_low": 1, "deaths_best": [2, 3], "deaths_high": 4})
    >>> ax = ms.plot(frame)
    >>> ax.get_ylabel()
    'deaths per year'
    """
    if is_trend(result):
        return plot_fit(result, **options)
    if is_draws(result):
        return plot_fan(result, **options)
    if is_tail(result):
        return plot_ccdf(result, **options)
    if is_breaks(result):
        return plot_breaks(result, **options)
    if is_placebo(result):
        return plot_curve(result, **options)
    if not isinstance(result, pd.DataFrame):
        raise TypeError(f"plot: got {type(result).__name__}; {_ACCEPTED}")
    has = set(result.columns)
    if {"geo_precision", "date_precision", "events"} <= has and "event_id" not in has:
        return plot_precision(result, **options)
    if is_fan(result):
        return plot_fan(result, **options)
    if is_ledger(result):
        return plot_waterfall(result, **options)
    if is_curve(result):
        return plot_curve(result, **options)
    if is_displacement(result):
        return plot_points(result, **options)
    if {"country", "region", "month", "deaths_best"} <= has:
        return plot_heatmap(result, **options)
    for time in ("month", "year"):
        if {time, "deaths_best"} <= has:
            return plot_series(result, **{"time": time} | options)
    if {"region", "deaths_best"} <= has:
        return plot_map(result, **options)
    raise ValueError(f"plot: got a frame with {', '.join(map(str, result.columns[:20])) or 'no columns'}; {_ACCEPTED}")
