"""The life of namespaces as the API server keeps it: what may be created in one, which may go, and how its end begins.

`controllers/namespace` empties a namespace that is being deleted.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from simulator.errors import Forbidden, NotFound
from simulator.model.kinds import NAMESPACE, Kind
from simulator.model.kubernetes import core_v1
from simulator.model.metadata import Key, whole_second
from simulator.store.objects import Objects

FINALIZER = "kubernetes"
"""In `spec.finalizers` of each namespace: it goes only after its content."""

_IMMORTAL = frozenset({"default", "kube-system", "kube-public"})


def is_terminating(objects: Objects, name: str) -> bool:
    """Whether a namespace is being deleted."""
    namespace = objects.get(Key(NAMESPACE.kind, "", name))
    return namespace is not None and namespace.metadata.deletionTimestamp is not None


def check_creation(objects: Objects, kind: Kind, namespace: str, name: str) -> None:
    """Whether an object may be created there: raises `NotFound` without the namespace, `Forbidden` while it is deleted.

    `name` is the one in the request, or its generateName.
    """
    found = objects.get(Key(NAMESPACE.kind, "", namespace))
    if found is None:
        raise NotFound(f'namespaces "{namespace}" not found', {"name": namespace, "kind": NAMESPACE.plural})
    if found.metadata.deletionTimestamp is None:
        return
    cause = {
        "reason": "NamespaceTerminating",
        "message": f"namespace {namespace} is being terminated",
        "field": "metadata.namespace",
    }
    details = {"name": name, "group": kind.group, "kind": kind.plural, "causes": [cause]}
    raise Forbidden(
        f'{kind.resource} "{name}" is forbidden: unable to create new content in namespace {namespace} because it is being '
        "terminated",
        {key: value for key, value in details.items() if value},
    )


def check_deletion(name: str) -> None:
    """Raises `Forbidden` for a namespace that a cluster can't do without."""
    if name in _IMMORTAL:
        raise Forbidden(
            f'namespaces "{name}" is forbidden: this namespace may not be deleted', {"name": name, "kind": NAMESPACE.plural}
        )


def terminating(namespace: core_v1.Namespace, finalizers: list[str], now: datetime) -> core_v1.Namespace:
    """A namespace as a request to delete it leaves it; `finalizers` are those of its metadata."""
    metadata = namespace.metadata
    assert metadata is not None
    metadata = msgspec.structs.replace(
        metadata,
        finalizers=finalizers or None,
        deletionTimestamp=metadata.deletionTimestamp or whole_second(now),
    )
    status = msgspec.structs.replace(namespace.status or core_v1.NamespaceStatus(), phase="Terminating")
    return msgspec.structs.replace(namespace, metadata=metadata, status=status)


def is_held(namespace: Any) -> bool:
    """Whether a namespace that is being deleted still waits for its content."""
    return bool(namespace.spec and namespace.spec.finalizers)
