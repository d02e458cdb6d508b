"""How often the rules of `flag_months` raise an alarm where nothing ever changes.

    python benchmarks/alert_rates.py

Counts are independent from month to month (day to day for "hdx"), negative binomial of the same mean throughout, with
alpha 0.6, about what Mali's months have, or Poisson. "hdx" counts alarms a year (flagged days less than 30 days apart
are one), with the floor at 1; the others give the share of tested months that are flagged.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

import mali_stats as ms

MONTHS, SERIES = 138, 200
DAYS, DAILY_SERIES = 4000, 40
RESULT = Path(__file__).parent / "results" / "alert_rates.csv"
RULES = [
    ("farrington", {}, 0.01),
    ("farrington", {"reweight": False}, 0.01),
    ("ears_c1", {}, 0.001),
    ("ears_c2", {}, 0.001),
]


def counts(rng, mean, alpha, size):
    if not alpha:
        return rng.poisson(mean, size)
    return rng.poisson(mean * rng.gamma(1 / alpha, alpha, size))


def monthly(mean, alpha):
    """Share of months flagged by each rule."""
    rng = np.random.default_rng([mean, int(10 * alpha)])
    months = pd.period_range("2000-01", periods=MONTHS, freq="M")
    frame = pd.concat(
        [pd.DataFrame({"region": f"{i:03d}", "month": months, "deaths_best": counts(rng, mean, alpha, MONTHS)})
         for i in range(SERIES)]
    )  # fmt: skip
    for method, options, nominal in RULES:
        table = ms.flag_months(frame, method, **options).tidy()
        tested = table[table["level"].notna()]
        yield {
            "method": method, "options": str(options or ""), "mean": mean, "alpha": alpha, "nominal": nominal,
            "share_flagged": tested["flagged"].mean(), "tested": len(tested),
        }  # fmt: skip


def daily(mean, alpha):
    """Alarms a year by "hdx"."""
    rng = np.random.default_rng([mean, int(10 * alpha)])
    days = pd.date_range("2000-01-01", periods=DAYS)
    frame = pd.concat(
        [pd.DataFrame({"region": f"{i:03d}", "month": days, "deaths_best": counts(rng, mean, alpha, DAYS)})
         for i in range(DAILY_SERIES)]
    )  # fmt: skip
    card = ms.flag_months(frame, "hdx", floor=1).backtest().iloc[-1]
    rate = card["alarms"] / card["tested"] * 365.25
    cell = {"method": "hdx", "options": "", "mean": mean, "alpha": alpha}
    return cell | {"alarms_a_year": rate, "tested": card["tested"]}


def main():
    rows = [row for mean in (5, 60) for alpha in (0.0, 0.6) for row in monthly(mean, alpha)]
    rows += [daily(2, alpha) for alpha in (0.0, 4.0)]
    table = pd.DataFrame(rows).round(4)
    print(table.to_string(index=False))
    table.to_csv(RESULT, index=False)


if __name__ == "__main__":
    main()
