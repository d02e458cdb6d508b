"""The folder of fetched files: whole at any moment, one writer at a time, and each with a note of where it is from."""

from __future__ import annotations

import hashlib
import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import platformdirs

from mali_stats import __version__, catalog

#: seconds to wait for another process that fetches the same file
LOCK_WAIT = 300.0


def folder(given: str | Path | None) -> Path:
    """The folder of the cache: the one given, else ``MALI_STATS_CACHE``, else the user's own for caches."""
    named = given or os.environ.get("MALI_STATS_CACHE")
    return Path(named).expanduser().absolute() if named else platformdirs.user_cache_path("mali_stats")


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
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with open(target.with_name(f".{target.name}.lock"), "a+b") as handle:
        until = time.monotonic() + LOCK_WAIT
        while not _held(handle):
            if time.monotonic() > until:
                raise TimeoutError(
                    f"fetch: another process has been fetching {target.name} into {target.parent} for over "
                    f"{LOCK_WAIT:.0f} seconds. Let it finish or stop it, or give another folder: cache=..."
                )
            time.sleep(0.05)
        yield


def _held(handle) -> bool:
    """Try to take the lock; closing the file lets go of it."""
    try:
        if sys.platform == "win32":
            import msvcrt

            handle.seek(0)
            msvcrt.locking(handle.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def kept(target: Path) -> dict | None:
    """The note of a file that is there and whole; one placed by hand has an empty note; None for no such file."""
    if not target.is_file():
        return None
    try:
        note = json.loads(note_of(target).read_text(encoding="utf-8"))
        return note if note["bytes"] == target.stat().st_size and note["sha256"] == sha256(target) else None
    except FileNotFoundError:
        return {}
    except (ValueError, KeyError, TypeError):
        return None


def sha256(path: Path) -> str:
    """The SHA-256 of a file."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def settle(part: Path, target: Path, about: dict) -> None:
    """Put a fetched file in its place in one step, with its note beside it.

    The old note goes first: a file without a note counts as placed by hand, one with another's note as damaged.
    """
    with open(part, "r+b") as file:
        os.fsync(file.fileno())
    note = about | {
        "fetched_on": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "fetched_by": f"mali_stats {__version__}",
        "bytes": part.stat().st_size,
        "sha256": sha256(part),
    }
    note_of(target).unlink(missing_ok=True)
    os.replace(part, target)
    catalog.replace(note_of(target), (json.dumps(note, ensure_ascii=False, indent=1) + "\n").encode())
