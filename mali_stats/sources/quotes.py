"""Quotation marks in a CSV that do not pair up: the parser lets them pass, and a row is swallowed without a word.

A mark too many before a text lets that field run on to the next mark, which may stand rows later. Where the fields
happen to fit, two rows become one. Such a mark is followed by something else than a separator; that is looked for.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from typing import BinaryIO

import numpy as np

_MARK, _PIECE = ord('"'), 1 << 22


class Watch:
    """Look at the bytes of a CSV as they pass, piece by piece.

    Examples
    --------
    >>> Watch(",").suspicious(b'7,"a ""b"" text",3'), Watch(",").suspicious(b'7,"a "b" text",3')
    (False, True)
    """

    def __init__(self, separator: str) -> None:
        self._beside = np.zeros(256, dtype=bool)  # what may stand before an opening and after a closing mark
        self._beside[[*separator.encode(), *b'\r\n"']] = True
        self._open, self._last, self._closed = False, ord("\n"), False

    def suspicious(self, data: bytes) -> bool:
        """Whether a mark opens within a text, or is followed by one where it closes."""
        if not data:
            return False
        first, closed = data[0], self._closed
        wrong = closed and not self._beside[first]
        if data.count(b'"'):
            wrong = self._marks(np.frombuffer(data, dtype=np.uint8)) or wrong
        else:
            self._closed = False
        self._last = data[-1]
        return bool(wrong)

    def _marks(self, data: np.ndarray) -> bool:
        marks = np.flatnonzero(data == _MARK)
        opening, closing = marks[self._open :: 2], marks[not self._open :: 2]
        before = np.where(opening > 0, data[np.maximum(opening - 1, 0)], self._last)
        inner = closing[closing < len(data) - 1]
        self._open ^= bool(len(marks) % 2)
        self._closed = len(inner) < len(closing)
        return not (self._beside[before].all() and self._beside[data[inner + 1]].all())


def hold(header, body: memoryview, opened: Callable[[], BinaryIO]) -> None:
    """Raise for marks that do not pair up in the records ``body``; ``opened`` gives them anew, for the place.

    ``header`` has the file's name, its separator and how many rows are skipped above the records.

    Raises
    ------
    ValueError
        naming the row.
    """
    watch = Watch(header.separator)
    if any(watch.suspicious(body[i : i + _PIECE].tobytes()) for i in range(0, len(body), _PIECE)):
        refuse(header, opened())


def refuse(header, body: BinaryIO) -> None:
    """Raise for a mark that closes a field within it; marks within unquoted text are signs like others.

    Raises
    ------
    ValueError
        naming the row.
    """
    records = csv.reader(io.TextIOWrapper(body, "utf-8", newline=""), delimiter=header.separator, strict=True)
    row = header.skipped
    try:
        for record in records:
            row += bool(record)
    except csv.Error as wrong:
        raise ValueError(
            f"{header.name}, row {row + 1}: a quotation mark is missing or one too many ({wrong}). The row may hold "
            "parts of several; download the file again, or correct the row."
        ) from wrong
