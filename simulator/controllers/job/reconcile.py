"""One sync of a Job, from its pods to a plan (semantics/job.md 7)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from msgspec.structs import replace

from simulator.controllers.job.backoff import NO_FAILURES, JobMemory
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
    claimed, claims = claim_pods(job, pods)
    sync = observe(job, claimed, memory or NO_FAILURES, now)
    sync.operations += claims
    verdict, suspension_changed = _decide(sync, find_verdict(sync), expectations_pending=expectations_pending)
    tracking = Tracking(sync, verdict)
    tracking.run(changed=_write_counts(sync) or suspension_changed)
    if verdict is None and sync.spec.activeDeadlineSeconds is not None:
        _tell_deadline(sync, sync.spec.activeDeadlineSeconds)
    operations = _with_status_on_refusal(sync.operations, sync.creations) if sync.creations else sync.operations
    if tracking.has_ended:
        return Plan(tuple(operations), notes=tuple(sync.notes))
    remembered = sync.memory if tracking.is_remembered else memory
    if remembered is not None and not remembered.failures:
        remembered = None
    return Plan(tuple(operations), sync.wait_seconds, memory=remembered, notes=tuple(sync.notes))


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
    if not suspended and not sync.status.conditions:
        return False  # there is none to clear
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
    counts = (sync.active_count, sync.ready, sync.terminating)
    status.active, status.ready, status.terminating = counts
    status.startTime = None if sync.start_time is None else whole_second(sync.start_time)
    return before != counts


def _tell_deadline(sync: Sync, deadline: int) -> None:
    """A note in the sync that starts the clock of the deadline."""
    if sync.start_time is not None and sync.start_time == sync.now and not sync.is_suspended:
        at = clock_time(sync.now + timedelta(seconds=deadline))
        sync.notes.append(f"fails at {at} if it is still active then: activeDeadlineSeconds is {deadline}")


def _with_status_on_refusal(operations: list[Operation], creations: range) -> list[Operation]:
    """Let a refused creation, which ends the plan, still have its status written: with the pods created until then."""
    between: list[Operation] = []
    for update in operations[creations.stop :]:
        if isinstance(update, UpdateStatus):
            break
        between.append(update)
    else:
        return operations
    result = list(operations)
    active_before = (update.status.active or 0) - len(creations)
    for active, position in enumerate(creations, active_before):
        creation = operations[position]
        assert isinstance(creation, Create)
        written = UpdateStatus(update.key, replace(update.status, active=active or None), "a pod could not be created")
        result[position] = Create(creation.object, creation.cause, (*creation.on_failure, *between, written))
    return result
