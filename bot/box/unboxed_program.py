"""Run a command outside any box, and end all that it started; stdlib only, started by `unboxed`.

usage: unboxed_program.py PARENT SCRATCH RESOURCE=N… -- COMMAND…

Whoever leaves its process group or its parent stays our descendant, because this process is the
reaper of its orphans. HOME is a fresh directory below SCRATCH. Ends with the command's exit code
(128 + n for signal n).
"""

import ctypes
import os
import resource
import shutil
import signal
import sys
from collections.abc import Iterator
from types import FrameType

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36  # linux/prctl.h


def main(words: list[str]) -> int:
    signal.signal(signal.SIGTERM, _leave)
    libc = ctypes.CDLL(None)
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1)
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != int(words[0]):
        return 128 + signal.SIGTERM  # the parent died before it could be watched
    split = words.index("--")
    scratch = f"{words[1]}/coppice-{os.urandom(8).hex()}"
    os.mkdir(scratch, 0o700)
    os.environ["HOME"] = os.environ["TMPDIR"] = scratch
    try:
        return _run(words[2:split], words[split + 1 :])
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        _end_descendants()
        shutil.rmtree(scratch, ignore_errors=True)


def _leave(_number: int, _frame: FrameType | None) -> None:
    sys.exit(128 + signal.SIGTERM)


def _run(limits: list[str], command: list[str]) -> int:
    child = os.fork()
    if child == 0:
        _become(limits, command)
    while True:
        pid, status = os.wait()
        if pid == child:
            code = os.waitstatus_to_exitcode(status)
            return 128 - code if code < 0 else code


def _become(limits: list[str], command: list[str]) -> None:
    try:
        os.setsid()
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        for name, value in (limit.split("=") for limit in limits):
            kind = getattr(resource, f"RLIMIT_{name.upper()}")
            resource.setrlimit(kind, (int(value), int(value)))
        os.execvp(command[0], command)  # noqa: S606 this is what it is for
    except OSError as error:
        sys.stderr.write(f"{command[0]}: {error.strerror}\n")
        sys.stderr.flush()
    finally:
        os._exit(127)


def _end_descendants() -> None:
    """Kill until nothing is left, since a process may start another between look and signal."""
    while True:
        for pid in _descendants(os.getpid()):
            try:
                os.kill(pid, signal.SIGKILL)
            except (ProcessLookupError, PermissionError):
                continue
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            return


def _descendants(root: int) -> Iterator[int]:
    children: dict[int, list[int]] = {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/stat", "rb") as file:
                parent = int(file.read().rpartition(b")")[2].split()[1])
        except OSError:
            continue
        children.setdefault(parent, []).append(int(name))
    found = list(children.get(root, []))
    for pid in found:
        yield pid
        found.extend(children.get(pid, []))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
