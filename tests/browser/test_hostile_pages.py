"""What a notebook, its file's name or a value of the data may hold never runs, loads or leads astray.

The page's own policy would stop most of it; so that the escaping is what is tested, it is switched off here
(``bypass_csp``), and tested by itself at the end.
"""

import base64
from pathlib import Path

import nbformat
import pandas as pd
import pytest

from mali_stats.report import front, pages

RUN = "window.ran=1;alert(1);console.log('ran')"
AWAY = "http://elsewhere.example"
HOSTILE = {
    "script": f"<script>{RUN}</script>",
    "script from elsewhere": f"<script src={AWAY}/x.js></script>",
    "handler": f"<img src=x onerror=\"{RUN}\"> <p onclick='{RUN}' onmouseover='{RUN}'>here</p>",
    "end of an attribute": f"\" onload=\"{RUN}\" x=\" ' onfocus='{RUN}' autofocus tabindex=1 x='",
    "end of a tag": f"\"><script>{RUN}</script><img src=x onerror='{RUN}'>",
    "end of the style": f"</style></title></head><body><script>{RUN}</script>",
    "svg": f"<svg onload={RUN}><script>{RUN}</script><animate onbegin={RUN} attributeName=x /></svg>",
    "mathml": f'<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror={RUN}&gt;">',
    "noscript": f'<noscript><p title="</noscript><img src=x onerror={RUN}>">',
    "comment": f"<!--><img src=x onerror={RUN}>--> <![CDATA[<img src=x onerror={RUN}>]]>",
    "link": f'<a href="javascript:{RUN}">here</a> <a href=" jav&#x0A;ascript&colon;{RUN}">here</a>',
    "link to data": f"<a href='data:text/html,<script>{RUN}</script>'>here</a> <a href='d&Tab;ata&colon;text/html,x'>x</a>",
    "markdown's link": f"[here](javascript:window.ran=1) [here](<data:text/html,{RUN}>) ![](javascript:window.ran=1)",
    "frame": f'<iframe srcdoc="<script>parent.ran=1</script>"></iframe><iframe src="javascript:{RUN}"></iframe>',
    "plug-in": f"<object data={AWAY}/x></object><embed src={AWAY}/x><applet code=x></applet>",
    "form": f"<form action=javascript:{RUN}><input autofocus onfocus={RUN}><button formaction=javascript:{RUN}>x</button></form>",
    "away": f'<meta http-equiv=refresh content="9;url={AWAY}"><base href={AWAY}/><link rel=stylesheet href={AWAY}/x.css>',
    "picture from elsewhere": f'<img src={AWAY}/x.png alt=x><img srcset="{AWAY}/y.png 2x" alt=x><video poster={AWAY}/z.png></video>',
    "style": f'<style>@import url({AWAY}/x.css); body {{background: url({AWAY}/y.png)}}</style><p style="background:url({AWAY}/p.png)">',
    "quotes": """'"`&<>\\u003cscript\\u003e ]]> --> */ ${1} {{1}} $title $body""",
}  # fmt: skip
WORST = " ".join(HOSTILE.values())
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
pytestmark = pytest.mark.filterwarnings("ignore:No lexer found")  # for a language that is hostile too
#: What the browser made of a page: tags that load or run, handlers, styles, and where links and pictures lead.
FOUND = """() => {
    const all = [...document.querySelectorAll("*")];
    const risky = "script,iframe,frame,object,embed,applet,base,form,input,button,link,svg,math,video,audio,template";
    const kinds = ["http:", "https:", "mailto:", "file:"];
    return [
        ...all.filter(e => e.matches(risky)).map(e => e.outerHTML),
        ...all.filter(e => [...e.attributes].some(a => a.name.startsWith("on") || a.name === "style" || a.name === "srcset"))
            .map(e => e.outerHTML),
        ...all.filter(e => e.href && !kinds.includes(e.protocol)).map(e => e.outerHTML),
        ...all.filter(e => e.src && !e.src.startsWith("data:image/")).map(e => e.outerHTML),
        ...all.filter(e => e.localName === "meta" && e.httpEquiv === "refresh").map(e => e.outerHTML),
        ...all.filter(e => e.localName === "style").slice(1).map(e => e.outerHTML),
    ];
}"""
#: A reader who touches everything; links that are none of ours would lead away and are only looked at.
TOUCH = """() => document.querySelectorAll("body *").forEach(e => {
    for (const what of ["mouseover", "focus", "load", "error"]) e.dispatchEvent(new Event(what));
    if (!e.closest("a[href^=http]")) e.addEventListener("click", event => event.preventDefault(), {once: true});
    if (!e.closest("a[href^=http]") && e.click) e.click();
})"""


@pytest.fixture
def harmless(window, tmp_path):
    """Open what was made as a page, touch everything on it, and hold that nothing ran or was loaded."""

    def look(html):
        path = tmp_path / "page.html"
        path.write_text(html, encoding="utf-8")
        page, watch = window(bypass_csp=True)
        page.goto(path.as_uri())
        assert page.evaluate(FOUND) == []
        page.evaluate(TOUCH)
        assert page.evaluate("window.ran") is None
        assert watch.said == []
        assert watch.asked == [path.as_uri()]
        return page

    return look


def output(kind, **data):
    return nbformat.v4.new_output(kind, **data)


def notebook(text):
    """A notebook that has a text wherever a notebook can have one; its tags may hold no comma."""
    tag = text.replace(",", "")
    shown = [
        output("stream", name="stdout", text=text),
        output("stream", name="stderr", text=text),
        output("error", ename=text, evalue=text, traceback=[text, f"\x1b[31m{text}\x1b[0m"]),
        *(
            output("display_data", data={kind: text, "text/plain": text})
            for kind in ("text/plain", "text/html", "text/markdown", "text/latex", "image/svg+xml", "image/png",
                         "image/jpeg", "application/javascript", "application/json", "application/x-other")
        ),
        output("display_data", data={"image/png": PNG}, metadata={"image/png": {"alt": text, "width": text, "height": text}}),
        output("display_data", data={"text/html": pd.DataFrame({text: [text]}, index=[text]).to_html(escape=False)}),
        output("display_data", data={"text/html": pd.DataFrame({text: [text]}, index=[text]).to_html()}),
    ]  # fmt: skip
    cells = [
        nbformat.v4.new_markdown_cell(f"# Why? {text}"),
        nbformat.v4.new_markdown_cell(text, metadata={"tags": ["answer", tag]}),
        nbformat.v4.new_code_cell(text, outputs=shown, metadata={"tags": [tag, "main-figure"], "alt": text}),
        nbformat.v4.new_raw_cell(text, metadata={"format": "text/html", "raw_mimetype": "text/html"}),
    ]
    made = nbformat.v4.new_notebook(cells=cells)
    made["metadata"] = {"title": text, "language_info": {"name": text, "pygments_lexer": text}, "authors": [text]}
    nbformat.validate(made)
    return made


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_notebook_of_hostile_texts_runs_nothing(kind, harmless):
    made = notebook(HOSTILE[kind])
    page = harmless(pages.notebook_page(made, pages.card(Path("01-hostile.ipynb"), made)))
    assert page.locator("h1").inner_text().startswith("Why?")


def test_all_of_it_together_runs_nothing(harmless):
    made = notebook(WORST)
    harmless(pages.notebook_page(made, pages.card(Path("01-hostile.ipynb"), made, moved=True)))


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_values_stay_the_text_they_are(kind, harmless, monkeypatch):
    text = HOSTILE[kind]
    ours = {
        "title": text,
        "source": text,
        "version": text,
        "licence": text,
        "name": "region_month",
        "record_ends": "2023",
    }
    monkeypatch.setattr(front.catalog, "cite", lambda *names, **style: f"{text}\n{text}")
    made = [
        f"<h1>{pages.items([text])}</h1>",
        pages.table([text, text], [[text, text], ["", text]], text),
        pages.table([text], [[text]], text, kind="words"),
        pages.picture(PNG, text),
        front.banner(pd.DataFrame([ours])),
        front._sources(pd.DataFrame([ours])),
        front._card(pages.Card("01.html", text, text, PNG, text, moved=True)),
    ]
    page = harmless(pages.page(text, "".join(made)))
    assert page.title() == " ".join(text.split())
    assert page.locator("caption").first.inner_text().split() == text.split()
    assert page.locator("img").first.get_attribute("alt") == text


@pytest.mark.parametrize(
    "stem", ['x" onmouseover="window.ran=1', "javascript:window.ran=1", "<script>window.ran=1<script>", "50 % #1 a?b"]
)
def test_the_name_of_a_file_is_only_a_name(stem, harmless):
    made = notebook("text")
    page = harmless(pages.page("Names", front._card(pages.card(Path(f"{stem}.ipynb"), made))))
    address = page.locator("a").evaluate("link => decodeURIComponent(new URL(link.href).pathname)")
    assert address.endswith(f"/{stem}.html")


@pytest.mark.parametrize("kind", sorted(set(HOSTILE) - {"quotes", "markdown's link"}))
def test_the_traps_are_sprung_by_a_page_that_escapes_nothing(kind, harmless):
    text = HOSTILE[kind]
    with pytest.raises(AssertionError):
        harmless(f'<!DOCTYPE html><title>x</title><style></style><p title="{text}">{text}')


def test_even_unescaped_nothing_runs_or_is_loaded_under_the_policy_of_the_page(window, tmp_path):
    path = tmp_path / "page.html"
    path.write_text(pages.page("x", WORST), encoding="utf-8")
    page, watch = window()
    page.goto(path.as_uri())
    page.evaluate(TOUCH)
    assert page.evaluate("window.ran") is None
    assert not [said for said in watch.said if not said.startswith("error: ")]
    assert any("Content Security Policy" in said for said in watch.said)


def test_a_picture_of_a_notebook_is_shown(harmless):
    made = notebook("text")
    page = harmless(pages.notebook_page(made, pages.card(Path("01.ipynb"), made)))
    shown = page.evaluate("[...document.images].filter(one => one.naturalWidth === 1).map(one => one.alt)")
    assert "text" in shown and base64.b64decode(PNG)[:4] == b"\x89PNG"
