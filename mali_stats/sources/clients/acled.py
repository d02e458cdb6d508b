"""ACLED: the user's own account, with a token for a day and one refresh."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from mali_stats.sources.clients.answer import excerpt
from mali_stats.sources.clients.pages import Page, records, until_short, whole
from mali_stats.sources.clients.secret import Form, Key, Secret, find
from mali_stats.sources.clients.web import Manners, Web
from mali_stats.sources.clients.wish import Plan, Wish, country_row

DATASETS = ("events",)
TAKES = ("country", "start", "end")
SECRETS = ("ACLED_USERNAME", "ACLED_PASSWORD")
BASE = "https://acleddata.com"
LICENCE = "ACLED terms of use: for whoever has the account, not to be passed on"
PAGE = 5000
_ACCOUNT = "An account is made at https://acleddata.com/ (myACLED)."
_MEANS = {
    401: "The token has expired and could not be renewed, or the name and password are not accepted (ACLED_USERNAME, "
    f"ACLED_PASSWORD). {_ACCOUNT}",
    403: "The account is valid, but its level of access does not include the API: ask ACLED for it in the account's "
    "settings, or export a file on the site with the Data Export Tool.",
}
MANNERS = Manners("ACLED", "read_events", LICENCE, pause=0.3, means=_MEANS)


def plans(wish: Wish, today: date) -> list[Plan]:
    """The events of a country, by its ISO3 code or ACLED's own name, in a span of days."""
    country = wish.country or "MLI"
    named = country_row(country)["name"] if len(country) == 3 and country.isupper() else country
    params = {"_format": "json", "country": named, "limit": str(PAGE), "with_total": "true"}
    if wish.start or wish.end:
        params["event_date"] = f"{wish.start or '1997-01-01'}|{wish.end or today}"
        params["event_date_where"] = "BETWEEN"
    base = wish.base(BASE)
    by_hand = f"export {named} with the Data Export Tool of {BASE} (CSV, one row an event, not actor-based)"
    name, url = wish.name("acled", country), f"{base}/api/acled/read"
    return [Plan(name, url, base, MANNERS, by_hand, params, _walk)]


def _walk(web: Web, plan: Plan) -> Iterator[Page]:
    _log_in(web)

    def get(number: int, held: int) -> Page:
        if number:
            web.pause()
        content, text = web.json(plan.url, plan.params | {"page": str(number + 1)})
        _accepted(web, content)
        found = records(content, "data", "ACLED")
        if not number and not found:
            raise RuntimeError(_empty(plan, web))
        return Page(text, found, whole(content.get("count")) or None, "event_id_cnty")

    yield from until_short(get, "ACLED")


def _empty(plan: Plan, web: Web) -> str:
    span = f", {plan.params['event_date']}" if "event_date" in plan.params else ""
    return (
        f"ACLED answered without an event for country={plan.params['country']!r}{span}. It does so for a name that it "
        "spells otherwise, for days without an event, and for days that the account's level of access leaves out "
        f"(often the last twelve months). {web.by_hand}"
    )


def _accepted(web: Web, content: Any) -> None:
    """ACLED also refuses by a status inside an answer that is otherwise in order."""
    status = content.get("status", 200) if isinstance(content, dict) else 200
    if status in (200, "200"):
        return
    kind = PermissionError if status in (401, 403) else RuntimeError
    said = excerpt(web.clean(str(content.get("message") or content.get("messages") or content.get("error") or "")))
    parts = [f"ACLED refuses (status {excerpt(str(status), 20)}).", _MEANS.get(status), said and f"It says: {said}."]
    raise kind(" ".join(filter(None, [*parts, web.by_hand])))


def _log_in(web: Web) -> None:
    """Get a token for the user's name and password; a later 401 has it renewed once."""
    where = f"{_ACCOUNT} {web.by_hand}"
    user, password = (find(name, f"An account of ACLED's ({name})", where, any_character=True) for name in SECRETS)
    for secret in (user, password):
        web.know(secret)
    refresh = _token(web, {"username": user, "password": password, "grant_type": "password", "client_id": "acled"})

    def renew() -> bool:
        if refresh is not None:
            _token(web, {"refresh_token": refresh, "grant_type": "refresh_token", "client_id": "acled"})
        return refresh is not None

    web.renew = renew


def _token(web: Web, fields: dict[str, str | Secret]) -> Secret | None:
    """Ask for a token, send it from now on, and give the one to renew it with."""
    access, refresh = _given(web.json(f"{web.base}/oauth/token", form=Form(fields))[0])
    if access is None:
        raise PermissionError(f"ACLED gave no token for the name and password. {_ACCOUNT} {web.by_hand}")
    web.use(Key(access, header="Authorization", prefix="Bearer "))
    if refresh is not None:
        web.know(refresh)
    return refresh


def _given(answer: object) -> tuple[Secret | None, Secret | None]:
    """The token and the one to renew it with; what no header could hold is none."""
    answer = answer if isinstance(answer, dict) else {}
    names = {"access_token": "ACLED's token", "refresh_token": "ACLED's refresh token"}
    found = {name: answer.get(name) for name in names}
    fit = {name: isinstance(v, str) and v != "" and v.isascii() and v.isprintable() for name, v in found.items()}
    access, refresh = (Secret(names[name], found[name]) if fit[name] else None for name in names)
    return access, refresh
