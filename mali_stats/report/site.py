"""The whole site, put in the place of the old one only when it is ready."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from mali_stats.report import front, pages, running

#: How a site is told from a folder that somebody else filled (the template writes it).
OURS = '<meta name="generator" content="mali_stats.report">'


def build_site(
    out: str | Path = "build/report", notebooks: str | Path | None = "notebooks", say: Callable[[str], None] = print
) -> Path:
    """Make the whole site and put it in the place of the old one, which stays until then.

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
    """
    out = Path(out)
    if not _replaceable(out):
        raise FileExistsError(f"{out} holds something else than an earlier report: give another --out.")
    kept = running.read_notebooks(Path(notebooks)) if notebooks else {}
    executed = running.executed_notebooks(Path(notebooks), out.parent / "cache", say) if notebooks else {}
    say("Writing the pages ...")
    with _replacing(out) as new:
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


@contextmanager
def _replacing(out: Path) -> Iterator[Path]:
    """Give a folder to fill beside ``out``, and exchange the two only when that went well."""
    out.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
    new, old = beside / "new", beside / "old"
    new.mkdir()
    try:
        yield new
        if out.exists():
            out.rename(old)
        try:
            new.rename(out)
        except OSError:
            if old.exists():
                old.rename(out)
            raise
    finally:
        shutil.rmtree(beside, ignore_errors=True)
