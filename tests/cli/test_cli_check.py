"""``mali-stats check``: what a file is and what is odd about it, in words and with a code."""

import gzip
import json
import re
import shlex

import pytest
from click.testing import CliRunner
from making import RAW, api, needs_raw, record, records, seeds_folder, text, web, write
from shell import inside

import mali_stats as ms
from mali_stats import catalog, synthetic
from mali_stats.cli import main


def well(n=6):
    """Events with nothing odd about them that matters."""
    return records(n)


#: What is odd -> rows with just that.
ODD = {
    "low>best": record(1, low=7), "best>high": record(1, high=5), "parts!=best": record(1, deaths_a=0),
    "missing-count": record(1, low=""), "coordinates-missing": record(1, latitude=""),
    "coordinates-out-of-range": record(1, latitude="144.349"), "outside-country": record(1, latitude="48.85", longitude="2.35"),
    "admin-coordinates-disagree": record(1, latitude="19.0", longitude="1.5"),
    "region-cercle-disagree": record(1, adm_1="Gao region"), "unknown-admin1": record(1, adm_1="Nowhere region", adm_2=""),
    "unknown-admin2": record(1, adm_2="Nowhere cercle"), "code-status": record(1, code_status="Check deaths"),
    "country-number-and-name-disagree": record(1, country_id=436, adm_1="", adm_2=""),
}  # fmt: skip


def sections(shown):
    """The heads of a page and the text under each."""
    parts = re.split(r"^(?=\S)", shown, flags=re.MULTILINE)
    return {part.partition("\n")[0]: part.partition("\n")[2] for part in parts if part}


@pytest.mark.slow
@pytest.mark.parametrize("kind", ODD)
def test_each_oddity_is_named_explained_and_gives_code_1(kind, tmp_path):
    file = write(tmp_path / "GEDEvent_v24_1.csv", text([*well(), ODD[kind]]))
    for lang, head in (("en", "What to look at"), ("fr", "À examiner")):
        result = inside("check", file, "--lang", lang)
        assert (result.exit_code, result.stderr) == (1, "")
        under = sections(result.stdout)[head]
        assert re.search(rf"^  {re.escape(kind)}\u00a0?: 1 (event|événement),", under, flags=re.MULTILINE)
        words = catalog.seed("issue_words").set_index("kind").at[kind, lang]
        assert " ".join(words.replace("\u00a0", " ").split()) in " ".join(under.replace("\u00a0", " ").split())
    got = json.loads(inside("check", file, "--json").stdout)
    assert {i["kind"]: i["rows"] for i in got["issues"] if i["matters"]} == {kind: 1} and got["odd_rows"] == 1


def test_a_file_that_is_well_says_what_it_is_and_gives_code_0(tmp_path):
    file = write(tmp_path / "GEDEvent_v24_1.csv", text(well(12)))
    result = inside("check", file)
    assert (result.exit_code, result.stderr) == (0, "")
    shown = sections(result.stdout)
    assert next(iter(shown)) == f"{file}: nothing to look at in 12 events."
    assert shown["What it is"].splitlines()[:8] == [
        "  Publisher: UCDP Georeferenced Event Dataset", "  Layout: UCDP GED, bulk", "  Release: 24.1", "  Events: 12",
        "  Days: 2012-01-01 to 2023-12-12", "  Countries: Mali", "  Deaths: 138 (low 60, high 174)", "  Terms: CC BY 4.0",
    ]  # fmt: skip
    assert "What to look at" not in shown and "mali-stats panel" in shown["What to do next"]


def test_what_does_not_matter_is_told_and_gives_code_0(tmp_path):
    file = write(tmp_path / "a.csv", text([record(1, relid="MLI-1-1.1"), *well()]))
    result = inside("check", file)
    assert (
        result.exit_code == 0
        and "split-report: 1 event, deaths 6 (low 5, high 9); such as 1\n" in sections(result.stdout)["Good to know"]
    )


def test_a_file_with_every_line_doubled_is_told(tmp_path):
    file = write(tmp_path / "d.csv", text([row for row in well(6) for _ in (0, 1)]))
    result = inside("check", file)
    assert result.exit_code == 1 and result.stdout.startswith(f"{file}: 6 of 12 events to look at.\n")
    assert "  exact copy of another row: 6\n" in sections(result.stdout)["What to look at"]


@pytest.mark.parametrize(("lang", "stay", "kept"), [
    ("en", "Nothing is mended; they stay in every sum", "None of these is mended; the rows left out are in no sum."),
    ("fr", "Rien n'est corrigé\u00a0; elles restent", "les lignes laissées hors du tableau ne sont dans aucune somme."),
])  # fmt: skip
def test_rows_left_out_are_not_said_to_stay_in_the_sums(lang, stay, kept, tmp_path):
    for rows, said, unsaid in (([ODD["low>best"]], stay, kept), ([ODD["low>best"]] * 2, kept, stay)):
        shown = inside("check", write(tmp_path / "a.csv", text([*well(), *rows])), "--lang", lang).stdout
        shown = re.sub(r"\n +", " ", shown)  # as it was before it was folded
        assert said in shown and unsaid not in shown and "mali-stats clean " in shown


def test_an_option_that_does_not_fit_a_file_is_no_fault_of_the_file(tmp_path):
    made = next(iter(synthetic.DISPLACEMENT.values()))(seed=2)
    events, figures = write(tmp_path / "e.csv", text(well())), write(tmp_path / made.name, made.content)
    result = inside("check", figures, events, "--country", "MLI", columns=400)
    assert result.exit_code == 2 and "--country is for events" in result.stdout and "Release:" in result.stdout
    advice = result.stdout.partition("What to do next")[2].partition("-----")[0].strip()
    assert advice.splitlines() == [
        "The file itself may well be read:",
        f"    mali-stats check {shlex.quote(str(figures))}",
    ]


def test_the_sums_and_counts_are_those_of_the_reader(tmp_path):
    odd = [{"low": 7}, {"low": 7, "high": 5}, {"relid": "X.1"}]
    rows = well() + [record(i, date_end=f"2022-02-1{i}", **more) for i, more in enumerate(odd, start=1)]
    got = json.loads(inside("check", write(tmp_path / "s.csv", text(rows)), "--json").stdout)
    events, ledger = ms.read_events(tmp_path / "s.csv")
    assert got["deaths"] == {name: events[f"deaths_{name}"].sum() for name in ("low", "best", "high")}
    assert (got["rows"], got["odd_rows"], got["look"]) == (9, 2, True)
    flagged = ledger.tidy().query("kind == 'flagged'").set_index("reason")
    assert {
        i["kind"]: (i["rows"], i["low"], i["best"], i["high"], ", ".join(i["examples"])) for i in got["issues"]
    } == {line.Index: (line.rows, line.low, line.best, line.high, line.example_ids) for line in flagged.itertuples()}
    assert [i["rows"] for i in got["issues"]] == sorted((i["rows"] for i in got["issues"]), reverse=True)


def test_a_kind_that_nobody_explained_matters_and_is_shown(tmp_path):
    events, _ = ms.read_events(write(tmp_path / "a.csv", text(well())))
    events.loc[0, "issues"] = "my-own-flag:because"
    events.to_csv(tmp_path / "b.csv", index=False)
    shipped = ms.load("displacement")
    shipped.loc[[0, 1], "issues"] = ["my-own-flag:x", "cumulative"]
    shipped.to_csv(tmp_path / "c.csv", index=False)
    assert inside("check", tmp_path / "b.csv").exit_code == 0  # a saved table of events is not judged anew
    result = inside("check", tmp_path / "c.csv")
    assert (
        result.exit_code == 1
        and "my-own-flag: 1 figure; such as row 2 of the file\n    No explanation" in result.stdout
    )


# ---- publishers --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("layout", synthetic.ACLED_LAYOUTS)
def test_acled_has_one_count_and_terms(layout, tmp_path):
    made = synthetic.acled_file(synthetic.two_records(40, seed=4), layout)
    result = inside("check", write(tmp_path / made.name, made.content))
    what = sections(result.stdout)["What it is"]
    assert result.exit_code in (0, 1) and "  Publisher: ACLED (Armed Conflict" in what and "Layout: ACLED" in what
    assert re.search(r"Deaths: \d+; one count an event, low and high are not given", what)
    assert "rows may not be passed on" in what and "Last changes: 20" in what


@pytest.mark.slow
@pytest.mark.parametrize("name", synthetic.DISPLACEMENT)
def test_displacement_is_told_by_indicator_and_never_added_up(name, tmp_path):
    made = synthetic.DISPLACEMENT[name](seed=3)
    file = write(tmp_path / made.name, made.content)
    figures, _ = ms.read_displacement(file)
    got = json.loads(inside("check", file, "--json").stdout)
    assert got["what"] == "displacement" and got["deaths"] is None and got["rows"] == len(figures)
    assert sum(line["figures"] for line in got["indicators"]) == len(figures)
    assert got["licences"] == list(figures["licence"].unique())
    assert not re.search(r"Deaths|deaths", inside("check", file).stdout)


def test_a_page_among_several_is_not_all(tmp_path):
    rows = well(6)
    pages = [write(tmp_path / f"page{i}.json", api(part, total=6)) for i, part in enumerate((rows[:3], rows[3:]))]
    result = inside("check", pages[0])
    assert result.exit_code == 1 and result.stdout.startswith(f"{pages[0]}: not all of it is here.\n")
    assert "the publisher counts 6 records in all, 3 are here" in " ".join(
        sections(result.stdout)["What to look at"].split()
    )
    assert inside("check", *pages, "--together").exit_code == 0
    assert inside("check", *pages).exit_code == 1


def test_a_release_that_is_not_told_is_asked_for(tmp_path):
    untold, told = (
        inside("check", write(tmp_path / name, web(well()))).stdout for name in ("x.csv", "GEDEvent_v25_1.csv")
    )
    assert "Release: told neither" in untold and "GEDEvent_v25_1.csv" in sections(untold)["What to do next"]
    assert "Release: 25.1\n" in told and "it tells the release" not in told


def test_countries_are_named_or_counted(tmp_path):
    codes = [("Mali", 432), ("Niger", 436), ("Chad", 483), ("Sudan", 625), ("Benin", 434), ("Togo", 461)]
    rows = [record(i, country=name, country_id=code, adm_1="", adm_2="", date_start=f"2022-02-1{i}", date_end=f"2022-02-1{i}")
            for i, (name, code) in enumerate(codes)]  # fmt: skip
    assert (
        "Countries: Benin, Mali, Niger, Sudan, Chad\n"
        in inside("check", write(tmp_path / "5.csv", text(rows[:5]))).stdout
    )
    assert "Countries: 6\n" in inside("check", write(tmp_path / "6.csv", text(rows))).stdout


def test_seed_tables_of_ones_own_judge_the_places(tmp_path):
    row = record(1, country="Burkina Faso", country_id=439, adm_1="Sahell region", adm_2="")
    file, folder = write(tmp_path / "b.csv", text([row])), seeds_folder(tmp_path)
    assert inside("check", file).exit_code == 0
    result = inside("check", file, "--country", folder)
    assert (
        result.exit_code == 1 and "unknown-admin1: 1 event" in result.stdout and f"--country {folder}" in result.stdout
    )


# ---- what cannot be read -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("content", "why", "step"), [
    (b"", "is empty", "Correct the file"), (b"a,b,c\n1,2,3\n", "is none of the files that are known", "Ask its publisher"),
    (gzip.compress(text(records(9)).encode())[:200], "cut short", "Correct the file"),
    (b"<html>Bad gateway", "is a web page", "Correct the file"),
    (text([record(best="6,5")]).encode(), "row 2, column best: got '6,5'", "Correct the file"),
    (text([record(side_a="Armée")]).encode("cp1252"), "not UTF-8", "Correct the file"),
    (text([{**r, "dead": r["best"]} for r in records(3)],
          ["dead" if c == "best" else c for c in records(1)[0] if c != "dead"]).encode(),
     "It comes near to UCDP GED (bulk file since 17.1, web export, HDX copy, API pages), without best or best_est.",
     "Ask its publisher"),
    (None, "There is no file", "Check the path"), ("folder", "is a folder", "Check the path"),
], ids=["empty", "unknown", "cut", "web page", "no number", "cp1252", "renamed", "missing", "folder"])  # fmt: skip
def test_what_cannot_be_read_says_why_and_what_to_do_with_code_2(content, why, step, tmp_path):
    file = tmp_path / "data.csv"
    if content == "folder":
        file.mkdir()
    elif content is not None:
        write(file, content)
    result = inside("check", file)
    shown = sections(result.stdout)
    assert (result.exit_code, result.stderr) == (2, "") and list(shown) == [
        f"{file} cannot be read.",
        "Why",
        "What to do next",
    ]
    assert why in " ".join(shown["Why"].split()) and step in shown["What to do next"]
    french = inside("check", file, "--lang", "fr")
    assert french.exit_code == 2 and "ne peut pas être lu." in french.stdout
    got = json.loads(inside("check", file, "--json").stdout)
    assert list(got) == ["file", "error"] and why in " ".join(got["error"].split())


def test_a_header_without_a_row_is_something_to_look_at(tmp_path):
    file = write(tmp_path / "head.csv", text([]))
    result = inside("check", file)
    assert result.exit_code == 1 and result.stdout.startswith(f"{file} holds no row.\n")


def test_letters_of_unhcrs_own_are_told(tmp_path):
    result = inside("check", write(tmp_path / "u.csv", "year,coo,coa,refugees\n2020,MLI,NIG,3\n"))
    assert "cf_type=ISO" in result.stdout


# ---- several files, stdin, width ---------------------------------------------------------------------------


def test_several_files_are_taken_one_by_one_and_the_worst_counts(tmp_path):
    good, odd, bad = (tmp_path / name for name in ("good.csv", "odd.csv", "bad.csv"))
    write(good, text(well())), write(odd, text([record(1, low=7)])), write(bad, "x")
    assert [inside("check", *files).exit_code for files in ([good, good], [good, odd], [odd, bad, good])] == [0, 1, 2]
    lines = inside("check", odd, bad, good, "--json").stdout.splitlines()
    assert [(json.loads(line)["file"], "error" in json.loads(line)) for line in lines] == [
        (str(odd), False), (str(bad), True), (str(good), False),
    ]  # fmt: skip
    assert inside("check", odd, good).stdout.count("-" * 20) == 1


def test_stdin_is_checked_and_commands_stay_to_be_filled_in():
    result = inside("check", "-", stdin=text(well()).encode())
    assert (
        result.stdout.startswith("stdin: nothing to look at in 6 events.")
        and "mali-stats clean FILE --out" in result.stdout
    )


@pytest.mark.parametrize("width", [40, 72])
def test_lines_fold_to_the_terminal_and_commands_stay_whole(width, tmp_path):
    file = write(tmp_path / "it's odd.csv", text([*well(), record(1, low=7)]))
    lines = inside("check", file, columns=width).stdout.splitlines()
    commands = [line.strip() for line in lines if line.strip().startswith("mali-stats ")]
    rest = [line for line in lines[1:] if line.strip() not in commands]
    assert max(map(len, rest)) <= width and len(commands) == 2
    for line in commands:
        again = CliRunner().invoke(main, [*shlex.split(line)[1:-1], str(tmp_path / "out.csv")])
        assert again.exit_code == 0, line


def test_every_text_of_the_page_has_both_languages():
    seed = catalog.seed("check_words")
    assert seed["key"].is_unique and seed.notna().all().all()
    for row in seed.itertuples():
        assert set(re.findall(r"{(\w+)}", row.en)) == set(re.findall(r"{(\w+)}", row.fr)), row.key
    assert not seed["fr"].str.contains(r"(?<!\u00a0)[;:?!](?!\S)", regex=True).any()


@needs_raw
@pytest.mark.parametrize(("name", "code", "first", "deaths"), [
    ("ucdp/gedevents_web_mali.csv.gz", 1, "35 of 2,120 events to look at.", "15,742 (low 15,153, high 20,656)"),
    ("ucdp/gedevents_web_burkina_faso.csv.gz", 1, "32 of 1,504 events to look at.", "12,864 (low 11,198, high 15,083)"),
    ("unhcr/population_mali.csv", 0, "nothing to look at in 9,675 figures.", None),
    ("population/worldbank_population.csv", 2, "cannot be read.", None),
])  # fmt: skip
def test_the_publishers_files(name, code, first, deaths):
    result = inside("check", RAW / name)
    assert result.exit_code == code and result.stdout.splitlines()[0].endswith(first)
    assert deaths is None or f"Deaths: {deaths}" in result.stdout
