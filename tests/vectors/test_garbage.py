"""garbage.json: what the garbage collector decides."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from simulator.controllers.garbage import Decision, OwnerGraph
from simulator.controllers.plan import Delete, Operation, Patch
from simulator.model.kinds import KINDS, Kind
from simulator.model.kubernetes import core_v1, from_builtins, meta_v1
from tests.vectors.cases import cases, check_keys

NODE = Kind("Node", "", "v1", "nodes", (), core_v1.Node, namespaced=False)
NAMESPACE = "team-a"


@pytest.mark.parametrize("case", cases("garbage"))
def test_garbage(case: dict[str, Any]) -> None:
    check_keys(case, {"name", "objects", "expect"})
    expected = case["expect"]
    check_keys(expected, {"looksAt", "decisions", "orphaning"}, "expect")
    objects = {shown["name"]: shown for shown in case["objects"]}
    graph = OwnerGraph([*KINDS.values(), NODE])
    names = {
        reference["uid"]: reference["name"] for shown in case["objects"] for reference in shown.get("ownerReferences", ())
    } | {shown["uid"]: shown["name"] for shown in case["objects"]}
    looks_at: set[str] = set()
    orphaning: list[str] = []
    for shown in case["objects"]:
        looks = graph.observe(*observed(shown))
        looks_at |= {names[uid] for uid in looks.look_at}
        orphaning += looks.orphan
    assert sorted(looks_at) == expected["looksAt"]
    decisions = {name: requests(graph.decide(shown["uid"]), objects, names) for name, shown in objects.items()}
    assert decisions == {name: [ordered(wanted) for wanted in shown] for name, shown in expected["decisions"].items()}
    freed = {names[uid]: orphan_requests(graph.orphan(uid), objects) for uid in orphaning}
    assert freed == expected["orphaning"]


def observed(shown: dict[str, Any]) -> tuple[meta_v1.ObjectMeta, Kind]:
    check_keys(shown, {"name", "kind", "uid", "ownerReferences", "finalizers", "deleting"}, "object")
    kind = NODE if shown["kind"] == "Node" else KINDS[shown["kind"]]
    metadata = from_builtins(
        {
            "name": shown["name"],
            "uid": shown["uid"],
            "ownerReferences": shown.get("ownerReferences"),
            "finalizers": shown.get("finalizers"),
        },
        meta_v1.ObjectMeta,
    )
    if kind.namespaced:
        metadata.namespace = NAMESPACE
    if shown.get("deleting"):
        metadata.deletionTimestamp = datetime(2026, 1, 1, tzinfo=UTC)
    return metadata, kind


def requests(decision: Decision, objects: dict[str, Any], names: dict[str, str]) -> list[dict[str, Any]]:
    found = [request(operation, objects) for operation in decision.operations]
    if decision.look_at:
        found.append({"looksAt": sorted(names[uid] for uid in decision.look_at)})
    if decision.error is not None:
        found.append({"error": decision.error})
    return found


def request(operation: Operation, objects: dict[str, Any]) -> dict[str, Any]:
    assert isinstance(operation, Delete | Patch)
    shown = objects[operation.key.name]
    if isinstance(operation, Delete):
        assert operation.uid == shown["uid"]
        return {"delete": operation.propagation}
    ((field, value),) = operation.patch["metadata"].items()
    if field == "finalizers":
        return {"finalizers": value}
    assert field == "ownerReferences"
    before = {reference["uid"]: reference for reference in shown["ownerReferences"]}
    after = {reference["uid"]: reference for reference in value}
    if before.keys() != after.keys():
        assert all(after[uid] == before[uid] for uid in after)
        return {"dropOwners": sorted(before.keys() - after.keys())}
    changed = [uid for uid in after if after[uid] != before[uid]]
    assert all(after[uid] == {**before[uid], "blockOwnerDeletion": False} for uid in changed)
    return {"unblockOwners": sorted(changed)}


def ordered(wanted: dict[str, Any]) -> dict[str, Any]:
    """An expected request with its uids sorted: our patch holds the references that stay, so it has no order of its own."""
    return {key: sorted(value) if key in ("dropOwners", "unblockOwners") else value for key, value in wanted.items()}


def orphan_requests(decision: Decision, objects: dict[str, Any]) -> list[dict[str, Any]]:
    *patches, last = decision.operations
    found = [{**request(patch, objects), "object": patch.key.name} for patch in patches if isinstance(patch, Patch)]
    return [*found, request(last, objects)]
