"""A made-up panel in which flight follows deaths by lags that are known: the truth a lag model has to find again.

Nothing here is a figure of the world. Mali lends the codes and names of its regions, so that figures find their panel.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from mali_stats import catalog
from mali_stats.schema import DISPLACEMENT, PANEL, typed

#: what is planted unless said otherwise: 0.30 at once, dying out over half a year along a parabola
COEFFICIENTS = (0.30, 0.2295, 0.168, 0.1155, 0.072, 0.0375, 0.012)
_BEFORE = 36  # months made and thrown away, so that the first one shown has a past


@dataclass(frozen=True)
class Planted:
    """What `planted_panel` makes.

    Attributes
    ----------
    panel : DataFrame
        The panel table, ten regions by month: events and deaths.
    figures : DataFrame
        The displacement table: new displacement, a flow by region and month.
    coefficients : tuple of float
        By lag, of log1p of the deaths in the log of the expected flow.
    """

    panel: pd.DataFrame
    figures: pd.DataFrame
    coefficients: tuple[float, ...]


def planted_panel(
    coefficients: tuple[float, ...] = COEFFICIENTS,
    *,
    lead: float = 0.0,
    first: str = "2016-01",
    months: int = 96,
    dispersion: float = 0.5,
    seed: int = 0,
) -> Planted:
    r"""Make deaths and flight in ten regions, with known lags from the one to the other.

    Deaths are events of a log-rate of its own in every region (AR(1) 0.6 around a level from 0.05 to 8 events a month)
    with one to some fifty dead each. The expected flow is

    .. math:: \mu_{rt} = \exp(\alpha_r + \gamma_t + u_{rt} + \textstyle\sum_l \beta_l \log(1 + d_{r,t-l}))

    with levels :math:`\alpha` that do not go with the deaths', a shock :math:`\gamma` shared by all regions (AR(1) 0.7,
    standard deviation 0.4), one of every region's own (AR(1) 0.5, 0.5), and negative binomial counts.

    Parameters
    ----------
    coefficients : tuple of float
        beta by lag, from lag 0; ``(0,) * 7`` plants nothing.
    lead : float
        Coefficient of the deaths of the month to come: flight ahead of violence.
    first : str
        First month; from 2016 on the ten regions are what they are now.
    months : int
    dispersion : float
        alpha of the counts, ``Var = mu + alpha mu^2``.
    seed : int
        The same seed gives the same panel.

    Returns
    -------
    Planted

    Examples
    --------
    >>> made = planted_panel(seed=2)
    >>> made.panel[["region_name", "month", "events", "deaths_best"]].head(2)
      region_name      month  events  deaths_best
    0       Kayes 2016-01-01       1            1
    1       Kayes 2016-02-01       0            0
    >>> made.figures[["admin1", "period_start", "period_end", "measure", "best"]].head(2)
      admin1 period_start period_end measure  best
    0   ML01   2016-01-01 2016-01-31    flow    29
    1   ML01   2016-02-01 2016-02-29    flow    67
    """
    random = np.random.default_rng(seed)
    regions = catalog.seed("places/MLI/regions").query("frame == 'ocha10'").reset_index(drop=True)
    shape = len(regions), _BEFORE + months + 1
    levels = np.log(np.geomspace(0.05, 8, len(regions)))
    events = random.poisson(np.exp(random.permutation(levels)[:, None] + 0.9 * _ar(random, 0.6, shape)))
    sizes = np.minimum(np.ceil(random.lognormal(1.0, 1.0, (events.max(), *shape))), 50)
    deaths = (sizes * (np.arange(events.max())[:, None, None] < events)).sum(axis=0).astype(int)
    log = np.log1p(deaths)
    eta = random.permutation(np.log(np.geomspace(0.5, 300, len(regions))))[:, None] + 0.5 * _ar(random, 0.5, shape)
    eta = eta + 0.4 * _ar(random, 0.7, (1, shape[1])) + lead * np.roll(log, -1, axis=1)
    for lag, beta in enumerate(coefficients):
        eta = eta + beta * np.roll(log, lag, axis=1)
    people = random.poisson(np.exp(eta) * random.gamma(1 / dispersion, dispersion, shape))
    shown = slice(_BEFORE, _BEFORE + months)
    cells = pd.MultiIndex.from_product([regions["region"], pd.date_range(first, periods=months, freq="MS")])
    grid = cells.to_frame(index=False, name=["region", "month"])
    return Planted(
        _panel(grid, regions, events[:, shown].ravel(), deaths[:, shown].ravel(), random),
        _figures(grid, people[:, shown].ravel(), seed),
        tuple(coefficients),
    )


def _ar(random: np.random.Generator, rho: float, shape: tuple[int, int]) -> np.ndarray:
    """Rows of an AR(1) of mean 0 and variance 1."""
    out = random.normal(size=shape)
    for t in range(1, shape[1]):
        out[:, t] = rho * out[:, t - 1] + np.sqrt(1 - rho**2) * out[:, t]
    return out


def _panel(grid, regions, events, deaths, random) -> pd.DataFrame:
    names = dict(zip(regions["region"], regions["region_name"], strict=True))
    parts = random.multinomial(deaths, [0.25, 0.25, 0.4, 0.1])
    columns = {
        "country": "MLI", "region_name": grid["region"].map(names), "in_scope": True, "events": events,
        "deaths_low": random.binomial(deaths, 0.9), "deaths_best": deaths,
        "deaths_high": deaths + random.poisson(0.3 * deaths),
        **dict(zip(("deaths_a", "deaths_b", "deaths_civilians", "deaths_unknown"), parts.T, strict=True)),
        "frame": "ocha10",
    }  # fmt: skip
    return typed(grid.assign(**columns), PANEL)


def _figures(grid, people, seed) -> pd.DataFrame:
    absent = dict.fromkeys(set(DISPLACEMENT) - {"issues"})
    known = {
        "source": "made_up", "source_version": f"seed {seed}", "indicator": "new_displacement", "measure": "flow",
        "period_start": grid["month"], "period_end": grid["month"] + pd.offsets.MonthEnd(0), "country": "MLI",
        "admin1": grid["region"], "unit": "people", "low": people, "best": people, "high": people,
        "licence": "made up, a figure of nothing", "issues": "",
    }  # fmt: skip
    return typed(pd.DataFrame({**absent, **known}, index=grid.index), DISPLACEMENT)
