"""Is a known date special? The level term of a trend tried at every date, against a null of shuffled years."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from mali_stats import catalog
from mali_stats.models.breaks.score_curve import FEWEST_BLOCKS, level_curve
from mali_stats.models.forecasts.timeline import whole
from mali_stats.models.trends.covariance import estimate
from mali_stats.models.trends.design import design_of
from mali_stats.models.trends.its import _ISO, Break
from mali_stats.models.trends.trend import FAMILIES

#: Arguments of `fit_trend` that make the null, and their defaults.
ITS = {"family": "nb2", "harmonics": 2, "offset": None, "by": None, "time": "month"}


@dataclass(frozen=True, repr=False, eq=False)
class Placebo:
    """The level term at every admissible date.

    Attributes
    ----------
    outcome, label : str
        `label` names the date asked about; empty without one.
    date : Timestamp, int or None
        First month (or year) of the regime asked about.
    curve : DataFrame
        date (first period of the new regime), z (score statistic of the level term), null_low, null_high (95 % of the
        null's z at that date).
    critical : float
        What the largest abs(z) of a curve exceeds in 5 % of the null.
    p_at_date : float
        Of the date asked about, among its own permutations; NaN without a date.
    p_sup : float
        Of the largest abs(z) of the curve: the p-value of a date that the data chose.
    n_perm : int
    notes : list of str
    """

    outcome: str
    label: str
    date: pd.Timestamp | int | None
    curve: pd.DataFrame
    critical: float
    p_at_date: float
    p_sup: float
    n_perm: int
    notes: list[str]

    def tidy(self) -> pd.DataFrame:
        """One row a test: test ("at date", "largest"), date, z, p_value."""
        rows = [("largest", self.curve.loc[self.curve["z"].abs().idxmax(), "date"], self.p_sup)]
        if self.date is not None:
            rows.insert(0, ("at date", self.date, self.p_at_date))
        z = self.curve.set_index("date")["z"]
        out = pd.DataFrame(rows, columns=["test", "date", "p_value"])
        return out.assign(z=out["date"].map(z))[["test", "date", "z", "p_value"]]

    def __repr__(self):
        words = [
            f"{_word(row.date)}: z = {row.z:.2f}, p = {row.p_value:.3f} ({row.test})"
            for row in self.tidy().itertuples()
        ]
        first, last = (_word(self.curve["date"].iloc[end]) for end in (0, -1))
        return f"Placebo dates of {self.outcome}, {first} to {last}, {self.n_perm} permutations\n" + "\n".join(words)

    def _repr_html_(self):
        return self.tidy().to_html(index=False, float_format="{:,.3f}".format)


def _word(date):
    return f"{date:%Y-%m}" if isinstance(date, pd.Timestamp) else str(date)


def placebo_its(
    frame: pd.DataFrame,
    outcome: str,
    date: str | Break | None,
    *,
    block: int = 12,
    min_side: int = 12,
    n_perm: int = 999,
    seed: int = 0,
    **its: Any,
) -> Placebo:
    r"""Compare the change of level at a known date with that at every other date, and with shuffled years.

    Parameters
    ----------
    frame, outcome
        As of `fit_trend`.
    date : str, Break or None
        Known beforehand: a label of seeds/calendar.csv that is a step, ISO text ("2020-08-18", "2020-08"), or an
        ``ms.Break`` that is one. The period that holds it is the first of the new regime. None asks about no date:
        `p_sup` alone, for dates that `find_breaks` chose.
    block : int
        Periods that stay together: years of months, so that what hangs together within a year does in the null.
    min_side : int
        Fewest periods before and after a date that is tried.
    n_perm, seed : int
    **its
        `family`, `harmonics`, `offset`, `by` and `time` of `fit_trend`. Regions are shuffled together.

    Returns
    -------
    Placebo
        `.curve`, `.p_at_date`, `.p_sup`, `.critical`, `.tidy()`, `.notes`. No p-values under 24 times or 10 events.

    Raises
    ------
    TypeError
        If `date` is none of those, an argument is not one of `fit_trend`'s named above, or a number is not whole.
    ValueError
        If `date` comes from `find_breaks`: a p-value at a date that the data chose is not one. If it is no date that
        is tried, there are fewer than 5 blocks, or regions differ in their months.

    Notes
    -----
    The null is the trend with its season and without a break. At each date T the statistic is the efficient score
    of a level :math:`D_t = 1[t \ge T]`, what the null's own terms can follow taken out, divided by its standard
    error and by the root of Pearson's dispersion:

    .. math:: z_T = \frac{\tilde D'(y - \mu)/(1 + \alpha\mu)}{\sqrt{\hat\phi\,\tilde D' W \tilde D}}, \quad
              W = \frac{\mu}{1 + \alpha\mu}, \quad \tilde D = D - X (X'WX)^{-1} X'WD

    No refit is needed, for a shuffled series is scored by what is left of it once the same terms are taken out.

    The null's series: randomised quantile residuals of the null fit (Dunn & Smyth 1996), whole blocks of them permuted,
    mapped back to counts at the fitted mean of their new month. Periods left over at the end stay. Shuffled residuals
    have lost the null's terms twice, where the record's have once; their z is scaled up by what that takes from its
    variance were months independent. Both p-values are (1 + #) / (1 + n_perm), two-sided.

    Measured by benchmarks/false_alarms.py on overdispersed counts with a season, whose log-rate is independent /
    AR(1) 0.4 / AR(1) 0.7 from month to month; 400 series a cell. Share with p <= 0.05 without a change (nominal .05),
    under a trend of 0.1 a year:

    ======  ===============  ===============
    months  at the date      largest
    ======  ===============  ===============
    84      .06 / .06 / .08  .04 / .04 / .06
    144     .05 / .06 / .04  .04 / .06 / .05
    300     .06 / .07 / .06  .06 / .07 / .11
    ======  ===============  ===============

    Power in 144 months, the mean multiplied in the middle, log-rate independent / AR(1) 0.4. It is low because the
    trend of the null takes part of any step, whether there is a trend (0.3 a year: 35 %) or not (0):

    =====  =====  ===========  ===========
    jump   trend  at the date  largest
    =====  =====  ===========  ===========
    x 1.5  0      .30 / .26    .10 / .06
    x 1.5  0.3    .29 / .22    .08 / .07
    x 2    0      .74 / .59    .20 / .15
    x 2    0.3    .69 / .61    .20 / .15
    x 3    0      .96 / .93    .54 / .44
    x 3    0.3    .97 / .91    .56 / .40
    =====  =====  ===========  ===========

    So a large p-value says little.

    References
    ----------
    Dunn & Smyth (1996), Randomized quantile residuals, Journal of Computational and Graphical Statistics 5; Rao (1948)
    for the score test; Phipson & Smyth (2010), Statistical Applications in Genetics and Molecular Biology 9, for the
    1 in (1 + #).

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> months = pd.date_range("2012-01-01", periods=120, freq="MS")
    >>> mean = 20 * np.where(months < "2017-01-01", 1, 2.5)
    >>> counts = np.random.default_rng(2).negative_binomial(4, 4 / (4 + mean))
    >>> placebo_its(pd.DataFrame({"month": months, "events": counts}), "events", "2017-01", n_perm=199)
    Placebo dates of events, 2013-01 to 2021-01, 199 permutations
    2017-01: z = 3.96, p = 0.020 (at date)
    2017-01: z = 3.96, p = 0.140 (largest)
    """
    family, harmonics, offset, by, time = _choices(its, n_perm, seed)
    asked = _date(date)
    try:
        design = design_of(frame, outcome, time, by, offset, harmonics)
    except (TypeError, ValueError) as error:  # the null is fitted as fit_trend fits it, and refused in its words
        raise type(error)(str(error).replace("fit_trend:", "placebo_its:", 1)) from None
    _check_blocks(design, block, min_side)
    places = np.arange(min_side, len(design.times) - min_side + 1)
    at = _place(design, places, asked, min_side)
    fit = estimate(design, family, "model")
    z, null = level_curve(design, fit, family, places, block, n_perm, seed)
    beyond = (np.abs(null) >= np.abs(z) * (1 - 1e-12)).sum(axis=0)
    largest = np.abs(null).max(axis=1)
    p_sup = (1 + np.sum(largest >= np.abs(z).max() * (1 - 1e-12))) / (1 + n_perm)
    p_values = np.array([np.nan if at is None else (1 + beyond[at]) / (1 + n_perm), p_sup])
    low, high = np.quantile(null, [0.025, 0.975], axis=0)
    dates = [_period(design, place) for place in places]
    curve = pd.DataFrame({"date": dates, "z": z, "null_low": low, "null_high": high})
    return Placebo(
        outcome, asked[0], None if at is None else dates[at], curve, float(np.quantile(largest, 0.95)),
        *(float(p) for p in (p_values * np.nan if design.short else p_values)), n_perm, _notes(design, fit, block),
    )  # fmt: skip


def _choices(its, n_perm, seed) -> list:
    """Values of the arguments that make the null, in the order of `ITS`."""
    if wrong := sorted(set(its) - set(ITS)):
        raise TypeError(
            f"placebo_its: {', '.join(wrong)} is no argument here; of fit_trend's it takes {', '.join(ITS)}. The "
            "null has no breaks, and its p-values need no covariance."
        )
    chosen = ITS | its
    if chosen["family"] not in FAMILIES or chosen["harmonics"] not in range(6):
        raise ValueError(
            f"placebo_its: family={chosen['family']!r}, harmonics={chosen['harmonics']!r}; accepted are "
            f"{', '.join(FAMILIES)}, and the whole numbers 0 to 5."
        )
    whole(n_perm, 19, "n_perm", "placebo_its")
    whole(seed, 0, "seed", "placebo_its")
    return list(chosen.values())


def _date(given) -> tuple[str, pd.Timestamp | None]:
    """(Label, day) of a date known beforehand; neither of None."""
    if given is None:
        return "", None
    _refuse_chosen(given)
    if all(hasattr(given, name) for name in ("label", "date", "kind")):
        return _step(given.label, given.kind, given.date)
    if isinstance(given, int) and not isinstance(given, bool):
        given = f"{given:04d}"
    if not isinstance(given, str):
        raise TypeError(
            f"placebo_its: date={given!r}; accepted are ISO text such as '2020-08-18', a label of seeds/calendar.csv, "
            "an ms.Break, or None. A date out of find_breaks was chosen by the data: use date=None and .p_sup."
        )
    if _ISO.fullmatch(given):
        return given, Break(f"at {given}", given).date
    table = catalog.seed("calendar").set_index("label")
    if given not in table.index:
        near = catalog._nearest(given, table.index)
        raise ValueError(f"placebo_its: date={given!r} is no ISO date and no label of seeds/calendar.csv.{near}")
    return _step(given, *table.loc[given, ["kind", "start"]])


def _step(label, kind, date):
    if kind != "step":
        raise ValueError(
            f"placebo_its: {label!r} is a {kind}, and what is tried here is a level that changes at one date. Give the "
            "day you mean as ISO text, or fit it with fit_trend(..., breaks=[...])."
        )
    return label, pd.Timestamp(date)


def _refuse_chosen(given):
    """Refuse a result of find_breaks (it has .chosen), its table of breaks, or a row of that."""
    row = isinstance(given, Mapping | pd.Series | pd.DataFrame) and "conf_low" in given
    if row or hasattr(given, "chosen") or hasattr(given, "conf_low"):
        raise ValueError(
            "placebo_its: a date that the data chose has no p-value of its own: of all dates the one with the largest "
            "change was taken. Use date=None and .p_sup, which takes the largest of every shuffled series too, and "
            "report the interval of the date (conf_low, conf_high)."
        )


def _check_blocks(design, block, min_side):
    for name, got in (("block", block), ("min_side", min_side)):
        whole(got, 1, name, "placebo_its")
    times, rows = len(design.times), len(design.y)
    if rows != times * max(design.levels, 1):
        raise ValueError(
            f"placebo_its: the levels of {design.by} do not all have the same {times} times ({rows} rows), so they "
            "cannot be shuffled together; keep a period in which all are in scope."
        )
    if times // block < FEWEST_BLOCKS:
        raise ValueError(
            f"placebo_its: {times} times make {times // block} blocks of {block}; {FEWEST_BLOCKS} are needed, or too "
            "few orders are possible. Give a longer record or, of yearly data, block=1."
        )
    if times < 2 * min_side:
        raise ValueError(f"placebo_its: {times} times have no date with min_side={min_side} on both sides.")


def _period(design, place):
    """First day of the month, or the year, at a place from 0."""
    when = int(design.times[0]) + int(place)
    return pd.Timestamp(when // 12, when % 12 + 1, 1).as_unit("s") if design.monthly else when


def _place(design, places, asked, min_side):
    """Where the date asked about stands among those tried; None if none was asked."""
    label, day = asked
    if day is None:
        return None
    when = (day.year * 12 + day.month - 1 if design.monthly else day.year) - int(design.times[0])
    if when not in places:
        first, last = (_word(_period(design, place)) for place in (places[0], places[-1]))
        raise ValueError(
            f"placebo_its: {label} leaves fewer than min_side={min_side} times on a side; dates from {first} to {last} "
            "can be tried."
        )
    return int(when - places[0])


def _notes(design, fit, block):
    notes = [*design.notes, *fit.notes]
    if design.short:
        notes.append(f"no p-value from {design.short}")
    blocks, left = divmod(len(design.times), block)
    if math.factorial(blocks) < 1000:
        notes.append(f"{blocks} blocks have {math.factorial(blocks)} orders only: p-values are coarse")
    if left:
        notes.append(f"the last {left} times make no whole block of {block} and are not shuffled")
    return notes
