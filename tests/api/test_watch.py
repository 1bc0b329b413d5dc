"""What clients with an informer ask of a watch: bookmarks, and everything that exists first."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from simulator.api import watch as watch_module
from simulator.api.exchange import Request
from simulator.model.kinds import CONFIG_MAP
from tests.api.world import World

TABLE = {"accept": "application/json;as=Table;v=v1;g=meta.k8s.io"}


def events(world: World, headers: dict[str, str] | None = None, **query: str) -> Iterator[Any]:
    values = {name: [value] for name, value in {"watch": "true", **query}.items()}
    response = world.api.handle(Request("GET", "/api/v1/namespaces/default/configmaps", values, headers or {}))
    assert response.status == 200
    assert not isinstance(response.body, bytes)
    try:
        for line in response.body:
            yield msgspec.json.decode(line)
    finally:
        response.body.close()


def create(world: World, name: str) -> None:
    world.direct.create(CONFIG_MAP, {"metadata": {"name": name}})


@pytest.mark.parametrize("headers", [{}, TABLE], ids=["objects", "table"])
def test_initial_events_end_with_a_bookmark(world: World, headers: dict[str, str]) -> None:
    create(world, "a")
    stream = events(
        world, headers, sendInitialEvents="true", allowWatchBookmarks="true", resourceVersionMatch="NotOlderThan"
    )
    added, bookmark = next(stream), next(stream)
    assert (added["type"], bookmark["type"]) == ("ADDED", "BOOKMARK")
    assert bookmark["object"]["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}
    assert int(bookmark["object"]["metadata"]["resourceVersion"]) >= 2
    create(world, "b")
    assert next(stream)["type"] == "ADDED"
    stream.close()


def test_without_initial_events_only_what_comes_is_told(world: World) -> None:
    create(world, "a")
    stream = events(world, sendInitialEvents="false", timeoutSeconds="1")
    assert list(stream) == []


def test_bookmarks_keep_a_quiet_watch_up_to_date(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch_module, "_BOOKMARK_SECONDS", 0.05)
    stream = events(world, allowWatchBookmarks="true")
    bookmark = next(stream)
    assert bookmark["type"] == "BOOKMARK"
    assert bookmark["object"]["kind"] == "ConfigMap"
    stream.close()


def test_a_reader_that_is_too_slow_is_cut_off(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch_module, "_MOST_WAITING", 5)
    watch = world.direct.watch(CONFIG_MAP)
    for number in range(8):
        create(world, f"c-{number}")
    assert world.call(lambda: world.objects._watchers) == []
    assert 5 <= len(list(watch)) <= 8
