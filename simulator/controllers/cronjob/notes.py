"""What a pass says of slots that it passes over: how it is worded, and how the wording is read back.

`kjsim why` shows the words, the forecast reads them: both tell what the controller decided, neither decides anything.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Literal, NamedTuple


class PassedOver(NamedTuple):
    """A slot for which no Job was started. `detail`: the Jobs that ran (forbid), the deadline in seconds (deadline)."""

    slot: datetime
    reason: Literal["Forbid", "Deadline"]
    detail: str


@lru_cache(maxsize=64)
def slot_text(slot: datetime) -> str:
    """A slot, which is UTC, as notes and causes write it: RFC 3339. A pass writes of the same one or two again and again."""
    return slot.replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


def forbidden(slot: datetime, running: Sequence[str]) -> str:
    """The note on a slot that concurrencyPolicy Forbid passes over."""
    verb = "runs" if len(running) == 1 else "run"
    return f"slot {slot_text(slot)} is skipped: {', '.join(running)} still {verb} (concurrencyPolicy Forbid)"


def too_late(slot: datetime, deadline_seconds: int, why: str) -> str:
    """The note on a slot that only startingDeadlineSeconds passes over. `why`: what kept the controller from it."""
    return f"slot {slot_text(slot)} is missed: startingDeadlineSeconds ({deadline_seconds}) have passed; {why}"


def never_due(slot: datetime, deadline_seconds: int, *, has_time: bool) -> str:
    """The note on a slot that was looked at in time and still is not due: the deadline is 0, or shorter than an `@every`."""
    why = "are shorter than the interval, which begins anew with them" if has_time else "leave no time to start in"
    return f"slot {slot_text(slot)} is missed: startingDeadlineSeconds ({deadline_seconds}) {why}: nothing ever starts"


_SLOT = r"slot (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ) is"
_FORBIDDEN = re.compile(rf"{_SLOT} skipped: (.*) still runs? \(concurrencyPolicy Forbid\)")
_TOO_LATE = re.compile(rf"{_SLOT} missed: startingDeadlineSeconds \((-?\d+)\) .*")


def read_note(text: str) -> PassedOver | None:
    """What a note says of a slot that was passed over; None for any other note."""
    if found := _FORBIDDEN.fullmatch(text):
        return PassedOver(datetime.fromisoformat(found[1]), "Forbid", found[2])
    if found := _TOO_LATE.fullmatch(text):
        return PassedOver(datetime.fromisoformat(found[1]), "Deadline", found[2])
    return None
