"""The infra container: its image, made locally from a few instructions, and how a pod's containers join it (1.1 to 1.4)."""

from __future__ import annotations

import io
import struct
import tarfile
import threading

from simulator.executor.docker.engine import Engine, status_code

IMAGE = "kjsim/pause:1"

_ELF_HEADER = 64
_PROGRAM_HEADER = 56
_LOAD_ADDRESS = 0x400000

# struct sigaction of the kernel: handler SIG_IGN, no flags, no restorer, empty mask. With it the kernel reaps orphans.
_IGNORE = struct.pack("<QQQQ", 1, 0, 0, 0)

_AMD64 = bytes.fromhex(
    "b80d000000"  # mov eax, 13         rt_sigaction(
    "bf11000000"  # mov edi, 17           SIGCHLD,
    "488d3513000000"  # lea rsi, [rip+19]  &ignore, which follows the code
    "31d2"  # xor edx, edx                NULL,
    "41ba08000000"  # mov r10d, 8         8)
    "0f05"  # syscall
    "b822000000"  # mov eax, 34         pause()
    "0f05"  # syscall
    "ebf7"  # jmp to the mov before
)


def _mov(register: int, value: int) -> int:
    """`movz x<register>, #value`."""
    return 0xD2800000 | value << 5 | register


_SVC = 0xD4000001
_ARM64 = struct.pack(
    "<13I",
    _mov(8, 134),  # rt_sigaction(
    _mov(0, 17),  # SIGCHLD,
    0x10000001 | (11 << 5),  # adr x1, 44 bytes on: &ignore, which follows the code
    _mov(2, 0),  # NULL,
    _mov(3, 8),  # 8)
    _SVC,
    _mov(8, 73),  # ppoll(NULL, 0, NULL, NULL): there is no pause here
    _mov(0, 0),
    _mov(1, 0),
    _mov(2, 0),
    _mov(3, 0),
    _SVC,
    0x14000000 | (-6 & 0x3FFFFFF),  # b to the ppoll
)

_CODE = {"amd64": (62, _AMD64), "arm64": (183, _ARM64)}


def pause_program(architecture: str) -> bytes:
    """A static ELF program that ignores SIGCHLD and sleeps for ever; raises `KeyError` for an unknown architecture."""
    machine, code = _CODE[architecture]
    size = _ELF_HEADER + _PROGRAM_HEADER + len(code) + len(_IGNORE)
    entry = _LOAD_ADDRESS + _ELF_HEADER + _PROGRAM_HEADER
    # fmt: off
    header = struct.pack(
        "<16sHHIQQQIHHHHHH",
        b"\x7fELF\x02\x01\x01", 2, machine, 1, entry, _ELF_HEADER, 0, 0, _ELF_HEADER, _PROGRAM_HEADER, 1, 0, 0, 0,
    )
    # fmt: on
    load = struct.pack("<IIQQQQQQ", 1, 5, 0, _LOAD_ADDRESS, _LOAD_ADDRESS, size, size, 0x10000)
    return header + load + code + _IGNORE


class InfraImage:
    """The image of infra and stager containers, looked for or made once."""

    def __init__(self, engine: Engine, configured: str = "") -> None:
        self._engine = engine
        self._configured = configured
        self._lock = threading.Lock()
        self._name = ""

    def name(self) -> str:
        """Its reference; makes it if it is not there. Raises the SDK's errors."""
        from docker.errors import DockerException

        with self._lock:
            if not self._name:
                if self._configured:
                    self._name = self._configured
                    return self._name
                try:
                    self._engine.api.inspect_image(IMAGE)
                except DockerException as error:
                    if status_code(error) != 404:
                        raise
                    self._make()
                self._name = IMAGE
            return self._name

    def forget(self) -> None:
        """Look again the next time: somebody removed it."""
        with self._lock:
            self._name = ""

    def _make(self) -> None:
        program = pause_program(self._engine.node.architecture)
        archive = io.BytesIO()
        with tarfile.open(fileobj=archive, mode="w") as tar:
            member = tarfile.TarInfo("pause")
            member.size, member.mode = len(program), 0o755
            tar.addfile(member, io.BytesIO(program))
        repository, tag = IMAGE.split(":")
        self._engine.api.import_image_from_data(
            archive.getvalue(), repository=repository, tag=tag, changes=['ENTRYPOINT ["/pause"]']
        )
