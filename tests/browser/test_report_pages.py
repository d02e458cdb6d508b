"""The report as a reader meets it: on a desk, on a phone, on paper, by keyboard and by ear."""

import re
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote

import pytest

STEMS = sorted(path.stem for path in (Path(__file__).resolve().parents[2] / "notebooks").glob("*.ipynb"))
PAGES = ["index", *STEMS]
DESKTOP, PHONE = (1280, 900), (360, 740)
SMALLEST = 12  # pixels, of a letter on a phone
#: A4 less the margins of 1.5 cm that the page asks for, in pixels of which an inch has 96.
PAPER = (680, 1009)

SMALL_TEXTS = """smallest => {
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), found = [];
    while (texts.nextNode()) {
        const size = parseFloat(getComputedStyle(texts.currentNode.parentElement).fontSize);
        if (texts.currentNode.data.trim() && size < smallest) found.push([size, texts.currentNode.data.trim()]);
    }
    return found;
}"""
#: What reaches over the edge of the page, unless a box of its own that scrolls holds it.
TOO_WIDE = """() => {
    const edge = document.documentElement.clientWidth + 1;
    const scrolls = element => element && (getComputedStyle(element).overflowX === "auto" || scrolls(element.parentElement));
    return [...document.querySelectorAll("body *")]
        .filter(e => e.getBoundingClientRect().right > edge && !scrolls(e.parentElement))
        .map(e => e.tagName + " " + e.textContent.trim().slice(0, 60));
}"""
FINDINGS = """async () => {
    const found = await axe.run(document, {resultTypes: ["violations"], preload: false});
    if (found.passes.length < 10) throw new Error("axe looked at next to nothing");
    return found.violations
        .filter(one => ["serious", "critical"].includes(one.impact))
        .map(one => `${one.id}: ${one.help}; ${one.nodes.length} times, first ${one.nodes[0].html}`);
}"""
WIDTH = "document.documentElement.scrollWidth"


@pytest.fixture(scope="module")
def address(site):
    """The site over http, on this machine only."""

    class Silent(SimpleHTTPRequestHandler):
        def log_message(self, *arguments):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Silent, directory=str(site))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(scope="module", params=PAGES)
def name(request):
    """A page; all that is asked of it comes before the next one, so that it is opened once at each width."""
    return request.param


@pytest.fixture(scope="module")
def at_a_desk(name, site, browser):
    """The page on a desk, from the disk."""
    yield from _shown(name, site, browser, DESKTOP)


@pytest.fixture(scope="module")
def on_a_phone(name, site, browser):
    """The page on a phone, from the disk."""
    yield from _shown(name, site, browser, PHONE)


def _shown(name, site, browser, size):
    context = browser.new_context(viewport=dict(zip(("width", "height"), size, strict=True)))
    page = context.new_page()
    page.goto((site / f"{name}.html").as_uri())
    yield page
    context.close()


def test_there_is_a_page_for_every_notebook(site):
    assert sorted(path.stem for path in site.glob("*.html")) == sorted(PAGES)


def test_a_page_asks_for_itself_only_and_says_nothing(name, window, site, address):
    for url in ((site / f"{name}.html").as_uri(), f"{address}/{name}.html"):
        page, watch = window()
        page.goto(url)
        assert page.locator("h1").is_visible()
        assert watch.asked == [url]
        assert watch.said == []


def test_a_page_has_a_language_a_title_and_one_heading_above_all(at_a_desk):
    page = at_a_desk
    assert page.evaluate("document.documentElement.lang") == "en"
    assert page.title() == page.locator("h1").inner_text()
    levels = [int(tag[1]) for tag in page.eval_on_selector_all("h1, h2, h3, h4", "all => all.map(e => e.tagName)")]
    assert levels.count(1) == 1 and levels[0] == 1
    assert all(below - above <= 1 for above, below in pairwise(levels))
    ids = page.eval_on_selector_all("[id]", "all => all.map(e => e.id)")
    assert len(ids) == len(set(ids))


def test_pictures_appear_and_are_told_in_words(at_a_desk):
    page = at_a_desk
    page.evaluate("Promise.all([...document.images].map(one => one.decode()))")
    pictures = page.evaluate("[...document.images].map(one => [one.alt, one.naturalWidth, one.clientWidth])")
    assert pictures
    for alt, natural, wide in pictures:
        assert len(alt.split()) >= 4 and not re.search(r"\.(png|svg|jpe?g)\b|image/|<Figure", alt), alt
        assert natural > 100 and wide > 100


def test_links_lead_somewhere(name, at_a_desk, site):
    links = at_a_desk.eval_on_selector_all("a[href]", "all => all.map(e => [e.protocol, e.getAttribute('href')])")
    assert links
    for protocol, link in links:
        if protocol != "https:":
            assert protocol == "file:", link
            path, _, anchor = unquote(link).partition("#")
            target = site / (path or f"{name}.html")
            assert target.is_file(), link
            assert not anchor or f'id="{anchor}"' in target.read_text(encoding="utf-8"), link


def test_every_question_opens_and_leads_back(window, site):
    page, _ = window()
    page.goto((site / "index.html").as_uri())
    for place, stem in enumerate(STEMS):
        link = page.locator(".cards a").nth(place)
        question = link.inner_text()
        link.click()
        assert page.url.endswith(f"/{stem}.html") and page.locator("h1").inner_text() == question
        page.locator("nav a").first.click()
        assert page.url.endswith("/index.html")


def test_a_page_can_be_read_on_a_phone(on_a_phone):
    page = on_a_phone
    assert page.evaluate(WIDTH) <= PHONE[0]
    assert page.evaluate(TOO_WIDE) == []
    assert page.evaluate(SMALL_TEXTS, SMALLEST) == []


def test_nothing_is_cut_off_on_paper(name, window, site):
    page, _ = window(PAPER)
    page.goto((site / f"{name}.html").as_uri())
    page.emulate_media(media="print")
    assert page.evaluate(WIDTH) <= PAPER[0]
    assert page.evaluate(TOO_WIDE) == []
    cut = "all => all.filter(e => getComputedStyle(e).overflowX !== 'visible').map(e => e.className)"
    assert page.eval_on_selector_all(".scroll, .output_subarea, pre", cut) == []
    assert not page.locator("nav").first.is_visible()
    paper = page.pdf(prefer_css_page_size=True, format="A4")
    assert paper.startswith(b"%PDF-")
    assert 2 <= len(re.findall(rb"/Type\s*/Page\b", paper)) <= 15


@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_axe_has_no_serious_finding(size, at_a_desk, on_a_phone, axe):
    page = {"desktop": at_a_desk, "phone": on_a_phone}[size]
    page.evaluate(axe)
    assert page.evaluate(FINDINGS) == []
