"""A real browser: the machine's chromium, driven by playwright. ``make browser`` runs what is in this folder.

``make test`` does not come here (``norecursedirs`` in pyproject.toml). Without chromium, or without the extra
``browser``, every test is skipped and says so.
"""

import shutil
from dataclasses import dataclass, field
from pathlib import Path

import pytest

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
#: The browser asks nobody for anything of its own, and finds no machine but this one.
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--disable-quic", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)  # fmt: skip
DESKTOP, PHONE = (1280, 900), (360, 740)
#: What is inside a page already, and is asked of nobody.
INSIDE = ("data:", "blob:", "about:")


@dataclass
class Watch:
    """What the pages of a window asked for and said: addresses; messages, errors and dialogs."""

    asked: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def over(self, context):
        """Listen to every page of a window, from before it is opened."""
        context.on("request", lambda request: request.url.startswith(INSIDE) or self.asked.append(request.url))
        context.on("console", lambda message: self.said.append(f"{message.type}: {message.text}"))
        context.on("weberror", lambda error: self.said.append(f"uncaught: {error.error}"))
        context.on("dialog", self._dismiss)

    def _dismiss(self, dialog):
        self.said.append(f"dialog: {dialog.message}")
        dialog.dismiss()


@pytest.fixture(scope="session")
def browser():
    """The browser, headless, with a profile that is made for it and thrown away."""
    playwright = pytest.importorskip("playwright.sync_api", reason="the extra browser is not installed: make browser")
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None:
        pytest.skip(f"none of {', '.join(PROGRAMS)} is on this machine (Debian: apt-get install chromium)")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, headless=True, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def heard():
    """Listen to a window from now on: ``heard(context)`` gives what it asks for and says."""

    def listen(context):
        watch = Watch()
        watch.over(context)
        return watch

    return listen


@pytest.fixture
def window(browser, heard):
    """Make a window of its own for a page: ``window(size, **options)`` gives the page and what is heard of it."""
    made = []

    def make(size=DESKTOP, **options):
        made.append(browser.new_context(viewport=dict(zip(("width", "height"), size, strict=True)), **options))
        watch = heard(made[-1])
        return made[-1].new_page(), watch

    yield make
    for context in made:
        context.close()


@pytest.fixture(scope="session")
def site():
    """The report as ``make report`` leaves it."""
    folder = Path(__file__).resolve().parents[2] / "build" / "report"
    if not (folder / "index.html").is_file():
        pytest.fail("there is no report to look at: make report, or make browser, which does it first")
    return folder


@pytest.fixture(scope="session")
def axe():
    """The text of axe-core, which looks for what keeps people from using a page."""
    package = pytest.importorskip("axe_playwright_python", reason="the extra browser is not installed: make browser")
    return Path(package.__file__).with_name("axe.min.js").read_text(encoding="utf-8")
