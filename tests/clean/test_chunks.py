"""read_events(chunks=): the same rows as whole, the same account, wherever the file is cut; nothing is counted twice."""

import json

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from making import COLUMNS, RAW, WEB_MALI, api, needs_raw, record, records, seeds_folder, text, web, write
from pandas.testing import assert_frame_equal

import mali_stats as ms
from mali_stats import synthetic
from mali_stats.clean import event_steps
from mali_stats.ledger import Ledger
from mali_stats.sources import files

ROWS = records(8)


def put_together(path, chunks, **options):
    """All chunks as one table, and their ledgers added up."""
    pairs = list(ms.read_events(path, chunks=chunks, **options))
    events = pd.concat([events for events, _ in pairs], ignore_index=True)
    return events, sum((ledger for _, ledger in pairs), Ledger()), pairs


def in_order(events):
    return events.sort_values(["date_start", "event_id"], ignore_index=True)


LAYOUTS = {
    "plain": ("bulk.csv", text(ROWS), "utf-8"),
    "gz": ("bulk.csv.gz", text(ROWS), "utf-8"),
    "zip": ("bulk.zip", text(ROWS), "utf-8"),
    "hxl row": ("hdx.csv", text(ROWS, hxl=True), "utf-8-sig"),
    "utf-16": ("bulk.csv", text(ROWS), "utf-16"),
    "Excel's separator line": ("bulk.csv", "sep=;\n" + text(ROWS, separator=";"), "utf-8"),
    "blank lines and lines of spaces": ("bulk.csv", "\n\n" + text(ROWS) + "   \n\n", "utf-8"),
    "windows line ends": ("bulk.csv", text(ROWS, newline="\r\n"), "utf-8"),
    "web export": ("export.csv", web(ROWS), "utf-8"),
}


@pytest.mark.slow
@pytest.mark.parametrize("case", LAYOUTS)
def test_every_layout_gives_the_rows_and_the_account_of_the_whole(case, tmp_path):
    name, content, encoding = LAYOUTS[case]
    path = write(tmp_path / name, content, encoding)
    whole, ledger = ms.read_events(path)
    events, account, pairs = put_together(path, 3)
    assert [len(part) for part, _ in pairs] == [3, 3, 2]
    assert_frame_equal(in_order(events), in_order(whole))
    assert_frame_equal(account.tidy(), ledger.tidy())
    assert all(any("one chunk only" in note for note in own.notes) for _, own in pairs)


@pytest.mark.parametrize("tags", [False, True])
def test_parquet_and_saved_tables(tags, tmp_path):
    frame = pd.DataFrame(ROWS).astype("str").replace("", None)
    if tags:
        hxl = dict.fromkeys(COLUMNS, None) | {"date_start": "#date+start", "best": "#affected+killed"}
        frame = pd.concat([pd.DataFrame([hxl]), frame]).astype("str").replace({"None": None, "nan": None})
    frame.to_parquet(tmp_path / "events.parquet")
    whole, ledger = ms.read_events(tmp_path / "events.parquet")
    events, account, _ = put_together(tmp_path / "events.parquet", 3)
    assert_frame_equal(in_order(events), in_order(whole))
    assert_frame_equal(account.tidy(), ledger.tidy())
    whole.to_csv(tmp_path / "saved.csv", index=False)
    saved, account, _ = put_together(tmp_path / "saved.csv", 3)
    assert_frame_equal(saved, whole)
    assert_frame_equal(account.tidy(), ms.read_events(tmp_path / "saved.csv")[1].tidy())


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(n=st.integers(1, 25), chunks=st.integers(3, 30))
def test_chunks_have_exactly_as_many_rows_as_asked(n, chunks, tmp_path):
    path = write(tmp_path / "made_up.csv", text(records(n)))
    sizes = [len(events) for events, _ in ms.read_events(path, chunks=chunks)]
    assert sizes == [chunks] * (n // chunks) + ([n % chunks] if n % chunks else [])


def test_blocks_of_the_parser_do_not_matter(tmp_path, monkeypatch):
    """Blocks shorter than a value are taken up with longer ones where they broke off, without losing or repeating a row."""
    long = [row | {"source_office": "x" * 9000 if i == 90 else "News"} for i, row in enumerate(records(100))]
    path = write(tmp_path / "long.csv", text(long))
    whole, _ = ms.read_events(path)
    monkeypatch.setattr(files, "BLOCKS", (3000, 1 << 20))
    assert_frame_equal(in_order(put_together(path, 30)[0]), in_order(whole))


def test_a_list_is_read_one_file_after_another(tmp_path):
    paths = [write(tmp_path / f"{i}.csv", text(part)) for i, part in enumerate((ROWS[:5], ROWS[5:]))]
    events, account, pairs = put_together(paths, 3)
    assert [len(part) for part, _ in pairs] == [3, 2, 3]
    assert_frame_equal(in_order(events), in_order(ms.read_events(paths)[0]))
    assert_frame_equal(account.tidy(), ms.read_events(paths)[1].tidy())


def test_a_country_may_be_missing_in_a_chunk_but_not_in_all(tmp_path):
    other = {"country": "Burkina Faso", "country_id": 439, "adm_1": "Sahel region", "adm_2": "Soum province"}
    path = write(tmp_path / "two.csv", text([*ROWS[:4], *(row | other for row in ROWS[4:])]))
    _, account, pairs = put_together(path, 4, country="BFA")
    assert [len(part) for part, _ in pairs] == [0, 4]
    assert_frame_equal(account.tidy(), ms.read_events(path, country="BFA")[1].tidy())
    assert put_together(path, 4, country=seeds_folder(tmp_path))[0]["admin1"].tolist() == ["BF1"] * 4
    reading = ms.read_events(path, country="TCD", chunks=4)
    with pytest.raises(ValueError, match=r"no row of country 'TCD' in the file. It holds BFA \(4\), MLI \(4\)"):
        list(reading)


def test_a_file_without_a_row_gives_one_empty_chunk(tmp_path):
    ((events, ledger),) = ms.read_events(write(tmp_path / "empty.csv", text([])), chunks=5)
    assert events.empty and ledger.tidy()["rows"].tolist() == [0, 0]
    assert_frame_equal(events, ms.read_events(tmp_path / "empty.csv")[0])


# ---- what only all rows can tell ---------------------------------------------------------------------------


def test_rules_between_rows_hold_inside_a_chunk(tmp_path):
    path = write(tmp_path / "made_up.csv", text([record(1), record(2), record(2), record(3)]))
    (first, ledger), (second, _) = ms.read_events(path, chunks=3)
    assert first["issues"].tolist() == ["possible-duplicate:2", "possible-duplicate:1"]
    assert ledger.tidy().query("kind == 'dropped'")["rows"].tolist() == [1]
    assert second["issues"].tolist() == [""]


def test_an_event_that_comes_back_is_refused_with_both_chunks(tmp_path):
    path = write(tmp_path / "made_up.csv", text([*ROWS, ROWS[1] | {"id": "101.0"}, ROWS[7]]))
    message = r"made_up.csv: 1 event ids of chunk 3 stood in an earlier chunk: 101 \(chunks 1 and 3\).*Dask"
    reading = ms.read_events(path, chunks=3 + 1)
    assert [len(next(reading)[0]) for _ in range(2)] == [4, 4]
    with pytest.raises(ValueError, match=r"2 event ids of chunk 3.*: 101 \(chunks 1 and 3\), 107 \(chunks 2 and 3\)"):
        next(reading)
    with pytest.raises(ValueError, match=message):
        list(ms.read_events(write(tmp_path / "made_up.csv", text([*ROWS, ROWS[1]])), chunks=4))
    with pytest.raises(ValueError, match=r"8 event ids of chunk 2 stood in an earlier chunk: 100"):
        list(ms.read_events([path, path], chunks=1000))


def test_ids_that_share_a_hash_are_two_events(tmp_path, monkeypatch):
    monkeypatch.setattr(event_steps, "hashed", lambda ids: pd.util.hash_array(ids.to_numpy(object)) % 2)
    path = write(tmp_path / "made_up.csv", text(ROWS))
    assert len(put_together(path, 3)[0]) == 8


def test_acled_in_chunks_and_its_monadic_export(tmp_path):
    made = synthetic.acled_file(synthetic.two_records(120, states=2, seed=3), "current")
    path = write(tmp_path / made.name, made.content)
    whole, ledger = ms.read_events(path)
    events, account, _ = put_together(path, 50)
    plain = [
        in_order(t.assign(issues=t["issues"].str.replace(r"(; )?possible-duplicate:[^;]*", "", regex=True)))
        for t in (events, whole)
    ]
    assert_frame_equal(*plain)
    rows = account.tidy().query("kind != 'flagged'").reset_index(drop=True)
    assert_frame_equal(rows, ledger.tidy().query("kind != 'flagged'").reset_index(drop=True))
    monadic = tmp_path / "monadic.csv"
    frame = pd.read_csv(path, dtype=str).head(10)
    pd.concat([frame, frame.assign(actor1=frame["actor2"], actor2=frame["actor1"])]).to_csv(monadic, index=False)
    with pytest.raises(ValueError, match="10 event ids of chunk 2 .*monadic export"):
        list(ms.read_events(monadic, chunks=10))


# ---- errors ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("chunks", "kind", "message"), [
    (0, ValueError, "a chunk has 1 row or more"), (-3, ValueError, "chunks=-3"), (2.0, TypeError, "a whole number"),
    ("10", TypeError, "chunks='10'"), (True, TypeError, "chunks=True"),
])  # fmt: skip
def test_arguments_are_held_at_the_call(chunks, kind, message, tmp_path):
    path = write(tmp_path / "made_up.csv", text(ROWS))
    with pytest.raises(kind, match=message):
        ms.read_events(path, chunks=chunks)


@pytest.mark.parametrize(("path", "kind", "message"), [
    ("nowhere.csv", FileNotFoundError, "There is no file"), (5, TypeError, "A path or a list of paths is wanted"),
    ([], ValueError, "list of files is empty"),
])  # fmt: skip
def test_paths_are_held_at_the_call(path, kind, message):
    with pytest.raises(kind, match=message):
        ms.read_events(path, chunks=5)


@pytest.mark.parametrize(("name", "content", "message"), [
    ("page.json", api(ROWS), "page.json is JSON, whose rows all come at once: read it whole"),
    ("list.geojson", json.dumps([ROWS[0]]), "read it whole"), ("none.csv", "", "is empty"),
    ("page.html", "<html></html>", "is a web page"), ("other.csv", "id,year\n1,2020\n", "no layout that read_events knows"),
    ("bytes.csv", b"a\x00b\n1,2\n", "is binary"), ("cut.zip", b"PK\x03\x04 nothing", "cut short or damaged"),
    ("cut.parquet", b"PAR1 nothing", "damaged"),
])  # fmt: skip
def test_files_that_have_no_chunks_are_told_at_the_call(name, content, message, tmp_path):
    (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ValueError, match=message):
        ms.read_events(tmp_path / name, chunks=5)


def test_excel_is_told_to_be_read_whole(tmp_path):
    pytest.importorskip("openpyxl")
    pd.DataFrame(ROWS).to_excel(tmp_path / "events.xlsx", index=False)
    with pytest.raises(ValueError, match="an Excel workbook, whose rows all come at once"):
        ms.read_events(tmp_path / "events.xlsx", chunks=5)


@pytest.mark.parametrize(("content", "message"), [
    (text([*ROWS[:5], record(1, best="twelve")]), r"row 7, column best: got 'twelve'"),
    (text(ROWS) + "1,2,3\n", r"row 10: 3 fields where the header has 49"),
    (web(ROWS)[:-1] + "surprise\n", r"row 9: .*the last field is not empty \(got 'surprise'\)"),
    (text(ROWS).replace("Kidal", "Kid\xe4l").encode("latin-1"), r"line \d+: not UTF-8 \(byte 0xe4\)"),
])  # fmt: skip
def test_a_fault_is_told_by_its_row_in_the_whole_file(content, message, tmp_path):
    path = write(tmp_path / "made_up.csv", content)
    for options in ({}, {"chunks": 2}):
        with pytest.raises(ValueError, match=message) as caught:
            list(ms.read_events(path, **options))
        assert "made_up.csv" in str(caught.value)


def test_a_gz_that_is_cut_short_is_told_with_where_it_broke_off(tmp_path):
    path = write(tmp_path / "long.csv.gz", text(records(8000)))
    whole = path.read_bytes()
    path.write_bytes(whole[:-2000])
    with pytest.raises(ValueError, match=r"long.csv.gz: the file is cut short or damaged after row \d+"):
        list(ms.read_events(path, chunks=100))
    path.write_bytes(whole[:2000])
    with pytest.raises(ValueError, match=r"long.csv.gz: the file is cut short or damaged in its first rows"):
        ms.read_events(path, chunks=100)


# ---- the real files ----------------------------------------------------------------------------------------


@pytest.mark.slow
@needs_raw
def test_real_files_in_chunks_lose_nothing():
    for path in (WEB_MALI, RAW / "ucdp" / "hdx_sudan.csv.gz"):
        whole, ledger = ms.read_events(path)
        events, account, _ = put_together(path, 700)
        lines = [t.query("reason != 'possible-duplicate'") for t in (account.tidy(), ledger.tidy())]
        lines = [t.reset_index(drop=True) for t in lines]
        assert_frame_equal(*lines)
        same = [in_order(t.drop(columns="issues")) for t in (events, whole)]
        assert_frame_equal(*same)
