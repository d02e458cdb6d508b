"""The forms a map is drawn with: tiles from the seeds, outlines from the seeds, or any GeoJSON."""

from __future__ import annotations

import difflib
import json
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.path import Path as Outline

from mali_stats import catalog

#: region -> its rings as arrays of (longitude, latitude), outsides counter-clockwise, holes clockwise.
Shapes = dict[str, list[np.ndarray]]


def tiles(regions: pd.Series, country: str | Path, frame: str | None) -> pd.DataFrame:
    """Return the tile of every region of the frame that ``regions`` belong to, indexed by region.

    Columns: region_name, tile_row, tile_col. The frame is the one named, else the one that has just these
    regions, else the first that has them all.

    Raises
    ------
    ValueError
        for regions that no frame has, and where the seed table gives no tiles.
    """
    table = _regions(regions, country, frame)
    name = f"{catalog.seeds_folder(country).name}/regions.csv"
    absent = [column for column in _TILE if column not in table]
    if absent:
        raise ValueError(
            f"plot_map: {name} lacks {', '.join(absent)}, the place of each region's tile (whole numbers, row 0 in the "
            "north, column 0 in the west). Add them, or give geojson= with the borders."
        )
    places = table[_TILE].apply(pd.to_numeric, errors="coerce")
    wrong = places.index[(places.isna() | (places % 1 != 0)).any(axis=1)]
    if len(wrong):
        raise ValueError(f"plot_map: {name}: the tile of {wrong[0]} is not two whole numbers ({', '.join(_TILE)}).")
    return table[["region_name"]].assign(**places.astype(int))


_TILE = ["tile_row", "tile_col"]


def _regions(regions: pd.Series, country: str | Path, frame: str | None) -> pd.DataFrame:
    seed = catalog.seed_of(country, "regions")
    frames = {name: rows.set_index("region") for name, rows in seed.groupby("frame", sort=False)}
    return frames[_frame(set(regions), frames, str(country), frame)]


def _frame(regions: set[str], frames: dict[str, pd.DataFrame], country: str, frame: str | None) -> str:
    fitting = [name for name, rows in frames.items() if regions <= set(rows.index)]
    exact = [name for name in fitting if regions == set(frames[name].index)]
    choice = [name for name in (frame, *exact, *fitting) if name in fitting]
    if not choice:
        known = sorted({region for rows in frames.values() for region in rows.index})
        _unknown(regions - set(known) or regions, known, f"the seeds of {country}", _OTHER)
    return choice[0]


def shipped(regions: pd.Series, country: str | Path, frame: str | None) -> Shapes:
    """Return the outlines of the country's seed tables.

    Raises
    ------
    ValueError
        where the regions are of another frame than the outlines.
    """
    table = catalog.seed_of(country, "outlines")
    table[["longitude", "latitude"]] = table[["longitude", "latitude"]].astype(float)
    shapes: Shapes = {}
    for (region, _), ring in table.groupby(["region", "ring"], sort=False):
        shapes.setdefault(region, []).append(ring[["longitude", "latitude"]].to_numpy())
    fitting = _regions(regions, country, frame)
    if set(fitting.index) != set(shapes):
        raise ValueError(
            f"plot_map: the outlines of {country} have the regions {', '.join(shapes)}, and the "
            f"frame those of another division ({', '.join(fitting.index[:5])}, ...). Use kind='tiles', or "
            "give geojson= with its borders."
        )
    return shapes


def from_geojson(geojson, regions: pd.Series) -> Shapes:
    """Return the outlines by region in a GeoJSON: a path, a dict, or anything with ``__geo_interface__``.

    Raises
    ------
    ValueError
        when it holds no property with the regions' codes, not areas, or not degrees.
    """
    features = _features(geojson)
    key = _key(features, regions)
    shapes: Shapes = {}
    for feature in features:
        shapes.setdefault(feature["properties"][key], []).extend(_rings(feature["geometry"]))
    if not all(shapes.values()):
        raise ValueError("plot_map: a region of the GeoJSON has no border (coordinates are empty); give it one.")
    if max(np.abs(ring).max() for rings in shapes.values() for ring in rings) > 360:
        raise ValueError("plot_map: the GeoJSON is not in degrees; bring it to longitude and latitude (EPSG:4326).")
    return shapes


def _opened(path: Path) -> object:
    if not path.is_file():
        raise FileNotFoundError(f"plot_map: there is no file {path}; give geojson= the path of a GeoJSON.")
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"plot_map: {path.name} is no GeoJSON ({error}). Give a file of borders.") from error


def _features(geojson) -> list[dict]:
    if isinstance(geojson, str | Path):
        geojson = _opened(Path(geojson))
    geojson = getattr(geojson, "__geo_interface__", geojson)
    features = geojson.get("features") if isinstance(geojson, dict) else None
    if not features:
        raise ValueError(
            "plot_map: geojson must be a FeatureCollection: a path, a dict or a GeoDataFrame; "
            f"got {type(geojson).__name__} without features."
        )
    if not all(isinstance(f, dict) and isinstance(f.get("properties"), dict) and "geometry" in f for f in features):
        raise ValueError("plot_map: a feature of the GeoJSON lacks properties or geometry; give both to each region.")
    return features


def _key(features: list[dict], regions: pd.Series) -> str:
    """Return the property whose values hold the most regions; all of them must be there."""
    wanted = set(regions)
    values = {name: {f["properties"].get(name) for f in features} for name in features[0]["properties"]}
    key = max(values, key=lambda name: len(wanted & values[name]), default=None)
    if key is None or not wanted & values[key]:
        raise ValueError(
            "plot_map: no property of the GeoJSON holds the frame's regions "
            f"({', '.join(sorted(wanted)[:5])}); its properties: {', '.join(values) or 'none'}. "
            "Rename the regions to the values of one of them."
        )
    if wanted - values[key]:
        _unknown(wanted - values[key], sorted(map(str, values[key])), f"property {key} of the GeoJSON")
    return key


#: What to do where the regions are of another country.
_OTHER = " For another country give country=, its code or a folder of seed tables."


def _unknown(regions: set[str], known: list[str], where: str, more: str = "") -> None:
    first = sorted(map(str, regions))[0]
    close = difflib.get_close_matches(first, known, n=1, cutoff=0.5)
    hint = f"did you mean {close[0]!r}?" if close else f"known: {', '.join(known[:30])}."
    raise ValueError(f"plot_map: region {first!r} is not in {where}; {hint}{more}")


def _rings(geometry: dict | None) -> list[np.ndarray]:
    kind = geometry["type"] if geometry else "nothing"
    if kind not in ("Polygon", "MultiPolygon"):
        raise ValueError(f"plot_map: a region of the GeoJSON is {kind}; Polygon or MultiPolygon is wanted.")
    parts = geometry["coordinates"] if kind == "MultiPolygon" else [geometry["coordinates"]]
    return [_turned(ring, hole=number > 0) for part in parts for number, ring in enumerate(part)]


def _turned(ring, *, hole: bool) -> np.ndarray:
    """Return the ring, not closed, in the direction that tells an outside from a hole."""
    points = np.array([point[:2] for point in ring], dtype=float)[:-1]
    return points if (area(points) < 0) == hole else points[::-1]


def area(ring: np.ndarray) -> float:
    """Return the signed area in square degrees, positive counter-clockwise."""
    after = np.roll(ring, -1, axis=0)
    return float((ring[:, 0] * after[:, 1] - after[:, 0] * ring[:, 1]).sum() / 2)


def centre(rings: list[np.ndarray]) -> np.ndarray:
    """Return the centroid of the largest ring, where a number is written."""
    ring = max(rings, key=area)
    ring, origin = ring - ring[0], ring[0]
    after = np.roll(ring, -1, axis=0)
    cross = ring[:, 0] * after[:, 1] - after[:, 0] * ring[:, 1]
    return origin + ((ring + after) * cross[:, np.newaxis]).sum(axis=0) / (3 * cross.sum())


def outline(rings: list[np.ndarray]) -> Outline:
    """Return one path of all rings, so that holes stay open."""
    return Outline.make_compound_path(*[Outline(np.vstack([ring, ring[:1]]), closed=True) for ring in rings])
