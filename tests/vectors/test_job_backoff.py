"""job-backoff.json: the record of failures, finish times of pods, seconds of back-off left."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from simulator.controllers.job.backoff import (
    JobMemory,
    finish_time,
    remaining_seconds,
    remaining_seconds_for_index,
    updated_memory,
)
from simulator.controllers.job.failure_policy import FailurePolicy
from simulator.controllers.job.observed import ObservedPod
from tests.vectors.cases import cases, check_keys
from tests.vectors.job_pods import pod_from


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def memory_from(record: dict[str, Any] | None) -> JobMemory:
    if record is None:
        return JobMemory()
    check_keys(record, {"failures", "lastFailureTime"}, "record")
    last = record["lastFailureTime"]
    return JobMemory(record["failures"], instant(last) if last else None)


@pytest.mark.parametrize("case", cases("job-backoff"))
def test_job_backoff(case: dict[str, Any]) -> None:
    bounds = {"initialSeconds", "maxSeconds", "expectSeconds"}
    match case["op"]:
        case "record":
            check_keys(case, {"name", "op", "expect", "previous", "succeededAt", "failedAt"})
            succeeded, failed = ([instant(text) for text in case[key]] for key in ("succeededAt", "failedAt"))
            assert updated_memory(memory_from(case["previous"]), succeeded, failed) == memory_from(case["expect"])
        case "remaining":
            check_keys(case, {"name", "op", "failures", "lastFailureTime", "now", *bounds})
            memory = memory_from({key: case[key] for key in ("failures", "lastFailureTime")})
            left = remaining_seconds(memory, instant(case["now"]), case["initialSeconds"], case["maxSeconds"])
            assert left == case["expectSeconds"]
        case "finishTime":
            check_keys(case, {"name", "op", "expect", "pod"})
            assert finish_time(pod_from(case["pod"])) == instant(case["expect"])
        case "remainingForIndex":
            check_keys(case, {"name", "op", "lastFailedPod", "now", *bounds})
            pod = None
            if case["lastFailedPod"] is not None:
                pod = ObservedPod(pod_from(case["lastFailedPod"]), FailurePolicy(None), only_failed_are_replaced=False)
            left = remaining_seconds_for_index(pod, instant(case["now"]), case["initialSeconds"], case["maxSeconds"])
            assert left == case["expectSeconds"]
        case op:
            raise AssertionError(f"the adapter does not know op {op}")
