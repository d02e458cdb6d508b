"""A large CSV of published events, parsed on all cores and held as the numbers of its different texts.

A column of 386,000 texts has a few hundred different ones: each is judged once, and the rows are put in order before
any text is copied. What comes out is what :mod:`mali_stats.clean.events` makes of the same file read plainly.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pandas.api.extensions import ExtensionArray

from mali_stats.clean import between_rows, publications
from mali_stats.clean import event_steps as steps
from mali_stats.clean.places import Gazetteer
from mali_stats.clean.publications import Form, Part
from mali_stats.clean.values import PLAIN_DAY, PLAIN_NUMBER, cast
from mali_stats.sources import files
from mali_stats.sources.streams import open_stream
from mali_stats.texts import plain_numbers

#: bytes of a file (also a packed one) from which on it is read so
LARGE = 1 << 22
_NEAR = 1 << 20  # numbers no farther from each other are looked up instead of compared
_DEGREES = ("latitude", "longitude")
#: bytes: glibc keeps the pages of freed arrays for the next ones up to the size of the largest that was ever freed (at
#: most this), and new pages cost more time than most steps that fill them; so one is made and freed, of no pages yet
_KEPT = (1 << 25) - (1 << 13)
_SPELL = 1_000  # rows


def cleaned(path: Path, own: Gazetteer | None, account: steps.Account) -> tuple[Form, pd.DataFrame] | None:
    """The form of a large CSV and its events, or None where it has to be read plainly.

    A fault is left to that reading, which counts the rows of the file and tells its places.
    """
    if not os.path.isfile(path) or path.stat().st_size < LARGE:  # also of a name too long to be one
        return None
    own_account = steps.Account()
    np.empty(_KEPT, dtype=np.uint8)
    try:
        stream = open_stream(path)
        form = publications.form_of(stream.table)
        if form.publisher is None or stream.whole is None:
            return None
        raw = _coded(stream.whole(list(form.columns)), form.columns)
        events = steps.cleaned(Part(form, raw), own, own_account, keep_coded=True)
    except (ValueError, *files.DAMAGED_ZIP):
        return None
    account.ledger, account.tally = account.ledger + own_account.ledger, account.tally + own_account.tally
    return form, events


def _coded(table: pa.Table, names: dict[str, str]) -> pd.DataFrame:
    """Columns of text under their new names and in order, those of few different texts as categories."""
    columns = {new: table.column(old) for old, new in names.items()}
    del table
    with ThreadPoolExecutor(pa.cpu_count()) as workers:
        held = {name: workers.submit(_column, name, columns.pop(name)) for name in _sort_keys_first(columns)}
        order = _order(*(held[name].result() for name in list(held)[:2]))
        moved = workers.map(lambda name: pd.Series(held.pop(name).result()[order]), names.values())
        return pd.DataFrame(dict(zip(names.values(), moved, strict=True)), copy=False)


def _sort_keys_first(names: Iterable[str]) -> list[str]:
    return sorted(names, key=lambda name: ("id", "event_id", "date_start", name).index(name))


def _order(ids: ExtensionArray, days: ExtensionArray) -> np.ndarray | slice:
    """The order of day and id where all are written plainly, so that the events need not be moved later."""
    if not isinstance(days, pd.Categorical) or isinstance(ids, pd.Categorical) or (days.codes < 0).any():
        return slice(None)
    if (values := cast(days.categories, PLAIN_DAY, "date")) is None:
        return slice(None)
    return between_rows.by_day_and_id(ids, values.to_numpy().astype("datetime64[D]")[days.codes])


def _column(name: str, texts: pa.ChunkedArray) -> ExtensionArray:
    if name in _DEGREES and (values := cast(texts, PLAIN_NUMBER, "number")) is not None:
        return values
    if (coded := _few_numbers(texts)) is None:
        if _mostly_different(texts):
            return _texts(texts)
        coded = _numbered(texts)
    return pd.Categorical.from_codes(coded[0], pd.Index(_texts(coded[1])), validate=False)


def _mostly_different(texts: pa.ChunkedArray) -> bool:
    """Whether more than nine in ten of some rows are, so that numbers would not help; told by a few spells of rows."""
    some = [texts.slice(start, _SPELL) for start in range(0, len(texts), max(len(texts) // 5, _SPELL))]
    return sum(len(spell.unique()) for spell in some) > 0.9 * sum(map(len, some))


def _few_numbers(texts: pa.ChunkedArray) -> tuple[np.ndarray, pa.Array] | None:
    """The same as `_numbered` for whole numbers near each other, which need not be compared as texts."""
    numbers = plain_numbers(texts)
    if numbers is None or (span := numbers.max() - (least := numbers.min()) + 1) > _NEAR:
        return None
    seen = np.zeros(span, dtype=bool)
    seen[numbers - least] = True
    found = np.flatnonzero(seen)
    if len(found) > len(numbers) / 2:
        return None
    codes = np.empty(span, dtype=np.min_scalar_type(-len(found)))
    codes[found] = np.arange(len(found))
    return codes[numbers - least], pc.cast(pa.array(found + least), pa.string())


def _numbered(texts: pa.ChunkedArray) -> tuple[np.ndarray, pa.Array]:
    """Which of the different texts each is (-1: none), and these."""
    coded = texts.dictionary_encode(null_encoding="mask").combine_chunks()
    codes = np.asarray(coded.indices.fill_null(-1) if coded.null_count else coded.indices)
    return codes.astype(np.min_scalar_type(-max(len(coded.dictionary), 1))), coded.dictionary


def _texts(texts: pa.Array | pa.ChunkedArray) -> ExtensionArray:
    held = texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts
    held.validate(full=True)  # whether they are UTF-8
    return files.as_frame(pa.table({"": held.cast(pa.large_string())}))[""].array
