"""The best cuts of a series into stretches of one mean, and how strong the evidence is for any cut at all."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import signal, special

from mali_stats.models.trends.refit import refit

TRIM = 0.15  # a break is tested for from this share of the series to one minus it
LAGS = 12  # of the residuals' autocorrelation that are looked at
#: Persistences tried, and how many surrogates of each tell what it looks like after a break has been fitted.
PERSISTENCES = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
TRIALS = 100


@dataclass(frozen=True)
class Cost:
    """What it costs to give a stretch of a series one mean: a deviance, or squares.

    Attributes
    ----------
    kind : {"nb", "poisson", "l2"}
    alpha : float
        NB2 dispersion, held; 0 for the other kinds.
    scale : float
        What the deviance is divided by before models are compared: Pearson's dispersion of the null fit for
        the Poisson, else 1.
    """

    kind: str
    alpha: float = 0.0
    scale: float = 1.0

    def gain(self, total, length):
        """What a stretch takes off the deviance of the whole, but for a constant."""
        if self.kind == "l2":
            return total**2 / length
        log = special.xlogy(total, total / length)
        if not self.alpha:
            return 2 * (log - total)
        return 2 * (log - (total + length / self.alpha) * np.log1p(self.alpha * total / length))

    def saturated(self, y) -> float:
        """Deviance of a series whose gains are nil: the constant that `gain` leaves out."""
        if self.kind == "l2":
            return float(y @ y)
        if not self.alpha:
            return float(2 * np.sum(special.xlogy(y, y) - y))
        return float(2 * np.sum(special.xlogy(y, y) - (y + 1 / self.alpha) * np.log1p(self.alpha * y)))

    def variance(self, mean):
        """Variance of a value with that mean, but for a factor; never 0."""
        return np.ones_like(mean) if self.kind == "l2" else np.maximum(mean + self.alpha * mean**2, 1e-300)


def cost_of(kind, y) -> Cost:
    """Make the cost of a kind with the dispersion of the null fit, one mean for all of `y`.

    For "nb" that is the maximum-likelihood alpha (that of ``MASS::glm.nb``), for "poisson" Pearson's
    dispersion.

    Examples
    --------
    >>> round(cost_of("poisson", np.array([0.0, 4, 8])).scale, 6)
    4.0
    """
    if kind == "nb":
        return Cost("nb", alpha=float(refit(np.ones((len(y), 1)), y, family="nb2").alpha[0]))
    if kind == "poisson":
        return Cost("poisson", scale=float(y.var(ddof=1) / y.mean()))
    return Cost("l2")


def best_cuts(y, cost, min_size, max_breaks) -> tuple[list[list[int]], np.ndarray]:
    """Find the cuts of least cost for every number of breaks, by dynamic programming over all cuts.

    Parameters
    ----------
    y : array (times,)
    cost : Cost
    min_size : int
        Fewest times in a stretch.
    max_breaks : int

    Returns
    -------
    cuts : list of list of int
        For 0, 1, ... breaks: the places, from 0, where a new stretch begins.
    deviances : ndarray
        Of each; not scaled.

    References
    ----------
    Bai & Perron (2003), Computation and analysis of multiple structural change models, Journal of Applied
    Econometrics 18. The same cuts as ``ruptures.Dynp`` with ``jump=1``, whose loop over stretches takes
    seconds for 400 months.

    Examples
    --------
    >>> best_cuts(np.array([1.0, 1, 9, 9, 4, 4]), Cost("l2"), min_size=2, max_breaks=2)
    ([[], [2], [2, 4]], array([65.33333333, 25.        ,  0.        ]))
    """
    n = len(y)
    sums = np.concatenate([[0.0], np.cumsum(y)])
    length = np.arange(n + 1) - np.arange(n + 1)[:, None]
    allowed = length >= min_size
    gains = np.where(
        allowed, cost.gain(np.where(allowed, sums - sums[:, None], 1.0), np.where(allowed, length, 1)), -np.inf
    )
    best, came, reached = gains[0], [], [gains[0, n]]
    for _ in range(max_breaks):
        through = best[:, None] + gains
        came.append(through.argmax(axis=0))
        best = through.max(axis=0)
        reached.append(best[n])
    cuts = [_trace(came[:breaks], n) for breaks in range(max_breaks + 1)]
    return cuts, np.maximum(cost.saturated(y) - np.array(reached), 0.0)


def _trace(came, end):
    cuts = []
    for step in reversed(came):
        end = int(step[end])
        cuts.append(end)
    return cuts[::-1]


def bic(deviances, cost, n) -> np.ndarray:
    """BIC of 0, 1, ... breaks: a mean for each stretch, a place for each break, a dispersion for all.

    ``n (ln(RSS) + 1 - ln n + ln 2 pi)`` for squares, the scaled deviance for counts; plus ``2 (m + 1) ln n``.
    """
    with np.errstate(divide="ignore"):
        fit = (
            n * (np.log(deviances) + 1 - np.log(n) + np.log(2 * np.pi)) if cost.kind == "l2" else deviances / cost.scale
        )
    return fit + 2 * (np.arange(len(deviances)) + 1) * np.log(n)


def sup_f(Y, cost) -> tuple[np.ndarray, np.ndarray]:
    """Strength of the best single break, and its place, for many series at once.

    The drop of the deviance by the break, over Pearson's dispersion left with it, ``X2 / (n - 2)``, the
    break's place running from 15 to 85 % of the series. For squares this is the sup-F statistic.

    Parameters
    ----------
    Y : array (series, times)
    cost : Cost

    Returns
    -------
    statistic : ndarray (series,)
    cut : ndarray of int (series,)
        Where the new regime begins.

    Examples
    --------
    >>> sup_f(np.array([[0.0, 1, 0, 1, 7, 8, 7, 8]]), Cost("l2"))
    (array([294.]), array([4]))
    """
    return _one_break(Y, cost)[:2]


def _one_break(Y, cost):
    """(Statistic, cut, Pearson residuals about the two means) of each series."""
    n = Y.shape[1]
    cut = np.arange(max(int(TRIM * n), 1), int((1 - TRIM) * n) + 1)
    before, total = np.cumsum(Y, axis=1)[:, cut - 1], Y.sum(axis=1)
    drop = cost.gain(before, cut) + cost.gain(total[:, None] - before, n - cut) - cost.gain(total, n)[:, None]
    at = drop.argmax(axis=1)
    first, best = before[np.arange(len(Y)), at], cut[at]
    mean = np.where(np.arange(n) < best[:, None], (first / best)[:, None], ((total - first) / (n - best))[:, None])
    residuals = (Y - mean) / np.sqrt(cost.variance(mean))
    with np.errstate(divide="ignore"):  # two regimes without any spread
        return drop.max(axis=1) / ((residuals**2).sum(axis=1) / (n - 2)), best, residuals


def long_run(residuals, lags) -> np.ndarray:
    """How many times a mean's variance is that of independent values: Bartlett's sum of autocorrelations.

    Examples
    --------
    >>> long_run(np.array([[1.0, 1, -1, -1, 1, 1, -1, -1]]), 1)
    array([1.125])
    """
    centred = residuals - residuals.mean(axis=1, keepdims=True)
    power = np.maximum((centred**2).sum(axis=1), 1e-300)
    ratio = np.ones(len(centred))
    for lag in range(1, lags + 1):
        ratio += 2 * (1 - lag / (lags + 1)) * (centred[:, lag:] * centred[:, :-lag]).sum(axis=1) / power
    return ratio


def surrogates(y, persistence, count, rng) -> np.ndarray:
    """Series of the same values in an order that hangs together: without a break, but able to wander.

    The ranks are those of a Gaussian AR(1), so that every value of the record is there once: its spread, its
    zeros and its outliers are kept. With persistence 0 this is a permutation.

    Examples
    --------
    >>> surrogates(np.array([0.0, 0, 5]), 0.5, 2, np.random.default_rng(1)).sum(axis=1)
    array([5., 5.])
    """
    path = rng.normal(size=(count, len(y)))
    path[:, 0] /= np.sqrt(1 - persistence**2)  # so that the first value varies as the others do
    order = signal.lfilter([1], [1, -persistence], path, axis=1).argsort(axis=1)
    out = np.empty(order.shape)
    np.put_along_axis(out, order, np.sort(y)[None], axis=1)
    return out


def bootstrap(y, cost, n_boot, seed) -> tuple[float, float]:
    """p-value of `sup_f` under the null of one mean, and the persistence that null was given.

    The persistence is the one whose surrogates, with a break fitted to each as to the record, leave residuals
    that hang together as the record's do (the median of `TRIALS`): what fitting a break takes away
    is put back. The null then draws `n_boot` surrogates.

    Parameters
    ----------
    y : array (times,)
    cost : Cost
    n_boot, seed : int

    Returns
    -------
    p_value : float
        ``(1 + #) / (1 + n_boot)``.
    persistence : float
        Of the Gaussian AR(1) behind the null's order.
    """
    rng = np.random.default_rng(seed)
    lags = min(LAGS, len(y) // 4)
    seen, _, residuals = _one_break(y[None], cost)
    together = long_run(residuals, lags)[0]
    typical = [
        np.median(long_run(_one_break(surrogates(y, persistence, TRIALS, rng), cost)[2], lags))
        for persistence in PERSISTENCES
    ]
    persistence = float(np.interp(together, np.maximum.accumulate(typical), PERSISTENCES))
    null, _ = sup_f(surrogates(y, persistence, n_boot, rng), cost)
    return float((1 + np.sum(null >= seen[0] * (1 - 1e-12))) / (1 + n_boot)), persistence
