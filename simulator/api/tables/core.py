"""The tables of events, config maps, secrets and namespaces."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from simulator.api.tables.ages import age, is_set
from simulator.api.tables.column import Column

Json = dict[str, Any]

_NAME = Column("Name", format="name")
EVENT_COLUMNS = (
    Column("Last Seen"),
    Column("Type"),
    Column("Reason"),
    Column("Object"),
    Column("Subobject", priority=1),
    Column("Source", priority=1),
    Column("Message"),
    Column("First Seen", priority=1),
    Column("Count", priority=1),
    Column("Name", format="name", priority=1),
)
CONFIG_MAP_COLUMNS = (_NAME, Column("Data"), Column("Age"))
SECRET_COLUMNS = (_NAME, Column("Type"), Column("Data"), Column("Age"))
NAMESPACE_COLUMNS = (_NAME, Column("Status"), Column("Age"))


def event_cells(event: Json, now: datetime) -> list[Any]:
    """The cells of one event: a series tells the last time and the count, else the event's own fields do."""
    about, series = event.get("involvedObject") or {}, event.get("series")
    first, last = event.get("firstTimestamp"), event.get("lastTimestamp")
    first_seen = age(first if is_set(first) else event.get("eventTime"), now)
    last_seen = age(last, now) if is_set(last) else first_seen
    count = event.get("count") or 1
    if series is not None:
        last_seen, count = age(series.get("lastObservedTime"), now), series.get("count") or 0
    kind, name = (about.get("kind") or "").lower(), about.get("name")
    return [
        last_seen,
        event.get("type") or "",
        event.get("reason") or "",
        f"{kind}/{name}" if name else kind,
        about.get("fieldPath") or "",
        event_source(event),
        (event.get("message") or "").strip(),
        first_seen,
        count,
        _name(event),
    ]


def event_source(event: Json) -> str:
    """Who reported an event: `job-controller`, or `kubelet, node-1`."""
    source = event.get("source") or {}
    component = source.get("component") or event.get("reportingComponent") or ""
    host = source.get("host") or event.get("reportingInstance") or ""
    return f"{component}, {host}" if host else component


def config_map_cells(config_map: Json, now: datetime) -> list[Any]:
    """The cells of one config map."""
    return [
        _name(config_map),
        len(config_map.get("data") or ()) + len(config_map.get("binaryData") or ()),
        _age(config_map, now),
    ]


def secret_cells(secret: Json, now: datetime) -> list[Any]:
    """The cells of one secret."""
    return [_name(secret), secret.get("type") or "", len(secret.get("data") or ()), _age(secret, now)]


def namespace_cells(namespace: Json, now: datetime) -> list[Any]:
    """The cells of one namespace."""
    return [_name(namespace), (namespace.get("status") or {}).get("phase") or "", _age(namespace, now)]


def _name(obj: Json) -> str:
    return (obj.get("metadata") or {}).get("name") or ""


def _age(obj: Json, now: datetime) -> str:
    return age((obj.get("metadata") or {}).get("creationTimestamp"), now)
