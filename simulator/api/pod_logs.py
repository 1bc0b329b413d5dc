"""`pods/NAME/log`: which container's log is meant, with which options, and its bytes.

Source: semantics/pod-on-docker.md 4.5, "Logs".
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from simulator.api.exchange import Request
from simulator.errors import BadRequest, Invalid
from simulator.model.kubernetes import core_v1
from simulator.pods.executor import LogOptions


def log_options(request: Request, now: datetime) -> LogOptions:
    """The options of a request; raises `Invalid` for values that make no sense, `BadRequest` for what is no number."""
    since_seconds, since_time = request.number("sinceSeconds"), request.parameter("sinceTime")
    tail_lines, limit_bytes = request.number("tailLines"), request.number("limitBytes")
    if since_seconds is not None and since_time:
        _refuse("", "Forbidden", "at most one of `sinceTime` or `sinceSeconds` may be specified")
    if since_seconds is not None and since_seconds < 1:
        _refuse("sinceSeconds", f"Invalid value: {since_seconds}", "must be greater than 0")
    if tail_lines is not None and tail_lines < 0:
        _refuse("tailLines", f"Invalid value: {tail_lines}", "must be greater than or equal to 0")
    if limit_bytes is not None and limit_bytes < 1:
        _refuse("limitBytes", f"Invalid value: {limit_bytes}", "must be greater than 0")
    since = None
    if since_seconds is not None:
        since = now - timedelta(seconds=since_seconds)
    elif since_time:
        since = _instant(since_time)
    return LogOptions(
        follow=request.flag("follow"),
        timestamps=request.flag("timestamps"),
        tail_lines=tail_lines,
        since_time=since,
        limit_bytes=limit_bytes,
    )


def _refuse(field: str, head: str, text: str) -> None:
    message = f"{head}: {text}"
    causes = [{"reason": "FieldValueInvalid", "message": message, "field": field}]
    path = f"{field}: " if field else ""
    raise Invalid(f'PodLogOptions "" is invalid: {path}{message}', {"kind": "PodLogOptions", "causes": causes})


def _instant(text: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise BadRequest(f'parsing time "{text}" as "2006-01-02T15:04:05Z07:00": cannot parse it') from None
    if instant.tzinfo is None:
        raise BadRequest(f'parsing time "{text}" as "2006-01-02T15:04:05Z07:00": cannot parse "" as "Z07:00"')
    return instant


def container_name(pod: core_v1.Pod, asked: str) -> str:
    """The container that is meant: the one asked for, or the only one; raises `BadRequest`."""
    name = pod.metadata.name if pod.metadata else ""
    spec = pod.spec
    containers = [container.name for container in spec.containers] if spec else []
    inits = [container.name for container in (spec.initContainers if spec else None) or ()]
    ephemeral = [container.name for container in (spec.ephemeralContainers if spec else None) or ()]
    if asked:
        if asked not in (*containers, *inits, *ephemeral):
            raise BadRequest(f"container {asked} is not valid for pod {name}")
        return asked
    if len(containers) == 1:
        return containers[0]
    text = f"a container name must be specified for pod {name}"
    if containers:
        text += f", choose one of: [{' '.join(containers)}]"
    if inits:
        text += f" or one of the init containers: [{' '.join(inits)}]"
    if ephemeral:
        text += f" or one of the ephemeral containers: [{' '.join(ephemeral)}]"
    raise BadRequest(text)


def log_container_id(status: core_v1.PodStatus | None, pod: str, container: str, previous: bool) -> str:
    """The ID (`docker://...`) of the container whose log is shown for a container name; raises `BadRequest`.

    A container that waits for its next start shows the log of its last one.
    """
    found = _container_status(status, container)
    where = f'container "{container}" in pod "{pod}"'
    if found is None:
        raise BadRequest(f"{where} is not available")
    state, last = found.state, found.lastState.terminated if found.lastState else None
    last_id = (last.containerID if last else None) or ""
    if previous:
        if not last_id:
            raise BadRequest(f'previous terminated container "{container}" in pod "{pod}" not found')
        return last_id
    if state is not None and state.running is not None:
        return found.containerID or ""
    if state is not None and state.terminated is not None and state.terminated.containerID:
        return str(state.terminated.containerID)
    if last is not None or (state is not None and state.terminated is not None):
        if not last_id:
            raise BadRequest(f"{where} is terminated")
        return last_id
    if state is None or state.waiting is None:
        raise BadRequest(f"{where} is waiting to start - no logs yet")
    reason = state.waiting.reason or ""
    raise BadRequest(f"{where} is waiting to start: {_WAITING.get(reason, reason)}")


_WAITING = {"ErrImagePull": "image can't be pulled", "ImagePullBackOff": "trying and failing to pull image"}


def _container_status(status: core_v1.PodStatus | None, name: str) -> core_v1.ContainerStatus | None:
    if status is None:
        return None
    every = (
        *(status.containerStatuses or ()),
        *(status.initContainerStatuses or ()),
        *(status.ephemeralContainerStatuses or ()),
    )
    return next((one for one in every if one.name == name), None)


class LogStream:
    """The bytes of a log; what happens to the container's engine meanwhile ends the stream."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks: Any = chunks
        self._is_over = False

    def __iter__(self) -> Iterator[bytes]:
        """The stream itself."""
        return self

    def __next__(self) -> bytes:
        """The next bytes; waits for them when following."""
        if self._is_over:
            raise StopIteration
        try:
            chunk: bytes = next(self._chunks)
        except Exception:
            if self._is_over:  # Closed by another thread meanwhile.
                raise StopIteration from None
            raise
        return chunk

    def close(self) -> None:
        """End the stream; a follower that waits for output ends with the next one, or with its container."""
        self._is_over = True
        close = getattr(self._chunks, "close", None)
        if close is not None:
            # A generator that is running in another thread can't be closed: it sees `_is_over` afterwards.
            with contextlib.suppress(ValueError):
                close()
