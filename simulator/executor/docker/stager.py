"""Pod files where the engine does not see this machine's: one engine volume per pod, filled through a stager (2.3).

The stager is a container of the infra image that mounts the volume and is never started; archives put into it land in the
volume. The root of a volume keeps its owner and mode, so everything lies in directories inside.
"""

from __future__ import annotations

import base64
import io
import json
import tarfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import PurePosixPath
from typing import Any

from simulator.executor.docker.body import INSTANCE, KIND, POD_UID, container_name, pod_labels
from simulator.executor.docker.engine import Engine, status_code
from simulator.executor.docker.sandbox import InfraImage
from simulator.pods.executor import PodConfig, Volume

STAGE_NAME = "STAGE"


class Stager:
    """Volumes `kjsim_<uid>` and their stagers. Methods raise the SDK's errors."""

    def __init__(self, engine: Engine, infra: InfraImage, instance: str) -> None:
        self._engine = engine
        self._infra = infra
        self._instance = instance
        self._lock = threading.Lock()
        self._stagers: dict[str, tuple[str, str]] = {}

    def volume_name(self, pod_uid: str) -> str:
        """The name of a pod's volume."""
        return f"kjsim_{pod_uid}"

    def mountpoint(self, pod: PodConfig) -> str:
        """Where the volume is on the engine's host."""
        return self._ensure(pod)[1]

    def prepare(self, pod: PodConfig, volumes: Sequence[Volume], group: int | None) -> None:
        """Fill the volume with all directories and files; once per pod."""
        container, _ = self._ensure(pod)
        archive = _Archive(group)
        for volume in volumes:
            root = f"volumes/{volume.name}"
            if stat_path(self._engine, container, f"/pod/{root}") is not None:
                continue
            archive.directory(root, 0o777)
            for file in volume.files:
                archive.file(f"{root}/{file.path}", file.data, file.mode)
        self._put(container, archive)

    def make_directory(self, pod: PodConfig, volume: str, sub_path: str, group: int | None) -> None:
        """A directory in an emptyDir, with its parents, where they are missing; they are made like the volume's root."""
        container, _ = self._ensure(pod)
        place = PurePosixPath("volumes", volume, sub_path)
        missing = []
        while stat_path(self._engine, container, f"/pod/{place}") is None:
            missing.append(place)
            place = place.parent
        archive = _Archive(group, existing=place)
        for directory in reversed(missing):
            archive.directory(str(directory), 0o777)
        self._put(container, archive)

    def make_message_file(self, pod: PodConfig, path: str) -> None:
        """An empty file that everybody may write."""
        archive = _Archive(None)
        archive.file(path, b"", 0o666)
        self._put(self._ensure(pod)[0], archive)

    def forget(self, pod_uid: str) -> None:
        """The pod's containers, its stager among them, were removed."""
        with self._lock:
            self._stagers.pop(pod_uid, None)

    @contextmanager
    def looking_at(self, directory: str) -> Iterator[str]:
        """A container, never started, that shows `directory` of the engine's host at /host; its id."""
        body = {
            "Image": self._infra.name(),
            "Labels": {INSTANCE: self._instance, KIND: "stager"},
            "HostConfig": {"Binds": [f"{directory}:/host"]},
        }
        container = self._engine.api.create_container_from_config(body)["Id"]
        try:
            yield container
        finally:
            self._engine.api.remove_container(container, v=True, force=True)

    def make_host_file(self, path: str) -> None:
        """An empty file, mode 0644, on the engine's host."""
        place = PurePosixPath(path)
        archive = _Archive(None)
        archive.file(place.name, b"", 0o644)
        with self.looking_at(str(place.parent)) as container:
            self._engine.api.put_archive(container, "/host", archive.content())

    def _ensure(self, pod: PodConfig) -> tuple[str, str]:
        """The pod's stager and its volume's mount point; both are made at first use and adopted if they exist."""
        with self._lock:
            known = self._stagers.get(pod.uid)
            if known is not None:
                return known
            api = self._engine.api
            name = self.volume_name(pod.uid)
            labels = {INSTANCE: self._instance, POD_UID: pod.uid}
            mountpoint = api.create_volume(name, driver="local", labels=labels)["Mountpoint"]
            body = {
                "Image": self._infra.name(),
                "Labels": pod_labels(pod, self._instance, STAGE_NAME, "stager", 0, 0),
                "HostConfig": {"Binds": [f"{name}:/pod"]},
            }
            container = container_name(pod, STAGE_NAME, 0)
            try:
                container = api.create_container_from_config(body, name=container)["Id"]
            except Exception as error:
                if status_code(error) != 409:  # else: it is there from before
                    raise
            self._stagers[pod.uid] = container, mountpoint
            return self._stagers[pod.uid]

    def _put(self, container: str, archive: _Archive) -> None:
        if archive.is_empty:
            return
        self._engine.api.put_archive(container, "/pod", archive.content())


class _Archive:
    """A tar of directories and files with fsGroup applied; missing parent directories are added."""

    def __init__(self, group: int | None, existing: PurePosixPath | None = None) -> None:
        self._group = group
        self._buffer = io.BytesIO()
        self._tar = tarfile.open(fileobj=self._buffer, mode="w")  # noqa: SIM115 - closed by content()
        self._directories = {str(path) for path in (existing, *existing.parents)} if existing is not None else set()

    @property
    def is_empty(self) -> bool:
        return not self._tar.getmembers()

    def directory(self, path: str, mode: int) -> None:
        self._parents(path)
        self._directories.add(path)
        member = tarfile.TarInfo(path)
        member.type = tarfile.DIRTYPE
        member.mode = mode if self._group is None else mode | 0o2070
        member.gid = self._group or 0
        self._tar.addfile(member)

    def file(self, path: str, data: bytes, mode: int) -> None:
        self._parents(path)
        member = tarfile.TarInfo(path)
        member.size = len(data)
        member.mode = mode if self._group is None else mode | 0o040
        member.gid = self._group or 0
        self._tar.addfile(member, io.BytesIO(data))

    def content(self) -> bytes:
        self._tar.close()
        return self._buffer.getvalue()

    def _parents(self, path: str) -> None:
        for parent in reversed(PurePosixPath(path).parents[:-1]):
            if str(parent) not in self._directories:
                self.directory(str(parent), 0o755)


def stat_path(engine: Engine, container: str, path: str) -> dict[str, Any] | None:
    """What is at `path` in a container (name, size, mode as Go writes it), or None; 2 ms where an archive takes 40.

    Raises the SDK's `APIError` where the container is gone.
    """
    from docker.errors import create_api_error_from_http_exception
    from requests.exceptions import HTTPError

    answer = engine.api.head(engine.url(f"/containers/{container}/archive"), params={"path": path}, timeout=60)
    header = answer.headers.get("X-Docker-Container-Path-Stat")
    if answer.status_code == 404:
        return None
    try:
        answer.raise_for_status()
    except HTTPError as error:
        raise create_api_error_from_http_exception(error) from error
    found: dict[str, Any] = json.loads(base64.b64decode(header or ""))
    return found
