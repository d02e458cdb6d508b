"""Single values as agencies write them: counts, years, days in words, codes of countries and regions."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pandas as pd

from mali_stats.clean.places import Names, gazetteer, key
from mali_stats.clean.values import FIRST_DAY, whole

_AHEAD = timedelta(days=3 * 366)  # a projection or a plan may end that far in the future

#: months by their names in English and French, in the order of the year
_MONTHS = (
    ("january", "janvier"), ("february", "fevrier"), ("march", "mars"), ("april", "avril"), ("may", "mai"),
    ("june", "juin"), ("july", "juillet"), ("august", "aout"), ("september", "septembre"),
    ("october", "octobre"), ("november", "novembre"), ("december", "decembre"),
)  # fmt: skip
#: what ``-`` is read as: no count can be below 0
NONE = -1
#: what ``people`` accepts, in words
COUNT = "a whole number of people of 0 or more, nothing, or -"


def people(text: str) -> int:
    """A count of 0 or more, with separators of thousands or without; -1 stands for ``-``.

    Examples
    --------
    >>> people("0"), people("375 539"), people("375,539"), people("61920.0"), people("-")
    (0, 375539, 375539, 61920, -1)
    """
    if text == "-":
        return NONE
    if re.fullmatch(r"\d+\.\d{3,}", text):
        raise ValueError(text)  # 12.000 may be twelve, or twelve thousand
    if re.fullmatch(r"\d{1,3}(?:[ ,]\d{3})+", text):
        text = re.sub(r"[ ,]", "", text)
    value = whole(text)
    if value < 0:
        raise ValueError(text)
    return value


def iso3(text: str) -> str | None:
    """A country's ISO code; ``-`` where the countries were added up."""
    if text == "-":
        return None
    if not re.fullmatch("[A-Z]{3}", text):
        raise ValueError(text)
    return text


def year_end(text: str) -> tuple[date, bool, bool]:
    """The last day that a year stands for; whether it is the middle of the year, and whether that is inferred.

    A year that is not over cannot have ended: its figures are those of 30 June.

    Examples
    --------
    >>> year_end("2023"), year_end("mid-2023")
    ((datetime.date(2023, 12, 31), False, False), (datetime.date(2023, 6, 30), True, False))
    """
    match = re.fullmatch(
        r"(?:(mid)[- ]?)?((?:19|20)\d{2})(?:\.0)?(?:[- ]?\(?(mid)[- ]?(?:year)?\)?)?(-06-30)?", text.casefold()
    )
    if match is None:
        raise ValueError(text)
    year, middle = int(match[2]), bool(match[1] or match[3] or match[4])
    inferred = not middle and date(year, 12, 31) > date.today()
    end = date(year, 6, 30) if middle or inferred else date(year, 12, 31)
    if not FIRST_DAY <= end <= date.today():
        raise ValueError(text)
    return end, middle or inferred, inferred


def day(text: str) -> date:
    """A day, year first; a clock time is let go."""
    return _within(date.fromisoformat(_iso(text)), date.today())


def day_or_ahead(text: str) -> date:
    """A day, year first, that may lie some way ahead, as the end of a plan does."""
    return _within(date.fromisoformat(_iso(text)), date.today() + _AHEAD)


def _iso(text: str) -> str:
    match = re.fullmatch(r"(\d{4}-\d{2}-\d{2})(?:[T ]\d{2}:\d{2}.*)?", text)
    if match is None:
        raise ValueError(text)
    return match[1]


def _within(value: date, last: date) -> date:
    if not FIRST_DAY <= value <= last:
        raise ValueError(value)
    return value


def written_day(text: str) -> tuple[date, str, str]:
    """A day as the sheets write it: the day, its precision, and what is odd about it.

    Days stand before months. A date that could be read both ways is flagged.

    Examples
    --------
    >>> written_day("30 avril 2023")[:2], written_day("Apr-2023")[:2]
    ((datetime.date(2023, 4, 30), 'day'), (datetime.date(2023, 4, 30), 'month'))
    >>> written_day("04/05/2023")
    (datetime.date(2023, 5, 4), 'day', 'ambiguous-date')
    """
    if re.match(r"\d{4}-\d{2}-\d{2}", text):
        return day(text), "day", ""
    if match := re.fullmatch(r"(\d{1,2})[/.](\d{1,2})[/.](\d{4})", text):
        first, second, year = map(int, match.groups())
        odd = "ambiguous-date" if first <= 12 and second <= 12 and first != second else ""
        return _within(date(year, second, first), date.today()), "day", odd
    match = re.fullmatch(r"(?:(\d{1,2})[ -]+)?([^\W\d]+)\.?[ -]+(\d{4})", text)
    if match is None:
        raise ValueError(text)
    month = _month(match[2])
    if match[1]:
        return _within(date(int(match[3]), month, int(match[1])), date.today()), "day", ""
    last = (pd.Timestamp(int(match[3]), month, 1) + pd.offsets.MonthEnd(0)).date()
    return _within(last, date.today()), "month", ""


def _month(word: str) -> int:
    """The month that a word of three letters or more begins; the first letters of two of them are refused."""
    wanted = key(word)
    found = [i for i, names in enumerate(_MONTHS, 1) if any(n.startswith(wanted) for n in names)]
    if len(wanted) < 3 or len(found) != 1:
        raise ValueError(word)
    return found[0]


def region(country: str | None, name: object, code: object, published: object = None) -> tuple[str | None, str]:
    """The region's code by its name, else by its p-code, and what is odd about it.

    P-codes are met as ML01, MLI01, MLI0101 (of a cercle) and MLI001001; a code needs its frame, so that a name
    goes first. A region that only another frame knows keeps that frame's code.
    """
    known = gazetteer(country) if country else None
    names = [n for n in (name, published) if isinstance(n, str)]
    if known is None:
        return (code if isinstance(code, str) else names[0] if names else None), ""
    look = Names(known, "admin1")
    by_name = next((c for n in names if (c := look.find(n))), None)
    by_code = _own_code(code, set(known.names(known.own_frame)))
    if by_name:
        return by_name, f"p-code-differs:{code}" if by_code and by_code != by_name else ""
    frames = [f for f in known.regions["frame"].unique() if f != known.own_frame]
    for frame in frames:
        other = {key(n): c for c, n in known.names(frame).items()}
        found = next((other[k] for n in names if (k := key(n, look.suffixes)) in other), None)
        if found:
            return found, f"region-of-frame:{frame}"
    if by_code and not names:
        return by_code, ""
    if names or isinstance(code, str):
        return (names[0] if names else str(code)), f"unknown-region:{names[0] if names else code}"
    return None, ""


def _own_code(code: object, known: set[str]) -> str | None:
    match = re.fullmatch(r"([A-Z]{2})[A-Z]?(\d+)", code.strip().upper()) if isinstance(code, str) else None
    if match is None or len(match[2]) not in (2, 3, 4, 6):
        return None
    digits = match[2]
    first = digits if len(digits) in (2, 3) else digits[: len(digits) // 2]
    wanted = f"{match[1]}{int(first):02d}"
    return wanted if wanted in known else None
