from __future__ import annotations

import json
from typing import Any

import pytest

from simulator.api.patches import (
    JSON_PATCH,
    MERGE_PATCH,
    STRATEGIC_MERGE_PATCH,
    apply_patch,
    json_patch,
    merge_patch,
)
from simulator.errors import BadRequest, Invalid, UnsupportedMediaType
from simulator.model.kinds import JOB, POD


# RFC 7386, appendix A.
@pytest.mark.parametrize(
    ("target", "patch", "result"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        (["a", "b"], ["c", "d"], ["c", "d"]),
        ({"a": "b"}, ["c"], ["c"]),
        ({"a": "foo"}, None, None),
        ({"a": "foo"}, "bar", "bar"),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_merge_patch(target: Any, patch: Any, result: Any) -> None:
    before = json.dumps(target)
    assert merge_patch(target, patch) == result
    assert json.dumps(target) == before


# RFC 6902, appendix A, and what it says in its text.
@pytest.mark.parametrize(
    ("document", "operations", "result"),
    [
        ({"foo": "bar"}, [{"op": "add", "path": "/baz", "value": "qux"}], {"baz": "qux", "foo": "bar"}),
        ({"foo": ["bar", "baz"]}, [{"op": "add", "path": "/foo/1", "value": "qux"}], {"foo": ["bar", "qux", "baz"]}),
        ({"baz": "qux", "foo": "bar"}, [{"op": "remove", "path": "/baz"}], {"foo": "bar"}),
        ({"foo": ["bar", "qux", "baz"]}, [{"op": "remove", "path": "/foo/1"}], {"foo": ["bar", "baz"]}),
        ({"baz": "qux", "foo": "bar"}, [{"op": "replace", "path": "/baz", "value": "boo"}], {"baz": "boo", "foo": "bar"}),
        (
            {"foo": {"bar": "baz", "waldo": "fred"}, "qux": {"corge": "grault"}},
            [{"op": "move", "from": "/foo/waldo", "path": "/qux/thud"}],
            {"foo": {"bar": "baz"}, "qux": {"corge": "grault", "thud": "fred"}},
        ),
        (
            {"foo": ["all", "grass", "cows", "eat"]},
            [{"op": "move", "from": "/foo/1", "path": "/foo/3"}],
            {"foo": ["all", "cows", "eat", "grass"]},
        ),
        (
            {"baz": "qux", "foo": ["a", 2, "c"]},
            [{"op": "test", "path": "/baz", "value": "qux"}, {"op": "test", "path": "/foo/1", "value": 2}],
            {"baz": "qux", "foo": ["a", 2, "c"]},
        ),
        ({"foo": "bar"}, [{"op": "add", "path": "/child", "value": {"a": {}}}], {"foo": "bar", "child": {"a": {}}}),
        ({"/": 9, "~1": 10}, [{"op": "test", "path": "/~01", "value": 10}], {"/": 9, "~1": 10}),
        ({"foo": ["bar"]}, [{"op": "add", "path": "/foo/-", "value": ["abc"]}], {"foo": ["bar", ["abc"]]}),
        (
            {"a": [1]},
            [{"op": "copy", "from": "/a", "path": "/b"}, {"op": "add", "path": "/b/0", "value": 0}],
            {"a": [1], "b": [0, 1]},
        ),
        ({"a": 1}, [{"op": "test", "path": "/b", "value": None}], {"a": 1}),
        ({"a": 1}, [{"op": "replace", "path": "", "value": {"b": 2}}], {"b": 2}),
    ],
)
def test_json_patch(document: Any, operations: Any, result: Any) -> None:
    before = json.dumps(document)
    assert json_patch(document, operations) == result
    assert json.dumps(document) == before


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "remove", "path": "/none"},
        {"op": "replace", "path": "/none", "value": 1},
        {"op": "add", "path": "/none/deep", "value": 1},
        {"op": "add", "path": "/list/3", "value": 1},
        {"op": "add", "path": "/list/01", "value": 1},
        {"op": "add", "path": "/list/x", "value": 1},
        {"op": "add", "path": "/text/x", "value": 1},
        {"op": "add", "path": "list/0", "value": 1},
        {"op": "add", "path": "/a"},
        {"op": "test", "path": "/text", "value": "y"},
        {"op": "test", "path": "/one", "value": True},
        {"op": "move", "from": "/map", "path": "/map/inner"},
        {"op": "move", "path": "/a"},
        {"op": "shake", "path": "/a"},
        {"op": "replace", "path": "", "value": 7},
    ],
)
def test_json_patch_that_does_not_fit(operation: Any) -> None:
    document = {"list": [1, 2], "text": "x", "one": 1, "map": {}}
    with pytest.raises(Invalid, match="the server rejected our request due to an error in our request"):
        json_patch(document, [operation])
    assert document == {"list": [1, 2], "text": "x", "one": 1, "map": {}}


@pytest.mark.parametrize("patch", [{"op": "remove"}, ["x"], "x", [{"op": "test", "path": "/a", "value": 1}] * 10_001])
def test_what_is_no_json_patch(patch: Any) -> None:
    with pytest.raises(BadRequest):
        json_patch({"a": 1}, patch)


def strategic(tree: Any, patch: Any) -> Any:
    before = json.dumps(tree)
    patched = apply_patch(tree, STRATEGIC_MERGE_PATCH, json.dumps(patch).encode(), POD)
    assert json.dumps(tree) == before
    return patched


def pod(**spec: Any) -> Any:
    return {"metadata": {"name": "p"}, "spec": spec}


CONTAINERS = [{"name": "a", "image": "i1", "env": [{"name": "X", "value": "1"}]}, {"name": "b", "image": "i2"}]


@pytest.mark.parametrize(
    ("before", "patch", "after"),
    [
        # Containers are merged by name, their env by name in turn.
        (
            {"containers": CONTAINERS},
            {"containers": [{"name": "b", "image": "i3"}]},
            {"containers": [CONTAINERS[0], {"name": "b", "image": "i3"}]},
        ),
        (
            {"containers": CONTAINERS},
            {"containers": [{"name": "a", "env": [{"name": "Y", "value": "2"}]}, {"name": "c", "image": "i4"}]},
            {
                "containers": [
                    {"name": "a", "image": "i1", "env": [{"name": "X", "value": "1"}, {"name": "Y", "value": "2"}]},
                    {"name": "b", "image": "i2"},
                    {"name": "c", "image": "i4"},
                ]
            },
        ),
        # A new item holds no nulls and no directives.
        ({}, {"containers": [{"name": "c", "image": None, "$setElementOrder/env": []}]}, {"containers": [{"name": "c"}]}),
        # Null takes away; so does `$patch: delete`, of an item and of what a map holds.
        ({"nodeName": "n", "restartPolicy": "Never"}, {"nodeName": None}, {"restartPolicy": "Never"}),
        ({"containers": CONTAINERS}, {"containers": [{"name": "a", "$patch": "delete"}]}, {"containers": [CONTAINERS[1]]}),
        ({"securityContext": {"runAsUser": 1}}, {"securityContext": {"$patch": "delete"}}, {"securityContext": {}}),
        # `$patch: replace`.
        (
            {"securityContext": {"runAsUser": 1}},
            {"securityContext": {"runAsGroup": 2, "$patch": "replace"}},
            {"securityContext": {"runAsGroup": 2}},
        ),
        (
            {"containers": CONTAINERS},
            {"containers": [{"name": "z"}, {"$patch": "replace"}]},
            {"containers": [{"name": "z"}]},
        ),
        # Other merge keys.
        (
            {
                "containers": [
                    {"name": "a", "ports": [{"containerPort": 80}], "volumeMounts": [{"name": "v", "mountPath": "/v"}]}
                ]
            },
            {
                "containers": [
                    {
                        "name": "a",
                        "ports": [{"containerPort": 80, "name": "web"}, {"containerPort": 81}],
                        "volumeMounts": [{"mountPath": "/v", "readOnly": True}],
                    }
                ]
            },
            {
                "containers": [
                    {
                        "name": "a",
                        "ports": [{"containerPort": 80, "name": "web"}, {"containerPort": 81}],
                        "volumeMounts": [{"name": "v", "mountPath": "/v", "readOnly": True}],
                    }
                ]
            },
        ),
        (
            {"hostAliases": [{"ip": "1.1.1.1", "hostnames": ["a"]}], "imagePullSecrets": [{"name": "x"}]},
            {"hostAliases": [{"ip": "1.1.1.1", "hostnames": ["b"]}], "imagePullSecrets": [{"name": "y"}]},
            {"hostAliases": [{"ip": "1.1.1.1", "hostnames": ["b"]}], "imagePullSecrets": [{"name": "x"}, {"name": "y"}]},
        ),
        # Lists without a merge key are replaced.
        (
            {"tolerations": [{"key": "a"}, {"key": "b"}], "containers": [{"name": "a", "args": ["x", "y"]}]},
            {"tolerations": [{"key": "c"}], "containers": [{"name": "a", "args": ["z"]}]},
            {"tolerations": [{"key": "c"}], "containers": [{"name": "a", "args": ["z"]}]},
        ),
        # A volume changes its source: only the fields that are named stay.
        (
            {"volumes": [{"name": "v", "emptyDir": {}}]},
            {"volumes": [{"$retainKeys": ["name", "hostPath"], "name": "v", "hostPath": {"path": "/x"}}]},
            {"volumes": [{"name": "v", "hostPath": {"path": "/x"}}]},
        ),
        # The order that is asked for; items that the patch does not name keep their place among the others.
        (
            {"containers": [{"name": "a"}, {"name": "b"}, {"name": "c"}]},
            {
                "$setElementOrder/containers": [{"name": "c"}, {"name": "b"}, {"name": "a"}],
                "containers": [{"name": "b", "tty": True}],
            },
            {"containers": [{"name": "c"}, {"name": "b", "tty": True}, {"name": "a"}]},
        ),
        (
            {"containers": [{"name": "a"}, {"name": "server"}, {"name": "b"}]},
            {"$setElementOrder/containers": [{"name": "b"}, {"name": "a"}]},
            {"containers": [{"name": "server"}, {"name": "b"}, {"name": "a"}]},
        ),
        (
            {"containers": [{"name": "a"}, {"name": "server"}]},
            {
                "$setElementOrder/containers": [{"name": "a"}, {"name": "new"}],
                "containers": [{"name": "new"}],
            },
            {"containers": [{"name": "a"}, {"name": "new"}, {"name": "server"}]},
        ),
        # A field whose type nobody knows is merged as plain JSON.
        ({"unknown": {"a": 1, "l": [1]}}, {"unknown": {"b": 2, "l": [2]}}, {"unknown": {"a": 1, "b": 2, "l": [2]}}),
    ],
)
def test_strategic_merge_patch_of_a_spec(before: Any, patch: Any, after: Any) -> None:
    assert strategic(pod(**before), {"spec": patch}) == pod(**after)


def test_strategic_merge_patch_of_metadata() -> None:
    before = {
        "labels": {"a": "1", "b": "2"},
        "finalizers": ["x", "y"],
        "ownerReferences": [{"uid": "1", "name": "a"}, {"uid": "2", "name": "b"}],
    }
    patch = {
        "labels": {"a": None, "c": "3"},
        "finalizers": ["z", "x"],
        "$deleteFromPrimitiveList/finalizers": ["y"],
        "ownerReferences": [{"uid": "1", "$patch": "delete"}, {"uid": "2", "controller": True}],
    }
    assert strategic({"metadata": before}, {"metadata": patch})["metadata"] == {
        "labels": {"b": "2", "c": "3"},
        "finalizers": ["x", "z"],
        "ownerReferences": [{"uid": "2", "name": "b", "controller": True}],
    }


def test_strategic_merge_patch_reaches_the_template_of_a_job() -> None:
    job = {"spec": {"template": {"spec": {"containers": [{"name": "a", "image": "x"}], "restartPolicy": "Never"}}}}
    patch = b'{"spec":{"template":{"spec":{"containers":[{"name":"a","image":"y"}]}}}}'
    patched = apply_patch(job, STRATEGIC_MERGE_PATCH, patch, JOB)
    assert patched["spec"]["template"]["spec"] == {"containers": [{"name": "a", "image": "y"}], "restartPolicy": "Never"}


@pytest.mark.parametrize(
    "patch",
    [
        {"spec": {"$patch": "mangle"}},
        {"spec": {"containers": [{"name": "a", "$patch": "mangle"}]}},
        {"spec": {"containers": [{"image": "x"}]}},
        {"spec": {"containers": ["x"]}},
        {"spec": {"$setElementOrder/containers": "a", "containers": [{"name": "a"}]}},
        {"metadata": {"$deleteFromPrimitiveList/finalizers": "x"}},
        {"spec": {"volumes": [{"name": "v", "$retainKeys": "name"}]}},
        {"spec": {"volumes": [{"name": "v", "emptyDir": {}, "$retainKeys": ["name"]}]}},
    ],
)
def test_strategic_merge_patch_that_makes_no_sense(patch: Any) -> None:
    with pytest.raises(BadRequest):
        strategic(pod(containers=CONTAINERS), patch)


def test_content_types() -> None:
    tree = {"metadata": {"name": "p"}}
    assert apply_patch(tree, MERGE_PATCH, b'{"a":1}', POD) == {"metadata": {"name": "p"}, "a": 1}
    assert apply_patch(tree, JSON_PATCH, b'[{"op":"add","path":"/a","value":1}]', POD)["a"] == 1
    with pytest.raises(UnsupportedMediaType, match="application/merge-patch"):
        apply_patch(tree, "application/apply-patch+yaml", b"{}", POD)
    for content_type, body in ((MERGE_PATCH, b"[]"), (MERGE_PATCH, b"{"), (STRATEGIC_MERGE_PATCH, b"null")):
        with pytest.raises(BadRequest, match="error decoding patch"):
            apply_patch(tree, content_type, body, POD)
