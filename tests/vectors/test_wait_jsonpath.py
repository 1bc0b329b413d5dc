"""What kubectl prints: `get` and `wait` of objects that never change, run whole, from the command line to the exit code."""

from __future__ import annotations

import json
import re
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from simulator.model.kinds import KINDS
from simulator.model.kubernetes import from_builtins
from tests.cli.world import Still
from tests.vectors.cases import cases, check_keys


@pytest.mark.parametrize("case", cases("wait-jsonpath"))
def test_wait_jsonpath(case: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    check_keys(case, {"name", "argv", "objects", "now", "stdout", "stderr", "exit", "files", "anyOrder", "stderrMatch"})
    monkeypatch.chdir(tmp_path)
    for name, text in case.get("files", {}).items():
        Path(name).write_text(text)
    world = Still(tmp_path / "home", datetime.fromisoformat(case["now"]))
    try:
        for given in case["objects"]:
            if given["kind"] in KINDS:
                tree = json.loads(json.dumps(given))
                if KINDS[given["kind"]].namespaced:
                    tree["metadata"].setdefault("namespace", "default")
                world.put(from_builtins(tree, KINDS[given["kind"]].type))
        # Nothing changes: what is not so at once will not be so within a second either.
        outcome = world.kjsim(*(word.replace("--timeout=1s", "--timeout=0.1s") for word in case["argv"]))
    finally:
        world.close()
    # The server's answer has a resourceVersion, and times that are null; the objects of the case have none.
    stdout = re.sub(r',?\s*"?resourceVersion"?: ?"\d+"|"last\w+Time":null,', "", outcome.stdout)
    if case.get("anyOrder"):
        assert sorted(stdout.split()) == sorted(case["stdout"].split())
    else:
        assert stdout == case["stdout"]
    expected = case["stderr"].replace("kubectl", "kjsim")
    if case.get("stderrMatch") == "prefix":
        assert outcome.stderr.startswith(expected)
    else:
        assert outcome.stderr == expected
    # A command line that can't be understood ends with 2 here (errors.py), with 1 there.
    assert (outcome.code and 1) == case["exit"]
