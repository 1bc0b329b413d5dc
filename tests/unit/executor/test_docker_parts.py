"""The small pure parts of the Docker executor."""

from __future__ import annotations

import ipaddress
import struct
import threading
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import pytest

from simulator.executor.docker import network
from simulator.executor.docker.engine import Facts, plain_error
from simulator.executor.docker.host_directory import HostDirectory
from simulator.executor.docker.images import split_reference
from simulator.executor.docker.logs import _frames, _limited, _lines, _with_ends, epoch_text
from simulator.executor.docker.sandbox import pause_program
from simulator.executor.docker.workers import Later, Workers
from simulator.pods.executor import ContainerKey, Volume, VolumeFile


@pytest.mark.parametrize(
    ("reference", "parts"),
    [
        ("busybox", ("busybox", "latest")),
        ("busybox:1.35", ("busybox", "1.35")),
        ("host:5000/a/b", ("host:5000/a/b", "latest")),
        ("host:5000/a/b:c", ("host:5000/a/b", "c")),
        ("a@sha256:12", ("a", "sha256:12")),
    ],
)
def test_reference(reference: str, parts: tuple[str, str]) -> None:
    assert split_reference(reference) == parts


@pytest.mark.parametrize(("architecture", "machine"), [("amd64", 62), ("arm64", 183)])
def test_pause_program_is_a_static_executable(architecture: str, machine: int) -> None:
    program = pause_program(architecture)
    kind, found, version, entry, headers = struct.unpack_from("<HHIQQ", program, 16)
    assert program[:4] == b"\x7fELF"
    assert (kind, found, version, headers) == (2, machine, 1, 64)
    load, flags, offset, address = struct.unpack_from("<IIQQ", program, 64)
    assert (load, flags, offset) == (1, 5, 0)
    assert entry == address + 120
    assert struct.unpack_from("<Q", program, 64 + 32)[0] == len(program)
    assert program.endswith(struct.pack("<QQQQ", 1, 0, 0, 0))


class _Response:
    def __init__(self, *frames: tuple[int, bytes]) -> None:
        content = b"".join(struct.pack(">BxxxL", kind, len(data)) + data for kind, data in frames)
        self.raw = BytesIO(content)


@pytest.mark.parametrize(
    ("told", "ends", "added"),
    [
        ([(1, b"a\n")], [(1, b"a\n"), (1, b"b")], [(1, b"b")]),
        ([(1, b"a\n"), (1, b"b")], [(1, b"a\n"), (1, b"b")], []),  # an engine that told it
        ([], [(1, b"out"), (2, b"err")], [(1, b"out"), (2, b"err")]),
        ([(1, b"aaa"), (1, b"b\n")], [(1, b"aaa"), (1, b"b\n")], []),  # a long line in pieces, ended
        ([(1, b"aaa")], [(1, b"aaa"), (1, b"a")], [(1, b"a")]),  # and not ended
        ([(0, b"a\r\n")], [(0, b"a\r\nb")], [(0, b"b")]),  # with a tty
        ([(0, b"a\r\nb"), (0, b"c")], [(0, b"a\r\nbc")], []),
        ([], [], []),
    ],
)
def test_the_last_line_without_a_newline(
    told: list[tuple[int, bytes]], ends: list[tuple[int, bytes]], added: list[tuple[int, bytes]]
) -> None:
    assert list(_with_ends(iter(told), lambda: iter(ends))) == [*told, *added]


def test_frames_of_one_line_lose_their_later_timestamps() -> None:
    response = _Response((1, b"t1 aaa"), (2, b"t2 err\n"), (1, b"t3 bbb"), (1, b"t4 c\n"), (1, b"t5 d\n"))
    assert b"".join(_lines(_frames(response), timestamps=True)) == b"t1 aaat2 err\nbbbc\nt5 d\n"
    response = _Response((1, b"aa a"), (1, b"bb b\n"))
    assert b"".join(_lines(_frames(response), timestamps=False)) == b"aa abb b\n"


def test_limit() -> None:
    assert list(_limited(iter([b"abc", b"def", b"ghi"]), 5)) == [b"abc", b"de"]
    assert list(_limited(iter([b"abc"]), None)) == [b"abc"]


def test_since_keeps_all_digits() -> None:
    assert epoch_text(datetime(2026, 3, 1, 12, 0, 0, 42, tzinfo=UTC)) == "1772366400.000042"


def test_routes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = tmp_path / "route"
    table.write_text(
        "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\n"
        "eth0\t00000000\t010011AC\t0003\t0\t0\t0\t00000000\n"
        "tun0\t0000F40A\t00000000\t0001\t0\t0\t0\t0000FFFF\n"
    )
    monkeypatch.setattr(network, "ROUTES", table)
    assert network._routes() == [ipaddress.IPv4Network("10.244.0.0/16")]


def test_facts(tmp_path: Path) -> None:
    facts = Facts(tmp_path / "state")
    assert facts.get("d1", "a") is None
    facts.put("d1", "a", True)
    facts.put("d2", "a", False)
    assert (Facts(tmp_path / "state").get("d1", "a"), facts.get("d2", "a")) == (True, False)
    (tmp_path / "state" / "engine.json").write_text("broken")
    assert facts.get("d1", "a") is None


def test_innermost_cause() -> None:
    inner = FileNotFoundError(2, "No such file or directory")
    assert plain_error(ConnectionError("outer", RuntimeError("wrapped", inner))) == "No such file or directory"


def test_host_directory(tmp_path: Path) -> None:
    directories = HostDirectory(tmp_path)
    files = Volume("app", "files", files=(VolumeFile("a/b", b"x", 0o400),))
    work = Volume("work", "emptyDir")
    directories.prepare("u1", [files, work], None)
    source = Path(directories.source("u1", files, "a/b"))
    assert source.read_bytes() == b"x"
    assert source.stat().st_mode & 0o777 == 0o400
    inner = Path(directories.source("u1", work, "some/where"))
    assert inner.is_dir()
    assert inner.parent.stat().st_mode & 0o777 == 0o777
    (inner / "kept").touch()
    directories.prepare("u1", [files, work], None)
    assert (inner / "kept").exists()
    message = Path(directories.message_file(ContainerKey("u1", "c", 0)))
    assert message.stat().st_mode & 0o777 == 0o666
    directories.remove("u1")
    assert list((tmp_path / "pods").iterdir()) == []


def test_workers_begin_in_order_and_not_too_many_at_once() -> None:
    workers, gate, done = Workers(2, "test"), threading.Event(), threading.Semaphore(0)
    lock, running, most, order = threading.Lock(), 0, 0, []

    def task(number: int) -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
            order.append(number)
        gate.wait(10)
        with lock:
            running -= 1
        done.release()

    for number in range(6):
        workers.run(lambda number=number: task(number))  # type: ignore[misc]
    gate.set()
    for _ in range(6):
        assert done.acquire(timeout=10)
    assert most <= 2
    assert sorted(order) == list(range(6))
    workers.close()


def test_later_keeps_the_order_of_times() -> None:
    later, order, done = Later("test"), [], threading.Event()
    later.after(0.02, done.set)
    later.after(0.01, lambda: order.append("second"))
    later.after(0.0, lambda: order.append("first"))
    assert done.wait(10)
    later.close()
    assert order == ["first", "second"]
