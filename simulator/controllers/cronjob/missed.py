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
    """What has been missed: the slot that is due now (None: none), and how many there were, by estimate.

    `following`: the slot after the one that is due, or the first if none has come yet; None where it has not been asked for.
    """

    due: datetime | None
    count: int
    following: datetime | None = None

    @property
    def is_many(self) -> bool:
        """Whether there were so many that a warning is due."""
        return self.count > _MANY_MISSED


def wrapped_seconds(seconds: int) -> timedelta:
    """A number of seconds as the reference's duration, which counts nanoseconds in 64 bits and wraps."""
    nanoseconds = (seconds * 10**9 + 2**63) % 2**64 - 2**63
    return timedelta(microseconds=nanoseconds // 1000)


def waits_since(cron_job: batch_v1.CronJob, last_schedule_time: datetime | None, now: datetime) -> datetime:
    """From when on a CronJob looks for slots that it has missed, startingDeadlineSeconds left aside."""
    return last_schedule_time or metadata_of(cron_job).creationTimestamp or now


def within_deadline(base: datetime, spec: batch_v1.CronJobSpec, now: datetime) -> datetime:
    """`base`, or how far startingDeadlineSeconds lets it look back, where that is later."""
    deadline = spec.startingDeadlineSeconds
    return base if deadline is None else max(base, now - wrapped_seconds(deadline))


def missed_slots(base: datetime, schedule: Schedule, now: datetime) -> Missed:
    """What has been missed from `base` until now; raises InvalidSchedule."""
    first = schedule.next(base)
    if first is not None and now < first:
        return Missed(None, 0, first)
    second = schedule.next(first) if first is not None else None
    if first is not None and second is not None and now < second:
        return Missed(first, 0, second)
    interval = (second - first) // _SECOND if first is not None and second is not None else 0
    if first is None or interval < 1:
        raise InvalidSchedule("time difference between two schedules is less than 1 second")
    count = min((now - first) // _SECOND, _LONGEST_SECONDS) // interval + 1
    start = first + (count - 2) * interval * _SECOND
    return Missed(_newest(schedule, start, now), count)


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
    last_schedule_time = cron_job.status.lastScheduleTime if cron_job.status else None
    return next_slot_since(waits_since(cron_job, last_schedule_time, now), schedule, now)


def next_slot_since(base: datetime, schedule: Schedule, now: datetime) -> datetime | None:
    """The slot to wait for next where slots are looked for from `base` on."""
    try:
        missed = missed_slots(base, schedule, now)
    except InvalidSchedule:
        return schedule.next(now)
    return missed.following or schedule.next(missed.due or now)


def seconds_to_look_at(slot: datetime, now: datetime) -> float:
    """How long until a slot is to be looked at, with 100 ms of padding; zero or less means at once."""
    return (slot + _PADDING - now).total_seconds()
