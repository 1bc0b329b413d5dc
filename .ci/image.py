"""Makes sure that the demo image is there: pulls it, else builds it from the distribution's static busybox."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

from docker.errors import APIError

from simulator.executor.docker.endpoint import find_endpoints
from simulator.executor.docker.engine import Facts, connect

REPOSITORY, TAG = "busybox", "1.35"
IMAGE = f"{REPOSITORY}:{TAG}"


def main() -> int:
    """Make sure; the exit code."""
    connection = connect(find_endpoints(os.environ, Path.home()), Facts(Path("/nonexistent")))
    if connection.has_image(IMAGE):
        return 0
    engine = connection.api
    print(f"kjsim: pulling {IMAGE}", flush=True)
    error = pull(engine)
    if error is None:
        return 0
    print(f"kjsim: no registry gives {IMAGE} ({error}); building it from the static busybox of this system", flush=True)
    binary = find_busybox()
    if binary is None:
        print("kjsim: busybox-static is not installed: apt-get install busybox-static, then try again", file=sys.stderr)
        return 1
    engine.import_image_from_data(file_system(binary), repository=REPOSITORY, tag=TAG, changes=['CMD ["sh"]'])
    return 0


def pull(engine: Any) -> str | None:
    """Pull the image; returns why it could not be had."""
    try:
        for line in engine.pull(REPOSITORY, tag=TAG, stream=True, decode=True):
            if "error" in line:
                return str(line["error"]).strip()
    except (APIError, OSError) as error:
        return str(error)
    return None


def find_busybox() -> Path | None:
    """The static busybox of this system, installed if that is possible."""
    path = Path("/bin/busybox")
    if is_static(path):
        return path
    if shutil.which("apt-get"):
        root = [] if os.geteuid() == 0 else ["sudo"]
        if not root or shutil.which("sudo"):
            subprocess.run([*root, "apt-get", "update", "-q"], check=False, stdout=subprocess.DEVNULL)
            subprocess.run(
                [*root, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "install", "-qy", "busybox-static"],
                check=False,
                stdout=subprocess.DEVNULL,
            )
    return path if is_static(path) else None


def is_static(path: Path) -> bool:
    """Whether this is a busybox that runs without shared libraries (it asks for no program interpreter)."""
    return path.exists() and b"/lib64/ld-linux" not in path.read_bytes()[:4096]


def file_system(binary: Path) -> bytes:
    """A root file system with busybox and a link for each of its commands, as a tar archive."""
    applets = subprocess.run([binary, "--list"], check=True, capture_output=True, text=True).stdout.split()
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        for folder, mode in (("bin", 0o755), ("etc", 0o755), ("root", 0o700), ("tmp", 0o1777), ("var", 0o755)):
            entry = tarfile.TarInfo(folder)
            entry.type, entry.mode = tarfile.DIRTYPE, mode
            tar.addfile(entry)
        add_file(tar, "bin/busybox", binary.read_bytes(), 0o755)
        accounts = b"root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n"
        add_file(tar, "etc/passwd", accounts, 0o644)
        add_file(tar, "etc/group", b"root:x:0:\nnogroup:x:65534:\n", 0o644)
        for applet in applets:
            if applet != "busybox":
                entry = tarfile.TarInfo(f"bin/{applet}")
                entry.type, entry.linkname, entry.mode = tarfile.SYMTYPE, "busybox", 0o777
                tar.addfile(entry)
    return archive.getvalue()


def add_file(tar: tarfile.TarFile, name: str, data: bytes, mode: int) -> None:
    """Add one regular file to an archive."""
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(data), mode
    tar.addfile(entry, io.BytesIO(data))


if __name__ == "__main__":
    sys.exit(main())
