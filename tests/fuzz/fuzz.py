"""The damages, all of them, and one damaged file after the other."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from unittest import mock

import damage_cells  # noqa: F401  they register themselves
import damage_packing  # noqa: F401
import damage_rows  # noqa: F401
import damage_text  # noqa: F401
from fuzz_damage import DAMAGES, Damage
from fuzz_judge import Verdict, fitting, judge

from mali_stats.sources import limits

SEED = 20231


@contextmanager
def small_limits(size: int = 64 << 20) -> Iterator[None]:
    """A bomb need not be larger than the machine: what may be unpacked is lowered while it is tried."""
    with mock.patch.object(limits, "MAX_BYTES", size):
        yield


def one(number: int, folder: Path, seed: int = SEED) -> Verdict:
    """Damaged file ``number`` of a run: the kinds in turn, each on a file and in a way that chance chooses."""
    names = list(DAMAGES)
    for more in range(len(names)):
        # a kind that fits no file here (whoever may read everything cannot be forbidden a file) gives way to the next
        verdict = of_kind(DAMAGES[names[(number + more) % len(names)]], folder, f"{seed} {number}")
        if verdict is not None:
            return verdict
    raise AssertionError("no file could be damaged")


def of_kind(damage: Damage, folder: Path, seed: object) -> Verdict | None:
    """One file that chance chooses, damaged in one way; None where no file can be."""
    random = Random(str(seed))
    for attempt in range(100):
        here = folder / f"{random.randrange(1 << 62)}"
        here.mkdir()
        try:
            verdict = judge(damage, random.choice(fitting(damage)), f"{seed} {attempt}", here)
        finally:
            shutil.rmtree(here, ignore_errors=True)
        if verdict is not None:
            return verdict
    return None
