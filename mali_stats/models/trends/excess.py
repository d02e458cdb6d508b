"""What a trend with breaks says without them: the counterfactual, and how much more or less was recorded."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from mali_stats.models.forecasts.timeline import whole

#: Of a linear predictor that is drawn; exp() of more overflows, and says no more.
LARGEST = 500.0
OF = ("observed", "fitted")


@dataclass(frozen=True, repr=False, eq=False)
class Excess:
    """Counts less what the trend gives without its breaks, from the first break on.

    Attributes
    ----------
    outcome, of : str
        What is counted, and which of ``observed`` and ``fitted`` the counterfactual is taken from.
    table : DataFrame
        As `tidy` returns it.
    total : DataFrame
        The same columns added up, with first and last time as start and end: one row, or one a level and one for
        "all". Its interval comes from the same draws; it is not the sum of the months' ends.
    notes : list of str

    Examples
    --------
    >>> import mali_stats as ms
    >>> counts = pd.DataFrame({"year": range(2000, 2012), "events": [4, 6, 5, 3, 7, 5, 4, 6, 14, 16, 9, 11]})
    >>> law = ms.Break("law", 2007)
    >>> found = ms.fit_trend(counts, "events", time="year", breaks=[law], slope=False, family="poisson").excess()
    >>> found.total.round(1)
       start   end  observed  counterfactual  excess  conf_low  conf_high
    0   2007  2011      56.0            27.4    28.6     -22.1       45.2
    """

    outcome: str
    of: str
    table: pd.DataFrame
    total: pd.DataFrame
    notes: list[str]

    def tidy(self) -> pd.DataFrame:
        """One row a time (and level): observed or fitted, counterfactual, excess, conf_low, conf_high."""
        return self.table.copy()

    def __repr__(self):
        row = self.total.iloc[-1]
        start, end = (f"{t:%Y-%m}" if hasattr(t, "strftime") else f"{t:g}" for t in (row["start"], row["end"]))
        return (
            f"Excess of {self.outcome}, {start} to {end}: {row[self.of]:,.0f} {self.of}, "
            f"{row['counterfactual']:,.0f} without the breaks\n"
            f"{self.of} less counterfactual {row['excess']:,.0f} ({row['conf_low']:,.0f} to {row['conf_high']:,.0f})"
        )

    def _repr_html_(self):
        return self.total.to_html(index=False, float_format="{:,.0f}".format)


def without(layout) -> np.ndarray:
    """Give the columns of a layout with the terms of all breaks at 0.

    Raises
    ------
    ValueError
        If there are none.
    """
    if not layout.breaks:
        raise ValueError(
            "fit_trend: a trend without breaks has no counterfactual; fit it with breaks=[ms.Break(label, date)]."
        )
    return np.where(layout.broken, 0.0, layout.X)


def drawn(estimate, n: int, seed: int) -> np.ndarray:
    """Draw coefficients, (n, columns), from their chosen covariance: multivariate t, normal where that is normal.

    By the symmetric root of the matrix, which is the same on every machine; a term without a standard error stays
    where it is.
    """
    rng = np.random.default_rng(seed)
    degrees = np.nanmin(estimate.degrees)  # of draws each coefficient has its own; the fewest serve them all
    size, turn = np.linalg.eigh(np.where(np.isnan(estimate.matrix), 0, estimate.matrix))
    root = (turn * np.sqrt(np.maximum(size, 0))) @ turn.T
    steps = rng.normal(size=(n, len(size))) @ root
    if np.isfinite(degrees):
        steps *= np.sqrt(degrees / rng.chisquare(degrees, (n, 1)))
    return estimate.coef + steps


def excess(trend, of: str, n: int, seed: int) -> Excess:
    """Take the counterfactual from what was observed or fitted; see `Trend.excess`."""
    if of not in OF:
        raise ValueError(f"excess: of={of!r} is unknown; accepted are {', '.join(OF)}.")
    if of == "observed" and trend.counting_share is not None:
        raise ValueError(
            "excess: of='observed' would take a counterfactual of the drawn counts from the counts as reported, which "
            "are another quantity (draws of 'vesco' lie well above them). With draws ask of='fitted'."
        )
    n = whole(n, 2, "n", "excess")
    layout, bare = trend.layout, without(trend.layout)
    rows = np.flatnonzero((bare != layout.X).any(axis=1))
    coefs = np.vstack([trend.estimate.coef, drawn(trend.estimate, n, seed)])
    unknown = (layout.X[:, np.isnan(trend.estimate.std_error)] != 0).any(axis=1)[rows]
    expected = _means(bare, layout, rows, coefs, unknown)
    counts = layout.y[rows] if of == "observed" else _means(layout.X, layout, rows, coefs, unknown)
    keys = layout.frame[[trend.time, *([trend.by] if trend.by else [])]].iloc[rows].reset_index(drop=True)
    counts = np.broadcast_to(counts, expected.shape)
    table = keys.assign(**_columns(of, counts, expected))
    return Excess(trend.outcome, of, table, _total(trend, keys, of, counts, expected), _notes(of, n))


def _means(X, layout, rows, coefs, unknown):
    """Expected counts, (1 + draws, rows), the estimate's first; draws are NaN where a term has no error."""
    mu = np.exp(np.minimum(coefs @ X[rows].T + layout.offset[rows], LARGEST))
    mu[1:, unknown] = np.nan
    return mu


def _columns(of, counts, expected):
    """Columns of the table from (1 + draws, rows)."""
    apart = counts - expected
    low, high = np.quantile(apart[1:], [0.025, 0.975], axis=0)
    return {of: counts[0], "counterfactual": expected[0], "excess": apart[0], "conf_low": low, "conf_high": high}


def _total(trend, keys, of, counts, expected):
    levels = [(level, keys[trend.by] == level) for level in keys[trend.by].unique()] if trend.by else []
    parts = [*levels, ("all", np.ones(len(keys), bool))]
    sums = [np.stack([array[:, part].sum(axis=1) for _, part in parts], axis=1) for array in (counts, expected)]
    table = pd.DataFrame({trend.by: [level for level, _ in parts]} if trend.by else {}, index=range(len(parts)))
    spans = [keys.loc[np.asarray(part), trend.time] for _, part in parts]
    ends = {"start": [span.min() for span in spans], "end": [span.max() for span in spans]}
    return table.assign(**ends, **_columns(of, *sums))


def _notes(of, n):
    what = {
        "observed": "the interval is that of the counterfactual's mean. The counts that would have been recorded "
        "without the breaks would themselves lie scattered about it, and that is not in the interval; nor does it say "
        "what is to be expected of another such record (of='fitted' does)",
        "fitted": "the interval is that of the difference of two expected counts, with the breaks and without",
    }[of]
    return [
        f"{n} draws of the coefficients; {what}",
        "the counterfactual is the trend carried on as if nothing else had changed; one series cannot say whether "
        "anything did",
    ]
