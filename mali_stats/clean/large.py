"""A large CSV of published events, parsed on all cores and held as the numbers of its different texts.

A column of 386,000 texts has a few hundred different ones: each is judged once, and the rows are put in order before
any text is copied. What comes out is what :mod:`mali_stats.clean.events` makes of the same file read plainly.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from mali_stats.clean import between_rows, publications
from mali_stats.clean import event_steps as steps
from mali_stats.clean.places import Gazetteer
from mali_stats.clean.publications import Form, Part
from mali_stats.clean.values import PLAIN_DAY, cast
from mali_stats.sources import files
from mali_stats.sources.streams import open_stream

#: bytes of a file (also a packed one) from which on it is read so
LARGE = 1 << 22
_SAMPLE = 5_000  # rows that tell whether most texts of a column are different, so that numbers would not help


def cleaned(path: Path, own: Gazetteer | None, account: steps.Account) -> tuple[Form, pd.DataFrame] | None:
    """The form of a large CSV and its events, or None where it has to be read plainly.

    A fault is left to that reading, which counts the rows of the file and tells its places.
    """
    if not os.path.isfile(path) or path.stat().st_size < LARGE:  # also of a name too long to be one
        return None
    own_account = steps.Account()
    try:
        stream = open_stream(path)
        form = publications.form_of(stream.table)
        if form.publisher is None or stream.whole is None:
            return None
        raw = _coded(stream.whole(list(form.columns)), form.columns)
        events = steps.cleaned(Part(form, raw), own, own_account)
    except (ValueError, *files.DAMAGED_ZIP):
        return None
    account.ledger, account.tally = account.ledger + own_account.ledger, account.tally + own_account.tally
    return form, events


def _coded(table: pa.Table, names: dict[str, str]) -> pd.DataFrame:
    """Columns of text under their new names and in order, those of few different texts as categories."""
    columns = {new: table.column(old) for old, new in names.items()}
    del table
    order = _order(*(columns[name] for name in ("id" if "id" in columns else "event_id", "date_start")))
    with ThreadPoolExecutor() as workers:
        held = list(workers.map(lambda name: _column(columns.pop(name), order), list(columns)))
    return pd.DataFrame(dict(zip(names.values(), held, strict=True)), copy=False)


def _order(ids: pa.ChunkedArray, days: pa.ChunkedArray) -> np.ndarray | slice:
    """The order of day and id where all are written plainly, so that the events need not be moved later."""
    values = cast(days.combine_chunks(), PLAIN_DAY, "date")
    if values is None:
        return slice(None)
    return between_rows.by_day_and_id(pd.DataFrame({"event_id": _texts(ids.combine_chunks()), "date_start": values}))


def _column(texts: pa.ChunkedArray, order: np.ndarray | slice) -> pd.Series:
    some = np.unique(np.linspace(0, len(texts) - 1, min(_SAMPLE, len(texts)), dtype=np.int64))
    if len(texts.take(pa.array(some)).unique()) > 0.9 * len(some):
        return pd.Series(_texts(texts.combine_chunks())[order])
    numbers = texts.dictionary_encode(null_encoding="mask").combine_chunks()
    codes = np.asarray(numbers.indices.fill_null(-1), dtype=np.int32)[order]
    return pd.Series(pd.Categorical.from_codes(codes, pd.Index(_texts(numbers.dictionary)), validate=False))


def _texts(texts: pa.Array) -> pd.api.extensions.ExtensionArray:
    return files.as_frame(pa.table({"": texts}))[""].array
