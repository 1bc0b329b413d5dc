"""The slots of one CronJob: which came, and what became of those for which no Job was started.

The controller starts at most the newest slot that it has missed. So a slot is settled as soon as a newer one has come, and
at most one is open at any time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from simulator.controllers.cronjob.missed import InvalidSchedule
from simulator.controllers.cronjob.notes import PassedOver
from simulator.controllers.cronjob.sync import schedule_of
from simulator.model.kubernetes import batch_v1
from simulator.scheduler import Schedule, ScheduleError

_TICK = timedelta(microseconds=1)

FORBIDDEN = "Forbid"
DEADLINE = "Deadline"
DOWN = "Down"
SUSPENDED = "Suspended"
SUPERSEDED = "Superseded"
INVALID = "Invalid"
SAME_MINUTE = "SameMinute"


@dataclass(frozen=True, slots=True)
class Skip:
    """A slot for which no Job was started, and why."""

    cron_job: str
    namespace: str
    scheduled_time: datetime
    reason: str
    message: str


class Ledger:
    """Follows the slots of one CronJob from `since` on. `is_down` tells whether the control plane is down at an instant."""

    def __init__(
        self,
        cron_job: batch_v1.CronJob,
        since: datetime,
        is_down: Callable[[datetime], bool],
        tell: Callable[[Skip], None],
    ) -> None:
        assert cron_job.metadata is not None
        self.name = cron_job.metadata.name or ""
        self.namespace = cron_job.metadata.namespace or "default"
        self._is_down = is_down
        self._tell = tell
        self._cursor = since
        self._open: datetime | None = None
        self._note: PassedOver | None = None
        self._was_suspended = False
        self._last_started: datetime | None = None
        self.schedule: Schedule | None = None
        self._is_suspended = False
        self._read(cron_job)

    def _read(self, cron_job: batch_v1.CronJob) -> None:
        assert cron_job.spec is not None
        try:
            self.schedule = schedule_of(cron_job)
        except (ScheduleError, InvalidSchedule):
            self.schedule = None
        self._is_suspended = bool(cron_job.spec.suspend)

    def edited(self, cron_job: batch_v1.CronJob, now: datetime) -> None:
        """The CronJob has another spec from now on; slots from before stay open as they would be for the controller."""
        self.advance(now)
        self._read(cron_job)

    def passed_over(self, note: PassedOver, now: datetime) -> None:
        """The controller has said why it does not start a slot; a deadline that passes after Forbid is Forbid's doing."""
        self.advance(now)
        if note.slot == self._open and self._note is None:
            self._note = note

    def started(self, slot: datetime, now: datetime) -> None:
        """A Job was started for a slot."""
        self.advance(now)
        if self._open is not None and slot >= self._open:
            if slot > self._open:
                self._settle()
            self._open = self._note = None
        self._last_started = slot
        self._cursor = max(self._cursor, slot)  # it may stand still at an earlier one

    def advance(self, now: datetime) -> None:
        """Take in the slots up to `now`."""
        schedule = self.schedule
        if schedule is None:
            self._cursor = max(self._cursor, now)
            return
        slot = schedule.next(self._cursor)
        while slot is not None and self._cursor < slot <= now:
            self._settle()
            self._open, self._was_suspended = slot, self._is_suspended
            self._cursor = slot
            slot = schedule.next(slot)

    def finish(self, end: datetime) -> None:
        """The forecast ends: what is open stays without a Job."""
        self.advance(end - _TICK)
        self._settle()

    def _settle(self) -> None:
        slot, note = self._open, self._note
        reason: str
        self._open = self._note = None
        if slot is None:
            return
        if note is not None and note.reason == FORBIDDEN:
            reason, message = FORBIDDEN, f"{note.detail} still runs"
        elif note is not None:
            deadline = f"startingDeadlineSeconds ({note.detail})"
            is_down = self._is_down(slot)
            reason = DEADLINE
            message = (
                f"the control plane was down until {deadline} had passed" if is_down else f"it can't start within {deadline}"
            )
        elif self._was_suspended:
            reason, message = SUSPENDED, "the CronJob is suspended"
        elif self._is_down(slot):
            reason, message = DOWN, "the control plane is down"
        elif self._last_started is not None and self._last_started.replace(second=0) == slot.replace(second=0):
            reason, message = SAME_MINUTE, "the Job of the slot before, in the same minute, has its name"
        elif self._stands_still(slot):
            reason, message = INVALID, "the schedule stands still at a clock change (InvalidSchedule)"
        else:
            reason, message = SUPERSEDED, "a newer slot was due at the same look"
        self._tell(Skip(self.name, self.namespace, slot, reason, message))

    def _stands_still(self, slot: datetime) -> bool:
        """Whether the search finds no later slot than this one, as in a few zones around a clock change."""
        following = self.schedule.next(slot) if self.schedule is not None else None
        return following is not None and following <= slot


def skip_order(skip: Skip) -> tuple[datetime, str, str]:
    """By time, then by name."""
    return (skip.scheduled_time, skip.namespace, skip.cron_job)
