"""Pages of an API to one file: as they came, counted against what the publisher says there is."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Page:
    """One answer: its text as it came, the records in it, and how many the publisher counts over all pages.

    ``identity`` is the name of the field that no two records share, where there is one.
    """

    text: str
    records: list
    total: int | None = None
    identity: str | None = None


def records(content: object, name: str, title: str) -> list:
    """The list of records under ``name`` of an answer.

    Raises
    ------
    RuntimeError
        where there is none: the API has changed, or says something else.
    """
    found = content.get(name) if isinstance(content, dict) else None
    if isinstance(found, list) and all(isinstance(record, dict) for record in found):
        return found
    shown = ", ".join(map(str, content))[:120] if isinstance(content, dict) else type(content).__name__
    raise RuntimeError(
        f"{title} answered without its list of records {name!r} (there is: {shown or 'nothing'}). The API may have "
        "changed; nothing was kept."
    )


def whole(value: object) -> int | None:
    """A count as a publisher writes it: a number or digits; None where it is neither.

    Examples
    --------
    >>> whole("12"), whole(7), whole(None), whole("many"), whole("²")
    (12, 7, None, None, None)
    """
    if isinstance(value, bool) or not re.fullmatch("[0-9]{1,15}", str(value)):
        return None
    return int(value)


def until_short(get: Callable[[int, int], Page], title: str) -> Iterator[Page]:
    """Pages by number, or by how many records came before, until the list is through.

    Where the publisher counts, that is when as many have come, or an empty page; else a page shorter than the
    first. A short first page does not end it: it may have been cut, without a word, to a limit of the publisher's
    own, and only the page after it tells.

    Parameters
    ----------
    get : callable
        gives the page of a number (from 0) and a number of records before it.
    title : str
        the publisher, for errors.

    Raises
    ------
    RuntimeError
        where a page comes again.

    Examples
    --------
    >>> sizes = [2, 2, 1, 0]
    >>> [len(page.records) for page in until_short(lambda n, held: Page("", list(range(held, held + sizes[n]))), "A")]
    [2, 2, 1]
    """
    sizes: list[int] = []
    before: list = []
    while True:
        page = get(len(sizes), sum(sizes))
        if page.records and page.records == before:
            raise RuntimeError(
                f"{title} gives the same page again for another number; nothing was kept. Try again later."
            )
        yield page
        sizes.append(len(page.records))
        before = page.records
        through = sizes[-1] < sizes[0] if page.total is None else sum(sizes) >= page.total
        if through or not page.records:
            return


def collect(pages: Iterable[Page], part: Path, title: str, accept_partial: bool, bar) -> dict:
    """Write pages to a file as a list of them (a page that is itself a list of records as it is) and count.

    Returns
    -------
    dict
        pages, rows, distinct (None without an identity), publisher_counts, complete.

    Raises
    ------
    RuntimeError
        where the publisher counts more or fewer records than came, unless ``accept_partial``, and for no record.
    """
    counted: dict = {"pages": 0, "rows": 0, "publisher_counts": None}
    seen: set[str] = set()
    try:
        with open(part, "w", encoding="utf-8") as file:
            for page in pages:
                _write(file, page, counted["pages"])
                _tally(counted, page, bar)
                seen.update(str(record.get(page.identity)) for record in page.records if page.identity)
            file.write("" if _bare(page) else "]\n")
        counted["distinct"] = len(seen) or None
        _judge(counted, title, accept_partial)
    except BaseException:
        part.unlink(missing_ok=True)  # pages are of one moment, and are not gone on with at another
        raise
    return counted


def _bare(page: Page) -> bool:
    """Whether a page is itself a list of records; such a page is the only one."""
    return page.text.lstrip().startswith("[")


def _write(file, page: Page, before: int) -> None:
    if page.records:
        file.write(page.text if _bare(page) else (",\n" if before else "[") + page.text)


def _tally(counted: dict, page: Page, bar) -> None:
    counted["pages"] += bool(page.records)
    counted["rows"] += len(page.records)
    if page.total is not None:
        counted["publisher_counts"] = max(page.total, counted["publisher_counts"] or 0)
        bar.total = counted["publisher_counts"]
    bar.update(len(page.records))


def _judge(counted: dict, title: str, accept_partial: bool) -> None:
    """Compare what came with what there should be."""
    if not counted["rows"]:
        raise RuntimeError(f"{title} answered without a single record. Check country, start, end and version.")
    told = counted["publisher_counts"]
    held = counted["rows"] if counted["distinct"] is None else counted["distinct"]
    counted["complete"] = held == counted["rows"] and told in (None, held)
    if not counted["complete"] and not accept_partial:
        twice = "" if held == counted["rows"] else f", {held:,} of them distinct"
        says = f"{title} counts {told:,} records" if told is not None else f"{title} does not say how many there are"
        raise RuntimeError(
            f"{says}; its {counted['pages']} pages held {counted['rows']:,}{twice}. Nothing was kept: try again (the "
            "record may have changed on the way), ask for a shorter span, or give accept_partial=True."
        )
