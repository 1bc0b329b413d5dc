"""Which slot is due, and when to look again: the arithmetic of missed slots. semantics/cronjob.md 6."""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec import Struct

from simulator.model.kubernetes import batch_v1
from simulator.model.metadata import metadata_of
from simulator.scheduler import Schedule

_SECOND = timedelta(seconds=1)
_PADDING = timedelta(milliseconds=100)
_MANY_MISSED = 100
# A duration of the reference ends here (2^63 ns).
_LONGEST_SECONDS = (2**63 - 1) // 10**9
# From further back than this, the walk to the newest slot begins anew close to now, instead of passing every slot.
_LONGEST_WALK = timedelta(days=8)


class InvalidSchedule(ValueError):
    """A schedule whose slots are less than a second apart, or that has none."""


class Missed(Struct, frozen=True):
    """What has been missed since `base`: the slot that is due now (None: none), and how many there were, by estimate."""

    base: datetime
    due: datetime | None
    count: int

    @property
    def is_many(self) -> bool:
        """Whether there were so many that a warning is due."""
        return self.count > _MANY_MISSED


def wrapped_seconds(seconds: int) -> timedelta:
    """A number of seconds as the reference's duration, which counts nanoseconds in 64 bits and wraps."""
    nanoseconds = (seconds * 10**9 + 2**63) % 2**64 - 2**63
    return timedelta(microseconds=nanoseconds // 1000)


def missed_slots(cron_job: batch_v1.CronJob, schedule: Schedule, now: datetime, *, with_deadline: bool) -> Missed:
    """What a CronJob has missed until now; raises InvalidSchedule.

    Without `with_deadline`, startingDeadlineSeconds is left aside, as it is for the time of the next look.
    """
    base = _base(cron_job, now, with_deadline)
    first = schedule.next(base)
    second = schedule.next(first) if first is not None else None
    if first is not None and now < first:
        return Missed(base, None, 0)
    if first is not None and second is not None and now < second:
        return Missed(base, first, 0)
    interval = (second - first) // _SECOND if first is not None and second is not None else 0
    if first is None or interval < 1:
        raise InvalidSchedule("time difference between two schedules is less than 1 second")
    count = min((now - first) // _SECOND, _LONGEST_SECONDS) // interval + 1
    start = first + (count - 2) * interval * _SECOND
    return Missed(base, _newest(schedule, start, now), count)


def _base(cron_job: batch_v1.CronJob, now: datetime, with_deadline: bool) -> datetime:
    base: datetime | None = cron_job.status.lastScheduleTime if cron_job.status else None
    if base is None:
        base = metadata_of(cron_job).creationTimestamp or now
    deadline = cron_job.spec.startingDeadlineSeconds if cron_job.spec else None
    if with_deadline and deadline is not None:
        base = max(base, now - wrapped_seconds(deadline))
    return base


def _newest(schedule: Schedule, start: datetime, now: datetime) -> datetime | None:
    """The last slot up to now, walking from `start`; the walk ends where a slot is not later than the one before."""
    if now - start > _LONGEST_WALK:
        closer = now - _LONGEST_WALK
        slot = schedule.next(closer)
        if slot is not None and closer < slot <= now:
            start = closer
    newest: datetime | None = None
    while (slot := schedule.next(start)) is not None and start < slot <= now:
        newest = start = slot
    return newest


def next_slot(cron_job: batch_v1.CronJob, schedule: Schedule, now: datetime) -> datetime | None:
    """The slot that the CronJob waits for next, or None if there is none."""
    try:
        missed = missed_slots(cron_job, schedule, now, with_deadline=False)
    except InvalidSchedule:
        return schedule.next(now)
    return schedule.next(missed.due or (now if missed.count else missed.base))


def seconds_to_look_at(slot: datetime, now: datetime) -> float:
    """How long until a slot is to be looked at, with 100 ms of padding; zero or less means at once."""
    return (slot + _PADDING - now).total_seconds()
