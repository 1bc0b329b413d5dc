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
    assert stored == case["stored"]
