"""The whole site, put in the place of the old one only when it is ready."""

from __future__ import annotations

import ctypes
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from mali_stats.report import front, pages, running
from mali_stats.writing import alone, explained

#: How a site is told from a folder that somebody else filled (the template writes it).
OURS = '<meta name="generator" content="mali_stats.report">'
_ELSEWHERE = "give another folder (--out)"
_WAIT = 3600.0  # seconds: another report may be running every notebook


def build_site(
    out: str | Path = "build/report", notebooks: str | Path | None = "notebooks", say: Callable[[str], None] = print
) -> Path:
    """Make the whole site and put it in the place of the old one, which stays until then; one at a time.

    Parameters
    ----------
    out : path
        the folder to make; only an earlier site, or nothing, may be there.
    notebooks : path or None
        folder of the notebooks to run; None makes the front page alone, of the shipped tables.
    say : callable
        takes the lines of progress.

    Returns
    -------
    pathlib.Path
        the page to open.

    Raises
    ------
    FileExistsError
        if ``out`` holds something else than an earlier site.
    RuntimeError
        naming notebook, cell and error where one fails.
    TimeoutError
        where another process has been making a site there for an hour.
    OSError
        where it cannot be written, with what to do.
    """
    out = Path(out)
    with explained(out, _ELSEWHERE):
        out.parent.mkdir(parents=True, exist_ok=True)
    with alone(out.parent, f"making a report in {out.parent}", _ELSEWHERE, _WAIT):
        return _built(out, notebooks, say)


def _built(out: Path, notebooks: str | Path | None, say: Callable[[str], None]) -> Path:
    _restore(out)
    if not _replaceable(out):
        raise FileExistsError(f"{out} holds something else than an earlier report: give another --out.")
    kept = running.read_notebooks(Path(notebooks)) if notebooks else {}
    cache = out.parent / "cache"
    if notebooks and not cache.exists():
        with explained(out, _ELSEWHERE):  # the place that was asked for, not one that nobody named
            cache.mkdir()
    executed = running.executed_notebooks(Path(notebooks), cache, say) if notebooks else {}
    say("Writing the pages ...")
    with explained(out, _ELSEWHERE), _replacing(out) as new:
        cards = [pages.card(path, notebook, pages.moved(kept[path], notebook)) for path, notebook in executed.items()]
        for card, notebook in zip(cards, executed.values(), strict=True):
            (new / card.page).write_text(pages.notebook_page(notebook, card), encoding="utf-8")
        (new / "index.html").write_text(front.front_page(cards), encoding="utf-8")
    return out / "index.html"


def _replaceable(out: Path) -> bool:
    index = out / "index.html"
    if index.is_file():
        return OURS in index.read_text(encoding="utf-8", errors="replace")
    return not out.exists() or (out.is_dir() and not any(out.iterdir()))


def _restore(out: Path) -> None:
    """Bring back the site that a killed run had moved aside, where the system cannot exchange two folders at once."""
    for left in sorted(out.parent.glob(f".{out.name}-*")):
        if not out.exists() and (left / "old").is_dir():
            (left / "old").rename(out)
        shutil.rmtree(left, ignore_errors=True)


@contextmanager
def _replacing(out: Path) -> Iterator[Path]:
    """Give a folder to fill beside ``out``, and exchange the two only when that went well."""
    beside = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
    new, old = beside / "new", beside / "old"
    new.mkdir()
    try:
        yield new
        if not out.exists():
            new.rename(out)
        elif not _exchanged(new, out):
            out.rename(old)
            try:
                new.rename(out)
            except OSError:
                old.rename(out)
                raise
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _exchanged(one: Path, other: Path) -> bool:
    """Exchange two folders in one step, so that neither is ever missing; False where the system has no such step."""
    name = {"linux": "renameat2", "darwin": "renameatx_np"}.get(sys.platform)
    exchange = name and getattr(ctypes.CDLL(None), name, None)
    if not exchange:
        return False
    here = ctypes.c_int(-100 if sys.platform == "linux" else -2)  # AT_FDCWD: paths are those of this process
    swap = ctypes.c_uint(2)  # RENAME_EXCHANGE, RENAME_SWAP
    return exchange(here, os.fsencode(one), here, os.fsencode(other), swap) == 0
