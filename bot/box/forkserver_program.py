"""Start commands by fork, each under a process that ends all of it; stdlib only, by `forkserver`.

usage: forkserver_program.py FD    with FD a SOCK_SEQPACKET socket; ends when its other end closes

A message is five descriptors or more: the request (JSON), stdin, stdout, stderr, where the exit
code is told (behind `!` and a reason where the command could not be prepared), and those that the
request names by their place. The answer is the id of a new process and its pidfd, or the number of
an error. That process stays with the command: whoever leaves his process group or his parent stays
its descendant, because it is the reaper of their orphans.
"""

import ctypes
import gc
import json
import os
import resource
import shutil
import signal
import socket
import sys
from collections.abc import Iterator
from types import FrameType
from typing import Any

MOST_FDS = 64
PR_SET_PDEATHSIG, PR_SET_SECCOMP, PR_CAPBSET_DROP = 1, 22, 24  # linux/prctl.h
PR_SET_CHILD_SUBREAPER, PR_SET_NO_NEW_PRIVS = 36, 38
SECCOMP_MODE_FILTER = 2
CAPABILITY_VERSION = 0x20080522
LAST_CAPABILITY = 63
LANDLOCK_RESTRICT_SELF = 446  # the same number everywhere

libc = ctypes.CDLL(None, use_errno=True)


class Filter(ctypes.Structure):
    """struct sock_fprog."""

    _fields_ = (("length", ctypes.c_ushort), ("code", ctypes.c_void_p))


def serve(line: socket.socket) -> None:
    """Fork a process for each request until the other end is closed."""
    signal.signal(signal.SIGCHLD, _reap)
    gc.freeze()
    while True:
        _, fds, _, _ = socket.recv_fds(line, 16, MOST_FDS, socket.MSG_CMSG_CLOEXEC)
        if not fds:
            return
        # no zombie is reaped, so that no id is used again, before its pidfd is open
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
        try:
            _answer(line, _born(line, fds))
        except OSError as error:
            line.send(b"-%d" % (error.errno or 0))
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
        for fd in fds:
            os.close(fd)


def _reap(_number: int, _frame: FrameType | None) -> None:
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return


def _answer(line: socket.socket, pid: int) -> None:
    pidfd = os.pidfd_open(pid)
    socket.send_fds(line, [b"%d" % pid], [pidfd])
    os.close(pidfd)


def _born(line: socket.socket, fds: list[int]) -> int:
    parent = os.getpid()
    pid = os.fork()
    if pid:
        return pid
    code = 128 + signal.SIGKILL
    try:
        line.close()
        code = _watch(fds, parent)
        os.write(fds[4], b"%d" % code)
    finally:
        os._exit(code)


def _watch(fds: list[int], parent: int) -> int:
    """Run the command to its end, or to our SIGTERM, and leave nothing of it."""
    signal.signal(signal.SIGTERM, _leave)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1)
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        return 128 + signal.SIGTERM  # it died before it could be watched
    os.setsid()
    with open(fds[0], "rb", closefd=False) as file:
        request = json.load(file)
    try:
        return _run(request, fds)
    except SystemExit as left:
        return int(str(left.code))
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        _end_descendants()
        shutil.rmtree(request["scratch"], ignore_errors=True)


def _leave(_number: int, _frame: FrameType | None) -> None:
    sys.exit(128 + signal.SIGTERM)


def _run(request: dict[str, Any], fds: list[int]) -> int:
    for argv in request["beside"]:
        if os.fork() == 0:
            _become_beside(argv, fds)
    child = os.fork()
    if child == 0:
        _become(request, fds)
    for fd in fds[1:4]:
        os.close(fd)  # whoever reads them sees their end when the command's last process ends
    while True:
        pid, status = os.wait()
        if pid == child:
            code = os.waitstatus_to_exitcode(status)
            return 128 - code if code < 0 else code


def _become_beside(argv: list[str], fds: list[int]) -> None:
    """Run a program of ours outside the confinement; `@N` names the N-th descriptor."""
    try:
        os.dup2(fds[3], 2)
        given = {word: os.dup(fds[int(word[1:])]) for word in argv if word.startswith("@")}
        for fd in given.values():
            os.set_inheritable(fd, True)  # noqa: FBT003 it takes no keyword
        words = [f"@{given[word]}" if word in given else word for word in argv]
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
    os.setsid()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    for place in range(3):
        os.dup2(fds[1 + place], place)
    os.chdir(request["cwd"])
    _limit(request)
    if request["filter"]:
        _confine(fds[request["ruleset"]], bytes.fromhex(request["filter"]))


def _limit(request: dict[str, Any]) -> None:
    for group in request["groups"]:
        with open(f"{group}/cgroup.procs", "w") as file:
            file.write("0")
    for name, value in request["limits"].items():
        resource.setrlimit(getattr(resource, f"RLIMIT_{name.upper()}"), (value, value))


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


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])))
