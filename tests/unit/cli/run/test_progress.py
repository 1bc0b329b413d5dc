"""What a run knows: which Jobs are over, whose a pod is, which logs are to be opened."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.cli.run.progress import Progress, finished, has_ended, owner_uid

Tree = dict[str, Any]


def pod(*statuses: Tree, phase: str = "Running", name: str = "p", owner: str = "j") -> Tree:
    metadata = {
        "uid": name,
        "name": name,
        "creationTimestamp": "2026-11-23T10:33:17Z",
        "ownerReferences": [{"uid": "other"}, {"uid": owner, "controller": True}],
    }
    return {"metadata": metadata, "status": {"phase": phase, "containerStatuses": list(statuses)}}


def status(state: str, restarts: int = 0, *, ended_before: bool = False, name: str = "main") -> Tree:
    last = {"terminated": {"exitCode": 1}} if ended_before else {}
    return {"name": name, "restartCount": restarts, "state": {state: {}}, "lastState": last}


@pytest.mark.parametrize(
    ("type_", "value", "expected"),
    [("Complete", "True", True), ("Failed", "True", True), ("Failed", "False", False), ("Suspended", "True", False)],
)
def test_a_job_is_finished_by_its_condition(type_: str, value: str, expected: bool) -> None:
    job = {"status": {"conditions": [{"type": type_, "status": value}]}}
    assert (finished(job) is not None) is expected


def test_a_job_without_status_is_not_finished() -> None:
    assert finished({}) is None


def test_the_owner_is_the_controller() -> None:
    assert owner_uid(pod()) == "j"
    assert owner_uid({"metadata": {}}) == ""


def test_a_pod_ends_by_its_phase() -> None:
    assert [has_ended(pod(phase=phase)) for phase in ("Pending", "Running", "Succeeded", "Failed")] == [
        False,
        False,
        True,
        True,
    ]


def test_a_log_is_opened_once_when_its_container_has_started() -> None:
    progress = Progress()
    assert list(progress.logs_to_open(pod(status("waiting")))) == []
    assert list(progress.logs_to_open(pod(status("running")))) == [("main", 0, False)]
    assert list(progress.logs_to_open(pod(status("terminated")))) == []


def test_each_attempt_has_its_log() -> None:
    progress = Progress()
    list(progress.logs_to_open(pod(status("running"))))
    assert list(progress.logs_to_open(pod(status("waiting", 0, ended_before=True)))) == []
    assert list(progress.logs_to_open(pod(status("running", 1, ended_before=True)))) == [("main", 1, False)]


def test_an_attempt_that_came_and_went_between_two_looks_is_read_as_the_previous_one() -> None:
    progress = Progress()
    opened = list(progress.logs_to_open(pod(status("running", 1, ended_before=True))))
    assert opened == [("main", 1, False), ("main", 0, True)]


def test_pods_of_a_job_come_oldest_first() -> None:
    young, old, other = pod(name="b"), pod(name="a"), pod(name="c", owner="x")
    young["metadata"]["creationTimestamp"] = "2026-11-23T10:33:18Z"
    progress = Progress(pods={each["metadata"]["uid"]: each for each in (young, old, other)})
    assert [each["metadata"]["name"] for each in progress.pods_of("j")] == ["a", "b"]
