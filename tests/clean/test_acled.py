"""read_events on ACLED's layouts: made-up rows only, as ACLED's own may not be passed on."""

import csv
import io
import json

import pandas as pd
import pytest
from making import write
from pandas.testing import assert_frame_equal

import mali_stats as ms
from mali_stats import catalog, synthetic
from mali_stats.schema import DEATHS, MORE

MADE = synthetic.two_records(120, scenario="moderate", seed=3)
NEW_ONLY = ["civilian_targeting", "tags"]  # columns that came in March 2023


def _file(tmp_path, layout="current", **options):
    made = synthetic.acled_file(MADE, layout, **options)
    return write(tmp_path / made.name, made.content)


@pytest.fixture(scope="module")
def current(tmp_path_factory):
    return ms.read_events(_file(tmp_path_factory.mktemp("acled")))[0]


def _rows(n=4):
    """The first rows of a made-up export, to be changed."""
    text = synthetic.acled_file(MADE, "current").content.lstrip("\ufeff")
    return [row for row, _ in zip(csv.DictReader(io.StringIO(text, newline="")), range(n), strict=False)]


def _read(tmp_path, rows, **options):
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return ms.read_events(write(tmp_path / "export.csv", out.getvalue()), **options)


# ---- layouts -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("layout", synthetic.ACLED_LAYOUTS)
def test_every_layout_gives_the_same_table(layout, current, tmp_path):
    events, ledger = ms.read_events(_file(tmp_path, layout))
    absent = NEW_ONLY if layout in ("before 2023", "upper case") else []
    assert_frame_equal(events.drop(columns=absent), current.drop(columns=absent))
    assert events[absent].isna().all(axis=None)
    ms.check(events)
    lines = ledger.check().tidy()
    assert "ACLED" in lines.loc[0, "reason"] and ("HDX" in lines.loc[0, "reason"]) == (layout == "hdx")
    truth = synthetic.acled_file(MADE, layout).truth
    assert lines.loc[0, ["rows", "low", "best", "high"]].tolist() == [truth["rows"], 0, truth["best"], 0]
    assert any("low and high are missing" in note for note in ledger.notes)


def test_the_first_header_may_carry_a_byte_order_mark(tmp_path):
    assert _file(tmp_path).read_bytes().startswith(b"\xef\xbb\xbfevent_id_cnty")


def test_what_was_made_is_what_is_read(current):
    made = MADE.table("acled").set_index("event_id").sort_index()
    read = current[~current["event_id"].str.startswith("MLI9")].set_index("event_id").sort_index()
    assert read.index.equals(made.index)
    for column in ("country", "date_start", "date_end", "latitude", "longitude", "type_of_violence", "deaths_best"):
        assert (read[column] == made[column]).all(), column
    for column in ("date_precision", "geo_precision"):
        assert (read[column].astype(str) == made[column]).all(), column
    assert set(read["date_precision"]) == {"day", "week", "month"}
    assert set(read["geo_precision"]) == {"exact", "near", "admin1"}
    assert read["admin1_name"].equals(made["admin1_name"].astype("str"))


def test_places_get_p_codes_and_nothing_is_odd_about_made_up_rows(current):
    plain = current[~current["issues"].str.contains("possible-duplicate")]
    assert (plain["issues"] == "").all() and len(plain) > 90
    named = current["admin1_name"].notna()
    names = catalog.seed("places/MLI/regions").query("frame == 'ocha10'").set_index("region")["region_name"]
    assert (current.loc[named, "admin1"].map(names) == current.loc[named, "admin1_name"]).all()
    assert current["admin2"].notna().any() and not (current["admin1"].isna() & named).any()


def test_row_order_does_not_matter(current, tmp_path):
    rows = _rows(10**6)
    assert_frame_equal(_read(tmp_path, rows[::-1])[0], current)


def test_api_pages_come_as_a_list(current, tmp_path):
    page = json.loads(synthetic.acled_file(MADE, "api").content)
    assert {type(page["data"][0][k]) for k in ("time_precision", "latitude")} == {str}  # numbers as texts
    assert page["data"][0]["admin3"] == ""
    half = len(page["data"]) // 2
    paths = [
        write(tmp_path / f"{i}.json", json.dumps({**page, "data": part}))
        for i, part in enumerate((page["data"][:half], page["data"][half - 1 :], []))  # one row on two pages
    ]
    events, ledger = ms.read_events(paths)
    assert_frame_equal(events, current)
    assert ledger.tidy().query("kind == 'dropped'")[["reason", "rows"]].values.tolist() == [
        ["exact copy of another row", 1]
    ]


def test_an_empty_answer_is_told(tmp_path):
    page = json.loads(synthetic.acled_file(MADE, "api").content)
    with pytest.raises(ValueError, match="holds no record. The request may have matched nothing"):
        ms.read_events(write(tmp_path / "page.json", json.dumps({**page, "data": []})))


@pytest.mark.parametrize("name", ["saved.csv", "saved.parquet"])
def test_a_saved_table_comes_back_with_acleds_own_columns(current, name, tmp_path):
    save = current.to_parquet if name.endswith("parquet") else lambda p: current.to_csv(p, index=False)
    save(tmp_path / name)
    again, _ = ms.read_events(tmp_path / name)
    assert set(MORE["acled"]) < set(again)
    assert_frame_equal(again, current)


# ---- values ------------------------------------------------------------------------------------------------


def test_one_count_an_event_and_conventions_are_flagged(tmp_path):
    rows = _rows(7)
    for row, count in zip(rows, (10, 12, 100, 3, 11, 0, ""), strict=True):
        row["fatalities"] = count
    events, ledger = _read(tmp_path, rows)
    got = events.set_index("event_id").loc[[r["event_id_cnty"] for r in rows]]
    assert got["deaths_best"].tolist()[:-1] == [10, 12, 100, 3, 11, 0] and pd.isna(got["deaths_best"].iloc[-1])
    assert got["convention"].tolist()[:-1] == [True, True, True, False, False, False]
    assert pd.isna(got["convention"].iloc[-1]) and got["issues"].iloc[-1] == "missing-count"
    assert got[[c for c in DEATHS if c != "deaths_best"]].isna().all(axis=None)
    assert ledger.tidy().query("kind == 'kept'")["best"].tolist() == [136]


def test_lists_are_kept_and_sources_counted(tmp_path):
    rows = _rows(2)
    rows[0] |= {"source": "Made-up News; Radio Made-up ;Third", "tags": "", "assoc_actor_1": "Group D; Village guards"}
    rows[1] |= {"source": "", "tags": "crowd size=no report;detentions", "assoc_actor_1": ""}
    events = _read(tmp_path, rows)[0].set_index("event_id").loc[[r["event_id_cnty"] for r in rows]]
    assert events["sources"].tolist()[0] == "Made-up News; Radio Made-up; Third"
    assert events["n_sources"].tolist()[0] == 3 and pd.isna(events["n_sources"].iloc[1])
    assert events["tags"].tolist()[1] == "crowd size=no report; detentions"
    assert events["side_a"].tolist() == [f"{rows[0]['actor1']}; Group D; Village guards", rows[1]["actor1"]]
    assert events["dyad"].isna().all() and events["side_a_id"].isna().all()


def test_families_come_from_the_actors(current):
    governments = current["side_a"].str.startswith("Military Forces of Mali")
    assert governments.any() and (current.loc[governments, "family_a"].str.contains("state_mali")).all()
    assert (current.loc[current["side_b"].eq("Civilians (Mali)"), "family_b"] == "civilians").all()


@pytest.mark.parametrize(("event", "sub", "one", "other", "expected"), [
    ("Battles", "Armed clash", "State forces", "Rebel group", "state-based"),
    ("Battles", "Armed clash", "2", "1", "state-based"),
    ("Battles", "Armed clash", "External/Other forces", "Political militia", "state-based"),
    ("Battles", "Armed clash", "Identity militia", "Identity militia", "non-state"),
    ("Battles", "Armed clash", "1", "1", None),
    ("Battle-No change of territory", "", "1", "2", "state-based"),
    ("Explosions/Remote violence", "Air/drone strike", "1", "2", "state-based"),
    ("Explosions/Remote violence", "Remote explosive/landmine/IED", "2", "7", "one-sided"),
    ("Explosions/Remote violence", "Remote explosive/landmine/IED", "2", "", None),
    ("Violence against civilians", "Attack", "Rebel Groups", "Civilians", "one-sided"),
    ("Violence against civilians", "Attack", "5", "7", None),
    ("Protests", "Excessive force against protesters", "State forces", "Protesters", "one-sided"),
    ("Protests", "Peaceful protest", "Protesters", "", None),
    ("Riots", "Mob violence", "Rioters", "Civilians", None),
    ("Strategic developments", "Agreement", "State forces", "Rebel group", None),
])  # fmt: skip
def test_the_type_of_violence_is_derived_by_the_seed_table(event, sub, one, other, expected, tmp_path):
    row = _rows(1)[0] | {"event_type": event, "sub_event_type": sub, "inter1": one, "inter2": other, "interaction": ""}
    events, ledger = _read(tmp_path, [row])
    got = events["type_of_violence"].iloc[0]
    assert (None if pd.isna(got) else got) == expected
    assert f"missing in {int(expected is None)} of 1 events" in " ".join(ledger.notes)
    assert (events["event_type"].iloc[0], events["issues"].iloc[0]) == (event, "")


@pytest.mark.parametrize(("interaction", "expected"), [
    ("12", "state-based"), ("State forces-Rebel group", "state-based"), ("20", None), ("Rebel group only", None),
])  # fmt: skip
def test_interaction_tells_the_kinds_where_inter1_and_inter2_are_absent(interaction, expected, tmp_path):
    row = _rows(1)[0] | {"event_type": "Battles", "interaction": interaction}
    events, _ = _read(tmp_path, [{k: v for k, v in row.items() if k not in ("inter1", "inter2")}])
    got = events["type_of_violence"].iloc[0]
    assert (None if pd.isna(got) else got) == expected
    assert events["side_a_kind"].isna().all()


@pytest.mark.parametrize(("changes", "issue"), [
    ({"inter1": "1", "inter2": "2", "interaction": "13"}, "interaction-and-actors-disagree"),
    ({"inter1": "Sea people", "inter2": "", "interaction": ""}, "unknown-kind:Sea people"),
    ({"country": "Niger"}, "country-number-and-name-disagree"),
    ({"admin1": "Moptii", "admin2": ""}, "unknown-admin1:Moptii (nearest: Mopti)"),
    ({"latitude": "", "longitude": ""}, "coordinates-missing"),
    ({"latitude": "48.85", "longitude": "2.35"}, "outside-country"),
    ({"event_type": "=1+1+Battles"}, "unknown-event-type:=1+1+Battles"),
    ({"fatalities": "1000001"}, "implausible-count"),
    ({"sub_event_type": "Att\u202eack"}, "control-sign:sub_event_type"),
])  # fmt: skip
def test_odd_rows_are_flagged_and_counted(changes, issue, tmp_path):
    events, ledger = _read(tmp_path, [_rows(1)[0] | changes])
    assert events["issues"].tolist() == [issue]
    assert ledger.tidy().query("kind == 'flagged'")[["reason", "rows"]].values.tolist() == [[issue.split(":")[0], 1]]


def test_a_region_that_the_frame_does_not_have_is_put_where_it_lies(tmp_path):
    row = _rows(1)[0] | {"admin1": "Taoudenni", "admin2": "", "latitude": "22.67", "longitude": "-3.98"}
    events, _ = _read(tmp_path, [row])
    assert events[["admin1", "issues"]].values.tolist() == [["ML06", "spelling-admin1:Taoudenni is Tombouctou"]]


@pytest.mark.parametrize(("date", "time"), [
    ("2020-07-31", "1700000000"), ("31 July 2020", "2023-11-14 22:13:20"), ("31 Jul 2020", "2023-11-14T22:13:20"),
    ("31-July-2020", "1700000000"), ("2020-07-31T00:00:00", "1700000000"),  # the last is what a workbook holds
])  # fmt: skip
def test_days_and_times_in_every_way_of_writing(date, time, tmp_path):
    events, _ = _read(tmp_path, [_rows(1)[0] | {"event_date": date, "timestamp": time}])
    assert events[["date_start", "date_end"]].values.tolist() == [[pd.Timestamp("2020-07-31")] * 2]
    assert events["source_version"].tolist() == ["2023-11-14T22:13:20Z"]


def test_countries_are_told_by_code_number_or_name(tmp_path):
    rows = [row | {"admin1": "", "admin2": ""} for row in _rows(4)]
    rows[0] |= {"country": "Ivory Coast", "iso": "384"}
    rows[1] |= {"country": "Burkina Faso", "iso": ""}
    rows[2] |= {"country": "Palestine", "iso": "275"}
    events = _read(tmp_path, rows)[0].set_index("event_id").loc[[r["event_id_cnty"] for r in rows]]
    assert events["country"].tolist() == ["CIV", "BFA", "Palestine", "MLI"]
    assert events["issues"].tolist()[:3] == ["", "", "unknown-country"]


@pytest.mark.parametrize(("column", "value", "accepted"), [
    ("event_date", "04/05/2020", "YYYY-MM-DD or 31 July 2020"),
    ("event_date", "04.05.2023", "YYYY-MM-DD or 31 July 2020"),
    ("event_id_cnty", "None", "MLI1234"),
    ("event_date", "July 2020", "YYYY-MM-DD or 31 July 2020"),
    ("event_date", "31 February 2020", "YYYY-MM-DD or 31 July 2020"),
    ("event_date", "", "YYYY-MM-DD or 31 July 2020"),
    ("time_precision", "4", "1 to 3"),
    ("geo_precision", "0", "1 to 3"),
    ("fatalities", "-1", "a whole number of 0 or more"),
    ("fatalities", "tens", "a whole number of 0 or more"),
    ("inter1", "9", "0 to 8"),
    ("interaction", "19", "two digits of 0 to 8"),
    ("latitude", "14,5", "degrees with a decimal point"),
    ("event_id_cnty", "", "an id such as MLI1234"),
    ("timestamp", "yesterday", "seconds since 1970, or a day and time"),
    ("civilian_targeting", "perhaps", "Civilian targeting, or nothing"),
])  # fmt: skip
def test_bad_values_are_told_with_their_place(column, value, accepted, tmp_path):
    rows = _rows(3)
    rows[1][column] = value
    with pytest.raises(
        ValueError, match=rf"(?s)export.csv: 1 values cannot be read.*row 3, column {column}: .*{accepted}"
    ):
        _read(tmp_path, rows)


def test_missing_columns_are_named_for_both_publishers(tmp_path):
    rows = [{k: v for k, v in row.items() if k != "fatalities"} for row in _rows(2)]
    with pytest.raises(ValueError, match=r"UCDP GED .*ACLED .*: missing fatalities; a table saved"):
        _read(tmp_path, rows)


# ---- rules between rows ------------------------------------------------------------------------------------


def test_a_monadic_export_is_refused_with_the_way_out(current, tmp_path):
    path = _file(tmp_path, monadic=True)
    with pytest.raises(
        ValueError, match=r"actor-based\) export: every death would count\s+once an actor. Export again as dyadic"
    ):
        ms.read_events(path)
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    assert len(table) > 1.8 * len(current)
    table.drop_duplicates("event_id_cnty").to_csv(tmp_path / "once.csv", index=False)
    once, _ = ms.read_events(tmp_path / "once.csv")
    assert once["deaths_best"].sum() == current["deaths_best"].sum() and len(once) == len(current)


def test_the_newest_row_of_an_event_stays(tmp_path):
    rows = _rows(3)
    newer = rows[0] | {"fatalities": "77", "timestamp": str(int(rows[0]["timestamp"]) + 9_000_000)}
    events, ledger = _read(tmp_path, [newer, *rows])
    assert len(events) == 3 and events.set_index("event_id").loc[rows[0]["event_id_cnty"], "deaths_best"] == 77
    assert ledger.tidy().query("kind == 'dropped'")["reason"].tolist() == ["older version of the same event"]
    for row in (newer, *rows):
        row["timestamp"] = ""
    with pytest.raises(ValueError, match="Event MLI1001 differs in deaths_best.*keep the column timestamp"):
        _read(tmp_path, [newer, *rows])


def test_planted_duplicates_are_flagged(tmp_path):
    rows = _rows(3)
    twin = rows[1] | {"event_id_cnty": "MLI777", "timestamp": "1700000000"}
    events = _read(tmp_path, [*rows, twin])[0].set_index("event_id")
    assert events.loc["MLI777", "issues"] == f"possible-duplicate:{rows[1]['event_id_cnty']}"
    assert events["issues"].ne("").sum() == 2


def test_two_publishers_are_not_parts_of_one_publication(tmp_path):
    ucdp = synthetic.ucdp_file(MADE)
    paths = [_file(tmp_path), write(tmp_path / ucdp.name, ucdp.content)]
    with pytest.raises(ValueError, match="acled and ucdp_ged. Two records of one war"):
        ms.read_events(paths)


def test_a_panel_does_not_turn_missing_counts_into_zeros(current):
    panel, ledger = ms.region_month_panel(current, frame="country", coverage=("2011-12", "2024-01"))
    assert panel[[c for c in DEATHS if c != "deaths_best"]].isna().all(axis=None)
    assert (panel.dtypes[list(DEATHS)] == "Int64").all()
    assert panel["deaths_best"].notna().all() and panel["deaths_best"].sum() == current["deaths_best"].sum()
    assert any("deaths_low, deaths_high" in note and "not zero" in note for note in ledger.notes)
    assert not ledger.tidy()["reason"].str.contains("missing count").any()
    ms.check(panel)
    _, ledger = ms.region_month_panel(current, frame="country")
    assert any("begins or ends: it is taken to last from 2012-02 to" in note for note in ledger.notes)
