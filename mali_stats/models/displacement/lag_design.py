"""The rows and columns of a distributed-lag model, checked: exposures shifted within regions, effects as groups."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from mali_stats.models.displacement.lag_rows import (
    STEP,
    UNIT,
    WHO,
    check_columns,
    check_outcome,
    label,
    place,
    read,
    refuse_stock,
    shifted,
    unbroken,
)
from mali_stats.models.trends.design import FEWEST_EVENTS, FEWEST_TIMES

TRANSFORMS = (None, "log1p")


@dataclass(frozen=True, eq=False)
class LagDesign:
    """What a distributed-lag model works on, sorted by region and time.

    Attributes
    ----------
    outcome, exposure : str
        Columns; `exposure` with its transformation.
    lags, leads : int
    X : ndarray (rows, columns)
        `free` dummies of the fixed effects that are not `group`, then the columns of the lags (times the polynomial
        basis), then the leads.
    free : int
    basis : ndarray (lags + 1, columns of the lags)
        Powers of the lag, or the identity for free lags.
    y, offset : ndarray (rows,)
    group : ndarray of int (rows,)
        The fixed effect with the most levels; zero throughout without any.
    intercept : bool
        Whether there is a common constant in place of effects.
    unit, year, step : ndarray of int (rows,)
        Region, calendar year, and time (months since year 0, or years).
    units : tuple of str
        Names of the regions.
    monthly : bool
    notes : tuple of str
    """

    outcome: str
    exposure: str
    lags: int
    leads: int
    X: np.ndarray
    free: int
    basis: np.ndarray
    y: np.ndarray
    offset: np.ndarray
    group: np.ndarray
    intercept: bool
    unit: np.ndarray
    year: np.ndarray
    step: np.ndarray
    units: tuple[str, ...]
    monthly: bool
    notes: tuple[str, ...]

    @property
    def short(self) -> str:
        """Why the record is too short for a p-value; empty if it is not."""
        times, events = len(np.unique(self.step)), int((self.y != 0).sum())
        if times < FEWEST_TIMES:
            return f"{times} times (at least {FEWEST_TIMES} are needed)"
        return f"{events} rows with any {self.outcome} (at least {FEWEST_EVENTS} are needed)" * (events < FEWEST_EVENTS)

    def label(self, step: int) -> str:
        """Name a time: 2019-03, or the year."""
        return label(step, self.monthly)


def lag_design(panel, outcome, exposure, *, lags, leads, degree, fixed_effects, transform, offset, time, counts):
    """Check a panel and lay out its design; `counts` says that the outcome cannot be below 0."""
    check_columns(panel, outcome, exposure, fixed_effects, offset, time)
    refuse_stock(panel, outcome)
    table, monthly, notes = read(panel, outcome, exposure, time)
    shifts = shifted(table, exposure, transform, lags, leads)
    table = unbroken(table, shifts, outcome, exposure, monthly, notes)
    check_outcome(table, outcome, monthly, counts)
    effects = _effects(table, fixed_effects, time)
    if counts:
        table = _without_empty(table, outcome, effects, monthly, notes)
    _note_spread(table, outcome, notes)
    if time in fixed_effects and table[UNIT].nunique() < 2:
        raise ValueError(
            f"{WHO}: only one region is left, and an effect for every {time} explains it without the exposure; use "
            "fixed_effects=()"
        )
    factors = sorted((pd.factorize(table[c], sort=True)[0] for c in effects.values()), key=np.max, reverse=True)
    dummies = [code[:, None] == np.arange(code.max() + 1) for code in factors[1:]]
    basis = np.eye(lags + 1) if degree is None else _powers(lags, degree)
    beside = shifts.loc[table.index].to_numpy()
    unit, units = pd.factorize(table[UNIT], sort=True)
    step = table[STEP].to_numpy()
    return LagDesign(
        outcome=outcome, exposure=f"{transform}({exposure})" if transform else exposure, lags=lags, leads=leads,
        X=np.column_stack([*dummies, beside[:, : lags + 1] @ basis, beside[:, lags + 1 :]]).astype(float),
        free=sum(d.shape[1] for d in dummies), basis=basis, y=table[outcome].to_numpy(float),
        offset=_log_offset(table, offset, monthly), group=factors[0] if factors else np.zeros(len(table), int),
        intercept=not factors, unit=unit, year=step // (12 if monthly else 1), step=step,
        units=tuple(map(str, units)), monthly=monthly, notes=tuple(notes),
    )  # fmt: skip


def _powers(lags: int, degree: int) -> np.ndarray:
    """Powers 0 to `degree` of the lag, as a share of the longest so that all are of one size."""
    return np.vander(np.arange(lags + 1) / max(lags, 1), degree + 1, increasing=True)


def _effects(table, fixed_effects, time) -> dict[str, str]:
    """Fixed effect -> the column that has its levels."""
    columns = {name: {"region": UNIT, time: STEP}.get(name, name) for name in fixed_effects}
    for name, column in columns.items():
        if table[column].isna().any():
            raise ValueError(
                f"{WHO}: fixed effect {name!r} is missing in {int(table[column].isna().sum())} rows; fill it"
            )
    return columns


def _without_empty(table, outcome, effects, monthly, notes):
    """Leave out levels whose outcome is all 0: their Poisson effect is minus infinity, and they tell nothing else."""
    if not table[outcome].sum() > 0:
        raise ValueError(f"{WHO}: {outcome!r} is 0 in all {len(table)} rows used; there is nothing to explain")
    gone: dict[str, list[str]] = {name: [] for name in effects}
    rows, before = dict.fromkeys(effects, 0), 0
    while before != len(table):  # a month may be empty only once a region has left, and the other way round
        before = len(table)
        for name, column in effects.items():
            total = table.groupby(column)[outcome].sum()
            empty = total.index[total == 0]
            lost = table[column].isin(empty)
            gone[name] += [label(e, monthly) if column == STEP else str(e) for e in empty]
            rows[name] += int(lost.sum())
            table = table[~lost]
    for name, levels in gone.items():
        if levels:
            shown = ", ".join(sorted(levels)[:6]) + (f" and {len(levels) - 6} more" if len(levels) > 6 else "")
            notes.append(
                f"{len(levels)} of {name} without any {outcome} left out ({rows[name]} rows), as their effect has no "
                f"finite estimate: {shown}"
            )
    return table


def _note_spread(table, outcome, notes):
    """Say how many outcomes were not published for their month, if the panel knows."""
    observed = table.get(f"{outcome}_is_observed")
    if observed is not None and not observed.all():
        notes.append(
            f"{int((~observed).sum())} of {len(table)} rows of {outcome} were not published for their month but spread "
            "over several, or filled in: that smooths the lags"
        )


def _log_offset(table, offset, monthly):
    if offset is None:
        return np.zeros(len(table))
    values = table[offset].to_numpy(float, na_value=np.nan)
    wrong = ~((values > 0) & np.isfinite(values))
    if wrong.any():
        row = table[wrong].iloc[0]
        raise ValueError(
            f"{WHO}: offset {offset!r} is {row[offset]} at {place(row, monthly)} ({int(wrong.sum())} rows in all); its "
            "log is taken, so it must be positive"
        )
    return np.log(values)
