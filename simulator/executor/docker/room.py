"""What the parts of the Docker executor share: the engine, what is known of it, threads, and where reports go."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec

from simulator.clock import Clock
from simulator.executor.docker.ended import EndedContainers
from simulator.executor.docker.engine import Engine
from simulator.executor.docker.images import Images
from simulator.executor.docker.network import PodNetwork
from simulator.executor.docker.sandbox import InfraImage
from simulator.executor.docker.volumes import Volumes
from simulator.executor.docker.workers import Later, Workers
from simulator.pods.executor import Report


class Room(msgspec.Struct, frozen=True):
    """Made once the engine has answered; it stays the same when the engine goes and comes back.

    `workers` carry any call, `starts` the few starts that may run at the same time (D7). `send` hands reports out, in order.
    """

    instance: str
    state_dir: Path
    clock: Clock
    engine: Engine
    images: Images
    network: PodNetwork
    infra: InfraImage
    volumes: Volumes
    ended: EndedContainers
    workers: Workers
    starts: Workers
    later: Later
    send: Callable[[list[Report]], None]
