"""selectors.json: label selectors and field selectors as the API server reads them, and what they match."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.model.field_selectors import parse_field_selector
from simulator.model.kinds import kind_named
from simulator.model.kubernetes import from_builtins
from simulator.model.selectors import SelectorError, parse_label_selector
from tests.vectors.cases import cases, check_keys


@pytest.mark.parametrize("case", cases("selectors"))
def test_selector(case: dict[str, Any]) -> None:
    check_keys(case, {"name", "labelSelector", "labelSets", "fieldSelector", "resource", "objects", "matches", "error"})
    if "labelSelector" in case:
        if "error" in case:
            with pytest.raises(SelectorError) as caught:
                parse_label_selector(case["labelSelector"])
            assert str(caught.value) == case["error"]
        else:
            selector = parse_label_selector(case["labelSelector"])
            assert [selector.matches(labels) for labels in case["labelSets"]] == case["matches"]
        return
    kind = kind_named(case["resource"])
    assert kind is not None
    if "error" in case:
        with pytest.raises(SelectorError) as caught:
            parse_field_selector(case["fieldSelector"], kind.kind)
        assert str(caught.value) == case["error"]
        return
    fields = parse_field_selector(case["fieldSelector"], kind.kind)
    objects = [from_builtins(_completed(obj, kind.kind), kind.type) for obj in case["objects"]]
    assert sorted(obj.metadata.name for obj in objects if fields.matches(obj)) == case["matches"]


def _completed(obj: dict[str, Any], kind: str) -> dict[str, Any]:
    """The object with the fields that its type demands and the namespace that the format implies."""
    completed = {**obj, "metadata": {"namespace": "default", **obj["metadata"]}}
    demanded = {"Pod": {"containers": []}, "CronJob": {"schedule": "", "jobTemplate": {}}}.get(kind, {})
    if demanded:
        completed["spec"] = {**demanded, **obj.get("spec", {})}
    return completed
