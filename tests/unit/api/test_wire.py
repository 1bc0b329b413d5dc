"""The wire form against what a real cluster showed: every object of the transcript goes in and comes out unchanged."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from simulator.api.wire import item_tree, list_tree, micro_time, object_tree
from simulator.model.kinds import JOB, KINDS
from simulator.model.kubernetes import batch_v1, core_v1, from_builtins, meta_v1

TRANSCRIPT = Path(__file__).parents[2] / "cli" / "transcripts" / "objects.yaml.txt"


def shown_objects() -> Iterator[Any]:
    loader = type("Loader", (yaml.SafeLoader,), {"yaml_implicit_resolvers": _without_times()})
    for part in TRANSCRIPT.read_text().split("$ kubectl ")[1:]:
        command, _, text = part.partition("\n")
        tree = yaml.load(text.partition("[exit 0]")[0], Loader=loader)
        for number, obj in enumerate(tree["items"] if tree["kind"] == "List" else [tree]):
            yield pytest.param(obj, id=f"{command.partition(' -o')[0]} {number}")


def _without_times() -> Any:
    resolvers = yaml.SafeLoader.yaml_implicit_resolvers
    return {key: [pair for pair in pairs if "timestamp" not in pair[0]] for key, pairs in resolvers.items()}


@pytest.mark.parametrize("shown", list(shown_objects()))
def test_an_object_comes_out_as_a_cluster_shows_it(shown: Any) -> None:
    kind = KINDS[shown["kind"]]
    assert object_tree(from_builtins(shown, kind.type)) == shown


def test_what_is_always_there() -> None:
    metadata = meta_v1.ObjectMeta(name="x")
    assert object_tree(batch_v1.Job(metadata=metadata))["status"] == {}
    assert object_tree(core_v1.ConfigMap(metadata=metadata)) == {
        "kind": "ConfigMap",
        "apiVersion": "v1",
        "metadata": {"name": "x"},
    }
    pod = core_v1.Pod(metadata=metadata, status=core_v1.PodStatus(conditions=[core_v1.PodCondition("True", "Ready")]))
    assert object_tree(pod)["status"]["conditions"] == [
        {"type": "Ready", "status": "True", "lastProbeTime": None, "lastTransitionTime": None}
    ]
    event = core_v1.Event(core_v1.ObjectReference(kind="Pod"), metadata, eventTime=datetime(2026, 1, 1, tzinfo=UTC))
    assert object_tree(event)["eventTime"] == "2026-01-01T00:00:00.000000Z"
    assert micro_time(None) is None


def test_items_of_a_list_carry_no_kind() -> None:
    job = batch_v1.Job(metadata=meta_v1.ObjectMeta(name="x"))
    listed = list_tree(JOB, [item_tree(job)], 7)
    assert listed == {
        "kind": "JobList",
        "apiVersion": "batch/v1",
        "metadata": {"resourceVersion": "7"},
        "items": [{"metadata": {"name": "x"}, "spec": {}, "status": {}}],
    }
