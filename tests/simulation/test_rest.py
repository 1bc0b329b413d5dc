"""A Job whose pods and clock stand still comes to rest: repeated plans become empty within ceil(pods / 500) + 2 passes.

Random states, far from those that the controller itself would reach, and up to a thousand pods and more.
"""

from __future__ import annotations

import os
from datetime import timedelta
from math import ceil
from random import Random
from typing import Any

import pytest

from simulator.control_plane.applier import Applier
from simulator.controllers.job import TRACKING_FINALIZER, reconcile_job
from simulator.model.indexes import format_indexes
from simulator.model.kinds import JOB, POD
from simulator.model.kubernetes import batch_v1, core_v1, from_builtins, meta_v1
from simulator.model.metadata import key_of
from simulator.store.objects import Objects
from simulator.store.registry import Registry
from tests.simulation.invariants import INDEX
from tests.simulation.manifests import EXIT_CODES, FOREIGN, Tree, job_spec
from tests.simulation.world import NOON

_STUCK = ("failedIndexes and completedIndexes overlap", "startTime is required for finished job")
"""What the controller can run into by itself and stays in until pods or spec change (job.md 4)."""


class Still:
    """A Job and its pods; nothing happens but what the plans ask for."""

    def __init__(self, seed: int) -> None:
        self.rng = Random(seed)
        self.objects = Objects()
        self.registry = Registry(self.objects, self.rng)
        self.applier = Applier(self.objects, self.registry)
        self.registry.ensure_namespace("default", NOON)
        spec = job_spec(self.rng, "still")
        many = self.rng.choice([20, 20, 20, 600, 1300])
        if self.rng.random() < 0.5:
            spec["parallelism"] = self.rng.randint(0, many)
        if spec.get("completionMode") == "Indexed":
            spec["completions"] = self.rng.randint(1, many)
            spec.pop("successPolicy", None)
            spec.pop("maxFailedIndexes", None)
        manifest: Tree = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "still"}, "spec": spec}
        job, _ = self.registry.create(manifest, JOB, NOON)
        self.key = key_of(job)
        pods = [self._pod(job, number) for number in range(self.rng.randint(0, many))]
        for pod in pods:
            self.objects.put(pod)
        self.registry.update_status(self.key, self._status(job, pods))
        if self.rng.random() < 0.1:
            self.registry.delete(self.key, NOON, propagation="Foreground")

    def _pod(self, job: batch_v1.Job, number: int) -> core_v1.Pod:
        rng = self.rng
        owner = meta_v1.OwnerReference(
            apiVersion="batch/v1", kind="Job", name="still", uid=job.metadata.uid, controller=True, blockOwnerDeletion=True
        )
        labels = dict(job.spec.template.metadata.labels)
        annotations = {}
        if job.spec.completionMode == "Indexed" and rng.random() < 0.98:
            # With per-index limits an index that has both failed and succeeded is a dead end: it has one pod here.
            index = number if job.spec.backoffLimitPerIndex is not None else rng.randrange(job.spec.completions + 1)
            annotations[INDEX] = labels[INDEX] = str(index)
            annotations["batch.kubernetes.io/job-index-failure-count"] = str(rng.randrange(3))
        if rng.random() < 0.02:
            labels = {"app": "other"}
        is_deleted = rng.random() < 0.15
        metadata = meta_v1.ObjectMeta(
            name=f"still-{number}",
            namespace="default",
            uid=f"uid-{number}",
            creationTimestamp=NOON,
            labels=labels,
            annotations=annotations or None,
            ownerReferences=None if rng.random() < 0.05 else [owner],
            finalizers=[TRACKING_FINALIZER] if rng.random() < 0.8 or is_deleted else None,
            deletionTimestamp=NOON + timedelta(seconds=30) if is_deleted else None,
            deletionGracePeriodSeconds=30 if is_deleted else None,
        )
        spec = core_v1.PodSpec(containers=job.spec.template.spec.containers, nodeName="node" if rng.random() < 0.8 else None)
        return core_v1.Pod(metadata=metadata, spec=spec, status=self._pod_status())

    def _pod_status(self) -> core_v1.PodStatus:
        phase = self.rng.choice(["Pending", "Running", "Succeeded", "Failed", "Failed"])
        status: Tree = {"phase": phase}
        if phase in ("Succeeded", "Failed"):
            code = 0 if phase == "Succeeded" else self.rng.choice(EXIT_CODES)
            finished = (NOON - timedelta(seconds=self.rng.randrange(60))).isoformat()
            state = {"terminated": {"exitCode": code, "finishedAt": finished}}
            base = {"name": "main", "image": "present:1", "imageID": "", "ready": False, "restartCount": 0}
            status["containerStatuses"] = [{**base, "state": state}]
        elif phase == "Running" and self.rng.random() < 0.7:
            status["conditions"] = [{"type": "Ready", "status": "True"}]
        return from_builtins(status, core_v1.PodStatus)

    def _status(self, job: batch_v1.Job, pods: list[core_v1.Pod]) -> batch_v1.JobStatus:
        """What earlier syncs may have written: a start, some counts, and uids that wait to be counted."""
        if self.rng.random() < 0.3:
            return batch_v1.JobStatus()
        status = batch_v1.JobStatus(startTime=NOON - timedelta(seconds=self.rng.randrange(40)))
        lists: dict[str, list[str]] = {"Succeeded": ["gone-1"], "Failed": ["gone-2"]}
        for pod in pods:
            phase = pod.status.phase
            if (
                phase in lists
                and self.rng.random() < 0.2
                and not (phase == "Succeeded" and job.spec.completionMode != "NonIndexed")
            ):
                lists[phase].append(pod.metadata.uid)
        is_indexed = job.spec.completionMode == "Indexed"
        status.uncountedTerminatedPods = batch_v1.UncountedTerminatedPods(
            succeeded=None if is_indexed else lists["Succeeded"], failed=lists["Failed"]
        )
        status.failed = self.rng.choice([None, 1])
        if is_indexed:
            first = len(pods) if job.spec.backoffLimitPerIndex is not None else 0
            free = range(first, job.spec.completions)
            done = sorted(self.rng.sample(free, self.rng.randint(0, len(free))))
            status.completedIndexes = format_indexes(tuple((index, index) for index in done)) or None
            status.succeeded = len(done) or None
        return status

    def come_to_rest(self) -> bool:
        """Reconcile until there is nothing to do; False if the API refuses to write the status."""
        memory: Any = None
        count = most = 0
        while (job := self.objects.get(self.key)) is not None:
            pods = self.objects.list(POD.kind)
            most = max(most, len(pods))
            plan = reconcile_job(job, pods, NOON, memory)
            if not plan.operations:
                return True
            count += 1
            refusal = self.applier.apply(plan, job, "job-controller", NOON)
            if refusal is not None:
                assert any(text in str(refusal) for text in _STUCK), refusal
                return False
            memory = plan.memory
            assert count <= ceil(most / 500) + 2, f"pass {count} of {most} pods still wants:\n{plan}"[:2000]
        return True


@pytest.mark.parametrize("seed", range(int(os.environ.get("KJSIM_STILL", "150"))))
def test_repeated_plans_become_empty(seed: int) -> None:
    still = Still(seed)
    at_rest = still.come_to_rest()
    job = still.objects.get(still.key)
    if not at_rest or job is None or job.metadata.deletionTimestamp is not None or job.spec.managedBy == FOREIGN:
        return
    for pod in still.objects.controlled(POD.kind, job.metadata.uid):
        assert pod.status.phase != "Succeeded" or not pod.metadata.finalizers, f"{pod.metadata.name} is not counted"
