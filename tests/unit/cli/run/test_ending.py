"""What a run says at its end: the verdict, and how to go on after it was suspended."""

from __future__ import annotations

from typing import Any

from simulator.cli.run.ending import how_to_go_on, suspend, verdict
from simulator.cli.run.starting import start_job
from simulator.model.kinds import CRON_JOB, JOB
from tests.cli.world import World

Tree = dict[str, Any]


def job(**status: Any) -> Tree:
    return {"metadata": {"name": "x"}, "status": {"startTime": "2026-11-23T10:00:00Z", **status}}


def test_a_complete_job() -> None:
    end = {"type": "Complete"}
    told = verdict(job(succeeded=3, failed=1, completionTime="2026-11-23T10:01:30Z"), end)
    assert told == "job.batch/x complete: 3 succeeded, 1 failed in 90s"


def test_a_failed_job_tells_reason_and_message() -> None:
    end = {"type": "Failed", "reason": "R", "message": "why", "lastTransitionTime": "2026-11-23T10:00:05Z"}
    assert verdict(job(failed=2), end) == "job.batch/x failed: R: why (0 succeeded, 2 failed in 5s)"


def test_a_job_that_never_started_has_no_duration() -> None:
    end = {"type": "Failed", "reason": "R", "message": "why", "lastTransitionTime": "2026-11-23T10:00:05Z"}
    assert verdict({"metadata": {"name": "x"}}, end) == "job.batch/x failed: R: why (0 succeeded, 0 failed)"


def test_a_suspended_job_is_gone_on_with_by_running_its_file_again() -> None:
    assert how_to_go_on(JOB, "x", "job.yml", has_logs=False) == (
        "job.batch/x is suspended: its running pods were stopped\n  to go on:                 kjsim run job.yml"
    )
    assert "kjsim logs job/x --all-pods" in how_to_go_on(JOB, "x", "job.yml", has_logs=True)
    for standard_input in ("-", "STDIN"):
        assert "kjsim run - (with the same manifest)" in how_to_go_on(JOB, "x", standard_input, has_logs=False)


def test_what_to_do_can_be_pasted() -> None:
    told = how_to_go_on(JOB, "x", "my job.yml", has_logs=True, command="kjsim --home /h -n team")
    assert told.splitlines()[1:] == [
        "  logs of what ended:       kjsim --home /h -n team logs job/x --all-pods",
        "  to go on:                 kjsim --home /h -n team run 'my job.yml'",
    ]


def test_a_job_with_a_generated_name_is_gone_on_with_by_a_patch() -> None:
    told = how_to_go_on(JOB, "x-abcde", "", has_logs=False)
    assert """kjsim patch job x-abcde -p '{"spec":{"suspend":false}}'; kjsim up""" in told


def test_a_suspended_cron_job_fires_no_more() -> None:
    assert how_to_go_on(CRON_JOB, "x", "c.yml", has_logs=False).startswith(
        "cronjob.batch/x is suspended: it fires no more\n"
    )


def manifest(**spec: Any) -> Tree:
    template = {"spec": {"restartPolicy": "Never", "containers": [{"name": "main", "image": "busybox:1.35"}]}}
    metadata = {"name": "deadline-x", "namespace": "default"}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": {"template": template, **spec}}


def test_what_is_gone_needs_no_suspension(world: World) -> None:
    suspend(world.client, JOB, "nothing", "default")


def test_a_job_is_created_joined_and_resumed(world: World) -> None:
    told: list[str] = []
    created = start_job(world.client, manifest(), told.append)
    joined = start_job(world.client, manifest(), told.append)
    assert joined["metadata"]["uid"] == created["metadata"]["uid"]
    suspend(world.client, JOB, "deadline-x", "default")
    resumed = start_job(world.client, manifest(), told.append)
    assert resumed["spec"]["suspend"] is False
    assert [line.split(":")[0] for line in told] == [
        "job.batch/deadline-x created",
        "job.batch/deadline-x is running already",
        "job.batch/deadline-x resumed",
    ]


def test_a_job_that_its_manifest_suspends_is_resumed(world: World) -> None:
    told: list[str] = []
    assert start_job(world.client, manifest(suspend=True), told.append)["spec"]["suspend"] is False
    assert told[-1] == "job.batch/deadline-x is suspended by its manifest: resuming it"
