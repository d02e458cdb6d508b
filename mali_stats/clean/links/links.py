"""Link the events of two records of one war: ``match_events``.

After Donnay, Dunford, McGrath, Backer & Cunningham (2019), Integrating conflict event data, Journal of Conflict
Resolution 63(5): candidates within windows of time and distance, agreement on taxonomies of actors and types,
one-to-one. Here the windows are widened by what each record says of its own precision, the assignment is the best
one as a whole, and what is too coarse to be assigned is shown for review and never decided.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from mali_stats.clean.links.link_assignment import assigned
from mali_stats.clean.links.link_candidates import candidates
from mali_stats.clean.links.link_costs import costs, same_report, why
from mali_stats.clean.links.link_records import Records, records
from mali_stats.clean.links.matches import COARSE, Matches

#: a pair that costs more is never made; at 0.4 precision and recall of planted matches are about even (0.98 in the
#: moderate scenario over ten countries, ``benchmarks/match_events.py``; in the made-up Mali alone, whose places lie
#: closer together, precision is 0.96 and recall 0.98: 2,000 events, seeds 200 to 229)
MAX_COST = 0.4
#: another candidate that costs at most this much more than the pair is its rival
RIVAL = 0.05
PAIRS = ("id_a", "id_b", "days", "km", "cost", "why")


def match_events(
    a: pd.DataFrame,
    b: pd.DataFrame,
    *,
    days: float = 2,
    km: float = 25,
    max_cost: float | None = None,
    taxonomy: pd.DataFrame | None = None,
) -> Matches:
    """Link the events of two sources one to one, or find candidates for one event twice inside a source.

    Two records are candidates where the days between them and the great-circle distance lie within the windows,
    each widened by what both records may be off by their precision (``seeds/link_windows.csv``; days that a record
    itself spans are taken off). Of the candidates no coarser than a week and a district, those pairs are made that
    together lie farthest below ``max_cost``. Coarser records, and single events beside episodes (records that last
    longer than their precision accounts for), are never assigned: their candidates stand in ``.review``.

    Parameters
    ----------
    a, b : pandas.DataFrame
        one source each, with source, event_id, date_start, date_end, latitude and longitude; date_precision and
        geo_precision (text or categories), country, admin1, admin1_name, family_a, family_b, type_of_violence and
        deaths_best are used where present. The same table twice looks inside one source.
    days, km : float
        the windows for records without any slack of their own.
    max_cost : float, optional
        pairs that cost more are never made; 0.4 by default. The cost is the weighted mean of the parts that both
        records tell: days and km as shares of their windows, families of actors (each weight 1), type and size
        (each 1/2); see ``mali_stats.clean.links.link_costs``.
    taxonomy : pandas.DataFrame, optional
        what stands for what in the types of the two sources: columns source, column, value, and one or more of levels
        from fine to coarse. By default ``type_of_violence`` is compared.

    Returns
    -------
    Matches
        with ``.pairs``, ``.only_a``, ``.only_b``, ``.review``, ``.overlap()``, ``.union()``, ``.tidy()``, ``.notes``.
        The order of rows and of the two arguments does not matter. ``why`` also names rivals: other candidates of
        the two records that cost at most 0.05 more. Where many like events fall on one day and place, many pairs
        have some, and the pairs are less sure than their number.

    Raises
    ------
    TypeError
        where a or b is no frame.
    ValueError
        for missing columns, several sources in one table, unknown precisions, windows below 0, or two tables of one
        source that are not the same.

    Examples
    --------
    >>> from mali_stats import synthetic
    >>> made = synthetic.two_records(300, scenario="easy")
    >>> matches = match_events(made.table("ucdp_ged"), made.table("acled"))
    >>> matches
    Matches of ucdp_ged (276) and acled (264): 243 pairs, 33 and 21 in one only; 0 candidates to review
    >>> matches.overlap()
    {'11': 243, '10': 33, '01': 21}
    >>> matches.pairs["why"].iloc[-1]
    '2 days apart; 2 km; same sides; same type; 40 and 40 dead'
    """
    _check(days, km, max_cost, taxonomy)
    notes: list[str] = []
    one = records(a, "a", notes)
    other = one if b is a else records(b, "b", notes)
    itself = _same(one, other)
    cap = MAX_COST if max_cost is None else float(max_cost)
    found = costs(one, other, candidates(one, other, days, km, itself), taxonomy, itself)
    found["why"] = pd.Series(why(one, other, found), dtype="str")
    pairs, review = _inside(one, found, cap) if itself else _between(one, other, found, cap)
    fine = [pd.Series(side.fine, index=side.frame["event_id"]) for side in (one, other)]
    notes += _notes(one, other, pairs, itself)
    tables = (_shown(one, other, pairs), _shown(one, other, review))
    matches = Matches(one.frame, other.frame, *tables, *fine, inside=itself, notes=notes)
    return matches if itself else replace(matches, notes=[*notes, matches.undecided()])


def _check(days, km, max_cost, taxonomy) -> None:
    for name, value in (("days", days), ("km", km), ("max_cost", MAX_COST if max_cost is None else max_cost)):
        if isinstance(value, bool) or not isinstance(value, int | float | np.number) or not 0 <= value < np.inf:
            raise ValueError(f"match_events: {name}={value!r}; give a number of 0 or more.")
    if taxonomy is None:
        return
    if not isinstance(taxonomy, pd.DataFrame):
        raise TypeError(
            f"match_events: taxonomy is of type {type(taxonomy).__name__}; a table with source, column, value and "
            "levels is wanted, or None."
        )
    lost = [c for c in ("source", "column", "value") if c not in taxonomy]
    if lost or taxonomy.shape[1] < 4:
        raise ValueError(
            f"match_events: the taxonomy has the columns {', '.join(map(str, taxonomy))}; it needs source, column, "
            "value and at least one level, from fine to coarse."
        )


def _same(one: Records, other: Records) -> bool:
    """Whether both tables are one and the same; two different tables of one source are refused."""
    if one.source != other.source or not len(one) or not len(other):
        return False
    if list(one.frame) == list(other.frame) and one.frame.equals(other.frame):
        return True
    raise ValueError(
        f"match_events: both tables are of {one.source}, but not the same. To find one event under two ids give the "
        "same table twice; two releases of one source are compared by event_id, not linked."
    )


def _between(one: Records, other: Records, found: pd.DataFrame, cap: float) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Pairs of two sources, and what is left to review."""
    i, j = found["i"].to_numpy(), found["j"].to_numpy()
    reason = np.select(
        [~one.fine[i] | ~other.fine[j], one.episode[i] != other.episode[j]],
        [COARSE, "one day of an episode"], "",
    )  # fmt: skip
    low = (found["cost"] <= cap).to_numpy()
    open_ = low & (reason == "")
    taken = np.zeros(len(found), dtype=bool)
    taken[open_] = assigned(i[open_], j[open_], found["cost"].to_numpy()[open_], cap, _ties(one, other, i, j)[open_])
    free = [np.isin(at, at[taken], invert=True) for at in (i, j)]
    several = [(side.end > side.start)[at] for side, at in ((one, i), (other, j))]
    beside = open_ & ((several[0] & ~free[0] & free[1]) | (several[1] & ~free[1] & free[0]))
    reason = np.where(beside, "within the days of a record that is paired", reason)
    review = found[low & (reason != "")].assign(reason=reason[low & (reason != "")])
    rivals = _rivals(i, j, found["cost"].to_numpy(), taken, open_)
    words = ["; a rival" if n == 1 else f"; {n} rivals" if n else "" for n in rivals]
    pairs = found[taken]
    return pairs.assign(why=pairs["why"] + pd.Series(words, index=pairs.index, dtype="str")), review


def _rivals(i: np.ndarray, j: np.ndarray, cost: np.ndarray, taken: np.ndarray, open_: np.ndarray) -> np.ndarray:
    """For each pair how many other candidates of its two records would have cost about as little."""
    rivals = np.zeros(taken.sum(), dtype=int)
    left = np.flatnonzero(open_ & ~taken)
    for at in (i, j):
        pair_of = np.full(at.max(initial=0) + 1, -1)
        pair_of[at[taken]] = np.arange(taken.sum())
        pair = pair_of[at[left]]
        near = (pair >= 0) & (cost[left] <= cost[taken][pair] + RIVAL) if taken.any() else np.zeros(len(left), bool)
        rivals += np.bincount(pair[near], minlength=len(rivals))
    return rivals


def _inside(one: Records, found: pd.DataFrame, cap: float) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Candidates for one event under two ids, and parts of one report that are explained by it."""
    i, j = found["i"].to_numpy(), found["j"].to_numpy()
    best = one.number("deaths_best")
    shared = same_report(one, one, i, j)
    alike = (found["days"] == 0) & (found["km"] == 0) & (found["family"] == 0) & (best[i] == best[j])
    found["why"] += np.where(shared, "; parts of one report", "")
    low = found["cost"] <= cap
    reason = np.where(shared & ~alike, "split report: one report over several places", "")
    coarse = ~(one.fine[i] & one.fine[j])
    reason = np.where((reason == "") & coarse & ~alike, "too coarse to tell", reason)
    aside = low & (reason != "")
    return found[low & (reason == "")], found[aside].assign(reason=reason[aside])


def _ties(one: Records, other: Records, i: np.ndarray, j: np.ndarray) -> np.ndarray:
    """A number in [0, 1) for each pair, by both ids and not by their order (a 64-bit mix of the two hashes)."""
    mixed = one.hashed[i] + other.hashed[j]
    mixed = (mixed ^ (mixed >> np.uint64(31))) * np.uint64(0x9E3779B97F4A7C15)
    return (mixed >> np.uint64(11)) / float(1 << 53)


def _shown(one: Records, other: Records, found: pd.DataFrame) -> pd.DataFrame:
    table = found.assign(id_a=one.ids[found["i"]], id_b=other.ids[found["j"]])
    columns = [*PAIRS, *(["reason"] if "reason" in found else [])]
    table = table.astype({"id_a": "str", "id_b": "str", "why": "str"})
    return table.sort_values(["cost", "id_a", "id_b"], ignore_index=True)[columns]


def _notes(one: Records, other: Records, pairs: pd.DataFrame, itself: bool) -> list[str]:
    notes = []
    for name, side in (("a", one),) if itself else (("a", one), ("b", other)):
        lost = int((~side.located).sum())
        if lost:
            notes.append(f"{name}: {lost:,} records without coordinates, or with impossible ones, have no candidates.")
        coarse = int((side.located & ~side.fine).sum())
        if coarse:
            notes.append(f"{name}: {coarse:,} records are coarser than a week or a district and are not assigned.")
    if itself:
        return [*notes, "These are candidates, the likeliest first: two events of one day and place are found too."]
    rivals = int(pairs["why"].str.contains("rival").sum())
    if rivals:
        notes.append(
            f"{rivals:,} of {len(pairs):,} pairs have rivals: other candidates cost at most {RIVAL} more, so that "
            "which record is of which event is less sure."
        )
    if not {"family_a"} <= set(one.frame) & set(other.frame):
        notes.append("Not both tables have family_a and family_b: sides were not compared.")
    return [
        *notes,
        "In both is not confirmed by both: two sources often rest on the same report.",
        "In one only may be out of the other's definition: compare like with like (deadly events, the same types).",
    ]
