"""Where the pod spec or pod template of an object is: a Pod's own, a Job's template, a CronJob's template's template."""

from __future__ import annotations

from simulator.parser.structure import Tree

_TEMPLATES = {"Job": ("spec", "template"), "CronJob": ("spec", "jobTemplate", "spec", "template")}


def template_path(kind: str) -> str:
    """The path of the pod template (`spec.template`), empty for kinds without one."""
    return ".".join(_TEMPLATES.get(kind, ()))


def template_of(obj: Tree) -> Tree | None:
    """The pod template of a Job or CronJob, or None."""
    found: Tree = obj
    for name in _TEMPLATES.get(obj["kind"], ()):
        found = found.get(name) or {}
    return found if found is not obj else None


def pod_spec_of(obj: Tree) -> Tree | None:
    """The pod spec inside an object, or None if its kind has none or it is absent."""
    holder = obj if obj["kind"] == "Pod" else template_of(obj)
    return holder.get("spec") if holder is not None else None
