"""Small helpers over `ObjectMeta`: names, keys, owners, times."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, NamedTuple

from simulator.model.kinds import KINDS
from simulator.model.kubernetes import meta_v1

_CLUSTER_SCOPED = frozenset(kind.kind for kind in KINDS.values() if not kind.namespaced)


class Key(NamedTuple):
    """What names an object: its kind, namespace (empty for cluster-scoped kinds) and name."""

    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        """`job/pingpong`, the way commands name it."""
        return f"{KINDS[self.kind].singular if self.kind in KINDS else self.kind.lower()}/{self.name}"


def key_of(obj: Any) -> Key:
    """The key of an API struct."""
    metadata = obj.metadata
    kind = type(obj).__name__
    namespace = "" if kind in _CLUSTER_SCOPED else metadata.namespace or "default"
    return tuple.__new__(Key, (kind, namespace, metadata.name or ""))  # as Key(...), in half the time


def metadata_of(obj: Any) -> meta_v1.ObjectMeta:
    """The metadata of an API struct; every stored object has it, though its type says that it may be absent."""
    metadata: meta_v1.ObjectMeta = obj.metadata
    return metadata


def controller_of(obj: Any) -> meta_v1.OwnerReference | None:
    """The owner reference with `controller: true`, or None."""
    for reference in obj.metadata.ownerReferences or ():
        if reference.controller:
            found: meta_v1.OwnerReference = reference
            return found
    return None


@lru_cache(maxsize=64)  # one step asks for the same few instants again and again
def whole_second(instant: datetime) -> datetime:
    """An instant as the API stores it: UTC, cut to the whole second."""
    if instant.tzinfo is not UTC:
        instant = instant.astimezone(UTC)
    return instant.replace(microsecond=0) if instant.microsecond else instant


def has_same_metadata(obj: Any, previous: Any) -> bool:
    """Whether two states of an object have the same metadata, its version aside."""
    new, old = obj.metadata, previous.metadata
    return bool(
        new.ownerReferences == old.ownerReferences
        and new.finalizers == old.finalizers
        and new.deletionTimestamp == old.deletionTimestamp
        and new.deletionGracePeriodSeconds == old.deletionGracePeriodSeconds
        and new.labels == old.labels
        and new.annotations == old.annotations
        and new.generation == old.generation
        and new.uid == old.uid
    )


def is_finalizer_change(obj: Any, previous: Any) -> bool:
    """Whether all that a change did is to add or take away finalizers of an object that is not being deleted."""
    new, old = obj.metadata, previous.metadata
    return bool(
        new.deletionTimestamp is None
        and obj.status is previous.status
        and obj.spec is previous.spec
        and new.finalizers != old.finalizers
        and new.labels == old.labels
        and new.annotations == old.annotations
        and new.ownerReferences == old.ownerReferences
        and new.uid == old.uid
    )
