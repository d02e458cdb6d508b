"""Large files in the publishers' layouts, for measuring: grown from the real ones, or made up.

    python benchmarks/grow.py ged FILE [--rows 386000] [--seed 0]
    python benchmarks/grow.py acled FILE [--rows 3000000] [--seed 0]

`ged` repeats the rows of UCDP's files (MALI_STATS_RAW, or ../shared/data; five files of four countries, 28,000 rows)
in the bulk layout of 49 columns. Every copy of a file but the first is moved to a country of its own, and its rows get
a new id, another day (up to three years off, kept within 1989-2024) and a point up to 0.2 degrees off, so that ids,
dates, points and countries differ as they do in the whole file, while names and articles repeat. `acled` repeats
10,000 made-up rows in ACLED's layout of today with new ids and days. Nothing grown is a record of anything; the
files are for a stopwatch and are not kept.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import io
import os
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np

from mali_stats import catalog, synthetic

RAW = Path(os.environ.get("MALI_STATS_RAW", Path(__file__).parents[2] / "shared" / "data")) / "ucdp"
FILES = (
    "ged_bulk_mexico", "gedevents_web_mali", "gedevents_web_burkina_faso", "gedevents_web_sudan", "hdx_sudan",
)  # fmt: skip
FIRST, LAST = date(1989, 1, 1), date(2024, 12, 31)
_WEB = {"best": "best_est", "high": "high_est", "low": "low_est"}


def ged_bulk(path: Path, rows: int = 386_000, seed: int = 0) -> Path:
    """Write a bulk file of ``rows`` events, grown from the real files."""
    columns, real = _real()
    rng = np.random.default_rng(seed)
    countries = rng.permutation(catalog.seed("countries")[["gw", "name"]].dropna().to_numpy())
    place = {name: i for i, name in enumerate(columns)}
    with open(path, "w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(columns)
        for number in range(rows):
            copy, i = divmod(number, len(real))
            file_number, row = real[i][0], list(real[i][1])
            row[place["id"]] = str(number + 1)
            if copy:
                _moved(row, place, rng, *countries[(copy * len(FILES) + file_number) % len(countries)])
            out.writerow(row)
    return path


def _real() -> tuple[list[str], list[tuple[int, list[str]]]]:
    """The header of the bulk layout, and all rows of the real files in it, each with the number of its file."""
    columns, rows = [], []
    for number, name in enumerate(FILES):
        text = gzip.decompress((RAW / f"{name}.csv.gz").read_bytes()).decode("utf-8-sig")
        records = csv.reader(io.StringIO(text, newline=""))
        own = next(records)
        columns = columns or own
        named = {c: _WEB[c] if _WEB.get(c) in own else c for c in columns}
        where = [own.index(named[c]) if named[c] in own else None for c in columns]
        for row in records:
            if row and row[0]:  # not the HXL row
                new = ["" if at is None else row[at] for at in where]
                for c in ("date_start", "date_end"):
                    new[columns.index(c)] = _iso(new[columns.index(c)])
                rows.append((number, new))
    return columns, rows


def _iso(text: str) -> str:
    return datetime.strptime(text[:10], "%m/%d/%Y").strftime("%Y-%m-%d") if "/" in text else text[:10]


def _moved(row: list[str], place: dict[str, int], rng: np.random.Generator, gw: str, name: str) -> None:
    start, end = (date.fromisoformat(row[place[c]]) for c in ("date_start", "date_end"))
    off = timedelta(days=int(rng.integers(-1095, 1096)))
    if start + off >= FIRST and end + off <= LAST:
        row[place["date_start"]], row[place["date_end"]] = str(start + off), str(end + off)
        row[place["year"]] = str((start + off).year)
    for column, step in zip(("latitude", "longitude"), rng.uniform(-0.2, 0.2, 2), strict=True):
        row[place[column]] = f"{float(row[place[column]]) + step:.6f}"
    row[place["country"]], row[place["country_id"]] = name, gw


def acled_export(path: Path, rows: int = 3_000_000, seed: int = 0) -> Path:
    """Write a made-up ACLED export of ``rows`` events: some 10,000 different ones over and over, on other days."""
    made = synthetic.acled_file(synthetic.two_records(13_100, states=10, seed=seed)).content.removeprefix("\ufeff")
    columns, *real = csv.reader(io.StringIO(made, newline=""))
    where, day = columns.index("event_id_cnty"), columns.index("event_date")
    days = [str(FIRST + timedelta(days=i)) for i in range((LAST - FIRST).days)]
    drawn = np.random.default_rng(seed).integers(len(days), size=rows)
    with open(path, "w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(columns)
        for number in range(rows):
            row = list(real[number % len(real)])
            row[where], row[day] = f"{row[where][:3]}{number + 1}", days[drawn[number]]
            out.writerow(row)
    return path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("layout", choices=["ged", "acled"])
    parser.add_argument("file", type=Path)
    parser.add_argument("--rows", type=int)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    grow = {"ged": ged_bulk, "acled": acled_export}[given.layout]
    grow(given.file, seed=given.seed, **({"rows": given.rows} if given.rows else {}))
    print(f"{given.file}: {given.file.stat().st_size / 1e6:,.0f} MB")


if __name__ == "__main__":
    main()
