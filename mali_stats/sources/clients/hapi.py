"""HDX HAPI: what DTM, UNHCR, OCHA and the IPC publish, passed on in pages."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from mali_stats.sources.clients.pages import Page, records, until_short
from mali_stats.sources.clients.secret import Key, find
from mali_stats.sources.clients.web import Manners, Web
from mali_stats.sources.clients.wish import Plan, Wish, country_row
from mali_stats.sources.hapi import LICENCE

PATHS = {
    "idps": "affected-people/idps",
    "refugees-persons-of-concern": "affected-people/refugees-persons-of-concern",
    "returnees": "affected-people/returnees",
    "humanitarian-needs": "affected-people/humanitarian-needs",
    "food-security": "food-security-nutrition-poverty/food-security",
}
DATASETS = tuple(PATHS)
TAKES = ("country", "start", "end")
SECRETS = ("HAPI_APP_IDENTIFIER",)
BASE = "https://hapi.humdata.org/api/v2"
PAGE = 10_000
_IDENTIFIER = "Make one from a name and an e-mail address at https://hapi.humdata.org/docs (encode_app_identifier)."
_MEANS = {
    400: f"It wants an application identifier that it can read. {_IDENTIFIER}",
    403: f"It does not accept HAPI_APP_IDENTIFIER. {_IDENTIFIER}",
}
MANNERS = Manners("HDX HAPI", "read_displacement", LICENCE, means=_MEANS)


def plans(wish: Wish, today: date) -> list[Plan]:
    """One table of HAPI for a country, all periods or those in a span of days."""
    country = country_row(wish.country or "MLI")["iso3"]
    pairs = wish.dataset in ("refugees-persons-of-concern", "returnees")
    params = {"origin_location_code" if pairs else "location_code": country, "output_format": "json"}
    params |= {n: str(d) for n, d in (("start_date", wish.start), ("end_date", wish.end)) if d}
    base = wish.base(BASE)
    by_hand = f"download the CSV of HDX HAPI's {wish.dataset} at https://data.humdata.org/dataset?q=hdx+hapi"
    name, url = wish.name(f"hdx_hapi_{wish.dataset}", country), f"{base}/{PATHS[wish.dataset]}"
    return [Plan(name, url, base, MANNERS, by_hand, params, _walk, _key)]


def _key(by_hand: str) -> Key:
    secret = find(SECRETS[0], "HAPI's application identifier", f"{_IDENTIFIER} {by_hand}")
    return Key(secret, header="X-HDX-HAPI-APP-IDENTIFIER")  # not as a parameter, so that it stands in no address


def _walk(web: Web, plan: Plan) -> Iterator[Page]:
    def get(number: int, held: int) -> Page:
        content, text = web.json(plan.url, plan.params | {"limit": str(PAGE), "offset": str(held)})
        return Page(text, records(content, "data", "HDX HAPI"))

    yield from until_short(get, "HDX HAPI")
