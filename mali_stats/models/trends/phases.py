"""Rates by phase, for breaks too short or too close to be told apart: intervals, and no p-value."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from mali_stats.models.trends import its
from mali_stats.models.trends.refit import refit
from mali_stats.models.trends.sides import segments

BLOCK = 12  # months, so that a season is in every block alike


@dataclass(frozen=True, repr=False, eq=False)
class Phases:
    r"""Rates by phase, of ``fit_trend(..., descriptive=True)``.

    Attributes
    ----------
    outcome : str
    table : DataFrame
        As `tidy` returns it.
    notes : list of str

    Notes
    -----
    Phases are cut into blocks of about L months: 12, or as many as the phase in question has if fewer (single years,
    of yearly data). Of the block totals :math:`B_j` over :math:`n_j` months a Poisson pseudo-likelihood with a level a
    phase and one yearly growth for all gives the means :math:`M_j`. The relative variance of a block of L months
    beyond a Poisson's is

    .. math:: A_L = \max\Bigl(0,\; \frac{1}{J - P - 1}\sum_j \frac{n_j}{L} \Bigl(\frac{B_j - M_j}{M_j}\Bigr)^2
              - \frac1J \sum_j \frac{n_j}{L M_j}\Bigr)

    for J blocks in P phases. The log of a phase's rate, S counted in n months, has variance 1/S + A L/n, never less
    than a Poisson's, and t quantiles with J - P - 1 degrees, J counted in blocks of 12 months. A phase with none
    counted has as upper end the mean at which a negative binomial of that spread is 0 in 2.5 % of cases. So what the
    months of a year share is in the interval, what years share is not; a phase of a few months borrows its spread
    from stretches as long in the other phases.

    Measured coverage (benchmarks/its_coverage.py) stands in the Notes of `fit_trend`.

    Examples
    --------
    >>> import mali_stats as ms
    >>> counts = pd.DataFrame({"year": range(2000, 2012), "events": [4, 6, 5, 3, 7, 5, 4, 6, 14, 16, 9, 11]})
    >>> found = ms.fit_trend(counts, "events", time="year", breaks=[ms.Break("a", 2008)], descriptive=True)
    >>> found.tidy().round(2)
        phase  start   end  years  total  rate  conf_low  conf_high  ratio
    0  before   2000  2007      8     40   5.0      3.50       7.15    1.0
    1       a   2008  2011      4     50  12.5      9.08      17.21    2.5
    """

    outcome: str
    table: pd.DataFrame
    notes: list[str]

    def tidy(self) -> pd.DataFrame:
        """One row a phase (and level): start, end, months (or years), total, rate, conf_low, conf_high, ratio.

        The rate is per month (or year), or per unit of the offset; the ratio is to the first phase.
        """
        return self.table.copy()

    def __repr__(self):
        phases = self.table["phase"].nunique()
        unit = "months" if "months" in self.table else "years"
        return (
            f"Rates of {self.outcome} in {phases} phases of {self.table[unit].min()} to {self.table[unit].max()} {unit}"
        )

    def _repr_html_(self):
        return self.table.to_html(index=False, float_format="{:,.2f}".format)


def phases(layout, breaks) -> Phases:
    """Give the rates of a checked record in the phases that its breaks make; see `Phases`.

    Raises
    ------
    ValueError
        If there are no breaks.
    """
    if not breaks:
        raise ValueError("fit_trend: descriptive=True wants breaks=[ms.Break(label, date), ...] to cut the record at")
    cut = segments(breaks, layout.times, layout.monthly)
    found = [_rates(layout, cut, np.flatnonzero(layout.group == i)) for i in range(max(layout.levels, 1))]
    table = pd.concat([table for table, _ in found], ignore_index=True)
    notes = [*layout.notes, *_notes(table, layout.monthly, sorted({df for _, df in found})), *_beyond(layout, breaks)]
    return Phases(layout.outcome, table, notes + its.notes(breaks, False, layout.monthly, layout.frame))


def _rates(layout, cut, rows):
    """(Table, degrees of freedom) of one level."""
    place = np.searchsorted([stop for _, _, stop in cut], np.floor(layout.times)[layout.step[rows]], side="right")
    parts = [rows[place == i] for i in range(len(cut))]
    n = np.array([len(part) for part in parts])
    total = np.array([layout.y[part].sum() for part in parts])
    exposure = np.array([np.exp(layout.offset[part]).sum() for part in parts])
    year = BLOCK if layout.monthly else 1
    df = _spread(layout, parts, year)[1]
    spread = np.array([_spread(layout, parts, min(months, year))[0] / max(months / year, 1) for months in n])
    low, high = _interval(total, spread, df)
    with np.errstate(divide="ignore", invalid="ignore"):  # no month, or none counted in the first phase
        rate = total / exposure
        table = _spans(layout, cut).assign(
            **{"months" if layout.monthly else "years": n, "total": total.astype(int), "rate": rate},
            conf_low=low / exposure, conf_high=high / exposure, ratio=rate / rate[0],
        )  # fmt: skip
    if layout.by:
        table.insert(0, layout.by, layout.frame[layout.by].iloc[rows[0]])
    return table, df


def _beyond(layout, breaks):
    """Name the breaks that begin before the record or after it."""
    first, last = layout.times[[0, -1]]
    beyond = [item.label for item in breaks if not first <= item.first(layout.monthly) <= last]
    return [f"begin outside the record, where nothing can be cut: {', '.join(beyond)}"] if beyond else []


def _spans(layout, cut):
    names, starts, stops = zip(*cut, strict=True)
    ends = [stop - 1 for stop in stops]
    if layout.monthly:
        starts, ends = (
            pd.PeriodIndex.from_ordinals(  # type: ignore[attr-defined]  # not in pandas-stubs
                np.array(x) - 1970 * 12, freq="M"
            ).to_timestamp()
            for x in (starts, ends)
        )
    return pd.DataFrame({"phase": names, "start": starts, "end": ends})


def _spread(layout, parts, length):
    """(Relative variance of a block's total beyond a Poisson's, degrees of freedom); NaN where there are none."""
    counted = [(i, part) for i, part in enumerate(parts) if layout.y[part].any()]
    blocks = [(i, block) for i, part in counted for block in _blocks(part, length)]
    df = len(blocks) - len(counted) - 1
    if df < 1 or not length:
        return np.nan, df
    counts = np.array([layout.y[block].sum() for _, block in blocks])
    exposure = np.array([np.exp(layout.offset[block]).sum() for _, block in blocks])
    when = np.array([layout.times[layout.step[block]].mean() for _, block in blocks])
    share = np.array([len(block) / length for _, block in blocks])
    X = np.column_stack([*([i == phase for i, _ in blocks] for phase, _ in counted), (when - when.mean()) / BLOCK])
    mean = np.exp(X @ refit(X, counts, offset=np.log(exposure)).coef[0]) * exposure
    beyond = (share * ((counts - mean) / mean) ** 2).sum() / df - (share / mean).mean()
    return max(float(beyond), 0.0), df


def _blocks(rows, length):
    return np.array_split(rows, max(1, round(len(rows) / length))) if length else []


def _interval(total, spread, df):
    """Both ends of the expected totals; NaN without a degree of freedom, or without a month."""
    if df < 1:
        return np.full((2, len(total)), np.nan)
    some = np.maximum(total, 1)
    half = np.exp(np.minimum(stats.t.ppf(0.975, df) * np.sqrt(1 / some + spread), 500))
    # P(0) = (1 + spread mean)^(-1/spread) = 1/40
    none = np.expm1(np.minimum(np.maximum(spread, 1e-9) * np.log(40), 500)) / np.maximum(spread, 1e-9)
    return total / half, np.where(total > 0, total * half, none)


def _notes(table, monthly, degrees):
    known = [df for df in degrees if df > 0]
    if not known:
        return ["no interval: too few years of record beside the phases to tell how far they differ"]
    basis = "blocks of about 12 months" if monthly else "single years"
    out = [f"intervals from the spread of {basis} within phases, t({', '.join(map(str, known))}); no p-value, as the "
           "breaks were not tested"]  # fmt: skip
    if len(known) < len(degrees):
        out.append("no interval where there are too few years of record beside the phases")
    if monthly and (table["months"] < BLOCK).any():
        out.append("a phase under 12 months holds some seasons only, and its ratio to the first compares unlike months")
    return out
