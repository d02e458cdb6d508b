"""The folder of fetched files: whole at any moment, one writer at a time, and each with a note of where it is from."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import platformdirs

from mali_stats import __version__
from mali_stats.writing import alone, explained, replace

#: how to go round a folder that cannot be used
ELSEWHERE = "give another folder: cache=..., --cache or MALI_STATS_CACHE"


def folder(given: str | Path | None) -> Path:
    """The folder of the cache: the one given, else ``MALI_STATS_CACHE``, else the user's own for caches.

    Raises
    ------
    TypeError
        for what is no path.
    FileNotFoundError
        where it lies in the user's home folder, and the system knows of none.
    """
    if given is not None and not isinstance(given, str | os.PathLike):
        raise TypeError(f"fetch: cache is of type {type(given).__name__}; give the path of a folder.")
    named = given or os.environ.get("MALI_STATS_CACHE")
    if "\0" in str(named):
        raise ValueError(f"fetch: cache={str(named)!r} is no path; give that of a folder.")
    path = Path(named) if named else platformdirs.user_cache_path("mali_stats")
    try:
        path = path.expanduser()
    except RuntimeError:
        home = None
    else:
        home = not str(path).startswith("~")  # as it is left where nobody's home is known
    if not home:
        raise FileNotFoundError(f"fetch: no home folder is known for {path}; {ELSEWHERE}.")
    return path.absolute()


def note_of(target: Path) -> Path:
    """The note beside a fetched file."""
    return target.with_name(f"{target.name}.source.json")


def part_of(target: Path) -> Path:
    """The file under which a fetch that is not through yet is written."""
    return target.with_name(f".{target.name}.part")


@contextmanager
def locked(target: Path) -> Iterator[None]:
    """Hold a file of the cache for this process alone; the system lets go of it when the process ends, however.

    Raises
    ------
    TimeoutError
        where another process holds it for longer than ``LOCK_WAIT`` seconds.
    OSError
        where the folder cannot be used, with what to do.
    """
    with explained(target.parent, ELSEWHERE):
        target.parent.mkdir(parents=True, exist_ok=True)
    what = f"fetching {target.name} into {target.parent}"
    with alone(target.with_name(f".{target.name}.lock"), what, ELSEWHERE):
        yield


def kept(target: Path) -> dict | None:
    """The note of a file that is there and whole; one placed by hand has an empty note; None for no such file."""
    if not target.is_file():
        return None
    notes = [path for path in (note_of(target), _note_to_be(target)) if path.is_file()]
    return next(filter(None, (_fitting(note, target) for note in notes)), None) if notes else {}


def _fitting(path: Path, target: Path) -> dict | None:
    """A note if it is that of the file as it is now."""
    try:
        note = json.loads(path.read_text(encoding="utf-8"))
        return note if note["bytes"] == target.stat().st_size and note["sha256"] == sha256(target) else None
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None


def _note_to_be(target: Path) -> Path:
    """The note of a file that is being put in its place."""
    return target.with_name(f".{target.name}.source.json")


def sha256(path: Path) -> str:
    """The SHA-256 of a file."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def settle(part: Path, target: Path, about: dict) -> None:
    """Put a fetched file in its place in one step, with its note beside it.

    The new note stands beside the old one until the file is in place, so that whenever the process is killed one of
    the two is that of the file.
    """
    with open(part, "r+b") as file:
        os.fsync(file.fileno())
    note = about | {
        "fetched_on": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "fetched_by": f"mali_stats {__version__}",
        "bytes": part.stat().st_size,
        "sha256": sha256(part),
    }
    replace(_note_to_be(target), (json.dumps(note, ensure_ascii=False, indent=1) + "\n").encode())
    os.replace(part, target)
    os.replace(_note_to_be(target), note_of(target))
