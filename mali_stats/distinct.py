"""What is different in a table, so that each is judged once, and what is not and should be."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pandas.api.extensions import ExtensionArray


def different(columns: list) -> tuple[np.ndarray, np.ndarray]:
    """Where each different combination of values stands first, and which of them every row is: to judge each once.

    Examples
    --------
    >>> different([pd.Series(["a", "b", "a", None]), pd.Series([1, 1, 1, 1])])
    (array([0, 1, 3]), array([0, 1, 0, 2]))
    """
    code, size = np.zeros(len(columns[0]), dtype=np.int64), 1
    for column in columns:
        own, values = numbered(column)
        if size * (len(values) + 1) >= 1 << 62:
            code, found = pd.factorize(code)
            size = len(found)
        code = code * (len(values) + 1) + own.astype(np.int64) + 1
        size *= len(values) + 1
    which = pd.factorize(code)[0]
    first = np.empty(which.max(initial=-1) + 1, dtype=np.int64)
    first[which[::-1]] = np.arange(len(which))[::-1]  # what stands first is written last
    return first, which


def numbered(column) -> tuple[np.ndarray, pd.Index | np.ndarray]:
    """Which of the different values of a column each is (-1: none), and these; categories are told by their numbers."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        held = pd.Categorical(column)
        return held.codes, held.categories
    return pd.factorize(column)


def coded(values: Iterable[str | None], codes: np.ndarray) -> pd.Categorical:
    """The values at ``codes`` (-1: none) as categories; a value may stand in several places.

    Examples
    --------
    >>> coded(["a", "b", "a", None], np.array([2, 1, 0, 3, -1])).tolist()
    ['a', 'b', 'a', nan, nan]
    """
    own, texts = pd.factorize(np.array([*values, None], dtype=object))
    own = own.astype(np.min_scalar_type(-max(len(texts), 1)))
    return pd.Categorical.from_codes(own[codes], pd.Index(texts, dtype="str"), validate=False)


def constant(text: str | None, rows: pd.DataFrame) -> pd.Series:
    """One text (or none) beside all rows, as categories."""
    return pd.Series(coded([text], np.zeros(len(rows), dtype=np.int8)), index=rows.index)


def texts_of(column: pd.Series | ExtensionArray) -> ExtensionArray:
    """The texts of a column that may hold them as categories."""
    values = column.array if isinstance(column, pd.Series) else column
    if not isinstance(values, pd.Categorical):
        return values
    return values.categories.astype("str").array.take(values.codes, allow_fill=True)


def is_coded(values: pd.Series | ExtensionArray) -> bool:
    """Whether these are texts held as categories: those of levels are ordered."""
    return isinstance(values.dtype, pd.CategoricalDtype) and not values.dtype.ordered


def texts_of_all(columns: dict[str, ExtensionArray]) -> dict[str, ExtensionArray]:
    """The columns, those that hold texts as categories as texts: made on all cores, which Arrow can."""
    with ThreadPoolExecutor(pa.cpu_count()) as workers:
        made = {name: workers.submit(texts_of, values) for name, values in columns.items() if is_coded(values)}
        return {name: made[name].result() if name in made else values for name, values in columns.items()}


def arrow(texts) -> pa.Array:
    """Texts of any holder in one piece."""
    held = texts if isinstance(texts, pa.ChunkedArray) else pa.array(texts, pa.large_string())
    return held.combine_chunks() if isinstance(held, pa.ChunkedArray) else held


def repeated(ids: pd.Series) -> pd.Series:
    """Which ids stand in several rows; numbers are compared as such first, which takes a sixth of the time."""
    numbers = as_numbers(ids.array)
    if numbers is not None and not pd.Series(numbers).duplicated().any():
        return pd.Series(False, index=ids.index)
    return ids.duplicated(keep=False)


def plain_numbers(texts: pa.Array | pa.ChunkedArray) -> np.ndarray | None:
    """Texts that are all whole numbers from 0 up, written without a sign, a space or a zero before them, as such.

    None where one is not. Below 10^9 whatever else a cast takes (``007``, ``0x1F``) is longer than the number's digits.

    Examples
    --------
    >>> plain_numbers(pa.array(["7", "12"])).tolist(), plain_numbers(pa.array(["7", "012"]))
    ([7, 12], None)
    """
    if texts.null_count or not len(texts):
        return None
    try:
        numbers = np.asarray(pc.cast(texts, pa.int32()))
    except pa.ArrowInvalid:
        return None
    if numbers.min() < 0 or (most := numbers.max()) >= 10**9:
        return None
    digits = len(numbers) + sum(int((numbers >= 10**i).sum()) for i in range(1, len(str(most))))
    return numbers if pc.sum(pc.binary_length(texts)).as_py() == digits else None


def as_numbers(ids: ExtensionArray) -> np.ndarray | None:
    """Ids as numbers; None where one is none."""
    try:
        return np.asarray(pc.cast(arrow(ids), pa.int64()))
    except pa.ArrowInvalid:
        return None
