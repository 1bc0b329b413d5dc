"""termination.json: how containers are brought to their end, alone or as a pod."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from simulator.pods.draft import Draft
from simulator.pods.executor import ContainerKey, ContainerReport, Exec, ExecReport, Node, StopContainer
from simulator.pods.observed import Observed, ObservedContainer
from simulator.pods.record import PodRecord, observe
from simulator.pods.sources import Placement, Sources
from simulator.pods.termination import kill_grace_seconds, pod_grace_seconds, stop_all
from tests.vectors.cases import cases, check_keys
from tests.vectors.pod_input import read_pod

START = datetime(2024, 6, 1, 12, 0, 0, tzinfo=UTC)
KEYS = {
    "name",
    "op",
    "pod",
    "kill",
    "message",
    "reason",
    "running",
    "gracePeriodOverride",
    "stopSeconds",
    "hookSeconds",
    "hookFails",
    "expect",
}


@pytest.mark.parametrize("case", cases("termination"))
def test_termination(case: dict[str, Any]) -> None:
    check_keys(case, KEYS)
    check_keys(case["expect"], {"stops", "took", "events", "error"}, "expect")
    for stop in case["expect"]["stops"]:
        check_keys(stop, {"at", "container", "grace", "ended", "killed"}, "stop")
    assert Termination(case).play() == case["expect"] | {"stops": in_order(case["expect"]["stops"])}


def in_order(stops: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(stops, key=lambda stop: (stop["at"], stop["container"]))


class Termination:
    """Plays one case."""

    def __init__(self, case: dict[str, Any]) -> None:
        self.case = case
        self.pod = read_pod(case["pod"])
        names = case["running"] if case["op"] == "pod" else [case["kill"]]
        running = tuple(ObservedContainer(name, 0, "running", started_time=START) for name in names)
        self.record = PodRecord("u-1", Observed(containers=running))
        self.seconds = 0.0
        self.events: list[str] = []
        self.stops: list[dict[str, Any]] = []
        self.coming: list[tuple[float, Any]] = []

    def play(self) -> dict[str, Any]:
        for _ in range(60):
            wake = self._sync()
            if not any(item.state == "running" for item in self.record.observed.containers):
                break
            times = [time for time, _ in self.coming] + ([wake] if wake is not None and wake > self.seconds else [])
            self.seconds = min(times)
            due = [report for time, report in self.coming if time <= self.seconds]
            self.coming = [(time, report) for time, report in self.coming if time > self.seconds]
            for report in due:
                self.record = observe(self.record, report, self._now())
                self._take_events(self.record.events)
        return {"events": sorted(self.events), "stops": in_order(self.stops), "took": self.seconds}

    def _now(self) -> datetime:
        return START + timedelta(seconds=self.seconds)

    def _take_events(self, events: Any) -> None:
        self.events += [f"{event.type} {event.reason} {event.message}" for event in events]

    def _sync(self) -> float | None:
        record = self.record
        draft = Draft(self.pod, record, Node(), self._now(), {}, Sources(), Placement(), record.observed)
        draft.update(events=())
        override = self.case.get("gracePeriodOverride")
        if self.case["op"] == "pod":
            stop_all(draft, pod_grace_seconds(draft) if override is None else override)
        else:
            instance = draft.running()[0] if draft.running() else None
            if instance is not None:
                grace = kill_grace_seconds(draft, instance, self.case.get("reason", ""))
                message = self.case.get("message") or f"Stopping container {instance.name}"
                draft.stop(instance, grace if override is None else override, message)
        self.record = draft.record
        self._take_events(draft.events)
        for command in draft.commands:
            match command:
                case StopContainer(key=key, grace_seconds=grace):
                    self._stop(key, grace)
                case Exec(key=key, token=token):
                    self._hook(key, token)
        return (draft.wake_time - START).total_seconds() if draft.wake_time else None

    def _stop(self, key: ContainerKey, grace: float) -> None:
        takes = self.case.get("stopSeconds", {}).get(key.name, 0)
        ended = self.seconds + min(takes, grace)
        stop = {"at": self.seconds, "container": key.name, "grace": grace, "ended": ended}
        if takes > grace:
            stop["killed"] = True
        self.stops.append(stop)
        end = START + timedelta(seconds=ended)
        self.coming.append((ended, ContainerReport(key, end, "exited", exit_code=143, finished_time=end)))

    def _hook(self, key: ContainerKey, token: str) -> None:
        ends = self.seconds + self.case.get("hookSeconds", {}).get(key.name, 0)
        has_failed = key.name in self.case.get("hookFails", ())
        time = START + timedelta(seconds=ends)
        self.coming.append((ends, ExecReport(key, token, time, exit_code=1 if has_failed else 0)))
