"""Every notebook in JupyterLab, as a researcher opens it: figures are there, and Run All ends without an error.

It is a copy of the folder that is opened, by a server of our own with the settings of ``make lab``.
"""

import json
import os
import re
import secrets
import shlex
import shutil
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PATHS = sorted((ROOT / "notebooks").glob("*.ipynb"))
SECONDS = 180  # for anything that is waited for: a machine may be busy
READY = "Python 3 (ipykernel) | Idle"
PROMPTS = "[...document.querySelectorAll('.jp-CodeCell .jp-InputArea-prompt')].map(one => one.textContent.trim())"
#: Some cell has run and none waits: what follows a failure goes back to not having run.
ENDED = f"() => {{ const all = {PROMPTS}; return all.some(p => /\\d/.test(p)) && !all.includes('[*]:'); }}"
PICTURES = ".jp-OutputArea-output img"
#: JupyterLab lays out what is on the screen, so each is brought there.
SEEN = """async all => {
    let seen = 0;
    for (const one of all) {
        one.scrollIntoView();
        await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
        await one.decode().catch(() => null);
        if (one.naturalWidth > 100 && one.clientWidth > 100) seen += 1;
    }
    return seen;
}"""
FAILURES = '.jp-OutputArea-output[data-mime-type="application/vnd.jupyter.stderr"]'


@dataclass(frozen=True)
class Lab:
    """A server: where it is, what opens it, and its folder."""

    url: str
    token: str


def settings():
    """What ``make lab`` tells JupyterLab, as the Makefile has it."""
    return shlex.split(
        re.search(r"^LAB := ((?:.*\\\n)*.*)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M)[1].replace(
            "\\\n", ""
        )
    )


@pytest.fixture(scope="session")
def lab(browser, tmp_path_factory):
    """A server on this machine only, that knows no settings of the user's and leaves nothing behind."""
    home = tmp_path_factory.mktemp("lab")
    for name in ("notebooks", "seeds"):  # some notebooks read a table kept by hand, as ../seeds/
        shutil.copytree(ROOT / name, home / name)
    own = {f"JUPYTER_{what}_DIR": str(home / what.lower()) for what in ("CONFIG", "DATA", "RUNTIME")}
    own |= {f"JUPYTERLAB_{what}_DIR": str(home / what.lower()) for what in ("SETTINGS", "WORKSPACES")}
    token = secrets.token_hex(16)
    env = {name: value for name, value in os.environ.items() if name != "MPLBACKEND"}
    env |= {**own, "JUPYTER_TOKEN": token, "JUPYTER_PREFER_ENV_PATH": "1"}
    command = [
        sys.executable,
        "-m",
        "jupyterlab",
        *settings(),
        "--ip=127.0.0.1",
        "--no-browser",
        "--allow-root",
        "notebooks",
    ]
    with (home / "log").open("w", encoding="utf-8") as log:
        server = subprocess.Popen(command, cwd=home, env=env, stdout=log, stderr=subprocess.STDOUT)
        try:
            yield Lab(address(server, home), token)
        finally:
            server.terminate()
            server.wait(60)


@pytest.fixture(scope="module")
def desk(browser):
    """One window for all notebooks, which keeps what is the same for all: JupyterLab itself."""
    context = browser.new_context(viewport={"width": 1280, "height": 1000})
    yield context
    context.close()


@pytest.fixture
def tab(desk, heard):
    """A page of its own in that window, and what is heard meanwhile."""
    watch, page = heard(desk), desk.new_page()
    yield page, watch
    page.close()


def address(server, home):
    """Wait until the server has written where it is: it takes the first port that is free."""
    for _ in range(SECONDS * 10):
        for found in (home / "runtime").glob("jpserver-*.json"):
            if text := found.read_text(encoding="utf-8"):
                return json.loads(text)["url"]
        if server.poll() is not None:
            break
        time.sleep(0.1)
    pytest.fail(f"JupyterLab did not start: {(home / 'log').read_text(encoding='utf-8')[-2000:]}")


def kept(path):
    """How many code cells, pictures and errors or warnings a notebook is kept with."""
    cells = [cell for cell in json.loads(path.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == "code"]
    outputs = [output for cell in cells for output in cell["outputs"]]
    found = Counter("picture" for output in outputs if "image/png" in output.get("data", {}))
    found += Counter(
        "failure" for output in outputs if output["output_type"] == "error" or output.get("name") == "stderr"
    )
    return len(cells), found["picture"], found["failure"]


def choose(page, menu, entry):
    """Choose an entry of a menu."""
    page.get_by_role("menuitem", name=menu, exact=True).click()
    page.get_by_role("menuitem", name=entry, exact=True).click()


def shown(page, expected):
    """How many pictures a reader sees who goes through the notebook, loaded and not without extent, once they are there."""
    for _ in range(4 * SECONDS):
        if (seen := page.eval_on_selector_all(PICTURES, SEEN)) == expected:
            break
        page.wait_for_timeout(250)
    return seen


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_a_notebook_opens_and_runs_to_its_end(path, lab, tab):
    cells, pictures, failures = kept(path)
    page, watch = tab
    page.set_default_timeout(1000 * SECONDS)
    page.goto(f"{lab.url}lab/tree/{path.name}?reset&token={lab.token}")
    page.get_by_text(READY).wait_for()
    assert page.locator(".jp-Notebook h1").first.is_visible()
    page.wait_for_function(f"{PROMPTS}.length === {cells}")
    assert pictures > 0 and shown(page, pictures) == pictures

    choose(page, "Edit", "Clear Outputs of All Cells")
    assert page.evaluate(PROMPTS) == ["[ ]:"] * cells
    assert page.locator(PICTURES).count() == 0
    choose(page, "Run", "Run All Cells")
    page.wait_for_function(ENDED)
    assert page.locator(FAILURES).all_text_contents()[failures:] == []
    assert page.locator(FAILURES).count() == failures
    assert page.evaluate(PROMPTS) == [f"[{number}]:" for number in range(1, cells + 1)]
    assert shown(page, pictures) == pictures

    assert [said for said in watch.said if said.startswith(("error", "uncaught", "dialog"))] == []
    assert [url for url in watch.asked if not url.startswith((lab.url, lab.url.replace("http", "ws", 1)))] == []
    forget(page, lab)


def forget(page, lab):
    """Stop the kernel, which would keep its memory until the server ends."""
    headers = {"Authorization": f"token {lab.token}"}
    for session in page.request.get(f"{lab.url}api/sessions", headers=headers).json():
        page.request.delete(f"{lab.url}api/sessions/{session['id']}", headers=headers)
