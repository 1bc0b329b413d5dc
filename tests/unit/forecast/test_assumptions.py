from __future__ import annotations

import pytest

from simulator.errors import UsageError
from simulator.forecast.assumptions import Assumption, Measured, Owner, Wishes, assumption_for, check_names, in_words
from simulator.forecast.inputs import Span

BACKUP = Owner("CronJob", "default", "backup")
ANNOTATIONS = {"kjsim.dev/duration": "10m", "kjsim.dev/failure-rate": "20%", "kjsim.dev/exit-code": "3"}


def test_a_flag_for_the_name_wins_then_one_for_all_then_the_annotation_then_the_measure_then_a_guess() -> None:
    measured = Measured(33.0, 2)
    sources = [
        (Wishes(["5m", "backup=90s"]), ANNOTATIONS, Span(90, 90), "--duration backup="),
        (Wishes(["backup=90s", "5m"]), ANNOTATIONS, Span(90, 90), "--duration backup="),
        (Wishes(["5m"]), ANNOTATIONS, Span(300, 300), "--duration"),
        (Wishes(), ANNOTATIONS, Span(600, 600), "annotation kjsim.dev/duration"),
        (Wishes(), {}, Span(33, 33), "measured in 2 real runs here"),
    ]
    for wishes, given, duration, source in sources:
        assumption = assumption_for(BACKUP, given, wishes, measured)
        assert (assumption.duration, assumption.duration_source) == (duration, source)
    guess = assumption_for(BACKUP, {}, Wishes(), None)
    assert (guess.duration, guess.duration_source) == (Span(60, 60), "a guess")


def test_failures() -> None:
    annotated = assumption_for(BACKUP, ANNOTATIONS, Wishes(), None)
    assert (annotated.failure_rate, annotated.exit_code) == (0.2, 3)
    flagged = assumption_for(BACKUP, ANNOTATIONS, Wishes([], ["backup=50%"], ["42"]), None)
    assert (flagged.failure_rate, flagged.exit_code) == (0.5, 42)
    only_code = assumption_for(BACKUP, {}, Wishes([], [], ["42"]), None)
    assert (only_code.failure_rate, only_code.exit_code) == (1.0, 42)
    assert assumption_for(BACKUP, {}, Wishes([], [], ["0"]), None).failure_rate == 0.0
    assert "fails 50% of the time with exit code 42" in in_words(flagged, "a")


def test_jitter_widens_the_duration() -> None:
    assumption = assumption_for(BACKUP, {"kjsim.dev/duration": "100s", "kjsim.dev/jitter": "10%"}, Wishes(), None)
    assert assumption.duration == Span(90, 110)


def test_draws_depend_on_seed_job_pod_and_attempt_alone() -> None:
    assumption = Assumption(BACKUP, Span(10, 20), "", 0.5, "", 7, "")
    assert assumption.draw(0, "backup-1", 0, 0) == assumption.draw(0, "backup-1", 0, 0)
    drawn = {
        assumption.draw(seed, job, pod, attempt) for seed in (0, 1) for job in "ab" for pod in (0, 1) for attempt in (0, 1)
    }
    assert len(drawn) == 16
    assert {code for _, code in drawn} == {0, 7}
    assert all(10 <= seconds <= 20 for seconds, _ in drawn)


def test_what_can_not_be_read_is_refused_with_its_place() -> None:
    with pytest.raises(UsageError, match='invalid argument "backup=x" for "--duration" flag'):
        Wishes(["backup=x"])
    with pytest.raises(UsageError, match=r"cronjob/backup: annotation kjsim.dev/duration: time: invalid duration"):
        assumption_for(BACKUP, {"kjsim.dev/duration": "soon"}, Wishes(), None)
    with pytest.raises(UsageError, match='no CronJob or Job "backp"'):
        check_names(Wishes(["backp=1s"]), [BACKUP])
