"""``mali-stats clean``: one table, an account of every row, written whole or not at all."""

import gzip
import json
import os
import stat
import tempfile

import pandas as pd
import pytest
from making import RAW, api, needs_raw, record, records, seeds_folder, text, web, write
from shell import inside, shell

import mali_stats as ms
from mali_stats import synthetic


@pytest.fixture
def events(tmp_path):
    return write(tmp_path / "GEDEvent_v24_1.csv", text(records(12)))


def pair(n=40):
    return synthetic.two_records(n, seed=4)


def test_the_table_goes_to_stdout_and_the_account_to_stderr(events):
    result = inside("clean", events)
    expected, ledger = ms.read_events(events)
    assert result.exit_code == 0 and result.stdout == expected.to_csv(index=False, lineterminator="\n")
    lines = result.stderr.splitlines()
    assert lines[1].split()[:5] == ["in", "12", "60", "138", "174"] and lines[1].endswith(
        "rows in GEDEvent_v24_1.csv (bulk)"
    )
    assert [line.split()[1] for line in lines if line.startswith("=")] == ["kept"]
    assert all(f"Note: {note}" in lines for note in ledger.notes)


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    """The folder of temporary files, for the test to look into."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.mark.parametrize("packed", [text, web, lambda rows: gzip.compress(text(rows).encode()), api, "saved"])
def test_stdin_is_read_in_any_layout_and_called_stdin(packed, tmp_path, temporary):
    if packed == "saved":
        content = inside("clean", write(tmp_path / "a.csv", text(records(5)))).stdout
    else:
        content = packed(records(5))
    result = inside("clean", "-", stdin=content)
    assert result.exit_code == 0 and result.stdout.count("\n") == 6
    assert "rows in stdin" in result.stderr and "mali_stats-" not in result.stderr
    assert not list(temporary.iterdir())


@pytest.mark.parametrize(("stdin", "said"), [
    (b"", "stdin is empty."), (b"a,b,c\n1,2,3\n", "stdin is none of the files that are known."),
    (gzip.compress(b"x" * 9999)[:20], "stdin: the gzip file is cut short"),
    (text([record(best="many")]).encode(), "stdin: 1 values cannot be read"),
], ids=["empty", "unknown", "cut", "no number"])  # fmt: skip
def test_errors_of_stdin_name_stdin_and_leave_nothing(stdin, said, temporary):
    result = inside("clean", "-", stdin=stdin)
    assert (result.exit_code, result.stdout) == (2, "") and result.stderr.startswith(f"Error: {said}")
    assert "mali_stats-" not in result.stderr and not list(temporary.iterdir())


def test_stdin_is_read_once():
    result = inside("clean", "-", "-", stdin="")
    assert result.exit_code == 2 and "stdin (-) can be read once only" in result.stderr


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_out_is_the_same_table_and_can_be_read_again(ending, events, tmp_path):
    out = tmp_path / f"cleaned.{ending}"
    result = inside("clean", events, "--country", "MLI", "--out", out)
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr.splitlines()[-2:] == [f"Written: {out}", f"Written: {out.with_suffix('.txt')}"]
    expected, _ = ms.read_events(events, country="MLI")
    pd.testing.assert_frame_equal(ms.read_events(out)[0], expected)
    if ending == "csv":
        assert out.read_text(encoding="utf-8") == inside("clean", events, "--country", "MLI").stdout
    beside = out.with_suffix(".txt").read_text(encoding="utf-8")
    assert "What: events, cleaned from: UCDP GED, bulk\n" in beside and "Licence: CC BY 4.0\n" in beside
    assert "Rows: 12\n" in beside and "Record ends: not known here; the last date in the table is" in beside


def test_cleaning_what_was_cleaned_changes_nothing(events, tmp_path):
    once, twice = (tmp_path / name for name in ("once.csv", "twice.csv"))
    assert inside("clean", events, "--out", once).exit_code == 0
    assert inside("clean", once, "--out", twice).exit_code == 0
    assert once.read_bytes() == twice.read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize("name", synthetic.DISPLACEMENT)
def test_displacement_is_told_by_its_content(name, tmp_path):
    made = synthetic.DISPLACEMENT[name](seed=3)
    file = write(tmp_path / made.name, made.content)
    out = tmp_path / "figures.csv"
    result = inside("clean", file, "--out", out)
    assert result.exit_code == 0 and "people, all days and groups: a check, no total" in result.stderr
    pd.testing.assert_frame_equal(ms.read_displacement(out)[0], ms.read_displacement(file)[0])


def test_all_rounds_are_kept_on_request_and_only_of_displacement(events, tmp_path):
    made = synthetic.dtm_v3(seed=1)
    file = write(tmp_path / made.name, made.content)
    latest, all_ = (
        json.loads(inside("clean", file, "--json", "--rounds", r).stdout)["rows"] for r in ("latest", "all")
    )
    assert latest < all_ == len(ms.read_displacement(file, rounds="all")[0])
    assert "--rounds is for displacement" in inside("clean", events, "--rounds", "all").stderr
    assert "--country is for events" in inside("clean", file, "--country", "MLI").stderr


def test_several_files_are_parts_of_one_publication(tmp_path):
    rows = records(8)
    files = [write(tmp_path / f"page{i}.json", api(part, total=8)) for i, part in enumerate((rows[:5], rows[3:]))]
    result = json.loads(inside("clean", *files, "--json").stdout)
    assert result["rows"] == 8 and [line["rows"] for line in result["ledger"]] == [5, 5, 2, 8]


def test_events_and_displacement_are_no_parts_of_one_publication(events, tmp_path):
    made = synthetic.unhcr_flows(seed=1)
    result = inside("clean", events, write(tmp_path / made.name, made.content))
    assert result.exit_code == 2 and "events and of displacement" in result.stderr


def test_json_holds_the_account_in_the_place_of_the_table(events, tmp_path):
    out = tmp_path / "e.csv"
    result = inside("clean", events, "--json", "--out", out)
    got, (table, ledger) = json.loads(result.stdout), ms.read_events(events)
    assert result.exit_code == 0 and result.stderr.splitlines() == [f"Written: {out}", f"Written: {tmp_path / 'e.txt'}"]
    assert got["ledger"] == ledger.tidy().to_dict("records") and got["notes"] == ledger.notes
    assert (got["rows"], got["written"], got["origin"]) == (len(table), str(out), str(tmp_path / "e.txt"))
    without = inside("clean", events, "--json")
    assert json.loads(without.stdout) == got | {"written": None, "origin": None}
    assert without.stderr == "The table itself was not written; --out FILE does.\n"


def test_acled_may_not_be_passed_on_and_it_is_said(tmp_path):
    for layout in ("current", "api"):
        made = synthetic.acled_file(pair(), layout)
        file, out = write(tmp_path / made.name, made.content), tmp_path / "acled_cleaned.csv"
        result = inside("clean", file, "--out", out)
        assert result.exit_code == 0
        assert [
            line for line in result.stderr.splitlines() if line.startswith("ACLED's terms: rows may not be passed on")
        ]
    assert "rows may not be passed on" in out.with_suffix(".txt").read_text(encoding="utf-8")
    assert "ACLED's terms" in inside("clean", out).stderr
    dtm = synthetic.dtm_v3(seed=1)
    assert "no redistribution." in inside("clean", write(tmp_path / dtm.name, dtm.content)).stderr


def test_a_formula_gets_an_apostrophe_and_it_is_said(tmp_path):
    file = write(tmp_path / "f.csv", text([record(1, side_b='=HYPERLINK("x")', dyad_name="+1+1"), record(2)]))
    result = inside("clean", file)
    assert "'+1+1" in result.stdout and '"\'=HYPERLINK(""x"")"' in result.stdout
    assert "before what a spreadsheet would run as a formula: 2" in result.stderr
    assert ",-3.61," in result.stdout
    out = tmp_path / "f.parquet"
    assert inside("clean", file, "--out", out).exit_code == 0
    assert pd.read_parquet(out)["side_b"].iloc[0] == '=HYPERLINK("x")'


def test_a_line_that_ends_within_a_cell_stays_within_it(tmp_path):
    figures = ms.load("displacement").tail(3).reset_index(drop=True)
    figures.loc[0, "breakdown"] = "one\rtwo"
    figures.loc[1, "breakdown"] = "one\ntwo"
    file = tmp_path / "figures.parquet"
    figures.to_parquet(file)
    back = pd.read_csv(write(tmp_path / "back.csv", inside("clean", file).stdout_bytes), dtype=str)
    assert len(back) == 3 and {"one\rtwo", "one\ntwo"} <= set(back["breakdown"])


# ---- where nothing can be written --------------------------------------------------------------------------


@pytest.mark.parametrize(("out", "said"), [
    ("e.txt", "ends otherwise than in .csv or .parquet"), ("no/e.csv", "the folder no is not there; make it first"),
    ("folder.csv", "folder.csv is there and no file"), ("GEDEvent_v24_1.csv", "is the file that is read, and would be lost"),
    ("link.csv", "is the file that is read"),
])  # fmt: skip
def test_a_place_that_cannot_be_written_is_refused_before_anything_is_read(out, said, events, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "link.csv").symlink_to(events)
    monkeypatch.setattr("mali_stats.cli.reading.read", lambda *a: pytest.fail("it was read"))
    before = events.read_bytes()
    result = inside("clean", events, "--out", out)
    assert (result.exit_code, result.stdout) == (2, "") and said in result.stderr
    assert events.read_bytes() == before


def test_a_failed_writing_leaves_the_old_file_and_ends_with_1(events, tmp_path, monkeypatch):
    out = write(tmp_path / "e.csv", "old")

    def full(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    result = inside("clean", events, "--out", out)
    assert result.exit_code == 1 and f"{out} could not be written: No space left on device." in result.stderr
    assert out.read_text(encoding="utf-8") == "old" and sorted(p.name for p in tmp_path.iterdir()) == [
        events.name,
        "e.csv",
    ]


def test_a_text_of_somebodys_own_is_not_replaced(events, tmp_path):
    note = write(tmp_path / "e.txt", "my notes")
    result = inside("clean", events, "--out", tmp_path / "e.csv")
    assert result.exit_code == 2 and "a text of somebody's own" in result.stderr
    assert note.read_text(encoding="utf-8") == "my notes" and not (tmp_path / "e.csv").exists()


def test_a_written_file_can_be_read_by_its_group(events, tmp_path):
    out = tmp_path / "e.csv"
    inside("clean", events, "--out", out)
    assert stat.S_IMODE(out.stat().st_mode) == 0o644


# ---- countries ---------------------------------------------------------------------------------------------


def test_a_country_is_kept_and_the_rest_is_in_the_account(tmp_path):
    rows = [record(1), record(2, country="Niger", country_id=436, adm_1="", adm_2="")]
    file = write(tmp_path / "two.csv", text(rows))
    got = json.loads(inside("clean", file, "--country", "MLI", "--json").stdout)
    assert got["rows"] == 1 and [(k["kind"], k["reason"]) for k in got["ledger"]][1] == ("dropped", "other country")
    for wrong, said in (("Mali", "did you mean 'MLI'?"), ("BFA", "no row of country 'BFA'")):
        result = inside("clean", file, "--country", wrong)
        assert result.exit_code == 2 and said in result.stderr


def test_a_folder_of_seed_tables_places_another_country(tmp_path):
    file = write(
        tmp_path / "bfa.csv",
        text([record(1, country="Burkina Faso", country_id=439, adm_1="Sahel region", adm_2="Soum province")]),
    )
    result = inside("clean", file, "--country", seeds_folder(tmp_path))
    assert result.exit_code == 0 and ",BF1,Sahel,BF11,Soum," in result.stdout


@pytest.mark.slow
@needs_raw
@pytest.mark.parametrize(("name", "rows", "best"), [
    ("gedevents_web_mali.csv.gz", 2120, 15742), ("gedevents_web_burkina_faso.csv.gz", 1504, 12864),
    ("hdx_sudan.csv.gz", 3822, 106270),
])  # fmt: skip
def test_the_publishers_files_through_a_pipe(name, rows, best):
    result = shell("clean", "-", stdin=(RAW / "ucdp" / name).read_bytes())
    kept = next(line for line in result.stderr.decode().splitlines() if line.startswith("= kept"))
    assert result.returncode == 0 and kept.split()[2] == f"{rows:,}" and kept.split()[4] == f"{best:,}"
    assert result.stdout.count(b"\n") == rows + 1
