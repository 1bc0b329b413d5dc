"""From what the engine shows to reports: labels to keys, inspections to container states (3.1, 3.2). Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Literal

from simulator.executor.docker.body import ATTEMPT, CONTAINER_NAME, KIND, POD_UID, SANDBOX_ATTEMPT
from simulator.pods.executor import ContainerKey, ContainerReport

START_ERROR_CODE = 128
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_CLIENT_HAS_GONE = "context canceled"

APP_KINDS = ("init", "sidecar", "main")


def key_of(labels: Mapping[str, str]) -> ContainerKey | None:
    """The key of a pod's container from its labels; None for infra containers, stagers and what is not ours."""
    if labels.get(KIND) not in APP_KINDS:
        return None
    try:
        return ContainerKey(labels[POD_UID], labels[CONTAINER_NAME], int(labels[ATTEMPT]))
    except (KeyError, ValueError):
        return None


def sandbox_attempt_of(labels: Mapping[str, str]) -> int:
    """The attempt of the sandbox that a container belongs to."""
    text = labels.get(SANDBOX_ATTEMPT, "0")
    return int(text) if text.isdigit() else 0


def parse_time(text: str) -> datetime | None:
    """An engine's instant (nanoseconds, any zone); None for its zero value."""
    if not text or text.startswith("0001-"):
        return None
    # Python knows microseconds; cutting the rest keeps the order.
    head, dot, rest = text.partition(".")
    if dot:
        digits = 0
        while digits < len(rest) and rest[digits].isdigit():
            digits += 1
        text = f"{head}.{rest[: min(digits, 6)]:0<6}{rest[digits:]}"
    return datetime.fromisoformat(text).astimezone(UTC)


def failed_to_start(state: Mapping[str, Any]) -> bool:
    """Whether a start was tried and refused: never ran, yet has an exit code.

    A current engine gives up a start whose client has gone, and leaves an exit code too. Nothing was refused then: the
    container was never started, and is run again (4.3).
    """
    if state.get("Status") != "created" or state.get("ExitCode", 0) == 0:
        return False
    return _CLIENT_HAS_GONE not in str(state.get("Error") or "")


def container_report(inspection: Mapping[str, Any], time: datetime, message: str = "") -> ContainerReport:
    """The report of one container. `message`: its termination message, once it has ended."""
    labels = inspection["Config"].get("Labels") or {}
    key = key_of(labels)
    if key is None:
        raise ValueError("not a container of a pod")
    raw = inspection["State"]
    status = raw.get("Status", "")
    created = parse_time(inspection.get("Created", ""))
    started = parse_time(raw.get("StartedAt", ""))
    finished = parse_time(raw.get("FinishedAt", ""))
    state: Literal["created", "running", "exited", "unknown", "gone"]
    exit_code, reason = int(raw.get("ExitCode") or 0), ""
    if failed_to_start(raw):
        state, exit_code, reason = "exited", START_ERROR_CODE, "StartError"
        message = message or str(raw.get("Error") or "")
        started, finished = EPOCH, finished or created or time
    elif status in ("running", "paused", "restarting"):
        state, exit_code, finished = "running", 0, None
    elif status == "exited":
        state = "exited"
        reason = "OOMKilled" if raw.get("OOMKilled") else ""
        if started is not None and finished is not None:
            finished = max(started, finished)  # an instant process may seem to end before it began
    elif status == "removing":
        state = "gone"
    elif status in ("created", ""):
        state, exit_code = "created", 0
    else:
        state = "unknown"
    return ContainerReport(
        key,
        time,
        state,
        container_id=inspection["Id"],
        image=inspection["Config"].get("Image") or "",
        image_id=inspection.get("Image") or "",
        exit_code=exit_code,
        reason=reason,
        message=message if state == "exited" else "",
        created_time=created,
        started_time=started,
        finished_time=finished if state == "exited" else None,
        sandbox_attempt=sandbox_attempt_of(labels),
    )


def address_of(inspection: Mapping[str, Any]) -> str:
    """The IPv4 address that a running container has on a bridge; empty if it has none."""
    settings = inspection.get("NetworkSettings") or {}
    for endpoint in (settings.get("Networks") or {}).values():
        if endpoint and endpoint.get("IPAddress"):
            return str(endpoint["IPAddress"])
    return str(settings.get("IPAddress") or "")
