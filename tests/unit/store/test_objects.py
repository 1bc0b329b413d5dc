"""Objects in memory and on disk: versions, indexes, history."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.errors import Expired
from simulator.model.kubernetes import core_v1, meta_v1
from simulator.model.metadata import Key
from simulator.store.database import Database
from simulator.store.objects import HISTORY, Change, Objects


def config_map(name: str, value: str = "1", owner: str | None = None) -> core_v1.ConfigMap:
    owners = (
        [meta_v1.OwnerReference(apiVersion="batch/v1", kind="Job", name="j", uid=owner, controller=True)] if owner else None
    )
    metadata = meta_v1.ObjectMeta(name=name, namespace="default", uid=f"u-{name}", ownerReferences=owners)
    return core_v1.ConfigMap(metadata=metadata, data={"v": value})


KEY = Key("ConfigMap", "default", "a")


def test_every_write_has_a_version_of_its_own() -> None:
    objects = Objects()
    first, second = objects.put(config_map("a")), objects.put(config_map("a", "2"))
    assert (first.metadata.resourceVersion, second.metadata.resourceVersion) == ("1", "2")
    assert objects.get(KEY) is second
    assert first.data == {"v": "1"}  # what a reader holds does not change under it


def test_indexes_follow_the_owner() -> None:
    objects = Objects()
    objects.put(config_map("a", owner="u-j"))
    assert [obj.metadata.name for obj in objects.controlled("ConfigMap", "u-j")] == ["a"]
    assert [obj.metadata.name for obj in objects.controlled_by_name("ConfigMap", "default", "j")] == ["a"]
    objects.put(config_map("a"))
    assert list(objects.controlled("ConfigMap", "u-j")) == []
    assert list(objects.controlled_by_name("ConfigMap", "default", "j")) == []
    assert [obj.metadata.name for obj in objects.uncontrolled("ConfigMap", "default")] == ["a"]
    assert objects.by_uid("u-a") == KEY
    objects.remove(KEY)
    assert objects.by_uid("u-a") is None
    assert list(objects.uncontrolled("ConfigMap", "default")) == []


def test_watchers_hear_what_is_committed_and_nothing_else() -> None:
    objects = Objects()
    heard: list[Change] = []
    end = objects.watch(heard.extend)
    objects.put(config_map("a"))
    assert heard == []
    objects.commit()
    objects.remove(KEY)
    objects.commit()
    end()
    objects.put(config_map("b"))
    objects.commit()
    assert [(change.type, change.key.name, change.resource_version) for change in heard] == [
        ("ADDED", "a", 1),
        ("DELETED", "a", 2),
    ]
    assert [change.type for change in objects.changes_since(1)] == ["DELETED", "ADDED"]


def test_a_watch_can_not_go_back_for_ever() -> None:
    objects = Objects()
    for number in range(HISTORY + 10):
        objects.put(config_map("a", str(number)))
    objects.commit()
    with pytest.raises(Expired, match="too old resource version: 3"):
        objects.changes_since(3)
    assert objects.changes_since(objects.resource_version) == []


def test_objects_survive_and_versions_go_on(tmp_path: Path) -> None:
    database = Database(tmp_path / "db")
    objects = Objects(database)
    objects.put(config_map("a"))
    objects.put(config_map("b"))
    objects.remove(Key("ConfigMap", "default", "b"))
    objects.commit()
    objects.put(config_map("lost"))  # never committed
    database.close()
    database = Database(tmp_path / "db")
    again = Objects(database)
    assert [obj.metadata.name for obj in again.list("ConfigMap")] == ["a"]
    assert again.put(config_map("c")).metadata.resourceVersion == "4"
    database.close()


def test_looking_changes_nothing(tmp_path: Path) -> None:
    Database(tmp_path / "db").close()
    database = Database(tmp_path / "db", read_only=True)
    looking = Objects(database, persist=False)
    looking.put(config_map("a"))
    looking.commit()
    database.close()
    database = Database(tmp_path / "db")
    assert Objects(database).list("ConfigMap") == []
    database.close()
