"""One made-up war, two records of it, and which record is of which event."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from mali_stats.schema import DATE_PRECISION, GEO_PRECISION
from mali_stats.synthetic.records import recorded
from mali_stats.synthetic.war import FAMILIES, SCENARIOS, Scenario, countries, happened, places

SOURCES = ("ucdp_ged", "acled")
_LEVELS = {
    "ucdp_ged": (DATE_PRECISION, GEO_PRECISION),
    "acled": (("day", "week", "month"), ("exact", "near", "admin1")),
}


@dataclass(frozen=True)
class TwoRecords:
    """What happened (``truth``) and what two publishers say of it (``rows``: source -> frame of records).

    ``states`` are the countries. Every record knows its event (``truth_id``) and how it was made (``made``: plain,
    split or duplicate); in the files that are written of it nothing tells.
    """

    scenario: Scenario
    states: pd.DataFrame
    truth: pd.DataFrame
    rows: dict[str, pd.DataFrame]

    def ids(self) -> pd.DataFrame:
        """Which record is of which event: source, event_id, truth_id, made."""
        parts = [self._ids(source) for source in SOURCES]
        return pd.concat(parts, ignore_index=True)

    def _ids(self, source: str) -> pd.DataFrame:
        rows = self.rows[source]
        return rows[["source", "truth_id", "made"]].assign(event_id=self.event_ids(source))

    def event_ids(self, source: str) -> np.ndarray:
        """The ids that a publisher gives its records: numbers for one, ISO3 and a number for the other."""
        number = self.rows[source]["number"]
        if source == "ucdp_ged":
            return (9_000_000 + number).astype(str).to_numpy()
        country = pd.Series(self.states["iso3"].to_numpy()[self.rows[source]["country"]], index=number.index)
        return (country + number.astype(str)).to_numpy()

    def table(self, source: str) -> pd.DataFrame:
        """The columns of a publisher's records that linking uses; precisions are plain text."""
        rows = self.rows[source]
        dates, points = (np.array(levels, dtype=object) for levels in _LEVELS[source])
        family = np.array(FAMILIES, dtype=object)
        return pd.DataFrame({
            "source": source, "event_id": self.event_ids(source),
            "country": self.states["iso3"].to_numpy()[rows["country"]],
            "date_start": rows["date_start"].astype("datetime64[us]"),
            "date_end": rows["date_end"].astype("datetime64[us]"), "date_precision": dates[rows["date_prec"] - 1],
            "admin1_name": rows["adm_1"].mask(rows["adm_1"] == ""), "latitude": rows["latitude"],
            "longitude": rows["longitude"], "geo_precision": points[rows["where_prec"] - 1],
            "type_of_violence": rows["type_of_violence"], "family_a": family[rows["side_a"]],
            "family_b": family[rows["side_b"]], "deaths_best": rows["best"].astype("Int64"),
        })  # fmt: skip

    def fine(self, source: str) -> np.ndarray:
        """Which records are no coarser than a week and a district, and so may be assigned."""
        rows = self.rows[source]
        levels = _LEVELS[source]
        day = np.isin(np.array(levels[0])[rows["date_prec"] - 1], ("day", "days", "week"))
        return day & np.isin(np.array(levels[1])[rows["where_prec"] - 1], ("exact", "near", "admin2"))

    def score(self, pairs: pd.DataFrame) -> dict[str, int]:
        """How many pairs there are, how many join two records of one event, and how many events could be found.

        ``pairs`` has id_a (of ucdp_ged) and id_b (of acled), or the other way round. An event could be found where
        both publishers have a record of it that is no coarser than a week and a district.
        """
        of = {s: dict(zip(self.event_ids(s), self.rows[s]["truth_id"], strict=True)) for s in SOURCES}
        both = of["ucdp_ged"] | of["acled"]
        one, other = (pairs[c].map(both).to_numpy() for c in ("id_a", "id_b"))
        findable = np.intersect1d(*[self.rows[s]["truth_id"][self.fine(s)] for s in SOURCES])
        right = one[one == other]
        return {"pairs": len(pairs), "right": len(right), "events": len(np.unique(right)), "findable": len(findable)}


def two_records(n: int = 300, *, scenario: str | Scenario = "moderate", states: int = 1, seed: int = 0) -> TwoRecords:
    """Make a war of ``n`` events over twelve years (2012 to 2023), and what two publishers record of it.

    ============================================  ====  ========  ====
    errors of each record                         easy  moderate  hard
    ============================================  ====  ========  ====
    probability of being recorded                 0.9   0.75      0.6
    dated a day off (a quarter of them two)       4 %   15 %      40 %
    error of an exact place, mean km              2     5         12
    counts rounded, or off by up to half          10 %  40 %      70 %
    another first side, with it another type      0 %   5 %       20 %
    precisions coarse as in UCDP's Mali record    no    yes       yes
    events within 3 days and 15 km of another     0 %   5 %       25 %
    events of several days                        0 %   2 %       5 %
    reports split over two places                 0 %   2 %       6 %
    records given twice                           0 %   0.5 %     2 %
    ============================================  ====  ========  ====

    Parameters
    ----------
    n : int
        how many events happened.
    scenario : str or Scenario
        "easy", "moderate" or "hard", or errors of your own.
    states : int
        in how many countries; the first is Mali with the names of its regions. At most 50.
    seed : int
        the same seed gives the same records.

    Examples
    --------
    >>> made = two_records(300, scenario="moderate")
    >>> {source: len(rows) for source, rows in made.rows.items()}
    {'ucdp_ged': 229, 'acled': 242}
    >>> made.ids().groupby(["source", "made"]).size().to_dict()
    {('acled', 'plain'): 234, ('acled', 'split'): 8, ('ucdp_ged', 'plain'): 217, ('ucdp_ged', 'split'): 12}
    """
    if not 1 <= states <= 50:
        raise ValueError(f"two_records: states={states}; give 1 to 50.")
    if isinstance(scenario, str):
        if scenario not in SCENARIOS:
            raise ValueError(f"two_records: scenario={scenario!r} is not known; use one of {', '.join(SCENARIOS)}.")
        scenario = SCENARIOS[scenario]
    random = np.random.default_rng(seed)
    known = countries(states)
    where = places(known, random)
    truth = happened(n, known, where, scenario, random)
    rows = {source: recorded(truth, where, scenario, source, random) for source in SOURCES}
    return TwoRecords(scenario, known, truth, rows)
