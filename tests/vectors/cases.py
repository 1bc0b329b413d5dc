"""Golden cases: where they are, and which of them may still fail.

`KJSIM_VECTORS` names the folder (default: the project's own copy beside this file). A file that is absent from
another folder is skipped by name; absent from the default folder it is a failure. `not_yet.txt` lists, by id, the cases
that are expected to fail, strictly: one that passes must leave the list.
"""

from __future__ import annotations

import json
import os
from functools import cache
from pathlib import Path
from typing import Any

import pytest

DEFAULT_FOLDER = Path(__file__).parent / "data"
FOLDER = Path(os.environ.get("KJSIM_VECTORS") or DEFAULT_FOLDER)


@cache
def not_yet() -> frozenset[str]:
    """The ids of the cases that do not pass yet."""
    path = Path(__file__).parent / "not_yet.txt"
    return frozenset(line.strip() for line in path.read_text().splitlines() if line.strip() and line[0] != "#")


def cases(file: str, name: Any = lambda case: case["name"]) -> list[Any]:
    """The cases of one file as pytest parameters; the id of each is `FILE/CASE NAME`."""
    path = FOLDER / f"{file}.json"
    if not path.exists():
        if FOLDER == DEFAULT_FOLDER:
            raise FileNotFoundError(f"{path} is missing: run `make vectors`")
        return [pytest.param(None, id=f"{file}/absent", marks=pytest.mark.skip(f"{path} does not exist"))]
    parameters = []
    for case in json.loads(path.read_text()):
        case_id = f"{file}/{name(case)}"
        marks = [pytest.mark.xfail(strict=True, reason="listed in not_yet.txt")] if case_id in not_yet() else []
        parameters.append(pytest.param(case, id=case_id, marks=marks))
    return parameters


def check_keys(case: dict[str, Any], known: set[str], where: str = "case") -> None:
    """Fail on a key that the adapter does not know, rather than passing it by."""
    unknown = set(case) - known
    assert not unknown, f"{where}: the adapter does not know {sorted(unknown)}"


def merged(target: Any, patch: Any) -> Any:
    """A JSON merge patch (RFC 7386), applied: how histories say what changed between two passes."""
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merged(result.get(key), value)
    return result
