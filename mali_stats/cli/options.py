"""What several commands ask for in the same words."""

from __future__ import annotations

import click

FILES = click.argument("files", metavar="FILE...", nargs=-1, required=True)
COUNTRY = click.option(
    "--country", metavar="ISO3|FOLDER", help="Of events: the country to keep, or a folder of its seed tables."
)
LANG = click.option("--lang", type=click.Choice(["en", "fr"]), default="en", show_default=True, help="The language.")
OUT = click.option("--out", metavar="PATH.csv|parquet", help="Write the table there, whole or not at all.")
AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print the account as JSON in the place of the table.")
