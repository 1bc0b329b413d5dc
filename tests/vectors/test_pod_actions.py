"""pod-actions.json: what one sync of a pod does."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.pods.actions import compute_actions
from tests.vectors.cases import cases, check_keys
from tests.vectors.pod_input import read_observed, read_pod, read_probes

KEYS = {"name", "pod", "sandboxes", "containers", "probes", "restartAllContainers", "expect"}
EXPECT_KEYS = {
    "killPod",
    "createSandbox",
    "attempt",
    "sandboxChanged",
    "initContainersToStart",
    "containersToStart",
    "containersToKill",
    "containersToReset",
}


@pytest.mark.parametrize("case", cases("pod-actions"))
def test_pod_actions(case: dict[str, Any]) -> None:
    check_keys(case, KEYS)
    check_keys(case["expect"], EXPECT_KEYS, "expect")
    pod, observed = read_pod(case["pod"]), read_observed(case)
    actions = compute_actions(pod, observed, read_probes(case), case.get("restartAllContainers", False))
    kills = {
        kill.name: {"message": kill.message} | ({"reason": kill.reason} if kill.reason else {}) for kill in actions.kills
    }
    resets = [
        {"id": f"docker://{reset.name}-{reset.attempt}"} | ({"kill": True} if reset.kill else {}) for reset in actions.resets
    ]
    answer: dict[str, Any] = {
        "killPod": actions.kill_pod,
        "createSandbox": actions.create_sandbox,
        "attempt": actions.attempt,
    }
    absent_when_empty = {
        "sandboxChanged": actions.sandbox_changed,
        "initContainersToStart": actions.init_containers,
        "containersToStart": actions.containers,
        "containersToKill": kills,
        "containersToReset": resets,
    }
    assert answer | {key: value for key, value in absent_when_empty.items() if value} == case["expect"]
