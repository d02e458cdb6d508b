"""Forecasts that a better one has to beat: draws of the coming months' counts from the series alone."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats

from mali_stats.asked import single
from mali_stats.models.forecasts.timeline import counts, timeline, whole
from mali_stats.models.trends.refit import refit

#: method -> what it does
METHODS = {
    "conflictology": "the months of the last window, each as likely",
    "nb_moments": "a negative binomial with the mean and variance of the last window",
    "last": "a Poisson at the last value",
    "zero": "nobody killed",
    "trend": "a negative binomial around the line through the last five windows, drawn on",
    "mixture": "negative binomials of the last half window, window and four windows, mixed",
}
#: windows of the mixture, in windows, and their shares; chosen on 2012-2017 by benchmarks/forecast_mixture.py
MIXTURE = {0.5: 0.25, 1: 0.25, 4: 0.5}
TREND_WINDOWS = (2, 5)  # the fewest and the most that the line rests on
HIGHEST_MEAN = 1e6  # a line drawn on may run off: nobody is forecast beyond that many a month


def baseline_draws(
    y: ArrayLike | pd.Series,
    horizon: int,
    *,
    method: str = "conflictology",
    window: int = 12,
    n: int | None = 1000,
    lead: int = 1,
    seed: int = 0,
) -> np.ndarray:
    r"""Draw the counts of coming months from a simple rule.

    Parameters
    ----------
    y : Series or array (months,)
        Counts up to now. A Series is indexed by month (datetime64 or Period), without gaps, in any order; an array
        is in order.
    horizon : int
        How many months to forecast.
    method : str
        - "conflictology": the months of the last window, each as likely as the other.
        - "nb_moments": a negative binomial with the last window's mean m and variance v (n - 1 in the denominator),
          of size :math:`m^2/(v-m)`; a Poisson where v is not above m.
        - "last": a Poisson at the last value.
        - "zero": zeros.
        - "trend": the NB2 line of `fit_trend` without a season through the last five windows (at least two), drawn
          on; the uncertainty of the line, taken from the model's information, is part of the draws.
        - "mixture": "nb_moments" of the last half window (a quarter of the draws), the last window (a quarter) and
          the last four (a half): what is on now may last, or go back to what the years before were like.
    window : int
        Months looked back on.
    n : int or None
        Draws of each month. None gives conflictology's months themselves, in order, in every row.
    lead : int
        Months from the last observed to the first that is forecast. Only "trend" makes a difference of it.
    seed : int

    Returns
    -------
    ndarray of int64 (horizon, n)
        Draws of each month, in random order. Quantiles are drawn one from each of n equal strata of probability, so
        that scores depend on the seed as little as can be; draws of different months are independent.

    Raises
    ------
    TypeError, ValueError
        If the method is unknown, the series is shorter than the method looks back, or has gaps, or holds what is
        no count.
    RuntimeError
        If "trend" finds no line, as where all counts lie in one month.

    Notes
    -----
    Mean CRPS of Mali's state-based deaths by month, each year forecast from the October before, by
    benchmarks/forecast_mixture.py:

    ==============  =========  =========
    method          2012-2017  2018-2023
    ==============  =========  =========
    conflictology       21.75      32.85
    nb_moments          21.29      32.39
    last                25.71      46.42
    zero                26.42      71.24
    trend               29.87      34.67
    mixture             20.27      34.84
    ==============  =========  =========

    The windows of "mixture" were chosen on 2012-2017, and it was evaluated on 2018-2023 once: it does not beat
    conflictology there. A war that grew from year to year had no use for a memory of four. "nb_moments" has nothing
    to choose and is ahead by 1 or 2 %.

    References
    ----------
    Hegre et al. (2024), The 2023/24 VIEWS Prediction Challenge, arXiv 2407.11045, whose benchmarks the first, third
    and fourth are.

    Examples
    --------
    >>> import mali_stats as ms
    >>> y = ms.load("state_based_month").set_index("month").loc[:"2022-10", "deaths_best"]
    >>> baseline_draws(y, 12, n=None, lead=3)[0]
    array([ 18, 106,  93, 146, 492,  80, 112, 115,  79, 158,   9, 121])
    >>> draws = baseline_draws(y, 12, method="nb_moments", lead=3)
    >>> draws.shape, np.quantile(draws[0], [0.05, 0.5, 0.95]).tolist()
    ((12, 1000), [7.0, 91.0, 371.14999999999986])
    """
    single("baseline_draws", method=method)
    if method not in [*METHODS]:
        raise ValueError(f"baseline_draws: method={method!r} is not known; use one of {', '.join(METHODS)}.")
    horizon, window, lead = (
        whole(value, 1, name, "baseline_draws")
        for name, value in (("horizon", horizon), ("window", window), ("lead", lead))
    )
    past = _past(y)
    if n is None:
        return _months_themselves(past, horizon, method, window)
    random = np.random.default_rng(whole(seed, 0, "seed", "baseline_draws"))
    return _DRAW[method](past, (horizon, whole(n, 1, "n", "baseline_draws")), window, lead, random)


def _past(y) -> np.ndarray:
    if isinstance(y, pd.Series) and not isinstance(y.index, pd.RangeIndex):
        return timeline(y, "M", "baseline_draws")[0].to_numpy()
    if np.ndim(y) != 1:
        raise TypeError(
            f"baseline_draws: one count a month is wanted, got {type(y).__name__} of {np.ndim(y)} dimensions; for a "
            "frame frame.set_index('month')['deaths_best']."
        )
    values = counts(y, range(len(y)), "baseline_draws")
    if not len(values):
        raise ValueError("baseline_draws: the series is empty; look at what was filtered before.")
    return values


def _last(past: np.ndarray, months: int, method: str, fewest: int | None = None) -> np.ndarray:
    """The last months, if there are enough."""
    fewest = months if fewest is None else fewest
    if len(past) < fewest:
        raise ValueError(
            f"baseline_draws: {method!r} looks back on {fewest} months, the series has {len(past)}; give more of it, "
            "or a smaller window."
        )
    return past[-months:]


def _months_themselves(past, horizon, method, window):
    if method != "conflictology":
        raise ValueError(f"baseline_draws: n=None is for 'conflictology'; say how many draws of {method!r}, n=1000.")
    return np.tile(_last(past, window, method), (horizon, 1))


def _strata(shape, random) -> np.ndarray:
    """Probabilities, one in each of n equal strata in every row, in random order."""
    order = random.permuted(np.tile(np.arange(shape[1]), (shape[0], 1)), axis=1)
    return (order + random.uniform(size=shape)) / shape[1]


def _conflictology(past, shape, window, lead, random):
    months = _last(past, window, "conflictology")
    return months[(_strata(shape, random) * window).astype(int)]


def _nb_moments(past, shape, window, lead, random):
    if window < 2:
        raise ValueError("baseline_draws: a variance needs a window of 2 months or more.")
    months = _last(past, window, "nb_moments")
    mean, variance = months.mean(), months.var(ddof=1)
    return _quantiles(_strata(shape, random), mean, (variance - mean) / mean**2 if mean else 0.0)


def _poisson_at_last(past, shape, window, lead, random):
    return _quantiles(_strata(shape, random), past[-1], 0.0)


def _zero(past, shape, window, lead, random):
    return np.zeros(shape, np.int64)


def _mixture(past, shape, window, lead, random):
    if window < 4:
        raise ValueError("baseline_draws: 'mixture' halves the window; give 4 months or more.")
    _last(past, 4 * window, "mixture")
    parts = [_nb_moments(past, shape, int(size * window), lead, random) for size in MIXTURE]
    return np.choose(np.searchsorted(np.cumsum([*MIXTURE.values()]), _strata(shape, random), side="right"), parts)


def _trend(past, shape, window, lead, random):
    fewest, most = TREND_WINDOWS
    y = _last(past, most * window, "trend", fewest * window)
    if not y.any():
        return np.zeros(shape, np.int64)
    X = np.column_stack([np.ones(len(y)), np.arange(1 - len(y), 1)])
    fit = refit(X, y, family="nb2")
    if not fit.converged[0]:
        raise RuntimeError(
            f"baseline_draws: 'trend' could not fit a line to the last {len(y)} months, {int((y > 0).sum())} of which "
            "have any count; use another method, such as 'nb_moments'."
        )
    mu = np.exp(X @ fit.coef[0])
    information = X.T @ (X * (mu / (1 + fit.alpha[0] * mu))[:, None])
    lines = random.multivariate_normal(fit.coef[0], np.linalg.inv(information), size=shape[1])
    ahead = np.column_stack([np.ones(shape[0]), lead + np.arange(shape[0])])
    mean = np.exp(np.minimum(ahead @ lines.T, np.log(HIGHEST_MEAN)))
    return _quantiles(_strata(shape, random), mean, fit.alpha[0])


def _quantiles(p, mean, alpha) -> np.ndarray:
    """Quantiles of counts with variance ``mean + alpha mean^2``; alpha of 0 or less is a Poisson's."""
    if alpha <= 0:
        return stats.poisson.ppf(p, mean).astype(np.int64)
    return stats.nbinom.ppf(p, 1 / alpha, 1 / (1 + alpha * mean)).astype(np.int64)


_DRAW = {
    "conflictology": _conflictology,
    "nb_moments": _nb_moments,
    "last": _poisson_at_last,
    "zero": _zero,
    "trend": _trend,
    "mixture": _mixture,
}
