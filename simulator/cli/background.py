"""The control plane in the background: started as a process of its own, found again by its lock and socket."""

from __future__ import annotations

import os
import subprocess
import sys
import time

from simulator.cli.living import living_client
from simulator.errors import EngineUnavailable, KjsimError, StateError
from simulator.store.state_directory import StateDirectory

_START_PATIENCE_SECONDS = 20.0
_STOP_PATIENCE_SECONDS = 15.0


def start(directory: StateDirectory) -> bool:
    """Start a control plane in the background; False if one is alive already. Raises what kept it from starting."""
    if living_client(directory) is not None:
        return False
    directory.create()
    try:
        log = os.open(directory.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    except OSError as error:
        raise StateError(f"can't write {directory.log}: {error.strerror}") from error
    try:
        begin = os.fstat(log).st_size
        process = subprocess.Popen(
            [sys.executable, "-m", "simulator.cli.main", "--home", str(directory.home), "serve"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            cwd="/",
            env={**os.environ, "PYTHONUNBUFFERED": "1", "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )
    finally:
        os.close(log)
    deadline = time.monotonic() + _START_PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if living_client(directory) is not None:
            if directory.process_id() == process.pid:
                return True
            process.terminate()  # Another one was faster: ours must not wait for its end and take over unasked.
            process.wait()
            return False
        code = process.poll()
        if code is not None and directory.process_id() is None:
            text = directory.log.read_bytes()[begin:].decode(errors="replace").strip().removeprefix("error: ")
            kinds = {EngineUnavailable.exit_code: EngineUnavailable, StateError.exit_code: StateError}
            raise kinds.get(code, KjsimError)(
                text
                or f"the control plane ended with exit code {code} and could not write {directory.log}: is the disk full?"
            )
        time.sleep(0.02)
    raise KjsimError(f"the control plane (process {process.pid}) does not answer; see {directory.log}")


def stop(directory: StateDirectory) -> int | None:
    """Stop the control plane; returns the process id that it had, None if none was alive."""
    process_id = directory.process_id()
    if process_id is None:
        return None
    client = living_client(directory)
    if client is None:
        raise KjsimError(f"process {process_id} holds {directory.home} but does not answer; end it with: kill {process_id}")
    client.shutdown()
    deadline = time.monotonic() + _STOP_PATIENCE_SECONDS
    while directory.is_locked():
        if time.monotonic() > deadline:
            raise KjsimError(f"process {process_id} does not end; end it with: kill {process_id}")
        time.sleep(0.02)
    return process_id
