"""Validation of CronJobs on create and on update (semantics/cronjob.md 2)."""

from __future__ import annotations

import re

from simulator.parser.structure import Tree
from simulator.parser.validation.field_errors import Errors
from simulator.parser.validation.job import validate_job_spec
from simulator.parser.validation.metadata import validate_metadata, validate_metadata_update

_LONGEST_NAME = 52
_ZONE_PART = re.compile(r"[A-Za-z0-9._+-]{1,14}", re.ASCII)
_NO_TZ = "cannot use TZ or CRON_TZ in schedule, use timeZone field instead"
_NOT_BOTH = "cannot use both timeZone field and TZ or CRON_TZ in schedule"
_NOT_LOCAL = "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones"


def validate_cron_job(cron_job: Tree, errors: Errors) -> None:
    """A CronJob to be created."""
    validate_metadata(cron_job["metadata"], errors)
    _spec(cron_job["spec"], None, errors)
    name = cron_job["metadata"].get("name", "")
    if len(name.encode()) > _LONGEST_NAME:
        errors.invalid("metadata.name", name, f"must be no more than {_LONGEST_NAME} characters")


def validate_cron_job_update(new: Tree, old: Tree, errors: Errors) -> None:
    """A CronJob to be changed from `old`: an old zone in the schedule and an old time zone may stay."""
    validate_metadata_update(new["metadata"], old["metadata"], errors)
    _spec(new["spec"], old["spec"], errors)


def _spec(spec: Tree, before: Tree | None, errors: Errors) -> None:
    schedule, zone = spec.get("schedule", ""), spec.get("timeZone")
    if schedule:
        _schedule(schedule, zone, before, errors)
    else:
        errors.required("spec.schedule")
    errors.not_negative("spec.startingDeadlineSeconds", spec.get("startingDeadlineSeconds"))
    if before is None or zone != before.get("timeZone"):
        _time_zone(zone, errors)
    policy = spec.get("concurrencyPolicy", "")
    if not policy:
        errors.required("spec.concurrencyPolicy")
    elif policy not in ("Allow", "Forbid", "Replace"):
        errors.not_supported("spec.concurrencyPolicy", policy, ["Allow", "Forbid", "Replace"])
    template = (spec.get("jobTemplate") or {}).get("spec") or {}
    where = "spec.jobTemplate.spec"
    validate_job_spec(template, errors, where)
    if template.get("selector") is not None:
        errors.invalid(f"{where}.selector", template["selector"], "`selector` will be auto-generated")
    if template.get("manualSelector"):
        errors.not_supported(f"{where}.manualSelector", True, ["nil", "false"])
    errors.not_negative("spec.successfulJobsHistoryLimit", spec.get("successfulJobsHistoryLimit"))
    errors.not_negative("spec.failedJobsHistoryLimit", spec.get("failedJobsHistoryLimit"))


def _schedule(schedule: str, zone: str | None, before: Tree | None, errors: Errors) -> None:
    from simulator.scheduler import ScheduleError, parse

    try:
        parse(schedule)
    except ScheduleError as error:
        errors.invalid("spec.schedule", schedule, str(error))
    if "TZ" not in schedule:
        return
    if before is None or "TZ" not in before.get("schedule", ""):
        errors.invalid("spec.schedule", schedule, _NO_TZ)
    elif zone is not None:
        errors.invalid("spec.schedule", schedule, _NOT_BOTH)


def _time_zone(zone: str | None, errors: Errors) -> None:
    if zone is None:
        return
    where = "spec.timeZone"
    if not zone:
        errors.invalid(where, zone, "timeZone must be nil or non-empty string")
        return
    for part in zone.split("/"):
        if part in (".", "..") or part.startswith("-") or not _ZONE_PART.fullmatch(part):
            errors.invalid(where, zone, f"unknown time zone {zone}")
            return
    if zone.lower() == "local":
        errors.invalid(where, zone, _NOT_LOCAL)
    from simulator.scheduler import UnknownZone, zone_named

    try:
        zone_named(zone)
    except UnknownZone as error:
        errors.invalid(where, zone, str(error))
