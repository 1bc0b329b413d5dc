"""The TTL controller: deletes finished Jobs when their time is over. semantics/job.md 18."""

from __future__ import annotations

from datetime import datetime, timedelta

from simulator.controllers.plan import Delete, Plan
from simulator.model.conditions import finished_condition
from simulator.model.kubernetes import batch_v1
from simulator.model.metadata import key_of, metadata_of


class NoExpiry(ValueError):
    """A Job of which it can't be said when it expires; the message is the controller's."""


def has_ttl(job: batch_v1.Job) -> bool:
    """Whether the Job is finished and has a TTL, so that it expires some time."""
    return job.spec is not None and job.spec.ttlSecondsAfterFinished is not None and finished_condition(job) is not None


def is_ttl_concern(job: batch_v1.Job) -> bool:
    """Whether news of this Job are the controller's concern."""
    return has_ttl(job) and metadata_of(job).deletionTimestamp is None


def expiry_time(job: batch_v1.Job) -> datetime:
    """When a finished Job expires; raises NoExpiry."""
    key = key_of(job)
    finished = finished_condition(job)
    ttl_seconds = job.spec.ttlSecondsAfterFinished if job.spec else None
    if ttl_seconds is None or finished is None:
        raise NoExpiry(f"job {key.namespace}/{key.name} should not be cleaned up")
    if finished.lastTransitionTime is None:
        raise NoExpiry(f"unable to find the time when the Job {key.namespace}/{key.name} finished")
    return finished.lastTransitionTime + timedelta(seconds=ttl_seconds)


def reconcile_ttl(job: batch_v1.Job, fresh: batch_v1.Job | None, now: datetime) -> Plan:
    """What is to be done about a Job's TTL; `fresh` is the Job read again before its deletion (None: it is gone)."""
    plan = _wait(job, now)
    if plan is not None or fresh is None:
        return plan or Plan()
    plan = _wait(fresh, now)
    if plan is not None:
        return plan
    assert fresh.spec is not None
    cause = f"finished more than {fresh.spec.ttlSecondsAfterFinished} s ago (ttlSecondsAfterFinished)"
    return Plan((Delete(key_of(fresh), cause, propagation="Foreground", uid=metadata_of(fresh).uid),))


def _wait(job: batch_v1.Job, now: datetime) -> Plan | None:
    """The plan of a Job that has not expired, or None."""
    if not is_ttl_concern(job):
        return Plan()
    try:
        left = expiry_time(job) - now
    except NoExpiry as error:
        return Plan(error=str(error))
    return Plan(requeue_after_seconds=left.total_seconds()) if left > timedelta(0) else None
