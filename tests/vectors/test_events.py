"""events.json: what the event recorder stores."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from simulator.model.kubernetes import core_v1
from simulator.store.events import EventRecorder, Source
from simulator.store.objects import Objects
from tests.vectors.cases import cases, check_keys


@pytest.mark.parametrize("case", cases("events"))
def test_events(case: dict[str, Any]) -> None:
    check_keys(case, {"name", "note", "component", "host", "start", "events", "actions", "stored"})
    start = datetime.fromisoformat(case["start"]).astimezone(UTC)
    objects = Objects()
    recorder = EventRecorder(objects)
    source = Source(case["component"], case.get("host", ""))
    order: list[Any] = []
    actions: list[int | None] = []
    for seconds, target, type_, reason, message in case["events"]:
        name, _, field_path = target.partition("#")
        kind, name = name.split("/")
        involved = core_v1.ObjectReference(kind=kind, name=name, namespace="default", uid=name, fieldPath=field_path or None)
        key = recorder.record(involved, source, type_, reason, message, start + timedelta(seconds=seconds))
        if key is None:
            actions.append(None)
            continue
        if key not in order:
            order.append(key)
        actions.append(order.index(key))
    assert actions == case["actions"]
    assert [_shown(objects.get(key)) for key in order] == [_known(stored) for stored in case["stored"]]


def _known(stored: dict[str, Any]) -> dict[str, Any]:
    check_keys(stored, {"object", "type", "reason", "message", "count", "firstTimestamp", "lastTimestamp"}, "stored")
    return stored


def _shown(event: core_v1.Event) -> dict[str, Any]:
    involved = event.involvedObject
    path = f"#{involved.fieldPath}" if involved.fieldPath else ""
    return {
        "object": f"{involved.kind}/{involved.name}{path}",
        "type": event.type,
        "reason": event.reason,
        "message": event.message,
        "count": event.count,
        "firstTimestamp": f"{event.firstTimestamp:%Y-%m-%dT%H:%M:%SZ}",
        "lastTimestamp": f"{event.lastTimestamp:%Y-%m-%dT%H:%M:%SZ}",
    }
