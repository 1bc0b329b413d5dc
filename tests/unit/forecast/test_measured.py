from __future__ import annotations

from pathlib import Path

from simulator.executor.virtual import Run, always
from simulator.forecast.assumptions import Measured, Owner
from simulator.forecast.host import VirtualHost
from simulator.forecast.measured import measured_runs
from simulator.model.kinds import JOB, POD
from simulator.store.database import Database
from simulator.store.objects import Objects
from tests.unit.forecast.worlds import at, cron_job, job


def test_the_pods_of_a_state_directory_tell_what_runs_take(tmp_path: Path) -> None:
    host = VirtualHost(at("2026-01-01T00:00"), always(Run(42.0)), seed=0)
    host.apply([cron_job("a", "0 * * * *"), job("b")])
    host.run(at("2026-01-01T03:30"))
    database = Database(tmp_path / "kjsim.db")
    stored = Objects(database)
    for kind in (JOB, POD):
        for obj in host.objects.list(kind.kind):
            stored.put(obj)
    stored.commit()
    database.close()
    assert measured_runs(tmp_path / "kjsim.db") == {
        Owner("CronJob", "default", "a"): Measured(42.0, 3),
        Owner("Job", "default", "b"): Measured(42.0, 1),
    }


def test_where_there_is_nothing_nothing_is_known(tmp_path: Path) -> None:
    assert measured_runs(tmp_path / "kjsim.db") == {}
    (tmp_path / "kjsim.db").write_text("no database")
    assert measured_runs(tmp_path / "kjsim.db") == {}
