"""What the adapters of the cronjob files share: carrying out one pass on a list of Jobs, and comparing it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from simulator.controllers.cronjob import sync_cron_job
from simulator.controllers.plan import Create, Delete, Emit, Operation, Plan, UpdateStatus, carry_out
from simulator.errors import AlreadyExists, ApiError, Forbidden
from simulator.model.kubernetes import batch_v1, from_builtins
from tests.vectors.cases import check_keys

EXPECTED_KEYS = {
    "createJob",
    "createdJobName",
    "createdJob",
    "deleteJobs",
    "events",
    "messages",
    "active",
    "activeNames",
    "lastScheduleTime",
    "lastSuccessfulTime",
    "requeueAfterSeconds",
    "error",
}
_REFUSED_BY_DELETE = 'jobs.batch "{}" is forbidden: not allowed'
_REFUSED_BY_CREATE = {
    "forbidden": 'jobs.batch "{}" is forbidden: exceeded quota: jobs',
    "namespaceTerminating": (
        'jobs.batch "{}" is forbidden: unable to create new content in namespace {} because it is being terminated'
    ),
}


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def cron_job_of(manifest: dict[str, Any]) -> batch_v1.CronJob:
    """The CronJob with the defaults of the fields that this controller reads."""
    defaults = {"concurrencyPolicy": "Allow", "suspend": False, "successfulJobsHistoryLimit": 3, "failedJobsHistoryLimit": 1}
    return from_builtins({**manifest, "spec": {**defaults, **manifest["spec"]}}, batch_v1.CronJob)


@dataclass
class Pass:
    """One pass, carried out: what the API was asked, and the CronJob afterwards."""

    plan: Plan
    cron_job: batch_v1.CronJob
    created: list[batch_v1.Job] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    events: list[Emit] = field(default_factory=list)


def carried_out(
    cron_job: batch_v1.CronJob, jobs: Sequence[batch_v1.Job], now: datetime, api_errors: dict[str, str] | None = None
) -> Pass:
    """Carry out a pass; `api_errors` say what the API refuses."""
    check_keys(api_errors or {}, {"create", "delete"}, "apiErrors")
    result = Pass(Plan(), cron_job)
    present: dict[str, Any] = {job.metadata.name: job for job in jobs if job.metadata}

    def apply(operation: Operation) -> Any:
        match operation:
            case Create(object=job):
                refuse(api_errors, "create", job.metadata.name, job.metadata.namespace)
                if job.metadata.name in present:
                    raise AlreadyExists(f'jobs.batch "{job.metadata.name}" already exists')
                metadata = msgspec.structs.replace(job.metadata, uid=f"u-{job.metadata.name}")
                created = msgspec.structs.replace(job, metadata=metadata)
                result.created.append(created)
                return created
            case Delete(key=key, propagation=propagation):
                assert propagation == "Background"
                refuse(api_errors, "delete", key.name, key.namespace)
                result.deleted.append(key.name)
                if not set(present[key.name].metadata.finalizers or ()) - {"foregroundDeletion", "orphan"}:
                    del present[key.name]
            case UpdateStatus(status=status):
                result.cron_job = msgspec.structs.replace(result.cron_job, status=status)
            case Emit():
                result.events.append(operation)
            case _:
                pytest.fail(f"a CronJob pass does not ask for {operation}")
        return None

    result.plan = carry_out(sync_cron_job(cron_job, jobs, now), apply)
    return result


def refuse(api_errors: dict[str, str] | None, verb: str, name: str, namespace: str) -> None:
    """Raise what the API answers, if it refuses."""
    kind = (api_errors or {}).get(verb)
    if kind is None:
        return
    if verb == "delete":
        assert kind == "forbidden"
        raise Forbidden(_REFUSED_BY_DELETE.format(name))
    causes = [{"reason": "NamespaceTerminating"}] if kind == "namespaceTerminating" else []
    error: ApiError = Forbidden(_REFUSED_BY_CREATE[kind].format(name, namespace), {"causes": causes})
    raise error


def check_pass(result: Pass, expected: dict[str, Any]) -> None:
    """Compare a pass with what is expected of it."""
    check_keys(expected, EXPECTED_KEYS, "expect")
    status = result.cron_job.status or batch_v1.CronJobStatus()
    active = status.active or []
    found: dict[str, Any] = {
        "createJob": bool(result.created),
        "deleteJobs": result.deleted,
        "events": [event.reason for event in result.events],
        "active": len(active),
        "activeNames": [entry.name for entry in active],
        "lastScheduleTime": status.lastScheduleTime,
        "lastSuccessfulTime": status.lastSuccessfulTime,
        "error": result.plan.error,
    }
    wanted = {key: expected.get(key) for key in found}
    for key in ("lastScheduleTime", "lastSuccessfulTime"):
        wanted[key] = wanted[key] and instant(wanted[key])
    assert found == wanted
    assert all(entry.kind == "Job" and entry.apiVersion == "batch/v1" and entry.uid for entry in active)
    if "messages" in expected:
        assert [event.message for event in result.events] == expected["messages"]
    after, expected_after = result.plan.requeue_after_seconds, expected["requeueAfterSeconds"]
    if after is None or expected_after is None:
        assert after == expected_after
    else:
        assert after == pytest.approx(expected_after, abs=1e-3, rel=0)
    if expected.get("createdJob") is not None:
        check_keys(expected["createdJob"], {"labels", "annotations"}, "createdJob")
        (job,) = result.created
        assert job.metadata is not None
        assert job.metadata.name == expected["createdJobName"]
        assert (job.metadata.labels or {}) == expected["createdJob"]["labels"]
        assert (job.metadata.annotations or {}) == expected["createdJob"]["annotations"]
