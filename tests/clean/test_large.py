"""A large CSV, read as numbers of its different texts, gives what a plain reading gives."""

import gzip
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from making import WEB_MALI, needs_raw, record, text, write
from pandas.testing import assert_frame_equal

import mali_stats as ms
from mali_stats import synthetic
from mali_stats.clean import large
from mali_stats.sources import limits, streams

ROWS = [
    record(i, relid=f"MLI-{i}.1", low=i % 7, best=i % 9, high=9, date_start=f"20{i % 17 + 10}-0{i % 9 + 1}-11 00:00:00.000",
           date_end=f"20{i % 17 + 10}-0{i % 9 + 1}-12 00:00:00.000", adm_2=["Gao cercle", "Ansongo  cercle", ""][i % 3])
    for i in np.random.default_rng(5).permutation(400) + 1
]  # fmt: skip


def both(path, monkeypatch, **options):
    """What a plain reading gives, and whether the other way (which must give the same) was gone."""
    plain = ms.read_events(path, **options)
    gone, real = [], large.cleaned
    monkeypatch.setattr(large, "LARGE", 1)
    monkeypatch.setattr(large, "cleaned", lambda *given: gone.append(real(*given)) or gone[-1])
    again = ms.read_events(path, **options)
    monkeypatch.undo()
    assert_frame_equal(again[0], plain[0])
    assert_frame_equal(again[1].tidy(), plain[1].tidy())
    assert again[1].notes == plain[1].notes
    return gone[0] is not None


def test_rows_in_no_order(tmp_path, monkeypatch):
    path = write(tmp_path / "made_up.csv", text(ROWS))
    assert both(path, monkeypatch, country="MLI")
    events, _ = ms.read_events(path)
    assert not (np.diff([r["id"] for r in ROWS]) > 0).all() and events["date_start"].is_monotonic_increasing


@pytest.mark.parametrize("pack", ["gz", "zip", "bom", "utf-16", "semicolons"])
def test_packed_and_encoded(pack, tmp_path, monkeypatch):
    content, path = text(ROWS), tmp_path / "made_up.csv"
    if pack == "gz":
        path.write_bytes(gzip.compress(content.encode()))
    elif pack == "zip":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("made_up.csv", content)
    else:
        content = content.replace(",", ";") if pack == "semicolons" else content
        path.write_bytes(content.encode({"bom": "utf-8-sig", "utf-16": "utf-16"}.get(pack, "utf-8")))
    assert both(path, monkeypatch)


def test_copies_versions_blank_rows_and_days_of_two_layouts(tmp_path, monkeypatch):
    rows = [*ROWS, ROWS[3], record(900, date_start="1/2/2015", date_end="1/3/2015"), dict.fromkeys(ROWS[0], "")]
    web = synthetic.ucdp_file(synthetic.two_records(150, scenario="hard", states=3, seed=4), "web")
    assert both(write(tmp_path / "made_up.csv", text(rows[:-2] + rows[-1:])), monkeypatch)
    assert both(write(tmp_path / web.name, web.content), monkeypatch)


@pytest.mark.parametrize("named", ["", "24.1"])
def test_the_version_that_a_file_name_tells(named, tmp_path, monkeypatch):
    rows = [r | {"source_version": named if i % 2 else ""} for i, r in enumerate(ROWS)]
    path = write(tmp_path / "GEDEvent_v25_1.csv", text(rows, columns=list(rows[0])))
    assert both(path, monkeypatch)
    assert set(ms.read_events(path)[0]["source_version"]) == {"25.1", named} - {""}


def test_acled(tmp_path, monkeypatch):
    made = synthetic.acled_file(synthetic.two_records(300, states=3, seed=2), "current")
    assert both(write(tmp_path / made.name, made.content), monkeypatch)


@needs_raw
def test_the_real_file(monkeypatch):
    assert both(WEB_MALI, monkeypatch, country="MLI")


def test_a_fault_is_told_with_the_rows_of_the_file(tmp_path, monkeypatch):
    path = write(tmp_path / "made_up.csv", text([record(i, low="few" if i > 1 else 1) for i in range(1, 31)]))
    monkeypatch.setattr(large, "LARGE", 1)
    with pytest.raises(ValueError, match=r"29 values cannot be read(?s:.*)row 3, column low: got 'few'"):
        ms.read_events(path)


def test_what_unpacks_to_too_much_is_stopped_on_the_way(tmp_path, monkeypatch):
    path = Path(tmp_path / "bomb.csv.gz")
    path.write_bytes(gzip.compress(text(ROWS * 40).encode()))
    monkeypatch.setattr(large, "LARGE", 1)
    monkeypatch.setattr(limits, "MAX_BYTES", 1 << 20)
    with pytest.raises(limits.TooLarge, match="more than 1 MB once unpacked"):
        ms.read_events(path)


@pytest.mark.parametrize("how", ["cut short", "a byte changed", "a zip with a byte changed"])
def test_damage_behind_the_first_bytes_is_told(how, tmp_path, monkeypatch):
    content = text(ROWS * 40).encode()
    assert len(content) > streams._HEAD, "else it is seen as the file is opened"
    packed = gzip.compress(content)
    if "zip" in how:
        with zipfile.ZipFile(tmp_path / "a", "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("export.csv", content)
        packed = (tmp_path / "a").read_bytes()
    at = len(packed) * 3 // 4
    path = tmp_path / "damaged.gz"
    path.write_bytes(packed[:at] if how == "cut short" else packed[:at] + bytes([packed[at] ^ 255]) + packed[at + 1 :])
    monkeypatch.setattr(large, "LARGE", 1)
    with pytest.raises(ValueError, match=r"damaged\.gz: the (zip|gzip) file is cut short or damaged"):
        ms.read_events(path)


def test_the_collector_is_as_it_was(tmp_path):
    import gc

    path = write(tmp_path / "made_up.csv", text(ROWS[:3]))
    for on in (True, False):
        (gc.enable if on else gc.disable)()
        try:
            ms.read_events(path)
            assert gc.isenabled() is on
        finally:
            gc.enable()


@pytest.mark.parametrize("column", ["side_b", "adm_2", "relid", "id", "latitude", "low", "source_office"])
def test_a_text_in_another_encoding_is_told_as_of_a_small_file(column, tmp_path, monkeypatch):
    rows = [r | {column: "M\u00e9naka"} if i == 300 else r for i, r in enumerate(ROWS)]
    path = tmp_path / "made_up.csv"
    path.write_bytes(text(rows).encode("utf-8").replace("M\u00e9naka".encode(), b"M\xe9naka"))
    told = []
    for least in (1, 1 << 30):
        monkeypatch.setattr(large, "LARGE", least)
        with pytest.raises(ValueError, match="UTF-8") as caught:
            ms.read_events(path)
        told.append(str(caught.value))
    assert told[0] == told[1]


@pytest.mark.parametrize("number", ["007", "7.0", "+7", "0x1F", "1e1", "-1", "", "1000000007", "12345678901234567"])
@pytest.mark.parametrize("column", ["best", "side_b_new_id", "country_id", "where_prec", "number_of_sources", "id"])
def test_numbers_written_otherwise_are_read_as_in_a_small_file(column, number, tmp_path, monkeypatch):
    rows = [r | {column: number} if i == 300 else r for i, r in enumerate(ROWS)]
    path = write(tmp_path / "made_up.csv", text(rows))
    try:
        plain = ms.read_events(path)[0]
    except ValueError as error:
        monkeypatch.setattr(large, "LARGE", 1)
        with pytest.raises(ValueError) as caught:
            ms.read_events(path)
        assert str(caught.value) == str(error)
    else:
        assert len(plain) == len(ROWS) and both(path, monkeypatch)


def test_texts_and_levels_that_come_out_have_no_categories_left(tmp_path, monkeypatch):
    monkeypatch.setattr(large, "LARGE", 1)
    events, _ = ms.read_events(write(tmp_path / "made_up.csv", text(ROWS)))
    kept = [c for c in events if isinstance(events[c].dtype, pd.CategoricalDtype)]
    assert kept == ["date_precision", "geo_precision", "type_of_violence"]
