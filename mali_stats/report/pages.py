"""Pages that load nothing from elsewhere: pieces of HTML, a notebook's page and its card."""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path
from string import Template

from mali_stats.report.readable import readable

_TEMPLATE = Path(__file__).with_name("template.html")
#: What a notebook's own HTML may consist of; all else is taken out, and pictures must be inside the page.
TAGS = frozenset((
    "a", "abbr", "b", "blockquote", "br", "caption", "code", "dd", "div", "dl", "dt", "em", "figcaption",
    "figure", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img", "li", "ol", "p", "pre", "s", "small",
    "span", "strong", "sub", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul",
))  # fmt: skip
ATTRIBUTES = frozenset(("alt", "class", "colspan", "id", "rowspan", "scope", "title"))
PROTOCOLS = frozenset(("http", "https", "mailto", "data"))
_INSIDE = re.compile(r"data:image/(png|jpeg|gif);base64,[A-Za-z0-9+/=\s]+")


@dataclass(frozen=True)
class Card:
    """A notebook as the front page shows it: plain texts, and the figure as base64 of a png, or empty."""

    page: str
    question: str
    answer: str
    figure: str
    alt: str
    moved: bool = False


#: What stands on a page whose text was written over other numbers.
MOVED = "The numbers on this page have moved since its text was written: the sentences may no longer fit them."


def moved(kept, fresh) -> bool:
    """Whether a notebook's fresh outputs differ from the ones it was kept with (pictures aside)."""
    before, now = (_printed(notebook) for notebook in (kept, fresh))
    return bool(before) and before != now


def _printed(notebook) -> list[str]:
    outputs = [output for cell in notebook["cells"] for output in cell.get("outputs", ())]
    return ["".join(o.get("text") or o.get("data", {}).get("text/plain", "")) for o in outputs]


def card(path: Path, notebook, moved: bool = False) -> Card:
    """Take the title, the cell tagged ``answer``, and the figure tagged ``main-figure`` or the first one."""
    cells = notebook["cells"]
    pictures = [(place, png) for place, cell in enumerate(cells) for _, png in _pictures(cell)]
    main = [(place, png) for place, png in pictures if "main-figure" in _tags(cells[place])]
    place, figure = (main or pictures or [(0, "")])[0]
    answers = [_plain(cell["source"]) for cell in cells if "answer" in _tags(cell)]
    title = _plain(cells[0]["source"].strip().partition("\n")[0]) if cells else path.stem
    return Card(f"{path.stem}.html", title, " ".join(answers), figure, _alt(cells, place), moved)


def _tags(cell) -> list[str]:
    return cell["metadata"].get("tags", [])


def _pictures(cell) -> Iterator[tuple[dict, str]]:
    """Give the outputs of a cell that are a picture, with their base64."""
    for output in cell.get("outputs", ()):
        if "image/png" in output.get("data", {}):
            yield output, "".join(output["data"]["image/png"].split())


def _alt(cells, place: int) -> str:
    """Say what a figure shows: the cell's own ``alt``, or the first sentence after it, which reads it."""
    given = cells[place]["metadata"].get("alt") if cells else None
    texts = [cell["source"] for cell in cells[place + 1 :] if cell["cell_type"] == "markdown"]
    lines = [line for text in texts for line in text.splitlines() if line and not line.startswith("#")]
    return given or _plain("\n".join(lines)).partition(". ")[0] or "Figure of this notebook"


def _plain(markdown: str) -> str:
    """Give the words that a reader of the markdown sees."""
    from bs4 import BeautifulSoup
    from nbconvert.filters import markdown2html

    text = BeautifulSoup(markdown2html(markdown), "html.parser").get_text()
    return " ".join(text.replace("¶", "").split())


def page(title: str, body: str) -> str:
    """Put a body of ready HTML into the page that all share; the title is escaped here."""
    return Template(_TEMPLATE.read_text(encoding="utf-8")).substitute(title=escape(title), body=body)


def notebook_page(notebook, card: Card) -> str:
    """Turn a notebook into a page: scripts are taken out, figures are inside and described."""
    from nbconvert import HTMLExporter

    for place, cell in enumerate(notebook["cells"]):
        for output, _ in _pictures(cell):
            output["metadata"].setdefault("image/png", {})["alt"] = _alt(notebook["cells"], place)
    exporter = HTMLExporter(
        template_name="basic", sanitize_html=True, exclude_anchor_links=True,
        exclude_input_prompt=True, exclude_output_prompt=True,
    )  # fmt: skip
    exporter.register_filter("clean_html", _clean)  # and again below: not all that a notebook says passes here
    html, _ = exporter.from_notebook_node(notebook)
    above, below = (
        f'<nav aria-label="Site, {where}"><a href="index.html">All questions</a></nav>' for where in ("above", "below")
    )
    warning = f'<p class="moved"><strong>{MOVED}</strong></p>' if card.moved else ""
    return page(card.question, f"{above}\n<main>\n{warning}{readable(_clean(html))}\n</main>\n{below}")


def _clean(html) -> str:
    """Keep what is harmless of a notebook's own HTML (nbconvert's default drops headings and tables too)."""
    import bleach
    from bs4 import BeautifulSoup

    soup = BeautifulSoup(str(html), "html.parser")
    for element in soup(["script", "style"]):  # bleach would leave their content as text
        element.decompose()
    return bleach.clean(str(soup), tags=TAGS, attributes=_allowed, protocols=PROTOCOLS, strip=True)


def _allowed(tag: str, name: str, value: str) -> bool:
    if name == "href":  # a browser does not see spaces and line ends in the name of a protocol
        return not "".join(value.split()).lower().startswith("data:")
    return name in ATTRIBUTES or (tag == "img" and name == "src" and bool(_INSIDE.fullmatch(value)))


def table(head: Iterable, rows: Iterable[Iterable], caption: str, kind: str = "figures") -> str:
    """Lay out rows as a table that scrolls on a narrow screen; a row's first value is its heading.

    Everything is escaped. ``kind`` is "figures" (to the right) or "words" (to the left).
    """
    top = "".join(f'<th scope="col">{escape(str(name))}</th>' for name in head)
    return (
        f'<div class="scroll" role="region" aria-label="{escape(caption)}" tabindex="0">'
        f'<table class="{kind}">\n<caption>{escape(caption)}</caption>\n'
        f"<thead><tr>{top}</tr></thead>\n<tbody>\n{''.join(map(_row, rows))}</tbody></table></div>"
    )


def _row(values: Iterable) -> str:
    first, *rest = (escape(str(value)) for value in values)
    return f'<tr><th scope="row">{first}</th>{"".join(f"<td>{value}</td>" for value in rest)}</tr>\n'


def items(texts: Iterable[str]) -> str:
    """Lay out texts as a list, escaped."""
    return f"<ul>{''.join(f'<li>{escape(text)}</li>' for text in texts)}</ul>"


def picture(png: str, alt: str) -> str:
    """Show base64 of a png, inside the page."""
    return f'<img src="data:image/png;base64,{escape(png)}" alt="{escape(alt)}">'


def in_words(day: str) -> str:
    """Say a year, a month or a day as a reader does.

    Examples
    --------
    >>> in_words("2023-12-31"), in_words("2023-12"), in_words("2024")
    ('31 December 2023', 'December 2023', '2024')
    """
    year, *rest = str(day).split("-")
    month = [calendar.month_name[int(rest[0])]] if rest else []
    return " ".join([*(str(int(number)) for number in rest[1:]), *month, year])
