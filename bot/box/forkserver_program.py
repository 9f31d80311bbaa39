"""Start commands by fork and end all that each started; stdlib only, by `forkserver`.

usage: forkserver_program.py FD MARK [GROUP…]

FD is a SOCK_SEQPACKET socket; when its other end closes, this ends. It enters the control groups
first, and with it every command. MARK is what commands bear (see `leftovers`).
A message is six descriptors or more: the request (JSON), stdin, stdout, stderr, where the exit code
is told (behind `!` and a reason where the command could not be prepared), what ends the command
when its other end closes, and those that the request names by their place. It has one command at a
time. Whoever leaves his process group or his parent stays our descendant, because we are the reaper
of their orphans. There are two of us: the keeper ends what the other leaves when somebody kills it,
and the other ends what it started when somebody kills the keeper. Where somebody kills both, their
parent finds what is left by its mark.
"""

import ctypes
import fcntl
import gc
import json
import os
import resource
import select
import shutil
import signal
import socket
import sys
from collections.abc import Iterator
from types import FrameType
from typing import Any

MOST_FDS = 64
FIRST_FD = 10
PR_SET_PDEATHSIG, PR_SET_SECCOMP, PR_CAPBSET_DROP = 1, 22, 24  # linux/prctl.h
PR_SET_CHILD_SUBREAPER, PR_SET_NO_NEW_PRIVS = 36, 38
SECCOMP_MODE_FILTER = 2
RLIMIT_LOCKS = 10  # asm-generic/resource.h
CAPABILITY_VERSION = 0x20080522
LAST_CAPABILITY = 63
LANDLOCK_RESTRICT_SELF = 446  # the same number everywhere

libc = ctypes.CDLL(None, use_errno=True)


class Filter(ctypes.Structure):
    """struct sock_fprog."""

    _fields_ = (("length", ctypes.c_ushort), ("code", ctypes.c_void_p))


def keep(line: socket.socket, mark: int) -> None:
    """Have the commands run by a process below this one, and end what it leaves."""
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1)
    server = os.fork()
    if server == 0:
        try:
            serve(line, mark)
        finally:
            os._exit(0)
    line.close()
    os.waitpid(server, 0)
    _end_descendants()


def serve(line: socket.socket, mark: int) -> None:
    """Run a command for each request until the other end is closed."""
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1)
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    signal.signal(signal.SIGTERM, _end_all)
    wake = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
    signal.signal(signal.SIGCHLD, _nothing)  # a handler of ours, so that the pipe is written to
    signal.set_wakeup_fd(wake[1], warn_on_full_buffer=False)
    gc.freeze()
    while True:
        _, fds, _, _ = socket.recv_fds(line, 16, MOST_FDS)
        if not fds:
            return
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)  # from here on there is something to end
        for fd in fds:
            os.set_inheritable(fd, False)  # noqa: FBT003 it takes no keyword
        with open(fds[0], "rb", closefd=False) as file:
            request = {**json.load(file), "mark": mark}
        status = fds[4]
        try:
            code = _run(request, fds, wake[0])
        except OSError as error:
            _tell(status, f"!{error}\n")
            code = 127
        finally:
            _end_descendants()
            if request["scratch"]:
                _remove(request["scratch"])
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        _tell(status, f"{code}")
        for fd in (fds[0], *fds[4:]):
            os.close(fd)


def _tell(status: int, words: str) -> None:
    try:
        os.write(status, words.encode())
    except BrokenPipeError:
        return  # whoever asked is gone


def _end_all(_number: int, _frame: FrameType | None) -> None:
    _end_descendants()
    os._exit(128 + signal.SIGTERM)


def _remove(scratch: str) -> None:
    try:
        os.rmdir(scratch)  # as most are empty
    except OSError:
        shutil.rmtree(scratch, ignore_errors=True)


def _nothing(_number: int, _frame: FrameType | None) -> None:
    return


def _run(request: dict[str, Any], fds: list[int], wake: int) -> int:
    """Run the command to its end, or to that of the descriptor that ends it."""
    try:
        for argv in request["beside"]:
            if os.fork() == 0:
                _become_beside(argv, fds, request["mark"])
        child = os.fork()
        if child == 0:
            _become(request, fds)
    finally:
        for fd in fds[1:4]:
            os.close(fd)  # whoever reads them sees their end when the command's last process ends
    while True:
        ready, _, _ = select.select((wake, fds[5]), (), ())
        if fds[5] in ready:
            return 128 + signal.SIGKILL
        os.read(wake, 2**12)
        code = _reaped(child)
        if code is not None:
            return 128 - code if code < 0 else code


def _reaped(child: int) -> int | None:
    """Reap who has ended; give the command's exit code when it is among them."""
    try:
        while True:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == child:
                return os.waitstatus_to_exitcode(status)
            if pid == 0:
                return None
    except ChildProcessError:
        return None


def _become_beside(argv: list[str], fds: list[int], mark: int) -> None:
    """Run a program of ours outside the confinement; `@N` names the N-th descriptor."""
    try:
        _bear(mark)
        os.dup2(fds[3], 2)
        given = {word: os.dup(fds[int(word[1:])]) for word in argv if word.startswith("@")}
        for fd in given.values():
            os.set_inheritable(fd, True)  # noqa: FBT003 it takes no keyword
        words = [f"@{given[word]}" if word in given else word for word in argv]
        _forget_signals()
        os.execve(argv[0], words, {})  # noqa: S606 this is what it is for
    finally:
        os._exit(127)


def _become(request: dict[str, Any], fds: list[int]) -> None:
    command = request["argv"]
    try:
        _prepare(request, fds)
    except OSError as error:
        os.write(fds[4], f"!{error}\n".encode())
        os._exit(127)
    try:
        os.execvpe(command[0], command, request["env"])  # noqa: S606 this is what it is for
    except OSError as error:
        os.write(2, f"{command[0]}: {error.strerror}\n".encode())
    finally:
        os._exit(127)


def _prepare(request: dict[str, Any], fds: list[int]) -> None:
    _bear(request["mark"])
    os.setsid()
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)  # where somebody kills us, at least the first ends
    _forget_signals()
    for place in range(3):
        os.dup2(fds[1 + place], place)
    _hand_over([fds[at] for at in request["inherit"]])
    os.chdir(request["cwd"])
    for name, value in request["limits"].items():
        resource.setrlimit(getattr(resource, f"RLIMIT_{name.upper()}"), (value, value))
    if request["filter"]:
        _confine(fds[request["ruleset"]], bytes.fromhex(request["filter"]))


def _bear(mark: int) -> None:
    try:
        resource.setrlimit(RLIMIT_LOCKS, (mark, mark))
    except (OSError, ValueError):
        return  # in a box of somebody else's, whose mark cannot be taken off


def _forget_signals() -> None:
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)


def _hand_over(fds: list[int]) -> None:
    """Have them at FIRST_FD and on; by way of higher numbers, since the lower may be taken."""
    high = [fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, FIRST_FD + MOST_FDS) for fd in fds]
    for place, fd in enumerate(high, FIRST_FD):
        os.dup2(fd, place)


def _confine(ruleset: int, code: bytes) -> None:
    """Give up capabilities, then files and sockets, for good; the filter last, it may forbid us."""
    for capability in range(LAST_CAPABILITY + 1):
        libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)  # fails where there is no such one
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION, 0)
    _check(libc.capset(header, (ctypes.c_uint32 * 6)()))
    _check(libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
    _check(libc.syscall(LANDLOCK_RESTRICT_SELF, ruleset, 0))
    buffer = ctypes.create_string_buffer(code, len(code))
    program = Filter(len(code) // 8, ctypes.addressof(buffer))
    _check(libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0))


def _check(result: int) -> None:
    if result == -1:
        number = ctypes.get_errno()
        raise OSError(number, f"cannot be confined: {os.strerror(number)}")


def _end_descendants() -> None:
    """Kill until nothing is left, since a process may start another between look and signal."""
    while True:
        try:
            if not os.waitpid(-1, os.WNOHANG)[0]:
                _kill_descendants()
                os.waitpid(-1, 0)
        except ChildProcessError:
            return


def _kill_descendants() -> None:
    for pid in _descendants(os.getpid()):
        try:
            os.kill(pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            continue


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


def _keep_to_ourselves(line: int) -> None:
    """Have commands inherit nothing: neither ``line`` nor what our parent was given by a shell."""
    os.set_inheritable(line, False)  # noqa: FBT003 it takes no keyword
    os.closerange(3, line)
    os.closerange(line + 1, resource.getrlimit(resource.RLIMIT_NOFILE)[1])


if __name__ == "__main__":
    _keep_to_ourselves(int(sys.argv[1]))
    for group in sys.argv[3:]:
        with open(f"{group}/cgroup.procs", "w") as file:
            file.write("0")
    keep(socket.socket(fileno=int(sys.argv[1])), int(sys.argv[2]))
