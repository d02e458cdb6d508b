"""How good a forecast made of draws was: proper scores by the conventions of the VIEWS prediction competition."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from mali_stats.models.forecasts.timeline import share

#: lower edges of the bins of deaths in which the ignorance score counts; the last has no upper edge
BINS = (0, 0.5, 2.5, 5.5, 10.5, 25.5, 50.5, 100.5, 250.5, 500.5, 1000.5)


def score_draws(observed: ArrayLike | pd.Series, draws: ArrayLike, *, alpha: float = 0.1) -> pd.DataFrame:
    r"""Score a forecast made of draws against what came.

    Parameters
    ----------
    observed : array or Series (horizon,)
        Counts that came, such as deaths of each month.
    draws : array (horizon, n)
        The forecast: n draws of each, in the order of `observed`. Their order within a row does not matter.
    alpha : float
        One minus the level of the central interval that `mis` and `covered` look at.

    Returns
    -------
    DataFrame
        One row a target, indexed as `observed`:

        - crps, in the unit of the counts: :math:`\frac1n\sum_i|x_i-y| - \frac1{2n^2}\sum_{ij}|x_i-x_j|`. 0 is
          perfect; with one draw it is the absolute error.
        - ign, in bits: :math:`-\log_2` of the share of draws in the bin of deaths where the observed fell, after
          one draw more has been put in each of the 11 bins. It depends on n: compare equal numbers of draws only.
        - mis, in the unit of the counts: width of the interval, and what it was missed by times 2/alpha.
        - covered: whether the observed lies in the interval, ends included.

        Lower is better in the first three.

    Raises
    ------
    TypeError
        If they are no numbers, or not in rows of one length.
    ValueError
        If the shapes do not fit, both are labelled and differently, a number is missing or negative, or alpha is not
        between 0 and 1.

    Notes
    -----
    The interval's ends are quantiles of the draws, linear between neighbours. VIEWS once brought short ensembles to
    1,000 draws by a Fourier transform before it scored them; draws are taken as they are here.

    References
    ----------
    Hegre et al. (2024), The 2023/24 VIEWS Prediction Challenge, arXiv 2407.11045; Gneiting & Raftery (2007), Strictly
    proper scoring rules, Journal of the American Statistical Association 102.

    Examples
    --------
    >>> score_draws([12, 0], [[8, 10, 12, 30], [0, 0, 0, 0]])
       crps       ign   mis  covered
    0  1.75  2.906891  19.0     True
    1  0.00  1.584963   0.0     True
    """
    y, x = _checked(observed, draws)
    alpha = share(alpha, "alpha", "score_draws", 0.1)
    low, high = np.quantile(x, [alpha / 2, 1 - alpha / 2], axis=1)
    missed = np.maximum(low - y, 0) + np.maximum(y - high, 0)
    table = {
        "crps": _crps(y, x),
        "ign": _ignorance(y, x),
        "mis": high - low + 2 / alpha * missed,
        "covered": missed == 0,
    }
    return pd.DataFrame(table, index=observed.index if isinstance(observed, pd.Series) else None)


def _checked(observed, draws) -> tuple[np.ndarray, np.ndarray]:
    y, x = np.atleast_1d(_numbers(observed, "observed")), np.atleast_2d(_numbers(draws, "draws"))
    if y.ndim != 1 or x.ndim != 2 or len(y) != len(x) or not x.size:
        other_way = x.size and np.ndim(draws) == 2 and x.shape[1] == y.size
        turned = "; these are the other way round, use draws.T" if other_way else ""
        raise ValueError(
            f"score_draws: observed has {y.size} targets, draws are {' x '.join(map(str, x.shape))}; one row of draws "
            f"a target is wanted{turned}."
        )
    if _labelled(observed) and _labelled(draws) and not observed.index.equals(draws.index):
        raise ValueError(
            f"score_draws: observed is labelled {observed.index[0]} to {observed.index[-1]}, draws {draws.index[0]} to "
            f"{draws.index[-1]}, not one and the same; put them in one order, as by draws.loc[observed.index]."
        )
    for name, values in (("observed", y), ("draws", x)):
        wrong = np.argwhere(~(np.isfinite(values) & (values >= 0)))
        if len(wrong):
            got = values[tuple(wrong[0])]
            raise ValueError(
                f"score_draws: {name} of target {wrong[0][0]}: got {got:g}; numbers of 0 or more are wanted."
            )
    return y, x


def _labelled(values) -> bool:
    return isinstance(values, pd.Series | pd.DataFrame) and not isinstance(values.index, pd.RangeIndex)


def _numbers(values, name: str) -> np.ndarray:
    try:
        if isinstance(values, pd.Series | pd.DataFrame):
            return values.astype("Float64").to_numpy(float, na_value=np.nan)
        return np.asarray(values, float)
    except (TypeError, ValueError) as error:
        raise TypeError(f"score_draws: {name} must be numbers, in rows of one length; {error}.") from error


def _crps(y, x) -> np.ndarray:
    # In order x(1) <= ... <= x(n) the sum of |x_i - x_j| is 2 sum of (2 i - n - 1) x(i): no n x n table.
    n = x.shape[1]
    apart = (np.sort(x, axis=1) * (2 * np.arange(1, n + 1) - n - 1)).sum(axis=1)
    return np.abs(x - y[:, None]).mean(axis=1) - apart / n**2


def _ignorance(y, x) -> np.ndarray:
    same = np.searchsorted(BINS, x, side="right") == np.searchsorted(BINS, y, side="right")[:, None]
    return -np.log2((same.sum(axis=1) + 1) / (x.shape[1] + len(BINS)))


def randomised_pit(observed, draws, random) -> np.ndarray:
    """Where the observed falls among the draws, between 0 and 1: uniform if it could be one of them.

    The rank of the observed among itself and the draws, ties and the place within the rank by chance; so it is
    uniform for counts and for few draws too.

    Parameters
    ----------
    observed : array (horizon,)
    draws : array (horizon, n)
    random : numpy.random.Generator

    Returns
    -------
    ndarray (horizon,)

    References
    ----------
    Czado, Gneiting & Held (2009), Predictive model assessment for count data, Biometrics 65.

    Examples
    --------
    >>> randomised_pit([5], [[1, 2, 3, 4, 9, 9, 9, 9, 9]], np.random.default_rng(0)).round(2)
    array([0.46])
    """
    y, x = _checked(observed, draws)
    below, ties = (x < y[:, None]).sum(axis=1), (x == y[:, None]).sum(axis=1)
    return (below + random.uniform(size=len(y)) * (ties + 1)) / (x.shape[1] + 1)
