"""How far one number may be off: the published numbers, planted truth, and what is refused."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from making import ROOT
from scipy import integrate, stats

from mali_stats import catalog
from mali_stats.models.uncertainty.uncertainty import fatality_dist
from mali_stats.schema import VIOLENCE

ORACLE = json.loads((ROOT / "tests" / "oracles" / "ucdp_gumbel.json").read_text(encoding="utf-8"))
KINDS = {"sb": "state-based", "ns": "non-state", "os": "one-sided"}
CASES = [
    (KINDS[kind], what, int(x), known)
    for kind, table in ORACLE["expected"].items()
    for what, values in table.items()
    for x, known in values.items()
]
sizes = st.lists(st.integers(0, 3000), min_size=1, max_size=6)


def read(dist, what):
    quantiles = {"q05": 0.05, "q50": 0.5, "q95": 0.95}
    if what in quantiles:
        return dist.ppf(quantiles[what])
    return dist.mean() if what == "mean" else getattr(dist.curve, what)


@pytest.mark.parametrize(("kind", "what", "x", "known"), CASES)
def test_the_model_is_uncertain_ucdp(kind, what, x, known):
    assert read(fatality_dist(x, kind), what) == pytest.approx(known, abs=1e-3)


def test_the_oracle_covers_every_quantity():
    assert {what for _, what, _, _ in CASES} == {"loc", "scale", "w", "mean", "q05", "q50", "q95"} and len(CASES) == 20


def test_moura_falls_short_of_what_the_un_found_at_its_middle_and_not_at_its_95_percent_point():
    moura = fatality_dist(313, "state-based")
    low, middle, high = moura.ppf([0.05, 0.5, 0.95])
    assert (low, round(middle), round(high)) == (313, 340, 594)
    assert 1 - moura.cdf(499.5) == pytest.approx(0.142, abs=5e-4)


# ---- the distribution --------------------------------------------------------------------------------------


def test_mixed_types_at_once_are_the_single_ones():
    x, kinds = np.array([0, 3, 64, 200]), ["state-based", "one-sided", "non-state", "state-based"]
    together = fatality_dist(x, pd.Series(kinds, dtype=pd.CategoricalDtype(list(VIOLENCE))))
    alone = [fatality_dist(int(n), kind) for n, kind in zip(x, kinds, strict=True)]
    np.testing.assert_allclose(together.mean(), [one.mean() for one in alone])
    np.testing.assert_allclose(together.ppf([0.1, 0.9]), np.transpose([one.ppf([0.1, 0.9]) for one in alone]))


def test_shapes_are_those_of_q_and_then_of_the_events():
    three, one = fatality_dist([1, 2, 3], "one-sided"), fatality_dist(7, "one-sided")
    assert three.ppf(0.5).shape == three.mean().shape == (3,) and three.ppf([0.1, 0.5]).shape == (2, 3)
    assert three.cdf(np.ones((4, 2))).shape == (4, 2, 3) and three.rvs(5).shape == (5, 3)
    assert one.ppf(0.5).shape == () and one.cdf([1, 2]).shape == (2,) and one.rvs(5).shape == (5,)


@given(x=sizes, kind=st.sampled_from(VIOLENCE), q=st.floats(0.001, 0.999))
@settings(max_examples=60, deadline=None)
def test_ppf_is_the_inverse_of_cdf_and_stands_still_at_the_reported_number(x, kind, q):
    dist = fatality_dist(x, kind)
    at = dist.ppf(q)
    after, before = dist.curve.cdf(at + 1e-6 * np.abs(at) + 1e-9), dist.curve.cdf(at - 1e-6 * np.abs(at) - 1e-9)
    assert (before <= q + 1e-9).all() and (after >= q - 1e-9).all()
    below = (1 - dist.curve.w) * stats.gumbel_r.cdf(x, dist.curve.loc, dist.curve.scale)
    np.testing.assert_array_equal(dist.curve.ppf(below + dist.curve.w / 2), x)


def test_the_mean_is_that_of_the_quantiles():
    for dist in (
        fatality_dist([4, 64], "non-state"),
        fatality_dist([4, 64], model="bounds", low=[0, 60], high=[9, 99]),
    ):
        for i in (0, 1):
            mean, _ = integrate.quad(lambda q, d=dist, i=i: float(d.ppf(q)[i]), 0, 1, limit=400)
            assert dist.mean()[i] == pytest.approx(mean, rel=1e-4)


@pytest.mark.parametrize("deaths", [0, 1, 12, 200])
def test_drawn_persons_are_whole_never_negative_and_as_laid_out(deaths):
    dist = fatality_dist([deaths, deaths], "state-based")
    drawn = dist.rvs(40_000, seed=4)
    assert drawn.dtype == np.int64 and drawn.min() >= 0
    first, persons = dist.laid_out(1)
    assert persons.sum() == pytest.approx(1, abs=1e-12) and (persons >= 0).all()
    at = np.arange(first, first + len(persons))
    expected = [persons[at <= k].sum() for k in np.unique(drawn)]
    seen = [(drawn[:, 1] <= k).mean() for k in np.unique(drawn)]
    assert np.abs(np.subtract(seen, expected)).max() < 1.63 / np.sqrt(40_000)  # Kolmogorov-Smirnov, 1 %
    np.testing.assert_array_equal(drawn, dist.rvs(40_000, seed=4))
    assert not np.array_equal(drawn[:, 0], drawn[:, 1])  # events err on their own


def test_a_planted_truth_lies_in_the_interval_as_often_as_it_says():
    rng = np.random.default_rng(8)
    x, kinds = rng.integers(0, 900, 20_000), rng.choice(VIOLENCE, 20_000)
    dist = fatality_dist(x, kinds)
    elsewhere = stats.gumbel_r.rvs(dist.curve.loc, dist.curve.scale, random_state=rng)
    truth = np.where(rng.random(20_000) < dist.curve.w, x, elsewhere)
    below, above = dist.ppf([0.05, 0.95])
    for kind in VIOLENCE:
        here = kinds == kind
        assert (truth[here] > above[here]).mean() == pytest.approx(0.05, abs=0.008)
        # the mass at the reported number takes in the 5 % point of most: no more than that lies below
        assert (truth[here] < below[here]).mean() < 0.05
    assert (truth <= dist.ppf(0.7)).mean() == pytest.approx(0.7, abs=0.01)  # beyond that mass


# ---- bounds ------------------------------------------------------------------------------------------------


def test_bounds_are_scipys_triangle_and_a_point_where_all_are_equal():
    dist = fatality_dist([7, 7], model="bounds", low=[3, 7], high=[20, 7])
    known = stats.triang((7 - 3) / 17, 3, 17)
    q = np.array([0, 0.1, 4 / 17, 0.6, 1])
    np.testing.assert_allclose(dist.ppf(q)[:, 0], known.ppf(q))
    np.testing.assert_array_equal(dist.ppf(q)[:, 1], 7)
    x = np.array([2, 5, 7, 19.5, 30])
    np.testing.assert_allclose(dist.cdf(x)[:, 0], known.cdf(x))
    np.testing.assert_array_equal(dist.cdf(x)[:, 1], [0, 0, 1, 1, 1])
    np.testing.assert_allclose(dist.mean(), [10, 7])
    assert (dist.rvs(50)[:, 1] == 7).all() and dist.laid_out(1) == (7, np.ones(1)) and dist.notes == []


def test_a_best_estimate_outside_low_and_high_widens_them_and_is_counted():
    dist = fatality_dist([0, 12, 5], model="bounds", low=[7, 12, 4], high=[7, 0, 6])
    assert dist.curve.low.tolist() == [0, 12, 4] and dist.curve.high.tolist() == [7, 12, 6]
    assert dist.notes == ["low or high widened to hold the best estimate in 2 of 3 events"]


# ---- coefficients and refusals -----------------------------------------------------------------------------


def test_zeros_are_read_off_the_model_and_said():
    dist = fatality_dist([0, 5, 0], "one-sided")
    assert dist.notes == [
        f"2 of 3 events have 0 reported; read off the model at 0, they add {2 * dist.mean()[0]:.1f} deaths"
    ]
    assert dist.mean()[0] == pytest.approx(0.58, abs=0.01) and fatality_dist([5], "one-sided").notes == []


def test_params_replace_the_published_coefficients():
    table = catalog.seed("gumbel_coefficients")
    assert len(table) == 3 * 3 * 12 and table["source"].notna().all()
    own = pd.DataFrame({
        "type_of_violence": "one-sided", "parameter": ["loc", "loc", "scale", "scale", "w", "w", "w"],
        "term": ["intercept", "log1p"] * 3 + ["9"], "value": [0, 1, np.log(2), 0, 40, 0, -80],
    })  # fmt: skip
    dist = fatality_dist([4, 9], "one-sided", params=own)
    np.testing.assert_allclose(dist.curve.loc, [4, 9])
    np.testing.assert_allclose(dist.curve.scale, 2)
    np.testing.assert_array_equal(dist.ppf([0.01, 0.99])[:, 0], 4)  # w rounds to 1 but at 9
    assert dist.mean()[1] == pytest.approx(9 + 2 * np.euler_gamma)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"deaths": [1, None, 3]}, r"got nan at position 1 \(1 in all\). An unknown count has no distribution"),
        ({"deaths": pd.Series([1, pd.NA], dtype="Int64")}, "got <NA> at position 1"),
        ({"deaths": [-1]}, "got -1 at position 0"),
        ({"deaths": 2.5}, "whole numbers of 0 or more, got 2.5"),
        ({"deaths": [None], "type_of_violence": "one-sided"}, "got None at position 0"),
        ({"deaths": [True, False, True]}, "deaths holds bool, not numbers"),
        ({"deaths": None}, "deaths is wanted: a number"),
        ({"deaths": pd.DataFrame({"deaths": [1, 2, 3]})}, "deaths is of type DataFrame; give a number, or one column"),
        ({"deaths": ["many"]}, "deaths holds .*, not numbers; use pd.to_numeric"),
        (
            {"type_of_violence": "battle"},
            "type_of_violence is 'battle' .* accepted are non-state, one-sided, state-based",
        ),
        ({"type_of_violence": None}, "type_of_violence is None"),
        ({"type_of_violence": ["one-sided"] * 2}, "type_of_violence has 2 values for 3 deaths"),
        ({"model": "normal"}, "model='normal' is unknown; accepted are vesco, bounds"),
        ({"low": [1, 2, 3]}, "low given, which model='vesco' does not use"),
        ({"model": "bounds", "low": [1, 2, 3]}, "high is wanted as well"),
        ({"model": "bounds", "low": [1, 2], "high": [1, 2, 3]}, "low has 2 values for 3 deaths"),
        ({"model": "bounds", "low": [1, 2, np.nan], "high": [1, 2, 3]}, "low must be whole numbers"),
        ({"params": pd.DataFrame({"term": ["1"]})}, "params lacks the columns parameter, type_of_violence, value"),
        ({"params": catalog.seed("gumbel_coefficients").query("term != 'log1p'")}, "no intercept or log1p of 'loc'"),
    ],
)
def test_what_cannot_be_is_told(arguments, message):
    with pytest.raises(ValueError, match=message):
        fatality_dist(**({"deaths": [1, 2, 3], "type_of_violence": "one-sided"} | arguments))


def test_rows_of_two_frames_are_not_paired_by_place():
    kinds = pd.Series(["one-sided", "state-based"], index=[1, 0])
    with pytest.raises(ValueError, match="different indexes"):
        fatality_dist(pd.Series([1, 2]), kinds)
    with pytest.raises(ValueError, match="probabilities lie between 0 and 1"):
        fatality_dist(3, "one-sided").ppf(1.5)


def test_no_events_are_no_distributions():
    for deaths in ([], pd.Series([], dtype="Int64")):
        assert fatality_dist(deaths, "one-sided").rvs(4).shape == (4, 0)
