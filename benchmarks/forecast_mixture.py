"""How the windows of `baseline_draws(method="mixture")` were chosen, and whether it beats conflictology.

    python benchmarks/forecast_mixture.py

Mali's state-based deaths by month, forecast for a year from the October before. Mixtures of negative binomials with the
moments of the last 3, 6, 12, 24 and 48 months, their shares in quarters: 70 settings. They are compared by mean CRPS,
exact from the distribution function, on the years 2012 to 2017 only; the lowest is the method. It was evaluated on 2018
to 2023 once, after that, beside every other method of `baseline_draws`. Both tables are written to results/.
"""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats

import mali_stats as ms
from mali_stats.models.forecasts.baselines import METHODS, MIXTURE

WINDOWS = (3, 6, 12, 24, 48)
QUARTERS = 4
COUNTS = np.arange(4000)  # where the distribution functions are looked at; the highest month has 492
CHOSEN_ON, EVALUATED_ON = range(2012, 2018), range(2018, 2024)
RESULTS = Path(__file__).parent / "results"


def distribution(months):
    """Probability of every count or fewer: negative binomial with the months' moments."""
    mean, variance = months.mean(), months.var(ddof=1)
    if variance > mean:
        return stats.nbinom.cdf(COUNTS, mean**2 / (variance - mean), mean / variance)
    return stats.poisson.cdf(COUNTS, mean)


def crps_by_year(y, shares):
    """Mean CRPS of each year under each row of shares, (settings, years)."""
    columns = []
    for year in CHOSEN_ON:
        known = y[: f"{year - 1}-10"].to_numpy()
        mixed = shares @ np.array([distribution(known[-w:]) for w in WINDOWS])
        columns.append(np.mean([((mixed - (came <= COUNTS)) ** 2).sum(axis=1) for came in y[f"{year}"]], axis=0))
    return np.column_stack(columns)


def choose(y):
    """All settings with their mean CRPS on the years they are chosen on, the lowest first."""
    quarters = [c for c in itertools.product(range(QUARTERS + 1), repeat=len(WINDOWS)) if sum(c) == QUARTERS]
    shares = np.array(quarters) / QUARTERS
    table = pd.DataFrame(shares, columns=[f"months_{w}" for w in WINDOWS])
    return table.assign(crps=crps_by_year(y, shares).mean(axis=1)).sort_values("crps", ignore_index=True).round(4)


def evaluate(y):
    """The scorecards of all methods, on the years chosen on and those evaluated on."""
    parts = []
    for years in (CHOSEN_ON, EVALUATED_ON):
        cutoffs = [f"{year - 1}-10" for year in years]
        result = ms.rolling_origin(y, {name: name for name in METHODS}, cutoffs, horizon=12, lead=3)
        parts.append(result.scorecard().assign(years=f"{years[0]}-{years[-1]}"))
    return pd.concat(parts, ignore_index=True).round(4)


def main():
    y = ms.load("state_based_month").set_index("month")["deaths_best"].astype(int)
    settings = choose(y)
    chosen = {int(name.split("_")[1]) / 12: share for name, share in settings.iloc[0, :-1].items() if share}
    print(settings.head(5).to_string(index=False))
    print("chosen:", chosen, "in the library:", MIXTURE)
    assert chosen == MIXTURE
    scores = evaluate(y)
    print(scores.to_string(index=False))
    RESULTS.mkdir(exist_ok=True)
    settings.to_csv(RESULTS / "forecast_mixture_settings.csv", index=False)
    scores.to_csv(RESULTS / "forecast_mixture.csv", index=False)


if __name__ == "__main__":
    main()
