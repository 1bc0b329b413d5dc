"""job-histories.json: many passes over one job; its status and the back-off record carry over."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from simulator.controllers.job import JobMemory
from simulator.model.kubernetes import batch_v1, from_builtins
from tests.vectors.cases import cases, check_keys
from tests.vectors.job_sync import Pass, pods_from


def merge(target: Any, patch: Any) -> Any:
    """JSON merge patch (RFC 7386)."""
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merge(result.get(key), value)
    return result


@pytest.mark.parametrize("case", cases("job-histories"))
def test_job_histories(case: dict[str, Any]) -> None:
    check_keys(case, {"name", "note", "job", "steps"})
    manifest = case["job"]
    status = None
    memory: JobMemory | None = None
    for step in case["steps"]:
        check_keys(step, {"now", "patch", "pods", "expect"}, "step")
        manifest = merge(manifest, step.get("patch", {}))
        job = replace(from_builtins(manifest, batch_v1.Job), status=status)
        done = Pass(job, pods_from(step["pods"], job), step["now"], memory)
        done.check(step["expect"], check_backoff=True)
        memory, status = done.plan.memory, done.status
