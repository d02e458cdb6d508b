"""The human cost of the war in Mali: events cleaned with an account of every row, panels, honest trends.

``import mali_stats as ms``; the names below are all there is to know.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

__version__ = "0.1.0"

#: public name -> module; imported when first used, so that ``import mali_stats`` stays as quick as pandas.
_WHERE = {
    # read and clean
    "read_events": "clean.events",
    "read_displacement": "clean.displacement",
    "parse_figure": "clean.figures",
    "sum_figures": "clean.figure_sums",
    "implied_base": "clean.figure_sums",
    "check": "schema",
    "fetch": "sources.fetching",
    # link two records of one war
    "match_events": "clean.links",
    # a living record
    "compare_releases": "clean.releases",
    # what is shipped
    "load": "catalog",
    "datasets": "catalog",
    "cite": "catalog",
    "export": "exporting",
    # the panel
    "region_month_panel": "panel",
    "add_population": "panel",
    "add_displacement": "panel",
    # who
    "family_totals": "panel",
    # models
    "fit_trend": "models.trend",
    "Break": "models.its",
    "fatality_dist": "models.uncertainty",
    "draw_totals": "models.totals",
    "pool_rubin": "models.pooling",
    "heaping": "models.heaping",
    "fit_tail": "models.severity",
    "exceedance": "models.exceedance",
    "find_breaks": "models.breaks",
    "placebo_its": "models.placebo",
    "fit_lags": "models.lags",
    "stock_to_flow": "models.stocks",
    "interpolate_stock": "models.stocks",
    "stock_flow_ledger": "models.stocks",
    "baseline_draws": "models.forecast",
    "score_draws": "models.forecast",
    "rolling_origin": "models.forecast",
    "flag_months": "models.alerts",
    # for a busy reader
    "brief": "report.brief",
    "unseen": "models.unseen",
    # plots
    "plot": "plots",
    "plot_series": "plots",
    "plot_heatmap": "plots",
    "plot_map": "plots",
    "plot_points": "plots",
    "plot_precision": "plots",
    "plot_fit": "plots",
    "plot_fan": "plots",
    "plot_ccdf": "plots",
    "plot_breaks": "plots",
    "plot_curve": "plots",
    "set_theme": "plots",
}
__all__ = [*_WHERE, "__version__"]

if TYPE_CHECKING:
    from mali_stats.catalog import cite, datasets, load
    from mali_stats.clean.displacement import read_displacement
    from mali_stats.clean.events import read_events
    from mali_stats.clean.figure_sums import implied_base, sum_figures
    from mali_stats.clean.figures import parse_figure
    from mali_stats.clean.links import match_events
    from mali_stats.clean.releases import compare_releases
    from mali_stats.exporting import export
    from mali_stats.models.alerts import flag_months
    from mali_stats.models.breaks import find_breaks
    from mali_stats.models.exceedance import exceedance
    from mali_stats.models.forecast import baseline_draws, rolling_origin, score_draws
    from mali_stats.models.heaping import heaping
    from mali_stats.models.its import Break
    from mali_stats.models.lags import fit_lags
    from mali_stats.models.placebo import placebo_its
    from mali_stats.models.pooling import pool_rubin
    from mali_stats.models.severity import fit_tail
    from mali_stats.models.stocks import interpolate_stock, stock_flow_ledger, stock_to_flow
    from mali_stats.models.totals import draw_totals
    from mali_stats.models.trend import fit_trend
    from mali_stats.models.uncertainty import fatality_dist
    from mali_stats.models.unseen import unseen
    from mali_stats.panel import add_displacement, add_population, family_totals, region_month_panel
    from mali_stats.plots import (
        plot,
        plot_breaks,
        plot_ccdf,
        plot_curve,
        plot_fan,
        plot_fit,
        plot_heatmap,
        plot_map,
        plot_points,
        plot_precision,
        plot_series,
        set_theme,
    )
    from mali_stats.report.brief import brief
    from mali_stats.schema import check
    from mali_stats.sources.fetching import fetch


def __getattr__(name: str):
    if name not in _WHERE:
        raise AttributeError(f"mali_stats has no {name!r}; it has {', '.join(_WHERE)}.")
    value = getattr(importlib.import_module(f"mali_stats.{_WHERE[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
