"""A trend fitted to every draw of its counts and pooled: what the doubt about the counts does to it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from pandas.api import types
from scipy import stats

from mali_stats.models.trends.covariance import Estimate, estimates
from mali_stats.models.uncertainty.pooling import pooled
from mali_stats.models.uncertainty.totals import Draws
from mali_stats.panel.months import ordinal

_TABLE = ("draw", "reported", "deaths")


@dataclass(frozen=True)
class PooledEstimate(Estimate):
    """An `Estimate` pooled over draws of the counts by Rubin's rules.

    Attributes
    ----------
    degrees : ndarray (columns,)
        Barnard and Rubin's, for each coefficient.
    pooled : DataFrame
        term, and what `pool_rubin` gives.
    reported : Estimate
        Of the counts as reported.
    counting_share : float
        Share of the variance of the yearly trend that is the counts' own, (1 + 1/M) B / T.
    """

    pooled: pd.DataFrame
    reported: Estimate
    counting_share: float

    def half_width(self, std_error, level=0.95) -> np.ndarray:
        """Quantile times standard error; anything but the coefficients themselves has the fewest degrees of theirs."""
        degrees = self.degrees if len(std_error) == len(self.coef) else np.nanmin(self.degrees)
        return np.minimum(stats.t.ppf((1 + level) / 2, degrees) * std_error, 500)


def pooled_estimate(draws, design, family, cov, lags=None) -> PooledEstimate:
    """Fit a design to every draw of its counts, with the covariance asked for, and pool.

    Parameters
    ----------
    draws : Draws or DataFrame
        Of `draw_totals`, or rows of the shipped table ``draws``; see `drawn_counts`.
    design : Design
    family, cov, lags
        As in `estimate`.

    Raises
    ------
    ValueError
        Where the draws are not of the design's cells.
    RuntimeError
        Where a draw cannot be fitted.
    """
    counts, notes = drawn_counts(draws, design)
    reported, *fits = estimates(design, [design.y, *counts], family, cov, lags)
    coefs, matrices = (np.array([getattr(fit, name) for fit in fits]) for name in ("coef", "matrix"))
    _check_levels(coefs, design)
    M, degrees = len(fits), min(fit.degrees for fit in fits)
    variances = np.diagonal(matrices, axis1=1, axis2=2)
    table = pooled(coefs, variances, degrees)
    table.insert(0, "term", list(design.names))
    between = (1 + 1 / M) * np.atleast_2d(np.cov(coefs.T))
    coef = coefs.mean(axis=0)
    notes += [note for note in dict.fromkeys(note for fit in fits for note in fit.notes)]
    total = counts.sum() / M
    notes.append(
        f"fitted to {total:,.0f} {design.outcome} on average of the draws; reported, and `observed` in predict(), are "
        f"{design.y.sum():,.0f}"
    )
    year = design.names.index("year")
    share = float(1 - table["within"][year] / table["total"][year])
    notes.append(
        f"pooled over {M} draws of the counts: {share:.1%} of the variance of the yearly trend is counting error; its "
        f"degrees of freedom are {table['df'][year]:.1f} (Barnard and Rubin) of {degrees:.4g}"
    )
    return PooledEstimate(
        coef, matrices.mean(axis=0) + between, table["df"].to_numpy(), np.exp(design.X @ coef + design.offset),
        *(float(np.mean([getattr(fit, name) for fit in fits])) for name in ("alpha", "phi")),
        f"{reported.method}, {M} draws", tuple(notes), table, reported, share,
    )  # fmt: skip


def _check_levels(coefs, design):
    lost = np.isnan(coefs).any(axis=0)
    if lost.any():
        names = ", ".join(name for name, gone in zip(design.names, lost, strict=True) if gone)
        raise RuntimeError(
            f"fit_trend: nobody died in some draws of {names}, so that these have no estimate to pool; leave such "
            f"levels of {design.by!r} out of the frame, or join them with others."
        )


def drawn_counts(draws, design) -> tuple[np.ndarray, list[str]]:
    """Bring draws into the order of a design's rows.

    A cell must have been drawn from the very number the design has; one without draws must be 0, as there was no
    event to draw.

    Parameters
    ----------
    draws : Draws or DataFrame
        A frame has a row a cell and draw: the design's time (and `by`), draw, reported, deaths.
    design : Design

    Returns
    -------
    counts : ndarray (draws, rows)
    notes : list of str
    """
    keys = [design.time, *([design.by] if design.by else [])]
    groups, reported, counts = _laid_out(draws, keys)
    cells = pd.MultiIndex.from_arrays([_times(groups[keys[0]], design), *(groups[k].astype(object) for k in keys[1:])])
    if cells.has_duplicates:
        raise ValueError(
            f"fit_trend: the draws have {int(cells.duplicated().sum())} cells of {' and '.join(keys)} twice. Add them "
            f"up first, as in draws.sum({keys!r}), or keep one kind of draws (one shared_sd, with or without side b)."
        )
    times = pd.Series(design.times[design.step])
    rows = pd.MultiIndex.from_arrays([times, *(design.frame[k].astype(object).to_numpy() for k in keys[1:])])
    at = cells.get_indexer(rows)
    _check_cells(design, np.where(at >= 0, reported[at], 0), rows)
    beyond = len(cells) - int((at >= 0).sum())
    notes = [f"{beyond} cells of the draws lie outside the rows used"] if beyond else []
    return np.where(at >= 0, counts[:, at], 0), notes


def _laid_out(draws, keys) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """(Cells, their numbers as reported, draws x cells)."""
    if not isinstance(draws, Draws | pd.DataFrame):
        raise TypeError(
            f"fit_trend: draws is {type(draws).__name__}; ms.draw_totals makes them, ms.load('draws') has some."
        )
    groups = draws.groups if isinstance(draws, Draws) else draws
    lost = [k for k in (*keys, *([] if isinstance(draws, Draws) else _TABLE)) if k not in groups]
    if lost:
        has = ", ".join(map(str, groups.columns))
        raise ValueError(f"fit_trend: the draws have no column {', '.join(lost)} (they have {has}).")
    if isinstance(draws, Draws):
        return groups, draws.reported, draws.draws
    if draws.duplicated([*keys, "draw"]).any():
        raise ValueError(
            f"fit_trend: the table of draws has a draw of one cell ({', '.join(keys)}) twice. Keep one kind of draws, "
            "as in table.query(\"shared_sd == 0 and side_b == 'with'\")."
        )
    table = draws.sort_values([*keys, "draw"], kind="stable")
    each = table["draw"].nunique()
    if len(table) % each or (table.groupby(keys, observed=True)["draw"].size() != each).any():
        raise ValueError("fit_trend: some cells of the draws have fewer draws than others; give the whole table.")
    first = table.iloc[::each]
    return first, first["reported"].to_numpy(int), table["deaths"].to_numpy(int).reshape(-1, each).T


def _times(column, design) -> np.ndarray:
    """As in `design.times`: months since year 0, or years."""
    dates = types.is_datetime64_any_dtype(column) or isinstance(column.dtype, pd.PeriodDtype)
    if dates != design.monthly:
        wanted = "months (dates or monthly Periods)" if design.monthly else "years (numbers)"
        raise ValueError(
            f"fit_trend: {design.time!r} of the draws holds {column.dtype}, and the frame's holds {wanted}."
        )
    return ordinal(column) if dates else column.to_numpy(float)


def _check_cells(design, drawn_from, rows):
    wrong = np.flatnonzero(drawn_from != design.y)
    if len(wrong):
        cell = rows[wrong[0]]
        at = f"{design.label(design.step[wrong[0]])}{f' in {cell[1]}' if len(cell) > 1 else ''}"
        raise ValueError(
            f"fit_trend: the draws are not of these cells: {len(wrong)} of {len(rows)} differ, such as {at} with "
            f"{design.y[wrong[0]]:g} {design.outcome} in the frame and {drawn_from[wrong[0]]:g} in what was drawn "
            "from. Draw from the events of the frame, by the same months and regions: draw_totals(events, panel, "
            "...), added up as the panel was; without side b's dead the outcome must be without them too."
        )
