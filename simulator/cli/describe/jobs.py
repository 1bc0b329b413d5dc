"""`kubectl describe job`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from simulator.cli.describe.page import (
    Json,
    Page,
    controlled_by,
    optional,
    time_text,
    write_annotations,
    write_head,
    write_labels,
)
from simulator.cli.describe.template import write_pod_template
from simulator.model.durations import human_duration
from simulator.model.selectors import SelectorError, label_selector_text

_INDEXES_LENGTH = 50


def describe_job(page: Page, job: Json, now: datetime) -> None:
    """Everything but the events."""
    metadata, spec, status = job.get("metadata") or {}, job.get("spec") or {}, job.get("status") or {}
    write_head(page, metadata)
    page.line(0, "Selector", selector_text(spec.get("selector")))
    write_labels(page, "Labels", metadata.get("labels"))
    write_annotations(page, "Annotations", metadata.get("annotations"))
    controller = controlled_by(metadata)
    if controller:
        page.line(0, "Controlled By", controller)
    _write_present(page, "Parallelism", spec.get("parallelism"))
    page.line(0, "Completions", optional(spec.get("completions")))
    _write_present(page, "Completion Mode", spec.get("completionMode"))
    if spec.get("suspend") is not None:
        page.line(0, "Suspend", str(spec["suspend"]).lower())
    _write_present(page, "Backoff Limit", spec.get("backoffLimit"))
    _write_present(page, "TTL Seconds After Finished", spec.get("ttlSecondsAfterFinished"))
    _write_times(page, status)
    if spec.get("activeDeadlineSeconds") is not None:
        page.line(0, "Active Deadline Seconds", f"{spec['activeDeadlineSeconds']}s")
    ready = f" ({status['ready']} Ready)" if status.get("ready") is not None else ""
    page.line(
        0,
        "Pods Statuses",
        f"{status.get('active') or 0} Active{ready} / {status.get('succeeded') or 0} Succeeded"
        f" / {status.get('failed') or 0} Failed",
    )
    if spec.get("completionMode") == "Indexed":
        page.line(0, "Completed Indexes", _shortened_indexes(status.get("completedIndexes") or ""))
    write_pod_template(page, spec.get("template") or {})


def selector_text(selector: Json | None) -> str:
    """A selector, or why it can't be shown."""
    try:
        return label_selector_text(selector)
    except SelectorError as error:
        return f"Failed to get selector: {error}"


def _write_present(page: Page, name: str, value: Any) -> None:
    if value is not None:
        page.line(0, name, value)


def _write_times(page: Page, status: Json) -> None:
    start, end = status.get("startTime"), status.get("completionTime")
    if start:
        page.line(0, "Start Time", time_text(start))
    if end:
        page.line(0, "Completed At", time_text(end))
    if start and end:
        seconds = (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds()
        page.line(0, "Duration", human_duration(seconds))


def _shortened_indexes(indexes: str) -> str:
    if not indexes:
        return "<none>"
    comma = indexes.find(",", _INDEXES_LENGTH)
    return f"{indexes[: comma + 1]}..." if comma >= 0 else indexes
