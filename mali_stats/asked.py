"""Whether an argument is of the kind that a function can take at all; the functions themselves judge its value."""

from __future__ import annotations

import numpy as np
import pandas as pd


def single(who: str, **options: object) -> None:
    """Refuse a table, a column or a missing value where a word, a number or a plain list is wanted.

    Parameters
    ----------
    who : str
        the function that a user called.
    **options
        its arguments by name.

    Raises
    ------
    TypeError
        naming the function, the argument and what was got.

    Examples
    --------
    >>> single("fit_trend", family="nb2", lags=None)
    >>> single("fit_trend", family=pd.Series(["nb2"]))
    Traceback (most recent call last):
    TypeError: fit_trend: family is of type Series; one word or number is wanted, or a list where several are taken.
    """
    for name, value in options.items():
        if value is pd.NA or isinstance(value, pd.DataFrame | pd.Series | pd.Index | np.ndarray):
            raise TypeError(
                f"{who}: {name} is of type {type(value).__name__}; one word or number is wanted, or a list where "
                "several are taken."
            )


def text_or_none(who: str, **texts: object) -> None:
    """Refuse what is no text, where a sentence or a name is wanted; None stands for the default.

    Raises
    ------
    TypeError
        naming the function, the argument and what was got.

    Examples
    --------
    >>> text_or_none("plot_series", source=5)
    Traceback (most recent call last):
    TypeError: plot_series: source=5 is of type int; give text, or None for the default.
    """
    single(who, **texts)
    for name, value in texts.items():
        if value is not None and not isinstance(value, str):
            raise TypeError(
                f"{who}: {name}={value!r} is of type {type(value).__name__}; give text, or None for the default."
            )


def column_of_words(values: pd.Series, where: str) -> None:
    """Refuse a column that holds anything but text and missing values.

    Raises
    ------
    TypeError
        naming the column, and the first value that is no text.

    Examples
    --------
    >>> column_of_words(pd.Series([5], name="source"), "match_events: a")
    Traceback (most recent call last):
    TypeError: match_events: a, source: got 5, which is no text; write text there, or leave it missing.
    """
    if isinstance(values.dtype, pd.StringDtype):
        return
    known = values[values.notna()]
    odd = known[~known.map(lambda value: isinstance(value, str)).astype(bool)]
    if len(odd):
        raise TypeError(
            f"{where}, {values.name}: got {odd.tolist()[0]!r}, which is no text; write text there, or leave it missing."
        )


def in_scope(frame: pd.DataFrame, who: str, *, unknown: bool) -> pd.Series:
    """Which rows are in the record's scope, by the column ``in_scope``; missing cells count as ``unknown``.

    Raises
    ------
    ValueError
        naming the first cell that is neither True nor False.

    Examples
    --------
    >>> in_scope(pd.DataFrame({"in_scope": [True, None]}), "fit_lags", unknown=False).tolist()
    [True, False]
    """
    column = frame["in_scope"].astype(object)
    odd = column[column.notna() & ~column.isin([True, False])]
    if len(odd):
        raise ValueError(f"{who}: column in_scope holds {odd.tolist()[0]!r}; True, False or nothing is wanted.")
    return column.where(column.notna(), unknown).astype(bool)
