"""Quotation marks of a CSV that do not pair: one mark too many can swallow a row without any parser's complaint.

Arrow takes ``7,"a⏎8,"b",1`` for one row of three values. Looked at in pieces, as the file is read: every mark must
open a value or close one. Where some do not, a strict reader says whether that is a fault.
"""

from __future__ import annotations

import csv
import io
import sys
from typing import BinaryIO

import numpy as np

from mali_stats.sources import limits

_MARK = ord('"')


class Quotes:
    """Whether every quotation mark so far opens a value or closes one; fed with the bytes of the records in order.

    Examples
    --------
    >>> fine, odd = Quotes(","), Quotes(",")
    >>> fine.feed(b'7,"a, b",1'), fine.odd
    (None, False)
    >>> odd.feed(b'7,"a,1,8,"b",1'), odd.odd
    (None, True)
    """

    def __init__(self, separator: str) -> None:
        self.odd = False
        self._around = np.zeros(256, dtype=bool)
        self._around[[ord(separator), ord("\r"), ord("\n"), _MARK]] = True
        self._inside, self._last = False, ord("\n")

    @property
    def unpaired(self) -> bool:
        """Whether, at the end, a mark was odd or left open: Arrow takes all that follows such a one for its value."""
        return self.odd or self._inside

    def feed(self, piece: bytes | memoryview) -> None:
        """Look at the next bytes."""
        if self.odd or not len(piece):
            return
        signs = np.frombuffer(piece, dtype=np.uint8)
        if self._last == _MARK and not self._inside:  # a mark that closed at the end of the piece before
            self.odd = not self._around[signs[0]]
        marks = np.flatnonzero(signs == _MARK)
        opening, closing = marks[int(self._inside) :: 2], marks[int(not self._inside) :: 2]
        before = signs[opening - 1]
        if len(opening) and opening[0] == 0:
            before[0] = self._last
        after = signs[closing[closing < len(signs) - 1] + 1]
        self.odd |= not (self._around[before].all() and self._around[after].all())
        self._inside ^= bool(len(marks) % 2)
        self._last = signs[-1]


class Watched(io.RawIOBase):
    """A file whose bytes are looked at, and counted (no more than ``most``), as they are read."""

    def __init__(self, file: BinaryIO, quotes: Quotes, most: float = float("inf")) -> None:
        self.file, self.quotes, self.left = file, quotes, most

    def readable(self) -> bool:
        """It is there to be read."""
        return True

    def read(self, size: int = -1) -> bytes:
        """The next bytes of the file."""
        piece = self.file.read(size)
        self.quotes.feed(piece)
        self.left -= len(piece)
        if self.left < 0:
            raise limits.TooLarge("The file holds more than is taken once unpacked.")
        return piece


def refuse_stray(name: str, body: BinaryIO, separator: str, row: int) -> None:
    """Read records strictly (slowly), and refuse a mark that neither opens nor closes a value; ``row`` stand above.

    Raises
    ------
    ValueError
        naming the row.
    """
    longest = csv.field_size_limit(sys.maxsize)
    lines = io.TextIOWrapper(body, "utf-8", newline="")
    records = csv.reader(lines, delimiter=separator, strict=True)
    try:
        for _ in records:
            row += 1
    except csv.Error as error:
        what = "is never closed" if "end of data" in str(error) else "ends a value and something follows it"
        raise ValueError(
            f"{name}, row {row + 1}: a quotation mark {what} ({error}), so one mark is missing or one too many, and a "
            "row may be swallowed. Correct the file, or download it again."
        ) from error
    finally:
        lines.detach()  # whoever opened the file closes it
        csv.field_size_limit(longest)
