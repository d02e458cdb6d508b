"""Keys and passwords: found in the environment or the keyring, sent, and shown nowhere."""

from __future__ import annotations

import base64
import json
import logging
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import quote, quote_plus

#: the name under which a keyring keeps what is ours
SERVICE = "mali_stats"
STARS = "***"
#: letters of a code below which it could be a part of any word
_FEWEST = 8


class Secret:
    """A key or password that prints as stars wherever it turns up, also in the variables of a traceback.

    Examples
    --------
    >>> Secret("DTM_KEY", "made-up")
    Secret(DTM_KEY=***)
    """

    __slots__ = ("_value", "name")

    def __init__(self, name: str, value: str):
        self.name, self._value = name, value

    def reveal(self) -> str:
        """The value itself: to be called where it is put into a request, and kept in no variable."""
        return self._value

    def __repr__(self) -> str:
        return f"Secret({self.name}={STARS})"

    __str__ = __repr__

    def __reduce__(self):
        raise TypeError(f"{self.name} is a secret and is not written anywhere.")


@dataclass(frozen=True)
class Key:
    """A secret and the place of a request that it goes to: a header, or a parameter of the query.

    It is what requests calls an ``auth``: put in at the last moment, so that no address of ours ever holds it.
    """

    secret: Secret
    header: str = ""
    prefix: str = ""
    query: str = ""

    def __call__(self, request):
        """Put the secret into a prepared request."""
        if self.header:
            request.headers[self.header] = self.prefix + self.secret.reveal()
        else:
            request.prepare_url(request.url, {self.query: self.secret.reveal()})
        return request


@dataclass(frozen=True)
class Form:
    """Fields of a form, some of them secrets, filled in at the last moment."""

    fields: dict[str, str | Secret]

    def __call__(self, request):
        """Put the fields into a prepared request."""
        request.prepare_body({k: v.reveal() if isinstance(v, Secret) else v for k, v in self.fields.items()}, None)
        return request


def find(name: str, what: str, where: str, any_character: bool = False) -> Secret:
    """A secret by its name: the environment variable, else the entry of the keyring, if that package is there.

    Parameters
    ----------
    name : str
        of the variable, and of the user in the keyring's service ``mali_stats``.
    what, where : str
        for the error: what it is, and where one gets it.
    any_character : bool
        for passwords, which may hold letters that a header may not.

    Raises
    ------
    PermissionError
        where there is none, or one with characters that no key has; the value is never in the message.
    """
    secret = Secret(name, (os.environ.get(name) or _from_keyring(name) or "").strip())
    if not secret.reveal():
        raise PermissionError(
            f"{what} is needed and there is none. Set the environment variable {name}, or install the package keyring "
            f"and run: keyring set {SERVICE} {name}. {where}"
        )
    if not any_character and not (secret.reveal().isascii() and secret.reveal().isprintable()):
        raise PermissionError(f"{name} holds characters that {what} cannot have; copy it anew. {where}")
    return secret


def _from_keyring(name: str) -> str | None:
    try:
        import keyring
    except ImportError:
        return None
    try:
        return keyring.get_password(SERVICE, name)
    except keyring.errors.KeyringError:  # a keyring that is locked or not there holds nothing for us
        return None


def masked(text: str, secrets: Iterable[Secret]) -> str:
    """The text with stars in the place of every secret, however it is written in addresses or JSON.

    Examples
    --------
    >>> masked("next: /list?id=a%2Fb", [Secret("IDMC_CLIENT_ID", "a/b")])
    'next: /list?id=***'
    """
    forms = {form for secret in secrets for form in _forms(secret.reveal())}
    for form in sorted(forms - {""}, key=len, reverse=True):
        text = text.replace(form, STARS)
    return text


def _forms(value: str) -> list[str]:
    """A value as it stands, in an address, in JSON with and without escapes, and in code."""
    plain = [value, quote(value, safe=""), quote(value), quote_plus(value)]
    written = [json.dumps(value, ensure_ascii=e)[1:-1] for e in (True, False)]
    small = [re.sub("%[0-9A-F]{2}", lambda code: code.group().lower(), p) for p in plain[1:]]
    return [*plain, *small, *written, *(w.replace("/", "\\/") for w in written), *_coded(value.encode())]


def _coded(value: bytes) -> list[str]:
    """A value in hexadecimal and in base64, alone or somewhere in a longer text, such as a name and a password."""
    found = [value.hex(), value.hex().upper()]
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        alone = encode(value).decode()
        # of three bytes each four letters are made, so that the middle is written in one of three ways
        middles = [encode(value[at : at + (len(value) - at) // 3 * 3]).decode() for at in range(3)]
        found += [alone, alone.rstrip("="), *middles]
    return [code for code in found if len(code) >= _FEWEST]


class _WithoutQueries(logging.Filter):
    """Cuts the query off every address that urllib3 logs: a key, or the signature of a store, may stand in it."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = re.sub(r"\?\S*", f"?{STARS}", record.getMessage()), ()
        return True


@contextmanager
def unlogged() -> Iterator[None]:
    """While this lasts, no query of an address gets into a log."""
    cut, loggers = _WithoutQueries(), [logging.getLogger(f"urllib3.{n}") for n in ("connectionpool", "util.retry")]
    for logger in loggers:
        logger.addFilter(cut)
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeFilter(cut)
