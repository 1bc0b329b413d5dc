"""Starting one container: back-off, image, configuration, command. Source: semantics/pod-on-docker.md 2.11, 3.2, 3.3.

The kubelet does these steps one after the other and waits for each; here every sync goes as far as it can and the reports
bring it further.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from simulator.model.durations import format_go_seconds
from simulator.model.kubernetes import core_v1
from simulator.pods import images
from simulator.pods.back_off import LONGEST
from simulator.pods.config import container_config
from simulator.pods.draft import Draft
from simulator.pods.executor import ImageReport, InspectImage, PodConfig, PullImage, StartContainer
from simulator.pods.hooks import expect_post_start
from simulator.pods.observed import ObservedContainer
from simulator.pods.record import (
    RETRY,
    StartInFlight,
    daemon_error,
    with_retry,
    with_start_error,
    without,
    without_attempts,
)
from simulator.pods.sources import ConfigError

Outcome = Literal["started", "waiting", "failed"]
"""`started`: the command is out. `waiting`: for an image or an end. `failed`: tried again later."""

_SWEEP = 2 * LONGEST + timedelta(seconds=2)


def start_container(draft: Draft, container: core_v1.Container, pod_config: PodConfig, sandbox_attempt: int) -> Outcome:
    """Do the next step towards running `container`."""
    name, image = container.name, container.image or ""
    if name in draft.record.starts:
        return "started"
    if name in draft.record.pulls or image in draft.record.inspects:
        return "waiting"
    latest = draft.observed.latest(name)
    if latest is not None and latest.state in ("running", "unknown"):
        return "waiting"
    attempt = next_attempt(draft, name, latest)
    if latest is not None and is_backing_off(draft, container, attempt):
        return "failed"
    retry = draft.record.retry_times.get(name)
    if retry is not None:
        if draft.now < retry:
            draft.wake(retry)
            return "failed"
        draft.update(retry_times=without(draft.record.retry_times, name))
    found = _have_image(draft, container)
    if not isinstance(found, ImageReport):
        return found
    try:
        config = container_config(draft.pod, container, draft.node, draft.sources, draft.placement, found)
    except ConfigError as error:
        draft.emit("Warning", "Failed", f"Error: {error}", name)
        draft.update(pulled=without(draft.record.pulled, name))
        return _put_off(draft, name, "CreateContainerConfigError", str(error))
    draft.commands.append(StartContainer(draft.key(name, attempt), pod_config, config, sandbox_attempt))
    draft.update(
        starts=draft.record.starts | {name: StartInFlight(attempt, sandbox_attempt)},
        pulled=without(draft.record.pulled, name),
        inspected=without(draft.record.inspected, image),
        passed_back_off=without_attempts(draft.record.passed_back_off, name),
    )
    expect_post_start(draft, container, attempt)
    if attempt and latest is not None and latest.state == "exited":
        draft.notes.append(f"container {name} starts again: restart {attempt} after exit code {latest.exit_code}")
    else:
        draft.notes.append(f"container {name} starts")
    return "started"


def next_attempt(draft: Draft, name: str, latest: ObservedContainer | None) -> int:
    """The number of the next instance: one more than the latest; one that was created and never started is made again.

    Of a container that has vanished nobody knows a number: it begins at 0 again, while the status counts on (3.1).
    """
    if latest is None:
        return draft.record.purged_attempts.get(name, -1) + 1
    return latest.attempt if latest.state == "created" else latest.attempt + 1


def is_backing_off(draft: Draft, container: core_v1.Container, attempt: int) -> bool:
    """Whether the container has to wait for its back-off; if not, one more try is counted."""
    name = container.name
    ended = _last_end(draft, name)
    if ended is None or ended.finished_time is None or (name, attempt) in draft.record.passed_back_off:
        return False
    key = f"{name}_{container.image or ''}"
    back_off = draft.record.restart_back_off
    until = back_off.waits_since_event(key, ended.finished_time, draft.now)
    if until is None:
        draft.update(
            restart_back_off=back_off.next(key, ended.finished_time, draft.now),
            passed_back_off=draft.record.passed_back_off | {(name, attempt)},
        )
        return False
    where = pod_text(draft.pod)
    delay = format_go_seconds(back_off.delay_of(key).total_seconds())
    message = f"back-off {delay} restarting failed container={name} pod={where}"
    if (name, attempt) not in draft.record.told_back_off:
        draft.emit("Warning", "BackOff", f"Back-off restarting failed container {name} in pod {where}", name)
        draft.update(told_back_off=without_attempts(draft.record.told_back_off, name) | {(name, attempt)})
        why = f"exit code {ended.exit_code}, back-off {delay}, restart {attempt}"
        draft.notes.append(f"container {name} restarts in {format_go_seconds(_round(until - draft.now))}: {why}")
    draft.record = with_start_error(draft.record, name, "CrashLoopBackOff", message)
    draft.wake(min(until, back_off.entries[key].updated + _SWEEP))
    return True


def _round(delta: timedelta) -> float:
    return round(delta.total_seconds(), 1)


def _last_end(draft: Draft, name: str) -> ObservedContainer | None:
    """The latest exited instance; one that was killed in order to restart it does not count."""
    killed = draft.record.killed_for_restart
    for item in draft.observed.all_of(name):
        if item.state == "exited" and not (killed and draft.key(name, item.attempt) in killed):
            return item
    return None


def pod_text(pod: core_v1.Pod) -> str:
    """`NAME_NAMESPACE(UID)`, as messages name a pod."""
    assert pod.metadata is not None
    return f"{pod.metadata.name}_{pod.metadata.namespace or 'default'}({pod.metadata.uid})"


def _have_image(draft: Draft, container: core_v1.Container) -> ImageReport | Outcome:
    """What is known of the image once it is there; else what is done about it."""
    name, image = container.name, container.image or ""
    if name in draft.record.pulled:
        return draft.record.pulled[name]
    error = images.reference_error(image)
    if error is not None:
        message = images.invalid_name_message(image, error)
        draft.emit("Warning", "InspectFailed", message, name)
        draft.emit("Warning", "Failed", "Error: InvalidImageName", name)
        return _put_off(draft, name, "InvalidImageName", message)
    policy = images.pull_policy(container)
    if policy != "Always":
        report = draft.record.inspected.get(image)
        if report is None:
            known = draft.images.get(image)
            report = known if known is not None and known.image_id else None
        if report is None:
            draft.commands.append(InspectImage(draft.uid, image))
            draft.update(inspects=draft.record.inspects | {image})
            return "waiting"
        if report.image_id:
            draft.emit("Normal", "Pulled", images.present_message(image), name)
            return report
        draft.update(inspected=without(draft.record.inspected, image))
        if report.error:
            message = f'Failed to inspect image "": {daemon_error(report.error)}'
            draft.emit("Warning", "InspectFailed", message, name)
            draft.emit("Warning", "Failed", "Error: ImageInspectError", name)
            return _put_off(draft, name, "ImageInspectError", message)
        if policy == "Never":
            message = images.absent_message(image)
            draft.emit("Warning", "ErrImageNeverPull", message, name)
            draft.emit("Warning", "Failed", "Error: ErrImageNeverPull", name)
            return _put_off(draft, name, "ErrImageNeverPull", message)
    return _pull(draft, name, image)


def _pull(draft: Draft, name: str, image: str) -> Outcome:
    until = draft.record.pull_back_off.waits_since_update(image, draft.now)
    if until is not None:
        message = f'Back-off pulling image "{image}"'
        draft.emit("Normal", "BackOff", message, name)
        draft.emit("Warning", "Failed", "Error: ImagePullBackOff", name)
        before = draft.record.pull_messages.get(image)
        full = f"{message}: {before}" if before else message
        draft.record = with_start_error(draft.record, name, "ImagePullBackOff", full)
        at = min(until, draft.now + RETRY)
        draft.record = with_retry(draft.record, name, at)
        draft.wake(at)
        draft.notes.append(f"image {image} is pulled again in {format_go_seconds(_round(until - draft.now))}")
        return "failed"
    draft.emit("Normal", "Pulling", f'Pulling image "{image}"', name)
    draft.commands.append(PullImage(draft.uid, image))
    draft.update(
        pulls=draft.record.pulls | {name: image},
        pull_messages=without(draft.record.pull_messages, image),
    )
    return "waiting"


def _put_off(draft: Draft, name: str, reason: str, message: str) -> Outcome:
    """A try has failed: say why, try again later."""
    draft.record = with_start_error(draft.record, name, reason, message)
    at = draft.now + RETRY
    draft.record = with_retry(draft.record, name, at)
    draft.update(passed_back_off=without_attempts(draft.record.passed_back_off, name))
    draft.wake(at)
    draft.notes.append(f"container {name} can't start ({reason}: {message}); tried again in {RETRY.total_seconds():g} s")
    return "failed"
