"""The collector on a graph that changes: what is to be looked at, and that everything ends."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec

from simulator.controllers.garbage import Decision, Looks, OwnerGraph
from simulator.controllers.plan import Delete, Operation, Patch
from simulator.model.kinds import CRON_JOB, JOB, POD, Kind
from simulator.model.kubernetes import meta_v1
from simulator.model.metadata import Key

GOING = datetime(2026, 1, 1, tzinfo=UTC)


class World:
    """Objects and their collector; what it asks for is carried out at once, as the API server would."""

    def __init__(self) -> None:
        self.graph = OwnerGraph()
        self.objects: dict[str, tuple[meta_v1.ObjectMeta, Kind]] = {}
        self.queue: list[str] = []
        self.errors: set[str] = set()

    def put(self, kind: Kind, name: str, *owners: str, finalizers: tuple[str, ...] = ()) -> None:
        references = [self.reference(owner) for owner in owners]
        metadata = meta_v1.ObjectMeta(
            name=name, namespace="default", uid=name, ownerReferences=references or None, finalizers=list(finalizers) or None
        )
        self.store(metadata, kind)

    def reference(self, owner: str) -> meta_v1.OwnerReference:
        kind = self.objects[owner][1] if owner in self.objects else CRON_JOB
        return meta_v1.OwnerReference(
            apiVersion=kind.api_version, kind=kind.kind, name=owner, uid=owner, controller=True, blockOwnerDeletion=True
        )

    def store(self, metadata: meta_v1.ObjectMeta, kind: Kind) -> None:
        uid = metadata.uid or ""
        if metadata.deletionTimestamp is not None and not metadata.finalizers:
            self.objects.pop(uid, None)
            self.take(self.graph.remove(uid))
            return
        self.objects[uid] = (metadata, kind)
        self.take(self.graph.observe(metadata, kind))

    def take(self, looks: Looks) -> None:
        self.queue += [*looks.look_at, *looks.orphan]

    def change(self, uid: str, **fields: Any) -> None:
        metadata, kind = self.objects[uid]
        self.store(msgspec.structs.replace(metadata, **fields), kind)

    def delete(self, uid: str, policy: str) -> None:
        if uid not in self.objects:
            return
        finalizers = [name for name in self.objects[uid][0].finalizers or () if name not in ("orphan", "foregroundDeletion")]
        finalizers += {"Orphan": ["orphan"], "Foreground": ["foregroundDeletion"], "Background": []}[policy]
        self.change(uid, deletionTimestamp=GOING, finalizers=finalizers or None)

    def run(self) -> None:
        for _ in range(200):
            if not self.queue:
                return
            uid = self.queue.pop(0)
            self.carry_out(self.graph.orphan(uid))
            self.carry_out(self.graph.decide(uid))
        raise AssertionError("the collector does not come to rest")

    def carry_out(self, decision: Decision) -> None:
        self.queue += decision.look_at
        if decision.error is not None:
            self.errors.add(decision.error)
        for operation in decision.operations:
            self.apply(operation)

    def apply(self, operation: Operation) -> None:
        assert isinstance(operation, Delete | Patch)
        uid = operation.key.name
        if isinstance(operation, Delete):
            self.delete(uid, operation.propagation)
        elif uid in self.objects:
            types: dict[str, Any] = {"ownerReferences": list[meta_v1.OwnerReference], "finalizers": list[str]}
            patch = operation.patch["metadata"].items()
            self.change(uid, **{name: msgspec.convert(value, types[name]) or None for name, value in patch})


def family() -> World:
    world = World()
    world.put(CRON_JOB, "cron")
    world.put(JOB, "job", "cron")
    world.put(POD, "pod-1", "job")
    world.put(POD, "pod-2", "job")
    world.run()
    assert set(world.objects) == {"cron", "job", "pod-1", "pod-2"}
    return world


def test_background_takes_the_whole_family() -> None:
    world = family()
    world.delete("cron", "Background")
    assert "cron" not in world.objects
    world.run()
    assert world.objects == {}


def test_foreground_waits_for_the_dependents() -> None:
    world = family()
    world.change("pod-1", finalizers=["batch.kubernetes.io/job-tracking"])
    world.delete("cron", "Foreground")
    world.run()
    assert set(world.objects) == {"cron", "job", "pod-1"}
    world.change("pod-1", finalizers=None)
    world.run()
    assert world.objects == {}


def test_orphan_sets_the_dependents_free() -> None:
    world = family()
    world.delete("job", "Orphan")
    world.run()
    assert set(world.objects) == {"cron", "pod-1", "pod-2"}
    assert world.objects["pod-1"][0].ownerReferences is None


def test_an_owner_that_never_was_is_found_out() -> None:
    world = World()
    world.put(JOB, "job", "nobody")
    world.run()
    assert world.objects == {}


def test_one_of_two_owners_goes() -> None:
    world = World()
    world.put(CRON_JOB, "a")
    world.put(CRON_JOB, "b")
    world.put(JOB, "job", "a", "b")
    world.delete("a", "Background")
    world.run()
    references = world.objects["job"][0].ownerReferences or []
    assert [reference.uid for reference in references] == ["b"]


def test_an_owner_of_the_same_name_but_another_uid_does_not_hold() -> None:
    graph = OwnerGraph()
    graph.observe(meta_v1.ObjectMeta(name="cron", namespace="default", uid="new"), CRON_JOB)
    owner = meta_v1.OwnerReference(apiVersion="batch/v1", kind="CronJob", name="cron", uid="old")
    graph.observe(meta_v1.ObjectMeta(name="job", namespace="default", uid="job", ownerReferences=[owner]), JOB)
    (operation,) = graph.decide("job").operations
    assert operation == Delete(Key("Job", "default", "job"), "its owner is gone", uid="job")


def test_an_owner_in_another_namespace_does_not_hold() -> None:
    graph = OwnerGraph()
    graph.observe(meta_v1.ObjectMeta(name="cron", namespace="other", uid="cron"), CRON_JOB)
    owner = meta_v1.OwnerReference(apiVersion="batch/v1", kind="CronJob", name="cron", uid="cron")
    looks = graph.observe(meta_v1.ObjectMeta(name="job", namespace="default", uid="job", ownerReferences=[owner]), JOB)
    assert looks.look_at == ["job"]
    assert len(graph.decide("job").operations) == 1


def test_a_kind_that_is_not_served_is_an_error() -> None:
    graph = OwnerGraph()
    owner = meta_v1.OwnerReference(apiVersion="apps/v1", kind="ReplicaSet", name="set", uid="set")
    graph.observe(meta_v1.ObjectMeta(name="pod", namespace="default", uid="pod", ownerReferences=[owner]), POD)
    assert graph.decide("pod") == Decision(error="unable to get REST mapping for apps/v1/ReplicaSet.")


def test_what_is_gone_is_forgotten() -> None:
    world = family()
    world.delete("cron", "Background")
    world.run()
    assert not world.graph._nodes
    assert not world.graph._uids
