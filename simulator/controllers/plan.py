"""Decisions as data.

A reconcile function is pure: it looks at objects and the time and returns a `Plan`, a list of small operations in the order
in which they are to be carried out. Each has its `cause` in plain words, kept for `kjsim why`. The control plane applies a
plan between two looks at the world, so nothing can change in between. An operation that the API refuses ends the plan, after
its `on_failure` operations were applied, and the key is tried again with back-off.

Reconciling again after a plan has been applied gives a plan without operations.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

from msgspec import Struct

from simulator.errors import ApiError
from simulator.model.metadata import Key


class Create(Struct, frozen=True):
    """Create `object` (an API struct; uid, times, defaults and a generated name are filled in when it is applied)."""

    object: Any
    cause: str
    on_failure: tuple[Operation, ...] = ()


class Patch(Struct, frozen=True):
    """Apply a JSON merge patch to metadata or spec of an object (finalizers, owner references).

    `deed`: what is done by it, as the story tells it before the object's name.
    """

    key: Key
    patch: dict[str, Any]
    cause: str
    deed: str = "updated"


class UpdateStatus(Struct, frozen=True):
    """Replace the status of an object by `status` (an API struct); no cause where other operations tell it already."""

    key: Key
    status: Any
    cause: str


class Delete(Struct, frozen=True):
    """Delete an object. `propagation` is `Background`, `Foreground` or `Orphan`; `uid` is a precondition."""

    key: Key
    cause: str
    propagation: str = "Background"
    uid: str | None = None
    grace_seconds: int | None = None
    on_failure: tuple[Operation, ...] = ()


ERROR = "{error}"
"""In the message of an `Emit` within `on_failure`: the API's text of the refusal."""


class Emit(Struct, frozen=True):
    """Record an event on the object that is being reconciled.

    Within `on_failure` it is left out when the refusal is that the namespace is terminating (job.md 16, cronjob.md 5).
    """

    type: str
    reason: str
    message: str


Operation = Create | Patch | UpdateStatus | Delete | Emit


class Plan(Struct, frozen=True):
    """What a reconcile function decided.

    `requeue_after_seconds`: look again after so long at the latest (None: only when something changes). `error`: the pass
    failed after these operations and is tried again with back-off. `memory`: what the controller wants to be handed again
    at the next pass of this object (kept in memory only). `notes`: decisions without an operation that are worth telling
    (`waits 20 s: attempt 3 of 7 after exit code 1`).
    """

    operations: tuple[Operation, ...] = ()
    requeue_after_seconds: float | None = None
    error: str | None = None
    memory: Any = None
    notes: tuple[str, ...] = ()

    def __str__(self) -> str:
        lines = [describe(operation) for operation in self.operations]
        lines += self.notes
        if self.error:
            lines.append(f"error: {self.error}")
        if self.requeue_after_seconds is not None:
            lines.append(f"look again in {self.requeue_after_seconds:g} s")
        return "\n".join(lines)


Decisions = Generator[Operation, Any, Plan]
"""A pass of a controller whose later decisions hang on what came of earlier ones: it yields its operations one by one and
is sent the created object (for a `Create`), the `ApiError` with which the API refused, or None. It returns the rest of the
plan."""


def carry_out(decisions: Decisions, apply: Callable[[Operation], Any]) -> Plan:
    """Have each operation applied in turn and tell the controller what came of it.

    `apply` returns the object that it created, else None, and raises `ApiError` where the API refuses. Returns the plan
    with the operations that were tried; a refusal that matters is its `error`.
    """
    operations: list[Operation] = []
    outcome: Any = None
    while True:
        try:
            operation = decisions.send(outcome)
        except StopIteration as end:
            plan: Plan = end.value
            return Plan(tuple(operations), plan.requeue_after_seconds, plan.error, plan.memory, plan.notes)
        operations.append(operation)
        try:
            outcome = apply(operation)
        except ApiError as error:
            outcome = error


def describe(operation: Operation) -> str:
    """One operation as a line of text."""
    match operation:
        case Create(object=created, cause=cause):
            name = created.metadata.name or f"{created.metadata.generateName}*"
            return f"create {created.kind} {name}: {cause}"
        case Patch(key=key, cause=cause, deed=deed):
            return f"{deed} {key}: {cause}"
        case UpdateStatus(key=key, cause=cause):
            return f"status of {key}: {cause}" if cause else f"status of {key}"
        case Delete(key=key, cause=cause, propagation=propagation):
            return f"delete {key} ({propagation}): {cause}"
        case Emit(type=type_, reason=reason, message=message):
            return f"event {type_} {reason}: {message}"
