"""What every maker of made-up files returns."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Made:
    """A made-up file: a name such as the publisher gives, the content, and what a reader has to find in it."""

    name: str
    content: str
    truth: dict = field(default_factory=dict)


def csv_text(rows: list[dict], hxl: dict[str, str] | None = None, quoting: int = csv.QUOTE_MINIMAL) -> str:
    """Rows as CSV, with a row of HXL tags where some are given."""
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, list(rows[0]), lineterminator="\n", quoting=quoting)
    writer.writeheader()
    if hxl:
        csv.writer(out, lineterminator="\n").writerow([hxl.get(column, "") for column in rows[0]])
    writer.writerows(rows)
    return out.getvalue()
