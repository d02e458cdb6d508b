"""The command line: ``mali-stats``, or ``python -m mali_stats``."""

from __future__ import annotations

import json

import click

from mali_stats import __version__

#: The code of a command that was asked for what there is not.
BAD_INPUT = 2


class Refused(click.ClickException):
    """A wish that cannot be met, said in one line."""

    exit_code = BAD_INPUT


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="mali-stats")
def main() -> None:
    """The human cost of the war in Mali: figures on record, from the tables that are shipped.

    Results go to stdout, the names of files written to stderr; a wish that cannot be met ends with code 2, one that
    failed on the way with code 1.

    \b
    Examples:
      mali-stats brief Gao --start 2023-01 --end 2023-12
      mali-stats fetch ucdp
    """  # noqa: D301 (click wants the backspace itself)


@main.command(short_help="What is on record of a region or the country.")
@click.argument("region")
@click.option("--start", metavar="YYYY-MM", help="First month, such as 2023-01; by default twelve months are given.")
@click.option("--end", metavar="YYYY-MM", help="Last month, itself counted; by default the record's last.")
@click.option("--lang", type=click.Choice(["en", "fr"]), default="en", show_default=True, help="English or French.")
@click.option("--csv", "table", metavar="PATH.csv", help="Write the table there with an HXL row, its source beside it.")
@click.option("--figure", metavar="PATH.png|svg", help="Write the figure there, with its source beside it.")
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON in the place of words.")
def brief(
    region: str, start: str | None, end: str | None, lang: str, table: str | None, figure: str | None, as_json: bool
) -> None:
    """Print what is on record of REGION (name or P-code; Mali for the country) against as many months before.

    \b
    Examples:
      mali-stats brief Mali
      mali-stats brief ML07 --start 2023-08 --end 2023-12 --lang fr
      mali-stats brief Mopti --csv mopti.csv --figure mopti.png
      mali-stats brief Gao --json
    """  # noqa: D301
    from mali_stats.report.brief import brief as make

    _ends(table, "--csv", ".csv")
    _ends(figure, "--figure", ".png", ".svg")
    try:
        made = make(region, start, end, lang)
        written = _written(made, table, figure)
    except (ValueError, OSError) as error:
        raise Refused(" ".join(str(error).split())) from error
    click.echo(json.dumps(_plain(made), ensure_ascii=False, indent=1) if as_json else str(made))
    for file in dict.fromkeys(written):
        click.echo(f"Written: {file}", err=True)


def _ends(path: str | None, option: str, *endings: str) -> None:
    if path and not path.lower().endswith(endings):
        raise Refused(f"{option}: {path!r} ends otherwise than in {' or '.join(endings)}.")


def _written(made, table: str | None, figure: str | None) -> list:
    """Write what was asked for and give the files."""
    from mali_stats.exporting import export

    files = export(made, table, hxl=True) if table else []
    if figure:
        import matplotlib as mpl

        mpl.use("agg")  # whatever the user draws with, no window opens
        files += export(made, figure)
    return files


def _plain(made) -> dict:
    """Everything of a brief as JSON has it; what is not recorded is null."""
    table = made.tidy().astype(object)
    return {
        "place": made.place,
        "region": made.region,
        "start": made.start,
        "end": made.end,
        "lang": made.lang,
        "record_ends": f"{made.record_ends:%Y-%m-%d}",
        "sources": list(made.sources),
        "table": table.where(table.notna(), None).to_dict("records"),
        "paragraph": made.paragraph,
        "notes": made.notes,
    }


@main.command(short_help="The newest record from its publisher to a file.")
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
def fetch(source: str, **wanted) -> None:
    """Fetch the record of SOURCE into the cache and print the path of the file, whole and ready to be read.

    SOURCE is ucdp, acled (events), unhcr, hapi, idmc or dtm (displacement). Keys come from the environment, or from the
    keyring (service mali_stats), and are shown nowhere: UCDP_ACCESS_TOKEN (API only), ACLED_USERNAME and
    ACLED_PASSWORD, HAPI_APP_IDENTIFIER, IDMC_CLIENT_ID, DTM_KEY. UNHCR and UCDP's downloads need none.

    The path goes to stdout, the rest to stderr. Code 0: fetched, or there already; 1: it failed, and the file before is
    as it was; 2: a wrong argument. Without a network the message says what to download by hand and where to put it.

    \b
    Examples:
      mali-stats fetch ucdp
      mali-stats fetch ucdp --version 26.0.8
      mali-stats fetch ucdp --version 25.1 --country MLI --start 2023
      mali-stats fetch acled --start 2023 --end 2023
      mali-stats fetch unhcr --start 2012
      mali-stats fetch hapi --dataset humanitarian-needs
      mali-stats fetch idmc --dataset idu
      make data RAW="$(mali-stats fetch ucdp)"
    """  # noqa: D301
    from mali_stats.sources.fetching import fetch as get

    try:
        path = get(source, **wanted)
    except (ValueError, TypeError) as error:
        raise Refused(" ".join(str(error).split())) from None
    except (OSError, RuntimeError) as error:
        raise click.ClickException(" ".join(str(error).split())) from None
    click.echo(str(path))
