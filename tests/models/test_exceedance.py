"""How often a size is reached: exact intervals, the formula, planted rates held, and what is refused."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import mali_stats as ms
from mali_stats.models.severity.exact import garwood
from mali_stats.models.severity.pareto_tail import smallest_of_tail

KNOWN = json.loads((Path(__file__).parents[1] / "oracles" / "exact_poisson.json").read_text(encoding="utf-8"))[
    "expected"
]


@pytest.fixture(scope="module")
def mali():
    table = ms.load("sizes").query("year >= 2012")
    return table.loc[table.index.repeat(table["events"])]


@pytest.fixture(scope="module")
def found(mali):
    return ms.exceedance(mali["size"], mali["year"], [5, 17, 18, 64, 500]).set_index("at")


@pytest.mark.parametrize("events", KNOWN["garwood"])
def test_the_exact_interval_is_that_of_r(events):
    low, high = garwood(int(events))
    assert [float(low), float(high)] == pytest.approx(KNOWN["garwood"][events], abs=1e-8)


def test_the_exact_interval_of_a_rate_is_that_of_r():
    known = KNOWN["rate137"]
    assert [float(end) for end in garwood(known["x"], known["T"])] == pytest.approx(known["ci"], abs=1e-8)


def test_no_event_has_an_upper_limit(found):
    row = found.loc[500]
    assert row["events"] == 0 and row["garwood_low"] == 0
    assert row["garwood_high"] == pytest.approx(3.68887945411 / 12)
    assert row["note"].endswith("beyond the largest recorded (313)") and 0 < row["rate_per_year"] < 0.01


def test_at_and_below_the_threshold_events_are_counted(mali, found):
    assert found.loc[17, "rate_per_year"] == (mali["size"] >= 17).sum() / 12
    assert found.loc[5, "note"] == "counted: not above the threshold of 17"
    assert found.loc[18, "rate_per_year"] == found.loc[18, "events"] / 12, "the law begins where counting ends"
    assert found.loc[18, "note"].startswith("generalized Pareto of the 179 events above 17 (xi 0.22)")


def test_the_rate_is_the_formula_with_the_tail_of_fit_tail(mali, found):
    tail = ms.fit_tail(mali["size"], model="gpd", n_boot=0)
    u = tail.xmin - 0.5
    rate = tail.n_tail / 12 * (1 + tail.xi * (64 - 0.5 - u) / tail.sigma) ** (-1 / tail.xi)
    row = found.loc[64]
    assert row["rate_per_year"] == pytest.approx(rate)
    assert row["p_at_least_one"] == pytest.approx(1 - np.exp(-rate)) and row["return_years"] == pytest.approx(1 / rate)
    assert row["conf_low"] < rate < row["conf_high"]
    count = [float(end) for end in garwood(14, 12)]
    assert row[["garwood_low", "garwood_high"]].tolist() == pytest.approx(count)


def test_a_threshold_that_is_given_is_kept(mali):
    found = ms.exceedance(mali["size"], mali["year"], [30, 64], threshold=29, n_boot=0)
    assert found["note"].str.startswith("generalized Pareto of the 96 events above 29").all()
    assert found.loc[0, "rate_per_year"] == 96 / 12 and found[["conf_low", "conf_high"]].isna().all(axis=None)


def test_years_are_drawn_with_all_their_events_and_the_threshold_chosen_anew():
    """Of at = 3 the rate is a plain mean of yearly counts, whose bootstrap can be done by hand."""
    rng = np.random.default_rng(1)
    counts = np.array([9, 80, 33, 51, 12, 70, 44, 18])
    year = np.repeat(np.arange(2000, 2008), counts)
    size = np.repeat(np.where(np.arange(8) % 2, 4, 2), counts) + rng.geometric(0.1, counts.sum()) * 5
    found = ms.exceedance(size, year, [3], n_boot=20_000).loc[0]
    by_year = np.bincount(year - 2000, weights=size >= 3)
    level = stats.norm.cdf(np.sqrt(8 / 7) * stats.t.ppf(0.025, 7))
    means = by_year[np.random.default_rng(2).integers(8, size=(20_000, 8))].mean(axis=1)
    by_hand = np.quantile(means, [level, 1 - level])
    assert [found["conf_low"], found["conf_high"]] == pytest.approx(by_hand, rel=0.03)
    assert level < 0.025


def test_clustering_in_years_widens_the_interval():
    rng = np.random.default_rng(3)
    sizes = np.floor(stats.genpareto.rvs(0.3, scale=8, size=1500, random_state=rng))
    even = np.arange(1500) % 15
    bunched = np.repeat(np.arange(15), np.r_[np.full(14, 20), 1220])
    widths = [
        np.log(row["conf_high"] / row["conf_low"])
        for years in (even, bunched)
        for _, row in ms.exceedance(sizes, years, [40], n_boot=400).iterrows()
    ]
    assert widths[1] > 2 * widths[0]


@pytest.mark.slow
def test_more_than_seven_in_eight_intervals_hold_the_planted_rate():
    """Yearly rates are gamma; benchmarks/tail_coverage.py has the full table (0.89 to 0.94 for this law)."""
    rng = np.random.default_rng(4)
    law = stats.genpareto(0.6, scale=4)
    at, truth, held = 181, 130 * law.sf(181), []
    for _ in range(150):
        year = np.repeat(np.arange(12), rng.poisson(130 * rng.gamma(2, 0.5, 12)))
        sizes = np.floor(law.ppf(rng.random(len(year))))
        row = ms.exceedance(sizes, year, at, n_boot=200, record=range(12)).loc[0]
        held.append((row["conf_low"] <= truth <= row["conf_high"], row["garwood_low"] <= truth <= row["garwood_high"]))
    ours, exact = np.mean(held, axis=0)
    assert 0.875 <= ours <= 0.99 and exact >= 0.9


# ---- the record --------------------------------------------------------------------------------------------


def test_empty_years_count(mali):
    kept = mali[mali["year"] != 2022]
    between = ms.exceedance(kept["size"], kept["year"], [10], n_boot=0).loc[0]
    without = [year for year in range(2012, 2024) if year != 2022]
    left_out = ms.exceedance(kept["size"], kept["year"], [10], n_boot=0, record=without).loc[0]
    longer = ms.exceedance(kept["size"], kept["year"], [10], n_boot=0, record=range(2012, 2032)).loc[0]
    rates = [row["rate_per_year"] for row in (between, left_out, longer)]
    assert rates == [302 / 12, 302 / 11, 302 / 20]
    assert longer["garwood_high"] == pytest.approx(left_out["garwood_high"] * 11 / 20)


def test_neither_order_nor_type_matters(mali):
    one = ms.exceedance(mali["size"], mali["year"], [64], n_boot=200)
    mixed = mali.sample(frac=1, random_state=1)
    two = ms.exceedance(mixed["size"].tolist(), mixed["year"].to_numpy(dtype=float), 64, n_boot=200)
    pd.testing.assert_frame_equal(one, two)


def test_larger_sizes_are_rarer(mali):
    rates = ms.exceedance(mali["size"], mali["year"], range(1, 400), n_boot=50)
    columns = ["rate_per_year", "conf_low", "conf_high", "p_at_least_one"]
    assert (rates[columns].diff().dropna() <= 1e-9).all(axis=None) and rates["return_years"].is_monotonic_increasing
    assert (rates["conf_low"] <= rates["conf_high"]).all()


def test_few_years_have_no_interval_but_the_exact_one(mali):
    late = mali[mali["year"] >= 2020]
    row = ms.exceedance(late["size"], late["year"], [64]).loc[0]
    assert np.isnan(row["conf_low"]) and "4 years are too few to resample" in row["note"]
    assert row["garwood_low"] > 0


def test_a_draw_without_a_tail_has_a_rate_of_nothing():
    """One year of ten has all the large events; a third of the draws leave it out."""
    sizes = np.r_[np.tile([1, 2, 3], 30), np.arange(40, 60)]
    years = np.r_[np.repeat(np.arange(9), 10), np.full(20, 9)]
    row = ms.exceedance(sizes, years, [45], threshold=20, n_boot=400).loc[0]
    assert row["conf_low"] == 0 and row["conf_high"] > row["rate_per_year"]


def test_the_rule_is_chosen_anew_for_every_row():
    u = np.array([1.0, 5, 10, 20])
    counts = np.array([[1000, 60, 40, 10], [100, 100, 20, 55]])
    assert smallest_of_tail(u, counts).tolist() == [1.0, 20.0]
    assert smallest_of_tail(u, counts * [0.5, 1, 2, 1]).tolist() == [10.0, 20.0]


@pytest.mark.parametrize(("sizes", "years", "options", "message"), [
    ([1, 2], [2020], {}, "got 1 for 2 sizes"),
    ([], [], {}, "there are no events"),
    ([5] * 60, ["2020"] * 60, {}, "years must be whole numbers such as 2023"),
    ([5] * 60, list(pd.to_datetime(["2020-01-01"] * 60)), {}, "Of dates take .dt.year"),
    ([5] * 60, [2020.5] * 60, {}, "years must be whole numbers"),
    ([5] * 60, [2020] * 60, {"record": (2012, 2023)}, r"60 events are of years outside the record, such as 2020; .* range\(2012, 2024\)"),
    ([5] * 20, [2020] * 20, {}, "needs 50 events of 1 or more, got 20; give threshold="),
    ([0] * 60, [2020] * 60, {}, "needs 50 events of 1 or more, got 0"),
    (list(range(60)), [2020] * 60, {"threshold": 55}, "4 events of 56 or more, and 10 are the fewest to fit; lower threshold="),
    (list(range(60)), [2020] * 60, {"threshold": -3}, "threshold=-3; 0 or more"),
    (list(range(60)), [2020] * 60, {"threshold": 2.5}, "threshold=2.5 is of type float; a whole number is wanted"),
    (list(range(60)), [2020] * 60, {"n_boot": -2}, "n_boot=-2; 0 or more"),
    (list(range(60)), [2020] * 60, {"record": []}, r"record is \[\]; the years it covers are wanted"),
    (list(range(60)), [2020] * 60, {"record": 2020}, "record is 2020; the years it covers are wanted"),
    ([5] * 60, [2020] * 60, {}, "all 60 events of 5 or more are of 5, so no law can be fitted"),
    (pd.Series([5] * 60), pd.Series([2020] * 60, index=range(60, 0, -1)), {}, "would be paired wrongly; take both"),
    ([5.5] * 60, [2020] * 60, {}, "exceedance: sizes must be whole numbers"),
])  # fmt: skip
def test_what_is_refused(sizes, years, options, message):
    with pytest.raises((TypeError, ValueError), match=message):
        ms.exceedance(sizes, years, [10], **options)


@pytest.mark.parametrize("at", [0, [10, 0], [2.5], [], -1])
def test_sizes_asked_about_are_whole_and_positive(at, mali):
    with pytest.raises(
        ValueError, match=r"exceedance: (at is (0|empty); sizes of 1 or more)|, at=: sizes must be whole"
    ):
        ms.exceedance(mali["size"], mali["year"], at)
