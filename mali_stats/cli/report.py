"""``mali-stats report``: the site made of the notebooks, or its front page where there are none."""

from __future__ import annotations

import json
import os
import webbrowser
from pathlib import Path

import click

from mali_stats.cli.ending import STOPPED, Failed, printable


@click.command("report", short_help="A site to read: the last year on record, and the notebooks.")
@click.option("--out", metavar="FOLDER", default="build/report", show_default=True,
              help="The folder to make; an earlier report there is replaced, anything else is not.")  # fmt: skip
@click.option("--notebooks", metavar="FOLDER", help="Where the notebooks are; by default those of this checkout.")
@click.option("--open/--no-open", "show", default=False, show_default=True, help="Open the page in a browser.")
@click.option("--json", "as_json", is_flag=True, help="Print the page's path as JSON.")
def command(out: str, notebooks: str | None, show: bool, as_json: bool) -> None:
    """Make a site that can be read without a network, and print the path of its first page.

    In a checkout (or with --notebooks) every notebook is run afresh, two at a time, which takes some minutes the first
    time and needs the extra "notebooks". Elsewhere the first page alone is made, of the shipped tables: where each
    record ends, the last year against the one before, maps, rates, and what the figures cannot show.

    Progress goes to stderr. The report before stays until the new one is whole. Notebooks that were run are kept in a
    folder "cache" beside the report, and run again only when something changed; it may be deleted.

    \b
    Examples:
      mali-stats report
      mali-stats report --out site --open
    """  # noqa: D301
    folder = notebooks or _found()
    if folder is None:
        _say("No notebooks here: the first page alone is made. The notebooks are in a checkout of mali_stats; run this")
        _say("there, or give their folder by --notebooks.")
    page = _made(out, folder)
    click.echo(json.dumps({"page": str(page), "notebooks": folder and str(folder)}) if as_json else str(page))
    if show and not webbrowser.open(page.resolve().as_uri()):
        _say("No browser could be opened; open the page by hand.")


def _found() -> Path | None:
    """The notebooks of the folder one is in, else of the checkout that this is run from."""
    from mali_stats import catalog

    folders = [Path("notebooks"), catalog.root() / "notebooks"]
    return next((folder for folder in folders if any(folder.glob("*.ipynb"))), None)


def _made(out: str, folder: str | Path | None) -> Path:
    from mali_stats.report.__main__ import prepare
    from mali_stats.report.site import build_site

    prepare()
    try:
        return build_site(out, folder, _say)
    except ImportError as error:
        wanted = "running notebooks needs: pip install 'mali_stats[notebooks]'"
        raise Failed(f"{error.name} is not installed; {wanted}") from error
    except RuntimeError as error:
        raise Failed(f"{error}\nNothing was replaced.") from error
    except KeyboardInterrupt:
        _say("Stopped; nothing was replaced.")
        os._exit(STOPPED)  # at once; the kernels end by themselves when they find their parent gone


def _say(text: str) -> None:
    click.echo(printable(text), err=True)
