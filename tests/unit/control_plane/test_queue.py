"""The work queue: order, timers, back-off."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from simulator.control_plane.queue import BackOff, Item, WorkQueue
from simulator.model.metadata import Key

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
A, B = (Item("job", Key("Job", "default", name)) for name in "ab")


def queue() -> WorkQueue:
    return WorkQueue({"job": BackOff(1, 60)})


def later(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def test_items_come_in_the_order_in_which_they_were_touched_each_once() -> None:
    work = queue()
    for item in (B, A, B):
        work.add(item)
    assert [work.pop(NOON) for _ in range(3)] == [B, A, None]
    work.add(B)
    assert work.pop(NOON) == B


def test_a_timer_is_moved_by_an_earlier_time_only() -> None:
    work = queue()
    work.add_at(A, later(5))
    work.add_at(A, later(9))
    assert work.next_time() == later(5)
    work.add_at(A, later(2))
    assert work.next_time() == later(2)
    assert work.pop(later(1.9)) is None
    assert [work.pop(later(2)), work.pop(later(20))] == [A, None]
    assert work.next_time() is None


def test_errors_double_the_delay_up_to_a_bound_until_a_success() -> None:
    work = queue()
    delays = []
    for _ in range(8):
        delays.append(work.retry(A, NOON))
        work.pop(later(60))
    assert delays == [1, 2, 4, 8, 16, 32, 60, 60]
    work.succeeded(A)
    assert work.retry(A, NOON) == 1
    assert work.retry(B, NOON) == 1


def test_what_is_gone_has_no_timer() -> None:
    work = queue()
    work.retry(A, NOON)
    work.forget(A)
    assert (work.next_time(), work.pop(later(99)), work.retry(A, NOON)) == (None, None, 1)
