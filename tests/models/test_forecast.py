import functools
import itertools
import json
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pytest
import scoringrules
from scipy import stats

import mali_stats as ms
from mali_stats.models.forecasts.baselines import METHODS

ORACLE = json.loads((Path(__file__).parents[1] / "oracles" / "conflictology_mali.json").read_text(encoding="utf-8"))
KNOWN = ORACLE["expected"]
PUBLISHED = KNOWN["published_bm_conflictology"]
OCTOBERS = [f"{year}-10" for year in range(2017, 2023)]


@pytest.fixture(scope="module")
def mali():
    return ms.load("state_based_month").set_index("month")["deaths_best"]


@pytest.fixture(scope="module")
def views(mali):
    methods = {name: name for name in METHODS}
    return ms.rolling_origin(mali, methods, OCTOBERS, horizon=12, lead=3)


@pytest.fixture(scope="module")
def by_year(views):
    return views.scorecard(by="cutoff").assign(year=lambda t: t["cutoff"].dt.year + 1).set_index(["method", "year"])


def months(values, start="2015-01"):
    return pd.Series(values, index=pd.period_range(start, periods=len(values), freq="M"))


def steady(n=240, seed=0):
    return months(np.random.default_rng(seed).negative_binomial(2, 0.03, n), "2000-01")


def from_october_2020(result):
    table = result.tidy()
    return table[(table["method"] == "conflictology") & (table["cutoff"] == "2020-10-01")]


# Known answers: VIEWS' benchmarks for Mali.


def test_conflictology_is_that_of_views(by_year):
    ours = by_year.loc["conflictology"]
    for year, crps in KNOWN["crps"].items():
        assert ours.loc[int(year[1:]), "crps"] == pytest.approx(crps, abs=1e-6)
    for year, mis in KNOWN["mis90"].items():
        assert ours.loc[int(year[1:]), "mis"] == pytest.approx(mis, abs=1e-6)
    assert {str(k): round(v, 2) for k, v in ours["crps"].items()} == PUBLISHED["crps"]
    assert (ours["skill"] == 0).all() and ours["crps"].mean() == pytest.approx(32.85, abs=0.005)


def test_zero_is_that_of_views(by_year):
    ours = by_year.loc["zero"]
    assert {str(k): round(v, 2) for k, v in ours["crps"].items()} == PUBLISHED["bm_zero"]
    assert ours.loc[2021, "crps"] == KNOWN["crps_zero_2021"]


def test_last_is_that_of_views(by_year):
    ours = by_year.loc["last", "crps"]
    for year, crps in PUBLISHED["bm_last"].items():
        assert ours[int(year)] == pytest.approx(crps, abs=0.15)


def test_months_and_windows_of_2021(views, mali):
    table = from_october_2020(views)
    np.testing.assert_allclose(table["crps"], KNOWN["crps_months_2021"], atol=1e-6)
    assert table["observed"].tolist() == ORACLE["inputs"]["obs_2021"]
    assert table["period"].tolist() == [*pd.date_range("2021-01-01", periods=12, freq="MS")]
    assert table["step"].tolist() == [*range(3, 15)]
    draws = ms.baseline_draws(mali[:"2020-10"], 12, n=None, lead=3)
    assert draws.tolist() == [ORACLE["inputs"]["history_2021"]] * 12
    fair = scoringrules.crps_ensemble(
        np.array(ORACLE["inputs"]["obs_2021"], float), draws.astype(float), estimator="fair"
    )
    assert fair.mean() == pytest.approx(KNOWN["crps_fair_2021"], abs=1e-6), "another estimator, and not VIEWS' own"


def test_what_beats_conflictology_on_2018_to_2023_and_what_does_not(views):
    """The mixture was chosen on 2012 to 2017 and evaluated once: it does not. The moments of the last year do."""
    card = views.scorecard().set_index("method")
    assert card.loc["nb_moments", "skill_low"] > 0
    assert card.loc["mixture", "skill_high"] < 0
    recorded = pd.read_csv(Path(__file__).parents[2] / "benchmarks" / "results" / "forecast_mixture.csv")
    recorded = recorded.query("years == '2018-2023'").set_index("method")
    np.testing.assert_allclose(card["crps"], recorded.loc[card.index, "crps"], atol=1e-3)


# baseline_draws: planted truth.


def test_every_method_gives_counts_of_the_shape_asked(mali):
    for method in METHODS:
        draws = ms.baseline_draws(mali, 5, method=method, n=40, lead=2)
        assert draws.shape == (5, 40) and draws.dtype == np.int64 and draws.min() >= 0
        np.testing.assert_array_equal(draws, ms.baseline_draws(mali, 5, method=method, n=40, lead=2))
        other = ms.baseline_draws(mali, 5, method=method, n=40, lead=2, seed=1)
        assert method == "zero" or (draws != other).any()


def test_moments_of_the_window_are_recovered():
    y = months([400] * 30 + [3, 60, 12, 33, 9, 0, 41, 20, 80, 5, 17, 26])
    last = y.to_numpy()[-12:]
    draws = ms.baseline_draws(y, 6, method="nb_moments", n=5000)
    assert draws.mean() == pytest.approx(last.mean(), rel=0.01)
    assert draws.var() == pytest.approx(last.var(ddof=1), rel=0.02)
    size, p = last.mean() ** 2 / (last.var(ddof=1) - last.mean()), last.mean() / last.var(ddof=1)
    np.testing.assert_array_equal(
        np.quantile(draws[0], [0.1, 0.5, 0.9], method="inverted_cdf"), stats.nbinom.ppf([0.1, 0.5, 0.9], size, p)
    )


def test_counts_less_spread_than_a_poisson_are_drawn_from_one():
    draws = ms.baseline_draws(months([10, 11] * 12), 4, method="nb_moments", n=5000)
    assert draws.mean() == pytest.approx(10.5, rel=0.01) and draws.var() == pytest.approx(10.5, rel=0.03)
    last = ms.baseline_draws(months([900, 7]), 4, method="last", n=5000)
    assert last.mean() == pytest.approx(7, rel=0.01) and last.var() == pytest.approx(7, rel=0.03)


def test_conflictology_draws_its_months_equally():
    y = months([99] * 5 + [*range(12)])
    draws = ms.baseline_draws(y, 3, n=1200)
    assert (np.sort(draws, axis=1) == np.repeat(range(12), 100)).all()
    assert (draws[0] != draws[1]).any(), "months are independent of each other"
    assert ms.baseline_draws(y, 2, window=5, n=None).tolist() == [[7, 8, 9, 10, 11]] * 2


def test_mixture_mixes_its_windows():
    y = months([10] * 36 + [200] * 6 + [1000] * 6)
    draws = ms.baseline_draws(y, 5, method="mixture", n=4000)
    parts = {n: ms.baseline_draws(y, 5, method="nb_moments", window=n, n=4000).mean() for n in (6, 12, 48)}
    expected = 0.25 * parts[6] + 0.25 * parts[12] + 0.5 * parts[48]
    assert draws.mean() == pytest.approx(expected, rel=0.02)
    assert np.mean(draws > 900) == pytest.approx(0.25, abs=0.12)


def test_a_planted_trend_is_drawn_on_and_by_its_lead():
    t = np.arange(60)
    y = months(np.random.default_rng(4).poisson(np.exp(3 + 0.03 * t)))
    near, far = (ms.baseline_draws(y, 12, method="trend", n=4000, lead=lead) for lead in (1, 13))
    for draws, start in ((near, 60), (far, 72)):
        np.testing.assert_allclose(draws.mean(axis=1), np.exp(3 + 0.03 * np.arange(start, start + 12)), rtol=0.12)
    assert np.all(np.diff(near.mean(axis=1)) > 0)
    np.testing.assert_array_equal(ms.baseline_draws(y, 3, lead=9), ms.baseline_draws(y, 3)), "the others do not mind"


@pytest.mark.slow
def test_trend_covers_what_comes_if_its_model_is_true():
    rng, t, inside = np.random.default_rng(5), np.arange(72), []
    for seed in range(150):
        y = rng.poisson(np.exp(3 + 0.01 * t) * rng.gamma(2, 0.5, 72))
        draws = ms.baseline_draws(y[:60], 12, method="trend", n=400, seed=seed)
        inside.append(ms.score_draws(y[60:], draws)["covered"].mean())
    assert np.mean(inside) == pytest.approx(0.9, abs=0.03)


def test_a_line_that_runs_off_stays_within_reach():
    y = months(np.rint(np.exp(np.arange(24) / 2)).astype(int))
    assert 1e5 < ms.baseline_draws(y, 12, method="trend", lead=3).mean() < 1.1e6
    with pytest.raises(RuntimeError, match="'trend' could not fit a line to the last 60 months, 1 of which"):
        ms.baseline_draws(months([0] * 59 + [500]), 12, method="trend")
    assert not ms.baseline_draws(months([0] * 60), 3, method="trend").any()
    assert not ms.baseline_draws(months([0] * 60), 3, method="mixture").any()


# baseline_draws: invariants.


def test_order_of_rows_and_kind_of_index_do_not_matter(mali):
    plain = ms.baseline_draws(mali.to_numpy(int), 4, method="mixture", n=50)
    shuffled = mali.sample(frac=1, random_state=1)
    by_period = mali.set_axis(mali.index.to_period("M"))
    for y in (mali, shuffled, by_period, mali.astype(float), mali.reset_index(drop=True), [*mali]):
        np.testing.assert_array_equal(ms.baseline_draws(y, 4, method="mixture", n=50), plain)


@pytest.mark.parametrize(("options", "error", "message"), [
    ({"method": "arima"}, ValueError, "method='arima' is not known; use one of conflictology, nb_moments, last, zero, trend, mixture"),
    ({"method": "last", "n": None}, ValueError, "n=None is for 'conflictology'; say how many draws of 'last'"),
    ({"window": 40}, ValueError, "'conflictology' looks back on 40 months, the series has 30; give more of it, or a smaller window"),
    ({"method": "mixture"}, ValueError, "'mixture' looks back on 48 months, the series has 30"),
    ({"method": "mixture", "window": 3}, ValueError, "'mixture' halves the window"),
    ({"method": "trend", "window": 16}, ValueError, "'trend' looks back on 32 months, the series has 30"),
    ({"method": "nb_moments", "window": 1}, ValueError, "a variance needs a window of 2 months"),
    ({"horizon": 0}, ValueError, "horizon=0; 1 or more is accepted"),
    ({"horizon": 2.5}, TypeError, "horizon=2.5 is of type float; a whole number is wanted"),
    ({"n": 0}, ValueError, "n=0; 1 or more"),
    ({"lead": 0}, ValueError, "lead=0; 1 or more"),
    ({"y": []}, ValueError, "the series is empty"),
    ({"y": [1, -2]}, ValueError, "got -2 at 1 .1 such.; whole numbers of 0 or more"),
    ({"y": [1, 2.5]}, ValueError, "got 2.5 at 1"),
    ({"y": [1, None]}, ValueError, "got a missing value at 1"),
    ({"y": ["many"]}, TypeError, "counts are wanted"),
    ({"y": [1, np.inf]}, ValueError, "got inf at 1"),
    ({"y": np.ones((12, 2))}, TypeError, "one count a month is wanted, got ndarray of 2 dimensions"),
    ({"y": months(range(30)).to_frame()}, TypeError, "got DataFrame of 2 dimensions; for a frame frame.set_index"),
    ({"y": None}, TypeError, "got NoneType of 0 dimensions"),
    ({"method": ["zero"]}, ValueError, "method=.'zero'. is not known"),
    ({"y": pd.Series([1, 2], index=["2022-01", "2022-02"])}, TypeError, "index must be datetime64 or Period, got str.*pd.to_datetime"),
    ({"y": months(range(30)).drop(pd.Period("2016-03", "M"))}, ValueError, "2016-03 is missing, between 2015-01 and 2017-06"),
])  # fmt: skip
def test_errors_of_baseline_draws(options, error, message):
    with pytest.raises(error, match=message):
        ms.baseline_draws(**{"y": months(range(30)), "horizon": 3} | options)


# rolling_origin: planted truth.


def truth(history, horizon, seed):
    """The distribution that `steady` is drawn from."""
    return np.random.default_rng(seed).negative_binomial(2, 0.03, (horizon, 500))


@pytest.mark.slow
def test_a_true_forecast_has_uniform_pit_and_the_coverage_it_says():
    y = steady(600)
    cutoffs = pd.period_range("2003-12", "2048-12", freq="12M")
    result = ms.rolling_origin(y, {"truth": truth, "last": "last"}, cutoffs, horizon=12, lead=1)
    card = result.scorecard().set_index("method")
    assert card.loc["truth", "coverage_90"] == pytest.approx(0.9, abs=0.03)
    assert card.loc["truth", "coverage_50"] == pytest.approx(0.5, abs=0.05)
    assert card.loc["truth", "pit_mean"] == pytest.approx(0.5, abs=0.03)
    assert card.loc["truth", "pit_sd"] == pytest.approx(12**-0.5, abs=0.02)
    table = result.tidy().set_index("method")
    assert stats.kstest(table.loc["truth", "pit"], "uniform").pvalue > 0.01
    assert stats.kstest(table.loc["last", "pit"], "uniform").pvalue < 1e-6
    assert card.loc["truth", "skill_low"] > 0 > card.loc["last", "skill_high"]
    bins = result.pit(4)
    assert bins.groupby("method")["months"].sum().to_dict() == {"truth": 46 * 12, "last": 46 * 12}
    np.testing.assert_allclose(bins.query("method == 'truth'")["share"], 0.25, atol=0.06)
    assert (bins["expected"] == 0.25).all() and bins["high"].max() == 1


def test_a_perfect_forecast_and_what_is_handed_to_a_function():
    y, seen = steady(), []

    def clairvoyant(history, horizon, lead):
        seen.append((history.index[-1], horizon, lead))
        return np.repeat(y.to_numpy()[len(history) + lead - 1 :][:horizon, None], 50, axis=1)

    result = ms.rolling_origin(y, {"all": clairvoyant}, ["2010-06", "2012-06"], horizon=4, lead=2)
    assert seen == [(pd.Period(c, "M"), 4, 2) for c in ("2010-06", "2012-06")]
    card = result.scorecard().iloc[0]
    assert card["crps"] == 0 and card["skill"] == 1 and card["coverage_90"] == card["coverage_50"] == 1
    assert np.isnan(card["skill_low"]), "two windows tell nothing of their spread"


def test_nothing_after_the_cut_off_reaches_a_method():
    y = steady()
    changed = y.copy()
    changed["2012-07":] = 5000
    cutoffs = ["2010-06", "2012-06"]
    quantiles = ["q05", "q25", "q50", "q75", "q95"]
    methods = {name: name for name in METHODS}
    one, other = (ms.rolling_origin(s, methods, cutoffs, horizon=6, lead=1).tidy() for s in (y, changed))
    pd.testing.assert_frame_equal(one[quantiles], other[quantiles])
    assert (one["observed"] != other["observed"]).any()


# rolling_origin: invariants.


def test_order_of_methods_and_cut_offs_and_cores_do_not_matter(views, mali):
    methods = dict(reversed([(name, name) for name in METHODS]))
    with joblib.parallel_config(backend="threading", n_jobs=2):
        again = ms.rolling_origin(mali.sample(frac=1, random_state=2), methods, OCTOBERS[::-1], horizon=12, lead=3)
    key = ["method", "cutoff", "period"]
    pd.testing.assert_frame_equal(
        again.tidy().sort_values(key, ignore_index=True), views.tidy().sort_values(key, ignore_index=True)
    )
    pd.testing.assert_frame_equal(
        again.scorecard().set_index("method").sort_index(), views.scorecard().set_index("method").sort_index()
    )
    assert again.scorecard()["method"].tolist() == [*methods]


def test_a_method_scores_the_same_alone_by_name_or_as_a_function(views, mali):
    own = functools.partial(ms.baseline_draws, method="nb_moments")
    alone = ms.rolling_origin(mali, {"nb_moments": own}, pd.to_datetime(OCTOBERS), horizon=12, lead=3).tidy()
    theirs = views.tidy().query("method == 'nb_moments'").reset_index(drop=True)
    pd.testing.assert_frame_equal(alone, theirs)


def test_columns_for_a_fan_and_times_as_they_came(views, mali):
    table = views.tidy()
    fan = ["period", "observed", "q05", "q25", "q50", "q75", "q95"]
    assert set(fan) <= set(table) and len(table) == len(METHODS) * 72
    assert (table[fan[2:]].diff(axis=1).iloc[:, 1:] >= 0).all(axis=None)
    assert table["period"].dtype.kind == "M" and table["cutoff"].dtype.kind == "M"
    periods = ms.rolling_origin(mali.set_axis(mali.index.to_period("M")), {"z": "zero"}, ["2020-10"], horizon=2, lead=3)
    assert periods.tidy()["period"].astype(str).tolist() == ["2021-01", "2021-02"]
    table["crps"] = 0
    assert (views.tidy()["crps"] > 0).any(), "a copy is handed out"


def test_few_draws_are_repeated_for_the_ignorance_only(views):
    own = from_october_2020(views)
    history = np.tile(ORACLE["inputs"]["history_2021"], (12, 1))
    thousand = ms.score_draws(own["observed"], np.repeat(history, 1000 // 12, axis=1))
    np.testing.assert_allclose(own["ign"], thousand["ign"])
    assert (own["ign"] != ms.score_draws(own["observed"], history)["ign"]).all()
    y, many = months(range(30)), np.arange(1200).reshape(2, 600)
    own = ms.rolling_origin(y, {"mine": lambda history, horizon: many}, ["2016-03"], horizon=2, lead=1).tidy()
    twice = ms.score_draws(own["observed"], np.repeat(many, 2, axis=1))
    np.testing.assert_allclose(own["ign"], twice["ign"], err_msg="1,200 are nearer to 1,000 than 600")


def test_scorecard_sums_up_tidy(views):
    card, table = views.scorecard().set_index("method"), views.tidy()
    means = table.groupby("method")[["crps", "ign", "mis", "crps_reference"]].mean().loc[card.index]
    for column in ("crps", "ign", "mis"):
        np.testing.assert_allclose(card[column], means[column])
    np.testing.assert_allclose(card["skill"], 1 - means["crps"] / means["crps_reference"])
    assert (card["windows"] == 6).all() and (card["months"] == 72).all()
    steps = views.scorecard(by="step")
    assert steps["step"].unique().tolist() == [*range(3, 15)] and (steps["months"] == 6).all()


def test_interval_of_the_skill_is_that_of_all_ways_to_draw_the_windows_again(views):
    table = views.tidy()
    windows = table[table["method"] == "trend"].groupby("cutoff")[["crps", "crps_reference"]].mean().to_numpy()
    ways = np.array([*itertools.product(range(6), repeat=6)])
    crps, reference = windows.T[:, ways].mean(axis=2)
    row = views.scorecard().set_index("method").loc["trend"]
    known = np.quantile(1 - crps / reference, [0.05, 0.95])
    np.testing.assert_allclose(row[["skill_low", "skill_high"]].astype(float), known, atol=0.015)


def test_repr_notes_and_silence(views, capfd, mali):
    assert repr(views) == (
        "Rolling origin: 6 methods, 6 cut-offs, 12 months each, 3 ahead\n"
        "lowest CRPS: nb_moments 32.39, skill 0.014 against conflictology-12"
    )
    assert "conflictology" in views._repr_html_()
    assert any("today's release" in note for note in views.notes) and any("no test" in note for note in views.notes)
    assert not any("overlap" in note for note in views.notes)
    close = ms.rolling_origin(mali, {"z": "zero"}, ["2020-10", "2020-11"], horizon=2, lead=1)
    assert any("the windows overlap" in note for note in close.notes)
    out, err = capfd.readouterr()
    assert out == err == "", "no bar where nobody watches"


@pytest.mark.parametrize(("options", "error", "message"), [
    ({"methods": ["zero"]}, TypeError, "methods must map a name to a method, got list"),
    ({"methods": {}}, ValueError, "there is no method; use conflictology"),
    ({"methods": {"mine": "arima"}}, ValueError, "'arima' is no method; use conflictology, .*or a function"),
    ({"methods": {"mine": lambda y, h: np.ones((h + 1, 5))}}, ValueError, "'mine' gave 3 x 5 from 2016-03; draws of 2 months are wanted"),
    ({"methods": {"mine": lambda y, h: np.ones(h)}}, ValueError, "'mine' gave 2 from 2016-03"),
    ({"methods": {"mine": lambda y, h: -np.ones((h, 5))}}, ValueError, "draws of target 0: got -1"),
    ({"methods": {"mine": lambda y, h: None}}, ValueError, "'mine' gave None from 2016-03"),
    ({"methods": {"mine": ["zero"]}}, ValueError, ".'zero'. is no method"),
    ({"cutoffs": []}, ValueError, "no cut-offs"),
    ({"cutoffs": None}, ValueError, "no cut-offs"),
    ({"cutoffs": ["2016-03", pd.NaT]}, ValueError, "cut-off NaT is no month; give such as"),
    ({"cutoffs": ["autumn"]}, ValueError, "cut-off 'autumn' is no month"),
    ({"cutoffs": [2016]}, ValueError, "cut-off 2016 is no month"),
    ({"cutoffs": ["2017-05"]}, ValueError, "cut-off 2017-05 needs the months 2016-06 to 2017-07, the record has 2015-01 to 2017-06"),
    ({"cutoffs": ["2015-11"]}, ValueError, "cut-off 2015-11 needs the months 2014-12 to"),
    ({"lead": 0}, ValueError, "lead=0; 1 or more"),
    ({"y": [1, 2]}, TypeError, "a Series indexed by time is wanted, got list"),
    ({"y": pd.Series(1, index=pd.date_range("2015-01-01", periods=900))}, ValueError, "months are wanted, got days .*resample"),
])  # fmt: skip
def test_errors_of_rolling_origin(options, error, message):
    given = {"y": months(range(30)), "methods": {"z": "zero"}, "cutoffs": ["2016-03"], "horizon": 2, "lead": 1}
    with pytest.raises(error, match=message):
        ms.rolling_origin(**given | options)


@pytest.mark.parametrize("fails", [lambda y, h: 1 / 0, lambda y, h: -np.ones((h, 5)), "mixture"])
def test_a_method_that_fails_is_named_with_its_cut_off(fails):
    methods = {"z": "zero", "mine": fails}
    with pytest.raises((ZeroDivisionError, ValueError)) as failure:
        ms.rolling_origin(months(range(30)), methods, ["2016-03"], horizon=2, lead=1)
    assert failure.value.__notes__ == ["rolling_origin: this was method 'mine', from cut-off 2016-03"]


def test_a_cut_off_alone_and_one_before_1970():
    y = months(range(60), "1958-01")
    known = ms.rolling_origin(y, {"last": "last"}, ["1960-10"], horizon=2, lead=1).tidy()
    for cutoff in ("1960-10", pd.Period("1960-10", "M"), pd.Timestamp("1960-10-31")):
        again = ms.rolling_origin(y, {"last": "last"}, cutoff, horizon=2, lead=1)
        pd.testing.assert_frame_equal(again.tidy(), known)


def test_no_skill_against_a_reference_without_error():
    y = months([0] * 60)
    card = ms.rolling_origin(y, {"z": "zero"}, ["2016-03", "2017-03", "2018-03"], horizon=2, lead=1).scorecard()
    assert card["crps"].item() == 0 and card[["skill", "skill_low", "skill_high"]].isna().all(axis=None)


def test_scorecard_splits_by_what_it_can(views):
    with pytest.raises(ValueError, match="by='region'; it splits by 'cutoff' or 'step'"):
        views.scorecard(by="region")
    with pytest.raises(ValueError, match="bins=1; 2 or more"):
        views.pit(1)
