"""The brief: its sums are the record's, what is not recorded is missing and said, and both languages are whole."""

import re
from functools import cache
from string import Formatter
from types import SimpleNamespace

import matplotlib as mpl
import pandas as pd
import pytest

mpl.use("Agg")

import matplotlib.pyplot as plt
from matplotlib.dates import num2date

import mali_stats as ms
from mali_stats import catalog, schema
from mali_stats.catalog import LANGUAGES
from mali_stats.report import measures
from mali_stats.report.region import _parent
from mali_stats.report.spans import Span, span_of
from mali_stats.report.wording import Words

TEN = {
    "ML01": "Kayes", "ML02": "Koulikoro", "ML03": "Sikasso", "ML04": "Ségou", "ML05": "Mopti", "ML06": "Tombouctou",
    "ML07": "Gao", "ML08": "Kidal", "ML09": "Bamako", "ML10": "Ménaka",
}  # fmt: skip
COUNTS = ["events", "deaths_low", "deaths_best", "deaths_high", "deaths_b", "deaths_civilians"]

LOAD = cache(catalog.load)


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


@pytest.fixture(autouse=True)
def _read_once(monkeypatch):
    """A brief changes no table it is made of, so that reading each once is enough here."""
    monkeypatch.setattr(catalog, "load", LOAD)


@pytest.fixture(scope="module")
def record():
    return ms.load("region_month")


def figures(made, measure, estimate="best", family=None):
    """this_span, span_before, change_percent of one row."""
    rows = made.table[(made.table["measure"] == measure) & (made.table["estimate"] == estimate)]
    rows = rows[rows["family"].isna()] if family is None else rows[rows["family"] == family]
    assert len(rows) == 1
    return rows[["this_span", "span_before", "change_percent"]].iloc[0].tolist()


def summed(record, region, span):
    rows = span.of(record if region is None else record[record["region"] == region])
    return rows[COUNTS].sum()


SPANS = [("2023-01", "2023-12"), ("2022-11", "2023-08"), ("2012-01", "2017-12"), ("2023-09", "2023-09")]


# ---- the record itself -------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("region", [None, *TEN])
@pytest.mark.parametrize(("start", "end"), SPANS)
def test_every_sum_is_that_of_the_record(record, region, start, end):
    made = ms.brief(region, start, end)
    now, before = summed(record, region, made.span), summed(record, region, made.before)
    for estimate in ("low", "best", "high"):
        assert figures(made, "deaths", estimate)[:2] == [now[f"deaths_{estimate}"], before[f"deaths_{estimate}"]]
    assert figures(made, "events", "count")[:2] == [now["events"], before["events"]]
    assert figures(made, "deaths_civilians")[:2] == [now["deaths_civilians"], before["deaths_civilians"]]
    without = [sums["deaths_best"] - sums["deaths_b"] for sums in (now, before)]
    assert figures(made, "deaths_without_b")[:2] == without
    own = record if region is None else record[record["region"] == region]
    assert made.months["deaths_best"].sum() == own["deaths_best"].sum()


@pytest.mark.slow
@pytest.mark.parametrize("region", [None, *TEN])
def test_families_add_up_to_all_one_sided_deaths_where_the_periods_are_the_same(region):
    for span in (("2023-01", "2023-12"), ("2020-01", "2022-12"), *([("2022-11", "2023-08")] if region is None else [])):
        made = ms.brief(region, *span)
        for estimate in ("low", "best", "high"):
            rows = made.table[(made.table["measure"] == "one_sided") & (made.table["estimate"] == estimate)]
            whole, parts = rows[rows["family"].isna()], rows[rows["family"].notna()]
            for column in ("this_span", "span_before"):
                assert parts[column].sum() == whole[column].iloc[0]


def test_the_regions_and_what_no_region_has_add_up_to_the_country():
    country = ms.brief(None, "2022-11", "2023-08")
    regions = [ms.brief(region, "2022-11", "2023-08") for region in TEN]
    for place in (0, 1):
        parts = sum(figures(one, "events", "count")[place] for one in regions)
        lost = (country.span, country.before)[place].of(ms.load("region_month").query("region == 'unallocated'"))
        assert parts + lost["events"].sum() == figures(country, "events", "count")[place]
    assert {one.unplaced for one in regions} == {country.unplaced}
    assert sum(figures(one, "deaths")[0] for one in regions) + country.unplaced[1] == figures(country, "deaths")[0]


def test_the_last_year_on_record_against_the_one_before():
    """UCDP GED 24.1; checked against data/region_month.csv added up by hand with awk."""
    made = ms.brief()
    assert (made.start, made.end, made.place, made.region) == ("2023-01", "2023-12", "Mali", None)
    assert figures(made, "deaths") == [2109, 3650, -42.2]
    assert figures(made, "deaths_without_b") == [1565, 2729, -42.7]
    assert figures(made, "events", "count") == [319, 408, -21.8]
    assert figures(made, "idps")[:2] == [354739, 412387] and figures(made, "refugees")[:2] == [249046, 225726]
    assert figures(made, "population")[0] == 23769127
    assert "2,109 deaths reported (low 2,073, high 2,882) in 319 events" in made.paragraph
    assert f"Source: {ms.cite('region_month', style='short')}; the record ends on 31 December 2023." in made.paragraph


def test_low_and_high_without_side_b_are_missing_and_said():
    made = ms.brief("Mopti")
    for estimate in ("low", "high"):
        assert all(pd.isna(value) for value in figures(made, "deaths_without_b", estimate))
    assert any("not recorded by side" in note for note in made.notes)


# ---- spans -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("start", "end"), [*SPANS, ("2000-02", "2005-07")])
def test_the_span_before_has_as_many_months_and_ends_just_before(start, end):
    made = ms.brief("Gao", start, end)
    months = pd.period_range(start, end, freq="M")
    before = pd.period_range(end=months[0] - 1, periods=len(months), freq="M")
    assert made.span.n == made.before.n == len(months)
    assert made.before.iso == f"{before[0]}/{before[-1]}" and made.span.iso == f"{start}/{end}"


def test_a_span_before_the_record_is_missing_and_said():
    made = ms.brief("Kidal", "1989-05", "1990-12")
    assert made.before is None
    assert made.table["span_before"].isna().all() and made.table["change_percent"].isna().all()
    assert "The record begins in January 1989, so it has no figures for as many months before." in made.notes
    assert "span before" not in made.paragraph and made.heads()[2] == "–"


def test_side_b_is_named_only_where_it_lost_anybody():
    assert "side B" in ms.brief("Gao").paragraph and "side B" not in ms.brief("Bamako").paragraph


RECORD = Span(pd.Timestamp("2011-03-01"), pd.Timestamp("2023-12-01"))


@pytest.mark.parametrize(("start", "end", "iso"), [
    (None, None, "2023-01/2023-12"), ("2023-05", None, "2023-05/2023-12"), (None, "2020-06", "2019-07/2020-06"),
    (None, "2011-06", "2011-03/2011-06"), ("2011-03", "2011-03", "2011-03/2011-03"),
])  # fmt: skip
def test_months_not_given_are_the_last_twelve(start, end, iso):
    assert span_of(start, end, RECORD).iso == iso


def test_whole_years_are_those_from_january_to_december():
    span = Span(pd.Timestamp("2021-02-01"), pd.Timestamp("2023-12-01"))
    assert (span.whole_years, span.years) == ([2022, 2023], [2021, 2022, 2023])
    assert Span(pd.Timestamp("2021-02-01"), pd.Timestamp("2021-11-01")).whole_years == []


@pytest.mark.parametrize(("options", "message"), [
    ({"start": "2023-09", "end": "2023-08"}, "start='2023-09' lies after end='2023-08'; exchange them"),
    ({"start": "1988-12"}, "lies outside the record, which begins with 1989-01; months from 1989-01 to 2023-12"),
    ({"end": "2024-01"}, "end='2024-01' lies outside the record, which ends with 2023-12"),
    ({"end": "2099-01"}, "which ends with 2023-12"),
    ({"start": "2023-13"}, "start='2023-13' is no month; write it like '2023-08'"),
    ({"start": "2023-08-01"}, "is no month"),
    ({"start": 2023}, "start=2023 is no month"),
    ({"lang": "de"}, "lang='de' is not known; use one of en, fr"),
    ({"region": "Goa"}, r"region 'Goa' is not known; did you mean 'Gao'\? Regions: Kayes \(ML01\).*Mali for the country"),
    ({"region": "ML11"}, "region 'ML11' is not known"),
    ({"region": "unallocated"}, "region 'unallocated' is not known"),
    ({"region": "Taoudenni"}, "it is a region of another frame, and counted here in Tombouctou: ML06"),
    ({"region": "Bandiagara"}, "it is a cercle of Mopti, and a brief is of a region: ML05"),
])  # fmt: skip
def test_what_there_is_not_is_refused_with_what_there_is(options, message):
    with pytest.raises(ValueError, match=f"brief: .*{message}"):
        ms.brief(**options)


def test_a_region_of_another_frame_is_counted_here_only_where_one_holds_all_of_it():
    regions = pd.DataFrame({"frame": "new", "region": ["X", "Y"], "region_name": ["Élan", "Ypsilon"]})
    frames = pd.DataFrame({"frame": "new", "admin2": ["1", "2", "3", "3"], "region": ["X", "X", "X", "Y"]})
    districts = pd.DataFrame({"admin2": ["1", "2", "3"], "admin1": ["A", "A", "B"]})
    known = SimpleNamespace(regions=regions, frames=frames, districts=districts)
    assert [_parent(name, known) for name in ("elan", "ypsilon", "Omega")] == [None, "B", None]


@pytest.mark.parametrize(("name", "code"), [
    ("Gao", "ML07"), ("gao", "ML07"), ("ml07", "ML07"), ("Gao region", "ML07"), ("Timbuktu", "ML06"),
    ("SEGOU", "ML04"), ("Menaka", "ML10"), ("Mali", None), ("mali", None), ("MLI", None), (None, None),
])  # fmt: skip
def test_a_region_is_known_by_name_spelling_and_code(name, code):
    made = ms.brief(name)
    assert (made.region, made.place) == (code, TEN.get(code, "Mali"))


# ---- made-up tables ----------------------------------------------------------------------------------------


def planted_months():
    """Ten regions and none, 2021 to 2023; Gao has an event of 3 a month in 2022 and of 6 in 2023, one of them of side b."""
    keys = {"region": [*TEN, "unallocated"], "month": pd.date_range("2021-01-01", "2023-12-01", freq="MS"),
            "type_of_violence": ["state-based", "non-state", "one-sided"]}  # fmt: skip
    rows = pd.MultiIndex.from_product(keys.values(), names=list(keys)).to_frame(index=False)
    rows.insert(0, "country", "MLI")
    rows.insert(2, "region_name", rows["region"].map(TEN).fillna("unallocated"))
    every = list(schema.COUNTS)
    rows = rows.assign(**dict.fromkeys(every, 0)).astype(dict.fromkeys(every, "Int64"))
    for year, deaths in ((2022, 3), (2023, 6)):
        here = rows["region"].eq("ML07") & rows["month"].dt.year.eq(year) & rows["type_of_violence"].eq("one-sided")
        rows.loc[here, every] = [1, deaths - 1, deaths, deaths * 2, 0, 1, deaths - 1, 0]
    march = rows["region"].eq("unallocated") & rows["month"].eq("2023-03-01")
    rows.loc[march & rows["type_of_violence"].eq("state-based"), every] = [1, 40, 50, 60, 10, 40, 0, 0]
    return rows


def planted_families():
    months = pd.date_range("2022-01-01", "2023-12-01", freq="MS")
    rows = [["jnim", "civilians", month, "one-sided", 1, 1, 2, 4, 0, 0, 2, 0] for month in months]
    rows += [["state_mali; state_russia", "civilians", months[-1], "one-sided", 1, 9, 9, 9, 0, 0, 9, 0]]
    rows += [["state_mali", "jnim", months[-1], "state-based", 5, 99, 99, 99, 50, 49, 0, 0]]
    return pd.DataFrame(rows, columns=["family_a", "family_b", "month", "type_of_violence", *schema.COUNTS])


def planted_years():
    rows = planted_families().assign(region="ML07", year=lambda table: table["month"].dt.year)
    return rows.groupby(["region", "year", "family_a", "family_b"], as_index=False).sum(numeric_only=True)


def planted_people(*rows):
    """Rows (source, indicator, asylum country, day, people) of the displacement table."""
    shape = ms.load("displacement").iloc[:0]
    made = [
        {"source": source, "indicator": indicator, "measure": "stock", "country": "MLI", "unit": "people",
         "asylum_country": asylum, "as_of": pd.Timestamp(day), "low": n, "best": n, "high": n}
        for source, indicator, asylum, day, n in rows
    ]  # fmt: skip
    return pd.DataFrame(made, columns=shape.columns).astype({"as_of": "datetime64[us]", "best": "Int64"})


PEOPLE = (
    ("idmc", "idps", None, "2023-12-31", 344),
    ("unhcr", "idps", None, "2023-12-31", 355),
    ("iom_dtm", "idps", None, "2023-12-31", 354),
    ("unhcr", "idps", None, "2022-12-31", 380),
    ("iom_dtm", "idps", None, "2022-08-31", 422),
    ("iom_dtm", "idps", None, "2024-05-31", 330),
    ("unhcr", "refugees", "NER", "2023-12-31", 7),
    ("unhcr", "refugees", "MRT", "2023-12-31", 5),
    ("unhcr", "refugees", "MRT", "2020-12-31", 4),
)


@pytest.fixture
def planted(monkeypatch):
    shipped = catalog.load
    tables = {"region_month": planted_months(), "family_month": planted_families(),
              "region_family_year": planted_years(), "displacement": planted_people(*PEOPLE)}  # fmt: skip
    monkeypatch.setattr(catalog, "load", lambda name: tables[name].copy() if name in tables else shipped(name))
    return tables


def test_planted_sums_and_changes_come_back(planted):
    made = ms.brief("Gao")
    assert figures(made, "deaths", "low") == [60, 24, 150.0]
    assert figures(made, "deaths") == [72, 36, 100.0]
    assert figures(made, "deaths", "high") == [144, 72, 100.0]
    assert figures(made, "deaths_without_b") == [60, 24, 150.0]
    assert figures(made, "deaths_civilians") == [60, 24, 150.0]
    assert figures(made, "events", "count") == [12, 12, 0.0]
    assert made.unplaced == (40, 50, 60)
    assert "a region or a month, some of which may belong to this region: 50 (40–60)." in made.paragraph
    assert figures(ms.brief(), "deaths")[0] == 72 + 50


def test_the_order_of_rows_is_irrelevant(planted):
    first = ms.brief("Gao").table
    for name, table in planted.items():
        planted[name] = table.sample(frac=1, random_state=3)
    pd.testing.assert_frame_equal(ms.brief("Gao").table, first)


def test_no_change_in_per_cent_from_few_events_or_a_small_figure(planted):
    nine = ms.brief("Gao", "2023-01", "2023-09")
    assert figures(nine, "events", "count")[:2] == [9, 9] and pd.isna(figures(nine, "events", "count")[2])
    assert any("fewer than 10 events" in note for note in nine.notes)
    planted["region_month"].loc[planted["region_month"]["month"] < "2023-01-01", "deaths_best"] = 0
    whole = ms.brief("Gao")
    assert pd.isna(figures(whole, "deaths")[2]) and figures(whole, "deaths", "high")[2] == 100.0
    assert figures(whole, "deaths")[:2] == [72, 0]


@pytest.mark.parametrize("year", [2022, 2023])
def test_few_events_in_either_span_are_too_few(planted, year):
    table = planted["region_month"]
    some = table["region"].eq("ML07") & table["month"].between(f"{year}-01-01", f"{year}-03-01")
    table.loc[some, "events"] = 0
    made = ms.brief("Gao")
    assert sorted(figures(made, "events", "count")[:2]) == [9, 12]
    assert pd.isna(figures(made, "deaths")[2])


def test_families_of_the_country_are_counted_by_month(planted):
    made = ms.brief(None, "2023-03", "2023-12")
    assert figures(made, "one_sided", family="jnim") == [20, 20, 0.0]
    assert figures(made, "one_sided", "high", family="jnim")[:2] == [40, 40]
    assert figures(made, "one_sided", family="state_mali; state_russia")[:2] == [9, 0]
    assert "state_mali" not in set(made.table["family"].dropna())
    labels = catalog.seed("families").set_index("family")["label_en"]
    joint = f"{labels['state_mali']} with {labels['state_russia']}"
    assert f"of which: {joint}" in set(made.table["label"]) and f"{joint} 9 (9–9)." in made.paragraph


def test_the_paragraph_names_three_families_and_adds_the_others_up():
    made = ms.brief(None, "2018-01", "2020-12")
    best = made.table[(made.table["measure"] == "one_sided") & made.table["family"].notna()]
    by_family = best.pivot(index="family", columns="estimate", values="this_span").sort_values("best", ascending=False)
    rest = by_family[3:].sum()
    assert len(by_family) > 4
    assert f"; others {rest['best']} ({rest['low']}–{rest['high']})." in made.paragraph
    assert [made.paragraph.count(measures.family_name(f, Words("en"))) for f in by_family.index[:4]] == [1, 1, 1, 0]


def test_families_of_a_region_are_those_of_its_whole_years(planted):
    made = ms.brief("Gao", "2022-06", "2023-12")
    assert figures(made, "one_sided", family="jnim")[0] == 24
    rows = made.table[made.table["family"] == "jnim"]
    assert set(rows["period"]) == {"2023"} and rows["label"].str.endswith(", the whole of 2023").all()


@pytest.mark.parametrize(("lang", "ending"), [
    ("en", ", the whole of 2022 (before: 2020)"), ("fr", ", l'ensemble de 2022 (avant\u00a0: 2020)"),
])  # fmt: skip
def test_a_label_names_the_years_of_both_columns(lang, ending):
    rows = ms.brief("Ménaka", "2021-07", "2023-06", lang=lang).table.dropna(subset=["family"])
    assert set(rows["period"]) == {"2022"} and set(rows["period_before"]) == {"2020"}
    assert rows["label"].str.endswith(ending).all()


def test_families_of_a_region_in_part_of_a_year_are_the_years_and_compared_with_none(planted):
    made = ms.brief("Gao", "2023-05", "2023-07")
    assert figures(made, "one_sided")[:2] == [18, 18]
    assert figures(made, "one_sided", family="jnim")[0] == 24 and pd.isna(figures(made, "one_sided", family="jnim")[1])
    assert "(the whole of 2023), by the attacker that the source names" in made.paragraph
    assert any("by calendar year only" in note for note in made.notes)


def test_families_of_whole_years_are_compared_with_as_many(planted):
    made = ms.brief("Gao")
    assert figures(made, "one_sided", family="jnim") == [24, 24, 0.0]
    assert set(made.table.loc[made.table["family"] == "jnim", "period_before"]) == {"2022"}
    assert not made.table["label"].str.contains("whole of").any()
    assert "(2023), by the attacker" in made.paragraph


@pytest.mark.parametrize(("start", "end", "years"), [
    ("2023-01", "2023-12", ([2023], [2022])), ("2021-07", "2023-06", ([2022], [2020])),
    ("2023-02", "2023-11", ([2023], [])), ("2021-12", "2023-01", ([2022], [])), ("2018-12", "2021-01", ([2019, 2020], [])), ("2020-01", "2023-12", ([2020, 2021, 2022, 2023], [2016, 2017, 2018, 2019])),
])  # fmt: skip
def test_years_compared_are_as_many_and_never_the_same(start, end, years):
    span = Span(pd.Timestamp(start), pd.Timestamp(end))
    assert measures.family_years(span, span.before) == years
    assert not set(years[0]) & set(years[1])


def test_a_stock_is_the_last_of_one_publisher_at_or_before_the_end(planted):
    made = ms.brief()
    row = made.table[made.table["measure"] == "idps"].iloc[0]
    assert [row["this_span"], row["period"], row["source"]] == [354, "2023-12-31", "iom_dtm"]
    assert [row["span_before"], row["period_before"]] == [422, "2022-08-31"]  # the same publisher's, not UNHCR's
    assert pd.isna(row["change_percent"]) and any("counts at a date" in note for note in made.notes)
    assert any(
        note.startswith("Other figures for displaced people for the same month: IDMC 344, UNHCR 355.")
        for note in made.notes
    )
    assert "Displaced inside the country: 354 (IOM DTM; 31 December 2023)." in made.paragraph
    planted["displacement"]["as_of_precision"] = "month"
    made = ms.brief()
    row = made.tidy().set_index("measure").loc["idps"]
    assert [row["this_span"], row["period"]] == [354, "2023-12"]
    assert "Displaced inside the country: 354 (IOM DTM; December 2023)." in made.paragraph
    assert any(
        note.startswith("Other figures for displaced people for the same month: IDMC 344") for note in made.notes
    )


def test_refugees_are_added_up_over_countries_on_one_day_only(planted):
    made = ms.brief()
    assert figures(made, "refugees")[0] == 12
    assert figures(made, "refugees")[1] == 4  # of 2020, the last within two years before the end of 2022


def test_a_stale_stock_is_missing_and_said(planted):
    planted["displacement"] = planted_people(*(row for row in PEOPLE if row[3] < "2021"))
    made = ms.brief()
    assert pd.isna(figures(made, "idps")[0]) and pd.isna(figures(made, "refugees")[0])
    assert sum(note.startswith("No figure of the two years before") for note in made.notes) == 2
    assert "Refugees" not in made.paragraph and not any("Refugees" in row[0] for row in made.rows())


def test_people_of_a_region_are_missing_and_said(planted):
    made = ms.brief("Gao")
    assert pd.isna(figures(made, "idps")[0]) and pd.isna(figures(made, "refugees")[0])
    assert "Displaced people and refugees are published for the whole country only." in made.notes
    assert "Displaced" not in made.paragraph


def test_population_is_that_of_the_last_july_and_says_what_it_rests_on():
    made = ms.brief("Ménaka", "2022-07", "2023-06")
    row = made.table[made.table["measure"] == "population"].iloc[0]
    assert [row["period"], row["period_before"]] == ["2022-07-01", "2021-07-01"]
    assert row["source"] == "worldbank; instat_census"
    panel = ms.add_population(ms.load("region_month"))
    here = panel["region"].eq("ML10") & panel["month"].eq(pd.Timestamp("2022-07-01"))
    assert row["this_span"] == round(panel.loc[here, "population"].iloc[0])
    assert sum("census" in note for note in made.notes) == 2
    assert not any("census" in note for note in ms.brief("Kayes").notes)


def test_regions_people_add_up_to_the_countrys():
    people = [figures(ms.brief(region), "population")[0] for region in TEN]
    assert abs(sum(people) - figures(ms.brief(), "population")[0]) <= len(TEN)


# ---- words -------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("region", [None, *TEN])
def test_every_region_reads_whole_in_both_languages(region, lang):
    for span in (SPANS[0], SPANS[3], ("1989-01", "1989-02")):
        made = ms.brief(region, *span, lang=lang)
        text = str(made)
        assert max(map(len, text.splitlines())) <= 100
        assert not re.search(r"nan|None|<NA>|[{}]|\bNaT\b|\d{4},\d|  ,|\.\.|\( ", text)
        assert made.paragraph.split()[0].rstrip(",") == made.place
        assert "UCDP GED" in made.paragraph and "2023" in made.paragraph.splitlines()[-1]
        html = made._repr_html_()
        assert html.count("<tr") >= len(made.rows()) and "<script" not in html


def test_both_languages_give_the_same_figures():
    for region in (None, "ML07"):
        english, french = (ms.brief(region, lang=lang).table.drop(columns="label") for lang in LANGUAGES)
        pd.testing.assert_frame_equal(english, french)


def test_french_numbers_have_narrow_spaces_and_french_words():
    made = ms.brief(lang="fr")
    assert "2\u202f109 décès rapportés (bas 2\u202f073, haut 2\u202f882) lors de 319 événements" in made.paragraph
    assert "le relevé s'arrête au 31 décembre 2023" in made.paragraph
    cells = {label: rest for label, *rest in made.rows()}
    assert cells["Décès"] == ["2\u202f109 (2\u202f073–2\u202f882)", "3\u202f650 (3\u202f534–4\u202f456)", "−42\u00a0%"]
    assert not re.search(r"\d,\d{3}", str(made))
    assert not re.search(r" [:;]", made.paragraph)  # no-break spaces before them


def test_a_single_death_and_none_agree_with_their_nouns():
    english, french = Words("en"), Words("fr")
    assert [english.counted(n, "events") for n in (0, 1, 2)] == ["0 events", "1 event", "2 events"]
    assert english.counted(1, "deaths") == "1 death reported"
    assert [french.counted(n, "events") for n in (0, 1, 2)] == ["0 événement", "1 événement", "2 événements"]


@pytest.mark.parametrize(("share", "english", "french"), [
    (-42.2, "−42 %", "−42\u00a0%"), (0.4, "0 %", "0\u00a0%"), (-0.4, "0 %", "0\u00a0%"),
    (1234.5, "+1,234 %", "+1\u202f234\u00a0%"), (pd.NA, "–", "–"),
])  # fmt: skip
def test_changes_are_signed(share, english, french):
    assert (Words("en").percent(share), Words("fr").percent(share)) == (english, french)


@pytest.mark.parametrize(("start", "end", "english", "french"), [
    ("2023-01", "2023-12", "2023", "2023"), ("2021-01", "2023-12", "2021 to 2023", "2021 à 2023"),
    ("2023-08", "2023-08", "August 2023", "août 2023"), ("2022-07", "2023-06", "July 2022 to June 2023", "juillet 2022 à juin 2023"),
    ("2023-02", "2023-04", "February to April 2023", "février à avril 2023"),
])  # fmt: skip
def test_spans_are_said_as_a_reader_says_them(start, end, english, french):
    span = Span(pd.Timestamp(start), pd.Timestamp(end))
    assert (Words("en").span(span), Words("fr").span(span)) == (english, french)


def test_every_text_has_both_languages_with_the_same_places():
    seed = catalog.seed("brief_words")
    assert seed["key"].is_unique and seed[["en", "fr", "note"]].notna().all().all()
    for row in seed.itertuples():
        places = [{name for _, name, _, _ in Formatter().parse(text) if name} for text in (row.en, row.fr)]
        assert places[0] == places[1], row.key
    assert all(len(seed.set_index("key").at["months", lang].split("|")) == 12 for lang in LANGUAGES)


def test_no_text_takes_a_side_or_says_why():
    seed = catalog.seed("brief_words")
    words = "terroris|martyr|massacre|because|caused|due to|led to|thanks|parce que|à cause|causé|grâce|entraîn"
    assert not seed["en"].str.contains(words, case=False).any() and not seed["fr"].str.contains(words, case=False).any()


def test_what_it_prints_is_its_table(record):
    made = ms.brief("Gao")
    lines = str(made).splitlines()
    assert lines[0] == "Gao, 2023" and lines[2].split() == ["Best", "figure", "(low–high)", "2023", "2022", "Change"]
    assert len({len(line) for line in lines[2:12]}) == 1
    assert repr(made) == "Brief of Gao, 2023-01 to 2023-12: 421 deaths reported (best)"
    assert all(note in " ".join(str(made).split()) for note in made.notes)


def test_a_brief_cannot_be_changed_by_its_tidy_table():
    made = ms.brief("Gao")
    table = made.tidy()
    table["this_span"] = 0
    assert figures(made, "deaths")[0] == 421
    with pytest.raises(AttributeError):
        made.region = "ML01"


# ---- the figure --------------------------------------------------------------------------------------------


def days(patch):
    """First and last day of a shaded span."""
    corners = patch.get_extents().transformed(patch.axes.transData.inverted())
    return [num2date(value).date() for value in (corners.x0, corners.x1)]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_figure_shows_deaths_by_month_and_marks_both_spans(lang):
    made = ms.brief("Gao", "2022-11", "2023-08", lang=lang)
    ax = made.figure()
    ax.figure.canvas.draw()
    months = made.months[made.months["month"] >= "2018-09-01"]
    assert ax.lines[0].get_ydata().tolist() == months["deaths_best"].tolist()
    words = Words(lang)
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert labels[2:] == [words.span(made.span), words("figure_before", span=words.span(made.before))]
    now, before = (days(patch) for patch in ax.patches)
    assert before[1] == now[0]
    assert pd.Timestamp("2022-10-01").date() < now[0] < pd.Timestamp("2022-11-01").date()
    assert pd.Timestamp("2023-08-01").date() < now[1] < pd.Timestamp("2023-09-01").date()
    assert ax.get_ylabel() == words("figure_axis", place="Gao") and ax.get_ylim()[0] == 0
    (source,) = [text.get_text() for text in ax.texts if text.get_gid() == "source"]
    assert source.startswith(words("figure_source", source="|", start="", end="").partition("|")[0])
    assert "2018-09" in source and "2023-12" in source


def test_a_figure_without_a_span_before_marks_one(tmp_path):
    made = ms.brief("Kidal", "1989-01", "1990-06")
    assert len(made.figure().patches) == 1
    path, _ = ms.export(made, tmp_path / "kidal.svg")
    assert path.stat().st_size > 1000
    assert len(plt.get_fignums()) == 1  # the one that was asked for here; the file's own is closed


def test_a_brief_is_exported_with_its_own_caption_and_sources(tmp_path):
    made = ms.brief("Gao", lang="fr")
    table, text = ms.export(made, tmp_path / "gao.csv", hxl=True)
    ms.export(made, tmp_path / "gao.png")
    said = text.read_text(encoding="utf-8")
    assert f"Contenu\u00a0: {made.caption}\n" in said and f"Contenu\u00a0: {made.figure_caption}\n" in said
    assert "INSTAT" in said and "IDMC" not in said and f"Note\u00a0: {made.notes[0]}\n" in said
    back = pd.read_csv(table, skiprows=[1])
    assert back["this_span"].tolist()[:3] == [figures(made, "deaths", e)[0] for e in ("low", "best", "high")]
    assert len(back) == len(made.table)
