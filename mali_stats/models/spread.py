"""Many fits of one kind, one after the other or, if `joblib.parallel_config` says so, on several cores or machines."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice, pairwise

import numpy as np
from joblib import Parallel, delayed, parallel_config


def spread(function: Callable, tasks: Iterable[tuple]) -> Iterator:
    """Give ``function(*task)`` of every task, in the order of the tasks.

    No backend and no number of workers is chosen here: without ``joblib.parallel_config`` around the call all is done
    in this process. Whatever is drawn at random is drawn before, in the tasks, so that no number hangs on who does
    what. What is spread is not spread any further; a single task is done here, so that its own may be.

    Parameters
    ----------
    function : callable
        Of a module, so that other processes find it.
    tasks : iterable of tuple
        Its arguments. Taken as they are needed, so that a generator need not hold all of them.

    Examples
    --------
    >>> list(spread(pow, [(2, 3), (3, 2)]))
    [8, 9]
    """
    tasks = iter(tasks)
    begun = list(islice(tasks, 2))
    if len(begun) < 2:
        return (function(*task) for task in begun)
    # All goes as one tuple: of bare arrays dask's backend leaves the only copy with one worker, and it dies with it.
    calls = (delayed(_alone)((function, *task)) for task in chain(begun, tasks))
    return Parallel(return_as="generator")(calls)


def _alone(call):
    function, *task = call
    with parallel_config("sequential"):
        return function(*task)


def in_parts(function: Callable, *arrays, cells: int, rest: tuple = ()) -> tuple[np.ndarray, ...]:
    """Cut arrays by rows, spread the parts, and put together what comes back.

    Parameters
    ----------
    function : callable
        Takes a part of every array, then `rest`; gives a tuple of arrays with a row for each row it got.
    *arrays : ndarray (rows, ...)
        One with a single row goes to every part whole.
    cells : int
        Of the largest array in a part, about. The parts do not depend on who does them.
    rest : tuple
        What every part is given alike.

    Examples
    --------
    >>> in_parts(np.divmod, np.array([[7], [8], [9]]), np.array([[2]]), cells=2)[0].ravel()
    array([3, 4, 4])
    """
    rows = max(map(len, arrays))
    parts = -(-rows * max(a.size // max(len(a), 1) for a in arrays) // cells)
    ends = np.linspace(0, rows, max(1, min(parts, rows)) + 1).astype(int)
    tasks = ((*(a if len(a) == 1 else a[start:end] for a in arrays), *rest) for start, end in pairwise(ends))
    return tuple(np.concatenate(part) for part in zip(*spread(function, tasks), strict=True))


def products(W, M) -> np.ndarray:
    """``W @ M`` over many rows of M, the same to the last digit however many threads there are.

    In pieces so short that BLAS takes one thread for each: with several it cuts the sums where their number says. Many
    such fits at once keep all cores busy in any case.

    Parameters
    ----------
    W : ndarray (replicates, rows)
    M : ndarray (rows, columns)

    Examples
    --------
    >>> products(np.ones((1, 3)), np.array([[1.0, 2], [3, 4], [5, 6]]))
    array([[ 9., 12.]])
    """
    number, size = _pieces(W, M)
    whole = number * size
    pieces = W[:, :whole].reshape(len(W), number, size).swapaxes(0, 1) @ M[:whole].reshape(number, size, M.shape[1])
    return pieces.sum(axis=0) + W[:, whole:] @ M[whole:]


def predictors(coef, M) -> np.ndarray:
    """``coef @ M.T`` for many rows of M, in such pieces too.

    Parameters
    ----------
    coef : ndarray (replicates, columns)
    M : ndarray (rows, columns)

    Examples
    --------
    >>> predictors(np.array([[1.0, 10]]), np.array([[1.0, 2], [3, 4], [5, 6]]))
    array([[21., 43., 65.]])
    """
    number, size = _pieces(coef, M)
    whole = number * size
    out = np.empty((len(coef), len(M)))
    pieces = out[:, :whole].reshape(len(coef), number, size).swapaxes(0, 1)
    np.matmul(coef, M[:whole].reshape(number, size, M.shape[1]).swapaxes(1, 2), out=pieces)
    np.matmul(coef, M[whole:].T, out=out[:, whole:])
    return out


#: Multiplications from which OpenBLAS takes several threads: of a vector with a matrix, and of two matrices.
_VECTOR, _MATRIX = 9_000, 250_000


def _pieces(left, M) -> tuple[int, int]:
    """(How many whole pieces, rows of M in each)."""
    size = max(1, min(_VECTOR // M.shape[1], _MATRIX // (M.shape[1] * max(len(left), 1))))
    return len(M) // size, size
