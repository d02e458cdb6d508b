"""Files larger than memory: ``read_events(path, chunks=N)``, N rows at a time.

Every chunk is cleaned as if it were the whole file. What only all rows together can tell is not guessed: an event
whose id comes back in a later chunk would be counted twice, so it is refused. For that the hashes of all ids are kept,
8 bytes an event; nothing else grows with the file.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from numbers import Integral

import numpy as np
import pandas as pd

from mali_stats.clean import event_steps as steps
from mali_stats.clean import publications
from mali_stats.clean.places import Gazetteer
from mali_stats.clean.publications import Form, Part
from mali_stats.ledger import Ledger
from mali_stats.sources import acled
from mali_stats.sources.files import listed
from mali_stats.sources.streams import Stream, open_stream

Chunk = tuple[pd.DataFrame, Ledger]
_SHELVES = 256  # the hashes are kept by their first byte, so that adding some needs little room of its own


def read_chunks(path, code: str | None, own: Gazetteer | None, rows: int) -> Iterator[Chunk]:
    """The events and the ledger of every ``rows`` rows; files and arguments are looked at at once.

    Raises
    ------
    TypeError, ValueError
        for anything but a whole number of 1 or more, and as ``read_events`` does.
    """
    if isinstance(rows, bool) or not isinstance(rows, Integral):
        raise TypeError(f"read_events: chunks={rows!r}; give how many rows at a time, a whole number such as 100_000.")
    if rows < 1:
        raise ValueError(f"read_events: chunks={rows!r}; a chunk has 1 row or more (say 100_000).")
    streams = [open_stream(one) for one in listed(path)]
    forms = [publications.form_of(stream.table) for stream in streams]
    publications.one_publisher(forms)
    return _chunks(list(zip(streams, forms, strict=True)), code, own, int(rows))


def _chunks(files: list[tuple[Stream, Form]], code: str | None, own: Gazetteer | None, rows: int) -> Iterator[Chunk]:
    seen, countries, number = _Seen(), Counter(), 0
    for stream, form in files:
        for raw in stream.frames(form.columns, rows):
            number += 1
            part = Part(form, publications.without_tags(form, raw))
            account = steps.Account()
            events = steps.cleaned(part, own, account) if form.publisher else publications.retyped(part)
            again = events["event_id"][seen.add(events["event_id"])]
            if len(again) and (earlier := _chunks_of(set(again), files, rows, number)):
                raise ValueError(_twice(earlier, number, form))
            yield _finished(part, events, code, account, rows)
            countries.update(account.tally)
    steps.refuse_absent(code, steps.Account(tally=countries))


def _finished(part: Part, events: pd.DataFrame, code: str | None, account: steps.Account, rows: int) -> Chunk:
    """What is left to do for the events of one chunk, which nothing but the chunk itself tells."""
    publisher = part.form.publisher
    if publisher is None:
        return steps.saved(part, events, code, account), steps.closed(account, None)
    events = steps.one_row_each(events, publisher, part.form.table.name, account)
    events = steps.with_families(steps.of_country(events, code, account), account)
    events = steps.flagged(events, publisher, account)
    ledger = steps.closed(account, publisher)
    ledger.notes.append(
        f"Read {rows:,} rows at a time: possible duplicates and newer versions of an event were looked for among "
        "the rows of one chunk only."
    )
    return events, ledger


# ---- events that come back ---------------------------------------------------------------------------------


@dataclass
class _Seen:
    """The 64-bit hashes of the ids of all chunks so far."""

    shelves: list[np.ndarray] = field(default_factory=lambda: [np.empty(0, np.uint64) for _ in range(_SHELVES)])

    def add(self, ids: pd.Series) -> np.ndarray:
        """Keep the hashes of a chunk's ids; which of its rows have one that an earlier chunk had."""
        hashes = steps.hashed(ids)
        first = (hashes >> np.uint64(56)).astype(np.uint8)
        again = np.zeros(len(ids), dtype=bool)
        for shelf in np.unique(first):
            here = np.flatnonzero(first == shelf)
            held, new = self.shelves[shelf], hashes[here]
            again[here] = _among(new, held)
            self.shelves[shelf] = np.sort(np.concatenate([held, np.unique(new)]), kind="stable")
        return again


def _among(values: np.ndarray, held: np.ndarray) -> np.ndarray:
    """Which values are among sorted ones."""
    at = np.searchsorted(held, values)
    return (at < len(held)) & (held[np.minimum(at, len(held) - 1)] == values) if len(held) else at < 0


def _chunks_of(ids: set[str], files: list[tuple[Stream, Form]], rows: int, until: int) -> dict[str, int]:
    """In which chunk before ``until`` each of the ids stood first; none where two ids only share a hash."""
    found: dict[str, int] = {}
    number = 0
    for stream, form in files:
        published, ours = next((p, o) for p, o in form.columns.items() if o == steps.id_column(form.publisher))
        for raw in stream.frames({published: ours}, rows):
            number += 1
            if number == until:
                return found
            here = ids.intersection(steps.ids_of(raw[ours], form.publisher).dropna())
            found = {event: number for event in here} | found
    return found


def _twice(earlier: dict[str, int], number: int, form: Form) -> str:
    shown = ", ".join(f"{event} (chunks {earlier[event]} and {number})" for event in sorted(earlier)[:10])
    more = f" and {len(earlier) - 10:,} more" if len(earlier) > 10 else ""
    monadic = (
        " A monadic export, which repeats every event once an actor, looks like this too: export it as dyadic."
        if form.publisher is acled
        else ""
    )
    return (
        f"{form.table.name}: {len(earlier):,} event ids of chunk {number} stood in an earlier chunk: {shown}{more}. "
        "They would be counted twice, and which row is newer, or a mere copy, only all rows together tell. Read the "
        f"file whole (without chunks), or with Dask, which compares all rows.{monadic}"
    )
