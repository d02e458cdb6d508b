"""The newest record from its publisher to a file of the cache: ``fetch``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from types import ModuleType

from tqdm import tqdm

from mali_stats.sources.clients import acled, dtm, hapi, idmc, secret, ucdp, unhcr
from mali_stats.sources.clients import cache as keeping
from mali_stats.sources.clients.download import download
from mali_stats.sources.clients.pages import collect
from mali_stats.sources.clients.web import Web
from mali_stats.sources.clients.wish import Plan, Wish, day, text
from mali_stats.writing import explained

CLIENTS: dict[str, ModuleType] = {"ucdp": ucdp, "acled": acled, "unhcr": unhcr, "hapi": hapi, "idmc": idmc, "dtm": dtm}


def fetch(
    source: str,
    *,
    dataset: str | None = None,
    country: str | None = None,
    start: int | str | date | None = None,
    end: int | str | date | None = None,
    version: str | None = None,
    via: str | None = None,
    refresh: bool | None = None,
    accept_partial: bool = False,
    progress: bool | None = None,
    cache: str | Path | None = None,
    base_url: str | None = None,
) -> Path:
    """Fetch a record from its publisher into a file of the cache, which the readers take as it stands.

    =======  ===========================================  =================================  ==================
    source   what (``dataset``, the first by default)     needs, in the environment          read with
    =======  ===========================================  =================================  ==================
    ucdp     events: download of a release (all           nothing; the API:                  `read_events`
             countries), or by the API, filtered          UCDP_ACCESS_TOKEN
    acled    events of a country                          ACLED_USERNAME, ACLED_PASSWORD     `read_events`
    unhcr    population, solutions; from and in the       nothing                            `read_displacement`
             country
    hapi     idps, refugees-persons-of-concern,           HAPI_APP_IDENTIFIER                `read_displacement`
             returnees, humanitarian-needs,
             food-security
    idmc     gidd, idu (180 days), idu-all                IDMC_CLIENT_ID                     `read_displacement`
    dtm      admin1, admin0, admin2                       DTM_KEY                            `read_displacement`
    =======  ===========================================  =================================  ==================

    A name that the environment lacks is looked up in the keyring (service ``mali_stats``), if the package keyring is
    installed. Keys and passwords go to their publisher alone, over https, and never into a file, a log or a message.

    Parameters
    ----------
    source : {"ucdp", "acled", "unhcr", "hapi", "idmc", "dtm"}
        whose record.
    dataset : str, optional
        see the table.
    country : str, optional
        ISO3 code, Mali by default; of ACLED also its own name of a country. Not for files that hold all countries.
    start, end : str or date, optional
        a day, a month (``"2023-08"``) or a year, both counted; UCDP takes events that end by ``end``. Figures of
        UNHCR and GIDD are yearly.
    version : str, optional
        of UCDP: ``"25.1"`` (a year), ``"26.0.8"`` (a month of candidate events), ``"26.01.26.03"`` (since January). By
        default the download of the newest yearly release.
    via : {"download", "api"}, optional
        of UCDP; by default the download, the API where country, start or end is given.
    refresh : bool, optional
        by default a release that has a number is taken from the cache when it is there, and what its publisher
        keeps changing is fetched anew. True fetches in any case, False takes what is there.
    accept_partial : bool
        keep pages that hold fewer records than the publisher counts; the note beside the file says so.
    progress : bool, optional
        a bar on stderr; by default in a terminal only.
    cache : path, optional
        the folder of the cache, by default ``MALI_STATS_CACHE`` or the user's own for caches.
    base_url : str, optional
        an address to ask in the publisher's place (a mirror, a test), also by ``MALI_STATS_UCDP_URL``,
        ``MALI_STATS_ACLED_URL`` and so on. What needs a key is asked over https only, except on this machine.

    Returns
    -------
    pathlib.Path
        the file, whole: while it is fetched, or when that fails, the one before stays. Beside it stands
        ``<name>.source.json``: address without keys, day, rows, SHA-256, licence.

    Raises
    ------
    ValueError, TypeError
        for arguments that do not fit, before anybody is asked; ValueError for an answer larger than is taken.
    ConnectionError
        when the publisher gives no answer; says what to download by hand, where to put it and how to read it.
    PermissionError
        for a missing, expired or insufficient key.
    FileNotFoundError
        for a release that is not there.
    OSError
        of the system's own kind when the cache cannot be written (full, read-only); says where and what to do.
    TimeoutError
        when another process holds the same file of the cache for too long.
    RuntimeError
        for an answer that cannot be used: without records, fewer than counted, no such file, another host.

    Examples
    --------
    Without a network, with a release that was put into the cache by hand:

    >>> import tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> file = Path(folder.name) / "ucdp" / "ged251-csv.zip"
    >>> file.parent.mkdir()
    >>> _ = file.write_bytes(b"downloaded elsewhere")
    >>> fetch("ucdp", version="25.1", cache=folder.name).name
    'ged251-csv.zip'
    >>> folder.cleanup()

    With an account (not run here): ``ms.read_events(ms.fetch("acled", country="MLI", start="2023", end="2023"))``.
    """
    text("source", source, "one of " + ", ".join(CLIENTS))
    client = _client(source)
    text("dataset", dataset, "one of " + ", ".join(client.DATASETS))
    text("country", country, "an ISO3 code such as 'MLI', or leave it out for Mali")
    text("version", version, "it as text, such as '25.1'")
    text("via", via, "'download' or 'api'")
    text("base_url", base_url, "an https address", longest=2000)
    wish = Wish(source, _dataset(source, client, dataset), country, day(start, "start"), day(end, "end"), version, via,
                base_url)  # fmt: skip
    wish.refuse(**{n: f"{source} does not take it." for n in ("country", "version", "via") if n not in client.TAKES})
    if wish.start and wish.end and wish.end < wish.start:
        raise ValueError(f"fetch: end={end!r} lies before start={start!r}; turn them round.")
    plans = client.plans(wish, datetime.now(UTC).date())
    folder = keeping.folder(cache) / source
    call = Call(wish, plans, folder, refresh, accept_partial, progress)
    if refresh is False:  # whichever of them is there
        plans = [plan for plan in plans if call.has(plan)][:1] or plans
    for plan in plans[:-1]:
        try:
            return call.fetched(plan)
        except FileNotFoundError:  # not out yet: the one before it
            continue
    return call.fetched(plans[-1])


def _client(source: str) -> ModuleType:
    if source not in CLIENTS:
        raise ValueError(f"fetch: source={source!r} is not known; use one of {', '.join(CLIENTS)}.")
    return CLIENTS[source]


def _dataset(source: str, client: ModuleType, dataset: str | None) -> str:
    if dataset == "conflict-events" and source == "hapi":
        raise ValueError(
            "fetch: HDX HAPI's conflict-events are monthly sums of ACLED whose event types overlap, with no event in "
            "them. Fetch the source itself: ms.fetch('acled') or ms.fetch('ucdp')."
        )
    if dataset not in (None, *client.DATASETS):
        raise ValueError(f"fetch: {source} has no dataset {dataset!r}; use one of {', '.join(client.DATASETS)}.")
    return dataset or client.DATASETS[0]


@dataclass(frozen=True)
class Call:
    """One call of ``fetch``: what is wanted, where it is kept and how."""

    wish: Wish
    plans: list[Plan]
    folder: Path
    refresh: bool | None
    accept_partial: bool
    progress: bool | None

    def has(self, plan: Plan) -> bool:
        """Whether the file of a plan is in the cache, and complete where that is asked for."""
        note = keeping.kept(self.folder / plan.name)
        return note is not None and (self.accept_partial or note.get("complete", True))

    def fetched(self, plan: Plan) -> Path:
        """The file of a plan: from the cache where that will do, else from its publisher."""
        target = self.folder / plan.name
        with keeping.locked(target), explained(target, keeping.ELSEWHERE):
            from_cache = plan.fixed if self.refresh is None else not self.refresh
            if not (from_cache and self.has(plan)):
                part = keeping.part_of(target)
                with secret.unlogged(), self._bar(plan) as bar:
                    counted = self._asked(plan, part, self._in_hand(plan), bar)
                keeping.settle(part, target, self._about(plan) | counted)
        return target

    def _asked(self, plan: Plan, part: Path, by_hand: str, bar: tqdm) -> dict:
        web = Web(plan.manners, plan.base, by_hand, plan.key(by_hand) if plan.key else None)
        try:
            if plan.walk is None:
                return download(web, plan.url, plan.params, part, bar)
            return collect(plan.walk(web, plan), part, plan.manners.title, self.accept_partial, bar)
        finally:
            web.close()

    def _in_hand(self, plan: Plan) -> str:
        """What to do by hand, and what is there of an earlier day."""
        said = plan.in_hand(self.folder / plan.name)
        for path in (self.folder / plan.name for plan in self.plans):
            note = keeping.kept(path)
            if note is not None and note.get("complete", True):
                since = f"fetched on {note['fetched_on'][:10]}" if note else "placed by hand"
                return f"{said} The file {since} is still there, whole: {path}."
        return said

    def _about(self, plan: Plan) -> dict:
        """What the note says before the file is there."""
        return {
            "source": self.wish.source, "dataset": self.wish.dataset, "publisher": plan.manners.title,
            "version": plan.version, "url": plan.url, "asked": plan.params, "licence": plan.manners.licence,
            "read_with": f"ms.{plan.manners.reader}",
        }  # fmt: skip

    def _bar(self, plan: Plan) -> tqdm:
        """A bar on stderr: in a terminal where nothing is said."""
        unit = {"unit": "B", "unit_scale": True, "unit_divisor": 1024} if plan.walk is None else {"unit": " records"}
        return tqdm(desc=plan.name, disable=None if self.progress is None else not self.progress, **unit)
