from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import stats

from mali_stats.models.breaks import placebo
from mali_stats.models.breaks.breaks import find_breaks
from mali_stats.models.breaks.placebo import placebo_its
from mali_stats.models.breaks.score_curve import _quantiles, _Shift, level_curve, quantile_residuals
from mali_stats.models.trends.covariance import estimate
from mali_stats.models.trends.design import design_of

RESULTS = Path(__file__).parents[2] / "benchmarks" / "results" / "placebo.csv"


def record(months=120, jump=1.0, at=60, seed=0, mean=20.0, slope=0.1, start="2012-01-01", name="events"):
    """A trend with a season and NB2 counts, with a change of level."""
    rng = np.random.default_rng(seed)
    step = np.arange(months)
    rate = mean * np.exp(slope * step / 12 + 0.3 * np.sin(np.pi * step / 6)) * jump ** (step >= at)
    return pd.DataFrame(
        {
            "month": pd.date_range(start, periods=months, freq="MS"),
            name: rng.poisson(rate * rng.gamma(1 / 0.3, 0.3, months)),
        }
    )


def regions(seed=0, months=96):
    parts = [record(months, seed=seed + i, mean=mean).assign(region=f"ML{i:02d}") for i, mean in enumerate((3, 20, 9))]
    return pd.concat(parts, ignore_index=True).assign(person_years=50_000.0)


def ask(frame, date="2017-01", **options):
    return placebo_its(frame, "events", date, **{"n_perm": 199} | options)


def null_of(frame, family="nb2", by=None):
    """(Design, fit) of the trend without a break."""
    design = design_of(frame, "events", "month", by, None, 2)
    return design, estimate(design, family, "model")


# The statistic.


def test_z_is_the_score_test_of_statsmodels():
    frame = record(seed=3)
    found = ask(frame, None, family="poisson")
    design, fit = null_of(frame, "poisson")
    null = sm.GLM(design.y, design.X, family=sm.families.Poisson()).fit(tol=1e-12)
    for place in (12, 40, 77):
        level = (np.arange(120) >= place).astype(float)[:, None]
        known = null.model.score_test(null.params, exog_extra=level)[0]
        assert found.curve["z"].iloc[place - 12] ** 2 * fit.phi == pytest.approx(float(known[0]), rel=1e-6)


def test_z_of_the_nb2_is_the_level_of_one_weighted_step():
    """The score test with expected information is the first scoring step's level over its standard error."""
    frame = record(seed=4)
    found = ask(frame, None)
    design, fit = null_of(frame)
    for place in (12, 40, 77):
        X = np.column_stack([design.X, np.arange(120) >= place])
        step = sm.WLS((design.y - fit.mu) / fit.mu, X, weights=fit.mu / (1 + fit.alpha * fit.mu)).fit()
        known = step.params[-1] / np.sqrt(step.normalized_cov_params[-1, -1] * fit.phi)
        assert found.curve["z"].iloc[place - 12] == pytest.approx(known, rel=1e-6)


def test_z_has_the_sign_of_the_change():
    for jump, sign in ((3, 1), (1 / 3, -1)):
        assert np.sign(ask(record(jump=jump)).tidy()["z"].iloc[0]) == sign


def test_the_curve_has_every_date_with_min_side_on_both_sides():
    curve = ask(record(), None, min_side=15).curve
    assert curve.columns.tolist() == ["date", "z", "null_low", "null_high"]
    assert curve["date"].tolist() == list(pd.date_range("2013-04-01", "2020-10-01", freq="MS"))
    assert (curve["null_low"] < 0).all() and (curve["null_high"] > 0).all()


def test_families_without_a_likelihood_share_the_curve():
    one, other = (ask(record(), family=family) for family in ("poisson", "quasipoisson"))
    pd.testing.assert_frame_equal(one.curve, other.curve)


# The null.


@pytest.mark.parametrize(("alpha", "phi"), [(0.3, 1.0), (0.0, 4.0), (0.0, 1.0)])
def test_residuals_are_uniform_and_lead_back_to_their_counts(alpha, phi):
    rng = np.random.default_rng(1)
    mu = np.exp(rng.uniform(-1, 4, 4000))
    spread = rng.gamma(1 / alpha, alpha, 4000) if alpha else 1.0
    y = rng.poisson(mu * spread) if phi == 1 else rng.negative_binomial(mu / (phi - 1), 1 / phi)
    residuals = quantile_residuals(y, mu, alpha, phi, rng)
    assert stats.kstest(residuals, "uniform").pvalue > 0.01
    np.testing.assert_array_equal(_quantiles(residuals, mu, alpha, phi), y)


def test_an_outlier_keeps_its_place_among_the_largest():
    residual = quantile_residuals(np.array([1400]), np.array([80.0]), 0.5, 1, np.random.default_rng(1))
    assert _quantiles(residual, np.array([80.0]), 0.5, 1)[0] == 1400
    assert _quantiles(residual, np.array([8.0]), 0.5, 1)[0] > 100


def test_blocks_are_whole_years_of_all_regions():
    design, _ = null_of(regions(months=100), by="region")
    shift = _Shift(design, 12)
    assert shift.rows.shape == (8, 36)
    for year, rows in enumerate(shift.rows):
        assert set(design.step[rows]) == set(range(12 * year, 12 * year + 12))
    assert set(design.step[shift.left]) == {96, 97, 98, 99}
    first = shift.rows[0]
    for rows in shift.rows:  # the same region and the same month of the year at the same place
        np.testing.assert_array_equal(design.group[rows], design.group[first])
        np.testing.assert_array_equal(design.step[rows] % 12, design.step[first] % 12)


def test_blocks_in_their_own_order_give_the_record_again(monkeypatch):
    frame = record(months=100, seed=5)
    design, fit = null_of(frame)
    places = np.arange(12, 89)
    monkeypatch.setattr(np, "argsort", lambda values, axis: np.tile(np.arange(values.shape[1]), (len(values), 1)))
    z, null = level_curve(design, fit, "nb2", places, 12, 3, 0)
    np.testing.assert_allclose(null, np.tile(z, (3, 1)))


def test_shuffled_curves_vary_as_z_does():
    """Under the null z has variance 1; so, by their scaling, have the shuffled curves, at the edges too."""
    spread = []
    for seed in range(30):
        design, fit = null_of(record(96, seed=seed))
        _, null = level_curve(design, fit, "nb2", np.array([12, 30, 48, 84]), 12, 200, seed)
        spread.append((null**2).mean(axis=0))
    np.testing.assert_allclose(np.mean(spread, axis=0), 1, atol=0.2)


def test_benchmark_size_and_power_are_quoted():
    table = pd.read_csv(RESULTS)
    assert (table["replicates"] >= 400).all()
    size = table.query("ratio == 1 and ar <= 0.4")
    assert size[["at_date", "largest"]].max().max() <= 0.08
    for (months, ratio, slope), cell in table.sort_values("ar").groupby(["months", "ratio", "slope"]):
        for name in ("at_date", "largest"):
            shown = " / ".join(f"{value:.2f}".removeprefix("0") for value in cell[name])
            assert shown in placebo_its.__doc__, (months, ratio, slope, name, shown)


@pytest.mark.slow
def test_nulls_seldom_alarm():
    found = [ask(record(96, seed=seed), "2016-01") for seed in range(40)]
    assert np.mean([f.p_at_date <= 0.05 for f in found]) <= 0.15
    assert np.mean([f.p_sup <= 0.05 for f in found]) <= 0.15
    assert 0.3 < np.mean([f.p_at_date for f in found]) < 0.7


def test_a_large_step_is_seen_at_its_date_and_hardly_in_the_search():
    found = ask(record(180, jump=4, at=84, seed=1), "2019-01")
    assert found.p_at_date <= 0.02
    assert found.p_sup >= found.p_at_date


def test_p_values_count_the_record_itself():
    found = ask(record(180, jump=6, at=84, seed=2), "2019-01", n_perm=19)
    assert found.p_at_date >= 1 / 20 and found.p_sup >= 1 / 20
    assert np.isclose(found.p_sup * 20 % 1, 0) or np.isclose(found.p_sup * 20 % 1, 1)


def test_seeds_and_the_order_of_rows():
    frame = regions()
    one, again, mixed, other = (
        ask(f, "2016-01", by="region", seed=seed)
        for f, seed in ((frame, 0), (frame, 0), (frame.sample(frac=1, random_state=1), 0), (frame, 1))
    )
    pd.testing.assert_frame_equal(one.curve, again.curve)
    pd.testing.assert_frame_equal(one.curve, mixed.curve)
    assert one.p_sup == mixed.p_sup
    assert not one.curve["null_low"].equals(other.curve["null_low"])
    np.testing.assert_allclose(one.curve["z"], other.curve["z"])


def test_arguments_of_the_trend_reach_the_null():
    frame = regions()
    plain, other = (ask(frame, None, by="region", **options) for options in ({}, {"harmonics": 0}))
    assert not np.allclose(plain.curve["z"], other.curve["z"])
    grown = frame.assign(person_years=50_000 * np.exp(0.5 * (frame["month"] >= "2016-01-01")))
    assert not np.allclose(plain.curve["z"], ask(grown, None, by="region", offset="person_years").curve["z"])


# The date.


def test_a_date_in_words_by_label_or_as_a_break_is_the_same():
    frame = record(jump=2)
    coup = SimpleNamespace(label="coup", date=pd.Timestamp("2020-08-18"), kind="step")
    found = [ask(frame, date) for date in ("2020-08-18", "2020-08", "coup-2020", coup)]
    assert len({f.p_at_date for f in found}) == 1
    assert all(f.date == pd.Timestamp("2020-08-01") for f in found)
    assert [f.label for f in found] == ["2020-08-18", "2020-08", "coup-2020", "coup"]


def test_without_a_date_the_search_alone_is_tested():
    found = ask(record(), None)
    assert found.date is None and np.isnan(found.p_at_date)
    assert found.tidy()["test"].tolist() == ["largest"]
    assert found.p_sup == ask(record()).p_sup


@pytest.mark.parametrize("pick", [
    lambda found: found,
    lambda found: found.breaks,
    lambda found: found.breaks.iloc[0],
    lambda found: found.tidy(),
    lambda found: found.tidy().iloc[0].to_dict(),
    lambda found: next(found.breaks.itertuples()),
])  # fmt: skip
def test_a_date_that_the_data_chose_is_refused(pick):
    frame = record(jump=4)
    found = find_breaks(frame.set_index("month")["events"], n_boot=0)
    assert len(found.cuts)
    with pytest.raises(ValueError, match=r"a date that the data chose has no p-value.* date=None and \.p_sup"):
        ask(frame, pick(found))


def test_a_bare_date_out_of_find_breaks_is_refused_too():
    frame = record(jump=4)
    found = find_breaks(frame.set_index("month")["events"], n_boot=0)
    yearly = find_breaks(pd.Series([3, 4] * 9 + [40, 50] * 9, range(1988, 2024)), n_boot=0)
    for date in (found.breaks["date"].iloc[0], found.breaks["date"].to_numpy()[0], yearly.breaks["date"].iloc[0]):
        with pytest.raises(TypeError, match="A date out of find_breaks was chosen by the data"):
            ask(frame, date)


@pytest.mark.parametrize(
    ("date", "message"),
    [
        ("moura", "'moura' is a phase, and what is tried here is a level"),
        ("minusma-withdrawal", "is a ramp"),
        ("coup-2022", r"no label of seeds/calendar.csv. Did you mean 'coup-2021'"),
        ("2012-05", "2012-05 leaves fewer than min_side=12 times on a side; dates from 2013-01 to 2021-01"),
        ("2015-13", "'2015-13' is no day of the calendar; accepted are ISO text"),
        ("2021-02", "leaves fewer than min_side=12"),
    ],
)
def test_dates_that_cannot_be_tried(date, message):
    with pytest.raises(ValueError, match=message):
        ask(record(), date)


# What it refuses and what it says.


@pytest.mark.parametrize(
    ("frame", "options", "message"),
    [
        (record(58), {}, "58 times make 4 blocks of 12; 5 are needed"),
        (record(), {"min_side": 61}, "no date with min_side=61 on both sides"),
        (record(), {"block": 0}, "block=0; 1 or more"),
        (record(), {"block": "year"}, "block='year' is of type str; a whole number is wanted"),
        (record(), {"n_perm": None}, "n_perm=None is of type NoneType"),
        (record(), {"n_perm": 5}, "n_perm=5; 19 or more"),
        (record(), {"family": "ols"}, "family='ols', harmonics=2; accepted are nb2, quasipoisson, poisson"),
        (record(), {"harmonics": 9}, "harmonics=9"),
        (regions().drop(index=range(12)), {"by": "region"}, "do not all have the same 96 times"),
        (record().drop(index=7), {}, "month 2012-08 is missing"),
    ],
)  # fmt: skip
def test_records_that_cannot_be_shuffled(frame, options, message):
    if "by" in options:
        frame = pd.concat([frame, regions()[:12].assign(events=pd.NA)])
        frame["events"] = frame["events"].astype("Int64")
    with pytest.raises((TypeError, ValueError), match=message):
        ask(frame, None, **options)


@pytest.mark.parametrize("name", ["cov", "lags", "breaks"])
def test_arguments_that_have_no_part_here(name):
    with pytest.raises(TypeError, match=f"{name} is no argument here; of fit_trend's it takes family, harmonics"):
        ask(record(), **{name: None})


def test_short_records_have_no_p_value():
    frame = record().assign(events=0)
    frame.loc[[3, 40, 70], "events"] = 2
    found = ask(frame, harmonics=0)
    assert np.isnan([found.p_at_date, found.p_sup]).all()
    assert any("no p-value from" in note for note in found.notes)
    assert np.isfinite(found.curve["z"]).all()


def test_years_and_notes():
    yearly = pd.DataFrame({"year": range(1990, 2020), "events": record(30)["events"]})
    found = placebo_its(yearly, "events", 2005, time="year", block=1, min_side=5, n_perm=99)
    assert found.date == 2005 and found.curve["date"].tolist() == list(range(1995, 2016))
    assert "1995 to 2015" in repr(found)
    short = ask(record(62), "2014-06")
    assert "5 blocks have 120 orders only: p-values are coarse" in short.notes
    assert "the last 2 times make no whole block of 12 and are not shuffled" in short.notes


def test_repr_and_tidy():
    found = ask(record(), "coup-2020")
    tidy = found.tidy()
    assert tidy.columns.tolist() == ["test", "date", "z", "p_value"]
    assert tidy["test"].tolist() == ["at date", "largest"]
    assert tidy["z"].abs().iloc[1] == found.curve["z"].abs().max()
    assert repr(found).splitlines()[0] == "Placebo dates of events, 2013-01 to 2021-01, 199 permutations"
    assert "<table" in found._repr_html_()


def test_the_largest_of_a_shuffled_curve_counts_whichever_way_it_goes(monkeypatch):
    """A drop of 3 somewhere in every shuffled curve: none is less than the record's rise of 2."""

    def curves(design, estimate, family, places, block, n_perm, seed):
        z, null = np.zeros(len(places)), np.zeros((n_perm, len(places)))
        z[5], null[:, 7] = 2.0, -3.0
        return z, null

    monkeypatch.setattr(placebo, "level_curve", curves)
    found = ask(record(), None, n_perm=99)
    assert found.p_sup == 1 and found.critical == 3
