"""What the readers of displacement files share: a layout, and how columns are told by their names.

Publishers change case, spaces, dots and dashes of a header from file to file, so that names are compared by
their letters and digits alone.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import ModuleType

from mali_stats.sources.files import Table

#: our name -> the names it is published under
Names = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Layout:
    """How one file names its columns (published -> ours), and whose file it is.

    ``absent`` are the columns that files of this kind have, and this one has not.
    """

    source: str
    kind: str
    name: str
    licence: str | None
    columns: dict[str, str] = field(default_factory=dict)
    absent: tuple[str, ...] = ()


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
    """The file's columns (published -> ours), and what is missing of the required ones.

    Raises
    ------
    ValueError
        where all that is required is there, and a column that would be read stands twice.
    """
    published = {bare(column): column for column in reversed(table.columns)}
    columns: dict[str, str] = {}
    missing: list[str] = []
    for ours, names in {**required, **optional}.items():
        found = next((published[bare(n)] for n in names if bare(n) in published), None)
        if found is not None:
            columns.setdefault(found, ours)
        elif ours in required:
            missing.append(" or ".join(names[:2]))
    if not missing:
        refuse_twice(table, columns)
    return columns, missing


def elsewhere(table: Table, publishers: Iterable[ModuleType], saved: set[str], reader: str) -> str:
    """What to say where the columns are of ``publishers``, or of a table ``saved`` here, that another reader reads."""
    known = [publisher.LAYOUTS for publisher in publishers if publisher.recognise(table)[0] is not None]
    known += ["a table saved by mali_stats"] * (saved <= {column.strip().casefold() for column in table.columns})
    return f" These are columns of {known[0]}: use {reader}." if known else ""


def refuse_twice(table: Table, columns: dict[str, str]) -> None:
    """Raise where a column that is read (published -> ours) stands twice: which one is meant nobody can tell."""
    wanted = {bare(column): column for column in columns}
    for column in table.columns:
        name = wanted.get(bare(re.sub(r" \(\d+\)$", "", column)))  # the second of a name is numbered on opening
        if name is not None and name != column:
            raise ValueError(f"{table.name}: column {name!r} stands twice (again as {column!r}). Keep one of the two.")


def absent(columns: dict[str, str], optional: Names, usual: Iterable[str]) -> tuple[str, ...]:
    """The published names of the ``usual`` columns that a file lacks, though its layout has them.

    Examples
    --------
    >>> absent({"refugees": "refugees"}, {"refugees": ("refugees",), "idps": ("idps",)}, ("refugees", "idps"))
    ('idps',)
    """
    return tuple(optional[ours][0] for ours in usual if ours not in columns.values())
