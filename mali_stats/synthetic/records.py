"""What two publishers make of a made-up war: records with errors, each knowing which event it is of."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mali_stats.synthetic.war import FIRST, KM, Scenario, km_apart

#: how often UCDP's Mali record of 1990-2023 has each precision of date (1-5) and of place (1-6)
DATES = np.array([1643, 335, 17, 105, 20])
PLACES = np.array([818, 796, 184, 75, 230, 17])
_YEAR = np.timedelta64(1, "Y")


def recorded(events: pd.DataFrame, where: pd.DataFrame, scenario: Scenario, source: str, random) -> pd.DataFrame:
    """One publisher's records, in random order: ``truth_id``, ``made`` (plain, split, duplicate), and what it says.

    ``source`` is "ucdp_ged" (a period, five precisions of date, six of place, three counts) or "acled" (a day, three
    precisions of each, one count; an event of several days is one record a day).
    """
    ucdp = source == "ucdp_ged"
    rows = events[random.random(len(events)) < scenario.seen].reset_index(drop=True)
    if not ucdp:
        rows = rows.loc[rows.index.repeat(rows["lasts"])].reset_index(drop=True)
        rows["day"] += rows.groupby("truth_id").cumcount()
        rows["lasts"] = 1
    rows["made"], rows["part"] = "plain", 0
    rows = _split(rows, scenario, random)
    twice = rows[(random.random(len(rows)) < scenario.duplicate) & (rows["made"] == "plain")]
    _when(rows, scenario, ucdp, random)
    _where(rows, where, scenario, ucdp, random)
    _whom(rows, scenario, random)
    _how_many(rows, scenario, ucdp, random)
    rows = pd.concat([rows, rows.loc[twice.index].assign(made="duplicate")])
    rows = rows.iloc[random.permutation(len(rows))].reset_index(drop=True)
    rows["number"] = 1001 + np.arange(len(rows))
    return rows.assign(source=source)


def _split(rows: pd.DataFrame, scenario: Scenario, random) -> pd.DataFrame:
    """Give some records as two, at two places some 12 km apart, with the dead shared out."""
    chosen = np.flatnonzero((random.random(len(rows)) < scenario.split) & (rows["deaths"] > 1) & (rows["lasts"] == 1))
    second = rows.iloc[chosen].assign(made="split", part=2)
    rows.loc[chosen, "made"], rows.loc[chosen, "part"] = "split", 1
    second["deaths"] = second["deaths"] // 2
    rows.loc[chosen, "deaths"] -= second["deaths"].to_numpy()
    second[["latitude", "longitude"]] += km_apart(random, len(second), 12.0, second["latitude"].to_numpy())
    return pd.concat([rows, second], ignore_index=True)


def _when(rows: pd.DataFrame, scenario: Scenario, ucdp: bool, random) -> None:
    n = len(rows)
    off = random.choice([-1, 1], n) * np.where(random.random(n) < 0.25, 2, 1) * (random.random(n) < scenario.shifted)
    day = FIRST + (rows["day"].to_numpy() + off).astype("timedelta64[D]")
    code = random.choice(5, n, p=DATES / DATES.sum()) * (random.random(n) < scenario.coarse)
    code = np.where((rows["lasts"] > 1) & (code == 0), 1, code)
    if not ucdp:
        code = np.array([0, 1, 1, 2, 2])[code]
    first, last = _period(day, rows["lasts"].to_numpy(), code, random) if ucdp else _middle(day, code, random)
    rows["date_start"], rows["date_end"], rows["date_prec"] = first, last, code + 1


def _period(day: np.ndarray, lasts: np.ndarray, code: np.ndarray, random) -> tuple[np.ndarray, np.ndarray]:
    """The first and last day that the event lies between, by UCDP's precision."""
    one = np.timedelta64(1, "D")
    span = np.where(code == 1, np.maximum(lasts, random.integers(2, 6, len(day))), np.where(code == 2, 7, lasts))
    first = day - np.where((code > 0), random.integers(0, 1 + np.maximum(span - lasts, 0)), 0) * one
    last = first + (span - 1) * one
    month, year = day.astype("datetime64[M]"), day.astype("datetime64[Y]")
    first = np.where(code == 3, month.astype("datetime64[D]"), np.where(code == 4, year.astype("datetime64[D]"), first))
    last = np.where(code == 3, (month + 1).astype("datetime64[D]") - one, last)
    return first, np.where(code == 4, (year + _YEAR).astype("datetime64[D]") - one, last)


def _middle(day: np.ndarray, code: np.ndarray, random) -> tuple[np.ndarray, np.ndarray]:
    """The day, or the middle of its week or month, as ACLED gives it."""
    near = day + random.integers(-3, 4, len(day)) * (code == 1)
    shown = np.where(code == 2, day.astype("datetime64[M]").astype("datetime64[D]") + 14, near)
    return shown, shown


def _where(rows: pd.DataFrame, where: pd.DataFrame, scenario: Scenario, ucdp: bool, random) -> None:
    n, place = len(rows), rows["place"].to_numpy()
    at = rows[["latitude", "longitude"]].to_numpy()
    known = {
        name: where[[f"{name}_lat", f"{name}_lon"]].to_numpy()[place] for name in ("place", "town", "middle", "centre")
    }
    exact = at + km_apart(random, n, scenario.km, at[:, 0])
    fuzzy = at + km_apart(random, n, 20.0, at[:, 0])
    # "near" is the known place nearby, where the event lies within some 25 km of it; else its own point, roughly
    off = (
        np.hypot(at[:, 0] - known["place"][:, 0], (at[:, 1] - known["place"][:, 1]) * np.cos(np.radians(at[:, 0]))) * KM
    )
    near = np.where(off[:, None] <= 25, known["place"], at + km_apart(random, n, 10.0, at[:, 0]))
    code = random.choice(6, n, p=PLACES / PLACES.sum()) * (random.random(n) < scenario.coarse)
    levels = [exact, near, known["town"], known["middle"], fuzzy, known["centre"]]
    if not ucdp:
        code = np.array([0, 1, 1, 2, 2, 2])[code]
        levels = [exact, near, known["middle"]]
    rows[["latitude", "longitude"]] = np.stack(levels)[code, np.arange(n)].round(4)
    rows["where_prec"] = code + 1
    for column in ("adm_1", "adm_2"):
        coarse = code >= (3 if column == "adm_2" and ucdp else 2 if column == "adm_2" else 5)
        rows[column] = where[column].to_numpy()[place]
        rows.loc[coarse, column] = ""


def _whom(rows: pd.DataFrame, scenario: Scenario, random) -> None:
    """Name another first side in some records: what a clash was for one is an attack on civilians for the other."""
    wrong = np.flatnonzero(random.random(len(rows)) < scenario.wrong_sides)
    side = random.integers(0, 4, len(wrong))
    other = rows["side_b"].to_numpy()[wrong]
    side = np.where(side == other, (side + 1) % 4, side)
    rows.loc[wrong, "side_a"] = side
    rows.loc[wrong, "type_of_violence"] = np.where(
        other == 4, "one-sided", np.where((side == 0) | (other == 0), "state-based", "non-state")
    )


def _how_many(rows: pd.DataFrame, scenario: Scenario, ucdp: bool, random) -> None:
    """Round or shift some counts; ACLED's 10, 12 and 100 stand for vague words."""
    best, n = rows["deaths"].to_numpy(), len(rows)
    off = np.maximum(np.rint(best * random.uniform(0.5, 1.5, n)), 0).astype(int)
    rounded = np.where(best >= 50, 100, np.where(best >= 20, 12, np.where(best >= 8, 10, best)))
    rounded = np.where(best >= 8, np.rint(best / 5).astype(int) * 5, best) if ucdp else rounded
    draw = random.random(n)
    best = np.where(draw < scenario.counts / 2, off, np.where(draw < scenario.counts, rounded, best))
    rows["best"] = best
    rows["low"] = np.where(random.random(n) < 0.3, best - best // 4, best)
    rows["high"] = np.where(random.random(n) < 0.3, best + best // 3 + 1, best)
