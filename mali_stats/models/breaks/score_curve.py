"""The score of a level term at many dates at once, and its null: whole blocks of residuals in another order."""

from __future__ import annotations

import numpy as np
from scipy import stats

from mali_stats.models.trends.refit import SMALLEST_ALPHA

FEWEST_BLOCKS = 5
_EDGE = 1e-15  # probabilities stay this far from 0 and 1


def level_curve(design, estimate, family, places, block, n_perm, seed) -> tuple[np.ndarray, np.ndarray]:
    """Score statistics of a level that begins at each place, of the record and of shuffled ones.

    What a block of residuals adds to the curve depends only on where it is put, so all its places are worked out
    once and a shuffled curve is a sum of as many rows as there are blocks.

    Parameters
    ----------
    design : Design
        Every level with every time.
    estimate : Estimate
        Of the fit without a break.
    family : {"nb2", "quasipoisson", "poisson"}
    places : array (dates,)
        Of the first time of the new regime, from 0.
    block, n_perm, seed : int

    Returns
    -------
    z : ndarray (dates,)
    null : ndarray (n_perm, dates)
    """
    rng = np.random.default_rng(seed)
    alpha = estimate.alpha if family == "nb2" else 0.0
    error = np.sqrt(estimate.mu * (1 + alpha * estimate.mu))
    root = estimate.mu / error  # of the weights
    basis, _ = np.linalg.qr(design.X * root[:, None])
    levels = _directions(basis, root, design.step, places)
    n, k = basis.shape
    pearson = (design.y - estimate.mu) / error
    z = pearson @ levels / np.sqrt(pearson @ pearson / (n - k))
    shift = _Shift(design, block)
    residuals = shift.cut(quantile_residuals(design.y, estimate.mu, alpha, estimate.phi, rng))
    counts = _quantiles(residuals[:, None], shift.cut(estimate.mu)[None], alpha, estimate.phi)
    moved = (counts - shift.cut(estimate.mu)) / shift.cut(error)
    orders = np.argsort(rng.random((n_perm, shift.blocks)), axis=1)
    power = shift.total((moved**2).sum(axis=-1), orders) + (shift.rest(pearson) ** 2).sum()
    curves = shift.total(np.einsum("abr,brd->abd", moved, shift.cut(levels)), orders)
    curves += shift.rest(pearson) @ shift.rest(levels)
    kept = 1 - _taken_twice(basis, levels, shift, orders)
    return z, curves / np.sqrt(power / n)[:, None] * np.sqrt((1 - k / n) / kept)


def _directions(basis, root, step, places):
    """What the null's terms cannot follow of each level, at length 1, weighted: (rows, dates)."""
    levels = (step[:, None] >= places) * root[:, None]
    levels = levels - basis @ (basis.T @ levels)
    return levels / np.sqrt((levels**2).sum(axis=0))


def _taken_twice(basis, levels, shift, orders, draws=200):
    """Share of a shuffled score's variance that was lost with the terms of the null, were times independent."""
    pairs = np.einsum("ark,brd->abkd", shift.cut(basis), shift.cut(levels))
    rest = shift.rest(basis).T @ shift.rest(levels)
    return np.mean([((shift.total(pairs, order[None])[0] + rest) ** 2).sum(axis=0) for order in orders[:draws]], axis=0)


class _Shift:
    """Rows by the block of times they lie in, all levels together."""

    def __init__(self, design, block):
        self.blocks = len(design.times) // block
        whole = design.step < self.blocks * block
        order = np.lexsort((design.group[whole], design.step[whole]))
        self.rows = np.flatnonzero(whole)[order].reshape(self.blocks, -1)
        self.left = np.flatnonzero(~whole)

    def cut(self, values):
        """(blocks, rows in a block, ...)."""
        return values[self.rows]

    def rest(self, values):
        """What is left over at the end."""
        return values[self.left]

    def total(self, pairs, orders):
        """Sum, for each order, of what each block gives in its new place; pairs is (block, place, ...)."""
        out = np.zeros((len(orders), *pairs.shape[2:]))
        for place in range(self.blocks):
            out += pairs[orders[:, place], place]
        return out


def quantile_residuals(y, mu, alpha, phi, rng) -> np.ndarray:
    """Randomised quantile residuals as probabilities: uniform if the counts are what the fit says.

    Parameters
    ----------
    y, mu : array (rows,)
    alpha : float
        NB2 dispersion. Where it is 0 the counts' variance is ``phi mu`` (NB1), or a Poisson's if phi is not above 1.
    phi : float
        Pearson's dispersion.
    rng : numpy.random.Generator

    Examples
    --------
    >>> quantile_residuals(np.array([0, 9]), np.array([5.0, 5.0]), 0, 1, np.random.default_rng(1)).round(2)
    array([0.  , 0.97])
    """
    below, upto = (_distribution(mu, alpha, phi).cdf(y - away) for away in (1, 0))
    return np.clip(below + rng.random(len(y)) * (upto - below), _EDGE, 1 - _EDGE)


def _quantiles(probabilities, mu, alpha, phi):
    probabilities, mu = np.broadcast_arrays(probabilities, mu)
    return _distribution(mu, alpha, phi).ppf(probabilities)


def _distribution(mu, alpha, phi):
    if alpha > SMALLEST_ALPHA:
        return stats.nbinom(1 / alpha, 1 / (1 + alpha * mu))
    if alpha == 0 and phi > 1 + SMALLEST_ALPHA:
        return stats.nbinom(mu / (phi - 1), 1 / phi)
    return stats.poisson(mu)
