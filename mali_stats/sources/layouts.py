"""What the readers of displacement files share: a layout, and how columns are told by their names.

Publishers change case, spaces, dots and dashes of a header from file to file, so that names are compared by
their letters and digits alone.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field

from mali_stats.sources.files import Table

#: our name -> the names it is published under
Names = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Layout:
    """How one file names its columns (published -> ours), and whose file it is."""

    source: str
    kind: str
    name: str
    licence: str | None
    columns: dict[str, str] = field(default_factory=dict)


def bare(name: str) -> str:
    """A header's letters, digits and plus signs, without accents and case.

    Examples
    --------
    >>> bare("Total No# of IDPs Ind#"), bare("coo_iso"), bare("Région")
    ('totalnoofidpsind', 'cooiso', 'region')
    """
    plain = unicodedata.normalize("NFKD", str(name).casefold())
    return re.sub(r"[^a-z0-9+]", "", plain)


def match(table: Table, required: Names, optional: Names) -> tuple[dict[str, str], list[str]]:
    """The file's columns (published -> ours), and what is missing of the required ones."""
    published = {bare(column): column for column in reversed(table.columns)}
    columns: dict[str, str] = {}
    missing: list[str] = []
    for ours, names in {**required, **optional}.items():
        found = next((published[bare(n)] for n in names if bare(n) in published), None)
        if found is not None:
            columns.setdefault(found, ours)
        elif ours in required:
            missing.append(" or ".join(names[:2]))
    return columns, missing
