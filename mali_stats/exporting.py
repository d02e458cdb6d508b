"""Tables and figures as files that say where they come from: ``export``."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from pathlib import Path

import pandas as pd

from mali_stats import captions, catalog
from mali_stats.asked import single, text_or_none
from mali_stats.origins import Origin, about_of, beside, caption_of, origin_of
from mali_stats.writing import replace_all

TABLES, FIGURES = (".csv",), (".png", ".svg")
DPI = 200
#: What a cell must not begin with, since spreadsheets would run the rest as a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
#: The same behind what another spreadsheet splits at; a number and a dash between words run nothing.
_INNER = re.compile(r"([;\t])(?=[ \u00a0\u200b\ufeff]*(?:[=@＝＠]|[+＋\-－](?!\d+(?:[.,]\d+)?\s*(?:[;\t]|$)|\s)))")
_ACCEPTED = (
    "accepted are a pandas.DataFrame, a result with .tidy() or a brief for .csv, and matplotlib Axes, a Figure or a "
    "brief for .png and .svg"
)


def export(
    thing: object,
    path: str | Path,
    *,
    hxl: bool = False,
    source: str | list[str] | None = None,
    caption: str | None = None,
    lang: str | None = None,
) -> list[Path]:
    r"""Write a table as CSV, or a figure as PNG or SVG, with its source, licence and end of record beside it.

    The text beside is ``<stem>.txt``; a table and a figure of the same stem share it. Every file is whole at any
    moment, the old one or the new one. Dates are ISO; a text that a spreadsheet would run as a formula gets an
    apostrophe before it. Columns that look like names of persons, contacts or exact points are refused.

    Parameters
    ----------
    thing : pandas.DataFrame, result, Brief, matplotlib Axes or Figure
        a result is anything with ``.tidy()``; of axes the whole figure is written. An index with a name, or of
        anything but whole numbers, becomes a column.
    path : path
        ending in .csv for a table, in .png or .svg for a figure; its folder must be there.
    hxl : bool
        whether a row of HXL tags follows the header (``seeds/hxl_tags.csv``); columns without a tag are left empty
        there and are listed in the text.
    source : str or list of str, optional
        shipped data sets (``"region_month"``), publishers (``"ucdp_ged"``) or a sentence. By default what a brief or
        the table's own column ``source`` names, the shipped table whose rows these are, or the source line of a
        figure of this library.
    caption : str, optional
        what is shown; by default a brief's own, the title of the shipped table, the figure's title, or what the
        plot shows.
    lang : {"en", "fr"}, optional
        language of the caption and of the text beside; by default a brief's own, else English. What is drawn, notes
        of results and references stay as they are.

    Returns
    -------
    list of pathlib.Path
        the file and the text beside it.

    Raises
    ------
    TypeError
        for a thing that is neither.
    ValueError
        for another ending or language, an unknown source, none that is known, an HXL row for a figure or without a
        tag, columns that repeat or that are not to be published.
    FileNotFoundError, FileExistsError
        for a missing folder; where ``<stem>.txt`` is somebody else's.

    Examples
    --------
    >>> import tempfile
    >>> import mali_stats as ms
    >>> folder = tempfile.TemporaryDirectory()
    >>> table = ms.load("population").tail(1)
    >>> file, text = ms.export(table, f"{folder.name}/population.csv", hxl=True)
    >>> for line in file.read_text(encoding="utf-8").splitlines():
    ...     print(line)
    country,year,population
    #country+code,#date+year,#population
    NER,2024,27032412
    >>> for line in text.read_text(encoding="utf-8").splitlines()[3:6]:
    ...     print(line)
    What: National population by year
    About: Mid-year totals, placed at 1 July.
    Source: World Bank, World Development Indicators, CC BY 4.0
    >>> file, text = ms.export(table, f"{folder.name}/population.csv", lang="fr")
    >>> text.read_text(encoding="utf-8").splitlines()[3]
    'Contenu\xa0: Population nationale par année'
    >>> folder.cleanup()
    """
    single("export", hxl=hxl)
    text_or_none("export", caption=caption, lang=lang)
    if not isinstance(path, str | Path):
        raise TypeError(f"export: path={path!r} is not accepted; give the path of the file to write.")
    path = Path(path)
    own = None if isinstance(thing, pd.DataFrame) else getattr(thing, "lang", None)
    lang = catalog.language(lang or own or "en", "export")
    as_table = _is_table(path, hxl)
    shown = _table_of(thing) if as_table else _figure_of(thing)
    origin, caption = origin_of(thing, shown, source, lang), caption or caption_of(thing, shown, lang)
    content, remarks = _csv(shown, hxl, lang) if as_table else (_drawn(shown, path, caption, origin), [])
    if not as_table and callable(getattr(thing, "figure", None)):
        _close(shown)  # it was drawn for this file only
    said = [captions.text("what", lang, of=caption)]
    if about := about_of(shown, lang):
        said.append(captions.text("about", lang, of=about))
    lines = [*said, *origin.lines(), *remarks, *(_notes(thing, lang) if as_table else [])]
    about_it = path.with_suffix(".txt")
    replace_all(path.parent, {path.name: content, about_it.name: beside(about_it, path.name, lines, lang)})
    return [path, about_it]


def _is_table(path: Path, hxl: bool) -> bool:
    ending = path.suffix.lower()
    if ending not in (*TABLES, *FIGURES):
        raise ValueError(f"export: {path.name!r} ends in {ending or 'nothing'}; {_ACCEPTED}.")
    if not path.parent.is_dir():
        raise FileNotFoundError(f"export: the folder {path.parent} is not there; make it first.")
    if hxl and ending in FIGURES:
        raise ValueError(f"export: hxl=True is for tables, and {path.name!r} is a picture; leave it off.")
    return ending in TABLES


def _notes(thing, lang: str) -> list[str]:
    """Give the notes of a result; those of models are in English only."""
    if isinstance(thing, pd.DataFrame):
        return []
    name = "note" if getattr(thing, "lang", "en") == lang else "english_note"
    return [captions.text(name, lang, of=note) for note in getattr(thing, "notes", [])]


# ---- figures -----------------------------------------------------------------------------------------------


def _figure_of(thing):
    figure = getattr(thing, "figure", None)
    figure = thing if hasattr(thing, "savefig") else figure().figure if callable(figure) else figure
    if not hasattr(figure, "savefig"):
        hint = " Draw it first: ax = ms.plot(...)." if isinstance(thing, pd.DataFrame) or hasattr(thing, "tidy") else ""
        raise TypeError(f"export: got {type(thing).__name__}, which is no figure; {_ACCEPTED}.{hint}")
    return figure


def _drawn(figure, path: Path, caption: str, origin: Origin) -> bytes:
    """Draw with caption, source and licence inside the file too, and without the hour in it."""
    import matplotlib as mpl

    kind = path.suffix.lower()[1:]
    inside: dict[str, str | None] = {"Title": caption, "Source": origin.source}
    inside["Description"] = " ".join([
        captions.text("reported", origin.lang), captions.text("ends", origin.lang, of=origin.ends) + "."
    ])  # fmt: skip
    inside |= {"Copyright": origin.licence} if kind == "png" else {"Rights": origin.licence, "Date": None}
    buffer = io.BytesIO()
    with mpl.rc_context({"svg.hashsalt": "mali_stats"}):
        figure.savefig(buffer, format=kind, dpi=DPI, bbox_inches="tight", metadata=inside)
    return buffer.getvalue()


def _close(figure) -> None:
    import matplotlib.pyplot as plt

    plt.close(figure)


# ---- tables ------------------------------------------------------------------------------------------------


def _table_of(thing) -> pd.DataFrame:
    if not isinstance(thing, pd.DataFrame):
        if not callable(getattr(thing, "tidy", None)):
            raise TypeError(f"export: got {type(thing).__name__}, which is no table; {_ACCEPTED}.")
        thing = thing.tidy()
    named = any(name is not None for name in thing.index.names)
    table = thing.reset_index(drop=not named and pd.api.types.is_integer_dtype(thing.index))
    if table.columns.nlevels > 1 or table.columns.duplicated().any():
        raise ValueError("export: columns repeat or have several levels; give each a name of its own first.")
    _guard(table)
    return table


def _guard(table: pd.DataFrame) -> None:
    """Refuse columns that look like persons; the rules are in ``seeds/guarded_columns.csv``."""
    for column in table:
        for rule in catalog.seed("guarded_columns").itertuples(index=False):
            passes = rule.kind == "a point" and _coarse(table[column])
            if re.fullmatch(rule.pattern, _plain(str(column))) and not passes:
                raise ValueError(
                    f"export: column {column!r} looks like {rule.kind}, which is not published: {rule.advice}."
                )


def _plain(name: str) -> str:
    """A column's name in small letters without accents, its words joined by "_"."""
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name)
    letters = "".join(c for c in unicodedata.normalize("NFKD", apart) if not unicodedata.combining(c))
    return re.sub(r"[^a-z0-9]+", "_", letters.lower()).strip("_")


def _coarse(values: pd.Series) -> bool:
    """Whether every value is a number that is not finer than 0.1 degree (about 11 km)."""
    known = values.dropna()
    numbers = pd.to_numeric(known, errors="coerce")
    return bool((numbers.round(1) == numbers).all())


def _csv(table: pd.DataFrame, hxl: bool, lang: str) -> tuple[bytes, list[str]]:
    """Give the file, and what is to be said of it."""
    shown, changed = as_cells(table)
    remarks = [captions.text("rows", lang, rows=len(table), columns=len(table.columns))]
    heads = [[safe(str(column)) for column in table]]
    if hxl:
        heads.append(_tags(table))
        bare = [str(column) for column, tag in zip(table, heads[1], strict=True) if not tag]
        remarks.append(captions.text("bare", lang, of=", ".join(bare) or captions.text("none", lang)))
    if changed:
        remarks.append(captions.text("apostrophes", lang, n=changed))
    out = io.StringIO(newline="")
    csv.writer(out).writerows(heads)  # lines end as in RFC 4180: cells that hold an end of their own are quoted
    shown.to_csv(out, header=False, index=False, lineterminator="\r\n")
    return out.getvalue().encode(), remarks


def as_cells(table: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    """Give a table as a CSV file has its cells, and how many got an apostrophe before what looks like a formula.

    Examples
    --------
    >>> cells, changed = as_cells(pd.DataFrame({"day": [pd.Timestamp("2023-12-31")], "side": ["=A1"], "n": [-1]}))
    >>> cells["side"].item(), cells["day"].item(), changed
    ("'=A1", '2023-12-31', 1)
    """
    cells = table.apply(_text)
    shown = cells.map(safe)
    return shown, int((shown != cells).where(cells.notna(), False).to_numpy().sum())


def _text(values: pd.Series) -> pd.Series:
    """Days as 2023-12-31, with the time only where there is one; other kinds as they are."""
    if not pd.api.types.is_datetime64_any_dtype(values):
        return values.astype(object)
    known = values.dropna()
    days = (known == known.dt.normalize()).all()
    return values.map(lambda t: f"{t:%Y-%m-%d}" if days else t.isoformat(), na_action="ignore").astype(object)


def safe(cell):
    """Put an apostrophe before a text that a spreadsheet would run; a number stored as text is none.

    A spreadsheet with another list separator splits a cell at ``;`` or a tab: what follows is held to the same.

    Examples
    --------
    >>> safe("a;=1+1"), safe("a; -5; b")
    ("a;'=1+1", 'a; -5; b')
    >>> safe("=1+1"), safe("-5"), safe("Gao"), safe(-5)
    ("'=1+1", '-5', 'Gao', -5)
    """
    begins = isinstance(cell, str) and cell.lstrip(" \u00a0\u200b\ufeff").startswith(FORMULA)
    runs = begins and not re.fullmatch(r"[+-]\d+([.,]\d+)?", cell)
    if isinstance(cell, str) and (";" in cell or "\t" in cell):  # a search through long texts takes its time
        cell = _INNER.sub(r"\1'", cell)
    return f"'{cell}" if runs else cell


def _tags(table: pd.DataFrame) -> list[str]:
    known = catalog.seed("hxl_tags").set_index("column")["tag"]
    tags = [known.get(str(column), "") for column in table]
    if not any(tags):
        raise ValueError("export: no column of this table has an HXL tag (seeds/hxl_tags.csv); leave hxl off.")
    return tags
