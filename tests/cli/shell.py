"""The command as a shell runs it, and within the test."""

import os
import subprocess
import sys

from click.testing import CliRunner
from making import ROOT

from mali_stats.cli import main

COMMAND = [sys.executable, "-m", "mali_stats"]


def inside(*arguments, stdin=None, columns=100):
    """Run the command within the test, in a terminal of so many columns."""
    return CliRunner().invoke(main, [str(a) for a in arguments], input=stdin, env={"COLUMNS": str(columns)})


def environment(**more):
    """The environment of a newcomer: this checkout's library, and nothing that steers Python or the terminal."""
    kept = {n: v for n, v in os.environ.items() if not n.startswith(("PYTHON", "MPL", "COLUMNS"))}
    return kept | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"} | more


def shell(*arguments, stdin=b"", cwd=None, stdout=subprocess.PIPE, **more):
    """Run the command as a process of its own."""
    return subprocess.run(
        [*COMMAND, *map(str, arguments)], input=stdin, cwd=cwd, env=environment(**more), stdout=stdout,
        stderr=subprocess.PIPE, timeout=120,
    )  # fmt: skip
