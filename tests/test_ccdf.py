"""The curve of sizes, tested by reading its artists."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import same_color

import mali_stats as ms
from mali_stats.plots.theme import PALETTE


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def tail():
    table = ms.load("sizes").query("year >= 2012")
    return ms.fit_tail(table["size"].repeat(table["events"]), n_boot=20)


def lines(ax, gid) -> list:
    return [line for line in ax.lines if line.get_gid() == gid]


def texts(ax, gid) -> list[str]:
    return [text.get_text() for text in ax.texts if text.get_gid() == gid]


def test_points_are_the_record_and_the_line_the_law(tail):
    ax = ms.plot_ccdf(tail)
    curve = tail.ccdf()
    (points,) = lines(ax, "record")
    assert points.get_xdata().tolist() == curve["size"].tolist() and points.get_linestyle() == "None"
    assert points.get_ydata().tolist() == curve["observed"].tolist()
    (law,) = lines(ax, "law")
    assert law.get_xdata().min() == tail.xmin == 29 and law.get_xdata().max() == 313
    assert law.get_ydata() == pytest.approx(curve["fitted"].dropna().to_numpy())
    assert not lines(ax, "beyond") and ax.get_xscale() == ax.get_yscale() == "log"


def test_the_band_is_the_interval_of_every_size(tail):
    ax = ms.plot_ccdf(tail)
    ends = ax.collections[0].get_paths()[0].vertices
    for row in tail.ccdf().tail(20).itertuples():
        here = ends[np.isclose(ends[:, 0], row.size), 1]
        assert here.min() <= row.conf_low + 1e-12 and np.isclose(here, row.conf_high).any()


def test_marks_stand_on_the_law_and_are_no_points_of_the_record(tail):
    words = {49: "first toll of the boat", 64: "", 700: "beyond all on record"}
    ax = ms.plot_ccdf(tail, at=words)
    at = {int(line.get_xdata()[0]): line.get_ydata()[0] for line in lines(ax, "mark")}
    fitted = tail.ccdf(at=words).set_index("size")["fitted"]
    assert at == {size: fitted[size] for size in words}
    assert texts(ax, "mark") == ["49", "64", "700"]
    assert texts(ax, "words") == ["49: first toll of the boat\n700: beyond all on record"]
    assert {49, 64, 700} & set(lines(ax, "record")[0].get_xdata()) == {49}, "64 and 700 are on no record"
    (beyond,) = lines(ax, "beyond")
    assert beyond.get_xdata().tolist() == [313, 700] and beyond.get_linestyle() != "-"
    assert ax.get_xlim()[1] > 700 and ax.get_ylim()[0] < fitted[700]
    assert all(same_color(line.get_color(), PALETTE[6]) for line in lines(ax, "mark"))


def test_a_mark_below_the_tail_stands_on_the_record(tail):
    ax = ms.plot_ccdf(tail, at=[10])
    assert lines(ax, "mark")[0].get_ydata()[0] == 397 / 1998 and not texts(ax, "words")


def test_the_legend_says_what_was_fitted_and_how_well(tail):
    ax = ms.plot_ccdf(tail)
    title = ax.get_legend().get_title().get_text()
    assert title.startswith("alpha 3.40 (2.93 to 3.87); 101 events from 29 on\nfit p 0.")
    assert title.endswith("against the lognormal undecided")
    assert [t.get_text() for t in ax.get_legend().get_texts()][-1] == "power law"
    source = texts(ax, "source")[0].replace("\n", " ")
    assert source.endswith("Shown: 1,998 events, 299 of them of size 0 not drawn.")
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("deaths in one event", "share of events of that size or more")


def test_plot_picks_the_curve_and_draws_where_told(tail):
    _, ax = plt.subplots()
    gpd = ms.fit_tail(tail.values[tail.values > 0], model="gpd", n_boot=0)
    assert ms.plot(gpd, ax=ax, label="killed", source="made up") is ax
    assert ax.get_xlabel() == "killed" and texts(ax, "source")[0] == "Source: made up. Shown: 1,699 events."
    title = ax.get_legend().get_title().get_text()
    assert title.startswith("xi 0.22 (0.04 to 0.40), sigma 14.93") and "fit not tested" in title


def test_ticks_are_shares_and_sizes_in_words(tail):
    ax = ms.plot_ccdf(tail)
    assert [t.get_text() for t in ax.get_xticklabels()] == ["1", "3", "10", "30", "100", "300"]
    assert [t.get_text() for t in ax.get_yticklabels()] == ["100 %", "10 %", "1 %", "0.1 %", "0.01 %"]


@pytest.mark.parametrize("at", [[0], [2.5], {-1: "x"}])
def test_what_cannot_be_marked(tail, at):
    with pytest.raises(ValueError, match=r"plot_ccdf: whole sizes of 1 or more can be marked .*, got"):
        ms.plot_ccdf(tail, at=at)


def test_only_a_fitted_tail_is_drawn():
    with pytest.raises(TypeError, match=r"a fitted tail is wanted, got list. Call ms.fit_tail\(sizes\) first"):
        ms.plot_ccdf([1, 2])
    with pytest.raises(TypeError, match=r"ms.fit_tail\) +-> plot_ccdf"):
        ms.plot([1, 2])
