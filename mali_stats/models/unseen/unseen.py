"""How many events no list has: several answers under several assumptions, side by side, never one number."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np
import pandas as pd
import statsmodels.api as sm
from scipy import optimize, special, stats
from statsmodels.tools.sm_exceptions import PerfectSeparationWarning

from mali_stats.models.unseen.lists import CHAO, INDEPENDENCE, PAIRS, Lists, Model, lists_of, model_of

COLUMNS = ["model", "n_hat", "conf_low", "conf_high", "aic", "assumption"]
LEVEL = 0.95
_FEWEST = 1e-6  # unseen events: as near to none as the likelihood is looked at
_CURVE = tuple(f"odds ratio {odds}" for odds in (1, 2, 5, 10))
_NOTES = [
    "Counted are events, not deaths: an event that no list has is likely smaller than those that some have, so no "
    "number here, times any mean, is a death toll.",
    "Lists that read the same press have the same events: such dependence pulls every estimate that takes them for "
    "independent down, and nothing in the counts says how far. Of press lists the numbers are a floor at best.",
    "Events that no reporter reaches stand on no list whatever the number of lists; no model sees them.",
    "Intervals hold if the model does. That models differ more than their intervals are wide is the uncertainty.",
]
_TWO = "Two lists cannot tell dependence from rarity: each odds ratio fits the three counts exactly (equal AIC)."


@dataclass(frozen=True, repr=False, eq=False)
class Unseen:
    """Estimates of how many events there are, on a list or on none.

    Attributes
    ----------
    lists : Lists
        The counts as they were read.
    table : DataFrame
        What ``tidy`` gives.
    notes : list of str
        What the numbers are not, and what was taken for granted in reading them.
    """

    lists: Lists
    table: pd.DataFrame
    notes: list[str]

    @property
    def observed(self) -> int:
        """Events on at least one list."""
        return int(self.lists.counts.sum())

    def tidy(self) -> pd.DataFrame:
        """One row a model: model, n_hat, conf_low, conf_high (events, listed or not), aic, assumption."""
        return self.table.copy()

    def __repr__(self):
        names = ", ".join(f"{n} {size:,.0f}" for n, size in zip(self.lists.names, self.lists.sizes, strict=True))
        shown = self.table.to_string(index=False, float_format=lambda v: f"{v:,.0f}", na_rep="-")
        return "\n".join(
            [f"Events on any of the lists: {self.observed:,} ({names}); on any or none:", shown, *self.notes]
        )

    def _repr_html_(self):
        notes = "".join(f"<p>{escape(note)}</p>" for note in self.notes)
        return self.table.round(0).to_html(index=False, escape=True, border=0, na_rep="-") + notes


def unseen(
    counts: Mapping[Any, int] | pd.Series | pd.DataFrame,
    *,
    models: Sequence[str] | Mapping[str, str] | None = None,
    lists: Sequence[str] | None = None,
) -> Unseen:
    r"""Estimate how many events there are, listed or not, under several assumptions that the lists cannot test.

    A log-linear model says how the expected count of a pattern, ``z`` in 0/1 for each of k lists, comes about,

    .. math:: \log\mu_z = \theta_0 + \sum_{\text{terms } T} \theta_T \prod_{i \in T} z_i

    and is fitted to the patterns that can be seen; the pattern of zeros then has :math:`e^{\theta_0}` events.

    Parameters
    ----------
    counts : mapping, Series or DataFrame
        Events by pattern: ``{"10": 120, "01": 80, "11": 40}`` as ``Matches.overlap()`` gives (tuples will do), a
        Series with one 0/1 index level a list, or a frame with one 0/1 column a list and the column ``count``.
        Two to eight lists. The pattern of zeros must be absent; any other that is absent counts 0.
    models : list of str, or mapping of names to str, optional
        At least two, each written as the interactions it has: "independence" (none), "all pairs", "all triples",
        single ones such as "a:b" or "a:b:c" (with all inside them), joined as in "all pairs + a:b:c". For two lists
        also "odds ratio 3": their dependence taken as known. Then "chao", "chao, bias-corrected" and
        "chao, k lists". By default, of two lists the odds ratios 1 (independence), 2, 5 and 10, and "chao, k lists";
        of more lists independence, all pairs, and all of Chao's.
    lists : list of str, optional
        Names, in the order of a pattern's digits; by default a frame's columns or an index's levels, else a, b, ...

    Returns
    -------
    Unseen
        ``.tidy()`` has a row a model: model, n_hat, conf_low, conf_high (95 %; events), aic, assumption.

    Raises
    ------
    TypeError, ValueError
        For counts that cannot be some; for fewer than two models; and for what a table does not tell: lists that
        share no event, an empty pattern that puts the likelihood's maximum at infinity, the interaction of all lists.
    RuntimeError
        If a fit does not converge, or its interval cannot be computed.

    Notes
    -----
    Log-linear: Poisson fit; AIC, to be compared between these only; multinomial profile-likelihood interval (Cormack
    1992), which ends at the observed events where the data do not rule out that all were seen, at infinity where they
    rule no number out.

    Chao (1987): with :math:`f_j` events on just j lists, ``n + f1^2 / (2 f2)``; bias-corrected ``n + f1 (f1 - 1) /
    (2 (f2 + 1))``; for k lists the first's second part times ``(k - 1)/k``. Log-normal intervals. If events differ in
    how easily they are listed, and lists are independent for a given event, the last is a floor. The others are
    made for many lists: of independent lists, equally long, they give ``k/(k - 1)`` times the unseen, twice for two;
    and where lists are of very different length, even the last may lie above the truth.

    What comes back when the truth is planted: median of n_hat / truth, and how often the 95 % interval holds the truth
    (1,000 events, 200 tables a column, three points either way, by benchmarks/unseen_coverage.py). Three lists that
    hold a half, a third and a quarter of the events; the same with an odds ratio of 4 between a and b; two lists with
    one of 5; four lists that each have 60 % of three events in ten and 10 % of the others:

    =====================  ===========  ===========  ===========  ===========
    model                  independent  dependent    two          unequal
    =====================  ===========  ===========  ===========  ===========
    independence           1.00 / 0.94  0.89 / 0.00  0.84 / 0.00  0.60 / 0.00
    a:b                                 1.00 / 0.95
    all pairs              1.00 / 0.95  1.00 / 0.94               0.85 / 0.60
    all triples                                                   1.93 / 0.75
    odds ratio 5                                     1.00 / 0.97
    odds ratio 10                                    1.20 / 0.00
    chao                   1.17 / 0.03  0.94 / 0.20               0.76 / 0.02
    chao, k lists          1.03 / 0.84  0.91 / 0.00  0.85 / 0.00  0.70 / 0.00
    =====================  ===========  ===========  ===========  ===========

    Press lists are like the last three columns: what takes them for independent falls short, with an interval that
    never says so, and Chao's numbers are a floor. A model recovers the truth if it is the one that made the lists.

    References
    ----------
    Fienberg (1972), The multiple recapture census for closed populations and incomplete 2^k contingency tables,
    Biometrika 59. Chao (1987), Estimating the population size for capture-recapture data with unequal catchability,
    Biometrics 43. Cormack (1992), Interval estimation for mark-recapture studies of closed populations, Biometrics 48.

    Examples
    --------
    >>> import mali_stats as ms
    >>> two = ms.unseen({"10": 120, "01": 80, "11": 40})
    >>> two.tidy()[["model", "n_hat", "conf_low", "conf_high"]].round(0)
               model   n_hat  conf_low  conf_high
    0   odds ratio 1   480.0     392.0      608.0
    1   odds ratio 2   720.0     549.0      974.0
    2   odds ratio 5  1440.0    1024.0     2076.0
    3  odds ratio 10  2640.0    1816.0     3913.0
    4  chao, k lists   490.0     403.0      624.0
    >>> two.notes[0]
    'Counted are events, not deaths: an event that no list has is likely smaller than those that some have, ...'
    """
    data = lists_of(counts, lists)
    rows = [_row(name, spec, data) for name, spec in _asked(models, data)]
    return Unseen(data, pd.DataFrame(rows, columns=COLUMNS), [*_NOTES, *_remarks(data)])


def _remarks(data: Lists) -> Iterator[str]:
    """What is particular to these lists."""
    if len(data.names) == 2:
        yield _TWO
    if data.sizes.max() > 2 * data.sizes.min():
        yield "The lists are of very different length: Chao's numbers may lie above the truth even if nothing depends."
    if data.absent:
        yield f"Patterns not given count 0: {', '.join(data.absent)}."
    if data.apart:
        yield f"No event is on both of {'; '.join(data.apart)}: independence fits such lists badly."


def _asked(models, data: Lists) -> list[tuple[str, str]]:
    """Names and words of the models."""
    if models is None:
        words = [*_CURVE, CHAO[-1]] if len(data.names) == 2 else [INDEPENDENCE, PAIRS, *CHAO]
    else:
        words = list(models) if isinstance(models, Iterable) and not isinstance(models, str) else [models]
    several = models.items() if isinstance(models, Mapping) else zip(words, words, strict=True)
    asked = [(str(name).strip(), str(spec).strip()) for name, spec in several]
    if len(asked) < 2 or len(dict(asked)) < len(asked):
        raise ValueError(
            f"unseen: models={models!r}; at least two are wanted, of different names: one number would hide that the "
            f"answer rests on an assumption. Add {INDEPENDENCE!r} or {CHAO[-1]!r}."
        )
    return asked


def _row(name: str, spec: str, data: Lists) -> tuple:
    if spec in CHAO:
        return name, *chao(data.on, spec), np.nan, _FLOOR[spec]
    model = model_of(spec, data, name)
    X, offset = model.design(data.patterns)
    _refuse_infinite(model, X, data)
    fit = _fit(data.counts, X, offset)
    none = float(np.exp(fit.params[0]))
    observed = data.counts.sum()
    low, high = _profile_interval(data.counts, X, offset, none)
    if not low <= none <= high:
        raise RuntimeError(
            f"unseen: no interval can be computed for {name!r}: with so few shared among so many events the likelihood "
            "is flatter than a computer's numbers are fine. Match the lists again, with wider windows."
        )
    return name, observed + none, observed + low, observed + high, fit.aic, model.assumption


# ---- log-linear models -------------------------------------------------------------------------------------


def _fit(y: np.ndarray, X: np.ndarray, offset: np.ndarray):
    """Poisson regression until the coefficients stand still; a model with a term a cell is no reason to warn."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PerfectSeparationWarning)
        warnings.filterwarnings("ignore", "divide by zero|invalid value", RuntimeWarning)
        fit = sm.GLM(y, X, family=sm.families.Poisson(), offset=offset).fit(
            tol=1e-9, tol_criterion="params", maxiter=300
        )
    if not fit.converged:
        raise RuntimeError("unseen: a log-linear fit did not converge; leave out interactions that few events tell.")
    return fit


def _refuse_infinite(model: Model, X: np.ndarray, data: Lists) -> None:
    """Raise where empty cells put the maximum of the likelihood at infinity.

    It does not exist if some change of the terms leaves every cell that holds events as it is and lowers the others
    (Fienberg & Rinaldo 2012, Maximum likelihood estimation in log-linear models, Annals of Statistics 40).
    """
    empty = data.counts == 0
    if not empty.any():
        return
    found = optimize.linprog(
        X[empty].sum(axis=0), A_ub=np.vstack([X[empty], -X[empty]]), b_ub=np.repeat([0, 1], empty.sum()),
        A_eq=X[~empty], b_eq=np.zeros((~empty).sum()), bounds=(None, None),
    )  # fmt: skip
    free = X[empty] @ found.x < -1e-7
    if free.any():
        cells = [label for label, none in zip(data.labels, empty, strict=True) if none]
        wrong = ", ".join(cell for cell, moves in zip(cells, free, strict=True) if moves)
        fewer = f"Name models with fewer interactions, such as models=[{INDEPENDENCE!r}, {CHAO[-1]!r}], or join lists."
        inside = "A list that lies within the other is no second look at the events."
        raise ValueError(
            f"unseen: no event has the pattern {wrong} (lists {', '.join(data.names)}), and {model.name!r} needs one: "
            "its likelihood is highest at infinity, and its estimate would be infinite or no more than what is listed. "
            + (fewer if len(data.names) > 2 else inside)
        )


def _profile_interval(y: np.ndarray, X: np.ndarray, offset: np.ndarray, none: float) -> tuple[float, float]:
    """The ends of a 95 % interval for the number of events that no list has.

    The multinomial likelihood of all 2^k cells, highest over the probabilities for each number of unseen events, is
    within half a chi-squared quantile of its maximum between them. The maximum lies at or below the Poisson
    estimate `none`.
    """
    X, offset = np.vstack([np.eye(1, X.shape[1]), X]), np.r_[0, offset]

    def loglik(log_unseen: float) -> float:
        cells = np.r_[np.exp(log_unseen), y]
        total = cells.sum()
        shares = _fit(cells, X, offset).fittedvalues / total
        return special.gammaln(total + 1) - special.gammaln(cells[0] + 1) + special.xlogy(cells, shares).sum()

    least, most = np.log(min(_FEWEST, none / 1000)), np.log(none)
    peak = optimize.minimize_scalar(lambda u: -loglik(u), bounds=(least, most), method="bounded")
    height = -peak.fun - stats.chi2.ppf(LEVEL, 1) / 2
    low = optimize.brentq(lambda u: loglik(u) - height, least, peak.x, xtol=1e-9) if loglik(least) < height else -np.inf
    step = next((u for u in most + np.log(2) * np.arange(1, 31) if loglik(u) < height), np.inf)
    high = optimize.brentq(lambda u: loglik(u) - height, peak.x, step, xtol=1e-9) if np.isfinite(step) else np.inf
    return float(np.exp(low)), float(np.exp(high))


# ---- Chao --------------------------------------------------------------------------------------------------

_FLOOR = {
    CHAO[0]: "events differ in how easily they are listed; many lists, independent for a given event",
    CHAO[1]: "as chao, for few events on two lists",
    CHAO[2]: "as chao, for so few lists, about equally long: a floor",
}


def chao(on: np.ndarray, kind: str = "chao") -> tuple[float, float, float]:
    """Chao's lower bound and its log-normal 95 % interval.

    Parameters
    ----------
    on : array (k,)
        Events on just one list, on just two, ...
    kind : {"chao", "chao, bias-corrected", "chao, k lists"}
        See ``unseen``. Variances: Chao (1987), with the factor as for her estimator Chao2 of incidences.

    Returns
    -------
    n_hat, conf_low, conf_high : float

    Raises
    ------
    ValueError
        If no event is on just two lists and the kind divides by their number.

    Examples
    --------
    >>> [round(n, 1) for n in chao(np.array([200, 100, 30]))]
    [530.0, 469.0, 617.7]
    """
    f1, f2 = float(on[0]), float(on[1])
    factor = 1 - 1 / len(on) if kind == CHAO[2] else 1.0
    if kind == CHAO[1]:
        extra = f1 * (f1 - 1) / (2 * (f2 + 1))
        spread = extra + f1 * (2 * f1 - 1) ** 2 / (4 * (f2 + 1) ** 2) + f1**2 * f2 * (f1 - 1) ** 2 / (4 * (f2 + 1) ** 4)
    elif not f2:
        raise ValueError(
            f"unseen: no event is on just two lists, and {kind!r} divides by their number; ask {CHAO[1]!r}."
        )
    else:
        ratio = f1 / f2
        extra = factor * f1 * ratio / 2
        spread = f2 * (factor / 2 * ratio**2 + factor**2 * (ratio**3 + ratio**4 / 4))
    if not extra:
        raise ValueError("unseen: no event is on one list only; Chao's bound is what is listed. Leave it out.")
    wide = np.exp(stats.norm.ppf((1 + LEVEL) / 2) * np.sqrt(np.log1p(spread / extra**2)))
    middle, low, high = (float(on.sum() + part) for part in (extra, extra / wide, extra * wide))
    return middle, low, high
