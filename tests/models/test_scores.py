import numpy as np
import pandas as pd
import pytest
import scoringrules
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

import mali_stats as ms
from mali_stats.models.forecasts.scores import randomised_pit


def made(seed=0, targets=40, n=60):
    """Observed and draws of one negative binomial: a true forecast."""
    rng = np.random.default_rng(seed)
    return rng.negative_binomial(2, 0.03, targets), rng.negative_binomial(2, 0.03, (targets, n))


# Known answers.


def test_crps_is_that_of_scoringrules_with_its_default_estimator():
    y, x = made()
    known = scoringrules.crps_ensemble(y.astype(float), x.astype(float), estimator="qd")
    np.testing.assert_allclose(ms.score_draws(y, x)["crps"], known, rtol=1e-12)
    fair = scoringrules.crps_ensemble(y.astype(float), x.astype(float), estimator="fair")
    assert (ms.score_draws(y, x)["crps"] > fair).all(), "the fair estimator is another one, and lower"


@pytest.mark.parametrize("alpha", [0.05, 0.1, 0.5])
def test_interval_score_is_that_of_scoringrules(alpha):
    y, x = made()
    low, high = np.quantile(x, [alpha / 2, 1 - alpha / 2], axis=1)
    scores = ms.score_draws(y, x, alpha=alpha)
    np.testing.assert_allclose(scores["mis"], scoringrules.interval_score(y, low, high, alpha), rtol=1e-12)
    assert (scores["covered"] == ((low <= y) & (y <= high))).all() and scores["covered"].nunique() == 2


@pytest.mark.parametrize(("observed", "draws", "bits"), [
    (0, np.full(1000, 5000), np.log2(1011)),  # nothing in the bin: the worst there is with 1,000 draws
    (0, np.zeros(1000), np.log2(1011 / 1001)),
    (2, [1, 2, 3, 5], np.log2(15 / 3)),  # 1 and 2 share a bin, 3 to 5 have the next
    (3, [1, 2, 3, 5], np.log2(15 / 3)),
    (6, [1, 2, 3, 5], np.log2(15)),
    (10, [6, 10, 11, 25], np.log2(15 / 3)),
    (1001, [1000, 1001, 9000, 500000], np.log2(15 / 4)),  # the last bin has no end
    (0, [0.4, 0.5, 1, 2], np.log2(15 / 2)),  # a bin begins with its lower edge
    (500, [251, 500, 501, 250], np.log2(15 / 3)),
])  # fmt: skip
def test_ignorance_counts_in_bins_with_a_draw_more_in_each(observed, draws, bits):
    assert ms.score_draws([observed], [draws])["ign"][0] == pytest.approx(bits, rel=1e-12)


def test_worked_by_hand():
    # draws 1, 2, 6: |x - 4| is 3, 2, 2; the nine |x - x'| sum to 20
    score = ms.score_draws([4], [[6, 1, 2]]).iloc[0]
    assert score["crps"] == pytest.approx(7 / 3 - 20 / 18)
    assert score["mis"] == pytest.approx(5.6 - 1.1), "quantiles are linear between the draws"
    below = ms.score_draws([0], [[6, 1, 2]]).iloc[0]
    assert below["mis"] == pytest.approx(4.5 + 20 * 1.1) and not below["covered"]


# Planted truth.


def test_a_perfect_forecast():
    y = np.array([0, 3, 80, 1200])
    scores = ms.score_draws(y, np.repeat(y[:, None], 1000, axis=1))
    assert (scores["crps"] == 0).all() and (scores["mis"] == 0).all() and scores["covered"].all()
    np.testing.assert_allclose(scores["ign"], np.log2(1011 / 1001))


def test_a_single_draw_has_its_absolute_error():
    assert ms.score_draws([10, 3], [[4], [8]])["crps"].tolist() == [6, 5]


def test_the_truth_scores_best_on_average():
    y, _ = made(targets=3000)
    rng = np.random.default_rng(1)
    means = {}
    for size, p in ((2, 0.03), (2, 0.06), (20, 0.24)):
        scores = ms.score_draws(y, rng.negative_binomial(size, p, (3000, 400)))
        means[size, p] = scores[["crps", "ign", "mis"]].mean()
    table = pd.DataFrame(means)
    assert (table.idxmin(axis=1) == (2, 0.03)).all()


@pytest.mark.parametrize("n", [12, 200])
@pytest.mark.parametrize("mean", [0.3, 60])
def test_pit_is_uniform_if_the_forecast_is_true_and_not_if_it_is_too_low(n, mean):
    rng = np.random.default_rng(2)
    p = 2 / (2 + mean)
    y, x = rng.negative_binomial(2, p, 4000), rng.negative_binomial(2, p, (4000, n))
    assert stats.kstest(randomised_pit(y, x, rng), "uniform").pvalue > 0.01
    low = randomised_pit(y, x // 2, rng)
    assert stats.kstest(low, "uniform").pvalue < 1e-6


def test_coverage_of_a_true_forecast():
    y, x = made(seed=3, targets=4000, n=400)
    for alpha in (0.1, 0.5):
        assert ms.score_draws(y, x, alpha=alpha)["covered"].mean() == pytest.approx(1 - alpha, abs=0.03)


# Invariants.


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 2000), min_size=1, max_size=30), st.integers(0, 2000), st.randoms(use_true_random=False))
def test_order_of_draws_does_not_matter_and_no_score_is_negative(draws, observed, random):
    mixed = random.sample(draws, len(draws))
    one, other = ms.score_draws([observed], [draws]), ms.score_draws([observed], [mixed])
    pd.testing.assert_frame_equal(one, other)
    assert one["crps"][0] >= -1e-9 and one["ign"][0] > 0 and one["mis"][0] >= 0


def test_each_target_is_scored_for_itself_and_repeating_draws_moves_only_the_ignorance():
    y, x = made()
    together = ms.score_draws(y, x)
    alone = pd.concat([ms.score_draws([a], [b]) for a, b in zip(y, x, strict=True)], ignore_index=True)
    pd.testing.assert_frame_equal(together, alone)
    twice = ms.score_draws(y, np.repeat(x, 2, axis=1))
    np.testing.assert_allclose(twice["crps"], together["crps"])
    assert (twice["ign"] != together["ign"]).any()


def test_index_of_the_observed_and_other_kinds_of_input():
    months = pd.period_range("2022-01", periods=2, freq="M")
    observed = pd.Series([3, 4], index=months, dtype="Int64")
    draws = [[3, 4], [4, 5]]
    scores = ms.score_draws(observed, draws)
    assert scores.index.equals(months) and scores.columns.tolist() == ["crps", "ign", "mis", "covered"]
    plain = ms.score_draws([3, 4], pd.DataFrame(draws))
    pd.testing.assert_frame_equal(scores.reset_index(drop=True), plain)
    assert ms.score_draws(3, [3, 4])["crps"].tolist() == [0.25]


@pytest.mark.parametrize(("observed", "draws", "options", "message"), [
    ([1, 2], [[1, 2], [1, 2], [1, 2]], {}, "observed has 2 targets, draws are 3 x 2; .*other way round, use draws.T"),
    ([1, 2], [[1, 2, 3]], {}, "observed has 2 targets, draws are 1 x 3; one row of draws a target is wanted\\.$"),
    ([1], [[]], {}, "draws are 1 x 0"),
    ([1, np.nan], [[1], [2]], {}, "observed of target 1: got nan"),
    (pd.Series([pd.NA], dtype="Int64"), [[1]], {}, "observed of target 0: got nan"),
    ([1, 2], [[1, 5], [2, -3]], {}, "draws of target 1: got -3; numbers of 0 or more"),
    ([1], [[1, np.inf]], {}, "draws of target 0: got inf"),
    ([1, 2], [1, 2], {}, "observed has 2 targets, draws are 1 x 2; one row of draws a target is wanted\\.$"),
    ([], [], {}, "observed has 0 targets, draws are 1 x 0; one row of draws a target is wanted\\.$"),
    ([1], [[1]], {"alpha": 90}, "alpha=90; a number between 0 and 1 is wanted, such as 0.1"),
    ([1], [[1]], {"alpha": "10 %"}, "alpha='10 %'; a number between 0 and 1"),
])  # fmt: skip
def test_errors(observed, draws, options, message):
    with pytest.raises(ValueError, match=message):
        ms.score_draws(observed, draws, **options)


@pytest.mark.parametrize(("observed", "draws", "which"), [
    ([pd.NA], [[1]], "observed"), (["many"], [[1]], "observed"), ([1, 2], [[1], [1, 2]], "draws"),
])  # fmt: skip
def test_what_is_no_number_is_said_with_its_name(observed, draws, which):
    with pytest.raises(TypeError, match=f"score_draws: {which} must be numbers, in rows of one length"):
        ms.score_draws(observed, draws)


def test_draws_labelled_otherwise_are_not_taken_by_place():
    observed = pd.Series([1, 50], index=["Gao", "Mopti"])
    draws = pd.DataFrame([[50, 50], [1, 1]], index=["Mopti", "Gao"])
    with pytest.raises(ValueError, match=r"labelled Gao to Mopti, draws Mopti to Gao.*draws.loc\[observed.index\]"):
        ms.score_draws(observed, draws)
    assert ms.score_draws(observed, draws.loc[observed.index])["crps"].tolist() == [0, 0]
    assert ms.score_draws(observed, draws.reset_index(drop=True))["crps"].tolist() == [49, 49], "by place"
