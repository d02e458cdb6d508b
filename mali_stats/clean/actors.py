"""Names of sides to families of actors; the knowledge is in ``seeds/`` (families, actors, actor_rules).

A side is looked up by its id, then by its name, each in the country and on the day of the event; a joint side that
is not listed as a whole is looked up part by part. A name that is not listed gets its family by a rule.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd

from mali_stats import catalog
from mali_stats.clean.places import key, tidy_text
from mali_stats.distinct import by_day, coded, different, numbered
from mali_stats.texts import is_coded, texts_of

UNKNOWN, CIVILIANS = "unknown", "civilians"
#: What stands between the parts of a joint family (and of every list in a table).
JOINT = "; "
#: source of an events table -> source in the seeds, and what stands between the names of a joint side
_SOURCES = {"ucdp_ged": ("ucdp", ", "), "acled": ("acled", "; ")}
_EVER, _NEVER = pd.Timestamp.min, pd.Timestamp.max


@cache
def families() -> tuple[str, ...]:
    """The codes of the families, in the order in which joint sides name them."""
    return tuple(catalog.seed("families")["family"])


@cache
def states() -> frozenset[str]:
    """The families that are a state's forces."""
    table = catalog.seed("families")
    return frozenset(table.loc[table["is_state"] == "True", "family"])


def joined(parts: Iterable[str]) -> str:
    """Families as one text, each once, in the order of ``seeds/families.csv``.

    Examples
    --------
    >>> joined(["state_russia", "state_mali", "state_mali"])
    'state_mali; state_russia'
    """
    return JOINT.join(sorted(set(parts), key=families().index))


@dataclass(frozen=True)
class _Listed:
    """A row of ``seeds/actors.csv``, or of ``seeds/actor_rules.csv`` (which has a pattern only)."""

    family: str
    id: str = ""
    key: str = ""
    pattern: re.Pattern | None = None
    countries: frozenset[str] = frozenset()
    start: pd.Timestamp = _EVER
    end: pd.Timestamp = _NEVER

    def holds(self, country: object, day: pd.Timestamp) -> bool:
        return self.start <= day <= self.end and (not self.countries or country in self.countries)


@dataclass(frozen=True)
class _Book:
    """What the seeds know of one source's names."""

    actors: list[_Listed]
    rules: list[_Listed]
    separator: str

    @property
    def eras(self) -> np.ndarray:
        """The days on which the family of some actor changes."""
        days = [r.start for r in self.actors] + [r.end + pd.Timedelta(days=1) for r in self.actors if r.end < _NEVER]
        return np.unique(np.array([d for d in days if d > _EVER], dtype="datetime64[D]"))

    @property
    def countries(self) -> frozenset[str]:
        """The countries that some actor is bound to."""
        return frozenset().union(*(row.countries for row in self.actors))

    def here(self, country: object, day: pd.Timestamp) -> list[_Listed]:
        """The actors that hold in a country on a day."""
        return [row for row in self.actors if row.holds(country, day)]


@cache
def _book(source: str) -> _Book:
    name, separator = _SOURCES[source]
    tables = [catalog.seed(table) for table in ("actors", "actor_rules")]
    actors, rules = ([_row(row) for row in t[t["source"] == name].to_dict("records")] for t in tables)
    return _Book(actors, rules, separator)


def _row(row: dict) -> _Listed:
    given = {k: v for k, v in row.items() if isinstance(v, str)}
    return _Listed(
        family=given["family"],
        id=given.get("actor_id", ""),
        key="" if "pattern" in given else key(given.get("name", "")),
        pattern=re.compile(given["pattern"]) if "pattern" in given else None,
        countries=frozenset(given.get("country", "").split()),
        start=pd.Timestamp(given.get("start", _EVER)),
        end=pd.Timestamp(given.get("end", _NEVER)),
    )


def side_families(events: pd.DataFrame, side: str) -> pd.DataFrame:
    """The family of one side of every event, and whether a rule gave it.

    Parameters
    ----------
    events : pandas.DataFrame
        the columns source, country, date_start, side_a_id and side_a (or b) of an events table. Where ACLED names
        associates, they follow the actor in ``side_a``, divided by "; ".
    side : {"a", "b"}
        which side.

    Returns
    -------
    pandas.DataFrame
        columns ``family`` (never missing; categories where the sides are) and ``by_rule`` (the name is not in
        ``seeds/actors.csv``), indexed as ``events``.

    Raises
    ------
    ValueError
        for a source that the seeds do not know.

    Examples
    --------
    >>> events = pd.DataFrame({"source": "ucdp_ged", "country": "MLI", "date_start": pd.Timestamp("2024-07-27"),
    ...                        "side_a_id": None, "side_a": ["Government of Mali, Government of Russia", "Group A"]})
    >>> side_families(events, "a")
                         family  by_rule
    0  state_mali; state_russia    False
    1               other_armed     True
    """
    return _families(events, side)[side]


def _families(events: pd.DataFrame, sides: str) -> dict[str, pd.DataFrame]:
    """The same for several sides."""
    parts = [_of_one_source(rows, sides, str(source)) for source, rows in _by_source(events)]
    if len(parts) == 1:
        return parts[0]
    empty = pd.DataFrame({"family": pd.Series(dtype="str"), "by_rule": pd.Series(dtype=bool)})
    return {s: pd.concat([p[s] for p in parts]).reindex(events.index) if parts else empty for s in sides}


def _by_source(events: pd.DataFrame) -> Iterator[tuple[object, pd.DataFrame]]:
    if len(sources := events["source"].unique()) == 1 and isinstance(sources[0], str):  # nearly always
        yield sources[0], events
    else:
        yield from events.groupby("source", sort=False, observed=True)


def _of_one_source(events: pd.DataFrame, sides: str, source: str) -> dict[str, pd.DataFrame]:
    if source not in _SOURCES:
        raise ValueError(
            f"seeds/actors.csv knows no names of the source {source!r}, only of {', '.join(_SOURCES)}. Give such a "
            "table the columns family_a and family_b, with codes of seeds/families.csv."
        )
    book = _book(source)
    era = by_day(events["date_start"], lambda days: np.searchsorted(book.eras, days, side="right"))
    where, names = numbered(events["country"])
    where = np.array([*(i if name in book.countries else -1 for i, name in enumerate(names)), -1])[where]
    holding: dict[tuple, list[_Listed]] = {}  # -1: where no country's actor holds
    out = {}
    for side in sides:
        columns = [events[f"side_{side}_id"], events[f"side_{side}"]]
        first, which = different([*columns, where, era])
        found = []
        for row, id, name in zip(first, *(column.iloc[first] for column in columns), strict=True):
            case = where[row], era[row]
            if case not in holding:
                holding[case] = book.here(events["country"].iloc[row], events["date_start"].iloc[row])
            found.append(_family(book, holding[case], *(v if isinstance(v, str) else "" for v in (id, name))))
        families, by_rule = zip(*found, strict=True)
        family = coded(families, which)
        held = family if is_coded(columns[-1]) else texts_of(family)
        out[side] = pd.DataFrame({"family": held, "by_rule": np.array(by_rule)[which]}, index=events.index)
    return out


def _family(book: _Book, here: list[_Listed], id: str, name: str) -> tuple[str, bool]:
    """The family of one side among the actors ``here``, and whether a rule gave it (or a part of it)."""
    wanted = key(name)
    whole = [r for r in here if id and r.id == id] or [r for r in here if wanted and r.key == wanted]
    if whole:
        return whole[0].family, False
    names = [part for part in name.split(book.separator) if part.strip()]
    found = [_part(book, here, part) for part in names] or [(UNKNOWN, True)]
    if book.separator == JOINT:  # after the actor come associates: allies if they bear arms, else a description
        armed = found[0][0] not in (CIVILIANS, UNKNOWN)
        found = found[:1] + [f for f in found[1:] if armed and not f[1] and f[0] not in (CIVILIANS, UNKNOWN)]
    return joined(p for f, _ in found for p in f.split(JOINT)), any(rule for _, rule in found)


def _part(book: _Book, here: list[_Listed], name: str) -> tuple[str, bool]:
    wanted, plain = key(name), _plain(name)
    for row in here:
        if row.pattern.search(plain) if row.pattern else wanted and row.key == wanted:
            return row.family, False
    return next((row.family for row in book.rules if row.pattern and row.pattern.search(plain)), UNKNOWN), True


def _plain(name: str) -> str:
    """A name in lower case without accents, for patterns."""
    text = unicodedata.normalize("NFKD", tidy_text(name).casefold())
    return "".join(c for c in text if not unicodedata.combining(c))


@dataclass(frozen=True)
class ByRule:
    """How many events have a side whose family is by a rule, and how many such sides there are of each family."""

    events: int
    sides: dict[str, int]


def filled(events: pd.DataFrame) -> tuple[pd.DataFrame, ByRule]:
    """``events`` with family_a and family_b, and how many names got theirs by a rule."""
    found = _families(events, "ab")
    by_rule = {side: rows["by_rule"] for side, rows in found.items()}
    sides: Counter = Counter()
    for side, rows in found.items():
        which, names = numbered(rows["family"][by_rule[side]])
        sides.update(dict(zip(names.tolist(), np.bincount(which, minlength=len(names)).tolist(), strict=True)))
    events = events.assign(**{f"family_{side}": rows["family"] for side, rows in found.items()})
    return events, ByRule(int((by_rule["a"] | by_rule["b"]).sum()), +sides)


def note(events: int, by_rule: int, sides: list[tuple[str, int]]) -> str:
    """What the ledger says of families that a rule gave."""
    shown = ", ".join(f"{family} {n:,}" for family, n in sides)
    return (
        f"{by_rule:,} of {events:,} events name a side that seeds/actors.csv does not list: its family is by the rules "
        f"of seeds/actor_rules.csv ({shown} sides)."
    )
