"""Rubin's rules: a published example, the formulas by hand, planted truth, and the known trap."""

import json

import numpy as np
import pandas as pd
import pytest
from making import ROOT
from scipy import stats

from mali_stats.models.uncertainty.pooling import COLUMNS, pool_rubin

ORACLE = json.loads((ROOT / "tests" / "oracles" / "rubin_mice.json").read_text(encoding="utf-8"))


def test_the_published_example_of_mice():
    row = pool_rubin(**ORACLE["inputs"]).iloc[0]
    assert set(ORACLE["expected"]) <= set(COLUMNS)
    for name, known in ORACLE["expected"].items():
        assert row[name] == pytest.approx(known, rel=1e-4 if name in ("df", "fmi") else 1e-6), name


def test_the_formulas_by_hand():
    # three draws: mean 2, U = 0.5, B = 1, T = 0.5 + 4/3; r = 8/3, lambda = 8/11
    row = pool_rubin([1, 2, 3], [0.4, 0.5, 0.6]).iloc[0]
    rubin = 2 * (1 + 3 / 8) ** 2
    half = stats.t.ppf(0.975, rubin) * np.sqrt(11 / 6)
    np.testing.assert_allclose(
        row.to_numpy(float),
        [2, 0.5, 1, 11 / 6, np.sqrt(11 / 6), rubin, 2 - half, 2 + half, (8 / 3 + 2 / (rubin + 3)) / (11 / 3)],
    )
    seen = 12 / 14 * 11 * 3 / 11
    adjusted = pool_rubin([1, 2, 3], [0.4, 0.5, 0.6], n=13, k=2, conf=0.9).iloc[0]
    assert adjusted["df"] == pytest.approx(rubin * seen / (rubin + seen))
    assert adjusted["fmi"] == row["fmi"]
    assert adjusted["conf_high"] == pytest.approx(2 + stats.t.ppf(0.95, adjusted["df"]) * np.sqrt(11 / 6))


def test_the_mean_is_over_draws_and_not_over_coefficients():
    rng = np.random.default_rng(1)
    estimates, variances = rng.normal([1, 20, 300], 1, (10, 3)), rng.uniform(1, 2, (10, 3))
    together = pool_rubin(estimates, variances)
    alone = [pool_rubin(estimates[:, j], variances[:, j]).iloc[0] for j in range(3)]
    np.testing.assert_allclose(together.to_numpy(), np.array(alone))
    assert together["between"].tolist() == pytest.approx(estimates.var(axis=0, ddof=1).tolist())
    assert together["total"][2] == pytest.approx(variances[:, 2].mean() + 1.1 * estimates[:, 2].var(ddof=1))


def test_frames_are_matched_by_name():
    estimates = pd.DataFrame({"year": [0.1, 0.2, 0.3], "level": [3.0, 3.1, 2.9]})
    variances = pd.DataFrame({"level": [1.0, 1.0, 1.0], "year": [0.01, 0.02, 0.03]})
    table = pool_rubin(estimates, variances)
    assert list(table) == ["term", *COLUMNS] and table["term"].tolist() == ["year", "level"]
    assert table["within"].tolist() == pytest.approx([0.02, 1.0])


def test_draws_that_agree_leave_the_variance_and_no_missing_information():
    row = pool_rubin([5, 5, 5], [2, 2, 2]).iloc[0]
    assert (row["between"], row["total"], row["fmi"], row["df"]) == (0, 2, 0, np.inf)
    assert row["conf_high"] == pytest.approx(5 + 1.959964 * np.sqrt(2))
    assert pool_rubin([5, 5, 5], [2, 2, 2], n=31, k=1)["df"][0] == pytest.approx(30 * 31 / 33)  # Barnard-Rubin's limit
    only_between = pool_rubin([1, 2, 3], [0, 0, 0]).iloc[0]
    assert only_between["df"] == pytest.approx(2) and only_between["fmi"] == pytest.approx(1)


def test_a_planted_mean_lies_in_the_interval_95_times_in_100():
    """Forty numbers of mean 0, half of them missing, filled in 5 times from their posterior; 4,000 such records."""
    rng, records, M = np.random.default_rng(2), 4000, 5
    seen = rng.normal(size=(records, 20))
    sigma2 = 19 * seen.var(axis=1, ddof=1) / rng.chisquare(19, (M, records))
    mu = seen.mean(axis=1) + rng.normal(size=(M, records)) * np.sqrt(sigma2 / 20)
    filled = mu[..., None] + rng.normal(size=(M, records, 20)) * np.sqrt(sigma2)[..., None]
    whole = np.concatenate([np.broadcast_to(seen, (M, records, 20)), filled], axis=2)
    table = pool_rubin(whole.mean(axis=2), whole.var(axis=2, ddof=1) / 40, n=40, k=1)
    covered = ((table["conf_low"] <= 0) & (table["conf_high"] >= 0)).mean()
    assert covered == pytest.approx(0.95, abs=0.015)
    assert table["fmi"].median() == pytest.approx(0.5, abs=0.12)
    assert table["df"].max() < 39


@pytest.mark.parametrize(
    ("estimates", "variances", "more", "message"),
    [
        ([1.0], [1.0], {}, "1 data set; at least 2 are needed"),
        ([1, 2], [1, 2, 3], {}, r"estimates are \(2,\) and variances \(3,\)"),
        (np.ones((4, 2)), np.ones((4, 2, 2)), {}, "only the diagonal is pooled"),
        ([1, np.nan], [1, 1], {}, "every estimate must be a number"),
        ([1, 2], [1, -1], {}, "every variance one of 0 or more"),
        ([1, 2], [1, 1], {"n": 12}, "n and k go together"),
        ([1, 2], [1, 1], {"n": 2, "k": 2}, "more rows than coefficients"),
        ([1, 2], [1, 1], {"conf": 95}, "conf=95; it lies between 0 and 1"),
        (pd.DataFrame({"a": [1, 2]}), [[1], [1]], {}, "must both be frames"),
        (pd.DataFrame({"a": [1, 2]}), pd.DataFrame({"b": [1, 2]}), {}, "the columns differ or repeat: a and b"),
    ],
)
def test_what_cannot_be_is_told(estimates, variances, more, message):
    with pytest.raises(ValueError, match=message):
        pool_rubin(estimates, variances, **more)
