"""Where exported figures come from, in words: source, licence, end of the record, and the text beside a file."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from mali_stats import __version__, catalog

_OURS = "Written by mali_stats"
HEAD = f"{_OURS} {__version__}: where the files beside this one come from."
REPORTED = "Reported figures, not totals: what nobody reported is not in them, and zero means that none was reported."
_AS_SAID = "as the source says, or to be asked there"


@dataclass(frozen=True)
class Origin:
    """Where figures come from, a line each: source, licence, where the record ends, how to cite it."""

    source: str
    licence: str
    ends: str
    cite: str = ""

    def lines(self) -> list[str]:
        """Say it in lines."""
        said = [f"Source: {self.source}", f"Licence: {self.licence}", f"Record ends: {self.ends}"]
        return [*said, *([f"Cite: {self.cite}"] if self.cite else [])]


def origin_of(thing, shown, source: str | list[str] | None) -> Origin:
    """Return what is known of the origin of ``shown``, the table or figure made of ``thing``.

    Raises
    ------
    ValueError
        where nothing is known, or ``source`` names what is no source.
    """
    named = _attribute(thing, shown, "sources") if source is None else source
    if named is not None:
        names = [named] if isinstance(named, str) else list(named)
        if not any(name.strip() for name in names):
            raise _unknown("source= names nothing")
        return _named(names, shown)
    if not isinstance(shown, pd.DataFrame):
        return _signed(shown)
    if name := catalog.made_from(shown):
        return _named([name], shown)
    if names := _in_column(shown):
        return _described(names, shown)
    raise _unknown("where this table comes from is not known")


def _attribute(thing, shown, name: str):
    """Read what a result says of its table, or of its figure where that is shown; columns of a frame say nothing."""
    if isinstance(thing, pd.DataFrame):
        return None
    return getattr(thing, name if isinstance(shown, pd.DataFrame) else f"figure_{name}", None)


def _unknown(what: str) -> ValueError:
    names = ", ".join(catalog.datasets()["name"])
    return ValueError(f"export: {what}. Pass source=: names of data sets ({names}), or a sentence that says it.")


def _named(names: list[str], shown) -> Origin:
    """Give what the catalog knows of shipped tables."""
    sets = catalog.datasets().set_index("name")
    if not set(names) <= set(sets.index):
        for name in names:
            if " " not in name and name not in sets.index:
                catalog.cite(name)  # raises for what is no source, and proposes the nearest name
        return _described(names, shown)
    ends = "; ".join(f"{sets.loc[name, 'record_ends']!s} ({name})" for name in names)
    sources = dict.fromkeys(source for name in names for source in catalog.sources_of(name))
    own = _in_column(shown)
    cited = [source for source in dict.fromkeys([*sources, *catalog.cards()]) if source in own] or list(sources)
    licences = dict.fromkeys(catalog.cards()[source]["licence"] for source in cited)
    return Origin(catalog.cite(*cited, style="short"), "; ".join(licences), ends, catalog.cite(*cited))


def _in_column(shown) -> list[str]:
    """Read the sources that a table's own column names, each once."""
    if not isinstance(shown, pd.DataFrame) or "source" not in shown:
        return []
    return list(dict.fromkeys(name for cell in shown["source"].dropna().astype(str) for name in cell.split("; ")))


def _described(names: list[str], shown) -> Origin:
    """Give what is known of publishers whose release is not, and of sentences."""
    cards = catalog.cards()
    source = "; ".join(catalog.publisher(name) if name in cards else name for name in names)
    licences = dict.fromkeys(cards[name]["licence"] if name in cards else _AS_SAID for name in names)
    return Origin(source, "; ".join(licences), f"not known here{_last_date(shown)}")


def _signed(figure) -> Origin:
    """Read the source line that every plot of this library writes below its axes."""
    lines = [text.get_text() for ax in figure.axes for text in ax.texts if text.get_gid() == "source"]
    if not lines:
        raise _unknown("the figure has no source line")
    texts = dict.fromkeys(re.sub(r"^Source\s?: ", "", _one_line(line)).rstrip(".") for line in lines)
    return Origin("; ".join(texts), "as the source line says", "not known here; source= can name it")


def _last_date(shown) -> str:
    if not isinstance(shown, pd.DataFrame):
        return ""
    days = [shown[c].max() for c in shown if pd.api.types.is_datetime64_any_dtype(shown[c]) and shown[c].notna().any()]
    last = f"{max(days):%Y-%m-%d}" if days else shown["year"].max() if "year" in shown else None
    return "" if last is None else f"; the last date in the table is {last}"


def caption_of(thing, shown) -> str:
    """Return a brief's own caption, the title of a shipped table, a result's kind, or a figure's title or axis."""
    if own := _attribute(thing, shown, "caption"):
        return own
    if isinstance(shown, pd.DataFrame):
        if name := catalog.made_from(shown):
            return str(catalog.datasets().set_index("name").loc[name, "title"])
        return "Table" if isinstance(thing, pd.DataFrame) else type(thing).__name__
    titles = [shown.get_suptitle(), *(ax.get_title(at) for ax in shown.axes for at in ("left", "center", "right"))]
    labels = [ax.get_ylabel() for ax in shown.axes]
    return next((_one_line(text) for text in [*titles, *labels] if text), "Figure")


def _one_line(text: str) -> str:
    """Fold lines into one; no-break spaces stay."""
    return re.sub(r"[ \t\r\n]+", " ", text).strip()


def beside(path: Path, name: str, lines: list[str]) -> bytes:
    """Return the text beside the file ``name``: its part, after those of other files of the same stem.

    Raises
    ------
    FileExistsError
        where the text there was not written by ``export``.
    """
    others = []
    if path.exists():
        head, *parts = path.read_text(encoding="utf-8", errors="replace").rstrip("\n").split("\n\n")
        if not head.startswith(_OURS):
            raise FileExistsError(f"export: {path} is a text of somebody's own; give another name than {name}.")
        others = [part for part in parts if not part.startswith(f"File: {name}\n")]
    part = "\n".join([f"File: {name}", *map(_one_line, lines), REPORTED])
    return ("\n\n".join([HEAD, *others, part]) + "\n").encode()
