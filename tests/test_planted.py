"""The planted panel: valid tables, one seed one panel, and the truth as it is told."""

import numpy as np
import pandas as pd
import pytest

import mali_stats as ms
from mali_stats.synthetic.planted import COEFFICIENTS, planted_panel


@pytest.fixture(scope="module")
def made():
    return planted_panel(seed=4)


def test_the_tables_are_valid_and_cover_each_other(made):
    assert ms.check(made.panel) is made.panel and ms.check(made.figures) is made.figures
    assert len(made.panel) == len(made.figures) == 10 * 96
    keys = made.figures.rename(columns={"admin1": "region", "period_start": "month"})[["region", "month"]]
    pd.testing.assert_frame_equal(keys, made.panel[["region", "month"]])
    assert made.figures["period_end"].eq(made.figures["period_start"] + pd.offsets.MonthEnd(0)).all()


def test_deaths_are_of_one_piece(made):
    panel = made.panel
    parts = panel[["deaths_a", "deaths_b", "deaths_civilians", "deaths_unknown"]].sum(axis=1)
    assert parts.eq(panel["deaths_best"]).all()
    assert panel["deaths_low"].le(panel["deaths_best"]).all() and panel["deaths_best"].le(panel["deaths_high"]).all()
    assert panel["deaths_best"].gt(0).eq(panel["events"].gt(0)).all()
    totals = panel.groupby("region")["deaths_best"].sum()
    assert totals.max() > 20 * totals.min()  # regions are as unequal as Mali's


def test_one_seed_one_panel(made):
    again, other = planted_panel(seed=4), planted_panel(seed=5)
    pd.testing.assert_frame_equal(again.panel, made.panel)
    pd.testing.assert_frame_equal(again.figures, made.figures)
    assert not other.figures["best"].equals(made.figures["best"])


def test_the_lags_are_where_they_are_said_to_be():
    """Without shocks that are anybody's guess the log of the flow follows log deaths at the planted lag alone."""
    late = planted_panel((0, 0, 0, 2.0), months=400, dispersion=1e-6, seed=1)
    log = np.log1p(late.panel["deaths_best"].astype(float)).groupby(late.panel["region"])
    flow = np.log1p(late.figures["best"].astype(float))
    correlation = {lag: flow.corr(log.shift(lag)) for lag in (-3, 0, 2, 3, 4)}
    assert max(correlation, key=correlation.get) == 3
    ahead = planted_panel((0.0,), lead=2.0, months=400, dispersion=1e-6, seed=1)
    flow = np.log1p(ahead.figures["best"].astype(float))
    correlation = {lag: flow.corr(log.shift(lag)) for lag in (-2, -1, 0, 1)}
    assert max(correlation, key=correlation.get) == -1


def test_what_is_planted_is_told(made):
    assert made.coefficients == COEFFICIENTS and planted_panel((0.1, 0.2), months=5).coefficients == (0.1, 0.2)
    assert planted_panel(months=5, first="2020-03").panel["month"].min() == pd.Timestamp("2020-03-01")
