"""What speaks against a trend: tests of its residuals, and how far it moves under other choices."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

from mali_stats.models.trends.covariance import estimate
from mali_stats.models.trends.refit import refit

PERMUTATIONS = 999
SEED = 1
FEWEST_MONTHS_FROM_START = 24
FEWEST_YEARS_FROM_START = 5


def cameron_trivedi(y, mu, kind) -> tuple[float, float, float]:
    """Test a Poisson fit against a variance of ``mu + alpha mu`` (NB1) or ``mu + alpha mu^2`` (NB2).

    Least squares without intercept of ``((y - mu)^2 - y) / mu`` on 1 (NB1) or on mu (NB2); the slope is alpha
    and its t value the statistic, one-sided. `statsmodels` 0.15 regresses on mu for both and is two-sided.

    Parameters
    ----------
    y, mu : array (rows,)
        Counts and the fitted means of a Poisson model.
    kind : {"nb1", "nb2"}

    Returns
    -------
    statistic, alpha, p_value : float

    References
    ----------
    Cameron & Trivedi (1990), Regression-based tests for overdispersion in the Poisson model, Journal of
    Econometrics 46.
    """
    y, mu = np.asarray(y, float), np.asarray(mu, float)
    excess = ((y - mu) ** 2 - y) / mu
    by = np.ones_like(mu) if kind == "nb1" else mu
    alpha = by @ excess / (by @ by)
    rest = excess - alpha * by
    statistic = alpha / np.sqrt(rest @ rest / (len(y) - 1) / (by @ by))
    return float(statistic), float(alpha), float(stats.norm.sf(statistic))


def seasonality(residuals, month, harmonics=2, permutations=PERMUTATIONS, seed=SEED) -> tuple[float, float]:
    """Test monthly residuals for a season that recurs in the same months.

    The months of each complete calendar year are shifted round by a random number, which keeps what happens
    within a year and breaks what the years share. A Wald test on the harmonics rejects far too often here,
    because it trusts neighbouring months to be independent.

    Parameters
    ----------
    residuals : array (months,)
        Of a fit without seasonal terms, in order, no month missing.
    month : array (months,)
        Calendar month of each, 1 to 12.
    harmonics : int
        How many are looked at.
    permutations, seed : int

    Returns
    -------
    share : float
        Of the within-year sum of squares, what the recurring harmonics take; NaN under two complete years.
    p_value : float
    """
    first = int(np.argmax(np.asarray(month) == 1))
    years = (len(residuals) - first) // 12
    if years < 2:
        return np.nan, np.nan
    waves = np.fft.rfft(np.asarray(residuals)[first : first + 12 * years].reshape(years, 12))[:, 1:]
    total = years * (np.abs(waves[:, :5]) ** 2).sum() + years * (np.abs(waves[:, 5]) ** 2).sum() / 2
    order = np.arange(1, harmonics + 1)
    shifts = np.random.default_rng(seed).integers(12, size=(permutations, years, 1))
    turned = waves[:, :harmonics] * np.exp(2j * np.pi * shifts * order / 12)
    power = (np.abs(turned.sum(axis=1)) ** 2).sum(axis=1)
    seen = (np.abs(waves[:, :harmonics].sum(axis=0)) ** 2).sum()
    # a share of exactly the observed size must count as one, whatever the rounding
    return float(seen / total), float((1 + np.sum(power >= seen * (1 - 1e-12))) / (1 + permutations))


def diagnostics(trend) -> pd.DataFrame:
    """One row a test; see `Trend.diagnostics`."""
    design, fit = trend.layout, _of_reported(trend)
    rows = [_ljung_box(design, fit), *_overdispersion(design), _season(design, trend.family)]
    out = pd.DataFrame(rows, columns=["test", "statistic", "p_value", "note"])
    if design.short:
        out["p_value"] = np.nan
        out["note"] = out["note"] + f"; no p-value from {design.short}"
    return out


def _residuals(design, mu, alpha):
    """Pearson residuals, summed over the regions of a time."""
    return np.bincount(design.step, (design.y - mu) / np.sqrt(mu * (1 + alpha * mu)), len(design.times))


def _ljung_box(design, fit):
    from statsmodels.stats.diagnostic import acorr_ljungbox

    residuals = _residuals(design, fit.mu, fit.alpha)
    lag = min(12, len(residuals) // 2)
    found = acorr_ljungbox(residuals, lags=[lag]).iloc[0]
    note = f"lag {lag}, Pearson residuals" + (" summed over regions" if design.levels else "")
    return "ljung_box", found["lb_stat"], found["lb_pvalue"], note


def _overdispersion(design):
    fits = refit(design.X, design.y, offset=design.offset, levels=design.levels)
    mu = np.exp(design.X @ fits.coef[0] + design.offset)
    for kind in ("nb1", "nb2"):
        statistic, alpha, p_value = cameron_trivedi(design.y, mu, kind)
        note = f"alpha {alpha:.3g}, one-sided, on the Poisson fit"
        yield f"cameron_trivedi_{kind}", statistic, p_value, note


def _season(design, family):
    if not design.monthly:
        return "seasonality", np.nan, np.nan, "years have no months"
    X = design.X[:, : len(design.names) - 2 * design.harmonics]
    kind = "nb2" if family == "nb2" else "poisson"
    fits = refit(X, design.y, offset=design.offset, family=kind, levels=design.levels)
    mu = np.exp(X @ fits.coef[0] + design.offset)
    residuals = _residuals(design, mu, fits.alpha[0])
    share, p_value = seasonality(residuals, design.times % 12 + 1, design.harmonics or 2)
    if np.isnan(share):
        return "seasonality", share, p_value, "fewer than two complete calendar years"
    return "seasonality", share, p_value, f"share of the within-year variance; {PERMUTATIONS} permutations"


def sensitivity(trend, term) -> pd.DataFrame:
    """One row a choice; see `Trend.sensitivity`."""
    if term not in trend.layout.names:
        raise ValueError(f"sensitivity: term={term!r} is not in the trend; it has {', '.join(trend.layout.names)}.")
    checks = (_covariances, _families, _seasons, _starts, _months)
    rows = [row for check in checks for row in check(trend, term)]
    out = pd.DataFrame(rows, columns=["check", "choice", "rate_ratio", "conf_low", "conf_high"])
    return out.assign(change=out["rate_ratio"] - np.exp(_of_reported(trend).coef[trend.layout.names.index(term)]))


def _of_reported(trend):
    """The fit to the counts as reported, which all checks are of; with draws that is not the pooled one."""
    return getattr(trend.estimate, "reported", trend.estimate)


def _row(check, choice, design, term, family, cov, lags):
    fit = estimate(design, family, cov, lags)
    at = design.names.index(term)
    low, high = fit.interval()
    return check, choice, *np.exp([fit.coef[at], low[at], high[at]])


def _covariances(trend, term):
    kinds = [("jackknife", None), ("model", None), ("hc0", None), *(("hac", lags) for lags in (3, 6, 12))]
    for cov, lags in kinds:
        choice = cov if lags is None else f"{cov} {lags}"
        yield _row("covariance", choice, trend.layout, term, trend.family, cov, lags)


def _families(trend, term):
    for family in ("nb2", "quasipoisson", "poisson"):
        yield _row("family", family, trend.layout, term, family, trend.cov, trend.lags)


def _seasons(trend, term):
    for harmonics in (0, 1, 2) if trend.layout.monthly else ():
        design = trend.layout.seasons(harmonics)
        if term in design.names:  # a season's own term goes with its season
            yield _row("harmonics", str(harmonics), design, term, trend.family, trend.cov, trend.lags)


def _starts(trend, term):
    for start in trend.layout.starts(FEWEST_MONTHS_FROM_START, FEWEST_YEARS_FROM_START):
        name = trend.layout.label(np.searchsorted(trend.layout.times, start))
        try:
            later = trend.layout.since(start)
            yield _row("start", name, later, term, trend.family, trend.cov, trend.lags)
        except (ValueError, RuntimeError):  # too few events or regions are left, or months before a break
            yield "start", name, np.nan, np.nan, np.nan


def _months(trend, term):
    """Every time left out in turn, in one batch."""
    design = trend.layout
    steps = np.arange(len(design.times))
    fits = refit(
        design.X,
        design.y,
        offset=design.offset,
        weights=design.step != steps[:, None],
        family="nb2" if trend.family == "nb2" else "poisson",
        levels=design.levels,
        start=trend.estimate.coef,
    )
    ratios = np.exp(fits.coef[:, design.names.index(term)])
    for step, ratio in zip(steps, ratios, strict=True):
        yield "drop_month", design.label(step), ratio, np.nan, np.nan
