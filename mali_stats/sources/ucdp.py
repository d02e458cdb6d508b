"""UCDP Georeferenced Event Dataset: bulk file, web export, HDX copy, API pages.

All four carry the same facts under nearly the same names; which one a file is, its columns tell. Versions since
17.1 are read; the older ones lack some columns, which are then missing in the table.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from mali_stats.sources.files import Table
from mali_stats.sources.layouts import absent, refuse_twice

SOURCE = "ucdp_ged"

#: our name -> the names it is published under (letter case does not matter)
REQUIRED = {
    "id": ("id",), "type_of_violence": ("type_of_violence",), "country_id": ("country_id",),
    "country": ("country",), "dyad_id": ("dyad_new_id",), "dyad": ("dyad_name",),
    "side_a": ("side_a",), "side_b": ("side_b",),
    "where_prec": ("where_prec",), "adm_1": ("adm_1",), "adm_2": ("adm_2",),
    "latitude": ("latitude",), "longitude": ("longitude",),
    "date_prec": ("date_prec",), "date_start": ("date_start",), "date_end": ("date_end",),
    "deaths_a": ("deaths_a",), "deaths_b": ("deaths_b",),
    "deaths_civilians": ("deaths_civilians",), "deaths_unknown": ("deaths_unknown",),
    "deaths_best": ("best", "best_est"), "deaths_high": ("high", "high_est"), "deaths_low": ("low", "low_est"),
}  # fmt: skip
OPTIONAL = {
    "report_id": ("relid",), "active_year": ("active_year",), "code_status": ("code_status",),
    "side_a_id": ("side_a_new_id",), "side_b_id": ("side_b_new_id",), "clarity": ("event_clarity",),
    "n_sources": ("number_of_sources",), "source_office": ("source_office",),
    "source_original": ("source_original",), "source_version": ("source_version", "version"),
}  # fmt: skip
#: columns that are words, also where all of them look like numbers
TEXTS = (
    "country", "dyad", "side_a", "side_b", "adm_1", "adm_2", "report_id", "code_status", "source_office",
    "source_original", "source_version",
)  # fmt: skip
LAYOUTS = "UCDP GED (bulk file since 17.1, web export, HDX copy, API pages)"


@dataclass(frozen=True)
class Layout:
    """How one file names its columns (published -> ours), the order of its dates, and which columns it lacks."""

    name: str
    columns: dict[str, str]
    month_first: bool
    absent: tuple[str, ...] = ()


def recognise(table: Table) -> tuple[Layout | None, list[str]]:
    """The layout of a file, or None and the columns that are missing for it."""
    published = {column.strip().casefold(): column for column in reversed(table.columns)}
    columns, missing = {}, []
    for ours, names in {**REQUIRED, **OPTIONAL}.items():
        here = [c for c in table.columns if c.strip().casefold() in names]
        if len(here) > 1:
            raise ValueError(f"{table.name}: {' and '.join(here)} may both be {ours}; keep one of these columns.")
        found = here[0] if here else None
        if found is not None:
            columns[found] = ours
        elif ours in REQUIRED:
            missing.append(" or ".join(names))
    if missing:
        return None, missing
    refuse_twice(table, columns)
    web = "best_est" in published
    name = (
        "web export" if web else "API page" if table.kind == "json" else "HDX copy" if "iso3" in published else "bulk"
    )
    usual = [ours for ours in OPTIONAL if ours != "source_version"]  # no file of the publisher's names its version
    return Layout(name, columns, web, absent(columns, OPTIONAL, usual)), []


_VERSION = (
    re.compile(r"gedevents?[_/-]v?(\d{2}(?:[._]\d{1,2}){1,3})(?!\d)", re.I),
    re.compile(r"\bged(\d{2})(\d)(?:-|\b)", re.I),
)


def version(hints: list[str]) -> str | None:
    """The version that a file's name or address gives, such as ``25.1`` or ``26.0.8``; None when it gives none.

    Examples
    --------
    >>> version(["GEDEvent_v25_1.csv"]), version(["ged251-csv.zip"]), version(["gedevents-2025-01-31.csv"])
    ('25.1', '25.1', None)
    """
    for hint in hints:
        for pattern in _VERSION:
            if match := pattern.search(hint):
                return ".".join(match.groups()).replace("_", ".")
    return None


#: The first month of the record.
FIRST_MONTH = (1989, 1)


def coverage(source_version: str) -> tuple[tuple[int, int], tuple[int, int]] | None:
    """First and last (year, month) that a version covers; None where its name does not tell.

    The yearly ``25.1`` covers 1989 to 2024, the candidate ``26.0.8`` August 2026, the cumulative ``26.01.26.03``
    January to March 2026.

    Examples
    --------
    >>> coverage("24.1"), coverage("26.0.8")
    (((1989, 1), (2023, 12)), ((2026, 8), (2026, 8)))
    >>> coverage("26.01.26.03")
    ((2026, 1), (2026, 3))
    """
    parts = [int(p) for p in source_version.split(".")] if re.fullmatch(r"\d+(\.\d+)+", source_version) else []
    if len(parts) == 2:
        return FIRST_MONTH, (1999 + parts[0], 12)
    if len(parts) == 3 and 1 <= parts[2] <= 12:
        return (2000 + parts[0], parts[2]), (2000 + parts[0], parts[2])
    if len(parts) == 4 and 1 <= parts[1] <= 12 and 1 <= parts[3] <= 12:
        return (2000 + parts[0], parts[1]), (2000 + parts[2], parts[3])
    return None


def order(source_version: str) -> tuple | None:
    """What versions are ordered by: the end of what they cover, then their numbers; None where that is not known."""
    covered = coverage(source_version)
    return (covered[1], tuple(int(p) for p in source_version.split("."))) if covered else None
