"""Commands that outlived all that watched over them, known by a mark that they cannot take off.

The mark is the limit of file locks, which no kernel since Linux 2.4 looks at: children inherit it,
without a capability nobody raises it again, and the filter of calls lets nobody lower it. It names
who started a command: the view of processes (28 bits), the process in it (22) and one of its
servers (12).
"""

import os
import resource
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from bot.box.forkserver_program import RLIMIT_LOCKS

PATIENCE_SECONDS = 2.0
_SERVERS = 1 << 12
_PROCESSES = 1 << 22  # the most that Linux numbers


def mark(server: int) -> int:
    """Make the mark of this process's n-th server; numbers come round after 4096."""
    return (_view() * _PROCESSES + os.getpid()) * _SERVERS + server % _SERVERS


def end_marked(theirs: int) -> None:
    """Kill all that bears this mark; return when it is gone, or after two seconds."""
    _end(lambda found: found == theirs)


def end_of_the_dead() -> None:
    """Kill what services that are gone have left in this view of processes."""
    own = resource.getrlimit(RLIMIT_LOCKS)[1]

    def is_left(found: int) -> bool:
        view, process = divmod(found // _SERVERS, _PROCESSES)
        return found != own and view == _view() and not Path("/proc", str(process)).exists()

    _end(is_left)


def _end(meant: Callable[[int], bool]) -> None:
    """Kill until nothing is left, since a process may start another between look and signal."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        left = [pid for pid, found in _marked() if meant(found)]
        if not left:
            return
        for pid in left:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
            with suppress(ChildProcessError):  # ours where we are the first process of a container
                os.waitpid(pid, os.WNOHANG)
        time.sleep(0.002)


def _marked() -> Iterator[tuple[int, int]]:
    """Yield the living processes that bear a mark."""
    for name in filter(str.isdigit, os.listdir("/proc")):
        with suppress(OSError, ValueError, IndexError):
            limits = Path("/proc", name, "limits").read_text()
            found = limits.partition("Max file locks")[2].split()[1]
            state = Path("/proc", name, "stat").read_bytes().rpartition(b")")[2].split()[0]
            if found != "unlimited" and state not in (b"Z", b"X"):
                yield int(name), int(found)


def _view() -> int:
    """Name the processes that we see, by what differs between such names."""
    return os.stat("/proc/self/ns/pid").st_ino % (1 << 28)
