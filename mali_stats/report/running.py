"""Run notebooks: two at a time, only when something changed, and written the one way it is done."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import os
import re
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib import metadata
from pathlib import Path
from typing import Any

import mali_stats
from mali_stats import catalog
from mali_stats.writing import explained, replace

TOGETHER = 2  # notebooks run at once: each kernel wants a core
SECONDS_PER_CELL = 600
KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
#: What a run leaves in a notebook that says something of the machine or the hour, not of the analysis.
FLEETING = (
    "metadata.signature", "metadata.widgets", "metadata.language_info.version", "cell.metadata.execution",
    "cell.metadata.ExecuteTime", "cell.metadata.collapsed", "cell.metadata.scrolled",
)  # fmt: skip


def read_notebooks(folder: Path) -> dict[Path, dict]:
    """Read every notebook of a folder, in the order of their names.

    Raises
    ------
    FileNotFoundError
        where there is none.
    RuntimeError
        where a file is no notebook.
    """
    paths = sorted(Path(folder).glob("*.ipynb"))
    if not paths:
        raise FileNotFoundError(f"There is no notebook in {folder}; run this in the checkout, or give --notebooks.")
    return {path: _read(path) for path in paths}


def _read(path: Path):
    import nbformat

    try:
        notebook = nbformat.read(path, as_version=4)
        nbformat.validate(notebook)  # what was read is only complained about, and would fail later and at length
        return notebook
    except (ValueError, nbformat.ValidationError) as error:
        raise RuntimeError(f"{path.name} is not a notebook: {str(error)[:80]}") from error


def execute(
    notebooks: dict[Path, dict],
    say: Callable[[str], None] = print,
    keep: Callable[[Path], None] = lambda path: None,
) -> None:
    """Run notebooks in place, two at a time, each in its own folder and with a kernel of its own.

    ``keep`` is called with the path of each that ran to its end.

    Raises
    ------
    RuntimeError
        naming notebook, cell and error of every failure; what has not begun by then is not begun.
    """
    if notebooks:
        say(f"Notebooks to run: {len(notebooks)}, {TOGETHER} at a time ...")
        # In a thread, since nbclient would take Ctrl-C for itself in the main one.
        pool = ThreadPoolExecutor(1)
        try:
            pool.submit(asyncio.run, _execute_all(notebooks, say, keep)).result()
        finally:
            pool.shutdown(wait=False)


async def _execute_all(notebooks, say, keep):
    gate = asyncio.Semaphore(TOGETHER)
    ended: list[Any] = []
    failures: list[Any] = []

    async def one(path, notebook):
        async with gate:
            # What is under way is let to its end: stopped while it starts, it would leave a kernel behind.
            if failures:
                return
            start = time.monotonic()
            try:
                await _execute_one(path, notebook)
                keep(path)
                how = ""
            except RuntimeError as error:
                failures.append(str(error))
                how = "failed after "
            ended.append(path)
            say(f"  [{len(ended)}/{len(notebooks)}] {path.name}: {how}{time.monotonic() - start:.0f} s")

    await asyncio.gather(*(one(path, notebook) for path, notebook in notebooks.items()))
    if failures:
        raise RuntimeError("\n".join(failures))


async def _execute_one(path, notebook):
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, DeadKernelError

    # A backend that the user has chosen for scripts would keep figures out of the notebook.
    env = {name: value for name, value in os.environ.items() if name != "MPLBACKEND"}
    notebook["metadata"]["kernelspec"] = dict(KERNEL)
    client = NotebookClient(
        notebook, kernel_name="python3", timeout=SECONDS_PER_CELL, record_timing=False,
        coalesce_streams=True,  # one text, however many messages the kernel happens to send it in
        extra_arguments=["--log-level=CRITICAL"],  # kernels chat on the terminal otherwise
    )  # fmt: skip
    try:
        await client.async_execute(cwd=str(path.parent), env=env)
    except (CellExecutionError, DeadKernelError, TimeoutError) as error:
        what = f"{error.ename}: {error.evalue}" if isinstance(error, CellExecutionError) else str(error)
        raise RuntimeError(f"{path.name}, code cell {client.code_cells_executed}: {what}") from error


def write_notebooks(folder: str | Path = "notebooks", say: Callable[[str], None] = print) -> None:
    """Run every notebook and write its outputs into it, without what says something of machine or hour.

    All are run before the first is written, so a failure leaves the whole folder as it was. An unchanged
    analysis gives the same bytes.
    """
    import nbformat

    notebooks = read_notebooks(Path(folder))
    execute(notebooks, say)
    for path, notebook in notebooks.items():
        _write_figure(path, notebook)
        text = nbformat.writes(_lasting(notebook)) + "\n"
        changed = text != path.read_text(encoding="utf-8")
        replace(path, text.encode())
        say(f"  {path.name}: {'changed' if changed else 'as before'}")


def _write_figure(path: Path, notebook) -> None:
    """Write a notebook's main figure beside it, for README and for whoever wants the picture alone."""
    from mali_stats.report.pages import card

    if figure := card(path, notebook).figure:
        with explained(path.parent / "figures"):
            (path.parent / "figures").mkdir(exist_ok=True)
        replace(path.parent / "figures" / f"{path.stem}.png", base64.b64decode(figure))


def _lasting(notebook):
    from nbstripout import strip_output

    return strip_output(notebook, keep_output=True, keep_count=True, keep_id=True, extra_keys=list(FLEETING))


def _fingerprint(folder: Path) -> str:
    """Sum up what a notebook's outputs may depend on besides its own cells."""
    figures = (path for name in ("data", "seeds") for path in (catalog.root() / name).rglob("*"))
    beside = (path for path in folder.iterdir() if path.suffix != ".ipynb")
    files = [*Path(mali_stats.__file__).parent.rglob("*.py"), *figures, *beside]
    digest = hashlib.sha256(sys.version.encode())
    for path in sorted(path for path in files if path.is_file() and path.suffix != ".pyc"):
        digest.update(path.name.encode() + hashlib.sha256(path.read_bytes()).digest())
    installed = {f"{d.name} {d.version}" for d in metadata.distributions()}
    return digest.hexdigest() + "\n".join(sorted(installed))


def executed_notebooks(folder: Path, cache: Path, say: Callable[[str], None] = print) -> dict[Path, dict]:
    """Give every notebook of a folder with fresh outputs; an unchanged one is taken from the cache."""
    import nbformat

    notebooks, common = read_notebooks(folder), _fingerprint(folder)
    kept = {path: cache / f"{path.stem}-{_key(notebook, common)}.ipynb" for path, notebook in notebooks.items()}
    with explained(cache):
        cache.mkdir(parents=True, exist_ok=True)

    def keep(path):
        replace(kept[path], nbformat.writes(notebooks[path]).encode())

    execute({path: notebooks[path] for path, file in kept.items() if not file.is_file()}, say, keep)
    for old in set(cache.glob("*.ipynb")) - set(kept.values()):
        if re.fullmatch(rf".+-[0-9a-f]{{{_DIGITS}}}", old.stem):  # a folder of that name may be somebody's own
            old.unlink(missing_ok=True)  # another report may do so too
    return {path: nbformat.read(file, as_version=4) for path, file in kept.items()}


_DIGITS = 24  # of a key, in the name of a kept notebook


def _key(notebook, common: str) -> str:
    shown = ("tags", "alt")
    cells = [(c["cell_type"], c["source"], *map(c["metadata"].get, shown)) for c in notebook["cells"]]
    return hashlib.sha256(f"{common}{cells}".encode()).hexdigest()[:_DIGITS]
