"""``mali-stats brief``: what is on record of a region or the country."""

from __future__ import annotations

import json
from pathlib import Path

import click

from mali_stats.cli import options
from mali_stats.cli.ending import Refused


@click.command("brief", short_help="What is on record of a region or the country.")
@click.argument("region")
@click.option("--start", metavar="YYYY-MM", help="First month, such as 2023-01; by default twelve months are given.")
@click.option("--end", metavar="YYYY-MM", help="Last month, itself counted; by default the record's last.")
@options.LANG
@click.option("--csv", "table", metavar="PATH.csv", help="Write the table there with an HXL row, its source beside it.")
@click.option("--figure", metavar="PATH.png|svg", help="Write the figure there, with its source beside it.")
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON in the place of words.")
def command(
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
    made = make(region, start, end, lang)
    written = _written(made, table, figure)
    click.echo(json.dumps(_plain(made), ensure_ascii=False, indent=1) if as_json else str(made))
    for file in dict.fromkeys(written):
        click.echo(f"Written: {file}", err=True)


def _ends(path: str | None, option: str, *endings: str) -> None:
    if path and not path.lower().endswith(endings):
        raise Refused(f"{option}: {path!r} ends otherwise than in {' or '.join(endings)}.")
    if path and not Path(path).parent.is_dir():
        raise Refused(f"{option}: the folder {Path(path).parent} is not there; make it first.")


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
