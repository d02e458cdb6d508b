"""What linking knows of each record: its days, its point, how far it may be off, and what it says besides."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from mali_stats import catalog
from mali_stats.asked import column_of_words
from mali_stats.clean.places import key
from mali_stats.schema import DATE_PRECISION, GEO_PRECISION

#: What the reader says of a point that is nowhere.
OFF_THE_MAP = "coordinates-out-of-range"
REQUIRED = ("source", "event_id", "date_start", "date_end", "latitude", "longitude")


@dataclass(frozen=True)
class Records:
    """One table, ordered by id so that the order of its rows cannot matter; every array has one entry a record.

    ``start`` and ``end`` are days since 1970; ``slack_days`` and ``slack_km`` how far the record may be off beyond its
    own days and point; ``located`` whether it has a point on the globe; ``fine`` whether it has one and is no coarser
    than a week and a district; ``episode`` whether it lasts longer than its precision of date accounts for; ``hashed``
    a number by source and id, which breaks ties.
    """

    frame: pd.DataFrame
    source: str
    start: np.ndarray
    end: np.ndarray
    latitude: np.ndarray
    longitude: np.ndarray
    slack_days: np.ndarray
    slack_km: np.ndarray
    located: np.ndarray
    fine: np.ndarray
    episode: np.ndarray
    hashed: np.ndarray

    def __len__(self) -> int:
        return len(self.frame)

    @property
    def ids(self) -> np.ndarray:
        """The ids, as objects."""
        return self.frame["event_id"].to_numpy(dtype=object)

    def column(self, name: str) -> np.ndarray:
        """A column as objects with None for missing; all None where the table has no such column."""
        if name not in self.frame:
            return np.full(len(self), None, dtype=object)
        values = self.frame[name].astype(object)
        return values.where(values.notna(), None).to_numpy(dtype=object)

    def number(self, name: str) -> np.ndarray:
        """A column as floats, NaN for missing."""
        if name not in self.frame:
            return np.full(len(self), np.nan)
        return pd.to_numeric(self.frame[name]).astype("float64").to_numpy()

    def region(self) -> tuple[np.ndarray, np.ndarray]:
        """The region's code and its name as compared; None where there is none."""
        codes, names = pd.factorize(self.column("admin1_name"))
        keys = np.array([*(key(name) for name in names), None], dtype=object)
        return self.column("admin1"), keys[codes]


def records(table: pd.DataFrame, name: str, notes: list[str]) -> Records:
    """Hold a table to what linking needs; ``name`` is what messages call it, ``notes`` takes what is to be known.

    Raises
    ------
    TypeError, ValueError
        with what is missing or wrong, and what to do.
    """
    frame = _held(table, name)
    days = [pd.to_datetime(frame[c]).to_numpy("datetime64[D]").astype("int64") for c in ("date_start", "date_end")]
    if (days[1] < days[0]).any():
        first = frame["event_id"].iloc[int((days[1] < days[0]).argmax())]
        raise ValueError(
            f"match_events: {name}, event {first}: date_end lies before date_start; ms.check lists all such."
        )
    slack_days, fine_day = _slack(frame, "date", "date_precision", DATE_PRECISION, name, notes)
    slack_km, fine_place = _slack(frame, "place", "geo_precision", GEO_PRECISION, name, notes)
    points = [pd.to_numeric(frame[c]).astype("float64").to_numpy() for c in ("latitude", "longitude")]
    located = (np.abs(points[0]) <= 90) & (np.abs(points[1]) <= 180)  # a missing one compares as False
    span = days[1] - days[0]
    source = str(frame["source"].iloc[0]) if len(frame) else name
    names = (frame["source"].astype(str) + "|" + frame["event_id"]).to_numpy(dtype=object)
    return Records(
        frame, source, *days, *points,
        np.maximum(slack_days - span / 2, 0.0), slack_km, located,
        located & fine_day & fine_place, span > 2 * slack_days, pd.util.hash_array(names),
    )  # fmt: skip


def _held(table: pd.DataFrame, name: str) -> pd.DataFrame:
    if not isinstance(table, pd.DataFrame):
        raise TypeError(f"match_events: {name} must be a pandas.DataFrame, got {type(table).__name__}.")
    if table.columns.duplicated().any():
        twice = ", ".join(map(str, table.columns[table.columns.duplicated()][:5]))
        raise ValueError(f"match_events: columns of {name} stand twice ({twice}); keep one of each.")
    lost = [c for c in REQUIRED if c not in table]
    if lost:
        raise ValueError(
            f"match_events: {name} lacks {', '.join(lost)}. It needs {', '.join(REQUIRED)}; read_events gives them."
        )
    if table["event_id"].isna().any():
        raise ValueError(f"match_events: {name} has {int(table['event_id'].isna().sum()):,} rows without an event_id.")
    frame = table.assign(event_id=table["event_id"].astype(str))
    frame = frame.sort_values("event_id", kind="stable").reset_index(drop=True)
    column_of_words(frame["source"], f"match_events: {name}")
    if frame["source"].isna().any():
        raise ValueError(f"match_events: {name} has rows without a source; name it, such as 'ucdp_ged'.")
    if frame["source"].nunique() > 1:
        several = ", ".join(map(str, frame["source"].unique()))
        raise ValueError(f"match_events: {name} holds several sources ({several}); give one table a source.")
    if frame["event_id"].duplicated().any():
        twice = ", ".join(frame.loc[frame["event_id"].duplicated(), "event_id"].unique()[:5])
        raise ValueError(f"match_events: {name} has event ids that stand twice ({twice}); give one row an event.")
    for column in ("date_start", "date_end"):
        frame[column] = _days(frame[column], name)
        if frame[column].isna().any():
            event = frame.loc[frame[column].isna(), "event_id"].iloc[0]
            raise ValueError(f"match_events: {name}, event {event}: {column} is missing; an event needs its days.")
    for column in ("latitude", "longitude", *frame.columns.intersection(["deaths_best"])):
        _refuse_words(frame, column, name)
    _refuse_off_the_map(frame, name)
    return frame


def _dates(values: pd.Series) -> bool:
    return pd.api.types.is_datetime64_any_dtype(values)


def _days(values: pd.Series, name: str) -> pd.Series:
    """Days, those of a time zone as they are there and not as they are in Greenwich."""
    if pd.api.types.is_numeric_dtype(values) and len(values):  # pandas would take 20230907 for nanoseconds
        raise ValueError(
            f"match_events: {name}, {values.name}: got the number {values.iloc[0]}; give dates, made by pd.to_datetime."
        )
    try:
        return pd.to_datetime(values, format=None if _dates(values) else "ISO8601").dt.tz_localize(None)
    except (ValueError, TypeError) as error:
        raise ValueError(
            f"match_events: {name}, {values.name}: no dates ({str(error)[:120]}); use pd.to_datetime."
        ) from error


def _refuse_off_the_map(frame: pd.DataFrame, name: str) -> None:
    """Raise for a point that is nowhere, unless the reader has flagged it: it was published so, and is counted."""
    told = frame["issues"].astype("str").str.contains(OFF_THE_MAP, regex=False) if "issues" in frame else False
    for column, most in (("latitude", 90), ("longitude", 180)):
        wrong = pd.to_numeric(frame[column]).abs().gt(most).fillna(False) & ~np.asarray(told, dtype=bool)
        if wrong.any():
            event, got = frame.loc[wrong, ["event_id", column]].iloc[0]
            raise ValueError(
                f"match_events: {name}, event {event}, {column}: got {got:g}; degrees from -{most} to {most} are "
                f"wanted. Mend it, make it missing, or write {OFF_THE_MAP!r} into issues, as read_events does."
            )


def _refuse_words(frame: pd.DataFrame, column: str, name: str) -> None:
    """Raise for what is neither a number nor missing, and for a count of dead below 0."""
    values = pd.to_numeric(frame[column], errors="coerce")
    wrong = (values.isna() & frame[column].notna()) | (values.lt(0).fillna(False) & (column == "deaths_best"))
    if wrong.any():
        event, got = frame.loc[wrong, ["event_id", column]].iloc[0]
        wanted = "a number of 0 or more" if column == "deaths_best" else "a number"
        raise ValueError(
            f"match_events: {name}, event {event}, {column}: got {str(got)!r}; {wanted} or nothing is wanted."
        )


def _slack(frame, kind: str, column: str, levels: tuple[str, ...], name: str, notes: list[str]):
    """How far each record may be off by its precision, and whether that is fine enough to be assigned."""
    windows = catalog.seed("link_windows").query("kind == @kind").set_index("level")
    if column not in frame:
        notes.append(f"{name} has no {column}: its {kind}s are taken to be known exactly.")
        return np.zeros(len(frame)), np.ones(len(frame), dtype=bool)
    values = frame[column].astype(object)
    unknown = values.notna() & ~values.isin(levels)
    if unknown.any():
        got = values[unknown].iloc[0]
        raise ValueError(
            f"match_events: {name}, event {frame.loc[unknown, 'event_id'].iloc[0]}, {column}: got {got!r}, accepted: "
            f"{', '.join(levels)}, or nothing."
        )
    if values.isna().any():
        notes.append(f"{name}: {column} is missing in {int(values.isna().sum()):,} records, taken as {levels[0]}.")
    values = values.fillna(levels[0])
    slack = values.map(windows["slack"].astype(float)).to_numpy("float64")
    return slack, values.map(windows["assigned"] == "yes").to_numpy(bool)
