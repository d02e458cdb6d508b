"""Sums of many independent draws: of k events alike at once, and of events that are shared out over cells."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from scipy import signal

from mali_stats.allot import sainte_lague
from mali_stats.models.uncertainty.uncertainty import FatalityDist

#: How many persons at the fewest, and the probability of that many and of each number from there on.
Persons = tuple[int, np.ndarray]
SMALLEST = 1e-17  # a number of persons less probable than this, beyond either end of a sum, is left out
BLOCK = 4_000_000  # draws made at once: 64 MB


def drawn_sums(dist: FatalityDist, counted: pd.DataFrame, groups: int, n: int, rng) -> np.ndarray:
    """Draw the sums of each group, in whole persons.

    Parameters
    ----------
    dist : FatalityDist
        Of the distinct events.
    counted : DataFrame
        kind (position in `dist`), row (the group) and k, how many events of the kind the group has; a row for each
        pair of kind and group, in the order in which draws are to be made.
    groups, n : int
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of int (groups, n)
    """
    sums = np.zeros((groups, n), np.int64)
    for kind, events in counted.groupby("kind"):
        rows, ks = events["row"].to_numpy(), events["k"].to_numpy()
        for k, persons in folds(dist.laid_out(kind), np.unique(ks)):
            for part in _blocks(rows[ks == k], n):
                sums[part] += _inverted(persons, (len(part), n), rng)
    return sums


def shared_sums(dist: FatalityDist, shared: list, groups: int, n: int, rng) -> np.ndarray:
    """Draw events one by one and allot each draw to the event's cells by its weights.

    Parameters
    ----------
    dist : FatalityDist
        Of the distinct events.
    shared : list of (kind, rows, weights)
        An event each; rows of -1 lie outside, and what falls there is not counted.
    groups, n : int
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of int (groups, n)
    """
    sums = np.zeros((groups, n), np.int64)
    for kind, rows, weights in shared:
        drawn, which = np.unique(_inverted(dist.laid_out(kind), n, rng), return_inverse=True)
        parts = np.array([sainte_lague(total, weights) for total in drawn])[which]
        for row, part in zip(rows, parts.T, strict=True):
            if row >= 0:
                sums[row] += part
    return sums


def folds(one: Persons, ks) -> Iterator[tuple[int, Persons]]:
    """Give the distribution of the sum of k independent draws, for each k of an ascending sequence.

    Examples
    --------
    >>> {k: persons[1].round(3).tolist() for k, persons in folds((0, np.array([0.5, 0.5])), [1, 3])}
    {1: [0.5, 0.5], 3: [0.125, 0.375, 0.375, 0.125]}
    """
    persons, held = (0, np.ones(1)), 0
    for k in ks:
        persons, held = _added(persons, _power(one, int(k) - held)), int(k)
        yield held, persons


def _power(one: Persons, k: int) -> Persons:
    """The sum of k, by doubling."""
    if k == 1:
        return one
    half = _power(one, k // 2)
    twice = _added(half, half)
    return _added(twice, one) if k % 2 else twice


def _added(first: Persons, second: Persons) -> Persons:
    joint = signal.convolve(first[1], second[1])
    kept = np.flatnonzero(joint > SMALLEST)
    return first[0] + second[0] + int(kept[0]), np.maximum(joint[kept[0] : kept[-1] + 1], 0)


def _inverted(persons: Persons, shape, rng) -> np.ndarray:
    below = np.cumsum(persons[1])
    return persons[0] + np.searchsorted(below[:-1] / below[-1], rng.random(shape), side="right")


def _blocks(rows: np.ndarray, n: int) -> list[np.ndarray]:
    return np.array_split(rows, max(1, -(-len(rows) * n // BLOCK)))
