"""One container that is tried to be started again and again: how `op: pull` and `op: start` of the vectors are played."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec.structs import replace

from simulator.model.kubernetes import core_v1
from simulator.pods.config import pod_config
from simulator.pods.draft import Draft
from simulator.pods.executor import (
    ContainerKey,
    ContainerReport,
    ImageReport,
    InspectImage,
    Node,
    PullImage,
    StartContainer,
    StartFailed,
)
from simulator.pods.observed import Observed
from simulator.pods.record import PodRecord, observe
from simulator.pods.sources import Placement, Sources
from simulator.pods.starting import start_container
from tests.vectors.pod_input import read_pod

START = datetime(2024, 6, 1, 12, 0, 0, tzinfo=UTC)
TRY_KEYS = {
    "at",
    "present",
    "image",
    "pullSeconds",
    "pullError",
    "size",
    "inspectError",
    "imageUid",
    "imageUser",
    "configError",
    "createError",
    "startError",
    "hookError",
}


def _missing(message: str) -> tuple[core_v1.EnvVarSource, Sources]:
    """A reference that can't be resolved, and why, so that the configuration fails with `message`."""
    match = re.fullmatch(r'(?P<kind>configmap|secret) "(?P<name>.*)" not found', message) or re.fullmatch(
        r"couldn't find key (?P<key>.*) in (?P<kind>ConfigMap|Secret) default/(?P<name>.*)", message
    )
    assert match is not None, f"no way known to bring about {message!r}"
    groups = match.groupdict()
    key, name, has_object = groups.get("key") or "k", groups["name"], "key" in groups
    if groups["kind"].lower() == "secret":
        secret = core_v1.Secret() if has_object else None
        reference = core_v1.EnvVarSource(secretKeyRef=core_v1.SecretKeySelector(key=key, name=name))
        return reference, Sources(secret=lambda _: secret)
    config_map = core_v1.ConfigMap() if has_object else None
    reference = core_v1.EnvVarSource(configMapKeyRef=core_v1.ConfigMapKeySelector(key=key, name=name))
    return reference, Sources(config_map=lambda _: config_map)


class ImageTries:
    """The tries of one container, with the record that they leave behind."""

    def __init__(self, manifest: dict[str, Any], container: str) -> None:
        self.manifest = manifest
        self.name = container
        self.record = PodRecord("u-1")
        self.events: list[str] = []
        self.image = ""

    def attempt(self, step: dict[str, Any]) -> dict[str, Any]:
        """One try: its events and, if the container did not start, why."""
        self.events = []
        now = START + timedelta(seconds=step["at"])
        # Whether it is time for another try is not asked here: the vectors say when.
        self.record = replace(self.record, retry_times={}, start_errors={}, observed=Observed(), starts={})
        pod, container = self._pod(step)
        image = container.image or ""
        user = step.get("imageUser") or (str(step["imageUid"]) if "imageUid" in step else "")
        for _ in range(4):
            commands = self._sync(pod, container, step, now)
            if not commands:
                break
            for command in commands:
                match command:
                    case InspectImage():
                        image_id = "sha256:1" if step.get("present") else ""
                        error = step.get("inspectError", "")
                        self._hear(ImageReport("u-1", image, now, image_id=image_id, user=user, error=error), now)
                    case PullImage():
                        seconds = step.get("pullSeconds", 0.0)
                        now += timedelta(seconds=seconds)
                        error = step.get("pullError", "")
                        report = ImageReport(
                            "u-1",
                            image,
                            now,
                            image_id="" if error else "sha256:1",
                            size_bytes=step.get("size", 0),
                            user=user,
                            pulled=not error,
                            pull_seconds=seconds,
                            error=error,
                        )
                        self._hear(report, now)
                    case StartContainer(key=key):
                        self._start(key, step, now)
                        return self._answer()
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        answer: dict[str, Any] = {"events": self.events}
        if self.name in self.record.start_errors:
            answer["reason"], answer["message"] = self.record.start_errors[self.name]
        return answer

    def _pod(self, step: dict[str, Any]) -> tuple[core_v1.Pod, core_v1.Container]:
        pod = read_pod(self.manifest)
        assert pod.spec is not None
        container = next(item for item in (*(pod.spec.initContainers or ()), *pod.spec.containers) if item.name == self.name)
        self.image = step.get("image", self.image)
        container.image = self.image or container.image
        return pod, container

    def _sync(self, pod: core_v1.Pod, container: core_v1.Container, step: dict[str, Any], now: datetime) -> list[Any]:
        sources = Sources()
        if "configError" in step:
            reference, sources = _missing(step["configError"])
            variable = core_v1.EnvVar(name="X", valueFrom=reference)
            container.env = [*(container.env or ()), variable]
        draft = Draft(pod, self.record, Node(), now, {}, sources, Placement(), self.record.observed)
        start_container(draft, container, pod_config(pod, (), Sources()), 0)
        self.record = draft.record
        self.events += [f"{event.type} {event.reason} {event.message}" for event in draft.events]
        return draft.commands

    def _hear(self, report: Any, now: datetime) -> None:
        self.record = observe(self.record, report, now)
        self.events += [f"{event.type} {event.reason} {event.message}" for event in self.record.events]
        self.record = replace(self.record, events=())

    def _start(self, key: ContainerKey, step: dict[str, Any], now: datetime) -> None:
        if "createError" in step:
            self._hear(StartFailed(key, now, "create", step["createError"]), now)
        elif "startError" in step:
            # The engine's own text; the kubelet's words are put around it.
            text = step["startError"].removeprefix(f'failed to start container "{self.name}": ')
            self._hear(StartFailed(key, now, "start", text), now)
        else:
            self._hear(ContainerReport(key, now, "running", container_id="1", started_time=now), now)
