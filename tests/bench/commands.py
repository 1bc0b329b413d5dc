"""Whole commands: `kjsim run` against `docker run`, `kjsim get` against `kubectl version --client`."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.bench.timing import command, interleaved, table

IMAGE = "busybox:1.35"
KJSIM = str(Path(sys.executable).with_name("kjsim"))


def rows() -> Iterator[str]:
    """All tables of this file."""
    with tempfile.TemporaryDirectory(prefix="kjsim-bench-") as folder:
        env = {**os.environ, "KJSIM_HOME": f"{folder}/home"}
        env.pop("PYTHONDONTWRITEBYTECODE", None)  # without compiled modules, start-up would be all that is measured
        try:
            yield from one_pod(Path(folder), env)
            yield from many_pods(Path(folder), env)
            yield from reading(Path(folder), env)
        finally:
            subprocess.run([KJSIM, "down"], env=env, check=False, capture_output=True)
            for kind in ("cronjobs", "jobs", "pods"):
                subprocess.run([KJSIM, "delete", kind, "--all"], env=env, check=False, capture_output=True)


def job(name: str, **spec: int) -> str:
    """The manifest of a Job whose pods run `true`."""
    container = {"name": "main", "image": IMAGE, "command": ["true"]}
    template = {"metadata": {"labels": {"app": name}}, "spec": {"restartPolicy": "Never", "containers": [container]}}
    return json.dumps(
        {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name}, "spec": {**spec, "template": template}}
    )


def one_pod(folder: Path, env: dict[str, str]) -> Iterator[str]:
    """A one-pod Job of `true`, from the start of the process to its exit."""
    file = folder / "one.json"
    file.write_text(job("one"))
    actions = {
        "docker run --rm": command(["docker", "run", "--rm", IMAGE, "true"]),
        "kjsim run, one pod": command([KJSIM, "run", str(file)], env),
    }
    yield from table(interleaved(actions, 10), "docker run --rm", {"kjsim run, one pod": "at most 2.0, aim 1.6"})


def many_pods(folder: Path, env: dict[str, str]) -> Iterator[str]:
    """60 completions, 8 at a time; docker on a user-defined network, as pods with names have."""
    file = folder / "many.json"
    file.write_text(job("many", completions=60, parallelism=8))
    network = "kjsim-bench"
    subprocess.run(["docker", "network", "create", network], check=False, capture_output=True)
    try:
        run = f"seq 60 | xargs -P 8 -I_ docker run --rm --network {network} {IMAGE} true"
        actions = {
            "60 x docker run --rm, 8 at a time": command(["sh", "-c", run]),
            "kjsim run, 60 completions": command([KJSIM, "run", str(file)], env),
        }
        targets = {"kjsim run, 60 completions": "at most 1.3, aim 1.0"}
        yield from table(interleaved(actions, 3), "60 x docker run --rm, 8 at a time", targets)
    finally:
        subprocess.run(["docker", "network", "rm", network], check=False, capture_output=True)


def reading(folder: Path, env: dict[str, str]) -> Iterator[str]:
    """`kjsim get pods` with 100 pods: cold, and with a control plane alive; memory of an idle one."""
    file = folder / "hundred.json"
    file.write_text(job("hundred", completions=100, parallelism=8))
    subprocess.run([KJSIM, "run", str(file)], env=env, check=True, capture_output=True)
    get = command([KJSIM, "get", "pods", "-l", "app=hundred"], env)
    baseline = f"{kubectl()} version --client"
    version = command([kubectl(), "version", "--client"])
    cold = interleaved({baseline: version, "kjsim get pods, cold": get}, 10)
    yield from table(cold, baseline, {"kjsim get pods, cold": "at most 6"})
    subprocess.run([KJSIM, "up"], env=env, check=True, capture_output=True)
    warm = interleaved({baseline: version, "kjsim get pods": get}, 10)
    yield from table(warm, baseline, {"kjsim get pods": "at most 3"})
    status = json.loads(subprocess.run([KJSIM, "status", "-o", "json"], env=env, check=True, capture_output=True).stdout)
    yield f"idle control plane: {resident_mebibytes(status['processID']):.0f} MiB resident (at most 80)"


def resident_mebibytes(process_id: int) -> float:
    """Resident memory of a process."""
    for line in Path(f"/proc/{process_id}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("no VmRSS")


def kubectl() -> str:
    """A real kubectl, not a dispatcher of several versions: the newest that lies beside the one on the PATH."""
    found = Path(shutil.which("kubectl") or "kubectl").resolve()
    versions = sorted(found.parent.glob("kubectl.1.*"), key=lambda path: int(path.suffix[1:]))
    return str(versions[-1] if versions else found)
