"""What a user wants, checked before anybody is asked, and the file that a publisher would be asked for."""

from __future__ import annotations

import os
import re
from calendar import monthrange
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from urllib.parse import urlsplit

from mali_stats import catalog
from mali_stats.sources.clients.pages import Page
from mali_stats.sources.clients.secret import Key
from mali_stats.sources.clients.web import Manners, Web

_DAY = "such as '2023', '2023-08', '2023-08-31' or a date"


@dataclass(frozen=True)
class Wish:
    """The arguments of ``fetch`` for one source, read and checked."""

    source: str
    dataset: str
    country: str | None = None
    start: date | None = None
    end: date | None = None
    version: str | None = None
    via: str | None = None
    base_url: str | None = None

    def base(self, own: str) -> str:
        """The publisher's own address, or the one to be asked in its place (argument, then environment)."""
        name = f"MALI_STATS_{self.source.upper()}_URL"
        given = (self.base_url or os.environ.get(name) or own).rstrip("/")
        try:
            parts = urlsplit(given)
        except ValueError:  # brackets left open
            parts = urlsplit("")
        if parts.scheme not in ("https", "http") or not parts.hostname or "@" in parts.netloc or parts.query:
            raise ValueError(f"fetch: base_url (or {name}) must be like {own}, without a name, password or query.")
        return given

    def refuse(self, **why: str) -> None:
        """Refuse the arguments that mean nothing here, each with the reason."""
        for name, reason in why.items():
            if getattr(self, name) is not None:
                raise ValueError(f"fetch: {name}={str(getattr(self, name))!r} cannot be kept to: {reason}")

    def years(self) -> tuple[int | None, int | None]:
        """First and last year, for figures that are given by year.

        Raises
        ------
        ValueError
            where start or end cuts a year.
        """
        for name, whole in (("start", (1, 1)), ("end", (12, 31))):
            day = getattr(self, name)
            if day is not None and (day.month, day.day) != whole:
                raise ValueError(f"fetch: {name}={day} cuts a year, and these figures are yearly; give a year.")
        first, last = (day.year if day is not None else None for day in (self.start, self.end))
        return first, last

    def name(self, stem: str, country: str | None) -> str:
        """A file name that says what was asked for."""
        parts = [stem, country, self.start and f"from-{self.start}", self.end and f"to-{self.end}"]
        return re.sub(r"[^A-Za-z0-9._-]+", "-", "_".join(p for p in parts if p)) + ".json"


@dataclass(frozen=True)
class Plan:
    """One file of one publisher: what to ask, how, and what to do by hand where that fails.

    ``walk`` gives the pages of an API; without it the address is one file, kept as it comes. ``key`` is looked up
    only when the publisher is asked, and told what to do by hand where there is none. A ``fixed`` file never changes
    once it is out.
    """

    name: str
    url: str
    base: str
    manners: Manners
    by_hand: str
    params: dict[str, str] = field(default_factory=dict)
    walk: Callable[[Web, Plan], Iterator[Page]] | None = None
    key: Callable[[str], Key] | None = None
    fixed: bool = False
    version: str | None = None

    def in_hand(self, target: Path) -> str:
        """What to download by hand, from where, where to put it and how to read it."""
        if self.walk is None:
            where, path = f"in {target.parent} under its own name", "its path"
        else:
            where, path = f"as {target} (files are told by content, not by name)", repr(str(target))
        return f"By hand: {self.by_hand}, save it {where} and read it with ms.{self.manners.reader}({path})."


def text(name: str, value, wanted: str, longest: int = 80) -> None:
    """Refuse an argument that is no text that a name can be, before it gets into a pattern, an address or a file name.

    Raises
    ------
    TypeError
        for another kind of value.
    ValueError
        for one that is empty, too long or holds control characters.

    Examples
    --------
    >>> text("country", "MLI", "an ISO3 code")
    >>> text("country", ["MLI"], "an ISO3 code")
    Traceback (most recent call last):
    TypeError: fetch: country is of type list; give an ISO3 code.
    """
    if value is None:
        return
    if not isinstance(value, str):
        raise TypeError(f"fetch: {name} is of type {type(value).__name__}; give {wanted}.")
    if not value.strip():  # such as a variable of the shell that is not set
        raise ValueError(f"fetch: {name}={value!r} is empty; give {wanted}.")
    if len(value) > longest or not value.isprintable():
        fault = f"has {len(value):,} characters" if len(value) > longest else "holds characters that cannot be printed"
        raise ValueError(f"fetch: {name}={value[:40]!r} {fault}; give {wanted}.")


def day(value, name: str) -> date | None:
    """A day from a date or text; of a month or year its first for ``start``, its last for ``end``.

    Raises
    ------
    ValueError, TypeError
        for anything else.

    Examples
    --------
    >>> day("2024-02", "end"), day("2024", "start")
    (datetime.date(2024, 2, 29), datetime.date(2024, 1, 1))
    """
    if value is None:
        return None
    if isinstance(value, date) and value == value:  # also a datetime or a pandas.Timestamp, but for NaT
        return date(value.year, value.month, value.day)
    if not isinstance(value, str | int) or isinstance(value, bool):
        raise TypeError(f"fetch: {name} is of type {type(value).__name__}; give a day, {_DAY}.")
    parts = re.fullmatch(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?", str(value).strip())
    try:
        year, month, number = (int(p) if p else None for p in parts.groups())
        last = name == "end"
        month_ = month or (12 if last else 1)
        return date(year, month_, number or (monthrange(year, month_)[1] if last else 1))
    except (AttributeError, ValueError):
        pass
    raise ValueError(f"fetch: {name}={value!r} is no day; write it {_DAY}.")


def country_row(iso3: str | None) -> dict[str, str]:
    """The country's row of ``seeds/countries.csv``.

    Raises
    ------
    ValueError
        for a code that is not in it.
    """
    table = catalog.seed("countries")
    found = table[table["iso3"] == iso3]
    if found.empty:
        raise ValueError(f"fetch: country={iso3!r} is not known; give an ISO3 code such as 'MLI'.")
    return {str(column): value for column, value in found.iloc[0].items()}
