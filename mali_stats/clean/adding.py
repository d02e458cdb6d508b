"""Which figures of displacement may be added up: the guards that every sum of the library goes through.

Agencies count the same people many times: as several sources, at several dates, by sector and status, as a total and
as its parts. A sum is refused unless its rows count different people; the message says what to do instead.
"""

from __future__ import annotations

import pandas as pd

#: what a figure is of, apart from its date
KIND = [
    "source",
    "indicator",
    "population_group",
    "breakdown",
    "measure",
    "country",
    "admin1",
    "asylum_country",
    "unit",
]
TIMES = ["as_of", "period_start", "period_end"]
#: parts of ``breakdown`` that divide people; by all others the same people are counted again
_DIVIDE = {"event", "report", "origin", "admin2", "reason"}
_WAY_OUT = {
    "source": "sources quote each other and count the same people: keep one, figures[figures['source'] == {one!r}]",
    "indicator": "keep one, figures[figures['indicator'] == {one!r}]",
    "population_group": "groups may overlap: keep one, figures[figures['population_group'] == {one!r}]",
    "measure": "a stock is people at a date, a flow movements in a period, and no sum of them is anything: keep one "
    "measure, figures[figures['measure'] == {one!r}]",
    "unit": "a household is not a number of people: keep one unit, figures[figures['unit'] == {one!r}]",
}


def is_displacement(frame: pd.DataFrame) -> bool:
    """Tell a table of displacement by its columns."""
    return {*KIND, "as_of"} <= set(frame.columns)


def one_each(rows: pd.DataFrame, columns: list[str], who: str) -> None:
    """Raise where ``rows`` differ in one of ``columns`` (a missing value is a value of its own)."""
    for column in columns:
        if rows[column].nunique(dropna=False) > 1:
            known = rows[column].dropna()
            held = ", ".join(map(str, known.unique()[:6])) + (", missing" if rows[column].isna().any() else "")
            first = _WAY_OUT.get(column, "keep one, figures[figures[{column!r}] == {one!r}]")
            raise ValueError(
                f"{who}: rows of more than one {column} ({held}): {first.format(one=known.iloc[0], column=column)}."
            )


def refuse_overlap(rows: pd.DataFrame, who: str) -> None:
    """Raise ``ValueError`` unless the figures in ``rows`` count different people and may be added up.

    Parameters
    ----------
    rows : pandas.DataFrame
        rows of the displacement table.
    who : str
        the function that wants to add them up, for the message.
    """
    if len(rows) < 2:
        return
    one_each(rows, ["measure", "source", "indicator", "unit", "population_group"], who)
    _one_date(rows, who)
    _whole_or_parts(rows, who)
    _breakdowns(rows, who)
    _periods(rows, who)


def _one_date(rows: pd.DataFrame, who: str) -> None:
    days = rows.loc[rows["measure"] == "stock", "as_of"].drop_duplicates().sort_values()
    if len(days) > 1:
        raise ValueError(
            f"{who}: stocks of {len(days)} dates ({days.iloc[0]:%Y-%m-%d} to {days.iloc[-1]:%Y-%m-%d}) would be added "
            "up, and who was displaced on several of them would count several times. Take the last, the largest or the "
            "mean; for changes, ms.stock_to_flow."
        )


def _whole_or_parts(rows: pd.DataFrame, who: str) -> None:
    for column in ("country", "admin1", "asylum_country"):
        missing = rows[column].isna()
        if missing.any() and not missing.all():
            raise ValueError(
                f"{who}: some rows name an {column} and some do not, so that a total would be added to its own parts. "
                f"Keep one of both, figures[figures[{column!r}].notna()] or .isna()."
            )


def _parts(text: object) -> dict[str, str]:
    return dict(part.split(":", 1) for part in text.split("; ") if ":" in part) if isinstance(text, str) else {}


def _breakdowns(rows: pd.DataFrame, who: str) -> None:
    parts = rows["breakdown"].drop_duplicates().map(_parts).tolist()
    names = {name for part in parts for name in part}
    for name in sorted(names):
        held = {part.get(name) for part in parts}
        if None in held or (name not in _DIVIDE and len(held) > 1):
            shown = ", ".join(sorted(str(h or "all") for h in held)[:6])
            raise ValueError(
                f"{who}: rows of several breakdowns by {name} ({shown}) overlap: one person is counted in several "
                "sectors, statuses, phases or ages, and in their total. Keep one: figures[figures['breakdown'] == "
                f"{rows['breakdown'].dropna().iloc[0]!r}]."
            )


def _periods(rows: pd.DataFrame, who: str) -> None:
    """Periods of one kind must not overlap (annual and monthly, cumulative and event); nor figures stand twice."""
    keys = [c for c in KIND if c != "measure"]
    flows = rows[rows["measure"] != "stock"].sort_values(["period_start", "period_end"])
    before = flows.groupby(keys, dropna=False)["period_end"]
    over = flows[flows["period_start"] <= before.transform(lambda ends: ends.cummax().shift())] if len(flows) else flows
    if len(over):
        row = over.iloc[0]
        raise ValueError(
            f"{who}: periods overlap (one ends after {row['period_start']:%Y-%m-%d}, where another begins): annual "
            "with monthly, or cumulative with single figures, would count the same movements again. Keep periods that "
            "follow each other, for instance without those that 'cumulative' in issues marks."
        )
    stocks = rows[(rows["measure"] == "stock") & (rows["source"] != "iom_dtm")]  # its sheets have a row a site
    if stocks.duplicated([*keys, "as_of"]).any():
        raise ValueError(
            f"{who}: two figures for the same people and day (such as one revised): keep one of them, by "
            "source_version, published_on, qualifier or issues."
        )
