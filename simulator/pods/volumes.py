"""The volumes of a pod, resolved: which files they hold, where they come from. Source: semantics/pod-on-docker.md 2.4."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping

from simulator.model.kubernetes import core_v1
from simulator.model.quantities import parse_quantity
from simulator.model.quoting import go_quoted
from simulator.pods.environment import secret_data
from simulator.pods.executor import Volume, VolumeFile
from simulator.pods.field_references import field_value, resource_value
from simulator.pods.sources import ConfigError, Placement, Sources

_MODE = 0o644
_TOKEN = b"kjsim has no service account tokens"


class VolumeError(Exception):
    """A volume can't be set up (`FailedMount`); `volume` is its name, the text the kubelet's error."""

    def __init__(self, volume: str, message: str) -> None:
        super().__init__(message)
        self.volume = volume


def resolve_volumes(pod: core_v1.Pod, sources: Sources, placement: Placement) -> tuple[Volume, ...]:
    """All volumes of a pod that a container mounts; raises VolumeError for the first that can't be set up."""
    assert pod.spec is not None
    resolved = []
    for volume in pod.spec.volumes or ():
        try:
            resolved.append(_resolve(pod, volume, sources, placement))
        except ConfigError as error:
            raise VolumeError(volume.name, str(error)) from error
    return tuple(resolved)


def _resolve(pod: core_v1.Pod, volume: core_v1.Volume, sources: Sources, placement: Placement) -> Volume:
    if volume.emptyDir is not None:
        limit = volume.emptyDir.sizeLimit
        size = parse_quantity(limit).value() if limit is not None else None
        kind = "memory" if volume.emptyDir.medium == "Memory" else "emptyDir"
        return Volume(volume.name, "memory" if kind == "memory" else "emptyDir", size_bytes=size or None)
    if volume.hostPath is not None:
        host = volume.hostPath
        return Volume(volume.name, "hostPath", host_path=host.path, host_path_type=host.type or "")
    if volume.persistentVolumeClaim is not None:
        claim = volume.persistentVolumeClaim
        return Volume(volume.name, "claim", claim=claim.claimName, read_only=bool(claim.readOnly))
    if volume.ephemeral is not None:
        assert pod.metadata is not None
        return Volume(volume.name, "claim", claim=f"{pod.metadata.name}-{volume.name}")
    if volume.configMap is not None:
        files = config_map_files(volume.configMap, sources, _mode(volume.configMap.defaultMode))
    elif volume.secret is not None:
        files = secret_files(
            volume.secret.secretName or "",
            volume.secret.items,
            bool(volume.secret.optional),
            sources,
            _mode(volume.secret.defaultMode),
        )
    elif volume.downwardAPI is not None:
        default = _mode(volume.downwardAPI.defaultMode)
        files = downward_files(pod, volume.downwardAPI.items or (), placement, default)
    elif volume.projected is not None:
        files = _projected_files(pod, volume.projected, sources, placement)
    else:
        return Volume(volume.name, "emptyDir")
    return Volume(volume.name, "files", files=files, read_only=True)


def _mode(mode: int | None) -> int:
    return _MODE if mode is None else mode


def config_map_files(
    source: core_v1.ConfigMapVolumeSource | core_v1.ConfigMapProjection, sources: Sources, default_mode: int
) -> tuple[VolumeFile, ...]:
    """The files of a config map; raises ConfigError."""
    name = source.name or ""
    found = sources.config_map(name)
    if found is None:
        if source.optional:
            return ()
        raise ConfigError(f'configmap "{name}" not found')
    data = {key: value.encode() for key, value in (found.data or {}).items()}
    data |= {key: base64.b64decode(value) for key, value in (found.binaryData or {}).items()}
    problem = "configmap references non-existent config key: "
    return _files(data, source.items, bool(source.optional), default_mode, problem)


def secret_files(
    name: str, items: Iterable[core_v1.KeyToPath] | None, is_optional: bool, sources: Sources, default_mode: int
) -> tuple[VolumeFile, ...]:
    """The files of a secret; raises ConfigError."""
    found = sources.secret(name)
    if found is None:
        if is_optional:
            return ()
        raise ConfigError(f'secret "{name}" not found')
    return _files(secret_data(found), items, is_optional, default_mode, "references non-existent secret key: ")


def _files(
    data: Mapping[str, bytes],
    items: Iterable[core_v1.KeyToPath] | None,
    is_optional: bool,
    default_mode: int,
    problem: str,
) -> tuple[VolumeFile, ...]:
    if not items:
        return tuple(VolumeFile(key, value, default_mode) for key, value in sorted(data.items()))
    files = []
    for item in items:
        if item.key in data:
            files.append(VolumeFile(item.path, data[item.key], default_mode if item.mode is None else item.mode))
        elif not is_optional:
            raise ConfigError(f"{problem}{item.key}")
    return tuple(files)


def downward_files(
    pod: core_v1.Pod, items: Iterable[core_v1.DownwardAPIVolumeFile], placement: Placement, default_mode: int
) -> tuple[VolumeFile, ...]:
    """The files of a downward API volume; raises ConfigError."""
    assert pod.spec is not None
    assert pod.metadata is not None
    files = []
    for item in items:
        text = ""
        if item.fieldRef is not None:
            path = item.fieldRef.fieldPath
            if path == "metadata.labels":
                text = _lines(pod.metadata.labels)
            elif path == "metadata.annotations":
                text = _lines(pod.metadata.annotations)
            elif not path.startswith("metadata."):
                raise ConfigError(f"unsupported fieldPath: {path}")
            else:
                text = field_value(pod, item.fieldRef, placement)
        elif item.resourceFieldRef is not None:
            text = resource_value(pod, pod.spec.containers[0], item.resourceFieldRef, placement, is_volume=True)
        files.append(VolumeFile(item.path, text.encode(), default_mode if item.mode is None else item.mode))
    return tuple(files)


def _lines(values: Mapping[str, str] | None) -> str:
    return "\n".join(f"{key}={go_quoted(value)}" for key, value in sorted((values or {}).items()))


def _projected_files(
    pod: core_v1.Pod, projected: core_v1.ProjectedVolumeSource, sources: Sources, placement: Placement
) -> tuple[VolumeFile, ...]:
    """The union of the sources; of one path the later one counts."""
    default = _mode(projected.defaultMode)
    files: dict[str, VolumeFile] = {}
    for source in projected.sources or ():
        part: tuple[VolumeFile, ...] = ()
        if source.configMap is not None:
            part = config_map_files(source.configMap, sources, default)
        elif source.secret is not None:
            secret = source.secret
            part = secret_files(secret.name or "", secret.items, bool(secret.optional), sources, default)
        elif source.downwardAPI is not None:
            part = downward_files(pod, source.downwardAPI.items or (), placement, default)
        elif source.serviceAccountToken is not None:
            part = (VolumeFile(source.serviceAccountToken.path, _TOKEN, default),)
        files |= {file.path: file for file in part}
    return tuple(files.values())
