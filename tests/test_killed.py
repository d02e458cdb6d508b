"""Killed at any moment: old files whole, nothing partial read later, and a second run that ends well (`make kills` at length)."""

import json
import os
import random
import shutil
import time

import killing
import pytest
from making import shipped

from mali_stats import catalog, writing
from mali_stats.report import site

pytestmark = pytest.mark.skipif(os.name == "nt", reason="processes are forked and killed by signals here")


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    made = killing.Server(tmp_path_factory.mktemp("server"))
    yield made
    made.stop()


def whole(row):
    """Nothing broken. How many were killed is asked only of steps: by the clock, a quick machine may end first."""
    enough = row["killed"] == row["tries"] if row["killed_at"] == "each step on the disk" else True
    return enough and row["broken"] == row["again_failed"] == 0 and row["run_again"] == row["tries"] > 0


def silent(text):
    pass


def never_written_in_place(server, trial):
    """Run a job to its end: second names of the old files still hold the old bytes."""
    trial.reset()
    second = trial.place.parent.parent / "second names"
    for name in killing.digests(trial.old):
        (second / name).parent.mkdir(parents=True, exist_ok=True)
        os.link(trial.place / name, second / name)
    assert server.run(trial.job, trial.arguments)["status"] == 0
    return killing.digests(second) == killing.digests(trial.old) and trial.look() == "new_whole"


@pytest.mark.slow
def test_fetch(server, tmp_path):
    trial, dice = killing.fetching(tmp_path, server), random.Random(1)
    for how, tries in {"its whole duration": 4, "its last tenth": 4, "each step on the disk": 100}.items():
        row = killing.killed(server, trial, how, tries, dice, silent)
        assert whole(row), row
    assert row["old_whole"] > 0 < row["new_whole"], "steps lie on both sides of the moment of exchange"
    assert never_written_in_place(server, trial)


@pytest.mark.slow
def test_make_data(server, tmp_path):
    trial, dice = killing.building(tmp_path, server, at_hand=True), random.Random(1)
    row = killing.killed(server, trial, "its whole duration", 2, dice, silent)
    assert whole(row), row
    files = len(trial.new)  # that many fsyncs come first, then as many replaces, the description last
    expected = {
        (files, "before"): "old_whole", (files + 5, "before"): "mixed_and_refused",
        (2 * files - 1, "before"): "mixed_and_refused", (2 * files - 1, "after"): "new_whole",
    }  # fmt: skip
    for step, outcome in expected.items():
        trial.reset()
        assert server.run(trial.job, trial.arguments, step=step)["killed"]
        assert trial.look() == outcome, step
    assert server.run(trial.job, trial.arguments)["status"] == 0 and trial.look() == "new_whole"
    assert never_written_in_place(server, trial)


@pytest.mark.slow
@pytest.mark.parametrize("make", [killing.writing_notebooks, killing.making_site])
def test_make_notebooks_and_make_report(make, server, tmp_path):
    trial = make(tmp_path, server, [])
    files = len(trial.new)
    for step in ((0, "before"), (files - 1, "after"), (files + 1, "after")):
        trial.reset()
        assert server.run(trial.job, trial.arguments, step=step)["killed"]
        assert trial.look() != "broken", step
    assert never_written_in_place(server, trial)


def test_a_table_that_is_not_the_one_described_is_not_read(tmp_path, monkeypatch):
    shutil.copytree(shipped(), tmp_path / "data")
    monkeypatch.setattr(catalog, "root", lambda: tmp_path)
    assert len(catalog.load("population")) > 100
    path = tmp_path / "data" / "population.csv"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(
        ValueError, match=r"population\.csv is not the file that datapackage\.json .* Run make data again"
    ):
        catalog.load("population")
    assert len(catalog.load("country_year")) > 100, "the others are as they were"


def test_what_a_killed_writer_left_is_removed_when_it_can_only_be_that(tmp_path):
    names = [f".a.csv.{n}{writing.UNFINISHED}" for n in ("old", "new")] + [
        ".b.csv.old.unfinished",
        "a.csv.old.unfinished",
    ]
    for name in names:
        (tmp_path / name).write_text("half")
    hour = time.time() - writing.STALE - 1
    for name in (names[0], *names[2:]):
        os.utime(tmp_path / name, (hour, hour))
    writing.replace(tmp_path / "a.csv", b"whole")
    assert {p.name for p in tmp_path.iterdir()} == {"a.csv", *names[1:]}
    assert (tmp_path / "a.csv").read_bytes() == b"whole"


@pytest.mark.parametrize("atomic", [True, False])
def test_the_site_is_exchanged_and_a_killed_exchange_is_made_good(atomic, tmp_path, monkeypatch):
    out = tmp_path / "report"
    if not atomic:
        monkeypatch.setattr(site, "_exchanged", lambda one, other: False)
    for text in ("old", "new"):
        with site._replacing(out) as new:
            (new / "index.html").write_text(text)
        assert (out / "index.html").read_text() == text
    aside = tmp_path / ".report-abc" / "old"
    aside.parent.mkdir()
    out.rename(aside)
    site._restore(out)
    assert (out / "index.html").read_text() == "new" and [p.name for p in tmp_path.iterdir()] == ["report"]


@pytest.mark.slow
def test_the_harness_notices_what_it_is_there_for(server, tmp_path):
    """A file written in place, a note of another file and a table that is described wrongly are all broken."""
    trial = killing.fetching(tmp_path, server)
    file = trial.place / "ucdp" / "GEDEvent_v26_0_8.csv"
    file.write_bytes(file.read_bytes()[:-1])
    assert trial.state() == "broken"
    trial.reset()
    assert trial.state() == "old_whole"
    note = file.with_name(f"{file.name}.source.json")
    note.write_text(json.dumps(json.loads(note.read_text()) | {"sha256": "0"}))
    assert trial.state() == "broken"
