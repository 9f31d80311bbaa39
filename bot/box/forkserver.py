"""A small process of ours that starts commands by fork: in 3 ms, where a new Python takes 15."""

import atexit
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import IO

from bot.box import forkserver_program
from bot.box.memory import memory_file
from bot.box.process import impossible
from bot.errors import OperatorError

LONGEST_WORD = 2**17 - 1  # bytes; execve(2), MAX_ARG_STRLEN


@dataclass(frozen=True, slots=True, kw_only=True)
class Birth:
    """How a command is started without a box around it, and what it gives up before."""

    argv: Sequence[str]
    env: Mapping[str, str]
    cwd: str
    scratch: str
    """Removed with all that is in it after the end."""
    limits: Mapping[str, int]
    """Resource limits by the names of prlimit(1)."""
    groups: Sequence[str] = ()
    """Directories of control groups that it enters."""
    beside: Sequence[Sequence[str]] = ()
    """Programs that run until it ends, outside its confinement; `@N` is the N-th of ``fds``."""
    fds: Sequence[int] = ()
    ruleset: int | None = None
    """Landlock's; with it go all capabilities."""
    filter: bytes = b""
    """seccomp's; there has to be one where there is a ruleset."""


@dataclass(slots=True, kw_only=True)
class Born:
    """A process that watches over a command, with the members of Popen that a Child reads."""

    pid: int
    pidfd: int
    status: int
    stdin: IO[bytes] | None
    stdout: IO[bytes] | None
    stderr: IO[bytes] | None
    returncode: int | None = field(default=None, init=False)

    def wait(self) -> int:
        """Return the command's exit code, once the process is known to have ended."""
        if self.returncode is None:
            told = os.read(self.status, 2**12).decode(errors="replace")
            if told.startswith("!"):
                self.returncode = 127
                raise OperatorError(
                    f"the box could not be set up: {told[1:].partition(chr(10))[0]}"
                )
            self.returncode = int(told) if told.isdigit() else -signal.SIGKILL
        return self.returncode

    def close(self) -> None:
        os.close(self.status)


class ForkServer:
    """Begins at the first command, and ends with this process, however that ends."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._line: socket.socket | None = None
        self._pid = 0

    def start(self, birth: Birth, *, stdin: int, stderr: int) -> Born:
        """Start a command; stdin and stderr as `subprocess` takes them, stdout is a pipe.

        Raises StageFailed (`bad_command`) for words that no program can be given.
        """
        _check_words(birth)
        with ExitStack() as ours, ExitStack() as theirs:
            near, far = _pipes(stdin, stderr, ours, theirs)
            request = theirs.enter_context(memory_file(_request(birth)))
            ruleset = [] if birth.ruleset is None else [birth.ruleset]
            pid, pidfd = self._ask([request, *far, *ruleset, *birth.fds])
            ours.pop_all()
        return Born(
            pid=pid,
            pidfd=pidfd,
            status=near.status,
            stdin=None if near.stdin is None else open(near.stdin, "wb", buffering=0),
            stdout=open(near.stdout, "rb", buffering=0),
            stderr=None if near.stderr is None else open(near.stderr, "rb", buffering=0),
        )

    def close(self) -> None:
        """End it, and with it every command that it started."""
        if self._line is not None:
            self._line.close()
            self._line = None
            os.waitpid(self._pid, 0)

    def _ask(self, fds: list[int]) -> tuple[int, int]:
        with self._lock:
            answer, pidfd = self._asked(fds)
            if not answer:  # somebody killed it; everything of its is gone, a new one goes on
                self.close()
                answer, pidfd = self._asked(fds)
        if pidfd is None:
            why = os.strerror(-int(answer)) if answer else "what starts processes ended at once"
            raise OperatorError(f"the command could not be started: {why}")
        return int(answer), pidfd

    def _asked(self, fds: list[int]) -> tuple[bytes, int | None]:
        line = self._line or self._open()
        try:
            socket.send_fds(line, [b"start"], fds)
            answer, received, _, _ = socket.recv_fds(line, 64, 1, socket.MSG_CMSG_CLOEXEC)
        except ConnectionError:
            return b"", None
        return answer, received[0] if received else None

    def _open(self) -> socket.socket:
        self._line, far = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with far:
            program = forkserver_program.__file__
            argv = (sys.executable, "-I", "-S", "-B", program, str(far.fileno()))
            far.set_inheritable(True)
            quiet = [(os.POSIX_SPAWN_OPEN, fd, os.devnull, os.O_RDWR, 0) for fd in (0, 1)]
            self._pid = os.posix_spawn(argv[0], argv, {}, file_actions=quiet, setsid=True)
        return self._line


FORK_SERVER = ForkServer()
atexit.register(FORK_SERVER.close)


@dataclass(frozen=True, slots=True)
class _Near:
    stdin: int | None
    stdout: int
    stderr: int | None
    status: int


def _pipes(
    stdin: int, stderr: int, ours: ExitStack, theirs: ExitStack
) -> tuple[_Near, tuple[int, int, int, int]]:
    """Make the pipes; give our ends, and theirs in the order of the request."""

    def pipe() -> tuple[int, int]:
        read, write = os.pipe2(os.O_CLOEXEC)
        return read, write

    def held(fd: int, stack: ExitStack) -> int:
        stack.callback(os.close, fd)
        return fd

    near_in = None
    if stdin == subprocess.PIPE:
        stdin, near_in = pipe()
        held(stdin, theirs), held(near_in, ours)
    elif stdin == subprocess.DEVNULL:
        stdin = held(os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC), theirs)
    out, far_out = pipe()
    held(out, ours), held(far_out, theirs)
    near_err, far_err = None, far_out
    if stderr == subprocess.PIPE:
        near_err, far_err = pipe()
        held(near_err, ours), held(far_err, theirs)
    status, far_status = pipe()
    held(status, ours), held(far_status, theirs)
    return _Near(near_in, out, near_err, status), (stdin, far_out, far_err, far_status)


def _request(birth: Birth) -> bytes:
    first = 5 + (birth.ruleset is not None)

    def placed(word: str) -> str:
        return f"@{first + int(word[1:])}" if word.startswith("@") else word

    request = {
        "argv": list(birth.argv),
        "env": dict(birth.env),
        "cwd": birth.cwd,
        "scratch": birth.scratch,
        "limits": dict(birth.limits),
        "groups": list(birth.groups),
        "beside": [[placed(word) for word in words] for words in birth.beside],
        "ruleset": 5,
        "filter": birth.filter.hex(),
    }
    return json.dumps(request).encode()


def _check_words(birth: Birth) -> None:
    words = (*birth.argv, *(f"{name}={value}" for name, value in birth.env.items()))
    for word in map(os.fsencode, words):
        if b"\0" in word:
            raise impossible("embedded null byte")
        if len(word) > LONGEST_WORD:
            raise impossible("it is too long")
