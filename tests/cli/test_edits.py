"""`patch`, `label`, `annotate`: what they change, and how they say it (kubectl's words)."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.model.kinds import JOB
from tests.cli.conftest import MANIFESTS
from tests.cli.world import World


@pytest.fixture
def job(world: World) -> World:
    world.create((MANIFESTS / "simple-job.yml").read_text())
    return world


@pytest.mark.parametrize(
    ("words", "said", "code"),
    [
        ("job pingpong team=a", "job.batch/pingpong labeled\n", 0),
        ("job/pingpong app=pingpong", "job.batch/pingpong not labeled\n", 0),
        ("job pingpong app=other", "error: 'app' already has a value (pingpong), and --overwrite is false\n", 1),
        ("job pingpong app=other --overwrite", "job.batch/pingpong labeled\n", 0),
        ("job pingpong app-", "job.batch/pingpong unlabeled\n", 0),
        ("job pingpong nope-", 'label "nope" not found.\njob.batch/pingpong not labeled\n', 0),
        ("jobs --all team=a -o name", "job.batch/pingpong\n", 0),
        ("jobs -l app=none team=a", "", 0),
        ("jobs team=a", "error: resource(s) were provided, but no name was specified\n", 1),
        (
            "job/pingpong job/nope team=a",
            'job.batch/pingpong labeled\nError from server (NotFound): jobs.batch "nope" not found\n',
            1,
        ),
        ("job pingpong", "error: at least one label update is required\n", 2),
        ("job pingpong a=b job", "error: all resources must be specified before label changes: job\n", 2),
        ("job pingpong a=b a-", "error: can not both modify and remove a label in the same command\n", 2),
    ],
)
def test_label(job: World, words: str, said: str, code: int) -> None:
    outcome = job.kjsim("label", *words.split())
    assert (outcome.both, outcome.code) == (said, code)


def test_labels_are_kept(job: World) -> None:
    job.kjsim("label", "job", "pingpong", "team=a", "empty=", "app-")
    assert job.client.get(JOB, "pingpong", "default")["metadata"]["labels"] == {"team": "a", "empty": ""}


def test_annotate(job: World) -> None:
    assert job.kjsim("annotate", "job", "pingpong", "note=a b=c").both == "job.batch/pingpong annotated\n"
    assert job.client.get(JOB, "pingpong", "default")["metadata"]["annotations"] == {"note": "a b=c"}
    refused = job.kjsim("annotate", "job", "pingpong", "note=x")
    assert refused.code == 1
    assert refused.both == (
        "error: --overwrite is false but found the following declared annotation(s): 'note' already has a value (a b=c)\n"
    )
    assert job.kjsim("annotate", "job", "pingpong", "note-").code == 0
    assert not job.client.get(JOB, "pingpong", "default")["metadata"].get("annotations")


@pytest.mark.parametrize(
    ("words", "said", "code"),
    [
        (("-p", '{"spec":{"suspend":true}}'), "job.batch/pingpong patched\n", 0),
        (("-p", "spec: {suspend: true}"), "job.batch/pingpong patched\n", 0),
        (("-p", "{}"), "job.batch/pingpong patched (no change)\n", 0),
        (
            ("--type=json", "-p", '[{"op":"replace","path":"/spec/parallelism","value":1}]'),
            "job.batch/pingpong patched\n",
            0,
        ),
        (
            ("-p", '{"spec":{"completions":5}}'),
            'The Job "pingpong" is invalid: spec.completions: Invalid value: 5: field is immutable\n',
            1,
        ),
        (
            ("-p", '{"spec":{"parallelism":"x"}}'),
            'The request is invalid: patch: Invalid value: "map[spec:map[parallelism:x]]": '
            "json: cannot unmarshal string into Go struct field JobSpec.spec.parallelism of type int32\n",
            1,
        ),
        ((), "error: must specify --patch or --patch-file containing the contents of the patch\n", 2),
        (("-p", "{}", "--type=foo"), 'error: --type must be one of [json merge strategic], not "foo"\n', 2),
        (("--patch-file", "nope.json"), "error: unable to read patch file: open nope.json: no such file or directory\n", 1),
    ],
)
def test_patch(job: World, words: tuple[str, ...], said: str, code: int) -> None:
    outcome = job.kjsim("patch", "job", "pingpong", *words)
    assert (outcome.both, outcome.code) == (said, code)


def test_patch_from_a_file(job: World, tmp_path: Path) -> None:
    (tmp_path / "patch.yml").write_text("spec:\n  parallelism: 2\n")
    assert job.kjsim("patch", "job/pingpong", "--patch-file", str(tmp_path / "patch.yml")).code == 0
    assert job.client.get(JOB, "pingpong", "default")["spec"]["parallelism"] == 2
