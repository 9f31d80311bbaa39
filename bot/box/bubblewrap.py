"""Run a command by bubblewrap: its own files, processes and network, and no capability.

As root, unsharing alone keeps every capability and the host can be mounted anew for writing, so
capabilities are dropped always. As root a boxed process is also the owner of root's files: what it
may not see has to stay outside (``/etc/ssl/private``), and ``/proc`` is read-only.
"""

import os
import subprocess
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from bot.box import seccomp
from bot.box.command import BoxLevel, Command, Outcome
from bot.box.forkserver import FIRST_FD, SERVERS, Birth, Born, Bounds
from bot.box.forward import in_network
from bot.box.groups import Groups, told
from bot.box.memory import memory_file
from bot.box.process import BoxedProcess
from bot.box.supervise import opened, supervised
from bot.box.surroundings import HOME, Limits, environment
from bot.box.system import of_host, of_image
from bot.errors import OperatorError

ISOLATION = (
    *("--unshare-user", "--unshare-all", "--cap-drop", "ALL", "--die-with-parent"),
    *("--new-session", "--clearenv", "--uid", "1000", "--gid", "1000"),
)
ARGUMENTS, FILTER, STATUS = FIRST_FD, FIRST_FD + 1, FIRST_FD + 2
LIMIT = (  # dash has -p, bash -u
    'ulimit -c 0; ulimit -f "$1"; ulimit -p "$2" 2>/dev/null || ulimit -u "$2"; ulimit -d "$3";'
    ' shift 3; exec "$@"'
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A bubblewrap as it is installed."""

    path: str
    options: frozenset[str]
    """What its `--help` knows: `--size` and `--disable-userns` came with 0.8."""
    prlimit: str
    """util-linux's, in the box: limits set inside count the box's own processes only."""


class Bubblewrap:
    def __init__(
        self,
        program: Program,
        *,
        read: Sequence[Path],
        limits: Limits | None = None,
        groups: Groups | None = None,
        root: Path | None = None,
    ) -> None:
        """Show the host's system, or that of ``root``; ``read`` are the host's in any case."""
        self._program = program
        self._bounds = Bounds(groups, limits or Limits())
        self._root = root
        system = of_host() if root is None else of_image(root)
        self._system = (*self._isolation(), *system, *self._scratch(), *_readable(read))

    @property
    def level(self) -> BoxLevel:
        return BoxLevel.BUBBLEWRAP

    @property
    def held(self) -> str:
        return told(self._bounds.limits, self._bounds.groups)

    async def run(self, command: Command) -> Outcome:
        with memory_file(command.stdin) as stdin:
            process = self._start(command, stdin=stdin, stderr=subprocess.STDOUT)
            return await supervised(process, command)

    @asynccontextmanager
    async def open(self, command: Command) -> AsyncIterator["BubblewrapProcess"]:
        process = self._start(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE)
        async with opened(process, command):
            yield process

    def _start(self, command: Command, *, stdin: int, stderr: int) -> "BubblewrapProcess":
        argv, mounts = in_network(command.argv, command.forward)
        command = replace(command, argv=argv, mounts=(*command.mounts, *mounts))
        with ExitStack() as held, ExitStack() as failed:
            status, status_in = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
            failed.callback(os.close, status)
            held.callback(os.close, status_in)
            loopback = command.loopback or bool(command.forward)
            filter_fd = held.enter_context(memory_file(seccomp.program(loopback=loopback)))
            arguments = held.enter_context(memory_file(_joined(self._arguments(command))))
            birth = Birth(argv=self._argv(command), inherit=(arguments, filter_fd, status_in))
            born = SERVERS.start(birth, self._bounds, stdin=stdin, stderr=stderr)
            failed.pop_all()
        return BubblewrapProcess(born, status)

    def _argv(self, command: Command) -> Sequence[str]:
        """Leave the box's own options to --args: process 1 shows its command line in the box."""
        own = (self._program.path, "--args", str(ARGUMENTS), "--")
        return (*own, *self._limited(), *command.argv)

    def _limited(self) -> Iterator[str]:
        """Set limits in the box, by what its system has: each has a shell."""
        grouped = self._bounds.groups is not None
        limits = dict(self._bounds.limits.resources(grouped=grouped))
        if self._root is None:
            yield self._program.prlimit
            yield from (f"--{name}={value}" for name, value in limits.items())
            yield "--"
        else:
            yield from ("/bin/sh", "-c", LIMIT, "sh", str(limits["fsize"] // 512))
            yield from (str(limits["nproc"]), str(limits.get("data", 0) // 1024 or "unlimited"))

    def _arguments(self, command: Command) -> Iterator[str]:
        yield from self._system
        for mount in command.mounts:
            yield "--bind" if mount.writable else "--ro-bind"
            yield from (str(mount.source), mount.target)
        yield from ("--remount-ro", "/", "--chdir", command.cwd)
        for name, value in {**environment(), **command.env}.items():
            yield from ("--setenv", name, value)
        yield from ("--seccomp", str(FILTER), "--json-status-fd", str(STATUS))

    def _isolation(self) -> Iterator[str]:
        yield from ISOLATION
        if "--disable-userns" in self._program.options:
            yield "--disable-userns"

    def _scratch(self) -> Iterator[str]:
        """Fresh directories, bounded, because what lies in them lies in memory."""
        yield from ("--proc", "/proc", "--remount-ro", "/proc", "--dev", "/dev")
        for path, part in (("/tmp", 1), (HOME, 2), ("/dev/shm", 4)):  # noqa: S108 the box's own
            if "--size" in self._program.options:
                yield from ("--size", str(self._bounds.limits.scratch_bytes // part))
            yield from ("--tmpfs", path)
        yield from ("--remount-ro", "/dev")


class BubblewrapProcess(BoxedProcess):
    def __init__(self, born: Born, status: int) -> None:
        super().__init__(born)
        self._status_fd = status
        self._status = ""

    async def wait(self) -> int:
        """Tell the command's exit code from bubblewrap's own, which is 1 when it gives up."""
        code = await super().wait()
        if '"exit-code"' not in self._read_status() and code < 128:
            raise OperatorError("bubblewrap could not set up the box")
        return code

    def _read_status(self) -> str:
        with suppress(BlockingIOError):
            self._status += os.read(self._status_fd, 2**16).decode()
        return self._status

    def close(self) -> None:
        super().close()
        os.close(self._status_fd)


def _readable(directories: Sequence[Path]) -> Iterator[str]:
    """Show more directories, under their real names too, since programs in them link to those."""
    names = dict.fromkeys(name for given in directories for name in (given, given.resolve()))
    for path in names:
        if path.is_dir() and not path.is_relative_to("/usr"):
            yield from ("--ro-bind", str(path), str(path))


def _joined(arguments: Iterable[str]) -> bytes:
    words = tuple(arguments)
    if any("\0" in word for word in words):
        raise ValueError("a NUL would end a word and begin another option of the box")
    return "\0".join((*words, "")).encode()
