"""``mali-stats fetch``: the newest record from its publisher to a file of the cache."""

from __future__ import annotations

import json
from pathlib import Path

import click

from mali_stats.cli.ending import Failed, Refused, for_a_shell


@click.command("fetch", short_help="The newest record from its publisher to a file.")
@click.argument("source", metavar="SOURCE")
@click.option("--dataset", help="Which of a publisher's data sets; its first by default.")
@click.option("--country", metavar="ISO3", help="Mali (MLI) by default, where a publisher is asked for a country.")
@click.option("--start", metavar="DAY", help="First day, month or year, such as 2023-08.")
@click.option("--end", metavar="DAY", help="Last day, month or year, itself counted.")
@click.option("--version", help="Of UCDP: 25.1, 26.0.8 or 26.01.26.03; the newest yearly release by default.")
@click.option("--via", metavar="download|api", help="Of UCDP: the API where country, start or end is given.")
@click.option("--refresh/--cached", default=None, help="Fetch in any case, or take what is there.")
@click.option("--accept-partial", is_flag=True, help="Keep fewer records than the publisher counts.")
@click.option("--cache", metavar="FOLDER", help="By default MALI_STATS_CACHE or the user's folder for caches.")
@click.option("--json", "as_json", is_flag=True, help="Print path, source, data set, version, day and bytes as JSON.")
def command(source: str, as_json: bool, **wanted) -> None:
    """Fetch the record of SOURCE into the cache and print the path of the file, whole and ready to be read.

    SOURCE is ucdp, acled (events), unhcr, hapi, idmc or dtm (displacement). Keys come from the environment, or from the
    keyring (service mali_stats), and are shown nowhere: UCDP_ACCESS_TOKEN (API only), ACLED_USERNAME and
    ACLED_PASSWORD, HAPI_APP_IDENTIFIER, IDMC_CLIENT_ID, DTM_KEY. UNHCR and UCDP's downloads need none.

    The path (with --json an object) goes to stdout, the rest to stderr. Code 0: fetched, or there already; 1: it
    failed, and the file before is as it was; 2: a wrong argument. Without a network the message says what to download
    by hand and where to put it.

    \b
    Examples:
      mali-stats fetch ucdp
      mali-stats fetch ucdp --version 26.0.8
      mali-stats fetch ucdp --version 25.1 --country MLI --start 2023
      mali-stats fetch acled --start 2023 --end 2023
      mali-stats fetch unhcr --start 2012
      mali-stats fetch hapi --dataset humanitarian-needs
      mali-stats fetch idmc --dataset idu
      mali-stats check "$(mali-stats fetch ucdp)"
      make data RAW="$(mali-stats fetch ucdp)"
    """  # noqa: D301
    from mali_stats.sources.fetching import fetch as get

    try:
        path = get(source, **wanted)
    except (ValueError, TypeError) as error:
        raise Refused(for_a_shell(" ".join(str(error).split()))) from None
    except (OSError, RuntimeError) as error:
        raise Failed(for_a_shell(" ".join(str(error).split()))) from None
    click.echo(json.dumps(_plain(path, source), ensure_ascii=False, indent=1) if as_json else str(path))


def _plain(path: Path, source: str) -> dict:
    """What the note beside a file says of it; a file placed by hand has none, and what it would say is null."""
    from mali_stats.sources.clients import cache

    note = cache.kept(path) or {}
    about = {name: note.get(name) for name in ("dataset", "version", "fetched_on")}
    return {"path": str(path), "source": source, **about, "bytes": path.stat().st_size}
