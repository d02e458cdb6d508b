"""How often the 95 % intervals of `fit_trend` hold the trend that was planted.

    python benchmarks/trend_coverage.py [--quick]

Monthly counts: log mean 3 + 0.1 a year + a season + an AR(1) of marginal sd 0.4 (column `ar`), times a gamma
of variance 0.3, then Poisson. Panels have ten regions whose levels run from 0.5 to 50 a month; the AR(1) is
shared by all of them, the gamma is their own. All is fitted in batches but the records of 48 months, which go
through the fallback one by one. `jackknife` is the default; `hac` has the default lags and normal quantiles;
`poisson` is what software prints unasked. The margin of 2,000 replicates at 95 % is one point either way.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import signal, stats

from mali_stats.models.trends.covariance import default_lags, estimate, without_each_year
from mali_stats.models.trends.refit import refit
from mali_stats.models.trends.trend import fit_trend

SLOPE = 0.1
RESULT = Path(__file__).parent / "results" / "trend_coverage.csv"
#: (months, first month, regions, ar)
CELLS = [
    *((months, "2000-01", 1, ar) for months in (48, 84, 144, 400) for ar in (0.0, 0.4, 0.7)),
    *((months, "2000-07", 1, ar) for months in (84, 144) for ar in (0.0, 0.4)),
    (87, "2000-01", 1, 0.0),
    *((months, "2000-01", 10, ar) for months in (84, 144) for ar in (0.0, 0.4, 0.7)),
]


def counts(rng, frame, replicates, ar):
    """Simulate counts, (replicates, rows), for the rows of a frame of month and region."""
    month, region = frame["month"].to_numpy(), frame["region"].to_numpy()
    step = month - month.min()
    shocks = rng.normal(0, 0.4 * np.sqrt(1 - ar**2), (replicates, step.max() + 101))
    shared = signal.lfilter([1], [1, -ar], shocks, axis=1)[:, 100:][:, step]
    levels = np.log(np.geomspace(0.5, 50, 10)) if region.max() else np.array([3.0])
    mean = levels[region] + SLOPE * step / 12 + 0.3 * np.sin(2 * np.pi * month / 12) + shared
    return rng.poisson(np.exp(mean) * rng.gamma(1 / 0.3, 0.3, mean.shape))


def grid(months, first, regions):
    """All months of all regions, months counted from year 0."""
    start = pd.Period(first, "M")
    month = start.year * 12 + start.month - 1 + np.arange(months)
    return pd.DataFrame({"month": np.tile(month, regions), "region": np.repeat(np.arange(regions), months)})


def design_of(frame, y):
    """Make the design that `fit_trend` makes of these rows."""
    dates = pd.PeriodIndex.from_ordinals(frame["month"] - 1970 * 12, freq="M")
    table = frame.assign(month=dates, deaths=y)
    return fit_trend(table, "deaths", by="region" if frame["region"].max() else None, cov="model").layout


def covered(estimates, errors, quantile):
    return float(np.mean(np.abs(estimates - SLOPE) <= quantile * errors))


def sandwich(design, Y, coef, alpha):
    """(Model-based, HAC) standard errors of the yearly slope, for all replicates."""
    at = design.names.index("year")
    mu = np.exp(coef @ design.X.T)
    weight = mu / (1 + alpha[:, None] * mu)
    bread = np.linalg.inv(np.einsum("jn,nk,nl->jkl", weight, design.X, design.X, optimize=True))
    influence = (bread[:, at] @ design.X.T) * (Y - mu) / (1 + alpha[:, None] * mu)
    monthly = influence.reshape(len(Y), max(design.levels, 1), -1).sum(axis=1)
    lags = default_lags(monthly.shape[1])
    total = (monthly**2).sum(axis=1)
    for lag in range(1, lags + 1):
        total += 2 * (1 - lag / (lags + 1)) * (monthly[:, lag:] * monthly[:, :-lag]).sum(axis=1)
    n, k = design.X.shape
    return np.sqrt(bread[:, at, at]), np.sqrt(total * n / (n - k))


def jackknife(design, Y):
    """Coverage of the default for five years or more, in one batch."""
    weights = np.vstack([np.ones(len(design.y)), without_each_year(design)])
    fits = refit(
        design.X, np.repeat(Y, len(weights), axis=0), weights=np.tile(weights, (len(Y), 1)),
        family="nb2", levels=design.levels, tol=1e-7,
    )  # fmt: skip
    slopes = fits.coef[:, design.names.index("year")].reshape(len(Y), -1)
    years = len(weights) - 1
    errors = np.sqrt((years - 1) / years * ((slopes[:, 1:] - slopes[:, :1]) ** 2).sum(axis=1))
    return covered(slopes[:, 0], errors, stats.t.ppf(0.975, years - 1))


def one_by_one(frame, Y):
    """Coverage of the default under five years."""
    at, inside = 1, []
    for y in Y:
        low, high = estimate(design_of(frame, y), "nb2", "jackknife").interval()
        inside.append(low[at] <= SLOPE <= high[at])
    return float(np.mean(inside))


def cell(months, first, regions, ar, replicates):
    rng = np.random.default_rng([months, regions, int(10 * ar), int(first[-2:])])
    frame = grid(months, first, regions)
    parts = []
    for _ in range(replicates // 100):
        Y = counts(rng, frame, 100, ar).astype(float)
        design = design_of(frame, Y[0])
        default = one_by_one(frame, Y) if months < 60 else jackknife(design, Y)
        nb2 = refit(design.X, Y, family="nb2", levels=design.levels, tol=1e-7)
        poisson = refit(design.X, Y, levels=design.levels, tol=1e-7)
        model, hac = sandwich(design, Y, nb2.coef, nb2.alpha)
        naive, _ = sandwich(design, Y, poisson.coef, poisson.alpha)
        at = design.names.index("year")
        errors = {"nb2_model": (nb2, model), "hac": (nb2, hac), "poisson": (poisson, naive)}
        parts.append(
            {"jackknife": default}
            | {name: covered(fits.coef[:, at], error, 1.96) for name, (fits, error) in errors.items()}
        )
    means = pd.DataFrame(parts).mean().round(4).to_dict()
    return {"months": months, "first": first, "regions": regions, "ar": ar, "replicates": replicates} | means


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="200 replicates a cell; nothing is written")
    quick = parser.parse_args().quick
    rows = []
    for settings in CELLS:
        rows.append(cell(*settings, 200 if quick else 2000))
        print(*rows[-1].values(), flush=True)
    table = pd.DataFrame(rows)
    print(table.to_string(index=False))
    if not quick:
        RESULT.parent.mkdir(exist_ok=True)
        table.to_csv(RESULT, index=False)


if __name__ == "__main__":
    main()
