"""What an answer says: its JSON, its first words, how long to wait."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, AnyStr


def parsed(text: AnyStr) -> tuple[Any, AnyStr]:
    """What JSON holds (None for what is no JSON) and its text.

    Examples
    --------
    >>> parsed('{"count": 1}'), parsed("<p>Log in")
    (({'count': 1}, '{"count": 1}'), (None, '<p>Log in'))
    """
    try:
        return json.loads(text), text
    except (ValueError, RecursionError):
        return None, text


def excerpt(text: str, longest: int = 200) -> str:
    """The beginning of a text in one line; a web page is only called one.

    Examples
    --------
    >>> excerpt("No  such country. "), excerpt("<!DOCTYPE html><p>Log in")
    ('No such country', 'a web page')
    """
    line = " ".join(text.split()).rstrip(".")
    if re.match(r"<(!doctype|html|\?xml)", line, re.IGNORECASE):
        return "a web page"
    return line[:longest] + ("..." if len(line) > longest else "")


def asked_to_wait(headers) -> float | None:
    """Seconds that a publisher asks to wait by ``Retry-After``, a number or a time of day; None where it does not.

    Examples
    --------
    >>> asked_to_wait({"Retry-After": "7"}), asked_to_wait({"Retry-After": "soon"}), asked_to_wait({})
    (7.0, None, None)
    """
    text = headers.get("Retry-After", "")
    if text.isdecimal():
        return float(text)
    try:
        return max((parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds(), 0.0)
    except (ValueError, TypeError):
        return None
