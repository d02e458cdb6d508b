"""ACLED (Armed Conflict Location & Event Data): a user's own export, HDX copy, or pages of the API.

ACLED's terms do not allow its rows to be passed on, so that none are shipped: the layouts below are read from the
file of whoever has access. Columns changed in March 2023 (``disorder_type``, ``civilian_targeting`` and ``tags``
came, ``data_id``, ``event_id_no_cnty`` and ``iso3`` went), the codes of kinds of actors from digits to words later;
older files are in upper case. Every one of them is told by its columns.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from mali_stats.sources.files import Table
from mali_stats.sources.layouts import absent, refuse_twice

SOURCE = "acled"

#: our name -> the names it is published under (letter case does not matter)
REQUIRED = {
    "event_id": ("event_id_cnty",), "date_start": ("event_date",), "date_prec": ("time_precision",),
    "event_type": ("event_type",), "side_a": ("actor1",), "side_b": ("actor2",),
    "country": ("country",), "adm_1": ("admin1",), "adm_2": ("admin2",),
    "latitude": ("latitude",), "longitude": ("longitude",), "where_prec": ("geo_precision",),
    "deaths_best": ("fatalities",),
}  # fmt: skip
OPTIONAL = {
    "sub_event_type": ("sub_event_type",), "side_a_kind": ("inter1",), "side_b_kind": ("inter2",),
    "interaction": ("interaction",), "side_a_with": ("assoc_actor_1", "ally_actor_1"),
    "side_b_with": ("assoc_actor_2", "ally_actor_2"), "civilian_targeting": ("civilian_targeting",),
    "iso": ("iso",), "iso3": ("iso3",), "sources": ("source",), "tags": ("tags",), "source_version": ("timestamp",),
}  # fmt: skip
#: columns that are words, also where all of them look like numbers
TEXTS = (
    "event_id", "event_type", "sub_event_type", "side_a", "side_b", "side_a_with", "side_b_with", "country", "adm_1",
    "adm_2", "iso3", "sources", "tags",
)  # fmt: skip
LAYOUTS = "ACLED (export, before and since March 2023, upper case, HDX copy, API pages)"
#: columns that only files since March 2023 have, and the two codes of a country, of which one is enough
_SINCE_2023, _CODES = {"civilian_targeting", "tags"}, {"iso", "iso3"}
#: columns that only files from before March 2023 have
_BEFORE_2023 = {"data_id", "event_id_no_cnty", "iso3"}


@dataclass(frozen=True)
class Layout:
    """How one file names its columns (published -> ours), and which it lacks; no day has the month first."""

    name: str
    columns: dict[str, str]
    month_first: bool = False
    absent: tuple[str, ...] = ()


def recognise(table: Table) -> tuple[Layout | None, list[str]]:
    """The layout of a file, or None and the columns that are missing for it."""
    published = {column.strip().casefold(): column for column in reversed(table.columns)}
    columns, missing = {}, []
    for ours, names in {**REQUIRED, **OPTIONAL}.items():
        found = next((published[name] for name in names if name in published), None)
        if found is not None:
            columns[found] = ours
        elif ours in REQUIRED:
            missing.append(" or ".join(names))
    if missing:
        return None, missing
    refuse_twice(table, columns)
    usual = [ours for ours in OPTIONAL if ours not in (_not_expected(table, published) | _CODES)]
    if not _CODES & set(columns.values()):
        usual.append("iso")
    return Layout(_name(table, published), columns, absent=absent(columns, OPTIONAL, usual)), []


def _not_expected(table: Table, published: dict[str, str]) -> set[str]:
    """The columns that a file of its age cannot have."""
    old = published["event_id_cnty"].strip().isupper() or _BEFORE_2023 & set(published)
    return _SINCE_2023 if old and table.kind != "json" else set()


def _name(table: Table, published: dict[str, str]) -> str:
    if table.kind == "json":
        return "ACLED API page"
    if table.kind == "csv" and table.rows_before == 2:
        return "ACLED, HDX copy"
    if published["event_id_cnty"].strip().isupper():
        return "ACLED export, upper case"
    return "ACLED export, before March 2023" if _BEFORE_2023 & set(published) else "ACLED export"


def timestamp(text: str) -> str:
    """When a row was last changed, as a day and time that sort as text; ACLED gives seconds since 1970 (UTC).

    A file that somebody saved with days and times in their place is read too.

    Examples
    --------
    >>> timestamp("1700000000"), timestamp("2023-11-14 22:13:20")
    ('2023-11-14T22:13:20Z', '2023-11-14T22:13:20Z')
    """
    moment = datetime.fromtimestamp(int(text), UTC) if text.isdigit() else datetime.fromisoformat(text)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def order(source_version: str) -> str:
    """What versions of a row are ordered by: the time at which it was changed."""
    return source_version
