"""Carries out plans. Holds no decisions.

The operations of a plan are applied in order, between two looks at the world. Each one's cause goes to the decision log of
the object that was reconciled; so do the plan's notes, when they differ from the last ones.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from simulator.controllers.plan import (
    ERROR,
    Create,
    Decisions,
    Delete,
    Emit,
    Operation,
    Patch,
    Plan,
    UpdateStatus,
    carry_out,
)
from simulator.errors import ApiError, NotFound
from simulator.model.kinds import EVENT, JOB, POD, kind_of
from simulator.model.kubernetes import core_v1, to_builtins
from simulator.model.metadata import Key, key_of
from simulator.store.events import EventRecorder, Source
from simulator.store.objects import Objects
from simulator.store.registry import Registry


def reference_to(obj: Any, field_path: str = "") -> core_v1.ObjectReference:
    """How events name an object."""
    kind, metadata = kind_of(obj), obj.metadata
    return core_v1.ObjectReference(
        kind=kind.kind,
        apiVersion=kind.api_version,
        namespace=metadata.namespace,
        name=metadata.name,
        uid=metadata.uid,
        resourceVersion=metadata.resourceVersion,
        fieldPath=field_path or None,
    )


class Applier:
    """Applies plans to the registry and writes the decision log."""

    def __init__(self, objects: Objects, registry: Registry, *, keep_events: bool = True) -> None:
        self._objects = objects
        self._registry = registry
        self._recorder = EventRecorder(objects) if keep_events else None
        self._notes: dict[str, dict[str, tuple[str, ...]]] = {}
        """By uid and component: what the last pass had to say."""

    def apply(self, plan: Plan, subject: Any, component: str, now: datetime) -> ApiError | None:
        """Carry out a plan made for `subject`, the object that was reconciled.

        Returns the error of the operation that the API refused, which ended the plan; None if all of it was applied.
        """
        source = Source(component)
        for operation in plan.operations:
            try:
                self._carry_out(operation, subject, source, now)
            except ApiError as error:
                self._consequences(operation, error, subject, source, now)
                return error
        self.note(subject, component, plan.notes, now)
        return None

    def apply_decisions(self, decisions: Decisions, subject: Any, component: str, now: datetime) -> Plan:
        """Carry out a pass that is told what came of each operation; returns what it decided, `error` included."""
        source = Source(component)

        def apply(operation: Operation) -> Any:
            try:
                return self._carry_out(operation, subject, source, now)
            except ApiError as error:
                self._decide(subject, f"refused by the API: {error}", now)
                raise

        plan = carry_out(decisions, apply)
        self.note(subject, component, plan.notes, now)
        return plan

    def _carry_out(self, operation: Operation, subject: Any, source: Source, now: datetime) -> Any:
        """Carry out one operation; returns the object that it created, if it is one that does."""
        match operation:
            case Emit():
                if self._recorder is not None:
                    self.emit(subject, source, operation.type, operation.reason, operation.message, now)
            case Create(object=obj, cause=cause):
                created = self._create(obj, subject, source, now)
                self._decide_on(subject, "created", key_of(created), cause, now)
                return created
            case UpdateStatus():
                self._if_there(self._registry.update_status, operation.key, operation.status)
                if operation.cause:
                    self._decide(subject, operation.cause, now)
            case Patch(key=key, patch=patch, cause=cause, deed=deed):
                if "metadata" in patch:
                    self._if_there(self._registry.patch_metadata, key, patch["metadata"])
                else:
                    self._registry.finalize_namespace(key)
                self._decide_on(subject, deed, key, cause, now)
            case Delete(key=key, cause=cause):
                self._registry.delete(
                    key, now, propagation=operation.propagation, grace_seconds=operation.grace_seconds, uid=operation.uid
                )
                if key.kind != EVENT.kind:
                    self._decide_on(subject, "deleted", key, cause, now)
        return None

    def _create(self, obj: Any, subject: Any, source: Source, now: datetime) -> Any:
        if kind_of(obj) is JOB:
            return self._registry.create_job(obj, now)
        if kind_of(obj) is not POD:
            created, _ = self._registry.create(to_builtins(obj), kind_of(obj), now)
            return created
        pod = self._registry.create_pod(obj, now)
        if kind_of(subject) is JOB:
            # The generated name is known only now, so the plan can't carry this event.
            self.emit(subject, source, "Normal", "SuccessfulCreate", f"Created pod: {key_of(pod).name}", now)
        return pod

    def _consequences(self, operation: Operation, error: ApiError, subject: Any, source: Source, now: datetime) -> None:
        self._decide(subject, f"refused by the API: {error}", now)
        if not isinstance(operation, Create | Delete):
            return
        is_terminating = any(cause.get("reason") == "NamespaceTerminating" for cause in error.details.get("causes", ()))
        for consequence in operation.on_failure:
            if not isinstance(consequence, Emit):
                self._carry_out(consequence, subject, source, now)
            elif not is_terminating:
                message = consequence.message.replace(ERROR, error.message)
                self.emit(subject, source, consequence.type, consequence.reason, message, now)

    @staticmethod
    def _if_there(write: Any, key: Key, value: Any) -> None:
        try:
            write(key, value)
        except NotFound:
            return  # The object has gone within this very plan.

    def emit(
        self, subject: Any, source: Source, type_: str, reason: str, message: str, now: datetime, field_path: str = ""
    ) -> None:
        """Record an event about an object."""
        if self._recorder is None:
            return
        self._recorder.record(reference_to(subject, field_path), source, type_, reason, message, now)

    def note(self, subject: Any, component: str, notes: Iterable[str], now: datetime) -> None:
        """Write what a pass of a component had to say to the decision log, unless it said the same last time."""
        if not self._objects.wants_notes(kind_of(subject).kind):
            return
        uid, texts = subject.metadata.uid, tuple(notes)
        last = self._notes.get(uid, {}).get(component, ())
        if texts == last:
            return
        if self._objects.by_uid(uid) is not None:  # else it went with this very pass, and `forget` has been called
            self._notes.setdefault(uid, {})[component] = texts
        for text in texts:
            if text not in last:
                self._objects.tell_note(key_of(subject), text)
                self._decide(subject, text, now)

    def forget(self, uid: str) -> None:
        """The object is gone."""
        self._notes.pop(uid, None)

    def _decide_on(self, subject: Any, deed: str, key: Key, cause: str, now: datetime) -> None:
        """Log what was done to an object, and why."""
        if self._objects.remembers:
            self._decide(subject, f"{deed} {key}: {cause}", now)

    def _decide(self, subject: Any, text: str, now: datetime) -> None:
        if self._objects.remembers:
            self._objects.add_decision(now.isoformat(), key_of(subject), subject.metadata.uid, text)
