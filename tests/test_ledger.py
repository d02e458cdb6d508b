"""The ledger adds up, or says so loudly."""

import pandas as pd
import pytest

from mali_stats.ledger import COLUMNS, Ledger

ROWS = pd.DataFrame(
    {
        "event_id": ["7", "12", "9"],
        "deaths_low": [1, 2, pd.NA],
        "deaths_best": [1, 3, 4],
        "deaths_high": [1, 9, 4],
    }
)
ROWS = ROWS.astype({c: "Int64" for c in ROWS if c != "event_id"})


def balanced() -> Ledger:
    ledger = Ledger()
    ledger.count("read", "rows", "in", ROWS)
    ledger.count("clean", "copy", "dropped", ROWS[:1])
    ledger.count("clean", "odd", "flagged", ROWS[1:2])
    ledger.count("clean", "events", "kept", ROWS[1:])
    return ledger


def test_tidy_and_check():
    ledger = balanced()
    assert ledger.check() is ledger
    table = ledger.tidy()
    assert table.columns.tolist() == list(COLUMNS) and len(ledger) == 4
    assert table.loc[0].tolist() == ["read", "rows", "in", 3, 3, 8, 14, "7, 9, 12"]


def test_example_ids_are_the_three_smallest_by_value():
    ledger = Ledger()
    ledger.add("s", "r", "in", rows=5, low=0, best=0, high=0, ids=["100", "20", "3", "MLI9", "7"])
    assert ledger.tidy()["example_ids"].tolist() == ["3, 7, 20"]


@pytest.mark.parametrize("lost", ["rows", "low", "best", "high"])
def test_a_ledger_that_does_not_add_up_raises(lost):
    ledger = balanced()
    ledger._lines[-1][lost] -= 1
    with pytest.raises(AssertionError, match=rf"leaves {lost} \+1"):
        ledger.check()


def test_an_unknown_kind_is_refused():
    with pytest.raises(ValueError, match="kind 'lost' is not known; use one of in, dropped, moved, flagged, kept"):
        Ledger().add("s", "r", "lost", rows=0, low=0, best=0, high=0)


def test_it_shows_as_a_table_and_escapes():
    ledger = Ledger()
    ledger.add("read", "<script>", "in", rows=1, low=0, best=0, high=0)
    ledger.notes.append("<b>")
    html = ledger._repr_html_()
    assert "<table" in html and "<script>" not in html and "<b>" not in html
    assert "reason" in repr(ledger) and "note: <b>" in repr(ledger)


def test_no_line_for_no_rows_but_in_and_kept():
    ledger = Ledger()
    for kind in ("in", "dropped", "flagged", "kept"):
        ledger.count("clean", "nothing", kind, ROWS[:0])
    assert ledger.tidy()["kind"].tolist() == ["in", "kept"]
