"""The three states that `apply` compares: what was applied last, what is wanted, and what is there."""

from __future__ import annotations

from typing import Any

Tree = dict[str, Any]


def three_way(last: Tree, wanted: Tree, live: Tree) -> Tree:
    """The merge patch from `live`: set what `wanted` says and differs, take away what only `last` said."""
    patch: Tree = {}
    for key, value in wanted.items():
        current, before = live.get(key), last.get(key)
        if isinstance(value, dict) and isinstance(current, dict):
            nested = three_way(before if isinstance(before, dict) else {}, value, current)
            if nested:
                patch[key] = nested
        elif value != current:
            patch[key] = value
    for key in last:
        if key not in wanted and key in live:
            patch[key] = None
    return patch
