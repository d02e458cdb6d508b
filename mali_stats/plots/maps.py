"""Figures in space: ``plot_map`` with equal tiles, or with outlines."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.patheffects import withStroke

from mali_stats import catalog
from mali_stats.asked import text_or_none
from mali_stats.plots import shapes
from mali_stats.plots.theme import (
    GREY,
    INK,
    MISSING,
    PALETTE,
    axes,
    best,
    describe,
    ink_on,
    legend_above,
    missing_patch,
    need,
    numbers,
    root_norm,
    scale_bar,
    sign,
    steps_to,
    theme,
    tints,
    unit,
    zero_patch,
)
from mali_stats.schema import UNALLOCATED

_FIRST = "Add up a panel first: panel.groupby(['region', 'region_name'], as_index=False)['deaths_best'].sum()."
#: The largest circle, in square points.
_LARGEST = 1500.0
_CIRCLE = "#A9CFE8"
#: Figures less wide than this, in inches, have the scale of colours below.
_NARROW = 5.5


def plot_map(
    frame: pd.DataFrame,
    value: str = "deaths_best",
    *,
    kind: str = "tiles",
    geojson: Any = None,
    rate_per: str | None = None,
    per: float = 100_000,
    top: float | None = None,
    country: str | Path = "MLI",
    ax: Axes | None = None,
    source: str | None = None,
) -> Axes:
    """Draw one figure per region: on tiles of equal size, or on outlines.

    Large and empty regions fill a map with their colour, so areas of outlines are coloured by rates only;
    counts are drawn on them as circles whose area is the count. What is not placed in a region is said in
    words below. A region without a figure is hatched.

    Parameters
    ----------
    frame : pandas.DataFrame
        one row per region, region codes as in the seeds or in ``geojson``; region_name is used where it is
        there, and the row "unallocated" holds what is not placed. A GeoDataFrame brings its own outlines.
    value : str
        column to draw, counts or any number of 0 or more; "deaths" stands for deaths_best.
    kind : {"tiles", "outlines"}
        equal tiles at about their place, or coarse outlines.
    geojson : path, dict or GeoDataFrame, optional
        other outlines, in longitude and latitude, implying ``kind="outlines"``; the property that holds the
        regions is found by itself. geopandas is not needed.
    rate_per : str, optional
        column to divide by, such as person_years.
    per : float
        the rate is value / ``rate_per`` x ``per``.
    top : float, optional
        where the scale of colours ends (of circles: their largest), so that several maps share one; by default
        the largest figure drawn.
    country : str or Path
        ISO3 code of the country whose tiles or outlines in seeds/ are used, or a folder of seed tables, as
        ``ms.read_events`` takes it.
    ax : matplotlib.axes.Axes, optional
        where to draw; a new figure by default.
    source : str, optional
        the source line; UCDP GED by default. Shipped outlines are credited in any case.

    Returns
    -------
    matplotlib.axes.Axes
        tiles in columns and rows, or degrees of longitude and latitude.

    Raises
    ------
    TypeError
        when ``frame`` is not a frame.
    ValueError
        for missing columns, several rows of a region, negative figures or figures above ``top``, a region without
        a place (the nearest known one is proposed), or another ``kind``.

    Examples
    --------
    >>> import mali_stats as ms
    >>> frame = pd.DataFrame({"region": ["ML05", "ML07", "unallocated"], "deaths_best": [120, 0, 30]})
    >>> ax = ms.plot_map(frame)
    >>> ax.get_xlabel()
    'not placed in a region: 30 deaths'
    """
    text_or_none("plot_map", value=value, kind=kind, rate_per=rate_per, source=source)
    column = best(value, frame)
    need(frame, ["region", column, *([rate_per] if rate_per else [])], "plot_map", _FIRST)
    if kind not in ("tiles", "outlines"):
        raise ValueError(f"plot_map: kind {kind!r} is not known; use 'tiles' or 'outlines'.")
    if geojson is None and hasattr(frame, "__geo_interface__"):
        geojson = frame
    rows = _figures(frame, column, rate_per, per)
    top = _top(rows["figure"], top)
    label = describe(column) + (f" per {per:,.0f} {rate_per.replace('_', '-')}" if rate_per else "")
    with theme():
        if kind == "tiles" and geojson is None:
            ax = _draw_tiles(rows, _named_frame(frame), country, label, top, ax)
        else:
            ax = _draw_outlines(rows, _outlines(rows, geojson, country, frame), label, bool(rate_per), top, ax)
        ax.set_xlabel(_not_placed(frame, column, bool(rate_per)), fontsize=9)
        own = geojson is None and kind == "outlines"
        credit = _credit(source, country, outlines=own, people=rate_per == "person_years")
        sign(ax, credit, kind="plot_map", column=column, per=rate_per or "")
    return ax


def _figures(frame: pd.DataFrame, column: str, rate_per: str | None, per: float) -> pd.DataFrame:
    """Return region (index), name and figure of what is placed; one row a region."""
    placed = frame[frame["region"] != UNALLOCATED]
    twice = placed["region"][placed["region"].duplicated()]
    if len(twice):
        raise ValueError(f"plot_map: region {twice.iloc[0]!r} has several rows, one is wanted. {_FIRST}")
    figure = numbers(placed, column, "plot_map")
    if (figure < 0).any():
        raise ValueError(
            f"plot_map: {column} is negative in {placed['region'][figure < 0].iloc[0]}; draw it otherwise."
        )
    if rate_per:
        if not pd.api.types.is_number(per) or not per > 0:
            raise ValueError(f"plot_map: per={per!r} is not accepted; give a number above 0, such as 100_000.")
        base = numbers(placed, rate_per, "plot_map")
        figure = figure / base.where(base > 0) * per
    names = placed["region_name"] if "region_name" in placed else pd.Series(pd.NA, index=placed.index)
    names = names.astype(object).where(names.notna(), None).map(str, na_action="ignore").astype("str")
    return pd.DataFrame({"region": placed["region"], "name": names, "figure": figure}).set_index("region")


def _top(figures: pd.Series, top: float | None) -> float:
    """Return where the scale ends; a figure beyond it would look like a smaller one."""
    if top is not None and not isinstance(top, int | float | np.number):
        raise TypeError(
            f"plot_map: top={top!r} is no number; give the largest figure of all maps that share the scale."
        )
    if top is not None and (figures > top).any():
        raise ValueError(
            f"plot_map: {figures.idxmax()} has {_number(figures.max())}, above top={top:g}; give the largest figure of "
            "all maps that share the scale."
        )
    return figures.max() if top is None else top


def _named_frame(frame: pd.DataFrame) -> str | None:
    names = list(frame["frame"].unique()) if "frame" in frame else []
    return names[0] if len(names) == 1 else None


def _outlines(rows: pd.DataFrame, geojson, country: str, frame: pd.DataFrame) -> pd.DataFrame:
    """Return name, figure and rings of every region there is an outline of."""
    regions = rows.index.to_series()
    if geojson is None:
        rings = shapes.shipped(regions, country, _named_frame(frame))
        known = shapes.tiles(regions, country, _named_frame(frame))["region_name"]
    else:
        rings, known = shapes.from_geojson(geojson, regions), pd.Series(dtype=object)
    table = rows.reindex(list(rings)).assign(rings=list(rings.values()))
    table["name"] = table["name"].fillna(known.reindex(table.index)).fillna(table.index.to_series())
    return table


def _draw_tiles(rows: pd.DataFrame, frame: str | None, country: str, label: str, top: float, ax: Axes | None) -> Axes:
    table = shapes.tiles(rows.index.to_series(), country, frame)
    names = rows["name"].reindex(table.index).fillna(table["region_name"])
    figures = rows["figure"].reindex(table.index)
    norm, ax = root_norm(top), axes(ax, height=4.4, grid=None)
    for region, place in table.iterrows():
        figure = figures[region]
        colour = tints()(norm(figure))
        look: dict[str, Any] = (
            MISSING if np.isnan(figure) else {"facecolor": colour, "edgecolor": GREY, "linewidth": 0.6}
        )
        corner = (place["tile_col"] - 0.48, place["tile_row"] - 0.48)
        ax.add_patch(Rectangle(corner, 0.96, 0.96, gid=region, **look))
        _tile_text(ax, place, names[region], figure, ink_on(look["facecolor"]), _points_a_tile(ax, table))
    ax.set_xlim(table["tile_col"].min() - 0.55, table["tile_col"].max() + 0.55)
    ax.set_ylim(table["tile_row"].max() + 0.55, table["tile_row"].min() - 0.55)
    ax.set_aspect("equal")
    _bare(ax)
    _scale(ax, norm, label, figures)
    return ax


def _points_a_tile(ax: Axes, table: pd.DataFrame) -> float:
    """Return about how wide a tile will be, in points."""
    across = table["tile_col"].max() - table["tile_col"].min() + 1
    down = table["tile_row"].max() - table["tile_row"].min() + 1
    width, height = ax.get_position().size * ax.figure.get_size_inches() * 72
    # the layout will widen upwards, and sideways only where nothing stands beside
    return min((1.2 if _is_narrow(ax) else 1.0) * width / across, 1.15 * height / down)


def _is_narrow(ax: Axes) -> bool:
    """Whether a scale beside the tiles would take the room of their names."""
    return ax.figure.get_figwidth() < _NARROW


def _tile_text(ax: Axes, place: pd.Series, name: str, figure: float, colour: str, width: float) -> None:
    look: dict[str, Any] = {"ha": "center", "va": "center", "color": colour}
    if np.isnan(figure):
        look["path_effects"] = [withStroke(linewidth=2.5, foreground=MISSING["facecolor"])]
    for text, down, size in ((name, -0.16, 9.5), (_number(figure), 0.17, 11)):
        fitting = min(size, width * 0.92 / (0.62 * len(text)))  # a letter is about 0.62 of its size wide
        ax.text(place["tile_col"], place["tile_row"] + down, text, fontsize=fitting, **look)


def _draw_outlines(
    rows: pd.DataFrame, table: pd.DataFrame, label: str, rates: bool, top: float, ax: Axes | None
) -> Axes:
    norm, ax = root_norm(top), axes(ax, height=5.4, grid=None)
    for region, row in table.iterrows():
        plain = {
            "facecolor": tints()(norm(row["figure"])) if rates else "#FAFAFA",
            "edgecolor": GREY,
            "linewidth": 0.7,
        }
        look: dict[str, Any] = MISSING if np.isnan(row["figure"]) else plain
        ax.add_patch(PathPatch(shapes.outline(row["rings"]), gid=region, **look))
    points = np.vstack([ring for rings in table["rings"] for ring in rings])
    ax.update_datalim(points)
    ax.autoscale_view()
    ax.set_aspect(1 / np.cos(np.radians(points[:, 1].mean())))
    _bare(ax)
    sizes = pd.Series(0.0, index=table.index) if rates else _circles(ax, table, label, top)
    for region, row in table.iterrows():
        _outline_text(ax, row, sizes[region])
    if rates:
        _scale(ax, norm, label, table["figure"])
    return ax


def _circles(ax: Axes, table: pd.DataFrame, label: str, top: float) -> pd.Series:
    """Draw circles whose area is the count; return their sizes in square points."""
    sizes = (table["figure"] / (top or 1) * _LARGEST).fillna(0.0)
    look: dict[str, Any] = {"facecolor": _CIRCLE, "linewidths": 0.7, "edgecolors": PALETTE[0]}
    at = np.array([shapes.centre(rings) for rings in table["rings"]])
    ax.scatter(at[:, 0], at[:, 1], s=sizes, gid="circles", **look)
    steps = steps_to(top)[-3:]
    handles: list[Artist] = [ax.scatter([], [], s=step / top * _LARGEST, label=f"{step:,g}", **look) for step in steps]
    if table["figure"].isna().any():
        handles.append(missing_patch())
    widest = 2 * np.sqrt(steps[-1] / top * _LARGEST / np.pi) if steps else 9
    legend_above(ax, handles, label, handleheight=widest / 9 + 0.3, handletextpad=1.0)
    return sizes


def _outline_text(ax: Axes, row: pd.Series, size: float) -> None:
    """Write name and figure at a region's centre; beside it for a tiny region, below a small circle."""
    radius = np.sqrt(size / np.pi)
    place: dict[str, Any] = {"ha": "center", "va": "center", "xytext": (0, 0)}
    if 0 < radius < 10:
        place |= {"va": "top", "xytext": (0, -radius - 1)}
    if np.ptp(np.vstack(row["rings"]), axis=0).max() < 0.04 * np.ptp(ax.get_ylim()):
        line = {"arrowstyle": "-", "color": INK, "linewidth": 0.6, "shrinkA": 0, "shrinkB": radius}
        place |= {"ha": "right", "ma": "center", "xytext": (-18, -12), "arrowprops": line}
    ax.annotate(
        f"{row['name']}\n{_number(row['figure'])}", shapes.centre(row["rings"]), textcoords="offset points",
        fontsize=8.5, linespacing=1.1, path_effects=[withStroke(linewidth=2, foreground="white")], **place,
    )  # fmt: skip


def _number(figure: float) -> str:
    if np.isnan(figure):
        return "no figure"
    if figure % 1 == 0 or figure >= 100:
        return f"{figure:,.0f}"
    return f"{figure:.1f}" if figure >= 1 else f"{figure:.1g}"


def _bare(ax: Axes) -> None:
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set_visible(False)


def _scale(ax: Axes, norm, label: str, figures: pd.Series) -> None:
    where = "bottom" if _is_narrow(ax) else "right"
    scale_bar(norm, ax, label, shrink=0.85, pad=0.02, aspect=20, location=where)
    zero = [zero_patch()] if (figures == 0).any() else []
    legend_above(ax, zero + ([missing_patch()] if figures.isna().any() else []))


def _not_placed(frame: pd.DataFrame, column: str, rates: bool) -> str:
    row = frame[frame["region"] == UNALLOCATED]
    if row.empty:
        return f"the frame has no row for {unit(column)} not placed in a region"
    count = numbers(row, column, "plot_map").sum(min_count=1)
    where = "not placed in a region" + (", so in no rate" if rates else "")
    counted = unit(column).removesuffix("s") if count == 1 else unit(column)
    return f"{where}: {_number(count)} {counted}" if np.isfinite(count) else f"{where}: not known"


def _credit(source: str | None, country: str | Path, *, outlines: bool, people: bool) -> str:
    """Credit what the map itself adds to the figures: its outlines, and the people of ms.add_population."""
    drawn = _named(country, "outlines", "ocha_cod") if outlines else []
    counted = [catalog.publisher("worldbank"), *_named(country, "census", "instat_census")] if people else []
    if source and outlines:
        source = f"{source}; outlines: {'; '.join(drawn)}"
    return source or "; ".join([catalog.publisher("ucdp_ged"), *drawn, *counted])


def _named(country: str | Path, table: str, card: str) -> list[str]:
    """Name the source of a seed table: Mali's by its card, any other by its own column source."""
    if country == "MLI":
        return [catalog.cite(card, style="short")]
    rows = catalog.seed_of(country, table)
    return list(rows["source"].dropna().unique()) if "source" in rows else [f"{table}: source not named"]
