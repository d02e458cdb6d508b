"""Text as published to values: every text that cannot be one is told with file, row and column."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from mali_stats.clean.places import tidy_text
from mali_stats.distinct import coded, numbered
from mali_stats.schema import dtype
from mali_stats.sources.files import Table
from mali_stats.texts import arrow, is_coded, plain_numbers, signs

FIRST_DAY = date(1946, 1, 1)
#: A text that ``tidy_text`` changes: a space too many, any other white space, a character of no width, nothing at all.
_UNTIDY = (
    r"^$|^ | $|  |[\x00-\x1f\x{85}\x{a0}\x{1680}\x{2000}-\x{200f}\x{2028}\x{2029}\x{202f}\x{205f}\x{2060}"
    r"\x{3000}\x{feff}]"
)
#: Signs that no text has for a good reason: they ring bells, move the cursor or turn the direction of writing.
_CONTROL = r"[\x00-\x08\x0e-\x1b\x7f-\x{84}\x{86}-\x{9f}\x{202a}-\x{202e}\x{2066}-\x{2069}]"
#: What becomes of accents that were read in a wrong encoding and saved: é as Ã©, ├®, √©, a question mark or U+FFFD.
_GARBLED = r"[\x{c3}\x{c2}][\x{80}-\x{bf}]|\x{e2}\x{20ac}|[\x{251c}\x{221a}\x{fffd}]|\pL\?\pL"
#: letters of the longest text that is a name or a sentence; beyond it a quotation mark is missing somewhere
LONGEST = 10_000
#: Plain ids, which stand as they are; days as most files write them; and below which size a number that one cast reads
#: is what ``degrees`` and ``decimal`` make of its text (both round to the nearest of a computer's numbers).
PLAIN_ID = r"^[1-9]\d{0,14}$"
PLAIN_DAY = r"^\d{4}-\d\d-\d\d( 00:00:00\.000)?$"
PLAIN_NUMBER = 1000.0


class Values:
    """Turn columns of text into values; every value that cannot be turned is remembered with its place."""

    def __init__(self, table: Table, raw: pd.DataFrame, published: dict[str, str]) -> None:
        """Start with the text of a table and the names under which its columns were published."""
        self.table, self.raw, self.published = table, raw, published
        self.problems: list[tuple[int, str, str, str]] = []
        self.odd: list[tuple[pd.Series, str]] = []

    def turn(
        self,
        column: str,
        parse: Callable[[str], object],
        accepted: str,
        *,
        empty: bool = True,
        kind: str | tuple[str, ...] | None = None,
        plain: str | float | None = None,
    ) -> pd.Series:
        """``column`` through ``parse`` (which raises ValueError or KeyError on a bad text), each text once.

        The result has the dtype of ``kind`` (a kind of :mod:`mali_stats.schema`), else objects; text that is held as
        categories stays so. Where every text is ``plain`` (matches a pattern, or is a number below), one cast stands
        for ``parse``: for columns of days, and those in which each text is another.
        """
        raw = self.raw[column]
        if plain and (found := _plain(raw, plain, kind)) is not None and (empty or found.notna().all()):
            return found
        codes, texts = _different(raw)
        values = np.empty(len(texts) + 1, dtype=object)  # the last one is what a missing value becomes
        texts, untidy = self._bounded(column, codes, texts), _matches(texts, _UNTIDY)
        for i, text in enumerate(arrow(texts).to_pylist()):
            try:
                values[i] = parse(tidy_text(text) if untidy[i] else text)
            except (ValueError, KeyError, OverflowError):
                if len(text) <= LONGEST:  # else it is refused already
                    self._remember(np.flatnonzero(codes == i), column, text, accepted)
        if not empty:
            self._remember(np.flatnonzero(codes == -1), column, "nothing", accepted)
        if kind in ("text", None):
            self._odd_texts(column, codes, texts)
        if kind is None:
            return pd.Series(values[codes], index=raw.index)
        if kind == "text" and is_coded(raw):
            if values[:-1].tolist() == texts.tolist():
                return raw
            return pd.Series(coded(values[:-1], codes), index=raw.index)
        different = pd.array(values[:-1], dtype=dtype(kind))
        return pd.Series(different.take(codes, allow_fill=True), index=raw.index)

    def text(self, column: str) -> pd.Series:
        """``column`` as tidy text; a text of nothing but spaces is missing."""
        raw = self.raw[column]
        if not is_coded(raw) and _all_plain(arrow(raw.array)):
            return raw
        codes, texts = _different(raw)
        texts = self._bounded(column, codes, texts)
        self._odd_texts(column, codes, texts)
        if not _matches(texts, _UNTIDY).any():
            return raw
        tidy = [tidy_text(text) or None for text in texts]
        if is_coded(raw):
            return pd.Series(coded(tidy, codes), index=raw.index)
        return pd.Series(pd.array(tidy, dtype="str").take(codes, allow_fill=True), index=raw.index)

    def _bounded(self, column: str, codes: np.ndarray, texts):
        """The texts, those without an end refused and cut: to look at all of one would take many times its room."""
        endless = np.flatnonzero(np.asarray(pc.utf8_length(arrow(texts)).fill_null(0)) > LONGEST)
        for i in endless:
            accepted = f"a text of at most {LONGEST:,} letters (a quotation mark may be missing)"
            self._remember(np.flatnonzero(codes == i), column, texts[i][:LONGEST], accepted)
        return pd.Index([text[: LONGEST + 1] for text in texts], dtype="str") if len(endless) else texts

    def _odd_texts(self, column: str, codes: np.ndarray, texts) -> None:
        """Keep for ``odd`` the rows whose text holds signs that nobody wrote."""
        for issue, pattern in (("control-sign", _CONTROL), ("garbled-text", _GARBLED)):
            found = np.append(_matches(texts, pattern), False)
            if found.any():
                published = self.published.get(column, column)
                self.odd.append((pd.Series(found[codes], index=self.raw.index), f"{issue}:{published}"))

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
        turned = any(re.match(r"\d{1,2}/\d{1,2}/\d{4}", got) for _, _, got, _ in first)
        raise ValueError(
            f"{self.table.name}: {len(self.problems)} values cannot be read"
            f"{' (the first ten shown)' if len(self.problems) > 10 else ''}:\n" + "\n".join(lines)
            + "\nDates with the day first, 26/05/2016, come from a spreadsheet: download the original." * turned
            + "\nNothing was changed or left out. Correct the file, or download it again, and read it once more."
        )  # fmt: skip


def _matches(texts, pattern: str) -> np.ndarray:
    """Whether each text matches; a missing one does not."""
    return np.asarray(pc.match_substring_regex(arrow(texts), pattern).fill_null(False))


def _all_plain(texts: pa.Array) -> bool:
    """Whether no text need be looked at: none has a space, a question mark, an end of line or a letter beyond ASCII.

    Then ``_UNTIDY``, ``_CONTROL`` and ``_GARBLED`` match none.
    """
    every, starts = signs(texts)
    odd = (every <= ord(" ")) | (every > ord("~")) | (every == ord("?"))
    lengths = np.diff(starts)
    return not odd.any() and not (lengths > LONGEST).any() and np.count_nonzero(lengths == 0) == texts.null_count


def _different(raw: pd.Series) -> tuple[np.ndarray, pd.Index]:
    """Which of the different texts of a column each is (-1: none), and these."""
    codes, texts = numbered(raw)
    return codes, pd.Index(texts, dtype="str")


def _plain(raw: pd.Series, plain: str | float, kind: str | tuple[str, ...] | None) -> pd.Series | None:
    """A column of texts or of categories through ``cast``."""
    if raw.dtype == np.float64:  # cast as it was read
        return raw
    few = isinstance(raw.dtype, pd.CategoricalDtype)
    values = cast(raw.cat.categories.array if few else raw.array, plain, kind)
    if values is not None and few:
        values = values.take(raw.cat.codes.to_numpy(), allow_fill=True)
    return None if values is None else pd.Series(values, index=raw.index)


def cast(texts, plain: str | float, kind: str | tuple[str, ...] | None):
    """An array of texts that are all plain, as its kind in one go; None where one is not.

    Examples
    --------
    >>> cast(["2012-01-17", None], PLAIN_DAY, "date")
    <DatetimeArray>
    ['2012-01-17 00:00:00', 'NaT']
    Length: 2, dtype: datetime64[us]
    """
    held = arrow(texts)
    if plain == PLAIN_ID and plain_numbers(held) is not None:
        return texts
    if isinstance(plain, str) and pc.all(pc.match_substring_regex(held, plain)).as_py() is False:
        return None
    if kind == "text":
        return texts
    try:
        values = pc.cast(held, pa.timestamp("us") if kind == "date" else pa.float64())
    except pa.ArrowInvalid:
        return None
    if kind == "date":
        first, last = pc.min_max(values).as_py().values()
        usual = first is None or (first.date() >= FIRST_DAY and last.date() <= date.today())
    else:  # what was written as no number, or as infinite, is left to ``parse``
        usual = pc.sum(pc.less(pc.abs(values), plain)).as_py() in (len(held) - held.null_count, None)
    return pd.Series(np.asarray(values)).array if usual else None


def identifier(text: str) -> str:
    """A whole number as the text that names something: ``007`` and ``7.0`` are 7."""
    return str(whole(text))


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
        if len(text) == 10 and text[4] == "-" == text[7]:  # nearly all
            found = date.fromisoformat(text)
        elif match := iso.fullmatch(text):
            found = date(*map(int, match.groups()))
        elif month_first and (match := american.fullmatch(text)):
            month, day, year = map(int, match.groups())
            found = date(year, month, day)
        else:
            raise ValueError(text)
        if not FIRST_DAY <= found <= last:
            raise ValueError(text)
        return np.datetime64(found, "us")

    return read


def level(levels: Sequence[str]) -> Callable[[str], str]:
    """Code ``1`` is the first level, and so on."""
    codes = {str(i): level for i, level in enumerate(levels, start=1)}
    return lambda text: codes[str(whole(text))]
