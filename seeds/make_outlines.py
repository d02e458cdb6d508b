"""Coarse outlines of a country's regions from a GeoJSON of its admin-1 boundaries.

    python seeds/make_outlines.py GEOJSON                     # Mali, to seeds/places/MLI/outlines.csv
    python seeds/make_outlines.py GEOJSON --key ADM1_PCODE --name ADM1_EN --out outlines.csv

Neighbours keep sharing their borders: the borders of all regions are simplified and put on a lattice of 0.1
degree together, and only then cut into regions again. The vertices are then moved along the lattice, one at
a time, wherever that brings the outlines closer to the originals (about a minute).

The columns are region, region_name (as in regions.csv beside the output, if the region is there), ring (the
outside first, then holes and further parts), point, longitude, latitude. The first point of a ring is not
repeated at its end; outsides run counter-clockwise, holes clockwise.

Needs shapely 2.1 or later (``pip install "mali_stats[outlines]"``).
"""

from __future__ import annotations

import argparse
import csv
import json
from itertools import product
from pathlib import Path

import shapely
from shapely.geometry import MultiPolygon, Polygon, shape
from shapely.geometry.polygon import orient

GRID = 0.1
#: A grid ten times finer on which slivers between neighbours of the original file close.
FINE = 0.01
STEPS = list(product((-GRID, 0, GRID), repeat=2))
HERE = Path(__file__).parent


def read(path, key, name):
    """Code, name and geometry of each region, in the order of their codes."""
    features = json.loads(Path(path).read_text(encoding="utf-8"))["features"]
    rows = [(f["properties"][key], f["properties"][name], shape(f["geometry"])) for f in features]
    return sorted(rows, key=lambda row: row[0])


def spelt(names, codes, folder):
    """Return the names as the seeds spell them, where they know the region."""
    known = {}
    if (folder / "regions.csv").is_file():
        with open(folder / "regions.csv", newline="", encoding="utf-8") as file:
            known = {row["region"]: row["region_name"] for row in csv.DictReader(file)}
    return [known.get(code, name) for code, name in zip(codes, names, strict=True)]


def on_grid(areas, originals, grid):
    """Lay the areas on a lattice without gaps or overlaps: each face goes to the region it is mostly of."""
    lines = shapely.union_all([area.boundary for area in areas], grid_size=grid)
    faces = [[] for _ in areas]
    for face in shapely.get_parts(shapely.polygonize(shapely.get_parts(lines))):
        shares = [face.intersection(original).area for original in originals]
        if max(shares) > face.area / 2 or face.area < grid**2:
            faces[shares.index(max(shares))].append(face)
    return [shapely.union_all(part) for part in faces]


def vertices(area):
    """Count the vertices, without the closing ones."""
    return sum(len(ring) for ring in rings(area))


def rings(area):
    """Return the rings of an area as lists of lattice points, largest part first, not closed."""
    parts = sorted(shapely.get_parts(area), key=lambda part: (-part.area, part.bounds))
    out = []
    for part in map(orient, parts):
        out += [[(round(x, 1), round(y, 1)) for x, y in ring.coords[:-1]] for ring in (part.exterior, *part.interiors)]
    return out


def coarse(originals, most):
    """Return the finest simplification whose outlines have at most ``most`` vertices each."""
    clean = on_grid(originals, originals, FINE)
    for step in range(1, 200):
        areas = on_grid(shapely.coverage_simplify(clean, step * FINE), clean, GRID)
        straight = shapely.coverage_simplify(areas, 0)  # without the points that lie between two others
        if max(map(vertices, straight)) <= most:
            return [MultiPolygon(shapely.get_parts(area).tolist()) for area in straight]
    raise ValueError(f"no simplification has at most {most} vertices a region; allow more with --most")


def changed(area, here, there):
    """Return the area with one lattice point moved."""

    def ring(line):
        points = [(round(x, 1), round(y, 1)) for x, y in line.coords[:-1]]
        return [there if point == here else point for point in points]

    parts = shapely.get_parts(area)
    return MultiPolygon([Polygon(ring(part.exterior), [ring(hole) for hole in part.interiors]) for part in parts])


def misfit(areas, originals, which):
    """Add up what lies in one of outline and original only, as a share of the original, for some regions."""
    return sum(shapely.symmetric_difference(areas[i], originals[i]).area / originals[i].area for i in which)


def fitted(areas, originals):
    """Move each lattice point to a neighbouring one while that brings the outlines closer.

    Only points not in use are moved to, so that no border folds onto another.
    """
    better = True
    while better:
        better = False
        for here in sorted(points_of(areas)):
            which = [i for i, area in enumerate(areas) if here in points_of([area])]
            around = [tuple(round(at + by, 1) for at, by in zip(here, step, strict=True)) for step in STEPS]
            for there in [there for there in around if there not in points_of(areas)]:
                trial = [changed(area, here, there) if i in which else area for i, area in enumerate(areas)]
                if sound(trial) and misfit(trial, originals, which) < misfit(areas, originals, which) - 1e-9:
                    areas, here, better = trial, there, True
    return areas


def points_of(areas):
    """Return the lattice points in use."""
    return {point for area in areas for ring in rings(area) for point in ring}


def sound(areas):
    """Tell whether every outline is valid and neighbours neither overlap nor leave a gap."""
    return all(area.is_valid for area in areas) and shapely.coverage_is_valid(areas)


def main():
    """Write the outlines and print how far they are from the originals."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("geojson")
    parser.add_argument("--key", default="adm1_pcode", help="the property that holds the region's code")
    parser.add_argument("--name", default="adm1", help="the property that holds the region's name")
    parser.add_argument("--most", type=int, default=60, help="the most vertices a region may have")
    parser.add_argument("--out", type=Path, default=HERE / "places" / "MLI" / "outlines.csv")
    wanted = parser.parse_args()
    codes, names, originals = zip(*read(wanted.geojson, wanted.key, wanted.name), strict=True)
    areas = fitted(coarse(originals, wanted.most), originals)
    names = spelt(names, codes, wanted.out.parent)
    with open(wanted.out, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["region", "region_name", "ring", "point", "longitude", "latitude"])
        for code, name, area in zip(codes, names, areas, strict=True):
            for number, ring in enumerate(rings(area), 1):
                writer.writerows([code, name, number, point, *xy] for point, xy in enumerate(ring, 1))
    for code, area, original in zip(codes, areas, originals, strict=True):
        far = shapely.hausdorff_distance(area.boundary, original.boundary, densify=0.01) * 111
        change = 100 * (area.area / original.area - 1)
        print(f"{code}: {vertices(area)} vertices, area {change:+.1f} %, at most about {far:.0f} km off")


if __name__ == "__main__":
    main()
