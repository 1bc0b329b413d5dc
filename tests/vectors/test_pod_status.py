"""pod-status.json: the status that a sync writes, and what of it is published."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.model.kubernetes import core_v1, from_builtins, to_builtins
from simulator.pods.status import compute_status
from tests.vectors.cases import cases, check_keys
from tests.vectors.pod_input import read_observed, read_pod, read_probes, read_time

KEYS = {
    "name",
    "pod",
    "now",
    "sandboxes",
    "containers",
    "startErrors",
    "stage",
    "cachedStatus",
    "probes",
    "kubeletStart",
    "expect",
}
IMAGE = "busybox:1.36"


@pytest.mark.parametrize("case", cases("pod-status"))
def test_pod_status(case: dict[str, Any]) -> None:
    check_keys(case, KEYS)
    check_keys(case["expect"], {"status", "published", "events", "refused"}, "expect")
    case["containers"] = [
        {"image": IMAGE, "imageID": f"docker-pullable://{IMAGE}@sha256:0123"} | item for item in case["containers"]
    ]
    pod = read_pod(case["pod"])
    now = read_time(case["now"])
    assert now is not None
    update = compute_status(
        pod,
        from_builtins(with_changes(case["pod"]["status"], case.get("cachedStatus", {})), core_v1.PodStatus),
        read_observed(case),
        now,
        host_ip="192.168.65.3",
        start_errors={name: (reason, message) for name, (reason, message) in case.get("startErrors", {}).items()},
        probes=read_probes(case),
        kubelet_start=read_time(case.get("kubeletStart")),
        stage=case.get("stage", "sync"),
    )
    if case["expect"].get("refused"):
        assert update is None
        return
    assert update is not None
    expected = case["expect"]["status"]
    assert to_builtins(update.status) == expected
    assert to_builtins(update.published) == with_changes(expected, case["expect"].get("published", {}))
    deadline = "Normal DeadlineExceeded Pod was active on the node longer than the specified deadline"
    assert ([deadline] if update.is_past_deadline else []) == case["expect"].get("events", [])


def with_changes(status: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """A status with top-level differences applied; null takes a field away."""
    merged = status | changes
    return {key: value for key, value in merged.items() if value is not None}
