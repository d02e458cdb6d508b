"""compare_releases: planted edits are found and nothing else is; old and the changes add up to new."""

import io
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from making import RAW, WEB_MALI, needs_raw, records, text, write
from pandas.testing import assert_frame_equal

import mali_stats as ms
from mali_stats.clean.releases.releases import ReleaseDiff
from mali_stats.schema import COUNTS, DEATHS

TOTALS = ["deaths_low", "deaths_best", "deaths_high"]


@pytest.fixture(scope="module")
def old(tmp_path_factory):
    """Twelve made-up events of 2012 to 2023, in ten regions and nowhere, of ids 100 to 111."""
    return ms.read_events(write(tmp_path_factory.mktemp("old") / "made_up.csv", text(records(12))))[0]


@pytest.fixture(scope="module")
def mali():
    return ms.read_events(WEB_MALI, country="MLI")[0]


def edited(events: pd.DataFrame, changes: dict) -> pd.DataFrame:
    """A copy with other values: {event_id: {column: value}}."""
    out = events.copy().set_index("event_id", drop=False)
    for event, values in changes.items():
        for column, value in values.items():
            out.loc[event, column] = value
    return out.reset_index(drop=True)


def found(diff) -> set[tuple]:
    """What differs in rows that both have."""
    rows = diff.tidy().query("change in ['changed', 'renamed']")
    return {tuple(r) for r in rows[["change", "event_id", "column", "old", "new"]].itertuples(index=False)}


def adds_up(diff, old: pd.DataFrame, new: pd.DataFrame) -> None:
    """Old and the changes are new: for events and every count, in the account, the long form and the cells."""
    counts = {"events": (len(old), len(new))} | {c: (old[c].sum(), new[c].sum()) for c in DEATHS}
    by_column = diff.tidy().groupby("column")["difference"].sum()
    for name in COUNTS:
        before, after = counts[name]
        assert by_column.get(name, 0) == after - before
        if name in diff.account:
            assert diff.account.loc["old", name] == before and diff.account.loc["new", name] == after
            assert diff.account[name].drop("new").sum() == after
            assert diff.moved[name].sum() == after - before


# ---- identical ---------------------------------------------------------------------------------------------


def test_identical_releases_say_so(old):
    diff = ms.compare_releases(old, old.copy())
    assert diff.identical and diff.tidy().empty and diff.moved.empty and diff.renamed.empty
    assert diff.added.empty and diff.removed.empty and diff.notes == []
    assert "No difference: both releases say the same." in repr(diff) and "old" not in repr(diff).split("\n")[1:3]
    assert "No difference" in diff._repr_html_()
    assert list(diff.tidy().columns) == ["change", "event_id", "column", "old", "new", "difference"]


def stored(events: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """The same events as other programs would hand them over."""
    as_csv = events.to_csv(index=False)
    whole = list(DEATHS)
    return {
        "shuffled": events.sample(frac=1, random_state=1),
        "columns turned round": events[events.columns[::-1]],
        "csv as text": pd.read_csv(io.StringIO(as_csv), dtype=str),
        "csv as pandas guesses": pd.read_csv(io.StringIO(as_csv)),
        "objects": events.astype("object"),
        "floats and plain text": events.astype(dict.fromkeys(whole, "float64") | {"date_precision": "str"}),
        "ids as numbers": events.assign(event_id=pd.to_numeric(events["event_id"]).astype(float)),
        "other levels": events.assign(geo_precision=events["geo_precision"].cat.remove_unused_categories()),
        "a clock": events.assign(date_end=events["date_end"] + pd.Timedelta(hours=5)),
        "last digit of a coordinate": events.assign(latitude=events["latitude"] + 1e-12),
    }


@pytest.mark.parametrize("form", range(10))
def test_the_way_it_is_stored_is_no_difference(old, form):
    name, other = list(stored(old).items())[form]
    assert ms.compare_releases(old, other).identical, name
    assert ms.compare_releases(other, old).identical, name


# ---- planted edits -----------------------------------------------------------------------------------------


def test_planted_edits_are_found_and_nothing_else(old):
    new = edited(old, {
        "100": {"deaths_best": 16, "deaths_high": 30},
        "102": {"latitude": 19.5, "issues": "odd"},
        "104": {"date_end": pd.Timestamp("2016-07-02"), "geo_precision": "area", "clarity": pd.NA},
        "106": {"side_b": "Group A renamed"},
        "107": {"side_b": "Group B", "side_b_id": "77"},
    })  # fmt: skip
    new = new[new["event_id"] != "110"]
    more = old.tail(2).assign(event_id=["900", "901"], date_end=pd.to_datetime(["2013-01-01", "2024-05-01"]))
    new = pd.concat([more, new], ignore_index=True)
    diff = ms.compare_releases(old, new)
    assert found(diff) == {
        ("changed", "100", "deaths_best", "6", "16"), ("changed", "100", "deaths_high", "9", "30"),
        ("changed", "102", "latitude", "19.0", "19.5"), ("changed", "102", "issues", np.nan, "odd"),
        ("changed", "104", "date_end", "2016-05-05", "2016-07-02"),
        ("changed", "104", "geo_precision", "exact", "area"), ("changed", "104", "clarity", "1", np.nan),
        ("renamed", "106", "side_b", "Group A", "Group A renamed"),
        ("changed", "107", "side_b", "Group A", "Group B"), ("changed", "107", "side_b_id", "992", "77"),
    }  # fmt: skip
    assert diff.removed["event_id"].tolist() == ["110"]
    assert diff.added.set_index("event_id")["later"].to_dict() == {"900": False, "901": True}
    assert diff.account["events"].to_dict() == {
        "old": 12, "removed": -1, "changed": 0, "added": 1, "added later": 1, "new": 13
    }  # fmt: skip
    assert diff.account.loc["changed", TOTALS].tolist() == [0, 10, 21]
    adds_up(diff, old, new)


def test_rows_that_one_release_has_alone_stand_there_as_given(old):
    mixed = old.sample(frac=1, random_state=4).assign(mine=range(12))
    diff = ms.compare_releases(mixed[2:], mixed[:-1])
    assert_frame_equal(diff.removed, mixed.iloc[[-1]].reset_index(drop=True), check_dtype=True)
    alone = mixed[:2].sort_values("event_id").reset_index(drop=True)
    assert_frame_equal(diff.added.drop(columns="later"), alone)


def test_missing_counts(old):
    some = edited(old, {"100": {"deaths_best": pd.NA}, "101": {"deaths_best": pd.NA}})
    other = edited(old, {"101": {"deaths_best": pd.NA}, "102": {"deaths_best": pd.NA}})
    diff = ms.compare_releases(some, other)
    assert found(diff) == {
        ("changed", "100", "deaths_best", np.nan, "6"),
        ("changed", "102", "deaths_best", "8", np.nan),
    }
    assert diff.tidy()["difference"].tolist() == [6, -8]
    assert "Counts of deaths that are missing, 0 in every sum: 4." in diff.notes
    adds_up(diff, some, other)


def test_names_that_changed_while_the_id_did_not(old):
    two = edited(old, {"105": {"side_a_id": "992", "side_a": "Group A"}})  # once on the other side
    new = two.assign(side_b="Group Z", dyad="Government - Group Z")
    new.loc[new["event_id"] == "105", "side_a"] = "Group Z"
    diff = ms.compare_releases(two, new)
    assert diff.renamed.to_dict("records") == [
        {"what": "side", "id": "992", "old": "Group A", "new": "Group Z", "rows": 13},
        {"what": "dyad", "id": "990", "old": "Government - Group A", "new": "Government - Group Z", "rows": 12},
    ]
    assert set(diff.tidy()["change"]) == {"renamed"} and diff.moved.empty
    assert "renamed: Group A -> Group Z (side 992, rows 13); Government" in repr(diff)
    mixed = edited(old, {"105": {"side_b": "Group Z"}})
    assert ms.compare_releases(old, mixed).renamed["new"].tolist() == ["Group A / Group Z"]
    nameless = old.assign(side_b_id=None)
    diff = ms.compare_releases(nameless, edited(nameless, {"105": {"side_b": "Group Z"}}))
    assert diff.renamed.empty and diff.tidy()["change"].tolist() == ["changed"]


def test_deaths_move_between_regions_and_months(old):
    new = edited(old, {
        "100": {"admin1": "ML07", "admin1_name": "Gao"},  # from Mopti
        "103": {"date_end": pd.Timestamp("2015-05-09"), "deaths_high": 20},  # nowhere, from April
        "101": {"admin1_name": "GAO"},  # only its spelling
    })  # fmt: skip
    moved = ms.compare_releases(old, new).moved
    assert moved.columns.tolist() == [
        "country", "region", "region_name", "month", "later", "events", "deaths_low", "deaths_best", "deaths_high"
    ]  # fmt: skip
    rows = {
        (r.region, f"{r.month:%Y-%m}"): (r.events, r.deaths_low, r.deaths_best, r.deaths_high)
        for r in moved.itertuples()
    }
    assert rows == {
        ("ML05", "2012-01"): (-1, -5, -6, -9), ("ML07", "2012-01"): (1, 5, 6, 9),
        ("unallocated", "2015-04"): (-1, -5, -9, -12), ("unallocated", "2015-05"): (1, 5, 9, 20),
    }  # fmt: skip
    uncoded = old.assign(admin1=None)
    names = ms.compare_releases(uncoded, edited(uncoded, {"100": {"deaths_low": 6}})).moved
    assert names[["region", "region_name", "deaths_low"]].to_numpy().tolist() == [["Mopti", "Mopti", 1]]
    assert not moved["later"].any() and moved["month"].dtype == old["date_end"].dtype


def test_what_comes_after_the_old_record_is_told_from_what_was_revised(old):
    diff = ms.compare_releases(old[old["date_end"] < "2020"], old)
    assert diff.account.loc["added", "events"] == 0 and diff.account.loc["added later", "events"] == 4
    assert diff.moved["later"].all() and "within the old record" not in repr(diff)
    same_day = old.tail(1).assign(event_id="900")
    diff = ms.compare_releases(old, pd.concat([old, same_day]))
    assert not diff.added["later"].any(), "the last day itself was in the old record"
    back = ms.compare_releases(old, old[old["date_end"] < "2020"])
    assert "The new release ends before the old one does" in back.notes[0]
    assert back.account.loc["removed", "events"] == -4


EDIT = st.tuples(
    st.integers(0, 11),
    st.sampled_from(["deaths_low", "deaths_best", "deaths_high", "deaths_a", "admin1", "date_end", "drop", "add"]),
    st.one_of(st.none(), st.integers(0, 500)),
)


@pytest.mark.slow
@settings(max_examples=15, deadline=None)
@given(edits=st.lists(EDIT, max_size=8), seed=st.integers(0, 99))
def test_it_adds_up_whatever_was_edited(old, edits, seed):
    new = old.copy()
    for row, what, value in edits:
        event = str(100 + row)
        if what == "drop":
            new = new[new["event_id"] != event]
        elif what == "add":
            extra = old.iloc[[row]].assign(event_id=str(1000 + row), deaths_best=value)
            extra["date_end"] = pd.Timestamp("2020-01-01") + pd.Timedelta(days=10 * (value or 0))
            new = pd.concat([new[new["event_id"] != str(1000 + row)], extra.astype(old.dtypes)])
        elif what == "admin1":
            new = (
                edited(new, {event: {what: f"ML{1 + (value or 0) % 10:02d}"}}) if event in set(new["event_id"]) else new
            )
        elif event in set(new["event_id"]):
            day = pd.Timestamp("2021-01-01") + pd.Timedelta(days=value or 0)
            new = edited(new, {event: {what: day if what == "date_end" else pd.NA if value is None else value}})
    new = new.sample(frac=1, random_state=seed)
    diff, back = ms.compare_releases(old, new), ms.compare_releases(new, old)
    adds_up(diff, old, new)
    adds_up(back, new, old)
    same = ms.compare_releases(old.sample(frac=1, random_state=seed), new.sort_values("event_id"))
    assert_frame_equal(diff.tidy(), same.tidy())
    assert diff.identical == back.identical == diff.tidy().empty
    flipped = {("changed", *r[1:3], r[4], r[3]) for r in found(back)}
    assert {str(r) for r in found(diff)} == {str(r) for r in flipped}


def test_an_account_that_does_not_add_up_is_a_fault_of_ours(old):
    diff = ms.compare_releases(old, old[1:])
    assert diff.check() is diff
    with pytest.raises(AssertionError, match=r"does not add up: deaths_best \+3.*fault of mali_stats"):
        wrong = diff.account.copy()
        wrong.loc["changed", "deaths_best"] += 3
        replace(diff, account=wrong).check()
    with pytest.raises(AssertionError, match="does not add up"):
        replace(diff, moved=diff.moved[:0]).check()


def test_the_report_is_short(old):
    new = old.assign(deaths_best=old["deaths_best"] + 1, deaths_high=old["deaths_high"] + 2, clarity=2)
    shown = repr(ms.compare_releases(old.assign(source_version="24.1"), new.assign(source_version="25.1")))
    assert shown.startswith("ReleaseDiff of ucdp_ged: events 24.1 to 2023-12-12 -> events 25.1 to 2023-12-12\n")
    assert "values that differ: deaths_best 12; deaths_high 12; clarity 12" in shown
    assert "+0/+1/+2; " in shown and "; and 6 more" in shown
    assert len(shown.splitlines()) < 15


# ---- country-years -----------------------------------------------------------------------------------------


def years(**changes) -> pd.DataFrame:
    table = pd.DataFrame({"country": ["MLI"] * 3, "year": [2021, 2022, 2023], "deaths_low": [5, 6, 7],
                          "deaths_best": [8, 9, 10], "deaths_high": [11, 12, 13]})  # fmt: skip
    return table.assign(**changes)


def test_two_tables_of_country_years():
    new = years(deaths_best=[8, 19, 10], deaths_low=[5, pd.NA, 7])
    new = pd.concat([new, years(country="NER")[:1], years(year=[2030, 2031, 2032])[:1]])
    diff = ms.compare_releases(years(), new.sample(frac=1, random_state=2))
    changed = diff.tidy().query("change == 'changed'").fillna({"new": ""})
    assert changed[["country", "year", "column", "old", "new", "difference"]].to_numpy().tolist() == [
        ["MLI", 2022, "deaths_low", "6", "", -6], ["MLI", 2022, "deaths_best", "9", "19", 10],
    ]  # fmt: skip
    assert diff.account.to_numpy().tolist() == [
        [3, 18, 27, 36], [0, 0, 0, 0], [0, -6, 10, 0], [1, 5, 8, 11], [1, 5, 8, 11], [5, 22, 53, 58]
    ]  # fmt: skip
    assert diff.moved.query("not later")[["country", "year", "deaths_best"]].to_numpy().tolist() == [
        ["MLI", 2022, 10], ["NER", 2021, 8]
    ]  # fmt: skip
    assert "Countries of the new release only: NER." in diff.notes
    assert "MLI 2022 -6/+10/+0" in repr(diff)


def test_country_years_however_they_are_stored():
    text_table = pd.read_csv(io.StringIO(years().to_csv(index=False)), dtype=str)
    for other in (years().astype("object"), text_table, years().astype({"year": "float64"}), years(extra=1)):
        assert ms.compare_releases(years(), other).identical
    assert ms.compare_releases(years(), years(extra=1)).notes == [
        "Columns of the new release only, not compared: extra."
    ]
    rates = ms.compare_releases(years(rate=[0.5, 1.5, 2.0]), years(rate=[0.5, 1.75, 2.0])).tidy()
    assert rates[["column", "old", "new"]].to_numpy().tolist() == [["rate", "1.5", "1.75"]]


def test_the_shipped_record_against_the_published_totals():
    """The five revisions that test_panel holds too: 24.1 by the panel against 25.1 as published."""
    panel = ms.load("region_month")
    ours = panel.assign(year=panel["month"].dt.year).groupby(["country", "year"], as_index=False)[TOTALS].sum()
    published = ms.load("country_year").query("country == 'MLI'")
    diff = ms.compare_releases(ours, published)
    best = diff.tidy().query("change == 'changed' and column == 'deaths_best'").set_index("year")["difference"]
    assert best.to_dict() == {2016: 7, 2017: 7, 2020: 34, 2022: 6, 2023: 9}
    assert diff.account["deaths_best"].tolist() == [15742, 0, 63, 0, 1901, 15742 + 63 + 1901]


# ---- events against country-years --------------------------------------------------------------------------


def published(events: pd.DataFrame, **changes) -> pd.DataFrame:
    """Sums by year of the last day, from 2010 to 2024, worked out another way than the library does."""
    rows = []
    for year in range(2010, 2025):
        part = events[events["date_end"].dt.year == year]
        types = {k: part.loc[part["type_of_violence"] == v, "deaths_best"].sum() for k, v in
                 (("state_based_best", "state-based"), ("non_state_best", "non-state"), ("one_sided_best", "one-sided"))}  # fmt: skip
        rows.append({"country": "MLI", "year": year, **{c: part[c].sum() for c in TOTALS},
                     "deaths_civilians": part["deaths_civilians"].sum(), **types, "population": 5})  # fmt: skip
    return pd.DataFrame(rows).assign(**changes)


def test_events_against_published_country_years(old):
    totals = published(old)
    totals.loc[totals["year"] == 2015, ["deaths_best", "one_sided_best"]] += 4
    totals.loc[totals["year"] == 2024, "deaths_high"] = 50
    elsewhere = totals.assign(country="NER")
    diff = ms.compare_releases(old, pd.concat([totals, elsewhere]))
    changed = diff.tidy().query("change == 'changed'")
    assert changed[["year", "column", "difference"]].to_numpy().tolist() == [
        [2015, "deaths_best", 4], [2015, "one_sided_best", 4],
    ]  # fmt: skip
    assert diff.account["country_years"].to_dict() == {
        "old": 14, "removed": 0, "changed": 0, "added": 0, "added later": 1, "new": 15
    }  # fmt: skip
    assert diff.account.loc["old", TOTALS].tolist() == old[TOTALS].sum().tolist()
    assert diff.notes == [
        "Countries of which there are no events, left out: NER.",
        "Columns of the new release only, not compared: population.",
    ]
    back = ms.compare_releases(totals, old)
    assert back.tidy().query("change == 'changed'")["difference"].tolist() == [-4, -4]
    assert back.account["country_years"].tolist() == [15, -1, 0, 0, 0, 14]


def test_an_event_across_the_turn_of_a_year_counts_in_the_year_of_its_last_day(old):
    late = edited(old, {"104": {"date_start": pd.Timestamp("2015-12-30"), "date_end": pd.Timestamp("2016-01-02")}})
    diff = ms.compare_releases(late, published(late).query("year < 2024"))
    assert diff.identical
    assert diff.notes[0] == "Events across a turn of the year, each counted in the year of its last day: 1."


@needs_raw
def test_the_mali_events_against_the_published_country_years(mali):
    diff = ms.compare_releases(mali, ms.load("country_year"))
    tidy = diff.tidy().query("change == 'changed'")
    by_column = {c: dict(zip(p["year"], p["difference"], strict=True)) for c, p in tidy.groupby("column")}
    assert by_column["deaths_best"] == {2016: 7, 2017: 7, 2020: 34, 2022: 6, 2023: 9}
    assert by_column["deaths_low"] == {2016: 7, 2017: 7, 2020: 31, 2022: 6, 2023: 14}
    assert by_column["deaths_high"] == {2017: 7, 2020: 31, 2022: 6, 2023: 15}
    kinds = [by_column[f"{kind}_best"] for kind in ("state_based", "non_state", "one_sided")]
    for year, total in by_column["deaths_best"].items():
        assert sum(kind.get(year, 0) for kind in kinds) == total
    with_events = mali["date_end"].dt.year.nunique()
    assert (with_events, with_events - len(by_column["deaths_best"])) == (28, 23)
    assert not any("turn of the year" in note for note in diff.notes)


@needs_raw
def test_the_events_of_burkina_faso_too():
    events, _ = ms.read_events(RAW / "ucdp" / "gedevents_web_burkina_faso.csv.gz", country="BFA")
    tidy = ms.compare_releases(events, ms.load("country_year")).tidy()
    best = tidy.query("change == 'changed' and column == 'deaths_best'").set_index("year")["difference"]
    assert best.to_dict() == {2022: 95, 2023: 13}


@needs_raw
def test_planted_edits_in_the_mali_events(mali):
    """In memory only: what was planted is found among 2,120 events, and nothing else."""
    assert ms.compare_releases(mali, mali.sample(frac=1, random_state=1)).identical
    rng = np.random.default_rng(5)
    ids = rng.permutation(mali["event_id"].to_numpy())
    gone, raised, shifted, lost = ids[:3], ids[3:8], ids[8:12], ids[12:14]
    new = edited(mali, {i: {"deaths_high": 900 + k} for k, i in enumerate(raised)})
    new = edited(new, {i: {"date_end": pd.Timestamp("2023-12-31"), "admin1": "ML02"} for i in shifted})
    new = edited(new, {i: {"deaths_low": pd.NA} for i in lost})
    actor = mali["side_b_id"].value_counts().index[0]
    rows = new["side_b_id"] == actor
    new["side_b"] = new["side_b"].mask(rows, "a name of the next release")
    new = new[~new["event_id"].isin(gone)]
    extra = mali.head(2).assign(event_id=["9000001", "9000002"], date_end=pd.to_datetime(["2001-01-05", "2024-02-01"]))
    new = pd.concat([new, extra])
    diff = ms.compare_releases(mali, new)
    adds_up(diff, mali, new)
    tidy = diff.tidy()
    changed = tidy[tidy["change"] == "changed"].groupby("column")["event_id"].agg(set).to_dict()
    at = mali.set_index("event_id")
    elsewhere = {i for i in shifted if at.loc[i, "admin1"] != "ML02"}
    assert changed == {
        "deaths_high": set(raised),
        "deaths_low": set(lost),
        "date_end": set(shifted),
        "admin1": elsewhere,
    }
    assert set(diff.removed["event_id"]) == set(gone) and diff.added["event_id"].tolist() == ["9000001", "9000002"]
    assert diff.added["later"].tolist() == [False, True]
    renamed = diff.renamed.set_index("id")
    assert list(renamed.index) == [actor] and renamed.loc[actor, "rows"] == (rows & ~mali["event_id"].isin(gone)).sum()
    there = diff.moved[diff.moved["region"].eq("ML02") & diff.moved["month"].eq(pd.Timestamp("2023-12-01"))]
    stayed = at.loc[list(shifted)].query("admin1 == 'ML02' and date_end >= '2023-12-01'")
    assert there["events"].tolist() == [4 - len(stayed)]


# ---- refusals ----------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("value", [["x"], {"a": 1}, (1, 2), "y" * 100_000, float("inf"), b"x", object()])
def test_whatever_stands_in_a_cell_is_a_difference_or_one_short_line(old, value):
    for column in (
        "source",
        "event_id",
        "date_start",
        "latitude",
        "type_of_violence",
        "side_a",
        "deaths_best",
        "active_year",
    ):
        odd = old.astype({column: object})
        odd.at[2, column] = value
        for pair in ((old, odd), (odd, old)):
            try:
                assert isinstance(ms.compare_releases(*pair), ReleaseDiff)
            except (ValueError, TypeError) as error:
                said = str(error)
                assert said.startswith("compare_releases: ") and len(said) < 700 and "\n" not in said, column


@pytest.mark.parametrize(("change", "message"), [
    (lambda t: t.assign(source="acled"), "rows of acled and ucdp_ged.*ms.match_events"),
    (lambda t: pd.concat([t, t.head(2)]), "4 rows of the new release share event_id with another: 100, 101.*ms.read_events"),
    (lambda t: t.assign(event_id=None), "12 rows of the new release lack event_id or country or date_end"),
    (lambda t: t.assign(date_end=pd.NaT), "12 rows of the new release lack"),
    (lambda t: t.assign(country=None), "12 rows of the new release lack"),
    (lambda t: t.drop(columns=["deaths_low", "country"]), "the new release lacks country, deaths_low; wanted are"),
    (lambda t: pd.concat([t, t["side_a"]], axis=1), "the new release has side_a twice"),
    (lambda t: t.assign(deaths_best="several"), "'deaths_best' of the new release cannot be read as whole numbers"),
    (lambda t: t.assign(deaths_best=1.5), "'deaths_best' of the new release cannot be read as whole numbers"),
    (lambda t: t.assign(date_end="soon"), "'date_end' of the new release cannot be read as days"),
    (lambda t: t.assign(active_year="maybe"), "'active_year' of the new release cannot be read as True and False"),
    (lambda t: t[["deaths_best"]], "the new release has deaths_best; wanted are two events tables"),
    (lambda t: ms.load("country_year").query("country == 'NER'"), "the events are of MLI, the country-years of NER"),
    (lambda t: ms.load("country_year").assign(source="acled"), "rows of acled and ucdp_ged"),
])  # fmt: skip
def test_what_cannot_be_compared_is_refused(old, change, message):
    with pytest.raises(ValueError, match=message):
        ms.compare_releases(old, change(old))


def test_more_that_is_refused(old):
    with pytest.raises(TypeError, match=r"the old release is of type str; wanted are two events tables"):
        ms.compare_releases("GEDEvent_v24_1.csv", old)
    with pytest.raises(TypeError, match="the new release is of type tuple"):
        ms.compare_releases(old, (old, None))
    acled = old.assign(source="acled")
    with pytest.raises(ValueError, match="rows of acled and ucdp_ged"):
        ms.compare_releases(acled, ms.load("country_year"))
    with pytest.raises(ValueError, match="2 rows of the old release share event_id with another: 100"):
        ms.compare_releases(pd.concat([old, old.head(1)]), ms.load("country_year"))
    with pytest.raises(ValueError, match="share country and year with another: MLI 1989.*add up its parts first"):
        ms.compare_releases(ms.load("region_year_selections"), ms.load("country_year"))
    with pytest.raises(ValueError, match="the old release has country, region.*wanted are"):
        ms.compare_releases(ms.load("region_month"), ms.load("country_year"))


def test_releases_of_different_records_are_pointed_out(old):
    other = old.assign(event_id="9" + old["event_id"], country="NER")
    notes = ms.compare_releases(old, other).notes
    assert notes[0] == "The releases have no event_id in common: are they of the same record?"
    assert notes[1:] == ["Countries of the old release only: MLI.", "Countries of the new release only: NER."]


def test_a_release_without_rows(old):
    diff = ms.compare_releases(old[:0], old)
    assert diff.account.loc["added", "events"] == 12, "an empty record has no end"
    adds_up(diff, old[:0], old)
    assert ms.compare_releases(old[:0], old[:0]).identical
    adds_up(ms.compare_releases(old, old[:0]), old, old[:0])
