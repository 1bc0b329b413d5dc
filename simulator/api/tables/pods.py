"""The pods table, with the one-word status that everybody reads (job.md 19)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from simulator.api.tables.ages import age, instant, is_set
from simulator.api.tables.column import Column

Json = dict[str, Any]

POD_COLUMNS = (
    Column("Name", format="name"),
    Column("Ready"),
    Column("Status"),
    Column("Restarts"),
    Column("Age"),
    Column("IP", priority=1),
    Column("Node", priority=1),
    Column("Nominated Node", priority=1),
    Column("Readiness Gates", priority=1),
)

_ENDED = {
    "Succeeded": "The pod has completed successfully.",
    "Failed": "The pod failed.",
}


def pod_cells(pod: Json, now: datetime) -> list[Any]:
    """The cells of one pod."""
    metadata, spec, status = pod.get("metadata") or {}, pod.get("spec") or {}, pod.get("status") or {}
    summary = _Summary(metadata, spec, status)
    restarts = str(summary.restarts)
    if summary.restarts and summary.last_restart:
        restarts += f" ({age(summary.last_restart, now)} ago)"
    addresses = status.get("podIPs") or ()
    return [
        metadata.get("name") or "",
        f"{summary.ready}/{summary.containers}",
        summary.reason,
        restarts,
        age(metadata.get("creationTimestamp"), now),
        (addresses[0].get("ip") if addresses else status.get("podIP")) or "<none>",
        spec.get("nodeName") or "<none>",
        status.get("nominatedNodeName") or "<none>",
        _readiness_gates(spec, status),
    ]


def pod_row_conditions(pod: Json) -> list[Json]:
    """The condition of an ended pod's row; clients hide or grey such rows."""
    phase = (pod.get("status") or {}).get("phase")
    if phase not in _ENDED:
        return []
    return [{"type": "Completed", "status": "True", "reason": phase, "message": _ENDED[phase]}]


class _Summary:
    """What the container statuses come to."""

    def __init__(self, metadata: Json, spec: Json, status: Json) -> None:
        conditions = status.get("conditions") or ()
        self.ready = 0
        self.restarts = 0
        self.last_restart: str | None = None
        self.containers = len(spec.get("containers") or ())
        self.reason: str = status.get("reason") or status.get("phase") or ""
        if any(c.get("type") == "PodScheduled" and c.get("reason") == "SchedulingGated" for c in conditions):
            self.reason = "SchedulingGated"
        init_containers = spec.get("initContainers") or ()
        self._sidecars = {c.get("name") for c in init_containers if c.get("restartPolicy") == "Always"}
        self.containers += sum(1 for c in init_containers if c.get("restartPolicy") == "Always")
        init_statuses = status.get("initContainerStatuses") or ()
        seen = self._initialize(init_statuses, len(init_containers))
        if seen == len(init_statuses) or _is_true(conditions, "Initialized"):
            self._count_restarts(s for s in init_statuses[: seen + 1] if s.get("name") in self._sidecars)
            self._run(status.get("containerStatuses") or (), conditions)
        else:
            self._count_restarts(init_statuses[: seen + 1])
        if metadata.get("deletionTimestamp"):
            if status.get("reason") == "NodeLost":
                self.reason = "Unknown"
            elif status.get("phase") not in _ENDED:
                self.reason = "Terminating"

    def _initialize(self, statuses: Any, total: int) -> int:
        """Pass the init containers that are through; the number of the one that keeps the pod, or how many there are."""
        for i, status in enumerate(statuses):
            state = status.get("state") or {}
            terminated, waiting = state.get("terminated"), state.get("waiting")
            if terminated is not None and not terminated.get("exitCode"):
                continue
            if status.get("name") in self._sidecars and status.get("started"):
                self.ready += bool(status.get("ready"))
                continue
            if terminated is not None:
                self.reason = f"Init:{_end(terminated)}"
            elif waiting is not None and waiting.get("reason") not in (None, "", "PodInitializing"):
                self.reason = f"Init:{waiting['reason']}"
            else:
                self.reason = f"Init:{i}/{total}"
            return i
        return len(statuses)

    def _run(self, statuses: Any, conditions: Any) -> None:
        """Read the app containers from last to first; the first has the last word, but `Completed` hides no failure."""
        running, failure = False, ""
        self._count_restarts(statuses)
        for status in reversed(statuses):
            state = status.get("state") or {}
            terminated, waiting = state.get("terminated"), state.get("waiting")
            if waiting is not None and waiting.get("reason"):
                self.reason = waiting["reason"]
            elif terminated is not None:
                self.reason = _end(terminated)
                if terminated.get("exitCode"):
                    failure = self.reason
            elif status.get("ready") and state.get("running") is not None:
                running = True
                self.ready += 1
        if self.reason == "Completed":
            if running and _is_true(conditions, "Ready"):
                self.reason = "Running"
            elif failure or running:
                self.reason = failure or "NotReady"

    def _count_restarts(self, statuses: Any) -> None:
        for status in statuses:
            self.restarts += status.get("restartCount") or 0
            ended = (status.get("lastState") or {}).get("terminated")
            finished = ended.get("finishedAt") if ended else None
            if (
                finished
                and is_set(finished)
                and (self.last_restart is None or instant(finished) > instant(self.last_restart))
            ):
                self.last_restart = finished


def _end(terminated: Json) -> str:
    reason: str = terminated.get("reason") or ""
    if reason:
        return reason
    return f"Signal:{terminated['signal']}" if terminated.get("signal") else f"ExitCode:{terminated.get('exitCode') or 0}"


def _is_true(conditions: Any, kind: str) -> bool:
    return any(c.get("type") == kind and c.get("status") == "True" for c in conditions)


def _readiness_gates(spec: Json, status: Json) -> str:
    gates = spec.get("readinessGates") or ()
    if not gates:
        return "<none>"
    states: dict[Any, Any] = {}
    for condition in status.get("conditions") or ():
        states.setdefault(condition.get("type"), condition.get("status"))
    return f"{sum(states.get(gate.get('conditionType')) == 'True' for gate in gates)}/{len(gates)}"
