import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import ruptures
from ruptures.base import BaseCost
from scipy import signal

from mali_stats import catalog
from mali_stats.models.breaks import break_dates, segments
from mali_stats.models.breaks.break_dates import argmax_tail, intervals, reach
from mali_stats.models.breaks.breaks import find_breaks
from mali_stats.models.breaks.segments import Cost, best_cuts, cost_of, surrogates

ORACLE = json.loads((Path(__file__).parents[1] / "oracles" / "nile_breaks.json").read_text(encoding="utf-8"))
KNOWN = ORACLE["expected"]
NILE = pd.Series(ORACLE["inputs"]["y"], index=range(1871, 1971), name="flow")
RESULTS = Path(__file__).parents[2] / "benchmarks" / "results"


def counts(months=120, means=(8, 24), cut=70, seed=0, ar=0.0, replicates=1):
    """Overdispersed counts whose log-rate may carry an AR(1), with a step; (replicates, months)."""
    rng = np.random.default_rng(seed)
    shocks = rng.normal(size=(replicates, months + 50))
    noise = 0.4 * np.sqrt(1 - ar**2) * signal.lfilter([1], [1, -ar], shocks, axis=1)[:, 50:]
    rate = np.where(np.arange(months) < cut, *means) * np.exp(noise)
    return rng.poisson(rate * rng.gamma(1 / 0.3, 0.3, rate.shape))


def monthly(values, start="2012-01", name="events"):
    return pd.Series(values, pd.date_range(start, periods=len(values), freq="MS"), name=name)


def nile(**options):
    return find_breaks(NILE, cost="l2", min_size=15, n_boot=99, **options)


# Known answers: R on the Nile.


def test_sup_f_is_strucchange():
    assert nile().sup_f == pytest.approx(KNOWN["supF"], rel=1e-10)


def test_squares_and_bic_are_strucchange():
    table = nile().table()
    assert table.columns.tolist() == ["m", "rss", "bic", "chosen"]
    np.testing.assert_allclose(table["rss"], list(KNOWN["RSS"].values()), rtol=1e-9)
    np.testing.assert_allclose(table["bic"][:4], list(KNOWN["BIC"].values()), atol=1e-4)
    assert table.loc[table["chosen"], "m"].tolist() == [1]


def test_cuts_are_strucchange():
    values = NILE.to_numpy(float)
    cuts, _ = best_cuts(values, Cost("l2"), 15, 4)
    assert cuts[1:] == [[KNOWN["break_obs"]], KNOWN["breaks"]["m2"], KNOWN["breaks"]["m3"], KNOWN["breaks"]["m4"]]


@pytest.mark.parametrize(("ci", "known"), [("het", "ci95_het"), ("homo", "ci95_homosked")])
def test_intervals_are_strucchange_named_by_the_first_year_of_the_new_regime(ci, known):
    """strucchange numbers the last observation of the old regime: the 28th is 1898, so the new one begins in 1899."""
    found = nile(ci=ci)
    assert found.breaks.to_numpy().tolist() == [[KNOWN["break_year"] + 1, *(1871 + at for at in KNOWN[known])]]


def test_regimes_of_the_nile():
    parts = nile().segments()
    np.testing.assert_allclose(parts["mean"], KNOWN["means"])
    assert parts[["start", "end", "n"]].to_numpy().tolist() == [[1871, 1898, 28], [1899, 1970, 72]]
    assert parts["ratio"].iloc[1] == pytest.approx(KNOWN["means"][1] / KNOWN["means"][0])
    assert np.isnan(parts["ratio"].iloc[0])


def test_the_quantile_of_one_variance():
    assert argmax_tail(11.03, 1) == pytest.approx(0.025, abs=2e-5)


# The search.


class Deviance(BaseCost):
    """The NB2 (or, alpha 0, Poisson) deviance for ruptures, value by value."""

    model, min_size = "", 1

    def __init__(self, alpha):
        self.alpha = alpha

    def fit(self, values):
        self.signal = values.reshape(-1, 1)
        return self

    def error(self, start, end):
        y = self.signal[start:end, 0]
        mean, a = max(y.mean(), 1e-300), self.alpha
        log = np.sum(np.where(y > 0, y * np.log(np.maximum(y, 1e-300) / mean), 0))
        if not a:
            return 2 * (log - np.sum(y - mean))
        return 2 * (log - np.sum((y + 1 / a) * np.log((1 + a * y) / (1 + a * mean))))


@pytest.mark.parametrize("kind", ["l2", "poisson", "nb"])
def test_the_search_is_ruptures_dynp(kind):
    y = counts(60, (3, 9), 33, seed=4)[0].astype(float)
    cost = cost_of(kind, y)
    cuts, deviances = best_cuts(y, cost, 7, 3)
    own = {"model": "l2"} if kind == "l2" else {"custom_cost": Deviance(cost.alpha)}
    theirs = ruptures.Dynp(**own, min_size=7, jump=1).fit(y)
    for m in (1, 2, 3):
        found = theirs.predict(n_bkps=m)
        assert cuts[m] == found[:-1]
        assert deviances[m] == pytest.approx(theirs.cost.sum_of_costs(found), rel=1e-9)


def test_nb_holds_the_dispersion_of_the_null_fit_and_poisson_divides_by_it():
    y = counts()[0].astype(float)
    spread = cost_of("poisson", y).scale
    assert spread == pytest.approx(((y - y.mean()) ** 2 / y.mean()).sum() / (len(y) - 1))
    assert cost_of("nb", y).alpha == pytest.approx(0.6, abs=0.25)
    found = find_breaks(monthly(y), cost="poisson", n_boot=0).table()
    np.testing.assert_allclose(
        found["bic"], found["deviance"] / spread + 2 * (found["m"] + 1) * np.log(len(y)), rtol=1e-12
    )


def test_poisson_is_blind_to_the_unit():
    one, ten = (find_breaks(monthly(counts(seed=2)[0] * unit), cost="poisson", n_boot=99) for unit in (1, 10))
    assert one.breaks.equals(ten.breaks)
    assert (one.sup_f, one.p_value) == (pytest.approx(ten.sup_f), ten.p_value)


def test_squares_are_blind_to_shift_and_scale():
    values = counts(seed=3)[0]
    one, other = (find_breaks(monthly(v), cost="l2", n_boot=99) for v in (values, 1e4 - 7.0 * values))
    assert one.breaks.equals(other.breaks)
    assert one.sup_f == pytest.approx(other.sup_f)


def test_two_planted_breaks_are_found():
    values = np.concatenate([counts(40, (5, 5), 0)[0], counts(40, (30, 30), 0, 1)[0], counts(40, (8, 8), 0, 2)[0]])
    found = find_breaks(monthly(values), n_boot=99)
    assert [abs(cut - at) <= 3 for cut, at in zip(found.cuts, (40, 80), strict=True)] == [True, True]
    assert found.segments()["n"].sum() == 120
    assert (found.segments()["mean"] * found.segments()["n"]).sum() == values.sum()


def test_a_transform_is_cut_on_its_own_scale():
    values = counts(seed=5)[0]
    for name, of in (("log1p", np.log1p), ("anscombe", lambda y: 2 * np.sqrt(y + 3 / 8))):
        found = find_breaks(monthly(values), cost="l2", transform=name, n_boot=0)
        assert found.cuts == find_breaks(monthly(of(values)), cost="l2", n_boot=0).cuts
        np.testing.assert_allclose(found.segments()["mean"].iloc[0], values[: found.cuts[0]].mean())
        assert any("a sensitivity only" in note for note in found.notes)


def test_months_without_events_are_a_regime_too():
    found = find_breaks(monthly([0] * 30 + [5, 7] * 15), n_boot=99)
    (row,) = found.breaks.itertuples()
    assert row.date == row.conf_high == pd.Timestamp("2014-07-01")
    assert row.conf_low >= pd.Timestamp("2014-06-01")
    assert found.segments()["ratio"].isna().all()
    assert found.p_value == 0.01


# Evidence for any break at all.


def test_surrogates_keep_every_value_and_hang_together():
    y = counts(300, (8, 8), 0)[0].astype(float)
    rng = np.random.default_rng(1)
    loose, tight = (surrogates(y, persistence, 50, rng) for persistence in (0, 0.8))
    assert (np.sort(tight, axis=1) == np.sort(y)).all()
    lag = [np.mean([np.corrcoef(row[1:], row[:-1])[0, 1] for row in drawn]) for drawn in (loose, tight)]
    assert abs(lag[0]) < 0.03 and 0.6 < lag[1] < 0.8


def test_the_persistence_of_the_null_is_the_record_s():
    """Fitted breaks hide persistence; the calibration puts it back."""
    y = counts(240, (8, 8), 0)[0].astype(float)
    found = [
        segments.bootstrap(s, cost_of("nb", s), 19, 1)[1] for s in surrogates(y, 0.6, 15, np.random.default_rng(3))
    ]
    assert np.median(found) == pytest.approx(0.6, abs=0.08)


@pytest.mark.slow
@pytest.mark.parametrize("ar", [0.0, 0.7])
def test_nulls_seldom_alarm_where_ruptures_as_it_comes_always_does(ar):
    series = counts(144, (20, 20), 0, seed=11, ar=ar, replicates=30)
    p = [find_breaks(monthly(y), n_boot=99).p_value for y in series]
    assert np.mean(np.array(p) <= 0.05) <= 0.17
    assert 0.2 < np.mean(p) < 0.8
    pelt = [ruptures.Pelt(model="l2").fit(y.astype(float)).predict(pen=2 * np.log(144)) for y in series]
    assert all(len(cuts) > 5 for cuts in pelt)


def test_a_large_step_is_told_from_wandering():
    assert find_breaks(monthly(counts(144, (10, 30), 80, seed=1, ar=0.4)[0]), n_boot=199).p_value <= 0.01


def test_a_seed_gives_the_same_p_value():
    y = monthly(counts(means=(8, 11), seed=6)[0])
    again = [find_breaks(y, n_boot=199, seed=seed).p_value for seed in (0, 0, 1)]
    assert again[0] == again[1] != again[2]


def test_a_drift_makes_bic_alarm_and_the_note_says_so():
    drift = surrogates(counts(144, (8, 8), 0)[0].astype(float), 0.9, 1, np.random.default_rng(8))[0]
    found = find_breaks(monthly(drift))
    assert found.cuts and found.p_value > 0.05
    assert any("BIC takes the months for independent" in note for note in found.notes)


def test_benchmark_false_alarms_are_near_nominal_and_quoted():
    table = pd.read_csv(RESULTS / "false_alarms.csv")
    assert (table["replicates"] >= 400).all()
    assert table["p"].max() <= 0.12
    assert table["ruptures"].min() >= 0.9
    for (months, mean), cell in table.sort_values("ar").groupby(["months", "mean"]):
        for name in ("p", "bic", "p_log1p"):
            shown = " / ".join(f"{value:.2f}".removeprefix("0") for value in cell[name])
            assert shown in find_breaks.__doc__, (months, mean, name, shown)


# How well a break is dated.


def test_the_two_sides_share_the_probability():
    for ratio in (0.01, 0.3, 1, 4, 1e4):
        assert argmax_tail(0, ratio) + argmax_tail(0, 1 / ratio) == pytest.approx(1, abs=1e-6)
        tail = [argmax_tail(x, ratio) for x in np.linspace(0, 60, 200)]
        assert (np.diff(tail) < 1e-9).all() and tail[-1] < 1e-3


def test_bai_s_distribution_is_that_of_the_argmax():
    """Two drifting random walks in steps of 1/20, the new regime's with a variance of 3."""
    rng = np.random.default_rng(5)
    step, far = 0.05, 1600
    old = np.cumsum(rng.normal(-step / 2, np.sqrt(step), (4000, far)), axis=1)
    new = np.cumsum(rng.normal(-step / 2, np.sqrt(3 * step), (4000, far)), axis=1)
    at = np.where(old.max(axis=1) > new.max(axis=1), -(old.argmax(axis=1) + 1.0), new.argmax(axis=1) + 1.0) * step
    at[(old.max(axis=1) < 0) & (new.max(axis=1) < 0)] = 0
    for x in (0.5, 2, 6):
        assert np.mean(at < -x) == pytest.approx(argmax_tail(x, 3), abs=0.025)
        assert np.mean(at > x) == pytest.approx(argmax_tail(x / 3, 1 / 3), abs=0.025)


def test_the_restless_side_is_the_long_one():
    before, after = reach((1.0, 25.0), 4.0)
    assert before > after
    assert reach((25.0, 1.0), 4.0) == (after, before)
    assert reach((0.0, 0.0), 4.0) == (1, 1) or reach((0.0, 0.0), 4.0) == (0, 0)


def test_intervals_shrink_with_the_jump_and_widen_with_the_level():
    wide = [sum(reach((4.0, 4.0), jump)) for jump in (1, 2, 4)]
    assert wide[0] > wide[1] > wide[2]
    assert sum(reach((4.0, 4.0), 1, level=0.5)) < wide[0]


def test_hac_is_wider_where_months_hang_together():
    y = counts(200, (10, 25), 100, seed=2, ar=0.8)[0].astype(float)
    (het,), (hac,) = (intervals(y, [100], kind) for kind in ("het", "hac"))
    assert hac[0] < het[0] and hac[1] > het[1]


def test_homo_is_one_variance_for_both_with_the_degrees_of_freedom_left():
    y = np.concatenate([np.tile([9.0, 11], 20), 20 + np.tile([-1, 1], 20) * np.sqrt(88)])
    ((first, last),) = intervals(y, [40], "homo")
    rss = 40 * 1 + 40 * 88
    assert 40 - first == last - 40 == np.ceil(11.0333 * rss / 78 / 100) == 6
    assert 11.0333 * rss / 80 / 100 < 5


def test_het_is_a_variance_for_each_with_its_own_degree_of_freedom():
    y = np.concatenate([np.tile([0.0, 2], 4), np.tile([3.4, 5.4], 4)])
    assert 11.0333 * (8 / 8) / 3.4**2 < 1 < 11.0333 * (8 / 7) / 3.4**2
    assert intervals(y, [8], "het") == [(6, 10)]


def test_benchmark_dates_are_quoted_and_cover_large_jumps():
    table = pd.read_csv(RESULTS / "break_dates.csv").query("mean == 20")
    assert table.query("ratio >= 6")["het"].min() >= 0.9
    assert table.query("ratio == 1.5")["het"].max() < 0.9  # the docstring says that small jumps are not covered
    for ratio, cell in table.sort_values("ar").groupby("ratio"):
        for name in ("het", "homo", "hac"):
            shown = " / ".join(f"{value:.2f}".removeprefix("0") if value < 1 else "1" for value in cell[name].round(2))
            assert shown in find_breaks.__doc__, (ratio, name, shown)


@pytest.mark.slow
def test_planted_breaks_are_mostly_inside_their_intervals():
    inside = []
    for y in counts(144, (10, 40), 84, seed=7, replicates=60):
        found = find_breaks(monthly(y), n_boot=0, max_breaks=1)
        low, high = found.ends[0]
        inside.append(low <= 84 <= high)
    assert np.mean(inside) >= 0.85


# The series, its index and its name.


def test_every_index_of_time_and_any_order_is_the_same():
    values = counts(seed=9)[0]
    plain = find_breaks(monthly(values), n_boot=99)
    periods = pd.Series(values, pd.period_range("2012-01", periods=120, freq="M"), name="events")
    shuffled = monthly(values).astype("Int64").sample(frac=1, random_state=1)
    zoned = monthly(values).tz_localize("UTC")
    for other in (periods, shuffled, zoned):
        found = find_breaks(other, n_boot=99)
        assert found.breaks.equals(plain.breaks)
        assert found.p_value == plain.p_value
    assert (plain.y.to_numpy() == values).all() and plain.y.index.equals(monthly(values).index.rename("month"))
    years = [find_breaks(pd.Series(values, index), n_boot=0) for index in (
        range(1900, 2020), pd.period_range("1900", periods=120, freq="Y"))]  # fmt: skip
    assert years[0].breaks.equals(years[1].breaks)
    assert years[0].breaks["date"].tolist() == [1900 + cut for cut in plain.cuts]


def test_dates_are_first_days():
    breaks = find_breaks(monthly(counts(seed=9)[0]), n_boot=0).breaks
    assert breaks.columns.tolist() == ["date", "conf_low", "conf_high"]
    assert (breaks.dtypes == "datetime64[s]").all()
    assert (breaks.stack().dt.day == 1).all()
    assert (breaks["conf_low"] <= breaks["date"]).all() and (breaks["date"] <= breaks["conf_high"]).all()


def test_no_break_is_an_empty_table():
    found = find_breaks(monthly(counts(48, (20, 20), 0, seed=1)[0]), n_boot=99)
    assert found.breaks.empty and found.chosen == () and found.tidy().empty
    assert "no break" in repr(found)
    assert found.segments()["n"].tolist() == [48]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda y: y.drop(y.index[5]), "month 2012-06 is missing, between 2012-01 and 2021-12"),
        (lambda y: pd.concat([y, y.iloc[[3]]]), "month 2012-04 is there twice"),
        (lambda y: y.astype(float).mask(y.index == y.index[7]), "no value for 2012-08"),
        (lambda y: y.mask(y.index == y.index[2], -1), "2012-03 holds -1"),
        (lambda y: y + 0.5, "counts, whole and not negative"),
        (lambda y: y * 0 + 3, "every month holds 3"),
        (lambda y: y[:20], "20 months do not hold two regimes of min_size=12"),
    ],
)
def test_a_series_that_cannot_be_cut_says_why(change, message):
    with pytest.raises(ValueError, match=message):
        find_breaks(change(monthly(counts()[0])))


@pytest.mark.parametrize(
    ("y", "message"),
    [
        ([1, 2, 3], "got list; a Series"),
        (pd.Series(["a"] * 50, range(50)), "a Series of str"),
        (pd.Series(range(50), [f"m{i}" for i in range(50)]), "such as 'm0'; accepted are months"),
        (pd.Series(range(50), pd.period_range("2020-01-01", periods=50, freq="D")), r"period\[D\]"),
    ],
)
def test_what_is_no_series_of_months_or_years_is_refused(y, message):
    with pytest.raises(TypeError, match=message):
        find_breaks(y)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"cost": "l1"}, "cost='l1' is unknown"),
        ({"ci": "bayes"}, "ci='bayes' is unknown"),
        ({"transform": "sqrt", "cost": "l2"}, "transform='sqrt' is unknown"),
        ({"transform": "log1p"}, "goes with cost='l2' only"),
        ({"min_size": 1}, "min_size=1; 2 or more"),
        ({"max_breaks": 1.5}, "max_breaks=1.5"),
        ({"n_boot": -1}, "n_boot=-1"),
        ({"min_size": "many"}, "find_breaks: min_size='many' is of type str; a whole number is wanted"),
        ({"max_breaks": None}, "max_breaks=None is of type NoneType"),
    ],
)
def test_a_choice_that_is_not_offered_is_refused(options, message):
    with pytest.raises((TypeError, ValueError), match=message):
        find_breaks(monthly(counts()[0]), **options)


def test_nothing_and_dates_of_one_day_a_year_are_told_apart_from_gaps():
    for index in (pd.DatetimeIndex([]), pd.RangeIndex(0)):
        with pytest.raises(ValueError, match="the series is empty; look at what was filtered"):
            find_breaks(pd.Series([], index=index, dtype=float))
    yearly = pd.Series(range(30), pd.date_range("1990", periods=30, freq="YS"))
    with pytest.raises(ValueError, match="1990-01, 1991-01 and so on, one a year.*y.set_axis"):
        find_breaks(yearly)
    assert find_breaks(yearly.set_axis(yearly.index.year), n_boot=0).line.unit == "year"


def test_log1p_of_a_negative_value_is_refused():
    with pytest.raises(ValueError, match="not negative for transform='log1p'"):
        find_breaks(monthly(counts()[0] - 50), cost="l2", transform="log1p")


# What it says beside the numbers.


def test_short_records_have_no_p_value():
    few = find_breaks(pd.Series([0, 0, 1, 0, 0, 4] * 3, range(2000, 2018)), min_size=4)
    assert np.isnan(few.p_value) and "no p-value from 18 years (at least 24 are needed)" in few.notes
    rare = find_breaks(monthly([0] * 40 + [1, 0] * 4, name="deaths"))
    assert np.isnan(rare.p_value) and "no p-value from 4 months with any count (at least 10 are needed)" in rare.notes


def test_notes_name_the_calendar_inside_each_interval_and_mark_the_coding():
    """Mali's events, 2012-2023: the one break's interval holds the founding of JNIM, a break of the coding."""
    events = catalog.load("region_month").groupby("month")["events"].sum()["2012":]
    found = find_breaks(events, n_boot=0)
    (entries,) = found.tidy()["entries"]
    assert entries == "jnim-formed (coding)"
    assert any("1 entry of Mali's calendar inside the interval: jnim-formed (coding)" in note for note in found.notes)


def test_the_calendar_counts_entries_that_touch_the_interval():
    line = find_breaks(monthly(counts()[0]), n_boot=0).line
    table = catalog.seed("calendar")
    month = line._places(table["start"])
    last = line._places(table["end"].fillna(table["start"]))
    for first, stop in ((0, 5), (60, 62), (100, 130)):
        wanted = table["label"][(month <= stop) & (last >= first)]
        assert [name.removesuffix(" (coding)") for name in line.entries(first, stop)] == wanted.tolist()
    assert line.entries(-50, -40) is None
    assert line.entries(60, 61) == []  # January and February 2017
    assert line.entries(41, 41) == ["algiers-accord"]  # June 2015: begun in May
    assert line.entries(62, 62) == ["jnim-formed (coding)"]


def test_the_calendar_is_silent_where_the_series_ended_before_it():
    assert nile().notes == []
    old = find_breaks(monthly(counts()[0], start="1989-01"), n_boot=0)
    assert not any("calendar" in note for note in old.notes)


def test_an_interval_beyond_the_series_is_cut_off_and_said():
    values = counts(60, (10, 22), 20, seed=4)[0]
    found = find_breaks(monthly(values), n_boot=0, max_breaks=1)
    ((low, high),) = found.ends
    ((far, _),) = intervals(values.astype(float), list(found.cuts), "het")
    assert far < 1 == low < high <= 59
    assert any("reaches beyond the series" in note and "cut off" in note for note in found.notes)


def test_notes_on_the_number_of_breaks():
    y = monthly(counts(40, seed=1, cut=20)[0])
    assert "no more than 2 breaks fit into 40 months; max_breaks=5 was asked" in find_breaks(y, n_boot=0).notes
    assert any(
        "BIC takes as many breaks as are allowed (1)" in note for note in find_breaks(y, n_boot=0, max_breaks=1).notes
    )
    even = find_breaks(monthly([4, 5, 6, 5] * 12), n_boot=0)
    assert even.weights.alpha == 0 and any("the cost is the Poisson's" in note for note in even.notes)


def test_repr_says_what_was_found():
    text = repr(nile())
    assert text.splitlines()[:2] == ["Breaks of flow, 1871 to 1970: cost l2, 1 by BIC", "1899 (1896 to 1903)"]
    assert "<table" in nile()._repr_html_()


def test_default_lags_are_the_house_s():
    assert break_dates.default_lags(84) == 6


def test_an_interval_that_holds_another_break_says_so():
    panel = catalog.load("region_month").query("region_name == 'Mopti' and month >= '2012-01-01'")
    found = find_breaks(panel.groupby("month")["events"].sum(), n_boot=19)
    reach = found.breaks.iloc[0]
    inside = found.breaks["date"].iloc[1:].between(reach["conf_low"], reach["conf_high"])
    assert inside.any(), "the example no longer shows what it is for"
    assert any("the interval holds another break" in note for note in found.notes)
    apart = find_breaks(monthly(np.r_[[4, 6] * 36, [58, 62] * 36]), n_boot=19)
    assert len(apart.breaks) == 1 and not any("another break" in note for note in apart.notes)
