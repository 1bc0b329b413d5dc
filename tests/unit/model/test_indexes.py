from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.model.indexes import (
    add_indexes,
    check_indexes,
    count_indexes,
    first_free_indexes,
    format_indexes,
    go_integer,
    has_index,
    intervals_of,
    parse_indexes,
)

indexes = st.sets(st.integers(0, 60))


@given(indexes)
def test_what_is_written_is_read_back(some: set[int]) -> None:
    text = format_indexes(intervals_of(some))
    assert parse_indexes(text, 100) == intervals_of(some)
    assert check_indexes(text, 100) == count_indexes(intervals_of(some)) == len(some)


@given(indexes, indexes, st.integers(0, 70))
def test_lists_behave_as_sets(one: set[int], other: set[int], index: int) -> None:
    both = add_indexes(intervals_of(one), other)
    assert both == intervals_of(one | other)
    assert has_index(both, index) == (index in one | other)


@given(indexes, st.integers(0, 20), st.integers(0, 70))
def test_free_indexes_are_the_lowest(taken: set[int], count: int, completions: int) -> None:
    free = [index for index in range(completions) if index not in taken]
    assert first_free_indexes(intervals_of(taken), count, completions) == free[:count]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("7", 7),
        ("+7", 7),
        ("-7", -7),
        ("007", 7),
        ("9223372036854775807", 2**63 - 1),
        ("-9223372036854775808", -(2**63)),
        ("9223372036854775808", None),
        ("9" * 5000, None),
        ("0" * 5000 + "1", 1),
        ("", None),
        ("+", None),
        (" 7", None),
        ("7\n", None),
        ("1_0", None),
        ("٣", None),
        ("²", None),
    ],
)
def test_numbers_are_read_as_go_reads_them(text: str, number: int | None) -> None:
    assert go_integer(text) == number
