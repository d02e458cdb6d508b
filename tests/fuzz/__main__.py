"""Damage many files, print what came of each kind, and keep the table in docs/robustness.md.

    python tests/fuzz 10000 [--seed 20231] [--only PART OF A NAME] [--processes 2]

The same number and seed give the same files on every machine. The exit code is 1 where anything went wrong.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import fuzz
from fuzz_damage import DAMAGES, Damage
from fuzz_judge import MEGABYTES, OUTCOMES, SECONDS

KEPT = Path(__file__).resolve().parents[2] / "docs" / "robustness.md"
Row = tuple[str, str, str, str, str]  # damage, publisher, layout, outcome, detail

HEAD = """# Damaged files: what comes of them

Files in the real layouts of UCDP, ACLED, UNHCR, IDMC, DTM and HAPI (made up by `mali_stats.synthetic`; csv, json and xlsx, some packed as gz or
zip) are damaged in {kinds} ways and read. Written by `make fuzz N={number}` (seed {seed}); the same command gives the same files.
There are {all} ways in all; "a file that may not be read" does not fit, and is not counted, where root runs it, who may read everything.

- **refused**: an error of the `ValueError` family or of the file system, which names the file and the place, and at times the row that was damaged.
- **same**: the table is that of the undamaged file: nothing that is read was hit, or it can be mended without a guess.
- **shown**: the table is another one, and the ledger says so: rows dropped, flagged in `issues`, or a note. The ledger adds up.
- **undetectable**: what is left is a valid file. The ledger adds up, but nobody can tell it from a right one. The kinds are listed below.
- **faults**: anything else: another error, a warning, a difference without a word, more than {seconds} s or {megabytes} MB. There must be none.

Three in ten event files are read in chunks as well, and must be refused, or give the same rows and deaths; three in ten CSV are also
read as large files are, which must give the same table, ledger and words.

"""


def _some(work: tuple[list[int], int]) -> list[Row]:
    numbers, seed = work
    with tempfile.TemporaryDirectory() as folder, fuzz.small_limits():
        verdicts = [fuzz.one(number, Path(folder), seed) for number in numbers]
    return [(v.damage, v.file.publisher, v.file.layout, v.outcome, v.detail) for v in verdicts]


def run(numbers: list[int], seed: int, processes: int) -> list[Row]:
    """What came of each of the damaged files, in their order."""
    pieces = [(numbers[i : i + 100], seed) for i in range(0, len(numbers), 100)]
    rows: list[Row] = []
    with ProcessPoolExecutor(processes) as pool:
        for done in pool.map(_some, pieces):
            rows += done
            for damage, _, layout, outcome, detail in done:
                if outcome == "FAULT":
                    print(f"\rFAULT: {damage}, {layout}: {detail[:600]}", file=sys.stderr)
            print(f"\r{len(rows):,} of {len(numbers):,} files", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return rows


# ---- the tables --------------------------------------------------------------------------------------------


def _table(title: str, counts: dict[str, Counter]) -> list[str]:
    lines = [f"| {title} | files | {' | '.join(o if o != 'FAULT' else 'faults' for o in OUTCOMES)} |", "|---" * 7 + "|"]
    lines[1] = "|---|" + "---:|" * 6
    for name, found in counts.items():
        cells = [str(found[o]) if found[o] else "" for o in OUTCOMES]
        lines.append(f"| {name} | {found.total():,} | {' | '.join(cells)} |")
    return lines


def _counted(rows: list[Row], column: int, names: list[str]) -> dict[str, Counter]:
    counts = {name: Counter() for name in names}
    for row in rows:
        if row[column] in counts:
            counts[row[column]][row[3]] += 1
    return {name: found for name, found in counts.items() if found.total()}


def report(rows: list[Row], number: int, seed: int) -> str:
    """The page that is kept."""
    publishers = _counted(rows, 1, list(dict.fromkeys(row[1] for row in sorted(rows, key=lambda r: r[1]))))
    publishers["**all**"] = sum(publishers.values(), Counter())
    text = HEAD.format(
        kinds=len({r[0] for r in rows}),
        all=len(DAMAGES),
        number=number,
        seed=seed,
        seconds=SECONDS,
        megabytes=MEGABYTES,
    )
    parts = [text + "\n".join(_table("publisher", publishers)), ""]
    for group in dict.fromkeys(damage.group for damage in DAMAGES.values()):
        names = [damage.name for damage in DAMAGES.values() if damage.group == group]
        parts += [f"## {group[0].upper()}{group[1:]}", "", *_table("damage", _counted(rows, 0, names)), ""]
    parts += ["## What nobody can detect", "", *_undetectable(rows), ""]
    return "\n".join(parts)


def _undetectable(rows: list[Row]) -> list[str]:
    found = Counter(row[0] for row in rows if row[3] == "undetectable")
    lines = [f"{sum(found.values()):,} of {len(rows):,} files were damaged so that a valid file was left:", ""]
    return lines + [f"- {d.name} ({found[d.name]}): {d.why}." for d in DAMAGES.values() if found[d.name]]


def main() -> int:
    """Run, print, keep."""
    parser = argparse.ArgumentParser(prog="python tests/fuzz", description=__doc__.splitlines()[0])
    parser.add_argument("number", type=int, nargs="?", default=10_000, help="how many damaged files")
    parser.add_argument("--seed", type=int, default=fuzz.SEED)
    parser.add_argument("--only", default="", help="only the kinds whose name holds this (nothing is kept then)")
    parser.add_argument("--processes", type=int, default=min(2, os.cpu_count() or 1))
    given = parser.parse_args()
    kinds: list[Damage] = list(DAMAGES.values())
    numbers = [i for i in range(given.number) if given.only in kinds[i % len(kinds)].name]
    rows = run(numbers, given.seed, given.processes)
    page = report(rows, given.number, given.seed)
    print(page)
    if not given.only:
        KEPT.parent.mkdir(exist_ok=True)
        KEPT.write_text(page, encoding="utf-8")
    faults = sum(row[3] == "FAULT" for row in rows)
    print(f"{faults} faults in {len(rows):,} files.", file=sys.stderr)
    return bool(faults)


if __name__ == "__main__":
    sys.exit(main())
