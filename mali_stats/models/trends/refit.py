"""Many fits of one log-linear count model at once.

A jackknife, a bootstrap, a month dropped in turn or a simulation all ask for hundreds of fits that share
their columns and differ in weights or counts only. statsmodels fits one at a time, and its negative binomial
may stop without having converged; here all fits step together, one matrix product an iteration.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import optimize, special

LARGEST_STEP = 2.0  # of the linear predictor in one iteration: keeps exp() within reach
SMALLEST_ALPHA = 1e-7  # a variance of mu (1 + mu 1e-7) is a Poisson's in every digit that is shown
SMALLEST_MEAN = 1e-10  # a mean below it is on its way to 0
CELLS = 1_500_000  # of replicates x rows worked on at once: about 100 MB


class Fits(NamedTuple):
    """What `refit` returns, one row a replicate.

    Attributes
    ----------
    coef : ndarray (replicates, columns)
        NaN for a level without any event in the replicate, whose estimate would be minus infinity.
    alpha : ndarray (replicates,)
        The NB2 dispersion; 0 is the Poisson limit, and what a Poisson fit has.
    converged : ndarray of bool (replicates,)
        False too where the replicate's rows cannot tell the columns apart, or where a fitted mean runs off
        to 0 (no finite maximum); its coefficients are NaN then.
    """

    coef: np.ndarray
    alpha: np.ndarray
    converged: np.ndarray


def refit(
    X,
    Y,
    *,
    offset=None,
    weights=None,
    family="poisson",
    alpha=None,
    levels=0,
    start=None,
    max_iter=200,
    tol=1e-10,
) -> Fits:
    """Fit ``log mu = offset + X b`` to every replicate by maximum likelihood.

    Poisson by Fisher scoring; NB2, ``Var = mu + alpha mu^2``, by scoring steps in b and in log alpha in turn.
    The expected information of the two is block-diagonal, so where both stand still is the joint maximum,
    the one of ``MASS::glm.nb``. Where the Poisson fit is not overdispersed, the sum of
    ``(y - mu)^2 - y`` not being positive, alpha is 0. A replicate that will not settle gets a bounded search
    over alpha with b at its best for each.

    Parameters
    ----------
    X : array (rows, columns)
        Shared by all replicates.
    Y : array (rows,) or (replicates, rows)
        Counts.
    offset : array (rows,), optional
        On the log scale.
    weights : array (replicates, rows), optional
        0 leaves a row out, whole numbers repeat it.
    family : {"poisson", "nb2"}
    alpha : float, optional
        Hold the NB2 dispersion there instead of estimating it.
    levels : int
        The first so many columns are indicators that share the rows out between them; a level without an
        event in a replicate is left out of it.
    start : array (columns,), optional
        Coefficients to begin from.
    max_iter : int
    tol : float
        Largest change of a coefficient, and of log alpha, taken as standing still.

    Returns
    -------
    Fits

    Raises
    ------
    ValueError
        If the family is unknown or the shapes do not fit.

    References
    ----------
    Lawless (1987), Negative binomial and mixed Poisson regression, Canadian Journal of Statistics 15.

    Examples
    --------
    >>> X = np.column_stack([np.ones(4), [0, 1, 2, 3]])
    >>> fits = refit(X, [1, 2, 4, 8], weights=[[1, 1, 1, 1], [1, 1, 1, 0]])
    >>> np.exp(fits.coef[:, 1]).round(6)
    array([2., 2.])
    """
    X, Y, offset, W = _shapes(X, Y, offset, weights)
    if family not in ("poisson", "nb2"):
        raise ValueError(f"refit: family is {family!r}; accepted are 'poisson' and 'nb2'")
    held = 0.0 if family == "poisson" else alpha
    size = max(1, CELLS // len(X))
    parts = []
    for first in range(0, max(len(Y), len(W)), size):
        rows = slice(first, first + size)
        y, w = (a if len(a) == 1 else a[rows] for a in (Y, W))
        parts.append(_Batch(X, *np.broadcast_arrays(y, w), offset, levels, start, max_iter, tol).fit(held))
    return Fits(*(np.concatenate(part) for part in zip(*parts, strict=True)))


def loglik(y, mu, alpha=0.0) -> float:
    """Log-likelihood of counts at their means: NB2, or Poisson where alpha is 0.

    Examples
    --------
    >>> round(loglik([0, 2], [1, 1]), 4)
    -2.6931
    """
    y, mu = np.asarray(y, float), np.asarray(mu, float)
    if alpha < SMALLEST_ALPHA:
        return float(np.sum(special.xlogy(y, mu) - mu - special.gammaln(y + 1)))
    return float(np.sum(_nb2_terms(y, mu, alpha) - special.gammaln(y + 1)))


def _shapes(X, Y, offset, weights):
    X = np.asarray(X, float)
    n = len(X)
    Y = np.atleast_2d(np.asarray(Y, float))
    W = np.ones((1, n)) if weights is None else np.atleast_2d(np.asarray(weights, float))
    offset = np.zeros(n) if offset is None else np.asarray(offset, float)
    if Y.shape[1] != n or W.shape[1] != n or offset.shape != (n,) or len({1, len(Y), len(W)}) > 2:
        raise ValueError(
            f"refit: X has {n} rows, Y is {Y.shape}, weights {W.shape}, offset {offset.shape}; the last axis "
            "of each must be X's rows, and Y and weights must have as many replicates, or one"
        )
    return X, Y, offset, W


class _Batch:
    """The replicates that are worked on together; `fit` takes them to the end."""

    def __init__(self, X, Y, W, offset, levels, start, max_iter, tol):
        self.X, self.Y, self.offset, self.max_iter, self.tol = X, Y, offset, max_iter, tol
        self.upper = np.triu_indices(X.shape[1])
        self.products = X[:, self.upper[0]] * X[:, self.upper[1]]
        self.empty = np.zeros((len(Y), X.shape[1]), bool)
        self.empty[:, :levels] = (W * Y) @ X[:, :levels] == 0
        self.W = W * (1 - self.empty[:, :levels] @ X[:, :levels].T) if levels else W
        self.coef = self._begin() if start is None else np.tile(np.asarray(start, float), (len(Y), 1))
        self.alpha = np.zeros(len(Y))
        self.done = np.zeros(len(Y), bool)

    def fit(self, held):
        """Poisson first: from it one sees whether there is a dispersion to estimate."""
        alive = (self.W * self.Y).sum(axis=1) > 0
        if held is None:
            self._iterate(alive, free=False)
            self._first_alpha(self.done & self._finite())
            over = self.alpha > 0
            self.done &= ~over
            self._iterate(over, free=True)
            for j in np.flatnonzero(over & ~self.done):
                self._search(j)
        else:
            self.alpha[:] = held
            self._iterate(alive, free=False)
        return self._result()

    def _result(self):
        self.done &= self._full_rank() & self._finite()
        coef = np.where(self.empty | ~self.done[:, None], np.nan, self.coef)
        return Fits(coef, self.alpha, self.done)

    def _begin(self):
        """One weighted least-squares step from mu = y + 0.5."""
        mu = self.Y + 0.5
        target = self.W * mu * (np.log(mu) - self.offset)
        return self._solve(self._information(self.W * mu, slice(None)), target @ self.X)

    def _information(self, w, rows):
        """Form the (replicates, k, k) matrices X' w X, with 1 in the place of an empty level."""
        k = self.X.shape[1]
        out = np.empty((len(w), k, k))
        out[:, self.upper[0], self.upper[1]] = out[:, self.upper[1], self.upper[0]] = w @ self.products
        diagonal = np.arange(k)
        out[:, diagonal, diagonal] += self.empty[rows]
        return out

    @staticmethod
    def _solve(information, score):
        """Solve with a ridge too small to matter; it lets a singular replicate through to `_full_rank`."""
        scale = np.einsum("jkk->jk", information)
        ridge = np.eye(score.shape[1]) * (scale * 1e-12 + 1e-12)[:, :, None]
        return np.linalg.solve(information + ridge, score[:, :, None])[:, :, 0]

    def _means(self, rows):
        return np.exp(np.clip(self.coef[rows] @ self.X.T + self.offset, -60, 60))

    def _iterate(self, wanted, free):
        """Step all `wanted` replicates until each stands still; `free` estimates alpha too."""
        rows = np.flatnonzero(wanted)
        for _ in range(self.max_iter):
            if not len(rows):
                return
            mu = self._means(rows)
            moved = self._step_alpha(rows, mu) if free else np.zeros(len(rows))
            moved = np.maximum(moved, self._step_coef(rows, mu))
            still = moved < self.tol
            self.done[rows[still]] = True
            rows = rows[~still]

    def _step_coef(self, rows, mu):
        spread = 1 + self.alpha[rows, None] * mu
        # Observed, not expected, information: for NB2 it is positive definite too, and scoring by the expected one
        # can swing between two points for ever where counts are very spread.
        curvature = mu * (1 + self.alpha[rows, None] * self.Y[rows]) / spread**2
        information = self._information(self.W[rows] * curvature, rows)
        step = self._solve(information, (self.W[rows] * (self.Y[rows] - mu) / spread) @ self.X)
        largest = np.abs(step @ self.X.T).max(axis=1)
        step *= np.minimum(1, LARGEST_STEP / np.maximum(largest, LARGEST_STEP))[:, None]
        self.coef[rows] += step
        return np.abs(step).max(axis=1)

    def _step_alpha(self, rows, mu):
        """Score over expected information in log alpha; the latter is the gamma mixture's, thinned."""
        alpha = self.alpha[rows]
        score = alpha * _alpha_score(self.Y[rows], mu, self.W[rows], alpha[:, None])
        share = alpha[:, None] * mu / (1 + alpha[:, None] * mu)
        step = score / (_gamma_information(1 / alpha) * (self.W[rows] * share**2).sum(axis=1))
        step = np.where(alpha > SMALLEST_ALPHA, np.clip(step, -1, 1), 0)
        self.alpha[rows] = np.maximum(alpha * np.exp(step), SMALLEST_ALPHA)
        return np.abs(step)

    def _first_alpha(self, alive):
        """Take the moment estimate, or 0 where the score for alpha at 0 is not positive."""
        mu = self._means(slice(None))
        excess = (self.W * ((self.Y - mu) ** 2 - self.Y)).sum(axis=1)
        moment = excess / np.maximum((self.W * mu**2).sum(axis=1), 1e-300)
        self.alpha = np.where(alive & (excess > 0), np.clip(moment, 1e-4, 20), 0.0)

    def _search(self, j):
        """Bounded search over log alpha for one replicate, with the coefficients at their best for each."""
        one = _Batch(self.X, self.Y[[j]], self.W[[j]], self.offset, 0, None, self.max_iter, self.tol)
        one.empty = self.empty[[j]]

        def cost(log_alpha):
            one.alpha[:] = np.exp(log_alpha)
            one._iterate(np.array([True]), free=False)
            keep = one.W[0] > 0
            return -_weighted_loglik(one.Y[0, keep], one._means([0])[0, keep], one.alpha[0], one.W[0, keep])

        found = optimize.minimize_scalar(cost, bounds=(np.log(1e-6), np.log(100)), method="bounded")
        one.done[:] = False
        cost(found.x)
        self.coef[j], self.alpha[j], self.done[j] = one.coef[0], one.alpha[0], one.done[0]

    def _finite(self):
        """Tell the replicates whose means all stay away from 0; others have their maximum at infinity."""
        return ~((self._means(slice(None)) < SMALLEST_MEAN) & (self.W > 0)).any(axis=1)

    def _full_rank(self):
        """Tell the replicates whose rows can tell the columns apart (equal scales first)."""
        information = self._information((self.W > 0).astype(float), slice(None))
        scale = np.sqrt(np.maximum(np.einsum("jkk->jk", information), 1e-300))
        return np.linalg.eigvalsh(information / scale[:, :, None] / scale[:, None, :])[:, 0] > 1e-10


def _weighted_loglik(y, mu, alpha, w):
    return float(np.sum(w * _nb2_terms(y, mu, alpha)))


def _nb2_terms(y, mu, alpha):
    """Log-likelihood of each count, but for log y!."""
    r = 1 / alpha
    choose = special.gammaln(y + r) - special.gammaln(r)
    return choose + special.xlogy(y, alpha * mu) - (y + r) * np.log1p(alpha * mu)


def _alpha_score(y, mu, w, alpha):
    """Differentiate the NB2 log-likelihood by alpha; summed over rows."""
    terms = (np.log1p(alpha * mu) - _digamma_gap(y, alpha)) / alpha + (y - mu) / (1 + alpha * mu)
    return (w * terms).sum(axis=1) / alpha[:, 0]


def _digamma_gap(y, alpha):
    """psi(y + 1/alpha) - psi(1/alpha); for small alpha by the asymptotic series, which does not cancel."""
    r = 1 / alpha
    gap = special.psi(y + r) - special.psi(r)
    small = alpha[:, 0] < 1e-3
    if small.any():
        a, ratio = alpha[small], 1 / (1 + alpha[small] * y[small])
        gap[small] = -np.log(ratio) + a * (1 - ratio) / 2 + a**2 * (1 - ratio**2) / 12
    return gap


def _gamma_information(r):
    """Give the expected information about log r in a gamma variable of shape r: r^2 psi'(r) - r."""
    return np.where(r > 1e3, 0.5 + 1 / (6 * r), r**2 * special.zeta(2, np.minimum(r, 1e3)) - r)
