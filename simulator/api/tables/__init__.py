"""Tables: the form in which the API server answers `kubectl get`, row by row (job.md 19).

Objects come in as plain dicts, as they go over the wire; nothing is defaulted. A kind without a printer of its own has
the columns Name and Age.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from simulator.api.tables.ages import age
from simulator.api.tables.batch import CRON_JOB_COLUMNS, JOB_COLUMNS, cron_job_cells, job_cells
from simulator.api.tables.cluster import (
    CLAIM_COLUMNS,
    NODE_COLUMNS,
    SERVICE_COLUMNS,
    claim_cells,
    node_cells,
    service_cells,
)
from simulator.api.tables.column import Column
from simulator.api.tables.core import (
    CONFIG_MAP_COLUMNS,
    EVENT_COLUMNS,
    NAMESPACE_COLUMNS,
    SECRET_COLUMNS,
    config_map_cells,
    event_cells,
    namespace_cells,
    secret_cells,
)
from simulator.api.tables.pods import POD_COLUMNS, pod_cells, pod_row_conditions

__all__ = ["cells", "columns", "row_conditions", "table_row"]

Json = dict[str, Any]

_GENERIC_COLUMNS = (Column("Name", format="name"), Column("Age"))


def _generic_cells(obj: Json, now: datetime) -> list[Any]:
    metadata = obj.get("metadata") or {}
    return [metadata.get("name") or "", age(metadata.get("creationTimestamp"), now)]


_PRINTERS: dict[str, tuple[Iterable[Column], Callable[[Json, datetime], list[Any]]]] = {
    "Pod": (POD_COLUMNS, pod_cells),
    "Job": (JOB_COLUMNS, job_cells),
    "CronJob": (CRON_JOB_COLUMNS, cron_job_cells),
    "Event": (EVENT_COLUMNS, event_cells),
    "ConfigMap": (CONFIG_MAP_COLUMNS, config_map_cells),
    "Secret": (SECRET_COLUMNS, secret_cells),
    "Namespace": (NAMESPACE_COLUMNS, namespace_cells),
    "Node": (NODE_COLUMNS, node_cells),
    "PersistentVolumeClaim": (CLAIM_COLUMNS, claim_cells),
    "Service": (SERVICE_COLUMNS, service_cells),
}
_GENERIC = (_GENERIC_COLUMNS, _generic_cells)


def columns(kind: str) -> list[Json]:
    """The `columnDefinitions` of a kind."""
    return [column.to_definition() for column in _PRINTERS.get(kind, _GENERIC)[0]]


def cells(obj: Json, now: datetime) -> list[Any]:
    """The cells of an object's row, one per column; ages are as of `now`."""
    return _PRINTERS.get(obj.get("kind") or "", _GENERIC)[1](obj, now)


def row_conditions(obj: Json) -> list[Json]:
    """The `conditions` of an object's row: that it is over, for ended pods."""
    return pod_row_conditions(obj) if obj.get("kind") == "Pod" else []


def table_row(obj: Json, now: datetime, shown: Json | None) -> Json:
    """One `TableRow`; `shown` is what accompanies the cells (the object, its metadata, or None)."""
    row: Json = {"cells": cells(obj, now)}
    conditions = row_conditions(obj)
    if conditions:
        row["conditions"] = conditions
    row["object"] = shown
    return row
