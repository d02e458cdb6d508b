"""check holds tables to their vocabulary and says where they break it."""

import pandas as pd
import pytest
from making import records, text, write

import mali_stats as ms
from mali_stats.schema import DISPLACEMENT, EVENTS, GEO_PRECISION


@pytest.fixture
def events(tmp_path):
    return ms.read_events(write(tmp_path / "made_up.csv", text(records(4))))[0]


def displacement(**changes) -> pd.DataFrame:
    row = dict.fromkeys(DISPLACEMENT) | {
        "source": "iom_dtm", "indicator": "idps", "measure": "stock", "as_of": pd.Timestamp("2023-04-30"),
        "country": "MLI", "unit": "people", "best": 375539, "issues": "",
    }  # fmt: skip
    return pd.DataFrame([row | changes])


def test_valid_tables_come_back_themselves(events):
    panel, _ = ms.region_month_panel(events)
    for table in (events, panel, displacement(), ms.load("region_month")):
        assert ms.check(table) is table


@pytest.mark.parametrize(("column", "value", "message"), [
    ("deaths_best", -1, r"row 2, column deaths_best: got -1, accepted: a whole number of 0 or more"),
    ("date_end", pd.Timestamp("1999-01-01"), r"row 2, column date_end: .*not before date_start"),
    ("date_start", pd.NaT, r"row 2, column date_start: .*without one cannot be placed in time"),
    ("latitude", float("inf"), r"row 2, column latitude: got inf"),
    ("event_id", "100", r"row 0, column event_id: got '100', accepted: one row per event and source"),
])  # fmt: skip
def test_events_that_are_not_valid(events, column, value, message):
    events.loc[2, column] = value
    with pytest.raises(ValueError, match=message):
        ms.check(events)


def test_levels_are_held(events):
    events["geo_precision"] = events["geo_precision"].astype(str)
    assert ms.check(events) is events
    events.loc[1, "geo_precision"] = "village"
    with pytest.raises(ValueError, match=r"row 1, column geo_precision: got 'village', accepted: one of exact, near"):
        ms.check(events)
    assert GEO_PRECISION[0] == "exact"


def test_missing_and_repeated_columns(events):
    with pytest.raises(ValueError, match="column dyad: the column is missing"):
        ms.check(events.drop(columns="dyad"))
    with pytest.raises(ValueError, match="column dyad: stands twice"):
        ms.check(pd.concat([events, events[["dyad"]]], axis=1))


def test_at_most_ten_faults_are_listed(events):
    many = pd.concat([events] * 5, ignore_index=True)
    with pytest.raises(ValueError, match="has 20 faults") as caught:
        ms.check(many)
    assert str(caught.value).count("\n  row ") == 10 and "and 10 more" in str(caught.value)


def test_panels_without_silent_gaps(events):
    panel, _ = ms.region_month_panel(events, frame="country")
    with pytest.raises(ValueError, match="months are missing in MLI / MLI"):
        ms.check(panel.drop(index=5))
    with pytest.raises(ValueError, match="one row per region and month"):
        ms.check(pd.concat([panel, panel[:1]], ignore_index=True))
    panel["in_scope"] = False
    with pytest.raises(ValueError, match="missing just where the month is out of scope"):
        ms.check(panel)


@pytest.mark.parametrize(("changes", "message"), [
    ({"indicator": "people"}, "column indicator: got 'people', accepted: one of idps"),
    ({"as_of": None}, "column as_of: .*a stock needs the day"),
    ({"measure": "flow"}, "column period_start: .*a flow needs its period"),
    ({"measure": "change"}, "column measure: got 'change'"),
    ({"best": -3}, "column best: got -3"),
    ({"unit": "goats"}, "column unit: got 'goats', accepted: one of people, households"),
    ({"measure": "flow", "period_start": pd.Timestamp("2023-02-01"), "period_end": pd.Timestamp("2023-01-01")},
     "column period_end: .*a day not before period_start"),
])  # fmt: skip
def test_displacement_that_is_not_valid(changes, message):
    with pytest.raises(ValueError, match=message):
        ms.check(displacement(**changes))


def test_only_a_net_change_may_be_below_zero():
    below = {"best": -3, "period_start": pd.Timestamp("2023-02-01")}
    change = displacement(measure="net change", **below)
    assert ms.check(change) is change
    with pytest.raises(ValueError, match="only a net change may be below"):
        ms.check(displacement(measure="flow", **below))


def test_what_is_no_table():
    with pytest.raises(TypeError, match=r"a pandas.DataFrame is wanted, got list"):
        ms.check([1])
    with pytest.raises(ValueError, match="no events, displacement or panel table. It has a, b"):
        ms.check(pd.DataFrame({"a": [1], "b": [2]}))
    assert len(EVENTS) == 40


def test_a_table_read_back_without_its_kinds_is_told_so(tmp_path):
    path = tmp_path / "panel.csv"
    ms.load("region_month").head(50).to_csv(path, index=False)
    with pytest.raises(ValueError, match=r"column month: got '1989-01-01', accepted: a date \(use pd.to_datetime\)"):
        ms.check(pd.read_csv(path))


@pytest.mark.parametrize("by", ["clarity", "active_year", "dyad", ["type_of_violence", "clarity"]])
def test_panels_by_any_column_are_valid(events, by):
    panel, _ = ms.region_month_panel(events, by=by)
    assert ms.check(panel) is panel
    assert ms.add_population(panel)["population"].notna().any()
