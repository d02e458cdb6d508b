"""A server on this machine that plays publishers with all their manners, for the tests of ``fetch``."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True)
class Asked:
    """One request as it came."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    form: dict[str, str]


@dataclass
class Answer:
    """What to send: ``cut`` sends that many bytes of the body and hangs up, ``stall`` that many and then nothing."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    cut: int | None = None
    stall: int | None = None
    length: bool = True


def page(content, **more) -> Answer:
    """JSON with status 200, or what is given."""
    return Answer(json.dumps(content).encode(), headers={"Content-Type": "application/json"}, **more)


class Server(ThreadingHTTPServer):
    """``answers`` gives for each path a function of the request, or a list of answers in turn (the last stays)."""

    daemon_threads = True
    block_on_close = False

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers: dict[str, Callable[[Asked], Answer] | list[Answer]] = {}
        self.asked: list[Asked] = []
        self.over = threading.Event()
        self.url = f"http://127.0.0.1:{self.server_port}"
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()

    def answer(self, asked: Asked) -> Answer:
        self.asked.append(asked)
        found = self.answers.get(asked.path)
        if found is None:
            return Answer(b"nothing here", 404)
        return found(asked) if callable(found) else found.pop(0) if len(found) > 1 else found[0]

    def paths(self) -> list[str]:
        return [asked.path for asked in self.asked]

    def stop(self) -> None:
        self.over.set()
        self.shutdown()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def do_GET(self):
        length = int(self.headers.get("Content-Length") or 0)
        form = {k: v[0] for k, v in parse_qs(self.rfile.read(length).decode()).items()}
        parts = urlsplit(self.path)
        query = {k: v[0] for k, v in parse_qs(parts.query).items()}
        self._send(self.server.answer(Asked(self.command, parts.path, query, dict(self.headers), form)))

    do_POST = do_GET

    def _send(self, answer: Answer) -> None:
        self.close_connection = True
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.length:
            self.send_header("Content-Length", str(len(answer.body)))
        self.send_header("Connection", "close")
        self.end_headers()
        shown = next((n for n in (answer.cut, answer.stall) if n is not None), len(answer.body))
        self.wfile.write(answer.body[:shown])
        self.wfile.flush()
        if answer.stall is not None:
            self.server.over.wait(20)


# ---- manners -----------------------------------------------------------------------------------------------


def ucdp_api(server: Server, records: list[dict], cap: int = 1000, total: int | None = None):
    """Pages of at most ``cap`` records whatever is asked for, and a TotalCount that may lie."""

    def give(asked: Asked) -> Answer:
        size, number = min(int(asked.query["pagesize"]), cap), int(asked.query.get("page", "0"))
        more = (number + 1) * size < len(records)
        rest = "&".join(f"{k}={v}" for k, v in asked.query.items() if k != "page")
        return page({
            "TotalCount": len(records) if total is None else total, "TotalPages": -(-len(records) // size),
            "PreviousPageUrl": "", "NextPageUrl": f"{server.url}{asked.path}?{rest}&page={number + 1}" if more else "",
            "Result": records[number * size : (number + 1) * size],
        })  # fmt: skip

    return give


def acled_api(records: list[dict], token: Callable[[], str], cap: int = 5000, count=None):
    """Pages by number for whoever has the token of the moment; the count is null unless one is given."""

    def give(asked: Asked) -> Answer:
        if asked.headers.get("Authorization") != f"Bearer {token()}":
            return page({"message": f"token {asked.headers.get('Authorization')} expired"}, status=401)
        size = min(int(asked.query["limit"]), cap)
        first = (int(asked.query["page"]) - 1) * size
        return page(
            {"status": 200, "success": True, "count": count, "messages": [], "data": records[first : first + size]}
        )

    return give


def offsets(name: str, records: list[dict], cap: int, **more):
    """Pages by limit and offset, cut to ``cap`` without a word."""

    def give(asked: Asked) -> Answer:
        first = int(asked.query["offset"])
        size = min(int(asked.query["limit"]), cap)
        return page(more | {name: records[first : first + size]})

    return give


def unhcr_api(records: dict[str, list[dict]], cap: int, pages: int | None = None):
    """Pages by number for the country as origin or asylum, with a count of pages that may lie."""

    def give(asked: Asked) -> Answer:
        rows = records["coo" if "coo" in asked.query else "coa"]
        size, number = min(int(asked.query["limit"]), cap), int(asked.query["page"])
        told = -(-len(rows) // size) if pages is None else pages
        return page({"page": number, "maxPages": told, "total": [], "items": rows[(number - 1) * size : number * size]})

    return give


def file(body: bytes, *, cut: list[int | None] | None = None, ranges: bool = True, tag: str = '"one"', stall=None):
    """A file that breaks off at each of ``cut`` in turn, taken up again by Range where ``ranges``."""
    cuts = list(cut or [])

    def give(asked: Asked) -> Answer:
        start, status, headers = 0, 200, {"ETag": tag} | ({"Accept-Ranges": "bytes"} if ranges else {})
        span = asked.headers.get("Range", "")
        if ranges and span and asked.headers.get("If-Range") == tag:
            start, status = int(span.removeprefix("bytes=").rstrip("-")), 206
            headers["Content-Range"] = f"bytes {start}-{len(body) - 1}/{len(body)}"
        return Answer(body[start:], status, headers, cut=cuts.pop(0) if cuts else None, stall=stall)

    return give
