"""What is shipped: tables as the package describes them, and how to quote them."""

import hashlib
import json

import pandas as pd
import pytest
from making import ROOT, shipped

import mali_stats as ms
from mali_stats import catalog
from mali_stats.schema import COUNTS

PACKAGE = json.loads((shipped() / "datapackage.json").read_text(encoding="utf-8"))
NAMES = [r["name"] for r in PACKAGE["resources"]]


@pytest.mark.parametrize("name", NAMES)
def test_every_table_is_what_the_package_says(name):
    resource = next(r for r in PACKAGE["resources"] if r["name"] == name)
    data = (shipped() / resource["path"]).read_bytes()
    assert resource["hash"] == "sha256:" + hashlib.sha256(data).hexdigest()
    table = ms.load(name)
    assert len(table) == resource["rows"] > 0
    assert table.columns.tolist() == [f["name"] for f in resource["schema"]["fields"]]
    for field in resource["schema"]["fields"]:
        assert field["description"]
        if field["type"] == "integer":
            assert field.get("unit") or field["name"] in ("year", "draw")
            assert table[field["name"]].dtype == "Int64"
    assert resource["licenses"][0]["name"] and resource["sources"][0]["path"] and resource["version"]
    assert all(len(i["sha256"]) == 64 for i in resource["inputs"])


def test_no_file_in_data_is_unlisted():
    listed = {r["path"] for r in PACKAGE["resources"]} | {"datapackage.json"}
    assert {p.name for p in shipped().iterdir()} == listed


def test_nothing_shipped_is_finer_than_allowed():
    """No event: no id, no day, no point, no name of an actor or a place below the cercle."""
    allowed = set(catalog.seed("columns")["name"])
    for name in NAMES:
        columns = set(ms.load(name).columns)
        assert columns <= allowed
        assert not columns & {"event_id", "latitude", "longitude", "date_start", "dyad", "side_a"}
    keys = {"region_month": ["region", "month", "type_of_violence"], "cercle_year": ["admin2", "year"],
            "sizes": ["year", "type_of_violence", "size"], "precision": ["year", "geo_precision", "date_precision"],
            "family_month": ["family_a", "family_b", "month", "type_of_violence"],
            "region_family_year": ["region", "year", "family_a", "family_b"],
            "region_year_selections": ["region", "year", "selection"]}  # fmt: skip
    for name, key in keys.items():
        assert not ms.load(name).duplicated(key).any()


def test_tables_agree_with_each_other():
    totals = {
        n: ms.load(n)["events"].sum() for n in ("region_month", "cercle_year", "sizes", "precision", "sources_year")
    }
    assert set(totals.values()) == {2120}
    sizes = ms.load("sizes")
    assert (sizes["size"] * sizes["events"]).sum() == ms.load("region_month")["deaths_best"].sum() == 15742
    assert ms.load("cercle_year")["deaths_high"].sum() == 20656
    state = ms.load("region_month").query("type_of_violence == 'state-based'")["deaths_best"].sum()
    assert state == ms.load("state_based_month")["deaths_best"].sum() == 8015


def _sums(name: str, keys: list[str], **where) -> pd.DataFrame:
    """The counts of a shipped table by ``keys``; where none of them is above zero, no row."""
    table = ms.load(name)
    for column, value in where.items():
        table = table[table[column] == value]
    if "year" in keys and "year" not in table:
        table = table.assign(year=table["month"].dt.year.astype("Int64"))
    sums = table.groupby(keys, observed=True)[list(COUNTS)].sum()
    return sums[(sums > 0).any(axis=1)]


@pytest.mark.parametrize(("name", "keys", "where"), [
    ("family_month", ["month", "type_of_violence"], {}), ("region_family_year", ["region", "year"], {}),
    ("region_year_selections", ["region", "year"], {"selection": "all"}),
])  # fmt: skip
def test_tables_by_family_and_by_choice_hold_what_region_month_holds(name, keys, where):
    pd.testing.assert_frame_equal(_sums(name, keys, **where), _sums("region_month", keys))


def test_the_two_tables_by_family_agree_by_dyad_and_year():
    keys = ["family_a", "family_b", "year"]
    pd.testing.assert_frame_equal(_sums("family_month", keys), _sums("region_family_year", keys))


def test_choices_of_events_leave_out_what_they_say():
    table = ms.load("region_year_selections")
    assert len(table) == table["region"].nunique() * table["year"].nunique() * 3 == 11 * 35 * 3
    totals = table.groupby("selection")[["events", "deaths_best"]].sum()
    sizes = ms.load("sizes").query("year >= 2012").sort_values("size", ascending=False)
    largest = sizes.loc[sizes.index.repeat(sizes["events"]), "size"].head(10)
    assert (totals.loc["all"] - totals.loc["without ten largest"]).tolist() == [10, largest.sum()]
    kept = ms.load("precision").query(
        "geo_precision in ['exact', 'near', 'admin2'] and date_precision in ['day', 'days', 'week']"
    )
    assert totals.loc["precise"].tolist() == kept[["events", "deaths_best"]].sum().tolist()
    assert totals.loc["precise", "events"] < totals.loc["all", "events"] == 2120


def test_the_coding_of_2024_is_on_record():
    row = ms.load("country_year").query("country == 'MLI' and year >= 2023").set_index("year")
    assert row["one_sided_main_government_best"].tolist() == [204, 29]
    assert row["one_sided_any_government_best"].tolist() == [204, 345]


def test_social_media_among_the_sources():
    table = ms.load("sources_year").set_index("year")
    share = (100 * table["social_media"] / table["events"]).astype(float).round()
    assert share[share.index <= 2015].eq(0).all() and share[[2018, 2023]].tolist() == [46, 64]


def test_datasets_and_cite():
    table = ms.datasets().set_index("name")
    assert table.loc["region_month", "record_ends"] == "2023-12-31"
    assert table.loc["country_year", "record_ends"] == "2024"
    assert (table["licence"] != "").all()
    assert "Davies" in ms.cite("region_month") and "24.1" in ms.cite("region_month")
    assert ms.cite("region_month", style="bibtex").count("@article") == 2
    assert ms.cite("region_month", "sizes", style="short") == "UCDP GED 24.1, CC BY 4.0"
    assert all(card["short"].split()[0] in ms.cite(style="short") for card in catalog.cards().values())


@pytest.mark.parametrize(("call", "message"), [
    (lambda: ms.load("region_months"), "Did you mean 'region_month'"),
    (lambda: ms.cite("ucdp_geds"), "Did you mean 'ucdp_ged'"),
    (lambda: ms.cite(style="apa"), "style 'apa' is not known; use one of text, bibtex, short"),
])  # fmt: skip
def test_unknown_names(call, message):
    with pytest.raises(ValueError, match=message):
        call()
    with pytest.raises(FileNotFoundError, match="tables there: .*columns.csv"):
        catalog.seed("nothing")


def test_another_release_is_not_cited_as_this_one(monkeypatch):
    later = json.loads(json.dumps(PACKAGE))
    for resource in later["resources"]:
        resource["version"] = "26.1"
    monkeypatch.setattr(catalog, "_package", lambda: later)
    assert "Davies" not in ms.cite("ucdp_ged") and "UCDP GED 26.1" in ms.cite("ucdp_ged")


def test_seeds_are_sound():
    for path in (ROOT / "seeds").rglob("*.csv"):
        table = catalog.read_seed(path)
        assert len(table) and not table.columns.duplicated().any(), path.name
    census = catalog.seed("places/MLI/census")
    counts = census.assign(n=pd.to_numeric(census["de_jure"])).groupby("month")["n"].sum()
    assert counts.to_dict() == {
        "2009-04": 14528662,
        "2022-06": 22395489 - 1,
    }  # they sum to it less one, by rounding
    assert pd.to_numeric(census.query("month == '2022-06'")["households"]).sum() == 21347586
    countries = catalog.seed("countries")
    assert countries["gw"].is_unique and countries["iso3"].str.fullmatch("[A-Z]{3}").all()
    districts = catalog.seed("places/MLI/districts")
    frames = catalog.seed("places/MLI/frames")
    for frame, part in frames.groupby("frame"):
        assert set(part["admin2"]) == set(districts["admin2"]), frame
        regions = catalog.seed("places/MLI/regions").query("frame == @frame")["region"]
        assert set(part["region"]) == set(regions)
    assert len(districts) == 53
