"""postStart hooks: what runs beside a container that has just started, and what becomes of it.

Until the hook has ended the kubelet waits: the container is shown as waiting, and nothing else of the pod is started.
exec and sleep hooks are run; of others it is only told that they are not. Source: semantics/pod-on-docker.md 2.7.
"""

from __future__ import annotations

from datetime import timedelta

from msgspec.structs import replace

from simulator.model.kubernetes import core_v1
from simulator.pods.config import grace_seconds
from simulator.pods.draft import Draft
from simulator.pods.executor import Exec, ExecReport
from simulator.pods.observed import Observed, ObservedContainer
from simulator.pods.record import POST_START, PostStart, with_start_error, without


def expect_post_start(draft: Draft, container: core_v1.Container, attempt: int) -> None:
    """Remember that the container which is being started has a hook to run."""
    if container.lifecycle is not None and container.lifecycle.postStart is not None:
        draft.update(post_starts=draft.record.post_starts | {container.name: PostStart(attempt)})


def run_post_starts(draft: Draft) -> None:
    """Begin the hooks of containers that run now, and see to those that have ended."""
    if not draft.record.post_starts and not draft.record.failed_hooks:
        return
    for name, hook in draft.record.post_starts.items():
        instance = next((item for item in draft.observed.all_of(name) if item.attempt == hook.attempt), None)
        container = draft.container(name)
        handler = container.lifecycle.postStart if container is not None and container.lifecycle is not None else None
        if handler is None:
            draft.update(post_starts=without(draft.record.post_starts, name))
        elif instance is None or instance.state == "created":
            if name not in draft.record.starts:
                draft.update(post_starts=without(draft.record.post_starts, name))
        elif not hook.has_begun:
            _begin(draft, instance, hook, handler)
        elif hook.end is not None:
            if instance.state != "running":
                _fail(
                    draft,
                    instance,
                    f"Sleep lifecycle hook ({handler.sleep.seconds if handler.sleep else 0}) {_of(draft, name)}",
                )
            elif draft.now >= hook.end:
                draft.update(post_starts=without(draft.record.post_starts, name))
            else:
                draft.wake(hook.end)
        elif hook.report is not None:
            _finish_exec(draft, instance, handler, hook.report)
    for key in draft.record.failed_hooks:
        instance = next((item for item in draft.running() if (item.name, item.attempt) == (key.name, key.attempt)), None)
        if instance is not None:
            draft.stop(instance, grace_seconds(draft.pod), "FailedPostStartHook")


def _begin(draft: Draft, instance: ObservedContainer, hook: PostStart, handler: core_v1.LifecycleHandler) -> None:
    name = instance.name
    if handler.sleep is not None:
        end = draft.now + timedelta(seconds=handler.sleep.seconds)
        begun = replace(hook, has_begun=True, end=end)
        draft.wake(end)
    elif handler.exec is not None:
        begun = replace(hook, has_begun=True)
        key = draft.key(name, instance.attempt)
        draft.commands.append(Exec(key, tuple(handler.exec.command or ()), None, POST_START))
    else:
        draft.notes.append(f"the postStart hook of container {name} is not run: it is neither exec nor sleep")
        draft.update(post_starts=without(draft.record.post_starts, name))
        return
    draft.update(post_starts=draft.record.post_starts | {name: begun})


def _finish_exec(draft: Draft, instance: ObservedContainer, handler: core_v1.LifecycleHandler, report: ExecReport) -> None:
    if report.exit_code == 0 and not report.error:
        draft.update(post_starts=without(draft.record.post_starts, instance.name))
        return
    command = (handler.exec.command if handler.exec is not None else None) or []
    error = report.error or f"command '{' '.join(command)}' exited with {report.exit_code}: "
    words = f"Exec lifecycle hook ([{' '.join(command)}]) {_of(draft, instance.name)}"
    _fail(draft, instance, f'{words} failed - error: {error}, message: "{report.output}"')


def _of(draft: Draft, name: str) -> str:
    metadata = draft.pod.metadata
    assert metadata is not None
    return f'for Container "{name}" in Pod "{metadata.name}_{metadata.namespace or "default"}({metadata.uid})"'


def _fail(draft: Draft, instance: ObservedContainer, message: str) -> None:
    """The hook has failed: its container is killed, and started again by the usual rules."""
    draft.emit("Warning", "FailedPostStartHook", "PostStartHook failed", instance.name)
    draft.record = with_start_error(draft.record, instance.name, "PostStartHookError", message)
    draft.update(
        post_starts=without(draft.record.post_starts, instance.name),
        failed_hooks=draft.record.failed_hooks | {draft.key(instance.name, instance.attempt)},
    )


def without_hooked(draft: Draft) -> Observed:
    """What the runtime shows without the containers whose hooks still run: for the status they are not there yet."""
    if not draft.record.post_starts:
        return draft.observed
    hooked = {(name, hook.attempt) for name, hook in draft.record.post_starts.items()}
    shown = tuple(item for item in draft.observed.containers if (item.name, item.attempt) not in hooked)
    return replace(draft.observed, containers=shown)
