from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.contract.world import DockerWorld
from tests.engine.home import Home


@pytest.fixture
def world(tmp_path: Path) -> Iterator[DockerWorld]:
    """A running Docker executor; what it made is removed afterwards."""
    made = DockerWorld(tmp_path)
    try:
        yield made
    finally:
        made.close()


@pytest.fixture(scope="module")
def new_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Home]]:
    """Makes state directories; what became of them on the engine is removed at the end of the module."""
    homes: list[Home] = []

    def make(**settings: str) -> Home:
        home = Home(tmp_path_factory.mktemp("home") / "state", **settings)
        homes.append(home)
        return home

    try:
        yield make
    finally:
        errors = []
        for home in homes:
            try:
                home.close()
            except Exception as error:
                errors.append(error)
        assert not errors, errors
