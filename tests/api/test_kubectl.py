"""The real kubectl, in every version that lies beside the one on PATH, against the API on loopback TCP."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from simulator.executor.virtual import Run as ContainerRun
from simulator.executor.virtual import always
from simulator.model.kinds import JOB, POD
from tests.api.world import World, job

Run = Callable[..., "subprocess.CompletedProcess[str]"]


def programs() -> list[Path]:
    """kubectl on PATH, and its other versions in the same folder; empty if there is none."""
    found = shutil.which("kubectl")
    if found is None:
        return []
    folder = Path(found).resolve().parent
    versions = (path for path in folder.glob("kubectl.1.*") if os.access(path, os.X_OK))
    return [Path(found), *sorted(versions, key=lambda path: int(path.suffix[1:] or 0))]


PROGRAMS = programs()
pytestmark = pytest.mark.skipif(not PROGRAMS, reason="there is no kubectl")


@pytest.fixture
def address(world: World) -> str:
    return f"http://127.0.0.1:{world.server.listen_tcp()}"


def runner(program: Path, address: str, home: Path) -> Run:
    (home / "kubeconfig").write_text("apiVersion: v1\nkind: Config\n")

    def run(*words: str, stdin: str = "", code: int = 0) -> subprocess.CompletedProcess[str]:
        environment = {"HOME": str(home), "PATH": os.environ["PATH"], "KUBECONFIG": str(home / "kubeconfig")}
        command = [str(program), "--server", address, *words]
        done = subprocess.run(command, input=stdin, capture_output=True, text=True, env=environment, cwd=home, timeout=60)
        assert done.returncode == code, f"{words}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    return run


@pytest.fixture(params=PROGRAMS or [None], ids=lambda path: path.name if path else "none")
def kubectl(request: pytest.FixtureRequest, address: str, tmp_path: Path) -> Run:
    return runner(request.param, address, tmp_path)


@pytest.fixture
def newest(address: str, tmp_path: Path) -> Run:
    return runner(PROGRAMS[-1], address, tmp_path)


def test_a_manifest_from_apply_to_delete(kubectl: Run, world: World) -> None:
    manifest = json.dumps(job("pp", suspend=True))
    assert kubectl("apply", "-f", "-", stdin=manifest).stdout == "job.batch/pp created\n"
    assert kubectl("apply", "-f", "-", stdin=manifest).stdout == "job.batch/pp unchanged\n"
    head, row = kubectl("get", "jobs", "-o", "wide").stdout.splitlines()
    assert head.split() == ["NAME", "STATUS", "COMPLETIONS", "DURATION", "AGE", "CONTAINERS", "IMAGES", "SELECTOR"]
    assert re.match(r"pp +\S+ +0/1 ", row)
    assert json.loads(kubectl("get", "job", "pp", "-o", "json").stdout)["spec"]["backoffLimit"] == 6
    assert "job.batch/pp" in kubectl("get", "all", "-A").stdout
    changed = json.dumps(job("pp", suspend=True, parallelism=4))
    assert kubectl("apply", "-f", "-", stdin=changed).stdout == "job.batch/pp configured\n"
    assert world.direct.get(JOB, "pp")["spec"]["parallelism"] == 4
    assert kubectl("label", "job", "pp", "team=a").stdout == "job.batch/pp labeled\n"
    assert kubectl("get", "jobs", "-l", "team=a", "-o", "name").stdout == "job.batch/pp\n"
    assert kubectl("get", "jobs", "--field-selector", "metadata.name=none").stdout == ""
    assert "job.batch/pp condition met" in kubectl("wait", "--for=condition=suspended", "job/pp", "--timeout=10s").stdout
    assert "Name:" in kubectl("describe", "job", "pp").stdout
    assert kubectl("delete", "job", "pp").stdout.startswith('job.batch "pp" deleted')
    assert kubectl("get", "job", "pp", code=1).stderr == 'Error from server (NotFound): jobs.batch "pp" not found\n'


def test_what_is_refused(kubectl: Run, world: World) -> None:
    typo = json.dumps(job("pp", paralelism=3))
    assert kubectl("create", "-f", "-", stdin=typo, code=1).stderr == (
        'Error from server (BadRequest): error when creating "STDIN": Job in version "v1" cannot be handled as a Job: '
        'strict decoding error: unknown field "spec.paralelism"\n'
    )
    always = job("pp")
    always["spec"]["template"]["spec"]["restartPolicy"] = "Always"
    assert kubectl("create", "-f", "-", stdin=json.dumps(always), code=1).stderr == (
        'The Job "pp" is invalid: spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"\n'
    )
    kubectl("create", "-f", "-", stdin=json.dumps(job("pp", suspend=True)))
    assert kubectl("create", "-f", "-", stdin=json.dumps(job("pp")), code=1).stderr == (
        'Error from server (AlreadyExists): error when creating "STDIN": jobs.batch "pp" already exists\n'
    )
    assert kubectl("patch", "job", "pp", "-p", '{"spec":{"completions":5}}', code=1).stderr == (
        'The Job "pp" is invalid: spec.completions: Invalid value: 5: field is immutable\n'
    )
    assert kubectl("scale", "job", "pp", "--replicas=2", code=1).stderr == (
        "Error from server (NotFound): the server could not find the requested resource\n"
    )
    assert kubectl("get", "nonsense", code=1).stderr == 'error: the server doesn\'t have a resource type "nonsense"\n'
    assert kubectl("delete", "job", "none", "--ignore-not-found").stdout == ""
    dry = kubectl("create", "-f", "-", "--dry-run=server", "-o", "name", stdin=json.dumps(job("dry")))
    assert dry.stdout == "job.batch/dry\n"
    assert [item["metadata"]["name"] for item in world.direct.list(JOB)["items"]] == ["pp"]


def test_warnings(newest: Run) -> None:
    typo = json.dumps(job("pp", suspend=True, paralelism=3))
    done = newest("create", "-f", "-", "--validate=warn", stdin=typo)
    assert done.stderr == 'Warning: unknown field "spec.paralelism"\n'


def test_api_resources_and_version(kubectl: Run) -> None:
    rows = [line.split() for line in kubectl("api-resources", "--no-headers").stdout.splitlines()]
    assert ["jobs", "batch/v1", "true", "Job"] in rows
    assert ["cronjobs", "cj", "batch/v1", "true", "CronJob"] in rows
    assert ["namespaces", "ns", "v1", "false", "Namespace"] in rows
    assert "v1.36" in kubectl("version", "-o", "json").stdout


def test_get_watch_shows_rows_as_they_come(address: str, tmp_path: Path, world: World) -> None:
    command = [str(PROGRAMS[-1]), "--server", address, "get", "pods", "-w"]
    environment = {"HOME": str(tmp_path), "PATH": os.environ["PATH"]}
    spec = {"containers": [{"name": "main", "image": "busybox:1.35"}]}
    world.direct.create(POD, {"metadata": {"name": "first"}, "spec": spec})
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        lines = _lines(process)
        assert next(lines)[:2] == ["NAME", "READY"]
        assert next(lines)[:3] == ["first", "0/1", "Pending"]
        world.direct.create(POD, {"metadata": {"name": "second"}, "spec": spec})
        assert next(lines)[:3] == ["second", "0/1", "Pending"]
        process.terminate()


def _lines(process: subprocess.Popen[str]) -> Iterator[list[str]]:
    assert process.stdout is not None
    for line in process.stdout:
        yield line.split()


@pytest.mark.parametrize(
    ("type_", "patch"),
    [
        ("strategic", {"spec": {"parallelism": 3}}),
        ("merge", {"spec": {"parallelism": 3}}),
        ("json", [{"op": "replace", "path": "/spec/parallelism", "value": 3}]),
    ],
)
def test_patch_types(newest: Run, world: World, type_: str, patch: Any) -> None:
    world.direct.create(JOB, job("pp", suspend=True))
    done = newest("patch", "job", "pp", "--type", type_, "-p", json.dumps(patch))
    assert done.stdout == "job.batch/pp patched\n"
    assert world.direct.get(JOB, "pp")["spec"]["parallelism"] == 3


def test_cascade_and_selection_of_delete(newest: Run, world: World) -> None:
    for name in ("a", "b", "c"):
        world.direct.create(JOB, job(name, suspend=True))
    assert newest("delete", "job", "a", "--cascade=orphan").stdout.startswith('job.batch "a" deleted')
    assert newest("delete", "jobs", "-l", "app=b", "--cascade=foreground").stdout.startswith('job.batch "b" deleted')
    assert newest("delete", "jobs", "--all", "--wait=false").stdout.startswith('job.batch "c" deleted')


def test_a_job_that_runs(tmp_path: Path) -> None:
    folder = tmp_path / "running"
    folder.mkdir()
    running = World(folder, always(ContainerRun(seconds=0.1, lines=((0.0, "ping!"), (0.1, "pong!")))))
    try:
        kubectl = runner(PROGRAMS[-1], f"http://127.0.0.1:{running.server.listen_tcp()}", tmp_path)
        kubectl("create", "-f", "-", stdin=json.dumps(job("pp")))
        assert (
            kubectl("wait", "--for=condition=complete", "job/pp", "--timeout=20s").stdout == "job.batch/pp condition met\n"
        )
        assert kubectl("logs", "job/pp").stdout == "ping!\npong!\n"
        assert kubectl("logs", "-f", "-l", "job-name=pp", "--tail=1").stdout == "pong!\n"
        assert re.search(r"pp-\w+ +0/1 +Completed +0 ", kubectl("get", "pods").stdout)
        assert "Created pod: pp-" in kubectl("get", "events").stdout
        assert "Pods Statuses:" in kubectl("describe", "job/pp").stdout
        assert kubectl("delete", "pod", "-l", "job-name=pp").stdout.startswith('pod "pp-')
    finally:
        running.close()
