"""How often the 95 % intervals of a trend with breaks, and of rates by phase, hold what was planted.

    python benchmarks/its_coverage.py [--quick]

Monthly counts: log mean 3 + 0.1 a year + a season, a step of 0.5 (and a slope of 0.2 a year), or a ramp or phase of
0.5, + an AR(1) of marginal sd 0.4 (column `ar`), times a gamma of variance 0.3, then Poisson. Yearly counts: log mean 4
+ 0.05 a year, a step of 0.5, an AR(1) of sd 0.3, gamma of variance 0.1. Everything goes through `fit_trend`, so that
what stands in for the jackknife counts too. `excess` is the total of what was recorded less the mean without the
break; `excess_month` the same month by month; `as_expected` is how often that interval holds the difference of the two
expected totals, for which it is not meant; `fitted` the interval of ``excess(of="fitted")`` for it. Phases: log mean
of 1 or 20 + 0.15 a year, 0.4 more in each phase; the share over all phases, and that of the worst. 400 replicates: a
point either way is one standard error.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import signal

from mali_stats.models.trends.covariance import estimate
from mali_stats.models.trends.its import Break
from mali_stats.models.trends.phases import phases
from mali_stats.models.trends.trend import fit_trend

RESULT = Path(__file__).parent / "results" / "its_coverage.csv"
#: (kind, unit, times, times after the break, slope)
FITS = [
    *(("step", "month", 144, after, slope) for after in (12, 24, 41) for slope in (False, True)),
    *(("step", "month", 84, 24, slope) for slope in (False, True)),
    ("ramp", "month", 144, 24, False),
    ("phase", "month", 144, 60, False),
    *(("step", "year", 30, after, slope) for after in (5, 10) for slope in (False, True)),
]
#: Where phases begin, and the number of months.
PHASES = [(103, 112, 119, 127, 144), (137, 139, 140, 144), (48, 60, 66, 84)]
ARS = (0.0, 0.4, 0.7)
JUMP, SLOPE = 0.5, 0.2


def noise(rng, shape, ar, sd):
    """AR(1) of marginal standard deviation sd."""
    shocks = rng.normal(0, sd * np.sqrt(1 - ar**2), (shape[0], shape[1] + 100))
    return signal.lfilter([1], [1, -ar], shocks, axis=1)[:, 100:]


def frame_of(unit, times):
    when = pd.period_range("2000-01", periods=times, freq="M") if unit == "month" else np.arange(2000, 2000 + times)
    return pd.DataFrame({unit: when, "deaths": 1 + np.arange(times) % 3})


def break_of(kind, unit, times, after):
    """Make a break so many times before the end; ramps and phases end 12 months before it, phases begin `after`."""
    place = times - after
    start = pd.Period("2000-01", "M") + place if unit == "month" else 2000 + place
    if kind == "step":
        return Break("x", start)
    return Break("x", start - (12 if kind == "ramp" else 0), kind, end=pd.Period("2000-01", "M") + times - 25)


def series(rng, layout, ar, replicates, monthly):
    """(Counts, expected counts, expected counts without the break), (replicates, times) and twice (times,)."""
    sd, spread = (0.4, 0.3) if monthly else (0.3, 0.1)
    terms = dict(zip(layout.names, layout.X.T, strict=True))
    bare = 3 + 0.1 * terms["year"] if monthly else 4 + 0.05 * terms["year"]
    bare = bare + (0.3 * terms["sin1"] if monthly else 0)
    mean = bare + JUMP * terms["level[x]"] + SLOPE * terms.get("slope[x]", 0)
    rate = np.exp(mean + noise(rng, (replicates, len(mean)), ar, sd))
    counts = rng.poisson(rate * rng.gamma(1 / spread, spread, rate.shape))
    return counts, np.exp(mean + sd**2 / 2), np.exp(bare + sd**2 / 2)


def held(rng, kind, unit, times, after, slope, ar, replicates):
    """One row of the table for a fit."""
    given = {"breaks": [break_of(kind, unit, times, after)], "slope": slope, "time": unit}
    made = fit_trend(frame_of(unit, times), "deaths", cov="model", **given)
    counts, expected, bare = series(rng, made.layout, ar, replicates, unit == "month")
    rows = [one(made, y, expected, bare, slope and kind == "step") for y in counts]
    cell = {"what": kind, "unit": unit, "times": times, "after": after, "slope": slope, "ar": ar}
    return cell | {"replicates": replicates} | pd.DataFrame(rows).mean().round(4).to_dict()


def one(made, y, expected, bare, slope):
    """Whether each interval of one series holds the truth."""
    layout = replace(made.layout, y=y.astype(float))
    trend = replace(made, layout=layout, cov="jackknife", estimate=estimate(layout, "nb2", "jackknife"))
    tidy = trend.tidy().set_index("term")
    total = trend.excess(n=1000)
    rows = (layout.X[:, layout.broken] != 0).any(axis=1)
    more, recorded = (expected - bare)[rows].sum(), (y - bare)[rows]
    fitted = trend.excess("fitted", n=1000).total.iloc[0]
    return {
        "fallback": trend.method != "jackknife",
        "level": _in(tidy.loc["level[x]"], JUMP),
        "slope_term": _in(tidy.loc["slope[x]"], SLOPE) if slope else np.nan,
        "excess": _in(total.total.iloc[0], recorded.sum()),
        "excess_month": _in(total.table, recorded).mean(),
        "as_expected": _in(total.total.iloc[0], more),
        "fitted": _in(fitted, more),
    }


def _in(found, truth):
    return (found["conf_low"] <= truth) & (truth <= found["conf_high"])


def rates(rng, starts, ar, level, replicates):
    """One row of the table for rates by phase."""
    times = starts[-1]
    breaks = [Break(f"p{i}", pd.Period("2000-01", "M") + start) for i, start in enumerate(starts[:-1])]
    made = fit_trend(frame_of("month", times), "deaths", cov="model", harmonics=0).layout
    t = np.arange(times)
    phase = np.searchsorted(starts[:-1], t, side="right")
    mean = np.log(level) + 0.15 * t / 12 + 0.4 * phase + 0.3 * np.sin(2 * np.pi * t / 12)
    truth = pd.Series(np.exp(mean + 0.4**2 / 2)).groupby(phase).mean().to_numpy()
    rate = np.exp(mean + noise(rng, (replicates, times), ar, 0.4))
    counts = rng.poisson(rate * rng.gamma(1 / 0.3, 0.3, rate.shape)).astype(float)
    inside = np.mean([_in(phases(replace(made, y=y), tuple(breaks)).table, truth) for y in counts], axis=0)
    cell = {"what": f"rates, {len(starts)} phases from {level} a month", "unit": "month", "times": times, "ar": ar}
    return cell | {"replicates": replicates, "rates": inside.mean().round(4), "worst_rate": inside.min().round(4)}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="40 replicates a cell; nothing is written")
    quick = parser.parse_args().quick
    replicates, rows = 40 if quick else 400, []
    for number, cell in enumerate(FITS):
        rows += [held(np.random.default_rng([number, int(10 * ar)]), *cell, ar, replicates) for ar in ARS]
        print(*rows[-1].values(), flush=True)
    for number, starts in enumerate(PHASES):
        for level in (1, 20):
            rng = np.random.default_rng([number, level])
            rows += [rates(rng, starts, ar, level, replicates) for ar in ARS]
    table = pd.DataFrame(rows)
    print(table.to_string(index=False))
    if not quick:
        table.to_csv(RESULT, index=False)


if __name__ == "__main__":
    main()
