"""Reads the input that the kubelet's vector files share: pods, sandboxes, containers, probe results."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from simulator.model.kubernetes import core_v1, from_builtins
from simulator.pods.observed import ContainerProbes, Observed, ObservedContainer, ObservedSandbox
from tests.vectors.cases import check_keys

SANDBOX_KEYS = {"attempt", "ready", "ip", "hostNetwork"}
CONTAINER_KEYS = {
    "name",
    "attempt",
    "state",
    "exitCode",
    "reason",
    "message",
    "createdAt",
    "startedAt",
    "finishedAt",
    "sandbox",
    "changed",
    "image",
    "imageID",
}
PROBE_KEYS = {"liveness", "readiness", "startup"}


def read_time(text: str | None) -> datetime | None:
    """An instant of the vectors (RFC 3339), or None."""
    return datetime.fromisoformat(text).astimezone(UTC) if text else None


def read_pod(pod: dict[str, Any]) -> core_v1.Pod:
    """A pod as an API struct."""
    return from_builtins(pod, core_v1.Pod)


def read_observed(case: dict[str, Any]) -> Observed:
    """`sandboxes` and `containers` of a case."""
    for sandbox in case["sandboxes"]:
        check_keys(sandbox, SANDBOX_KEYS, "sandbox")
    for container in case["containers"]:
        check_keys(container, CONTAINER_KEYS, "container")
    newest = case["sandboxes"][0]["attempt"] if case["sandboxes"] else 0
    return Observed(
        tuple(
            ObservedSandbox(item["attempt"], item["ready"], item.get("ip", "10.244.0.7"), item.get("hostNetwork"))
            for item in case["sandboxes"]
        ),
        tuple(_read_container(item, newest) for item in case["containers"]),
    )


def _read_container(item: dict[str, Any], newest_sandbox: int) -> ObservedContainer:
    return ObservedContainer(
        name=item["name"],
        attempt=item["attempt"],
        state=item["state"],
        container_id=f"docker://{item['name']}-{item['attempt']}",
        image=item.get("image", ""),
        image_id=item.get("imageID", ""),
        exit_code=item.get("exitCode", 0),
        reason=item.get("reason", ""),
        message=item.get("message", ""),
        created_time=read_time(item.get("createdAt")),
        started_time=read_time(item.get("startedAt")),
        finished_time=read_time(item.get("finishedAt")),
        sandbox_attempt=item.get("sandbox", newest_sandbox),
        changed=item.get("changed", False),
    )


def read_probes(case: dict[str, Any]) -> dict[str, ContainerProbes]:
    """`probes` of a case, by container."""
    for results in case.get("probes", {}).values():
        check_keys(results, PROBE_KEYS, "probes")
    return {name: ContainerProbes(**results) for name, results in case.get("probes", {}).items()}


def plus(start: datetime, seconds: float) -> datetime:
    """`start` and so many seconds more."""
    return start + timedelta(seconds=seconds)
