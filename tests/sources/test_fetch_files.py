"""Files that break off, servers that stall, processes that are killed: the file before stays whole, the rest is taken up."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
import zipfile

import pytest
from fetching_helpers import note
from loopback import Answer, file
from making import ROOT, records, text

import mali_stats as ms
from mali_stats import writing
from mali_stats.sources.clients import cache

BODY = text(records(900)).encode()
PATH = "/candidateged/GEDEvent_v26_0_8.csv"


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch):
    """A piece that breaks off is asked for again: with small ones the tests know where."""
    monkeypatch.setattr("mali_stats.sources.clients.download.PIECE", 1000)


def get(cached, **more):
    return cached("ucdp", version="26.0.8", **more)


def spans(server):
    return [asked.headers.get("Range") for asked in server.asked]


def left_over(tmp_path):
    return sorted(p.name for p in (tmp_path / "cache").rglob("*") if p.is_file() and not p.name.endswith(".lock"))


def test_a_file_that_breaks_off_is_taken_up_where_it_did(server, cached, tmp_path):
    server.answers[PATH] = file(BODY, cut=[70_000, 100_000])
    path = get(cached)
    assert path.read_bytes() == BODY
    assert spans(server) == [None, "bytes=70000-", "bytes=170000-"]
    assert left_over(tmp_path) == [path.name, f"{path.name}.source.json"], "no part is left"
    assert note(path)["bytes"] == len(BODY)


def test_a_file_that_gets_on_is_not_given_up(server, cached, waits):
    server.answers[PATH] = file(BODY, cut=[20_000] * 8)
    assert get(cached).read_bytes() == BODY
    assert len(server.asked) == 9 and waits == [1.0] * 8


def test_from_the_start_where_the_server_does_not_take_up(server, cached):
    server.answers[PATH] = file(BODY, cut=[70_000], ranges=False)
    assert get(cached).read_bytes() == BODY
    assert spans(server) == [None, None]


def test_a_server_that_takes_up_where_it_likes_is_not_believed(server, cached):
    whole = file(BODY, cut=[70_000])

    def give(asked):
        answer = whole(asked)
        if answer.status == 206:
            answer.headers["Content-Range"] = f"bytes 60000-{len(BODY) - 1}/{len(BODY)}"
        return answer

    server.answers[PATH] = give
    assert get(cached).read_bytes() == BODY
    assert spans(server) == [None, "bytes=70000-", None]


def test_another_file_under_the_same_name_is_fetched_whole(server, cached):
    changed = text(records(500)).encode()
    first = file(BODY, cut=[70_000])
    server.answers[PATH] = lambda asked: first(asked) if len(server.asked) == 1 else file(changed, tag='"two"')(asked)
    assert get(cached).read_bytes() == changed
    assert spans(server) == [None, "bytes=70000-"], "asked to go on only if it is the same"


def test_a_part_of_an_earlier_try_is_gone_on_with(server, cached, tmp_path, waits):
    server.answers[PATH] = [
        Answer(BODY, headers={"ETag": '"one"', "Accept-Ranges": "bytes"}, cut=50_000),
        Answer(b"", 404),
    ]
    with pytest.raises(FileNotFoundError):
        get(cached)
    assert left_over(tmp_path) == [".GEDEvent_v26_0_8.csv.part", ".GEDEvent_v26_0_8.csv.part.mark"]
    server.answers[PATH] = file(BODY)
    assert get(cached).read_bytes() == BODY
    assert spans(server)[-1] == "bytes=50000-"


def test_a_part_from_another_address_is_not_gone_on_with(server, other, cached):
    server.answers[PATH] = [
        Answer(BODY, headers={"ETag": '"one"', "Accept-Ranges": "bytes"}, cut=50_000),
        Answer(b"", 404),
    ]
    with pytest.raises(FileNotFoundError):
        get(cached)
    other.answers[PATH] = file(text(records(700)).encode())
    assert get(cached, base_url=other.url).read_bytes() == text(records(700)).encode()
    assert spans(other) == [None]


def test_a_stalled_file_is_given_up_in_time_and_taken_up(server, cached):
    answers = [Answer(BODY, headers={"ETag": '"one"', "Accept-Ranges": "bytes"}, stall=90_000)]
    again = file(BODY)
    server.answers[PATH] = lambda asked: answers.pop() if answers else again(asked)
    assert get(cached).read_bytes() == BODY
    assert spans(server)[-1] == "bytes=90000-"


def test_a_file_that_never_gets_on_is_given_up(server, cached, waits):
    server.answers[PATH] = file(BODY, cut=[70_000] * 20, ranges=False)
    with pytest.raises(ConnectionError, match=r"broke off after 70,000 of [\d,]+ bytes, 5 times\)\. By hand: download"):
        get(cached)
    assert len(server.asked) == 5 and waits == [1.0, 2.0, 4.0, 8.0]


@pytest.mark.parametrize(("answer", "words"), [
    (Answer(b"<html>Not any more</html>"), "sent a web page for GEDEvent_v26_0_8.csv"),
    (Answer(b""), "sent an empty file"),
    (Answer(BODY, length=False), "without a length, which cannot be told to be whole"),
])  # fmt: skip
def test_what_is_no_such_file_is_refused_and_not_kept(answer, words, server, cached, tmp_path):
    server.answers[PATH] = [answer]
    with pytest.raises(RuntimeError, match=words):
        get(cached)
    assert left_over(tmp_path) == []


def test_a_zip_is_tried_before_it_is_kept(server, cached, tmp_path):
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr("GEDEvent_v25_1.csv", BODY)
    good = (tmp_path / "x.zip").read_bytes()
    bad = bytearray(good)
    bad[len(bad) // 2] ^= 0xFF
    for body, words in ((good[:-200], "no whole zip"), (bytes(bad), "whose GEDEvent_v25_1.csv is damaged")):
        server.answers["/ged/ged251-csv.zip"] = [Answer(body)]
        with pytest.raises(RuntimeError, match=words):
            cached("ucdp", version="25.1")
    assert left_over(tmp_path) == []


def test_a_damaged_file_of_the_cache_is_fetched_again(server, cached):
    server.answers[PATH] = file(BODY)
    path = get(cached)
    path.write_bytes(BODY[:-1] + b"x")
    assert get(cached).read_bytes() == BODY and len(server.asked) == 2
    path.with_name(f"{path.name}.source.json").write_text("{")
    assert get(cached).read_bytes() == BODY and len(server.asked) == 3


# ---- processes ---------------------------------------------------------------------------------------------


def process(server, folder, *more):
    """Another process that fetches into the same cache."""
    code = "import sys, mali_stats as ms; ms.fetch('ucdp', version='26.0.8', refresh=True, base_url=sys.argv[1], cache=sys.argv[2])"
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        [sys.executable, "-c", code, server.url, str(folder)], env=environment, stderr=subprocess.PIPE
    )


def until(condition, seconds=20):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.02)


@pytest.mark.skipif(os.name == "nt", reason="there is no such signal")
def test_a_process_killed_on_the_way_leaves_the_old_file_and_a_part_to_go_on_with(
    server, cached, tmp_path, monkeypatch
):
    old = text(records(3)).encode()
    server.answers[PATH] = file(old)
    path = get(cached)
    before = note(path)
    server.answers[PATH] = [Answer(BODY, headers={"ETag": '"new"', "Accept-Ranges": "bytes"}, stall=131_072)]
    other = process(server, tmp_path / "cache")
    part = cache.part_of(path)
    until(lambda: part.is_file() and part.stat().st_size == 131_072)
    assert path.read_bytes() == old and get(lambda *a, **k: path) == path
    monkeypatch.setattr(writing, "LOCK_WAIT", 0.2)
    with pytest.raises(TimeoutError, match="another process has been fetching GEDEvent_v26_0_8.csv"):
        get(cached)
    other.send_signal(signal.SIGKILL)
    other.communicate(timeout=10)
    assert path.read_bytes() == old and note(path) == before, "whole, with its note"
    assert get(cached) == path and len(ms.read_events(path)[0]) == 3, "and nobody holds it any more"
    server.answers[PATH] = file(BODY, tag='"new"')
    assert get(cached, refresh=True).read_bytes() == BODY
    assert spans(server)[-1] == "bytes=131072-"


def test_who_waits_for_another_takes_what_that_one_fetched(server, cached):
    started, go_on = threading.Event(), threading.Event()
    whole = file(BODY)

    def slow(asked):
        started.set()
        assert go_on.wait(10)
        return whole(asked)

    server.answers[PATH] = slow
    got = []
    threads = [threading.Thread(target=lambda: got.append(get(cached).read_bytes())) for _ in range(3)]
    for thread in threads:
        thread.start()
    assert started.wait(10)
    time.sleep(0.1)
    go_on.set()
    for thread in threads:
        thread.join(10)
    assert got == [BODY] * 3 and len(server.asked) == 1


@pytest.mark.parametrize("broken", ["fsync", "replace"])
def test_an_error_while_it_is_put_in_place_leaves_a_whole_file(broken, server, cached, monkeypatch):
    server.answers[PATH] = file(text(records(3)).encode())
    path = get(cached)
    before = path.read_bytes()
    server.answers[PATH] = file(BODY)

    def full(*arguments):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(f"mali_stats.sources.clients.cache.os.{broken}", full)
        with pytest.raises(OSError, match="No space left"):
            get(cached, refresh=True)
    assert path.read_bytes() == before
    assert get(cached, refresh=False) == path


def test_a_stop_by_the_user_leaves_nothing_half(server, cached, tmp_path, monkeypatch):
    def stopped(*arguments):
        raise KeyboardInterrupt

    server.answers["/population/"] = [Answer(json.dumps({"maxPages": 3, "items": [{"year": 2020}]}).encode())]
    monkeypatch.setattr("mali_stats.sources.clients.web.sleep", stopped)
    with pytest.raises(KeyboardInterrupt):
        cached("unhcr")
    assert left_over(tmp_path) == []


def test_the_folder_of_the_cache_is_told_by_the_environment(server, keys, waits, tmp_path, monkeypatch):
    server.answers[PATH] = file(BODY)
    monkeypatch.setenv("MALI_STATS_CACHE", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("MALI_STATS_UCDP_URL", f"{server.url}/")
    assert ms.fetch("ucdp", version="26.0.8") == tmp_path / "elsewhere" / "ucdp" / "GEDEvent_v26_0_8.csv"
    monkeypatch.delenv("MALI_STATS_CACHE")
    assert "mali_stats" in str(cache.folder(None)) and cache.folder(None).is_absolute()


def test_a_bar_on_stderr_when_asked_for(server, cached, capsys):
    server.answers[PATH] = file(BODY)
    get(cached)
    assert capsys.readouterr() == ("", "")
    get(cached, progress=True, refresh=True)
    out, err = capsys.readouterr()
    assert out == "" and "GEDEvent_v26_0_8.csv" in err and "100%" in err
