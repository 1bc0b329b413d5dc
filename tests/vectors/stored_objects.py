"""How the vectors about created and updated objects are played: create, set a status, patch (README.md, job-defaults)."""

from __future__ import annotations

import copy
from datetime import UTC, datetime
from typing import Any

from simulator.parser.admission import prepare_for_create, prepare_for_update

NOW = datetime(2024, 6, 1, 9, tzinfo=UTC)


def merge_patch(target: Any, patch: Any) -> Any:
    """RFC 7396."""
    if not isinstance(patch, dict):
        return copy.deepcopy(patch)
    merged = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = merge_patch(merged.get(key), value)
    return merged


def created(case: dict[str, Any], uid: str) -> dict[str, Any]:
    """The stored object of a case, with the status that it has by the time of its patch."""
    stored = prepare_for_create(case["manifest"], uid, NOW)
    if "status" in case:
        stored["status"] = case["status"]
    return stored


def updated(stored: dict[str, Any], patch: Any) -> dict[str, Any]:
    """The object after its patch."""
    return prepare_for_update(stored, merge_patch(stored, patch))
