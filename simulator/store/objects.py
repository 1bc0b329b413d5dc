"""The objects in memory: versions, indexes, and the history that watches read.

Every write gives the object a new resourceVersion, one counter for all kinds as in etcd. Changes are told to listeners at
once (the control plane marks what is to be looked at again) and to watchers after they have been committed, so nobody
outside sees what a crash could take back. A stored struct is never changed, only replaced.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal, NamedTuple

import msgspec

from simulator.errors import Expired
from simulator.model.kinds import KINDS
from simulator.model.kubernetes import to_json
from simulator.model.metadata import Key, controller_of, has_same_metadata, key_of
from simulator.store.database import Database, DecisionRow

HISTORY = 4096
"""How many changes a watch can go back."""


class Change(msgspec.Struct, frozen=True):
    """One write. `object` is the new state, for a deletion the last one; `previous` the state before (None: new).

    `has_new_metadata`: more of the metadata than its version has changed, as it always has of what is new or gone.
    """

    resource_version: int
    type: Literal["ADDED", "MODIFIED", "DELETED"]
    key: Key
    object: Any
    previous: Any
    has_new_metadata: bool = True


class Decision(NamedTuple):
    """Why something was decided, in plain words: when (RFC 3339), about which object."""

    time: str
    key: Key
    uid: str
    text: str


class Objects:
    """All objects of one instance. `database` None keeps them in memory only (forecast, tests).

    `persist` False reads the database and never writes it: for a look at a state directory that starts nothing.
    `remember` False forgets changes and decisions as soon as the listeners have been told: for a forecast, that nobody
    watches or asks.
    """

    def __init__(self, database: Database | None = None, *, persist: bool = True, remember: bool = True) -> None:
        self._database = database
        self._persist = persist and database is not None
        self._remember = remember
        self._objects: dict[str, dict[Key, Any]] = {kind: {} for kind in KINDS}
        self._controlled: dict[tuple[str, ...], dict[Key, None]] = {}
        """By kind and uid, and by kind, namespace and name of the controller; without one, the uid is empty."""
        self._by_uid: dict[str, Key] = {}
        self._history: deque[Change] = deque(maxlen=HISTORY)
        self._uncommitted: list[Change] = []
        self._decisions: list[DecisionRow] = []
        self._listeners: dict[str, list[Callable[[Change], None]]] = {kind: [] for kind in KINDS}
        self._note_listeners: dict[str, list[Callable[[Key, str], None]]] = {}
        self._watchers: list[Callable[[Sequence[Change]], None]] = []
        self._meta: dict[str, str] = {}
        self._facts_changed = False
        self.resource_version = 0
        if database is not None:
            self._load(database)

    def _load(self, database: Database) -> None:
        self._meta = database.meta()
        self.resource_version = int(self._meta.get("resourceVersion", "0"))
        decoders: dict[str, msgspec.json.Decoder[Any]] = {}
        for kind, encoded in database.objects():
            if kind not in decoders:
                decoders[kind] = msgspec.json.Decoder(KINDS[kind].type)
            obj = decoders[kind].decode(encoded)
            self._index(key_of(obj), obj)

    # --- reading ---

    def get(self, key: Key) -> Any | None:
        """The object of that key, or None."""
        return self._objects[key.kind].get(key)

    def by_uid(self, uid: str) -> Key | None:
        """The key of the object with that uid, or None."""
        return self._by_uid.get(uid)

    def list(self, kind: str, namespace: str | None = None) -> list[Any]:
        """All objects of a kind (of one namespace, if given), ordered by namespace and name."""
        items = sorted(self._objects[kind].items())
        return [obj for key, obj in items if namespace is None or key.namespace == namespace]

    def controlled(self, kind: str, uid: str) -> Sequence[Any]:
        """The objects of a kind whose controller has that uid."""
        of_kind = self._objects[kind]
        return [of_kind[key] for key in self._controlled.get((kind, uid), ())]

    def controlled_by_name(self, kind: str, namespace: str, name: str) -> Sequence[Any]:
        """The objects of a kind in a namespace whose controller has that name, whatever it is, ordered by name."""
        of_kind = self._objects[kind]
        return [of_kind[key] for key in sorted(self._controlled.get((kind, namespace, name), ()))]

    def uncontrolled(self, kind: str, namespace: str) -> Sequence[Any]:
        """The objects of a kind in a namespace that have no controller."""
        of_kind = self._objects[kind]
        return [of_kind[key] for key in self._controlled.get((kind, ""), ()) if key.namespace == namespace]

    # --- writing ---

    def put(self, obj: Any) -> Any:
        """Store a new object, or a new state of one; returns it with its resourceVersion."""
        key = key_of(obj)
        previous = self.get(key)
        return self.add(key, obj) if previous is None else self.replace(key, previous, obj)

    def add(self, key: Key, obj: Any) -> Any:
        """Store an object of whose key there is none yet; returns it with its resourceVersion."""
        obj = self._versioned(obj)
        self._index(key, obj)
        self._changed(Change(self.resource_version, "ADDED", key, obj, None))
        return obj

    def replace(self, key: Key, previous: Any, obj: Any) -> Any:
        """Store a new state of the object of that key, which is `previous`; returns it with its resourceVersion."""
        has_new_metadata = obj.metadata is not previous.metadata and not has_same_metadata(obj, previous)
        obj = self._versioned(obj)
        if has_new_metadata and not _is_indexed_alike(obj, previous):
            self._unindex(key, previous)
            self._index(key, obj)
        else:
            self._objects[key.kind][key] = obj
        self._changed(Change(self.resource_version, "MODIFIED", key, obj, previous, has_new_metadata))
        return obj

    def remove(self, key: Key) -> Any | None:
        """Take an object away; returns its last state (with the deletion's resourceVersion), None if there was none."""
        previous = self.get(key)
        if previous is None:
            return None
        self._unindex(key, previous)
        del self._objects[key.kind][key]
        last = self._versioned(previous)
        self._changed(Change(self.resource_version, "DELETED", key, last, previous))
        return last

    def _versioned(self, obj: Any) -> Any:
        """The object with the next resourceVersion."""
        self.resource_version += 1
        metadata = msgspec.structs.replace(obj.metadata, resourceVersion=str(self.resource_version))
        return msgspec.structs.replace(obj, metadata=metadata)

    def _index(self, key: Key, obj: Any) -> None:
        self._objects[key.kind][key] = obj
        if obj.metadata.uid:
            self._by_uid[obj.metadata.uid] = key
        for index in _indexes(key, obj):
            self._controlled.setdefault(index, {})[key] = None

    def _unindex(self, key: Key, obj: Any) -> None:
        self._by_uid.pop(obj.metadata.uid, None)
        for index in _indexes(key, obj):
            of_owner = self._controlled[index]
            del of_owner[key]
            if not of_owner:
                del self._controlled[index]

    def _changed(self, change: Change) -> None:
        if self._remember:
            self._uncommitted.append(change)
        for listener in self._listeners[change.key.kind]:
            listener(change)

    # --- decisions and facts about the instance ---

    def add_decision(self, time: str, key: Key, uid: str, text: str) -> None:
        """Remember why something was decided, written with the next commit. To be asked where `remembers` says so."""
        obj = self.get(key)
        owner = controller_of(obj) if obj is not None else None
        self._decisions.append((time, *key, uid, owner.uid if owner else "", text))

    def tell_note(self, key: Key, text: str) -> None:
        """Tell those who listen what a controller had to say of an object without doing anything to it."""
        for listener in self._note_listeners.get(key.kind, ()):
            listener(key, text)

    def wants_notes(self, kind: str) -> bool:
        """Whether anybody is told of, or may ask for, what controllers have to say of objects of a kind."""
        return self._remember or kind in self._note_listeners

    @property
    def remembers(self) -> bool:
        """Whether anything is kept of changes and decisions once the listeners have been told."""
        return self._remember

    def decisions(self, key: Key) -> Sequence[Decision]:
        """The decisions about an object and about what it controls or controlled, oldest first.

        Those about an earlier object of the same name are among them; their uid tells.
        """
        stored = self._database.decisions(*key) if self._database else []
        fresh = self._decisions
        uids = {row[4] for row in (*stored, *fresh) if row[1:4] == tuple(key)}
        rows = stored + [row for row in fresh if row[1:4] == tuple(key) or row[5] in uids]
        return [Decision(time, Key(*of), uid, text) for time, *of, uid, _, text in rows]

    def trim_decisions(self) -> None:
        """Drop the oldest of the stored decisions beyond a bound."""
        if self._database is not None and self._persist:
            self._database.trim_decisions()

    def fact(self, name: str) -> str | None:
        """A fact about this instance (its id, say)."""
        return self._meta.get(name)

    def set_fact(self, name: str, value: str) -> None:
        """Remember a fact about this instance; written with the next commit."""
        self._meta[name] = value
        self._facts_changed = True

    # --- committing and watching ---

    def commit(self) -> None:
        """Write all changes since the last commit in one transaction, then tell the watchers."""
        if not self._uncommitted and not self._decisions and not self._facts_changed:
            return
        self._facts_changed = False
        changes, self._uncommitted = self._uncommitted, []
        if self._database is not None and self._persist:
            last = {change.key: change for change in changes}
            self._meta["resourceVersion"] = str(self.resource_version)
            self._database.write(
                [(*key, to_json(change.object)) for key, change in last.items() if change.type != "DELETED"],
                [key for key, change in last.items() if change.type == "DELETED"],
                self._decisions,
                self._meta,
            )
        self._decisions = []
        self._history.extend(changes)
        for watcher in list(self._watchers):
            watcher(changes)

    def on_change(self, listener: Callable[[Change], None], kinds: Iterable[str] = KINDS) -> Callable[[], None]:
        """Have `listener` called at every write of objects of these kinds, before it is committed; returns what ends it."""
        lists = [self._listeners[kind] for kind in kinds]
        for listeners in lists:
            listeners.append(listener)

        def end() -> None:
            for listeners in lists:
                listeners.remove(listener)

        return end

    def on_note(self, kind: str, listener: Callable[[Key, str], None]) -> None:
        """Have `listener` called with every new note about an object of a kind: which object, the words."""
        self._note_listeners.setdefault(kind, []).append(listener)

    def watch(self, watcher: Callable[[Sequence[Change]], None]) -> Callable[[], None]:
        """Have `watcher` called with the changes of every commit; returns what ends it."""
        self._watchers.append(watcher)
        return lambda: self._watchers.remove(watcher)

    def changes_since(self, resource_version: int) -> Sequence[Change]:
        """The committed changes after a version; raises `Expired` if they are no longer remembered."""
        if resource_version < self.resource_version and (
            not self._history or self._history[0].resource_version > resource_version + 1
        ):
            raise Expired(f"too old resource version: {resource_version} ({self.resource_version})")
        return [change for change in self._history if change.resource_version > resource_version]


def _indexes(key: Key, obj: Any) -> Sequence[tuple[str, ...]]:
    """The places in the index of owners where an object stands."""
    owner = controller_of(obj)
    return ((key.kind, ""),) if owner is None else ((key.kind, owner.uid), (key.kind, key.namespace, owner.name))


def _is_indexed_alike(obj: Any, previous: Any) -> bool:
    """Whether two states of an object stand at the same places of the indexes."""
    new, old = obj.metadata, previous.metadata
    return bool(new.uid == old.uid and new.ownerReferences == old.ownerReferences)
