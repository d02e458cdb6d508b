"""Where the commands write: a table to stdout or to a file, and its account to stderr or into JSON."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mali_stats.cli.ending import Failed, Refused, printable

if TYPE_CHECKING:
    import pandas as pd

ENDINGS = (".csv", ".parquet")
_ACLED = "ACLED, your own export (its terms: rows may not be passed on)"
_KINDS = {"in": "in", "dropped": "- dropped", "moved": "  moved", "flagged": "  flagged", "kept": "= kept"}


def place_for(out: str | None, files: Iterable[str]) -> Path | None:
    """Give the path to write to, refused before anything is read where nothing can be written there.

    Raises
    ------
    Refused
        for another ending, a folder that is missing, something there that is no file, or one of the files that are
        to be read.
    """
    if out is None:
        return None
    path = Path(out)
    if path.suffix.lower() not in ENDINGS:
        raise Refused(f"--out: {out!r} ends otherwise than in {' or '.join(ENDINGS)}; without --out stdout is taken.")
    if not path.parent.is_dir():
        raise Refused(f"--out: the folder {path.parent} is not there; make it first.")
    if path.exists() and not path.is_file():
        raise Refused(f"--out: {path} is there and no file; give another name.")
    if any(path.exists() and Path(file).exists() and path.samefile(file) for file in files):
        raise Refused(f"--out: {path} is the file that is read, and would be lost; give another name.")
    return path


def write(table: pd.DataFrame, path: Path, caption: str, sources: Iterable[str], notes: Iterable[str]) -> list[Path]:
    """Write a table to a file, and beside it where it comes from; both are whole at any moment.

    Raises
    ------
    Failed
        where the disk is full, or the folder not to be written to; the file before stays.
    """
    from mali_stats.origins import beside, origin_of
    from mali_stats.writing import replace_all

    origin = origin_of(table, table, [_publisher(source) for source in sources])
    if "licence" in table:
        origin = replace(origin, licence="; ".join(table["licence"].dropna().unique()))
    lines = [f"What: {caption}", *origin.lines(), f"Rows: {len(table)}"]
    text = path.with_suffix(".txt")
    said = beside(text, path.name, [*lines, *(f"Note: {note}" for note in notes)])
    content = _parquet(table) if path.suffix.lower() == ".parquet" else as_csv(table)
    try:
        replace_all(path.parent, {path.name: content, text.name: said})
    except OSError as error:
        raise Failed(str(error)) from error
    return [path, text]


def _publisher(source: str) -> str:
    """A publisher's name where the catalog has a card of it, else a sentence, which stands for itself."""
    from mali_stats import catalog

    cards = catalog.cards()
    return source if source in cards else _ACLED if source == "acled" else f"{source} (no card of it is kept here)"


def as_csv(table: pd.DataFrame) -> bytes:
    """Give a table as CSV in UTF-8; what a spreadsheet would run as a formula gets an apostrophe, said on stderr."""
    from mali_stats.exporting import as_cells

    cells, changed = as_cells(table)
    if changed:
        click.echo(f"Cells with an apostrophe before what a spreadsheet would run as a formula: {changed}", err=True)
    text = cells.to_csv(index=False, lineterminator="\n")
    if "\r" in text:  # only where lines end so are cells quoted that hold one (before Python 3.13)
        text = cells.to_csv(index=False, lineterminator="\r\n")
    return text.encode()


def _parquet(table: pd.DataFrame) -> bytes:
    buffer = io.BytesIO()
    table.to_parquet(buffer, index=False)
    return buffer.getvalue()


@dataclass(frozen=True, eq=False)
class Result:
    """A table to be delivered, and its account.

    Attributes
    ----------
    table, account : pandas.DataFrame
        what is asked for, and the lines of the ledgers that led to it.
    notes : list of str
        what is to be said beside the account.
    caption : str
        what the table holds.
    sources : list of str
        whose figures they are.
    counted : str
        what low, best and high of the account count.
    """

    table: pd.DataFrame
    account: pd.DataFrame
    notes: list[str]
    caption: str
    sources: list[str]
    counted: str = "deaths"


def deliver(result: Result, out: Path | None, as_json: bool) -> None:
    """Write the table to ``out``, else to stdout, and the account to stderr, or as JSON to stdout in its place."""
    written = write(result.table, out, result.caption, result.sources, result.notes) if out else []
    if as_json:
        click.echo(json.dumps(_plain(result, written), ensure_ascii=False, indent=1))
        if out is None:
            click.echo("The table itself was not written; --out FILE does.", err=True)
    else:
        if out is None:
            to_stdout(as_csv(result.table))
        click.echo(printable(in_lines(result.account, result.notes, result.counted)), err=True)
    for file in written:
        click.echo(f"Written: {file}", err=True)


def to_stdout(data: bytes) -> None:
    """Write it all: where Python does not buffer, a stream may take a part only, and says so by its number alone."""
    stream, left = sys.stdout.buffer, memoryview(data)
    while left:
        left = left[stream.write(left) :]


def _plain(result: Result, written: list[Path]) -> dict:
    table, origin = [str(file) for file in written] or (None, None)
    lines = result.account.to_dict("records")
    return {"ledger": lines, "notes": result.notes, "rows": len(result.table), "written": table, "origin": origin}


def in_lines(account: pd.DataFrame, notes: list[str], counted: str) -> str:
    """Set an account as lines: what came in, less what was dropped, is what was kept."""
    numbers = ("rows", "low", "best", "high")
    rows = [[_KINDS[line.kind], *(f"{getattr(line, n):,}" for n in numbers)] for line in account.itertuples()]
    heads = ["", *numbers]
    wide = [max(len(row[i]) for row in [heads, *rows]) for i in range(len(heads))]
    ends = [f"{line.reason} ({line.example_ids})" if _named(line) else line.reason for line in account.itertuples()]
    lines = [
        "  ".join([row[0].ljust(wide[0]), *(cell.rjust(n) for cell, n in zip(row[1:], wide[1:], strict=True)), end])
        for row, end in zip([heads, *rows], [f"(low, best, high: {counted})", *ends], strict=True)
    ]
    return "\n".join([*lines, *(f"Note: {note}" for note in notes)])


def _named(line) -> bool:
    """Whether the rows are worth naming: those that came in or stayed are all."""
    return bool(line.example_ids) and line.kind not in ("in", "kept")
