"""Stocks and flows: the published ledger of Mali, planted truths, and what is refused with the way out."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mali_stats as ms
from mali_stats.clean.adding import refuse_overlap
from mali_stats.schema import DISPLACEMENT, typed


def figure(**changes) -> dict:
    """One made-up figure: a stock of IDPs."""
    row = dict.fromkeys(DISPLACEMENT) | {
        "source": "iom_dtm", "indicator": "idps", "measure": "stock", "as_of": "2023-01-31", "as_of_precision": "day",
        "country": "MLI", "unit": "people", "best": 100, "issues": "",
    }  # fmt: skip
    row |= changes
    if row["measure"] != "stock":
        row |= {"as_of": changes.get("as_of"), "as_of_precision": None}
    return {"low": row["best"], "high": row["best"]} | {k: v for k, v in row.items() if k not in ("low", "high")} | {
        k: changes[k] for k in ("low", "high") if k in changes}  # fmt: skip


def table(*rows) -> pd.DataFrame:
    return typed(pd.DataFrame(list(rows)), DISPLACEMENT)


def stocks(days_and_counts, **changes) -> pd.DataFrame:
    return table(*(figure(as_of=day, best=n, **changes) for day, n in days_and_counts))


def flow(start, end, best, **changes) -> dict:
    kind = {
        "indicator": "new_displacement",
        "measure": "flow",
        "source": "idmc",
        "period_start": start,
        "period_end": end,
    }
    return figure(**kind | {"best": best} | changes)


TWO_YEARS = [figure(source="idmc", as_of=f"{y}-12-31", best=50) for y in (2022, 2023)]


@pytest.fixture(scope="module")
def shipped():
    return ms.load("displacement")


@pytest.fixture(scope="module")
def dtm(shipped):
    return shipped[shipped["source"] == "iom_dtm"]


# ---- the ledger --------------------------------------------------------------------------------------------


def test_the_published_ledger_of_mali(shipped):
    ledger = ms.stock_flow_ledger(shipped)
    idmc = ledger[ledger["source"] == "idmc"].set_index("year")
    assert idmc.loc[2019:2024, "implied_net_exits"].tolist() == [196572, 158143, 249337, 100193, 219740, 114070]
    assert pd.isna(idmc.loc[2015, "implied_net_exits"]) and "not-published" in idmc.loc[2015, "issues"]
    assert pd.isna(idmc.loc[2012, "opening"]) and idmc.loc[2013, "implied_net_exits"] == 135000
    known = ledger.dropna(subset=["implied_net_exits"])
    assert set(known["source"]) == {"idmc"}, "no other source publishes a flow"
    assert (known["opening"] + known["new"] - known["closing"] == known["implied_net_exits"]).all()
    unhcr = ledger[ledger["source"] == "unhcr"].set_index("year")
    assert unhcr.loc[2025, "net_change"] == 414524 - 360591 and unhcr.loc[2025, "issues"] == "not-published"
    dtm = ledger[ledger["source"] == "iom_dtm"].set_index("year")
    assert dtm["closing"].to_dict() == {2020: 332957, 2021: 350110, 2022: 412387, 2023: 354739}


@pytest.mark.parametrize(("start", "end", "years"), [
    (2019, 2021, [2019, 2020, 2021]), ("2023-05-01", None, [2023, 2024]), (None, pd.Timestamp("2013-07-01"), [2012, 2013]),
])  # fmt: skip
def test_years_of_the_ledger(shipped, start, end, years):
    ledger = ms.stock_flow_ledger(shipped[shipped["source"] == "idmc"], start, end)
    assert ledger["year"].tolist() == years and ledger.index.tolist() == list(range(len(years)))


def test_order_does_not_matter_to_the_ledger(shipped):
    mixed = shipped.sample(frac=1, random_state=3)
    pd.testing.assert_frame_equal(ms.stock_flow_ledger(mixed), ms.stock_flow_ledger(shipped))


def test_a_flow_of_zero_that_may_stand_for_none_leaves_the_exits_open():
    rows = [figure(source="idmc", as_of="2014-12-31", best=50), figure(source="idmc", as_of="2015-12-31", best=40)]
    sure = ms.stock_flow_ledger(table(*rows, flow("2015-01-01", "2015-12-31", 0)))
    assert sure["implied_net_exits"].tolist()[1] == 10
    unsure = ms.stock_flow_ledger(
        table(*rows, flow("2015-01-01", "2015-12-31", 0, issues="zero-may-mean-not-published"))
    )
    assert pd.isna(unsure["implied_net_exits"][1]) and pd.isna(unsure["new"][1])


def test_flows_within_the_year_are_added_up_and_disasters_left_out():
    rows = [figure(source="idmc", as_of=f"{y}-12-31", best=50) for y in (2022, 2023)]
    events = [
        flow("2023-02-01", "2023-03-01", 5, breakdown="event:1; report:1"),
        flow("2023-02-10", "2023-02-11", 6, breakdown="event:2; report:2"),
        flow("2023-01-01", "2023-12-31", 7, breakdown="event:3; report:3"),
    ]
    floods = flow("2023-08-01", "2023-08-09", 1000, population_group="disaster")
    ledger = ms.stock_flow_ledger(table(*rows, *events, floods))
    assert ledger["new"][1] == 18 and ledger["issues"].tolist() == ["not-published", "disaster-left-out"]


@pytest.mark.parametrize(("flows", "new", "issues"), [
    ([flow("2023-01-01", "2023-06-30", 100)], None, "part-of-year"),
    ([flow("2023-01-02", "2023-12-31", 100)], None, "part-of-year"),
    ([flow("2023-01-01", "2023-12-30", 100)], None, "part-of-year"),
    ([flow("2023-01-01", "2023-03-31", 1), flow("2023-04-02", "2023-12-31", 2)], None, "part-of-year"),
    ([flow("2023-07-01", "2023-12-31", 1, issues="odd"), flow("2023-01-01", "2023-06-30", 2)], 3, "odd"),
    ([flow("2023-01-01", "2023-12-31", 9, unit="households")], None, "households-only"),
    ([flow("2023-01-01", "2023-12-31", 9, unit=None)], None, "unknown-unit"),
    ([flow("2023-01-01", "2023-12-31", None, low=3)], None, "no-best"),
    ([flow("2023-01-01", "2023-03-31", None, high=3)], None, "no-best; part-of-year"),
    ([flow("2023-01-01", "2023-12-31", None, issues="not-published:printed as 0")], None, "not-published:printed as 0"),
    ([flow("2023-01-01", "2023-12-31", 9, population_group="disaster")], None, "not-published; disaster-left-out"),
    ([], None, "not-published"),
])  # fmt: skip
def test_a_years_flow_is_that_of_the_whole_year_or_says_what_it_is(flows, new, issues):
    row = ms.stock_flow_ledger(table(*TWO_YEARS, *flows)).iloc[1]
    assert row["issues"] == issues
    assert (None if pd.isna(row["new"]) else row["new"]) == new
    assert (None if pd.isna(row["implied_net_exits"]) else row["implied_net_exits"]) == new


def test_disaster_stocks_are_left_out_as_their_flows_are():
    floods = [figure(source="idmc", as_of="2023-12-31", best=9, population_group=g) for g in ("disaster", "Disaster")]
    year = flow("2023-01-01", "2023-12-31", 5)
    for flood in floods:
        row = ms.stock_flow_ledger(table(*TWO_YEARS, year, flood)).iloc[1]
        assert (row["closing"], row["implied_net_exits"], row["issues"]) == (50, 5, "disaster-left-out")
    with pytest.raises(ValueError, match=r"no national stock of IDPs.*those of disasters are left out"):
        ms.stock_flow_ledger(table(floods[0], year))


@pytest.mark.parametrize(("options", "error", "message"), [
    ({"start": 2023, "end": 2022}, ValueError, "start=2023 is after end=2022; give the earlier year first"),
    ({"start": 2023.0}, TypeError, "start=2023.0 is of type float; give a year or a date, such as 2019"),
    ({"end": True}, TypeError, "end=True is of type bool; give a year"),
    ({"start": pd.NaT}, ValueError, "start=NaT is no year and no date"),
    ({"end": [2023]}, TypeError, r"end=\[2023\] is of type list"),
])  # fmt: skip
def test_years_that_are_none(options, error, message):
    with pytest.raises(error, match=message):
        ms.stock_flow_ledger(table(*TWO_YEARS), **options)


@pytest.mark.parametrize("call", [ms.stock_to_flow, ms.interpolate_stock, ms.stock_flow_ledger])
def test_given_figures_are_checked_first(call):
    negative = table(figure(as_of="2022-12-31", best=-5, low=0), figure(as_of="2023-12-31", best=7))
    with pytest.raises(ValueError, match="row 0, column best: got -5, accepted: a whole number of 0 or more"):
        call(negative)
    with pytest.raises(ValueError, match="row 1, column as_of: got .*a stock needs the day it was counted"):
        call(table(figure(as_of="2022-12-31"), figure(as_of=None)))
    twice = pd.concat([table(figure(as_of="2022-12-31")), table(figure(as_of="2023-12-31"))])
    assert len(call(twice)), "an index with repeated labels is none of its business"


def test_people_in_need_are_no_stock_of_a_day(shipped):
    with pytest.raises(
        ValueError, match="people in need are planned for a year, compare years with figures.sort_values"
    ):
        ms.stock_to_flow(shipped[shipped["indicator"] == "people_in_need"])


def test_the_way_out_of_a_flow_across_the_turn_can_be_run():
    figures = table(*TWO_YEARS, flow("2022-11-01", "2023-02-01", 9), flow("2023-01-01", "2023-12-31", 4))
    kept = figures[~(figures["period_start"].dt.year < figures["period_end"].dt.year)]
    assert ms.stock_flow_ledger(kept)["new"].tolist()[1] == 4


@pytest.mark.parametrize(("rows", "message"), [
    ([flow("2023-01-01", "2023-12-31", 9), flow("2023-05-01", "2023-05-31", 2)], "periods overlap .*annual with monthly, or cumulative"),
    ([flow("2023-01-01", "2023-03-31", 9, issues="cumulative"), flow("2023-01-01", "2023-01-31", 2)], "periods overlap"),
    ([flow("2023-01-01", "2023-12-31", 9), flow("2023-05-01", "2023-05-02", 2, breakdown="event:1; report:1")], "several breakdowns by event"),
    ([flow("2022-11-01", "2023-02-01", 9)], "crosses the turn of 202[23]"),
    ([flow("2023-01-01", "2023-12-31", 9, measure="net change")], "measure other than flow.*Keep figures"),
    ([figure(source="idmc", as_of="2023-12-31", best=51)], "idmc has several stocks of 2023-12-31; keep one"),
])  # fmt: skip
def test_what_the_ledger_refuses(rows, message):
    with pytest.raises(ValueError, match=message):
        ms.stock_flow_ledger(table(*TWO_YEARS, *rows))


def test_no_ledger_without_stocks(shipped):
    with pytest.raises(ValueError, match="no national stock of IDPs at the end of a year"):
        ms.stock_flow_ledger(shipped[shipped["measure"] == "flow"])
    with pytest.raises(ValueError, match="no year from 1950 to 1960; there are 1994 to 2025"):
        ms.stock_flow_ledger(shipped, 1950, 1960)
    with pytest.raises(ValueError, match="'soon' is no year and no date"):
        ms.stock_flow_ledger(shipped, "soon")
    with pytest.raises(TypeError, match="a displacement table is wanted"):
        ms.stock_flow_ledger([1])


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 10**6), st.integers(0, 10**6)), min_size=1, max_size=8),
    st.integers(0, 10**6),
)
def test_exits_that_were_planted_come_back(years, opening):
    """Arrivals and exits of every year, any stock that they leave."""
    rows, stock, planted = [figure(source="idmc", as_of="2000-12-31", best=opening)], opening, []
    for i, (new, exits, _) in enumerate(years, start=2001):
        exits = min(exits, stock + new)
        stock += new - exits
        planted.append(exits)
        rows += [flow(f"{i}-01-01", f"{i}-12-31", new), figure(source="idmc", as_of=f"{i}-12-31", best=stock)]
    assert ms.stock_flow_ledger(table(*rows))["implied_net_exits"].tolist()[1:] == planted


# ---- the change of a stock ---------------------------------------------------------------------------------


def test_changes_are_labelled_and_carry_what_changed_in_the_counting(dtm):
    changes = ms.check(ms.stock_to_flow(dtm))
    assert set(changes["measure"]) == {"net change"} and changes["as_of"].isna().all() and len(changes) == len(dtm) - 1
    by_end = changes.set_index(changes["period_end"].dt.strftime("%Y-%m"))
    assert by_end.loc["2023-04", "best"] == -36848 and by_end.loc["2024-09", "best"] == 47650
    assert "coverage:verification door to door" in by_end.loc["2023-04", "issues"]
    assert "coverage" not in by_end.loc["2023-09", "issues"], "it changed with the round before"
    assert "press-misprint" in by_end.loc["2023-04", "issues"], "the earlier stock's own trouble is carried"
    assert by_end.loc["2023-04", "period_start"] == pd.Timestamp("2023-01-01")
    assert changes["best"].sum() == 378363 - 155042


def test_bounds_of_a_change_are_the_widest():
    rows = table(figure(best=100, low=90, high=120), figure(as_of="2023-06-30", best=150, low=140, high=150))
    change = ms.stock_to_flow(rows)
    assert change[["low", "best", "high"]].to_numpy().tolist() == [[20, 50, 60]]


def test_countries_of_asylum_are_taken_one_by_one(shipped):
    rows = shipped.query("source == 'unhcr' and indicator == 'refugees' and measure == 'stock' and country == 'MLI'")
    rows = rows[rows["asylum_country"].isin(["MRT", "NER"]) & rows["as_of"].ge("2022-01-01")]
    changes = ms.stock_to_flow(rows)
    assert changes.groupby("asylum_country").size().to_dict() == {"MRT": 3, "NER": 3}


@pytest.mark.parametrize(("rows", "message"), [
    ([flow("2023-01-01", "2023-12-31", 9)], "1 rows are no stock but flow, and a flow is what it is already"),
    ([figure(), figure(source="unhcr")], r"rows of more than one source \(iom_dtm, unhcr\): sources quote each other"),
    ([figure(), figure(indicator="refugees")], "rows of more than one indicator"),
    ([figure(), figure(unit="households", as_of="2023-02-28")], "a household is not a number of people"),
    ([figure(), figure(best=5)], "two figures for the same day and place"),
    ([figure()], "a change needs two figures"),
])  # fmt: skip
def test_what_has_no_change(rows, message):
    with pytest.raises(ValueError, match=message):
        ms.stock_to_flow(table(*rows))
    if "two figures for the same day and place" not in message and "a change needs" not in message:
        with pytest.raises(ValueError, match=message.replace("stock_to_flow", "interpolate_stock")):
            ms.interpolate_stock(table(*rows))


def test_something_else_than_a_table():
    for call in (ms.stock_to_flow, ms.interpolate_stock):
        with pytest.raises(TypeError, match=r"a pandas.DataFrame is wanted, got list"):
            call([1])
        with pytest.raises(ValueError, match="not a displacement table; give rows of ms.load"):
            call(pd.DataFrame({"a": [1]}))
        with pytest.raises(ValueError, match="the frame has no rows"):
            call(table(figure())[:0])


# ---- between the rounds ------------------------------------------------------------------------------------


def test_rounds_are_kept_and_between_them_the_logarithm_runs_straight():
    filled = ms.check(ms.interpolate_stock(stocks([("2023-01-31", 100), ("2023-05-31", 1600), ("2023-07-31", 400)])))
    assert filled["as_of"].tolist() == list(pd.date_range("2023-01-01", "2023-10-01", freq="MS"))
    assert filled["best"].tolist() == [100, 200, 400, 800, 1600, 800, 400, 400, 400, 400]
    assert np.flatnonzero(filled["is_observed"]).tolist() == [0, 4, 6]
    assert filled["observed_on"].dropna().tolist() == [
        pd.Timestamp(d) for d in ("2023-01-31", "2023-05-31", "2023-07-31")
    ]
    assert filled["issues"].tolist() == ["", *["interpolated"] * 3, "", "interpolated", "", *["extrapolated"] * 3]


def test_the_band_is_a_brownian_bridge():
    filled = ms.interpolate_stock(stocks([("2023-01-31", 100), ("2023-05-31", 1600), ("2023-07-31", 400)]))
    step = np.log(2) ** 2
    sigma2 = np.mean([16 * step / 4, 4 * step / 2])
    expected = [0, sigma2 * 3 / 4, sigma2, sigma2 * 3 / 4, 0, sigma2 / 2, 0, sigma2, 2 * sigma2, 3 * sigma2]
    assert filled["log_sd"].to_numpy() == pytest.approx(np.sqrt(expected))
    assert filled["high"][2] == round(400 * np.exp(1.959964 * np.sqrt(sigma2)))
    assert filled["low"][2] == round(400 * np.exp(-1.959964 * np.sqrt(sigma2)))


@pytest.mark.parametrize(
    ("freq", "first", "rows"),
    [("MS", "2023-01-01", 8), ("ME", "2023-01-31", 8), ("W", "2023-02-05", 31), ("D", "2023-01-31", 212)],
)
def test_frequencies(freq, first, rows):
    filled = ms.interpolate_stock(stocks([("2023-01-31", 100), ("2023-05-31", 1600)]), freq)
    assert filled["as_of"].iloc[0] == pd.Timestamp(first) and len(filled) == rows
    assert filled["is_observed"].sum() == 2 and filled["best"].iloc[0] == 100
    assert filled["as_of"].iloc[-1] <= pd.Timestamp("2023-05-31") + pd.DateOffset(months=3, days=7)


def test_gaps_that_are_too_long_stay_open(dtm):
    filled = ms.interpolate_stock(dtm)
    gap = filled[filled["as_of"].between("2016-07-01", "2020-09-01")]
    assert gap[["low", "best", "high"]].isna().all(axis=None) and set(gap["issues"]) == {"gap-of-more-than-6-months"}
    wider = ms.interpolate_stock(dtm, max_gap=60)
    assert wider["best"].notna().all()
    observed = filled[filled["is_observed"]]
    assert observed["best"].sum() == dtm["best"].sum() - 241448 * 0 and len(observed) == len(dtm)


def test_of_two_rounds_in_a_month_the_later_stands():
    filled = ms.interpolate_stock(stocks([("2023-02-28", 7), ("2023-01-02", 100), ("2023-01-30", 50)]))
    assert filled["best"].tolist()[:2] == [50, 7]


@pytest.mark.parametrize(("counts", "expected"), [
    ((0, 400), [0, 100, 200, 300, 400]), ((400, 0), [400, 300, 200, 100, 0]), ((0, 0), [0, 0, 0, 0, 0]),
])  # fmt: skip
def test_from_and_to_zero_the_line_is_straight_in_people(counts, expected):
    filled = ms.check(ms.interpolate_stock(stocks(zip(("2023-01-31", "2023-05-31"), counts, strict=True))))
    assert filled["best"].tolist()[:5] == expected
    assert filled["low"][1:4].isna().all() and set(filled["issues"][1:4]) == {"interpolated-in-people:zero"}
    assert filled["best"].tolist()[5:] == [counts[1]] * 3


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 10**7), min_size=2, max_size=8), st.randoms(use_true_random=False))
def test_between_two_rounds_no_figure_lies_outside_them(counts, shuffle):
    days = pd.date_range("2020-01-31", periods=len(counts), freq="4ME")
    rows = list(zip(days, counts, strict=True))
    filled = ms.interpolate_stock(stocks(rows))
    assert filled[filled["is_observed"]]["best"].tolist() == counts
    left, right = np.repeat(counts[:-1], 4), np.repeat(counts[1:], 4)
    between = filled["best"].to_numpy(dtype=int)[: len(left)]
    assert (between >= np.minimum(left, right)).all() and (between <= np.maximum(left, right)).all()
    band = filled.dropna(subset=["low", "high"])
    assert (band["low"] <= band["best"]).all() and (band["best"] <= band["high"]).all()
    shuffle.shuffle(rows)
    pd.testing.assert_frame_equal(ms.interpolate_stock(stocks(rows)), filled)


@pytest.mark.parametrize(("options", "message"), [
    ({"freq": "YS"}, "freq='YS' is not known; use one of MS, ME, W, D"), ({"max_gap": 0}, "max_gap=0; give a number of months"),
    ({"max_gap": -3}, "max_gap=-3; give a number of months"),
])  # fmt: skip
def test_options_that_are_not_known(options, message):
    with pytest.raises(ValueError, match=message):
        ms.interpolate_stock(stocks([("2023-01-31", 1), ("2023-05-31", 2)]), **options)


@pytest.mark.parametrize("gap", ["x", None, True, 2.5, float("nan")])
def test_a_gap_is_a_whole_number_of_months(gap):
    with pytest.raises(
        TypeError, match=f"max_gap={gap!r} is of type {type(gap).__name__}; give a whole number of months"
    ):
        ms.interpolate_stock(stocks([("2023-01-31", 1), ("2023-05-31", 2)]), max_gap=gap)


def test_one_series_of_two_rounds_is_wanted():
    with pytest.raises(ValueError, match="rounds of two periods at least"):
        ms.interpolate_stock(stocks([("2023-01-31", 1)]))
    with pytest.raises(ValueError, match="rows of more than one admin1 .ML05, ML06"):
        ms.interpolate_stock(table(figure(admin1="ML05"), figure(admin1="ML06", as_of="2023-05-31")))


# ---- sums --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("rows", "message"), [
    ([figure(), figure(source="unhcr")], "sources quote each other"),
    ([figure(), figure(as_of="2023-06-30")], "stocks of 2 dates .*would be added up.*ms.stock_to_flow"),
    ([figure(), flow("2023-01-01", "2023-02-01", 5, source="iom_dtm", indicator="idps")], "a stock is people at a date, a flow movements"),
    ([figure(admin1="ML05"), figure()], "a total would be added to its own parts"),
    ([figure(population_group="IDPs"), figure(population_group="IDPs of concern to UNHCR")], "groups may overlap"),
    ([figure(source="ocha", source_version="launched"), figure(source="ocha", source_version="revised")], "two figures for the same people and day"),
])  # fmt: skip
def test_sums_that_would_count_people_twice(rows, message):
    with pytest.raises(ValueError, match=message):
        refuse_overlap(table(*rows), "sum")


def test_sums_of_different_people():
    refuse_overlap(table(figure(admin1="ML05"), figure(admin1="ML06")), "sum")
    refuse_overlap(table(figure(breakdown="origin:Gao"), figure(breakdown="origin:Mopti")), "sum")
    refuse_overlap(table(flow("2023-01-01", "2023-01-31", 1), flow("2023-02-01", "2023-02-28", 2)), "sum")
    refuse_overlap(table(figure()), "sum")


def test_what_ocha_said_of_timbuktu_is_not_added_up(shipped):
    fled = shipped.query("source == 'ocha' and indicator == 'new_displacement'")
    assert fled["best"].tolist() == [6121, 33100] and fled["unit"].tolist() == ["households", "people"]
    with pytest.raises(ValueError, match="a household is not a number of people"):
        refuse_overlap(fled, "sum")
