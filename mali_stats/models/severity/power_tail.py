"""The power law of whole numbers: exact likelihood, every smallest size tried, and its goodness of fit."""

from __future__ import annotations

import numpy as np
from scipy import special
from tqdm import tqdm

from mali_stats.models.severity.laws import PowerLaw
from mali_stats.models.spread import spread

FEWEST = 10  # sizes that a tail must hold
STEEPEST = 50.0  # exponents are looked for from 1 to here


def fit_power_law(x, xmin=None) -> tuple[PowerLaw, float]:
    """The law, and its distance to ``x``; with no ``xmin``, the one of the smallest distance.

    Candidates are the sizes that leave at least 10 values, not all equal, at or above them. The distance is
    Kolmogorov and Smirnov's over all whole numbers: the largest gap between the two distribution functions.
    Time grows with the square of how many different sizes there are.

    Parameters
    ----------
    x : array (n,)
        Whole numbers; those under 1 are in no tail.
    xmin : float, optional

    Raises
    ------
    ValueError
        If no tail is left to fit.

    Examples
    --------
    >>> law, distance = fit_power_law(PowerLaw(2.5, 4).draw(5000, np.random.default_rng(1)), 4)
    >>> round(law.alpha, 3), round(distance, 4)
    (2.514, 0.0041)
    """
    u, counts = np.unique(x[x >= 1], return_counts=True)
    reached = counts[::-1].cumsum()[::-1]
    starts, first = _candidates(u, reached, xmin)
    if not len(starts):
        raise ValueError(_too_few(len(x), u, xmin))
    mean_log = (counts * np.log(u))[::-1].cumsum()[::-1][first] / reached[first]
    alpha = _exponents(starts, mean_log)
    gaps = _gaps(u, reached, first, starts, alpha)
    best = int(np.argmin(gaps))
    return PowerLaw(float(alpha[best]), float(starts[best])), float(gaps[best])


def _candidates(u, reached, xmin):
    """Where tails may begin, and the first seen size in each: two different ones and `FEWEST` values at least."""
    starts = u if xmin is None else np.array([float(xmin)])
    first = np.searchsorted(u, starts)
    enough = first < len(u) - 1
    enough[enough] = reached[first[enough]] >= FEWEST
    return starts[enough], first[enough]


def _too_few(n, u, xmin) -> str:
    where = "" if xmin is None else f" from {xmin:g} on"
    up_to = f", up to {u[-1]:g}" if len(u) else ""
    return (
        f"fit_tail: a tail needs at least {FEWEST} sizes of 1 or more{where}, not all equal; got {n} sizes, "
        f"{len(u)} different ones of 1 or more{up_to}"
    )


def _exponents(xmin, mean_log):
    """Newton's method on ``-log zeta(a, xmin) - a mean_log``, which is concave, for all tails at once."""
    top = np.minimum(STEEPEST, 690 / np.log(xmin + 1))  # steeper, and zeta underflows
    alpha = np.minimum(1 + 1 / (mean_log - np.log(xmin - 0.5)), top)
    for _ in range(100):
        slope, curve = _log_zeta(alpha, xmin)
        new = np.clip(alpha - (slope + mean_log) / curve, 1 + (alpha - 1) / 3, np.minimum(3 * alpha, top))
        moved = np.abs(new / alpha - 1).max()
        alpha = new
        if moved < 1e-9:
            return alpha
    raise RuntimeError("fit_tail: the exponent of a power law did not settle in 100 steps")


def _log_zeta(alpha, xmin):
    """First and second derivative of ``log zeta(alpha, xmin)`` by alpha, by central differences."""
    h = 1e-4 * (alpha - 1)
    low, at, high = (np.log(special.zeta(alpha + k * h, xmin)) for k in (-1, 0, 1))
    return (high - low) / (2 * h), (high - 2 * at + low) / h**2


def exponent_error(law: PowerLaw, n: int) -> float:
    """Standard error of an exponent from the exact information, ``1 / sqrt(n d^2 log zeta / d alpha^2)``.

    For a large xmin it is ``(alpha - 1) / sqrt(n)``. It takes xmin as given.

    Examples
    --------
    >>> round(exponent_error(PowerLaw(2.5, 50), 100), 4), round(exponent_error(PowerLaw(2.5, 1), 100), 4)
    (0.15, 0.1689)
    """
    return float(1 / np.sqrt(n * _log_zeta(law.alpha, law.xmin)[1]))


def _gaps(u, reached, first, starts, alpha):
    """Distance of each candidate: the gap at every seen size and just above it, where the record steps."""
    whole = special.zeta(alpha, starts)[:, None]
    a = alpha[:, None]
    at = special.zeta(a, u) / whole
    above = at - np.exp(-a * np.log(u)) / whole
    seen = reached / reached[first][:, None]
    after = np.append(reached[1:], 0) / reached[first][:, None]
    gap = np.maximum(np.abs(at - seen), np.abs(above - after))
    return np.where(np.arange(len(u)) >= first[:, None], gap, 0).max(axis=1)


def power_law_distances(x, law: PowerLaw, n_boot: int, rng, refit_xmin: bool) -> np.ndarray:
    """Distances of made-up records whose tail is the law and whose body is the record's own.

    Each has as many sizes as ``x``; a size is of the tail with the share that is, else drawn from those below
    xmin. All is fitted again, xmin chosen anew where it was chosen. Records are made here and fitted wherever
    `joblib.parallel_config` says.

    Returns
    -------
    ndarray (n_boot,)
        NaN where no tail of the made-up record can be fitted.

    References
    ----------
    Clauset, Shalizi & Newman (2009), Power-law distributions in empirical data, SIAM Review 51(4), section 4.1.
    """
    body = x[x < law.xmin]
    tails = rng.binomial(len(x), 1 - len(body) / len(x), n_boot)
    made = (_made_up(law, body, tail, len(x), rng) for tail in tails)
    distances = spread(_distance, ((values, None if refit_xmin else law.xmin) for values in made))
    bar = tqdm(distances, total=n_boot, desc="goodness of fit", disable=None, leave=False, delay=1)
    return np.fromiter(bar, float, n_boot)


def _made_up(law, body, tail, n, rng) -> np.ndarray:
    return np.concatenate([law.draw(tail, rng), rng.choice(body, n - tail) if len(body) else body])


def _distance(values, xmin) -> float:
    try:
        return fit_power_law(values, xmin)[1]
    except ValueError:  # too few made-up sizes in the tail; the caller says how many
        return np.nan
