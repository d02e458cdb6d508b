"""read_events: every layout gives the same table; bad input is told where it is; nothing is lost."""

import csv
import gzip
import io
import json
import random

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from making import COLUMNS, RAW, WEB_MALI, api, needs_raw, record, records, seeds_folder, text, web, write
from pandas.testing import assert_frame_equal

import mali_stats as ms
from mali_stats.clean.places import tidy_text
from mali_stats.clean.values import _UNTIDY, PLAIN_DAY, PLAIN_NUMBER, _matches, cast, day, decimal
from mali_stats.schema import DEATHS

ROWS = records(8)


@pytest.fixture
def plain(tmp_path):
    return ms.read_events(write(tmp_path / "plain.csv", text(ROWS)))[0]


def _shuffled():
    columns = [*COLUMNS, "an_unknown_column"]
    random.Random(1).shuffle(columns)
    return text(ROWS, columns)


LAYOUTS = {
    "gz": ("bulk.csv.gz", text(ROWS), "utf-8"),
    "zip": ("bulk.zip", text(ROWS), "utf-8"),
    "any name": ("something.dat", text(ROWS), "utf-8"),
    "hxl row": ("hdx.csv", text(ROWS, hxl=True), "utf-8"),
    "byte order mark": ("bulk.csv", text(ROWS), "utf-8-sig"),
    "utf-16": ("bulk.csv", text(ROWS), "utf-16"),
    "semicolons": ("bulk.csv", text(ROWS, separator=";"), "utf-8"),
    "tabs": ("bulk.tsv", text(ROWS, separator="\t"), "utf-8"),
    "Excel's separator line": ("bulk.csv", "sep=;\n" + text(ROWS, separator=";"), "utf-8"),
    "blank lines": ("bulk.csv", "\n\n" + text(ROWS).replace("2022-1-990-101", "2022-1-990-101") + "\n\n", "utf-8"),
    "windows line ends": ("bulk.csv", text(ROWS, newline="\r\n"), "utf-8"),
    "trailing separator": ("bulk.csv", text(ROWS, trailing=True), "utf-8"),
    "shuffled columns": ("bulk.csv", _shuffled(), "utf-8"),
    "upper case": ("bulk.csv", text([{k.upper(): v for k, v in r.items()} for r in ROWS], [c.upper() for c in COLUMNS]), "utf-8"),
    "web export": ("export.csv", web(ROWS), "utf-8"),
    "web export, dates year first": ("export.csv", web(ROWS).replace("02/02/2013 00:00:00", "2013-02-02"), "utf-8"),
    "api page": ("page.json", api(ROWS), "utf-8"),
    "list of api pages": ("pages.json", f"[{api(ROWS[:3])},{api(ROWS[3:])}]", "utf-8"),
    "reversed rows": ("bulk.csv", text(ROWS[::-1]), "utf-8"),
}  # fmt: skip


@pytest.mark.parametrize("case", LAYOUTS)
def test_every_layout_gives_the_same_table(case, plain, tmp_path):
    name, content, encoding = LAYOUTS[case]
    events, ledger = ms.read_events(write(tmp_path / name, content, encoding))
    ignore = ["source_version"]  # a zip member's name may tell it
    assert_frame_equal(events.drop(columns=ignore), plain.drop(columns=ignore))
    assert ledger.check().tidy().loc[0, ["rows", "best"]].tolist() == [8, sum(r["best"] for r in ROWS)]
    ms.check(events)


def test_geojson_and_parquet(plain, tmp_path):
    features = [
        {"type": "Feature", "geometry": {"type": "Point", "coordinates": [float(r["longitude"]), float(r["latitude"])]},
         "properties": {k: v for k, v in r.items() if k not in ("latitude", "longitude")}} for r in ROWS
    ]  # fmt: skip
    path = write(tmp_path / "events.geojson", json.dumps({"type": "FeatureCollection", "features": features}))
    assert_frame_equal(ms.read_events(path)[0], plain)
    frame = pd.DataFrame(ROWS).replace("", None)
    frame["date_start"] = pd.to_datetime(frame["date_start"])
    frame[["latitude", "longitude"]] = frame[["latitude", "longitude"]].astype(float)
    frame.to_parquet(tmp_path / "events.parquet")
    assert_frame_equal(ms.read_events(tmp_path / "events.parquet")[0], plain)


@pytest.mark.parametrize("name", ["saved.csv", "saved.csv.gz", "saved.parquet"])
def test_our_own_table_comes_back_unchanged(plain, name, tmp_path):
    save = plain.to_parquet if name.endswith("parquet") else lambda p: plain.to_csv(p, index=False)
    save(tmp_path / name)
    again, ledger = ms.read_events(tmp_path / name)
    assert_frame_equal(again, plain)
    assert set(ledger.tidy()["kind"]) == {"in", "kept"}


def test_columns_of_old_versions_may_be_absent(tmp_path):
    absent = [
        "relid",
        "code_status",
        "where_description",
        "conflict_dset_id",
        "dyad_dset_id",
        "side_a_dset_id",
        "side_b_dset_id",
    ]
    path = write(tmp_path / "ged191.csv", text(ROWS, [c for c in COLUMNS if c not in absent]))
    events, _ = ms.read_events(path)
    assert events["report_id"].isna().all() and len(events) == len(ROWS)
    assert events["source_version"].unique().tolist() == ["19.1"]


# ---- the real files ----------------------------------------------------------------------------------------


@needs_raw
def test_the_web_export_of_mali_loses_and_shifts_nothing():
    events, ledger = ms.read_events(WEB_MALI)
    assert events[list(DEATHS[:3])].sum().tolist() == [15153, 15742, 20656]
    by_type = events.groupby("type_of_violence", observed=True)["deaths_best"].sum()
    assert by_type.tolist() == [8015, 2977, 4750]
    assert len(events) == 2120 and events["event_id"].is_unique
    assert (events[list(DEATHS[3:])].sum(axis=1) == events["deaths_best"]).all()
    assert events["date_precision"].value_counts(sort=False).tolist() == [1643, 335, 17, 105, 20]
    assert events["geo_precision"].value_counts(sort=False).tolist()[:6] == [818, 796, 184, 75, 230, 17]
    # A shifted reading would put a year into country, or a text into a count.
    assert events["country"].eq("MLI").all() and events["latitude"].between(10, 25).all()
    assert (events["date_end"] > events["date_start"]).sum() == 477
    assert events["n_sources"].isna().sum() == 151
    lines = ledger.tidy().set_index("reason")
    assert lines.loc["low>best", "rows"] == 5 and lines.loc["best>high", "rows"] == 18
    assert lines.loc["split-report", "rows"] == 201 and lines.loc["spelling-admin1", "rows"] == 1
    assert events["report_id"].str.extract(r"^(.*)\.\d+$")[0].nunique() == 95
    assert not events["dyad"].str.contains("  ").any()


@needs_raw
def test_the_six_pairs_and_only_they_are_possible_duplicates():
    events = ms.read_events(WEB_MALI)[0].set_index("event_id")
    pairs = {
        ("491801", "508921"),
        ("67666", "67667"),
        ("364391", "364430"),
        ("452956", "452966"),
        ("13104", "13174"),
        ("11951", "13034"),
    }
    flagged = events[events["issues"].str.contains("possible-duplicate")]
    found = flagged["issues"].str.extract(r"possible-duplicate:(\d+)")[0].items()
    assert {tuple(sorted(p)) for p in found} == {tuple(sorted(p)) for p in pairs}


@needs_raw
def test_places_of_the_mali_file_agree_with_their_coordinates():
    events, ledger = ms.read_events(WEB_MALI)
    reasons = set(ledger.tidy()["reason"])
    # 3 points lie within 2 km outside the borders, and 20 "Gao region" events of 1990-2015 in Ménaka: right for their time.
    assert not reasons & {
        "outside-country",
        "admin-coordinates-disagree",
        "region-cercle-disagree",
        "unknown-admin1",
        "unknown-admin2",
    }
    menaka = events[events["admin1"] == "ML10"]
    assert len(menaka) == 223 + 19
    assert events.loc[events["event_id"] == "2719", "admin1_name"].tolist() == ["Kidal"]  # "Timetrine region"


@needs_raw
@pytest.mark.parametrize(("name", "country", "rows", "best"), [
    ("gedevents_web_burkina_faso", "BFA", 1504, 12864), ("gedevents_web_sudan", "SDN", 3822, 106270),
    ("hdx_sudan", "SDN", 3822, 106270), ("ged_bulk_mexico", "MEX", 18957, 140695),
])  # fmt: skip
def test_other_real_layouts(name, country, rows, best):
    events, _ = ms.read_events(RAW / "ucdp" / f"{name}.csv.gz", country=country)
    assert (len(events), events["deaths_best"].sum()) == (rows, best)
    assert events["admin1"].isna().all() and events["admin1_name"].notna().any()


@needs_raw
def test_two_layouts_of_sudan_are_one_table():
    web_export, hdx = (ms.read_events(RAW / "ucdp" / f"{n}.csv.gz")[0] for n in ("gedevents_web_sudan", "hdx_sudan"))
    assert_frame_equal(web_export, hdx)


@needs_raw
def test_reading_is_independent_of_row_order(tmp_path):
    header, *rows = csv.reader(io.StringIO(gzip.decompress(WEB_MALI.read_bytes()).decode("utf-8-sig"), newline=""))
    random.Random(2).shuffle(rows)
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\n").writerows([header, *rows])
    mixed = write(tmp_path / "mixed.csv", out.getvalue())
    assert_frame_equal(ms.read_events(mixed)[0], ms.read_events(WEB_MALI)[0])


# ---- rules -------------------------------------------------------------------------------------------------


def _read(tmp_path, rows, **options):
    return ms.read_events(write(tmp_path / "made_up.csv", text(rows)), **options)


@pytest.mark.parametrize(("changes", "issue"), [
    ({"low": 7}, "low>best"),
    ({"high": 5, "low": 4}, "best>high"),
    ({"deaths_b": 1}, "parts!=best"),
    ({"low": ""}, "missing-count"),
    ({"code_status": "Check deaths"}, "code-status:Check deaths"),
    ({"adm_1": "Gao region"}, "region-cercle-disagree"),
    ({"adm_1": "Moptii region", "adm_2": ""}, "unknown-admin1:Moptii region (nearest: Mopti)"),
    ({"adm_2": "Bandiagra cercle"}, "unknown-admin2:Bandiagra cercle (nearest: Bandiagara)"),
    ({"adm_1": "Timetrine region", "adm_2": "", "latitude": "19.5", "longitude": "-0.4"},
     "spelling-admin1:Timetrine region is Kidal"),
    ({"latitude": "48.85", "longitude": "2.35"}, "outside-country"),
    ({"latitude": "16.27", "longitude": "-0.04"}, "admin-coordinates-disagree"),
    ({"latitude": "", "longitude": ""}, "coordinates-missing"),
    ({"latitude": "91.0"}, "coordinates-out-of-range"),
    ({"relid": "MUP-2022-1-990-7.2"}, "split-report:MUP-2022-1-990-7"),
    ({"high": 10**12}, "implausible-count"),
    ({"side_b": "IS\x07"}, "control-sign:side_b"),
])  # fmt: skip
def test_odd_rows_are_flagged_and_counted(changes, issue, tmp_path):
    events, ledger = _read(tmp_path, [record(1, **changes), record(2, date_start="2022-03-01", date_end="2022-03-01")])
    assert events.set_index("event_id")["issues"].to_dict() == {"1": issue, "2": ""}
    flagged = ledger.tidy().query("kind == 'flagged'")
    assert flagged[["reason", "rows"]].values.tolist() == [[issue.split(":")[0], 1]]


def test_a_region_name_is_right_for_its_time(tmp_path):
    town = {"adm_1": "Gao region", "adm_2": "Menaka cercle", "latitude": "15.918", "longitude": "2.402"}
    rows = [record(1, **town, date_start="2014-10-03", date_end="2014-10-03"), record(2, **town)]
    events, _ = _read(tmp_path, rows)
    assert events["admin1"].tolist() == ["ML10", "ML10"]
    assert events["issues"].tolist() == ["", "region-cercle-disagree"]


def test_missing_is_not_zero(tmp_path):
    events, ledger = _read(tmp_path, [record(1, best="", low=""), record(2, best=0, low=0, high=0)])
    assert events["deaths_best"].isna().tolist() == [True, False]
    assert ledger.tidy().loc[0, ["low", "best", "high"]].tolist() == [0, 0, 9]


def test_no_text_of_an_article_enters_the_table(tmp_path):
    rows = [
        record(
            1,
            source_article="SECRET",
            source_headline="SECRET",
            source_office="@SECRET;FAMa;News",
            source_original="SECRET",
        )
    ]
    events, _ = _read(tmp_path, rows)
    assert "SECRET" not in events.to_csv()
    assert events[["n_social_media", "n_army_statements"]].values.tolist() == [[1, 1]]


def test_exact_copies_are_dropped_and_said(tmp_path):
    events, ledger = _read(tmp_path, [record(1), record(1), record(2, date_end="2022-02-11")])
    assert len(events) == 2
    dropped = ledger.tidy().query("kind == 'dropped'")
    assert dropped[["reason", "rows", "best"]].values.tolist() == [["exact copy of another row", 1, 6]]


def test_the_newest_release_of_an_event_is_kept(tmp_path):
    old = write(tmp_path / "GEDEvent_v25_0_9.csv", text([record(1, best=6), record(2)]))
    new = write(tmp_path / "GEDEvent_v25_0_10.csv", text([record(1, best=7, deaths_b=3)]))
    for order in ([old, new], [new, old]):
        events, ledger = ms.read_events(order)
        assert events.set_index("event_id")["deaths_best"].to_dict() == {"1": 7, "2": 6}
        assert events.set_index("event_id")["source_version"].to_dict() == {"1": "25.0.10", "2": "25.0.9"}
        assert ledger.tidy().query("kind == 'dropped'")["reason"].tolist() == ["older version of the same event"]


def test_rows_that_contradict_each_other_are_refused(tmp_path):
    with pytest.raises(
        ValueError, match=r"1 event ids stand in rows that differ.*: 1\. Event 1 differs in deaths_high"
    ):
        _read(tmp_path, [record(1), record(1, high=20)])


def test_country_keeps_one_and_counts_the_others(tmp_path):
    other = record(2, country="Burkina Faso", country_id=439, adm_1="Sahel region", adm_2="Soum province")
    events, ledger = _read(tmp_path, [record(1), other], country="MLI")
    assert events["country"].tolist() == ["MLI"]
    assert ledger.tidy().query("reason == 'other country'")["rows"].tolist() == [1]
    everything, _ = _read(tmp_path, [record(1), other])
    assert everything.set_index("country")["admin1"].isna().to_dict() == {"BFA": True, "MLI": False}


def test_a_folder_of_seed_tables_makes_a_country_known(tmp_path):
    rows = [record(2, country="Burkina Faso", country_id=439, adm_1="Sahel region", adm_2="Soum province")]
    events, _ = _read(tmp_path, rows, country=seeds_folder(tmp_path))
    assert events[["admin1", "admin1_name", "admin2", "admin2_name"]].values.tolist() == [
        ["BF1", "Sahel", "BF11", "Soum"]
    ]


@pytest.mark.parametrize(("country", "message"), [
    ("Mali", "did you mean 'MLI'"), ("mli", "did you mean 'MLI'"), ("XQZ", "not an ISO3 code"),
    ("TCD", r"no row of country 'TCD' in the file. It holds MLI \(8\)"),
])  # fmt: skip
def test_a_wrong_country_is_told(country, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        _read(tmp_path, ROWS, country=country)


def test_an_unknown_country_number_keeps_its_name(tmp_path):
    events, _ = _read(tmp_path, [record(1, country="Atlantis", country_id=9999)])
    assert events[["country", "issues"]].values.tolist() == [["Atlantis", "unknown-country"]]


def test_a_page_that_holds_less_than_was_counted_is_said(tmp_path):
    _, ledger = ms.read_events(
        write(tmp_path / "page.json", api(ROWS, total=2120, following="x/gedevents/25.1?page=1"))
    )
    assert "counts 2,120 records in all, 8 are here" in ledger.notes[0]


# ---- bad input ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("changes", "message"), [
    ({"best": "twelve"}, r"row 3, column best: got 'twelve', accepted: a whole number of 0 or more"),
    ({"best": -4}, r"row 3, column best: got '-4'"),
    ({"best": "6.5"}, r"column best: got '6.5'"),
    ({"date_start": "02/10/2022"}, r"row 3, column date_start: got '02/10/2022', accepted: a day from 1946 to today, YYYY-MM-DD"),
    ({"date_start": "2203-01-01"}, r"column date_start: got '2203-01-01'"),
    ({"date_start": "2022-02-30"}, r"column date_start: got '2022-02-30'"),
    ({"date_start": ""}, r"column date_start: got 'nothing'"),
    ({"date_end": "2022-02-09"}, r"column date_end: got '2022-02-09', accepted: a day not before date_start"),
    ({"type_of_violence": 4}, r"column type_of_violence: got '4', accepted: 1 to 3"),
    ({"where_prec": 0}, r"column where_prec: got '0', accepted: 1 to 7"),
    ({"latitude": "14,349"}, r"column latitude: got '14,349', accepted: degrees with a decimal point"),
    ({"latitude": "inf"}, r"column latitude: got 'inf'"),
    ({"id": ""}, r"column id: got 'nothing'"),
    ({"country": "", "country_id": ""}, r"column country: got 'nothing'"),
])  # fmt: skip
def test_what_cannot_stand_in_the_table_is_told_with_its_place(changes, message, tmp_path):
    with pytest.raises(ValueError, match=message) as caught:
        _read(tmp_path, [record(1), record(2) | changes])
    assert "made_up.csv" in str(caught.value) and "Nothing was changed" in str(caught.value)


def test_at_most_ten_places_are_listed(tmp_path):
    with pytest.raises(ValueError, match=r"25 values cannot be read \(the first ten shown\)") as caught:
        _read(tmp_path, [record(i, best="x") for i in range(25)])
    assert str(caught.value).count("column best") == 10


def test_an_unknown_file_lists_what_was_looked_for(tmp_path):
    with pytest.raises(ValueError, match="missing type_of_violence") as caught:
        ms.read_events(write(tmp_path / "other.csv", "id,year,deaths\n1,2020,3\n"))
    assert "web export" in str(caught.value) and "The file has: id, year, deaths" in str(caught.value)


def test_a_field_too_many_with_something_in_it_is_refused(tmp_path):
    shifted = web(ROWS)[:-1] + "surprise\n"
    with pytest.raises(ValueError, match="the last field is not empty"):
        ms.read_events(write(tmp_path / "export.csv", shifted))


@pytest.mark.parametrize("trailing", [True, False])
def test_a_file_with_a_header_only_is_an_empty_table(trailing, tmp_path):
    events, ledger = ms.read_events(write(tmp_path / "empty.csv", text([], trailing=trailing)))
    assert events.empty and ledger.tidy()["rows"].tolist() == [0, 0]


# ---- what a second pair of eyes found ----------------------------------------------------------------------


@pytest.mark.parametrize(("column", "value", "message"), [
    ("deaths_best", "-4", "row 2, column deaths_best: got '-4'"),
    ("date_start", "05/03/2013", "row 2, column date_start: got '05/03/2013', accepted: a day from 1946 to today"),
    ("date_start", "2013", "row 2, column date_start: got '2013'"),
    ("geo_precision", "Exact", "row 2, column geo_precision: got 'Exact', accepted: exact, near"),
    ("event_id", "", "row 2, column event_id: got 'nothing'"),
    ("event_id", "101", "is not valid any more"),
    ("latitude", "inf", "row 2, column latitude: got 'inf'"),
    ("active_year", "perhaps", "row 2, column active_year: got 'perhaps'"),
])  # fmt: skip
def test_a_saved_table_that_was_changed_is_refused(plain, column, value, message, tmp_path):
    saved = plain.sort_values("event_id").astype(object).astype({column: object})
    saved.iloc[0, saved.columns.get_loc(column)] = value
    saved.to_csv(tmp_path / "saved.csv", index=False)
    with pytest.raises(ValueError, match=message):
        ms.read_events(tmp_path / "saved.csv")


def test_a_table_saved_as_json_comes_back_too(plain, tmp_path):
    plain.to_json(tmp_path / "saved.json", orient="records", date_format="iso")
    again, _ = ms.read_events(tmp_path / "saved.json")
    assert_frame_equal(again.drop(columns="active_year"), plain.drop(columns="active_year"))
    assert (again["active_year"] == plain["active_year"]).all()


def test_no_version_is_not_an_older_version(tmp_path):
    old = write(tmp_path / "GEDEvent_v24_1.csv", text([record(1)]))
    unknown = write(tmp_path / "gedevents-2026-10-01.csv", text([record(1, best=60, deaths_b=56, high=90)]))
    with pytest.raises(ValueError, match="no version says which is newer: 1"):
        ms.read_events([old, unknown])
    same = write(tmp_path / "gedevents-2026-10-02.csv", text([record(1)]))
    events, ledger = ms.read_events([same, old])
    assert events["source_version"].tolist() == ["24.1"]
    assert ledger.tidy().query("kind == 'dropped'")["reason"].tolist() == ["exact copy of another row"]


def test_the_newest_version_is_chosen_before_the_country(tmp_path):
    old = write(tmp_path / "GEDEvent_v25_1.csv", text([record(1), record(2)]))
    moved = record(1, country="Burkina Faso", country_id=439, adm_1="Sahel region", adm_2="")
    new = write(tmp_path / "GEDEvent_v26_1.csv", text([moved]))
    events, _ = ms.read_events([old, new], country="MLI")
    assert events["event_id"].tolist() == ["2"]


def test_all_pages_together_are_held_against_the_count(tmp_path):
    pages = [write(tmp_path / f"{i}.json", api(part, total=8)) for i, part in enumerate((ROWS[:3], ROWS[3:]))]
    last = write(tmp_path / "last.json", json.dumps({"TotalCount": 8, "Result": []}))
    events, ledger = ms.read_events([*pages, last])
    assert len(events) == 8 and not [note for note in ledger.notes if "records in all" in note]


def test_rows_of_separators_are_passed_over_and_said(tmp_path):
    lines = text([record(1)]).splitlines(keepends=True)
    content = "".join(lines) + "," * (len(COLUMNS) - 1) + "\n   \n"
    events, ledger = ms.read_events(write(tmp_path / "excel.csv", content))
    assert len(events) == 1 and "1 rows without any value were passed over" in ledger.notes[0]


def test_a_country_number_that_contradicts_its_name_is_flagged(tmp_path):
    events, _ = _read(tmp_path, [record(1, country="Burkina Faso")])
    assert events[["country", "issues"]].values.tolist() == [["MLI", "country-number-and-name-disagree"]]


def test_a_column_that_stands_twice_is_refused(tmp_path):
    with pytest.raises(ValueError, match="best and best_est may both be deaths_best"):
        ms.read_events(write(tmp_path / "twice.csv", text([record(1) | {"best_est": 6}], [*COLUMNS, "best_est"])))


def test_many_alike_name_three_of_the_others(tmp_path):
    events, _ = _read(tmp_path, [record(i) for i in range(1, 8)])
    first = events.set_index("event_id").loc["1", "issues"]
    assert first == "possible-duplicate:2; possible-duplicate:3; possible-duplicate:4; possible-duplicate:and 3 more"


@pytest.mark.parametrize("path", [None, 5, [None], object()])
def test_what_is_no_path_is_told(path):
    with pytest.raises(TypeError, match="A path or a list of paths is wanted"):
        ms.read_events(path)


def test_hxl_rows_in_parquet(plain, tmp_path):
    tags = dict.fromkeys(COLUMNS, None) | {"date_start": "#date+start", "best": "#affected+killed"}
    pd.DataFrame([tags, *ROWS]).astype("str").replace({"": None, "None": None, "nan": None}).to_parquet(
        tmp_path / "hxl.parquet"
    )
    assert_frame_equal(ms.read_events(tmp_path / "hxl.parquet")[0], plain)


@pytest.mark.parametrize(("table", "content", "message"), [
    ("districts", "admin2,admin2_name,admin1\nBF11,Soum,BF9\n", "BFA/districts.csv, admin1: BF9 is not known"),
    ("spellings", "kind,as_published,means\nadmin1,Sael,BF7\n", "BFA/spellings.csv, means: BF7 is not known"),
    ("frames", "frame,admin2,region,latitude_from\nbfa2,BF11,BF8,\n", "BFA/frames.csv, region: .*BF8"),
    ("outlines", "region,ring,point,longitude,latitude\nBF1,1,1,west,14\n", "outlines.csv, row 2, longitude: got 'west'"),
    ("regions", "frame,region\n", "BFA/regions.csv"),
])  # fmt: skip
def test_seed_tables_of_ones_own_that_do_not_fit_are_told(table, content, message, tmp_path):
    folder = seeds_folder(tmp_path)
    (folder / f"{table}.csv").write_text(content)
    rows = [record(2, country="Burkina Faso", country_id=439, adm_1="Sahel region", adm_2="Soum province")]
    with pytest.raises(ValueError, match=message):
        _read(tmp_path, rows, country=folder)


WHITE = [chr(i) for i in range(0x3100) if chr(i).isspace()] + ["\u200b", "\u200f", "\u2060", "\ufeff"]


@pytest.mark.parametrize("sign", WHITE, ids=lambda s: f"U+{ord(s):04X}")
def test_what_tidying_would_change_is_told_at_a_glance(sign):
    for word in (f"a{sign}b", f"{sign}a", f"a{sign}", f"a {sign}b", "a b", "ab", "é"):
        assert bool(_matches([word], _UNTIDY)[0]) == (tidy_text(word) != word), repr(word)


@given(st.lists(st.decimals(-999, 999, places=15) | st.decimals(-999, 999, places=4), min_size=1, max_size=9))
def test_one_cast_reads_numbers_as_one_by_one(numbers):
    texts = [f"{number:f}" for number in numbers]
    assert cast(texts, PLAIN_NUMBER, "number").tolist() == [decimal(one) for one in texts]


@given(st.tuples(st.sampled_from([1899, 1945, 1946, 2000, 2023, 2024, 2099]), st.integers(0, 13), st.integers(0, 32),
                 st.sampled_from(["", " 00:00:00.000", "T00:00", " 12:00:00.000", "Z", " "])))  # fmt: skip
def test_one_cast_reads_days_as_one_by_one_or_leaves_them_to_it(parts):
    written = "{:04}-{:02}-{:02}{}".format(*parts)
    try:
        alone = day(False)(written)
    except ValueError:
        alone = None
    found = cast(["2012-01-17", written, None], PLAIN_DAY, "date")
    assert found is None or (found[1] == alone and found[2] is pd.NaT)
    assert (found is not None) == (alone is not None and parts[3] in ("", " 00:00:00.000"))


# ---- what the fuzzer found -----------------------------------------------------------------------------------


@pytest.mark.parametrize("header", ["best", "Best", "side_a"])
def test_a_column_of_the_same_name_is_refused(header, tmp_path):
    content = text([r | {"again": 7} for r in ROWS], [*COLUMNS, "again"]).replace("again", header, 1)
    with pytest.raises(ValueError, match=r"twice.csv: (column '\w+' stands twice|best and Best may both)"):
        ms.read_events(write(tmp_path / "twice.csv", content))


def test_columns_that_are_lost_are_said(tmp_path):
    left = [c for c in COLUMNS if c not in ("relid", "active_year")]
    _, ledger = ms.read_events(write(tmp_path / "few.csv", text(ROWS, left)))
    assert [n for n in ledger.notes if "few.csv lacks columns that later files have: relid, active_year." in n]
    _, ledger = ms.read_events(write(tmp_path / "all.csv", text(ROWS)))
    assert not [n for n in ledger.notes if "lacks columns" in n]


def test_a_file_without_a_row_is_said(tmp_path):
    _, ledger = ms.read_events(write(tmp_path / "none.csv", text([])))
    assert [n for n in ledger.notes if "There are no rows in none.csv (bulk)" in n]


def test_rows_that_contradict_each_other_name_their_file(tmp_path):
    with pytest.raises(ValueError, match=r"made_up.csv: 1 event ids stand in rows that differ"):
        _read(tmp_path, [record(1), record(1, high=20)])


def test_a_text_without_an_end_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"row 3, column side_b: got 'xxx.*at most 10,000 letters \(a quotation mark"):
        _read(tmp_path, [record(1), record(2, side_b="x" * 10_001)])
    assert len(_read(tmp_path, [record(1), record(2, side_b="x" * 10_000)])[0]) == 2
    with pytest.raises(ValueError, match=r": 1 values cannot be read:\n  row 3, column best: got '9"):
        _read(tmp_path, [record(1), record(2, best="9" * 10_000)])
    with pytest.raises(ValueError, match=r": 1 values cannot be read:\n  row 3, column best: .* at most 10,000"):
        _read(tmp_path, [record(1), record(2, best="9" * 10_001)])


@pytest.mark.parametrize("name", ["Ménaka", "M\ufffdnaka", "M?naka", "MÃ©naka", "M├®naka", "M√©naka"])
def test_accents_that_were_spoilt_are_flagged(name, tmp_path):
    events, _ = _read(tmp_path, [record(1, dyad_name=f"Group of {name} - Group B")])
    assert events["issues"].tolist() == ["" if name == "Ménaka" else "garbled-text:dyad_name"]
