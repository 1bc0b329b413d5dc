"""The end of a namespace: everything in it goes, nothing new comes, then it goes itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from simulator.errors import AlreadyExists, Forbidden, NotFound
from simulator.model.kubernetes import to_builtins
from simulator.model.metadata import key_of
from tests.unit.control_plane.cluster import Cluster, cron_job, job

TEAM = "{apiVersion: v1, kind: Namespace, metadata: {name: team-a}}"


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    cluster = Cluster(tmp_path, seconds=3600)
    cluster.create(TEAM)
    yield cluster
    cluster.end()


def fill(cluster: Cluster) -> None:
    cluster.create(job("work", "team-a", parallelism=2))
    cluster.create(cron_job().replace("name: tick}", "name: tick, namespace: team-a}"))
    cluster.create("{apiVersion: v1, kind: ConfigMap, metadata: {name: c, namespace: team-a}, data: {a: b}}")
    cluster.create(job("elsewhere"))
    cluster.let_pass(70)
    assert cluster.names("Job", "team-a") == ["tick-29539441", "work"]
    assert len(cluster.names("Pod", "team-a")) == 3


def condition(cluster: Cluster, type_: str) -> Any:
    namespace = cluster.get("Namespace", "team-a")
    return next(condition for condition in namespace.status.conditions if condition.type == type_)


def test_it_waits_for_pods_that_take_their_time_then_goes_with_everything(cluster: Cluster) -> None:
    fill(cluster)
    cluster.delete("Namespace", "team-a")
    cluster.step()
    namespace = cluster.get("Namespace", "team-a")
    assert namespace.status.phase == "Terminating"
    assert namespace.spec.finalizers == ["kubernetes"]
    assert namespace.metadata.deletionTimestamp == cluster.now
    for kind in ("Job", "CronJob", "ConfigMap", "Event"):
        assert cluster.names(kind, "team-a") == []
    assert all(pod.metadata.deletionTimestamp for pod in cluster.objects.list("Pod", "team-a"))
    remaining = condition(cluster, "NamespaceContentRemaining")
    assert (remaining.status, remaining.reason) == ("True", "SomeResourcesRemain")
    assert remaining.message == "Some resources are remaining: pods. has 3 resource instances"
    assert condition(cluster, "NamespaceFinalizersRemaining").status == "False"
    cluster.let_pass(2)  # the containers take a second to stop
    assert cluster.get("Namespace", "team-a") is None
    assert cluster.names("Pod", "team-a") == cluster.names("Event", "team-a") == []
    assert cluster.names("Job") == ["elsewhere"]
    told = [text for _, text in cluster.decisions("Namespace", "team-a")]
    assert "deleted job/work: namespace team-a is being deleted" in told
    assert "waits for 3 pods to end" in told
    assert told[-2:] == ["nothing is left in it", "let go of namespace/team-a: it is empty"]
    cluster.create(TEAM)
    cluster.create(job("work", "team-a"))


def test_an_empty_one_goes_at_once(cluster: Cluster) -> None:
    cluster.delete("Namespace", "team-a")
    cluster.step()
    assert cluster.get("Namespace", "team-a") is None


def test_nothing_is_created_in_it_meanwhile(cluster: Cluster) -> None:
    fill(cluster)
    cluster.delete("Namespace", "team-a")
    with pytest.raises(Forbidden) as refused:
        cluster.create(job("x", "team-a"))
    assert refused.value.to_status() == {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": 'jobs.batch "x" is forbidden: unable to create new content in namespace team-a because it is being '
        "terminated",
        "reason": "Forbidden",
        "code": 403,
        "details": {
            "name": "x",
            "group": "batch",
            "kind": "jobs",
            "causes": [
                {
                    "reason": "NamespaceTerminating",
                    "message": "namespace team-a is being terminated",
                    "field": "metadata.namespace",
                }
            ],
        },
    }
    with pytest.raises(Forbidden, match='pods "x-" is forbidden'):
        cluster.create(
            "{apiVersion: v1, kind: Pod, metadata: {generateName: x-, namespace: team-a}, "
            "spec: {containers: [{name: a, image: b}]}}"
        )
    with pytest.raises(AlreadyExists, match=r'^object is being deleted: namespaces "team-a" already exists$'):
        cluster.create(TEAM)
    with pytest.raises(NotFound, match=r'^namespaces "team-b" not found$'):
        cluster.create(job("x", "team-b"))


def test_what_a_finalizer_holds_holds_the_namespace(cluster: Cluster) -> None:
    held = "{apiVersion: v1, kind: ConfigMap, metadata: {name: c, namespace: team-a, finalizers: [x.dev/held]}}"
    made = cluster.create(held)
    cluster.delete("Namespace", "team-a")
    cluster.let_pass(100)
    finalizers = condition(cluster, "NamespaceFinalizersRemaining")
    assert finalizers.message == (
        "Some content in the namespace has finalizers remaining: x.dev/held in 1 resource instances"
    )
    assert len(cluster.get("Namespace", "team-a").status.conditions) == 5
    tree = to_builtins(cluster.get("ConfigMap", "c", "team-a"))
    tree["metadata"]["finalizers"] = []
    cluster.plane.registry.update(key_of(made), tree, cluster.now)
    cluster.step()
    assert cluster.get("Namespace", "team-a") is None


def test_it_goes_on_where_a_process_that_died_had_left_off(cluster: Cluster) -> None:
    fill(cluster)
    cluster.delete("Namespace", "team-a")
    cluster.end()
    cluster.begin()
    cluster.let_pass(2)
    assert cluster.get("Namespace", "team-a") is None
    assert cluster.names("Pod", "team-a") == []


@pytest.mark.parametrize("name", ["default", "kube-system", "kube-public"])
def test_some_may_not_be_deleted(cluster: Cluster, name: str) -> None:
    with pytest.raises(Forbidden, match=rf'^namespaces "{name}" is forbidden: this namespace may not be deleted$'):
        cluster.delete("Namespace", name)


def test_its_finalizers_are_not_changed_by_hand(cluster: Cluster) -> None:
    namespace = cluster.get("Namespace", "team-a")
    assert namespace.metadata.labels == {"kubernetes.io/metadata.name": "team-a"}
    cluster.change(namespace, finalizers=[])
    assert cluster.get("Namespace", "team-a").spec.finalizers == ["kubernetes"]
