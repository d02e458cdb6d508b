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
    "parse_figure": "clean.figures.figures",
    "sum_figures": "clean.figures.figure_sums",
    "implied_base": "clean.figures.figure_sums",
    "check": "schema",
    "fetch": "sources.fetching",
    # link two records of one war
    "match_events": "clean.links.links",
    # a living record
    "compare_releases": "clean.releases.releases",
    # what is shipped
    "load": "catalog",
    "datasets": "catalog",
    "cite": "catalog",
    "export": "exporting",
    # the panel
    "region_month_panel": "panel",
    "add_population": "panel",
    "add_displacement": "panel",
    # who fought whom
    "family_totals": "panel",
    # trends, and breaks at known dates
    "fit_trend": "models.trends.trend",
    "Break": "models.trends.its",
    # how sure a number is
    "fatality_dist": "models.uncertainty.uncertainty",
    "draw_totals": "models.uncertainty.totals",
    "pool_rubin": "models.uncertainty.pooling",
    "heaping": "models.uncertainty.heaping",
    # how rare a size is
    "fit_tail": "models.severity.severity",
    "exceedance": "models.severity.exceedance",
    # breaks that the data choose
    "find_breaks": "models.breaks.breaks",
    "placebo_its": "models.breaks.placebo",
    # flight
    "fit_lags": "models.displacement.lags",
    "stock_to_flow": "models.displacement.stocks",
    "interpolate_stock": "models.displacement.stocks",
    "stock_flow_ledger": "models.displacement.stocks",
    # forecasts and alarms
    "baseline_draws": "models.forecasts.forecast",
    "score_draws": "models.forecasts.forecast",
    "rolling_origin": "models.forecasts.forecast",
    "flag_months": "models.forecasts.alerts",
    # events that no list has
    "unseen": "models.unseen.unseen",
    # for a busy reader
    "brief": "report.brief",
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
    from mali_stats.catalog import cite as cite
    from mali_stats.catalog import datasets as datasets
    from mali_stats.catalog import load as load
    from mali_stats.clean.displacement import read_displacement as read_displacement
    from mali_stats.clean.events import read_events as read_events
    from mali_stats.clean.figures.figure_sums import implied_base as implied_base
    from mali_stats.clean.figures.figure_sums import sum_figures as sum_figures
    from mali_stats.clean.figures.figures import parse_figure as parse_figure
    from mali_stats.clean.links.links import match_events as match_events
    from mali_stats.clean.releases.releases import compare_releases as compare_releases
    from mali_stats.exporting import export as export
    from mali_stats.models.breaks.breaks import find_breaks as find_breaks
    from mali_stats.models.breaks.placebo import placebo_its as placebo_its
    from mali_stats.models.displacement.lags import fit_lags as fit_lags
    from mali_stats.models.displacement.stocks import interpolate_stock as interpolate_stock
    from mali_stats.models.displacement.stocks import stock_flow_ledger as stock_flow_ledger
    from mali_stats.models.displacement.stocks import stock_to_flow as stock_to_flow
    from mali_stats.models.forecasts.alerts import flag_months as flag_months
    from mali_stats.models.forecasts.forecast import baseline_draws as baseline_draws
    from mali_stats.models.forecasts.forecast import rolling_origin as rolling_origin
    from mali_stats.models.forecasts.forecast import score_draws as score_draws
    from mali_stats.models.severity.exceedance import exceedance as exceedance
    from mali_stats.models.severity.severity import fit_tail as fit_tail
    from mali_stats.models.trends.its import Break as Break
    from mali_stats.models.trends.trend import fit_trend as fit_trend
    from mali_stats.models.uncertainty.heaping import heaping as heaping
    from mali_stats.models.uncertainty.pooling import pool_rubin as pool_rubin
    from mali_stats.models.uncertainty.totals import draw_totals as draw_totals
    from mali_stats.models.uncertainty.uncertainty import fatality_dist as fatality_dist
    from mali_stats.models.unseen.unseen import unseen as unseen
    from mali_stats.panel import add_displacement as add_displacement
    from mali_stats.panel import add_population as add_population
    from mali_stats.panel import family_totals as family_totals
    from mali_stats.panel import region_month_panel as region_month_panel
    from mali_stats.plots import plot as plot
    from mali_stats.plots import plot_breaks as plot_breaks
    from mali_stats.plots import plot_ccdf as plot_ccdf
    from mali_stats.plots import plot_curve as plot_curve
    from mali_stats.plots import plot_fan as plot_fan
    from mali_stats.plots import plot_fit as plot_fit
    from mali_stats.plots import plot_heatmap as plot_heatmap
    from mali_stats.plots import plot_map as plot_map
    from mali_stats.plots import plot_points as plot_points
    from mali_stats.plots import plot_precision as plot_precision
    from mali_stats.plots import plot_series as plot_series
    from mali_stats.plots import set_theme as set_theme
    from mali_stats.report.brief import brief as brief
    from mali_stats.schema import check as check
    from mali_stats.sources.fetching import fetch as fetch

if not TYPE_CHECKING:  # a type checker is to see the names above and no others

    def __getattr__(name: str) -> object:
        if name not in _WHERE:
            raise AttributeError(f"mali_stats has no {name!r}; it has {', '.join(_WHERE)}.")
        value = getattr(importlib.import_module(f"mali_stats.{_WHERE[name]}"), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted(__all__)
