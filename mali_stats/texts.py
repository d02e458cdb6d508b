"""Texts of a table in the holders that they come in: as categories, as Arrow's bytes, as numbers."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pandas.api.extensions import ExtensionArray


def is_coded(values: pd.Series | ExtensionArray) -> bool:
    """Whether these are texts held as categories: those of levels are ordered."""
    return isinstance(values.dtype, pd.CategoricalDtype) and not values.dtype.ordered


def texts_of(column: pd.Series | ExtensionArray) -> ExtensionArray:
    """The texts of a column that may hold them as categories."""
    values = column.array if isinstance(column, pd.Series) else column
    if not isinstance(values, pd.Categorical):
        return values
    return values.categories.astype("str").array.take(values.codes, allow_fill=True)


def texts_of_all(columns: dict[str, ExtensionArray]) -> dict[str, ExtensionArray]:
    """The columns, those that hold texts as categories as texts: made on all cores, which Arrow can."""
    with ThreadPoolExecutor(pa.cpu_count()) as workers:
        made = {name: workers.submit(texts_of, values) for name, values in columns.items() if is_coded(values)}
        return {name: made[name].result() if name in made else values for name, values in columns.items()}


def arrow(texts) -> pa.Array:
    """Texts of any holder in one piece."""
    held = texts if isinstance(texts, pa.ChunkedArray) else pa.array(texts, pa.large_string())
    if not isinstance(held, pa.ChunkedArray):
        return held
    return held.chunk(0) if held.num_chunks == 1 else held.combine_chunks()


def signs(texts: pa.Array) -> tuple[np.ndarray, np.ndarray]:
    """The bytes of all texts, one after the other, and behind how many of these each text starts (the last: all).

    Examples
    --------
    >>> [part.tolist() for part in signs(pa.array(["ab", "", "c"], pa.large_string()))]
    [[97, 98, 99], [0, 2, 2, 3]]
    """
    _, offsets, data = texts.buffers()
    starts = np.frombuffer(offsets, dtype=np.int64)[texts.offset : texts.offset + len(texts) + 1]
    every = np.frombuffer(data or b"", dtype=np.uint8)[starts[0] : starts[-1]]
    return every, starts - starts[0]


def plain_numbers(texts: pa.Array | pa.ChunkedArray) -> np.ndarray | None:
    """Texts that are all whole numbers from 0 up, written without a sign, a space or a zero before them, as such.

    None where one is not. Below 10^9 whatever else a cast takes (``007``, ``0x1F``) is longer than the number's digits.

    Examples
    --------
    >>> plain_numbers(pa.array(["7", "12"])).tolist(), plain_numbers(pa.array(["7", "012"]))
    ([7, 12], None)
    """
    if texts.null_count or not len(texts) or (numbers := _cast(texts, pa.int32())) is None:
        return None
    if numbers.min() < 0 or (most := numbers.max()) >= 10**9:
        return None
    digits = len(numbers) + sum(int((numbers >= 10**i).sum()) for i in range(1, len(str(most))))
    return numbers if pc.sum(pc.binary_length(texts)).as_py() == digits else None


def as_numbers(ids: ExtensionArray) -> np.ndarray | None:
    """Ids as numbers; None where one is none."""
    return _cast(arrow(ids), pa.int64())


def _cast(texts: pa.Array | pa.ChunkedArray, kind: pa.DataType) -> np.ndarray | None:
    try:
        pc.cast(texts.slice(0, 100), kind)  # of many that are none, Arrow would word a message each
        return np.asarray(pc.cast(texts, kind))
    except pa.ArrowInvalid:
        return None
