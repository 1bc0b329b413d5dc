"""The loop: what happened, what it means, what is to be done.

`ControlPlane.step(now)` takes in the executor's reports, reconciles every key that something touched until nothing is left
to do, commits, hands the executor its commands, and returns the next instant at which there is something to do by itself.
A host waits for that instant or for news; the virtual host sets its clock to it. Both run this same code.

- `queue`: which keys are to be looked at, now or at a time, and with which delay after an error.
- `applier`: carries out plans.
- `node`: the pods and their executor.
- `loop`: the step, and which change touches which keys.
"""

from simulator.control_plane.loop import ControlPlane, Mode

__all__ = ["ControlPlane", "Mode"]
