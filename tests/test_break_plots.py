"""The plots of breaks and curves, tested by reading their artists, never their pixels."""

from itertools import pairwise

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

mpl.use("Agg")

import matplotlib.pyplot as plt
from matplotlib.collections import FillBetweenPolyCollection, LineCollection
from matplotlib.colors import same_color
from matplotlib.dates import date2num
from matplotlib.transforms import Bbox

from mali_stats import catalog, plots
from mali_stats.models.breaks.breaks import find_breaks
from mali_stats.models.breaks.placebo import placebo_its
from mali_stats.plots import breaks as module
from mali_stats.plots.theme import INK, PALETTE


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


def counts(months=144, start="2012-01-01", levels=((63, 4), (81, 20)), name="events"):
    mean = np.repeat([level for _, level in levels], [n for n, _ in levels])
    values = np.random.default_rng(3).negative_binomial(3, 3 / (3 + mean))
    return pd.Series(values, pd.date_range(start, periods=months, freq="MS"), name=name)


@pytest.fixture(scope="module")
def found():
    return find_breaks(counts(), n_boot=99)


def lines(ax, gid):
    return [line for line in ax.lines if line.get_gid() == gid]


def words(ax, gid):
    return [text.get_text() for text in ax.texts if text.get_gid() == gid]


def legend(ax):
    box = ax.get_legend()
    return [box.get_title().get_text(), *(text.get_text() for text in box.get_texts())]


def at(values):
    return date2num(pd.to_datetime(values))


# ---- breaks ------------------------------------------------------------------------------------------------


def test_the_series_and_the_means_of_its_regimes(found):
    ax = plots.plot_breaks(found)
    (line,) = lines(ax, "recorded")
    np.testing.assert_array_equal(line.get_ydata(), found.y)
    (means,) = [c for c in ax.collections if isinstance(c, LineCollection) and c.get_gid() == "regimes"]
    parts = found.segments()
    drawn = np.array(means.get_segments())
    np.testing.assert_allclose(drawn[:, 0, 1], parts["mean"])
    np.testing.assert_allclose(drawn[:, 0, 0], at(parts["start"]))
    assert drawn[0, 1, 0] == drawn[1, 0, 0]  # one stops where the next begins
    assert drawn[-1, 1, 0] == at(["2024-01-01"])[0]
    assert ax.get_ylabel() == "events per month"
    assert ax.get_ylim()[0] == 0


def test_the_bar_is_the_interval_and_the_dot_the_date(found):
    ax = plots.plot_breaks(found)
    (row,) = found.breaks.itertuples()
    (bar,), (dot,), (down,) = (lines(ax, gid) for gid in ("interval", "break", "date"))
    np.testing.assert_array_equal(at(bar.get_xdata()), at([row.conf_low, row.conf_high]))
    assert at(dot.get_xdata()) == at(down.get_xdata())[0] == at([row.date])
    assert words(ax, "word") == [f"{row.date:%Y-%m}"]
    height = dot.get_ydata()[0]
    highest = ax.transAxes.inverted().transform(ax.transData.transform((0, found.y.max())))[1]
    assert highest < height < 1 - module._STRIP  # above the series, below the calendar


def test_bars_and_dates_do_not_lie_upon_another():
    series = counts(240, "1990-01-01", ((30, 20), (30, 3), (40, 30), (20, 2), (120, 40)))
    found = find_breaks(series, n_boot=0)
    assert len(found.cuts) >= 3
    ax = plots.plot_breaks(found)
    ax.figure.draw_without_rendering()
    bars = [line.get_window_extent() for line in lines(ax, "interval")]
    texts = [text.get_window_extent() for text in ax.texts if text.get_gid() == "word"]
    flat = [Bbox.from_extents(b.x0, b.y0 + 1, b.x1 + 0.1, b.y0 + 1.1) for b in bars]
    for boxes in (flat, texts):
        assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])


def test_every_entry_of_the_calendar_in_the_span_has_a_tick_and_a_label(found):
    ax = plots.plot_breaks(found)
    table = catalog.seed("calendar")
    inside = table[(table["start"] >= "2012-01-01") & (table["start"] < "2024-01-01")]
    assert [word.rstrip("*") for word in words(ax, "entry")] == inside["label"].tolist()
    ticks = sorted(line.get_xdata()[0] for line in lines(ax, "entry"))
    low, high = ax.get_xlim()
    np.testing.assert_allclose(ticks, (at(inside["start"]) - low) / (high - low))


def test_entries_inside_an_interval_are_dark(found):
    ax = plots.plot_breaks(found)
    named = {name.replace(" (coding)", "*") for joined in found.tidy()["entries"] for name in joined.split("; ")}
    bold = {text.get_text() for text in ax.texts if text.get_gid() == "entry" and text.get_fontweight() == "bold"}
    assert bold == named and named
    assert all(
        same_color(text.get_color(), INK) == (text.get_text() in named)
        for text in ax.texts
        if text.get_gid() == "entry"
    )


def test_a_break_of_the_coding_has_a_star(found):
    ax = plots.plot_breaks(found)
    table = catalog.seed("calendar").set_index("label")
    starred = {word.rstrip("*") for word in words(ax, "entry") if word.endswith("*")}
    assert starred == {"jnim-formed"} and table.loc["jnim-formed", "coding"] == "True"
    (signed,) = words(ax, "source")
    assert signed.replace("\n", " ").endswith("; dark: calendar entries inside an interval; * a break of the coding.")
    before = plots.plot_breaks(find_breaks(counts(48, levels=((24, 4), (24, 40))), n_boot=0))  # ends in 2015
    (signed,) = words(before, "source")
    assert "coding" not in signed


@pytest.mark.parametrize("start", ["1989-01-01", "2012-01-01"])
def test_labels_of_the_calendar_do_not_overlap(start):
    """Ten entries of two years stand in the last tenth of the axis."""
    months = len(pd.date_range(start, "2023-12-01", freq="MS"))
    found = find_breaks(counts(months, start, ((months - 40, 4), (40, 20))), n_boot=0)
    ax = plots.plot_breaks(found)
    ax.figure.draw_without_rendering()
    labels = [text for text in ax.texts if text.get_gid() == "entry"]
    assert len(labels) == 21
    boxes = [text.get_window_extent() for text in labels]
    assert all(left.x1 < right.x0 + 0.5 for left, right in pairwise(boxes))
    frame = ax.get_window_extent()
    assert all(frame.x0 <= box.x0 and box.x1 <= frame.x1 + 1 and box.y1 <= frame.y1 + 1 for box in boxes)


def test_labels_move_no_further_than_they_must():
    np.testing.assert_allclose(module._apart(np.array([0.2, 0.5, 0.8]), 0.1), [0.2, 0.5, 0.8])
    np.testing.assert_allclose(module._apart(np.array([0.5, 0.5]), 0.1), [0.45, 0.55])
    np.testing.assert_allclose(module._apart(np.array([0.99, 1.0]), 0.1), [0.85, 0.95])
    assert module._apart(np.array([]), 0.1).size == 0


def test_where_labels_have_no_room_those_inside_an_interval_stay(found):
    _, axs = plt.subplots(1, 4, figsize=(8, 3))
    ax = plots.plot_breaks(found, ax=axs[0])
    assert set(words(ax, "entry")) == {text.get_text() for text in ax.texts if text.get_fontweight() == "bold"}
    assert len(lines(ax, "entry")) == 21


def test_a_series_without_calendar_or_breaks():
    old = find_breaks(counts(60, "1990-01-01", ((60, 9),)), n_boot=0)
    assert not old.cuts
    ax = plots.plot_breaks(old)
    assert not words(ax, "entry") and not lines(ax, "interval")
    assert legend(ax) == ["no breaks by BIC (cost nb)", "recorded", "mean of a regime"]
    assert not words(plots.plot_breaks(find_breaks(counts(), n_boot=0), calendar=False), "entry")


def test_years_are_drawn_as_years():
    yearly = pd.Series([3, 5, 4, 6, 3] * 4 + [30, 44, 28, 39, 41] * 3, range(1989, 2024), name="deaths_best")
    found = find_breaks(yearly, min_size=5, n_boot=99)
    ax = plots.plot_breaks(found)
    assert ax.get_ylabel() == "deaths per year"
    assert words(ax, "word") == ["2009"]
    assert lines(ax, "date")[0].get_xdata()[0] == 2009
    assert "rebellion-2012" in words(ax, "entry")


def test_the_legend_says_how_the_breaks_were_found(found):
    title = legend(plots.plot_breaks(found))[0]
    assert title == f"1 break by BIC (cost nb; a variance for each regime); p = {found.p_value:.3f} against none"
    squares = find_breaks(counts(), cost="l2", transform="log1p", ci="hac", n_boot=0)
    assert legend(plots.plot_breaks(squares))[0].endswith("by BIC (cost l2 on log1p; long-run variances)")


def test_plot_breaks_refuses_what_is_none():
    with pytest.raises(TypeError, match=r"a result of ms.find_breaks is wanted, got Series"):
        plots.plot_breaks(counts())


# ---- curves ------------------------------------------------------------------------------------------------


@pytest.fixture
def lags():
    lag = np.arange(-2, 5)
    return pd.DataFrame({"lag": lag, "estimate": lag / 10, "conf_low": lag / 10 - 0.1, "conf_high": lag / 10 + 0.2})


def bands(ax):
    return [item for item in ax.collections if isinstance(item, FillBetweenPolyCollection)]


def test_lags_are_points_with_bars(lags):
    ax = plots.plot_curve(lags.sample(frac=1, random_state=1), reference=0)
    (curve,), (reference,) = lines(ax, "curve"), lines(ax, "reference")
    np.testing.assert_allclose(curve.get_xdata(), lags["lag"])
    np.testing.assert_allclose(curve.get_ydata(), lags["estimate"])
    assert curve.get_marker() == "o" and set(reference.get_ydata()) == {0}
    (bars,) = [c for c in ax.collections if c.get_gid() == "interval"]
    np.testing.assert_allclose(np.array(bars.get_segments())[:, :, 1], lags[["conf_low", "conf_high"]])
    assert ax.get_xlabel() == "lag"


def test_thresholds_are_a_line_with_a_band(lags):
    ax = plots.plot_curve(lags.rename(columns={"lag": "threshold"}).assign(threshold=np.linspace(1, 9.5, 7)))
    (band,) = bands(ax)
    drawn = {tuple(np.round(point, 9)) for path in band.get_paths() for point in path.vertices}
    assert (9.5, 0.6) in drawn and (1.0, -0.3) in drawn
    assert lines(ax, "curve")[0].get_linestyle() == "-" and not lines(ax, "reference")
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("threshold", "estimate")


def test_dates_have_no_label_and_may_be_periods(lags):
    dates = pd.period_range("2020-01", periods=7, freq="M")
    ax = plots.plot_curve(lags.drop(columns="lag").assign(month=dates))
    np.testing.assert_array_equal(at(lines(ax, "curve")[0].get_xdata()), at(dates.to_timestamp()))
    assert ax.get_xlabel() == ""


def test_other_columns_can_be_named_and_intervals_left_out(lags):
    frame = lags[["lag", "estimate"]].rename(columns={"lag": "km", "estimate": "ratio"})
    ax = plots.plot_curve(frame, along="km", value="ratio", reference=1)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("km", "ratio")
    assert not bands(ax) and not [c for c in ax.collections if c.get_gid() == "interval"]


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (lambda f: f.drop(columns="lag"), ValueError, "missing column lag"),
        (lambda f: f.drop(columns="estimate"), ValueError, "missing column estimate"),
        (lambda f: f.assign(lag=f["lag"].astype(str)), ValueError, "column lag holds str"),
        (lambda f: f.assign(estimate="a"), ValueError, "column estimate holds str"),
        (lambda f: pd.concat([f, f]), ValueError, "lag -2 is there twice"),
        (lambda f: f["estimate"], TypeError, "a pandas.DataFrame is wanted, got Series"),
    ],
)
def test_plot_curve_refuses(lags, change, error, message):
    with pytest.raises(error, match=message):
        plots.plot_curve(change(lags))


@pytest.fixture(scope="module")
def placebo():
    frame = counts().rename_axis("month").reset_index()
    return placebo_its(frame, "events", "coup-2020", n_perm=99)


def test_placebo_curve_with_its_null_and_its_date(placebo):
    ax = plots.plot_curve(placebo)
    (curve,) = lines(ax, "curve")
    np.testing.assert_array_equal(curve.get_ydata(), placebo.curve["z"])
    (band,) = bands(ax)
    drawn = {tuple(point) for path in band.get_paths() for point in path.vertices}
    assert set(zip(at(placebo.curve["date"]), placebo.curve["null_high"], strict=True)) <= drawn
    assert sorted(line.get_ydata()[0] for line in lines(ax, "critical")) == [-placebo.critical, placebo.critical]
    dot = lines(ax, "date")[1]
    assert at(dot.get_xdata()) == at(["2020-08-01"])
    assert dot.get_ydata()[0] == placebo.tidy()["z"].iloc[0]
    assert legend(ax)[0] == f"coup-2020: p = {placebo.p_at_date:.3f}; largest |z|: p = {placebo.p_sup:.3f}"
    assert "coup-2020" in legend(ax)
    assert ax.get_ylabel() == "z of a change of level, events"


def test_placebo_curve_without_a_date():
    frame = counts().rename_axis("month").reset_index()
    frame = frame.rename(columns={"events": "deaths_best"})
    ax = plots.plot_curve(placebo_its(frame, "deaths_best", None, n_perm=19))
    assert ax.get_ylabel() == "z of a change of level, deaths"  # a longer one has no room
    assert not lines(ax, "date")
    assert legend(ax)[0].startswith("largest |z|: p = ")


def test_plot_picks_the_plot_that_fits(found, placebo, lags):
    assert lines(plots.plot(found), "recorded")
    assert lines(plots.plot(placebo), "critical")
    assert same_color(lines(plots.plot(lags), "curve")[0].get_color(), PALETTE[0])
