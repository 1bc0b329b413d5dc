"""Validation of a Job's status when it is written (semantics/job.md 4): also the Job controller can be refused.

Unlike other rules these look at structs: a status that can be written has been decoded, and most writes break none.
"""

from __future__ import annotations

from collections.abc import Set

from simulator.model.indexes import check_indexes, parse_indexes
from simulator.model.kubernetes import batch_v1, to_builtins
from simulator.parser.validation.field_errors import NO_VALUE, Errors

_TERMINAL = ("Failed", "Complete", "FailureTarget")
_NO_STATUS = batch_v1.JobStatus()
_NO_CONDITIONS: Set[str] = frozenset()


class _Change:
    """A write of a Job's status: the spec, the status after and before, and the types of the true conditions of both."""

    __slots__ = ("flipped", "new", "old", "spec", "true", "was_true")

    def __init__(self, new: batch_v1.Job, old: batch_v1.Job) -> None:
        assert new.spec is not None
        self.spec = new.spec
        self.new = new.status or _NO_STATUS
        self.old = old.status or _NO_STATUS
        self.true = _true_conditions(self.new)
        self.was_true = _true_conditions(self.old)
        self.flipped = self.true ^ self.was_true

    def has_flipped(self, *conditions: str) -> bool:
        """Whether one of these conditions has become true or has ceased to be."""
        return not self.flipped.isdisjoint(conditions)


def _true_conditions(status: batch_v1.JobStatus) -> Set[str]:
    if not status.conditions:
        return _NO_CONDITIONS
    return {condition.type for condition in status.conditions if condition.status == "True"}


def validate_job_status_update(new_job: batch_v1.Job, old_job: batch_v1.Job, errors: Errors) -> None:
    """The status in `new_job` may take the place of the one in `old_job`. Most rules bind only what changes."""
    change = _Change(new_job, old_job)
    new, old, true = change.new, change.old, change.true
    active, ready = new.active or 0, new.ready or 0
    if min(active, ready, new.succeeded or 0, new.failed or 0, new.terminating or 0) < 0:
        for field in ("active", "succeeded", "failed", "ready", "terminating"):
            errors.not_negative(f"status.{field}", getattr(new, field))
    uncounted = new.uncountedTerminatedPods
    if uncounted is not None and (uncounted.succeeded or uncounted.failed):
        _uncounted(uncounted, errors)
    _verdict(change, errors)
    if "Complete" in true or "Failed" in true:
        _end(change, errors)
    if new.completedIndexes != old.completedIndexes or new.failedIndexes != old.failedIndexes:
        _indexes(change, errors)
    if ready > active and (new.ready != old.ready or new.active != old.active):
        errors.invalid("status.ready", ready, "cannot set more ready pods than active")
    if "SuccessCriteriaMet" in true:
        for condition in ("Failed", "FailureTarget"):
            if condition in true:
                _conditions(errors, f"cannot set SuccessCriteriaMet=True and {condition}=true conditions")
    elif "Complete" in true and change.spec.successPolicy is not None:
        _conditions(errors, "cannot set Complete=True for Job with SuccessPolicy unless SuccessCriteriaMet=True")
    _no_way_back(change, errors)


def _conditions(errors: Errors, detail: str) -> None:
    errors.invalid("status.conditions", NO_VALUE, detail)


def _uncounted(pods: batch_v1.UncountedTerminatedPods, errors: Errors) -> None:
    seen: set[str] = set()
    for field, uids in (("succeeded", pods.succeeded), ("failed", pods.failed)):
        for index, uid in enumerate(uids or ()):
            where = f"status.uncountedTerminatedPods.{field}[{index}]"
            if not uid:
                errors.invalid(where, uid, "must not be empty")
            elif uid in seen:
                errors.duplicate(where, uid)
            seen.add(uid)


def _verdict(change: _Change, errors: Errors) -> None:
    new, old, true = change.new, change.old, change.true
    complete = "Complete" in true
    if change.flipped:
        if complete and "Failed" in true and change.has_flipped("Complete", "Failed"):
            _conditions(errors, "cannot set Complete=True and Failed=true conditions")
        if complete and "FailureTarget" in true and change.has_flipped("Complete", "FailureTarget"):
            _conditions(errors, "cannot set Complete=True and FailureTarget=true conditions")
    start, end = new.startTime, new.completionTime
    if end is None:
        if complete and ("Complete" in change.flipped or old.completionTime is not None):
            errors.required("status.completionTime", "completionTime is required for Complete jobs")
    else:
        if not complete and ("Complete" in change.flipped or end != old.completionTime):
            detail = "cannot set completionTime when there is no Complete=True condition"
            errors.invalid("status.completionTime", to_builtins(end), detail)
        if start is not None and end < start and (end != old.completionTime or start != old.startTime):
            errors.invalid("status.completionTime", to_builtins(end), "completionTime cannot be set before startTime")
    if change.flipped:
        if "Failed" in true and "FailureTarget" not in true and change.has_flipped("Failed", "FailureTarget"):
            _conditions(errors, "cannot set Failed=True condition without the FailureTarget=true condition")
        if complete and "SuccessCriteriaMet" not in true and change.has_flipped("Complete", "SuccessCriteriaMet"):
            _conditions(errors, "cannot set Complete=True condition without the SuccessCriteriaMet=true condition")


def _end(change: _Change, errors: Errors) -> None:
    """Rules of a finished Job."""
    new, old, spec = change.new, change.old, change.spec
    ends = "Complete" not in change.was_true and "Failed" not in change.was_true
    if new.active and (ends or new.active != old.active):
        errors.invalid("status.active", new.active, "active>0 is invalid for finished job")
    never_ran = spec.suspend and spec.completions == 0
    if new.startTime is None and not never_ran and (ends or old.startTime is not None):
        errors.required("status.startTime", "startTime is required for finished job")
    uncounted = new.uncountedTerminatedPods
    is_left = uncounted is not None and (uncounted.succeeded or uncounted.failed)
    if is_left and (ends or uncounted != old.uncountedTerminatedPods):
        detail = "uncountedTerminatedPods needs to be empty for finished job"
        errors.invalid("status.uncountedTerminatedPods", to_builtins(uncounted), detail)
    if new.terminating and (ends or new.terminating != old.terminating):
        errors.invalid("status.terminating", new.terminating, "terminating>0 is invalid for finished job")


def _indexes(change: _Change, errors: Errors) -> None:
    """Rules of the lists of indexes, at least one of which is another than before."""
    new, old, spec = change.new, change.old, change.spec
    completed, failed = new.completedIndexes or "", new.failedIndexes
    completions = spec.completions
    per_index = spec.backoffLimitPerIndex is not None
    if new.completedIndexes != old.completedIndexes:
        if completions is not None:
            _list_of_indexes("completedIndexes", completed, completions, errors)
        if completed and spec.completionMode != "Indexed":
            detail = "cannot set non-empty completedIndexes when non-indexed completion mode"
            errors.invalid("status.completedIndexes", completed, detail)
    if failed is not None and failed != old.failedIndexes:
        if completions is not None and per_index:
            _list_of_indexes("failedIndexes", failed, completions, errors)
        if not per_index:
            detail = "cannot set non-null failedIndexes when backoffLimitPerIndex is null"
            errors.invalid("status.failedIndexes", failed, detail)
    if failed and completed and completions is not None:
        overlap = _overlap(completed, failed, completions)
        if overlap is not None:
            detail = f"failedIndexes and completedIndexes overlap at index: {overlap}"
            errors.invalid("status.failedIndexes", failed, detail)


def _list_of_indexes(field: str, text: str, completions: int, errors: Errors) -> None:
    try:
        check_indexes(text, completions)
    except ValueError as error:
        errors.invalid(f"status.{field}", text, f"error parsing {field}: {error}")


def _overlap(completed: str, failed: str, completions: int) -> int | None:
    """The first index that is in both lists."""
    for first, last in parse_indexes(completed, completions):
        for failed_first, failed_last in parse_indexes(failed, completions):
            start = max(first, failed_first)
            if start <= min(last, failed_last):
                return start
    return None


def _no_way_back(change: _Change, errors: Errors) -> None:
    new, old, spec = change.new, change.old, change.spec
    true, was_true = change.true, change.was_true
    for condition in _TERMINAL if was_true else ():
        if condition in was_true and condition not in true:
            _conditions(errors, f"cannot disable the terminal {condition}=True condition")
    if old.failed and (new.failed or 0) < old.failed:
        errors.invalid("status.failed", new.failed or 0, "cannot decrease the failed counter")
    if old.succeeded and (new.succeeded or 0) < old.succeeded:
        is_elastic = spec.completionMode == "Indexed" and spec.completions == spec.parallelism
        if not is_elastic:
            errors.invalid("status.succeeded", new.succeeded or 0, "cannot decrease the succeeded counter")
    if old.completionTime is not None and new.completionTime not in (None, old.completionTime):
        errors.invalid("status.completionTime", to_builtins(new.completionTime), "completionTime cannot be mutated")
    if old.startTime is not None and new.startTime != old.startTime and not spec.suspend:
        resumed = "Suspended" in was_true and "Suspended" not in true
        if not resumed:
            errors.required("status.startTime", "startTime cannot be removed for unsuspended job")
    if "SuccessCriteriaMet" in was_true:
        if "SuccessCriteriaMet" not in true:
            _conditions(errors, "cannot disable the SuccessCriteriaMet=True condition")
    elif "Complete" in was_true and "SuccessCriteriaMet" in true:
        _conditions(errors, "cannot set SuccessCriteriaMet=True for Job already has Complete=true conditions")
