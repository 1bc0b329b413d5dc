"""job-histories.json: many passes over one job; its status and the back-off record carry over."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from simulator.controllers.job import JobMemory
from simulator.model.kubernetes import batch_v1, from_builtins
from tests.vectors.cases import cases, check_keys, merged
from tests.vectors.job_sync import Pass, pods_from


@pytest.mark.parametrize("case", cases("job-histories"))
def test_job_histories(case: dict[str, Any]) -> None:
    check_keys(case, {"name", "note", "job", "steps"})
    manifest = case["job"]
    status = None
    memory: JobMemory | None = None
    for step in case["steps"]:
        check_keys(step, {"now", "patch", "pods", "expect"}, "step")
        manifest = merged(manifest, step.get("patch", {}))
        job = replace(from_builtins(manifest, batch_v1.Job), status=status)
        done = Pass(job, pods_from(step["pods"], job), step["now"], memory)
        done.check(step["expect"], check_backoff=True)
        memory, status = done.plan.memory, done.status
