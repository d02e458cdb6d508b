"""Did anything change, and when? Breaks of a series at dates that the data choose, and how well they are dated."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from mali_stats.asked import single
from mali_stats.models.breaks.break_dates import KINDS, intervals
from mali_stats.models.breaks.dated import Timeline, timeline
from mali_stats.models.breaks.segments import Cost, best_cuts, bic, bootstrap, cost_of, sup_f
from mali_stats.models.forecasts.timeline import whole
from mali_stats.models.trends.design import FEWEST_EVENTS, FEWEST_TIMES

COSTS = ("nb", "poisson", "l2")
TRANSFORMS: dict[str | None, Callable[[Any], Any]] = {
    None: np.asarray,
    "log1p": np.log1p,
    "anscombe": lambda y: 2 * np.sqrt(y + 0.375),
}


@dataclass(frozen=True, repr=False, eq=False)
class Breaks:
    """Breaks that the data chose.

    Attributes
    ----------
    line : Timeline
        The series as it was given: ``y``, ``name``, and its times.
    cost, transform, ci : str
        As they were given.
    weights : Cost
        The cost with its dispersion: ``alpha`` of the NB2, ``scale`` of the Poisson.
    cuts : tuple of int
        Places, from 0, where the chosen regimes begin.
    ends : tuple of (int, int)
        The interval of each, clipped to the series.
    fits : DataFrame
        As `table` returns it.
    sup_f : float
        Strength of the best single break between 15 and 85 % of the series; see `find_breaks`.
    p_value : float
        Of "no break at all", against `sup_f`; NaN where the record is too short, `notes` says so.
    persistence : float
        Of the series without a break that `p_value` rests on.
    notes : list of str
    """

    line: Timeline
    cost: str
    transform: str | None
    ci: str
    weights: Cost
    cuts: tuple[int, ...]
    ends: tuple[tuple[int, int], ...]
    fits: pd.DataFrame
    sup_f: float
    p_value: float
    persistence: float
    notes: list[str]

    @property
    def y(self) -> pd.Series:
        """The series, indexed by the first days of its months, or by years."""
        dates = pd.Index([self.line.date(place) for place in range(len(self.line.y))], name=self.line.unit)
        return pd.Series(self.line.y, index=dates, name=self.line.name)

    @property
    def breaks(self) -> pd.DataFrame:
        """One row a break: date (**first** period of the new regime), conf_low, conf_high.

        Months are their first days, years are whole numbers.
        """
        rows = [
            [self.line.date(place) for place in (cut, *ends)] for cut, ends in zip(self.cuts, self.ends, strict=True)
        ]
        kind = "datetime64[s]" if self.line.monthly else "int64"
        return pd.DataFrame(rows, columns=["date", "conf_low", "conf_high"]).astype(kind)

    @property
    def chosen(self) -> tuple[str, ...]:
        """The dates in words. The data chose them: `fit_trend` and `placebo_its` take none of this as a known date."""
        return tuple(self.line.label(cut) for cut in self.cuts)

    def table(self) -> pd.DataFrame:
        """One row a number of breaks: m, rss or deviance (not scaled), bic, chosen."""
        return self.fits.copy()

    def segments(self) -> pd.DataFrame:
        """One row a regime: start, end (last period), mean of the values as given, n, ratio to the mean before.

        The ratio is NaN of the first regime, and where the mean before is not positive.
        """
        edges = [0, *self.cuts, len(self.line.y)]
        spans = list(pairwise(edges))
        means = np.array([self.line.y[a:b].mean() for a, b in spans])
        before = np.concatenate([[np.nan], means[:-1]])
        return pd.DataFrame(
            {
                "start": [self.line.date(a) for a, _ in spans],
                "end": [self.line.date(b - 1) for _, b in spans],
                "mean": means,
                "n": [b - a for a, b in spans],
                "ratio": np.divide(means, before, out=np.full(len(means), np.nan), where=(means >= 0) & (before > 0)),
            }
        )

    def tidy(self) -> pd.DataFrame:
        """One row a break: date, conf_low, conf_high, mean_before, mean_after, ratio, entries.

        ``entries`` are the calendar's inside the interval, joined by "; ".
        """
        parts = self.segments()
        return self.breaks.assign(
            mean_before=parts["mean"].to_numpy()[:-1],
            mean_after=parts["mean"].to_numpy()[1:],
            ratio=parts["ratio"].to_numpy()[1:],
            entries=["; ".join(self.line.entries(*ends) or []) for ends in self.ends],
        )

    def __repr__(self):
        last = self.line.label(len(self.line.y) - 1)
        dates = ", ".join(f"{self.line.label(cut)} ({_span(self.line, ends)})"
                          for cut, ends in zip(self.cuts, self.ends, strict=True))  # fmt: skip
        cost = self.cost if self.transform is None else f"{self.cost} on {self.transform}"
        return (
            f"Breaks of {self.line.name}, {self.line.label(0)} to {last}: cost {cost}, {len(self.cuts)} by BIC\n"
            f"{dates or 'no break'}\n"
            f"sup-F {self.sup_f:.1f}, p = {self.p_value:.3f}"
        )

    def _repr_html_(self):
        return self.tidy().to_html(index=False, float_format="{:,.2f}".format)


def _span(line, ends):
    return f"{line.label(ends[0])} to {line.label(ends[1])}"


def find_breaks(
    y: pd.Series,
    *,
    cost: str = "nb",
    transform: str | None = None,
    min_size: int = 12,
    max_breaks: int = 5,
    ci: str = "het",
    n_boot: int = 999,
    seed: int = 0,
) -> Breaks:
    r"""Find the dates at which the mean of a series changes, with intervals.

    Parameters
    ----------
    y : Series
        Indexed by months (datetimes or monthly Periods) or years (whole numbers or yearly Periods), none missing.
        Counts for "nb" and "poisson", any numbers for "l2".
    cost : {"nb", "poisson", "l2"}
        What a stretch of one mean costs; see Notes.
    transform : {None, "log1p", "anscombe"}
        With "l2": cut ``log(1 + y)`` or ``2 sqrt(y + 3/8)``. A sensitivity, for it is a model of another quantity.
    min_size : int
        Fewest periods in a regime: months, or years.
    max_breaks : int
        Fewer where the series has no room for so many.
    ci : {"het", "homo", "hac"}
        Intervals of the dates from a variance for each regime, one for all, or long-run variances.
    n_boot, seed : int
        Surrogates for the p-value; 0 gives none.

    Returns
    -------
    Breaks
        `.breaks`, `.table()`, `.sup_f`, `.p_value`, `.segments()`, `.tidy()`, `.notes`.

    Raises
    ------
    TypeError
        If `y` is no Series of numbers, its index neither months nor years, or a size or number is not whole.
    ValueError
        If a time is missing, a count cannot be one, an argument is unknown, or the series is shorter than two
        regimes or has one value only.

    Notes
    -----
    All cuts of up to `max_breaks` are compared (dynamic programming). Stretches cost their squares ("l2"), or
    their deviance: of the NB2 with alpha held at its maximum-likelihood estimate of the null fit, which is one mean
    for the whole series ("nb"), or of the Poisson, divided by Pearson's dispersion of the null fit ("poisson").
    Number of breaks m: the least BIC, n (ln RSS + 1 - ln n + ln 2 pi) or the scaled deviance, plus 2 (m + 1) ln n.
    BIC takes the periods for independent; `p_value` does not.

    sup-F is the largest drop of the squares, or deviance, by one break at 15 to 85 % of the series, over what is
    left per degree of freedom, :math:`\sum (y - \hat\mu)^2 / V(\hat\mu) / (n - 2)`, V = 1 for "l2". Its p-value puts
    it among series of the same values in an order without a break: ranks of a Gaussian AR(1), whose persistence is
    the one that leaves residuals like the record's (Bartlett's sum over 12 lags) once a break is fitted to both. It
    asks for one break: a rise and a fall of like size can escape it, and further breaks count as persistence.

    Dates: Bai's (1997) distribution of the estimated place, with the two regimes' variances of the values (for counts,
    of the counts) and the difference of their means. "hac" multiplies the variances by Bartlett's sum of the
    residuals' autocorrelations, at least 1. The interval takes the number of breaks for known. A change that takes
    months is no break, and gets a date all the same, and a small p-value: of 50 made-up series that rise steadily as
    Mali's did, all were given breaks with p under .05 (notebook 07).

    Measured by benchmarks/false_alarms.py on overdispersed counts whose log-rate is independent / AR(1) 0.4 / AR(1)
    0.7 from month to month, 400 series a cell. Share of series without a break in which one is seen, nominal 5 %;
    ruptures as it comes (Pelt, jump 5, min_size 2, penalty 2 ln n) sees 4 to 50 in 92 to 100 % of them:

    ================  ===============  ===============  ===============
    months, mean      p, "nb"          p, log1p         BIC, "nb"
    ================  ===============  ===============  ===============
    84, 20 a month    .02 / .05 / .10  .03 / .06 / .11  .04 / .13 / .34
    144, 20 a month   .04 / .08 / .09  .04 / .06 / .09  .04 / .17 / .45
    144, 2 a month    .03 / .04 / .07  .04 / .04 / .07  .03 / .07 / .18
    300, 20 a month   .04 / .06 / .05  .03 / .05 / .05  .04 / .17 / .50
    ================  ===============  ===============  ===============

    So where months hang together BIC alone finds breaks that are none, and under 150 months the p-value is somewhat
    small. Share of nominal 95 % intervals that hold the one break of 144 months, where BIC sees it, cost "nb":

    ================  ===============  ===============  ===============  ==============
    jump of the mean  het              homo             hac              months (het)
    ================  ===============  ===============  ===============  ==============
    x 1.5             .85 / .76 / .63  .84 / .79 / .67  .85 / .80 / .69  51 / 48 / 39
    x 2               .88 / .83 / .70  .94 / .87 / .76  .88 / .84 / .77  29 / 28 / 26
    x 3               .92 / .87 / .80  .98 / .95 / .88  .93 / .88 / .82  16 / 16 / 16
    x 6               .95 / .93 / .93  1 / .99 / .97    .95 / .93 / .93  11 / 11 / 10
    ================  ===============  ===============  ===============  ==============

    Read the interval of a jump under three times as too short.

    References
    ----------
    Bai & Perron (2003), Journal of Applied Econometrics 18; Bai (1997), Review of Economics and Statistics 79;
    Theiler et al. (1992), Physica D 58, for surrogates that keep the values; Andrews (1993), Econometrica 61, for
    sup-F.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> mean = np.repeat([8, 24], [70, 50])
    >>> counts = np.random.default_rng(1).negative_binomial(4, 4 / (4 + mean))
    >>> find_breaks(pd.Series(counts, pd.period_range("2012-01", periods=120, freq="M"), name="events"))
    Breaks of events, 2012-01 to 2021-12: cost nb, 1 by BIC
    2017-11 (2017-01 to 2017-12)
    sup-F 105.9, p = 0.001
    """
    single("find_breaks", cost=cost, transform=transform, ci=ci)
    _check_choices(cost, transform, ci, min_size, max_breaks, n_boot, seed)
    line = timeline(y)
    _check_series(line, cost, transform, min_size)
    values = np.asarray(TRANSFORMS[transform](line.y), float)
    values = values - values.mean() if cost == "l2" else values
    weights = cost_of(cost, values)
    cuts, fits = _search(values, weights, min_size, max_breaks)
    spans = intervals(values, cuts, ci)
    why = _too_short(line, cost, n_boot)
    p_value, persistence = (np.nan, np.nan) if why else bootstrap(values, weights, n_boot, seed)
    last = len(values) - 1
    found = Breaks(
        line, cost, transform, ci, weights, tuple(cuts),
        tuple((min(max(a, 1), last), min(max(b, 1), last)) for a, b in spans), fits,
        float(sup_f(values[None], weights)[0][0]), p_value, persistence, [],
    )  # fmt: skip
    return replace(found, notes=[*_notes(found, why, max_breaks), *_notes_on_dates(found, spans)])


def _search(values, weights, min_size, max_breaks):
    """(Cuts of least BIC, table of all numbers of breaks)."""
    room = min(max_breaks, len(values) // min_size - 1)
    cuts, deviances = best_cuts(values, weights, min_size, room)
    criterion = bic(deviances, weights, len(values))
    best = int(criterion.argmin())
    name = "rss" if weights.kind == "l2" else "deviance"
    fits = pd.DataFrame({"m": range(room + 1), name: deviances, "bic": criterion})
    return cuts[best], fits.assign(chosen=fits["m"] == best)


def _check_choices(cost, transform, ci, min_size, max_breaks, n_boot, seed):
    for name, got, known in (("cost", cost, COSTS), ("transform", transform, TRANSFORMS), ("ci", ci, KINDS)):
        if got not in [*known]:
            raise ValueError(f"find_breaks: {name}={got!r} is unknown; accepted are {', '.join(map(repr, known))}.")
    if transform is not None and cost != "l2":
        raise ValueError(
            f"find_breaks: transform={transform!r} with cost={cost!r}; transformed counts are no counts, so it goes "
            "with cost='l2' only."
        )
    for name, got, least in (
        ("min_size", min_size, 2),
        ("max_breaks", max_breaks, 0),
        ("n_boot", n_boot, 0),
        ("seed", seed, 0),
    ):
        whole(got, least, name, "find_breaks")


def _check_series(line, cost, transform, min_size):
    if len(line.y) < 2 * min_size:
        raise ValueError(
            f"find_breaks: {len(line.y)} {line.unit}s do not hold two regimes of min_size={min_size}; give a longer "
            "series or a smaller min_size."
        )
    wrong = (line.y < 0) | (line.y % 1 != 0) if cost != "l2" else line.y < 0 if transform else np.zeros(1, bool)
    if wrong.any():
        at = int(np.argmax(wrong))
        wanted = f"counts, whole and not negative, for cost={cost!r}; cost='l2' takes any numbers"
        wanted = f"numbers that are not negative for transform={transform!r}" if transform else wanted
        raise ValueError(
            f"find_breaks: {line.label(at)} holds {line.y[at]:g} ({int(wrong.sum())} such); wanted are {wanted}."
        )
    if np.ptp(line.y) == 0:
        raise ValueError(f"find_breaks: every {line.unit} holds {line.y[0]:g}; nothing varies, so nothing can break.")


def _too_short(line, cost, n_boot):
    """Why there is no p-value; empty if there is one."""
    if not n_boot:
        return "n_boot=0"
    if len(line.y) < FEWEST_TIMES:
        return f"{len(line.y)} {line.unit}s (at least {FEWEST_TIMES} are needed)"
    # Where the values are not events, a period with any count holds one event at the least.
    unit = "events" if line.name == "events" else f"{line.unit}s with any count"
    events = line.y.sum() if line.name == "events" else (line.y > 0).sum()
    few = cost != "l2" and events < FEWEST_EVENTS
    return f"{events:g} {unit} (at least {FEWEST_EVENTS} are needed)" if few else ""


def _notes(found, why, max_breaks):
    """Say what was done otherwise than asked, and what the numbers cannot bear."""
    room, units = len(found.fits) - 1, f"{found.line.unit}s"
    if room < max_breaks:
        yield f"no more than {room} breaks fit into {len(found.line.y)} {units}; max_breaks={max_breaks} was asked"
    elif room and len(found.cuts) == room:
        yield f"BIC takes as many breaks as are allowed ({room}); more may fit better"
    if found.transform:
        yield f"squares of {found.transform} values: a model of another quantity than the count, a sensitivity only"
    if found.cost == "nb" and not found.weights.alpha:
        yield "nb: not more spread than a Poisson; alpha is 0 and the cost is the Poisson's"
    if why:
        yield f"no p-value from {why}"
    elif found.p_value > 0.05 and found.cuts:
        yield (
            f"BIC takes the {units} for independent; a series without a break whose {units} hang together as these do "
            f"(persistence {found.persistence:.2f}) has as large a sup-F in {100 * found.p_value:.0f} % of draws"
        )


def _notes_on_dates(found, spans):
    """Name the calendar's entries inside each interval, and the ends that the series cut off."""
    line = found.line
    for cut, ends, span in zip(found.cuts, found.ends, spans, strict=True):
        where = f"{line.label(cut)} ({_span(line, ends)})"
        if ends != span:
            sides = [side for side, off in (("before", span[0] < ends[0]), ("after", span[1] > ends[1])) if off]
            yield f"{where}: the interval reaches beyond the series, {' and '.join(sides)} it, and is cut off there"
        beyond = [line.label(other) for other in found.cuts if other != cut and ends[0] <= other <= ends[1]]
        if beyond:
            yield f"{where}: the interval holds another break ({', '.join(beyond)}): the two cannot be told apart"
        if line.entries(0, len(line.y) - 1) is not None:
            yield f"{where}: {_in_words(line.entries(*ends))}"


def _in_words(entries):
    if entries is None:
        return "the interval lies outside the span of Mali's calendar"
    many = f"{len(entries)} entr{'y' if len(entries) == 1 else 'ies'} of Mali's calendar inside the interval"
    return many + (f": {', '.join(entries)}" if entries else "")
