"""IOM DTM, API v3: every round of a country in one answer."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from mali_stats.sources.clients.pages import Page, records
from mali_stats.sources.clients.secret import Key, find
from mali_stats.sources.clients.web import Manners, Web
from mali_stats.sources.clients.wish import Plan, Wish, country_row
from mali_stats.sources.dtm import LICENCE

DATASETS = ("admin1", "admin0", "admin2")
TAKES = ("country", "start", "end")
SECRETS = ("DTM_KEY",)
BASE = "https://dtmapi.iom.int/v3"
_SUBSCRIBE = "Subscribe at https://dtm-apim-portal.iom.int/ for a key."
_MEANS = dict.fromkeys((401, 403), f"The key in DTM_KEY is not accepted. {_SUBSCRIBE}")
MANNERS = Manners("IOM DTM", "read_displacement", LICENCE, means=_MEANS)


def plans(wish: Wish, today: date) -> list[Plan]:
    """People displaced in a country, by round and at one level of places."""
    country = country_row(wish.country or "MLI")["iso3"]
    dates = (("FromReportingDate", wish.start), ("ToReportingDate", wish.end))
    params = {"Admin0Pcode": country} | {n: str(d) for n, d in dates if d}
    base = wish.base(BASE)
    name, url = wish.name(f"dtm_{wish.dataset}", country), f"{base}/displacement/{wish.dataset}"
    by_hand = "download the country's data set from https://dtm.iom.int/datasets"
    return [Plan(name, url, base, MANNERS, by_hand, params, _walk, _key)]


def _key(by_hand: str) -> Key:
    return Key(find(SECRETS[0], "A key of DTM's API", f"{_SUBSCRIBE} {by_hand}"), header="Ocp-Apim-Subscription-Key")


def _walk(web: Web, plan: Plan) -> Iterator[Page]:
    content, text = web.json(plan.url, plan.params)
    if isinstance(content, dict) and content.get("isSuccess") is False:
        said = "; ".join(map(str, content.get("errorMessages") or ["it does not say why"]))
        raise RuntimeError(f"IOM DTM refuses: {web.clean(said)[:300]}")
    yield Page(text, records(content, "result", "IOM DTM"))
