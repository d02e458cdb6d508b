"""What the cleaning of all publishers' events shares: issues of single rows, and their places."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from mali_stats.clean import places
from mali_stats.distinct import coded, different, numbered
from mali_stats.schema import DEATHS

#: in which rows (a mask, or their numbers), and the issue (one text, or one for each of these rows)
Found = tuple[pd.Series | np.ndarray, str | np.ndarray]
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
    first, which = different([rows[c] for c in ("country", "adm_1", "adm_2")])
    cases = pd.DataFrame({
        "country": rows["country"].iloc[first].to_numpy(object),
        "admin1": None, "admin1_name": rows["adm_1"].iloc[first].to_numpy(object), "region": None,
        "admin2": None, "admin2_name": rows["adm_2"].iloc[first].to_numpy(object), "remark1": "", "remark2": "",
    }, dtype=object)  # fmt: skip
    found: list[Found] = []
    for country in cases["country"].unique():
        known = own if own is not None and own.country == country else places.gazetteer(country)
        if known is not None:
            here = cases["country"] == country
            cases.loc[here] = places.looked_up(cases[here], known)
            found += places.disagreeing(rows, cases, np.where(here.to_numpy()[which], which, -1), known)
    for name in ("admin1", "admin1_name", "admin2", "admin2_name"):
        rows[name] = coded(cases[name].tolist(), which)
    for name in ("remark2", "remark1"):
        found.insert(0, of_cases(cases[name].tolist(), which))
    return found


def of_cases(issues: Sequence[str], which: np.ndarray) -> Found:
    """What is odd about each case (nothing: an empty text), for the rows, each of which is one of the cases."""
    texts = np.array([*issues, ""], dtype=object)
    here = np.flatnonzero((texts != "")[which])
    return here, texts[which[here]]


def joined(found: list[Found], before: pd.Series) -> pd.Series:
    """The issues of every row, those from ``before`` first, joined by "; " in the order of the rules; as categories."""
    told = [(_rows(where), text) for where, text in found]
    odd = np.zeros(len(before), dtype=bool)
    for here, _ in told:
        odd[here] = True
    # Few rows are odd: only their texts are made.
    number, codes, texts = odd.cumsum() - 1, *numbered(before)
    issues = np.asarray(before[odd], dtype=object)
    for here, text in told:
        at = number[here]
        issues[at] = np.where(issues[at] == "", text, issues[at] + "; " + text)
    codes = np.where(odd, len(texts) + number, codes)
    return pd.Series(coded([*texts, *issues], codes), index=before.index)


def _rows(where: pd.Series | np.ndarray) -> np.ndarray:
    mask = truths(where)
    return np.flatnonzero(mask) if mask.dtype == bool else mask


def truths(mask: pd.Series | np.ndarray) -> np.ndarray:
    """A mask as plain booleans; what is not known is not so."""
    return mask.to_numpy(bool, na_value=False) if isinstance(mask, pd.Series) else mask
