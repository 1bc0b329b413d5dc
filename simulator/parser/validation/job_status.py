"""Validation of a Job's status when it is written (semantics/job.md 4): also the Job controller can be refused."""

from __future__ import annotations

from simulator.model.indexes import check_indexes, parse_indexes
from simulator.parser.structure import Tree
from simulator.parser.validation.field_errors import NO_VALUE, Errors

_TERMINAL = ("Failed", "Complete", "FailureTarget")


class _Side:
    """One side of the change: a Job's spec and status, and what its conditions say."""

    def __init__(self, job: Tree) -> None:
        self.spec: Tree = job.get("spec") or {}
        self.status: Tree = job.get("status") or {}
        self.true = {
            condition.get("type") for condition in self.status.get("conditions") or () if condition.get("status") == "True"
        }

    @property
    def finished(self) -> bool:
        return bool(self.true & {"Complete", "Failed"})


def validate_job_status_update(new_job: Tree, old_job: Tree, errors: Errors) -> None:
    """The status in `new_job` may take the place of the one in `old_job`. Most rules bind only what changes."""
    new, old = _Side(new_job), _Side(old_job)
    status = new.status
    for field in ("active", "succeeded", "failed", "ready", "terminating"):
        errors.not_negative(f"status.{field}", status.get(field))
    _uncounted(status.get("uncountedTerminatedPods") or {}, errors)
    _verdict(new, old, errors)
    _end(new, old, errors)
    _indexes(new, old, errors)
    if _changed(new, old, "ready", "active") and (status.get("ready") or 0) > (status.get("active") or 0):
        errors.invalid("status.ready", status["ready"], "cannot set more ready pods than active")
    for condition in ("Failed", "FailureTarget"):
        if {"SuccessCriteriaMet", condition} <= new.true:
            _conditions(errors, f"cannot set SuccessCriteriaMet=True and {condition}=true conditions")
    if new.spec.get("successPolicy") is not None and "Complete" in new.true and "SuccessCriteriaMet" not in new.true:
        _conditions(errors, "cannot set Complete=True for Job with SuccessPolicy unless SuccessCriteriaMet=True")
    _no_way_back(new, old, errors)


def _conditions(errors: Errors, detail: str) -> None:
    errors.invalid("status.conditions", NO_VALUE, detail)


def _changed(new: _Side, old: _Side, *fields: str) -> bool:
    return any(new.status.get(field) != old.status.get(field) for field in fields)


def _flipped(new: _Side, old: _Side, *conditions: str) -> bool:
    return bool((new.true ^ old.true) & set(conditions))


def _uncounted(pods: Tree, errors: Errors) -> None:
    seen: set[str] = set()
    for field in ("succeeded", "failed"):
        for index, uid in enumerate(pods.get(field) or ()):
            where = f"status.uncountedTerminatedPods.{field}[{index}]"
            if not uid:
                errors.invalid(where, uid, "must not be empty")
            elif uid in seen:
                errors.duplicate(where, uid)
            seen.add(uid)


def _verdict(new: _Side, old: _Side, errors: Errors) -> None:
    complete = "Complete" in new.true
    if complete and "Failed" in new.true and _flipped(new, old, "Complete", "Failed"):
        _conditions(errors, "cannot set Complete=True and Failed=true conditions")
    if complete and "FailureTarget" in new.true and _flipped(new, old, "Complete", "FailureTarget"):
        _conditions(errors, "cannot set Complete=True and FailureTarget=true conditions")
    end = new.status.get("completionTime")
    if _flipped(new, old, "Complete") or _changed(new, old, "completionTime"):
        if end is not None and not complete:
            errors.invalid(
                "status.completionTime", end, "cannot set completionTime when there is no Complete=True condition"
            )
        if end is None and complete:
            errors.required("status.completionTime", "completionTime is required for Complete jobs")
    start = new.status.get("startTime")
    if start is not None and end is not None and end < start and _changed(new, old, "startTime", "completionTime"):
        errors.invalid("status.completionTime", end, "completionTime cannot be set before startTime")
    if "Failed" in new.true and "FailureTarget" not in new.true and _flipped(new, old, "Failed", "FailureTarget"):
        _conditions(errors, "cannot set Failed=True condition without the FailureTarget=true condition")
    if complete and "SuccessCriteriaMet" not in new.true and _flipped(new, old, "Complete", "SuccessCriteriaMet"):
        _conditions(errors, "cannot set Complete=True condition without the SuccessCriteriaMet=true condition")


def _end(new: _Side, old: _Side, errors: Errors) -> None:
    if not new.finished:
        return
    status, ends = new.status, new.finished != old.finished
    if status.get("active") and (ends or _changed(new, old, "active")):
        errors.invalid("status.active", status["active"], "active>0 is invalid for finished job")
    never_ran = new.spec.get("suspend") and new.spec.get("completions") == 0
    if status.get("startTime") is None and not never_ran and (ends or _changed(new, old, "startTime")):
        errors.required("status.startTime", "startTime is required for finished job")
    uncounted = status.get("uncountedTerminatedPods") or {}
    left = any(uncounted.get(field) for field in ("succeeded", "failed"))
    if left and (ends or _changed(new, old, "uncountedTerminatedPods")):
        detail = "uncountedTerminatedPods needs to be empty for finished job"
        errors.invalid("status.uncountedTerminatedPods", uncounted, detail)
    if status.get("terminating") and (ends or _changed(new, old, "terminating")):
        errors.invalid("status.terminating", status["terminating"], "terminating>0 is invalid for finished job")


def _indexes(new: _Side, old: _Side, errors: Errors) -> None:
    completed, failed = new.status.get("completedIndexes") or "", new.status.get("failedIndexes")
    completions = new.spec.get("completions")
    per_index = new.spec.get("backoffLimitPerIndex") is not None
    if _changed(new, old, "completedIndexes"):
        if completions is not None:
            _list_of_indexes("completedIndexes", completed, completions, errors)
        if completed and new.spec.get("completionMode") != "Indexed":
            detail = "cannot set non-empty completedIndexes when non-indexed completion mode"
            errors.invalid("status.completedIndexes", completed, detail)
    if _changed(new, old, "failedIndexes") and failed is not None:
        if completions is not None and per_index:
            _list_of_indexes("failedIndexes", failed, completions, errors)
        if not per_index:
            detail = "cannot set non-null failedIndexes when backoffLimitPerIndex is null"
            errors.invalid("status.failedIndexes", failed, detail)
    if _changed(new, old, "failedIndexes", "completedIndexes") and failed and completed and completions is not None:
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


def _no_way_back(new: _Side, old: _Side, errors: Errors) -> None:
    for condition in _TERMINAL:
        if condition in old.true and condition not in new.true:
            _conditions(errors, f"cannot disable the terminal {condition}=True condition")
    status, before = new.status, old.status
    if (status.get("failed") or 0) < (before.get("failed") or 0):
        errors.invalid("status.failed", status.get("failed") or 0, "cannot decrease the failed counter")
    elastic = new.spec.get("completionMode") == "Indexed" and new.spec.get("completions") == new.spec.get("parallelism")
    if (status.get("succeeded") or 0) < (before.get("succeeded") or 0) and not elastic:
        errors.invalid("status.succeeded", status.get("succeeded") or 0, "cannot decrease the succeeded counter")
    end, old_end = status.get("completionTime"), before.get("completionTime")
    if end is not None and old_end is not None and end != old_end:
        errors.invalid("status.completionTime", end, "completionTime cannot be mutated")
    resumed = "Suspended" in old.true and "Suspended" not in new.true
    moved = before.get("startTime") is not None and status.get("startTime") != before.get("startTime")
    if moved and not new.spec.get("suspend") and not resumed:
        errors.required("status.startTime", "startTime cannot be removed for unsuspended job")
    if "SuccessCriteriaMet" in old.true and "SuccessCriteriaMet" not in new.true:
        _conditions(errors, "cannot disable the SuccessCriteriaMet=True condition")
    if "Complete" in old.true and "SuccessCriteriaMet" in new.true and "SuccessCriteriaMet" not in old.true:
        _conditions(errors, "cannot set SuccessCriteriaMet=True for Job already has Complete=true conditions")
