from __future__ import annotations

from typing import Any

import pytest

from simulator.model.kinds import CONFIG_MAP, JOB
from simulator.parser.validation.field_errors import NO_VALUE, Errors, invalid


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (-1, "Invalid value: -1: no"), (True, "Invalid value: true: no"), ('a"\n', 'Invalid value: "a\\"\\n": no'),
        (None, "Invalid value: null: no"), ({"a": ["<&>"]}, 'Invalid value: {"a":["\\u003c\\u0026\\u003e"]}: no'),
        (NO_VALUE, "Invalid value: no"),
    ],
)  # fmt: skip
def test_values_are_shown_as_go_shows_them(value: Any, text: str) -> None:
    errors = Errors()
    errors.invalid("p", value, "no")
    assert str(errors[0]) == f"p: {text}"


def test_every_kind_of_error() -> None:
    errors = Errors()
    errors.required("a")
    errors.forbidden("b", "never")
    errors.duplicate("c", "x")
    errors.not_found("d", "y")
    errors.not_supported("e", "z", ["p", "q"])
    errors.too_long("f", 63)
    errors.too_many("g", 21, 20)
    assert [str(error) for error in errors] == [
        "a: Required value",
        "b: Forbidden: never",
        'c: Duplicate value: "x"',
        'd: Not found: "y"',
        'e: Unsupported value: "z": supported values: "p", "q"',
        "f: Too long: may not be more than 63 bytes",
        "g: Too many: 21: must have at most 20 items",
    ]


def test_the_answer_to_one_and_to_several_errors() -> None:
    errors = Errors()
    errors.required("spec.a", "it is needed")
    answer = invalid(JOB, "demo", errors)
    assert str(answer) == 'Job.batch "demo" is invalid: spec.a: Required value: it is needed'
    assert answer.to_status()["details"] == {
        "name": "demo",
        "group": "batch",
        "kind": "Job",
        "causes": [{"reason": "FieldValueRequired", "message": "Required value: it is needed", "field": "spec.a"}],
    }
    errors.required("spec.a", "it is needed")
    errors.required("data")
    assert str(invalid(CONFIG_MAP, "c", errors)) == (
        'ConfigMap "c" is invalid: [spec.a: Required value: it is needed, data: Required value]'
    )
