"""Back-off: how long the kubelet waits before it restarts a container or pulls an image again.

Source: semantics/pod-on-docker.md 3.3 and 2.11. Entries are values; `BackOff` is immutable and its methods return a new one.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

INITIAL = timedelta(seconds=10)
LONGEST = timedelta(seconds=300)
_EXPIRY = 2 * LONGEST


class Entry(msgspec.Struct, frozen=True):
    """The present delay of one thing that failed, and when it was last set."""

    delay: timedelta
    updated: datetime


class BackOff(msgspec.Struct, frozen=True):
    """Entries by key. An entry that was not touched for 600 s counts no more."""

    entries: dict[str, Entry] = msgspec.field(default_factory=dict)

    def next(self, key: str, event_time: datetime, now: datetime) -> BackOff:
        """Count one more try after what happened at `event_time`: the first sets the initial delay, others double it."""
        entry = self.entries.get(key)
        if entry is None or event_time - entry.updated > _EXPIRY:
            delay = INITIAL
        else:
            delay = min(entry.delay * 2, LONGEST)
        return BackOff(self.entries | {key: Entry(delay, now)})

    def waits_since_event(self, key: str, event_time: datetime, now: datetime) -> datetime | None:
        """Until when to wait, counted from `event_time` (the end of a container); None: no need to."""
        entry = self.entries.get(key)
        if entry is None or event_time - entry.updated > _EXPIRY:
            return None
        until = event_time + entry.delay
        return until if now < until else None

    def waits_since_update(self, key: str, now: datetime) -> datetime | None:
        """Until when to wait, counted from the last try (image pulls); None: no need to."""
        entry = self.entries.get(key)
        if entry is None or now - entry.updated > _EXPIRY:
            return None
        until = entry.updated + entry.delay
        return until if now < until else None

    def delay_of(self, key: str) -> timedelta:
        """The present delay of a key; zero if there is none."""
        entry = self.entries.get(key)
        return entry.delay if entry else timedelta(0)

    def swept(self, now: datetime) -> BackOff:
        """Without the entries that were last touched more than 600 s ago (the kubelet's housekeeping, every 2 s)."""
        if not self.entries:
            return self
        kept = {key: entry for key, entry in self.entries.items() if now - entry.updated <= _EXPIRY}
        return self if len(kept) == len(self.entries) else BackOff(kept)
