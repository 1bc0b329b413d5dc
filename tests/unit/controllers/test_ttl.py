from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from simulator.controllers.plan import Delete, Plan
from simulator.controllers.ttl import reconcile_ttl
from simulator.model.kubernetes import batch_v1, from_builtins
from simulator.model.metadata import Key

ENDED = "2024-03-05T14:00:00Z"


def job(ttl: int | None = 60, ended: str | None = ENDED, **metadata: Any) -> batch_v1.Job:
    condition = {"type": "Complete", "status": "True", "lastTransitionTime": ended}
    return from_builtins(
        {
            "metadata": {"name": "pi", "namespace": "team", "uid": "u", **metadata},
            "spec": {"template": {}, "ttlSecondsAfterFinished": ttl},
            "status": {"conditions": [condition]},
        },
        batch_v1.Job,
    )


def at(second: int, microsecond: int = 0) -> datetime:
    return datetime(2024, 3, 5, 14, second // 60, second % 60, microsecond, tzinfo=UTC)


def test_waits_for_the_end_of_its_time() -> None:
    assert reconcile_ttl(job(), job(), at(59, 750_000)) == Plan(requeue_after_seconds=0.25)


def test_deletes_in_the_foreground_when_it_has_passed() -> None:
    plan = reconcile_ttl(job(), job(), at(60))
    (operation,) = plan.operations
    assert isinstance(operation, Delete)
    assert (operation.key, operation.propagation, operation.uid) == (Key("Job", "team", "pi"), "Foreground", "u")
    assert str(plan) == "delete job/pi (Foreground): finished more than 60 s ago (ttlSecondsAfterFinished)"


def test_what_was_read_again_counts() -> None:
    assert reconcile_ttl(job(), None, at(60)) == Plan()
    assert reconcile_ttl(job(), job(ttl=90), at(60)) == Plan(requeue_after_seconds=30)
    assert reconcile_ttl(job(), job(ttl=None), at(60)) == Plan()


def test_a_job_that_goes_already_is_left_alone() -> None:
    going = job(deletionTimestamp="2024-03-05T14:00:30Z")
    assert reconcile_ttl(going, going, at(3000)) == Plan()


def test_a_finish_without_time_is_an_error() -> None:
    timeless = job(ended=None)
    assert reconcile_ttl(timeless, timeless, at(60)).error == "unable to find the time when the Job team/pi finished"
