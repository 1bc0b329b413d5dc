"""The client and the API together, over a real socket and in one process."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from simulator.cli.client import Client, UnixSocket
from simulator.errors import (
    AlreadyExists,
    ApiError,
    BadRequest,
    Conflict,
    Expired,
    Forbidden,
    Invalid,
    NotFound,
    ServiceUnavailable,
    UnsupportedMediaType,
)
from simulator.model.kinds import CONFIG_MAP, CRON_JOB, EVENT, JOB, NAMESPACE, POD, SECRET
from simulator.model.metadata import Key
from tests.api.world import World, job

MERGE = "application/merge-patch+json"


def paused(name: str = "a", **spec: Any) -> dict[str, Any]:
    return job(name, suspend=True, **spec)


def test_create_get_list(client: Client) -> None:
    created = client.create(JOB, paused("b"))
    assert created["kind"] == "Job"
    assert created["apiVersion"] == "batch/v1"
    assert created["spec"]["backoffLimit"] == 6
    assert created["status"] == {} or "conditions" in created["status"]
    client.create(JOB, paused("a"))
    assert client.get(JOB, "b", "default")["metadata"]["uid"] == created["metadata"]["uid"]
    listed = client.list(JOB, "default")
    assert (listed["kind"], listed["apiVersion"]) == ("JobList", "batch/v1")
    assert [item["metadata"]["name"] for item in listed["items"]] == ["a", "b"]
    assert all("kind" not in item and "apiVersion" not in item for item in listed["items"])
    assert int(listed["metadata"]["resourceVersion"]) >= int(listed["items"][1]["metadata"]["resourceVersion"])
    assert client.list(JOB, "elsewhere")["items"] == []
    assert len(client.list(JOB)["items"]) == 2


def test_selectors(client: Client) -> None:
    for name in ("a", "b"):
        client.create(JOB, paused(name))

    def names(**selectors: str) -> list[str]:
        return [item["metadata"]["name"] for item in client.list(JOB, "default", **selectors)["items"]]

    assert names(label_selector="app=b") == ["b"]
    assert names(label_selector="app in (a, b),app!=b") == ["a"]
    assert names(field_selector="metadata.name=b") == ["b"]
    with pytest.raises(BadRequest, match="unable to parse requirement"):
        names(label_selector="!!app")
    with pytest.raises(BadRequest, match="field label"):
        names(field_selector="spec.x=b")


def test_errors_have_reason_code_and_details(client: Client) -> None:
    with pytest.raises(NotFound) as caught:
        client.get(JOB, "none", "default")
    assert str(caught.value) == 'jobs.batch "none" not found'
    assert caught.value.details == {"name": "none", "group": "batch", "kind": "jobs"}
    with pytest.raises(NotFound) as caught:
        client.get(POD, "none", "default")
    assert caught.value.details == {"name": "none", "kind": "pods"}
    client.create(JOB, paused())
    with pytest.raises(AlreadyExists, match=r'jobs\.batch "a" already exists'):
        client.create(JOB, paused())
    with pytest.raises(NotFound, match='namespaces "nowhere" not found'):
        client.create(JOB, paused("c"), "nowhere")
    with pytest.raises(Invalid) as invalid:
        client.create(JOB, job("d", parallelism=-1))
    assert invalid.value.details["causes"][0]["field"] == "spec.parallelism"


def test_field_validation(client: Client, world: World) -> None:
    manifest = paused("a", paralelism=3)
    with pytest.raises(BadRequest) as caught:
        client.create(JOB, manifest)
    assert str(caught.value) == (
        'Job in version "v1" cannot be handled as a Job: strict decoding error: unknown field "spec.paralelism"'
    )
    client.create(JOB, manifest, dry_run=True, field_validation="Ignore")
    assert world.warnings == []
    client.create(JOB, manifest, dry_run=True, field_validation="Warn")
    assert world.warnings == ['unknown field "spec.paralelism"']
    with pytest.raises(
        BadRequest, match=r"cannot unmarshal string into Go struct field JobSpec.spec.parallelism of type int32"
    ):
        client.create(JOB, job("a", parallelism="three"), field_validation="Ignore")
    with pytest.raises(BadRequest, match="fieldValidation"):
        client.create(JOB, manifest, field_validation="Maybe")


def test_dry_run_keeps_nothing(client: Client) -> None:
    assert client.create(JOB, paused(), dry_run=True)["metadata"]["uid"]
    assert client.list(JOB)["items"] == []
    client.create(JOB, paused())
    assert client.patch(JOB, "a", "default", {"spec": {"parallelism": 7}}, dry_run=True)["spec"]["parallelism"] == 7
    assert client.get(JOB, "a")["spec"]["parallelism"] == 1
    client.delete(JOB, "a", "default", {"propagationPolicy": "Background"}, dry_run=True)
    assert client.get(JOB, "a")


def test_what_does_not_belong_together_is_refused(client: Client) -> None:
    with pytest.raises(BadRequest, match=r"the API version in the data \(batch/v1beta1\) does not match"):
        client.create(JOB, {**paused(), "apiVersion": "batch/v1beta1"})
    with pytest.raises(BadRequest, match="CronJob"):
        client.create(JOB, {**paused(), "kind": "CronJob"})
    with pytest.raises(BadRequest, match="the namespace of the provided object does not match"):
        client.create(JOB, {**paused(), "metadata": {"name": "a", "namespace": "other"}}, "default")
    client.create(JOB, paused())
    with pytest.raises(BadRequest, match=r"the name of the object \(b\) does not match the name on the URL \(a\)"):
        client.patch(JOB, "a", None, {"metadata": {"name": "b"}})


def test_replace(client: Client) -> None:
    template = {"spec": job()["spec"]}
    spec = {"schedule": "0 0 1 1 *", "suspend": True, "jobTemplate": template}
    created = client.create(CRON_JOB, {"metadata": {"name": "a"}, "spec": spec})
    created["spec"]["schedule"] = "1 0 1 1 *"
    replaced = client.replace(CRON_JOB, created)
    assert replaced["spec"]["schedule"] == "1 0 1 1 *"
    assert replaced["metadata"]["generation"] == created["metadata"]["generation"] + 1
    with pytest.raises(Conflict, match="the object has been modified"):
        client.replace(CRON_JOB, created)
    with pytest.raises(NotFound):
        client.replace(JOB, paused("none"))


@pytest.mark.parametrize(
    ("patch", "content_type"),
    [
        ({"spec": {"parallelism": 5}}, MERGE),
        ({"spec": {"parallelism": 5}}, "application/strategic-merge-patch+json"),
        ([{"op": "replace", "path": "/spec/parallelism", "value": 5}], "application/json-patch+json"),
    ],
)
def test_patch(client: Client, patch: Any, content_type: str) -> None:
    client.create(JOB, paused())
    patched = client.patch(JOB, "a", "default", patch, content_type)
    assert patched["spec"]["parallelism"] == 5
    assert client.get(JOB, "a")["spec"] == patched["spec"]


def test_patches_that_are_refused(client: Client, world: World) -> None:
    created = client.create(JOB, paused())
    with pytest.raises(NotFound):
        client.patch(JOB, "none", None, {})
    with pytest.raises(UnsupportedMediaType, match="accepted media types include: application/json-patch"):
        client.patch(JOB, "a", None, {}, "application/apply-patch+yaml")
    with pytest.raises(Invalid, match=r'patch: Invalid value: "map.*strict decoding error: unknown field "spec.x"'):
        client.patch(JOB, "a", None, {"spec": {"x": 1}})
    with pytest.raises(Invalid, match=r"json: cannot unmarshal string into Go struct field JobSpec.spec.parallelism"):
        client.patch(JOB, "a", None, {"spec": {"parallelism": "x"}}, MERGE)
    with pytest.raises(Conflict):
        client.patch(JOB, "a", None, {"metadata": {"resourceVersion": "1"}, "spec": {"parallelism": 9}}, MERGE)
    with pytest.raises(Invalid, match="field is immutable"):
        client.patch(JOB, "a", None, {"spec": {"completions": 5}})
    assert client.get(JOB, "a")["spec"] == created["spec"]
    client.patch(JOB, "a", None, {"spec": {"x": 1}}, field_validation="Warn")
    assert world.warnings == ['unknown field "spec.x"']


def test_status_subresource(client: Client) -> None:
    client.create(JOB, paused())
    patched = client.patch(
        JOB, "a", None, {"status": {"active": 3}, "spec": {"parallelism": 9}}, MERGE, subresource="status"
    )
    assert patched["spec"]["parallelism"] == 1
    with pytest.raises(Conflict):
        client.replace(JOB, {**patched, "metadata": {"name": "a", "resourceVersion": "1"}}, subresource="status")
    alone = {"metadata": {"name": "a"}, "status": {"conditions": [{"type": "Mine"}]}}
    replaced = client.replace(JOB, alone, subresource="status")
    assert replaced["status"]["conditions"] == [{"type": "Mine", "status": ""}]
    with pytest.raises(NotFound, match="the server could not find the requested resource"):
        client.patch(JOB, "a", None, {}, MERGE, subresource="scale")


def test_delete(client: Client, world: World) -> None:
    created = client.create(CONFIG_MAP, {"metadata": {"name": "c"}, "data": {"a": "b"}})
    with pytest.raises(Conflict, match="UID in precondition"):
        client.delete(CONFIG_MAP, "c", None, {"preconditions": {"uid": "other"}})
    answer = client.delete(CONFIG_MAP, "c")
    assert answer == {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Success",
        "details": {"name": "c", "kind": "configmaps", "uid": created["metadata"]["uid"]},
    }
    with pytest.raises(NotFound, match='configmaps "c" not found'):
        client.delete(CONFIG_MAP, "c")
    client.create(CONFIG_MAP, {"metadata": {"name": "held", "finalizers": ["example.com/x"]}})
    assert client.delete(CONFIG_MAP, "held")["metadata"]["deletionTimestamp"]
    client.patch(CONFIG_MAP, "held", None, {"metadata": {"finalizers": None}}, MERGE)
    with pytest.raises(NotFound):
        client.get(CONFIG_MAP, "held")
    with pytest.raises(Invalid, match='Unsupported value: "Sideways"'):
        client.delete(CONFIG_MAP, "c", None, {"propagationPolicy": "Sideways"})
    assert world.warnings == []


def test_deleting_a_job_without_a_policy_warns(client: Client, world: World) -> None:
    client.create(JOB, paused())
    client.delete(JOB, "a")
    assert len(world.warnings) == 1
    assert world.warnings[0].startswith("child pods are preserved by default when jobs are deleted;")


def test_delete_collection(client: Client) -> None:
    for name in ("a", "b", "c"):
        client.create(SECRET, {"metadata": {"name": name, "labels": {"app": name}}})
    deleted = client.delete_collection(SECRET, "default", label_selector="app!=b")
    assert [item["metadata"]["name"] for item in deleted["items"]] == ["a", "c"]
    assert [item["metadata"]["name"] for item in client.list(SECRET)["items"]] == ["b"]


def test_namespaces(client: Client) -> None:
    client.create(NAMESPACE, {"metadata": {"name": "team"}})
    client.create(CONFIG_MAP, {"metadata": {"name": "c"}}, "team")
    assert [item["metadata"]["name"] for item in client.list(NAMESPACE)["items"]] == ["default", "team"]
    assert client.get(CONFIG_MAP, "c", "team")["metadata"]["namespace"] == "team"
    with pytest.raises(Forbidden, match="this namespace may not be deleted"):
        client.delete(NAMESPACE, "default")


def test_tables(client: Client) -> None:
    client.create(JOB, paused())
    table = client.list_table(JOB, "default")
    assert (table["kind"], table["apiVersion"]) == ("Table", "meta.k8s.io/v1")
    assert [column["name"] for column in table["columnDefinitions"]][:4] == ["Name", "Status", "Completions", "Duration"]
    assert table["rows"][0]["cells"][0] == "a"
    assert table["rows"][0]["object"]["kind"] == "PartialObjectMetadata"
    assert client.get_table(JOB, "a", include="Object")["rows"][0]["object"]["kind"] == "Job"
    assert client.get_table(JOB, "a", include="None")["rows"][0]["object"] is None


def test_watch_from_a_version(client: Client) -> None:
    client.create(CONFIG_MAP, {"metadata": {"name": "old"}})
    version = client.list(CONFIG_MAP)["metadata"]["resourceVersion"]
    with client.watch(CONFIG_MAP, "default", resource_version=version) as watch:
        client.create(CONFIG_MAP, {"metadata": {"name": "c"}})
        client.patch(CONFIG_MAP, "c", None, {"data": {"a": "b"}})
        client.create(CONFIG_MAP, {"metadata": {"name": "quiet"}}, dry_run=True)
        client.delete(CONFIG_MAP, "c")
        events = [next(watch) for _ in range(3)]
    assert [event.type for event in events] == ["ADDED", "MODIFIED", "DELETED"]
    assert [event.object["metadata"]["name"] for event in events] == ["c", "c", "c"]
    assert events[1].object["kind"] == "ConfigMap"
    assert events[1].object["data"] == {"a": "b"}
    versions = [int(event.object["metadata"]["resourceVersion"]) for event in events]
    assert versions == sorted(set(versions))


def test_watch_without_a_version_begins_with_what_exists(client: Client) -> None:
    client.create(CONFIG_MAP, {"metadata": {"name": "one"}})
    client.create(CONFIG_MAP, {"metadata": {"name": "two"}})
    with client.watch(CONFIG_MAP, "default", name="two") as watch:
        assert next(watch).object["metadata"]["name"] == "two"
        client.delete(CONFIG_MAP, "one")
        client.delete(CONFIG_MAP, "two")
        assert next(watch).type == "DELETED"


def test_watch_with_a_selector_sees_objects_come_and_go(client: Client) -> None:
    client.create(CONFIG_MAP, {"metadata": {"name": "c", "labels": {"app": "x"}}})
    with client.watch(CONFIG_MAP, "default", label_selector="app=y") as watch:
        client.patch(CONFIG_MAP, "c", None, {"metadata": {"labels": {"app": "y"}}})
        client.patch(CONFIG_MAP, "c", None, {"metadata": {"labels": {"app": "z"}}})
        added, deleted = next(watch), next(watch)
    assert (added.type, deleted.type) == ("ADDED", "DELETED")
    assert deleted.object["metadata"]["labels"] == {"app": "y"}


def test_watch_as_a_table(client: Client) -> None:
    with client.watch(CONFIG_MAP, "default", table=True) as watch:
        client.create(CONFIG_MAP, {"metadata": {"name": "c"}})
        client.create(CONFIG_MAP, {"metadata": {"name": "d"}})
        first, second = next(watch), next(watch)
    assert first.object["columnDefinitions"][0]["name"] == "Name"
    assert second.object["columnDefinitions"] is None
    assert second.object["rows"][0]["cells"][0] == "d"


def test_watch_ends_by_timeout(client: Client) -> None:
    assert list(client.watch(CONFIG_MAP, "default", timeout_seconds=1)) == []


def test_watch_from_a_version_that_is_forgotten(client: Client, world: World) -> None:
    client.create(CONFIG_MAP, {"metadata": {"name": "c"}})
    world.call(world.objects._history.clear)
    with pytest.raises(Expired, match="too old resource version: 1"):
        next(client.watch(CONFIG_MAP, resource_version="1"))
    with pytest.raises(BadRequest):
        client.watch(CONFIG_MAP, resource_version="x")


def test_closing_a_watch_wakes_its_reader_and_ends_it_at_the_server(client: Client, world: World) -> None:
    watch = client.watch(CONFIG_MAP)
    reader = threading.Thread(target=lambda: list(watch))
    reader.start()
    watch.close()
    reader.join(5)
    assert not reader.is_alive()
    gone = threading.Event()
    for _ in range(200):
        if not world.call(lambda: world.objects._watchers):
            gone.set()
            break
        gone.wait(0.01)
    assert gone.is_set()


def test_decisions(client: Client, world: World) -> None:
    created = client.create(JOB, paused())
    uid = created["metadata"]["uid"]
    key = Key("Job", "default", "a")
    world.call(lambda: world.objects.add_decision("2026-01-01T00:00:00+00:00", key, uid, "wait: it is suspended"))
    decisions = client.decisions(JOB, "a")
    assert decisions[-1] == {
        "time": "2026-01-01T00:00:00+00:00",
        "object": {"kind": "Job", "namespace": "default", "name": "a", "uid": uid},
        "text": "wait: it is suspended",
    }
    client.delete(JOB, "a", None, {"propagationPolicy": "Background"})
    assert client.decisions(JOB, "a")
    with pytest.raises(NotFound, match=r'cronjobs\.batch "none" not found'):
        client.decisions(CRON_JOB, "none")


def test_instance(client: Client, world: World) -> None:
    client.ping()
    client.create(JOB, job("runs"))
    client.create(JOB, paused("waits"))
    status = client.status()
    assert status["unfinishedJobs"] == 1
    assert status["engine"]["reachable"] is False
    assert status["engine"]["error"]
    assert status["processID"] > 0
    client.shutdown()
    assert world.shutdowns == 1
    assert client.version()["gitVersion"].startswith("v1.36")


def test_logs_of_a_pod_that_is_on_no_node(client: Client) -> None:
    spec = {"containers": [{"name": "a", "image": "x"}, {"name": "b", "image": "x"}], "restartPolicy": "Never"}
    client.create(POD, {"metadata": {"name": "p"}, "spec": spec})
    assert b"".join(client.logs("p", container="a")) == b""
    with pytest.raises(BadRequest, match=r"a container name must be specified for pod p, choose one of: \[a b\]"):
        client.logs("p")
    with pytest.raises(BadRequest, match="container c is not valid for pod p"):
        client.logs("p", container="c")
    with pytest.raises(Invalid, match="must be greater than 0"):
        client.logs("p", container="a", limit_bytes=-1)
    with pytest.raises(Invalid, match="at most one of"):
        client.logs("p", container="a", since_seconds=3, since_time="2026-01-01T00:00:00Z")
    with pytest.raises(NotFound, match='pods "none" not found'):
        client.logs("none")


def test_pods_and_events_in_their_wire_form(client: Client) -> None:
    spec = {"containers": [{"name": "a", "image": "x"}]}
    pod = client.create(POD, {"metadata": {"generateName": "p-"}, "spec": spec})
    assert pod["metadata"]["name"].startswith("p-")
    assert pod["status"]["phase"] == "Pending"
    event = {
        "metadata": {"name": "e"},
        "involvedObject": {"kind": "Pod", "name": "p", "namespace": "default"},
        "reason": "R",
        "message": "m",
        "type": "Normal",
    }
    made = client.create(EVENT, event)
    assert made["eventTime"] is None
    assert made["source"] == {}
    assert client.list(EVENT, field_selector="involvedObject.name=p")["items"][0]["reason"] == "R"


def test_many_clients_at_once(world: World) -> None:
    errors: list[BaseException] = []

    def work(number: int) -> None:
        try:
            for turn in range(5):
                world.unix.create(CONFIG_MAP, {"metadata": {"name": f"c-{number}-{turn}"}})
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert len(world.unix.list(CONFIG_MAP)["items"]) == 40


def test_a_server_that_goes_away(world: World) -> None:
    watch = world.unix.watch(CONFIG_MAP)
    world.server.close()
    with pytest.raises((ServiceUnavailable, StopIteration)):
        next(watch)
    with pytest.raises(ServiceUnavailable, match="the control plane can't be reached"):
        world.unix.list(JOB)
    with pytest.raises(OSError):
        Client(UnixSocket(world.socket)).ping()
    assert not world.socket.exists()


def test_unknown_reasons_are_told_by_their_code(client: Client) -> None:
    from simulator.cli.client import _error

    assert isinstance(_error({"reason": "Odd", "message": "m"}, 409), AlreadyExists | Conflict)
    assert isinstance(_error({"message": "m"}, 418), ApiError)
