"""The project's own copies are those of the shared folder, where that exists."""

from __future__ import annotations

import filecmp
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SHARED = ROOT.parent / "shared"
COPIES = {
    "vectors": ROOT / "tests/vectors/data",
    "semantics": ROOT / "simulator/semantics",
    "transcripts": ROOT / "tests/cli/transcripts",
}


@pytest.mark.skipif(not SHARED.exists(), reason="no shared folder beside this checkout")
@pytest.mark.parametrize("folder", COPIES)
def test_copy_is_current(folder: str) -> None:
    names = [path.name for path in (SHARED / folder).iterdir()]
    assert names
    _, different, missing = filecmp.cmpfiles(SHARED / folder, COPIES[folder], names, shallow=False)
    assert (different, missing) == ([], []), "run `make vectors`"
