"""One-to-one assignment of candidates at the least cost, part by part of the graph they form.

A pair is worth what it lies below the cap, so that records stay alone rather than join at too high a cost. The
sum over all pairs is the greatest there is (by ``scipy``: dense where a part is small, sparse where it is not). Ties
are broken by a number made of both ids, the same whichever table comes first.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components, min_weight_full_bipartite_matching

#: no dense matrix has more rows or columns than this
DENSE = 2000
_TIE = 1e-7


def assigned(
    i: np.ndarray, j: np.ndarray, cost: np.ndarray, cap: float, ties: np.ndarray, dense: int = DENSE
) -> np.ndarray:
    """Which candidates are taken: no record twice, the total of (cap - cost) the greatest.

    Parameters
    ----------
    i, j : numpy.ndarray of int
        positions of the two records of each candidate.
    cost : numpy.ndarray
        0 or more; candidates above ``cap`` are never taken.
    ties : numpy.ndarray
        a number between 0 and 1 for each candidate, which decides between equal totals.

    Returns
    -------
    numpy.ndarray of bool

    Examples
    --------
    >>> i, j = np.array([0, 0, 1]), np.array([0, 1, 0])
    >>> assigned(i, j, np.array([0.1, 0.2, 0.3]), 0.5, np.zeros(3))  # 0.4 + 0 < 0.3 + 0.2
    array([False,  True,  True])
    """
    taken = np.zeros(len(i), dtype=bool)
    gain = cap - cost + 2 * _TIE + _TIE * ties
    use = np.flatnonzero(cost <= cap)
    if not len(use):
        return taken
    left, right = np.unique(i[use], return_inverse=True)[1], np.unique(j[use], return_inverse=True)[1]
    n, m = left.max() + 1, right.max() + 1
    graph = coo_array((np.ones(len(use)), (left, n + right)), shape=(n + m, n + m))
    part = connected_components(graph, directed=False)[1][left]
    alone = np.bincount(part)[part] == 1
    taken[use[alone]] = True
    rest = np.flatnonzero(~alone)
    rest = rest[np.argsort(part[rest], kind="stable")]
    for edges in np.split(rest, np.flatnonzero(np.diff(part[rest])) + 1):
        if len(edges):
            taken[use[edges[_solved(left[edges], right[edges], gain[use[edges]], dense)]]] = True
    return taken


def _solved(left: np.ndarray, right: np.ndarray, gain: np.ndarray, dense: int) -> np.ndarray:
    """Which edges of one connected part are taken."""
    rows, r = np.unique(left, return_inverse=True)
    columns, c = np.unique(right, return_inverse=True)
    if max(len(rows), len(columns)) <= dense:
        matrix = np.zeros((len(rows), len(columns)))
        matrix[r, c] = gain
        mate = np.full(len(rows), -1)
        chosen = linear_sum_assignment(matrix, maximize=True)
        mate[chosen[0]] = chosen[1]
        return mate[r] == c
    return _sparse(r, c, gain, len(rows), len(columns))


def _sparse(r: np.ndarray, c: np.ndarray, gain: np.ndarray, n: int, m: int) -> np.ndarray:
    """The same without a dense matrix: every row may also take a column of its own, worth nothing."""
    most = gain.max() + 1.0  # scipy takes a 0 for no edge, and wants every row matched
    weights = np.concatenate([most - gain, np.full(n, most)])
    rows, columns = np.concatenate([r, np.arange(n)]), np.concatenate([c, m + np.arange(n)])
    chosen = min_weight_full_bipartite_matching(csr_array((weights, (rows, columns)), shape=(n, m + n)))
    mate = np.full(n, -1)
    mate[chosen[0]] = chosen[1]
    return mate[r] == c
