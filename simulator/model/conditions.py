"""Reading conditions: lookup by type, and when a Job is finished."""

from __future__ import annotations

from simulator.model.kubernetes import batch_v1


def true_condition(job: batch_v1.Job, type_: str) -> batch_v1.JobCondition | None:
    """The condition of this type if it is True; of several the first decides (semantics/job.md 16)."""
    for condition in (job.status.conditions if job.status is not None else None) or ():
        if condition.type == type_:
            return condition if condition.status == "True" else None
    return None


def finished_condition(job: batch_v1.Job) -> batch_v1.JobCondition | None:
    """The condition that says a Job is finished (Complete or Failed with status True, the first in the list), or None."""
    if job.status is None or not job.status.conditions:
        return None
    for condition in job.status.conditions:
        if condition.type in ("Complete", "Failed") and condition.status == "True":
            return condition
    return None
