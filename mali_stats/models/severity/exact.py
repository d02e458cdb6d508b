"""Exact intervals of counts and shares, which know no model beyond independence."""

from __future__ import annotations

import numpy as np
from scipy import stats


def garwood(events, time=1.0, level: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
    """Exact interval of a Poisson rate: ``chi2(2k) / 2`` and ``chi2(2k + 2) / 2`` over the time.

    Parameters
    ----------
    events : int or array
        Counted.
    time : float
        In which they were counted.
    level : float

    Returns
    -------
    low, high : ndarray
        Rates per unit of time; of no event 0 and ``3.689 / time``.

    References
    ----------
    Garwood (1936), Fiducial limits for the Poisson distribution, Biometrika 28.

    Examples
    --------
    >>> [end.round(3) for end in garwood([0, 5], 10)]
    [array([0.   , 0.162]), array([0.369, 1.167])]
    """
    k = np.asarray(events, float)
    low = np.where(k > 0, stats.chi2.ppf((1 - level) / 2, 2 * np.maximum(k, 1)) / 2, 0.0)
    return low / time, stats.chi2.ppf((1 + level) / 2, 2 * k + 2) / 2 / time


def clopper_pearson(events, n, level: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
    """Exact interval of a share, by the beta quantiles.

    Parameters
    ----------
    events : int or array
        Counted, of ``n``.
    n : int
    level : float

    Returns
    -------
    low, high : ndarray
        Shares; of none low is 0, of all high is 1.

    References
    ----------
    Clopper & Pearson (1934), The use of confidence or fiducial limits, Biometrika 26.

    Examples
    --------
    >>> [end.round(3) for end in clopper_pearson([0, 14], 20)]
    [array([0.   , 0.457]), array([0.168, 0.881])]
    """
    k = np.asarray(events, float)
    low = np.where(k > 0, stats.beta.ppf((1 - level) / 2, np.maximum(k, 1), n - k + 1), 0.0)
    return low, np.where(k < n, stats.beta.ppf((1 + level) / 2, k + 1, np.maximum(n - k, 1)), 1.0)
