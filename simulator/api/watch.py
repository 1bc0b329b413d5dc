"""Watches: a stream of events, one JSON document a line, from a resourceVersion on.

Opened on the control plane's thread, read on the connection's. The store hands over the changes of every commit through a
queue; selectors turn a change into ADDED, MODIFIED or DELETED as seen by this watcher.
"""

from __future__ import annotations

import contextlib
import queue
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any

import msgspec

from simulator.api.forms import Form
from simulator.api.wire import object_tree
from simulator.errors import Expired, KjsimError
from simulator.model.kinds import Kind
from simulator.store.objects import Change, Objects

Tree = dict[str, Any]

_BOOKMARK_SECONDS = 60.0
_MOST_WAITING = 10_000
"""So many commits may wait for a slow reader; a client then has to list anew, as after any long pause."""
INITIAL_EVENTS_END = "k8s.io/initial-events-end"


class WatchOptions(msgspec.Struct, frozen=True):
    """What is watched, and how it is told. `matches` are the selectors; `namespace` None: all.

    `resource_version`: the changes after it are told; 0 means any, and begins with what exists. `initial_events`: the
    client wants what exists first, then a bookmark that says so (None: it leaves that to the server).
    """

    kind: Kind
    namespace: str | None
    matches: Callable[[Any], bool]
    form: Form
    resource_version: int = 0
    timeout_seconds: float | None = None
    bookmarks: bool = False
    initial_events: bool | None = None


class WatchStream:
    """An open watch. Made inside `call`; iterated by one thread, closed by any."""

    def __init__(
        self,
        objects: Objects,
        options: WatchOptions,
        now: Callable[[], datetime],
        call: Callable[[Callable[[], Any]], Any],
    ) -> None:
        self._objects = objects
        self._options = options
        self._now = now
        self._call = call
        self._queue: queue.SimpleQueue[Sequence[Change] | None] = queue.SimpleQueue()
        self._pending: deque[bytes] = deque()
        self._is_first = True
        self._is_over = False
        self._version = objects.resource_version
        self._deadline = None if options.timeout_seconds is None else time.monotonic() + options.timeout_seconds
        self._bookmark_time = time.monotonic() + _BOOKMARK_SECONDS
        self._unwatch: Callable[[], None] | None = objects.watch(self._receive)
        try:
            self._begin()
        except Expired as error:
            self._pending.append(_line("ERROR", error.to_status()))
            self._is_over = True

    def _begin(self) -> None:
        options = self._options
        starts_with_all = options.initial_events
        if starts_with_all is None:
            starts_with_all = options.resource_version == 0
        if starts_with_all:
            for obj in self._objects.list(options.kind.kind, options.namespace):
                if options.matches(obj):
                    self._add("ADDED", object_tree(obj))
            if options.initial_events and options.bookmarks:
                self._bookmark({INITIAL_EVENTS_END: "true"})
            return
        if options.resource_version:
            for change in self._objects.changes_since(options.resource_version):
                self._take(change)

    def _receive(self, changes: Sequence[Change]) -> None:
        """Take the changes of a commit, on the control plane's thread; a watcher that reads too slowly is cut off."""
        self._queue.put(changes)
        if self._queue.qsize() > _MOST_WAITING:
            self.close()

    def __iter__(self) -> Iterator[bytes]:
        """The stream itself."""
        return self

    def __next__(self) -> bytes:
        """The next event, as a line; waits for it."""
        while not self._pending:
            if self._is_over:
                self.close()
                raise StopIteration
            self._wait()
        return self._pending.popleft()

    def _wait(self) -> None:
        """Wait for changes, the next bookmark, or the end."""
        times = [self._deadline] if self._deadline is not None else []
        times += [self._bookmark_time] if self._options.bookmarks else []
        wait_seconds = max(0.0, min(times) - time.monotonic()) if times else None
        try:
            changes = self._queue.get(timeout=wait_seconds)
        except queue.Empty:
            if self._deadline is not None and time.monotonic() >= self._deadline:
                self._is_over = True
            else:
                self._bookmark_time = time.monotonic() + _BOOKMARK_SECONDS
                self._bookmark({})
            return
        if changes is None:
            self._is_over = True
            return
        for change in changes:
            self._take(change)

    def close(self) -> None:
        """End the watch; a thread that waits for the next event gets the end."""
        unwatch, self._unwatch = self._unwatch, None
        if unwatch is not None:
            with contextlib.suppress(KjsimError, ValueError):
                self._call(unwatch)
        self._queue.put(None)

    def _take(self, change: Change) -> None:
        options = self._options
        self._version = max(self._version, change.resource_version)
        if change.key.kind != options.kind.kind:
            return
        if options.namespace is not None and change.key.namespace != options.namespace:
            return
        is_in = change.type != "DELETED" and options.matches(change.object)
        was_in = change.previous is not None and options.matches(change.previous)
        if is_in:
            self._add("MODIFIED" if was_in else "ADDED", object_tree(change.object))
        elif was_in:
            # What left the selection is shown as it was while in it, with the version of the change.
            tree = object_tree(change.object if change.type == "DELETED" else change.previous)
            tree["metadata"]["resourceVersion"] = str(change.resource_version)
            self._add("DELETED", tree)

    def _add(self, type_: str, tree: Tree) -> None:
        shown = self._options.form.event_object(tree, self._options.kind, self._now(), self._is_first)
        self._is_first = False
        self._pending.append(_line(type_, shown))

    def _bookmark(self, annotations: dict[str, str]) -> None:
        kind = self._options.kind
        metadata: Tree = {"resourceVersion": str(self._version)}
        if annotations:
            metadata["annotations"] = annotations
        tree = {"kind": kind.kind, "apiVersion": kind.api_version, "metadata": metadata}
        self._pending.append(_line("BOOKMARK", self._options.form.bookmark_object(tree)))


def _line(type_: str, obj: Tree) -> bytes:
    return msgspec.json.encode({"type": type_, "object": obj}) + b"\n"
