"""`--for` of `kjsim wait`: what is waited for, and whether an object fulfils it. Pure; the texts are kubectl's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from simulator.cli.jsonpath import JsonPath, go_text, relaxed
from simulator.errors import KjsimError


@dataclass(frozen=True, slots=True)
class ForCondition:
    """`condition=NAME[=STATUS]`, both in any case."""

    name: str
    status: str

    def is_met(self, obj: dict[str, Any]) -> bool:
        """Whether the object has the condition, and for its present generation."""
        for condition in (obj.get("status") or {}).get("conditions") or ():
            if condition.get("type", "").lower() != self.name.lower():
                continue
            if condition.get("observedGeneration", 0) and condition["observedGeneration"] < obj["metadata"].get(
                "generation", 0
            ):
                return False
            return bool(condition.get("status", "").lower() == self.status.lower())
        return False


@dataclass(frozen=True, slots=True)
class ForJsonPath:
    """`jsonpath=PATH[=VALUE]`; without a value, any will do."""

    path: JsonPath
    value: str | None

    def is_met(self, obj: dict[str, Any]) -> bool:
        """Whether the path leads to the value; raises `KjsimError` if it leads to no single one."""
        found = self.path.find(obj)
        if not found or not found[0]:
            return False
        if len(found) > 1:
            raise KjsimError("given jsonpath expression matches more than one list")
        if len(found[0]) > 1:
            raise KjsimError("given jsonpath expression matches more than one value")
        if self.value is None:
            return True
        if isinstance(found[0][0], dict | list):
            raise KjsimError("jsonpath leads to a nested object or list which is not supported")
        return go_text(found[0][0]).strip() == self.value.strip()


@dataclass(frozen=True, slots=True)
class ForDelete:
    """`delete`: the object is gone."""

    def is_met(self, obj: dict[str, Any]) -> bool:
        """An object that is there isn't gone."""
        return False


@dataclass(frozen=True, slots=True)
class ForCreate:
    """`create`: the object is there."""

    def is_met(self, obj: dict[str, Any]) -> bool:
        """An object that is there has been created."""
        return True


Goal = ForCondition | ForJsonPath | ForDelete | ForCreate


def read_goal(texts: list[str]) -> Goal:
    """Read the values of `--for`; the last one counts. Raises `KjsimError`."""
    if not texts:
        raise KjsimError("unrecognized condition: []")
    text = texts[-1]
    if text.lower() == "delete":
        return ForDelete()
    if text.lower() == "create":
        return ForCreate()
    if text.startswith("condition="):
        name, equals, status = text.removeprefix("condition=").partition("=")
        return ForCondition(name, status if equals else "true")
    if text.startswith("jsonpath="):
        return _json_path(text.removeprefix("jsonpath="))
    raise KjsimError(f'unrecognized condition: "{text}"')


def _json_path(text: str) -> ForJsonPath:
    parts = text.replace("==", "\0").split("=")
    if len(parts) > 2:
        raise KjsimError(
            "jsonpath wait format must be --for=jsonpath='{.status.readyReplicas}'=3 or "
            "--for=jsonpath='{.status.readyReplicas}'"
        )
    path = JsonPath(relaxed(parts[0].replace("\0", "==")))
    if len(parts) == 1:
        return ForJsonPath(path, None)
    value = parts[1].replace("\0", "==").strip("'\"")
    if not value:
        raise KjsimError(
            "jsonpath wait has to have a value after equal sign, like --for=jsonpath='{.status.readyReplicas}'=3"
        )
    return ForJsonPath(path, value)
