"""Two releases as two tables that can be laid side by side: one key, the same columns, the same kinds of values."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import pandas as pd
from pandas.api import types

from mali_stats.asked import column_of_words
from mali_stats.schema import DEATHS, EVENTS, dtype
from mali_stats.sources import ucdp

TOTALS = ("deaths_low", "deaths_best", "deaths_high")
_EVENT_KEY, _YEAR_KEY = ["event_id"], ["country", "year"]
_NEEDED = {"event_id": ("source", "country", "date_end", *TOTALS), "year": ("country", *TOTALS)}
#: sums in a country-year table -> the type of violence whose best estimates they add up
_BY_TYPE = {
    "state_based_best": "state-based",
    "non_state_best": "non-state",
    "one_sided_best": "one-sided",
}
_ACCEPTED = (
    "wanted are two events tables (source, event_id, country, date_end, deaths_low, deaths_best, deaths_high, ...), "
    "two country-year tables (country, year, deaths_low, deaths_best, deaths_high, ..., as ms.load('country_year')), "
    "or one of each"
)
_LONGEST = 120  # characters of a value that are shown
Kinds = dict[str, str | tuple[str, ...]]


@dataclass
class Release:
    """One release: its rows as given, the same rows by key in the kinds of ``schema``, and what a report calls it."""

    given: pd.DataFrame
    values: pd.DataFrame
    label: str


@dataclass
class Pair:
    """Two releases, the key of their rows, the columns that both have, and what was seen on the way."""

    old: Release
    new: Release
    key: list[str]
    kinds: Kinds
    source: str
    notes: list[str] = field(default_factory=list)

    @property
    def events(self) -> bool:
        """Whether rows are events (else country-years)."""
        return self.key == _EVENT_KEY

    @property
    def time(self) -> str:
        """The column that says how far a record reaches."""
        return "date_end" if self.events else "year"

    @cached_property
    def both(self) -> pd.Index:
        """Keys that both have."""
        return self.old.values.index[self.old.values.index.isin(self.new.values.index)]

    @cached_property
    def gone(self) -> pd.Index:
        """Keys that the old release alone has."""
        return self.old.values.index[~self.old.values.index.isin(self.new.values.index)]

    @cached_property
    def later(self) -> pd.Series:
        """Of what the new release alone has, whether it lies after the old record's end."""
        old, new = self.old.values, self.new.values
        added = new.loc[~new.index.isin(old.index), self.time]
        return added > old[self.time].max() if len(old) else added.isna()


def paired(old, new) -> Pair:
    """Bring two releases to one form.

    Parameters
    ----------
    old, new : DataFrame
        see ``compare_releases``.

    Returns
    -------
    Pair

    Raises
    ------
    TypeError, ValueError
        as ``compare_releases`` does.
    """
    kinds = [_which(table, side) for table, side in ((old, "old"), (new, "new"))]
    for table, side in ((old, "old"), (new, "new")):
        if "source" in table:
            column_of_words(table["source"], f"compare_releases: the {side} release")
    source = _one_source(old, new, kinds)
    labels = [_label(*parts) for parts in zip((old, new), kinds, ("old", "new"), strict=True)]
    notes: list[str] = []
    if kinds == ["event_id", "year"]:
        old, new = _by_year(old, new, "old", notes)
    elif kinds == ["year", "event_id"]:
        new, old = _by_year(new, old, "new", notes)
    key = _EVENT_KEY if kinds == ["event_id", "event_id"] else _YEAR_KEY
    columns = _columns(old, new, key, notes)
    releases = [
        Release(*_ordered(old, key, columns, "old"), labels[0]),
        Release(*_ordered(new, key, columns, "new"), labels[1]),
    ]
    return Pair(*releases, key, columns, source, notes)


def _which(table, side: str) -> str:
    """What tells the rows apart: ``event_id`` or, in a table of country-years, ``year``."""
    if not isinstance(table, pd.DataFrame):
        raise TypeError(f"compare_releases: the {side} release is of type {type(table).__name__}; {_ACCEPTED}.")
    kind = next((kind for kind in _NEEDED if kind in table), None)
    lost = [c for c in _NEEDED.get(kind, ()) if c not in table]
    twice = list(table.columns[table.columns.duplicated()])
    if kind is None or lost or twice:
        shown = ", ".join(map(str, table.columns[:12])) or "no columns"
        fault = f"lacks {', '.join(lost)}" if lost else f"has {', '.join(twice)} twice" if twice else f"has {shown}"
        raise ValueError(f"compare_releases: the {side} release {fault}; {_ACCEPTED}.")
    return kind


def _one_source(old: pd.DataFrame, new: pd.DataFrame, kinds: list[str]) -> str:
    """The source of both; country-years that do not name theirs are UCDP's if they meet events."""
    named = [set(t["source"].astype("str").fillna("an unnamed source")) if "source" in t else set() for t in (old, new)]
    if kinds[0] != kinds[1]:
        named = [source or {ucdp.SOURCE} for source in named]
    together = sorted(set().union(*named))
    if len(together) > 1:
        raise ValueError(
            f"compare_releases: rows of {' and '.join(map(_short, together))}; two releases of one source are wanted. "
            "Events of two sources are linked by ms.match_events."
        )
    return "".join(together)


def _label(table: pd.DataFrame, kind: str, side: str) -> str:
    """Versions where the rows name them, and how far the record reaches."""
    versions = sorted(table["source_version"].dropna().astype("str").unique()) if "source_version" in table else []
    unit, time, form = ("events", "date_end", "date") if kind == "event_id" else ("country-years", "year", "whole")
    last = _values(table[time], form, side).max()
    reach = "" if pd.isna(last) else f" to {last:%Y-%m-%d}" if form == "date" else f" to {last}"
    return " ".join([unit, *versions]) + reach


# ---- events that meet country-years ------------------------------------------------------------------------


def _by_year(
    events: pd.DataFrame, years: pd.DataFrame, side: str, notes: list[str]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Events added up by country and year of their last day, and the country-years of their countries.

    Years without an event count 0, from the first published one to the last one with an event.
    """
    _, rows = _ordered(events, _EVENT_KEY, {c: EVENTS[c] for c in EVENTS if c in events}, side)
    rows["year"] = rows["date_end"].dt.year.astype("Int64")
    for column, kind in _BY_TYPE.items():
        if "type_of_violence" in rows:
            rows[column] = rows["deaths_best"].where(rows["type_of_violence"].eq(kind).fillna(False), 0)
    shared = [c for c in years if c in (*TOTALS, "deaths_civilians", *_BY_TYPE) and c in rows]
    kept = years[years["country"].isin(rows["country"].unique())].reset_index(drop=True)
    if kept.empty:
        raise ValueError(
            f"compare_releases: the events are of {_few(rows['country'])}, the country-years of "
            f"{_few(years['country'])}; countries are wanted as ISO3 codes, and one of them in both."
        )
    _notes_by_year(rows, years, notes)
    sums = rows.groupby(_YEAR_KEY)[shared].sum().reindex(_grid(rows, kept), fill_value=0)
    return sums.reset_index(), kept


def _notes_by_year(rows: pd.DataFrame, years: pd.DataFrame, notes: list[str]) -> None:
    crossing = int((rows["date_start"].dt.year != rows["year"]).sum()) if "date_start" in rows else 0
    if crossing:
        notes.append(f"Events across a turn of the year, each counted in the year of its last day: {crossing}.")
    left = years.loc[~years["country"].isin(rows["country"]), "country"]
    if len(left):
        notes.append(f"Countries of which there are no events, left out: {_few(left)}.")


def _grid(rows: pd.DataFrame, years: pd.DataFrame) -> pd.MultiIndex:
    first = pd.concat([rows[_YEAR_KEY], years[_YEAR_KEY]]).groupby("country")["year"].min()
    last = rows.groupby("country")["year"].max()
    cells = [(c, y) for c in last.index for y in range(int(first[c]), int(last[c]) + 1)]
    return pd.MultiIndex.from_tuples(cells, names=_YEAR_KEY)


def _few(values: pd.Series) -> str:
    return ", ".join(map(_short, sorted(values.dropna().astype("str").unique())[:8])) or "no country"


def _short(value) -> str:
    """The value as it stands in an error, of which it may be nearly all."""
    text = " ".join(str(value).split())
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


# ---- one form ----------------------------------------------------------------------------------------------


def _columns(old: pd.DataFrame, new: pd.DataFrame, key: list[str], notes: list[str]) -> Kinds:
    """The columns that both have and their kinds; source and version are what a title says."""
    for here, other, side in ((old, new, "old"), (new, old, "new")):
        alone = [str(c) for c in here if c not in other and c not in ("source_version", "source")]
        if alone:
            notes.append(f"Columns of the {side} release only, not compared: {', '.join(alone)}.")
    return {c: _kind(c, old[c], new[c], key) for c in new if c in old and c not in ("source_version", "source")}


def _kind(name: str, old: pd.Series, new: pd.Series, key: list[str]) -> str | tuple[str, ...]:
    if key == _EVENT_KEY and name in EVENTS:
        return EVENTS[name]
    if key == _YEAR_KEY and (name in ("year", *_BY_TYPE) or str(name).startswith("deaths_")):
        return "whole"
    both = all(types.is_numeric_dtype(c) and not types.is_bool_dtype(c) for c in (old, new))
    if not both or name in (*_EVENT_KEY, *_YEAR_KEY):
        return "text"
    fractions = pd.concat([pd.to_numeric(c).astype("Float64").mod(1) for c in (old, new)])
    return "number" if fractions.dropna().ne(0).any() else "whole"


def _ordered(table: pd.DataFrame, key: list[str], kinds: Kinds, side: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows as given and as values, both in the order of the key, one row each."""
    table = table.reset_index(drop=True)
    values = pd.DataFrame({name: _values(table[name], kind, side) for name, kind in kinds.items()}, index=table.index)
    needed = [*key, *(c for c in ("country", "date_end") if c in values and key == _EVENT_KEY)]
    bare = values[needed].isna().any(axis=1)
    if bare.any():
        raise ValueError(f"compare_releases: {int(bare.sum())} rows of the {side} release lack {' or '.join(needed)}.")
    twice = values[values.duplicated(key, keep=False)]
    if len(twice):
        shown = sorted({" ".join(map(_short, k)) for k in twice[key].itertuples(index=False)})
        way = "ms.read_events keeps the newest row of an event" if key == _EVENT_KEY else "add up its parts first"
        raise ValueError(
            f"compare_releases: {len(twice)} rows of the {side} release share {' and '.join(key)} with another: "
            f"{', '.join(shown[:10])}. One row each is wanted; {way}."
        )
    values = values.sort_values(key)
    index = pd.MultiIndex.from_frame(values[key]).set_names([None] * len(key))
    for column in (c for c in values if c in DEATHS or c in _BY_TYPE or c == "events"):
        below = values[column].lt(0).fillna(False)
        if below.any():
            raise ValueError(
                f"compare_releases: the {side} release, {column}: got {values.loc[below, column].iloc[0]} "
                f"({' '.join(map(_short, values.loc[below, key].iloc[0]))}; {int(below.sum())} rows below 0). Counts "
                "of 0 or more are wanted, or nothing where a count is not known."
            )
    return table.loc[values.index].reset_index(drop=True), values.set_index(index)


def _values(column: pd.Series, kind: str | tuple[str, ...], side: str) -> pd.Series:
    """A column in the kind it stands for, however it was stored; an empty text is a missing one."""
    if kind == "date" and types.is_numeric_dtype(column) and column.notna().any():
        raise ValueError(
            f"compare_releases: the column {column.name!r} of the {side} release holds the number "
            f"{column.dropna().iloc[0]}; days are wanted, such as '2023-09-07'."
        )
    try:
        if isinstance(kind, tuple) or kind == "text":
            return _texts(column)
        if kind == "flag" and not types.is_bool_dtype(column):
            column = column.map(lambda v: _FLAGS[str(v).casefold()], na_action="ignore")
        elif kind == "date":
            given = column if types.is_datetime64_any_dtype(column) else _texts(column)
            column = pd.to_datetime(given, format="ISO8601").dt.normalize()
        elif kind != "flag":
            column = pd.to_numeric(column)
        return column.astype(dtype(kind))
    except (ValueError, TypeError, KeyError, OverflowError) as error:
        raise ValueError(
            f"compare_releases: the column {column.name!r} of the {side} release cannot be read as {_MEANS[kind]} "
            f"({_short(error)}). ms.read_events reads a release as published, and tables saved by it."
        ) from error


def _texts(column: pd.Series) -> pd.Series:
    if types.is_float_dtype(column) and column.dropna().mod(1).eq(0).all():
        column = column.astype("Int64")  # ids that a gap has made floats
    if not isinstance(column.dtype, pd.StringDtype):
        column = column.astype("object").where(column.notna(), None).map(str, na_action="ignore").astype("str")
    return column.mask(column.eq("").fillna(False)).astype("str")


_FLAGS = {"true": True, "1": True, "1.0": True, "false": False, "0": False, "0.0": False}
_MEANS = {"whole": "whole numbers", "number": "numbers", "date": "days", "flag": "True and False"}
