"""`kjsim describe`: objects in detail, each with its events."""

from __future__ import annotations

import sys
from typing import Any

from simulator.cli.client import Client
from simulator.cli.flags import Flags, Options
from simulator.cli.resources import Named, check_selection, read_resources, told_as_selection
from simulator.cli.session import Session, open_session
from simulator.errors import ApiError, KjsimError, NotFound
from simulator.model.kinds import CRON_JOB, EVENT, Kind

EXAMPLES = """
kjsim describe job pingpong
kjsim describe job/pingpong pod/pingpong-x7k2p
kjsim describe pod pingpong         # every pod whose name begins so, if none is called so
kjsim describe pods -l app=pingpong
"""


def add_arguments(flags: Flags) -> None:
    """Declare the flags of `describe`."""
    flags.usage = "kjsim describe (TYPE [NAME_PREFIX | -l SELECTOR] | TYPE/NAME ...) [flags]"
    flags.examples = EXAMPLES
    flags.add_argument("-l", "--selector", default="", metavar="SELECTOR", help="All with these labels (app=web,tier!=x).")
    flags.add_argument("-A", "--all-namespaces", action="store_true", help="In every namespace.")
    flags.add_argument(
        "--show-events", action="store_true", default=None, help="Events too: the default for a single object (=false: not)."
    )


def run(options: Options) -> int:
    """Print the pages; what is not found is told and makes the exit code 1."""
    resources = read_resources(options.words)
    if not resources.all_kinds:
        raise KjsimError(
            'You must specify the type of resource to describe. Use "kjsim get --help" for a list of supported resources.'
        )
    check_selection(resources, selector=options.selector, all_namespaces=options.all_namespaces)
    with open_session(options.home) as session:
        client = session.client
        errors: list[KjsimError] = []
        found: list[dict[str, Any]] = []
        for kind in resources.kinds:
            found += _list(client, kind, options)
        for named in resources.objects:
            try:
                space = options.namespace if named.kind.namespaced else None
                found.append(_typed(named.kind, client.get(named.kind, named.name, space)))
            except NotFound as error:
                alike = _that_begin_with(client, named, options) if len(resources.objects) == 1 else []
                if alike:
                    print("".join(f"{_page(session, obj, _with_events(options, alike))}\n" for obj in alike), end="")
                    return 0
                errors.append(error)
        with_events = _with_events(options, found)
        print("\n\n".join(_page(session, obj, with_events) for obj in found), end="")
    if errors:
        from simulator.cli.main import message_of

        sys.stdout.flush()
        print("\n".join(message_of(error) for error in errors), file=sys.stderr)
        return 1
    if not found:
        where = "" if options.all_namespaces else f" in {options.namespace} namespace."
        print(f"No resources found{where}", file=sys.stderr)
    return 0


def _list(client: Client, kind: Kind, options: Options) -> list[dict[str, Any]]:
    namespace = None if options.all_namespaces or not kind.namespaced else options.namespace
    with told_as_selection(kind, options.selector):
        listed = client.list(kind, namespace, label_selector=options.selector)
    return [_typed(kind, item) for item in listed["items"]]


def _typed(kind: Kind, obj: dict[str, Any]) -> dict[str, Any]:
    return {"kind": kind.kind, "apiVersion": kind.api_version, **obj}


def _that_begin_with(client: Client, named: Named, options: Options) -> list[dict[str, Any]]:
    return [obj for obj in _list(client, named.kind, options) if obj["metadata"]["name"].startswith(named.name)]


def _with_events(options: Options, found: list[dict[str, Any]]) -> bool:
    """Of one object kubectl shows the events, of several it doesn't; the flag decides otherwise."""
    return len(found) == 1 if options.show_events is None else bool(options.show_events)


def _page(session: Session, obj: dict[str, Any], with_events: bool) -> str:
    from simulator.cli.describe import describe

    events: list[dict[str, Any]] | None = None
    if with_events:
        metadata = obj["metadata"]
        fields = {"kind": obj["kind"], "name": metadata["name"], "namespace": metadata.get("namespace", "")}
        if metadata.get("uid"):
            fields["uid"] = metadata["uid"]
        selector = ",".join(f"involvedObject.{key}={value}" for key, value in fields.items() if value)
        try:
            events = session.client.list(EVENT, metadata.get("namespace"), field_selector=selector)["items"]
        except ApiError:
            events = []
    now = session.clock.now()
    page = describe(obj, events, now)
    if obj["kind"] == CRON_JOB.kind:
        from simulator.cli.next_runs import next_runs_page

        page += next_runs_page(obj, now)
    return page
