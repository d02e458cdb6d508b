"""A fitted tail: its parameters, its curve beside the record's, and what to know before quoting it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from mali_stats.models.severity.exact import clopper_pearson
from mali_stats.models.severity.laws import Pareto, PowerLaw, sizes_of
from mali_stats.models.severity.pareto_tail import AT_LEAST, FLATTEST, pareto_errors
from mali_stats.models.severity.power_tail import exponent_error
from mali_stats.models.severity.vuong import Comparison

MODELS = {"powerlaw": "power law", "gpd": "generalized Pareto"}
FEW = 50  # below so many in the tail, Clauset et al. warn of the exponent
RULED_OUT = 0.1


@dataclass(frozen=True, repr=False, eq=False)
class Tail:
    """A fitted tail of sizes.

    Attributes
    ----------
    model : str
        "powerlaw" or "gpd".
    values : ndarray (n,)
        All the sizes, also those below the tail.
    law : PowerLaw or Pareto
        The law of the tail; ``law.sf(x)`` is the share of the tail that is ``x`` or more.
    xmin : int
        The smallest size in the tail. The generalized Pareto's threshold is ``u = xmin - 1/2``.
    chosen : bool
        Whether xmin was chosen here (by distance, or by the rule) and not given.
    n_tail : int
        Sizes in the tail.
    ks : float
        Largest gap between the distribution functions of tail and law, over whole numbers.
    made_up : ndarray (n_boot,)
        The same gap of made-up records of the fitted law; NaN where one had too few sizes in its tail to be fitted.
    vs_lognormal : Comparison
        Vuong's test against the lognormal on the same tail, with ``.verdict`` in words.
    """

    model: str
    values: np.ndarray
    law: PowerLaw | Pareto
    chosen: bool
    ks: float
    made_up: np.ndarray
    vs_lognormal: Comparison

    @property
    def xmin(self) -> int:
        """The smallest size in the tail."""
        return int(self.law.xmin)

    @property
    def n_tail(self) -> int:
        """Sizes in the tail."""
        return int(np.sum(self.values >= self.law.xmin))

    @property
    def p_value(self) -> float | None:
        """Share of the made-up records whose gap is no smaller than the record's; None where none was made."""
        fitted = self.made_up[~np.isnan(self.made_up)]
        return float(np.mean(fitted >= self.ks)) if len(fitted) else None

    @property
    def alpha(self) -> float | None:
        """Exponent of a power law: the share of ``x`` or more falls about as ``x^(1 - alpha)``; else None."""
        return getattr(self.law, "alpha", None)

    @property
    def xi(self) -> float | None:
        """Shape of a generalized Pareto, about ``1 / (alpha - 1)``; else None."""
        return getattr(self.law, "xi", None)

    @property
    def sigma(self) -> float | None:
        """Scale of a generalized Pareto, in people; else None."""
        return getattr(self.law, "sigma", None)

    def tidy(self) -> pd.DataFrame:
        """One row a parameter.

        Returns
        -------
        DataFrame
            term (alpha, or xi and sigma), estimate, std_error, conf_low, conf_high (95 %, normal quantiles),
            xmin, n_tail. The error takes xmin as given: where it was chosen, the true one is larger.
        """
        if self.model == "powerlaw":
            terms = {"alpha": (self.alpha, exponent_error(self.law, self.n_tail))}
        else:
            errors = pareto_errors(self.law, self.n_tail)
            terms = {"xi": (self.xi, errors[0]), "sigma": (self.sigma, errors[1])}
        frame = pd.DataFrame([(name, *both) for name, both in terms.items()], columns=["term", "estimate", "std_error"])
        half = stats.norm.ppf(0.975) * frame["std_error"]
        return frame.assign(
            conf_low=frame["estimate"] - half,
            conf_high=frame["estimate"] + half,
            xmin=self.xmin,
            n_tail=self.n_tail,
        )

    def ccdf(self, at=()) -> pd.DataFrame:
        """The share of events of each size and more, as recorded and as fitted.

        Parameters
        ----------
        at : iterable of int
            Whole sizes to list beside those recorded.

        Returns
        -------
        DataFrame
            size (those recorded, of 1 and more, and ``at``), events (of that size and more), observed (their share
            of all events), conf_low and conf_high (its exact 95 % binomial interval, Clopper and Pearson's, as if
            events were independent), fitted (NaN below xmin).
        """
        sizes = np.union1d(self.values[self.values >= 1], sizes_of(list(at), "ccdf"))
        n = len(self.values)
        events = n - np.searchsorted(np.sort(self.values), sizes)
        inside = sizes >= self.law.xmin
        fitted = self.n_tail / n * self.law.sf(np.where(inside, sizes, self.law.xmin))
        low, high = clopper_pearson(events, n)
        return pd.DataFrame(
            {
                "size": sizes.astype(int), "events": events, "observed": events / n, "conf_low": low,
                "conf_high": high, "fitted": np.where(inside, fitted, np.nan),
            }
        )  # fmt: skip

    @property
    def notes(self) -> list[str]:
        """What to know before quoting the fit."""
        return [*self._moments(), *self._tail(), *self._fit()]

    def _moments(self) -> list[str]:
        """What the law says of averages; a power law of exponent alpha has the xi of 1 / (alpha - 1)."""
        low, at = self.tidy().loc[0, ["conf_low", "estimate"]]
        heavy, heaviest = (at <= 3, at <= 2) if self.alpha else (at >= 0.5, at >= 1)
        if heaviest:
            return ["this tail has no mean: do not average sizes; say how often a size is reached"]
        notes = ["this tail has no finite variance: totals hang on the largest event"] if heavy else []
        if self.alpha and low <= 2:
            notes.append("the interval of alpha reaches 2: there may be no mean")
        return notes

    def _tail(self) -> list[str]:
        tail = self.values[self.values >= self.law.xmin]
        notes = []
        if self.chosen:
            rule = f"rule: a tenth of the events of 1 and more, {AT_LEAST} at least"
            how = "the smallest distance" if self.alpha else rule
            notes.append(f"xmin {self.xmin} chosen by {how}; the standard error takes it as given")
        if self.n_tail < FEW:
            notes.append(f"only {self.n_tail} sizes in the tail; under {FEW} the estimate is rough")
        tens = np.mean(tail % 10 == 0)
        if tens > 0.2:
            notes.append(f"{tens:.0%} of the tail are multiples of ten: such heaping adds to the distance")
        return notes

    def _fit(self) -> list[str]:
        notes = []
        failed = int(np.isnan(self.made_up).sum())
        if failed:
            notes.append(
                f"{failed} of {len(self.made_up)} made-up records had too few sizes in the tail and are left out"
            )
        if self.p_value is not None and self.p_value < RULED_OUT:
            notes.append(f"the {MODELS[self.model]} fits badly (p {self.p_value:.2f}, under {RULED_OUT})")
        if self.vs_lognormal.verdict == "undecided":
            notes.append("undecided against the lognormal: the record cannot tell the two apart")
        if self.xi is not None and self.xi < FLATTEST + 1e-6:
            notes.append(f"xi stands at {FLATTEST}, the end of the search: sizes seem to have an upper limit")
        if self.sigma is not None and self.sigma < 5:
            notes.append("sigma is under 5: whole numbers are coarse for it, and xi comes out up to 0.1 too low")
        return notes

    def __repr__(self):
        rows = self.tidy().itertuples()
        parts = [f"{row.term} {row.estimate:.2f} ({row.conf_low:.2f} to {row.conf_high:.2f})" for row in rows]
        fit = "not tested" if self.p_value is None else f"p {self.p_value:.2f}"
        return (
            f"Tail of {len(self.values)} sizes: {MODELS[self.model]}, {self.n_tail} from {self.xmin} on\n"
            f"{', '.join(parts)}; fit {fit}; against the lognormal {self.vs_lognormal.verdict}"
        )
