"""Export: what a file holds, what stands beside it, and what is never written."""

import csv
import re
import xml.etree.ElementTree as ET
from types import SimpleNamespace

import matplotlib as mpl
import pandas as pd
import pytest
from PIL import Image

mpl.use("Agg")

import matplotlib.pyplot as plt

import mali_stats as ms
from mali_stats import catalog, exporting, origins, schema, writing

#: The hashtags of the HXL 1.1 dictionary; attributes may be one's own.
CORE = {
    "activity", "adm1", "adm2", "adm3", "adm4", "adm5", "affected", "beneficiary", "capacity", "cause", "channel",
    "contact", "country", "crisis", "currency", "date", "delivery", "description", "event", "frequency", "geo", "group",
    "impact", "indicator", "inneed", "item", "loc", "meta", "modality", "need", "operations", "org", "output",
    "population", "reached", "region", "respondee", "sector", "service", "severity", "status", "subsector", "targeted",
    "value",
}  # fmt: skip
WHOLE = "A made-up table, counted by hand"


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


@pytest.fixture
def table():
    return pd.DataFrame({
        "month": pd.to_datetime(["2023-08-01", "2023-09-01"]),
        "region_name": ["Ségou", "Ménaka"],
        "deaths_best": pd.array([1234, None], dtype="Int64"),
        "remark": ["=1+1", "-5"],
    })  # fmt: skip


def cells(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def beside(path):
    return path.with_suffix(".txt").read_text(encoding="utf-8")


# ---- tables ------------------------------------------------------------------------------------------------


def test_a_table_is_utf8_with_iso_dates_and_empty_cells_for_what_is_missing(table, tmp_path):
    files = ms.export(table, tmp_path / "a.csv", source=WHOLE)
    assert files == [tmp_path / "a.csv", tmp_path / "a.txt"]
    assert cells(files[0])[1:] == [["2023-08-01", "Ségou", "1234", "'=1+1"], ["2023-09-01", "Ménaka", "", "-5"]]
    assert "Ségou".encode() in files[0].read_bytes()
    assert "apostrophe before what a spreadsheet would run as a formula: 1" in beside(files[0])


@pytest.mark.parametrize("name", ms.datasets()["name"])
def test_every_shipped_table_comes_back_as_it_was_with_its_origin(name, tmp_path):
    shipped = ms.load(name)
    path, _ = ms.export(shipped, tmp_path / f"{name}.csv")
    text, entry = beside(path), ms.datasets().set_index("name").loc[name]
    back = pd.read_csv(path, dtype=str, keep_default_na=False)
    shipped_text = (catalog.root() / "data" / f"{name}.csv").read_text(encoding="utf-8")
    assert len(back) == len(shipped) and back.columns.tolist() == shipped.columns.tolist()
    if "apostrophe" not in text:
        assert path.read_text(encoding="utf-8") == shipped_text
    assert f"What: {entry['title']}\n" in text and f"Record ends: {entry['record_ends']} ({name})" in text
    assert f"Rows: {len(shipped)}; columns: {len(shipped.columns)}" in text
    assert f"Source: {ms.cite(name, style='short')}\n" in text and origins.REPORTED in text
    assert " ".join(ms.cite(name).split()) in text


def test_a_time_of_day_is_kept_and_other_kinds_of_time_are_iso(tmp_path):
    made = pd.DataFrame({
        "at": pd.to_datetime(["2023-08-01 06:30", None]), "of": pd.PeriodIndex(["2023-08", "2023-09"], freq="M"),
        "kind": pd.Categorical(["@x", "y"]), "share": [0.1, 2.0],
    })  # fmt: skip
    path, _ = ms.export(made, tmp_path / "a.csv", source=WHOLE)
    assert cells(path)[1:] == [["2023-08-01T06:30:00", "2023-08", "'@x", "0.1"], ["", "2023-09", "y", "2.0"]]


@pytest.mark.parametrize("start", exporting.FORMULA)
def test_no_cell_and_no_head_begins_as_a_formula_does(start, tmp_path):
    made = pd.DataFrame({f"{start}head": [f"{start}cmd|'/C calc'!A1", "plain"]})
    path, _ = ms.export(made, tmp_path / "a.csv", source=WHOLE)
    assert [row[0] for row in cells(path)] == [f"'{start}head", f"'{start}cmd|'/C calc'!A1", "plain"]


@pytest.mark.parametrize("before", [" ", "\u00a0", "\u200b", " \ufeff "])
def test_spaces_hide_no_formula(before, tmp_path):
    made = pd.DataFrame({"remark": [f"{before}=1+1", f"{before}plain"]})
    path, text = ms.export(made, tmp_path / "a.csv", source=WHOLE)
    assert [row[0] for row in cells(path)] == ["remark", f"'{before}=1+1", f"{before}plain"]
    assert "run as a formula: 1" in text.read_text(encoding="utf-8")


@pytest.mark.parametrize("before", [";", "\t", "; ", ";\u00a0", "b; c;"])
@pytest.mark.parametrize("run", ["=1+1", "@x", "+1+1", "-1+1", "-x", "＝1", "-5x", "－x"])
def test_no_formula_stands_behind_the_separator_of_another_spreadsheet(before, run, tmp_path):
    cut = before.rindex("\t" if "\t" in before else ";") + 1
    made = pd.DataFrame({"remark": [f"a{before}{run}", f"={before}{run}"]})
    path, text = ms.export(made, tmp_path / "a.csv", source=WHOLE)
    told = f"{before[:cut]}'{before[cut:]}{run}"
    assert [row[0] for row in cells(path)] == ["remark", f"a{told}", f"'={told}"]
    assert "run as a formula: 2" in text.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "plain", ["a;-5", "a; +3,5; b", "a; - b", "a;b=c", "a,=b", "https://a.org/?b=1;c=2", "a -- b;"]
)
def test_what_runs_nothing_behind_a_separator_is_left_alone(plain):
    assert exporting.safe(plain) == plain


def test_numbers_are_left_alone_even_as_text(tmp_path):
    made = pd.DataFrame({"change": [-5, 3], "as_text": ["-5", "+3,5"]})
    assert cells(ms.export(made, tmp_path / "a.csv", source=WHOLE)[0])[1:] == [["-5", "-5"], ["3", "+3,5"]]


def test_an_index_with_a_name_is_a_column_and_a_row_number_is_none(table, tmp_path):
    by_name = table.set_index("region_name")[["deaths_best"]]
    assert cells(ms.export(by_name, tmp_path / "a.csv", source=WHOLE)[0])[0] == ["region_name", "deaths_best"]
    assert cells(ms.export(table[1:], tmp_path / "a.csv", source=WHOLE)[0])[0] == list(table)


def test_a_result_is_written_by_its_tidy_table_with_its_notes(table, tmp_path):
    result = SimpleNamespace(tidy=lambda: table, notes=["left out: two\nlines"], sources=("region_month",))
    path, _ = ms.export(result, tmp_path / "a.csv")
    assert len(cells(path)) == 3
    assert (
        "What: SimpleNamespace\n" in beside(path)
        and "Note: left out: two lines\n" in beside(path)
        and "2023-12-31 (region_month)" in beside(path)
    )


# ---- the HXL row -------------------------------------------------------------------------------------------


def test_every_tag_is_a_hashtag_of_the_standard_with_attributes():
    seed = catalog.seed("hxl_tags")
    assert seed["column"].is_unique and seed["source"].notna().all()
    for tag in seed["tag"]:
        assert re.fullmatch(r"#[a-z]+[0-9]?(\+[a-z]+)*", tag), tag
        assert tag[1:].split("+")[0] in CORE, tag


@pytest.mark.parametrize("name", ms.datasets()["name"])
def test_the_hxl_row_follows_the_header_and_untagged_columns_are_listed(name, tmp_path):
    path, _ = ms.export(ms.load(name).head(), tmp_path / "a.csv", hxl=True)
    head, tags, *rows = cells(path)
    assert len(rows) == 5 and len(tags) == len(head) and any(tags)
    bare = [column for column, tag in zip(head, tags, strict=True) if not tag]
    assert f"Columns without an HXL tag: {', '.join(bare) or 'none'}\n" in beside(path)
    known = catalog.seed("hxl_tags").set_index("column")["tag"]
    assert [known.get(column, "") for column in head] == tags


def test_a_date_is_tagged_as_one_and_a_count_is_not(tmp_path):
    """HXL's own schema holds #date columns to dates and #affected ones to numbers."""
    path, _ = ms.export(ms.load("region_month").tail(), tmp_path / "a.csv", hxl=True)
    head, tags, row, *_ = cells(path)
    by_tag = dict(zip(tags, row, strict=True))
    assert by_tag["#date+month"] == "2023-08-01" and by_tag["#affected+killed+best"].isdigit()
    assert dict(zip(head, tags, strict=True))["region"] == "#adm1+code"


# ---- what is refused ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("column", [
    "name", "Name", "first_name", "firstName", "Last Name", "victim_name", "victim_names_fr", "Name of the deceased",
    "nom", "Prénom", "nom_de_famille", "Nom et prénoms", "surname", "phone", "Phone number", "téléphone", "tel",
    "mobile_no", "whatsapp", "e-mail", "courriel", "contact_person", "username", "home_address", "Adresse",
    "passport_no", "NINA", "carte d'identité", "date_of_birth", "DOB", "geometry", "geom_wkt", "where_coordinates",
    "gps", "GPS coordinates", "geohash", "name_victim", "Name(s)", "display_name", "suspect name", "Phone1", "mail",
    "latlong", "lonlat", "Latitude (N)", "lat_dd", "centroid", "geo_point",
])  # fmt: skip
def test_columns_that_look_like_persons_are_refused(column, tmp_path):
    made = pd.DataFrame({"deaths_best": [1], column: ["x"]})
    with pytest.raises(
        ValueError, match=rf"export: column {re.escape(repr(column))} looks like .* which is not published: .+"
    ):
        ms.export(made, tmp_path / "a.csv", source=WHOLE)
    assert not list(tmp_path.iterdir())


def test_no_column_of_ours_is_mistaken_for_a_persons():
    events = set(schema.EVENTS) - {"latitude", "longitude"}
    ours = (
        events
        | set(catalog.seed("columns")["name"])
        | set(schema.DISPLACEMENT)
        | set(catalog.seed("hxl_tags")["column"])
    )
    made = pd.DataFrame({column: ["x"] for column in ours - {"latitude", "longitude"}})
    exporting._guard(made)


@pytest.mark.parametrize("column", ["latitude", "longitude", "lat", "lon", "event_latitude"])
def test_points_pass_only_at_a_tenth_of_a_degree(column, tmp_path):
    made = pd.DataFrame({column: [14.3492, None]})
    for exact in (made, made.astype(str)):
        with pytest.raises(ValueError, match=r"looks like a point.*round it to 0.1 degree"):
            ms.export(exact, tmp_path / "a.csv", source=WHOLE)
    assert cells(ms.export(made.round(1), tmp_path / "a.csv", source=WHOLE)[0])[1:] == [["14.3"], [""]]


@pytest.mark.parametrize(("thing", "name", "options", "error", "message"), [
    ("table", "a.xlsx", {}, ValueError, r"'a.xlsx' ends in .xlsx; accepted are .*\.csv.*\.png and \.svg"),
    ("table", "a", {}, ValueError, "'a' ends in nothing; accepted"),
    ("table", "a.png", {}, TypeError, r"got DataFrame, which is no figure.*ms\.plot"),
    ("figure", "a.csv", {}, TypeError, "got Axes, which is no table; accepted"),
    ("series", "a.csv", {}, TypeError, "got Series, which is no table"),
    ("table", "missing/a.csv", {}, FileNotFoundError, "the folder .*missing is not there; make it first"),
    ("figure", "a.png", {"hxl": True}, ValueError, "hxl=True is for tables"),
    ("untagged", "a.csv", {"hxl": True, "source": WHOLE}, ValueError, "no column of this table has an HXL tag"),
    ("twice", "a.csv", {"source": WHOLE}, ValueError, "columns repeat or have several levels"),
    ("table", "a.csv", {}, ValueError, r"where this table comes from is not known. Pass source=.*region_month"),
    ("table", "a.csv", {"source": "region_months"}, ValueError, "Did you mean 'region_month'"),
    ("table", "a.csv", {"source": ["region_month", "unhrc"]}, ValueError, "Did you mean 'unhcr'"),
    ("table", "a.csv", {"source": []}, ValueError, "source= names nothing. Pass source="),
    ("table", "a.csv", {"source": " "}, ValueError, "source= names nothing. Pass source="),
    ("bare", "a.png", {}, ValueError, "the figure has no source line. Pass source="),
])  # fmt: skip
def test_what_is_refused_is_refused_with_a_reason_and_writes_nothing(
    table, tmp_path, thing, name, options, error, message
):
    things = {
        "table": lambda: table, "series": lambda: table["deaths_best"], "bare": lambda: plt.subplots()[1],
        "figure": lambda: ms.plot_series(ms.load("region_month")), "untagged": lambda: pd.DataFrame({"x": [1]}),
        "twice": lambda: pd.concat([table, table], axis=1),
    }  # fmt: skip
    with pytest.raises(error, match=message):
        ms.export(things[thing](), tmp_path / name, **options)
    assert not list(tmp_path.iterdir())


def test_a_text_of_somebody_is_never_overwritten(table, tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work", encoding="utf-8")
    with pytest.raises(
        FileExistsError, match=r"thesis.txt is a text of somebody's own; give another name than thesis.csv"
    ):
        ms.export(table, tmp_path / "thesis.csv", source=WHOLE)
    assert (tmp_path / "thesis.txt").read_text(encoding="utf-8") == "years of work"
    assert not (tmp_path / "thesis.csv").exists()


# ---- where it comes from -----------------------------------------------------------------------------------


def test_rows_of_a_shipped_table_are_known_by_their_content_alone():
    some = ms.load("population").query("country == 'MLI'").sample(5, random_state=1)
    assert catalog.made_from(some) == catalog.made_from(some[reversed(some.columns)]) == "population"
    for other in (some.assign(population=some["population"] + 1), some.drop(columns="year"), some[:0]):
        assert catalog.made_from(other) is None


def test_a_part_of_a_table_cites_only_the_sources_in_it(tmp_path):
    unhcr = ms.load("displacement").query("source == 'unhcr'").head()
    text = beside(ms.export(unhcr, tmp_path / "a.csv")[0])
    assert f"Source: {ms.cite('unhcr', style='short')}\nLicence: CC BY 4.0\nRecord ends: 2025 (displacement)" in text
    assert "IDMC" not in text


def test_an_own_table_names_its_sources_without_our_release_and_its_last_date(tmp_path):
    own = ms.load("displacement").query("source == 'unhcr' and measure == 'stock'").head().assign(best=7)
    text = beside(ms.export(own, tmp_path / "a.csv")[0])
    last = own["as_of"].max()
    assert f"Record ends: not known here; the last date in the table is {last:%Y-%m-%d}" in text
    events = pd.DataFrame({"source": ["ucdp_ged", "acled"], "year": [2025, 2024]})
    text = beside(ms.export(events, tmp_path / "b.csv")[0])
    assert "Source: UCDP GED, CC BY 4.0; acled\n" in text and "24.1" not in text
    assert "as the source says, or to be asked there" in text and "last date in the table is 2025" in text


def test_a_sentence_is_a_source(table, tmp_path):
    assert f"Source: {WHOLE}\n" in beside(ms.export(table, tmp_path / "a.csv", source=WHOLE)[0])


# ---- figures -----------------------------------------------------------------------------------------------


def test_a_png_carries_its_source_inside_and_beside(tmp_path):
    ax = ms.plot_series(ms.load("region_month"))
    path, _ = ms.export(ax, tmp_path / "a.png", source="region_month", caption="Deaths in Mali, reported")
    with Image.open(path) as picture:
        inside, size = picture.text, picture.size
    assert inside["Title"] == "Deaths in Mali, reported" and inside["Copyright"] == "CC BY 4.0"
    assert inside["Source"] == ms.cite("region_month", style="short") and "2023-12-31" in inside["Description"]
    assert size[0] > 1200
    text = beside(path)
    assert "What: Deaths in Mali, reported\n" in text and "Record ends: 2023-12-31 (region_month)\n" in text


def test_an_svg_carries_its_source_and_no_hour(tmp_path):
    ax = ms.plot_series(ms.load("region_month"))
    path, _ = ms.export(ax.figure, tmp_path / "a.svg", source="region_month")
    text = path.read_text(encoding="utf-8")
    ET.fromstring(text)
    assert "UCDP GED 24.1" in text and "<dc:date>" not in text


def test_a_figure_of_ours_names_its_source_by_the_line_below_it(tmp_path):
    text = beside(ms.export(ms.plot_series(ms.load("region_month")), tmp_path / "a.png")[0])
    assert "Source: UCDP GED, CC BY 4.0. Shown: 1989-01 to 2023-12\n" in text
    assert "What: Deaths (best estimate) over time; the band spans" in text and "Record ends: not known here" in text


def test_a_table_and_a_figure_of_one_stem_share_their_text(table, tmp_path):
    ax = ms.plot_series(ms.load("region_month"))
    ms.export(table, tmp_path / "a.csv", source=WHOLE)
    ms.export(ax, tmp_path / "a.png")
    ms.export(table.head(1), tmp_path / "a.csv", source=WHOLE)
    text = beside(tmp_path / "a.csv")
    assert re.findall(r"^File: (.+)$", text, flags=re.MULTILINE) == ["a.png", "a.csv"]
    assert "Rows: 1;" in text and "Rows: 2;" not in text


def test_a_failure_leaves_the_old_file_whole(table, tmp_path, monkeypatch):
    path, note = ms.export(table, tmp_path / "a.csv", source=WHOLE)
    before = path.read_bytes(), note.read_bytes()

    def broken(*args, **options):
        raise OSError("disk full")

    monkeypatch.setattr(writing.os, "replace", broken)
    with pytest.raises(OSError, match="disk full"):
        ms.export(table.head(1), tmp_path / "a.csv", source=WHOLE)
    assert (path.read_bytes(), note.read_bytes()) == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.csv", "a.txt"]
