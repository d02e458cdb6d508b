"""Stocks and flows of displacement: the change of a stock, a stock between its rounds, and what the two leave over.

A stock is people at a date; a flow is movements in a period and may count a person more than once. From one year's
end to the next ``closing = opening + new - returned - died - left the country ± counted better``, of which a source
publishes the first three at most.
"""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from mali_stats.asked import single
from mali_stats.clean.adding import KIND, is_displacement, one_each, refuse_overlap
from mali_stats.clean.agencies import (
    DISASTER_LEFT_OUT,
    HOUSEHOLDS_ONLY,
    NO_BEST,
    NOT_PUBLISHED,
    PART_OF_YEAR,
    UNSURE_ZERO,
)
from mali_stats.schema import DISPLACEMENT, held, typed

#: freq -> period of pandas, which of its ends names it, periods carried on after the last round (3 months)
_FREQ = {"MS": ("M", "start", 3), "ME": ("M", "end", 3), "W": ("W", "end", 13), "D": ("D", "start", 91)}
_Z = 1.959963984540054  # of a 95 % interval
#: issues that say that a stock and the one before it do not count alike
COVERAGE = "coverage"


def _stock(figures, who: str) -> pd.DataFrame:
    """The rows with a figure, if they are a stock of one source, indicator, country and unit."""
    if not isinstance(figures, pd.DataFrame):
        raise TypeError(f"{who}: a pandas.DataFrame is wanted, got {type(figures).__name__}.")
    if not is_displacement(figures):
        raise ValueError(
            f"{who}: not a displacement table; give rows of ms.load('displacement') or ms.read_displacement."
        )
    if figures.empty:
        raise ValueError(f"{who}: the frame has no rows; look at what was filtered before.")
    figures = _held(figures, who)
    flows = figures[figures["measure"] != "stock"]
    if len(flows):
        raise ValueError(
            f"{who}: {len(flows)} rows are no stock but {', '.join(sorted(set(flows['measure'].astype(str))))}, and a "
            "flow is what it is already. Keep figures[figures['measure'] == 'stock']."
        )
    one_each(figures, ["source", "indicator", "country", "unit"], who)
    return figures[figures["best"].notna()]


def _held(figures: pd.DataFrame, who: str) -> pd.DataFrame:
    """Refuse what is no displacement table: negatives, stocks without a day, with row and value."""
    return held(figures if figures.index.is_unique else figures.reset_index(drop=True), who)


# ---- the change of a stock ---------------------------------------------------------------------------------


def stock_to_flow(stock: pd.DataFrame) -> pd.DataFrame:
    """Turn a stock into its changes, labelled as what they are: net changes, no flows.

    A change nets arrivals against returns, deaths and departures, and takes in whatever changed in the counting.

    Parameters
    ----------
    stock : pandas.DataFrame
        rows of the displacement table: stocks of one source, indicator, country and unit. Regions, countries of
        asylum, groups and breakdowns are each taken by themselves. Rows without a figure are passed over.

    Returns
    -------
    pandas.DataFrame
        displacement rows of measure "net change", from the day after one figure to the day of the next, a row
        less per series than there were figures. best may be below 0; low and high are the widest that the two
        stocks allow. ``issues`` carries those of both stocks; of a change in coverage, only that of the later.

    Raises
    ------
    TypeError, ValueError
        for something else than such a stock: flows, several sources, two figures for a day, or fewer than two;
        for people in need, who are planned for a year; for what ``ms.check`` refuses (a negative, no day).

    Examples
    --------
    >>> import mali_stats as ms
    >>> figures = ms.load("displacement")
    >>> dtm = figures.query("source == 'iom_dtm' and indicator == 'idps' and as_of >= '2022-12-01'")
    >>> stock_to_flow(dtm)[["measure", "period_start", "period_end", "best"]].head(2)
          measure period_start period_end   best
    0  net change   2023-01-01 2023-04-30 -36848
    1  net change   2023-05-01 2023-09-30  16422
    """
    rows = _stock(stock, "stock_to_flow")
    if stock["indicator"].eq("people_in_need").any():
        raise ValueError(
            "stock_to_flow: people in need are planned for a year, compare years with "
            "figures.sort_values('as_of')[['as_of', 'source_version', 'best']]; they are no stock of one day."
        )
    keys = ["population_group", "breakdown", "admin1", "asylum_country"]
    if rows.duplicated([*keys, "as_of"]).any():
        raise ValueError(
            "stock_to_flow: two figures for the same day and place; keep one of them (by source_version, published_on "
            "or issues), or add up the parts of a place first."
        )
    changes = [_changes(part.sort_values("as_of")) for _, part in rows.groupby(keys, dropna=False, sort=True)]
    if not changes or not sum(map(len, changes)):
        raise ValueError("stock_to_flow: a change needs two figures of one series, at two dates.")
    return typed(pd.concat(changes, ignore_index=True), DISPLACEMENT)


def _changes(rows: pd.DataFrame) -> pd.DataFrame:
    before = rows.shift(1)
    out = rows.assign(
        measure="net change", period_start=before["as_of"] + pd.Timedelta(days=1), period_end=rows["as_of"],
        best=rows["best"] - before["best"], low=rows["low"] - before["high"], high=rows["high"] - before["low"],
        qualifier=_both(before["qualifier"], rows["qualifier"]),
        issues=[_carried(a, b) for a, b in zip(before["issues"], rows["issues"], strict=True)],
        as_of=pd.NaT, as_of_precision=None,
    )  # fmt: skip
    return out.iloc[1:]


def _both(first: pd.Series, second: pd.Series) -> pd.Series:
    return first.where(second.isna() | (first == second), second)


def _carried(before: object, after: str) -> str:
    """The issues of both stocks; a coverage that changed with the earlier one belongs to the change before."""
    earlier = [i for i in (before if isinstance(before, str) else "").split("; ") if not i.startswith(COVERAGE)]
    return "; ".join(dict.fromkeys(i for i in [*str(after or "").split("; "), *earlier] if i))


# ---- between the rounds ------------------------------------------------------------------------------------


def interpolate_stock(stock: pd.DataFrame, freq: str = "MS", max_gap: int = 6) -> pd.DataFrame:
    r"""Fill a stock between its rounds, for a picture or a denominator; never to test a trend on.

    Between rounds :math:`S_0` at :math:`t_0` and :math:`S_1` at :math:`t_1` the logarithm runs straight, and its
    standard deviation is that of a Brownian bridge, :math:`\sigma \sqrt{(t - t_0)(t_1 - t)/(t_1 - t_0)}` with
    :math:`\sigma^2` the mean over all rounds of :math:`(\log S_1/S_0)^2/(t_1 - t_0)`.

    Parameters
    ----------
    stock : pandas.DataFrame
        rows of the displacement table: one series of stocks (one source, indicator, place, group and unit).
    freq : {"MS", "ME", "W", "D"}
        months named by their first or last day, weeks, or days. A round stands for the period it falls in; of two
        in one period the later one does.
    max_gap : int
        months; between rounds farther apart nothing is filled in.

    Returns
    -------
    pandas.DataFrame
        a row per period, from the first round to three months after the last at most: the displacement table's
        columns and ``is_observed``, ``observed_on`` (the round's own day) and ``log_sd``. best is the round's figure
        or the interpolated one, low and high the round's own or the 95 % band; missing in gaps. After the last
        round its figure is carried on, with a band that widens. Where a stock is 0 the line is straight in people,
        without a band. ``issues`` says which row is what.

    Raises
    ------
    TypeError, ValueError
        for flows, several series, fewer than two rounds, an unknown ``freq`` or a ``max_gap`` that is no whole
        number of 1 or more; for what ``ms.check`` refuses (a negative, no day).

    Examples
    --------
    >>> import mali_stats as ms
    >>> figures = ms.load("displacement").query("source == 'iom_dtm' and as_of >= '2023-04-01'")
    >>> monthly = interpolate_stock(figures)
    >>> monthly[["as_of", "low", "best", "high", "is_observed"]].head(3)
           as_of     low    best    high  is_observed
    0 2023-04-01  375539  375539  375539         True
    1 2023-05-01  348228  378767  411985        False
    2 2023-06-01  344648  382024  423452        False
    """
    single("interpolate_stock", freq=freq)
    rows = _stock(stock, "interpolate_stock")
    if freq not in list(_FREQ):
        raise ValueError(f"interpolate_stock: freq={freq!r} is not known; use one of {', '.join(_FREQ)}.")
    if isinstance(max_gap, bool) or not isinstance(max_gap, int | np.integer):
        raise TypeError(
            f"interpolate_stock: max_gap={max_gap!r} is of type {type(max_gap).__name__}; give a whole number "
            "of months of 1 or more."
        )
    if max_gap < 1:
        raise ValueError(f"interpolate_stock: max_gap={max_gap!r}; give a number of months of 1 or more.")
    one_each(rows, [c for c in KIND if c != "measure"], "interpolate_stock")
    if rows["as_of"].duplicated().any():
        raise ValueError("interpolate_stock: two figures for the same day; keep one (by source_version or issues).")
    period, end, ahead = _FREQ[freq]
    rows = rows.sort_values("as_of").assign(period=lambda r: r["as_of"].dt.to_period(period))
    rows = rows.drop_duplicates("period", keep="last")
    if len(rows) < 2:
        raise ValueError("interpolate_stock: rounds of two periods at least are needed.")
    grid = pd.period_range(rows["period"].iloc[0], rows["period"].iloc[-1] + ahead, freq=period)
    return _filled(rows.set_index("period"), grid, end, max_gap)


def _filled(rounds: pd.DataFrame, grid: pd.PeriodIndex, end: str, max_gap: int) -> pd.DataFrame:
    at = grid.get_indexer(rounds.index).astype(float)
    values = rounds["best"].to_numpy(dtype=float)
    months = (rounds["as_of"].dt.year * 12 + rounds["as_of"].dt.month).to_numpy()
    t = np.arange(len(grid), dtype=float)
    left = np.clip(np.searchsorted(at, t, side="right") - 1, 0, len(at) - 2)
    best, log_sd = _bridge(t, left, at, values)
    after, observed = t > at[-1], np.isin(t, at)
    gap = ~observed & ~after & (np.diff(months)[left] > max_gap)
    best[gap], log_sd[gap] = np.nan, np.nan
    out = pd.DataFrame({c: rounds[c].iloc[0] for c in [*KIND, "licence"]}, index=range(len(grid)))
    out["as_of"] = (grid.start_time if end == "start" else grid.end_time).normalize()
    out["as_of_precision"] = "month" if grid.freqstr.startswith("M") else "day"
    own = rounds.reindex(grid).reset_index(drop=True)
    for name, sign in (("low", -1), ("best", 0), ("high", 1)):
        shown = pd.array(np.rint(best * np.exp(sign * _Z * log_sd) if sign else best), dtype="Int64")
        out[name] = pd.Series(shown).where(~pd.Series(observed), own[name])
    straight = (values[left] == 0) | (values[left + 1] == 0)
    said = ["extrapolated", f"gap-of-more-than-{max_gap}-months", "interpolated-in-people:zero"]
    words = np.select([after, gap, straight], said, "interpolated")
    out["issues"] = own["issues"].fillna("").where(observed, words)
    for column in ("source_version", "qualifier", "published_on"):
        out[column] = own[column]
    out[["period_start", "period_end"]] = pd.NaT
    out = typed(out, DISPLACEMENT)
    out["is_observed"], out["observed_on"] = observed, own["as_of"]
    return out.assign(log_sd=np.where(observed, 0.0, log_sd))


def _bridge(t: np.ndarray, left: np.ndarray, at: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The line through the rounds and the standard deviation of its logarithm, carried on flat after the last."""
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.log(values)
        steps = np.diff(logs) ** 2 / np.diff(at)
        variance = steps[np.isfinite(steps)].mean() if np.isfinite(steps).any() else np.nan
        span = at[left + 1] - at[left]
        part = np.clip((t - at[left]) / span, 0, 1)
        line = np.exp(logs[left] + part * (logs[left + 1] - logs[left]))
        straight = values[left] + part * (values[left + 1] - values[left])
        zero = (values[left] == 0) | (values[left + 1] == 0)
        spread = np.where(t > at[-1], t - at[-1], part * (1 - part) * span)
    log_sd = np.sqrt(variance * spread)
    log_sd[zero & (t <= at[-1])] = np.nan
    last = t >= at[-1]
    return np.where(last, values[-1], np.where(zero, straight, line)), np.where(
        last & (values[-1] == 0), np.nan, log_sd
    )


# ---- stock and flow together -------------------------------------------------------------------------------

LEDGER = ["source", "country", "year", "opening", "new", "closing", "net_change", "implied_net_exits", "issues"]


def stock_flow_ledger(
    figures: pd.DataFrame, start: int | str | date | None = None, end: int | str | date | None = None
) -> pd.DataFrame:
    """Work out what must have left a stock: ``opening + new - closing``, by source and year.

    The implied net exits are returns, deaths and departures from the country less whoever the source counted for
    the first time without a flow: a better count, or a worse one, lies in them too. They are no count of returns.

    Parameters
    ----------
    figures : pandas.DataFrame
        the displacement table. Used are national figures of people: stocks of IDPs at the end of December, and
        new displacement (flows within a year). Disasters are left out of both ("disaster-left-out" in issues).
        Others do not matter.
    start, end : int, str or date, optional
        first and last year.

    Returns
    -------
    pandas.DataFrame
        a row per source, country and year with a stock at either end: opening (the stock a year before), new,
        closing, net_change (closing less opening), implied_net_exits, all in people and nullable, and issues. What
        is missing, or printed as a 0 that may stand for nothing published, leaves the exits missing; so do flows
        that do not cover the year from 1 January to 31 December ("part-of-year"), are of households
        ("households-only") or have no best ("no-best").

    Raises
    ------
    TypeError, ValueError
        for no such stocks, net changes in the place of flows, two stocks for a day, flows that overlap or cross
        the turn of a year, a start after the end, or what ``ms.check`` refuses.

    Examples
    --------
    >>> import mali_stats as ms
    >>> ledger = stock_flow_ledger(ms.load("displacement"), start=2022)
    >>> ledger.loc[ledger["source"] == "idmc", ["year", "opening", "new", "closing", "implied_net_exits"]]
       year  opening     new  closing  implied_net_exits
    0  2022   326135  153990   379932             100193
    1  2023   379932  183869   344061             219740
    2  2024   344061  130600   360591             114070
    """
    who = "stock_flow_ledger"
    if not isinstance(figures, pd.DataFrame) or not is_displacement(figures):
        raise TypeError(
            f"{who}: a displacement table is wanted, as ms.load('displacement') gives; got {type(figures).__name__}."
        )
    figures = _held(figures, who)
    first, last = (_year(value, name, who) for value, name in ((start, "start"), (end, "end")))
    if first is not None and last is not None and first > last:
        raise ValueError(f"{who}: start={start!r} is after end={end!r}; give the earlier year first.")
    national = figures[figures["admin1"].isna()]
    new = national[national["indicator"].eq("new_displacement")]
    if new["measure"].ne("flow").any():
        raise ValueError(
            f"{who}: new displacement with a measure other than flow: the change of a stock nets arrivals against "
            "exits and would cancel them out here. Keep figures[figures['measure'] != 'net change']."
        )
    stocks = _year_ends(national[national["unit"].eq("people")], who)
    rows = [_account(key, part, new, who) for key, part in stocks.groupby(["source", "country"], sort=True)]
    table = pd.concat(rows, ignore_index=True)
    keep = table["year"].between(
        table["year"].min() if first is None else first, table["year"].max() if last is None else last
    )
    if not keep.any():
        raise ValueError(
            f"{who}: no year from {start} to {end}; there are {table['year'].min()} to {table['year'].max()}."
        )
    return table[keep].reset_index(drop=True)


def _year(value, name: str, who: str) -> int | None:
    if value is None:
        return None
    if isinstance(value, int | np.integer) and not isinstance(value, bool):
        return int(value)
    if not isinstance(value, str | date | np.datetime64 | pd.Period):
        raise TypeError(
            f"{who}: {name}={value!r} is of type {type(value).__name__}; give a year or a date, such as "
            "2019 or '2019-01-01'."
        )
    try:
        year = pd.Timestamp(str(value)).year
    except ValueError as error:
        raise ValueError(f"{who}: {value!r} is no year and no date; give 2019 or '2019-01-01'.") from error
    if pd.isna(year):
        raise ValueError(f"{who}: {name}={value!r} is no year and no date; give 2019 or '2019-01-01'.")
    return year


def _of_disaster(rows: pd.DataFrame) -> pd.Series:
    return rows["population_group"].astype("str").str.casefold().eq("disaster").fillna(False)


def _year_ends(people: pd.DataFrame, who: str) -> pd.DataFrame:
    """One national stock of IDPs per source and year, at the end of December."""
    stocks = people[
        people["indicator"].eq("idps")
        & people["measure"].eq("stock")
        & people["breakdown"].isna()
        & people["best"].notna()
    ]
    december = stocks["as_of"].dt.month.eq(12)
    december &= stocks["as_of"].dt.day.eq(31) | stocks["as_of_precision"].astype("str").ne("day")
    stocks = stocks[december].sort_values("as_of").assign(year=lambda s: s["as_of"].dt.year)
    disaster, keys = _of_disaster(stocks), ["source", "country", "year"]
    beside = pd.MultiIndex.from_frame(stocks.loc[disaster, keys])
    stocks = stocks[~disaster]
    stocks = stocks.assign(beside=pd.MultiIndex.from_frame(stocks[keys]).isin(beside))
    if stocks.empty:
        raise ValueError(
            f"{who}: no national stock of IDPs at the end of a year; rows of indicator 'idps', measure 'stock', unit "
            "'people', without admin1 and breakdown, as_of in December are wanted (those of disasters are left out)."
        )
    if n := int(stocks[["source", "country"]].isna().any(axis=1).sum()):
        raise ValueError(f"{who}: source or country is missing in {n} stocks at the end of a year; write them there.")
    twice = stocks[stocks.duplicated(["source", "country", "as_of"], keep=False)]
    if len(twice):
        row = twice.iloc[0]
        raise ValueError(f"{who}: {row['source']} has several stocks of {row['as_of']:%Y-%m-%d}; keep one of them.")
    return stocks.drop_duplicates(["source", "country", "year"], keep="last")


def _account(key: tuple, stocks: pd.DataFrame, new: pd.DataFrame, who: str) -> pd.DataFrame:
    source, country = key
    years = pd.RangeIndex(stocks["year"].min(), stocks["year"].max() + 1)
    closing = stocks.set_index("year")["best"].reindex(years)
    left = stocks["beside"].map({True: DISASTER_LEFT_OUT, False: ""})
    said = [_joined(*pair) for pair in zip(stocks["issues"].fillna(""), left, strict=True)]
    notes = pd.Series(said, index=stocks["year"], dtype=object).reindex(years).fillna("")
    flows = new[new["source"].eq(source) & new["country"].eq(country)]
    found = [_new(flows, year, who) for year in years]
    arrived = pd.Series([n for n, _ in found], index=years, dtype="Int64")
    table = pd.DataFrame({
        "source": source, "country": country, "year": pd.array(years, dtype="Int64"),
        "opening": closing.shift(1), "new": arrived, "closing": closing, "net_change": closing - closing.shift(1),
        "implied_net_exits": closing.shift(1) + arrived - closing,
        "issues": [_carried(said, note) for (_, said), note in zip(found, notes, strict=True)],
    })  # fmt: skip
    return table.loc[table["opening"].notna() | table["closing"].notna(), LEDGER]


def _new(flows: pd.DataFrame, year: int, who: str) -> tuple[int | None, str]:
    """People newly displaced in a year, and what is odd about it; None where they were not published, or not all."""
    inside = flows[flows["period_start"].dt.year.le(year) & flows["period_end"].dt.year.ge(year)]
    disaster = _of_disaster(inside)
    left = DISASTER_LEFT_OUT if disaster.any() else ""
    inside = inside[~disaster]
    people = inside[inside["unit"].eq("people")]
    if people.empty:
        return None, _joined(_why_nobody(inside["unit"]), left)
    if (people["period_start"].dt.year != people["period_end"].dt.year).any():
        raise ValueError(
            f"{who}: a flow crosses the turn of {year}; a year's ledger needs flows within years. Leave such flows out "
            "with figures[~(figures['period_start'].dt.year < figures['period_end'].dt.year)]; those of IDU "
            "ms.read_displacement spreads over the months."
        )
    refuse_overlap(people, who)
    issues = _joined(*people["issues"].fillna(""))
    unsure = any(i.split(":")[0] in (UNSURE_ZERO, NOT_PUBLISHED) for i in issues.split("; "))
    no_best = people["best"].isna().any()
    part = not _covers(people, year)
    issues = _joined(issues, NO_BEST if no_best and not unsure else "", PART_OF_YEAR if part else "", left)
    return (None if unsure or no_best or part else int(people["best"].sum())), issues


def _why_nobody(units: pd.Series) -> str:
    if units.eq("households").any():
        return HOUSEHOLDS_ONLY
    return "unknown-unit" if len(units) else NOT_PUBLISHED


def _covers(flows: pd.DataFrame, year: int) -> bool:
    """Whether the periods leave out no day of the year."""
    day, reached = pd.Timedelta(days=1), pd.Timestamp(year, 1, 1)
    for start, end in sorted(zip(flows["period_start"], flows["period_end"], strict=True)):
        if start > reached:
            return False
        reached = max(reached, end + day)
    return reached > pd.Timestamp(year, 12, 31)


def _joined(*texts: str) -> str:
    """Lists of issues as one, each item once."""
    return "; ".join(dict.fromkeys(i for text in texts for i in str(text).split("; ") if i))
