"""What the cleaning of all publishers' events shares: issues of single rows, and their places."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mali_stats.clean import places
from mali_stats.schema import DEATHS

#: which rows, and the issue (one text, or one a row)
Found = tuple[pd.Series | np.ndarray, str | pd.Series | np.ndarray]
#: dead of one event; above it a count is flagged (the deadliest single days of the record stay far below)
MOST_DEAD = 1_000_000
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}


def truth(text: str) -> bool:
    """True, False, 1 or 0 in any case."""
    return _BOOLEANS[text.casefold()]


def too_many(rows: pd.DataFrame) -> list[Found]:
    """Rows with more dead than any event on record has had: a count with a digit too many, or a number of its own."""
    many = np.zeros(len(rows), dtype=bool)
    for column in DEATHS:
        many |= truths(rows[column] > MOST_DEAD)
    return [(many, "implausible-count")]


def off_the_map(rows: pd.DataFrame) -> list[Found]:
    """Rows without coordinates, and rows with impossible ones."""
    off = rows["latitude"].abs().gt(90) | rows["longitude"].abs().gt(180)
    return [
        (rows["latitude"].isna() | rows["longitude"].isna(), "coordinates-missing"),
        (off, "coordinates-out-of-range"),
    ]


def place(rows: pd.DataFrame, own: places.Gazetteer | None) -> list[Found]:
    """Fill admin1 and admin2 (codes and names) in place, by the seed tables of each country or the user's ``own``."""
    rows["admin1_name"], rows["admin2_name"] = rows["adm_1"], rows["adm_2"]
    rows["admin1"] = rows["admin2"] = pd.Series(np.nan, index=rows.index, dtype="str")
    found: list[Found] = []
    for country in rows["country"].unique():
        known = own if own is not None and own.country == country else places.gazetteer(country)
        if known is not None:
            found += places.place(rows, rows["country"] == country, known)
    return found


def joined(found: list[Found], index: pd.Index) -> pd.Series:
    """The issues of every row, joined by "; " in the order of the rules."""
    issues = np.full(len(index), "", dtype=object)
    odd = np.zeros(len(index), dtype=bool)
    for mask, text in found:
        here = np.flatnonzero(truths(mask))
        if len(here):
            new = text if isinstance(text, str) else np.asarray(text.take(here), dtype=object)
            issues[here] = np.where(issues[here] == "", new, issues[here] + "; " + new)
            odd[here] = True
    # Few rows are odd: only their texts are made, all others share one.
    different = pd.array(["", *issues[odd]], dtype="str")
    return pd.Series(different.take(np.where(odd, odd.cumsum(), 0)), index=index)


def truths(mask: pd.Series | np.ndarray) -> np.ndarray:
    """A mask as plain booleans; what is not known is not so."""
    return mask.to_numpy(bool, na_value=False) if isinstance(mask, pd.Series) else mask
