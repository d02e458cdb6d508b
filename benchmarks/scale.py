"""Rows against seconds and memory: `read_events` whole, in chunks and on a Dask cluster, and the panel of each.

    python benchmarks/scale.py [--rows 10000 100000 1000000] [--chunk 100000] [--workers 2]

Reads made-up ACLED exports (`grow.py acled`; grown under build/scale and kept there for the next run). Every line is a
process of its own; imports are not counted. `whole`: the file as one table, then its panel. `chunks`: one chunk after
another, ledgers added up, chunks not kept (a panel of a chunk is not the panel of the file, so none is made). `dask`:
the same rows kept as parquet beforehand (dask.dataframe.read_csv cuts files at line ends, also inside quoted texts),
on a `distributed.LocalCluster` of worker processes with one thread each, ledger and panel.
Memory is the peak of resident memory, with Dask that of the largest worker, with the client's beside it. Without
`--rows` all sizes from 1e4 to 1e7 are measured, written to benchmarks/results/scale.csv and into docs/scale.md.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import subprocess
import sys
import time
from pathlib import Path

import grow
import pandas as pd

from mali_stats.sources.streams import open_stream

HERE = Path(__file__).parent
FILES = HERE.parent / "build" / "scale"
RESULTS = HERE / "results" / "scale.csv"
PAGE = HERE.parent / "docs" / "scale.md"
ROWS = [10_000, 100_000, 1_000_000, 10_000_000]
MARKS = "<!-- measured: begin -->", "<!-- measured: end -->"


def peak_mb() -> float:
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def whole(path: Path, chunk: int, workers: int) -> dict:
    import mali_stats as ms

    start = time.perf_counter()
    events, ledger = ms.read_events(path)
    read = time.perf_counter() - start
    ms.region_month_panel(events)
    return _line(ledger, read, time.perf_counter() - start - read, peak_mb())


def chunks(path: Path, chunk: int, workers: int) -> dict:
    import mali_stats as ms
    from mali_stats.ledger import Ledger

    start, account = time.perf_counter(), Ledger()
    for _, ledger in ms.read_events(path, chunks=chunk):
        account += ledger
    return _line(account, time.perf_counter() - start, None, peak_mb())


def dask(path: Path, chunk: int, workers: int) -> dict:
    import dask.dataframe as dd
    from distributed import Client, LocalCluster

    import mali_stats as ms

    with (
        LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=None, host="127.0.0.1",
                     silence_logs=50) as cluster,
        Client(cluster) as client,
    ):  # fmt: skip
        client.run(lambda: __import__("mali_stats.panel.grid"))
        start = time.perf_counter()
        table = dd.read_parquet(path.with_suffix(""))
        events, ledger = ms.read_events(table)
        read = time.perf_counter() - start
        ms.region_month_panel(events)
        panel = time.perf_counter() - start - read
        return _line(ledger, read, panel, max(client.run(peak_mb).values()), peak_mb())


def _line(ledger, read: float, panel: float | None, peak: float, client: float | None = None) -> dict:
    kept = ledger.check().tidy().set_index("kind").loc["kept", "rows"]
    return {
        "events": int(kept), "read_s": round(read, 1), "panel_s": panel and round(panel, 1), "peak_mb": peak,
        "client_mb": client,
    }  # fmt: skip


def as_parquet(path: Path) -> None:
    """The rows of a CSV as text in parquet files of 100,000 rows, in a folder of the CSV's name."""
    folder = path.with_suffix("")
    folder.mkdir()
    stream = open_stream(path)
    for number, rows in enumerate(stream.frames({c: c for c in stream.table.columns}, 100_000)):
        rows.to_parquet(folder / f"{number:04d}.parquet", index=False)


WAYS = {"whole": whole, "chunks": chunks, "dask": dask}


def measured(way: str, path: Path, rows: int, chunk: int, workers: int) -> dict:
    """One way of reading in a process of its own."""
    command = [sys.executable, __file__, "--child", way, str(path), "--chunk", str(chunk), "--workers", str(workers)]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"PYTHONPATH": str(HERE.parent)})
    if done.returncode:
        return {"rows": rows, "way": way, "failed": (done.stderr.strip().splitlines() or ["killed"])[-1][:200]}
    return {"rows": rows, "way": way} | json.loads(done.stdout.splitlines()[-1])


def into_page(table: pd.DataFrame) -> None:
    """The table between the marks of docs/scale.md."""
    shown = table.astype(object).where(table.notna(), "")
    shown["rows"] = [f"{n:,}" for n in table["rows"]]
    lines = [" | ".join(map(str, row)) for row in [list(shown), ["---"] * len(shown.columns), *shown.values.tolist()]]
    block = "\n".join([MARKS[0], "", *(f"| {line} |" for line in lines), "", MARKS[1]])
    page = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(re.sub(f"{MARKS[0]}.*{MARKS[1]}", lambda _: block, page, flags=re.DOTALL), encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="+", help="only these sizes; nothing is written")
    parser.add_argument("--chunk", type=int, default=100_000, help="rows of a chunk")
    parser.add_argument("--workers", type=int, default=2, help="processes of the Dask cluster")
    parser.add_argument("--ways", nargs="+", choices=list(WAYS), default=list(WAYS))
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        way, path = given.child
        print(json.dumps(WAYS[way](Path(path), given.chunk, given.workers)))
        return
    FILES.mkdir(parents=True, exist_ok=True)
    lines = []
    for rows in given.rows or ROWS:
        path = FILES / f"acled_{rows}.csv"
        if not path.exists():
            grow.acled_export(path, rows)
        if "dask" in given.ways and not path.with_suffix("").exists():
            as_parquet(path)
        lines += [measured(way, path, rows, given.chunk, given.workers) for way in given.ways]
        print(pd.DataFrame(lines[-len(given.ways) :]).to_string(index=False), flush=True)
    if given.rows is None:
        table = pd.DataFrame(lines)
        RESULTS.parent.mkdir(exist_ok=True)
        table.to_csv(RESULTS, index=False)
        into_page(table)


if __name__ == "__main__":
    main()
