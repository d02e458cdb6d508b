"""How far a single reported number of deaths may be off: `fatality_dist`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from pandas.api import types
from scipy import special, stats

from mali_stats import catalog
from mali_stats.asked import single
from mali_stats.models.forecasts.timeline import whole

MODELS = ("vesco", "bounds")
TAIL = 1e-15  # probability left out at each end where a distribution is laid out person by person
_PARAMETERS = ("loc", "scale", "w")


class Reported(NamedTuple):
    """The reported number with probability w, else a Gumbel with its long tail to the right."""

    reported: np.ndarray
    loc: np.ndarray
    scale: np.ndarray
    w: np.ndarray

    def mean(self):
        """Mean before the cut at 0."""
        return self.w * self.reported + (1 - self.w) * (self.loc + np.euler_gamma * self.scale)

    def ppf(self, q):
        """Quantile for each q; q goes with the events by broadcasting, here and in `cdf`."""
        below = (1 - self.w) * stats.gumbel_r.cdf(self.reported, self.loc, self.scale)
        other = np.maximum(1 - self.w, np.finfo(float).tiny)  # w may round to 1
        rest = np.clip(np.where(q <= below, q, q - self.w) / other, 0, 1)
        at_reported = (q > below) & (q <= below + self.w)
        return np.where(at_reported, self.reported, stats.gumbel_r.ppf(rest, self.loc, self.scale))

    def cdf(self, x):
        """Probability of x or fewer."""
        return self.w * (x >= self.reported) + (1 - self.w) * stats.gumbel_r.cdf(x, self.loc, self.scale)

    def ends(self):
        """Between which numbers all but twice `TAIL` lies."""
        first, last = (stats.gumbel_r.ppf(q, self.loc, self.scale) for q in (TAIL, 1 - TAIL))
        return np.minimum(self.reported, first), np.maximum(self.reported, last)


class Bounds(NamedTuple):
    """Triangular from low to high with its peak at the reported number; a point where all three are equal."""

    reported: np.ndarray
    low: np.ndarray
    high: np.ndarray

    def mean(self):
        """Mean of the three."""
        return (self.low + self.reported + self.high) / 3

    def ppf(self, q):
        """Quantile for each q; q goes with the events by broadcasting, here and in `cdf`."""
        width, up, down = self.high - self.low, self.reported - self.low, self.high - self.reported
        rising, falling = self.low + np.sqrt(q * width * up), self.high - np.sqrt((1 - q) * width * down)
        return np.where(q * width <= up, rising, falling)

    def cdf(self, x):
        """Probability of x or fewer."""
        width = self.high - self.low
        some = np.where(width > 0, width, 1)
        spread = stats.triang.cdf(x, (self.reported - self.low) / some, self.low, some)
        return np.where(width > 0, spread, 1.0 * (x >= self.reported))

    def ends(self):
        """The lowest and the highest."""
        return self.low, self.high


@dataclass(frozen=True, repr=False, eq=False)
class FatalityDist:
    """What `fatality_dist` returns: a distribution for each event, independent of each other.

    Attributes
    ----------
    model : {"vesco", "bounds"}
    curve : Reported or Bounds
        The parameters, each of the shape of the events (none for a single number).
    notes : list of str
        What is to be known of the numbers it was made from.
    """

    model: str
    curve: Reported | Bounds
    notes: list[str]

    @property
    def reported(self) -> np.ndarray:
        """The reported number of each event."""
        return self.curve.reported

    def mean(self) -> np.ndarray:
        """Mean of each event, of the continuous distribution before the cut at 0."""
        return self.curve.mean()

    def ppf(self, q) -> np.ndarray:
        """Quantiles of the continuous distribution before the cut at 0.

        Parameters
        ----------
        q : float or array
            Probabilities, 0 to 1.

        Returns
        -------
        ndarray
            Of the shape of q followed by that of the events: a number for each event where q is one, a row for each
            q where there are several. Where q falls into the mass at the reported number, that number.

        Raises
        ------
        ValueError
            For a q outside 0 to 1.
        """
        q = self._outer(q)
        if not ((q >= 0) & (q <= 1)).all():
            raise ValueError(f"ppf: got q={q.ravel().tolist()}; probabilities lie between 0 and 1.")
        return self.curve.ppf(q)

    def cdf(self, x) -> np.ndarray:
        """Probability of x or fewer dead, of the continuous distribution before the cut at 0; shaped as `ppf`."""
        return self.curve.cdf(self._outer(x))

    def _outer(self, values):
        try:
            values = np.asarray(values, float)
        except (TypeError, ValueError) as error:
            raise TypeError(
                f"FatalityDist: {values!r} cannot be read as numbers; give one number or several."
            ) from error
        return values.reshape(values.shape + (1,) * self.reported.ndim)

    def rvs(self, size: int, seed=0) -> np.ndarray:
        """Draw whole persons: rounded to the nearest, and none where that would be below 0.

        Parameters
        ----------
        size : int
            Draws of every event.
        seed : int or numpy.random.Generator

        Returns
        -------
        ndarray of int (size, events)
        """
        size = whole(size, 0, "size", "rvs")
        drawn = self.curve.ppf(np.random.default_rng(seed).random((size, *self.reported.shape)))
        return _persons(drawn)

    def laid_out(self, event: int) -> tuple[int, np.ndarray]:
        """What `rvs` draws for one event, person by person: the fewest, and the probability of that many and on."""
        one = type(self.curve)(*(values[event] for values in self.curve))
        first, last = (int(_persons(end)) for end in one.ends())
        return first, np.diff(one.cdf(np.arange(first, last) + 0.5), prepend=0.0, append=1.0)

    def __repr__(self):
        told, mean = self.reported.sum(), self.mean().sum()
        events = f"{self.reported.size} event" + "s" * (self.reported.size != 1)
        return f"FatalityDist of {events} ({self.model}): {told:,.0f} reported, mean {mean:,.1f}"


def _persons(values):
    return np.maximum(np.rint(values), 0).astype(np.int64)


def fatality_dist(
    deaths: ArrayLike,
    type_of_violence: ArrayLike | None = None,
    *,
    low: ArrayLike | None = None,
    high: ArrayLike | None = None,
    model: str = "vesco",
    params: pd.DataFrame | None = None,
) -> FatalityDist:
    r"""Say how many may have died in each event, given the number on record.

    ``model="vesco"`` is what UCDP's own coders, asked in a survey, held possible: with probability w the reported x,
    else a Gumbel,

    .. math:: F(y) = w\,[y \ge x] + (1 - w) \exp(-e^{-(y - loc) / scale})

    where :math:`\log(1 + loc)`, :math:`\log scale` and :math:`\mathrm{logit}\,w` are lines in
    :math:`\log(1 + x)` for each type of violence, with steps of their own at the values that stand for vague words
    (2, 3, 13, 20, 24, 40, 101, 200, 1001, 2000). ``model="bounds"`` is triangular from low to high with its peak at
    the reported number, and a point where the three are equal.

    Parameters
    ----------
    deaths : number or sequence of whole numbers
        The best estimates.
    type_of_violence : str or sequence of str
        "state-based", "non-state" or "one-sided", of each event or of all; "bounds" needs none.
    low, high : number or sequence, optional
        For "bounds". Where they leave the best estimate outside (23 of Mali's 2,120 events), they are widened to
        hold it, as it is what all totals are made of; `notes` says how often.
    model : {"vesco", "bounds"}
    params : DataFrame, optional
        Coefficients in the place of the published ones, in the columns of ``seeds/gumbel_coefficients.csv``:
        type_of_violence, parameter (loc, scale, w), term (intercept, log1p, or a value of x), value.

    Returns
    -------
    FatalityDist
        with ``.mean()``, ``.ppf(q)``, ``.cdf(x)``, ``.rvs(size, seed)``.

    Raises
    ------
    ValueError
        For a number that is missing, negative or not whole (an unknown count has no distribution here: leave it out,
        and say so), an unknown type or model, lengths that differ, or coefficients that lack some.

    Notes
    -----
    The survey model needs UCDP's best estimate: it was not made for ACLED or the press. It speaks of reported events
    only, and knows nothing of those that nobody reported. It goes up more than down also where the figure is an
    army's claim about its enemy. A reported 0 is read off the same lines at log(1) = 0 (the authors' package takes it
    so too); that gives each such event a mean of about 0.6, and `notes` says how much in all. Low and high of
    "bounds" are the lowest and highest figures that were reported, and no interval: Moura 2022 has 313 in all three.

    References
    ----------
    Vesco et al. (2026), The underreported death toll of wars, Journal of Conflict Resolution,
    doi 10.1177/00220027261423826. The coefficients are those of the authors' R package uncertainUCDP 0.7.6.

    Examples
    --------
    >>> one = fatality_dist(64, "state-based")
    >>> one.mean().round(1), one.ppf([0.05, 0.5, 0.95]).round(1)
    (np.float64(86.1), array([ 64.,  73., 144.]))
    >>> fatality_dist([5, 12], model="bounds", low=[5, 10], high=[5, 30])
    FatalityDist of 2 events (bounds): 17 reported, mean 22.3
    """
    single("fatality_dist", model=model)
    if model not in MODELS:
        raise ValueError(f"fatality_dist: model={model!r} is unknown; accepted are {', '.join(MODELS)}.")
    given = [name for name, value in (("low", low), ("high", high), ("params", params)) if value is not None]
    wrong = {"vesco": {"low", "high"}, "bounds": {"params"}}[model] & set(given)
    if wrong:
        raise ValueError(f"fatality_dist: {', '.join(sorted(wrong))} given, which model={model!r} does not use.")
    x = _counts("deaths", deaths)
    if model == "bounds":
        return _bounds(x, low, high)
    _check_same_rows(deaths, type_of_violence)
    return _vesco(x, type_of_violence, params)


def _counts(name, values, shape=None) -> np.ndarray:
    """The numbers as floats, all there, whole and not negative."""
    if values is None:
        why = "" if name == "deaths" else " as well with model='bounds'"
        raise ValueError(f"fatality_dist: {name} is wanted{why}: a number, or one for each event.")
    if isinstance(values, pd.DataFrame | dict) or np.ndim(values) > 1:
        raise ValueError(
            f"fatality_dist: {name} is of type {type(values).__name__}; give a number, or one column of them."
        )
    column = pd.Series([values] if np.ndim(values) == 0 else values).reset_index(drop=True)
    there = column.dropna().infer_objects()
    if len(there) and (not types.is_numeric_dtype(there) or types.is_bool_dtype(there)):
        raise ValueError(f"fatality_dist: {name} holds {column.dtype}, not numbers; use pd.to_numeric first.")
    numbers = pd.to_numeric(column).to_numpy(float, na_value=np.nan)
    wrong = np.flatnonzero(~(np.isfinite(numbers) & (numbers >= 0) & (np.floor(numbers) == numbers)))
    if len(wrong):
        places = ", ".join(f"{column[i]} at position {i}" for i in wrong[:3])
        raise ValueError(
            f"fatality_dist: {name} must be whole numbers of 0 or more, got {places} ({len(wrong)} in all). An unknown "
            "count has no distribution: leave such events out and say how many they are."
        )
    return _shaped(name, numbers.reshape(np.shape(values)), shape)


def _shaped(name, values, shape):
    if shape is None or values.shape == shape:
        return values
    if values.ndim:
        raise ValueError(f"fatality_dist: {name} has {values.size} values for {int(np.prod(shape))} deaths.")
    return np.broadcast_to(values, shape)


def _check_same_rows(deaths, other):
    both = isinstance(deaths, pd.Series) and isinstance(other, pd.Series)
    if both and len(deaths) == len(other) and not deaths.index.equals(other.index):
        raise ValueError(
            "fatality_dist: deaths and type_of_violence have different indexes, so that rows would be paired wrongly; "
            "take both from one frame."
        )


def _bounds(x, low, high):
    below, above = (_counts(name, values, x.shape) for name, values in (("low", low), ("high", high)))
    out = int(((below > x) | (above < x)).sum())
    notes = [f"low or high widened to hold the best estimate in {out} of {x.size} events"] if out else []
    return FatalityDist("bounds", Bounds(x, np.minimum(below, x), np.maximum(above, x)), notes)


def _vesco(x, type_of_violence, params):
    table = catalog.seed("gumbel_coefficients") if params is None else params
    lines = {name: _lines(table, name) for name in _PARAMETERS}
    kinds = _kinds(type_of_violence, x.shape, list(lines["loc"].index))
    loc, scale, w = (_read_off(lines[name], kinds, x) for name in _PARAMETERS)
    curve = Reported(x, np.expm1(loc), np.exp(scale), special.expit(w))
    zeros = x == 0
    adds = curve.mean()[zeros].sum()
    told = f"{int(zeros.sum())} of {x.size} events have 0 reported; read off the model at 0, they add {adds:.1f} deaths"
    return FatalityDist("vesco", curve, [told] if zeros.any() else [])


def _lines(table, parameter) -> pd.DataFrame:
    """Intercept, slope and steps of one parameter: a row a type of violence, a column a term."""
    if not isinstance(table, pd.DataFrame):
        raise TypeError(
            f"fatality_dist: params is of type {type(table).__name__}; a table like seeds/gumbel_coefficients.csv is "
            "wanted, or None for the published one."
        )
    lost = {"type_of_violence", "parameter", "term", "value"} - set(table)
    if lost:
        raise ValueError(
            f"fatality_dist: params lacks the columns {', '.join(sorted(lost))}; see seeds/gumbel_coefficients.csv."
        )
    rows = table[table["parameter"] == parameter]
    keys = [rows["type_of_violence"].astype(str), rows["term"].astype(str)]
    wide = rows["value"].astype(float).groupby(keys).agg("last").unstack()
    if not {"intercept", "log1p"} <= set(wide) or wide[["intercept", "log1p"]].isna().any(axis=None):
        raise ValueError(f"fatality_dist: params has no intercept or log1p of {parameter!r} for some type of violence.")
    return wide.fillna(0.0)


def _kinds(type_of_violence, shape, known) -> np.ndarray:
    if isinstance(type_of_violence, pd.DataFrame | dict) or np.ndim(type_of_violence) > 1:
        raise TypeError(
            f"fatality_dist: type_of_violence is of type {type(type_of_violence).__name__}; one type or one column is "
            "wanted."
        )
    one = np.ndim(type_of_violence) == 0
    column = pd.Series([type_of_violence] if one else type_of_violence).astype(object)
    bad = column[~column.isin(known)]
    if len(bad):
        raise ValueError(
            f"fatality_dist: type_of_violence is {bad.iloc[0]!r} ({len(bad)} such); accepted are {', '.join(known)}."
        )
    return _shaped("type_of_violence", column.to_numpy().reshape(() if one else -1), shape)


def _read_off(lines, kinds, x) -> np.ndarray:
    row = lines.index.get_indexer(np.ravel(kinds)).reshape(x.shape)
    value = lines["intercept"].to_numpy()[row] + lines["log1p"].to_numpy()[row] * np.log1p(x)
    for term in lines.columns.drop(["intercept", "log1p"]):
        value = value + np.where(x == float(term), lines[term].to_numpy()[row], 0.0)
    return value
