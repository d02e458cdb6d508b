"""The plots, tested by reading their artists, never their pixels."""

import json
from types import SimpleNamespace

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

mpl.use("Agg")

import matplotlib.pyplot as plt
from matplotlib.collections import FillBetweenPolyCollection, QuadMesh
from matplotlib.colors import same_color, to_rgb
from matplotlib.dates import date2num, num2date

from mali_stats import catalog, plots
from mali_stats.plots import shapes
from mali_stats.plots.theme import PALETTE, ink_on, log_norm, root_norm, tints

TEN = [f"ML{number:02d}" for number in range(1, 11)]


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


@pytest.fixture
def panel():
    """Two regions and what is not placed, three months, two types; August is out of scope in Gao."""
    rows = pd.MultiIndex.from_product(
        [
            ["ML05", "ML07", "unallocated"],
            pd.date_range("2023-07-01", periods=3, freq="MS"),
            ["one-sided", "state-based"],
        ],
        names=["region", "month", "type_of_violence"],
    ).to_frame(index=False)
    rows.insert(0, "country", "MLI")
    rows["region_name"] = rows["region"].map({"ML05": "Mopti", "ML07": "Gao", "unallocated": "unallocated"})
    best = pd.array([3, 0, 0, 0, 7, 100, 1, 2, 5, 5, 4, 4, 0, 0, 0, 1, 0, 0], dtype="Int64")
    rows["in_scope"] = pd.array([True] * 18, dtype="boolean")
    rows["deaths_low"], rows["deaths_best"], rows["deaths_high"] = best - (best > 0), best, best * 2
    rows["events"] = (best > 0).astype("Int64")
    out = (rows["region"] == "ML07") & (rows["month"] == "2023-08-01")
    rows.loc[out, ["events", "deaths_low", "deaths_best", "deaths_high"]] = pd.NA
    rows.loc[out, "in_scope"] = False
    return rows


@pytest.fixture
def regions():
    """One row per region, Kidal without a figure, Bamako zero, 30 deaths not placed."""
    frame = pd.DataFrame({"region": [*TEN, "unallocated"], "deaths_best": pd.array([30] * 11, dtype="Int64")})
    frame.loc[frame["region"].eq("ML08"), "deaths_best"] = pd.NA
    frame.loc[frame["region"].eq("ML09"), "deaths_best"] = 0
    frame.loc[frame["region"].eq("ML05"), "deaths_best"] = 1234
    frame["person_years"] = 2_000_000.0
    return frame


def stand_in(by=None, ci=(1.03, 1.49)):
    """What plot_fit uses of a trend."""
    months = pd.date_range("2017-01-01", periods=84, freq="MS")
    table = pd.DataFrame({"month": months, "observed": np.arange(84) % 7, "fitted": 3.0, "conf_low": 2.0})
    table["conf_high"] = 5.0
    if by:
        table = pd.concat([table.assign(observed=table["observed"] * n, region=f"R{n}") for n in range(1, 10)])
    table = table.assign(trend=table["fitted"], trend_low=table["conf_low"], trend_high=table["conf_high"])
    return SimpleNamespace(
        predict=lambda: table, outcome="events", time="month", by=by, cov="jackknife", method="jackknife",
        rate_ratio_per_year=1.2449, rate_ratio_ci=ci,
    )  # fmt: skip


def bands(ax):
    return [item for item in ax.collections if isinstance(item, FillBetweenPolyCollection)]


def texts(ax):
    return [text.get_text() for text in ax.texts]


def source_of(ax):
    (text,) = [text for text in ax.texts if text.get_gid() == "source"]
    return text


def legend(ax):
    box = ax.get_legend()
    return [box.get_title().get_text(), *(text.get_text() for text in box.get_texts())]


def patches(ax, gid):
    return [patch for patch in ax.patches if patch.get_gid() == gid]


# ---- series ------------------------------------------------------------------------------------------------


def test_series_adds_up_the_rows_of_a_month_and_leaves_a_gap_where_one_is_out_of_scope(panel):
    line = plots.plot_series(panel).lines[0]
    np.testing.assert_array_equal(line.get_ydata(), [6.0, np.nan, 115.0])


def test_series_band_runs_from_low_to_high_in_whole_months_only(panel):
    panel = panel[panel["region"] != "ML07"]
    ax = plots.plot_series(panel)
    (band,) = bands(ax)
    sums = panel.groupby("month")[["deaths_low", "deaths_high"]].sum()
    drawn = {tuple(point) for path in band.get_paths() for point in path.vertices}
    for column in sums:
        assert set(zip(date2num(sums.index), sums[column].astype(float), strict=True)) <= drawn
    assert "low-high as recorded (not a confidence interval)" in legend(ax)


def test_series_band_stops_at_a_gap(panel):
    months = pd.date_range("2023-01-01", periods=5, freq="MS")
    frame = pd.DataFrame({"month": months, "deaths_low": 1.0, "deaths_best": 2.0, "deaths_high": 3.0})
    frame.loc[2, ["deaths_low", "deaths_best", "deaths_high"]] = np.nan
    (band,) = bands(plots.plot_series(frame))
    assert len(band.get_paths()) == 2


def test_series_shows_a_month_without_a_row_as_a_gap():
    frame = pd.DataFrame({"month": pd.to_datetime(["2023-01-01", "2023-03-01"]), "events": [4, 5]})
    ax = plots.plot_series(frame, "events")
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), [4, np.nan, 5])
    np.testing.assert_array_equal(ax.lines[1].get_ydata(), [4, 5])  # lone months are marked
    assert not bands(ax)


def test_series_axis_begins_at_zero_even_where_the_counts_do_not():
    frame = pd.DataFrame({"year": [2021, 2022], "idps": [300_000, 310_000]})
    ax = plots.plot_series(frame, "idps", time="year")
    assert ax.get_ylim()[0] == 0
    assert ax.get_ylabel() == "idps per year"


def test_series_draws_the_band_of_any_value_that_has_one():
    frame = pd.DataFrame({"year": [2021, 2022], "idps": [3, 4], "idps_low": [2, 2], "idps_high": [5, 9]})
    assert len(bands(plots.plot_series(frame, "idps", time="year"))) == 1
    assert not bands(plots.plot_series(frame, "idps", time="year", band=False))


def test_series_by_level_has_a_line_and_a_band_each(panel):
    ax = plots.plot_series(panel[panel["region"] == "ML05"], by="type_of_violence")
    assert [line.get_ydata().tolist() for line in ax.lines] == [[3, 0, 7], [0, 0, 100]]
    assert len(bands(ax)) == 2
    assert legend(ax) == [
        "shaded: low-high as recorded (not a confidence interval)",
        "one-sided",
        "state-based",
    ]


def test_series_takes_periods():
    frame = pd.DataFrame({"month": pd.period_range("2023-01", periods=2, freq="M"), "events": [4, 5]})
    ax = plots.plot_series(frame, "events")
    assert ax.get_ylabel() == "events per month"


@pytest.mark.parametrize(
    ("change", "options", "message"),
    [
        (
            lambda f: f.drop(columns="deaths_low"),
            {},
            r"missing column deaths_low .*has: .*region_month_panel",
        ),
        (lambda f: f.iloc[:0], {}, "no rows"),
        (lambda f: f.assign(month=f["month"].astype(str)), {}, r"pd\.to_datetime"),
        (lambda f: f.assign(deaths_best="3"), {}, "numbers are wanted"),
        (lambda f: f.assign(region=[None, *f["region"][1:]]), {"by": "region"}, "missing in 1 rows"),
        (lambda f: f.assign(level=range(len(f))), {"by": "level"}, "18 levels"),
        (lambda f: f[f["month"] == "2023-08-01"], {}, "no sum is whole"),
    ],
)
def test_series_refuses_with_a_reason(panel, change, options, message):
    with pytest.raises(ValueError, match=message):
        plots.plot_series(change(panel), **options)


def test_series_refuses_what_is_no_frame():
    with pytest.raises(TypeError, match="got list"):
        plots.plot_series([1, 2])


# ---- heat map ----------------------------------------------------------------------------------------------


def meshes(ax):
    return [item for item in ax.collections if isinstance(item, QuadMesh)]


def test_heatmap_tells_zero_from_out_of_scope(panel):
    ax = plots.plot_heatmap(panel)
    ax.figure.draw_without_rendering()
    mopti, gao, _ = meshes(ax)
    assert same_color(mopti.get_facecolor()[1], "white")
    assert not same_color(mopti.get_facecolor()[0], "white")
    assert gao.get_array().mask.tolist() == [[False, True, False]]
    (gap,) = patches(ax, "missing")
    assert gap.get_hatch()
    assert num2date(gap.get_x()).strftime("%Y-%m-%d") == "2023-08-01"
    assert gap.get_width() == 31
    assert legend(ax)[1:] == ["0: in scope, none reported", "no figure (out of scope)"]


def test_heatmap_adds_up_types_and_sets_the_unallocated_apart_at_the_bottom(panel):
    ax = plots.plot_heatmap(panel)
    assert [mesh.get_array().filled(-1).tolist() for mesh in meshes(ax)] == [
        [[3, 0, 107]],
        [[3, -1, 8]],
        [[0, 1, 0]],
    ]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["Mopti", "Gao", "not placed"]
    places = ax.get_yticks()
    assert places[1] - places[0] == 1 < places[2] - places[1]
    assert ax.get_ylim()[0] > ax.get_ylim()[1]


def test_heatmap_by_year_draws_only_years_wholly_in_scope(panel):
    ax = plots.plot_heatmap(panel, "events", freq="year")
    assert [mesh.get_array().filled(-1).tolist() for mesh in meshes(ax)] == [[[3]], [[-1]], [[1]]]


def test_heatmap_is_one_scale_with_readable_numbers(panel):
    ax = plots.plot_heatmap(panel)
    assert len({(mesh.norm.vmin, mesh.norm.vmax) for mesh in meshes(ax)}) == 1
    bar = ax.figure.axes[1]
    assert [label.get_text() for label in bar.get_yticklabels()] == ["0", "1", "3", "10", "30", "100"]
    assert bar.get_ylabel() == "deaths (best estimate) per month"


def test_heatmap_of_nothing_but_zeros(panel):
    ax = plots.plot_heatmap(panel.assign(events=0), "events")
    ax.figure.draw_without_rendering()
    assert all(same_color(colour, "white") for mesh in meshes(ax)[:1] for colour in mesh.get_facecolor())


@pytest.mark.parametrize(
    ("change", "options", "message"),
    [
        (lambda f: f.drop(columns="region"), {}, "missing column region .*region_month_panel"),
        (lambda f: f, {"freq": "week"}, "'week'"),
        (lambda f: f.assign(country=["BFA", *f["country"][1:]]), {}, "one country at a time, got BFA, MLI"),
    ],
)
def test_heatmap_refuses_with_a_reason(panel, change, options, message):
    with pytest.raises(ValueError, match=message):
        plots.plot_heatmap(change(panel), **options)


# ---- maps --------------------------------------------------------------------------------------------------


def test_tiles_are_ten_with_names_and_numbers(regions):
    ax = plots.plot_map(regions)
    assert [patch.get_gid() for patch in ax.patches] == TEN
    assert {"Mopti", "1,234", "Tombouctou", "no figure", "0"} <= set(texts(ax))
    assert len({(patch.get_x(), patch.get_y()) for patch in ax.patches}) == 10
    assert ax.get_xlabel() == "not placed in a region: 30 deaths"


def test_tiles_tell_zero_from_missing_and_more_is_darker(regions):
    ax = plots.plot_map(regions)
    colour = {patch.get_gid(): patch.get_facecolor() for patch in ax.patches}
    assert same_color(colour["ML09"], "white")
    assert patches(ax, "ML08")[0].get_hatch() and not patches(ax, "ML09")[0].get_hatch()
    assert sum(colour["ML05"][:3]) < sum(colour["ML01"][:3]) < 3
    assert legend(ax)[1:] == ["0: in scope, none reported", "no figure (out of scope)"]


def test_a_region_without_a_row_is_hatched(regions):
    ax = plots.plot_map(regions[regions["region"] != "ML03"])
    assert patches(ax, "ML03")[0].get_hatch()


def test_rates_are_per_person_years_and_say_so(regions):
    ax = plots.plot_map(regions, rate_per="person_years")
    assert "61.7" in texts(ax)
    assert ax.figure.axes[1].get_ylabel() == "deaths (best estimate) per 100,000 person-years"
    assert ax.get_xlabel() == "not placed in a region, so in no rate: 30 deaths"


def test_a_frame_without_unallocated_says_so(regions):
    ax = plots.plot_map(regions[regions["region"] != "unallocated"])
    assert ax.get_xlabel() == "the frame has no row for deaths not placed in a region"


def test_counts_on_outlines_are_circles_of_that_area_over_plain_regions(regions):
    ax = plots.plot_map(regions, kind="outlines")
    (circles,) = [item for item in ax.collections if item.get_gid() == "circles"]
    sizes = dict(zip(TEN, circles.get_sizes(), strict=True))
    assert sizes["ML01"] / sizes["ML05"] == pytest.approx(30 / 1234)
    assert sizes["ML08"] == sizes["ML09"] == 0
    plain = {patch.get_facecolor() for patch in ax.patches if not patch.get_hatch()}
    assert len(plain) == 1
    assert patches(ax, "ML08")[0].get_hatch()


def test_rates_on_outlines_colour_the_areas(regions):
    ax = plots.plot_map(regions, kind="outlines", rate_per="person_years")
    colours = {patch.get_gid(): patch.get_facecolor() for patch in ax.patches}
    assert len(set(colours.values())) == 4
    assert "OCHA" in source_of(ax).get_text()


def test_shipped_outlines_are_credited_beside_a_source_of_ones_own(regions):
    text = source_of(plots.plot_map(regions, kind="outlines", source="Our count")).get_text()
    assert "Our count" in text and "OCHA" in text


def square(x, y, key, side=1.0, hole=()):
    ring = [
        [x, y],
        [x, y + side],
        [x + side, y + side],
        [x + side, y],
        [x, y],
    ]  # clockwise, as some files have it
    return {
        "type": "Feature", "properties": {"iso": "XY", "code": key},
        "geometry": {"type": "MultiPolygon", "coordinates": [[ring, *hole]]},
    }  # fmt: skip


@pytest.fixture
def geojson():
    hole = [[0.2, 0.2], [0.4, 0.2], [0.4, 0.4], [0.2, 0.2]]
    return {
        "type": "FeatureCollection",
        "features": [square(0, 0, "A", hole=[hole]), square(1, 0, "B"), square(2, 0, "C")],
    }


def test_any_geojson_will_do(geojson, tmp_path):
    frame = pd.DataFrame({"region": ["A", "B"], "deaths_best": [0, 5], "person_years": [100.0, 100.0]})
    path = tmp_path / "country.geojson"
    path.write_text(json.dumps(geojson), encoding="utf-8")
    for given in (geojson, path, str(path), SimpleNamespace(__geo_interface__=geojson)):
        ax = plots.plot_map(frame, geojson=given, rate_per="person_years", per=100, source="Us")
        assert [bool(patch.get_hatch()) for patch in ax.patches] == [False, False, True]
        assert same_color(ax.patches[0].get_facecolor(), "white")


def test_holes_turn_against_their_outsides(geojson):
    outside, hole = shapes.from_geojson(geojson, pd.Series(["A"]))["A"]
    assert shapes.area(outside) == 1
    assert shapes.area(hole) < 0


def test_a_geodataframe_brings_its_outlines():
    geopandas = pytest.importorskip("geopandas")
    from shapely.geometry import box

    frame = geopandas.GeoDataFrame(
        {"region": ["A", "B"], "deaths_best": [1, 2]}, geometry=[box(0, 0, 1, 1), box(1, 0, 2, 1)], crs=4326
    )
    assert len(plots.plot_map(frame).patches) == 2
    with pytest.raises(ValueError, match="degrees"):
        plots.plot_map(frame.to_crs(3857))


@pytest.mark.parametrize(
    ("change", "options", "message"),
    [
        (lambda f: f.drop(columns="deaths_best"), {}, "missing column deaths_best .*groupby"),
        (lambda f: pd.concat([f, f]), {}, "several rows.*Add up"),
        (lambda f: f.replace({"region": {"ML05": "Mo"}}), {"kind": "outlines"}, "not in the seeds"),
        (lambda f: f.replace({"region": {"ML05": "ML55"}}), {}, "'ML55' is not in the seeds of MLI; did"),
        (lambda f: f, {"kind": "globe"}, "'globe'"),
        (lambda f: f.assign(deaths_best=-1), {}, "negative in ML01"),
        (lambda f: f, {"top": 1233}, "ML05 has 1,234, above top=1233; give the largest figure of all maps"),
        (lambda f: f.iloc[:9], {"kind": "outlines"}, "another division"),
        (lambda f: f, {"geojson": {"type": "Point"}}, "FeatureCollection"),
        (lambda f: f, {"geojson": {"features": [square(0, 0, "A")]}}, "its properties: iso, code"),
        (lambda f: f, {"geojson": {"features": [square(0, 0, "ML01")]}}, "'ML02' is not in property code"),
        (lambda f: f.iloc[:1], {"geojson": {"features": [square(9e5, 0, "ML01")]}}, "not in degrees"),
    ],
)  # fmt: skip
def test_map_refuses_with_a_reason(regions, change, options, message):
    with pytest.raises(ValueError, match=message):
        plots.plot_map(change(regions), **options)


@pytest.mark.parametrize(("broken", "message"), [
    ({"geometry": {"type": "Polygon", "coordinates": []}}, "no border"),
    ({"geometry": {"type": "Point", "coordinates": [1, 2]}}, "is Point; Polygon or MultiPolygon is wanted"),
    ({"geometry": None}, "is nothing; Polygon or MultiPolygon is wanted"),
    ({"properties": None}, "lacks properties or geometry"),
])  # fmt: skip
def test_a_broken_region_of_a_geojson_is_told(geojson, broken, message):
    geojson["features"][1] |= broken
    geojson["features"] = geojson["features"][:2]
    with pytest.raises(ValueError, match=message):
        shapes.from_geojson(geojson, pd.Series(["A"]))


def test_a_file_of_borders_that_is_none_is_told(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"there is no file .*nothing\.geojson; give geojson="):
        shapes.from_geojson(tmp_path / "nothing.geojson", pd.Series(["A"]))
    (tmp_path / "half.geojson").write_text('{"features": [', encoding="utf-8")
    with pytest.raises(ValueError, match=r"half\.geojson is no GeoJSON .* Give a file of borders"):
        shapes.from_geojson(str(tmp_path / "half.geojson"), pd.Series(["A"]))


def test_maps_can_share_a_scale(regions):
    alone, shared = plots.plot_map(regions), plots.plot_map(regions, top=5000)
    mopti = [next(p for p in ax.patches if p.get_gid() == "ML05") for ax in (alone, shared)]
    assert same_color(mopti[0].get_facecolor(), tints()(1.0))
    assert same_color(mopti[1].get_facecolor(), tints()(root_norm(5000)(1234)))
    kidal = plots.plot_map(regions.assign(deaths_best=[30] * 11), top=1234).patches[7]
    assert same_color(kidal.get_facecolor(), alone.patches[0].get_facecolor())


def test_circles_can_share_a_scale(regions):
    small, large = (plots.plot_map(regions, kind="outlines", top=top) for top in (4 * 1234, 1234))
    sizes = [next(c for c in ax.collections if c.get_gid() == "circles").get_sizes().max() for ax in (small, large)]
    assert sizes[1] == pytest.approx(4 * sizes[0])


@pytest.mark.parametrize(("width", "below"), [(4.8, True), (7.2, False)])
def test_the_scale_lies_below_where_it_would_take_the_room_of_names(regions, width, below):
    with plots.theme.theme():
        figure, ax = plt.subplots(figsize=(width, 4.4))
    plots.plot_map(regions, ax=ax)
    figure.canvas.draw()
    scale = next(other for other in figure.axes if other is not ax)
    assert (scale.get_position().y1 <= ax.get_position().y0) == below
    renderer = figure.canvas.get_renderer()
    tiles = {patch.get_gid(): patch.get_window_extent(renderer) for patch in ax.patches}
    for text in ax.texts[:20:2]:  # names; numbers stand between them
        box = text.get_window_extent(renderer)
        assert any(tile.x0 <= box.x0 and box.x1 <= tile.x1 for tile in tiles.values()), text.get_text()


def test_every_frame_of_the_seeds_has_its_tiles():
    seed = catalog.seed("places/MLI/regions")
    for _, rows in seed.groupby("frame"):
        ax = plots.plot_map(pd.DataFrame({"region": rows["region"], "deaths_best": 1}))
        assert [patch.get_gid() for patch in ax.patches] == rows["region"].tolist()
        assert not any(patch.get_hatch() for patch in ax.patches)


# ---- outlines ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def outlines():
    table = catalog.seed("places/MLI/outlines")
    return table.astype({"longitude": float, "latitude": float, "ring": int, "point": int})


def test_outlines_are_coarse_as_promised(outlines):
    assert outlines["region"].unique().tolist() == TEN
    assert outlines.groupby("region").size().between(4, 60).all()
    degrees = outlines[["longitude", "latitude"]]
    assert degrees.round(1).equals(degrees)
    assert not outlines.duplicated(["region", "ring", "longitude", "latitude"]).any()


def test_outlines_share_their_borders_and_leave_no_gap(outlines):
    edges = set()
    for _, ring in outlines.groupby(["region", "ring"], sort=False):
        points = list(zip(ring["longitude"], ring["latitude"], strict=True))
        for edge in zip(points, points[1:] + points[:1], strict=True):
            assert edge not in edges, "two outlines overlap"
            edges.add(edge)
    # What no neighbour goes along the other way is the border of the country: one closed line.
    border = dict(edge for edge in edges if edge[::-1] not in edges)
    assert len(border) == sum(edge[::-1] not in edges for edge in edges)
    walked = [next(iter(border))]
    while border[walked[-1]] != walked[0] and len(walked) <= len(border):
        walked.append(border[walked[-1]])
    assert len(walked) == len(border)


def test_bamako_lies_in_koulikoro(outlines):
    bamako = outlines[outlines["region"] == "ML09"]
    hole = outlines[(outlines["region"] == "ML02") & (outlines["ring"] == 2)]
    assert len(bamako) == len(hole) >= 4
    assert set(zip(bamako["longitude"], bamako["latitude"], strict=True)) == set(
        zip(hole["longitude"], hole["latitude"], strict=True)
    )


# ---- precision ---------------------------------------------------------------------------------------------


@pytest.fixture
def precision():
    return pd.DataFrame(
        {
            "year": [2021, 2021, 2021, 2023],
            "geo_precision": ["exact", "admin1", "exact", "area"],
            "date_precision": ["day", "day", "month", "day"],
            "events": [20, 10, 10, 5],
        }
    )


def test_precision_by_year_stacks_shares_from_the_most_exact(precision):
    ax = plots.plot_precision(precision)
    assert [box.get_label() for box in ax.containers] == ["exact", "admin1", "area"]
    exact, admin1, area = ax.containers
    assert [bar.get_height() for bar in exact] == [0.75, 0, 0]
    assert admin1[0].get_y() == 0.75 and admin1[0].get_height() == 0.25
    assert area[2].get_height() == 1
    assert {"40", "0", "5"} <= set(texts(ax))
    assert legend(ax) == ["placed to", "area", "admin1", "exact"]


def test_precision_without_years_is_a_table_of_counts(precision):
    ax = plots.plot_precision(precision.drop(columns="year"))
    (mesh,) = meshes(ax)
    assert mesh.get_array().shape == (7, 5)
    assert mesh.get_array()[0].tolist() == [20, 0, 0, 10, 0]
    assert [label.get_text() for label in ax.get_yticklabels()][:2] == ["exact", "near"]


def test_precision_takes_categories(precision):
    levels = pd.CategoricalDtype(["exact", "admin1", "area", "abroad"], ordered=True)
    ax = plots.plot_precision(precision.astype({"geo_precision": levels}))
    assert len(ax.containers) == 3


def test_precision_refuses_with_a_reason(precision):
    with pytest.raises(ValueError, match=r"missing column events .*ms\.load"):
        plots.plot_precision(precision.drop(columns="events"))
    with pytest.raises(ValueError, match="'village' is not known; accepted: exact"):
        plots.plot_precision(precision.replace("exact", "village"))


# ---- fit ---------------------------------------------------------------------------------------------------


def test_fit_draws_points_line_and_band_and_says_the_ratio():
    ax = plots.plot_fit(stand_in())
    points, line = ax.lines
    assert points.get_linestyle() == "None" and line.get_linestyle() == "-"
    assert line.get_ydata().tolist() == [3.0] * 84
    (band,) = bands(ax)
    assert set(band.get_paths()[0].vertices[:, 1]) == {2.0, 5.0}
    assert legend(ax)[0] == "rate ratio per year 1.24 (95 % interval 1.03 to 1.49, delete-one-year jackknife)"
    assert ax.get_ylim()[0] == 0


def test_fit_without_an_interval_says_so():
    assert legend(plots.plot_fit(stand_in(ci=(np.nan, np.nan))))[0] == "rate ratio per year 1.24 (no interval)"
    pooled = stand_in()
    pooled.method = "jackknife, 40 draws"
    assert legend(plots.plot_fit(pooled))[0].endswith("1.03 to 1.49, delete-one-year jackknife, 40 draws)")


def test_fit_of_regions_draws_the_seven_with_most():
    ax = plots.plot_fit(stand_in(by="region"))
    assert legend(ax)[2:9] == [f"R{number}" for number in range(9, 2, -1)]
    assert "the 7 with most recorded" in source_of(ax).get_text()


def test_fit_takes_a_real_trend(panel):
    trend = pytest.importorskip("mali_stats.models.trends.trend")
    months = pd.date_range("2017-01-01", periods=84, freq="MS")
    frame = pd.DataFrame({"month": months, "events": [5 + number % 7 for number in range(84)]})
    ax = plots.plot(trend.fit_trend(frame, "events"))
    assert ax.lines[0].get_ydata().tolist() == frame["events"].tolist()
    assert legend(ax)[0].startswith("rate ratio per year 1.0")


def test_fit_refuses_a_frame(panel):
    with pytest.raises(TypeError, match=r"got DataFrame.*ms\.fit_trend"):
        plots.plot_fit(panel)


# ---- all of them -------------------------------------------------------------------------------------------


@pytest.fixture
def drawn(panel, regions, precision):
    return {
        "series": (plots.plot_series, panel),
        "heatmap": (plots.plot_heatmap, panel),
        "tiles": (plots.plot_map, regions),
        "precision": (plots.plot_precision, precision),
        "fit": (plots.plot_fit, stand_in()),
    }


NAMES = ("series", "heatmap", "tiles", "precision", "fit")


@pytest.mark.parametrize("name", NAMES)
def test_every_plot_says_its_source_below_everything_else(drawn, name):
    draw, given = drawn[name]
    ax = draw(given)
    # Publisher and licence; which release a frame comes from it does not say, so the plot does not either.
    assert source_of(ax).get_text().startswith("Source: UCDP GED, CC BY 4.0.")
    ax.figure.draw_without_rendering()
    source, labels = source_of(ax).get_window_extent(), ax.xaxis.get_tightbbox()
    assert labels is None or source.y1 <= labels.y0
    assert draw(given, source="Our own count").texts[-1].get_text().startswith("Source: Our own count")


@pytest.mark.parametrize("name", NAMES)
def test_every_plot_lies_within_its_figure(drawn, name):
    draw, given = drawn[name]
    figure = draw(given).figure
    figure.draw_without_rendering()
    box = figure.get_tightbbox()  # inches
    assert box.x0 >= -0.05 and box.y0 >= -0.05
    assert box.x1 <= figure.get_figwidth() + 0.05 and box.y1 <= figure.get_figheight() + 0.05


@pytest.mark.parametrize("name", NAMES)
def test_every_plot_draws_into_given_axes_and_leaves_settings_alone(drawn, name):
    draw, given = drawn[name]
    before = dict(mpl.rcParams)
    _, ax = plt.subplots()
    assert draw(given, ax=ax) is ax
    assert dict(mpl.rcParams) == before


@pytest.mark.parametrize("name", NAMES)
def test_no_plot_changes_its_frame(drawn, name):
    draw, given = drawn[name]
    if isinstance(given, pd.DataFrame):
        copy = given.copy(deep=True)
        draw(given)
        pd.testing.assert_frame_equal(given, copy)


def test_plot_picks_by_what_it_is_given(panel, regions, precision):
    assert meshes(plots.plot(panel))
    assert plots.plot(panel.groupby("month", as_index=False)[["deaths_low", "deaths_best", "deaths_high"]].sum()).lines
    assert plots.plot(precision).containers
    assert "1,234" in texts(plots.plot(regions))
    assert legend(plots.plot(stand_in()))[0].startswith("rate ratio")
    yearly = pd.DataFrame({"year": [2022], "deaths_low": 1, "deaths_best": 2, "deaths_high": 3})
    assert plots.plot(yearly, source="Us").get_ylabel() == "deaths per year"


def test_plot_says_what_it_accepts():
    with pytest.raises(TypeError, match="got dict; accepted:"):
        plots.plot({})
    with pytest.raises(ValueError, match="frame with a, b; accepted:"):
        plots.plot(pd.DataFrame({"a": [1], "b": [2]}))


# ---- theme -------------------------------------------------------------------------------------------------


def lightness(colour):
    """CIE L* of a colour, 0 to 100: how light it prints."""
    parts = np.array(to_rgb(colour))
    parts = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return 116 * np.cbrt(parts @ [0.2126, 0.7152, 0.0722]) - 16


def test_first_three_colours_print_as_different_greys():
    greys = sorted(lightness(colour) for colour in PALETTE[:3])
    assert min(np.diff(greys)) > 20


def test_scale_gets_darker_all_the_way_and_only_zero_is_white():
    greys = [lightness(colour) for colour in tints().colors]
    assert greys[0] == pytest.approx(100, abs=0.1)
    assert greys[0] - greys[1] > 8
    assert (np.diff(greys) < 0.01).all()
    assert lightness(PALETTE[0]) > greys[-1]


@pytest.mark.parametrize("norm", [log_norm, root_norm])
def test_norms_keep_zero_apart_from_the_smallest_count(norm):
    scale = norm(500)
    assert scale(0) == 0 and scale(500) == 1
    assert scale(1) * 256 > 1
    assert norm(np.nan)(0) == norm(0)(0) == 0


def test_ink_is_readable():
    assert ink_on("white") != "white" == ink_on("#08306b")


def test_set_theme_returns_what_it_sets():
    with mpl.rc_context():
        settings = plots.set_theme()
        assert mpl.rcParams["figure.dpi"] == settings["figure.dpi"] == 80
        assert mpl.rcParams["axes.prop_cycle"].by_key()["color"] == list(PALETTE)


def test_one_death_without_a_region_is_one_death():
    frame = pd.DataFrame({"region": ["ML05", "unallocated"], "deaths_best": [4, 1]})
    assert plots.plot_map(frame).get_xlabel() == "not placed in a region: 1 death"
