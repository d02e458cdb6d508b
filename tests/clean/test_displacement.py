"""read_displacement: every figure is accounted for, zero is not missing, nobody is counted twice or multiplied."""

import json
import random

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from making import RAW, needs_raw, write
from pandas.testing import assert_frame_equal

import mali_stats as ms
from mali_stats import catalog, synthetic
from mali_stats.allot import sainte_lague
from mali_stats.clean.adding import refuse_overlap
from mali_stats.clean.agencies import NOBODY
from mali_stats.clean.figures.reported import people, region, written_day, year_end

HEAD = "year,coo_iso,coa_iso,refugees,asylum_seekers,returned_refugees,idps,returned_idps,stateless,ooc,oip,hst\n"


def read(tmp_path, name, seed=1, **options):
    file = synthetic.DISPLACEMENT[name](seed)
    return *ms.read_displacement(write(tmp_path / file.name, file.content), **options), file.truth


def unhcr(tmp_path, *rows, name="p.csv"):
    return ms.read_displacement(write(tmp_path / name, HEAD + "\n".join(rows) + "\n"))


def changed(tmp_path, name, edit, seed=1):
    """A made-up file of records as JSON, each changed by ``edit``."""
    content = json.loads(synthetic.DISPLACEMENT[name](seed).content)
    records = content["result"] if isinstance(content, dict) else content
    for record in records:
        edit(record)
    return ms.read_displacement(write(tmp_path / "changed.json", json.dumps(content)))


def dropped(ledger) -> dict:
    table = ledger.tidy().query("kind == 'dropped'")
    return dict(zip(table["reason"], table["rows"], strict=True))


def flagged(ledger) -> dict:
    table = ledger.tidy().query("kind == 'flagged'")
    return dict(zip(table["reason"], table["rows"], strict=True))


# ---- UNHCR -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [1, 2])
def test_unhcr_planted_totals_come_back(tmp_path, seed):
    figures, ledger, truth = read(tmp_path, "unhcr_population", seed)
    for indicator in ("refugees", "idps"):
        rows = figures.query("indicator == @indicator")
        assert rows.groupby(rows["as_of"].dt.year)["best"].sum().to_dict() == truth[indicator]
    fled = figures[figures["indicator"] == "refugees"]
    assert set(fled["asylum_country"]) == {"MRT", "BFA", "NER", "DEU"}, "ISO codes, not UNHCR's letters"
    assert figures.query("indicator == 'idps' and best > 0")["asylum_country"].isna().all()
    stocks = figures.query("measure == 'stock'")
    assert (stocks["as_of"].dt.strftime("%m-%d") == "12-31").all() and (stocks["as_of_precision"] == "year").all()
    assert set(figures.query("measure == 'flow'")["indicator"]) == {"returnees"}
    assert dropped(ledger) == {"no figure (empty cell)": truth["empty"], NOBODY: truth["nobody"]}
    assert ledger.tidy()["rows"].iloc[0] == truth["cells"]
    assert (figures["licence"] == "CC BY 4.0").all()


def test_zero_is_a_figure_and_a_dash_is_none(tmp_path):
    figures, ledger = unhcr(tmp_path, '2023,MLI,NER,"0",-,,7,,,,,')
    assert figures.set_index("indicator")["best"].to_dict() == {"idps": 7, "refugees": 0}
    assert dropped(ledger) == {"no figure (empty cell)": 6, 'no figure ("-": not there, or not asked for)': 1}
    assert figures.query("indicator == 'idps'")["issues"].item() == "idps-abroad"


def test_api_pages(tmp_path):
    figures, _, truth = read(tmp_path, "unhcr_api")
    by = figures[figures["indicator"].eq("refugees") & figures["as_of"].eq("2023-12-31")]
    assert by[by["breakdown"].isna()]["best"].sum() == truth["refugees"]
    assert by[by["breakdown"] == "asylum:all countries"]["best"].item() == truth["refugees"]
    with pytest.raises(ValueError, match="a total would be added to its own parts"):
        refuse_overlap(by, "sum")
    middle = figures[figures["as_of"] == "2023-06-30"]
    assert middle["best"].tolist() == [11] and middle["as_of_precision"].tolist() == ["month"]
    assert figures.query("indicator == 'idps'")[["best", "breakdown"]].isna().to_numpy().tolist() == [[False, True]]
    assert (figures.query("indicator == 'asylum_seekers'")["best"] == 0).all()


def test_flows_and_solutions(tmp_path):
    flows, _, truth = read(tmp_path, "unhcr_flows")
    assert (flows["measure"] == "flow").all() and flows["as_of"].isna().all()
    assert flows.query("indicator == 'refugees'")["best"].sum() == truth["refugees"]
    assert flows["period_start"].dt.strftime("%m-%d").eq("01-01").all()
    solutions, _, truth = read(tmp_path, "unhcr_solutions")
    sums = solutions.groupby("indicator")["best"].sum().to_dict()
    assert sums == {"resettled": 5, "returnees": truth["returned_refugees"]}


def test_years_that_are_not_over_stand_at_30_june(tmp_path):
    this = pd.Timestamp.today().year
    assert year_end("2023 (mid-year)")[0].isoformat() == "2023-06-30" and year_end("mid 2023")[1]
    if pd.Timestamp.today() > pd.Timestamp(this, 6, 30):
        figures, _ = unhcr(tmp_path, f"{this},MLI,NER,5,,,,,,,,")
        assert figures["as_of"].dt.month.item() == 6 and figures["issues"].item() == "mid-year-inferred"
    for text in ("1899", "2999", "23", "mid", "2023-05-31"):
        with pytest.raises(ValueError):
            year_end(text)


def test_mid_year_and_full_year_flows_are_cumulative(tmp_path):
    figures, ledger = unhcr(tmp_path, "2023,MLI,NER,,,90,,,,,,", "mid-2023,MLI,NER,,,40,,,,,,")
    assert figures.set_index("best")["issues"].to_dict() == {40: "", 90: "cumulative"}
    assert flagged(ledger) == {"cumulative": 1}
    with pytest.raises(ValueError, match="periods overlap"):
        refuse_overlap(figures, "sum")


@needs_raw
def test_the_real_files_by_hand():
    paths = [RAW / "unhcr" / f"{name}_mali.csv" for name in ("population", "flows", "solutions")]
    figures, ledger = ms.read_displacement(paths)
    ms.check(figures)
    raw = pd.read_csv(paths[0])
    assert ledger.tidy()["rows"].iloc[0] == 9 * len(raw) == 14535
    assert dropped(ledger)["the same figure in another file"] == 128, "solutions repeat the returns"
    refugees = figures.query("indicator == 'refugees' and measure == 'stock'").set_index("as_of")
    fled = refugees.loc["2024-12-31"].query("country == 'MLI'")
    assert fled["best"].sum() == 354075 and fled["asylum_country"].isna().sum() == 0
    idps = figures.query("indicator == 'idps' and country == 'MLI' and best > 0")
    by_year = dict(zip(idps["as_of"].dt.year, idps["best"], strict=True))
    assert [by_year[y] for y in (2012, 2015, 2020, 2024, 2025)] == [227930, 61920, 332957, 360591, 414524]
    back = figures.query("indicator == 'returnees' and population_group == 'returned IDPs' and best > 0")
    assert back.set_index(back["period_end"].dt.year)["best"].to_dict()[2014] == 155006
    hosted = refugees.loc["2025-12-31"].query("asylum_country == 'MLI'")
    assert hosted["best"].sum() == raw.query("year == 2025 and coa_iso == 'MLI'")["refugees"].sum() > 100_000
    kept = ledger.tidy().set_index("kind").loc["kept"]
    assert kept["best"] == figures["best"].sum() and kept["rows"] == len(figures)
    assert figures["issues"].eq("").all()
    assert dropped(ledger)[NOBODY] == 2 * (len(raw) - 15) + 3 * 15
    refuse_overlap(fled.reset_index(), "sum")  # the file as it is can be added up by country of asylum
    ledger = ms.stock_flow_ledger(figures[figures["country"] == "MLI"])
    assert ledger["closing"].dropna().sum() == raw["idps"].sum()


# ---- IDMC --------------------------------------------------------------------------------------------------


def test_gidd(tmp_path):
    figures, ledger, truth = read(tmp_path, "gidd", 3)
    odd = figures[figures["issues"] != ""]
    assert odd["period_start"].dt.year.tolist() == [truth["unpublished"]] and odd["best"].item() == 0
    assert flagged(ledger) == {"zero-may-mean-not-published": 1}
    exits = ms.stock_flow_ledger(figures).set_index("year")["implied_net_exits"]
    assert {y: None if pd.isna(v) else v for y, v in exits.items()} == truth["exits"]


def test_idu_counts_each_event_once(tmp_path):
    figures, ledger, truth = read(tmp_path, "idu", 3)
    people = figures[figures["unit"] == "people"]
    assert people["best"].sum() == truth["people"]
    households = figures[figures["unit"] == "households"]
    assert households["best"].item() == truth["households"], "never multiplied"
    assert households["issues"].item() == "households" and pd.isna(households["high"].item())
    more = figures[figures["qualifier"] == "more than"]
    assert more["low"].item() == more["best"].item() and pd.isna(more["high"].item())
    assert dropped(ledger) == {
        "another report of an event with a recommended figure": 1,
        "an older report of the same place and event": 1,
    }
    assert (figures["period_start"] == "2023-08-10").all() and (figures["period_end"] == "2023-08-12").all()
    kept = ledger.tidy().set_index("kind").loc["kept"]
    assert kept["best"] == truth["people"] and kept["rows"] == 4, "households are rows, not people"


def test_idu_units(tmp_path):
    def edit(record):
        record["unit"] = {1: "Goats", 4: None, 5: "Person"}.get(record["id"], record["unit"])
        record["standard_info_text"] = "12 households fled" if record["id"] == 4 else "5 people fled"

    figures, ledger = changed(tmp_path, "idu", edit)
    assert figures["unit"].isna().sum() == 1
    assert flagged(ledger) == {"households": 2, "unit-from-text": 1, "unknown-unit": 1}
    assert "unknown-unit:Goats" in figures["issues"].tolist()
    ms.check(figures)


def crossing(tmp_path, start, end, **more):
    """The made-up reports, all with one period, and the figures of the recommended one of people."""
    period = {"displacement_start_date": start, "displacement_end_date": end}
    return changed(tmp_path, "idu", lambda record: record.update(period | more))


def test_reports_across_months_are_spread_by_days(tmp_path):
    figures, ledger = crossing(tmp_path, "2022-12-31", "2023-01-02", figure=100)
    ms.check(figures)
    one = figures[figures["breakdown"] == "event:71; report:1"]
    assert one["best"].tolist() == [33, 67] and one["low"].tolist() == [33, 67] and one["high"].isna().all()
    days = one[["period_start", "period_end"]].apply(lambda c: c.dt.strftime("%Y-%m-%d")).to_numpy().tolist()
    assert days == [["2022-12-31", "2022-12-31"], ["2023-01-01", "2023-01-02"]]
    assert set(one["issues"]) == {"spread-from:2022-12-31/2023-01-02"}
    table = ledger.tidy()
    moved = table[table["kind"] == "moved"]
    assert moved["reason"].tolist() == ["spread over months by days"] and moved["rows"].item() == len(figures) == 8
    assert moved["best"].item() == 300 == figures.query("unit == 'people'")["best"].sum()
    assert figures.query("unit == 'households'")["best"].sum() == 100
    added = table[table["reason"] == "further rows of figures spread over months"]
    assert added[["kind", "rows", "best"]].to_numpy().tolist() == [["in", 4, 0]]
    kept = table.set_index("kind").loc["kept"]
    assert kept["rows"] == len(figures)
    again, _ = ms.read_displacement(write(tmp_path / "saved.csv", figures.to_csv(index=False)))
    assert_frame_equal(again, figures)


def test_spread_reports_go_into_a_ledger_of_years(tmp_path):
    figures, _ = crossing(tmp_path, "2022-12-31", "2023-01-02", unit="Person")
    stocks = catalog.load("displacement").query("source == 'idmc' and measure == 'stock' and as_of >= '2021-01-01'")
    both = pd.concat([stocks, figures.assign(source="idmc")], ignore_index=True)
    ledger = ms.stock_flow_ledger(both).set_index("year")
    assert ledger["new"].isna().all() and "part-of-year" in ledger.loc[2023, "issues"]


def test_reports_within_a_month_stay_as_they_are(tmp_path):
    figures, ledger = crossing(tmp_path, "2023-01-01", "2023-01-31")
    assert len(figures) == 4 and not figures["issues"].str.contains("spread").any()
    assert "moved" not in set(ledger.tidy()["kind"])


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(start=st.dates(pd.Timestamp("2015-01-01").date(), pd.Timestamp("2023-12-31").date()), days=st.integers(0, 800),
       counts=st.lists(st.integers(0, 10**7), min_size=3, max_size=3).map(sorted))  # fmt: skip
def test_spreading_keeps_people_and_bounds(tmp_path_factory, start, days, counts):
    end = start + pd.Timedelta(days=days)
    row = {"source": "idmc_idu", "indicator": "new_displacement", "measure": "flow", "country": "MLI", "unit": "people"}
    row |= dict(zip(("low", "best", "high"), counts, strict=True)) | {"period_start": start, "period_end": end}
    saved = pd.DataFrame([row], columns=list(catalog.load("displacement").columns)).to_csv(index=False)
    figures, _ = ms.read_displacement(write(tmp_path_factory.mktemp("spread") / "s.csv", saved))
    assert figures[["low", "best", "high"]].sum().tolist() == counts
    assert (figures["low"] <= figures["best"]).all() and (figures["best"] <= figures["high"]).all()
    assert (figures["period_start"].dt.to_period("M") == figures["period_end"].dt.to_period("M")).all()
    assert (figures["period_end"] - figures["period_start"]).dt.days.add(1).sum() == days + 1


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 3000), st.lists(st.integers(1, 31), min_size=1, max_size=30))
def test_allotting_is_that_of_one_person_after_the_other(total, weights):
    held = [0] * len(weights)
    for _ in range(total):
        quotients = [w / (2 * n + 1) for w, n in zip(weights, held, strict=True)]
        held[quotients.index(max(quotients))] += 1
    assert sainte_lague(total, weights).tolist() == held


# ---- DTM ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["dtm_v3", "dtm_v3_csv", "hapi_idps"])
def test_only_the_latest_round_and_one_assessment(tmp_path, name):
    figures, _, truth = read(tmp_path, name, 3)
    assert figures["best"].sum() == truth["latest"]
    assert figures["as_of"].nunique() == 1 and set(figures["admin1"]) == {"ML05", "ML06", "ML07"}


def test_all_rounds_are_stocks_that_are_not_added_up(tmp_path):
    figures, ledger, truth = read(tmp_path, "dtm_v3", rounds="all")
    assert len(figures) == truth["figures"] * truth["rounds"]
    assert dropped(ledger) == {"the same people under another assessment type": 12}
    assert set(figures["source_version"]) == {"round 11", "round 12"}
    with pytest.raises(ValueError, match=r"stocks of 2 dates \(2023-04-30 to 2023-09-30\) would be added up"):
        refuse_overlap(figures, "sum")
    refuse_overlap(figures[figures["as_of"] == "2023-09-30"], "sum")


def test_rounds_without_numbers_go_by_their_day(tmp_path):
    figures, _ = changed(tmp_path, "dtm_v3", lambda record: record.pop("roundNumber"))
    assert figures["as_of"].unique().tolist() == [pd.Timestamp("2023-09-30")]
    assert figures["source_version"].isna().all()


def test_an_assessment_that_stands_alone_is_kept(tmp_path):
    figures, ledger = changed(tmp_path, "dtm_v3", lambda record: record.update(assessmentType="SA"))
    assert "the same people under another assessment type" not in dropped(ledger)
    assert len(figures) == 12


def test_operations_have_rounds_of_their_own(tmp_path):
    def edit(record):
        if record["roundNumber"] == 11:
            record["operation"] = "Displacement due to floods"

    figures, _ = changed(tmp_path, "dtm_v3", edit)
    assert len(figures) == 12 and set(figures["source_version"]) == {"round 11", "round 12"}


def test_sheets_of_dtm(tmp_path):
    figures, _, truth = read(tmp_path, "dtm_sheet", 3)
    sums = figures.groupby("unit")["best"].sum()
    assert sums.to_dict() == {"people": truth["people"], "households": truth["households"]}
    assert set(figures["admin1"]) == {"ML01", "ML06"}, "Kayes and KaYes are one"
    assert (figures["as_of"] == "2023-04-30").all() and (figures["country"] == "MLI").all()


def test_a_row_of_totals_is_not_people_again(tmp_path):
    file = synthetic.dtm_sheet(3)
    content = file.content + f"TOTAL,,,,,{file.truth['people']}\n"
    figures, ledger = ms.read_displacement(write(tmp_path / "t.csv", content))
    assert figures.query("unit == 'people'")["best"].sum() == file.truth["people"]
    assert dropped(ledger) == {"a row of totals, that has the others in it": 2}


@pytest.mark.parametrize(("place", "expected"), [
    (("MLI", "KaYes", None), ("ML01", "")), (("MLI", None, "MLI001001"), ("ML01", "")), (("MLI", None, "MLI0103"), ("ML01", "")),
    (("MLI", "Mopti", "MLI0101"), ("ML05", "p-code-differs:MLI0101")), (("MLI", "Timbuktu", None), ("ML06", "")),
    (("MLI", "Bandiagara", None), ("Bandiagara", "region-of-frame:law2023")),
    (("MLI", "Atlantis", None), ("Atlantis", "unknown-region:Atlantis")), (("MLI", None, None), (None, "")),
    (("NER", "Tillaberi", "NE006"), ("NE006", "")), ((None, None, None), (None, "")),
])  # fmt: skip
def test_regions_by_name_and_code(place, expected):
    assert region(*place) == expected


@pytest.mark.parametrize(("text", "day", "precision"), [
    ("30 avril 2023", "2023-04-30", "day"), ("Août 2023", "2023-08-31", "month"), ("30-Apr-2023", "2023-04-30", "day"),
    ("30/04/2023", "2023-04-30", "day"), ("2023-04-30T00:00:00", "2023-04-30", "day"),
])  # fmt: skip
def test_dates_in_words(text, day, precision):
    assert (written_day(text)[0].isoformat(), *written_day(text)[1:]) == (day, precision, "")


@pytest.mark.parametrize("text", ["ju 2023", "31 February 2023", "04/30/2023", "soon", "1 May 2999", "0 May 2023"])
def test_dates_that_are_none(text):
    with pytest.raises(ValueError):
        written_day(text)


# ---- HAPI --------------------------------------------------------------------------------------------------


def test_needs_keep_their_breakdown_and_are_not_added_up(tmp_path):
    figures, _, truth = read(tmp_path, "hapi_needs")
    assert set(figures["indicator"]) == {"people_in_need"} and len(figures) == 6
    one = figures[figures["breakdown"] == "sector:Intersectoral; status:INN"]
    assert one["best"].item() == truth["in_need"] and one["as_of_precision"].item() == "year"
    for part in (figures[figures["breakdown"].str.endswith("INN")], figures[figures["breakdown"].str.contains("EDU")]):
        with pytest.raises(ValueError, match="overlap: one person is counted in several sectors, statuses"):
            refuse_overlap(part, "sum")


def test_food_security_and_people(tmp_path):
    food, _, truth = read(tmp_path, "hapi_food")
    now = food[food["breakdown"] == "phase:3+; type:current"]
    assert now["best"].item() == truth["crisis_or_worse"] and now["admin1"].item() == "ML05"
    fled, _, truth = read(tmp_path, "hapi_refugees")
    whole = fled[fled["breakdown"].isna()].set_index("indicator")["best"].to_dict()
    assert whole == {"other_concern": 40, "refugees": truth["refugees"]}
    with pytest.raises(ValueError, match="by age"):
        refuse_overlap(fled[fled["indicator"] == "refugees"], "sum")
    back, _, truth = read(tmp_path, "hapi_returnees")
    assert (back["measure"] == "flow").all()
    assert back[back["breakdown"].isna()]["best"].item() == truth["returnees"]


def test_an_unknown_group_is_flagged(tmp_path):
    content = synthetic.hapi_refugees(1).content.replace(",OOC,", ",XYZ,")
    figures, ledger = ms.read_displacement(write(tmp_path / "h.csv", content))
    assert flagged(ledger) == {"unknown-group": 2} and "XYZ" in set(figures["population_group"])


# ---- what is refused and flagged ---------------------------------------------------------------------------


@pytest.mark.parametrize(("row", "message"), [
    ("2023,MLI,NER,-5,,,,,,,,", r"p.csv: 1 values.*\n  row 2, column refugees: got '-5', accepted: a whole number of people of 0 or more"),
    ("2023,MLI,NER,1.5,,,,,,,,", r"row 2, column refugees: got '1.5'"),
    ("2023,MLI,NER,12.000,,,,,,,,", r"row 2, column refugees: got '12.000'"),
    ("2023,MLI,NER,many,,,,,,,,", r"row 2, column refugees: got 'many'"),
    ("20235,MLI,NER,5,,,,,,,,", r"row 2, column year: got '20235', accepted: a year to now"),
    (",MLI,NER,5,,,,,,,,", r"row 2, column year: got 'nothing'"),
    ("2023,Mali,NER,5,,,,,,,,", r"row 2, column coo_iso: got 'Mali', accepted: an ISO3 code"),
])  # fmt: skip
def test_what_cannot_be_read_is_told_with_its_place(tmp_path, row, message):
    with pytest.raises(ValueError, match=message):
        unhcr(tmp_path, row)


@pytest.mark.parametrize(("change", "message"), [
    ({"displacement_end_date": "2023-08-01"}, r"column displacement_end_date: got '2023-08-01', accepted: a day not before"),
    ({"displacement_start_date": "2999-01-01"}, r"column displacement_start_date: got '2999-01-01', accepted: a day from 1946"),
    ({"displacement_start_date": "2023-02-30"}, r"column displacement_start_date: got '2023-02-30'"),
])  # fmt: skip
def test_impossible_dates_are_refused(tmp_path, change, message):
    with pytest.raises(ValueError, match=message):
        changed(tmp_path, "idu", lambda record: record.update(change))


def test_more_displaced_than_inhabitants_are_flagged(tmp_path):
    figures, ledger = unhcr(tmp_path, "2023,MLI,MLI,0,,,30000000,,,,,", "2022,MLI,MLI,0,,,20000000,,,,,")
    assert flagged(ledger) == {"more-than-inhabitants": 1}
    assert figures.query("best == 30_000_000")["issues"].item() == "more-than-inhabitants"


def test_two_figures_for_the_same_are_flagged(tmp_path):
    figures, ledger = unhcr(tmp_path, "2023,MLI,NER,5,,,,,,,,", "2023,MLI,NER,6,,,,,,,,", "2023,MLI,NER,6,,,,,,,,")
    assert figures["best"].tolist() == [5, 6] and (figures["issues"] == "another-figure-for-the-same").all()
    assert dropped(ledger)["exact copy of another row of the file"] == 1


@pytest.mark.parametrize(("call", "message"), [
    (lambda: ms.read_displacement([]), "the list of files is empty"),
    (lambda: ms.read_displacement("x.csv", rounds="some"), "rounds='some' is not known; use one of latest, all"),
])  # fmt: skip
def test_wrong_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize(
    ("path", "name"), [(None, "NoneType"), (3, "int"), ([3], "int in a list"), (b"x.csv", "bytes")]
)
def test_something_else_than_a_path(path, name):
    with pytest.raises(TypeError, match=f"A path or a list of paths is wanted, got {name}"):
        ms.read_displacement(path)


def test_a_file_without_a_figure_is_told(tmp_path):
    header = synthetic.gidd(1).content.splitlines()[0]
    figures, ledger = ms.read_displacement(write(tmp_path / "gidd.csv", header + "\n"))
    assert figures.empty and ledger.notes == ["gidd.csv holds no figure."]
    figures, ledger = unhcr(tmp_path, "2023,MLI,NER,,,,,,,,,")
    assert figures.empty and ledger.notes == ["p.csv holds no figure."]
    _, ledger = unhcr(tmp_path, "2023,MLI,NER,0,,,,,,,,")
    assert ledger.notes == []


def test_numbers_of_people():
    assert [people(t) for t in ("0", "1 234 567", "375,539", "12.0", "-")] == [0, 1234567, 375539, 12, -1]


def told(line: str) -> list[str]:
    """The cells of a made-up row that hold a figure: no zeros where nobody can be."""
    _, origin, asylum, *cells = line.split(",")
    pair = "-" not in (origin, asylum)
    nowhere = {3, 4} if pair and origin != asylum else {0, 1, 2} if pair else set()
    return [c for i, c in enumerate(cells) if c not in ("", "-") and not (c == "0" and i in nowhere)]


# ---- invariants --------------------------------------------------------------------------------------------

CELL = st.one_of(st.just(""), st.just("-"), st.just("0"), st.integers(0, 10**7).map(str))
ROW = st.tuples(st.integers(1990, 2024), st.sampled_from(["MLI", "NER", "UNK", "-"]), st.sampled_from(["MLI", "DEU", "-"]),
                st.lists(CELL, min_size=9, max_size=9))  # fmt: skip


@pytest.mark.slow
@settings(max_examples=15, deadline=None)
@given(rows=st.lists(ROW, min_size=1, max_size=12), shuffle=st.randoms(use_true_random=False))
def test_the_ledger_adds_up_and_order_does_not_matter(tmp_path_factory, rows, shuffle):
    folder = tmp_path_factory.mktemp("rows")
    lines = [",".join([str(y), o, a, *cells]) for y, o, a, cells in rows]
    figures, ledger = unhcr(folder, *lines)
    cells = [c for *_, row in rows for c in row]
    drops = dropped(ledger)
    assert drops.get("no figure (empty cell)", 0) == cells.count("")
    assert drops.get('no figure ("-": not there, or not asked for)', 0) == cells.count("-")
    once = [c for line in dict.fromkeys(lines) for c in told(line)]
    assert sorted(figures["best"]) == sorted(map(int, once))
    assert (figures["best"] == 0).sum() == sum(int(c) == 0 for c in once)
    ms.check(figures)
    shuffle.shuffle(lines)
    again, _ = unhcr(folder, *lines, name="q.csv")
    assert_frame_equal(again, figures)


@pytest.mark.parametrize("name", sorted(synthetic.DISPLACEMENT))
def test_every_layout_keeps_the_account(tmp_path, name):
    figures, ledger, _ = read(tmp_path, name, 5)
    kept = ledger.check().tidy().set_index("kind").loc["kept"]
    assert kept["rows"] == len(figures)
    of_people = figures[figures["unit"] == "people"]
    assert [kept[c] for c in ("low", "best", "high")] == [of_people[c].sum() for c in ("low", "best", "high")]
    assert (figures["low"].fillna(0) <= figures["best"]).all() and not (figures["high"] < figures["best"]).any()


@pytest.mark.parametrize("name", ["dtm_v3", "idu"])
def test_order_does_not_matter_where_rows_are_dropped(tmp_path, name):
    content = json.loads(synthetic.DISPLACEMENT[name](5).content)
    records = content["result"] if isinstance(content, dict) else content
    plain, _ = ms.read_displacement(write(tmp_path / "a.json", json.dumps(records)))
    random.Random(2).shuffle(records)
    assert_frame_equal(ms.read_displacement(write(tmp_path / "b.json", json.dumps(records)))[0], plain)


def test_made_up_files_are_the_same_from_the_same_seed():
    for name, maker in synthetic.DISPLACEMENT.items():
        assert maker(4) == maker(4), name
        assert maker(4).content != maker(5).content, name


# ---- what is shipped ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def shipped():
    return ms.check(ms.load("displacement"))


def at_year_end(figures, source) -> dict:
    rows = figures.query("source == @source and indicator == 'idps'")
    rows = rows[rows["as_of"].dt.month.eq(12) | rows["as_of"].dt.month.eq(11)]
    return dict(zip(rows["as_of"].dt.year, rows["best"], strict=True))


def test_refugees_from_mali_as_published(shipped):
    rows = shipped.query("source == 'unhcr' and measure == 'stock' and country == 'MLI' and asylum_country != 'MLI'")
    sums = rows.groupby(["indicator", rows["as_of"].dt.year])["best"].sum()
    assert sums["refugees"].loc[[2012, 2023, 2024, 2025]].tolist() == [149930, 249046, 354075, 519738]
    assert sums["asylum_seekers"].loc[2025] == 23629
    hosted = shipped.query("indicator == 'refugees' and asylum_country == 'MLI' and measure == 'stock'")
    assert hosted.groupby(hosted["as_of"].dt.year)["best"].sum().loc[2025] > 100_000


def test_one_pipeline_quoted_three_times(shipped):
    unhcr, idmc, dtm = (at_year_end(shipped, s) for s in ("unhcr", "idmc", "iom_dtm"))
    assert {y for y in idmc if idmc[y] == unhcr.get(y)} == {2016, 2017, 2018, 2019, 2022, 2024}
    assert {y for y in dtm if dtm[y] == unhcr.get(y)} == {2015, 2020, 2021, 2023}
    assert (unhcr[2014], idmc[2014]) == (99816, 61600) and (unhcr[2022], dtm[2022]) == (379932, 412387)


def test_people_in_need_and_the_figure_that_was_revised(shipped):
    need = shipped.query("indicator == 'people_in_need'")
    assert need["best"].tolist() == [7_500_000, 8_800_000, 9_000_000, 7_100_000, 6_400_000]
    assert need["source_version"].dropna().tolist() == ["revised", "launched"]
    assert need["low"].isna().all(), "rounded figures have no bounds of their own"


def test_every_figure_says_whose_it_is(shipped):
    assert shipped["licence"].notna().all() and set(shipped["source"]) == {"unhcr", "idmc", "iom_dtm", "ocha"}
    row = ms.datasets().set_index("name").loc["displacement"]
    assert (row["record"], row["record_ends"]) == ("refugees", "2025") and "CC BY 4.0" in row["licence"]
    for word in ("UNHCR", "IDMC", "IOM", "OCHA"):
        assert word in ms.cite("displacement")
    quoted = catalog.seed("displacement_published")
    assert quoted["note"].notna().all() and len(quoted) == (shipped["source"] != "unhcr").sum()


def test_the_misprint_is_told_by_its_own_arithmetic(shipped):
    row = shipped[shipped["issues"].str.contains("misprint")]
    assert row["best"].item() == 375_539 + 36_848 == 412_387


# ---- what the fuzzer found -----------------------------------------------------------------------------------


def test_columns_that_are_lost_are_said_and_one_that_stands_twice_is_refused(tmp_path):
    head = HEAD.replace(",idps", ",people", 1)
    path = write(tmp_path / "few.csv", head + "2023,MLI,NER,5,0,0,0,0,0,0,0,0\n")
    _, ledger = ms.read_displacement(path)
    assert ledger.notes == ["few.csv lacks columns that UNHCR population, CSV has: idps. What they tell is missing."]
    path = write(tmp_path / "twice.csv", HEAD.replace("hst", "Refugees") + "2023,MLI,NER,5,0,0,0,0,0,0,0,9\n")
    with pytest.raises(ValueError, match="twice.csv: column 'refugees' stands twice \\(again as 'Refugees'\\)"):
        ms.read_displacement(path)


@pytest.mark.parametrize("name", list(synthetic.DISPLACEMENT))
def test_whole_files_lack_nothing(tmp_path, name):
    _, ledger, _ = read(tmp_path, name)
    assert not [note for note in ledger.notes if "lacks columns" in note]


@pytest.mark.parametrize(
    ("name", "column"), [("hapi_food", "population_in_phase"), ("dtm_v3", "numPresentIdpInd"), ("idu", "figure")]
)
def test_another_figure_under_the_same_key_is_flagged(tmp_path, name, column):
    content = synthetic.DISPLACEMENT[name](3).content
    if content.startswith(("[", "{")):
        page = json.loads(content)
        rows = page["result"] if isinstance(page, dict) else page
        rows.append(rows[-2] | {column: rows[-2][column] + 1})
        content = json.dumps(page)
    else:
        last = content.splitlines()[-1]
        count = last.split(",")[content.splitlines()[0].split(",").index(column)]
        content += last.replace(count, f"{count}7", 1) + "\n"
    figures, ledger = ms.read_displacement(write(tmp_path / "twice.dat", content))
    assert figures["issues"].str.contains("another-figure-for-the-same").sum() == 2
    assert flagged(ledger)["another-figure-for-the-same"] == 2


def test_a_row_a_site_is_no_second_figure(tmp_path):
    _, ledger, _ = read(tmp_path, "dtm_sheet")
    assert "another-figure-for-the-same" not in flagged(ledger)


def test_more_than_any_country_has_is_flagged(tmp_path):
    _, ledger = unhcr(tmp_path, "2023,MLI,NER,100000001,0,0,0,0,0,0,0,0", "2022,MLI,NER,100000000,0,0,0,0,0,0,0,0")
    assert flagged(ledger) == {"implausible-people": 1}


@pytest.mark.parametrize(("change", "message"), [
    ({"latitude": "north"}, "column latitude: got 'north', accepted: degrees"),
    ({"longitude": float("nan")}, "column longitude: got 'NaN', accepted: degrees"),
    ({"displacement_type": "x" * 10_001}, "column displacement_type: .* a text of at most 10,000 letters"),
])  # fmt: skip
def test_what_cannot_be_read_in_a_report_is_told(tmp_path, change, message):
    with pytest.raises(ValueError, match=message):
        changed(tmp_path, "idu", lambda record: record.update(change))


def test_signs_that_nobody_wrote_are_flagged(tmp_path):
    figures, ledger = changed(
        tmp_path, "dtm_v3", lambda r: r.update(idpOriginAdmin1Name=r["idpOriginAdmin1Name"].replace("Gao", "G\x07ao"))
    )
    assert flagged(ledger) == {"control-sign": 3}
    assert set(figures["issues"]) == {"", "control-sign:idpOriginAdmin1Name"}


@pytest.mark.parametrize(("column", "value", "message"), [
    ("best", "-4", "row 0, column best: got -4"), ("indicator", "flights", "column indicator: got 'flights'"),
    ("unit", "goats", "column unit: got 'goats'"), ("best", "many", "changed since"),
])  # fmt: skip
def test_a_saved_table_that_was_changed_is_refused(tmp_path, column, value, message):
    figures, _, _ = read(tmp_path, "gidd")
    figures = figures.astype(object)
    figures.loc[0, column] = value
    figures.to_csv(tmp_path / "saved.csv", index=False)
    with pytest.raises(ValueError, match=f"saved.csv(.|\n)*{message}"):
        ms.read_displacement(tmp_path / "saved.csv")
