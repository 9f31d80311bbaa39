"""Commands that outlived all that watched over them, known by a mark that they cannot take off.

The mark is the limit of file locks, which no kernel since Linux 2.4 looks at: children inherit it,
without a capability nobody raises it again, and the filter of calls lets nobody lower it. It names
who started a command: the view of processes (28 bits), the process in it (22) and one of its
servers (12). A command's own directory is named after the first two of these.
"""

import os
import re
import resource
import shutil
import signal
import stat
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from bot.box.forkserver_program import RLIMIT_LOCKS

PATIENCE_SECONDS = 2.0
_SERVERS = 1 << 12
_PROCESSES = 1 << 22  # the most that Linux numbers
_SCRATCH = re.compile(r"coppice-([0-9a-f]+)-([0-9a-f]+)-.{8}")


def mark(server: int) -> int:
    """Make the mark of this process's n-th server; numbers come round after 4096."""
    return (_view() * _PROCESSES + os.getpid()) * _SERVERS + server % _SERVERS


def end_marked(theirs: int) -> None:
    """Kill all that bears this mark; return when it is gone, or after two seconds."""
    _end(lambda found: found == theirs)


def end_of_the_dead() -> None:
    """Kill what services that are gone have left in this view of processes; remove its files."""
    own = resource.getrlimit(RLIMIT_LOCKS)[1]

    def is_left(found: int) -> bool:
        view, process = divmod(found // _SERVERS, _PROCESSES)
        return found != own and _is_dead(view, process)

    _end(is_left)
    for scratch in _scratches():
        shutil.rmtree(scratch, ignore_errors=True)


def make_scratch() -> Path:
    """Make a directory for one command, known to be of this process."""
    return Path(tempfile.mkdtemp(prefix=f"coppice-{_view():x}-{os.getpid():x}-"))


def _scratches() -> Iterator[Path]:
    """Yield the directories of commands whose services are gone."""
    for found in Path(tempfile.gettempdir()).glob("coppice-*"):
        named = _SCRATCH.fullmatch(found.name)
        if named is None or not _is_dead(int(named[1], 16), int(named[2], 16)):
            continue
        with suppress(OSError):
            status = found.lstat()
            if stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid():
                yield found


def _is_dead(view: int, process: int) -> bool:
    return view == _view() and not Path("/proc", str(process)).exists()


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
