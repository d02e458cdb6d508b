"""A large file of published events, cleaned piece by piece while the next piece is still being parsed.

The rows are judged one by one, so that pieces give what the whole gives, in half the time where there are two cores,
and without ever holding the file itself.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import pandas as pd

from mali_stats.clean import event_steps as steps
from mali_stats.clean import publications
from mali_stats.clean.places import Gazetteer
from mali_stats.clean.publications import Form, Part
from mali_stats.sources.streams import open_stream

#: bytes of a file (also a packed one) from which on it is read in pieces, and the rows of a piece
LARGE, ROWS = 1 << 22, 100_000
T = TypeVar("T")


def cleaned(path: Path, own: Gazetteer | None, account: steps.Account) -> tuple[Form, list[pd.DataFrame]] | None:
    """The form of a large file and the pieces of its events, or None where it has to be read whole.

    A fault is left to the reading of the whole, which tells all its places and not only those of one piece.
    """
    if not os.path.isfile(path) or path.stat().st_size < LARGE:  # also of a name too long to be one
        return None
    try:
        stream = open_stream(path)
        form = publications.form_of(stream.table)
        if form.publisher is None:
            return None
        own_account, events = steps.Account(), []
        for raw in ahead(stream.frames(form.columns, ROWS)):
            part = Part(form, publications.without_tags(form, raw))
            piece = steps.Account()
            events.append(steps.cleaned(part, own, piece))
            own_account += piece
    except ValueError:
        return None
    account.ledger, account.tally = account.ledger + own_account.ledger, account.tally + own_account.tally
    return form, events


def ahead(items: Iterator[T]) -> Iterator[T]:
    """Each item, while a thread makes the next one.

    Examples
    --------
    >>> list(ahead(iter("abc")))
    ['a', 'b', 'c']
    """
    with ThreadPoolExecutor(1) as worker:
        coming = worker.submit(next, items, None)
        while (item := coming.result()) is not None:
            coming = worker.submit(next, items, None)
            yield item
