"""Totals by family: they partition the deaths, say how joint sides count, and refuse half a government."""

import pandas as pd
import pytest
from making import WEB_MALI, needs_raw, record, text, write
from pandas.testing import assert_frame_equal

import mali_stats as ms
from mali_stats.schema import COUNTS

MONTHS, YEARS = ms.load("family_month"), ms.load("region_family_year")
MALI, JNIM = ("Government of Mali", 72), ("JNIM", 6716)
BOTH, CIVILIANS = ("Government of Mali, Government of Russia", 9001), ("Civilians", 1)


def event(id, a, b, day, **more) -> dict:
    places = {"side_a": a[0], "side_a_new_id": a[1], "side_b": b[0], "side_b_new_id": b[1]}
    return record(id, **places, date_start=day, date_end=more.pop("end", day), **more)


ROWS = [
    event(1, MALI, JNIM, "2023-03-01", best=10, low=9, high=12, deaths_a=1, deaths_b=6, deaths_civilians=3),
    event(2, BOTH, JNIM, "2024-05-01", best=7, low=7, high=7, deaths_a=0, deaths_b=7, deaths_civilians=0),
    event(3, BOTH, CIVILIANS, "2024-06-01", best=20, low=5, high=30, deaths_a=0, deaths_b=0, deaths_civilians=20,
          type_of_violence=3),
    event(4, JNIM, CIVILIANS, "2025-06-30", end="2025-07-01", best=4, low=4, high=4, deaths_a=0, deaths_b=0,
          deaths_civilians=4, type_of_violence=3),
]  # fmt: skip


@pytest.fixture
def events(tmp_path):
    return ms.read_events(write(tmp_path / "made_up.csv", text(ROWS)))[0]


def numbers(table, *columns) -> list:
    return table[list(columns)].values.tolist()


# ---- planted truth -----------------------------------------------------------------------------------------


def test_joint_sides_are_a_family_of_their_own_and_rows_add_up(events):
    table = ms.family_totals(events, by=[])
    assert numbers(table, "family", "events", "deaths_low", "deaths_best", "deaths_high") == [
        ["state_mali", 1, 9, 10, 12], ["state_mali; state_russia", 2, 12, 27, 37], ["jnim", 1, 4, 4, 4]]  # fmt: skip
    assert table["deaths_best"].sum() == events["deaths_best"].sum() and not table["overlaps"].any()
    assert table["gives"].unique().tolist() == ["side a; joint sides are a family of their own"]


def test_each_part_of_a_joint_side_counts_in_full_and_says_so(events):
    table = ms.family_totals(events, by=[], joint="each")
    assert numbers(table, "family", "events", "deaths_best", "overlaps") == [
        ["state_mali", 3, 37, True], ["state_russia", 2, 27, True], ["jnim", 1, 4, False]]  # fmt: skip
    assert table["gives"].str.contains("must not be added").all()


@pytest.mark.parametrize("joint", ["own", "each"])
def test_any_government_counts_a_joint_side_once(events, joint):
    table = ms.family_totals(events, "any_government", by=[], joint=joint)
    assert numbers(table, "family", "events", "deaths_best", "overlaps", "gives") == [
        ["any_government", 3, 37, False, "side a; any government, joint sides once"]]  # fmt: skip


def test_a_family_alone_says_what_joint_sides_it_leaves_out(events):
    table = ms.family_totals(events, "state_mali", by=[])
    assert table["deaths_best"].tolist() == [10]
    assert table["gives"].item().endswith("left out, as joint sides of which state_mali is a part: events 2")
    both = ms.family_totals(events, ["state_russia; state_mali", "state_mali"], by=[])
    assert numbers(both, "family", "deaths_best") == [["state_mali; state_russia", 27], ["state_mali", 10]]
    assert "left out" not in both["gives"].iloc[0]


def test_side_b_and_what_nobody_was(events):
    table = ms.family_totals(events, ["jnim", "civilians", "un"], side="b", by=[])
    assert numbers(table, "family", "events", "deaths_b", "deaths_civilians") == [
        ["jnim", 2, 13, 3], ["civilians", 2, 0, 24], ["un", 0, 0, 0]]  # fmt: skip
    assert table["gives"].str.startswith("side b;").all()
    assert table["gives"].str.endswith("; no such side is named in this table: un").all()


@pytest.mark.parametrize("joint", ["own", "each"])
def test_a_zero_of_a_family_that_the_table_never_names_says_so(joint):
    table = ms.family_totals(MONTHS, ["state_mali", "state_russia", "un"], by=[], joint=joint)
    assert numbers(table, "family", "events")[1:] == [["state_russia", 0], ["un", 0]]
    assert table["gives"].str.endswith("; no such side is named in this table: state_russia, un").all()
    assert "no such side" not in ms.family_totals(MONTHS, "state_mali", joint=joint)["gives"].iloc[0]


def test_counts_that_no_event_has_are_missing_and_not_zero(events):
    nothing = pd.Series(pd.NA, index=events.index, dtype="Int64")
    table = ms.family_totals(events.assign(deaths_low=nothing, deaths_high=nothing), ["jnim", "un"])
    assert table[["deaths_low", "deaths_high"]].isna().all(axis=None)
    assert table["deaths_best"].sum() == 4 and table["deaths_a"].notna().all()


@pytest.mark.parametrize("by", ["year", "month", ["month", "type_of_violence"], []])
def test_a_table_without_rows_gives_none(by):
    given = ms.family_totals(MONTHS.query("month > '2030-01-01'"), by=by)
    assert given.empty and given.columns.tolist() == ms.family_totals(MONTHS, by=by).columns.tolist()


def test_years_without_an_event_are_shown_as_none_reported(events):
    table = ms.family_totals(events, "jnim")
    assert numbers(table, "country", "year", "events") == [["MLI", y, int(y == 2025)] for y in range(2023, 2026)]
    government = ms.family_totals(events, "any_government")
    assert numbers(government, "year", "events") == [[2023, 1], [2024, 2], [2025, 0]]


def test_counts_are_allotted_to_months_by_days(events):
    table = ms.family_totals(events, "jnim", by=["month", "type_of_violence"])
    assert len(table) == 2 * len(pd.period_range("2023-03", "2025-07", freq="M"))
    late = table.query("month >= '2025-06-01' and type_of_violence == 'one-sided'")
    assert numbers(late, "events", "deaths_best") == [[1, 2], [0, 2]]


# ---- invariants --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("side", ["a", "b"])
@pytest.mark.parametrize(("table", "by"), [
    (MONTHS, "year"), (MONTHS, ["month", "type_of_violence"]), (YEARS, ["region", "region_name"]), (YEARS, ["year", "region"]),
], ids=["year", "month and type", "region", "region and year"])  # fmt: skip
def test_families_partition_every_count(table, by, side):
    totals = ms.family_totals(table, by=by, side=side)
    assert totals[list(COUNTS)].sum().equals(table[list(COUNTS)].sum())
    assert not totals.duplicated([c for c in totals if c not in (*COUNTS, "overlaps", "gives")]).any()


def test_shipped_tables_and_events_give_the_same_and_the_order_of_rows_does_not_matter(events):
    given = ms.family_totals(events, by=["year", "region"], joint="each")
    assert_frame_equal(ms.family_totals(events[::-1], by=["year", "region"], joint="each"), given)
    by_year = ms.family_totals(MONTHS.sample(frac=1, random_state=1))
    assert_frame_equal(by_year, ms.family_totals(MONTHS))
    assert_frame_equal(by_year, ms.family_totals(YEARS))


@needs_raw
def test_events_of_the_record_give_what_the_shipped_tables_give():
    events, _ = ms.read_events(WEB_MALI)
    assert_frame_equal(
        ms.family_totals(events, by=["year", "type_of_violence"]),
        ms.family_totals(MONTHS, by=["year", "type_of_violence"]),
    )


# ---- half a government -------------------------------------------------------------------------------------


def test_country_year_gives_any_government_and_refuses_the_main_one_alone():
    table = ms.load("country_year")
    totals = ms.family_totals(table, "any_government").query("country == 'MLI' and year >= 2023")
    assert numbers(totals, "year", "deaths_best", "overlaps") == [[2023, 204, False], [2024, 345, False]]
    assert totals["gives"].str.contains("any government, joint sides once").all()
    for family in (None, "state_mali", ["state_mali", "state_russia"], "main_government"):
        with pytest.raises(ValueError, match="main government's column alone lacks.*in MLI 2024 it has 29 of 345"):
            ms.family_totals(table, family)
    whole = ms.family_totals(table, "any_government", by=[]).set_index("country")["deaths_best"]
    assert whole["MLI"] == table.query("country == 'MLI'")["one_sided_any_government_best"].sum()


def test_events_give_the_published_totals_but_for_years_that_release_25_1_revised():
    published = ms.family_totals(ms.load("country_year"), "any_government").query("country == 'MLI'")
    ours = ms.family_totals(MONTHS.query("type_of_violence == 'one-sided'"), "any_government")
    both = published.merge(ours, on="year", suffixes=("_published", "_ours")).set_index("year")
    revised = both["deaths_best_published"] - both["deaths_best_ours"]
    assert len(both) == 34 and revised[revised != 0].to_dict() == {2020: 31, 2022: 6, 2023: 30}


# ---- what is refused ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("options", "message"), [
    ({"family": "jnm"}, "'jnm' is no family; did you mean 'jnim'"),
    ({"family": ["any_government", "un"]}, "asked for alone"),
    ({"family": "any_government; un"}, "asked for alone"), ({"joint": "both"}, "use 'own' or 'each'"),
    ({"side": "c"}, "and 'a' or 'b'"), ({"by": "dyad"}, "use year or month, and any of region"),
    ({"by": ["year", "month"]}, "use year or month"), ({"by": "region"}, "the table lacks region"),
])  # fmt: skip
def test_arguments_that_cannot_be(options, message):
    with pytest.raises(ValueError, match=message):
        ms.family_totals(MONTHS, **options)


def test_tables_that_cannot_be(events):
    with pytest.raises(ValueError, match="lacks family_a, family_b. Give an events table"):
        ms.family_totals(ms.load("region_month"))
    with pytest.raises(ValueError, match="pirates in the table is no family"):
        ms.family_totals(MONTHS.assign(family_a="jnim; pirates"))
    with pytest.raises(ValueError, match="country_year has totals of side a by year"):
        ms.family_totals(ms.load("country_year"), "any_government", side="b")
    events.loc[0, "source"] = "acled"
    with pytest.raises(ValueError, match="Two records of one war must not be added"):
        ms.family_totals(events)
