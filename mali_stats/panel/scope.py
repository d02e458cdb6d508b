"""Which months of which regions the source watches, and which months a panel shows."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from mali_stats.ledger import Ledger
from mali_stats.panel.parts import Facts
from mali_stats.schema import UNALLOCATED
from mali_stats.sources import ucdp

Spans = list[tuple[int, int]]  # first and last month, in months since year 0


@dataclass(frozen=True)
class Scope:
    """Months in scope: ``everywhere``, or by region where ``single`` names any."""

    everywhere: Spans
    single: dict[str, Spans]

    def covers(self, regions: Iterable[str], months: np.ndarray) -> np.ndarray:
        """Whether each pair of region and month is in scope."""
        months = np.asarray(months)
        if not self.single:
            return _within(self.everywhere, months)
        covered = np.zeros(len(months), dtype=bool)
        codes, names = pd.factorize(np.asarray(regions, dtype=object))
        for code, region in enumerate(names):
            spans = self.everywhere if region == UNALLOCATED else self.single.get(region, [])
            covered |= (codes == code) & _within(spans, months)
        return covered

    def grid(self, regions: np.ndarray, months: np.ndarray) -> np.ndarray:
        """Whether each month of each region is in scope: regions x months."""
        if not self.single:
            return np.tile(_within(self.everywhere, months), (len(regions), 1))
        pairs = np.repeat(regions, len(months)), np.tile(months, len(regions))
        return self.covers(*pairs).reshape(len(regions), len(months))


def _within(spans: Spans, months: np.ndarray) -> np.ndarray:
    covered = np.zeros(len(months), dtype=bool)
    for first, last in spans:
        covered |= (months >= first) & (months <= last)
    return covered


def scope_of(facts: Facts, coverage, regions: set[str], ledger: Ledger) -> Scope:
    """What is in scope: as given, or what the releases in the table cover."""
    if coverage is None:
        return Scope(_released(facts, ledger), {})
    if isinstance(coverage, pd.DataFrame):
        return _by_region(coverage, regions)
    if isinstance(coverage, str) or not hasattr(coverage, "__len__") or len(coverage) != 2:
        raise ValueError(
            f"region_month_panel: coverage={coverage!r}; give (first month, last month), or a table with the columns "
            "region, start, end."
        )
    return Scope([(month("coverage", coverage[0]), month("coverage", coverage[1]))], {})


def _by_region(coverage: pd.DataFrame, regions: set[str]) -> Scope:
    lost = {"region", "start", "end"} - set(coverage)
    if lost:
        raise ValueError(f"region_month_panel: the coverage table lacks {', '.join(sorted(lost))}.")
    for region in coverage["region"]:
        if region not in regions:
            close = difflib.get_close_matches(str(region), sorted(regions), n=1, cutoff=0.3)
            hint = f"did you mean {close[0]!r}?" if close else ""
            known = ", ".join(sorted(regions))
            raise ValueError(f"region_month_panel: the coverage table's region {region!r} is none of {known}; {hint}")
    single: dict[str, Spans] = {}
    for region, start, end in zip(coverage["region"], coverage["start"], coverage["end"], strict=True):
        single.setdefault(region, []).append((month("coverage", start), month("coverage", end)))
    spans = [span for several in single.values() for span in several]
    return Scope([(min(a for a, _ in spans), max(b for _, b in spans))], single)


def _released(facts: Facts, ledger: Ledger) -> Spans:
    """What the releases cover; without a known one, to the month of the last event, and the ledger says so."""
    told = [ucdp.coverage(v) if v else None for v in facts.versions]
    first, last = facts.months
    if facts.sources == {ucdp.SOURCE}:
        if told and None not in told:
            return sorted({(_months(*start), _months(*end)) for start, end in told})
        first = min(first, _months(*ucdp.FIRST_MONTH))
    else:
        ledger.notes.append(
            f"Nothing tells where the record begins or ends: it is taken to last from {label(first)} to {label(last)}, "
            "the months of the first and last event here. Give coverage=(first, last) where it is longer."
        )
        return [(first, last)]
    ledger.notes.append(
        f"No version tells where the record ends: it is taken to end with {label(last)}, the month of the last event "
        "here. Give coverage=(first, last), or end=, where it goes on without events."
    )
    return [(first, last)]


def _months(year: int, number: int) -> int:
    return year * 12 + number - 1


def month(name: str, value) -> int:
    """A month given as "2012-01", a day of it, or a monthly Period, in months since year 0."""
    if isinstance(value, str) and (match := re.fullmatch(r"(\d{4})-(\d{2})(-\d{2})?", value.strip())):
        if 1 <= int(match[2]) <= 12:
            return _months(int(match[1]), int(match[2]))
    elif isinstance(value, pd.Period) and value.freqstr == "M":
        return _months(value.year, value.month)
    elif isinstance(value, date | np.datetime64) and not pd.isna(value):
        day = pd.Timestamp(value)
        return _months(day.year, day.month)
    raise ValueError(f"region_month_panel: {name}={value!r} is not a month; write it as '2012-01'.")


def label(ordinal: int) -> str:
    """Months since year 0 as 2012-01."""
    return f"{ordinal // 12}-{ordinal % 12 + 1:02d}"


def shown_months(scope: Scope, start, end) -> tuple[int, int]:
    """First and last month of the panel: as asked, else all that is in scope."""
    first = min(a for a, _ in scope.everywhere) if start is None else month("start", start)
    last = max(b for _, b in scope.everywhere) if end is None else month("end", end)
    if first > last:
        todo = "give both, or one within the record" if start is None or end is None else "exchange them"
        raise ValueError(f"region_month_panel: start={label(first)!r} lies after end={label(last)!r}; {todo}.")
    return first, last
