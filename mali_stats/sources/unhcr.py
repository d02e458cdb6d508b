"""UNHCR Refugee Population Statistics: population, flows and solutions, as CSV or as pages of the API.

Rows are pairs of a country of origin (coo) and of asylum (coa), each in UNHCR's own letters and in ISO's, which
differ (Germany is GFR and DEU): only the ISO columns are read. The API writes "-" for what is not there, also for
a country that the question did not ask to tell apart.
"""

from __future__ import annotations

from mali_stats.sources.files import Table
from mali_stats.sources.layouts import Layout, absent, match

SOURCE = "unhcr"
LICENCE = "CC BY 4.0"
LAYOUTS = "UNHCR population, flows or solutions"

REQUIRED = {
    "year": ("year",),
    "coo_iso": ("coo_iso", "Country of origin (ISO)"),
    "coa_iso": ("coa_iso", "Country of asylum (ISO)"),
}
#: our name of a figure -> the names it is published under
FIGURES = {
    "refugees": ("refugees", "Refugees under UNHCR's mandate"),
    "asylum_seekers": ("asylum_seekers", "Asylum-seekers"),
    "returned_refugees": ("returned_refugees", "Returned refugees"),
    "idps": ("idps", "IDPs of concern to UNHCR"),
    "returned_idps": ("returned_idps", "Returned IDPs"),
    "stateless": ("stateless", "Stateless persons"),
    "ooc": ("ooc", "Others of concern"),
    "oip": ("oip", "Other people in need of international protection"),
    "hst": ("hst", "Host community"),
    "refugee_like": ("refugee_like",),
    "resettlement": ("resettlement", "Resettlement arrivals"),
    "naturalisation": ("naturalisation",),
}
#: what only one kind of file has
_TELLS = {"population": {"idps", "stateless", "ooc", "hst"}, "solutions": {"resettlement", "naturalisation"}}
_TELLS["flows"] = {"refugee_like"}

#: kind of file -> the figures that it always has (files before 2021 lack the last two of population)
_USUAL = {
    "population": (
        "refugees", "asylum_seekers", "returned_refugees", "idps", "returned_idps", "stateless", "ooc", "oip", "hst",
    ),
    "flows": ("refugees", "asylum_seekers", "refugee_like", "oip"),
    "solutions": ("returned_refugees", "resettlement", "naturalisation", "returned_idps"),
}  # fmt: skip

#: figure -> indicator, group, and the measure in population files; in the others every figure is a flow
MEANS = {
    "refugees": ("refugees", "refugees", "stock"),
    "asylum_seekers": ("asylum_seekers", "asylum-seekers", "stock"),
    "returned_refugees": ("returnees", "returned refugees", "flow"),
    "idps": ("idps", "IDPs", "stock"),
    "returned_idps": ("returnees", "returned IDPs", "flow"),
    "stateless": ("stateless", "stateless persons", "stock"),
    "ooc": ("other_concern", "others of concern", "stock"),
    "oip": ("other_concern", "others in need of international protection", "stock"),
    "hst": ("other_concern", "host community", "stock"),
    "refugee_like": ("refugees", "people in a refugee-like situation", "flow"),
    "resettlement": ("resettled", "resettled refugees", "flow"),
    "naturalisation": ("naturalised", "naturalised refugees", "flow"),
}


def recognise(table: Table) -> tuple[Layout | None, list[str]]:
    """The layout of a file, or None and the columns that are missing for it."""
    columns, missing = match(table, REQUIRED, FIGURES)
    if missing:
        return None, missing
    held = set(columns.values())
    kind = next((kind for kind, tells in _TELLS.items() if tells & held), None)
    if kind is None:
        return None, ["idps (population), refugee_like (flows) or resettlement (solutions)"]
    how = "API page" if table.kind == "json" else "CSV"
    lacking = absent(columns, FIGURES, _USUAL[kind])
    return Layout(SOURCE, f"unhcr {kind}", f"UNHCR {kind}, {how}", LICENCE, columns, lacking), []
