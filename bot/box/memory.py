"""Hand bytes to a child by descriptor: no file, no pipe that somebody has to feed."""

import fcntl
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

SEALS = fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE


@contextmanager
def memory_file(content: bytes | None) -> Iterator[int]:
    """Open a file in memory that nobody can change; None: /dev/null."""
    if content is None:
        yield subprocess.DEVNULL
        return
    fd = os.memfd_create("coppice", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        with open(fd, "wb", closefd=False) as file:
            file.write(content)
        os.lseek(fd, 0, os.SEEK_SET)
        fcntl.fcntl(fd, fcntl.F_ADD_SEALS, SEALS)
        yield fd
    finally:
        os.close(fd)
