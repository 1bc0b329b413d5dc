"""Pods as the job vectors describe them (job-sync.README.md, "Pods"), made into API structs."""

from __future__ import annotations

from typing import Any

from simulator.model.kubernetes import batch_v1, core_v1, from_builtins
from tests.vectors.cases import check_keys

POD_KEYS = {
    *(
        "name",
        "namespace",
        "phase",
        "finalizer",
        "index",
        "indexAnnotation",
        "indexFailureCount",
        "indexIgnoredFailureCount",
    ),
    *("exitCodes", "initExitCodes", "finishedAt", "initFinishedAt", "restartCounts", "initRestartCounts", "ready"),
    *("readySince", "conditions", "deletionTimestamp", "deletionGracePeriodSeconds", "created", "owner"),
    *("matchesSelector", "sidecars"),
}
CREATED = "2024-06-01T09:00:00Z"
INDEX = "batch.kubernetes.io/job-completion-index"


def owner_reference(name: str, uid: str) -> dict[str, Any]:
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "name": name,
        "uid": uid,
        "controller": True,
        "blockOwnerDeletion": True,
    }


def pod_from(pod: dict[str, Any], job: batch_v1.Job | None = None) -> core_v1.Pod:
    """The pod that a vector describes, controlled by `job` unless it says otherwise."""
    check_keys(pod, POD_KEYS, "pod")
    for condition in pod.get("conditions", ()):
        check_keys(condition, {"type", "status", "lastTransitionTime"}, "condition")
    built = {"metadata": _metadata(pod, job), "spec": _spec(pod, job), "status": _status(pod)}
    return from_builtins(built, core_v1.Pod)


def _metadata(pod: dict[str, Any], job: batch_v1.Job | None) -> dict[str, Any]:
    annotations = {}
    if "index" in pod:
        annotations[INDEX] = str(pod["index"])
    if "indexAnnotation" in pod:
        annotations[INDEX] = pod["indexAnnotation"]
    if "indexFailureCount" in pod:
        annotations["batch.kubernetes.io/job-index-failure-count"] = pod["indexFailureCount"]
    if "indexIgnoredFailureCount" in pod:
        annotations["batch.kubernetes.io/job-index-ignored-failure-count"] = pod["indexIgnoredFailureCount"]
    metadata: dict[str, Any] = {
        "name": pod["name"],
        "uid": pod["name"],
        "namespace": pod.get("namespace", "default"),
        "creationTimestamp": pod.get("created", CREATED),
        "annotations": annotations,
    }
    if pod.get("finalizer"):
        metadata["finalizers"] = ["batch.kubernetes.io/job-tracking"]
    if "deletionTimestamp" in pod:
        metadata["deletionTimestamp"] = pod["deletionTimestamp"]
        metadata["deletionGracePeriodSeconds"] = pod.get("deletionGracePeriodSeconds", 0)
    if job is not None:
        assert job.metadata is not None
        assert job.spec is not None
        metadata["namespace"] = job.metadata.namespace
        if pod.get("matchesSelector", True):
            metadata["labels"] = dict((job.spec.selector and job.spec.selector.matchLabels) or {})
        owner = pod.get("owner", "self")
        if owner == "self":
            metadata["ownerReferences"] = [owner_reference(job.metadata.name or "", job.metadata.uid or "")]
        elif owner == "other":
            metadata["ownerReferences"] = [owner_reference("another", "u-other")]
        else:
            assert owner == "none"
    return metadata


def _spec(pod: dict[str, Any], job: batch_v1.Job | None) -> dict[str, Any]:
    init = [{"name": name, "restartPolicy": "Always"} for name in pod.get("sidecars", ())]
    containers: list[dict[str, Any]] = [{"name": "main"}]
    if job is not None:
        assert job.spec is not None
        template = job.spec.template.spec
        assert template is not None
        containers = [{"name": container.name} for container in template.containers]
        for container in template.initContainers or ():
            init.append({"name": container.name, "restartPolicy": container.restartPolicy})
    return {"nodeName": "node1", "containers": containers, "initContainers": init}


def _status(pod: dict[str, Any]) -> dict[str, Any]:
    phase = pod["phase"]
    exit_codes = pod.get("exitCodes")
    if exit_codes is None:
        exit_codes = {"main": {"Succeeded": 0, "Failed": 1}.get(phase)}
    finished_at = pod.get("finishedAt")
    conditions = [dict(condition) for condition in pod.get("conditions", ())]
    if pod.get("ready"):
        ready = {"type": "Ready", "status": "True"}
        conditions.append(ready | ({"lastTransitionTime": pod["readySince"]} if "readySince" in pod else {}))
    return {
        "phase": phase,
        "conditions": conditions,
        "containerStatuses": _statuses(exit_codes, pod.get("restartCounts", {}), finished_at),
        "initContainerStatuses": _statuses(
            pod.get("initExitCodes", {}), pod.get("initRestartCounts", {}), pod.get("initFinishedAt", finished_at)
        ),
    }


def _statuses(exit_codes: dict[str, Any], restarts: dict[str, int], finished_at: str | None) -> list[dict[str, Any]]:
    statuses = []
    for name in [*exit_codes, *(name for name in restarts if name not in exit_codes)]:
        code = exit_codes.get(name)
        state: dict[str, Any] = {"running": {}}
        if code is not None:
            state = {"terminated": {"exitCode": code, **({"finishedAt": finished_at} if finished_at else {})}}
        restart_count = restarts.get(name, 0)
        fixed = {"image": "busybox", "imageID": "", "ready": False}
        statuses.append({"name": name, "restartCount": restart_count, "state": state, **fixed})
    return statuses
