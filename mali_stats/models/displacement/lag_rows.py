"""The rows of a distributed-lag model: regions and times without gaps, and the exposure before and after each row."""

from __future__ import annotations

import numpy as np
import pandas as pd
from pandas.api import types

from mali_stats.asked import in_scope
from mali_stats.models.trends.design import FEWEST_TIMES
from mali_stats.schema import UNALLOCATED

WHO = "fit_lags"
#: Indicators that are stocks unless the panel says otherwise (``idps_measure``, as ``add_displacement`` writes it).
STOCKS = ("idps", "refugees", "asylum_seekers", "stateless", "other_concern", "people_in_need", "food_insecure")
UNIT, STEP = "_unit", "_step"


def label(step: int, monthly: bool) -> str:
    """Name a time: 2019-03 for months since year 0, or the year."""
    return f"{int(step) // 12}-{int(step) % 12 + 1:02d}" if monthly else str(int(step))


def place(row: pd.Series, monthly: bool) -> str:
    """Name a row's time and region."""
    return label(row[STEP], monthly) + (f" in {row[UNIT]}" if row[UNIT] else "")


# ---- what is asked for -------------------------------------------------------------------------------------


def check_columns(panel, outcome, exposure, fixed_effects, offset, time) -> None:
    """Raise unless all columns asked for are there and those of numbers hold numbers."""
    if not isinstance(panel, pd.DataFrame):
        raise TypeError(f"{WHO}: a pandas.DataFrame is wanted, got {type(panel).__name__}.")
    if not len(panel):
        raise ValueError(f"{WHO}: the panel has no rows; look at what was filtered before.")
    asked = {"outcome": outcome, "exposure": exposure, "offset": offset, "time": time}
    asked |= {f"fixed_effects[{i}]": name for i, name in enumerate(fixed_effects)}
    has = ", ".join(map(str, panel.columns))
    if panel.columns.duplicated().any():
        twice = ", ".join(map(str, panel.columns[panel.columns.duplicated()][:5]))
        raise ValueError(f"{WHO}: columns of the panel stand twice ({twice}); keep one of each.")
    for role, name in asked.items():
        if (name is not None or role != "offset") and not (types.is_hashable(name) and name in panel.columns):
            hint = "; one series has no regions and no effects: fixed_effects=()" if role.startswith("fixed") else ""
            raise ValueError(f"{WHO}: {role}={name!r} is not a column; the panel has {has}{hint}.")
        if role not in ("outcome", "exposure", "offset") or name is None:
            continue
        if not types.is_numeric_dtype(panel[name]):
            raise ValueError(f"{WHO}: {role}={name!r} is {panel[name].dtype}, not numbers; use pd.to_numeric.")
        if n := int(np.isinf(panel[name].to_numpy(float, na_value=np.nan)).sum()):
            raise ValueError(f"{WHO}: {role}={name!r} is infinite in {n} rows; leave them out, or make them missing.")
    if outcome == exposure:
        raise ValueError(f"{WHO}: {outcome!r} is outcome and exposure at once, and explains itself at lag 0; name two.")


def refuse_stock(panel, outcome) -> None:
    """Raise for a stock, which carries its past along, and for one whose months are a line between two rounds."""
    measure = panel.get(f"{outcome}_measure")
    if (outcome in STOCKS) if measure is None else measure.eq("stock").any():
        raise ValueError(
            f"{WHO}: {outcome!r} is a stock, people at a date, and holds everybody who fled before: it lags behind all "
            "that ever happened. Take a flow such as new_displacement, or its net change: "
            "ms.add_displacement(panel, ms.stock_to_flow(figures)), family='ols'."
        )
    issues = panel.get(f"{outcome}_issues", pd.Series(dtype="str"))
    made = int(issues.astype("str").fillna("").str.contains("interpolated|extrapolated").sum())
    if made:
        raise ValueError(
            f"{WHO}: {made} rows of {outcome!r} come from an interpolated stock, a line between two rounds: they say "
            "nothing of when people fled. Use published months only."
        )


# ---- regions and times -------------------------------------------------------------------------------------


def read(panel, outcome, exposure, time) -> tuple[pd.DataFrame, bool, list[str]]:
    """Rows by region and time without gaps, whether time is months, and notes."""
    steps, monthly = _steps(panel[time], time)
    table = panel.assign(**{STEP: steps, UNIT: _regions(panel)}).reset_index(drop=True)
    notes = []
    away = table[UNIT].str.split(" ").str[-1] == UNALLOCATED
    if away.any():
        lost = [f"{table.loc[away, column].sum():g} {column}" for column in (outcome, exposure)]
        notes.append(f"{int(away.sum())} rows of region {UNALLOCATED!r} left out, with {' and '.join(lost)}")
    table = table[~away].sort_values([UNIT, STEP], kind="stable")
    _refuse_repeats(table, monthly)
    _refuse_gaps(table, monthly)
    times = table.loc[table[outcome].notna(), STEP].nunique()
    if table[UNIT].nunique() < 2 and times < FEWEST_TIMES:
        raise ValueError(
            f"{WHO}: {times} {'months' if monthly else 'years'} of one series with {outcome!r}; at least "
            f"{FEWEST_TIMES} are needed to tell lags from each other and from whatever else changed meanwhile. Show "
            "both series side by side instead."
        )
    return table, monthly, notes


def _steps(column, time):
    """(Months since year 0 or years, whether they are months)."""
    if column.isna().any():
        raise ValueError(f"{WHO}: time column {time!r} is missing in {int(column.isna().sum())} rows; fill it.")
    if types.is_datetime64_any_dtype(column) or column.dtype == pd.PeriodDtype("M"):
        return (column.dt.year * 12 + column.dt.month - 1).to_numpy(int), True
    numbers = types.is_numeric_dtype(column) and not types.is_bool_dtype(column)
    if numbers and ((column % 1 == 0) & (column.abs() < 1e4)).all():
        return column.to_numpy(int), False
    raise ValueError(
        f"{WHO}: time column {time!r} holds {column.dtype} such as {column.iloc[0]!r}; accepted are datetimes, monthly "
        "Periods, or whole numbers read as years. Convert with pd.to_datetime first."
    )


def _regions(panel) -> pd.Series:
    """Region of every row, behind its country where there are several; empty for one series."""
    if "region" not in panel:
        return pd.Series("", index=panel.index)
    if panel["region"].isna().any():
        raise ValueError(
            f"{WHO}: region is missing in {int(panel['region'].isna().sum())} rows; call them {UNALLOCATED!r} to leave "
            "them out with a note."
        )
    region = panel["region"].astype(str)
    several = "country" in panel and panel["country"].astype(str).nunique() > 1
    return panel["country"].astype(str) + " " + region if several else region


def _refuse_repeats(table, monthly):
    again = table.duplicated([UNIT, STEP])
    if again.any():
        raise ValueError(
            f"{WHO}: more than one row for {place(table[again].iloc[0], monthly)} ({int(again.sum())} rows too many): "
            "a panel by type_of_violence must first be added up over the types or filtered to one; regions are told "
            "apart by a column 'region'."
        )


def _refuse_gaps(table, monthly):
    gap = table.groupby(UNIT)[STEP].diff() > 1
    if gap.any():
        raise ValueError(
            f"{WHO}: no row just before {place(table[gap].iloc[0], monthly)}, and a lag would reach past the gap. A "
            "month without events is a row with 0: build the grid with region_month_panel."
        )


# ---- the exposure around each row --------------------------------------------------------------------------


def shifted(table, exposure, transform, lags, leads) -> pd.DataFrame:
    """The exposure 0 to `lags` steps before and 1 to `leads` steps after each row, within its region."""
    values = pd.Series(table[exposure].to_numpy(float, na_value=np.nan), index=table.index).where(_in_scope(table))
    if transform == "log1p":
        if (values < 0).any():
            raise ValueError(
                f"{WHO}: {exposure!r} is below 0 in {int((values < 0).sum())} rows, and log1p is of counts."
            )
        values = pd.Series(np.log1p(values))
    within = values.groupby(table[UNIT])
    before = {f"lag{k}": within.shift(k) for k in range(lags + 1)}
    return pd.DataFrame(before | {f"lead{k}": within.shift(-k) for k in range(1, leads + 1)})


def _in_scope(table):
    return in_scope(table, WHO, unknown=True) if "in_scope" in table else pd.Series(True, index=table.index)


def unbroken(table, shifts, outcome, exposure, monthly, notes) -> pd.DataFrame:
    """The rows that have an outcome and every lag and lead; those of a region must follow one another."""
    there = table[outcome].notna() & _in_scope(table)
    used = there & shifts.notna().all(axis=1)
    if not used.any():
        raise ValueError(
            f"{WHO}: no row has {outcome!r} and {exposure!r} at all {shifts.shape[1]} lags and leads; ask for fewer, "
            "or give a longer record."
        )
    units = table[UNIT]
    inside = used.groupby(units).cummax() & used[::-1].groupby(units[::-1]).cummax()[::-1]
    holes = table[inside & ~used]
    if len(holes):
        what = f"{exposure!r} at a lag or lead" if there[holes.index[0]] else f"{outcome!r}"
        raise ValueError(
            f"{WHO}: {what} is missing or out of scope in the middle of the record, first at "
            f"{place(holes.iloc[0], monthly)} ({len(holes)} rows in all). Missing is not zero: choose months and "
            "regions that were counted throughout, or fill in what is known to be 0."
        )
    for lost, why in ((~there, f"without {outcome}"), (there & ~used, "whose lags or leads lie beyond the record")):
        if lost.any():
            notes.append(f"{int(lost.sum())} rows {why} left out at the ends")
    return table[used]


def check_outcome(table, outcome, monthly, counts) -> None:
    """Raise for an outcome that is infinite, or below 0 where it must be a count."""
    values = table[outcome].astype(float)
    wrong = ~np.isfinite(values) | (counts & (values < 0))
    if wrong.any():
        row = table[wrong].iloc[0]
        raise ValueError(
            f"{WHO}: {outcome!r} is {row[outcome]} at {place(row, monthly)} ({int(wrong.sum())} rows in all), and a "
            "Poisson mean is of what is 0 or more. A net change goes with family='ols'."
        )
