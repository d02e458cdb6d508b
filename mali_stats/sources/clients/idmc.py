"""IDMC: the yearly GIDD, and the IDU of the last 180 days or of all times."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from mali_stats.sources.clients.pages import Page, records, until_short, whole
from mali_stats.sources.clients.secret import Key, find
from mali_stats.sources.clients.web import Manners, Web
from mali_stats.sources.clients.wish import Plan, Wish, country_row
from mali_stats.sources.idmc import LICENCE

_IDUS = {"idu": "idus/last-180-days/", "idu-all": "idus/all/"}
DATASETS = ("gidd", *_IDUS)
TAKES = ("country", "start", "end")
SECRETS = ("IDMC_CLIENT_ID",)
BASE = "https://helix-tools-api.idmcdb.org/external-api"
PAGE = 1000
_CLIENT = "IDMC gives one on request: https://www.internal-displacement.org/database/api-documentation/"
_MEANS = dict.fromkeys((401, 403), f"IDMC_CLIENT_ID is not registered. {_CLIENT}")
#: the reports are handed out by a store on another host, which needs no key
MANNERS = Manners("IDMC", "read_displacement", LICENCE, means=_MEANS, elsewhere=True)


def plans(wish: Wish, today: date) -> list[Plan]:
    """GIDD's conflict figures of a country by year, or every report of the IDU, of which no part can be had."""
    base = wish.base(BASE)
    by_hand = "export from https://www.internal-displacement.org/database/displacement-data/"
    if wish.dataset in _IDUS:
        why = "IDMC hands out the reports of all countries as one file; choose in the table that is read."
        wish.refuse(country=why, start=why, end=why)
        name, walk, params = f"idmc_{wish.dataset}.json", _reports, {}
        url = f"{base}/{_IDUS[wish.dataset]}"
    else:
        first, last = wish.years()
        country = country_row(wish.country or "MLI")["iso3"]
        years = {n: str(y) for n, y in (("start_year", first), ("end_year", last)) if y}
        name = wish.name("idmc_gidd", country)
        walk, params, url = _by_year, {"iso3__iexact": country} | years, f"{base}/gidd/conflicts/"
    return [Plan(name, url, base, MANNERS, by_hand, params, walk, _key)]


def _key(by_hand: str) -> Key:
    return Key(find(SECRETS[0], "A client id of IDMC", f"{_CLIENT} {by_hand}"), query="client_id")


def _by_year(web: Web, plan: Plan) -> Iterator[Page]:
    def get(number: int, held: int) -> Page:
        content, text = web.json(plan.url, plan.params | {"limit": str(PAGE), "offset": str(held)})
        return Page(text, records(content, "results", "IDMC"), whole(content.get("count")))

    yield from until_short(get, "IDMC")


def _reports(web: Web, plan: Plan) -> Iterator[Page]:
    """The whole list at once: records, without an envelope."""
    content, text = web.json(plan.url)
    yield Page(text, records({"reports": content}, "reports", "IDMC"))
