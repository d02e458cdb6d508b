"""UCDP: the bulk downloads, which need no token, and the API, which filters and needs one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from mali_stats.sources.clients.pages import Page, records, whole
from mali_stats.sources.clients.secret import Key, find
from mali_stats.sources.clients.web import PASSING, Manners, Web
from mali_stats.sources.clients.wish import Plan, Wish, country_row

DATASETS = ("events",)
TAKES = ("country", "start", "end", "version", "via")
SECRETS = ("UCDP_ACCESS_TOKEN",)
API, DOWNLOADS = "https://ucdpapi.pcr.uu.se/api", "https://ucdp.uu.se/downloads"
LICENCE = "CC BY 4.0"
#: more are cut to this without a word
PAGE = 1000
_YEARLY, _CANDIDATE = r"[0-9]{2}\.1", r"[0-9]{2}\.0\.[0-9]{1,2}|[0-9]{2}(\.[0-9]{2}){3}"
_TOKEN = (
    "Ask for a token as https://ucdp.uu.se/apidocs/ describes, or take the download, which needs none (via='download')."
)
_MEANS = {
    400: "Too many requests in a short time are answered so, and at most 5,000 are allowed a day; a version or filter "
    "that it does not know may be too.",
    401: f"The token in UCDP_ACCESS_TOKEN is not accepted, or has expired. {_TOKEN}",
    403: f"The token in UCDP_ACCESS_TOKEN may not be used for this. {_TOKEN}",
    404: "There is no such version; https://ucdp.uu.se/downloads/ lists them.",
}
MANNERS = Manners("UCDP", "read_events", LICENCE, PASSING | {400}, wait=3.0, pause=0.3, means=_MEANS)
DOWNLOADING = Manners("UCDP", "read_events", LICENCE, means={404: _MEANS[404]})


def plans(wish: Wish, today: date) -> list[Plan]:
    """The file to ask for; where no version is named the yearly releases that may be the newest, in turn."""
    filtered = wish.country or wish.start or wish.end
    via = wish.via or ("api" if filtered else "download")
    if via not in ("api", "download"):
        raise ValueError(f"fetch: via={via!r} is not known; use 'download' or 'api'.")
    if wish.version is not None and not re.fullmatch(f"{_YEARLY}|{_CANDIDATE}", wish.version):
        raise ValueError(
            f"fetch: version={wish.version!r} is none of UCDP's; they are like '25.1' (a year), '26.0.8' (a month, "
            "candidate events) and '26.01.26.03' (candidate events since January)."
        )
    if via == "api":
        return [_by_api(wish)]
    why = "a download holds every country and year; choose when reading: ms.read_events(path, country='MLI')."
    wish.refuse(country=why, start=why, end=why)
    newest = [f"{today.year % 100 - back:02}.1" for back in (0, 1)]
    return [_download(wish, version) for version in ([wish.version] if wish.version else newest)]


def _path(version: str) -> str:
    """Where a version lies under UCDP's downloads."""
    if re.fullmatch(_YEARLY, version):
        return f"ged/ged{version.replace('.', '')}-csv.zip"
    return f"candidateged/GEDEvent_v{version.replace('.', '_')}.csv"


def _download(wish: Wish, version: str) -> Plan:
    base, path = wish.base(DOWNLOADS), _path(version)
    by_hand = (
        f"download {DOWNLOADS}/{path}" if wish.version else f"download the newest GED events (CSV) of {DOWNLOADS}/"
    )
    name = path.rsplit("/", 1)[-1]
    return Plan(name, f"{base}/{path}", base, DOWNLOADING, by_hand, fixed=True, version=version)


def _by_api(wish: Wish) -> Plan:
    if wish.version is None:
        raise ValueError("fetch: the API is asked for one version; name it, such as version='25.1'.")
    asked = {
        "pagesize": str(PAGE),
        "Country": country_row(wish.country)["gw"] if wish.country else None,
        "StartDate": wish.start and str(wish.start),
        "EndDate": wish.end and str(wish.end),
    }
    base = wish.base(API)
    by_hand = f"download {DOWNLOADS}/{_path(wish.version)} (all countries, no token)"
    name, url = wish.name(f"gedevents_{wish.version}", wish.country), f"{base}/gedevents/{wish.version}"
    params = {name: value for name, value in asked.items() if value}
    return Plan(name, url, base, MANNERS, by_hand, params, _walk, _key, fixed=True, version=wish.version)


def _key(by_hand: str) -> Key:
    return Key(find(SECRETS[0], "A token of UCDP's API", f"{_TOKEN} {by_hand}"), header="x-ucdp-access-token")


def _walk(web: Web, plan: Plan) -> Iterator[Page]:
    """Follow NextPageUrl, on UCDP's own host only."""
    seen: set[str] = set()
    url: str | None = plan.url
    params: dict[str, str] | None = plan.params
    while url:
        content, text = web.json(url, params)
        found = records(content, "Result", "UCDP")
        total = whole(content.get("TotalCount"))
        if total is None and not seen:
            raise RuntimeError(
                "UCDP does not count its records (TotalCount), so that nothing tells whether all have come; nothing "
                f"was kept. The API may have changed. {web.by_hand}"
            )
        yield Page(text, found, total, "id")
        seen.add(url)
        following = content.get("NextPageUrl")
        url, params = web.here(following) if following else None, None
        if url in seen:
            raise RuntimeError("UCDP's pages go in a circle (NextPageUrl names one that was read); nothing was kept.")
        web.pause()
