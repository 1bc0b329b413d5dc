"""Counting finished pods by their finalizers, and the end of a job (semantics/job.md 16)."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from msgspec.structs import replace

from simulator.controllers.job.claim import remove_finalizer
from simulator.controllers.job.conditions import append_condition, ensure_condition, new_condition
from simulator.controllers.job.observed import ObservedPod
from simulator.controllers.job.sync import NONE_UNCOUNTED, Sync
from simulator.controllers.job.verdict import Verdict
from simulator.controllers.plan import Emit, UpdateStatus
from simulator.model.indexes import add_indexes, count_indexes, format_indexes, has_index
from simulator.model.kubernetes import batch_v1
from simulator.model.metadata import whole_second

MAX_UNCOUNTED_PODS = 500


class Tracking:
    """The last part of a sync: count pods that have ended, let them go, and end the job if nothing is left to count.

    `is_remembered` afterwards: the updated back-off record is to be kept. `has_ended`: the job is finished.
    """

    def __init__(self, sync: Sync, verdict: Verdict | None) -> None:
        self._sync = sync
        self._verdict = verdict
        self._status = sync.status
        uncounted = sync.status.uncountedTerminatedPods or NONE_UNCOUNTED
        self._succeeded = list(uncounted.succeeded or ())
        self._failed = list(uncounted.failed or ())
        self.is_remembered = False
        self.has_ended = False

    def run(self, *, changed: bool) -> None:
        """Count; `changed` tells that the status differs already and has to be written."""
        sync, verdict = self._sync, self._verdict
        changed = self._move_to_counters() or changed
        before = len(self._succeeded) + len(self._failed)
        counted, completed, is_full = self._count_pods()
        if counted:
            changed = changed or len(self._succeeded) + len(self._failed) > before or bool(completed)
        if sync.is_indexed:
            changed = self._write_indexes(completed) or changed
        news = ""
        if verdict is not None and not verdict.is_recorded:
            append_condition(self._status, new_condition(verdict.type, "True", verdict.reason, verdict.message, sync.now))
            news = f"{verdict.type} is set: {verdict.reason}, {verdict.why}"
            changed = True
        if changed:
            self._flush(news)
            self.is_remembered = True
        changed = self._let_go(counted) if counted else False
        if verdict is not None and not is_full and self._end(verdict):
            self.has_ended = True
            self._flush(f"the job is {verdict.final_type}: {verdict.reason}")
            self._emit_end(verdict)
        elif changed:
            self._flush("")

    def _let_go(self, counted: list[ObservedPod]) -> bool:
        """Take the finalizers off counted pods, which makes numbers of their uids; True if this changes the status."""
        for pod in counted:
            if not pod.released:
                self._sync.operations.append(remove_finalizer(pod.pod, self._why_counted(pod)))
            pod.tracked = False
        return self._move_to_counters()

    def _move_to_counters(self) -> bool:
        """Move uids whose pods are gone or have no finalizer any more from the lists into the counters."""
        if not self._succeeded and not self._failed:
            return False
        waiting = {pod.uid for pod in self._sync.pods if pod.tracked}
        status = self._status
        succeeded = [uid for uid in self._succeeded if uid in waiting]
        failed = [uid for uid in self._failed if uid in waiting]
        changed = (len(succeeded), len(failed)) != (len(self._succeeded), len(self._failed))
        if changed:
            status.succeeded = (status.succeeded or 0) + len(self._succeeded) - len(succeeded)
            status.failed = (status.failed or 0) + len(self._failed) - len(failed)
            self._succeeded, self._failed = succeeded, failed
        return changed

    def _count_pods(self) -> tuple[list[ObservedPod], list[int], bool]:
        """The pods to let go, the newly completed indexes, and whether the lists are full (then the rest must wait)."""
        sync, verdict = self._sync, self._verdict
        pods = sync.pods
        if sync.is_indexed:
            pods = sorted(pods, key=lambda pod: -1 if pod.index is None else pod.index)
        all_go = sync.is_deleting or verdict is not None
        all_failed = verdict is not None and verdict.is_failure
        counted: list[ObservedPod] = []
        completed: list[int] = []
        for pod in pods:
            if not pod.tracked or not (all_go or self._may_go(pod)):
                continue
            counted.append(pod)
            if pod.is_succeeded and pod.uid not in sync.uncounted_failed:
                self._count_success(pod, completed)
            elif (pod.is_failed or all_failed) and pod.uid not in sync.uncounted_failed:
                self._count_failure(pod)
            if len(completed) + len(self._succeeded) + len(self._failed) >= MAX_UNCOUNTED_PODS:
                return counted, completed, True
        return counted, completed, False

    def _may_go(self, pod: ObservedPod) -> bool:
        if pod.is_succeeded:
            return True
        if not pod.is_failed:
            return False
        return pod.index is None or self._sync.kept.get(pod.index) is not pod

    def _count_success(self, pod: ObservedPod, completed: list[int]) -> None:
        sync = self._sync
        if not sync.is_indexed:
            if pod.uid not in sync.uncounted_succeeded:
                self._succeeded.append(pod.uid)
            return
        index = sync.valid_index(pod)
        if index is not None and not has_index(sync.completed_before, index):
            completed.append(index)

    def _count_failure(self, pod: ObservedPod) -> None:
        sync = self._sync
        if sync.is_indexed and sync.valid_index(pod) is None:
            return
        if pod.match.counts:
            self._failed.append(pod.uid)

    def _write_indexes(self, completed: list[int]) -> bool:
        sync, status = self._sync, self._status
        sync.completed = add_indexes(sync.completed, completed)
        text = format_indexes(sync.completed)
        failed = None if sync.failed_indexes is None else format_indexes(sync.failed_indexes)
        changed = text != (status.completedIndexes or "") or failed != status.failedIndexes
        status.succeeded = count_indexes(sync.completed)
        status.completedIndexes = text or None
        status.failedIndexes = failed
        return changed

    def _end(self, verdict: Verdict) -> bool:
        """Put the final condition on, if nothing is left to count and no pod is terminating."""
        sync, status = self._sync, self._status
        if self._succeeded or self._failed:
            return False
        if sync.terminating:
            pods = "1 terminating pod is" if sync.terminating == 1 else f"{sync.terminating} terminating pods are"
            sync.notes.append(f"becomes {verdict.final_type} when {pods} gone")
            return False
        ensure_condition(status, new_condition(verdict.final_type, "True", verdict.reason, verdict.message, sync.now))
        if not verdict.is_failure:
            status.completionTime = whole_second(sync.now)
        return True

    def _flush(self, what: str) -> None:
        """Write the status as it stands now; `what` else there is to say comes before the counts."""
        status, succeeded, failed = self._status, self._succeeded, self._failed
        uncounted = NONE_UNCOUNTED
        if succeeded or failed:
            uncounted = batch_v1.UncountedTerminatedPods(succeeded=list(succeeded) or None, failed=list(failed) or None)
        written = replace(
            status,
            active=status.active or None,
            succeeded=status.succeeded or None,
            failed=status.failed or None,
            uncountedTerminatedPods=uncounted,
        )
        counts = _told_counts(
            status.active,
            status.ready,
            status.terminating,
            (status.succeeded or 0) + len(succeeded),
            self._sync.spec.completions,
            (status.failed or 0) + len(failed),
        )
        cause = f"{what}; {counts}" if what else counts
        self._sync.operations.append(UpdateStatus(self._sync.key, written, cause))

    def _why_counted(self, pod: ObservedPod) -> str:
        if pod.is_succeeded and pod.uid not in self._sync.uncounted_failed:
            return "it succeeded and is counted"
        if self._sync.is_indexed and self._sync.valid_index(pod) is None:
            return "it has no valid completion index and is not counted"
        if not pod.is_failed:
            if self._verdict is None:
                return "the job is being deleted"
            return "counted as failed: the job fails" if self._verdict.is_failure else "not counted: the job has succeeded"
        if not pod.match.counts:
            return "it failed, which podFailurePolicy ignores"
        return "it failed and is counted"

    def _emit_end(self, verdict: Verdict) -> None:
        emit: Callable[[Emit], None] = self._sync.operations.append
        if verdict.is_failure:
            emit(Emit("Warning", verdict.reason, verdict.message))
            return
        completions = self._sync.spec.completions
        if completions is not None and (self._status.succeeded or 0) > completions:
            emit(Emit("Warning", "TooManySucceededPods", "Too many succeeded pods running after completion count reached"))
        emit(Emit("Normal", "Completed", "Job completed"))


@lru_cache(256)
def _told_counts(
    active: int | None,
    ready: int | None,
    terminating: int | None,
    succeeded: int,
    completions: int | None,
    failed: int,
) -> str:
    """`1 active (1 ready), 2 of 5 succeeded, 1 failed`. Most jobs are small and go through the same few counts."""
    parts = [f"{active} active ({ready or 0} ready)" if active else "none active"]
    if terminating:
        parts.append(f"{terminating} terminating")
    of = "" if completions is None else f" of {completions}"
    parts.append(f"{succeeded}{of} succeeded")
    parts.append(f"{failed} failed")
    return ", ".join(parts)
