"""unseen: the Kosovo table, closed forms, planted truths, and refusals where lists tell nothing."""

import json
from decimal import ROUND_HALF_UP, Decimal
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from making import ROOT
from pandas.testing import assert_frame_equal
from scipy.optimize import brentq
from scipy.special import gammaln, xlogy

import mali_stats as ms
from mali_stats.models.unseen.lists import lists_of
from mali_stats.models.unseen.unseen import chao

KOSOVO = json.loads((Path(__file__).parents[1] / "oracles" / "kosovo_lists.json").read_text(encoding="utf-8"))
NAMES = KOSOVO["inputs"]["order"].split(",")
CELLS, EXPECTED = KOSOVO["inputs"]["cells"], KOSOVO["expected"]
TWO = {"10": 120, "01": 80, "11": 40}
THREE = {"100": 90, "010": 70, "001": 60, "110": 25, "101": 20, "011": 15, "111": 8}


def rows(counts, models=None, **more) -> pd.DataFrame:
    return ms.unseen(counts, models=models, **more).tidy().set_index("model")


# ---- known answers -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def kosovo():
    models = {
        "independence": "independence", "all_pairs": "all pairs",
        "all_pairs_plus_EXH_ABA_OSCE": "all pairs + OSCE:EXH:ABA", "all_three_way": "all triples",
        "classic": "chao", "bias": "chao, bias-corrected", "t": "chao, k lists",
    }  # fmt: skip
    return rows(CELLS, models, lists=NAMES)


def test_log_linear_models_of_the_kosovo_lists(kosovo):
    for name, known in EXPECTED["loglinear"].items():
        assert kosovo.loc[name, "n_hat"] == pytest.approx(known["N"], rel=1e-6)
        if "AIC" in known:
            assert kosovo.loc[name, "aic"] == pytest.approx(known["AIC"], rel=1e-7)
    ends = kosovo.loc["all_pairs_plus_EXH_ABA_OSCE", ["conf_low", "conf_high"]].tolist()
    assert ends == pytest.approx(EXPECTED["loglinear"]["all_pairs_plus_EXH_ABA_OSCE"]["profileCI"], rel=1e-6)


def test_chao_of_the_kosovo_lists(kosovo):
    known = {"classic": "chao_classic", "bias": "chao_bias_corrected", "t": "chao_t4"}
    for row, name in known.items():
        assert kosovo.loc[row, "n_hat"] == pytest.approx(EXPECTED[name], rel=1e-9)
    ends = kosovo.loc["classic", ["conf_low", "conf_high"]].tolist()
    assert ends == pytest.approx(EXPECTED["chao_logCI"], rel=1e-5)  # whose quantile is 1.96
    assert kosovo.loc[["classic", "bias", "t"], "aic"].isna().all()


def test_totals_of_the_kosovo_lists():
    lists = lists_of(CELLS, NAMES)
    assert dict(zip(lists.names, lists.sizes, strict=True)) == EXPECTED["list_totals"]
    assert lists.on.tolist() == EXPECTED["f"] and lists.counts.sum() == EXPECTED["n"]
    assert ms.unseen(CELLS).observed == 4400


def test_the_default_table():
    assert list(rows(CELLS).index) == ["independence", "all pairs", "chao", "chao, bias-corrected", "chao, k lists"]
    two = rows(TWO)
    assert list(two.index) == ["odds ratio 1", "odds ratio 2", "odds ratio 5", "odds ratio 10", "chao, k lists"]
    assert list(two.columns) == ["n_hat", "conf_low", "conf_high", "aic", "assumption"]
    assert two["assumption"].str.len().gt(10).all()


# ---- closed forms ------------------------------------------------------------------------------------------


def test_two_lists_are_lincoln_and_petersen_times_the_odds_ratio():
    table = rows(TWO, [f"odds ratio {r}" for r in (0.5, 1, 2, 5, 10)])
    for odds, n_hat in zip((0.5, 1, 2, 5, 10), table["n_hat"], strict=True):
        assert n_hat == pytest.approx(240 + odds * 120 * 80 / 40, rel=1e-9)
    np.testing.assert_allclose(table["aic"], table["aic"].iloc[0], rtol=1e-9)
    assert rows(TWO, ["independence", "chao"])["n_hat"].iloc[0] == pytest.approx(480, rel=1e-9)


def test_three_lists_with_all_pairs_are_a_product():
    c = THREE
    none = c["111"] * c["100"] * c["010"] * c["001"] / (c["110"] * c["101"] * c["011"])
    assert rows(c).loc["all pairs", "n_hat"] == pytest.approx(sum(c.values()) + none, rel=1e-9)


@pytest.mark.parametrize("counts", [TWO, {"10": 9, "01": 6, "11": 4}])
def test_interval_of_two_independent_lists_by_the_likelihood_itself(counts):
    """With both lists' shares at their maximum, (n10 + n11) / N and (n01 + n11) / N, the likelihood is written out."""
    a, b, n = counts["10"] + counts["11"], counts["01"] + counts["11"], sum(counts.values())

    def loglik(total):
        shares = sum(xlogy(k, k / total) + xlogy(total - k, 1 - k / total) for k in (a, b))
        return gammaln(total + 1) - gammaln(total - n + 1) + shares

    grid = n + np.geomspace(1e-6, 100 * n, 200_001)
    peak = grid[np.argmax(loglik(grid))]
    cut = loglik(peak) - 3.841458820694124 / 2
    low = brentq(lambda t: loglik(t) - cut, n, peak)
    high = brentq(lambda t: loglik(t) - cut, peak, grid[-1])
    found = rows(counts).loc["odds ratio 1", ["conf_low", "conf_high"]].tolist()
    assert found == pytest.approx([low, high], rel=1e-6)


def test_chao_by_hand():
    f1, f2, seen = 200, 100, 330
    assert chao(np.array([200, 100, 30]))[0] == seen + f1**2 / (2 * f2)
    assert chao(np.array([200, 100, 30]), "chao, k lists")[0] == pytest.approx(seen + 2 / 3 * f1**2 / (2 * f2))
    assert chao(np.array([200, 100, 30]), "chao, bias-corrected")[0] == pytest.approx(seen + f1 * 199 / (2 * 101))
    variance = f2 * ((f1 / f2) ** 2 / 2 + (f1 / f2) ** 3 + (f1 / f2) ** 4 / 4)
    wide = np.exp(1.959963984540054 * np.sqrt(np.log(1 + variance / 200**2)))
    assert chao(np.array([200, 100, 30]))[1:] == pytest.approx((330 + 200 / wide, 330 + 200 * wide))
    n_hat, low, high = chao(np.array([200, 0, 30]), "chao, bias-corrected")
    assert n_hat == 230 + 200 * 199 / 2 and 230 < low < n_hat < high < np.inf


# ---- planted truth -----------------------------------------------------------------------------------------


def shares(held, odds=1.0) -> np.ndarray:
    """Probabilities of all patterns of lists that hold these shares; the first two have an odds ratio."""
    z = np.array(list(product((0, 1), repeat=len(held))))
    p = np.where(z, held, 1 - np.array(held)).prod(axis=1) * odds ** (z[:, 0] * z[:, 1])
    return p / p.sum()


UNEQUAL = 0.3 * shares((0.6,) * 4) + 0.7 * shares((0.1,) * 4)  # as large and small events are by press lists
HELD = (0.5, 1 / 3, 0.25)


def counted(cells) -> dict[str, int]:
    z = ["".join(p) for p in product("01", repeat=int(np.log2(len(cells))))]
    return dict(zip(z[1:], (int(n) for n in cells[1:]), strict=True))


def expected(p, n=10**8) -> dict[str, int]:
    return counted(np.round(p * n))


@pytest.mark.parametrize(("p", "recovers", "low", "high"), [
    (shares(HELD), ["independence", "a:c", "all pairs"], [], ["chao", "chao, k lists"]),
    (shares(HELD, 4), ["a:b", "a:b + b:c", "all pairs"], ["independence", "a:c", "chao", "chao, k lists"], []),
    (shares(HELD, 1 / 4), ["a:b", "all pairs"], [], ["independence", "chao"]),
    (shares(HELD[:2], 5), ["odds ratio 5"], ["odds ratio 1", "odds ratio 2", "independence"], ["odds ratio 10"]),
    (UNEQUAL, [], ["independence", "all pairs", "chao", "chao, k lists"], ["all triples"]),
])  # fmt: skip
def test_what_each_model_recovers_of_very_many_events(p, recovers, low, high):
    ratio = rows(expected(p), [*recovers, *low, *high])["n_hat"] / 10**8
    assert ratio[recovers].to_numpy() == pytest.approx(1, abs=1e-4)
    assert (ratio[low] < 0.97).all() and (ratio[high] > 1.02).all()


def test_chao_for_k_lists_is_exact_where_lists_are_alike_and_nothing_depends():
    for k in (2, 3, 4):
        ratio = rows(expected(shares((0.4,) * k)), ["chao", "chao, k lists"])["n_hat"] / 10**8
        assert ratio["chao, k lists"] == pytest.approx(1, abs=1e-6)
        assert ratio["chao"] == pytest.approx(1 + 0.6**k / (k - 1), abs=1e-6)


@pytest.mark.parametrize(
    ("kind", "k"), [("chao, k lists", 3), ("chao, k lists", 2), ("chao", 3), ("chao, bias-corrected", 3)]
)
def test_the_width_of_chaos_intervals_is_how_far_the_bound_scatters(kind, k):
    """The log-normal interval's own standard deviation, read back from its ends, against that of 500 tables."""
    p, z = shares((0.4,) * k), np.array(list(product((0, 1), repeat=k))).sum(axis=1)
    draws = np.random.default_rng(3).multinomial(20_000, p, 500)
    found = np.array([chao(np.bincount(z, draw)[1:], kind) for draw in draws])
    extra = found[:, 0] - draws[:, 1:].sum(axis=1)
    log_sd = np.log(found[:, 2] - found[:, 0] + extra) - np.log(extra)
    spread = extra * np.sqrt(np.expm1((log_sd / 1.959963984540054) ** 2))
    assert spread.mean() == pytest.approx(found[:, 0].std(), rel=0.08)


@pytest.mark.slow
def test_intervals_hold_the_truth_where_the_model_is_the_right_one_and_not_elsewhere():
    tables = 40
    for p, models, right, wrong in (
        (shares(HELD, 4), ["a:b", "independence"], ["a:b"], ["independence"]),
        (shares(HELD[:2], 5), ["odds ratio 5", "odds ratio 1"], ["odds ratio 5"], ["odds ratio 1"]),
    ):
        draws = np.random.default_rng(7).multinomial(1000, p, tables)
        found = pd.concat(rows(counted(draw), models) for draw in draws)
        held = (found["conf_low"].le(1000) & found["conf_high"].ge(1000)).groupby(level=0).sum()
        assert (held[right] >= 35).all(), held  # 34 or fewer are one chance in 70 at 95 %
        assert (held[wrong] <= 2).all(), held


def test_the_measured_coverage_is_what_the_docstring_says():
    measured = pd.read_csv(ROOT / "benchmarks" / "results" / "unseen_coverage.csv", dtype=str)
    lines = [line.strip() for line in ms.unseen.__doc__.splitlines()]
    for row in measured.replace("odds ratio 1", "independence").itertuples():
        ratio, held = (Decimal(x).quantize(Decimal("0.01"), ROUND_HALF_UP) for x in (row.ratio, row.coverage))
        assert f"{ratio} / {held}" in next(line for line in lines if line.startswith(row.model + "  "))


# ---- invariants --------------------------------------------------------------------------------------------


def test_forms_and_order_of_the_counts_do_not_matter():
    frame = pd.DataFrame([[*map(int, key), n] for key, n in THREE.items()], columns=["x", "y", "z", "count"])
    known = rows(THREE, lists=["x", "y", "z"])
    tuples = {tuple(map(int, key)): n for key, n in reversed(THREE.items())}
    series = frame.set_index(["x", "y", "z"])["count"]
    flags = frame.astype({"x": bool, "y": bool}).sample(frac=1, random_state=1)
    for counts in (frame, frame.sample(frac=1, random_state=2), series, flags, frame[["count", "x", "y", "z"]]):
        assert ms.unseen(counts).lists.names == ("x", "y", "z")
        assert_frame_equal(rows(counts), known)
    assert_frame_equal(rows(tuples, lists=["x", "y", "z"]), known)
    assert_frame_equal(rows(pd.Series(THREE), lists=["x", "y", "z"]), known)


def test_order_of_the_lists_does_not_matter():
    turned = {key[2] + key[0] + key[1]: n for key, n in THREE.items()}
    models = ["independence", "x:y", "z:x + x:y", "all pairs", "chao", "chao, k lists"]
    one, other = rows(THREE, models, lists=["x", "y", "z"]), rows(turned, models, lists=["z", "x", "y"])
    numbers = ["n_hat", "conf_low", "conf_high", "aic"]
    np.testing.assert_allclose(one[numbers].astype(float), other[numbers].astype(float), rtol=1e-6)


@settings(max_examples=12, deadline=None)
@given(counts=st.lists(st.integers(1, 3000), min_size=7, max_size=7))
def test_intervals_are_around_their_estimate_and_not_below_what_is_listed(counts):
    table = rows(dict(zip(THREE, counts, strict=True)))
    assert (table["conf_low"] <= table["n_hat"]).all() and (table["n_hat"] <= table["conf_high"]).all()
    assert (table["conf_low"] >= sum(counts) - 1e-6).all()


def test_patterns_that_are_absent_count_zero_and_are_named():
    four = {"1000": 50, "0100": 40, "0010": 30, "0001": 20, "1100": 12, "0110": 9, "0011": 7, "1010": 5}
    models = ["independence", "chao, k lists"]
    result = ms.unseen(four, models=models)
    padded = four | dict.fromkeys(["1001", "0101", "1110", "1101", "1011", "0111", "1111"], 0)
    assert_frame_equal(result.tidy(), ms.unseen(padded, models=models).tidy())
    assert any("Patterns not given count 0: 0101, 0111, 1001" in note for note in result.notes)
    assert any("No event is on both of a and d; b and d:" in note for note in result.notes)


def test_very_many_events_and_very_few_that_are_shared():
    table = rows({"10": 100_000, "01": 1000, "11": 1})
    assert table.loc["odds ratio 1", "n_hat"] == pytest.approx(101_001 + 1e8, rel=1e-6)
    assert np.isfinite(table["conf_high"]).all()
    few = rows({"10": 1, "01": 1, "11": 1})
    assert few.loc["odds ratio 1", "conf_low"] == 3, "nothing rules out that all were seen"


# ---- what comes back ---------------------------------------------------------------------------------------


def test_an_interval_beyond_a_computers_numbers_is_refused():
    with pytest.raises(RuntimeError, match="no interval can be computed for 'odds ratio 5'"):
        ms.unseen({"10": 10**7, "01": 10**7, "11": 1}, models=["odds ratio 5", "independence"])


def test_a_table_with_what_it_is_not():
    result = ms.unseen({"10": 500, "01": 30, "11": 20}, lists=["<wire>", "radio"])
    assert "Events on any of the lists: 550 (<wire> 520, radio 50)" in repr(result)
    assert all(model in repr(result) for model in result.tidy()["model"])
    for word in ("events, not deaths", "floor at best", "no model sees them", "equal AIC", "very different length"):
        assert word in repr(result)
    four = {"1000": 9, "0100": 8, "0010": 7, "0001": 6, "1100": 5, "0111": 4}
    page = ms.unseen(four, models=["<x>:b", "chao"], lists=["<x>", "b", "c", "d"])._repr_html_()
    assert "&lt;x&gt;:b" in page and "<x>" not in page and "events, not deaths" in page
    table = result.tidy()
    table["n_hat"] = 0
    assert result.tidy()["n_hat"].gt(0).all(), "a copy"


def test_only_the_interactions_named_are_assumed():
    four = {"".join(p): 20 for p in product("01", repeat=4)}
    del four["0000"]
    table = rows(four, ["a:b", "a:b:c + c:d", "all triples", "all pairs"])
    assert table.loc["a:b", "assumption"] == "only these depend on one another: a:b"
    assert table.loc["a:b:c + c:d", "assumption"] == "only these depend on one another: c:d, a:b:c"
    assert "no 4 lists" in table.loc["all triples", "assumption"]
    same = rows(four, ["a:b:c", "a:b + a:c + b:c + a:b:c"])["n_hat"]
    assert same.iloc[0] == pytest.approx(same.iloc[1]), "a term brings those inside it"


# ---- refusals ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("counts", "message"), [
    ({"10": 5, "01": 4}, "no event is on two lists.*any number fits"),
    ({"10": 5, "01": 4, "11": 0}, "no event is on two lists"),
    ({"10": 0, "01": 4, "11": 3}, "no event has the pattern 10 .*lies within the other"),
    ({"10": 5, "01": 4, "11": 3, "00": 0}, "'00' is among the patterns; events on no list are what nobody counted"),
    ({"100": 5, "010": 4, "110": 3}, "no event is on c; leave an empty list out"),
    (THREE | {"101": 0, "111": 0}, "no event has the pattern 101, 111 .*'all pairs' needs one.*at infinity.*models="),
    (THREE | {"111": 0}, "no event has the pattern 111 .*'all pairs'"),
    ({"10": 5, "01": 4, "11": 2.5}, "the count of '11' is 2.5; a whole number"),
    ({"10": 5, "01": -4, "11": 2}, "the count of '01' is -4"),
    ({"10": 5, "01": None, "11": 2}, "the count of '01' is None"),
    ({"10": 5, "01": True, "11": 2}, "the count of '01' is True"),
    ({"10": 5, "01": np.nan, "11": 2}, "the count of '01' is nan"),
    ({"10": 5, "01": 4, "12": 2}, "the pattern '12' holds something else than 0 and 1"),
    ({"10": 5, "011": 4}, "patterns of 2 and 3 lists"),
    ({"1": 5}, "patterns of 1 lists"),
    ({}, "patterns of no lists"),
    ({"1" * 9: 5}, "patterns of 9 lists; .* 2 to 8 lists"),
    ({"10": 5, (1, 0): 4, "11": 2}, "the pattern '10' is given twice"),
    (pd.DataFrame({"x": [0, 1], "y": [1, 1]}), "the frame has x, y; wanted is"),
])  # fmt: skip
def test_counts_that_tell_nothing_are_refused(counts, message):
    with pytest.raises(ValueError, match=message):
        ms.unseen(counts)


def test_what_is_no_table_of_counts_is_refused():
    class Pairs:
        def overlap(self):
            return TWO

    with pytest.raises(TypeError, match=r"got Pairs; call its .overlap\(\) first"):
        ms.unseen(Pairs())
    with pytest.raises(TypeError, match="got list; wanted is a mapping of patterns"):
        ms.unseen([1, 2, 3])


@pytest.mark.parametrize(("models", "message"), [
    (["independence"], "at least two are wanted.*one number would hide"),
    ("independence", "at least two are wanted"),
    ([], "at least two are wanted"),
    (["chao", "chao"], "of different names"),
    (["chao", "a:b:c"], "lets all 3 lists depend on one another.*no table of 3 lists tells it"),
    (["chao", "all triples"], "lets all 3 lists depend"),
    (["chao", "a:d"], "'a:d' in the model 'a:d' is not known.*the lists are a, b, c"),
    (["chao", "a:a"], "'a:a' in the model"),
    (["chao", "a"], "'a' in the model 'a' is not known"),
    (["chao", "all pair"], "'all pair' in the model"),
    (["chao", "odds ratio 3"], "a fixed odds ratio above 0 is for two lists"),
])  # fmt: skip
def test_models_that_cannot_be_are_refused(models, message):
    with pytest.raises(ValueError, match=message):
        ms.unseen(THREE, models=models)


@pytest.mark.parametrize("odds", ["0", "0.0", "1.2.3"])
def test_odds_ratios_that_are_none_are_refused(odds):
    with pytest.raises(ValueError, match="a fixed odds ratio above 0"):
        ms.unseen(TWO, models=["chao", f"odds ratio {odds}"])


@pytest.mark.parametrize("names", [["x"], ["x", "x"], ["x", "y:z"], ["x", "all pairs"], ["x", ""], "xy", ["chao", "x"]])
def test_names_that_could_not_be_told_apart_are_refused(names):
    with pytest.raises(ValueError, match="wanted are 2 names, all different"):
        ms.unseen(TWO, lists=names)


def test_chao_without_events_on_two_lists_or_on_one():
    only = {"100": 5, "010": 4, "001": 3, "111": 2}
    with pytest.raises(ValueError, match="no event is on just two lists.*'chao, bias-corrected'"):
        ms.unseen(only, models=["chao", "chao, bias-corrected"])
    with pytest.raises(ValueError, match="no event is on one list only"):
        chao(np.array([0, 5, 5]))
