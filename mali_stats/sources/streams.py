"""Files larger than memory, a few rows at a time: CSV (plain, gz, zip) and parquet, as text like ``files``.

The header is read when a stream is opened; the rows are read anew, from the first one, each time they are asked for.
"""

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from mali_stats.sources import files, limits
from mali_stats.sources.quotes import Quotes, Watched, refuse_stray

_HEAD = 1 << 20  # bytes in which the header, an HXL row and the first record must end
_BOM = b"\xef\xbb\xbf"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
#: what a file that ends too early, or whose bytes changed, raises as it is unpacked
_DAMAGED = (*files.DAMAGED_ZIP, UnicodeError)
Batches = Iterator[pa.RecordBatch]


@dataclass
class Stream:
    """A file whose header is known: ``table`` tells what it is (it has no rows to take), ``frames`` gives its rows."""

    table: files.Table
    batches: Callable[[list[str]], Batches]
    to_text: Callable[[pa.Table, int], pd.DataFrame]
    whole: Callable[[list[str]], pa.Table] | None = None  # all rows at once on all cores; of a CSV only

    def frames(self, wanted: dict[str, str], rows: int) -> Iterator[pd.DataFrame]:
        """The columns ``wanted`` (published name -> new name) as text, ``rows`` rows at a time.

        The index counts the rows over the whole file. The last frame is what is left; of a file without a row there is
        one frame, without any.
        """
        before = 0
        try:
            for part in _cut(self.batches(list(wanted)), rows):
                frame = self.to_text(part, before).set_axis(range(before, before + len(part)))
                before += len(frame)
                yield frame[list(wanted)].rename(columns=wanted)
        except _DAMAGED as error:
            raise ValueError(
                f"{self.table.name}: the file is cut short or damaged after row {before + self.table.rows_before} "
                f"({str(error)[:120]}). Download it again."
            ) from error
        if not before:
            yield pd.DataFrame({c: pd.Series(dtype="str") for c in wanted.values()})


def _cut(batches: Batches, rows: int) -> Iterator[pa.Table]:
    """Batches of any length as tables of ``rows`` rows."""
    held: list[pa.RecordBatch] = []
    for batch in batches:
        held.append(batch)
        while (have := sum(len(b) for b in held)) >= rows:
            rest = have - rows
            cut = len(held[-1]) - rest
            yield pa.Table.from_batches([*held[:-1], held[-1].slice(0, cut)])
            held = [held[-1].slice(cut)]
    if sum(len(b) for b in held):
        yield pa.Table.from_batches(held)


def open_stream(path) -> Stream:
    """Open one file to be read a few rows at a time.

    Raises
    ------
    FileNotFoundError, IsADirectoryError
        with what to give instead.
    ValueError
        for a file that is empty, damaged or can only be read whole (JSON, Excel).
    """
    path = files.existing(path)
    try:
        with _bytes_of(path) as (name, file):
            head = _first(file, _HEAD)
    except _DAMAGED as error:
        raise ValueError(
            f"{path.name}: the file is cut short or damaged in its first rows ({str(error)[:120]}). Download it again."
        ) from error
    hints = [path.name, name]
    if head[:4] == b"PAR1":
        return _parquet(path, hints)
    if head[:2] == b"PK" or files.first_letter(name, head) in (b"{", b"["):
        kind = "an Excel workbook" if head[:2] == b"PK" else "JSON"
        raise ValueError(
            f"{name} is {kind}, whose rows all come at once: read it whole (without chunks), or save it as CSV (UTF-8) "
            "or parquet first."
        )
    header = files.csv_header(name, head)
    return Stream(header.table(hints), *_csv(path, header), lambda wanted: _whole(path, header, wanted))


# ---- bytes -------------------------------------------------------------------------------------------------


@contextmanager
def _bytes_of(path: Path) -> Iterator[tuple[str, BinaryIO]]:
    """The name and the bytes of what a file holds, unpacked as they are read (also a gz inside a zip), in UTF-8."""
    with ExitStack() as stack:
        name = path.name
        file: Any = stack.enter_context(open(path, "rb"))  # whatever unpacks it can be peeked into, too
        try:
            for _ in range(2):
                start = file.peek(2)[:2]
                if start == b"\x1f\x8b":
                    file = stack.enter_context(gzip.GzipFile(fileobj=file, mode="rb"))
                elif start == b"PK" and isinstance(file, io.BufferedReader):
                    archive = stack.enter_context(zipfile.ZipFile(file))
                    member = files.only_member(name, archive)
                    if member is None:
                        file.seek(0)
                        break
                    name, file = member.rsplit("/", 1)[-1], stack.enter_context(archive.open(member))
            start = file.peek(2)[:2]
        except files.NotOneFile:
            raise
        except (*files.DAMAGED_ZIP, ValueError) as error:
            raise ValueError(f"{name}: the file is cut short or damaged ({error}). Download it again.") from error
        if start in _UTF16:
            file = io.BufferedReader(pa.transcoding_input_stream(pa.PythonFile(file, mode="r"), "utf-16", "utf-8"))
        elif file.peek(3)[:3] == _BOM:
            file.read(3)
        yield name, file


def _first(file: BinaryIO, size: int) -> bytes:
    """The first bytes; a reader may give fewer at a time."""
    parts = []
    while size > 0 and (part := file.read(size)):
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


# ---- csv and parquet ---------------------------------------------------------------------------------------


def _csv(path: Path, header: files.Header) -> tuple[Callable[[list[str]], Batches], Callable]:
    """The batches of a CSV and what turns them into text."""

    def batches(wanted: list[str]) -> Batches:
        columns, done = wanted + header.extra, 0
        for block in files.BLOCKS:
            try:
                for batch in _after(_parsed(path, header, columns, block), done):
                    done += len(batch)
                    yield batch
                return
            except pa.ArrowInvalid as error:
                if files.STRADDLING not in str(error) or block == files.BLOCKS[-1]:
                    with ExitStack() as stack:
                        told = files.diagnosis(header, lambda: stack.enter_context(_bytes_of(path))[1], error)
                    raise ValueError(told) from error

    def to_text(part: pa.Table, before: int) -> pd.DataFrame:
        frame = files.as_frame(part)
        header.refuse_more(frame, before)
        return frame

    return batches, to_text


def _parsed(path: Path, header: files.Header, columns: list[str], block: int) -> Batches:
    read, parse, convert = files.csv_options(header, columns, block)
    parse.invalid_row_handler = lambda row: "error" if row.text.strip() else "skip"  # lines of nothing but spaces
    with _bytes_of(path) as (_, file):
        _first(file, header.body)
        quotes = Quotes(header.separator)
        try:
            reader = pa.csv.open_csv(pa.PythonFile(Watched(file, quotes), mode="r"), read, parse, convert)
        except pa.ArrowInvalid as error:
            if "Empty CSV" in str(error):
                return
            raise
        held, checked = None, False  # the last batch is given when it is known that no mark was left open in it
        for batch in reader:
            if quotes.odd and not checked:
                _refuse_stray(path, header)
                checked = True
            if held is not None:
                yield held
            held = batch
        if quotes.unpaired and not checked:
            _refuse_stray(path, header)
        if held is not None:
            yield held


def _whole(path: Path, header: files.Header, wanted: list[str]) -> pa.Table:
    """All rows of a CSV on all cores; a packed one is stopped where it becomes too large.

    That the texts are UTF-8 is not looked at here, in every value, but left to who tells them apart.
    """
    most = max(limits.MAX_BYTES, path.stat().st_size)
    read, parse, convert = files.csv_options(header, wanted + header.extra, files.BLOCKS[0], pa.string())
    convert.check_utf8 = False
    with _bytes_of(path) as (_, file):
        _first(file, header.body)
        quotes = Quotes(header.separator)
        table = pa.csv.read_csv(pa.PythonFile(Watched(file, quotes, most), mode="r"), read, parse, convert)
    if quotes.unpaired:
        _refuse_stray(path, header)
    table.select(header.extra).validate(full=True)
    header.refuse_more(files.as_frame(table.select(header.extra)))
    return table


def _refuse_stray(path: Path, header: files.Header) -> None:
    with _bytes_of(path) as (name, file):
        _first(file, header.body)
        refuse_stray(name, file, header.separator, header.skipped)


def _after(batches: Batches, rows: int) -> Batches:
    """The batches without the first ``rows`` rows, which were given before."""
    for batch in batches:
        skipped = min(rows, len(batch))
        rows -= skipped
        yield batch.slice(skipped)


def _parquet(path: Path, hints: list[str]) -> Stream:
    try:
        names = pa.parquet.ParquetFile(path).schema_arrow.names
    except (pa.ArrowInvalid, OSError) as error:
        if path.suffix in (".gz", ".zip"):
            raise ValueError(f"{path.name}: parquet inside another file is not read in parts; unpack it.") from error
        raise ValueError(f"{path.name}: the parquet file is damaged ({error}). Save it again.") from error

    def batches(wanted: list[str]) -> Batches:
        with pa.parquet.ParquetFile(path) as file:
            yield from file.iter_batches(1 << 16, columns=wanted)

    def to_text(part: pa.Table, before: int) -> pd.DataFrame:
        return pd.DataFrame({c: files.as_text(part.column(c)) for c in part.column_names})

    return Stream(files.Table(path.name, list(names), "parquet", 0, hints), batches, to_text)
