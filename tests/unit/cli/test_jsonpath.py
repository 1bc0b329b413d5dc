import pytest

from simulator.cli.custom_columns import from_argument
from simulator.cli.jsonpath import JsonPath, JsonPathError, go_text, relaxed
from simulator.errors import KjsimError


def test_a_path_may_be_written_with_or_without_braces_and_dot() -> None:
    assert {relaxed(path) for path in ("a.b", ".a.b", "{a.b}", "{.a.b}")} == {"{.a.b}"}
    for path in ("{.a", "{}", "{.a}{.b}", "'{.a}'"):
        with pytest.raises(JsonPathError, match="unexpected path string"):
            relaxed(path)


def test_custom_columns_print_values_as_go_does() -> None:
    columns = from_argument("N:.metadata.name,L:metadata.labels,I:{.spec.c[*].i},X:.nothing")
    obj = {"metadata": {"name": "a", "labels": {"z": "1", "b": "2"}}, "spec": {"c": [{"i": 1}, {"i": True}]}}
    assert columns.headers == ("N", "L", "I", "X")
    assert columns.row(obj) == ["a", "map[b:2 z:1]", "1,true", "<none>"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "custom-columns format specified but no custom columns given"),
        ("A", "unexpected custom-columns spec: A, expected <header>:<json-path-expr>"),
        ("A:.a,,B:.b", "unexpected custom-columns spec: , expected <header>:<json-path-expr>"),
    ],
)
def test_custom_columns_that_can_not_be_read(text: str, problem: str) -> None:
    with pytest.raises(KjsimError) as error:
        from_argument(text)
    assert str(error.value) == problem


def test_nested_ranges_and_values() -> None:
    path = JsonPath("{range .a[*]}{range .b[*]}{@}{end};{end}")
    assert path.values({"a": [{"b": [1, 2]}, {"b": []}, {"b": [3]}]}) == [1, 2, ";", ";", 3, ";"]
    assert go_text([1.5, None, "x", {"a": False}]) == "[1.5 <nil> x map[a:false]]"


def test_fields_may_be_called_like_the_words_of_the_language() -> None:
    assert JsonPath("{.range}{.end}").values({"range": 1, "end": 2}) == [1, 2]
    with pytest.raises(JsonPathError, match="not in range, nothing to end"):
        JsonPath("{end}").find({})
