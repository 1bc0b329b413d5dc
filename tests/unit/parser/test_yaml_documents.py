from __future__ import annotations

from typing import Any

import pytest

from simulator.parser.yaml_documents import plain_value, read_documents


def trees(text: str) -> list[Any]:
    documents, problems = read_documents(text, "f.yml")
    assert not problems
    return [document.tree for document in documents]


def problems(text: str) -> list[tuple[int, str]]:
    return [(problem.line, problem.message) for problem in read_documents(text, "f.yml")[1]]


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("yes", True), ("On", True), ("y", True), ("no", False), ("OFF", False), ("true", True), ("yEs", "yEs"),
        ("", None), ("~", None), ("null", None), ("010", 8), ("0o17", 15), ("0x1F", 31), ("0b101", 5), ("-12", -12),
        ("1_000", 1000), ("+3", 3), ("09", 9), ("1.5", 1.5), ("1e3", 1000), (".5", 0.5), ("1.35", 1.35),
        ("1.35.1", "1.35.1"),
        ("500m", "500m"), ("2020-01-01", "2020-01-01"), ("12:30", "12:30"), ("-", "-"), ("*/5", "*/5"),
    ],
)  # fmt: skip
def test_a_plain_word_means_what_it_means_to_kubectl(word: str, value: Any) -> None:
    found = plain_value(word)
    assert (found, type(found)) == (value, type(value))


def test_quoted_words_are_text() -> None:
    assert trees("a: 'yes'\nb: \"1\"\nc: !!str 12\nd: !!str yes\ne: |\n  5\n") == [
        {"a": "yes", "b": "1", "c": "12", "d": "yes", "e": "5\n"}
    ]


def test_keys_are_always_text() -> None:
    assert trees("1: a\n'no': c\non: d\n") == [{"1": "a", "no": "c", "true": "d"}]


def test_several_documents_and_empty_ones() -> None:
    assert trees("---\n# nothing\n---\na: 1\n--- # two\n---\nb: 2\n...\n---\n") == [{"a": 1}, {"b": 2}]
    assert trees("") == trees("# only a comment\n---\n") == []


def test_anchors_and_merges() -> None:
    assert trees("a: &x {p: 1, q: 2}\nb:\n  <<: *x\n  q: 3\nc: *x\n") == [
        {"a": {"p": 1, "q": 2}, "b": {"p": 1, "q": 3}, "c": {"p": 1, "q": 2}}
    ]


def test_positions_count_in_the_whole_file() -> None:
    documents, _ = read_documents("a: 1\n---\nb:\n- c: 2\n  d:\n    e: 3\n", "f.yml")
    second = documents[1]
    assert second.position(("b",)) == (3, 1)
    assert second.position(("b", 0)) == (4, 3)
    assert second.position(("b", 0, "d", "e")) == (6, 5)
    assert second.position(("b", 0, "d", "missing", "deep")) == (5, 3)


def test_a_key_that_occurs_twice() -> None:
    assert problems("a:\n  b: 1\n  b: 2\n---\nc: 1\nc: 2\n") == [
        (3, 'error converting YAML to JSON: yaml: unmarshal errors:\n  line 3: key "b" already set in map'),
        (6, 'error converting YAML to JSON: yaml: unmarshal errors:\n  line 2: key "c" already set in map'),
    ]


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("a: b\n  c: d\n", 2, "line 2: mapping values are not allowed in this context"),
        ("a: b: c\n", 1, "mapping values are not allowed in this context"),
        ("a:\n\tb: 1\n", 2, "line 2: found character that cannot start any token"),
        ('a: "x\n', 2, "line 2: found unexpected end of stream"),
        ("a: [1\n", 2, "line 1: did not find expected ',' or ']'"),
        ("a: *nope\n", 1, "unknown anchor 'nope' referenced"),
        ("a: &x [*x]\n", 1, "anchor value contains itself"),
    ],
)
def test_bad_yaml_is_told_in_the_words_of_kubectl(text: str, line: int, message: str) -> None:
    found = problems(text)
    assert [(place, told.removeprefix("error converting YAML to JSON: yaml: ")) for place, told in found] == [
        (line, message)
    ]


def test_control_characters() -> None:
    assert problems("\x01\x02kind") == [(0, "error converting YAML to JSON: yaml: control characters are not allowed")]


def test_reading_goes_on_after_a_bad_document() -> None:
    documents, found = read_documents("a: [1\n---\nb: 2\n", "f.yml")
    assert ([document.tree for document in documents], len(found)) == ([{"b": 2}], 1)


def test_json() -> None:
    assert trees('{"a": "\\ud83d\\ude00\\/", "b": [1, 2.5, true, null]}') == [{"a": "😀/", "b": [1, 2.5, True, None]}]
    assert trees('{"a": 1}\n{"b": 2}') == [{"a": 1}, {"b": 2}]
    assert trees("{a: 1, b: yes}") == [{"a": 1, "b": True}]
    documents, _ = read_documents('{\n\t"a": {\n\t\t"b": 1\n\t}\n}', "f.json")
    assert documents[0].position(("a", "b")) == (3, 3)


def test_json_that_breaks_off() -> None:
    assert [message for _, message in problems('{"a": 1,')] == ["unexpected EOF"]


def test_aliases_of_aliases_are_bounded() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    assert "excessive aliasing" in problems("\n".join(lines))[0][1]


@pytest.mark.parametrize("what", ["hello", "[1, 2]"])
def test_only_a_mapping_can_be_merged(what: str) -> None:
    text = f"a:\n  <<: {what}\n  b: 1\n"
    message = "error converting YAML to JSON: yaml: map merge requires map or sequence of maps as the value"
    assert set(problems(text)) == {(2, message)}
