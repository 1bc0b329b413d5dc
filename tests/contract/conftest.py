from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.world import DockerWorld, VirtualWorld, World


@pytest.fixture(params=["virtual", pytest.param("docker", marks=pytest.mark.engine)])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    """A running executor of either kind; what it made is removed afterwards."""
    made = VirtualWorld() if request.param == "virtual" else DockerWorld(tmp_path)
    try:
        yield made
    finally:
        made.close()
