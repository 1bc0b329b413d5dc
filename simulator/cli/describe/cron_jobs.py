"""`kubectl describe cronjob`."""

from __future__ import annotations

from datetime import datetime

from simulator.cli.describe.jobs import selector_text
from simulator.cli.describe.page import Json, Page, optional, time_text, write_annotations, write_head, write_labels
from simulator.cli.describe.template import write_pod_template


def describe_cron_job(page: Page, cron_job: Json, now: datetime) -> None:
    """Everything but the events."""
    metadata, spec, status = cron_job.get("metadata") or {}, cron_job.get("spec") or {}, cron_job.get("status") or {}
    write_head(page, metadata)
    write_labels(page, "Labels", metadata.get("labels"))
    write_annotations(page, "Annotations", metadata.get("annotations"))
    page.line(0, "Schedule", spec.get("schedule") or "")
    page.line(0, "Concurrency Policy", spec.get("concurrencyPolicy") or "")
    page.line(0, "Suspend", optional(spec.get("suspend")))
    page.line(0, "Time Zone", optional(spec.get("timeZone")))
    page.line(0, "Successful Job History Limit", optional(spec.get("successfulJobsHistoryLimit")))
    page.line(0, "Failed Job History Limit", optional(spec.get("failedJobsHistoryLimit")))
    page.line(0, "Starting Deadline Seconds", _seconds(spec.get("startingDeadlineSeconds")))
    job_spec = (spec.get("jobTemplate") or {}).get("spec") or {}
    selector = job_spec.get("selector")
    page.line(0, "Selector", "<unset>" if selector is None else selector_text(selector))
    page.line(0, "Parallelism", optional(job_spec.get("parallelism")))
    page.line(0, "Completions", optional(job_spec.get("completions")))
    if job_spec.get("activeDeadlineSeconds") is not None:
        page.line(0, "Active Deadline Seconds", _seconds(job_spec["activeDeadlineSeconds"]))
    write_pod_template(page, job_spec.get("template") or {})
    last = status.get("lastScheduleTime")
    page.line(0, "Last Schedule Time", time_text(last) if last else "<unset>")
    page.line(0, "Active Jobs", ", ".join(job.get("name") or "" for job in status.get("active") or ()) or "<none>")


def _seconds(value: int | None) -> str:
    return "<unset>" if value is None else f"{value}s"
