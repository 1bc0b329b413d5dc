"""One pass of the Job controller against what a vector expects of it (job-sync.README.md)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from simulator.controllers.job import JobMemory, reconcile_job
from simulator.controllers.plan import Create, Delete, Emit, Patch, Plan, UpdateStatus
from simulator.model.kubernetes import batch_v1, core_v1, to_builtins
from tests.vectors.cases import check_keys
from tests.vectors.job_pods import INDEX, POD_KEYS, pod_from

EXPECT_KEYS = {
    *("skipped", "create", "createIndexes", "newIndexFailureCounts", "delete", "finalizersRemoved", "release", "adopt"),
    *("active", "ready", "terminating", "succeeded", "failed", "completedIndexes", "failedIndexes"),
    *("uncountedTerminatedPods", "startTime", "completionTime", "conditions", "events", "requeueAfterSeconds"),
    *("backoff", "activeFixed", "refused"),
}
TRACKING = "batch.kubernetes.io/job-tracking"
FAILURES = "batch.kubernetes.io/job-index-failure-count"
IGNORED = "batch.kubernetes.io/job-index-ignored-failure-count"
ABSENT: dict[str, Any] = {
    "uncountedTerminatedPods": {},
    "completedIndexes": "",
    "failedIndexes": None,
    "completionTime": None,
    "createIndexes": [],
    "newIndexFailureCounts": {},
    "release": [],
    "adopt": [],
    "requeueAfterSeconds": None,
}
PER_POD = ("SuccessfulDelete", "SuccessfulCreate")


def memory_from(record: dict[str, Any] | None) -> JobMemory | None:
    if record is None:
        return None
    check_keys(record, {"failures", "lastFailureTime"}, "backoff")
    last = record["lastFailureTime"]
    return JobMemory(record["failures"], datetime.fromisoformat(last) if last else None)


def pods_from(pods: Sequence[dict[str, Any]], job: batch_v1.Job) -> list[core_v1.Pod]:
    for pod in pods:
        check_keys(pod, POD_KEYS - {"sidecars"}, "pod")
    return [pod_from(pod, job) for pod in pods]


class Pass:
    """One reconciliation, and what it came to."""

    def __init__(
        self, job: batch_v1.Job, pods: list[core_v1.Pod], now: str, memory: JobMemory | None, *, pending: bool = False
    ) -> None:
        self.job = job
        self.pods = {pod.metadata.name: pod for pod in pods if pod.metadata is not None}
        self.before = memory
        self.plan: Plan = reconcile_job(job, pods, datetime.fromisoformat(now), memory, expectations_pending=pending)
        self.operations = self.plan.operations
        updates = [operation for operation in self.operations if isinstance(operation, UpdateStatus)]
        self.status: batch_v1.JobStatus = updates[-1].status if updates else (job.status or batch_v1.JobStatus())

    def check(self, expect: dict[str, Any], *, check_backoff: bool) -> None:
        """Compare everything that the format offers."""
        check_keys(expect, EXPECT_KEYS, "expect")
        if expect.get("skipped"):
            assert expect == {"skipped": True}
            assert self.operations == ()
            return
        actual, wanted = self.outcome(), {**ABSENT, **expect}
        wanted["active"] = expect.get("activeFixed", expect["active"])
        for key in ("activeFixed", "refused", "backoff"):
            wanted.pop(key, None)
        for key in ("delete", "finalizersRemoved"):  # a number where the choice between equal pods is free
            if isinstance(wanted[key], int):
                actual[key] = len(actual[key])
        unchecked = {"startTime"} - set(expect)
        if self.is_finishing:
            unchecked.add("requeueAfterSeconds")
        if expect["create"] >= 500:
            unchecked |= {"createIndexes"} - set(expect)
        for key in unchecked:
            actual.pop(key)
            wanted.pop(key, None)
        assert actual == wanted
        if check_backoff and not self.is_finishing:
            check_record(self.plan.memory, expect.get("backoff"))

    @property
    def is_finishing(self) -> bool:
        types = ("Complete", "Failed", "FailureTarget", "SuccessCriteriaMet")
        return any(c.type in types and c.status == "True" for c in self.status.conditions or ())

    def outcome(self) -> dict[str, Any]:
        status = to_builtins(self.status)
        created = [operation.object for operation in self.operations if isinstance(operation, Create)]
        adopted, released, unfinalized = self._patched()
        indexed = [pod for pod in created if INDEX in (pod.metadata.annotations or {})]
        requeue = self.plan.requeue_after_seconds
        return {
            "create": len(created),
            "createIndexes": [int(pod.metadata.annotations[INDEX]) for pod in indexed],
            "newIndexFailureCounts": {
                pod.metadata.annotations[INDEX]: [
                    int(pod.metadata.annotations[FAILURES]),
                    int(pod.metadata.annotations.get(IGNORED, "0")),
                ]
                for pod in indexed
                if FAILURES in pod.metadata.annotations
            },
            "delete": sorted(op.key.name for op in self.operations if isinstance(op, Delete)),
            "finalizersRemoved": sorted(unfinalized),
            "adopt": sorted(adopted),
            "release": sorted(released),
            "active": status.get("active", 0),
            "ready": status.get("ready", 0),
            "terminating": status.get("terminating", 0),
            "succeeded": status.get("succeeded", 0),
            "failed": status.get("failed", 0),
            "completedIndexes": status.get("completedIndexes", ""),
            "failedIndexes": status.get("failedIndexes"),
            "uncountedTerminatedPods": status.get("uncountedTerminatedPods", {}),
            "startTime": status.get("startTime"),
            "completionTime": status.get("completionTime"),
            "conditions": [
                {key: condition[key] for key in ("type", "status", "reason", "message") if key in condition}
                for condition in status.get("conditions", [])
            ],
            "events": [
                {"type": op.type, "reason": op.reason, "message": op.message}
                for op in self.operations
                if isinstance(op, Emit) and op.reason not in PER_POD
            ],
            "requeueAfterSeconds": None if requeue is None else round(requeue, 6),
        }

    def _patched(self) -> tuple[list[str], list[str], list[str]]:
        adopted, released, unfinalized = [], [], []
        assert self.job.metadata is not None
        uid = self.job.metadata.uid
        for operation in self.operations:
            if not isinstance(operation, Patch):
                continue
            name, metadata = operation.key.name, operation.patch["metadata"]
            finalizers = metadata.get("finalizers") or []
            if "ownerReferences" not in metadata:
                assert TRACKING not in finalizers
                assert name not in unfinalized, "the finalizer is removed twice"
                unfinalized.append(name)
            elif any(reference["uid"] == uid for reference in metadata["ownerReferences"] or ()):
                assert TRACKING in finalizers
                adopted.append(name)
            else:
                assert TRACKING not in finalizers
                released.append(name)
        return adopted, released, unfinalized


def check_record(memory: JobMemory | None, expect: dict[str, Any] | None) -> None:
    """The back-off record after a pass; an absent one means no failures."""
    actual = memory or JobMemory()
    wanted = memory_from(expect) or JobMemory()
    assert (actual.failures, actual.last_failure_time if actual.failures else None) == (
        wanted.failures,
        wanted.last_failure_time if wanted.failures else None,
    )
