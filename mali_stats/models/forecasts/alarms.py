"""The rules by which a month or a day is flagged: each takes counts in order and gives what it compares them with."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

DAYS_SUMMED = 30
DAYS_BACK = (366, 1096)  # of level 1 and level 2, today included
FLOORS = {"deaths": 100, "people": 5000}
#: Anscombe residuals above it lose weight; 2.58 cuts off half a percent of a normal distribution
LARGEST_RESIDUAL = 2.58
#: a month is flagged only if so many were counted in so many months up to it
FEWEST, FEWEST_IN = 5, 4
EARS_MONTHS = 7


def hdx(y: np.ndarray, *, unit="deaths", floor=None, cooldown=0) -> pd.DataFrame:
    """Flag the highest 30-day sum in a year (level 1) or three (level 2); options as in `flag_months`.

    Parameters
    ----------
    y : ndarray of int
        Counts in order, without gaps.

    Returns
    -------
    DataFrame
        value, baseline, threshold, level (missing where the record is too short), flagged.
    """
    floor = FLOORS[unit] if floor is None else floor
    value = pd.Series(y).rolling(DAYS_SUMMED).sum()
    highest = [value.rolling(days).max() for days in DAYS_BACK]
    level = sum((value >= np.maximum(top, floor)).astype(int) for top in highest)
    before = value.shift(1).rolling(DAYS_BACK[0] - 1).max()
    table = pd.DataFrame({
        "value": value, "baseline": value.rolling(DAYS_BACK[0]).mean(), "threshold": np.maximum(before, floor),
        "level": level.astype("Int64").where(highest[0].notna()),
    })  # fmt: skip
    return table.assign(flagged=_not_cooling(table["level"].fillna(0).to_numpy(int), cooldown))


def _not_cooling(level: np.ndarray, cooldown: int) -> np.ndarray:
    """Flagged days less those that follow a flag of the same or a higher level within the cool-down."""
    flagged = level > 0
    for day in np.flatnonzero(flagged):
        before = slice(max(day - cooldown, 0), day)
        flagged[day] = not (flagged[before] & (level[before] >= level[day])).any()
    return flagged


def farrington(y: np.ndarray, *, alpha=0.01, b=3, w=2, reweight=True) -> pd.DataFrame:
    """Flag months above an upper limit from the same season of earlier years; options as in `flag_months`.

    Parameters
    ----------
    y : ndarray of int
        Counts in order, without gaps.

    Returns
    -------
    DataFrame
        value, baseline, threshold, level (missing where the record is too short), flagged.
    """
    back = np.add.outer(12 * np.arange(1, b + 1), np.arange(-w, w + 1)).ravel()
    baseline, threshold = np.full((2, len(y)), np.nan)
    for month in range(back.max(), len(y)):
        mean, phi = _quasipoisson(y[month - back].astype(float), reweight)
        baseline[month], threshold[month] = mean, _upper(mean, phi, alpha)
    recent = pd.Series(y).rolling(FEWEST_IN, min_periods=1).sum().to_numpy()
    return _above(y, baseline, threshold, recent >= FEWEST)


def _quasipoisson(y: np.ndarray, reweight: bool) -> tuple[float, float]:
    """Mean and dispersion (1 at least) of a reference set; once reweighted, outliers among it count less."""
    weights = np.ones(len(y))
    mean, phi = _moments(y, weights)
    if not reweight or mean == 0:
        return mean, phi
    anscombe = 1.5 * (y ** (2 / 3) * mean ** (-1 / 6) - mean**0.5) / np.sqrt(phi * (1 - 1 / len(y)))
    outlying = anscombe > LARGEST_RESIDUAL
    weights[outlying] = anscombe[outlying] ** -2
    return _moments(y, weights * len(y) / weights.sum())


def _moments(y, weights) -> tuple[float, float]:
    mean = float(np.average(y, weights=weights))
    if mean == 0:
        return 0.0, 1.0
    return mean, max(1.0, float((weights * (y - mean) ** 2).sum() / mean / (len(y) - 1)))


def _upper(mean: float, phi: float, alpha: float) -> float:
    """The count that a negative binomial of variance ``phi mean`` exceeds with probability alpha at most."""
    if phi > 1:
        return float(stats.nbinom.ppf(1 - alpha, mean / (phi - 1), 1 / phi))
    return float(stats.poisson.ppf(1 - alpha, mean))


def ears(y: np.ndarray, *, lag: int, alpha=0.001) -> pd.DataFrame:
    """Flag months above mean and standard deviations of the seven before them, `lag` months left out between.

    Parameters
    ----------
    y : ndarray of int
        Counts in order, without gaps.
    lag : int
        0 is C1, 2 is C2.
    alpha : float

    Returns
    -------
    DataFrame
        value, baseline, threshold, level (missing where the record is too short), flagged.
    """
    before = pd.Series(y, dtype=float).shift(1 + lag).rolling(EARS_MONTHS)
    baseline = before.mean()
    threshold = baseline + stats.norm.isf(alpha) * before.std(ddof=1)
    return _above(y, baseline.to_numpy(), threshold.to_numpy(), True)


def _above(y, baseline, threshold, enough) -> pd.DataFrame:
    tested = ~np.isnan(threshold)
    flagged = tested & (y > np.where(tested, threshold, np.inf)) & enough
    level = pd.Series(flagged).astype("Int64").where(tested)
    return pd.DataFrame(
        {"value": y.astype(float), "baseline": baseline, "threshold": threshold, "level": level, "flagged": flagged}
    )
