"""A process in a box: how it is started, and that it is ended with everything it started."""

import asyncio
import errno
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.box.child import Child
from bot.box.groups import Group
from bot.errors import OperatorError, StageFailed

KILL_SECONDS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Spawn:
    """How a level of box starts a command."""

    argv: Sequence[str]
    env: Mapping[str, str]
    cwd: str = "/"
    pass_fds: Sequence[int] = ()
    stdin: int
    stderr: int

    def __call__(self) -> subprocess.Popen[bytes]:
        """Start it; raises StageFailed where the command's own words are in the way."""
        try:
            return self._popen()
        except OSError as error:
            if error.errno == errno.E2BIG:
                raise impossible("it is too long") from error
            raise OperatorError(f"the command could not be started: {error}") from error
        except ValueError as error:
            raise impossible(str(error)) from error

    def _popen(self) -> subprocess.Popen[bytes]:
        """Start it in a session of its own, so that no Ctrl-C reaches it."""
        return subprocess.Popen(
            self.argv,
            bufsize=0,
            env=dict(self.env),
            cwd=self.cwd,
            pass_fds=self.pass_fds,
            stdin=self.stdin,
            stdout=subprocess.PIPE,
            stderr=self.stderr,
            start_new_session=True,
        )


def impossible(why: str) -> StageFailed:
    """Make the error for words that no program can be given."""
    return StageFailed("bad_command", f"the command cannot be started: {why}", blocked=True)


class BoxedProcess(Child, ABC):
    """A living process in a box, as an agent's runtime drives it."""

    problem: str | None = None
    """The limit at which the box, or the kernel for it, killed it or a part of it."""
    group: Group | None = None
    """Its control group."""

    async def wait(self) -> int:
        code = await super().wait()
        if self.group is not None:
            self.problem = self.problem or self.group.problem
        return code

    def close(self) -> None:
        super().close()
        if self.group is not None:
            self.group.remove()

    async def kill(self) -> None:
        """Kill everything in the box and return when it is gone; harmless when it is already."""
        try:
            async with asyncio.timeout(KILL_SECONDS):
                await self._end()
        except TimeoutError:
            message = f"a boxed process is still there {KILL_SECONDS} s after it was killed"
            raise OperatorError(message) from None

    @abstractmethod
    async def _end(self) -> None:
        """Kill what is left and wait for its end."""
