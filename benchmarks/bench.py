"""`make bench`: what the library costs beside what it is held against, measured side by side in one run.

    python benchmarks/bench.py [--only WORD] [--rounds 3] [--acled-rows 3000000]

Every measurement is a process of its own (imports are not counted, memory is the peak of that process), and the two
sides of a comparison take turns; the least of the rounds stands, since other work on the machine only ever adds.
Printed as one table and written to benchmarks/results/bench.csv with bench.png. Files are grown for the run (see
`grow.py`) under build/bench and kept there for the next one.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd

HERE = Path(__file__).parent
FOLDER = HERE.parent / "build" / "bench"
RESULTS = HERE / "results"


# ---- the works: what is timed, each in a process of its own -------------------------------------------------


def naive_read(path):
    """What anybody would write first; it checks nothing and says nothing."""
    table = pd.read_csv(path, low_memory=False)
    for column in ("date_start", "date_end"):
        table[column] = pd.to_datetime(table[column])
    return table.groupby(["country", "adm_1", table["date_start"].dt.to_period("M")])[["low", "best", "high"]].sum()


def used():
    """The names of the columns that ``read_events`` reads of UCDP's file."""
    from mali_stats.sources import ucdp

    return [names[0] for names in (ucdp.REQUIRED | ucdp.OPTIONAL).values() if names[0] != "source_version"]


def arrow_parse(path, types=None):
    """Nothing but the used columns by pyarrow, in the types that it finds."""
    import pyarrow.csv as csv

    return csv.read_csv(
        path,
        parse_options=csv.ParseOptions(newlines_in_values=True),
        convert_options=csv.ConvertOptions(include_columns=used(), column_types=types),
    )


def arrow_text(path):
    """The same left as text: not a number nor a date is made."""
    import pyarrow as pa

    return arrow_parse(path, dict.fromkeys(used(), pa.string()))


def read(path):
    import mali_stats as ms

    return ms.read_events(path)


def read_and_panel(path):
    import mali_stats as ms

    events, ledger = ms.read_events(path)
    return ms.region_month_panel(events), ledger


def match(rows):
    import mali_stats as ms
    from mali_stats import synthetic

    made = synthetic.two_records(int(rows), states=50, seed=1)
    a, b = (made.table(source) for source in ("ucdp_ged", "acled"))
    yield  # making them is not what is measured
    ms.match_events(a, b)


def draw(rows):
    import draw_totals

    import mali_stats as ms

    table = draw_totals.made_up(int(rows), 1_000)
    yield
    ms.draw_totals(table, "group", n=1_000, shared_sd=0.2)


WORKS = {work.__name__: work for work in (naive_read, arrow_parse, arrow_text, read, read_and_panel, match, draw)}


def child(name: str, argument: str) -> None:
    """Do one work, and print its seconds and the peak of memory."""
    for module in ("mali_stats", "pyarrow.csv", "mali_stats.clean.events", "mali_stats.panel.grid"):
        __import__(module)
    work = WORKS[name]
    start = time.perf_counter()
    done = work(argument)
    if hasattr(done, "__next__"):  # first the making of what is worked on
        next(done)
        start = time.perf_counter()
        next(done, None)
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "peak_mb": peak}))


def timed(works: list[tuple[str, object]], rounds: int) -> list[dict]:
    """The least seconds and memory of each work, taking turns."""
    best: list[dict] = [{} for _ in works]
    for _ in range(rounds):
        for i, (name, argument) in enumerate(works):
            out = subprocess.run(
                [sys.executable, __file__, "--child", name, str(argument)],
                capture_output=True, text=True, check=True, env=os.environ | {"PYTHONPATH": str(HERE.parent)},
            )  # fmt: skip
            new = json.loads(out.stdout.splitlines()[-1])
            best[i] = {k: min(v, best[i].get(k, v)) for k, v in new.items()}
    return best


# ---- the comparisons: rows of the table ---------------------------------------------------------------------


def row(work: str, ours: dict, against: str, limit: float, other: float, unit: str = "times") -> dict:
    """One line: ``limit`` is the most that ours may be, in times the other or in seconds."""
    ratio = ours["seconds"] / other if unit == "times" else ours["seconds"]
    return {
        "work": work, "seconds": round(ours["seconds"], 2), "peak_mb": ours["peak_mb"] and round(ours["peak_mb"]),
        "against": against, "against_s": round(other, 2) if unit == "times" else None,
        "figure": float(f"{ratio:.3g}"), "limit": limit, "unit": unit, "met": ratio <= limit,
    }  # fmt: skip


def reading(rounds: int, acled_rows: int) -> list[dict]:
    """A bulk file of UCDP's, beside pandas and pyarrow on the same file."""
    import grow

    path = FOLDER / "ged.csv"
    if not path.exists():
        if not grow.RAW.is_dir():
            print("Reading UCDP's file is left out: the raw files are not here (set MALI_STATS_RAW).", file=sys.stderr)
            return []
        grow.ged_bulk(path)
    works = ("naive_read", "arrow_parse", "arrow_text", "read", "read_and_panel")
    naive, arrow, texts, ours, both = timed([(work, path) for work in works], rounds)
    what, more = "386,000 events, 49 columns, 240 MB", "the same and region_month_panel, ledgers"
    return [
        row(f"read_events: {what}", ours, "pandas.read_csv, to_datetime, groupby", 1.0, naive["seconds"]),
        row(more, both, "pyarrow parsing the used columns", 3.0, arrow["seconds"]),
        row(more, both, "pyarrow leaving the used columns as text", 3.0, texts["seconds"]),
    ]


def acled(rounds: int, acled_rows: int) -> list[dict]:
    """A made-up ACLED export, and ten times as much of it."""
    import grow

    paths = []
    for rows in (acled_rows // 10, acled_rows):
        paths.append(FOLDER / f"acled_{rows}.csv")
        if not paths[-1].exists():
            grow.acled_export(paths[-1], rows)
    few, many = timed([("read", paths[0]), ("read", paths[1])], min(rounds, 2))
    return [
        row(f"read_events: ACLED, {acled_rows:,} rows", many, "ten times a tenth of the rows", 1.2, 10 * few["seconds"])
    ]


def records(rounds: int, acled_rows: int) -> list[dict]:
    """Linking and drawing, held to seconds."""
    matched, drawn = timed([("match", 131_000), ("draw", 400_000)], min(rounds, 2))
    return [
        row("match_events: 100,000 x 100,000", matched, "-", 10, 0, "seconds"),
        row("draw_totals: 400,000 events x 1,000 draws x 1,000 groups", drawn, "-", 30, 0, "seconds"),
    ]


def importing(rounds: int, acled_rows: int) -> list[dict]:
    """How long the first line of a script takes."""

    def seconds(line: str) -> float:
        code = f"import time; t = time.perf_counter(); {line}; print(time.perf_counter() - t)"
        return float(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout)

    lines = ["import pandas", "import mali_stats", "import mali_stats; mali_stats.load('region_month')"]
    pandas, *ours = (min(seconds(line) for _ in range(4 * rounds)) for line in lines)
    return [
        row(line.replace("; mali_stats.load('region_month')", ", and load one table"),
            {"seconds": s, "peak_mb": None}, "import pandas", 1.25, pandas)
        for line, s in zip(lines[1:], ours, strict=True)
    ]  # fmt: skip


def refitting(rounds: int, acled_rows: int) -> list[dict]:
    """Trends fitted over and over: see `refits.py`."""
    import refits

    rows = []
    for line in refits.measure():
        ours = {"seconds": line["ours_s"], "peak_mb": None}
        if line["against_s"] is None:
            rows.append(row(line["work"], ours, "-", 5, 0, "seconds"))
        else:
            rows.append(row(line["work"], ours, line["against"], 0.33, line["against_s"]))
    return rows


PARTS = (importing, reading, acled, records, refitting)


def picture(table: pd.DataFrame, path: Path) -> None:
    """Each figure in parts of its limit."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    _, ax = plt.subplots(figsize=(11, 0.6 * len(table) + 1.2), layout="constrained")
    share = (table["figure"] / table["limit"])[::-1]
    beside = (
        table["against"].str.split(" in a loop|,").str[0].map(lambda name: "" if name == "-" else f"\nbeside {name}")
    )
    bars = ax.barh(range(len(table)), share, color=["#0072B2" if s <= 1 else "#D55E00" for s in share])
    ax.set_yticks(range(len(table)), (table["work"] + beside)[::-1])
    ax.axvline(1, color="black", linewidth=1)
    told = [f"{f:g} of {m:g} {u}" for f, m, u in table[["figure", "limit", "unit"]].values[::-1]]
    for text in ax.bar_label(bars, told, padding=4):  # the line of the limit does not cross it
        text.set_bbox({"facecolor": "white", "edgecolor": "none", "pad": 1})
    ax.set(xlabel="measured, in parts of its limit", xlim=(0, max(1.3, 1.5 * share.max())))
    plt.savefig(path, dpi=80)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    parser.add_argument(
        "--only", choices=[part.__name__ for part in PARTS], help="measure this part; nothing is written"
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--acled-rows", type=int, default=3_000_000)
    given = parser.parse_args()
    if given.child:
        return child(*given.child)
    FOLDER.mkdir(parents=True, exist_ok=True)
    parts = [part for part in PARTS if given.only in (None, part.__name__)]
    table = pd.DataFrame([line for part in parts for line in part(given.rounds, given.acled_rows)])
    print(table.to_string(index=False))
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores; the least of {given.rounds} rounds.")
    if given.only is None:
        RESULTS.mkdir(exist_ok=True)
        table.to_csv(RESULTS / "bench.csv", index=False)
        picture(table, RESULTS / "bench.png")


if __name__ == "__main__":
    main()
