"""plot_fit of a trend with breaks: what is drawn beside the trend, read from the artists."""

import matplotlib.dates as mdates
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import FillBetweenPolyCollection

import mali_stats as ms

MONTHS = pd.date_range("2012-01-01", periods=144, freq="MS")
STEP = ms.Break("new law", "2018-07-15")


@pytest.fixture(autouse=True)
def close():
    yield
    plt.close("all")


def counts(seed=0, level=20):
    rng = np.random.default_rng(seed)
    mean = level * 1.05 ** (np.arange(144) / 12) * np.where(MONTHS >= "2018-07-01", 2, 1)
    return pd.DataFrame({"month": MONTHS, "events": rng.poisson(mean * rng.gamma(9, 1 / 9, 144))})


def drawn(ax, gid):
    return [artist for artist in (*ax.lines, *ax.collections, *ax.texts, *ax.patches) if artist.get_gid() == gid]


def legend(ax):
    box = ax.get_legend()
    return box.get_title().get_text().splitlines(), [text.get_text() for text in box.get_texts()]


def source(ax):
    return drawn(ax, "source")[0].get_text()


def test_the_counterfactual_runs_from_the_break_on_with_its_band():
    trend = ms.fit_trend(counts(), "events", breaks=[STEP])
    ax = ms.plot(trend)
    table = trend.predict(counterfactual=True).query("month >= '2018-07-01'")
    (line,) = drawn(ax, "counterfactual")
    assert line.get_xdata().tolist() == table["month"].tolist()
    np.testing.assert_allclose(line.get_ydata(), table["cf_trend"])
    ribbon = next(b for b in ax.collections if isinstance(b, FillBetweenPolyCollection))
    edge = ribbon.get_paths()[0].vertices[:, 1]
    assert edge.max() == pytest.approx(table["cf_trend_high"].max()) and edge.min() == pytest.approx(
        table["cf_trend_low"].min()
    )


def test_after_a_phase_the_two_trends_are_one():
    ax = ms.plot(ms.fit_trend(counts(), "events", breaks=[ms.Break("p", "2014-03", "phase", end="2015-08")]))
    (line,) = drawn(ax, "counterfactual")
    assert line.get_xdata().tolist() == MONTHS[MONTHS >= "2014-03-01"].tolist()


def test_the_excess_is_shaded_between_the_two_trends_and_told_in_the_legend():
    trend = ms.fit_trend(counts(), "events", breaks=[STEP], slope=False)
    ax = ms.plot(trend)
    (shade,) = drawn(ax, "excess")
    table = trend.predict(counterfactual=True).query("month >= '2018-07-01'")
    edge = set(shade.get_paths()[0].vertices[:, 1].round(9))
    assert edge == {*table["trend"].round(9), *table["cf_trend"].round(9)}
    title, entries = legend(ax)
    assert title[0].startswith("rate ratio per year beside the breaks 1.")
    row = trend.excess().total.iloc[0]
    ends = f"{row['conf_low']:,.0f} to {row['conf_high']:,.0f}"
    assert title[1] == f"recorded less counterfactual, 2018-07 to 2023-12: {row['excess']:,.0f} (95 % interval {ends})"
    assert entries == [
        "recorded", "fitted trend (thin: with its season)", "without the breaks", "excess, as fitted", "95 % bands",
    ]  # fmt: skip


def test_dates_are_marked_with_their_labels_and_stretches():
    ramp = ms.Break("slowly", "2014-03-10", "ramp", end="2015-02-20")
    ax = ms.plot(ms.fit_trend(counts(), "events", breaks=[STEP, ramp]))
    assert [text.get_text() for text in ax.texts if text.get_gid() == "break"] == ["slowly", "new law"]
    marks = [line.get_xdata()[0] for line in ax.lines if line.get_gid() == "break"]
    assert marks == [ramp.date, STEP.date]
    (stretch,) = [patch for patch in ax.patches if patch.get_gid() == "break"]
    assert [stretch.get_x(), stretch.get_x() + stretch.get_width()] == pytest.approx(
        mdates.date2num([ramp.date, ramp.end])
    )


def test_years_are_marked_on_an_axis_of_years():
    frame = pd.DataFrame({"year": np.arange(1990, 2021), "events": 9 + np.arange(31) % 4})
    ax = ms.plot(ms.fit_trend(frame, "events", time="year", breaks=[ms.Break("x", "2005-06-01")]))
    assert [line.get_xdata()[0] for line in ax.lines if line.get_gid() == "break"] == [2005]
    assert ", 2005 to 2020: " in legend(ax)[0][1]


def test_regions_have_lines_only():
    frame = pd.concat([counts(i, 5 + i).assign(region=f"R{i}") for i in range(3)])
    trend = ms.fit_trend(frame, "events", by="region", breaks=[STEP])
    ax = ms.plot(trend)
    assert len(drawn(ax, "counterfactual")) == 3 and not drawn(ax, "excess")
    assert legend(ax)[1] == ["recorded", "R2", "R1", "R0", "without the breaks", "95 % bands"]
    assert f"{trend.excess().total['excess'].iloc[-1]:,.0f} (" in legend(ax)[0][1]


def test_bands_that_would_flatten_the_rest_run_out_and_it_is_said():
    near = [ms.Break("a", "2022-01-01")]
    frame = counts().assign(events=lambda f: np.where(f["month"].dt.year == 2022, f["events"] // 8, f["events"]))
    trend = ms.fit_trend(frame, "events", breaks=near)
    table = trend.predict(counterfactual=True)
    ax = ms.plot(trend)
    highest = table[["observed", "fitted", "trend", "cf_trend"]].max(axis=None)
    assert table["trend_high"].max() > 1.5 * highest and ax.get_ylim()[1] == pytest.approx(1.5 * highest)
    assert source(ax).endswith("bands run on above.")
    calm = ms.plot(ms.fit_trend(counts(), "events", breaks=[STEP], slope=False))
    assert "bands" not in source(calm)


def test_without_breaks_the_figure_is_as_before():
    ax = ms.plot(ms.fit_trend(counts(), "events"))
    assert not drawn(ax, "break") and not drawn(ax, "counterfactual") and not drawn(ax, "excess")
    title, entries = legend(ax)
    assert len(title) == 1 and entries[-1] == "its 95 % band"


def test_it_lies_within_the_figure_and_leaves_settings_alone():
    before = dict(plt.rcParams)
    first = ms.Break("a label that is rather long", "2013-01-01")
    ax = ms.plot(ms.fit_trend(counts(), "events", breaks=[first]))
    ax.figure.draw_without_rendering()
    box = ax.figure.get_tightbbox()
    assert box.x0 >= -0.05 and box.x1 <= ax.figure.get_figwidth() + 0.05 and box.y1 <= ax.figure.get_figheight() + 0.05
    assert dict(plt.rcParams) == before
