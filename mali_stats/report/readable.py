"""A notebook's HTML made usable without a mouse, by a screen reader, and on a narrow screen or paper."""

from __future__ import annotations

import re

#: What a cell of numbers, of dates or of nothing known holds.
_FIGURE = re.compile(r"[\d\s.,:;%()/+−–-]*(e[+-]?\d+)?|NaN|NaT|nan|None|<NA>|inf|-inf")
#: A cell this short without a space is one word, a day or an id, and is not folded.
WHOLE = 20
#: What a printed text holds whose lines stand in columns; sentences may be folded, columns may not.
_ALIGNED = re.compile(r"\S {2,}\S")


def readable(html: str) -> str:
    """Give tables their headings and columns, and boxes that may scroll a stop for the keyboard.

    Parameters
    ----------
    html : str
        a notebook's body as nbconvert's template ``basic`` writes it, cleaned before.

    Returns
    -------
    str
        the same texts and figures. Cells of a table that are headings say of what (``scope``), empty ones
        are none; the names of an index stand in the line of the columns; columns of words are marked
        ``text``, printed sentences ``prose``. Other outputs and tables can be reached by the keyboard
        and have names, all different.

    Examples
    --------
    >>> print(readable("<table><thead><tr><th></th><th>n</th></tr></thead></table>"))
    <div aria-label="Table 1" class="scroll" role="group" tabindex="0"><table><thead><tr><td></td><th
    scope="col">n</th></tr></thead></table></div>
    """
    from bs4 import BeautifulSoup

    soup = BeautifulSoup(html, "html.parser")
    for table in soup("table"):
        _one_line(table)
        _headings(table)
        _columns(table)
    for text in soup.select(".output_text pre"):
        if not _ALIGNED.search(text.get_text()):
            text["class"] = "prose"
    boxes = [box for box in soup.select(".output_subarea") if not box.select_one("pre.prose")]
    for number, box in enumerate(boxes, 1):
        _reachable(box, f"Output {number}")
    alone = [table for table in soup("table") if not table.find_parent(class_="output_subarea")]
    for number, table in enumerate(alone, 1):
        _reachable(table.wrap(soup.new_tag("div", attrs={"class": "scroll"})), f"Table {number}")
    return str(soup)


def _reachable(box, name: str) -> None:
    """Let the keyboard scroll a box: a group with a name, since landmarks would be too many."""
    box.attrs |= {"tabindex": "0", "role": "group", "aria-label": name}


def _one_line(table) -> None:
    """Put the names of an index, which pandas gives a line of their own, into the line of the columns."""
    lines = table.select("thead tr")
    if len(lines) < 2:
        return
    above, names = (line.find_all(["th", "td"]) for line in lines[-2:])
    written = [place for place, cell in enumerate(names) if cell.get_text(strip=True)]
    free = len(above) == len(names) and not any(above[place].get_text(strip=True) for place in written)
    if written == list(range(len(written))) and free:
        for place in written:
            above[place].replace_with(names[place].extract())
        lines[-1].decompose()


def _headings(table) -> None:
    """Say of what a heading is one; an empty cell is none."""
    for cell in table("th"):
        across = bool(cell.find_parent("thead"))
        several = int(cell.get("colspan" if across else "rowspan", 1)) > 1
        if cell.get_text(strip=True):
            cell["scope"] = ("col" if across else "row") + ("group" if several else "")
        else:
            cell.name = "td"


def _columns(table) -> None:
    """Mark columns that hold words, counted from the right since headings of rows may span several."""
    rows = [row.find_all(["th", "td"]) for row in table.select("tbody tr")]
    head = [row.find_all(["th", "td"]) for row in table.select("thead tr")[-1:]]
    for place in range(1, min(map(len, rows), default=0) + 1):
        column = [row[-place] for row in rows]
        words = any(cell.name == "th" or not _FIGURE.fullmatch(cell.get_text(strip=True)) for cell in column)
        for cell in [row[-place] for row in head if len(row) >= place] + column:
            text = cell.get_text(strip=True)
            cell["class"] = ["text"] * words + ["whole"] * (len(text) <= WHOLE and not re.search(r"\s", text))
