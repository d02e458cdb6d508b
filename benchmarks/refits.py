"""How long a trend over draws of its counts and its table of sensitivity take, beside a loop of statsmodels.

    python benchmarks/refits.py [--quick]

Made-up counts of ten regions in 400 months: levels from 0.5 to 50 a month, 3 % growth a year, a season, and a gamma of
variance 0.5; 40 draws of them. `fit_trend` fits each draw once whole and once without each of the 34 calendar years,
1,400 fits of 15 coefficients to some 4,000 rows, and 35 more of the counts as reported. The loops make the same fits
of a few draws, and are said for all 40:

- `GLM`, which cannot estimate alpha: it is handed the one that `fit_trend` found for each of the fits. Every fit
  begins at the estimate of the fit before it.
- `NegativeBinomial`, which does estimate alpha, begun at the joint maximum of the whole draw and led by Newton's
  method; a few of the fits.

Seconds are by the clock (on a busy machine ratios mean little), of `fit_trend` the best of three. The difference is
the largest between coefficients of the same draw, their variances by the jackknife, and the pooled estimates and
variances (Rubin), of the draws looped over.
"""

from __future__ import annotations

import argparse
import resource
import time

import numpy as np
import pandas as pd
import statsmodels.api as sm
from statsmodels.discrete.discrete_model import NegativeBinomial

from mali_stats.models.trends.covariance import estimates, without_each_year
from mali_stats.models.trends.refit import refit
from mali_stats.models.trends.trend import fit_trend

REGIONS, MONTHS, DRAWS, LOOPED = 10, 400, 40, 3
FEW = 4  # fits of NegativeBinomial


def made_up(draws=DRAWS):
    """(Panel of counts, table of draws as `load("draws")` has one)."""
    rng = np.random.default_rng(1)
    months, years = pd.date_range("1990-01-01", periods=MONTHS, freq="MS"), np.arange(MONTHS) / 12
    mean = np.geomspace(0.5, 50, REGIONS)[:, None] * np.exp(0.03 * years + 0.3 * np.sin(2 * np.pi * years))
    counts = rng.poisson(mean * rng.gamma(2, 0.5, mean.shape)).ravel()
    regions = np.repeat([f"region {i}" for i in range(REGIONS)], MONTHS)
    frame = pd.DataFrame({"region": regions, "month": np.tile(months, REGIONS), "deaths": counts})
    drawn = rng.poisson(counts * rng.gamma(25, 1 / 25, (draws, len(counts))))
    table = frame.rename(columns={"deaths": "reported"}).merge(pd.DataFrame({"draw": range(draws)}), how="cross")
    return frame, table.assign(deaths=drawn.T.ravel())


def clock(function, times=1):
    """(Seconds of the fastest call, what it gave)."""
    best, out = np.inf, None
    for _ in range(times):
        start = time.perf_counter()
        out = function()
        best = min(best, time.perf_counter() - start)
    return best, out


def glm_loop(design, counts, weights, alphas):
    """Coefficients (draws, fits, columns) by `GLM`."""
    out, start = [], None
    for y, row in zip(counts, alphas, strict=True):
        for keep, alpha in zip(weights, row, strict=True):
            family = sm.families.NegativeBinomial(alpha=alpha) if alpha else sm.families.Poisson()
            start = sm.GLM(y[keep], design.X[keep], family=family).fit(start_params=start).params
            out.append(start)
    return np.reshape(out, (*alphas.shape, -1))


def nb_loop(design, y, weights, start):
    """Coefficients and alpha, (fits, columns + 1), by `NegativeBinomial`."""
    models = (NegativeBinomial(y[keep], design.X[keep]) for keep in weights)
    return np.array([model.fit(start_params=start, method="newton", disp=0).params for model in models])


def pooled(coefs):
    """(Estimates, variances of each draw, pooled estimate, pooled variance) from (draws, fits, columns)."""
    whole, left_out = coefs[:, 0], coefs[:, 1:]
    years = left_out.shape[1]
    variances = (years - 1) / years * ((left_out - whole[:, None]) ** 2).sum(axis=1)
    total = variances.mean(axis=0) + (1 + 1 / len(whole)) * whole.var(axis=0, ddof=1)
    return whole, variances, whole.mean(axis=0), total


def ours_pooled(frame, table, design, counts, family):
    """The same of `fit_trend` and of what it is made of."""
    each = estimates(design, counts, family, "jackknife")
    trend = fit_trend(frame, "deaths", by="region", family=family, draws=table)
    pool = trend.estimate.pooled
    coefs, matrices = np.array([fit.coef for fit in each]), np.array([fit.matrix for fit in each])
    return coefs, np.diagonal(matrices, axis1=1, axis2=2), pool["estimate"].to_numpy(), pool["total"].to_numpy()


def largest(ours, theirs):
    return max(float(np.abs(a - b).max()) for a, b in zip(ours, theirs, strict=True))


def compared(family, draws=DRAWS, looped=LOOPED):
    """Measure `fit_trend(draws=...)` and the loop of `GLM`.

    Returns
    -------
    ours_s, theirs_s : float
        For all draws.
    difference : float
        The largest of any number, over the draws looped over.
    """
    frame, table = made_up(draws)
    ours_s, _ = clock(lambda: fit_trend(frame, "deaths", by="region", family=family, draws=table), 3)
    some = table[table["draw"] < looped]
    design, counts, weights, alphas = _pieces(frame, some, family)
    theirs_s, coefs = clock(lambda: glm_loop(design, counts, weights, alphas))
    difference = largest(ours_pooled(frame, some, design, counts, family), pooled(coefs))
    return ours_s, theirs_s * (draws + 1) / looped, difference  # and the fits of the counts as reported


def compared_nb(draws=DRAWS, few=FEW):
    """The same of the loop of `NegativeBinomial`; the difference is of coefficients and alpha of a few fits."""
    frame, table = made_up(draws)
    ours_s, _ = clock(lambda: fit_trend(frame, "deaths", by="region", draws=table), 3)
    design, counts, weights, _ = _pieces(frame, table[table["draw"] < 2], "nb2")
    fits = refit(design.X, counts[0], weights=weights[: few + 1], family="nb2", levels=design.levels)
    found = np.column_stack([fits.coef, fits.alpha])
    theirs_s, params = clock(lambda: nb_loop(design, counts[0], weights[1 : few + 1], found[0]))
    return ours_s, theirs_s / few * len(weights) * (draws + 1), float(np.abs(params - found[1:]).max())


def _pieces(frame, table, family):
    """(Design, counts of each draw, rows kept in each fit, alpha of each draw and fit)."""
    design = fit_trend(frame, "deaths", by="region", cov="model").layout
    counts = table.sort_values(["draw", "region", "month"])["deaths"].to_numpy(float).reshape(-1, len(design.y))
    weights = np.vstack([np.ones((1, len(design.y)), bool), without_each_year(design)])
    kind = "nb2" if family == "nb2" else "poisson"
    alphas = [refit(design.X, y, weights=weights, family=kind, levels=design.levels).alpha for y in counts]
    return design, counts, weights, np.array(alphas)


def measure(quick=False):
    """One row a comparison, for `make bench`."""
    frame, _ = made_up(2)
    trend_s, _ = clock(lambda: fit_trend(frame, "deaths", by="region").sensitivity(), 3)
    draws, looped = (4, 2) if quick else (DRAWS, LOOPED)
    rows = []
    against = "statsmodels GLM in a loop of {} draws, {}, scaled up to all"
    for family, given in (("nb2", "alpha given to it"), ("poisson", "Poisson")):
        work = f"fit_trend(draws), {draws} draws, {REGIONS} regions x {MONTHS} months, {family}"
        rows.append((work, against.format(looped, given), *compared(family, draws, looped)))
    work = f"fit_trend(draws), {draws} draws, {REGIONS} regions x {MONTHS} months, nb2"
    rows.append((work, f"statsmodels NegativeBinomial, {FEW} fits, scaled up to all", *compared_nb(draws)))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    table = [
        {
            "work": work, "ours_s": ours, "against": f"{loop}; largest difference {gap:.0e}", "against_s": theirs,
            "ratio": theirs / ours, "limit": "at least 3 x", "peak_mb": peak,
        }
        for work, loop, ours, theirs, gap in rows
    ]  # fmt: skip
    work = f"fit_trend, jackknife, with sensitivity(), {REGIONS} regions x {MONTHS} months"
    alone = {"against": "nothing", "against_s": None, "ratio": None, "limit": "under 5 s", "peak_mb": peak}
    return [*table, {"work": work, "ours_s": trend_s} | alone]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="4 draws, of which 2 are looped over")
    for row in measure(parser.parse_args().quick):
        print(*(f"{value:.3g}" if isinstance(value, float) else value for value in row.values()), sep=" | ")


if __name__ == "__main__":
    main()
