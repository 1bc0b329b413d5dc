"""The Kubernetes API types, from `lightkube-models`, without the client library.

`lightkube-models` takes its base class from `lightkube.core.schema`, a module of the *client*, whose package imports an
HTTP stack (140 ms). The few names that the models need are given here instead, so that importing every type costs about
20 ms, whether or not the client is installed. All types are `msgspec.Struct`s with the API's field names; absent fields
are None and are left out when encoded.

Stored objects are shared: treat every struct that you did not make yourself as immutable and copy before changing it
(`msgspec.structs.replace` for one level).
"""

from __future__ import annotations

import importlib.util
import sys
import types
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")


class _Model(msgspec.Struct, omit_defaults=True):
    """Base class of every API type."""


def _no_op_dataclass(cls: Any) -> Any:
    return cls


def _field(metadata: dict[str, str] | None = None, default: Any = msgspec.NODEFAULT) -> Any:
    """`dataclasses.field` as the models use it: only a JSON name and a default."""
    return msgspec.field(default=default, name=(metadata or {}).get("json"))


def _give_base_to_models() -> None:
    spec = importlib.util.find_spec("lightkube")
    if spec is None or spec.submodule_search_locations is None:  # pragma: no cover - a broken installation
        raise ImportError("the package lightkube-models is not installed")
    package = types.ModuleType("lightkube")
    package.__path__ = list(spec.submodule_search_locations)
    core = types.ModuleType("lightkube.core")
    core.__path__ = [f"{path}/core" for path in package.__path__]
    schema = types.ModuleType("lightkube.core.schema")
    schema.DictMixin = _Model  # type: ignore[attr-defined]
    schema.dataclass = _no_op_dataclass  # type: ignore[attr-defined]
    schema.field = _field  # type: ignore[attr-defined]
    sys.modules.update({"lightkube": package, "lightkube.core": core, "lightkube.core.schema": schema})


if "lightkube" not in sys.modules:
    _give_base_to_models()

from lightkube.models import batch_v1, core_v1, meta_v1  # noqa: E402

__all__ = ["batch_v1", "core_v1", "from_builtins", "meta_v1", "to_builtins", "to_json"]

_encoder = msgspec.json.Encoder()


def to_builtins(value: Any) -> Any:
    """An API struct as plain dicts, lists, strings and numbers (times as RFC 3339 strings)."""
    return msgspec.to_builtins(value)


def to_json(value: Any) -> bytes:
    """An API struct (or anything made of them) as JSON."""
    return _encoder.encode(value)


def from_builtins(value: Any, type_: type[T]) -> T:
    """A plain dict as an API struct; raises `msgspec.ValidationError` where it does not fit."""
    return msgspec.convert(value, type_)
