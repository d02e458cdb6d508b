"""Totals of uncertain counts: the same as event by event, whatever the order, and allotted as the panel does."""

import numpy as np
import pandas as pd
import pytest
from making import WEB_MALI, needs_raw, records, text, write
from scipy import stats

import mali_stats as ms
from mali_stats.allot import sainte_lague
from mali_stats.models.uncertainty.summing import folds
from mali_stats.models.uncertainty.totals import Draws, draw_totals
from mali_stats.models.uncertainty.uncertainty import fatality_dist
from mali_stats.schema import VIOLENCE


@pytest.fixture(scope="module")
def events():
    """Three hundred made-up events in four groups; few sizes, so that many are alike."""
    rng = np.random.default_rng(5)
    best = rng.choice([0, 1, 1, 2, 3, 12, 40, 313], 300)
    return pd.DataFrame({
        "type_of_violence": rng.choice(VIOLENCE, 300), "deaths_best": pd.array(best, dtype="Int64"),
        "deaths_low": pd.array(best // 2, dtype="Int64"), "deaths_high": pd.array(best * 2 + 1, dtype="Int64"),
        "deaths_b": pd.array(rng.integers(0, best + 1), dtype="Int64"), "place": rng.choice(list("abcd"), 300),
        "year": rng.integers(2020, 2023, 300),
    })  # fmt: skip


def one_by_one(events, n, model, seed=1):
    """What draw_totals must be like: every event drawn by its own rvs, then added up."""
    rng = np.random.default_rng(seed)
    places = sorted(events["place"].unique())
    sums = np.zeros((n, len(places)))
    for row in events.itertuples():
        if model == "vesco":
            dist = fatality_dist(row.deaths_best, row.type_of_violence)
        else:
            dist = fatality_dist(row.deaths_best, model="bounds", low=row.deaths_low, high=row.deaths_high)
        sums[:, places.index(row.place)] += dist.rvs(n, rng)
    return sums


@pytest.mark.slow
@pytest.mark.parametrize("model", ["vesco", "bounds"])
def test_totals_are_distributed_as_events_drawn_one_by_one(events, model):
    n = 4000
    drawn = draw_totals(events, "place", n=n, shared_sd=0, model=model).draws
    known = one_by_one(events, n, model)
    assert drawn.shape == known.shape and drawn.dtype == np.int64
    np.testing.assert_allclose(drawn.mean(axis=0), known.mean(axis=0), atol=5 * known.std() / np.sqrt(n))
    np.testing.assert_allclose(drawn.std(axis=0), known.std(axis=0), rtol=0.08)
    np.testing.assert_allclose(*(np.quantile(d, (0.05, 0.5, 0.95), axis=0) for d in (drawn, known)), rtol=0.02)
    assert all(stats.ks_2samp(drawn[:, g], known[:, g]).pvalue > 0.001 for g in range(4))
    assert np.abs(np.corrcoef(drawn.T) - np.eye(4)).max() < 0.06  # groups err on their own


def test_the_sum_of_many_alike_has_the_exact_distribution():
    one = fatality_dist([3], "state-based").laid_out(0)
    by_hand = np.ones(1)
    for _ in range(7):
        by_hand = np.convolve(by_hand, one[1])
    found = dict(folds(one, [1, 2, 7, 900]))
    first, persons = found[7]
    np.testing.assert_allclose(persons, by_hand[first - 7 * one[0] :][: len(persons)], atol=1e-15)
    at = np.arange(len(one[1])) + one[0]
    mean = at @ one[1]
    variance = (at - mean) ** 2 @ one[1]
    first, persons = found[900]
    at = np.arange(len(persons)) + first
    assert persons.sum() == pytest.approx(1, abs=1e-11) and at @ persons == pytest.approx(900 * mean, rel=1e-10)
    assert (at - 900 * mean) ** 2 @ persons == pytest.approx(900 * variance, rel=1e-9)


def test_the_order_of_rows_cannot_matter(events):
    first = draw_totals(events, "place", n=50, shared_sd=0.2, seed=3)
    again = draw_totals(events.sample(frac=1, random_state=1), "place", n=50, shared_sd=0.2, seed=3)
    np.testing.assert_array_equal(first.draws, again.draws)
    pd.testing.assert_frame_equal(first.tidy(), again.tidy())
    other = draw_totals(events, "place", n=50, shared_sd=0.2, seed=4)
    assert not np.array_equal(first.draws, other.draws)


def test_the_shared_factor_is_one_per_draw_has_mean_1_and_leaves_the_counts(events):
    alone, shared = (draw_totals(events, "place", n=20_000, shared_sd=sd) for sd in (0, 0.2))
    np.testing.assert_array_equal(alone.counts, shared.counts)
    assert (alone.factor == 1).all()
    logs = np.log(shared.factor)
    assert shared.factor.mean() == pytest.approx(1, abs=0.006)
    assert logs.std() == pytest.approx(0.2, rel=0.03) and logs.mean() == pytest.approx(-0.02, abs=0.005)
    np.testing.assert_array_equal(shared.draws, np.rint(shared.counts * shared.factor).T)
    wide, narrow = (np.std(d.draws.sum(axis=1)) / np.mean(d.draws.sum(axis=1)) for d in (shared, alone))
    assert wide == pytest.approx(np.hypot(np.sqrt(np.exp(0.04) - 1), narrow), rel=0.05) and narrow < 0.05


def test_what_comes_back(events):
    drawn = draw_totals(events, ["place", "year"], n=200, shared_sd=0)
    tidy = drawn.tidy()
    assert list(tidy) == ["place", "year", "reported", "mean", "q05", "q50", "q95"] and len(tidy) == 12
    known = events.groupby(["place", "year"])["deaths_best"].sum()
    assert tidy["reported"].tolist() == known.tolist()
    np.testing.assert_allclose(tidy["q50"], np.median(drawn.draws, axis=0))
    assert list(drawn.tidy(quantiles=(0.025, 0.25)))[-2:] == ["q2.5", "q25"]
    assert isinstance(drawn, Draws) and "Draws of 12 groups (vesco, shared_sd 0), 200 draws" in repr(drawn)
    assert "<table" in drawn._repr_html_()


def test_draws_can_be_added_up_to_fewer_groups(events):
    drawn = draw_totals(events, ["place", "year"], n=100, shared_sd=0.3)
    assert drawn.sum(["place", "place"]).groups.equals(drawn.sum("place").groups)
    places = drawn.sum("place")
    assert places.groups["place"].tolist() == list("abcd")
    assert places.reported.tolist() == events.groupby("place")["deaths_best"].sum().tolist()
    first = drawn.groups["place"] == "a"
    np.testing.assert_array_equal(places.counts[0], drawn.counts[first].sum(axis=0))
    np.testing.assert_array_equal(places.factor, drawn.factor)
    late = drawn.sum(drawn.groups["year"].gt(2020).rename("late"))
    assert late.reported.sum() == drawn.reported.sum() and len(late.groups) == 2


def test_side_b_is_taken_out_of_what_was_reported(events):
    drawn = draw_totals(events, "place", n=3000, shared_sd=0, exclude_side_b=True)
    rest = events["deaths_best"] - events["deaths_b"]
    assert drawn.reported.tolist() == rest.groupby(events["place"]).sum().tolist()
    known = draw_totals(events.assign(deaths_best=rest), "place", n=3000, shared_sd=0)
    np.testing.assert_array_equal(drawn.draws, known.draws)
    assert any("side b's dead are left out" in note for note in drawn.notes)


def test_events_without_a_number_are_left_out_and_counted(events):
    short = events.copy()
    short.loc[[0, 7], "deaths_best"] = pd.NA
    drawn = draw_totals(short, "place", n=20, shared_sd=0)
    np.testing.assert_array_equal(drawn.draws, draw_totals(short.drop([0, 7]), "place", n=20, shared_sd=0).draws)
    assert drawn.notes[0] == "2 events without a number are left out"
    zeros = int((short["deaths_best"] == 0).sum())
    assert f"{zeros} of 298 events have 0 reported" in drawn.notes[1]
    assert drawn.reported.sum() == short["deaths_best"].sum()


# ---- a panel -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def long_event(tmp_path_factory):
    """One made-up event of 60 deaths from 20 January to 10 March 2022, and twelve ordinary ones."""
    rows = records(12)
    rows[0] |= {"date_start": "2022-01-20", "date_end": "2022-03-10", "date_prec": "3", "best": "60", "low": "60",
                "high": "60", "deaths_civilians": "60", "deaths_a": "0", "deaths_b": "0", "deaths_unknown": "0"}  # fmt: skip
    return ms.read_events(write(tmp_path_factory.mktemp("long") / "GEDEvent_v25_1.csv", text(rows)))[0]


def test_a_draw_is_allotted_to_months_as_the_panel_allots_the_event(long_event):
    one = long_event[long_event["deaths_best"] == 60]
    assert len(one) == 1
    panel, _ = ms.region_month_panel(one, frame="country", start="2022-01", end="2022-04")
    drawn = draw_totals(one, panel, n=300, shared_sd=0)
    months = drawn.sum("month")
    assert months.reported.tolist() == [14, 34, 12, 0] == panel.groupby("month")["deaths_best"].sum().tolist()
    for draw in months.draws:
        np.testing.assert_array_equal(draw[:3], sainte_lague(draw.sum(), (12, 28, 10)))
    assert months.draws.std(axis=0)[1] > 5 and (months.draws[:, 3] == 0).all()


@pytest.mark.parametrize("spread", ["days", "start", "end"])
def test_the_panels_own_placing_is_found(long_event, spread):
    panel, _ = ms.region_month_panel(long_event, by="type_of_violence", spread=spread)
    drawn = draw_totals(long_event, panel, n=10, shared_sd=0)
    shown = panel[panel["in_scope"]].reset_index(drop=True)
    np.testing.assert_array_equal(drawn.reported, shown["deaths_best"].to_numpy(int))
    assert list(drawn.groups) == ["country", "region", "region_name", "type_of_violence", "month"]
    mixed = long_event.sample(frac=1, random_state=2)
    np.testing.assert_array_equal(draw_totals(mixed, panel, n=10, shared_sd=0).draws, drawn.draws)


def test_what_lies_outside_the_panel_is_said(long_event):
    panel, _ = ms.region_month_panel(long_event, frame="country", start="2022-02", end="2022-02")
    drawn = draw_totals(long_event, panel, n=50, shared_sd=0)
    assert drawn.reported.sum() == panel["deaths_best"].sum()
    assert any("outside the panel's cells" in note for note in drawn.notes)


def test_a_panel_of_other_events_is_refused(long_event):
    panel, _ = ms.region_month_panel(long_event, frame="country")
    with pytest.raises(ValueError, match="deaths_best are not what these events add up to in .* cells, such as region"):
        draw_totals(long_event.iloc[1:], panel, n=5, shared_sd=0)
    with pytest.raises(ValueError, match="has .* cells twice"):
        draw_totals(long_event, pd.concat([panel, panel]), n=5, shared_sd=0)
    with pytest.raises(ValueError, match="by is a frame with month, deaths_best, and no panel"):
        draw_totals(long_event, panel.groupby("month", as_index=False)[["deaths_best"]].sum(), n=5, shared_sd=0)


@needs_raw
def test_on_malis_record_every_total_is_the_panels():
    events, _ = ms.read_events(WEB_MALI)
    panel, _ = ms.region_month_panel(events, frame="country")
    drawn = draw_totals(events, panel, n=400, shared_sd=0)
    shipped = ms.load("region_month").groupby("month")[["deaths_best", "deaths_b"]].sum()
    assert drawn.sum("month").reported.tolist() == shipped["deaths_best"].tolist()
    means = fatality_dist(events["deaths_best"], events["type_of_violence"]).mean().sum()
    assert drawn.draws.sum(axis=1).mean() == pytest.approx(means, rel=0.005)  # but for the cut at 0
    without = draw_totals(events, panel, n=5, shared_sd=0, exclude_side_b=True).sum("month")
    assert without.reported.tolist() == (shipped["deaths_best"] - shipped["deaths_b"]).tolist()


# ---- refusals ----------------------------------------------------------------------------------------------


def test_shared_sd_must_be_said(events):
    with pytest.raises(TypeError, match="shared_sd is missing, and has no default.*errors of many events cancel"):
        draw_totals(events, "place")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"model": "gamma"}, "model='gamma' is unknown; accepted are vesco, bounds"),
        ({"shared_sd": -1}, "shared_sd=-1; a number of 0 or more"),
        ({"shared_sd": "some"}, "shared_sd='some'; a number of 0 or more"),
        ({"n": 1}, "n=1; 2 or more"),
        ({"model": "bounds", "exclude_side_b": True}, "low and high are recorded of all dead, not by side"),
        ({"by": "town"}, "by='town' is no column; there are type_of_violence, deaths_best"),
        ({"by": None}, "by=None is no column; there are type_of_violence, deaths_best"),
        ({"by": np.arange(300)}, "by=a ndarray is no column.*A Series aligned with the rows"),
        ({"by": []}, r"by=\[\] is no column"),
        ({"by": pd.Series(range(300), name="mean")}, "a group cannot be called 'mean'"),
        ({"by": pd.Series([1, 2])}, "has another index than the 300 rows"),
        ({"by": pd.Series([None] + [1.0] * 299)}, "the group is missing in 1 rows"),
    ],
)
def test_what_cannot_be_is_told(events, arguments, message):
    with pytest.raises(ValueError, match=message):
        draw_totals(events, **({"by": "place", "shared_sd": 0} | arguments))


def test_wrong_events_are_told(events):
    with pytest.raises(ValueError, match="events of ucdp_ged, acled; two records"):
        draw_totals(events.assign(source=["ucdp_ged", "acled"] * 150), "place", shared_sd=0)
    with pytest.raises(ValueError, match="made for UCDP's best estimates, and the events are acled's"):
        draw_totals(events.assign(source="acled"), "place", shared_sd=0)
    assert draw_totals(events.assign(source="acled"), "place", n=5, shared_sd=0, model="bounds").draws.shape == (5, 4)
    with pytest.raises(ValueError, match="made for UCDP's best estimates, and the events are no source's"):
        draw_totals(events.assign(source=pd.NA), "place", shared_sd=0)
    with pytest.raises(TypeError, match="n='many' is of type str; a whole number"):
        draw_totals(events, "place", shared_sd=0, n="many")
    with pytest.raises(TypeError, match="events is of type list; the table of read_events is wanted"):
        draw_totals([1], "place", shared_sd=0)
    with pytest.raises(ValueError, match="side b's dead than dead in 300 events .*, or fewer than none"):
        draw_totals(events.assign(deaths_b=-1), "place", shared_sd=0, exclude_side_b=True)
    with pytest.raises(ValueError, match="there are no events"):
        draw_totals(events.head(0), "place", shared_sd=0)
    with pytest.raises(ValueError, match="the events lack deaths_b"):
        draw_totals(events.drop(columns="deaths_b"), "place", shared_sd=0, exclude_side_b=True)
    with pytest.raises(ValueError, match="more of side b's dead than dead in 1 events"):
        wrong = events.assign(deaths_b=events["deaths_b"].where(events.index != 3, 999))
        draw_totals(wrong, "place", shared_sd=0, exclude_side_b=True)
