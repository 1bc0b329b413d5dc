"""What commands say on the side, on stderr."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from simulator.cli.session import Session


class StandstillNote:
    """Before waiting for changes: without a living control plane there will be none. Said once by a command."""

    def __init__(self, session: Session) -> None:
        self._is_due = session.hosted is not None

    def say(self) -> None:
        """Say it, if it is so and has not been said."""
        if self._is_due:
            print("note: no control plane is alive; nothing goes on before `kjsim up`", file=sys.stderr)
        self._is_due = False
