"""``mali-stats clean``: files as published to one cleaned table, with an account of every row."""

from __future__ import annotations

import click

from mali_stats.cli import options, reading, writing

#: What the account's sums are sums of.
COUNTED = {reading.EVENTS: "deaths", reading.DISPLACEMENT: "people, all days and groups: a check, no total"}
ACLED_TERMS = "ACLED's terms: rows may not be passed on, a cleaned table of them neither. Keep this one to yourself."


@click.command("clean", short_help="Your files as one cleaned table, and an account of every row.")
@options.FILES
@options.COUNTRY
@click.option("--rounds", type=click.Choice(["latest", "all"]), default="latest", show_default=True,
              help="Of displacement: which rounds of IOM DTM.")  # fmt: skip
@options.OUT
@options.AS_JSON
def command(files: tuple[str, ...], country: str | None, rounds: str, out: str | None, as_json: bool) -> None:
    """Write FILE as a cleaned table: one row an event (UCDP, ACLED) or a figure (UNHCR, IDMC, IOM DTM, HDX HAPI).

    What a file is, its content tells; it may be packed, and - is stdin. Several files are parts or releases of one
    publication. Rows are flagged in the column issues and never mended; mali-stats check explains the flags.

    The table goes to stdout as CSV, the account to stderr: rows and deaths in = kept + dropped, by reason. With --out
    it goes to a file, and where it comes from to a .txt beside it. The table can be read again, by this command, by
    panel and by ms.read_events. ACLED's rows may not be passed on.

    \b
    Examples:
      mali-stats clean gedevents-2025-01-31.csv --country MLI --out events.csv
      mali-stats clean GEDEvent_v24_1.csv GEDEvent_v25_1.csv --out events.parquet
      mali-stats clean BFA.csv --country my/folder/BFA > events.csv
      curl -s ADDRESS | mali-stats clean - | head
      mali-stats clean population.csv --json --out figures.csv
    """  # noqa: D301
    place = writing.place_for(out, files)
    with reading.paths_of(files) as paths:
        read = reading.read(paths, country, rounds)
    result = writing.Result(
        read.table, read.ledger.tidy(), read.ledger.notes, f"{read.what}, cleaned from: {', '.join(read.layouts)}",
        read.sources, COUNTED[read.what],
    )  # fmt: skip
    writing.deliver(result, place, as_json)
    for terms in _terms(read):
        click.echo(terms, err=True)


def _terms(read: reading.Read) -> list[str]:
    """What a publisher does not allow to be done with its rows."""
    licences = read.table["licence"].dropna().unique() if "licence" in read.table else []
    closed = [f"Terms of the source: {licence}." for licence in licences if "no redistribution" in licence]
    return [ACLED_TERMS] * ("acled" in read.sources) + closed
