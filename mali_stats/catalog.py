"""What is shipped and how to quote it: ``load``, ``datasets``, ``cite``, and the seed tables."""

from __future__ import annotations

import difflib
import hashlib
import io
import json
import re
import tomllib
from functools import cache
from pathlib import Path

import pandas as pd

from mali_stats.asked import single
from mali_stats.schema import typed

_PACKAGE = Path(__file__).resolve().parent
STYLES = ("text", "bibtex", "short")
LANGUAGES = ("en", "fr")


def root() -> Path:
    """The folder that holds ``data/`` and ``seeds/``: inside the installed package, or the checkout."""
    shipped = _PACKAGE / "shipped"
    return shipped if shipped.is_dir() else _PACKAGE.parent


def read_seed(path: Path) -> pd.DataFrame:
    """One seed table as text; an empty cell is missing.

    Raises
    ------
    FileNotFoundError
        naming the table and those that stand beside it.
    """
    if not path.is_file():
        beside = ", ".join(sorted(p.name for p in path.parent.glob("*.csv"))) or "none"
        raise FileNotFoundError(f"The seed table {path.name} is not in {path.parent.name}/ (tables there: {beside}).")
    return pd.read_csv(path, dtype=str, encoding="utf-8", keep_default_na=False, na_values=[""])


def seed(name: str) -> pd.DataFrame:
    """A shipped seed table by its path under ``seeds/`` without the ending; every column is text.

    Examples
    --------
    >>> seed("places/MLI/regions")[["frame", "region", "region_name"]].head(2)
       frame region region_name
    0  ocha10   ML01       Kayes
    1  ocha10   ML02   Koulikoro
    """
    return read_seed(root() / "seeds" / f"{name}.csv")


def seed_of(country: str | Path, table: str) -> pd.DataFrame:
    """A seed table of a country: the shipped one by its ISO3 code, or that of a folder of one's own.

    Three capitals are a code, even where a folder of that name lies about; anything else is a folder.

    Raises
    ------
    FileNotFoundError
        where there is no folder, or no such table in it.

    Examples
    --------
    >>> len(seed_of("MLI", "districts"))
    53
    """
    folder = seeds_folder(country)
    if not folder.is_dir():
        known = ", ".join(sorted(path.name for path in (root() / "seeds" / "places").iterdir()))
        raise FileNotFoundError(
            f"There are no seed tables of {country}: shipped are those of {known}. Give a folder of your own, such as "
            f"'places/{folder.name}' (docs/your-own-country.md says what is in it)."
        )
    return read_seed(folder / f"{table}.csv")


def seeds_folder(country: str | Path) -> Path:
    """Where the seed tables of a country stand, by its ISO3 code or as given.

    Examples
    --------
    >>> seeds_folder("MLI").name, seeds_folder("my/places/BFA").parent.name
    ('MLI', 'places')
    """
    if not isinstance(country, str | Path):
        raise TypeError(f"country={country!r} is not accepted; give an ISO3 code or a folder of seed tables.")
    own = isinstance(country, Path) or not re.fullmatch("[A-Z]{3}", country)
    return Path(country) if own else root() / "seeds" / "places" / country


def language(lang: str, who: str) -> str:
    """Give a language back, if there are texts in it.

    Raises
    ------
    ValueError
        for any other.
    """
    single(who, lang=lang)
    if lang not in LANGUAGES:
        raise ValueError(f"{who}: lang={lang!r} is not known; use one of {', '.join(LANGUAGES)}.")
    return lang


def _package() -> dict:
    return json.loads((root() / "data" / "datapackage.json").read_text(encoding="utf-8"))


def _resource(name: str) -> dict:
    resources = {r["name"]: r for r in _package()["resources"]}
    if not isinstance(name, str) or name not in resources:
        raise ValueError(f"load: there is no data set {name!r}.{_nearest(name, resources)} See ms.datasets().")
    return resources[name]


def _nearest(name: str, known) -> str:
    close = difflib.get_close_matches(str(name), list(known), n=1, cutoff=0.6)
    return (f" Did you mean {close[0]!r}?" if close else "") + f" There are: {', '.join(known)}."


def load(name: str) -> pd.DataFrame:
    """One shipped table, with the column kinds that ``data/datapackage.json`` declares.

    Parameters
    ----------
    name : str
        one of ``datasets()["name"]``.

    Returns
    -------
    pandas.DataFrame
        whole numbers are nullable integers (people or events), months and dates ``datetime64``.

    Raises
    ------
    ValueError
        for an unknown name; the message proposes the nearest. Also for a file that is not the one described.

    Examples
    --------
    >>> load("country_year").query("country == 'MLI'").tail(1)[["country", "year", "deaths_best"]]
       country  year  deaths_best
    71     MLI  2024         1901
    """
    resource = _resource(name)
    table = pd.read_csv(io.BytesIO(_checked(resource)), dtype=str, keep_default_na=False, na_values=[""])
    if "issues" in table:
        table["issues"] = table["issues"].fillna("")  # nothing odd about a row is not missing
    return typed(table, {f["name"]: _kind(f) for f in resource["schema"]["fields"]})


def _checked(resource: dict) -> bytes:
    """The table's file, if it is the one that ``datapackage.json`` describes: one build, or none, is read."""
    path = root() / "data" / resource["path"]
    content = path.read_bytes()
    if f"sha256:{hashlib.sha256(content).hexdigest()}" != resource["hash"]:
        raise ValueError(
            f"load: {path} is not the file that datapackage.json beside it describes: a build was stopped before its "
            "end, or the file was changed by hand. Run make data again with the same raw file, or take the folder "
            "data/ anew from where you got it."
        )
    return content


def _kind(field: dict) -> str | tuple[str, ...]:
    levels = field.get("constraints", {}).get("enum")
    names = {"integer": "whole", "number": "number", "date": "date", "boolean": "flag", "string": "text"}
    return tuple(levels) if levels and field.get("ordered") else names[field["type"]]


def datasets(lang: str = "en") -> pd.DataFrame:
    """The shipped tables, a row each: name, title, rows, source, version, licence, record, record_ends.

    ``record`` says what it is a record of, ``record_ends`` the day or year with which that record ends.

    Parameters
    ----------
    lang : {"en", "fr"}
        language of the titles.

    Raises
    ------
    ValueError
        for another language.

    Examples
    --------
    >>> datasets().set_index("name").loc["region_month", "record_ends"]
    '2023-12-31'
    >>> datasets("fr").set_index("name").loc["sizes", "title"]
    'Taille des événements par année et type de violence'
    """
    titles = seed("captions").query("kind == 'title'").set_index("name")[language(lang, "datasets")]
    columns = ["name", "title", "rows", "source", "version", "licence", "record", "record_ends"]
    rows = [
        [r["name"], titles.get(r["name"], r["title"]), r["rows"], "; ".join(s["title"] for s in r["sources"]),
         r["version"], "; ".join(s["name"] for s in r["licenses"]), r["record"], r["record_ends"]]
        for r in _package()["resources"]
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


@cache
def cards() -> dict[str, dict]:
    """The card of each source: short, title, licence, licence_url, url, text, bibtex."""
    return tomllib.loads((_PACKAGE / "sources" / "cards.toml").read_text(encoding="utf-8"))


def cite(*names: str, style: str = "text") -> str:
    """How to cite shipped tables or sources.

    Parameters
    ----------
    names : str
        names of data sets or of sources (``"ucdp_ged"``); none gives every source in use.
    style : {"text", "bibtex", "short"}
        sentences, BibTeX entries, or one line for under a figure.

    Raises
    ------
    ValueError
        for an unknown name or style.

    Examples
    --------
    >>> print(cite("worldbank", style="short"))
    World Bank, World Development Indicators, CC BY 4.0
    """
    single("cite", style=style)
    if style not in STYLES:
        raise ValueError(f"cite: style {style!r} is not known; use one of {', '.join(STYLES)}.")
    wanted = dict.fromkeys(key for name in names or cards() for key in sources_of(name))
    return ("; " if style == "short" else "\n").join(_cited(key, style) for key in wanted)


def publisher(source: str) -> str:
    """Name a source with its licence but no release, for figures of which the release is not known.

    Examples
    --------
    >>> publisher("ucdp_ged")
    'UCDP GED, CC BY 4.0'
    """
    card = cards()[source]
    return f"{card['short'].replace(' {version}', '')}, {card['licence']}"


def made_from(table: pd.DataFrame) -> str | None:
    """Name the shipped table whose rows these are, or None: same columns, and no row that is not in it.

    Examples
    --------
    >>> made_from(load("population").tail(3))
    'population'
    >>> made_from(load("population").assign(population=1)) is None
    True
    """
    for resource in _package()["resources"] if len(table) else ():
        if {field["name"] for field in resource["schema"]["fields"]} == set(table.columns):
            rows, known = (_hashes(frame[list(table)]) for frame in (table, load(resource["name"])))
            if rows.isin(known).all():
                return resource["name"]
    return None


def _hashes(table: pd.DataFrame) -> pd.Series:
    return pd.util.hash_pandas_object(table.astype("str"), index=False)


def _cited(source: str, style: str) -> str:
    """One source in one style, with the version that is shipped and the article that belongs to it."""
    card = cards()[source]
    version = next((r["version"] for r in _package()["resources"] if source in {s["name"] for s in r["sources"]}), "")
    if style == "short":
        return f"{card['short'].format(version=version)}, {card['licence']}"
    article = card.get("articles", {}).get(version, {}).get(style, card.get("otherwise", {}).get(style, ""))
    return "\n".join(filter(None, [*card[style], article.format(version=version) if style == "text" else article]))


def sources_of(name: str, who: str = "cite") -> list[str]:
    """Name the sources of a shipped table, or the source itself; ``who`` begins the message of an unknown name.

    Examples
    --------
    >>> sources_of("displacement"), sources_of("unhcr")
    (['unhcr', 'idmc', 'iom_dtm', 'ocha'], ['unhcr'])
    """
    if isinstance(name, str) and name in cards():
        return [name]
    resources = {r["name"]: [s["name"] for s in r["sources"]] for r in _package()["resources"]}
    if not isinstance(name, str) or name not in resources:
        name = name if isinstance(name, str) else type(name).__name__
        raise ValueError(f"{who}: {name!r} is no data set and no source.{_nearest(name, [*resources, *cards()])}")
    return resources[name]
