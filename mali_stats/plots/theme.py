"""One look for every plot: told apart by colour-blind readers and on a grey print, with the source below.

The plots put the theme on for their own drawing only (``with theme():``), so a user's matplotlib settings
stay as they are; ``set_theme`` turns it on for good.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from cycler import cycler
from matplotlib.axes import Axes
from matplotlib.colors import Colormap, ListedColormap, Normalize, PowerNorm, SymLogNorm, to_rgb
from matplotlib.patches import Patch

from mali_stats import captions, catalog
from mali_stats.asked import in_scope

#: Colours of Okabe & Ito (2008), in an order in which neighbours also differ in lightness.
PALETTE = ("#0072B2", "#E69F00", "#000000", "#CC79A7", "#009E73", "#56B4E9", "#D55E00")
#: Beside the colours from the fourth line on, since more than three greys are hard to tell apart.
DASHES: tuple[Any, ...] = ("-", "-", "-", "--", ":", "-.", (0, (5, 1, 1, 1, 1, 1)))
INK, GREY, PALE = "#222222", "#666666", "#D9D9D9"
FONT = "DejaVu Sans"
#: How a cell or an area without a figure is drawn.
MISSING: dict[str, Any] = {"facecolor": "#EEEEEE", "edgecolor": "#8C8C8C", "hatch": "////", "linewidth": 0.4}

_THEME = {
    "figure.dpi": 80, "savefig.dpi": 200, "figure.figsize": (7.2, 3.8), "figure.constrained_layout.use": True,
    "font.family": FONT, "font.size": 10, "text.color": INK,
    "axes.prop_cycle": cycler(color=PALETTE), "axes.titlesize": 10, "axes.titlelocation": "left",
    "axes.labelsize": 10, "axes.labelcolor": INK, "axes.edgecolor": GREY, "axes.linewidth": 0.8,
    "axes.axisbelow": True, "axes.grid": False, "axes.spines.top": False, "axes.spines.right": False,
    "grid.color": "#E6E6E6", "grid.linewidth": 0.8, "lines.linewidth": 1.5,
    "xtick.labelsize": 9, "ytick.labelsize": 9, "xtick.color": GREY, "ytick.color": GREY,
    "xtick.labelcolor": INK, "ytick.labelcolor": INK,
    "legend.frameon": False, "legend.fontsize": 9, "hatch.linewidth": 0.5,
}  # fmt: skip


def set_theme() -> dict[str, Any]:
    """Turn the theme of this library's plots on for every matplotlib figure made from now on.

    The plots do not need it: each puts the theme on for itself. It is for figures of your own that shall look
    the same, and ``matplotlib.rcdefaults()`` takes it off again.

    Returns
    -------
    dict
        the matplotlib settings it made: a colour-blind safe cycle that also prints in grey, 80 dots an inch,
        DejaVu Sans, constrained layout.

    Examples
    --------
    >>> import matplotlib as mpl
    >>> import mali_stats as ms
    >>> with mpl.rc_context():
    ...     ms.set_theme()["figure.dpi"]
    80
    """
    mpl.rcParams.update(_THEME)
    return dict(_THEME)


@contextmanager
def theme() -> Iterator[None]:
    """Give matplotlib the theme for a while; afterwards its settings are as before.

    ``mpl.rc_context`` would also take back what a notebook's backend sets when the first figure is made, and
    figures would no longer show by themselves.
    """
    before = {name: mpl.rcParams[name] for name in _THEME}
    mpl.rcParams.update(_THEME)
    try:
        yield
    finally:
        mpl.rcParams.update(before)


def axes(ax: Axes | None, *, height: float = 3.8, grid: str | None = "y") -> Axes:
    """Return ``ax``, or new ones, with ticks and grid that stay in the theme after its context has ended."""
    if ax is None:
        _, ax = plt.subplots(figsize=(7.2, height))
    if not isinstance(ax, Axes):
        raise TypeError(f"ax={ax!r} is not accepted; give matplotlib Axes, as plt.subplots() makes them, or nothing.")
    ax.tick_params(labelsize=9, labelfontfamily=FONT, color=GREY, labelcolor=INK)
    ax.spines[["top", "right"]].set_visible(False)
    if grid:
        ax.grid(visible=True, axis=grid, color="#E6E6E6", linewidth=0.8)
        ax.set_axisbelow(True)
    return ax


def tints() -> Colormap:
    """Return the scale of counts: white for zero alone, then pale to dark, lightness falling all the way."""
    colours = mpl.colormaps["Blues"](np.linspace(0.2, 1, 256))
    colours[0] = (1, 1, 1, 1)
    return ListedColormap(colours, name="mali_stats_tints")


def log_norm(top: float) -> SymLogNorm:
    """Return a norm for counts from 0 to ``top``: linear up to 1, logarithmic above."""
    return SymLogNorm(linthresh=1, linscale=0.4, vmin=0, vmax=max(float(top), 1.0) if np.isfinite(top) else 1.0)


def root_norm(top: float) -> PowerNorm:
    """Return a norm from 0 to ``top`` by square roots: the largest are told apart, the small not lost."""
    return PowerNorm(0.5, vmin=0, vmax=float(top) if top > 0 else 1.0)


def steps_to(top: float) -> list[float]:
    """Return the round numbers ..., 0.3, 1, 3, 10, 30, ... up to ``top``."""
    return [step for power in range(-3, 9) for digit in (1, 3) if (step := float(f"{digit}e{power}")) <= top]


def scale_bar(norm: Normalize, ax: Axes, label: str, **where) -> None:
    """Draw the scale of colours with round numbers."""
    wanted = [0.0]
    for step in steps_to(norm.vmax):
        if norm(step) - norm(wanted[-1]) > 0.07:  # room for the next number
            wanted.append(step)
    bar = ax.figure.colorbar(mpl.cm.ScalarMappable(norm, tints()), ax=ax, label=label, ticks=wanted, **where)
    bar.set_ticks(wanted, labels=[f"{step:,g}" for step in wanted], fontsize=9, fontfamily=FONT)
    bar.ax.minorticks_off()
    bar.outline.set_linewidth(0.5)


def ink_on(colour) -> str:
    """Return dark or white, whichever is easier to read on a colour (contrast as in WCAG 2)."""
    parts = np.array(to_rgb(colour))
    parts = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return INK if parts @ [0.2126, 0.7152, 0.0722] > 0.2 else "white"


def missing_patch(label: str = "no figure (out of scope)") -> Patch:
    """Return the legend entry of what has no figure."""
    return Patch(label=label, **MISSING)


def zero_patch() -> Patch:
    """Return the legend entry of a zero."""
    return Patch(facecolor="white", edgecolor=GREY, linewidth=0.6, label="0: in scope, none reported")


def legend_above(ax: Axes, handles: list, title: str | None = None, *, ncols: int = 4, **look) -> None:
    """Draw the legend above the axes, where it hides no data."""
    if handles or title:
        ax.legend(
            handles=handles, loc="lower left", bbox_to_anchor=(0, 1), ncols=ncols, borderaxespad=0.3, borderpad=0,
            handlelength=1.8, columnspacing=1.2, title=title, title_fontsize=9, alignment="left",
            **look,
        )  # fmt: skip


def sign(ax: Axes, source: str | None, shown: str = "", *, kind: str, column: str = "", per: str = "") -> None:
    """Write the source in small grey letters below the axes and all their labels, and mark what they show.

    ``kind`` is a row of ``seeds/captions.csv``; by it, the column drawn and the one it is divided by, ``ms.export``
    captions the figure in either language.
    """
    ax.set_label(captions.mark(kind, column, per))
    text = f"Source: {source or catalog.publisher('ucdp_ged')}." + (f" Shown: {shown}." if shown else "")
    foot(ax, text)


def foot(ax: Axes, text: str) -> None:
    """Write a text in the place of the source line, folded to the width of the axes."""
    for old in [artist for artist in ax.texts if artist.get_gid() == "source"]:
        old.remove()
    width = int(ax.get_position().width * ax.figure.get_figwidth() * 17)
    ax.annotate(
        textwrap.fill(text, max(width, 30)), xy=(0, 0), xycoords=("axes fraction", ax.xaxis.label),
        xytext=(0, -5), textcoords="offset points", ha="left", va="top", fontsize=7.5, color=GREY,
        annotation_clip=False, gid="source",
    )  # fmt: skip


def sources_of(rows: pd.DataFrame) -> str:
    """Return the short citation of every source that a frame's own column names."""
    names = pd.Series(rows["source"].dropna().unique()).str.removesuffix("_idu").unique()
    cards = sorted(set(names) & set(catalog.cards()))
    return "; ".join([*(catalog.cite(card, style="short") for card in cards), *sorted(set(names) - set(cards))])


def span(times) -> str:
    """Return first and last of months or years in words, for the source line."""
    first, last = times.min(), times.max()
    form = (lambda t: f"{t:%Y-%m}") if isinstance(first, pd.Timestamp) else (lambda t: f"{t:g}")
    return form(first) if first == last else f"{form(first)} to {form(last)}"


def describe(column: str) -> str:
    """Return a column's name as words for an axis."""
    return captions.word(column)


def unit(column: str) -> str:
    """Return what a column counts."""
    return "deaths" if column.startswith("deaths") else column.replace("_", " ")


def best(value: str, frame: pd.DataFrame) -> str:
    """Return the column meant by ``value``: "deaths" stands for their best estimate."""
    return "deaths_best" if value == "deaths" and "deaths" not in getattr(frame, "columns", ()) else value


def need(frame, columns: Iterable[str], who: str, first: str) -> None:
    """Raise unless ``frame`` is a frame with ``columns``; the message names the call to make first."""
    if not isinstance(frame, pd.DataFrame):
        raise TypeError(f"{who}: a pandas.DataFrame is wanted, got {type(frame).__name__}. {first}")
    columns = list(columns)
    missing = [str(c) for c in columns if not pd.api.types.is_hashable(c) or c not in frame]
    if missing:
        has = ", ".join(map(str, frame.columns[:20])) or "none"
        raise ValueError(f"{who}: missing column {', '.join(missing)} (the frame has: {has}). {first}")
    if frame.empty:
        raise ValueError(f"{who}: the frame has no rows. {first}")
    twice = [str(c) for c in columns if isinstance(frame[c], pd.DataFrame)]
    if twice:
        raise ValueError(f"{who}: column {', '.join(twice)} stands twice in the frame; keep one of each.")
    for column in columns:
        lists = [value for value in frame[column] if isinstance(value, list)] if frame[column].dtype == object else []
        if lists:
            raise ValueError(
                f"{who}: column {column} holds lists, such as {lists[0]!r}; one value a row is wanted. {first}"
            )


def numbers(frame: pd.DataFrame, column: str, who: str) -> pd.Series:
    """Return a column as floats, NaN where it is missing or the row is out of scope.

    Raises
    ------
    ValueError
        where it holds something else than numbers, or infinite ones.
    """
    if not pd.api.types.is_numeric_dtype(frame[column]):
        raise ValueError(f"{who}: column {column} holds {frame[column].dtype}, and numbers are wanted.")
    values = pd.Series(frame[column].to_numpy(dtype=float, na_value=np.nan), index=frame.index)
    if np.isinf(values).any():
        raise ValueError(f"{who}: column {column} is infinite in {int(np.isinf(values).sum())} rows; leave them out.")
    return values.where(in_scope(frame, who, unknown=False)) if "in_scope" in frame else values


def add_up(frame: pd.DataFrame, keys: list[str], columns: list[str], who: str) -> pd.DataFrame:
    """Return sums of ``columns`` by ``keys``; a sum of which a part is missing is missing, not smaller.

    Raises
    ------
    ValueError
        where a key is missing.
    """
    for key in keys:
        if frame[key].isna().any():
            rows = int(frame[key].isna().sum())
            raise ValueError(f"{who}: column {key} is missing in {rows} rows; fill it or leave those rows out first.")
    values = frame[keys].assign(**{column: numbers(frame, column, who) for column in columns})
    groups = values.groupby(keys, observed=True, sort=True)
    whole = groups[columns].count().eq(groups.size(), axis=0)
    return groups[columns].sum().where(whole).reset_index()
