"""The tables' columns, kinds and levels, and ``check``, which holds a table to them.

Every stage of the library hands the next one a plain ``pandas.DataFrame`` in one of the vocabularies below,
so this module is the whole contract between them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeGuard

import numpy as np
import pandas as pd
from pandas.api import types

from mali_stats.distinct import repeated
from mali_stats.texts import is_coded, texts_of, texts_of_all

if TYPE_CHECKING:
    import dask.dataframe as dd

DATE_PRECISION = ("day", "days", "week", "month", "year")
GEO_PRECISION = ("exact", "near", "admin2", "admin1", "area", "country", "abroad")
VIOLENCE = ("state-based", "non-state", "one-sided")
#: The counts of deaths, in the order in which every table shows them.
DEATHS = (
    "deaths_low", "deaths_best", "deaths_high",
    "deaths_a", "deaths_b", "deaths_civilians", "deaths_unknown",
)  # fmt: skip
#: What a panel adds up.
COUNTS = ("events", *DEATHS)
UNALLOCATED = "unallocated"

#: column -> kind, in order. Kinds: text, whole (nullable integer of 0 or more), change (nullable integer, below 0
#: in a net change only), number, date, flag (nullable boolean),
#: or a tuple of the levels of an ordered category.
EVENTS: dict[str, str | tuple[str, ...]] = {
    "source": "text", "source_version": "text", "event_id": "text", "country": "text", "report_id": "text",
    "date_start": "date", "date_end": "date", "date_precision": DATE_PRECISION,
    "admin1": "text", "admin1_name": "text", "admin2": "text", "admin2_name": "text",
    "latitude": "number", "longitude": "number", "geo_precision": GEO_PRECISION,
    "type_of_violence": VIOLENCE, "event_type": "text", "sub_event_type": "text",
    "dyad_id": "text", "dyad": "text", "side_a_id": "text", "side_a": "text",
    "side_b_id": "text", "side_b": "text", "family_a": "text", "family_b": "text",
    **{name: "whole" for name in DEATHS},
    "convention": "flag", "clarity": "whole", "active_year": "flag",
    "n_sources": "whole", "n_social_media": "whole", "n_army_statements": "whole", "issues": "text",
}  # fmt: skip

#: source -> the columns that its events have beside these (lists are divided by "; ")
MORE: dict[str, dict[str, str | tuple[str, ...]]] = {
    "acled": {
        "side_a_kind": "text", "side_b_kind": "text", "civilian_targeting": "flag", "sources": "text", "tags": "text",
    },
}  # fmt: skip
#: The families of actors of both sides; tables saved before there were any lack them.
FAMILIES = ("family_a", "family_b")

PANEL: dict[str, str | tuple[str, ...]] = {
    "country": "text", "region": "text", "region_name": "text", "month": "date", "in_scope": "flag",
    **{name: "whole" for name in COUNTS}, "frame": "text",
}  # fmt: skip

DISPLACEMENT: dict[str, str | tuple[str, ...]] = {
    "source": "text", "source_version": "text",
    "indicator": "text", "population_group": "text", "breakdown": "text", "measure": "text",
    "as_of": "date", "as_of_precision": ("day", "month", "year"), "period_start": "date", "period_end": "date",
    "country": "text", "admin1": "text", "asylum_country": "text", "unit": "text",
    "low": "change", "best": "change", "high": "change", "qualifier": "text",
    "published_on": "date", "licence": "text", "issues": "text",
}  # fmt: skip
INDICATORS = (
    "idps", "refugees", "asylum_seekers", "returnees", "stateless", "other_concern",
    "people_in_need", "food_insecure", "new_displacement", "resettled", "naturalised",
)  # fmt: skip

_TABLES = {"events": EVENTS, "displacement": DISPLACEMENT, "panel": PANEL}
#: A stock is people at a date, a flow movements in a period, a net change the difference of two stocks.
MEASURES = ("stock", "flow", "net change")
UNITS = ("people", "households")

_DTYPES = {
    "text": "str",
    "whole": "Int64",
    "change": "Int64",
    "number": "float64",
    "date": "datetime64[us]",
    "flag": "boolean",
}


def dtype(kind: str | tuple[str, ...]):
    """The pandas dtype of a column kind."""
    if isinstance(kind, tuple):
        return pd.CategoricalDtype(list(kind), ordered=True)
    return _DTYPES[kind]


def typed(table: pd.DataFrame, columns: dict[str, str | tuple[str, ...]], keep_coded: bool = False) -> pd.DataFrame:
    """``table`` with exactly ``columns``, in their order and dtypes; text becomes the kind it stands for.

    With ``keep_coded`` texts that are held as categories stay so, until `as_texts`.
    """
    stays = {name for name, kind in columns.items() if keep_coded and kind == "text" and is_coded(table[name])}
    out = {name: table[name] if name in stays else _as(table[name], kind) for name, kind in columns.items()}
    return pd.DataFrame(out, copy=False)


def as_texts(table: pd.DataFrame) -> pd.DataFrame:
    """``table`` with texts that are held as categories as texts; the one given is left empty."""
    texts = texts_of_all({name: table.pop(name).array for name in list(table.columns)})
    return pd.DataFrame(texts, index=table.index, copy=False)


def absent(rows: pd.DataFrame, kind: str | tuple[str, ...], value=None) -> pd.Series:
    """A column of ``kind`` beside ``rows`` that holds nothing, or one ``value`` throughout."""
    return pd.Series(pd.array([value], dtype=dtype(kind)).take(np.zeros(len(rows), dtype=int)), index=rows.index)


def _as(values: pd.Series, kind: str | tuple[str, ...]) -> pd.Series:
    if values.dtype == dtype(kind):
        return values
    if kind == "text" and is_coded(values):
        return pd.Series(texts_of(values), index=values.index)
    if kind == "flag" and not types.is_bool_dtype(values):
        values = values.map({"True": True, "False": False, "1": True, "0": False, True: True, False: False})
    elif kind == "number":
        return values.astype("float64")
    elif kind in ("whole", "change") and not types.is_numeric_dtype(values):
        values = pd.to_numeric(values)
    elif kind == "date":
        return pd.to_datetime(values).astype(_DTYPES["date"])
    return values.astype(dtype(kind))


def is_dask(table: object) -> TypeGuard[dd.DataFrame]:
    """Whether this is a Dask DataFrame, told without importing Dask."""
    return hasattr(table, "map_partitions") and any(
        kind.__module__.partition(".")[0] in ("dask", "dask_expr") for kind in type(table).__mro__
    )


# ---- check -------------------------------------------------------------------------------------------------

Problem = tuple[object, str, str]  # row label, column, reason


def check(table: pd.DataFrame) -> pd.DataFrame:
    """Hold an events, displacement or panel table to its vocabulary.

    Parameters
    ----------
    table : pandas.DataFrame
        any of the three tables; which one is told by its columns. Further columns are allowed.

    Returns
    -------
    pandas.DataFrame
        the table itself, unchanged, when nothing is wrong.

    Raises
    ------
    TypeError
        when it is not a frame.
    ValueError
        listing at most ten places: row, column and reason.

    Examples
    --------
    >>> import mali_stats as ms
    >>> panel = ms.load("region_month")
    >>> ms.check(panel) is panel
    True
    """
    return checked(table, "check")


def checked(table: pd.DataFrame, who: str) -> pd.DataFrame:
    """`check` in the name of the function that a user called, with which its message begins."""
    if not isinstance(table, pd.DataFrame):
        raise TypeError(f"{who}: a pandas.DataFrame is wanted, got {type(table).__name__}.")
    name = _which(table, who)
    # The rules between columns read dates as dates, so they wait until every value is of its kind.
    problems = _columns(table, name) or _values(table, _TABLES[name]) or _RULES[name](_held(table, name))
    if problems:
        shown = "\n".join(f"  row {row}, column {column}: {reason}" for row, column, reason in problems[:10])
        more = f"\n  ... and {len(problems) - 10} more" if len(problems) > 10 else ""
        faults = "1 fault" if len(problems) == 1 else f"{len(problems)} faults"
        raise ValueError(f"{who}: this {name} table has {faults}:\n{shown}{more}")
    return table


def held(table: pd.DataFrame, who: str) -> pd.DataFrame:
    """`checked`, and columns that hold nothing in the kind that they would have: a saved table may have lost it.

    Examples
    --------
    >>> import mali_stats as ms
    >>> figures = ms.load("displacement").head(3).assign(issues=float("nan"))
    >>> held(figures, "add_displacement")["issues"].dtype == dtype("text")
    True
    """
    return _held(checked(table, who), _which(table, who))


def _held(table: pd.DataFrame, name: str) -> pd.DataFrame:
    kinds = {c: kind for c, kind in _TABLES[name].items() if c in table and table[c].dtype != dtype(kind)}
    return table.assign(**{c: absent(table, kind) for c, kind in kinds.items() if len(table) and table[c].isna().all()})


def _which(table: pd.DataFrame, who: str) -> str:
    for name, keys in (
        ("events", {"event_id"}),
        ("displacement", {"indicator"}),
        ("panel", {"region", "month"}),
    ):
        if keys <= set(table.columns):
            return name
    has = ", ".join(map(str, table.columns[:12])) or "no columns"
    raise ValueError(
        f"{who}: this is no events, displacement or panel table. It has {has}. "
        "An events table has event_id, a displacement table indicator, a panel region and month."
    )


def _columns(table: pd.DataFrame, name: str) -> list[Problem]:
    # A panel may lack in_scope and frame (a shipped one is in scope throughout); the grid itself it may not.
    optional = {"in_scope", "frame"} if name == "panel" else set()
    missing = [c for c in _TABLES[name] if c not in table.columns and c not in optional]
    repeated = table.columns[table.columns.duplicated()]
    hint = {c: " (read_events fills it in, in a saved table too)" for c in FAMILIES}
    faults: list[Problem] = [("-", c, "the column is missing" + hint.get(c, "")) for c in missing]
    return faults + [("-", c, "stands twice") for c in repeated]


def _values(table: pd.DataFrame, columns: dict[str, str | tuple[str, ...]]) -> list[Problem]:
    if not table.index.is_unique:
        raise ValueError("the table's index has repeated labels; call .reset_index(drop=True) first.")
    problems: list[Problem] = []
    for name, kind in columns.items():
        if name in table:
            problems += _rows(table, _wrong(table[name], kind), name, _ACCEPTED.get(kind, f"one of {', '.join(kind)}"))
    return problems


_ACCEPTED = {"text": "text", "whole": "a whole number of 0 or more", "number": "a number"}
_ACCEPTED["date"] = "a date (use pd.to_datetime)"
_ACCEPTED["flag"] = "True or False"
_ACCEPTED["change"] = "a whole number"


def _wrong(values: pd.Series, kind: str | tuple[str, ...]) -> pd.Series:
    """Which values are not of ``kind``; a missing value is always allowed."""
    if values.dtype == dtype(kind):  # only numbers can be of it and wrong
        if kind == "whole":
            return values.lt(0)
        return values.abs() == float("inf") if kind == "number" else pd.Series(False, index=values.index)
    known = values.notna()
    if isinstance(kind, tuple):
        return known & ~values.astype("object").isin(kind)
    if kind == "text":
        if isinstance(values.dtype, pd.StringDtype):
            return known & False
        return known & ~values.map(lambda v: isinstance(v, str)).astype(bool)
    if kind == "date":
        return known & (not types.is_datetime64_any_dtype(values.dtype))
    if kind == "flag":
        return known & ~values.astype("object").isin([True, False])
    number = pd.to_numeric(values, errors="coerce")
    if kind == "number":
        return known & ~number.abs().lt(float("inf"))
    whole = number.abs().lt(float("inf")) & number.mod(1).eq(0)
    return known & ~(whole if kind == "change" else whole & number.ge(0))


def _rows(table: pd.DataFrame, wrong: pd.Series, column: str, accepted: str) -> list[Problem]:
    if not wrong.any():
        return []
    wrong = wrong.fillna(False).astype(bool)
    got = {row: table.at[row, column] for row in _labels(table, wrong)}
    return [
        (row, column, f"got {getattr(v, 'item', lambda v=v: v)()!r}, accepted: {accepted}") for row, v in got.items()
    ]


def _labels(table: pd.DataFrame, wrong: pd.Series) -> list:
    return list(table.index[wrong.to_numpy(dtype=bool)])


def _events_rules(table: pd.DataFrame) -> list[Problem]:
    problems = [(r, "event_id", "missing; every event needs an id") for r in _labels(table, table["event_id"].isna())]
    ids = table["event_id"]
    several = repeated(ids) if ids.dtype == dtype("text") else ids.duplicated(keep=False)
    twice = several & table.duplicated(["source", "event_id"], keep=False) if several.any() else several
    problems += _rows(table, twice, "event_id", "one row per event and source (read_events drops copies)")
    backwards = table["date_end"] < table["date_start"]
    problems += _rows(table, backwards, "date_end", "a day not before date_start")
    for name in ("date_start", "date_end"):
        problems += _rows(table, table[name].isna(), name, "a date; an event without one cannot be placed in time")
    for name in FAMILIES:
        problems += _rows(
            table, table[name].isna(), name, 'a family of seeds/families.csv, "unknown" where none is told'
        )
    return problems


def _displacement_rules(table: pd.DataFrame) -> list[Problem]:
    problems = _rows(table, ~table["indicator"].isin(INDICATORS), "indicator", f"one of {', '.join(INDICATORS)}")
    stock = table["measure"] == "stock"
    problems += _rows(table, stock & table["as_of"].isna(), "as_of", "a stock needs the day it was counted")
    flow = table["measure"].isin(["flow", "net change"])
    problems += _rows(table, flow & table["period_start"].isna(), "period_start", "a flow needs its period")
    for name in ("low", "best", "high"):
        below = (table["measure"] != "net change") & pd.to_numeric(table[name]).lt(0).fillna(False)
        problems += _rows(table, below, name, "a whole number of 0 or more (only a net change may be below)")
    end, start = (pd.to_datetime(table[name], errors="coerce") for name in ("period_end", "period_start"))
    problems += _rows(table, end < start, "period_end", "a day not before period_start")
    unknown = table["unit"].notna() & ~table["unit"].isin(UNITS)
    problems += _rows(table, unknown, "unit", f"one of {', '.join(UNITS)}, or missing")
    return problems + _rows(table, ~table["measure"].isin(MEASURES), "measure", f"one of {', '.join(MEASURES)}")


def _panel_rules(table: pd.DataFrame) -> list[Problem]:
    keys = ["country", "region", *_by_columns(table)]
    problems = _rows(table, table.duplicated([*keys, "month"], keep=False), "month", "one row per region and month")
    problems += _rows(table, table["month"].dt.day.ne(1), "month", "the first day of a month")
    months = table["month"].dt.year * 12 + table["month"].dt.month
    span = months.groupby([table[k] for k in keys], observed=True).agg(["min", "max", "nunique"])
    gaps = span[span["max"] - span["min"] + 1 != span["nunique"]]
    problems += [("-", "month", f"months are missing in {' / '.join(map(str, _tuple(g)))}") for g in gaps.index]
    if "in_scope" in table:
        known = table["in_scope"].fillna(False).astype(bool)
        wrong = known == table["events"].isna()
        accepted = "missing just where the month is out of scope (zero means none reported)"
        problems += _rows(table, wrong, "events", accepted)
    return problems


def _by_columns(table: pd.DataFrame) -> list[str]:
    """The grid columns that ``by`` added: they stand between the region's name and the month."""
    columns = list(table.columns)
    return columns[columns.index("region_name") + 1 : columns.index("month")]


def _tuple(key) -> tuple:
    return key if isinstance(key, tuple) else (key,)


_RULES = {"events": _events_rules, "displacement": _displacement_rules, "panel": _panel_rules}
