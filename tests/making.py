"""Made-up events in the publishers' exact layouts, and the raw files where this machine has them."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import zipfile
from pathlib import Path

import pandas as pd
import pytest

from mali_stats import catalog

ROOT = Path(__file__).resolve().parents[1]
RAW = Path(os.environ.get("MALI_STATS_RAW", ROOT.parent / "shared" / "data"))
needs_raw = pytest.mark.skipif(
    not (RAW / "ucdp").is_dir(),
    reason="the publishers' raw files may not be shipped; set MALI_STATS_RAW to a folder that has them",
)
WEB_MALI = RAW / "ucdp" / "gedevents_web_mali.csv.gz"

COLUMNS = [
    "id",
    "relid",
    "year",
    "active_year",
    "code_status",
    "type_of_violence",
    "conflict_dset_id",
    "conflict_new_id",
    "conflict_name",
    "dyad_dset_id",
    "dyad_new_id",
    "dyad_name",
    "side_a_dset_id",
    "side_a_new_id",
    "side_a",
    "side_b_dset_id",
    "side_b_new_id",
    "side_b",
    "number_of_sources",
    "source_article",
    "source_office",
    "source_date",
    "source_headline",
    "source_original",
    "where_prec",
    "where_coordinates",
    "where_description",
    "adm_1",
    "adm_2",
    "latitude",
    "longitude",
    "geom_wkt",
    "priogrid_gid",
    "country",
    "country_id",
    "region",
    "event_clarity",
    "date_prec",
    "date_start",
    "date_end",
    "deaths_a",
    "deaths_b",
    "deaths_civilians",
    "deaths_unknown",
    "best",
    "high",
    "low",
    "gwnoa",
    "gwnob",
]
WEB = [
    {"best": "best_est", "high": "high_est", "low": "low_est"}.get(c, c) for c in COLUMNS if c not in ("gwnoa", "gwnob")
]


def record(id=1, **changes) -> dict:
    """One made-up event as the bulk file publishes it."""
    base = dict.fromkeys(COLUMNS, "")
    base |= {
        "id": id, "relid": f"MUP-2022-1-990-{id}", "year": 2022, "active_year": "TRUE", "code_status": "Clear",
        "type_of_violence": 1, "dyad_new_id": 990, "dyad_name": "Government - Group A", "side_a_new_id": 991,
        "side_a": "Government", "side_b_new_id": 992, "side_b": "Group A", "number_of_sources": 1,
        "source_article": 'A "made-up" article,\nover two lines', "source_office": "Made-up News", "where_prec": 1,
        "adm_1": "Mopti region", "adm_2": "Bandiagara cercle", "latitude": "14.349", "longitude": "-3.61",
        "country": "Mali", "country_id": 432, "region": "Africa", "event_clarity": 1, "date_prec": 1,
        "date_start": "2022-02-10", "date_end": "2022-02-10", "deaths_a": 1, "deaths_b": 2, "deaths_civilians": 3,
        "deaths_unknown": 0, "best": 6, "high": 9, "low": 5,
    }  # fmt: skip
    return base | {k: v for k, v in changes.items()}


def records(n=4) -> list[dict]:
    """A few events that differ in everything that matters."""
    regions = [
        ("Mopti region", "Bandiagara cercle"),
        ("Gao region", "Bourem cercle"),
        ("Kidal region", ""),
        ("", ""),
    ]
    points = [("14.349", "-3.61"), ("16.955", "-0.3486"), ("19.0", "1.5"), ("17.0", "-2.0")]
    out = []
    for i in range(n):
        (adm_1, adm_2), (lat, lon) = regions[i % 4], points[i % 4]
        day = f"20{12 + i % 12:02d}-{1 + i % 12:02d}-{1 + i % 28:02d}"
        out.append(record(100 + i, adm_1=adm_1, adm_2=adm_2, latitude=lat, longitude=lon, date_start=day, date_end=day,
                          type_of_violence=1 + i % 3, where_prec=1 if adm_2 else 4, deaths_b=2 + i, best=6 + i, high=9 + i))  # fmt: skip
    return out


def text(rows: list[dict], columns=None, separator=",", hxl=False, trailing=False, newline="\n") -> str:
    """Rows as CSV text, with the oddities that publishers add."""
    columns = columns or COLUMNS
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=separator, lineterminator=newline)
    writer.writerow(columns)
    if hxl:
        writer.writerow(
            ["#date+start" if c == "date_start" else "#affected+killed" if c == "best" else "" for c in columns]
        )
    for row in rows:
        writer.writerow([row.get(c, "") for c in columns] + [""] * trailing)
    return out.getvalue()


def web(rows: list[dict]) -> str:
    """The web export: month-first dates with a clock, *_est columns, one separator too many in every row."""
    out = []
    for row in rows:
        new = {c: row[k] for c, k in zip(WEB, [c for c in COLUMNS if c not in ("gwnoa", "gwnob")], strict=True)}
        for c in ("date_start", "date_end"):
            new[c] = pd.Timestamp(row[c]).strftime("%m/%d/%Y 00:00:00")
        new["active_year"] = "True"
        out.append(new)
    return text(out, WEB, trailing=True)


def write(path: Path, content: str | bytes, encoding="utf-8") -> Path:
    """Write a file; its ending says how it is compressed."""
    data = content if isinstance(content, bytes) else content.encode(encoding)
    if path.suffix == ".gz":
        data = gzip.compress(data)
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("GEDEvent_v24_1.csv", data)
        return path
    path.write_bytes(data)
    return path


def api(rows: list[dict], total=None, following="") -> str:
    """One page of UCDP's API."""
    whole = {"id", "type_of_violence", "where_prec", "date_prec", "best", "high", "low", "country_id"}
    result = [{k: (int(v) if k in whole else v if v != "" else None) for k, v in row.items()} for row in rows]
    for row in result:
        row["date_start"], row["date_end"] = (f"{row[k]}T00:00:00" for k in ("date_start", "date_end"))
        row["latitude"], row["longitude"] = (float(row[k]) for k in ("latitude", "longitude"))
    page = {
        "TotalCount": total or len(rows),
        "TotalPages": 1,
        "PreviousPageUrl": "",
        "NextPageUrl": following,
        "Result": result,
    }
    return json.dumps(page)


def seeds_folder(folder: Path) -> Path:
    """Seed tables of a made-up reading of Burkina Faso: two regions, two provinces."""
    folder = folder / "BFA"
    folder.mkdir()
    (folder / "regions.csv").write_text("frame,region,region_name\nbfa2,BF1,Sahel\nbfa2,BF2,Boucle du Mouhoun\n")
    (folder / "districts.csv").write_text("admin2,admin2_name,admin1\nBF11,Soum,BF1\nBF21,Kossi,BF2\n")
    (folder / "spellings.csv").write_text("kind,as_published,means\nsuffix,region,\nsuffix,province,\n")
    return folder


def shipped() -> Path:
    """The folder of the shipped tables."""
    return catalog.root() / "data"
