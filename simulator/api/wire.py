"""Objects as a cluster sends them.

The stored structs leave out what is absent. The API's own encoder always writes a few fields, as null or empty; those are
put in here, so that `get -o yaml` shows what a cluster shows.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from simulator.model.kinds import CRON_JOB, EVENT, JOB, NAMESPACE, POD, Kind, kind_of
from simulator.model.kubernetes import to_builtins

Tree = dict[str, Any]

_WITH_STATUS = (JOB, CRON_JOB, POD, NAMESPACE)


def object_tree(obj: Any) -> Tree:
    """A stored struct as the plain dict that is encoded, with `kind` and `apiVersion`."""
    kind = kind_of(obj)
    tree: Tree = to_builtins(obj)
    tree["kind"] = kind.kind
    tree["apiVersion"] = kind.api_version
    if kind in _WITH_STATUS:
        tree.setdefault("spec", {})
        status = tree.setdefault("status", {})
        if kind is POD:
            for condition in status.get("conditions", ()):
                condition.setdefault("lastProbeTime", None)
                condition.setdefault("lastTransitionTime", None)
            for name in ("initContainerStatuses", "containerStatuses", "ephemeralContainerStatuses"):
                for container in status.get(name, ()):
                    container.setdefault("state", {})
                    container.setdefault("lastState", {})
    elif kind is EVENT:
        _complete_event(obj, tree)
    return tree


def _complete_event(event: Any, tree: Tree) -> None:
    tree["eventTime"] = micro_time(event.eventTime)
    tree.setdefault("firstTimestamp", None)
    tree.setdefault("lastTimestamp", None)
    tree.setdefault("reportingComponent", "")
    tree.setdefault("reportingInstance", "")
    tree.setdefault("source", {})


def micro_time(instant: datetime | None) -> str | None:
    """A `MicroTime`: always six digits after the second."""
    return None if instant is None else instant.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def item_tree(obj: Any) -> Tree:
    """An object as an item of a list: the list names the kind, the items don't."""
    tree = object_tree(obj)
    del tree["kind"], tree["apiVersion"]
    return tree


def list_tree(kind: Kind, items: list[Tree], resource_version: int) -> Tree:
    """The list object of a kind."""
    return {
        "kind": f"{kind.kind}List",
        "apiVersion": kind.api_version,
        "metadata": {"resourceVersion": str(resource_version)},
        "items": items,
    }
