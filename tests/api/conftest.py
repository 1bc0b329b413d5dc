from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from simulator.cli.client import Client
from tests.api.world import World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path)
    yield world
    world.close()


@pytest.fixture(params=["unix", "direct"])
def client(request: pytest.FixtureRequest, world: World) -> Client:
    """The same tests over the socket and within the process."""
    found: Client = getattr(world, request.param)
    return found
