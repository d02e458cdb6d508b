"""What is different in a table, so that each is judged once, and what is not and should be."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc


def different(columns: list) -> tuple[np.ndarray, np.ndarray]:
    """Where each different combination of values stands first, and which of them every row is: to judge each once.

    Examples
    --------
    >>> different([pd.Series(["a", "b", "a", None]), pd.Series([1, 1, 1, 1])])
    (array([0, 1, 3]), array([0, 1, 0, 2]))
    """
    code = np.zeros(len(columns[0]), dtype=np.int64)
    for column in columns:
        own, values = pd.factorize(column)
        code = pd.factorize(code * (len(values) + 1) + own + 1)[0].astype(np.int64)
    which = pd.factorize(code)[0]
    first = np.empty(which.max(initial=-1) + 1, dtype=np.int64)
    first[which[::-1]] = np.arange(len(which))[::-1]  # what stands first is written last
    return first, which


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
    >>> plain_numbers(pa.array(["7", "12"])), plain_numbers(pa.array(["7", "012"])), plain_numbers(pa.array(["7", None]))
    (array([ 7, 12]), None, None)
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


def as_numbers(ids: pd.api.extensions.ExtensionArray) -> np.ndarray | None:
    """Ids as numbers; None where one is none."""
    try:
        return np.asarray(pc.cast(pa.array(ids, pa.large_string()), pa.int64()))
    except pa.ArrowInvalid:
        return None
