"""The same results on every machine: whatever the hash seed, locale, time zone, thread count or order of rows.

The representative results of representative.py are printed with every digit by one process an environment, and
compared as text: hash seeds, locales and time zones may not reach a number at all. Threads may: a sum that BLAS shares
out over threads is added in another order, which moves its last digits. There numbers are compared with a relative
tolerance of 1e-12, some thousand times the spacing of doubles, and pictures, which draw those numbers, not at all.
"""

import csv
import io
import json
import os
import random
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from making import ROOT, record, records, text, write
from pandas.testing import assert_frame_equal
from representative import differ

import mali_stats as ms
from mali_stats import synthetic

#: name -> what its process finds in its environment; each is as far as can be from the first
ELSEWHERE = {
    "here": {"PYTHONHASHSEED": "0", "LC_ALL": "C", "TZ": "UTC"},
    "far east": {"PYTHONHASHSEED": "1", "LC_ALL": "C.UTF-8", "TZ": "Pacific/Kiritimati"},
    "decimal comma": {"PYTHONHASHSEED": "random", "LC_ALL": "de_DE.UTF-8", "TZ": "America/St_Johns"},
    "two threads": {"PYTHONHASHSEED": "2", "LC_ALL": "C", "TZ": "UTC", "OMP_NUM_THREADS": "2", "OPENBLAS_NUM_THREADS": "2"},
}  # fmt: skip
ALONE = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


@pytest.fixture(scope="module")
def locales(tmp_path_factory) -> Path:
    """A folder with a German locale, whose decimals have a comma, made from the system's own definition."""
    folder = tmp_path_factory.mktemp("locales")
    if shutil.which("localedef"):
        made = ["localedef", "-i", "de_DE", "-f", "UTF-8", str(folder / "de_DE.UTF-8")]
        subprocess.run(made, capture_output=True, check=False)
    return folder


@pytest.fixture(scope="module")
def found(locales) -> dict:
    def run(environment):
        kept = {k: v for k, v in os.environ.items() if k.split("_")[0] not in ("LC", "LANG", "LANGUAGE", "MALI")}
        has = any(locales.iterdir()) or environment["LC_ALL"] != "de_DE.UTF-8"
        place = {"LOCPATH": str(locales)} if environment["LC_ALL"] == "de_DE.UTF-8" else {}
        env = kept | ALONE | environment | place | ({} if has else {"LC_ALL": "C"}) | {"PYTHONPATH": str(ROOT)}
        script = [sys.executable, "-W", "error::EncodingWarning", str(ROOT / "tests" / "representative.py")]
        out = subprocess.run(script, env=env, capture_output=True, timeout=120)
        assert out.returncode == 0, out.stderr.decode(errors="replace")
        return json.loads(out.stdout)

    with ThreadPoolExecutor(2) as pool:
        return dict(zip(ELSEWHERE, pool.map(run, ELSEWHERE.values()), strict=True))


RESULTS = [
    "read_events", "read_displacement", "match_events", "compare_releases", "panel", "family_totals", "draw_totals",
    "parse_figure", "fit_trend", "find_breaks", "baseline_draws", "flag_months", "fit_tail", "heaping", "brief", "export",
    "cite",
]  # fmt: skip


@pytest.mark.slow
def test_every_representative_result_is_compared(found):
    assert [name for name in found["here"] if name != "decimal point"] == RESULTS
    assert all(len(json.dumps(found["here"][name])) > 100 for name in RESULTS)


@pytest.mark.slow
@pytest.mark.parametrize("name", RESULTS)
@pytest.mark.parametrize("elsewhere", ["far east", "decimal comma"])
def test_hash_seed_locale_and_time_zone_change_no_digit(found, elsewhere, name):
    assert found[elsewhere][name] == found["here"][name]


@pytest.mark.slow
def test_the_decimal_comma_was_one(found, locales):
    if not any(locales.iterdir()):
        pytest.skip("no locale with a decimal comma can be made here (localedef or its definitions are missing)")
    assert found["decimal comma"]["decimal point"] == ","


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in RESULTS if name != "export"])
def test_threads_change_no_digit_that_counts(found, name):
    assert not differ(found["here"][name], found["two threads"][name])


# ---- the order of rows -------------------------------------------------------------------------------------

COPIES = [record(7, relid="MUP-2022-1-990-7.1"), record(7, relid="MUP-2022-1-990-7.1"), record(9, low=8)]


def _both(folder: Path, content: str, seed: int) -> list[Path]:
    """The same table twice, under one name: its rows as they are, and shuffled (a row of tags stays first)."""
    separator = ";" if content.split("\n")[0].count(";") > 3 else ","
    head, *rows = csv.reader(io.StringIO(content, newline=""), delimiter=separator)
    fixed = [head, rows.pop(0)] if any(cell.startswith("#") for cell in rows[0]) else [head]
    mixed = random.Random(seed).sample(rows, len(rows))
    assert mixed != rows
    paths = []
    for name, ordered in (("plain", rows), ("mixed", mixed)):
        (folder / name).mkdir()
        out = io.StringIO(newline="")
        csv.writer(out, delimiter=separator, lineterminator="\n").writerows([*fixed, *ordered])
        paths.append(write(folder / name / "made_up.csv", out.getvalue()))
    return paths


@pytest.mark.parametrize("seed", [1, 2])
def test_events_and_ledger_of_a_file_in_any_order(tmp_path, seed):
    """With an exact copy to drop, and rows to flag."""
    _same(*map(ms.read_events, _both(tmp_path, text([*records(40), *COPIES]), seed)))


@pytest.mark.parametrize("layout", ["current", "before 2023", "upper case", "hdx"])
def test_acled_and_ledger_of_a_file_in_any_order(tmp_path, layout):
    content = synthetic.acled_file(synthetic.two_records(60, seed=5), layout).content
    _same(*map(ms.read_events, _both(tmp_path, content, 3)))


TABLES = ["unhcr_population", "gidd", "dtm_sheet", "dtm_v3_csv", "hapi_idps", "hapi_needs", "hapi_food"]


@pytest.mark.parametrize("name", TABLES)
def test_displacement_and_ledger_of_a_file_in_any_order(tmp_path, name):
    """The examples of its ledger are numbers of the file's rows, so they alone move with the rows."""
    _same(*map(ms.read_displacement, _both(tmp_path, synthetic.DISPLACEMENT[name](5).content, 4)), numbered=True)


def _same(one, other, numbered=False):
    assert len(one[0]) > 2
    assert_frame_equal(one[0], other[0])
    moving = ["example_ids"] if numbered else []
    assert_frame_equal(*(ledger.tidy().drop(columns=moving) for _, ledger in (one, other)))
    assert one[1].notes == other[1].notes


@pytest.fixture(scope="module")
def events(tmp_path_factory):
    path = write(tmp_path_factory.mktemp("rows") / "made_up.csv", text([*records(60), *COPIES]))
    return ms.read_events(path)[0]


def test_a_panel_and_its_ledger_from_events_in_any_order(events):
    for options in ({}, {"by": "type_of_violence"}, {"start": "2014-01", "end": "2016-06"}):
        panels = [ms.region_month_panel(rows, **options) for rows in (events, events.sample(frac=1, random_state=5))]
        _same(*panels)


def test_columns_are_joined_to_a_panel_in_any_order(events):
    panel, _ = ms.region_month_panel(events)
    mixed = panel.sample(frac=1, random_state=6)
    back = ms.add_population(mixed)
    assert_frame_equal(back.loc[panel.index], ms.add_population(panel))


def test_figures_are_joined_to_a_panel_in_any_order(events):
    panel, _ = ms.region_month_panel(events, frame="country")
    figures = ms.load("displacement").query("country == 'MLI' and indicator == 'idps' and source == 'iom_dtm'")
    figures = figures[figures["as_of"] < "2024"]
    plain = ms.add_displacement(panel, figures)
    mixed = ms.add_displacement(panel.sample(frac=1, random_state=7), figures.sample(frac=1, random_state=8))
    assert plain.shape[1] > panel.shape[1]
    assert_frame_equal(mixed.loc[panel.index], plain)


def test_totals_of_families_in_any_order():
    table = ms.load("family_month")
    for rows in (table.sample(frac=1, random_state=seed) for seed in (9, 10)):
        assert_frame_equal(ms.family_totals(rows, by="year"), ms.family_totals(table, by="year"))


def test_what_is_written_is_the_same_bytes_from_the_same_rows(tmp_path, events):
    paths = [ms.export(rows.sort_values("event_id").drop(columns=["latitude", "longitude"]), tmp_path / f"{n}.csv", source="ucdp_ged")[0]
             for n, rows in (("a", events), ("b", events.sample(frac=1, random_state=11)))]  # fmt: skip
    assert paths[0].read_bytes() == paths[1].read_bytes()
