"""What the commands read: files or stdin, of events or of displacement, told by content."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mali_stats.cli.ending import Refused, printable

if TYPE_CHECKING:
    import pandas as pd

    from mali_stats.ledger import Ledger
    from mali_stats.sources.files import Table

EVENTS, DISPLACEMENT = "events", "displacement"
#: The layout of what clean wrote before.
SAVED = "table saved by mali_stats"


@dataclass(frozen=True, eq=False)
class Read:
    """A cleaned table with its account, and what the files are.

    ``what`` is "events" or "displacement", ``layouts`` names each file's layout, ``lacking`` says what the publisher
    counts and the files do not hold.
    """

    what: str
    layouts: tuple[str, ...]
    lacking: tuple[str, ...]
    table: pd.DataFrame
    ledger: Ledger

    @property
    def sources(self) -> list[str]:
        """The publishers of the table."""
        return list(dict.fromkeys(self.table["source"].dropna()))


# ---- files and stdin ---------------------------------------------------------------------------------------


@contextmanager
def paths_of(names: tuple[str, ...]) -> Iterator[list[Path]]:
    """Give files as paths; ``-`` is what comes on stdin, in a file that nobody else can read and that goes at the end.

    Raises
    ------
    Refused
        for ``-`` twice, or a stdin that is closed.
    """
    if names.count("-") > 1:
        raise Refused("stdin (-) can be read once only; give it once.")
    with ExitStack() as kept:
        yield [kept.enter_context(_stdin()) if name == "-" else Path(name) for name in names]


@contextmanager
def _stdin() -> Iterator[Path]:
    if sys.stdin is None:
        raise Refused("stdin is closed; pipe a file into the command, or give its path.")
    if sys.stdin.isatty():
        click.echo("Reading from the terminal; end it with Ctrl-D.", err=True)
    with tempfile.TemporaryDirectory(prefix="mali_stats-") as folder:
        path = Path(folder) / "stdin"  # the name that messages give
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            shutil.copyfileobj(sys.stdin.buffer, file)
        yield path


def doing(text: str) -> None:
    """Say on stderr what takes a while, in a terminal only."""
    if sys.stderr.isatty():
        click.echo(printable(text), err=True)


class Unknown(ValueError):
    """A file of no known layout."""


# ---- which reader ------------------------------------------------------------------------------------------


def read(paths: list[Path], country: str | None = None, rounds: str = "latest") -> Read:
    """Read files as parts of one publication, with the reader that their content asks for.

    Parameters
    ----------
    paths : list of Path
    country : str, optional
        of events: ISO3 code or folder of seed tables.
    rounds : {"latest", "all"}
        of displacement: rounds of DTM.

    Raises
    ------
    ValueError, OSError
        as ``read_events`` and ``read_displacement``; for events and displacement in one list, for a file of no
        known layout, and for an argument that is of the other kind.
    """
    from mali_stats.clean.displacement import read_displacement
    from mali_stats.clean.events import read_events
    from mali_stats.sources import files

    doing(f"Reading {', '.join(path.name for path in paths)} ...")
    given = paths[0] if len(paths) == 1 else paths
    tables = files.open_tables(given)
    kinds = [layout_of(table) for table in tables]
    whats = sorted({what for what, _ in kinds})
    if len(whats) > 1:
        raise ValueError(
            "The files are of events and of displacement, which are no parts of one publication: give them one by one."
        )
    layouts = tuple(dict.fromkeys(layout for _, layout in kinds))
    lacking = (*files.short_pages(tables), *(note for table in tables if table.kind == "json" for note in table.notes))
    del tables  # they hold the files' bytes
    if whats == [EVENTS]:
        if rounds != "latest":
            raise ValueError("--rounds is for displacement (IOM DTM), and this is a file of events; leave it off.")
        return Read(EVENTS, layouts, lacking, *read_events(given, country))
    if country is not None:
        raise ValueError(
            "--country is for events, and this is a file of displacement, whose figures name two countries: leave it "
            "off, and choose by the columns country and asylum_country."
        )
    return Read(DISPLACEMENT, layouts, lacking, *read_displacement(given, rounds))


def layout_of(table: Table) -> tuple[str, str]:
    """Tell whether a file is of events or of displacement, and name its layout.

    Raises
    ------
    Unknown
        for a layout that nobody knows: what is known, what is missing where the file comes near, and its columns.
    """
    from mali_stats.schema import DISPLACEMENT as FIGURES
    from mali_stats.schema import EVENTS as COLUMNS
    from mali_stats.schema import FAMILIES
    from mali_stats.sources import acled, dtm, hapi, idmc, ucdp, unhcr

    own = {column.strip().casefold() for column in table.columns}
    for what, columns in ((EVENTS, set(COLUMNS) - set(FAMILIES)), (DISPLACEMENT, set(FIGURES))):
        if columns <= own:
            return what, SAVED
    near = []
    for what, publishers in ((EVENTS, (ucdp, acled)), (DISPLACEMENT, (unhcr, idmc, dtm, hapi))):
        for publisher in publishers:
            layout, missing = publisher.recognise(table)
            if layout is not None:
                return what, f"UCDP GED, {layout.name}" if publisher is ucdp else layout.name
            half = len(getattr(publisher, "REQUIRED", ())) // 2 or 1
            near += [f"It comes near to {publisher.LAYOUTS}, without {', '.join(missing)}."] * (len(missing) <= half)
    raise Unknown(_unknown(table, near))


def _unknown(table: Table, near: list[str]) -> str:
    from mali_stats.sources import acled, dtm, hapi, idmc, ucdp, unhcr

    known = "\n".join(f"  {publisher.LAYOUTS}" for publisher in (ucdp, acled, unhcr, idmc, dtm, hapi))
    shown = ", ".join(table.columns[:12]) + (", ..." if len(table.columns) > 12 else "")
    said = [f"{table.name} is none of the files that are known.", *near, f"Its columns: {shown}"]
    if {"coo", "coa"} <= {column.casefold() for column in table.columns}:
        said.append("UNHCR's own letters of countries are no ISO codes: ask its API with cf_type=ISO.")
    return "\n".join([*said, "Known are tables saved by mali_stats, and files of:", known])
