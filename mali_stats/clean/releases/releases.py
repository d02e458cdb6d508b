"""What changed from one release of a record to the next: ``compare_releases``, and the account of it."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

import pandas as pd

from mali_stats.clean.releases.release_changes import account, changes, moved, remarks, renamed
from mali_stats.clean.releases.release_tables import TOTALS, paired

_SHOWN = 6


@dataclass(frozen=True, repr=False, eq=False)
class ReleaseDiff:
    """What one release has and the other has not, and what it says differently.

    Attributes
    ----------
    title : str
        The source, and how far the two records reach.
    account : DataFrame
        Indexed old, removed, changed, added, added later, new; events or country_years, deaths_low, deaths_best,
        deaths_high (people). The first five lines add up to the last.
    added, removed : DataFrame
        Rows as they were given; in `added`, ``later`` is True for those after the old record's last day (or year).
    renamed : DataFrame
        what ("side" or "dyad"), id, old, new, rows: names that differ though the id is the same; several names of
        one id are joined by " / ".
    moved : DataFrame
        New less old, where not all 0: events and deaths by country, region (admin1; its name where it has no code),
        month of the last day, and ``later`` as in `added`; of country-years, by country, year and ``later``.
    changes : DataFrame
        What ``tidy`` gives.
    notes : list of str
        What was left out, or may be mistaken.
    """

    title: str
    account: pd.DataFrame
    added: pd.DataFrame
    removed: pd.DataFrame
    renamed: pd.DataFrame
    moved: pd.DataFrame
    changes: pd.DataFrame
    notes: list[str]

    @property
    def identical(self) -> bool:
        """Whether the two releases say the same."""
        return self.changes.empty

    def tidy(self) -> pd.DataFrame:
        """One row a value that differs.

        Returns
        -------
        DataFrame
            change ("added", "added later", "removed", "changed", "renamed"), the row's key, column, old and new
            (text), difference (of counts). A row that only one release has stands there with each of its counts, an
            event also with ``events``, so that the differences of a column add up to new less old; a missing count is
            0 in a difference.
        """
        return self.changes.copy()

    def check(self) -> ReleaseDiff:
        """Return the diff, or raise ``AssertionError`` where old and the changes do not add up to new."""
        lines = self.account.drop(index="new").sum() - self.account.loc["new"]
        cells = self.moved[list(TOTALS)].sum() - (self.account.loc["new"] - self.account.loc["old"])[list(TOTALS)]
        off = {f"{name} {n:+d}" for part in (lines, cells) for name, n in part.items() if n}
        if off:
            raise AssertionError(
                f"The account of two releases does not add up: {', '.join(sorted(off))}. This is a fault of "
                "mali_stats, not of the tables: please report it with the account."
            )
        return self

    def __repr__(self):
        return "\n".join([f"ReleaseDiff of {self.title}", self._shown().to_string(), *self._lines()])

    def _repr_html_(self):
        lines = "".join(f"<p>{escape(line)}</p>" for line in self._lines())
        return f"<p>{escape(self.title)}</p>" + self._shown().to_html(border=0) + lines

    def _shown(self) -> pd.DataFrame:
        table = self.account.loc[["new"]] if self.identical else self.account
        return table.rename(columns=lambda c: c.removeprefix("deaths_")).map("{:,}".format)

    def _lines(self) -> list[str]:
        """The report under the account: what differs most, then the notes."""
        if self.identical:
            return ["No difference: both releases say the same.", *self.notes]
        inside = self.changes[self.changes["change"].isin(["changed", "renamed"])]
        cells = self.moved[~self.moved["later"]]
        order = cells["deaths_best"].abs().sort_values(ascending=False, kind="stable").index
        parts = {
            "values that differ": [f"{name} {n:,}" for name, n in inside["column"].value_counts().items()],
            "renamed": [f"{r.old} -> {r.new} ({r.what} {r.id}, rows {r.rows:,})" for r in self.renamed.itertuples()],
            "deaths moved within the old record, low/best/high": [_cell(row) for _, row in cells.loc[order].iterrows()],
        }
        return [*(f"{head}: {_some(items)}" for head, items in parts.items() if items), *self.notes]


def _cell(row: pd.Series) -> str:
    where = f"{row['region_name']} {row['month']:%Y-%m}" if "month" in row else f"{row['country']} {row['year']}"
    return f"{where} " + "/".join(f"{row[name]:+d}" for name in TOTALS)


def _some(items: list[str]) -> str:
    more = len(items) - _SHOWN
    return "; ".join(items[:_SHOWN]) + (f"; and {more:,} more" if more > 0 else "")


def compare_releases(old: pd.DataFrame, new: pd.DataFrame) -> ReleaseDiff:
    """Tell what a new release of a record adds, takes back, corrects and renames.

    Parameters
    ----------
    old, new : pandas.DataFrame
        two events tables of one source, as ``ms.read_events`` gives, whose rows are paired by event_id; or two
        country-year tables as ``ms.load("country_year")`` (country, year, deaths_low, deaths_best, deaths_high, any
        further sums); or one of each. Events that meet country-years are added up by country and year of their last
        day, years without an event counting 0 from the first published one to the last one with an event; UCDP's
        country-years are taken for the source of events that they meet, unless a column ``source`` says another.

    Returns
    -------
    ReleaseDiff
        prints a short report. ``.tidy()`` has every value that differs; ``.account``, ``.added``, ``.removed``,
        ``.renamed`` and ``.moved`` what they come to; old + added - removed + changes = new, in events and deaths.

    Raises
    ------
    TypeError
        where a release is no frame.
    ValueError
        for two sources, rows of the same id (or country and year), missing ids, days, countries or columns, and
        values that are not of their column's kind.

    Notes
    -----
    Columns that both have are compared, apart from source_version: numbers, dates, texts and categories by their
    value, however they are stored, coordinates to a billionth of a degree. A missing value equals a missing one only;
    an empty text is missing. A side or dyad of the same id and another name is renamed, not changed. Issues and
    families differ too where this library's own rules did. A missing count is 0 in sums.

    Examples
    --------
    UCDP's published totals of version 25.1 against the events of version 24.1, by year, from the shipped tables:

    >>> import mali_stats as ms
    >>> panel = ms.load("region_month")
    >>> panel["year"] = panel["month"].dt.year
    >>> ours = panel.groupby(["country", "year"], as_index=False)[["deaths_low", "deaths_best", "deaths_high"]].sum()
    >>> diff = ms.compare_releases(ours, ms.load("country_year").query("country == 'MLI'"))
    >>> diff.account
                 country_years  deaths_low  deaths_best  deaths_high
    old                     35       15153        15742        20656
    removed                  0           0            0            0
    changed                  0          65           63           59
    added                    0           0            0            0
    added later              1        1783         1901         2644
    new                     36       17001        17706        23359
    >>> diff.tidy().query("change == 'changed' and column == 'deaths_best'")[["year", "old", "new", "difference"]]
        year   old   new  difference
    8   2016   191   198           7
    9   2017   605   612           7
    10  2020  1509  1543          34
    11  2022  3650  3656           6
    12  2023  2109  2118           9
    """
    pair = paired(old, new)
    long = changes(pair)
    later = pair.later
    added, removed = pair.new.values.index.isin(later.index), pair.old.values.index.isin(pair.gone)
    return ReleaseDiff(
        title=f"{pair.source}: {pair.old.label} -> {pair.new.label}".removeprefix(": "),
        account=account(pair, long),
        added=pair.new.given[added].reset_index(drop=True).assign(later=later.to_numpy(dtype=bool)),
        removed=pair.old.given[removed].reset_index(drop=True),
        renamed=renamed(pair),
        moved=moved(pair),
        changes=long,
        notes=[*pair.notes, *remarks(pair)],
    ).check()
