"""The made-up war: exact layouts, the same bytes from the same seed, and the truth that was planted."""

import csv
import io

import numpy as np
import pandas as pd
import pytest
from making import COLUMNS, write
from pandas.testing import assert_frame_equal

import mali_stats as ms
from mali_stats import synthetic
from mali_stats.synthetic.exports import ACLED_COLUMNS, UCDP_COLUMNS
from mali_stats.synthetic.records import DATES, PLACES

MADE = synthetic.two_records(400, scenario="hard", states=3, seed=5)


def _fields(content):
    return {len(row) for row in csv.reader(io.StringIO(content.lstrip("\ufeff"), newline=""))}


def test_the_layouts_have_the_publishers_columns():
    assert UCDP_COLUMNS == COLUMNS and len(COLUMNS) == 49 and len(ACLED_COLUMNS) == 31
    assert _fields(synthetic.ucdp_file(MADE, "bulk").content) == {49}
    assert _fields(synthetic.ucdp_file(MADE, "web").content) == {47, 48}  # a separator too many in every row
    assert _fields(synthetic.ucdp_file(MADE, "hdx").content) == {50}
    assert _fields(synthetic.acled_file(MADE, "current").content) == {31}
    assert _fields(synthetic.acled_file(MADE, "upper case").content) == {29}


@pytest.mark.parametrize("layout", synthetic.UCDP_LAYOUTS)
def test_every_ucdp_layout_gives_the_same_table(layout, tmp_path):
    made, bulk = synthetic.ucdp_file(MADE, layout), synthetic.ucdp_file(MADE, "bulk")
    events, ledger = ms.read_events(write(tmp_path / made.name, made.content))
    plain, _ = ms.read_events(write(tmp_path / bulk.name, bulk.content))
    assert_frame_equal(events.drop(columns="source_version"), plain.drop(columns="source_version"))
    assert ledger.tidy().loc[0, ["rows", "low", "best", "high"]].to_dict() == made.truth
    odd = events["issues"].str.replace(r"(possible-duplicate|split-report):[^;]*(; )?", "", regex=True)
    assert (odd == "").all() and set(events["country"]) == set(MADE.states["iso3"])


def test_what_was_made_is_what_is_read(tmp_path):
    made = synthetic.ucdp_file(MADE)
    read = ms.read_events(write(tmp_path / made.name, made.content))[0].set_index("event_id").sort_index()
    table = MADE.table("ucdp_ged").set_index("event_id").sort_index()
    for column in ("country", "date_start", "date_end", "latitude", "longitude", "type_of_violence", "deaths_best"):
        assert (read[column] == table[column]).all(), column
    for column in ("date_precision", "geo_precision"):
        assert (read[column].astype(str) == table[column]).all(), column


def test_the_seed_makes_the_bytes():
    again = synthetic.two_records(400, scenario="hard", states=3, seed=5)
    other = synthetic.two_records(400, scenario="hard", states=3, seed=6)
    for write_file in (synthetic.ucdp_file, synthetic.acled_file):
        assert write_file(MADE).content == write_file(again).content != write_file(other).content


def test_precisions_come_in_the_proportions_of_the_mali_record():
    rows = synthetic.two_records(20_000, states=50, seed=1).rows["ucdp_ged"]
    plain = rows[rows["lasts"] == 1]
    for column, counts in (("date_prec", DATES), ("where_prec", PLACES)):
        share = plain[column].value_counts(normalize=True).sort_index()
        assert np.allclose(share, counts / counts.sum(), atol=0.012), column


def test_an_event_of_several_days_is_one_record_or_one_a_day():
    errorless = synthetic.Scenario("long", 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0)
    made = synthetic.two_records(60, scenario=errorless)
    first = np.datetime64("2012-01-01") + made.truth["day"].to_numpy().astype("timedelta64[D]")
    one = made.rows["ucdp_ged"].set_index("truth_id").sort_index()
    assert len(one) == 60 and (one["date_start"].to_numpy() <= first).all()
    assert (one["date_end"].to_numpy() >= first + (made.truth["lasts"].to_numpy() - 1).astype("timedelta64[D]")).all()
    days = made.rows["acled"].groupby("truth_id")["date_start"].agg(["min", "max", "nunique", "size"])
    assert (days["min"].to_numpy() == first).all() and (days["nunique"] == made.truth["lasts"]).all()
    assert (days["size"] == days["nunique"]).all() and ((days["max"] - days["min"]).dt.days + 1 == days["size"]).all()


def test_truth_is_planted_and_scored():
    ids = MADE.ids()
    assert set(ids["made"]) == {"plain", "split", "duplicate"}
    parts = ids[ids["made"] == "split"].groupby(["source", "truth_id"]).size()
    assert parts.ge(2).all()
    one, other = (ids[ids["source"] == s] for s in ("ucdp_ged", "acled"))
    true = one.merge(other, on="truth_id").rename(columns={"event_id_x": "id_a", "event_id_y": "id_b"})
    got = MADE.score(true)
    assert got["pairs"] == got["right"] == len(true) and got["events"] == true["truth_id"].nunique() >= got["findable"]
    wrong = true.assign(id_b=true["id_b"].to_numpy()[::-1])
    assert MADE.score(wrong)["right"] < 0.1 * len(true)
    mirrored = true.rename(columns={"id_a": "id_b", "id_b": "id_a"})
    assert MADE.score(mirrored) == got


@pytest.mark.parametrize("scenario", synthetic.SCENARIOS)
def test_the_scenarios_err_as_they_say(scenario):
    made = synthetic.two_records(8000, scenario=scenario, states=20, seed=2)
    errors = made.scenario
    rows = made.rows["ucdp_ged"].query("made == 'plain' and date_prec == 1 and where_prec == 1")
    seen = len(set(made.rows["ucdp_ged"]["truth_id"])) / 8000
    assert seen == pytest.approx(errors.seen, abs=0.02)
    true = made.truth.loc[rows["truth_id"]]
    day = np.datetime64("2012-01-01") + true["day"].to_numpy().astype("timedelta64[D]")
    assert (rows["date_start"].to_numpy() != day).mean() == pytest.approx(errors.shifted, abs=0.03)
    north = (rows["latitude"].to_numpy() - true["latitude"].to_numpy()) * 111.195
    # The north-south part of a step of exponential length in any direction is 2/pi of it on average.
    assert np.abs(north).mean() == pytest.approx(errors.km * 2 / np.pi, rel=0.1)


@pytest.mark.parametrize(("call", "message"), [
    (lambda: synthetic.two_records(scenario="harder"), "use one of easy, moderate, hard"),
    (lambda: synthetic.two_records(states=51), "give 1 to 50"),
    (lambda: synthetic.acled_file(MADE, "new"), "use one of current, before 2023, upper case, hdx, api"),
    (lambda: synthetic.ucdp_file(MADE, "new"), "use one of bulk, web, hdx, api"),
])  # fmt: skip
def test_unknown_names_list_the_known_ones(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_events_may_be_given_as_errors_of_ones_own():
    perfect = synthetic.Scenario("perfect", 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    made = synthetic.two_records(50, scenario=perfect)
    one, other = (
        made.table(s).assign(truth=made.rows[s]["truth_id"]).set_index("truth").sort_index() for s in made.rows
    )
    same = ["date_start", "latitude", "longitude", "deaths_best", "family_a"]
    assert_frame_equal(one[same], other[same])
    assert (
        pd.Series(made.score(pd.DataFrame({"id_a": one["event_id"], "id_b": other["event_id"]}))).tolist() == [50] * 4
    )
