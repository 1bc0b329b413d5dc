"""Why, in plain words: the texts that `kjsim why job/NAME` tells of a Job's pods."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from simulator.controllers.job.backoff import delay_seconds, finish_time
from simulator.controllers.job.observed import MAX_INT32, ObservedPod, int32
from simulator.controllers.job.sync import Sync

_PLAIN_REASONS = ("", "Error", "Completed")


def seconds(number: float) -> str:
    """`20 s`, `1.5 s`."""
    return f"{round(number, 3):g} s"


def clock_time(instant: datetime) -> str:
    """`12:00:40`, rounded up to the second; UTC."""
    if instant.microsecond:
        instant = instant.replace(microsecond=0) + timedelta(seconds=1)
    return f"{instant:%H:%M:%S}"


def attempts_of(limit: int | None) -> str:
    """` of 7` for backoffLimit 6, nothing for a limit that means none."""
    return "" if limit is None or limit >= MAX_INT32 else f" of {limit + 1}"


def failure_of(pod: ObservedPod) -> str:
    """What became of a failed pod: `pod pingpong-x failed with exit code 1`."""
    text = _failure(pod)
    return text if pod.match.counts else f"{text} (ignored by podFailurePolicy)"


def _failure(pod: ObservedPod) -> str:
    status = pod.pod.status
    if status is not None:
        statuses = [*(status.containerStatuses or ()), *(status.initContainerStatuses or ())]
        for container in statuses:
            terminated = container.state.terminated if container.state is not None else None
            if terminated is not None and terminated.exitCode != 0:
                reason = "" if (terminated.reason or "") in _PLAIN_REASONS else f" ({terminated.reason})"
                where = f" in container {container.name}" if len(statuses) > 1 else ""
                return f"pod {pod.name} failed with exit code {terminated.exitCode}{reason}{where}"
        if status.reason and pod.phase == "Failed":
            return f"pod {pod.name} failed: {status.reason}"
    return f"pod {pod.name} was deleted" if pod.is_deleting else f"pod {pod.name} failed"


def last_failed(pods: Sequence[ObservedPod]) -> ObservedPod | None:
    """The failed pod that ended last, None if none has failed."""
    return max((pod for pod in pods if pod.is_failed), key=lambda pod: finish_time(pod.pod), default=None)


class CreationCauses:
    """Why each new pod is created. What all of them share is worked out once, so that 500 pods cost little more than one."""

    def __init__(self, sync: Sync, wanted: int) -> None:
        self._sync = sync
        self._wanted = wanted
        self._is_single = wanted == 1 and (sync.spec.completions or 1) == 1
        self._history = "" if sync.spec.backoffLimitPerIndex is not None else self._told_failures()

    def of_pod(self, number: int) -> str:
        """Why a pod is created that counts failures for the whole job; `number` (from 1) of the wanted ones."""
        if self._is_single:
            attempt = f"attempt {self._sync.failed + 1}{attempts_of(self._sync.backoff_limit)}"
            return f"{attempt}: {self._history}" if self._history else attempt
        progress = self._progress(number)
        return f"{progress}; {self._history}" if self._history else progress

    def of_index(self, index: int, number: int) -> str:
        """Why an index gets a pod."""
        sync = self._sync
        limit = sync.spec.backoffLimitPerIndex
        if limit is None:
            return f"index {index}: {self.of_pod(number)}"
        failed = sync.kept.get(index)
        if failed is None:
            return f"index {index}, attempt 1{attempts_of(limit)}: {self._progress(number)}"
        counted = failed.failure_count + failed.match.counts
        failures = int32(failed.total_failure_count + 1)
        after = failure_of(failed)
        return (
            f"index {index}, attempt {counted + 1}{attempts_of(limit)}: {after}; waited {seconds(delay_seconds(failures))}"
        )

    def _told_failures(self) -> str:
        sync = self._sync
        if sync.failed == 0 and sync.memory.failures == 0:
            return ""
        last = last_failed(sync.pods)
        after = failure_of(last) if last is not None else "the failed pods are gone"
        if not self._is_single:
            limit = "" if sync.backoff_limit >= MAX_INT32 else f" (backoffLimit {sync.backoff_limit})"
            after = f"{sync.failed} failed so far{limit}, the last: {after}"
        return f"{after}; waited {seconds(delay_seconds(sync.memory.failures))}" if sync.memory.failures else after

    def _progress(self, number: int) -> str:
        completions = self._sync.spec.completions
        so_far = "" if completions is None else f", {self._sync.succeeded} of {completions} completions so far"
        return f"pod {number} of {self._wanted} at once{so_far}"


def wait_note(sync: Sync, remaining: float) -> str:
    """When the next attempt is due, and after which failure."""
    failures = sync.memory.failures
    limit = "" if sync.backoff_limit >= MAX_INT32 else f" of {sync.backoff_limit}"
    number = f"failure {sync.failed}{limit}" if sync.failed else f"{failures} failed in a row (none counts)"
    at = clock_time(sync.now + timedelta(seconds=remaining))
    return f"next attempt at {at}: back-off of {seconds(delay_seconds(failures))} after {number}"


def index_wait_note(sync: Sync, index: int, remaining: float) -> str:
    """When a waiting index gets its next pod, and after which failure."""
    failed = sync.kept[index]
    failures = int32(failed.total_failure_count + 1)
    at = clock_time(sync.now + timedelta(seconds=remaining))
    return f"next attempt of index {index} at {at}: back-off of {seconds(delay_seconds(failures))} after failure {failures}"
