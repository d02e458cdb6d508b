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
    # what is shipped
    "load": "catalog",
    "datasets": "catalog",
    "cite": "catalog",
    # the panel
    "region_month_panel": "panel",
    "add_population": "panel",
    "add_displacement": "panel",
    # who
    "family_totals": "panel",
    # models
    "fit_trend": "models.trend",
    "fit_lags": "models.lags",
    "stock_to_flow": "models.stocks",
    "interpolate_stock": "models.stocks",
    "stock_flow_ledger": "models.stocks",
    # plots
    "plot": "plots",
    "plot_series": "plots",
    "plot_heatmap": "plots",
    "plot_map": "plots",
    "plot_points": "plots",
    "plot_precision": "plots",
    "plot_fit": "plots",
    "set_theme": "plots",
}
__all__ = [*_WHERE, "__version__"]

if TYPE_CHECKING:
    from mali_stats.catalog import cite, datasets, load
    from mali_stats.clean.displacement import read_displacement
    from mali_stats.clean.events import read_events
    from mali_stats.clean.figure_sums import implied_base, sum_figures
    from mali_stats.clean.figures import parse_figure
    from mali_stats.models.lags import fit_lags
    from mali_stats.models.stocks import interpolate_stock, stock_flow_ledger, stock_to_flow
    from mali_stats.models.trend import fit_trend
    from mali_stats.panel import add_displacement, add_population, family_totals, region_month_panel
    from mali_stats.plots import (
        plot,
        plot_fit,
        plot_heatmap,
        plot_map,
        plot_points,
        plot_precision,
        plot_series,
        set_theme,
    )
    from mali_stats.schema import check


def __getattr__(name: str):
    if name not in _WHERE:
        raise AttributeError(f"mali_stats has no {name!r}; it has {', '.join(_WHERE)}.")
    value = getattr(importlib.import_module(f"mali_stats.{_WHERE[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
