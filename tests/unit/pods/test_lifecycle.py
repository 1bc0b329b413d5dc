"""Whole lives of pods, driven by hand-written reports (semantics/pod-on-docker.md 2.7, 2.9, 3)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from simulator.model.kubernetes import core_v1, meta_v1
from simulator.pods.executor import (
    ContainerKey,
    CreateSandbox,
    EngineReport,
    Exec,
    ExecReport,
    ImageReport,
    InspectImage,
    Node,
    PodRemoved,
    PullImage,
    RemoveContainer,
    RemovePod,
    SandboxReport,
    Snapshot,
    StartContainer,
    StartFailed,
    StopContainer,
    StopSandbox,
)
from simulator.pods.lifecycle import PodRecord, Sources, container_key, observe, sync_orphan, sync_pod
from tests.unit.pods.life import IMAGE, START, Life, kinds, make_pod


def test_one_container_succeeds() -> None:
    life = Life(make_pod())
    assert kinds(life.sync()) == ["CreateSandbox", "StartContainer main-0"]
    assert life.pod.spec is not None
    assert life.pod.spec.nodeName == "n1"
    assert life.status.phase == "Pending"
    assert life.sandbox() == []
    assert life.running() == []
    assert (life.status.phase, life.state(), life.status.podIP) == ("Running", "running", "10.244.0.7")
    life.now += timedelta(seconds=5)
    assert kinds(life.exited(0)) == ["StopSandbox"]
    assert (life.status.phase, life.state()) == ("Succeeded", "terminated Completed 0")
    assert life.events == [
        f'Normal Pulled Container image "{IMAGE}" already present on machine and can be accessed by the pod',
        "Normal Created Container created",
        "Normal Started Container started",
    ]
    assert life.wake_time is None
    assert life.sync() == []


def test_a_container_that_ends_at_once_needs_three_status_writes_at_most() -> None:
    life = Life(make_pod())
    life.sync()
    assert life.status.phase == "Pending"
    life.report(
        SandboxReport("u-1", 0, life.now, True, "10.244.0.7"),
        life.container("main", 0, "running", started_time=life.now),
        life.container("main", 0, "exited", exit_code=3, started_time=life.now, finished_time=life.now),
    )
    assert (life.status.phase, life.state()) == ("Failed", "terminated Error 3")


def test_restarts_wait_0_10_20_seconds() -> None:
    life = Life(make_pod(policy="OnFailure"))
    life.sync()
    life.sandbox()
    life.running()
    life.now += timedelta(seconds=1)
    assert kinds(life.exited(1)) == ["StartContainer main-1"]
    life.running(attempt=1)
    life.now += timedelta(seconds=1)
    assert life.exited(1, attempt=1) == []
    assert life.state() == "waiting CrashLoopBackOff"
    assert life.wake_time == life.now + timedelta(seconds=10)
    assert "Warning BackOff Back-off restarting failed container main in pod p_default(u-1)" in life.events
    assert "container main restarts in 10s: exit code 1, back-off 10s, restart 2" in life.notes
    assert life.pass_seconds(9.9) == []
    assert kinds(life.pass_seconds(0.1)) == ["StartContainer main-2"]
    assert kinds(life.running(attempt=2)) == ["RemoveContainer"], "two instances are kept"
    life.now += timedelta(seconds=1)
    assert life.exited(1, attempt=2) == []
    assert life.wake_time == life.now + timedelta(seconds=20)
    assert kinds(life.pass_seconds(20)) == ["StartContainer main-3"]
    life.running(attempt=3)
    statuses = life.status.containerStatuses
    assert statuses is not None
    assert statuses[0].restartCount == 3
    assert kinds(life.exited(0, attempt=3))[-1] == "StopSandbox"
    assert life.status.phase == "Succeeded"


def test_init_failure_fails_the_pod() -> None:
    life = Life(make_pod(inits=[{"name": "i0"}, {"name": "i1"}]))
    assert kinds(life.sync()) == ["CreateSandbox"], "with an infra container the start waits for it"
    assert kinds(life.sandbox()) == ["StartContainer i0-0"]
    life.running("i0")
    assert kinds(life.exited(0, "i0")) == ["StartContainer i1-0"]
    life.running("i1")
    assert kinds(life.exited(2, "i1")) == ["StopSandbox"]
    assert life.status.phase == "Failed"
    assert life.state("main") == "waiting PodInitializing"


def test_mains_start_in_order_without_waiting_for_one_another() -> None:
    life = Life(make_pod([{"name": "b"}, {"name": "a"}]))
    life.sync()
    assert kinds(life.sandbox()) == ["StartContainer b-0", "StartContainer a-0"]
    life.running("b")
    life.running("a")
    assert life.exited(0, "a") == []
    assert life.status.phase == "Running"
    assert kinds(life.exited(0, "b")) == ["StopSandbox"]
    assert life.status.phase == "Succeeded"


def test_main_waits_for_the_image_of_the_one_before() -> None:
    life = Life(make_pod([{"name": "b", "image": "other:1"}, {"name": "a"}]))
    life.sync()
    assert life.sandbox() == [InspectImage("u-1", "other:1")]
    assert life.report(ImageReport("u-1", "other:1", life.now)) == [PullImage("u-1", "other:1")]
    pulled = ImageReport("u-1", "other:1", life.now, image_id="sha256:9", pulled=True, pull_seconds=1.5, size_bytes=7)
    assert kinds(life.report(pulled)) == ["StartContainer b-0", "StartContainer a-0"]
    assert 'Normal Pulling Pulling image "other:1"' in life.events
    text = 'Successfully pulled image "other:1" in 1.5s (1.5s including waiting). Image size: 7 bytes.'
    assert f"Normal Pulled {text}" in life.events


def test_sidecar_runs_beside_the_main_and_ends_after_it() -> None:
    life = Life(make_pod(inits=[{"name": "s", "restartPolicy": "Always"}]))
    life.sync()
    assert kinds(life.sandbox()) == ["StartContainer s-0"]
    assert kinds(life.running("s")) == ["StartContainer main-0"]
    life.running("main")
    assert life.status.phase == "Running"
    assert life.exited(0, "main") == [StopContainer(ContainerKey("u-1", "s", 0), 30)]
    assert life.status.phase == "Running", "published only when all has stopped"
    assert kinds(life.exited(143, "s")) == ["StopSandbox"]
    assert life.status.phase == "Succeeded"


def test_deletion_gives_grace_then_removes() -> None:
    life = Life(make_pod(policy="Always"))
    life.sync()
    life.sandbox()
    life.running()
    assert life.delete(5) == [StopContainer(ContainerKey("u-1", "main", 0), 5)]
    assert life.events[-1] == "Normal Killing Stopping container main"
    assert life.pass_seconds(1) == []
    assert not life.removed
    assert life.delete(2) == [StopContainer(ContainerKey("u-1", "main", 0), 2)], "a shorter grace counts"
    assert life.exited(143) == [StopSandbox("u-1", 0), RemovePod("u-1")]
    assert life.removed
    assert life.status.phase == "Failed"
    assert life.sync() == []


def test_deleted_before_it_was_bound() -> None:
    life = Life(make_pod())
    life.delete()
    assert life.removed
    assert life.commands == []


def test_sidecars_wait_for_mains_on_deletion_until_the_grace_ends() -> None:
    life = Life(make_pod(inits=[{"name": "s0", "restartPolicy": "Always"}, {"name": "s1", "restartPolicy": "Always"}]))
    life.sync()
    life.sandbox()
    life.running("s0")
    life.running("s1")
    life.running("main")
    assert life.delete(30) == [StopContainer(ContainerKey("u-1", "main", 0), 30)]
    assert life.wake_time == life.now + timedelta(seconds=30)
    life.now += timedelta(seconds=10)
    assert life.exited(143) == [StopContainer(ContainerKey("u-1", "s1", 0), 20)]
    assert life.pass_seconds(20) == [StopContainer(ContainerKey("u-1", "s0", 0), 2)]


def test_image_that_can_not_be_had() -> None:
    life = Life(make_pod([{"name": "main", "image": "nope:1", "imagePullPolicy": "Always"}]))
    assert kinds(life.sync()) == ["CreateSandbox", "PullImage"]
    life.sandbox()
    error = "manifest for nope:1 not found: manifest unknown"
    life.report(ImageReport("u-1", "nope:1", life.now, error=error))
    assert life.state() == "waiting ErrImagePull"
    assert life.events == [
        'Normal Pulling Pulling image "nope:1"',
        f'Warning Failed Failed to pull image "nope:1": Error response from daemon: {error}',
        "Warning Failed Error: ErrImagePull",
    ]
    assert life.pass_seconds(9) == []
    assert life.pass_seconds(1) == [PullImage("u-1", "nope:1")]
    life.report(ImageReport("u-1", "nope:1", life.now, error=error))
    assert life.pass_seconds(10) == []
    assert life.state() == "waiting ImagePullBackOff"
    assert life.events[-2:] == ['Normal BackOff Back-off pulling image "nope:1"', "Warning Failed Error: ImagePullBackOff"]
    assert life.wake_time == life.now + timedelta(seconds=10)
    assert life.pass_seconds(10) == [PullImage("u-1", "nope:1")]
    pulled = ImageReport("u-1", "nope:1", life.now, image_id="sha256:5", pulled=True)
    assert kinds(life.report(pulled)) == ["StartContainer main-0"]


def test_image_never_pulled() -> None:
    life = Life(make_pod([{"name": "main", "image": "nope:1", "imagePullPolicy": "Never"}]))
    assert kinds(life.sync()) == ["CreateSandbox", "InspectImage"]
    life.report(ImageReport("u-1", "nope:1", life.now))
    assert life.state() == "waiting ErrImageNeverPull"
    assert life.pass_seconds(10) == [InspectImage("u-1", "nope:1")], "it may have come meanwhile"


def test_image_name_that_is_none() -> None:
    life = Life(make_pod([{"name": "main", "image": "Not An Image"}]))
    assert kinds(life.sync()) == ["CreateSandbox"]
    assert life.state() == "waiting InvalidImageName"


def test_start_error_counts_as_an_exit() -> None:
    life = Life(make_pod())
    life.sync()
    life.sandbox()
    text = 'exec: "nope": executable file not found in $PATH'
    life.report(
        StartFailed(ContainerKey("u-1", "main", 0), life.now, "start", text),
        life.container("main", 0, "exited", exit_code=128, reason="StartError", message=text),
    )
    assert (life.status.phase, life.state()) == ("Failed", "terminated StartError 128")
    message = f'failed to start container "main": Error response from daemon: {text}'
    assert life.events[-2:] == ["Normal Created Container created", f"Warning Failed Error: {message}"]


def test_create_error_is_tried_again() -> None:
    life = Life(make_pod())
    life.sync()
    life.sandbox()
    key = ContainerKey("u-1", "main", 0)
    assert life.report(StartFailed(key, life.now, "create", "Minimum memory limit allowed is 6MB")) == []
    assert (life.status.phase, life.state()) == ("Pending", "waiting CreateContainerError")
    assert life.wake_time == life.now + timedelta(seconds=10)
    assert kinds(life.pass_seconds(10)) == ["StartContainer main-0"]


def test_missing_config_map_heals() -> None:
    config_maps: dict[str, core_v1.ConfigMap] = {}
    life = Life(make_pod([{"name": "main", "envFrom": [{"configMapRef": {"name": "c"}}]}]), sources=Sources(config_maps.get))
    assert kinds(life.sync()) == ["CreateSandbox"]
    life.sandbox()
    assert life.state() == "waiting CreateContainerConfigError"
    assert 'Warning Failed Error: configmap "c" not found' in life.events
    config_maps["c"] = core_v1.ConfigMap(metadata=meta_v1.ObjectMeta(name="c"), data={"A": "1"})
    sent = life.pass_seconds(10)
    assert isinstance(sent[0], StartContainer)
    assert sent[0].config.env == (("A", "1"),)


def test_volume_that_is_not_there_holds_the_pod_back() -> None:
    volumes = [{"name": "v", "configMap": {"name": "c"}}]
    life = Life(make_pod(volumes=volumes))
    assert life.sync() == []
    assert life.events == ['Warning FailedMount MountVolume.SetUp failed for volume "v" : configmap "c" not found']
    assert (life.status.phase, life.state()) == ("Pending", "waiting ContainerCreating")
    assert life.wake_time == life.now + timedelta(seconds=0.5)
    life.pass_seconds(0.5)
    assert life.wake_time == life.now + timedelta(seconds=1)


def test_deadline_stops_the_pod() -> None:
    life = Life(make_pod(policy="Always", activeDeadlineSeconds=20, terminationGracePeriodSeconds=3))
    life.sync()
    life.sandbox()
    life.running()
    assert life.wake_time == START + timedelta(seconds=20)
    assert life.pass_seconds(20) == [StopContainer(ContainerKey("u-1", "main", 0), 3)]
    assert life.status.phase == "Running"
    assert kinds(life.exited(137)) == ["StopSandbox"]
    assert (life.status.phase, life.status.reason) == ("Failed", "DeadlineExceeded")
    deadline = "Normal DeadlineExceeded Pod was active on the node longer than the specified deadline"
    assert life.events[-5:] == [deadline, deadline, "Normal Killing Stopping container main", deadline, deadline]


def test_pod_address_in_the_environment_waits_for_the_sandbox() -> None:
    field = {"fieldRef": {"apiVersion": "v1", "fieldPath": "status.podIP"}}
    life = Life(make_pod([{"name": "main", "env": [{"name": "IP", "valueFrom": field}]}]))
    assert kinds(life.sync()) == ["CreateSandbox"]
    sent = life.sandbox()
    assert isinstance(sent[0], StartContainer)
    assert sent[0].config.env == (("IP", "10.244.0.7"),)


def test_a_volume_that_the_executor_can_not_mount() -> None:
    life = Life(make_pod())
    life.sync()
    error = 'MountVolume.SetUp failed for volume "v" : hostPath type check failed: /x is not a file'
    life.report(SandboxReport("u-1", 0, life.now, False, error=error))
    assert f"Warning FailedMount {error}" in life.events


def test_sandbox_failure_is_tried_again() -> None:
    life = Life(make_pod())
    life.sync()
    assert life.report(SandboxReport("u-1", 0, life.now, False, error="port is already allocated")) == []
    assert "Warning FailedCreatePodSandBox Failed to create pod sandbox: port is already allocated" in life.events
    assert kinds(life.pass_seconds(10)) == ["CreateSandbox", "StartContainer main-0"]


def test_infra_container_that_dies_is_replaced() -> None:
    life = Life(make_pod([{"name": "a"}, {"name": "b"}], policy="OnFailure"))
    life.sync()
    life.sandbox()
    life.running("a")
    life.running("b")
    life.exited(0, "b")
    assert kinds(life.sandbox(0, ready=False)) == ["StopContainer"]
    assert life.events[-2:] == [
        "Normal SandboxChanged Pod sandbox changed, it will be killed and re-created.",
        "Normal Killing Stopping container a",
    ]
    sent = life.exited(137, "a")
    assert [(type(command).__name__, command.attempt) for command in sent if isinstance(command, CreateSandbox)] == [
        ("CreateSandbox", 1)
    ]
    assert kinds(life.sandbox(1)) == ["StartContainer a-1"], "what exited 0 is not run again"


@pytest.mark.parametrize("policy", ["Never", "OnFailure"])
def test_a_new_process_takes_over_what_runs(policy: str) -> None:
    life = Life(make_pod(policy=policy))
    life.sync()
    life.sandbox()
    life.running()
    life.record = PodRecord("u-1")
    snapshot = Snapshot(
        life.now,
        (SandboxReport("u-1", 0, life.now, True, "10.244.0.7"),),
        (life.container("main", 0, "running", started_time=life.now),),
    )
    assert life.report(snapshot) == []
    assert life.state() == "running"
    assert life.exited(0) == [StopSandbox("u-1", 0)]
    assert life.status.phase == "Succeeded"


def test_what_ended_while_nobody_looked_is_finished() -> None:
    life = Life(make_pod())
    life.sync()
    life.sandbox()
    life.running()
    life.record = PodRecord("u-1")
    ended = life.container("main", 0, "exited", exit_code=4, started_time=life.now, finished_time=life.now)
    life.report(Snapshot(life.now, (), (ended,)))
    assert (life.status.phase, life.state()) == ("Failed", "terminated Error 4")
    assert life.status.podIP == "10.244.0.7"


def test_created_but_never_started_is_made_again() -> None:
    life = Life(make_pod())
    life.sync()
    life.record = PodRecord("u-1")
    created = life.container("main", 0, "created")
    sandbox = SandboxReport("u-1", 0, life.now, True, "10.244.0.7")
    assert kinds(life.report(Snapshot(life.now, (sandbox,), (created,)))) == ["StartContainer main-0"]


def test_a_container_that_vanished_failed() -> None:
    life = Life(make_pod())
    life.sync()
    life.sandbox()
    life.running()
    life.record = PodRecord("u-1")
    life.report(Snapshot(life.now, (SandboxReport("u-1", 0, life.now, True, "10.244.0.7"),), ()))
    assert (life.status.phase, life.state()) == ("Failed", "terminated ContainerStatusUnknown 137")


def test_nothing_happens_while_the_engine_is_away() -> None:
    life = Life(make_pod(policy="Always"))
    life.sync()
    life.sandbox()
    life.running()
    assert life.report(EngineReport(life.now, False, "gone")) == []
    before = life.status
    assert life.delete() == []
    assert life.status == before
    running = life.container("main", 0, "running", started_time=life.now)
    sandbox = SandboxReport("u-1", 0, life.now, True, "10.244.0.7")
    assert kinds(life.report(Snapshot(life.now, (sandbox,), (running,)))) == ["StopContainer"]


def test_orphan_is_stopped_and_removed() -> None:
    life = Life(make_pod(policy="Always"))
    life.sync()
    life.sandbox()
    life.running()
    plan = sync_orphan(life.record, life.now)
    assert plan.commands == (StopContainer(ContainerKey("u-1", "main", 0), 2),)
    life.record = plan.record
    assert sync_orphan(life.record, life.now).commands == ()
    ended = observe(life.record, life.container("main", 0, "exited", exit_code=137), life.now)
    assert sync_orphan(ended, life.now).commands == (RemovePod("u-1"),)


def test_record_of_an_orphan_can_be_dropped_in_the_end() -> None:
    life = Life(make_pod())
    life.sync()
    life.sandbox()
    life.running()
    life.exited(0)
    plan = sync_orphan(life.record, life.now)
    assert plan.commands == (RemovePod("u-1"),)
    record = observe(plan.record, PodRemoved("u-1", life.now), life.now)
    assert sync_orphan(record, life.now).remove


def test_scheduling_gates_hold_the_pod() -> None:
    life = Life(make_pod(schedulingGates=[{"name": "wait"}]))
    assert life.sync() == []
    conditions = life.status.conditions
    assert conditions is not None
    assert (conditions[0].type, conditions[0].reason) == ("PodScheduled", "SchedulingGated")


def test_a_pod_deleted_before_it_has_a_node_has_failed() -> None:
    """A finalizer may hold it, and no kubelet will ever say how it ended."""
    life = Life(make_pod(schedulingGates=[{"name": "wait"}]))
    life.sync()
    life.delete()
    plan = life.sync_once()
    assert plan.remove
    assert life.status.phase == "Failed"
    assert life.sync_once().status is None


def test_container_key_names_the_latest_and_the_one_before() -> None:
    life = Life(make_pod(policy="OnFailure"))
    life.sync()
    life.sandbox()
    life.running()
    life.exited(1)
    life.running(attempt=1)
    assert container_key(life.record, "main") == ContainerKey("u-1", "main", 1)
    assert container_key(life.record, "main", previous=True) == ContainerKey("u-1", "main", 0)
    assert container_key(life.record, "nope") is None


def test_events_name_the_container() -> None:
    life = Life(make_pod(inits=[{"name": "i0"}]))
    life.sync_once()
    life.sandbox()
    record = observe(life.record, life.container("i0", 0, "running", started_time=life.now), life.now)
    plan = sync_pod(life.pod, record, Node(), life.now, images=life.images, sources=life.sources)
    paths = {event.field_path for event in plan.events}
    assert paths == {"spec.initContainers{i0}"}


def test_post_start_hook_holds_the_others_back() -> None:
    hook = {"postStart": {"exec": {"command": ["touch", "/x"]}}}
    life = Life(make_pod([{"name": "a", "lifecycle": hook}, {"name": "b"}]))
    life.sync()
    assert kinds(life.sandbox()) == ["StartContainer a-0"]
    key = ContainerKey("u-1", "a", 0)
    assert life.running("a") == [Exec(key, ("touch", "/x"), None, "postStart")]
    assert life.state("a") == "waiting ContainerCreating"
    assert kinds(life.report(ExecReport(key, "postStart", life.now))) == ["StartContainer b-0"]
    assert life.state("a") == "running"


def test_post_start_hook_that_fails_has_its_container_killed() -> None:
    hook = {"postStart": {"exec": {"command": ["false"]}}}
    life = Life(make_pod([{"name": "main", "lifecycle": hook}], policy="Always"))
    life.sync()
    life.sandbox()
    life.running()
    key = ContainerKey("u-1", "main", 0)
    assert life.report(ExecReport(key, "postStart", life.now, exit_code=1, output="no")) == [StopContainer(key, 30)]
    assert life.events[-2:] == ["Warning FailedPostStartHook PostStartHook failed", "Normal Killing FailedPostStartHook"]
    assert kinds(life.exited(137)) == ["StartContainer main-1"]


def test_pre_stop_hook_takes_its_time_from_the_grace() -> None:
    hook = {"preStop": {"exec": {"command": ["bye"]}}}
    life = Life(make_pod([{"name": "main", "lifecycle": hook}]))
    life.sync()
    life.sandbox()
    life.running()
    key = ContainerKey("u-1", "main", 0)
    assert life.delete(10) == [Exec(key, ("bye",), 10, "preStop")]
    life.now += timedelta(seconds=4)
    assert life.report(ExecReport(key, "preStop", life.now)) == [StopContainer(key, 6)]


def test_restart_of_all_removes_everything_and_starts_over() -> None:
    rule = {"action": "RestartAllContainers", "exitCodes": {"operator": "In", "values": [42]}}
    asks = {"name": "a", "restartPolicy": "Never", "restartPolicyRules": [rule]}
    life = Life(make_pod([asks, {"name": "b"}], inits=[{"name": "i0"}]))
    life.sync()
    life.sandbox()
    life.running("i0")
    life.exited(0, "i0")
    life.running("a")
    life.running("b")
    sent = life.exited(42, "a")
    assert StopContainer(ContainerKey("u-1", "b", 0), 2) in sent
    assert RemoveContainer(ContainerKey("u-1", "i0", 0)) in sent
    assert RemoveContainer(ContainerKey("u-1", "a", 0)) not in sent, "what asked for it goes last"
    life.report(life.container("i0", 0, "gone"))
    assert life.exited(143, "b") == [RemoveContainer(ContainerKey("u-1", "b", 0))]
    assert life.report(life.container("b", 0, "gone")) == [RemoveContainer(ContainerKey("u-1", "a", 0))]
    assert life.state("b") == "waiting RestartingAllContainers"
    assert kinds(life.report(life.container("a", 0, "gone"))) == ["StartContainer i0-0"]
