"""Breaks that the data chose: ``plot_breaks`` draws regimes, the intervals of their dates, and the calendar."""

from __future__ import annotations

from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from scipy.optimize import isotonic_regression

from mali_stats import catalog
from mali_stats.asked import single, text_or_none
from mali_stats.plots.theme import FONT, GREY, INK, PALETTE, axes, legend_above, sign, span, theme, unit

_WORDS = 7.0  # points: size of the calendar's labels
_STRIP, _LANE = 0.35, 0.07  # shares of the axes' height: the calendar's labels, an interval
_WORD = 0.09  # share of its width: a date in words
_STAR = "*"  # at the label of a break of the coding
_CI = {"het": "a variance for each regime", "homo": "one variance", "hac": "long-run variances"}


def plot_breaks(found: Any, *, calendar: bool = True, ax: Axes | None = None, source: str | None = None) -> Axes:
    """Draw a series with the means of its regimes, its breaks with their intervals, and the calendar above.

    A bar is the 95 % interval of a date, its dot the date. Entries of Mali's calendar are ticks at their first day;
    those inside an interval are dark, breaks of the coding have a star. Where not all labels have room, those inside
    an interval stay.

    Parameters
    ----------
    found : Breaks
        the result of ``ms.find_breaks``.
    calendar : bool
        whether to draw the calendar, for a series of Mali.
    ax : matplotlib.axes.Axes, optional
        where to draw; a new figure by default.
    source : str, optional
        the source line; UCDP GED by default.

    Returns
    -------
    matplotlib.axes.Axes
        with a vertical axis that holds 0.

    Raises
    ------
    TypeError
        when ``found`` is no result of ``ms.find_breaks``.

    Examples
    --------
    >>> import mali_stats as ms
    >>> months = ms.load("region_month").groupby("month")["events"].sum()["2012":]
    >>> ax = ms.plot_breaks(ms.find_breaks(months, n_boot=0))
    >>> ax.get_ylabel()
    'events per month'
    """
    single("plot_breaks", calendar=calendar)
    text_or_none("plot_breaks", source=source)
    if not is_breaks(found):
        raise TypeError(
            f"plot_breaks: a result of ms.find_breaks is wanted, got {type(found).__name__}. Call it on a series "
            "indexed by months or years."
        )
    series, parts, table = found.y, found.segments(), found.tidy()
    ends = _ends(parts, series.index)
    lanes = _lanes(table, ends.iloc[-1] - series.index[0])
    with theme():
        ax = axes(ax, height=5.0 + 0.3 * max(lanes, default=0))
        ax.plot(series.index, series.to_numpy(), color=GREY, linewidth=0.9, alpha=0.8, gid="recorded")
        ax.hlines(parts["mean"], parts["start"], ends, color=PALETTE[0], linewidth=2.6, gid="regimes")
        entries = _entries(series.index, table["entries"]) if calendar else None
        strip = _STRIP if entries is not None and len(entries) else 0.0
        _room(ax, series, strip + _LANE * (max(lanes, default=-1) + 1.3))
        ax.set_xlim(series.index[0], ends.iloc[-1])
        _dates(ax, table, lanes, strip)
        if strip:
            _calendar(ax, entries)
        _finish(ax, series, found)
        shown = span(series.index) + (_key(entries) if strip else "")
        sign(ax, source, shown, kind="plot_breaks", column=str(series.name))
    return ax


def is_breaks(result) -> bool:
    """Tell whether a result is one of ``ms.find_breaks``, by what it offers."""
    return all(hasattr(result, name) for name in ("breaks", "chosen", "segments", "sup_f"))


def _ends(parts: pd.DataFrame, index: pd.Index) -> pd.Series:
    """Where each regime's line stops: at the next one's start."""
    beyond = index[-1] + (pd.DateOffset(months=1) if isinstance(index, pd.DatetimeIndex) else 1)
    return parts["start"].shift(-1).fillna(beyond)


def _lanes(table: pd.DataFrame, whole) -> list[int]:
    """The lane of each bar, so that neither it nor the date beside its dot lies upon another."""
    last: list[Any] = []
    out: list[int] = []
    for row in table.itertuples():
        lane = next((i for i, end in enumerate(last) if end < min(row.conf_low, row.date - _WORD * whole)), len(last))
        last[lane : lane + 1] = [max(row.conf_high, row.date + _WORD * whole)]
        out.append(lane)
    return out


def _room(ax: Axes, series: pd.Series, above: float) -> None:
    """Set the limits so that the series leaves a share of the height free above it."""
    low, high = min(0.0, series.min()), max(series.max(), 0.0)
    ax.set_ylim(low, low + 1.03 * (high - low) / (1 - above))


def _dates(ax: Axes, table: pd.DataFrame, lanes: list[int], strip: float) -> None:
    """Bars of the intervals with their dots, between the series and the calendar."""
    across = ax.get_xaxis_transform()
    for row, lane in zip(table.itertuples(), lanes, strict=True):
        height = 1 - strip - _LANE * (lane + 0.4)
        ax.plot(
            [row.date] * 2, [0, height], color=PALETTE[1], linewidth=1.0, linestyle=":", transform=across, gid="date"
        )
        ax.plot(
            [row.conf_low, row.conf_high], [height] * 2, color=PALETTE[1], linewidth=3.0, solid_capstyle="butt",
            transform=across, gid="interval",
        )  # fmt: skip
        ax.plot([row.date], [height], color=INK, marker="o", markersize=5, linestyle="", transform=across, gid="break")
        at = ax.convert_xunits(row.date)
        late = at > ax.get_xlim()[1] - _WORD * np.ptp(ax.get_xlim())
        ax.annotate(
            f"{row.date:%Y-%m}" if isinstance(row.date, pd.Timestamp) else str(row.date), xy=(at, height),
            xycoords=across, xytext=(-4 if late else 4, -3), textcoords="offset points", ha="right" if late else "left",
            va="top", fontsize=8, fontfamily=FONT, color=INK, gid="word",
        )  # fmt: skip


def _entries(index: pd.Index, inside: pd.Series) -> pd.DataFrame:
    """The calendar's entries in the span of the series: label (with a star, of the coding), at, dark."""
    table = catalog.seed("calendar")[["label", "start", "coding"]].assign(at=lambda t: pd.to_datetime(t["start"]))
    first, last = index[0], index[-1]
    if isinstance(index, pd.DatetimeIndex):
        last = last + pd.DateOffset(months=1)
    else:
        table["at"] = table["at"].dt.year
        last = last + 1
    table = table[(table["at"] >= first) & (table["at"] < last)].reset_index(drop=True)
    dark = {name.removesuffix(" (coding)") for joined in inside for name in joined.split("; ")}
    coding = table["coding"] == "True"
    return table.assign(dark=table["label"].isin(dark), label=table["label"] + np.where(coding, _STAR, ""))


def _key(entries: pd.DataFrame) -> str:
    """What the calendar's marks mean."""
    starred = entries["label"].str.endswith(_STAR).any()
    return "; dark: calendar entries inside an interval" + (f"; {_STAR} a break of the coding" if starred else "")


def _calendar(ax: Axes, entries: pd.DataFrame) -> None:
    """Ticks at the top of the series' part, and labels above them, moved aside until none lies upon another."""
    at = (np.asarray(ax.convert_xunits(entries["at"]), float) - ax.get_xlim()[0]) / np.ptp(ax.get_xlim())
    foot = 1 - _STRIP
    where: dict[str, Any] = {"transform": ax.transAxes, "clip_on": False}
    width = 1.25 * _WORDS / (ax.get_position().width * ax.figure.get_figwidth() * 72)
    shown = entries["dark"] if len(entries) * width > 1 else entries["dark"] | True
    shown &= shown.sum() * width <= 1
    places = dict(zip(entries.index[shown], _apart(at[shown], width), strict=True))
    for row in entries.itertuples():
        place = places.get(row.Index, at[row.Index])
        look: dict[str, Any] = {"color": INK if row.dark else GREY, "zorder": 3}
        ax.plot(
            [at[row.Index]] * 2 + [place],
            [foot, foot + 0.015, foot + 0.05],
            linewidth=0.8,
            gid="entry",
            **look,
            **where,
        )
        if row.Index in places:
            ax.text(
                place, foot + 0.06, row.label, rotation=90, ha="center", va="bottom", fontsize=_WORDS, fontfamily=FONT,
                gid="entry", fontweight="bold" if row.dark else "normal", **look, **where,
            )  # fmt: skip


def _apart(wanted: np.ndarray, width: float) -> np.ndarray:
    """Places in [0, 1], in order and at least a width apart, as near the wanted ones as can be (least squares)."""
    steps = width * np.arange(len(wanted))
    if not len(wanted):
        return wanted
    free = isotonic_regression(wanted - steps).x
    return np.clip(free, width / 2, 1 - width / 2 - steps[-1]) + steps


def _finish(ax: Axes, series: pd.Series, found) -> None:
    years = not isinstance(series.index, pd.DatetimeIndex)
    ax.set_ylabel(f"{unit(str(series.name))} per {'year' if years else 'month'}")
    ax.yaxis.set_major_formatter(mpl.ticker.StrMethodFormatter("{x:,g}"))
    top = max(series.max(), 0.0)
    ticks = mpl.ticker.MaxNLocator(5).tick_values(ax.get_ylim()[0], top)
    ax.set_yticks([tick for tick in ticks if ax.get_ylim()[0] <= tick <= 1.03 * top])
    if years:
        ax.xaxis.set_major_locator(mpl.ticker.MaxNLocator("auto", integer=True))
    handles = [
        Line2D([], [], color=GREY, linewidth=0.9, label="recorded"),
        Line2D([], [], color=PALETTE[0], linewidth=2.6, label="mean of a regime"),
        Line2D([], [], color=PALETTE[1], linewidth=3, marker="o", markersize=5, markerfacecolor=INK,
               markeredgecolor=INK, label="break and its 95 % interval"),
    ]  # fmt: skip
    legend_above(ax, handles if len(found.cuts) else handles[:2], _title(found))


def _title(found) -> str:
    many = len(found.cuts)
    words = f"{many or 'no'} break{'' if many == 1 else 's'} by BIC (cost {found.cost}"
    words += f" on {found.transform}" if found.transform else ""
    words += f"; {_CI[found.ci]})" if many else ")"
    return words + ("" if np.isnan(found.p_value) else f"; p = {found.p_value:.3f} against none")
