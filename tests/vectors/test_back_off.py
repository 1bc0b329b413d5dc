"""back-off.json: when a container may start again, and when an image is pulled again."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from msgspec.structs import replace

from simulator.pods.draft import Draft
from simulator.pods.executor import Node
from simulator.pods.observed import Observed, ObservedContainer
from simulator.pods.record import PodRecord
from simulator.pods.sources import Placement, Sources
from simulator.pods.starting import is_backing_off
from tests.vectors.cases import cases, check_keys
from tests.vectors.image_tries import TRY_KEYS, ImageTries
from tests.vectors.pod_input import read_pod, read_time

KEYS = {"name", "op", "steps", "image", "imagePullPolicy", "tries", "expect"}
STEP_KEYS = {"now", "container", "image", "finishedAt", "olderFinishedAt", "running", "sweep", "exitCode"}
EXPECT_KEYS = {"start", "reason", "message", "event", "until", "events"}


@pytest.mark.parametrize("case", cases("back-off"))
def test_back_off(case: dict[str, Any]) -> None:
    check_keys(case, KEYS)
    for expected in case["expect"]:
        check_keys(expected or {}, EXPECT_KEYS, "expect")
    if case["op"] == "restart":
        assert restarts(case) == case["expect"]
    else:
        for step in case["tries"]:
            check_keys(step, TRY_KEYS, "try")
        container = {"name": "main", "image": case["image"], "imagePullPolicy": case.get("imagePullPolicy", "IfNotPresent")}
        manifest = {
            "metadata": {"name": "job-x7k2p", "namespace": "default", "uid": "u-1"},
            "spec": {"restartPolicy": "Always", "containers": [container]},
        }
        tries = ImageTries(manifest, "main")
        assert [tries.attempt(step) for step in case["tries"]] == case["expect"]


def restarts(case: dict[str, Any]) -> list[Any]:
    record = PodRecord("u-1")
    answers: list[Any] = []
    for number, step in enumerate(case["steps"]):
        check_keys(step, STEP_KEYS, "step")
        now = read_time(step["now"])
        assert now is not None
        if step.get("sweep"):
            record = replace(record, restart_back_off=record.restart_back_off.swept(now))
            answers.append(None)
            continue
        # Every step asks anew: nothing is known of how the last one went on.
        record = replace(record, passed_back_off=frozenset(), told_back_off=frozenset())
        answer, record = may_start(step, record, now, number)
        answers.append(answer)
    return answers


def may_start(step: dict[str, Any], record: PodRecord, now: datetime, number: int) -> tuple[dict[str, Any], PodRecord]:
    name, image = step.get("container", "main"), step.get("image", "busybox:1.36")
    pod = read_pod(
        {
            "metadata": {"name": "job-x7k2p", "namespace": "default", "uid": "u-1"},
            "spec": {"restartPolicy": "Always", "containers": [{"name": name, "image": image}]},
        }
    )
    ends = [
        ObservedContainer(name, attempt, "exited", finished_time=read_time(step[key]), exit_code=step.get("exitCode", 1))
        for attempt, key in ((1, "finishedAt"), (0, "olderFinishedAt"))
        if key in step
    ]
    if step.get("running"):
        ends.insert(0, ObservedContainer(name, 2, "running"))
    draft = Draft(pod, record, Node(), now, {}, Sources(), Placement(), Observed(containers=tuple(ends)))
    assert pod.spec is not None
    if not is_backing_off(draft, pod.spec.containers[0], attempt=number):
        return {"start": True}, draft.record
    reason, message = draft.record.start_errors[name]
    event = draft.events[0]
    entry = draft.record.restart_back_off.entries[f"{name}_{image}"]
    finished = next(end.finished_time for end in ends if end.state == "exited")
    assert finished is not None
    until = finished + entry.delay
    text = until.isoformat().replace("+00:00", "Z")
    return {
        "start": False,
        "reason": reason,
        "message": message,
        "event": f"{event.type} {event.reason} {event.message}",
        "until": text.rstrip("0Z").rstrip(".") + "Z" if "." in text else text,
    }, draft.record
