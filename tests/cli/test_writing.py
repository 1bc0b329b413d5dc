"""Commands that write, on a control plane with scripted containers: whole outputs and exit codes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import MANIFESTS
from tests.cli.world import World

SEED = str(MANIFESTS / "simple-job.yml")
CRON = str(MANIFESTS / "nightly-cronjob.yml")


def test_apply_says_what_became_of_each(world: World) -> None:
    assert world.kjsim("apply", "-f", SEED).both == "job.batch/pingpong created\n"
    assert world.kjsim("apply", "-f", SEED).both == "job.batch/pingpong unchanged\n"
    assert world.kjsim("apply", "-f", SEED, "-o", "name").both == "job.batch/pingpong\n"


def test_a_change_that_is_refused_names_file_and_line(world: World, tmp_path: Path) -> None:
    file = tmp_path / "fixed.yml"
    text = (MANIFESTS / "fixed-count.yml").read_text()
    file.write_text(text)
    assert world.kjsim("apply", "-f", str(file)).code == 0
    changed = [f"{line.split(':')[0]}: 77" if line.strip().startswith("completions:") else line for line in text.split("\n")]
    file.write_text("\n".join(changed))
    number = changed.index("  completions: 77") + 1
    outcome = world.kjsim("apply", "-f", str(file))
    assert outcome.both == f"error: {file}:{number}: spec.completions: Invalid value: 77: field is immutable\n"
    assert outcome.code == 1


def test_a_dry_run_creates_nothing(world: World) -> None:
    outcome = world.kjsim("apply", "-f", SEED, "--dry-run=server")
    assert (outcome.both, outcome.code) == ("job.batch/pingpong created (server dry run)\n", 0)
    assert world.kjsim("get", "jobs").both == "No resources found in default namespace.\n"


def test_create_refuses_what_is_there(world: World) -> None:
    assert world.kjsim("create", "-f", SEED).both == "job.batch/pingpong created\n"
    outcome = world.kjsim("create", "-f", SEED)
    assert outcome.code == 1
    assert 'jobs.batch "pingpong" already exists' in outcome.stderr


def test_a_job_is_made_from_an_image_or_a_cron_job(world: World) -> None:
    assert world.kjsim("create", "job", "once", "--image=busybox:1.35", "--", "true").both == "job.batch/once created\n"
    world.kjsim("create", "cronjob", "tick", "--image=busybox:1.35", "--schedule=0 0 * * *")
    assert world.kjsim("create", "job", "by-hand", "--from=cronjob/tick").both == "job.batch/by-hand created\n"
    names = world.kjsim("get", "jobs", "-o", "name").stdout.split()
    assert names == ["job.batch/by-hand", "job.batch/once"]
    assert world.kjsim("create", "job", "x", "--from=cronjob/none").code == 1
    assert world.kjsim("create", "job", "x").code == 2
    assert world.kjsim("create", "pod", "x").code == 2


def test_delete_tells_what_is_gone(world: World) -> None:
    world.kjsim("create", "job", "a", "--image=busybox:1.35")
    outcome = world.kjsim("delete", "job", "a", "--wait=false")
    assert (outcome.both, outcome.code) == ('job.batch "a" deleted from default namespace\n', 0)
    outcome = world.kjsim("delete", "job", "a")
    assert (outcome.both, outcome.code) == ('Error from server (NotFound): jobs.batch "a" not found\n', 1)
    assert world.kjsim("delete", "job", "a", "--ignore-not-found").code == 0


def test_delete_by_label_or_all(world: World) -> None:
    world.kjsim("apply", "-f", SEED)
    outcome = world.kjsim("delete", "jobs", "-l", "app=nothing")
    assert (outcome.both, outcome.code) == ("No resources found\n", 0)
    both = world.kjsim("delete", "all", "-l", "app=nothing").both
    assert both == "No resources found\n"  # once, whatever the kinds
    assert world.kjsim("delete", "jobs,cronjobs", "--all", "--wait=false").both == (
        'job.batch "pingpong" deleted from default namespace\n'
    )


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("delete", "foo", "x"), 'the server doesn\'t have a resource type "foo"'),
        (("delete", "foo/x"), 'the server doesn\'t have a resource type "foo"'),
        (("delete",), "You must provide one or more resources"),
        (("delete", "jobs", "--all", "--cascade=no"), "invalid cascade value (no)"),
        (("apply",), "must specify a file"),
        (("create",), "must specify -f FILE"),
        (("run",), "must specify a file"),
        (("run", SEED, "-o", "wide"), "unable to match a printer"),
        (("run", CRON, "--runs", "0"), "--runs takes a number from 1"),
        (("run", SEED, "--speed", "0"), "from 1 to 3600"),
        (("run", SEED, "--speed", "9", "--detach"), "don't go together"),
        (("run", SEED, "--timeout", "soon"), "invalid"),
        (("status", "-o", "yaml"), "unable to match a printer"),
    ],
)
def test_a_command_line_that_makes_no_sense_is_refused(world: World, arguments: tuple[str, ...], text: str) -> None:
    outcome = world.kjsim(*arguments)
    assert outcome.code == 2, outcome
    assert text in outcome.stderr
    assert outcome.stdout == ""


def test_there_has_to_be_something_to_run(world: World, tmp_path: Path) -> None:
    file = tmp_path / "c.yml"
    file.write_text("{apiVersion: v1, kind: ConfigMap, metadata: {name: c}}")
    outcome = world.kjsim("run", str(file))
    assert (outcome.code, outcome.stdout) == (2, "")
    assert "there is no Job and no CronJob in these manifests" in outcome.stderr


def test_every_problem_of_a_file_is_told_and_nothing_created(world: World, tmp_path: Path) -> None:
    file = tmp_path / "bad.yml"
    file.write_text((MANIFESTS / "simple-job.yml").read_text().replace("parallelism", "paralelism"))
    for command in (("run", str(file)), ("apply", "-f", str(file)), ("validate", str(file))):
        outcome = world.kjsim(*command)
        assert (outcome.code, outcome.stdout) == (2, "")
        assert 'unknown field "spec.paralelism" (did you mean "parallelism"?)' in outcome.stderr
    assert world.kjsim("get", "jobs").stderr == "No resources found in default namespace.\n"


def test_validate_names_what_is_right(world: World) -> None:
    assert world.kjsim("validate", SEED).both == f"{SEED}: job.batch/pingpong valid\n"
    assert world.kjsim("validate", SEED, "-q").both == ""


def test_status_of_a_living_control_plane_and_of_none(world: World, tmp_path: Path) -> None:
    outcome = world.kjsim("status")
    assert outcome.code == 0
    assert outcome.stdout.startswith("control plane:   alive, process ")
    from tests.cli.world import kjsim

    none = kjsim("--home", str(tmp_path / "none"), "status")
    assert none.code == 1
    assert none.both == f"no control plane is alive (state in {tmp_path / 'none'}); start one with: kjsim up\n"
    assert kjsim("--home", str(tmp_path / "none"), "down").both == "no control plane is alive\n"


def test_without_a_control_plane_apply_says_that_nothing_runs(tmp_path: Path) -> None:
    from tests.cli.world import kjsim

    outcome = kjsim("--home", str(tmp_path / "home"), "apply", "-f", SEED)
    assert outcome.stdout == "job.batch/pingpong created\n"
    assert outcome.stderr == "No control plane is alive: nothing runs before `kjsim up` (or `kjsim run FILE`).\n"
    assert kjsim("--home", str(tmp_path / "home"), "get", "pods").stderr == "No resources found in default namespace.\n"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["job", ""], "resource name may not be empty"),
        (["job/"], "arguments in resource/name form must have a single resource and name"),
        (["job/pingpong", "job/"], "arguments in resource/name form must have a single resource and name"),
        (["job/a/b"], "arguments in resource/name form may not have more than one slash"),
        (["job", "pingpong", ""], "resource name may not be empty"),
        (["job", "pingpong", "--ignore-not-found", ""], "resource name may not be empty"),
        (["-n", "a/b", "job", "pingpong"], "invalid namespace \"a/b\": [may not contain '/']"),
    ],
)
def test_a_name_that_is_none_deletes_nothing(world: World, words: list[str], message: str) -> None:
    assert world.kjsim("apply", "-f", SEED).code == 0
    outcome = world.kjsim("delete", *words)
    assert (outcome.both, outcome.code) == (f"error: {message}\n", 1)
    assert world.kjsim("get", "jobs", "-o", "name").both == "job.batch/pingpong\n"


def test_a_name_in_a_file_with_a_slash_is_told(world: World, tmp_path: Path) -> None:
    file = tmp_path / "job.yml"
    file.write_text(Path(SEED).read_text().replace("name: pingpong", "name: a/b", 1))
    outcome = world.kjsim("delete", "-f", str(file))
    assert (outcome.both, outcome.code) == ("error: invalid resource name \"a/b\": [may not contain '/']\n", 1)
