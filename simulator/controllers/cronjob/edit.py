"""When a change of a CronJob makes the controller look at it. semantics/cronjob.md 5, "Waking up"."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from simulator.controllers.cronjob.missed import next_slot, seconds_to_look_at
from simulator.controllers.cronjob.sync import schedule_of
from simulator.controllers.plan import Emit
from simulator.model.kubernetes import batch_v1
from simulator.scheduler import ScheduleError


class Edit(Struct, frozen=True):
    """What follows from a change: look after so many seconds (0 or less: at once; None: not because of it), and events."""

    after_seconds: float | None
    events: tuple[Emit, ...] = ()


def enqueue_after_edit(old: batch_v1.CronJob, new: batch_v1.CronJob, now: datetime) -> Edit:
    """What follows from the change from `old` to `new`: at once, except where the schedule or its zone is another one."""
    assert old.spec is not None
    assert new.spec is not None
    if old.spec.schedule == new.spec.schedule and old.spec.timeZone == new.spec.timeZone:
        return Edit(0.0)
    try:
        schedule = schedule_of(new)
    except ScheduleError:
        message = f"unparseable schedule for cronjob: {new.spec.schedule}"
        return Edit(None, (Emit("Warning", "UnParseableCronJobSchedule", message),))
    slot = next_slot(new, schedule, now)
    # Without a next slot it is looked at at once: the pass then says what is wrong.
    return Edit(0.0 if slot is None else seconds_to_look_at(slot, now))
