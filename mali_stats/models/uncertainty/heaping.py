"""Round numbers and stock phrases among reported counts: `heaping`."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from pandas.api import types

from mali_stats import catalog
from mali_stats.asked import single
from mali_stats.models.severity.exact import clopper_pearson

SMALLEST = 10  # below it, too few numbers are round to say anything
MULTIPLES = (5, 10)


def heaping(x: ArrayLike, *, convention: str | None = None, conf: float = 0.95) -> pd.DataFrame:
    """Count the round numbers, and the conventional ones, among reported counts of 10 and more.

    Among counts that nobody rounded, about one in five is a multiple of 5 and one in ten of 10. More says that
    reports were rounded; so do many counts at the very value by which a source writes down a vague word, such as
    UCDP's 24 for "dozens" or ACLED's 10 for "tens" (best values of ``seeds/vague_words.csv``).

    Parameters
    ----------
    x : sequence of whole numbers
        Reported counts, such as ``events["deaths_best"]``; none missing.
    convention : {"ucdp", "acled"}, optional
        Whose conventional values to count; both by default.
    conf : float
        Confidence of the intervals.

    Returns
    -------
    DataFrame
        kind ("multiple" of 5 and of 10, or "convention"), value, convention (ucdp, acled), words it stands for, n
        (counts of 10 and more), count (of those, how many), share, conf_low, conf_high (Clopper-Pearson, exact),
        expected (0.2 and 0.1; missing for conventions, which have none of their own).

    Raises
    ------
    ValueError
        For counts that are missing, negative or not whole, an unknown convention, or a confidence not between 0 and 1.
    TypeError
        If the counts are not one-dimensional.

    Notes
    -----
    The expected shares hold where counts thin out slowly: in a steep tail 10, 20 and 30 are each commoner than the
    nine numbers after them, so that somewhat more than a tenth is no rounding yet. The intervals take counts for
    independent, which the parts of one split report are not.

    Examples
    --------
    >>> heaping([10, 10, 12, 15, 20, 24, 31, 47, 3])[["kind", "value", "n", "count", "share"]].head(2)
           kind  value  n  count  share
    0  multiple      5  8      4  0.500
    1  multiple     10  8      3  0.375
    """
    single("heaping", convention=convention)
    if not types.is_number(conf) or not 0 < conf < 1:
        raise ValueError(f"heaping: conf={conf!r}; it lies between 0 and 1, such as 0.95.")
    values = _values(x)
    large = values[values >= SMALLEST]
    rows = [("multiple", m, None, None, int((large % m == 0).sum()), 1 / m) for m in MULTIPLES]
    rows += [("convention", v, *told, int((large == v).sum()), np.nan) for v, *told in _conventions(convention)]
    table = pd.DataFrame(rows, columns=["kind", "value", "convention", "words", "count", "expected"])
    table.insert(4, "n", len(large))
    table[["share", "conf_low", "conf_high"]] = np.column_stack(_shares(table["count"].to_numpy(), len(large), conf))
    return table[[*table.columns.drop("expected"), "expected"]].astype({"convention": "str", "words": "str"})


def _values(x) -> np.ndarray:
    if isinstance(x, pd.DataFrame) or np.ndim(x) != 1:
        raise TypeError(
            f"heaping: counts are wanted in one dimension, one an event, got {type(x).__name__}; give one column."
        )
    column = pd.Series(x, dtype=None if len(x) else float)
    there = column.dropna().infer_objects()
    if len(there) and (not types.is_numeric_dtype(there) or types.is_bool_dtype(there)):
        raise ValueError(f"heaping: got {column.dtype}, not numbers; use pd.to_numeric first.")
    numbers = pd.to_numeric(column).to_numpy(float, na_value=np.nan)
    wrong = ~(np.isfinite(numbers) & (numbers >= 0) & (np.floor(numbers) == numbers))
    if wrong.any():
        raise ValueError(
            f"heaping: {int(wrong.sum())} of {len(numbers)} counts are missing, negative or not whole, such as "
            f"{column[wrong].iloc[0]}; leave them out first, as in x.dropna(), and say how many."
        )
    return numbers


def _shares(count, n, conf) -> tuple:
    if not n:
        return (np.full(len(count), np.nan),) * 3
    return count / n, *clopper_pearson(count, n, conf)


def _conventions(which) -> list[tuple]:
    """(Value, convention, words) of every conventional value that is large enough."""
    words = catalog.seed("vague_words").dropna(subset=["best"])
    known = sorted(words["convention"].unique())
    if which is not None and which not in known:
        raise ValueError(f"heaping: convention={which!r} is unknown; accepted are {', '.join(known)}, or None for all.")
    words = words[words["convention"].isin([which] if which else known)]
    words = words[words["lang"] == "en"].assign(best=words["best"].astype(int))
    told = words.groupby(["convention", "best"])["id"].agg(lambda ids: ", ".join(i.replace("-", " ") for i in ids))
    return [(value, name, said) for (name, value), said in told.items() if value >= SMALLEST]
