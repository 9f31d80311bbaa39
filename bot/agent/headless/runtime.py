"""Drive an agent program that takes one prompt and prints lines; its exit code says little.

It asks nothing, so nothing of what it does can be stopped early: only the box holds it.
"""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing, suppress
from dataclasses import dataclass

from bot.agent import answers
from bot.agent.account import Account
from bot.agent.attempt import Attempt, End, ending_of
from bot.agent.headless.claude import Claude
from bot.agent.headless.codex import Codex
from bot.agent.headless.gemini import Gemini
from bot.agent.headless.opencode import Opencode
from bot.agent.headless.reader import Reader
from bot.agent.launch import launch
from bot.agent.profiled import Profiled
from bot.agent.profiles import Parser
from bot.agent.reading import Lines, Overflow, Unreadable, parsed
from bot.agent.runtime import (
    AgentContext,
    AgentEvent,
    AgentTask,
    FinishReason,
    Message,
    Started,
    Thought,
)
from bot.box import BoxedProcess

READERS: Mapping[Parser, type[Reader]] = {
    Parser.CODEX: Codex,
    Parser.CLAUDE: Claude,
    Parser.OPENCODE: Opencode,
    Parser.GEMINI: Gemini,
}
SETTLE = 1.0
"""Seconds that a program may still say something after it has told its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadlessRuntime(Profiled):
    """The whole agent in the box, with no network but the way to its model."""

    async def run(self, task: AgentTask, context: AgentContext) -> AsyncGenerator[AgentEvent]:
        prompt = answers.prompt(task)
        command = launch(self.profile, self.installation, context, prompt, task.seconds)
        spoken = "" if "${prompt}" in " ".join(self.profile.argv) else prompt
        async with context.box.open(command) as process:
            account = Account()
            reader = READERS.get(self.profile.parser)
            started = Started(agent=self.name)
            work = _Run(process, account, reader() if reader else None, spoken, started)
            attempt = Attempt(task=task, context=context, account=account)
            async with aclosing(attempt.events(work)) as events:
                async for event in events:
                    yield event


class _Run:
    def __init__(
        self,
        process: BoxedProcess,
        account: Account,
        reader: Reader | None,
        prompt: str,
        started: Started,
    ) -> None:
        """``started`` is told of a program that does not say itself that it has begun."""
        self._process = process
        self._account = account
        self._reader = reader
        self._prompt = prompt
        self._started = started

    async def work(self) -> End:
        with suppress(ConnectionError):
            self._process.stdin.write(self._prompt.encode())
            await self._process.stdin.drain()
            self._process.stdin.write_eof()
        try:
            await self._listen()
        except Overflow as error:
            return End(reason=FinishReason.LIMIT, message=str(error))
        except Unreadable as error:
            message = f"the agent told something else: {error}"
            return End(reason=FinishReason.ERROR, message=message)
        return await self._end()

    async def stop(self) -> None:
        """Leave it to the box: there is no way to ask it."""

    async def close(self) -> None:
        """Leave the pipes to the box."""

    async def _listen(self) -> None:
        lines = Lines(self._process)
        begun = False
        while (line := await self._next(lines)) is not None:
            if not line.strip():
                continue
            events = (
                [Message(text=line)] if self._reader is None else self._reader.read(parsed(line))
            )
            for event in events:
                if not begun and not isinstance(event, Started):
                    await self._account.tell(self._started)
                begun = True
                if isinstance(event, Message | Thought):
                    await self._account.say(event)
                else:
                    await self._account.tell(event)

    async def _next(self, lines: Lines) -> str | None:
        """Wait for the next line, and not for long when it has told its end (codex dawdles)."""
        finished = self._reader is not None and self._reader.finished
        try:
            async with asyncio.timeout(SETTLE if finished else None):
                return await lines.next()
        except TimeoutError:
            return None

    async def _end(self) -> End:
        if self._reader is not None and self._reader.failure is not None:
            return End(reason=FinishReason.ERROR, message=self._reader.failure)
        if self._reader is not None and self._reader.finished:
            return End()
        ended = await ending_of(self._process)
        return End() if ended.code == 0 and self._reader is None else ended
