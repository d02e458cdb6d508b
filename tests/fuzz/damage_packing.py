"""Damage around a file: gzip and zip, bombs, links, workbooks, and files that are something else."""

from __future__ import annotations

import gzip
import io
import os
import zipfile
import zlib
from functools import cache
from pathlib import Path
from random import Random

from fuzz_damage import of_bytes, of_rows, on_disk
from fuzz_files import File, Sheet, Unfit

_pack = {"group": "packing"}
_bomb = {"group": "bombs"}
_disk = {"group": "paths and links"}
_book = {"group": "workbooks", "kinds": ("xlsx",)}
_else = {"group": "something else"}
TEXTS = ("csv", "json")
#: a bomb unpacks to so many bytes: many times what reading may cost
BOMB = 640 << 20


def zipped(members: dict[str, bytes], **more) -> bytes:
    """A zip of some members."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, **more) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def _place(folder: Path, file: File, data: bytes, ending: str) -> Path:
    path = folder / f"{file.name}{ending}"
    path.write_bytes(data)
    return path


# ---- gzip --------------------------------------------------------------------------------------------------


@of_bytes("gzip cut short", "refused", pack=False, kinds=TEXTS, **_pack)
def gz_cut(data: bytes, random: Random) -> bytes:
    packed = gzip.compress(data, mtime=0)
    return packed[: random.randrange(3, len(packed) - 1)]


@of_bytes("gzip with a byte changed", "told", pack=False, kinds=TEXTS, **_pack)
def gz_byte(data: bytes, random: Random) -> bytes:
    packed = bytearray(gzip.compress(data, mtime=0))
    packed[random.randrange(2, len(packed))] ^= 1 << random.randrange(8)
    return bytes(packed)


@of_bytes("gzip with something behind it", "told", pack=False, kinds=TEXTS, **_pack)
def gz_behind(data: bytes, random: Random) -> bytes:
    return gzip.compress(data, mtime=0) + random.choice([b"\x00" * 512, b"surplus", b"<html>", b"\x1f\x8b\x08"])


@of_bytes("gzip in two parts", "same", pack=False, kinds=TEXTS, **_pack)
def gz_parts(data: bytes, random: Random) -> bytes:
    at = random.randrange(len(data))
    return gzip.compress(data[:at], mtime=0) + gzip.compress(data[at:], mtime=0)


@of_bytes("packed three times", "told", pack=False, kinds=TEXTS, **_pack)
def gz_thrice(data: bytes, random: Random) -> bytes:
    for _ in range(3):
        data = gzip.compress(data, mtime=0) if random.random() < 0.5 else zipped({"part.csv": data})
    return data


# ---- zip ---------------------------------------------------------------------------------------------------


@of_bytes("zip cut short", "refused", pack=False, kinds=TEXTS, **_pack)
def zip_cut(data: bytes, random: Random) -> bytes:
    packed = zipped({"export.csv": data})
    return packed[: random.randrange(3, len(packed) - 22)]


@of_bytes("zip with a byte changed", "told", pack=False, kinds=TEXTS, **_pack)
def zip_byte(data: bytes, random: Random) -> bytes:
    packed = bytearray(zipped({"export.csv": data}))
    packed[random.randrange(len(packed))] ^= 1 << random.randrange(8)
    return bytes(packed)


@of_bytes("zip of several files", "refused", pack=False, kinds=TEXTS, **_pack)
def zip_several(data: bytes, random: Random) -> bytes:
    return zipped({"export.csv": data, random.choice(["readme.txt", "export (1).csv"]): data})


@of_bytes("zip of nothing", "refused", pack=False, **_pack)
def zip_nothing(data: bytes, random: Random) -> bytes:
    return zipped(random.choice([{}, {"folder/": b""}, {"__MACOSX/._export.csv": b"x"}]))


@of_bytes(
    "zip with what a Mac adds",
    "same",
    pack=False,
    kinds=TEXTS,
    publishers=("ACLED", "UNHCR", "IDMC", "DTM", "HAPI"),
    **_pack,
)
def zip_mac(data: bytes, random: Random) -> bytes:
    return zipped({"export/": b"", "export/export.csv": data, "__MACOSX/export/._export.csv": b"\x00\x05\x16\x07"})


@of_bytes("zip with a password", "refused", pack=False, kinds=TEXTS, **_pack)
def zip_locked(data: bytes, random: Random) -> bytes:
    packed = bytearray(zipped({"export.csv": data}))
    packed[6] |= 1
    packed[packed.rindex(b"PK\x01\x02") + 8] |= 1
    return bytes(packed)


@of_bytes("zip packed in a way that is not known", "refused", pack=False, kinds=TEXTS, **_pack)
def zip_method(data: bytes, random: Random) -> bytes:
    packed = bytearray(zipped({"export.csv": data}))
    packed[8] = packed[packed.rindex(b"PK\x01\x02") + 10] = 97
    return bytes(packed)


@of_bytes("zip whose names lead out of the folder", "told", pack=False, kinds=TEXTS, **_pack)
def zip_slip(data: bytes, random: Random) -> bytes:
    name = random.choice(
        ["../slipped.csv", "/tmp/slipped.csv", "..\\slipped.csv", "a/../../slipped.csv", "C:\\slipped.csv"]
    )
    return zipped({name: data})


@of_bytes("zip that holds a link", "refused", pack=False, kinds=TEXTS, **_pack)
def zip_link(data: bytes, random: Random) -> bytes:
    info = zipfile.ZipInfo("export.csv")
    info.create_system, info.external_attr = 3, 0o120777 << 16
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(info, random.choice(["/etc/passwd", "../../secret.csv", "export.csv"]))
    return out.getvalue()


@of_bytes("text behind a zip's first letters", "refused", pack=False, kinds=TEXTS, **_pack)
def zip_letters(data: bytes, random: Random) -> bytes:
    return random.choice([b"PK", b"PK\x03\x04", b"PK\x05\x06" + b"\x00" * 18]) + data


# ---- bombs -------------------------------------------------------------------------------------------------


@cache
def _gz_bomb(byte: bytes) -> bytes:
    part = 16 << 20
    return gzip.compress(byte * (part // len(byte)), mtime=0) * (BOMB // part)


@cache
def _zip_bomb(name: str, byte: bytes) -> bytes:
    out = io.BytesIO()
    with (
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open(name, "w", force_zip64=True) as member,
    ):
        for _ in range(BOMB >> 24):
            member.write(byte * ((16 << 20) // len(byte)))
    return out.getvalue()


@of_bytes("gzip bomb", "refused", pack=False, kinds=("csv",), **_bomb)
def gz_bomb(data: bytes, random: Random) -> bytes:
    return gzip.compress(data, mtime=0) + _gz_bomb(random.choice([b"\x00", b"\n", b"1,2,3,4\n"]))


@of_bytes("zip bomb", "refused", pack=False, kinds=("csv",), **_bomb)
def zip_bomb(data: bytes, random: Random) -> bytes:
    return _zip_bomb("export.csv", b",")


@of_bytes("a bomb in a zip in a gzip", "refused", pack=False, kinds=("csv",), **_bomb)
def nested_bomb(data: bytes, random: Random) -> bytes:
    return random.choice(
        [gzip.compress(_zip_bomb("export.csv", b","), mtime=0), zipped({"a.csv.gz": _gz_bomb(b"\x00")})]
    )


@of_bytes("zip bomb that lies about its size", "refused", pack=False, kinds=("csv",), **_bomb)
def lying_bomb(data: bytes, random: Random) -> bytes:
    packed = _zip_bomb("export.csv", b",")
    true = BOMB.to_bytes(4, "little")
    return packed.replace(true, (1000).to_bytes(4, "little"))


@of_bytes("a workbook that is a bomb", "refused", pack=False, **_bomb, kinds=("xlsx",))
def book_bomb(data: bytes, random: Random) -> bytes:
    out = io.BytesIO(data)
    sheet = _zip_bomb("xl/worksheets/sheet1.xml", b"<row><c><v>1</v></c></row>")
    if random.random() < 0.5:
        return sheet.replace(b"sheet1.xml", b"sheet7.xml")
    with zipfile.ZipFile(out) as old:
        members = {n: old.read(n) for n in old.namelist() if "sheet1" not in n}
    members["xl/worksheets/sheet1.xml"] = b"<worksheet><sheetData>" + b"<row><c><v>1</v></c></row>" * 3_000_000
    return zipped(members)


@of_bytes("a workbook whose XML swells", "refused", pack=False, **_bomb, kinds=("xlsx",))
def laughs(data: bytes, random: Random) -> bytes:
    entities = "".join(f'<!ENTITY a{i} "{f"&a{i - 1};" * 10}">' for i in range(1, 10))
    bad = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a0 "ha">{entities}]><workbook>&a9;</workbook>'
    with zipfile.ZipFile(io.BytesIO(data)) as old:
        members = {n: old.read(n) for n in old.namelist()}
    return zipped(members | {random.choice(["xl/workbook.xml", "xl/worksheets/sheet1.xml"]): bad.encode()})


# ---- paths -------------------------------------------------------------------------------------------------


@on_disk("a link to the file", "same", **_disk)
def link(file: File, random: Random, folder: Path) -> Path:
    (folder / "real").mkdir()
    real = folder / "real" / file.name
    real.write_bytes(file.data)
    path = folder / file.name
    path.symlink_to(real if random.random() < 0.5 else Path("real") / file.name)
    return path


@on_disk("a link that leads nowhere", "refused", **_disk)
def broken_link(file: File, random: Random, folder: Path) -> Path:
    path = folder / file.name
    path.symlink_to(folder / "gone" / file.name)
    return path


@on_disk("a link that leads to itself", "refused", **_disk)
def loop(file: File, random: Random, folder: Path) -> Path:
    one, other = folder / file.name, folder / "other"
    one.symlink_to(other)
    other.symlink_to(one)
    return one


@on_disk("a folder, or a link to one", "refused", **_disk)
def a_folder(file: File, random: Random, folder: Path) -> Path:
    (folder / "inside").mkdir()
    (folder / file.name).symlink_to(folder / "inside", target_is_directory=True)
    return random.choice([folder / file.name, folder / "inside"])


@on_disk("a path that is no file", "refused", **_disk)
def no_file(file: File, random: Random, folder: Path) -> Path:
    path = folder / random.choice([file.name, "a" * 300, "Ségou.csv", "-", " ", "a\nb.csv", "a\x00b.csv"])
    if random.random() < 0.3:
        path = folder / "pipe"
        os.mkfifo(path)  # reading it would wait for ever
    return path


@on_disk("a file that may not be read", "refused", **_disk)
def forbidden(file: File, random: Random, folder: Path) -> Path:
    path = _place(folder, file, file.data, "")
    path.chmod(0)
    if os.access(path, os.R_OK):
        raise Unfit  # whoever runs this may read everything
    return path


@on_disk("a name with odd signs", "same", publishers=("ACLED", "UNHCR", "IDMC", "DTM", "HAPI"), **_disk)
def odd_name(file: File, random: Random, folder: Path) -> Path:
    name = random.choice(
        ["été 2024 (1).data", "a b;c,d.txt", "-rf", "%s%n{}.csv", "x" * 200, "..csv", "日本.csv", "a\tb.csv"]
    )
    (folder / name).write_bytes(file.data)
    return folder / name


# ---- workbooks ---------------------------------------------------------------------------------------------


def _edit(data: bytes, edit) -> bytes:
    import openpyxl

    book = openpyxl.load_workbook(io.BytesIO(data))
    edit(book)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


@of_bytes("further sheets in the workbook", "told", pack=False, **_book)
def more_sheets(data: bytes, random: Random) -> bytes:
    def edit(book):
        other = book.create_sheet("Notes", random.choice([0, 1]))
        for row in ([["Read me"], ["made up"]], [["a", "b", "c"], [1, 2, 3]])[random.randrange(2)]:
            other.append(row)

    return _edit(data, edit)


@of_bytes("titles above the table of the workbook", "same", pack=False, **_book)
def book_titles(data: bytes, random: Random) -> bytes:
    def edit(book):
        sheet = book.worksheets[0]
        sheet.insert_rows(1, 3)
        sheet["A1"] = "A title"
        sheet.merge_cells("A1:E1")
        sheet["B2"] = "of two rows"

    return _edit(data, edit)


@of_rows("formulas without their results in the workbook", "told", placed=False, **_book)
def book_formulas(sheet: Sheet, random: Random):
    sheet.change(sheet.choose(random, "count"), lambda t: f"={t}+0")


@of_rows("dates as dates in the workbook", "same", placed=False, **_book)
def book_dates(sheet: Sheet, random: Random):
    import pandas as pd

    cells = sheet.filled("date", having=lambda t: t[:4].isdigit())
    if not cells:
        raise Unfit
    sheet.change(cells, lambda t: pd.Timestamp(t[:10]).to_pydatetime())


@of_bytes("a part of the workbook lost", "told", pack=False, **_book)
def part_lost(data: bytes, random: Random) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as old:
        members = {n: old.read(n) for n in old.namelist()}
    members.pop(random.choice(sorted(members)))
    return zipped(members)


@of_bytes("a part of the workbook spoilt", "told", pack=False, **_book)
def part_spoilt(data: bytes, random: Random) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as old:
        members = {n: old.read(n) for n in old.namelist()}
    name = random.choice(sorted(members))
    content = bytearray(members[name])
    at = random.randrange(len(content))
    content[at : at + random.choice([1, 1, 40])] = random.choice([b"<", b"\x00", b"", b"&x;", b">>"])
    return zipped(members | {name: bytes(content)})


# ---- something else ----------------------------------------------------------------------------------------


@of_bytes("nothing at all", "refused", **_else)
def empty(data: bytes, random: Random) -> bytes:
    return random.choice([b"", b"\n", b" \t\r\n" * 9, b"\xef\xbb\xbf", b"\xff\xfe", b"\x00"])


@of_bytes("random bytes", "refused", **_else)
def noise(data: bytes, random: Random) -> bytes:
    start = random.choice([b"", b"\x1f\x8b\x08\x00", b"PK\x03\x04", b"PAR1", b"\xff\xfe", b"{", b"[", b"<"])
    return start + random.randbytes(random.choice([1, 20, 3000]))


@of_bytes("a page, a picture or a document", "refused", **_else)
def another_kind(data: bytes, random: Random) -> bytes:
    return random.choice([
        b"<!DOCTYPE html><html><title>Sign in</title></html>", b'<?xml version="1.0"?><rows><row/></rows>',
        b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 504,
        b"SQLite format 3\x00", b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 5\n", b"404: Not Found",
        b"BZh91AY&SY" + b"\x12" * 40, zlib.compress(data), b"7z\xbc\xaf\x27\x1c" + b"\x01" * 30, b"ARROW1\x00\x00" + b"\x01" * 60,
    ])  # fmt: skip


@of_bytes("parquet cut or spoilt", "refused", pack=False, kinds=("csv",), **_else)
def parquet(data: bytes, random: Random) -> bytes:
    import pandas as pd

    out = io.BytesIO()
    pd.read_csv(io.BytesIO(data), dtype=str, index_col=False).to_parquet(out)
    whole = bytearray(out.getvalue())
    if random.random() < 0.5:
        return bytes(whole[: random.randrange(5, len(whole) - 1)])
    at = random.randrange(len(whole) - 400, len(whole))
    whole[at] ^= 1 << random.randrange(8)
    return bytes(whole[:at])


@of_bytes("two files in one", "told", kinds=("csv",), **_else)
def two_in_one(data: bytes, random: Random) -> bytes:
    return data + random.choice([b"", b"\n"]) + data


@on_disk("another publisher's file for the other reader", "refused", **_else)
def other_reader(file: File, random: Random, folder: Path) -> Path:
    from fuzz_files import clean_files

    other = random.choice([f for f in clean_files() if f.reader != file.reader])
    return _place(folder, file, other.data, "")
