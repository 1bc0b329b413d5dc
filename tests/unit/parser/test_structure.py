from __future__ import annotations

from typing import Any

import pytest

from simulator.parser.structure import check_structure, refusal


def job(**spec: Any) -> dict[str, Any]:
    template = {"spec": {"containers": [{"name": "main", "image": "busybox"}], "restartPolicy": "Never"}}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "demo"}, "spec": {"template": template, **spec}}


def test_a_good_job() -> None:
    assert check_structure(job()) == []
    assert refusal(job()) is None


def test_an_unknown_field_and_the_nearest_real_name() -> None:
    found = check_structure(job(paralelism=3, BackoffLimit=1, qqq=1))
    assert [(finding.message, finding.nearest) for finding in found] == [
        ('unknown field "spec.paralelism"', "parallelism"),
        ('unknown field "spec.BackoffLimit"', "backoffLimit"),
        ('unknown field "spec.qqq"', ""),
    ]
    assert found[0].path == ("spec", "paralelism")


def test_unknown_fields_are_refused_only_when_asked_for() -> None:
    obj = job(paralelism=3, backofLimit=1)
    assert refusal(obj, strict=False) is None
    assert refusal(obj) == (
        'Job in version "v1" cannot be handled as a Job: strict decoding error: '
        'unknown field "spec.paralelism", unknown field "spec.backofLimit"'
    )


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"parallelism": "three"}, "cannot unmarshal string into Go struct field JobSpec.spec.parallelism of type int32"),
        ({"parallelism": 1.5}, "cannot unmarshal number 1.5 into Go struct field JobSpec.spec.parallelism of type int32"),
        ({"suspend": 1}, "cannot unmarshal number into Go struct field JobSpec.spec.suspend of type bool"),
        ({"managedBy": True}, "cannot unmarshal bool into Go struct field JobSpec.spec.managedBy of type string"),
        ({"completionMode": {}}, "cannot unmarshal object into Go struct field JobSpec.spec.completionMode "
                                 "of type v1.CompletionMode"),
        ({"selector": []}, "cannot unmarshal array into Go struct field JobSpec.spec.selector of type v1.LabelSelector"),
    ],
)  # fmt: skip
def test_wrong_types(spec: dict[str, Any], message: str) -> None:
    assert [finding.message for finding in check_structure(job(**spec))] == [f"json: {message}"]


def test_embedded_structs_are_named_in_the_path() -> None:
    obj = job()
    container = obj["spec"]["template"]["spec"]["containers"][0]
    container["livenessProbe"] = {"httpGet": {"port": True}}
    obj["spec"]["template"]["spec"]["volumes"] = [{"name": "v", "emptyDir": "x"}]
    assert [finding.message for finding in check_structure(obj)] == [
        "json: cannot unmarshal bool into Go struct field "
        "HTTPGetAction.spec.template.spec.containers.livenessProbe.ProbeHandler.httpGet.port of type int32",
        "json: cannot unmarshal string into Go struct field "
        "Volume.spec.template.spec.volumes.VolumeSource.emptyDir of type v1.EmptyDirVolumeSource",
    ]


def test_a_wrong_type_outdoes_unknown_fields_and_a_bad_quantity_outdoes_both() -> None:
    obj = job(foo=1, suspend="no")
    assert refusal(obj) == (
        'Job in version "v1" cannot be handled as a Job: '
        "json: cannot unmarshal string into Go struct field JobSpec.spec.suspend of type bool"
    )
    obj["spec"]["template"]["spec"]["containers"][0]["resources"] = {"limits": {"cpu": "lots"}}
    assert "quantities must match" in str(refusal(obj))


def test_nulls_are_no_values() -> None:
    assert check_structure(job(parallelism=None, selector=None)) == []


def test_secrets_hold_base64() -> None:
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "data": {"a": "aGk=", "b": "a b"}}
    assert [finding.message for finding in check_structure(secret)] == ["illegal base64 data at input byte 1"]


def test_times() -> None:
    obj = job()
    obj["metadata"]["creationTimestamp"] = "yesterday"
    assert [finding.message for finding in check_structure(obj)] == [
        'parsing time "yesterday" as "2006-01-02T15:04:05Z07:00": cannot parse "yesterday" as "2006"'
    ]
