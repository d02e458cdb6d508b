"""What a damage is, and the list of all of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from random import Random

from fuzz_files import File, Sheet, Unfit

KINDS = ("csv", "json", "xlsx")
#: what has to come of a damaged file
EXPECTED = {
    "same": "read as if nothing had happened",
    "refused": "refused, or nothing that is read was hit",
    "told": "refused, or shown in the ledger, or nothing that is read was hit",
    "silent": "as told, or else it leaves a valid file that nobody can tell from a right one",
}


@dataclass(frozen=True)
class Damaged:
    """A damaged file: its bytes (or a path that stands already), and the rows that were touched, where rows were."""

    data: bytes | None
    rows: frozenset[int] = frozenset()
    path: Path | None = None


@dataclass(frozen=True)
class Damage:
    """One kind of damage. ``pack`` says that the damaged bytes may come as gz or zip as well as plain."""

    name: str
    group: str
    expect: str
    why: str
    do: Callable[[File, Random, Path], Damaged]
    kinds: tuple[str, ...]
    publishers: tuple[str, ...]
    pack: bool

    def fits(self, file: File) -> bool:
        """Whether the damage can be done to files of this kind at all."""
        return file.kind in self.kinds and (not self.publishers or file.publisher in self.publishers)


DAMAGES: dict[str, Damage] = {}


def _add(do, name, group, expect, why, kinds, publishers, pack) -> None:
    assert name not in DAMAGES and expect in EXPECTED and (expect == "silent") == bool(why), name
    DAMAGES[name] = Damage(name, group, expect, why, do, kinds, publishers, pack)


def of_bytes(name: str, expect: str, *, group: str, why: str = "", kinds=KINDS, publishers=(), pack=True):
    """Register a function of (bytes, random) to bytes."""

    def register(function):
        @wraps(function)
        def do(file: File, random: Random, folder: Path) -> Damaged:
            return Damaged(function(file.data, random))

        _add(do, name, group, expect, why, tuple(kinds), tuple(publishers), pack)
        return function

    return register


def of_rows(name: str, expect: str, *, group: str, why: str = "", kinds=KINDS, publishers=(), placed: bool = True):
    """Register a function that changes a :class:`Sheet`, or returns the bytes that it makes of it.

    ``placed``: a refusal has to name one of the rows that were touched.
    """

    def register(function):
        @wraps(function)
        def do(file: File, random: Random, folder: Path) -> Damaged:
            sheet = Sheet(file)
            data = function(sheet, random)
            return Damaged(sheet.dump() if data is None else data, frozenset(sheet.places() if placed else ()))

        _add(do, name, group, expect, why, tuple(kinds), tuple(publishers), True)
        return function

    return register


def on_disk(name: str, expect: str, *, group: str, why: str = "", kinds=KINDS, publishers=()):
    """Register a function of (file, random, folder) that makes what the path leads to and returns the path."""

    def register(function):
        @wraps(function)
        def do(file: File, random: Random, folder: Path) -> Damaged:
            return Damaged(None, path=function(file, random, folder))

        _add(do, name, group, expect, why, tuple(kinds), tuple(publishers), False)
        return function

    return register


__all__ = ["DAMAGES", "EXPECTED", "Damage", "Damaged", "Unfit", "of_bytes", "of_rows", "on_disk"]
