"""A brief's table and sentences as text, no line wider than a terminal that is read."""

from __future__ import annotations

import textwrap

import pandas as pd

from mali_stats.report.wording import NONE, Words

WIDTH = 100
CELLS = (("this_span", "period"), ("span_before", "period_before"))


def cell(group: pd.DataFrame, value: str, period: str, words: Words) -> str:
    """Write best with low and high, or a count at a day with that day."""
    known = group[value].map(words.number)
    if "count" in known.index:
        return known["count"]
    if {"low", "high"} <= set(known.index) and known["low"] != NONE:
        return f"{known['best']} ({known['low']}–{known['high']})"
    dated = group["measure"].isin(["idps", "refugees", "population"]).all() and known["best"] != NONE
    return f"{known['best']} ({group[period].iloc[0]})" if dated else known["best"]


def folded(text: str, mark: str = "") -> str:
    """Fold a text, its first line after ``mark`` and the others below that line's text."""
    return textwrap.fill(text, WIDTH, initial_indent=mark, subsequent_indent=" " * len(mark), break_on_hyphens=False)


def aligned(rows: list[tuple[str, ...]]) -> str:
    """Lay rows out in columns, labels folded so that no line is wider than ``WIDTH``."""
    widths = [max(len(row[i]) for row in rows) for i in (1, 2, 3)]
    room = max(WIDTH - sum(widths) - 2 * len(widths), 20)
    label = min(max(len(row[0]) for row in rows), room)
    lines = []
    for first, *rest in rows:
        *above, last = textwrap.wrap(first, label, subsequent_indent="  ", break_on_hyphens=False)
        cells = "".join(f"  {cell:>{width}}" for cell, width in zip(rest, widths, strict=True))
        lines += [*above, f"{last:<{label}}{cells}"]
    return "\n".join(lines)
