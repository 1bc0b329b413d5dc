"""Passes of the CronJob controller over a small state: what is asked for, why, and that a second look is quiet."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec

from simulator.controllers.cronjob import enqueue_after_edit, job_from_cron_job, job_name, reconcile_cron_job, sync_cron_job
from simulator.controllers.plan import Create, Delete, Emit, Operation, Plan, UpdateStatus, carry_out
from simulator.errors import Forbidden
from simulator.model.kubernetes import batch_v1, from_builtins, to_builtins

NOBODY = (
    "nobody looked at it in time: the control plane was down, the machine slept, or the CronJob was suspended or changed"
)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def cron_job(schedule: str = "0 * * * *", status: dict[str, Any] | None = None, **spec: Any) -> batch_v1.CronJob:
    template = {
        "metadata": {"labels": {"app": "report"}, "annotations": {"note": "x"}, "name": "not-copied"},
        "spec": {"template": {"spec": {"restartPolicy": "Never", "containers": [{"name": "main", "image": "busybox"}]}}},
    }
    return from_builtins(
        {
            "metadata": {
                "name": "report",
                "namespace": "team",
                "uid": "cj",
                "creationTimestamp": "2024-03-05T13:30:00Z",
                "labels": {"own": "x"},
            },
            "spec": {"schedule": schedule, "jobTemplate": template, "concurrencyPolicy": "Allow", **spec},
            "status": status or {},
        },
        batch_v1.CronJob,
    )


def job(name: str, result: str | None = None, **metadata: Any) -> batch_v1.Job:
    owner = {"apiVersion": "batch/v1", "kind": "CronJob", "name": "report", "uid": "cj", "controller": True}
    return from_builtins(
        {
            "metadata": {"name": name, "namespace": "team", "uid": f"u-{name}", "ownerReferences": [owner], **metadata},
            "status": {"conditions": [{"type": result, "status": "True"}]} if result else {},
        },
        batch_v1.Job,
    )


class State:
    """A CronJob and its Jobs; `refuse` names what the API refuses."""

    def __init__(self, subject: batch_v1.CronJob, *jobs: batch_v1.Job, refuse: type | None = None) -> None:
        self.cron_job = subject
        self.jobs = {found.metadata.name: found for found in jobs if found.metadata}
        self.events: list[str] = []
        self._refuse = refuse

    def sync(self, now: str) -> Plan:
        return carry_out(sync_cron_job(self.cron_job, list(self.jobs.values()), at(now)), self.apply)

    def apply(self, operation: Operation) -> Any:
        if self._refuse is not None and isinstance(operation, self._refuse):
            raise Forbidden("no")
        match operation:
            case Create(object=created):
                metadata = msgspec.structs.replace(created.metadata, uid=f"u-{created.metadata.name}", resourceVersion="7")
                self.jobs[metadata.name] = msgspec.structs.replace(created, metadata=metadata)
                return self.jobs[metadata.name]
            case Delete(key=key):
                del self.jobs[key.name]
            case UpdateStatus(status=status):
                self.cron_job = msgspec.structs.replace(self.cron_job, status=status)
            case Emit(reason=reason):
                self.events.append(reason)
        return None


def test_starts_the_job_of_a_due_slot_and_tells_why() -> None:
    state = State(cron_job())
    plan = state.sync("2024-03-05T14:00:00.1")
    assert str(plan).splitlines() == [
        "create Job report-28494120: slot 2024-03-05T14:00:00Z is due",
        "event Normal SuccessfulCreate: Created job report-28494120",
        "status of cronjob/report",
        "next slot 2024-03-05T15:00:00Z",
        "look again in 3600 s",
    ]
    status = state.cron_job.status
    assert status is not None
    assert to_builtins(status.active) == [
        {
            "apiVersion": "batch/v1",
            "kind": "Job",
            "name": "report-28494120",
            "namespace": "team",
            "resourceVersion": "7",
            "uid": "u-report-28494120",
        }
    ]
    assert status.lastScheduleTime == at("2024-03-05T14:00:00")


def test_the_job_has_labels_annotations_and_owner() -> None:
    state = State(cron_job(timeZone="Europe/Berlin"))
    state.sync("2024-03-05T14:00:00")
    (created,) = state.jobs.values()
    assert to_builtins(created.metadata) == {
        "name": "report-28494120",
        "namespace": "team",
        "uid": "u-report-28494120",
        "resourceVersion": "7",
        "labels": {"app": "report"},
        "annotations": {"note": "x", "batch.kubernetes.io/cronjob-scheduled-timestamp": "2024-03-05T15:00:00+01:00"},
        "ownerReferences": [
            {
                "apiVersion": "batch/v1",
                "kind": "CronJob",
                "name": "report",
                "uid": "cj",
                "controller": True,
                "blockOwnerDeletion": True,
            }
        ],
    }
    subject = state.cron_job.spec
    assert subject is not None
    assert created.spec == subject.jobTemplate.spec


def test_a_second_look_finds_nothing_to_do() -> None:
    state = State(cron_job(), job("report-1", "Complete", creationTimestamp="2024-03-05T13:00:00Z"))
    for now in ("2024-03-05T14:00:00.1", "2024-03-05T14:20:00", "2024-03-05T15:00:00.1"):
        state.sync(now)
        again = reconcile_cron_job(state.cron_job, list(state.jobs.values()), at(now))
        assert again.operations == ()
        assert again.requeue_after_seconds is not None


def test_forbid_skips_and_says_who_runs() -> None:
    state = State(cron_job(concurrencyPolicy="Forbid"))
    state.sync("2024-03-05T14:00:00.1")
    plan = state.sync("2024-03-05T15:00:00.1")
    assert "slot 2024-03-05T15:00:00Z is skipped: report-28494120 still runs (concurrencyPolicy Forbid)" in plan.notes
    assert state.events == ["SuccessfulCreate", "JobAlreadyActive"]
    assert list(state.jobs) == ["report-28494120"]


def test_replace_deletes_what_runs() -> None:
    state = State(cron_job(concurrencyPolicy="Replace"))
    state.sync("2024-03-05T14:00:00.1")
    state.sync("2024-03-05T15:00:00.1")
    assert list(state.jobs) == ["report-28494180"]
    assert state.cron_job.status is not None
    assert [entry.name for entry in state.cron_job.status.active or ()] == ["report-28494180"]


def test_replace_that_is_refused_starts_nothing() -> None:
    state = State(cron_job(concurrencyPolicy="Replace"), refuse=Delete)
    state.sync("2024-03-05T14:00:00.1")
    plan = state.sync("2024-03-05T15:00:00.1")
    assert plan.error == "could not replace job team/report-28494120"
    assert state.events[-1] == "FailedDelete"
    assert list(state.jobs) == ["report-28494120"]


def test_a_refused_job_is_told_and_tried_again() -> None:
    state = State(cron_job(), refuse=Create)
    plan = state.sync("2024-03-05T14:00:00.1")
    assert (plan.error, plan.requeue_after_seconds, state.events) == ("no", None, ["FailedCreate"])
    assert state.cron_job.status == batch_v1.CronJobStatus()


def test_a_job_of_the_slot_that_the_status_forgot_is_taken_in() -> None:
    state = State(cron_job(), job("report-28494120"))
    plan = reconcile_cron_job(state.cron_job, list(state.jobs.values()), at("2024-03-05T14:00:00.1"))
    assert [type(operation) for operation in plan.operations] == [Emit, Create, UpdateStatus]
    status = plan.operations[-1]
    assert isinstance(status, UpdateStatus)
    assert [entry.uid for entry in status.status.active] == ["u-report-28494120"]


def test_history_is_trimmed_from_the_oldest() -> None:
    state = State(
        cron_job(suspend=True, successfulJobsHistoryLimit=1, failedJobsHistoryLimit=0),
        job("report-c", "Complete"),
        job("report-b", "Complete"),
        job("report-f", "Failed"),
        job("report-r"),
    )
    state.sync("2024-03-05T13:40:00")
    assert list(state.jobs) == ["report-c", "report-r"]
    assert state.events == ["SuccessfulDelete", "SuccessfulDelete", "UnexpectedJob"]


def test_only_the_newest_missed_slot_starts() -> None:
    state = State(cron_job("* * * * *"))
    plan = state.sync("2024-03-06T14:00:30")
    assert (
        str(plan)
        .splitlines()[1]
        .endswith("slot 2024-03-06T14:00:00Z was due 30 s ago; " + NOBODY + "; about 1469 before it are lost")
    )
    assert list(state.jobs) == ["report-28495560"]
    assert state.events == ["TooManyMissedTimes", "SuccessfulCreate"]


def test_a_slot_beyond_the_deadline_is_told() -> None:
    plan = State(cron_job(startingDeadlineSeconds=60)).sync("2024-03-05T14:01:00")
    assert plan.operations == ()
    assert plan.notes == (
        f"slot 2024-03-05T14:00:00Z is missed: startingDeadlineSeconds (60) have passed; {NOBODY}",
        "next slot 2024-03-05T15:00:00Z",
    )


def test_a_deadline_that_lets_nothing_start_is_told() -> None:
    plan = State(cron_job(startingDeadlineSeconds=0)).sync("2024-03-05T14:00:00.1")
    assert plan.notes[0] == (
        "slot 2024-03-05T14:00:00Z is missed: startingDeadlineSeconds (0) leave no time to start in: nothing ever starts"
    )
    plan = State(cron_job("@every 1h", startingDeadlineSeconds=60)).sync("2024-03-05T14:30:00.1")
    assert plan.notes[0].endswith("(60) are shorter than the interval, which begins anew with them: nothing ever starts")


def test_a_long_outage_of_a_dense_schedule_does_not_pass_every_slot() -> None:
    """The first interval, November to January, makes the walk to the newest slot begin more than a month early."""
    subject = cron_job("* * * 1-11 *", {"lastScheduleTime": "2023-11-30T23:58:00Z"})
    state = State(subject)
    state.sync("2024-02-20T12:00:10")
    assert list(state.jobs) == [job_name(subject, at("2024-02-20T12:00:00"))]


def test_standing_still_in_chatham_is_an_invalid_schedule() -> None:
    state = State(cron_job("45 3 * * *", {"lastScheduleTime": "2024-04-05T14:00:00Z"}, timeZone="Pacific/Chatham"))
    plan = state.sync("2024-04-06T14:00:01")
    assert state.events == ["InvalidSchedule"]
    assert plan.requeue_after_seconds is None


def test_a_circle_in_chatham_ends() -> None:
    subject = cron_job("*/15 3 * * *", {"lastScheduleTime": "2024-04-06T13:00:00Z"}, timeZone="Pacific/Chatham")
    state = State(subject)
    state.sync("2024-04-06T14:30:00")
    assert state.events == ["SuccessfulCreate"]


def test_an_edit_of_the_schedule_waits_for_its_slot() -> None:
    old, new = cron_job("0 * * * *"), cron_job("30 * * * *")
    assert enqueue_after_edit(old, new, at("2024-03-05T13:40:00")).after_seconds == 3000.1
    assert enqueue_after_edit(old, cron_job("0 * * * *", suspend=True), at("2024-03-05T13:40:00")).after_seconds == 0
    unknown = cron_job("0 * * * *", timeZone="Mars/Base")
    assert enqueue_after_edit(old, unknown, at("2024-03-05T13:40:00")).after_seconds == 1200.1


def test_an_edit_that_does_not_parse_is_told() -> None:
    edit = enqueue_after_edit(cron_job(), cron_job("every hour"), at("2024-03-05T13:40:00"))
    assert edit.after_seconds is None
    assert [str(event.message) for event in edit.events] == ["unparseable schedule for cronjob: every hour"]


def test_a_job_by_hand() -> None:
    created = job_from_cron_job(cron_job(), "now")
    assert to_builtins(created.metadata) == {
        "name": "now",
        "namespace": "team",
        "labels": {"app": "report"},
        "annotations": {"cronjob.kubernetes.io/instantiate": "manual", "note": "x"},
        "ownerReferences": [{"apiVersion": "batch/v1", "kind": "CronJob", "name": "report", "uid": "cj"}],
    }
