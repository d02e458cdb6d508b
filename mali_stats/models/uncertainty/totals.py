"""Totals of uncertain counts: `draw_totals` carries the doubt about each event into sums over many."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from pandas.api import types

from mali_stats.allot import sainte_lague
from mali_stats.asked import column_of_words, single
from mali_stats.models.forecasts.timeline import whole
from mali_stats.models.uncertainty.summing import drawn_sums, shared_sums
from mali_stats.models.uncertainty.uncertainty import MODELS, fatality_dist
from mali_stats.panel.shares import cell_shares, is_panel
from mali_stats.schema import DEATHS, EVENTS
from mali_stats.sources import ucdp

QUANTILES = (0.05, 0.5, 0.95)
_PLACES = ("country", "region", "region_name", "month")


@dataclass(frozen=True, repr=False, eq=False)
class Draws:
    """What `draw_totals` returns.

    Attributes
    ----------
    groups : DataFrame
        A row a group.
    reported : ndarray of int (groups,)
        Their sums as reported, without the events left out.
    counts : ndarray of int (groups, n)
        Sums of the events' draws, before the shared factor.
    factor : ndarray (n,)
        The shared factor of each draw; 1 where shared_sd is 0.
    model : {"vesco", "bounds"}
    shared_sd : float
    exclude_side_b : bool
    notes : list of str
        What was left out and done differently, and why.
    """

    groups: pd.DataFrame
    reported: np.ndarray
    counts: np.ndarray
    factor: np.ndarray
    model: str
    shared_sd: float
    exclude_side_b: bool
    notes: list[str]

    @property
    def draws(self) -> np.ndarray:
        """Whole persons (n x groups): a row a draw, a column a group, in the order of `groups`."""
        return np.rint(self.counts * self.factor).astype(np.int64).T

    def tidy(self, quantiles=QUANTILES) -> pd.DataFrame:
        """One row a group: its columns, reported, mean, and a column a quantile (q05, q50, q95)."""
        draws = self.draws
        values = np.quantile(draws, quantiles, axis=0)
        columns = {f"q{100 * q:02g}": value for q, value in zip(quantiles, values, strict=True)}
        return self.groups.assign(reported=self.reported, mean=draws.mean(axis=0), **columns)

    def sum(self, by) -> Draws:
        """Add the same draws up to fewer groups.

        Parameters
        ----------
        by : str, list of str or Series
            Columns of `groups`, or a Series aligned with it, such as ``d.groups["month"].dt.year``.

        Returns
        -------
        Draws
        """
        which, groups = _grouped(self.groups, by, "Draws.sum")
        counts = np.zeros((len(groups), self.counts.shape[1]), np.int64)
        np.add.at(counts, which, self.counts)
        return replace(self, groups=groups, reported=_totals(which, self.reported, len(groups)), counts=counts)

    def __repr__(self):
        side = ", without side b's dead" if self.exclude_side_b else ""
        totals = np.rint(self.counts.sum(axis=0) * self.factor)
        low, high = np.quantile(totals, (0.05, 0.95))
        kind = f"{self.model}, shared_sd {self.shared_sd:g}{side}"
        return (
            f"Draws of {len(self.groups)} groups ({kind}), {len(totals)} draws\n"
            f"all together {self.reported.sum():,} reported, drawn {totals.mean():,.0f} ({low:,.0f} to {high:,.0f})"
        )

    def _repr_html_(self):
        return self.tidy().round(1).to_html(index=False)


def draw_totals(
    events: pd.DataFrame,
    by: str | list[str] | pd.Series | pd.DataFrame,
    *,
    n: int = 1000,
    shared_sd: float | None = None,
    model: str = "vesco",
    exclude_side_b: bool = False,
    params: pd.DataFrame | None = None,
    country: str | Path | None = None,
    seed: int = 0,
) -> Draws:
    r"""Draw totals by group, given how far each event's number may be off.

    Draw j of a group is the sum of what `fatality_dist` draws for each of its events, in whole persons, times
    :math:`\exp(s z_j - s^2 / 2)`, rounded; s is `shared_sd`, and z_j, standard normal, the same for all groups. The
    factor has mean 1.

    Parameters
    ----------
    events : DataFrame
        Events of one source; with `model="vesco"` UCDP's.
    by : str, list of str, Series or DataFrame
        Columns of the events; a Series aligned with them, such as ``events["date_start"].dt.year``; or a panel that
        region_month_panel made from these events, whose cells become the groups: an event that it spread over
        months has each of its draws allotted in the same way (Sainte-Laguë, by days).
    n : int
        Number of draws: 1,000 for totals, 20 to 50 for `fit_trend(draws=)`.
    shared_sd : float
        Standard deviation of the log of an error that all events of a draw share. It has no default: were all errors
        independent (0), they would cancel in a sum and leave a total of many events nearly certain, which it is not.
        Show 0 beside 0.2.
    model : {"vesco", "bounds"}
        See `fatality_dist`.
    exclude_side_b : bool
        Take the best estimate less deaths_b as what was reported of each event (side a's dead, civilians and
        unknown), in the curve of its type of violence. Side b's dead mostly rest on what an army says of its enemy,
        and the model goes up more than down there too. For "vesco" only: low and high are not recorded by side.
    params : DataFrame, optional
        See `fatality_dist`.
    country : str or Path, optional
        For a panel of a folder of one's own seed tables: that folder, as region_month_panel was given it.
    seed : int
        The same seed gives the same sums of events whatever `shared_sd` is.

    Returns
    -------
    Draws
        with ``.tidy()`` (group columns, reported, mean, q05, q50, q95), ``.draws`` (n x groups), ``.sum(by)`` and
        ``.notes``. Without a panel, only groups with events appear.

    Raises
    ------
    TypeError
        Without `shared_sd`, or if `events` is no table or `n` no whole number.
    ValueError
        For unknown choices, events of several sources, ACLED's under "vesco", a missing group, more of side b's dead
        than dead, or a panel that these events do not give.

    Notes
    -----
    Events are first counted by group, type and number, in sorted order, and the draws are made from those counts; so
    the order of rows cannot matter. The sum of k events alike is drawn at once from its distribution, the k-fold
    convolution of the one event's (exact but for about 1e-15 of probability an event). Events without a number are
    left out of both the draws and `reported`, and counted in `notes`. Events nobody reported are in no draw.

    Examples
    --------
    >>> import mali_stats as ms
    >>> events, _ = ms.read_events("notebooks/made_up_rows.csv", country="MLI")
    >>> ms.draw_totals(events, events["date_start"].dt.year.rename("year"), shared_sd=0.2).tidy().tail(2)
       year  reported    mean   q05   q50   q95
    4  2022        16  23.800  12.0  21.5  43.0
    5  2023        10  15.697   8.0  14.0  28.0
    """
    single("draw_totals", model=model)
    _check_choices(events, n, shared_sd, model, exclude_side_b)
    seed = whole(seed, 0, "seed", "draw_totals")
    values, notes = _values(events, model, exclude_side_b)
    groups, pieces = _pieces(events, by, country)
    pieces = pieces[pieces["event"].isin(values.index)]
    notes += _dist(values, model, params).notes + _outside(pieces, values)
    sums = _summed(values, pieces, len(groups), n, model, params, np.random.default_rng([seed, 0]))
    shared = np.random.default_rng([seed, 1]).standard_normal(n)
    factor = np.exp(shared_sd * shared - shared_sd**2 / 2)
    reported = _reported(pieces, events["deaths_best"], len(groups))
    if exclude_side_b:
        reported -= _reported(pieces, events["deaths_b"], len(groups))
    return Draws(groups, reported, sums, factor, model, float(shared_sd), bool(exclude_side_b), notes)


# ---- what is asked, and of what ----------------------------------------------------------------------------


def _check_choices(events, n, shared_sd, model, exclude_side_b):
    if shared_sd is None:
        raise TypeError(
            "draw_totals: shared_sd is missing, and has no default. With independent errors alone (shared_sd=0) the "
            "errors of many events cancel, and a total looks far more certain than any of its parts; reports of one "
            "war err together. Give shared_sd=0 and shared_sd=0.2, and show both."
        )
    if model not in MODELS:
        raise ValueError(f"draw_totals: model={model!r} is unknown; accepted are {', '.join(MODELS)}.")
    whole(n, 2, "n", "draw_totals")
    if not types.is_number(shared_sd) or not (np.isfinite(shared_sd) and shared_sd >= 0):
        raise ValueError(f"draw_totals: shared_sd={shared_sd!r}; a number of 0 or more is accepted, such as 0 and 0.2.")
    if not isinstance(events, pd.DataFrame):
        raise TypeError(f"draw_totals: events is of type {type(events).__name__}; the table of read_events is wanted.")
    if not isinstance(exclude_side_b, bool | np.bool_):
        raise TypeError(f"draw_totals: exclude_side_b={exclude_side_b!r} is not accepted; give True or False.")
    if events.columns.duplicated().any():
        twice = ", ".join(map(str, events.columns[events.columns.duplicated()][:5]))
        raise ValueError(f"draw_totals: columns of the events stand twice ({twice}); keep one of each.")
    for column in {"source", "type_of_violence"} & set(events):
        column_of_words(events[column], "draw_totals: events")
    if exclude_side_b and model == "bounds":
        raise ValueError(
            "draw_totals: exclude_side_b goes with model='vesco' only: low and high are recorded of all dead, "
            "not by side."
        )
    if not len(events):
        raise ValueError("draw_totals: there are no events; look at what was filtered before.")
    sources = list(events["source"].astype(object).fillna("no source").unique()) if "source" in events else []
    if len(sources) > 1:
        raise ValueError(
            f"draw_totals: events of {', '.join(map(str, sources))}; two records of one war are not added; keep one."
        )
    if model == "vesco" and sources not in ([], [ucdp.SOURCE]):
        raise ValueError(
            f"draw_totals: model='vesco' was made for UCDP's best estimates, and the events are {sources[0]}'s; use "
            "model='bounds'."
        )


def _values(events, model, exclude_side_b) -> tuple[pd.DataFrame, list[str]]:
    """What is on record of each event, by position, without those that have no number."""
    needed = {"vesco": ["type_of_violence", "deaths_best"], "bounds": ["deaths_best", "deaths_low", "deaths_high"]}
    columns = needed[model] + ["deaths_b"] * exclude_side_b
    lost = [c for c in columns if c not in events]
    if lost:
        raise ValueError(f"draw_totals: the events lack {', '.join(lost)}; an events table of read_events is wanted.")
    values = events[columns].reset_index(drop=True)
    known = values[columns].drop(columns="type_of_violence", errors="ignore").notna().all(axis=1)
    notes = [f"{int((~known).sum())} events without a number are left out"] if not known.all() else []
    values = values[known]
    if exclude_side_b:
        values = _without_side_b(events, values)
        notes.append("side b's dead are left out of what was reported of each event")
    return values.rename(columns={"deaths_best": "reported"}), notes


def _without_side_b(events, values) -> pd.DataFrame:
    rest = values["deaths_best"] - values["deaths_b"]
    wrong = values.index[(rest < 0) | (values["deaths_b"] < 0)]
    if len(wrong):
        named = events["event_id"] if "event_id" in events else events.index.to_series()
        ids = ", ".join(map(str, named.iloc[wrong[:3]]))
        raise ValueError(
            f"draw_totals: more of side b's dead than dead in {len(wrong)} events ({ids}), or fewer than none; look at "
            "deaths_b and deaths_best there, or leave them out first."
        )
    return values.assign(deaths_best=rest).drop(columns="deaths_b")


def _dist(values, model, params):
    if model == "vesco":
        return fatality_dist(values["reported"], values["type_of_violence"], params=params)
    return fatality_dist(values["reported"], low=values["deaths_low"], high=values["deaths_high"], model="bounds")


# ---- groups ------------------------------------------------------------------------------------------------


def _pieces(events, by, country) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The groups, and for each event the rows of them it is counted in, with the weights to share it out by."""
    if not isinstance(by, pd.DataFrame):
        if country is not None:
            raise ValueError(f"draw_totals: country={str(country)!r} goes with a panel as by= only; leave it off.")
        which, groups = _grouped(events, by, "draw_totals")
        return groups, pd.DataFrame({"event": np.arange(len(events)), "row": which, "days": 1})
    if not is_panel(by):
        has = ", ".join(map(str, by.columns[:12]))
        raise ValueError(
            f"draw_totals: by is a frame with {has}, and no panel of region_month_panel (country, region, month, "
            "deaths_best). Give the panel itself and add the draws up afterwards, as in .sum('month')."
        )
    scope = by["in_scope"].fillna(False).astype(bool) if "in_scope" in by else by["deaths_best"].notna()
    panel = by[scope].reset_index(drop=True)
    own = [c for c in panel if c in _PLACES or (c in EVENTS and c not in DEATHS)]
    return panel[own], cell_shares(events.reset_index(drop=True), panel, country)


def _grouped(frame, by, who) -> tuple[np.ndarray, pd.DataFrame]:
    """(Group of each row, the groups in order)."""
    if isinstance(by, pd.Series):
        if not by.index.equals(frame.index):
            raise ValueError(f"{who}: the Series by= has another index than the {len(frame)} rows it groups.")
        keys = by.rename("group" if by.name is None else by.name).to_frame()
    else:
        names = [by] if isinstance(by, str) else list(by) if isinstance(by, list | tuple | pd.Index) else []
        lost = [name for name in names if name not in frame]
        if lost or not names:
            has = ", ".join(map(str, frame.columns[:20]))
            raise ValueError(
                f"{who}: by={_shown(by)} is no column; there are {has}. A Series aligned with the rows is accepted too."
            )
        keys = frame[list(dict.fromkeys(names))]
    if taken := {"reported", "mean"} & set(keys):
        raise ValueError(f"{who}: a group cannot be called {taken.pop()!r}, as a column of the result is; rename it.")
    if keys.isna().any(axis=None):
        rows = int(keys.isna().any(axis=1).sum())
        raise ValueError(
            f"{who}: the group is missing in {rows} rows; fill it (say, with 'unknown') or leave them out."
        )
    which = keys.groupby(list(keys), observed=True, sort=True).ngroup().to_numpy()
    first = np.unique(which, return_index=True)[1]
    return which, keys.iloc[first].reset_index(drop=True)


def _shown(by):
    return repr(by) if by is None or isinstance(by, str | list | tuple) else f"a {type(by).__name__}"


def _outside(pieces, values) -> list[str]:
    lost = pieces.loc[pieces["row"] < 0, "event"].unique()
    if not len(lost):
        return []
    deaths = int(values.loc[lost, "reported"].sum())
    return [f"{len(lost)} events with {deaths:,} deaths reported lie, at least in part, outside the panel's cells"]


# ---- drawing -----------------------------------------------------------------------------------------------


def _summed(values, pieces, groups, n, model, params, rng) -> np.ndarray:
    """Sums of the draws (groups, n)."""
    kind = values.groupby(list(values), observed=True, sort=True).ngroup()
    dist = _dist(values.loc[kind.drop_duplicates().sort_values().index], model, params)
    pieces = pieces.assign(kind=kind[pieces["event"]].to_numpy())
    whole, spread = _apart(pieces)
    counted = whole.groupby(["kind", "row"]).size().rename("k").reset_index()
    shared = sorted(
        (int(part["kind"].iloc[0]), tuple(part["row"]), tuple(part["days"])) for _, part in spread.groupby("event")
    )
    return drawn_sums(dist, counted, groups, n, rng) + shared_sums(dist, shared, groups, n, rng)


def _reported(pieces, numbers, groups) -> np.ndarray:
    """Sums of what is on record, shared out over cells as a panel does it."""
    whole, spread = _apart(pieces)
    numbers = numbers.to_numpy(float, na_value=np.nan)
    sums = _totals(whole["row"], numbers[whole["event"]], groups)
    for event, part in spread.groupby("event"):
        here = (part["row"] >= 0).to_numpy()
        np.add.at(sums, part["row"][here], sainte_lague(numbers[event], tuple(part["days"]))[here])
    return sums


def _apart(pieces) -> tuple[pd.DataFrame, pd.DataFrame]:
    """(Events that lie in one cell of the panel, events that lie in several cells or partly outside)."""
    spread = pieces["event"].duplicated(keep=False)
    return pieces[~spread & (pieces["row"] >= 0)], pieces[spread]


def _totals(which, values, groups) -> np.ndarray:
    sums = np.zeros(groups, np.int64)
    np.add.at(sums, np.asarray(which), np.asarray(values, dtype=np.int64))
    return sums
