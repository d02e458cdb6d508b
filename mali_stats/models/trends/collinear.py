"""How well the terms of a design can be told apart."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

MUCH = 10.0  # a variance ten times as large as of a term that is alone
ILL = 30.0  # Belsley, Kuh & Welsch's (1980) moderate to strong


@dataclass(frozen=True, repr=False, eq=False)
class Collinearity:
    """Variance inflation and condition number of a design.

    Attributes
    ----------
    condition_number : float
        Largest over smallest singular value of the columns, each scaled to length 1 and not centred.
    table : DataFrame
        As `tidy` returns it.
    notes : list of str
        Which terms can hardly be told apart.

    Examples
    --------
    >>> import mali_stats as ms
    >>> counts = pd.DataFrame({"year": range(2000, 2012), "events": [4, 6, 5, 3, 7, 5, 4, 6, 14, 16, 9, 11]})
    >>> ms.fit_trend(counts, "events", time="year", breaks=[ms.Break("law", 2007)]).design()
    Design of 3 terms: condition number 9.2, largest variance inflation 5.1 (year)
    """

    condition_number: float
    table: pd.DataFrame
    notes: list[str]

    def tidy(self) -> pd.DataFrame:
        """One row a term other than the intercept or the levels: term, variance_inflation."""
        return self.table.copy()

    def __repr__(self):
        worst = self.table.loc[self.table["variance_inflation"].idxmax()]
        return (
            f"Design of {len(self.table)} terms: condition number {self.condition_number:.1f}, "
            f"largest variance inflation {worst['variance_inflation']:.1f} ({worst['term']})"
        )

    def _repr_html_(self):
        return self.table.round(2).to_html(index=False)


def collinearity(layout) -> Collinearity:
    """Measure how well the terms of a layout can be told apart; see `Trend.design`."""
    first = max(layout.levels, 1)
    scaled = layout.X / np.linalg.norm(layout.X, axis=0)
    means = layout.X[:, :first].T @ layout.X[:, first:] / layout.X[:, :first].sum(axis=0)[:, None]
    within = layout.X[:, first:] - layout.X[:, :first] @ means
    inflation = np.diag(np.linalg.inv(within.T @ within)) * (within**2).sum(axis=0)
    table = pd.DataFrame({"term": layout.names[first:], "variance_inflation": inflation})
    condition = float(np.linalg.cond(scaled))
    high = table.loc[table["variance_inflation"] > MUCH, "term"]
    notes = [f"hard to tell from the others (variance inflation over {MUCH:g}): {', '.join(high)}"] if len(high) else []
    if condition > ILL:
        notes.append(f"condition number over {ILL:g}: estimates lean on each other")
    return Collinearity(condition, table, notes)
