"""The namespace controller: empties a namespace that is being deleted, then lets it go.

As in a cluster: everything in it is deleted in the background, pods with their own grace periods; what is left is told in
the namespace's conditions; when nothing is, the finalizer `kubernetes` is taken off, and the namespace goes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from simulator.controllers.plan import Delete, Operation, Patch, Plan, UpdateStatus
from simulator.model.kinds import kind_of
from simulator.model.kubernetes import core_v1
from simulator.model.metadata import key_of, metadata_of, whole_second

_CONDITIONS = {
    "NamespaceDeletionDiscoveryFailure": ("ResourcesDiscovered", "All resources successfully discovered"),
    "NamespaceDeletionGroupVersionParsingFailure": ("ParsedGroupVersions", "All legacy kube types successfully parsed"),
    "NamespaceDeletionContentFailure": (
        "ContentDeleted",
        "All content successfully deleted, may be waiting on finalization",
    ),
    "NamespaceContentRemaining": ("ContentRemoved", "All content successfully removed"),
    "NamespaceFinalizersRemaining": ("ContentHasNoFinalizers", "All content-preserving finalizers finished"),
}
"""The conditions of a namespace that is being deleted, in their order, with reason and message where all is well."""


def reconcile_namespace(namespace: core_v1.Namespace, content: Sequence[Any], now: datetime) -> Plan:
    """What is to be done about a namespace; `content` are all objects in it.

    The first look deletes; the next one, which the deletions bring about, tells what is left.
    """
    if metadata_of(namespace).deletionTimestamp is None or not (namespace.spec and namespace.spec.finalizers):
        return Plan()
    cause = f"namespace {metadata_of(namespace).name} is being deleted"
    operations: list[Operation] = [Delete(key_of(obj), cause) for obj in content if obj.metadata.deletionTimestamp is None]
    if operations:
        return Plan(tuple(operations))
    old = namespace.status or core_v1.NamespaceStatus()
    status = msgspec.structs.replace(old, conditions=_conditions(old.conditions or (), content, now))
    if status != old:
        counts = Counter(kind_of(obj).plural for obj in content)
        left = ", ".join(f"{count} {plural}" for plural, count in sorted(counts.items()))
        text = f"waits for {left} to end" if left else "nothing is left in it"
        operations.append(UpdateStatus(key_of(namespace), status, text))
    if not content:
        operations.append(Patch(key_of(namespace), {"spec": {"finalizers": None}}, "it is empty", deed="let go of"))
    return Plan(tuple(operations))


def _conditions(
    old: Sequence[core_v1.NamespaceCondition], content: Sequence[Any], now: datetime
) -> list[core_v1.NamespaceCondition]:
    told = {type_: ("False", reason, message) for type_, (reason, message) in _CONDITIONS.items()}
    if content:
        resources = sorted(
            f"{plural}.{group} has {count} resource instances"
            for (plural, group), count in Counter((kind_of(obj).plural, kind_of(obj).group) for obj in content).items()
        )
        message = f"Some resources are remaining: {', '.join(resources)}"
        told["NamespaceContentRemaining"] = ("True", "SomeResourcesRemain", message)
    finalizers = Counter(finalizer for obj in content for finalizer in obj.metadata.finalizers or ())
    if finalizers:
        counts = ", ".join(f"{name} in {count} resource instances" for name, count in sorted(finalizers.items()))
        message = f"Some content in the namespace has finalizers remaining: {counts}"
        told["NamespaceFinalizersRemaining"] = ("True", "SomeFinalizersRemain", message)
    before = {condition.type: condition for condition in old}
    made: list[core_v1.NamespaceCondition] = []
    for type_, (status, reason, message) in told.items():
        last = before.get(type_)
        if last is not None and (last.status, last.reason, last.message) == (status, reason, message):
            made.append(last)
            continue
        made.append(
            core_v1.NamespaceCondition(
                type=type_, status=status, reason=reason, message=message, lastTransitionTime=whole_second(now)
            )
        )
    return made
