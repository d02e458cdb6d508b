"""``mali-stats panel``: events by region and month, zero told from out of scope."""

from __future__ import annotations

import re
from pathlib import Path

import click

from mali_stats.cli import options, reading, writing
from mali_stats.cli.ending import Refused

SPREADS = ("days", "start", "end")
CENSUSES = ("de_jure", "households")
GEO_PRECISIONS = ("exact", "near", "admin2", "admin1", "area", "country", "abroad")
DATE_PRECISIONS = ("day", "days", "week", "month", "year")


@click.command("panel", short_help="Your events by region and month, with an account.")
@options.FILES
@options.COUNTRY
@click.option("--start", metavar="YYYY-MM", help="First month; by default all that the source covers.")
@click.option("--end", metavar="YYYY-MM", help="Last month, itself counted.")
@click.option("--frame", metavar="NAME|FOLDER", help="The regions: of Mali ocha10, census9 or law2023; country is one.")
@click.option("--by", metavar="COLUMN", multiple=True, help="A further column, such as type_of_violence; may repeat.")
@click.option("--spread", type=click.Choice(SPREADS), default="days", show_default=True,
              help="Events over several months: by days, or in the month of their first or last day.")  # fmt: skip
@click.option("--max-geo-precision", type=click.Choice(GEO_PRECISIONS), default="area", show_default=True,
              help="Places coarser than this are counted as unallocated.")  # fmt: skip
@click.option("--max-date-precision", type=click.Choice(DATE_PRECISIONS), default="month", show_default=True,
              help="Dates coarser than this are counted as unallocated.")  # fmt: skip
@click.option("--coverage", metavar="FIRST LAST", nargs=2, help="Months the source watches, where no release tells.")
@click.option(
    "--population", is_flag=True, help="Join people and person-years (Mali, Burkina Faso, Niger, or a FOLDER)."
)
@click.option("--census", type=click.Choice(CENSUSES), default="de_jure", show_default=True,
              help="With --population: which count of the later census gives the regions' shares.")  # fmt: skip
@options.OUT
@options.AS_JSON
def command(
    files: tuple[str, ...], country: str | None, population: bool, census: str, out: str | None, as_json: bool, **wanted
) -> None:
    """Add the events of FILE (UCDP, ACLED, or a table that clean wrote; - is stdin) up by region and month.

    One row a country, region and month, none left out. Zero means in the record's scope and none reported; empty means
    out of scope, or a count that the source never gives. What has no region or month stands as "unallocated".

    The table goes to stdout as CSV, the account to stderr: first of the reading, then of the panel. With --out it goes
    to a file, and where it comes from to a .txt beside it.

    \b
    Examples:
      mali-stats panel events.csv --start 2012-01 --out panel.csv
      mali-stats panel GEDEvent_v25_1.csv.zip --country MLI --by type_of_violence --out panel.csv
      mali-stats panel BFA.csv --country my/folder/BFA --out panel.csv
      mali-stats panel events.csv --frame country --population | head
      mali-stats clean acled.csv | mali-stats panel - --coverage 1997-01 2023-12
    """  # noqa: D301
    place = writing.place_for(out, files)
    twice = [column for column in wanted["by"] if wanted["by"].count(column) > 1]
    if twice:
        raise Refused(f"--by: {twice[0]} is given twice; give each column once.")
    own = country and Path(country).is_dir() and not re.fullmatch("[A-Z]{3}", country)  # three capitals are a code
    folder = country if own else None
    if folder and wanted["frame"] is None:
        wanted["frame"] = country  # its own regions, or they would stand as published
    with reading.paths_of(files) as paths:
        read = reading.read(paths, country)
    writing.deliver(_laid_out(read, census if population else None, folder, wanted), place, as_json)


def _laid_out(read: reading.Read, census: str | None, folder: str | None, wanted: dict) -> writing.Result:
    """Lay events out; displacement has no events to lay out."""
    import pandas as pd

    from mali_stats.panel import add_population, region_month_panel

    if read.what != reading.EVENTS:
        raise ValueError(
            f"A panel is made of events, and this is a file of displacement ({', '.join(read.layouts)}). In Python "
            "ms.add_displacement joins such figures to a panel."
        )
    reading.doing("Laying out by region and month ...")
    panel, ledger = region_month_panel(read.table, **{**wanted, "by": list(wanted["by"])})
    panel = add_population(panel, census=census, country=folder) if census else panel
    account = pd.concat([read.ledger.tidy(), ledger.tidy()], ignore_index=True)
    notes = [*read.ledger.notes, *map(_for_a_shell, ledger.notes)]
    caption = f"events by region and month, from: {', '.join(read.layouts)}"
    return writing.Result(panel, account, notes, caption, read.sources)


def _for_a_shell(note: str) -> str:
    """Name options in the place of the function's arguments."""
    return note.replace("coverage=(first, last)", "--coverage FIRST LAST").replace("end=", "--end")
