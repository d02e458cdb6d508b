"""How well a break can be dated: Bai's distribution of the estimated place of a change of the mean."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
from scipy import optimize, special

from mali_stats.models.breaks.segments import long_run
from mali_stats.models.trends.covariance import default_lags

KINDS = ("het", "homo", "hac")
_LARGEST_RATIO = 1e6  # of variances: beyond it one side stands still


def argmax_tail(distance, ratio) -> float:
    r"""Probability that the estimated break lies further than `distance` before the true one.

    .. math:: P(\arg\max V < -x), \quad V(s) = W_1(-s) - |s|/2 \ (s \le 0), \quad
              \sqrt\phi\, W_2(s) - s/2 \ (s > 0)

    The other tail is the same function at ``x / ratio`` with ``1 / ratio``: stretch time by the ratio and the
    two sides change places.

    Parameters
    ----------
    distance : float
        x, not negative, in units of the old regime's variance over the squared jump.
    ratio : float
        phi, the new regime's variance over the old one's.

    References
    ----------
    Bai (1997), Estimation of a change point in multiple regression models, Review of Economics and Statistics
    79, appendix B, with xi = 1. Written here with the scaled complementary error function, which keeps its
    digits where the exponentials of the printed formula overflow.

    Examples
    --------
    >>> round(argmax_tail(0, 3), 4), round(argmax_tail(11.0333, 1), 4)
    (0.25, 0.025)
    """
    near = special.erfcx(math.sqrt(distance / 8)) / 2
    far = special.erfcx((0.5 + 1 / ratio) * math.sqrt(distance / 2)) / 2
    weight = (ratio + 2) / (ratio + 1)
    inner = (distance / 2 - 2 + weight * (ratio + 2)) * near - weight * ratio * far
    return float(math.exp(-distance / 8) * (inner - math.sqrt(distance / (2 * math.pi))))


def reach(variances, jump, level=0.95) -> tuple[int, int]:
    """How many periods the true break may lie before and after the estimated one.

    Parameters
    ----------
    variances : (float, float)
        Of the old regime and of the new one; 0 where a regime stands still.
    jump : float
        Difference of the two means.
    level : float

    Returns
    -------
    before, after : int
        ``ceil(q s1^2 / d^2)`` with the upper and lower quantile of the distribution.

    Examples
    --------
    >>> reach((17573.1, 15352.9), 247.78)  # the Nile at Aswan, 1898
    (3, 4)
    """
    tail = (1 - level) / 2
    old, new = np.maximum(variances, max(max(variances) / _LARGEST_RATIO, jump**2 * 1e-12))
    # An estimate after the true break means that the true one lies before: the upper quantile reaches back.
    before = _quantile(tail, old / new) * new / jump**2
    after = _quantile(tail, new / old) * old / jump**2
    return math.ceil(before), math.ceil(after)


def _quantile(tail, ratio):
    """Distance, in units of the near side's variance, with that probability beyond it; 0 if there is none."""
    if argmax_tail(0, ratio) <= tail:
        return 0.0
    top = 1.0
    while argmax_tail(top, ratio) > tail:
        top *= 2
    return optimize.brentq(lambda x: argmax_tail(x, ratio) - tail, 0, top)


def intervals(y, cuts, kind) -> list[tuple[int, int]]:
    """First and last place at which each new regime may begin, at 95 %; not clipped to the series.

    Parameters
    ----------
    y : array (times,)
    cuts : list of int
        Where new regimes begin.
    kind : {"het", "homo", "hac"}
        A variance for each regime, ``SSR_i / (n_i - 1)``; one for all, ``SSR / (n - m - 1)``; or the first times
        what autocorrelation multiplies it by: Bartlett's sum over the residuals, scaled by their regime,
        with `default_lags`, and at least 1.

    Examples
    --------
    >>> intervals(np.array([3.0, 1, 2, 2, 12, 11, 13, 12]), [4], "het")
    [(3, 5)]
    """
    edges = [0, *cuts, len(y)]
    parts = [y[a:b] for a, b in pairwise(edges)]
    means = [part.mean() for part in parts]
    spread = _variances(parts, len(y), kind)
    out = []
    for i, cut in enumerate(cuts):
        before, after = reach(spread[i : i + 2], means[i + 1] - means[i])
        out.append((cut - before, cut + after))
    return out


def _variances(parts, n, kind):
    if kind == "homo":
        return [sum(((part - part.mean()) ** 2).sum() for part in parts) / (n - len(parts))] * len(parts)
    own = np.array([part.var(ddof=1) for part in parts])
    if kind == "het":
        return own
    scaled = [(part - part.mean()) / math.sqrt(max(s, 1e-300)) for part, s in zip(parts, own, strict=True)]
    return own * max(float(long_run(np.concatenate(scaled)[None], default_lags(n))[0]), 1.0)
