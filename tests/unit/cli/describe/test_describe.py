from __future__ import annotations

from datetime import UTC, datetime

import pytest

from simulator.cli.describe import describe

NOW = datetime(2024, 6, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize("kind", ["Job", "CronJob", "Pod", "ConfigMap", "Secret", "Namespace", "Event"])
def test_an_object_with_nothing_but_a_name(kind: str) -> None:
    obj = {"kind": kind, "metadata": {"name": "x"}, "spec": {"containers": []}}
    assert describe(obj, [], NOW).startswith("Name:")


def test_config_map() -> None:
    obj = {"kind": "ConfigMap", "metadata": {"name": "c", "namespace": "n"}, "data": {"k": "v"}, "binaryData": {"b": "AAE="}}
    assert describe(obj, None, NOW) == (
        "Name:         c\nNamespace:    n\nLabels:       <none>\nAnnotations:  <none>\n"
        "\nData\n====\nk:\n----\nv\n\n\nBinaryData\n====\nb: 2 bytes\n\n"
    )


def test_a_secret_does_not_show_its_values() -> None:
    obj = {"kind": "Secret", "metadata": {"name": "s", "namespace": "n"}, "type": "Opaque", "data": {"token": "c2VjcmV0"}}
    assert describe(obj, [], NOW).endswith("\nType:  Opaque\n\nData\n====\ntoken:  6 bytes\n")


def test_qos_class_of_a_pod_without_status() -> None:
    amounts = {"cpu": "1", "memory": "1Gi"}
    container = {"name": "a", "image": "i", "resources": {"limits": amounts, "requests": amounts}}
    pod = {"kind": "Pod", "metadata": {"name": "p"}, "spec": {"containers": [container]}}
    assert "QoS Class:        Guaranteed\n" in describe(pod, [], NOW)


def test_a_kind_without_a_page_of_its_own() -> None:
    event = {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": "e", "namespace": "n", "uid": "u"},
        "involvedObject": {"kind": "Job"},
        "eventTime": None,
        "seen": [True, "x"],
    }
    assert describe(event, [], NOW) == (
        "Name:         e\nNamespace:    n\nLabels:       <none>\nAnnotations:  <none>\nAPI Version:  v1\n"
        "Event Time:   <nil>\nInvolved Object:\n  Kind:  Job\nKind:    Event\nMetadata:\n  UID:  u\nSeen:\n  true\n  x\n"
        "Events:  <none>\n"
    )
