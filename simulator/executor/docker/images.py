"""Images: what is known of one, and pulling (2.11). One pull per image at a time; what `inspect` saw last is kept."""

from __future__ import annotations

import json
import threading
from datetime import datetime
from pathlib import Path
from time import monotonic
from typing import Any

import msgspec
from msgspec.structs import replace

from simulator.clock import Clock
from simulator.executor.docker.engine import Engine, engine_text, explanation, status_code
from simulator.pods.executor import ImageReport


class Image(msgspec.Struct, frozen=True):
    """What the engine says of an image that is present."""

    image_id: str
    repo_tags: tuple[str, ...]
    repo_digests: tuple[str, ...]
    size_bytes: int
    user: str


class Images:
    """The engine's images, asked about by reference."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock
        self._lock = threading.Lock()
        self._known: dict[str, Image] = {}
        self._pulls: dict[str, threading.Lock] = {}
        self._pulled: dict[str, tuple[float, ImageReport]] = {}

    def find(self, reference: str) -> Image | None:
        """The image, or None if it is not there. Raises the SDK's errors."""
        known = self._known.get(reference)
        if known is not None:
            return known
        from docker.errors import ImageNotFound

        try:
            found = self._engine.api.inspect_image(reference)
        except ImageNotFound:
            return None
        image = Image(
            found["Id"],
            tuple(found.get("RepoTags") or ()),
            tuple(found.get("RepoDigests") or ()),
            int(found.get("Size") or 0),
            str((found.get("Config") or {}).get("User") or ""),
        )
        with self._lock:
            self._known[reference] = image
        return image

    def forget(self, reference: str) -> None:
        """Ask the engine again the next time: the image was pulled, or has gone."""
        with self._lock:
            self._known.pop(reference, None)

    def inspect(self, pod_uid: str, reference: str) -> ImageReport:
        """Whether it is present now; a refusal becomes the report's `error`, an engine that doesn't answer is raised.

        The engine is asked each time: a user may have built the image anew, or removed it, since.
        """
        from docker.errors import APIError

        self.forget(reference)
        try:
            image = self.find(reference)
        except APIError as error:
            return ImageReport(pod_uid, reference, self._clock.now(), error=engine_text(error))
        return _report(pod_uid, reference, self._clock.now(), image)

    def pull(self, pod_uid: str, reference: str) -> ImageReport:
        """Pull it. Who wants an image that is being pulled waits and gets the outcome of that pull."""
        began = monotonic()
        with self._lock:
            turn = self._pulls.setdefault(reference, threading.Lock())
        with turn:
            ended, report = self._pulled.get(reference, (0.0, None))
            if report is None or ended < began:
                report = self._pull_report(pod_uid, reference)
                self._pulled[reference] = monotonic(), report
        return replace(report, pod_uid=pod_uid, time=self._clock.now(), pull_seconds=monotonic() - began)

    def _pull_report(self, pod_uid: str, reference: str) -> ImageReport:
        from docker.errors import APIError

        try:
            error_text = self._pull(reference)
            if not error_text:
                self.forget(reference)
                report = _report(pod_uid, reference, self._clock.now(), self.find(reference))
                return replace(report, pulled=True)
        except APIError as error:
            error_text = _pull_text(error)
        return ImageReport(pod_uid, reference, self._clock.now(), error=error_text)

    def _pull(self, reference: str) -> str:
        """The error that the progress stream ends with; empty when all is well."""
        repository, tag = split_reference(reference)
        for message in self._engine.streams.pull(repository, tag=tag, stream=True, decode=True):
            if isinstance(message, dict) and message.get("error"):
                return f"Error response from daemon: {str(message['error']).strip()}"
        return ""


def split_reference(reference: str) -> tuple[str, str]:
    """Repository and tag or digest; the tag `latest` is implied (without one the engine would pull every tag)."""
    repository, at, digest = reference.partition("@")
    if at:
        return repository, digest
    head, colon, tag = reference.rpartition(":")
    if colon and "/" not in tag:
        return head, tag
    return reference, "latest"


def _pull_text(error: Exception) -> str:
    """The engine's text of a refused pull; some engines wrap it in JSON again."""
    text = explanation(error)
    if status_code(error) and text.startswith("{"):
        try:
            inner: Any = json.loads(text)
            text = str(inner.get("message") or text)
        except ValueError:
            pass
    return f"Error response from daemon: {text}"


def _report(pod_uid: str, reference: str, time: datetime, image: Image | None) -> ImageReport:
    if image is None:
        return ImageReport(pod_uid, reference, time)
    return ImageReport(
        pod_uid,
        reference,
        time,
        image_id=image.image_id,
        repo_tags=image.repo_tags,
        repo_digests=image.repo_digests,
        size_bytes=image.size_bytes,
        user=image.user,
    )


def seccomp_profile(path: Path) -> str:
    """The JSON text of a Localhost seccomp profile, read on this machine (2.5); raises `OSError`."""
    return json.dumps(json.loads(path.read_bytes()), separators=(",", ":"))
