import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import signal, stats

from mali_stats.models.trends import covariance
from mali_stats.models.trends.covariance import default_lags, estimate, without_each_year
from mali_stats.models.trends.diagnostics import cameron_trivedi, seasonality
from mali_stats.models.trends.refit import refit
from mali_stats.models.trends.trend import fit_trend

ORACLE = json.loads((Path(__file__).parents[1] / "oracles" / "aids_belgium.json").read_text(encoding="utf-8"))
KNOWN = ORACLE["expected"]
AIDS = pd.DataFrame(ORACLE["inputs"])
BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "results" / "trend_coverage.csv"
#: (regions, months, method) whose coverage the docstring of fit_trend quotes.
CELLS = [
    *((1, months, method) for months in (48, 84, 144, 400) for method in ("jackknife", "hac", "poisson")),
    *((10, months, method) for months in (84, 144) for method in ("jackknife", "hac", "poisson")),
]


def monthly(months=84, start="2017-01", seed=0, ar=0.0, replicates=None, slope=0.1, season=0.3):
    """Counts from an NB2 whose log-rate may carry an AR(1); a frame, or a frame and many series."""
    rng = np.random.default_rng(seed)
    step = np.arange(months)
    shocks = rng.normal(0, 0.4 * np.sqrt(1 - ar**2), (replicates or 1, months + 50))
    noise = signal.lfilter([1], [1, -ar], shocks, axis=1)[:, 50:]
    rate = np.exp(3 + slope * step / 12 + season * np.sin(2 * np.pi * step / 12) + noise)
    counts = rng.poisson(rate * rng.gamma(1 / 0.3, 0.3, rate.shape))
    frame = pd.DataFrame({"month": pd.period_range(start, periods=months, freq="M"), "deaths": counts[0]})
    return (frame, counts.astype(float)) if replicates else frame


def panel(regions=10, months=84, seed=0, shared=0.0):
    rng = np.random.default_rng(seed)
    step = np.arange(months)
    levels = np.geomspace(1, 40, regions)[:, None]
    rate = levels * np.exp(0.1 * step / 12 + shared * rng.normal(size=months))
    counts = rng.poisson(rate * rng.gamma(1 / 0.3, 0.3, rate.shape))
    return pd.DataFrame(
        {
            "region": np.repeat([f"ML{i + 1:02d}" for i in range(regions)], months),
            "month": np.tile(pd.date_range("2017-01-01", periods=months, freq="MS"), regions),
            "deaths": pd.array(counts.ravel(), dtype="Int64"),
            "population": np.repeat(levels.ravel() * 1000, months),
        }
    )


def year(trend):
    return trend.tidy().set_index("term").loc["year"]


# Known answers: R on the AIDS counts.


def aids(family, cov="model", lags=None):
    return fit_trend(AIDS, "y", time="t", family=family, cov=cov, lags=lags)


def test_poisson_is_r_glm():
    trend = aids("poisson")
    np.testing.assert_allclose(trend.tidy()["estimate"], KNOWN["poisson_coef"], atol=1e-5)
    np.testing.assert_allclose(trend.tidy()["std_error"], KNOWN["poisson_se"], rtol=1e-4)
    assert trend.loglik == pytest.approx(KNOWN["loglik"], rel=1e-8)
    assert trend.dispersion == pytest.approx(KNOWN["pearson_phi"], rel=1e-8)
    y, mu = trend.predict()[["observed", "fitted"]].to_numpy().T
    assert 2 * np.sum(y * np.log(y / mu) - (y - mu)) == pytest.approx(KNOWN["deviance"], rel=1e-8)
    assert trend.alpha is None


def test_quasipoisson_is_r_glm():
    trend = aids("quasipoisson")
    np.testing.assert_allclose(trend.tidy()["estimate"], KNOWN["poisson_coef"], atol=1e-5)
    np.testing.assert_allclose(trend.tidy()["std_error"], KNOWN["quasi_se"], rtol=1e-4)
    assert trend.dispersion == pytest.approx(KNOWN["pearson_phi"], rel=1e-8)
    assert np.isnan(trend.loglik)


def test_nb2_is_mass_glm_nb():
    trend = aids("nb2")
    np.testing.assert_allclose(trend.tidy()["estimate"], KNOWN["nb2_coef"], atol=1e-5)
    np.testing.assert_allclose(trend.tidy()["std_error"], KNOWN["nb2_se_glm_nb"], rtol=1e-4)
    assert trend.alpha == pytest.approx(KNOWN["nb2_alpha"], abs=1e-5)
    assert 1 / trend.alpha == pytest.approx(KNOWN["nb2_theta"], rel=1e-4)
    assert trend.loglik == pytest.approx(KNOWN["nb2_loglik"], rel=1e-8)
    assert trend.rate_ratio_per_year == pytest.approx(KNOWN["nb2_RR_per_t"], abs=1e-5)
    np.testing.assert_allclose(trend.rate_ratio_ci, KNOWN["nb2_RR_ci_glm_nb_wald"], rtol=1e-4)


@pytest.mark.parametrize(
    ("cov", "lags", "known"), [("hc0", None, "hc0_se"), ("hac", 3, "hac3_se_adj_n_over_n_minus_k")]
)
def test_robust_errors_are_r_sandwich(cov, lags, known):
    np.testing.assert_allclose(aids("poisson", cov, lags).tidy()["std_error"], KNOWN[known], rtol=1e-4)


def test_the_hac_factor_is_n_over_n_minus_k():
    plain = np.array(KNOWN["hac3_se_noadj"]) * np.sqrt(13 / (13 - 2))
    np.testing.assert_allclose(aids("poisson", "hac", 3).tidy()["std_error"], plain, rtol=1e-4)


@pytest.mark.parametrize(("kind", "known"), [("nb1", "CT_trafo1"), ("nb2", "CT_trafo2")])
def test_cameron_trivedi_is_aer_dispersiontest(kind, known):
    statistic, alpha, p_value = cameron_trivedi(AIDS["y"], aids("poisson").predict()["fitted"], kind)
    assert statistic == pytest.approx(KNOWN[known]["z"], rel=1e-6)
    assert alpha == pytest.approx(KNOWN[known]["alpha"], rel=1e-6)
    assert p_value == pytest.approx(KNOWN[known]["p_greater"], rel=1e-6)


# Known answers: statsmodels.


@pytest.mark.parametrize(("family", "tolerance"), [("poisson", 1e-7), ("nb2", 0.03)])
def test_covariances_are_statsmodels(family, tolerance):
    frame = monthly(144, ar=0.4)
    trend = fit_trend(frame, "deaths", family=family, cov="model")
    known = sm.families.NegativeBinomial(alpha=trend.alpha) if trend.alpha else sm.families.Poisson()
    model = sm.GLM(frame["deaths"].to_numpy(float), trend.layout.X, family=known)
    hac = {"cov_type": "HAC", "cov_kwds": {"maxlags": 6, "use_correction": True}}
    for cov, settings in {"model": {}, "hc0": {"cov_type": "HC0"}, "hac": hac}.items():
        fit = model.fit(tol=1e-14, **settings)
        mine = fit_trend(frame, "deaths", family=family, cov=cov).tidy()
        np.testing.assert_allclose(mine["estimate"], fit.params, atol=1e-7)
        np.testing.assert_allclose(mine["std_error"], fit.bse, rtol=1e-6 if cov == "model" else tolerance)


def test_hac_of_a_panel_is_driscoll_kraay():
    frame = panel(4)
    trend = fit_trend(frame, "deaths", by="region", family="poisson", cov="hac")
    design, fit = trend.layout, trend.estimate
    scores = design.X * (design.y - fit.mu)[:, None]
    months = np.array([scores[design.step == step].sum(axis=0) for step in range(84)])
    meat = months.T @ months
    for lag in range(1, 7):
        pair = months[lag:].T @ months[:-lag]
        meat += (1 - lag / 7) * (pair + pair.T)
    bread = np.linalg.inv(design.X.T @ (design.X * fit.mu[:, None]))
    n, k = design.X.shape
    np.testing.assert_allclose(fit.matrix, bread @ meat @ bread * n / (n - k), rtol=1e-8)


@pytest.mark.parametrize("times, lags", [(13, 6), (84, 6), (400, 6), (1000, 6), (2000, 7)])
def test_default_lags(times, lags):
    assert default_lags(times) == max(6, int(np.floor(4 * (times / 100) ** (2 / 9)))) == lags


def test_jackknife_is_the_fit_without_each_year_in_turn():
    frame = monthly(84)
    trend = fit_trend(frame, "deaths")
    slopes = np.array([slope_without(trend, left_out) for left_out in range(2017, 2024)])
    spread = np.sqrt(6 / 7 * np.sum((slopes - year(trend)["estimate"]) ** 2))
    assert year(trend)["std_error"] == pytest.approx(spread, rel=1e-6)
    half = stats.t.ppf(0.975, 6) * spread
    assert year(trend)["conf_high"] == pytest.approx(year(trend)["estimate"] + half, rel=1e-6)


def slope_without(trend, left_out):
    kept = trend.frame["month"].dt.year.to_numpy() != left_out
    return refit(trend.layout.X[kept], trend.layout.y[kept], family="nb2").coef[0, 1]


# Planted truth.


@pytest.mark.slow
@pytest.mark.parametrize(("months", "ar"), [(84, 0.0), (144, 0.4)])
def test_default_interval_holds_the_truth_95_times_in_100(months, ar):
    """1,000 replicates: two standard errors are 1.4 points; the benchmark has 2,000 and more cells."""
    frame, counts = monthly(months, ar=ar, replicates=1000, seed=11)
    design = fit_trend(frame, "deaths").layout
    weights = np.vstack([np.ones(months), without_each_year(design)])
    fits = refit(
        design.X,
        np.repeat(counts, len(weights), axis=0),
        weights=np.tile(weights, (1000, 1)),
        family="nb2",
        tol=1e-7,
    )
    slopes = fits.coef[:, 1].reshape(1000, -1)
    years = months // 12
    errors = np.sqrt((years - 1) / years * ((slopes[:, 1:] - slopes[:, :1]) ** 2).sum(axis=1))
    assert errors[0] == pytest.approx(year(fit_trend(frame, "deaths"))["std_error"], rel=1e-5)
    covered = np.mean(np.abs(slopes[:, 0] - 0.1) <= stats.t.ppf(0.975, years - 1) * errors)
    assert 0.93 <= covered <= 0.97
    poisson = refit(design.X, counts, tol=1e-7).coef
    information = np.einsum("jn,nk,nl->jkl", np.exp(poisson @ design.X.T), design.X, design.X, optimize=True)
    naive = 1.96 * np.sqrt(np.linalg.inv(information)[:, 1, 1])
    assert np.mean(np.abs(poisson[:, 1] - 0.1) <= naive) < 0.5


def test_the_benchmark_is_what_the_docstring_says():
    table = pd.read_csv(BENCHMARK).set_index(["regions", "first", "months"])
    assert (table["replicates"] >= 1000).all()
    long = table.drop(index=[48], level="months")
    assert long.query("ar <= 0.4")["jackknife"].between(0.93, 0.97).all()
    assert table["poisson"].max() < 0.5
    for regions, months, method in CELLS:
        cell = table.loc[(regions, "2000-01", months)].sort_values("ar")[method]
        shown = " / ".join(f"{value:.2f}".removeprefix("0") for value in cell)
        assert shown in fit_trend.__doc__, (regions, months, method, shown)


def test_region_effects_and_slope_are_recovered():
    trend = fit_trend(panel(10, 240), "deaths", by="region", harmonics=0)
    tidy = trend.tidy(exponentiate=True)
    assert tidy["term"].tolist() == [*(f"region[ML{i:02d}]" for i in range(1, 11)), "year"]
    np.testing.assert_allclose(tidy["estimate"][:10], np.geomspace(1, 40, 10), rtol=0.25)
    assert trend.rate_ratio_per_year == pytest.approx(np.exp(0.1), rel=0.02)
    assert trend.alpha == pytest.approx(0.3, abs=0.05)


def test_the_default_sees_a_shock_that_regions_share():
    frame = panel(10, shared=0.5)
    width = {cov: year(fit_trend(frame, "deaths", by="region", cov=cov))["std_error"] for cov in ("jackknife", "model")}
    assert width["jackknife"] > 1.5 * width["model"]


def test_cluster_draws_regions_and_is_seeded():
    frame = panel(8)
    one, two = (fit_trend(frame, "deaths", by="region", cov="cluster", harmonics=0) for _ in range(2))
    pd.testing.assert_frame_equal(one.tidy(), two.tidy())
    assert one.estimate.degrees == 7
    assert 0.3 < year(one)["std_error"] / year(fit_trend(frame, "deaths", by="region", cov="model"))["std_error"] < 3


def test_seasonality_holds_its_level_and_finds_a_season():
    """1,000 replicates with AR(1) 0.4: rejections within three binomial standard errors of 5 %."""
    p_values = {}
    for season in (0, 0.5):
        frame, counts = monthly(96, ar=0.4, replicates=1000, seed=5, season=season)
        X = fit_trend(frame, "deaths", harmonics=0).layout.X
        fits = refit(X, counts, family="nb2")
        mu = np.exp(fits.coef @ X.T)
        residuals = (counts - mu) / np.sqrt(mu * (1 + fits.alpha[:, None] * mu))
        month = frame["month"].dt.month.to_numpy()
        p_values[season] = [seasonality(row, month, permutations=199, seed=i)[1] for i, row in enumerate(residuals)]
    assert np.mean(np.array(p_values[0]) <= 0.05) == pytest.approx(0.05, abs=0.021)
    assert np.mean(np.array(p_values[0.5]) <= 0.05) > 0.8


# Shape.


def test_trend_says_what_it_did():
    frame = monthly(84)
    trend = fit_trend(frame, "deaths")
    assert (trend.outcome, trend.time, trend.by, trend.family, trend.cov) == (
        "deaths",
        "month",
        None,
        "nb2",
        "jackknife",
    )
    assert trend.frame is frame and trend.converged and trend.nobs == 84 and trend.notes == []
    assert trend.tidy().columns.tolist() == [
        "term", "estimate", "std_error", "statistic", "p_value", "conf_low", "conf_high",
    ]  # fmt: skip
    assert trend.tidy()["term"].tolist() == ["intercept", "year", "sin1", "cos1", "sin2", "cos2"]
    assert len(repr(trend).splitlines()) == 2 and "2017-01 to 2023-12" in repr(trend)
    assert trend._repr_html_().startswith("<table")


def test_exponentiate_leaves_the_standard_error():
    trend = fit_trend(monthly(84), "deaths")
    log, ratio = trend.tidy(), trend.tidy(exponentiate=True)
    for name in ("estimate", "conf_low", "conf_high"):
        np.testing.assert_allclose(np.exp(log[name]), ratio[name])
    np.testing.assert_array_equal(log["std_error"], ratio["std_error"])
    assert ratio["estimate"][1] == trend.rate_ratio_per_year
    assert (ratio["conf_low"][1], ratio["conf_high"][1]) == trend.rate_ratio_ci


def test_terms_are_the_formula():
    trend = fit_trend(monthly(84, start="2017-03"), "deaths")
    month = np.arange(3, 87)
    np.testing.assert_allclose(trend.layout.X[:, 1], np.arange(84) / 12)
    np.testing.assert_allclose(trend.layout.X[:, 2], np.sin(2 * np.pi * month / 12), atol=1e-12)
    np.testing.assert_allclose(trend.layout.X[:, 5], np.cos(4 * np.pi * month / 12), atol=1e-12)


def test_predict():
    trend = fit_trend(panel(3), "deaths", by="region", cov="model")
    found = trend.predict()
    shown = ["fitted", "conf_low", "conf_high", "trend", "trend_low", "trend_high"]
    assert found.columns.tolist() == ["month", "region", "observed", *shown]
    years = found.groupby([found["region"], found["month"].dt.year])[["fitted", "trend"]].sum()
    np.testing.assert_allclose(years["trend"], years["fitted"], rtol=0.03)  # but for the growth within a year
    steps = np.log(found.pivot(index="month", columns="region", values="trend")).diff().dropna()
    np.testing.assert_allclose(steps, np.log(trend.rate_ratio_per_year) / 12)
    assert found["observed"].sum() == trend.frame["deaths"].sum()
    X = trend.layout.X
    half = stats.norm.ppf(0.975) * np.sqrt(np.diag(X @ trend.estimate.matrix @ X.T))
    np.testing.assert_allclose(found["conf_high"], found["fitted"] * np.exp(half))
    np.testing.assert_allclose(found["conf_low"], found["fitted"] / np.exp(half))


def test_sensitivity():
    frame = monthly(84)
    trend = fit_trend(frame, "deaths")
    table = trend.sensitivity()
    assert table.columns.tolist() == ["check", "choice", "rate_ratio", "conf_low", "conf_high", "change"]
    choices = table.groupby("check", sort=False)["choice"].apply(list)
    assert choices["covariance"] == ["jackknife", "model", "hc0", "hac 3", "hac 6", "hac 12"]
    assert choices["family"] == ["nb2", "quasipoisson", "poisson"]
    assert choices["start"] == ["2018-01", "2019-01", "2020-01", "2021-01", "2022-01"]
    assert choices["drop_month"] == frame["month"].astype(str).tolist()
    rows = table.set_index(["check", "choice"])
    again = fit_trend(frame[frame["month"] >= "2020-01"], "deaths")
    assert rows.loc[("start", "2020-01"), "rate_ratio"] == pytest.approx(again.rate_ratio_per_year)
    assert rows.loc[("start", "2020-01"), "conf_low"] == pytest.approx(again.rate_ratio_ci[0])
    lags = fit_trend(frame, "deaths", cov="hac", lags=12)
    assert rows.loc[("covariance", "hac 12"), "conf_high"] == pytest.approx(lags.rate_ratio_ci[1])
    kept = (frame["month"] != "2019-05").to_numpy()
    without = refit(trend.layout.X[kept], trend.layout.y[kept], family="nb2")
    assert rows.loc[("drop_month", "2019-05"), "rate_ratio"] == pytest.approx(np.exp(without.coef[0, 1]))
    dropped = table[table["check"] == "drop_month"]
    assert dropped[["conf_low", "conf_high"]].isna().all(axis=None)
    np.testing.assert_allclose(dropped["change"], dropped["rate_ratio"] - trend.rate_ratio_per_year)


def test_sensitivity_of_years_and_of_a_panel():
    starts = aids("nb2", "jackknife").sensitivity().query("check == 'start'")
    assert starts["choice"].tolist() == [str(t) for t in range(1, 9)]
    frame = panel(8, 36)
    frame.loc[(frame["region"] == "ML01") & (frame["month"] >= "2018"), "deaths"] = 0
    table = fit_trend(frame, "deaths", by="region", cov="cluster").sensitivity()
    # ML01 has no events from 2018 on: seven regions are too few for the bootstrap
    assert table.query("check == 'start'")["rate_ratio"].isna().tolist() == [True]
    assert len(table.query("check == 'drop_month'")) == 36


def test_diagnostics():
    trend = fit_trend(monthly(144, ar=0.7), "deaths")
    table = trend.diagnostics().set_index("test")
    assert list(table.index) == ["ljung_box", "cameron_trivedi_nb1", "cameron_trivedi_nb2", "seasonality"]
    assert (table["p_value"] < 0.05).all()
    assert "lag 12" in table.loc["ljung_box", "note"]
    pd.testing.assert_frame_equal(trend.diagnostics(), trend.diagnostics())
    flat = fit_trend(monthly(144, season=0, seed=1), "deaths").diagnostics().set_index("test")
    assert flat.loc["ljung_box", "p_value"] > 0.05 and flat.loc["seasonality", "p_value"] > 0.05


def test_diagnostics_of_a_panel_and_of_a_short_record():
    assert "summed over regions" in fit_trend(panel(3), "deaths", by="region").diagnostics()["note"][0]
    short = fit_trend(monthly(20), "deaths").diagnostics()
    assert short["p_value"].isna().all() and short["note"].str.contains("no p-value from 20 times").all()
    assert "years have no months" in aids("poisson").diagnostics()["note"][3]


# Invariants.


def test_row_order_is_irrelevant():
    frame = panel(3)
    mixed = frame.sample(frac=1, random_state=1)
    one, two = (fit_trend(f, "deaths", by="region", offset="population") for f in (frame, mixed))
    pd.testing.assert_frame_equal(one.tidy(), two.tidy())
    pd.testing.assert_frame_equal(one.predict(), two.predict())


def test_the_kind_of_month_is_irrelevant():
    frame = monthly(84)
    dates = frame.assign(month=frame["month"].dt.to_timestamp())
    zoned = dates.assign(month=dates["month"].dt.tz_localize("Africa/Bamako"))
    known = fit_trend(frame, "deaths").tidy()
    for other in (dates, zoned):
        pd.testing.assert_frame_equal(fit_trend(other, "deaths").tidy(), known)


def test_region_may_be_a_category_in_any_order():
    frame = panel(3)
    levels = pd.CategoricalDtype(["ML03", "unallocated", "ML01", "ML02"])
    one = fit_trend(frame, "deaths", by="region").tidy().set_index("term")
    two = fit_trend(frame.astype({"region": levels}), "deaths", by="region").tidy().set_index("term")
    pd.testing.assert_frame_equal(one, two.loc[one.index])


@pytest.mark.parametrize("family", ["nb2", "quasipoisson"])
def test_scaling_the_offset_moves_the_intercept_only(family):
    frame = monthly(84).assign(people=lambda f: np.linspace(1e6, 2e6, 84))
    one = fit_trend(frame, "deaths", offset="people", family=family).tidy()
    two = fit_trend(frame.assign(people=frame["people"] / 1e5), "deaths", offset="people", family=family).tidy()
    np.testing.assert_allclose(two["estimate"][1:], one["estimate"][1:], atol=1e-8)
    np.testing.assert_allclose(two["std_error"], one["std_error"], rtol=1e-6)
    assert two["estimate"][0] - one["estimate"][0] == pytest.approx(np.log(1e5))


def test_an_offset_takes_its_own_growth_out():
    frame = monthly(84).assign(people=lambda f: 1.05 ** (np.arange(84) / 12))
    raw, rate = (
        fit_trend(frame, "deaths", family="poisson"),
        fit_trend(frame, "deaths", family="poisson", offset="people"),
    )
    assert raw.rate_ratio_per_year / rate.rate_ratio_per_year == pytest.approx(1.05)


def test_quasipoisson_and_poisson_have_the_same_coefficients():
    frame = monthly(84)
    quasi, poisson = (fit_trend(frame, "deaths", family=family, cov="model") for family in ("quasipoisson", "poisson"))
    np.testing.assert_array_equal(quasi.tidy()["estimate"], poisson.tidy()["estimate"])
    ratio = quasi.tidy()["std_error"] / poisson.tidy()["std_error"]
    np.testing.assert_allclose(ratio, np.sqrt(quasi.dispersion))


# What is left out, with a note.


def test_unallocated_rows_are_left_out_with_a_note():
    frame = panel(3)
    away = frame[frame["region"] == "ML01"].assign(region="unallocated", deaths=2, population=np.nan)
    trend = fit_trend(pd.concat([frame, away]), "deaths", by="region", offset="population")
    pd.testing.assert_frame_equal(trend.tidy(), fit_trend(frame, "deaths", by="region", offset="population").tidy())
    assert trend.notes == ["84 rows of region 'unallocated' left out, with 168 deaths"]


def test_regions_without_events_are_left_out_with_a_note():
    frame = panel(4)
    frame.loc[frame["region"] == "ML02", "deaths"] = 0
    trend = fit_trend(frame, "deaths", by="region")
    known = fit_trend(frame[frame["region"] != "ML02"], "deaths", by="region")
    pd.testing.assert_frame_equal(trend.tidy(), known.tidy())
    assert trend.notes == ["region without any deaths left out (84 rows): ML02"]


@pytest.mark.parametrize("how", ["missing", "out of scope"])
def test_rows_out_of_scope_at_the_ends_are_left_out_with_a_note(how):
    frame = panel(2)
    outside = (frame["month"] < "2017-03-01") | (frame["month"] >= "2023-11-01")
    known = fit_trend(frame[~outside], "deaths", by="region")
    if how == "missing":
        frame.loc[outside, "deaths"] = pd.NA
    else:
        frame["in_scope"] = pd.array(~outside, dtype="boolean")
    trend = fit_trend(frame, "deaths", by="region")
    pd.testing.assert_frame_equal(trend.tidy(), known.tidy())
    assert trend.notes == ["8 rows without deaths left out at the ends (2017-01 to 2023-12)"]


def test_a_region_with_events_in_one_year_only_has_no_jackknife_error():
    frame = panel(3)
    frame.loc[(frame["region"] == "ML02") & (frame["month"].dt.year != 2020), "deaths"] = 0
    trend = fit_trend(frame, "deaths", by="region")
    assert trend.tidy().set_index("term")["std_error"].isna().sum() == 1
    assert trend.notes == ["all events in one year, so no standard error: region[ML02]"]
    assert trend.predict().set_index("region")["conf_low"].isna().groupby(level=0).mean().tolist() == [
        0,
        1,
        0,
    ]


def test_a_region_never_in_scope_is_left_out():
    frame = panel(3)
    frame.loc[frame["region"] == "ML03", "deaths"] = pd.NA
    trend = fit_trend(frame, "deaths", by="region")
    assert trend.layout.levels == 2 and trend.notes[0].startswith("84 rows without deaths left out")


def test_an_interval_without_bounds_does_not_overflow():
    frame = monthly(84, season=0).assign(deaths=0)
    frame.loc[[10, 40, 70], "deaths"] = [1, 2, 1]
    trend = fit_trend(frame, "deaths", cov="hc0", harmonics=0)
    assert np.isfinite(trend.tidy(exponentiate=True)[["conf_low", "conf_high"]]).all(axis=None)
    assert trend.estimate.half_width(np.array([1e9])) == 500


# Short records.


def test_under_five_years_the_larger_error_with_t():
    frame = monthly(48)
    trend = fit_trend(frame, "deaths")
    model = fit_trend(frame, "deaths", cov="model")
    assert trend.estimate.degrees == 48 - 6
    assert (trend.tidy()["std_error"] >= model.tidy()["std_error"] * (1 - 1e-12)).all()
    assert "fewer than 5 calendar years: standard errors are the larger" in trend.notes[0]
    assert np.linalg.eigvalsh(trend.estimate.matrix).min() > 0
    inflated = covariance._Fitted(trend.layout, trend.estimate.coef, trend.alpha, "nb2")
    hac = covariance._hac(inflated, inflated.scores / (1 - inflated.leverage())[:, None])
    larger = np.maximum(np.sqrt(np.diag(hac)), model.tidy()["std_error"])
    np.testing.assert_allclose(trend.tidy()["std_error"], larger)


def test_all_events_in_one_year_cannot_be_jackknifed():
    frame = monthly(72, season=0).assign(deaths=lambda f: f["deaths"].where(f["month"].dt.year == 2019, 0))
    trend = fit_trend(frame, "deaths", harmonics=0)
    assert "not every year can be left out" in trend.notes[0]


@pytest.mark.parametrize(("months", "why"), [(23, "23 times"), (24, None)])
def test_no_p_value_under_24_times(months, why):
    trend = fit_trend(monthly(months), "deaths")
    assert trend.tidy()["p_value"].isna().all() == (why is not None)
    assert any("no p-value from 23 times" in note for note in trend.notes) == (why is not None)
    assert trend.tidy()["conf_low"].notna().all()


def test_no_p_value_under_10_events():
    frame = monthly(84).assign(deaths=0)
    frame.loc[::10, "deaths"] = 1
    trend = fit_trend(frame, "deaths", harmonics=0)
    assert trend.tidy()["p_value"].isna().all() and trend.notes[-1].startswith("no p-value from 9 events")
    many = fit_trend(frame.assign(deaths=frame["deaths"] * 40, events=frame["deaths"]), "deaths", harmonics=0)
    assert many.tidy()["p_value"].isna().all(), "nine events of forty deaths are nine events"


def test_years_have_no_harmonics():
    trend = aids("nb2")
    assert trend.tidy()["term"].tolist() == ["intercept", "year"]
    assert trend.tidy()["p_value"].isna().all()
    assert trend.notes[0] == "numbers in 't' are read as years, so there are no seasonal terms"


def test_no_overdispersion_is_the_poisson_limit():
    frame = monthly(84).assign(deaths=np.round(20 * 1.1 ** (np.arange(84) / 12)).astype(int))
    trend, poisson = (
        fit_trend(frame, "deaths", cov="model"),
        fit_trend(frame, "deaths", family="poisson", cov="model"),
    )
    assert trend.alpha == 0 and "the Poisson limit" in trend.notes[0]
    pd.testing.assert_frame_equal(trend.tidy(), poisson.tidy())


def test_what_does_not_converge_raises(monkeypatch):
    design = fit_trend(monthly(48), "deaths").layout
    monkeypatch.setattr(covariance, "refit", lambda *args, **kwargs: refit(*args, **kwargs, max_iter=1))
    with pytest.raises(RuntimeError, match=r"poisson did not converge on 48 rows .* Use harmonics=0"):
        estimate(design, "poisson", "model")


# Errors say what was got, where, what is accepted and what to do.


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        (
            {"family": "ols"},
            r"'ols' is not offered. A line through log\(1 \+ y\) models log\(1 \+ y\), not the expected",
        ),
        ({"family": "gaussian"}, "use one of nb2, quasipoisson, poisson"),
        ({"family": "zip"}, "family='zip' is unknown; accepted are nb2, quasipoisson, poisson"),
        ({"cov": "HC1"}, "cov='HC1' is unknown; accepted are jackknife, hac, cluster, model, hc0"),
        ({"cov": "cluster"}, "needs by= and at least 8 regions with events, got 0.*Use cov='jackknife'"),
        ({"harmonics": 6}, "harmonics=6; accepted are the whole numbers 0 to 5"),
        ({"lags": 3}, "lags=3 with cov='jackknife'; a whole number, 0 or more, goes with cov='hac'"),
        ({"lags": -1, "cov": "hac"}, "lags=-1"),
        ({"by": "region"}, "by='region' is not a column; the frame has month, deaths"),
        ({"time": "date"}, "time='date' is not a column"),
        ({"offset": "people"}, "offset='people' is not a column"),
    ],
)
def test_wrong_choices(choice, message):
    with pytest.raises(ValueError, match=message):
        fit_trend(monthly(60), "deaths", **choice)


def test_too_few_regions_for_a_bootstrap():
    with pytest.raises(ValueError, match="at least 8 regions with events, got 7"):
        fit_trend(panel(7), "deaths", by="region", cov="cluster")


@pytest.mark.parametrize("value", [0, -5, np.nan, np.inf])
def test_offsets_must_be_positive(value):
    frame = panel(2)
    frame.loc[[0, 3, 5, 100], "population"] = value
    message = (
        rf"offset 'population' must be positive .* got 2017-01 in ML01: {float(value)}; 2017-04 in ML01: .*; "
        "2017-06 in ML01: .*; and 1 rows more. Fill it"
    )
    with pytest.raises(ValueError, match=message):
        fit_trend(frame, "deaths", by="region", offset="population")


def test_two_rows_for_a_month():
    with pytest.raises(ValueError, match=r"more than one row for 2017-01 in 'month' .*say by='region'"):
        fit_trend(panel(2), "deaths")
    twice = pd.concat([panel(2).assign(type_of_violence=kind) for kind in ("one-sided", "non-state")])
    with pytest.raises(ValueError, match=r"2017-01 in region ML01.*type_of_violence must first be summed"):
        fit_trend(twice, "deaths", by="region")


def test_silent_gaps():
    frame = monthly(84)
    with pytest.raises(ValueError, match=r"month 2017-06 is missing, between 2017-01 and 2023-12.*region_month_panel"):
        fit_trend(frame.drop([5, 30]), "deaths")
    wide = panel(3)
    with pytest.raises(ValueError, match="month 2017-03 is missing in region ML02"):
        fit_trend(wide.drop([10, 84 + 2, 84 + 3]), "deaths", by="region")
    with pytest.raises(ValueError, match="month 2023-12 is missing in region ML03"):
        fit_trend(wide.iloc[:-1], "deaths", by="region")


def test_missing_in_the_middle():
    frame = monthly(84).astype({"deaths": "Int64"})
    frame.loc[40, "deaths"] = pd.NA
    with pytest.raises(ValueError, match=r"out of scope in the middle of the record, at 2020-05: <NA>. A trend needs"):
        fit_trend(frame, "deaths")


@pytest.mark.parametrize("value", [-1, 2.5, np.inf])
def test_outcomes_must_be_counts(value):
    frame = monthly(84).astype({"deaths": float})
    frame.loc[2, "deaths"] = value
    with pytest.raises(ValueError, match=f"must be counts, whole and not negative; got 2017-03: {value}"):
        fit_trend(frame, "deaths")


def test_other_frames_that_cannot_be_fitted():
    frame = monthly(84)
    with pytest.raises(ValueError, match="the frame has no rows"):
        fit_trend(frame[:0], "deaths")
    with pytest.raises(ValueError, match="outcome='deaths' is str, not numbers"):
        fit_trend(frame.assign(deaths="12"), "deaths")
    with pytest.raises(ValueError, match="is 0 in all 84 rows used; no events, no trend"):
        fit_trend(frame.assign(deaths=0), "deaths")
    with pytest.raises(ValueError, match="6 rows at 6 times cannot tell the 6 terms apart"):
        fit_trend(frame[:6], "deaths")
    with pytest.raises(ValueError, match=r"time column 'month' holds str such as '2017-01'.*pd.to_datetime"):
        fit_trend(frame.assign(month=frame["month"].astype(str)), "deaths")
    with pytest.raises(ValueError, match="accepted are datetimes, monthly Periods, or numbers read as years"):
        fit_trend(frame.assign(month=201701 + np.arange(84)), "deaths")
    with pytest.raises(ValueError, match="time column 'month' is missing in 1 rows"):
        fit_trend(frame.assign(month=frame["month"].where(frame.index != 3)), "deaths")
    with pytest.raises(ValueError, match="by='region' is missing in 1 rows; call them 'unallocated'"):
        wide = panel(2)
        fit_trend(wide.assign(region=wide["region"].where(wide.index != 3)), "deaths", by="region")


def test_too_few_times_for_the_seasons_of_a_panel():
    with pytest.raises(ValueError, match="6 times cannot carry a trend and its seasons; use harmonics=0"):
        fit_trend(panel(4, 6), "deaths", by="region")


# ---- what a second pair of eyes found ----------------------------------------------------------------------


@pytest.mark.parametrize("first", [1989, 1991, 1994, 2012])
@pytest.mark.parametrize("outcome", ["events", "deaths_best"])
def test_the_shipped_series_is_fitted_from_any_start(first, outcome):
    """Counts so spread that scoring by the expected information swings between two points for ever."""
    import mali_stats as ms

    months = ms.load("region_month").groupby("month")[["events", "deaths_best"]].sum().reset_index()
    trend = fit_trend(months[months["month"].dt.year >= first], outcome)
    design = trend.layout
    known = sm.NegativeBinomial(design.y, design.X).fit(
        method="bfgs", maxiter=5000, disp=0, start_params=[*trend.estimate.coef, trend.alpha]
    )
    assert known.llf <= trend.loglik + 1e-6 and trend.method == "jackknife"
    if (first, outcome) == (1989, "deaths_best"):
        assert trend.rate_ratio_per_year == pytest.approx(1.083, abs=5e-4) and trend.alpha == pytest.approx(
            6.92, abs=0.01
        )


def test_what_stood_in_for_the_jackknife_is_named():
    trend = fit_trend(panel(3).query("region == 'ML01' and month < '2020-01-01'").head(36), "deaths")
    assert trend.cov == "jackknife" and trend.method == "model or HAC" and "model or HAC)" in repr(trend)


def test_years_with_gaps_and_events_that_are_not_counted():
    with pytest.raises(ValueError, match="year 1995 is missing, between 1993 and 2000"):
        fit_trend(pd.DataFrame({"year": [1993, 1994, *range(1996, 2001)], "deaths": 5}), "deaths", time="year")
    few = pd.DataFrame({"month": pd.date_range("2015-01-01", periods=48, freq="MS"), "deaths": 0})
    few.loc[[3, 14, 25, 36, 40], "deaths"] = 100
    assert np.isnan(year(fit_trend(few, "deaths", harmonics=0))["p_value"])
    assert set(fit_trend(panel(3), "deaths", by="region").sensitivity().query("check == 'harmonics'")["choice"]) == {
        "0",
        "1",
        "2",
    }
