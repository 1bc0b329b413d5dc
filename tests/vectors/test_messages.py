"""messages.json: what is said about image, creation and start of a container."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.vectors.cases import cases, check_keys
from tests.vectors.image_tries import TRY_KEYS, ImageTries


@pytest.mark.parametrize("case", cases("messages"))
def test_messages(case: dict[str, Any]) -> None:
    check_keys(case, {"name", "op", "pod", "container", "image", "imagePullPolicy", "tries", "expect"})
    for step in case["tries"]:
        check_keys(step, TRY_KEYS, "try")
    name = case.get("container", case["pod"]["spec"]["containers"][0]["name"])
    tries = ImageTries(case["pod"], name)
    expected = [with_prefix(expected, step, name) for expected, step in zip(case["expect"], case["tries"], strict=True)]
    assert [tries.attempt(step) for step in case["tries"]] == expected


def with_prefix(expected: dict[str, Any], step: dict[str, Any], name: str) -> dict[str, Any]:
    """The runtime shim words a start error; here the lifecycle does, so every one has its words."""
    text, words = step.get("startError"), f'failed to start container "{name}": '
    if text is None or text.startswith(words):
        return expected
    answer: dict[str, Any] = json.loads(json.dumps(expected))
    answer["message"] = words + text
    answer["events"][-1] = f"Warning Failed Error: {words}{text}"
    return answer
