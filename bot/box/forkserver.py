"""Small processes of ours that start commands by fork: in 3 ms, where a new Python takes 15."""

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
from typing import IO, Self

from bot.box import forkserver_program, leftovers
from bot.box.groups import Group, Groups
from bot.box.memory import memory_file
from bot.box.surroundings import Limits, shown
from bot.errors import OperatorError, StageFailed

MOST_IDLE = 4
FIRST_FD = forkserver_program.FIRST_FD
LONGEST_WORD = 2**17 - 1  # bytes; execve(2), MAX_ARG_STRLEN
LONGEST = 2**21 - 2**16


@dataclass(frozen=True, slots=True, kw_only=True)
class Birth:
    """How a command is started, and what it gives up before."""

    argv: Sequence[str]
    env: Mapping[str, str] = field(default_factory=dict)
    cwd: str = "/"
    scratch: str = ""
    """A directory that is removed with all that is in it after the end."""
    limits: Mapping[str, int] = field(default_factory=dict)
    """Resource limits by the names of prlimit(1)."""
    inherit: Sequence[int] = ()
    """What the command finds at descriptors FIRST_FD and on."""
    beside: Sequence[Sequence[str]] = ()
    """Programs that run until it ends, outside its confinement; `@N` is the N-th of ``fds``."""
    fds: Sequence[int] = ()
    ruleset: int | None = None
    """Landlock's; with it go all capabilities."""
    filter: bytes = b""
    """seccomp's; there has to be one where there is a ruleset."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What holds all commands of a server: a control group with limits, or none."""

    groups: Groups | None
    limits: Limits


@dataclass(slots=True, kw_only=True)
class Server:
    """A process that runs one command at a time."""

    pid: int
    line: socket.socket
    bounds: Bounds
    group: Group | None
    mark: int
    """Of its commands."""

    @classmethod
    def start(cls, bounds: Bounds, mark: int) -> Self:
        group = None if bounds.groups is None else bounds.groups.make(bounds.limits)
        entered = () if group is None else tuple(map(str, group.directories))
        near, far = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with far:
            program = forkserver_program.__file__
            given = (str(far.fileno()), str(mark), *entered)
            argv = (sys.executable, "-I", "-S", "-B", program, *given)
            far.set_inheritable(True)
            quiet = [(os.POSIX_SPAWN_OPEN, fd, os.devnull, os.O_RDWR, 0) for fd in (0, 1)]
            pid = os.posix_spawn(argv[0], argv, {}, file_actions=quiet, setsid=True)
        return cls(pid=pid, line=near, bounds=bounds, group=group, mark=mark)

    @property
    def is_gone(self) -> bool:
        """Somebody killed it: what answers on its line, if anything, is about to die too."""
        how = os.WEXITED | os.WNOHANG | os.WNOWAIT
        return os.waitid(os.P_PID, self.pid, how) is not None

    def end(self) -> None:
        self.line.close()
        _, status = os.waitpid(self.pid, 0)
        if status:  # somebody killed it, and maybe the one below it too
            leftovers.end_marked(self.mark)
        if self.group is not None:
            self.group.remove()


@dataclass(slots=True, kw_only=True)
class Born:
    """A command that a server runs, with the members of Popen that a Child reads."""

    pid: int
    """The server's."""
    server: Server
    status: int
    ending: int | None
    """Closing it ends the command."""
    stdin: IO[bytes] | None
    stdout: IO[bytes] | None
    stderr: IO[bytes] | None
    killed_before: int
    """Processes in its group that the kernel killed for want of memory."""
    returncode: int | None = field(default=None, init=False)
    problem: str | None = field(default=None, init=False)
    """The limit at which the kernel killed a part of it, once it has ended."""

    def wait(self) -> int:
        """Return the exit code; ``status`` is readable when that takes no time any more."""
        if self.returncode is None:
            with open(self.status, "rb", closefd=False) as file:
                told = file.read().decode(errors="replace")
            group, limits = self.server.group, self.server.bounds.limits
            if group is not None and group.killed() > self.killed_before:
                self.problem = f"memory limit of {shown(limits.memory_bytes)}"
            SERVERS.give_back(self.server, alive=told[-1:].isdigit())
            self.returncode = 127 if told.startswith("!") else int(told or 128 + signal.SIGKILL)
            if told.startswith("!"):
                raise OperatorError(f"the box could not be set up: {told[1:].splitlines()[0]}")
        return self.returncode

    def end(self) -> None:
        """Have it killed with all that it started."""
        if self.ending is not None:
            os.close(self.ending)
            self.ending = None

    def kill(self) -> None:
        """Kill the server, which does not do as it is told."""
        os.kill(self.pid, signal.SIGKILL)

    def close(self) -> None:
        self.end()
        os.close(self.status)


class Servers:
    """They begin with the commands that need them, and end with this process, however that ends."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: list[Server] = []
        self._started = 0

    def start(self, birth: Birth, bounds: Bounds, *, stdin: int, stderr: int) -> Born:
        """Start a command; stdin and stderr as `subprocess` takes them, stdout is a pipe.

        Raises StageFailed (`bad_command`) for words that no program can be given.
        """
        _check_words(birth)
        with ExitStack() as ours, ExitStack() as theirs:
            near, far = _pipes(stdin, stderr, ours, theirs)
            request = theirs.enter_context(memory_file(_request(birth)))
            ruleset = [] if birth.ruleset is None else [birth.ruleset]
            fds = [request, *far, *ruleset, *birth.fds, *birth.inherit]
            server, killed = self._asked(bounds, fds)
            ours.pop_all()
        return Born(
            pid=server.pid,
            server=server,
            status=near.status,
            ending=near.ending,
            killed_before=killed,
            stdin=None if near.stdin is None else open(near.stdin, "wb", buffering=0),
            stdout=open(near.stdout, "rb", buffering=0),
            stderr=None if near.stderr is None else open(near.stderr, "rb", buffering=0),
        )

    def give_back(self, server: Server, *, alive: bool) -> None:
        """Keep one for the next command, or forget one that has ended."""
        with self._lock:
            if alive:
                self._idle.append(server)
            surplus = self._idle.pop(0) if len(self._idle) > MOST_IDLE else None
        if not alive:
            server.end()
        if surplus is not None:
            surplus.end()

    def close(self) -> None:
        while self._idle:
            self._idle.pop().end()

    def _asked(self, bounds: Bounds, fds: list[int]) -> tuple[Server, int]:
        while True:
            server = self._next(bounds)
            if server.is_gone:
                server.end()
                continue
            killed = 0 if server.group is None else server.group.killed()
            try:
                socket.send_fds(server.line, [b"start"], fds)
            except ConnectionError:  # somebody killed it meanwhile
                server.end()
            else:
                return server, killed

    def _next(self, bounds: Bounds) -> Server:
        with self._lock:
            for place, server in enumerate(self._idle):
                if server.bounds == bounds:
                    return self._idle.pop(place)
            if not self._started:
                leftovers.end_of_the_dead()
            self._started += 1
            return Server.start(bounds, leftovers.mark(self._started))


SERVERS = Servers()
atexit.register(SERVERS.close)


@dataclass(frozen=True, slots=True)
class _Near:
    stdin: int | None
    stdout: int
    stderr: int | None
    status: int
    ending: int


def _pipes(
    stdin: int, stderr: int, ours: ExitStack, theirs: ExitStack
) -> tuple[_Near, tuple[int, ...]]:
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
    far_ending, ending = pipe()
    held(ending, ours), held(far_ending, theirs)
    far = (stdin, far_out, far_err, far_status, far_ending)
    return _Near(near_in, out, near_err, status, ending), far


def _request(birth: Birth) -> bytes:
    first = 6 + (birth.ruleset is not None)

    def placed(word: str) -> str:
        return f"@{first + int(word[1:])}" if word.startswith("@") else word

    last = first + len(birth.fds)
    request = {
        "argv": list(birth.argv),
        "env": dict(birth.env),
        "cwd": birth.cwd,
        "scratch": birth.scratch,
        "limits": dict(birth.limits),
        "inherit": list(range(last, last + len(birth.inherit))),
        "beside": [[placed(word) for word in words] for words in birth.beside],
        "ruleset": 6,
        "filter": birth.filter.hex(),
    }
    return json.dumps(request).encode()


def _check_words(birth: Birth) -> None:
    words = (*birth.argv, *(f"{name}={value}" for name, value in birth.env.items()))
    total = 0
    for word in map(os.fsencode, words):
        if b"\0" in word:
            raise impossible("embedded null byte")
        total += len(word) + 9
        if len(word) > LONGEST_WORD or total > LONGEST:
            raise impossible("it is too long")


def impossible(why: str) -> StageFailed:
    """Make the error for words that no program can be given."""
    return StageFailed("bad_command", f"the command cannot be started: {why}", blocked=True)
