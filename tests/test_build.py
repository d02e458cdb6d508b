"""make data: the same bytes from the same input, whole files only, clear words when it fails."""

import filecmp
import io
import json
import os
import shutil
import zipfile
from dataclasses import replace

import killing
import loopback
import nbformat
import pandas as pd
import pytest
from making import RAW, WEB_MALI, needs_raw, record, records, shipped, text, write

import mali_stats as ms
from mali_stats import build, catalog, synthetic
from mali_stats.build import main
from mali_stats.catalog import load
from mali_stats.clean.events import read_events
from mali_stats.report import site

pytestmark = pytest.mark.whole

TOTALS = ["--country-year", str(RAW / "ucdp" / "organizedviolence_country_year_v25_1_sahel.csv.gz"),
          "--population", str(RAW / "population" / "worldbank_population.csv"),
          "--unhcr", *(str(RAW / "unhcr" / f"{name}_mali.csv") for name in ("population", "flows", "solutions"))]  # fmt: skip


@pytest.mark.slow
@needs_raw
def test_the_shipped_tables_are_what_the_raw_files_give_byte_for_byte(tmp_path, capsys):
    assert main([str(WEB_MALI), "--version", "24.1", *TOTALS, "--out", str(tmp_path)]) == 0
    names = sorted(p.name for p in tmp_path.iterdir())
    assert names == sorted(p.name for p in shipped().iterdir())
    assert filecmp.cmpfiles(tmp_path, shipped(), names, shallow=False) == (names, [], [])
    assert "counted in the panel" in capsys.readouterr().out


def test_an_analysts_own_file_builds_and_keeps_the_published_totals(tmp_path, capsys):
    for path in shipped().iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    raw = write(tmp_path / "GEDEvent_v25_1.csv", text(records(12)))
    assert main([str(raw), "--out", str(tmp_path)]) == 0
    panel = pd.read_csv(tmp_path / "region_month.csv")
    assert panel["events"].sum() == 12 and panel["month"].max() == "2024-12-01"
    assert filecmp.cmp(tmp_path / "country_year.csv", shipped() / "country_year.csv", shallow=False)
    package = (tmp_path / "datapackage.json").read_text()
    assert '"version": "25.1"' in package and '"record_ends": "2024-12-31"' in package
    assert "region_month (" in capsys.readouterr().out


def test_the_ten_largest_are_chosen_by_a_stated_rule_not_by_the_order_of_rows(tmp_path):
    """Ten events of 50 and two smaller ones: of the ties at the tenth place the earlier, then the smaller id, goes."""
    ties = [record(300 + i, best=20, low=20, high=20, date_start=day, date_end=day)
            for i, day in enumerate(["2020-03-02", "2020-03-01", "2020-03-01"])]  # fmt: skip
    large = [record(100 + i, best=50, high=50, low=50, relid=f"MUP-2021-1-990-7.{i}") for i in range(9)]
    before = record(1, best=900, high=900, low=900, date_start="2011-12-31", date_end="2011-12-31")
    rows = [*ties, *large, before]
    for order in (rows, rows[::-1]):
        events, _ = read_events(write(tmp_path / "GEDEvent_v24_1.csv", text(order)))
        for shuffled in (events, events[::-1]):
            largest = events.loc[build._largest(shuffled), "event_id"]
            assert sorted(largest) == [*(str(100 + i) for i in range(9)), "301"]
        table = build.region_year_selections(events).query("selection == 'without ten largest' and events > 0")
        assert table[["year", "events", "deaths_best"]].values.tolist() == [[2011, 1, 900], [2020, 2, 40]]


def test_precise_events_are_dated_to_the_week_and_placed_to_the_cercle(tmp_path):
    places, days = [1, 2, 3, 4, 5, 1, 1, 1], [1, 2, 3, 1, 1, 4, 5, 2]
    rows = [record(i, where_prec=w, date_prec=d) for i, (w, d) in enumerate(zip(places, days, strict=True))]
    events, _ = read_events(write(tmp_path / "made_up.csv", text(rows)))
    table = build.region_year_selections(events)
    assert table.groupby("selection")["events"].sum().to_dict() == {"all": 8, "precise": 4, "without ten largest": 0}
    years = table.groupby("selection")["year"].agg(["min", "max"])
    assert years.drop_duplicates().values.tolist() == [[1989, 2022]], "every choice has the same complete grid"


def test_drawn_tables_reconcile_with_the_panel_and_name_no_event():
    panel = (
        catalog.load("region_month").groupby("month")[["deaths_low", "deaths_best", "deaths_high", "deaths_b"]].sum()
    )
    draws = catalog.load("draws")
    assert list(draws) == ["month", "shared_sd", "side_b", "reported", "draw", "deaths"]
    assert draws.groupby(["month", "shared_sd", "side_b"]).size().eq(40).all() and len(draws) == 144 * 2 * 2 * 40
    first = draws[(draws["draw"] == 1) & (draws["shared_sd"] == 0)].set_index("month")
    best, rest = (first.loc[first["side_b"] == kind, "reported"] for kind in ("with", "without"))
    since = panel.loc["2012-01-01":]
    assert best.tolist() == since["deaths_best"].tolist()
    assert rest.tolist() == (since["deaths_best"] - since["deaths_b"]).tolist()
    years = panel.groupby(panel.index.year).sum()
    for (model, shared_sd, side_b), part in catalog.load("totals_year").groupby(["model", "shared_sd", "side_b"]):
        whole = years["deaths_best"] - (years["deaths_b"] if side_b == "without" else 0)
        assert part["year"].tolist() == list(range(1989, 2024)) and part["reported"].tolist() == whole.tolist()
        assert part["deaths_high"].isna().all() if side_b == "without" else part["deaths_low"].sum() == 15_153
        assert (part["q05"] <= part["q50"]).all() and (part["q50"] <= part["q95"]).all()
        wide = ((part["q95"] - part["q05"]) / part["q50"]).iloc[-1]
        assert wide > 0.5 if shared_sd else wide < 0.2, (model, shared_sd)


def test_the_same_events_in_another_order_draw_the_same(tmp_path):
    events, _ = read_events(write(tmp_path / "GEDEvent_v25_1.csv", text(records(12))))
    for make in (build.draws, build.totals_year):
        pd.testing.assert_frame_equal(make(events), make(events.sample(frac=1, random_state=1)))


def test_a_failed_build_leaves_the_old_tables_whole(tmp_path, capsys, monkeypatch):
    (tmp_path / "region_month.csv").write_text("old")
    raw = write(tmp_path / "raw.csv", text([records(1)[0] | {"best": "x"}]))
    assert main([str(raw), "--out", str(tmp_path)]) == 1
    assert "make data: raw.csv: 1 values cannot be read" in capsys.readouterr().err
    good = write(tmp_path / "good.csv", text(records(4)))
    monkeypatch.setattr(os, "replace", lambda *a: (_ for _ in ()).throw(OSError("disk full")))
    assert main([str(good), "--out", str(tmp_path)]) == 1
    assert sorted(p.name for p in tmp_path.iterdir()) == ["good.csv", "raw.csv", "region_month.csv"]
    assert (tmp_path / "region_month.csv").read_text() == "old"


def test_a_file_of_the_wrong_kind_is_told(tmp_path):
    with pytest.raises(ValueError, match=r"other.csv: the columns Country Code, Year, Value are missing"):
        build.population(write(tmp_path / "other.csv", "a,b\n1,2\n"))


def test_sizes_are_counted_in_three_other_ways():
    """Two parts of one report in two years, one of another, one alone; no relid means an event of its own."""
    events = pd.DataFrame({
        "event_id": list("abcde"), "report_id": ["R-1.1", "R-1.2", "R-10.1", "R-1", pd.NA],
        "date_start": pd.to_datetime(["2023-01-02", "2022-12-30", "2023-05-01", "2023-05-01", "2023-06-01"]),
        "type_of_violence": pd.Categorical(["state-based"] * 4 + ["one-sided"], ["state-based", "non-state", "one-sided"], ordered=True),
        "deaths_best": pd.array([28, 28, 5, 65, 0], "Int64"), "deaths_b": pd.array([20, 0, 5, 50, 0], "Int64"),
    })  # fmt: skip
    table = build.sizes_variants(events)
    sizes = {name: list(zip(t["year"], t["size"], t["events"], strict=True)) for name, t in table.groupby("variant")}
    assert sizes == {
        "merged": [(2022, 56, 1), (2023, 5, 1), (2023, 65, 1), (2023, 0, 1)],
        "without side b": [(2022, 28, 1), (2023, 0, 1), (2023, 8, 1), (2023, 15, 1), (2023, 0, 1)],
        "merged, without side b": [(2022, 36, 1), (2023, 0, 1), (2023, 15, 1), (2023, 0, 1)],
    }


def test_the_other_ways_lose_nobody():
    of = {name: t.assign(dead=t["size"] * t["events"]) for name, t in load("sizes_variants").groupby("variant")}
    recorded = load("sizes").eval("size * events").sum()
    assert of["merged"]["dead"].sum() == recorded == 15742
    assert of["without side b"]["dead"].sum() == of["merged, without side b"]["dead"].sum()
    assert of["without side b"]["dead"].sum() == recorded - load("region_month")["deaths_b"].sum()
    assert of["without side b"]["events"].sum() == load("sizes")["events"].sum()


def test_displacement_takes_unhcr_files_and_keeps_what_concerns_the_country(tmp_path):
    made = synthetic.unhcr_population(1)
    table = build.displacement(write(tmp_path / made.name, made.content))
    assert table.query("source == 'unhcr' and indicator == 'idps'")["best"].tolist() == list(
        made.truth["idps"].values()
    )
    assert (table.query("source == 'unhcr'")["best"] > 0).all() and {"idmc", "iom_dtm", "ocha"} < set(table["source"])
    elsewhere = build.displacement(tmp_path / made.name, country="NER")
    assert set(elsewhere["asylum_country"]) == {"NER"} and set(elsewhere["source"]) == {"unhcr"}
    with pytest.raises(ValueError, match="UNHCR files are wanted, got one of idmc"):
        build.displacement(write(tmp_path / "gidd.csv", synthetic.gidd(1).content))


@pytest.mark.parametrize("text", ["=1+1", "+x", "-2+3+cmd|' /C calc'!A0", "@SUM(A1)", "\t=1", "\r=1", " =1"])
def test_no_text_of_a_table_is_a_formula_to_a_spreadsheet(text):
    table = pd.DataFrame({"name": pd.Series([text, "Gao", pd.NA], dtype="str"), "n": [-5, 1, 2]})
    written = pd.read_csv(io.BytesIO(build._csv(table)), dtype=str)
    tame = f"'{text}".replace("\r", " ").replace("\t=", "\t'=")  # a tab may be where the spreadsheet splits
    assert written["name"].tolist()[:2] == [tame, "Gao"] and written["name"].isna().tolist() == [
        False,
        False,
        True,
    ]
    assert written["n"].tolist() == ["-5", "1", "2"], "numbers are none"


@pytest.mark.slow
def test_a_newer_release_goes_from_its_publisher_to_the_report(tmp_path, monkeypatch):
    """fetch -> make data -> make report on a made-up release 26.1, as a user would do next year, through the modules."""
    war = synthetic.two_records(200, seed=5)
    later = {**war.rows, "ucdp_ged": war.rows["ucdp_ged"].assign(
        **{c: war.rows["ucdp_ged"][c] + pd.DateOffset(years=2) for c in ("date_start", "date_end")})}  # fmt: skip
    made = synthetic.ucdp_file(replace(war, rows=later))
    last = later["ucdp_ged"]["date_start"].dt.year.max()
    assert last == 2025
    with zipfile.ZipFile(tmp_path / "x.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("GEDEvent_v26_1.csv", made.content)
    server = loopback.Server()
    server.answers["/ged/ged261-csv.zip"] = loopback.file((tmp_path / "x.zip").read_bytes())
    path = ms.fetch("ucdp", version="26.1", base_url=server.url, cache=tmp_path / "cache")
    server.stop()
    shutil.copytree(shipped(), tmp_path / "data")
    shutil.copytree(catalog.root() / "seeds", tmp_path / "seeds")
    assert main([str(path), "--out", str(tmp_path / "data")]) == 0
    monkeypatch.setattr(catalog, "root", lambda: tmp_path)
    known = ms.datasets().set_index("name")
    assert known.loc["region_month", ["version", "record_ends"]].tolist() == ["26.1", "2025-12-31"]
    assert ms.load("region_month")["deaths_best"].sum() == made.truth["best"]
    kept = killing.notebook(
        "Does it reach", "import mali_stats as ms\nprint(ms.load('region_month')['month'].max().year)"
    )
    (tmp_path / "notebooks").mkdir()
    nbformat.write(kept, tmp_path / "notebooks" / "01-reach.ipynb")
    executed = json.loads(json.dumps(kept))
    monkeypatch.setattr(
        site.running,
        "executed_notebooks",
        lambda *a: {tmp_path / "notebooks" / "01-reach.ipynb": nbformat.from_dict(executed)},
    )
    front = site.build_site(tmp_path / "build" / "report", tmp_path / "notebooks", lambda line: None).read_text()
    assert "31 December 2025" in front and "26.1" in front
    brief = ms.brief("Mali", "2025-01", "2025-12")
    best = brief.table.query("measure == 'deaths' and estimate == 'best' and family.isna()")["this_span"].tolist()
    panel = ms.load("region_month")
    assert best[0] == panel[panel["month"].dt.year == 2025]["deaths_best"].sum()
