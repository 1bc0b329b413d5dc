"""`kjsim wait`: until objects have a condition, a value, are there, or are gone."""

from __future__ import annotations

import sys
import threading
import time
from typing import Any

from simulator.cli.client import Client
from simulator.cli.conditions import ForCreate, ForDelete, Goal, read_goal
from simulator.cli.flags import Flags, Options, duration
from simulator.cli.notes import StandstillNote
from simulator.cli.resources import Named, Resources, check_selection, read_resources, told_as_selection
from simulator.cli.session import Session, open_session
from simulator.errors import Expired, KjsimError, NotFound, ServiceUnavailable

EXAMPLES = """
kjsim wait --for=condition=complete job/pingpong --timeout=60s
kjsim wait --for=jsonpath='{.status.succeeded}'=3 job/pingpong
kjsim wait --for=condition=ready pod -l app=pingpong
kjsim wait --for=delete job/pingpong
"""

_PAUSE_SECONDS = 0.1
_A_WEEK = 7 * 24 * 3600.0


def add_arguments(flags: Flags) -> None:
    """Declare the flags of `wait`."""
    flags.usage = "kjsim wait (TYPE/NAME... | TYPE NAME... | TYPE -l SELECTOR | TYPE --all) --for=GOAL [flags]"
    flags.examples = EXAMPLES
    flags.add_argument(
        "--for",
        action="append",
        dest="goals",
        metavar="GOAL",
        help="condition=NAME[=STATUS], jsonpath='{PATH}'[=VALUE], create, or delete.",
    )
    flags.add_argument(
        "--timeout", type=duration, default=30.0, metavar="DURATION", help="How long (30s); 0: look once; negative: a week."
    )
    flags.add_argument("-l", "--selector", default="", metavar="SELECTOR", help="All with these labels (app=web,tier!=x).")
    flags.add_argument("--all", action="store_true", help="All of the type, in the namespace.")
    flags.add_argument("-A", "--all-namespaces", action="store_true", help="In every namespace.")
    flags.add_argument("-o", "--output", default="", metavar="FORMAT", help="name: print only the names.")


def run(options: Options) -> int:
    """Wait; what isn't reached in time is told and makes the exit code 1."""
    goal = read_goal(options.goals)
    resources = read_resources(options.words)
    check_selection(resources, selector=options.selector, all_namespaces=options.all_namespaces)
    if resources.kinds and not options.selector and not options.all:
        raise KjsimError("resource(s) were provided, but no name was specified")
    with open_session(options.home) as session:
        targets = _targets(session.client, resources, options)
    if not targets and not isinstance(goal, ForDelete):
        raise KjsimError("no matching resources found")
    deadline = time.monotonic() + (options.timeout if options.timeout >= 0 else _A_WEEK)
    waiting = [_Waiting(named, namespace, goal) for named, namespace in targets]
    errors: list[KjsimError] = []
    while waiting:
        with open_session(options.home) as session:
            try:
                _wait(session, waiting, errors, deadline, options)
            except ServiceUnavailable:  # The control plane has ended: what it left is to be seen in another session.
                if time.monotonic() >= deadline:
                    raise
                time.sleep(_PAUSE_SECONDS)
    if not errors:
        return 0
    if len(errors) == 1:
        raise errors[0]
    sys.stdout.flush()
    print("\n".join(str(error) for error in errors), file=sys.stderr)
    return 1


def _wait(session: Session, waiting: list[_Waiting], errors: list[KjsimError], deadline: float, options: Options) -> None:
    """Wait for one after the other, and take each from the list that is done with."""
    note = StandstillNote(session)
    while waiting:
        try:
            if waiting[0].until(session.client, note, deadline, once=options.timeout == 0):
                _tell(waiting[0].named, options)
        except ServiceUnavailable:
            raise
        except KjsimError as error:
            errors.append(error)
        waiting.pop(0)


def _targets(client: Client, resources: Resources, options: Options) -> list[tuple[Named, str | None]]:
    targets = [(named, options.namespace if named.kind.namespaced else None) for named in resources.objects]
    for kind in resources.kinds:
        namespace = None if options.all_namespaces or not kind.namespaced else options.namespace
        with told_as_selection(kind, options.selector):
            items = client.list(kind, namespace, label_selector=options.selector)["items"]
        targets += [(Named(kind, item["metadata"]["name"]), item["metadata"].get("namespace")) for item in items]
    return targets


def _tell(named: Named, options: Options) -> None:
    from simulator.cli.output import qualified

    name = qualified(named.kind, named.name)
    print(name if options.output == "name" else f"{name} condition met")


class _Waiting:
    """Waits for one object."""

    def __init__(self, named: Named, namespace: str | None, goal: Goal) -> None:
        self.named = named
        self._namespace = namespace
        self._goal = goal
        self._uid = ""

    def until(self, client: Client, note: StandstillNote, deadline: float, *, once: bool) -> bool:
        """Wait; False if there is nothing to tell (it was gone before). Raises `KjsimError` when time is up."""
        kind, name = self.named
        while True:
            if not once and time.monotonic() >= deadline:
                raise KjsimError(f"timed out waiting for the condition on {kind.plural}/{name}")
            listed = client.list(kind, self._namespace, field_selector=f"metadata.name={name}")
            obj = listed["items"][0] if listed["items"] else None
            if obj is None and not self._uid and not isinstance(self._goal, ForCreate):
                if isinstance(self._goal, ForDelete):
                    return False
                raise NotFound(f'{kind.resource} "{name}" not found')
            if self._is_reached(obj):
                return True
            if once:
                raise KjsimError(f"condition not met for {kind.plural}/{name}")
            if self._watch(client, note, listed["metadata"]["resourceVersion"], deadline - time.monotonic()):
                return True

    def _is_reached(self, obj: dict[str, Any] | None) -> bool:
        if obj is None:
            return isinstance(self._goal, ForDelete)
        uid = obj["metadata"].get("uid", "")
        if isinstance(self._goal, ForDelete) and self._uid and uid != self._uid:
            return True
        self._uid = uid
        return self._goal.is_met(obj)

    def _watch(self, client: Client, note: StandstillNote, resource_version: str, seconds: float) -> bool:
        """Follow the changes for so long; True if one of them is the goal."""
        kind, name = self.named
        note.say()
        watch = client.watch(kind, self._namespace, name=name, resource_version=resource_version)
        timer = threading.Timer(seconds, watch.close)
        timer.daemon = True
        timer.start()
        try:
            return any(self._is_reached(None if type_ == "DELETED" else obj) for type_, obj in watch)
        except Expired:
            return False  # The history no longer reaches back so far: look at it afresh.
        finally:
            timer.cancel()
            watch.close()
