from __future__ import annotations

from typing import Any

import pytest

from tests.vectors.cases import cases, check_keys
from tests.vectors.stored_objects import created, updated

KEYS = {"name", "manifest", "uid", "stored", "patch", "status"}


@pytest.mark.parametrize("case", cases("job-defaults"))
def test_job_defaults(case: dict[str, Any]) -> None:
    check_stored(case)


def check_stored(case: dict[str, Any]) -> None:
    check_keys(case, KEYS)
    stored = created(case, case["uid"])
    if "patch" in case:
        stored = updated(stored, case["patch"])
    for left_out in ("creationTimestamp", "resourceVersion", "managedFields"):
        stored["metadata"].pop(left_out, None)
    if not case["stored"].get("status"):
        assert not stored.get("status") or "status" in case
        stored.pop("status", None)
    assert stored == _without_null_lists(case["stored"])


def _without_null_lists(stored: Any) -> Any:
    """Lists that a server shows as null: the structs that kjsim stores hold an empty one (rules) or none (sources)."""
    if isinstance(stored, list):
        return [_without_null_lists(item) for item in stored]
    if not isinstance(stored, dict):
        return stored
    kept = {key: _without_null_lists(value) for key, value in stored.items() if (key, value) != ("sources", None)}
    return {**kept, "rules": []} if "rules" in kept and kept["rules"] is None else kept
