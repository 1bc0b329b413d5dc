"""`kjsim logs`: what containers wrote, of one pod, of a Job's pods, or of all pods with certain labels."""

from __future__ import annotations

import sys
from typing import Any

from simulator.cli.client import Client
from simulator.cli.flags import Flags, Options, duration, integer
from simulator.cli.log_selection import Pod, Source, by_interest, choose_containers
from simulator.cli.resources import Named, read_resources, told_as_selection
from simulator.cli.session import open_session
from simulator.errors import KjsimError, NotFound
from simulator.model.kinds import JOB, POD

EXAMPLES = """
kjsim logs pingpong-x7k2p           # one pod
kjsim logs job/pingpong             # one pod of a Job
kjsim logs job/pingpong --all-pods  # all its pods
kjsim logs -l app=pingpong          # all pods with this label
kjsim logs -f -l app=pingpong --prefix --max-log-requests=10
kjsim logs job/flaky --previous     # the container before its last restart
"""

_USAGE = """\
expected 'logs [-f] [-p] (POD | TYPE/NAME) [-c CONTAINER]'.
POD or TYPE/NAME is a required argument for the logs command
See 'kjsim logs -h' for help and examples"""

_TAIL_WITH_SELECTOR = 10


def add_arguments(flags: Flags) -> None:
    """Declare the flags of `logs`."""
    flags.usage = "kjsim logs [-f] [-p] (POD | TYPE/NAME | -l SELECTOR) [-c CONTAINER] [flags]"
    flags.description = (
        "Print what the containers of pods wrote. Pods that have ended keep their logs until they are deleted."
    )
    flags.examples = EXAMPLES
    flags.add_argument("-f", "--follow", action="store_true", help="Go on until the containers end.")
    flags.add_argument("-l", "--selector", default="", metavar="SELECTOR", help="All pods with these labels.")
    flags.add_argument("-c", "--container", default="", metavar="NAME", help="This container of the pod.")
    flags.add_argument("--all-containers", action="store_true", help="All containers of the pod, the init containers first.")
    flags.add_argument("--all-pods", action="store_true", help="All pods of the Job; sets --prefix.")
    flags.add_argument("--prefix", action="store_true", help="Begin each line with its pod and container.")
    flags.add_argument("-p", "--previous", action="store_true", help="The container before its last restart.")
    flags.add_argument(
        "--tail", type=integer, default=None, metavar="LINES", help="Only the last lines (-1: all; with a selector, 10)."
    )
    flags.add_argument("--since", type=duration, default=0.0, metavar="DURATION", help="Only what is newer (5s, 2m, 3h).")
    flags.add_argument("--since-time", default="", metavar="TIME", help="Only what is newer (2026-11-23T10:33:18Z).")
    flags.add_argument("--timestamps", action="store_true", help="Begin each line with its time.")
    flags.add_argument("--limit-bytes", type=integer, default=0, metavar="BYTES", help="No more than so much per container.")
    flags.add_argument(
        "--max-log-requests", type=integer, default=5, metavar="NUMBER", help="How many logs -f may follow at once (5)."
    )
    flags.add_argument("--ignore-errors", action="store_true", help="Tell what can't be read, and go on.")
    flags.add_argument(
        "--pod-running-timeout",
        type=duration,
        default=20.0,
        metavar="DURATION",
        help="How long to wait for a Job's pod (20s).",
    )


def run(options: Options) -> int:
    """Print the logs."""
    target = _target(options)
    options.prefix = options.prefix or options.all_pods
    parameters = _parameters(options)
    with open_session(options.home, engine="always") as session:
        client = session.client
        pods = _pods(client, target, options)
        if not pods:
            print(f"No resources found in {options.namespace} namespace.", file=sys.stderr)
            return 0
        sources: list[Source] = []
        for pod in pods:
            choice = choose_containers(pod, container=options.container, all_containers=options.all_containers)
            if choice.note:
                print(choice.note, file=sys.stderr)
            sources += choice.sources
        if options.follow and len(sources) > 1:
            if len(sources) > options.max_log_requests:
                raise KjsimError(
                    f"you are attempting to follow {len(sources)} log streams, but maximum allowed concurrency is "
                    f"{options.max_log_requests}, use --max-log-requests to increase the limit"
                )
            from simulator.cli.log_following import print_together

            print_together(client, sources, options, parameters)
        else:
            for source in sources:
                _print_one(client, source, options, parameters)
    return 0


def _target(options: Options) -> Named | None:
    """The pod or Job that is named, None with a selector; raises `KjsimError`."""
    words = list(options.words)
    if options.selector:
        if words:
            raise KjsimError("only a selector (-l) or a POD name is allowed")
        return None
    if not 1 <= len(words) <= 2:
        raise KjsimError(_USAGE)
    if len(words) == 2:
        if options.container:
            raise KjsimError("only one of -c or an inline [CONTAINER] arg is allowed")
        options.container = words[1]
    if not words[0]:
        raise KjsimError("resource name may not be empty")
    return read_resources(words[:1]).objects[0] if "/" in words[0] else Named(POD, words[0])


def _parameters(options: Options) -> dict[str, Any]:
    """What is asked of the API, but for pod and container; raises `KjsimError`."""
    parameters: dict[str, Any] = {}
    if options.since_time:
        from datetime import datetime

        try:
            datetime.fromisoformat(options.since_time)
        except ValueError:
            raise KjsimError(
                f'parsing time "{options.since_time}" as "2006-01-02T15:04:05Z07:00": '
                f'cannot parse "{options.since_time}" as "2006"'
            ) from None
        parameters["since_time"] = options.since_time
    if options.since:
        parameters["since_seconds"] = int(options.since + 0.5)
    tail = options.tail
    if tail is None and options.selector:
        tail = _TAIL_WITH_SELECTOR
    if tail is not None and tail >= 0:
        parameters["tail_lines"] = tail
    if options.limit_bytes:
        parameters["limit_bytes"] = options.limit_bytes
    for switch in ("follow", "previous", "timestamps"):
        if getattr(options, switch):
            parameters[switch] = True
    return parameters


def _check(options: Options) -> None:
    """What kubectl only finds wrong once the pod is there."""
    if options.since and options.since_time:
        raise KjsimError("at most one of `sinceTime` or `sinceSeconds` may be specified")
    if options.all_containers and options.container:
        raise KjsimError("--all-containers=true should not be specified with container name " + options.container)
    if options.since < 0:
        raise KjsimError("--since must be greater than 0")
    if options.limit_bytes < 0:
        raise KjsimError("--limit-bytes must be greater than 0")
    if options.tail is not None and options.tail < -1:
        raise KjsimError("--tail must be greater than or equal to -1")


def _pods(client: Client, target: Named | None, options: Options) -> list[Pod]:
    """The pods whose logs are meant; raises `KjsimError`."""
    namespace: str = options.namespace
    pods: list[Pod]
    if target is None:
        with told_as_selection(POD, options.selector):
            pods = list(client.list(POD, namespace, label_selector=options.selector)["items"])
        if pods:
            _check(options)
        return pods
    try:
        obj = client.get(target.kind, target.name, namespace if target.kind.namespaced else None)
    except NotFound as error:
        raise KjsimError(f'error from server (NotFound): {error} in namespace "{namespace}"') from None
    _check(options)
    if target.kind is POD:
        return [obj]
    if target.kind is not JOB:
        go_type = f"*v1.{target.kind.kind}"
        raise KjsimError(f"cannot get the logs from {go_type}: selector for {go_type} not implemented")
    pods = _pods_of_job(client, obj, namespace, options.pod_running_timeout)
    if options.all_pods:
        return pods
    first = by_interest(pods)[0]
    if len(pods) > 1:
        print(f"Found {len(pods)} pods, using pod/{first['metadata']['name']}", file=sys.stderr)
    return [first]


def _pods_of_job(client: Client, job: dict[str, Any], namespace: str, timeout_seconds: float) -> list[Pod]:
    """The pods that the Job's selector selects; waits for the first one, and raises `KjsimError` if none comes."""
    import time

    labels: dict[str, str] = ((job.get("spec") or {}).get("selector") or {}).get("matchLabels") or {}
    selector = ",".join(f"{key}={value}" for key, value in sorted(labels.items()))
    deadline = time.monotonic() + timeout_seconds
    while True:
        pods: list[Pod] = client.list(POD, namespace, label_selector=selector)["items"]
        if pods:
            return pods
        if time.monotonic() > deadline:
            raise KjsimError("timed out waiting for the condition")
        time.sleep(0.1)


def _print_one(client: Client, source: Source, options: Options, parameters: dict[str, Any]) -> None:
    """Print one log to its end."""
    prefix = source.prefix.encode() if options.prefix else b""
    out = sys.stdout.buffer
    try:
        starts_line = True
        for chunk in client.logs(source.pod, options.namespace, container=source.container, **parameters):
            if prefix:
                for line in chunk.splitlines(keepends=True):
                    out.write(prefix + line if starts_line else line)
                    starts_line = line.endswith(b"\n")
            else:
                out.write(chunk)
            out.flush()
    except KjsimError as error:
        if not options.ignore_errors:
            raise
        print(f"error: {error}")
