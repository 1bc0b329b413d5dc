"""Volumes: which files they hold, and what is wrong when they can't (semantics/pod-on-docker.md 2.4)."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from simulator.model.kubernetes import core_v1
from simulator.model.quantities import parse_quantity
from simulator.pods.executor import Volume, VolumeFile
from simulator.pods.sources import Placement, Sources
from simulator.pods.volumes import VolumeError, resolve_volumes
from tests.unit.pods.life import make_pod

CONFIG_MAP = core_v1.ConfigMap(data={"b": "two\n", "a": "1"}, binaryData={"c": base64.b64encode(b"\x00").decode()})
SECRET = core_v1.Secret(data={"k": base64.b64encode(b"s").decode()})
SOURCES = Sources({"cm": CONFIG_MAP}.get, {"s": SECRET}.get)
PLACEMENT = Placement(allocatable={"cpu": parse_quantity("4")})


def resolve(volume: dict[str, Any], **spec: Any) -> Volume:
    pod = make_pod(volumes=[{"name": "v", **volume}], **spec)
    return resolve_volumes(pod, SOURCES, PLACEMENT)[0]


def test_config_map_gives_a_file_for_each_key() -> None:
    files = (VolumeFile("a", b"1", 0o644), VolumeFile("b", b"two\n", 0o644), VolumeFile("c", b"\x00", 0o644))
    assert resolve({"configMap": {"name": "cm"}}) == Volume("v", "files", files=files, read_only=True)


def test_items_choose_path_and_mode() -> None:
    volume = resolve({"secret": {"secretName": "s", "items": [{"key": "k", "path": "x/y", "mode": 0o400}]}})
    assert volume.files == (VolumeFile("x/y", b"s", 0o400),)


@pytest.mark.parametrize(
    ("volume", "message"),
    [
        ({"configMap": {"name": "nope"}}, 'configmap "nope" not found'),
        ({"secret": {"secretName": "nope"}}, 'secret "nope" not found'),
        (
            {"configMap": {"name": "cm", "items": [{"key": "z", "path": "z"}]}},
            "configmap references non-existent config key: z",
        ),
        ({"secret": {"secretName": "s", "items": [{"key": "z", "path": "z"}]}}, "references non-existent secret key: z"),
        (
            {"downwardAPI": {"items": [{"path": "x", "fieldRef": {"apiVersion": "v1", "fieldPath": "spec.nodeName"}}]}},
            "unsupported fieldPath: spec.nodeName",
        ),
    ],
)
def test_what_is_missing_is_named(volume: dict[str, Any], message: str) -> None:
    with pytest.raises(VolumeError) as caught:
        resolve(volume)
    assert (caught.value.volume, str(caught.value)) == ("v", message)


def test_optional_sources_may_be_missing() -> None:
    assert resolve({"configMap": {"name": "nope", "optional": True}}).files == ()


def test_downward_limits_of_the_pod_as_a_whole_do_not_count() -> None:
    item = {"path": "cpu", "resourceFieldRef": {"containerName": "main", "resource": "limits.cpu"}}
    volume = resolve({"downwardAPI": {"items": [item]}}, resources={"limits": {"cpu": "3"}})
    assert volume.files == (VolumeFile("cpu", b"4", 0o644),)


def test_projected_sources_are_put_together_later_ones_win() -> None:
    sources = [{"configMap": {"name": "cm"}}, {"secret": {"name": "s", "items": [{"key": "k", "path": "a"}]}}]
    files = {file.path: file.data for file in resolve({"projected": {"sources": sources}}).files}
    assert files == {"a": b"s", "b": b"two\n", "c": b"\x00"}


def test_memory_and_host_paths() -> None:
    assert resolve({"emptyDir": {"medium": "Memory", "sizeLimit": "1Mi"}}) == Volume("v", "memory", size_bytes=1 << 20)
    assert resolve({"hostPath": {"path": "/x", "type": "Directory"}}) == Volume(
        "v", "hostPath", host_path="/x", host_path_type="Directory"
    )
