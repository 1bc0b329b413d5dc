"""The garbage collector at work: its picture of owners, kept by every change, and what its looks ask for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from simulator.control_plane.applier import Applier
from simulator.controllers.garbage import Decision, Looks, OwnerGraph
from simulator.controllers.plan import Plan
from simulator.model.kinds import EVENT, KINDS
from simulator.model.metadata import key_of
from simulator.store.objects import Change, Objects

COMPONENT = "garbage-collector-controller"


class Collector:
    """Looks at objects by uid. `touch` is called with the uid of each that is to be looked at."""

    def __init__(self, objects: Objects, applier: Applier, touch: Callable[[str], None]) -> None:
        self._objects = objects
        self._applier = applier
        self._touch = touch
        self._graph = OwnerGraph()
        for kind in KINDS.values():
            if kind is EVENT:
                continue  # Nothing owns an event, and there are many.
            for obj in objects.list(kind.kind):
                self._take(self._graph.observe(obj.metadata, kind))

    def observe(self, change: Change) -> None:
        """Keep the picture up to date, by a change of metadata."""
        if change.key.kind == EVENT.kind:
            return
        if change.type == "DELETED":
            self._take(self._graph.remove(change.object.metadata.uid))
        else:
            self._take(self._graph.observe(change.object.metadata, KINDS[change.key.kind]))

    def look(self, uid: str, now: datetime) -> bool:
        """Look at one object (or orphan its dependents); False if it has to be tried again."""
        is_done = self._apply(self._graph.orphan(uid), uid, now)
        return self._apply(self._graph.decide(uid), uid, now) and is_done

    def _take(self, looks: Looks) -> None:
        for uid in (*looks.look_at, *looks.orphan):
            self._touch(uid)

    def _apply(self, decision: Decision, uid: str, now: datetime) -> bool:
        for other in decision.look_at:
            self._touch(other)
        key = self._objects.by_uid(uid)
        subject = self._objects.get(key) if key else None
        if subject is None or not decision.operations:
            return decision.error is None
        assert key_of(subject) == key
        refusal = self._applier.apply(Plan(decision.operations), subject, COMPONENT, now)
        return refusal is None and decision.error is None
