"""Whole months from one to another, inside the record or an error that says where it ends."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pandas as pd

_SHAPE = r"\d{4}-(0[1-9]|1[0-2])"
DEFAULT_MONTHS = 12


@dataclass(frozen=True)
class Span:
    """Whole months, from the first day of ``start`` to the last day of the month ``end``.

    Examples
    --------
    >>> span = Span(pd.Timestamp("2021-07-01"), pd.Timestamp("2023-06-01"))
    >>> span.n, span.before.iso, span.last_day.date().isoformat(), span.whole_years
    (24, '2019-07/2021-06', '2023-06-30', [2022])
    """

    start: pd.Timestamp
    end: pd.Timestamp

    @property
    def n(self) -> int:
        """How many months."""
        return (self.end.year - self.start.year) * 12 + self.end.month - self.start.month + 1

    @property
    def before(self) -> Span:
        """As many months, just before."""
        back = pd.DateOffset(months=self.n)
        return Span(self.start - back, self.end - back)

    @property
    def last_day(self) -> pd.Timestamp:
        """The day with which it ends."""
        return self.end + pd.offsets.MonthEnd(0)

    @property
    def iso(self) -> str:
        """Both months, as ISO 8601 writes an interval."""
        return f"{self.start:%Y-%m}/{self.end:%Y-%m}"

    @property
    def years(self) -> list[int]:
        """Every calendar year it touches."""
        return list(range(self.start.year, self.end.year + 1))

    @property
    def whole_years(self) -> list[int]:
        """Every calendar year it holds from January to December."""
        first, last = self.start.year + (self.start.month > 1), self.end.year - (self.end.month < 12)
        return list(range(first, last + 1))

    def of(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Keep the rows of a table whose ``month`` lies in it."""
        return rows[rows["month"].between(self.start, self.end)]


def span_of(start: str | None, end: str | None, record: Span) -> Span:
    """Return the months asked for; by default the record's last twelve, or the twelve up to ``end``.

    Raises
    ------
    ValueError
        for another form than "2023-08", a start after the end, or months outside the record.

    Examples
    --------
    >>> record = Span(pd.Timestamp("1989-01-01"), pd.Timestamp("2023-12-01"))
    >>> span_of(None, "2023-08", record).iso
    '2022-09/2023-08'
    """
    last = record.end if end is None else _month(end, "end", record)
    first = last - pd.DateOffset(months=DEFAULT_MONTHS - 1) if start is None else _month(start, "start", record)
    if first > last:
        raise ValueError(f"brief: start='{first:%Y-%m}' lies after end='{last:%Y-%m}'; exchange them.")
    return Span(max(first, record.start), last)


def _month(text: str, name: str, record: Span) -> pd.Timestamp:
    if not isinstance(text, str) or not re.fullmatch(_SHAPE, text):
        raise ValueError(f"brief: {name}={text!r} is no month; write it like '2023-08'.")
    month = pd.Timestamp(f"{text}-01")
    if not record.start <= month <= record.end:
        side = "ends with" if month > record.end else "begins with"
        edge = record.end if month > record.end else record.start
        raise ValueError(
            f"brief: {name}={text!r} lies outside the record, which {side} {edge:%Y-%m}; "
            f"months from {record.start:%Y-%m} to {record.end:%Y-%m} are accepted."
        )
    return month
