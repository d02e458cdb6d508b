"""Every layout of the agencies is told by its content, whatever the file is called and however it is wrapped."""

import gzip
import json
import sys

import pandas as pd
import pytest
from making import records, text, write
from pandas.testing import assert_frame_equal

import mali_stats as ms
from mali_stats import synthetic
from mali_stats.sources import dtm, files, hapi, idmc, layouts, unhcr

KINDS = {
    "unhcr_population": "UNHCR population, CSV", "unhcr_api": "UNHCR population, API page", "unhcr_flows": "UNHCR flows, CSV",
    "unhcr_solutions": "UNHCR solutions, CSV", "gidd": "IDMC GIDD", "idu": "IDMC IDU", "dtm_v3": "IOM DTM v3, json",
    "dtm_v3_csv": "IOM DTM v3, csv", "dtm_sheet": "IOM DTM sheet, csv", "hapi_idps": "HDX HAPI idps",
    "hapi_refugees": "HDX HAPI refugees-persons-of-concern or returnees",
    "hapi_returnees": "HDX HAPI refugees-persons-of-concern or returnees",
    "hapi_needs": "HDX HAPI humanitarian-needs", "hapi_food": "HDX HAPI food-security",
}  # fmt: skip


def made(tmp_path, name, seed=1):
    """Write a made-up file under a name that says nothing."""
    file = synthetic.DISPLACEMENT[name](seed)
    return write(tmp_path / "something.dat", file.content), file


def test_every_made_up_layout_has_its_name_here():
    assert set(KINDS) == set(synthetic.DISPLACEMENT)


@pytest.mark.parametrize("name", KINDS)
def test_layouts_are_told_by_content(name, tmp_path):
    path, _ = made(tmp_path, name)
    table = files.open_table(path)
    found = [layout for source in (unhcr, idmc, dtm, hapi) if (layout := source.recognise(table)[0])]
    assert [layout.name for layout in found] == [KINDS[name]], "one layout, and no other"
    figures, ledger = ms.read_displacement(path)
    assert KINDS[name] in ledger.tidy()["reason"].iloc[0]
    ms.check(figures)


@pytest.mark.parametrize("name", ["unhcr_population", "gidd", "hapi_needs", "dtm_v3_csv"])
def test_wrapping_and_column_order_do_not_matter(name, tmp_path):
    path, file = made(tmp_path, name)
    plain, _ = ms.read_displacement(path)
    for ending, content in (("csv.gz", gzip.compress(file.content.encode())), ("csv", "\ufeff" + file.content)):
        assert_frame_equal(ms.read_displacement(write_bytes(tmp_path / f"x.{ending}", content))[0], plain)
    table = files.open_table(path)
    frame = table.take({c: c for c in table.columns})
    frame[frame.columns[::-1]].assign(more="x").to_csv(tmp_path / "y.csv", index=False, sep=";")
    assert_frame_equal(ms.read_displacement(tmp_path / "y.csv")[0], plain)
    frame.to_parquet(tmp_path / "y.parquet")
    assert_frame_equal(ms.read_displacement(tmp_path / "y.parquet")[0], plain)


def write_bytes(path, content):
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize("name", KINDS)
def test_our_own_table_comes_back_unchanged(name, tmp_path):
    figures, _ = ms.read_displacement(made(tmp_path, name)[0])
    figures.to_csv(tmp_path / "saved.csv", index=False)
    again, ledger = ms.read_displacement(tmp_path / "saved.csv")
    issues = figures["issues"].str.replace("; another-figure-for-the-same", "")
    assert_frame_equal(again, figures.assign(issues=issues))
    assert ledger.tidy()["kind"].isin(["in", "kept", "flagged"]).all()


def test_pages_of_the_api_come_as_a_list_or_are_missed(tmp_path):
    page = json.loads(synthetic.unhcr_api(1).content)
    one, ledger = ms.read_displacement(write(tmp_path / "one.json", json.dumps(page | {"maxPages": 3})))
    assert "counts 3 pages, this file holds 1" in ledger.notes[0]
    halves = [page | {"items": page["items"][:2], "maxPages": 2}, page | {"items": page["items"][2:], "maxPages": 2}]
    two, ledger = ms.read_displacement(write(tmp_path / "two.json", json.dumps(halves)))
    assert_frame_equal(one, two)
    assert not ledger.notes


def test_headers_are_compared_by_letters_and_digits():
    assert layouts.bare(" Total_No. of  IDPs (Ind) ") == "totalnoofidpsind"
    table = files.Table("x", ["COO ISO", "coa-iso", "Year", "IDPs of concern to UNHCR"], "csv")
    layout, missing = unhcr.recognise(table)
    assert missing == [] and layout.columns["IDPs of concern to UNHCR"] == "idps"


def test_an_unknown_file_lists_what_was_looked_for(tmp_path):
    with pytest.raises(ValueError, match="has no layout that read_displacement knows") as caught:
        ms.read_displacement(write(tmp_path / "other.csv", "a,b\n1,2\n"))
    text = str(caught.value)
    for part in (
        "other.csv",
        "UNHCR population",
        "year, coo_iso",
        "IDMC GIDD",
        "IOM DTM",
        "HDX HAPI",
        "The file has: a, b",
    ):
        assert part in text


def test_a_file_for_the_other_reader_names_it(tmp_path):
    people = write(tmp_path / "people.csv", "year,coo_iso,coa_iso,idps\n2023,MLI,MLI,5\n")
    events = write(tmp_path / "events.csv", text(records(3)))
    with pytest.raises(ValueError, match=r"These are columns of UNHCR population, .*: use read_displacement\.$"):
        ms.read_events(people)
    with pytest.raises(ValueError, match=r"These are columns of UCDP GED .*: use read_events\.$"):
        ms.read_displacement(events)
    saved_figures, saved_events = tmp_path / "figures_saved.csv", tmp_path / "events_saved.csv"
    ms.read_displacement(people)[0].to_csv(saved_figures, index=False)
    ms.read_events(events)[0].to_csv(saved_events, index=False)
    with pytest.raises(ValueError, match="columns of a table saved by mali_stats: use read_displacement"):
        ms.read_events(saved_figures)
    with pytest.raises(ValueError, match="columns of a table saved by mali_stats: use read_events"):
        ms.read_displacement(saved_events)
    with pytest.raises(ValueError, match=r"The file has: a, b\.$"):
        ms.read_events(write(tmp_path / "other.csv", "a,b\n1,2\n"))


def test_unhcrs_own_letters_alone_are_refused_with_the_way_out(tmp_path):
    path = write(tmp_path / "own.csv", "year,coo,coa,idps,refugees\n2023,MLI,GFR,0,5\n")
    with pytest.raises(ValueError, match="own letters are not ISO codes: ask its API with cf_type=ISO"):
        ms.read_displacement(path)


def test_conflict_events_are_refused_with_the_way_out(tmp_path):
    header = "location_code,admin1_code,event_type,events,fatalities,reference_period_start,reference_period_end"
    path = write(tmp_path / "e.csv", header + "\nMLI,ML05,political_violence,3,5,2023-01-01,2023-01-31\n")
    with pytest.raises(ValueError, match=r"event types overlap.*Read the source itself.*ms\.read_events"):
        ms.read_displacement(path)


# ---- Excel -------------------------------------------------------------------------------------------------


def workbook(path, sheets: dict[str, list[list]]):
    openpyxl = pytest.importorskip("openpyxl", reason="openpyxl is an extra: pip install 'mali_stats[excel]'")
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


def test_an_excel_sheet_reads_like_its_csv(tmp_path):
    file = synthetic.dtm_sheet(1)
    rows = file.truth["rows"]
    body = [
        [*list(row.values())[:3], pd.Timestamp("2023-04-30").to_pydatetime(), *list(row.values())[4:]] for row in rows
    ]
    sheets = {"Read me": [["DTM Mali"], ["Round 11"]],
              "Data": [["DTM Mali, round 11"], [None], list(rows[0]), *body, [None] * 6]}  # fmt: skip
    figures, ledger = ms.read_displacement(workbook(tmp_path / "dtm.xlsx", sheets))
    plain, _ = ms.read_displacement(write(tmp_path / "dtm.csv", file.content))
    assert_frame_equal(figures, plain)
    assert "sheet 'Data' was read; not read: Read me" in ledger.notes[0]
    assert ledger.tidy()["example_ids"].iloc[0] == "4, 5, 6", "rows as a spreadsheet counts them"


def test_excel_without_a_table_or_damaged(tmp_path):
    with pytest.raises(ValueError, match=r"without a table \(looked at: A, B\)"):
        ms.read_displacement(workbook(tmp_path / "none.xlsx", {"A": [["x"]], "B": []}))


def test_without_openpyxl_the_error_names_the_extra(tmp_path, monkeypatch):
    import zipfile

    with zipfile.ZipFile(tmp_path / "dtm.xlsx", "w") as archive:
        archive.writestr("xl/workbook.xml", "<x/>")
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(ValueError, match=r"reading it needs openpyxl: pip install 'mali_stats\[excel\]'"):
        ms.read_displacement(tmp_path / "dtm.xlsx")
