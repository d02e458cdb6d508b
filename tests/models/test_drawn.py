"""A trend over draws of its counts: the same as by hand, only of its own cells, and what counting error does."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import mali_stats as ms
from mali_stats.models.trends.excess import drawn
from mali_stats.models.trends.trend import fit_trend
from mali_stats.models.uncertainty.pooling import pool_rubin
from mali_stats.models.uncertainty.totals import draw_totals

MONTHS = pd.date_range("2015-01-01", periods=96, freq="MS")


@pytest.fixture(scope="module")
def events():
    """Made-up events in two regions over eight years; each region has months without any."""
    rng = np.random.default_rng(1)
    month, region = rng.integers(0, 96, 700), rng.choice(["north", "south"], 700, p=[0.3, 0.7])
    best = rng.choice([1, 2, 3, 5, 9, 12, 30], 700)
    return pd.DataFrame({
        "month": MONTHS[month], "region": region, "type_of_violence": rng.choice(["state-based", "one-sided"], 700),
        "deaths_best": pd.array(best, dtype="Int64"),
    })  # fmt: skip


def grid(events, *keys):
    """Deaths by month (and region), zeros filled in."""
    levels = {"month": MONTHS, "region": ["north", "south"]}
    index = pd.MultiIndex.from_product([levels[k] for k in keys], names=keys)
    return events.groupby(list(keys))["deaths_best"].sum().reindex(index, fill_value=0).reset_index()


@pytest.fixture(scope="module")
def national(events):
    return grid(events, "month"), draw_totals(events, "month", n=12, shared_sd=0, seed=2)


@pytest.mark.parametrize("cov", ["jackknife", "hac", "model"])
def test_pooling_is_fitting_each_draw_and_rubins_rules(national, cov):
    frame, draws = national
    trend = fit_trend(frame, "deaths_best", cov=cov, draws=draws)
    fits = []
    for draw in draws.draws:
        table = draws.groups.assign(deaths_best=draw)
        full = frame[["month"]].merge(table, on="month", how="left").fillna({"deaths_best": 0})
        fits.append(fit_trend(full, "deaths_best", cov=cov).tidy().set_index("term"))
    estimates, errors = (pd.DataFrame([fit[c] for fit in fits]) for c in ("estimate", "std_error"))
    complete = {"n": 8, "k": 1} if cov == "jackknife" else {}
    by_hand = pool_rubin(estimates.reset_index(drop=True), errors.reset_index(drop=True) ** 2, **complete)
    tidy = trend.tidy()
    for column in ("estimate", "std_error", "conf_low", "conf_high"):
        np.testing.assert_allclose(tidy[column], by_hand[column], rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(trend.estimate.pooled["fmi"], by_hand["fmi"], rtol=1e-6)
    year = by_hand.set_index("term").loc["year"]
    assert trend.counting_share == pytest.approx(13 / 12 * year["between"] / year["total"])
    assert trend.method == f"{cov}, 12 draws" and f"{trend.counting_share:.1%} of the variance" in trend.notes[-1]


def test_draws_that_all_say_what_was_reported_change_nothing_but_the_degrees_of_freedom(national):
    frame, draws = national
    counts = np.repeat(draws.reported[:, None], 12, axis=1)
    same, plain = fit_trend(frame, "deaths_best", draws=replace(draws, counts=counts)), fit_trend(frame, "deaths_best")
    assert same.counting_share == pytest.approx(0, abs=1e-12)
    np.testing.assert_allclose(same.tidy()["estimate"], plain.tidy()["estimate"], rtol=1e-9)
    np.testing.assert_allclose(same.tidy()["std_error"], plain.tidy()["std_error"], rtol=1e-9)
    np.testing.assert_allclose(same.estimate.degrees, 7 * 8 / 10)  # Barnard and Rubin's limit for 7
    assert "its degrees of freedom are 5.6 (Barnard and Rubin) of 7" in same.notes[-1]
    assert plain.counting_share is None and "draws" not in plain.method


def test_an_error_shared_by_all_cells_moves_the_level_and_not_the_trend(events, national):
    frame, alone = national
    shared = draw_totals(events, "month", n=12, shared_sd=0.3, seed=2)
    a, b = (fit_trend(frame, "deaths_best", draws=d).estimate for d in (alone, shared))
    year = list(a.pooled["term"]).index("year")
    assert b.coef[year] == pytest.approx(a.coef[year], abs=2e-3)
    assert b.std_error[year] == pytest.approx(a.std_error[year], rel=0.02)
    assert b.pooled["between"][0] > 10 * a.pooled["between"][0]  # the intercept's


def test_more_doubt_about_the_counts_is_a_larger_share(national):
    frame, draws = national
    rng = np.random.default_rng(6)
    noisy = replace(draws, counts=np.rint(draws.counts * rng.lognormal(0, 0.8, draws.counts.shape)).astype(int))
    small, large = (fit_trend(frame, "deaths_best", draws=d) for d in (draws, noisy))
    assert 0 < small.counting_share < large.counting_share < 1
    width = [np.ptp(np.log(t.rate_ratio_ci)) for t in (small, large)]
    assert width[1] > width[0]


def test_regions_are_matched_by_name_whatever_the_order(events):
    frame, draws = grid(events, "region", "month"), draw_totals(events, ["region", "month"], n=6, shared_sd=0)
    trend = fit_trend(frame, "deaths_best", by="region", draws=draws)
    mixed = fit_trend(frame.sample(frac=1, random_state=1), "deaths_best", by="region", draws=draws)
    pd.testing.assert_frame_equal(trend.tidy(), mixed.tidy())
    assert trend.tidy()["term"].tolist()[:3] == ["region[north]", "region[south]", "year"]
    table = trend.predict()
    logs = trend.estimate.half_width(np.ones(5))  # five rows of a prediction: the fewest degrees of any term
    assert logs[0] == pytest.approx(stats.t.ppf(0.975, trend.estimate.degrees.min()))
    assert (table["conf_low"] < table["fitted"]).all() and np.isnan(trend.loglik)
    assert set(trend.diagnostics()["test"]) >= {"ljung_box", "seasonality"}


def test_a_table_of_draws_serves_as_well(events, national):
    frame, draws = national
    wide = pd.DataFrame(draws.draws.T, columns=range(12)).assign(month=draws.groups["month"], reported=draws.reported)
    table = wide.melt(["month", "reported"], var_name="draw", value_name="deaths").sample(frac=1, random_state=4)
    one, two = (fit_trend(frame, "deaths_best", draws=d) for d in (draws, table))
    pd.testing.assert_frame_equal(one.tidy(), two.tidy())
    periods = frame.assign(month=frame["month"].dt.to_period("M"))
    pd.testing.assert_frame_equal(fit_trend(periods, "deaths_best", draws=table).tidy(), one.tidy())
    with pytest.raises(ValueError, match="twice. Keep one kind of draws"):
        fit_trend(frame, "deaths_best", draws=pd.concat([table, table]))
    with pytest.raises(ValueError, match="some cells of the draws have fewer draws"):
        fit_trend(frame, "deaths_best", draws=table.iloc[1:])
    with pytest.raises(ValueError, match="the draws have no column reported"):
        fit_trend(frame, "deaths_best", draws=table.drop(columns="reported"))


def test_a_shorter_period_takes_its_cells_and_says_so(national):
    frame, draws = national
    trend = fit_trend(frame[frame["month"] >= "2017-01-01"], "deaths_best", draws=draws)
    assert any("24 cells of the draws lie outside the rows used" in note for note in trend.notes)


def test_draws_of_other_cells_are_refused(events, national):
    frame, draws = national
    with pytest.raises(ValueError, match="the draws are not of these cells: 96 of 96 differ, such as 2015-01 with"):
        fit_trend(frame.assign(deaths_best=frame["deaths_best"] + 1), "deaths_best", draws=draws)
    with pytest.raises(ValueError, match="not of these cells: 1 of 96 differ, such as 2015-02"):
        some = events[events["month"] != "2015-02-01"]
        fit_trend(frame, "deaths_best", draws=draw_totals(some, "month", n=4, shared_sd=0))
    regional = draw_totals(events, ["region", "month"], n=4, shared_sd=0)
    with pytest.raises(ValueError, match=r"cells of month twice. Add them up first, as in draws.sum\(\['month'\]\)"):
        fit_trend(frame, "deaths_best", draws=regional)
    assert fit_trend(frame, "deaths_best", draws=regional.sum("month")).counting_share > 0
    with pytest.raises(ValueError, match="the draws have no column month"):
        fit_trend(frame, "deaths_best", draws=draw_totals(events, "region", n=4, shared_sd=0))
    with pytest.raises(ValueError, match="'month' of the draws holds int.*, and the frame's holds months"):
        years = draw_totals(events, events["month"].dt.year.rename("month"), n=4, shared_sd=0)
        fit_trend(frame, "deaths_best", draws=years)
    with pytest.raises(TypeError, match="draws is ndarray; ms.draw_totals makes them"):
        fit_trend(frame, "deaths_best", draws=draws.draws)


def test_a_region_in_which_nobody_died_in_some_draws_is_told(events):
    frame, draws = grid(events, "region", "month"), draw_totals(events, ["region", "month"], n=3, shared_sd=0)
    counts = draws.counts.copy()
    counts[draws.groups["region"] == "north", 1] = 0
    with pytest.raises(RuntimeError, match=r"nobody died in some draws of region\[north\]"):
        fit_trend(frame, "deaths_best", by="region", draws=replace(draws, counts=counts))


def test_the_shipped_draws_are_of_the_shipped_months():
    panel = ms.load("region_month").query("month >= '2012-01-01'")
    months = panel.groupby("month", as_index=False)[["events", "deaths_best", "deaths_b"]].sum()
    months["rest"] = months["deaths_best"] - months["deaths_b"]
    table = ms.load("draws")
    for side_b, outcome in (("with", "deaths_best"), ("without", "rest")):
        kept = table[(table["shared_sd"] == 0.2) & (table["side_b"] == side_b)]
        trend = fit_trend(months, outcome, draws=kept)
        assert 0.005 < trend.counting_share < 0.1 and "40 draws" in repr(trend)
    with pytest.raises(ValueError, match="Keep one kind of draws"):
        fit_trend(months, "deaths_best", draws=table)


def test_the_excess_of_a_pooled_trend_is_the_difference_of_two_fitted_means(national):
    frame, draws = national
    law = ms.Break("law", "2019-01")
    trend = fit_trend(frame, "deaths_best", breaks=[law], draws=draws)
    with pytest.raises(ValueError, match="of='observed' would take.*With draws ask of='fitted'"):
        trend.excess()
    fewest = replace(trend.estimate, degrees=trend.estimate.degrees.min())
    np.testing.assert_array_equal(drawn(trend.estimate, 5, 1), drawn(fewest, 5, 1))
    total = trend.excess("fitted").total.iloc[0]
    table = trend.predict(counterfactual=True).query("month >= '2019-01-01'")
    assert total["excess"] == pytest.approx((table["fitted"] - table["counterfactual"]).sum())
    assert total["conf_low"] < total["excess"] < total["conf_high"]
    ax = ms.plot(trend)
    shown = [artist.get_text() for artist in ax.figure.findobj(lambda artist: hasattr(artist, "get_text"))]
    assert any("fitted less counterfactual" in text for text in shown)
    assert not any("recorded less counterfactual" in text for text in shown)


def test_the_checks_of_a_pooled_trend_are_of_the_counts_as_reported(national):
    frame, draws = national
    pooled, plain = fit_trend(frame, "deaths_best", draws=draws), fit_trend(frame, "deaths_best")
    pd.testing.assert_frame_equal(pooled.diagnostics(), plain.diagnostics())
    pd.testing.assert_frame_equal(pooled.sensitivity(), plain.sensitivity(), rtol=1e-6)
    (told,) = (note for note in pooled.notes if note.startswith("fitted to"))
    assert f"{draws.draws.sum(axis=1).mean():,.0f} deaths_best" in told and told.endswith(f"{draws.reported.sum():,}")
