"""What a control plane keeps in mind: nothing of what is gone, however long it lives."""

from __future__ import annotations

from pathlib import Path

from simulator.control_plane.applier import Applier
from simulator.pods.executor import ImageReport
from tests.unit.control_plane.cluster import NOON, Cluster, job


def test_a_late_report_about_a_pod_that_is_gone_leaves_nothing(tmp_path: Path) -> None:
    """A pull that took longer than its pod lived."""
    cluster = Cluster(tmp_path)
    cluster.step()
    cluster.plane.node.observe(ImageReport("gone", "busybox:1.35", NOON, pulled=True), NOON)
    cluster.step()
    assert not cluster.plane.node.has_orphans
    assert cluster.plane.node.record("gone") is None
    cluster.end()


def test_what_one_component_says_makes_no_other_repeat_itself(tmp_path: Path) -> None:
    cluster = Cluster(tmp_path)
    made = cluster.create(job())
    applier = Applier(cluster.objects, cluster.plane.registry)
    for _ in range(2):
        applier.note(made, "job-controller", ["waits for a slot"], NOON)
        applier.note(made, "ttl-after-finished-controller", [], NOON)
    assert cluster.told("Job", "once") == ["0 waits for a slot"]
    cluster.end()
