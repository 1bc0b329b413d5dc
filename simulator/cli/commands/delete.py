"""`kjsim delete`: objects, with their pods and containers."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

from simulator import parser
from simulator.cli import manifests
from simulator.cli.client import Client
from simulator.cli.flags import Flags, Options, duration, integer
from simulator.cli.output import qualified
from simulator.cli.resources import read_resources
from simulator.cli.session import open_session
from simulator.errors import ApiError, KjsimError, ManifestError, NotFound, Problem, UsageError
from simulator.model.kinds import Kind

if TYPE_CHECKING:
    from simulator.parser import Manifest

EXAMPLES = """
kjsim delete job pingpong           # its pods and containers go too
kjsim delete pods -l app=pingpong
kjsim delete -f job.yml
kjsim delete jobs --all
kjsim delete cronjob tick --cascade=orphan   # keep the Jobs it made
"""
_PROPAGATION = {"background": "Background", "foreground": "Foreground", "orphan": "Orphan"}


def add_arguments(flags: Flags) -> None:
    """Declare the flags of `delete`."""
    flags.usage = "kjsim delete (TYPE NAME... | TYPE/NAME... | TYPE -l SELECTOR | TYPE --all | -f FILE...) [flags]"
    flags.description = "Delete objects. Pods that run get their grace period; what a Job or CronJob made goes with it."
    flags.examples = EXAMPLES
    manifests.add_file_flags(flags)
    flags.add_argument("-l", "--selector", metavar="SELECTOR", help="All with these labels (app=web,tier!=x).")
    flags.add_argument("--field-selector", metavar="SELECTOR", help="All with these fields (status.phase=Failed).")
    flags.add_argument("--all", action="store_true", help="All of the type, in the namespace.")
    flags.add_argument("-A", "--all-namespaces", action="store_true", help="In every namespace.")
    flags.add_argument("--cascade", default="background", metavar="HOW", help="background (default), foreground, orphan.")
    flags.add_argument("--grace-period", type=integer, default=-1, metavar="SECONDS", help="Of pods; -1: their own.")
    flags.add_argument("--now", action="store_true", help="A grace period of one second.")
    flags.add_argument("--force", action="store_true", help="At once (with --grace-period=0: without waiting for the end).")
    flags.add_argument("--ignore-not-found", action="store_true", help="What isn't there is as good as deleted.")
    flags.add_argument("--wait", type=_truth, default=True, metavar="true|false", help="Wait until they are gone.")
    flags.add_argument("--timeout", type=duration, default=0.0, metavar="DURATION", help="Wait no longer than this.")
    flags.add_argument("-o", "--output", metavar="name", help="name: print only names.")


def _truth(value: str) -> bool:
    if value.lower() not in ("true", "false"):
        raise ValueError("true or false")
    return value.lower() == "true"


def run(options: Options) -> int:
    """Delete; what is not found is told and makes the exit code 1."""
    if options.cascade not in _PROPAGATION:
        raise UsageError(f'invalid cascade value ({options.cascade}). Must be "background", "foreground", or "orphan"')
    targets, selections = _named(options)
    failed = False
    deleted: list[tuple[Kind, str, str, str]] = []
    with open_session(options.home, mode="sweep", engine="if-needed") as session:
        client = session.client
        for kind in selections:
            listed = client.list(
                kind,
                None if options.all_namespaces else options.namespace,
                label_selector=options.selector,
                field_selector=options.field_selector,
            )
            targets += [(kind, item["metadata"].get("namespace", ""), item["metadata"]["name"]) for item in listed["items"]]
        if selections and not targets:
            print("No resources found", file=sys.stderr)
        for kind, namespace, name in targets:
            try:
                uid = _delete(client, kind, namespace, name, options)
            except NotFound as error:
                if not options.ignore_not_found:
                    print(f"Error from server (NotFound): {error}", file=sys.stderr)
                    failed = True
                continue
            except ApiError as error:
                print(f"Error from server ({error.reason}): {error}", file=sys.stderr)
                failed = True
                continue
            deleted.append((kind, namespace, name, uid))
            _tell(kind, namespace, name, options)
        if options.wait:
            _wait_until_gone(client, deleted, options.timeout)
    return 1 if failed else 0


def _named(options: Options) -> tuple[list[tuple[Kind, str, str]], list[Kind]]:
    """What the command line names, and the kinds from which it selects."""
    words = list(options.words)
    if options.filename:
        wanted = parser.read_paths(options.filename, recursive=options.recursive)
        found = [
            (manifest.kind, manifest.object["metadata"].get("namespace", options.namespace), _name_of(manifest))
            for manifest in wanted
        ]
        return found, []
    if not words:
        raise UsageError("You must provide one or more resources by argument or filename.\nSee 'kjsim delete --help'.")
    resources = read_resources(words)
    if resources.objects:
        if options.selector or options.all:
            raise UsageError("name cannot be provided when a selector or --all is specified")
        return [(kind, options.namespace, name) for kind, name in resources.objects], []
    if not (options.selector or options.field_selector or options.all):
        raise KjsimError("resource(s) were provided, but no name was specified")
    return [], list(resources.kinds)


def _name_of(manifest: Manifest) -> str:
    name = manifest.object["metadata"].get("name")
    if name:
        return str(name)
    problem = "metadata.name is missing: delete goes by name"
    if manifest.object["metadata"].get("generateName"):
        problem += "; what was made from generateName has to be named on the command line"
    line, column = manifest.position("metadata")
    raise ManifestError([Problem(problem, "metadata.name", manifest.file, line, column)])


def _delete(client: Client, kind: Kind, namespace: str, name: str, options: Options) -> str:
    body: dict[str, Any] = {"propagationPolicy": _PROPAGATION[options.cascade]}
    grace = 0 if options.force and options.grace_period < 0 else 1 if options.now else options.grace_period
    if grace >= 0:
        body["gracePeriodSeconds"] = grace
    space = namespace if kind.namespaced else None
    uid = str(client.get(kind, name, space)["metadata"].get("uid", ""))
    client.delete(kind, name, space, body)
    return uid


def _tell(kind: Kind, namespace: str, name: str, options: Options) -> None:
    if options.output == "name":
        print(qualified(kind, name))
        return
    group = f".{kind.group}" if kind.group else ""
    where = f" from {namespace} namespace" if kind.namespaced else ""
    how = " force deleted" if options.force else " deleted"
    print(f'{kind.singular}{group} "{name}"{how}{where}')


def _wait_until_gone(client: Client, deleted: list[tuple[Kind, str, str, str]], timeout_seconds: float) -> None:
    deadline = time.monotonic() + timeout_seconds if timeout_seconds > 0 else None
    for kind, namespace, name, uid in deleted:
        while True:
            try:
                now = client.get(kind, name, namespace if kind.namespaced else None)
            except NotFound:
                break
            if now["metadata"].get("uid") != uid:
                break
            if deadline is not None and time.monotonic() > deadline:
                raise KjsimError(f"timed out waiting for the condition on {kind.plural}/{name}")
            time.sleep(0.05)
