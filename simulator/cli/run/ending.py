"""How a run ends: with a verdict, or suspended."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from simulator.cli.applying import MERGE_PATCH
from simulator.cli.client import Client
from simulator.cli.output import qualified
from simulator.cli.run.progress import container_statuses
from simulator.errors import ApiError
from simulator.model.durations import human_duration
from simulator.model.kinds import CRON_JOB, JOB, POD, Kind

Tree = dict[str, Any]

_LAST_LINES = 5
_MOST_PODS = 3


def verdict(job: Tree, end: Tree) -> str:
    """The one line that says how a Job ended."""
    status = job.get("status", {})
    counts = f"{status.get('succeeded') or 0} succeeded, {status.get('failed') or 0} failed"
    took = _took(status.get("startTime"), status.get("completionTime") or end["lastTransitionTime"])
    name = qualified(JOB, job["metadata"]["name"])
    if end["type"] == "Complete":
        return f"{name} complete: {counts}{took}"
    return f"{name} failed: {end.get('reason')}: {end.get('message')} ({counts}{took})"


def last_words(client: Client, namespace: str, pods: Iterable[Tree]) -> list[str]:
    """The last log lines of the failed pods, the newest ones first."""
    failed = [pod for pod in pods if pod.get("status", {}).get("phase") == "Failed"]
    lines: list[str] = []
    for pod in reversed(failed[-_MOST_PODS:]):
        name = pod["metadata"]["name"]
        for status in container_statuses(pod):
            ended = (status.get("state") or {}).get("terminated")
            if not ended or not ended.get("exitCode"):
                continue
            lines.append(f"last lines of pod/{name}, container {status['name']} ({_how(ended)}):")
            said = _tail(client, namespace, name, status["name"])
            if not said and ended.get("message"):  # why it could not even start, say
                said = ended["message"].splitlines()
            lines += [f"  {line}" for line in said or ["(it printed nothing)"]]
    if len(failed) > _MOST_PODS:
        lines.append(f"... and {len(failed) - _MOST_PODS} more failed pods")
    return lines


def suspend(client: Client, kind: Kind, name: str, namespace: str) -> None:
    """Suspend a Job or CronJob; one that has just gone is as good as suspended."""
    try:
        client.patch(kind, name, namespace, {"spec": {"suspend": True}}, MERGE_PATCH)
    except ApiError as error:
        if error.code != 404:
            raise


def delete_at_once(client: Client, namespace: str, pods: Iterable[Tree]) -> None:
    """Delete pods without grace."""
    for pod in pods:
        try:
            client.delete(POD, pod["metadata"]["name"], namespace, {"gracePeriodSeconds": 0})
        except ApiError as error:
            if error.code != 404:
                raise


def how_to_go_on(kind: Kind, name: str, file: str, has_logs: bool, command: str = "kjsim") -> str:
    """What the user can do after a run was suspended. `has_logs`: pods that had ended before are still there.

    `command`: the program with the flags that say where the objects are.
    """
    from shlex import quote

    what = "it fires no more" if kind is CRON_JOB else "its running pods were stopped"
    lines = [f"{qualified(kind, name)} is suspended: {what}"]
    if kind is CRON_JOB:
        lines.append(f"  its Jobs and their logs:  {command} get jobs; {command} logs job/NAME (those of {name}-...)")
    elif has_logs:
        lines.append(f"  logs of what ended:       {command} logs job/{name} --all-pods")
    if not file:
        again = f'{command} patch {kind.singular} {name} -p \'{{"spec":{{"suspend":false}}}}\'; {command} up'
    else:
        again = f"{command} run - (with the same manifest)" if file in ("-", "STDIN") else f"{command} run {quote(file)}"
    lines.append(f"  to go on:                 {again}")
    return "\n".join(lines)


def _tail(client: Client, namespace: str, pod: str, container: str) -> list[str]:
    try:
        text = b"".join(client.logs(pod, namespace, container=container, tail_lines=_LAST_LINES))
    except (ApiError, OSError):
        return []
    return text.decode(errors="replace").splitlines()


def _how(ended: Tree) -> str:
    reason = ended.get("reason")
    code = f"exit code {ended['exitCode']}"
    return code if reason in (None, "Error") else f"{reason}, {code}"


def _took(start: str | None, end: str | None) -> str:
    if not start or not end:
        return ""
    seconds = (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds()
    return f" in {human_duration(seconds)}"
