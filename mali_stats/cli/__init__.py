"""The command line: ``mali-stats``, or ``python -m mali_stats``; a module a command, the shared parts beside them.

The commands import what is heavy when they run, so that help is there at once.
"""

from __future__ import annotations

import click

from mali_stats import __version__
from mali_stats.cli import brief, check, clean, fetch, panel, report
from mali_stats.cli.ending import Group


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"]}, invoke_without_command=True)
@click.version_option(__version__, prog_name="mali-stats")
@click.pass_context
def main(ctx: click.Context) -> None:
    """The human cost of the war in Mali: your files read, checked and laid out; what is on record, told.

    FILE is a file of events (UCDP, ACLED) or of figures of displacement (UNHCR, IDMC, IOM DTM, HDX HAPI), told by its
    content, packed or not; - reads it from stdin. Several files are parts of one publication.

    Results go to stdout; the account of every row, progress and errors go to stderr. With --json, results and errors
    are JSON on stdout.

    \b
    Exit codes:
      0    well; of check: nothing odd that matters
      1    failed on the way (a full disk, no network); of check: something odd was found
      2    bad input: no such file, a file that cannot be read, a wrong argument
      130  stopped by Ctrl-C
      141  the reader of a pipe went away (| head)

    \b
    Examples:
      mali-stats check GEDEvent_v25_1.csv.zip
      mali-stats clean GEDEvent_v25_1.csv.zip --country MLI --out events.csv
      mali-stats panel events.csv --start 2012-01 --by type_of_violence --out panel.csv
      mali-stats brief Gao --start 2023-01 --end 2023-12
      mali-stats fetch ucdp
    """  # noqa: D301 (click wants the backspace itself)
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


for command in (check.command, clean.command, panel.command, brief.command, report.command, fetch.command):
    main.add_command(command)
