"""Manifests: files as objects of known kinds, with the position of every field, and all their problems at once.

Reading (`read_manifests`, `read_paths`) makes sure of the syntax, the kind and the metadata; checking (`check_manifests`)
asks everything that the API server would ask of an object to be created. `check_paths` does both, so that a document that
can't be read doesn't hide what is wrong with the others.
"""

from __future__ import annotations

import copy
import json
import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
from msgspec import Struct

from simulator.errors import KjsimError, ManifestError, Problem
from simulator.model.kinds import KINDS, Kind
from simulator.parser.admission import prepare_for_create
from simulator.parser.structure import Finding, Path, Tree, check_structure, json_name, path_text
from simulator.parser.unsupported import unsupported_fields
from simulator.parser.validation import validate_create
from simulator.parser.yaml_documents import Document, read_documents

_EXTENSIONS = (".json", ".yaml", ".yml")
# Versions of old, read as batch/v1 (semantics/cronjob.md 9), with the words a server had for them.
_OLD_VERSIONS = {
    ("batch/v1beta1", "CronJob"): "is deprecated in v1.21+, unavailable in v1.25+; use batch/v1 CronJob",
    ("batch/v2alpha1", "CronJob"): "is unavailable in v1.21+; use batch/v1 CronJob",
}
_DRY_UID = "00000000-0000-4000-8000-000000000000"
_DRY_TIME = datetime(2000, 1, 1, tzinfo=UTC)


class Manifest(Struct):
    """An object as a user wrote it, as a plain tree of a served version.

    `warnings`: what kjsim can't honour (after `check_manifests`); `server_warnings`: what the API server would say.
    """

    object: Tree
    kind: Kind
    file: str
    warnings: list[str] = msgspec.field(default_factory=list)
    server_warnings: list[str] = msgspec.field(default_factory=list)
    _document: Document | None = None
    _root: Path = ()

    def position(self, path: str | Path) -> tuple[int, int]:
        """Line and column, from 1, of a field (`spec.template.spec.containers[0].name`); (0, 0) if unknown.

        Where the field is absent it is the nearest one around it.
        """
        parts = split_path(path) if isinstance(path, str) else path
        return self._document.position((*self._root, *parts)) if self._document else (0, 0)


def read_manifests(text: str, file: str) -> list[Manifest]:
    """The manifests of a YAML or JSON text; raises `ManifestError` with every problem of the file."""
    return _unless_wrong(*_read(text, file))


def read_paths(paths: list[str], recursive: bool = False) -> list[Manifest]:
    """The manifests of files, folders (their *.json, *.yaml, *.yml, in order of name) and `-`, standard input.

    Raises `KjsimError` for a path that can't be read, `ManifestError` with the problems of all files.
    """
    return _unless_wrong(*_read_all(paths, recursive))


def check_paths(paths: list[str], namespace: str, recursive: bool = False) -> list[Manifest]:
    """`read_paths` and `check_manifests` in one, with the problems of both; `namespace` for those that name none."""
    manifests, problems, files = _read_all(paths, recursive)
    for manifest in manifests:
        if manifest.kind.namespaced:
            manifest.object["metadata"].setdefault("namespace", namespace)
        problems += _problems(manifest)
    return _unless_wrong(manifests, problems, files)


def check_manifests(manifests: list[Manifest]) -> list[Manifest]:
    """The same manifests, checked as the API server checks objects to be created, with their warnings.

    Raises `ManifestError` with every problem of all of them, in order of file and line.
    """
    return _unless_wrong(manifests, [problem for manifest in manifests for problem in _problems(manifest)])


def split_path(path: str) -> Path:
    """The parts of a field path as errors write it; a label's key in brackets is one part."""
    parts: list[str | int] = []
    rest = path
    while rest:
        if rest.startswith("["):
            inside, _, rest = rest[1:].partition("]")
            parts.append(int(inside) if inside.isdigit() else inside)
            rest = rest.removeprefix(".")
        else:
            end = next((index for index, character in enumerate(rest) if character in ".["), len(rest))
            parts.append(rest[:end])
            rest = rest[end:].removeprefix(".")
    return tuple(parts)


def _unless_wrong(manifests: list[Manifest], problems: list[Problem], files: Sequence[str] = ()) -> list[Manifest]:
    """The manifests; raises `ManifestError` if there are problems, in order of `files` and their lines."""
    if not problems:
        return manifests
    files = list(dict.fromkeys([*files, *(problem.file for problem in problems)]))
    raise ManifestError(sorted(problems, key=lambda problem: (files.index(problem.file), problem.line)))


def _read_all(paths: list[str], recursive: bool) -> tuple[list[Manifest], list[Problem], list[str]]:
    """The manifests of all files, what can't be read, and the names of the files as they are shown."""
    files: list[str] = []
    manifests: list[Manifest] = []
    problems: list[Problem] = []
    for file in [file for path in paths for file in _files(path, recursive)]:
        shown = "STDIN" if file == "-" else file
        files.append(shown)
        data = _content(file)
        try:
            found, wrong = _read(data.decode(), shown)
        except UnicodeDecodeError as error:
            line = data[: error.start].count(b"\n") + 1
            message = "error converting YAML to JSON: yaml: invalid leading UTF-8 octet"
            found, wrong = [], [Problem(message, file=shown, line=line)]
        manifests += found
        problems += wrong
    return manifests, problems, files


def _files(path: str, recursive: bool) -> list[str]:
    if path == "-":
        return [path]
    if not os.path.exists(path):
        raise KjsimError(f'the path "{path}" does not exist')
    if not os.path.isdir(path):
        return [path]
    found = [
        os.path.join(folder, name) for folder, _, names in os.walk(path) for name in names if recursive or folder == path
    ]
    files = sorted(name for name in found if name.endswith(_EXTENSIONS))
    if not files:
        raise KjsimError(f"error reading [{path}]: recognized file extensions are [.json .yaml .yml]")
    return files


def _content(file: str) -> bytes:
    try:
        if file == "-":
            return sys.stdin.buffer.read()
        with open(file, "rb") as stream:
            return stream.read()
    except OSError as error:
        raise KjsimError(f"error reading {file}: {error.strerror}") from error


def _read(text: str, file: str) -> tuple[list[Manifest], list[Problem]]:
    documents, problems = read_documents(text, file)
    manifests: list[Manifest] = []
    for document in documents:
        for tree, root in _objects(document.tree):
            _manifest(tree, root, document, file, manifests, problems)
    return manifests, problems


def _objects(tree: Any) -> list[tuple[Any, Path]]:
    """The objects of a document: itself, or the items of a list."""
    if isinstance(tree, dict) and str(tree.get("kind", "")).endswith("List") and isinstance(tree.get("items"), list):
        return [(item, ("items", index)) for index, item in enumerate(tree["items"])]
    return [(tree, ())]


def _manifest(
    tree: Any, root: Path, document: Document, file: str, manifests: list[Manifest], problems: list[Problem]
) -> None:
    def refuse(message: str, *path: str | int) -> None:
        problems.append(Problem(message, path_text(path), file, *document.position((*root, *path))))

    if not isinstance(tree, dict):
        refuse(f"json: cannot unmarshal {json_name(tree)} into Go value of type unstructured.detector")
        return
    name, version = tree.get("kind"), tree.get("apiVersion")
    if not name or not isinstance(name, str):
        shown = json.dumps(tree, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
        refuse(f"Object 'Kind' is missing in '{shown}'", *(["kind"] if "kind" in tree else []))
        return
    old = _OLD_VERSIONS.get((str(version), name))
    kind = KINDS.get(name)
    if kind is None or (version != kind.api_version and not old):
        refuse(_no_match(name, str(version or "")), "apiVersion" if kind else "kind")
        return
    made = {**tree, "apiVersion": kind.api_version}
    if made.get("metadata") is None:
        made["metadata"] = {}
    manifest = Manifest(made, kind, file, [f"{version} {name} {old}"] if old else [], [], document, root)
    if not isinstance(made["metadata"], dict):
        problems.extend(_problems(manifest))
        return
    manifests.append(manifest)


def _no_match(name: str, version: str) -> str:
    """kubectl's words, and what may be meant."""
    from difflib import get_close_matches

    near = next(iter(get_close_matches(name, list(KINDS), n=1, cutoff=0.6)), "")
    served = ", ".join(f"{kind.api_version} {kind.kind}" for kind in KINDS.values() if kind.kind != "Event")
    if near and near != name:
        hint = f' (did you mean "{near}"?)'
    elif near:
        hint = f" (use {KINDS[near].api_version})"
    else:
        hint = f" (kjsim knows {served})"
    return f'no matches for kind "{name}" in version "{version}"{hint}'


def _problems(manifest: Manifest) -> list[Problem]:
    findings = check_structure(manifest.object)
    found = [_problem_of(finding, manifest) for finding in findings]
    # What a misspelt field, or one of a wrong type, should have said is missing for that reason alone: told once.
    meant = {path_text((*finding.path[:-1], finding.nearest)) for finding in findings if finding.nearest}
    misfits = [finding.path for finding in findings if not finding.unknown]
    found += [
        problem
        for problem in _rule_problems(manifest, _without(manifest.object, misfits))
        if problem.path not in meant and not _is_on_way(split_path(problem.path), misfits)
    ]
    return sorted(found, key=lambda problem: problem.line)


def _without(tree: Tree, paths: list[Path]) -> Tree:
    """The tree without the fields at these paths; one in a list takes the list along, so that the places of others stay."""
    if not paths:
        return tree
    tree = copy.deepcopy(tree)
    for path in paths:
        named = max(index for index, part in enumerate(path) if isinstance(part, str))
        parent: Any = tree
        for part in path[:named]:
            parent = parent.get(part, {}) if isinstance(parent, dict) else parent[part]
        parent.pop(path[named], None)
    return tree


def _is_on_way(path: Path, misfits: list[Path]) -> bool:
    """Whether a path leads to one of a wrong type, or through it."""
    return any(path == misfit[: len(path)] or misfit == path[: len(misfit)] for misfit in misfits)


def _rule_problems(manifest: Manifest, tree: Tree) -> list[Problem]:
    """What of a manifest's tree breaks a rule of validation; notes the warnings on the way."""
    metadata = tree.setdefault("metadata", {})
    if not metadata.get("name") and metadata.get("generateName"):
        tree = {**tree, "metadata": {**metadata, "name": metadata["generateName"] + "xxxxx"}}
    errors, manifest.server_warnings = validate_create(prepare_for_create(tree, _DRY_UID, _DRY_TIME))
    unsupported = unsupported_fields(tree)
    manifest.warnings = [*(text for text in manifest.warnings if text not in unsupported), *unsupported]
    return [Problem(str(error), error.path, manifest.file, *manifest.position(error.path)) for error in errors]


def _problem_of(finding: Finding, manifest: Manifest) -> Problem:
    hint = f' (did you mean "{finding.nearest}"?)' if finding.nearest else ""
    place = manifest.position(finding.path)
    return Problem(f"{finding.message}{hint}", path_text(finding.path), manifest.file, *place)
