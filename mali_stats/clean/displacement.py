"""Figures of agencies as published to the displacement table: ``read_displacement``.

What a single row says is worked out in :mod:`mali_stats.clean.agencies`; here stand the rules between rows, the
flags that need more than a row, and the account of it all.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd

from mali_stats import catalog
from mali_stats.allot import days_by_month, sainte_lague
from mali_stats.asked import single
from mali_stats.clean.adding import KIND, TIMES
from mali_stats.clean.agencies import CLEAN
from mali_stats.clean.values import Values
from mali_stats.ledger import Ledger
from mali_stats.schema import DISPLACEMENT, EVENTS, FAMILIES, checked, typed
from mali_stats.sources import acled, dtm, files, hapi, idmc, ucdp, unhcr
from mali_stats.sources.layouts import elsewhere

ROUNDS = ("latest", "all")
#: no country has had as many people in flight or in need; a figure above it is a slip of the keys or of a column
MOST = 100_000_000
_SOURCES: tuple[ModuleType, ...] = (unhcr, idmc, dtm, hapi)
_COUNTS = ("low", "best", "high")
#: by what the figures are sorted: every column that two of them may differ in
_ORDER = [
    "source", "country", "indicator", "measure", *TIMES, "asylum_country", "admin1", "population_group", "breakdown",
    "unit", "best", "source_version", "published_on", "low", "high", "qualifier", "issues",
]  # fmt: skip
_HELPERS = {
    "operation": None,
    "round": np.nan,
    "assessment": "",
    "event": None,
    "role": None,
    "created": "",
    "spot": "",
    "keyed": False,
}


def read_displacement(path: str | Path | Sequence[str | Path], rounds: str = "latest") -> tuple[pd.DataFrame, Ledger]:
    """Read and clean figures of people in flight and in need, with an account of every figure.

    Known are UNHCR (population, flows and solutions; CSV or API pages), IDMC GIDD and IDU, IOM DTM (API v3 as JSON
    or CSV, and Excel sheets), HDX HAPI (idps, refugees-persons-of-concern, returnees, humanitarian-needs,
    food-security), and this table itself, saved.

    Parameters
    ----------
    path : str, Path or list of them
        a file (csv, gz, zip, json, parquet, xlsx); its layout is told by its content. A list is read as parts of
        one publication: a figure that stands in several files is kept once.
    rounds : {"latest", "all"}
        of the rounds of DTM, the latest of each operation, or all: stocks at several days, never to be added up.

    Returns
    -------
    figures : pandas.DataFrame
        the displacement table of :mod:`mali_stats.schema`, a row per published figure, in an order that does not
        depend on the file's; a figure of IDU that crosses the end of a month is spread over the months by days, a row
        a month, in whole people (or households) that add up to it. low, best and high are nullable integers of
        ``unit`` (people or households, never turned into each other); they are the same where one number is printed,
        and open (missing) where the qualifier leaves them so. A stock stands at the day ``as_of``, a flow from
        ``period_start`` to ``period_end``. A zero is a figure; a cell that is empty or ``-`` is none and stands in
        the ledger only. ``issues`` lists what is odd about a row.
    ledger : Ledger
        cells in = kept + dropped, by reason; the further rows of figures that were spread over months are counted in,
        without people. A note names a file without a figure. low, best and high are sums of people over all rows, of
        all dates, for the account only; households and unknown units are counted as rows, not as people. The ids are
        rows of the file.

    Raises
    ------
    TypeError
        for anything but a path or a list of them.
    FileNotFoundError, IsADirectoryError
        with what to give instead.
    ValueError
        for a file of no known layout (listing what was looked for), a damaged file, an Excel file without
        openpyxl, negative or unreadable numbers and impossible dates (listing at most ten places).

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from mali_stats import synthetic
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "population.csv"
    >>> _ = path.write_text(synthetic.unhcr_population(seed=1).content)
    >>> figures, ledger = read_displacement(path)
    >>> figures.query("indicator == 'idps'")[["country", "as_of", "measure", "unit"]].tail(2)
       country      as_of measure    unit
    28     MLI 2023-12-31   stock  people
    29     MLI 2024-12-31   stock  people
    >>> ledger.tidy()[["kind", "rows"]]
          kind  rows
    0       in   270
    1  dropped    66
    2  dropped    30
    3     kept   174
    """
    single("read_displacement", rounds=rounds)
    if isinstance(path, list | tuple) and not path:
        raise ValueError("read_displacement: the list of files is empty; give at least one file.")
    if rounds not in ROUNDS:
        raise ValueError(f"read_displacement: rounds={rounds!r} is not known; use one of {', '.join(ROUNDS)}.")
    ledger = Ledger()
    tables = files.open_tables(path)
    parts = [_read(table, i, len(tables), ledger) for i, table in enumerate(tables)]
    rows = pd.concat(parts, ignore_index=True)
    rows = _without(rows, _copies_between_files(rows), "the same figure in another file", ledger)
    rows = _idu_roles(rows, ledger)
    rows = _assessments(rows, ledger)
    if rounds == "latest":
        rows = _latest_rounds(rows, ledger)
    rows = _spread(rows, ledger)
    rows = _flagged(rows)
    _count_issues(rows, ledger)
    _count(ledger, "clean", "figures", "kept", rows)
    figures = rows.sort_values(_ORDER, ignore_index=True, na_position="first")[list(DISPLACEMENT)]
    return figures, ledger.check()


# ---- which file --------------------------------------------------------------------------------------------


def _read(table: files.Table, number: int, of: int, ledger: Ledger) -> pd.DataFrame:
    """One file to rows of the table, without what is no figure or stands in the file twice."""
    if set(DISPLACEMENT) <= set(table.columns):
        rows, name = _saved(table), "saved by mali_stats"
    else:
        layout = _recognised(table)
        rows, name = _cleaned(table, layout), layout.name
        if layout.absent:
            ledger.notes.append(
                f"{table.name} lacks columns that {name} has: {', '.join(layout.absent)}. What they tell is missing."
            )
    rows["file"] = number
    rows["id"] = rows["row"].astype(str) if of == 1 else table.name + ":" + rows["row"].astype(str)
    _count(ledger, "read", f"figures in {table.name} ({name})", "in", rows)
    ledger.notes += table.notes
    for reason in sorted(set(rows["missing"]) - {""}):
        _count(ledger, "read", reason, "dropped", rows[rows["missing"] == reason])
    rows = rows[rows["missing"] == ""]
    if rows.empty:
        ledger.notes.append(f"{table.name} holds no figure.")
    return _without(rows, rows["copy"], "exact copy of another row of the file", ledger)


def _recognised(table: files.Table):
    found = [(source, *source.recognise(table)) for source in _SOURCES]
    layout = next((layout for _, layout, _ in found if layout is not None), None)
    if layout is None:
        looked = "; ".join(f"{source.LAYOUTS}: missing {', '.join(missing)}" for source, _, missing in found)
        shown = ", ".join(table.columns[:12]) + (", ..." if len(table.columns) > 12 else "")
        own_letters = {"coo", "coa"} <= {c.casefold() for c in table.columns}
        hint = " UNHCR's own letters are not ISO codes: ask its API with cf_type=ISO." if own_letters else ""
        raise ValueError(
            f"{table.name} has no layout that read_displacement knows. Looked for {looked}; a table saved by "
            f"mali_stats: missing {len(set(DISPLACEMENT) - set(table.columns))} of {len(DISPLACEMENT)} columns. The "
            f"file has: {shown}.{hint}" + elsewhere(table, (ucdp, acled), set(EVENTS) - set(FAMILIES), "read_events")
        )
    return layout


def _cleaned(table: files.Table, layout) -> pd.DataFrame:
    whole = table.take({c: c for c in table.columns}, nested_too=True)
    raw = table.take(layout.columns)
    raw = raw.where(raw.apply(lambda c: c.str.strip().ne("")), np.nan)
    read = Values(table, raw, {ours: column for column, ours in layout.columns.items()})
    rows = CLEAN[layout.kind](read, layout)
    read.done()
    rows["issues"] = _with_signs(rows, read)
    rows["copy"] = rows["row"].isin(np.flatnonzero(whole.duplicated()) + table.rows_before + 1)
    rows["source"], rows["licence"] = layout.source, layout.licence
    rows["keyed"] = layout.kind != "dtm sheet"
    return _typed(rows)


def _with_signs(rows: pd.DataFrame, read: Values) -> pd.Series:
    """The issues of every figure, with those of the texts that its row of the file holds."""
    issues = rows["issues"].fillna("")
    for text, mask in {text: mask for mask, text in read.odd}.items():
        here = rows["row"].isin(np.flatnonzero(mask) + read.table.rows_before + 1)
        issues = issues.where(~here, (issues + "; " + text).str.removeprefix("; "))
    return issues


def _typed(rows: pd.DataFrame) -> pd.DataFrame:
    rows = rows.reset_index(drop=True)
    for column in {*DISPLACEMENT, *_HELPERS} - set(rows):
        rows[column] = _HELPERS.get(column)
    counts = {c: rows[c].astype("Int64") for c in _COUNTS}
    table = typed(rows.assign(**counts), DISPLACEMENT)
    return table.join(rows[["row", "missing", "copy", *_HELPERS]])


def _saved(table: files.Table) -> pd.DataFrame:
    raw = table.take({c: c for c in DISPLACEMENT})
    raw["issues"] = raw["issues"].fillna("")
    try:
        rows = typed(raw, DISPLACEMENT)
    except (ValueError, TypeError) as error:
        raise ValueError(
            f"{table.name}: a displacement table saved by mali_stats, but changed since: {error}. Read the original."
        ) from error
    try:
        checked(rows, "read_displacement")
    except ValueError as error:
        raise ValueError(f"{table.name}, a table saved by mali_stats, is not valid any more. {error}") from error
    helpers = _HELPERS | {"keyed": rows["source"].isin([unhcr.SOURCE, idmc.SOURCE])}
    return rows.assign(row=np.arange(len(rows)) + table.rows_before + 1, missing="", copy=False, **helpers)


# ---- the account -------------------------------------------------------------------------------------------


def _count(ledger: Ledger, step: str, reason: str, kind: str, rows: pd.DataFrame) -> None:
    """One line for ``rows``; only people are added up, since households and unknown units are no people."""
    if rows.empty and kind not in ("in", "kept"):
        return
    sums = rows.loc[rows["unit"] == "people", list(_COUNTS)].sum()
    low, best, high = (int(sums[c]) for c in _COUNTS)
    ledger.add(step, reason, kind, rows=len(rows), low=low, best=best, high=high, ids=rows["id"])


def _without(rows: pd.DataFrame, wrong: pd.Series, reason: str, ledger: Ledger) -> pd.DataFrame:
    """The rows that are not ``wrong``; the others are counted as dropped."""
    wrong = wrong.astype(bool)
    _count(ledger, "clean", reason, "dropped", rows[wrong])
    return rows[~wrong]


def _count_issues(rows: pd.DataFrame, ledger: Ledger) -> None:
    items = rows["issues"].str.split("; ").explode()
    kinds = items[items != ""].str.split(":").str[0]
    for kind in sorted(kinds.unique()):
        _count(ledger, "clean", kind, "flagged", rows.loc[kinds.index[kinds == kind].unique()])


# ---- rules between rows ------------------------------------------------------------------------------------


def _copies_between_files(rows: pd.DataFrame) -> pd.Series:
    """Figures that an earlier file of the list has too: UNHCR's solutions repeat its population file's returns."""
    first = rows.groupby(list(DISPLACEMENT), dropna=False, observed=True)["file"].transform("min")
    return rows["file"] != first


def _idu_roles(rows: pd.DataFrame, ledger: Ledger) -> pd.DataFrame:
    """Per event the recommended figures, else of the other reports the newest of each place."""
    reports = rows["event"].notna()
    event = rows["country"] + " " + rows["event"].astype("str")
    has = event.isin(event[reports & (rows["role"] == idmc.RECOMMENDED)])
    other = reports & has & (rows["role"] != idmc.RECOMMENDED)
    rows = _without(rows, other, "another report of an event with a recommended figure", ledger)
    open_ = rows["event"].notna() & (rows["role"] != idmc.RECOMMENDED)
    keys = [event[rows.index], rows["spot"], rows["population_group"].astype("str")]
    newest = rows["created"].where(open_, "").groupby(keys, dropna=False).transform("max")
    return _without(rows, open_ & (rows["created"] != newest), "an older report of the same place and event", ledger)


def _assessments(rows: pd.DataFrame, ledger: Ledger) -> pd.DataFrame:
    """DTM counts the same people by area (BA) and by site (SA): where both stand for a day, BA is kept."""
    keys = [rows[c] for c in ("source", "country", "operation", "source_version", "as_of")]
    has_area = (rows["assessment"] == "BA").groupby(keys, dropna=False).transform("any")
    wrong = has_area & ~rows["assessment"].isin(["BA", ""])
    return _without(rows, wrong, "the same people under another assessment type", ledger)


def _latest_rounds(rows: pd.DataFrame, ledger: Ledger) -> pd.DataFrame:
    """The latest round of each operation: by its number, or by its day where not every round bears one."""
    staged = rows["operation"].notna()
    groups = [rows["source"], rows["country"], rows["operation"]]
    numbered = rows["round"].notna().groupby(groups, dropna=False).transform("all").astype(bool)
    when = rows["round"].where(numbered, (rows["as_of"] - pd.Timestamp(0)).dt.days)
    old = staged & (when < when.groupby(groups, dropna=False).transform("max"))
    return _without(rows, old, "an earlier round of the same operation", ledger)


# ---- over the months ---------------------------------------------------------------------------------------


def _spread(rows: pd.DataFrame, ledger: Ledger) -> pd.DataFrame:
    """Figures of IDU that cross the end of a month, over the months by days; the others as they are."""
    first, last = (rows[c].dt.year * 12 + rows[c].dt.month for c in ("period_start", "period_end"))
    crossing = rows["source"].eq(idmc.SOURCE_IDU) & rows["measure"].eq("flow") & (first < last)
    if not crossing.any():
        return rows
    figures, ends = rows[crossing], rows.loc[crossing, ["period_start", "period_end"]].to_numpy("datetime64[D]")
    days = [days_by_month(*pair) for pair in ends]
    parts = figures.loc[figures.index.repeat([len(of) for of in days])]
    edges = [start + np.cumsum([0, *of]) for (start, _), of in zip(ends, days, strict=True)]
    found = figures["issues"].fillna("")
    text = [f"{said}; spread-from:{a}/{b}".removeprefix("; ") for said, (a, b) in zip(found, ends, strict=True)]
    parts = parts.assign(
        period_start=np.concatenate([e[:-1] for e in edges]), period_end=np.concatenate([e[1:] - 1 for e in edges]),
        issues=np.repeat(text, [len(of) for of in days]), **{c: _shares(figures[c], days) for c in _COUNTS},
    )  # fmt: skip
    more = len(parts) - len(figures)
    ledger.add("clean", "further rows of figures spread over months", "in", rows=more, low=0, best=0, high=0)
    _count(ledger, "clean", "spread over months by days", "moved", parts)
    together = pd.concat([rows[~crossing], parts], ignore_index=True)
    return typed(together, DISPLACEMENT).join(together[[c for c in together if c not in DISPLACEMENT]])


def _shares(figures: pd.Series, days: list[tuple[int, ...]]):
    """Each figure by its days, in one column; what is missing is missing in every month."""
    shares = [
        [pd.NA] * len(of) if pd.isna(n) else sainte_lague(int(n), of).tolist()
        for n, of in zip(figures, days, strict=True)
    ]
    return pd.array([n for part in shares for n in part], dtype="Int64")


# ---- flags that need more than the row ---------------------------------------------------------------------


def _flagged(rows: pd.DataFrame) -> pd.DataFrame:
    """Add to ``issues`` what other rows, or other tables, make odd about a row."""
    found = [
        (rows["unit"].eq("households"), "households"),
        (_more_than_inhabitants(rows), "more-than-inhabitants"),
        (rows["high"].fillna(rows["best"]).gt(MOST), "implausible-people"),
        (_cumulative(rows), "cumulative"),
        (_several(rows), "another-figure-for-the-same"),
    ]
    issues = rows["issues"].fillna("")
    for mask, text in found:
        known = issues.str.split("; ").map(lambda items, t=text: t in [i.split(":")[0] for i in items]).astype(bool)
        new = mask.fillna(False).astype(bool) & ~known
        issues = issues.where(~new, (issues + "; " + text).str.removeprefix("; "))
    return rows.assign(issues=issues.astype("str"))


def _more_than_inhabitants(rows: pd.DataFrame) -> pd.Series:
    """More people displaced or in need within a country than live there, by the World Bank's totals."""
    table = catalog.load("population").astype({"country": "object"})
    table["year"] = table["year"].astype(int)
    last = table.groupby("country")["year"].max()
    year = rows["as_of"].dt.year.clip(upper=rows["country"].map(last))
    keys = pd.MultiIndex.from_arrays([rows["country"], year.fillna(0).astype(int)])
    inhabitants = table.set_index(["country", "year"])["population"].reindex(keys).to_numpy()
    inside = rows["indicator"].isin(["idps", "people_in_need", "food_insecure"]) & rows["unit"].eq("people")
    return inside & (rows["best"] > pd.array(inhabitants, dtype="Int64")).fillna(False)


def _cumulative(rows: pd.DataFrame) -> pd.Series:
    """Flows that begin with a shorter one of the same kind and so contain it: since January, or a year."""
    flow = rows["measure"].eq("flow")
    shortest = (
        rows["period_end"]
        .where(flow)
        .groupby([rows[c] for c in [*KIND, "period_start"]], dropna=False)
        .transform("min")
    )
    return flow & (rows["period_end"] > shortest)


def _several(rows: pd.DataFrame) -> pd.Series:
    """Several figures of one kind, time and round in a layout whose key allows one; DTM's sheets have a row a site."""
    keys = [*KIND, *TIMES, "source_version", "operation", "assessment"]
    return rows["keyed"].astype(bool) & rows.duplicated(keys, keep=False)
