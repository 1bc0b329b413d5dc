"""A pod's volumes: where they live, how they are mounted, and their removal (2.3, 2.4, D5).

Host-directory mode: directories under `<state>/pods/<uid>`, if the engine sees this machine's files and what containers
write there can be removed again. Else volume mode: one engine volume per pod, filled through a stager. Which of the two is
found out once per engine.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from simulator.executor.docker.body import INSTANCE, KIND, POD_UID, Mounts
from simulator.executor.docker.engine import Engine, status_code
from simulator.executor.docker.host_directory import HostDirectory
from simulator.executor.docker.sandbox import InfraImage
from simulator.executor.docker.stager import Stager, stat_path
from simulator.pods.executor import ContainerConfig, ContainerKey, Mount, PodConfig, Volume

VolumeMode = Literal["auto", "host", "volume"]

SUBPATH_API = (1, 45)
"""From here on a mount can name a path inside a volume; older engines ignore it in silence."""

_FACT = "sees_host_directories"
_PROPAGATION = {"HostToContainer": "rslave", "Bidirectional": "rshared"}
_DIRECTORY, _DEVICE, _SOCKET, _CHARACTER = 1 << 31, 1 << 26, 1 << 24, 1 << 21  # bits of a file mode as Go writes it
_KIND_BITS = 0x8F280000


class VolumeError(Exception):
    """A volume can't be set up; the text is the one of the event `FailedMount`."""

    def __init__(self, volume: str, error: str) -> None:
        super().__init__(f'MountVolume.SetUp failed for volume "{volume}" : {error}')


class Volumes:
    """The volumes of all pods of one instance. Methods raise `VolumeError` or the SDK's errors."""

    def __init__(self, engine: Engine, state_dir: Path, instance: str, infra: InfraImage, mode: VolumeMode) -> None:
        self._engine = engine
        self._state_dir = state_dir
        self._instance = instance
        self._infra = infra
        self._lock = threading.Lock()
        self._sees_directories: bool | None = {"host": True, "volume": False}.get(mode)
        self._directories = HostDirectory(state_dir)
        self._stager = Stager(engine, infra, instance)

    # --- the mode ---------------------------------------------------------------------------------------------------

    def sees_directories(self, image: str = "") -> bool:
        """Whether the engine sees the files of this machine; found out with a container of `image` that is never started."""
        with self._lock:
            if self._sees_directories is None:
                known = self._engine.facts.get(self._engine.daemon_id, _FACT)
                if isinstance(known, bool):
                    self._sees_directories = known
                else:
                    self._sees_directories = self._probe(image or self._infra.name())
                    self._engine.facts.put(self._engine.daemon_id, _FACT, self._sees_directories)
            return self._sees_directories

    def _probe(self, image: str) -> bool:
        """Write a file of an unguessable name and size; look for it through the engine."""
        from docker.errors import APIError

        self._state_dir.mkdir(parents=True, exist_ok=True)
        secret = os.urandom(16).hex()
        size = 1 + int.from_bytes(os.urandom(2), "big")
        marker = self._state_dir / f"probe-{secret}"
        container = ""
        try:
            marker.write_bytes(bytes(size))
            body = {
                "Image": image,
                "Cmd": ["probe"],
                "Labels": {INSTANCE: self._instance, KIND: "stager"},
                "HostConfig": {"Mounts": [_mount("bind", str(self._state_dir.resolve()), "/kjsim", read_only=True)]},
            }
            container = self._engine.api.create_container_from_config(body)["Id"]
            found = stat_path(self._engine, container, f"/kjsim/{marker.name}")
            return found is not None and found.get("size") == size
        except APIError as error:
            if status_code(error) == 404 and "image" in str(error).lower():
                raise
            return False
        finally:
            marker.unlink(missing_ok=True)
            if container:
                self._engine.api.remove_container(container, v=True, force=True)

    def _in_directories(self) -> bool:
        """Whether pods' volumes are host directories: not if they would be left behind.

        What a container's root writes, only root can remove (or, under a rootless engine, the same user).
        """
        if not self.sees_directories():
            return False
        return os.geteuid() == 0 or self._engine.is_rootless

    # --- preparing --------------------------------------------------------------------------------------------------

    def prepare(self, pod: PodConfig) -> None:
        """Make all volumes of a pod; those that are there already stay as they are."""
        placed = [volume for volume in pod.volumes if volume.kind in ("emptyDir", "files")]
        if placed:
            if self._in_directories():
                self._directories.prepare(pod.uid, placed, _group(pod))
            else:
                self._stager.prepare(pod, placed, _group(pod))
        for volume in pod.volumes:
            if volume.kind == "memory":
                options = f"size={volume.size_bytes},mode=1777" if volume.size_bytes else "mode=1777"
                self._create(_memory_name(pod.uid, volume.name), pod.uid, {"type": "tmpfs", "device": "tmpfs", "o": options})
            elif volume.kind == "claim":
                self._create(_claim_name(pod, volume), "", {})
            elif volume.kind == "hostPath":
                self._check_host_path(volume)

    def _create(self, name: str, pod_uid: str, options: dict[str, str]) -> None:
        labels = {INSTANCE: self._instance}
        if pod_uid:
            labels[POD_UID] = pod_uid
        self._engine.api.create_volume(name, driver="local", driver_opts=options or None, labels=labels)

    def _check_host_path(self, volume: Volume) -> None:
        """The types of hostPath, on the engine's host (2.4)."""
        kind, path = volume.host_path_type, volume.host_path
        if not kind:
            return  # as a bind, the engine makes a missing directory
        mode = self._mode_of(path)
        if mode is None and kind in ("DirectoryOrCreate", "FileOrCreate"):
            self._make_host_path(volume)
            return
        wanted = {
            "Directory": ("a directory", _DIRECTORY),
            "DirectoryOrCreate": ("a directory", _DIRECTORY),
            "File": ("a file", 0),
            "FileOrCreate": ("a file", 0),
            "Socket": ("a socket file", _SOCKET),
            "CharDevice": ("a character device", _DEVICE | _CHARACTER),
            "BlockDevice": ("a block device", _DEVICE),
        }.get(kind)
        if wanted is None:
            raise VolumeError(volume.name, f"{kind} is an invalid volume type")
        word, bits = wanted
        if mode is None or mode & _KIND_BITS != bits:
            raise VolumeError(volume.name, f"hostPath type check failed: {path} is not {word}")

    def _mode_of(self, path: str) -> int | None:
        """The mode of a path on the engine's host, as Go writes it; None if there is nothing."""
        if self.sees_directories():
            return _go_mode(path)
        with self._stager.looking_at(str(PurePosixPath(path).parent)) as container:
            found = stat_path(self._engine, container, f"/host/{PurePosixPath(path).name}")
        return int(found["mode"]) if found is not None else None

    def _make_host_path(self, volume: Volume) -> None:
        is_file = volume.host_path_type == "FileOrCreate"
        if self.sees_directories():
            try:
                self._directories.make_host_path(volume.host_path, is_file)
            except OSError as error:
                raise VolumeError(volume.name, f"{error.strerror}: {volume.host_path}") from None
        elif is_file:
            self._stager.make_host_file(volume.host_path)  # a directory is made by the bind

    # --- mounting ---------------------------------------------------------------------------------------------------

    def mounts(self, key: ContainerKey, pod: PodConfig, config: ContainerConfig) -> Mounts:
        """The mounts of one container, with its termination message file."""
        by_name = {volume.name: volume for volume in pod.volumes}
        forms = [self._mount_of(pod, by_name[mount.volume], mount) for mount in config.mounts]
        if config.termination_message_path:
            forms.append(self._message_mount(key, pod, config))
        return Mounts(
            tuple(form for form in forms if isinstance(form, str)),
            tuple(form for form in forms if not isinstance(form, str)),
        )

    def infra_mounts(self, pod: PodConfig) -> list[dict[str, Any]]:
        """Memory volumes live as long as some running container mounts them: the infra container does."""
        return [
            _mount("volume", _memory_name(pod.uid, volume.name), f"/kjsim/{volume.name}")
            for volume in pod.volumes
            if volume.kind == "memory"
        ]

    def _mount_of(self, pod: PodConfig, volume: Volume, mount: Mount) -> str | dict[str, Any]:
        target = mount.mount_path if mount.mount_path.startswith("/") else f"/{mount.mount_path}"
        read_only = mount.read_only or volume.read_only
        propagation = _PROPAGATION.get(mount.propagation, "")
        if volume.kind == "hostPath":
            source = volume.host_path + (f"/{mount.sub_path}" if mount.sub_path else "")
            # As a bind the engine makes what is missing; a mount would be refused.
            return _bind(source, target, read_only, propagation)
        if volume.kind in ("memory", "claim"):
            name = _memory_name(pod.uid, volume.name) if volume.kind == "memory" else _claim_name(pod, volume)
            if not mount.sub_path:
                return _mount("volume", name, target, read_only=read_only)
            mountpoint = self._engine.api.inspect_volume(name)["Mountpoint"]
            return _bind(f"{mountpoint}/{mount.sub_path}", target, read_only, propagation)
        if self._in_directories():
            source = self._directories.source(pod.uid, volume, mount.sub_path)
            return _mount("bind", source, target, read_only=read_only, propagation=propagation)
        if mount.sub_path and volume.kind == "emptyDir":
            self._stager.make_directory(pod, volume.name, mount.sub_path, _group(pod))
        inner = f"volumes/{volume.name}" + (f"/{mount.sub_path}" if mount.sub_path else "")
        return self._staged(pod, inner, target, read_only)

    def _message_mount(self, key: ContainerKey, pod: PodConfig, config: ContainerConfig) -> str | dict[str, Any]:
        """An empty file, mode 0666, per attempt: it must be a mount, /dev is a tmpfs (2.6)."""
        if self.sees_directories(config.image):
            source = self._directories.message_file(key)
            return _mount("bind", source, config.termination_message_path)
        inner = f"messages/{key.name}-{key.attempt}"
        self._stager.make_message_file(pod, inner)
        return self._staged(pod, inner, config.termination_message_path, read_only=False)

    def _staged(self, pod: PodConfig, inner: str, target: str, read_only: bool) -> str | dict[str, Any]:
        name = self._stager.volume_name(pod.uid)
        if self._engine.version >= SUBPATH_API:
            mount = _mount("volume", name, target, read_only=read_only)
            mount["VolumeOptions"] = {"NoCopy": True, "Subpath": inner}
            return mount
        return _bind(f"{self._stager.mountpoint(pod)}/{inner}", target, read_only, "")

    # --- removal ----------------------------------------------------------------------------------------------------

    def message_path(self, key: ContainerKey) -> Path:
        """Where the termination message file of a container is in host-directory mode."""
        return self._directories.message_path(key)

    def remove_message(self, key: ContainerKey) -> None:
        """Drop a container's termination message file."""
        self._directories.message_path(key).unlink(missing_ok=True)

    def remove(self, pod_uid: str) -> None:
        """Remove what a pod's volumes occupy; its containers must be gone. Claims stay."""
        self._stager.forget(pod_uid)
        self._directories.remove(pod_uid)
        for name in self._volumes_of(pod_uid):
            self._engine.api.remove_volume(name, force=True)

    def _volumes_of(self, pod_uid: str) -> Iterator[str]:
        filters = {"label": [f"{INSTANCE}={self._instance}", f"{POD_UID}={pod_uid}"]}
        for volume in self._engine.api.volumes(filters=filters).get("Volumes") or ():
            yield volume["Name"]


def _group(pod: PodConfig) -> int | None:
    return pod.security.fsGroup if pod.security is not None else None


def _memory_name(pod_uid: str, volume: str) -> str:
    return f"kjsim_{pod_uid}_{volume}"


def _claim_name(pod: PodConfig, volume: Volume) -> str:
    return f"kjsim_pvc_{pod.namespace}_{volume.claim}"


def _bind(source: str, target: str, read_only: bool, propagation: str) -> str | dict[str, Any]:
    """A bind of a path that the engine may make; as a mount where a colon would be read as a separator."""
    if ":" in source or ":" in target:
        return _mount("bind", source, target, read_only=read_only, propagation=propagation)
    options = ["ro"] if read_only else []
    if propagation:
        options.append(propagation)
    return f"{source}:{target}" + (f":{','.join(options)}" if options else "")


def _mount(kind: str, source: str, target: str, *, read_only: bool = False, propagation: str = "") -> dict[str, Any]:
    mount: dict[str, Any] = {"Type": kind, "Source": source, "Target": target}
    if read_only:
        mount["ReadOnly"] = True
    if propagation:
        mount["BindOptions"] = {"Propagation": propagation}
    if kind == "volume":
        mount["VolumeOptions"] = {"NoCopy": True}  # Kubernetes' volumes begin empty, whatever the image has there
    return mount


def _go_mode(path: str) -> int | None:
    """A local path's mode with Go's type bits, so that both modes compare alike."""
    import stat

    try:
        mode = os.stat(path).st_mode
    except OSError:
        return None
    kinds = {
        stat.S_IFDIR: _DIRECTORY,
        stat.S_IFSOCK: _SOCKET,
        stat.S_IFCHR: _DEVICE | _CHARACTER,
        stat.S_IFBLK: _DEVICE,
        stat.S_IFIFO: 1 << 25,
    }
    return kinds.get(stat.S_IFMT(mode), 0) | stat.S_IMODE(mode)
