"""Events as published to the events table: ``read_events``.

Rules about single rows come first (``ucdp_rows``, ``acled_rows``), then rules between rows (``between_rows``). Odd rows
are flagged in ``issues`` and counted in the ledger, never mended; what cannot stand in the table at all raises.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, overload

import pandas as pd

from mali_stats.clean import event_steps as steps
from mali_stats.clean import large, publications
from mali_stats.clean.chunks import read_chunks
from mali_stats.clean.places import Gazetteer
from mali_stats.ledger import Ledger
from mali_stats.schema import as_texts, is_dask
from mali_stats.sources import files

if TYPE_CHECKING:
    import dask.dataframe as dd

    Paths = str | os.PathLike[str] | Sequence[str | os.PathLike[str]]


@overload
def read_events(
    path: dd.DataFrame, country: str | Path | None = None, *, chunks: None = None
) -> tuple[dd.DataFrame, Ledger]: ...
@overload
def read_events(
    path: Paths, country: str | Path | None = None, *, chunks: None = None
) -> tuple[pd.DataFrame, Ledger]: ...
@overload
def read_events(
    path: Paths, country: str | Path | None = None, *, chunks: int
) -> Iterator[tuple[pd.DataFrame, Ledger]]: ...
def read_events(
    path: Paths | dd.DataFrame, country: str | Path | None = None, *, chunks: int | None = None
) -> tuple[pd.DataFrame | dd.DataFrame, Ledger] | Iterator[tuple[pd.DataFrame, Ledger]]:
    """Read and clean one publication of events, with an account of every row and every death.

    Parameters
    ----------
    path : str, Path, list of them, or dask.dataframe.DataFrame
        a file (csv, gz, zip, json, geojson, parquet) of UCDP's events or of ACLED's (your own export: ACLED's rows
        may not be passed on); its layout is told by its content. A list is read as parts or releases of one
        publication: where an event stands in several, the newest version is kept. A Dask DataFrame holds the
        publisher's columns, best all as text: ``dask.dataframe.read_csv(files, dtype=str, keep_default_na=False)``.
    country : str or Path, optional
        ISO3 code of the country to keep, or a folder of seed tables named by the code, for a country that
        ``seeds/places`` does not know. By default every country in the file is kept; P-codes are given only
        where seed tables know the country.
    chunks : int, optional
        for files larger than memory (csv, gz, zip, parquet): so many rows at a time, each with a ledger of its own;
        ``sum(ledgers, Ledger())`` adds them up. Possible duplicates and newer versions are looked for inside a
        chunk only, which its ledger notes.

    Returns
    -------
    events : pandas.DataFrame
        the events table of :mod:`mali_stats.schema`, one row per event, ordered by day and id. Counts are
        people killed, nullable integers (missing is not zero); dates are days; coordinates are degrees.
        ``family_a`` and ``family_b`` are the sides' families of ``seeds/families.csv``, never missing; ``issues``
        lists what is odd about a row. ACLED's events have one count (low and high are missing), an event type and a
        derived type of violence; their sides are the actor and the associates, divided by "; "; ``source_version`` is
        when the row was last changed; further columns follow: side_a_kind, side_b_kind, civilian_targeting, sources,
        tags (lists divided by "; ").
    ledger : Ledger
        rows and deaths in = kept + dropped, by reason.

    With ``chunks`` these come in pairs from an iterator, in the order of the file. Of a Dask DataFrame ``events`` is
    one too (partitions by country and day, each ordered by day and id); only the ledger is computed.

    Raises
    ------
    FileNotFoundError, IsADirectoryError
        with what to give instead.
    ValueError
        for a file of no known layout (listing what was missing for each), a damaged file, or values that
        cannot stand in the table (listing at most ten: file, row, column, what was got and is accepted). Rows
        are counted with the header as row 1, and without blank lines. For a monadic ACLED export, which repeats
        every event once an actor, and for a list of files of two publishers. With ``chunks``: for JSON and Excel files,
        and for an event whose id comes back in a later chunk (it would be counted twice). Of a Dask DataFrame
        places are told by partition and row, and numbers where the publisher has words are refused.
    TypeError
        for a path, country or number of rows that is none.

    Examples
    --------
    >>> events, ledger = read_events("notebooks/made_up_rows.csv", country="MLI")
    >>> events[["event_id", "admin1_name", "deaths_best"]].tail(2)
      event_id admin1_name  deaths_best
    6  9000007         Gao            5
    7  9000008         Gao            5
    >>> ledger.tidy()[["reason", "kind", "rows", "best"]].head(2)
                                      reason     kind  rows  best
    0  rows in made_up_rows.csv (web export)       in     8    39
    1                               low>best  flagged     1     2
    >>> [len(part) for part, account in read_events("notebooks/made_up_rows.csv", chunks=3)]
    [3, 3, 2]
    """
    code, own = publications.country_of(country)
    if is_dask(path):
        from mali_stats.clean.dask_events import read_dask

        if chunks is not None:
            raise ValueError("read_events: a Dask DataFrame has its own partitions; leave chunks out.")
        return read_dask(path, code, own)
    if chunks is not None:
        return read_chunks(path, code, own, chunks)
    with _uncollected():
        return _whole(path, code, own)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Without the collector of cycles, which would look at everything that was ever imported again and again."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _whole(path: Paths, code: str | None, own: Gazetteer | None) -> tuple[pd.DataFrame, Ledger]:
    if isinstance(path, str | Path) and (found := large.cleaned(Path(path), own, account := steps.Account())):
        form, events = found
        return _between([events], form.publisher, form.table.name, code, account)
    tables = files.open_tables(path)
    parts = [publications.read(table) for table in tables]
    publisher = publications.one_publisher([part.form for part in parts])
    account = steps.Account()
    account.ledger.notes += [note for table in tables for note in table.notes] + files.short_pages(tables)
    if publisher is None:
        events = steps.saved(parts[0], publications.retyped(parts[0]), code, account)
        steps.refuse_absent(code, account)
        return events, steps.closed(account, publisher)
    cleaned = [steps.cleaned(parts.pop(0), own, account) for _ in tables]
    return _between(cleaned, publisher, tables[0].name, code, account)


def _between(cleaned: list[pd.DataFrame], publisher, name: str, code: str | None, account: steps.Account):
    """What is left to do once every row has been judged by itself; the list is emptied, for the memory it holds."""
    events = cleaned[0] if len(cleaned) == 1 else pd.concat(cleaned, ignore_index=True)
    cleaned.clear()
    # The newest version first: it may have moved an event to another country.
    events = steps.one_row_each(events, publisher, name, account)
    events = steps.of_country(events, code, account)
    steps.refuse_absent(code, account)
    events = steps.with_families(events, account)  # by this name, so that no other holds the columns
    events = as_texts(steps.flagged(events, publisher, account))
    return events, steps.closed(account, publisher)
