import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.discrete.discrete_model import NegativeBinomial

from mali_stats.models.trends import refit as module
from mali_stats.models.trends.refit import loglik, refit


def series(months=96, alpha=0.4, seed=0, replicates=1):
    rng = np.random.default_rng(seed)
    t = np.arange(months) / 12
    X = np.column_stack([np.ones(months), t, np.sin(2 * np.pi * t), np.cos(2 * np.pi * t)])
    mean = np.exp(2.5 + 0.1 * t + 0.3 * X[:, 2])
    return X, rng.poisson(mean * rng.gamma(1 / alpha, alpha, (replicates, months))).astype(float)


# Known answers: statsmodels, one fit at a time.


@pytest.mark.parametrize("alpha", [0.0, 0.05, 0.7])
def test_equals_statsmodels_glm_at_the_same_alpha(alpha):
    X, Y = series(replicates=5)
    offset = np.log(np.linspace(1, 3, len(X)))
    fits = refit(X, Y, offset=offset, family="nb2", alpha=alpha)
    family = sm.families.NegativeBinomial(alpha=alpha) if alpha else sm.families.Poisson()
    for y, coef in zip(Y, fits.coef, strict=True):
        known = sm.GLM(y, X, family=family, offset=offset).fit(tol=1e-15, tol_criterion="params").params
        np.testing.assert_allclose(coef, known, atol=1e-8)


@pytest.mark.parametrize("alpha", [0.05, 0.4, 3.0])
def test_equals_statsmodels_joint_maximum_of_nb2(alpha):
    X, Y = series(alpha=alpha, replicates=4, seed=1)
    fits = refit(X, Y, family="nb2")
    for y, coef, found in zip(Y, fits.coef, fits.alpha, strict=True):
        known = NegativeBinomial(y, X).fit(method="bfgs", maxiter=2000, gtol=1e-6, disp=0)
        assert known.mle_retvals["converged"]
        np.testing.assert_allclose([*coef, found], known.params, atol=1e-4)
        assert loglik(y, np.exp(X @ coef), found) >= known.llf - 1e-8


def test_loglik_poisson_is_the_limit_of_nb2():
    assert loglik([3, 0, 7], [2, 1, 6], 1e-6) == pytest.approx(loglik([3, 0, 7], [2, 1, 6]), abs=1e-4)


# Planted truth.


def test_recovers_slope_and_dispersion():
    X, Y = series(months=240, replicates=1000, seed=2)
    fits = refit(X, Y, family="nb2")
    assert fits.converged.all()
    np.testing.assert_allclose(fits.coef.mean(axis=0), [2.5, 0.1, 0.3, 0], atol=0.02)
    assert fits.alpha.mean() == pytest.approx(0.4, abs=0.02)


def test_counts_no_more_spread_than_a_poisson_have_alpha_0():
    X, _ = series()
    y = np.round(np.exp(X @ [2.5, 0.1, 0.3, 0]))
    nb2, poisson = refit(X, y, family="nb2"), refit(X, y)
    assert nb2.alpha == 0
    np.testing.assert_array_equal(nb2.coef, poisson.coef)


# Invariants.


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10**6), left_out=st.sets(st.integers(0, 95), max_size=40))
def test_weight_0_is_leaving_the_row_out(seed, left_out):
    X, Y = series(seed=seed)
    weights = np.ones(96)
    weights[list(left_out)] = 0
    kept = weights > 0
    by_weight = refit(X, Y, weights=weights, family="nb2")
    by_subset = refit(X[kept], Y[:, kept], family="nb2")
    np.testing.assert_allclose(by_weight.coef, by_subset.coef, atol=1e-8)
    np.testing.assert_allclose(by_weight.alpha, by_subset.alpha, atol=1e-7)


def test_whole_weights_repeat_rows():
    X, Y = series()
    weights = np.random.default_rng(3).integers(0, 4, 96)
    again = np.repeat(np.arange(96), weights)
    one, other = refit(X, Y, weights=weights, family="nb2"), refit(X[again], Y[:, again], family="nb2")
    np.testing.assert_allclose(one.coef, other.coef, atol=1e-8)


def test_replicates_do_not_touch_each_other_however_they_are_cut_up(monkeypatch):
    X, Y = series(replicates=7)
    together = refit(X, Y, family="nb2")
    alone = np.vstack([refit(X, y, family="nb2").coef for y in Y])
    monkeypatch.setattr(module, "CELLS", 2 * len(X))
    cut = refit(X, Y, family="nb2")
    np.testing.assert_allclose(together.coef, alone, atol=1e-9)
    np.testing.assert_allclose(together.coef, cut.coef, atol=1e-9)
    assert cut.alpha.shape == (7,)


def test_start_does_not_move_the_end():
    X, Y = series()
    near = refit(X, Y, family="nb2", start=[2, 0, 0, 0])
    np.testing.assert_allclose(near.coef, refit(X, Y, family="nb2").coef, atol=1e-9)


def test_a_neighbour_to_begin_from_saves_steps_and_moves_nothing(monkeypatch):
    X, Y = series(replicates=3)
    weights = np.ones((3, 96))
    weights[[0, 1, 2], [5, 50, 90]] = 0
    neighbour = refit(X, Y[0], family="nb2")
    near, cold = (refit(X, Y, weights=weights, family="nb2", start=start) for start in (neighbour, None))
    np.testing.assert_allclose(near.coef, cold.coef, atol=1e-10)
    np.testing.assert_allclose(near.alpha, cold.alpha, atol=1e-10)
    steps, step = [], module._Batch._step
    monkeypatch.setattr(module._Batch, "_step", lambda self, *given: steps.append(1) or step(self, *given))
    refit(X, Y[0], weights=weights, family="nb2", start=neighbour)
    assert len(steps) <= 4, "each step of Newton's method doubles the digits"


@pytest.mark.parametrize("alpha", [1e-5, 0.4, 50.0])
def test_a_neighbour_with_a_dispersion_lends_none_to_counts_that_have_none(alpha):
    X, Y = series()
    y = np.round(np.exp(X @ [2.5, 0.1, 0.3, 0]))
    start = module.Fits(refit(X, Y, family="nb2").coef, np.array([alpha]), np.array([True]))
    near, cold = refit(X, y, family="nb2", start=start), refit(X, y, family="nb2")
    assert near.alpha == 0 and near.converged
    np.testing.assert_allclose(near.coef, cold.coef, atol=1e-9)


def test_a_start_may_lack_a_level_that_the_replicate_has():
    X, Y = series(months=48)
    level = np.repeat([0, 1, 2], 16)
    wide = np.column_stack([level[:, None] == [0, 1, 2], X[:, 1]]).astype(float)
    start = refit(wide, np.where(level == 1, 0, Y[0]), family="nb2", levels=3)
    assert np.isnan(start.coef[0, 1])
    near, cold = (refit(wide, Y[0], family="nb2", levels=3, start=s) for s in (start, None))
    np.testing.assert_allclose(near.coef, cold.coef, atol=1e-9)


def test_a_level_without_events_is_left_out():
    X, Y = series(months=48)
    level = np.repeat([0, 1, 2], 16)
    wide = np.column_stack([level[:, None] == [0, 1, 2], X[:, 1]]).astype(float)
    y = np.where(level == 1, 0, Y[0])
    fits = refit(wide, y, family="nb2", levels=3)
    kept = level != 1
    known = refit(wide[kept][:, [0, 2, 3]], y[kept], family="nb2")
    assert fits.converged and np.isnan(fits.coef[0, 1])
    np.testing.assert_allclose(fits.coef[0, [0, 2, 3]], known.coef[0], atol=1e-8)
    np.testing.assert_allclose(fits.alpha, known.alpha, atol=1e-8)


# Numerical safety.


@pytest.mark.parametrize("alpha", [1e-6, 5e-4, 0.3])
def test_score_for_alpha_is_the_derivative(alpha):
    y, mu = np.array([[0.0, 3, 40, 200]]), np.array([[1.0, 5, 30, 150]])
    up, at, down = (loglik(y, mu, alpha * np.exp(step)) for step in (1e-3, 0, -1e-3))
    W, shrink = np.ones_like(y), 1 / (1 + alpha * mu)
    tally = module._tally(y, W)
    score, curvature = module._log_alpha_slopes(np.array([alpha]), mu, shrink, (y - mu) * shrink, W, tally)
    assert score[0] == pytest.approx((up - down) / 2e-3, rel=2e-3 if alpha > 1e-5 else 0.5)
    if alpha > module.NEWTON_FROM:
        assert curvature[0] == pytest.approx(-(up - 2 * at + down) / 1e-6, rel=1e-4)


def test_the_two_forms_of_the_digamma_gap_meet():
    y = np.array([[0.0, 1, 30, 900]])
    below, above = (module._digamma_gap(y, np.array([[a]])) for a in (0.999999e-3, 1.000001e-3))
    np.testing.assert_allclose(below, above, rtol=5e-6)


def test_bounded_search_finds_the_same_maximum():
    X, Y = series()
    batch = module._Batch(X, Y, np.ones_like(Y), np.zeros(len(X)), 0, None, 200, 1e-10)
    batch._search(0)
    known = refit(X, Y, family="nb2")
    assert batch.done[0]
    np.testing.assert_allclose(batch.alpha, known.alpha, rtol=1e-3)
    np.testing.assert_allclose(batch.coef, known.coef, atol=1e-3)


def test_what_cannot_be_fitted_says_so():
    X, Y = series()
    weights = np.ones((3, 96))
    weights[1, 3:] = 0
    nothing = np.array([Y[0], Y[0], 0 * Y[0]])
    fits = refit(X, nothing, weights=weights, family="nb2")
    assert fits.converged.tolist() == [True, False, False]
    assert np.isnan(fits.coef[1:]).all()


@pytest.mark.parametrize("family", ["poisson", "nb2"])
def test_a_maximum_at_infinity_is_no_fit(family):
    X = np.column_stack([np.ones(40), np.arange(40)])
    y = np.zeros(40)
    y[0] = 5
    fits = refit(X, y, family=family)
    assert not fits.converged and np.isnan(fits.coef).all()


def test_errors():
    X, Y = series()
    with pytest.raises(ValueError, match="family is 'normal'; accepted are 'poisson' and 'nb2'"):
        refit(X, Y, family="normal")
    with pytest.raises(ValueError, match="X has 96 rows, Y is \\(1, 95\\)"):
        refit(X, Y[:, 1:])
    with pytest.raises(ValueError, match="as many replicates, or one"):
        refit(X, np.vstack([Y, Y]), weights=np.ones((3, 96)))
