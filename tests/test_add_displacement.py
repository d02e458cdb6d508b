"""add_displacement: every figure in the cell it is of, none lost, none made up."""

import numpy as np
import pandas as pd
import pytest
from making import ROOT

import mali_stats as ms
from mali_stats import schema
from mali_stats.synthetic.planted import planted_panel


@pytest.fixture(scope="module")
def events():
    return ms.read_events(ROOT / "notebooks" / "made_up_rows.csv", country="MLI")[0]


@pytest.fixture(scope="module")
def national(events):
    return ms.region_month_panel(events, frame="country", start="2022-01", end="2023-12")[0]


@pytest.fixture(scope="module")
def regional(events):
    return ms.region_month_panel(events, start="2022-01", end="2023-12")[0]


@pytest.fixture(scope="module")
def dtm():
    figures = ms.load("displacement").query("source == 'iom_dtm'")
    return figures[figures["as_of"].between("2022-01-01", "2023-12-31")]


def figure(best=100, **columns):
    """One row of the displacement table: a national flow of March 2022, unless said otherwise."""
    row = dict.fromkeys(schema.DISPLACEMENT) | {
        "source": "made_up", "indicator": "new_displacement", "measure": "flow", "period_start": "2022-03-01",
        "period_end": "2022-03-31", "country": "MLI", "unit": "people", "low": best, "best": best, "high": best,
        "licence": "made up", "issues": "",
    }  # fmt: skip
    return row | columns


def stock(best=100, as_of="2022-03-15", **columns):
    return figure(best, indicator="idps", measure="stock", period_start=None, period_end=None, as_of=as_of, **columns)


def table(*rows):
    return schema.typed(pd.DataFrame(rows), schema.DISPLACEMENT)


def cells(joined, column, keys=("region", "month")):
    """The cells with a figure, as a dictionary."""
    known = joined[joined[column].notna()]
    return {
        tuple(f"{v:%Y-%m}" if isinstance(v, pd.Timestamp) else v for v in key): int(value)
        for *key, value in known[[*keys, column]].itertuples(index=False)
    }


# ---- where a figure goes -----------------------------------------------------------------------------------


def test_a_stock_stands_at_its_month_only(national, dtm):
    joined = ms.add_displacement(national, dtm)
    assert cells(joined, "idps") == {
        ("MLI", "2022-04"): 370548, ("MLI", "2022-08"): 422620, ("MLI", "2022-12"): 412387,
        ("MLI", "2023-04"): 375539, ("MLI", "2023-09"): 391961, ("MLI", "2023-12"): 354739,
    }  # fmt: skip
    known = joined["idps"].notna()
    assert joined["idps_is_observed"].tolist() == known.tolist()
    assert joined.loc[known, "idps_measure"].eq("stock").all() and joined.loc[~known, "idps_measure"].isna().all()
    assert "coverage:verification" in joined.loc[joined["month"] == "2023-04-01", "idps_issues"].iloc[0]


def test_the_panel_comes_back_as_it_was(national, dtm):
    shuffled = national.sample(frac=1, random_state=1).set_index(np.arange(len(national)) * 3 + 7)
    joined = ms.add_displacement(shuffled, dtm.sample(frac=1, random_state=2))
    pd.testing.assert_frame_equal(joined[national.columns], shuffled)
    back = joined.sort_values(["region", "month"]).reset_index(drop=True)
    straight = ms.add_displacement(national, dtm).sort_values(["region", "month"]).reset_index(drop=True)
    pd.testing.assert_frame_equal(back, straight)
    assert ms.check(joined) is joined


def test_months_without_a_figure_are_missing_and_zeros_are_zeros(regional):
    joined = ms.add_displacement(regional, table(figure(0, admin1="ML05")))
    assert cells(joined, "new_displacement") == {("ML05", "2022-03"): 0}
    assert joined["new_displacement"].dtype == "Int64" and joined["new_displacement"].isna().sum() == len(joined) - 1
    assert joined.loc[joined["region"] == "unallocated", "new_displacement"].isna().all()


def test_every_figure_of_a_planted_record_is_found_again():
    made = planted_panel(seed=3, months=30)
    joined = ms.add_displacement(made.panel, made.figures)
    by_region = joined.groupby("region")["new_displacement"].sum()
    assert by_region.equals(made.figures.groupby("admin1")["best"].sum().rename_axis("region").rename(by_region.name))
    np.testing.assert_array_equal(joined["new_displacement"], made.figures["best"])
    assert joined["new_displacement_is_observed"].all() and joined["new_displacement_issues"].eq("").all()


def test_several_indicators_become_several_columns(national):
    both = table(stock(50), figure(7), figure(-9, measure="net change", indicator="idps"))
    joined = ms.add_displacement(national, both)
    at = ("MLI", "2022-03")
    assert [cells(joined, c)[at] for c in ("idps", "new_displacement", "idps_net_change")] == [50, 7, -9]
    row = joined[joined["idps"].notna()].iloc[0]
    assert [row[f"{c}_measure"] for c in ("idps", "new_displacement", "idps_net_change")] == [
        "stock", "flow", "net change",
    ]  # fmt: skip


def test_low_and_high_come_along_and_a_sum_with_a_part_missing_is_missing(regional):
    parts = table(
        figure(10, low=8, high=14, admin1="ML05", breakdown="event:1"),
        figure(20, low=20, high=None, admin1="ML05", breakdown="event:2"),
    )
    row = ms.add_displacement(regional, parts).query("new_displacement.notna()").iloc[0]
    assert (row["new_displacement"], row["new_displacement_low"]) == (30, 28)
    assert row["new_displacement_high"] is pd.NA


def test_events_within_a_month_are_added_up_and_marked(national):
    days = {"period_start": "2022-03-10", "period_end": "2022-03-12"}
    rows = table(figure(10, breakdown="event:1", **days), figure(5, breakdown="event:2", **days))
    joined = ms.add_displacement(national, rows)
    assert cells(joined, "new_displacement") == {("MLI", "2022-03"): 15}
    row = joined[joined["new_displacement"].notna()].iloc[0]
    assert row["new_displacement_issues"] == "part-of-month" and row["new_displacement_is_observed"]


# ---- regions -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["ML06", "Tombouctou", "Timbuktu", "TOMBOUCTOU region"])
def test_regions_by_code_by_name_and_by_known_spellings(regional, name):
    joined = ms.add_displacement(regional, table(figure(9, admin1=name)))
    assert cells(joined, "new_displacement") == {("ML06", "2022-03"): 9}


def test_a_coarser_frame_adds_up_what_it_holds(events):
    panel, _ = ms.region_month_panel(events, frame="census9", start="2022-01", end="2022-12")
    joined = ms.add_displacement(panel, table(figure(9, admin1="ML07"), figure(4, admin1="ML10")))
    assert cells(joined, "new_displacement") == {("ML07", "2022-03"): 13}


def test_a_name_that_covered_several_regions_is_refused_and_the_frame_named(events):
    old = {"period_start": "2013-03-01", "period_end": "2013-03-31"}
    then, _ = ms.region_month_panel(events, start="2013-01", end="2013-12")
    with pytest.raises(ValueError, match="'Gao' covered several regions of frame 'ocha10' on 2013-03-01"):
        ms.add_displacement(then, table(figure(9, admin1="Gao", **old)))
    nine, _ = ms.region_month_panel(events, frame="census9", start="2013-01", end="2013-12")
    joined = ms.add_displacement(nine, table(figure(9, admin1="Gao", **old)))
    assert cells(joined, "new_displacement") == {("ML07", "2013-03"): 9}


def test_a_frame_finer_than_the_figure(events):
    panel, _ = ms.region_month_panel(events, frame="law2023", start="2022-01", end="2022-12")
    with pytest.raises(ValueError, match="covered several regions.*Bandiagara, Douentza, Mopti"):
        ms.add_displacement(panel, table(figure(9, admin1="ML05")))
    joined = ms.add_displacement(panel, table(figure(9, admin1="Bandiagara"), figure(4, admin1="ML08")))
    assert cells(joined, "new_displacement") == {("Bandiagara", "2022-03"): 9, ("Kidal", "2022-03"): 4}


def test_a_country_without_seed_tables_has_its_regions_by_name(regional):
    panel = regional[regional["region"].isin(["ML05", "ML06", "unallocated"])].assign(country="BFA", frame="published")
    panel["region"] = panel["region_name"]
    joined = ms.add_displacement(panel, table(figure(9, admin1="Mopti", country="BFA")))
    assert cells(joined, "new_displacement") == {("Mopti", "2022-03"): 9}
    with pytest.raises(ValueError, match="'Mopty' is no region that is known .nearest: Mopti"):
        ms.add_displacement(panel, table(figure(9, admin1="Mopty", country="BFA")))


# ---- periods and interpolated stocks -----------------------------------------------------------------------


def test_a_year_is_refused_or_shared_out_by_days_to_the_last_person(national):
    year = {"period_start": "2022-01-01", "period_end": "2022-12-31"}
    figures = table(figure(153_990, low=100, high=200_001, **year))
    with pytest.raises(ValueError, match="1 of 1 figures are of several months.*spread='days'"):
        ms.add_displacement(national, figures)
    joined = ms.add_displacement(national, figures, spread="days").query("new_displacement.notna()")
    sums = joined[["new_displacement_low", "new_displacement", "new_displacement_high"]].sum()
    assert sums.tolist() == [100, 153_990, 200_001] and len(joined) == 12
    assert (joined["new_displacement"] - joined["month"].dt.days_in_month * 153_990 / 365).abs().max() < 1
    assert not joined["new_displacement_is_observed"].any()
    assert joined["new_displacement_issues"].eq("spread-from:2022-01-01/2022-12-31").all()


def test_a_net_change_below_zero_is_shared_out_in_order(national, dtm):
    change = ms.stock_to_flow(dtm).assign(low=lambda c: c["best"] - 50, high=lambda c: c["best"] + 50)
    joined = ms.add_displacement(national, change, spread="days").query("idps_net_change.notna()")
    assert joined["idps_net_change"].sum() == 354739 - 370548
    low, best, high = (joined[f"idps_net_change{end}"] for end in ("_low", "", "_high"))
    assert (low <= best).all() and (best <= high).all() and (best < 0).any() and (best > 0).any()
    assert "idps" not in joined


def test_interpolated_months_say_so(national, dtm):
    filled = ms.interpolate_stock(dtm)
    joined = ms.add_displacement(national, filled[filled["as_of"] <= "2023-12-31"]).query("idps.notna()")
    assert len(joined) == 21 and joined["idps_is_observed"].sum() == 6
    made = joined[~joined["idps_is_observed"]]
    assert made["idps_issues"].str.contains("interpolated").all()


# ---- what is refused ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("rows", "message"), [
    ([figure(source="unhcr"), figure(source="idmc")], "more than one source .idmc|more than one source .unhcr"),
    ([figure(), figure(unit="households")], "1 figures are not in people but households"),
    ([stock(), figure(indicator="idps")], "more than one measure .stock, flow"),
    ([stock(as_of="2022-03-01"), stock(as_of="2022-03-30")], "stocks of 2 dates"),
    ([stock(1), stock(2)], "two figures for the same people and day"),
    ([figure(), figure(period_end="2022-03-20")], "periods overlap"),
    ([figure(population_group="conflict"), figure(population_group="disaster")], "more than one population_group"),
    ([figure(breakdown="sector:A"), figure(breakdown="sector:B")], "breakdowns by sector"),
    ([figure(), figure(admin1="ML05")], "some rows name an admin1 and some do not"),
    ([figure(), figure(period_start="2024-01-01", period_end="2024-01-31")],
     "1 of 2 figures find no cell: the panel's months are 2022-01 to 2023-12.*period_start"),
    ([stock(), stock(as_of="2021-12-31")], "1 of 2 figures find no cell.*figures.'as_of'..between.'2022-01-01', '2023-12-31'"),
    ([figure(country="BFA")], "1 of 1 figures find no cell: they are of other countries than MLI"),
    ([figure(admin1="ML05")], "they are of regions and the panel is of the country"),
    ([figure(best=-1)], "a whole number of 0 or more"),
])  # fmt: skip
def test_figures_that_cannot_be_joined(national, rows, message):
    with pytest.raises(ValueError, match=message):
        ms.add_displacement(national, table(*rows))


def test_a_total_of_the_country_belongs_to_no_region(regional):
    with pytest.raises(ValueError, match="1 of 1 figures find no cell: they are of the whole country.*frame='country'"):
        ms.add_displacement(regional, table(figure()))
    with pytest.raises(ValueError, match="'Moptii' is no region that is known .nearest: Mopti"):
        ms.add_displacement(regional, table(figure(admin1="Moptii")))


def test_pieces_beyond_the_panel_are_counted_as_figures(national):
    over = table(figure(period_start="2023-12-01", period_end="2024-02-29"), figure())
    with pytest.raises(ValueError, match="1 of 2 figures find no cell"):
        ms.add_displacement(national, over, spread="days")


def test_panels_and_arguments_that_cannot_be(events, national, dtm):
    by_type, _ = ms.region_month_panel(events, frame="country", by="type_of_violence", start="2022-01", end="2023-12")
    with pytest.raises(ValueError, match="share region and month with another"):
        ms.add_displacement(by_type, dtm)
    with pytest.raises(ValueError, match="has a column 'idps' already"):
        ms.add_displacement(ms.add_displacement(national, dtm), dtm)
    with pytest.raises(ValueError, match="spread='months' is not known"):
        ms.add_displacement(national, dtm, spread="months")
    with pytest.raises(ValueError, match="the figures have no row"):
        ms.add_displacement(national, dtm.iloc[:0])
    with pytest.raises(TypeError, match="must be a displacement table.*got DataFrame"):
        ms.add_displacement(national, national)
