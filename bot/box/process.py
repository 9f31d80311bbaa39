"""A process in a box, which is ended with everything it started."""

import asyncio
import os
from contextlib import suppress

from bot.box.child import Child, readable
from bot.box.forkserver import Born
from bot.errors import OperatorError

KILL_SECONDS = 30
PATIENCE_SECONDS = 10


class BoxedProcess(Child):
    """A living process in a box, as an agent's runtime drives it."""

    problem: str | None = None
    """The limit at which the box, or the kernel for it, killed it or a part of it."""

    def __init__(self, born: Born) -> None:
        super().__init__(born, os.dup(born.status))
        self._born = born

    async def wait(self) -> int:
        code = await super().wait()
        self.problem = self.problem or self._born.problem
        return code

    async def kill(self) -> None:
        """Kill everything in the box and return when it is gone; harmless when it is already."""
        try:
            async with asyncio.timeout(KILL_SECONDS):
                await self._end()
        except TimeoutError:
            message = f"a boxed process is still there {KILL_SECONDS} s after it was killed"
            raise OperatorError(message) from None

    async def _end(self) -> None:
        """Let its server kill what it started; it can find it, its process group cannot."""
        self._born.end()
        if self._alive:
            try:
                async with asyncio.timeout(PATIENCE_SECONDS):
                    await readable(self._pidfd)
            except TimeoutError:
                self._born.kill()
                await readable(self._pidfd)
        with suppress(OperatorError):  # told by whoever waits for its exit code
            self._born.wait()
        self.problem = self.problem or self._born.problem

    def close(self) -> None:
        super().close()
        self._born.close()
