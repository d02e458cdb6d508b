"""Figures that stand at single days: ``plot_points`` beside each other, and the ledger of a stock as a waterfall."""

from __future__ import annotations

from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from mali_stats.asked import text_or_none
from mali_stats.clean.adding import KIND, one_each, refuse_overlap
from mali_stats.plots.theme import (
    GREY,
    MISSING,
    PALETTE,
    axes,
    describe,
    legend_above,
    need,
    numbers,
    sign,
    sources_of,
    theme,
)

MARKERS = ("o", "s", "^", "D", "v", "P", "X")
OTHERS = "others"
_HOLDS = 400  # days: a step any longer would look like a figure that nobody published
_FIRST = "Give rows of ms.load('displacement') or of ms.read_displacement(path)."
_NAMES = {
    "unhcr": "UNHCR",
    "idmc": "IDMC",
    "idmc_idu": "IDMC IDU",
    "iom_dtm": "IOM DTM",
    "ocha": "OCHA",
    "hdx_hapi": "HDX HAPI",
}


def plot_points(
    figures: pd.DataFrame, *, by: str = "source", ax: Axes | None = None, source: str | None = None
) -> Axes:
    """Draw stocks of displacement as points, sources side by side, with steps from each to the next.

    The step leads the eye and states nothing; over more than 13 months there is none. A bar shows low to high
    where a figure has both and they differ.

    Parameters
    ----------
    figures : pandas.DataFrame
        rows of the displacement table: stocks of one indicator, country and unit.
    by : str
        column whose levels get a colour and a marker of their own: "source", or "asylum_country" and the like.
        Beyond seven levels of a place, the six that are largest at their last date stay, and the others are added up;
        figures of one level and day are added up where they count different people, and refused where not.
    ax : matplotlib.axes.Axes, optional
        where to draw; a new figure by default.
    source : str, optional
        the source line; the cards of the sources by default.

    Returns
    -------
    matplotlib.axes.Axes
        with a vertical axis that begins at 0.

    Raises
    ------
    TypeError
        when ``figures`` is not a frame.
    ValueError
        for missing columns, flows, several indicators, countries or units, more than seven sources, or rows that
        may not be added up.

    Examples
    --------
    >>> import mali_stats as ms
    >>> idps = ms.load("displacement").query("indicator == 'idps' and as_of >= '2019-01-01'")
    >>> ax = ms.plot_points(idps)
    >>> [text.get_text() for text in ax.get_legend().get_texts()]
    ['IDMC', 'IOM DTM', 'OCHA', 'UNHCR']
    """
    text_or_none("plot_points", by=by, source=source)
    who = "plot_points"
    need(figures, [*KIND, "as_of", "low", "best", "high", by], who, _FIRST)
    if not pd.api.types.is_datetime64_any_dtype(figures["as_of"]):
        raise ValueError(
            f"{who}: column as_of holds {figures['as_of'].dtype}; make it dates first with pd.to_datetime."
        )
    if figures["measure"].ne("stock").any():
        raise ValueError(
            f"{who}: some rows are no stocks, and movements in a period stand at no day. Keep "
            "figures[figures['measure'] == 'stock'], or draw flows with ms.plot_series by year."
        )
    one_each(figures, [c for c in ("indicator", "unit", "country") if c != by], who)
    if figures["best"].isna().all():
        raise ValueError(f"{who}: no row has a figure (best is missing throughout).")
    for column in ("low", "best", "high"):
        numbers(figures, column, who)
    if figures["as_of"].isna().any():
        raise ValueError(
            f"{who}: as_of is missing in {int(figures['as_of'].isna().sum())} rows; leave those out first."
        )
    known = figures[figures["best"].notna()]
    sums = _sums(_levelled(known, by, who), by, who)
    order = _order(sums, by)
    with theme():
        ax = axes(ax)
        handles = [_steps(ax, sums[sums[by] == level], look, _NAMES.get(level, level))
                   for level, look in zip(order, zip(PALETTE, MARKERS, strict=True), strict=False)]  # fmt: skip
        legend_above(ax, handles)
        indicator, unit = (str(figures[c].iloc[0]) for c in ("indicator", "unit"))
        _finish(ax, f"{describe(indicator)}, {unit}")
        shown = f"{sums['as_of'].min():%Y-%m} to {sums['as_of'].max():%Y-%m}"
        sign(ax, source or sources_of(figures), shown, kind="plot_points", column=indicator)
    return ax


def _levelled(rows: pd.DataFrame, by: str, who: str) -> pd.DataFrame:
    """The rows with at most seven levels; of places, the smaller ones become one."""
    if rows[by].isna().any():
        raise ValueError(f"{who}: column {by} is missing in {int(rows[by].isna().sum())} rows; leave those out first.")
    levels = rows[by].astype("str")
    if levels.nunique() <= len(PALETTE):
        return rows.assign(**{by: levels})
    if by not in ("asylum_country", "admin1", "country"):
        raise ValueError(
            f"{who}: {by} has {levels.nunique()} levels and no more than {len(PALETTE)} can be told apart. Keep some."
        )
    refuse_overlap(rows[rows["as_of"] == rows["as_of"].max()], who)
    last = rows[rows["as_of"] == rows["as_of"].max()].groupby(levels)["best"].sum()
    largest = last.sort_values(ascending=False, kind="stable").index[: len(PALETTE) - 1]
    return rows.assign(**{by: levels.where(levels.isin(largest), OTHERS)}, place=levels)


def _sums(rows: pd.DataFrame, by: str, who: str) -> pd.DataFrame:
    """One figure per level and day; a sum only of rows that count different people."""
    keys = [by, "as_of"]
    for (level, _), part in rows[rows.duplicated(keys, keep=False)].groupby(keys, sort=False):
        refuse_overlap(part.assign(**{by: part["place"]}) if level == OTHERS else part, who)
    return rows.groupby(keys, as_index=False)[["low", "best", "high"]].agg(lambda s: s.sum(min_count=len(s)))


def _order(sums: pd.DataFrame, by: str) -> list[str]:
    if by == "source":
        return sorted(sums[by].unique())
    last = sums.sort_values("as_of").groupby(by)["best"].last().sort_values(ascending=False, kind="stable")
    return [*last.index.drop(OTHERS, errors="ignore"), *([OTHERS] if OTHERS in last.index else [])]


def _steps(ax: Axes, rows: pd.DataFrame, look: tuple[str, str], label: str) -> Line2D:
    colour, marker = look
    rows = rows.sort_values("as_of")
    best = rows["best"].to_numpy(dtype=float)
    style: dict[str, Any] = {"color": colour, "marker": marker, "markersize": 4, "label": label}
    held = np.where(rows["as_of"].diff().dt.days.gt(_HOLDS)[::-1].shift(fill_value=False)[::-1], np.nan, best)
    (line,) = ax.plot(rows["as_of"].to_numpy(), best, **style | {"linestyle": ""})
    times = np.repeat(rows["as_of"].to_numpy(), 2)[1:]
    ax.plot(times, np.repeat(held, 2)[:-1], color=colour, linewidth=1.0, gid="steps")
    wide = rows[(rows["low"] < rows["high"]).fillna(False).astype(bool)]
    if len(wide):
        ends = (wide[c].to_numpy(dtype=float) for c in ("low", "high"))
        ax.vlines(wide["as_of"].to_numpy(), *ends, color=colour, linewidth=1.0, alpha=0.6)
    return line


def _finish(ax: Axes, label: str) -> None:
    ax.set_ylabel(label)
    ax.yaxis.set_major_formatter(mpl.ticker.StrMethodFormatter("{x:,.0f}"))
    ax.yaxis.set_major_locator(mpl.ticker.MaxNLocator(6, integer=True))
    ax.set_ylim(bottom=0)


# ---- the ledger of a stock ---------------------------------------------------------------------------------


def is_ledger(frame: pd.DataFrame) -> bool:
    """Tell the frame of ``ms.stock_flow_ledger`` by its columns."""
    return {"opening", "new", "closing", "implied_net_exits"} <= set(frame.columns)


def plot_waterfall(ledger: pd.DataFrame, *, ax: Axes | None = None, source: str | None = None) -> Axes:
    """Draw the ledger of one source's stock, each year as a fall of water: what came, what must have left, what stayed.

    ``ms.plot(ledger)`` comes here. A year without a published flow has its closing stock and a hatched gap.

    Parameters
    ----------
    ledger : pandas.DataFrame
        of ``ms.stock_flow_ledger``, rows of one source and country.
    ax : matplotlib.axes.Axes, optional
        where to draw; a new figure by default.
    source : str, optional
        the source line; the card of the source by default.

    Returns
    -------
    matplotlib.axes.Axes
        with a vertical axis that begins at 0.

    Raises
    ------
    ValueError
        for several sources, or a ledger in which no year's exits are known.
    """
    need(ledger, ["source", "country", "year", "opening", "new", "closing", "implied_net_exits"], "plot",
         "Call ms.stock_flow_ledger(figures) first.")  # fmt: skip
    if ledger[["source", "country"]].drop_duplicates().shape[0] > 1:
        held = ", ".join(map(str, ledger["source"].unique()))
        raise ValueError(
            f"plot: a waterfall is of one source; this ledger has {held}. Keep ledger[ledger['source'] == ...]."
        )
    if ledger["implied_net_exits"].isna().all():
        raise ValueError("plot: no year of this ledger has its exits: the source publishes no new displacement.")
    rows = ledger.sort_values("year")
    with theme():
        ax = axes(ax)
        _falls(ax, rows)
        legend_above(ax, [
            Patch(color=PALETTE[1], label="newly displaced"), Patch(color=PALETTE[0], label="implied net exits"),
            Patch(color=GREY, label="stock, 31 December"), Patch(label="no flow published", **MISSING),
        ])  # fmt: skip
        _finish(ax, "people")
        ax.set_xlim(rows["year"].min() - 0.6, rows["year"].max() + 0.6)
        ax.xaxis.set_major_locator(mpl.ticker.MaxNLocator(14, integer=True))
        ax.set_ylim(0, 1.05 * ax.dataLim.ymax)
        years = f"{rows['year'].min()} to {rows['year'].max()}; exits are opening + new - closing, no count of returns"
        sign(ax, source or sources_of(rows), years, kind="plot_waterfall")
    return ax


def _falls(ax: Axes, rows: pd.DataFrame) -> None:
    """Bars of a year at its thirds: from the opening up by the new, from there down to the closing, the closing."""
    year, opening, new, closing, exits = (
        rows[c].to_numpy(dtype=float, na_value=np.nan)
        for c in ("year", "opening", "new", "closing", "implied_net_exits")
    )
    whole = np.isfinite(exits)
    wide = 0.27
    ax.bar(year[whole] - wide, new[whole], wide, bottom=opening[whole], color=PALETTE[1], label="new")
    ax.bar(year[whole], -exits[whole], wide, bottom=(opening + new)[whole], color=PALETTE[0], label="exits")
    ax.bar(year + wide, closing, wide, color=GREY, label="closing")
    gap = ~whole & np.isfinite(opening) & np.isfinite(closing)
    height = np.maximum(opening, closing)[gap]
    ax.bar(year[gap] - wide / 2, height, 2 * wide, label="gap", **MISSING)
