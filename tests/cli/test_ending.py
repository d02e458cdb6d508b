"""How commands end: codes, words in the place of tracebacks, pipes that close, Ctrl-C, disks that are full."""

import errno
import json
import os
import re
import signal
import subprocess
import time
from pathlib import Path

import click
import pytest
from making import records, text, write
from shell import COMMAND, environment, inside, shell

from mali_stats.cli import ending, main
from mali_stats.writing import explained

FULL = Path("/dev/full")
needs_full = pytest.mark.skipif(not FULL.exists(), reason="there is no /dev/full on this machine")
posix = pytest.mark.skipif(os.name != "posix", reason="signals and pipes as POSIX has them")


@pytest.fixture
def events(tmp_path):
    return write(tmp_path / "GEDEvent_v24_1.csv", text(records(12)))


# ---- help --------------------------------------------------------------------------------------------------


def test_without_a_command_help_is_printed():
    result = inside()
    assert (result.exit_code, result.stderr) == (0, "") and result.stdout == inside("--help").stdout
    order = [line.split()[0] for line in result.stdout.partition("Commands:\n")[2].splitlines()]
    assert order == ["check", "clean", "panel", "brief", "report", "fetch"] == list(main.commands)


def test_every_command_says_what_it_does_and_shows_examples_of_itself():
    for name, command in main.commands.items():
        assert command.short_help and command.short_help.endswith(".")
        shown = inside(name, "--help").stdout
        examples = shown.partition("Examples:")[2].partition("Options:")[0].strip().splitlines()
        assert len(examples) >= 2 and any(f"mali-stats {name}" in line for line in examples)
        assert all(isinstance(p, click.Argument) or p.help for p in command.params)


def test_examples_name_options_that_there_are():
    for name in [*main.commands, ""]:
        examples = inside(*filter(None, [name]), "--help").stdout.partition("Examples:")[2].partition("Options:")[0]
        for line in (line for line in examples.splitlines() if "mali-stats " in line):
            for part in re.split(r"\||&&", line):
                words = part.partition("mali-stats ")[2].split()
                if words and words[0] in main.commands:
                    known = {o for p in main.commands[words[0]].params for o in p.opts}
                    assert {w for w in words if w.startswith("--")} <= known, line


def test_the_codes_of_the_help_are_those_of_the_code():
    shown = inside("--help").stdout.partition("Exit codes:")[2].partition("Examples:")[0]
    codes = [int(line.split()[0]) for line in shown.strip().splitlines()]
    assert codes == [0, ending.FAILED, ending.BAD_INPUT, ending.STOPPED, ending.CLOSED]


def test_a_command_spelt_wrongly_is_met_with_the_nearest():
    result = inside("cleen", "x.csv")
    assert result.exit_code == 2 and "No such command 'cleen'; did you mean 'clean'?" in result.stderr
    assert "did you mean" not in inside("xyz").stderr


def told_unwritten(error):
    with pytest.raises(OSError, match="could not be written") as told, explained(Path("a.csv")):
        raise error
    return told.value


# ---- errors ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("error", "code", "said"), [
    (ValueError("bad.csv: no table."), 2, "bad.csv: no table."),
    (UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte"), 2, "can't decode byte 0xff"),
    (FileNotFoundError(errno.ENOENT, "No such file or directory", "a.csv"), 2, "a.csv: No such file or directory."),
    (FileNotFoundError("There is no file a.csv."), 2, "There is no file a.csv."),
    (PermissionError(errno.EACCES, "Permission denied", "a.csv"), 2, "a.csv: Permission denied."),
    (OSError(errno.EIO, "Input/output error"), 1, "Input/output error."),
    (OSError(errno.ENOSPC, "No space left on device", b"a.csv"), 1, "a.csv: No space left on device."),
    (OSError(errno.ENOSPC, "No space left on device"), 1, "Error: No space left on device."),  # of a copy of stdin
    (told_unwritten(PermissionError(errno.EACCES, "Permission denied")), 1, "a.csv could not be written: Permission"),
    (TimeoutError("took too long"), 1, "took too long"),
    (MemoryError(), 1, "There is not enough memory for this."),
    (ValueError(), 2, "ValueError"),
])  # fmt: skip
def test_errors_become_words_and_a_code(error, code, said, monkeypatch, events):
    def fails(*arguments, **named):
        raise error

    monkeypatch.setattr("mali_stats.cli.reading.read", fails)
    result = inside("clean", events)
    assert (result.exit_code, result.stdout) == (code, "")
    assert result.stderr.startswith("Error: ") and said in result.stderr and "Errno" not in result.stderr


def test_a_fault_of_the_library_keeps_its_traceback(monkeypatch, events):
    monkeypatch.setattr("mali_stats.cli.reading.read", lambda *a: 1 / 0)
    assert isinstance(inside("clean", events).exception, ZeroDivisionError)


def test_within_a_program_errors_are_left_as_they_are(tmp_path):
    with pytest.raises(FileNotFoundError, match="There is no file"):
        main.main(["clean", str(tmp_path / "a.csv")], standalone_mode=False)


@pytest.mark.parametrize("arguments", [["clean", "no.csv"], ["clean"], ["panel", "no.csv", "--nothing"], ["cleen"]])
def test_json_has_errors_too_and_stderr_keeps_the_words(arguments):
    result = inside(*arguments, "--json")
    assert result.exit_code == 2
    (message,) = json.loads(result.stdout).values()
    assert list(json.loads(result.stdout)) == ["error"] and message and message in result.stderr


def test_what_would_steer_a_terminal_is_written_out(tmp_path):
    evil = write(tmp_path / "evil.csv", text([], ["\x1b]0;owned\x07name", "b\u202e", "c"]))
    for arguments in (["clean", evil], ["check", evil]):
        result = inside(*arguments)
        assert result.exit_code == 2 and r"\x1b]0;owned\x07name" in result.output
        assert not set("\x1b\x07\u202e") & set(result.output)


# ---- processes ---------------------------------------------------------------------------------------------


@posix
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_closed_pipe_ends_silently(tmp_path, unbuffered):
    many = write(tmp_path / "many.csv", text(records(900)))
    whole = shell("clean", many, PYTHONUNBUFFERED=unbuffered)
    assert whole.returncode == 0 and whole.stdout.count(b"\n") == 901 and len(whole.stdout) > 2 * 65536
    process = subprocess.Popen(
        [*COMMAND, "clean", str(many)], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env=environment(PYTHONUNBUFFERED=unbuffered),
    )  # fmt: skip
    assert process.stdout.readline().startswith(b"source,")
    process.stdout.close()
    assert process.stderr.read() == b"" and process.wait(60) == 141
    process.stderr.close()


@posix
def test_help_into_a_closed_pipe_is_silent_too():
    read, write_ = os.pipe()
    os.close(read)
    result = shell("--help", stdout=write_)
    os.close(write_)
    assert result.stderr == b"" and result.returncode != 0


@pytest.mark.slow
@needs_full
@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["clean", "EVENTS"],
        ["clean", "EVENTS", "--json"],
        ["check", "EVENTS"],
        ["panel", "EVENTS", "--json"],
        ["brief", "Gao"],
    ],
)
def test_a_full_disk_is_said_in_words_with_code_1(arguments, events):
    with FULL.open("wb") as full:
        result = shell(*[events if a == "EVENTS" else a for a in arguments], stdout=full)
    assert result.returncode == 1
    assert result.stderr.decode().splitlines()[-1] == (
        "Error: standard output could not be written (No space left on device). Give --out with a place that has room "
        "(clean and panel), or send the output to a file there with >."
    )
    assert b"Traceback" not in result.stderr and b"Exception ignored" not in result.stderr


@posix
def test_ctrl_c_ends_with_130_and_a_line(tmp_path):
    fifo = tmp_path / "slow"
    os.mkfifo(fifo)
    keeper = os.open(fifo, os.O_RDWR)  # stdin that never comes to its end
    process = subprocess.Popen(
        [*COMMAND, "clean", "-"], stdin=keeper, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env=environment(TMPDIR=str(tmp_path)),
    )  # fmt: skip
    until = time.monotonic() + 60
    while not list(tmp_path.glob("mali_stats-*/stdin")) and time.monotonic() < until:
        time.sleep(0.02)
    (kept,) = tmp_path.glob("mali_stats-*/stdin")
    assert kept.stat().st_mode & 0o777 == 0o600 and kept.parent.stat().st_mode & 0o777 == 0o700
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    os.close(keeper)
    assert (process.returncode, out) == (130, b"")
    assert err.decode().strip().splitlines() == ["Stopped; no file is left half-written."]
    assert list(tmp_path.iterdir()) == [fifo]


def test_a_terminal_that_cannot_write_every_letter_gets_its_code():
    result = shell("brief", "Mali", "--lang", "fr", PYTHONIOENCODING="latin-1", PYTHONUTF8="0")
    assert result.returncode == 0 and result.stderr == b"" and rb"2\u202f109" in result.stdout
