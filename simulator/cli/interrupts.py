"""Ctrl-C while nothing has begun.

Python raises KeyboardInterrupt wherever it is, and drops it in some places of an import. Where nothing has to be undone, a
command is better left at once.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Iterator
from types import FrameType

from simulator.errors import Interrupted


def _leave(signal_number: int, frame: FrameType | None) -> None:
    os._exit(Interrupted.exit_code)


@contextlib.contextmanager
def leaving_at_once() -> Iterator[None]:
    """Meanwhile Ctrl-C ends the process, until `raising_again`. A process that was told to ignore it goes on to do so."""
    is_ours = (
        threading.current_thread() is threading.main_thread()
        and signal.getsignal(signal.SIGINT) is signal.default_int_handler
    )
    if is_ours:
        signal.signal(signal.SIGINT, _leave)
    try:
        yield
    finally:
        raising_again()


def raising_again() -> None:
    """From now on there is something to be undone: Ctrl-C raises KeyboardInterrupt."""
    if signal.getsignal(signal.SIGINT) is _leave:
        signal.signal(signal.SIGINT, signal.default_int_handler)
