"""Open what publishers send: compressed or not, text or parquet, and hand over named columns as text.

No decision about the content is made here. What cannot be read raises ``ValueError`` with the file, the place
and the way out; nothing is skipped.
"""

from __future__ import annotations

import csv
import io
import json
import lzma
import os
import re
import struct
import warnings
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet

from mali_stats.sources import limits
from mali_stats.sources.quotes import Quotes, refuse_stray

ENDINGS = ".csv, .csv.gz, .zip, .json, .geojson, .parquet, .xlsx"
_HEAD = 1 << 18  # bytes looked at to tell header, separator and HXL row
#: bytes of one block of the parser: small ones keep to the processor's cache, large ones hold long quoted values
BLOCKS = (1 << 20, 1 << 25)
#: what the parser says of a value that is longer than a block
STRADDLING = "straddling"
#: texts that stand for nothing
NULLS = ["", "NA", "NaN"]
_SEPARATORS = ",;\t|"


@dataclass
class Table:
    """One file as published: ``columns`` in the file's order, and ``take`` to get some of them as text.

    ``rows_before`` is the number of rows above the first record (header, HXL tags), so that record ``i`` stands in
    row ``i + rows_before + 1`` of the file as a spreadsheet shows it. ``hints`` are names and addresses that
    came with the file (member of a zip, page addresses) and may tell a version. ``nested``: the columns of JSON in
    which an object or a list stands for a value, and the first record that has one.
    """

    name: str
    columns: list[str]
    kind: str
    rows_before: int = 1
    hints: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    total: int = 0
    held: int = 0
    decimal_comma: bool = False
    nested: dict[str, int] = field(default_factory=dict)
    _source: Any = None  # a table, or a function that gives the columns asked for

    def take(self, wanted: dict[str, str], nested_too: bool = False) -> pd.DataFrame:
        """The columns ``wanted`` (published name -> new name), every value as text, an empty one missing.

        A column of JSON in which an object or a list stands for a value is refused, unless ``nested_too``.
        """
        for column in () if nested_too else self.nested.keys() & set(wanted):
            raise ValueError(
                f"{self.name}, record {self.nested[column]}, column {column}: an object or a list stands where one "
                "value is wanted. Ask the publisher for plain values, or write one value into it."
            )
        try:
            frame = self._source(list(wanted)) if callable(self._source) else self._source[list(wanted)]
        except (pa.ArrowException, OSError) as error:
            raise ValueError(
                f"{self.name}: a column cannot be read ({str(error)[:120]}). Download it again."
            ) from error
        return frame.rename(columns=wanted)

    def close(self) -> None:
        """Let go of the file's bytes; nothing can be taken any more."""
        self._source = None


def open_tables(path) -> list[Table]:
    """Open one file, or each of a list; pages without a record are passed over where others hold some.

    Raises
    ------
    TypeError
        for anything but a path or a list of them; else as :func:`open_table`.
    """
    if isinstance(path, str | os.PathLike):
        return [open_table(path)]
    tables = []
    for one in listed(path):
        try:
            tables.append(open_table(one))
        except EmptyPage:
            if one is path[-1] and not tables:
                raise
    if not tables:
        raise EmptyPage(f"None of the {len(path)} files holds a record. The request may have matched nothing.")
    return tables


def listed(path) -> list:
    """One path or several as a list; anything else is refused."""
    if isinstance(path, str | os.PathLike):
        return [path]
    if not isinstance(path, list | tuple) or not all(isinstance(p, str | os.PathLike) for p in path):
        held = [p for p in path if not isinstance(p, str | os.PathLike)] if isinstance(path, list | tuple) else [path]
        got = f"{type(held[0]).__name__}{' in a list' if held[0] is not path else ''}"
        raise TypeError(f"A path or a list of paths is wanted, got {got}; save it to a file first.")
    if not path:
        raise ValueError("The list of files is empty; give at least one file.")
    return list(path)


class EmptyPage(ValueError):
    """A page of an API without any record."""


def short_pages(tables: list[Table]) -> list[str]:
    """What to say where the publisher counts more records than all pages together hold."""
    totals, held = [t.total for t in tables if t.total], sum(t.held for t in tables)
    if not totals or max(totals) <= held:
        return []
    return [
        f"{tables[0].name}: the publisher counts {max(totals):,} records in all, {held:,} are here. Give all pages as "
        "a list, or check the filters of the request."
    ]


def open_table(path) -> Table:
    """Open one file, whatever it is called, and read its header.

    Raises
    ------
    FileNotFoundError, IsADirectoryError
        with what to give instead.
    ValueError
        for an empty, truncated, foreign or wrongly encoded file.
    """
    path = existing(path)
    try:
        name, data = _decompressed(path.name, path.read_bytes())
        name, data = _decompressed(name, data)  # publishers also send a gz inside a zip
        return _recognised(name, data, [path.name, name])
    except ValueError as error:
        if path.name in str(error):
            raise
        raise type(error)(f"{path.name}: {error}") from error  # the error names what is in it


def existing(path) -> Path:
    """``path``, if there is such a file."""
    path, typed = (
        Path(path),
        re.sub(r"^(\w{2,}:/)(?!/)", r"\1/", str(path)),
    )  # a path of an address holds one stroke only
    try:
        folder, file = path.is_dir(), path.is_file()
        other = not file and path.exists()
    except OSError as error:  # a name longer than the system allows
        raise FileNotFoundError(f"There is no file {path} ({error.strerror}). Give another path.") from error
    if folder:
        raise IsADirectoryError(f"{path} is a folder; give one file ({ENDINGS}) or a list of files.")
    if other:
        raise FileNotFoundError(
            f"{path} is a pipe or a device, not a file: save it to a file first, or on the command line give - and "
            "pipe it in."
        )
    if re.match(r"\w{2,}://", typed) and not file:
        raise FileNotFoundError(f"{typed} is an address, and an address is no file: download it first.")
    if path.is_symlink() and not file:
        raise FileNotFoundError(
            f"{path} is a link that leads to no file. Give the path of the file itself ({ENDINGS})."
        )
    if not file:
        raise FileNotFoundError(f"There is no file {path}. Give the path of a downloaded file ({ENDINGS}).")
    return path


def _decompressed(name: str, data: bytes) -> tuple[str, bytes]:
    if data[:2] == b"\x1f\x8b":
        try:
            return name, limits.bounded_gunzip(name, data)
        except (EOFError, OSError, zlib.error) as error:
            raise ValueError(f"{name}: the gzip file is cut short or damaged ({error}). Download it again.") from error
    if data[:2] == b"PK":
        return _unzipped(name, data)
    return name, data


def _unzipped(name: str, data: bytes) -> tuple[str, bytes]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            member = only_member(name, archive)
            return (member.rsplit("/", 1)[-1], limits.bounded_unzip(name, archive, member)) if member else (name, data)
    except (limits.TooLarge, NotOneFile):
        raise
    except (*DAMAGED_ZIP, ValueError) as error:
        raise ValueError(f"{name}: the zip file is cut short or damaged ({error}). Download it again.") from error


DAMAGED_ZIP = (
    zipfile.BadZipFile, EOFError, OSError, NotImplementedError, RuntimeError, zlib.error, lzma.LZMAError, struct.error,
)  # fmt: skip


class NotOneFile(ValueError):
    """A zip of several files, or of none."""


def only_member(name: str, archive: zipfile.ZipFile) -> str | None:
    """The one file in a zip; None for a workbook of Excel, which is a zip too."""
    members = [m for m in archive.namelist() if not m.endswith("/") and not m.startswith("__MACOSX/")]
    if any(m.startswith("xl/") for m in members):
        return None
    if len(members) != 1:
        held = ", ".join(members[:5]) or "nothing"
        raise NotOneFile(f"{name}: the zip must hold one file, it holds {held}. Unpack it and give one file.")
    return members[0]


def _recognised(name: str, data: bytes, hints: list[str]) -> Table:
    if data[:4] == b"PAR1":
        return _parquet(name, data, hints)
    if data[:2] == b"PK" and b"xl/" in data:  # names in a zip are not compressed
        return _excel(name, data, hints)
    text = _utf8(name, data)
    if first_letter(name, text[:4096]) in (b"{", b"["):
        return _json(name, text, hints)
    return _csv(name, text, hints)


def first_letter(name: str, head: bytes) -> bytes:
    """The first character that is no space, where the first bytes (UTF-8) are those of a table or of JSON."""
    start = head[:512].lstrip()
    if not start:
        raise ValueError(f"{name} is empty. Download it again, or check the path.")
    if start[:1] == b"<":
        raise ValueError(
            f"{name} is a web page or XML, not a table: it begins with {start[:40].decode('utf-8', 'replace')!r}. The "
            "server may have answered with an error page; download the file again."
        )
    if b"\x00" in head[:4096]:
        raise ValueError(f"{name} is binary, or UTF-16 without a byte order mark. Save it as CSV (UTF-8).")
    return start[:1]


def _utf8(name: str, data: bytes) -> bytes:
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        try:
            return data.decode("utf-16").encode()
        except UnicodeDecodeError as error:
            raise ValueError(f"{name}: UTF-16 by its first bytes, but damaged at byte {error.start}.") from error
    return data.removeprefix(b"\xef\xbb\xbf")


# ---- csv ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Header:
    """What the first rows of a CSV tell: titles, separator, how many rows stand above the records and where they end.

    One publisher ends every row with a separator too many (48 fields under 47 headers): ``extra`` is the title of
    what follows the last one, else empty.
    """

    name: str
    titles: list[str]
    separator: str
    skipped: int
    body: int
    extra: list[str]

    def table(self, hints: list[str], source: object = None) -> Table:
        """The file as a table of its own columns."""
        columns = self.titles[: len(self.titles) - len(self.extra)]
        return Table(
            self.name, columns, "csv", self.skipped, hints, decimal_comma=self.separator != ",", _source=source
        )

    def refuse_more(self, frame: pd.DataFrame, before: int = 0) -> None:
        """Raise where something stands behind the last header; ``before`` records came earlier."""
        for column in self.extra:
            if frame[column].notna().any():
                row = int(frame[column].notna().argmax()) + before + self.skipped + 1
                raise ValueError(
                    f"{self.name}, row {row}: the rows have {len(self.titles)} fields under {len(self.titles) - 1} "
                    f"headers and the last field is not empty (got {frame[column].dropna().iloc[0]!r}). Without a "
                    "header for it no column can be trusted."
                )


def csv_header(name: str, data: bytes) -> Header:
    """The header of a CSV, from the whole file or its first bytes (UTF-8)."""
    offset = _first_line(data)
    separator = _separator(data[offset : offset + _HEAD])
    head = _head(name, data[offset : offset + _HEAD], separator)
    columns, first = head[0], (head[1] if len(head) > 1 else [])
    refuse_mangled(name, head)
    skipped = 1
    if _is_hxl(first):
        skipped, first = 2, (head[2] if len(head) > 2 else [])
    extra = ["(after the last header)"] if len(first) == len(columns) + 1 and first[-1].strip() == "" else []
    body = _after_rows(data, offset, skipped, separator)
    return Header(name, _unique_titles(columns + extra), separator, skipped, body, extra)


def refuse_mangled(name: str, head: list[list[str]]) -> None:
    """Raise where the first rows are as a spreadsheet leaves them: a line in one cell, or the header twice."""
    titles, *below = [[cell for cell in row if cell.strip()] for row in head[:2]]
    one = len(titles) == 1 and all(_values(row[0]) > 2 for row in (titles, *below))
    if one or (len(titles) > 1 and titles[-1].endswith(";;")):
        raise ValueError(
            f"{name}: every line stands in one cell, as a spreadsheet with another list separator leaves it; the first "
            f"holds {titles[0]!r:.60}. Download the original again and do not save it from the spreadsheet."
        )
    plain = [[cell.strip().casefold() for cell in row] for row in (titles, *below)]
    if len(titles) > 1 and plain[1:] == plain[:1]:
        raise ValueError(
            f"{name}, row 2 is the header again: every line may stand twice, as a spreadsheet left it, or two files "
            "were joined. Download it again."
        )


def _values(cell: str) -> int:
    """How many values a cell holds where it is a whole line."""
    return max(cell.count(sign) for sign in _SEPARATORS) + 1


def _csv(name: str, data: bytes, hints: list[str]) -> Table:
    header = csv_header(name, data)
    return header.table(hints, lambda wanted: _parse(header, data, wanted)[wanted])


def _first_line(data: bytes) -> int:
    """Where the header begins: after blank lines and Excel's ``sep=`` line."""
    match = re.match(rb"(?:[ \t]*(?:\r\n|\n|\r))*(?:\"?sep=.\"?(?:\r\n|\n|\r))?", data)
    return match.end() if match else 0


def _separator(head: bytes) -> str:
    line = re.split(rb"\r\n|\n|\r", head, maxsplit=1)[0].decode("utf-8", "replace")
    outside = re.sub(r'"[^"]*"', "", line)
    return max(_SEPARATORS, key=outside.count)


def _head(name: str, head: bytes, separator: str) -> list[list[str]]:
    text = head.decode("utf-8", "replace")
    text = re.sub(r'"[^"]{4096,}"', '""', text)  # long articles are not needed here, and csv has a limit
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    found: list[list[str]] = []
    try:
        for row in rows:
            if any(cell.strip() for cell in row):
                found.append(row)
            if len(found) == 3:
                break
    except csv.Error as error:
        raise ValueError(f"{name}: the first rows are not a table ({error}).") from error
    if not found:
        raise ValueError(f"{name} holds no row. Download it again, or check the path.")
    found[0] = [cell.strip().strip("\ufeff") for cell in found[0]]
    return found


def _is_hxl(row: list[str]) -> bool:
    filled = [cell.strip() for cell in row if cell.strip()]
    return bool(filled) and all(cell.startswith("#") for cell in filled)


def _after_rows(data: bytes, offset: int, rows: int, separator: str) -> int:
    """The byte at which the first record begins (header and HXL row hold no line breaks)."""
    for _ in range(rows):
        blank = re.compile(rb"(?:[ \t%s]*(?:\r\n|\n|\r))*" % re.escape(separator.encode())).match(data, offset)
        end = re.compile(rb"\r\n|\n|\r").search(data, blank.end() if blank else offset)
        offset = end.end() if end else len(data)
    return offset


def _unique_titles(columns: list[str]) -> list[str]:
    seen: dict[str, int] = {}
    titles = []
    for i, column in enumerate(columns):
        key = column or f"(column {i + 1} without a name)"
        seen[key] = seen.get(key, 0) + 1
        titles.append(key if seen[key] == 1 else f"{key} ({seen[key]})")
    return titles


def _parse(header: Header, data: bytes, wanted: list[str]) -> pd.DataFrame:
    columns = wanted + header.extra
    if re.compile(rb"\S").search(data, header.body) is None:
        return pd.DataFrame({c: pd.Series(dtype="str") for c in columns})
    try:
        table = _arrow(pa.py_buffer(data)[header.body :], header, columns)
    except pa.ArrowInvalid as error:
        bare = re.sub(rb"(?m)^[ \t]+(?=\r?$)", b"", data[header.body :])  # lines of nothing but spaces
        if len(bare) < len(data) - header.body:
            return _parse(header, data[: header.body] + bare, wanted)
        raise ValueError(diagnosis(header, lambda: io.BytesIO(data), error)) from error
    quotes = Quotes(header.separator)
    quotes.feed(memoryview(data)[header.body :])
    if quotes.unpaired:
        refuse_stray(header.name, io.BytesIO(data[header.body :]), header.separator, header.skipped)
    frame = as_frame(table)
    header.refuse_more(frame)
    return frame


def as_frame(table: pa.Table) -> pd.DataFrame:
    """Columns of text from Arrow to pandas."""
    return table.to_pandas(types_mapper={pa.large_string(): pd.StringDtype(na_value=float("nan"))}.get)


def _arrow(text: pa.Buffer, header: Header, columns: list[str]) -> pa.Table:
    """The columns as text."""
    for block in BLOCKS:
        try:
            return pa.csv.read_csv(pa.BufferReader(text), *csv_options(header, columns, block))
        except pa.ArrowInvalid as error:
            if block == BLOCKS[-1] or STRADDLING not in str(error):
                raise


def csv_options(header: Header, columns: list[str], block: int, text: pa.DataType | None = None) -> tuple:
    """How pyarrow reads ``columns`` as text (by default of the kind that pandas holds), in blocks of so many bytes."""
    return (
        pa.csv.ReadOptions(column_names=header.titles, block_size=block),
        pa.csv.ParseOptions(delimiter=header.separator, newlines_in_values=True),
        pa.csv.ConvertOptions(
            include_columns=columns, column_types=dict.fromkeys(columns, text or pa.large_string()),
            strings_can_be_null=True, quoted_strings_can_be_null=True, null_values=NULLS,
        ),
    )  # fmt: skip


def diagnosis(header: Header, opened: Callable[[], BinaryIO], error: Exception) -> str:
    """Find the place of a fault by a slower second reading of the same bytes, for an error that says where and what."""
    name, width = header.name, len(header.titles)
    for number, line in enumerate(opened(), start=1):
        try:
            line.decode()
        except UnicodeDecodeError as wrong:
            return (
                f"{name}, line {number}: not UTF-8 (byte {line[wrong.start]:#04x}). The file may be in Windows-1252 or "
                "Latin-1; save it as CSV UTF-8 and read it again."
            )
    body = opened()
    body.read(header.body)
    lines = io.TextIOWrapper(body, "utf-8", newline="")
    records = csv.reader(lines, delimiter=header.separator)
    row = header.skipped
    expected = f"the first row has {width} under {width - 1} headers" if header.extra else f"the header has {width}"
    try:
        for record in records:
            row += 1
            if record != [""] and not any(cell.strip() for cell in record):  # [""]: two marks, or one, alone in a line
                row -= not record
                continue
            if len(record) != width:
                begins = header.separator.join(record)[:60]
                return (
                    f"{name}, row {row}: {len(record)} fields where {expected}; it begins with {begins!r}. The file "
                    "may be cut short, or a separator stands unquoted."
                )
    except csv.Error as wrong:
        return f"{name}, row {row + 1}: not a table row ({wrong})."
    finally:
        lines.detach()  # whoever opened the file closes it
    return f"{name}: the table cannot be parsed ({str(error).splitlines()[0][:200]})."


# ---- excel -------------------------------------------------------------------------------------------------


def _excel(name: str, data: bytes, hints: list[str]) -> Table:
    """The first sheet that holds a table: a row of three or more filled cells with a row below it."""
    try:
        import openpyxl
    except ImportError as error:
        raise ValueError(
            f"{name} is an Excel workbook, and reading it needs openpyxl: pip install 'mali_stats[excel]'. Or save the "
            "sheet as CSV (UTF-8) and read that."
        ) from error
    try:
        with warnings.catch_warnings():
            with zipfile.ZipFile(io.BytesIO(data)) as archive:  # its cells take many times the room of its text
                limits.refuse_large(name, archive.infolist(), limits.MAX_ANSWER)
            warnings.simplefilter("ignore")  # styles and extensions that say nothing about the values
            book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
            sheets = {
                sheet.title: [list(row) for row in sheet.iter_rows(values_only=True)] for sheet in book.worksheets
            }
    except limits.TooLarge:
        raise
    except (KeyError, ValueError, TypeError, *DAMAGED_ZIP, SyntaxError, AttributeError, IndexError) as error:
        raise ValueError(f"{name} is an Excel workbook, but damaged ({error}). Download it again.") from error
    for title, rows in sheets.items():
        filled = [sum(cell is not None and str(cell).strip() != "" for cell in row) for row in rows]
        start = next((i for i, n in enumerate(filled) if n >= 3 and any(filled[i + 1 :])), None)
        if start is not None:
            others = [t for t in sheets if t != title]
            notes = [f"{name}: sheet {title!r} was read; not read: {', '.join(others)}."] if others else []
            return _sheet(name, rows[start:], start, hints, notes)
    for rows in sheets.values():
        if lines := [[str(cell) for cell in row if cell is not None] for row in rows if any(row)]:
            refuse_mangled(name, lines)
    raise ValueError(f"{name} is an Excel workbook without a table (looked at: {', '.join(sheets) or 'no sheet'}).")


def _sheet(name: str, rows: list[list], start: int, hints: list[str], notes: list[str]) -> Table:
    width = max(i + 1 for i, cell in enumerate(rows[0]) if cell is not None)
    titles = _unique_titles([str(cell or "").strip() for cell in rows[0][:width]])
    body = [[_cell(cell) for cell in (row + [None] * width)[:width]] for row in rows[1:]]
    hxl = int(bool(body) and _is_hxl([cell for cell in body[0] if isinstance(cell, str)]))
    frame = pd.DataFrame(body[hxl:], columns=titles, dtype="str")
    while len(frame) and frame.iloc[-1].isna().all():  # rows that only carry a format
        frame = frame.iloc[:-1]
    return Table(name, titles, "excel", start + 1 + hxl, hints, notes, _source=frame)


def _cell(value) -> str | float:
    """A cell as the text a CSV would hold."""
    if value is None or str(value).strip() == "":
        return float("nan")
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


# ---- json and parquet --------------------------------------------------------------------------------------


def _json(name: str, data: bytes, hints: list[str]) -> Table:
    try:
        content = json.loads(data, object_pairs_hook=_once)
    except _KeyTwice as error:
        raise ValueError(
            f"{name}: {error} Which of the two is right, the file does not say; ask for it again."
        ) from error
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{name}: not valid JSON ({error}). It may be cut short; download it again.") from error
    pages = content if isinstance(content, list) and _all_pages(content) else [content]
    records = [record for page in pages for record in _records(name, page)]
    notes = _pages_missing(name, pages)
    for page in filter(lambda p: isinstance(p, dict), pages):
        hints = hints + [str(page[k]) for k in ("NextPageUrl", "PreviousPageUrl") if page.get(k)]
    totals = [int(p["TotalCount"]) for p in pages if isinstance(p, dict) and str(p.get("TotalCount", "")).isdigit()]
    if not records:
        raise EmptyPage(f"{name} holds no record. The request may have matched nothing; check its filters.")
    nested: dict[str, int] = {}
    for number, record in enumerate(records, start=1):
        nested |= {str(k): number for k, v in record.items() if isinstance(v, dict | list) and str(k) not in nested}
    frame = pd.DataFrame([{str(k): _text(v) for k, v in record.items()} for record in records], dtype="str")
    hxl = int(_is_hxl([v for v in frame.iloc[0].tolist() if isinstance(v, str)]))
    rows = frame.iloc[hxl:].reset_index(drop=True)
    total = max(totals, default=0)
    return Table(
        name, list(frame.columns), "json", hxl, hints, notes, total=total, held=len(rows), nested=nested, _source=rows
    )


class _KeyTwice(Exception):
    """A JSON object with a key that stands twice: the parser would keep the last and say nothing."""


def _once(pairs: list[tuple]) -> dict:
    found = dict(pairs)
    if len(found) < len(pairs):
        key = next(k for i, (k, _) in enumerate(pairs) if k in [name for name, _ in pairs[:i]])
        raise _KeyTwice(f"key {key!r} stands twice in a record (it begins with {pairs[0][0]}: {pairs[0][1]!s:.40}).")
    return found


#: Under which name an API's page holds its records.
_RECORDS = ("Result", "results", "result", "data", "items")


def _all_pages(content: list) -> bool:
    return bool(content) and all(
        isinstance(page, dict) and any(isinstance(page.get(k), list) for k in _RECORDS) for page in content
    )


def _pages_missing(name: str, pages: list) -> list[str]:
    """What to say where an API counts more pages than were given."""
    totals = [int(p["maxPages"]) for p in pages if isinstance(p, dict) and str(p.get("maxPages", "")).isdigit()]
    if not totals or max(totals) <= len(pages):
        return []
    return [f"{name}: the publisher counts {max(totals)} pages, this file holds {len(pages)}. Give all as a list."]


def _records(name: str, page) -> list[dict]:
    """The records of a list, an API page or a GeoJSON collection."""
    if isinstance(page, dict) and isinstance(page.get("features"), list):
        page = [_feature(f) for f in page["features"]]
    elif isinstance(page, dict):
        lists = [page[k] for k in _RECORDS if isinstance(page.get(k), list)]
        page = lists[0] if lists else [page]
    if not all(isinstance(record, dict) for record in page):
        raise ValueError(f"{name}: JSON, but not a list of records (objects with named values).")
    return page


def _feature(feature: dict) -> dict:
    feature = feature if isinstance(feature, dict) else {}
    record, geometry = feature.get("properties") or {}, feature.get("geometry") or {}
    if not isinstance(record, dict) or not isinstance(geometry, dict):
        return {}
    place = geometry.get("coordinates") if geometry.get("type") == "Point" else None
    if isinstance(place, list) and len(place) >= 2:
        given = {"longitude": place[0], "latitude": place[1]}
        return given | {k: v for k, v in record.items() if k not in given or v not in (None, "")}
    return dict(record)


def _text(value):
    """A JSON value as the text a CSV would hold; null and "" are missing."""
    if value is None or value == "":
        return float("nan")
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _parquet(name: str, data: bytes, hints: list[str]) -> Table:
    try:
        file = pa.parquet.ParquetFile(pa.BufferReader(data))
    except (pa.ArrowInvalid, OSError) as error:
        raise ValueError(f"{name}: the parquet file is damaged ({error}). Download or save it again.") from error

    def take(wanted: list[str]) -> pd.DataFrame:
        return pd.DataFrame({c: as_text(file.read([c]).column(0)) for c in wanted})

    return Table(name, list(file.schema_arrow.names), "parquet", 0, hints, _source=take)


def as_text(column: pa.ChunkedArray) -> pd.Series:
    """A typed column as the text a CSV would hold."""
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_boolean(column.type):
        return column.to_pandas().map({True: "True", False: "False"}).astype("str")
    if pa.types.is_timestamp(column.type) and column.type.tz not in (None, "UTC"):
        raise pa.ArrowInvalid(f"times of the zone {column.type.tz} may fall on another day; give days as text")
    if pa.types.is_floating(column.type):
        column = pc.if_else(pc.is_nan(column), None, column)
    text = column.cast(pa.string())
    return text.to_pandas(types_mapper={pa.string(): pd.StringDtype(na_value=float("nan"))}.get)
