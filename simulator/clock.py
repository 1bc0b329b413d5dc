"""Clocks: the only reader of wall time.

The core is always handed `now`; a host owns the clock. `RealClock` waits for real, `VirtualClock` jumps, so a month of
schedules takes as long as its decisions do.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """What a host needs of time. Instants are aware datetimes in UTC."""

    def now(self) -> datetime:
        """The present instant."""
        ...

    def seconds_until(self, instant: datetime) -> float:
        """Real seconds to wait until `instant`; never negative."""
        ...


class RealClock:
    """The wall clock of this machine."""

    def now(self) -> datetime:
        """The present instant, with microseconds."""
        return datetime.now(UTC)

    def seconds_until(self, instant: datetime) -> float:
        """Real seconds until `instant`, 0 if it has passed."""
        return max(0.0, (instant - self.now()).total_seconds())


class FastClock:
    """The wall clock, going `speed` times as fast from the moment at which this clock was made."""

    def __init__(self, speed: float) -> None:
        self.speed = speed
        self._real = RealClock()
        self._start = self._real.now()

    def now(self) -> datetime:
        """The present instant of the fast clock."""
        return self.from_real(self._real.now())

    def seconds_until(self, instant: datetime) -> float:
        """Real seconds until the fast clock shows `instant`, 0 if that has passed."""
        return self._real.seconds_until(self.to_real(instant))

    def from_real(self, instant: datetime) -> datetime:
        """What the fast clock shows at an instant of the wall clock."""
        return self._start + (instant - self._start) * self.speed

    def to_real(self, instant: datetime) -> datetime:
        """The instant of the wall clock at which the fast clock shows `instant`."""
        return self._start + (instant - self._start) / self.speed


class VirtualClock:
    """A clock that stands still until it is set."""

    def __init__(self, start: datetime) -> None:
        self._now = start

    def now(self) -> datetime:
        """The instant it was last set to."""
        return self._now

    def seconds_until(self, instant: datetime) -> float:
        """Always 0: nobody waits for a virtual clock, one sets it."""
        return 0.0

    def set(self, instant: datetime) -> None:
        """Set the clock to `instant`; going back is allowed (clock steps are simulated with it)."""
        self._now = instant

    def advance(self, seconds: float) -> None:
        """Move the clock on by `seconds`."""
        self._now += timedelta(seconds=seconds)
