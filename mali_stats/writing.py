"""Files that are whole at any moment, one writer at a time, and errors of the disk that say what to do."""

from __future__ import annotations

import errno
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

#: what a file that is not through yet ends in, and the seconds after which it can only be a killed writer's
UNFINISHED, STALE = ".unfinished", 3600.0
#: seconds to wait for another process that writes to the same place
LOCK_WAIT = 300.0
_FULL = "Free some space there, or {other}."
_DENIED = "Change whose the folder is or what may be done with it, or {other}."
_ADVICE = {
    errno.ENOSPC: _FULL, errno.EDQUOT: _FULL, errno.EFBIG: _FULL,
    errno.EACCES: _DENIED, errno.EPERM: _DENIED, errno.EROFS: _DENIED,
    errno.ENOENT: "Make its folder first, or {other}.",
}  # fmt: skip


def replace(path: Path, content: bytes) -> None:
    """Write a file so that at any moment it is whole: the old one or the new one.

    Raises
    ------
    OSError
        of the system's own kind, with the place and what to do; the old file is as it was.

    Examples
    --------
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     replace(Path(folder, "a.csv"), b"1")
    ...     replace(Path(folder, "a.csv"), b"2")
    ...     sorted((path.name, path.read_bytes()) for path in Path(folder).iterdir())
    [('a.csv', b'2')]
    """
    replace_all(path.parent, {path.name: content})


def replace_all(folder: Path, contents: dict[str, bytes]) -> None:
    """Write files of one folder: all of them beside first, then each into its place, in the order given.

    A full disk is so noticed before the first is replaced; only a process that is killed while the last step lasts
    leaves some old and some new. What a killed one left beside more than an hour ago is removed.

    Raises
    ------
    OSError
        see :func:`replace`.
    """
    beside: dict[Path, str] = {}
    try:
        for name, content in contents.items():
            with explained(folder / name):
                _swept(folder, name)
                beside[folder / name] = _written(folder, name, content)
        for path, unfinished in beside.items():
            with explained(path):
                os.replace(unfinished, path)
    finally:
        for unfinished in beside.values():
            Path(unfinished).unlink(missing_ok=True)


def _written(folder: Path, name: str, content: bytes) -> str:
    handle, unfinished = tempfile.mkstemp(dir=folder, prefix=f".{name}.", suffix=UNFINISHED)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(unfinished, 0o644)
    except BaseException:
        Path(unfinished).unlink(missing_ok=True)
        raise
    return unfinished


def _swept(folder: Path, name: str) -> None:
    for left in folder.glob(f".{_plain(name)}.*{UNFINISHED}"):
        with suppress(FileNotFoundError):  # that of another process, which has just put it in its place
            if time.time() - left.stat().st_mtime > STALE:
                left.unlink()


def _plain(name: str) -> str:
    """The name as a pattern that matches nothing but itself."""
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in name)


@contextmanager
def explained(path: Path, other: str = "write to another folder") -> Iterator[None]:
    """Turn the system's errors while a place is written to into one line: what failed, where, and what to do.

    ``other`` says how to name another place. Errors of our own, which carry no words of the system's, pass.

    Examples
    --------
    >>> with explained(Path("figures", "a.csv")):
    ...     raise OSError(errno.ENOSPC, "No space left on device")
    Traceback (most recent call last):
    OSError: figures/a.csv could not be written: No space left on device. Nothing was replaced. Free some space there,
        or write to another folder.
    """
    try:
        yield
        return
    except OSError as error:
        if error.strerror is None:
            raise
        told = _told(error, path, other)
    raise told


def _told(error: OSError, path: Path, other: str) -> OSError:
    advice = _ADVICE.get(error.errno or 0, "Write to another place: {other}.").format(other=other)
    shown = path if error.errno != errno.ENAMETOOLONG else f"{str(path)[:60]}..."
    told = type(error)(f"{shown} could not be written: {error.strerror}. Nothing was replaced. {advice}")
    told.errno = error.errno
    return told


@contextmanager
def alone(lock: Path, what: str, other: str = "give another folder", wait: float | None = None) -> Iterator[None]:
    """Hold a place for this process alone; the system lets go of it when the process ends, however.

    Parameters
    ----------
    lock : path
        a file made for this, or a folder that is there (which needs no file, but holds nobody off on Windows).
    what : str
        what another process is doing, for the error.
    other : str
        how to go round it.
    wait : float, optional
        seconds; ``LOCK_WAIT`` by default.

    Raises
    ------
    TimeoutError
        where another process holds it for longer.
    OSError
        where the file cannot be made; see :func:`explained`.
    """
    with explained(lock, other):
        handle = _opened(lock)
    try:
        wait = LOCK_WAIT if wait is None else wait
        until = time.monotonic() + wait
        while handle is not None and not _held(handle):
            if time.monotonic() > until:
                raise TimeoutError(
                    f"another process has been {what} for over {wait:.0f} seconds. Let it finish or stop it, or {other}"
                )
            time.sleep(0.05)
        yield
    finally:
        if handle is not None:
            os.close(handle)


def _opened(lock: Path) -> int | None:
    if lock.is_dir():
        return None if os.name == "nt" else os.open(lock, os.O_RDONLY)
    return os.open(lock, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o644)


def _held(handle: int) -> bool:
    """Try to take the lock; closing the file lets go of it."""
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    except OSError:  # a file system that knows no locks
        return True
    return True
