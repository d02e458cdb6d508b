"""A number as it goes with a lag, a date or a threshold: ``plot_curve``, of estimates or of placebo dates."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from mali_stats.asked import text_or_none
from mali_stats.plots.theme import GREY, PALETTE, axes, describe, legend_above, need, sign, span, theme, unit

#: Columns that a curve may go with, the first one found is taken.
ALONG = ("lag", "date", "month", "year", "threshold", "size", "horizon")
_BARS = 31  # so many places and fewer, whole numbers, are points with bars
_FIRST = "Give a frame with estimate, conf_low, conf_high and what they go with, or a result of ms.placebo_its."


def plot_curve(
    curve: Any,
    *,
    along: str | None = None,
    value: str = "estimate",
    reference: float | None = None,
    ax: Axes | None = None,
    source: str | None = None,
) -> Axes:
    """Draw an estimate with its interval along a lag, a date or a threshold; or the z of placebo dates.

    Few whole numbers (lags) are points with bars, all else a line with a band; a missing value is a gap. Of placebo
    dates the grey band is where 95 % of the shuffled records' z lie date by date, the dashed lines what the largest of
    a whole curve exceeds in 5 % of them, and the dot the date asked about.

    Parameters
    ----------
    curve : pandas.DataFrame or Placebo
        a row for each place, or the result of ``ms.placebo_its``.
    along : str, optional
        column of the horizontal axis: lag, date, month, year, threshold, size or horizon, whichever is there.
    value : str
        column of the estimate; ``conf_low`` and ``conf_high`` are drawn where the frame has them.
    reference : float, optional
        where to draw a line of no difference, 0 or 1.
    ax : matplotlib.axes.Axes, optional
        where to draw; a new figure by default.
    source : str, optional
        the source line; UCDP GED by default.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    TypeError
        when ``curve`` is neither a frame nor a result of ``ms.placebo_its``.
    ValueError
        for missing columns, places that are there twice, or text on an axis.

    Examples
    --------
    >>> import mali_stats as ms
    >>> lags = pd.DataFrame({"lag": [0, 1, 2], "estimate": [0.4, 0.2, 0.0]})
    >>> ax = ms.plot_curve(lags.assign(conf_low=lags["estimate"] - 0.1, conf_high=lags["estimate"] + 0.1), reference=0)
    >>> ax.get_xlabel(), ax.get_ylabel()
    ('lag', 'estimate')
    """
    text_or_none("plot_curve", along=along, value=value, source=source)
    if not isinstance(reference, int | float | np.number | None):
        raise TypeError(f"plot_curve: reference={reference!r} is no number; give where the line of no effect lies.")
    if is_placebo(curve):
        return _placebo(curve, ax, source)
    rows, along = _rows(curve, along, value)
    with theme():
        ax = axes(ax)
        if reference is not None:
            ax.axhline(reference, color=GREY, linewidth=0.8, gid="reference")
        banded = {"conf_low", "conf_high"} <= set(rows)
        (_points if _few(rows[along]) else _band)(ax, rows, along, value, banded)
        ax.set_xlabel("" if pd.api.types.is_datetime64_any_dtype(rows[along]) else describe(along))
        ax.set_ylabel(describe(value))
        sign(ax, source, kind="plot_curve", column=value)
    return ax


def is_placebo(result) -> bool:
    """Tell whether a result is one of ``ms.placebo_its``, by what it offers."""
    return all(hasattr(result, name) for name in ("curve", "p_at_date", "p_sup", "critical"))


def is_curve(frame: pd.DataFrame) -> bool:
    """Tell a frame of estimates along something, by its columns."""
    return {"estimate", "conf_low", "conf_high"} <= set(frame) and any(name in frame for name in ALONG)


def _rows(curve, along, value) -> tuple[pd.DataFrame, str]:
    """(The rows in order, their column of places)."""
    along = along or next((name for name in ALONG if name in getattr(curve, "columns", ())), ALONG[0])
    need(curve, [along, value], "plot_curve", _FIRST)
    rows = curve.copy()
    if isinstance(rows[along].dtype, pd.PeriodDtype):
        rows[along] = rows[along].dt.to_timestamp()
    dated = pd.api.types.is_datetime64_any_dtype(rows[along])
    for name in (*(() if dated else (along,)), *(c for c in (value, "conf_low", "conf_high") if c in rows)):
        if not pd.api.types.is_numeric_dtype(rows[name]):
            raise ValueError(
                f"plot_curve: column {name} holds {rows[name].dtype}; numbers are wanted, or dates to go along."
            )
        rows[name] = rows[name].to_numpy(float, na_value=np.nan)
    if rows[along].duplicated().any():
        place = rows.loc[rows[along].duplicated(), along].iloc[0]
        place = place if dated else f"{place:g}"
        raise ValueError(f"plot_curve: {along} {place} is there twice; keep the rows of one curve.")
    return rows.sort_values(along), along


def _few(places: pd.Series) -> bool:
    return pd.api.types.is_numeric_dtype(places) and len(places) <= _BARS and bool((places % 1 == 0).all())


def _points(ax, rows, along, value, banded):
    if banded:
        ax.vlines(rows[along], rows["conf_low"], rows["conf_high"], color=PALETTE[0], linewidth=1.6, gid="interval")
    ax.plot(rows[along], rows[value], color=PALETTE[0], marker="o", markersize=5, linestyle="", gid="curve")
    ax.xaxis.get_major_locator().set_params(integer=True)


def _band(ax, rows, along, value, banded):
    if banded:
        ax.fill_between(rows[along], rows["conf_low"], rows["conf_high"], color=PALETTE[0], alpha=0.25, linewidth=0)
    ax.plot(rows[along], rows[value], color=PALETTE[0], gid="curve")
    ax.margins(x=0.01)


def _placebo(found, ax, source) -> Axes:
    rows = found.curve
    with theme():
        ax = axes(ax)
        ax.fill_between(rows["date"], rows["null_low"], rows["null_high"], color=GREY, alpha=0.22, linewidth=0)
        for end in (-found.critical, found.critical):
            ax.axhline(end, color=GREY, linewidth=1.0, linestyle="--", gid="critical")
        ax.axhline(0, color=GREY, linewidth=0.8, gid="reference")
        ax.plot(rows["date"], rows["z"], color=PALETTE[0], gid="curve")
        if found.date is not None:
            z = rows.set_index("date").loc[found.date, "z"]
            ax.axvline(found.date, color=PALETTE[6], linewidth=1.0, linestyle=":", gid="date")
            ax.plot([found.date], [z], color=PALETTE[6], marker="o", markersize=6, linestyle="", gid="date")
        ax.margins(x=0.01)
        ax.set_ylabel(f"z of a change of level, {unit(found.outcome)}")
        legend_above(ax, _handles(found), _tests(found))
        sign(ax, source, span(rows["date"]), kind="plot_placebo", column=found.outcome)
    return ax


def _handles(found) -> list:
    handles = [
        Line2D([], [], color=PALETTE[0], label="record"),
        Patch(color=GREY, alpha=0.22, linewidth=0, label="95 % of shuffled records"),
        Line2D([], [], color=GREY, linestyle="--", label="largest of each: 5 % beyond"),
    ]
    at = Line2D([], [], color=PALETTE[6], marker="o", linestyle=":", label=found.label)
    return [*handles, *([at] if found.date is not None else [])]


def _tests(found) -> str:
    parts = [] if found.date is None else [f"{found.label}: {_p(found.p_at_date)}"]
    return "; ".join([*parts, f"largest |z|: {_p(found.p_sup)}"])


def _p(value) -> str:
    return "no p-value" if np.isnan(value) else f"p = {value:.3f}"
