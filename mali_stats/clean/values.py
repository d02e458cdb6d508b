"""Text as published to values: every text that cannot be one is told with file, row and column."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date

import numpy as np
import pandas as pd

from mali_stats.clean.places import tidy_text
from mali_stats.sources.files import Table

FIRST_DAY = date(1946, 1, 1)


class Values:
    """Turn columns of text into values; every value that cannot be turned is remembered with its place."""

    def __init__(self, table: Table, raw: pd.DataFrame, published: dict[str, str]) -> None:
        """Start with the text of a table and the names under which its columns were published."""
        self.table, self.raw, self.published = table, raw, published
        self.problems: list[tuple[int, str, str, str]] = []

    def turn(self, column: str, parse: Callable[[str], object], accepted: str, empty: bool = True) -> pd.Series:
        """``column`` through ``parse`` (which raises ValueError or KeyError on a bad text), each text once."""
        raw = self.raw[column]
        codes, texts = pd.factorize(raw)
        values = np.empty(len(texts) + 1, dtype=object)  # the last one is what a missing value becomes
        for i, text in enumerate(texts):
            try:
                values[i] = parse(tidy_text(text))
            except (ValueError, KeyError, OverflowError):
                self._remember(np.flatnonzero(codes == i), column, text, accepted)
        if not empty:
            self._remember(np.flatnonzero(codes == -1), column, "nothing", accepted)
        return pd.Series(values[codes], index=raw.index)

    def _remember(self, rows: np.ndarray, column: str, got: str, accepted: str) -> None:
        published, before = self.published.get(column, column), self.table.rows_before
        self.problems += [(int(row) + before + 1, published, got, accepted) for row in self.raw.index[rows]]

    def refuse(self, wrong: pd.Series, column: str, accepted: str) -> None:
        """Remember the rows whose value in ``column`` is wrong beside the others of its row."""
        for row in np.flatnonzero(wrong):
            got = self.raw[column].iloc[row]
            self._remember(np.array([row]), column, "nothing" if pd.isna(got) else str(got), accepted)

    def done(self) -> None:
        """Raise for what was remembered."""
        if not self.problems:
            return
        first = sorted(self.problems, key=lambda p: p[:2])[:10]
        lines = [f"  row {row}, column {column}: got {got!r:.60}, accepted: {ok}" for row, column, got, ok in first]
        raise ValueError(
            f"{self.table.name}: {len(self.problems)} values cannot be read"
            f"{' (the first ten shown)' if len(self.problems) > 10 else ''}:\n" + "\n".join(lines)
            + "\nNothing was changed or left out. Correct the file, or download it again, and read it once more."
        )  # fmt: skip


def whole(text: str) -> int:
    """A whole number, also as ``12.0``."""
    if not re.fullmatch(r"[+-]?\d{1,15}(\.0+)?", text):
        raise ValueError(text)
    return int(float(text))


def count(text: str) -> int:
    """A whole number of 0 or more."""
    value = whole(text)
    if value < 0:
        raise ValueError(text)
    return value


def degrees(text: str) -> float:
    """A number of degrees with a decimal point."""
    if not re.fullmatch(r"[+-]?\d{1,3}(\.\d+)?([eE]-?\d{1,2})?", text):
        raise ValueError(text)
    return float(text)


def decimal(text: str) -> float:
    """Any finite number with a decimal point."""
    if not re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?", text):
        raise ValueError(text)
    return float(text)


def day(month_first: bool) -> Callable[[str], np.datetime64]:
    """Read a day, year first in every layout, or month first in the layout that publishes so."""
    iso = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?Z?)?")
    american = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})(?: \d{1,2}:\d{2}(?::\d{2})?)?")
    last = date.today()

    def read(text: str) -> np.datetime64:
        if match := iso.fullmatch(text):
            year, month, day = map(int, match.groups())
        elif month_first and (match := american.fullmatch(text)):
            month, day, year = map(int, match.groups())
        else:
            raise ValueError(text)
        if not FIRST_DAY <= date(year, month, day) <= last:
            raise ValueError(text)
        return np.datetime64(date(year, month, day), "us")

    return read


def level(levels: Sequence[str]) -> Callable[[str], str]:
    """Code ``1`` is the first level, and so on."""
    codes = {str(i): level for i, level in enumerate(levels, start=1)}
    return lambda text: codes[str(whole(text))]
