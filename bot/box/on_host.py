"""What the boxes without mounts share: a watcher beside the command, fresh directories, ports."""

import shutil
import socket
import subprocess
import sys
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from types import MappingProxyType

from bot.box import forwarder_program, leftovers
from bot.box.command import BoxLevel, Command, Outcome
from bot.box.forkserver import SERVERS, Birth, Bounds
from bot.box.groups import Groups, told
from bot.box.memory import memory_file
from bot.box.mount import Mount
from bot.box.process import BoxedProcess
from bot.box.supervise import opened, supervised
from bot.box.surroundings import HOME, TMP, Limits, environment
from bot.box.unmounted import git_environment, translator
from bot.errors import OperatorError

FORWARDER = (sys.executable, "-I", "-S", "-B", forwarder_program.__file__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Confinement:
    """What a command gives up before it starts."""

    ruleset: int | None = None
    filter: bytes = b""


class OnHost(ABC):
    """A box in the host's own file system."""

    settings: Mapping[str, str] = MappingProxyType({})
    """Environment beside that of every box."""

    def __init__(self, *, limits: Limits | None = None, groups: Groups | None = None) -> None:
        self._bounds = Bounds(groups, limits or Limits())

    @property
    @abstractmethod
    def level(self) -> BoxLevel: ...

    @property
    def held(self) -> str:
        return told(self._bounds.limits, self._bounds.groups)

    @abstractmethod
    def _confined(self, command: Command, ports: Sequence[int], held: ExitStack) -> Confinement:
        """Make the confinement; ``ports`` of the host are those that it forwards."""

    async def run(self, command: Command) -> Outcome:
        with memory_file(command.stdin) as stdin:
            process = self._start(command, stdin=stdin, stderr=subprocess.STDOUT)
            return await supervised(process, command)

    @asynccontextmanager
    async def open(self, command: Command) -> AsyncIterator[BoxedProcess]:
        process = self._start(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE)
        async with opened(process, command):
            yield process

    def _start(self, command: Command, *, stdin: int, stderr: int) -> BoxedProcess:
        with ExitStack() as held, ExitStack() as failed:
            scratch = leftovers.make_scratch()
            failed.callback(shutil.rmtree, scratch, ignore_errors=True)
            birth = self._birth(_furnished(command, scratch), scratch, held)
            born = SERVERS.start(birth, self._bounds, stdin=stdin, stderr=stderr)
            failed.pop_all()
            return BoxedProcess(born)

    def _birth(self, command: Command, scratch: Path, held: ExitStack) -> Birth:
        listeners = [held.enter_context(_listener()) for _ in command.forward]
        ports = [listener.getsockname()[1] for listener in listeners]
        here = dict(zip((forward.port for forward in command.forward), ports, strict=True))
        translate = translator(command, here)
        cwd = translate(command.cwd)
        if not Path(cwd).is_dir():
            raise OperatorError(f"the command could not be started: there is no directory {cwd}")
        confinement = self._confined(command, ports, held)
        given = {name: translate(value) for name, value in command.env.items()}
        own = {"HOME": str(scratch), "TMPDIR": str(scratch), **git_environment(command.mounts)}
        beside = [
            (*FORWARDER, f"@{place}", str(forward.socket))
            for place, forward in enumerate(command.forward)
        ]
        return Birth(
            argv=[translate(word) for word in command.argv],
            env={**environment(), **self.settings, **own, **given},
            cwd=cwd,
            scratch=str(scratch),
            limits=dict(self._bounds.limits.resources(grouped=self._bounds.groups is not None)),
            beside=beside,
            fds=[listener.fileno() for listener in listeners],
            ruleset=confinement.ruleset,
            filter=confinement.filter,
        )


def _furnished(command: Command, scratch: Path) -> Command:
    """Have HOME and /tmp be the fresh directory, with links for what is mounted below them."""
    for mount in command.mounts:
        for place in map(PurePosixPath, (HOME, TMP)):
            target = PurePosixPath(mount.target)
            if target != place and target.is_relative_to(place):
                link = scratch / target.relative_to(place)
                link.parent.mkdir(parents=True, exist_ok=True)
                link.symlink_to(mount.source)
    fresh = [Mount(source=scratch, target=place, writable=True) for place in (HOME, TMP)]
    return replace(command, mounts=(*fresh, *command.mounts))


def _listener() -> socket.socket:
    return socket.create_server(("127.0.0.1", 0), backlog=256)
