import pytest

from simulator.cli.sorting import natural_less, sorted_by
from simulator.errors import KjsimError


def order(path: str, *objects: dict[str, object]) -> list[object]:
    return [obj["n"] for obj in sorted_by(path, list(objects), lambda obj: obj)]


def test_values_are_compared_by_what_they_are() -> None:
    assert order(".v", {"n": 1, "v": 10}, {"n": 2, "v": 9}) == [2, 1]
    assert order(".v", {"n": 1, "v": "job-10"}, {"n": 2, "v": "job-9"}) == [2, 1]
    assert order(".v", {"n": 1, "v": "1Gi"}, {"n": 2, "v": "900Mi"}) == [2, 1]
    assert order("{.v}", {"n": 1, "v": "2026-01-01T00:00:01Z"}, {"n": 2, "v": "2026-01-01T00:00:00Z"}) == [2, 1]


def test_what_has_no_value_comes_first() -> None:
    assert order("v", {"n": 1}, {"n": 2, "v": 5}, {"n": 3}) == [3, 1, 2]
    assert order("v", *({"n": n, "v": 99 - n} for n in range(20)), {"n": 99})[:3] == [99, 19, 18]


def test_equal_values_keep_their_order() -> None:
    assert order("v", {"n": 1, "v": 0}, {"n": 2, "v": 0}, {"n": 3, "v": 0}) == [1, 2, 3]


def test_a_path_that_finds_nothing_at_all() -> None:
    with pytest.raises(KjsimError) as error:
        order(".nothing", {"n": 1})
    assert str(error.value) == 'couldn\'t find any field with path "{.nothing}" in the list of objects'
    assert sorted_by(".nothing", [], lambda obj: obj) == []


def test_numbers_in_texts_count_as_numbers() -> None:
    assert natural_less("a9", "a10")
    assert natural_less("a-1", "a1")
    assert not natural_less("ab1", "ab-")
