from typing import Any

import pytest

from simulator.cli.log_selection import Choice, Source, by_interest, choose_containers
from simulator.errors import KjsimError


def pod(name: str = "p", containers: str = "a", init: str = "", **status: Any) -> dict[str, Any]:
    return {
        "metadata": {"name": name, "creationTimestamp": status.pop("created", "2026-01-01T00:00:00Z")},
        "spec": {
            "nodeName": "n",
            "containers": [{"name": c} for c in containers.split()],
            "initContainers": [{"name": c} for c in init.split()],
        },
        "status": status,
    }


def test_the_only_container_needs_no_word() -> None:
    assert choose_containers(pod()) == Choice((Source("p", "a"),))


def test_the_first_of_several_is_taken_and_said() -> None:
    choice = choose_containers(pod(containers="a b", init="prep"))
    assert choice == Choice((Source("p", "a"),), 'Defaulted container "a" out of: a, b, prep (init)')


def test_an_annotation_presets_the_container() -> None:
    annotated = pod(containers="a b")
    annotated["metadata"]["annotations"] = {"kubectl.kubernetes.io/default-container": "b"}
    assert choose_containers(annotated) == Choice((Source("p", "b"),))


def test_all_containers_init_containers_first() -> None:
    assert [s.container for s in choose_containers(pod(containers="a b", init="prep"), all_containers=True).sources] == [
        "prep",
        "a",
        "b",
    ]


def test_a_container_by_name() -> None:
    assert choose_containers(pod(containers="a b", init="prep"), container="prep").sources == (Source("p", "prep"),)
    with pytest.raises(KjsimError) as error:
        choose_containers(pod("multi-v47dc", "a b", "prep"), container="nope")
    assert str(error.value) == "container nope is not valid for pod multi-v47dc out of: a, b, prep (init)"


def test_the_pod_of_most_interest_comes_first() -> None:
    ready = [{"type": "Ready", "status": "True", "lastTransitionTime": "2026-01-01T00:00:09Z"}]
    older = [{"type": "Ready", "status": "True", "lastTransitionTime": "2026-01-01T00:00:05Z"}]
    pods = [
        pod("pending", phase="Pending"),
        pod("young", phase="Failed", created="2026-01-01T00:00:02Z"),
        pod("old", phase="Failed"),
        pod("restarted", phase="Running", containerStatuses=[{"restartCount": 2}]),
        pod("ready", phase="Running", conditions=ready),
        pod("ready longer", phase="Running", conditions=older),
    ]
    assert [p["metadata"]["name"] for p in by_interest(pods)] == [
        "ready longer",
        "ready",
        "restarted",
        "old",
        "young",
        "pending",
    ]
