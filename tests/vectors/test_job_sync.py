"""job-sync.json: single passes of the Job controller."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.model.kubernetes import batch_v1, from_builtins
from tests.vectors.cases import cases, check_keys
from tests.vectors.job_sync import Pass, memory_from, pods_from

KEYS = {"name", "note", "job", "pods", "now", "backoff", "pendingExpectations", "expect"}


def run(case: dict[str, Any]) -> Pass:
    check_keys(case, KEYS)
    job = from_builtins(case["job"], batch_v1.Job)
    pods = pods_from(case["pods"], job)
    return Pass(job, pods, case["now"], memory_from(case.get("backoff")), pending=case.get("pendingExpectations", False))


@pytest.mark.parametrize("case", cases("job-sync"))
def test_job_sync(case: dict[str, Any]) -> None:
    run(case).check(case["expect"], check_backoff="backoff" in case["expect"])


@pytest.mark.parametrize("case", cases("job-sync-random"))
def test_job_sync_random(case: dict[str, Any]) -> None:
    run(case).check(case["expect"], check_backoff=True)
