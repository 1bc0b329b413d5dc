"""The event recorder: what becomes of an event before it is stored.

As the recorder that every Kubernetes component uses, with its default settings: an event that repeats one exactly raises
that one's count; from the tenth event on that differs from others in its message alone, within ten minutes of one another,
all go into one `(combined from similar events)`; and an object that causes events faster than a token bucket allows has
them dropped.
"""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime
from hashlib import sha256
from typing import Any, Generic, TypeVar

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from simulator.model.kubernetes import core_v1, meta_v1
from simulator.model.metadata import Key, whole_second
from simulator.store.namespaces import is_terminating
from simulator.store.objects import Objects

_CACHE_SIZE = 4096
_SIMILAR_EVENTS = 10
_SIMILAR_SECONDS = 600
_BURST = 25
_REFILL_PER_SECOND = 1 / 300

K = TypeVar("K")
V = TypeVar("V")


class _RecentlyUsed(OrderedDict[K, V], Generic[K, V]):
    """A bounded map that forgets what was written or read longest ago."""

    def look_up(self, key: K) -> V | None:
        if key in self:
            self.move_to_end(key)
            return self[key]
        return None

    def remember(self, key: K, value: V) -> None:
        self[key] = value
        self.move_to_end(key)
        if len(self) > _CACHE_SIZE:
            self.popitem(last=False)


class _Similar(Struct):
    """The messages seen lately for events that are alike but for the message."""

    last_time: datetime
    messages: dict[str, None] = msgspec.field(default_factory=dict)


class _Observation(Struct, frozen=True):
    """The stored event that an event with the same key counts up."""

    count: int
    first_time: datetime
    name: str


class _Bucket(Struct, frozen=True):
    tokens: float
    time: datetime


class Source(Struct, frozen=True):
    """Who records: a component and the host it runs on (empty for controllers)."""

    component: str
    host: str = ""


class EventRecorder:
    """Records events about objects, for any number of components."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects
        self._similar: _RecentlyUsed[Any, _Similar] = _RecentlyUsed()
        self._observed: _RecentlyUsed[Any, _Observation] = _RecentlyUsed()
        self._buckets: _RecentlyUsed[Any, _Bucket] = _RecentlyUsed()

    def record(
        self, involved: core_v1.ObjectReference, source: Source, type_: str, reason: str, message: str, now: datetime
    ) -> Key | None:
        """Record one event; returns the key of the stored event that was created or counted up, None if it was dropped.

        In a namespace that is being deleted nothing can be created, no event either.
        """
        about = (source, involved.kind, involved.namespace, involved.name, involved.uid, involved.apiVersion)
        key: Any = (about, involved.fieldPath, type_, reason, message)
        message, key = self._aggregate((about, type_, reason), key, message, now)
        last = self._observed.look_up(key)
        if last is None:
            observation = _Observation(1, now, self._free_name(involved, now))
        else:
            observation = replace(last, count=last.count + 1)
        self._observed.remember(key, observation)
        if not self._take_token(about, now) or is_terminating(self._objects, involved.namespace or "default"):
            return None
        return self._store(involved, source, type_, reason, message, observation, now)

    def _aggregate(self, alike: Any, key: Any, message: str, now: datetime) -> tuple[str, Any]:
        similar = self._similar.look_up(alike)
        if similar is None or (now - similar.last_time).total_seconds() > _SIMILAR_SECONDS:
            similar = _Similar(now)
        similar.messages[message] = None
        similar.last_time = now
        self._similar.remember(alike, similar)
        if len(similar.messages) < _SIMILAR_EVENTS:
            return message, key
        del similar.messages[next(iter(similar.messages))]
        return f"(combined from similar events): {message}", alike

    def _take_token(self, about: Any, now: datetime) -> bool:
        bucket = self._buckets.look_up(about) or _Bucket(_BURST, now)
        passed = max(0.0, (now - bucket.time).total_seconds())
        tokens = min(float(_BURST), bucket.tokens + passed * _REFILL_PER_SECOND)
        taken = tokens >= 1
        self._buckets.remember(about, _Bucket(tokens - 1 if taken else tokens, now))
        return taken

    def _free_name(self, involved: core_v1.ObjectReference, now: datetime) -> str:
        """The object's name and the instant in nanoseconds; several events of one instant differ in the last digits."""
        nanoseconds = _nanoseconds(now)
        while self._objects.get(Key("Event", involved.namespace or "default", f"{involved.name}.{nanoseconds:x}")):
            nanoseconds += 1
        return f"{involved.name}.{nanoseconds:x}"

    def _store(
        self,
        involved: core_v1.ObjectReference,
        source: Source,
        type_: str,
        reason: str,
        message: str,
        observation: _Observation,
        now: datetime,
    ) -> Key:
        key = Key("Event", involved.namespace or "default", observation.name)
        stored = self._objects.get(key)
        if stored is not None:
            event = msgspec.structs.replace(
                stored, count=observation.count, lastTimestamp=whole_second(now), message=message
            )
        else:
            # Also where the event that was counted up has been removed meanwhile.
            event = core_v1.Event(
                metadata=meta_v1.ObjectMeta(
                    name=observation.name, namespace=key.namespace, creationTimestamp=whole_second(now), uid=_uid(key)
                ),
                involvedObject=involved,
                type=type_,
                reason=reason,
                message=message,
                source=core_v1.EventSource(component=source.component, host=source.host or None),
                firstTimestamp=whole_second(observation.first_time),
                lastTimestamp=whole_second(now),
                count=observation.count,
                reportingComponent=source.component,
                reportingInstance=source.host,
            )
        self._objects.put(event)
        return key


def _nanoseconds(instant: datetime) -> int:
    """Nanoseconds since 1970, as Go's UnixNano."""
    return int(instant.timestamp()) * 1_000_000_000 + instant.microsecond * 1000


def _uid(key: Key) -> str:
    """A uid that is the key's own: an event's name is unique, and drawing one would cost more than the event."""
    digits = sha256("/".join(key).encode()).hexdigest()
    return f"{digits[:8]}-{digits[8:12]}-5{digits[13:16]}-a{digits[17:20]}-{digits[20:32]}"
