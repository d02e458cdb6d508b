"""What is different in a table, so that each is judged once, and what is not and should be."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from pandas.api.extensions import ExtensionArray

from mali_stats.texts import as_numbers


def different(columns: list) -> tuple[np.ndarray, np.ndarray]:
    """Where each different combination of values stands first, and which of them every row is: to judge each once.

    Examples
    --------
    >>> different([pd.Series(["a", "b", "a", None]), pd.Series([1, 1, 1, 1])])
    (array([0, 1, 3]), array([0, 1, 0, 2]))
    """
    code, size = np.zeros(len(columns[0]), dtype=np.int64), 1
    for column in columns:
        own, most = _codes(column)
        if size * (most + 1) >= 1 << 62:
            code, found = pd.factorize(code)
            size = len(found)
        code *= most + 1
        code += own
        code += 1
        size *= most + 1
    which, found = _looked_up(code, size) if size <= len(code) else pd.factorize(code)
    first = np.empty(len(found), dtype=np.int64)
    first[which[::-1]] = np.arange(len(which))[::-1]  # what stands first is written last
    return first, which


def _codes(column) -> tuple[np.ndarray, int]:
    """A number below so many for each different value (-1: none); those of whole numbers near each other are theirs."""
    if column.dtype.kind in "iub" and isinstance(column.dtype, np.dtype) and len(column):
        values = np.asarray(column).astype(np.int64, copy=False)
        least, most = int(values.min()), int(values.max())
        if most - least < len(values):
            return values - least, most - least + 1
    own, different = numbered(column)
    return own, len(different)


def _looked_up(code: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """As ``pandas.factorize``, of numbers below ``size``, which need not be compared then."""
    first = np.full(size, len(code))
    first[code[::-1]] = np.arange(len(code))[::-1]
    found = np.argsort(first)[: np.count_nonzero(first < len(code))]
    number = np.empty(size, dtype=np.int64)
    number[found] = np.arange(len(found))
    return number.take(code), found


def by_day(days: pd.Series, found: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """``found`` of each day, asked once for every day between the first and the last where many events share one.

    Examples
    --------
    >>> by_day(pd.Series(pd.to_datetime(["2012-01-17", "2013-03-21"])), lambda days: days.astype("datetime64[Y]"))
    array(['2012', '2013'], dtype='datetime64[Y]')
    """
    day = days.to_numpy("datetime64[D]")
    if not len(day) or not (span := day.max() - (first := day.min())) < np.timedelta64(len(day), "D"):
        return found(day)  # few of very different days, or one is missing
    return found(first + np.arange(span.astype(int) + 1)).take((day - first).astype(np.int64))


def numbered(column) -> tuple[np.ndarray, pd.Index | np.ndarray]:
    """Which of the different values of a column each is (-1: none), and these; categories are told by their numbers."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        held: Any = column.array if isinstance(column, pd.Series) else column
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
    codes, texts = np.full(len(rows), -1 if text is None else 0, dtype=np.int8), [] if text is None else [text]
    return pd.Series(pd.Categorical.from_codes(codes, pd.Index(texts, dtype="str")), index=rows.index)


def coded_all(columns: dict[str, ExtensionArray]) -> dict[str, pd.Categorical]:
    """Texts as categories, told apart on all cores."""

    def one(values: ExtensionArray) -> pd.Categorical:
        codes, texts = pd.factorize(pd.Series(values, copy=False))
        return pd.Categorical.from_codes(codes, texts, validate=False)

    with ThreadPoolExecutor(pa.cpu_count()) as workers:
        return dict(zip(columns, workers.map(one, columns.values()), strict=True))


def repeated(ids: pd.Series) -> pd.Series:
    """Which ids stand in several rows; numbers are counted as such first, which takes a tenth of the time."""
    numbers = as_numbers(ids.array)
    if numbers is not None and numbers.dtype == np.int64 and not _twice(numbers):  # (not so where an id is missing)
        return pd.Series(False, index=ids.index)
    return ids.duplicated(keep=False)


def _twice(numbers: np.ndarray) -> bool:
    if not len(numbers):
        return False
    least, most = int(numbers.min()), int(numbers.max())
    if most - least < 4 * len(numbers):
        return bool(np.bincount(numbers - least).max() > 1)
    return bool(pd.Series(numbers).duplicated().any())
