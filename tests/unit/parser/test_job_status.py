"""The rules of status writes: by hand, and on what real controllers were refused (`refused` in the job-sync vectors)."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.model.kubernetes import batch_v1, from_builtins
from simulator.parser import validate_status_update
from tests.vectors.cases import cases

START, END = "2024-06-01T09:00:00Z", "2024-06-01T10:00:00Z"


def job(status: dict[str, Any], **spec: Any) -> batch_v1.Job:
    conditions = [{"type": name, "status": "True"} for name in status.pop("true", ())]
    tree = {"spec": {"template": {}, **spec}, "status": {**status, "conditions": conditions}}
    return from_builtins(tree, batch_v1.Job)


def refused(old: dict[str, Any], new: dict[str, Any], **spec: Any) -> list[str]:
    errors = validate_status_update(job(old, **spec), job(new, **spec))
    return [str(error).removeprefix("status.") for error in errors]


COMPLETE = ("SuccessCriteriaMet", "Complete")
FAILED = ("FailureTarget", "Failed")


def test_an_ordinary_life_is_fine() -> None:
    running = {"startTime": START, "active": 1, "ready": 1}
    done = {"startTime": START, "completionTime": END, "succeeded": 1, "true": COMPLETE}
    assert refused({}, dict(running)) == refused(dict(running), dict(done)) == []
    assert refused(dict(running), {"startTime": START, "failed": 1, "true": FAILED}) == []


@pytest.mark.parametrize(
    ("old", "new", "error"),
    [
        ({}, {"active": 0, "ready": 1}, "ready: Invalid value: 1: cannot set more ready pods than active"),
        ({"failed": 2}, {"failed": 1}, "failed: Invalid value: 1: cannot decrease the failed counter"),
        ({}, {"true": FAILED}, "startTime: Required value: startTime is required for finished job"),
        (
            {"startTime": START},
            {"startTime": START, "true": COMPLETE},
            "completionTime: Required value: completionTime is required for Complete jobs",
        ),
        (
            {"startTime": START},
            {"startTime": START, "active": 1, "true": FAILED},
            "active: Invalid value: 1: active>0 is invalid for finished job",
        ),
        (
            {"startTime": START, "true": FAILED},
            {"startTime": START, "true": ["FailureTarget"]},
            "conditions: Invalid value: cannot disable the terminal Failed=True condition",
        ),
        (
            {},
            {"true": ["SuccessCriteriaMet", "FailureTarget"]},
            "conditions: Invalid value: cannot set SuccessCriteriaMet=True and FailureTarget=true conditions",
        ),
        (
            {},
            {"uncountedTerminatedPods": {"succeeded": ["a"], "failed": ["a"]}},
            'uncountedTerminatedPods.failed[0]: Duplicate value: "a"',
        ),
    ],
)
def test_what_is_refused(old: dict[str, Any], new: dict[str, Any], error: str) -> None:
    assert refused(old, new) == [error]


def test_indexes() -> None:
    spec = {"completionMode": "Indexed", "completions": 6, "parallelism": 2, "backoffLimitPerIndex": 1}
    assert refused({}, {"completedIndexes": "0,4-5", "failedIndexes": "2-4"}, **spec) == [
        'failedIndexes: Invalid value: "2-4": failedIndexes and completedIndexes overlap at index: 4'
    ]
    assert refused({}, {"completedIndexes": "7"}, **spec) == [
        'completedIndexes: Invalid value: "7": error parsing completedIndexes: too large index: "7"'
    ]


def test_a_suspended_job_of_nothing_may_end_without_a_start() -> None:
    assert refused({}, {"completionTime": END, "true": COMPLETE}, suspend=True, completions=0) == []


PASSES = [
    parameter
    for file in ("job-sync", "job-sync-random")
    for parameter in cases(file)
    if parameter.values[0] and "conditions" in parameter.values[0]["expect"]
]
COUNTS = ("active", "ready", "terminating", "succeeded", "failed", "completedIndexes", "failedIndexes", "startTime")


@pytest.mark.parametrize("case", [pytest.param(case.values[0], id=case.id) for case in PASSES])
def test_what_a_real_server_refused_of_a_pass(case: dict[str, Any]) -> None:
    expect = case["expect"]
    status = dict(case["job"].get("status") or {})
    status |= {key: expect[key] for key in COUNTS if expect.get(key) is not None}
    status |= {key: expect.get(key) for key in ("completionTime", "uncountedTerminatedPods", "conditions")}
    if "startTime" in expect:
        status["startTime"] = expect["startTime"]
    if "activeFixed" in expect:
        status["active"] = expect["activeFixed"]
    old, new = (from_builtins(tree, batch_v1.Job) for tree in (case["job"], {**case["job"], "status": status}))
    found = {str(error) for error in validate_status_update(old, new)}
    assert found == {text for text in expect.get("refused", ()) if not text.startswith("status.ready")}
