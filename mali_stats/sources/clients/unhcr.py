"""UNHCR Refugee Population Statistics: open to everybody, in pages."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from mali_stats.sources.clients.pages import Page, records, whole
from mali_stats.sources.clients.web import Manners, Web
from mali_stats.sources.clients.wish import Plan, Wish, country_row

DATASETS = ("population", "solutions")
TAKES = ("country", "start", "end")
SECRETS = ()
BASE = "https://api.unhcr.org/population/v1"
LICENCE = "CC BY 4.0"
PAGE = 1000
#: the country as origin and as asylum, each told apart by the other
_ROLES = (("coo", "coa_all"), ("coa", "coo_all"))


def plans(wish: Wish, today: date) -> list[Plan]:
    """Figures from and in a country, by year; without years all there are."""
    first, last = wish.years()
    country = country_row(wish.country or "MLI")["iso3"]
    params = {"country": country, "yearFrom": str(first or 1951), "yearTo": str(last or today.year)}
    params |= {"limit": str(PAGE), "cf_type": "ISO"}
    base = wish.base(BASE)
    stem = f"unhcr_{wish.dataset}" + ("" if wish.country else f"_{country}")
    by_hand = (
        f"choose {country} as origin, then as asylum, at https://www.unhcr.org/refugee-statistics/download and unpack"
    )
    return [Plan(
        wish.name(stem), f"{base}/{wish.dataset}/", base, Manners("UNHCR", pause=0.2), by_hand, "read_displacement",
        LICENCE, params, _walk,
    )]  # fmt: skip


def _walk(web: Web, plan: Plan) -> Iterator[Page]:
    """All pages of both questions; what stands in both is told by the reader."""
    for role, other in _ROLES:
        params = {k: v for k, v in plan.params.items() if k != "country"} | {
            role: plan.params["country"],
            other: "true",
        }
        number, last, found = 1, 1, []
        while number <= last or len(found) >= PAGE:  # a page that is full has another after it, whatever is counted
            content, text = web.json(plan.url, params | {"page": str(number)})
            found, last = records(content, "items", "UNHCR"), whole(content.get("maxPages"))
            if last is None or (not found and number < last):
                told = "does not count its pages" if last is None else f"counts {last} pages and page {number} is empty"
                raise RuntimeError(f"UNHCR {told}; nothing was kept. Try again, or the API has changed. {web.by_hand}")
            yield Page(text, found)
            number += 1
            web.pause()
