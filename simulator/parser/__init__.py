"""From manifest text to objects that can be stored; and back to the user, every problem with file, line and path.

    text ──► yaml_documents ──► manifests ──► structure ──► decoding ──► defaults ──► admission ──► validation
             syntax, positions  kinds, files   fields, types  Go's view    filled in   uid, labels   the server's rules

- `read_manifests(text, file)`, `read_paths(paths)`: manifests of known kinds; raise `ManifestError` with all problems.
- `check_manifests(manifests)`: everything that the API server would refuse, before anything is created; warnings.
- `check_paths(paths, namespace)`: both of files, with the problems of both.
- `check_structure(obj)`, `refusal(obj)`: unknown fields and wrong types, as the server's decoder words them.
- `prepare_for_create(obj, uid, now)`, `prepare_for_update(old, new)`: what the server makes of it; `decode`, `set_defaults`.
- `validate_create(obj)`, `validate_update(old, new)`: field errors and warnings; `invalid(kind, name, errors)`: the answer.
- `validate_status_update(old, new)`: the same for a write of a Job's status; of structs, the one that controllers call.
- `unsupported_fields(obj)`: what is accepted but can't be honoured on one machine.

All but the last but one work on plain trees (dicts), because what is wrong often can't be held by a struct; a tree from
`prepare_for_*` without errors fits its struct (`simulator.model.kubernetes.from_builtins`). The types' facts are in `schema`
and `go_types`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from simulator.parser.admission import prepare_for_create, prepare_for_update
    from simulator.parser.decoding import decode
    from simulator.parser.defaults import set_defaults
    from simulator.parser.manifests import Manifest, check_manifests, check_paths, read_manifests, read_paths
    from simulator.parser.structure import Finding, check_structure, refusal
    from simulator.parser.unsupported import unsupported_fields
    from simulator.parser.validation import (
        FieldError,
        invalid,
        validate_create,
        validate_status_update,
        validate_update,
    )

__all__ = [
    "FieldError",
    "Finding",
    "Manifest",
    "check_manifests",
    "check_paths",
    "check_structure",
    "decode",
    "invalid",
    "prepare_for_create",
    "prepare_for_update",
    "read_manifests",
    "read_paths",
    "refusal",
    "set_defaults",
    "unsupported_fields",
    "validate_create",
    "validate_status_update",
    "validate_update",
]

_MODULES = {
    "prepare_for_create": "admission", "prepare_for_update": "admission", "decode": "decoding", "set_defaults": "defaults",
    "Manifest": "manifests", "check_manifests": "manifests", "check_paths": "manifests",
    "read_manifests": "manifests", "read_paths": "manifests",
    "Finding": "structure", "check_structure": "structure", "refusal": "structure", "unsupported_fields": "unsupported",
    "FieldError": "validation", "invalid": "validation", "validate_create": "validation", "validate_update": "validation",
    "validate_status_update": "validation",
}  # fmt: skip


def __getattr__(name: str) -> Any:
    """Import a part when it is first used: a controller's host needs no YAML, `get` needs nothing of it."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    globals()[name] = found = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    return found
