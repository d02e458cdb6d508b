"""What `make` says to a newcomer, above all where something is missing."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="there is no make on this machine")


@pytest.fixture
def checkout(tmp_path):
    """What the set-up needs of a checkout, in a folder whose name has a space."""
    copy = tmp_path / "a checkout"
    (copy / ".ci").mkdir(parents=True)
    for name in ("Makefile", "pyproject.toml", "constraints.txt", ".ci/setup"):
        shutil.copy(ROOT / name, copy / name)
    return copy


def make(folder, *arguments):
    env = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    return subprocess.run(["make", *arguments], cwd=folder, env=env, capture_output=True, text=True, timeout=60)


def said(result):
    """The lines on stderr, without the one that make adds about its own exit."""
    return [line for line in result.stderr.splitlines() if "*** [" not in line]


def fake_python(folder, version, ensurepip=True):
    """A program that answers the two questions that the set-up asks of a Python."""
    path = folder / "fakepython"
    answer = "exit 0" if ensurepip else "exit 1"
    path.write_text(f'#!/bin/sh\ncase "$2" in *ensurepip*) {answer} ;; esac\necho {version}\n', encoding="utf-8")
    path.chmod(0o755)
    return path


def test_plain_make_lists_every_target(checkout):
    phony = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M)[1].split()
    result = make(checkout)
    assert result.returncode == 0
    assert [line.split()[1] for line in result.stdout.splitlines()] == phony
    assert not (checkout / ".venv").exists()


def test_too_old_a_python_is_said_in_one_line(checkout):
    result = make(checkout, "setup", f"PYTHON={fake_python(checkout, '3.9')}")
    assert result.returncode != 0
    assert len(said(result)) == 1
    assert "3.11 to 3.13" in said(result)[0] and "is 3.9" in said(result)[0] and "README" in said(result)[0]
    assert not (checkout / ".venv").exists()


def test_too_new_a_python_is_said_in_one_line(checkout):
    result = make(checkout, "setup", f"PYTHON={fake_python(checkout, '3.14')}")
    assert result.returncode != 0
    assert len(said(result)) == 1 and "is 3.14" in said(result)[0]


def test_a_missing_python_is_said_in_one_line(checkout):
    result = make(checkout, "report", f"PYTHON={checkout / 'nowhere'}")
    assert result.returncode != 0
    assert len(said(result)) == 1 and "found: none" in said(result)[0]


def test_a_python_without_venv_is_said_in_one_line(checkout):
    result = make(checkout, "setup", f"PYTHON={fake_python(checkout, '3.12', ensurepip=False)}")
    assert result.returncode != 0
    assert len(said(result)) == 1 and "python3-venv" in said(result)[0]


def test_a_failed_setup_leaves_no_stamp(checkout):
    result = make(checkout, "setup", f"PYTHON={fake_python(checkout, '3.12')}")
    assert result.returncode != 0
    assert "did not succeed" in said(result)[-1]
    assert not (checkout / ".venv" / ".ready").exists()


def test_data_without_a_file_says_what_to_give_and_installs_nothing(checkout):
    result = make(checkout, "data")
    assert result.returncode != 0
    assert len(result.stderr.splitlines()) == 1
    assert "make data RAW=" in result.stderr
    assert not (checkout / ".venv").exists()


@pytest.mark.parametrize("name", [".ci/run", ".ci/setup", ".ci/other-pythons"])
def test_scripts_can_be_run(name):
    assert os.access(ROOT / name, os.X_OK)


@pytest.mark.parametrize("failing", ["", "test", "others", "browser", "test others browser"])
def test_ci_runs_every_part_whatever_fails_and_its_exit_code_tells(failing, tmp_path):
    """With a make that only notes what is wanted, and a chromium, so that none is installed."""
    for name in (".ci", "bin", "elsewhere"):
        (tmp_path / name).mkdir()
    shutil.copy(ROOT / ".ci" / "run", tmp_path / ".ci" / "run")
    programs = {
        "make": 'echo "$PWD $1" >>"$NOTES"; case " $FAILING " in *" $1 "*) exit 2 ;; esac',
        "chromium": "exit 0",
    }
    for name, text in programs.items():
        (tmp_path / "bin" / name).write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
        (tmp_path / "bin" / name).chmod(0o755)
    env = os.environ | {
        "PATH": f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "NOTES": str(tmp_path / "notes"),
        "FAILING": failing,
    }
    done = subprocess.run([tmp_path / ".ci" / "run"], cwd=tmp_path / "elsewhere", env=env, timeout=60)
    wanted = (tmp_path / "notes").read_text(encoding="utf-8").splitlines()
    assert wanted == [f"{tmp_path} {part}" for part in ("test", "others", "browser")]
    assert (done.returncode != 0) == bool(failing)
