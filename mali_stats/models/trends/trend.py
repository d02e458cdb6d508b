"""Is it getting worse? The yearly rate ratio of a series of counts, with an interval that can be believed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from pandas.api import types
from scipy import stats

from mali_stats.asked import single
from mali_stats.models.trends import excess, its
from mali_stats.models.trends.collinear import Collinearity, collinearity
from mali_stats.models.trends.covariance import COVARIANCES, Estimate, estimate
from mali_stats.models.trends.design import Design, design_of
from mali_stats.models.trends.drawn import pooled_estimate
from mali_stats.models.trends.phases import Phases, phases

if TYPE_CHECKING:
    from mali_stats.models.uncertainty.totals import Draws
from mali_stats.models.trends.refit import loglik

FAMILIES = ("nb2", "quasipoisson", "poisson")


@dataclass(frozen=True, repr=False, eq=False)
class Trend:
    """A fitted trend.

    Attributes
    ----------
    frame : DataFrame
        As it was given.
    outcome, time, by, family, cov : str
        As they were given; `by` may be None.
    lags : int or None
    converged : bool
    nobs : int
        Rows used.
    dispersion : float
        Pearson's, 1 where counts vary as the family says (a Poisson's variance for the quasi-Poisson).
    alpha : float or None
        NB2 dispersion, ``Var = mu + alpha mu^2``; None for the other families.
    loglik : float
        At the estimate; NaN for the quasi-Poisson and for draws, which have none.
    notes : list of str
        What was left out or done differently, and why.
    layout : Design
        The rows and columns it was fitted to; `design` says how well they can be told apart.
    estimate : Estimate
        Coefficients and their covariance, on the log scale.
    """

    frame: pd.DataFrame
    outcome: str
    time: str
    by: str | None
    family: str
    cov: str
    lags: int | None
    layout: Design
    estimate: Estimate
    converged: bool = True

    @property
    def nobs(self) -> int:
        """Rows used."""
        return len(self.layout.y)

    @property
    def dispersion(self) -> float:
        """Pearson's dispersion."""
        return self.estimate.phi

    @property
    def alpha(self) -> float | None:
        """NB2 dispersion; None for the other families."""
        return self.estimate.alpha if self.family == "nb2" else None

    @property
    def method(self) -> str:
        """What the interval rests on: `cov`, or "model or HAC" where the jackknife could not be done; and draws."""
        return self.estimate.method

    @property
    def counting_share(self) -> float | None:
        """Share of the variance of the yearly trend that is counting error; None without `draws`."""
        return getattr(self.estimate, "counting_share", None)

    @property
    def loglik(self) -> float:
        """Log-likelihood at the estimate; NaN for the quasi-Poisson, and for draws."""
        if self.family == "quasipoisson" or self.counting_share is not None:
            return np.nan
        return loglik(self.layout.y, self.estimate.mu, self.estimate.alpha)

    @property
    def notes(self) -> list[str]:
        """What was left out or done differently, and why."""
        notes = [*self.layout.notes, *self.estimate.notes]
        if self.alpha == 0:
            notes.append("nb2: not more spread than a Poisson; alpha is 0 and the fit is the Poisson limit")
        if self.layout.short:
            notes.append(f"no p-value from {self.layout.short}")
        return notes + its.notes(self.breaks, self.layout.slope, self.layout.monthly, self.frame)

    @property
    def breaks(self) -> tuple[its.Break, ...]:
        """The breaks in the trend, in the order of their dates."""
        return self.layout.breaks

    @property
    def rate_ratio_per_year(self) -> float:
        """By what the expected count is multiplied each year; with breaks, as `rate_name` says."""
        return float(np.exp(self.estimate.coef[self.layout.names.index("year")]))

    @property
    def rate_ratio_ci(self) -> tuple[float, float]:
        """The 95 % interval of `rate_ratio_per_year`."""
        at = self.layout.names.index("year")
        low, high = (float(np.exp(end[at])) for end in self.estimate.interval())
        return low, high

    @property
    def rate_name(self) -> str:
        """What `rate_ratio_per_year` is: with slopes that change, that before the first step."""
        name = "rate ratio per year"
        steps = [item.first(self.layout.monthly) for item in self.breaks if item.kind == "step"]
        if steps and self.layout.slope:
            return f"{name} before {self.layout.label(np.searchsorted(self.layout.times, min(steps)))}"
        return f"{name} beside the breaks" if self.breaks else name

    def tidy(self, exponentiate: bool = False) -> pd.DataFrame:
        """One row a term.

        Parameters
        ----------
        exponentiate : bool
            Give estimate and interval as ratios; `std_error` stays on the log scale.

        Returns
        -------
        DataFrame
            term, estimate, std_error, statistic, p_value, conf_low, conf_high. `p_value` is NaN under 24
            times or 10 events.
        """
        fit = self.estimate
        statistic = fit.coef / fit.std_error
        p_value = 2 * stats.t.sf(np.abs(statistic), fit.degrees)
        scale = np.exp if exponentiate else np.asarray
        low, high = fit.interval()
        return pd.DataFrame(
            {
                "term": self.layout.names,
                "estimate": scale(fit.coef),
                "std_error": fit.std_error,
                "statistic": statistic,
                "p_value": np.where(bool(self.layout.short), np.nan, p_value),
                "conf_low": scale(low),
                "conf_high": scale(high),
            }
        )

    def predict(self, counterfactual: bool = False) -> pd.DataFrame:
        """Fitted counts at every row used.

        Parameters
        ----------
        counterfactual : bool
            Add what the trend says with the terms of all breaks at 0: counterfactual, cf_low, cf_high, and without
            the season cf_trend, cf_trend_low, cf_trend_high.

        Returns
        -------
        DataFrame
            The time, `by` if there is one, observed (as reported, also where `draws` were fitted), fitted, and a 95 %
            interval of the expected count (not of the next observation), by the delta method on the log scale with the
            covariance chosen; then the same without the season: trend, trend_low, trend_high, the mean of the twelve
            months.

        Raises
        ------
        ValueError
            If a counterfactual is asked of a trend without breaks.
        """
        keys = self.layout.frame[[self.time, *([self.by] if self.by else [])]].reset_index(drop=True)
        names = ["fitted", "conf_low", "conf_high", "trend", "trend_low", "trend_high"]
        out = keys.assign(observed=self.layout.y, **dict(zip(names, self._means(self.layout.X), strict=True)))
        if not counterfactual:
            return out
        names = ["counterfactual", "cf_low", "cf_high", "cf_trend", "cf_trend_low", "cf_trend_high"]
        return out.assign(**dict(zip(names, self._means(excess.without(self.layout)), strict=True)))

    def _means(self, X) -> tuple[np.ndarray, ...]:
        """Expected counts at rows of a design with both ends, and the same without the season."""
        fit, layout = self.estimate, self.layout
        mu = np.exp(X @ fit.coef + layout.offset)
        half = self._half_width(X)
        level = X.copy()
        level[:, len(layout.names) - 2 * layout.harmonics :] = 0
        season = np.exp((X - level) @ fit.coef)
        around = mu / season * _mean_season(fit.coef, layout.harmonics)
        beside = self._half_width(level)
        return (
            mu, mu * np.exp(-half), mu * np.exp(half),
            around, around * np.exp(-beside), around * np.exp(beside),
        )  # fmt: skip

    def _half_width(self, X) -> np.ndarray:
        """Half a 95 % interval of the linear predictor at rows of a design; NaN where a term has no error."""
        fit = self.estimate
        variance = np.einsum("ij,jk,ik->i", X, np.where(np.isnan(fit.matrix), 0, fit.matrix), X)
        variance[(X[:, np.isnan(fit.std_error)] != 0).any(axis=1)] = np.nan
        return fit.half_width(np.sqrt(np.maximum(variance, 0)))

    def excess(self, of: str = "observed", n: int = 2000, seed: int = 1) -> excess.Excess:
        """Counts less the counterfactual, which is the trend with the terms of all breaks at 0.

        Parameters
        ----------
        of : {"observed", "fitted"}
            "observed": how many more were recorded than the trend without its breaks expects. "fitted": how many
            more the trend expects with its breaks than without; the one to ask of a trend with `draws`.
        n, seed : int
            Draws of the coefficients from the covariance chosen (multivariate t), and their seed.

        Returns
        -------
        Excess
            By time from the first break on, wherever a break's term is not 0, and in total, with 95 % intervals
            from the same draws. Those of "observed" are of the counterfactual's mean and without the scatter of
            counts about it; measured coverage stands in the Notes of `fit_trend`.

        Raises
        ------
        TypeError, ValueError
            If the trend has no breaks, `n` is no whole number of 2 or more, or "observed" is asked of a trend with
            `draws`: its counterfactual is of the drawn counts and not of the reported ones.
        """
        return excess.excess(self, of, n, seed)

    def design(self) -> Collinearity:
        """Measure how well the terms can be told apart.

        Returns
        -------
        Collinearity
            ``.condition_number`` and, by ``.tidy()``, the variance inflation of each term: 1 / (1 - R2) of its
            column regressed on all others, with an intercept (or the levels).
        """
        return collinearity(self.layout)

    def sensitivity(self, term: str = "year") -> pd.DataFrame:
        """How far a ratio moves under other choices.

        Parameters
        ----------
        term : str
            Whose ratio: "year" for the rate ratio per year, or any other of `tidy`, such as ``level[label]``.

        Returns
        -------
        DataFrame
            check, choice, rate_ratio, conf_low, conf_high, change. Checks: "covariance" (jackknife, model,
            hc0, hac with 3, 6 and 12 lags), "family" (all three), "harmonics" (none, one, two; of months),
            "start" (every later January that leaves 24 months; every later year that leaves 5), "drop_month"
            (every time left out in turn; no intervals).
            `change` is the difference from this fit's ratio; all are of the counts as reported, with `draws` the
            fit and what it is compared with alike. A start that cannot be fitted has NaN, such as one
            less than 12 months before a break.

        Raises
        ------
        ValueError
            If there is no such term.
        """
        from mali_stats.models.trends import diagnostics

        return diagnostics.sensitivity(self, term)

    def diagnostics(self) -> pd.DataFrame:
        """Test what the model takes for granted.

        Returns
        -------
        DataFrame
            test, statistic, p_value, note. Ljung-Box on the Pearson residuals (summed over regions) at lag 12, with
            `draws` those of the fit to the counts as reported; Cameron and Trivedi's two tests of overdispersion on
            the Poisson fit; seasonality by shifting
            the months within each complete calendar year. No p-value under 24 times or 10 events.
        """
        from mali_stats.models.trends import diagnostics

        return diagnostics.diagnostics(self)

    def __repr__(self):
        low, high = self.rate_ratio_ci
        last = self.layout.label(self.layout.step.max())
        return (
            f"Trend of {self.outcome}, {self.layout.label(0)} to {last}: {self.family}, {self.nobs} rows\n"
            f"{self.rate_name} {self.rate_ratio_per_year:.3f} ({low:.3f} to {high:.3f}, {self.method})"
            + "".join(self._lines())
        )

    def _lines(self):
        """One line a term of a break."""
        for row in self.tidy(exponentiate=True)[self.layout.broken].itertuples():
            yield f"\n{row.term} {row.estimate:.3f} ({row.conf_low:.3f} to {row.conf_high:.3f})"

    def _repr_html_(self):
        return self.tidy(exponentiate=True).round(3).to_html(index=False)


def _mean_season(coef, harmonics) -> float:
    """The mean over the twelve months of what the season multiplies by."""
    if not harmonics:
        return 1.0
    angle = 2 * np.pi * np.outer(np.arange(1, 13), np.arange(1, harmonics + 1)) / 12
    waves = np.stack([np.sin(angle), np.cos(angle)], axis=2).reshape(12, -1)
    return float(np.exp(waves @ coef[-2 * harmonics :]).mean())


def fit_trend(
    frame: pd.DataFrame,
    outcome: str,
    *,
    family: str = "nb2",
    harmonics: int = 2,
    offset: str | None = None,
    by: str | None = None,
    cov: str = "jackknife",
    lags: int | None = None,
    time: str = "month",
    breaks: Sequence[its.Break | str] | None = None,
    slope: bool = True,
    descriptive: bool = False,
    draws: Draws | pd.DataFrame | None = None,
) -> Trend | Phases:
    r"""Estimate by what counts are multiplied each year.

    .. math:: \log\mu = \log(\text{offset}) + \gamma_{region} + \beta\,\text{years}
              + \sum_{k=1}^{K} [a_k \sin(2\pi k m/12) + b_k \cos(2\pi k m/12)]

    The rate ratio per year is exp(beta). Years count from the first month, m is the calendar month. With `breaks`
    the terms of each (see `Break`) are added to the right side.

    Parameters
    ----------
    frame : DataFrame
        One row a month, or a month and region, without gaps; `region_month_panel` makes one.
    outcome : str
        Column of counts. Rows where it is missing (or ``in_scope`` is False) are left out at the ends of the
        record; in the middle they are an error.
    family : {"nb2", "quasipoisson", "poisson"}
        "nb2" has variance ``mu + alpha mu^2``, alpha by maximum likelihood; the quasi-Poisson ``phi mu``. The
        mean is estimated consistently by any of them.
    harmonics : int
        Pairs of seasonal terms, 0 to 5. None if time is years.
    offset : str, optional
        Column in natural units, such as person_years: the log is taken. Positive in every row.
    by : str, optional
        Column of regions, each with its own level. Rows that are "unallocated", and regions without any
        event, are left out and noted.
    cov : {"jackknife", "hac", "cluster", "model", "hc0"}
        What the intervals rest on; see Notes.
    lags : int, optional
        Of "hac"; ``max(6, floor(4 (T/100)^(2/9)))`` for T times if not given.
    time : str
        Column of months (datetime or Period), or of numbers, which are read as years.
    breaks : list of Break or str, optional
        Dates known beforehand at which the series may have changed, all in one model: `Break`, or labels of
        ``seeds/calendar.csv``. Each adds ``level[label]``, on the log scale like every term.
    slope : bool
        Let the growth change at each step too: ``slope[label]``. The rate ratio per year is then that before the
        first step; else it is one for the whole record.
    descriptive : bool
        Fit nothing, and give the rates of the phases that the breaks make of the record, with intervals and
        without p-values; of the other choices only `offset`, `by` and `time` matter.
    draws : Draws or DataFrame, optional
        Draws of the outcome in the same cells, by `draw_totals`, or rows of ``load("draws")`` of one shared_sd and
        one side_b. Each is fitted, and the fits are pooled by Rubin's rules (`pool_rubin`, with the covariance's
        degrees of freedom as the complete data's); `counting_share` says how much of the variance is counting error.
        An error that all cells of a draw share (shared_sd) moves the level and not the trend.

    Returns
    -------
    Trend
        Or `Phases`, if ``descriptive=True``.

    Raises
    ------
    ValueError
        If a choice is unknown, a month is missing or there twice, or a count or offset cannot be one. If there are
        fewer than 12 months (5 years of yearly data) before, after or between the breaks: the message proposes
        phases. If the dates of the breaks were found in the data.
    RuntimeError
        If the fit does not converge.

    Notes
    -----
    What each covariance takes for granted:

    - "jackknife": that calendar years are independent. The fit is repeated without each year, in all regions
      at once; t quantiles with years - 1 degrees. Under 5 years the larger of "model" and "hac" with
      residuals divided by one minus their leverage, t with n - k degrees (n the distinct times); so too where
      the series without one of its years cannot be fitted. `method` and `notes` say so.
    - "hac": that dependence dies out within `lags` months. Bartlett kernel, factor n/(n - k), normal
      quantiles; with regions a month's scores are summed first (Driscoll and Kraay), so that nothing crosses
      a border.
    - "cluster": that regions are independent and many. Bootstrap of 499 seeded draws, t with regions - 1
      degrees; refused under 8.
    - "model": that months are independent and the variance is the family's; given alpha, as MASS::glm.nb.
    - "hc0": that months are independent. No small-sample factor, normal quantiles.

    Measured coverage of these 95 % intervals, for a log-rate that is independent / AR(1) 0.4 / AR(1) 0.7 from
    month to month (and shared by the regions of a panel); 2,000 series a cell, one point either way, by
    benchmarks/trend_coverage.py:

    ======================  ===============  ===============  ===============
    months                  jackknife        hac              Poisson model
    ======================  ===============  ===============  ===============
    48 (fallback)           .93 / .90 / .84  .84 / .81 / .75  .39 / .33 / .27
    84                      .95 / .94 / .93  .89 / .86 / .82  .36 / .30 / .26
    144                     .94 / .95 / .94  .91 / .90 / .86  .30 / .25 / .21
    400                     .95 / .94 / .93  .94 / .91 / .88  .14 / .12 / .10
    84, ten regions         .93 / .94 / .92  .87 / .85 / .77  .21 / .16 / .12
    144, ten regions        .94 / .94 / .92  .90 / .86 / .82  .19 / .14 / .09
    ======================  ===============  ===============  ===============

    So under five years, or where months hang together as closely as 0.7, read the interval as somewhat short.

    Of breaks, the same (400 series a cell, a point either way one standard error; benchmarks/its_coverage.py). The
    excess is what was recorded less the mean without the break, in total; fitted, the difference of two means:

    ===============================  =================  =================  =================  =================
    months, after the break, terms   level              slope              excess             excess, fitted
    ===============================  =================  =================  =================  =================
    144, 12 after (fallback), level  .95 / .88 / .84    -                  .96 / .92 / .85    .92 / .82 / .77
    144, 12 after (fallback), slope  .95 / .91 / .86    .93 / .92 / .86    .92 / .93 / .85    .93 / .86 / .79
    144, 24 after, level             .94 / .94 / .93    -                  .95 / .94 / .92    .91 / .90 / .89
    144, 24 after, slope             .98 / .99 / .98    .99 / .98 / .97    .94 / .93 / .93    .99 / .98 / .98
    144, 41 after, level             .97 / .95 / .95    -                  .96 / .95 / .94    .96 / .94 / .94
    144, 41 after, slope             .97 / .94 / .94    .96 / .95 / .94    .93 / .93 / .91    .96 / .93 / .95
    84, 24 after, slope              1.00 / .99 / .98   .99 / .99 / 1.00   .93 / .93 / .91    1.00 / .98 / .99
    144, a ramp                      .95 / .95 / .93    -                  .94 / .94 / .91    .94 / .94 / .93
    144, a phase                     .94 / .93 / .95    -                  .94 / .92 / .92    .91 / .91 / .92
    30 years, 5 after, slope         .94 / .90 / .85    .94 / .90 / .88    .95 / .85 / .73    .94 / .89 / .83
    30 years, 10 after, slope        .95 / .92 / .89    .92 / .92 / .83    .94 / .89 / .77    .94 / .89 / .75
    ===============================  =================  =================  =================  =================

    A side of 12 months that is a calendar year goes through the fallback. With two years after a step and its slope
    the jackknife is wide: each of the two years can decide alone. The interval of the excess as recorded holds the
    difference of the two means in 0.32 to 0.93 of cases only: take ``excess("fitted")`` for that. Rates by phase are
    held in 0.89 of the worst phase to 0.98, with phases of 1 to 137 months.

    Draws, and refits of large panels, run on several cores or machines with ``with joblib.parallel_config(n_jobs=-1):``
    or ``parallel_config("dask")`` around the call; the numbers are the same.

    No line is drawn through log(1 + y): that is a model of another quantity, which zeros pull about.

    References
    ----------
    MacKinnon, Nielsen & Webb (2022), arXiv 2205.03288, for the jackknife (their CRV3); Driscoll & Kraay
    (1998), Review of Economics and Statistics 80; Newey & West (1987), Econometrica 55.

    Examples
    --------
    Twelve years of counts that grow by a fifth each year:

    >>> import numpy as np, pandas as pd
    >>> rng = np.random.default_rng(3)
    >>> months = pd.date_range("2012-01-01", periods=144, freq="MS")
    >>> mean = 20 * 1.2 ** (np.arange(144) / 12)
    >>> deaths = rng.poisson(mean * rng.gamma(4, 1 / 4, 144))
    >>> fit_trend(pd.DataFrame({"month": months, "deaths": deaths}), "deaths")
    Trend of deaths, 2012-01 to 2023-12: nb2, 144 rows
    rate ratio per year 1.210 (1.175 to 1.247, jackknife)

    The same with half as many again from July 2018 on:

    >>> deaths = rng.poisson(mean * np.where(months < "2018-07", 1, 1.5) * rng.gamma(4, 1 / 4, 144))
    >>> frame = pd.DataFrame({"month": months, "deaths": deaths})
    >>> trend = fit_trend(frame, "deaths", breaks=[its.Break("law", "2018-07-15")], slope=False)
    >>> trend
    Trend of deaths, 2012-01 to 2023-12: nb2, 144 rows
    rate ratio per year beside the breaks 1.177 (1.129 to 1.227, jackknife)
    level[law] 1.677 (1.267 to 2.220)
    >>> trend.excess()
    Excess of deaths, 2018-07 to 2023-12: 10,593 observed, 6,285 without the breaks
    observed less counterfactual 4,308 (2,145 to 5,699)
    """
    single("fit_trend", family=family, harmonics=harmonics, cov=cov, slope=slope, descriptive=descriptive)
    _check_choices(family, harmonics, cov, lags)
    breaks = its.breaks_of(breaks)
    if descriptive:
        if draws is not None:
            raise ValueError(
                "fit_trend: descriptive=True fits nothing, so there is nothing to pool draws for; leave one out."
            )
        return phases(design_of(frame, outcome, time, by, offset, 0), breaks)
    layout = design_of(frame, outcome, time, by, offset, harmonics, breaks, slope)
    fit = estimate(layout, family, cov, lags) if draws is None else pooled_estimate(draws, layout, family, cov, lags)
    return Trend(frame, outcome, time, by, family, cov, lags, layout, fit)


def _check_choices(family, harmonics, cov, lags):
    if family in ("ols", "gaussian", "normal", "linear", "lognormal"):
        raise ValueError(
            f"fit_trend: family={family!r} is not offered. A line through log(1 + y) models log(1 + y), not "
            f"the expected count, and moves with the number of zeros; use one of {', '.join(FAMILIES)}."
        )
    if family not in FAMILIES:
        raise ValueError(f"fit_trend: family={family!r} is unknown; accepted are {', '.join(FAMILIES)}.")
    if cov not in COVARIANCES:
        raise ValueError(f"fit_trend: cov={cov!r} is unknown; accepted are {', '.join(COVARIANCES)}.")
    if harmonics not in range(6):
        raise ValueError(f"fit_trend: harmonics={harmonics!r}; accepted are the whole numbers 0 to 5.")
    if lags is not None and (cov != "hac" or not types.is_number(lags) or lags % 1 or lags < 0):
        raise ValueError(f"fit_trend: lags={lags!r} with cov={cov!r}; a whole number, 0 or more, goes with cov='hac'.")
