"""A tail's law against the lognormal: Vuong's likelihood ratio, and its verdict in words."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import optimize, stats

from mali_stats.models.severity.laws import Lognormal

DOUBT = 0.1  # a verdict needs a p-value below


@dataclass(frozen=True)
class Comparison:
    """What `against_lognormal` finds.

    Attributes
    ----------
    loglik_ratio : float
        Log-likelihood of the law less that of the lognormal, summed over the tail; above 0 speaks for the law.
    statistic : float
        The same, divided by its standard deviation: about standard normal where neither is nearer the truth.
    p_value : float
        Two-sided.
    verdict : str
        "undecided" where the p-value is 0.1 or more, else the name of the one that is nearer.
    mu, sigma : float
        Of the lognormal's logarithm.
    """

    loglik_ratio: float
    statistic: float
    p_value: float
    verdict: str
    mu: float
    sigma: float

    def __str__(self):
        return f"{self.verdict} (ratio {self.loglik_ratio:.2f}, p {self.p_value:.2f})"


def against_lognormal(x, law, name: str) -> Comparison:
    """Compare a law with the lognormal that is rounded to whole numbers and cut off below the same xmin.

    Parameters
    ----------
    x : array (n,)
        The tail.
    law : PowerLaw or Pareto
        As fitted to it.
    name : str
        What a verdict in its favour says.

    References
    ----------
    Vuong (1989), Likelihood ratio tests for model selection and non-nested hypotheses, Econometrica 57(2).

    Examples
    --------
    >>> from mali_stats.models.severity.power_tail import fit_power_law
    >>> x = Lognormal(2.0, 0.7, 1).draw(2000, np.random.default_rng(1))
    >>> print(against_lognormal(x, fit_power_law(x, 1)[0], "power law"))
    lognormal (ratio -1749.53, p 0.00)
    """
    other = fit_lognormal(x, law.xmin)
    ratios = law.logpmf(x) - other.logpmf(x)
    spread = np.sqrt(len(x)) * ratios.std()
    total = float(ratios.sum())
    statistic = total / spread if spread > 0 else 0.0
    p_value = float(2 * stats.norm.sf(abs(statistic)))
    verdict = "undecided" if p_value >= DOUBT else name if total > 0 else "lognormal"
    return Comparison(total, float(statistic), p_value, verdict, float(other.mu), float(other.sigma))


def fit_lognormal(x, xmin) -> Lognormal:
    """Maximum likelihood of the rounded, truncated lognormal.

    Searched by the slope of the log density at the mean log size and by its log curvature: with the curvature
    gone a lognormal is a power law and its mu minus infinity, which a search by mu and sigma never reaches.
    """
    centre = float(np.mean(np.log(x)))
    slope = 1 + 1 / (centre - np.log(xmin - 0.5))

    def law(place):
        variance = np.exp(-place[1]) / 2
        return Lognormal(centre - (place[0] - 1) * variance, np.sqrt(variance), xmin)

    def loss(place):
        return -float(law(place).logpmf(x).mean())

    options = {"xatol": 1e-6, "fatol": 1e-12}
    tries = [
        optimize.minimize(loss, [slope, at], method="Nelder-Mead", bounds=[(-50, 50), (-11, 6)], options=options)
        for at in (-5, 0)
    ]
    return law(min(tries, key=lambda found: found.fun).x)
