"""The shape of a new pod, beside what tests/cli/transcripts/objects.yaml.txt shows of pods of Jobs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from simulator.controllers.job.new_pod import PodMaker
from simulator.model.kubernetes import batch_v1, from_builtins, to_builtins
from tests.unit.controllers.job.small_api import job_of

OBJECTS = Path(__file__).parents[4] / "tests/cli/transcripts/objects.yaml.txt"
FILLED_IN_BY_THE_API = {"creationTimestamp", "generation", "name", "resourceVersion", "uid"}


def shown(kind: str, app: str) -> dict[str, Any] | None:
    """The object of that kind and label `app` that the transcript shows, None if it shows none."""
    for text in OBJECTS.read_text().split("$ ")[1:]:
        listed = yaml.safe_load(text.partition("\n")[2].partition("\n[exit 0]")[0])
        for found in listed.get("items", [listed]):
            if (found["kind"], found["metadata"].get("labels", {}).get("app")) == (kind, app):
                return dict(found)
    return None


def job_behind(pod: dict[str, Any], app: str) -> dict[str, Any]:
    """The stored job of a pod, with the labels that the API server generates, where the transcript does not show it."""
    owner = pod["metadata"]["ownerReferences"][0]
    new, old = "batch.kubernetes.io/", ""
    labels = {"app": app}
    for prefix in (new, old):
        labels |= {f"{prefix}controller-uid": owner["uid"], f"{prefix}job-name": owner["name"]}
    metadata = {"name": owner["name"], "uid": owner["uid"], "namespace": "default"}
    return {"metadata": metadata, "spec": {"template": {"metadata": {"labels": labels}, "spec": pod["spec"]}}}


@pytest.mark.parametrize("app", ["crash", "multi", "sidecar", "indexed"])
def test_metadata_is_as_a_cluster_shows_it(app: str) -> None:
    pod = shown("Pod", app)
    assert pod is not None
    maker = PodMaker(from_builtins(shown("Job", app) or job_behind(pod, app), batch_v1.Job))
    index = pod["metadata"].get("annotations", {}).get("batch.kubernetes.io/job-completion-index")
    made = to_builtins(maker.pod() if index is None else maker.pod_of_index(int(index), None))
    expected = {key: value for key, value in pod["metadata"].items() if key not in FILLED_IN_BY_THE_API}
    # Pods that have ended are shown without the finalizer that they were created with.
    assert made["metadata"].pop("finalizers") == ["batch.kubernetes.io/job-tracking"]
    expected.pop("finalizers", None)
    assert made["metadata"] == expected
    assert made["spec"].get("hostname") == pod["spec"].get("hostname")
    for ours, theirs in zip(made["spec"]["containers"], pod["spec"]["containers"], strict=True):
        assert ours.get("env") == theirs.get("env")


def test_template_metadata_is_carried_over_and_not_shared() -> None:
    job = job_of()
    assert job.spec is not None
    assert job.spec.template.metadata is not None
    job.spec.template.metadata.annotations = {"note": "x"}
    job.spec.template.metadata.finalizers = ["example.com/mine"]
    maker = PodMaker(job)
    one, other = maker.pod(), maker.pod()
    assert one.metadata is not None
    assert other.metadata is not None
    assert one.metadata.generateName == "pingpong-"
    assert one.metadata.annotations == {"note": "x"}
    assert one.metadata.finalizers == ["example.com/mine", "batch.kubernetes.io/job-tracking"]
    assert one.metadata.labels is not other.metadata.labels
    assert (one.kind, one.apiVersion, one.metadata.namespace) == ("Pod", "v1", "default")


def test_the_index_variable_of_the_user_stays() -> None:
    own = {"name": "JOB_COMPLETION_INDEX", "value": "mine"}
    template = {
        "containers": [{"name": "a", "env": [own]}, {"name": "b"}],
        "initContainers": [{"name": "c", "env": [{"name": "X", "value": "1"}]}],
    }
    job = job_of(completionMode="Indexed", completions=3, template=template)
    spec = PodMaker(job).pod_of_index(2, None).spec
    assert spec is not None
    names = {c.name: [entry.name for entry in c.env or ()] for c in (*spec.containers, *(spec.initContainers or ()))}
    assert names == {"a": ["JOB_COMPLETION_INDEX"], "b": ["JOB_COMPLETION_INDEX"], "c": ["X", "JOB_COMPLETION_INDEX"]}
    assert spec.containers[0].env is not None
    assert spec.containers[0].env[0].value == "mine"
    assert job.spec is not None
    assert job.spec.template.spec is not None
    assert job.spec.template.spec.containers[1].env is None
