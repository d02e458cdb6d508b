"""HDX HAPI v2: idps, refugees-persons-of-concern, returnees, humanitarian-needs, food-security.

HAPI passes on what DTM, UNHCR, OCHA and the IPC publish; a figure read here is a copy of theirs. Its CSV files
carry a row of HXL tags under the header.
"""

from __future__ import annotations

from mali_stats.sources.files import Table
from mali_stats.sources.layouts import Layout, absent, match

SOURCE = "hdx_hapi"
LICENCE = "as the dataset on HDX that resource_hdx_id names"
LAYOUTS = "HDX HAPI idps, refugees-persons-of-concern, returnees, humanitarian-needs or food-security"

_PERIOD = {"start": ("reference_period_start",), "end": ("reference_period_end",)}
_PLACE = {"country": ("location_code",), **_PERIOD}
_PLACE_OPTIONAL = {
    "admin1": ("admin1_code",), "admin1_name": ("admin1_name",), "provider_admin1": ("provider_admin1_name",),
    "admin2": ("admin2_code",), "admin2_name": ("admin2_name",), "provider_admin2": ("provider_admin2_name",),
}  # fmt: skip
#: kind -> required columns, optional columns
KINDS = {
    "needs": (
        {"sector": ("sector_code",), "status": ("population_status",), "population": ("population",), **_PLACE},
        {"category": ("category",), **_PLACE_OPTIONAL},
    ),
    "food": (
        {"phase": ("ipc_phase",), "type": ("ipc_type",), "population": ("population_in_phase",), **_PLACE},
        _PLACE_OPTIONAL,
    ),
    "people": (
        {"country": ("origin_location_code",), "asylum_country": ("asylum_location_code",),
         "group": ("population_group",), "population": ("population",), **_PERIOD},
        {"gender": ("gender",), "age": ("age_range",)},
    ),
    "idps": (
        {"round": ("reporting_round",), "assessment": ("assessment_type",), "population": ("population",), **_PLACE},
        {"operation": ("operation",), **_PLACE_OPTIONAL},
    ),
}  # fmt: skip
_TITLES = {
    "needs": "humanitarian-needs", "food": "food-security", "people": "refugees-persons-of-concern or returnees",
    "idps": "idps",
}  # fmt: skip
_EVENTS = {"type": ("event_type",), "events": ("events",), "deaths": ("fatalities",), **_PLACE}

#: population_group -> indicator, group, measure
GROUPS = {
    "REF": ("refugees", "refugees", "stock"),
    "ROC": ("refugees", "people in a refugee-like situation", "stock"),
    "ASY": ("asylum_seekers", "asylum-seekers", "stock"),
    "OIP": ("other_concern", "others in need of international protection", "stock"),
    "IDP": ("idps", "IDPs", "stock"),
    "IOC": ("idps", "IDPs of concern to UNHCR", "stock"),
    "STA": ("stateless", "stateless persons", "stock"),
    "OOC": ("other_concern", "others of concern", "stock"),
    "HCO": ("other_concern", "host community", "stock"),
    "HST": ("other_concern", "host community", "stock"),
    "RET": ("returnees", "returned refugees", "flow"),
    "RDP": ("returnees", "returned IDPs", "flow"),
}


def recognise(table: Table) -> tuple[Layout | None, list[str]]:
    """The layout of a file, or None and the columns that are missing for the nearest.

    Raises
    ------
    ValueError
        for conflict-events, whose three event types overlap: with the way out.
    """
    if not match(table, _EVENTS, {})[1]:
        raise ValueError(
            f"{table.name} is HDX HAPI conflict-events: monthly sums of ACLED whose event types overlap, with no event "
            "in them. Read the source itself: an export of ACLED or a UCDP GED file, with ms.read_events."
        )
    nearest: list[str] | None = None
    for kind, (required, optional) in KINDS.items():
        columns, missing = match(table, required, optional)
        if not missing:
            lacking = absent(columns, optional, [ours for ours in optional if not ours.startswith("provider_")])
            return Layout(SOURCE, kind, f"HDX HAPI {_TITLES[kind]}", LICENCE, columns, lacking), []
        nearest = missing if nearest is None else min(nearest, missing, key=len)
    return None, nearest or []
