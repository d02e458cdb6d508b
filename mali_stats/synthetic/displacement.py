"""Made-up files of displacement: UNHCR, IDMC, IOM DTM, HDX HAPI."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from typing import Any

import numpy as np

from mali_stats.synthetic.made import Made, csv_text

_NAMES = {"MLI": "Mali", "MRT": "Mauritania", "BFA": "Burkina Faso", "NER": "Niger", "DEU": "Germany"}
#: UNHCR's own letters, where they are not ISO's
_LETTERS = {"MRT": "MAU", "BFA": "BKF", "NER": "NGR", "DEU": "GFR"}
_REGIONS = {"ML05": "Mopti", "ML06": "Tombouctou", "ML07": "Gao"}


# ---- UNHCR -------------------------------------------------------------------------------------------------


def _pair(year: int, origin: str, asylum: str) -> dict:
    row: dict = {"year": year}
    for role, code in (("coo", origin), ("coa", asylum)):
        row |= {f"{role}_name": _NAMES[code], role: _LETTERS.get(code, code), f"{role}_iso": code}
    return row


def unhcr_population(seed: int = 0, years: range = range(2019, 2025)) -> Made:
    """Population figures as CSV: refugees from Mali in four countries, IDPs as the row of Mali in Mali.

    Planted: zeros, a column without any figure (oip), UNHCR's own letters for Germany.
    """
    random = np.random.default_rng(seed)
    rows: list[Any] = []
    refugees: dict[Any, Any] = {}
    idps: dict[Any, Any] = {}
    for year in years:
        for asylum in ("MRT", "BFA", "NER", "DEU", "MLI"):
            home = asylum == "MLI"
            count = 0 if home else int(random.integers(0, 90_000))
            displaced = int(random.integers(100_000, 400_000)) if home else 0
            refugees[year] = refugees.get(year, 0) + count
            idps[year] = displaced
            rows.append(_pair(year, "MLI", asylum) | {
                "refugees": count, "asylum_seekers": 0 if home else int(random.integers(0, 900)),
                "returned_refugees": 0, "idps": displaced, "returned_idps": 1000 if home else 0,
                "stateless": 0, "ooc": 0, "oip": "", "hst": 0,
            })  # fmt: skip
    truth = {"refugees": refugees, "idps": idps, "cells": 9 * len(rows), "empty": len(rows)}
    truth["nobody"] = len(years) * (4 * 2 + 3)  # zeros of IDPs abroad, of refugees at home
    return Made("population.csv", csv_text(rows, quoting=csv.QUOTE_NONNUMERIC), truth)


def unhcr_api(seed: int = 0, year: int = 2023) -> Made:
    """One page of the API: numbers as numbers, zeros as "0", what is not there as "-", a mid-year row.

    The last record adds up all countries of asylum and must not be added to the others.
    """
    random = np.random.default_rng(seed)
    items, total = [], 0
    for asylum in ("MRT", "NER"):
        count = int(random.integers(1, 90_000))
        total += count
        items.append(_pair(year, "MLI", asylum) | {"coo_id": 1, "coa_id": 2, "refugees": count, "asylum_seekers": "0"})
    items.append(_pair(year, "MLI", "MRT") | {"year": f"{year}-06-30", "refugees": 11, "asylum_seekers": "-"})
    items.append(_pair(year, "MLI", "MLI") | {
        "coa_name": "-", "coa": "-", "coa_iso": "-", "refugees": total, "asylum_seekers": "0", "idps": 1234,
    })  # fmt: skip
    absent = dict.fromkeys(("idps", "returned_refugees", "returned_idps", "stateless", "ooc", "oip", "hst"), "-")
    page = {"page": 1, "short-url": "", "maxPages": 1, "total": [], "items": [absent | item for item in items]}
    return Made("population.json", json.dumps(page), {"refugees": total, "idps": 1234})


def unhcr_flows(seed: int = 0) -> Made:
    """New recognitions and applications of the year; empty where there is none."""
    random = np.random.default_rng(seed)
    rows = [
        _pair(year, "MLI", asylum) | {"refugees": int(random.integers(1, 9000)) if asylum == "MRT" else "",
                                      "asylum_seekers": int(random.integers(1, 900)), "refugee_like": "", "oip": ""}
        for year in (2022, 2023) for asylum in ("MRT", "DEU")
    ]  # fmt: skip
    return Made("asylum.csv", csv_text(rows), {"refugees": sum(int(r["refugees"] or 0) for r in rows)})


def unhcr_solutions(seed: int = 0) -> Made:
    """Returns, resettlement and naturalisation of the year."""
    random = np.random.default_rng(seed)
    rows = [
        _pair(2023, "MLI", asylum) | {"returned_refugees": int(random.integers(1, 900)), "resettlement": settled,
                                      "naturalisation": "", "returned_idps": ""}
        for asylum, settled in (("MRT", ""), ("DEU", 5))
    ]  # fmt: skip
    return Made("solutions.csv", csv_text(rows), {"returned_refugees": sum(r["returned_refugees"] for r in rows)})


# ---- IDMC --------------------------------------------------------------------------------------------------


def gidd(seed: int = 0, years: range = range(2014, 2020)) -> Made:
    """The yearly figures with an HXL row; a flow that was not published is printed 0, and rounded copies follow."""
    random = np.random.default_rng(seed)
    rows: list[Any] = []
    exits: dict[Any, Any] = {}
    before: Any = None
    for year in years:
        new = 0 if year == years[1] else int(random.integers(1000, 200_000))
        stock = int(random.integers(30_000, 60_000)) + new
        exits[year] = before + new - stock if before is not None and new else None
        before = stock
        rows.append({"iso3": "MLI", "country_name": "Mali", "year": year, "new_displacement": new,
                     "new_displacement_rounded": round(new, -2), "total_displacement": stock,
                     "total_displacement_rounded": round(stock, -3)})  # fmt: skip
    tags = {"iso3": "#country+code", "year": "#date+year", "new_displacement": "#affected+idps+new",
            "total_displacement": "#affected+idps+ind"}  # fmt: skip
    return Made("idmc_gidd.csv", csv_text(rows, tags), {"exits": exits, "unpublished": years[1]})


def idu(seed: int = 0) -> Made:
    """Reports of three events: one recommended beside older reports, one triangulated in two places, one of households.

    ``truth["people"]`` is what counts once: the recommended figure, and the newest report of each place.
    """
    random = np.random.default_rng(seed)
    first, second, third = (int(n) for n in random.integers(100, 5000, 3))
    report = {
        "country": "Mali", "iso3": "MLI", "latitude": 14.5, "longitude": -4.1, "centroid": "[14.5, -4.1]",
        "displacement_type": "Conflict", "qualifier": "total", "displacement_date": "2023-08-12",
        "displacement_start_date": "2023-08-10", "displacement_end_date": "2023-08-12", "year": 2023,
        "event_name": "a made-up event", "created_at": "2023-08-20T10:00:00",
    }  # fmt: skip
    rows = [
        {"id": 1, **report, "role": "Recommended figure", "figure": first, "event_id": 71, "qualifier": "more than"},
        {"id": 2, **report, "role": "Triangulation", "figure": 99_999, "event_id": 71},
        {"id": 3, **report, "role": "Triangulation", "figure": 7, "event_id": 72, "created_at": "2023-08-15T08:00:00"},
        {"id": 4, **report, "role": "Triangulation", "figure": second, "event_id": 72},
        {"id": 5, **report, "role": "Triangulation", "figure": third, "event_id": 72, "latitude": 16.2},
        {"id": 6, **report, "role": "Recommended figure", "figure": 250, "event_id": 73, "unit": "Household",
         "qualifier": "approximately"},
    ]  # fmt: skip
    rows = [{"unit": "Person"} | row for row in rows]
    return Made("idus_view_flat.json", json.dumps(rows), {"people": first + second + third, "households": 250})


# ---- IOM DTM -----------------------------------------------------------------------------------------------


def _rounds(seed: int) -> tuple[list[dict], int]:
    random = np.random.default_rng(seed)
    rows: list[Any] = []
    latest = 0
    for number, day in ((11, "2023-04-30"), (12, "2023-09-30")):
        for i, (code, name) in enumerate(_REGIONS.items()):
            for origin in ("Mopti", "Gao"):
                count = int(random.integers(100, 9000))
                latest += count * (number == 12)
                for kind in ("BA", "SA"):
                    rows.append({
                        "id": len(rows), "operation": "Displacement due to conflict", "admin0Name": "Mali",
                        "admin0Pcode": "MLI", "admin1Name": name.upper() if i == 0 else name, "admin1Pcode": code,
                        "numPresentIdpInd": count, "reportingDate": f"{day}T00:00:00",
                        "yearReportingDate": int(day[:4]), "monthReportingDate": int(day[5:7]), "roundNumber": number,
                        "assessmentType": kind,
                        "idpOriginAdmin1Name": origin, "operationStatus": "Active",
                    })  # fmt: skip
    return rows, latest


def dtm_v3(seed: int = 0) -> Made:
    """An answer of the API: two rounds, every figure under both assessment types."""
    rows, latest = _rounds(seed)
    page = {"isSuccess": True, "result": rows, "errorMessages": []}
    return Made("dtm_admin1.json", json.dumps(page), {"latest": latest, "figures": len(_REGIONS) * 2, "rounds": 2})


def dtm_v3_csv(seed: int = 0) -> Made:
    """The same as CSV with a row of HXL tags, as HDX passes it on."""
    rows, latest = _rounds(seed)
    tags = {"admin0Pcode": "#adm0+code", "numPresentIdpInd": "#affected+idps", "reportingDate": "#date+reported"}
    return Made("dtm_admin1.csv", csv_text(rows, tags), {"latest": latest, "figures": len(_REGIONS) * 2, "rounds": 2})


def dtm_sheet(seed: int = 0) -> Made:
    """A sheet of a mission, saved as CSV: drifting headers, dates in words, spellings, three styles of p-codes.

    Two sites of a cercle bear the same count and are not one. ``truth`` has people and households.
    """
    random = np.random.default_rng(seed)
    counts = [int(n) for n in random.integers(10, 900, 4)]
    places = [("Kayes", "MLI0101", "Site A"), ("KaYes", "MLI0103", "Site B"), ("KAYES", "MLI001001", "Site C"),
              ("Tombouctou region", "MLI0601", "Site D"), ("Tombouctou region", "MLI0601", "Site E")]  # fmt: skip
    counts.append(counts[-1])
    rows = [
        {"Region": name, "Admin2 Pcode": code, "Site": site, "Date": "30 avril 2023",
         "Total No# of IDPs HH#": n // 6, "Total No# of IDPs Ind#": f"{n:,}"}
        for (name, code, site), n in zip(places, counts, strict=True)
    ]  # fmt: skip
    truth = {"people": sum(counts), "households": sum(n // 6 for n in counts), "rows": rows}
    return Made("dtm_mali_round_11.csv", csv_text(rows), truth)


# ---- HDX HAPI ----------------------------------------------------------------------------------------------

_PERIOD = {"reference_period_start": "2024-01-01", "reference_period_end": "2024-12-31"}
_TAGS = {"location_code": "#country+code", "population": "#population", "reference_period_start": "#date+start"}


def _hapi_place(code: str | None = None) -> dict:
    return {
        "location_code": "MLI", "has_hrp": True, "in_gho": True, "provider_admin1_name": _REGIONS.get(code, ""),
        "admin1_code": code or "", "admin1_name": _REGIONS.get(code, ""), "admin2_code": "", "admin2_name": "",
        "admin_level": 1 if code else 0,
    }  # fmt: skip


def hapi_idps(seed: int = 0) -> Made:
    """Two rounds of DTM as HAPI passes them on."""
    random = np.random.default_rng(seed)
    days = {"reference_period_end": "2024-05-31"}
    rows = [
        _hapi_place(code) | {"operation": "Conflict", "assessment_type": kind, "reporting_round": number,
                             "population": int(random.integers(10, 900)), "reference_period_start": "2024-05-31"} | days
        for number in (8, 9) for code in _REGIONS for kind in ("BA",)
    ]  # fmt: skip
    latest = sum(r["population"] for r in rows if r["reporting_round"] == 9)
    return Made("hdx_hapi_idps_mli.csv", csv_text(rows, _TAGS), {"latest": latest})


def _hapi_people(groups: dict[str, int]) -> list[dict]:
    pair = {"origin_location_code": "MLI", "origin_has_hrp": True, "asylum_location_code": "NER"}
    rows = []
    for group, count in groups.items():
        for gender, age, share in (("all", "all", 1.0), ("f", "0-4", 0.25)):
            rows.append(pair | {"population_group": group, "gender": gender, "age_range": age, "min_age": "",
                                "max_age": "", "population": int(count * share)} | _PERIOD)  # fmt: skip
    return rows


def hapi_refugees(seed: int = 0) -> Made:
    """Refugees with and without age and gender: the parts are in the total already."""
    count = int(np.random.default_rng(seed).integers(100, 9000))
    rows = _hapi_people({"REF": count, "OOC": 40})
    return Made("hdx_hapi_refugees.csv", csv_text(rows, {"population": "#population"}), {"refugees": count})


def hapi_returnees(seed: int = 0) -> Made:
    """Returned refugees, a flow of the year."""
    count = int(np.random.default_rng(seed).integers(100, 9000))
    rows = _hapi_people({"RET": count})
    return Made("hdx_hapi_returnees.csv", csv_text(rows, {"population": "#population"}), {"returnees": count})


def hapi_needs(seed: int = 0) -> Made:
    """Needs by sector and status: adding them up counts people several times."""
    total = int(np.random.default_rng(seed).integers(1_000_000, 8_000_000))
    rows = [
        _hapi_place() | {"category": "", "sector_code": sector, "sector_name": sector, "population_status": status,
                         "population": int(total * share)} | _PERIOD
        for sector, share in (("Intersectoral", 1.0), ("EDU", 0.5), ("SHL", 0.3))
        for status in ("INN", "TGT")
    ]  # fmt: skip
    return Made("hdx_hapi_humanitarian_needs_mli.csv", csv_text(rows, _TAGS), {"in_need": total})


def hapi_food(seed: int = 0) -> Made:
    """Phases of the IPC, of which 3+ holds 3, 4 and 5; a projection that ends ahead."""
    count = int(np.random.default_rng(seed).integers(1000, 900_000))
    rows = [
        _hapi_place("ML05") | {"ipc_phase": phase, "ipc_type": kind, "population_in_phase": n,
                               "population_fraction_in_phase": 0.1} | _PERIOD
        for kind in ("current", "first projection") for phase, n in (("3", count), ("4", 50), ("3+", count + 50))
    ]  # fmt: skip
    return Made("hdx_hapi_food_security_mli.csv", csv_text(rows, _TAGS), {"crisis_or_worse": count + 50})


#: every made-up file of displacement by its maker
DISPLACEMENT: dict[str, Callable[..., Made]] = {
    maker.__name__: maker
    for maker in (unhcr_population, unhcr_api, unhcr_flows, unhcr_solutions, gidd, idu, dtm_v3, dtm_v3_csv, dtm_sheet,
                  hapi_idps, hapi_refugees, hapi_returnees, hapi_needs, hapi_food)
}  # fmt: skip
