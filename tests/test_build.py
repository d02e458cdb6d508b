"""make data: the same bytes from the same input, whole files only, clear words when it fails."""

import filecmp
import os

import pandas as pd
import pytest
from making import RAW, WEB_MALI, needs_raw, record, records, shipped, text, write

from mali_stats import build, synthetic
from mali_stats.build import main
from mali_stats.clean.events import read_events

TOTALS = ["--country-year", str(RAW / "ucdp" / "organizedviolence_country_year_v25_1_sahel.csv.gz"),
          "--population", str(RAW / "population" / "worldbank_population.csv"),
          "--unhcr", *(str(RAW / "unhcr" / f"{name}_mali.csv") for name in ("population", "flows", "solutions"))]  # fmt: skip


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
