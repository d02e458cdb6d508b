"""Fits with one fixed effect taken out in closed form: Poisson and least squares, many weightings at once.

With an effect for every month, a Poisson fit by dummies has a column a month, and a month in which a replicate holds
no count has its maximum at minus infinity. Given the other coefficients the best effects are known, though: of a
Poisson the ones that make fitted and counted agree in every month, of least squares the mean residual. Put in, they
leave a concave function of the few other coefficients, and months without a count drop out by themselves.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from mali_stats.models.spread import in_parts, predictors, products

LARGEST_STEP = 2.0  # of the linear predictor in one iteration: keeps exp() within reach
RANK = 1e-9  # of an eigenvalue against the largest: below it a direction is not identified
CELLS = 200_000  # of replicates x rows worked on at once: what a processor's cache holds


class Within(NamedTuple):
    """What `within` returns, one row a replicate.

    Attributes
    ----------
    coef : ndarray (replicates, columns)
        NaN where the fit failed.
    effects : ndarray (replicates, groups)
        On the scale of the linear predictor, by sorted group; NaN where a group has no weight (or, of a Poisson, -inf
        where it has no count).
    converged : ndarray of bool (replicates,)
        False too where the rows cannot tell the columns of interest apart.
    """

    coef: np.ndarray
    effects: np.ndarray
    converged: np.ndarray


def within(X, y, group, *, weights=None, offset=None, family="poisson", free=0, max_iter=100, tol=1e-10) -> Within:
    """Fit ``E y = g(offset + effect of the group + X b)`` for every weighting of the rows.

    Parameters
    ----------
    X : array (rows, columns)
        The first `free` columns may be collinear, with each other and with the effects (dummies of a second fixed
        effect); their own coefficients are then one choice of many, those of the other columns are not touched.
    y : array (rows,)
        Not negative for the Poisson.
    group : array of int (rows,)
        Whose effect is taken out; all zero gives a common constant.
    weights : array (replicates, rows), optional
        0 leaves a row out, whole numbers repeat it.
    offset : array (rows,), optional
        On the scale of the linear predictor.
    family : {"poisson", "ols"}
        g is exp, or the identity.
    free : int
        How many columns may be collinear.
    max_iter : int
    tol : float
        Largest change of the linear predictor taken as standing still.

    Examples
    --------
    Counts that double from step to step, in two groups of different size:

    >>> X = np.array([[0.0], [1], [2], [0], [1], [2]])
    >>> fit = within(X, np.array([1, 2, 4, 10, 20, 40]), np.array([0, 0, 0, 1, 1, 1]))
    >>> np.exp(fit.coef).round(6)
    array([[2.]])
    """
    order = np.argsort(group, kind="stable")
    W = np.ones((1, len(y))) if weights is None else np.atleast_2d(np.asarray(weights, float))
    offset = np.zeros(len(y)) if offset is None else np.asarray(offset, float)
    X, y, group = np.asarray(X, float)[order], np.asarray(y, float)[order], np.asarray(group)[order]
    rest = (X, y, group, offset[order], family, free, max_iter, tol)
    return Within(*in_parts(_part, W[:, order], cells=CELLS, rest=rest))


def _part(W, X, y, group, offset, family, free, max_iter, tol) -> Within:
    return _iterate(Problem(X, y, group, offset, family, free), W, max_iter, tol)


class Problem:
    """Rows sorted by group, and what one step of Newton's method needs of them."""

    def __init__(self, X, y, group, offset, family, free):
        self.X, self.y, self.offset, self.family, self.free = X, y, offset, family, free
        self.starts = np.flatnonzero(np.r_[True, np.diff(group) != 0])
        self.place = np.cumsum(np.r_[False, np.diff(group) != 0])
        self.upper = np.triu_indices(X.shape[1])
        self.products = X[:, self.upper[0]] * X[:, self.upper[1]]

    def sums(self, values):
        """Sum over each group; the rows are the second axis."""
        return np.add.reduceat(values, self.starts, axis=1)

    def moments(self, coef, W):
        """(residual, curvature) of every row at its group's best effect, both with the weights in them."""
        eta = predictors(coef, self.X) + self.offset
        if self.family == "ols":
            total = self.sums(W)
            mean = self.sums(W * (self.y - eta)) / np.where(total > 0, total, 1)
            return W * (self.y - eta - mean[:, self.place]), W
        top = np.maximum.reduceat(eta, self.starts, axis=1)
        share = W * np.exp(eta - top[:, self.place])
        total = self.sums(share)
        mu = share * (self.sums(W * self.y) / np.where(total > 0, total, 1))[:, self.place]
        return W * self.y - mu, mu

    def effects(self, coef, W):
        """Effect of every group at its best, (replicates, groups)."""
        eta = predictors(coef, self.X) + self.offset
        with np.errstate(divide="ignore", invalid="ignore"):
            if self.family == "ols":
                return self.sums(W * (self.y - eta)) / self.sums(W)
            return np.log(self.sums(W * self.y) / self.sums(W * np.exp(eta)))

    def information(self, curvature):
        """(X' v X less what the effects take up, divided by rows and columns; by what), for every replicate.

        Divided by the roots of the diagonal before anything is taken off, so that a small region beside a large one
        keeps its rank, and a column that the effects take up whole does not keep rounding errors for a rank.
        """
        k = self.X.shape[1]
        out = np.empty((len(curvature), k, k))
        out[:, self.upper[0], self.upper[1]] = out[:, self.upper[1], self.upper[0]] = products(curvature, self.products)
        size = np.sqrt(np.einsum("rkk->rk", out))
        size = np.where(size > 0, size, 1)
        total = self.sums(curvature)
        inside = np.add.reduceat(curvature[:, :, None] * self.X, self.starts, axis=1)
        mean = inside / np.where(total > 0, total, 1)[:, :, None]
        out -= np.einsum("rmk,rml->rkl", mean, inside, optimize=True)
        return out / size[:, :, None] / size[:, None, :], size

    def identified(self, information):
        """Tell the replicates in which the columns of interest differ from the free ones and from each other."""
        free, others = slice(None, self.free), slice(self.free, None)
        a, b, rest = (information[:, i, j] for i, j in ((free, free), (free, others), (others, others)))
        left = rest - np.swapaxes(b, 1, 2) @ np.linalg.pinv(a, rcond=RANK, hermitian=True) @ b
        return np.linalg.eigvalsh(left)[:, 0] > RANK


def _iterate(problem: Problem, W, max_iter, tol) -> Within:
    """Newton's method from zero for all weightings together, each until it stands still."""
    coef = np.zeros((len(W), problem.X.shape[1]))
    converged = np.zeros(len(W), bool)
    line = problem.family == "ols"  # there the first step is the whole way
    rows = np.flatnonzero((W * problem.y).any(axis=1) | line)
    for _ in range(max_iter):
        residual, curvature = problem.moments(coef[rows], W[rows])
        information, size = problem.information(curvature)
        inverse = np.linalg.pinv(information, rcond=RANK, hermitian=True)
        step = np.einsum("rkl,rl->rk", inverse, products(residual, problem.X) / size) / size
        largest = np.abs(predictors(step, problem.X)).max(axis=1)
        shorter = 1 if line else np.minimum(1, LARGEST_STEP / np.maximum(largest, LARGEST_STEP))[:, None]
        coef[rows] += step * shorter
        still = (largest < tol * np.maximum(1, np.abs(predictors(coef[rows], problem.X)).max(axis=1))) | line
        converged[rows[still]] = problem.identified(information[still])
        rows = rows[~still]
        if not len(rows):
            break
    coef = np.where(converged[:, None], coef, np.nan)
    return Within(coef, problem.effects(coef, W), converged)
