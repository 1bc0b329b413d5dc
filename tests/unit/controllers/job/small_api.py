"""The least of an API that carries out the plans of one job: enough to reconcile again and see what comes next."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec.structs import replace

from simulator.controllers.job import JobMemory, reconcile_job
from simulator.controllers.plan import Create, Delete, Patch, Plan, UpdateStatus
from simulator.model.kubernetes import batch_v1, core_v1, from_builtins, to_builtins

NOON = datetime(2024, 6, 1, 12, tzinfo=UTC)


def job_of(*, template: dict[str, Any] | None = None, **spec: Any) -> batch_v1.Job:
    """A job as the API stores it."""
    labels = {"batch.kubernetes.io/controller-uid": "u-1", "job-name": "pingpong"}
    pod = {"restartPolicy": "Never", "containers": [{"name": "main", "image": "busybox"}]}
    defaults: dict[str, Any] = {
        "parallelism": 1,
        "completions": 1,
        "backoffLimit": 6,
        "completionMode": "NonIndexed",
        "suspend": False,
        "podReplacementPolicy": "TerminatingOrFailed",
        "selector": {"matchLabels": {"batch.kubernetes.io/controller-uid": "u-1"}},
        "template": {"metadata": {"labels": labels}, "spec": {**pod, **(template or {})}},
    }
    metadata = {"name": "pingpong", "namespace": "default", "uid": "u-1", "creationTimestamp": "2024-06-01T11:00:00Z"}
    return from_builtins({"metadata": metadata, "spec": {**defaults, **spec}}, batch_v1.Job)


class SmallApi:
    """One job and its pods. New pods are named pod-1, pod-2, ... and are Pending."""

    def __init__(self, job: batch_v1.Job) -> None:
        self.job = job
        self.pods: dict[str, core_v1.Pod] = {}
        self.memory: JobMemory | None = None
        self.now = NOON
        self._created = 0

    def reconcile(self) -> Plan:
        """One pass, carried out."""
        plan = reconcile_job(self.job, list(self.pods.values()), self.now, self.memory)
        for operation in plan.operations:
            match operation:
                case Create(object=pod):
                    self._create(pod)
                case Patch(key=key, patch=patch):
                    self._patch(key.name, patch["metadata"])
                case Delete(key=key):
                    self._patch(key.name, {"deletionTimestamp": self.now.isoformat(), "deletionGracePeriodSeconds": 0})
                case UpdateStatus(status=status):
                    self.job = replace(self.job, status=status)
        self.memory = plan.memory
        return plan

    def pass_time(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def change(self, **spec: Any) -> None:
        self.job = replace(self.job, spec=replace(self.job.spec, **spec))

    def end(self, name: str, exit_code: int, **more: Any) -> None:
        """The only container of a pod ends now."""
        terminated = core_v1.ContainerStateTerminated(exitCode=exit_code, finishedAt=self.now, **more)
        state = core_v1.ContainerState(terminated=terminated)
        status = core_v1.ContainerStatus(image="", imageID="", name="main", ready=False, restartCount=0, state=state)
        phase = "Failed" if exit_code else "Succeeded"
        self.pods[name] = replace(self.pods[name], status=core_v1.PodStatus(phase=phase, containerStatuses=[status]))

    def vanish(self, name: str) -> None:
        del self.pods[name]

    def conditions(self) -> list[str]:
        status = self.job.status
        return [f"{c.type}={c.status} {c.reason}" for c in (status and status.conditions) or ()]

    def _create(self, pod: core_v1.Pod) -> None:
        self._created += 1
        name = f"pod-{self._created}"
        metadata = replace(pod.metadata, name=name, uid=f"uid-{name}", creationTimestamp=self.now)
        self.pods[name] = replace(pod, metadata=metadata, status=core_v1.PodStatus(phase="Pending"))

    def _patch(self, name: str, patch: dict[str, Any]) -> None:
        pod = to_builtins(self.pods[name])
        for key, value in patch.items():
            if value is None:
                pod["metadata"].pop(key, None)
            else:
                pod["metadata"][key] = value
        self.pods[name] = from_builtins(pod, core_v1.Pod)
