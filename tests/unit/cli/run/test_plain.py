"""The view on a pipe: one line for each change of a pod's status."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import Any

from simulator.cli.run.plain import PlainView, trouble
from simulator.cli.run.progress import Progress

NOW = datetime(2026, 11, 23, 10, 33, 17, tzinfo=UTC)
Tree = dict[str, Any]


def pod(state: Tree, phase: str = "Pending") -> Tree:
    container = {"name": "main", "image": "i", "imageID": "", "ready": False, "restartCount": 0, "state": state}
    return {
        "kind": "Pod",
        "apiVersion": "v1",
        "metadata": {"uid": "u", "name": "p", "namespace": "default", "creationTimestamp": "2026-11-23T10:33:17Z"},
        "spec": {"containers": [{"name": "main", "image": "i"}]},
        "status": {"phase": phase, "containerStatuses": [container]},
    }


def shown(*pods: Tree) -> str:
    out = io.StringIO()
    view = PlainView(out, out)
    for each in pods:
        view.update(Progress(pods={"u": each}), NOW)
    return out.getvalue()


def test_a_status_is_told_once() -> None:
    creating, running = pod({"waiting": {"reason": "ContainerCreating"}}), pod({"running": {}}, "Running")
    assert shown(creating, creating, running) == "pod/p ContainerCreating\npod/p Running\n"


def test_trouble_comes_with_its_message_and_is_not_repeated_while_it_counts_on() -> None:
    first = pod({"waiting": {"reason": "ImagePullBackOff", "message": "Back-off 10s"}})
    second = pod({"waiting": {"reason": "ImagePullBackOff", "message": "Back-off 20s"}})
    assert shown(first, second) == "pod/p ImagePullBackOff: Back-off 10s\n"
    assert trouble(first) == "ImagePullBackOff: Back-off 10s"
    assert trouble(pod({"running": {}})) == ""


def test_log_lines_name_the_container_where_there_are_several() -> None:
    out, notes = io.StringIO(), io.StringIO()
    view = PlainView(out, notes)
    view.log("p", "main", "one", is_only=True)
    view.log("p", "main", "two", is_only=False)
    view.say("about the run")
    assert out.getvalue() == "[p] one\n[p/main] two\n"
    assert notes.getvalue() == "about the run\n"
