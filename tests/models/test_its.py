"""Breaks at known dates: their terms, what they may be asked of, the counterfactual, and rates by phase."""

import dataclasses
import datetime
import json
import re
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy import signal, stats
from statsmodels.stats.outliers_influence import variance_inflation_factor

import mali_stats as ms
from mali_stats.models.trends import its
from mali_stats.models.trends.covariance import estimate
from mali_stats.models.trends.excess import drawn
from mali_stats.models.trends.its import Break
from mali_stats.models.trends.phases import Phases, phases
from mali_stats.models.trends.refit import refit
from mali_stats.models.trends.sides import FEWEST_YEARS
from mali_stats.models.trends.trend import fit_trend

ORACLE = json.loads((Path(__file__).parents[1] / "oracles" / "sicily_its.json").read_text(encoding="utf-8"))
KNOWN, GIVEN = ORACLE["expected"], ORACLE["inputs"]
BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "results" / "its_coverage.csv"
MONTHS = pd.date_range("2012-01-01", periods=144, freq="MS")


def monthly(breaks=(), slope=True, months=144, effects=(0.5,), seed=0, spread=0.3, base=3.0, start="2012-01"):
    """Counts whose log mean has planted terms; `spread` 0 gives the rounded means themselves, 1,000 times as many."""
    when = pd.period_range(start, periods=months, freq="M")
    t = np.arange(months)
    mean = base + 0.1 * t / 12 + 0.3 * np.sin(2 * np.pi * (t % 12 + 1) / 12)
    place = when.year.to_numpy() * 12 + when.month.to_numpy() - 1
    for effect, column in zip(effects, its.columns(breaks, slope, place, True).values(), strict=False):
        mean = mean + effect * column
    rng = np.random.default_rng(seed)
    counts = rng.poisson(np.exp(mean) * rng.gamma(1 / spread, spread, months)) if spread else np.exp(mean + 7).round()
    return pd.DataFrame({"month": when.to_timestamp(), "deaths": counts.astype(int)})


def panel(breaks=(), regions=4, seed=0):
    parts = [monthly(breaks, effects=(0.5, 0.1), seed=seed + i, base=1.0 + i / 2) for i in range(regions)]
    return pd.concat([part.assign(region=f"ML{i:02d}") for i, part in enumerate(parts)], ignore_index=True)


def terms(trend):
    return trend.tidy().set_index("term")["estimate"]


STEP = Break("x", "2018-07-15")
RAMP = Break("r", "2015-03-10", "ramp", end="2015-11-20")
PHASE = Break("p", "2016-02", "phase", end="2017-06")


# ---- known answers -----------------------------------------------------------------------------------------


def sicily(**choices):
    months = pd.period_range(GIVEN["first_month"], periods=59, freq="M")
    frame = pd.DataFrame({"month": months, "aces": GIVEN["aces"], "stdpop": GIVEN["stdpop"]})
    ban = [Break("ban", GIVEN["ban"])]
    return fit_trend(frame, "aces", offset="stdpop", **{"breaks": ban, "slope": False, "cov": "model"} | choices)


@pytest.mark.parametrize(
    ("choices", "known"),
    [
        ({"family": "poisson", "harmonics": 0}, KNOWN["poisson_no_season"]),
        ({"family": "quasipoisson", "harmonics": 2}, KNOWN["quasipoisson_two_harmonics"]),
    ],
)
def test_the_smoking_ban_of_sicily_is_r_glm(choices, known):
    trend = sicily(**choices)
    row = trend.tidy(exponentiate=True).set_index("term").loc["level[ban]"]
    assert row["estimate"] == pytest.approx(known["RR"], abs=1e-5)
    assert (row["conf_low"], row["conf_high"]) == pytest.approx(known["ci"], abs=1e-5)
    assert trend.dispersion == pytest.approx(known.get("dispersion", trend.dispersion), abs=1e-5)
    growth = known.get("trend_RR_month", trend.rate_ratio_per_year ** (1 / 12))
    assert trend.rate_ratio_per_year ** (1 / 12) == pytest.approx(growth, abs=1e-8)


def test_the_robust_errors_of_sicily_are_r_sandwich():
    errors = sicily(family="quasipoisson", cov="hac", lags=12).tidy().set_index("term")["std_error"] * np.sqrt(52 / 59)
    known = KNOWN["hac12_se_not_adjusted"]
    assert errors["level[ban]"] == pytest.approx(known["smokban"], rel=1e-5)
    assert errors["year"] / 12 == pytest.approx(known["time"], rel=1e-5)


def test_the_change_of_slope_of_sicily_is_r_anova():
    without, added = (sicily(family="quasipoisson", slope=slope) for slope in (False, True))

    def deviance(trend):
        y, mu = trend.layout.y, trend.estimate.mu
        return 2 * np.sum(y * np.log(y / mu) - (y - mu))

    statistic = (deviance(without) - deviance(added)) / added.dispersion
    assert statistic == pytest.approx(KNOWN["slope_change_F"]["F"], abs=1e-5)
    assert stats.f.sf(statistic, 1, 51) == pytest.approx(KNOWN["slope_change_F"]["p"], abs=1e-5)


def test_variance_inflation_is_statsmodels():
    trend = fit_trend(monthly(), "deaths", breaks=[PHASE, STEP], slope=False)
    found, X = trend.design(), trend.layout.X
    known = [variance_inflation_factor(X, i) for i in range(1, X.shape[1])]
    np.testing.assert_allclose(found.tidy()["variance_inflation"], known, rtol=1e-8)
    length = X / np.sqrt((X**2).sum(axis=0))
    assert found.condition_number == pytest.approx(np.sqrt(np.linalg.cond(length.T @ length)))
    assert found.tidy()["term"].tolist()[:4] == ["year", "level[p]", "level[x]", "sin1"] and found.notes == []
    assert "condition number" in repr(found) and found._repr_html_().startswith("<table")


def test_variance_inflation_in_a_panel_is_within_regions():
    trend = fit_trend(panel(), "deaths", by="region", breaks=[STEP])
    X = trend.layout.X.copy()
    X[:, 0] = 1  # an intercept in the place of one region: the same space
    known = [variance_inflation_factor(X, i) for i in range(4, X.shape[1])]
    np.testing.assert_allclose(trend.design().tidy()["variance_inflation"], known, rtol=1e-8)


def test_terms_that_lean_on_each_other_are_named():
    close = [Break("a", "2020-01"), Break("b", "2021-02"), Break("c", "2022-03")]
    found = fit_trend(monthly(), "deaths", breaks=close, cov="model").design()
    high = found.tidy().query("variance_inflation > 10")["term"]
    assert len(high) and f"hard to tell from the others (variance inflation over 10): {', '.join(high)}" in found.notes


# ---- terms -------------------------------------------------------------------------------------------------


def test_a_step_begins_with_the_month_of_its_date_and_its_slope_there():
    layout = fit_trend(monthly(), "deaths", breaks=[STEP]).layout
    assert layout.names[:4] == ("intercept", "year", "level[x]", "slope[x]")
    after = (MONTHS >= "2018-07-01").astype(float)
    np.testing.assert_array_equal(layout.X[:, 2], after)
    np.testing.assert_allclose(layout.X[:, 3], after * (np.arange(144) - 78) / 12)
    assert fit_trend(monthly(), "deaths", breaks=[STEP], slope=False).layout.names[:4] == (
        "intercept", "year", "level[x]", "sin1",
    )  # fmt: skip


@pytest.mark.parametrize("monthly_", [True, False])
def test_a_ramp_is_the_mean_over_the_days(monthly_):
    days = pd.date_range("2011-01-01", "2019-12-31")
    length = (RAMP.end - RAMP.date).days + 1
    done = np.clip((days - RAMP.date).days + 0.5, 0, length) / length
    known = pd.Series(done, days.to_period("M" if monthly_ else "Y")).groupby(level=0).mean()
    place = known.index.year * 12 + known.index.month - 1 if monthly_ else known.index.year
    found = its.columns([RAMP], True, place.to_numpy(), monthly_)
    assert list(found) == ["level[r]"]
    np.testing.assert_allclose(found["level[r]"], known, atol=2e-3)  # a day's own ramp is a step here
    assert found["level[r]"][0] == 0 and found["level[r]"][-1] == 1 and (np.diff(found["level[r]"]) >= 0).all()
    whole = its.columns([Break("w", "2015-04", "ramp", end="2015-05")], True, 2015 * 12 + np.arange(2, 7), True)
    np.testing.assert_allclose(whole["level[w]"], [0, 15 / 61, (30 + 61) / 2 / 61, 1, 1])


def test_a_phase_is_on_from_month_to_month_and_has_no_slope():
    layout = fit_trend(monthly(), "deaths", breaks=[PHASE]).layout
    assert layout.names[2:4] == ("level[p]", "sin1")
    np.testing.assert_array_equal(layout.X[:, 2], (MONTHS >= "2016-02-01") & (MONTHS <= "2017-06-01"))


def test_years_count_wholly():
    years = pd.DataFrame({"year": np.arange(1990, 2021), "deaths": 5 + np.arange(31) % 4})
    trend = fit_trend(years, "deaths", time="year", breaks=[Break("x", "2006-11-30")], cov="model")
    np.testing.assert_array_equal(trend.layout.X[:, 2], years["year"] >= 2006)
    np.testing.assert_array_equal(trend.layout.X[:, 3], np.maximum(years["year"] - 2006, 0))
    assert "the year that holds a date counts wholly to the new regime" in trend.notes
    found = fit_trend(years, "deaths", time="year", breaks=[Break("p", 2000, "phase", end=2006)], cov="model")
    np.testing.assert_array_equal(found.layout.X[:, 2], years["year"].between(2000, 2006))


# ---- planted truth -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("family", ["nb2", "poisson", "quasipoisson"])
@pytest.mark.parametrize(
    ("breaks", "effects"), [([STEP], (0.5, -0.2)), ([RAMP], (0.7,)), ([PHASE], (-0.4,)), ([PHASE, STEP], (0.3, 0.5, 0.1))]
)  # fmt: skip
def test_terms_come_back_from_counts_without_noise(breaks, effects, family):
    trend = fit_trend(monthly(breaks, effects=effects, spread=0), "deaths", breaks=breaks, family=family, cov="model")
    np.testing.assert_allclose(terms(trend)[trend.layout.broken], effects, atol=1e-4)
    assert trend.rate_ratio_per_year == pytest.approx(np.exp(0.1), abs=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize(("breaks", "effects"), [([STEP], (0.5, -0.2)), ([RAMP], (0.7,)), ([PHASE], (-0.6,))])
def test_terms_come_back_from_overdispersed_counts(breaks, effects):
    frames = [monthly(breaks, effects=effects, seed=seed) for seed in range(30)]
    trends = [fit_trend(frame, "deaths", breaks=breaks, cov="model") for frame in frames]
    found = np.array([terms(trend)[trend.layout.broken] for trend in trends])
    errors = np.array([trend.estimate.std_error[trend.layout.broken] for trend in trends])
    assert (np.abs(found.mean(axis=0) - effects) < 3 * errors.mean(axis=0) / np.sqrt(30)).all()
    assert found.std(axis=0) == pytest.approx(errors.mean(axis=0), rel=0.5)


@pytest.mark.slow
def test_the_interval_of_the_excess_holds_the_truth_95_times_in_100():
    """250 records with AR(1) 0.4; two standard errors are 2.8 points. The benchmark has more cells and records."""
    made = fit_trend(monthly([STEP]), "deaths", breaks=[STEP], slope=False)
    layout, on = made.layout, made.layout.broken
    rng = np.random.default_rng(4)
    shocks = rng.normal(0, 0.4 * np.sqrt(1 - 0.4**2), (250, 244))
    latent = signal.lfilter([1], [1, -0.4], shocks, axis=1)[:, 100:]
    bare = np.exp(3 + 0.1 * layout.X[:, 1] + 0.4**2 / 2)
    rate = np.exp(3 + 0.1 * layout.X[:, 1] + 0.5 * layout.X[:, 2] + latent)
    held = []
    for y in rng.poisson(rate * rng.gamma(1 / 0.3, 0.3, rate.shape)).astype(float):
        new = dataclasses.replace(layout, y=y)
        trend = dataclasses.replace(made, layout=new, estimate=estimate(new, "nb2", "jackknife"))
        total = trend.excess(n=400).total.iloc[0]
        after = layout.X[:, on].any(axis=1)
        held.append(total["conf_low"] <= (y - bare)[after].sum() <= total["conf_high"])
    assert 0.90 <= np.mean(held) <= 0.985


def test_the_benchmark_is_what_the_docstring_says():
    table = pd.read_csv(BENCHMARK)
    assert (table["replicates"] >= 400).all()
    for (what, unit, times, after, slope), name in DOCUMENTED.items():
        chosen = (
            (table["what"] == what) & (table["unit"] == unit) & (table["times"] == times) & (table["after"] == after)
        )
        cells = table[chosen & (table["slope"].astype(str) == str(slope))].sort_values("ar")
        shown = []
        for column in ("level", "slope_term", "excess", "fitted"):
            values = cells[column].dropna()
            shown.append(" / ".join(f"{value:.2f}".removeprefix("0") for value in values) or "-")
        line = re.compile(re.escape(name) + r"\s+" + r"\s+".join(map(re.escape, shown)))
        assert line.search(fit_trend.__doc__), (name, shown)
    rates = table.dropna(subset=["rates"])
    low, high = rates["worst_rate"].min(), rates["rates"].max()
    words = " ".join(fit_trend.__doc__.split())
    assert f"{low:.2f} of the worst phase to {high:.2f}" in words
    assert f"in {table['as_expected'].min():.2f} to {table['as_expected'].max():.2f} of cases only" in words


#: Rows of the docstring's table, by the cell of the benchmark.
DOCUMENTED = {
    ("step", "month", 144, 12, False): "144, 12 after (fallback), level",
    ("step", "month", 144, 12, True): "144, 12 after (fallback), slope",
    ("step", "month", 144, 24, False): "144, 24 after, level",
    ("step", "month", 144, 24, True): "144, 24 after, slope",
    ("step", "month", 144, 41, False): "144, 41 after, level",
    ("step", "month", 144, 41, True): "144, 41 after, slope",
    ("step", "month", 84, 24, True): "84, 24 after, slope",
    ("ramp", "month", 144, 24, False): "144, a ramp",
    ("phase", "month", 144, 60, False): "144, a phase",
    ("step", "year", 30, 5, True): "30 years, 5 after, slope",
    ("step", "year", 30, 10, True): "30 years, 10 after, slope",
}


# ---- the counterfactual and the excess ---------------------------------------------------------------------


def test_predict_with_the_counterfactual():
    trend = fit_trend(monthly([STEP], effects=(0.5, 0.1)), "deaths", breaks=[STEP])
    found, plain = trend.predict(counterfactual=True), trend.predict()
    added = ["counterfactual", "cf_low", "cf_high", "cf_trend", "cf_trend_low", "cf_trend_high"]
    pd.testing.assert_frame_equal(found.drop(columns=added), plain)
    before = found["month"] < "2018-07-01"
    np.testing.assert_allclose(found.loc[before, "fitted"], found.loc[before, "counterfactual"], rtol=1e-12)
    level, slope = terms(trend)[["level[x]", "slope[x]"]]
    ratio = np.exp(level + slope * np.arange(144 - 78) / 12)
    np.testing.assert_allclose(found.loc[~before, "fitted"] / found.loc[~before, "counterfactual"], ratio)
    np.testing.assert_allclose(found.loc[~before, "trend"] / found.loc[~before, "cf_trend"], ratio)
    bare = np.where(trend.layout.broken, 0, trend.layout.X)
    half = stats.t.ppf(0.975, 11) * np.sqrt(np.diag(bare @ trend.estimate.matrix @ bare.T))
    np.testing.assert_allclose(found["cf_high"], found["counterfactual"] * np.exp(half))
    np.testing.assert_allclose(found["cf_low"], found["counterfactual"] / np.exp(half))


def test_excess_is_observed_less_counterfactual_where_a_break_is_on():
    trend = fit_trend(monthly([PHASE, STEP]), "deaths", breaks=[PHASE, STEP])
    found, table = trend.excess(), trend.predict(counterfactual=True)
    on = table["month"].between("2016-02-01", "2017-06-01") | (table["month"] >= "2018-07-01")
    rows = found.tidy()
    assert rows.columns.tolist() == ["month", "observed", "counterfactual", "excess", "conf_low", "conf_high"]
    assert rows["month"].tolist() == table.loc[on, "month"].tolist()
    np.testing.assert_allclose(rows["excess"], (table["observed"] - table["counterfactual"])[on])
    (total,) = found.total.to_dict("records")
    assert total["excess"] == pytest.approx(rows["excess"].sum())
    assert (total["start"], total["end"]) == (pd.Timestamp("2016-02-01"), pd.Timestamp("2023-12-01"))
    assert rows["conf_low"].sum() < total["conf_low"] < total["excess"] < total["conf_high"] < rows["conf_high"].sum()
    assert "counterfactual's mean" in found.notes[0]


def test_fitted_excess_is_the_observed_one_under_a_poisson():
    """A Poisson fit's residuals add up to 0 over the months of each indicator."""
    trend = fit_trend(monthly([STEP]), "deaths", breaks=[STEP], slope=False, family="quasipoisson")
    observed, fitted = trend.excess().total.iloc[0], trend.excess("fitted").total.iloc[0]
    assert fitted["excess"] == pytest.approx(observed["excess"]) and fitted["fitted"] == pytest.approx(
        observed["observed"]
    )
    assert fitted["conf_high"] - fitted["conf_low"] != pytest.approx(observed["conf_high"] - observed["conf_low"])


def test_excess_is_seeded_and_close_to_the_delta_method():
    trend = fit_trend(monthly([STEP], spread=0.02, base=6), "deaths", breaks=[STEP], cov="model")
    one, two, other = trend.excess(), trend.excess(), trend.excess(seed=2)
    pd.testing.assert_frame_equal(one.total, two.total)
    assert one.total["conf_low"][0] != other.total["conf_low"][0]
    bare = np.where(trend.layout.broken, 0, trend.layout.X)[78:]
    gradient = np.exp(bare @ trend.estimate.coef) @ bare
    half = 1.96 * np.sqrt(gradient @ trend.estimate.matrix @ gradient)
    row = trend.excess(n=20000).total.iloc[0]
    np.testing.assert_allclose([row["excess"] - row["conf_low"], row["conf_high"] - row["excess"]], half, rtol=0.1)


def test_draws_have_the_covariance_and_the_tails_that_were_chosen():
    fitted = fit_trend(monthly([STEP]), "deaths", breaks=[STEP], cov="model").estimate
    draws = drawn(fitted, 40000, 1)
    np.testing.assert_allclose(np.cov(draws.T), fitted.matrix, atol=0.03 * np.diag(fitted.matrix).max())
    heavy = drawn(dataclasses.replace(fitted, degrees=4.0), 40000, 1)[:, 1]
    ends = np.quantile((heavy - fitted.coef[1]) / fitted.std_error[1], [0.025, 0.975])
    np.testing.assert_allclose(ends, [-stats.t.ppf(0.975, 4), stats.t.ppf(0.975, 4)], rtol=0.05)


def test_excess_by_region_adds_up():
    trend = fit_trend(panel([STEP]), "deaths", by="region", breaks=[STEP])
    found = trend.excess()
    assert found.total["region"].tolist() == ["ML00", "ML01", "ML02", "ML03", "all"]
    sums = found.tidy().groupby("region")[["observed", "counterfactual", "excess"]].sum()
    for name in sums:
        np.testing.assert_allclose(found.total[name][:4], sums[name])
        assert found.total[name][4] == pytest.approx(sums[name].sum())
    assert found.total["conf_high"][4] != pytest.approx(found.total["conf_high"][:4].sum())


def test_a_region_without_an_error_has_an_excess_without_an_interval():
    frame = panel([STEP], 3)
    frame.loc[(frame["region"] == "ML02") & (frame["month"].dt.year != 2019), "deaths"] = 0
    total = fit_trend(frame, "deaths", by="region", breaks=[STEP]).excess().total.set_index("region")
    assert total["conf_low"].isna().to_dict() == {"ML00": False, "ML01": False, "ML02": True, "all": True}
    assert total["excess"].notna().all()


def test_excess_says_itself_in_two_lines():
    trend = fit_trend(monthly([STEP], spread=0), "deaths", breaks=[STEP], slope=False, family="poisson", cov="model")
    found = trend.excess()
    low, high = (f"{found.total[name][0]:,.0f}" for name in ("conf_low", "conf_high"))
    assert repr(found).splitlines()[0].startswith("Excess of deaths, 2018-07 to 2023-12: ")
    assert repr(found).endswith(f"observed less counterfactual {found.total['excess'][0]:,.0f} ({low} to {high})")
    assert found._repr_html_().startswith("<table")


def test_without_breaks_there_is_no_counterfactual():
    trend = fit_trend(monthly(), "deaths")
    for ask in (trend.excess, lambda: trend.predict(counterfactual=True)):
        with pytest.raises(ValueError, match=r"without breaks has no counterfactual; fit it with breaks=\[ms\.Break"):
            ask()
    with pytest.raises(ValueError, match="of='mean' is unknown; accepted are observed, fitted"):
        fit_trend(monthly(), "deaths", breaks=[STEP]).excess("mean")


# ---- what a break may be -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "first", "last"),
    [
        ("2020", "2020-01-01", "2020-12-31"),
        (2020, "2020-01-01", "2020-12-31"),
        ("2020-02", "2020-02-01", "2020-02-29"),
        (" 2020-02-18 ", "2020-02-18", "2020-02-18"),
        (pd.Timestamp("2020-02-18 15:30", tz="Africa/Bamako"), "2020-02-18", "2020-02-18"),
        (np.datetime64("2020-02-18"), "2020-02-18", "2020-02-18"),
        (datetime.date(2020, 2, 18), "2020-02-18", "2020-02-18"),
        (pd.Period("2020-02", "M"), "2020-02-01", "2020-02-29"),
        (pd.Period("2020", "Y"), "2020-01-01", "2020-12-31"),
    ],
)
def test_dates_may_be_given_in_many_ways(given, first, last):
    assert Break("x", given).date == pd.Timestamp(first)
    assert Break("x", "2019", "phase", end=given).end == pd.Timestamp(last)
    assert Break("x", given) == Break("x", first) and hash(Break("x", given)) == hash(Break("x", first))


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        (("", "2020"), TypeError, "label=''; a text that names the break is wanted"),
        ((3, "2020"), TypeError, "label=3"),
        (("x", "2020", "jump"), ValueError, "kind='jump' is unknown; accepted are step, ramp, phase"),
        (
            ("x", "2020", "ramp"),
            ValueError,
            "kind='ramp' with end=None; a step has no end; a ramp and a phase need one",
        ),
        (("x", "2020", "step", "2021"), ValueError, "kind='step' with end='2021'"),
        (("x", "2021-03", "phase", "2021-02"), ValueError, "date 2021-03-01 is not before end 2021-02-28"),
        (("x", "2021-03-01", "ramp", "2021-03-01"), ValueError, "is not before end"),
        (
            ("x", "5/6/2021"),
            TypeError,
            r"'5/6/2021' is no date; accepted are ISO text \('2020', '2020-08', '2020-08-18'\)",
        ),
        (("x", "2021-13"), ValueError, "'2021-13' is no day of the calendar"),
        (("x", True), TypeError, "True is no date"),
        (("x", pd.NaT), TypeError, "NaT is no date"),
        (("x", None), TypeError, "None is no date"),
    ],
)
def test_wrong_breaks(given, error, message):
    with pytest.raises(error, match=message):
        Break(*given)


def test_a_break_is_frozen_and_its_repr_makes_it_again():
    with pytest.raises(dataclasses.FrozenInstanceError):
        STEP.label = "y"
    for item in (STEP, RAMP, PHASE):
        assert eval(repr(item), {"Break": Break}) == item


def test_labels_of_the_calendar_are_breaks():
    table = its.calendar()
    assert table["coding"].any()
    for row in table.itertuples():
        (found,) = its.breaks_of(row.label)
        assert (found.label, found.date, found.kind) == (row.label, row.start, row.kind)
        assert found.end == (None if pd.isna(row.end) else row.end)
    labels = ", ".join(its.calendar()["label"])
    for given, near in (("jnim-forme", " Did you mean 'jnim-formed'?"), ("nope", "")):
        said = f"breaks={given!r} is no label of seeds/calendar.csv.{near} There are: {labels}. For a date of your"
        with pytest.raises(ValueError, match=re.escape(said)):
            its.breaks_of([given])


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ([STEP, Break("x", "2015")], ValueError, r"breaks=\['x', 'x'\] has one label twice"),
        ([pd.Timestamp("2020-01-01")], TypeError, r"breaks holds Timestamp\(.*accepted are ms.Break\(label, date\)"),
        ([7], TypeError, "breaks holds 7"),
        (pd.Timestamp("2020-01-01"), TypeError, r"breaks holds Timestamp\("),
        ({"x": "2020"}, ValueError, "breaks='x' is no label"),
    ],
)
def test_what_is_no_break(given, error, message):
    with pytest.raises(error, match=message):
        fit_trend(monthly(), "deaths", breaks=given)


def test_breaks_come_alone_or_in_any_collection():
    for given in (STEP, [STEP], (STEP,), {STEP}, iter([STEP])):
        assert its.breaks_of(given) == (STEP,)
    assert its.breaks_of(iter([STEP, RAMP])) == (RAMP, STEP) and its.breaks_of(None) == its.breaks_of([]) == ()


FOUND = pd.DataFrame({"date": [pd.Timestamp("2018-07-01")], "conf_low": [1], "conf_high": [2]})


@pytest.mark.parametrize(
    "given",
    [
        SimpleNamespace(breaks=FOUND),
        FOUND,
        FOUND.iloc[0],
        [FOUND.iloc[0]],
        FOUND.to_dict("records"),
        list(FOUND.itertuples()),
        [STEP, FOUND.iloc[0]],
    ],
    ids=["result", "frame", "row", "rows", "dict", "tuple", "among others"],
)
@pytest.mark.parametrize("descriptive", [False, True])
def test_dates_that_the_data_chose_are_refused(given, descriptive):
    message = r"chosen by the data\. A Wald p-value .* is not valid.*conf_low, conf_high.*\.p_value, or \.p_sup"
    with pytest.raises(ValueError, match=message):
        fit_trend(monthly(), "deaths", breaks=given, descriptive=descriptive)


# ---- what a record can tell apart --------------------------------------------------------------------------


def refused(breaks, frame=None, **choices):
    with pytest.raises(ValueError, match="the breaks cannot be told apart") as error:
        fit_trend(monthly() if frame is None else frame, "deaths", breaks=breaks, **choices)
    return str(error.value)


@pytest.mark.parametrize(
    ("breaks", "what"),
    [
        ([Break("x", "2012-12-31")], "11 months before x (2012-12)"),
        ([Break("x", "2023-02-01")], "11 months from x (2023-02) to the end of the record"),
        ([Break("x", "2010")], "0 months before x (2010-01)"),
        ([Break("x", "2030")], "0 months from x (2030-01) to the end of the record"),
        ([STEP, Break("y", "2019-06-30")], "11 months from x (2018-07) to y (2019-06)"),
        ([STEP, Break("y", "2018-07-31")], "0 months from x (2018-07) to y (2018-07)"),
        ([Break("p", "2016-02", "phase", end="2016-12")], "11 months from p (2016-02) to after p (2017-01)"),
        ([Break("p", "2016-02", "phase", end="2023-01")], "11 months from after p (2023-02) to the end"),
        ([Break("r", "2016-02", "ramp", end="2023-01")], "11 months from after r (2023-02) to the end"),
        ([Break("p", "2011-02", "phase", end="2016-01")], "0 months before p (2011-02)"),
        ([PHASE, Break("q", "2017-06", "phase", end="2020")], "1 month from q (2017-06) to after p (2017-07)"),
        ([RAMP, Break("y", "2016-05")], "5 months from after r (2015-12) to y (2016-05)"),
    ],
)
def test_short_sides_are_refused(breaks, what):
    assert f"in a record of 2012-01 to 2023-12: {what}" in refused(breaks)


@pytest.mark.parametrize(
    "breaks",
    [
        [Break("x", "2013-01-31")],
        [Break("x", "2023-01-31")],
        [STEP, Break("y", "2019-07-01")],
        [Break("p", "2016-02", "phase", end="2017-01")],
        [Break("p", "2016-02", "phase", end="2022-12")],
        [Break("p", "2016-02", "phase", end="2023-12")],
        [Break("p", "2016-02", "phase", end="2030")],
        [Break("r", "2016-02", "ramp", end="2016-03"), Break("y", "2017-04")],
        [PHASE, Break("q", "2017-07", "phase", end="2019-03"), Break("y", "2020-04")],
    ],
)
def test_long_enough_sides_are_not(breaks):
    trend = fit_trend(monthly(), "deaths", breaks=breaks, cov="model", slope=False)
    assert trend.breaks == tuple(breaks) and np.isfinite(trend.estimate.std_error).all()


def test_the_message_proposes_phases_that_can_be_fitted():
    near = ["coup-2020", "coup-2021", "wagner", "barkhane-end"]
    message = refused(near)
    assert (
        "Phases that can be: 2012-01 to 2020-07 (103 months: before); 2020-08 to 2021-11 (16 months: coup-2020 + "
        "coup-2021); 2021-12 to 2023-12 (25 months: wagner + barkhane-end), as breaks=["
    ) in message
    proposed = eval(re.search(r"as breaks=(\[.*\])\. ", message)[1], {"ms": ms})
    trend = fit_trend(monthly(), "deaths", breaks=proposed)
    assert trend.layout.names[2:4] == ("level[coup-2020 + coup-2021]", "level[wagner + barkhane-end]")
    assert message.endswith("For rates by phase with intervals and without p-values say descriptive=True.")


def test_where_no_phase_is_long_enough_the_message_says_so():
    message = refused(["minusma-withdrawal", "timbuktu-blockade", "ber", "minusma-leaves-kidal", "kidal-retaken"])
    assert "No phases long enough can be made of them in this record." in message and "; and 2 more." in message


def test_years_need_five_on_a_side():
    years = pd.DataFrame({"year": np.arange(1990, 2021), "deaths": 5 + np.arange(31) % 4})
    message = refused([Break("x", 2017)], years, time="year")
    assert f"4 years from x (2017) to the end of the record. At least {FEWEST_YEARS} years are needed" in message
    assert "in a record of 1990 to 2020" in message
    fit_trend(years, "deaths", breaks=[Break("x", 2016)], time="year", cov="model")


def test_a_year_that_holds_a_whole_phase_cannot_be_left_out():
    year = Break("p", "2016-01", "phase", end="2016-12")
    trend = fit_trend(monthly([year]), "deaths", breaks=[year])
    assert trend.method == "model or HAC" and np.isfinite(trend.estimate.std_error).all()
    assert trend.notes[0].startswith(
        "not every year can be left out (2016, without which nothing is left of level[p]): standard errors are the larger"
    )
    step = fit_trend(monthly(), "deaths", breaks=[Break("x", "2023")])
    assert "(2023, without which nothing is left of level[x] and slope[x])" in step.notes[0]


# ---- what it says ------------------------------------------------------------------------------------------


def test_the_rate_ratio_says_of_which_stretch_it_is():
    step, ramp = fit_trend(monthly(), "deaths", breaks=[STEP]), fit_trend(monthly(), "deaths", breaks=[RAMP])
    assert step.rate_name == "rate ratio per year before 2018-07"
    assert ramp.rate_name == "rate ratio per year beside the breaks"
    assert fit_trend(monthly(), "deaths", breaks=[STEP], slope=False).rate_name == ramp.rate_name
    lines = repr(step).splitlines()
    assert lines[1].startswith("rate ratio per year before 2018-07 ") and len(lines) == 4
    row = step.tidy(exponentiate=True).set_index("term").loc["slope[x]"]
    assert lines[3] == f"slope[x] {row['estimate']:.3f} ({row['conf_low']:.3f} to {row['conf_high']:.3f})"


def test_notes_say_what_one_series_cannot_exclude_and_what_else_the_calendar_has():
    trend = fit_trend(monthly(), "deaths", breaks=["jnim-formed", Break("mine", "2018-03-10")])
    assert trend.notes[0].startswith("one series cannot tell a break from whatever else happened around its date")
    assert "yearly rate ratio is that before the first step" in trend.notes[1]
    assert trend.notes[2].startswith(
        "within 12 months of jnim-formed (2017-03) Mali's calendar has nothing, which does"
    )
    assert trend.notes[3] == (
        "within 12 months of mine (2018-03) Mali's calendar has nothing, which does not say that nothing happened"
    )
    near = fit_trend(monthly(), "deaths", breaks=[Break("mine", "2018-03-01")]).notes[-1]
    assert near.endswith("has jnim-formed (2017-03, a break of the coding)")
    ramp = fit_trend(monthly(), "deaths", breaks=[Break("r", "2014-01-12", "ramp", end="2014-05-15")]).notes[-1]
    assert "serval" not in ramp and "barkhane (2014-08)" in ramp and "algiers-accord (2015-05)" in ramp


def test_the_calendar_of_mali_is_left_alone_elsewhere():
    frame = monthly().assign(country="BFA")
    assert not any("calendar" in note for note in fit_trend(frame, "deaths", breaks=["jnim-formed"]).notes)
    assert any("calendar" in note for note in fit_trend(frame.assign(country="MLI"), "deaths", breaks=["wagner"]).notes)


def test_nothing_that_is_said_speaks_of_causes():
    trend = fit_trend(monthly(), "deaths", breaks=["coup-2020"])
    rates = fit_trend(monthly(), "deaths", breaks=["coup-2020"], descriptive=True)
    said = [*trend.notes, *trend.excess().notes, *trend.excess("fitted").notes, *trend.design().notes, *rates.notes]
    said += [repr(trend), repr(trend.excess()), repr(rates), refused(["coup-2020", "coup-2021"])]
    assert not re.search(
        r"\b(caus|effect|impact|due to|led to|because|result(ed)? (of|in))", " ".join(said), re.IGNORECASE
    )


def test_sensitivity_of_a_term():
    trend = fit_trend(monthly([STEP]), "deaths", breaks=[STEP])
    table = trend.sensitivity("level[x]").set_index(["check", "choice"])
    assert table.loc[("covariance", "jackknife"), "rate_ratio"] == pytest.approx(np.exp(terms(trend)["level[x]"]))
    frame = monthly([STEP])
    later = fit_trend(frame[frame["month"] >= "2017"], "deaths", breaks=[STEP])
    assert table.loc[("start", "2017-01"), "rate_ratio"] == pytest.approx(np.exp(terms(later)["level[x]"]))
    assert table.loc[("start", "2018-01")].isna().all(), "six months before the break are too few"
    assert trend.sensitivity("sin2").query("check == 'harmonics'")["choice"].tolist() == ["2"]
    with pytest.raises(ValueError, match=r"term='level' is not in the trend; it has intercept, year, level\[x\]"):
        trend.sensitivity("level")


# ---- invariants --------------------------------------------------------------------------------------------


def test_without_breaks_nothing_is_other():
    frame = monthly()
    plain, none = fit_trend(frame, "deaths"), fit_trend(frame, "deaths", breaks=[], slope=False)
    assert plain.layout.X.tobytes() == none.layout.X.tobytes() and plain.layout.names == none.layout.names
    assert plain.tidy().to_csv() == none.tidy().to_csv() and repr(plain) == repr(none) and none.notes == []
    angle = 2 * np.pi * (np.arange(144) % 12 + 1)
    known = [np.ones(144), np.arange(144) / 12, np.sin(angle / 12), np.cos(angle / 12)]
    known += [np.sin(2 * angle / 12), np.cos(2 * angle / 12)]
    assert plain.layout.X.tobytes() == np.column_stack(known).tobytes()


@pytest.mark.parametrize("family", ["nb2", "quasipoisson", "poisson"])
@pytest.mark.parametrize("cov", ["jackknife", "hac", "model", "hc0"])
def test_every_family_and_covariance(family, cov):
    trend = fit_trend(monthly([STEP, RAMP]), "deaths", breaks=[STEP, RAMP], family=family, cov=cov)
    row = trend.excess().total.iloc[0]
    assert trend.method == cov and row["conf_low"] < row["excess"] < row["conf_high"]


def test_a_bootstrap_of_regions():
    trend = fit_trend(panel([STEP], 8), "deaths", by="region", breaks=[STEP], cov="cluster", harmonics=0)
    assert trend.estimate.degrees == 7 and trend.excess().total["conf_low"].notna().all()


def test_the_order_of_rows_and_of_breaks_is_irrelevant():
    frame = panel([STEP])
    known = fit_trend(frame, "deaths", by="region", breaks=[PHASE, STEP])
    mixed = fit_trend(frame.sample(frac=1, random_state=1), "deaths", by="region", breaks=[STEP, PHASE])
    assert known.tidy().to_csv() == mixed.tidy().to_csv()
    assert known.excess().total.to_csv() == mixed.excess().total.to_csv()
    rates = [fit_trend(f, "deaths", by="region", breaks=b, descriptive=True).tidy().to_csv()
             for f, b in ((frame, [PHASE, STEP]), (frame.sample(frac=1, random_state=1), [STEP, PHASE]))]  # fmt: skip
    assert rates[0] == rates[1]


def test_a_label_is_a_name_only():
    frame = monthly([STEP])
    one = fit_trend(frame, "deaths", breaks=[STEP]).tidy()
    two = fit_trend(frame, "deaths", breaks=[dataclasses.replace(STEP, label="another")]).tidy()
    assert two["term"].tolist()[2:4] == ["level[another]", "slope[another]"]
    pd.testing.assert_frame_equal(one.drop(columns="term"), two.drop(columns="term"))


def test_a_constant_offset_moves_the_intercept_only():
    frame = monthly([STEP]).assign(people=4.0)
    plain, rate = (fit_trend(frame, "deaths", breaks=[STEP], offset=offset) for offset in (None, "people"))
    shift = (plain.tidy()["estimate"] - rate.tidy()["estimate"]).to_numpy()
    np.testing.assert_allclose(shift, [np.log(4), *[0] * (len(shift) - 1)], atol=1e-8)
    np.testing.assert_allclose(
        plain.excess().total[["excess", "conf_low"]], rate.excess().total[["excess", "conf_low"]], rtol=1e-3
    )
    counts, per = (
        fit_trend(frame, "deaths", breaks=[STEP], offset=o, descriptive=True).tidy() for o in (None, "people")
    )
    for name in ("rate", "conf_low", "conf_high"):
        np.testing.assert_allclose(counts[name], 4 * per[name])


def test_periods_and_timestamps_are_the_same_months():
    frame = monthly([STEP])
    periods = frame.assign(month=frame["month"].dt.to_period("M"))
    one, two = (fit_trend(f, "deaths", breaks=[STEP]) for f in (frame, periods))
    pd.testing.assert_frame_equal(one.tidy(), two.tidy())
    assert repr(one.excess()) == repr(two.excess())


# ---- rates by phase ----------------------------------------------------------------------------------------


def described(breaks, frame=None, **choices):
    return fit_trend(monthly() if frame is None else frame, "deaths", breaks=breaks, descriptive=True, **choices)


def test_rates_by_phase():
    frame = monthly()
    found = described(["coup-2020", "coup-2021", "sanctions-2022", "wagner"], frame)
    assert isinstance(found, Phases)
    table = found.tidy()
    assert table.columns.tolist() == [
        "phase", "start", "end", "months", "total", "rate", "conf_low", "conf_high", "ratio",
    ]  # fmt: skip
    assert table["phase"].tolist() == [
        "before", "coup-2020", "coup-2021", "wagner", "sanctions-2022", "after sanctions-2022",
    ]  # fmt: skip
    assert table["months"].tolist() == [103, 9, 7, 1, 7, 17] and table["months"].sum() == 144
    assert table["total"].sum() == frame["deaths"].sum()
    for row in table.itertuples():
        inside = frame[frame["month"].between(row.start, row.end)]
        assert len(inside) == row.months and inside["deaths"].sum() == row.total
        assert row.rate == pytest.approx(inside["deaths"].mean())
        poisson = stats.norm.ppf(0.975) / np.sqrt(row.total)
        assert row.conf_high / row.rate == pytest.approx(row.rate / row.conf_low) and row.conf_high > row.rate * np.exp(
            poisson
        )
    np.testing.assert_allclose(table["ratio"], table["rate"] / table["rate"][0])
    assert "p_value" not in table and any("no p-value" in note for note in found.notes)
    assert any("under 12 months holds some seasons only" in note for note in found.notes)
    assert repr(found) == "Rates of deaths in 6 phases of 1 to 103 months" and found._repr_html_().startswith("<table")


def test_intervals_of_rates_are_the_formula():
    """Three phases of whole years, by hand: blocks are the years."""
    frame = monthly(seed=5)
    found = described([Break("a", "2018"), Break("b", "2021")], frame).tidy()
    years = frame["deaths"].to_numpy().reshape(12, 12).sum(axis=1)
    phase = np.repeat([0, 1, 2], [6, 3, 3])
    X = np.column_stack([*(phase == i for i in range(3)), np.arange(12)]).astype(float)
    mean = np.exp(X @ refit(X, years).coef[0])
    spread = (((years - mean) / mean) ** 2).sum() / 8 - (1 / mean).mean()
    error = np.sqrt(1 / found["total"] + spread * 12 / found["months"])
    np.testing.assert_allclose(found["conf_high"], found["rate"] * np.exp(stats.t.ppf(0.975, 8) * error), rtol=1e-6)


def test_a_phase_with_none_has_an_upper_end():
    frame = monthly()
    frame.loc[frame["month"].between("2019-03-01", "2019-06-01"), "deaths"] = 0
    row = described([Break("z", "2019-03", "phase", end="2019-06")], frame).tidy().iloc[1]
    assert (row["total"], row["rate"], row["conf_low"]) == (0, 0, 0)
    assert row["conf_high"] > -np.log(0.025) / 4, "more than a Poisson's, as counts are more spread"
    even = monthly(spread=0).assign(deaths=lambda f: np.where(f["month"].between("2019-03-01", "2019-06-01"), 0, 5))
    low = described([Break("z", "2019-03", "phase", end="2019-06")], even).tidy().iloc[1]
    assert low["conf_high"] == pytest.approx(-np.log(0.025) / 4, rel=1e-6)


def test_the_same_spread_serves_all_phases_and_shrinks_with_their_length():
    table = described([Break("a", "2020"), Break("b", "2022")], monthly(seed=2)).tidy()
    width = np.log(table["conf_high"] / table["conf_low"]).to_numpy()
    assert width[0] < width[1] and width[1] == pytest.approx(width[2], rel=0.05)


@pytest.mark.slow
def test_rates_with_autocorrelation_hold_the_truth_where_a_poisson_does_not():
    """120 records with AR(1) 0.7 and four phases; the benchmark has more."""
    made = fit_trend(monthly(), "deaths", harmonics=0, cov="model").layout
    breaks = tuple(Break(f"p{i}", month) for i, month in enumerate(["2020-08", "2021-05", "2022-01"]))
    rng = np.random.default_rng(8)
    shocks = rng.normal(0, 0.4 * np.sqrt(1 - 0.7**2), (120, 244))
    latent = signal.lfilter([1], [1, -0.7], shocks, axis=1)[:, 100:]
    mean = 3 + 0.1 * np.arange(144) / 12
    starts = [0, 103, 112, 120, 144]
    truth = [np.exp(mean[a:b] + 0.08).mean() for a, b in pairwise(starts)]
    held, naive = [], []
    for y in rng.poisson(np.exp(mean + latent) * rng.gamma(1 / 0.3, 0.3, latent.shape)).astype(float):
        table = phases(dataclasses.replace(made, y=y), breaks).table
        held.append((table["conf_low"] <= truth) & (truth <= table["conf_high"]))
        naive.append(np.abs(np.log(table["rate"] / truth)) <= 1.96 / np.sqrt(table["total"]))
    assert 0.90 <= np.mean(held) <= 0.99 and np.mean(naive) < 0.5


def test_rates_by_region_and_by_year():
    frame = panel()
    found = described(["coup-2020"], frame, by="region").tidy()
    assert found["region"].tolist() == sorted(found["region"]) and len(found) == 8
    one = described(["coup-2020"], frame[frame["region"] == "ML02"]).tidy()
    pd.testing.assert_frame_equal(found[found["region"] == "ML02"].drop(columns="region").reset_index(drop=True), one)
    years = pd.DataFrame({"year": np.arange(1990, 2021), "deaths": 5 + np.arange(31) % 4})
    table = described([Break("x", 2018)], years, time="year").tidy()
    assert table[["phase", "start", "end", "years"]].to_numpy().tolist() == [
        ["before", 1990, 2017, 28],
        ["x", 2018, 2020, 3],
    ]
    assert (table["conf_low"] < table["rate"]).all()


def test_a_record_too_short_has_rates_without_intervals():
    found = described([Break("x", "2013")], monthly(months=24))
    assert found.tidy()["rate"].notna().all() and found.tidy()[["conf_low", "conf_high"]].isna().all(axis=None)
    assert "no interval: too few years of record" in found.notes[0]


def test_breaks_before_and_after_the_record():
    table = described([Break("old", "2001"), STEP, Break("late", "2030")]).tidy()
    assert table["phase"].tolist() == ["old", "x"]
    table = described([Break("p", "2011", "phase", end="2012-03"), Break("gone", "2001", "phase", end="2002")]).tidy()
    assert table["phase"].tolist() == ["p", "after p"]


def test_breaks_of_one_month_share_a_phase():
    table = described(["ber", "timbuktu-blockade"]).tidy()
    assert table["phase"].tolist() == ["before", "ber + timbuktu-blockade", "after timbuktu-blockade"]


def test_breaks_outside_the_record_are_named():
    breaks = [STEP, Break("old", "1990"), Break("new", "2090")]
    (told,) = (note for note in described(breaks).notes if "begin outside the record" in note)
    assert told.endswith("nothing can be cut: old, new")
    assert not any("begin outside" in note for note in described([STEP]).notes)


def test_descriptive_wants_breaks():
    with pytest.raises(ValueError, match=r"descriptive=True wants breaks=\[ms\.Break"):
        described(None)


@pytest.mark.parametrize("n", [0, 1, 2.5, "many", None])
def test_an_excess_asks_for_a_number_of_draws(n):
    with pytest.raises((TypeError, ValueError), match="excess: n="):
        sicily(family="poisson", cov="model", slope=False).excess(n=n)
