import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mali_stats as ms
from mali_stats.models.forecasts import alarms, backtest

ORACLE = json.loads((Path(__file__).parents[1] / "oracles" / "farrington_ears.json").read_text(encoding="utf-8"))
GIVEN, KNOWN = ORACLE["inputs"], ORACLE["expected"]
SETTINGS = {name: GIVEN[name] for name in ("alpha", "b", "w")}
MONTHLY = ("farrington", "ears_c1", "ears_c2")


def months(values, start="2012-01"):
    return pd.Series(np.asarray(values), index=pd.period_range(start, periods=len(values), freq="M"))


def days(values, start="2015-01-01"):
    return pd.Series(np.asarray(values), index=pd.date_range(start, periods=len(values)))


def panel(regions):
    """A panel of one Series a region."""
    parts = [
        pd.DataFrame({"region": name, "month": y.index, "deaths_best": y.to_numpy()}) for name, y in regions.items()
    ]
    return pd.concat(parts, ignore_index=True)


def made(seed=0, n=120, mean=30):
    rng = np.random.default_rng(seed)
    return months(rng.negative_binomial(2, 2 / (2 + mean), n))


@pytest.fixture(scope="module")
def oracle_series():
    return months(GIVEN["y"], GIVEN["start"])


# Known answers: surveillance, and the rules read off by brute force.


@pytest.mark.parametrize(("reweight", "which"), [(False, "noreweight"), (True, "reweight")])
def test_thresholds_and_alarms_of_farrington_flexible(oracle_series, reweight, which):
    table = ms.flag_months(oracle_series, "farrington", reweight=reweight, **SETTINGS).tidy().set_index("period")
    targets = table.loc["2022-05":"2024-04"]
    assert targets["threshold"].tolist() == KNOWN[f"upper_{which}"]
    assert targets.index[targets["flagged"]].astype(str).tolist() == KNOWN[f"alarms_{which}"]
    assert (targets["level"] == targets["flagged"]).all()
    if not reweight:
        assert targets["baseline"].iloc[0] == pytest.approx(KNOWN["mu_first"], abs=1e-6)


def test_settings_of_the_oracle_are_the_defaults(oracle_series):
    alerts = ms.flag_months(oracle_series, "farrington")
    assert alerts.options == SETTINGS | {"reweight": True}
    shipped = ms.load("state_based_month").set_index("month").loc["2017-05":, "deaths_best"]
    ours = ms.flag_months(shipped, "farrington").tidy()
    assert ours.loc[ours["flagged"], "period"].dt.strftime("%Y-%m").tolist()[-4:] == KNOWN["alarms_reweight"]


@pytest.mark.parametrize(("method", "first", "which"), [("ears_c1", 8, "C1_t8_15"), ("ears_c2", 10, "C2_t10_15")])
def test_thresholds_and_alarms_of_ears(method, first, which):
    table = ms.flag_months(months(GIVEN["ears_series"]), method).tidy()
    np.testing.assert_allclose(table["threshold"][first - 1 :], KNOWN[f"ears_{which}"], atol=1e-8)
    assert table["level"][: first - 1].isna().all() and table["level"][first - 1 :].notna().all()
    assert (table.index[table["flagged"]] + 1).tolist() == KNOWN[f"ears_{which[:2]}_alarms_t"]


def brute_hdx(y, floor):
    """Level by level and day by day, in words: at the floor, and nothing higher in so many days."""
    sums = [sum(y[d - 29 : d + 1]) if d >= 29 else None for d in range(len(y))]
    levels = []
    for d in range(len(y)):
        reach = [back for back in (366, 1096) if d - back + 1 >= 29]
        record = [back for back in reach if sums[d] >= floor and sums[d] == max(sums[d - back + 1 : d + 1])]
        levels.append(len(record) if reach else None)
    return sums, levels


@pytest.mark.parametrize(
    ("options", "scale", "floor"), [({}, 1, 100), ({"unit": "people"}, 60, 5000), ({"floor": 30}, 1, 30)]
)
def test_hdx_by_brute_force(options, scale, floor):
    rng = np.random.default_rng(3)
    y = rng.negative_binomial(0.3, 0.1, 2200) * scale
    table = ms.flag_months(days(y), **options).tidy()
    sums, levels = brute_hdx(y.tolist(), floor)
    assert table["value"][29:].tolist() == sums[29:] and table["value"][:29].isna().all()
    assert table["level"].astype(object).where(table["level"].notna(), None).tolist() == levels
    assert {0, 1, 2} <= set(levels), "the case shows all levels"
    tested = table["level"].notna()
    assert (table["flagged"] == (table["value"] >= table["threshold"]).where(tested, False)).all()
    np.testing.assert_allclose(table["baseline"][700], np.mean(sums[700 - 365 : 701]))


def test_the_threshold_of_hdx_looks_back_as_far_as_its_level():
    y = np.zeros(1000, int)
    y[[500, 894, 895]] = [300, 100, 100]  # the sum of 300 stands until day 529, 366 days before 895
    table = ms.flag_months(days(y)).tidy()
    assert table["threshold"][[894, 895]].tolist() == [300, 100]
    assert table["flagged"][[894, 895]].tolist() == [False, True]


def test_cool_down_lets_a_higher_level_through():
    y = np.zeros(1800, int)
    y[[300, 420, 900, 1500, 1520, 1540]] = [500, 400, 450, 300, 350, 600]
    open_, cooled = (ms.flag_months(days(y), cooldown=n).tidy() for n in (0, 180))
    assert ms.flag_months(days(y)).options == {"unit": "deaths", "floor": 100, "cooldown": 0}
    pd.testing.assert_series_equal(open_["level"], cooled["level"])
    assert (open_["flagged"] == (open_["level"].fillna(0) > 0)).all()
    kept = cooled.index[cooled["flagged"]]
    assert kept.tolist() == [900, 1500, 1520] and cooled["level"][kept].tolist() == [1, 1, 2]
    for cooldown, again in ((99, True), (100, False)):
        level = np.zeros(200, int)
        level[[50, 150]] = 1
        assert alarms._not_cooling(level, cooldown)[150] == again, "day 100 after a flag is the last that cools"
    assert open_["flagged"][[901, 1521, 1540]].all(), "without it every day of a record is one, and the next record too"


# Planted truth.


@pytest.mark.parametrize("method", MONTHLY)
def test_a_planted_surge_is_flagged_and_the_calm_is_not(method):
    y = months(np.random.default_rng(1).poisson(30, 120))
    y.iloc[100] = 300
    table = ms.flag_months(y, method).tidy()
    assert table["flagged"][100] and table["level"].iloc[100] == 1
    assert table["flagged"].drop(100).mean() < 0.06


@pytest.mark.slow
def test_false_alarms_of_farrington_keep_the_budget_where_counts_are_a_poisson():
    rng = np.random.default_rng(2)
    frame = panel({f"{i:02d}": months(rng.poisson(20, 100)) for i in range(60)})
    tested = ms.flag_months(frame, "farrington", alpha=0.05).tidy().dropna(subset=["level"])
    assert tested["flagged"].mean() == pytest.approx(0.04, abs=0.015)


def test_an_old_surge_weighs_less_once_reweighted():
    y = months(np.random.default_rng(5).poisson(30, 140))
    y.iloc[90] = 400
    plain, reweighted = (ms.flag_months(y, "farrington", b=5, reweight=r).tidy() for r in (False, True))
    after = slice(100, 104)  # the surge is among the references of these
    assert (reweighted["threshold"][after] < 0.5 * plain["threshold"][after]).all()
    calm = slice(62, 90)
    assert (reweighted["threshold"][calm] <= plain["threshold"][calm]).all()


def test_a_handful_of_deaths_after_long_calm_is_no_alarm_by_farrington():
    y = np.zeros(100, int)
    y[[60, 80]] = [4, 5]
    table = ms.flag_months(months(y), "farrington").tidy()
    assert table.index[table["flagged"]].tolist() == [80]
    assert (table["threshold"][38:60] == 0).all()
    y[[60, 63, 80]] = [3, 2, 0]
    assert ms.flag_months(months(y), "farrington").tidy()["flagged"][63], "3 and 2 within four months are five"
    y[[63, 64]] = [0, 2]
    assert not ms.flag_months(months(y), "farrington").tidy()["flagged"][64], "within five months they are not"


# The backtest, worked by hand.


def by_hand():
    """Thirty tested months, the worst 10, 20 and 28; flags two before the first, on two of them, at 15 and at the end."""
    value, flagged = np.ones(30), np.zeros(30, bool)
    value[[10, 20, 28]] = [90, 80, 70]
    flagged[[8, 10, 15, 20, 29]] = True
    return value, flagged


def test_backtest_by_hand():
    value, flagged = by_hand()
    row = backtest.summary(value, flagged, share=0.1, before=3, span=1, a_year=12.0)
    chance = 3 * (1 - 80730 / 142506)  # C(27, 5) of the C(30, 5) ways leave the three months before a worst one free
    assert row == {
        "tested": 30, "worst": 3, "caught": 2, "ahead": 1, "ahead_by_chance": pytest.approx(chance), "median_lead": 1.0,
        "alarms": 5, "false_alarms": 1, "open_alarms": 1, "false_alarms_per_year": pytest.approx(0.4),
    }  # fmt: skip
    leads = backtest.leads(flagged, backtest.worst_periods(value, 0.1, 1), 3)
    np.testing.assert_array_equal(leads, [2, 0, np.nan])
    early = np.r_[True, np.zeros(9, bool)]
    np.testing.assert_array_equal(backtest.leads(early, np.array([0, 1, 3, 4]), 3), [0, 1, 3, np.nan])


def test_alarms_of_days_close_together_are_one_and_worst_sums_do_not_overlap():
    flagged = np.zeros(200, bool)
    flagged[[50, 51, 79, 110, 111]] = True
    assert backtest.alarms(flagged, 30) == [(50, 79), (110, 111)]
    assert backtest.alarms(flagged, 1) == [(50, 50), (51, 51), (79, 79), (110, 110), (111, 111)]
    assert backtest.alarms(np.zeros(9, bool), 1) == []
    value = np.r_[np.zeros(100), 9, 8, np.zeros(27), 7, 6, np.zeros(69)]
    assert backtest.worst_periods(value, 0.5, 30).tolist() == [100, 130], "a 0 is never among the worst"


def test_the_backtest_at_the_ends_of_the_record():
    value = np.ones(10)
    value[1] = 9
    for at, false, open_ in ((6, 1, 0), (7, 0, 1)):
        found = backtest.summary(value, np.arange(10) == at, share=0.1, before=3, span=1, a_year=12)
        assert (found["false_alarms"], found["open_alarms"]) == (false, open_), (
            "the time of month 6 ends with the record"
        )
        assert found["ahead_by_chance"] == pytest.approx(0.1), "one month of ten lies before the worst, not three"


def test_a_share_is_not_rounded_up_by_the_arithmetic_of_the_machine():
    assert 0.07 * 100 > 7
    assert len(backtest.worst_periods(np.arange(1.0, 101), 0.07, 1)) == 7
    assert backtest.worst_periods(np.array([3, 5, 5, 5]), 0.5, 1).tolist() == [1, 2], "of equal values the earlier"


def test_chance_is_what_alarms_by_lot_reach():
    value, _ = by_hand()
    rng, ahead = np.random.default_rng(0), []
    for _ in range(3000):
        flagged = np.zeros(30, bool)
        flagged[rng.choice(30, 5, replace=False)] = True
        ahead.append(sum(flagged[w - 3 : w].any() for w in (10, 20, 28)))
    row = backtest.summary(value, by_hand()[1], share=0.1, before=3, span=1, a_year=12.0)
    assert np.mean(ahead) == pytest.approx(row["ahead_by_chance"], abs=0.06)


def test_backtest_of_a_series_and_of_days():
    y = months(np.tile([10, 11], 30))
    y.iloc[[30, 32, 50]] = [60, 99, 80]
    alerts = ms.flag_months(y, "ears_c1")
    row = alerts.backtest(worst=0.03).iloc[0]
    assert (row["tested"], row["worst"], row["caught"], row["ahead"], row["median_lead"]) == (53, 2, 2, 1, 1)
    leads = alerts.leads(worst=0.03)
    assert leads["period"].astype(str).tolist() == ["2014-09", "2016-03"] and leads["lead"].tolist() == [2, 0]
    wide = days(np.random.default_rng(0).poisson(5, 1500))
    wide.iloc[900:960] = 20
    hdx = ms.flag_months(wide).backtest(worst=0.05)
    assert hdx["worst"][0] == np.ceil(0.05 * hdx["tested"][0] / 30) and hdx["median_lead"][0] > 20
    assert hdx["tested"][0] == 1500 - 394 and hdx["alarms"][0] < 8


# Panels.


def test_a_panel_is_tested_region_by_region():
    regions = {"ML05": made(1), "ML06": made(2, mean=5), "ML07": made(3, n=90)}
    frame = panel(regions)
    for method in MONTHLY:
        together = ms.flag_months(frame, method)
        table = together.tidy()
        for name, y in regions.items():
            own = table[table["region"] == name].drop(columns="region").reset_index(drop=True)
            pd.testing.assert_frame_equal(own, ms.flag_months(y, method).tidy())
        mixed = ms.flag_months(frame.sample(frac=1, random_state=1), method)
        pd.testing.assert_frame_equal(mixed.tidy(), together.tidy())
    card = together.backtest().set_index("region")
    assert card.index.tolist() == ["ML05", "ML06", "ML07", "all"]
    for column in ("tested", "worst", "caught", "ahead", "alarms", "false_alarms", "false_alarms_per_year"):
        assert card.loc["all", column] == pytest.approx(card[column][:-1].sum())
    leads = together.leads()
    assert card.loc["all", "median_lead"] == leads["lead"].dropna().median()
    assert leads.groupby("region").size().to_dict() == card["worst"][:-1].to_dict()


def test_the_shipped_panel_with_its_budget_printed():
    frame = ms.load("region_month").query("month >= '2012-01-01'")
    summed = frame.groupby(["region", "month"], as_index=False)["deaths_best"].sum()
    alerts = ms.flag_months(summed, "farrington")
    assert repr(alerts).splitlines()[1] == (
        "false-alarm budget: 0.01 x 12 months x 10 regions = 1.2 a year, 11 in the 1060 months tested"
    )
    assert repr(alerts).startswith("Alerts by farrington: ") and "in 10 regions" in repr(alerts)
    lost = summed.loc[summed["region"] == "unallocated", "deaths_best"].sum()
    assert f"144 rows of region 'unallocated' left out, with {lost} deaths_best" in alerts.notes
    assert alerts.tidy().columns.tolist() == [
        "region", "period", "value", "baseline", "threshold", "level", "flagged",
    ]  # fmt: skip
    ears = ms.flag_months(summed, "ears_c2", alpha=0.002)
    assert "0.002 x 12 months x 10 regions = 0.24 a year" in ears.notes[0]
    with pytest.raises(ValueError, match="more than one row for a region and month; a panel by type_of_violence"):
        ms.flag_months(frame, "farrington")


def test_a_panel_of_days_and_columns_of_other_names():
    rng = np.random.default_rng(6)
    frame = pd.concat([
        pd.DataFrame({"cercle": name, "day": pd.date_range("2018-01-01", periods=900), "killed": rng.poisson(5, 900)})
        for name in "ab"
    ])  # fmt: skip
    alerts = ms.flag_months(frame, by="cercle", time="day", outcome="killed")
    assert alerts.notes[0].startswith("false-alarm budget: no alpha; of the 12.2 separate 30-day sums in 366 days one")
    assert "about 2 records a year in 2 regions" in alerts.notes[0] and "under 100" in alerts.notes[0]
    assert any("level 2 needs 1125 days" in note for note in alerts.notes)
    assert (alerts.tidy()["level"].dropna() < 2).all(), "900 days are too few for a record of three years"


def test_out_of_scope_ends_are_left_out_with_a_note_and_holes_are_not():
    frame = panel({"ML05": made(1), "ML06": made(2)})
    frame["in_scope"] = (frame["month"] >= pd.Period("2013-01", "M")) | (frame["region"] == "ML06")
    alerts = ms.flag_months(frame, "ears_c1")
    assert alerts.tidy().query("region == 'ML05'")["period"].min() == pd.Period("2013-01", "M")
    assert "flag_months('ears_c1'), region ML05: 12 rows without a count left out at the ends" in alerts.notes
    for kind in ("object", "boolean"):
        again = frame.assign(in_scope=frame["in_scope"].astype(kind))
        pd.testing.assert_frame_equal(ms.flag_months(again, "ears_c1").tidy(), alerts.tidy())
    unsaid = ms.flag_months(frame.assign(in_scope=np.nan), "ears_c1")
    assert len(unsaid.tidy()) == len(frame), "in scope where nothing is said"
    y = made().astype("Int64")
    y.iloc[40] = pd.NA
    with pytest.raises(ValueError, match="got a missing value at 2015-05"):
        ms.flag_months(y, "ears_c1")
    with pytest.raises(ValueError, match="every value is missing"):
        ms.flag_months(y.where(y < 0), "ears_c1")


# Invariants.


@pytest.mark.parametrize("method", MONTHLY)
def test_order_and_kind_of_index_do_not_matter(method):
    y = made()
    table = ms.flag_months(y, method).tidy()
    assert table.columns.tolist() == ["period", "value", "baseline", "threshold", "level", "flagged"]
    assert table["period"].dtype == "period[M]" and table["flagged"].dtype == bool
    pd.testing.assert_frame_equal(ms.flag_months(y.sample(frac=1, random_state=1), method).tidy(), table)
    stamped = y.set_axis(y.index.to_timestamp("M").normalize())  # the last day of each month
    other = ms.flag_months(stamped, method).tidy()
    assert other["period"].tolist() == stamped.index.tolist()
    pd.testing.assert_frame_equal(other.drop(columns="period"), table.drop(columns="period"))


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10**6), cut=st.integers(40, 100))
def test_nothing_later_changes_an_alert(seed, cut):
    y = made(seed, n=110)
    changed = y.copy()
    changed.iloc[cut:] = 7777
    for method in MONTHLY:
        one, other = (ms.flag_months(s, method).tidy()[:cut] for s in (y, changed))
        pd.testing.assert_frame_equal(one, other)
    daily = days(np.random.default_rng(seed).poisson(5, 600))
    changed = daily.copy()
    changed.iloc[400 + cut :] = 7777
    one, other = (ms.flag_months(s).tidy()[: 400 + cut] for s in (daily, changed))
    pd.testing.assert_frame_equal(one, other)


def test_notes_say_what_was_not_tested_and_on_what_release():
    alerts = ms.flag_months(made(), "farrington")
    assert "38 of 120 rows could not be tested: too little came before them" in alerts.notes
    assert any("today's release" in note for note in alerts.notes)
    assert alerts._repr_html_().count("<tr") == alerts.tidy()["flagged"].sum() + 1
    short = ms.flag_months(made(n=20), "farrington")
    assert not short.tidy()["flagged"].any() and short.tidy()["level"].isna().all()
    assert short.backtest()["tested"][0] == 0 and short.leads().empty
    assert repr(short).startswith("Alerts by farrington: 0 of 0 months tested flagged")


@pytest.mark.parametrize(("y", "method", "options", "error", "message"), [
    (made(), "zscore", {}, ValueError, "method='zscore' is not known; use one of hdx, farrington, ears_c1, ears_c2. Plain z-scores are not offered"),
    (made(), "hdx", {}, ValueError, "days are wanted, got months .2012-01 to 2021-12.. Counts by day cannot be had from months"),
    (days(range(99)), "farrington", {}, ValueError, r"months are wanted, got days .*y.resample\('MS'\).sum\(\)"),
    (pd.Series(1, index=pd.date_range("2020-01-05", periods=60, freq="W")), "ears_c1", {}, ValueError, "got weeks .*lie in two months"),
    (pd.Series(1, index=pd.period_range("2001", periods=20, freq="Y")), "ears_c1", {}, ValueError, "got years .*Take months from the source"),
    (pd.Series(1, index=pd.date_range("2001-01-01", periods=20, freq="QS")), "ears_c2", {}, ValueError, "got quarters"),
    (pd.Series(1, index=pd.date_range("2001-01-01", periods=20, freq="10D")), "ears_c2", {}, ValueError, "got dates 10 days apart"),
    (made().drop(pd.Period("2015-04", "M")), "ears_c1", {}, ValueError, "2015-04 is missing, between 2012-01 and 2021-12 .1 gaps.*region_month_panel"),
    (days(range(99)).drop(pd.Timestamp("2015-02-03")), "hdx", {}, ValueError, "2015-02-03 is missing"),
    (pd.concat([made(), made()[:1]]), "ears_c1", {}, ValueError, "2012-01 is there 2 times"),
    (made() + 0.5, "ears_c1", {}, ValueError, "got .*5 at 2012-01 .120 such"),
    (pd.Series([1, 2]), "ears_c1", {}, TypeError, "index must be datetime64 or Period, got int64"),
    (days(range(9)).tz_localize("UTC"), "hdx", {}, ValueError, "naive days here, got UTC; use y.tz_localize"),
    ([1, 2], "ears_c1", {}, TypeError, "a Series indexed by time is wanted, got list"),
    (made()[:0], "ears_c1", {}, ValueError, "the series is empty"),
    (made(), "ears_c1", {"w": 2}, TypeError, "'ears_c1' has no option 'w'; it has alpha"),
    (made(), "farrington", {"alpha": 1}, ValueError, "alpha=1; a number between 0 and 1"),
    (made(), "farrington", {"alpha": None}, ValueError, "alpha=None; a number between 0 and 1"),
    (made(), ["farrington"], {}, ValueError, "method=.'farrington'. is not known"),
    (made(), "farrington", {"reweight": "no"}, TypeError, "reweight='no' is of type str; True or False is wanted"),
    (days(range(9)), "hdx", {"unit": ["deaths"]}, ValueError, "unit=.'deaths'.; use 'deaths'"),
    (days(range(9)), "hdx", {"floor": "low"}, ValueError, "floor='low'; more than 0 is wanted"),
    (panel({"a": made()}).assign(in_scope="False"), "ears_c1", {}, TypeError, "in_scope holds .*'False'; True and False are wanted"),
    (made(), "farrington", {"w": 6}, ValueError, "w=6; with more than 5 the surroundings of two years overlap"),
    (made(), "farrington", {"b": 0}, ValueError, "b=0; 1 or more"),
    (days(range(9)), "hdx", {"unit": "houses"}, ValueError, "unit='houses'; use 'deaths' .floor 100. or 'people'"),
    (days(range(9)), "hdx", {"floor": 0}, ValueError, "floor=0; more than 0 is wanted"),
    (days(range(9)), "hdx", {"cooldown": 1.5}, TypeError, "cooldown=1.5 is of type float"),
    (panel({"a": made()}).drop(columns="region"), "ears_c1", {}, ValueError, "no column 'region', it has month, deaths_best; say which by outcome=, by="),
    (panel({"unallocated": made()}), "ears_c1", {}, ValueError, "no region is left; 120 rows are 'unallocated'"),
    (panel({"a": made()}).assign(region=None), "ears_c1", {}, ValueError, "region is missing in 120 rows"),
    (panel({"a": made(), "b": made().drop(pd.Period("2015-04", "M"))}), "ears_c1", {}, ValueError, "region b: 2015-04 is missing"),
])  # fmt: skip
def test_errors(y, method, options, error, message):
    with pytest.raises(error, match=message):
        ms.flag_months(y, method, **options)


def test_errors_of_the_backtest():
    alerts = ms.flag_months(made(), "ears_c1")
    with pytest.raises(ValueError, match="worst=5; a number between 0 and 1"):
        alerts.backtest(worst=5)
    with pytest.raises(ValueError, match="worst='a tenth'; a number between 0 and 1"):
        alerts.leads(worst="a tenth")
    with pytest.raises(ValueError, match="before=0; 1 or more"):
        alerts.leads(before=0)
