"""One file from a server to the cache: taken up again where it broke off, and never taken for whole when it is not."""

from __future__ import annotations

import json
import re
import zipfile
import zlib
from pathlib import Path

import requests
import urllib3

from mali_stats.sources import limits
from mali_stats.sources.clients import web as asking
from mali_stats.sources.clients.pages import whole
from mali_stats.sources.clients.web import Web

#: bytes written at a time; what is lost when a file breaks off is less
PIECE = 1 << 16


def download(web: Web, url: str, params: dict, part: Path, bar) -> dict:
    """Download to ``part``; what is there of an earlier try is gone on with, if the server still has the same file.

    Raises
    ------
    ConnectionError, PermissionError, FileNotFoundError, RuntimeError
        see :meth:`mali_stats.sources.clients.web.Web.ask`; RuntimeError also for an answer that is no such file.
    TooLarge
        a ValueError, for a file, or what is in a zip, beyond ``limits.MAX_BYTES``.
    """
    try:
        return _downloaded(web, url, params, part, bar)
    except limits.TooLarge:
        _drop(part)  # nobody is to go on with it
        raise


def _drop(part: Path) -> None:
    part.unlink(missing_ok=True)
    _mark(part).unlink(missing_ok=True)


def _downloaded(web: Web, url: str, params: dict, part: Path, bar) -> dict:
    failed, most = 0, 0
    while True:
        answer, expected = _begun(web, url, params, part)
        reason = _written(answer, part, bar, url.rsplit("/", 1)[-1])
        held = part.stat().st_size
        if reason is None and (expected is None or held == expected):
            break
        failed = 1 if held > most else failed + 1  # what gets on is not given up
        most = max(most, held)
        reason = f"{reason or 'the file broke off'} after {held:,} of {expected or 'unknown'} bytes"
        if failed >= asking.TRIES:
            raise web.unreached(f"{reason}, {failed} times")
        web.rest(failed, reason)
    _check(part, url, answer, web)
    _mark(part).unlink(missing_ok=True)
    return {"rows": None, "complete": True}


def _mark(part: Path) -> Path:
    """What tells whether a part belongs to the file that the server has now."""
    return part.with_name(f"{part.name}.mark")


def _begun(web: Web, url: str, params: dict, part: Path) -> tuple[requests.Response, int | None]:
    """The answer to be written to the end of the part, and how long the file will be then."""
    mark = _marked(part, url)
    plain = {"Accept-Encoding": "identity"}
    going_on = {"Range": f"bytes={part.stat().st_size}-", "If-Range": mark["validator"]} if mark else {}
    answer = web.ask(url, params, headers=plain | going_on, stream=True, fine=(416,))
    if answer.status_code == 206 and mark and _goes_on(answer, part, mark):
        return answer, mark["length"]
    if answer.status_code in (206, 416):  # not what was asked for, or nothing more to give
        answer.close()
        answer = web.ask(url, params, headers=plain, stream=True)
    part.write_bytes(b"")
    return answer, _new_mark(answer, part, url)


def _marked(part: Path, url: str) -> dict | None:
    if not part.is_file() or not part.stat().st_size:
        return None
    try:
        mark = json.loads(_mark(part).read_text(encoding="utf-8"))
        return mark if mark["url"] == url and part.stat().st_size < mark["length"] else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _new_mark(answer: requests.Response, part: Path, url: str) -> int | None:
    """Note by what the file can be told again, where the server gives that and takes up files at all."""
    length = whole(answer.headers.get("Content-Length")) if "Content-Encoding" not in answer.headers else None
    tag = answer.headers.get("ETag", "")
    validator = tag if tag.startswith('"') else answer.headers.get("Last-Modified", "")
    _mark(part).unlink(missing_ok=True)
    if length and validator and answer.headers.get("Accept-Ranges", "").lower() == "bytes":
        mark = {"url": url, "validator": validator, "length": length}
        _mark(part).write_text(json.dumps(mark), encoding="utf-8")
    return length


def _goes_on(answer: requests.Response, part: Path, mark: dict) -> bool:
    span = re.fullmatch(r"bytes (\d+)-\d+/(\d+)", answer.headers.get("Content-Range", ""))
    same = answer.headers.get("ETag", mark["validator"]) == mark["validator"] or not mark["validator"].startswith('"')
    return bool(span) and same and (int(span[1]), int(span[2])) == (part.stat().st_size, mark["length"])


def _written(answer: requests.Response, part: Path, bar, name: str) -> str | None:
    """Write an answer to the end of the part; the reason where it breaks off."""
    bar.total = _total(answer, part)
    bar.n = part.stat().st_size
    try:
        with open(part, "ab") as file:
            for piece in answer.iter_content(PIECE):
                limits.refuse_more(name, file.tell() + len(piece))
                file.write(piece)
                bar.update(len(piece))
    except (requests.exceptions.RequestException, urllib3.exceptions.HTTPError) as error:
        return "no answer in time" if "timed out" in str(error).lower() else "the connection broke off"
    finally:
        answer.close()
    return None


def _total(answer: requests.Response, part: Path) -> int | None:
    length = whole(answer.headers.get("Content-Length"))
    return None if length is None else part.stat().st_size + length


def _check(part: Path, url: str, answer: requests.Response, web: Web) -> None:
    """Refuse what is no such file, or cannot be told to be whole."""
    with open(part, "rb") as file:
        start = file.read(512).lstrip()
    wrong = None
    if start[:1] == b"<" or not start:
        wrong = "a web page" if start else "an empty file"
    elif url.endswith(".zip"):
        wrong = _bad_zip(part, url.rsplit("/", 1)[-1])
    elif not {"Content-Length", "Transfer-Encoding"} & {name.title() for name in answer.headers}:
        wrong = "a file without a length, which cannot be told to be whole"
    if wrong:
        _drop(part)
        raise RuntimeError(f"{web.manners.title} sent {wrong} for {url.rsplit('/', 1)[-1]}. {web.by_hand}")


def _bad_zip(part: Path, name: str) -> str | None:
    try:
        with zipfile.ZipFile(part) as archive:
            limits.refuse_large(name, archive.infolist())
            damaged = archive.testzip()
    except (zipfile.BadZipFile, EOFError, zlib.error, NotImplementedError, RuntimeError, OSError):
        return "a file that is no whole zip"
    return damaged and f"a zip whose {damaged} is damaged"
