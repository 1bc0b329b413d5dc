"""What a run knows so far: its Jobs, their pods, and which logs are being read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import Struct

Tree = dict[str, Any]

FINISHED = ("Complete", "Failed")


def finished(job: Tree) -> Tree | None:
    """The condition Complete or Failed of a Job that has ended."""
    for condition in job.get("status", {}).get("conditions") or ():
        if condition["type"] in FINISHED and condition["status"] == "True":
            return dict(condition)
    return None


def owner_uid(obj: Tree) -> str:
    """The uid of an object's controller, empty if it has none."""
    for reference in obj["metadata"].get("ownerReferences") or ():
        if reference.get("controller"):
            return str(reference["uid"])
    return ""


def container_statuses(pod: Tree) -> Iterator[Tree]:
    """The statuses of a pod's init containers, then of its containers."""
    status = pod.get("status", {})
    yield from status.get("initContainerStatuses") or ()
    yield from status.get("containerStatuses") or ()


def has_ended(pod: Tree) -> bool:
    """Whether a pod has succeeded or failed."""
    return pod.get("status", {}).get("phase") in ("Succeeded", "Failed")


class Progress(Struct):
    """Our Jobs by uid, their pods by uid, and the attempts of containers whose log was opened."""

    jobs: dict[str, Tree] = msgspec.field(default_factory=dict)
    pods: dict[str, Tree] = msgspec.field(default_factory=dict)
    opened: set[tuple[str, str, int]] = msgspec.field(default_factory=set)

    def pods_of(self, job_uid: str) -> list[Tree]:
        """The pods of one Job, oldest first."""
        pods = [pod for pod in self.pods.values() if owner_uid(pod) == job_uid]
        return sorted(pods, key=lambda pod: (pod["metadata"]["creationTimestamp"], pod["metadata"]["name"]))

    def logs_to_open(self, pod: Tree) -> Iterator[tuple[str, int, bool]]:
        """`(container, attempt, previous)` of the logs of a pod that can be read now and have not been opened."""
        uid = pod["metadata"]["uid"]
        for status in container_statuses(pod):
            name, attempt = status["name"], status.get("restartCount", 0)
            state = status.get("state") or {}
            if "running" in state or "terminated" in state:
                if (uid, name, attempt) not in self.opened:
                    self.opened.add((uid, name, attempt))
                    yield name, attempt, False
            elif attempt == 0 and not (status.get("lastState") or {}).get("terminated"):
                continue
            # A container may have come and gone between two looks: its log is the previous one now.
            before = attempt - 1 if "waiting" not in state else attempt
            if before >= 0 and (uid, name, before) not in self.opened and (status.get("lastState") or {}).get("terminated"):
                self.opened.add((uid, name, before))
                yield name, before, before != attempt
