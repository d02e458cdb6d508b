"""Pooling estimates made on many drawn data sets: Rubin's rules."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats

COLUMNS = ("estimate", "within", "between", "total", "std_error", "df", "conf_low", "conf_high", "fmi")


def pool_rubin(
    estimates: ArrayLike | pd.DataFrame,
    variances: ArrayLike | pd.DataFrame,
    *,
    n: int | None = None,
    k: int | None = None,
    conf: float = 0.95,
) -> pd.DataFrame:
    r"""Pool the estimates of one model fitted to M drawn data sets.

    With the mean estimate, the mean variance U (within) and the variance B of the estimates (between, divisor M - 1):

    .. math:: T = U + (1 + 1/M) B, \qquad r = (1 + 1/M) B / U, \qquad \nu = (M - 1)(1 + 1/r)^2

    Parameters
    ----------
    estimates, variances : sequence (M,), array (M, p) or DataFrame (M rows, a column a term)
        A row a data set. Variances are squared standard errors.
    n, k : int, optional
        Rows and coefficients of the model, for the degrees of freedom of Barnard and Rubin, which never exceed those
        of the complete data, n - k. Without them Rubin's own, which take that for infinite.
    conf : float
        Confidence of the interval.

    Returns
    -------
    DataFrame
        A row a coefficient: term (where frames are given), estimate, within, between, total, std_error, df, conf_low,
        conf_high, and fmi, the fraction of missing information, (r + 2 / (nu + 3)) / (r + 1) with Rubin's nu.

    Raises
    ------
    ValueError
        For fewer than 2 data sets, shapes or columns that differ, values that are no numbers, a negative variance, or
        one of n and k without the other.

    Notes
    -----
    The rows are the data sets. Where they stand in columns, every mean would be over coefficients: with frames the
    names tell, with arrays only the shape.

    References
    ----------
    Rubin (1987), Multiple Imputation for Nonresponse in Surveys, 3.1.2 to 3.1.10; Barnard & Rubin (1999), Small-sample
    degrees of freedom with multiple imputation, Biometrika 86.

    Examples
    --------
    >>> pool_rubin([0.10, 0.14, 0.12], [0.0004, 0.0004, 0.0004])[["estimate", "total", "df"]].round(4)
       estimate   total     df
    0      0.12  0.0009  6.125
    """
    names, Q, U = _matrices(estimates, variances)
    complete = _complete(n, k)
    if not isinstance(conf, int | float | np.number) or not 0 < conf < 1:
        raise ValueError(f"pool_rubin: conf={conf!r}; it lies between 0 and 1, such as 0.95.")
    table = pooled(Q, U, complete, conf)
    if names is not None:
        table.insert(0, "term", list(names))
    return table


def _complete(n: int | None, k: int | None) -> float:
    """Degrees of freedom of the complete data."""
    if n is None and k is None:
        return np.inf
    if n is None or k is None:
        raise ValueError("pool_rubin: n and k go together (rows and coefficients of the model); give both or neither.")
    if not (isinstance(n, int | float | np.number) and isinstance(k, int | float | np.number) and n > k > 0):
        raise ValueError(f"pool_rubin: n={n!r}, k={k!r}; there must be more rows than coefficients.")
    return n - k


def pooled(Q, U, complete=np.inf, conf=0.95) -> pd.DataFrame:
    """Pool arrays (draws, coefficients) with so many degrees of freedom in the complete data; see `pool_rubin`."""
    M = len(Q)
    within, between = U.mean(axis=0), Q.var(axis=0, ddof=1)
    total = within + (1 + 1 / M) * between
    share = np.divide((1 + 1 / M) * between, total, out=np.zeros_like(total), where=total > 0)
    seen = np.inf if np.isinf(complete) else (complete + 1) / (complete + 3) * complete * (1 - share)
    with np.errstate(divide="ignore"):  # no variance between the draws, or none within
        df = 1 / (share**2 / (M - 1) + 1 / np.asarray(seen))
    fmi = share + (1 - share) * 2 * share**2 / (M - 1 + 3 * share**2)
    error = np.sqrt(total)
    half = stats.t.ppf((1 + conf) / 2, df) * error
    estimate = Q.mean(axis=0)
    values = (estimate, within, between, total, error, df, estimate - half, estimate + half, fmi)
    return pd.DataFrame(dict(zip(COLUMNS, values, strict=True)))


def _matrices(estimates, variances):
    """(Names of the terms or None, estimates, variances), both as arrays (data sets, coefficients)."""
    names = None
    if isinstance(estimates, pd.DataFrame) != isinstance(variances, pd.DataFrame):
        raise ValueError("pool_rubin: estimates and variances must both be frames, or neither.")
    if isinstance(estimates, pd.DataFrame):
        names = estimates.columns
        if set(names) != set(variances.columns) or not names.is_unique:
            raise ValueError(
                f"pool_rubin: the columns differ or repeat: {', '.join(map(str, names))} and "
                f"{', '.join(map(str, variances.columns))}."
            )
        variances = variances[names]
    try:
        Q, U = (np.asarray(values, float) for values in (estimates, variances))
    except (TypeError, ValueError) as error:
        raise TypeError(
            f"pool_rubin: estimates and variances must be numbers, in rows of one length; {error}."
        ) from error
    if Q.shape != U.shape or Q.ndim not in (1, 2):
        raise ValueError(
            f"pool_rubin: estimates are {Q.shape} and variances {U.shape}; give the same shape to both, (M,) or "
            "(M, p) for M data sets and p coefficients. Of a covariance matrix only the diagonal is pooled."
        )
    if len(Q) < 2:
        raise ValueError(f"pool_rubin: {len(Q)} data set; at least 2 are needed to see how far they differ (20 to 50).")
    if not (np.isfinite(Q).all() and np.isfinite(U).all() and (U >= 0).all()):
        raise ValueError("pool_rubin: every estimate must be a number, and every variance one of 0 or more.")
    return names, *(values.reshape(len(values), -1) for values in (Q, U))
