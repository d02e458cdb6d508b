"""Events and deaths by family of actors: ``family_totals``, and the cells that the shipped tables are made of."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

import pandas as pd

from mali_stats.asked import single
from mali_stats.clean.actors import JOINT, families, joined, states
from mali_stats.panel.grid import region_month_panel
from mali_stats.schema import COUNTS, FAMILIES, checked

ANY_GOVERNMENT = "any_government"
#: What a total may be given by; the time comes first, and only one of the two.
BY = ("year", "month", "region", "region_name", "type_of_violence")
_TIMES = BY[:2]
_PAIR = " | "
_MAIN, _ANY = "one_sided_main_government_best", "one_sided_any_government_best"


def family_totals(
    table: pd.DataFrame,
    family: str | Sequence[str] | None = None,
    *,
    side: str = "a",
    by: str | Sequence[str] = "year",
    joint: str = "own",
) -> pd.DataFrame:
    """Add up events and deaths by the family of one side, and say how joint sides are counted.

    A dyad has two sides. In one-sided violence side a is who killed, as the source has it, and side b are civilians;
    in fighting the record does not tell who killed whom, only how many each side lost (deaths_a, deaths_b) and how
    many civilians died.

    Parameters
    ----------
    table : pandas.DataFrame
        an events table of one source, or one of the shipped tables ``family_month``, ``region_family_year`` and
        (for "any_government" only) ``country_year``. Counts of an event are allotted to its months by days.
    family : str or list of str, optional
        codes of ``seeds/families.csv``, joint ones as "state_mali; state_russia"; by default every family that
        occurs. "any_government" collects every side of which a state's forces are a part, each event once.
    side : {"a", "b"}
        the side whose family is asked for.
    by : str or list of str
        "year" (the default) or "month", and of region, region_name and type_of_violence what the table has; an
        empty list gives totals. A country column is kept wherever there is one.
    joint : {"own", "each"}
        "own": a joint side is a family of its own, so that rows add up to the whole. "each": it counts in full for
        every part of it; such rows overlap, and must not be added. "any_government" counts it once in either case.

    Returns
    -------
    pandas.DataFrame
        one row per country, ``by`` and family, without gaps in time between the first and the last event of the
        table (zero: none reported): events, deaths_low, deaths_best, deaths_high, deaths_a, deaths_b,
        deaths_civilians, deaths_unknown (people; of ``country_year`` only deaths_best; missing where no row has the
        count); ``overlaps``, True where some of the row's events stand in another row too; ``gives``, what the row is a
        total of, and which of the families asked for no side of the table is named as.

    Raises
    ------
    ValueError
        for a family, side, column or table that is not known; for two sources in one table; and for a government's
        total from ``country_year`` by the main government's column alone, which lacks joint dyads.

    Examples
    --------
    >>> import mali_stats as ms
    >>> one_sided = ms.load("family_month").query("type_of_violence == 'one-sided'")
    >>> totals = ms.family_totals(one_sided, ["state_mali", "jnim", "is_sahel"])
    >>> totals.query("year == 2023")[["family", "events", "deaths_low", "deaths_best", "deaths_high"]]
             family  events  deaths_low  deaths_best  deaths_high
    99   state_mali      41         174          174          436
    100        jnim      22         139          151          167
    101    is_sahel      28         129          129          158
    >>> totals["gives"].iloc[0]
    'side a; joint sides are a family of their own'
    >>> published = ms.family_totals(ms.load("country_year"), "any_government")
    >>> published.query("country == 'MLI'")[["year", "deaths_best"]].tail(2)
        year  deaths_best
    70  2023          204
    71  2024          345
    """
    single("family_totals", family=family, side=side, by=by, joint=joint)
    if not isinstance(table, pd.DataFrame):
        raise TypeError(
            f"family_totals: a table is wanted, got {type(table).__name__}; give the events of read_events."
        )
    by = list(by) if _several(by) else [by]
    if joint not in ("own", "each") or side not in ("a", "b"):
        raise ValueError(f"family_totals: joint={joint!r} and side={side!r}; use 'own' or 'each', and 'a' or 'b'.")
    if _ANY in table:
        return _published(table, family, side, by)
    rows, keys = _rows(table, by)
    chosen, shown, gives = _chosen(rows.assign(family=rows[f"family_{side}"], overlaps=False), _wanted(family), joint)
    sums = chosen.groupby([*keys, "family"], observed=True)[[*COUNTS, "overlaps"]].sum()
    out = _grid(rows, keys, shown).merge(sums.reset_index(), on=[*keys, "family"], how="left")
    counts = out[list(COUNTS)].fillna(0).assign(**dict.fromkeys(_unrecorded(table), pd.NA)).astype("Int64")
    return out[[*keys, "family"]].assign(**counts, overlaps=out["overlaps"].gt(0), gives=f"side {side}; {gives}")


def cells(events: pd.DataFrame, by: Sequence[str] = (), frame: str | None = None) -> pd.DataFrame:
    """The cells of a panel by both families that hold an event or a death, unallocated ones included.

    Parameters
    ----------
    events : pandas.DataFrame
        an events table of one source.
    by : list of str
        further columns of the cells.
    frame : str, optional
        as in ``region_month_panel``.

    Returns
    -------
    pandas.DataFrame
        country, region, region_name, family_a, family_b, ``by``, month and the counts of the panel.
    """
    pairs = events["family_a"] + _PAIR + events["family_b"]
    panel, _ = region_month_panel(events.assign(families=pairs), by=["families", *by], frame=frame)
    panel = panel[panel[list(COUNTS)].gt(0).any(axis=1)].reset_index(drop=True)
    panel[list(FAMILIES)] = panel["families"].str.split(_PAIR, regex=False, expand=True)
    return panel[["country", "region", "region_name", *FAMILIES, *by, "month", *COUNTS]]


def _several(given: object) -> bool:
    return isinstance(given, Iterable) and not isinstance(given, str)


def _wanted(family: str | Sequence[str] | None) -> list[str]:
    """The families asked for, joint ones in the order in which the tables write them; none means all."""
    asked: list = list(family or []) if family is None or _several(family) else [family]
    odd = [code for code in asked if not isinstance(code, str)]
    if odd:
        raise TypeError(f"family_totals: family has {odd[0]!r}, which is no text; there are: {', '.join(families())}.")
    parts = [[p.strip() for p in code.split(";")] for code in asked]
    if parts == [[ANY_GOVERNMENT]]:
        return [ANY_GOVERNMENT]
    if any(ANY_GOVERNMENT in several for several in parts):
        raise ValueError("family_totals: 'any_government' holds other families, so it is asked for alone.")
    for part in (p for several in parts for p in several):
        if part not in families():
            close = difflib.get_close_matches(str(part), [*families(), ANY_GOVERNMENT], n=1, cutoff=0.4)
            hint = f" did you mean {close[0]!r}?" if close else ""
            raise ValueError(f"family_totals: {part!r} is no family;{hint} There are: {', '.join(families())}.")
    return list(dict.fromkeys(joined(several) for several in parts))


def _rows(table: pd.DataFrame, by: list[str]) -> tuple[pd.DataFrame, list[str]]:
    """The table as rows of counts with both families and the columns asked for, and what they are keyed by."""
    wrong = [c for c in by if c not in BY] or ([*_TIMES] if set(_TIMES) <= set(by) else [])
    if wrong:
        raise ValueError(f"family_totals: by={by!r}; use year or month, and any of {', '.join(BY[2:])}.")
    if "event_id" in table:
        checked(table, "family_totals")
        table = cells(table, by=[c for c in by if c == "type_of_violence"])
    if "month" in table:
        table = table.assign(year=table["month"].dt.year.astype("Int64"))
    lost = [c for c in (*FAMILIES, *COUNTS, *by) if c not in table]
    if lost:
        raise ValueError(
            f"family_totals: the table lacks {', '.join(lost)}. Give an events table, or load('family_month') (month, "
            "type_of_violence), load('region_family_year') (region, year) or load('country_year')."
        )
    unknown = {p for c in FAMILIES for code in table[c].unique() for p in str(code).split(JOINT)} - set(families())
    if unknown:
        raise ValueError(
            f"family_totals: {', '.join(sorted(unknown))} in the table is no family of seeds/families.csv."
        )
    return table, [*(c for c in ("country",) if c in table), *by]


def _chosen(rows: pd.DataFrame, wanted: list[str], joint: str) -> tuple[pd.DataFrame, list[str], str]:
    """The rows that count, under the families they count for; the families shown; and what that gives."""
    if wanted == [ANY_GOVERNMENT]:
        state = [not states().isdisjoint(code.split(JOINT)) for code in rows["family"]]
        return rows[state].assign(family=ANY_GOVERNMENT), wanted, "any government, joint sides once"
    gives = "joint sides are a family of their own" + _left_out(rows, wanted)
    if joint == "each":
        parts = rows["family"].str.split(JOINT)
        rows = rows.assign(family=parts, overlaps=parts.str.len() > 1).explode("family", ignore_index=True)
        gives = "each part of a joint side counts in full: rows that overlap must not be added"
    absent = [family for family in wanted if family not in set(rows["family"])]
    if absent:  # a zero that only says how the source names its sides
        gives += f"; no such side is named in this table: {', '.join(absent)}"
    return rows, wanted or sorted(rows["family"].unique(), key=_order), gives


def _left_out(rows: pd.DataFrame, wanted: list[str]) -> str:
    """What is said of joint sides that hold a family asked for and are not asked for themselves."""
    names = [not set(wanted).isdisjoint(code.split(JOINT)) for code in rows["family"]]
    left = int(rows.loc[names, ["family", "events"]].query("family not in @wanted")["events"].sum())
    return f"; left out, as joint sides of which {', '.join(wanted)} is a part: events {left:,}" if left else ""


def _unrecorded(table: pd.DataFrame) -> list[str]:
    """The counts that no row of a table has: their sums are missing, not zero."""
    return [c for c in COUNTS if len(table) and c in table and table[c].isna().all()]


def _order(family: str) -> list[int]:
    return [families().index(part) for part in family.split(JOINT)]


def _grid(rows: pd.DataFrame, keys: list[str], shown: list[str]) -> pd.DataFrame:
    """Every place and type that occurs, by every year or month from the first to the last, by every family shown."""
    if rows.empty:
        return rows.reindex(columns=[*keys, "family"]).astype({"family": "str"})
    time = next((c for c in _TIMES if c in keys), None)
    others = [c for c in keys if c != time]
    grid = rows[others].drop_duplicates().sort_values(others) if others else pd.DataFrame(index=[0])
    if time == "year":
        years = range(int(rows["year"].min()), int(rows["year"].max()) + 1)
        grid = grid.merge(pd.Series(years, name="year", dtype=rows["year"].dtype), how="cross")
    elif time == "month":
        months = pd.date_range(rows["month"].min(), rows["month"].max(), freq="MS", name="month")
        grid = grid.merge(months.to_series().astype(rows["month"].dtype), how="cross")
    return grid.merge(pd.Series(shown, name="family", dtype="str"), how="cross")


def _published(table: pd.DataFrame, family, side: str, by: list[str]) -> pd.DataFrame:
    """UCDP's own totals of one-sided violence by governments, from the column that leaves nobody out."""
    if family not in (ANY_GOVERNMENT, [ANY_GOVERNMENT]):
        gap = table.loc[(table[_ANY] - table[_MAIN]).idxmax()]
        raise ValueError(
            f"family_totals: country_year has one-sided violence by governments only, so ask it for "
            f"{ANY_GOVERNMENT!r} (got {family!r}). The main government's column alone lacks joint dyads, such as those "
            "with the Government of Russia that UCDP names beside Mali's since 2024: in "
            f"{gap['country']} {gap['year']} it has {gap[_MAIN]} of {gap[_ANY]} deaths."
        )
    if side != "a" or not set(by) <= {"year"}:
        raise ValueError(f"family_totals: country_year has totals of side a by year; got side={side!r}, by={by!r}.")
    keys = ["country", *by]
    out = table.groupby(keys)[_ANY].sum().rename("deaths_best").reset_index()
    gives = "side a in one-sided violence, UCDP's published total; any government, joint sides once"
    return out.assign(family=ANY_GOVERNMENT, overlaps=False, gives=gives)[
        [*keys, "family", "deaths_best", "overlaps", "gives"]
    ]
