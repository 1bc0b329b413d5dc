from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.world import DockerWorld


@pytest.fixture
def world(tmp_path: Path) -> Iterator[DockerWorld]:
    """A running Docker executor; what it made is removed afterwards."""
    made = DockerWorld(tmp_path)
    try:
        yield made
    finally:
        made.close()
