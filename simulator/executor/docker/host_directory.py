"""Pod files as directories of this machine, as the kubelet lays them out: `<state>/pods/<uid>/...` (2.3, 2.4)."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from simulator.pods.executor import ContainerKey, Volume


class HostDirectory:
    """Makes, names and removes the directories of pods."""

    def __init__(self, state_dir: Path) -> None:
        self._pods = state_dir.resolve() / "pods"

    def prepare(self, pod_uid: str, volumes: Sequence[Volume], group: int | None) -> None:
        """Make the emptyDir and files volumes; each appears whole or not at all. `group`: fsGroup. Raises `OSError`."""
        folder = self._pods / pod_uid / "volumes"
        folder.mkdir(parents=True, exist_ok=True)
        for volume in volumes:
            final = folder / volume.name
            if final.exists():
                continue
            # Volume names are DNS labels: a name with a blank can't be another volume's.
            unfinished = folder / f"{volume.name} unfinished"
            if unfinished.exists():
                _remove_tree(unfinished)
            unfinished.mkdir()
            for file in volume.files:
                path = unfinished / file.path
                for parent in reversed(path.relative_to(unfinished).parents[:-1]):
                    inner = unfinished / parent
                    if not inner.exists():
                        inner.mkdir()
                        _set(inner, 0o755, group)
                path.write_bytes(file.data)
                _set(path, file.mode, group)
            _set(unfinished, 0o777, group)
            unfinished.rename(final)

    def source(self, pod_uid: str, volume: Volume, sub_path: str) -> str:
        """The path to mount; a missing sub path of an emptyDir is made."""
        root = self._pods / pod_uid / "volumes" / volume.name
        path = root / sub_path
        if sub_path and volume.kind == "emptyDir" and not path.exists():
            mode = root.stat().st_mode & 0o7777
            for parent in [*reversed(path.relative_to(root).parents[:-1]), path.relative_to(root)]:
                inner = root / parent
                if not inner.exists():
                    inner.mkdir()
                    inner.chmod(mode)
        return str(path)

    def make_host_path(self, path: str, is_file: bool) -> None:
        """DirectoryOrCreate (0755) and FileOrCreate (0644, empty). Raises `OSError`."""
        if is_file:
            with open(path, "xb"):
                os.chmod(path, 0o644)
        else:
            os.makedirs(path, 0o755)

    def message_path(self, key: ContainerKey) -> Path:
        """The termination message file of one attempt."""
        return self._pods / key.pod_uid / "containers" / key.name / str(key.attempt)

    def message_file(self, key: ContainerKey) -> str:
        """Make that file, empty, for everybody to write."""
        path = self.message_path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
        path.chmod(0o666)
        return str(path)

    def remove(self, pod_uid: str) -> None:
        """Remove all that is there of a pod."""
        folder = self._pods / pod_uid
        if pod_uid and folder.exists():
            _remove_tree(folder)


def _set(path: Path, mode: int, group: int | None) -> None:
    """Mode and, with fsGroup, group: files become readable for it, directories writable and setgid."""
    if group is not None:
        os.chown(path, -1, group)
        mode |= 0o2070 if path.is_dir() else 0o040
    path.chmod(mode)


def _remove_tree(folder: Path) -> None:
    from shutil import rmtree

    rmtree(folder, ignore_errors=True)
