"""What a notebook's tables and outputs are given for readers without a mouse, and on a narrow screen."""

import pandas as pd
import pytest
from bs4 import BeautifulSoup

from mali_stats.report.readable import WHOLE, readable


def shown(frame):
    """A frame as nbconvert lays it out, made readable."""
    box = f'<div class="output_html output_subarea">{frame.to_html(classes="dataframe")}</div>'
    return BeautifulSoup(readable(box), "html.parser")


def texts(cells):
    return [cell.get_text(strip=True) for cell in cells]


@pytest.fixture
def frame():
    return pd.DataFrame({"where": ["Gao", "a road"], "n": [3, 4.5], "day": ["2023-01-31", None]}).set_index("where")


def test_the_name_of_an_index_stands_in_the_line_of_the_columns(frame):
    (line,) = shown(frame).select("thead tr")
    assert texts(line(["th", "td"])) == ["where", "n", "day"]


def test_lines_that_both_name_something_stay_apart(frame):
    frame.columns.name = "what"
    assert [texts(line(["th", "td"])) for line in shown(frame).select("thead tr")] == [
        ["what", "n", "day"],
        ["where", "", ""],
    ]


def test_every_heading_says_of_what_and_no_empty_one_is_left(frame):
    wide = pd.concat({"a": frame, "b": frame}, axis=1)
    wide.index = pd.MultiIndex.from_product([["x"], wide.index])
    table = shown(wide)
    assert {cell["scope"] for cell in table.select("thead th")} == {"colgroup", "col"}
    assert [(cell.get_text(), cell["scope"]) for cell in table.select("tbody th")] == [
        ("x", "rowgroup"),
        ("Gao", "row"),
        ("a road", "row"),
    ]
    assert all(texts(table("th")))


def test_columns_of_words_are_marked_and_figures_are_not():
    frame = pd.DataFrame({
        "reason": ["none", "5"], "day": ["2023-01-31", "NaT"], "share": ["4.5 %", "1e-05"], "n": [None, -3.0],
        "interval": ["12 (9–20)", "..."], "mixed": [1, "<NA> of it"],
    })  # fmt: skip
    marked = [cell.get_text() for cell in shown(frame).select("thead th.text")]
    assert marked == ["reason", "mixed"]


def test_columns_are_told_apart_under_headings_that_span_rows():
    index = pd.MultiIndex.from_tuples([("a", "x"), ("a", "y"), ("b", "x")])
    table = shown(pd.DataFrame({"why": ["old", "new", "9"], "n": [1, 2, 3]}, index=index))
    assert texts(table.select("tbody td.text")) == ["old", "new", "9"]
    assert not table.select("tbody td.text ~ td.text")


def test_a_short_word_or_a_day_is_not_folded_and_a_sentence_is():
    frame = pd.DataFrame({"text": ["2023-01-31", "two words", "x" * (WHOLE + 1)]})
    assert texts(shown(frame).select("td.whole")) == ["", "2023-01-31"]


def test_no_text_of_a_table_is_lost(frame):
    raw = BeautifulSoup(frame.to_html(), "html.parser")
    assert sorted(filter(None, texts(shown(frame)(["th", "td"])))) == sorted(filter(None, texts(raw(["th", "td"]))))


def test_boxes_can_be_reached_and_have_names_of_their_own():
    box = '<div class="output_subarea output_text"><pre>{}</pre></div>'
    page = BeautifulSoup(
        readable(box.format("a  b") + box.format("One sentence. Another.") + box.format("c   d") + "<table></table>"),
        "html.parser",
    )
    reachable = page.select("[tabindex]")
    assert [(cell["role"], cell["aria-label"]) for cell in reachable] == [
        ("group", "Output 1"),
        ("group", "Output 2"),
        ("group", "Table 1"),
    ]
    assert texts(page.select("pre.prose")) == ["One sentence. Another."]


def test_an_indented_line_is_a_sentence_and_columns_are_not():
    box = '<div class="output_text output_subarea"><pre>{}</pre></div>'
    assert "prose" in readable(box.format("rules:\n   none\n"))
    assert "prose" not in readable(box.format("a sentence\n1  2"))


def test_an_empty_page_stays_empty():
    assert readable("") == ""
