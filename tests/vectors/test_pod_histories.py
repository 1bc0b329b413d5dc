"""pod-histories.json: whole lives of pods.

The kubelet ends a pod in three passes (sync, terminating, terminated), the lifecycle in one; so these are taken together,
and of their statuses the last one counts. Within a pass the order of events is not compared: the kubelet waits for each
container before it speaks of the next.
"""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.vectors.cases import cases, check_keys
from tests.vectors.kubelet_life import KubeletLife

PASS_KEYS = {"at", "stage", "runtime", "events", "status"}
RUN_KEYS = {"seconds", "exit", "stopSeconds", "stopExit", "createError", "startError", "reason"}


@pytest.mark.parametrize("case", cases("pod-histories"))
def test_pod_histories(case: dict[str, Any]) -> None:
    check_keys(case, {"name", "pod", "runs", "until", "expect", "happen", "pullFails"})
    for runs in case["runs"].values():
        for run in runs:
            check_keys(run, RUN_KEYS, "run")
    for item in case.get("happen", ()):
        check_keys(item, {"at", "delete", "sandboxDies", "lose"}, "happen")
    assert [comparable(item) for item in KubeletLife(case).play()] == [comparable(item) for item in merged(case["expect"])]


def merged(passes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The passes of the end taken together with the sync that led to it."""
    result: list[dict[str, Any]] = []
    for item in passes:
        check_keys(item, PASS_KEYS, "pass")
        is_end = "stage" in item and result and (result[-1].get("is_end") or result[-1]["at"] == item["at"])
        if not is_end:
            result.append({"at": item["at"], "events": [], "runtime": []})
        target = result[-1]
        target["events"] = target["events"] + item.get("events", [])
        target["runtime"] = target["runtime"] + item.get("runtime", [])
        if "status" in item:
            target["status"] = item["status"]
        if "stage" in item:
            target["is_end"] = True
    return result


def comparable(item: dict[str, Any]) -> dict[str, Any]:
    """A pass without the order that is not given."""
    shown = {
        "at": item["at"],
        "events": sorted(bare(text) for text in item["events"]),
        "runtime": sorted(rounded(text) for text in item["runtime"]),
    }
    if "status" in item:
        containers = item["status"]["containers"]
        containers = {name: value | {"state": bare(value["state"])} for name, value in containers.items()}
        shown["status"] = item["status"] | {"containers": containers}
    return shown


def bare(text: str) -> str:
    """A start error without the words that the runtime shim puts around it (here the lifecycle does)."""
    return re.sub(r'failed to start container "[^"]*": |Error response from daemon: ', "", text)


def rounded(text: str) -> str:
    time, _, what = text.partition(" ")
    return f"{round(float(time) + 1e-6, 2):g} {what}"
