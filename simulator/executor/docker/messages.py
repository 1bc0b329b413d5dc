"""Termination messages: what an ended container left in its message file, or at the end of its log (2.6)."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path
from typing import Any

from simulator.executor.docker.body import MESSAGE_PATH, MESSAGE_POLICY
from simulator.executor.docker.engine import Engine
from simulator.executor.docker.stager import stat_path

MOST_BYTES = 4096
MOST_LOG_BYTES = 2048
LOG_LINES = 80


def termination_message(engine: Engine, inspection: dict[str, Any], local_file: Path) -> str:
    """The message of an ended container: its message file (at most the last 4096 bytes), by policy the end of its log.

    `local_file`: where the file is if the engine sees this machine's directories. Raises the SDK's errors.
    """
    labels = inspection["Config"].get("Labels") or {}
    path = labels.get(MESSAGE_PATH, "")
    content = b""
    if path:
        source = _source_of(inspection, path)
        content = _tail_of(local_file) if source == str(local_file) else _fetch(engine, inspection["Id"], path)
    if not content and labels.get(MESSAGE_POLICY) == "FallbackToLogsOnError" and _ended_badly(inspection):
        log = engine.api.logs(inspection["Id"], stdout=True, stderr=True, tail=LOG_LINES)
        content = log[-MOST_LOG_BYTES:]
    text = content.decode("utf-8", "replace")
    engine_error = inspection["State"].get("Error") or ""
    return f"{engine_error}: {text}" if engine_error and text else engine_error or text


def _ended_badly(inspection: dict[str, Any]) -> bool:
    state = inspection["State"]
    return state.get("ExitCode", 0) != 0 and not str(state.get("StartedAt", "")).startswith("0001-")


def _source_of(inspection: dict[str, Any], target: str) -> str:
    for mount in inspection.get("Mounts") or ():
        if mount.get("Destination") == target:
            return str(mount.get("Source") or "")
    return ""


def _tail_of(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            size = file.seek(0, io.SEEK_END)
            file.seek(max(0, size - MOST_BYTES))
            return file.read(MOST_BYTES)
    except OSError:
        return b""


def _fetch(engine: Engine, container: str, path: str) -> bytes:
    """Through the engine: an archive is slow, so only where there is something."""
    found = stat_path(engine, container, path)
    if found is None or not found.get("size"):
        return b""
    chunks, _ = engine.api.get_archive(container, path)
    with tarfile.open(fileobj=io.BytesIO(b"".join(chunks))) as tar:
        member = tar.next()
        file = tar.extractfile(member) if member is not None else None
        return file.read()[-MOST_BYTES:] if file is not None else b""
