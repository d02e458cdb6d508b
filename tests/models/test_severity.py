"""Tails of sizes: published fits, other software, planted laws recovered, and what is refused."""

import numpy as np
import pandas as pd
import powerlaw
import pytest
from scipy import special, stats

import mali_stats as ms
from mali_stats.models.severity.laws import Lognormal, Pareto, PowerLaw
from mali_stats.models.severity.pareto_tail import fit_pareto, pareto_errors, pareto_gaps, smallest_of_tail
from mali_stats.models.severity.power_tail import exponent_error, fit_power_law

LAWS = [PowerLaw(1.8, 1), PowerLaw(2.5, 12), Pareto(0.4, 15.0, 20), Pareto(-0.2, 5.0, 1), Pareto(0.0, 5.0, 3),
        Lognormal(2.0, 1.1, 1), Lognormal(-20.0, 4.0, 12)]  # fmt: skip


@pytest.fixture(scope="module")
def mali():
    table = ms.load("sizes").query("year >= 2012")
    return table["size"].repeat(table["events"])


# ---- published ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def attacks():
    """Severity of 9,101 attacks, 1968 to 2006, as the package powerlaw ships it."""
    return powerlaw.load_test_dataset("terrorism")


def test_the_data_that_clauset_shalizi_and_newman_published(attacks):
    """SIAM Review 51 (2009), tables 6.1 to 6.3: xmin 12, n 547, alpha 2.4; p 0.68; lognormal -0.278, p 0.78."""
    tail = ms.fit_tail(attacks, n_boot=200, seed=1)
    assert (tail.xmin, tail.n_tail, round(tail.alpha, 1)) == (12, 547, 2.4)
    assert tail.p_value == pytest.approx(0.68, abs=0.1)
    assert tail.vs_lognormal.statistic == pytest.approx(-0.278, abs=5e-4)
    assert tail.vs_lognormal.p_value == pytest.approx(0.78, abs=5e-3)
    assert tail.vs_lognormal.verdict == "undecided"


@pytest.mark.parametrize(("alpha", "xmin"), [(1.7, 1), (2.5, 5), (2.7, 20)])
def test_the_exponent_is_that_of_the_package_powerlaw(alpha, xmin):
    x = PowerLaw(alpha, xmin).draw(800, np.random.default_rng(3))
    theirs = powerlaw.Fit(x, xmin=xmin, discrete=True, estimate_discrete=False, verbose=0)
    assert fit_power_law(x, xmin)[0].alpha == pytest.approx(theirs.power_law.alpha, abs=2e-4)


def test_the_exponent_is_the_top_of_the_exact_likelihood_and_its_error_the_curvature():
    x = PowerLaw(2.2, 3).draw(300, np.random.default_rng(4))
    tail = ms.fit_tail(x, xmin=3, n_boot=0)

    def loglik(a):
        return -300 * np.log(special.zeta(a, 3)) - a * np.log(x).sum()

    near = loglik(np.array([tail.alpha - 1e-3, tail.alpha, tail.alpha + 1e-3]))
    assert near[1] > near[0] and near[1] > near[2]
    curvature = -(near[0] - 2 * near[1] + near[2]) / 1e-6
    assert tail.tidy().loc[0, "std_error"] == pytest.approx(curvature**-0.5, rel=1e-4)


# ---- the laws ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("law", LAWS, ids=repr)
def test_a_law_says_the_same_of_just_x_and_of_x_or_more(law):
    x = np.arange(law.xmin, law.xmin + 15.0)
    assert law.sf(law.xmin) == pytest.approx(1)
    assert np.exp(law.logpmf(x)) == pytest.approx(law.sf(x) - law.sf(x + 1), rel=1e-7)


@pytest.mark.parametrize("law", LAWS, ids=repr)
def test_draws_follow_their_law(law):
    x = law.draw(20_000, np.random.default_rng(5))
    assert (x % 1 == 0).all() and x.min() == law.xmin
    at = np.unique(np.quantile(x, [0.2, 0.5, 0.9, 0.99, 0.999]))
    share = np.array([(x >= k).mean() for k in at])
    assert (np.abs(share - law.sf(at)) < 4 * np.sqrt(law.sf(at) / len(x))).all()


def test_draws_beyond_the_table_follow_the_power_law():
    x = PowerLaw(1.3, 1).draw(200_000, np.random.default_rng(6))
    for k in (1.7e4, 2e4, 1e5, 1e8):
        share, expected = (x >= k).mean(), PowerLaw(1.3, 1).sf(k)
        assert share == pytest.approx(expected, abs=4 * np.sqrt(expected / 200_000))


# ---- the distance ------------------------------------------------------------------------------------------


def by_hand(x, law):
    """Largest gap of the distribution functions at every whole number up to well past the largest."""
    k = np.arange(law.xmin, x.max() + 50)
    seen = np.array([(x <= j).mean() for j in k])
    return np.abs(seen - (1 - law.sf(k + 1))).max()


@pytest.mark.parametrize("model", ["powerlaw", "gpd"])
def test_the_distance_is_over_all_whole_numbers(model):
    x = np.array([5, 5, 6, 9, 9, 9, 14, 30, 31, 60, 61, 200])
    tail = ms.fit_tail(x, xmin=4, model=model, n_boot=0)
    assert tail.ks == pytest.approx(by_hand(x, tail.law), abs=1e-12)


def test_xmin_is_the_candidate_of_the_smallest_distance(mali):
    tail = ms.fit_tail(mali, n_boot=0)
    others = [ms.fit_tail(mali, xmin=k, n_boot=0).ks for k in range(1, 60)]
    assert tail.ks == pytest.approx(min(others)) and tail.xmin == 1 + int(np.argmin(others))


# ---- the generalized Pareto --------------------------------------------------------------------------------


def test_the_generalized_pareto_is_that_of_scipy_or_better():
    rng = np.random.default_rng(7)
    for xi in (-0.2, 0.1, 0.5, 1.2):
        x = Pareto(xi, 12.0, 20).draw(150, rng)
        tail = ms.fit_tail(x, xmin=20, model="gpd", n_boot=0)
        shape, _, scale = stats.genpareto.fit(x - 19.5, floc=0)
        assert (tail.xi, tail.sigma) == pytest.approx((shape, scale), rel=2e-3, abs=2e-4)
        ours, theirs = (
            stats.genpareto.logpdf(x - 19.5, c, scale=s).sum() for c, s in [(tail.xi, tail.sigma), (shape, scale)]
        )
        assert ours >= theirs - 1e-9


def test_rows_are_fitted_as_if_each_were_alone():
    rng = np.random.default_rng(8)
    y = np.floor(rng.pareto(2, 40) * 10) + 0.5
    weights = rng.integers(0, 3, (5, 40))
    together = fit_pareto(y, weights)
    for row, *found in zip(weights, *together, strict=True):
        alone = fit_pareto(np.repeat(y, row), np.ones((1, row.sum())))
        assert found == pytest.approx([float(end[0]) for end in alone], rel=1e-5)
    assert np.isnan(fit_pareto(y, np.zeros((1, 40)))).all()


def test_the_threshold_lies_half_way_between_sizes_in_and_out():
    """At sigma 15 a whole threshold, a half lower, makes xi too small by 0.06 and rare sizes rarer by a fifth."""
    law = Pareto(0.6, 15.0, 20)
    x = law.draw((1500, 200), np.random.default_rng(14))
    size = np.round(19.5 + stats.genpareto.isf(0.005, 0.6, scale=15))
    rates = {}
    for u in (19.0, 19.5):
        xi, sigma = fit_pareto(x - u, np.ones_like(x))
        share = np.median((1 + xi * (size - 0.5 - u) / sigma) ** (-1 / xi)) / law.sf(size)
        rates[u] = (float(np.median(xi)) - 0.6, float(share))
    assert rates[19.0] == pytest.approx((-0.06, 0.78), abs=0.02)
    assert rates[19.5] == pytest.approx((-0.01, 0.94), abs=0.02)


def test_exponential_excesses_have_no_shape():
    y = stats.expon.ppf((np.arange(2000) + 0.5) / 2000, scale=9.0)
    xi, sigma = fit_pareto(y, np.ones((1, 2000)))
    assert xi[0] == pytest.approx(0, abs=0.01) and sigma[0] == pytest.approx(9, rel=0.01)


def test_the_share_of_x_or_more_is_the_formula(mali):
    tail = ms.fit_tail(mali, model="gpd", n_boot=0)
    u = tail.xmin - 0.5
    by_formula = (1 + tail.xi * (64 - 0.5 - u) / tail.sigma) ** (-1 / tail.xi)
    fitted = tail.ccdf(at=[64]).set_index("size").loc[64, "fitted"]
    assert fitted == pytest.approx(tail.n_tail / len(mali) * by_formula)


def test_the_rule_looks_at_how_many_and_not_at_which(mali):
    """A tenth of the events of 1 and more; raising the largest moves nothing."""
    tail = ms.fit_tail(mali, model="gpd", n_boot=0)
    killed = mali[mali >= 1]
    assert (killed >= tail.xmin).sum() >= 0.1 * len(killed) > (killed > tail.xmin).sum()
    raised = mali.where(mali < mali.max(), 5000)
    assert ms.fit_tail(raised, model="gpd", n_boot=0).xmin == tail.xmin
    few = np.array([[10.0] * 6, [5.0] * 6])
    assert smallest_of_tail(np.array([0, 2, 4, 6, 8, 9]), few).tolist() == [2, 2], "fewer than 50: all of 1 and more"


# ---- planted truth -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("law", [PowerLaw(2.5, 10), PowerLaw(1.8, 1)], ids=repr)
def test_nineteen_of_twenty_intervals_hold_the_planted_exponent(law):
    rng = np.random.default_rng(9)
    fitted = [fit_power_law(law.draw(250, rng), law.xmin)[0] for _ in range(400)]
    held = [abs(found.alpha - law.alpha) < 1.96 * exponent_error(found, 250) for found in fitted]
    assert 0.92 <= np.mean(held) <= 0.98
    assert np.mean([found.alpha for found in fitted]) == pytest.approx(law.alpha, abs=0.02)


@pytest.mark.parametrize("law", [Pareto(0.4, 15.0, 20), Pareto(0.9, 15.0, 20)], ids=repr)
def test_nineteen_of_twenty_intervals_hold_the_planted_shape(law):
    y = law.draw((400, 250), np.random.default_rng(9)) - law.xmin + 0.5
    xi, sigma = fit_pareto(y, np.ones_like(y))
    errors = np.array([pareto_errors(Pareto(*pair, law.xmin), 250) for pair in zip(xi, sigma, strict=True)])
    assert 0.92 <= np.mean(np.abs(xi - law.xi) < 1.96 * errors[:, 0]) <= 0.98
    assert 0.92 <= np.mean(np.abs(sigma - law.sigma) < 1.96 * errors[:, 1]) <= 0.98
    assert xi.mean() == pytest.approx(law.xi, abs=0.03) and sigma.mean() == pytest.approx(law.sigma, rel=0.04)


@pytest.mark.slow
@pytest.mark.parametrize(("law", "model"), [(PowerLaw(2.3, 5), "powerlaw"), (Pareto(0.3, 12.0, 5), "gpd")])
def test_p_values_are_even_where_the_law_is_right(law, model):
    rng = np.random.default_rng(10)
    p = [ms.fit_tail(law.draw(120, rng), xmin=5, model=model, n_boot=50, seed=j).p_value for j in range(80)]
    assert stats.kstest(p, "uniform").pvalue > 0.01


def test_p_values_are_small_where_the_law_is_wrong():
    x = 1 + np.random.default_rng(11).poisson(20, 400)
    assert ms.fit_tail(x, xmin=10, n_boot=50).p_value < 0.03
    assert ms.fit_tail(x, xmin=10, n_boot=0).vs_lognormal.verdict == "lognormal"


def test_a_power_law_over_decades_beats_the_lognormal():
    x = PowerLaw(2.0, 1).draw(20_000, np.random.default_rng(12))
    found = ms.fit_tail(x, xmin=1, n_boot=0).vs_lognormal
    assert found.verdict == "power law" and found.statistic > 3


# ---- invariants, result, refusals --------------------------------------------------------------------------


def test_order_and_type_of_sizes_do_not_matter(mali):
    one = ms.fit_tail(mali, n_boot=20)
    two = ms.fit_tail(np.sort(mali.to_numpy(dtype=float)), n_boot=20)
    pd.testing.assert_frame_equal(one.tidy(), two.tidy())
    assert one.ks == two.ks and one.p_value == ms.fit_tail(mali, n_boot=20).p_value


def test_the_curve_is_the_record(mali):
    tail = ms.fit_tail(mali, n_boot=0)
    curve = tail.ccdf(at=[400]).set_index("size")
    assert curve.loc[65, "events"] == 14
    assert curve.loc[313, "observed"] == pytest.approx(1 / 1998) and curve.loc[400, "events"] == 0
    assert curve.loc[1, "observed"] == pytest.approx(1699 / 1998), "events of size 0 count in the whole"
    low, high = stats.binomtest(14, 1998).proportion_ci(method="exact")
    assert curve.loc[65, ["conf_low", "conf_high"]].tolist() == pytest.approx([low, high])
    assert curve["fitted"].isna().equals(pd.Series(curve.index < tail.xmin, index=curve.index))
    assert curve.loc[tail.xmin, "fitted"] == pytest.approx(tail.n_tail / 1998)


@pytest.mark.parametrize(("law", "model", "words"), [
    (PowerLaw(1.6, 1), "powerlaw", "no mean"), (PowerLaw(2.6, 1), "powerlaw", "no finite variance"),
    (Pareto(1.4, 10.0, 1), "gpd", "no mean"), (Pareto(0.7, 10.0, 1), "gpd", "no finite variance"),
])  # fmt: skip
def test_notes_tell_of_moments_that_are_not_there(law, model, words):
    tail = ms.fit_tail(law.draw(2000, np.random.default_rng(13)), xmin=1, model=model, n_boot=0)
    assert any(words in note for note in tail.notes)


def test_notes_tell_what_weakens_a_fit(mali):
    notes = " / ".join(ms.fit_tail(mali, n_boot=0).notes)
    assert "xmin 29 chosen by the smallest distance" in notes and "35% of the tail are multiples of ten" in notes
    assert "variance" not in notes and "mean" not in notes and "fits badly" not in notes
    few = ms.fit_tail(mali, xmin=60, n_boot=0)
    assert "only 16 sizes in the tail" in " / ".join(few.notes) and few.p_value is None
    bad = ms.fit_tail(mali, xmin=1, n_boot=20)
    assert "the power law fits badly (p 0.00, under 0.1)" in bad.notes
    even = ms.fit_tail(np.arange(10, 110), model="gpd", xmin=10, n_boot=0)
    assert even.xi == pytest.approx(-0.5, abs=1e-5) and "an upper limit" in " / ".join(even.notes)


def test_made_up_records_that_cannot_be_fitted_are_told():
    x = [1] * 200 + [5, 6, 7, 8, 9, 11, 13, 20, 40, 41]
    tail = ms.fit_tail(x, xmin=5, n_boot=60)
    failed = int(np.isnan(tail.made_up).sum())
    assert 5 < failed < 50 and f"{failed} of 60 made-up records had too few sizes" in " / ".join(tail.notes)
    assert tail.p_value == np.mean(tail.made_up[~np.isnan(tail.made_up)] >= tail.ks)


def test_the_result_shows_itself(mali):
    tail = ms.fit_tail(mali, n_boot=0)
    assert repr(tail).startswith("Tail of 1998 sizes: power law, 101 from 29 on\nalpha 3.40 (2.93 to 3.87)")
    assert tail.xi is None and tail.sigma is None and str(tail.vs_lognormal).startswith("undecided (ratio -0.01")
    gpd = ms.fit_tail(mali, model="gpd", n_boot=0)
    assert gpd.alpha is None and gpd.tidy()["term"].tolist() == ["xi", "sigma"]
    assert gpd.ks == pareto_gaps(*_excess(mali, gpd))[0]


def _excess(x, tail):
    kept = x[x >= tail.xmin].to_numpy(dtype=float)
    return (kept - tail.xmin + 0.5)[None], np.array([tail.xi]), np.array([tail.sigma])


@pytest.mark.parametrize(("x", "options", "message"), [
    ([1, 2.5, 3], {}, r"got 2.5 at position 1 \(1 of 3 are not\)"),
    ([1, -2, 3], {}, "got -2 at position 1"),
    ([1, None, 3], {}, "got None at position 1 .* Leave missing ones out first"),
    (["1", "many"], {}, "got 'many' at position 1"),
    ([7] * 50, {}, "not all equal; got 50 sizes, 1 different ones of 1 or more, up to 7"),
    ([1, 2, 3, 4], {}, "a tail needs at least 10 sizes of 1 or more"),
    ([], {}, "got 0 sizes, 0 different ones"),
    ([0] * 30, {}, "0 different ones of 1 or more"),
    (range(1, 100), {"xmin": 95}, "10 sizes of 1 or more from 95 on"),
    (range(1, 100), {"xmin": 0}, "xmin=0; 1 or more"),
    (range(1, 100), {"model": "lognormal"}, "model is 'lognormal'; accepted are 'powerlaw' and 'gpd'"),
    (range(1, 100), {"xmin": "ten"}, "fit_tail: xmin='ten' is of type str; a whole number is wanted"),
    (range(1, 100), {"n_boot": -1}, "n_boot=-1; 0 or more"),
    (range(1, 40), {"model": "gpd"}, "needs 50 sizes of 1 or more, got 39; give xmin="),
    (range(1, 100), {"model": "gpd", "xmin": 95}, "got 5 from 95 on. Lower xmin"),
    ([7] * 50, {"model": "gpd", "xmin": 5}, "not all equal; got 50 from 5 on"),
])  # fmt: skip
def test_what_is_refused(x, options, message):
    with pytest.raises((TypeError, ValueError), match=message):
        ms.fit_tail(list(x), **options)


def test_a_table_of_counts_is_refused_with_the_way_to_make_sizes_of_it(mali):
    with pytest.raises(TypeError, match=r"got a frame. Of a table of counts .* t\['size'\].repeat\(t\['events'\]\)"):
        ms.fit_tail(ms.load("sizes"))
    with pytest.raises(TypeError, match="got 2 dimensions"):
        ms.fit_tail(np.ones((3, 3)))
