"""What kubectl prints of an object or list for a JSONPath template: cases of `wait-jsonpath.json`, no server needed."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.cli.jsonpath import JsonPathError, template_output
from simulator.cli.resources import read_resources
from simulator.model.kinds import Kind
from tests.vectors.cases import cases


def templates() -> list[Any]:
    found = []
    for parameter in cases("wait-jsonpath"):
        case = parameter.values[0]
        if case is None:
            continue
        argv = case["argv"]
        forms = [word for word in argv if word.startswith(("jsonpath=", "jsonpath-as-json="))]
        words = [word for word in argv[1:] if not word.startswith("-") and word not in forms]
        if argv[0] == "get" and forms and len(words) <= 2 and "/" not in words[0] and "--sort-by" not in " ".join(argv):
            found.append(pytest.param(case, words, forms[0], id=parameter.id, marks=parameter.marks))
    return found


def objects(case: dict[str, Any], kind: Kind) -> list[dict[str, Any]]:
    here = [o for o in case["objects"] if o["kind"] == kind.kind and o["metadata"].get("namespace", "default") == "default"]
    return sorted(here, key=lambda obj: str(obj["metadata"]["name"]))


@pytest.mark.parametrize(("case", "words", "form"), templates())
def test_templates_print_what_kubectl_prints(case: dict[str, Any], words: list[str], form: str) -> None:
    kind = (read_resources(words[:1])).kinds[0]
    found = objects(case, kind)
    if len(words) == 2:
        given: Any = next(obj for obj in found if obj["metadata"]["name"] == words[1])
    else:
        given = {"apiVersion": "v1", "kind": "List", "metadata": {"resourceVersion": ""}, "items": found}
    name, _, template = form.partition("=")
    output, error = "", ""
    try:
        allows_missing = "--allow-missing-template-keys=false" not in case["argv"]
        output = template_output(template, given, allows_missing=allows_missing, as_json=name == "jsonpath-as-json")
    except JsonPathError as problem:
        error = f"error: {problem}\n"
    if case.get("anyOrder"):
        assert sorted(output.split()) == sorted(case["stdout"].split())
    else:
        assert output == case["stdout"]
    assert error.startswith(case["stderr"])
    assert bool(error) == bool(case["stderr"])
