from __future__ import annotations

import re
from typing import Any

import pytest

from simulator.parser.structure import refusal
from simulator.parser.validation import validate_create, validate_update
from tests.vectors.cases import cases, check_keys
from tests.vectors.stored_objects import created, merge_patch, updated

KEYS = {"name", "manifest", "errors", "warnings", "badRequest", "patch", "status"}
UID = "2f2da8f0-9f02-46b5-a1dd-1c8526cda25a"
OTHER_NAMESPACE = "the namespace of the provided object does not match the namespace sent on the request"


@pytest.mark.parametrize("case", cases("job-validation"))
def test_job_validation(case: dict[str, Any]) -> None:
    check_validation(case)


def check_validation(case: dict[str, Any]) -> None:
    check_keys(case, KEYS)
    refused = refusal(case["manifest"], strict=False)
    if case.get("badRequest") == OTHER_NAMESPACE:  # asked of the request's path, by the API server
        assert case["manifest"]["metadata"]["namespace"] != "default"
        return
    if "badRequest" in case:
        assert refused == case["badRequest"]
        return
    assert refused is None
    stored = created(case, UID)
    errors, warnings = validate_create(stored)
    if "patch" in case:
        assert not errors
        assert refusal(merge_patch(stored, case["patch"]), strict=False) is None
        errors, warnings = validate_update(stored, updated(stored, case["patch"]))
    _compare([str(error) for error in errors], case["errors"])
    if "warnings" in case:
        assert warnings == case["warnings"]


def _compare(found: list[str], expected: list[str]) -> None:
    """As sets; `***` stands for any text."""
    patterns = [re.escape(text).replace(re.escape("***"), ".*") for text in expected]
    unexpected = [text for text in found if not any(re.fullmatch(pattern, text, re.DOTALL) for pattern in patterns)]
    missing = [
        text
        for text, pattern in zip(expected, patterns, strict=True)
        if not any(re.fullmatch(pattern, error, re.DOTALL) for error in found)
    ]
    assert (unexpected, missing) == ([], [])
