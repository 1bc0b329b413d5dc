"""Jobs of one template are stored as if each had gone the whole way of a created object."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest

from simulator.controllers.cronjob.new_job import job_for_slot
from simulator.errors import Invalid, NotFound
from simulator.model.kinds import CRON_JOB, JOB
from simulator.model.kubernetes import to_builtins
from simulator.store.objects import Objects
from simulator.store.registry import Registry

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def registry() -> Registry:
    made = Registry(Objects(), Random(1))
    made.ensure_namespace("default", NOON)
    return made


def cron_job(template: dict[str, Any] | None = None, **job: Any) -> dict[str, Any]:
    container = {"name": "main", "image": "busybox", "resources": {"limits": {"cpu": "1"}}}
    pod = {"metadata": template or {}, "spec": {"restartPolicy": "Never", "containers": [container]}}
    job_template = {"metadata": {"labels": {"team": "a"}}, "spec": {"template": pod, **job}}
    spec = {"schedule": "* * * * *", "jobTemplate": job_template}
    return {"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "tick"}, "spec": spec}


@pytest.mark.parametrize(
    "tree",
    [
        cron_job(),
        cron_job({"labels": {"app": "x"}, "annotations": {"a": "b"}}, backoffLimit=2, ttlSecondsAfterFinished=9),
        cron_job({}, completions=3, completionMode="Indexed"),
    ],
)
def test_later_jobs_of_a_template_are_as_if_made_alone(tree: dict[str, Any]) -> None:
    quick, whole = registry(), registry()
    cron, _ = quick.create(tree, CRON_JOB, NOON)
    whole.create(tree, CRON_JOB, NOON)
    for minute in range(1, 5):
        now = NOON + timedelta(minutes=minute)
        job = job_for_slot(cron, now)
        assert quick.create_job(job, now) == whole.create(to_builtins(job), JOB, now)[0]


def test_refusals_stay_refusals() -> None:
    quick = registry()
    cron, _ = quick.create(cron_job({"labels": {"batch.kubernetes.io/job-name": "other"}}), CRON_JOB, NOON)
    for minute in (1, 2):
        with pytest.raises(Invalid, match="job-name"):
            quick.create_job(job_for_slot(cron, NOON + timedelta(minutes=minute)), NOON)
    elsewhere = job_for_slot(cron, NOON)
    assert elsewhere.metadata is not None
    elsewhere.metadata.namespace = "missing"
    with pytest.raises(NotFound, match='namespaces "missing" not found'):
        quick.create_job(elsewhere, NOON)
