"""``mali-stats fetch``: the path on stdout, the rest on stderr, and codes that a script can go by."""

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from fetching_helpers import NAMES
from loopback import Answer, file
from making import records, text

import mali_stats as ms
from mali_stats.cli import main
from mali_stats.sources import fetching


@pytest.fixture
def run(server, waits, tmp_path, monkeypatch):
    """The command, asking the server of the test."""
    monkeypatch.setenv("MALI_STATS_CACHE", str(tmp_path))
    for source in fetching.CLIENTS:
        monkeypatch.setenv(f"MALI_STATS_{source.upper()}_URL", server.url)
    return lambda *arguments: CliRunner().invoke(main, ["fetch", *arguments])


def test_the_path_is_all_that_stands_on_stdout(run, server):
    server.answers["/candidateged/GEDEvent_v26_0_8.csv"] = file(text(records(3)).encode())
    result = run("ucdp", "--version", "26.0.8")
    assert (result.exit_code, result.stderr) == (0, "")
    assert len(ms.read_events(result.stdout.removesuffix("\n"))[0]) == 3
    assert run("ucdp", "--version", "26.0.8").stdout == result.stdout and len(server.asked) == 1
    assert run("ucdp", "--version", "26.0.8", "--refresh").exit_code == 0 and len(server.asked) == 2
    assert run("ucdp", "--version", "26.0.8", "--cached").exit_code == 0 and len(server.asked) == 2


def test_json_tells_what_the_note_beside_the_file_says(run, server, tmp_path):
    server.answers["/candidateged/GEDEvent_v26_0_8.csv"] = file(text(records(3)).encode())
    result = run("ucdp", "--version", "26.0.8", "--json")
    got = json.loads(result.stdout)
    assert (result.exit_code, result.stderr) == (0, "")
    path = Path(got["path"])
    note = json.loads(path.with_name(f"{path.name}.source.json").read_text(encoding="utf-8"))
    assert {n: got[n] for n in got if n != "path"} == {n: note[n] for n in got if n != "path"}
    assert list(got) == ["path", "source", "dataset", "version", "fetched_on", "bytes"]
    assert (got["source"], got["version"], got["bytes"]) == ("ucdp", "26.0.8", path.stat().st_size)
    path.with_name(f"{path.name}.source.json").unlink()
    by_hand = json.loads(run("ucdp", "--version", "26.0.8", "--json").stdout)
    assert by_hand == got | {"dataset": None, "version": None, "fetched_on": None}


def test_json_has_what_fails_too(run):
    for arguments, code in ((["gdelt"], 2), (["ucdp", "--version", "25.1"], 1)):
        result = run(*arguments, "--json")
        (said,) = json.loads(result.stdout).values()
        assert result.exit_code == code and result.stderr == f"Error: {said}\n" and "error" in result.stdout


@pytest.mark.parametrize(("arguments", "code", "message"), [
    (["gdelt"], 2, "SOURCE 'gdelt' is not known; use one of ucdp, acled"),
    (["acled", "--start", "soon"], 2, "--start 'soon' is no day"),
    (["ucdp", "--via", "api"], 2, "name it, such as --version '25.1'"),
    (["ucdp", "--version", "25.1"], 1, "UCDP refuses (HTTP 404). There is no such version"),
    (["dtm"], 1, "Set the environment variable DTM_KEY"),
    (["unhcr"], 1, "UNHCR could not be reached (HTTP 503, 5 times). By hand: download MLI as origin"),
    (["unhcr"], 1, "by content, not by name) and read it with: mali-stats clean "),
])  # fmt: skip
def test_what_fails_is_one_line_and_a_code(arguments, code, message, run, server, monkeypatch):
    monkeypatch.delenv("DTM_KEY", raising=False)
    server.answers["/population/"] = [Answer(b"", 503)]
    result = run(*arguments)
    assert (result.exit_code, result.stdout) == (code, "")
    assert not re.search(r"\bms\.", result.stderr)
    assert len(result.stderr.splitlines()) == 1 and message in result.stderr and result.stderr.startswith("Error: ")


def test_no_key_on_the_command_line_or_in_what_it_prints(run, server, keys):
    server.answers["/displacement/admin1"] = lambda asked: Answer(str(asked.headers).encode(), 401)
    result = run("dtm")
    assert result.exit_code == 1 and "***" in result.stderr and NAMES["DTM_KEY"] not in result.output
    names = {option for parameter in main.commands["fetch"].params for option in parameter.opts}
    assert not [name for name in names if re.search("key|token|pass|user|secret", name)]


def test_help_names_every_source_and_key(run):
    shown = run("--help").stdout
    for name in [*fetching.CLIENTS, *(n for client in fetching.CLIENTS.values() for n in client.SECRETS)]:
        assert name in shown
    for line in re.findall(r"^ +mali-stats fetch (.*)$", shown, flags=re.MULTILINE):
        assert line.split()[0] in fetching.CLIENTS
