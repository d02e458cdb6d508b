"""Every public name as a user would write it, held to by `mypy` as under --strict; it is never run.

What a call gives is asserted by type, so that an annotation cannot turn into Any without anybody noticing.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, assert_type

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

import mali_stats as ms
from mali_stats.ledger import Ledger
from mali_stats.models.trends.phases import Phases
from mali_stats.models.trends.trend import Trend


def reading(path: Path) -> pd.DataFrame:
    events, ledger = ms.read_events(path, country="MLI")
    assert_type(events, pd.DataFrame)
    assert_type(ledger, Ledger)
    assert_type(ledger.check().tidy(), pd.DataFrame)
    figures, account = ms.read_displacement(path, rounds="all")
    assert_type(account.notes, list[str])
    said = ms.parse_figure("49 civilians were killed", lang="en")
    total = ms.sum_figures(said, across="group", dedupe=True)
    assert_type(total.best, int | float | None)
    assert_type(ms.implied_base(8.8e6, 17), tuple[float, float, float])
    assert_type(ms.fetch("ucdp", country="MLI", start="2023-01", end=2024, refresh=True), Path)
    matches = ms.match_events(events, events, days=2, km=25.0)
    assert_type(matches.pairs, pd.DataFrame)
    assert_type(ms.compare_releases(events, events).tidy(), pd.DataFrame)
    return ms.check(figures)


def shipped(folder: str) -> None:
    names = ms.datasets()["name"].tolist()
    assert_type(ms.load("region_month"), pd.DataFrame)
    assert_type(ms.cite(*map(str, names), style="bibtex"), str)
    assert_type(ms.export(ms.load("population"), f"{folder}/people.csv", hxl=True), list[Path])
    page = ms.brief("Gao", start="2023-01", end="2023-12", lang="fr")
    assert_type(page.tidy(), pd.DataFrame)
    assert_type(page.notes, list[str])
    assert_type(page.figure(), Axes)
    assert_type(ms.__version__, str)


def panels(events: pd.DataFrame, figures: pd.DataFrame) -> pd.DataFrame:
    panel, ledger = ms.region_month_panel(
        events, start="2012-01", by=["type_of_violence"], coverage=("2012-01", "2023-12")
    )
    assert_type(ledger, Ledger)
    assert_type(ms.family_totals(events, family="state", by=("year",)), pd.DataFrame)
    return ms.add_displacement(ms.add_population(panel, census="households"), figures, spread="days")


def models(panel: pd.DataFrame, events: pd.DataFrame, counts: Sequence[int]) -> None:
    y = panel.set_index("month")["deaths_best"]
    coup = ms.Break("coup", pd.Timestamp("2020-08-18"), kind="step")
    fit = ms.fit_trend(panel, "deaths_best", by="region", breaks=[coup, "2022-08"])
    assert_type(fit, Trend | Phases)
    assert_type(
        ms.fatality_dist([1, 12], "state-based", model="vesco").ppf(0.5), np.ndarray[tuple[Any, ...], np.dtype[Any]]
    )
    draws = ms.draw_totals(events, events["date_start"].dt.year, shared_sd=0.2, n=100)
    assert_type(draws.tidy(), pd.DataFrame)
    assert_type(ms.pool_rubin([0.1, 0.2], [0.1, 0.1], n=100, k=3), pd.DataFrame)
    assert_type(ms.heaping(counts, convention="ucdp"), pd.DataFrame)
    tail = ms.fit_tail(counts, xmin=10, n_boot=100)
    assert_type(tail.tidy(), pd.DataFrame)
    assert_type(ms.exceedance(counts, counts, at=[50, 100], record=range(2012, 2024)), pd.DataFrame)
    assert_type(ms.find_breaks(y, n_boot=99).tidy(), pd.DataFrame)
    assert_type(ms.placebo_its(panel, "deaths_best", coup, family="nb2").tidy(), pd.DataFrame)
    assert_type(ms.fit_lags(panel, "idps", "deaths_best", lags=3).tidy(), pd.DataFrame)
    assert_type(ms.stock_to_flow(panel), pd.DataFrame)
    assert_type(ms.interpolate_stock(panel, max_gap=3), pd.DataFrame)
    assert_type(ms.stock_flow_ledger(panel, start=2015, end="2023-12-31"), pd.DataFrame)
    forecast = ms.baseline_draws(y, 3, n=100)
    assert_type(ms.score_draws([1, 2, 3], forecast), pd.DataFrame)
    assert_type(ms.rolling_origin(y, {"last": "last"}, ["2022-10"], horizon=12, lead=3).tidy(), pd.DataFrame)
    assert_type(ms.flag_months(y, "farrington", alpha=0.01).tidy(), pd.DataFrame)
    assert_type(ms.unseen({"10": 120, "01": 80, "11": 40}).tidy(), pd.DataFrame)


def pictures(panel: pd.DataFrame, result: Trend, ax: Axes) -> list[Axes]:
    assert_type(ms.set_theme(), dict[str, Any])
    return [
        ms.plot(result, source="UCDP GED"),
        ms.plot_series(panel, "deaths", by="region", ax=ax),
        ms.plot_heatmap(panel, freq="year"),
        ms.plot_map(panel, kind="outlines", top=100),
        ms.plot_points(panel, by="source"),
        ms.plot_precision(panel),
        ms.plot_fit(result),
        ms.plot_fan(panel, time="month", by=["region"]),
        ms.plot_ccdf(ms.fit_tail([1, 2, 3]), at=[100]),
        ms.plot_breaks(ms.find_breaks(panel["deaths_best"]), calendar=False),
        ms.plot_curve(panel, along="lag", reference=0.0),
    ]
