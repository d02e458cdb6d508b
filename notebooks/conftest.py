"""How nbval compares the notebooks: see `make test`."""

import pytest

# statsmodels' summaries carry a clock and Styler's tables random ids; both kinds also exist as text/plain.
NOT_COMPARED = ("text/html", "text/latex")
SECONDS_PER_MESSAGE = 60


@pytest.hookimpl(wrapper=True)
def pytest_collect_file(file_path, parent):
    """Leave the rich twins of a plain text out of the comparison."""
    collected = yield
    for collector in collected:
        if hasattr(collector, "skip_compare"):
            collector.skip_compare = (*collector.skip_compare, *NOT_COMPARED)
    return collected


def pytest_itemcollected(item):
    """Wait longer for a message than nbval's five seconds, which a busy machine exceeds."""
    if hasattr(item, "output_timeout"):
        item.output_timeout = SECONDS_PER_MESSAGE
