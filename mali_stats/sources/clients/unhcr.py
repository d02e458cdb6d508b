"""UNHCR Refugee Population Statistics: open to everybody, in pages."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from mali_stats.sources.clients.pages import Page, records, whole
from mali_stats.sources.clients.web import Manners, Web
from mali_stats.sources.clients.wish import Plan, Wish, country_row
from mali_stats.sources.unhcr import LICENCE

DATASETS = ("population", "solutions")
TAKES = ("country", "start", "end")
SECRETS = ()
BASE = "https://api.unhcr.org/population/v1"
PAGE = 1000
MANNERS = Manners("UNHCR", "read_displacement", LICENCE, pause=0.2)
#: the country as origin and as asylum, each told apart by the other
_ROLES = (("coo", "coa_all"), ("coa", "coo_all"))


def plans(wish: Wish, today: date) -> list[Plan]:
    """Figures from and in a country, by year; without years all there are."""
    first, last = wish.years()
    country = country_row(wish.country or "MLI")["iso3"]
    params = {"country": country, "yearFrom": str(first or 1951), "yearTo": str(last or today.year)}
    params |= {"limit": str(PAGE), "cf_type": "ISO"}
    base = wish.base(BASE)
    by_hand = (
        f"download {country} as origin from https://www.unhcr.org/refugee-statistics/download (and as asylum, for a "
        "second file of the list to be read), unpack it"
    )
    name, url = wish.name(f"unhcr_{wish.dataset}", country), f"{base}/{wish.dataset}/"
    return [Plan(name, url, base, MANNERS, by_hand, params, _walk)]


def _walk(web: Web, plan: Plan) -> Iterator[Page]:
    """All pages of both questions; what stands in both is told by the reader."""
    for role, other in _ROLES:
        params = {role if name == "country" else name: value for name, value in plan.params.items()} | {other: "true"}
        number = 1
        last: int | None = 1
        found: list[Any] = []
        while number <= last or len(found) >= PAGE:  # a page that is full has another after it, whatever is counted
            content, text = web.json(plan.url, params | {"page": str(number)})
            found, last = records(content, "items", "UNHCR"), whole(content.get("maxPages"))
            if last is None or (not found and number < last):
                told = "does not count its pages" if last is None else f"counts {last} pages and page {number} is empty"
                raise RuntimeError(f"UNHCR {told}; nothing was kept. Try again, or the API has changed. {web.by_hand}")
            yield Page(text, found)
            number += 1
            web.pause()
