"""Many fits of one log-linear count model at once.

A jackknife, a bootstrap, a month dropped in turn or a simulation all ask for hundreds of fits that share
their columns and differ in weights or counts only. statsmodels fits one at a time, and its negative binomial
may stop without having converged; here all fits step together, one matrix product an iteration. Where many are asked
for they are cut into batches, which `joblib.parallel_config` moves to other cores or machines.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import optimize, special

from mali_stats.models.spread import in_parts, predictors, products

LARGEST_STEP = 2.0  # of the linear predictor in one iteration: keeps exp() within reach
SMALLEST_ALPHA = 1e-7  # a variance of mu (1 + mu 1e-7) is a Poisson's in every digit that is shown
SMALLEST_MEAN = 1e-10  # a mean below it is on its way to 0
NEWTON_FROM = 1e-3  # of alpha: the second derivative loses its digits below
CELLS = 200_000  # of replicates x rows worked on at once: what a processor's cache holds


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

    By Newton's method: of a Poisson in b, of the NB2, ``Var = mu + alpha mu^2``, in b and log alpha together, with a
    scoring step in log alpha where the curvature does not serve. Where it stands still is the joint maximum,
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
        0 or False leaves a row out, whole numbers repeat it.
    family : {"poisson", "nb2"}
    alpha : float, optional
        Hold the NB2 dispersion there instead of estimating it.
    levels : int
        The first so many columns are indicators that share the rows out between them; a level without an
        event in a replicate is left out of it.
    start : Fits or array (columns,), optional
        One fit of nearly the same to begin from, or its coefficients. It saves steps, and moves nothing.
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
    return Fits(*in_parts(_batch, Y, W, cells=CELLS, rest=(X, offset, levels, start, max_iter, tol, held)))


def _batch(Y, W, X, offset, levels, start, max_iter, tol, held) -> Fits:
    Y, W = np.broadcast_arrays(Y, W.astype(float))
    return _Batch(X, Y, W, offset, levels, start, max_iter, tol).fit(held)


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
    W = np.ones((1, n)) if weights is None else np.atleast_2d(np.asarray(weights))
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
        there = (X != 0).astype(float)
        self.pairs = np.nonzero(np.triu(products(there.T, there)))  # levels have no row in common
        self.products = X[:, self.pairs[0]] * X[:, self.pairs[1]]
        self.reach = np.abs(X).max(axis=0)
        self.empty = np.zeros((len(Y), X.shape[1]), bool)
        self.empty[:, :levels] = products(W * Y, X[:, :levels]) == 0 if levels else False
        self.W = W * (1 - predictors(self.empty.astype(float), X)) if self.empty.any() else W
        self.done = np.zeros(len(Y), bool)
        self.coef, self.alpha = self._begin(start)

    def fit(self, held):
        """Poisson first: from it one sees whether there is a dispersion to estimate."""
        alive = (self.W * self.Y).sum(axis=1) > 0
        if held is None:
            cold = alive & ~self._from_neighbour(alive)
            self._iterate(cold, free=False)
            over = self._first_alpha(cold & self.done & self._finite())
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

    def _begin(self, start):
        """(Coefficients, alpha) of the start, or of one weighted least-squares step from mu = y + 0.5, and 0."""
        if start is not None:
            coef, alpha = (start.coef[0], start.alpha[0]) if isinstance(start, Fits) else (start, 0.0)
            return np.tile(np.nan_to_num(np.asarray(coef, float)), (len(self.Y), 1)), np.full(len(self.Y), float(alpha))
        mu = self.Y + 0.5
        target = self.W * mu * (np.log(mu) - self.offset)
        information = self._information(self.W * mu, slice(None))
        return self._solve(information, products(target, self.X)), np.zeros(len(self.Y))

    def _from_neighbour(self, alive):
        """Go from a start with a dispersion straight to the joint maximum; tell where there plainly is one."""
        begun = self.coef.copy()
        self._iterate(alive & (self.alpha > NEWTON_FROM), free=True)
        mu = self._means(slice(None))
        over = (self.W * ((self.Y - mu) ** 2 - self.Y)).sum(axis=1) > 0
        self.done &= over & (self.alpha > NEWTON_FROM) & self._finite()
        self.coef = np.where(self.done[:, None], self.coef, begun)
        self.alpha = np.where(self.done, self.alpha, 0.0)
        return self.done.copy()

    def _information(self, w, rows):
        """Form the (replicates, k, k) matrices X' w X, with 1 in the place of an empty level."""
        k = self.X.shape[1]
        out = np.zeros((len(w), k, k))
        out[:, self.pairs[0], self.pairs[1]] = out[:, self.pairs[1], self.pairs[0]] = products(w, self.products)
        diagonal = np.arange(k)
        out[:, diagonal, diagonal] += self.empty[rows]
        return out

    @staticmethod
    def _solve(information, *scores):
        """Solve with a ridge too small to matter; it lets a singular replicate through to `_full_rank`."""
        scale = np.einsum("jkk->jk", information)
        ridge = np.eye(information.shape[1]) * (scale * 1e-12 + 1e-12)[:, :, None]
        solved = np.linalg.solve(information + ridge, np.stack(scores, axis=2))
        return solved[:, :, 0] if len(scores) == 1 else np.moveaxis(solved, 2, 0)

    def _means(self, rows):
        eta = predictors(self.coef[rows], self.X)
        eta += self.offset
        return np.exp(np.clip(eta, -60, 60, out=eta), out=eta)

    def _iterate(self, wanted, free):
        """Step all `wanted` replicates until each stands still; `free` estimates alpha too."""
        rows = np.flatnonzero(wanted)
        tally = _tally(self.Y[rows], self.W[rows]) if free and len(rows) else None
        for _ in range(self.max_iter):
            if not len(rows):
                return
            still = self._step(rows, tally) < self.tol
            self.done[rows[still]] = True
            rows = rows[~still]
            tally = tally and [table[~still] for table in tally]

    def _step(self, rows, tally):
        """One step of Newton's method in the coefficients, and in log alpha too if there is a tally of the counts.

        By the observed, not the expected, information: of the coefficients it is positive definite for NB2 too, and
        scoring by the expected one can swing between two points for ever where counts are very spread.
        """
        alpha, Y, W = self.alpha[rows], *(a if len(rows) == len(a) else a[rows] for a in (self.Y, self.W))
        mu = self._means(rows)
        shrink = 1 / (1 + alpha[:, None] * mu)
        residual = W * (Y - mu) * shrink
        information = self._information(mu * shrink * (alpha[:, None] * residual + W), rows)
        score = products(residual, self.X)
        if tally is None:
            step, along = self._solve(information, score), np.zeros(len(rows))
        else:
            cross = products(residual * (shrink - 1), self.X)
            step, slant = self._solve(information, score, cross)
            along = _step_along(alpha, mu, shrink, residual, W, tally, (cross * step).sum(1), (cross * slant).sum(1))
            step = step + slant * along[:, None]
            self.alpha[rows] = np.maximum(alpha * np.exp(along), SMALLEST_ALPHA)
        step *= self._shorter(step)
        self.coef[rows] += step
        return np.maximum(np.abs(step).max(axis=1), np.abs(along))

    def _shorter(self, step):
        """What keeps a step from moving a linear predictor by more than `LARGEST_STEP`."""
        largest = np.abs(step) @ self.reach  # no row moves by more
        far = largest > LARGEST_STEP
        largest[far] = np.abs(predictors(step[far], self.X)).max(axis=1)
        return np.minimum(1, LARGEST_STEP / np.maximum(largest, LARGEST_STEP))[:, None]

    def _first_alpha(self, wanted):
        """Begin at the moment estimate, or stay at 0 where the score for alpha at 0 is not positive; tell which."""
        mu = self._means(slice(None))
        excess = (self.W * ((self.Y - mu) ** 2 - self.Y)).sum(axis=1)
        moment = excess / np.maximum((self.W * mu**2).sum(axis=1), 1e-300)
        over = wanted & (excess > 0)
        self.alpha = np.where(over, np.clip(moment, 1e-4, 20), self.alpha)
        return over

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


def _tally(Y, W):
    """Distinct counts of each replicate and the weight that falls on each, (replicates, most distinct), padded with 0.

    What is asked of the gamma function is asked of these, which are far fewer than the rows.
    """
    first = np.r_[True, (Y[1:] != Y[:-1]).any(axis=1)]  # replicates often share their counts
    of, Y = np.cumsum(first) - 1, Y[first]
    order = np.argsort(Y, axis=1)
    rising = np.take_along_axis(Y, order, axis=1)
    code = np.zeros(Y.shape, int)
    np.put_along_axis(code, order[:, 1:], (rising[:, 1:] != rising[:, :-1]).cumsum(axis=1), axis=1)
    most = code.max() + 1
    values = np.zeros((len(Y), most))
    np.put_along_axis(values, code, Y, axis=1)
    place = code[of] + most * np.arange(len(of))[:, None]
    return values[of], np.bincount(place.ravel(), W.ravel(), most * len(of)).reshape(len(of), most)


def _step_along(alpha, mu, shrink, residual, W, tally, ahead, taken):
    """Step in log alpha: Newton's, or scoring where alpha is small or the curvature is not near what is expected.

    Scoring divides by the gamma mixture's information, thinned by the share of the variance that is not a Poisson's.

    Parameters
    ----------
    ahead, taken : ndarray (replicates,)
        What the step of the coefficients adds to the score, and what their freedom takes off the curvature.
    """
    score, curvature = _log_alpha_slopes(alpha, mu, shrink, residual, W, tally)
    expected = _gamma_information(1 / alpha) * (W * (1 - shrink) ** 2).sum(axis=1)
    newton = (alpha > NEWTON_FROM) & (curvature - taken > 0.2 * expected)
    with np.errstate(divide="ignore", invalid="ignore"):
        step = np.where(newton, (score + ahead) / (curvature - taken), score / expected)
    return np.where(alpha > SMALLEST_ALPHA, np.clip(step, -1, 1), 0)


def _log_alpha_slopes(alpha, mu, shrink, residual, W, tally):
    """First derivative of the NB2 log-likelihood by log alpha, and minus the second; summed over rows."""
    values, weights = tally
    r = 1 / alpha[:, None]
    gap = (weights * _digamma_gap(values, alpha[:, None])).sum(axis=1)
    bend = (weights * (special.zeta(2, values + r) - special.zeta(2, r))).sum(axis=1)
    apart = ((W * np.log1p(alpha[:, None] * mu)).sum(axis=1) - gap) / alpha
    score = apart + residual.sum(axis=1)
    bent = (W * (1 - shrink)).sum(axis=1) / alpha + bend / alpha**2 - (residual * (2 - shrink)).sum(axis=1)
    return score, 2 * apart - bent - score


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
