"""docs/your-own-country.md as a reader follows it: its tables, its steps, its numbers, and what it says of mistakes."""

import contextlib
import gzip
import io
import os
import re
import shutil
from functools import cache

import matplotlib as mpl
import pandas as pd
import pytest
from making import RAW, ROOT

mpl.use("Agg")

import matplotlib.pyplot as plt

import mali_stats as ms
from mali_stats import catalog, schema
from mali_stats.synthetic import two_records, ucdp_file

PAGE = (ROOT / "docs" / "your-own-country.md").read_text(encoding="utf-8")
TABLES = dict(re.findall(r"^```csv (\S+)\n(.*?)^```", PAGE, flags=re.M | re.S))
STEPS = re.findall(r"^```python\n(.*?)^```(?:\n\n```text\n(.*?)^```)?", PAGE, flags=re.M | re.S)
FILE = "burkina-faso.csv"
PUBLISHED = RAW / "ucdp" / "gedevents_web_burkina_faso.csv.gz"
needs_published = pytest.mark.skipif(
    not PUBLISHED.is_file(),
    reason="UCDP's file of Burkina Faso may not be shipped; set MALI_STATS_RAW to a folder that has it under ucdp/",
)


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


@pytest.fixture
def work(tmp_path, monkeypatch):
    """A reader's folder: the page's tables are written, the file of events is still to come."""
    for name, content in TABLES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@cache
def made_up():
    """A made-up record in the layout of UCDP's export, with Burkina Faso's names in the place of Mali's."""
    made = ucdp_file(two_records(900, seed=3), "web")
    regions = pd.read_csv(io.StringIO(TABLES["places/BFA/regions.csv"])).set_index("region")["region_name"]
    districts = pd.read_csv(io.StringIO(TABLES["places/BFA/districts.csv"]))
    content = made.content.replace("Government of Mali", "Government of Burkina Faso").replace(
        ",Mali,432,", ",Burkina Faso,439,"
    )
    pairs = sorted(set(re.findall(r",([^,\n]*) region,([^,\n]*) cercle,", content)))
    for number, (region, cercle) in enumerate(pairs):
        row = districts.iloc[number * 5 % len(districts)]
        names = f",{regions[row['admin1']].replace('-', ' ')} region,{row['admin2_name']} province,"
        content = content.replace(f",{region} region,{cercle} cercle,", names)
    for number, region in enumerate(sorted({region for region, _ in pairs})):  # rows that name a region only
        content = content.replace(f",{region} region,,", f",{regions.iloc[number]} region,,")
    return content, made.truth


def follow():
    """Run every step of the page in its order, and give what each printed."""
    names, said = {}, []
    for code, _ in STEPS:
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            exec(compile(code, "docs/your-own-country.md", "exec"), names)
        said.append(out.getvalue())
    return names, said


def test_the_page_holds_tables_and_steps():
    assert {"places/BFA/regions.csv", "places/BFA/districts.csv", "places/BFA/census.csv"} <= set(TABLES)
    assert len(STEPS) >= 6 and sum(bool(text) for _, text in STEPS) >= 5
    for call in ("read_events(", "region_month_panel(", "fit_trend(", "plot_series(", "add_population(", "plot_map("):
        assert any(call in code for code, _ in STEPS), call


def test_the_tables_are_what_their_publishers_say():
    census = pd.read_csv(io.StringIO(TABLES["places/BFA/census.csv"]))
    assert census.groupby("month")["de_jure"].sum().to_dict() == {"2006-12": 14_017_262, "2019-11": 20_505_155}
    assert census.groupby("month")["region"].nunique().to_dict() == {"2006-12": 13, "2019-11": 13}
    districts = pd.read_csv(io.StringIO(TABLES["places/BFA/districts.csv"]))
    assert len(districts) == 45 and (districts["admin2"].str[:4] == districts["admin1"]).all()


@pytest.mark.skipif(
    not (RAW / "geo" / "ocha_pcodes.csv").is_file(), reason="OCHA's list of codes is not on this machine"
)
def test_the_codes_are_ochas():
    codes = pd.read_csv(RAW / "geo" / "ocha_pcodes.csv").query("Location == 'BFA'")
    regions, districts = (pd.read_csv(io.StringIO(TABLES[f"places/BFA/{n}.csv"])) for n in ("regions", "districts"))
    one, two = codes[codes["Admin Level"] == 1], codes[codes["Admin Level"] == 2]
    assert dict(zip(regions["region"], regions["region_name"], strict=True)) == dict(
        zip(one["P-Code"], one["Name"], strict=True)
    )
    assert districts.to_numpy().tolist() == two[["P-Code", "Name", "Parent P-Code"]].to_numpy().tolist()


@needs_published
def test_on_the_published_file_every_number_is_the_pages(work):
    (work / FILE).write_bytes(gzip.decompress(PUBLISHED.read_bytes()))
    names, said = follow()
    for (code, shown), got in zip(STEPS, said, strict=True):
        assert got.split() == shown.split(), code
    published = ms.load("country_year").query("country == 'BFA' and 2016 <= year <= 2023")["deaths_best"].astype(float)
    by_year = names["panel"].groupby(names["panel"]["month"].dt.year)["deaths_best"].sum().astype(float)
    assert by_year.to_numpy() == pytest.approx(published.to_numpy(), rel=0.05)  # a later release; turns of the year


def test_on_a_made_up_file_every_step_runs_and_no_death_is_lost(work):
    content, truth = made_up()
    (work / FILE).write_text(content, encoding="utf-8")
    names, said = follow()
    panel, account = names["panel"], names["account"].tidy().set_index("reason")
    assert (
        account.loc["counted in the panel", "rows"] + account.get("rows").get("outside start and end", 0)
        == truth["rows"]
    )
    assert names["ledger"].tidy()["best"].iloc[-1] == truth["best"]
    placed = panel[panel["region"] != "unallocated"]
    assert placed["region"].nunique() == 13 and placed["deaths_best"].sum() > 0.8 * panel["deaths_best"].sum()
    assert "rows with an unknown name: 0" in said[1]
    assert {p.name for p in work.glob("*.png")} == {"deaths.png", "trend.png", "map.png"}
    assert "INSD Burkina Faso census of 2019" in (work / "map.txt").read_text(encoding="utf-8")
    assert "INSTAT" not in (work / "map.txt").read_text(encoding="utf-8")


def test_people_of_the_regions_add_up_to_the_shipped_national_total(work):
    (work / FILE).write_text(made_up()[0], encoding="utf-8")
    panel = follow()[0]["panel"]
    july = panel[(panel["month"] == "2019-07-01") & (panel["region"] != "unallocated")]
    total = ms.load("population").query("country == 'BFA' and year == 2019")["population"].item()
    assert july["population"].sum() == pytest.approx(total)
    census = pd.read_csv("places/BFA/census.csv").query("month == '2019-11'").set_index("region")["de_jure"]
    after = panel[panel["month"] == "2019-11-01"].set_index("region")["population"].drop("unallocated")
    pd.testing.assert_series_equal(after / after.sum(), census / census.sum(), check_names=False, rtol=1e-9)


def test_national_totals_of_ones_own_take_the_place_of_the_shipped(work):
    (work / FILE).write_text(made_up()[0], encoding="utf-8")
    (work / "places/BFA/population.csv").write_text("year,population,source\n2024,2000\n2010,1000\n", encoding="utf-8")
    panel = follow()[0]["panel"]
    july = panel[(panel["month"] == "2017-07-01") & (panel["region"] != "unallocated")]
    assert july["population"].sum() == pytest.approx(1000 * 2**0.5)


@pytest.mark.parametrize("changed", [False, True])
def test_draws_find_the_cells_of_a_panel_of_ones_own(work, changed):
    (work / FILE).write_text(made_up()[0], encoding="utf-8")
    if changed:  # Soum lay in another region until 2018: its name alone then means two of today's
        _earlier("Soum", "BF54", "2018-06-30")
    events, panel = _events(), _panel()
    for table in (panel, panel.drop(columns="frame"), panel.sample(frac=1, random_state=1)):
        draws = ms.draw_totals(events, table, n=4, shared_sd=0, country="places/BFA")
        watched = table[table["in_scope"]]
        assert draws.reported.tolist() == watched["deaths_best"].tolist() and draws.reported.sum() > 0
        assert draws.groups["region"].tolist() == watched["region"].tolist() and not draws.notes
    whole = ms.region_month_panel(events, frame="country")[0]
    for folder in (None, "places/BFA"):
        draws = ms.draw_totals(events, whole, n=4, shared_sd=0, country=folder)
        assert draws.reported.sum() == whole["deaths_best"].sum() == panel["deaths_best"].sum()


def test_a_folder_for_draws_goes_with_a_panel_of_its_country(work):
    (work / FILE).write_text(made_up()[0], encoding="utf-8")
    events, panel = _events(), _panel()
    with pytest.raises(ValueError, match=r"draw_totals: country='places/NER' is no folder of seed tables.*\(BFA\)"):
        ms.draw_totals(events, panel, shared_sd=0, country="places/NER")
    with pytest.raises(ValueError, match="draw_totals: country='places/BFA' goes with a panel as by= only"):
        ms.draw_totals(events, "admin1", shared_sd=0, country="places/BFA")
    with pytest.raises(ValueError, match="in 1 cells.*with country= where a folder of seed tables laid it out"):
        odd = panel.assign(deaths_best=panel["deaths_best"].where(panel.index != 3, 1000))
        ms.draw_totals(events, odd, shared_sd=0, country="places/BFA")


def test_figures_find_the_regions_of_a_panel_of_ones_own(work):
    (work / FILE).write_text(made_up()[0], encoding="utf-8")
    with open("places/BFA/spellings.csv", "a", encoding="utf-8") as file:
        file.write("admin1,The East,BF52\n")
    figures, panel = _fled("BF13", "Sahel", "boucle du MOUHOUN region", "The East"), _panel()
    for table in (panel, panel.drop(columns="frame")):
        joined = ms.add_displacement(table, figures, country="places/BFA").query("idps.notna()")
        assert sorted(joined["region"]) == ["BF13", "BF46", "BF52", "BF56"]
        assert joined["month"].eq("2020-03-01").all() and joined["idps"].eq(50).all()
    with pytest.raises(ValueError, match=r"add_displacement: 1 of 1 figures find no cell: 'Sahil'.*nearest: Sahel"):
        ms.add_displacement(panel, _fled("Sahil"), country="places/BFA")
    with pytest.raises(ValueError, match=r"add_displacement: country='places/NER' is no folder"):
        ms.add_displacement(panel, figures, country="places/NER")


def test_a_region_that_was_two_regions_of_today_is_not_guessed(work):
    (work / FILE).write_text(made_up()[0], encoding="utf-8")
    _earlier("Soum", "BF54", "2020-06-30")
    with pytest.raises(
        ValueError, match=r"'Nord' covered several regions of frame 'ocha13' on 2020-03-15 \(BF54, BF56"
    ):
        ms.add_displacement(_panel(), _fled("Nord"), country="places/BFA")


# ---- mistakes ----------------------------------------------------------------------------------------------


def _events(folder="places/BFA"):
    return ms.read_events(FILE, country=folder)[0]


def _panel():
    return ms.region_month_panel(_events(), frame="places/BFA")[0]


def _regions():
    return _panel().groupby(["region", "region_name"], as_index=False)["deaths_best"].sum()


def _edit(name, old, new):
    path, text = f"places/BFA/{name}.csv", TABLES[f"places/BFA/{name}.csv"]
    assert old in text
    with open(path, "w", encoding="utf-8") as file:
        file.write(text.replace(old, new, 1))


def _fled(*regions):
    """A round of figures for regions by any of their names."""
    row = {"source": "made_up", "indicator": "idps", "measure": "stock", "as_of": "2020-03-15", "country": "BFA"}
    row |= {"unit": "people", "licence": "made up", "issues": ""} | dict.fromkeys(["low", "best", "high"], 50)
    rows = [dict.fromkeys(schema.DISPLACEMENT) | row | {"admin1": region} for region in regions]
    return schema.typed(pd.DataFrame(rows), schema.DISPLACEMENT)


def _without(name):
    os.remove(f"places/BFA/{name}.csv")


def _earlier(district, region, until):
    """Let a district have belonged to another region until a day."""
    table = pd.read_csv("places/BFA/districts.csv")
    table["earlier_admin1"] = table["earlier_until"] = None
    table.loc[table["admin2_name"] == district, ["earlier_admin1", "earlier_until"]] = region, until
    table.to_csv("places/BFA/districts.csv", index=False)


def _renamed():
    shutil.move("places/BFA", "places/burkina")
    _events("places/burkina")


def _tileless():
    lines = [line.rsplit(",", 2)[0] for line in TABLES["places/BFA/regions.csv"].splitlines()]
    with open("places/BFA/regions.csv", "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    ms.plot_map(_regions(), country="places/BFA")


def _of_mali():
    with open(FILE, "w", encoding="utf-8") as file:
        file.write(ucdp_file(two_records(20), "web").content)
    _events()


MISTAKES = {
    '`country="BFA"` instead of the folder, then `frame="places/BFA"`': lambda: ms.region_month_panel(
        _events("BFA"), frame="places/BFA"
    ),
    "a folder called `burkina`": _renamed,
    "no `districts.csv` in the folder": lambda: (_without("districts"), _events()),
    "`regions.csv` with `name` instead of `region_name`": lambda: (_edit("regions", "region_name", "name"), _events()),
    "a district whose `admin1` is no region": lambda: (_edit("districts", "Soum,BF56", "Soum,BF99"), _events()),
    "a spelling that means no code": lambda: (_edit("spellings", "BF5203", "BF9999"), _events()),
    "no census, and rates wanted": lambda: (_without("census"), ms.add_population(_panel(), country="places/BFA")),
    "a region left out of the census": lambda: (
        _edit("census", "2019-11,ocha13,BF56,BF56,1098177,,INSD Burkina Faso census of 2019\n", ""),
        ms.add_population(_panel(), country="places/BFA"),
    ),
    "a column of people that holds text": lambda: (_edit("census", "1727390", "about 1.7 million"), _events()),
    "`draw_totals` of such a panel without `country=`": lambda: ms.draw_totals(_events(), _panel(), shared_sd=0),
    "`add_displacement` of a region's name without `country=`": lambda: ms.add_displacement(_panel(), _fled("Sahel")),
    "no tile columns, and a map wanted": _tileless,
    "`plot_map` without `country=`": lambda: ms.plot_map(_regions()),
    "the file of another country": _of_mali,
}
SAID = dict(re.findall(r"^\| (.+?) \| (.+?) \|$", PAGE.split("## When something is wrong")[1], flags=re.M))


def test_every_mistake_of_the_page_is_tried():
    assert set(SAID) - {"What was done", "---"} == set(MISTAKES)


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_answered_as_the_page_says(work, mistake):
    (work / FILE).write_text(made_up()[0], encoding="utf-8")
    with pytest.raises((ValueError, FileNotFoundError), match=re.escape(SAID[mistake])):
        MISTAKES[mistake]()


@pytest.mark.parametrize(("table", "content", "message"), [
    ("population", "year,people\n2010,5\n", "BFA/population.csv lacks population; it needs year, population"),
    ("population", "year,population\n2010,5\n", "it has 1 rows; two or more years"),
    ("population", "year,population\n2010,5\n2011,many\n", "row 3 holds no year and number of people"),
    ("census", "month,frame,region,parent,de_jure,households\n11/2019,ocha13,BF13,BF13,5,\n", "month: got '11/2019'; write it as"),
    ("census", "month,frame,region,parent,de_jure,households\n2019-11,ocha13,BF13,BF13,5,\n", "no number for BF46, BF47"),
])  # fmt: skip
def test_tables_of_people_say_what_is_wrong_with_them(work, table, content, message):
    (work / FILE).write_text(made_up()[0], encoding="utf-8")
    (work / f"places/BFA/{table}.csv").write_text(content, encoding="utf-8")
    panel = _panel()
    with pytest.raises(ValueError, match=re.escape(message)):
        ms.add_population(panel, country="places/BFA")


def test_a_parent_that_the_first_census_lacks_and_a_missing_count_are_refused(work):
    (work / FILE).write_text(made_up()[0], encoding="utf-8")
    panel = _panel()
    _edit("census", "2019-11,ocha13,BF56,BF56,", "2019-11,ocha13,BF56,BF99,")
    with pytest.raises(ValueError, match=r"no number for BF99 \(2006-12, region\)"):
        ms.add_population(panel, country="places/BFA")
    (work / "places/BFA/census.csv").write_text(TABLES["places/BFA/census.csv"], encoding="utf-8")
    with pytest.raises(ValueError, match=r"no number for BF13.*\(households\)"):
        ms.add_population(panel, country="places/BFA", census="households")


def test_a_folder_for_people_is_of_a_country_of_the_panel(work):
    (work / FILE).write_text(made_up()[0], encoding="utf-8")
    panel = _panel()
    for folder in ("places/NER", "places", "MLI"):
        with pytest.raises(
            ValueError, match=rf"country='{folder}' is no folder of seed tables named by a country.*BFA"
        ):
            ms.add_population(panel, country=folder)


def test_a_tile_that_is_no_whole_number_is_named(work):
    (work / FILE).write_text(made_up()[0], encoding="utf-8")
    regions = _regions()
    _edit("regions", "Sahel,0,3", "Sahel,0,east")
    with pytest.raises(ValueError, match=r"BFA/regions.csv: the tile of BF56 is not two whole numbers"):
        ms.plot_map(regions, country="places/BFA")


def test_outlines_of_ones_own_are_drawn_and_credited(work):
    (work / FILE).write_text(made_up()[0], encoding="utf-8")
    regions, rows = _regions(), ["region,ring,point,longitude,latitude,source"]
    for number, region in enumerate(r for r in regions["region"] if r != "unallocated"):
        corners = [(0, 0), (1, 0), (1, 1), (0, 1)]
        rows += [f"{region},1,{p},{number + x},{y},drawn by hand" for p, (x, y) in enumerate(corners, 1)]
    (work / "places/BFA/outlines.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    ax = ms.plot_map(regions, country="places/BFA", kind="outlines")
    assert "drawn by hand" in ax.texts[-1].get_text() and "OCHA" not in ax.texts[-1].get_text()
    assert {patch.get_gid() for patch in ax.patches} >= set(regions["region"]) - {"unallocated"}


def test_seed_tables_are_found_by_code_or_by_folder(work):
    assert catalog.seeds_folder("MLI").parts[-2:] == ("places", "MLI")
    assert len(catalog.seed_of("places/BFA", "regions")) == 13
    with pytest.raises(FileNotFoundError, match="no seed tables of BFA: shipped are those of MLI.*'places/BFA'"):
        catalog.seed_of("BFA", "regions")
