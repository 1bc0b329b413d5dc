from __future__ import annotations

from datetime import UTC, datetime

from simulator.api.tables import cells, columns, row_conditions, table_row

NOW = datetime(2024, 6, 1, 12, tzinfo=UTC)


def test_a_kind_without_a_printer_shows_name_and_age() -> None:
    lease = {"kind": "Lease", "metadata": {"name": "l", "creationTimestamp": "2024-06-01T11:00:00Z"}}
    assert [column["name"] for column in columns("Lease")] == ["Name", "Age"]
    assert cells(lease, NOW) == ["l", "60m"]


def test_an_empty_object_has_a_row() -> None:
    for kind in ("Pod", "Job", "CronJob", "Event", "ConfigMap", "Secret", "Namespace", "Node", "Service"):
        assert len(cells({"kind": kind}, NOW)) == len(columns(kind))


def test_the_row_of_an_ended_pod_says_so() -> None:
    pod = {"kind": "Pod", "metadata": {"name": "p"}, "status": {"phase": "Failed"}}
    assert row_conditions(pod)[0]["reason"] == "Failed"
    assert table_row(pod, NOW, None)["conditions"] == row_conditions(pod)
    assert "conditions" not in table_row({"kind": "Pod"}, NOW, None)
