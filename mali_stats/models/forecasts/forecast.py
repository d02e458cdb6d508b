"""What comes next, and how much better than a naive guess is that? Forecasts scored where the truth is known."""

from __future__ import annotations

import datetime
import inspect
import numbers
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from tqdm import tqdm

from mali_stats.models.forecasts.baselines import METHODS, baseline_draws
from mali_stats.models.forecasts.scores import randomised_pit, score_draws
from mali_stats.models.forecasts.timeline import timeline, whole
from mali_stats.models.spread import spread

__all__ = ["RollingOrigin", "baseline_draws", "rolling_origin", "score_draws"]

REFERENCE = "conflictology"
REFERENCE_WINDOW = 12
QUANTILES = {"q05": 0.05, "q25": 0.25, "q50": 0.5, "q75": 0.75, "q95": 0.95}
#: draws to which fewer are repeated for the ignorance score, which depends on their number
DRAWS = 1000
RESAMPLES = 2000
SEED = 1


class Origin(NamedTuple):
    """One cut-off: what a method may know, and what it is held against."""

    cutoff: pd.Period
    history: pd.Series
    observed: pd.Series


@dataclass(frozen=True, repr=False, eq=False)
class RollingOrigin:
    """Forecasts from one cut-off after the other, and their scores.

    Attributes
    ----------
    frame : DataFrame
        As `tidy` gives it.
    horizon, lead : int
    notes : list of str
        What the numbers do not show.
    """

    frame: pd.DataFrame
    horizon: int
    lead: int
    notes: list[str]

    def tidy(self) -> pd.DataFrame:
        """Give one row a method, cut-off and month forecast.

        Returns
        -------
        DataFrame
            method, cutoff (last month known), period (month forecast), step (months from the cut-off), observed,
            q05, q25, q50, q75, q95 (quantiles of the draws), crps, ign, mis, covered (by the 90 % interval; see
            `score_draws`), covered_50, pit (randomised: where the observed fell among the draws, 0 to 1),
            crps_reference (of conflictology over 12 months, in the same month). Times are as the series had them.
        """
        return self.frame.copy()

    def scorecard(self, by: str | None = None) -> pd.DataFrame:
        """Sum up each method.

        Parameters
        ----------
        by : {"cutoff", "step"}, optional
            A row for each cut-off, or each distance, too.

        Returns
        -------
        DataFrame
            method, `by`, windows (cut-offs), months, crps, ign, mis (means), skill (1 - crps / crps of conflictology
            over the last 12 months, in the same months), skill_low and skill_high (90 %, the windows drawn again
            with replacement, method and reference together; missing under 3 windows, and where the reference has no
            error), coverage_50, coverage_90
            (shares), pit_mean and pit_sd (0.5 and 0.289 if the forecast is true).

        Raises
        ------
        ValueError
            If it cannot be split by that.
        """
        if by not in (None, "cutoff", "step"):
            raise ValueError(f"scorecard: by={by!r}; it splits by 'cutoff' or 'step', or not at all (None).")
        groups = self.frame.groupby(["method", *([by] if by else [])], sort=False)
        rows = [dict(zip(groups.keys, key, strict=True)) | self._summary(part) for key, part in groups]
        return pd.DataFrame(rows)

    def _summary(self, part: pd.DataFrame) -> dict:
        windows = part.groupby("cutoff")[["crps", "crps_reference"]].mean()
        low, high = _skill_interval(windows)
        return {
            "windows": len(windows), "months": len(part), "crps": part["crps"].mean(), "ign": part["ign"].mean(),
            "mis": part["mis"].mean(), "skill": _skill(*windows.mean()), "skill_low": low, "skill_high": high,
            "coverage_50": part["covered_50"].mean(), "coverage_90": part["covered"].mean(),
            "pit_mean": part["pit"].mean(), "pit_sd": part["pit"].std(ddof=0),
        }  # fmt: skip

    def pit(self, bins: int = 5) -> pd.DataFrame:
        """Count where the observed fell among the draws.

        Parameters
        ----------
        bins : int
            Of equal width, from 0 to 1.

        Returns
        -------
        DataFrame
            method, low, high, months, share, expected (share of a true forecast). High at both ends: too narrow;
            high in the middle: too wide; rising: too low.
        """
        bins = whole(bins, 2, "bins", "pit")
        edges = np.linspace(0, 1, bins + 1)
        parts = []
        for method, part in self.frame.groupby("method", sort=False):
            months = np.histogram(part["pit"], edges)[0]
            table = {
                "method": method,
                "low": edges[:-1],
                "high": edges[1:],
                "months": months,
                "share": months / len(part),
            }
            parts.append(pd.DataFrame(table).assign(expected=1 / bins))
        return pd.concat(parts, ignore_index=True)

    def __repr__(self):
        card = self.scorecard().sort_values("crps")
        best = card.iloc[0]
        return (
            f"Rolling origin: {card['method'].nunique()} methods, {best['windows']} cut-offs, {self.horizon} months "
            f"each, {self.lead} ahead\nlowest CRPS: {best['method']} {best['crps']:.2f}, skill {best['skill']:.3f} "
            f"against {REFERENCE}-{REFERENCE_WINDOW}"
        )

    def _repr_html_(self):
        return self.scorecard().round(3).to_html(index=False)


def rolling_origin(
    y: pd.Series,
    methods: Mapping[str, str | Callable[..., Any]],
    cutoffs: Iterable[str | datetime.date | pd.Period],
    *,
    horizon: int,
    lead: int,
) -> RollingOrigin:
    """Forecast from one cut-off after the other, as if it were the present, and score what came.

    Parameters
    ----------
    y : Series
        Counts by month, without gaps, indexed by datetime64 or Period.
    methods : mapping of str to str or callable
        Name to a method of `baseline_draws`, or to a function of one's own: it gets the Series up to the cut-off
        (indexed by Periods of a month, in order) and the horizon, and by name ``lead`` and ``seed`` if it takes them;
        it gives draws (horizon, n). "conflictology" by name is its 12 months themselves.
    cutoffs : list of str, datetime or Period
        The last month that each forecast knows (of a longer Period the first month). VIEWS forecasts a year from the
        October before.
    horizon : int
        Months forecast.
    lead : int
        Months from the cut-off to the first that is forecast; 3 from October to January.

    Returns
    -------
    RollingOrigin

    Raises
    ------
    TypeError, ValueError
        If a method is unknown or gives no draws, a cut-off leaves too little to know or to be scored, or the series
        has gaps.

    Notes
    -----
    Each window has its own seed, made of its cut-off, so that neither the order of methods nor of cut-offs matters.
    Functions that take long run on several cores with ``with joblib.parallel_config(n_jobs=-1):`` around the call.
    A bar shows the progress on a terminal.

    The ignorance score depends on the number of draws; where there are fewer than 1,000 they are repeated to about
    as many for it, and for it only.

    Examples
    --------
    >>> import mali_stats as ms
    >>> y = ms.load("state_based_month").set_index("month")["deaths_best"]
    >>> octobers = [f"{year}-10" for year in range(2017, 2023)]
    >>> result = rolling_origin(y, {"own last year": "conflictology", "nobody": "zero"}, octobers, horizon=12, lead=3)
    >>> result.scorecard().round(2)[["method", "windows", "months", "crps", "skill", "coverage_90"]]
              method  windows  months   crps  skill  coverage_90
    0  own last year        6      72  32.85   0.00         0.79
    1         nobody        6      72  71.24  -1.17         0.00
    """
    series, labels = timeline(y, "M", "rolling_origin")
    horizon, lead = (whole(v, 1, name, "rolling_origin") for name, v in (("horizon", horizon), ("lead", lead)))
    known = _known(methods)
    origins = _origins(series, cutoffs, horizon, lead)
    tasks = [(name, how, origin, lead) for name, how in known.items() for origin in origins]
    frame = pd.concat(
        [*tqdm(spread(_forecast, tasks), total=len(tasks), desc="forecasts", disable=None)], ignore_index=True
    )
    times = pd.Series(labels, index=series.index)
    frame = frame.assign(cutoff=frame["cutoff"].map(times), period=frame["period"].map(times))
    return RollingOrigin(frame, horizon, lead, _notes(origins, frame))


def _known(methods) -> dict[str, str | Callable]:
    if not isinstance(methods, Mapping):
        raise TypeError(
            f"rolling_origin: methods must map a name to a method, got {type(methods).__name__}; such as "
            "{'last year': 'conflictology'}."
        )
    unknown = [how for how in methods.values() if not (callable(how) or how in [*METHODS])]
    if unknown or not methods:
        raise ValueError(
            f"rolling_origin: {f'{unknown[0]!r} is' if unknown else 'there is'} no method; use {', '.join(METHODS)}, "
            "or a function of the history and the horizon."
        )
    return dict(methods)


def _origins(series, cutoffs, horizon, lead) -> list[Origin]:
    """The cut-offs in order, each with what came before and what is to be forecast."""
    first, last = series.index[0], series.index[-1]
    given = cutoffs if cutoffs is None or pd.api.types.is_list_like(cutoffs) else [cutoffs]
    periods = sorted({_month(cutoff) for cutoff in ([] if given is None else given)})
    if not periods:
        raise ValueError("rolling_origin: no cut-offs; give the last month known, such as ['2021-10', '2022-10'].")
    for cutoff in periods:
        if cutoff - REFERENCE_WINDOW + 1 < first or cutoff + lead + horizon - 1 > last:
            raise ValueError(
                f"rolling_origin: cut-off {cutoff} needs the months {cutoff - REFERENCE_WINDOW + 1} to "
                f"{cutoff + lead + horizon - 1}, the record has {first} to {last}; leave it out, or forecast less."
            )
    return [Origin(c, series[:c], series[c + lead : c + lead + horizon - 1]) for c in periods]


def _month(cutoff) -> pd.Period:
    start = cutoff.start_time if isinstance(cutoff, pd.Period) else cutoff
    try:
        month = pd.NaT if isinstance(start, numbers.Number) else pd.Period(start, "M")
    except (TypeError, ValueError):
        month = pd.NaT
    if not isinstance(month, pd.Period):
        raise ValueError(f"rolling_origin: cut-off {cutoff!r} is no month; give such as '2021-10', a date or a Period.")
    return month


def _forecast(name, how, origin: Origin, lead: int) -> pd.DataFrame:
    """One method from one cut-off: the rows of `RollingOrigin.tidy`, times as Periods."""
    try:
        return _scored(name, how, origin, lead)
    except Exception as error:  # whatever a function of somebody's own may raise
        error.add_note(f"rolling_origin: this was method {name!r}, from cut-off {origin.cutoff}")
        raise


def _scored(name, how, origin: Origin, lead: int) -> pd.DataFrame:
    horizon, seed = len(origin.observed), abs(origin.cutoff.ordinal)
    draws = _draws(name, how, origin, horizon, lead, seed)
    observed = origin.observed.to_numpy()
    reference = baseline_draws(origin.history, horizon, window=REFERENCE_WINDOW, n=None)
    again = np.repeat(draws, max(round(DRAWS / draws.shape[1]), 1), axis=1)
    times = {
        "method": name,
        "cutoff": origin.cutoff,
        "period": origin.observed.index,
        "step": lead + np.arange(horizon),
    }
    spread = dict(zip(QUANTILES, np.quantile(draws, [*QUANTILES.values()], axis=1), strict=True))
    scores = score_draws(observed, draws).assign(ign=score_draws(observed, again)["ign"])
    table = pd.DataFrame(times | {"observed": observed} | spread).join(scores)
    return table.assign(
        covered_50=score_draws(observed, draws, alpha=0.5)["covered"],
        pit=randomised_pit(observed, draws, np.random.default_rng([SEED, seed])),
        crps_reference=score_draws(observed, reference)["crps"],
    )


def _draws(name, how, origin: Origin, horizon, lead, seed) -> np.ndarray:
    if not callable(how):
        n = None if how == REFERENCE else DRAWS
        return baseline_draws(origin.history, horizon, method=how, window=REFERENCE_WINDOW, n=n, lead=lead, seed=seed)
    takes = inspect.signature(how).parameters
    anything = any(p.kind is p.VAR_KEYWORD for p in takes.values())
    named = {key: value for key, value in (("lead", lead), ("seed", seed)) if anything or key in takes}
    given = how(origin.history.copy(), horizon, **named)
    draws = np.asarray(given, float)
    if draws.ndim != 2 or len(draws) != horizon or not draws.size:
        raise ValueError(
            f"rolling_origin: {name!r} gave {' x '.join(map(str, draws.shape)) or repr(given)} from {origin.cutoff}; "
            f"draws of {horizon} months are wanted, a row each."
        )
    return draws


def _skill(crps: float, reference: float) -> float:
    return 1 - crps / reference if reference else np.nan


def _skill_interval(windows: pd.DataFrame) -> tuple[float, float]:
    """Middle 90 % of the skill when the windows are drawn again, method and reference together."""
    if len(windows) < 3 or not windows["crps_reference"].any():
        return np.nan, np.nan
    chosen = np.random.default_rng(SEED).integers(0, len(windows), (RESAMPLES, len(windows)))
    crps, reference = windows.to_numpy().T[:, chosen].mean(axis=2)
    with np.errstate(invalid="ignore", divide="ignore"):
        return tuple(np.nanquantile(1 - crps / reference, [0.05, 0.95]))


def _notes(origins: list[Origin], frame: pd.DataFrame) -> list[str]:
    notes = [
        "the counts are those of today's release, not what was known at the cut-off: later revisions help every method",
        f"{len(origins)} cut-offs: the interval of the skill says how much it hangs on single windows; it is no test",
    ]
    shared = frame.drop_duplicates(["cutoff", "period"])["period"].duplicated().any()
    if shared:
        notes.append("months are forecast from several cut-offs: the windows overlap")
    return notes
