"""IOM DTM: answers of the API v3 (JSON or CSV), and the sheets of the missions, whose headers drift.

No file may be passed on; published totals may be quoted.
"""

from __future__ import annotations

from mali_stats.sources.files import Table
from mali_stats.sources.layouts import Layout, absent, match

SOURCE = "iom_dtm"
LICENCE = "IOM DTM, no redistribution"
LAYOUTS = "IOM DTM v3 or a DTM sheet"

V3 = {
    "country": ("admin0Pcode",), "idps": ("numPresentIdpInd",), "date": ("reportingDate",),
}  # fmt: skip
V3_OPTIONAL = {
    "operation": ("operation",), "round": ("roundNumber",), "assessment": ("assessmentType",),
    "admin1_name": ("admin1Name",), "admin1": ("admin1Pcode",), "admin2_name": ("admin2Name",),
    "admin2": ("admin2Pcode",), "origin": ("idpOriginAdmin1Name", "idpOriginAdmin1Pcode"),
    "reason": ("displacementReason",), "sites": ("assessedIdpPresenceLocations",),
}  # fmt: skip

#: by which the rounds and the double counts are told
_USUAL = ("operation", "round", "assessment")

SHEET = {
    "idps": ("Total No# of IDPs Ind#", "Total No of IDPs Individuals", "Total IDPs", "IDP individuals", "IDPs Ind",
             "Number of IDPs", "Nombre total de PDI", "PDI Individus", "Total PDI Ind", "Nombre de PDI"),
    "date": ("Date", "Reporting Date", "Survey Date", "Assessment Date", "Date of assessment", "Date de collecte",
             "Date d'évaluation", "As of"),
    "admin1_name": ("Region", "Admin1", "Admin1 Name", "Adm1 Name", "Région", "Region name", "Admin 1"),
}  # fmt: skip
SHEET_OPTIONAL = {
    "households": ("Total No# of IDPs HH#", "Total No# of IDPs Hhs#", "Total No of IDPs Households", "IDP households",
                   "IDPs HH", "Nombre de ménages PDI", "PDI Ménages", "Total PDI HH"),
    "country": ("Country code", "ISO3", "Admin0 Pcode", "Admin0", "Country", "Pays"),
    "admin1": ("Admin1 Pcode", "Adm1 Pcode", "Region Pcode", "Region code", "Admin1 code", "Code région"),
    "admin2_name": ("Cercle", "Admin2", "Admin2 Name", "Adm2 Name", "Admin 2"),
    "admin2": ("Admin2 Pcode", "Adm2 Pcode", "Cercle Pcode", "Cercle code", "Admin2 code", "Code cercle"),
    "round": ("Round", "Round number", "roundNumber"), "operation": ("Operation",),
    "assessment": ("Assessment type",),
}  # fmt: skip


def recognise(table: Table) -> tuple[Layout | None, list[str]]:
    """The layout of a file, or None and the columns that are missing for the nearer of the two."""
    columns, without = match(table, V3, V3_OPTIONAL)
    if not without:
        lacking = absent(columns, V3_OPTIONAL, _USUAL)
        return Layout(SOURCE, "dtm v3", f"IOM DTM v3, {table.kind}", LICENCE, columns, lacking), []
    columns, missing = match(table, SHEET, SHEET_OPTIONAL)
    if not missing:
        return Layout(SOURCE, "dtm sheet", f"IOM DTM sheet, {table.kind}", LICENCE, columns), []
    return None, min(missing, without, key=len)
