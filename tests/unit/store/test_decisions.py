from __future__ import annotations

from pathlib import Path

from simulator.model.kubernetes import batch_v1, core_v1, meta_v1
from simulator.model.metadata import Key
from simulator.store.database import Database
from simulator.store.objects import Objects

JOB, POD = Key("Job", "default", "a"), Key("Pod", "default", "a-x")


def put_job_and_pod(objects: Objects) -> None:
    owner = meta_v1.OwnerReference(apiVersion="batch/v1", kind="Job", name="a", uid="job-uid", controller=True)
    objects.put(batch_v1.Job(metadata=meta_v1.ObjectMeta(name="a", namespace="default", uid="job-uid")))
    metadata = meta_v1.ObjectMeta(name="a-x", namespace="default", uid="pod-uid", ownerReferences=[owner])
    objects.put(core_v1.Pod(metadata=metadata))


def test_decisions_of_a_job_hold_those_of_its_pods_also_when_they_are_gone(tmp_path: Path) -> None:
    database = Database(tmp_path / "db")
    objects = Objects(database)
    put_job_and_pod(objects)
    objects.add_decision("t1", JOB, "job-uid", "create a pod")
    objects.add_decision("t2", POD, "pod-uid", "start main")
    objects.add_decision("t3", Key("Pod", "default", "other"), "other-uid", "start main")
    assert [text for _, _, _, text in objects.decisions(JOB)] == ["create a pod", "start main"]
    objects.remove(POD)
    objects.remove(JOB)
    objects.commit()
    assert [tuple(decision) for decision in objects.decisions(JOB)] == [
        ("t1", JOB, "job-uid", "create a pod"),
        ("t2", POD, "pod-uid", "start main"),
    ]
    assert [decision.text for decision in objects.decisions(POD)] == ["start main"]
    database.close()
