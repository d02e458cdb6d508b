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
from fuzz_damage import DAMAGES
from fuzz_judge import Verdict, fitting, judge

from mali_stats.sources import files

try:
    from mali_stats.sources import limits
except ImportError:  # until it is merged
    limits = None
SEED = 20231


@contextmanager
def small_limits() -> Iterator[None]:
    """A bomb need not be larger than the machine: what may be unpacked is lowered while it is tried."""
    with mock.patch.object(*((limits, "MAX_BYTES", 64 << 20) if limits else (files, "_HEAD", files._HEAD))):
        yield


def one(number: int, folder: Path, seed: int = SEED) -> Verdict:
    """Damaged file ``number`` of a run: the kinds in turn, each on a file and in a way that chance chooses."""
    names = list(DAMAGES)
    random = Random(f"{seed} {number}")
    for attempt in range(1000):
        # a kind that fits no file here (whoever may read everything cannot be forbidden a file) gives way to the next
        damage = DAMAGES[names[(number + attempt // 100) % len(names)]]
        here = folder / f"{number}_{attempt}"
        here.mkdir()
        try:
            verdict = judge(damage, random.choice(fitting(damage)), f"{seed} {number} {attempt}", here)
        finally:
            shutil.rmtree(here, ignore_errors=True)
        if verdict is not None:
            return verdict
    raise AssertionError(f"{damage.name}: no file could be damaged")
