"""The panel: regions by months, with zero told from out of scope, and what is joined to it."""

from mali_stats.panel.displacement import add_displacement
from mali_stats.panel.families import family_totals
from mali_stats.panel.grid import region_month_panel
from mali_stats.panel.population import add_population

__all__ = ["add_displacement", "add_population", "family_totals", "region_month_panel"]
