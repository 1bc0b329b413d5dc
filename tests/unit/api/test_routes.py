from __future__ import annotations

import pytest

from simulator.api.routes import Route, parse_path, path_of
from simulator.errors import NotFound
from simulator.model.kinds import CONFIG_MAP, CRON_JOB, JOB, NAMESPACE, POD, Kind


@pytest.mark.parametrize(
    ("path", "route"),
    [
        ("/api/v1/pods", Route(POD)),
        ("/api/v1/namespaces/n/pods", Route(POD, "n")),
        ("/api/v1/namespaces/n/pods/p", Route(POD, "n", "p")),
        ("/api/v1/namespaces/n/pods/p/log", Route(POD, "n", "p", "log")),
        ("/api/v1/namespaces", Route(NAMESPACE)),
        ("/api/v1/namespaces/n", Route(NAMESPACE, "", "n")),
        ("/api/v1/namespaces/n/status", Route(NAMESPACE, "", "n", "status")),
        ("/api/v1/namespaces/pods/configmaps/jobs", Route(CONFIG_MAP, "pods", "jobs")),
        ("/apis/batch/v1/jobs", Route(JOB)),
        ("/apis/batch/v1/namespaces/n/cronjobs/c/status", Route(CRON_JOB, "n", "c", "status")),
    ],
)
def test_paths_that_lead_somewhere(path: str, route: Route) -> None:
    assert parse_path(path) == route


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/nowhere",
        "/api",
        "/api/v1",
        "/api/v2/pods",
        "/api/v1/jobs",
        "/api/v1/pods/p",
        "/api/v1/namespaces/n/secrets/s/status/more",
        "/api/v1/namespaces/n//p",
        "/apis/batch/v1",
        "/apis/batch/v1beta1/cronjobs",
        "/apis/apps/v1/deployments",
        "/apis/batch/v1/namespaces/n/pods",
    ],
)
def test_paths_that_lead_nowhere(path: str) -> None:
    with pytest.raises(NotFound, match="the server could not find the requested resource"):
        parse_path(path)


@pytest.mark.parametrize(
    ("kind", "names", "path"),
    [
        (JOB, (), "/apis/batch/v1/jobs"),
        (JOB, ("n", "j", "status"), "/apis/batch/v1/namespaces/n/jobs/j/status"),
        (POD, ("n",), "/api/v1/namespaces/n/pods"),
        (NAMESPACE, ("ignored", "n"), "/api/v1/namespaces/n"),
    ],
)
def test_the_way_back(kind: Kind, names: tuple[str, ...], path: str) -> None:
    assert path_of(kind, *names) == path
