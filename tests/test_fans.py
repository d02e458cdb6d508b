"""Fans of quantiles, tested by reading their artists."""

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

mpl.use("Agg")

import matplotlib.pyplot as plt
from matplotlib.collections import FillBetweenPolyCollection, LineCollection
from matplotlib.colors import same_color
from matplotlib.dates import date2num

import mali_stats as ms
from mali_stats.plots.theme import PALETTE


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


@pytest.fixture
def frame():
    return pd.DataFrame({
        "year": [2023, 2021, 2022], "q05": [10.0, 2, 5], "q25": [20.0, 4, 9], "q50": [30.0, 6, 12],
        "q75": [41.0, 8, 14], "q95": [70.0, 11, 22], "reported": [25, 5, 11],
    })  # fmt: skip


@pytest.fixture
def models(frame):
    other = frame.assign(**{c: frame[c] * 2 for c in frame if c.startswith("q")})
    return pd.concat([frame.assign(model="vesco", shared_sd=0.0), other.assign(model="vesco", shared_sd=0.2)])


def bands(ax):
    return [item for item in ax.collections if isinstance(item, FillBetweenPolyCollection)]


def bars(ax):
    """The vertical lines of each collection as (x, low, high), those of the models first."""
    lines = [item for item in ax.collections if isinstance(item, LineCollection) and item.get_gid() != "range"]
    return [np.array([[s[0, 0], *s[:, 1]] for s in item.get_segments()]) for item in lines]


def dots(ax):
    return [line for line in ax.lines if line.get_gid() == "observed"]


def edges(band, at):
    points = band.get_paths()[0].vertices
    return sorted(set(points[points[:, 0] == at, 1]))


def test_one_model_is_nested_bands_with_the_median_and_dots(frame):
    ax = ms.plot_fan(frame)
    wide, narrow = bands(ax)
    assert edges(wide, 2023) == [10, 70] and edges(narrow, 2023) == [20, 41] and edges(wide, 2021) == [2, 11]
    middle = next(line for line in ax.lines if line.get_gid() is None)
    assert middle.get_xydata().tolist() == [[2021, 6], [2022, 12], [2023, 30]]
    assert dots(ax)[0].get_xydata().tolist() == [[2021, 5], [2022, 11], [2023, 25]]
    assert [t.get_text() for t in ax.get_legend().get_texts()] == [
        "median", "5 to 95 % of the draws", "25 to 75 %", "as reported",
    ]  # fmt: skip
    assert ax.get_ylabel() == "deaths per year" and ax.get_ylim()[0] == 0


def test_several_models_stand_side_by_side_after_what_was_reported(models):
    ax = ms.plot_fan(models, by=["model", "shared_sd"])
    first_wide, first_narrow, second_wide, second_narrow = bars(ax)
    assert first_wide[:, 1:].tolist() == [[2, 11], [5, 22], [10, 70]] and second_narrow[2, 1:].tolist() == [40, 82]
    np.testing.assert_array_equal(first_wide[:, 0], first_narrow[:, 0])
    places = [dots(ax)[0].get_xdata()[1], first_wide[1, 0], second_wide[1, 0]]
    assert 2021.5 < places[0] < places[1] < places[2] < 2022.5 and np.mean(places) == pytest.approx(2022)
    assert len(dots(ax)) == 1 and not bands(ax)
    labels = [t.get_text() for t in ax.get_legend().get_texts()]
    assert labels == ["vesco, 0.0", "vesco, 0.2", "as reported"]
    source = next(t.get_text() for t in ax.texts if t.get_gid() == "source")
    assert "bars: 5 to 95 % and 25 to 75 % of the" in source.replace("\n", " ")
    medians = [line for line in ax.lines if line.get_gid() is None]
    assert same_color(medians[1].get_color(), PALETTE[1]) and medians[1].get_ydata().tolist() == [12, 24, 60]


def test_what_was_reported_stands_on_the_bars_of_the_models_that_have_another(models):
    without = models[models["shared_sd"] == 0.2].assign(model="without side b", reported=[20, 3, 7])
    ax = ms.plot_fan(pd.concat([models, without]), by=["model", "shared_sd"])
    assert [d.get_ydata().tolist() for d in dots(ax)] == [[5, 11, 25], [3, 7, 20]]
    assert dots(ax)[1].get_xdata()[0] == bars(ax)[-1][0, 0]
    flat = ms.plot_fan(pd.concat([models, without]), by=["model", "shared_sd"], kind="band")
    assert len(bands(flat)) == 6 and [d.get_xdata().tolist() for d in dots(flat)] == [[2021, 2022, 2023]] * 2


def test_low_to_high_is_a_line_through_what_was_reported(models):
    ax = ms.plot_fan(
        models.assign(deaths_low=models["reported"] - 1, deaths_high=models["reported"] + 9), by="shared_sd"
    )
    ranges = [item for item in ax.collections if item.get_gid() == "range"]
    assert len(ranges) == 1
    assert [s[:, 1].tolist() for s in ranges[0].get_segments()] == [[4, 14], [10, 20], [24, 34]]
    assert ax.get_legend().get_texts()[-1].get_text() == "low to high as recorded"


def test_many_periods_of_several_models_are_bands():
    months = pd.date_range("2020-01-01", periods=40, freq="MS")
    one = pd.DataFrame({"month": months.to_period("M"), "q05": 1, "q95": 5})
    ax = ms.plot_fan(pd.concat([one.assign(m="a"), one.assign(m="b")]), by="m")
    assert len(bands(ax)) == 2 and not bars(ax) and not dots(ax)
    assert ax.get_ylabel() == "deaths per month"
    few = ms.plot_fan(pd.concat([one.head(3).assign(m="a"), one.head(3).assign(m="b")]), by="m")
    at = [b[0, 0] for b in bars(few)]
    assert date2num(months[0]) - 15 < at[0] < date2num(months[0]) < at[1] < date2num(months[0]) + 15


def test_horizons_and_other_counts(frame):
    steps = frame.rename(columns={"year": "horizon", "reported": "observed"}).assign(horizon=[3, 1, 2])
    ax = ms.plot(steps, value="events")
    assert ax.get_ylabel() == "events" and ax.get_xlabel() == "horizon"
    assert "observed" in [t.get_text() for t in ax.get_legend().get_texts()]


@pytest.fixture
def windows():
    """Two forecasts of three months each, a month apart, as a rolling origin gives them."""
    months = pd.date_range("2021-01-01", periods=6, freq="MS")
    cutoff = pd.to_datetime(["2020-10-01"] * 3 + ["2021-01-01"] * 3)
    values = {"q05": [1.0, 1, 1, 7, 7, 7], "q50": [3.0, 3, 3, 9, 9, 9], "q95": [5.0, 5, 5, 20, 20, 20]}
    return pd.DataFrame({"cutoff": cutoff, "period": months, "observed": [4, 6, 2, 8, 30, 9], **values})


def test_forecasts_of_different_cutoffs_are_not_joined(windows):
    ax = ms.plot_fan(windows)
    first, second = bands(ax)
    april = date2num(windows["period"][3])
    assert first.get_paths()[0].vertices[:, 0].max() < april == second.get_paths()[0].vertices[:, 0].min()
    medians = [line for line in ax.lines if line.get_gid() is None]
    assert [line.get_ydata().tolist() for line in medians] == [[3, 3, 3], [9, 9, 9]]
    assert len(dots(ax)) == 1 and ax.get_ylabel() == "deaths per month"
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["median", "5 to 95 % of the draws", "observed"]
    # a forecast of one month has no width of its own: bands would be lost, so they are joined
    single = ms.plot_fan(windows.assign(cutoff=windows["period"] - pd.DateOffset(months=1)))
    assert len(bands(single)) == 1 and edges(bands(single)[0], april) == [7, 20]


def test_what_was_observed_without_a_forecast_is_joined_by_a_line(windows):
    known = pd.DataFrame({"period": pd.date_range("2020-09-01", periods=4, freq="MS"), "observed": [5, 3, 8, 1]})
    ax = ms.plot_fan(pd.concat([windows, known]))
    line = next(line for line in ax.lines if line.get_gid() == "not forecast")
    x, y = line.get_data()
    assert y[:4].tolist() == [5, 3, 8, 1] and np.isnan(y[4:]).all() and x[3] == date2num(pd.Timestamp("2020-12-01"))
    assert dots(ax)[0].get_ydata().tolist() == [5, 3, 8, 1, 4, 6, 2, 8, 30, 9]
    assert len(bands(ax)) == 2 and bands(ax)[0].get_paths()[0].vertices[:, 0].min() == x[4]
    assert ax.get_legend().get_texts()[-1].get_text() == "observed, not forecast"


@pytest.mark.parametrize(("freq", "label"), [("MS", "deaths per month"), ("YS", "deaths"), ("D", "deaths")])
def test_periods_a_month_apart_are_told_on_the_axis(frame, freq, label):
    times = pd.date_range("2021-01-01", periods=3, freq=freq)
    assert ms.plot_fan(frame.drop(columns="year").assign(period=times)).get_ylabel() == label


def test_draws_draw_themselves():
    events = pd.DataFrame({"type_of_violence": "one-sided", "deaths_best": [3, 40, 9], "year": [2021, 2022, 2022]})
    drawn = ms.draw_totals(events, "year", n=200, shared_sd=0.2)
    ax = ms.plot(drawn)
    low, high = np.quantile(drawn.draws[:, 1], (0.05, 0.95))
    np.testing.assert_allclose(edges(bands(ax)[0], 2022), [low, high])
    assert dots(ax)[0].get_ydata().tolist() == [3, 49]


def test_the_shipped_totals_are_drawn_by_plot():
    table = ms.load("totals_year").query("year >= 2012 and side_b == 'with'")
    ax = ms.plot(table, by=["model", "shared_sd"])
    assert len(ax.get_legend().get_texts()) == 4 + 2 and len(bars(ax)) == 4


@pytest.mark.parametrize(
    ("change", "options", "message"),
    [
        ({}, {"time": "month"}, "missing column month"),
        ({"year": ["2021", "2022", "2023"]}, {}, "column year holds .*; make it dates"),
        ({"year": [2021, None, 2023]}, {}, "column year is missing in 1 rows"),
        ({"year": [2021, 2021, 2022], "model": list("aab")}, {}, r"year occurs more than once: .*these differ: model"),
        ({"q95": list("abc")}, {}, "column q95 holds"),
        ({}, {"kind": "violin"}, "kind='violin' is not known"),
    ],
)
def test_what_cannot_be_drawn_is_told(frame, change, options, message):
    with pytest.raises(ValueError, match=message):
        ms.plot_fan(frame.assign(**change), **options)


def test_no_quantiles_too_many_models_and_no_frame_are_told(frame):
    with pytest.raises(ValueError, match="no pair of quantiles such as q05 and q95"):
        ms.plot_fan(frame[["year", "q50", "reported"]])
    with pytest.raises(ValueError, match="8 models, and no more than 7"):
        ms.plot_fan(pd.concat([frame.assign(m=i) for i in range(8)]), by="m")
    with pytest.raises(TypeError, match="a pandas.DataFrame is wanted, got list"):
        ms.plot_fan([1, 2])
