"""Garbage collection: which objects go, or lose an owner, because of what became of their owners. semantics/cronjob.md 10.

`OwnerGraph` is the collector's own picture of who owns whom, kept up to date change by change. Every change says which
objects are to be looked at; a look is a decision about one object, at a cost that depends on its own owners and dependents.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from msgspec import Struct

from simulator.controllers.plan import Delete, Operation, Patch
from simulator.model.kinds import KINDS, Kind
from simulator.model.kubernetes import meta_v1, to_builtins
from simulator.model.metadata import Key

FOREGROUND = "foregroundDeletion"
ORPHAN = "orphan"


class Looks(Struct):
    """Uids: of objects (or of owners that are named but not known) to look at, and of objects whose dependents to orphan."""

    look_at: list[str] = msgspec.field(default_factory=list)
    orphan: list[str] = msgspec.field(default_factory=list)


class Decision(Struct, frozen=True):
    """What one look decided: operations in order, uids to look at next, and an error that makes it be tried again."""

    operations: tuple[Operation, ...] = ()
    look_at: tuple[str, ...] = ()
    error: str | None = None


class _Node(Struct):
    """An object, or an owner that is only known by a reference to it (`is_observed` False)."""

    uid: str
    api_version: str
    key: Key
    is_observed: bool
    owners: list[meta_v1.OwnerReference] = msgspec.field(default_factory=list)
    finalizers: list[str] = msgspec.field(default_factory=list)
    is_deleting: bool = False
    dependents: dict[str, None] = msgspec.field(default_factory=dict)

    @property
    def is_waiting(self) -> bool:
        """Whether it waits for its dependents to go (foreground deletion)."""
        return self.is_deleting and FOREGROUND in self.finalizers

    @property
    def is_orphaning(self) -> bool:
        """Whether its dependents are to be set free before it goes."""
        return self.is_deleting and ORPHAN in self.finalizers

    def is_meant_by(self, reference: meta_v1.OwnerReference) -> bool:
        """Whether a reference with its uid also names it rightly."""
        named = (reference.apiVersion, reference.kind, reference.name)
        return named == (self.api_version, self.key.kind, self.key.name)


class OwnerGraph:
    """Who owns whom, by uid, among all objects that were observed."""

    def __init__(self, kinds: Iterable[Kind] = KINDS.values()) -> None:
        self._nodes: dict[str, _Node] = {}
        self._uids: dict[Key, str] = {}
        self._served: Mapping[tuple[str, str], Kind] = {(kind.api_version, kind.kind): kind for kind in kinds}

    # --- what happens ---

    def observe(self, metadata: meta_v1.ObjectMeta, kind: Kind) -> Looks:
        """An object was created or changed."""
        uid = metadata.uid or ""
        key = Key(kind.kind, (metadata.namespace or "default") if kind.namespaced else "", metadata.name or "")
        looks = Looks()
        node = self._nodes.get(uid)
        was_waiting = was_orphaning = False
        if node is None:
            node = self._nodes[uid] = _Node(uid, kind.api_version, key, is_observed=True)
        elif not node.is_observed:
            node.is_observed = True
            if (node.api_version, node.key) != (kind.api_version, key):
                node.api_version, node.key = kind.api_version, key
                looks.look_at += [
                    dependent.uid for dependent in self._dependents(node) if self._is_misnamed(node, dependent)
                ]
        else:
            was_waiting, was_orphaning = node.is_waiting, node.is_orphaning
        self._uids[key] = uid
        self._set_owners(node, metadata.ownerReferences or [], looks)
        node.finalizers = metadata.finalizers or []
        node.is_deleting = metadata.deletionTimestamp is not None
        if node.is_orphaning:
            if not was_orphaning:
                looks.orphan.append(uid)
        elif node.is_waiting and not was_waiting:
            looks.look_at += [*node.dependents, uid]
        return looks

    def remove(self, uid: str) -> Looks:
        """An object is gone."""
        node = self._nodes.get(uid)
        looks = Looks()
        if node is None or not node.is_observed:
            return looks
        if self._uids.get(node.key) == uid:
            del self._uids[node.key]
        looks.look_at += node.dependents
        for reference in node.owners:
            owner = self._nodes.get(reference.uid)
            if owner is not None and owner.is_waiting:
                looks.look_at.append(owner.uid)
        for reference in node.owners:
            self._drop_dependent(reference.uid, uid)
        self._forget(node)
        return looks

    def _set_owners(self, node: _Node, owners: list[meta_v1.OwnerReference], looks: Looks) -> None:
        if owners == node.owners:
            return
        before = {reference.uid: reference for reference in node.owners}
        after = {reference.uid: reference for reference in owners}
        node.owners = owners
        for uid, reference in before.items():
            now = after.get(uid)
            if reference.blockOwnerDeletion and (now is None or not now.blockOwnerDeletion) and uid in self._nodes:
                looks.look_at.append(uid)
        is_misnamed = False
        for uid, reference in after.items():
            if uid in before:
                continue
            owner = self._nodes.get(uid)
            if owner is None:
                key = Key(reference.kind, node.key.namespace, reference.name)
                owner = self._nodes[uid] = _Node(uid, reference.apiVersion, key, is_observed=False)
                looks.look_at.append(uid)
            elif not owner.is_meant_by(reference) or (owner.key.namespace and owner.key.namespace != node.key.namespace):
                is_misnamed = True
            owner.dependents[node.uid] = None
        if is_misnamed:
            looks.look_at.append(node.uid)
        for uid in before.keys() - after.keys():
            self._drop_dependent(uid, node.uid)

    def _drop_dependent(self, owner_uid: str, uid: str) -> None:
        owner = self._nodes.get(owner_uid)
        if owner is not None:
            owner.dependents.pop(uid, None)
            if not owner.is_observed:
                self._forget(owner)

    def _forget(self, node: _Node) -> None:
        """Drop an object that is gone, as soon as no reference names it any more."""
        node.is_observed, node.is_deleting, node.owners, node.finalizers = False, False, [], []
        if not node.dependents:
            self._nodes.pop(node.uid, None)

    def _is_misnamed(self, owner: _Node, dependent: _Node) -> bool:
        if owner.key.namespace and owner.key.namespace != dependent.key.namespace:
            return True
        return any(reference.uid == owner.uid and not owner.is_meant_by(reference) for reference in dependent.owners)

    def _dependents(self, node: _Node) -> list[_Node]:
        return [self._nodes[uid] for uid in node.dependents]

    # --- looks ---

    def decide(self, uid: str) -> Decision:
        """Look at one object; at an owner that does not exist: its dependents are looked at."""
        node = self._nodes.get(uid)
        if node is None:
            return Decision()
        if not node.is_observed:
            return Decision(look_at=tuple(node.dependents))
        # 1
        if node.is_deleting and not node.is_waiting:
            return Decision()
        if node.is_waiting:
            return self._decide_waiting(node)
        # 4
        solid: list[str] = []
        dangling: list[str] = []
        waiting: list[str] = []
        for reference in node.owners:
            kind = self._served.get((reference.apiVersion, reference.kind))
            if kind is None:
                return Decision(error=f"unable to get REST mapping for {reference.apiVersion}/{reference.kind}.")
            owner = self._owner(node, reference, kind)
            group = dangling if owner is None else waiting if owner.is_waiting else solid
            group.append(reference.uid)
        # 3, 5
        if solid or not node.owners:
            dropped = {*dangling, *waiting}
            if not dropped:
                return Decision()
            left = [reference for reference in node.owners if reference.uid not in dropped]
            return Decision((_patch(node, "ownerReferences", left, "some of its owners are gone or going"),))
        # 6
        if waiting and node.dependents:
            operations: list[Operation] = []
            if any(dependent.is_waiting for dependent in self._dependents(node)):
                unblocked = [_unblocked(reference) for reference in node.owners]
                operations.append(_patch(node, "ownerReferences", unblocked, "it is part of a circle of owners"))
            operations.append(_delete(node, "Foreground", "its owner is being deleted and waits for it"))
            return Decision(tuple(operations))
        # 7
        policy = "Orphan" if ORPHAN in node.finalizers else "Foreground" if FOREGROUND in node.finalizers else "Background"
        cause = "its owner is being deleted and waits for it" if waiting else "its owner is gone"
        return Decision((_delete(node, policy, cause),))

    def _decide_waiting(self, node: _Node) -> Decision:
        # 2
        blocking = [
            dependent
            for dependent in self._dependents(node)
            if any(reference.uid == node.uid and reference.blockOwnerDeletion for reference in dependent.owners)
        ]
        if not blocking:
            return Decision((_without(node, FOREGROUND, "no dependent holds up its deletion any more"),))
        return Decision(look_at=tuple(dependent.uid for dependent in blocking if not dependent.is_waiting))

    def _owner(self, node: _Node, reference: meta_v1.OwnerReference, kind: Kind) -> _Node | None:
        """The object that a reference names, if it has the uid that it says."""
        key = Key(reference.kind, node.key.namespace if kind.namespaced else "", reference.name)
        return self._nodes[reference.uid] if self._uids.get(key) == reference.uid else None

    def orphan(self, uid: str) -> Decision:
        """Set the dependents of an object free, then let it go on: what is done with `Looks.orphan`."""
        node = self._nodes.get(uid)
        if node is None or not node.is_orphaning:
            return Decision()
        operations: list[Operation] = []
        for dependent in sorted(self._dependents(node), key=lambda dependent: dependent.key):
            left = [reference for reference in dependent.owners if reference.uid != uid]
            operations.append(_patch(dependent, "ownerReferences", left, "its owner goes without it"))
        operations.append(_without(node, ORPHAN, "its dependents have been set free"))
        return Decision(tuple(operations))


def _patch(node: _Node, name: str, value: list[Any], cause: str) -> Patch:
    return Patch(node.key, {"metadata": {name: to_builtins(value)}}, cause)


def _without(node: _Node, finalizer: str, cause: str) -> Patch:
    return _patch(node, "finalizers", [name for name in node.finalizers if name != finalizer], cause)


def _delete(node: _Node, policy: str, cause: str) -> Delete:
    return Delete(node.key, cause, propagation=policy, uid=node.uid)


def _unblocked(reference: meta_v1.OwnerReference) -> meta_v1.OwnerReference:
    return msgspec.structs.replace(reference, blockOwnerDeletion=False) if reference.blockOwnerDeletion else reference
