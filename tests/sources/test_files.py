"""Files that are not what they should be: a clear error with the file's name, never one from deep inside."""

import gzip
import json
import os
import zipfile
from pathlib import Path

import pytest
from making import COLUMNS, api, records, text, write

import mali_stats as ms
from mali_stats.sources import limits
from mali_stats.sources.ucdp import coverage, version

GOOD = text(records(6))


@pytest.mark.parametrize(("name", "content", "message"), [
    ("empty.csv", b"", "empty.csv is empty"),
    ("blank.csv", b"\n\n  \n", "blank.csv is empty"),
    ("page.csv", b"<!DOCTYPE html><html>Error 404</html>", "is a web page or XML"),
    ("cut.gz.csv", gzip.compress(GOOD.encode())[:-200], "cut short or damaged"),
    ("cut.zip.csv", b"PK\x03\x04damaged", "cut short or damaged"),
    ("latin.csv", GOOD.replace("Bandiagara", "Ti\u00e9kama").encode("latin-1"), r"latin.csv, line \d+: not UTF-8 \(byte 0xe9\)"),
    ("utf16.csv", GOOD.encode("utf-16-le"), "binary, or UTF-16 without a byte order mark"),
    ("cut.csv", GOOD[: len(GOOD) - 40].encode(), r"cut.csv, row 7: \d+ fields where the header has 49"),
    ("wide.csv", GOOD.replace("Made-up News", "Made-up, News", 1).encode(), r"row 3: 49 fields where the first row has 50 under 49 headers"),
    ("mark.csv", GOOD.encode() + b'"', "mark.csv, row 8: 1 fields where the header has 49"),
    ("bad.json", b'{"Result": [{"id": 1}', "not valid JSON"),
    ("none.json", b'{"TotalCount": 0, "Result": []}', "holds no record"),
    ("list.json", b"[1, 2]", "not a list of records"),
    ("bad.parquet", b"PAR1xxxxPAR1", "parquet file is damaged"),
])  # fmt: skip
def test_damaged_files(name, content, message, tmp_path):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=message) as caught:
        ms.read_events(tmp_path / name)
    assert name in str(caught.value)


def test_no_file_and_folder(tmp_path):
    with pytest.raises(FileNotFoundError, match="There is no file"):
        ms.read_events(tmp_path / "absent.csv")
    with pytest.raises(IsADirectoryError, match="is a folder"):
        ms.read_events(tmp_path)
    with pytest.raises(ValueError, match="list of files is empty"):
        ms.read_events([])


@pytest.mark.parametrize(("members", "message"), [
    ({"a.csv": GOOD, "b.csv": GOOD}, "must hold one file, it holds a.csv, b.csv"),
    ({}, "must hold one file"), ({"xl/workbook.xml": "<x/>"}, "is an Excel workbook"),
])  # fmt: skip
def test_zips_with_another_content(members, message, tmp_path):
    with zipfile.ZipFile(tmp_path / "some.zip", "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    with pytest.raises(ValueError, match=message):
        ms.read_events(tmp_path / "some.zip")


def test_decimal_commas_are_read_only_where_commas_do_not_separate(tmp_path):
    rows = [
        r | {"latitude": r["latitude"].replace(".", ","), "longitude": r["longitude"].replace(".", ",")}
        for r in records(2)
    ]
    events, _ = ms.read_events(write(tmp_path / "french.csv", text(rows, separator=";")))
    assert events["latitude"].tolist() == [14.349, 16.955]


@pytest.mark.parametrize(("hint", "expected"), [
    ("GEDEvent_v25_1.csv", "25.1"), ("GEDEvent_v26_0_8.csv", "26.0.8"), ("ged251-csv.zip", "25.1"), ("ged191.csv", "19.1"),
    ("https://host/api/gedevents/26.01.26.03?page=2", "26.01.26.03"), ("gedevents-2025-01-31.csv", None), ("events.csv", None),
])  # fmt: skip
def test_versions_by_name(hint, expected):
    assert version([hint]) == expected


@pytest.mark.parametrize(("release", "covered"), [
    ("17.1", ((1989, 1), (2016, 12))), ("24.1", ((1989, 1), (2023, 12))), ("26.0.8", ((2026, 8), (2026, 8))),
    ("26.01.26.03", ((2026, 1), (2026, 3))), ("v24.1", None), ("26.0.13", None), ("unknown", None),
])  # fmt: skip
def test_what_a_version_covers(release, covered):
    assert coverage(release) == covered


# ---- what the fuzzer found -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("content", "message"), [
    (b'[{"id": 1, "best": 5, "best": 77}]', r"bad.json: key 'best' stands twice in a record \(it begins with id: 1\)"),
    (b'[{"id": 1' + b"0" * 6000 + b"}]", "bad.json: not valid JSON"),
    (b"[" * 100_000, "bad.json: not valid JSON"),
])  # fmt: skip
def test_json_that_a_parser_takes_or_chokes_on(content, message, tmp_path):
    (tmp_path / "bad.json").write_bytes(content)
    with pytest.raises(ValueError, match=message):
        ms.read_events(tmp_path / "bad.json")


def test_a_nested_value_is_refused_where_it_is_read(tmp_path):
    page = json.loads(api(records(3)))
    page["Result"][0]["source_article"] = {"text": "made up"}
    assert len(ms.read_events(write(tmp_path / "unread.json", json.dumps(page)))[0]) == 3
    page["Result"][1]["side_a"] = ["Group A", "Group B"]
    with pytest.raises(ValueError, match=r"read.json, record 2, column side_a: an object or a list stands"):
        ms.read_events(write(tmp_path / "read.json", json.dumps(page)))


def test_paths_that_lead_to_no_file(tmp_path):
    with pytest.raises(FileNotFoundError, match="There is no file .*aaa"):
        ms.read_events(tmp_path / ("a" * 300))
    (tmp_path / "lost.csv").symlink_to(tmp_path / "gone.csv")
    with pytest.raises(FileNotFoundError, match=r"lost.csv is a link that leads to no file"):
        ms.read_events(tmp_path / "lost.csv")
    (tmp_path / "loop.csv").symlink_to(tmp_path / "loop.csv")
    with pytest.raises(FileNotFoundError, match=r"loop.csv is a link"):
        ms.read_events(tmp_path / "loop.csv")
    real = write(tmp_path / "real.csv", GOOD)
    (tmp_path / "link.csv").symlink_to(real)
    assert len(ms.read_events(tmp_path / "link.csv")[0]) == 6


def test_a_zip_that_unpacks_in_another_way_than_it_says(tmp_path):
    packed = bytearray(write(tmp_path / "good.zip", GOOD).read_bytes())
    for at in (8, packed.rindex(b"PK\x01\x02") + 10):
        packed[at] = 12  # bzip2
    (tmp_path / "bad.zip").write_bytes(packed)
    with pytest.raises(ValueError, match="bad.zip: the zip file is cut short or damaged"):
        ms.read_events(tmp_path / "bad.zip")


def test_a_zip_whose_numbers_lead_before_its_start(tmp_path):
    packed = bytearray(write(tmp_path / "good.zip", GOOD).read_bytes())
    packed[packed.rindex(b"PK\x05\x06") + 16] ^= 2  # where the list of members begins
    (tmp_path / "bad.zip").write_bytes(packed)
    for read in (ms.read_events, lambda path: list(ms.read_events(path, chunks=4))):
        with pytest.raises(ValueError, match="bad.zip: the (zip )?file is cut short or damaged"):
            read(tmp_path / "bad.zip")


def test_names_in_a_zip_never_touch_the_disk(tmp_path):
    (tmp_path / "in").mkdir()
    with zipfile.ZipFile(tmp_path / "in" / "slip.zip", "w") as archive:
        archive.writestr("../slipped.csv", GOOD)
    assert len(ms.read_events(tmp_path / "in" / "slip.zip")[0]) == 6
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["in", "slip.zip"]


@pytest.mark.parametrize("wrap", ["gz", "zip", "gz in zip", "xlsx"])
def test_what_unpacks_to_too_much_is_stopped(wrap, tmp_path, monkeypatch):
    monkeypatch.setattr(limits, "MAX_BYTES", 1 << 20)
    monkeypatch.setattr(limits, "MAX_ANSWER", 1 << 20)
    bomb = b"," * (3 << 20)
    data = gzip.compress(bomb)
    if wrap != "gz":
        name, inner = {"zip": ("a.csv", bomb), "gz in zip": ("a.csv.gz", data), "xlsx": ("xl/a.xml", bomb)}[wrap]
        with zipfile.ZipFile(tmp_path / "z", "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(name, inner)
        data = (tmp_path / "z").read_bytes()
    (tmp_path / "bomb").write_bytes(data)
    with pytest.raises(limits.TooLarge, match="holds more than 1 MB once unpacked"):
        ms.read_events(tmp_path / "bomb")


def test_a_mark_that_is_never_closed_swallows_no_row(tmp_path):
    columns = [*COLUMNS, "last"]
    lines = text([r | {"last": "x", "source_article": ""} for r in records(6)], columns).splitlines(keepends=True)
    lines[3] = lines[3].replace(",x\n", ',"x\n')
    path = write(tmp_path / "open.csv", "".join(lines))
    with pytest.raises(ValueError, match="open.csv, row 4: a quotation mark is never closed"):
        ms.read_events(path)
    for rows in (2, 100):
        with pytest.raises(ValueError, match="open.csv, row 4: a quotation mark is never closed"):
            list(ms.read_events(path, chunks=rows))


def test_gzip_in_gzip_is_one_file_also_in_parts(tmp_path):
    path = tmp_path / "twice.gz"
    path.write_bytes(gzip.compress(gzip.compress(GOOD.encode())))
    assert len(ms.read_events(path)[0]) == sum(len(part) for part, _ in ms.read_events(path, chunks=4)) == 6


# ---- what a spreadsheet leaves -----------------------------------------------------------------------------

LINES = GOOD.splitlines()
IN_ONE_CELL = "every line stands in one cell, as a spreadsheet with another list separator leaves it; the first holds"


def quoted(line: str) -> str:
    return '"' + line.replace('"', '""') + '"'


@pytest.mark.parametrize("after", ["", ";;;"])
@pytest.mark.parametrize("head", ["iso3,year,idps", "#a,#b,#c", '"iso3","year","idps","a;b"', "iso3;year;idps"])
@pytest.mark.parametrize("rows", [0, 3])
@pytest.mark.parametrize("wrong", [quoted, lambda line: quoted(quoted(line))])
def test_lines_in_one_cell_are_told(head, after, rows, wrong, tmp_path):
    lines = [wrong(line) + after for line in [head] + ["NER,2020,5;x;y"] * rows]
    with pytest.raises(ValueError, match=f"mangled.csv: {IN_ONE_CELL} .*Download the original again"):
        ms.read_displacement(write(tmp_path / "mangled.csv", "\n".join(lines) + "\n"))


def test_lines_with_empty_cells_behind_them_are_told(tmp_path):
    path = write(tmp_path / "mangled.csv", "".join(f"{line};;;\n" for line in LINES))
    for chunks in ({}, {"chunks": 2}):
        with pytest.raises(ValueError, match=IN_ONE_CELL):
            ms.read_events(path, **chunks)


def test_lines_in_one_cell_of_a_workbook_are_told(tmp_path):
    openpyxl = pytest.importorskip("openpyxl", reason="openpyxl is an extra: pip install 'mali_stats[excel]'")
    book = openpyxl.Workbook()
    for line in LINES:
        book.active.append([line])
    book.save(tmp_path / "mangled.xlsx")
    with pytest.raises(ValueError, match=f"mangled.xlsx: {IN_ONE_CELL} 'id,relid"):
        ms.read_events(tmp_path / "mangled.xlsx")


def test_a_title_above_the_table_is_no_line_of_it(tmp_path):
    path = write(tmp_path / "titled.csv", "Events, Mali, 2012, all;;;;\nid;year;a;b;c\n1;2;3;4;5\n")
    with pytest.raises(ValueError, match="no layout that read_events knows"):
        ms.read_events(path)


def test_the_header_twice_is_told(tmp_path):
    twice = "\n".join([LINES[0], LINES[0].upper(), *LINES[1:]])
    with pytest.raises(ValueError, match=r"twice.csv, row 2 is the header again: .* Download it again\.$"):
        ms.read_events(write(tmp_path / "twice.csv", twice))


# ---- what is no file ---------------------------------------------------------------------------------------


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes with a name are of Unix")
def test_pipes_and_devices_are_told(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to(tmp_path / "pipe")
    for path in (tmp_path / "pipe", tmp_path / "link", os.devnull):
        with pytest.raises(FileNotFoundError, match=f"{path} is a pipe or a device, not a file: save it .* give - and"):
            ms.read_events(path)


@pytest.mark.parametrize("kind", [str, Path])
def test_an_address_is_told_as_it_was_typed(kind):
    with pytest.raises(FileNotFoundError, match=r"^https://a\.org/x\.csv is an address, .* download it first"):
        ms.read_events(kind("https://a.org/x.csv"))


def turned(day: str) -> str:
    rows = [record | {"date_start": day} for record in records(2)]
    return text(rows)


def test_days_first_are_told(tmp_path):
    path = write(tmp_path / "days.csv", turned("26/05/2016"))
    with pytest.raises(ValueError, match="Dates with the day first, 26/05/2016, come from a spreadsheet: download the"):
        ms.read_events(path)
    path = write(tmp_path / "days.csv", turned("2016-26-05"))
    with pytest.raises(ValueError, match="cannot be read") as caught:
        ms.read_events(path)
    assert "day first" not in str(caught.value)
