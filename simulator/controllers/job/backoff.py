"""Pod failure back-off: remembered failures, finish time of a pod, seconds still to wait (semantics/job.md 9)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from simulator.controllers.job.observed import ObservedPod, int32
from simulator.model.kubernetes import core_v1

INITIAL_SECONDS = 10.0
MAX_SECONDS = 600.0


class JobMemory(Struct, frozen=True):
    """The back-off record that the controller keeps for a job, in memory only: failures in a row, time of the last one."""

    failures: int = 0
    last_failure_time: datetime | None = None


NO_FAILURES = JobMemory()


def updated_memory(memory: JobMemory, succeeded_times: Sequence[datetime], failed_times: Sequence[datetime]) -> JobMemory:
    """The record after pods have ended at these times.

    Without a success the failures add up; with one, only the failures after the last success count, from zero.
    """
    if not succeeded_times:
        if not failed_times:
            return memory
        return JobMemory(int32(memory.failures + len(failed_times)), max(failed_times))
    last_success = max(succeeded_times)
    later = [instant for instant in failed_times if instant > last_success]
    return JobMemory(len(later), max(later)) if later else JobMemory()


def delay_seconds(failures: int, initial_seconds: float = INITIAL_SECONDS, max_seconds: float = MAX_SECONDS) -> float:
    """The back-off after so many failures in a row: doubling from the initial one, up to the largest."""
    if failures == 0:
        return 0.0
    if failures <= 1:
        return initial_seconds
    return min(max_seconds, initial_seconds * 2.0 ** min(failures - 1, 64))


def remaining_seconds(
    memory: JobMemory, now: datetime, initial_seconds: float = INITIAL_SECONDS, max_seconds: float = MAX_SECONDS
) -> float:
    """Seconds of the back-off that are left at `now`; 0 if there is none."""
    if memory.failures == 0 or memory.last_failure_time is None:
        return 0.0
    elapsed = (now - memory.last_failure_time).total_seconds()
    return max(0.0, delay_seconds(memory.failures, initial_seconds, max_seconds) - elapsed)


def remaining_seconds_for_index(
    last_failed: ObservedPod | None,
    now: datetime,
    initial_seconds: float = INITIAL_SECONDS,
    max_seconds: float = MAX_SECONDS,
) -> float:
    """Seconds of the back-off of one index that are left; `last_failed` is its last failed pod, None if none has failed."""
    if last_failed is None:
        return 0.0
    failures = int32(last_failed.total_failure_count + 1)
    return remaining_seconds(JobMemory(failures, finish_time(last_failed.pod)), now, initial_seconds, max_seconds)


def finish_time(pod: core_v1.Pod) -> datetime:
    """When a pod ended: by its containers, else by Ready=False, else by its deletion, else its creation."""
    status, metadata = pod.status, pod.metadata
    assert metadata is not None
    if status is not None:
        latest = _finish_time_of_containers(pod, status)
        if latest is not None:
            return latest
        for condition in status.conditions or ():
            if condition.type == "Ready":
                if condition.status == "False" and condition.lastTransitionTime is not None:
                    return condition.lastTransitionTime
                break
    if metadata.deletionTimestamp is not None:
        return metadata.deletionTimestamp - timedelta(seconds=metadata.deletionGracePeriodSeconds or 0)
    assert metadata.creationTimestamp is not None
    return metadata.creationTimestamp


def _finish_time_of_containers(pod: core_v1.Pod, status: core_v1.PodStatus) -> datetime | None:
    """The latest finish time of app containers and sidecars.

    Of each kind, all that have a status must have ended; app containers that have not ended leave it to the sidecars.
    """
    latest = _latest(None, status.containerStatuses or ())
    if status.initContainerStatuses and pod.spec is not None and pod.spec.initContainers:
        sidecars = {container.name for container in pod.spec.initContainers if container.restartPolicy == "Always"}
        latest = _latest(latest, [container for container in status.initContainerStatuses if container.name in sidecars])
    return latest


def _latest(latest: datetime | None, statuses: Iterable[core_v1.ContainerStatus]) -> datetime | None:
    for container in statuses:
        terminated = container.state.terminated if container.state is not None else None
        if terminated is None or terminated.finishedAt is None:
            return None
        if latest is None or terminated.finishedAt > latest:
            latest = terminated.finishedAt
    return latest
