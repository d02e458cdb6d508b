"""Round numbers among counts: planted heaping found, exact intervals, conventions by the seeds."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from mali_stats.models.uncertainty.heaping import heaping


def row(table, kind, value, convention=None):
    found = table[(table["kind"] == kind) & (table["value"] == value)]
    found = found[found["convention"] == convention] if convention else found
    assert len(found) == 1
    return found.iloc[0]


def test_counts_shares_and_exact_intervals():
    table = heaping(pd.Series([3, 5, 10, 10, 12, 15, 20, 24, 31, 47], dtype="Int64"))
    five, ten = row(table, "multiple", 5), row(table, "multiple", 10)
    assert (five["n"], five["count"], five["share"], five["expected"]) == (8, 4, 0.5, 0.2)
    assert (ten["count"], ten["expected"]) == (3, 0.1)
    # Clopper and Pearson by the quantiles of the beta distribution
    assert ten["conf_low"] == pytest.approx(stats.beta.ppf(0.025, 3, 6))
    assert ten["conf_high"] == pytest.approx(stats.beta.ppf(0.975, 4, 5))
    none = row(table, "convention", 100, "acled")
    assert none["conf_low"] == 0 and none["conf_high"] == pytest.approx(1 - 0.025 ** (1 / 8))


def test_conventions_are_those_of_the_seeds_and_large_enough():
    table = heaping([10, 12, 12, 24, 101, 3, 3])
    assert row(table, "convention", 12, "acled")["count"] == 2 and row(table, "convention", 10, "acled")["count"] == 1
    dozens = row(table, "convention", 24, "ucdp")
    assert dozens["count"] == 1 and "dozens" in dozens["words"] and np.isnan(dozens["expected"])
    assert table["value"].min() == 5 and (table.loc[table["kind"] == "convention", "value"] >= 10).all()
    assert set(heaping([10], convention="ucdp")["convention"].dropna()) == {"ucdp"}


def test_planted_rounding_is_found_and_none_where_there_is_none():
    rng = np.random.default_rng(3)
    plain = rng.integers(10, 1010, 5000)
    found = heaping(plain)
    for value, share in ((5, 0.2), (10, 0.1)):
        line = row(found, "multiple", value)
        assert line["conf_low"] < share < line["conf_high"]
    rounded = np.where(rng.random(5000) < 0.3, plain // 10 * 10, plain)
    line = row(heaping(rounded), "multiple", 10)
    assert line["conf_low"] < 0.3 + 0.7 * 0.1 < line["conf_high"] and line["conf_low"] > 0.3


@pytest.mark.slow
def test_intervals_cover_as_they_say():
    rng = np.random.default_rng(4)
    lines = [row(heaping(rng.integers(10, 110, 60)), "multiple", 10) for _ in range(150)]
    assert np.mean([line["conf_low"] <= 0.1 <= line["conf_high"] for line in lines]) >= 0.93


def test_order_is_irrelevant_and_nothing_large_is_no_share():
    pd.testing.assert_frame_equal(heaping([10, 20, 33]), heaping([33, 10, 20]))
    empty = heaping([1, 2])
    assert (empty["n"] == 0).all() and empty["share"].isna().all()
    assert (heaping([])["n"] == 0).all()


@pytest.mark.parametrize(
    ("x", "message"),
    [
        ([10, None], "1 of 2 counts are missing, negative or not whole, such as nan; leave them out first"),
        ([10, 2.5], "such as 2.5"),
        ([None], "1 of 1 counts are missing"),
        (["ten"], "not numbers; use pd.to_numeric"),
        ([True, False], "got bool, not numbers"),
    ],
)
def test_what_is_no_count_is_told(x, message):
    with pytest.raises(ValueError, match=message):
        heaping(x)
    with pytest.raises(ValueError, match="convention='un' is unknown; accepted are acled, ucdp"):
        heaping([10], convention="un")
    with pytest.raises(ValueError, match="conf=95; it lies between 0 and 1"):
        heaping([10], conf=95)


@pytest.mark.parametrize("x", [10, None, np.ones((2, 2)), pd.DataFrame({"deaths": [10]})])
def test_what_is_no_list_of_counts_is_told(x):
    with pytest.raises(TypeError, match="counts are wanted in one dimension, one an event, got "):
        heaping(x)
