"""``mali-stats check``: what a file is and what is odd about it, in words."""

from __future__ import annotations

import json
import shlex
import shutil
from pathlib import Path

import click

from mali_stats.cli import options, reading
from mali_stats.cli.ending import BAD_INPUT, FAILED, in_words, printable


@click.command("check", short_help="What a file is and what is odd about it, in words.")
@options.FILES
@options.COUNTRY
@click.option("--together", is_flag=True, help="Take the files as parts of one publication, as clean does.")
@options.LANG
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object a file, each on a line of its own.")
@click.pass_context
def command(
    ctx: click.Context, files: tuple[str, ...], country: str | None, together: bool, lang: str, as_json: bool
) -> None:
    """Say what each FILE is, what is odd about it, and what to do next; - is stdin.

    Told are its publisher, layout and release, its first and last day and its deaths; then each kind of oddity in plain
    words, with how many rows have it and which; and of a file that cannot be read, why. Several files are taken one by
    one, without --together. Nothing is changed or written.

    Exit codes: 0, nothing to look at; 1, something odd was found; 2, a file cannot be read. Of several files the worst
    counts.

    \b
    Examples:
      mali-stats check GEDEvent_v25_1.csv.zip
      mali-stats check gedevents-2025-01-31.csv --country MLI --lang fr
      mali-stats check *.csv
      mali-stats check events.csv --json
      mali-stats check export.csv && mali-stats panel export.csv --out panel.csv
    """  # noqa: D301
    from mali_stats.clean.publications import country_of

    country_of(country)  # a wrong one is the option's fault, of no file
    codes: list[int] = []
    with reading.paths_of(files) as paths:
        names = ["stdin" if name == "-" else name for name in files]
        groups = [(names, paths)] if together else [([n], [p]) for n, p in zip(names, paths, strict=True)]
        for names, paths in groups:
            if codes and not as_json:
                click.echo("\n" + "-" * 20 + "\n")
            text, code = _checked(names, paths, country, lang, as_json)
            click.echo(text)
            codes.append(code)
    ctx.exit(max(codes))


def _checked(names: list[str], paths: list[Path], country: str | None, lang: str, as_json: bool) -> tuple[str, int]:
    """Tell of one publication in words or as JSON, and give the code it stands for."""
    from mali_stats.cli.finding import finding
    from mali_stats.cli.telling import Teller, plain

    teller, name = Teller(lang, min(shutil.get_terminal_size((100, 24)).columns, 100)), ", ".join(names)
    file = " ".join("FILE" if one == "stdin" else shlex.quote(one) for one in names)
    file += f" --country {shlex.quote(country)}" if country else ""
    try:
        read = reading.read(paths, country)
    except (ValueError, OSError) as error:
        words = in_words(error)
        if words.startswith("--"):  # the option does not fit this file
            file = file.partition(" --country ")[0]
        told = {"file": name, "error": words} if as_json else teller.unread(name, words, _step(error, words), file)
        return _text(told), BAD_INPUT
    found = finding(read)
    told = plain(name, found, teller, file) if as_json else teller.told(name, found, file)
    return _text(told), FAILED if found.matters else 0


def _text(told: dict | str) -> str:
    return printable(told) if isinstance(told, str) else json.dumps(told, ensure_ascii=False)


def _step(error: Exception, words: str) -> str:
    """What to advise: the error itself says what is wrong."""
    if words.startswith("--"):
        return "next_option"
    if isinstance(error, OSError):
        return "next_path"
    return "next_known" if isinstance(error, reading.Unknown) else "next_again"
