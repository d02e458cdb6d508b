"""The command line of the report: ``python -m mali_stats.report [site|notebooks]``."""

from __future__ import annotations

import argparse
import os
import sys

from mali_stats.report.running import write_notebooks
from mali_stats.report.site import build_site


def main(arguments: list[str] | None = None) -> int:
    """Run ``site`` or ``notebooks``; an error is said on stderr, without a traceback, and gives code 1."""
    options = _parser().parse_args(arguments)
    prepare()
    try:
        if options.what == "notebooks":
            write_notebooks(options.notebooks)
        else:
            print(f"Open {os.path.relpath(build_site(options.out, options.notebooks))}")
    except ImportError as error:
        return _failed(f'{error.name} is not installed; this needs pip install -e ".[notebooks]"', 1)
    except (RuntimeError, OSError) as error:
        return _failed(f"{error}\nNothing was replaced.", 1)
    except KeyboardInterrupt:
        _failed("Stopped; nothing was replaced.", 130)
        os._exit(130)  # at once; the kernels end by themselves when they find their parent gone
    return 0


def prepare() -> None:
    """Let kernels be this Python's, whatever kernels the user has registered, and let no window open."""
    os.environ.setdefault("JUPYTER_PREFER_ENV_PATH", "1")
    os.environ["MPLBACKEND"] = "agg"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m mali_stats.report",
        description="Make the site of the notebooks, or write their outputs.",
    )
    parser.add_argument("what", nargs="?", choices=("site", "notebooks"), default="site")
    parser.add_argument("--notebooks", default="notebooks", help="folder of the notebooks (default: notebooks)")
    parser.add_argument("--out", default="build/report", help="folder of the site (default: build/report)")
    return parser


def _failed(message: str, code: int) -> int:
    print(message, file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
