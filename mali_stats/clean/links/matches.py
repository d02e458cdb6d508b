"""What linking two records of one war gives: pairs, what stands alone, what is not decided, overlap and union."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from mali_stats.clean.links.union import united

COARSE = "too coarse to assign"


@dataclass(frozen=True, repr=False)
class Matches:
    """What :func:`mali_stats.match_events` found.

    Attributes
    ----------
    a, b : pandas.DataFrame
        the two tables, ordered by event_id.
    pairs : pandas.DataFrame
        id_a, id_b, days (between the two periods), km (great circle), cost (0 to 1), why; the likeliest first. Between
        two sources no record stands twice. Inside one source these are candidates, and nothing is decided.
    review : pandas.DataFrame
        the same columns and ``reason``: candidates that are not decided.
    fine_a, fine_b : pandas.Series of bool
        by event_id: whether the record is no coarser than a week and a district.
    inside : bool
        whether one source was searched for one event under two ids.
    notes : list of str
        what was assumed, and what the numbers do not say.
    """

    a: pd.DataFrame
    b: pd.DataFrame
    pairs: pd.DataFrame
    review: pd.DataFrame
    fine_a: pd.Series
    fine_b: pd.Series
    inside: bool = False
    notes: list[str] = field(default_factory=list)

    @property
    def sources(self) -> tuple[str, str]:
        """The two sources, in the order of the arguments."""
        first, second = (str(t["source"].iloc[0]) if len(t) else name for t, name in ((self.a, "a"), (self.b, "b")))
        return first, second

    @property
    def only_a(self) -> pd.DataFrame:
        """The rows of a that stand in no pair (coarse ones too: for them nothing is decided)."""
        return self.a[~_among(self.a["event_id"], self._paired("a"))].reset_index(drop=True)

    @property
    def only_b(self) -> pd.DataFrame:
        """The rows of b that stand in no pair."""
        return self.b[~_among(self.b["event_id"], self._paired("b"))].reset_index(drop=True)

    def _paired(self, side: str) -> pd.Series:
        if self.inside:
            return pd.concat([self.pairs["id_a"], self.pairs["id_b"]])
        return self.pairs[f"id_{side}"]

    def overlap(self) -> dict[str, int]:
        """How many events both records have, and each alone: patterns of 0 and 1, a first.

        Records too coarse to be assigned are in none of the counts, as nothing says whether the other has them; nor
        are further days of an episode, which are no events of their own.

        Raises
        ------
        ValueError
            inside one source.
        """
        self._two_sources("overlap")
        counts = {"11": len(self.pairs)}
        further = self.review[self.review["reason"] != COARSE]
        sides = (("10", "id_a", self.only_a, self.fine_a), ("01", "id_b", self.only_b, self.fine_b))
        for pattern, name, rows, fine in sides:
            counts[pattern] = int(np.sum(fine[rows["event_id"]].to_numpy() & ~_among(rows["event_id"], further[name])))
        return counts

    def union(self, prefer: str = "ucdp_ged") -> pd.DataFrame:
        """Both records as one events table: of each pair the row of the source ``prefer``, and all that is in no pair.

        Deaths are those of one row: never added, and never the larger of two. The columns are those that both tables
        have; ``source`` names both, ``event_id`` carries the source, and four columns follow: ``original_source``,
        ``matched_source``, ``matched_id`` (missing where in no pair) and ``unresolved`` (the record has candidates in
        ``review``, and may be counted twice).

        Raises
        ------
        ValueError
            where ``prefer`` is neither source, or inside one source. A table without a row names no source, and is
            taken for that of ``prefer`` where the other is not.
        """
        self._two_sources("union")
        names, rows = list(self.sources), (len(self.a), len(self.b))
        if prefer not in names and not all(rows):
            names[rows.index(0)] = prefer
        if prefer not in names:
            raise ValueError(f"union: prefer={prefer!r} is neither {' nor '.join(names)}; name one of the two.")
        return united(self, tuple(names), prefer)

    def _two_sources(self, name: str) -> None:
        if self.inside:
            raise ValueError(
                f"{name}: these are candidates inside one source, none of them decided. Look at .pairs, take out what "
                "is one event twice, and link the table with another source then."
            )

    def undecided(self) -> str:
        """How many records in no pair have candidates that are not decided, in words."""
        counts = [
            int(_among(rows["event_id"], self.review[name]).sum())
            for rows, name in ((self.only_a, "id_a"), (self.only_b, "id_b"))
        ]
        one, other = self.sources
        return (
            f"{counts[0]:,} records of {one} and {counts[1]:,} of {other} that are in no pair have candidates in "
            ".review, which may be the same events."
        )

    def tidy(self) -> pd.DataFrame:
        """One row a pair or single record: status (both, or the one source), month, id_a, id_b, deaths of each, cost.

        ``deaths_a`` and ``deaths_b`` are the best estimates of the two records; months are those of the first day.
        """
        one, other = (t.set_index("event_id") for t in (self.a, self.b))
        rows = self.pairs[["id_a", "id_b", "cost"]].assign(status="both")
        alone = [("id_a", self.only_a, self.sources[0])]
        alone += [] if self.inside else [("id_b", self.only_b, self.sources[1])]
        singles = [pd.DataFrame({name: table["event_id"], "status": status}) for name, table, status in alone]
        rows = pd.concat([rows, *singles], ignore_index=True)
        starts = [t["date_start"].reindex(rows[c]).reset_index(drop=True) for t, c in ((one, "id_a"), (other, "id_b"))]
        rows["month"] = starts[0].fillna(starts[1]).to_numpy("datetime64[M]").astype("datetime64[us]")
        for side, table in (("a", one), ("b", other)):
            best = table["deaths_best"] if "deaths_best" in table else pd.Series(pd.NA, index=table.index)
            rows[f"deaths_{side}"] = best.reindex(rows[f"id_{side}"]).astype("Int64").array
        rows = rows.sort_values(["month", "id_a", "id_b"], ignore_index=True)
        return rows[["status", "month", "id_a", "id_b", "deaths_a", "deaths_b", "cost"]]

    def __repr__(self) -> str:
        one, other = self.sources
        if self.inside:
            return f"Candidates inside {one}: {len(self.pairs):,} pairs, {len(self.review):,} to review"
        return (
            f"Matches of {one} ({len(self.a):,}) and {other} ({len(self.b):,}): {len(self.pairs):,} pairs, "
            f"{len(self.only_a):,} and {len(self.only_b):,} in one only; {len(self.review):,} candidates to review"
        )


def _among(ids: pd.Series, others: pd.Series) -> np.ndarray:
    known = set(others.tolist())
    return np.fromiter((i in known for i in ids.tolist()), dtype=bool, count=len(ids))
