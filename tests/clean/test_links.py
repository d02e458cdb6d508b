"""match_events: planted matches are found, what is too coarse stays open, and the order of nothing matters."""

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from making import WEB_MALI, needs_raw, write
from pandas.testing import assert_frame_equal
from statsmodels.stats.proportion import proportion_confint

import mali_stats as ms
from mali_stats import synthetic
from mali_stats.clean.links import link_assignment
from mali_stats.clean.links.link_assignment import assigned
from mali_stats.clean.links.link_candidates import arc_km, candidates
from mali_stats.clean.links.link_records import records

SIX = [("491801", "508921"), ("67666", "67667"), ("364391", "364430"), ("452956", "452966"), ("13104", "13174"), ("11951", "13034")]  # fmt: skip


def table(source, *rows, **columns):
    """Events from (id, first day, days it lasts, latitude, longitude), and columns that are the same for all."""
    frame = pd.DataFrame(rows, columns=["event_id", "day", "lasts", "latitude", "longitude"])
    start = pd.to_datetime(frame["day"])
    out = frame[["event_id", "latitude", "longitude"]].assign(source=source, date_start=start)
    return out.assign(date_end=start + pd.to_timedelta(frame["lasts"] - 1, unit="D"), **columns)


def one(source="ucdp_ged", id="1", day="2020-01-10", lasts=1, latitude=14.0, longitude=-3.0, **columns):
    columns = {"date_precision": "day", "geo_precision": "exact"} | columns
    return table(source, (id, day, lasts, latitude, longitude), **columns)


def other(**changes):
    return one("acled", **{"id": "MLI1"} | changes)


def found(a, b, **options):
    matches = ms.match_events(a, b, **options)
    return [tuple(p) for p in matches.pairs[["id_a", "id_b"]].to_numpy()]


# ---- one pair at a time ------------------------------------------------------------------------------------


def test_a_pair_says_how_far_apart_and_why():
    a = one(family_a="state_mali", family_b="jnim", type_of_violence="state-based", deaths_best=12)
    b = other(
        day="2020-01-11",
        latitude=14.1,
        family_a="jnim",
        family_b="state_mali",
        type_of_violence="one-sided",
        deaths_best=10,
    )
    matches = ms.match_events(a, b)
    pair = matches.pairs.iloc[0]
    assert (pair["id_a"], pair["id_b"], pair["days"]) == ("1", "MLI1", 1)
    assert pair["km"] == pytest.approx(0.1 * np.pi / 180 * 6371, rel=1e-6)
    size = np.log(13 / 11) / np.log(10)
    assert pair["cost"] == pytest.approx((1 / 2 + pair["km"] / 25 + 0 + 0.5 * 1 + 0.5 * size) / 4)
    assert pair["why"] == "1 day apart; 11 km; same sides; other type; 12 and 10 dead"


@pytest.mark.parametrize(("levels", "gap", "found_"), [
    (("day", "day"), 2, True), (("day", "day"), 3, False),
    (("day", "week"), 5, True), (("day", "week"), 6, False),
    (("week", "days"), 8, True), (("week", "days"), 9, False),
])  # fmt: skip
def test_windows_of_time_are_widened_by_precision(levels, gap, found_):
    a = one(date_precision=levels[0])
    b = other(date_precision=levels[1], day=str(pd.Timestamp("2020-01-10") + pd.Timedelta(days=gap))[:10])
    assert bool(found(a, b, max_cost=1)) == found_


def test_days_that_a_record_spans_are_not_added_again():
    a = one(date_precision="days", day="2020-01-01", lasts=5)  # may be off by half of six days, spans four
    assert found(a, other(day="2020-01-08"), max_cost=1) and not found(a, other(day="2020-01-09"), max_cost=1)


@pytest.mark.parametrize(("levels", "km", "found_"), [
    (("exact", "exact"), 24.9, True), (("exact", "exact"), 25.1, False),
    (("near", "exact"), 49.9, True), (("near", "exact"), 50.1, False),
    (("near", "admin2"), 109.9, True), (("near", "admin2"), 110.1, False),
])  # fmt: skip
def test_windows_of_distance_are_widened_by_precision(levels, km, found_):
    a, b = one(geo_precision=levels[0]), other(geo_precision=levels[1], latitude=14.0 + np.degrees(km / 6371))
    assert bool(found(a, b, max_cost=1)) == found_


@pytest.mark.parametrize("changes", [
    {"date_precision": "month"}, {"date_precision": "year"}, {"geo_precision": "admin1"}, {"geo_precision": "area"},
    {"geo_precision": "country"}, {"geo_precision": "abroad"},
])  # fmt: skip
def test_coarse_records_are_never_assigned_but_shown(changes):
    matches = ms.match_events(one(), other(**changes))
    assert matches.pairs.empty and len(matches.only_a) == len(matches.only_b) == 1
    assert matches.review[["id_a", "id_b", "reason"]].values.tolist() == [["1", "MLI1", "too coarse to assign"]]
    assert matches.overlap() == {"11": 0, "10": 1, "01": 0}  # nothing says whether the other has it
    assert any("b: 1 records are coarser" in note for note in matches.notes)
    assert matches.notes[-1].startswith(
        "1 records of ucdp_ged and 1 of acled that are in no pair have candidates in .review"
    )


@pytest.mark.parametrize(("region", "level", "shown"), [
    ({"admin1": "ML05"}, "admin1", 1), ({"admin1": "ML07"}, "admin1", 0), ({"admin1": None, "admin1_name": None}, "admin1", 1),
    ({"admin1": None, "admin1_name": "MOPTI"}, "admin1", 1), ({"admin1": None, "admin1_name": "Gao"}, "admin1", 0),
    ({"admin1": "ML07"}, "admin2", 1),
    ({"country": "BFA"}, "country", 0), ({"country": "MLI"}, "country", 1),
])  # fmt: skip
def test_what_is_known_to_its_region_goes_with_the_same_region(region, level, shown):
    a = one(admin1="ML05", admin1_name="Mopti", country="MLI")
    b = other(
        **{"admin1": "ML05", "admin1_name": "Gao", "country": "MLI", "latitude": 14.3} | region, geo_precision=level
    )
    matches = ms.match_events(a, b, max_cost=1)
    assert len(matches.review) + len(matches.pairs) == shown


def test_an_episode_goes_with_an_episode_only():
    bare = [
        one().drop(columns=["date_precision", "geo_precision"]),
        other(lasts=4).drop(columns=["date_precision", "geo_precision"]),
    ]
    matches = ms.match_events(*bare)
    assert matches.pairs.empty and matches.review["reason"].tolist() == ["one day of an episode"]
    assert found(bare[1].assign(source="x"), bare[1]) == [("MLI1", "MLI1")]
    assert any("a has no date_precision" in note for note in matches.notes)


def test_days_of_one_longer_record_are_shown_and_not_counted_as_events_of_their_own():
    a = one(date_precision="days", lasts=3)
    b = table("acled", *((f"MLI{k}", f"2020-01-1{k}", 1, 14.0, -3.0) for k in range(3)))
    matches = ms.match_events(a, b)
    assert len(matches.pairs) == 1 and len(matches.review) == 2 and len(matches.only_b) == 2
    assert set(matches.review["reason"]) == {"within the days of a record that is paired"}
    assert matches.overlap() == {"11": 1, "10": 0, "01": 0}


def test_size_is_soft_and_never_a_key():
    a = one(deaths_best=10)
    b = table("acled", ("MLI1", "2020-01-10", 1, 14.0, -3.0), ("MLI2", "2020-01-10", 1, 14.0, -3.0)).assign(
        deaths_best=[100, 12]
    )
    assert found(a, b) == [("1", "MLI2")]
    assert found(a, b[:1]) == [("1", "MLI1")]  # ten times as many, and still the same place and day


def test_families_know_no_order_and_forgive_an_ally():
    a = one(family_a="state_mali", family_b="jnim")
    costs = [
        ms.match_events(a, other(family_a=x, family_b=y), max_cost=1).pairs["cost"].iloc[0]
        for x, y in [
            ("jnim", "state_mali"),
            ("state_mali; state_russia", "jnim"),
            ("state_mali", "civilians"),
            ("militia", "civilians"),
            ("unknown", "unknown"),
        ]
    ]
    assert costs == pytest.approx([0, 0, 0.5 / 3, 1 / 3, 0])


def test_a_taxonomy_compares_from_fine_to_coarse():
    rows = [
        ("ucdp_ged", "type_of_violence", "one-sided", "attack on civilians", "violence"),
        ("acled", "sub_event_type", "Attack", "attack on civilians", "violence"),
        ("acled", "sub_event_type", "Armed clash", "battle", "violence"),
        ("acled", "event_type", "Protests", "protest", "demonstration"),
    ]
    taxonomy = pd.DataFrame(rows, columns=["source", "column", "value", "fine", "coarse"])
    a = one(type_of_violence="one-sided")

    def cost(**types):
        return ms.match_events(a, other(**types), max_cost=1, taxonomy=taxonomy).pairs["cost"].iloc[0]

    expected = [0, 0.5 * 0.5 / 2.5, 0.5 / 2.5, 0]
    got = [
        cost(event_type="Violence against civilians", sub_event_type="Attack"), cost(event_type="Battles", sub_event_type="Armed clash"),
        cost(event_type="Protests", sub_event_type="Peaceful protest"), cost(event_type="Riots", sub_event_type="Mob violence"),
    ]  # fmt: skip
    assert got == pytest.approx(expected)


def test_points_are_compared_on_the_globe():
    assert found(one(longitude=179.95, latitude=0.0), other(longitude=-179.95, latitude=0.0)) == [("1", "MLI1")]
    assert found(one(latitude=60.0, longitude=10.0), other(latitude=60.0, longitude=10.4), max_cost=1) and not found(
        one(latitude=0.0), other(latitude=0.0, longitude=-2.6)
    )
    # A quarter of the equator, by hand.
    assert arc_km(0.0, 0.0, 0.0, 90.0) == pytest.approx(6371 * np.pi / 2)


def test_records_without_a_point_are_left_alone_and_told():
    matches = ms.match_events(one(latitude=np.nan), other())
    assert matches.pairs.empty and matches.overlap() == {"11": 0, "10": 0, "01": 1}
    assert any("1 records without coordinates" in note for note in matches.notes)


# ---- the assignment ----------------------------------------------------------------------------------------


def _brute(i, j, cost, cap):
    """The greatest total of (cap - cost) over all one-to-one choices."""
    best = 0.0
    for size in range(1, min(len(set(i)), len(set(j))) + 1):
        for chosen in itertools.combinations(range(len(i)), size):
            if len({i[k] for k in chosen}) == len({j[k] for k in chosen}) == size:
                best = max(best, sum(cap - cost[k] for k in chosen))
    return best


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 10)), min_size=1, max_size=9, unique_by=lambda t: t[:2]),
       st.sampled_from([0, 2000]))  # fmt: skip
def test_the_assignment_is_the_best_of_all(edges, dense):
    i, j, cost = (np.array(x) for x in zip(*edges, strict=True))
    cost = cost / 10
    taken = assigned(i, j, cost, 0.6, np.linspace(0, 1, len(i)), dense)
    assert len(set(i[taken])) == len(set(j[taken])) == taken.sum() and (cost[taken] <= 0.6).all()
    assert (0.6 - cost[taken]).sum() == pytest.approx(_brute(i, j, cost, 0.6), abs=1e-5)


def test_large_parts_are_solved_without_a_dense_matrix(monkeypatch):
    shapes = []
    solve = link_assignment.linear_sum_assignment
    monkeypatch.setattr(
        link_assignment, "linear_sum_assignment", lambda m, **k: shapes.append(m.shape) or solve(m, **k)
    )
    n = 2500
    i = np.concatenate([np.arange(n), np.arange(n - 1)])  # a chain: one connected part of 2,500 by 2,500
    j = np.concatenate([np.arange(n), np.arange(1, n)])
    cost = np.random.default_rng(1).random(len(i)) * 0.4
    taken = assigned(i, j, cost, 0.4, np.zeros(len(i)))
    assert not shapes and taken.sum() > n / 2
    again = assigned(i, j, cost, 0.4, np.zeros(len(i)), dense=3000)
    assert shapes == [s for s in shapes if max(s) <= 3000] and (taken == again).all()


def test_a_chain_is_not_matched_greedily():
    # The best single pair (0 km) would leave two records alone; the two others together are better.
    a = table("ucdp_ged", ("1", "2020-01-10", 1, 14.0, -3.0), ("2", "2020-01-10", 1, 14.13, -3.0))
    b = table("acled", ("MLI1", "2020-01-10", 1, 14.0, -3.0), ("MLI2", "2020-01-10", 1, 13.87, -3.0))
    assert found(a, b) == [("1", "MLI1")]  # by the default cap 14 km are too much to give up 0 km for
    assert sorted(found(a, b, max_cost=1)) == [("1", "MLI2"), ("2", "MLI1")]


def test_rivals_of_a_pair_are_counted_and_told():
    a = one()
    rows = [(f"MLI{k}", "2020-01-10", 1, 14.0 + lat, -3.0) for k, lat in enumerate((0.0, 0.01, 0.02, 0.2))]
    matches = ms.match_events(a, table("acled", *rows, date_precision="day", geo_precision="exact"))
    assert matches.pairs[["id_b", "why"]].values.tolist() == [["MLI0", "same day; same point; 2 rivals"]]
    assert any(note.startswith("1 of 1 pairs have rivals") for note in matches.notes)
    alone = ms.match_events(a, table("acled", rows[0], rows[3]))
    assert alone.pairs["why"].tolist() == ["same day; same point"] and not any("rivals" in note for note in alone.notes)


# ---- order -------------------------------------------------------------------------------------------------


def _both(scenario="hard", n=1500, seed=7):
    made = synthetic.two_records(n, scenario=scenario, seed=seed)
    return made, made.table("ucdp_ged"), made.table("acled")


def test_neither_the_order_of_rows_nor_of_arguments_matters():
    _, a, b = _both()
    twins = b.sample(200, random_state=1)
    b = pd.concat([b, twins.assign(event_id=twins["event_id"] + "9")], ignore_index=True)  # equal in all but the id
    plain = ms.match_events(a, b)
    mixed = ms.match_events(a.sample(frac=1, random_state=2), b.sample(frac=1, random_state=3))
    mirrored = ms.match_events(b, a)
    assert len(plain.pairs) > 200 and len(plain.review) > 200
    for name in ("pairs", "review", "only_a", "only_b"):
        assert_frame_equal(getattr(plain, name), getattr(mixed, name))
    for name in ("pairs", "review"):
        back = getattr(mirrored, name).rename(columns={"id_a": "id_b", "id_b": "id_a"})
        keys = ["id_a", "id_b"]
        same = [*keys, "days", "km", "cost"]
        assert_frame_equal(
            getattr(plain, name)[same].sort_values(keys, ignore_index=True),
            back[same].sort_values(keys, ignore_index=True),
        )
    assert_frame_equal(plain.only_a, mirrored.only_b)
    assert mirrored.overlap() == {k[::-1]: v for k, v in plain.overlap().items()}
    assert_frame_equal(plain.union(), mirrored.union()[list(plain.union())])


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(st.data())
def test_every_pair_keeps_the_rules(data):
    def draw(source, n):
        rows = [(f"{source}{k}", f"2020-01-{data.draw(st.integers(1, 12)):02d}", data.draw(st.integers(1, 3)),
                 14 + data.draw(st.integers(0, 8)) / 10, -3.0) for k in range(n)]  # fmt: skip
        levels = [
            [data.draw(st.sampled_from(x)) for _ in range(n)]
            for x in (("day", "days", "month"), ("exact", "near", "admin1"))
        ]
        return table(source, *rows).assign(date_precision=levels[0], geo_precision=levels[1], deaths_best=1)

    a, b = draw("ucdp_ged", data.draw(st.integers(1, 6))), draw("acled", data.draw(st.integers(1, 6)))
    matches = ms.match_events(a, b)
    pairs = matches.pairs
    assert pairs["id_a"].is_unique and pairs["id_b"].is_unique and (pairs["cost"] <= 0.4).all()
    assert sorted([*pairs["id_a"], *matches.only_a["event_id"]]) == sorted(a["event_id"])
    assert sorted([*pairs["id_b"], *matches.only_b["event_id"]]) == sorted(b["event_id"])
    coarse = set(a.loc[(a["date_precision"] == "month") | (a["geo_precision"] == "admin1"), "event_id"])
    assert not coarse & set(pairs["id_a"])
    assert len(matches.union()) == len(a) + len(b) - len(pairs)


def test_the_trees_miss_no_candidate():
    _, a, b = _both(n=400)
    one_, two = records(a, "a", []), records(b, "b", [])
    got = candidates(one_, two, 2, 25, False)
    i, j = (x.ravel() for x in np.meshgrid(np.arange(len(a)), np.arange(len(b)), indexing="ij"))
    gap = np.maximum(0, np.maximum(two.start[j] - one_.end[i], one_.start[i] - two.end[j]))
    near = (gap <= 2 + one_.slack_days[i] + two.slack_days[j]) & (
        arc_km(one_.latitude[i], one_.longitude[i], two.latitude[j], two.longitude[j])
        <= 25 + one_.slack_km[i] + two.slack_km[j]
    )
    regional = [np.isin(x.column("geo_precision")[k], ("admin1", "country")) for x, k in ((one_, i), (two, j))]
    plain = near & ~regional[0] & ~regional[1]
    assert plain.sum() > 200 and {*zip(i[plain], j[plain], strict=True)} <= {*zip(got["i"], got["j"], strict=True)}
    assert {*zip(got["i"], got["j"], strict=True)} <= {*zip(i[near], j[near], strict=True)}
    assert got["i"].nunique() > 100 and regional[0].any()


# ---- planted truth -----------------------------------------------------------------------------------------


def test_planted_matches_are_found_in_the_moderate_scenario():
    made = synthetic.two_records(4000, scenario="moderate", states=2, seed=11)
    score = made.score(ms.match_events(made.table("ucdp_ged"), made.table("acled")).pairs)
    precision = proportion_confint(score["right"], score["pairs"], method="wilson")
    recall = proportion_confint(score["events"], score["findable"], method="wilson")
    assert score["findable"] > 1300 and precision[0] >= 0.95 and recall[0] >= 0.90, (score, precision, recall)


def test_pairs_without_rivals_are_surer():
    made = synthetic.two_records(6000, scenario="hard", states=2, seed=3)
    pairs = ms.match_events(made.table("ucdp_ged"), made.table("acled")).pairs
    rivals = pairs["why"].str.contains("rival")
    sure, unsure = (made.score(pairs[mask]) for mask in (~rivals, rivals))
    assert unsure["pairs"] > 100 and sure["right"] / sure["pairs"] > unsure["right"] / unsure["pairs"] + 0.05


@needs_raw
def test_a_shifted_copy_of_the_mali_file_is_found_again():
    # The real clustering in time and space, with days off by one either way and points off by 5 km on average.
    events, _ = ms.read_events(WEB_MALI)
    random = np.random.default_rng(0)
    copy = events.sample(frac=0.8, random_state=1).assign(source="acled")
    off = random.integers(-1, 2, len(copy)).astype("timedelta64[D]")
    copy["date_start"], copy["date_end"] = copy["date_start"] + off, copy["date_end"] + off
    length, angle = random.exponential(5, len(copy)) / 111.195, random.uniform(0, 2 * np.pi, len(copy))
    copy["latitude"] += length * np.sin(angle)
    copy["longitude"] += length * np.cos(angle)
    matches = ms.match_events(events, copy)
    right = (matches.pairs["id_a"] == matches.pairs["id_b"]).sum()
    findable = matches.fine_b.sum()
    assert proportion_confint(right, len(matches.pairs), method="wilson")[0] > 0.95
    assert proportion_confint(right, findable, method="wilson")[0] > 0.95


def test_windows_trade_recall_for_precision():
    made = synthetic.two_records(4000, scenario="hard", states=2, seed=11)
    scores = {}
    for days, km in ((0, 5), (2, 25), (5, 100)):
        score = made.score(ms.match_events(made.table("ucdp_ged"), made.table("acled"), days=days, km=km).pairs)
        scores[days] = (score["right"] / score["pairs"], score["events"] / score["findable"])
    assert scores[0][1] < scores[2][1] < scores[5][1]  # wider windows find more
    assert scores[0][0] > scores[5][0]  # and are wrong more often


def test_nothing_is_found_between_unrelated_records():
    one_, two = (synthetic.two_records(2000, scenario="easy", states=2, seed=k) for k in (1, 2))
    matches = ms.match_events(one_.table("ucdp_ged"), two.table("acled"))
    assert len(matches.pairs) < 0.03 * 1800


# ---- union, tidy -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def linked(tmp_path_factory):
    made = synthetic.two_records(300, scenario="moderate", seed=4)
    folder = tmp_path_factory.mktemp("both")
    files = [synthetic.ucdp_file(made), synthetic.acled_file(made)]
    tables = [ms.read_events(write(folder / f.name, f.content))[0] for f in files]
    return made, *tables, ms.match_events(*tables)


def test_two_exports_are_linked_from_file_to_union(linked):
    made, ucdp, acled, matches = linked
    score = made.score(matches.pairs)
    assert score["right"] / score["pairs"] > 0.9 and score["events"] / score["findable"] > 0.9
    union = matches.union()
    ms.check(union)
    partner = matches.pairs.set_index("id_a")["id_b"]
    deaths = ucdp["deaths_best"].sum() + acled.loc[~acled["event_id"].isin(partner), "deaths_best"].sum()
    assert union["deaths_best"].sum() == deaths and len(union) == len(ucdp) + len(acled) - len(partner)
    paired = union[union["matched_id"].notna()]
    assert (paired["original_source"] == "ucdp_ged").all() and (paired["matched_source"] == "acled").all()
    assert (
        dict(zip(paired["event_id"].str.removeprefix("ucdp_ged:"), paired["matched_id"], strict=True))
        == partner.to_dict()
    )
    open_ = union.loc[union["unresolved"], "event_id"].str.split(":").str[1]
    assert set(open_) <= {*matches.review["id_a"], *matches.review["id_b"]} and len(open_) > 5
    panel, ledger = ms.region_month_panel(union, coverage=("2011-12", "2024-01"))
    assert panel["deaths_best"].sum() == deaths and ledger.check()


def test_the_union_takes_the_numbers_of_the_source_that_is_preferred(linked):
    _, ucdp, acled, matches = linked
    by_acled = matches.union(prefer="acled")
    partner = matches.pairs.set_index("id_b")["id_a"]
    deaths = acled["deaths_best"].sum() + ucdp.loc[~ucdp["event_id"].isin(partner), "deaths_best"].sum()
    assert by_acled["deaths_best"].sum() == deaths != matches.union()["deaths_best"].sum()
    assert len(by_acled) == len(matches.union())
    with pytest.raises(ValueError, match="prefer='idmc' is neither ucdp_ged nor acled"):
        matches.union(prefer="idmc")


def test_two_sources_are_refused_by_the_panel_until_they_are_linked(linked):
    _, ucdp, acled, _ = linked
    with pytest.raises(ValueError, match="match_events first"):
        ms.region_month_panel(pd.concat([ucdp, acled[list(ucdp)]], ignore_index=True))


def test_tidy_has_every_record_once(linked):
    _, ucdp, acled, matches = linked
    tidy = matches.tidy()
    assert tidy["status"].value_counts().to_dict() == {
        "both": len(matches.pairs), "ucdp_ged": len(matches.only_a), "acled": len(matches.only_b)
    }  # fmt: skip
    assert sorted(tidy["id_a"].dropna()) == sorted(ucdp["event_id"]) and sorted(tidy["id_b"].dropna()) == sorted(
        acled["event_id"]
    )
    assert tidy["deaths_a"].sum() == ucdp["deaths_best"].sum() and tidy["deaths_b"].sum() == acled["deaths_best"].sum()
    assert (tidy["month"].dt.day == 1).all()
    assert repr(matches).startswith(
        f"Matches of ucdp_ged ({len(ucdp):,}) and acled ({len(acled):,}): {len(matches.pairs):,} pairs"
    )


def test_families_make_a_difference_and_their_absence_is_told(linked):
    _, ucdp, acled, matches = linked
    bare = ms.match_events(ucdp.drop(columns=["family_a", "family_b"]), acled)
    assert any("sides were not compared" in note for note in bare.notes)
    assert not any("sides were not compared" in note for note in matches.notes)
    assert (
        matches.pairs["why"].str.contains("same sides").mean() > 0.7
        and not bare.pairs["why"].str.contains("sides").any()
    )


# ---- inside one source -------------------------------------------------------------------------------------


def _reports(*rows):
    """UCDP records: id, report, latitude, dead."""
    parts = [
        one(id=i, latitude=lat, report_id=r, deaths_best=n, deaths_a=n, side_a_id="1", side_b_id="2")
        for i, r, lat, n in rows
    ]
    return pd.concat(parts, ignore_index=True)


def test_parts_of_one_report_at_other_places_are_explained():
    events = _reports(("1", "X-7.1", 14.0, 5), ("2", "X-7.2", 14.05, 5), ("3", "X-8", 14.05, 5))
    matches = ms.match_events(events, events)
    assert matches.review[["id_a", "id_b", "reason"]].values.tolist() == [
        ["1", "2", "split report: one report over several places"]
    ]
    assert matches.review["why"].str.endswith("parts of one report").all()
    assert {*zip(matches.pairs["id_a"], matches.pairs["id_b"], strict=True)} == {("1", "3"), ("2", "3")}
    assert matches.pairs["id_a"].tolist()[0] == "2"  # the same point is likelier than six kilometres


def test_parts_of_one_report_at_one_place_stay_candidates_behind_the_likelier_ones():
    events = _reports(("1", "X-7.1", 14.0, 5), ("2", "X-7.2", 14.0, 5), ("3", "X-8", 15.0, 5), ("4", "X-9", 15.0, 5))
    matches = ms.match_events(events, events)
    assert matches.pairs[["id_a", "id_b"]].values.tolist() == [["3", "4"], ["1", "2"]]
    assert matches.pairs["why"].str.contains("parts of one report").tolist() == [False, True]
    assert matches.review.empty and matches.only_a.empty


def test_inside_one_source_nothing_is_decided():
    events = _reports(("1", "X-1", 14.0, 5), ("2", "X-2", 14.0, 5), ("3", "X-3", 14.0, 5))
    written = events.assign(date_start=events["date_start"].astype(str), date_end=events["date_end"].astype(str))
    matches = ms.match_events(events, written)
    assert len(matches.pairs) == 3  # every pair once, also where an event stands three times
    assert repr(matches) == "Candidates inside ucdp_ged: 3 pairs, 0 to review"
    for call in (matches.overlap, matches.union):
        with pytest.raises(ValueError, match="candidates inside one source, none of them decided"):
            call()


@needs_raw
def test_the_six_pairs_of_the_mali_file_are_candidates():
    events, _ = ms.read_events(WEB_MALI)
    matches = ms.match_events(events, events)
    pairs = [tuple(sorted(p)) for p in matches.pairs[["id_a", "id_b"]].to_numpy()]
    assert {tuple(sorted(p)) for p in SIX} <= set(pairs)
    assert pairs[0] == ("11951", "13034")  # Ti-n-Zaouatene: alike in everything
    assert matches.pairs["cost"].iloc[0] == 0 < matches.pairs["cost"].iloc[1]
    why = dict(zip(pairs, matches.pairs["why"], strict=True))
    shared = {p for p in map(tuple, map(sorted, SIX)) if "parts of one report" in why[p]}
    assert shared == {("491801", "508921"), ("67666", "67667")}  # Bourem 2023 and Gao 2013
    split = matches.review[matches.review["reason"].str.startswith("split report")]
    assert len(split) > 50 and split["why"].str.contains("parts of one report").all()
    assert not {tuple(sorted(p)) for p in split[["id_a", "id_b"]].to_numpy()} & set(pairs)


# ---- errors ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("call", "error", "message"), [
    (lambda: ms.match_events("a.csv", other()), TypeError, "a must be a pandas.DataFrame, got str"),
    (lambda: ms.match_events(one(), other().drop(columns="latitude")), ValueError, "b lacks latitude. It needs source, event_id"),
    (lambda: ms.match_events(pd.concat([one(), other()]), other()), ValueError, r"a holds several sources \("),
    (lambda: ms.match_events(pd.concat([one(), one()]), other()), ValueError, r"a has event ids that stand twice \(1\)"),
    (lambda: ms.match_events(one(), other(date_precision="3")), ValueError, "b, event MLI1, date_precision: got '3', accepted: day, days"),
    (lambda: ms.match_events(one(), other(geo_precision="city")), ValueError, "geo_precision: got 'city', accepted: exact, near"),
    (lambda: ms.match_events(one(), other(day=None)), ValueError, "b, event MLI1: date_start is missing"),
    (lambda: ms.match_events(one(), other().assign(date_start=20200110)), ValueError, "b, date_start: got the number 20200110; give dates"),
    (lambda: ms.match_events(one(), other().assign(date_end="soon")), ValueError, "b, date_end: no dates"),
    (lambda: ms.match_events(one(), other().assign(event_id=None)), ValueError, "b has 1 rows without an event_id"),
    (lambda: ms.match_events(one(), other().assign(source=None)), ValueError, "b has rows without a source"),
    (lambda: ms.match_events(one(), other(latitude="north")), ValueError, "b, event MLI1, latitude: got 'north'; a number or nothing"),
    (lambda: ms.match_events(one(), other(deaths_best=-1)), ValueError, "b, event MLI1, deaths_best: got '-1'; a number of 0 or more or nothing"),
    (lambda: ms.match_events(one(), other(lasts=0)), ValueError, "b, event MLI1: date_end lies before date_start"),
    (lambda: ms.match_events(one(), other(), days=-1), ValueError, "days=-1; give a number of 0 or more"),
    (lambda: ms.match_events(one(), other(), km=np.nan), ValueError, "km=nan; give a number"),
    (lambda: ms.match_events(one(), other(), max_cost="low"), ValueError, "max_cost='low'; give a number"),
    (lambda: ms.match_events(one(), one(id="2")), ValueError, "both tables are of ucdp_ged, but not the same"),
    (lambda: ms.match_events(one(), one().drop(columns="event_id")), ValueError, "b lacks event_id"),
    (lambda: ms.match_events(one(), one(latitude=14.1)), ValueError, "both tables are of ucdp_ged, but not the same"),
    (lambda: ms.match_events(one(), other(), taxonomy=pd.DataFrame({"source": []})), ValueError, "it needs source, column, value and at least one level"),
])  # fmt: skip
def test_what_cannot_be_linked_is_told(call, error, message):
    with pytest.raises(error, match=message):
        call()


@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo", "America/Lima"])
def test_days_of_a_time_zone_are_those_of_that_zone(zone):
    a = one()
    here = a.assign(**{c: a[c].dt.tz_localize(zone) for c in ("date_start", "date_end")})
    assert ms.match_events(here, other()).pairs["days"].tolist() == [0]


def test_empty_tables_have_no_pairs():
    matches = ms.match_events(one()[:0], other())
    assert matches.pairs.empty and matches.review.empty and len(matches.only_b) == 1
    assert matches.overlap() == {"11": 0, "10": 0, "01": 1}
    assert list(matches.tidy()["status"]) == ["acled"]


@pytest.mark.parametrize("prefer", ["ucdp_ged", "acled"])
def test_the_union_with_an_empty_table_is_the_other(prefer):
    """A month in which one publisher has no event of the place asked for."""
    empty = other()[:0]
    for a, b in ((one(), empty), (empty, one())):
        union = ms.match_events(a, b).union(prefer)
        assert union["event_id"].tolist() == ["ucdp_ged:1"] and not union["unresolved"].any()
        assert union["source"].tolist() == ["acled+ucdp_ged" if prefer == "acled" else "ucdp_ged"]
        assert union["matched_id"].isna().all()
    full = ms.match_events(one(), other(latitude=20.0)).union(prefer)
    nothing = ms.match_events(one()[:0], empty).union(prefer)
    assert len(nothing) == 0 and list(nothing) == list(full) and (nothing.dtypes == full.dtypes).all()
    with pytest.raises(ValueError, match="prefer='ucdp' is neither ucdp_ged nor acled"):
        ms.match_events(one(), other()).union("ucdp")


def test_precisions_may_be_text_categories_or_missing(linked):
    _, ucdp, acled, matches = linked
    text = [t.astype({"date_precision": str, "geo_precision": str}) for t in (ucdp, acled)]
    assert_frame_equal(ms.match_events(*text).pairs, matches.pairs)
    missing = ms.match_events(one(date_precision=None), other())
    assert len(missing.pairs) == 1 and any(
        "date_precision is missing in 1 records, taken as day" in n for n in missing.notes
    )
