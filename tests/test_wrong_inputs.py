"""Plain mistakes: whatever stands in the place of an argument, a result comes back or words of our own.

Every public function is called once as it should be; then each argument in turn is replaced by things that people
give by mistake, and each column of a table is left out or filled with the wrong kind.
"""

import ast
import inspect
import re
import traceback
from functools import cache
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from making import ROOT

mpl.use("Agg")

import matplotlib.pyplot as plt

import mali_stats as ms
from mali_stats import synthetic
from mali_stats.synthetic.planted import planted_panel

pytestmark = pytest.mark.whole

#: Errors that may be raised; others (KeyError, AttributeError, a warning ...) come from deep inside.
TOLD = (ValueError, TypeError, FileNotFoundError, FileExistsError, NotADirectoryError, IsADirectoryError, RuntimeError)
WRONG = {
    "None": None, "5": 5, "-1": -1, "text": "x", "empty": "", "nan": float("nan"),
    "inf": float("inf"), "NA": pd.NA, "list": ["x"], "no list": [], "object": object(), "frame": pd.DataFrame(), "column": pd.Series(["a", "b"]),
    "array": np.ones((2, 2)), "path": Path("x"),
}  # fmt: skip
#: Tried in the first places only, to keep the test quick.
RARE = {"-1", "no list", "array", "path", "inf", "object", "list", "column"}
#: What a column is filled with.
FILLED = {"text": "x", "nan": np.nan, "inf": np.inf, "list": [1]}
#: Tables of these are too wide to damage every column: those on which the function leans.
LEANS = {
    "match_events": ["source", "event_id", "date_start", "latitude", "deaths_best"],
    "compare_releases": ["source", "event_id", "country", "date_end", "deaths_best"],
    "region_month_panel": ["source", "country", "date_start", "deaths_best"],
    "family_totals": ["source", "family_a", "date_start", "deaths_best"],
    "draw_totals": ["source", "type_of_violence", "deaths_best"],
    "check": ["country", "month", "in_scope", "events", "deaths_best"],
}
QUICK = {"n_boot": 0, "seed": 0}


def _tables(folder):
    """Made-up and shipped tables that the calls share."""
    found, made = {}, synthetic.two_records(40, seed=3)
    for name, file in (("ucdp_ged", synthetic.ucdp_file(made)), ("acled", synthetic.acled_file(made))):
        (folder / file.name).write_text(file.content, encoding="utf-8")
        found[name] = ms.read_events(folder / file.name)[0]
    found["mali"] = found["ucdp_ged"].query("country == 'MLI'")
    found["panel"] = ms.region_month_panel(found["mali"], start="2020-01", end="2020-12")[0]
    months = ms.load("region_month").query("month >= '2018'")
    found["months"] = months.groupby("month", as_index=False)[
        ["events", "deaths_low", "deaths_best", "deaths_high"]
    ].sum()
    sizes = ms.load("sizes").query("year >= 2021")
    found["sizes"], found["years"] = (sizes[c].repeat(sizes["events"]).reset_index(drop=True) for c in ("size", "year"))
    found["regions"] = months.groupby(["region", "region_name"], as_index=False)["deaths_best"].sum()
    planted = planted_panel(seed=3, months=18)
    found["planted"], found["figures"] = planted.panel, planted.figures
    found["flight"] = ms.add_displacement(planted.panel, planted.figures)
    shown = ms.load("displacement")
    found["stock"] = shown.query("source == 'iom_dtm' and admin1.isna()").tail(6)
    found["national"] = shown.query("admin1.isna()")
    return found


def _calls(folder, t):
    """The right call of every public function: positional arguments, and those by name."""
    y = t["months"].set_index("month")["deaths_best"]
    made = folder / "made.csv"
    made.write_bytes((ROOT / "notebooks" / "made_up_rows.csv").read_bytes())
    people = folder / "people.csv"
    people.write_text(synthetic.unhcr_population(3).content, encoding="utf-8")
    draws = ms.draw_totals(t["mali"], t["mali"]["date_start"].dt.year.rename("year"), n=20, shared_sd=0)
    found = ms.find_breaks(y, n_boot=0)
    lags = {"lags": 2, "leads": 1, "degree": 1}
    return {
        "read_events": ([made], {"country": "MLI", "chunks": None}),
        "read_displacement": ([people], {"rounds": "latest"}),
        "parse_figure": (["Dix civils tués"], {"lang": "auto", "words": "ucdp"}),
        "sum_figures": ([ms.parse_figure("Dix civils tués")], {"across": (), "dedupe": False}),
        "implied_base": ([10, 5], {"value_unit": 1, "percent_unit": 1}),
        "check": ([t["panel"]], {}),
        "match_events": ([t["ucdp_ged"], t["acled"]], {"days": 2, "km": 25, "max_cost": None, "taxonomy": None}),
        "compare_releases": ([t["mali"][:-5], t["mali"][3:]], {}),
        "load": (["population"], {}),
        "datasets": (["en"], {}),
        "cite": (["population"], {"style": "text"}),
        "export": ([t["regions"], folder / "a.csv"],
                   {"hxl": False, "source": "region_month", "caption": "a", "lang": "en"}),
        "region_month_panel": ([t["mali"]], {
            "start": "2020-01", "end": "2020-06", "frame": None, "by": None, "spread": "days",
            "max_geo_precision": "area", "max_date_precision": "month", "coverage": None}),
        "add_population": ([t["panel"]], {"census": "de_jure", "country": None}),
        "add_displacement": ([t["planted"], t["figures"]], {"spread": None, "country": None}),
        "family_totals": ([t["mali"]], {"family": None, "side": "a", "by": "year", "joint": "own"}),
        "fit_trend": ([t["months"], "events"], {
            "family": "nb2", "harmonics": 1, "offset": None, "by": None, "cov": "hac", "lags": None, "time": "month",
            "breaks": None, "slope": True, "descriptive": False, "draws": None}),
        "Break": (["coup", "2020-08-18"], {"kind": "step", "end": None}),
        "fatality_dist": ([[1, 5], ["one-sided", "non-state"]],
                          {"low": None, "high": None, "model": "vesco", "params": None}),
        "draw_totals": ([t["mali"], "type_of_violence"], {
            "n": 5, "shared_sd": 0.2, "model": "vesco", "exclude_side_b": False, "params": None, "country": None,
            "seed": 0}),
        "pool_rubin": ([[1.0, 2.0, 3.0], [0.1, 0.1, 0.1]], {"n": None, "k": None, "conf": 0.95}),
        "heaping": ([t["sizes"]], {"convention": None, "conf": 0.95}),
        "fit_tail": ([t["sizes"]], {"xmin": 10, "model": "powerlaw", **QUICK}),
        "exceedance": ([t["sizes"], t["years"], [10, 50]],
                       {"threshold": None, "n_boot": 20, "seed": 0, "record": None}),
        "find_breaks": ([y], {"cost": "nb", "transform": None, "min_size": 12, "max_breaks": 2, "ci": "het", **QUICK}),
        "placebo_its": ([t["months"], "events", "2020-08"], {"block": 12, "min_side": 12, "n_perm": 19, "seed": 0}),
        "fit_lags": ([t["flight"], "new_displacement", "deaths_best"], {
            **lags, "fixed_effects": ("region", "month"), "cov": "cluster", "family": "poisson", "transform": None,
            "offset": None, "time": "month"}),
        "stock_to_flow": ([t["stock"]], {}),
        "interpolate_stock": ([t["stock"]], {"freq": "MS", "max_gap": 6}),
        "stock_flow_ledger": ([t["national"]], {"start": None, "end": None}),
        "baseline_draws": ([y, 3], {"method": "conflictology", "window": 12, "n": 20, "lead": 1, "seed": 0}),
        "score_draws": ([y[:3], ms.baseline_draws(y, 3, n=20)], {"alpha": 0.1}),
        "rolling_origin": ([y, {"a": "conflictology"}, ["2020-06", "2020-07"]], {"horizon": 3, "lead": 1}),
        "flag_months": ([y, "ears_c1"], {"outcome": "deaths_best", "by": "region", "time": "month"}),
        "unseen": ([{"10": 20, "01": 30, "11": 8}], {"models": None, "lists": None}),
        "brief": (["Gao"], {"end": "2023-02", "lang": "en"}),
        "plot": ([found], {}),
        "plot_series": ([t["months"], "deaths"], {"time": "month", "by": None, "band": True, "source": "a"}),
        "plot_heatmap": ([t["panel"]], {"value": "deaths_best", "freq": "year", "source": "a"}),
        "plot_map": ([t["regions"], "deaths_best"], {
            "kind": "tiles", "geojson": None, "rate_per": None, "per": 1e5, "top": None, "country": "MLI",
            "source": "a"}),
        "plot_points": ([t["stock"]], {"by": "source", "source": "a"}),
        "plot_precision": ([ms.load("precision").query("year >= 2020")], {"source": "a"}),
        "plot_fit": ([ms.fit_trend(t["months"], "events", cov="hac")], {"source": "a"}),
        "plot_fan": ([draws], {"value": "deaths", "time": None, "by": None, "kind": None, "source": "a"}),
        "plot_ccdf": ([ms.fit_tail(t["sizes"], xmin=10, n_boot=0)], {"at": [5], "label": "a", "source": "a"}),
        "plot_breaks": ([found], {"calendar": False, "source": "a"}),
        "plot_curve": ([ms.fit_lags(t["flight"], "new_displacement", "deaths_best", **lags).lag_curve()],
                       {"along": None, "value": "estimate", "reference": None, "source": "a"}),
        "set_theme": ([], {}),
    }  # fmt: skip


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    return _tables(tmp_path_factory.mktemp("tables"))


@pytest.fixture(scope="module")
def calls(tables, tmp_path_factory):
    return _calls(tmp_path_factory.mktemp("given"), tables)


@cache
def _raises(file):
    """The lines of a file that stand in a raise of its own."""
    tree = ast.parse(Path(file).read_text(encoding="utf-8"))
    found = [n for n in ast.walk(tree) if isinstance(n, ast.Raise)]
    return {line for n in found for line in range(n.lineno, n.end_lineno + 1)}


def fault(function, positional, named):
    """What is wrong with how a call ends; nothing where it gives a result, or words of our own."""
    try:
        result = function(*positional, **named)
        if hasattr(result, "__next__"):
            next(result)
    except Exception as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        own = Path(last.filename).is_relative_to(ROOT / "mali_stats") and last.lineno in _raises(last.filename)
        words = len(str(error).split()) > 4 and re.match(r"[\w./-]+(\(.*?\))?( \w+)*[:, =]", str(error))
        if not (own and words and isinstance(error, TOLD)):
            return f"{type(error).__name__} at {last.filename}:{last.lineno}: {str(error)[:120]}"
    finally:
        plt.close("all")
    return None


def damaged(table, columns):
    """A table without rows, twice, with columns left out or filled with the wrong kind."""
    yield "no row", table.iloc[:0]
    yield "no columns", table[[]]
    yield "columns twice", pd.concat([table, table], axis=1)
    yield "numbers only", table.to_numpy()
    for column in columns:
        yield f"without {column}", table.drop(columns=column)
        for kind, value in FILLED.items():
            filled = pd.Series([value] * len(table), index=table.index, dtype=object if kind == "list" else None)
            yield f"{column} {kind}", table.assign(**{column: filled})


def attempts(name, positional, named):
    """Every wrong call of a function: a label, the arguments by place, those by name."""
    places = list(inspect.signature(getattr(ms, name)).parameters)
    for at, value in [*enumerate(positional), *named.items()]:
        argument = places[at] if isinstance(at, int) else at
        given = {k: v for k, v in WRONG.items() if isinstance(at, int) or k not in RARE}
        if isinstance(value, pd.DataFrame):
            given |= dict(damaged(value, LEANS.get(name, list(value.columns)[:3])))
        for label, wrong in given.items():
            first = [wrong if i == at else v for i, v in enumerate(positional)]
            yield f"{argument}: {label}", first, {k: wrong if k == at else v for k, v in named.items()}


def test_every_public_function_is_called(calls):
    assert set(calls) == set(ms._WHERE) - {"fetch"}, "fetch has its own tests, with a server"
    for name, (positional, named) in calls.items():
        getattr(ms, name)(*positional, **named)
        plt.close("all")


@pytest.mark.parametrize("name", sorted(set(ms._WHERE) - {"fetch", "set_theme"}))
def test_what_is_wrong_is_said_in_words_of_our_own(name, calls, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = {}
    for label, positional, named in attempts(name, *calls[name]):
        if said := fault(getattr(ms, name), positional, named):
            found[label] = said
    assert found == {}


# ---- what was taken without a word ------------------------------------------------------------------------


def _two(**changes):
    """Two made-up records; the first has one event changed."""
    made = synthetic.two_records(40, seed=3)
    one, other = made.table("ucdp_ged"), made.table("acled")
    for column, value in changes.items():
        one[column] = one[column].astype(object if isinstance(value, str) else one[column].dtype)
        one.loc[one.index[3], column] = value
    return one, other


@pytest.mark.parametrize(("column", "value"), [("latitude", 500.0), ("latitude", -90.1), ("longitude", 180.5)])
def test_a_point_that_is_nowhere_is_refused_unless_the_reader_told_of_it(column, value):
    one, other = _two(**{column: value})
    event = one["event_id"].iloc[3]
    said = rf"match_events: a, event {event}, {column}: got {value:g}; degrees from -\d+ to \d+ are wanted"
    with pytest.raises(ValueError, match=said):
        ms.match_events(one, other)
    with pytest.raises(ValueError, match=said.replace(": a,", ": b,")):
        ms.match_events(other, one)
    one["issues"] = ["" if i != 3 else "low>best; coordinates-out-of-range" for i in range(len(one))]
    assert any("1 records without coordinates, or with impossible" in n for n in ms.match_events(one, other).notes)


def test_points_at_the_edge_of_the_map_stay():
    assert ms.match_events(*_two(latitude=-90.0, longitude=180.0))


@pytest.mark.parametrize("column", ["deaths_best", "deaths_low", "deaths_civilians"])
def test_releases_with_fewer_than_no_dead_are_refused(column, tables):
    t = tables
    odd = t["mali"].assign(**{column: t["mali"][column].astype("float64")})
    odd.loc[odd.index[2], column] = -4
    for old, new, side in ((t["mali"], odd, "new"), (odd, t["mali"], "old")):
        with pytest.raises(
            ValueError, match=rf"compare_releases: the {side} release, {column}: got -4 \({odd['event_id'].iloc[2]};"
        ):
            ms.compare_releases(old, new)
    years = ms.load("country_year")
    with pytest.raises(ValueError, match="the new release, deaths_best: got -1 .*0 or more are wanted"):
        ms.compare_releases(years, years.assign(deaths_best=years["deaths_best"].where(years["year"] != 2020, -1)))


@pytest.mark.parametrize(("change", "said"), [
    ({"q05": [9, 3, 4], "q95": [2, 11, 15]}, "q05 lies above q50 in 1 rows, such as year 2021 \\(9 and 5\\)"),
    ({"q50": [5, 6, 16]}, "q50 lies above q95 in 1 rows, such as year 2023"),
    ({"q25": [1, 4, 5], "q75": [6, 7, 9]}, "q05 lies above q25"),
])  # fmt: skip
def test_quantiles_that_cross_are_refused(change, said):
    good = pd.DataFrame({"year": [2021, 2022, 2023], "q05": [2, 3, 4], "q50": [5, 6, 8], "q95": [9, 11, 15]})
    assert ms.plot_fan(good.assign(q05=good["q50"], q95=good["q50"])) is not None, "equal ones do not cross"
    with pytest.raises(ValueError, match=f"plot_fan: {said}"):
        ms.plot_fan(good.assign(**change))
    plt.close("all")


def test_a_source_that_is_no_text_is_refused(tables, tmp_path):
    t = tables
    with pytest.raises(TypeError, match="match_events: b, source: got 5, which is no text"):
        ms.match_events(t["ucdp_ged"], t["acled"].assign(source=5))
    with pytest.raises(TypeError, match="compare_releases: the old release, source: got 5, which is no text"):
        ms.compare_releases(t["mali"].assign(source=5), t["mali"].assign(source=5))
    with pytest.raises(TypeError, match="draw_totals: events, source: got 5"):
        ms.draw_totals(t["mali"].assign(source=5), "type_of_violence", shared_sd=0, model="bounds")
    with pytest.raises(ValueError, match="cite: 'int' is no data set and no source"):
        ms.cite(5)
    with pytest.raises(ValueError, match="export: source=5 holds something else than text"):
        ms.export(t["regions"], tmp_path / "a.csv", source=5)
    with pytest.raises(TypeError, match="export: caption=5 is of type int"):
        ms.export(t["regions"], tmp_path / "a.csv", source="region_month", caption=5)
    assert not list(tmp_path.glob("a.*"))


@pytest.mark.parametrize("plot", [name for name in ms._WHERE if name.startswith("plot_")])
def test_a_plots_source_that_is_no_text_is_refused_before_anything_is_drawn(plot, calls):
    positional, named = calls[plot]
    with pytest.raises(TypeError, match=f"{plot}: source=5 is of type int; give text"):
        getattr(ms, plot)(*positional, **named | {"source": 5})
    assert not plt.get_fignums()


def test_a_path_that_is_no_folder_is_not_taken_for_a_code(calls, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    file = calls["read_events"][0][0]
    with pytest.raises(ValueError, match="read_events: country='MLI' is a path, and there is no such folder in"):
        ms.read_events(file, country=Path("MLI"))
    assert len(ms.read_events(file, country="MLI")[0]), "the code itself is text"


def test_a_raw_error_is_seen():
    """The test above would see an error of pandas, and one of our own that is no kind word."""
    assert "KeyError" in fault(lambda: pd.DataFrame()["a"], [], {})
    assert "ValueError" in fault(lambda: int("x"), [], {})
    assert fault(ms.load, [5], {}) is None
