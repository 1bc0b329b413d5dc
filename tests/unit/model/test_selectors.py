from __future__ import annotations

from typing import Any

import pytest

from simulator.model.field_selectors import parse_field_selector
from simulator.model.kubernetes import core_v1, meta_v1
from simulator.model.selectors import (
    SelectorError,
    format_label_selector,
    label_selector_text,
    matches_label_selector,
    parse_label_selector,
)


def test_no_selector_matches_nothing_and_an_empty_one_everything() -> None:
    assert not matches_label_selector(None, {"a": "b"})
    assert matches_label_selector(meta_v1.LabelSelector(), None)
    assert parse_label_selector("").matches({"a": "b"})


@pytest.mark.parametrize(
    ("operator", "values", "expected"),
    [
        ("In", ["1", "2"], True),
        ("NotIn", ["1"], False),
        ("Exists", None, True),
        ("DoesNotExist", None, False),
        ("Near", ["1"], False),
        ("In", [], False),
    ],
)
def test_expressions(operator: str, values: list[str] | None, expected: bool) -> None:
    selector = meta_v1.LabelSelector(
        matchLabels={"app": "web"},
        matchExpressions=[meta_v1.LabelSelectorRequirement(key="n", operator=operator, values=values)],
    )
    assert matches_label_selector(selector, {"app": "web", "n": "1"}) is expected
    assert not matches_label_selector(selector, {"app": "api", "n": "1"})


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (r"reason=a\x", r"invalid field selector: invalid escape sequence: \x"),
        ("reason=a\\", "invalid field selector: invalid escape sequence: \\"),
        ("why=x", "field label not supported: why"),
    ],
)
def test_field_selector_errors(text: str, error: str) -> None:
    with pytest.raises(SelectorError) as caught:
        parse_field_selector(text, "Event")
    assert str(caught.value) == error


def test_field_selector_of_events() -> None:
    event = core_v1.Event(
        metadata=meta_v1.ObjectMeta(name="e", namespace="default"),
        involvedObject=core_v1.ObjectReference(kind="Job", name="demo", uid="u"),
        reason="a,b",
        type="Normal",
    )
    assert parse_field_selector(r"involvedObject.uid=u,reason=a\,b,type!=Warning", "Event").matches(event)
    assert not parse_field_selector("involvedObject.kind=Pod", "Event").matches(event)


@pytest.mark.parametrize(
    ("selector", "text"),
    [
        (None, "<none>"),
        ({}, "<none>"),
        ({"matchLabels": {"b": "1", "a": "2"}}, "a=2,b=1"),
        ({"matchExpressions": [{"key": "k", "operator": "In", "values": ["y", "x", "y"]}]}, "k in (x,y)"),
        ({"matchExpressions": [{"key": "k", "operator": "NotIn", "values": ["x"]}]}, "k notin (x)"),
        (
            {"matchLabels": {"m": "1"}, "matchExpressions": [{"key": "k", "operator": "Exists"}]},
            "k,m=1",
        ),
        ({"matchExpressions": [{"key": "k", "operator": "DoesNotExist"}]}, "!k"),
        ({"matchExpressions": [{"key": "k", "operator": "Near"}]}, "<error>"),
        ({"matchLabels": {"-": "1"}}, "<error>"),
    ],
)
def test_a_structured_selector_as_text(selector: dict[str, Any] | None, text: str) -> None:
    assert format_label_selector(selector) == text


@pytest.mark.parametrize(
    ("expression", "error"),
    [
        ({"key": "k", "operator": "Near"}, '"Near" is not a valid label selector operator'),
        (
            {"key": "k", "operator": "In", "values": []},
            "values: Invalid value: []: for 'in', 'notin' operators, values set can't be empty",
        ),
        (
            {"key": "k", "operator": "Exists", "values": ["a"]},
            'values: Invalid value: ["a"]: values set must be empty for exists and does not exist',
        ),
    ],
)
def test_structured_selectors_that_make_no_sense(expression: dict[str, Any], error: str) -> None:
    with pytest.raises(SelectorError) as caught:
        label_selector_text({"matchExpressions": [expression]})
    assert str(caught.value) == error
