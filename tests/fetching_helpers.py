"""What the tests of ``fetch`` share."""

import json

from mali_stats.sources import fetching
from mali_stats.sources.clients.wish import Wish

#: planted keys: none of them may turn up anywhere
NAMES = {
    "UCDP_ACCESS_TOKEN": "ucdp-planted/11=", "ACLED_USERNAME": "planted.user@made-up.example",
    "ACLED_PASSWORD": "pass word-plantéd&22", "HAPI_APP_IDENTIFIER": "cGxhbnRlZC0zMw==",
    "IDMC_CLIENT_ID": "IDMC+PLANTED/44", "DTM_KEY": "dtm-planted-55",
}  # fmt: skip


def note(path) -> dict:
    """The note beside a fetched file."""
    return json.loads(path.with_name(f"{path.name}.source.json").read_text(encoding="utf-8"))


def walking(source: str, dataset: str | None = None, **more) -> Wish:
    """A wish as ``fetch`` would make it."""
    return Wish(source, dataset or fetching.CLIENTS[source].DATASETS[0], **more)
