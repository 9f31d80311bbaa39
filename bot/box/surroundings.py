"""What every command finds around it: environment and resource limits."""

import resource
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

HOME = "/home/agent"
SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin"


def environment() -> Mapping[str, str]:
    """The whole environment of a command that asks for nothing more."""
    return {"PATH": f"{sys.prefix}/bin:{SYSTEM_PATH}", "LANG": "C.UTF-8", "HOME": HOME}


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds for one command; time and output are the command's own."""

    file_bytes: int = 2**30
    """No file grows beyond this."""
    processes: int = 4096
    """Threads included; the kernel does not hold root to it."""
    scratch_bytes: int = 2**30
    """Of /tmp; HOME has a half and /dev/shm a quarter of it."""

    def resources(self) -> Iterator[tuple[str, int]]:
        """Yield limits by the names of prlimit(1), none above what this process may set itself."""
        for name, kind, wanted in (
            ("fsize", resource.RLIMIT_FSIZE, self.file_bytes),
            ("nproc", resource.RLIMIT_NPROC, self.processes),
            ("core", resource.RLIMIT_CORE, 0),
        ):
            allowed = resource.getrlimit(kind)[1]
            yield name, wanted if allowed == resource.RLIM_INFINITY else min(wanted, allowed)
