"""What `fit_tail` and `exceedance` promise, held against simulated records.

    python benchmarks/tail_coverage.py [--quick]

`fit`: whole numbers whose tail is the planted law from 10 on and whose body is even over 1 to 9, four in five
of all; how often the 95 % interval holds the planted parameter with xmin given and with xmin chosen, and how
often the goodness of fit rejects at 5 and 10 %. `rate`: Poisson events in years whose rates are gamma
(coefficient of variation `cv`, mean 130), sizes of three laws whose scale too moves with the year (`scale_sd`,
of its logarithm); how often the intervals of `exceedance` hold the true rate at the sizes reached 0.5, 0.1 and
0.02 times a year. The margin of 400 records at 95 % is two points either way.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import optimize, stats

from mali_stats.models.severity.exceedance import exceedance
from mali_stats.models.severity.laws import Pareto, PowerLaw
from mali_stats.models.severity.severity import fit_tail

RESULT = Path(__file__).parent / "results" / "tail_coverage.csv"
LAWS = {"power law 2.5": PowerLaw(2.5, 10), "gpd 0.2": Pareto(0.2, 15.0, 10), "gpd 0.6": Pareto(0.6, 15.0, 10)}
#: Continuous laws of sizes, rounded down: (survival function, quantile of the upper tail).
SIZES = {
    "gpd 0.2": stats.genpareto(0.2, scale=8),
    "gpd 0.6": stats.genpareto(0.6, scale=4),
    "lognormal": stats.lognorm(1.2, scale=3.5),
}
RATES = (0.5, 0.1, 0.02)


def fits(name, n_tail, replicates, n_boot, seed):
    """Cover the parameters of one law, with xmin given and chosen."""
    law, rng = LAWS[name], np.random.default_rng(seed)
    model = "powerlaw" if isinstance(law, PowerLaw) else "gpd"
    truth = getattr(law, "alpha", None) or law.xi
    for xmin in (10, None):
        found = []
        for _ in range(replicates):
            x = np.concatenate([law.draw(n_tail, rng), rng.integers(1, 10, 4 * n_tail)])
            tail = fit_tail(x, xmin=xmin, model=model, n_boot=n_boot, seed=int(rng.integers(1 << 30)))
            row = tail.tidy().iloc[0]
            found.append((row.estimate, row.conf_low <= truth <= row.conf_high, tail.p_value, tail.n_tail))
        estimate, held, p_value, used = map(np.array, zip(*found, strict=True))
        yield {
            "what": "fit", "law": name, "n_tail": n_tail, "xmin": "given" if xmin else "chosen",
            "bias": estimate.mean() - truth, "covered": held.mean(), "rejected_05": (p_value < 0.05).mean(),
            "rejected_10": (p_value < 0.1).mean(), "used": np.median(used),
        }  # fmt: skip


def rates(name, years, cv, scale_sd, replicates, n_boot, seed):
    """Cover the true rate at three sizes."""
    base, rng = SIZES[name], np.random.default_rng(seed)
    nodes, weights = np.polynomial.hermite_e.hermegauss(31)

    def true_rate(x):
        return 130 * np.average(base.sf(x / np.exp(scale_sd * nodes)), weights=weights)

    at = [int(np.ceil(optimize.brentq(lambda x, r=r: true_rate(x) - r, 1, 1e6))) for r in RATES]
    truth = np.array([true_rate(x) for x in at])
    held = []
    for _ in range(replicates):
        level = rng.gamma(1 / cv**2, cv**2, years) if cv else np.ones(years)
        year = np.repeat(np.arange(years), rng.poisson(130 * level))
        scale = np.exp(scale_sd * rng.normal(size=years))[year]
        sizes = np.floor(scale * base.ppf(rng.random(len(year))))
        seed = int(rng.integers(1 << 30))
        got = exceedance(sizes, year, at, n_boot=n_boot, seed=seed, record=range(years))
        pairs = [(got[f"{kind}_low"] <= truth) & (truth <= got[f"{kind}_high"]) for kind in ("conf", "garwood")]
        held.append(np.column_stack([*pairs, got["rate_per_year"] / truth]))
    for k, rate in enumerate(RATES):
        of = np.array(held)[:, k]
        yield {
            "what": "rate", "law": name, "years": years, "cv": cv, "scale_sd": scale_sd, "rate": rate, "at": at[k],
            "covered": of[:, 0].mean(), "garwood": of[:, 1].mean(), "median_ratio": np.median(of[:, 2]),
        }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a tenth of the records, printed only")
    quick = parser.parse_args().quick
    n = 40 if quick else 400
    rows = [row for name in LAWS for n_tail in (100, 400) for row in fits(name, n_tail, n, 100, 1)]
    settings = [(12, 0.7, 0.0), (25, 0.7, 0.0), (12, 0.0, 0.0), (12, 0.7, 0.3)]
    rows += [row for name in SIZES for setting in settings for row in rates(name, *setting, n, 500, 2)]
    table = pd.DataFrame(rows).round(3).convert_dtypes()
    print(table.to_string(index=False))
    if not quick:
        table.to_csv(RESULT, index=False, lineterminator="\n")


if __name__ == "__main__":
    main()
