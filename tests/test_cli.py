"""The command line: results on stdout, the rest on stderr, a wish that cannot be met in one line and code 2."""

import importlib
import json
import subprocess
import sys
import tomllib

import pytest
from click.testing import CliRunner
from making import ROOT

import mali_stats as ms
from mali_stats.cli import main


def run(*arguments):
    return CliRunner().invoke(main, list(arguments))


def test_a_brief_is_printed_as_it_prints():
    result = run("brief", "Gao", "--start", "2023-08", "--end", "2023-12", "--lang", "fr")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == f"{ms.brief('Gao', '2023-08', '2023-12', lang='fr')}\n"


def test_the_country_is_asked_for_by_its_name():
    assert run("brief", "Mali").stdout == f"{ms.brief()}\n"


def test_json_holds_everything_and_null_for_what_is_not_recorded():
    made = ms.brief("ML07")
    got = json.loads(run("brief", "ML07", "--json").stdout)
    named = ("place", "region", "start", "end", "lang")
    assert [got[name] for name in named] == ["Gao", "ML07", "2023-01", "2023-12", "en"]
    assert got["record_ends"] == "2023-12-31" and got["paragraph"] == made.paragraph and got["notes"] == made.notes
    assert got["sources"] == list(made.sources) and set(got["sources"]) <= set(ms.datasets()["name"])
    by_key = {(row["measure"], row["estimate"], row["family"]): row for row in got["table"]}
    assert len(by_key) == len(made.table)
    assert by_key["deaths", "best", None]["this_span"] == 421 and by_key["idps", "best", None]["this_span"] is None


def test_files_are_written_and_named_on_stderr(tmp_path):
    table, figure = tmp_path / "gao.csv", tmp_path / "gao.SVG"
    result = run("brief", "Gao", "--csv", str(table), "--figure", str(figure))
    assert result.exit_code == 0 and result.stdout == f"{ms.brief('Gao')}\n"
    assert result.stderr.splitlines() == [f"Written: {path}" for path in (table, tmp_path / "gao.txt", figure)]
    assert table.read_text(encoding="utf-8").splitlines()[1].startswith("#indicator+measure,")
    assert "<svg" in figure.read_text(encoding="utf-8")


@pytest.mark.parametrize(("arguments", "message"), [
    (["Goa"], "Error: region 'Goa' is not known; did you mean 'Gao'?"),
    (["Gao", "--start", "August 2023"], "Error: --start 'August 2023' is no month; write it like '2023-08'."),
    (["Gao", "--end", "2030-01"], "which ends with 2023-12"),
    (["Gao", "--start", "2023-05", "--end", "2023-04"], "--start '2023-05' lies after --end '2023-04'; exchange them."),
    (["Gao", "--csv", "gao.xlsx"], "Error: --csv: 'gao.xlsx' ends otherwise than in .csv."),
    (["Gao", "--figure", "gao.csv"], "Error: --figure: 'gao.csv' ends otherwise than in .png or .svg."),
    (["Gao", "--csv", "missing/gao.csv"], "the folder missing is not there; make it first"),
])  # fmt: skip
def test_a_wish_that_cannot_be_met_is_one_line_and_code_2(arguments, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = run("brief", *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert len(result.stderr.splitlines()) == 1 and message in result.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "arguments", [["brief"], ["brief", "Gao", "--lang", "de"], ["breif", "Gao"], ["brief", "Gao", "--nothing"]]
)
def test_a_wrong_command_ends_with_2_and_without_a_traceback(arguments):
    result = run(*arguments)
    assert result.exit_code == 2 and isinstance(result.exception, SystemExit)
    assert "Error: " in result.stderr and "Traceback" not in result.stderr


def test_help_teaches_by_examples_that_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = run("brief", "--help").stdout
    examples = [line.split()[1:] for line in text.splitlines() if line.strip().startswith("mali-stats ")]
    assert len(examples) >= 3
    for example in examples:
        assert run(*example).exit_code == 0, example
    assert "mali-stats brief" in run("--help").stdout


def test_the_installed_command_and_the_module_are_this_one():
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["scripts"]
    module, name = scripts["mali-stats"].split(":")
    assert getattr(importlib.import_module(module), name) is main
    asked = [sys.executable, "-m", "mali_stats", "--version"]
    out = subprocess.run(asked, capture_output=True, text=True, check=True, cwd=ROOT)
    assert out.stdout.strip() == f"mali-stats, version {ms.__version__}"


def test_asking_for_help_loads_nothing_heavy():
    code = "import sys, mali_stats.cli; print([m for m in ('matplotlib', 'scipy', 'pandas') if m in sys.modules])"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert out.stdout.strip() == "[]"
