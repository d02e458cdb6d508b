"""The steps from published rows to the events table, for all rows of a publication or for any part of them.

Each step takes rows and writes what it did into an account; the accounts of parts add up to that of the whole.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from types import ModuleType

import numpy as np
import pandas as pd

from mali_stats.clean import acled_rows, actors, between_rows, places, ucdp_rows
from mali_stats.clean.publications import Part
from mali_stats.clean.row_rules import joined, place
from mali_stats.clean.values import Values, identifier
from mali_stats.distinct import constant, repeated
from mali_stats.ledger import Ledger
from mali_stats.schema import EVENTS, FAMILIES, MORE, absent, as_texts, typed
from mali_stats.sources import acled, ucdp

#: source -> how its rows are cleaned
ROWS = {ucdp.SOURCE: ucdp_rows, acled.SOURCE: acled_rows}


@dataclass
class Account:
    """A ledger, and the numbers that its notes are made of (keys: what is counted, and of which name)."""

    ledger: Ledger = field(default_factory=Ledger)
    tally: Counter = field(default_factory=Counter)

    def __add__(self, other: Account) -> Account:
        return Account(self.ledger + other.ledger, self.tally + other.tally)

    def of(self, what: str) -> list[tuple[str, int]]:
        """The numbers of one kind, the largest first."""
        named = [(name, n) for (kind, name), n in self.tally.items() if kind == what]
        return sorted(named, key=lambda pair: (-pair[1], pair[0]))


def cleaned(part: Part, own: places.Gazetteer | None, account: Account, keep_coded: bool = False) -> pd.DataFrame:
    """Published rows to events, each row judged by itself; ``keep_coded`` leaves categories of texts as they are."""
    form, raw = part.form, part.raw
    publisher, layout = form.published()
    raw = raw.assign(**{ours: constant(None, raw) for ours in publisher.OPTIONAL if ours not in raw})
    blank = _blank(raw)
    if blank.any():
        raw = raw[~blank]  # the index still tells the rows of the file
        account.tally["blank", form.table.name] += int(blank.sum())
    if layout.absent:
        lost = ", ".join(layout.absent)
        account.tally["lacks", f"{form.table.name} lacks columns that later files have: {lost}"] += 1
    table = replace(form.table, name=part.where or form.table.name)
    read = Values(table, raw, {ours: column for column, ours in layout.columns.items()})
    rows, found = ROWS[publisher.SOURCE].cleaned(read, layout, form.version)
    found += place(rows, own)
    columns = EVENTS | MORE.get(publisher.SOURCE, {})
    rows["issues"] = joined(found, constant("", rows))
    more = {c: kind for c, kind in columns.items() if c not in rows}
    rows = rows.assign(**{c: constant(None, rows) if k == "text" else absent(rows, k) for c, k in more.items()})
    events = typed(rows, columns, keep_coded)
    account.ledger.count("read", f"rows in {form.table.name} ({layout.name})", "in", events)
    return events.reset_index(drop=True)


def _blank(raw: pd.DataFrame) -> pd.Series:
    """Rows without any value; most files have none, so few columns are looked at in every row."""
    blank = raw.iloc[:, 0].isna()
    if blank.any():
        blank[blank] = raw[blank].isna().all(axis=1)
    return blank


def one_row_each(events: pd.DataFrame, publisher: ModuleType, name: str, account: Account) -> pd.DataFrame:
    """One row an event; an export that repeats every event is refused."""
    several = repeated(events["event_id"])
    if not several.any():
        return events
    events = as_texts(events)
    if publisher is acled:
        acled_rows.refuse_monadic(events[several], events["event_id"].nunique(), name)
    kept = between_rows.newest(events[several], publisher, ROWS[publisher.SOURCE].NEWER, account.ledger, name)
    return events[~several | events.index.isin(kept.index)]


def of_country(events: pd.DataFrame, code: str | None, account: Account) -> pd.DataFrame:
    """The events of the country asked for; the others are dropped and counted."""
    if code is None:
        return events
    account.tally.update({("country", c): int(n) for c, n in events["country"].value_counts().items()})
    keep = events["country"] == code
    account.ledger.count("clean", "other country", "dropped", events[~keep])
    return events[keep].reset_index(drop=True)


def refuse_absent(code: str | None, account: Account) -> None:
    """Raise where no row is of the country asked for."""
    if code is None or account.tally["country", code]:
        return
    held = ", ".join(f"{c} ({n:,})" for c, n in account.of("country")[:5])
    raise ValueError(f"read_events: no row of country {code!r} in the file. It holds {held or 'no rows'}.")


def with_families(events: pd.DataFrame, account: Account) -> pd.DataFrame:
    """The events with the families of both sides."""
    events, by_rule = actors.filled(events)
    account.tally.update({("rows", "events"): len(events), ("rows", "by rule"): by_rule.events})
    account.tally.update({("family", name): n for name, n in by_rule.sides.items()})
    return events


def flagged(events: pd.DataFrame, publisher: ModuleType, account: Account) -> pd.DataFrame:
    """Ordered, with what is odd between rows; every kind of issue and what is kept is counted."""
    events = between_rows.flagged(events, ROWS[publisher.SOURCE].ALIKE)
    between_rows.count_issues(events, account.ledger)
    account.ledger.count("clean", "events", "kept", events)
    account.tally["rows", "untyped"] += int(events["type_of_violence"].isna().sum())
    return events


def saved(part: Part, events: pd.DataFrame, code: str | None, account: Account) -> pd.DataFrame:
    """The rows of a table that mali_stats saved, as they are."""
    account.ledger.notes += _filled_in(part)
    account.ledger.count("read", f"rows in {part.form.table.name}", "in", events)
    events = of_country(events, code, account)
    account.ledger.count("read", "events, as they were saved", "kept", events)
    return events


def closed(account: Account, publisher: ModuleType | None) -> Ledger:
    """The ledger with its notes, held to its sums."""
    ledger, tally = account.ledger, account.tally
    ledger.notes += [f"{name}: {n} rows without any value were passed over." for name, n in account.of("blank")]
    ledger.notes += [f"{lost}. What they tell is missing." for lost, _ in account.of("lacks")]
    ledger.notes += _without_rows(ledger)
    events, by_rule, untyped = (tally["rows", name] for name in ("events", "by rule", "untyped"))
    if by_rule:
        ledger.notes.append(actors.note(events, by_rule, account.of("family")))
    ledger.notes += acled_rows.notes(events, untyped) if publisher is acled else []
    return ledger.check()


def _without_rows(ledger: Ledger) -> list[str]:
    """What to say of a file that has a header and no row."""
    lines = ledger.tidy()
    none = lines.loc[lines["kind"].eq("in") & lines["rows"].eq(0), "reason"]
    return [f"There are no {reason}: the file may be cut short, or the request matched nothing." for reason in none]


def _filled_in(part: Part) -> list[str]:
    """What to say where a saved table lacks the families of the sides."""
    lost = [c for c in FAMILIES if c not in part.raw]
    name = part.form.table.name
    return [f"{name} was saved without {' and '.join(lost)}: filled in from its sides."] if lost else []


# ---- ids ---------------------------------------------------------------------------------------------------


def id_column(publisher: ModuleType | None) -> str:
    """Our name of the column in which published rows (or saved ones) have their event's id."""
    return "id" if publisher is ucdp else "event_id"


def ids_of(published: pd.Series, publisher: ModuleType | None) -> pd.Series:
    """Ids as they will stand in the events table; a text that is none stays as it is (and is refused later)."""
    return published.map({text: _id(text, publisher) for text in published.dropna().unique()}).astype("str")


def hashed(ids: pd.Series) -> np.ndarray:
    """64-bit hashes of ids, the same on every machine."""
    return pd.util.hash_array(ids.to_numpy(object), categorize=False)


def _id(text: str, publisher: ModuleType | None) -> str:
    text = places.tidy_text(text)
    try:
        return identifier(text) if publisher is ucdp else text
    except ValueError:
        return text
