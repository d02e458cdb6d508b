"""fit_lags: reference numbers, planted lags found again with the coverage promised, guards."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import stats

import mali_stats as ms
from mali_stats.models.displacement.lags import fit_lags
from mali_stats.models.displacement.within import within
from mali_stats.synthetic.planted import COEFFICIENTS, planted_panel

X = [3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9, 3, 2, 3, 8, 4, 6, 2, 6, 4]
Y = [2, 7, 1, 8, 2, 8, 1, 8, 2, 8, 4, 5, 9, 0, 4, 5, 2, 3, 5, 3, 6, 0, 2, 8]
#: least squares of Y on a constant and on the powers 0, 1, 2 of the lag times X, lags 0 to 4 (issue 8 of the project)
ALMON = [0.40763427, 0.04297270, -0.13676622, -0.13158251, 0.05852384]


def series(values=None, months=24, first="2020-01-01"):
    frame = pd.DataFrame({"month": pd.date_range(first, periods=months, freq="MS"), "x": X, "y": Y})
    return frame.assign(**(values or {}))


def joined(made):
    """The planted figures beside their panel, row by row (`add_displacement` gives the same, more slowly)."""
    return made.panel.assign(new_displacement=made.figures["best"])


@pytest.fixture(scope="module")
def panel():
    return joined(planted_panel(seed=2))


@pytest.fixture(scope="module")
def fit(panel):
    return ms.fit_lags(panel, "new_displacement", "deaths_best", transform="log1p")


def of_deaths(panel, **options):
    return ms.fit_lags(panel, "new_displacement", "deaths_best", transform="log1p", **options)


# ---- reference numbers -------------------------------------------------------------------------------------


def test_least_squares_on_almons_basis_gives_the_reference_numbers():
    table = ms.fit_lags(series(), "y", "x", lags=4, leads=0, degree=2, fixed_effects=(), family="ols").tidy()
    assert table["term"].tolist() == ["intercept", "lag0", "lag1", "lag2", "lag3", "lag4"]
    np.testing.assert_allclose(table["estimate"], [2.93297032, *ALMON], atol=5e-9)


def by_dummies(panel, family, lags=6, leads=2, degree=2, offset=None):
    """Coefficients of the lags and leads from statsmodels, with a dummy for every region and month."""
    table = panel[panel["region"] != "unallocated"].sort_values(["region", "month"])
    log = np.log1p(table["deaths_best"].astype(float)).groupby(table["region"])
    lagged = np.column_stack([log.shift(k) for k in range(lags + 1)])
    powers = np.vander(np.arange(lags + 1), degree + 1, increasing=True)
    columns = np.column_stack([lagged @ powers, *(log.shift(-k) for k in range(1, leads + 1))])
    use = ~np.isnan(columns).any(axis=1)
    dummies = [pd.get_dummies(table[c][use], dtype=float) for c in ("region", "month")]
    design = np.column_stack([columns[use], dummies[0], dummies[1].iloc[:, 1:]])
    y = table["new_displacement"].to_numpy(float)[use]
    if family == "ols":
        found = np.linalg.lstsq(design, y, rcond=None)[0]
    else:
        log_offset = None if offset is None else np.log(table[offset].to_numpy(float)[use])
        model = sm.GLM(y, design, family=sm.families.Poisson(), offset=log_offset)
        found = model.fit(maxiter=200, tol=1e-13).params
    return np.r_[powers @ found[: degree + 1], found[degree + 1 : degree + 1 + leads]]


def test_the_fit_is_that_of_a_glm_with_dummies(panel, fit):
    np.testing.assert_allclose(fit.coef, by_dummies(panel, "poisson"), rtol=1e-6, atol=1e-8)
    with_people = panel.assign(people=1000.0 + np.arange(len(panel)) % 700)
    np.testing.assert_allclose(
        of_deaths(with_people, offset="people").coef, by_dummies(with_people, "poisson", offset="people"),
        rtol=1e-6, atol=1e-8,
    )  # fmt: skip
    np.testing.assert_allclose(of_deaths(panel, family="ols").coef, by_dummies(panel, "ols"), rtol=1e-6, atol=1e-6)


def test_a_tiny_region_beside_a_huge_one_is_fitted_too(panel):
    flow = panel["new_displacement"].astype(float)
    flow = flow.mask(panel["region"] == "ML05", flow * 1e5).mask(panel["region"] == "ML07", np.minimum(flow, 1))
    uneven = panel.assign(new_displacement=flow)
    np.testing.assert_allclose(of_deaths(uneven).coef, by_dummies(uneven, "poisson"), rtol=1e-5, atol=1e-7)


def test_intervals_are_those_of_leaving_out_each_region(panel, fit):
    regions = panel["region"].unique()
    without = np.array([of_deaths(panel[panel["region"] != r]).coef for r in regions])
    apart = without - fit.coef
    np.testing.assert_allclose(fit.matrix, apart.T @ apart * 9 / 10, rtol=1e-5, atol=1e-10)
    table = fit.tidy()
    half = stats.t.ppf(0.975, 9) * table["std_error"]
    np.testing.assert_allclose(table["conf_high"], table["estimate"] + half)
    np.testing.assert_allclose(table["p_value"], 2 * stats.t.sf(np.abs(table["statistic"]), 9))


def test_years_are_left_out_of_all_regions_at_once(panel):
    by_year = of_deaths(panel, cov="jackknife")
    assert by_year.degrees == 7 and by_year.method == "jackknife"
    log = panel["month"].dt.year
    hidden = [panel.assign(new_displacement=panel["new_displacement"].mask(log == year)) for year in (2016, 2023)]
    ends = np.array([of_deaths(frame).coef for frame in hidden])  # the first and last year can be left out by hand
    weights = by_year.design.year != np.array([[2016], [2023]])
    ours = within(by_year.design.X, by_year.design.y, by_year.design.group, weights=weights, free=by_year.design.free)
    basis = by_year.design.free + 3
    curves = ours.coef[:, by_year.design.free : basis] @ by_year.design.basis.T
    np.testing.assert_allclose(np.hstack([curves, ours.coef[:, basis:]]), ends, rtol=1e-6, atol=1e-8)


# ---- planted truth -----------------------------------------------------------------------------------------

PANELS = 30


def fits(coefficients, **options):
    made = (planted_panel(coefficients, months=96, seed=[7, s], **options) for s in range(PANELS))
    return [of_deaths(joined(one)) for one in made]


@pytest.fixture(scope="module")
def planted():
    return fits(COEFFICIENTS)


@pytest.fixture(scope="module")
def nothing():
    return fits((0.0,) * 7)


@pytest.mark.slow
def test_the_planted_curve_is_found_again(planted):
    curves = np.array([fit.coef for fit in planted])
    error = curves.std(axis=0, ddof=1) / np.sqrt(PANELS)
    assert (np.abs(curves.mean(axis=0) - [*COEFFICIENTS, 0, 0]) < 3 * error).all()
    assert error.max() < 0.05  # or the line above would hold anything


def test_the_intervals_hold_what_was_planted(planted):
    true = np.array(COEFFICIENTS)
    curves = [fit.lag_curve() for fit in planted]
    held = [curve["conf_low"].le(true).to_numpy() & curve["conf_high"].ge(true) for curve in curves]
    sums = pd.concat([fit.cumulative().tail(1) for fit in planted])
    inside = sums["conf_low"].le(sum(COEFFICIENTS)) & sums["conf_high"].ge(sum(COEFFICIENTS))
    assert np.mean(held) > 0.87 and inside.sum() >= 25  # 30 panels; the benchmark has 500
    assert (sums["conf_low"] > 0).mean() > 0.6


@pytest.mark.slow
def test_no_effect_is_found_where_none_was_planted(nothing):
    sums = pd.concat([fit.cumulative().tail(1) for fit in nothing])
    assert ((sums["conf_low"] > 0) | (sums["conf_high"] < 0)).sum() <= 5
    p_values = np.array([fit.tidy()["p_value"] for fit in nothing])
    assert 0 < (p_values < 0.05).mean() < 0.11
    assert np.abs(np.mean([fit.coef for fit in nothing], axis=0)).max() < 0.05


@pytest.mark.slow
def test_leads_reject_where_flight_was_ahead_and_not_elsewhere(planted, nothing):
    ahead = fits(COEFFICIENTS, lead=0.3)
    p = {
        name: np.array([fit.placebo()["p_value"].iloc[-1] for fit in some])
        for name, some in (("ahead", ahead), ("planted", planted), ("nothing", nothing))
    }
    assert (p["ahead"] < 0.05).mean() > 0.6
    assert (p["planted"] < 0.05).sum() <= 5 and (p["nothing"] < 0.05).sum() <= 5


def test_a_shape_that_no_parabola_has_wants_free_lags():
    step = (0.3, 0.3, 0.3, 0, 0, 0, 0)
    panels = [joined(planted_panel(step, months=120, seed=[8, s])) for s in range(8)]
    free, parabola = (np.mean([of_deaths(p, degree=d).coef[:7] for p in panels], axis=0) for d in (None, 2))
    assert np.abs(free - step).max() < 0.08 < np.abs(parabola - step).max()


# ---- invariants --------------------------------------------------------------------------------------------


def test_row_order_and_the_unit_of_the_outcome_do_not_matter(panel, fit):
    shuffled = panel.sample(frac=1, random_state=4)
    pd.testing.assert_frame_equal(of_deaths(shuffled).tidy(), fit.tidy(), rtol=1e-7)
    thousands = panel.assign(new_displacement=panel["new_displacement"] / 1000)
    pd.testing.assert_frame_equal(of_deaths(thousands).tidy(), fit.tidy(), rtol=1e-6)


def test_a_polynomial_of_as_many_degrees_as_lags_is_free(panel):
    full, free = (of_deaths(panel, lags=3, degree=d) for d in (3, None))
    pd.testing.assert_frame_equal(full.tidy(), free.tidy(), rtol=1e-6)


def test_degree_0_gives_all_lags_one_coefficient(panel):
    assert np.ptp(of_deaths(panel, degree=0).lag_curve()["estimate"]) < 1e-12


def test_log1p_is_the_log_of_one_more(panel, fit):
    own = panel.assign(g=np.log1p(panel["deaths_best"].astype(float)))
    np.testing.assert_allclose(ms.fit_lags(own, "new_displacement", "g").coef, fit.coef)
    assert ms.fit_lags(own, "new_displacement", "g").design.exposure == "g"
    assert fit.design.exposure == "log1p(deaths_best)"


def test_curve_sum_and_table_are_of_one_piece(fit):
    table, curve, total = fit.tidy(), fit.lag_curve(), fit.cumulative()
    assert list(curve) == ["lag", "estimate", "conf_low", "conf_high"] and curve["lag"].tolist() == list(range(7))
    np.testing.assert_allclose(curve["estimate"], table["estimate"][:7])
    np.testing.assert_allclose(total["estimate"], np.cumsum(table["estimate"][:7]))
    np.testing.assert_allclose(total["std_error"].iloc[-1], np.sqrt(fit.matrix[:7, :7].sum()))
    ahead = fit.lag_curve(leads=True)
    assert ahead["lag"].tolist() == list(range(-2, 7))
    np.testing.assert_allclose(ahead["estimate"][:2], table["estimate"][[8, 7]])


def test_the_joint_test_takes_the_larger_of_two_p_values(fit):
    table = fit.placebo().set_index("test")
    leads, matrix = fit.coef[-2:], fit.matrix[-2:, -2:]
    F = leads @ np.linalg.inv(matrix) @ leads / 2 * 8 / 9
    assert table.loc["joint", "statistic"] == pytest.approx(F)
    both = stats.f.sf(F, 2, 8), 2 * table.loc[["lead1", "lead2"], "p_value"].min()
    assert table.loc["joint", "p_value"] == pytest.approx(max(both))
    with pytest.raises(ValueError, match="the model has no leads; fit it with leads=2"):
        of_deaths(joined(planted_panel(seed=2)), leads=0).placebo()


def test_counts_of_regions_may_be_repeated_or_left_out_as_weights():
    X = np.column_stack([np.tile([0.0, 1, 2, 4], 3), np.repeat([0.0, 1, 0], 4)])
    y, group = np.array([1.0, 2, 3, 9, 2, 2, 5, 11, 4, 6, 0, 30]), np.tile([0, 1, 0, 1], 3)
    weights = np.repeat([[2, 0, 1]], 4, axis=1)
    rows = np.repeat(np.arange(12), weights[0])
    for family in ("poisson", "ols"):
        ours = within(X, y, group, weights=weights, family=family)
        np.testing.assert_allclose(ours.coef, within(X[rows], y[rows], group[rows], family=family).coef, atol=1e-8)


def test_a_month_without_a_count_in_a_replicate_drops_out():
    X, group = np.tile([0.0, 1, 3], 4)[:, None], np.repeat([0, 1, 2, 3], 3)
    y = np.array([1.0, 2, 9, 0, 0, 0, 2, 5, 8, 1, 1, 4])
    some = within(X, y, group)
    assert some.converged.all() and some.effects[0, 1] == -np.inf
    np.testing.assert_allclose(some.coef, within(X[group != 1], y[group != 1], group[group != 1]).coef)


# ---- zeros, and what has no estimate -----------------------------------------------------------------------


def test_zeros_stay_and_empty_regions_and_months_leave_with_a_note(panel):
    flow = panel["new_displacement"].mask(panel["region"] == "ML09", 0).mask(panel["month"] == "2019-05-01", 0)
    emptied = panel.assign(new_displacement=flow)
    found = of_deaths(emptied)
    assert found.nobs == 9 * 87 and len(found.design.units) == 9
    assert (found.design.y == 0).sum() > 10
    notes = "\n".join(found.notes)
    assert "1 of region without any new_displacement left out (88 rows)" in notes and "ML09" in notes
    assert "1 of month without any new_displacement left out (9 rows)" in notes and "2019-05" in notes
    np.testing.assert_allclose(found.coef, of_deaths(emptied[emptied["region"] != "ML09"]).coef, rtol=1e-7)
    assert of_deaths(emptied, family="ols").nobs == 880  # a line has room for them


def test_ends_without_outcome_or_exposure_are_left_out_with_a_note(panel, fit):
    unallocated = panel[panel["region"] == "ML01"].assign(region="unallocated")
    late = panel.assign(new_displacement=panel["new_displacement"].mask(panel["month"] < "2018-01-01"))
    notes = of_deaths(pd.concat([late, unallocated])).notes
    assert "96 rows of region 'unallocated' left out, with " in notes[0] and "deaths_best" in notes[0]
    assert notes[1:3] == [
        "240 rows without new_displacement left out at the ends",
        "20 rows whose lags or leads lie beyond the record left out at the ends",
    ]
    assert fit.notes[0] == "80 rows whose lags or leads lie beyond the record left out at the ends"
    assert fit.notes[1].startswith("10 regions are few, and the largest (ML") and "with t(9) quantiles" in fit.notes[1]
    assert len(fit.notes) == 2


def test_months_out_of_scope_are_no_exposure(panel):
    out = panel.assign(in_scope=panel["month"] >= "2017-01-01")
    assert of_deaths(out).design.step.min() == 2017 * 12 + 6


def test_spread_outcomes_are_noted():
    made = planted_panel(seed=2, months=40)
    spread = made.figures.assign(issues="spread-from:2016-01-01/2016-03-31")
    half = pd.concat([spread[:200], made.figures[200:]])
    notes = of_deaths(ms.add_displacement(made.panel, half)).notes
    assert any("of 320 rows of new_displacement were not published for their month" in note for note in notes)


# ---- guards ------------------------------------------------------------------------------------------------


def test_a_stock_is_refused_by_its_measure_and_by_its_name(panel):
    for stock in (
        panel.assign(idps=panel["new_displacement"]),
        panel.assign(idps=panel["new_displacement"], idps_measure="stock"),
    ):
        with pytest.raises(ValueError, match="'idps' is a stock.*stock_to_flow"):
            ms.fit_lags(stock, "idps", "deaths_best")
    with pytest.raises(ValueError, match="'new_displacement' is a stock"):
        of_deaths(panel.assign(new_displacement_measure="stock"))
    flow = panel.assign(idps=panel["new_displacement"], idps_measure="flow")
    assert ms.fit_lags(flow, "idps", "deaths_best").nobs == 880


def test_a_net_change_goes_with_least_squares_only(panel):
    change = panel.assign(idps_net_change=panel["new_displacement"] - 50, idps_net_change_measure="net change")
    with pytest.raises(ValueError, match="'idps_net_change' is -.*A net change goes with family='ols'"):
        ms.fit_lags(change, "idps_net_change", "deaths_best")
    assert ms.fit_lags(change, "idps_net_change", "deaths_best", family="ols").nobs == 880
    issues = change["month"].eq("2018-05-01").map({True: "interpolated; x", False: ""})
    with pytest.raises(ValueError, match="10 rows of 'idps_net_change' come from an interpolated stock"):
        ms.fit_lags(change.assign(idps_net_change_issues=issues), "idps_net_change", "deaths_best", family="ols")


def test_thirteen_points_bear_no_lag_model():
    years = pd.DataFrame({"year": range(2012, 2025), "flow": Y[:13], "deaths": X[:13]})
    with pytest.raises(ValueError, match="13 years of one series with 'flow'; at least 24 are needed.*side by side"):
        ms.fit_lags(years, "flow", "deaths", time="year", fixed_effects=())
    with pytest.raises(ValueError, match="23 months of one series"):
        ms.fit_lags(series().iloc[:23], "y", "x", fixed_effects=())


def test_a_single_series_leaves_out_years_or_has_no_error(panel):
    short = ms.fit_lags(series(), "y", "x", lags=4, leads=1, fixed_effects=())
    assert short.method == "none" and short.tidy()[["std_error", "p_value", "conf_low"]].isna().all(axis=None)
    assert any("2 calendar years, and at least 5 are needed" in note for note in short.notes)
    assert np.isnan(short.placebo()["p_value"]).all() and "p nan" in repr(short)
    one = panel[panel["region"] == "ML05"].drop(columns="region")
    found = of_deaths(one, fixed_effects=())
    assert found.method == "jackknife" and found.degrees == 7 and found.terms[0] == "intercept"
    assert any("one series has no regions to leave out" in note for note in found.notes)
    assert (found.tidy()["conf_low"] < found.tidy()["conf_high"]).all()


def test_no_p_value_under_24_times_or_10_events(panel):
    short = of_deaths(panel[panel["month"] < "2018-08-01"])
    assert len(np.unique(short.design.step)) == 23 and short.tidy()["p_value"].isna().all()
    assert "no p-value from 23 times (at least 24 are needed)" in short.notes
    assert short.placebo()["p_value"].isna().all() and short.tidy()["conf_low"].notna().all()
    rare = panel["new_displacement"].where((panel.groupby("region").cumcount() == 40) & (panel["region"] != "ML10"), 0)
    few = ms.fit_lags(
        panel.assign(rare=rare), "rare", "deaths_best", lags=0, leads=0, degree=0, fixed_effects=("region",)
    )
    assert any("9 rows with any rare (at least 10 are needed)" in note for note in few.notes)
    assert few.tidy()["p_value"].isna().all()


def test_under_8_regions_there_is_no_cluster_interval(panel):
    seven = panel[panel["region"].isin(sorted(panel["region"].unique())[:7])]
    with pytest.raises(ValueError, match="at least 8 regions.*got 7.*cov='jackknife'"):
        of_deaths(seven)
    assert of_deaths(seven, cov="jackknife").tidy()["std_error"].notna().all()


def test_a_region_that_alone_tells_the_lags_apart_leaves_no_error(panel):
    flat = panel.assign(deaths_best=panel["deaths_best"].where(panel["region"] == "ML05", 0))
    found = of_deaths(flat)
    assert found.tidy()["estimate"].notna().all() and found.tidy()["std_error"].isna().all()
    assert any("without one of the 10 parts the lags cannot be told apart" in note for note in found.notes)
    with pytest.raises(RuntimeError, match="cannot tell 7 lags and 2 leads"):
        of_deaths(panel.assign(deaths_best=3))


@pytest.mark.parametrize(("change", "options", "message"), [
    (lambda p: p[p["month"] != "2019-03-01"], {}, "no row just before 2019-04 in ML01"),
    (lambda p: pd.concat([p, p[:5]]), {}, "more than one row for 2016-01 in ML01 .5 rows too many"),
    (lambda p: p.assign(new_displacement=p["new_displacement"].mask(p["month"] == "2019-03-01")), {},
     "'new_displacement' is missing or out of scope in the middle of the record, first at 2019-03 in ML01 .10 rows"),
    (lambda p: p.assign(deaths_best=p["deaths_best"].mask(p["month"] == "2019-03-01")), {},
     "'deaths_best' at a lag or lead is missing"),
    (lambda p: p[p["month"] < "2016-06-01"], {}, "no row has 'new_displacement' and 'deaths_best' at all 9 lags and leads"),
    (lambda p: p.assign(new_displacement=0), {}, "'new_displacement' is 0 in all 880 rows used"),
    (lambda p: p.assign(deaths_best=-1), {}, "'deaths_best' is below 0 in 960 rows"),
    (lambda p: p.assign(new_displacement="many"), {}, "outcome='new_displacement' is str, not numbers"),
    (lambda p: p.assign(region=p["region"].mask(p["region"] == "ML01")), {}, "region is missing in 96 rows"),
    (lambda p: p.assign(month=p["month"].astype(str)), {}, "time column 'month' holds str such as '2016-01-01'"),
    (lambda p: p.assign(month=p["month"].mask(p["month"] == "2016-01-01")), {}, "time column 'month' is missing in 10 rows"),
    (lambda p: p.iloc[:0], {}, "the panel has no rows"),
    (lambda p: p[p["region"] == "ML05"], {}, "only one region is left.*fixed_effects=.."),
    (lambda p: p.drop(columns="region"), {}, "fixed_effects.0.='region' is not a column.*fixed_effects=.."),
    (lambda p: p.assign(people=0), {"offset": "people"}, "offset 'people' is 0 at 2016-07 in ML01 .880 rows in all.; its log"),
    (lambda p: p.assign(zone=None), {"fixed_effects": ("zone",)}, "fixed effect 'zone' is missing in 880 rows"),
    (lambda p: p, {"family": "nb2"}, "family='nb2' is unknown; accepted are 'poisson', 'ols'"),
    (lambda p: p, {"cov": "hac"}, "cov='hac' is unknown; accepted are 'cluster', 'jackknife'"),
    (lambda p: p, {"lags": -1}, "lags=-1; accepted are the whole numbers 0 to 60"),
    (lambda p: p, {"leads": 1.5}, "leads=1.5"),
    (lambda p: p, {"lags": 1, "degree": 2}, "degree=2 with lags=1"),
    (lambda p: p, {"offset": "events", "family": "ols"}, "an offset goes with family='poisson' only"),
])  # fmt: skip
def test_what_cannot_be_fitted_is_refused_with_its_place(panel, change, options, message):
    with pytest.raises(ValueError, match=message):
        of_deaths(change(panel), **options)


def test_other_things_that_cannot_be(panel):
    with pytest.raises(TypeError, match="a pandas.DataFrame is wanted, got list"):
        of_deaths([1, 2])
    with pytest.raises(ValueError, match="transform='sqrt' is unknown"):
        ms.fit_lags(panel, "new_displacement", "deaths_best", transform="sqrt")
    with pytest.raises(ValueError, match="is outcome and exposure at once"):
        ms.fit_lags(panel, "deaths_best", "deaths_best")


def test_months_may_be_periods_and_effects_one_name_or_further_columns(panel, fit):
    periods = panel.assign(month=panel["month"].dt.to_period("M"))
    np.testing.assert_allclose(of_deaths(periods).coef, fit.coef)
    one = of_deaths(panel, fixed_effects="region")
    np.testing.assert_allclose(one.coef, of_deaths(panel, fixed_effects=("region",)).coef)
    halves = panel.assign(half=panel["month"].dt.year * 2 + panel["month"].dt.month // 7)
    coarser = of_deaths(halves, fixed_effects=("region", "half"))
    assert coarser.design.free == 10 and coarser.nobs == 880 and not np.allclose(coarser.coef, fit.coef)


def test_two_countries_keep_their_regions_apart(panel):
    both = pd.concat([panel, panel.assign(country="BFA", deaths_best=panel["deaths_best"].iloc[::-1].to_numpy())])
    found = of_deaths(both)
    assert len(found.design.units) == 20 and found.nobs == 1760 and "BFA ML01" in found.design.units


def test_it_reads_well(fit):
    first, second, third = repr(fit).splitlines()
    assert first == (
        "LagFit of new_displacement on log1p(deaths_best), 2016-07 to 2023-10: poisson, 880 rows, 10 regions"
    )
    total = fit.cumulative().iloc[-1]
    assert second == (
        f"sum of lags 0 to 6: {total['estimate']:.3f} ({total['conf_low']:.3f} to {total['conf_high']:.3f}, cluster)"
    )
    assert third == f"leads 1 to 2: p {fit.placebo()['p_value'].iloc[-1]:.3f}"
    assert "lag6" in fit._repr_html_()
    assert fit_lags is ms.fit_lags
