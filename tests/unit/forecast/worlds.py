"""Small manifests and requests for tests of the forecast."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from simulator.forecast.assumptions import Wishes
from simulator.forecast.inputs import seconds_of, window_of
from simulator.forecast.simulation import Request

Tree = dict[str, Any]


def at(text: str) -> datetime:
    """An instant in UTC: `2027-03-28T01:00`."""
    return datetime.fromisoformat(f"{text}+00:00")


def job_spec(restart: str = "Never", requests: dict[str, str] | None = None, **spec: Any) -> Tree:
    container: Tree = {"name": "main", "image": "busybox:1"}
    if requests:
        container["resources"] = {"requests": requests}
    return {**spec, "template": {"spec": {"restartPolicy": restart, "containers": [container]}}}


def cron_job(
    name: str, schedule: str, *, annotations: dict[str, str] | None = None, job: Tree | None = None, **spec: Any
) -> Tree:
    metadata: Tree = {"name": name, "namespace": "default"}
    if annotations:
        metadata["annotations"] = annotations
    template = {"spec": job or job_spec()}
    return {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": metadata,
        "spec": {"schedule": schedule, "jobTemplate": template, **spec},
    }


def job(name: str, **spec: Any) -> Tree:
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name, "namespace": "default"},
        "spec": job_spec(**spec),
    }


def request(
    *trees: Tree,
    start: str = "2026-01-01T00:00",
    span: str = "1d",
    duration: Sequence[str] = (),
    fail: Sequence[str] = (),
    fail_with: Sequence[str] = (),
    down: Sequence[str] = (),
    **more: Any,
) -> Request:
    begin = at(start)
    return Request(
        trees=trees,
        start=begin,
        end=at(start) + (at("2000-01-02T00:00") - at("2000-01-01T00:00")) * (seconds_of(span) / 86400),
        applied=more.pop("applied", begin),
        wishes=Wishes(duration, fail, fail_with),
        windows=[window_of(text, begin) for text in down],
        **more,
    )
