"""Writing the conditions of a Job (semantics/job.md 15, 16)."""

from __future__ import annotations

from datetime import datetime

from simulator.model.kubernetes import batch_v1
from simulator.model.metadata import whole_second


def new_condition(type_: str, status: str, reason: str, message: str, now: datetime) -> batch_v1.JobCondition:
    """A condition whose times are both `now`."""
    instant = whole_second(now)
    return batch_v1.JobCondition(
        type=type_,
        status=status,
        lastProbeTime=instant,
        lastTransitionTime=instant,
        reason=reason or None,
        message=message or None,
    )


def append_condition(status: batch_v1.JobStatus, condition: batch_v1.JobCondition) -> None:
    """Add a condition at the end, whether or not there is one of its type."""
    status.conditions = [*(status.conditions or ()), condition]


def ensure_condition(status: batch_v1.JobStatus, condition: batch_v1.JobCondition) -> bool:
    """Replace the condition of that type in place if it differs, or add it; True if something changed.

    A condition with status False is not added, only turned.
    """
    conditions = status.conditions or []
    for position, existing in enumerate(conditions):
        if existing.type == condition.type:
            if _content(existing) == _content(condition):
                return False
            status.conditions = [*conditions[:position], condition, *conditions[position + 1 :]]
            return True
    if condition.status == "False":
        return False
    append_condition(status, condition)
    return True


def _content(condition: batch_v1.JobCondition) -> tuple[str, str, str]:
    return condition.status, condition.reason or "", condition.message or ""
