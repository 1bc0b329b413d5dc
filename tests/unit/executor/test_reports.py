from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from simulator.executor.docker.reports import address_of, container_report, key_of, parse_time
from simulator.pods.executor import ContainerKey

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ZERO = "0001-01-01T00:00:00Z"
LABELS = {
    "io.kubernetes.pod.uid": "u1",
    "io.kubernetes.container.name": "main",
    "kjsim.io/kind": "main",
    "kjsim.io/attempt": "3",
    "kjsim.io/sandbox-attempt": "1",
}


def inspection(**state: Any) -> dict[str, Any]:
    return {
        "Id": "abc",
        "Image": "sha256:1",
        "Created": "2026-03-01T11:59:00.123456789Z",
        "Config": {"Labels": LABELS, "Image": "busybox:1.35"},
        "State": {"StartedAt": ZERO, "FinishedAt": ZERO, "ExitCode": 0, **state},
    }


def test_key() -> None:
    assert key_of(LABELS) == ContainerKey("u1", "main", 3)
    assert key_of({**LABELS, "kjsim.io/kind": "infra"}) is None
    assert key_of({**LABELS, "kjsim.io/attempt": "x"}) is None
    assert key_of({}) is None


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        (ZERO, None),
        ("", None),
        ("2026-03-01T12:00:00Z", NOW),
        ("2026-03-01T12:00:00.5Z", NOW.replace(microsecond=500_000)),
        ("2026-03-01T12:00:00.123456789Z", NOW.replace(microsecond=123_456)),
        ("2026-03-01T14:00:00.1234567+02:00", NOW.replace(microsecond=123_456)),
    ],
)
def test_time(text: str, instant: datetime | None) -> None:
    assert parse_time(text) == instant


def test_running() -> None:
    report = container_report(inspection(Status="running", StartedAt="2026-03-01T12:00:00Z", FinishedAt=ZERO), NOW)
    assert (report.state, report.started_time, report.finished_time) == ("running", NOW, None)
    assert (report.container_id, report.image, report.image_id) == ("abc", "busybox:1.35", "sha256:1")
    assert report.sandbox_attempt == 1
    assert report.created_time == datetime(2026, 3, 1, 11, 59, 0, 123456, tzinfo=UTC)


def test_exited() -> None:
    state = {"StartedAt": "2026-03-01T12:00:01Z", "FinishedAt": "2026-03-01T12:00:03Z"}
    report = container_report(inspection(Status="exited", ExitCode=7, **state), NOW, "told")
    assert (report.state, report.exit_code, report.reason, report.message) == ("exited", 7, "", "told")
    assert report.finished_time == NOW.replace(second=3)
    killed = container_report(inspection(Status="exited", ExitCode=0, OOMKilled=True, **state), NOW)
    assert (killed.exit_code, killed.reason) == (0, "OOMKilled")


def test_an_instant_process_does_not_end_before_it_began() -> None:
    state = {"StartedAt": "2026-03-01T12:00:00.5Z", "FinishedAt": "2026-03-01T12:00:00.4Z"}
    report = container_report(inspection(Status="exited", **state), NOW)
    assert report.finished_time == report.started_time


def test_start_failed() -> None:
    report = container_report(inspection(Status="created", ExitCode=127, Error="no such file"), NOW)
    assert (report.state, report.exit_code, report.reason) == ("exited", 128, "StartError")
    assert report.message == "no such file"
    assert report.started_time == datetime(1970, 1, 1, tzinfo=UTC)


def test_a_start_whose_client_has_gone_was_never_tried() -> None:
    # What an engine 28 shows after `kjsim` was killed in the middle of a start.
    state = {"Status": "created", "ExitCode": 128, "Error": "Canceled: context canceled"}
    report = container_report(inspection(**state), NOW)
    assert (report.state, report.exit_code, report.reason, report.message) == ("created", 0, "", "")


@pytest.mark.parametrize(
    ("status", "state"), [("created", "created"), ("paused", "running"), ("removing", "gone"), ("dead", "unknown")]
)
def test_other_states(status: str, state: str) -> None:
    assert container_report(inspection(Status=status), NOW).state == state


def test_address() -> None:
    assert address_of({"NetworkSettings": {"Networks": {"bridge": {"IPAddress": "172.17.0.2"}}}}) == "172.17.0.2"
    assert address_of({"NetworkSettings": {"Networks": {"bridge": {"IPAddress": ""}}}}) == ""
    assert address_of({}) == ""
