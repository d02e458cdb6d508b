"""Disk full, folders that may not be written, nobody's home, two at once: one line that says where and what to do."""

import errno
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pandas as pd
import pytest
from loopback import Server, file
from making import ROOT, records, shipped, text

import mali_stats as ms
from mali_stats import build, writing
from mali_stats.report import site
from mali_stats.sources.clients import cache

BODY = text(records(400)).encode()
PATH = "/candidateged/GEDEvent_v26_0_8.csv"
needs_root = pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0 or not shutil.which("unshare") or not shutil.which("setpriv"),
    reason="only root can make a small disk, or be somebody without rights",
)


@pytest.fixture
def server():
    made = Server()
    made.answers[PATH] = file(BODY)
    yield made
    made.stop()


@pytest.fixture
def open_folder():
    """A folder that another user can read, whatever the folders of the tests allow."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        yield Path(folder)


FETCH = "ms.fetch('ucdp', version='26.0.8', refresh=True, base_url={url!r}, cache={place!r})"
EXPORT = "ms.export(pd.concat([ms.load('population')] * 40), {place!r} + '/a.csv', source='worldbank')"
BUILD = "sys.exit(build.main([{raw!r}, '--out', {place!r}]))"
HEAD = "import sys, pandas as pd, mali_stats as ms\nfrom mali_stats import build\nsys.tracebacklimit = 0\n"


def python(code, *before, env=None, **options):
    """Another process, possibly started by another program; its last line on stderr."""
    env = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"} | (env or {})
    done = subprocess.run(
        [*before, sys.executable, "-c", HEAD + code], capture_output=True, text=True, env=env, timeout=120, **options
    )
    lines = done.stderr.strip().splitlines()
    return done.returncode, lines[-1] if lines else "", done.stderr


def on_a_small_disk(place, size):
    """What mounts a disk of ``size`` over ``place``, for this one process only."""
    mount = 'mount -t tmpfs -o size="$0" tmpfs "$1" && if [ -d "$1.kept" ]; then cp -r "$1.kept/." "$1"; fi && shift && exec "$@"'
    return ["unshare", "-m", "sh", "-c", mount, size, str(place)]


@pytest.mark.slow
@needs_root
def test_a_full_disk_is_told_and_the_old_files_stay(tmp_path, server):
    """Old files are put on a disk that has no room for the new ones, and looked at by the process itself."""
    place, raw = tmp_path / "disk", tmp_path / "GEDEvent_v25_1.csv"
    place.mkdir()
    raw.write_bytes(BODY)
    look = "\nimport pathlib; print({{p.name: p.read_bytes()[:9] for p in pathlib.Path({place!r}).rglob('*') if p.is_file()}})"
    for code, size in ((FETCH, "64k"), (EXPORT, "64k"), (BUILD, "256k")):
        kept = tmp_path / "disk.kept"
        shutil.rmtree(kept, ignore_errors=True)
        (kept / "ucdp").mkdir(parents=True)
        for name in ("a.csv", "region_month.csv", "ucdp/GEDEvent_v26_0_8.csv"):
            (kept / name).write_text("old file\n")
        names = {"url": server.url, "place": str(place), "raw": str(raw)}
        wrapped = f"try:\n    {code}\nfinally:{look.replace(chr(10), chr(10) + '    ')}"
        done = subprocess.run(
            [*on_a_small_disk(place, size), sys.executable, "-c", HEAD + wrapped.format(**names)], capture_output=True,
            text=True, env=os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}, timeout=120,
        )  # fmt: skip
        said = done.stderr.strip().splitlines()[-1]
        assert done.returncode == 1 and "could not be written: No space left on device" in said, done.stderr
        assert str(place) in said and "Free some space there, or" in said
        left = eval(done.stdout.strip().splitlines()[-1])
        assert {left[n] for n in ("a.csv", "region_month.csv", "GEDEvent_v26_0_8.csv")} == {b"old file\n"}
        assert not [n for n in left if n.endswith(writing.UNFINISHED)]


@pytest.mark.slow
@needs_root
def test_a_folder_that_may_not_be_written_is_told(open_folder, server):
    nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    if subprocess.run([*nobody, sys.executable, "-c", "import pandas"], capture_output=True).returncode:
        pytest.skip("this Python cannot be reached by another user")
    place = open_folder / "mine"
    place.mkdir()
    raw = open_folder / "GEDEvent_v25_1.csv"
    raw.write_bytes(BODY)
    for code in (FETCH, EXPORT, BUILD):
        names = {"url": server.url, "place": str(place), "raw": str(raw)}
        code_, said, everything = python(code.format(**names), *nobody, env={"HOME": "/nonexistent"}, cwd="/")
        assert code_ == 1 and "could not be written: Permission denied" in said, everything
        assert str(place) in said and "Change whose the folder is" in said
        assert not list(place.iterdir())


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EIO])
def test_every_way_of_writing_explains_the_systems_errors(number, tmp_path, server, monkeypatch):
    """As the system says it when a file is made or written, whoever the tests are run by."""
    raw, folder = tmp_path / "GEDEvent_v25_1.csv", tmp_path / "here"
    raw.write_bytes(BODY)
    folder.mkdir()
    table = ms.load("population")
    ways = {
        "fetch": lambda: ms.fetch("ucdp", version="26.0.8", refresh=True, base_url=server.url, cache=folder / "cache"),
        "export": lambda: ms.export(table, folder / "a.csv"),
        "write": lambda: writing.replace(folder / "b.txt", b"x"),
        "site": lambda: site._built(folder / "report", ROOT / "notebooks", print),
    }
    monkeypatch.setattr(site.running, "executed_notebooks", lambda *a: {})
    for way in ways.values():
        if way is not ways["site"]:
            way()
    before = {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}

    def refused(*arguments, **options):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("tempfile.mkstemp", refused)
    monkeypatch.setattr("tempfile.mkdtemp", refused)
    for way in ways.values():
        with pytest.raises(
            OSError, match=f"could not be written: {os.strerror(number)}. Nothing was replaced. "
        ) as caught:
            way()
        assert str(folder) in str(caught.value) and caught.value.errno == number
        assert "\n" not in str(caught.value) and str(caught.value).endswith(".")
    assert {p: p.read_bytes() for p in folder.rglob("*") if p.is_file() and ".part" not in p.name} == before


def test_a_build_that_cannot_be_written_is_one_line(tmp_path, capsys):
    raw = tmp_path / "GEDEvent_v25_1.csv"
    raw.write_bytes(text(records(4)).encode())
    (tmp_path / "taken").write_text("a file where a folder is wanted")
    assert build.main([str(raw), "--out", str(tmp_path / "taken")]) == 1
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 1 and said[0].startswith("make data: ") and "taken could not be written: File exists" in said[0]
    assert "give another folder (--out)" in said[0]


@pytest.mark.slow
def test_without_a_home_fetch_names_the_variable_and_all_else_works(tmp_path, server):
    bare = ["env", "-i", f"PYTHONPATH={ROOT}", "OMP_NUM_THREADS=1"]
    code = "print(len(ms.load('population')), len(str(ms.brief('Gao'))) > 100)"
    code += f"; print(ms.export(ms.load('population'), {str(tmp_path / 'a.csv')!r})[0].name)"
    done = subprocess.run([*bare, sys.executable, "-c", HEAD + code], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0 and done.stdout.split()[1:] == ["True", "a.csv"], done.stderr
    given = f"HOME={tmp_path / 'no such home'}"
    fetched = FETCH.format(url=server.url, place=str(tmp_path / "cache"))
    done = subprocess.run(
        [*bare, given, sys.executable, "-c", HEAD + fetched], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr


def test_a_cache_in_a_home_that_nobody_knows_is_refused(monkeypatch):
    monkeypatch.delenv("MALI_STATS_CACHE", raising=False)
    monkeypatch.setattr("os.path.expanduser", lambda path: path)
    monkeypatch.setattr(cache.platformdirs, "user_cache_path", lambda name: cache.Path("~/.cache") / name)
    for given in (None, "~/here"):
        with pytest.raises(FileNotFoundError, match=r"no home folder is known for ~.*; give another folder: cache="):
            cache.folder(given)


@pytest.mark.slow
def test_two_processes_on_one_cache_one_folder_and_one_table(tmp_path, server):
    """Three at once, each twice: whoever comes second waits, and every file is whole."""
    place, started = tmp_path / "cache", threading.Barrier(3)
    code = f"for _ in range(2): {FETCH.format(url=server.url, place=str(place))}; " + EXPORT.format(place=str(tmp_path))
    ends = []

    def run():
        started.wait(10)
        ends.append(python(code))

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert [end[0] for end in ends] == [0, 0, 0], ends
    fetched = place / "ucdp" / "GEDEvent_v26_0_8.csv"
    assert fetched.read_bytes() == BODY and cache.kept(fetched)["bytes"] == len(BODY) and len(server.asked) == 6
    assert len(pd.read_csv(tmp_path / "a.csv")) == 40 * len(ms.load("population"))
    hidden = {p.name for p in tmp_path.rglob(".*")}
    assert hidden == {".GEDEvent_v26_0_8.csv.lock"}


def test_what_another_process_puts_in_its_place_meanwhile_is_no_error(tmp_path, monkeypatch):
    """It was still beside when the folder was looked through, and is no more when its age is asked for."""
    gone = tmp_path / f".a.csv.1{writing.UNFINISHED}"
    monkeypatch.setattr(writing.Path, "glob", lambda self, pattern: iter([gone]))
    writing.replace(tmp_path / "a.csv", b"new")
    assert (tmp_path / "a.csv").read_bytes() == b"new"


def test_who_waits_too_long_for_another_is_told_whom(tmp_path, monkeypatch):
    monkeypatch.setattr(writing, "LOCK_WAIT", 0.1)
    raw = tmp_path / "GEDEvent_v25_1.csv"
    raw.write_bytes(text(records(4)).encode())
    with (
        writing.alone(tmp_path, "building"),
        pytest.raises(
            TimeoutError,
            match=r"another process has been building .* for over 0 seconds\. Let it finish or stop it, or give",
        ),
    ):
        build.build(raw, tmp_path)
    assert not (tmp_path / "datapackage.json").exists()


@pytest.mark.slow
def test_two_builds_of_one_folder_give_the_tables_of_one_of_them(tmp_path):
    """Two processes, two raw files: whichever ends last, the set is whole and of one build."""
    out = tmp_path / "data"
    shutil.copytree(shipped(), out)
    raws = [tmp_path / f"{n}" / "GEDEvent_v25_1.csv" for n in (6, 9)]
    for raw, n in zip(raws, (6, 9), strict=True):
        raw.parent.mkdir()
        raw.write_text(text(records(n)))
    threads = [threading.Thread(target=python, args=(BUILD.format(raw=str(raw), place=str(out)),)) for raw in raws]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    package = json.loads((out / "datapackage.json").read_text())
    hashes = {r["name"]: hashlib.sha256((out / r["path"]).read_bytes()).hexdigest() for r in package["resources"]}
    assert {r["name"]: r["hash"].removeprefix("sha256:") for r in package["resources"]} == hashes
    assert pd.read_csv(out / "region_month.csv")["events"].sum() in (6, 9)
