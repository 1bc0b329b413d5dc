"""The view of a run on a pipe: one plain line for each thing that happens."""

from __future__ import annotations

import sys
from datetime import datetime
from typing import Any, TextIO

from simulator.api.tables import cells
from simulator.cli.run.progress import Progress, container_statuses

Tree = dict[str, Any]


def pod_status(pod: Tree, now: datetime) -> str:
    """The STATUS word of `kubectl get pods`."""
    return str(cells(pod, now)[2])


def trouble(pod: Tree) -> str:
    """Why a pod can't go on by itself (an image that can't be had, say), empty if it can."""
    for status in container_statuses(pod):
        waiting = (status.get("state") or {}).get("waiting") or {}
        if waiting.get("message"):
            return f"{waiting.get('reason')}: {waiting['message']}"
    return ""


class PlainView:
    """Prints what happens, line by line. `out` gets container output, `notes` everything else."""

    def __init__(self, out: TextIO | None = None, notes: TextIO | None = None) -> None:
        self._out = out or sys.stdout
        self._notes = notes or sys.stdout
        self._shown: dict[str, str] = {}

    def __enter__(self) -> PlainView:
        return self

    def __exit__(self, *_: object) -> None:
        self._out.flush()

    def say(self, text: str) -> None:
        """A line about the run itself."""
        print(text, file=self._notes, flush=True)

    def log(self, pod: str, container: str, text: str, *, is_only: bool) -> None:
        """A line that a container has printed."""
        print(f"[{pod}] {text}" if is_only else f"[{pod}/{container}] {text}", file=self._out, flush=True)

    def update(self, progress: Progress, now: datetime) -> None:
        """Tell the pods whose status has changed."""
        for uid, pod in progress.pods.items():
            status = pod_status(pod, now)
            if self._shown.get(uid) == status:
                continue  # A message that only counts on (a back-off that doubles) is not told again.
            self._shown[uid] = status
            reason, _, message = trouble(pod).partition(": ")
            self.say(f"pod/{pod['metadata']['name']} {status}" + (f": {message}" if reason == status else ""))
