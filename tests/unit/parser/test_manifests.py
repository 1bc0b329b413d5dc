from __future__ import annotations

import contextlib
from pathlib import Path
from random import Random
from typing import Any

import pytest
import yaml

from simulator.errors import KjsimError, ManifestError
from simulator.parser import check_manifests, check_paths, read_manifests, read_paths
from simulator.parser.manifests import split_path

JOB = """\
apiVersion: batch/v1
kind: Job
metadata:
  name: pingpong
spec:
  parallelism: 3
  template:
    spec:
      containers:
      - name: pingpong
        image: busybox:1.35
      restartPolicy: Never
"""


def told(text: str) -> list[str]:
    with pytest.raises(ManifestError) as caught:
        check_manifests(read_manifests(text, "job.yml"))
    return str(caught.value).splitlines()


def test_a_good_manifest() -> None:
    (manifest,) = check_manifests(read_manifests(JOB, "job.yml"))
    assert (manifest.kind.kind, manifest.file, manifest.warnings) == ("Job", "job.yml", [])
    assert manifest.position("spec.parallelism") == (6, 3)
    assert manifest.position("spec.template.spec.containers[0].image") == (11, 9)
    assert manifest.position("spec.template.spec.containers[0].command") == (10, 9)


def test_all_problems_at_once_each_with_its_line() -> None:
    text = JOB.replace("parallelism: 3", "parallelism: -3\n  backoffLimit: -1").replace("image: busybox:1.35", "env: []")
    assert told(text.replace("Never", "Always")) == [
        "job.yml:6: spec.parallelism: Invalid value: -3: must be greater than or equal to 0",
        "job.yml:7: spec.backoffLimit: Invalid value: -1: must be greater than or equal to 0",
        "job.yml:11: spec.template.spec.containers[0].image: Required value",
        'job.yml:13: spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"',
    ]


def test_a_misspelt_field() -> None:
    assert told(JOB.replace("parallelism", "paralelism")) == [
        'job.yml:6: unknown field "spec.paralelism" (did you mean "parallelism"?)'
    ]


def test_a_misspelt_field_beside_a_broken_rule() -> None:
    text = JOB.replace("parallelism: 3", "parallelism: -3").replace("restartPolicy", "restartPolcy")
    assert told(text) == [
        "job.yml:6: spec.parallelism: Invalid value: -3: must be greater than or equal to 0",
        'job.yml:12: unknown field "spec.template.spec.restartPolcy" (did you mean "restartPolicy"?)',
    ]


def test_a_wrong_type() -> None:
    assert told(JOB.replace("parallelism: 3", "parallelism: three").replace("- name: pingpong", "- name: 1")) == [
        "job.yml:6: json: cannot unmarshal string into Go struct field JobSpec.spec.parallelism of type int32",
        "job.yml:10: json: cannot unmarshal number into Go struct field "
        "Container.spec.template.spec.containers.name of type string",
    ]


def test_a_wrong_type_beside_broken_rules() -> None:
    text = JOB.replace("parallelism: 3", "parallelism: three\n  backoffLimit: -1").replace(
        "- name: pingpong\n        image: busybox:1.35", "- pingpong"
    )
    text = text.replace("restartPolicy: Never", "restartPolicy: Sometimes")
    found = told(text)
    assert found[:2] == [
        "job.yml:6: json: cannot unmarshal string into Go struct field JobSpec.spec.parallelism of type int32",
        "job.yml:7: spec.backoffLimit: Invalid value: -1: must be greater than or equal to 0",
    ]
    assert any("Sometimes" in line for line in found)
    assert not any("spec.template.spec.containers: Required" in line for line in found)  # they are there, if misshapen


@pytest.mark.parametrize("seed", range(100))
def test_nothing_in_the_wrong_place_breaks_the_checks(seed: int) -> None:
    chance = Random(seed)
    tree = yaml.safe_load(JOB)
    for _ in range(chance.randint(1, 4)):
        parent, name = chance.choice([place for place in places(tree) if place[1] not in ("apiVersion", "kind")])
        parent[name] = chance.choice(["words", 5, 1.5, True, [], {}, [1], ["a"], {"a": "b"}, [{}], [[]], None])
    with contextlib.suppress(ManifestError):
        check_manifests(read_manifests(yaml.safe_dump(tree), "job.yml"))


def places(tree: Any) -> list[tuple[Any, Any]]:
    """Every container in a tree, with each key or index of it."""
    items = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    return [place for key, value in items for place in ((tree, key), *places(value))]


def test_problems_of_several_documents() -> None:
    assert told(f"{JOB}---\nkind: Jobb\napiVersion: batch/v1\n---\na: [1\n---\nwords\n---\nmetadata: {{}}\n") == [
        'job.yml:14: no matches for kind "Jobb" in version "batch/v1" (did you mean "Job"?)',
        "job.yml:18: error converting YAML to JSON: yaml: line 1: did not find expected ',' or ']'",
        "job.yml:19: json: cannot unmarshal string into Go value of type unstructured.detector",
        "job.yml:21: Object 'Kind' is missing in '{\"metadata\":{}}'",
    ]


def test_a_kind_of_another_version() -> None:
    assert told(JOB.replace("batch/v1", "batch/v2")) == [
        'job.yml:1: no matches for kind "Job" in version "batch/v2" (use batch/v1)'
    ]
    assert told("apiVersion: apps/v1\nkind: Deployment\n")[0].startswith(
        'job.yml:2: no matches for kind "Deployment" in version "apps/v1" (kjsim knows batch/v1 Job, '
    )


CRON_JOB = """\
apiVersion: batch/v1beta1
kind: CronJob
metadata: {name: pingpong}
spec:
  schedule: "*/1 * * * *"
  jobTemplate:
    spec:
      template:
        spec:
          containers: [{name: main, image: busybox}]
          restartPolicy: OnFailure
"""


def test_the_old_version_of_cron_jobs_is_an_alias() -> None:
    (manifest,) = check_manifests(read_manifests(CRON_JOB, "cron.yml"))
    assert manifest.object["apiVersion"] == "batch/v1"
    assert manifest.warnings == [
        "batch/v1beta1 CronJob is deprecated in v1.21+, unavailable in v1.25+; use batch/v1 CronJob"
    ]


def test_there_never_was_a_job_of_that_version() -> None:
    assert told(JOB.replace("batch/v1", "batch/v1beta1"))[0].startswith('job.yml:1: no matches for kind "Job" in version')


def test_a_schedule_that_does_not_parse() -> None:
    assert told(CRON_JOB.replace("*/1", "61")) == [
        'job.yml:5: spec.schedule: Invalid value: "61 * * * *": end of range (61) above maximum (59): 61'
    ]


def test_lists_are_taken_apart_with_positions() -> None:
    items = "".join(f"- {line}\n" if not number else f"  {line}\n" for number, line in enumerate(JOB.splitlines()))
    text = f"apiVersion: v1\nkind: List\nitems:\n{items}{items.replace('parallelism: 3', 'parallelism: -1')}"
    first, second = read_manifests(text, "list.yml")
    assert (first.position("spec.parallelism"), second.position("spec.parallelism")) == ((9, 5), (21, 5))
    assert told(text) == ["job.yml:21: spec.parallelism: Invalid value: -1: must be greater than or equal to 0"]


def test_json_manifests() -> None:
    text = '{"apiVersion": "v1", "kind": "ConfigMap",\n "metadata": {"name": "c"},\n "dat": {"a": "b"}}'
    assert told(text) == ['job.yml:3: unknown field "dat" (did you mean "data"?)']


def test_fields_without_effect_are_named() -> None:
    text = JOB.replace(
        "      restartPolicy", "      nodeSelector: {disk: ssd}\n      runtimeClassName: gvisor\n      restartPolicy"
    )
    (manifest,) = check_manifests(read_manifests(text, "job.yml"))
    assert [warning.partition(":")[0] for warning in manifest.warnings] == [
        "spec.template.spec.nodeSelector",
        "spec.template.spec.runtimeClassName",
    ]


def test_what_a_server_would_say() -> None:
    (manifest,) = check_manifests(read_manifests(JOB.replace("name: pingpong\nspec", "name: ping.pong\nspec"), "job.yml"))
    assert manifest.server_warnings[0].startswith("metadata.name: this is used in Pod names and hostnames")


def test_a_generated_name() -> None:
    (manifest,) = check_manifests(
        read_manifests(JOB.replace("  name: pingpong\nspec", "  generateName: ping-\nspec"), "job.yml")
    )
    assert "name" not in manifest.object["metadata"]
    assert told(JOB.replace("  name: pingpong\nspec", "  labels: {}\nspec"))[0] == (
        "job.yml:3: metadata.name: Required value: name or generateName is required"
    )


def test_an_empty_file_has_no_manifests() -> None:
    assert read_manifests("", "job.yml") == read_manifests("---\n# x\n", "job.yml") == []


def test_files_and_folders(tmp_path: Path) -> None:
    (tmp_path / "b.yml").write_text(JOB)
    (tmp_path / "a.json").write_text('{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "n"}}')
    (tmp_path / "readme.md").write_text("x")
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "c.yaml").write_text(JOB)
    assert [Path(manifest.file).name for manifest in read_paths([str(tmp_path)])] == ["a.json", "b.yml"]
    assert len(read_paths([str(tmp_path)], recursive=True)) == 3
    with pytest.raises(KjsimError, match=r'the path "missing\.yml" does not exist'):
        read_paths(["missing.yml"])


def test_a_folder_without_manifests(tmp_path: Path) -> None:
    with pytest.raises(KjsimError, match="recognized file extensions"):
        read_paths([str(tmp_path)])


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    (tmp_path / "x.yml").write_bytes(b"a: 1\nb: \xff\xfe\n")
    with pytest.raises(ManifestError) as caught:
        read_paths([str(tmp_path / "x.yml")])
    assert caught.value.problems[0].line == 2


@pytest.mark.parametrize(
    ("path", "parts"),
    [
        ("spec.template.spec.containers[0].name", ("spec", "template", "spec", "containers", 0, "name")),
        ("metadata.labels[batch.kubernetes.io/job-name]", ("metadata", "labels", "batch.kubernetes.io/job-name")),
        ("", ()),
    ],
)  # fmt: skip
def test_field_paths(path: str, parts: tuple[str | int, ...]) -> None:
    assert split_path(path) == parts


def test_what_cannot_be_read_hides_nothing(tmp_path: Path) -> None:
    wrong = JOB.replace("parallelism", "paralelism")
    (tmp_path / "a.yml").write_text(wrong)
    (tmp_path / "b.yml").write_bytes(b"\xff")
    (tmp_path / "c.yml").write_text(f"kind: Jobb\napiVersion: batch/v1\n---\n{wrong}---\na: [1\n")
    with pytest.raises(ManifestError) as caught:
        check_paths([str(tmp_path)], "default")
    assert [(Path(problem.file).name, problem.line) for problem in caught.value.problems] == [
        ("a.yml", 6),
        ("b.yml", 1),
        ("c.yml", 1),
        ("c.yml", 9),
        ("c.yml", 18),
    ]
