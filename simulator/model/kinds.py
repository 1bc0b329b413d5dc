"""The kinds that kjsim serves: their names, paths, short names and types."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from simulator.model.kubernetes import batch_v1, core_v1


class Kind(Struct, frozen=True):
    """One API resource. `group` is empty for the core group; `type` is the struct of its objects."""

    kind: str
    group: str
    version: str
    plural: str
    short_names: tuple[str, ...]
    type: Any
    namespaced: bool = True
    categories: tuple[str, ...] = ()
    subresources: tuple[str, ...] = ()

    @property
    def api_version(self) -> str:
        """`batch/v1`, or `v1` for the core group."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def singular(self) -> str:
        """`job` for `Job`."""
        return self.kind.lower()

    @property
    def resource(self) -> str:
        """`jobs.batch`, `pods`: how error messages name it."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def names(self) -> frozenset[str]:
        """Every lower-case word that means this kind on a command line."""
        short = {self.plural, self.singular, *self.short_names}
        qualified = {f"{name}.{self.group}" for name in (self.plural, self.singular)} if self.group else set()
        versioned = {f"{name}.{self.version}.{self.group}" for name in (self.plural, self.singular)}
        return frozenset(short | qualified | versioned)


JOB = Kind("Job", "batch", "v1", "jobs", (), batch_v1.Job, categories=("all",), subresources=("status",))
CRON_JOB = Kind(
    "CronJob", "batch", "v1", "cronjobs", ("cj",), batch_v1.CronJob, categories=("all",), subresources=("status",)
)
POD = Kind("Pod", "", "v1", "pods", ("po",), core_v1.Pod, categories=("all",), subresources=("log", "status"))
EVENT = Kind("Event", "", "v1", "events", ("ev",), core_v1.Event)
CONFIG_MAP = Kind("ConfigMap", "", "v1", "configmaps", ("cm",), core_v1.ConfigMap)
SECRET = Kind("Secret", "", "v1", "secrets", (), core_v1.Secret)
NAMESPACE = Kind("Namespace", "", "v1", "namespaces", ("ns",), core_v1.Namespace, namespaced=False)

KINDS: dict[str, Kind] = {kind.kind: kind for kind in (JOB, CRON_JOB, POD, EVENT, CONFIG_MAP, SECRET, NAMESPACE)}


def kind_named(word: str) -> Kind | None:
    """The kind that a word of the command line means (`po`, `pod`, `Pods`, `jobs.batch`), or None."""
    lower = word.lower()
    return next((kind for kind in KINDS.values() if lower in kind.names), None)


def kind_of(obj: Any) -> Kind:
    """The kind of an API struct."""
    return KINDS[type(obj).__name__]
