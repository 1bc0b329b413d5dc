"""One sync of a Job, from its pods to a plan (semantics/job.md 7)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from msgspec.structs import replace

from simulator.controllers.job.backoff import JobMemory
from simulator.controllers.job.causes import clock_time
from simulator.controllers.job.claim import claim_pods, is_managed_elsewhere
from simulator.controllers.job.conditions import ensure_condition, new_condition
from simulator.controllers.job.scale import delete_active_pods, manage_pods
from simulator.controllers.job.sync import Sync, observe
from simulator.controllers.job.tracking import Tracking
from simulator.controllers.job.verdict import Verdict, completions_reached, find_verdict
from simulator.controllers.plan import Create, Emit, Operation, Plan, UpdateStatus
from simulator.model.conditions import finished_condition
from simulator.model.kubernetes import batch_v1, core_v1
from simulator.model.metadata import whole_second


def reconcile_job(
    job: batch_v1.Job,
    pods: Sequence[core_v1.Pod],
    now: datetime,
    memory: JobMemory | None = None,
    *,
    expectations_pending: bool = False,
) -> Plan:
    """Decide what a job needs at `now`.

    `pods` are all pods of the job's namespace, `memory` what the last plan asked to remember (None: nothing).
    `expectations_pending`: effects of an earlier plan can't be seen yet, so pods are counted but not managed (5).
    """
    if is_managed_elsewhere(job):
        return Plan(memory=memory)
    if finished_condition(job) is not None:
        return Plan()
    assert job.spec is not None
    if job.spec.completionMode not in (None, "NonIndexed", "Indexed"):
        message = "Skipped Job sync because completion mode is unknown"
        return Plan((Emit("Warning", "UnknownCompletionMode", message),), memory=memory)
    claimed, operations = claim_pods(job, pods)
    sync = observe(job, claimed, memory or JobMemory(), now)
    sync.operations += operations
    verdict, suspension_changed = _decide(sync, find_verdict(sync), expectations_pending=expectations_pending)
    tracking = Tracking(sync, verdict)
    tracking.run(changed=_write_counts(sync) or suspension_changed)
    if verdict is None:
        _tell_deadline(sync)
    remembered = sync.memory if tracking.is_remembered else memory
    return Plan(
        operations=tuple(_with_status_on_refusal(sync.operations)),
        requeue_after_seconds=None if tracking.has_ended else sync.wait_seconds,
        memory=None if tracking.has_ended or remembered is None or not remembered.failures else remembered,
        notes=tuple(sync.notes),
    )


def _decide(sync: Sync, verdict: Verdict | None, *, expectations_pending: bool) -> tuple[Verdict | None, bool]:
    """Delete, create, suspend or resume. Gives the verdict to record, and whether the Suspended condition changed."""
    if verdict is not None:
        delete_active_pods(sync, verdict)
        return (None if expectations_pending else verdict), False
    is_managing = not expectations_pending and not sync.is_deleting
    if is_managing:
        manage_pods(sync)
    complete = completions_reached(sync)
    return complete, complete is None and is_managing and _keep_suspended_condition(sync)


def _keep_suspended_condition(sync: Sync) -> bool:
    """Set or clear Suspended as the spec says; the start time goes with it (semantics/job.md 15)."""
    suspended = sync.is_suspended
    status, reason, message = (
        ("True", "JobSuspended", "Job suspended") if suspended else ("False", "JobResumed", "Job resumed")
    )
    if not ensure_condition(sync.status, new_condition("Suspended", status, reason, message, sync.now)):
        return False
    sync.operations.append(Emit("Normal", "Suspended" if suspended else "Resumed", message))
    sync.start_time = None if suspended else sync.now
    return True


def _write_counts(sync: Sync) -> bool:
    """Put the counts into the status; True if it differs from before, so that it must be written."""
    status = sync.status
    before = (status.active or 0, status.ready, status.terminating)
    status.active, status.ready, status.terminating = sync.active_count, sync.ready, sync.terminating
    status.startTime = None if sync.start_time is None else whole_second(sync.start_time)
    return before != (status.active, status.ready, status.terminating)


def _tell_deadline(sync: Sync) -> None:
    """A note in the sync that starts the clock of the deadline."""
    deadline = sync.spec.activeDeadlineSeconds
    started = sync.start_time is not None and sync.start_time == sync.now
    if deadline is not None and started and not sync.is_suspended:
        at = clock_time(sync.now + timedelta(seconds=deadline))
        sync.notes.append(f"fails at {at} if it is still active then: activeDeadlineSeconds is {deadline}")


def _with_status_on_refusal(operations: list[Operation]) -> list[Operation]:
    """Let a refused creation, which ends the plan, still have its status written: with the pods created until then."""
    creations = [position for position, operation in enumerate(operations) if isinstance(operation, Create)]
    if not creations:
        return operations
    after = creations[-1] + 1
    written = next((p for p, o in enumerate(operations[after:], after) if isinstance(o, UpdateStatus)), None)
    if written is None:
        return operations
    update, result = operations[written], list(operations)
    assert isinstance(update, UpdateStatus)
    for missing, position in zip(range(len(creations), 0, -1), creations, strict=True):
        creation = operations[position]
        assert isinstance(creation, Create)
        status = replace(update.status, active=((update.status.active or 0) - missing) or None)
        follows = (
            *creation.on_failure,
            *operations[after:written],
            replace(update, status=status, cause="a pod could not be created"),
        )
        result[position] = replace(creation, on_failure=follows)
    return result
