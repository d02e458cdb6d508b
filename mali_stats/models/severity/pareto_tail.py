"""The generalized Pareto above a threshold, fitted to hundreds of resampled tails at once.

scipy fits one at a time, by a simplex search that may stop short; a bootstrap asks for thousands.
"""

from __future__ import annotations

import numpy as np

from mali_stats.models.severity.laws import Pareto, pareto_log_sf
from mali_stats.models.spread import in_parts

FLATTEST = -0.5  # below this xi the likelihood has no regular maximum
SHARE, AT_LEAST = 0.1, 50  # the tail by rule: a tenth of the events, and at least so many
CELLS = 200_000  # of made-up tails x sizes worked on at once: what a processor's cache holds


def smallest_of_tail(sizes, counts):
    """Where the tail begins by rule: the largest size that a tenth of the events of 1 and more, and 50, reach.

    The rule looks at how many events there are, so that no single day can be chosen into the tail or out of it.

    Parameters
    ----------
    sizes : array (k,)
        Different ones, rising.
    counts : array (rows, k)
        How often each is there.

    Returns
    -------
    ndarray (rows,)
        The smallest size of 1 and more where there are fewer than 50 events.

    Examples
    --------
    >>> smallest_of_tail(np.arange(1, 1001), np.ones((1, 1000)))
    array([901])
    """
    reached = (counts * (sizes >= 1))[:, ::-1].cumsum(axis=1)[:, ::-1]
    wanted = np.maximum(AT_LEAST, SHARE * reached[:, :1])
    return sizes[np.maximum((reached >= wanted).sum(axis=1) - 1, np.searchsorted(sizes, 1))]


def fit_pareto(excess, weights) -> tuple[np.ndarray, np.ndarray]:
    """Maximum likelihood for every row: xi and sigma of the generalized Pareto.

    By Grimshaw's reduction to one unknown, theta = xi / sigma: given it, xi is the mean of ``log(1 + theta y)``
    and the log-likelihood ``-n (log(sigma) + xi + 1)``. The best of a grid is closed in on by golden section.
    xi is looked for from -1/2 up.

    Parameters
    ----------
    excess : array (rows, k) or (k,)
        Over the threshold; of whole numbers the middle of their interval, ``x - xmin + 1/2``.
    weights : array (rows, k)
        How often each is there; 0 leaves it out. A row of zeros has NaN.

    Returns
    -------
    xi, sigma : ndarray (rows,)

    References
    ----------
    Grimshaw (1993), Computing maximum likelihood estimates for the generalized Pareto distribution,
    Technometrics 35(2).

    Examples
    --------
    >>> xi, sigma = fit_pareto(np.array([0.5, 1.5, 4.5, 11.5, 40.5]), np.ones((1, 5)))
    >>> xi.round(4), sigma.round(4)
    (array([0.7288]), array([5.1072]))
    """
    search = _Search(np.where(weights > 0, excess, 0.0), weights)
    grid = np.arange(-6.0, 21.0)
    best = np.argmax([search.loglik(at) for at in grid], axis=0).clip(1, len(grid) - 2)
    return search.at(_golden(search.loglik, grid[best - 1], grid[best + 1]))


def _golden(height, low, high):
    """Golden section for the highest place between low and high, all rows at once; to 1e-7 of a width of 2."""
    short = (3 - np.sqrt(5)) / 2
    left, right = low + short * (high - low), high - short * (high - low)
    at_left, at_right = height(left), height(right)
    for _ in range(35):
        lower = at_left > at_right
        low, high = np.where(lower, low, left), np.where(lower, right, high)
        new = np.where(lower, low + short * (high - low), high - short * (high - low))
        at_new = height(new)
        left, right = np.where(lower, new, right), np.where(lower, left, new)
        at_left, at_right = np.where(lower, at_new, at_right), np.where(lower, at_left, at_new)
    return (low + high) / 2


class _Search:
    """The log-likelihood along ``log(1 + theta max(y))``, on which every theta that is possible lies."""

    def __init__(self, y, weights):
        self.y, self.weights = y, weights
        n = weights.sum(axis=1)
        self.n = np.where(n > 0, n, np.nan)
        self.top = np.maximum(y.max(axis=1), 0.5)
        self.mean = (weights * y).sum(axis=1) / self.n

    def at(self, place):
        theta = np.broadcast_to(np.expm1(place), self.top.shape) / self.top
        xi = (self.weights * np.log1p(theta[:, None] * self.y)).sum(axis=1) / self.n
        flat = np.abs(theta * self.top) < 1e-8
        return xi, np.where(flat, self.mean, xi / np.where(flat, 1, theta))

    def loglik(self, place):
        xi, sigma = self.at(place)
        return np.where(xi < FLATTEST, -np.inf, -np.log(sigma) - xi)


def pareto_errors(law: Pareto, n: int) -> tuple[float, float]:
    """Standard errors of xi and sigma from the expected information: ``(1 + xi)^2 / n``, ``2 sigma^2 (1 + xi) / n``.

    References
    ----------
    Smith (1987), Estimating tails of probability distributions, Annals of Statistics 15(3).

    Examples
    --------
    >>> [round(error, 3) for error in pareto_errors(Pareto(0.5, 10.0, 20), 100)]
    [0.15, 1.732]
    """
    return float((1 + law.xi) / np.sqrt(n)), float(law.sigma * np.sqrt(2 * (1 + law.xi) / n))


def pareto_gaps(excess, xi, sigma) -> np.ndarray:
    """Distance of every row to its law over all whole numbers (Kolmogorov and Smirnov's).

    Parameters
    ----------
    excess : array (rows, n)
        ``x - xmin + 1/2``.
    xi, sigma : array (rows,)

    Returns
    -------
    ndarray (rows,)
    """
    y = np.sort(excess, axis=1)
    xi, sigma = xi[:, None], sigma[:, None]
    at, above = (np.exp(pareto_log_sf(y + k, xi, sigma)) for k in (-0.5, 0.5))
    seen, after = np.empty_like(y), np.empty_like(y)
    for j, row in enumerate(y):
        seen[j] = 1 - np.searchsorted(row, row, side="left") / len(row)
        after[j] = 1 - np.searchsorted(row, row, side="right") / len(row)
    return np.maximum(np.abs(at - seen), np.abs(above - after)).max(axis=1)


def pareto_distances(law: Pareto, n: int, n_boot: int, rng) -> np.ndarray:
    """Distances of ``n_boot`` made-up tails of ``n`` sizes, each to the law fitted to it."""
    excess = law.draw((n_boot, n), rng) - law.xmin + 0.5
    return in_parts(_distances, excess, cells=CELLS)[0]


def _distances(excess) -> tuple[np.ndarray]:
    return (pareto_gaps(excess, *fit_pareto(excess, np.ones_like(excess))),)
