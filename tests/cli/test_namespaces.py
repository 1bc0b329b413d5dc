"""Namespaces through commands: made, closed, emptied, gone."""

from __future__ import annotations

from datetime import timedelta

from simulator.model.kinds import CONFIG_MAP, NAMESPACE
from tests.cli.conftest import MANIFESTS
from tests.cli.world import World


def test_delete_takes_everything_along(world: World) -> None:
    assert world.kjsim("create", "namespace", "team-a").stdout == "namespace/team-a created\n"
    world.client.create(CONFIG_MAP, {"metadata": {"name": "c"}}, "team-a")
    outcome = world.kjsim("delete", "namespace", "team-a")
    assert (outcome.code, outcome.both) == (0, 'namespace "team-a" deleted\n')
    assert world.client.list(CONFIG_MAP, None)["items"] == []
    assert world.kjsim("get", "ns", "team-a").stderr == 'Error from server (NotFound): namespaces "team-a" not found\n'


def test_it_is_closed_while_its_pods_end(world: World) -> None:
    world.kjsim("create", "namespace", "team-a")
    job = str(MANIFESTS / "simple-job.yml")
    assert world.kjsim("apply", "-n", "team-a", "-f", job).code == 0
    world.run_to(world.clock.now() + timedelta(seconds=2))
    assert world.kjsim("delete", "ns", "team-a", "--wait=false").code == 0
    assert world.kjsim("get", "ns", "team-a", "--no-headers").stdout.split()[:2] == ["team-a", "Terminating"]
    refused = world.kjsim("apply", "-n", "team-a", "-f", job)
    assert refused.code == 1
    assert (
        'Error from server (Forbidden): jobs.batch "pingpong" is forbidden: unable to create new content in namespace '
        "team-a because it is being terminated"
    ) in refused.stderr
    world.run_to(world.clock.now() + timedelta(seconds=60))
    assert [item["metadata"]["name"] for item in world.client.list(NAMESPACE)["items"]] == ["default"]


def test_default_stays(world: World) -> None:
    outcome = world.kjsim("delete", "ns", "default")
    assert outcome.code == 1
    assert outcome.stderr == (
        'Error from server (Forbidden): namespaces "default" is forbidden: this namespace may not be deleted\n'
    )
