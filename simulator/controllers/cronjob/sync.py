"""One pass of the CronJob controller. semantics/cronjob.md 5; the numbers in the comments are its steps."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec.structs import replace

from simulator.controllers.cronjob import notes
from simulator.controllers.cronjob.missed import (
    InvalidSchedule,
    missed_slots,
    next_slot_since,
    seconds_to_look_at,
    waits_since,
    within_deadline,
    wrapped_seconds,
)
from simulator.controllers.cronjob.new_job import job_for_slot, job_name
from simulator.controllers.cronjob.notes import slot_text
from simulator.controllers.plan import Create, Decisions, Delete, Emit, Operation, Plan, UpdateStatus, carry_out
from simulator.errors import AlreadyExists, ApiError
from simulator.model.conditions import finished_condition, true_condition
from simulator.model.kinds import JOB
from simulator.model.kubernetes import batch_v1, core_v1
from simulator.model.metadata import Key, controller_of, key_of, metadata_of
from simulator.model.quoting import go_quoted
from simulator.scheduler import Schedule, ScheduleError, UnknownZone, parse, zone_named

# A start that is later than this needs a word on why: a pass comes 0.1 s after its slot.
_LATE = timedelta(seconds=2)
# A Job with only these finalizers is gone as soon as it is deleted in the background.
_DROPPED_FINALIZERS = frozenset({"foregroundDeletion", "orphan"})

_MANY_MISSED = "too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew"
_FORBIDDEN = "Not starting job because prior execution is running and concurrency policy is Forbid"
_NOBODY_LOOKED = (
    "nobody looked at it in time: the control plane was down, the machine slept, or the CronJob was suspended or changed"
)
_TZ_USED = (
    "CRON_TZ or TZ used in schedule {} is not officially supported, "
    "see https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for more details"
)

_Steps = Generator[Operation, Any, Plan]
_Child = tuple[batch_v1.Job, batch_v1.JobCondition | None]
"""A Job of the CronJob, and the condition that says it is finished."""


def reconcile_cron_job(cron_job: batch_v1.CronJob, jobs: Sequence[batch_v1.Job], now: datetime) -> Plan:
    """What a pass does if the API refuses nothing but a name that is taken.

    The entry of a Job that it creates has no uid yet in `status.active`.
    """
    this = _Pass(cron_job, jobs, now)

    def apply(operation: Operation) -> Any:
        if not isinstance(operation, Create):
            return None
        job = operation.object
        if this.existing(job.metadata.name) is not None:
            raise AlreadyExists(f'jobs.batch "{job.metadata.name}" already exists')
        return job

    return carry_out(this.run(), apply)


def sync_cron_job(
    cron_job: batch_v1.CronJob,
    jobs: Sequence[batch_v1.Job],
    now: datetime,
    find_job: Callable[[str], batch_v1.Job | None] | None = None,
) -> Decisions:
    """One pass over a CronJob, to be carried out by `plan.carry_out`.

    `jobs` are all Jobs of its namespace; or, where `find_job` knows those by name, the ones whose controller has its name.
    """
    return _Pass(cron_job, jobs, now, find_job).run()


def schedule_of(cron_job: batch_v1.CronJob) -> Schedule:
    """The schedule of a CronJob in its zone; an unknown zone counts as none. Raises ScheduleError."""
    spec = cron_job.spec
    assert spec is not None
    try:
        return parse(spec.schedule, spec.timeZone)
    except UnknownZone:
        return parse(spec.schedule)


class _Pass:
    """The state of one pass: the status as it will be written, and what the pass has to say."""

    def __init__(
        self,
        cron_job: batch_v1.CronJob,
        jobs: Sequence[batch_v1.Job],
        now: datetime,
        find_job: Callable[[str], batch_v1.Job | None] | None = None,
    ) -> None:
        status = cron_job.status or batch_v1.CronJobStatus()
        assert cron_job.spec is not None
        self._cron_job = cron_job
        self._spec = cron_job.spec
        self._jobs = jobs
        self._find_job = find_job
        self._now = now
        self._name = metadata_of(cron_job).name or ""
        self._namespace = metadata_of(cron_job).namespace or "default"
        self._old_status = status
        self._active = list(status.active or ())
        self._last_schedule_time = status.lastScheduleTime
        self._last_successful_time = status.lastSuccessfulTime
        self._gone: set[str] = set()
        self._ended: list[str] = []
        self._changes: list[str] = []
        self._notes: list[str] = []

    def run(self) -> _Steps:
        children: list[_Child] = []
        ended: dict[str, list[batch_v1.Job]] = {"Complete": [], "Failed": []}
        for job in self._jobs:
            owner = controller_of(job)
            if owner is not None and owner.name == self._name:
                finished = finished_condition(job)
                children.append((job, finished))
                if finished is not None:
                    ended[finished.type].append(job)
        for job, cause in self._beyond_history(ended):
            yield from self._delete(job, cause)
        for event in self._look_at_children(children):
            yield event
        if self._active:
            for event in self._drop_missing({metadata_of(job).uid for job, _ in children}):
                yield event
        plan = yield from self._start_if_due()
        if self._has_new_status():
            # 15
            status = batch_v1.CronJobStatus(
                active=self._active or None,
                lastScheduleTime=self._last_schedule_time,
                lastSuccessfulTime=self._last_successful_time,
            )
            refused = yield UpdateStatus(key_of(self._cron_job), status, "; ".join(self._changes))
            if isinstance(refused, ApiError):
                return Plan(error=f"unable to update status: {refused}", notes=tuple(self._notes))
        return replace(plan, notes=tuple(self._notes))

    def _has_new_status(self) -> bool:
        old = self._old_status
        return (
            self._last_schedule_time != old.lastScheduleTime
            or self._last_successful_time != old.lastSuccessfulTime
            or self._active != (old.active or [])
        )

    # --- what exists ---

    def existing(self, name: str | None) -> batch_v1.Job | None:
        """The Job of that name, unless this pass has deleted it."""
        if not name or name in self._gone:
            return None
        if self._find_job is not None:
            return self._find_job(name)
        return next((job for job in self._jobs if metadata_of(job).name == name), None)

    def _is_active(self, uid: str | None) -> bool:
        return any(entry.uid == uid for entry in self._active)

    def _is_listed(self, name: str) -> bool:
        namespace = metadata_of(self._cron_job).namespace
        return any(entry.name == name and (entry.namespace or "") == namespace for entry in self._active)

    def _drop_active(self, uid: str | None) -> None:
        self._active = [entry for entry in self._active if entry.uid != uid]

    def _delete(self, job: batch_v1.Job, cause: str) -> Generator[Operation, Any, bool]:
        """Delete a Job with its events; whether the API let it happen."""
        name = metadata_of(job).name or ""
        refused = yield Delete(Key(JOB.kind, self._namespace, name), cause)
        if isinstance(refused, ApiError):
            yield Emit("Warning", "FailedDelete", f"Deleted job: {refused}")
            return False
        if not set(metadata_of(job).finalizers or ()) - _DROPPED_FINALIZERS:
            self._gone.add(name)
        self._drop_active(metadata_of(job).uid)
        yield Emit("Normal", "SuccessfulDelete", f"Deleted job {name}")
        return True

    # --- 2 to 4: children and status ---

    def _beyond_history(self, ended: dict[str, list[batch_v1.Job]]) -> list[tuple[batch_v1.Job, str]]:
        """The Jobs that the history has no room for, in the order in which they are to go, each with the cause."""
        # 2
        spec = self._spec
        surplus: list[tuple[batch_v1.Job, str]] = []
        for outcome, limit in (("Complete", spec.successfulJobsHistoryLimit), ("Failed", spec.failedJobsHistoryLimit)):
            count = len(ended[outcome])
            if limit is not None and count > limit:
                cause = f"history: of {count} {outcome} Jobs the newest {limit} are kept"
                surplus += [(job, cause) for job in sorted(ended[outcome], key=_start_order)[: count - limit]]
        return surplus

    def _look_at_children(self, children: list[_Child]) -> list[Emit]:
        """Take in how the children are; returns the events about it."""
        # 3
        events: list[Emit] = []
        active = {entry.uid for entry in self._active}
        for job, finished in children:
            metadata = metadata_of(job)
            name = metadata.name
            if finished is None:
                if metadata.uid not in active:
                    message = f"Saw a job that the controller did not create or forgot: {name}"
                    events.append(Emit("Warning", "UnexpectedJob", message))
                continue
            if metadata.uid in active:
                active.remove(metadata.uid)
                self._drop_active(metadata.uid)
                self._ended.append(name or "")
                self._changes.append(f"job/{name} has ended ({finished.type})")
                message = f"Saw completed job: {name}, condition: {finished.type}"
                events.append(Emit("Normal", "SawCompletedJob", message))
            completed = job.status.completionTime if job.status else None
            newest = self._last_successful_time
            if completed is not None and (newest is None or completed > newest) and true_condition(job, "Complete"):
                self._last_successful_time = completed
                if name not in self._ended:
                    self._changes.append(f"job/{name} is the newest success")
        return events

    def _drop_missing(self, children: set[str | None]) -> list[Emit]:
        """Take those out of the active Jobs that are gone; returns the events about it."""
        # 4
        events: list[Emit] = []
        for entry in self._active:
            if entry.uid in children:
                continue
            if (entry.namespace or self._namespace) == self._namespace and self.existing(entry.name) is not None:
                continue
            self._drop_active(entry.uid)
            self._changes.append(f"job/{entry.name} is gone: it was active")
            events.append(Emit("Normal", "MissingJob", f"Active job went missing: {entry.name}"))
        return events

    # --- 5 to 14: the slot ---

    def _start_if_due(self) -> _Steps:
        cron_job, spec = self._cron_job, self._spec
        if metadata_of(cron_job).deletionTimestamp is not None:
            return Plan()
        # 6
        if spec.timeZone is not None:
            try:
                zone_named(spec.timeZone)
            except UnknownZone as error:
                yield Emit("Warning", "UnknownTimeZone", f"invalid timeZone: {go_quoted(spec.timeZone)}: {error}")
                return Plan()
        # 7
        if spec.suspend:
            self._notes.append("suspended: no Job is started")
            return Plan()
        # 8
        if "TZ" in spec.schedule:
            yield Emit("Warning", "UnsupportedSchedule", _TZ_USED.format(go_quoted(spec.schedule)))
        try:
            schedule = schedule_of(cron_job)
        except ScheduleError as error:
            yield Emit("Warning", "UnparseableSchedule", f"unparseable schedule: {go_quoted(spec.schedule)} : {error}")
            return Plan()
        # 9
        try:
            missed = missed_slots(within_deadline(self._base(), spec, self._now), schedule, self._now)
        except InvalidSchedule as error:
            yield Emit("Warning", "InvalidSchedule", f"invalid schedule: {spec.schedule} : {error}")
            return Plan()
        slot = missed.due
        if slot is None:
            self._note_if_too_late(schedule)
            return self._wait(schedule)
        if missed.is_many:
            yield Emit("Warning", "TooManyMissedTimes", _MANY_MISSED)
        # 10
        deadline = spec.startingDeadlineSeconds
        if deadline is not None and slot + wrapped_seconds(deadline) < self._now:
            time = slot.astimezone(UTC).strftime("%a, %d %b %Y %H:%M:%S +0000")
            yield Emit("Warning", "MissSchedule", f"Missed scheduled time to start a job: {time}")
            self._notes.append(notes.too_late(slot, deadline, self._why_late()))
            return self._wait(schedule)
        # 11
        name = job_name(cron_job, slot)
        if slot == self._last_schedule_time or (self._active and self._is_listed(name)):
            if slot != self._last_schedule_time:
                self._notes.append(f"slot {slot_text(slot)} is skipped: {name}, the Job of this minute, still runs")
            return self._wait(schedule)
        # 12
        if spec.concurrencyPolicy == "Forbid" and self._active:
            self._notes.append(notes.forbidden(slot, [entry.name or "" for entry in self._active]))
            yield Emit("Normal", "JobAlreadyActive", _FORBIDDEN)
            return self._wait(schedule)
        # 13
        if spec.concurrencyPolicy == "Replace":
            error_text = yield from self._replace_active(slot)
            if error_text is not None:
                return Plan(error=error_text)
        return (yield from self._start(schedule, slot, name, missed.count - 1))

    def _replace_active(self, slot: datetime) -> Generator[Operation, Any, str | None]:
        for entry in self._active:
            job = self.existing(entry.name)
            if job is None or (entry.namespace or self._namespace) != self._namespace:
                error_text = f'jobs.batch "{entry.name}" not found'
                yield Emit("Warning", "FailedGet", f"Get job: {error_text}")
                return error_text
            was_deleted = yield from self._delete(job, f"slot {slot_text(slot)} is due (concurrencyPolicy Replace)")
            if not was_deleted:
                return f"could not replace job {self._namespace}/{metadata_of(job).name}"
        return None

    def _note_if_too_late(self, schedule: Schedule) -> None:
        """Tell of a slot that only startingDeadlineSeconds keeps from being due."""
        deadline = self._spec.startingDeadlineSeconds
        if deadline is None:
            return
        try:
            slot = missed_slots(self._base(), schedule, self._now).due
        except InvalidSchedule:
            return
        if slot is None:
            return
        allowed = wrapped_seconds(deadline)
        if allowed <= timedelta(0) or self._now - slot < allowed:
            self._notes.append(notes.never_due(slot, deadline, has_time=allowed > timedelta(0)))
        else:
            self._notes.append(notes.too_late(slot, deadline, self._why_late()))

    def _why_late(self) -> str:
        """What may have kept the controller from a slot until now."""
        if self._spec.concurrencyPolicy == "Forbid" and (running := [entry.name or "" for entry in self._active]):
            return f"meanwhile {', '.join(running)} {'runs' if len(running) == 1 else 'run'} (concurrencyPolicy Forbid)"
        if self._spec.concurrencyPolicy == "Forbid" and self._ended:
            return f"until now {', '.join(self._ended)} ran (concurrencyPolicy Forbid)"
        return _NOBODY_LOOKED

    def _start(self, schedule: Schedule, slot: datetime, name: str, lost: int) -> _Steps:
        # 14
        cron_job = self._cron_job
        late = self._now - slot
        cause = f"slot {slot_text(slot)} is due"
        if late >= _LATE:
            cause = f"slot {slot_text(slot)} was due {late.total_seconds():.0f} s ago; {self._why_late()}"
        if lost > 0:
            cause += f"; about {lost} before it {'are' if lost > 1 else 'is'} lost"
        job = yield Create(job_for_slot(cron_job, slot), cause)
        if isinstance(job, AlreadyExists):
            job = self.existing(name)
            owner = controller_of(job) if job is not None else None
            if job is None or owner is None or owner.uid != metadata_of(cron_job).uid:
                self._notes.append(f"slot {slot_text(slot)} is not started: the name {name} is taken by another Job")
                return Plan()
            if self._is_active(metadata_of(job).uid):
                return Plan()
            self._changes.append(f"job/{name} is taken in as the Job of slot {slot_text(slot)}")
        elif isinstance(job, ApiError):
            if not _is_terminating(job):
                yield Emit("Warning", "FailedCreate", f"Error creating job: {job}")
            return Plan(error=str(job))
        else:
            yield Emit("Normal", "SuccessfulCreate", f"Created job {name}")
        self._active.append(_reference(job))
        self._last_schedule_time = slot
        return self._wait(schedule)

    def _base(self) -> datetime:
        return waits_since(self._cron_job, self._last_schedule_time, self._now)

    def _wait(self, schedule: Schedule) -> Plan:
        slot = next_slot_since(self._base(), schedule, self._now)
        if slot is None:
            self._notes.append("there is no next slot")
            return Plan()
        self._notes.append(f"next slot {slot_text(slot)}")
        return Plan(requeue_after_seconds=seconds_to_look_at(slot, self._now))


def _start_order(job: batch_v1.Job) -> tuple[bool, datetime, str]:
    start = job.status.startTime if job.status else None
    return start is None, start or datetime.max.replace(tzinfo=UTC), metadata_of(job).name or ""


def _reference(job: batch_v1.Job) -> core_v1.ObjectReference:
    metadata = metadata_of(job)
    return core_v1.ObjectReference(
        kind="Job",
        apiVersion="batch/v1",
        namespace=metadata.namespace,
        name=metadata.name,
        uid=metadata.uid,
        resourceVersion=metadata.resourceVersion,
    )


def _is_terminating(error: ApiError) -> bool:
    return any(cause.get("reason") == "NamespaceTerminating" for cause in error.details.get("causes", ()))
