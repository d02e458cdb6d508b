"""Share out whole people over months: exact sums, by days, and the same for low, best and high."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np


def days_by_month(first: np.datetime64, last: np.datetime64) -> tuple[int, ...]:
    """Days of a period in each of its months, both ends counted.

    Examples
    --------
    >>> days_by_month(np.datetime64("2022-12-31"), np.datetime64("2023-01-02"))
    (1, 2)
    """
    starts = np.arange(first.astype("datetime64[M]") + 1, last.astype("datetime64[M]") + 1).astype("datetime64[D]")
    edges = np.concatenate([[first], starts, [last + 1]])
    return tuple(np.diff(edges).astype(int).tolist())


def sainte_lague(total: int, weights: Sequence[int]) -> np.ndarray:
    """Allot ``total`` persons by ``weights``: whole numbers that sum to ``total``, ties to the earlier cell.

    Each person goes where weight / (2 n + 1) is largest, n being the persons the cell already has. As a divisor
    rule it never takes from a cell when the total grows, so low <= best <= high is kept in every cell (which
    largest remainders do not promise). Balinski & Young (1982), Fair Representation.

    Examples
    --------
    >>> sainte_lague(100, (31, 31, 31)), sainte_lague(17, (1, 30, 3)), sainte_lague(18, (1, 30, 3))
    (array([34, 33, 33]), array([ 1, 15,  1]), array([ 1, 15,  2]))
    """
    return np.array(_order(tuple(weights), max(int(total), 0)), dtype=np.int64)


@lru_cache(maxsize=4096)
def _order(weights: tuple[int, ...], total: int) -> tuple[int, ...]:
    """The persons of each cell: first those it has for certain, then the last few one by one.

    Some divisor d rounds every weight / d to its cell, so that no cell has fewer than weight (total - cells / 2) /
    sum - 1/2, and the rest is no more persons than there are cells.
    """
    cells, whole = len(weights), sum(weights)
    held = [max(0, -((whole - w * (2 * total - cells)) // (2 * whole))) for w in weights]
    for _ in range(total - sum(held)):
        quotients = [w / (2 * n + 1) for w, n in zip(weights, held, strict=True)]
        held[quotients.index(max(quotients))] += 1
    return tuple(held)


def many_by_days(totals: np.ndarray, days: np.ndarray) -> np.ndarray:
    """:func:`sainte_lague` of many totals at once.

    Parameters
    ----------
    totals : numpy.ndarray
        persons, n x k: ``k`` counts that share one row of weights.
    days : numpy.ndarray
        weights, n x m whole numbers.

    Returns
    -------
    numpy.ndarray
        n x k x m whole numbers that sum to ``totals`` over the last axis.

    Examples
    --------
    >>> many_by_days(np.array([[100, 17]]), np.array([[31, 31, 31]]))
    array([[[34, 33, 33],
            [ 6,  6,  5]]])
    """
    shared = np.nonzero(totals > 0)  # most counts are of nobody
    total, weights, cells = totals[shared][:, None], days[shared[0]], days.shape[1]
    whole = weights.sum(axis=1)[:, None]
    held = np.maximum(0, -((whole - weights * (2 * total - cells)) // (2 * whole)))
    rest = total[:, 0] - held.sum(axis=1)
    while (short := np.flatnonzero(rest > 0)).size:
        quotients = weights[short] / (2 * held[short] + 1)
        held[short, quotients.argmax(axis=1)] += 1
        rest[short] -= 1
    out = np.zeros((*totals.shape, cells), dtype=np.int64)
    out[shared] = held
    return out
