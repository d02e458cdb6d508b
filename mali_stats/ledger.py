"""The account of a step: rows and deaths in = kept + dropped, by reason, always adding up."""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from html import escape

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

KINDS = ("in", "dropped", "moved", "flagged", "kept")
COLUMNS = ("step", "reason", "kind", "rows", "low", "best", "high", "example_ids")
_SUMS = ("rows", "low", "best", "high")


class Ledger:
    """What went in, what was dropped, moved or flagged and why, and what was kept.

    ``dropped`` and ``kept`` share out what came ``in``; ``moved`` and ``flagged`` are part of ``kept`` and
    say what happened to it, so a row may stand under several of them. Missing counts stay out of the sums.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = pd.DataFrame({"event_id": ["7", "12"], "deaths_low": [1, 2], "deaths_best": [1, 3],
    ...                      "deaths_high": [1, 9]})
    >>> ledger = Ledger()
    >>> ledger.count("read", "rows in the file", "in", rows)
    >>> ledger.count("clean", "exact copy", "dropped", rows[:1])
    >>> ledger.count("clean", "events", "kept", rows[1:])
    >>> ledger.check().tidy()[["reason", "kind", "rows", "low", "best", "high"]]
                 reason     kind  rows  low  best  high
    0  rows in the file       in     2    3     4    10
    1        exact copy  dropped     1    1     1     1
    2            events     kept     1    2     3     9
    """

    def __init__(self) -> None:
        self._lines: list[dict[str, object]] = []
        self.notes: list[str] = []

    def add(
        self,
        step: str,
        reason: str,
        kind: str,
        *,
        rows: int,
        low: int,
        best: int,
        high: int,
        ids: Iterable[str] = (),
    ) -> None:
        """Add one line from ready sums; ``ids`` are shown as the three smallest."""
        if kind not in KINDS:
            raise ValueError(f"Ledger.add: kind {kind!r} is not known; use one of {', '.join(KINDS)}.")
        values = (step, reason, kind, int(rows), int(low), int(best), int(high), _smallest(ids))
        self._lines.append(dict(zip(COLUMNS, values, strict=True)))

    def count(self, step: str, reason: str, kind: str, rows: pd.DataFrame) -> None:
        """Add one line for ``rows`` of an events table; nothing is added for no rows (except in and kept)."""
        if rows.empty and kind not in ("in", "kept"):
            return
        low, best, high = (rows[f"deaths_{name}"].sum() for name in ("low", "best", "high"))
        self.add(step, reason, kind, rows=len(rows), low=low, best=best, high=high, ids=rows["event_id"])

    def __add__(self, other: Ledger) -> Ledger:
        """One account of two parts: lines of one step, reason and kind are added up, a note that both have stands once.

        Lines stand in the order of kinds, those that are dropped, moved or flagged by reason, so that it does not
        matter which part comes first.

        Examples
        --------
        >>> one, other = Ledger(), Ledger()
        >>> one.add("read", "rows", "in", rows=2, low=1, best=4, high=9, ids=["7", "12"])
        >>> other.add("read", "rows", "in", rows=1, low=0, best=1, high=1, ids=["9"])
        >>> (one + other).tidy()[["rows", "low", "best", "high", "example_ids"]]
           rows  low  best  high example_ids
        0     3    1     5    10    7, 9, 12
        """
        if not isinstance(other, Ledger):
            return NotImplemented
        lines: dict[tuple, dict[str, object]] = {}
        for line in [*self._lines, *other._lines]:
            key = tuple(line[c] for c in COLUMNS[:3])
            lines[key] = _both(lines[key], line) if key in lines else dict(line)
        both = Ledger()
        both._lines = sorted(lines.values(), key=_order)
        both.notes = list(dict.fromkeys([*self.notes, *other.notes]))
        return both

    def tidy(self) -> pd.DataFrame:
        """One row a line: step, reason, kind, rows, low, best, high, example_ids (the three smallest)."""
        shown = [line | {"example_ids": ", ".join(line["example_ids"])} for line in self._lines]
        return pd.DataFrame(shown, columns=list(COLUMNS))

    def check(self) -> Ledger:
        """Return the ledger, or raise ``AssertionError`` where in differs from kept + dropped."""
        table = self.tidy()
        sums = {kind: table.loc[table["kind"] == kind, list(_SUMS)].sum() for kind in ("in", "dropped", "kept")}
        off = sums["in"] - sums["dropped"] - sums["kept"]
        if (off != 0).any():
            wrong = ", ".join(f"{name} {int(value):+d}" for name, value in off.items() if value)
            raise AssertionError(
                f"The ledger does not add up: in - dropped - kept leaves {wrong}. This is a fault of mali_stats, "
                "not of the file: please report it with the ledger's table."
            )
        return self

    def __len__(self) -> int:
        return len(self._lines)

    def __repr__(self) -> str:
        shown = self.tidy().to_string(index=False) if self._lines else "empty ledger"
        return "\n".join([shown, *(f"note: {note}" for note in self.notes)])

    def _repr_html_(self) -> str:
        notes = "".join(f"<p>{escape(note)}</p>" for note in self.notes)
        return self.tidy().to_html(index=False, escape=True, border=0) + notes


def _both(one: dict, other: dict) -> dict:
    """Two lines of one reason as one."""
    ids = _smallest([*one["example_ids"], *other["example_ids"]])
    return one | {name: one[name] + other[name] for name in _SUMS} | {"example_ids": ids}


def _order(line: dict) -> tuple[int, str]:
    return KINDS.index(line["kind"]), line["reason"] if line["kind"] in ("dropped", "moved", "flagged") else ""


def _smallest(ids: Iterable[str], n: int = 3) -> list[str]:
    """The ``n`` smallest ids, numbers by value before words by letters."""

    def order(text: str) -> tuple[bool, int, str]:
        return (not text.isdigit(), int(text) if text.isdigit() else 0, text)

    if isinstance(ids, pd.Series) and len(ids) > 1000:
        ids = _candidates(ids, n)
    return heapq.nsmallest(n, {str(i) for i in ids}, key=order)


def _candidates(ids: pd.Series, n: int) -> list[str]:
    """A few ids with the ``n`` smallest numbers and the ``n`` smallest words among them, found without a loop."""
    texts = pa.array(ids.array, pa.string())
    try:
        return _least(texts, pc.cast(texts, pa.int64()), n)
    except pa.ArrowInvalid:
        digits = pc.match_substring_regex(texts, "^[0-9]{1,18}$")
    numbers, words = texts.filter(digits), texts.filter(pc.invert(digits))
    return _least(numbers, pc.cast(numbers, pa.int64()), n) + _least(words, words, n)


def _least(texts: pa.Array, values: pa.Array, n: int) -> list[str]:
    """Texts with the ``n`` smallest values among them; an id may stand in many rows."""
    few = set(texts.take(pc.bottom_k_unstable(values, 100 * n)).to_pylist())
    if len(few) >= n or len(texts) <= 100 * n:
        return list(few)
    different = pc.unique(values)
    least = different.take(pc.bottom_k_unstable(different, n))
    return pc.unique(texts.filter(pc.is_in(values, least))).to_pylist()
