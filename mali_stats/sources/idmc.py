"""IDMC: the yearly GIDD (stock and flow), and the IDU (single reports of events, provisional).

The terms are for non-commercial use: single figures are quoted, no file is shipped.
"""

from __future__ import annotations

from mali_stats.sources.files import Table
from mali_stats.sources.layouts import Layout, absent, match

SOURCE, SOURCE_IDU = "idmc", "idmc_idu"
LICENCE = "IDMC terms, non-commercial"
LAYOUTS = "IDMC GIDD or IDU"

GIDD = {
    "iso3": ("iso3",),
    "year": ("year",),
    "new_displacement": ("new_displacement", "conflict_new_displacement", "Conflict Internal Displacements (Raw)"),
    "total_displacement": ("total_displacement", "conflict_total_displacement", "Conflict Stock Displacement (Raw)"),
}
#: Rounded copies of the same figures stand beside them and are not read.
GIDD_OPTIONAL = {"disaster": ("disaster_new_displacement", "Disaster Internal Displacements (Raw)")}

IDU = {
    "id": ("id",), "iso3": ("iso3",), "role": ("role",), "displacement_type": ("displacement_type",),
    "figure": ("figure",), "start": ("displacement_start_date",), "end": ("displacement_end_date",),
    "event_id": ("event_id",), "created_at": ("created_at",),
}  # fmt: skip
IDU_OPTIONAL = {
    "qualifier": ("qualifier",), "date": ("displacement_date",), "latitude": ("latitude",),
    "longitude": ("longitude",), "place": ("locations_name", "location_name"),
    "unit": ("unit", "figure_unit"), "text": ("standard_info_text", "standard_popup_text"),
}  # fmt: skip
_USUAL = ("qualifier", "latitude", "longitude")
RECOMMENDED, TRIANGULATION = "Recommended figure", "Triangulation"
#: qualifier -> which of low, best and high the printed number stands for
QUALIFIERS = {
    "total": ("low", "best", "high"), "exact": ("low", "best", "high"),
    "approximately": ("best",), "more than": ("low", "best"), "less than": ("best", "high"),
}  # fmt: skip


def recognise(table: Table) -> tuple[Layout | None, list[str]]:
    """The layout of a file, or None and the columns that are missing for the nearer of the two."""
    columns, without = match(table, IDU, IDU_OPTIONAL)
    if not without:
        # Whether a figure is of people or of households stands in a column, or in the sentence beside it.
        usual = _USUAL if {"unit", "text"} & set(columns.values()) else (*_USUAL, "text")
        return Layout(SOURCE_IDU, "idu", "IDMC IDU", LICENCE, columns, absent(columns, IDU_OPTIONAL, usual)), []
    columns, missing = match(table, GIDD, GIDD_OPTIONAL)
    if not missing:
        return Layout(SOURCE, "gidd", "IDMC GIDD", LICENCE, columns), []
    return None, min(missing, without, key=len)
