"""What a file is and what is odd about it, as plain values: what ``mali-stats check`` tells."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pandas as pd

from mali_stats import catalog
from mali_stats.cli.reading import EVENTS, Read

#: What rows of the seed table are about.
ISSUE, LEFT_OUT = "issue", "left out"
_SUMS = ("rows", "low", "best", "high")


@dataclass(frozen=True)
class Item:
    """A kind of oddity, or a reason to leave rows out: how many rows, their sums, and which.

    ``matters`` tells whether it makes a file odd in a way that a user should look at, ``words`` explains it; both are
    by ``seeds/issue_words.csv``, and a kind that is not there matters and has no words.
    """

    kind: str
    about: str
    rows: int
    low: int
    best: int
    high: int
    examples: tuple[str, ...]
    matters: bool
    words: dict[str, str]


@dataclass(frozen=True)
class Finding:
    """What a file is, and what is odd about it; days are ISO texts, None where there is no row.

    ``deaths`` has the sums of events (None where the source never gives such a count), ``indicators`` a line each of
    displacement; ``odd_rows`` are the rows with an issue that matters, ``odd_left_out`` those left out for a reason
    that does; ``lacking`` says what the publisher counts and the file does not hold.
    """

    what: str
    sources: list[str]
    layouts: list[str]
    releases: list[str]
    licences: list[str]
    rows: int
    odd_rows: int
    odd_left_out: int
    first_day: str | None
    last_day: str | None
    countries: list[str]
    deaths: dict[str, int | None] | None
    indicators: list[dict] | None
    items: list[Item]
    lacking: list[str]
    notes: list[str]

    @property
    def matters(self) -> bool:
        """Whether anything odd matters."""
        return not self.rows or bool(self.lacking) or any(item.matters for item in self.items)


def finding(read: Read) -> Finding:
    """Sum up a table that was read, and its account."""
    table, events = read.table, read.what == EVENTS
    first, last = _days(table, events)
    items = _items(read.ledger.tidy())
    left = sum(item.rows for item in items if item.about == LEFT_OUT and item.matters)
    return Finding(
        what=read.what, sources=read.sources, layouts=list(read.layouts),
        releases=sorted(table["source_version"].dropna().unique()),
        licences=_licences(read), rows=len(table), odd_rows=_odd_rows(table, items),
        odd_left_out=left, first_day=first, last_day=last,
        countries=sorted(set(table["country"].dropna())), deaths=_deaths(table) if events else None,
        indicators=None if events else _indicators(table), items=items,
        lacking=list(read.lacking), notes=[note for note in read.ledger.notes if note not in read.lacking],
    )  # fmt: skip


def _odd_rows(table: pd.DataFrame, items: list[Item]) -> int:
    kinds = {item.kind for item in items if item.about == ISSUE and item.matters}
    return sum(any(item.split(":")[0] in kinds for item in text.split("; ")) for text in table["issues"])


def _days(table: pd.DataFrame, events: bool) -> tuple[str | None, str | None]:
    """The first and the last day that the table is about."""
    columns = ["date_start", "date_end"] if events else ["as_of", "period_start", "period_end"]
    days = pd.concat([table[column] for column in columns]).dropna()
    return (f"{days.min():%Y-%m-%d}", f"{days.max():%Y-%m-%d}") if len(days) else (None, None)


def _deaths(table: pd.DataFrame) -> dict[str, int | None]:
    names = {name: table[f"deaths_{name}"] for name in ("low", "best", "high")}
    return {name: None if counts.isna().all() else int(counts.sum()) for name, counts in names.items()}


def _indicators(table: pd.DataFrame) -> list[dict]:
    """How many figures of which kind, and of when; they are not added up, since they are of many days and groups."""
    lines = []
    for (indicator, measure), rows in table.groupby(["indicator", "measure"], sort=True):
        first, last = _days(rows, events=False)
        days = {"first_day": first, "last_day": last}
        lines.append({"indicator": indicator, "measure": measure, "figures": len(rows), **days})
    return lines


def _licences(read: Read) -> list[str]:
    if "licence" in read.table:
        return list(dict.fromkeys(read.table["licence"].dropna()))
    cards = catalog.cards()
    return [cards[source]["licence"] for source in read.sources if source in cards]


# ---- oddities ----------------------------------------------------------------------------------------------


def _items(account: pd.DataFrame) -> list[Item]:
    """What was flagged and what was left out, the most rows first."""
    about = {"flagged": ISSUE, "dropped": LEFT_OUT}
    lines = account[account["kind"].isin(list(about))].sort_values("rows", ascending=False, kind="stable")
    return [_item(line, about[line.kind]) for line in lines.itertuples()]


def _item(line, about: str) -> Item:
    explained = explanation(line.reason, about)
    return Item(
        line.reason, about, *(int(getattr(line, name)) for name in _SUMS),
        tuple(filter(None, line.example_ids.split(", "))),
        explained is None or explained["matters"] == "yes",
        {lang: explained[lang] for lang in ("en", "fr")} if explained else {},
    )  # fmt: skip


def explanation(kind: str, about: str = ISSUE) -> dict[str, str] | None:
    """Look up a kind in ``seeds/issue_words.csv``; a number at its end ("gap-of-more-than-6-months") does not count.

    Examples
    --------
    >>> explanation("gap-of-more-than-6-months")["matters"], explanation("no such kind") is None
    ('no', True)
    """
    table = catalog.seed("issue_words")
    known = table[table["about"] == about].set_index("kind")
    kind = kind if kind in known.index else re.sub(r"-\d.*", "", kind)
    return known.loc[kind].to_dict() if kind in known.index else None
