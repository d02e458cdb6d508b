"""How large a file may become once it is unpacked: a few kilobytes can hold gigabytes, and memory is finite."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from functools import partial

#: bytes of one file once unpacked; the yearly record of all countries is well below
MAX_BYTES = 1 << 30
#: bytes of one answer of an API, which is held in memory together with what it is parsed into
MAX_ANSWER = 1 << 28
_PIECE = 1 << 16  # bytes fed at a time: nothing unpacks to more than about a thousand times itself


class TooLarge(ValueError):
    """More bytes than are taken."""


def gathered(name: str, pieces: Iterable[bytes], limit: int | None = None) -> bytes:
    """Join the pieces of a file, and stop as soon as they are more than ``limit`` bytes.

    Parameters
    ----------
    name : str
        of the file, for the error.
    pieces : iterable of bytes
        asked for one by one: what lies beyond the limit is never made.
    limit : int, optional
        bytes; ``MAX_BYTES`` by default.

    Raises
    ------
    TooLarge
        a ValueError, naming the file and the limit.

    Examples
    --------
    >>> gathered("table.csv", [b"a,b", b"1,2"])
    b'a,b1,2'
    >>> gathered("table.csv", [b"1,2"] * 9, limit=20)
    Traceback (most recent call last):
    mali_stats.sources.limits.TooLarge: table.csv holds more than 20 bytes once unpacked, ...
    """
    whole = io.BytesIO()
    for piece in pieces:
        whole.write(piece)
        refuse_more(name, whole.tell(), limit)
    return whole.getvalue()


def refuse_more(name: str, size: int, limit: int | None = None) -> None:
    """Refuse a file that has come to more than ``limit`` bytes.

    Raises
    ------
    TooLarge
        see :func:`gathered`.
    """
    limit = MAX_BYTES if limit is None else limit
    if size > limit:
        raise TooLarge(
            f"{name} holds more than {sized(limit)} once unpacked, which is not taken: it may be damaged, or made to "
            "fill the memory. Download it again, or ask for one country or fewer years; if it is right, unpack it and "
            "give the text itself, cut to what is needed."
        )


def sized(number: int) -> str:
    """Bytes as they are said.

    Examples
    --------
    >>> sized(20), sized(1 << 28), sized(1 << 30)
    ('20 bytes', '256 MB', '1 GB')
    """
    for unit, size in (("GB", 1 << 30), ("MB", 1 << 20)):
        if number >= size:
            return f"{number / size:.4g} {unit}"
    return f"{number:,} bytes"


def bounded_gunzip(name: str, data: bytes, limit: int | None = None) -> bytes:
    """Unpack gzip, also of several members, up to a limit.

    Raises
    ------
    TooLarge
        see :func:`gathered`.
    EOFError, zlib.error
        for what is cut short, or damaged.

    Examples
    --------
    >>> import gzip
    >>> bounded_gunzip("table.csv.gz", gzip.compress(b"a,b"))
    b'a,b'
    """
    return gathered(name, _inflated(data), limit)


def _inflated(data: bytes) -> Iterator[bytes]:
    member = None
    for start in range(0, len(data), _PIECE):
        piece = data[start : start + _PIECE]
        while piece := piece if member else piece.lstrip(b"\0"):  # zeros may stand between members and after the last
            member = member or zlib.decompressobj(wbits=31)  # gzip, with its check sums
            yield member.decompress(piece)
            piece = member.unused_data
            if member.eof:
                member = None
    if member:
        raise EOFError("it ends before its end was marked")


def bounded_unzip(name: str, archive: zipfile.ZipFile, member: str, limit: int | None = None) -> bytes:
    """Unpack one member of a zip up to a limit.

    Raises
    ------
    TooLarge
        see :func:`gathered`; before anything is unpacked where the zip itself says so.
    zipfile.BadZipFile, EOFError, zlib.error, NotImplementedError, RuntimeError
        for what is cut short, damaged, packed otherwise, or locked by a password.
    """
    refuse_large(name, [archive.getinfo(member)], limit)
    with archive.open(member) as stream:
        return gathered(name, iter(partial(stream.read, _PIECE), b""), limit)


def refuse_large(name: str, members: Iterable[zipfile.ZipInfo], limit: int | None = None) -> None:
    """Refuse a zip whose members together become more than ``limit`` bytes; zipfile never gives more than they say.

    Raises
    ------
    TooLarge
        see :func:`gathered`.

    Examples
    --------
    >>> refuse_large("book.xlsx", [zipfile.ZipInfo("xl/workbook.xml")])
    """
    refuse_more(name, sum(member.file_size for member in members), limit)
