"""Laws of whole numbers from ``xmin`` on: the power law, the generalized Pareto and the lognormal.

Each says how likely a size of ``x`` or more is (``sf``), how likely just ``x`` is (``logpmf``), and draws.
``sizes_of`` takes what they are fitted to.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd
from scipy import special, stats

TABLE = 1 << 14  # sizes whose probabilities are tabled before an asymptotic form takes over
LARGEST = 2.0**53  # beyond it a float no longer tells whole numbers apart


@dataclass(frozen=True)
class PowerLaw:
    """``P(X >= x) = zeta(alpha, x) / zeta(alpha, xmin)`` with Hurwitz's zeta: exact, no continuous stand-in.

    Examples
    --------
    >>> PowerLaw(alpha=2.0, xmin=1).sf([1, 2, 10]).round(4)
    array([1.    , 0.3921, 0.0639])
    """

    alpha: float
    xmin: float

    def sf(self, x):
        """Give the probability of ``x`` or more, for ``x >= xmin``."""
        return special.zeta(self.alpha, np.asarray(x, float)) / special.zeta(self.alpha, self.xmin)

    def logpmf(self, x):
        """Give the log-probability of just ``x``."""
        return -self.alpha * np.log(x) - np.log(special.zeta(self.alpha, self.xmin))

    def draw(self, size, rng):
        """Draw by inversion; beyond the table ``zeta(a, x)`` is ``(x - 1/2)^(1-a) / (a-1)`` to 9 digits."""
        u = 1 - rng.random(size)
        table, whole = _table(self.alpha, self.xmin)
        x = self.xmin + np.searchsorted(-table, -u, side="right") - 1.0
        far = u < table[-1]
        with np.errstate(over="ignore"):
            x[far] = np.floor(0.5 + (u[far] * whole * (self.alpha - 1)) ** (-1 / (self.alpha - 1)))
        return np.minimum(x, LARGEST)


@lru_cache(maxsize=4)
def _table(alpha, xmin):
    whole = special.zeta(alpha, xmin)
    return special.zeta(alpha, xmin + np.arange(TABLE)) / whole, whole


@dataclass(frozen=True)
class Pareto:
    """``P(X >= x) = [1 + xi (x - xmin) / sigma]^(-1/xi)``: the generalized Pareto beyond ``u = xmin - 1/2``.

    A size of x stands for what lies between x - 1/2 and x + 1/2: this is the continuity shift.

    Examples
    --------
    >>> Pareto(xi=0.5, sigma=10.0, xmin=20).sf([20, 40, 120]).round(4)
    array([1.    , 0.25  , 0.0278])
    """

    xi: float
    sigma: float
    xmin: float

    def sf(self, x):
        """Give the probability of ``x`` or more, for ``x >= xmin``."""
        return np.exp(pareto_log_sf(np.asarray(x, float) - self.xmin, self.xi, self.sigma))

    def logpmf(self, x):
        """Give the log-probability of just ``x``."""
        x = np.asarray(x, float)
        return _log_between(*(pareto_log_sf(x + k - self.xmin, self.xi, self.sigma) for k in (0, 1)))

    def draw(self, size, rng):
        """Draw by inversion, rounded to the whole number in whose interval it falls."""
        beyond = stats.genpareto.isf(1 - rng.random(size), self.xi, scale=self.sigma)
        return np.minimum(self.xmin + np.floor(beyond), LARGEST)


def pareto_log_sf(beyond, xi, sigma):
    """Log of the generalized Pareto's survival function; minus infinity past an end point. Arrays broadcast.

    Examples
    --------
    >>> np.exp(pareto_log_sf(np.array([0.0, 10.0]), np.array([0.5, 0.0]), 10.0)).round(4)
    array([1.    , 0.3679])
    """
    xi = np.where(np.abs(xi) < 1e-9, 1e-9, xi)  # the exponential, in every digit that is shown
    stretch = xi * beyond / sigma
    return np.where(stretch > -1, -np.log1p(np.maximum(stretch, -1 + 1e-16)) / xi, -np.inf)


@dataclass(frozen=True)
class Lognormal:
    """A lognormal rounded to whole numbers, of which those from ``xmin`` on are seen.

    Examples
    --------
    >>> Lognormal(mu=1.0, sigma=1.0, xmin=5).sf([5, 10]).round(4)
    array([1.    , 0.3433])
    """

    mu: float
    sigma: float
    xmin: float

    def sf(self, x):
        """Give the probability of ``x`` or more, for ``x >= xmin``."""
        return np.exp(self._log_sf(np.asarray(x, float)) - self._log_sf(self.xmin))

    def logpmf(self, x):
        """Give the log-probability of just ``x``."""
        x = np.asarray(x, float)
        low, high = self._z(x), self._z(x + 1)
        turned = low < 0  # where a difference of two survival functions near 1 would lose its digits
        near = special.log_ndtr(np.where(turned, high, -low))
        return _log_between(near, special.log_ndtr(np.where(turned, low, -high))) - self._log_sf(self.xmin)

    def draw(self, size, rng):
        """Draw by inversion from what lies above ``xmin - 1/2``."""
        u = (1 - rng.random(size)) * np.exp(self._log_sf(self.xmin))
        return np.minimum(np.floor(np.exp(self.mu - self.sigma * special.ndtri(u)) + 0.5), LARGEST)

    def _z(self, x):
        return (np.log(x - 0.5) - self.mu) / self.sigma

    def _log_sf(self, x):
        return special.log_ndtr(-self._z(x))


def _log_between(larger, smaller):
    """Give ``log(exp(larger) - exp(smaller))``; minus infinity where both are."""
    gap = np.where(np.isneginf(larger), -np.inf, smaller) - np.where(np.isneginf(larger), 0, larger)
    with np.errstate(divide="ignore"):
        return larger + np.log(-np.expm1(gap))


def sizes_of(x, who: str) -> np.ndarray:
    """Give sizes as floats, or say what is wrong with them.

    Raises
    ------
    TypeError
        If they are a frame or not one-dimensional.
    ValueError
        If any is missing, not a number, not whole or below 0.

    Examples
    --------
    >>> sizes_of([3, 1, 4], "fit_tail")
    array([3., 1., 4.])
    """
    if isinstance(x, pd.DataFrame) or np.ndim(x) != 1:
        got = "a frame" if isinstance(x, pd.DataFrame) else f"{np.ndim(x)} dimensions"
        raise TypeError(
            f"{who}: sizes are wanted in one dimension, one an event, got {got}. Of a table of counts make them "
            "by t['size'].repeat(t['events'])."
        )
    if pd.api.types.is_datetime64_any_dtype(pd.Series(x)):
        raise TypeError(f"{who}: sizes are wanted, counts of people, and these are dates; give the column of deaths.")
    numbers = pd.to_numeric(pd.Series(x).reset_index(drop=True), errors="coerce").astype("Float64")
    values = numbers.to_numpy(dtype=float, na_value=np.nan)
    wrong = ~(np.isfinite(values) & (values >= 0) & (np.floor(values) == values))
    if wrong.any():
        at = int(np.argmax(wrong))
        raise ValueError(
            f"{who}: sizes must be whole numbers of 0 or more, got {list(x)[at]!r} at position {at} ({wrong.sum()} "
            f"of {len(values)} are not). Leave missing ones out first, and say so."
        )
    return values
