from __future__ import annotations

import copy

import pytest

from simulator.errors import Invalid
from simulator.forecast.difference import difference, difference_text, difference_tree
from tests.unit.forecast.worlds import at, cron_job, job, request


def test_the_same_changes_nothing() -> None:
    old = cron_job("a", "*/10 * * * *", concurrencyPolicy="Forbid")
    found = difference(request(copy.deepcopy(old), span="6h", duration=["1m..20m"], fail=["20%"]), [old])
    assert not found.is_any
    assert "nothing changes" in difference_text(found)
    assert difference_tree(found)["changes"] is False
    assert found.before.runs


def test_another_schedule_moves_the_runs_and_leaves_those_of_others() -> None:
    old = [cron_job("a", "0 * * * *"), cron_job("b", "30 * * * *")]
    new = [cron_job("a", "15 * * * *"), cron_job("b", "30 * * * *")]
    found = difference(request(*new, start="2026-01-01T00:05", span="3h", duration=["1m..5m"]), old)
    assert [run.scheduled_time for run in found.removed] == [at(f"2026-01-01T0{hour}:00") for hour in (1, 2, 3)]
    assert [run.scheduled_time for run in found.added] == [at(f"2026-01-01T0{hour}:15") for hour in (0, 1, 2)]
    assert not found.changed
    assert "+  cronjob/a  Thu 2026-01-01 00:15:00 UTC" in difference_text(found)


def test_an_end_of_suspension_fires_the_slot_that_was_missed_at_once() -> None:
    old = cron_job("a", "0 3 * * *", suspend=True)
    found = difference(request(cron_job("a", "0 3 * * *"), start="2026-01-02T12:00", span="6h"), [old])
    assert [(run.scheduled_time, run.created_time) for run in found.at_once] == [
        (at("2026-01-02T03:00"), at("2026-01-02T12:00"))
    ]
    text = difference_text(found)
    assert "Fires at once, because of the edit:\n  a-29455380, for the slot Fri 2026-01-02 03:00:00 UTC" in text


def test_a_longer_run_is_another_course() -> None:
    old = cron_job("a", "0 * * * *", annotations={"kjsim.dev/duration": "5m"})
    new = cron_job("a", "0 * * * *", annotations={"kjsim.dev/duration": "9m"})
    found = difference(request(new, start="2026-01-01T00:05", span="90m"), [old])
    ((before, after),) = found.changed
    assert (before.end_time, after.end_time) == (at("2026-01-01T01:05"), at("2026-01-01T01:09"))


def test_what_new_does_not_name_goes_on() -> None:
    old = [cron_job("a", "0 * * * *"), cron_job("b", "0 * * * *")]
    found = difference(request(cron_job("a", "0 * * * *"), span="2h", duration=["b=1m"]), old)
    assert [str(owner) for owner in found.left_behind] == ["cronjob/b"]
    assert not found.is_any


def test_an_edit_that_the_api_refuses_is_an_error() -> None:
    changed = job("a")
    changed["spec"]["template"]["spec"]["containers"][0]["image"] = "other:2"
    with pytest.raises(Invalid, match="field is immutable"):
        difference(request(changed, span="1h"), [job("a")])


def test_a_job_that_is_there_already_is_left_as_it_is() -> None:
    """What the API server has added to it, such as its selector, is not taken away by applying it again."""
    trees = [job("once"), cron_job("a", "0 * * * *")]
    assert not difference(request(*trees, span="3h"), trees).is_any
