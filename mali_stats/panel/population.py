"""People and person-years beside a panel: ``add_population``."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from mali_stats import catalog
from mali_stats.asked import single
from mali_stats.clean import places
from mali_stats.panel.census import census_shares
from mali_stats.panel.months import ordinal
from mali_stats.panel.placing import refuse_no_country
from mali_stats.schema import UNALLOCATED, checked


def add_population(panel: pd.DataFrame, *, census: str = "de_jure", country: str | Path | None = None) -> pd.DataFrame:
    """Join people and person-years to a panel.

    National totals are the World Bank's, placed at 1 July and interpolated log-linearly by month; the regions'
    shares are log-linear between the censuses and constant outside, scaled so that the regions sum to the
    national total every month. A region created between the censuses takes its later share of its parent
    throughout. person_years = population x days of the month / 365.25.

    Parameters
    ----------
    panel : pandas.DataFrame
        a panel in a frame of the country's seed tables, or with one region per country.
    census : {"de_jure", "households"}
        which count of the later census gives the shares: all residents, or those of ordinary households (as
        enumerated; short where the war is: on it the rates of 2023 are 35 % higher in Ménaka, 29 % in Tombouctou).
    country : str or Path, optional
        a folder of seed tables, as ``ms.read_events`` takes it, for a country that ``seeds/places`` does not know:
        its ``census.csv`` gives the shares, and its ``population.csv`` (year, population), where there is one, the
        national totals in place of the shipped ones.

    Returns
    -------
    pandas.DataFrame
        the panel with population (people), person_years, and population_issues: "created-later",
        "partly-not-enumerated" (the two counts of the region differ by 5 % or more), "extrapolated" (up to three
        years after the last national total, by its last growth), "no-national-total" (beyond that, and before
        the first), joined by "; ". Missing for "unallocated".

    Raises
    ------
    ValueError
        where no shares or no national totals are known, naming the frame "country" as the way out; where a census
        lacks a region of the frame or its number, which would lend that region's people to the others.

    Examples
    --------
    >>> import mali_stats as ms
    >>> panel = ms.add_population(ms.load("region_month"))
    >>> july = panel[(panel["month"] == "2022-07-01") & (panel["type_of_violence"] == "one-sided")]
    >>> int(july["population"].sum().round())
    23072640
    """
    single("add_population", census=census)
    if census not in ("de_jure", "households"):
        raise ValueError(f"add_population: census={census!r} is not known; use 'de_jure' or 'households'.")
    checked(panel, "add_population")
    if panel.empty:
        raise ValueError("add_population: the panel has no rows; look at what was filtered before.")
    refuse_no_country(panel, "add_population")
    own = own_folder(country, panel, "add_population")
    parts = [
        _with_population(part, code, places.gazetteer(code, own.get(code)), own.get(code), census)
        for code, part in panel.groupby("country", sort=False)
    ]
    return pd.concat(parts).loc[panel.index]


def own_folder(country: str | Path | None, panel: pd.DataFrame, who: str) -> dict[str, Path]:
    """The folder of seed tables that was given, by the code that it is named by; ``who`` asks."""
    if country is None:
        return {}
    folder, codes = catalog.seeds_folder(country), sorted(panel["country"].unique())
    if folder.name not in codes or not folder.is_dir():
        raise ValueError(
            f"{who}: country={str(country)!r} is no folder of seed tables named by a country of the panel "
            f"({', '.join(codes)}), such as places/{codes[0]}."
        )
    return {folder.name: folder}


def _with_population(
    panel: pd.DataFrame, country: str, known: places.Gazetteer | None, folder: Path | None, census: str
) -> pd.DataFrame:
    months = np.sort(ordinal(panel["month"].drop_duplicates()))
    total, beyond = _national(country, folder, months)
    shares, flags = census_shares(country, known, frame_of(panel, country, known), months, census)
    people = (shares.mul(total, axis=0)).stack().rename("population")
    at = pd.MultiIndex.from_arrays([ordinal(panel["month"]), panel["region"]])
    out = panel.assign(population=people.reindex(at).to_numpy())
    out["person_years"] = out["population"] * out["month"].dt.days_in_month / 365.25
    late = pd.Series(ordinal(panel["month"]) > beyond, index=panel.index).map({True: "extrapolated", False: ""})
    unknown = pd.Series(ordinal(panel["month"]), index=panel.index).map(total.isna())
    late = late.mask(unknown, "no-national-total")
    issues = pd.Series([flags.get(r, "") for r in panel["region"]], index=panel.index) + "; " + late
    out["population_issues"] = issues.str.removeprefix("; ").str.removesuffix("; ").astype("str")
    out.loc[out["region"] == UNALLOCATED, "population_issues"] = ""
    return out


def frame_of(panel: pd.DataFrame, country: str, known: places.Gazetteer | None) -> str:
    """The frame a panel is laid out in: its column, or that of the seed tables with just its regions; else empty."""
    if "frame" in panel:
        return str(panel["frame"].iloc[0])
    regions = set(panel["region"]) - {UNALLOCATED}
    if regions == {country}:
        return "country"
    return next((f for f in known.regions["frame"].unique() if regions == set(known.names(f))), "") if known else ""


def _national(country: str, folder: Path | None, months: np.ndarray) -> tuple[pd.Series, int]:
    """People by month, and the last month that a published total reaches; three years on by its last growth."""
    years, people = _totals(country, folder)
    at, log = years * 12 + 6, np.log(people)
    last = int(at[-1])
    growth = (log[-1] - log[-2]) / 12
    logs = np.interp(months, at, log) + np.clip(months - last, 0, None) * growth
    people = np.where((months >= at[0]) & (months <= last + 36), np.exp(logs), np.nan)
    return pd.Series(people, index=months), last


def _totals(country: str, folder: Path | None) -> tuple[np.ndarray, np.ndarray]:
    """Years and national totals: of the folder's own table where it has one, else the shipped ones."""
    if folder is None or not (folder / "population.csv").is_file():
        table = catalog.load("population")
        table = table[table["country"] == country].sort_values("year")
        if table.empty:
            raise ValueError(
                f"add_population: no national totals of {country} are shipped (see ms.load('population')). Put them "
                f"into population.csv (year, population, source) in a folder of seed tables, and give country=folder."
            )
        return table["year"].to_numpy(int), table["population"].to_numpy(float)
    table = catalog.read_seed(folder / "population.csv")
    where = f"{folder.name}/population.csv"
    absent = [column for column in ("year", "population") if column not in table]
    if absent:
        raise ValueError(f"{where} lacks {', '.join(absent)}; it needs year, population.")
    table = table[["year", "population"]].apply(pd.to_numeric, errors="coerce")
    wrong = table.index[table.isna().any(axis=1) | (table["population"] <= 0)]
    if len(wrong) or len(table) < 2 or table["year"].duplicated().any():
        fault = f"row {wrong[0] + 2} holds no year and number of people" if len(wrong) else f"it has {len(table)} rows"
        raise ValueError(f"{where}: {fault}; two or more years, each once, with a whole number above 0 are wanted.")
    table = table.sort_values("year")
    return table["year"].to_numpy(int), table["population"].to_numpy(float)
