"""Families of actors: ids first, then spellings, then eras; what no seed lists falls by a stated rule."""

import re
from itertools import pairwise

import pandas as pd
import pytest
from making import RAW, WEB_MALI, needs_raw, record, records, text, write
from pandas.testing import assert_frame_equal, assert_series_equal

import mali_stats as ms
from mali_stats import catalog
from mali_stats.clean import actors, places

ACTORS, RULES, FAMILIES = (catalog.seed(name) for name in ("actors", "actor_rules", "families"))
UCDP_FILES = ["gedevents_web_mali", "gedevents_web_burkina_faso", "gedevents_web_sudan", "ged_bulk_mexico"]


def sides(names, source="ucdp_ged", ids=None, country="MLI", day="2023-06-01") -> pd.DataFrame:
    return pd.DataFrame({"source": source, "country": country, "date_start": pd.Timestamp(day),
                         "side_a_id": ids, "side_a": names})  # fmt: skip


def family(name, source="ucdp_ged", **where) -> str:
    return actors.side_families(sides([name], source, **where), "a")["family"].item()


# ---- the seeds ---------------------------------------------------------------------------------------------


def test_families_are_in_order_and_states_are_marked():
    assert FAMILIES["family"].is_unique and FAMILIES["order"].astype(int).tolist() == [*range(1, len(FAMILIES) + 1)]
    assert FAMILIES[["label_en", "label_fr", "note"]].notna().all(axis=None)
    assert actors.states() == {"state_mali", "state_russia", "state_france", "state_other"}
    assert {"civilians", "unknown", "other_armed"} <= set(actors.families())


def test_every_family_named_is_a_family_in_the_order_of_the_table():
    for named in {*ACTORS["family"], *RULES["family"]}:
        assert set(named.split("; ")) <= set(actors.families()) and actors.joined(named.split("; ")) == named


def test_every_actor_has_a_name_a_source_and_a_reference():
    assert ACTORS[["name", "family", "reference"]].notna().all(axis=None)
    assert set(ACTORS["source"]) == set(RULES["source"]) == {"ucdp", "acled"}
    codes = set(catalog.seed("countries")["iso3"])
    assert {c for several in ACTORS["country"].dropna() for c in several.split()} <= codes
    assert RULES.groupby("source")["pattern"].last().eq(".").all(), "the last rule takes every name"


@pytest.mark.parametrize("row", ACTORS[ACTORS["pattern"].notna()].to_dict("records"), ids=lambda r: r["name"][:30])
def test_a_pattern_finds_the_name_it_stands_for_and_gives_its_family(row):
    assert re.search(row["pattern"], actors._plain(row["name"]))
    here = row["country"].split()[0] if isinstance(row["country"], str) else "NOR"
    day = next((d for d in (row["start"], row["end"]) if isinstance(d, str)), "2013-06-01")
    assert family(row["name"], "acled", country=here, day=day) == row["family"]


def test_eras_of_an_actor_follow_each_other_without_gap_or_overlap():
    eras = ACTORS.assign(who=ACTORS["actor_id"].fillna(ACTORS["pattern"]).fillna(ACTORS["name"].map(places.key)))
    for key, rows in eras.fillna({"country": ""}).groupby(["source", "who", "country"]):
        spans = sorted(rows[["start", "end"]].fillna("").values.tolist())  # ISO days sort as text
        assert spans[0][0] == "" and [end for _, end in spans].count("") == 1 and spans[-1][1] == "", key
        for (_, end), (start, _) in pairwise(spans):
            assert pd.Timestamp(start) - pd.Timestamp(end) == pd.Timedelta(days=1), key


# ---- names -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "expected"), [
    ("Government of Mali", "state_mali"), ("GOVERNMENT OF MALI", "state_mali"),
    ("Government of Mali, Government of Russia", "state_mali; state_russia"),
    ("Government of Russia, Government of Mali", "state_mali; state_russia"),
    ("Government of Chad", "state_other"), ("Civilians", "civilians"), ("FLA", "cma"), ("CSP-DPA", "cma"),
    ("Dan Na Ambassagou", "dozo"), ("Signed in Blood Battalion", "jnim"), ("Gulf Cartel, Los Zetas", "other_armed"),
    ("GATIA, Government of Mali", "state_mali; platform"), (None, "unknown"), ("", "unknown"), ("???", "other_armed"),
])  # fmt: skip
def test_ucdp_names_without_an_id(name, expected):
    assert family(name) == expected


@pytest.mark.parametrize(("name", "expected"), [
    ("Military Forces of Mali (2020-2021)", "state_mali"), ("Military Forces of Mali (2021-)", "state_mali"),
    ("Police Forces of Mali (2013-2020) Gendarmerie", "state_mali"), ("Government of Mali (2013-2020)", "state_mali"),
    ("Mutiny of Military Forces of Mali (2002-2012)", "other_armed"),
    ("Wagner Group", "state_russia"), ("Military Forces of Russia (2000-) Africa Corps", "state_russia"),
    ("Military Forces of France (2017-)", "state_france"), ("Operation Barkhane", "state_france"),
    ("Takuba Task Force", "state_france"), ("Military Forces of Niger (2011-2021)", "state_other"),
    ("MINUSMA: United Nations Multidimensional Integrated Stabilization Mission in Mali (2013-)", "un"),
    ("JNIM: Group for Support of Islam and Muslims", "jnim"), ("Katiba Macina Communal Militia (Mali)", "jnim"),
    ("AQIM: Al Qaeda in the Islamic Maghreb", "jnim"), ("MUJAO: Movement for Unity and Jihad in West Africa", "jnim"),
    ("Islamic State Sahel Province (ISSP)", "is_sahel"), ("Islamic State (Greater Sahara)", "is_sahel"),
    ("Islamic State (West Africa) - Greater Sahara Faction", "is_sahel"),
    ("Islamic State West Africa Province (ISWAP)", "other_armed"), ("Islamic State and/or JNIM", "unknown"),
    ("MNLA: National Movement for the Liberation of Azawad", "cma"), ("FLA: Azawad Liberation Front", "cma"),
    ("GATIA: Imghad Tuareg and Allies Self-Defense Group", "platform"), ("MSA: Movement for the Salvation of Azawad", "platform"),
    ("MSA-D: Movement for the Salvation of Azawad", "platform"), ("MSA-C: Movement for the Salvation of Azawad", "other_armed"),
    ("Dan Na Ambassagou", "dozo"), ("Dozo Communal Militia (Mali)", "dozo"), ("Fulani Ethnic Militia (Mali)", "communal"),
    ("Unidentified Communal Militia (Mali)", "communal"), ("Unidentified Armed Group (Mali)", "unknown"),
    ("Civilians (Mali)", "civilians"), ("Protesters (Mali)", "civilians"), ("Rioters (Mali)", "other_armed"),
    ("Ansaroul Islam", "other_armed"), ("Bandits of nowhere", "other_armed"),
    ("Military Forces of Mali (2021-); Wagner Group", "state_mali; state_russia"),
    ("GATIA: Imghad Tuareg and Allies Self-Defense Group; Military Forces of Mali (2013-)", "state_mali; platform"),
    ("Military Forces of Mali (2021-); Bandits of nowhere; Unidentified Armed Group (Mali)", "state_mali"),
    ("Civilians (Mali); Fulani Ethnic Group (Mali); GATIA", "civilians"),
])  # fmt: skip
def test_acled_names(name, expected):
    assert family(name, "acled") == expected


@pytest.mark.parametrize(("id", "name", "country", "day", "expected"), [
    ("4380", "MAA", "MLI", "2013-08-16", "other_armed"), ("4380", "MAA", "MLI", "2014-06-13", "other_armed"),
    ("4380", "MAA", "MLI", "2014-06-14", "platform"), ("4380", "MAA", "MLI", "2020-08-02", "platform"),
    ("8822", "FLA", "MLI", "2024-12-01", "cma"), ("8822", "a new name", "MLI", "2024-12-01", "cma"),
    ("234", "IS", "MLI", "2022-03-01", "is_sahel"), ("234", "IS", "BFA", "2022-03-01", "is_sahel"),
    ("234", "IS", "SYR", "2015-03-01", "other_armed"), ("234", "IS", "NER", "2015-03-01", "other_armed"),
    ("539", "AQIM", "MLI", "2010-03-01", "jnim"), ("539", "AQIM", "DZA", "2010-03-01", "other_armed"),
    ("3872", "AQIM, JAS, MUJAO", "MLI", "2012-06-27", "jnim; other_armed"),
])  # fmt: skip
def test_ids_come_first_and_eras_and_countries_decide(id, name, country, day, expected):
    found = actors.side_families(sides([name], ids=[id], country=country, day=day), "a")
    assert found.values.tolist() == [[expected, False]]


def test_rules_are_told_from_the_list():
    found = actors.side_families(sides(["JNIM", "Gulf Cartel", None, "JNIM, Gulf Cartel"]), "a")
    assert found["by_rule"].tolist() == [False, True, True, True]


def test_an_unknown_source_is_refused():
    with pytest.raises(ValueError, match="knows no names of the source 'gtd', only of ucdp_ged, acled"):
        actors.side_families(sides(["x"], source="gtd"), "a")
    assert actors.side_families(sides([]), "a").empty


# ---- events ------------------------------------------------------------------------------------------------


def test_events_carry_families_and_the_ledger_notes_the_rules(tmp_path):
    known = {"side_a": "Government of Mali", "side_a_new_id": 72, "side_b": "JNIM", "side_b_new_id": 6716}
    rows = [record(1, **known), record(2, **known | {"side_b": "Group A", "side_b_new_id": 992})]
    events, ledger = ms.read_events(write(tmp_path / "made_up.csv", text(rows)))
    assert events[["family_a", "family_b"]].values.tolist() == [["state_mali", "jnim"], ["state_mali", "other_armed"]]
    assert ledger.notes[0].startswith("1 of 2 events name a side that seeds/actors.csv does not list")
    assert "other_armed 1" in ledger.notes[0]
    _, silent = ms.read_events(write(tmp_path / "known.csv", text(rows[:1])))
    assert silent.notes == []


@pytest.mark.parametrize("name", ["saved.csv", "saved.parquet"])
def test_a_table_saved_before_there_were_families_is_filled_in(name, tmp_path):
    known = {"side_a": "Government of Mali", "side_a_new_id": 72, "side_b": "JNIM", "side_b_new_id": 6716}
    events, _ = ms.read_events(write(tmp_path / "made_up.csv", text([r | known for r in records(8)])))
    older = events.drop(columns=["family_a", "family_b"])
    (older.to_parquet if name.endswith("parquet") else older.to_csv)(tmp_path / name, index=False)
    again, ledger = ms.read_events(tmp_path / name)
    assert_frame_equal(again, events)
    assert ledger.notes == [f"{name} was saved without family_a and family_b: filled in from its sides."]
    with pytest.raises(ValueError, match=r"family_a: the column is missing \(read_events fills it in"):
        ms.check(older)


def test_a_family_is_never_missing(tmp_path):
    events, _ = ms.read_events(write(tmp_path / "made_up.csv", text(records(4))))
    events.loc[1, "family_b"] = None
    with pytest.raises(ValueError, match='row 1, column family_b: got nan, accepted: a family .*"unknown"'):
        ms.check(events)
    events.to_csv(tmp_path / "saved.csv", index=False)
    with pytest.raises(ValueError, match="column family_b"):
        ms.read_events(tmp_path / "saved.csv")


# ---- the real files ----------------------------------------------------------------------------------------


@needs_raw
@pytest.mark.parametrize("name", UCDP_FILES)
def test_every_side_of_malis_events_is_known_by_its_id_and_by_its_name(name):
    events, _ = ms.read_events(RAW / "ucdp" / f"{name}.csv.gz")
    mali = events[events["country"] == "MLI"]
    assert len(mali) == (2120 if name == "gedevents_web_mali" else 0)
    for side in "ab":
        found = actors.side_families(mali, side)
        assert not found["by_rule"].any()
        for nothing in (f"side_{side}", f"side_{side}_id"):
            assert_frame_equal(actors.side_families(mali.assign(**{nothing: None}), side), found)


@needs_raw
@pytest.mark.parametrize(("name", "noted"), [
    ("gedevents_web_mali", None), ("gedevents_web_burkina_faso", None), ("gedevents_web_sudan", "3,822 of 3,822 events"),
    ("ged_bulk_mexico", "18,957 of 18,957 events"),
])  # fmt: skip
def test_other_countries_fall_by_rule_and_the_ledger_says_how_many(name, noted):
    events, ledger = ms.read_events(RAW / "ucdp" / f"{name}.csv.gz")
    assert events[["family_a", "family_b"]].notna().all(axis=None)
    assert [n.split(" name ")[0] for n in ledger.notes] == ([noted] if noted else [])


@needs_raw
def test_families_of_mali_hold_the_ids_of_the_record_and_do_not_depend_on_the_order_of_rows():
    events, _ = ms.read_events(WEB_MALI)
    # Counted by id in the raw file: Government of Mali 1,409; JNIM 126 and 956; Dozo 118 + Dan na Ambassagou 89.
    assert events["family_a"].value_counts()[["state_mali", "dozo"]].tolist() == [1409, 118 + 89]
    assert events["family_b"].value_counts()["jnim"] == 956 + 52 + 28 + 4 + 5 + 16 + 73 + 23
    assert events["family_a"].value_counts()["jnim"] == 126 + 7 + 10
    mixed = events.sample(frac=1, random_state=1)
    for side in "ab":
        found = actors.side_families(mixed, side)["family"].sort_index()
        assert_series_equal(found, events[f"family_{side}"], check_names=False)
