"""Published figures of displacement beside a panel: ``add_displacement``."""

from __future__ import annotations

import difflib
from pathlib import Path

import numpy as np
import pandas as pd

from mali_stats.allot import days_by_month, sainte_lague
from mali_stats.asked import single
from mali_stats.clean import places
from mali_stats.clean.adding import is_displacement, one_each, refuse_overlap
from mali_stats.panel.months import ordinal
from mali_stats.panel.placing import refuse_no_country, regions_named
from mali_stats.panel.population import frame_of, own_folder
from mali_stats.panel.scope import label
from mali_stats.schema import UNALLOCATED, checked, held

_WHO = "add_displacement"
_COUNTS = ("low", "best", "high")
_CELL = ["country", "region", "month"]
#: issues of a figure that stands in a month without having been published for it
_MADE = ("interpolated", "extrapolated", "gap-of-more-than", "spread-from")


def add_displacement(
    panel: pd.DataFrame, figures: pd.DataFrame, *, spread: str | None = None, country: str | Path | None = None
) -> pd.DataFrame:
    """Join published figures of displacement to a panel, each to the month and region it is of, and to no other.

    A stock stands at the month of its day; the months between two rounds stay missing. A flow, or a net change, stands
    at the month that holds its period, and is added up where several parts (events, districts) fall into one. Every
    figure has to find a cell.

    Parameters
    ----------
    panel : pandas.DataFrame
        a panel with one row per region and month: of regions, for figures with ``admin1`` (P-codes or names), or with
        frame="country", for national figures.
    figures : pandas.DataFrame
        rows of the displacement table, in people, of one source and of the panel's countries and months. Several
        indicators become several columns. What ``interpolate_stock`` and ``stock_to_flow`` return may stand here too.
    spread : {None, "days"}
        a period over several months is refused, or with "days" shared out over its months by the days in each, to
        the last person (Sainte-Laguë). A year spread so is no monthly record: nothing can be learnt from its months.
    country : str or Path, optional
        the folder of seed tables that the panel was laid out by, where ``seeds/places`` does not know its country:
        it tells the names of regions, and what they covered on a day. Without it figures have to bear the codes that
        the panel has.

    Returns
    -------
    pandas.DataFrame
        the panel, in its order, with these columns for every indicator (idps, new_displacement, ...; a net change is
        named idps_net_change):

        - ``idps``, ``idps_low``, ``idps_high``: people, nullable integers; missing where no figure was published,
          which is not zero;
        - ``idps_measure``: "stock", "flow" or "net change", by which ``fit_lags`` knows a stock;
        - ``idps_is_observed``: whether the figure was published for this month, not interpolated or spread;
        - ``idps_issues``: those of the figures, and "part-of-month" for a period shorter than its month.

    Raises
    ------
    TypeError, ValueError
        for several sources, households, stocks and flows of one indicator, figures that count the same people
        (``refuse_overlap``), two stocks in one month, a panel with several rows a month (by type_of_violence), and
        figures that find no cell, with their number and what to do.

    Examples
    --------
    >>> import mali_stats as ms
    >>> events, _ = ms.read_events("notebooks/made_up_rows.csv", country="MLI")
    >>> panel, _ = ms.region_month_panel(events, frame="country", start="2022-11", end="2023-04")
    >>> figures = ms.load("displacement").query("source == 'iom_dtm' and '2022-11-01' <= as_of <= '2023-04-30'")
    >>> joined = ms.add_displacement(panel, figures).query("region == 'MLI'")
    >>> joined[["month", "idps", "idps_measure", "idps_is_observed"]]
           month    idps idps_measure  idps_is_observed
    0 2022-11-01    <NA>          NaN             False
    1 2022-12-01  412387        stock              True
    2 2023-01-01    <NA>          NaN             False
    3 2023-02-01    <NA>          NaN             False
    4 2023-03-01    <NA>          NaN             False
    5 2023-04-01  375539        stock              True
    """
    _check_arguments(panel, figures, spread)
    rows = held(figures.reset_index(drop=True), _WHO)
    net = rows["measure"].eq("net change")
    rows = rows.assign(column=rows["indicator"].where(~net, rows["indicator"] + "_net_change"))
    rows["issues"], rows["figure"] = rows["issues"].fillna(""), rows.index
    for _, part in rows.groupby("column", sort=False):
        one_each(part, ["measure", "population_group"], _WHO)
        if part["measure"].iloc[0] != "stock":
            refuse_overlap(part, _WHO)
    rows = _placed(_in_months(rows, spread), panel, own_folder(country, panel, _WHO))
    out = panel
    for column, part in rows.groupby("column", sort=False):
        out = _joined(out, column, _cells(part))
    return out


def _check_arguments(panel, figures, spread) -> None:
    single(_WHO, spread=spread)
    if not isinstance(figures, pd.DataFrame) or not is_displacement(figures):
        raise TypeError(
            f"{_WHO}: figures must be a displacement table, rows of ms.load('displacement') or ms.read_displacement; "
            f"got {type(figures).__name__}."
        )
    if spread not in (None, "days"):
        raise ValueError(f"{_WHO}: spread={spread!r} is not known; use None or 'days'.")
    checked(panel, _WHO)
    refuse_no_country(panel, _WHO)
    several = panel.duplicated(_CELL)
    if several.any():
        raise ValueError(
            f"{_WHO}: {int(several.sum())} rows of the panel share region and month with another (by type_of_violence?)"
            ", and a figure beside each of them would count several times. Add them up first, or build the panel "
            "without by."
        )
    if figures.empty:
        raise ValueError(f"{_WHO}: the figures have no row; look at what was filtered before.")
    checked(figures if figures.index.is_unique else figures.reset_index(drop=True), _WHO)
    one_each(figures, ["source"], _WHO)
    other = figures[figures["unit"].ne("people").fillna(True)]
    if len(other):
        raise ValueError(
            f"{_WHO}: {len(other)} figures are not in people but {', '.join(map(str, other['unit'].unique()))}, and a "
            "household is not a number of people. Keep figures[figures['unit'] == 'people']."
        )


# ---- which month -------------------------------------------------------------------------------------------


def _in_months(rows: pd.DataFrame, spread: str | None) -> pd.DataFrame:
    """The rows with ``month`` (since year 0) and the day by which regions are told; long periods in pieces."""
    stock = rows["measure"].eq("stock")
    first, last = (rows[c].mask(stock, rows["as_of"]) for c in ("period_start", "period_end"))
    last = last.fillna(first)
    rows = rows.assign(day=first, month=ordinal(first))
    crossing = ordinal(first) != ordinal(last)
    if crossing.any() and spread is None:
        row = rows[crossing].iloc[0]
        raise ValueError(
            f"{_WHO}: {int(crossing.sum())} of {len(rows)} figures are of several months (the first is {row['column']} "
            f"from {row['period_start']:%Y-%m-%d} to {row['period_end']:%Y-%m-%d}), and which month saw how many is "
            "not known. spread='days' shares them out by days; a model of months cannot be fitted to the result."
        )
    whole = first.dt.day.eq(1) & (last + pd.Timedelta(days=1)).dt.day.eq(1)
    rows["issues"] = _said(rows["issues"], ~stock & ~whole & ~crossing, "part-of-month")
    return pd.concat([rows[~crossing], _pieces(rows[crossing])], ignore_index=True) if crossing.any() else rows


def _pieces(rows: pd.DataFrame) -> pd.DataFrame:
    """Figures over their months by days; below 0 like above."""
    ends = rows[["period_start", "period_end"]].to_numpy("datetime64[D]")
    days = [days_by_month(*pair) for pair in ends]
    out = rows.loc[rows.index.repeat([len(of) for of in days])]
    out["month"] += np.concatenate([np.arange(len(of)) for of in days])
    for name in _COUNTS:
        shares = [_shares(n, of) for n, of in zip(rows[name], days, strict=True)]
        out[name] = pd.array(np.concatenate(shares), dtype="Int64")
    said = [
        f"{text}; spread-from:{a}/{b}".removeprefix("; ") for text, (a, b) in zip(rows["issues"], ends, strict=True)
    ]
    return out.assign(issues=np.repeat(said, [len(of) for of in days]))


def _shares(n, days: tuple[int, ...]) -> np.ndarray:
    if pd.isna(n):
        return np.full(len(days), pd.NA, dtype=object)
    return (np.sign(n) * sainte_lague(abs(int(n)), days)).astype(object)


def _said(issues: pd.Series, where: pd.Series, text: str) -> pd.Series:
    return issues.mask(where, (issues + "; " + text).str.removeprefix("; "))


# ---- which region ------------------------------------------------------------------------------------------


def _placed(rows: pd.DataFrame, panel: pd.DataFrame, own: dict[str, Path]) -> pd.DataFrame:
    """The rows with ``region``; raise where one finds no cell of the panel."""
    countries = sorted(set(panel["country"]))
    _refuse(
        rows, ~rows["country"].isin(countries), f"they are of other countries than {', '.join(countries)}",
        f"keep figures[figures['country'].isin({countries})]",
    )  # fmt: skip
    months = ordinal(panel["month"])
    ends = panel["month"].min(), panel["month"].max() + pd.offsets.MonthEnd(0)
    dates = " and ".join(
        f"figures[{c!r}].between('{ends[0]:%Y-%m-%d}', '{ends[1]:%Y-%m-%d}')"
        for c in (("as_of",) if rows["measure"].eq("stock").all() else ("period_start", "period_end"))
    )
    _refuse(
        rows, ~rows["month"].between(months.min(), months.max()),
        f"the panel's months are {label(months.min())} to {label(months.max())}", f"keep figures[{dates}]",
    )  # fmt: skip
    rows = rows.assign(region="")
    for country, part in rows.groupby("country"):
        known = places.gazetteer(country, own.get(country))
        rows.loc[part.index, "region"] = _regions(part, panel[panel["country"] == country], country, known)
    return rows


def _regions(rows: pd.DataFrame, panel: pd.DataFrame, country: str, known: places.Gazetteer | None) -> pd.Series:
    """The panel's region of every row of one country."""
    frame, there = frame_of(panel, country, known), set(panel["region"]) - {UNALLOCATED}
    national = rows["admin1"].isna()
    if there == {country}:
        _refuse(
            rows, ~national, "they are of regions and the panel is of the country; what is published by region does "
            "not always sum to the country", "keep figures[figures['admin1'].isna()], or lay the panel out by region",
        )  # fmt: skip
        return pd.Series(country, index=rows.index)
    _refuse(
        rows, national, "they are of the whole country and the panel is of regions",
        "keep figures[figures['admin1'].notna()], or build the panel with frame='country'",
    )  # fmt: skip
    eras = places.era(known, rows["day"]) if known is not None else np.zeros(len(rows), int)
    found = pd.Series("", index=rows.index)
    for (name, _), part in rows.groupby([rows["admin1"], eras]):
        found[part.index] = _region(known, frame, there, name, part["day"].iloc[0])
    lost = ~found.isin(there)
    why = "; ".join(sorted(set(found[lost]))[:3])
    instead = "spell them as the panel does, or choose another frame for the panel"
    if known is None:
        instead = f"spell them as the panel does, or give its seed tables: country='places/{country}'"
    _refuse(rows, lost, why, instead)
    return found


def _region(known: places.Gazetteer | None, frame: str, there: set[str], name: str, day: pd.Timestamp) -> str:
    """A region of the panel, or in words why there is none."""
    if known is None or frame not in set(known.regions["frame"]):
        return name if name in there else _unknown(name, there)
    own = known.names(known.own_frame)
    if name in known.names(frame) and name not in own:
        return name
    code = name if name in own else places.Names(known, "admin1").find(name)
    if code is None:
        return _unknown(name, set(own.values()))
    found = regions_named(known, frame, code, day)
    if len(found) > 1:
        return f"{name!r} covered several regions of frame {frame!r} on {day:%Y-%m-%d} ({', '.join(sorted(found))})"
    return next(iter(found))


def _unknown(name: str, known: set[str]) -> str:
    close = difflib.get_close_matches(name, sorted(known), n=1, cutoff=0.5)
    return f"{name!r} is no region that is known" + (f" (nearest: {close[0]})" if close else "")


def _refuse(rows: pd.DataFrame, lost: pd.Series, why: str, instead: str) -> None:
    if lost.any():
        count, all_of = (part["figure"].nunique() for part in (rows[lost], rows))
        raise ValueError(
            f"{_WHO}: {count} of {all_of} figures find no cell: {why}. Leave them out on purpose, or change the panel: "
            f"{instead}."
        )


# ---- the cells ---------------------------------------------------------------------------------------------


def _cells(rows: pd.DataFrame) -> pd.DataFrame:
    """One row per cell: sums of figures that count different people; a sum with a part missing is missing."""
    if rows["measure"].iloc[0] == "stock":
        for _, part in rows[rows.duplicated(_CELL, keep=False)].groupby(_CELL):
            refuse_overlap(part, _WHO)
    observed = ~rows["issues"].map(lambda text: any(i.startswith(_MADE) for i in text.split("; ")))
    observed &= rows.get("is_observed", True)
    groups = rows.assign(is_observed=observed & rows["best"].notna()).groupby(_CELL)
    out = groups[list(_COUNTS)].sum().mask(groups[list(_COUNTS)].count().lt(groups.size(), axis=0))
    out["measure"] = groups["measure"].first()
    out["is_observed"] = groups["is_observed"].all()
    out["issues"] = groups["issues"].agg(
        lambda texts: "; ".join(dict.fromkeys("; ".join(texts).split("; "))).strip("; ")
    )
    return out


def _joined(panel: pd.DataFrame, column: str, cells: pd.DataFrame) -> pd.DataFrame:
    names = {"best": column} | {n: f"{column}_{n}" for n in ("low", "high", "measure", "is_observed", "issues")}
    again = [name for name in names.values() if name in panel]
    if again:
        raise ValueError(
            f"{_WHO}: the panel has a column {again[0]!r} already; drop it first, or keep both panels apart."
        )
    at = pd.MultiIndex.from_arrays([panel["country"], panel["region"], ordinal(panel["month"])])
    found = cells.reindex(at).set_axis(panel.index)
    kinds = {"measure": "str", "is_observed": bool, "issues": "str"}
    found = found.assign(is_observed=found["is_observed"].eq(True), issues=found["issues"].fillna(""))
    found = found.astype(kinds | dict.fromkeys(_COUNTS, "Int64"))
    return panel.assign(**{name: found[of] for of, name in names.items()})
