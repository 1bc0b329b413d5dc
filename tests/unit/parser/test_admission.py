from __future__ import annotations

import copy
from datetime import UTC, datetime
from typing import Any

import pytest

from simulator.model.kinds import KINDS
from simulator.model.kubernetes import from_builtins, to_builtins
from simulator.parser import decode, prepare_for_create, prepare_for_update, validate_create, validate_update
from tests.vectors.cases import DEFAULT_FOLDER, cases

NOW = datetime(2024, 6, 1, 9, 0, 0, 500_000, tzinfo=UTC)
METADATA = {"name": "x", "namespace": "default"}


def pod(**spec: Any) -> dict[str, Any]:
    container = {"name": "main", "image": "busybox:1.35"}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": dict(METADATA), "spec": {"containers": [container], **spec}}


def created(obj: dict[str, Any]) -> dict[str, Any]:
    return prepare_for_create(obj, "u-1", NOW)


def test_a_pod_gets_more_defaults_than_a_template() -> None:
    obj = pod(hostNetwork=True)
    obj["spec"]["containers"][0].update(resources={"limits": {"cpu": "1"}}, ports=[{"containerPort": 80}])
    made = created(obj)
    container = made["spec"]["containers"][0]
    assert container["resources"] == {"limits": {"cpu": "1"}, "requests": {"cpu": "1"}}
    assert container["ports"] == [{"containerPort": 80, "hostPort": 80, "protocol": "TCP"}]
    assert (container["imagePullPolicy"], made["spec"]["restartPolicy"]) == ("IfNotPresent", "Always")
    assert (made["spec"]["enableServiceLinks"], made["status"]) == (True, {"phase": "Pending"})
    assert made["metadata"] == {**METADATA, "uid": "u-1", "generation": 1, "creationTimestamp": "2024-06-01T09:00:00Z"}


@pytest.mark.parametrize(
    ("image", "policy"),
    [
        ("busybox", "Always"), ("busybox:latest", "Always"), ("busybox:1.35", "IfNotPresent"),
        ("r.example:5000/a", "Always"),
        ("r.example:5000/a:1", "IfNotPresent"), (f"a@sha256:{'0' * 64}", "IfNotPresent"), ("Not A Name", "IfNotPresent"),
    ],
)  # fmt: skip
def test_the_pull_policy_follows_the_tag(image: str, policy: str) -> None:
    obj = pod()
    obj["spec"]["containers"][0]["image"] = image
    assert created(obj)["spec"]["containers"][0]["imagePullPolicy"] == policy


def test_secrets_take_plain_text() -> None:
    made = created({"kind": "Secret", "metadata": METADATA, "data": {"a": "YQ=="}, "stringData": {"b": "b"}})
    assert (made["type"], made["data"], "stringData" in made) == ("Opaque", {"a": "YQ==", "b": "Yg=="}, False)


def test_namespaces() -> None:
    made = created({"kind": "Namespace", "metadata": {"name": "n"}})
    assert (made["metadata"]["labels"], made["spec"], made["status"]) == (
        {"kubernetes.io/metadata.name": "n"},
        {"finalizers": ["kubernetes"]},
        {"phase": "Active"},
    )
    assert validate_create(made) == ([], [])


def test_an_update_keeps_status_and_identity() -> None:
    stored = created(pod())
    stored["status"] = {"phase": "Running"}
    sent = pod()
    sent["spec"]["containers"][0]["image"] = "busybox:1.36"
    made = prepare_for_update(stored, sent)
    assert (made["status"], made["metadata"]["uid"], made["metadata"]["generation"]) == ({"phase": "Running"}, "u-1", 2)
    assert validate_update(stored, made) == ([], [])


def test_what_a_pod_update_may_not_touch() -> None:
    stored = created(pod())
    made = prepare_for_update(stored, pod(hostname="h"))
    errors, _ = validate_update(stored, made)
    assert [(error.path, error.reason) for error in errors] == [("spec", "FieldValueForbidden")]


def test_what_an_immutable_config_map_refuses() -> None:
    config = {"kind": "ConfigMap", "metadata": dict(METADATA), "data": {"a": "1"}, "immutable": True}
    stored = created(config)
    made = prepare_for_update(stored, {**config, "data": {"a": "2"}})
    assert [str(error) for error in validate_update(stored, made)[0]] == [
        "data: Forbidden: field is immutable when `immutable` is set"
    ]


def test_config_map_keys() -> None:
    made = created({"kind": "ConfigMap", "metadata": dict(METADATA), "data": {"a b": "1", "..": "2"}})
    assert [error.path for error in validate_create(made)[0]] == ["data[..]", "data[a b]"]


def test_inputs_are_left_as_they_are() -> None:
    obj = pod()
    before = copy.deepcopy(obj)
    stored = created(obj)
    kept = copy.deepcopy(stored)
    prepare_for_update(stored, obj)
    assert (obj, stored) == (before, kept)


ACCEPTED = [
    case.values[0]
    for file in ("job-defaults", "cronjob-defaults")
    for case in cases(file)
    if (DEFAULT_FOLDER / f"{file}.json").exists()
]


@pytest.mark.parametrize("case", ACCEPTED, ids=lambda case: case["name"])
def test_an_accepted_tree_fits_its_struct_and_writing_it_back_changes_nothing(case: dict[str, Any]) -> None:
    stored = created(case["manifest"])
    assert validate_create(stored)[0] == []
    held = to_builtins(from_builtins(stored, KINDS[stored["kind"]].type))
    assert decode(held) == decode(stored)
    again = prepare_for_update(held, held)
    assert again["metadata"]["generation"] == 1
    assert validate_update(held, again)[0] == []
