"""cronjob-histories.json: days of passes and edits; the status is carried from step to step."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from simulator.controllers.cronjob import enqueue_after_edit
from simulator.model.kubernetes import batch_v1, from_builtins
from tests.vectors.cases import cases, check_keys, merged
from tests.vectors.cron_job_passes import carried_out, check_pass, cron_job_of, instant


@pytest.mark.parametrize("case", cases("cronjob-histories"))
def test_cronjob_histories(case: dict[str, Any]) -> None:
    check_keys(case, {"name", "cronjob", "steps"})
    manifest = case["cronjob"]
    cron_job = cron_job_of(manifest)
    for step in case["steps"]:
        check_keys(step, {"now", "why", "jobs", "patch", "expect"}, "step")
        now = instant(step["now"])
        if "patch" in step:
            manifest = merged(manifest, step["patch"])
            edited = msgspec.structs.replace(cron_job_of(manifest), status=cron_job.status)
            if "expect" in step:
                check_keys(step["expect"], {"enqueueAfterSeconds", "events"}, "expect")
                edit = enqueue_after_edit(cron_job, edited, now)
                assert [event.reason for event in edit.events] == step["expect"]["events"]
                check_delay(edit.after_seconds, step["expect"]["enqueueAfterSeconds"])
            cron_job = edited
        else:
            result = carried_out(cron_job, [job_of(job, cron_job) for job in step["jobs"]], now)
            check_pass(result, step["expect"])
            cron_job = result.cron_job


def check_delay(found: float | None, expected: float | None) -> None:
    if found is None or expected is None:
        assert found == expected
    elif expected <= 0:
        assert found <= 0
    else:
        assert found == pytest.approx(expected, abs=1e-3, rel=0)


def job_of(short: dict[str, Any], cron_job: batch_v1.CronJob) -> batch_v1.Job:
    check_keys(short, {"name", "uid", "startTime", "result", "completionTime", "owner"}, "job")
    assert cron_job.metadata is not None
    metadata: dict[str, Any] = {"name": short["name"], "uid": short["uid"], "namespace": cron_job.metadata.namespace}
    if "owner" in short:
        assert short["owner"] == "none"
    else:
        owner = {"apiVersion": "batch/v1", "kind": "CronJob", "name": cron_job.metadata.name, "uid": cron_job.metadata.uid}
        metadata["ownerReferences"] = [{**owner, "controller": True, "blockOwnerDeletion": True}]
    status = {key: short[key] for key in ("startTime", "completionTime") if key in short}
    if "result" in short:
        status["conditions"] = [{"type": short["result"], "status": "True"}]
    return from_builtins({"metadata": metadata, "status": status}, batch_v1.Job)
