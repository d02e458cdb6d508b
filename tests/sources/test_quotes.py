"""A quotation mark too many must not swallow a row; lawful marks pass, in pieces of any size."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from making import record, text, write

import mali_stats as ms
from mali_stats.clean import large
from mali_stats.sources.quotes import Quotes

VALUES = st.lists(st.lists(st.text('ab," \n\r', max_size=6), min_size=3, max_size=3), min_size=1, max_size=6)


@given(VALUES, st.integers(1, 9))
def test_what_a_writer_quotes_is_never_odd(rows, size):
    out = io.StringIO(newline="")
    csv.writer(out, quoting=csv.QUOTE_MINIMAL).writerows(rows)
    data, quotes = out.getvalue().encode(), Quotes(",")
    for start in range(0, len(data), size):
        quotes.feed(data[start : start + size])
    assert not quotes.odd


@given(VALUES, st.integers(1, 9))
def test_pieces_tell_what_the_whole_tells(rows, size):
    data, whole, parts = "\n".join(",".join(row) for row in rows).encode(), Quotes(","), Quotes(",")
    whole.feed(data)
    for start in range(0, len(data), size):
        parts.feed(data[start : start + size])
    assert parts.odd == whole.odd


def _swallowed():
    """Row 2 opens a mark that its own text lacks at its end; the next row's text closes it."""
    bare = {"source_article": "no marks"}
    rows = [record(1, source_headline="made-up", **bare), record(2, source_headline='a "made-up" text', **bare)]
    content = text([*rows, record(3)])
    assert content.count(",made-up,") == 1
    return content.replace(",made-up,", ',"made-up,')


@pytest.mark.parametrize("limit", [1, 1 << 40], ids=["as a large file", "plainly"])
def test_a_swallowed_row_is_refused_with_its_place(tmp_path, monkeypatch, limit):
    monkeypatch.setattr(large, "LARGE", limit)
    path = write(tmp_path / "made_up.csv", _swallowed())
    with pytest.raises(ValueError, match=r"made_up\.csv, row 2: a quotation mark ends a value and something follows"):
        ms.read_events(path)
    with pytest.raises(ValueError, match=r"made_up\.csv, row 2: a quotation mark"):
        list(ms.read_events(path, chunks=2))


def test_a_mark_within_a_name_stands(tmp_path):
    content = text([record(1, side_b="GROUP-A")]).replace("GROUP-A", 'Group "A')
    path = write(tmp_path / "made_up.csv", content)
    for events, _ in (ms.read_events(path), *ms.read_events(path, chunks=9)):
        assert events["side_b"].tolist() == ['Group "A']
