"""Whether a job is to fail or to succeed (semantics/job.md 7.7, 10, 13, 14)."""

from __future__ import annotations

from msgspec import Struct

from simulator.controllers.job.success_policy import match_success_policy
from simulator.controllers.job.sync import Sync
from simulator.model.conditions import true_condition
from simulator.model.indexes import count_indexes

FAILURE_TARGET = "FailureTarget"
SUCCESS_CRITERIA_MET = "SuccessCriteriaMet"


class Verdict(Struct, frozen=True):
    """The end that a job has come to.

    `type` is the interim condition (FailureTarget, SuccessCriteriaMet), `is_recorded` whether the status has it already,
    `why` the same in plain words and numbers.
    """

    type: str
    reason: str
    message: str
    why: str
    is_recorded: bool = False

    @property
    def is_failure(self) -> bool:
        """The job is to fail."""
        return self.type == FAILURE_TARGET

    @property
    def final_type(self) -> str:
        """The condition that ends the job."""
        return "Failed" if self.is_failure else "Complete"


def completions_reached(sync: Sync) -> Verdict | None:
    """Plain completion, judged after pods were managed (semantics/job.md 7.9); None if the job is not complete."""
    if sync.active_count:
        return None
    if sync.spec.completions is None:
        if sync.succeeded <= 0:
            return None
        why = f"{sync.succeeded} succeeded and none is active"
    else:
        if sync.succeeded < sync.spec.completions:
            return None
        why = f"{sync.succeeded} of {sync.spec.completions} completions"
    return Verdict(SUCCESS_CRITERIA_MET, "CompletionsReached", "Reached expected number of succeeded pods", why)


def find_verdict(sync: Sync) -> Verdict | None:
    """The first verdict that applies, plain completion apart; asks for a wake-up at a deadline still ahead."""
    for type_ in (SUCCESS_CRITERIA_MET, FAILURE_TARGET) if sync.status.conditions else ():
        recorded = true_condition(sync.job, type_)
        if recorded is not None:
            why = f"condition {type_} is there already"
            return Verdict(type_, recorded.reason or "", recorded.message or "", why, is_recorded=True)
    return (
        _failed_by_policy(sync)
        or _failed_too_often(sync)
        or _past_deadline(sync)
        or (_failed_indexes(sync) or _succeeded_by_policy(sync) if sync.is_indexed else None)
    )


def _failure(reason: str, message: str, why: str) -> Verdict:
    return Verdict(FAILURE_TARGET, reason, message, why)


def _failed_by_policy(sync: Sync) -> Verdict | None:
    if sync.spec.podFailurePolicy is not None:
        for pod in sync.pods:
            if pod.is_failed and (message := pod.match.message) is not None:
                return _failure("PodFailurePolicy", message, message)
    return None


def _failed_too_often(sync: Sync) -> Verdict | None:
    limit = sync.backoff_limit
    message = "Job has reached the specified backoff limit"
    if sync.failed > limit:
        return _failure("BackoffLimitExceeded", message, f"{sync.failed} failed, backoffLimit is {limit}")
    template = sync.spec.template.spec
    if template is not None and template.restartPolicy == "OnFailure":
        restarts = _restarts(sync)
        if restarts >= max(limit, 1):
            why = f"containers were restarted {times(restarts)}, backoffLimit is {limit}"
            return _failure("BackoffLimitExceeded", message, why)
    return None


def times(number: int) -> str:
    """`once`, `3 times`."""
    return "once" if number == 1 else f"{number} times"


def _restarts(sync: Sync) -> int:
    total = 0
    for pod in sync.pods:
        status = pod.pod.status
        if status is not None and pod.phase in ("Running", "Pending"):
            for container in (*(status.initContainerStatuses or ()), *(status.containerStatuses or ())):
                total += container.restartCount
    return total


def _past_deadline(sync: Sync) -> Verdict | None:
    deadline = sync.spec.activeDeadlineSeconds
    if deadline is None or sync.is_suspended or sync.start_time is None:
        return None
    elapsed = (sync.now - sync.start_time).total_seconds()
    if elapsed >= deadline:
        why = f"{elapsed:g} s since its start, activeDeadlineSeconds is {deadline}"
        return _failure("DeadlineExceeded", "Job was active longer than specified deadline", why)
    sync.wake_up_after(deadline - elapsed)
    return None


def _failed_indexes(sync: Sync) -> Verdict | None:
    if sync.failed_indexes is None:
        return None
    failed, succeeded = count_indexes(sync.failed_indexes), sync.succeeded
    limit = sync.spec.maxFailedIndexes
    if limit is not None and failed > limit:
        message = "Job has exceeded the specified maximal number of failed indexes"
        return _failure("MaxFailedIndexesExceeded", message, f"{failed} indexes failed, maxFailedIndexes is {limit}")
    if failed and failed + succeeded >= sync.completions:
        why = f"{failed} of {sync.completions} indexes failed, the other {succeeded} succeeded"
        return _failure("FailedIndexes", "Job has failed indexes", why)
    return None


def _succeeded_by_policy(sync: Sync) -> Verdict | None:
    message = match_success_policy(sync.spec.successPolicy, sync.completions, sync.completed)
    if message is None:
        return None
    why = f"successPolicy is met with {sync.succeeded} of {sync.completions} indexes"
    return Verdict(SUCCESS_CRITERIA_MET, "SuccessPolicy", message, why)
