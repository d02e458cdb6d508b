"""The founding article coded row by row, and the calendar of breaks: their structure, their intervals, their words."""

import csv
import json
import re
from datetime import date
from math import ceil, floor

import pytest
from making import RAW, ROOT

ARTICLE = RAW.parent / "seed-article.txt"
COLUMNS = [
    "id",
    "statement",
    "kind",
    "low",
    "best",
    "high",
    "unit",
    "group",
    "place",
    "date",
    "date_inferred",
    "claimed_by",
    "provisional",
    "inferred",
    "checkable_against",
    "check",
    "source",
]
KINDS = {"event", "stock", "flow", "rate", "date", "share", "place", "attribute"}
CLAIMANTS = {"army", "government", "JNIM", "UN", "aid agency", "military sources", "CSP", "newspaper"}
UNITS = {"", "people", "percent", "days", "hours", "months", "km", "miles", "rank", "attacks", "coups"}


def _read(name):
    with open(ROOT / "seeds" / name, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


FIGURES = _read("article_figures.csv")
ROWS = {row["id"]: row for row in FIGURES}
CALENDAR = _read("calendar.csv")
BREAKS = {row["label"]: row for row in CALENDAR}
each_figure = pytest.mark.parametrize("row", FIGURES, ids=lambda r: r["id"])
each_break = pytest.mark.parametrize("row", CALENDAR, ids=lambda r: r["label"])


def _values(row):
    return [int(row[k]) if row[k] else None for k in ("low", "best", "high")]


# the article's figures


def test_columns_and_ids():
    assert list(FIGURES[0]) == COLUMNS
    assert len(ROWS) == len(FIGURES) >= 70
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name) for name in ROWS)
    assert len({row["statement"] for row in FIGURES}) == len(FIGURES)


@each_figure
def test_a_row_is_complete_and_in_the_vocabulary(row):
    assert None not in row and None not in row.values(), "a cell too many or too few"
    assert all(value == value.strip() for value in row.values())
    for column in ("statement", "checkable_against", "check"):
        assert row[column], column
    assert row["kind"] in KINDS
    assert row["claimed_by"] in CLAIMANTS
    assert row["unit"] in UNITS
    for column in ("date_inferred", "provisional", "inferred"):
        assert row[column] in ("True", "False"), column
    assert re.match(r"founding article, (par\. \d|links )", row["source"])


@each_figure
def test_low_best_high(row):
    low, best, high = _values(row)
    known = [v for v in (low, best, high) if v is not None]
    assert known == sorted(known)
    assert all(v >= 0 for v in known)
    assert bool(known) <= bool(row["unit"]), "a number needs its unit"


def _day(text):
    return date.fromisoformat({4: text + "-01-01", 7: text + "-01"}.get(len(text), text))


@each_figure
def test_dates_are_iso_and_inferred_ones_say_so(row):
    ends = row["date"].split("/") if row["date"] else []
    assert len(ends) <= 2
    assert all(re.fullmatch(r"\d{4}(-\d\d(-\d\d)?)?", end) for end in ends)
    days = [_day(end) for end in ends]
    assert days == sorted(days)
    assert (row["date_inferred"] == "True") == ("; date inferred from " in row["source"])
    if row["date_inferred"] == "True":
        assert row["date"] and not row["source"].endswith("from ")
    if row["kind"] == "date":
        assert row["date"]


def test_only_printed_years_are_not_inferred():
    """Five dates carry their year in print; everything about the week is inferred."""
    printed = {row["date"] for row in FIGURES if row["date"] and row["date_inferred"] == "False"}
    assert printed == {"2012", "2013", "2015", "2020", "2020-08", "2021-06"}


def test_weekdays_agree_with_the_dates():
    assert [_day(ROWS[k]["date"]).strftime("%A") for k in ("thursday", "friday", "csp-sunday")] == [
        "Thursday",
        "Friday",
        "Sunday",
    ]


# settled choice 9, written here a second time and apart from the library


def _unit(n):
    u = 1
    while n % (u * 10) == 0:
        u *= 10
    return u


def _exactly(n):
    return [n, n, n]


def _around(n):
    d = max(_unit(n) / 2, ceil(n / 10))
    return [floor(n - d), n, ceil(n + d)]


def _more_than(n):
    return [n + 1, n + 1, max(n + 1, n + _unit(n) - 1)]


def _nearly(n):
    return [n - max(ceil(_unit(n) / 2), 1), n - 1, n - 1]


def _under(n):
    """Not in settled choice 9: like "up to", and short of n."""
    return [0, None, n - 1]


PRINTED = {
    "civilians-killed": (_exactly, 49),
    "soldiers-killed": (_exactly, 15),
    "killed-total": (_exactly, 64),
    "attackers-killed": (_around, 50),
    "thursday-targets": (_exactly, 2),
    "zarho-km": (_around, 90),
    "zarho-miles": (_around, 55),
    "mourning": (_exactly, 3),
    "hdi-rank": (_exactly, 6),
    "poverty-share": (_nearly, 50),
    "population": (_exactly, 22_000_000),
    "territory-gains": (_under, 12),
    "coups-count": (_exactly, 2),
    "fled": (_more_than, 30_000),
    "in-need": (_more_than, 8_800_000),
    "in-need-rise": (_exactly, 17),
    "in-need-urgent": (_exactly, 1_000_000),
    "curfew": (_exactly, 30),
    "curfew-hours": (_exactly, 10),
    "headline-33": (_exactly, 33),
    "minusma-size": (_exactly, 17_000),
    "minusma-dead": (_more_than, 300),
    "minusma-superlative": (_exactly, 1),
}


def test_the_rules_give_the_examples_of_settled_choice_9():
    assert _around(50) == [45, 50, 55]
    assert _more_than(30_000) == [30_001, 30_001, 39_999]
    assert _more_than(300) == [301, 301, 399]
    assert _more_than(49) == [50, 50, 50]
    assert _more_than(8_800_000) == [8_800_001, 8_800_001, 8_899_999]
    assert _nearly(50) == [45, 49, 49]


@pytest.mark.parametrize("name", PRINTED)
def test_intervals_are_those_of_settled_choice_9(name):
    rule, n = PRINTED[name]
    assert _values(ROWS[name]) == rule(n)


def test_no_number_stands_in_a_row_that_prints_none():
    assert {row["id"] for row in FIGURES if any(_values(row))} == set(PRINTED)


# what is easy to miss: the row, and what it must say

EASY_TO_MISS = {
    "toll-claimant": dict(claimed_by="military sources"),
    "civilians-killed": dict(claimed_by="military sources", provisional="True", check="best 120 (low 120, high 154)"),
    "soldiers-killed": dict(claimed_by="military sources", check="15 soldiers"),
    "killed-total": dict(inferred="True", check="two attacks"),
    "attackers-killed": dict(claimed_by="government", group="attackers", check="never added"),
    "state-television-statement": dict(claimed_by="government", statement="state television"),
    "drowning": dict(claimed_by="army", low="", high="", check="spokesman"),
    "jnim-claim-thursday": dict(claimed_by="JNIM", check="denied it (BBC Monitoring, 24 September 2023)"),
    "jnim-claim-gao": dict(claimed_by="JNIM"),
    "gao-camp": dict(date="2023-09-08", low="", high="", check="491786"),
    "suicide-attack": dict(date="", place="", inferred="False"),
    "suicide-attack-gao": dict(inferred="True", check="491786"),
    "zarho": dict(place="Zarho"),
    "zarho-km": dict(unit="km", check="135 km"),
    "zarho-miles": dict(unit="miles"),
    "mourning": dict(unit="days", claimed_by="government"),
    "hdi-rank": dict(kind="attribute", unit="rank", claimed_by="UN"),
    "population": dict(kind="stock", check="22,395,489"),
    "poverty-share": dict(kind="share", unit="percent"),
    "niger-river": dict(place="Niger river"),
    "accord-2015": dict(date="2015", date_inferred="False"),
    "coup-2012": dict(date="2012", date_inferred="False"),
    "french-led-operations": dict(date_inferred="True"),
    "territory-gains": dict(claimed_by="UN", unit="months", best=""),
    "coup-2020": dict(date="2020-08", check="18 August 2020"),
    "inauguration-2021": dict(date="2021-06", date_inferred="False", check="24 May 2021"),
    "coups-count": dict(low="2", date="2020"),
    "wagner-leader": dict(date="2023-08-23", date_inferred="True"),
    "timbuktu-heritage": dict(statement="UNESCO"),
    "blockade-start": dict(date="2023-08-21/2023-08-31", check="8 August 2023"),
    "fled": dict(kind="flow", claimed_by="UN", check="33,100"),
    "fled-report-month": dict(date="2023-08"),
    "in-need": dict(kind="stock", claimed_by="aid agency", check="9.0 M"),
    "in-need-rise": dict(kind="rate", unit="percent", check="7.521 M (7.447 to 7.597)"),
    "in-need-urgent": dict(kind="stock", claimed_by="aid agency"),
    "in-need-attribution": dict(statement="deputy regional director"),
    "csp-sunday": dict(claimed_by="CSP", date="2023-09-10"),
    "csp-warning": dict(claimed_by="CSP", check="56"),
    "curfew": dict(low="30", unit="days", place="Gao region"),
    "curfew-hours": dict(inferred="True", check="20:00 to 06:00"),
    "curfew-exemption": dict(statement="vehicles"),
    "headline-33": dict(inferred="True", date="2021-03-15", check="388660", statement="not an event of the article"),
    "minusma-size": dict(kind="stock", group="peacekeepers"),
    "minusma-superlative": dict(unit="rank"),
    "minusma-dead": dict(check="of all causes; 177 by hostile acts"),
    "minusma-2013": dict(date="2013", date_inferred="False"),
    "minusma-leaving": dict(date="2023-12-31", date_inferred="True"),
    "minusma-request": dict(kind="attribute"),
    "publication-week": dict(inferred="True", date_inferred="True"),
}


@pytest.mark.parametrize("name", EASY_TO_MISS)
def test_what_is_easy_to_miss_is_there(name):
    for column, text in EASY_TO_MISS[name].items():
        if column in ("check", "statement"):
            assert text in ROWS[name][column]
        else:
            assert ROWS[name][column] == text, column


def test_a_party_counts_only_its_enemy_apart():
    """The attackers' dead have another claimant than the dead of the two tolls, so no sum can join them."""
    assert ROWS["attackers-killed"]["claimed_by"] not in {
        ROWS[k]["claimed_by"] for k in ("civilians-killed", "soldiers-killed", "killed-total")
    }


def test_checks_that_name_the_calendar_name_its_labels():
    named = {
        label
        for row in FIGURES
        for column in ("check", "checkable_against")
        for group in re.findall(r"calendar: ([a-z0-9-]+(?:, [a-z0-9-]+)*)", row[column])
        for label in group.split(", ")
    }
    assert named and named <= set(BREAKS)


LOADED = re.compile(r"\b(terroris|jihad|massacre|tragic|junta|regime|mercenar|barbar|militants?\b|extremis)", re.I)


@pytest.mark.parametrize("name", ["article_figures.csv", "calendar.csv"])
def test_words_are_neutral(name):
    assert not LOADED.findall((ROOT / "seeds" / name).read_text(encoding="utf-8"))


# none of the article's sentences goes into the project


def _shingles(text, n):
    words = re.findall(r"[^\W_]+", text.lower())
    return {tuple(words[i : i + n]) for i in range(len(words) - n + 1)}


def _strings(thing):
    if isinstance(thing, str):
        yield thing
    elif isinstance(thing, dict):
        for key, value in thing.items():
            if not key.startswith("image/"):
                yield from _strings(value)
    elif isinstance(thing, list):
        if all(isinstance(part, str) for part in thing):
            yield "".join(thing)
        else:
            for part in thing:
                yield from _strings(part)


def _text(path):
    text = path.read_text(encoding="utf-8")
    return "\n".join(_strings(json.loads(text))) if path.suffix == ".ipynb" else text


def _files():
    top = [*ROOT.glob("*.md"), *ROOT.glob("notebooks/*.ipynb")]
    trees = [p for folder in ("seeds", "mali_stats", "tests") for p in (ROOT / folder).rglob("*")]
    kept = {".md", ".csv", ".py", ".toml", ".ipynb"}
    return sorted(p for p in [*top, *trees] if p.suffix in kept and p.is_file() and "shipped" not in p.parts)


needs_article = pytest.mark.skipif(
    not ARTICLE.is_file(),
    reason="the founding article may not be shipped; set MALI_STATS_RAW to the data folder beside it",
)


def test_shingles_find_a_borrowed_sentence():
    ours = "one two three four five six seven eight nine"
    assert _shingles(ours, 8) & _shingles("He wrote: ONE, two - three four; five six (seven) eight.", 8)
    assert not _shingles(ours, 8) & _shingles("one two three four and five six seven eight", 8)
    assert _shingles("\n".join(_strings({"cells": [{"source": ["one two ", "three"]}], "image/png": "x"})), 3) == {
        ("one", "two", "three")
    }


@needs_article
def test_no_sentence_of_the_article_stands_in_the_repository():
    article = _shingles(ARTICLE.read_text(encoding="utf-8"), 8)
    files = _files()
    assert {"article_figures.csv", "README.md", "02-is-it-getting-worse.ipynb"} <= {p.name for p in files}
    found = {str(p.relative_to(ROOT)): shared for p in files if (shared := article & _shingles(_text(p), 8))}
    assert not found


@needs_article
def test_the_coded_rows_share_no_six_words_with_the_article():
    article = _shingles(ARTICLE.read_text(encoding="utf-8"), 6)
    shared = {name: article & _shingles(row["statement"] + "\n" + row["check"], 6) for name, row in ROWS.items()}
    assert not {name: words for name, words in shared.items() if words}


# the calendar of breaks


def test_calendar_columns_and_labels():
    assert list(CALENDAR[0]) == ["label", "kind", "start", "end", "coding", "source", "note"]
    assert len(BREAKS) == len(CALENDAR)
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", label) for label in BREAKS)
    starts = [row["start"] for row in CALENDAR]
    assert starts == sorted(starts)


@each_break
def test_a_break_has_its_dates_and_its_source(row):
    assert None not in row and None not in row.values(), "a cell too many or too few"
    assert row["source"]
    assert row["coding"] in ("True", "False")
    start = date.fromisoformat(row["start"])
    if row["kind"] == "step":
        assert row["end"] == ""
    else:
        assert row["kind"] in ("ramp", "phase")
        assert date.fromisoformat(row["end"]) > start


DATED = {
    "rebellion-2012": ("2012-01-17", ""),
    "coup-2012": ("2012-03-22", ""),
    "azawad-declaration": ("2012-04-06", ""),
    "serval": ("2013-01-11", ""),
    "minusma-start": ("2013-07-01", ""),
    "barkhane": ("2014-08-01", ""),
    "algiers-accord": ("2015-05-15", "2015-06-20"),
    "jnim-formed": ("2017-03-02", ""),
    "ogossagou": ("2019-03-23", ""),
    "coup-2020": ("2020-08-18", ""),
    "coup-2021": ("2021-05-24", ""),
    "wagner": ("2021-12-01", ""),
    "sanctions-2022": ("2022-01-09", "2022-07-03"),
    "menaka-2022": ("2022-03-08", ""),
    "moura": ("2022-03-27", "2022-03-31"),
    "barkhane-end": ("2022-08-15", ""),
    "minusma-withdrawal": ("2023-06-30", "2023-12-31"),
    "timbuktu-blockade": ("2023-08-08", "2023-08-28"),
    "ber": ("2023-08-11", ""),
    "minusma-leaves-kidal": ("2023-10-31", ""),
    "kidal-retaken": ("2023-11-14", ""),
    "ucdp-russia-dyads": ("2024-01-01", ""),
    "accord-ended": ("2024-01-25", ""),
}


def test_the_breaks_asked_for_are_there_with_their_days():
    assert {label: (row["start"], row["end"]) for label, row in BREAKS.items()} == DATED


def test_gradual_and_coding_breaks():
    """METHODS b: the mission's exit and the blockade are no steps; JNIM's forming changes the coding."""
    assert BREAKS["minusma-withdrawal"]["kind"] == BREAKS["timbuktu-blockade"]["kind"] == "ramp"
    assert [label for label, row in BREAKS.items() if row["coding"] == "True"] == ["jnim-formed", "ucdp-russia-dyads"]
    assert "late August" in BREAKS["timbuktu-blockade"]["note"]
