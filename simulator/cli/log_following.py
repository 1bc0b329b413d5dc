"""Several logs at once, as they are written: one thread for each, whole lines."""

from __future__ import annotations

import sys
import threading
from collections.abc import Sequence
from typing import Any

from simulator.cli.client import Client
from simulator.cli.flags import Options
from simulator.cli.log_selection import Source
from simulator.errors import KjsimError


def print_together(client: Client, sources: Sequence[Source], options: Options, parameters: dict[str, Any]) -> None:
    """Print all the logs until the last one ends.

    The first error of one ends all, and is raised (`--ignore-errors`: it is told, and the others go on).
    """
    lock = threading.Lock()
    ended = threading.Semaphore(0)
    errors: list[Exception] = []

    def follow(source: Source) -> None:
        prefix = source.prefix.encode() if options.prefix else b""
        try:
            rest = b""
            for chunk in client.logs(source.pod, options.namespace, container=source.container, **parameters):
                *lines, rest = (rest + chunk).split(b"\n")
                _write(lock, b"".join(prefix + line + b"\n" for line in lines))
            if rest:
                _write(lock, prefix + rest)
        except KjsimError as error:
            if options.ignore_errors:
                _write(lock, f"error: {error}\n".encode())
            else:
                errors.append(error)
        except Exception as error:
            errors.append(error)
        finally:
            ended.release()

    for source in sources:
        threading.Thread(target=follow, args=(source,), daemon=True).start()
    for _ in sources:
        ended.acquire()
        if errors:
            raise errors[0]


def _write(lock: threading.Lock, text: bytes) -> None:
    with lock:
        sys.stdout.buffer.write(text)
        sys.stdout.buffer.flush()
