"""Fitting a design once, and how far its coefficients may be off: five covariances.

All but the two that refit are a sandwich ``B M B`` with B the inverse expected information (the bread of R's
sandwich; statsmodels takes the observed one for an NB2, about 1 % apart) and M from statsmodels.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from scipy import stats

from mali_stats.models.spread import products, spread
from mali_stats.models.trends.refit import refit

COVARIANCES = ("jackknife", "hac", "cluster", "model", "hc0")
FEWEST_YEARS = 5  # for a jackknife over years
FEWEST_REGIONS = 8  # for a bootstrap of regions
BOOTSTRAPS = 499
SEED = 1


@dataclass(frozen=True)
class Estimate:
    """One fit with its covariance.

    Attributes
    ----------
    coef : ndarray (columns,)
        On the log scale.
    matrix : ndarray (columns, columns)
        Their covariance; NaN where a coefficient has none.
    degrees : float
        Degrees of freedom of the t quantiles; infinite for normal ones.
    mu : ndarray (rows,)
        Fitted counts.
    alpha : float
        NB2 dispersion; 0 for the Poisson families.
    phi : float
        Pearson dispersion, ``sum((y - mu)^2 / V(mu)) / (n - k)``.
    method : str
        Of the covariance: the one asked for, or what stood in for it.
    notes : tuple of str
    """

    coef: np.ndarray
    matrix: np.ndarray
    degrees: float
    mu: np.ndarray
    alpha: float
    phi: float
    method: str
    notes: tuple[str, ...]

    @property
    def std_error(self) -> np.ndarray:
        """Square roots of the diagonal, on the log scale."""
        return np.sqrt(np.diag(self.matrix))

    def interval(self, level=0.95) -> tuple[np.ndarray, np.ndarray]:
        """Both ends of every coefficient's interval, on the log scale."""
        half = self.half_width(self.std_error, level)
        return self.coef - half, self.coef + half

    def half_width(self, std_error, level=0.95) -> np.ndarray:
        """Quantile times standard error, at most 500: more says no more, and exp() of it overflows."""
        return np.minimum(stats.t.ppf((1 + level) / 2, self.degrees) * std_error, 500)


def estimate(design, family, cov, lags=None) -> Estimate:
    """Fit a design and take the covariance asked for.

    Parameters
    ----------
    design : Design
    family : {"nb2", "quasipoisson", "poisson"}
    cov : one of `COVARIANCES`
    lags : int, optional
        For ``"hac"``; `default_lags` if not given.

    Raises
    ------
    ValueError
        If a cluster bootstrap is asked of fewer than 8 regions.
    RuntimeError
        If the fit does not converge.
    """
    return estimates(design, [design.y], family, cov, lags)[0]


def estimates(design, counts, family, cov, lags=None) -> list[Estimate]:
    """Do the same for several sets of counts on one design; ``design.y`` is not used.

    The refits begin at the fit to the first of them, and those of each are one task of `spread`.

    Parameters
    ----------
    counts : sequence of arrays (rows,)
    """
    extra = {"jackknife": without_each_year, "cluster": drawn_regions}.get(cov, no_weights)(design)
    kind = {"family": "nb2" if family == "nb2" else "poisson", "offset": design.offset, "levels": design.levels}
    first = refit(design.X, counts[0], **kind)
    weights = np.vstack([np.ones((1, len(design.y)), extra.dtype), extra])
    again = partial(refit, weights=weights, start=first, **kind)
    fits = spread(again, [(design.X, y) for y in counts])
    return [
        _estimate(replace(design, y=np.asarray(y, float)), family, cov, lags, *fit)
        for y, fit in zip(counts, fits, strict=True)
    ]


def _estimate(design, family, cov, lags, coefs, alphas, converged) -> Estimate:
    """The fit in the first row, with the covariance that its replicates in the others give."""
    if not converged[0]:
        raise RuntimeError(
            f"fit_trend: {family} did not converge on {len(design.y)} rows with {design.y.sum():g} counted; "
            "they may sit in too few months for the terms. Use harmonics=0, or sum the months to years"
        )
    fit = _Fitted(design, coefs[0], float(alphas[0]), family)
    matrix, degrees, notes = _matrix(fit, cov, lags, coefs[1:], converged[1:])
    stood_in = cov == "jackknife" and (len(coefs) == 1 or not converged[1:].all())
    method = "model or HAC" if stood_in else cov
    return Estimate(fit.coef, matrix, degrees, fit.mu, fit.alpha, fit.phi, method, tuple(notes))


def default_lags(times: int) -> int:
    """Bandwidth of the Bartlett kernel for so many times: ``max(6, floor(4 (T/100)^(2/9)))``.

    Examples
    --------
    >>> default_lags(84), default_lags(1000)
    (6, 6)
    """
    return max(6, int(4 * (times / 100) ** (2 / 9)))


def no_weights(design):
    """No replicates."""
    return np.ones((0, len(design.y)), bool)


def without_each_year(design):
    """Weights that leave out one calendar year at a time, in all regions at once; none under 5 years."""
    years = np.unique(design.year)
    if len(years) < FEWEST_YEARS:
        return no_weights(design)
    return design.year != years[:, None]


def drawn_regions(design):
    """Weights of a seeded bootstrap of whole regions."""
    if design.levels < FEWEST_REGIONS:
        raise ValueError(
            f"fit_trend: cov='cluster' needs by= and at least {FEWEST_REGIONS} regions with events, got "
            f"{design.levels}: fewer give intervals far too narrow. Use cov='jackknife', which needs none"
        )
    drawn = np.random.default_rng(SEED).multinomial(
        design.levels, np.full(design.levels, 1 / design.levels), BOOTSTRAPS
    )
    return drawn[:, design.group].astype(np.int16)


class _Fitted:
    """The working quantities of a fit that the covariances share."""

    def __init__(self, design, coef, alpha, family):
        self.design, self.coef, self.alpha, self.family = design, coef, alpha, family
        self.mu = np.exp(design.X @ coef + design.offset)
        spread = 1 + alpha * self.mu
        residual = design.y - self.mu
        self.n, self.k = design.X.shape
        self.scores = design.X * (residual / spread)[:, None]
        self.weight = self.mu / spread
        self.bread = np.linalg.inv(products(design.X.T * self.weight, design.X))
        self.phi = float(np.sum(residual**2 / (self.mu * spread)) / (self.n - self.k))

    def leverage(self):
        """Give the diagonal of the hat matrix."""
        return self.weight * np.einsum("ij,jk,ik->i", self.design.X, self.bread, self.design.X)


def _matrix(fit, cov, lags, coefs, converged):
    """(covariance, degrees of freedom, notes)."""
    if cov == "jackknife":
        return _jackknife(fit, coefs, converged)
    if cov == "cluster":
        return _bootstrap(fit, coefs, converged)
    if cov == "hac":
        return _hac(fit, fit.scores, lags), np.inf, []
    return (_model(fit) if cov == "model" else _hc0(fit)), np.inf, []


def _model(fit):
    """Inverse expected information given alpha, as MASS::glm.nb; times phi for a quasi-Poisson."""
    return fit.bread * (fit.phi if fit.family == "quasipoisson" else 1)


def _hc0(fit):
    from statsmodels.stats.sandwich_covariance import S_white_simple

    return fit.bread @ S_white_simple(fit.scores) @ fit.bread


def _hac(fit, scores, lags=None):
    """Newey-West over the distinct times; with regions, Driscoll-Kraay: a month's scores are summed first."""
    from statsmodels.stats.sandwich_covariance import S_hac_groupsum

    step = fit.design.step
    lags = default_lags(len(fit.design.times)) if lags is None else lags
    meat = S_hac_groupsum(scores, step, nlags=lags)
    return fit.bread @ meat @ fit.bread * fit.n / (fit.n - fit.k)


def _jackknife(fit, coefs, converged):
    """Spread of the refits without each year about the full fit, ``(G-1)/G sum (b_g - b)(b_g - b)'``."""
    if not len(coefs) or not converged.all():
        why = _which_years(fit.design, converged) if len(coefs) else f"fewer than {FEWEST_YEARS} calendar years"
        return _short_record(fit, why)
    years = len(coefs)
    apart = coefs - fit.coef
    lost = np.isnan(coefs).any(axis=0)
    names = [name for name, gone in zip(fit.design.names, lost, strict=True) if gone]
    notes = [f"all events in one year, so no standard error: {', '.join(names)}"] if names else []
    return apart.T @ apart * (years - 1) / years, years - 1, notes


def _which_years(design, converged):
    """Say which years cannot be left out, and the term that has no months without them."""
    out = []
    for year in np.unique(design.year)[~converged]:
        kept = design.X[design.year != year]
        lost = [name for name, of in zip(design.names, (np.ptp(kept, axis=0) == 0) & design.broken, strict=True) if of]
        out.append(f"{year}" + f", without which nothing is left of {' and '.join(lost)}" * bool(lost))
    return f"not every year can be left out ({'; '.join(out)})"


def _short_record(fit, why):
    """Take the larger of the model's and an inflated HAC standard error, with the HAC's correlations."""
    times = len(fit.design.times)
    degrees = times - (fit.k - max(fit.design.levels - 1, 0))
    if degrees < 1:
        raise ValueError(
            f"fit_trend: {times} times cannot carry a trend and its seasons; use harmonics=0 or more months"
        )
    hac = _hac(fit, fit.scores / (1 - np.minimum(fit.leverage(), 0.99))[:, None])
    ratio = np.sqrt(np.maximum(np.diag(_model(fit)) / np.maximum(np.diag(hac), 1e-300), 1))
    note = f"{why}: standard errors are the larger of the model's and HAC's, with t({degrees}) quantiles"
    return hac * np.outer(ratio, ratio), degrees, [note]


def _bootstrap(fit, coefs, converged):
    """Covariance of the draws; a region's coefficient over those that drew it."""
    failed = int((~converged).sum())
    notes = [f"{failed} of {len(coefs)} bootstrap draws could not be fitted"] if failed else []
    coefs = coefs[converged]
    there = ~np.isnan(coefs)
    apart = np.where(there, coefs - np.nanmean(coefs, axis=0), 0)
    pairs = there.T.astype(float) @ there
    return apart.T @ apart / np.maximum(pairs - 1, 1), fit.design.levels - 1, notes
