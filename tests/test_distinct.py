"""What is told apart once instead of in every row: held to what a loop over the rows gives."""

import itertools

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mali_stats import distinct, texts

WORDS = st.sampled_from([None, "", "a", "Ménaka", "ab"])
COLUMNS = {
    "str": (WORDS, lambda v: pd.Series(v, dtype="str")),
    "category": (WORDS, lambda v: pd.Series(pd.Categorical(v, categories=["b", "ab", "a", "", "Ménaka"]))),
    "whole": (st.integers(-3, 3), lambda v: pd.Series(v, dtype="int64")),
    "far": (st.sampled_from([-(2**63), 0, 5, 2**63 - 1]), lambda v: pd.Series(v, dtype="int64")),
    "number": (st.sampled_from([np.nan, 0.5, -1.0]), lambda v: pd.Series(v, dtype="float64")),
    "truth": (st.booleans(), lambda v: np.array(v, dtype=bool)),
    "maybe": (st.sampled_from([pd.NA, 1, 2]), lambda v: pd.Series(v, dtype="Int64")),
}


@st.composite
def tables(draw):
    rows = draw(st.integers(0, 40))
    kinds = draw(st.lists(st.sampled_from(sorted(COLUMNS)), min_size=1, max_size=4))
    return [COLUMNS[k][1](draw(st.lists(COLUMNS[k][0], min_size=rows, max_size=rows))) for k in kinds]


@given(tables())
def test_cases_stand_in_the_order_of_the_rows(columns):
    seen, first, which = {}, [], []
    for row, values in enumerate(zip(*(c.tolist() for c in columns), strict=True)):
        case = tuple("nothing" if pd.isna(v) else v for v in values)
        if case not in seen:
            seen[case] = len(first)
            first.append(row)
        which.append(seen[case])
    found = distinct.different(columns)
    assert found[0].tolist() == first and found[1].tolist() == which


def test_more_combinations_than_eight_bytes_can_number():
    columns = [pd.Series(np.random.default_rng(i).permutation(3000).astype(str)) for i in range(7)]
    first, which = distinct.different(columns)
    assert first.tolist() == which.tolist() == list(range(3000))


@given(st.lists(st.sampled_from(["2012-01-17", "2012-01-18", "2016-02-29", None]), max_size=30))
def test_days_are_asked_once(days):
    column = pd.Series(pd.to_datetime(days), dtype="datetime64[us]")
    months = distinct.by_day(column, lambda each: each.astype("datetime64[M]"))
    assert [str(m) for m in months] == ["NaT" if d is None else d[:7] for d in days]


@given(st.lists(WORDS, max_size=5), st.lists(st.integers(-1, 4), max_size=20))
def test_coded_values_are_those_at_the_codes(values, codes):
    codes = np.array([c for c in codes if c < len(values)], dtype=np.int64)
    wanted = [None if c < 0 else values[c] for c in codes]
    held = distinct.coded(values, codes)
    assert [None if pd.isna(v) else v for v in held.tolist()] == wanted
    assert [None if pd.isna(v) else v for v in texts.texts_of(held)] == wanted
    assert held.categories.is_unique


@pytest.mark.parametrize(
    "text", ["007", "0x1F", "+5", "-1", " 7", "7 ", "1.0", "1e3", "", "1000000000", "٣", "7\n", "99999999999999999999"]
)
def test_numbers_written_otherwise_are_not_plain(text):
    assert texts.plain_numbers(pa.array(["31", text, "1"])) is None
    assert texts.plain_numbers(pa.chunked_array([["5"], [text]])) is None


@given(st.lists(st.integers(0, 10**9 - 1), min_size=1))
def test_plain_numbers_are_the_numbers(numbers):
    assert texts.plain_numbers(pa.array([str(n) for n in numbers])).tolist() == numbers


@given(st.lists(WORDS, max_size=20), st.integers(0, 20))
def test_signs_are_the_bytes_of_each_text(words, start):
    part = pa.array(words, pa.large_string())[start:]
    every, starts = texts.signs(part)
    found = [every[a:b].tobytes().decode() for a, b in itertools.pairwise(starts)]
    assert found == [word or "" for word in words[start:]]


@given(st.lists(st.sampled_from(["7", "8", "12", "-3", "9000000000000", "a", "07", None]), max_size=6))
def test_ids_that_stand_twice(ids):
    assert distinct.repeated(pd.Series(ids, dtype="str")).tolist() == [ids.count(i) > 1 for i in ids]
