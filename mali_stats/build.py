"""Build ``data/`` from raw files: ``python -m mali_stats.build RAW`` (or ``make data RAW=path``).

Every table is what the library's own functions add up; none holds an event. The same input gives the same bytes.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from mali_stats import __version__, catalog
from mali_stats.clean import places
from mali_stats.clean.displacement import read_displacement
from mali_stats.clean.events import read_events
from mali_stats.clean.values import Values, count
from mali_stats.exporting import safe
from mali_stats.ledger import Ledger
from mali_stats.models.uncertainty.totals import draw_totals
from mali_stats.panel import region_month_panel
from mali_stats.panel.families import cells
from mali_stats.schema import (
    COUNTS,
    DATE_PRECISION,
    DISPLACEMENT,
    FAMILIES,
    GEO_PRECISION,
    UNALLOCATED,
    VIOLENCE,
    check,
)
from mali_stats.sources import files
from mali_stats.writing import alone, explained, replace_all

# ---- tables from events ------------------------------------------------------------------------------------


def region_month(events: pd.DataFrame) -> pd.DataFrame:
    """Region x month x type, on a complete grid, unallocated included."""
    panel, _ = region_month_panel(events, by="type_of_violence")
    return panel.drop(columns=["in_scope", "frame"])


def family_month(events: pd.DataFrame) -> pd.DataFrame:
    """Both sides' families x month x type, what occurs."""
    table = cells(events, by=["type_of_violence"], frame="country")
    return _by_family(table, ["month", "type_of_violence"])


def region_family_year(events: pd.DataFrame) -> pd.DataFrame:
    """Region x year x both sides' families, what occurs; years are those of the months of region_month."""
    table = cells(events)
    return _by_family(table.assign(year=table["month"].dt.year), ["region", "region_name", "year"])


def _by_family(table: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Sums by country, ``keys`` and both families, each in the order of its names."""
    columns = [c for c in ("region", "region_name", "year") if c in keys] + list(FAMILIES)
    columns = ["country", *columns, *(c for c in ("month", "type_of_violence") if c in keys)]
    sums = table.groupby(["country", *keys, *FAMILIES], observed=True)[list(COUNTS)].sum()
    return sums.reset_index()[[*columns, *COUNTS]]


#: What an analyst keeps who drops imprecise rows, and how many events "without ten largest" leaves out since when.
_PRECISE_PLACES, _PRECISE_DAYS = ("exact", "near", "admin2"), "week"
_LARGEST, _SINCE = 10, pd.Timestamp("2012-01-01")


def region_year_selections(events: pd.DataFrame) -> pd.DataFrame:
    """Region x year under three choices of events, on a complete grid, unallocated included.

    "precise" keeps events placed to the admin2 unit or better and dated to the week or better. "without ten largest"
    leaves out the ten events since 2012 with the highest best estimates (ties: the earlier first day, then the
    smaller id, goes first); rows of one report split over places are events of their own.
    """
    precise = events["geo_precision"].isin(_PRECISE_PLACES) & (events["date_precision"] <= _PRECISE_DAYS)
    selections = {"all": events, "precise": events[precise], "without ten largest": events.drop(_largest(events))}
    full = _yearly(events)
    parts = [
        _yearly(chosen).reindex(full.index, fill_value=0).where(full.notna()).assign(selection=name)
        for name, chosen in selections.items()
    ]
    table = pd.concat(parts).reset_index()
    return table[["country", "region", "region_name", "year", "selection", *COUNTS]].sort_values(
        ["country", "region", "year"], kind="stable", ignore_index=True
    )


def _yearly(events: pd.DataFrame) -> pd.DataFrame:
    """Region x year; missing where the whole year is out of scope. No events give no row."""
    keys = ["country", "region", "region_name", "year"]
    if events.empty:
        return pd.DataFrame(columns=[*keys, *COUNTS], dtype="Int64").set_index(keys)
    panel, _ = region_month_panel(events)
    return panel.assign(year=panel["month"].dt.year).groupby(keys)[list(COUNTS)].sum(min_count=1)


def _largest(events: pd.DataFrame) -> pd.Index:
    late = events[events["date_start"] >= _SINCE]
    order = late.assign(_id=pd.to_numeric(late["event_id"], errors="coerce"))
    return order.sort_values(["deaths_best", "date_start", "_id"], ascending=[False, True, True]).index[:_LARGEST]


def cercle_year(events: pd.DataFrame) -> pd.DataFrame:
    """Cercle x year on a complete grid; what names no cercle, or is coarser than month and district, is unallocated."""
    known = places.gazetteer(events["country"].iloc[0])
    exact = (events["date_precision"] <= "month") & events["geo_precision"].isin(["exact", "near", "admin2", "area"])
    cercle = events["admin2"].where(events["admin2"].notna() & exact, UNALLOCATED)
    first, last = (region_month_panel(events, frame="country")[0]["month"].agg(f).year for f in ("min", "max"))
    grid: pd.MultiIndex = pd.MultiIndex.from_product(
        [[*known.districts["admin2"], UNALLOCATED], range(first, last + 1)], names=["admin2", "year"]
    )
    keys = [cercle.rename("admin2"), events["date_start"].dt.year.rename("year")]
    table = _sums(events, keys).reindex(grid, fill_value=0).reset_index()
    codes = dict(zip(known.districts["admin2"], known.districts["admin1"], strict=True))
    names = dict(zip(known.districts["admin2"], known.districts["admin2_name"], strict=True))
    table["country"] = known.country
    table["admin1"] = table["admin2"].map(codes).fillna(UNALLOCATED)
    table["admin1_name"] = table["admin1"].map(known.names(known.own_frame)).fillna(UNALLOCATED)
    table["admin2_name"] = table["admin2"].map(names).fillna(UNALLOCATED)
    return table[["country", "admin1", "admin1_name", "admin2", "admin2_name", "year", *COUNTS]]


def _sums(events: pd.DataFrame, keys: list[pd.Series]) -> pd.DataFrame:
    return events.assign(events=1)[list(COUNTS)].groupby(keys, observed=True).sum()


def sizes(events: pd.DataFrame) -> pd.DataFrame:
    """How many events of each size (best estimate) there were, by year and type."""
    keys = [
        events["date_start"].dt.year.rename("year"),
        events["type_of_violence"],
        events["deaths_best"].rename("size"),
    ]
    return events.groupby(keys, observed=True, dropna=False).size().rename("events").reset_index()


def sizes_variants(events: pd.DataFrame) -> pd.DataFrame:
    """The same if a report split over places were one event, and if side b's dead were left out."""
    report = events["report_id"].str.extract(r"^(.*)\.\d+$", expand=False).fillna(events["event_id"])
    parts = events.groupby([report.rename("report"), "type_of_violence"], observed=True)
    merged = parts[["deaths_best", "deaths_b"]].sum(min_count=1)
    merged = merged.assign(date_start=parts["date_start"].min()).reset_index()
    tables = {"merged": merged, "without side b": _without_b(events), "merged, without side b": _without_b(merged)}
    return pd.concat({name: sizes(t) for name, t in tables.items()}, names=["variant", None]).reset_index("variant")


def _without_b(events: pd.DataFrame) -> pd.DataFrame:
    return events.assign(deaths_best=events["deaths_best"] - events["deaths_b"])


def precision(events: pd.DataFrame) -> pd.DataFrame:
    """How exactly events are placed and dated, by year."""
    keys = [events["date_start"].dt.year.rename("year"), events["geo_precision"], events["date_precision"]]
    return _sums(events, keys)[["events", "deaths_best"]].reset_index()


def sources_year(events: pd.DataFrame) -> pd.DataFrame:
    """What events cite, by year."""
    counts = pd.DataFrame({
        "events": 1,
        "social_media": events["n_social_media"].fillna(0) > 0,
        "army_statements": events["n_army_statements"].fillna(0) > 0,
        "one_source": events["n_sources"].fillna(0) == 1,
        "sources_not_recorded": events["n_sources"].isna(),
    })  # fmt: skip
    return counts.astype(int).groupby(events["date_start"].dt.year.rename("year")).sum().reset_index()


def state_based_month(events: pd.DataFrame) -> pd.DataFrame:
    """National state-based events and deaths by the month in which they end (the convention of VIEWS)."""
    panel, _ = region_month_panel(events, frame="country", spread="end", by="type_of_violence")
    panel = panel[panel["type_of_violence"] == "state-based"]
    return panel.groupby("month")[["events", "deaths_low", "deaths_best", "deaths_high"]].sum().reset_index()


_SHARED = (0.0, 0.2)  # what shared_sd is drawn with: no shared error, and one of about a fifth


def draws(events: pd.DataFrame) -> pd.DataFrame:
    """Forty draws of national deaths by month since 2012, with and without side b's dead: as many as a trend needs."""
    panel, _ = region_month_panel(events, frame="country")
    return pd.concat(
        [_long(draw_totals(events, panel, n=40, shared_sd=sd, exclude_side_b=out).sum("month"), sd, out)
         for out in (False, True) for sd in _SHARED], ignore_index=True
    )  # fmt: skip


def _long(drawn, shared_sd: float, out: bool) -> pd.DataFrame:
    months = drawn.groups["month"]
    wide = pd.DataFrame(drawn.draws.T, columns=pd.RangeIndex(1, len(drawn.factor) + 1))
    table = wide.assign(month=months, shared_sd=shared_sd, side_b=_side_b(out), reported=drawn.reported)
    table = table[months >= "2012-01-01"]
    return table.melt(["month", "shared_sd", "side_b", "reported"], var_name="draw", value_name="deaths")


def _side_b(out: bool) -> str:
    return "without" if out else "with"


def totals_year(events: pd.DataFrame) -> pd.DataFrame:
    """National deaths by year: as recorded, and as drawn by each model, with and without side b's dead."""
    panel, _ = region_month_panel(events, frame="country")
    recorded = panel.groupby(panel["month"].dt.year.rename("year"))[["deaths_low", "deaths_high"]].sum()
    kinds = [("bounds", False), ("vesco", False), ("vesco", True)]
    parts = [_by_year(events, panel, recorded, sd, *kind) for kind in kinds for sd in _SHARED]
    return pd.concat(parts, ignore_index=True)


def _by_year(events, panel, recorded, shared_sd, model, out) -> pd.DataFrame:
    drawn = draw_totals(events, panel, shared_sd=shared_sd, model=model, exclude_side_b=out)
    table = drawn.sum(drawn.groups["month"].dt.year.rename("year")).tidy().round(dict.fromkeys(_DRAWN, 1))
    table = table.merge(recorded, left_on="year", right_index=True)
    if out:
        table[["deaths_low", "deaths_high"]] = pd.NA  # low and high are of all dead, not by side
    table = table.assign(model=model, shared_sd=shared_sd, side_b=_side_b(out))
    return table[["year", "model", "shared_sd", "side_b", "deaths_low", "reported", "deaths_high", *_DRAWN]]


_DRAWN = ("mean", "q05", "q50", "q95")


def build_ledger(events: pd.DataFrame, read: Ledger) -> pd.DataFrame:
    """The account of the build: reading and cleaning the raw file, then the panel; no event is named."""
    _, panel = region_month_panel(events, by="type_of_violence")
    return pd.concat([read.tidy(), panel.tidy()], ignore_index=True).drop(columns="example_ids")


# ---- published totals --------------------------------------------------------------------------------------

_TEXTS = ("country_id_cy", "Country Code", "coo_iso", "coa_iso", "version")
_COUNTRY_YEAR = {
    "country_id_cy": "country", "year_cy": "year",
    "cumulative_total_deaths_in_orgvio_low_cy": "deaths_low",
    "cumulative_total_deaths_in_orgvio_best_cy": "deaths_best",
    "cumulative_total_deaths_in_orgvio_high_cy": "deaths_high",
    "cumulative_total_deaths_civilians_in_orgvio_cy": "deaths_civilians",
    "sb_total_deaths_best_cy": "state_based_best", "ns_total_deaths_best_cy": "non_state_best",
    "os_total_deaths_best_cy": "one_sided_best",
    "os_main_govt_killings_best_cy": "one_sided_main_government_best",
    "os_any_govt_killings_best_cy": "one_sided_any_government_best",
}  # fmt: skip


def country_year(path: Path) -> pd.DataFrame:
    """UCDP's published country-year totals, a dozen columns of them."""
    raw = _published(path, list(_COUNTRY_YEAR)).rename(columns=_COUNTRY_YEAR)
    codes = catalog.seed("countries").set_index("gw")["iso3"]
    raw["country"] = raw["country"].map(codes)
    return raw.sort_values(["country", "year"], ignore_index=True)


def _release(path: Path) -> str:
    return ", ".join(_published(path, ["version"])["version"].unique())


def population(path: Path) -> pd.DataFrame:
    """The World Bank's national totals."""
    columns = {"Country Code": "country", "Year": "year", "Value": "population"}
    return _published(path, list(columns)).rename(columns=columns).sort_values(["country", "year"], ignore_index=True)


def displacement(*paths: Path, country: str = "MLI") -> pd.DataFrame:
    """UNHCR's figures from and in a country, and those of the other agencies that ``seeds/`` quotes.

    UNHCR's zeros and the columns that hold none of its figures are left out: no row says zero or not reported.
    """
    unhcr = read_displacement(list(paths))[0]
    if set(unhcr["source"]) != {"unhcr"}:
        raise ValueError(f"displacement: UNHCR files are wanted, got one of {', '.join(sorted(set(unhcr['source'])))}.")
    unhcr = unhcr[unhcr["best"].gt(0) & (unhcr["country"].eq(country) | unhcr["asylum_country"].eq(country))]
    quoted, _ = read_displacement(catalog.root() / "seeds" / f"{QUOTED}.csv")
    table = check(pd.concat([quoted[quoted["country"] == country], unhcr], ignore_index=True))
    return table.sort_values(["source", "indicator", "measure"], kind="stable", ignore_index=True)


def _published(path: Path, columns: list[str]) -> pd.DataFrame:
    table = files.open_table(path)
    missing = [c for c in columns if c not in table.columns]
    if missing:
        raise ValueError(f"{table.name}: the columns {', '.join(missing)} are missing; is this the right file?")
    raw = table.take({c: c for c in columns})
    read = Values(table, raw, {})
    texts = [c for c in columns if c in _TEXTS]
    out = {c: raw[c] if c in texts else read.turn(c, count, "a whole number of 0 or more") for c in columns}
    read.done()
    return pd.DataFrame({c: v if c in texts else v.astype("Int64") for c, v in out.items()})


# ---- writing -----------------------------------------------------------------------------------------------

Spec = tuple[str, tuple[str, ...], str, Callable[[pd.DataFrame], pd.DataFrame]]
#: What a table is a record of, in the words of the report's banner.
RECORDS = {"country_year": "yearly totals", "population": "population", "displacement": "refugees"}
#: The table of seeds/ with the figures of agencies whose files may not be shipped.
QUOTED = "displacement_published"
#: name -> title, source card, what to say of it, how it is made
FROM_EVENTS: dict[str, Spec] = {
    "region_month": ("Events and deaths by region, month and type of violence", ("ucdp_ged",),
        "Complete grid; every count of an event is allotted to its months by days. Zero: none reported.", region_month),
    "cercle_year": ("Events and deaths by cercle and year", ("ucdp_ged",), "Complete grid; zero: none reported.",
        cercle_year),
    "sizes": ("Sizes of events by year and type of violence", ("ucdp_ged",),
        "Best estimates; sizes that occur.", sizes),
    "sizes_variants": ("Sizes of events counted otherwise, by year and type of violence", ("ucdp_ged",),
        "merged: a report split over places is one event, of its first day's year; without side b: best less "
        "deaths_b. Sizes that occur.", sizes_variants),
    "precision": ("Precision of place and date by year", ("ucdp_ged",), "Combinations that occur.", precision),
    "sources_year": ("What events cite, by year", ("ucdp_ged",), "Kinds by seeds/source_kinds.csv.",
        sources_year),
    "state_based_month": ("State-based events and deaths by month of their end", ("ucdp_ged",),
        "National; the convention of the VIEWS forecasts.", state_based_month),
    "family_month": ("Events and deaths by both sides' families of actors, month and type of violence", ("ucdp_ged",),
        "What occurs; sums equal region_month. Families by seeds/actors.csv; who killed is told in one-sided violence "
        "only.", family_month),
    "region_family_year": ("Events and deaths by region, year and both sides' families of actors", ("ucdp_ged",),
        "What occurs; sums equal region_month by region and year. Families by seeds/actors.csv.", region_family_year),
    "region_year_selections": ("Events and deaths by region and year under three choices of events", ("ucdp_ged",),
        "Complete grid. all: sums equal region_month; precise: only events placed to the cercle and dated to the week "
        "or better; without ten largest: the ten events since 2012 with the highest best estimates left out. For "
        "showing what such choices do, not for use as totals.", region_year_selections),
    "draws": ("Draws of national deaths by month since 2012", ("ucdp_ged", "vesco"),
        "Forty draws by draw_totals (model vesco, seed 0), for fit_trend(draws=): keep one shared_sd and one side_b. "
        "Reported events only.", draws),
    "totals_year": ("National deaths by year, as recorded and as drawn", ("ucdp_ged", "vesco"),
        "Mean and quantiles of 1,000 draws by draw_totals (seed 0). Low to high is what was recorded, no interval. "
        "Reported events only.", totals_year),
}  # fmt: skip
PUBLISHED: dict[str, tuple[str, tuple[str, ...], str, Callable[..., pd.DataFrame]]] = {
    "country_year": ("UCDP's own totals by country and year", ("ucdp_country_year",),
        "As published: the control totals.", country_year),
    "population": ("National population by year", ("worldbank",), "Mid-year totals, placed at 1 July.", population),
    "displacement": ("Refugees, asylum-seekers, displaced people, returns and people in need", (
        "unhcr", "idmc", "iom_dtm", "ocha"), "From and in Mali, as published; UNHCR's zeros are left out. Sources "
        "quote each other: keep one. A stock stands at as_of and is never added up over time.", displacement),
}  # fmt: skip
_ORDERED = {"type_of_violence": VIOLENCE, "geo_precision": GEO_PRECISION, "date_precision": DATE_PRECISION,
            "as_of_precision": DISPLACEMENT["as_of_precision"]}  # fmt: skip
_ELSEWHERE = "give another folder (--out)"


def build(
    raw: Path, out: Path, country: str = "MLI", version: str | None = None, **published: list[Path] | Path | None
) -> dict[str, pd.DataFrame]:
    """Make every table that comes from ``raw`` (and the published totals whose files are given) and write ``data/``.

    Tables whose input is not given stay as they are. All files are written beside, then moved into place, the one
    that describes them (with their hashes) last; one build of a folder at a time.
    """
    events, read = read_events(raw, country=country)
    if places.gazetteer(country) is None:
        raise ValueError(f"there are no seed tables of {country} (seeds/places/{country}/), which cercle_year needs.")
    with explained(out, _ELSEWHERE):
        out.mkdir(parents=True, exist_ok=True)
    with alone(out, f"building {out}", _ELSEWHERE):
        return _built(events, read, raw, out, version or _recorded(out, raw), country, published)


def _built(events, read: Ledger, raw: Path, out: Path, version, country: str, published) -> dict[str, pd.DataFrame]:
    """Make and write the tables, with nobody else writing there."""
    if version is not None:
        events["source_version"] = events["source_version"].fillna(version)
    version = ", ".join(events["source_version"].dropna().unique()) or "unknown"
    ends = _last_day(region_month_panel(events, frame="country")[0]["month"].max())
    tables, resources = {}, {r["name"]: r for r in _existing(out)}
    for name, (title, cards, about, make) in FROM_EVENTS.items():
        tables[name] = make(events)
        resources[name] = _resource(name, title, cards, about, tables[name], version, ends, [raw])
    tables["build_ledger"] = build_ledger(events, read)
    text = (
        "The account of the build",
        ("ucdp_ged",),
        "in = dropped + kept; moved and flagged are part of kept.",
    )
    resources["build_ledger"] = _resource("build_ledger", *text, tables["build_ledger"], version, ends, [raw])
    for name, given in published.items():
        if given is not None:
            paths = list(given) if isinstance(given, list) else [given]
            title, cards, about, make = PUBLISHED[name]
            tables[name] = make(*paths, country=country) if name == "displacement" else make(*paths)
            last = _last_year(tables[name])
            kept = (_release(*paths) if name == "country_year" else f"to {last}", str(last))
            if name == "displacement":
                paths.append(catalog.root() / "seeds" / f"{QUOTED}.csv")
            resources[name] = _resource(name, title, cards, about, tables[name], *kept, paths)
    _write(out, tables, [resources[n] for n in [*FROM_EVENTS, *PUBLISHED, "build_ledger"] if n in resources])
    return tables


def _recorded(out: Path, raw: Path) -> str | None:
    """The version that the tables in place were built with from this very file, where the file does not tell it."""
    same = hashlib.sha256(raw.read_bytes()).hexdigest()
    found = [r["version"] for r in _existing(out) if any(i["sha256"] == same for i in r["inputs"])]
    return found[0] if found and found[0] != "unknown" else None


def _last_day(month: pd.Timestamp) -> str:
    return str((month + pd.offsets.MonthEnd(0)).date())


def _last_year(table: pd.DataFrame) -> int:
    return int(table["year"].max() if "year" in table else table["as_of"].dt.year.max())


def _existing(out: Path) -> list[dict]:
    package = out / "datapackage.json"
    return json.loads(package.read_text(encoding="utf-8"))["resources"] if package.is_file() else []


def _resource(name, title, cards, about, table, version, ends, inputs) -> dict:
    known = {card: catalog.cards()[card] for card in cards}
    return {
        "name": name, "path": f"{name}.csv", "title": title, "description": about, "profile": "tabular-data-resource",
        "format": "csv", "encoding": "utf-8", "rows": len(table), "version": version,
        "record": RECORDS.get(name, "events"), "record_ends": ends,
        "hash": "sha256:" + hashlib.sha256(_csv(table)).hexdigest(),
        "sources": [{"name": c, "title": s["title"], "path": s["url"]} for c, s in known.items()],
        "licenses": [{"name": s["licence"], "path": s["licence_url"]} for s in known.values()],
        "inputs": [{"name": p.name, "sha256": hashlib.sha256(p.read_bytes()).hexdigest()} for p in inputs],
        "schema": {"fields": [_field(column) for column in table], "missingValues": [""]},
    }  # fmt: skip


def _field(column: str) -> dict:
    known = catalog.seed("columns").set_index("name").loc[column]
    field = {"name": column, "type": known["type"], "description": known["description"]}
    if isinstance(known["unit"], str):
        field["unit"] = known["unit"]
    if column in _ORDERED:
        field |= {"constraints": {"enum": list(_ORDERED[column])}, "ordered": True}
    return field


def _tame(text: str) -> str:
    return safe(text).replace("\r", " ")  # which would end a row


def _csv(table: pd.DataFrame) -> bytes:
    """The file, in whose texts no spreadsheet finds a formula; names come from raw files."""
    texts = [c for c in table if isinstance(table[c].dtype, pd.StringDtype)]
    tame = {c: table[c].map(_tame, na_action="ignore") for c in texts}
    return table.assign(**tame).to_csv(index=False, lineterminator="\n", date_format="%Y-%m-%d").encode()


def _write(out: Path, tables: dict[str, pd.DataFrame], resources: list[dict]) -> None:
    package = {
        "name": "mali-stats", "title": "The human cost of the war in Mali: figures built by mali_stats",
        "profile": "tabular-data-package", "version": __version__, "resources": resources,
    }  # fmt: skip
    text = json.dumps(package, ensure_ascii=False, indent=1) + "\n"
    replace_all(out, {**{f"{n}.csv": _csv(t) for n, t in tables.items()}, "datapackage.json": text.encode()})


def main(arguments: list[str] | None = None) -> int:
    """The command line; errors are one message, not a traceback."""
    parser = argparse.ArgumentParser(prog="make data RAW=path", description=__doc__.splitlines()[0])
    parser.add_argument("raw", type=Path, help="a UCDP GED file in any layout read_events knows")
    parser.add_argument("--country", default="MLI", help="ISO3 code (default MLI)")
    parser.add_argument("--version", help="version of the release, where neither the file nor its name tells it")
    parser.add_argument("--country-year", type=Path, help="UCDP's country-year totals; else the shipped ones stay")
    parser.add_argument("--population", type=Path, help="World Bank population table; else the shipped one stays")
    parser.add_argument("--unhcr", type=Path, nargs="+", metavar="FILE", dest="displacement",
                        help="UNHCR population, flows and solutions files; else the shipped figures stay")  # fmt: skip
    parser.add_argument("--out", type=Path, default=catalog.root() / "data", help="folder to write (default data/)")
    given = parser.parse_args(arguments)
    try:
        published = {name: getattr(given, name) for name in PUBLISHED}
        tables = build(given.raw, given.out, given.country, given.version, **published)
    except (ValueError, OSError) as error:
        print(f"make data: {error}", file=sys.stderr)
        return 1
    print(tables["build_ledger"].to_string(index=False))
    print(f"Written to {given.out.name}/: " + ", ".join(f"{n} ({len(t):,} rows)" for n, t in tables.items()))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
