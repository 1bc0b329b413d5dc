"""Strategic merge patch: a merge patch that knows which lists are merged, and by what.

Lists of objects with a merge key are merged item by item, lists of the strategy `set` gain members, every other list is
replaced. A patch steers with directives: `$patch` (`replace`, `delete`, `merge`), `$retainKeys`,
`$deleteFromPrimitiveList/NAME` and `$setElementOrder/NAME`. Null takes a field away.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

from simulator.errors import BadRequest
from simulator.parser.schema import Shape, fields_of

Tree = dict[str, Any]

# Which lists are merged and by which field of their items, by `Struct.field`, as the API's types declare it.
MERGE_KEYS = {
    "PodSpec.volumes": "name",
    "PodSpec.initContainers": "name",
    "PodSpec.containers": "name",
    "PodSpec.ephemeralContainers": "name",
    "PodSpec.imagePullSecrets": "name",
    "PodSpec.hostAliases": "ip",
    "PodSpec.topologySpreadConstraints": "topologyKey",
    "PodSpec.resourceClaims": "name",
    "PodSpec.schedulingGates": "name",
    "Container.ports": "containerPort",
    "Container.env": "name",
    "Container.volumeMounts": "mountPath",
    "Container.volumeDevices": "devicePath",
    "EphemeralContainer.ports": "containerPort",
    "EphemeralContainer.env": "name",
    "EphemeralContainer.volumeMounts": "mountPath",
    "EphemeralContainer.volumeDevices": "devicePath",
    "ObjectMeta.ownerReferences": "uid",
    "PodStatus.conditions": "type",
    "PodStatus.podIPs": "ip",
    "PodStatus.hostIPs": "ip",
    "PodStatus.resourceClaimStatuses": "name",
    "JobStatus.conditions": "type",
    "NamespaceStatus.conditions": "type",
}
SETS = frozenset({"ObjectMeta.finalizers"})

_PATCH, _RETAIN = "$patch", "$retainKeys"
_ORDER, _DELETE = "$setElementOrder/", "$deleteFromPrimitiveList/"


def strategic_merge(tree: Tree, patch: Tree, struct: Any) -> Tree:
    """The object after the patch; `struct` is its type. Raises `BadRequest` for a directive that makes no sense."""
    return _merge_struct(tree, patch, struct)


def _merge_struct(current: Tree, patch: Tree, struct: Any) -> Tree:
    """`struct` None: a map of the user's own keys, or one whose type nobody knows."""
    directive = patch.get(_PATCH)
    if directive == "replace":
        replaced: Tree = _without_directives(patch)
        return replaced
    if directive == "delete":
        return {}
    if directive not in (None, "merge"):
        raise BadRequest(f"Invalid patch type: {directive}")
    merged = _retained(current, patch)
    fields = fields_of(struct) if struct is not None else {}
    for name, value in patch.items():
        if name.startswith(_DELETE):
            _delete_from_set(merged, name.removeprefix(_DELETE), value)
        elif name in (_PATCH, _RETAIN) or name.startswith(_ORDER):
            continue
        elif value is None:
            merged.pop(name, None)
        else:
            where = f"{struct.__name__}.{name}" if struct is not None else ""
            shape = fields[name].shape if name in fields else None
            order = patch.get(_ORDER + name)
            merged[name] = _merge_value(merged.get(name), value, shape, where, order)
    for name, order in patch.items():
        if name.startswith(_ORDER) and name.removeprefix(_ORDER) not in patch and struct is not None:
            field = name.removeprefix(_ORDER)
            _reorder_only(merged, field, order, f"{struct.__name__}.{field}")
    return merged


def _retained(current: Tree, patch: Tree) -> Tree:
    """A copy of the current object; with `$retainKeys`, only the fields that it names."""
    if _RETAIN not in patch:
        return dict(current)
    keep = patch[_RETAIN]
    if not isinstance(keep, list):
        raise BadRequest("invalid patch format of retainKeys")
    missing = [name for name in patch if name[0] != "$" and patch[name] is not None and name not in keep]
    if missing:
        raise BadRequest("patch contains fields not in retainKeys")
    return {name: value for name, value in current.items() if name in keep}


def _merge_value(current: Any, value: Any, shape: Shape | None, where: str, order: Any) -> Any:
    if isinstance(value, dict):
        struct = shape.struct if shape is not None and shape.kind == "struct" else None
        return _merge_struct(current if isinstance(current, dict) else {}, value, struct)
    if isinstance(value, list):
        items = current if isinstance(current, list) else []
        if where in MERGE_KEYS:
            struct = shape.item.struct if shape is not None and shape.item is not None else None
            return _merge_items(items, value, MERGE_KEYS[where], struct, order)
        if where in SETS:
            merged = items + [item for item in dict.fromkeys(value) if item not in items]
            return _ordered(merged, items, order, lambda item: item)
        return [_without_directives(item) for item in value if item is not None]
    return value


def _merge_items(current: list[Any], patch: list[Any], key: str, struct: Any, order: Any) -> list[Any]:
    for item in patch:
        if not isinstance(item, dict):
            raise BadRequest("invalid JSON document: a list of objects is expected")
    if any(item.get(_PATCH) == "replace" for item in patch):
        return [_without_directives(item) for item in patch if _PATCH not in item]
    merged = list(current)
    for item in patch:
        directive = item.get(_PATCH)
        if directive not in (None, "delete", "merge"):
            raise BadRequest(f"Invalid patch type: {directive}")
        if key not in item:
            raise BadRequest(f"map: {go_text(item)} does not contain declared merge key: {key}")
        if directive == "delete":
            merged = [old for old in merged if old.get(key) != item[key]]
            continue
        place = next((place for place, old in enumerate(merged) if old.get(key) == item[key]), None)
        if place is None:
            merged.append(_merge_struct({}, item, struct))
        else:
            merged[place] = _merge_struct(merged[place], item, struct)
    return _ordered(merged, current, order, lambda item: item.get(key))


def _ordered(merged: list[Any], before: list[Any], order: Any, key: Callable[[Any], Hashable]) -> list[Any]:
    """The merged list in the order that `$setElementOrder` asks for; items it does not name keep their place among others.

    Both the wished order and the order of the items that only the server knows are kept; where the two meet, the order
    that the list had before decides.
    """
    if order is None:
        return merged
    if not isinstance(order, list):
        raise BadRequest("invalid patch format of setElementOrder list")
    wished = {(key(item) if isinstance(item, dict) else item): place for place, item in reversed(list(enumerate(order)))}
    named = sorted((item for item in merged if key(item) in wished), key=lambda item: wished[key(item)])
    others = [item for item in merged if key(item) not in wished]
    places = {key(item): place for place, item in reversed(list(enumerate(before)))}
    result: list[Any] = []
    while others and named:
        other, name = places.get(key(others[0])), places.get(key(named[0]))
        comes_first = other is not None and name is not None and other < name
        result.append((others if comes_first else named).pop(0))
    return result + named + others


def _reorder_only(merged: Tree, name: str, order: Any, where: str) -> None:
    """`$setElementOrder` for a list that the patch does not change otherwise."""
    items = merged.get(name)
    if not isinstance(items, list):
        return
    if where in MERGE_KEYS:
        merge_key = MERGE_KEYS[where]
        merged[name] = _ordered(list(items), items, order, lambda item: item.get(merge_key))
    elif where in SETS:
        merged[name] = _ordered(list(items), items, order, lambda item: item)


def _delete_from_set(merged: Tree, name: str, values: Any) -> None:
    if not isinstance(values, list):
        raise BadRequest("invalid patch format of primitive list")
    if isinstance(merged.get(name), list):
        merged[name] = [item for item in merged[name] if item not in values]


def _without_directives(value: Any) -> Any:
    """What is left of a patch where there is nothing to merge it into: no nulls, no directives."""
    if isinstance(value, dict):
        return {
            name: _without_directives(item) for name, item in value.items() if item is not None and not _is_directive(name)
        }
    if isinstance(value, list):
        return [_without_directives(item) for item in value]
    return value


def _is_directive(name: str) -> bool:
    return name in (_PATCH, _RETAIN) or name.startswith((_ORDER, _DELETE))


def go_text(value: Any) -> str:
    """A JSON value as Go prints it (`map[a:1 b:[x y]]`)."""
    if isinstance(value, dict):
        return "map[" + " ".join(f"{name}:{go_text(item)}" for name, item in sorted(value.items())) + "]"
    if isinstance(value, list):
        return "[" + " ".join(map(go_text, value)) + "]"
    if value is None:
        return "<nil>"
    return str(value).lower() if isinstance(value, bool) else str(value)
