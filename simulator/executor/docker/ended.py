"""What is known for good: the last reports of ended containers, kept in the state directory.

An ended container does not change any more. Asking the engine about each of them at every start of a process would take
about a millisecond per container; reading this file takes a hundredth of that. It is only a memory: whatever it lacks,
or can't be read, is asked of the engine again.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Collection
from pathlib import Path

import msgspec

from simulator.pods.executor import ContainerReport

_encoder = msgspec.json.Encoder()


class EndedContainers:
    """Reports by container id: one JSON object a line, appended as containers end."""

    def __init__(self, state_dir: Path) -> None:
        self._path = state_dir / "ended-containers.jsonl"
        self._lock = threading.Lock()
        self._known: dict[str, ContainerReport] | None = None

    def get(self, container_id: str) -> ContainerReport | None:
        """The last report of that container, if it has ended and was seen to."""
        with self._lock:
            return self._load().get(container_id)

    def keep(self, report: ContainerReport) -> None:
        """Remember an ended container. A state directory that can't be written costs only time."""
        if report.state != "exited" or not report.container_id:
            return
        with self._lock:
            known = self._load()
            if report.container_id not in known:
                known[report.container_id] = report
                self._append(_encoder.encode(report) + b"\n")

    def prune(self, existing: Collection[str]) -> None:
        """Forget those that no longer exist, once they are the greater part."""
        with self._lock:
            known = self._load()
            kept = {key: report for key, report in known.items() if key in existing}
            if len(known) <= 2 * len(kept) + 20:
                return
            self._known = kept
            temporary = self._path.with_suffix(".new")
            try:
                temporary.write_bytes(b"".join(_encoder.encode(report) + b"\n" for report in kept.values()))
                temporary.replace(self._path)
            except OSError:
                return

    def _append(self, line: bytes) -> None:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                os.write(file, line)  # one write: a crash leaves at most one torn line
            finally:
                os.close(file)
        except OSError:
            return

    def _load(self) -> dict[str, ContainerReport]:
        if self._known is None:
            self._known = {}
            try:
                lines = self._path.read_bytes().splitlines()
            except OSError:
                return self._known
            decoder = msgspec.json.Decoder(ContainerReport)
            for line in lines:
                try:
                    report = decoder.decode(line)
                except msgspec.DecodeError:
                    continue  # torn by a crash, or of another version
                self._known[report.container_id] = report
        return self._known
