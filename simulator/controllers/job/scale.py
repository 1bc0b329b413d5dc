"""How many pods: creating the missing ones, deleting the surplus (semantics/job.md 8)."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from simulator.controllers.job.backoff import remaining_seconds, remaining_seconds_for_index
from simulator.controllers.job.causes import CreationCauses, index_wait_note, wait_note
from simulator.controllers.job.claim import only_failed_are_replaced, remove_finalizer
from simulator.controllers.job.deletion_order import Surplus, surplus_pods
from simulator.controllers.job.new_pod import PodMaker
from simulator.controllers.job.observed import ObservedPod
from simulator.controllers.job.sync import Sync
from simulator.controllers.job.verdict import Verdict
from simulator.controllers.plan import ERROR, Create, Delete, Emit
from simulator.model.indexes import Intervals, add_indexes, first_free_indexes, merge_intervals
from simulator.model.metadata import key_of

MAX_PODS_PER_SYNC = 500
SHORTEST_WAIT_SECONDS = 1.0
CREATION_FAILED = (Emit("Warning", "FailedCreate", f"Error creating: {ERROR}"),)
DELETION_FAILED = (Emit("Warning", "FailedDelete", f"Error deleting: {ERROR}"),)


def delete_active_pods(sync: Sync, verdict: Verdict) -> None:
    """A verdict is reached: delete every active pod. Their finalizers stay until they are counted."""
    what = "the job fails" if verdict.is_failure else "the job has succeeded"
    for pod in sync.active:
        _delete(sync, pod, f"{what}: {verdict.reason}, {verdict.why}")


def manage_pods(sync: Sync) -> None:
    """Bring the number of active pods to what is wanted, as far as back-off and the limits of one sync let it."""
    if sync.is_suspended:
        _delete_uncounted(sync, [Surplus(pod, "") for pod in sync.active], "spec.suspend is true")
        return
    wanted = _wanted(sync)
    too_many = sync.active_count - wanted
    # Of an Indexed job also pods with a wrong index go, however few there are.
    surplus = surplus_pods(sync.active, too_many, _index_bound(sync)) if too_many > 0 or sync.is_indexed else []
    if surplus:
        why = f"{sync.active_count} pods are active, {wanted} wanted"
        _delete_uncounted(sync, surplus[:MAX_PODS_PER_SYNC], why)
        return
    missing = wanted - sync.active_count
    if sync.terminating and only_failed_are_replaced(sync.job):
        missing -= sync.terminating
    if missing > 0:
        _create_pods(sync, missing, wanted)


def free_indexes(
    count: int, completions: int, completed: Intervals, failed: Intervals | None, taken: Iterable[int]
) -> list[int]:
    """The lowest `count` indexes that are neither completed nor failed nor taken by a pod."""
    used = add_indexes(completed, set(taken))
    if failed is not None:
        used = merge_intervals(used, failed)
    return first_free_indexes(used, count, completions)


def _index_bound(sync: Sync) -> int | None:
    return sync.completions if sync.is_indexed else None


def _wanted(sync: Sync) -> int:
    if sync.spec.completions is None:
        return sync.active_count if sync.succeeded > 0 else sync.parallelism
    return max(0, min(sync.parallelism, sync.spec.completions - sync.succeeded))


def _create_pods(sync: Sync, missing: int, wanted: int) -> None:
    limit_per_index = sync.spec.backoffLimitPerIndex is not None
    if not limit_per_index:
        remaining = remaining_seconds(sync.memory, sync.now)
        if remaining > 0:
            _wait(sync, remaining, lambda waiting: wait_note(sync, waiting))
            return
    missing = min(missing, MAX_PODS_PER_SYNC)
    maker, causes = PodMaker(sync.job), CreationCauses(sync, wanted)
    first, position = sync.active_count + 1, len(sync.operations)
    if not sync.is_indexed:
        for number in range(first, first + missing):
            sync.operations.append(Create(maker.pod(), causes.of_pod(number), CREATION_FAILED))
    else:
        indexes = free_indexes(missing, sync.completions, sync.completed, sync.failed_indexes, _taken_indexes(sync))
        if limit_per_index:
            indexes = _indexes_that_may_start(sync, indexes)
        for number, index in enumerate(indexes, first):
            pod = maker.pod_of_index(index, sync.kept.get(index))
            sync.operations.append(Create(pod, causes.of_index(index, number), CREATION_FAILED))
        missing = len(indexes)
    sync.active_count += missing
    sync.creations = range(position, position + missing)


def _taken_indexes(sync: Sync) -> Iterable[int]:
    if not only_failed_are_replaced(sync.job):
        return (pod.index for pod in sync.active if pod.index is not None)
    return (pod.index for pod in sync.pods if not pod.is_terminal and pod.index is not None)


def _indexes_that_may_start(sync: Sync, indexes: list[int]) -> list[int]:
    """The indexes without a running back-off. If all must wait: a wake-up at the end of the shortest one."""
    waits = [(remaining_seconds_for_index(sync.kept.get(index), sync.now), index) for index in indexes]
    ready = [index for remaining, index in waits if remaining <= 0]
    if not ready and waits:
        remaining, index = min(waits)
        _wait(sync, remaining, lambda waiting: index_wait_note(sync, index, waiting))
    return ready


def _wait(sync: Sync, remaining: float, note: Callable[[float], str]) -> None:
    waiting = max(remaining, SHORTEST_WAIT_SECONDS)
    sync.wake_up_after(waiting)
    sync.notes.append(note(waiting))


def _delete_uncounted(sync: Sync, surplus: list[Surplus], why: str) -> None:
    """Delete pods that are not to count as failed: their finalizers go first."""
    for pod, own_why in surplus:
        cause = own_why or why
        if pod.tracked:
            sync.operations.append(remove_finalizer(pod.pod, f"not to be counted as failed: {cause}"))
            pod.released = True
        _delete(sync, pod, cause)


def _delete(sync: Sync, pod: ObservedPod, cause: str) -> None:
    sync.operations.append(Delete(key_of(pod.pod), cause, uid=pod.uid, on_failure=DELETION_FAILED))
    sync.operations.append(Emit("Normal", "SuccessfulDelete", f"Deleted pod: {pod.name}"))
    sync.active_count -= 1
    sync.terminating += 1
    if pod.is_ready:
        sync.ready -= 1
