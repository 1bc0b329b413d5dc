"""When CronJobs run next, in words: the NEXT column of `get -o wide`, the end of `describe`, and what `run` and `apply` say.

CronJobs are plain dicts as the API answers them; nothing of this is Kubernetes' own, so it is added by commands only.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, NamedTuple

from simulator.model.durations import human_duration
from simulator.scheduler import Schedule, ScheduleError, UnknownZone, parse, zone_named

Json = dict[str, Any]

_SHOWN = 5
_COLUMN = {
    "name": "Next",
    "type": "string",
    "format": "",
    "description": "How long until the next run is due.",
    "priority": 1,
}


class NextRuns(NamedTuple):
    """The next slots of a CronJob, in UTC; `reason` tells why there is none."""

    slots: list[datetime]
    reason: str = ""
    schedule: Schedule | None = None


def next_runs(cron_job: Json, now: datetime, count: int) -> NextRuns:
    """The next `count` slots after `now`, as the controller would wait for them."""
    spec = cron_job.get("spec") or {}
    if (cron_job.get("metadata") or {}).get("deletionTimestamp"):
        return NextRuns([], "it is being deleted")
    try:
        schedule = parse(spec.get("schedule") or "", spec.get("timeZone"))
    except (ScheduleError, UnknownZone) as error:
        return NextRuns([], f"never: {error}")
    if spec.get("suspend"):
        return NextRuns([], "suspended", schedule)
    slots: list[datetime] = []
    slot = _first_slot(cron_job, schedule, now)
    # Around the clock changes of odd zones a slot can be no later than the one before (cronjob.md 4.3).
    while slot is not None and len(slots) < count and (not slots or slot > slots[-1]):
        slots.append(slot)
        slot = schedule.next(slot)
    return NextRuns(slots, "" if slots else "never: its schedule names no date that exists", schedule)


def _first_slot(cron_job: Json, schedule: Schedule, now: datetime) -> datetime | None:
    from simulator.controllers.cronjob import next_slot
    from simulator.model.kubernetes import batch_v1, from_builtins

    return next_slot(from_builtins(cron_job, batch_v1.CronJob), schedule, now)


def wait_text(slot: datetime, now: datetime) -> str:
    """`4m12s`: how long until a slot, as kubectl writes durations, rounded up to the second."""
    return human_duration(max(0.0, -((now - slot) // timedelta(seconds=1))))


def with_next_column(table: Json, now: datetime) -> Json:
    """A `Table` of CronJobs, whose rows carry their objects, with one column more: `in 4m12s`, or `<none>`."""
    columns = table.get("columnDefinitions")
    rows = [{**row, "cells": [*row["cells"], _next_cell(row["object"], now)]} for row in table.get("rows") or ()]
    return {**table, "columnDefinitions": [*columns, _COLUMN] if columns else columns, "rows": rows}


def _next_cell(cron_job: Json, now: datetime) -> str:
    slots = next_runs(cron_job, now, 1).slots
    return f"in {wait_text(slots[0], now)}" if slots else "<none>"


def next_runs_page(cron_job: Json, now: datetime) -> str:
    """The end of a CronJob's description: its next runs in the schedule's zone and in local time."""
    from simulator.cli.columns import aligned

    found = next_runs(cron_job, now, _SHOWN)
    if not found.slots or found.schedule is None:
        return f"Next Runs:  <none> ({found.reason})\n"
    zone = zone_named(found.schedule.zone)
    headers = (f"{zone.name} (no timeZone)" if _is_without_zone(cron_job, found.schedule) else zone.name, "Local Time", "In")
    rows = [headers, tuple("-" * len(header) for header in headers)]
    for slot in found.slots:
        there, here = slot.astimezone(zone.info), slot.astimezone()
        rows.append((f"{there:%a %Y-%m-%d %H:%M:%S %Z}", f"{here:%a %Y-%m-%d %H:%M:%S %Z}", wait_text(slot, now)))
    lines = ["  " + "\t".join(row) for row in rows]
    return "Next Runs:\n" + aligned("".join(f"{line}\n" for line in lines))


def _is_without_zone(cron_job: Json, schedule: Schedule) -> bool:
    return not cron_job["spec"].get("timeZone") and "TZ" not in schedule.text


def firing_text(cron_job: Json, now: datetime) -> str:
    """When a CronJob fires next: `cronjob/x fires next at 2026-11-24 20:12:00 UTC, in 4m12s`, with the note on its zone."""
    found = next_runs(cron_job, now, 1)
    name = f"cronjob/{cron_job['metadata']['name']}"
    if found.slots and found.schedule is not None:
        slot, zone = found.slots[0], zone_named(found.schedule.zone)
        told = f"{slot.astimezone(zone.info):%Y-%m-%d %H:%M:%S} {zone.name}, in {wait_text(slot, now)}"
        text = f"{name} fires next at {told}"
    else:
        text = f"{name} does not fire: {found.reason}"
    note = zone_note(cron_job, now)
    return f"{text} ({note})" if note else text


def zone_note(cron_job: Json, now: datetime) -> str:
    """That an absent timeZone means UTC, as in a cluster; empty where it is not absent, or this machine is in UTC itself.

    `@every` knows no zone.
    """
    found = next_runs(cron_job, now, 1)
    if found.schedule is None or not _is_without_zone(cron_job, found.schedule) or "@every" in found.schedule.text:
        return ""
    local = (found.slots[0] if found.slots else now).astimezone()
    if not local.utcoffset():
        return ""
    here = f"{local:%H:%M:%S %Z} on this machine" if found.slots else f"this machine is in {local:%Z}"
    return f"{here}; a schedule without timeZone is read in UTC, as in a cluster"
