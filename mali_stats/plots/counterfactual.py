"""What a fitted trend with breaks adds to its figure: the trend without them, the excess, and their dates."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from mali_stats.plots.theme import GREY, INK, PALETTE

EXCESS = PALETTE[6]
DOTS = (0, (1, 1.5))
ROOM = 1.5  # times the highest point or line; a band may be higher by powers of ten


def draw_counterfactual(ax: Axes, rows: pd.DataFrame, colour: str, alone: bool) -> None:
    """Draw the trend without its breaks from the first of them on; alone, with its band and the excess shaded.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    rows : pandas.DataFrame
        of ``trend.predict(counterfactual=True)``, one level, in order, with its time in column ``time``.
    colour : str
        of the level's line.
    alone : bool
        whether it is the only level; the bands of several would hide each other.
    """
    rows = rows[~pd.Series(np.isclose(rows["fitted"], rows["counterfactual"], rtol=1e-9), rows.index).cummin()]
    if alone:
        colour = INK
        ax.fill_between(rows["time"], rows["cf_trend_low"], rows["cf_trend_high"], color=GREY, alpha=0.22, linewidth=0)
        ax.fill_between(
            rows["time"], rows["cf_trend"], rows["trend"], color=EXCESS, alpha=0.45, linewidth=0, gid="excess"
        )
    ax.plot(rows["time"], rows["cf_trend"], color=colour, linestyle=DOTS, gid="counterfactual")


def mark_breaks(ax: Axes, breaks, dated: bool) -> None:
    """Mark each date with a line, each ramp or phase with a pale stretch, and its label at the top.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        with its limits set.
    breaks : sequence of Break
    dated : bool
        whether the horizontal axis holds dates; years otherwise.
    """
    for item in breaks:
        first, last = (day if dated or day is None else day.year for day in (item.date, item.end))
        if last is not None:
            ax.axvspan(first, last, color=GREY, alpha=0.08, linewidth=0, gid="break")
        ax.axvline(first, color=GREY, linewidth=0.8, linestyle="--", gid="break")
        ax.annotate(
            item.label, xy=(first, 1), xycoords=("data", "axes fraction"), xytext=(-2, -2), textcoords="offset points",
            rotation=90, ha="right", va="top", fontsize=8, color=INK, gid="break",
        )  # fmt: skip


def keep_readable(ax: Axes, table: pd.DataFrame) -> str:
    """Let bands run out of the figure where they would flatten everything else; return words that say so.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    table : pandas.DataFrame
        of ``trend.predict(counterfactual=True)``.
    """
    drawn = table[["observed", "fitted", "trend", "cf_trend"]].max(axis=None)
    if table[["trend_high", "cf_trend_high"]].max(axis=None) <= ROOM * drawn:
        return ""
    ax.set_ylim(top=ROOM * drawn)
    return "; bands run on above"


def counterfactual_handles(alone: bool) -> list:
    """Return the legend's entries."""
    line = Line2D([], [], color=INK if alone else GREY, linestyle=DOTS, label="without the breaks")
    return [line, Patch(color=EXCESS, alpha=0.45, linewidth=0, label="excess, as fitted")] if alone else [line]


def excess_line(trend) -> str:
    """Return the total excess with its interval, in words: as recorded, or as fitted where draws were."""
    of, said = ("observed", "recorded") if trend.counting_share is None else ("fitted", "fitted")
    found = trend.excess(of)
    row = found.total.iloc[-1]
    first, last = (f"{t:%Y-%m}" if hasattr(t, "strftime") else f"{t:g}" for t in (row["start"], row["end"]))
    ends = f"95 % interval {row['conf_low']:,.0f} to {row['conf_high']:,.0f}"
    return f"{said} less counterfactual, {first} to {last}: {row['excess']:,.0f} ({ends})"
