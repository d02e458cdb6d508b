"""When to worry: months or days that stand out from what came before, by rules that others use, with their cost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pandas as pd
from pandas.api.types import is_bool, is_number

from mali_stats.asked import single
from mali_stats.models.forecasts import alarms, backtest
from mali_stats.models.forecasts.timeline import regions_of, share, timeline, whole, without_empty_ends

#: method -> (a row is a day or a month, options with their defaults)
METHODS: dict[str, tuple[str, dict[str, Any]]] = {
    "hdx": ("D", {"unit": "deaths", "floor": None, "cooldown": 0}),
    "farrington": ("M", {"alpha": 0.01, "b": 3, "w": 2, "reweight": True}),
    "ears_c1": ("M", {"alpha": 0.001}),
    "ears_c2": ("M", {"alpha": 0.001}),
}
_UNITS = {"M": ("months", 1, 12.0), "D": ("days", alarms.DAYS_SUMMED, 365.25)}
ALL = "all"


@dataclass(frozen=True, repr=False, eq=False)
class Alerts:
    """Flagged months or days.

    Attributes
    ----------
    frame : DataFrame
        As `tidy` gives it.
    method : str
    options : dict
        As they were used.
    by : str or None
        Column of regions; None for a single series.
    notes : list of str
        The false-alarm budget, what was not tested, what was left out.
    """

    frame: pd.DataFrame
    method: str
    options: dict
    by: str | None
    notes: list[str] = field(default_factory=list)

    def tidy(self) -> pd.DataFrame:
        """Give one row a month or day (and region).

        Returns
        -------
        DataFrame
            The region for a panel; period (as the series had it); value (the count; the 30-day sum for "hdx");
            baseline, what is usual (Farrington's weighted mean, the mean of seven months, the mean 30-day sum of the
            366 days); threshold ("hdx" flags at it, the others above it); level (0, 1, and 2 for "hdx"; missing where
            the record before is too short to test); flagged.
        """
        return self.frame.copy()

    def backtest(self, worst: float = 0.1, before: int = 3) -> pd.DataFrame:
        """Hold the alarms against what came: how long before the worst months, and how often for nothing.

        Parameters
        ----------
        worst : float
            The share of the tested months that are called the worst: the highest values above 0, the earlier of equal
            ones. For "hdx" the highest 30-day sums, no two of which overlap.
        before : int
            Months (of 30 days for "hdx") that an alarm may come before.

        Returns
        -------
        DataFrame
            One row, or one a region and one for "all":

            - tested: months, or days.
            - worst: how many are called so, with hindsight.
            - caught: those with a flag in the month itself or in the `before` months ahead of it.
            - ahead: those with a flag in an earlier month of these, which is all that a warning is.
            - ahead_by_chance: as many as would be, on average, were the alarms laid on tested months by lot. In a war
              that grows, alarms and worst months both come late: more than that is no proof of a warning.
            - median_lead: of those caught, in months or days, from the first such flag to the worst.
            - alarms: flagged months; for "hdx" flagged days less than 30 days apart are one.
            - false_alarms: those with no worst month from their first to `before` months after their last. At the
              least: an alarm by chance that falls in a worst month or before one is not among them.
            - open_alarms: those without one yet whose time is not over when the record ends.
            - false_alarms_per_year: of the time tested; regions add up.

        Raises
        ------
        TypeError, ValueError
            If `worst` is no share or `before` no number of months.
        """
        checked = self._check(worst, before)
        parts = self._parts()
        rows = [self._summary(part, *checked) for _, part in parts]
        table = pd.DataFrame(rows)
        if not self.by:
            return table
        lead = self.leads(worst, before)["lead"].to_numpy(float)
        table = pd.concat([table, pd.DataFrame([backtest.together(table, lead)])], ignore_index=True)
        table.insert(0, self.by, [*(region for region, _ in parts), ALL])
        numbers = ("tested", "worst", "caught", "ahead", "alarms", "false_alarms", "open_alarms")
        return table.astype(dict.fromkeys(numbers, int))

    def leads(self, worst: float = 0.1, before: int = 3) -> pd.DataFrame:
        """List the worst months with the time from the first flag to each.

        Parameters
        ----------
        worst, before
            As in `backtest`.

        Returns
        -------
        DataFrame
            The region for a panel; period, value; lead in months (days for "hdx"): 0 if the month itself was the
            first flagged, missing if none was.
        """
        part_of, months = self._check(worst, before)
        span = _UNITS[METHODS[self.method][0]][1]
        tables = []
        for _, part in self._parts():
            places = backtest.worst_periods(part["value"].to_numpy(), part_of, span)
            lead = backtest.leads(part["flagged"].to_numpy(), places, months * span)
            keys = [*([self.by] if self.by else []), "period", "value"]
            tables.append(part.iloc[places][keys].assign(lead=pd.array(lead).astype("Int64")))
        return pd.concat(tables, ignore_index=True)

    def _check(self, worst, before) -> tuple[float, int]:
        return share(worst, "worst", "backtest", 0.1), whole(before, 1, "before", "backtest")

    def _parts(self) -> list[tuple[str, pd.DataFrame]]:
        """The tested rows, by region."""
        tested = self.frame[self.frame["level"].notna()]
        if not self.by:
            return [("", tested)]
        return [(region, tested[tested[self.by] == region]) for region in self.frame[self.by].unique()]

    def _summary(self, part, worst, months) -> dict:
        _, span, a_year = _UNITS[METHODS[self.method][0]]
        value, flagged = part["value"].to_numpy(float), part["flagged"].to_numpy(bool)
        return backtest.summary(value, flagged, share=worst, before=months * span, span=span, a_year=a_year)

    def __repr__(self):
        tested = self.frame[self.frame["level"].notna()]
        where = f" in {self.frame[self.by].nunique()} regions" if self.by else ""
        unit = _UNITS[METHODS[self.method][0]][0]
        flagged = int(tested["flagged"].sum())
        return f"Alerts by {self.method}: {flagged} of {len(tested)} {unit} tested flagged{where}\n{self.notes[0]}"

    def _repr_html_(self):
        return self.frame[self.frame["flagged"]].to_html(index=False)


def flag_months(
    y: pd.Series | pd.DataFrame,
    method: str = "hdx",
    *,
    outcome: str = "deaths_best",
    by: str = "region",
    time: str = "month",
    **options: Any,
) -> Alerts:
    r"""Flag months, or days, that stand out from what came before them.

    Parameters
    ----------
    y : Series or DataFrame
        Counts indexed by datetime64 or Period without gaps: days for "hdx", months for the others. Or a frame such
        as `region_month_panel` makes: each region is tested against itself.
    method : {"hdx", "farrington", "ears_c1", "ears_c2"}
        See Notes.
    outcome, by, time : str
        Columns of a frame; not looked at for a Series.
    options
        - hdx: ``unit`` ("deaths", the default, or "people") sets the floor of a 30-day sum to 100 or 5,000; ``floor``
          sets another; ``cooldown`` days (0) in which a flag of the same or a lower level is not raised again.
        - farrington: ``alpha`` (0.01), ``b`` years back (3), ``w`` months on either side (2), ``reweight`` (True).
        - ears_c1, ears_c2: ``alpha`` (0.001).

    Returns
    -------
    Alerts

    Raises
    ------
    TypeError, ValueError
        If the method or an option is unknown, the series is of another frequency, has gaps, or holds what is no count.

    Notes
    -----
    - "hdx" flags a day on which the sum of the last 30 days is at the floor at least and as high as any such sum in
      the last 366 days, today included (level 1), or in the last 1,096 (level 2): the rule of HDX Signals.
    - "farrington" compares a month with the b w-month surroundings of the same month in earlier years; the limit is
      the 1 - alpha quantile of a negative binomial with their mean :math:`\mu` and variance :math:`\phi\mu`. Outlying
      months among them lose weight once: Anscombe residuals s above 2.58 get :math:`s^{-2}`. No trend. A month is not
      flagged where fewer than 5 were counted in the four months up to it.
    - "ears_c1" flags above the mean of the seven months before plus :math:`z_{1-\alpha}` (3.09) of their standard
      deviations; "ears_c2" leaves two months out between. It treats counts as if they were normal: expect more false
      alarms than alpha says, and after seven months without deaths an alarm at the first.

    The false-alarm budget is what alpha promises if nothing changes: alpha x months x regions. What is kept of the
    promise, measured by benchmarks/alert_rates.py on independent months of one mean (5 and 60 agree within 1 point):

    ==========  =====  ============  ==========================
    rule        alpha  Poisson       negative binomial, 0.6
    ==========  =====  ============  ==========================
    farrington  1 %    0.7 %         2.3 to 2.6 %
    ears_c1     0.1 %  1.5 to 2.3 %  4.6 to 4.7 %
    ears_c2     0.1 %  1.5 to 2.3 %  4.7 to 4.8 %
    ==========  =====  ============  ==========================

    The second column has alpha 0.6, the spread of Mali's state-based months of 2018-2023 without March 2022, by maximum
    likelihood (with it 0.7, from 2012 on 1.6; by moments 0.7, 1.1 and 1.9: expect more still). "hdx" raised 0.9 to 1.0
    alarms a year, its floor aside.

    Plain z-scores on the whole series are not offered: deaths by month are far too skewed, and the month itself would
    be in its own baseline.

    References
    ----------
    Farrington et al. (1996), Journal of the Royal Statistical Society A 159; Noufaily et al. (2013), Statistics in
    Medicine 32; Hutwagner et al. (2003), Journal of Urban Health 80, for EARS; OCHA Centre for Humanitarian Data, HDX
    Signals.

    Examples
    --------
    >>> import mali_stats as ms
    >>> y = ms.load("state_based_month").set_index("month").loc["2012":, "deaths_best"]
    >>> alerts = flag_months(y, "farrington")
    >>> alerts
    Alerts by farrington: 10 of 106 months tested flagged
    false-alarm budget: 0.01 x 12 months x 1 region = 0.12 a year, 1.1 in the 106 months tested
    >>> alerts.tidy().query("flagged").tail(2)[["period", "value", "threshold", "level"]]
            period  value  threshold  level
    140 2023-09-01  328.0      207.0      1
    143 2023-12-01  222.0      200.0      1
    >>> alerts.backtest()[["worst", "caught", "ahead", "ahead_by_chance", "false_alarms_per_year"]].round(2)
       worst  caught  ahead  ahead_by_chance  false_alarms_per_year
    0     11      10      7             2.85                   0.23
    """
    single("flag_months", method=method)
    step, settings = _rule(method, options)
    notes: list[str] = []
    series = regions_of(y, outcome, by, time, notes) if isinstance(y, pd.DataFrame) else {"": y}
    tables = []
    for region, counts in series.items():
        who = f"flag_months({method!r})" + (f", {by} {region}" if region else "")
        values, labels = timeline(without_empty_ends(counts, who, notes), step, who)
        table = _RULES[method](values.to_numpy(), **settings)
        table.insert(0, "period", labels)
        tables.append(table.assign(**{by: region})[[by, *table.columns]] if region else table)
    frame = pd.concat(tables, ignore_index=True)
    notes = [_budget(method, settings, frame, len(series)), *_untested(frame, method), *notes]
    return Alerts(frame, method, settings, by if isinstance(y, pd.DataFrame) else None, notes)


_RULES: dict[str, Callable[..., pd.DataFrame]] = {
    "hdx": alarms.hdx,
    "farrington": alarms.farrington,
    "ears_c1": partial(alarms.ears, lag=0),
    "ears_c2": partial(alarms.ears, lag=2),
}


def _rule(method, options) -> tuple[str, dict]:
    """What a row must be, and the options with those that were given."""
    if method not in [*METHODS]:
        raise ValueError(
            f"flag_months: method={method!r} is not known; use one of {', '.join(METHODS)}. Plain z-scores are not "
            "offered: deaths by month are far too skewed for them."
        )
    step, defaults = METHODS[method]
    unknown = [name for name in options if name not in defaults]
    if unknown:
        raise TypeError(f"flag_months: {method!r} has no option {unknown[0]!r}; it has {', '.join(defaults)}.")
    settings = defaults | options
    _check_settings(settings)
    if method == "hdx" and settings["floor"] is None:
        settings["floor"] = alarms.FLOORS[settings["unit"]]
    return step, settings


def _check_settings(settings):
    unit, floor, reweight = settings.get("unit", "deaths"), settings.get("floor"), settings.get("reweight", True)
    share(settings.get("alpha", 0.5), "alpha", "flag_months", 0.01)
    if unit not in [*alarms.FLOORS]:
        raise ValueError(f"flag_months: unit={unit!r}; use 'deaths' (floor 100) or 'people' displaced (floor 5,000).")
    if not is_bool(reweight):
        raise TypeError(
            f"flag_months: reweight={reweight!r} is of type {type(reweight).__name__}; True or False is wanted."
        )
    if floor is not None and not (is_number(floor) and floor > 0):
        raise ValueError(f"flag_months: floor={floor!r}; more than 0 is wanted, or every quiet day would be a record.")
    for name, least in (("b", 1), ("w", 0), ("cooldown", 0)):
        whole(settings.get(name, least), least, name, "flag_months")
    if settings.get("w", 0) > 5:
        raise ValueError(f"flag_months: w={settings['w']}; with more than 5 the surroundings of two years overlap.")


def _budget(method, settings, frame, regions: int) -> str:
    """What happens by chance: the sentence that comes first."""
    where = f"{regions} region{'s' * (regions != 1)}"
    if method == "hdx":
        separate = alarms.DAYS_BACK[0] / alarms.DAYS_SUMMED
        return (
            f"false-alarm budget: no alpha; of the {separate:.1f} separate 30-day sums in 366 days one is the highest, "
            f"so about {regions} record{'s' * (regions != 1)} a year in {where} where nothing changes, less those "
            f"under {settings['floor']:g}"
        )
    alpha, tested = settings["alpha"], int(frame["level"].notna().sum())
    return (
        f"false-alarm budget: {alpha:g} x 12 months x {where} = {alpha * 12 * regions:.2g} a year, "
        f"{alpha * tested:.2g} in the {tested} months tested"
    )


def _untested(frame, method) -> list[str]:
    notes = ["the counts are those of today's release: what was known at the time may have been less"]
    if method != "hdx":
        notes.append("counts as spread as these raise more false alarms than the budget: see the rates in flag_months")
    missing = int(frame["level"].isna().sum())
    if missing:
        notes.append(f"{missing} of {len(frame)} rows could not be tested: too little came before them")
    if method == "hdx":
        notes.append(
            f"level 2 needs {alarms.DAYS_BACK[1] + alarms.DAYS_SUMMED - 1} days; before that a record is level 1"
        )
    return notes
