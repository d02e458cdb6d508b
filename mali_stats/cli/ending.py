"""How every command ends: in words on stderr, never in a traceback, and with a code that a script can go by."""

from __future__ import annotations

import contextlib
import difflib
import json
import os
import re
import shlex
import sys

import click

#: It failed on the way, or ``check`` found something odd that matters.
FAILED = 1
#: What was asked for cannot be: no such file, a file that cannot be read, a wrong argument.
BAD_INPUT = 2
#: As shells have it: 128 and the number of the signal, for Ctrl-C and for a reader that closed the pipe.
STOPPED, CLOSED = 130, 141
#: The errors of the operating system that lie in what was asked for; others (a full disk) happen on the way.
_ASKED = (FileNotFoundError, IsADirectoryError, NotADirectoryError, FileExistsError, PermissionError)
#: The functions that write to stdout: click's, that of writing.py, and ``Group.invoke``, which flushes.
_WRITERS = ("echo", "to_stdout", "invoke")


#: Arguments of functions that options of the same name stand for.
OPTIONS = (
    "country", "start", "end", "frame", "by", "spread", "max_geo_precision", "max_date_precision", "coverage", "census",
    "rounds", "lang", "dataset", "version", "via", "cache", "refresh", "accept_partial",
)  # fmt: skip
_ARGUMENT = re.compile(rf"(\b[\w.]+\([^()]*\))|\b({'|'.join(OPTIONS)})=(?=['\"(\[\d-]|None|True|False)")
_FUNCTION = re.compile(r"^(read_events|read_displacement|region_month_panel|add_population|brief|export|fetch): ")


_READ = re.compile(r"read it with ms\.read_\w+\((?:its path|(['\"])(.*)\1)\)(?=\.( |$))")


class Refused(click.ClickException):
    """A wish that cannot be met."""

    exit_code = BAD_INPUT

    def format_message(self) -> str:
        """Give the message without what would steer a terminal."""
        return printable(self.message)


class Failed(Refused):
    """A wish that was met half-way at most."""

    exit_code = FAILED


def printable(text: str) -> str:
    r"""Write out control characters, which come from files and would steer a terminal; lines and tabs stay.

    Examples
    --------
    >>> printable("a column\x1b[2J named so")
    'a column\\x1b[2J named so'
    """
    return re.sub(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", lambda m: ascii(m[0])[1:-1], text)


def for_a_shell(text: str) -> str:
    """Name options and commands as they are typed, in the place of a function's arguments and of calls.

    Examples
    --------
    >>> for_a_shell("region_month_panel: start='2012' is not a month; write it as '2012-01'.")
    "--start '2012' is not a month; write it as '2012-01'."
    >>> for_a_shell("choose when reading: ms.read_events(path, country='MLI').")
    'choose when reading: mali-stats clean FILE --country MLI.'
    >>> for_a_shell("By hand: save it as /a b.json and read it with ms.read_displacement('/a b.json').")
    "By hand: save it as /a b.json and read it with: mali-stats clean '/a b.json'."
    """
    text = _FUNCTION.sub("", text).replace("cache=..., --cache", "--cache")
    text = text.replace("None for the country's own", "leave it off for the country's own")
    text = re.sub(r"\bsource=(?=')", "SOURCE ", text)
    text = _READ.sub(lambda m: f"read it with: mali-stats clean {shlex.quote(m[2]) if m[1] else 'FILE'}", text)
    text = re.sub(r"ms\.read_\w+\(path, country='(\w+)'\)", r"mali-stats clean FILE --country \1", text)
    text = re.sub(r"ms\.fetch\('(\w+)'\)", r"mali-stats fetch \1", text)
    return _ARGUMENT.sub(lambda m: m[1] or f"--{m[2].replace('_', '-')} ", text)


def in_words(error: BaseException) -> str:
    """Say an error without Python's own marks; those of the operating system with the file they are about.

    Examples
    --------
    >>> in_words(OSError(28, "No space left on device", "events.csv"))
    'events.csv: No space left on device.'
    >>> in_words(ValueError("events.csv is empty."))
    'events.csv is empty.'
    """
    if isinstance(error, OSError) and _of_stdout(error):
        return (
            f"standard output could not be written ({error.strerror}). Give --out with a place that has room (clean "
            "and panel), or send the output to a file there with >."
        )
    if not isinstance(error, OSError) or not error.strerror:
        return for_a_shell(str(error)) or type(error).__name__
    return f"{os.fsdecode(error.filename)}: {error.strerror}." if error.filename else f"{error.strerror}."


def _of_stdout(error: OSError) -> bool:
    """Whether it arose where stdout is written: an error of a stream names no file, and one of stdin is alike."""
    at = error.__traceback__
    while at and at.tb_next:
        at = at.tb_next
    if at is None or error.filename or not error.strerror:
        return False
    return at.tb_frame.f_code.co_name in _WRITERS and not at.tb_frame.f_locals.get("err")


class Group(click.Group):
    """Commands in the order in which they were added, whose errors are words and a code."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Keep the order of a day's work."""
        return list(self.commands)

    def resolve_command(self, ctx: click.Context, args: list[str]):
        """Find the command, or propose the nearest."""
        close = difflib.get_close_matches(args[0], self.commands, n=1)
        if close and args[0] not in self.commands:
            raise click.UsageError(f"No such command {printable(args[0])!r}; did you mean {close[0]!r}?", ctx)
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context):
        """Run the command; a pipe that nobody reads any more ends it silently."""
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()  # a full disk, or a closed pipe, may show only here
            return result
        except BrokenPipeError:
            _quiet()
            ctx.exit(CLOSED)

    def main(self, args=None, prog_name=None, complete_var=None, standalone_mode: bool = True, **extra):
        """Run it all and end the process; within another program (not standalone) errors are left as they are."""
        if not standalone_mode:
            return super().main(args, prog_name, complete_var, standalone_mode=False, **extra)
        for stream in filter(None, (sys.stdout, sys.stderr)):
            stream.reconfigure(errors="backslashreplace")  # not every terminal can write every letter
        try:
            code = super().main(args, prog_name, complete_var, standalone_mode=False, **extra)
        except click.Abort:
            click.echo("Stopped; no file is left half-written.", err=True)
            code = STOPPED
        except (click.ClickException, ValueError, OSError, MemoryError) as error:
            code = _said(_ended(error), "--json" in (sys.argv[1:] if args is None else args))
        sys.exit(code or 0)


def _ended(error: Exception) -> click.ClickException:
    """Give the end that an error is."""
    if isinstance(error, click.ClickException):
        return error
    if isinstance(error, MemoryError):
        return Failed("There is not enough memory for this. Give fewer or smaller files.")
    on_the_way = isinstance(error, OSError) and (not isinstance(error, _ASKED) or _unwritten(error))
    return (Failed if on_the_way else Refused)(in_words(error))


def _unwritten(error: OSError) -> bool:
    """Whether a place could not be written, in the words of ``writing.explained``: the system's number without its."""
    return error.errno is not None and error.strerror is None


def _said(error: click.ClickException, as_json: bool) -> int:
    """Say an error on stderr, and on stdout too where JSON is expected there."""
    try:
        error.show()
        if as_json:
            click.echo(json.dumps({"error": error.format_message()}, ensure_ascii=False))
        sys.stdout.flush()
    except OSError:
        _quiet()  # nobody can be told
    return error.exit_code


def _quiet() -> None:
    """Send what is still to be written to nowhere, or Python would complain of the closed pipe at its end."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        for stream in (sys.stdout, sys.stderr):
            os.dup2(nowhere, stream.fileno())
