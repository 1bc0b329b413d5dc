"""Client-side apply: three states compared, over the real API."""

from __future__ import annotations

import json
from typing import Any

from simulator.cli.applying import LAST_APPLIED, apply
from simulator.model.kinds import CONFIG_MAP, CRON_JOB
from tests.cli.world import World

Tree = dict[str, Any]


def cron_job(schedule: str = "*/5 * * * *", args: list[str] | None = None, **spec: Any) -> Tree:
    container = {"name": "main", "image": "busybox:1.35", "args": args or ["a"]}
    template = {"spec": {"restartPolicy": "Never", "containers": [container]}}
    return {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": {"name": "tick", "namespace": "default"},
        "spec": {"schedule": schedule, "jobTemplate": {"spec": {"template": template}}, **spec},
    }


def config_map(**data: str) -> Tree:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c", "namespace": "default"}, "data": data}


def test_the_first_apply_creates_and_remembers_the_manifest(world: World) -> None:
    applied = apply(world.client, CRON_JOB, cron_job())
    assert applied.verb == "created"
    kept = json.loads(applied.object["metadata"]["annotations"][LAST_APPLIED])
    assert kept["spec"] == cron_job()["spec"]
    assert kept["metadata"] == {"annotations": {}, "name": "tick", "namespace": "default"}


def test_the_same_manifest_again_changes_nothing(world: World) -> None:
    first = apply(world.client, CONFIG_MAP, config_map(a="1"))
    again = apply(world.client, CONFIG_MAP, config_map(a="1"))
    assert (again.verb, again.object["metadata"]["resourceVersion"]) == (
        "unchanged",
        first.object["metadata"]["resourceVersion"],
    )
    apply(world.client, CRON_JOB, cron_job())
    assert apply(world.client, CRON_JOB, cron_job()).verb == "unchanged"


def test_what_the_manifest_no_longer_says_is_taken_away_what_others_set_stays(world: World) -> None:
    apply(world.client, CONFIG_MAP, config_map(a="1", b="2"))
    world.client.patch(CONFIG_MAP, "c", "default", {"data": {"other": "x"}}, "application/merge-patch+json")
    applied = apply(world.client, CONFIG_MAP, config_map(b="3"))
    assert applied.verb == "configured"
    assert applied.object["data"] == {"b": "3", "other": "x"}


def test_a_removed_field_gets_its_default_again(world: World) -> None:
    apply(world.client, CRON_JOB, cron_job(concurrencyPolicy="Forbid", suspend=True))
    applied = apply(world.client, CRON_JOB, cron_job())
    assert (applied.object["spec"]["concurrencyPolicy"], applied.object["spec"]["suspend"]) == ("Allow", False)


def test_lists_are_replaced_whole(world: World) -> None:
    apply(world.client, CRON_JOB, cron_job(args=["a", "b"]))
    applied = apply(world.client, CRON_JOB, cron_job(args=["c"]))
    (container,) = applied.object["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]
    assert (applied.verb, container["args"], container["imagePullPolicy"]) == ("configured", ["c"], "IfNotPresent")


def test_a_dry_run_keeps_nothing(world: World) -> None:
    apply(world.client, CRON_JOB, cron_job())
    applied = apply(world.client, CRON_JOB, cron_job("@daily"), dry_run=True)
    assert (applied.verb, applied.object["spec"]["schedule"]) == ("configured", "@daily")
    assert world.client.get(CRON_JOB, "tick")["spec"]["schedule"] == "*/5 * * * *"
