"""Addresses: whose they are, and whether a key may go there."""

from __future__ import annotations

from urllib.parse import urljoin, urlsplit, urlunsplit

_PORTS = {"http": 80, "https": 443}
_HOME = ("127.0.0.1", "localhost", "::1")


def place(url: str) -> tuple[str | None, int]:
    """Host and port of an address; 0 for the port that goes with http or https; no host where it is no address.

    Examples
    --------
    >>> place("http://ucdp.uu.se/a") == place("https://UCDP.uu.se:443/b"), place("https://ucdp.uu.se.example/")
    (True, ('ucdp.uu.se.example', 0))
    """
    try:
        parts = urlsplit(url)
        return parts.hostname, 0 if parts.port in (None, _PORTS.get(parts.scheme)) else parts.port
    except ValueError:  # brackets left open, a port beyond 65535
        return None, 0


def joined(url: str, following: str) -> str:
    """Where a redirect leads; an empty address where it leads to none.

    Examples
    --------
    >>> joined("https://a.example/list", "/other"), joined("https://a.example/list", "http://[::1")
    ('https://a.example/other', '')
    """
    try:
        return urljoin(url, following)
    except ValueError:
        return ""


def in_the_clear(url: str) -> bool:
    """Whether what is sent there could be read on the way: anything but https, except on this machine."""
    parts = urlsplit(url)
    return parts.scheme != "https" and parts.hostname not in _HOME


def as_safe(url: str, base: str) -> bool:
    """Whether an address is asked as safely as another: over https, or as the other."""
    return urlsplit(url).scheme in ("https", urlsplit(base).scheme)


def moved_to(url: str, base: str) -> str:
    """The address, on the host of another and as safe as that."""
    own = urlsplit(base)
    return urlunsplit(urlsplit(url)._replace(scheme=own.scheme, netloc=own.netloc))


def without(url: str, parameter: str) -> str:
    """The address without a parameter of its query.

    Examples
    --------
    >>> without("https://a.example/list/?client_id=x&page=2", "client_id")
    'https://a.example/list/?page=2'
    """
    parts = urlsplit(url)
    kept = [p for p in parts.query.split("&") if p and p.split("=")[0] != parameter]
    return urlunsplit(parts._replace(query="&".join(kept)))
