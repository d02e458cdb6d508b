"""A made-up war as it happened: where, when, between whom, how many dead. Two publishers record it elsewhere.

Nothing here is a figure of the world: countries lend their names and codes, and Mali the names of its regions, so
that the readers have something to look up. Groups are called Group A to Group C.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from mali_stats import catalog

KM = 111.195  # a degree of a great circle, on a sphere of radius 6,371 km
DAYS = 12 * 365 + 3
FIRST = np.datetime64("2012-01-01")
#: actors of every country: the government, two rebel groups, a militia, civilians
FAMILIES = ("government", "group a", "group b", "militia", "civilians")
#: (first side, other side, type of violence) and how often
_PAIRS = (
    (0, 1, "state-based", 0.28), (0, 2, "state-based", 0.14), (1, 2, "non-state", 0.08), (1, 3, "non-state", 0.10),
    (1, 4, "one-sided", 0.22), (3, 4, "one-sided", 0.12), (0, 4, "one-sided", 0.06),
)  # fmt: skip
_REGIONS, _DISTRICTS, _PLACES = 6, 5, 6  # regions of a country, districts of a region, places of a district


@dataclass(frozen=True)
class Scenario:
    """How two publishers differ from what happened, and from each other; one set of numbers for both.

    ``seen`` is the probability that a publisher records an event, independently of the other one.
    """

    name: str
    seen: float
    shifted: float  #: share of events dated a day off, either way; a quarter of them two days off
    km: float  #: mean of the (exponential) error of an exact place
    counts: float  #: share of counts that differ: rounded, or off by up to half
    wrong_sides: float  #: share of records that name another first side, and with it perhaps another type
    coarse: float  #: 1 draws the precisions in the proportions of UCDP's Mali record, 0 makes all exact days and places
    again: float  #: share of events that follow another one within three days and 15 km
    several_days: float  #: share of events that last two to four days
    split: float  #: share of records given as two, at two places
    duplicate: float  #: share of records given twice under two ids


SCENARIOS = {
    s.name: s
    for s in (
        Scenario("easy", seen=0.9, shifted=0.04, km=2.0, counts=0.1, wrong_sides=0.0, coarse=0.0, again=0.0,
                 several_days=0.0, split=0.0, duplicate=0.0),
        Scenario("moderate", seen=0.75, shifted=0.15, km=5.0, counts=0.4, wrong_sides=0.05, coarse=1.0, again=0.05,
                 several_days=0.02, split=0.02, duplicate=0.005),
        Scenario("hard", seen=0.6, shifted=0.4, km=12.0, counts=0.7, wrong_sides=0.2, coarse=1.0, again=0.25,
                 several_days=0.05, split=0.06, duplicate=0.02),
    )
}  # fmt: skip


def countries(n: int) -> pd.DataFrame:
    """``n`` countries by ISO3, the first of them Mali: their names and numbers are real, their places are not."""
    known = catalog.seed("countries").drop_duplicates("iso3")
    known = known[known["iso_numeric"].notna()].astype({"gw": int})
    known = known.iloc[np.lexsort((known["gw"], ~known["gw"].between(400, 626), known["iso3"] != "MLI"))]
    return known.head(n).reset_index(drop=True)


def places(states: pd.DataFrame, random: np.random.Generator) -> pd.DataFrame:
    """Every place of every country: its point, and the middle and names of its district, region and country."""
    index = pd.MultiIndex.from_product([range(len(states)), range(_REGIONS), range(_DISTRICTS), range(_PLACES)])
    c, r, d, _ = (index.get_level_values(i).to_numpy() for i in range(4))
    mali = c == 0
    centre = np.column_stack(
        [-28 + 15.0 * (np.arange(len(states)) // 10 % 5), -110 + 25.0 * (np.arange(len(states)) % 10)]
    )
    angle = 2 * np.pi * np.arange(_REGIONS) / _REGIONS
    regions = centre[:, None] + 2.6 * np.stack([np.sin(angle), np.cos(angle)], axis=1)[None]
    names, middle, districts = _mali()
    centre[0], regions[0] = (17.0, -2.0), middle
    spread = np.where(np.arange(len(states)) == 0, 0.3, 1.0)[:, None, None, None]
    towns = regions[:, :, None] + spread * random.uniform(-0.9, 0.9, (len(states), _REGIONS, _DISTRICTS, 2))
    points = towns[c, r, d] + spread[c, 0, 0] * random.uniform(-0.3, 0.3, (len(index), 2))
    table = pd.DataFrame({"country": c, "region": r, "district": d})
    for name, value in (("place", points), ("town", towns[c, r, d]), ("middle", regions[c, r]), ("centre", centre[c])):
        table[[f"{name}_lat", f"{name}_lon"]] = value
    table["adm_1"] = np.where(mali, names[r], "Region " + pd.Series(r + 1).astype(str))
    table["adm_2"] = np.where(
        mali, districts[r, d % districts.shape[1]], "District " + pd.Series(5 * r + d + 1).astype(str)
    )
    return table


def _mali() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Six regions of Mali: names, the mean of their outline, and three of their cercles."""
    outlines = catalog.seed("places/MLI/outlines").astype({"latitude": float, "longitude": float})
    middle = outlines.groupby("region")[["latitude", "longitude"]].mean()
    names = catalog.seed("places/MLI/regions").query("frame == 'ocha10'").set_index("region")["region_name"]
    codes = np.array(["ML04", "ML05", "ML06", "ML07", "ML08", "ML10"])
    rows = catalog.seed("places/MLI/districts")
    districts = np.array([rows.loc[rows["admin1"] == code, "admin2_name"].iloc[:3] for code in codes])
    return names[codes].to_numpy(), middle.loc[codes].to_numpy(), districts


def happened(n: int, states: pd.DataFrame, where: pd.DataFrame, scenario: Scenario, random) -> pd.DataFrame:
    """``n`` events: first day, how many days, point, place, sides, type and dead."""
    a_place = len(where) // len(states)
    weights = 1 / (1 + np.arange(a_place)) ** 0.6  # some places see much, most see little
    place = (
        random.choice(a_place, n, p=weights / weights.sum()) * 7 % a_place
        + random.integers(len(states), size=n) * a_place
    )
    day = random.integers(0, DAYS, n)
    at = where[["place_lat", "place_lon"]].to_numpy()[place] + km_apart(
        random, n, 4.0, where["place_lat"].to_numpy()[place]
    )
    follows = np.flatnonzero(random.random(n) < scenario.again)
    model = random.integers(0, n, len(follows))
    place[follows], day[follows] = place[model], np.clip(day[model] + random.integers(0, 4, len(follows)), 0, DAYS - 1)
    at[follows] = at[model] + km_apart(random, len(follows), 6.0, at[model, 0])
    kind = random.choice(len(_PAIRS), n, p=[p[3] for p in _PAIRS])
    one, other, types = (np.array([p[i] for p in _PAIRS], dtype=object)[kind] for i in range(3))
    lasts = np.where(random.random(n) < scenario.several_days, random.integers(2, 5, n), 1)
    deaths = np.minimum(np.ceil(random.lognormal(0.9, 1.1, n)), 400).astype(int)
    return pd.DataFrame({
        "truth_id": np.arange(n), "country": where["country"].to_numpy()[place], "place": place, "day": day,
        "lasts": lasts,
        "latitude": at[:, 0], "longitude": at[:, 1], "side_a": one.astype(int), "side_b": other.astype(int),
        "type_of_violence": types, "deaths": deaths,
    })  # fmt: skip


def km_apart(random: np.random.Generator, n: int, mean: float, latitude: np.ndarray) -> np.ndarray:
    """Steps in degrees (latitude, longitude): exponential length of ``mean`` km, any direction; shape (n, 2)."""
    length, angle = random.exponential(mean, n) / KM, random.uniform(0, 2 * np.pi, n)
    return np.column_stack([length * np.sin(angle), length * np.cos(angle) / np.cos(np.radians(latitude))])
