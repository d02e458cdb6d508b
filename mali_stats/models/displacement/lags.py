"""Does violence drive flight? A distributed-lag model of displacement on exposure, by region and month."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from mali_stats.asked import single
from mali_stats.models.displacement.lag_design import TRANSFORMS, LagDesign, lag_design
from mali_stats.models.displacement.within import within
from mali_stats.models.trends.covariance import FEWEST_REGIONS, FEWEST_YEARS

FAMILIES = ("poisson", "ols")
COVARIANCES = ("cluster", "jackknife")
_NONE = "none"


@dataclass(frozen=True, repr=False, eq=False)
class LagFit:
    """A fitted distributed-lag model.

    Attributes
    ----------
    design : LagDesign
    family, cov : str
        As they were given.
    degree : int or None
    coef : ndarray (terms,)
        Of `terms`: the intercept if there are no fixed effects, lag0 to lagL, lead1 to leadK.
    matrix : ndarray (terms, terms)
        Their covariance; NaN where there is none.
    degrees : int
        Of freedom of the t quantiles.
    method : str
        What the intervals rest on: `cov`, or "jackknife" for a single series, or "none".
    notes : list of str
        What was left out or done differently, and why.
    """

    design: LagDesign
    family: str
    cov: str
    degree: int | None
    coef: np.ndarray
    matrix: np.ndarray
    degrees: int
    method: str
    notes: list[str]

    @property
    def nobs(self) -> int:
        """Rows used."""
        return len(self.design.y)

    @property
    def terms(self) -> list[str]:
        """Names of the coefficients."""
        design = self.design
        lags = [f"lag{k}" for k in range(design.lags + 1)]
        return ["intercept"] * design.intercept + lags + [f"lead{k}" for k in range(1, design.leads + 1)]

    def tidy(self) -> pd.DataFrame:
        """One row a coefficient.

        Returns
        -------
        DataFrame
            term, estimate, std_error, statistic, p_value, conf_low, conf_high (95 %). For the Poisson on the log
            scale: by how much the log of the expected outcome differs per unit of the (transformed) exposure so many
            steps before ("lag") or after ("lead"). `p_value` is NaN under 24 times or 10 rows with any outcome.
        """
        return pd.DataFrame({"term": self.terms, **self._figures(np.eye(len(self.coef)))})

    def lag_curve(self, leads: bool = False) -> pd.DataFrame:
        """Coefficients by lag, to be drawn.

        Parameters
        ----------
        leads : bool
            Give the leads too, as lags below 0.

        Returns
        -------
        DataFrame
            lag, estimate, conf_low, conf_high.
        """
        at = self._lags()
        rows, steps = np.eye(len(self.coef))[at], np.arange(self.design.lags + 1)
        if leads:
            ahead = np.arange(at.stop, len(self.coef))[::-1]
            rows, steps = np.vstack([np.eye(len(self.coef))[ahead], rows]), np.r_[-np.arange(len(ahead), 0, -1), steps]
        figures = self._figures(rows)
        return pd.DataFrame({"lag": steps, **{c: figures[c] for c in ("estimate", "conf_low", "conf_high")}})

    def cumulative(self) -> pd.DataFrame:
        """Sums of the coefficients from lag 0 up to each lag; the last row is the whole effect.

        Returns
        -------
        DataFrame
            lag, estimate, std_error, conf_low, conf_high, by the covariance of the sum.
        """
        rows = np.zeros((self.design.lags + 1, len(self.coef)))
        rows[:, self._lags()] = np.tri(self.design.lags + 1)
        figures = self._figures(rows)
        wanted = ("estimate", "std_error", "conf_low", "conf_high")
        return pd.DataFrame({"lag": np.arange(self.design.lags + 1), **{c: figures[c] for c in wanted}})

    def placebo(self) -> pd.DataFrame:
        """Test the leads: an exposure still to come can explain nothing, unless it was seen coming.

        Leads apart from 0 say that people fled ahead of recorded violence, or that something not in the model moves
        both; the lags are then no answer to violence alone.

        Returns
        -------
        DataFrame
            test, statistic, p_value, note. Each lead by its own t; "joint" for all of them: Wald's F with as many
            and (degrees + 1 - leads) degrees of freedom, its p-value the larger of F's and Bonferroni's (leads times
            the smallest single one), since with few regions of unequal weight F alone rejects too often.

        Raises
        ------
        ValueError
            Without leads.
        """
        leads = self.design.leads
        if not leads:
            raise ValueError("placebo: the model has no leads; fit it with leads=2.")
        rows = np.eye(len(self.coef))[-leads:]
        single = self._figures(rows)
        p_single, short = single["p_value"], self.design.short
        rest = self.degrees + 1 - leads
        F, p_joint = np.nan, leads * np.min(p_single)
        if rest > 0 and np.isfinite(self.matrix).all():
            wald = self.coef[-leads:] @ np.linalg.solve(self.matrix[-leads:, -leads:], self.coef[-leads:])
            F = float(wald) / leads * rest / self.degrees
            p_joint = max(p_joint, stats.f.sf(F, leads, rest))
        note = (
            f"no p-value from {short}"
            if short
            else f"F({leads}, {rest}) and Bonferroni, the larger p; by {self.method}"
        )
        return pd.DataFrame({
            "test": [*self.terms[-leads:], "joint"], "statistic": [*single["statistic"], F],
            "p_value": [*p_single, np.nan if short else min(p_joint, 1)],
            "note": [*[f"t({self.degrees})"] * leads, note],
        })  # fmt: skip

    def _lags(self) -> slice:
        first = int(self.design.intercept)
        return slice(first, first + self.design.lags + 1)

    def _figures(self, rows) -> dict[str, np.ndarray]:
        """Estimate, error, test and interval of linear combinations of the coefficients."""
        estimate = rows @ self.coef
        error = np.sqrt(np.einsum("ij,jk,ik->i", rows, self.matrix, rows))
        with np.errstate(divide="ignore", invalid="ignore"):
            statistic = estimate / error
        p_value = 2 * stats.t.sf(np.abs(statistic), self.degrees)
        half = stats.t.ppf(0.975, self.degrees) * error
        return {
            "estimate": estimate, "std_error": error, "statistic": statistic,
            "p_value": np.where(bool(self.design.short), np.nan, p_value),
            "conf_low": estimate - half, "conf_high": estimate + half,
        }  # fmt: skip

    def __repr__(self):
        d = self.design
        total = self.cumulative().iloc[-1]
        shown = (
            f"LagFit of {d.outcome} on {d.exposure}, {d.label(d.step.min())} to {d.label(d.step.max())}: "
            f"{self.family}, {self.nobs} rows, {len(d.units)} {'regions' if len(d.units) > 1 else 'series'}\n"
            f"sum of lags 0 to {d.lags}: {total['estimate']:.3f} ({total['conf_low']:.3f} to {total['conf_high']:.3f}, "
            f"{self.method})"
        )
        return shown + (f"\nleads 1 to {d.leads}: p {self.placebo()['p_value'].iloc[-1]:.3f}" if d.leads else "")

    def _repr_html_(self):
        return self.tidy().round(3).to_html(index=False)


def fit_lags(
    panel: pd.DataFrame,
    outcome: str,
    exposure: str,
    *,
    lags: int = 6,
    leads: int = 2,
    degree: int | None = 2,
    fixed_effects: tuple[str, ...] = ("region", "month"),
    cov: str = "cluster",
    family: str = "poisson",
    transform: str | None = None,
    offset: str | None = None,
    time: str = "month",
) -> LagFit:
    r"""Estimate how an outcome follows an exposure over the months after it, region by region.

    .. math:: E[y_{rt}] = \text{offset}_{rt} \exp\Big(\alpha_r + \gamma_t + \sum_{l=0}^{L} \beta_l\, g(x_{r,t-l})
              + \sum_{k=1}^{K} \lambda_k\, g(x_{r,t+k})\Big), \qquad \beta_l = \sum_{j=0}^{d} c_j l^j

    Effects of regions take up what makes them differ for good, effects of months what all of them share; what is left
    is whether a region has more outcome than usual, for that month, after it had more exposure than usual. That is an
    association in time, and no more: what moves both within a region stays in it.

    Parameters
    ----------
    panel : DataFrame
        One row per region and month without gaps, with columns ``region`` and `time`; or one series without ``region``.
        Rows that are "unallocated" are left out and noted.
    outcome : str
        A flow, such as new_displacement. A stock (by ``<outcome>_measure``, or by its name) is refused; its net change,
        which may be below 0, goes with family="ols". Zeros stay, missing values at the ends are left out, in the middle
        an error.
    exposure : str
        Such as events or deaths_best. Deaths have a low and a high too: fit those as well. A miscounted exposure pulls
        its coefficients towards 0.
    lags, leads : int
        Steps before and after, each with a coefficient. Leads are not on the polynomial; see ``.placebo()``.
    degree : int or None
        Of Almon's polynomial of the lag; None gives every lag a coefficient of its own.
    fixed_effects : tuple of str
        Columns whose levels each have an effect; ``()`` for one series, which then has an intercept.
    cov : {"cluster", "jackknife"}
        What is left out in turn for the intervals: each region (8 at least; t with regions - 1 degrees), or each
        calendar year in all regions at once (t with years - 1 degrees; none under 5 years). One series has no regions,
        and calendar years take their place.
    family : {"poisson", "ols"}
        Poisson pseudo-maximum likelihood, of which the mean alone must be right, not the variance; or least squares of
        the outcome as it stands.
    transform : {None, "log1p"}
        g: the exposure as it stands (events), or log(1 + x) of it (deaths, of which a few months hold most).
    offset : str, optional
        Column in natural units, such as person_years: the log is taken.
    time : str
        Column of months (datetime or Period), or of whole numbers, which are read as years.

    Returns
    -------
    LagFit
        with ``.tidy()``, ``.lag_curve()``, ``.cumulative()``, ``.placebo()`` and ``.notes``.

    Raises
    ------
    ValueError
        For a stock, gaps, an unknown choice, a negative count, fewer than 8 regions with cov="cluster", and a single
        series of fewer than 24 times.
    RuntimeError
        Where the rows cannot tell the lags apart.

    Notes
    -----
    Regions and months whose outcome is 0 throughout are left out of a Poisson fit and noted: their effect has no finite
    estimate, and they say nothing of the lags (separation; Correia, Guimarães & Zylkin 2019, arXiv 1903.01633).

    The fit is repeated without each region, where a month may hold no count. So the effects of months are put in by
    formula (the module `within`), not as dummies; with all rows a GLM of statsmodels with dummies gives the same
    coefficients. pyfixest would be one more dependency for a fit of some fifteen columns.

    Measured on planted panels of ten regions of very unequal size (500 replicates a cell, two points
    either way for the sum; benchmarks/lag_coverage.py). Coverage of the 95 % intervals, single lags / their sum; in
    brackets how often the joint test of two leads rejects at 5 %, where none are planted:

    ===========================  =================  =================  ==================  ==================
    planted                      cluster            jackknife          bootstrap, regions  sandwich, regions
    ===========================  =================  =================  ==================  ==================
    a parabola, 84 months        .95 / .96 (.05)    .95 / .96 (.03)    .94 / .95 (.03)     .69 / .69 (.36)
    a parabola, 120 months       .96 / .95 (.03)    .95 / .95 (.05)    .94 / .95 (.03)     .70 / .71 (.36)
    a parabola, 84 months, free  .96 / .95 (.04)    .94 / .95 (.02)    .94 / .96 (.03)     .69 / .69 (.37)
    nothing, 84 months           .96 / .96 (.04)    .95 / .96 (.03)    .95 / .94 (.03)     .73 / .76 (.33)
    nothing, 120 months          .95 / .96 (.03)    .95 / .96 (.03)    .94 / .95 (.03)     .73 / .72 (.30)
    a step, 120 months           .71 / .94 (.03)    .64 / .96 (.03)    .60 / .95 (.03)     .38 / .71 (.39)
    a step, 120 months, free     .96 / .95 (.05)    .96 / .96 (.04)    .95 / .95 (.03)     .72 / .72 (.35)
    ===========================  =================  =================  ==================  ==================

    Eight of the months go into lags and leads. The sandwich clustered by region that other software prints is not
    offered: between unequal regions it holds some seven times in ten. Nor is Driscoll and Kraay's (.86 to .92). A
    polynomial that cannot take the shape of the lags (here: three equal lags, then none) misses single ones and still
    holds their sum: compare degree=None.

    References
    ----------
    Almon (1965), Econometrica 33; Santos Silva & Tenreyro (2006), Review of Economics and Statistics 88, for the
    Poisson pseudo-likelihood; MacKinnon, Nielsen & Webb (2022), arXiv 2205.03288, for leaving out clusters.

    Examples
    --------
    A made-up panel whose lags sum to 0.93:

    >>> import mali_stats as ms
    >>> from mali_stats.synthetic.planted import planted_panel
    >>> made = planted_panel(seed=2)
    >>> panel = ms.add_displacement(made.panel, made.figures)
    >>> fit = ms.fit_lags(panel, "new_displacement", "deaths_best", transform="log1p")
    >>> fit
    LagFit of new_displacement on log1p(deaths_best), 2016-07 to 2023-10: poisson, 880 rows, 10 regions
    sum of lags 0 to 6: 0.919 (0.204 to 1.633, cluster)
    leads 1 to 2: p 0.440
    >>> fit.lag_curve().head(3).round(2).assign(planted=made.coefficients[:3])
       lag  estimate  conf_low  conf_high  planted
    0    0      0.34      0.20       0.47   0.3000
    1    1      0.25      0.13       0.37   0.2295
    2    2      0.17      0.06       0.28   0.1680
    """
    single("fit_lags", lags=lags, leads=leads, degree=degree, cov=cov, family=family, transform=transform)
    _check_choices(lags, leads, degree, cov, family, transform, offset)
    if not isinstance(fixed_effects, Iterable):
        raise TypeError(
            f"fit_lags: fixed_effects={fixed_effects!r}; give names of columns, as ('region', 'month'), or ()."
        )
    effects = (fixed_effects,) if isinstance(fixed_effects, str) else tuple(fixed_effects)
    design = lag_design(
        panel, outcome, exposure, lags=int(lags), leads=int(leads), fixed_effects=effects,
        degree=None if degree is None else int(degree),
        transform=transform, offset=offset, time=time, counts=family == "poisson",
    )  # fmt: skip
    return estimate(design, family, cov, degree)


def estimate(design: LagDesign, family: str, cov: str, degree: int | None = None) -> LagFit:
    """Fit a design, and again without each region or year."""
    weights, method, notes = _left_out(design, cov)
    fits = within(
        design.X, design.y, design.group, weights=np.vstack([np.ones(len(design.y)), weights]), offset=design.offset,
        family=family, free=design.free,
    )  # fmt: skip
    if not fits.converged[0]:
        raise RuntimeError(
            f"fit_lags: the {len(design.y)} rows cannot tell {design.lags + 1} lags and {design.leads} leads of "
            f"{design.exposure} apart from each other and from the fixed effects. Use fewer of them, a lower degree, "
            "or an exposure that varies from region to region within a month."
        )
    coefs = _terms(design, fits)
    apart, parts = coefs[1:] - coefs[0], len(weights)
    matrix = apart.T @ apart * (parts - 1) / parts if parts else np.full((coefs.shape[1],) * 2, np.nan)
    if parts and not fits.converged.all():
        notes.append(f"no standard errors: without one of the {parts} parts the lags cannot be told apart")
    if design.short:
        notes.append(f"no p-value from {design.short}")
    return LagFit(design, family, cov, degree, coefs[0], matrix, max(parts - 1, 1), method, [*design.notes, *notes])


def _left_out(design, cov):
    """(Weights that leave out one region, or one year, at a time; the name of the method; notes)."""
    regions = len(design.units)
    if cov == "cluster" and regions > 1:
        if regions < FEWEST_REGIONS:
            raise ValueError(
                f"fit_lags: cov='cluster' needs at least {FEWEST_REGIONS} regions with any {design.outcome}, got "
                f"{regions}: fewer give no interval to trust. Use cov='jackknife', which leaves out calendar years."
            )
        held = np.bincount(design.unit, np.abs(design.y)) / max(np.abs(design.y).sum(), 1e-300)
        note = (
            f"{regions} regions are few, and the largest ({design.units[held.argmax()]}) holds {held.max():.0%} of "
            f"{design.outcome}: intervals leave out one at a time, with t({regions - 1}) quantiles"
        )
        return design.unit != np.arange(regions)[:, None], cov, [note]
    years = np.unique(design.year)
    notes = ["one series has no regions to leave out: calendar years are instead"] if cov == "cluster" else []
    if len(years) < FEWEST_YEARS:
        notes.append(f"no standard errors: {len(years)} calendar years, and at least {FEWEST_YEARS} are needed")
        return np.ones((0, len(design.y))), "none", notes
    return design.year != years[:, None], "jackknife", notes


def _terms(design, fits) -> np.ndarray:
    """The coefficients by name from those of the columns, (replicates, terms)."""
    basis = design.free + design.basis.shape[1]
    lags = fits.coef[:, design.free : basis] @ design.basis.T
    constant = fits.effects[:, :1] if design.intercept else fits.effects[:, :0]
    return np.hstack([constant, lags, fits.coef[:, basis:]])


def _check_choices(lags, leads, degree, cov, family, transform, offset):
    for name, value, known in (
        ("family", family, FAMILIES),
        ("cov", cov, COVARIANCES),
        ("transform", transform, TRANSFORMS),
    ):
        if value not in known:
            raise ValueError(f"fit_lags: {name}={value!r} is unknown; accepted are {', '.join(map(repr, known))}.")
    for name, value in (("lags", lags), ("leads", leads)):
        if isinstance(value, bool) or value not in range(61):
            raise ValueError(f"fit_lags: {name}={value!r}; accepted are the whole numbers 0 to 60.")
    if degree is not None and (isinstance(degree, bool) or degree not in range(min(lags, 5) + 1)):
        raise ValueError(
            f"fit_lags: degree={degree!r} with lags={lags}; accepted are whole numbers up to the lags and 5, or None "
            "for a coefficient of its own for every lag."
        )
    if offset is not None and family == "ols":
        raise ValueError("fit_lags: an offset goes with family='poisson' only; divide the outcome by it for a rate.")
