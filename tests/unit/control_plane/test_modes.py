"""A control plane that only observes or sweeps starts nothing."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from simulator.control_plane import ControlPlane, Mode
from simulator.executor.virtual import Run
from simulator.model.metadata import Key
from simulator.pods.observed import ObservedContainer
from tests.unit.control_plane.cluster import NOON, Cluster, cron_job, job


class Partial(Cluster):
    """Its control plane does not do all of its work."""

    mode = Mode.OBSERVE

    def begin(self) -> None:
        super().begin()
        self.plane.close()
        self.plane = ControlPlane(self.objects, self.executor, self._chance, self.now, mode=self.mode)


class Sweeping(Partial):
    mode = Mode.SWEEP


@pytest.mark.parametrize("kind", [Partial, Sweeping])
def test_nothing_new_starts(kind: type[Partial], tmp_path: Path) -> None:
    cluster = kind(tmp_path)
    cluster.create(job("once"))
    cluster.create(cron_job())
    cluster.run_to(NOON + timedelta(minutes=3))
    assert cluster.names("Job") == ["once"]
    assert cluster.pods() == []
    cluster.end()


def test_who_insists_waits_for_no_grace(tmp_path: Path) -> None:
    cluster = Cluster(tmp_path, script=lambda command: Run(seconds=None, stop_seconds=None))
    cluster.create(job("deaf"))
    cluster.step()
    (pod,) = cluster.pods()
    key = Key("Pod", "default", pod.metadata.name)
    cluster.plane.registry.delete(key, cluster.now, grace_seconds=0)
    cluster.step()
    assert [item.state for item in observed(cluster, pod.metadata.uid)] == ["running"]  # the node leaves it two seconds
    cluster.plane.node.kill(pod.metadata.uid)
    cluster.step()
    assert [item.state for item in observed(cluster, pod.metadata.uid)] in ([], ["exited"])
    cluster.end()


def observed(cluster: Cluster, uid: str) -> list[ObservedContainer]:
    record = cluster.plane.node.record(uid)
    return [] if record is None else list(record.observed.containers)


def test_a_sweep_clears_away_what_a_deleted_job_leaves(tmp_path: Path) -> None:
    first = Cluster(tmp_path, seconds=100)
    first.create(job("once"))
    first.let_pass(5)
    assert len(first.pods()) == 1
    first.end()
    sweep = Sweeping(tmp_path)
    sweep.delete("Job", "once", propagation="Background")
    sweep.let_pass(60)
    assert (sweep.names("Job"), sweep.pods()) == ([], [])
    sweep.end()
