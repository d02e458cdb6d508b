"""Quantiles over periods or horizons: ``plot_fan``, several models side by side."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable
from typing import Any

import matplotlib as mpl
import matplotlib.dates as mdates
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from mali_stats.asked import single, text_or_none
from mali_stats.plots.theme import (
    DASHES,
    GREY,
    INK,
    PALETTE,
    axes,
    legend_above,
    need,
    numbers,
    sign,
    span,
    theme,
    unit,
)

TIMES = ("month", "year", "period", "horizon")
OBSERVED = ("observed", "reported", "deaths_best")
_QUANTILE = re.compile(r"q(\d{1,2}(?:\.\d+)?)")
_ALL = (0.05, 0.25, 0.5, 0.75, 0.95)
_MOST_BARS = 30  # periods beyond which bars side by side are too thin to tell apart
_FIRST = "Give draws of ms.draw_totals, or a frame with columns such as year, q05, q50, q95."


def plot_fan(
    result: Any,
    value: str = "deaths",
    *,
    time: str | None = None,
    by: str | list[str] | None = None,
    kind: str | None = None,
    ax: Axes | None = None,
    source: str | None = None,
) -> Axes:
    """Draw quantiles over time: one model as nested bands, several as bars side by side in every period.

    Parameters
    ----------
    result : Draws or pandas.DataFrame
        draws of ``ms.draw_totals``; or a frame with a row per period (and model) and columns of quantiles, q05 and q95
        at least, q25, q50, q75 or others if there are. A column ``observed``, ``reported`` or ``deaths_best`` is
        drawn as dots; deaths_low and deaths_high, where there are, as a line through them. Periods with something
        observed and no quantiles, such as the months before a forecast, have their dots joined by a line. Bands of
        different ``cutoff``, if there is that column (``ms.rolling_origin``), are not joined.
    value : str
        what is counted, for the axis.
    time : str, optional
        column of dates, monthly Periods or numbers (years, steps ahead); month, year, period or horizon by default.
    by : str or list of str, optional
        columns whose combinations are the models, seven at most.
    kind : {"band", "bars"}, optional
        bars by default where there are several models and no more than 30 periods.
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
        when it is neither draws nor a frame.
    ValueError
        for missing columns, no pair of quantiles around the middle, periods that occur twice in a model, or more
        than seven models.

    Examples
    --------
    >>> import mali_stats as ms
    >>> frame = pd.DataFrame({"year": [2021, 2022, 2023], "q05": [2, 3, 4], "q50": [5, 6, 8], "q95": [9, 11, 15],
    ...                       "observed": [4, 6, 7]})
    >>> ax = ms.plot_fan(frame)
    >>> [text.get_text() for text in ax.get_legend().get_texts()]
    ['median', '5 to 95 % of the draws', 'observed']
    """
    single("plot_fan", by=by)
    text_or_none("plot_fan", value=value, time=time, kind=kind, source=source)
    table = result.tidy(quantiles=_ALL) if is_draws(result) else result
    time = time or next((name for name in TIMES if name in getattr(table, "columns", ())), "year")
    by = list(by or []) if by is None or (isinstance(by, Iterable) and not isinstance(by, str)) else [by]
    need(table, [time, *by], "plot_fan", _FIRST)
    if not isinstance(value, str):
        raise TypeError(f"plot_fan: value={value!r} is no text; give the name of what is counted, such as 'deaths'.")
    pairs, middle = _quantiles(table)
    if kind not in (None, "band", "bars"):
        raise ValueError(f"plot_fan: kind={kind!r} is not known; use 'band', 'bars' or None.")
    models = _models(_timed(table, time), time, by, [*(c for pair in pairs for c in pair), *[middle] * bool(middle)])
    _refuse_crossing(models, time, pairs, middle)
    periods = pd.Index(np.unique(np.concatenate([rows[time] for rows in models.values()])))
    bars = kind == "bars" or (kind is None and len(models) > 1 and len(periods) <= _MOST_BARS)
    apart = _slots(models, periods) if bars else [0.0] * (len(models) + 1)
    with theme():
        ax = axes(ax)
        (_bars if bars else _bands)(ax, models, time, pairs, middle, apart)
        handles = [*_handles(models, pairs, middle, bars), *_observed(ax, models, time, apart)]
        longest = max((len(handle.get_label()) for handle in handles), default=0)
        legend_above(ax, handles, ncols=max(1, min(4, 100 // (longest + 8))))
        _finish(ax, value, time, periods)
        shares = " and ".join(_share(pair) for pair in pairs)
        told = f"; bars: {shares} of the draws, dots: median" if bars else ""
        sign(ax, source, span(pd.Series(periods)) + told, kind="plot_fan", column=value)
    return ax


def is_draws(result) -> bool:
    """Tell whether a result is draws of totals, by what it offers."""
    return all(hasattr(result, name) for name in ("tidy", "draws", "groups", "reported", "shared_sd"))


def is_fan(frame: pd.DataFrame) -> bool:
    """Tell whether a frame has quantiles over time."""
    return bool(_pairs(frame)) and any(name in frame for name in TIMES)


# ---- what is to be drawn -----------------------------------------------------------------------------------


def _pairs(table) -> list[tuple[str, str]]:
    """Pairs of columns around the middle, widest first."""
    found = {round(float(m[1]), 6): str(c) for c in table.columns if (m := _QUANTILE.fullmatch(str(c)))}
    return [(found[q], found[round(100 - q, 6)]) for q in sorted(found) if q < 50 and round(100 - q, 6) in found]


def _quantiles(table) -> tuple[list[tuple[str, str]], str | None]:
    pairs = _pairs(table)
    if not pairs:
        has = ", ".join(map(str, table.columns[:20]))
        raise ValueError(f"plot_fan: no pair of quantiles such as q05 and q95 (the frame has: {has}). {_FIRST}")
    return pairs, "q50" if "q50" in table else None


def _share(pair: tuple[str, str]) -> str:
    return f"{float(pair[0][1:]):g} to {float(pair[1][1:]):g} %"


def _timed(table: pd.DataFrame, time: str) -> pd.DataFrame:
    times = table[time]
    if isinstance(times.dtype, pd.PeriodDtype):
        times = times.dt.to_timestamp()
    if not (pd.api.types.is_datetime64_any_dtype(times) or pd.api.types.is_numeric_dtype(times)):
        raise ValueError(f"plot_fan: column {time} holds {times.dtype}; make it dates with pd.to_datetime, or numbers.")
    if times.isna().any():
        raise ValueError(f"plot_fan: column {time} is missing in {int(times.isna().sum())} rows; leave them out first.")
    dates = pd.api.types.is_datetime64_any_dtype(times)
    return table.assign(**{time: times if dates else times.astype(float)})


def _models(table, time, by, columns) -> dict[str | None, pd.DataFrame]:
    """The rows of each model in order of time; a model is a combination of ``by``, in the order of the frame."""
    table = table.assign(**{column: numbers(table, column, "plot_fan") for column in columns})
    label = [None] * len(table) if not by else [", ".join(map(str, row)) for row in table[by].to_numpy()]
    models = {name: table[[one == name for one in label]].sort_values(time) for name in dict.fromkeys(label)}
    for name, rows in models.items():
        if rows[time].duplicated().any():
            drawn = {time, *by, *OBSERVED, "mean", "deaths_low", "deaths_high"}
            also = [c for c in rows if c not in drawn and not _QUANTILE.fullmatch(str(c)) and rows[c].nunique() > 1]
            raise ValueError(
                f"plot_fan: {time} occurs more than once{f' in {name}' if name else ''}: keep one row per {time}, or "
                f"name the columns that tell the models apart in by= (these differ: {', '.join(also[:6]) or 'none'})."
            )
    if len(models) > len(PALETTE):
        raise ValueError(f"plot_fan: {len(models)} models, and no more than {len(PALETTE)} can be told apart.")
    return models


def _refuse_crossing(models, time, pairs, middle) -> None:
    """Raise where a smaller quantile lies above a larger one, as where columns were exchanged."""
    ordered = [low for low, _ in pairs] + [middle] * bool(middle) + [high for _, high in reversed(pairs)]
    for rows in models.values():
        for small, large in itertools.pairwise(ordered):
            wrong = (rows[small] > rows[large]).fillna(False).to_numpy(bool)
            if wrong.any():
                row = rows[wrong].iloc[0]
                when = f"{row[time]:%Y-%m-%d}" if isinstance(row[time], pd.Timestamp) else f"{row[time]:g}"
                raise ValueError(
                    f"plot_fan: {small} lies above {large} in {int(wrong.sum())} rows, such as {time} {when} "
                    f"({row[small]:g} and {row[large]:g}). A smaller quantile is never larger: look whether "
                    "columns were exchanged."
                )


# ---- drawing -----------------------------------------------------------------------------------------------


def _x(times) -> np.ndarray:
    return mdates.date2num(times) if pd.api.types.is_datetime64_any_dtype(times) else np.asarray(times, float)


def _slots(models, periods: pd.Index) -> list[float]:
    """How far from its period each model stands, after what was observed, which comes first if there is any."""
    step = float(np.diff(_x(periods)).min()) if len(periods) > 1 else 1.0
    first = 1 if _observed_column(models) else 0
    slots = len(models) + first
    at = [(slot - (slots - 1) / 2) * 0.8 / slots * step for slot in range(slots)]
    return at if first else [0.0, *at]


def _bands(ax: Axes, models, time, pairs, middle, apart) -> None:
    for rows, colour, dash in zip(models.values(), PALETTE, DASHES, strict=False):
        for part in _forecasts(rows):
            for low, high in pairs:
                ax.fill_between(part[time], part[low], part[high], color=colour, alpha=0.2, linewidth=0)
            if middle:
                ax.plot(part[time], part[middle], color=colour, linestyle=dash)


def _forecasts(rows) -> list[pd.DataFrame]:
    """The rows of each cut-off, so that no forecast runs into the next; all, if one has a single period to draw."""
    parts = [part for _, part in rows.groupby("cutoff")] if "cutoff" in rows else []
    return parts if parts and min(map(len, parts)) > 1 else [rows]


def _bars(ax: Axes, models, time, pairs, middle, apart) -> None:
    widths = np.linspace(1.4, 4.2, len(pairs)) if len(pairs) > 1 else [2.2]
    for rows, colour, aside in zip(models.values(), PALETTE, apart[1:], strict=False):
        x = _x(rows[time]) + aside
        for (low, high), width in zip(pairs, widths, strict=True):
            ax.vlines(x, rows[low], rows[high], color=colour, linewidth=width)
        if middle:
            ax.plot(x, rows[middle], linestyle="", marker="o", markersize=5, color=colour, markeredgecolor="white")


def _observed_column(models) -> str | None:
    return next((name for name in OBSERVED if all(name in rows for rows in models.values())), None)


def _observed(ax: Axes, models, time, apart) -> list:
    """Dots of what was observed: once where the models have the same, else on the bars of those that differ."""
    column = _observed_column(models)
    if column is None:
        return []
    first, *others = models.values()
    dot = _DOT | {"markersize": _DOT["markersize"] * min(1, np.sqrt(60 / len(first)))}
    known = {tuple(first[column])}
    ax.plot(_x(first[time]) + apart[0], numbers(first, column, "plot_fan"), gid="observed", **dot)
    for rows, aside in zip(others, apart[2:], strict=False):
        if tuple(rows[column]) not in known:
            ax.plot(_x(rows[time]) + aside, numbers(rows, column, "plot_fan"), gid="observed", **dot)
            if not aside:  # bands lie over each other, and so would their dots
                known.add(tuple(rows[column]))
    label = "observed" if column == "observed" else "as reported"
    ranged = _range(ax, _x(first[time]) + apart[0], first)
    alone = _alone(ax, _x(first[time]) + apart[0], first, column)
    return [
        Line2D([], [], label=label, **_DOT),
        *([Line2D([], [], color=INK, linewidth=0.8, label=_RANGE)] * ranged),
        *([Line2D([], [], label=f"{label}, not forecast", **_JOINED)] * alone),
    ]


_DOT: dict[str, Any] = {
    "linestyle": "", "marker": "D", "markersize": 3.2, "markerfacecolor": "white", "markeredgecolor": INK,
    "markeredgewidth": 0.8, "zorder": 4,
}  # fmt: skip
_RANGE = "low to high as recorded"
_JOINED: dict[str, Any] = {"color": GREY, "linewidth": 0.8, "zorder": 3}


def _alone(ax: Axes, x, rows, column) -> bool:
    """Join what was observed where there are no quantiles, and nothing across those that have them."""
    without = rows[[c for c in rows if _QUANTILE.fullmatch(str(c))]].isna().all(axis=1)
    if without.any():
        ax.plot(x, numbers(rows, column, "plot_fan").where(without), gid="not forecast", **_JOINED)
    return bool(without.any())


def _range(ax: Axes, x, rows) -> bool:
    if not {"deaths_low", "deaths_high"} <= set(rows) or rows["deaths_low"].isna().all():
        return False
    low, high = (numbers(rows, name, "plot_fan") for name in ("deaths_low", "deaths_high"))
    ax.vlines(x, low, high, color=INK, linewidth=0.8, gid="range", zorder=3)
    return True


def _handles(models, pairs, middle, bars) -> list:
    several = len(models) > 1 or None not in models
    if several or bars:
        return [
            Patch(color=colour, label=name) if bars else Line2D([], [], color=colour, linestyle=dash, label=name)
            for name, colour, dash in zip(models, PALETTE, DASHES, strict=False)
            if name is not None
        ]
    line = [Line2D([], [], color=PALETTE[0], label="median")] if middle else []
    shades = [1 - 0.8 ** (depth + 1) for depth in range(len(pairs))]
    labels = [f"{_share(pair)}{' of the draws' * (not depth)}" for depth, pair in enumerate(pairs)]
    look: dict[str, Any] = {"color": PALETTE[0], "linewidth": 0}
    return [*line, *(Patch(alpha=a, label=t, **look) for a, t in zip(shades, labels, strict=True))]


def _finish(ax: Axes, value: str, time: str, periods: pd.Index) -> None:
    dates = pd.api.types.is_datetime64_any_dtype(periods)
    per = {"month": " per month", "year": " per year"}.get(time, " per month" if dates and _monthly(periods) else "")
    ax.set_ylabel(f"{unit(value)}{per}")
    ax.yaxis.set_major_formatter(mpl.ticker.StrMethodFormatter("{x:,.0f}"))
    ax.yaxis.set_major_locator(mpl.ticker.MaxNLocator(6, integer=True))
    if dates:
        ax.xaxis_date()
    else:
        ax.xaxis.set_major_locator(mpl.ticker.MaxNLocator("auto", integer=True))
        ax.set_xlabel("" if time == "year" else time.replace("_", " "), color=GREY)
    ax.set_ylim(bottom=min(0.0, ax.get_ylim()[0]) if ax.dataLim.ymin < 0 else 0)
    ax.margins(x=0.02)


def _monthly(days: pd.Index) -> bool:
    """Whether no two dates that follow each other are nearer than a month, and some are as near."""
    return len(days) > 1 and 28 <= np.diff(_x(days)).min() <= 31
