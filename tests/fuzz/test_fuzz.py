"""A few damaged files of every kind, on every run of the tests; `make fuzz N=10000` tries many more."""

import sys
from pathlib import Path
from unittest import mock

import damage_packing
import fuzz
import pytest
from fuzz_damage import DAMAGES, EXPECTED
from fuzz_files import Sheet, clean_files
from fuzz_judge import OUTCOMES, fitting, judge, undamaged
from hypothesis import given, settings
from hypothesis import strategies as st

#: Damage that our own rules meet: the rest is met by what comes with Python, so each Python tries it.
OURS = ("values", "rows and columns", "workbooks", "something else")
KINDS = [pytest.param(n, marks=[pytest.mark.slow] if d.group in OURS else []) for n, d in DAMAGES.items()]
SMALL = 12 << 20  # a bomb of this size is large where a fifth of it is allowed


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("fuzz")


@pytest.fixture(scope="module", autouse=True)
def limits():
    with fuzz.small_limits(SMALL // 6), mock.patch.object(damage_packing, "BOMB", SMALL):
        yield


@pytest.mark.parametrize("name", KINDS)
def test_every_damage_is_refused_shown_or_known_to_be_undetectable(name, folder):
    if not fitting(DAMAGES[name]):
        pytest.skip("no file of this machine can be damaged so")

    @settings(max_examples=2, derandomize=True, deadline=None, database=None)
    @given(seed=st.integers(0, 1 << 40))
    def hold(seed):
        verdict = fuzz.of_kind(DAMAGES[name], folder, seed)
        assert verdict is None or verdict.outcome != "FAULT", f"{verdict.file.layout}, seed {seed}: {verdict.detail}"

    hold()


def test_there_are_files_of_all_publishers_in_all_their_formats(folder):
    files = clean_files()
    assert {f.publisher for f in files} == {"UCDP", "ACLED", "UNHCR", "IDMC", "DTM", "HAPI"}
    assert {f.kind for f in files} == {"csv", "json", "xlsx"}
    assert len({f.layout for f in files}) == len(files) > 25
    for file in files:
        assert len(undamaged(file, folder).table), file.layout


def test_there_are_many_kinds_and_what_cannot_be_detected_says_why():
    assert len(DAMAGES) >= 40
    for damage in DAMAGES.values():
        assert damage.expect in EXPECTED and (damage.why != "") == (damage.expect == "silent"), damage.name


@pytest.mark.slow
def test_a_sheet_written_again_is_the_same_file(folder):
    from dataclasses import replace

    for i, file in enumerate(clean_files()):
        again = replace(file, layout=f"again {i}", data=Sheet(file).dump())
        assert undamaged(again, folder).table.equals(undamaged(file, folder).table), file.layout


# ---- the judge ---------------------------------------------------------------------------------------------


def _judged(monkeypatch, folder, reader, name="a digit changed", expect=None):
    """What the judge says of a reader that is not as it should be."""
    import dataclasses

    import fuzz_files

    file = next(f for f in clean_files() if f.layout == "ucdp bulk")
    damage = DAMAGES[name]
    if expect:
        damage = dataclasses.replace(damage, expect=expect)
    undamaged(file, folder)
    monkeypatch.setitem(fuzz_files.READERS, "events", reader)
    here = folder / f"judge_{name.replace(' ', '_')}_{reader.__name__}"
    here.mkdir()
    return judge(damage, file, 1, here)


def test_the_judge_tells_a_silent_difference_from_one_that_is_known(monkeypatch, folder):
    import mali_stats as ms

    def loses(path):
        events, ledger = ms.read_events(path)
        return events.iloc[1:].reset_index(drop=True), ledger

    assert "keeps other rows" in _judged(monkeypatch, folder, loses).detail

    def reads(path):
        return ms.read_events(path)

    assert _judged(monkeypatch, folder, reads, "rows lost").outcome == "undetectable"
    assert "not expected" in _judged(monkeypatch, folder, reads, "cut at a line's end", "told").detail


@pytest.mark.parametrize(("error", "wrong"), [
    (KeyError("best"), "not a clear error"), (UserWarning("careful"), "not a clear error"),
    (UnicodeDecodeError("utf-8", b"\xff", 0, 1, "GEDEvent_v24_1.csv, row 3"), "library's own words"),
    (ValueError("row 3, column best: got 'x'"), "does not name the file"),
    (ValueError("GEDEvent_v24_1.csv: could not convert string to float"), "does not name a place"),
    (ValueError("GEDEvent_v24_1.csv, row 99999, column best: got 'x'"), "were touched"),
])  # fmt: skip
def test_the_judge_wants_the_file_and_the_place(error, wrong, monkeypatch, folder):
    def refuses(path):
        raise error

    refuses.__name__ = f"{type(error).__name__}_{abs(hash(str(error)))}"
    verdict = _judged(monkeypatch, folder, refuses, "negative count")
    assert verdict.outcome == "FAULT" and wrong in verdict.detail


def test_the_judge_stops_what_takes_too_long_or_too_much(monkeypatch, folder):
    import time

    import fuzz_judge

    def sleeps(path):
        time.sleep(30)

    monkeypatch.setattr(fuzz_judge, "SECONDS", 0.05)
    assert "TooSlow" in _judged(monkeypatch, folder, sleeps).detail

    def computes(path):
        while True:
            sum(range(1000))

    assert "TooSlow" in _judged(monkeypatch, folder, computes).detail

    def hoards(path):
        held = b"x" * (200 << 20)  # so much that it does not matter what is given back meanwhile
        raise ValueError(f"GEDEvent_v24_1.csv, row 2: {len(held)}")

    if not Path("/proc/self/clear_refs").exists() or sys.platform != "linux":
        pytest.skip("this system does not count the most memory of a while")
    monkeypatch.setattr(fuzz_judge, "SECONDS", 10)
    monkeypatch.setattr(fuzz_judge, "MEGABYTES", 30)
    assert "reading took" in _judged(monkeypatch, folder, hoards, "rows lost").detail


def test_all_outcomes_have_a_column():
    assert OUTCOMES == ("refused", "same", "shown", "undetectable", "FAULT")
