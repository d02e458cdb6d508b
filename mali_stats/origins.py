"""Where exported figures come from, in words: source, licence, end of the record, and the text beside a file."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from mali_stats import __version__, captions, catalog

REPORTED = captions.text("reported")
#: How the text beside a file begins, whichever its language.
_OURS = tuple(captions.text("written", lang) for lang in catalog.LANGUAGES)


@dataclass(frozen=True)
class Origin:
    """Where figures come from: source, what of it a figure shows, licence, the record's end, how to cite it."""

    source: str
    licence: str
    ends: str
    cite: str = ""
    shown: str = ""
    lang: str = "en"

    def lines(self) -> list[str]:
        """Say it in lines."""
        parts = {"source": self.source, "licence": self.licence, "ends": self.ends, "cite": self.cite}
        said = [captions.text(name, self.lang, of=part) for name, part in parts.items() if part]
        return [said[0], *([self.shown] if self.shown else []), *said[1:]]


def origin_of(thing, shown, source: str | list[str] | None, lang: str = "en") -> Origin:
    """Return what is known of the origin of ``shown``, the table or figure made of ``thing``.

    Raises
    ------
    ValueError
        where nothing is known, or ``source`` names what is no source.
    """
    named = _attribute(thing, shown, "sources") if source is None else source
    if named is not None:
        names = [named] if isinstance(named, str) or not isinstance(named, Iterable) else list(named)
        if not all(isinstance(name, str) for name in names):
            raise _unknown(f"source={named!r} holds something else than text")
        if not any(name.strip() for name in names):
            raise _unknown("source= names nothing")
        return _named(names, shown, lang)
    if not isinstance(shown, pd.DataFrame):
        return _signed(shown, lang)
    if name := catalog.made_from(shown):
        return _named([name], shown, lang)
    if names := _in_column(shown):
        return _described(names, shown, lang)
    raise _unknown("where this table comes from is not known")


def _attribute(thing, shown, name: str):
    """Read what a result says of its table, or of its figure where that is shown; columns of a frame say nothing."""
    if isinstance(thing, pd.DataFrame):
        return None
    return getattr(thing, name if isinstance(shown, pd.DataFrame) else f"figure_{name}", None)


def _unknown(what: str) -> ValueError:
    names = ", ".join(catalog.datasets()["name"])
    return ValueError(f"export: {what}. Pass source=: names of data sets ({names}), or a sentence that says it.")


def _named(names: list[str], shown, lang: str) -> Origin:
    """Give what the catalog knows of shipped tables."""
    sets = catalog.datasets().set_index("name")
    if not set(names) <= set(sets.index):
        for name in names:
            if " " not in name and name not in sets.index:
                catalog.sources_of(name, "export")  # raises for what is no source, and proposes the nearest name
        return _described(names, shown, lang)
    ends = "; ".join(f"{sets['record_ends'][name]} ({name})" for name in names)
    sources = dict.fromkeys(source for name in names for source in catalog.sources_of(name))
    own = _in_column(shown)
    cited = [source for source in dict.fromkeys([*sources, *catalog.cards()]) if source in own] or list(sources)
    licences = dict.fromkeys(catalog.cards()[source]["licence"] for source in cited)
    return Origin(catalog.cite(*cited, style="short"), "; ".join(licences), ends, catalog.cite(*cited), lang=lang)


def _in_column(shown) -> list[str]:
    """Read the sources that a table's own column names, each once."""
    if not isinstance(shown, pd.DataFrame) or "source" not in shown:
        return []
    return list(dict.fromkeys(name for cell in shown["source"].dropna().astype(str) for name in cell.split("; ")))


def _described(names: list[str], shown, lang: str) -> Origin:
    """Give what is known of publishers whose release is not, and of sentences."""
    cards = catalog.cards()
    source = "; ".join(catalog.publisher(name) if name in cards else name for name in names)
    licences = dict.fromkeys(
        cards[name]["licence"] if name in cards else captions.text("as_said", lang) for name in names
    )
    ends = captions.text("not_known", lang, last=_last_date(shown, lang))
    return Origin(source, "; ".join(licences), ends, lang=lang)


def _signed(figure, lang: str) -> Origin:
    """Read the source line that every plot of this library writes below its axes."""
    lines = [text.get_text() for ax in figure.axes for text in ax.texts if text.get_gid() == "source"]
    if not lines:
        raise _unknown("the figure has no source line")
    texts = dict.fromkeys(re.sub(r"^Source\s?: ", "", _one_line(line)).rstrip(".") for line in lines)
    ends = captions.text("not_known", lang, last=captions.text("can_name", lang))
    if lang == "en":
        return Origin("; ".join(texts), captions.text("as_signed", lang), ends)
    sources, shown = zip(*(text.partition(". Shown: ")[::2] for text in texts), strict=True)
    said = [_shown(part, lang) for part in dict.fromkeys(shown) if part]
    return Origin("; ".join(dict.fromkeys(sources)), captions.text("as_signed", lang), ends, "", "; ".join(said), lang)


def _shown(part: str, lang: str) -> str:
    """Say what a source line shows: a span in the language asked for, anything else as it stands."""
    if match := re.fullmatch(r"([\d-]+) to ([\d-]+)", part):
        return captions.text("span", lang, start=match[1], end=match[2])
    return captions.text("shown", lang, of=part)


def _last_date(shown, lang: str) -> str:
    if not isinstance(shown, pd.DataFrame):
        return ""
    days = [shown[c].max() for c in shown if pd.api.types.is_datetime64_any_dtype(shown[c]) and shown[c].notna().any()]
    last = f"{max(days):%Y-%m-%d}" if days else shown["year"].max() if "year" in shown else None
    return "" if last is None else captions.text("last_date", lang, of=last)


def caption_of(thing, shown, lang: str = "en") -> str:
    """Return a brief's caption, the title of a shipped table, a result's kind, a figure's title or what it shows."""
    if own := _attribute(thing, shown, "caption"):
        return own
    if isinstance(shown, pd.DataFrame):
        if name := catalog.made_from(shown):
            return captions.text(name, lang, kind="title")
        return captions.text("table", lang) if isinstance(thing, pd.DataFrame) else type(thing).__name__
    drawn = "; ".join(filter(None, dict.fromkeys(captions.drawn(ax.get_label(), lang) for ax in shown.axes)))
    labels = [ax.get_ylabel() for ax in shown.axes]
    return next((_one_line(text) for text in [*_titles(shown), drawn, *labels] if text), captions.text("figure", lang))


def _titles(figure) -> list[str]:
    """List the titles over a figure and its axes, without those that a plot wrote itself (their gid is "own")."""
    own = {text.get_text() for text in figure.findobj(lambda artist: artist.get_gid() == "own")}
    titles = [ax.get_title(at) for ax in figure.axes for at in ("left", "center", "right")]
    return [figure.get_suptitle(), *(title for title in titles if title not in own)]


def about_of(shown, lang: str) -> str:
    """Return what there is to say of a shipped table, or nothing."""
    name = catalog.made_from(shown) if isinstance(shown, pd.DataFrame) else None
    return captions.text(name, lang, kind="about") if name else ""


def _one_line(text: str) -> str:
    """Fold lines into one; no-break spaces stay."""
    return re.sub(r"[ \t\r\n]+", " ", text).strip()


def beside(path: Path, name: str, lines: list[str], lang: str = "en") -> bytes:
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
        mine = tuple(captions.text("file", of, of=name) + "\n" for of in catalog.LANGUAGES)
        others = [part for part in parts if not part.startswith(mine)]
    part = "\n".join([captions.text("file", lang, of=name), *map(_one_line, lines), captions.text("reported", lang)])
    head = captions.text("head", lang, written=captions.text("written", lang), version=__version__)
    return ("\n\n".join([head, *others, part]) + "\n").encode()
