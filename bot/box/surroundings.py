"""What every command finds around it: environment and resource limits."""

import resource
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

HOME = "/home/agent"
TMP = "/tmp"  # noqa: S108 the box's own
ETC = ("hosts", "passwd", "group", "ld.so.cache", "ssl", "alternatives")
SYSTEM = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
"""What is shown of `/etc` and, beside `/usr`, of `/`."""
SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin"


def environment() -> Mapping[str, str]:
    """The whole environment of a command that asks for nothing more."""
    return {"PATH": f"{sys.prefix}/bin:{SYSTEM_PATH}", "LANG": "C.UTF-8", "HOME": HOME}


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds for one command; time and output are the command's own."""

    file_bytes: int = 2**30
    """No file grows beyond this."""
    memory_bytes: int = 4 * 2**30
    """Of all its processes and what they write to scratch, where there are control groups; else of
    each process by itself (RLIMIT_DATA)."""
    processes: int = 2048
    """Threads included; without control groups the kernel does not hold root to it."""
    cpus: float | None = None
    """How many at once; None: all. Held where there are control groups."""
    scratch_bytes: int = 2**30
    """Of /tmp; HOME has a half and /dev/shm a quarter of it."""

    def resources(self, *, grouped: bool) -> Iterator[tuple[str, int]]:
        """Yield limits by the names of prlimit(1), none above what this process may set itself.

        ``grouped`` says that a control group holds memory already.
        """
        limits = {"fsize": self.file_bytes, "nproc": self.processes, "core": 0}
        if not grouped:
            limits["data"] = self.memory_bytes
        for name, wanted in limits.items():
            allowed = resource.getrlimit(getattr(resource, f"RLIMIT_{name.upper()}"))[1]
            yield name, wanted if allowed == resource.RLIM_INFINITY else min(wanted, allowed)


def shown(size: int) -> str:
    """Write bytes as people do."""
    return f"{size / 2**30:g} GB" if size >= 2**30 else f"{size / 2**20:g} MB"
