"""What ``read_events`` is given: whose file it is, in which layout, and which country is wanted of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import pandas as pd

from mali_stats import catalog
from mali_stats.clean import actors, places
from mali_stats.clean.row_rules import truth
from mali_stats.clean.values import PLAIN_DAY, PLAIN_NUMBER, Values, count, day, decimal
from mali_stats.schema import DISPLACEMENT, EVENTS, FAMILIES, MORE, checked, typed
from mali_stats.sources import acled, dtm, files, hapi, idmc, ucdp, unhcr
from mali_stats.sources.layouts import elsewhere

#: whose files are read, in the order in which they are tried
_PUBLISHERS: tuple[ModuleType, ...] = (ucdp, acled)
Layout = ucdp.Layout | acled.Layout


@dataclass(frozen=True)
class Form:
    """What a table's columns tell: whose it is and in which layout, or (no publisher) that mali_stats saved it."""

    table: files.Table
    columns: dict[str, str]
    publisher: ModuleType | None = None
    layout: Layout | None = None

    @property
    def version(self) -> str | None:
        """The version that names and addresses tell."""
        return ucdp.version(self.table.hints) if self.publisher is ucdp else None

    def published(self) -> tuple[ModuleType, Layout]:
        """Whose it is and in which layout, where it is known to be no table that mali_stats saved."""
        assert self.publisher is not None and self.layout is not None
        return self.publisher, self.layout


@dataclass
class Part:
    """Published rows whose form is known, as text (columns by our names); the index counts the rows of the file.

    ``where`` is what errors call the rows, where the table's name is not enough.
    """

    form: Form
    raw: pd.DataFrame
    where: str = ""


def form_of(table: files.Table) -> Form:
    """Recognise a table by its columns."""
    own = {name.strip().casefold(): name for name in reversed(table.columns)}
    if set(EVENTS) - set(FAMILIES) <= set(own):
        return Form(table, {own[c]: c for c in _kept(own)})
    publisher, layout = _recognised(table)
    return Form(table, layout.columns, publisher, layout)


def read(table: files.Table) -> Part:
    """All rows of a table; its bytes are let go."""
    form = form_of(table)
    part = Part(form, without_tags(form, table.take(form.columns)))
    table.close()
    return part


def without_tags(form: Form, raw: pd.DataFrame) -> pd.DataFrame:
    """Rows without the HXL tags that may stand first: CSV and JSON are read without them, other tables keep them."""
    if form.table.kind not in ("parquet", "dask") or raw.empty:
        return raw
    filled = raw.iloc[0].dropna()
    return raw.iloc[1:] if len(filled) and filled.str.startswith("#").all() else raw


def _kept(columns) -> dict[str, str | tuple[str, ...]]:
    """The columns of a saved table: those of every events table, and what one publisher gives beside them."""
    wanted = EVENTS | {c: kind for more in MORE.values() for c, kind in more.items()}
    return {c: kind for c, kind in wanted.items() if c in columns}


def _recognised(table: files.Table) -> tuple[ModuleType, Layout]:
    lost = []
    for publisher in _PUBLISHERS:
        layout, missing = publisher.recognise(table)
        if layout is not None:
            return publisher, layout
        lost.append(f"{publisher.LAYOUTS}: missing {', '.join(missing)}")
    shown = ", ".join(table.columns[:12]) + (", ..." if len(table.columns) > 12 else "")
    absent = len(set(EVENTS) - set(table.columns))
    raise ValueError(
        f"{table.name} has no layout that read_events knows. Looked for {'; '.join(lost)}; a table saved by "
        f"mali_stats: missing {absent} of {len(EVENTS)} columns. The file has: {shown}."
        + elsewhere(table, (unhcr, idmc, dtm, hapi), set(DISPLACEMENT), "read_displacement")
    )


def one_publisher(forms: list[Form]) -> ModuleType | None:
    """Whose the files are, None for a table saved by mali_stats; several publishers are refused."""
    if len(forms) > 1 and any(form.publisher is None for form in forms):
        raise ValueError("read_events: tables saved by mali_stats are read one at a time, not as parts of a list.")
    sources = {form.publisher.SOURCE: form.publisher for form in forms if form.publisher is not None}
    if len(sources) > 1:
        raise ValueError(
            f"read_events: the list holds files of {' and '.join(sources)}. Two records of one war are not parts of "
            "one publication: read each by itself, and link them with match_events."
        )
    return forms[0].publisher


# ---- tables that mali_stats saved --------------------------------------------------------------------------


def _one_of(levels: tuple[str, ...]) -> Callable[[str], object]:
    return {level: level for level in levels}.__getitem__


def retyped(part: Part) -> pd.DataFrame:
    """A table saved by mali_stats, held to the kinds of its columns; nothing in it is judged anew."""
    read, name = Values(part.form.table, part.raw, {}), part.form.table.name
    kinds: dict[str, tuple[Callable[[str], object], str]] = {
        "whole": (count, "a whole number of 0 or more, or nothing"),
        "number": (decimal, "a number with a decimal point, or nothing"),
        "date": (day(False), "a day from 1946 to today, YYYY-MM-DD"),
        "flag": (truth, "True, False, 1, 0 or nothing"),
        "text": (str, "text"),
    }
    out, columns = {}, _kept(part.raw)
    plain_ones: dict[str | tuple[str, ...], str | float] = {"number": PLAIN_NUMBER, "date": PLAIN_DAY}
    for column, kind in columns.items():
        parse, accepted = (_one_of(kind), ", ".join(kind)) if isinstance(kind, tuple) else kinds[kind]
        needed, plain = column in ("event_id", "date_start", "date_end"), plain_ones.get(kind)
        out[column] = read.turn(column, parse, accepted, empty=not needed, kind=kind, plain=plain)
    read.done()
    out["issues"] = out["issues"].fillna("")
    try:
        saved = typed(pd.DataFrame(out), columns)
        absent = {c: actors.side_families(saved, c[-1])["family"] for c in FAMILIES if c not in out}
        return checked(typed(saved.assign(**absent), EVENTS | columns), "read_events")
    except ValueError as error:
        raise ValueError(f"{name}, a table saved by mali_stats, is not valid any more. {error}") from error


# ---- which country -----------------------------------------------------------------------------------------


def country_of(country: str | Path | None) -> tuple[str | None, places.Gazetteer | None]:
    """The code of the country to keep, and its seed tables where a folder of one's own is given."""
    if country is None:
        return None, None
    if not isinstance(country, str | Path):
        raise TypeError(f"read_events: country must be one ISO3 code or a folder, got {type(country).__name__}.")
    if isinstance(country, Path) and not country.is_dir():
        raise ValueError(
            f"read_events: country={str(country)!r} is a path, and there is no such folder in {Path.cwd()}. Give the "
            "folder of seed tables as it stands there, or the country's code as text, such as 'MLI'."
        )
    known = dict(zip(*[catalog.seed("countries")[c] for c in ("iso3", "name")], strict=True))
    folder = Path(country)
    code = folder.name if folder.is_dir() else str(country)
    if code in known:
        own = folder.is_dir() and str(country) != code
        return code, (places.gazetteer(code, folder) if own else None)
    by_name = {places.key(name): iso3 for iso3, name in known.items()}
    hint = by_name.get(places.key(code)) or (code.upper() if code.upper() in known else None)
    proposal = f"; did you mean {hint!r}?" if hint else "; use a code such as 'MLI'."
    raise ValueError(
        f"read_events: country={country!r} is not an ISO3 code and not a folder named by one{proposal} A folder of "
        "seed tables must be named by the code, as seeds/places/MLI is."
    )
