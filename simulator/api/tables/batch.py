"""The jobs and cronjobs tables (job.md 19)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from simulator.api.tables.ages import age, instant
from simulator.api.tables.column import Column
from simulator.model.durations import human_duration
from simulator.model.selectors import format_label_selector

Json = dict[str, Any]

_WIDE = (Column("Containers", priority=1), Column("Images", priority=1), Column("Selector", priority=1))
JOB_COLUMNS = (
    Column("Name", format="name"),
    Column("Status"),
    Column("Completions"),
    Column("Duration"),
    Column("Age"),
    *_WIDE,
)
CRON_JOB_COLUMNS = (
    Column("Name", format="name"),
    Column("Schedule"),
    Column("Timezone"),
    Column("Suspend", type="boolean"),
    Column("Active", type="integer"),
    Column("Last Schedule"),
    Column("Age"),
    *_WIDE,
)


def job_cells(job: Json, now: datetime) -> list[Any]:
    """The cells of one job."""
    metadata, spec, status = job.get("metadata") or {}, job.get("spec") or {}, job.get("status") or {}
    return [
        metadata.get("name") or "",
        _status(metadata, status),
        _completions(spec, status),
        _duration(status, now),
        age(metadata.get("creationTimestamp"), now),
        *_template_cells(spec),
    ]


def cron_job_cells(cron_job: Json, now: datetime) -> list[Any]:
    """The cells of one cronjob."""
    metadata, spec, status = cron_job.get("metadata") or {}, cron_job.get("spec") or {}, cron_job.get("status") or {}
    time_zone, suspend, last = spec.get("timeZone"), spec.get("suspend"), status.get("lastScheduleTime")
    return [
        metadata.get("name") or "",
        spec.get("schedule") or "",
        "<none>" if time_zone is None else time_zone,
        "<unset>" if suspend is None else str(suspend),
        len(status.get("active") or ()),
        age(last, now) if last else "<none>",
        age(metadata.get("creationTimestamp"), now),
        *_template_cells((spec.get("jobTemplate") or {}).get("spec") or {}),
    ]


def _status(metadata: Json, status: Json) -> str:
    first: dict[Any, Any] = {}
    for condition in status.get("conditions") or ():
        first.setdefault(condition.get("type"), condition.get("status"))
    true = {kind for kind, value in first.items() if value == "True"}
    for kind in ("Complete", "Failed"):
        if kind in true:
            return kind
    if metadata.get("deletionTimestamp"):
        return "Terminating"
    return next((kind for kind in ("Suspended", "FailureTarget", "SuccessCriteriaMet") if kind in true), "Running")


def _completions(spec: Json, status: Json) -> str:
    succeeded, completions, parallelism = status.get("succeeded") or 0, spec.get("completions"), spec.get("parallelism")
    if completions is not None:
        return f"{succeeded}/{completions}"
    return f"{succeeded}/1 of {parallelism}" if parallelism and parallelism > 1 else f"{succeeded}/1"


def _duration(status: Json, now: datetime) -> str:
    start, end = status.get("startTime"), status.get("completionTime")
    if not start:
        return ""
    return human_duration(((instant(end) if end else now) - instant(start)).total_seconds())


def _template_cells(job_spec: Json) -> list[str]:
    containers = ((job_spec.get("template") or {}).get("spec") or {}).get("containers") or ()
    names = ",".join(container.get("name") or "" for container in containers)
    images = ",".join(container.get("image") or "" for container in containers)
    return [names, images, format_label_selector(job_spec.get("selector"))]
