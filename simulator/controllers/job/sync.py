"""What one sync of a job knows: its pods in their classes, the counts, the indexes (semantics/job.md 6, 7.3-7.6, 11)."""

from __future__ import annotations

from collections.abc import Container, Sequence
from datetime import datetime

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from simulator.controllers.job.backoff import JobMemory, finish_time, updated_memory
from simulator.controllers.job.observed import ObservedPod
from simulator.controllers.plan import Operation
from simulator.model.indexes import Intervals, add_indexes, count_indexes, has_index, parse_indexes
from simulator.model.kubernetes import batch_v1
from simulator.model.metadata import Key, key_of, metadata_of

NONE_UNCOUNTED = batch_v1.UncountedTerminatedPods()
"""One struct for most statuses, which makes them quick to compare."""
_NO_STATUS = batch_v1.JobStatus()


class Sync(Struct):
    """One sync under way.

    `status` is a draft that becomes the new status; `active_count`, `ready` and `terminating` follow what the sync does.
    `succeeded` is the number of completed indexes for an Indexed job. `completed_before` are the indexes that the status
    holds, `completed` also those of pods seen now. `failed_indexes` is None without backoffLimitPerIndex. `kept` are the
    failed pods, by index, that wait for their replacement. `memory` is the updated back-off record. `start_time` is
    exact, not cut to the second, in the sync that sets it. `is_indexed`: completionMode Indexed; `is_suspended`:
    spec.suspend is true; `is_deleting`: the job has a deletionTimestamp. `creations`: where `operations` creates pods.
    """

    job: batch_v1.Job
    key: Key
    spec: batch_v1.JobSpec
    now: datetime
    pods: list[ObservedPod]
    status: batch_v1.JobStatus
    memory: JobMemory
    uncounted_succeeded: Container[str]
    uncounted_failed: Container[str]
    start_time: datetime | None
    is_indexed: bool
    is_suspended: bool
    is_deleting: bool
    operations: list[Operation] = msgspec.field(default_factory=list)
    notes: list[str] = msgspec.field(default_factory=list)
    wait_seconds: float | None = None
    active: list[ObservedPod] = msgspec.field(default_factory=list)
    active_count: int = 0
    ready: int = 0
    terminating: int = 0
    succeeded: int = 0
    failed: int = 0
    completed_before: Intervals = ()
    completed: Intervals = ()
    failed_indexes: Intervals | None = None
    kept: dict[int, ObservedPod] = msgspec.field(default_factory=dict)
    creations: range = range(0)

    @property
    def completions(self) -> int:
        """spec.completions, 0 if absent."""
        return self.spec.completions or 0

    @property
    def backoff_limit(self) -> int:
        """spec.backoffLimit with its default."""
        return 6 if self.spec.backoffLimit is None else self.spec.backoffLimit

    @property
    def parallelism(self) -> int:
        """spec.parallelism with its default."""
        return 1 if self.spec.parallelism is None else self.spec.parallelism

    def valid_index(self, pod: ObservedPod) -> int | None:
        """The completion index of a pod if it is one of this job's, else None."""
        return pod.index if pod.index is not None and pod.index < self.completions else None

    def wake_up_after(self, seconds: float) -> None:
        """Ask to be called again; the shortest delay wins."""
        self.wait_seconds = seconds if self.wait_seconds is None else min(self.wait_seconds, seconds)


def observe(job: batch_v1.Job, pods: list[ObservedPod], memory: JobMemory, now: datetime) -> Sync:
    """Count the claimed pods of a job at `now`."""
    spec, status = job.spec, job.status or _NO_STATUS
    assert spec is not None
    uncounted = status.uncountedTerminatedPods or NONE_UNCOUNTED
    uncounted_succeeded, uncounted_failed = uncounted.succeeded or (), uncounted.failed or ()
    sync = Sync(
        job=job,
        key=key_of(job),
        spec=spec,
        now=now,
        pods=pods,
        status=replace(status, conditions=status.conditions or None),
        memory=memory,
        uncounted_succeeded=frozenset(uncounted_succeeded) if uncounted_succeeded else (),
        uncounted_failed=frozenset(uncounted_failed) if uncounted_failed else (),
        start_time=now if status.startTime is None and not spec.suspend else status.startTime,
        is_indexed=spec.completionMode == "Indexed",
        is_suspended=bool(spec.suspend),
        is_deleting=metadata_of(job).deletionTimestamp is not None,
    )
    new_succeeded, new_failed = _classify(sync) if pods else ((), ())
    sync.succeeded = (status.succeeded or 0) + len(uncounted_succeeded) + len(new_succeeded)
    sync.failed = (status.failed or 0) + len(uncounted_failed)
    if new_failed:
        sync.failed += sum([pod.match.counts for pod in new_failed])
    if new_failed or memory.failures:  # else there is no failure to remember or to forget
        sync.memory = updated_memory(
            memory, [finish_time(pod.pod) for pod in new_succeeded], [finish_time(pod.pod) for pod in new_failed]
        )
    if sync.is_indexed:
        _observe_indexes(sync, status)
    return sync


def _classify(sync: Sync) -> tuple[Sequence[ObservedPod], Sequence[ObservedPod]]:
    """Count active, ready and terminating pods; give the newly succeeded and the newly failed ones."""
    new_succeeded: list[ObservedPod] = []
    new_failed: list[ObservedPod] = []
    needs_index = sync.is_indexed
    for pod in sync.pods:
        if not pod.is_terminal:
            if pod.is_deleting:
                sync.terminating += 1
            else:
                sync.active.append(pod)
                if pod.is_ready:
                    sync.ready += 1
                continue
        if not pod.tracked or (needs_index and sync.valid_index(pod) is None):
            continue
        if pod.is_succeeded and pod.uid not in sync.uncounted_succeeded:
            new_succeeded.append(pod)
        elif pod.is_failed and pod.uid not in sync.uncounted_failed:
            new_failed.append(pod)
    sync.active_count = len(sync.active)
    return new_succeeded, new_failed


def _observe_indexes(sync: Sync, status: batch_v1.JobStatus) -> None:
    completions = sync.completions
    sync.completed_before = parse_indexes(status.completedIndexes, completions)
    done: set[int] = set()
    failed: list[ObservedPod] = []
    for pod in sync.pods:
        if pod.tracked and pod.index is not None and pod.index < completions:
            if pod.is_succeeded:
                done.add(pod.index)
            elif pod.is_failed:
                failed.append(pod)
    sync.completed = add_indexes(sync.completed_before, done)
    sync.succeeded = count_indexes(sync.completed)
    if sync.spec.backoffLimitPerIndex is not None:
        limit = sync.spec.backoffLimitPerIndex
        lost = {pod.index for pod in failed if pod.index is not None and _fails_index(pod, limit)}
        sync.failed_indexes = add_indexes(parse_indexes(status.failedIndexes, completions), lost)
        sync.kept = _kept_pods(sync, failed, sync.failed_indexes)


def _fails_index(pod: ObservedPod, limit: int) -> bool:
    match = pod.match
    return match.action == "FailIndex" or (match.counts and pod.failure_count >= limit)


def _kept_pods(sync: Sync, failed: list[ObservedPod], failed_indexes: Intervals) -> dict[int, ObservedPod]:
    """The last failed pod of each index that is neither completed, failed nor active; also one in the uncounted list."""
    active = {pod.index for pod in sync.active}
    kept: dict[int, ObservedPod] = {}
    for pod in failed:
        index = pod.index
        if index is None or index in active or has_index(sync.completed, index) or has_index(failed_indexes, index):
            continue
        previous = kept.get(index)
        if previous is None or _is_later(pod, previous):
            kept[index] = pod
    return kept


def _is_later(pod: ObservedPod, previous: ObservedPod) -> bool:
    """It has at least the total failure count and the finish time of the other one."""
    return previous.total_failure_count <= pod.total_failure_count and finish_time(pod.pod) >= finish_time(previous.pod)
