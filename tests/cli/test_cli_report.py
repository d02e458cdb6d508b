"""``mali-stats report``: the site of the notebooks where there are some, else its front page; nothing of others is lost."""

import errno
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time

import nbformat
import pytest
from making import ROOT
from shell import COMMAND, environment, inside

from mali_stats.report import running

pytestmark = pytest.mark.whole

PAGE = r'<img src="data:image/png;base64,'


@pytest.fixture(autouse=True)
def own_environment(monkeypatch):
    """The command sets these for itself; the next test must not see it."""
    monkeypatch.setenv("MPLBACKEND", "agg")
    monkeypatch.setenv("JUPYTER_PREFER_ENV_PATH", "1")


@pytest.fixture
def notebooks(tmp_path):
    folder = tmp_path / "mine"
    folder.mkdir()
    cells = [
        nbformat.v4.new_markdown_cell("# How many?", id="title"),
        nbformat.v4.new_code_cell("print(6 * 7)", id="one"),
    ]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), folder / "01-how-many.ipynb")
    return folder


def test_notebooks_become_a_site_and_progress_goes_to_stderr(notebooks, tmp_path):
    out = tmp_path / "site"
    result = inside("report", "--out", out, "--notebooks", notebooks)
    assert (result.exit_code, result.stdout) == (0, f"{out / 'index.html'}\n")
    assert "[1/1] 01-how-many.ipynb" in result.stderr and result.stderr.endswith("Writing the pages ...\n")
    assert "How many?" in (out / "index.html").read_text(encoding="utf-8")
    again = inside("report", "--out", out, "--notebooks", notebooks, "--json")
    assert json.loads(again.stdout) == {"page": str(out / "index.html"), "notebooks": str(notebooks)}


def test_away_from_a_checkout_the_front_page_is_made_without_jupyter(tmp_path):
    shipped = tmp_path / "lib" / "mali_stats" / "shipped"
    shutil.copytree(ROOT / "mali_stats", shipped.parent, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("data", "seeds"):
        shutil.copytree(ROOT / name, shipped / name)
    code = (
        "import sys; sys.modules.update(dict.fromkeys(('nbconvert', 'nbformat', 'nbclient', 'nbstripout', 'bs4', 'bleach')));"
        "from mali_stats.cli import main; main(['report'])"
    )
    env = environment(PYTHONPATH=str(tmp_path / "lib"), MPLCONFIGDIR=str(tmp_path))
    asked = [sys.executable, "-c", code]
    result = subprocess.run(asked, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=120)
    assert (result.returncode, result.stdout.splitlines()) == (0, ["build/report/index.html"]), result.stderr
    assert "No notebooks here: the first page alone is made." in result.stderr and "--notebooks" in result.stderr
    page = (tmp_path / "build" / "report" / "index.html").read_text(encoding="utf-8")
    assert page.count(PAGE) == 2 and "2,109\n(2,073–2,882)" in page and "made without the notebooks" in page
    links = re.findall(r'href="(?!https://)([^"]*)"', page)
    assert all((tmp_path / "build" / "report" / link).exists() for link in links)
    assert sorted(p.name for p in (tmp_path / "build").iterdir()) == ["report"]


def test_the_notebooks_of_the_checkout_are_found_from_anywhere(tmp_path, monkeypatch):
    from mali_stats.cli.report import _found

    monkeypatch.chdir(tmp_path)
    assert _found() == ROOT / "notebooks"
    (tmp_path / "notebooks").mkdir()
    assert _found() == ROOT / "notebooks"
    nbformat.write(nbformat.v4.new_notebook(), tmp_path / "notebooks" / "a.ipynb")
    assert str(_found()) == "notebooks"


def test_the_page_is_opened_on_request_only(notebooks, tmp_path, monkeypatch):
    opened = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    asked = ["report", "--out", tmp_path / "site", "--notebooks", notebooks]
    assert inside(*asked).exit_code == 0 and not opened
    result = inside(*asked, "--open")
    assert opened == [(tmp_path / "site" / "index.html").as_uri()]
    assert result.exit_code == 0 and "No browser could be opened" in result.stderr


def test_a_place_that_cannot_be_written_is_the_one_that_was_asked_for(notebooks, tmp_path, monkeypatch):
    def refuse(path, *arguments, **named):
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    out = tmp_path / "site"
    with monkeypatch.context() as within:
        within.setattr("pathlib.Path.mkdir", lambda p, *a, **n: refuse(p) if p.name == "cache" else None)
        result = inside("report", "--out", out, "--notebooks", notebooks)
    assert (result.exit_code, result.stdout) == (1, "")
    assert f"Error: {out} could not be written: Permission denied. Nothing was replaced." in result.stderr
    assert "--out" in result.stderr and "cache" not in result.stderr


def test_help_tells_of_the_folder_beside_the_report():
    assert 'a folder "cache" beside the report' in " ".join(inside("report", "--help").stdout.split())


def test_what_is_no_report_is_not_replaced(notebooks, tmp_path):
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "thesis.txt").write_text("years of work", encoding="utf-8")
    result = inside("report", "--out", tmp_path / "thesis", "--notebooks", notebooks)
    assert (result.exit_code, result.stdout) == (2, "") and "something else than an earlier report" in result.stderr
    assert (tmp_path / "thesis" / "thesis.txt").is_file()


def test_a_folder_named_cache_keeps_the_notebooks_of_its_owner(notebooks, tmp_path):
    (tmp_path / "cache").mkdir()
    mine = [tmp_path / "cache" / name for name in ("my-thesis.ipynb", "a-0123456789abcdef.ipynb")]
    old = tmp_path / "cache" / f"01-how-many-{'0' * running._DIGITS}.ipynb"
    for path in (*mine, old):
        path.write_text("{}", encoding="utf-8")
    assert inside("report", "--out", tmp_path / "site", "--notebooks", notebooks).exit_code == 0
    assert all(path.is_file() for path in mine) and not old.exists()


def test_a_folder_without_notebooks_and_a_failing_one_are_said(notebooks, tmp_path):
    result = inside("report", "--notebooks", tmp_path / "nowhere", "--json")
    assert result.exit_code == 2 and "There is no notebook in" in json.loads(result.stdout)["error"]
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1 / 0", id="a")]), notebooks / "02.ipynb")
    result = inside("report", "--out", tmp_path / "site", "--notebooks", notebooks)
    assert result.exit_code == 1 and "02.ipynb, code cell 1: ZeroDivisionError" in result.stderr
    assert result.stderr.endswith("Nothing was replaced.\n") and not (tmp_path / "site").exists()


def test_without_jupyter_notebooks_say_what_to_install(notebooks, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "nbformat", None)
    result = inside("report", "--out", tmp_path / "site", "--notebooks", notebooks)
    assert (
        result.exit_code == 1
        and "nbformat is not installed" in result.stderr
        and "mali_stats[notebooks]" in result.stderr
    )


@pytest.mark.skipif(os.name != "posix", reason="signals as POSIX has them")
def test_ctrl_c_stops_the_notebooks_too(notebooks, tmp_path):
    code = f"import os, time\nopen({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid()))\ntime.sleep(300)"
    nbformat.write(
        nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code, id="a")]), notebooks / "01-how-many.ipynb"
    )
    asked = [*COMMAND, "report", "--out", str(tmp_path / "site"), "--notebooks", str(notebooks)]
    process = subprocess.Popen(asked, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment())
    until = time.monotonic() + 90
    while not ((tmp_path / "pid").is_file() and (tmp_path / "pid").read_text()) and time.monotonic() < until:
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, b"") and err.decode().splitlines()[-1] == "Stopped; nothing was replaced."
    assert not (tmp_path / "site").exists()
    until, kernel = time.monotonic() + 30, int((tmp_path / "pid").read_text())
    while _lives(kernel) and time.monotonic() < until:
        time.sleep(0.2)
    assert not _lives(kernel)


def _lives(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
